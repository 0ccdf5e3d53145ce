"""The seed document's own calls and error cases, each by its name, and what belongs to them."""

import random
import re

import pytest
from helpers import (
    add_token, age_hold, ask_pay, ask_reserve, assert_problem, balance, buy, charge, new_concert, new_user, ok,
    pay,
    reserve, seat_status,
)

pytestmark = pytest.mark.usefixtures("audited")

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack, seats=60)


# ---- the load scripts' calls, as they stand


def test_seed_post_reservation(stack):
    """{userId, concertId, itemId, seatId, totalPrice, status} of the load script answers 200."""
    item = random.randint(1, 100)
    seats = ok(stack.fresh(f"/concert/1/item/{item}/seat"))["seats"]
    seat = next(row for row in seats if row["status"] == "available")
    body = {
        "userId": f"user_{random.randint(0, 99999)}", "concertId": 1, "itemId": item,
        "seatId": seat["seatId"], "totalPrice": random.randint(100, 1099), "status": "N",
    }
    answer = stack.call("POST", "/reservation", body, JSON)
    assert answer.status == 200
    made = answer.json()
    assert (made["userId"], made["concertId"], made["itemId"]) == (body["userId"], 1, item)
    assert made["totalPrice"] == seat["price"], "the price is the seat's, whatever the call says"
    assert made["status"] == "held"


def test_seed_post_reservation_of_a_taken_seat_is_an_answer_too(stack):
    body = {"userId": new_user(), "concertId": 1, "itemId": 100, "seatId": 50, "totalPrice": 100, "status": "N"}
    first = stack.call("POST", "/reservation", body, JSON)
    assert first.status == 200
    assert_problem(stack.call("POST", "/reservation", body, JSON), "seat_taken", seatIds=[50])


def test_seed_post_token_add(stack):
    body = {"userId": f"user_{random.randint(0, 99999)}", "concertId": 1}
    answer = stack.call("POST", "/token/add", body, JSON)
    assert answer.status == 200
    assert (answer.json()["userId"], answer.json()["concertId"]) == (body["userId"], 1)


def test_the_load_scripts_ranges_are_there(stack):
    """itemId 1-100 of concert 1, each with seatId 1-50."""
    items = ok(stack.get("/concert/1/item"))["items"]
    assert {row["itemId"] for row in items} == set(range(1, 101))
    assert {row["seatCount"] for row in items} == {50}
    seats = ok(stack.get("/concert/1/item/100/seat"))["seats"]
    assert [row["seatId"] for row in seats] == list(range(1, 51))


def test_the_services_in_a_row(stack, concert):
    """Concerts on sale, dates and seats, reservation, points, payment."""
    user = new_user()
    assert concert.id in [row["concertId"] for row in ok(stack.fresh("/concert"))["concerts"]]
    item = ok(stack.get(f"{concert.path}/item"))["items"][0]["itemId"]
    _, seat = concert.free_seat()
    assert seat_status(stack, concert, item, seat) == "available"
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert, item, seat)
    assert seat_status(stack, concert, item, seat) == "held"
    assert charge(stack, user, 1500)["balance"] == 1500
    paid = pay(stack, user, held["reservationId"], token)
    assert (paid["amount"], paid["balance"], paid["status"]) == (1000, 500, "paid")
    assert seat_status(stack, concert, item, seat) == "sold"
    used = ok(stack.post("/point/use", {"userId": user, "amount": 200}))
    assert used["balance"] == balance(stack, user) == 300
    history = ok(stack.get(f"/point/history?userId={user}"))["history"]
    assert [(row["kind"], row["amount"], row["balanceAfter"]) for row in history] == [
        ("use", -200, 300), ("payment", -1000, 500), ("charge", 1500, 1500),
    ]


# ---- looking at concerts: one that is not open


@pytest.mark.parametrize("status", ["closed", "cancelled"])
@pytest.mark.parametrize("path", ["item", "item/{item}/seat", "item/{item}/layout"])
def test_dates_and_seats_of_a_concert_that_is_not_open(stack, status, path):
    concert = new_concert(stack, status=status, seats=1)
    answer = stack.get(f"{concert.path}/{path.format(item=concert.item)}")
    assert status in assert_problem(answer, "concert_not_open")["detail"]


def test_dates_of_the_demos_closed_concert(stack):
    assert_problem(stack.get("/concert/3/item"), "concert_not_open")


def test_dates_of_a_concert_past_its_end(stack):
    concert = new_concert(stack, closes="UTC_TIMESTAMP(3) - INTERVAL 1 SECOND", seats=1)
    assert_problem(stack.get(f"{concert.path}/item"), "concert_not_open")


# ---- reserving: a seat already reserved


def test_seat_already_reserved(stack, concert):
    item, seat = concert.free_seat()
    reserve(stack, new_user(), concert, item, seat)
    answer = ask_reserve(stack, new_user(), concert, item, seat)
    assert_problem(answer, "seat_taken", seatIds=[seat])


def test_ones_own_held_seat_is_taken_like_anybodys(stack, concert):
    user = new_user()
    item, seat = concert.free_seat()
    reserve(stack, user, concert, item, seat)
    assert_problem(ask_reserve(stack, user, concert, item, seat), "seat_taken", seatIds=[seat])


def test_seat_already_sold(stack, concert):
    held, _ = buy(stack, new_user(), concert)
    seat = held["seats"][0]["seatId"]
    assert_problem(ask_reserve(stack, new_user(), concert, held["itemId"], seat), "seat_taken", seatIds=[seat])


def test_blocked_seat_is_taken(stack, concert):
    item, seat = concert.free_seat()
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = %s", item, seat)
    assert seat_status(stack, concert, item, seat) == "sold"
    assert_problem(ask_reserve(stack, new_user(), concert, item, seat), "seat_taken", seatIds=[seat])


def test_all_or_nothing_and_all_taken_ones_are_named(stack, concert):
    (item, a), (_, b), (_, c), (_, d) = (concert.free_seat() for _ in range(4))
    reserve(stack, new_user(), concert, item, c)
    reserve(stack, new_user(), concert, item, a)
    answer = ask_reserve(stack, new_user(), concert, item, [d, c, b, a])
    assert_problem(answer, "seat_taken", seatIds=[a, c])
    assert [seat_status(stack, concert, item, seat) for seat in (b, d)] == ["available"] * 2


# ---- paying later than five minutes after reserving


@pytest.mark.parametrize("seconds", [300, 301])
def test_payment_after_five_minutes(stack, concert, seconds):
    """410, nothing is paid, and the seat is free for another at once. No sweeper runs in this stack."""
    late, next_one = new_user(), new_user()
    token = add_token(stack, late, concert)["token"]
    held = reserve(stack, late, concert)
    item, seat = held["itemId"], held["seats"][0]["seatId"]
    charge(stack, late, 1000)
    age_hold(stack, held["reservationId"], seconds)
    assert_problem(ask_pay(stack, late, held["reservationId"], token), "hold_expired")
    assert balance(stack, late) == 1000
    assert ok(stack.get(f"/payment?userId={late}"))["payments"] == []
    shown = ok(stack.get(f"/reservation/{held['reservationId']}?userId={late}"))
    assert (shown["status"], shown["seats"], shown["totalPrice"]) == ("expired", held["seats"], 1000)

    rows = stack.query("SELECT status FROM reservation WHERE reservation_id = %s", held["reservationId"])
    assert rows == [{"status": "held"}], "the sweeper did not run"
    assert seat_status(stack, concert, item, seat) == "available"
    taken_over = reserve(stack, next_one, concert, item, seat)
    assert_problem(ask_pay(stack, late, held["reservationId"], token), "hold_expired")
    charge(stack, next_one, 1000)
    assert pay(stack, next_one, taken_over["reservationId"],
        add_token(stack, next_one, concert)["token"])["status"] == "paid"


def test_payment_within_five_minutes(stack, concert):
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    charge(stack, user, 1000)
    age_hold(stack, held["reservationId"], 270)
    pay(stack, user, held["reservationId"], token)


def test_a_hold_is_five_minutes_long(stack, concert):
    held = reserve(stack, new_user(), concert)
    minutes, seconds = zip(*(map(int, re.findall(r":(\d\d)", held[name])) for name in ("createdAt",
        "expiresAt")))
    assert (minutes[1] - minutes[0]) % 60 == 5 and seconds[0] == seconds[1]


def test_an_expired_hold_that_the_sweeper_has_seen(stack, concert):
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    age_hold(stack, held["reservationId"], 301)
    swept = stack.sweeper()
    assert swept.returncode == 0, swept.stderr
    assert seat_status(stack, concert, held["itemId"], held["seats"][0]["seatId"]) == "available"
    assert_problem(ask_pay(stack, user, held["reservationId"], token), "hold_expired")
    shown = ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}"))
    assert (shown["status"], shown["seats"]) == ("expired", held["seats"])


# ---- points: a charge of zero or less


@pytest.mark.parametrize("amount", [0, -1, -1000, -(2**63)])
@pytest.mark.parametrize("call", ["charge", "use"])
def test_charge_of_zero_or_less(stack, call, amount):
    user = new_user()
    answer = stack.post(f"/point/{call}", {"userId": user, "amount": amount})
    assert_problem(answer, "invalid_field", field="amount")
    assert balance(stack, user) == 0


def test_use_of_more_than_there_is(stack):
    user = new_user()
    charge(stack, user, 99)
    answer = stack.post("/point/use", {"userId": user, "amount": 100})
    assert_problem(answer, "insufficient_points", balance=99)
    assert balance(stack, user) == 99
    assert ok(stack.post("/point/use", {"userId": user, "amount": 99}))["balance"] == 0


def test_use_of_a_user_never_seen(stack):
    answer = stack.post("/point/use", {"userId": new_user(), "amount": 1})
    assert_problem(answer, "insufficient_points", balance=0)


# ---- paying: too few points, no token


@pytest.mark.parametrize("charged", [0, 999])
def test_payment_with_too_few_points(stack, concert, charged):
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    if charged:
        charge(stack, user, charged)
    assert_problem(ask_pay(stack, user, held["reservationId"], token), "insufficient_points", balance=charged)
    assert balance(stack, user) == charged
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}"))["status"] == "held"
    charge(stack, user, 1000 - charged)
    assert pay(stack, user, held["reservationId"], token)["balance"] == 0, "the token was not used up"


def test_payment_without_a_token(stack, concert):
    user = new_user()
    held = reserve(stack, user, concert)
    charge(stack, user, 1000)
    assert_problem(ask_pay(stack, user, held["reservationId"], None), "token_missing")
    assert_problem(ask_pay(stack, user, held["reservationId"], ""), "token_missing")
    assert balance(stack, user) == 1000


# ---- unknown ids

UNKNOWN = 2**31 - 1


@pytest.mark.parametrize("path, code", [
    (f"/concert/{UNKNOWN}", "concert_not_found"),
    (f"/concert/{UNKNOWN}/item", "concert_not_found"),
    (f"/concert/{UNKNOWN}/item/1/seat", "concert_not_found"),
    (f"/concert/{UNKNOWN}/item/1/layout", "concert_not_found"),
    (f"/concert/{UNKNOWN}/queue", "concert_not_found"),
    (f"/concert/1/item/{UNKNOWN}/seat", "item_not_found"),
    (f"/concert/1/item/{UNKNOWN}/layout", "item_not_found"),
    ("/concert/1/item/101/seat", "item_not_found"),
    (f"/reservation/{UNKNOWN}?userId=fan", "reservation_not_found"),
])
def test_unknown_ids_of_reads(stack, path, code):
    assert_problem(stack.get(path), code)


def test_unknown_ids_of_calls(stack, concert):
    user = new_user()
    item, seat = concert.free_seat()
    body = {"userId": user, "concertId": concert.id, "itemId": item, "seatId": seat}
    for change, code in [
        ({"concertId": UNKNOWN}, "concert_not_found"),
        ({"itemId": UNKNOWN}, "item_not_found"),
        ({"itemId": 1}, "item_not_found"),  # of another concert
        ({"seatId": UNKNOWN}, "seat_not_found"),
        ({"seatId": concert.seats + 1}, "seat_not_found"),
    ]:
        assert_problem(stack.post("/reservation", body | change), code)
    del body["seatId"]
    assert_problem(stack.post("/reservation", body | {"seatIds": [seat, UNKNOWN]}), "seat_not_found")
    assert seat_status(stack, concert, item, seat) == "available"
    assert_problem(stack.post("/token/add", {"userId": user, "concertId": UNKNOWN}), "concert_not_found")
    assert_problem(ask_pay(stack, user, UNKNOWN, "1-" + "0" * 32), "reservation_not_found")
    assert_problem(stack.call("DELETE", f"/reservation/{UNKNOWN}?userId={user}"), "reservation_not_found")


# ---- another user's


def test_another_users_reservation(stack, concert):
    owner, other = new_user(), new_user()
    held = reserve(stack, owner, concert)
    path = f"/reservation/{held['reservationId']}?userId={other}"
    assert_problem(stack.get(path), "forbidden")
    assert_problem(stack.call("DELETE", path), "forbidden")
    charge(stack, other, 1000)
    token = add_token(stack, other, concert)["token"]
    assert_problem(ask_pay(stack, other, held["reservationId"], token), "forbidden")
    assert balance(stack, other) == 1000
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={owner}"))["status"] == "held"


def test_another_users_token(stack, concert):
    user = new_user()
    held = reserve(stack, user, concert)
    charge(stack, user, 1000)
    token = add_token(stack, new_user(), concert)["token"]
    assert_problem(ask_pay(stack, user, held["reservationId"], token), "token_invalid")
    assert balance(stack, user) == 1000


def test_another_concerts_token(stack, concert):
    user = new_user()
    held = reserve(stack, user, concert)
    charge(stack, user, 1000)
    other = new_concert(stack, seats=1)
    token = add_token(stack, user, other)["token"]
    assert_problem(ask_pay(stack, user, held["reservationId"], token), "token_invalid")
    disguised = f"{concert.id}-{token.split('-')[1]}"
    assert_problem(ask_pay(stack, user, held["reservationId"], disguised), "token_invalid")


@pytest.mark.parametrize("token", [
    "x", "-", "1-", "{id}-", "{id}-" + "0" * 31, "{id}-" + "0" * 32, "{id}-" + "0" * 33, "{id}-" + "G" * 32,
    "0{id}-" + "0" * 32, "+{id}-" + "0" * 32, "{id}-" + "A" * 32, "x" * 4000, "99999999999-" + "0" * 32,
])
def test_tokens_that_are_none(stack, concert, token):
    user = new_user()
    held = reserve(stack, user, concert, seats=None)
    charge(stack, user, 1000)
    token = token.format(id=concert.id)
    assert_problem(ask_pay(stack, user, held["reservationId"], token), "token_invalid")
    ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
    body = {"userId": user, "reservationId": held["reservationId"], "token": token}
    assert_problem(stack.post("/payment", body), "reservation_cancelled")


# ---- double payment, cancel and refund


def test_double_payment(stack, concert):
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    charge(stack, user, 2000)
    pay(stack, user, held["reservationId"], token)
    assert_problem(ask_pay(stack, user, held["reservationId"], token), "already_paid")
    assert balance(stack, user) == 1000
    assert len(ok(stack.get(f"/payment?userId={user}"))["payments"]) == 1


def test_cancel_of_a_hold(stack, concert):
    user = new_user()
    held = reserve(stack, user, concert)
    path = f"/reservation/{held['reservationId']}?userId={user}"
    cancelled = ok(stack.call("DELETE", path))
    assert cancelled == held | {"status": "cancelled"}, "no refund of what was not paid"
    assert ok(stack.get(path)) == cancelled
    assert seat_status(stack, concert, held["itemId"], held["seats"][0]["seatId"]) == "available"
    assert_problem(stack.call("DELETE", path), "not_cancellable")
    token = add_token(stack, user, concert)["token"]
    assert_problem(ask_pay(stack, user, held["reservationId"], token), "reservation_cancelled")
    reserve(stack, new_user(), concert, held["itemId"], held["seats"][0]["seatId"])
    assert_problem(stack.call("DELETE", path), "not_cancellable")


def test_cancel_of_an_expired_hold(stack, concert):
    user = new_user()
    held = reserve(stack, user, concert)
    age_hold(stack, held["reservationId"], 300)
    path = f"/reservation/{held['reservationId']}?userId={user}"
    assert_problem(stack.call("DELETE", path), "not_cancellable")
    assert ok(stack.get(path))["status"] == "expired"


def test_refund(stack, concert):
    """The payment stays listed as refunded, one refund row, the seat is free again."""
    user = new_user()
    held, paid = buy(stack, user, concert)
    charge(stack, user, 5)
    number = held["reservationId"]
    path = f"/reservation/{number}?userId={user}"
    refunded = ok(stack.call("DELETE", path))
    assert refunded == held | {"status": "cancelled", "refundedAmount": 1000, "fee": 0, "balance": 1005}
    assert ok(stack.get(path)) == held | {"status": "cancelled"}
    payments = ok(stack.get(f"/payment?userId={user}"))["payments"]
    del paid["balance"]
    assert payments == [paid | {"status": "refunded", "refundedAmount": 1000, "fee": 0}]
    history = ok(stack.get(f"/point/history?userId={user}"))["history"]
    assert [(row["kind"], row["amount"], row["balanceAfter"], row["reservationId"]) for row in history] == [
        ("refund", 1000, 1005, number), ("charge", 5, 5, None), ("payment", -1000, 0, number),
        ("charge", 1000, 1000, None),
    ]
    assert_problem(stack.call("DELETE", path), "not_cancellable")
    token = add_token(stack, user, concert)["token"]
    assert_problem(ask_pay(stack, user, number, token), "reservation_cancelled")
    assert balance(stack, user) == 1005
    buy(stack, new_user(), concert, item=held["itemId"], seats=held["seats"][0]["seatId"])
    assert ok(stack.get(path)) == held | {"status": "cancelled"}, "it still shows its seats and price"


def test_no_refund_after_the_item_started(stack):
    concert = new_concert(stack, seats=3)
    user = new_user()
    held, _ = buy(stack, user, concert)
    unpaid = reserve(stack, user, concert)
    concert.start(concert.item)
    assert_problem(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"),
        "not_cancellable")
    assert balance(stack, user) == 0
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}"))["status"] == "paid"
    answer = ask_reserve(stack, user, concert, *concert.free_seat())
    assert_problem(answer, "concert_not_open")
    released = ok(stack.call("DELETE", f"/reservation/{unpaid['reservationId']}?userId={user}"))
    assert released["status"] == "cancelled"


def test_a_hold_of_a_started_item_can_be_paid(stack):
    concert = new_concert(stack, seats=1)
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    concert.start(concert.item)
    charge(stack, user, 1000)
    pay(stack, user, held["reservationId"], token)


# ---- the seat limit


def test_seat_limit(stack):
    """It counts held and paid seats of the whole concert, this request included."""
    concert = new_concert(stack, items=2, seats=6, max_seats=3)
    first, second = concert.items
    user = new_user()
    assert ok(stack.get(concert.path))["maxSeatsPerUser"] == 3
    buy(stack, user, concert, item=first, seats=1)
    held = reserve(stack, user, concert, second, 1)
    assert_problem(ask_reserve(stack, user, concert, second, [2, 3]), "seat_limit_reached")
    assert [seat_status(stack, concert, second, seat) for seat in (2, 3)] == ["available"] * 2
    last = reserve(stack, user, concert, second, 2)
    assert_problem(ask_reserve(stack, user, concert, first, 3), "seat_limit_reached")
    assert_problem(ask_reserve(stack, new_user(), concert, first, [2, 3, 4, 5]), "seat_limit_reached")

    reserve(stack, new_user(), concert, first, [2, 3, 4])
    answer = ask_reserve(stack, user, concert, first, [3, 5])
    assert_problem(answer, "seat_taken", seatIds=[3])  # it is answered before the limit

    ok(stack.call("DELETE", f"/reservation/{last['reservationId']}?userId={user}"))
    again = reserve(stack, user, concert, first, 5)  # what was cancelled does not count
    age_hold(stack, again["reservationId"], 300)
    reserve(stack, user, concert, first, 6)  # nor does what expired, swept or not
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}"))["status"] == "held"


def test_seat_limit_is_for_each_concert(stack):
    one, other = (new_concert(stack, seats=2, max_seats=1) for _ in range(2))
    user = new_user()
    reserve(stack, user, one)
    reserve(stack, user, other)
    assert_problem(ask_reserve(stack, user, one, one.item, 2), "seat_limit_reached")


def test_no_seat_limit(stack):
    concert = new_concert(stack, seats=16)
    user = new_user()
    for seats in ([1, 2, 3, 4, 5, 6, 7, 8], [16, 15, 14, 13, 12, 11, 10, 9]):
        held = reserve(stack, user, concert, concert.item, seats)
        assert [seat["seatId"] for seat in held["seats"]] == sorted(seats)
        assert held["totalPrice"] == 8000
