"""frontrowctl concert cancel: every paid reservation refunded, every hold cancelled, whatever happens meanwhile."""

import contextlib
import glob
import re
import subprocess

import pytest

from crowd import Pending, lock_purse, lock_reservation, lock_seat, lock_waits, rush, wait_for_waiters
from helpers import (
    NOTHING_APART, add_token, age_hold, ask_pay, ask_reserve, assert_problem, balance, buy, charge, new_concert, new_user, ok,
    pay, reserve,
)
from stack import wait_for

pytestmark = pytest.mark.usefixtures("audited")

LINE = re.compile(r"refunded (\d+) reservations, (\d+) points; cancelled (\d+) holds; (\d+) left")


class Cancel:
    """frontrowctl concert cancel, under way."""

    def __init__(self, stack, concert_id, **environment):
        self.process = subprocess.Popen(
            [stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "concert", "cancel",
             str(concert_id)],
            env=stack.environment | environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def finish(self):
        """(exit status, [refunded, points, cancelled, left] of the last line, standard error)"""
        output, errors = self.process.communicate(timeout=300)
        found = LINE.findall(output)
        return self.process.returncode, [int(number) for number in found[-1]] if found else None, errors


def cancel(stack, concert, **environment):
    return Cancel(stack, concert.id, **environment).finish()


def reservation(stack, user, reservation_id):
    return ok(stack.get(f"/reservation/{reservation_id}?userId={user}"))


def kinds(stack, user):
    return [row["kind"] for row in ok(stack.get(f"/point/history?userId={user}"))["history"]]


def sales(stack, concert):
    return ok(stack.get(f"/admin/concert/{concert.id}", **stack.admin_headers()))["sales"]


def assert_nobody_has_any(stack, concert, seats):
    assert sales(stack, concert) == {
        "seatCount": seats, "available": 0, "held": 0, "sold": 0, "blocked": seats, "revenue": 0} | NOTHING_APART
    left = stack.query(
        "SELECT COUNT(*) AS n FROM reservation WHERE concert_id = %s AND status NOT IN ('cancelled', 'expired')"
        " AND NOT (status = 'held' AND expires_at < UTC_TIMESTAMP(3))", concert.id)
    assert left[0]["n"] == 0


def audit_rows(stack, concert):
    return stack.query(
        "SELECT actor, action, detail FROM audit_log WHERE concert_id = %s ORDER BY audit_log_id", concert.id)


# ---- what becomes of each reservation


class Sold:
    """A concert with one reservation of each sort, and its cancel."""

    def __init__(self, stack):
        self.concert = concert = new_concert(stack, items=2, seats=20, price=700)
        self.one, self.three, self.started, self.rich, self.refunded, self.holder, self.late, self.free = (
            new_user() for _ in range(8))
        first, second = concert.items
        self.paid = {
            self.one: buy(stack, self.one, concert, item=first, seats=1)[0],
            self.three: buy(stack, self.three, concert, item=first, seats=[2, 3, 9])[0],
            self.started: buy(stack, self.started, concert, item=second, seats=1)[0],
            self.rich: buy(stack, self.rich, concert, item=second, seats=2)[0],
        }
        for _ in range(10):
            charge(stack, self.rich, 1_000_000_000)
        stack.query("UPDATE seat SET price = 0 WHERE item_id = %s AND seat_no = 20", second)
        buy(stack, self.free, concert, item=second, seats=20)
        self.twice = new_user()
        for seat in (5, 6):
            buy(stack, self.twice, concert, item=first, seats=seat)
        self.other = new_concert(stack)
        self.elsewhere = buy(stack, self.one, self.other)[0]
        self.earlier = buy(stack, self.refunded, concert, item=first, seats=4)[0]
        ok(stack.call("DELETE", f"/reservation/{self.earlier['reservationId']}?userId={self.refunded}"))
        self.token = add_token(stack, self.holder, concert)["token"]
        self.hold = reserve(stack, self.holder, concert, first, [10, 11])
        charge(stack, self.holder, 10_000)
        self.lapsed = reserve(stack, self.late, concert, first, 12)
        age_hold(stack, self.lapsed["reservationId"], 301)
        concert.start(second)
        self.status, self.counts, self.errors = cancel(stack, concert)


@pytest.fixture(scope="module")
def sold(stack):
    return Sold(stack)


def test_the_last_line_and_the_exit_status(sold):
    assert (sold.status, sold.counts, sold.errors) == (0, [7, 8 * 700, 1, 0], "")


def test_each_paid_one_is_refunded_once(stack, sold):
    """Also the one whose item has started: its buyer could not have done it."""
    for user, made in sold.paid.items():
        number = made["reservationId"]
        assert reservation(stack, user, number)["status"] == "cancelled"
        history = ok(stack.get(f"/point/history?userId={user}"))["history"]
        assert [(row["kind"], row["amount"]) for row in history if row["reservationId"] == number] == [
            ("refund", made["totalPrice"]), ("payment", -made["totalPrice"])]
        payments = ok(stack.get(f"/payment?userId={user}"))["payments"]
        assert [row["status"] for row in payments if row["reservationId"] == number] == ["refunded"]
    assert balance(stack, sold.three) == 2100


def test_two_of_one_buyer_are_two_refunds(stack, sold):
    assert balance(stack, sold.twice) == 1400
    assert kinds(stack, sold.twice) == ["refund", "refund", "payment", "charge", "payment", "charge"]


def test_the_balance_limit_refuses_no_refund(stack, sold):
    assert balance(stack, sold.rich) == 10_000_000_700


def test_a_free_seat_has_its_refund_row(stack, sold):
    assert kinds(stack, sold.free) == ["refund", "payment"]


def test_other_concerts_are_left_alone(stack, sold):
    assert reservation(stack, sold.one, sold.elsewhere["reservationId"])["status"] == "paid"
    assert sales(stack, sold.other)["sold"] == 1


def test_a_refunded_one_is_not_refunded_again(stack, sold):
    assert kinds(stack, sold.refunded) == ["refund", "payment", "charge"]
    assert balance(stack, sold.refunded) == 700


def test_a_live_hold_is_cancelled_and_not_paid(stack, sold):
    made = sold.hold["reservationId"]
    assert reservation(stack, sold.holder, made)["status"] == "cancelled"
    assert len(reservation(stack, sold.holder, made)["seats"]) == 2, "it still shows its seats"
    assert_problem(ask_pay(stack, sold.holder, made, sold.token), "reservation_cancelled")
    assert_problem(stack.call("DELETE", f"/reservation/{made}?userId={sold.holder}"), "not_cancellable")
    assert kinds(stack, sold.holder) == ["charge"]


def test_a_lapsed_hold_stays_expired(stack, sold):
    assert reservation(stack, sold.late, sold.lapsed["reservationId"])["status"] == "expired"


def test_all_seats_are_withheld(stack, sold):
    """That of the lapsed hold too, though the sweeper has not yet come to it."""
    assert_nobody_has_any(stack, sold.concert, 40)


def test_its_dates_are_cancelled(stack, sold):
    """As by POST /admin/concert/{id}/cancel, with what was done."""
    shown = ok(stack.get(f"/admin/concert/{sold.concert.id}", **stack.admin_headers()))["cancel"]
    assert shown["doneAt"] and (shown["refunded"], shown["points"], shown["holds"], shown["left"]) == (7, 5600, 1, 0)
    dates = ok(stack.get(f"/admin/concert/{sold.concert.id}/item", **stack.admin_headers()))["items"]
    assert [(row["status"], row["cancel"]["refunded"]) for row in dates] == [("cancelled", 4), ("cancelled", 3)]


def test_the_audit_log_has_the_begin_and_the_end_of_each_date(stack, sold):
    begin, *ends = [row for row in audit_rows(stack, sold.concert) if row["action"].endswith("cancel")]
    assert (begin["actor"], begin["action"], begin["detail"]) == ("ctl", "concert cancel", "")
    first, second = sold.concert.items
    assert [(row["actor"], row["action"], row["detail"]) for row in ends] == [
        ("ctl", "item cancel", f"item {first}: refunded 4 reservations, 4200 points; cancelled 1 holds"),
        ("ctl", "item cancel", f"item {second}: refunded 3 reservations, 1400 points; cancelled 0 holds")]


def test_the_concert_is_cancelled_for_everybody(stack, sold):
    path = sold.concert.path
    assert ok(stack.fresh(path))["status"] == "cancelled"
    assert ok(stack.fresh(f"{path}/queue"))["status"] == "cancelled"
    assert stack.fresh(f"{path}/item").code == "concert_not_open"
    assert sold.concert.id not in [row["concertId"] for row in ok(stack.fresh("/concert"))["concerts"]]
    assert_problem(ask_reserve(stack, new_user(), sold.concert, sold.concert.item, 1), "concert_not_open")
    assert_problem(stack.post("/token/add", {"userId": new_user(), "concertId": sold.concert.id}), "concert_not_open")


def test_again_there_is_nothing_to_do(stack, sold):
    rows = audit_rows(stack, sold.concert)
    assert cancel(stack, sold.concert)[:2] == (0, [7, 5600, 1, 0])
    assert audit_rows(stack, sold.concert) == rows
    assert kinds(stack, sold.three) == ["refund", "payment", "charge"]


def test_cancelled_is_final(stack, sold):
    for status in ("open", "closed"):
        answer = stack.call("PATCH", f"/admin/concert/{sold.concert.id}", {"status": status}, stack.admin_headers())
        assert_problem(answer, "not_cancellable")
    for verb in ("open", "close"):
        refused = stack.ctl("concert", verb, str(sold.concert.id))
        assert refused.returncode == 1 and "stays cancelled" in refused.stderr
    assert ok(stack.get(f"/admin/concert/{sold.concert.id}", **stack.admin_headers()))["status"] == "cancelled"


# ---- what can not be done


def test_no_such_concert(stack):
    assert Cancel(stack, 2_000_000_000).finish() == (1, None, "frontrowctl: There is no such concert\n")


@pytest.mark.parametrize("wrong", ["abc", "0", "-1", "1x", "", "2147483648"])
def test_what_is_no_concert_id(stack, wrong):
    assert Cancel(stack, wrong).finish()[0] == 2


def test_mysql_out_of_reach(stack):
    status, _, errors = Cancel(stack, 1, FRONTROW_MYSQL_SOCKET="/nonexistent/mysql.sock").finish()
    assert status == 75 and "cannot be reached" in errors


def test_what_somebody_keeps_locked_is_left_for_the_next_run(stack):
    concert = new_concert(stack)
    users = [new_user() for _ in range(3)]
    made = [buy(stack, user, concert)[0] for user in users]
    with lock_reservation(stack, made[1]["reservationId"]):
        status, counts, errors = cancel(stack, concert)
    assert (status, counts) == (1, [2, 2000, 0, 1])
    assert "1 reservations could not be ended" in errors and "the sweeper" in errors
    assert reservation(stack, users[1], made[1]["reservationId"])["status"] == "paid"
    assert cancel(stack, concert)[:2] == (0, [3, 3000, 0, 0])


def test_what_an_older_build_left(stack):
    """It made the concert cancelled, left its dates open, and was killed on the way."""
    concert, user = new_concert(stack, items=2), new_user()
    made, _ = buy(stack, user, concert, item=concert.items[1])
    stack.query("UPDATE concert SET status = 'cancelled' WHERE concert_id = %s", concert.id)
    assert cancel(stack, concert)[:2] == (0, [1, 1000, 0, 0])
    assert reservation(stack, user, made["reservationId"])["status"] == "cancelled" and balance(stack, user) == 1000
    assert_nobody_has_any(stack, concert, 40)


# ---- killed in the middle


def sell_hall(stack, seats, price=10, each=1):
    """A concert whose seats are all paid, `each` of a reservation, and each of these by a buyer of its own; by SQL."""
    concert = new_concert(stack, seats=seats, price=price)
    prefix = new_user()
    statements = [
        "INSERT INTO reservation (user_id, concert_id, item_id, status, seat_count, total_price, created_at,"
        " expires_at) SELECT CONCAT(%(prefix)s, '-', MIN((seat_no - 1) DIV %(each)s)), %(concert)s, item_id, 'paid',"
        " COUNT(*), SUM(price), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 300 SECOND FROM seat"
        " WHERE item_id = %(item)s GROUP BY item_id, (seat_no - 1) DIV %(each)s",
        "UPDATE seat s JOIN reservation r ON r.concert_id = %(concert)s"
        " AND r.user_id = CONCAT(%(prefix)s, '-', (s.seat_no - 1) DIV %(each)s)"
        " SET s.status = 'sold', s.reservation_id = r.reservation_id WHERE s.item_id = %(item)s",
        "INSERT INTO reservation_seat (reservation_id, seat_no, price)"
        " SELECT reservation_id, seat_no, price FROM seat WHERE item_id = %(item)s",
        "INSERT INTO payment (reservation_id, user_id, amount, paid_at)"
        " SELECT reservation_id, user_id, total_price, UTC_TIMESTAMP(3) FROM reservation"
        " WHERE concert_id = %(concert)s",
        "INSERT INTO point (user_id, balance) SELECT user_id, 0 FROM reservation WHERE concert_id = %(concert)s",
        "INSERT INTO point_history (user_id, kind, amount, balance_after, created_at)"
        " SELECT user_id, 'charge', total_price, total_price, UTC_TIMESTAMP(3) FROM reservation"
        " WHERE concert_id = %(concert)s",
        "INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)"
        " SELECT user_id, 'payment', -total_price, 0, reservation_id, UTC_TIMESTAMP(3) FROM reservation"
        " WHERE concert_id = %(concert)s",
    ]
    with stack.mysql() as connection, connection.cursor() as cursor:
        connection.begin()
        for statement in statements:
            cursor.execute(statement, {"prefix": prefix, "concert": concert.id, "item": concert.item, "each": each})
        connection.commit()
    return concert


def count_refunded(stack, concert):
    rows = stack.query(
        "SELECT COUNT(*) AS n FROM reservation WHERE concert_id = %s AND status = 'cancelled'", concert.id)
    return rows[0]["n"]


@contextlib.contextmanager
def slow_refunds(stack, concert):
    """Each of this concert takes a hundredth of a second at least."""
    stack.query("CREATE TRIGGER slow BEFORE UPDATE ON reservation FOR EACH ROW"
                f" BEGIN IF NEW.concert_id = {concert.id} THEN DO SLEEP(0.01); END IF; END")
    try:
        yield
    finally:
        stack.query("DROP TRIGGER slow")


def test_killed_and_run_again(stack):
    """Three kills on the way; each run goes on, nobody is refunded twice, and what is told is what was done."""
    seats = 1200  # several batches
    concert = sell_hall(stack, seats)
    with slow_refunds(stack, concert):  # none is through before it is killed
        for goal in (60, 300, 600):
            running = Cancel(stack, concert.id)
            wait_for(lambda: count_refunded(stack, concert) >= goal, 120, step=0.002)
            running.kill()
            done = count_refunded(stack, concert)
            assert goal <= done < seats, "it was not killed in the middle"
            assert sales(stack, concert)["sold"] == seats - done
    assert cancel(stack, concert)[:2] == (0, [seats, 10 * seats, 0, 0])
    assert_nobody_has_any(stack, concert, seats)
    ledger = stack.query(
        "SELECT h.kind, COUNT(*) AS n, SUM(h.amount) AS amount FROM point_history h"
        " JOIN reservation r USING (reservation_id) WHERE r.concert_id = %s GROUP BY h.kind ORDER BY 1", concert.id)
    assert [(row["kind"], row["n"], row["amount"]) for row in ledger] == [
        ("payment", seats, -10 * seats), ("refund", seats, 10 * seats)]


def test_a_pass_of_the_sweeper_ends_in_time(stack):
    """Draws and queues of other concerts wait for the next one. Its clock is fast here, and each refund slow."""
    seats = 1200
    concert = sell_hall(stack, seats)
    ok(stack.post(f"/admin/concert/{concert.id}/cancel", {"reason": "Ill"}, **stack.admin_headers()))
    library, = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    true = stack.environment
    with slow_refunds(stack, concert):
        try:
            stack.environment = true | {"LD_PRELOAD": library, "FAKETIME": "+0 x20"}
            first = stack.sweeper()
        finally:
            stack.environment = true
    assert first.returncode == 0 and 0 < count_refunded(stack, concert) < seats
    assert stack.sweeper().returncode == 0
    assert count_refunded(stack, concert) == seats


def test_two_at_once_refund_each_once(stack):
    seats = 600
    concert = sell_hall(stack, seats)
    runs = [Cancel(stack, concert.id), Cancel(stack, concert.id)]
    done = [run.finish() for run in runs]
    assert [run[:2] for run in done] == [(0, [seats, 10 * seats, 0, 0])] * 2
    assert_nobody_has_any(stack, concert, seats)


# ---- while buyers go on


class Holder:
    """A buyer with a hold, a token and points."""

    def __init__(self, stack, concert):
        self.user = new_user()
        self.token = add_token(stack, self.user, concert)["token"]
        self.id = reserve(stack, self.user, concert)["reservationId"]
        charge(stack, self.user, 5000)

    def pay(self, client):
        return ask_pay(client, self.user, self.id, self.token)


def test_a_payment_on_its_way_is_refunded(stack):
    """It has looked at the concert and holds its locks when the status is set; then it is paid, and found."""
    for _ in range(5):
        concert = new_concert(stack)
        holder = Holder(stack, concert)
        with lock_purse(stack, holder.user):
            paying = Pending(stack, holder.pay)
            wait_for_waiters(stack, 1)
            running = Cancel(stack, concert.id)
            wait_for_waiters(stack, 2)
        answer = paying.answer()
        status, counts, _ = running.finish()
        assert status == 0
        assert balance(stack, holder.user) == 5000
        assert reservation(stack, holder.user, holder.id)["status"] == "cancelled"
        assert_nobody_has_any(stack, concert, 20)
        if answer.status == 200:
            assert counts == [1, 1000, 0, 0]
            assert kinds(stack, holder.user) == ["refund", "payment", "charge"]
            return
        assert answer.code in ("reservation_cancelled", "busy"), answer  # it waited too long, and looked again
        assert counts == [0, 0, 1, 0]
    pytest.fail("no payment was in time")


def test_a_reservation_on_its_way_is_cancelled(stack):
    """It has looked at the concert when the status is set, and is written after the first look."""
    for _ in range(5):
        concert = new_concert(stack)
        user = new_user()
        with lock_seat(stack, concert.item, 1):
            reserving = Pending(stack, lambda client: ask_reserve(client, user, concert, concert.item, 1))
            wait_for_waiters(stack, 1)
            running = Cancel(stack, concert.id)
            wait_for_waiters(stack, 2)
        answer = reserving.answer()
        status, counts, _ = running.finish()
        assert status == 0
        assert_nobody_has_any(stack, concert, 20)
        if answer.status == 200:
            assert counts == [0, 0, 1, 0]
            assert reservation(stack, user, answer.json()["reservationId"])["status"] == "cancelled"
            return
        assert answer.code in ("concert_not_open", "busy"), answer
    pytest.fail("no reservation was in time")


def test_buyers_reserve_pay_and_refund_meanwhile(stack):
    """Whatever each of them was told, all have their points and no seat in the end."""
    concert = new_concert(stack, seats=200)
    payers = [Holder(stack, concert) for _ in range(30)]
    leavers = [Holder(stack, concert) for _ in range(10)]
    for holder in leavers:
        pay(stack, holder.user, holder.id, holder.token)
    for _ in range(20):
        buy(stack, new_user(), concert)
    newcomers = [(new_user(), *concert.free_seat()) for _ in range(30)]
    calls = [holder.pay for holder in payers]
    calls += [lambda client, holder=holder: client.call("DELETE", f"/reservation/{holder.id}?userId={holder.user}")
              for holder in leavers]
    calls += [lambda client, user=user, item=item, seat=seat: ask_reserve(client, user, concert, item, seat)
              for user, item, seat in newcomers]
    running = Cancel(stack, concert.id)
    answers = rush(stack, calls).answers
    status, counts, errors = running.finish()
    assert status == 0, errors
    assert_nobody_has_any(stack, concert, 200)
    expected = {"reservation_cancelled", "not_cancellable", "concert_not_open", ""}
    assert {answer.code for answer in answers} <= expected
    for holder in payers + leavers:
        assert balance(stack, holder.user) == 5000
    refunds = stack.query(
        "SELECT COUNT(*) AS n FROM payment p JOIN reservation r USING (reservation_id)"
        " WHERE r.concert_id = %s AND p.status = 'refunded'", concert.id)[0]["n"]
    paid = sum(answer.status == 200 for answer in answers[:30])
    assert refunds == 30 + paid


def test_it_stands_in_nobodys_way(stack):
    """Buyers of another concert, and their purses, meet no lock of it."""
    hall, concert = sell_hall(stack, 900), new_concert(stack, seats=100)
    before = lock_waits(stack)
    running = Cancel(stack, hall.id)
    bought = 0
    while running.process.poll() is None and bought < 100:
        buy(stack, new_user(), concert)
        bought += 1
    assert running.finish()[:2] == (0, [900, 9000, 0, 0])
    assert bought > 5
    assert lock_waits(stack) == before
