"""A buyer gives back single seats of a hold or of an order, where the concert allows it."""

import collections

import openapi
import pytest
from crowd import Pending, before_reading, lock_reservation, rush
from helpers import (
    Hall, allow, ask_pay, ask_reserve, assert_problem, balance, buy, is_replayed, new_concert, new_user, ok, reserve, seat_status,
)
from stack import wait_for_waiters

pytestmark = pytest.mark.usefixtures("audited")
PATH = "/reservation/{reservationId}"


@pytest.fixture
def concert(stack):
    return allow(stack, new_concert(stack), seatReturns=True)


def ask_back(client, order, seats, user=None, **headers):
    listed = ",".join(map(str, seats))
    return client.call("DELETE", f"/reservation/{order['reservationId']}?userId={user or order['userId']}&seatIds={listed}",
                       headers=headers)


def give_back(stack, order, *seats):
    return openapi.assert_answer(ask_back(stack, order, seats), "DELETE", PATH)


def see(stack, order):
    return ok(stack.get(f"/reservation/{order['reservationId']}?userId={order['userId']}"))


def numbers(seats):
    return [seat["seatId"] for seat in seats]


def hold(stack, concert, seats):
    return reserve(stack, new_user(), concert, concert.item, seats)


def sell(stack, concert, seats, user=None):
    return buy(stack, user or new_user(), concert, item=concert.item, seats=seats)[0]


def payment_of(stack, order):
    payment, = ok(stack.get(f"/payment?userId={order['userId']}"))["payments"]
    return payment["amount"], payment["status"], payment["refundedAmount"], payment["fee"]


def test_seats_of_a_hold(stack, concert):
    """It goes on with the others, as long as before, and costs what they cost."""
    held = hold(stack, concert, [1, 2, 3])
    answer = give_back(stack, held, 2)
    assert answer == held | {"seats": [held["seats"][0], held["seats"][2]], "totalPrice": 2000}
    assert see(stack, held) == answer
    assert [seat_status(stack, concert, concert.item, seat) for seat in (1, 2, 3)] == ["held", "available", "held"]
    user = held["userId"]
    stack.post("/point/charge", {"userId": user, "amount": 2000})
    token = ok(stack.post("/token/add", {"userId": user, "concertId": concert.id}))["token"]
    paid = ok(ask_pay(stack, user, held["reservationId"], token))
    assert (paid["amount"], paid["balance"]) == (2000, 0)


def test_seats_of_an_order(stack, concert):
    order = sell(stack, concert, [1, 2, 3])
    answer = give_back(stack, order, 3, 1)
    seen = order | {"status": "paid", "seats": [order["seats"][1]], "totalPrice": 1000,
                    "returnedSeats": [order["seats"][0], order["seats"][2]]}
    assert answer == seen | {"refundedAmount": 2000, "fee": 0, "balance": 2000}
    assert see(stack, order) == seen
    assert payment_of(stack, order) == (3000, "paid", 2000, 0)
    assert seat_status(stack, concert, concert.item, 1) == "available"
    assert ok(stack.call("DELETE", f"/reservation/{order['reservationId']}?userId={order['userId']}"))["refundedAmount"] == 1000


def test_all_seats_by_name_are_the_whole(stack, concert):
    held, order = hold(stack, concert, [1, 2]), sell(stack, concert, [3, 4])
    assert give_back(stack, held, 1, 2) == held | {"status": "cancelled"}
    assert give_back(stack, order, 4, 3) == order | {
        "status": "cancelled", "refundedAmount": 2000, "fee": 0, "balance": 2000}


def test_by_the_refund_rules(stack, concert):
    allow(stack, concert, refundRules=[{"untilDays": 10, "percent": 70}])
    stack.query("UPDATE refund_rule SET since = since - INTERVAL 1 DAY WHERE concert_id = %s", concert.id)
    order = sell(stack, concert, [1, 2, 3])
    answer = give_back(stack, order, 1)
    assert (answer["refundedAmount"], answer["fee"]) == (700, 300)
    stack.query("UPDATE item SET starts_at = UTC_TIMESTAMP(3) + INTERVAL 1 DAY WHERE item_id = %s", concert.item)
    assert_problem(ask_back(stack, order, [2]), "not_cancellable")
    assert payment_of(stack, order) == (3000, "paid", 700, 300)


def test_only_where_the_concert_allows_it(stack):
    concert = new_concert(stack)
    held, order = hold(stack, concert, [1, 2]), sell(stack, concert, [3, 4])
    for one in (held, order):
        assert_problem(ask_back(stack, one, [one["seats"][0]["seatId"]]), "not_offered")
        assert_problem(ask_back(stack, one, numbers(one["seats"])), "not_offered")
    assert ok(stack.get(concert.path))["seatReturns"] is False
    allow(stack, concert, seatReturns=True)
    assert ok(stack.fresh(concert.path))["seatReturns"] is True
    give_back(stack, held, 1)
    allow(stack, concert, seatReturns=False)
    assert_problem(ask_back(stack, order, [3]), "not_offered")


def test_what_is_not_there(stack, concert):
    """Nothing goes back, also of what is there."""
    order, held, other = sell(stack, concert, [1, 2, 3]), hold(stack, concert, [4, 5]), hold(stack, concert, [6])
    give_back(stack, order, 1)
    give_back(stack, held, 4)
    for one, seats in ((order, [6]), (order, [2, 6]), (order, [20, 2**31 - 1]), (held, [4]), (held, [4, 5]), (held, [6])):
        assert_problem(ask_back(stack, one, seats), "seat_not_found")
    assert_problem(ask_back(stack, order, [1]), "not_cancellable")
    assert_problem(ask_back(stack, other, [6], user=new_user()), "forbidden")
    assert_problem(ask_back(stack, {"reservationId": 2**53 - 1, "userId": "x"}, [1]), "reservation_not_found")
    give_back(stack, other, 6)
    assert_problem(ask_back(stack, other, [6]), "not_cancellable")
    assert (numbers(see(stack, order)["seats"]), numbers(see(stack, held)["seats"])) == ([2, 3], [5])


@pytest.mark.parametrize("seats, field", [
    ("", "seatIds"), ("1,", "seatIds"), (",1", "seatIds[0]"), ("1,,2", "seatIds[1]"), ("a", "seatIds[0]"),
    ("0", "seatIds[0]"), ("01", "seatIds[0]"), ("1,2147483648", "seatIds[1]"), ("1,+2", "seatIds[1]"), ("-1", "seatIds[0]"),
    ("1.0", "seatIds[0]"), ("1,1", "seatIds"), ("1,2,3,4,5,6,7,8,9", "seatIds"), ("1&seatIds=2", "seatIds"),
    ("9" * 200, "seatIds[0]"), ("%FF", "seatIds"),
])
def test_seats_that_cannot_be_read(stack, concert, seats, field):
    held = hold(stack, concert, [1, 2])
    answer = stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={held['userId']}&seatIds={seats}")
    assert_problem(answer, "invalid_field", field=field)
    assert see(stack, held) == held


def test_a_pair_goes_together(stack):
    hall = allow(stack, Hall(stack, {"from": 1, "to": 6, "price": 100, "section": "A"}), seatReturns=True)
    stack.query("UPDATE seat SET kind = 'wheelchair', partner_no = 3 WHERE item_id = %s AND seat_no = 2", hall.item)
    stack.query("UPDATE seat SET kind = 'companion', partner_no = 2 WHERE item_id = %s AND seat_no = 3", hall.item)
    held, order = reserve(stack, new_user(), hall, hall.item, [2, 3, 4]), sell(stack, hall, [5, 6])
    for seats in ([2], [3], [3, 4]):
        assert_problem(ask_back(stack, held, seats), "seats_belong_together", seatIds=[2, 3])
    assert numbers(give_back(stack, held, 2, 3)["seats"]) == [4]
    give_back(stack, order, 5)
    # of one that the box office sold alone nobody asks for the other
    body = {"userId": new_user(), "concertId": hall.id, "itemId": hall.item, "seatIds": [1, 2], "method": "guest"}
    sold = ok(stack.post("/admin/reservation", body, **stack.admin_headers()))
    assert numbers(give_back(stack, sold, 2)["returnedSeats"]) == [2]


def test_a_used_ticket(stack, concert):
    """Its seat stays, and so may not the others."""
    order = sell(stack, concert, [1, 2, 3])
    tickets = ok(stack.get(f"/reservation/{order['reservationId']}/ticket?userId={order['userId']}"))["tickets"]
    scan = lambda n: stack.post("/admin/checkin", {"code": tickets[n]["code"], "itemId": concert.item}, **stack.admin_headers())
    ok(scan(0))
    for seats in ([1], [1, 2]):
        assert_problem(ask_back(stack, order, seats), "not_cancellable")
    give_back(stack, order, 2)
    assert_problem(scan(1), "ticket_void")
    ok(scan(2))


def test_it_counts_as_a_refund_of_its_order(new_stack):
    private = new_stack(refunds_per_day=1)
    concert = allow(private, new_concert(private), seatReturns=True)
    user = new_user()
    order, other = sell(private, concert, [1, 2, 3], user), sell(private, concert, [4, 5], user)
    give_back(private, order, 1)
    give_back(private, order, 2)
    refused = ask_back(private, other, [4])
    assert (refused.status, refused.code) == (429, "rate_limited")
    assert numbers(see(private, other)["seats"]) == [4, 5] and balance(private, user) == 2000
    private.check_books()


def test_once_with_a_key(stack, concert):
    for order in (hold(stack, concert, [1, 2, 3]), sell(stack, concert, [4, 5, 6])):
        key, (first, second, _) = {"Idempotency-Key": new_user("part")}, numbers(order["seats"])
        done = ask_back(stack, order, [first, second], **key)
        again = ask_back(stack, order, [second, first], **key)
        assert done.status == 200 and again.body == done.body and is_replayed(again)
        assert_problem(ask_back(stack, order, [first], **key), "idempotency_key_reused")
        assert_problem(stack.call("DELETE", f"/reservation/{order['reservationId']}?userId={order['userId']}", headers=key),
                       "idempotency_key_reused")


def test_what_went_back_can_be_had_at_once(stack):
    """Also as the best that is left, of which it is remembered that there is nothing."""
    concert = allow(stack, new_concert(stack, seats=4, max_seats=4), seatReturns=True)
    held = hold(stack, concert, [1, 2, 3, 4])
    wish = lambda: {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "count": 1}
    assert_problem(stack.post("/reservation", wish()), "seats_not_available")
    give_back(stack, held, 2)
    assert numbers(ok(stack.post("/reservation", wish()))["seats"]) == [2]
    assert_problem(ask_reserve(stack, held["userId"], concert, concert.item, 2), "seat_taken")
    give_back(stack, held, 3)
    reserve(stack, held["userId"], concert, concert.item, 3)


def test_a_payment_that_met_a_return(stack, concert):
    """The hold was read for three seats, and is paid for those that are left: it is not over."""
    held = hold(stack, concert, [1, 2, 3])
    user, number = held["userId"], held["reservationId"]
    ok(stack.post("/point/charge", {"userId": user, "amount": 3000}))
    token = ok(stack.post("/token/add", {"userId": user, "concertId": concert.id}))["token"]
    with lock_reservation(stack, number) as owner, owner.cursor() as cursor:
        paying = Pending(stack, lambda client: ask_pay(client, user, number, token))
        wait_for_waiters(stack, 1)
        for sql in ("UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL"
                    f" WHERE item_id = {concert.item} AND seat_no = 2",
                    f"DELETE FROM reservation_seat WHERE reservation_id = {number} AND seat_no = 2",
                    "UPDATE reservation SET seat_count = 2, total_price = 2000"
                    f" WHERE reservation_id = {number}"):
            cursor.execute(sql)
        owner.commit()
    assert ok(paying.answer())["amount"] == 2000
    assert balance(stack, user) == 1000


@pytest.mark.parametrize("path", ["/reservation/{reservationId}?userId={userId}", "/reservation?userId={userId}"])
def test_a_read_that_met_a_return(stack, concert, path):
    """Seats and price are of one moment."""
    held = hold(stack, concert, [1, 2, 3])
    with before_reading(stack, "seat", lambda client: client.get(path.format(**held))) as (asked, seats):
        seats.execute("UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL"
                      " WHERE item_id = %s AND seat_no = 2", [concert.item])
        stack.query("DELETE FROM reservation_seat WHERE reservation_id = %s AND seat_no = 2", held["reservationId"])
        stack.query("UPDATE reservation SET seat_count = 2, total_price = 2000 WHERE reservation_id = %s", held["reservationId"])
    answer = ok(asked.answer())
    read, = answer.get("reservations", [answer])
    assert (numbers(read["seats"]), read["totalPrice"]) == ([1, 3], 2000)


def test_300_clients_give_seats_of_one_order_back(new_stack):
    """Each seat goes back once, and has its price once; one that nobody named stays."""
    private = new_stack(refunds_per_day=0, unpaid_pause_from=0)
    concert = allow(private, new_concert(private, seats=40), seatReturns=True)
    order, held = sell(private, concert, list(range(1, 9))), hold(private, concert, list(range(11, 19)))
    wanted = [(order, 1 + n % 7) for n in range(150)] + [(held, 11 + n % 7) for n in range(150)]
    done = rush(private, (lambda client, one=one, seat=seat: ask_back(client, one, [seat]) for one, seat in wanted))
    codes = collections.Counter((one is order, answer.code) for (one, _), answer in zip(wanted, done.answers))
    assert codes == {(True, ""): 7, (True, "not_cancellable"): 143, (False, ""): 7, (False, "seat_not_found"): 143}
    assert (numbers(see(private, order)["seats"]), numbers(see(private, held)["seats"])) == ([8], [18])
    assert balance(private, order["userId"]) == 7000
    assert payment_of(private, order) == (8000, "paid", 7000, 0)
    private.check_books()


def test_returns_payments_and_buyers_at_once(new_stack):
    """Holds give a seat back while they are paid, and others want what comes free: 300 calls, all accounted for."""
    private = new_stack(refunds_per_day=0, unpaid_pause_from=0)
    concert = allow(private, new_concert(private, seats=120, price=10), seatReturns=True)
    holds = [hold(private, concert, [first, first + 1]) for first in range(1, 121, 2)]
    tokens = {}
    for one in holds:
        ok(private.post("/point/charge", {"userId": one["userId"], "amount": 100}))
        tokens[one["userId"]] = ok(private.post("/token/add", {"userId": one["userId"], "concertId": concert.id}))["token"]
    calls = []
    for one in holds:
        seat = one["seats"][0]["seatId"]
        calls += [
            lambda client, one=one: ask_pay(client, one["userId"], one["reservationId"], tokens[one["userId"]]),
            lambda client, one=one, seat=seat: ask_back(client, one, [seat]),
            lambda client, seat=seat: ask_reserve(client, new_user(), concert, concert.item, seat),
            lambda client, one=one, seat=seat: ask_back(client, one, [seat]),
            lambda client, seat=seat: ask_reserve(client, new_user(), concert, concert.item, seat),
        ]
    done = rush(private, calls)
    for at, one in enumerate(holds):
        paid, *others = done.answers[5 * at:5 * at + 5]
        back = [answer for answer in (others[0], others[2]) if answer.status == 200]
        assert paid.status == 200 and len(back) == 1, (paid, others)
        assert sum(answer.status == 200 for answer in (others[1], others[3])) <= 1
        assert paid.json()["amount"] in (10, 20)
        assert balance(private, one["userId"]) == 90
    private.check_books()
