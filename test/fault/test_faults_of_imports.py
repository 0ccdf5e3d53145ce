"""Orders and balances of another shop are imported while COMMITs are lost: each is there once, however often it is asked for."""

from booking import Hall
from cutter import Cutter
from stack import wait_for

ORDERS, SEATS, PURSES = 450, 2, 2000


def write_lines(path, header, lines):
    path.write_text("\n".join([header, *lines]))
    return path


def import_until_done(stack, *arguments):
    """What is not known ends it; asked for again it goes on where it was."""
    wait_for(lambda: stack.ctl("import", *arguments, "--write").returncode == 0, 120)


def test_commits_lost_while_orders_are_imported(whole, tmp_path):
    hall = Hall(whole, items=1, seats=ORDERS * SEATS)
    path = write_lines(tmp_path / "orders.csv", "ref,userId,seatId,price", (
        f"R{seat // SEATS},moved-{hall.id}-{seat // SEATS % 7},{seat + 1},{seat % 5}" for seat in range(ORDERS * SEATS)))
    with Cutter(whole, every=2, most=20) as cutter:
        import_until_done(whole, "orders", path, "--concert", str(hall.id))
        assert cutter.cuts.total() > 5
    assert whole.query(
        "SELECT COUNT(*) AS orders, COUNT(DISTINCT i.reference) AS refs, SUM(r.seat_count) AS seats, SUM(b.amount) AS amount"
        " FROM imported_order i JOIN reservation r ON r.reservation_id = i.reservation_id AND r.status = 'paid'"
        " JOIN box_office_sale b ON b.reservation_id = r.reservation_id WHERE i.concert_id = %s", hall.id) == [
        {"orders": ORDERS, "refs": ORDERS, "seats": ORDERS * SEATS, "amount": ORDERS * SEATS * 2}]
    assert whole.query("SELECT COUNT(*) AS n FROM reservation WHERE concert_id = %s", hall.id)[0]["n"] == ORDERS


def test_commits_lost_while_balances_are_imported(whole, tmp_path):
    path = write_lines(tmp_path / "purses.csv", "userId,points,ref", (
        f"purse-{tmp_path.name}-{number},{number % 9 + 1},card" for number in range(PURSES)))
    with Cutter(whole, every=2, most=20) as cutter:
        import_until_done(whole, "balances", path)
        assert cutter.cuts.total() > 5
    points = sum(number % 9 + 1 for number in range(PURSES))
    assert whole.query("SELECT COUNT(*) AS purses, SUM(balance) AS points FROM point WHERE user_id LIKE %s",
                       f"purse-{tmp_path.name}-%") == [{"purses": PURSES, "points": points}]
