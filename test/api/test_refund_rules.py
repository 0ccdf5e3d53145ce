"""What buyers get back, by the days before the start at the venue: refundRules of a concert."""

import openapi
import pytest
from helpers import assert_problem, balance, buy, new_concert, new_user, ok, seat_status

pytestmark = pytest.mark.usefixtures("audited")
WHOLE = [{"untilDays": 0, "percent": 100}]


def rules(*pairs):
    return [{"untilDays": days, "percent": percent} for days, percent in pairs]


def ask(stack, concert, body):
    return stack.call("PATCH", f"/admin/concert/{concert.id}", body, stack.admin_headers())


def set_rules(stack, concert, *pairs):
    """They hold from now on: what was paid before was paid at least a millisecond earlier."""
    assert ok(ask(stack, concert, {"refundRules": rules(*pairs)}))["refundRules"] == sorted(
        rules(*pairs), key=lambda rule: -rule["untilDays"])


def read(stack, concert):
    return ok(stack.get(f"/admin/concert/{concert.id}", **stack.admin_headers()))["refundRules"]


def start_in(stack, concert, days, at="12:00", zone="Asia/Seoul", offset=9):
    """The item begins so many days after today, at a time of the clock at the venue."""
    stack.query("UPDATE concert SET time_zone = %s WHERE concert_id = %s", zone, concert.id)
    stack.query("UPDATE item SET starts_at = TIMESTAMP(DATE(UTC_TIMESTAMP(3) + INTERVAL %s HOUR) + INTERVAL %s DAY, %s)"
                " - INTERVAL %s HOUR WHERE item_id = %s", offset, days, at, offset, concert.item)


def cancel(stack, order):
    return stack.call("DELETE", f"/reservation/{order['reservationId']}?userId={order['userId']}")


def sell(stack, concert, seats):
    return buy(stack, new_user(), concert, item=concert.item, seats=seats)[0]


def test_without_rules_all_is_refunded_until_the_start(stack):
    concert = new_concert(stack)
    assert read(stack, concert) == WHOLE
    answer = ok(cancel(stack, sell(stack, concert, [1])))
    assert (answer["refundedAmount"], answer["fee"]) == (1000, 0)


@pytest.mark.parametrize("days, percent", [(30, 100), (11, 100), (10, 100), (9, 70), (3, 70), (2, 33), (1, 33)])
def test_by_the_days_before_the_start(stack, days, percent):
    concert = new_concert(stack, price=1001)
    set_rules(stack, concert, (1, 33), (10, 100), (3, 70))
    start_in(stack, concert, days)
    order = sell(stack, concert, [1, 2])
    answer = ok(cancel(stack, order))
    amount = 2002 * percent // 100
    assert (answer["status"], answer["refundedAmount"], answer["fee"], answer["balance"]) == (
        "cancelled", amount, 2002 - amount, amount)
    payment, = ok(stack.get(f"/payment?userId={order['userId']}"))["payments"]
    assert (payment["status"], payment["amount"], payment["refundedAmount"], payment["fee"]) == (
        "refunded", 2002, amount, 2002 - amount)


@pytest.mark.parametrize("wanted", [((3, 70),), ((3, 70), (0, 0)), ((0, 0),)])
def test_where_nothing_is_refunded_the_seats_are_kept(stack, wanted):
    """An operator refunds all the same."""
    concert = new_concert(stack)
    set_rules(stack, concert, *wanted)
    start_in(stack, concert, 2)
    order = sell(stack, concert, [1])
    assert_problem(cancel(stack, order), "not_cancellable")
    assert (seat_status(stack, concert, concert.item, 1), balance(stack, order["userId"])) == ("sold", 0)
    path = f"/admin/reservation/{order['reservationId']}/refund"
    assert ok(stack.post(path, {"reason": "r"}, **stack.admin_headers()))["refundedAmount"] == 1000


@pytest.mark.parametrize("zone, offset", [("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11), ("Etc/UTC", 0)])
def test_the_days_are_those_of_the_venue(stack, zone, offset):
    """A minute after midnight of tomorrow is a day ahead, whatever the hours until then and the day elsewhere."""
    concert = new_concert(stack)
    set_rules(stack, concert, (2, 100), (1, 40))
    today = lambda: stack.query("SELECT DATE(UTC_TIMESTAMP(3) + INTERVAL %s HOUR) AS day", offset)
    for days, at, amount in ((1, "00:01", 400), (1, "23:59", 400), (2, "00:01", 1000)):
        day = None
        while day != today():  # it may end meanwhile
            start_in(stack, concert, 30)
            order, day = sell(stack, concert, [concert.free_seat()[1]]), today()
            start_in(stack, concert, days, at, zone, offset)
            refunded = ok(cancel(stack, order))["refundedAmount"]
        assert refunded == amount, (days, at)


def test_a_buyer_keeps_the_rules_of_the_payment(stack):
    concert = new_concert(stack)
    start_in(stack, concert, 5)
    orders = [sell(stack, concert, [1])]
    for percent in (50, 20):
        set_rules(stack, concert, (0, percent))
        orders.append(sell(stack, concert, [len(orders) + 1]))
    set_rules(stack, concert, (0, 100))
    assert [ok(cancel(stack, order))["refundedAmount"] for order in orders] == [1000, 500, 200]
    since = stack.query("SELECT since FROM refund_rule WHERE concert_id = %s ORDER BY since", concert.id)
    assert len({row["since"] for row in since}) == 3


def test_a_change_is_told_in_the_log(stack):
    """Once; the same rules again are no change, and make no row."""
    concert = new_concert(stack)
    log = lambda: ok(stack.get(f"/admin/log?concertId={concert.id}", **stack.admin_headers()))["log"]
    set_rules(stack, concert, (7, 90), (1, 50))
    assert (log()[0]["before"], log()[0]["after"]) == ({"refundRules": WHOLE}, {"refundRules": rules((7, 90), (1, 50))})
    set_rules(stack, concert, (1, 50), (7, 90))
    ok(ask(stack, concert, {"venue": "Other"}))
    assert log()[0]["after"] == {"venue": "Other"} and read(stack, concert) == rules((7, 90), (1, 50))
    assert stack.query("SELECT COUNT(*) AS n FROM refund_rule WHERE concert_id = %s", concert.id)[0]["n"] == 2


def test_rules_of_what_is_left(stack):
    """An operator gave one seat back; the buyer gives back the other one by the rules."""
    concert = new_concert(stack)
    set_rules(stack, concert, (0, 50))
    order = sell(stack, concert, [1, 2])
    ok(stack.post(f"/admin/reservation/{order['reservationId']}/refund", {"reason": "r", "seatIds": [1]},
                  **stack.admin_headers()))
    answer = ok(cancel(stack, order))
    assert (answer["refundedAmount"], answer["fee"], answer["balance"]) == (500, 500, 1500)


def test_cancelling_a_concert_refunds_all(stack):
    concert = new_concert(stack)
    set_rules(stack, concert, (0, 10))
    order = sell(stack, concert, [1])
    assert stack.ctl("concert", "cancel", str(concert.id)).returncode == 0
    assert balance(stack, order["userId"]) == 1000


@pytest.mark.parametrize("value, field", [
    (None, "refundRules"), ([], "refundRules"), ({}, "refundRules"), ("x", "refundRules"), (rules((1, 2)) * 2, "refundRules"),
    (rules(*((days, 1) for days in range(21))), "refundRules"), ([1], "refundRules[0]"), ([{}], "refundRules[0].untilDays"),
    (rules((-1, 1)), "refundRules[0].untilDays"), (rules((3651, 1)), "refundRules[0].untilDays"),
    (rules(("1", 1)), "refundRules[0].untilDays"), (rules((1, 1), (2, 101)), "refundRules[1].percent"),
    (rules((1, -1)), "refundRules[0].percent"), (rules((1, 1.0)), "refundRules[0].percent"),
    ([{"untilDays": 1}], "refundRules[0].percent"),
])
def test_bad_rules(stack, value, field):
    concert = new_concert(stack)
    assert_problem(ask(stack, concert, {"refundRules": value, "venue": "Other"}), "invalid_field", field=field)
    assert read(stack, concert) == WHOLE


@pytest.mark.parametrize("name, example", openapi.examples("PATCH", "/admin/concert/{concertId}").items())
def test_the_examples_of_the_document(stack, name, example):
    answer = ok(ask(stack, new_concert(stack), example))
    assert {member: answer[member] for member in example} == example


def test_the_largest_rules(stack):
    concert = new_concert(stack)
    set_rules(stack, concert, *((days, days % 101) for days in range(3650, 3630, -1)))
