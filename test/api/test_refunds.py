"""Refunds of a part: single seats of an order, and less than their price. What is kept, what was refunded and the fee
are what was paid."""

import collections
import concurrent.futures

import openapi
import pytest
from helpers import (
    add_token, ask_reserve, assert_problem, balance, buy, new_concert, new_user, ok, reserve, seat_status,
)

pytestmark = pytest.mark.usefixtures("audited")
PATH = "/admin/reservation/{reservationId}/refund"


def ask_refund(stack, order, seats=None, percent=None, reason="Ill", **headers):
    body = {"reason": reason, "seatIds": seats, "percent": percent}
    return stack.post(PATH.format(**order), {name: value for name, value in body.items() if value is not None},
                      **stack.admin_headers() | headers)


def refund(stack, order, seats=None, percent=None):
    return openapi.assert_answer(ask_refund(stack, order, seats, percent), "POST", PATH)


def cancel(stack, order):
    """By its buyer."""
    return stack.call("DELETE", f"/reservation/{order['reservationId']}?userId={order['userId']}")


def see(stack, order):
    return ok(stack.get(f"/reservation/{order['reservationId']}?userId={order['userId']}"))


def payment_of(stack, order):
    payment, = ok(stack.get(f"/payment?userId={order['userId']}"))["payments"]
    return payment["amount"], payment["status"], payment["refundedAmount"], payment["fee"]


def numbers(seats):
    return [seat["seatId"] for seat in seats]


def sell(stack, concert, seats, user=None):
    return buy(stack, user or new_user(), concert, item=concert.item, seats=seats)[0]


def test_a_seat_of_three(stack):
    concert = new_concert(stack, price=701)
    order = sell(stack, concert, [1, 2, 3])
    answer = refund(stack, order, [2], 50)
    kept = [order["seats"][0], order["seats"][2]]
    seen = order | {"status": "paid", "seats": kept, "returnedSeats": [order["seats"][1]], "totalPrice": 1402}
    assert answer == seen | {"refundedAmount": 350, "fee": 351, "balance": 350}
    assert see(stack, order) == seen
    assert ok(stack.get(f"/reservation?userId={order['userId']}"))["reservations"] == [seen]
    listed, = ok(stack.get(f"/admin/reservation?concertId={concert.id}", **stack.admin_headers()))["reservations"]
    payment = listed.pop("payment")
    assert listed == seen
    assert (payment["status"], payment["amount"], payment["refundedAmount"], payment["fee"]) == ("paid", 2103, 350, 351)
    assert payment_of(stack, order) == (2103, "paid", 350, 351)
    assert [seat_status(stack, concert, concert.item, seat) for seat in (1, 2, 3)] == ["sold", "available", "sold"]


def test_what_the_ledger_and_the_log_say(stack):
    concert = new_concert(stack, price=1000)
    order = sell(stack, concert, [1, 2, 3])
    refund(stack, order, [3, 1], 10)
    history = ok(stack.get(f"/point/history?userId={order['userId']}"))["history"]
    assert [(row["kind"], row["amount"], row["reservationId"]) for row in history[:2]] == [
        ("refund", 200, order["reservationId"]), ("payment", -3000, order["reservationId"])]
    row = ok(stack.get(f"/admin/log?concertId={concert.id}", **stack.admin_headers()))["log"][0]
    assert (row["actor"], row["action"], row["detail"]) == ("admin", "order refund", "Ill")
    assert row["before"] == {"reservationId": order["reservationId"], "status": "paid", "seatIds": [1, 2, 3]}
    assert row["after"] == row["before"] | {"seatIds": [2], "refundedAmount": 200, "fee": 1800, "balance": 200}
    exported = stack.get(f"/admin/concert/{concert.id}/export?what=orders", **stack.admin_headers()).body.decode()
    assert exported.splitlines()[1].endswith(",200,1800,\"points\"")


def test_one_after_the_other(stack):
    """Each has a row; the payment is refunded when no seat is left, and the order shows what it had to the end."""
    concert = new_concert(stack, price=1000)
    order = sell(stack, concert, [1, 2, 3, 4])
    refund(stack, order, [2], 50)
    middle = refund(stack, order, [1, 4])
    assert (numbers(middle["seats"]), numbers(middle["returnedSeats"])) == ([3], [1, 2, 4])
    assert (middle["refundedAmount"], middle["balance"], payment_of(stack, order)) == (2000, 2500, (4000, "paid", 2500, 500))
    last = refund(stack, order, [3], 30)
    assert (last["status"], numbers(last["seats"]), numbers(last["returnedSeats"])) == ("cancelled", [3], [1, 2, 4])
    assert (last["refundedAmount"], last["fee"], last["balance"], last["totalPrice"]) == (300, 700, 2800, 1000)
    assert payment_of(stack, order) == (4000, "refunded", 2800, 1200)
    rows = stack.query("SELECT refund_no, amount, fee FROM point_history WHERE reservation_id = %s AND kind = 'refund'"
                       " ORDER BY history_id", order["reservationId"])
    assert [tuple(row.values()) for row in rows] == [(1, 500, 500), (2, 2000, 0), (0, 300, 700)]
    assert_problem(ask_refund(stack, order), "not_cancellable")
    assert {seat_status(stack, concert, concert.item, seat) for seat in (1, 2, 3, 4)} == {"available"}


@pytest.mark.parametrize("price, seats, percent, amount", [
    (333, 1, 50, 166), (1, 1, 99, 0), (1, 3, 34, 1), (10**9, 8, 99, 7_920_000_000), (999, 2, 0, 0), (999, 2, 100, 1998),
    (0, 2, 50, 0),
])
def test_percents_are_rounded_down_once(stack, price, seats, percent, amount):
    """Over all seats that go back together."""
    concert = new_concert(stack, price=price)
    user, wanted = new_user(), list(range(1, seats + 1))
    stack.query("INSERT INTO point (user_id, balance) VALUES (%s, %s)", user, price * seats)
    stack.query("INSERT INTO point_history (user_id, kind, amount, balance_after, created_at)"
                " VALUES (%s, 'charge', %s, %s, UTC_TIMESTAMP(3))", user, price * seats, price * seats)
    token = add_token(stack, user, concert)["token"]
    order = reserve(stack, user, concert, concert.item, wanted)
    ok(stack.post("/payment", {"userId": user, "reservationId": order["reservationId"], "token": token}))
    answer = refund(stack, order, None, percent)
    assert (answer["status"], answer["refundedAmount"], answer["fee"]) == ("cancelled", amount, price * seats - amount)
    assert balance(stack, user) == amount
    assert payment_of(stack, order) == (price * seats, "refunded", amount, price * seats - amount)


def test_all_seats_by_name_are_the_whole_order(stack):
    concert = new_concert(stack)
    order = sell(stack, concert, [1, 2])
    answer = refund(stack, order, [2, 1])
    assert answer == order | {"status": "cancelled", "refundedAmount": 2000, "fee": 0, "balance": 2000}


def test_seats_that_it_has_not(stack):
    """Nothing is refunded, also of those that it has."""
    concert = new_concert(stack)
    order, other = sell(stack, concert, [1, 2, 3]), sell(stack, concert, [4])
    refund(stack, order, [1])
    before = see(stack, order)
    for seats in ([4], [2, 4], [20], [2**31 - 1], [1, 4]):
        assert_problem(ask_refund(stack, order, seats), "seat_not_found")
    for seats in ([1], [1, 2]):
        assert_problem(ask_refund(stack, order, seats), "not_cancellable")
    assert see(stack, order) == before and balance(stack, order["userId"]) == 1000
    refund(stack, other)
    assert_problem(ask_refund(stack, other, [20]), "not_cancellable")


def test_a_returned_seat_is_sold_again(stack):
    """By name and as the best available, which remembers that nothing was left; after the next sale it stays sold."""
    concert = new_concert(stack, seats=4)
    order = sell(stack, concert, [1, 2, 3, 4])
    wish = lambda: {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "count": 1}
    assert_problem(stack.post("/reservation", wish()), "seats_not_available")
    refund(stack, order, [2])
    shown = ok(stack.get(f"/admin/concert/{concert.id}", **stack.admin_headers()))["sales"]
    assert (shown["available"], shown["sold"], shown["revenue"]) == (1, 3, 3000)
    assert numbers(ok(stack.post("/reservation", wish()))["seats"]) == [2]
    refund(stack, order, [3])
    again = sell(stack, concert, [3])
    assert_problem(ask_reserve(stack, new_user(), concert, concert.item, 3), "seat_taken")
    refund(stack, order)
    assert (see(stack, again)["status"], seat_status(stack, concert, concert.item, 3)) == ("paid", "sold")


def test_what_is_left_is_refunded_by_its_buyer_or_with_the_concert(stack):
    for ends in ("buyer", "concert"):
        concert = new_concert(stack)
        order = sell(stack, concert, [1, 2, 3])
        refund(stack, order, [1], 50)
        if ends == "buyer":
            answer = ok(cancel(stack, order))
            assert (answer["refundedAmount"], answer["fee"], numbers(answer["returnedSeats"])) == (2000, 0, [1])
        else:
            assert stack.ctl("concert", "cancel", str(concert.id)).returncode == 0
        assert balance(stack, order["userId"]) == 2500
        assert payment_of(stack, order) == (3000, "refunded", 2500, 500)


def test_returned_seats_are_not_counted_by_the_seat_limit(stack):
    concert, user = new_concert(stack, max_seats=3), new_user()
    order = sell(stack, concert, [1, 2, 3], user)
    assert_problem(ask_reserve(stack, user, concert, concert.item, 4), "seat_limit_reached")
    refund(stack, order, [1])
    reserve(stack, user, concert, concert.item, 4)
    assert_problem(ask_reserve(stack, user, concert, concert.item, 5), "seat_limit_reached")


def test_after_the_start_and_beyond_the_buyers_limit(stack):
    concert = new_concert(stack)
    order = sell(stack, concert, [1, 2])
    concert.start(concert.item)
    assert_problem(cancel(stack, order), "not_cancellable")
    refund(stack, order, [1], 20)
    asked = stack.query("SELECT refund_asked_at FROM payment WHERE reservation_id = %s", order["reservationId"])
    assert asked == [{"refund_asked_at": None}]


def test_once_with_a_key(stack):
    concert = new_concert(stack)
    order, key = sell(stack, concert, [1, 2, 3]), {"Idempotency-Key": new_user("part")}
    first = ask_refund(stack, order, [1], 50, **key)
    again = ask_refund(stack, order, [1], 50, **key)
    assert (first.status, again.body, again.headers["Idempotency-Replayed"]) == (200, first.body, "true")
    assert_problem(ask_refund(stack, order, [2], 50, **key), "idempotency_key_reused")
    assert balance(stack, order["userId"]) == 500


def at_once(stack, calls):
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(stack.new_client()), calls))


def with_keys_of(stack, client, order, seats):
    return client.post(PATH.format(**order), {"reason": "r", "seatIds": seats}, **stack.admin_headers())


def test_operators_refund_a_seat_at_once(stack):
    """One of them does; so do those of other seats of the same order."""
    concert = new_concert(stack, seats=40)
    for first in range(1, 33, 8):
        order = sell(stack, concert, list(range(first, first + 8)))
        wanted = [first, first, first, first + 1, first + 1, first + 2]
        answers = at_once(stack, [lambda client, seat=seat: with_keys_of(stack, client, order, [seat]) for seat in wanted])
        codes = collections.Counter((seat, answer.code) for seat, answer in zip(wanted, answers))
        assert codes == {(first, ""): 1, (first, "not_cancellable"): 2, (first + 1, ""): 1,
                         (first + 1, "not_cancellable"): 1, (first + 2, ""): 1}
        seen = see(stack, order)
        assert (len(seen["seats"]), numbers(seen["returnedSeats"])) == (5, [first, first + 1, first + 2])
        assert balance(stack, order["userId"]) == 3000


def test_operator_and_buyer_at_once(stack):
    """The buyer has the price of each seat once, whoever comes first."""
    concert = new_concert(stack, seats=40)
    for first in range(1, 31, 2):
        order = sell(stack, concert, [first, first + 1])
        by_operator, by_buyer, whole = at_once(stack, [
            lambda client: with_keys_of(stack, client, order, [first]),
            lambda client: cancel(client, order),
            lambda client: client.post(PATH.format(**order), {"reason": "r"}, **stack.admin_headers()),
        ])
        assert sorted([by_buyer.code, whole.code]) == ["", "not_cancellable"]
        assert by_operator.code in ("", "not_cancellable")
        assert balance(stack, order["userId"]) == 2000
        assert payment_of(stack, order) == (2000, "refunded", 2000, 0)


def test_what_an_older_build_writes_is_read(stack):
    """It ends an order from which this build took a seat: of what it reads of the order nothing was returned, and
    it names neither a number nor a fee."""
    concert = new_concert(stack)
    order = sell(stack, concert, [1, 2, 3])
    refund(stack, order, [1], 50)
    number, user = order["reservationId"], order["userId"]
    for sql in (
        "UPDATE seat s JOIN reservation_seat l ON l.seat_no = s.seat_no SET s.status = 'available', s.reservation_id = NULL"
        " WHERE s.reservation_id = l.reservation_id AND l.reservation_id = %s",
        "UPDATE reservation SET status = 'cancelled', settled_at = NULL WHERE reservation_id = %s AND status = 'paid'",
        "UPDATE payment SET status = 'refunded', refund_asked_at = NULL WHERE reservation_id = %s AND status = 'paid'",
        "INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)"
        " SELECT r.user_id, 'refund', r.total_price, p.balance + r.total_price, r.reservation_id, UTC_TIMESTAMP(3)"
        " FROM reservation r JOIN point p ON p.user_id = r.user_id WHERE r.reservation_id = %s",
        "UPDATE point p JOIN reservation r ON r.user_id = p.user_id SET p.balance = p.balance + r.total_price"
        " WHERE r.reservation_id = %s",
    ):
        stack.query(sql, number)
    assert balance(stack, user) == 2500
    assert payment_of(stack, order) == (3000, "refunded", 2500, 500)
    seen = see(stack, order)
    assert (seen["status"], numbers(seen["seats"]), numbers(seen["returnedSeats"])) == ("cancelled", [2, 3], [1])


@pytest.mark.parametrize("name, example", openapi.examples("POST", PATH).items())
def test_the_examples_of_the_document(stack, name, example):
    concert = new_concert(stack)
    order = sell(stack, concert, [1, 2])
    openapi.assert_answer(stack.post(PATH.format(**order), example, **stack.admin_headers()), "POST", PATH)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_refund_costs_no_more_without_parts(stack, method):
    """An order of an older build is one without returned seats, number and fee."""
    concert = new_concert(stack)
    order = sell(stack, concert, [1])
    answer = ok(cancel(stack, order)) if method == "DELETE" else refund(stack, order)
    assert "returnedSeats" not in answer and answer["fee"] == 0
    rows = stack.query("SELECT refund_no, fee FROM point_history WHERE reservation_id = %s", order["reservationId"])
    assert [tuple(row.values()) for row in rows] == [(0, 0)] * 2
