"""Operators: keys with roles, which each route of /admin asks for, and the log of what they changed."""

import json
import re
import time

import openapi
import pytest
import route_table
from helpers import GATEWAY, OPERATOR, as_user, assert_problem, buy, new_concert, new_user, ok
from stack import wait_for

pytestmark = pytest.mark.usefixtures("audited")

ROLES = ("viewer", "gate", "seller", "manager")
# What a role may do beside its own; a route says which one it needs.
INCLUDES = {"viewer": {"VIEWER", "ANY"}, "gate": {"GATE", "ANY"}, "seller": {"SELLER", "VIEWER", "ANY"},
            "manager": {"VIEWER", "GATE", "SELLER", "MANAGER", "ANY"}}
NEEDED = {
    "GET /admin/concert": "VIEWER", "GET /admin/concert/{concert}": "VIEWER",
    "POST /admin/concert": "MANAGER", "PATCH /admin/concert/{concert}": "MANAGER",
    "GET /admin/concert/{concert}/export": "SELLER", "GET /admin/log": "MANAGER", "POST /point/charge": "SELLER",
    "GET /admin/reservation": "SELLER", "GET /admin/user/{user}": "SELLER", "POST /admin/point": "SELLER",
    "POST /admin/reservation": "SELLER", "POST /admin/reservation/{reservation}/refund": "SELLER",
    "GET /admin/concert/{concert}/item": "VIEWER", "POST /admin/concert/{concert}/item": "MANAGER",
    "PATCH /admin/concert/{concert}/item/{item}": "MANAGER", "POST /admin/concert/{concert}/item/{item}/cancel": "MANAGER",
    "POST /admin/concert/{concert}/cancel": "MANAGER", "GET /admin/concert/{concert}/report": "VIEWER",
    "POST /admin/hall": "MANAGER", "GET /admin/hall": "VIEWER", "GET /admin/hall/{hall}": "VIEWER",
    "DELETE /admin/hall/{hall}": "MANAGER",
    "POST /admin/checkin": "GATE", "POST /admin/checkin/undo": "MANAGER", "GET /admin/item/{item}/ticket": "GATE",
    "POST /admin/checkout": "GATE", "GET /admin/item/{item}/attendance": "ANY",
    "POST /admin/concert/{concert}/presale": "MANAGER", "GET /admin/concert/{concert}/presale": "VIEWER",
    "PATCH /admin/concert/{concert}/presale/{presale}": "MANAGER",
    "DELETE /admin/concert/{concert}/presale/{presale}": "MANAGER",
    "POST /admin/concert/{concert}/presale/{presale}/code": "MANAGER",
}
ROUTES = [route for route in route_table.routes() if route.role != "NONE"]


def add(stack, role, name=None):
    """The headers of a new operator."""
    done = stack.ctl("operator", "add", name or new_user("desk"), "--role", role)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"frontrow-[0-9a-f]{64}\n", done.stdout)
    return {"Authorization": f"Bearer {done.stdout.strip()}"}


@pytest.fixture(scope="module")
def keys(stack):
    return {role: add(stack, role) for role in ROLES}


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack)


def path_of(route, concert):
    path = re.sub(r"\{\w+\}", str(concert.id), re.sub(r"\{(hall|presale)\}", str(2**31 - 1), route.pattern))  # that nobody has
    return path + ("?what=orders" if path.endswith("/export") else "")


# ---- roles


def test_each_operators_route_has_a_role():
    """What is not written down here was not thought of."""
    assert all((route.role != "NONE") == (route.who in ("ADMIN", "CALLER_OR_ADMIN")) for route in route_table.routes())
    assert {str(route): route.role for route in ROUTES}.items() <= NEEDED.items()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_each_route_with_each_role(stack, keys, concert, route, role):
    """Lacking it is refused before the body is looked at; having it is not the end."""
    wrong_type = {"Content-Type": "text/plain"} if route.method in ("POST", "PATCH") else {}
    answer = stack.call(route.method, path_of(route, concert), b"x" if wrong_type else None, keys[role] | wrong_type)
    if route.who == "CALLER_OR_ADMIN":  # a user may call too: who calls is settled last
        body = {"userId": new_user(), "amount": 1}
        answer = stack.call(route.method, route.pattern, body, keys[role])
        expected = "" if route.role in INCLUDES[role] else "forbidden"
    elif route.role not in INCLUDES[role]:
        expected = "forbidden"
    else:
        missing = re.findall(r"\{(hall|presale)\}", route.pattern)
        expected = "unsupported_media_type" if wrong_type else f"{missing[0]}_not_found" if missing else ""
    assert answer.code == expected, answer


def test_the_key_of_the_settings_is_a_managers(stack, concert):
    for route in ROUTES:
        answer = stack.call(route.method, path_of(route, concert), headers=stack.admin_headers())
        assert answer.code not in ("unauthorized", "forbidden"), (route, answer)


def test_wrong_keys(stack, keys):
    right = keys["manager"]["Authorization"].removeprefix("Bearer ")
    for wrong in (right[:-1], right + "0", right.upper(), right.removeprefix("frontrow-"), f"frontrow-{'0' * 64}",
                  f"frontrow-{'g' * 64}", "frontrow-", "' OR 1=1"):
        assert_problem(stack.get("/admin/log", Authorization=f"Bearer {wrong}"), "unauthorized")
    assert_problem(stack.get("/admin/log", Authorization=f"Basic {right}"), "unauthorized")
    ok(stack.get("/admin/log", Authorization=f"bearer  {right}"))


def test_an_operators_address_is_needed_too(header_stack, gateway, operator):
    key = add(header_stack, "manager")
    for client in (header_stack, gateway):
        assert_problem(client.get("/admin/log", **key), "forbidden")
    ok(operator.get("/admin/log", **key))


# ---- keys


def test_a_new_key_works_at_once_and_a_revoked_one_for_a_second_at_most(stack):
    """Every worker has used it just before."""
    name = new_user("gone")
    key = add(stack, "viewer", name)
    clients = [stack.new_client() for _ in range(40)]
    for client in clients:
        ok(client.get("/admin/concert/1", **key))
    assert stack.ctl("operator", "revoke", name).returncode == 0
    revoked = time.monotonic()
    while time.monotonic() < revoked + 1:
        assert stack.get("/admin/concert/1", **key).code in ("", "unauthorized")
    for client in clients:
        assert_problem(client.get("/admin/concert/1", **key), "unauthorized")


def test_a_key_that_was_used_costs_no_statement_for_a_while(new_stack):
    stack = new_stack(workers=1)
    key = add(stack, "viewer")
    count = lambda: int(stack.query("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'")[0]["Value"])
    ok(stack.get("/admin/concert/1", **key))
    before, counts = count(), []
    for headers in (key, stack.admin_headers()):
        ok(stack.get("/admin/concert/1", **headers))
        counts.append(count() - before)
        before = count()
    assert counts[0] == counts[1]


def test_without_mysql_only_the_key_of_the_settings_is_known(new_stack):
    stack = new_stack(workers=1)
    key = add(stack, "manager")
    with stack.without("mysql"):
        assert_problem(stack.get("/admin/log", **key), "mysql_unavailable")
        assert_problem(stack.get("/admin/log", Authorization="Bearer x"), "unauthorized")
        body = {"userId": "somebody", "amount": 1}
        assert_problem(stack.post("/point/charge", body, **key), "mysql_unavailable")
    assert wait_for(lambda: stack.get("/admin/log", **key).status == 200)


def test_only_its_hash_is_stored(stack):
    key = add(stack, "seller")["Authorization"].removeprefix("Bearer ")
    rows = stack.query("SELECT *, key_hash = UNHEX(SHA2(%s, 256)) AS hashed FROM operator_key", key)
    assert [row["hashed"] for row in rows].count(1) == 1
    text = repr(rows) + repr(stack.query("SELECT * FROM audit_log")) + stack.log("frontrow").read_text()
    assert key not in text and key.removeprefix("frontrow-") not in text


# ---- frontrowctl operator


def test_adding_listing_and_revoking(stack):
    name = new_user("box.office_")
    key = add(stack, "seller", name)
    assert re.search(rf"^seller +\d{{4}}-\S+Z  {re.escape(name)}$", stack.ctl("operator", "list").stdout, re.MULTILINE)
    again = stack.ctl("operator", "add", name, "--role", "viewer")
    assert (again.returncode, again.stdout) == (1, "") and f"there is an operator {name} already" in again.stderr
    assert stack.ctl("operator", "revoke", name).stdout == f"revoked {name}\n"
    assert name not in stack.ctl("operator", "list").stdout
    missing = stack.ctl("operator", "revoke", name)
    assert missing.returncode == 1 and f"there is no operator {name}" in missing.stderr
    assert add(stack, "viewer", name) != key
    log = stack.query("SELECT actor, action, old_values, new_values FROM audit_log WHERE detail = %s"
                      " ORDER BY audit_log_id", name)
    seller, viewer = ({"name": name, "role": role} for role in ("seller", "viewer"))
    assert [(row["actor"], row["action"], *(json.loads(row[values] or "null") for values in ("old_values", "new_values")))
            for row in log] == [("ctl", "operator add", None, seller), ("ctl", "operator revoke", seller, None),
                                ("ctl", "operator add", None, viewer)]


@pytest.mark.parametrize("name", ["", "x" * 65, "Anna", "an na", "안나", "admin", "ctl", ".a", "-a", "a/b", "a'b"])
def test_names_that_are_refused(stack, name):
    before = stack.query("SELECT COUNT(*) AS n FROM operator_key")
    done = stack.ctl("operator", "add", "--role", "viewer", "--", name)
    assert (done.returncode, done.stdout) == (1, "") and done.stderr.startswith("frontrowctl: NAME: "), done
    assert done.stderr.count("\n") == 1
    assert stack.query("SELECT COUNT(*) AS n FROM operator_key") == before


def test_the_longest_name(stack):
    name = new_user("long").ljust(64, "x")
    key = add(stack, "manager", name)
    made = stack.post("/admin/concert", {"title": "T", "venue": "V", "items": []}, **key, **{"Idempotency-Key": "long"})
    assert ok(stack.get(f"/admin/log?concertId={ok(made)['concertId']}", **key))["log"][0]["actor"] == name


@pytest.mark.parametrize("arguments", [
    ["add"], ["add", "a"], ["add", "a", "b", "--role", "viewer"], ["add", "a", "--role", "other"],
    ["add", "a", "--role", "admin"], ["add", "a", "--role", ""], ["list", "x"], ["revoke"], ["list", "--role", "gate"],
], ids=" ".join)
def test_wrong_usage(stack, arguments):
    done = stack.ctl("operator", *arguments)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stdout == ""


# ---- Idempotency-Key


def test_keys_are_each_operators_own(stack, keys):
    """Two operators, and a user of the same name."""
    again = {"Idempotency-Key": new_user("key")}
    concert = {"title": "T", "venue": "V", "items": []}
    name = new_user("manager")
    senders = [stack.admin_headers(), keys["manager"], add(stack, "manager", name)]
    made = [ok(stack.post("/admin/concert", concert, **sender, **again))["concertId"] for sender in senders]
    assert len(set(made)) == 3
    for sender, concert_id in zip(senders, made):
        answer = stack.post("/admin/concert", concert, **sender, **again)
        assert answer.headers["Idempotency-Replayed"] == "true" and ok(answer)["concertId"] == concert_id
        assert_problem(stack.post("/admin/concert", concert | {"title": "U"}, **sender, **again),
                       "idempotency_key_reused")
    assert "Idempotency-Replayed" not in stack.post("/point/charge", {"userId": name, "amount": 1}, **again).headers


def test_a_seller_charges_for_a_user(new_stack):
    """Behind a gateway, with a key of repetition; and the books know whose it is."""
    stack = new_stack(caller="header", gateway_addresses=GATEWAY, admin_addresses=OPERATOR, workers=2)
    user, operator = new_user(), stack.new_client(source=OPERATOR)
    body, again = {"userId": user, "amount": 70}, {"Idempotency-Key": "paid"}
    seller, viewer = add(stack, "seller"), add(stack, "viewer")
    first = operator.post("/point/charge", body, **seller, **again)
    assert ok(first)["balance"] == 70
    assert operator.post("/point/charge", body, **seller, **again).body == first.body
    assert_problem(operator.post("/point/charge", body, **viewer, **again), "forbidden")
    client = stack.new_client(source=GATEWAY)
    assert ok(client.get("/point", **as_user(user)))["balance"] == 70
    stack.check_books()


# ---- GET /admin/log


def change_something(stack, route):
    """The path and body of a change that succeeds, and what the row of the log says it was."""
    if str(route) == "POST /admin/concert":
        return route.pattern, {"title": "T", "venue": "V", "items": []}, "concert create"
    if str(route) == "PATCH /admin/concert/{concert}":
        return f"/admin/concert/{new_concert(stack).id}", {"title": new_user("title")}, "concert change"
    if str(route) == "POST /admin/concert/{concert}/cancel":
        return f"/admin/concert/{new_concert(stack).id}/cancel", {"reason": "ill"}, "concert cancel"
    if route.pattern.startswith("/admin/hall"):
        hall = {"name": new_user("hall"), "seats": [{"label": "1"}]}
        if route.method == "POST":
            return route.pattern, hall, "hall create"
        return f"/admin/hall/{ok(stack.post('/admin/hall', hall, **stack.admin_headers()))['hallId']}", None, "hall delete"
    if str(route) == "POST /admin/reservation/{reservation}/refund":
        held, _ = buy(stack, new_user(), new_concert(stack))
        return f"/admin/reservation/{held['reservationId']}/refund", {"reason": "ill"}, "order refund"
    if str(route) == "POST /admin/reservation":
        concert = new_concert(stack)
        return route.pattern, {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "seatIds": [1],
                               "method": "guest"}, "order sell"
    if route.pattern.startswith("/admin/concert/{concert}/item"):
        concert = new_concert(stack)
        path = route.pattern.format(concert=concert.id, item=concert.item)
        return path, *{
            "/admin/concert/{concert}/item": (
                {"date": "2099-01-03", "startsAt": "2099-01-03T19:00:00Z", "seats": [{"from": 1, "to": 4, "price": 1}]},
                "item create"),
            "/admin/concert/{concert}/item/{item}": ({"date": "2099-01-02"}, "item change"),
            "/admin/concert/{concert}/item/{item}/cancel": ({"reason": "ill"}, "item cancel"),
        }[route.pattern]
    if route.pattern.startswith("/admin/concert/{concert}/presale"):
        concert = new_concert(stack, opens="'2098-01-01'")
        window = {"startsAt": "2097-01-01T00:00:00Z", "endsAt": "2097-01-02T00:00:00Z", "quota": 2, "codes": "single"}
        path = f"/admin/concert/{concert.id}/presale"
        if route.pattern.endswith("/presale"):
            return path, window, "presale create"
        path += f"/{ok(stack.post(path, window, **stack.admin_headers()))['presaleId']}"
        if route.pattern.endswith("/code"):
            return f"{path}/code", {"count": 2}, "presale codes"
        return path, *{"PATCH": ({"quota": 3}, "presale change"), "DELETE": (None, "presale delete")}[route.method]
    if route.pattern.startswith("/admin/check"):
        concert, user = new_concert(stack), new_user()
        stack.query("UPDATE concert SET reentry = 1 WHERE concert_id = %s", concert.id)
        held, _ = buy(stack, user, concert)
        ticket, = ok(stack.get(f"/reservation/{held['reservationId']}/ticket?userId={user}"))["tickets"]
        body = {"code": ticket["code"], "itemId": concert.item}
        if route.pattern == "/admin/checkin":
            return route.pattern, body, "ticket checkin"
        ok(stack.post("/admin/checkin", body, **stack.admin_headers()))
        if route.pattern == "/admin/checkout":
            return route.pattern, body, "ticket checkout"
        return route.pattern, {"ticketId": ticket["ticketId"], "reason": "a mistake"}, "ticket undo"
    body = {"userId": new_user(), "amount": 70}
    if str(route) == "POST /admin/point":
        return route.pattern, body | {"reason": "a gift"}, "point adjust"
    assert str(route) == "POST /point/charge", f"{route}: what does the log say of it?"
    return route.pattern, body, "point charge"


CHANGING = [route for route in ROUTES if route.method != "GET"]


@pytest.mark.parametrize("route", CHANGING, ids=str)
def test_each_change_by_an_operator_leaves_one_row(stack, route):
    """Also a user's call that an operator makes; a refusal and a repetition leave none."""
    name = new_user("walker")
    plain = add(stack, route.role.lower(), name)
    key = plain | {"Idempotency-Key": "walk"}
    path, body, action = change_something(stack, route)
    rows = lambda: stack.query("SELECT action, old_values, new_values FROM audit_log WHERE actor = %s", name)
    if route.method != "DELETE":  # without a body nothing would be refused
        assert stack.call(route.method, path, {}, plain).status in (200, 400) and len(rows()) <= 1
    before = len(rows())  # a change of nothing is one
    done = stack.call(route.method, path, body, key)
    assert ok(done) and [row["action"] for row in rows()[before:]] == [action]
    kept = "old_values" if route.method == "DELETE" else "new_values"
    assert rows()[-1][kept] not in (None, "{}") and rows()[-1]["new_values"] != rows()[-1]["old_values"]
    if route.keyed:
        assert stack.call(route.method, path, body, key).body == done.body and len(rows()) == before + 1


def test_a_charge_in_the_log_and_in_the_ledger(stack, keys):
    """It stays a charge, which its owner sees; nobody's own is logged."""
    user = new_user()
    ok(stack.post("/point/charge", {"userId": user, "amount": 30}))
    before = len(stack.query("SELECT 1 FROM audit_log"))
    ok(stack.post("/point/charge", {"userId": user, "amount": 70}))
    assert len(stack.query("SELECT 1 FROM audit_log")) == before
    name = new_user("desk")
    ok(stack.post("/point/charge", {"userId": user, "amount": 400}, **add(stack, "seller", name)))
    (row,) = [row for row in read_log(stack, "?limit=5")["log"] if row["actor"] == name]
    assert (row["action"], row["concertId"]) == ("point charge", None)
    assert (row["before"], row["after"]) == ({"userId": user, "balance": 100}, {"userId": user, "balance": 500})
    entry = ok(stack.get(f"/point/history?userId={user}"))["history"][0]
    assert (entry["kind"], entry["amount"]) == ("charge", 400)


def read_log(stack, query=""):
    return openapi.assert_answer(stack.get(f"/admin/log{query}", **stack.admin_headers()), "GET", "/admin/log")


def test_the_log_says_who_what_before_and_after(stack, keys):
    name = new_user("editor")
    key = add(stack, "manager", name)
    made = ok(stack.post("/admin/concert", {"title": "별", "venue": "V", "items": []}, **key))["concertId"]
    path = f"/admin/concert/{made}"
    ok(stack.call("PATCH", path, {"venue": "W", "title": "별", "maxSeatsPerUser": None}, key))
    ok(stack.call("PATCH", path, {"title": "별"}, stack.admin_headers()))
    assert stack.ctl("concert", "open", str(made)).returncode == 0
    assert stack.ctl("concert", "cancel", str(made)).returncode == 0
    assert_problem(stack.call("PATCH", path, {"status": "open"}, key), "not_cancellable")
    page = read_log(stack, f"?concertId={made}")
    assert page["next"] is None and {row["concertId"] for row in page["log"]} == {made}
    begun, opened, same, changed, created = page["log"]  # it has no dates, whose ends would be told
    assert list(created) == ["logId", "actor", "action", "concertId", "detail", "before", "after", "createdAt"]
    assert (created["actor"], created["action"], created["before"]) == (name, "concert create", None)
    assert created["after"]["title"] == "별" and created["after"]["maxSeatsPerUser"] == 8
    assert (changed["actor"], changed["action"]) == (name, "concert change")
    assert changed["before"] == {"venue": "V", "maxSeatsPerUser": 8}
    assert changed["after"] == {"venue": "W", "maxSeatsPerUser": None}
    assert (same["actor"], same["before"], same["after"]) == ("admin", {}, {})
    assert (opened["actor"], opened["before"], opened["after"]) == ("ctl", {"status": "closed"}, {"status": "open"})
    assert (begun["before"], begun["after"]) == ({"status": "open"}, {"status": "cancelled"})


def test_pages_of_the_log(stack, keys):
    concert = new_concert(stack)
    for number in range(5):
        ok(stack.call("PATCH", f"/admin/concert/{concert.id}", {"title": f"T{number}"}, keys["manager"]))
    whole = read_log(stack, f"?concertId={concert.id}")["log"]
    assert [row["after"]["title"] for row in whole] == ["T4", "T3", "T2", "T1", "T0"]
    walked, before = [], ""
    while before is not None:
        page = read_log(stack, f"?concertId={concert.id}&limit=2{before}")
        walked += page["log"]
        before = page["next"] and f"&before={page['next']}"
    assert walked == whole
    ids = [row["logId"] for row in read_log(stack, "?limit=100")["log"]]
    assert ids == sorted(ids, reverse=True)
    assert read_log(stack, f"?concertId={2**31 - 1}") == {"log": [], "next": None}
    assert len(read_log(stack)["log"]) <= 20


@pytest.mark.parametrize("field, value", [
    ("limit", "0"), ("limit", "101"), ("before", "0"), ("before", "x"), ("concertId", "0"), ("concertId", str(2**31)),
])
def test_bad_parameters_of_the_log(stack, field, value):
    assert_problem(stack.get(f"/admin/log?{field}={value}", **stack.admin_headers()), "invalid_field", field=field)
    assert_problem(stack.get(f"/admin/log?{field}={value}"), "unauthorized")


def test_a_row_of_an_older_build(stack):
    """It knew nothing of values; and the longest detail comes whole."""
    detail = "가" * 10000
    stack.query("INSERT INTO audit_log (actor, action, detail, created_at)"
                " VALUES ('ctl', 'older', %s, UTC_TIMESTAMP(3))", detail)
    row = read_log(stack, "?limit=1")["log"][0]
    assert (row["detail"], row["before"], row["after"], row["concertId"]) == (detail, None, None, None)
