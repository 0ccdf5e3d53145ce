"""/admin/concert: making, looking into and changing concerts, and that buyers feel a change at once."""

import copy
import json
import re
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from crowd import lock_waits

from helpers import (
    NOTHING_APART, add_token, age_hold, ask_pay, ask_reserve, assert_problem, buy, charge, new_concert, new_user, ok, reserve,
)
from stack import wait_for

pytestmark = pytest.mark.usefixtures("audited")

ABSENT = object()
DEFAULTS = {
    "timeZone": "Asia/Seoul", "status": "closed", "opensAt": None, "closesAt": None, "admissionCapacity": None, "activeSeconds": 600,
    "idleSeconds": None, "challenge": "off",
    "holdSeconds": 300, "maxSeatsPerUser": 8, "paused": False, "description": None, "ageLimit": None,
    "runningMinutes": None, "poster": None, "seatReturns": False, "swaps": False, "transfers": False, "reentry": False,
    "waitlist": False, "waitlistSeconds": 3600,
}
ABOUT = ("description", "ageLimit", "runningMinutes", "poster")
DAY = {"date": "2031-05-01", "startsAt": "2031-05-01T19:30:00+09:00"}


@pytest.fixture(scope="module")
def admin(stack):
    return Admin(stack)


class Admin:
    """The operator's calls."""

    def __init__(self, stack):
        self.stack = stack
        self.headers = stack.admin_headers()

    def post(self, body, client=None, **headers):
        return (client or self.stack).post("/admin/concert", body, **self.headers, **headers)

    def make(self, body):
        return ok(self.post(body))

    def ask(self, concert_id):
        return self.stack.get(f"/admin/concert/{concert_id}", **self.headers)

    def get(self, concert_id):
        return ok(self.ask(concert_id))

    def ask_patch(self, concert_id, body):
        return self.stack.call("PATCH", f"/admin/concert/{concert_id}", body, self.headers)

    def patch(self, concert_id, **changes):
        return ok(self.ask_patch(concert_id, changes))

    def log(self, concert_id):
        return self.stack.query(
            "SELECT actor, action, detail FROM audit_log WHERE concert_id = %s ORDER BY audit_log_id", concert_id)

    def count(self):
        return self.stack.query(
            "SELECT (SELECT COUNT(*) FROM concert) AS c, (SELECT COUNT(*) FROM item) AS i,"
            " (SELECT COUNT(*) FROM seat) AS s, (SELECT COUNT(*) FROM audit_log) AS l")[0]


def draft(*ranges, **settings):
    """A concert of one item."""
    return {"title": "T", "venue": "V", "items": [DAY | {"seats": list(ranges) or [{"from": 1, "to": 4, "price": 9}]}],
            } | settings


def changed(body, path, value):
    """A copy with the member at this path set, or left out (ABSENT)."""
    body = copy.deepcopy(body)
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    if value is ABSENT:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return body


def seats_of(stack, made, number=0):
    path = f"/concert/{made['concertId']}/item/{made['itemIds'][number]}"
    return ok(stack.fresh(f"{path}/layout"))["seats"]


# ---- making


def test_the_least_that_is_needed(admin):
    """A title, a venue and no item: everything else has a default."""
    made = admin.make({"title": "T", "venue": "V", "items": []})
    assert list(made) == ["concertId", "itemIds"] and made["itemIds"] == []
    got = admin.get(made["concertId"])
    expected = {"concertId": made["concertId"], "title": "T", "venue": "V"} | DEFAULTS
    assert {name: got[name] for name in expected} == expected
    assert got["sales"] == {"seatCount": 0, "available": 0, "held": 0, "sold": 0, "blocked": 0, "revenue": 0} | NOTHING_APART
    assert got["queue"] == {"serving": 0, "lastNumber": 0, "waiting": 0, "active": 0}


@pytest.mark.parametrize("name", [
    "UTC", "Asia/Kathmandu", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "America/Port-au-Prince"])
def test_time_zones(admin, stack, name):
    made = admin.make(draft(timeZone=name))["concertId"]
    assert admin.get(made)["timeZone"] == ok(stack.fresh(f"/concert/{made}"))["timeZone"] == name
    assert admin.patch(made, timeZone="Asia/Tokyo")["timeZone"] == "Asia/Tokyo"


def test_a_time_zone_that_tzdata_has_lost(admin, stack):
    """As Asia/Calcutta when Debian 12 becomes 13: the concert goes on with it, and a new one may not have it."""
    made = admin.make(draft())["concertId"]
    stack.query("UPDATE concert SET time_zone = 'Asia/Nowhere' WHERE concert_id = %s", made)
    assert ok(stack.fresh(f"/concert/{made}"))["timeZone"] == "Asia/Nowhere"
    assert admin.patch(made, title="Still on sale")["timeZone"] == "Asia/Nowhere"
    assert_problem(admin.ask_patch(made, {"timeZone": "Asia/Nowhere"}), "invalid_field", field="timeZone")


def test_the_time_zone_of_new_concerts(new_stack):
    """It is written down: another setting changes no concert but those from before there were time zones."""
    stack = new_stack(time_zone="Europe/London", workers=1)
    admin = Admin(stack)
    made, old = (admin.make(draft())["concertId"] for _ in range(2))
    assert stack.query("SELECT time_zone FROM concert WHERE concert_id = %s", made)[0]["time_zone"] == "Europe/London"
    stack.query("UPDATE concert SET time_zone = NULL WHERE concert_id = %s", old)
    assert [row["timeZone"] for row in (admin.get(old), ok(stack.fresh(f"/concert/{old}")))] == ["Europe/London"] * 2
    for wrong in ("", "Europe/Nowhere", "../UTC", "posix/UTC"):
        done = stack.program("frontrow", "--check", time_zone=wrong)
        assert done.returncode == 78 and "time_zone" in done.stderr, wrong


def test_everything_that_can_be_said(admin, stack):
    settings = {
        "timeZone": "Pacific/Auckland",
        "title": "별빛 " + "\U0001f3b5" * 197, "venue": "올" * 200, "status": "open",
        "opensAt": "2026-01-01T09:00:00.25+09:00", "closesAt": "2031-05-01T00:00:00-05:30",
        "admissionCapacity": 7, "activeSeconds": 86400, "idleSeconds": 30, "holdSeconds": 3600, "maxSeatsPerUser": 1,
        "challenge": "proof",
    }
    made = admin.make(draft() | settings)
    got = admin.get(made["concertId"])
    settings |= {"opensAt": "2026-01-01T00:00:00.250Z", "closesAt": "2031-05-01T05:30:00.000Z"}
    assert {name: got[name] for name in settings} == settings
    shown = ok(stack.get(f"/concert/{made['concertId']}"))
    for name in ("title", "venue", "opensAt", "closesAt", "holdSeconds", "maxSeatsPerUser"):
        assert shown[name] == settings[name]
    assert (shown["status"], shown["queue"], shown["itemCount"]) == ("open", True, 1)


def test_nulls_that_are_values(admin):
    names = ("opensAt", "closesAt", "admissionCapacity", "idleSeconds", "maxSeatsPerUser")
    got = admin.get(admin.make(draft(**dict.fromkeys(names)))["concertId"])
    assert [got[name] for name in names] == [None] * 5


def test_item_ids_are_in_the_order_of_the_items(admin, stack):
    body = draft(status="open")
    dates = ["2031-07-03", "2031-07-01", "2031-07-02", "2031-07-01"]
    body["items"] = [body["items"][0] | {"date": date} for date in dates]
    made = admin.make(body)
    shown = {row["itemId"]: row for row in ok(stack.get(f"/concert/{made['concertId']}/item"))["items"]}
    assert [shown[item]["date"] for item in made["itemIds"]] == dates
    assert list(shown) == sorted(shown, key=lambda item: (shown[item]["date"], item))
    assert {row["startsAt"] for row in shown.values()} == {"2031-05-01T10:30:00.000Z"}, "the date is the venue's own"
    concert = ok(stack.get(f"/concert/{made['concertId']}"))
    assert (concert["firstDate"], concert["lastDate"], concert["itemCount"]) == ("2031-07-01", "2031-07-03", 4)


def test_what_seats_are_called(admin, stack):
    """Labels and x count on from the range's first; y, section, row and price stay."""
    made = admin.make(draft(
        {"from": 11, "to": 13, "price": 5, "section": "VIP", "row": "가", "firstLabel": 101, "x": -1, "y": 7},
        {"from": 1, "to": 2, "price": 0},
        {"from": 20, "to": 20, "price": 1_000_000_000, "firstLabel": 0, "x": 0}, status="open"))
    assert seats_of(stack, made) == [
        {"seatId": 1, "section": "A", "row": "1", "label": "1", "price": 0, "x": None, "y": None},
        {"seatId": 2, "section": "A", "row": "1", "label": "2", "price": 0, "x": None, "y": None},
        {"seatId": 11, "section": "VIP", "row": "가", "label": "101", "price": 5, "x": -1, "y": 7},
        {"seatId": 12, "section": "VIP", "row": "가", "label": "102", "price": 5, "x": 0, "y": 7},
        {"seatId": 13, "section": "VIP", "row": "가", "label": "103", "price": 5, "x": 1, "y": 7},
        {"seatId": 20, "section": "A", "row": "1", "label": "0", "price": 1_000_000_000, "x": 0, "y": None},
    ]
    concert = ok(stack.get(f"/concert/{made['concertId']}"))
    assert (concert["minPrice"], concert["maxPrice"]) == (0, 1_000_000_000)


def test_blocked_seats(admin, stack):
    """Shown as sold, never had, counted apart; their neighbours are for sale."""
    made = admin.make(draft(
        {"from": 1, "to": 2, "price": 3}, {"from": 3, "to": 5, "price": 3, "blocked": True},
        {"from": 6, "to": 6, "price": 3, "blocked": False}, status="open"))
    concert, item = made["concertId"], made["itemIds"][0]
    seats = ok(stack.get(f"/concert/{concert}/item/{item}/seat"))["seats"]
    assert [seat["status"] for seat in seats] == ["available"] * 2 + ["sold"] * 3 + ["available"]
    items = ok(stack.get(f"/concert/{concert}/item"))["items"]
    assert (items[0]["seatCount"], items[0]["availableCount"]) == (6, 3)
    body = {"userId": new_user(), "concertId": concert, "itemId": item}
    assert_problem(stack.post("/reservation", body | {"seatId": 4}), "seat_taken", seatIds=[4])
    assert_problem(stack.post("/reservation", body | {"seatIds": [5, 2, 3]}), "seat_taken", seatIds=[3, 5])
    ok(stack.post("/reservation", body | {"seatIds": [2, 6]}))
    assert admin.get(concert)["sales"] == {
        "seatCount": 6, "available": 1, "held": 2, "sold": 0, "blocked": 3, "revenue": 0} | NOTHING_APART


def test_unknown_fields_are_ignored(admin):
    body = draft({"from": 1, "to": 1, "price": 1, "colour": "red"}, paused="no", concertId=1, sales={})
    body["items"][0]["itemId"] = "x"
    assert admin.get(admin.make(body)["concertId"])["paused"] is False


def test_a_thousand_items(admin, stack):
    body = draft()
    body["items"] = [DAY | {"seats": [{"from": 1, "to": 1, "price": 1}]}] * 1000
    made = admin.make(body)
    assert len(set(made["itemIds"])) == 1000 == ok(stack.get(f"/concert/{made['concertId']}"))["itemCount"]
    body["items"] += body["items"][:1]
    assert_problem(admin.post(body), "invalid_field", field="items")


def test_a_body_of_a_mebibyte(admin):
    """As many seats, each with all that can be said of it, as it holds."""
    ranges = [
        {"from": n, "to": n, "price": 1, "section": "Section %02d" % (n // 1000), "row": "Row %03d" % (n // 50),
         "firstLabel": n % 50, "blocked": False, "x": n % 50 * 20, "y": n // 50 * 20}
        for n in range(1, 7_500)]
    body = json.dumps(draft(*ranges)).encode()
    assert 2**20 - 20_000 < len(body) <= 2**20, len(body)
    body += b" " * (2**20 - len(body))
    assert admin.get(ok(admin.post(body))["concertId"])["sales"]["seatCount"] == 7_499
    assert_problem(admin.post(body + b" "), "body_too_large")


FULL = {
    "title": "T", "venue": "V", "timeZone": "Europe/Berlin", "status": "open", "opensAt": "2030-01-01T00:00:00Z",
    "closesAt": "2030-01-02T00:00:00Z", "admissionCapacity": 1, "activeSeconds": 1, "idleSeconds": 30, "holdSeconds": 1,
    "maxSeatsPerUser": 1, "items": [
        DAY | {"seats": [{"from": 1, "to": 2, "price": 1}]},
        DAY | {"seats": [
            {"from": 1, "to": 2, "price": 1},
            {"from": 5, "to": 6, "price": 1, "section": "S", "row": "R", "firstLabel": 1, "blocked": True,
             "x": 1, "y": 1}]}]}
SEAT = ("items", 1, "seats", 1)
WRONG_INTEGERS = ["1", 1.0, True, [1], {}]
WRONG_TEXTS = ["", 1, None, True, ["x"]]
WRONG_TIMES = ["", "2030-01-01", "2030-01-01T00:00:00", "2030-02-30T00:00:00Z", "2030-01-01 25:00:00Z", 0, True]
REFUSED = [
    (("title",), [ABSENT, "x" * 201, *WRONG_TEXTS]),
    (("venue",), [ABSENT, "한" * 201, *WRONG_TEXTS]),
    (("timeZone",), [
        "Asia/Seul", "asia/seoul", "Asia/", "/Asia/Seoul", "Asia//Seoul", "../zoneinfo/Asia/Seoul",
        "Asia/../Asia/Seoul", "./Asia/Seoul", "posix/Asia/Seoul", "right/UTC", "posixrules", "tzdata.zi", "zone.tab",
        "Asia", "UTC\n", " UTC", "KST", "+09:00", "서울", "A" * 64, "A" * 65, "한" * 64, *WRONG_TEXTS]),
    (("status",), ["cancelled", "scheduled", "Open", "", None, 1]),
    (("opensAt",), WRONG_TIMES),
    (("closesAt",), [*WRONG_TIMES, "2030-01-01T00:00:00Z", "2029-12-31T23:59:59.999Z"]),
    (("admissionCapacity",), [-1, 2**31, *WRONG_INTEGERS]),
    (("activeSeconds",), [0, 86401, None, *WRONG_INTEGERS]),
    (("idleSeconds",), [0, 29, 86401, *WRONG_INTEGERS]),
    (("challenge",), ["", "Proof", "on", None, 1, True, ["proof"]]),
    (("holdSeconds",), [0, 3601, None, *WRONG_INTEGERS]),
    (("maxSeatsPerUser",), [0, -1, 2**31, *WRONG_INTEGERS]),
    (("items",), [ABSENT, None, {}, "x", 1]),
    (("items", 1), [None, [], "x", 1]),
    (("items", 1, "date"), [ABSENT, None, "2030-2-1", "2030-02-30", "20300201", 20300201]),
    (("items", 1, "startsAt"), [ABSENT, None, *WRONG_TIMES]),
    (("items", 1, "seats"), [ABSENT, None, [], {}, "x"]),
    (SEAT, [None, [], 1]),
    ((*SEAT, "from"), [ABSENT, None, 0, -1, 2**31, *WRONG_INTEGERS]),
    ((*SEAT, "to"), [ABSENT, None, 4, 2**31, *WRONG_INTEGERS]),
    ((*SEAT, "price"), [ABSENT, None, -1, 1_000_000_001, *WRONG_INTEGERS]),
    ((*SEAT, "section"), ["x" * 33, *WRONG_TEXTS]),
    ((*SEAT, "row"), ["한" * 33, *WRONG_TEXTS]),
    ((*SEAT, "firstLabel"), [None, *WRONG_INTEGERS]),
    ((*SEAT, "blocked"), [None, 0, 1, "true"]),
    ((*SEAT, "x"), [None, *WRONG_INTEGERS]),
    ((*SEAT, "y"), [None, *WRONG_INTEGERS]),
]


def field_name(path):
    """items[0].seats[1].price"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


@pytest.mark.parametrize("path, values", REFUSED, ids=[field_name(path) for path, _ in REFUSED])
def test_fields_that_are_not_valid(admin, path, values):
    """Each is named with the way to it, and nothing was made."""
    before = admin.count()
    for value in values:
        answer = admin.post(changed(FULL, path, value))
        assert_problem(answer, "invalid_field", field=field_name(path))
    assert admin.count() == before


def test_ranges_do_not_overlap(admin):
    for first, second in (((1, 5), (5, 9)), ((5, 9), (1, 5)), ((1, 9), (3, 4)), ((3, 4), (1, 9)), ((2, 2), (2, 2))):
        ranges = [{"from": a, "to": b, "price": 1} for a, b in (first, (100, 200), second)]
        assert assert_problem(admin.post(draft(*ranges)), "invalid_field")["field"].startswith("items[0].seats[")
    body = draft({"from": 1, "to": 5, "price": 1}, {"from": 6, "to": 9, "price": 1})
    body["items"] *= 2  # of the same numbers in another item
    admin.make(body)


def named(first, last, label, **names):
    return {"from": first, "to": last, "price": 1, "firstLabel": label} | names


def test_two_seats_have_no_name_in_common(admin):
    """Who holds "A, row 1, seat 1" must find one seat with that name."""
    for one, other in [
        (named(1, 3, 1), named(11, 13, 1)),
        (named(1, 3, 1), named(11, 13, 3)),
        (named(11, 13, 3), named(1, 3, 1)),
        (named(1, 9, 1), named(11, 11, 5)),
        (named(1, 1, 1, section="A", row="1"), named(2, 2, 1)),
        (named(1, 2, 2**31 - 2), named(11, 12, 2**31 - 1)),
    ]:
        problem = assert_problem(admin.post(draft(one, named(100, 200, 5000), other)), "invalid_field")
        assert problem["field"] in ("items[0].seats[0].firstLabel", "items[0].seats[2].firstLabel")
    admin.make(draft(named(1, 3, 1), named(11, 13, 4), named(21, 23, 1, row="2"), named(31, 33, 1, section="B")))


def test_100001_seats(admin):
    """Over all items."""
    body = draft({"from": 1, "to": 50_000, "price": 1})
    body["items"].append(DAY | {"seats": [{"from": 1, "to": 50_001, "price": 1}]})
    assert_problem(admin.post(body), "invalid_field", field="items[1].seats")
    assert_problem(admin.post(draft({"from": 1, "to": 2**31 - 1, "price": 1})), "invalid_field",
                   field="items[0].seats")


def test_the_last_seat_number(admin, stack):
    last = 2**31 - 1
    made = admin.make(draft({"from": last - 1, "to": last, "price": 1, "x": 1_000_000}, status="open"))
    assert [seat["seatId"] for seat in seats_of(stack, made)] == [last - 1, last]
    body = {"userId": new_user(), "concertId": made["concertId"], "itemId": made["itemIds"][0]}
    assert ok(stack.post("/reservation", body | {"count": 2}))["seats"][1]["label"] == str(last)


def test_what_is_no_object(admin):
    for body in (b"", b"[]", b"null", b'"x"', b'{"title":"a","title":"b"}', b'{"title":"\\u0000"}', b"{}x"):
        assert_problem(admin.post(body), "invalid_json")
        assert_problem(admin.ask_patch(1, body), "invalid_json")


# ---- who may


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Bearer x", "Basic x", "x"])
def test_only_with_the_key(stack, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in (("POST", "/admin/concert"), ("GET", "/admin/concert/1"), ("PATCH", "/admin/concert/1")):
        assert_problem(stack.call(method, path, {} if method != "GET" else None, headers), "unauthorized")


def test_a_part_of_the_key_is_not_the_key(stack, admin):
    key = admin.headers["Authorization"]
    for wrong in (key[:-1], key + "x", key.swapcase(), key + " "):
        if wrong.strip() != key:
            assert_problem(stack.get("/admin/concert/1", Authorization=wrong), "unauthorized")


def test_no_answer_may_be_kept(stack, admin):
    assert admin.ask(1).headers["Cache-Control"] == "no-store"
    assert "ETag" not in admin.ask(1).headers


# ---- the same again


def test_a_repeated_call_makes_one_concert(admin):
    key = {"Idempotency-Key": new_user("key")}
    first, second = admin.post(draft(), **key), admin.post(draft(), **key)
    assert (first.status, first.body) == (second.status, second.body)
    assert second.headers["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first.headers
    assert [row["action"] for row in admin.log(first.json()["concertId"])] == ["concert create"]
    assert_problem(admin.post(draft(title="Other"), **key), "idempotency_key_reused")


def test_without_a_key_there_are_two(admin):
    assert admin.make(draft())["concertId"] != admin.make(draft())["concertId"]


# ---- the log


def test_each_change_leaves_a_row(admin):
    made = admin.make(draft(title="밤"))["concertId"]
    admin.patch(made, title="낮", holdSeconds=60)
    admin.patch(made, status="open")
    assert_problem(admin.ask_patch(made, {"holdSeconds": 0}), "invalid_field")
    admin.get(made)
    log = admin.log(made)
    assert [(row["actor"], row["action"]) for row in log] == [
        ("admin", "concert create"), ("admin", "concert change"), ("admin", "concert change")]
    assert log[0]["detail"] == "밤"
    assert json.loads(log[1]["detail"]) == {"title": "낮", "holdSeconds": 60}


def test_a_long_change_is_logged_in_part(admin):
    made = admin.make(draft())["concertId"]
    assert admin.patch(made, venue="W", padding="한" * 100_000)["venue"] == "W"
    detail = admin.log(made)[1]["detail"]
    assert detail.startswith('{"venue": "W"') and len(detail) == 10_000


# ---- looking


def test_no_such_concert(admin):
    for wrong in ("2000000000", "0", "abc", "01", "2147483648"):
        assert_problem(admin.ask(wrong), "concert_not_found")
        assert_problem(admin.ask_patch(wrong, {"venue": "W"}), "concert_not_found")


def test_sales(admin, stack):
    concert = new_concert(stack, items=2, seats=20, price=70)
    first, second = concert.items
    buy(stack, new_user(), concert, item=first, seats=[1, 2, 3])
    buy(stack, new_user(), concert, item=second, seats=1)
    reserve(stack, new_user(), concert, first, [4, 5])
    lapsed = reserve(stack, new_user(), concert, second, [9, 10])
    age_hold(stack, lapsed["reservationId"], 301)
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no > 17", second)
    assert admin.get(concert.id)["sales"] == {
        "seatCount": 40, "available": 31, "held": 2, "sold": 4, "blocked": 3, "revenue": 280} | NOTHING_APART


def test_the_queue(admin, stack):
    concert = new_concert(stack, capacity=2)
    for _ in range(5):
        add_token(stack, new_user(), concert)
    assert admin.get(concert.id)["queue"] == {"serving": 2, "lastNumber": 5, "waiting": 3, "active": 2}


# ---- changing


def test_a_change_answers_all(admin):
    made = admin.make(draft())["concertId"]
    got = admin.patch(made, title="New")
    assert got["title"] == "New"
    assert got == admin.get(made)


def test_what_is_not_named_stays(admin):
    made = admin.make(changed(FULL, ("status",), "closed"))["concertId"]
    before = admin.get(made)
    changes = {
        "title": "t", "venue": "v", "timeZone": "America/Argentina/Buenos_Aires", "status": "open", "opensAt": "2029-01-01T00:00:00.000Z",
        "closesAt": "2031-01-01T00:00:00.000Z", "admissionCapacity": 0, "activeSeconds": 86400, "idleSeconds": 86400,
        "holdSeconds": 3600, "maxSeatsPerUser": 2**31 - 1, "paused": True, "maxWaiting": 5, "challenge": "proof", "drawLeadSeconds": 86400,
        "description": "첫째 줄\n" + "\U0001f3b5" * 3995, "ageLimit": 0, "runningMinutes": 1440, "poster": f"poster/{'p' * 117}.jpg",
        "seatReturns": True, "swaps": True, "transfers": True, "reentry": True,
        "waitlist": True, "waitlistSeconds": 86400,
    }

    def patch(name, value):
        """The answer but for what is told of Redis' memory, which has tests of its own."""
        return {member: got for member, got in admin.patch(made, **{name: value}).items() if member != "warnings"}

    for name, value in changes.items():
        before[name] = value
        assert patch(name, value) == before, name
    for name in ("opensAt", "closesAt", "admissionCapacity", "idleSeconds", "maxSeatsPerUser", *ABOUT):
        before[name] = None
        assert patch(name, None) == before, name
    assert admin.patch(made) == before
    assert admin.patch(made, unknown=1, items=[], concertId=5) == before


@pytest.mark.parametrize("path, values", [row for row in REFUSED if len(row[0]) == 1 and row[0][0] != "items"] + [
    (("paused",), [None, 0, "true"]), (("seatReturns",), [None, 1, "yes"]), (("swaps",), [None, 1, "yes"]), (("transfers",), [None, 1, "yes"]), (("reentry",), [None, 1, "yes"]), (("waitlist",), [None, 1, "yes"]),
    (("waitlistSeconds",), [59, 86401, None, *WRONG_INTEGERS]), (("maxWaiting",), [-1, None, 2**31, *WRONG_INTEGERS]),
    (("draw",), [None, 0, "true"]), (("drawLeadSeconds",), [0, 86401, None, *WRONG_INTEGERS]),
    (("beacon",), [None, 1, "x", []]),
    (("description",), ["", "x" * 4001, 1, ["x"]]), (("ageLimit",), [-1, 100, *WRONG_INTEGERS]),
    (("runningMinutes",), [0, 1441, *WRONG_INTEGERS]),
    (("poster",), [
        "", "a.jpg", "/poster/a.jpg", "poster/", "poster/.jpg", "poster/a", "poster/a.svg", "poster/a.jpg?x", "poster/a/b.jpg",
        "poster/../a.jpg", "poster/..jpg", "poster/.a.jpg", "poster/한.jpg", "poster/a b.jpg", "poster/a.JPG", "../poster/a.jpg", "//example.com/a.jpg",
        "https://example.com/poster/a.jpg", "data:image/png;base64,", f"poster/{'p' * 118}.jpg", 1]),
], ids=lambda value: value[0] if isinstance(value, tuple) else "")
def test_changes_that_are_not_valid(admin, path, values):
    """Nothing is changed, not even what was valid beside; and it is said before the concert is looked for."""
    made = admin.make(FULL)["concertId"]
    before = admin.get(made)
    for value in values:
        if value is ABSENT:
            continue
        body = {"venue": "Other", path[0]: value}
        assert_problem(admin.ask_patch(made, body), "invalid_field", field=path[0])
        if not (path[0] == "closesAt" and value in ("2030-01-01T00:00:00Z", "2029-12-31T23:59:59.999Z")):
            assert_problem(admin.ask_patch(2_000_000_000, body), "invalid_field", field=path[0])
    assert admin.get(made) == before


def test_times_in_order_with_what_stands_there(admin):
    made = admin.make(draft(opensAt="2030-01-02T00:00:00Z", closesAt="2030-01-03T00:00:00Z"))["concertId"]
    for wrong in ({"opensAt": "2030-01-03T00:00:00Z"}, {"closesAt": "2030-01-02T00:00:00Z"}):
        assert_problem(admin.ask_patch(made, wrong), "invalid_field", field="closesAt")
    both = {"opensAt": "2030-01-05T00:00:00Z", "closesAt": "2030-01-04T00:00:00Z"}
    for number in (made, 2_000_000_000):
        assert_problem(admin.ask_patch(number, both), "invalid_field", field="closesAt")
    later = admin.patch(made, opensAt="2030-01-05T00:00:00Z", closesAt="2030-01-06T00:00:00Z")
    assert later["opensAt"] == "2030-01-05T00:00:00.000Z"
    assert admin.patch(made, closesAt=None)["closesAt"] is None
    admin.patch(made, opensAt="2031-01-05T00:00:00Z")


def test_what_buyers_are_told(admin, stack):
    """In their next answer that nginx asks for; lists do not have it. The log has what was changed of it."""
    made = admin.make(draft(status="open"))["concertId"]
    about = {"description": "A night\n한밤", "ageLimit": 12, "runningMinutes": 150, "poster": "poster/night.jpg"}
    shown = lambda: {name: ok(stack.fresh(f"/concert/{made}"))[name] for name in about}
    assert shown() == dict.fromkeys(about)
    admin.patch(made, **about)
    assert shown() == about
    assert admin.patch(made, ageLimit=15)["description"] == about["description"]
    assert shown() == about | {"ageLimit": 15}
    (listed,) = [row for row in ok(stack.fresh("/concert"))["concerts"] if row["concertId"] == made]
    assert not set(about) & set(listed)
    rows = ok(stack.get(f"/admin/log?concertId={made}", **admin.headers))["log"]
    assert (rows[0]["before"], rows[0]["after"]) == ({"ageLimit": 12}, {"ageLimit": 15})
    assert (rows[1]["before"], rows[1]["after"]) == (dict.fromkeys(about), about)


def test_a_poster_is_a_file_of_the_pages(stack):
    folder = stack.var / "www/poster"
    folder.mkdir(exist_ok=True)
    (folder / "a.png").write_bytes(b"picture")
    (folder / "b.txt").write_bytes(b"no picture")
    (stack.var / "www/c.png").write_bytes(b"elsewhere")
    answer = stack.get("/poster/a.png")
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"picture", "image/png")
    assert answer.headers["Cache-Control"] == "public, max-age=60" and answer.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/poster/b.txt", "/poster/c.png", "/poster/", "/poster/../c.png", "/c.png"):
        assert stack.get(path).status == 404, path


def test_an_idempotency_key_of_a_change_is_not_looked_at(admin, stack):
    made = admin.make(draft())["concertId"]
    headers = admin.headers | {"Idempotency-Key": new_user("key")}
    for venue in ("a", "b"):
        answer = stack.call("PATCH", f"/admin/concert/{made}", {"venue": venue}, headers)
        assert ok(answer)["venue"] == venue and "Idempotency-Replayed" not in answer.headers


def test_a_cancelled_concert_keeps_its_status_only(admin, stack):
    concert = new_concert(stack, status="cancelled")
    for status in ("open", "closed"):
        assert_problem(admin.ask_patch(concert.id, {"status": status}), "not_cancellable")
    assert_problem(admin.ask_patch(concert.id, {"status": "cancelled"}), "invalid_field", field="status")
    got = admin.patch(concert.id, title="Cancelled")
    assert (got["title"], got["status"]) == ("Cancelled", "cancelled")


# ---- what buyers feel, in their next call


@pytest.fixture
def concert(stack):
    return new_concert(stack, items=1, seats=40)


def test_open_and_closed(admin, stack, concert):
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    charge(stack, user, 10_000)
    admin.patch(concert.id, status="closed")
    assert_problem(ask_reserve(stack, user, concert, *concert.free_seat()), "concert_not_open")
    assert_problem(stack.post("/token/add", {"userId": user, "concertId": concert.id}), "concert_not_open")
    assert ok(ask_pay(stack, user, held["reservationId"], token))["status"] == "paid", "a live hold can still be paid"
    admin.patch(concert.id, status="open")
    reserve(stack, user, concert)


def test_opens_at_and_closes_at(admin, stack, concert):
    user = new_user()
    admin.patch(concert.id, opensAt="2035-01-01T00:00:00Z")
    refused = assert_problem(ask_reserve(stack, user, concert, *concert.free_seat()), "concert_not_open")
    assert "scheduled" in refused["detail"]
    admin.patch(concert.id, opensAt=None, closesAt="2025-01-01T00:00:00Z")
    refused = assert_problem(ask_reserve(stack, user, concert, *concert.free_seat()), "concert_not_open")
    assert "closed" in refused["detail"]
    admin.patch(concert.id, opensAt="2024-01-01T00:00:00+14:00", closesAt="2035-01-01T00:00:00Z")
    reserve(stack, user, concert)


def test_hold_seconds(admin, stack, concert):
    admin.patch(concert.id, holdSeconds=1)
    held = reserve(stack, new_user(), concert)
    seconds = [float(held[name][14:16]) * 60 + float(held[name][17:23]) for name in ("createdAt", "expiresAt")]
    assert (seconds[1] - seconds[0]) % 3600 == pytest.approx(1)


def test_max_seats_per_user(admin, stack, concert):
    user = new_user()
    reserve(stack, user, concert, concert.item, [1, 2])
    admin.patch(concert.id, maxSeatsPerUser=2)
    assert_problem(ask_reserve(stack, user, concert, concert.item, 3), "seat_limit_reached")
    admin.patch(concert.id, maxSeatsPerUser=3)
    reserve(stack, user, concert, concert.item, 3)
    admin.patch(concert.id, maxSeatsPerUser=None)
    reserve(stack, user, concert, concert.item, [4, 5, 6, 7])


def test_admission_capacity(admin, stack, concert):
    """Set, raised by one, and taken away."""
    one, two = new_user(), new_user()
    admin.patch(concert.id, admissionCapacity=0)
    assert_problem(ask_reserve(stack, one, concert, *concert.free_seat()), "token_missing")
    tokens = [add_token(stack, user, concert) for user in (one, two)]
    assert [token["status"] for token in tokens] == ["waiting", "waiting"]
    admin.patch(concert.id, admissionCapacity=1)
    assert add_token(stack, one, concert)["status"] == "active"
    assert add_token(stack, two, concert)["status"] == "waiting"
    reserve(stack, one, concert, token=tokens[0]["token"])
    admin.patch(concert.id, admissionCapacity=None)
    assert add_token(stack, two, concert)["status"] == "active"
    reserve(stack, two, concert)


def test_paused(admin, stack, concert):
    user = new_user()
    admin.patch(concert.id, admissionCapacity=5, paused=True)
    assert add_token(stack, user, concert)["status"] == "waiting"
    assert ok(stack.get(f"{concert.path}/queue"))["paused"] is True
    admin.patch(concert.id, paused=False)
    assert add_token(stack, user, concert)["status"] == "active"


def test_max_waiting(admin, stack, concert):
    admin.patch(concert.id, admissionCapacity=0, maxWaiting=1)
    add_token(stack, new_user(), concert)
    refused = stack.post("/token/add", {"userId": new_user(), "concertId": concert.id})
    assert_problem(refused, "queue_full")
    admin.patch(concert.id, maxWaiting=2)
    add_token(stack, new_user(), concert)


def test_active_seconds(admin, stack, concert):
    admin.patch(concert.id, admissionCapacity=2, activeSeconds=1)
    token = add_token(stack, new_user(), concert)["token"]
    time.sleep(1.1)  # from after its begin
    assert_problem(stack.get("/token", **{"X-Queue-Token": token}), "token_invalid")


def test_idle_seconds(admin, stack, concert):
    user = new_user()
    admin.patch(concert.id, admissionCapacity=3, activeSeconds=600)
    whole = add_token(stack, user, concert)["expiresAt"]
    admin.patch(concert.id, idleSeconds=30)
    assert add_token(stack, user, concert)["expiresAt"] == whole  # a token from before keeps its lease
    assert add_token(stack, new_user(), concert)["expiresAt"] < whole
    admin.patch(concert.id, idleSeconds=None)
    assert add_token(stack, new_user(), concert)["expiresAt"] > whole


# ---- what the queues may take of Redis


BYTES = 331  # of a waiting one


@pytest.fixture
def limit(stack):
    """Sets maxmemory, which is high enough for what there is, and puts it back."""
    control = stack.redis()
    before = control.config_get("maxmemory")["maxmemory"]
    yield lambda size: control.config_set("maxmemory", size)
    control.config_set("maxmemory", before)


def told(answer):
    """How many all queues together may have waiting, by the one warning; None where there is none."""
    if "warnings" not in answer:
        return None
    (warning,) = answer["warnings"]
    assert "503 queue_unavailable" in warning and warning.isascii()
    waiting, needed, most = map(int, re.findall(r"\d+(?= waiting| MiB)", warning))
    assert needed == waiting * BYTES // 2**20 and needed >= most
    return waiting


def test_queues_that_do_not_fit_into_redis_are_told(admin, stack, limit):
    limit(2**30)
    made = admin.make(draft(status="open", admissionCapacity=10))["concertId"]
    most = 2**31 - 1
    total = told(admin.patch(made, maxWaiting=most))
    assert total >= most
    limit(total * BYTES)
    assert told(admin.patch(made, admissionCapacity=11)) is None  # it just fits
    limit(total * BYTES - 1)
    assert told(admin.patch(made, admissionCapacity=12)) == total
    assert told(admin.patch(made, paused=True, title="Not about it")) is None
    assert told(admin.get(made)) is None
    assert told(admin.patch(made, maxWaiting=most - 1000)) is None
    # one more concert: told when it is made, closed as it may be, and counted for others once it is open
    small = admin.make(draft(admissionCapacity=1))
    assert told(small) == total + 2_000_000 - 1000
    admin.patch(small["concertId"], maxWaiting=5000)
    assert told(admin.patch(made, maxWaiting=most)) == total
    assert told(admin.patch(small["concertId"], status="open")) == total + 5000
    assert told(admin.patch(made, maxWaiting=most - 1)) == total + 5000 - 1
    assert told(admin.patch(small["concertId"], admissionCapacity=None)) is None
    assert told(admin.make(draft())) is None
    assert told(admin.patch(made, maxWaiting=most)) == total
    assert told(admin.patch(made, status="closed")) is None


@pytest.mark.parametrize("end", ["closes_at = UTC_TIMESTAMP(3)", "status = 'cancelled'", "status = 'closed'", None])
def test_a_queue_that_is_over_takes_nothing(admin, stack, limit, end):
    limit(2**30)
    first, second = (admin.make(draft(status="open", admissionCapacity=1))["concertId"] for _ in range(2))
    before = told(admin.patch(first, maxWaiting=2**31 - 1))
    if end:
        stack.query(f"UPDATE concert SET {end} WHERE concert_id = %s", second)
    else:
        stack.query("UPDATE item SET starts_at = UTC_TIMESTAMP(3) WHERE concert_id = %s", second)
    assert told(admin.patch(first, maxWaiting=2**31 - 2)) == before - 2_000_000 - 1
    admin.patch(first, status="closed")


def test_a_repeated_call_tells_the_same(admin, limit):
    limit(2**30)
    body = draft(admissionCapacity=1)
    large = admin.make(draft(status="open", admissionCapacity=1))["concertId"]
    admin.patch(large, maxWaiting=2**31 - 1)
    key = {"Idempotency-Key": f"memory-{large}"}
    first = admin.post(body, **key)
    admin.patch(large, status="closed")
    again = admin.post(body, **key)
    assert told(first.json()) is not None
    assert again.headers["Idempotency-Replayed"] == "true" and again.body == first.body


def test_that_nothing_bounds_redis_is_said_once(admin, stack, limit):
    sentence = "Redis has no maxmemory"
    limit(0)
    for _ in range(3 * stack.worker_count()):
        assert told(admin.make(draft(admissionCapacity=1))) is None
    assert 1 <= stack.log("frontrow").read_text().count(sentence) <= stack.worker_count()


# ---- a large hall while tickets are sold


def book_for(stack, concert, stop, times):
    """Reserves and gives back; how long each reservation took, and when it began."""
    client = stack.new_client()
    user = new_user()
    item, seat = concert.free_seat()
    while not stop.is_set():
        begin = time.monotonic()
        held = ok(ask_reserve(client, user, concert, item, seat))
        times.append((begin, time.monotonic() - begin))
        assert client.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}").status == 200
    client.close()


def test_100000_seats_in_one_call_while_buyers_book(admin, stack):
    """No buyer waits for it, and the watchdog kills nobody."""
    concert = new_concert(stack, seats=20)
    workers = stack.workers()
    log = stack.log("frontrow")
    size = log.stat().st_size
    rows = [{"from": n, "to": n + 99, "price": 5, "row": str(n // 100), "y": n // 100, "x": 0}
            for n in range(1, 50_000, 100)]
    body = draft(title="Large", status="open")
    body["items"] = [DAY | {"seats": rows}, DAY | {"seats": [{"from": 1, "to": 50_000, "price": 7}]}]
    stop, times = threading.Event(), []
    with ThreadPoolExecutor() as pool:
        booking = [pool.submit(book_for, stack, concert, stop, times) for _ in range(4)]
        try:
            wait_for(lambda: len(times) >= 4 or any(one.done() for one in booking))
            waits = lock_waits(stack)
            begin = time.monotonic()
            made = admin.make(body)
            end = time.monotonic()
        finally:
            stop.set()
        for one in booking:
            one.result()
    quiet = [took for at, took in times if at + took < begin]
    meanwhile = [took for at, took in times if begin < at < end]
    figures = (f"{end - begin:.2f} s; reservations {len(quiet)} before, {len(meanwhile)} meanwhile;"
               f" median {statistics.median(quiet) * 1000:.1f} and {statistics.median(meanwhile) * 1000:.1f} ms,"
               f" slowest {max(quiet) * 1000:.0f} and {max(meanwhile) * 1000:.0f} ms")
    print(figures)
    assert lock_waits(stack) == waits, figures
    assert stack.workers() == workers
    assert "watchdog" not in log.read_text()[size:]
    assert admin.get(made["concertId"])["sales"]["available"] == 100_000
    path = f"/concert/{made['concertId']}/item"
    assert [row["availableCount"] for row in ok(stack.get(path))["items"]] == [50_000, 50_000]
