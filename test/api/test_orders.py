"""What operators see and change of what buyers have: GET /admin/reservation, GET /admin/user/{userId}, POST /admin/point."""

import concurrent.futures

import openapi
import pytest
from helpers import (
    age_hold, as_user, assert_problem, balance, buy, charge, new_concert, new_user, ok, reserve,
)

pytestmark = pytest.mark.usefixtures("audited")
INT32, ID_MAX = 2**31, 2**53 - 1


def ask(stack, query=""):
    return stack.get(f"/admin/reservation{query}", **stack.admin_headers())


def read(stack, query=""):
    return openapi.assert_answer(ask(stack, query), "GET", "/admin/reservation")


def ids(page):
    return [row["reservationId"] for row in page["reservations"]]


def read_user(stack, user):
    return openapi.assert_answer(stack.get(f"/admin/user/{user}", **stack.admin_headers()), "GET", "/admin/user/{userId}")


class Sold:
    """A concert of two dates with an order of each status, some of them of one user."""

    def __init__(self, stack):
        self.concert = concert = new_concert(stack, items=2, price=700)
        first, second = concert.items
        self.mina, self.noah = new_user("mina"), new_user("noah|x+y@z")
        self.paid, self.payment = buy(stack, self.mina, concert, item=first, seats=[1, 2, 3])
        self.refunded, _ = buy(stack, self.noah, concert, item=first, seats=4)
        ok(stack.call("DELETE", f"/reservation/{self.refunded['reservationId']}?userId={self.noah.replace('+', '%2B')}"))
        self.released = reserve(stack, self.mina, concert, second, 1)
        ok(stack.call("DELETE", f"/reservation/{self.released['reservationId']}?userId={self.mina}"))
        self.lapsed = reserve(stack, self.noah, concert, second, 2)
        age_hold(stack, self.lapsed["reservationId"], 1000)
        self.held = reserve(stack, self.mina, concert, second, [3, 4])
        self.all = [order["reservationId"] for order in
                    (self.held, self.lapsed, self.released, self.refunded, self.paid)]


@pytest.fixture(scope="module")
def sold(stack):
    return Sold(stack)


# ---- GET /admin/reservation


def test_the_orders_of_a_concert_newest_first(stack, sold):
    page = read(stack, f"?concertId={sold.concert.id}")
    assert ids(page) == sold.all and page["next"] is None
    held, lapsed, released, refunded, paid = page["reservations"]
    assert [row["status"] for row in page["reservations"]] == ["held", "expired", "cancelled", "cancelled", "paid"]
    assert {name: held[name] for name in sold.held} == sold.held and held["payment"] is None
    mine = ok(stack.get(f"/reservation/{sold.paid['reservationId']}?userId={sold.mina}"))
    payment = {name: sold.payment[name] for name in ("paymentId", "amount", "status", "paidAt")}
    assert paid == mine | {"payment": payment | {"method": "points", "refundedAmount": 0, "fee": 0}}
    assert [seat["seatId"] for seat in paid["seats"]] == [1, 2, 3] and released["payment"] is lapsed["payment"] is None
    assert refunded["payment"]["status"] == "refunded" and refunded["userId"] == sold.noah
    everything = ids(read(stack, "?limit=100"))
    assert everything[:5] == sold.all and everything == sorted(everything, reverse=True)


@pytest.mark.parametrize("status, at", [("held", [0]), ("expired", [1]), ("cancelled", [2, 3]), ("paid", [4])])
def test_by_status_as_it_is_shown(stack, sold, status, at):
    wanted = [sold.all[i] for i in at]
    assert ids(read(stack, f"?concertId={sold.concert.id}&status={status}")) == wanted
    of_users = [ids(read(stack, f"?userId={user.replace('+', '%2B')}&status={status}")) for user in (sold.mina, sold.noah)]
    assert sorted(of_users[0] + of_users[1], reverse=True) == wanted
    everywhere = read(stack, f"?status={status}&limit=100")["reservations"]
    assert {row["status"] for row in everywhere} == {status} and set(wanted) <= {row["reservationId"] for row in everywhere}


def test_a_swept_hold_is_expired_too(stack):
    concert = new_concert(stack)
    held = reserve(stack, new_user(), concert)["reservationId"]
    age_hold(stack, held, 1000)
    assert stack.sweeper().returncode == 0
    assert ids(read(stack, f"?concertId={concert.id}&status=expired")) == [held]


def test_a_live_hold_of_a_cancelled_concert_is_cancelled(stack):
    concert = new_concert(stack)
    held = reserve(stack, new_user(), concert)["reservationId"]
    stack.query("UPDATE concert SET status = 'cancelled' WHERE concert_id = %s", concert.id)
    for status, found in (("held", []), ("cancelled", [held])):
        assert ids(read(stack, f"?concertId={concert.id}&status={status}")) == found
        assert ids(read(stack, f"?itemId={concert.item}&status={status}")) == found


def test_by_date_and_user(stack, sold):
    first, second = sold.concert.items
    other = new_concert(stack).id
    held, lapsed, released, refunded, paid = sold.all
    noah = sold.noah.replace("+", "%2B").replace("|", "%7C")
    for query, found in (
        (f"itemId={first}", [refunded, paid]), (f"itemId={second}", [held, lapsed, released]),
        (f"itemId={first}&concertId={sold.concert.id}", [refunded, paid]), (f"itemId={first}&concertId={other}", []),
        (f"itemId={second}&status=held", [held]), (f"itemId={first}&status=held", []),
        (f"userId={sold.mina}", [held, released, paid]), (f"userId={noah}", [lapsed, refunded]),
        (f"userId={noah}&itemId={first}", [refunded]), (f"userId={noah}&concertId={other}", []),
        (f"userId={sold.mina.upper()}", []), (f"concertId={other}", []), (f"concertId={INT32 - 1}", []),
        (f"itemId={INT32 - 1}", []),
    ):
        assert ids(read(stack, f"?{query}")) == found, query


def test_by_number(stack, sold):
    """That of an order or of its payment; other filters apply as well."""
    paid, payment = sold.paid["reservationId"], sold.payment["paymentId"]
    assert ids(read(stack, f"?ref={sold.held['reservationId']}&concertId={sold.concert.id}")) == [sold.held["reservationId"]]
    assert ids(read(stack, f"?ref={payment}&concertId={sold.concert.id}")) == [paid]
    both = ids(read(stack, f"?ref={payment}"))
    assert paid in both and set(both) <= {paid, payment}, "another order may have the number of the payment"
    assert read(stack, f"?ref={ID_MAX}")["reservations"] == []
    for filter, there in (("status=paid", True), ("status=held", False), (f"userId={sold.mina}", True), ("userId=x", False),
                          (f"concertId={sold.concert.id}", True), ("concertId=1", False), ("itemId=1", False),
                          (f"before={paid}", False), (f"before={paid + 1}", True)):
        assert (paid in ids(read(stack, f"?ref={paid}&{filter}"))) == there, filter


def test_pages(stack, sold):
    for query in (f"concertId={sold.concert.id}", f"userId={sold.mina}", f"itemId={sold.concert.items[1]}",
                  f"concertId={sold.concert.id}&status=cancelled"):
        whole = read(stack, f"?{query}")["reservations"]
        walked, before = [], ""
        while before is not None:
            page = read(stack, f"?{query}&limit=1{before}")
            assert len(page["reservations"]) == 1
            walked += page["reservations"]
            before = page["next"] and f"&before={page['next']}"
        assert walked == whole and len(whole) > 1
    assert read(stack, f"?concertId={sold.concert.id}&before=1") == {"reservations": [], "next": None}


def test_a_whole_page_with_its_seats(stack):
    concert, user = new_concert(stack, seats=240), new_user()
    for first in range(1, 241, 2):
        reserve(stack, user, concert, concert.item, [first, first + 1])
    page = read(stack, f"?concertId={concert.id}&limit=100")
    seats = [[seat["seatId"] for seat in row["seats"]] for row in page["reservations"]]
    assert seats == [[first, first + 1] for first in range(239, 40, -2)]
    assert page["next"] == ids(page)[-1]


@pytest.mark.parametrize("field, value", [
    ("concertId", "0"), ("itemId", "x"), ("status", "other"), ("status", "PAID"), ("userId", "a%20b"), ("userId", ""),
    ("ref", "0"), ("ref", str(2**53)), ("limit", "101"), ("before", "0"),
])
def test_bad_parameters(stack, field, value):
    assert_problem(ask(stack, f"?{field}={value}"), "invalid_field", field=field)
    assert_problem(stack.get(f"/admin/reservation?{field}={value}"), "unauthorized")


# ---- POST /admin/reservation/{id}/refund


def refund(stack, reservation, body=None, **headers):
    path = f"/admin/reservation/{reservation}/refund"
    return stack.post(path, {"reason": "Ill"} if body is None else body, **stack.admin_headers() | headers)


def test_an_order_is_refunded_by_hand(stack):
    """Also after the start, and beyond the limit of refunds that a user may ask for."""
    concert, user = new_concert(stack, price=700), new_user()
    bought, payment = buy(stack, user, concert, seats=[1, 2], item=concert.item)
    concert.start(concert.item)
    assert_problem(stack.call("DELETE", f"/reservation/{bought['reservationId']}?userId={user}"), "not_cancellable")
    answer = openapi.assert_answer(
        refund(stack, bought["reservationId"]), "POST", "/admin/reservation/{reservationId}/refund")
    assert answer == bought | {"status": "cancelled", "refundedAmount": 1400, "fee": 0, "balance": 1400}
    order, = read(stack, f"?ref={bought['reservationId']}&concertId={concert.id}")["reservations"]
    assert order["payment"] == {name: payment[name] for name in ("paymentId", "amount", "paidAt")} | {
        "status": "refunded", "method": "points", "refundedAmount": 1400, "fee": 0}
    assert [row["kind"] for row in ok(stack.get(f"/point/history?userId={user}"))["history"]] == ["refund", "payment", "charge"]
    row = ok(stack.get(f"/admin/log?concertId={concert.id}", **stack.admin_headers()))["log"][0]
    assert (row["actor"], row["action"], row["detail"]) == ("admin", "order refund", "Ill")
    assert row["before"] == {"reservationId": bought["reservationId"], "status": "paid", "seatIds": [1, 2]}
    assert row["after"] == row["before"] | {
        "status": "cancelled", "seatIds": [], "refundedAmount": 1400, "fee": 0, "balance": 1400}
    asked = stack.query("SELECT refund_asked_at FROM payment WHERE payment_id = %s", payment["paymentId"])
    assert asked == [{"refund_asked_at": None}]


def test_its_seats_are_free_at_once(stack):
    """For the best available as well, which remembers that nothing was left."""
    concert = new_concert(stack, seats=2)
    bought, _ = buy(stack, new_user(), concert, item=concert.item, seats=[1, 2])
    wish = lambda: {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "count": 2}
    assert_problem(stack.post("/reservation", wish()), "seats_not_available")
    ok(refund(stack, bought["reservationId"]))
    assert [seat["seatId"] for seat in ok(stack.post("/reservation", wish()))["seats"]] == [1, 2]


def test_what_is_not_paid_is_not_refunded(stack, sold):
    count = lambda: stack.query("SELECT COUNT(*) AS n FROM audit_log")[0]["n"]
    before = count()
    for order in (sold.held, sold.lapsed, sold.released, sold.refunded):
        assert_problem(refund(stack, order["reservationId"]), "not_cancellable")
    for missing in (ID_MAX, "x", "0"):
        assert_problem(refund(stack, missing), "reservation_not_found")
    assert count() == before
    assert ids(read(stack, f"?concertId={sold.concert.id}&status=held")) == [sold.held["reservationId"]]


def test_a_refund_once_with_a_key(stack):
    concert, user = new_concert(stack), new_user()
    again = {"Idempotency-Key": new_user("refund")}
    bought, _ = buy(stack, user, concert)
    first = refund(stack, bought["reservationId"], **again)
    second = refund(stack, bought["reservationId"], **again)
    assert (ok(first)["balance"], second.body, second.headers["Idempotency-Replayed"]) == (1000, first.body, "true")
    assert_problem(refund(stack, bought["reservationId"], {"reason": "Other"}, **again), "idempotency_key_reused")
    assert_problem(refund(stack, bought["reservationId"]), "not_cancellable")
    assert balance(stack, user) == 1000
    stack.check_books()


def test_buyer_and_operator_refund_at_once(stack):
    """One of them does; the buyer has the points once."""
    concert = new_concert(stack, seats=40)
    orders = [(user, buy(stack, user, concert)[0]["reservationId"]) for user in (new_user() for _ in range(15))]

    def give_back(at):
        user, order = orders[at // 2]
        client = stack.new_client()
        if at % 2:
            return client.call("DELETE", f"/reservation/{order}?userId={user}").code
        return client.post(f"/admin/reservation/{order}/refund", {"reason": "r"}, **stack.admin_headers()).code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(give_back, range(30)))
    assert all(sorted(codes[at:at + 2]) == ["", "not_cancellable"] for at in range(0, 30, 2)), codes
    assert {balance(stack, user) for user, _ in orders} == {1000}


@pytest.mark.parametrize("body, field", [
    ({}, "reason"), ({"reason": ""}, "reason"), ({"reason": "x" * 201}, "reason"), ({"reason": 1}, "reason"),
    ({"reason": "r", "percent": -1}, "percent"), ({"reason": "r", "percent": 101}, "percent"),
    ({"reason": "r", "percent": "50"}, "percent"), ({"reason": "r", "percent": 50.0}, "percent"),
    ({"reason": "r", "percent": None}, "percent"), ({"reason": "r", "seatIds": None}, "seatIds"),
    ({"reason": "r", "seatIds": []}, "seatIds"), ({"reason": "r", "seatIds": [1, 1]}, "seatIds"),
    ({"reason": "r", "seatIds": 1}, "seatIds"), ({"reason": "r", "seatIds": [0]}, "seatIds[0]"),
    ({"reason": "r", "seatIds": list(range(1, 10))}, "seatIds"),
])
def test_bad_refunds(stack, sold, body, field):
    """Who asks for a part in the wrong form does not get all."""
    assert_problem(refund(stack, sold.paid["reservationId"], body), "invalid_field", field=field)
    assert sold.paid["reservationId"] in ids(read(stack, f"?ref={sold.paid['reservationId']}&status=paid"))


# ---- GET /admin/user/{userId}


def test_what_a_user_has(stack, sold):
    told = read_user(stack, sold.mina)
    assert (told["userId"], told["balance"]) == (sold.mina, balance(stack, sold.mina))
    assert ids({"reservations": told["holds"]}) == [sold.held["reservationId"]]
    assert told["reservations"] == read(stack, f"?userId={sold.mina}")["reservations"]
    history = ok(stack.get(f"/point/history?userId={sold.mina}"))["history"]
    assert told["history"] == [entry | {"reason": None} for entry in history] and len(history) == 2


def test_any_user_id_in_a_path(stack, sold):
    encoded = "".join(f"%{byte:02x}" for byte in sold.noah.encode())
    for path in (sold.noah, encoded):
        assert read_user(stack, path)["userId"] == sold.noah
    longest = new_user().ljust(128, "~")
    assert read_user(stack, longest) == {
        "userId": longest, "balance": 0, "holds": [], "reservations": [], "history": [], "limits": limits_of(stack, longest)}
    for wrong in (longest + "x", "a%20b", "%ea%b0%80", "a%2fb", "a%22", "x" * 4000):
        assert_problem(stack.get(f"/admin/user/{wrong}", **stack.admin_headers()), "not_found")
    assert_problem(stack.get("/admin/user/", **stack.admin_headers()), "not_found")


def test_the_newest_twenty_of_each(stack):
    concert, user = new_concert(stack, seats=30), new_user()
    for _ in range(25):
        charge(stack, user, 1)
        reserve(stack, user, concert)
    told = read_user(stack, user)
    assert [len(told[name]) for name in ("holds", "reservations", "history")] == [20, 20, 20]
    assert told["history"][0]["balanceAfter"] == told["balance"] == 25


# ---- POST /admin/point


def adjust(stack, user, amount, reason="A gift", **headers):
    return stack.post("/admin/point", {"userId": user, "amount": amount, "reason": reason}, **stack.admin_headers() | headers)


def test_points_are_added_and_taken(stack):
    user = new_user()
    given = openapi.assert_answer(adjust(stack, user, 10**9, "사과의 뜻 " + "\U0001f381" * 194), "POST", "/admin/point")
    assert (given["balance"], given["amount"]) == (10**9, 10**9)
    taken = ok(adjust(stack, user, -10**9 + 1, "x"))
    assert (taken["balance"], taken["amount"]) == (1, -10**9 + 1)
    history = ok(stack.get(f"/point/history?userId={user}"))["history"]
    assert [(row["kind"], row["amount"], row["balanceAfter"]) for row in history] == [
        ("adjust", -10**9 + 1, 1), ("adjust", 10**9, 10**9)]
    assert "reason" not in history[0], "that is for operators"
    assert [row["reason"] for row in read_user(stack, user)["history"]] == ["x", "사과의 뜻 " + "\U0001f381" * 194]
    log = ok(stack.get("/admin/log?limit=2", **stack.admin_headers()))["log"]
    assert [(row["actor"], row["action"], row["detail"], row["before"], row["after"]) for row in log] == [
        ("admin", "point adjust", "x", {"userId": user, "balance": 10**9}, {"userId": user, "balance": 1}),
        ("admin", "point adjust", "사과의 뜻 " + "\U0001f381" * 194, {"userId": user, "balance": 0},
         {"userId": user, "balance": 10**9})]


def test_limits_of_a_balance(stack):
    """A refusal leaves nothing behind, not even in the log."""
    user = new_user()
    count = lambda: stack.query("SELECT COUNT(*) AS n FROM audit_log")[0]["n"]
    charge(stack, user, 5)
    before = count()
    assert_problem(adjust(stack, user, -6), "insufficient_points", balance=5)
    stack.query("UPDATE point SET balance = %s WHERE user_id = %s", 10**10 - 3, user)
    assert_problem(adjust(stack, user, 4), "balance_limit")
    assert count() == before
    stack.query("UPDATE point SET balance = 5 WHERE user_id = %s", user)
    assert ok(adjust(stack, user, -5))["balance"] == 0
    assert count() == before + 1


def test_once_with_a_key(stack):
    user, again = new_user(), {"Idempotency-Key": new_user("adjust")}
    first = adjust(stack, user, 70, **again)
    second = adjust(stack, user, 70, **again)
    assert (ok(first)["balance"], second.body, second.headers["Idempotency-Replayed"]) == (70, first.body, "true")
    assert_problem(adjust(stack, user, 71, **again), "idempotency_key_reused")
    taken = {"Idempotency-Key": new_user("adjust")}
    assert ok(adjust(stack, user, -70, **taken))["balance"] == 0
    assert adjust(stack, user, -70, **taken).headers["Idempotency-Replayed"] == "true"
    refused = {"Idempotency-Key": new_user("adjust")}
    assert_problem(adjust(stack, user, -70, **refused), "insufficient_points", balance=0)
    charge(stack, user, 70)
    assert ok(adjust(stack, user, -70, **refused))["balance"] == 0
    stack.check_books()


def test_many_at_once(stack):
    user = new_user()
    ok(adjust(stack, user, 100))

    def change(number):
        body = {"userId": user, "amount": (-1) ** number * 7, "reason": "r"}
        return stack.new_client().post("/admin/point", body, **stack.admin_headers()).status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(change, range(40))) == {200}
    assert balance(stack, user) == 100
    stack.check_books()


@pytest.mark.parametrize("change, field", [
    ({"userId": None}, "userId"), ({"userId": "a b"}, "userId"), ({"amount": 0}, "amount"), ({"amount": 10**9 + 1}, "amount"),
    ({"amount": -10**9 - 1}, "amount"), ({"amount": "1"}, "amount"), ({"amount": 1.0}, "amount"), ({"reason": ""}, "reason"),
    ({"reason": "x" * 201}, "reason"), ({"reason": 1}, "reason"),
])
def test_bad_fields(stack, change, field):
    body = {"userId": "x", "amount": 1, "reason": "r"} | change
    assert_problem(stack.post("/admin/point", body, **stack.admin_headers()), "invalid_field", field=field)
    del body[field]
    assert_problem(stack.post("/admin/point", body, **stack.admin_headers()), "invalid_field", field=field)
    assert_problem(stack.post("/admin/point", body), "unauthorized")


def test_the_user_is_named_behind_a_gateway_too(header_stack, operator):
    """Who calls for others names nobody by leaving it out."""
    key = header_stack.admin_headers()
    body = {"amount": 1, "reason": "r"}
    assert_problem(operator.post("/admin/point", body, **key, **as_user("kim")), "invalid_field", field="userId")
    user = new_user()
    assert ok(operator.post("/admin/point", body | {"userId": user}, **key))["balance"] == 1
    assert operator.get("/admin/reservation", **key, **as_user("kim")).status == 200


def test_an_older_build_reads_an_adjustment_as_what_it_knows(stack):
    """Its kinds and its checks of the ledger: a charge or a use, in all that it selects."""
    user = new_user()
    ok(adjust(stack, user, 9))
    ok(adjust(stack, user, -4))
    rows = stack.query("SELECT kind, amount, reservation_id FROM point_history WHERE user_id = %s ORDER BY history_id", user)
    assert rows == [{"kind": "charge", "amount": 9, "reservation_id": None}, {"kind": "use", "amount": -4, "reservation_id": None}]


# ---- what limits a user


def limits_of(stack, user, concert=None):
    limits = read_user(stack, user)["limits"]
    return next((row for row in limits["concerts"] if row["concertId"] == concert.id), None) if concert else limits


def test_the_seats_and_the_pause_that_a_user_has(stack):
    """The same as what reserving answers; a concert that is closed limits nobody."""
    concert, user = new_concert(stack, max_seats=8), new_user()
    assert limits_of(stack, user) == {"concerts": [], "unpaidPauseFrom": 3, "refundsPerDay": 10, "nextRefundAt": None}
    buy(stack, user, concert, item=concert.item, seats=[1])
    reserve(stack, user, concert, concert.item, [2])
    row = limits_of(stack, user, concert)
    assert (row["maxSeatsPerUser"], row["seats"], row["unpaidHolds"], row["pausedUntil"]) == (8, 2, 0, None)
    user = new_user()  # as a payment forgets what was before it
    for seat in (3, 4, 5):
        age_hold(stack, reserve(stack, user, concert, concert.item, [seat])["reservationId"], 301)
    row = limits_of(stack, user, concert)
    assert row["unpaidHolds"] == 3 and row["pausedUntil"] is not None
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatId": 9}
    assert stack.post("/reservation", body).code == "too_many_unpaid"
    stack.query("UPDATE concert SET status = 'closed' WHERE concert_id = %s", concert.id)
    assert limits_of(stack, user, concert) is None


def test_the_token_that_a_user_has(stack):
    concert, user = new_concert(stack, capacity=0), new_user()
    ok(stack.post("/token/add", {"userId": user, "concertId": concert.id}))
    row = limits_of(stack, user, concert)
    assert row["token"] == {"status": "waiting", "number": 1, "expiresAt": None}
    assert row["maxSeatsPerUser"] is row["seats"] is row["unpaidHolds"] is row["pausedUntil"] is None


def test_the_refunds_that_a_user_asked_for(stack):
    concert, user = new_concert(stack), new_user()
    for _ in range(10):
        assert limits_of(stack, user)["nextRefundAt"] is None
        made, _ = buy(stack, user, concert)
        ok(stack.call("DELETE", f"/reservation/{made['reservationId']}?userId={user}"))
    assert limits_of(stack, user)["nextRefundAt"] is not None
    made, _ = buy(stack, user, concert)
    assert stack.call("DELETE", f"/reservation/{made['reservationId']}?userId={user}").code == "rate_limited"
