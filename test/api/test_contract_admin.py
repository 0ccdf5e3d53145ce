"""The admin's calls of the contract: POST /admin/concert, GET and PATCH /admin/concert/{id}."""

import copy
import json
import time

import pytest
from helpers import (
    add_token, age_hold, ask_reserve, assert_problem, buy, new_concert, new_user, ok, reserve,
)

pytestmark = pytest.mark.usefixtures("audited")

SETTINGS = [
    "concertId", "title", "venue", "status", "opensAt", "closesAt", "admissionCapacity", "activeSeconds",
    "holdSeconds",
    "maxSeatsPerUser", "paused", "maxWaiting",
]
DEFAULTS = {
    "status": "closed", "opensAt": None, "closesAt": None, "admissionCapacity": None, "activeSeconds": 600,
    "holdSeconds": 300, "maxSeatsPerUser": None, "paused": False, "maxWaiting": 2000000,
}
ITEM = {"date": "2030-12-24", "startsAt": "2030-12-24T19:00:00+09:00",
    "seats": [{"from": 1, "to": 3, "price": 500}]}
CONCERT = {"title": "공연 (A Play)", "venue": "극장", "status": "open", "items": [ITEM]}


def ask(stack, method, path, body=None):
    return stack.call(method, f"/admin/concert{path}", body, stack.admin_headers())


def create(stack, concert=CONCERT, **changes):
    return ok(ask(stack, "POST", "", concert | changes))


def show(stack, concert_id):
    answer = ask(stack, "GET", f"/{concert_id}")
    assert answer.headers["Cache-Control"] == "no-store"
    return ok(answer)


def change(stack, concert_id, **members):
    return ok(ask(stack, "PATCH", f"/{concert_id}", members))


def logged(stack, concert_id):
    return stack.query("SELECT actor, action, detail FROM audit_log WHERE concert_id = %s ORDER BY audit_log_id", concert_id)


# ---- creating


def test_defaults(stack):
    made = create(stack, {"title": "T", "venue": "V", "items": []})
    assert list(made) == ["concertId", "itemIds"] and made["itemIds"] == []
    shown = show(stack, made["concertId"])
    assert list(shown)[:12] == SETTINGS
    assert {name: shown[name] for name in SETTINGS} == {"concertId": made["concertId"], "title": "T",
        "venue": "V"} | DEFAULTS
    assert shown["sales"] == {"seatCount": 0, "available": 0, "held": 0, "sold": 0, "blocked": 0, "revenue": 0}
    assert shown["queue"] == {"serving": 0, "lastNumber": 0, "waiting": 0, "active": 0}


def test_everything_set(stack):
    settings = {
        "title": "x" * 200, "venue": "가" * 200, "status": "open", "opensAt": "2026-01-01T00:00:00+09:00",
        "closesAt": "2031-01-01T00:00:00.125-01:30", "admissionCapacity": 0, "activeSeconds": 86400,
        "holdSeconds": 3600,
        "maxSeatsPerUser": 1,
    }
    shown = show(stack, create(stack, settings | {"items": []})["concertId"])
    utc = {"opensAt": "2025-12-31T15:00:00.000Z", "closesAt": "2031-01-01T01:30:00.125Z"}
    assert {name: shown[name] for name in settings} == settings | utc


def test_item_ids_are_in_the_order_of_the_items(stack):
    items = [ITEM | {"date": date} for date in ("2032-03-03", "2032-01-01", "2032-02-02")]
    made = create(stack, items=items)
    dates = {row["itemId"]: row["date"] for row in ok(stack.get(f"/concert/{made['concertId']}/item"))["items"]}
    assert [dates[item] for item in made["itemIds"]] == ["2032-03-03", "2032-01-01", "2032-02-02"]


def test_seats_of_ranges(stack):
    """The n-th seat has label firstLabel + n, x + n and y."""
    ranges = [
        {"from": 101, "to": 103, "price": 0},
        {"from": 5, "to": 6, "price": 10**9, "section": "가" * 32, "row": "줄", "firstLabel": 0, "x": -1, "y": 7},
        {"from": 2**31 - 1, "to": 2**31 - 1, "price": 7, "firstLabel": 2**31 - 1, "blocked": True},
        {"from": 7, "to": 7, "price": 1, "x": 5},
    ]
    made = create(stack, items=[ITEM | {"seats": ranges}])
    path = f"/concert/{made['concertId']}/item/{made['itemIds'][0]}"
    seats = ok(stack.get(f"{path}/layout"))["seats"]
    assert [tuple(seat.values()) for seat in seats] == [
        (5, "가" * 32, "줄", "0", 10**9, -1, 7), (6, "가" * 32, "줄", "1", 10**9, 0, 7),
        (7, "A", "1", "7", 1, 5, None), (101, "A", "1", "101", 0, None, None),
        (102, "A", "1", "102", 0, None, None),
        (103, "A", "1", "103", 0, None, None), (2**31 - 1, "A", "1", str(2**31 - 1), 7, None, None),
    ]
    statuses = [seat["status"] for seat in ok(stack.get(f"{path}/seat"))["seats"]]
    assert statuses == ["available"] * 6 + ["sold"]
    concert = ok(stack.get(f"/concert/{made['concertId']}"))
    assert (concert["minPrice"], concert["maxPrice"]) == (0, 10**9)


def test_the_date_need_not_be_the_utc_day(stack):
    made = create(stack, items=[ITEM | {"date": "2030-12-25", "startsAt": "2030-12-25T01:00:00+09:00"}])
    item = ok(stack.get(f"/concert/{made['concertId']}/item"))["items"][0]
    assert (item["date"], item["startsAt"]) == ("2030-12-25", "2030-12-24T16:00:00.000Z")


def test_it_can_be_sold_at_once(stack):
    made = create(stack)
    body = {"userId": new_user(), "concertId": made["concertId"], "itemId": made["itemIds"][0],
        "seatIds": [1, 2]}
    assert ok(stack.post("/reservation", body))["totalPrice"] == 1000
    assert made["concertId"] in [row["concertId"] for row in ok(stack.get("/concert?x=1"))["concerts"]]


def test_the_largest_concert(stack):
    """1,000 items and 100,000 seats in a call, within the admin's time."""
    items = [ITEM | {"seats": [{"from": 1, "to": 100, "price": 5}]}] * 1000
    began = time.monotonic()
    made = create(stack, items=items, status="closed")
    assert time.monotonic() - began < 20
    assert len(made["itemIds"]) == 1000
    assert show(stack, made["concertId"])["sales"]["seatCount"] == 100_000
    one_more = copy.deepcopy(items)
    one_more[7]["seats"][0]["to"] = 101
    answer = ask(stack, "POST", "", CONCERT | {"items": one_more})
    assert_problem(answer, "invalid_field")
    assert_problem(ask(stack, "POST", "", CONCERT | {"items": items + [ITEM]}), "invalid_field", field="items")


# ---- what is refused, and where it stands


def at(path, value):
    """The concert with one member changed (or left out: ...), named as the contract names it."""
    concert = copy.deepcopy(CONCERT)
    place = concert
    *steps, last = path.replace("[", ".").replace("]", "").split(".")
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    last = int(last) if last.isdigit() else last
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return concert


INTEGER_ERRORS = [1.0, "1", True, None, [], {}]
WRONG = {
    "title": [..., "", "x" * 201, "가" * 201, 1, None, []],
    "venue": [..., "", "x" * 201, 1, None],
    "status": ["cancelled", "scheduled", "Open", "", 1, None],
    "opensAt": ["", "x", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", 1, True, []],
    "closesAt": ["", "2026-01-01 00:00:00Z", "2026-01-01T25:00:00Z", 1],
    "admissionCapacity": [-1, 2**31, 1.0, "1", True, []],
    "activeSeconds": [0, 86401] + INTEGER_ERRORS,
    "holdSeconds": [0, 3601] + INTEGER_ERRORS,
    "maxSeatsPerUser": [0, -1, 2**31, 1.0, "1", False],
    "items": [..., None, {}, "x", 1],
    "items[0]": [1, None, [], "x"],
    "items[0].date": [..., "", "2030-2-1", "2030-02-30", 1, None],
    "items[0].startsAt": [..., "", "2030-12-24", 1, None],
    "items[0].seats": [..., [], None, {}, 1],
    "items[0].seats[0]": [1, None, [], "x"],
    "items[0].seats[0].from": [..., 0, -1, 2**31] + INTEGER_ERRORS,
    "items[0].seats[0].to": [..., 0, 2**31] + INTEGER_ERRORS,
    "items[0].seats[0].price": [..., -1, 10**9 + 1] + INTEGER_ERRORS,
    "items[0].seats[0].section": ["", "x" * 33, "가" * 33, 1, None],
    "items[0].seats[0].row": ["", "x" * 33, 1, None],
    "items[0].seats[0].firstLabel": INTEGER_ERRORS,
    "items[0].seats[0].blocked": [1, 0, "true", None, []],
    "items[0].seats[0].x": [1.5, "1", True, None],
    "items[0].seats[0].y": [1.5, "1", True, None],
}


@pytest.mark.parametrize("field", WRONG)
def test_wrong_members(stack, field):
    for value in WRONG[field]:
        answer = ask(stack, "POST", "", at(field, value))
        assert assert_problem(answer, "invalid_field")["field"] == field, value


def test_a_fault_of_a_later_item_is_named_there(stack):
    items = [copy.deepcopy(ITEM) for _ in range(3)]
    items[2]["seats"] = [{"from": 1, "to": 2, "price": 1}, {"from": 3, "to": 4, "price": -1}]
    problem = assert_problem(ask(stack, "POST", "", CONCERT | {"items": items}), "invalid_field")
    assert problem["field"] == "items[2].seats[1].price"


@pytest.mark.parametrize("ranges", [
    [{"from": 5, "to": 4, "price": 1}],
    [{"from": 1, "to": 5, "price": 1}, {"from": 5, "to": 9, "price": 1}],
    [{"from": 5, "to": 9, "price": 1}, {"from": 1, "to": 5, "price": 1}],
    [{"from": 1, "to": 9, "price": 1}, {"from": 4, "to": 4, "price": 1}],
    [{"from": 1, "to": 1, "price": 1}, {"from": 3, "to": 3, "price": 1}, {"from": 1, "to": 1, "price": 1}],
    [{"from": 1, "to": 100001, "price": 1}],
    [{"from": 1, "to": 2**31 - 1, "price": 1}],
    [{"from": 1, "to": 50000, "price": 1}, {"from": 50001, "to": 100001, "price": 1}],
])
def test_ranges_that_do_not_fit(stack, ranges):
    before = stack.query("SELECT COUNT(*) AS n FROM concert")
    problem = assert_problem(ask(stack, "POST", "", CONCERT | {"items": [ITEM, ITEM | {"seats": ranges}]}),
        "invalid_field")
    assert problem["field"].startswith("items")
    assert stack.query("SELECT COUNT(*) AS n FROM concert") == before


def test_labels_beyond_the_ids(stack):
    """firstLabel + n is counted on, whatever comes out."""
    ranges = [{"from": 1, "to": 2, "price": 1, "firstLabel": 2**31 - 1}]
    made = create(stack, items=[ITEM | {"seats": ranges}])
    seats = ok(stack.get(f"/concert/{made['concertId']}/item/{made['itemIds'][0]}/layout"))["seats"]
    assert [seat["label"] for seat in seats] == [str(2**31 - 1), str(2**31)]


@pytest.mark.parametrize("opens, closes", [
    ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z"), ("2030-01-01T00:00:00Z", "2029-12-31T23:59:59Z"),
    ("2030-01-01T00:00:00Z", "2030-01-01T08:59:59+09:00"),
])
def test_closes_after_it_opens(stack, opens, closes):
    problem = assert_problem(ask(stack, "POST", "", CONCERT | {"opensAt": opens, "closesAt": closes}),
        "invalid_field")
    assert problem["field"] == "closesAt"
    made = create(stack, opensAt=opens)["concertId"]
    assert_problem(ask(stack, "PATCH", f"/{made}", {"closesAt": closes}), "invalid_field", field="closesAt")
    assert show(stack, made)["closesAt"] is None


def test_bodies(stack):
    for method, path in (("POST", ""), ("PATCH", "/1")):
        for body in (b"", b"[]", b'{"title":1,"title":2}', b"{", b"\xef\xbb\xbf{}"):
            assert_problem(ask(stack, method, path, body), "invalid_json")
    assert_problem(ask(stack, "POST", "", {}), "invalid_field", field="title")
    assert_problem(ask(stack, "PATCH", "/2147483647", {"title": ""}), "invalid_field", field="title")
    assert_problem(ask(stack, "PATCH", "/2147483647", {}), "concert_not_found")
    assert_problem(ask(stack, "GET", "/2147483647"), "concert_not_found")
    for text in ("abc", "0", "01", "2147483648"):
        assert_problem(ask(stack, "GET", f"/{text}"), "concert_not_found")


# ---- changing


@pytest.mark.parametrize("members, shown", [
    ({"title": "Other"}, {}),
    ({"venue": "Else"}, {}),
    ({"status": "closed"}, {}),
    ({"opensAt": "2027-01-01T09:00:00+09:00"}, {"opensAt": "2027-01-01T00:00:00.000Z"}),
    ({"opensAt": None}, {}),
    ({"closesAt": "2033-01-01T00:00:00Z"}, {"closesAt": "2033-01-01T00:00:00.000Z"}),
    ({"closesAt": None}, {}),
    ({"admissionCapacity": 0}, {}),
    ({"admissionCapacity": 5000}, {}),
    ({"admissionCapacity": None}, {}),
    ({"activeSeconds": 1}, {}),
    ({"holdSeconds": 1}, {}),
    ({"maxSeatsPerUser": 2**31 - 1}, {}),
    ({"maxSeatsPerUser": None}, {}),
    ({"paused": True}, {}),
    ({"maxWaiting": 0}, {}),
    ({}, {}),
    ({"title": "A", "venue": "B", "status": "closed", "paused": True, "holdSeconds": 9}, {}),
    ({"unknown": 1, "title": "U"}, {"title": "U"}),
])
def test_a_change_changes_what_it_names(stack, members, shown):
    made = create(
        stack, opensAt="2026-01-01T00:00:00Z", closesAt="2032-01-01T00:00:00Z", admissionCapacity=7,
        maxSeatsPerUser=4,
        activeSeconds=77, holdSeconds=88,
    )["concertId"]
    before = show(stack, made)
    expected = before | {name: value for name, value in members.items() if name in before} | shown
    after = change(stack, made, **members)
    assert after == expected
    assert show(stack, made) == expected


@pytest.mark.parametrize("members, field", [
    ({"title": None}, "title"), ({"title": "x" * 201}, "title"), ({"venue": ""}, "venue"),
    ({"status": "cancelled"}, "status"),
    ({"status": None}, "status"), ({"activeSeconds": None}, "activeSeconds"),
    ({"holdSeconds": 3601}, "holdSeconds"),
    ({"paused": None}, "paused"), ({"paused": 1}, "paused"), ({"maxWaiting": None}, "maxWaiting"),
    ({"maxWaiting": -1}, "maxWaiting"), ({"title": "T", "holdSeconds": 0}, "holdSeconds"),
])
def test_changes_that_are_refused_change_nothing(stack, members, field):
    made = create(stack)["concertId"]
    before, lines = show(stack, made), logged(stack, made)
    assert_problem(ask(stack, "PATCH", f"/{made}", members), "invalid_field", field=field)
    assert show(stack, made) == before and logged(stack, made) == lines


def test_a_change_is_seen_by_buyers(stack):
    concert = new_concert(stack, seats=4)
    change(stack, concert.id, holdSeconds=60, maxSeatsPerUser=1, status="closed")
    user = new_user()
    assert_problem(ask_reserve(stack, user, concert, concert.item, 1), "concert_not_open")
    change(stack, concert.id, status="open")
    reserve(stack, user, concert, concert.item, 1)
    assert_problem(ask_reserve(stack, user, concert, concert.item, 2), "seat_limit_reached")
    change(stack, concert.id, admissionCapacity=1)
    assert_problem(ask_reserve(stack, user, concert, concert.item, 2), "token_missing")
    assert add_token(stack, user, concert)["number"] == 1


def test_cancelled_is_final(stack):
    concert = new_concert(stack, seats=1, status="cancelled")
    for status in ("open", "closed"):
        assert_problem(ask(stack, "PATCH", f"/{concert.id}", {"status": status}), "not_cancellable")
    assert_problem(ask(stack, "PATCH", f"/{concert.id}", {"status": "cancelled"}), "invalid_field",
        field="status")
    assert show(stack, concert.id)["status"] == "cancelled"
    assert change(stack, concert.id, title="Called off")["title"] == "Called off"


def test_stored_status_is_shown(stack):
    """Not what it is made of, with the times."""
    made = create(stack, opensAt="2030-01-01T00:00:00Z")["concertId"]
    assert show(stack, made)["status"] == "open"
    assert ok(stack.get(f"/concert/{made}"))["status"] == "scheduled"


# ---- sales and the line


def test_sales(stack):
    concert = new_concert(stack, items=2, seats=10, price=300)
    user = new_user()
    reserve(stack, user, concert, concert.items[0], [1, 2])
    over = reserve(stack, user, concert, concert.items[0], [3])
    age_hold(stack, over["reservationId"], 300)
    buy(stack, user, concert, item=concert.items[1], seats=[4, 5, 6])
    back, _ = buy(stack, user, concert, item=concert.items[1], seats=[7])
    ok(stack.call("DELETE", f"/reservation/{back['reservationId']}?userId={user}"))
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 10", concert.items[1])
    sales = show(stack, concert.id)["sales"]
    assert list(sales) == ["seatCount", "available", "held", "sold", "blocked", "revenue"]
    assert sales == {"seatCount": 20, "available": 14, "held": 2, "sold": 3, "blocked": 1, "revenue": 900}


def test_the_line(stack):
    concert = new_concert(stack, seats=1, capacity=2)
    for _ in range(5):
        add_token(stack, new_user(), concert)
    assert show(stack, concert.id)["queue"] == {"serving": 2, "lastNumber": 5, "waiting": 3, "active": 2}


# ---- the audit log


def test_each_change_leaves_a_row(stack):
    made = create(stack)["concertId"]
    change(stack, made, title="Second", holdSeconds=10)
    rows = logged(stack, made)
    assert [row["actor"] for row in rows] == ["admin", "admin"]
    assert rows[0]["action"] != rows[1]["action"]
    assert json.loads(rows[1]["detail"]) == {"title": "Second", "holdSeconds": 10}
