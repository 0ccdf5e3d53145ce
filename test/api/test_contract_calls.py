"""Section 3 of the contract: what each call takes and answers, member by member."""

import base64
import re
import time

import pytest
from helpers import (
    add_token, age_hold, ask_pay, ask_reserve, assert_problem, balance, buy, charge, new_concert, new_user, ok,
    pay, reserve,
    seat_status,
)

pytestmark = pytest.mark.usefixtures("audited")

CONCERT = [
    "concertId", "title", "venue", "timeZone", "status", "opensAt", "closesAt", "itemCount", "firstDate", "lastDate",
    "lastStartsAt", "minPrice", "maxPrice", "seatCount", "availableCount", "heldCount", "queue", "maxSeatsPerUser", "holdSeconds", "draw",
    "maintenance", "seatReturns", "swaps", "transfers", "waitlist", "presale",
]
ABOUT = ["description", "ageLimit", "runningMinutes", "poster"]  # of one concert, not in lists
ITEM = ["itemId", "date", "startsAt", "status", "over", "seatCount", "availableCount", "heldCount", "waiting"]
SEAT = ["seatId", "section", "row", "label", "price"]
QUEUE = [
    "concertId", "status", "paused", "serving", "lastNumber", "waiting", "active", "capacity",
    "admittedPerMinute",
    "refreshSeconds", "etaSeconds", "etaSecondsHigh", "draw", "now",
]
TICKET = [
    "token", "userId", "concertId", "number", "status", "position", "etaSeconds", "etaSecondsHigh",
    "pollAfterSeconds",
    "expiresAt",
]
RESERVATION = [
    "reservationId", "userId", "concertId", "itemId", "seats", "totalPrice", "status", "createdAt", "expiresAt",
]
ENTRY = ["historyId", "kind", "amount", "balanceAfter", "reservationId", "createdAt"]
PAYMENT = ["paymentId", "reservationId", "userId", "amount", "status", "paidAt", "refundedAmount", "fee"]
HOUR_AGO, IN_AN_HOUR = "UTC_TIMESTAMP(3) - INTERVAL 1 HOUR", "UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack, seats=60)


def fresh(stack, path):
    """A public GET past nginx's cache."""
    return ok(stack.fresh(path))


def listed(stack, query=""):
    answer = fresh(stack, f"/concert{query}")
    assert list(answer) == ["concerts", "now"]
    return answer["concerts"]


# ---- concerts


def test_concert(stack):
    concert = new_concert(stack, items=3, seats=2, price=700, days=10, title="Three days", max_seats=4,
        hold_seconds=77)
    stack.query("UPDATE item SET min_price = 300 WHERE item_id = %s", concert.items[1])
    stack.query("UPDATE seat SET price = 300 WHERE item_id = %s AND seat_no = 1", concert.items[1])
    got = fresh(stack, concert.path)
    assert list(got) == CONCERT + ABOUT + ["now"]
    assert [got.pop(name) for name in ABOUT] == [None] * 4
    rows = stack.query("SELECT date, starts_at FROM item WHERE concert_id = %s ORDER BY date", concert.id)
    first, _, last = (row["date"].isoformat() for row in rows)
    starts = rows[-1]["starts_at"].isoformat(timespec="milliseconds") + "Z"
    assert {name: got[name] for name in CONCERT} == {
        "concertId": concert.id, "title": "Three days", "venue": "Hall", "timeZone": "Asia/Seoul", "status": "open",
        "opensAt": None,
        "closesAt": None, "itemCount": 3, "firstDate": first, "lastDate": last, "lastStartsAt": starts, "minPrice": 300,
        "maxPrice": 700, "seatCount": 6, "availableCount": 6, "heldCount": 0,
        "queue": False, "maxSeatsPerUser": 4, "holdSeconds": 77, "draw": False, "maintenance": False, "seatReturns": False, "swaps": False, "transfers": False,
        "waitlist": False, "presale": [],
    }
    del got["now"]
    assert [row for row in listed(stack) if row["concertId"] == concert.id] == [got]


def test_concert_without_items(stack):
    concert = new_concert(stack, items=0, capacity=7, opens=HOUR_AGO, closes=IN_AN_HOUR)
    got = fresh(stack, concert.path)
    assert [got[name] for name in ("seatCount", "availableCount", "heldCount")] == [0, 0, 0]
    assert got["itemCount"] == 0 and got["queue"] is True and got["maxSeatsPerUser"] is None
    assert [got[name] for name in ("firstDate", "lastDate", "lastStartsAt", "minPrice", "maxPrice")] == [None] * 5
    assert got["opensAt"] < got["now"] < got["closesAt"]
    assert fresh(stack, f"{concert.path}/item")["items"] == []


def test_list_is_by_id_and_of_open_and_scheduled_ones(stack):
    kinds = {
        "open": new_concert(stack, seats=1),
        "scheduled": new_concert(stack, seats=1, opens=IN_AN_HOUR),
        "closed": new_concert(stack, seats=1, status="closed"),
        "cancelled": new_concert(stack, seats=1, status="cancelled"),
        "over": new_concert(stack, seats=1, closes=HOUR_AGO),
    }
    rows = {row["concertId"]: row["status"] for row in listed(stack)}
    assert list(rows) == sorted(rows)
    assert {name: rows.get(concert.id) for name, concert in kinds.items()} == {
        "open": "open", "scheduled": "scheduled", "closed": None, "cancelled": None, "over": None,
    }
    assert all(list(row) == CONCERT for row in listed(stack))


def test_list_of_a_day(stack):
    """By `date`, which is the venue's local day and need not be the UTC day of startsAt."""
    one, two, shut = new_concert(stack, items=2, seats=1, days=4000), new_concert(stack,
        seats=1), new_concert(stack, seats=1)
    shut.set(status="'closed'")
    stack.query("UPDATE item SET date = '2055-05-05' WHERE item_id IN (%s, %s, %s)", one.items[1], two.item,
        shut.item)
    assert [row["concertId"] for row in listed(stack, "?date=2055-05-05")] == [one.id, two.id]
    assert listed(stack, "?date=2055-05-05")[0]["itemCount"] == 2, "the whole concert's"
    assert listed(stack, "?date=2055-05-06") == []
    day = fresh(stack, f"{one.path}/item")["items"][0]["date"]
    assert [row["concertId"] for row in listed(stack, f"?date={day}")] == [one.id]


@pytest.mark.parametrize("stored, opens, closes, shown", [
    ("open", "NULL", "NULL", "open"),
    ("open", HOUR_AGO, "NULL", "open"),
    ("open", HOUR_AGO, IN_AN_HOUR, "open"),
    ("open", "NULL", IN_AN_HOUR, "open"),
    ("open", "UTC_TIMESTAMP(3)", "NULL", "open"),
    ("open", IN_AN_HOUR, "NULL", "scheduled"),
    ("open", IN_AN_HOUR, "UTC_TIMESTAMP(3) + INTERVAL 2 HOUR", "scheduled"),
    ("open", "NULL", HOUR_AGO, "closed"),
    ("open", "NULL", "UTC_TIMESTAMP(3)", "closed"),
    ("open", "UTC_TIMESTAMP(3) - INTERVAL 2 HOUR", HOUR_AGO, "closed"),
    ("closed", "NULL", "NULL", "closed"),
    ("closed", IN_AN_HOUR, "NULL", "closed"),
    ("closed", HOUR_AGO, IN_AN_HOUR, "closed"),
    ("cancelled", "NULL", "NULL", "cancelled"),
    ("cancelled", IN_AN_HOUR, "NULL", "cancelled"),
    ("cancelled", "NULL", HOUR_AGO, "cancelled"),
])
def test_status(stack, stored, opens, closes, shown):
    """What is shown, and what may be done then."""
    concert = new_concert(stack, status=stored, opens=opens, closes=closes, seats=1)
    assert fresh(stack, concert.path)["status"] == shown
    assert fresh(stack, f"{concert.path}/queue")["status"] == shown
    seats = f"{concert.path}/item/{concert.item}"
    for path in (f"{concert.path}/item", f"{seats}/seat", f"{seats}/seat?view=compact", f"{seats}/layout"):
        answer = stack.get(path)
        if shown in ("open", "scheduled"):
            ok(answer)
        else:
            assert_problem(answer, "concert_not_open")
    user = new_user()
    calls = [
        stack.post("/token/add", {"userId": user, "concertId": concert.id}),
        ask_reserve(stack, user, concert, concert.item, 1),
    ]
    for answer in calls:
        if shown == "open":
            ok(answer)
        else:
            assert_problem(answer, "concert_not_open")


def test_a_concert_whose_items_have_all_started_is_closed(stack):
    """One that still comes keeps it open; who is scheduled for later, or without an item, is not closed."""
    concert, user = new_concert(stack, items=2, seats=2), new_user()
    concert.start(concert.items[1])
    assert fresh(stack, concert.path)["status"] == "open"
    add_token(stack, user, concert)
    concert.start(concert.items[0])
    assert fresh(stack, concert.path)["status"] == "closed"
    assert concert.id not in [row["concertId"] for row in listed(stack)]
    assert fresh(stack, f"{concert.path}/queue")["status"] == "closed"
    for path in ("", f"/{concert.item}/seat", f"/{concert.item}/layout"):
        assert stack.fresh(f"{concert.path}/item{path}").code == "concert_not_open"
    assert_problem(stack.post("/token/add", {"userId": user, "concertId": concert.id}), "concert_not_open")
    assert_problem(ask_reserve(stack, user, concert, concert.item, 1), "concert_not_open")
    assert re.search(rf"^ *{concert.id}  closed ", stack.ctl("concert", "list").stdout, re.M)
    concert.set(opens_at=IN_AN_HOUR)
    assert fresh(stack, concert.path)["status"] == "closed", "before it is looked at whether it is scheduled"
    assert fresh(stack, new_concert(stack, items=0).path)["status"] == "open"


def test_live_holds_of_a_closed_concert_can_be_paid(stack):
    concert = new_concert(stack, seats=2)
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held, released = reserve(stack, user, concert), reserve(stack, user, concert)
    charge(stack, user, 1000)
    concert.set(status="'closed'")
    assert pay(stack, user, held["reservationId"], token)["status"] == "paid"
    assert ok(stack.call("DELETE",
        f"/reservation/{released['reservationId']}?userId={user}"))["status"] == "cancelled"
    assert ok(stack.call("DELETE",
        f"/reservation/{held['reservationId']}?userId={user}"))["refundedAmount"] == 1000


def test_a_hold_made_without_a_token_needs_none_in_a_closed_concert(stack):
    """Whatever is shown instead is not looked at; a hold that remembers its token still wants that one."""
    concert, queue, user = new_concert(stack, seats=2), new_concert(stack, seats=1, capacity=1), new_user()
    bare, other = (reserve(stack, user, concert)["reservationId"] for _ in range(2))
    token = add_token(stack, user, queue)["token"]
    queued = reserve(stack, user, queue, token=token)["reservationId"]
    charge(stack, user, 3000)
    assert_problem(ask_pay(stack, user, bare, None), "token_missing")
    for one in (concert, queue):
        one.set(status="'closed'")
    assert_problem(ask_pay(stack, user, 2**31 - 1, None), "token_missing")
    assert_problem(ask_pay(stack, new_user(), bare, None), "token_missing")
    assert_problem(ask_pay(stack, user, queued, None), "token_missing")
    assert_problem(ask_pay(stack, user, queued, "x"), "token_invalid")
    key = {"Idempotency-Key": f"{user}-1"}
    paid = ok(ask_pay(stack, user, bare, None, **key))
    assert ok(ask_pay(stack, user, bare, None, **key)) == paid
    assert_problem(ask_pay(stack, user, bare, None), "already_paid")
    pay(stack, user, other, "x")
    pay(stack, user, queued, token)
    assert balance(stack, user) == 0


def test_live_holds_of_a_cancelled_concert_read_as_cancelled(stack):
    concert = new_concert(stack, seats=2)
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held, over = reserve(stack, user, concert), reserve(stack, user, concert)
    charge(stack, user, 1000)
    concert.set(status="'cancelled'")
    age_hold(stack, over["reservationId"], 300)
    path = f"/reservation/{held['reservationId']}?userId={user}"
    assert ok(stack.get(path)) == held | {"status": "cancelled"}
    statuses = [row["status"] for row in ok(stack.get(f"/reservation?userId={user}"))["reservations"]]
    assert statuses == ["expired", "cancelled"]
    assert_problem(ask_pay(stack, user, held["reservationId"], token), "reservation_cancelled")
    assert_problem(ask_pay(stack, user, over["reservationId"], token), "hold_expired")
    assert_problem(stack.call("DELETE", path), "not_cancellable")
    assert balance(stack, user) == 1000


# ---- items and seats


def test_items(stack):
    """By (date, itemId)."""
    concert = new_concert(stack, items=4, seats=5)
    a, b, c, d = concert.items
    stack.query("UPDATE item SET date = '2044-04-04' WHERE item_id IN (%s, %s)", a, d)
    stack.query("UPDATE item SET starts_at = '2044-04-03 22:30:00.125' WHERE item_id = %s", d)
    got = fresh(stack, f"{concert.path}/item")
    assert list(got) == ["items", "now"]
    assert [list(row) for row in got["items"]] == [ITEM] * 4
    assert [row["itemId"] for row in got["items"]] == [b, c, a, d]
    assert got["items"][3] == {
        "itemId": d, "date": "2044-04-04", "startsAt": "2044-04-03T22:30:00.125Z", "status": "open", "over": False,
        "seatCount": 5, "availableCount": 5, "heldCount": 0, "waiting": 0,
    }


def test_an_item_that_has_started_is_over(stack):
    concert = new_concert(stack, items=2, seats=1)
    concert.start(concert.item)
    assert [row["over"] for row in fresh(stack, f"{concert.path}/item")["items"]] == [True, False]


def counted(stack, concert, item):
    """Available and held ones of an item."""
    rows = {row["itemId"]: row for row in fresh(stack, f"{concert.path}/item")["items"]}
    return rows[item]["availableCount"], rows[item]["heldCount"]


def test_counts(stack):
    """Not held, not sold, not blocked; a hold that is over counts as available. A concert has its items' sums."""
    concert = new_concert(stack, items=2, seats=8)
    user, item = new_user(), concert.item
    first = reserve(stack, user, concert, item, [1, 2])
    buy(stack, user, concert, item=item, seats=3)
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 8", item)
    assert counted(stack, concert, item) == (4, 2)
    for got in (fresh(stack, concert.path), *(row for row in listed(stack) if row["concertId"] == concert.id)):
        assert [got[name] for name in ("seatCount", "availableCount", "heldCount")] == [16, 12, 2]
    age_hold(stack, first["reservationId"], 300)
    assert counted(stack, concert, item) == (6, 0)
    assert counted(stack, concert, concert.items[1]) == (8, 0)
    assert fresh(stack, f"{concert.path}/item")["items"][0]["seatCount"] == 8


def test_seats(stack):
    concert = new_concert(stack, seats=12, price=900)
    stack.query("UPDATE seat SET section = '나 구역', label = 'Z-9', price = 0 WHERE item_id = %s AND seat_no = 2",
        concert.item)
    path = f"{concert.path}/item/{concert.item}/seat"
    got = fresh(stack, path)
    assert list(got) == ["itemId", "version", "now", "seats"]
    assert got["itemId"] == concert.item
    assert [list(seat) for seat in got["seats"]] == [SEAT + ["status"]] * 12
    assert [seat["seatId"] for seat in got["seats"]] == list(range(1, 13))
    assert got["seats"][1] == {
        "seatId": 2, "section": "나 구역", "row": "1", "label": "Z-9", "price": 0, "status": "available",
    }
    assert got["seats"][11] == {
        "seatId": 12, "section": "A", "row": "2", "label": "2", "price": 900, "status": "available",
    }


def test_seat_statuses_and_version(stack):
    """`version` is a hash of the list: equal is the same, and the same is equal."""
    concert = new_concert(stack, seats=4)
    path = f"{concert.path}/item/{concert.item}/seat"

    def read():
        got = fresh(stack, path)
        return got["version"], [seat["status"] for seat in got["seats"]]

    empty = read()
    assert empty[1] == ["available"] * 4 and isinstance(empty[0], str) and empty == read()
    user = new_user()
    held = reserve(stack, user, concert, concert.item, 2)
    buy(stack, user, concert, item=concert.item, seats=3)
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 4", concert.item)
    busy = read()
    assert busy[1] == ["available", "held", "sold", "sold"] and busy[0] != empty[0]
    age_hold(stack, held["reservationId"], 300)
    lapsed = read()
    assert lapsed[1] == ["available", "available", "sold", "sold"] and lapsed[0] not in (busy[0], empty[0])
    assert stack.sweeper().returncode == 0
    assert read() == lapsed


def test_compact_view(stack):
    """Two bits a seat in the layout's order, lowest bits first, base64."""
    concert = new_concert(stack, seats=10)
    user = new_user()
    reserve(stack, user, concert, concert.item, [2, 10])
    buy(stack, user, concert, item=concert.item, seats=[5])
    path = f"{concert.path}/item/{concert.item}"
    got = fresh(stack, f"{path}/seat?view=compact")
    layout = fresh(stack, f"{path}/layout")
    assert list(got) == ["itemId", "layoutVersion", "version", "now", "seats"]
    assert (got["itemId"], got["layoutVersion"]) == (concert.item, layout["layoutVersion"])
    bits = int.from_bytes(base64.b64decode(got["seats"], validate=True), "little")
    codes = [bits >> 2 * at & 3 for at in range(12)]
    assert codes == [0, 1, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0]
    assert [seat["seatId"] for seat in layout["seats"]] == list(range(1, 11))


def test_layout(stack):
    concert = new_concert(stack, seats=3)
    stack.query("UPDATE seat SET x = seat_no * 2, y = -1 WHERE item_id = %s AND seat_no < 3", concert.item)
    path = f"{concert.path}/item/{concert.item}/layout"
    answer = stack.get(path)
    got = ok(answer)
    assert list(got) == ["itemId", "layoutVersion", "seats"]
    assert [list(seat) for seat in got["seats"]] == [SEAT + ["x", "y"]] * 3
    assert [(seat["x"], seat["y"]) for seat in got["seats"]] == [(2, -1), (4, -1), (None, None)]
    versioned = stack.get(f"{path}?v={got['layoutVersion']}")
    assert versioned.json() == got
    assert versioned.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for other in (answer, stack.get(f"{path}?v=another")):
        assert other.status == 200 and "immutable" not in other.headers["Cache-Control"]


# ---- the queue, as the calls show it


def assert_ticket(ticket, user, concert):
    assert list(ticket) == TICKET
    assert (ticket["userId"], ticket["concertId"]) == (user, concert.id)
    assert re.fullmatch(f"{concert.id}-[0-9a-f]{{32}}", ticket["token"])
    assert type(ticket["pollAfterSeconds"]) is int and ticket["pollAfterSeconds"] >= 1


def test_token_without_a_queue(stack, concert):
    """Active at once, no number; the same live token for the same user and concert."""
    user = new_user()
    ticket = add_token(stack, user, concert)
    assert_ticket(ticket, user, concert)
    shown = {name: ticket[name] for name in ("number", "status", "position", "etaSeconds", "etaSecondsHigh")}
    assert shown == {"number": None, "status": "active", "position": 0, "etaSeconds": 0, "etaSecondsHigh": 0}
    time.sleep(0.003)
    again = add_token(stack, user, concert)
    assert again["token"] == ticket["token"] and again["expiresAt"] > ticket["expiresAt"], "a repeated add renews it"
    assert ok(stack.get("/token", **{"X-Queue-Token": ticket["token"]})) == again
    assert add_token(stack, user, new_concert(stack, seats=1))["token"] != ticket["token"]
    assert add_token(stack, new_user(), concert)["token"] != ticket["token"]


def test_token_in_a_queue(stack):
    concert = new_concert(stack, seats=3, capacity=1, active_seconds=60)
    first, second = new_user(), new_user()
    active = add_token(stack, first, concert)
    assert_ticket(active, first, concert)
    assert [active[name] for name in TICKET[3:8]] == [1, "active", 0, 0, 0]
    assert active["expiresAt"]
    waiting = add_token(stack, second, concert)
    assert_ticket(waiting, second, concert)
    assert (waiting["number"], waiting["status"], waiting["position"]) == (2, "waiting", 1)
    assert waiting["expiresAt"] is None
    for name in ("etaSeconds", "etaSecondsHigh"):
        assert waiting[name] is None or type(waiting[name]) is int
    same = add_token(stack, second, concert)
    assert (same["token"], same["number"]) == (waiting["token"], 2)
    assert ok(stack.get("/token", **{"X-Queue-Token": active["token"]}))["expiresAt"] == active["expiresAt"]

    queue = fresh(stack, f"{concert.path}/queue")
    assert list(queue) == QUEUE
    assert {name: queue[name] for name in QUEUE[:8]} == {
        "concertId": concert.id, "status": "open", "paused": False, "serving": 1, "lastNumber": 2, "waiting": 1,
        "active": 1,
        "capacity": 1,
    }
    assert queue["refreshSeconds"] >= 1

    assert_problem(ask_reserve(stack, second, concert, concert.item, 1), "token_missing")
    answer = ask_reserve(stack, second, concert, concert.item, 1, token=waiting["token"])
    assert_problem(answer, "token_not_active")
    assert_problem(ask_reserve(stack, second, concert, concert.item, 1, token=active["token"]), "token_invalid")
    held = reserve(stack, first, concert, token=active["token"])
    charge(stack, first, 1000)
    pay(stack, first, held["reservationId"], active["token"])
    assert_problem(stack.get("/token", **{"X-Queue-Token": active["token"]}), "token_invalid")
    now_active = ok(stack.get("/token", **{"X-Queue-Token": waiting["token"]}))
    assert (now_active["status"], now_active["number"], now_active["position"]) == ("active", 2, 0)
    new = add_token(stack, first, concert)
    assert (new["number"], new["status"]) == (3, "waiting") and new["token"] != active["token"]


def test_queue_where_no_queue_is_kept(stack, concert):
    queue = fresh(stack, f"{concert.path}/queue")
    assert list(queue) == QUEUE
    assert [queue[name] for name in ("paused", "serving", "lastNumber", "waiting", "active", "capacity")] == [
        False, 0, 0, 0, 0, None]


@pytest.mark.parametrize("capacity", [None, 3])
def test_leaving(stack, capacity):
    concert = new_concert(stack, seats=2, capacity=capacity)
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert, token=token)
    header = {"X-Queue-Token": token}
    assert stack.call("DELETE", "/token", headers=header).status == 204
    for answer in (stack.get("/token", **header), stack.call("DELETE", "/token", headers=header)):
        assert_problem(answer, "token_invalid")
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}"))["status"] == "held", "holds stay"
    if capacity:
        assert_problem(ask_reserve(stack, user, concert, concert.item, 2, token=token), "token_invalid")
    other = add_token(stack, user, concert)
    assert other["token"] != token and other["status"] == "active"


def test_a_reservation_is_paid_with_its_own_token(stack):
    """Whatever has become of its lease; one token pays all its holds; another live one does not."""
    concert = new_concert(stack, seats=5, capacity=5)
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    one, two, three = (reserve(stack, user, concert, token=token)["reservationId"] for _ in range(3))
    charge(stack, user, 5000)
    pay(stack, user, one, token)
    other = add_token(stack, user, concert)["token"]
    assert other != token
    assert_problem(ask_pay(stack, user, two, other), "token_invalid")
    pay(stack, user, two, token)
    with_body = {"userId": user, "reservationId": three, "token": token}
    assert ok(stack.post("/payment", with_body))["status"] == "paid"
    assert ok(stack.get("/token",
        **{"X-Queue-Token": other}))["status"] == "active", "the payment ended its own only"


def test_a_hold_without_a_token_is_paid_with_any_live_one(stack, concert):
    user = new_user()
    held = reserve(stack, user, concert)["reservationId"]
    charge(stack, user, 1000)
    left = add_token(stack, user, concert)["token"]
    stack.call("DELETE", "/token", headers={"X-Queue-Token": left})
    assert_problem(ask_pay(stack, user, held, left), "token_invalid")
    lapsed = add_token(stack, user, concert)["token"]
    stack.query("UPDATE open_token SET lease_until = UTC_TIMESTAMP(3) WHERE user_id = %s", user)
    assert_problem(ask_pay(stack, user, held, lapsed), "token_invalid")
    live = add_token(stack, user, concert)["token"]
    pay(stack, user, held, live)
    assert ok(stack.get("/token",
        **{"X-Queue-Token": live}))["status"] == "active", "ended only where a queue is kept"


def test_which_token_counts(stack):
    """The header goes before the body, an empty header is absent."""
    concert = new_concert(stack, seats=20, capacity=9)
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    bad = f"{concert.id}-{'0' * 32}"

    def call(header, body):
        members = {"userId": user, "concertId": concert.id, "itemId": concert.item,
            "seatId": concert.free_seat()[1]}
        members |= {} if body is None else {"token": body}
        return stack.post("/reservation", members, **({} if header is None else {"X-Queue-Token": header}))

    for header, body in [(token, None), (token, bad), (token, ""), (None, token), ("", token)]:
        ok(call(header, body))
    for header, body in [(bad, token), (bad, None), (None, bad)]:
        assert_problem(call(header, body), "token_invalid")
    for header, body in [("", None), (None, None), (None, ""), ("", "")]:
        assert_problem(call(header, body), "token_missing")


def test_where_no_queue_is_kept_reserving_does_not_look_at_tokens(stack, concert):
    held = reserve(stack, new_user(), concert, token="nonsense")
    assert held["status"] == "held"


# ---- reservations


def test_reservation(stack, concert):
    user = new_user()
    item, seat = concert.free_seat()
    made = ok(stack.post("/reservation",
        {"userId": user, "concertId": concert.id, "itemId": item, "seatId": seat}))
    assert list(made) == RESERVATION
    assert [list(row) for row in made["seats"]] == [SEAT]
    assert (made["userId"], made["concertId"], made["itemId"]) == (user, concert.id, item)
    assert made["seats"][0]["seatId"] == seat
    assert (made["totalPrice"], made["status"]) == (1000, "held")
    assert ok(stack.get(f"/reservation/{made['reservationId']}?userId={user}")) == made
    assert ok(stack.get(f"/reservation?userId={user}")) == {"reservations": [made], "next": None}


def test_reservation_of_several_seats(stack):
    concert = new_concert(stack, seats=9)
    stack.query("UPDATE seat SET price = seat_no * 10 WHERE item_id = %s", concert.item)
    user = new_user()
    made = reserve(stack, user, concert, concert.item, [9, 2, 5])
    assert [seat["seatId"] for seat in made["seats"]] == [2, 5, 9]
    assert [seat["price"] for seat in made["seats"]] == [20, 50, 90]
    assert made["totalPrice"] == 160
    charge(stack, user, 160)
    paid = pay(stack, user, made["reservationId"], add_token(stack, user, concert)["token"])
    assert (paid["amount"], paid["balance"]) == (160, 0)
    assert {seat_status(stack, concert, concert.item, seat) for seat in (2, 5, 9)} == {"sold"}


def test_the_price_is_the_seats_when_it_was_reserved(stack):
    concert = new_concert(stack, seats=1)
    user = new_user()
    made = reserve(stack, user, concert)
    stack.query("UPDATE seat SET price = 5 WHERE item_id = %s", concert.item)
    assert ok(stack.get(f"/reservation/{made['reservationId']}?userId={user}")) == made
    charge(stack, user, 1000)
    assert pay(stack, user, made["reservationId"], add_token(stack, user, concert)["token"])["amount"] == 1000


@pytest.mark.parametrize("seconds", [1, 300, 3600])
def test_hold_seconds(stack, seconds):
    concert = new_concert(stack, seats=1, hold_seconds=seconds)
    made = reserve(stack, new_user(), concert)
    rows = stack.query(
        "SELECT TIMESTAMPDIFF(MICROSECOND, created_at, expires_at) AS kept,"
        " DATE_FORMAT(expires_at, '%%Y-%%m-%%dT%%T.%%f') AS text FROM reservation WHERE reservation_id = %s",
        made["reservationId"],
    )
    assert rows[0]["kept"] == seconds * 1_000_000
    assert made["expiresAt"] == rows[0]["text"][:23] + "Z"


def test_a_hold_is_over_at_its_end_by_itself(stack):
    concert = new_concert(stack, seats=1, hold_seconds=1)
    user = new_user()
    made = reserve(stack, user, concert)
    path = f"/reservation/{made['reservationId']}?userId={user}"

    def is_over():
        return stack.query("SELECT expires_at <= UTC_TIMESTAMP(3) AS is_over FROM reservation"
                           " WHERE reservation_id = %s", made["reservationId"])[0]["is_over"]

    over, status = 0, "held"
    while status == "held":
        assert not over, "it was over before it was asked for"
        time.sleep(0.01)
        over, status = is_over(), ok(stack.get(path))["status"]
    assert status == "expired" and is_over()
    reserve(stack, new_user(), concert, concert.item, 1)
    assert ok(stack.get(path)) == made | {"status": "expired"}


def test_statuses_of_reservations(stack, concert):
    user = new_user()
    paid, _ = buy(stack, user, concert)
    held, expired, cancelled = (reserve(stack, user, concert) for _ in range(3))
    age_hold(stack, expired["reservationId"], 300)
    ok(stack.call("DELETE", f"/reservation/{cancelled['reservationId']}?userId={user}"))
    rows = ok(stack.get(f"/reservation?userId={user}"))["reservations"]
    assert [list(row) for row in rows] == [RESERVATION] * 4
    assert [(row["reservationId"], row["status"]) for row in rows] == [
        (cancelled["reservationId"], "cancelled"), (expired["reservationId"], "expired"),
        (held["reservationId"], "held"),
        (paid["reservationId"], "paid"),
    ]
    assert [row["seats"] for row in rows] == [row["seats"] for row in (cancelled, expired, held, paid)]


def test_a_page_shows_each_reservation_as_it_is_by_itself(stack):
    """Of several concerts and sizes, with others' in between."""
    user, concerts = new_user(), [new_concert(stack), new_concert(stack, price=500)]
    made = []
    for first in range(1, 17, 5):
        for concert in concerts:
            seats = list(range(first, first + 1 + len(made) % 4))
            made.append(reserve(stack, user, concert, concert.item, seats))
            reserve(stack, new_user(), concert, concert.item, first + 4)
    concerts[1].set(status="'cancelled'")
    alone = [ok(stack.get(f"/reservation/{one['reservationId']}?userId={user}")) for one in reversed(made)]
    assert [one["seats"] for one in alone] == [one["seats"] for one in reversed(made)]
    assert [one["status"] for one in alone] == ["cancelled", "held"] * 4
    page = ok(stack.get(f"/reservation?userId={user}&limit=5"))
    assert page["reservations"] == alone[:5]
    assert ok(stack.get(f"/reservation?userId={user}&before={page['next']}"))["reservations"] == alone[5:]


def test_best_available(stack):
    """The answer names the seats; the rules of the choice have tests of their own."""
    concert = new_concert(stack, seats=10)
    ask = {"concertId": concert.id, "itemId": concert.item}
    made = ok(stack.post("/reservation", ask | {"userId": new_user(), "count": 3}))
    assert list(made) == RESERVATION
    assert [seat["seatId"] for seat in made["seats"]] == [1, 2, 3]
    made = ok(stack.post("/reservation",
        ask | {"userId": new_user(), "count": 2, "section": "A", "maxPrice": 1000}))
    assert [seat["seatId"] for seat in made["seats"]] == [4, 5]
    for wish in ({"count": 1, "section": "a"}, {"count": 1, "section": "Nowhere"},
        {"count": 1, "maxPrice": 999}, {"count": 6}):
        assert_problem(stack.post("/reservation", ask | {"userId": new_user()} | wish), "seats_not_available")


# ---- points


def test_points(stack):
    user = new_user()
    assert ok(stack.get(f"/point?userId={user}")) == {"userId": user, "balance": 0}
    charged = charge(stack, user, 500)
    assert list(charged) == ["userId", "balance", "amount", "historyId"]
    assert charged | {"historyId": 0} == {"userId": user, "balance": 500, "amount": 500, "historyId": 0}
    used = ok(stack.post("/point/use", {"userId": user, "amount": 120}))
    assert list(used) == ["userId", "balance", "amount", "historyId"]
    assert (used["balance"], used["amount"]) == (380, 120)
    rows = ok(stack.get(f"/point/history?userId={user}"))["history"]
    assert [list(row) for row in rows] == [ENTRY] * 2
    shown = [[row[name] for name in ENTRY[:5]] for row in rows]
    assert shown == [[used["historyId"], "use", -120, 380, None],
        [charged["historyId"], "charge", 500, 500, None]]


def test_the_ledgers_sum_is_the_balance(stack, concert):
    user = new_user()
    held, _ = buy(stack, user, concert)
    charge(stack, user, 700)
    ok(stack.post("/point/use", {"userId": user, "amount": 50}))
    ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
    rows = ok(stack.get(f"/point/history?userId={user}"))["history"]
    assert {row["kind"] for row in rows} == {"charge", "use", "payment", "refund"}
    assert sum(row["amount"] for row in rows) == balance(stack, user) == 1650
    total = 0
    for row in reversed(rows):
        total += row["amount"]
        assert row["balanceAfter"] == total
        assert (row["amount"] > 0) == (row["kind"] in ("charge", "refund"))
        assert (row["reservationId"] is not None) == (row["kind"] in ("payment", "refund"))


def test_balance_limit(stack):
    """10,000,000,000 points: reached, never passed by a charge, and no bar to a refund."""
    concert = new_concert(stack, seats=1)
    user = new_user()
    held, _ = buy(stack, user, concert)
    for _ in range(10):
        charge(stack, user, 10**9)
    assert balance(stack, user) == 10**10
    for amount in (1, 10**9):
        assert_problem(stack.post("/point/charge", {"userId": user, "amount": amount}), "balance_limit")
    refunded = ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
    assert refunded["balance"] == balance(stack, user) == 10**10 + 1000
    assert_problem(stack.post("/point/charge", {"userId": user, "amount": 1}), "balance_limit")
    assert ok(stack.post("/point/use", {"userId": user, "amount": 10**9}))["balance"] == 9 * 10**9 + 1000


# ---- payments


def test_payment(stack, concert):
    user = new_user()
    held, paid = buy(stack, user, concert)
    assert list(paid) == ["paymentId", "reservationId", "userId", "amount", "balance", "status", "paidAt"]
    assert (paid["reservationId"], paid["userId"]) == (held["reservationId"], user)
    assert (paid["amount"], paid["balance"], paid["status"]) == (1000, 0, "paid")
    assert held["createdAt"] <= paid["paidAt"] < held["expiresAt"]
    rows = ok(stack.get(f"/payment?userId={user}"))
    assert rows["next"] is None
    assert [list(row) for row in rows["payments"]] == [PAYMENT]
    del paid["balance"]
    assert rows["payments"] == [paid | {"refundedAmount": 0, "fee": 0}]
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}")) == held | {"status": "paid"}


def test_a_free_seat(stack):
    """Paid with amount 0 and a ledger row of 0, by a user who never charged; refunded likewise."""
    concert = new_concert(stack, seats=1, price=0)
    user = new_user()
    held, paid = buy(stack, user, concert)
    assert (held["totalPrice"], paid["amount"], paid["balance"]) == (0, 0, 0)
    refunded = ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
    assert (refunded["refundedAmount"], refunded["fee"], refunded["balance"]) == (0, 0, 0)
    rows = ok(stack.get(f"/point/history?userId={user}"))["history"]
    assert [(row["kind"], row["amount"], row["balanceAfter"]) for row in rows] == [("refund", 0, 0),
        ("payment", 0, 0)]


def test_the_dearest_seat(stack):
    concert = new_concert(stack, seats=8, price=10**9)
    user = new_user()
    made = reserve(stack, user, concert, concert.item, [1, 2, 3, 4, 5, 6, 7, 8])
    assert made["totalPrice"] == 8 * 10**9
    for _ in range(8):
        charge(stack, user, 10**9)
    paid = pay(stack, user, made["reservationId"], add_token(stack, user, concert)["token"])
    assert (paid["amount"], paid["balance"]) == (8 * 10**9, 0)
