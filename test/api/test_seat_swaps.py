"""A buyer swaps seats of a hold or of an order for free ones of the same date and price, where the concert allows it."""

import openapi
import pytest
from crowd import Pending, before_reading, lock_seat, owners, rush
from helpers import (
    Hall, age_hold, allow, ask_pay, ask_reserve, assert_problem, balance, buy, is_replayed, new_concert, new_user, ok, reserve,
    seat_status,
)
from stack import wait_for_waiters

pytestmark = pytest.mark.usefixtures("audited")
PATH = "/reservation/{reservationId}/swap"


@pytest.fixture
def concert(stack):
    return allow(stack, new_concert(stack), swaps=True)


def ask_swap(client, order, seats, to, user=None, **headers):
    body = {"userId": user or order["userId"], "seatIds": seats, "toSeatIds": to}
    return client.post(PATH.format(**order), body, **headers)


def swap(stack, order, seats, to):
    return openapi.assert_answer(ask_swap(stack, order, seats, to), "POST", PATH)


def see(stack, order):
    return ok(stack.get(f"/reservation/{order['reservationId']}?userId={order['userId']}"))


def numbers(seats):
    return [seat["seatId"] for seat in seats]


def hold(stack, concert, seats):
    return reserve(stack, new_user(), concert, concert.item, seats)


def sell(stack, concert, seats):
    return buy(stack, new_user(), concert, item=concert.item, seats=seats)[0]


def tickets(stack, order):
    return {ticket["seat"]["seatId"]: ticket["code"] for ticket in
            ok(stack.get(f"/reservation/{order['reservationId']}/ticket?userId={order['userId']}"))["tickets"]}


def scan(stack, concert, code):
    return stack.post("/admin/checkin", {"code": code, "itemId": concert.item}, **stack.admin_headers())


def at_gates(stack, concert):
    """The seat of each ticket and whether it is valid, as gates without a network read it, a ticket at a time."""
    path, before, listed = f"/admin/item/{concert.item}/ticket?limit=1", "", []
    while before is not None:
        page = openapi.assert_answer(stack.get(path + before, **stack.admin_headers()), "GET", "/admin/item/{itemId}/ticket")
        listed += page["tickets"]
        before = None if page["next"] is None else f"&before={page['next']}"
    return [(ticket["seat"]["seatId"], ticket["valid"]) for ticket in listed]


def test_seats_of_a_hold(stack, concert):
    held = hold(stack, concert, [1, 2, 3])
    answer = swap(stack, held, [1, 3], [12, 11])
    assert numbers(answer["seats"]) == [2, 11, 12]
    assert answer == held | {"seats": answer["seats"]}
    assert see(stack, held) == answer
    assert [seat_status(stack, concert, concert.item, seat) for seat in (1, 2, 3, 11)] == ["available", "held", "available", "held"]
    user, number = held["userId"], held["reservationId"]
    ok(stack.post("/point/charge", {"userId": user, "amount": 3000}))
    token = ok(stack.post("/token/add", {"userId": user, "concertId": concert.id}))["token"]
    ok(ask_pay(stack, user, number, token))
    assert owners(stack, concert.item) == dict.fromkeys([2, 11, 12], number)


def test_seats_of_an_order(stack, concert):
    """No points move. The old codes are void, those of the kept seats stay, and going back makes new ones."""
    order = sell(stack, concert, [1, 2])
    before = tickets(stack, order)
    answer = swap(stack, order, [1], [5])
    assert (answer["status"], numbers(answer["seats"]), answer["totalPrice"]) == ("paid", [2, 5], 2000)
    assert balance(stack, order["userId"]) == 0
    assert at_gates(stack, concert) == [(2, True), (1, False)]
    after = tickets(stack, order)
    assert at_gates(stack, concert) == [(5, True), (2, True), (1, False)]
    assert after[2] == before[2] and after[5] not in before.values()
    assert_problem(scan(stack, concert, before[1]), "ticket_void")
    swap(stack, order, [5], [1])
    back = tickets(stack, order)
    assert at_gates(stack, concert) == [(1, True), (5, False), (2, True), (1, False)]
    assert back[1] not in (before[1], after[5]) and back[2] == before[2]
    for code in (before[1], after[5]):
        assert_problem(scan(stack, concert, code), "ticket_void")
    for code in back.values():
        ok(scan(stack, concert, code))
    history = ok(stack.get(f"/point/history?userId={order['userId']}"))["history"]
    assert [row["kind"] for row in history] == ["payment", "charge"]


def test_only_where_the_concert_allows_it(stack):
    concert = new_concert(stack)
    held = hold(stack, concert, [1])
    assert_problem(ask_swap(stack, held, [1], [2]), "not_offered")
    assert ok(stack.get(concert.path))["swaps"] is False
    allow(stack, concert, swaps=True)
    swap(stack, held, [1], [2])
    allow(stack, concert, swaps=False)
    assert_problem(ask_swap(stack, held, [2], [1]), "not_offered")


def test_seats_of_another_price(stack):
    """Each of them costs what one of the others was reserved for, whatever it costs now."""
    hall = allow(stack, Hall(stack, ("A", "1", 4, 100), ("B", "1", 4, 70)), swaps=True)
    order = sell(stack, hall, [1, 2, 5])
    assert_problem(ask_swap(stack, order, [1], [6]), "price_differs")
    assert_problem(ask_swap(stack, order, [1, 5], [3, 4]), "price_differs")
    assert numbers(swap(stack, order, [1, 5], [6, 3])["seats"]) == [2, 3, 6]
    path = f"/admin/concert/{hall.id}/item/{hall.item}"
    ok(stack.call("PATCH", path, {"seats": [{"from": 1, "to": 8, "price": 100}]}, stack.admin_headers()))
    assert_problem(ask_swap(stack, order, [6], [7]), "price_differs")
    assert numbers(swap(stack, order, [2], [7])["seats"]) == [3, 6, 7]
    # a seat that left at its old price comes back at its new one, and is counted so
    ok(stack.call("PATCH", path, {"seats": [{"from": 2, "to": 3, "price": 40}]}, stack.admin_headers()))
    other = sell(stack, hall, [2])
    swap(stack, order, [3], [1])
    swap(stack, other, [2], [3])
    sales = ok(stack.get(f"/admin/concert/{hall.id}", **stack.admin_headers()))["sales"]
    assert (sales["sold"], sales["revenue"]) == (4, 100 + 100 + 70 + 40)


def test_what_is_not_to_be_had(stack, concert):
    """All or nothing."""
    order, held = sell(stack, concert, [1, 2, 3]), hold(stack, concert, [4])
    blocked = "UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 20"
    stack.query(blocked, concert.item)
    assert_problem(ask_swap(stack, order, [1, 2], [4, 20]), "seat_taken", seatIds=[4, 20])
    assert_problem(ask_swap(stack, order, [1], [2]), "seat_taken", seatIds=[2])
    assert_problem(ask_swap(stack, order, [1], [21]), "seat_not_found")
    assert_problem(ask_swap(stack, order, [1, 4], [11, 12]), "seat_not_found")
    assert_problem(ask_swap(stack, held, [4], [11], user=new_user()), "forbidden")
    assert_problem(ask_swap(stack, {"reservationId": 2**53 - 1, "userId": "x"}, [1], [2]), "reservation_not_found")
    assert (numbers(see(stack, order)["seats"]), numbers(see(stack, held)["seats"])) == ([1, 2, 3], [4])
    ok(stack.post(f"/admin/reservation/{order['reservationId']}/refund", {"reason": "Ill", "seatIds": [2]}, **stack.admin_headers()))
    assert_problem(ask_swap(stack, order, [1], [2]), "seat_taken", seatIds=[2])
    answer = swap(stack, order, [1], [5])
    assert (numbers(answer["seats"]), numbers(answer["returnedSeats"])) == ([3, 5], [2])


def test_what_is_over(stack, concert):
    lapsed, given_back, sold = hold(stack, concert, [1]), hold(stack, concert, [2]), sell(stack, concert, [3])
    age_hold(stack, lapsed["reservationId"], 3600)
    assert_problem(ask_swap(stack, lapsed, [1], [11]), "hold_expired")
    ok(stack.call("DELETE", f"/reservation/{given_back['reservationId']}?userId={given_back['userId']}"))
    assert_problem(ask_swap(stack, given_back, [2], [11]), "reservation_cancelled")
    concert.set(status="'closed'")
    assert_problem(ask_swap(stack, sold, [3], [11]), "concert_not_open")
    concert.set(status="'open'")
    concert.start(concert.item)
    assert_problem(ask_swap(stack, sold, [3], [11]), "concert_not_open")
    assert numbers(see(stack, sold)["seats"]) == [3]


def test_a_used_ticket_keeps_its_seat(stack, concert):
    order = sell(stack, concert, [1, 2])
    ok(scan(stack, concert, tickets(stack, order)[1]))
    assert_problem(ask_swap(stack, order, [1], [11]), "not_cancellable")
    assert numbers(swap(stack, order, [2], [12])["seats"]) == [1, 12]


def test_a_ticket_that_was_taken_by_mistake_is_swapped(stack, concert):
    """The stored answer of its check-in names a ticket that is void since."""
    order = sell(stack, concert, [1])
    code, = tickets(stack, order).values()
    key = {"Idempotency-Key": new_user("scan"), **stack.admin_headers()}
    taken = ok(stack.post("/admin/checkin", {"code": code, "itemId": concert.item}, **key))
    assert ask_swap(stack, order, [1], [2]).code == "not_cancellable"
    ok(stack.post("/admin/checkin/undo", {"ticketId": taken["ticketId"], "reason": "a mistake"}, **stack.admin_headers()))
    swap(stack, order, [1], [2])
    assert_problem(scan(stack, concert, code), "ticket_void")
    assert is_replayed(stack.post("/admin/checkin", {"code": code, "itemId": concert.item}, **key))
    stack.check_books()


def test_pairs_leave_and_come_together(stack):
    hall = allow(stack, Hall(stack, ("A", "1", 8, 100)), swaps=True)
    for seat, partner in ((2, 3), (6, 7)):
        stack.query("UPDATE seat SET kind = 'wheelchair', partner_no = %s WHERE item_id = %s AND seat_no = %s", partner, hall.item, seat)
        stack.query("UPDATE seat SET kind = 'companion', partner_no = %s WHERE item_id = %s AND seat_no = %s", seat, hall.item, partner)
    order = sell(stack, hall, [1, 2, 3])
    assert_problem(ask_swap(stack, order, [2], [5]), "seats_belong_together", seatIds=[2, 3])
    assert_problem(ask_swap(stack, order, [1], [6]), "seats_belong_together", seatIds=[6, 7])
    assert_problem(ask_swap(stack, order, [1, 2], [6, 7]), "seats_belong_together", seatIds=[2, 3])
    assert numbers(swap(stack, order, [2, 3], [6, 7])["seats"]) == [1, 6, 7]


@pytest.mark.parametrize("seats, to, field", [
    (None, [2], "seatIds"), ([1], None, "toSeatIds"), ([], [], "seatIds"), ([1], [], "toSeatIds"), ([1], [2, 3], "toSeatIds"),
    ([1, 2], [2, 3], "toSeatIds"), ([1], [1], "toSeatIds"), ([1], [0], "toSeatIds[0]"), ([1], ["2"], "toSeatIds[0]"),
    ([1, 2], [3, 3], "toSeatIds"), ([1], "2", "toSeatIds"), ([1], [2.0], "toSeatIds[0]"),
    (list(range(1, 10)), list(range(11, 20)), "seatIds"),
])
def test_what_cannot_be_read(stack, concert, seats, to, field):
    held = hold(stack, concert, [1, 2])
    body = {"userId": held["userId"]} | ({"seatIds": seats} if seats is not None else {}) | (
        {"toSeatIds": to} if to is not None else {})
    assert_problem(stack.post(PATH.format(**held), body), "invalid_field", field=field)
    assert see(stack, held) == held


def test_once_with_a_key(stack, concert):
    held, key = hold(stack, concert, [1, 2]), {"Idempotency-Key": new_user("swap")}
    done = ask_swap(stack, held, [1], [11], **key)
    again = ask_swap(stack, held, [1], [11], **key)
    assert done.status == 200 and again.body == done.body and is_replayed(again)
    assert_problem(ask_swap(stack, held, [2], [12], **key), "idempotency_key_reused")
    assert numbers(see(stack, held)["seats"]) == [2, 11]


def test_what_was_left_can_be_had_at_once(stack):
    """Also as the best that is left, of which it is remembered that there is nothing; and a lapsed hold gives its seats."""
    hall = allow(stack, Hall(stack, ("A", "1", 4, 100), ("B", "1", 4, 100)), swaps=True)
    held = hold(stack, hall, [1, 2, 3, 4])
    assert_problem(hall.ask(1, section="A"), "seats_not_available")
    swap(stack, held, [2, 3], [5, 6])
    assert hall.best(2, section="A") == [2, 3]
    assert_problem(ask_reserve(stack, new_user(), hall, hall.item, 5), "seat_taken")


def test_a_ticket_is_not_made_for_a_seat_that_just_left(stack, concert):
    """Who asks for tickets while the order swaps has those of the seats that it has then, or none."""
    order = sell(stack, concert, [1, 2])
    answers = rush(stack, [
        (lambda client: ask_swap(client, order, [1], [3])) if n == 5 else
        (lambda client: client.get(f"/reservation/{order['reservationId']}/ticket?userId={order['userId']}")) for n in range(40)
    ]).answers
    assert {answer.status for answer in answers} == {200}
    now = tickets(stack, order)
    assert set(now) == {2, 3}
    shown = {ticket["code"]: ticket["seat"]["seatId"] for answer in answers if "tickets" in answer.json()
             for ticket in answer.json()["tickets"]}
    for code, seat in shown.items():
        assert (code in now.values()) == (seat in (2, 3))
        if seat == 1:
            assert_problem(scan(stack, concert, code), "ticket_void")


def test_tickets_that_met_a_swap(stack, concert):
    """The order had another seat when it was read: it is read anew."""
    order = sell(stack, concert, [1, 2])
    path = f"/reservation/{order['reservationId']}/ticket?userId={order['userId']}"
    with before_reading(stack, "ticket", lambda client: client.get(path)) as (asked, _):
        for sql in ("UPDATE reservation_seat SET seat_no = 3 WHERE seat_no = 1 AND reservation_id = %s",
                    "UPDATE seat n JOIN seat o ON o.item_id = n.item_id AND o.seat_no = 1 SET n.status = 'sold',"
                    " n.reservation_id = o.reservation_id, o.status = 'available', o.reservation_id = NULL"
                    " WHERE n.seat_no = 3 AND o.reservation_id = %s"):
            stack.query(sql, order["reservationId"])
    assert [ticket["seat"]["seatId"] for ticket in ok(asked.answer())["tickets"]] == [2, 3]


def test_two_swaps_that_want_each_others_seats(stack, concert):
    """No order of locks lets them wait for each other."""
    one, other = sell(stack, concert, [1, 10]), sell(stack, concert, [2, 11])
    with lock_seat(stack, concert.item, 1) as owner:
        calls = [Pending(stack, lambda client: ask_swap(client, one, [10], [3])),
                 Pending(stack, lambda client: ask_swap(client, other, [11], [4]))]
        wait_for_waiters(stack, 1)
        owner.rollback()
    assert [call.answer().status for call in calls] == [200, 200]
    done = rush(stack, [lambda client: ask_swap(client, one, [3], [11]), lambda client: ask_swap(client, other, [4], [10])])
    assert done.statuses == {200: 2}


def test_300_clients_swap_and_reserve_the_same_seats(new_stack):
    """150 orders want one of 30 free seats, and 150 new buyers too: each seat has one owner, and all that was left is free."""
    private = new_stack(unpaid_pause_from=0)
    concert = allow(private, new_concert(private, seats=230, price=0), swaps=True)
    held = [hold(private, concert, [seat]) for seat in range(1, 101)]
    sold = [sell(private, concert, [seat]) for seat in range(101, 151)]
    orders = held + sold
    calls = [lambda client, order=order, to=201 + n % 30: ask_swap(client, order, numbers(order["seats"]), [to])
             for n, order in enumerate(orders)]
    calls += [lambda client, seat=201 + n % 30: ask_reserve(client, new_user(), concert, concert.item, seat) for n in range(150)]
    done = rush(private, calls)
    assert done.codes == {"": 30, "seat_taken": 270}
    expected = {}
    for order, answer in zip(orders, done.answers):
        seats = numbers(answer.json()["seats"]) if answer.status == 200 else numbers(order["seats"])
        expected |= dict.fromkeys(seats, order["reservationId"])
    for answer in done.answers[150:]:
        if answer.status == 200:
            expected[answer.json()["seats"][0]["seatId"]] = answer.json()["reservationId"]
    assert owners(private, concert.item) == expected
    private.check_books()
