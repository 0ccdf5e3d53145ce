"""POST /admin/reservation: seats that are paid at the box office, or given to a guest, and never touch points."""

import concurrent.futures

import openapi
import pytest
from crowd import Pending, lock_seat, wait_for_waiters
from helpers import Hall, assert_problem, balance, buy, charge, new_concert, new_user, ok, reserve
from stack import wait_for
from test_export import read_ndjson

pytestmark = pytest.mark.usefixtures("audited")
PATH = "/admin/reservation"
INT32 = 2**31 - 1


def ask(stack, concert, seats, user="walk-in", method="box_office", client=None, **how):
    """`how` are more members of the body, or headers where the name begins with a capital."""
    headers = {name.replace("_", "-"): how.pop(name) for name in list(how) if name[0].isupper()}
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatIds": seats, "method": method} | how
    return (client or stack).post(PATH, body, **stack.admin_headers() | headers)


def sell(stack, concert, seats, user="walk-in", method="box_office", **how):
    return openapi.assert_answer(ask(stack, concert, seats, user, method, **how), "POST", PATH)


def refund(stack, order, **how):
    path = f"{PATH}/{order['reservationId']}/refund"
    return stack.post(path, {"reason": "Ill"} | how, **stack.admin_headers())


def order_of(stack, made):
    order, = openapi.assert_answer(stack.get(f"{PATH}?ref={made['reservationId']}&userId={made['userId']}",
                                             **stack.admin_headers()), "GET", PATH)["reservations"]
    return order


def ledger(stack, user):
    return ok(stack.get(f"/point/history?userId={user}"))["history"]


def sales(stack, concert):
    return ok(stack.get(f"/admin/concert/{concert.id}", **stack.admin_headers()))["sales"]


# ---- a sale


@pytest.mark.parametrize("method, how, paid", [
    ("box_office", {}, 700), ("box_office", {"price": 500}, 500), ("box_office", {"price": 0}, 0),
    ("guest", {}, 0), ("guest", {"price": 0}, 0),
])
def test_seats_are_sold_at_once(stack, method, how, paid):
    """Without a token and points, beyond the seat limit; the buyer has the order, and nothing in the ledger."""
    concert, user = new_concert(stack, price=700, max_seats=1, capacity=0), new_user()
    made = sell(stack, concert, [3, 1], user, method, **how)
    assert [(seat["seatId"], seat["price"]) for seat in made["seats"]] == [(1, paid), (3, paid)]
    assert (made["userId"], made["status"], made["totalPrice"], made["method"]) == (user, "paid", 2 * paid, method)
    assert made["payment"] == {"paymentId": None, "method": method, "amount": 2 * paid, "status": "paid",
                               "paidAt": made["createdAt"], "refundedAmount": 0, "fee": 0}
    assert order_of(stack, made) == made
    assert ok(stack.get(f"/reservation/{made['reservationId']}?userId={user}")) == {
        name: value for name, value in made.items() if name != "payment"}
    listed, = ok(stack.get(f"/reservation?userId={user}"))["reservations"]
    assert listed["method"] == method
    shown = stack.query("SELECT status FROM seat WHERE item_id = %s AND seat_no IN (1, 3)", concert.item)
    assert [row["status"] for row in shown] == ["sold", "sold"]
    assert ledger(stack, user) == [] and balance(stack, user) == 0
    assert ok(stack.get(f"/payment?userId={user}"))["payments"] == []


def test_the_log_says_who_and_what(stack):
    concert = new_concert(stack)
    made = sell(stack, concert, [1])
    row = ok(stack.get(f"/admin/log?concertId={concert.id}", **stack.admin_headers()))["log"][0]
    assert (row["actor"], row["action"], row["before"], row["after"]) == ("admin", "order sell", None, made)


def test_a_sale_once_with_a_key(stack):
    concert, key = new_concert(stack), new_user("sale")
    first = ask(stack, concert, [1, 2], Idempotency_Key=key)
    second = ask(stack, concert, [1, 2], Idempotency_Key=key)
    assert ok(first) and (second.body, second.headers["Idempotency-Replayed"]) == (first.body, "true")
    assert_problem(ask(stack, concert, [3], Idempotency_Key=key), "idempotency_key_reused")
    assert_problem(ask(stack, concert, [1, 2]), "seat_taken")
    stack.check_books()


def set_concert(stack, concert, assignment):
    stack.query(f"UPDATE concert SET {assignment} WHERE concert_id = %s", concert.id)


@pytest.mark.parametrize("state, prepare", [
    ("scheduled", lambda stack, concert: set_concert(stack, concert, "opens_at = UTC_TIMESTAMP(3) + INTERVAL 1 DAY")),
    ("closed", lambda stack, concert: set_concert(stack, concert, "status = 'closed'")),
    ("closed", lambda stack, concert: set_concert(stack, concert, "closes_at = UTC_TIMESTAMP(3) - INTERVAL 1 DAY")),
    ("closed", lambda stack, concert: concert.start(concert.item)),
], ids=["scheduled", "closed by hand", "closed by its time", "started"])
def test_it_is_sold_whenever_no_buyer_may(stack, state, prepare):
    """Its refund by hand is possible then as well."""
    concert = new_concert(stack)
    prepare(stack, concert)
    assert ok(stack.get(f"/concert/{concert.id}"))["status"] == state
    body = {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "seatId": 1}
    assert_problem(stack.post("/reservation", body), "concert_not_open")
    made = sell(stack, concert, [1])
    assert ok(refund(stack, made))["status"] == "cancelled"


def test_what_is_cancelled_is_not_sold(stack):
    concert, other = new_concert(stack, items=2), new_concert(stack)
    ok(stack.post(f"/admin/concert/{concert.id}/item/{concert.items[0]}/cancel", {"reason": "r"}, **stack.admin_headers()))
    assert_problem(ask(stack, concert, [1]), "concert_not_open")
    ok(ask(stack, concert, [1], itemId=concert.items[1]))
    set_concert(stack, other, "status = 'cancelled'")
    assert_problem(ask(stack, other, [1]), "concert_not_open")
    assert_problem(ask(stack, other, [999], itemId=INT32), "concert_not_open")


def test_the_order_of_refusals(stack):
    concert, other, user = new_concert(stack, seats=8), new_concert(stack), new_user()
    assert_problem(ask(stack, concert, [99], concertId=INT32, itemId=INT32), "concert_not_found")
    assert_problem(ask(stack, concert, [99], itemId=other.item), "item_not_found")
    reserve(stack, user, concert, concert.item, [1, 2])
    assert_problem(ask(stack, concert, [1, 99]), "seat_not_found")
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 4", concert.item)
    taken = assert_problem(ask(stack, concert, [4, 3, 2, 1], user), "seat_taken")
    assert taken["seatIds"] == [1, 2, 4]
    assert stack.query("SELECT status FROM seat WHERE item_id = %s AND seat_no = 3", concert.item) == [{"status": "available"}]


@pytest.mark.parametrize("change, field", [
    ({"seatIds": []}, "seatIds"), ({"seatIds": list(range(1, 10))}, "seatIds"), ({"seatIds": [1, 1]}, "seatIds"),
    ({"seatIds": 1}, "seatIds"), ({"seatIds": [True]}, "seatIds[0]"), ({"method": "cash"}, "method"),
    ({"method": "points"}, "method"), ({"method": None}, "method"), ({"method": 1}, "method"), ({"price": -1}, "price"),
    ({"price": 10**9 + 1}, "price"), ({"price": None}, "price"), ({"price": "1"}, "price"), ({"price": 1.0}, "price"),
    ({"method": "guest", "price": 1}, "price"), ({"userId": ""}, "userId"), ({"userId": "a b"}, "userId"),
    ({"concertId": 0}, "concertId"), ({"itemId": None}, "itemId"),
])
def test_bad_sales(stack, change, field):
    body = {"userId": "u", "concertId": INT32, "itemId": 1, "seatIds": [1], "method": "box_office"}
    assert_problem(stack.post(PATH, body | change, **stack.admin_headers()), "invalid_field", field=field)
    assert_problem(stack.post(PATH, body, **stack.admin_headers()), "concert_not_found")


@pytest.mark.parametrize("field", ["userId", "concertId", "itemId", "seatIds", "method"])
def test_what_a_sale_needs(stack, field):
    body = {"userId": "u", "concertId": INT32, "itemId": 1, "seatIds": [1], "method": "box_office"}
    body.pop(field)
    assert_problem(stack.post(PATH, body, **stack.admin_headers()), "invalid_field", field=field)


# ---- refunds


@pytest.mark.parametrize("method, paid", [("box_office", 700), ("guest", 0)])
def test_a_refund_by_hand_moves_no_points(stack, method, paid):
    """First of one seat with a fee, then of the rest; the seats are for sale again, and the sums are what was paid."""
    concert, user = new_concert(stack, price=700), new_user()
    charge(stack, user, 50)
    made = sell(stack, concert, [1, 2, 3], user, method)
    part = openapi.assert_answer(refund(stack, made, seatIds=[2], percent=33), "POST", PATH + "/{reservationId}/refund")
    assert (part["status"], part["totalPrice"], part["balance"]) == ("paid", 2 * paid, 50)
    assert (part["refundedAmount"], part["fee"], part["method"]) == (paid * 33 // 100, paid - paid * 33 // 100, method)
    assert_problem(refund(stack, made, seatIds=[2]), "not_cancellable")
    rest = ok(refund(stack, made))
    assert (rest["status"], rest["refundedAmount"], rest["fee"], rest["balance"]) == ("cancelled", 2 * paid, 0, 50)
    payment = order_of(stack, made)["payment"]
    assert (payment["status"], payment["amount"]) == ("refunded", 3 * paid)
    assert payment["refundedAmount"] + payment["fee"] == payment["amount"]
    assert_problem(refund(stack, made), "not_cancellable")
    assert [row["kind"] for row in ledger(stack, user)] == ["charge"] and balance(stack, user) == 50
    reserve(stack, user, concert, concert.item, [1, 2, 3])
    stack.check_books()


def test_its_buyer_gives_it_back(stack):
    """By the rules of the concert, to the box office; what a guest gives back was nothing."""
    concert, user = new_concert(stack, price=700), new_user()
    rules = {"refundRules": [{"untilDays": 0, "percent": 40}]}
    ok(stack.call("PATCH", f"/admin/concert/{concert.id}", rules, stack.admin_headers()))
    for seat, method, amount, fee in ((1, "box_office", 280, 420), (2, "guest", 0, 0)):
        made = sell(stack, concert, [seat], user, method)
        answer = ok(stack.call("DELETE", f"/reservation/{made['reservationId']}?userId={user}"))
        assert (answer["status"], answer["method"], answer["balance"]) == ("cancelled", method, 0)
        assert (answer["refundedAmount"], answer["fee"]) == (amount, fee)
    assert ledger(stack, user) == []
    stack.check_books()


def test_a_cancel_of_a_date_moves_no_points(stack):
    """Those that were paid with points are paid back beside them, and counted alone."""
    concert, user = new_concert(stack, price=700), new_user()
    outside = [sell(stack, concert, [1, 2], user), sell(stack, concert, [3], user, "guest")]
    buy(stack, user, concert, item=concert.item, seats=[4])
    ok(stack.post(f"/admin/concert/{concert.id}/item/{concert.item}/cancel", {"reason": "r"}, **stack.admin_headers()))
    items = lambda: ok(stack.get(f"/admin/concert/{concert.id}/item", **stack.admin_headers()))["items"]

    def is_done():
        assert stack.sweeper().returncode == 0
        return items()[0]["cancel"]["doneAt"]

    wait_for(is_done, 60)
    cancel = items()[0]["cancel"]
    assert (cancel["refunded"], cancel["points"]) == (3, 700)
    assert [order_of(stack, made)["payment"]["refundedAmount"] for made in outside] == [1400, 0]
    assert [row["kind"] for row in ledger(stack, user)] == ["refund", "payment", "charge"] and balance(stack, user) == 700
    stack.check_books()


def test_a_cancel_of_a_concert_moves_no_points(new_stack):
    stack = new_stack(workers=2)
    concert, user = new_concert(stack, price=700), new_user()
    made = sell(stack, concert, [1, 2], user)
    done = stack.ctl("concert", "cancel", str(concert.id))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "refunded 1 reservations, 0 points; cancelled 0 holds; 0 left"
    assert order_of(stack, made)["payment"]["status"] == "refunded" and ledger(stack, user) == []
    stack.check_books()


def test_an_older_build_pays_no_points_for_it(stack):
    """Such a build does not see box_office_sale, and finds no payment: the buyer and a cancel are refused."""
    concert, user = new_concert(stack, price=700), new_user()
    made = sell(stack, concert, [1, 2], user)
    row, = stack.query("SELECT * FROM box_office_sale WHERE reservation_id = %s", made["reservationId"])
    stack.query("DELETE FROM box_office_sale WHERE reservation_id = %s", made["reservationId"])
    assert stack.call("DELETE", f"/reservation/{made['reservationId']}?userId={user}").code == "busy"
    assert refund(stack, made).code == "busy"
    stack.query(f"INSERT INTO box_office_sale ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())
    assert ledger(stack, user) == [] and order_of(stack, made)["status"] == "paid"


def test_a_cancel_meets_a_sale(stack):
    """One that looked before the cancel, and gets its seat after it, is refused."""
    concert = new_concert(stack)
    with lock_seat(stack, concert.item, 1):
        pending = Pending(stack, lambda client: ask(stack, concert, [1], client=client))
        wait_for_waiters(stack, 1)
        set_concert(stack, concert, "status = 'cancelled'")
    assert_problem(pending.answer(), "concert_not_open")
    assert stack.query("SELECT status FROM seat WHERE item_id = %s AND seat_no = 1", concert.item) == [{"status": "available"}]


def test_a_lost_seat_is_repaired(new_stack):
    """Of an order that was not paid with points, and less what went back, as of any other."""
    stack = new_stack(workers=1)
    concert = new_concert(stack, price=700)
    made = sell(stack, concert, [1, 2, 3], price=500)
    ok(refund(stack, made, seatIds=[3], percent=50))
    stack.query("UPDATE seat SET status = 'available', reservation_id = NULL WHERE item_id = %s AND seat_no = 2", concert.item)
    assert stack.ctl("audit").returncode == 1
    done = stack.ctl("audit", "--repair")
    assert done.returncode == 0, done.stdout + done.stderr
    stack.check_books()


# ---- counted apart


def test_sales_count_it_apart(stack):
    concert = new_concert(stack, price=700, seats=10)
    made = sell(stack, concert, [1, 2], price=500)
    sell(stack, concert, [3], method="guest")
    buy(stack, new_user(), concert, item=concert.item, seats=[4])
    expected = {"seatCount": 10, "available": 6, "held": 0, "sold": 4, "blocked": 0, "revenue": 700,
                "boxOffice": {"sold": 2, "revenue": 1000}, "guest": {"sold": 1}}
    assert sales(stack, concert) == expected
    # a later price is not what they have paid
    change = {"seats": [{"from": 1, "to": 10, "price": 900}]}
    ok(stack.call("PATCH", f"/admin/concert/{concert.id}/item/{concert.item}", change, stack.admin_headers()))
    assert sales(stack, concert) == expected
    item, = ok(stack.get(f"/admin/concert/{concert.id}/item", **stack.admin_headers()))["items"]
    assert item["sales"] == expected
    ok(refund(stack, made, seatIds=[1]))
    assert sales(stack, concert)["boxOffice"] == {"sold": 1, "revenue": 500}
    buy(stack, new_user(), concert, item=concert.item, seats=[1])
    assert sales(stack, concert) == expected | {"revenue": 1600, "boxOffice": {"sold": 1, "revenue": 500}}
    printed = stack.ctl("sales", str(concert.id)).stdout.splitlines()
    assert printed[0].split()[7:11] == ["revenue", "boxOffice", "boxRevenue", "guest"]
    assert printed[-1].split()[-4:] == ["1600", "1", "500", "1"]


def test_the_report_counts_it_apart(stack):
    hall = Hall(stack, ("A", "1", 4, 100), ("B", "1", 4, 50), maxSeatsPerUser=None)
    made = sell(stack, hall, [1, 2, 5], price=80)
    sell(stack, hall, [6], method="guest")
    buy(stack, new_user(), hall, item=hall.item, seats=[3])
    ok(refund(stack, made, seatIds=[1], percent=50))
    ok(refund(stack, made))
    report = openapi.assert_answer(stack.get(f"/admin/concert/{hall.id}/report", **stack.admin_headers()),
                                   "GET", "/admin/concert/{concertId}/report")
    sums = lambda rows: tuple(sum(row[name] for row in rows) for name in ("sold", "givenBack", "revenue"))
    assert sums(report["days"]) == sums(report["hours"]) == (1, 0, 100)
    apart = report["boxOffice"]
    assert sums(apart["days"]) == sums(apart["hours"]) == (3, 3, 40)
    assert {(row["section"], row["price"]) for row in apart["days"]} == {("A", 80), ("B", 80)}
    assert sums(report["guest"]["days"]) == sums(report["guest"]["hours"]) == (1, 0, 0)


def test_exports_tell_the_method(stack):
    concert, user = new_concert(stack, price=700), new_user()
    orders = [sell(stack, concert, [1]), sell(stack, concert, [2], method="guest"),
              buy(stack, user, concert, item=concert.item, seats=[3])[0],
              reserve(stack, user, concert, concert.item, [4])]
    ok(refund(stack, orders[0], percent=10))
    read = lambda query: read_ndjson(stack, concert.id, query)
    rows = {row["reservationId"]: row for row in read("what=orders")}
    told = [(rows[order["reservationId"]]["method"], rows[order["reservationId"]]["payment"],
             rows[order["reservationId"]]["refundedAmount"], rows[order["reservationId"]]["fee"]) for order in orders]
    assert told == [("box_office", "refunded", 70, 630), ("guest", "paid", 0, 0), ("points", "paid", 0, 0), (None, None, None, None)]
    assert [row["method"] for row in read("what=guests")] == ["points", "guest"]
    assert [row["method"] for row in read(f"what=seats&itemId={concert.item}")][-4:] == [None, "points", "guest", None]
    assert {row["reservationId"] for row in read("what=ledger")} == {orders[2]["reservationId"]}


# ---- beside buyers


def test_its_seats_count_for_what_is_bought_later(stack):
    """The limit is asked of buyers, and counts all that they have: so do older builds, and the audit."""
    concert, user = new_concert(stack, max_seats=2), new_user()
    buy(stack, user, concert, item=concert.item, seats=[1, 2])
    sell(stack, concert, [3, 4, 5], user)
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatId": 6}
    assert_problem(stack.post("/reservation", body), "seat_limit_reached")
    stack.check_books()


def test_against_a_rush_of_buyers(stack):
    """Buyers and two desks want the same seats: each is sold once, and all is told as it is stored."""
    concert = new_concert(stack, seats=24, price=100, max_seats=8)
    pairs = [[seat, seat + 1] for seat in range(1, 24, 2)]
    sold = []

    def want(at):
        seats, client = pairs[at % len(pairs)], stack.new_client()
        if at % 3 == 0:
            answer = ask(stack, concert, seats, user=f"desk-{at}", client=client, method="box_office" if at % 2 else "guest")
        else:
            user = new_user("rush")
            body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatIds": seats}
            answer = client.post("/reservation", body)
        if answer.status != 200:
            assert answer.code == "seat_taken", answer
            return
        sold.append((answer.json()["status"], tuple(seats)))

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        list(pool.map(want, range(6 * len(pairs))))
    assert sorted(seats for _, seats in sold) == [tuple(pair) for pair in pairs]
    rows = stack.query("SELECT status, COUNT(*) AS n FROM seat WHERE item_id = %s GROUP BY status", concert.item)
    counts = {row["status"]: row["n"] for row in rows}
    at_desk = sum(status == "paid" for status, _ in sold)
    assert counts == {status: n for status, n in (("sold", 2 * at_desk), ("held", 24 - 2 * at_desk)) if n}
    apart = sales(stack, concert)
    assert apart["boxOffice"]["sold"] + apart["guest"]["sold"] == 2 * at_desk and apart["revenue"] == 0
    stack.check_books()


def test_one_user_at_the_desk_and_online(stack):
    """The seats that a desk sells meanwhile are counted: nobody gets more online than the limit leaves."""
    concert, user = new_concert(stack, seats=60, max_seats=4), new_user()

    def want(seat):
        client = stack.new_client()
        if seat % 2:
            return ask(stack, concert, [seat], user, client=client).code
        body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatId": seat}
        return client.post("/reservation", body).code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(want, range(1, 41)))
    assert codes[::2] == [""] * 20 and codes[1::2].count("") <= 4
    assert set(codes[1::2]) <= {"", "seat_limit_reached"}
    stack.check_books()
