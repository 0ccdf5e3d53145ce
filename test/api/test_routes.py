"""Walks the route table: who may call, which methods there are, who takes an Idempotency-Key."""

import re

import pytest
import route_table
from helpers import OPERATOR, as_user, assert_headers, assert_problem, new_concert, new_user, ok
from stack import ROOT

pytestmark = pytest.mark.usefixtures("audited")

# The contract's section 3: who may call what, and whether it takes an Idempotency-Key.
CONTRACT = {
    ("GET", "/concert"): ("PUBLIC", False),
    ("GET", "/concert/{concert}"): ("PUBLIC", False),
    ("GET", "/concert/{concert}/item"): ("PUBLIC", False),
    ("GET", "/concert/{concert}/item/{item}/seat"): ("PUBLIC", False),
    ("GET", "/concert/{concert}/item/{item}/layout"): ("PUBLIC", False),
    ("GET", "/concert/{concert}/queue"): ("PUBLIC", False),
    ("GET", "/concert/{concert}/challenge"): ("PUBLIC", False),
    ("GET", "/settings"): ("PUBLIC", False),
    ("GET", "/ticket-keys"): ("PUBLIC", False),
    ("GET", "/reservation/{reservation}/ticket"): ("CALLER", False),
    ("GET", "/reservation/{reservation}/calendar"): ("CALLER", False),
    ("POST", "/admin/checkin"): ("ADMIN", True),
    ("POST", "/admin/checkin/undo"): ("ADMIN", True),
    ("POST", "/admin/checkout"): ("ADMIN", True),
    ("GET", "/admin/item/{item}/ticket"): ("ADMIN", False),
    ("GET", "/admin/item/{item}/attendance"): ("ADMIN", False),
    ("POST", "/token/add"): ("CALLER", False),
    ("GET", "/token"): ("TOKEN", False),
    ("DELETE", "/token"): ("TOKEN", False),
    ("POST", "/reservation"): ("CALLER", True),
    ("GET", "/reservation"): ("CALLER", False),
    ("GET", "/reservation/{reservation}"): ("CALLER", False),
    ("DELETE", "/reservation/{reservation}"): ("CALLER", True),
    ("POST", "/reservation/{reservation}/swap"): ("CALLER", True),
    ("POST", "/reservation/{reservation}/transfer"): ("CALLER", True),
    ("GET", "/transfer"): ("CALLER", False),
    ("POST", "/transfer/{transfer}/accept"): ("CALLER", True),
    ("DELETE", "/transfer/{transfer}"): ("CALLER", True),
    ("POST", "/waitlist"): ("CALLER", True),
    ("GET", "/waitlist"): ("CALLER", False),
    ("DELETE", "/waitlist"): ("CALLER", False),
    ("GET", "/point"): ("CALLER", False),
    ("POST", "/point/charge"): ("CALLER_OR_ADMIN", True),
    ("POST", "/point/use"): ("CALLER", True),
    ("GET", "/point/history"): ("CALLER", False),
    ("POST", "/payment"): ("CALLER", True),
    ("GET", "/payment"): ("CALLER", False),
    ("POST", "/admin/concert"): ("ADMIN", True),
    ("GET", "/admin/concert/{concert}"): ("ADMIN", False),
    ("PATCH", "/admin/concert/{concert}"): ("ADMIN", False),
    ("GET", "/admin/concert"): ("ADMIN", False),
    ("GET", "/admin/log"): ("ADMIN", False),
    ("GET", "/admin/concert/{concert}/export"): ("ADMIN", False),
    ("GET", "/admin/concert/{concert}/report"): ("ADMIN", False),
    ("GET", "/admin/concert/{concert}/item"): ("ADMIN", False),
    ("POST", "/admin/concert/{concert}/item"): ("ADMIN", True),
    ("PATCH", "/admin/concert/{concert}/item/{item}"): ("ADMIN", True),
    ("POST", "/admin/concert/{concert}/item/{item}/cancel"): ("ADMIN", True),
    ("POST", "/admin/concert/{concert}/cancel"): ("ADMIN", True),
    ("POST", "/admin/hall"): ("ADMIN", True),
    ("GET", "/admin/hall"): ("ADMIN", False),
    ("GET", "/admin/hall/{hall}"): ("ADMIN", False),
    ("DELETE", "/admin/hall/{hall}"): ("ADMIN", True),
    ("GET", "/admin/reservation"): ("ADMIN", False),
    ("POST", "/admin/reservation"): ("ADMIN", True),
    ("POST", "/admin/reservation/{reservation}/refund"): ("ADMIN", True),
    ("GET", "/admin/user/{user}"): ("ADMIN", False),
    ("POST", "/admin/point"): ("ADMIN", True),
    ("POST", "/admin/concert/{concert}/presale"): ("ADMIN", True),
    ("GET", "/admin/concert/{concert}/presale"): ("ADMIN", False),
    ("PATCH", "/admin/concert/{concert}/presale/{presale}"): ("ADMIN", True),
    ("DELETE", "/admin/concert/{concert}/presale/{presale}"): ("ADMIN", True),
    ("POST", "/admin/concert/{concert}/presale/{presale}/code"): ("ADMIN", True),
    ("GET", "/health"): ("MONITOR", False),
    ("GET", "/health/ready"): ("MONITOR", False),
    ("GET", "/metrics"): ("LOCAL", False),
}
ROUTES = list(CONTRACT)


def routes_with(who):
    """`who` CALLER: those too on which the bearer of the admin key may call for a user (test_charge.py)."""
    return [route for route, (callers, _) in CONTRACT.items() if callers.removesuffix("_OR_ADMIN") == who]


def name(route):
    return " ".join(route) if isinstance(route, tuple) else str(route)


# ---- the table in the source


def rows_of_the_table():
    """(method, pattern) -> (who, keyed) of fcgi-app/api/routes.c."""
    return {(route.method, route.pattern): (route.who, route.keyed) for route in route_table.routes()}


def test_the_table_is_the_contracts():
    """/metrics is the server's own."""
    own = re.search(r'\.pattern = "(/metrics)",\s*\.who = WHO_(\w+)', source_of_metrics_route())
    assert rows_of_the_table() | {("GET", own[1]): (own[2], False)} == CONTRACT


def source_of_metrics_route():
    source = (ROOT / "fcgi-app/server/metrics.c").read_text()
    return source[source.index("metrics_route = {"):]


# ---- a right call of each route


@pytest.fixture(scope="module")
def fan(stack):
    """A user with a hold, a token and points in a concert of its own; callable in any stack."""
    return make_fan(stack, stack.client)


@pytest.fixture(scope="module")
def header_fan(header_stack, gateway):
    return make_fan(header_stack, gateway)


class Fan:
    pass


def make_fan(stack, client):
    fan = Fan()
    fan.id = new_user()
    fan.client = client
    fan.concert = new_concert(stack, seats=600)
    fan.concert.set(swaps=1, transfers=1)
    me = as_user(fan.id)
    fan.token = ok(client.post("/token/add", {"userId": fan.id, "concertId": fan.concert.id}, **me))["token"]
    fan.held = hold(client, fan)
    ok(client.post("/point/charge", {"userId": fan.id, "amount": 10**6}, **me))
    return fan


def hold(client, fan):
    item, seat = fan.concert.free_seat()
    body = {"userId": fan.id, "concertId": fan.concert.id, "itemId": item, "seatId": seat}
    return ok(client.post("/reservation", body, **as_user(fan.id)))["reservationId"]


def paid(client, fan):
    """An order that may be refunded; by the operator's address too, where nobody is a user."""
    reservation = hold(fan.client, fan)
    ok(fan.client.post("/payment", {"userId": fan.id, "reservationId": reservation, "token": fan.token}, **as_user(fan.id)))
    return reservation


def seat_of(fan, reservation):
    return fan.concert.stack.query("SELECT seat_no FROM reservation_seat WHERE reservation_id = %s", reservation)[0]["seat_no"]


NEW_DATE = {"date": "2031-05-01", "startsAt": "2031-05-01T10:00:00Z", "seats": [{"from": 1, "to": 1, "price": 1}]}


def new_ticket(fan):
    """One that was not taken."""
    path = f"/reservation/{paid(fan.client, fan)}/ticket?userId={fan.id}"
    return ok(fan.client.get(path, **as_user(fan.id)))["tickets"][0]


def used_ticket(fan):
    """One whose holder may leave."""
    ticket, stack = new_ticket(fan), fan.concert.stack
    stack.query("UPDATE concert SET reentry = 1 WHERE concert_id = %s", fan.concert.id)
    body = {"code": ticket["code"], "itemId": fan.concert.item}
    ok(stack.new_client(source=OPERATOR).post("/admin/checkin", body, **stack.admin_headers()))
    return ticket


def new_date(fan):
    with fan.concert.stack.mysql() as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO item (concert_id, date, starts_at, seat_count, min_price, max_price)"
            " VALUES (%s, '2031-05-01', '2031-05-01', 0, 1, 1)", (fan.concert.id,))
        return cursor.lastrowid


def new_offer(fan):
    """An order of another user's, offered to the fan."""
    giver = Fan()
    giver.id, giver.client, giver.concert = new_user(), fan.client, fan.concert
    me = as_user(giver.id)
    giver.token = ok(fan.client.post("/token/add", {"userId": giver.id, "concertId": fan.concert.id}, **me))["token"]
    ok(fan.client.post("/point/charge", {"userId": giver.id, "amount": 1000}, **me))
    path = f"/reservation/{paid(fan.client, giver)}/transfer"
    return ok(fan.client.post(path, {"userId": giver.id, "toUserId": fan.id}, **me))["transferId"]


def new_hall(fan):
    with fan.concert.stack.mysql() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO hall (name, seat_count, created_at, created_by) VALUES ('Hall', 1, UTC_TIMESTAMP(3), 'admin')")
        hall = cursor.lastrowid
        cursor.execute("INSERT INTO hall_part (hall_id, part_no, bytes) VALUES (%s, 1, 'label\\n1\\n')", (hall,))
        return hall


def sold_out(fan):
    """A concert with a wait list."""
    concert = new_concert(fan.concert.stack, seats=1)
    concert.set(waitlist=1)
    stranger = new_user()
    ok(fan.client.post("/reservation", {"userId": stranger, "concertId": concert.id, "itemId": concert.item, "seatId": 1},
                       **as_user(stranger)))
    return concert


def to_wait(fan):
    concert = sold_out(fan)
    return {"concertId": concert.id, "itemId": concert.item, "count": 1}
NEW_WINDOW = {"startsAt": "2097-01-01T00:00:00Z", "endsAt": "2097-01-02T00:00:00Z", "quota": 1, "codes": "single"}


def new_presale(stack):
    """(concertId, presaleId) of a window without a seat, in a concert that opens later."""
    concert = new_concert(stack, opens="'2098-01-01'")
    with stack.mysql() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO presale (concert_id, starts_at, ends_at, quota, codes, created_at)"
                       " VALUES (%s, '2097-01-01', '2097-01-02', 0, 'single', UTC_TIMESTAMP(3))", (concert.id,))
        return concert.id, cursor.lastrowid


def sample_path(pattern, fan, reservation=None):
    """The pattern with ids of the fan's."""
    values = {"{concert}": fan.concert.id, "{item}": fan.concert.item, "{reservation}": reservation or fan.held,
              "{user}": fan.id}
    if "{transfer}" in pattern:
        values["{transfer}"] = new_offer(fan)
    if "{hall}" in pattern:
        values["{hall}"] = new_hall(fan)
    if "/presale" in pattern:
        values["{concert}"], values["{presale}"] = new_presale(fan.concert.stack)
    for placeholder, value in values.items():
        pattern = pattern.replace(placeholder, str(value))
    return pattern


def request_for(client, route, fan, user):
    """(path, body, headers) that `fan` gets 200 or 204 for, naming `user` ("": nobody) where a user is named."""
    method, pattern = route
    who = CONTRACT[route][0].removesuffix("_OR_ADMIN")
    holds_anew = (method == "DELETE" and who == "CALLER") or pattern.endswith("/swap")
    reservation = hold(client, fan) if holds_anew else fan.held
    if pattern.endswith(("/refund", "/transfer", "/reservation/{reservation}/ticket", "/calendar")):
        reservation = paid(client, fan)
    path = sample_path(pattern, fan, reservation)
    if pattern.endswith("/cancel"):  # of a date or a concert that nobody needs
        path = path.replace(f"/item/{fan.concert.item}/", f"/item/{new_date(fan)}/")
        path = path.replace(f"/{fan.concert.id}/cancel", f"/{new_concert(fan.concert.stack, status='closed').id}/cancel")
    body = None
    if method in ("POST", "PATCH"):
        item, seat = fan.concert.free_seat()
        body = {
            "/token/add": lambda: {"concertId": fan.concert.id},
            "/reservation": lambda: {"concertId": fan.concert.id, "itemId": item, "seatId": seat},
            "/reservation/{reservation}/transfer": lambda: {"toUserId": new_user()},
            "/transfer/{transfer}/accept": lambda: {},
            "/reservation/{reservation}/swap": lambda: {"seatIds": [seat_of(fan, reservation)], "toSeatIds": [seat]},
            "/waitlist": lambda: to_wait(fan),
            "/point/charge": lambda: {"amount": 1},
            "/point/use": lambda: {"amount": 1},
            "/payment": lambda: {"reservationId": hold(client, fan), "token": fan.token},
            "/admin/concert": lambda: {"title": "New", "venue": "Hall", "items": []},
            "/admin/concert/{concert}": lambda: {"venue": "Hall"},
            "/admin/concert/{concert}/item": lambda: NEW_DATE,
            "/admin/concert/{concert}/item/{item}": lambda: {"date": "2031-05-01"},
            "/admin/concert/{concert}/item/{item}/cancel": lambda: {"reason": "Why"},
            "/admin/concert/{concert}/cancel": lambda: {"reason": "Why"},
            "/admin/hall": lambda: {"name": "Hall", "seats": [{"label": "1"}]},
            "/admin/reservation": lambda: {"userId": fan.id, "concertId": fan.concert.id, "itemId": item, "seatIds": [seat],
                                           "method": "guest"},
            "/admin/reservation/{reservation}/refund": lambda: {"reason": "Why"},
            "/admin/checkin": lambda: {"code": new_ticket(fan)["code"], "itemId": fan.concert.item},
            "/admin/checkout": lambda: {"code": used_ticket(fan)["code"], "itemId": fan.concert.item},
            "/admin/checkin/undo": lambda: {"ticketId": used_ticket(fan)["ticketId"], "reason": "Why"},
            "/admin/point": lambda: {"userId": fan.id, "amount": 1, "reason": "Why"},
            "/admin/concert/{concert}/presale": lambda: NEW_WINDOW,
            "/admin/concert/{concert}/presale/{presale}": lambda: {"endsAt": "2097-01-03T00:00:00Z"},
            "/admin/concert/{concert}/presale/{presale}/code": lambda: {"count": 1},
        }[pattern]()
    if who == "CALLER" and user:
        if body is None:
            path += f"?userId={user}"
        else:
            body["userId"] = user
    if route == ("DELETE", "/waitlist"):
        entry = to_wait(fan)
        ok(client.post("/waitlist", entry | {"userId": fan.id}, **as_user(fan.id)))
        path += f"{'&' if '?' in path else '?'}itemId={entry['itemId']}"
    headers = {"X-Queue-Token": fan.token} if who == "TOKEN" else {}
    return path + ("?what=orders" if pattern.endswith("/export") else ""), body, headers


def send(client, route, fan, user="", **headers):
    path, body, needed = request_for(client, route, fan, user)
    return client.call(route[0], path, body, needed | headers)


def renew(client, route, fan):
    """A new token where the call has ended it."""
    if route == ("DELETE", "/token"):
        body = {"userId": fan.id, "concertId": fan.concert.id}
        fan.token = ok(client.post("/token/add", body, **as_user(fan.id)))["token"]


# ---- who may call, with caller = body


@pytest.mark.parametrize("route", routes_with("PUBLIC") + routes_with("MONITOR"), ids=name)
def test_public_is_for_everybody(stack, fan, route):
    assert send(stack, route, fan).status == 200


@pytest.mark.parametrize("route", routes_with("CALLER"), ids=name)
def test_caller_is_who_the_user_id_says(stack, fan, route):
    """The header is not believed: it names another one here."""
    answer = send(stack, route, fan, fan.id, **as_user("somebody"))
    assert answer.status in (200, 204), answer
    if answer.headers.get("Content-Type") == "application/json" and "userId" in answer.json():
        assert answer.json()["userId"] == fan.id
    assert_problem(send(stack, route, fan), "invalid_field", field="userId")
    assert_problem(send(stack, route, fan, **as_user(fan.id)), "invalid_field", field="userId")


@pytest.mark.parametrize("route", routes_with("TOKEN"), ids=name)
def test_token_says_who(stack, fan, route):
    assert_problem(stack.call(route[0], route[1]), "token_missing")
    assert_problem(stack.call(route[0], route[1], headers={"X-Queue-Token": ""}), "token_missing")
    assert_problem(stack.call(route[0], route[1], headers={"X-Queue-Token": "x"}), "token_invalid")
    assert_problem(stack.call(route[0], f"{route[1]}?token={fan.token}"), "token_missing")
    assert send(stack, route, fan).status in (200, 204)
    renew(stack, route, fan)


@pytest.mark.parametrize("route", routes_with("ADMIN"), ids=name)
def test_admin_is_who_has_the_key(stack, fan, route):
    right = stack.admin_headers()["Authorization"]
    key = right.removeprefix("Bearer ")
    for wrong in (
        None, "", "Bearer", "Bearer ", f"Bearer {key}x", f"Bearer {key[:-1]}", f"Bearer x{key}", f"Basic {key}",
        key,
        f"Bearer{key}", f"Bearer {key.upper()}", f"Bearer {key} {key}", f"Bearer {key * 2}",
    ):
        headers = {} if wrong is None else {"Authorization": wrong}
        assert_problem(send(stack, route, fan, **headers), "unauthorized")
    for spelling in (right, f"bearer {key}", f"Bearer  {key}"):
        assert send(stack, route, fan, Authorization=spelling).status == 200


@pytest.mark.parametrize("route", routes_with("LOCAL"), ids=name)
def test_local_is_open_here(stack, fan, route):
    assert send(stack, route, fan).status == 200


# ---- who may call, with caller = header


@pytest.mark.parametrize("route", routes_with("PUBLIC") + routes_with("MONITOR"), ids=name)
def test_public_answers_are_the_same_for_all(header_stack, gateway, header_fan, route):
    for client in (header_stack, gateway):
        assert send(client, route, header_fan).status == 200
        assert send(client, route, header_fan, **as_user(header_fan.id)).status == 200
        assert send(client, route, header_fan, **as_user("not a user")).status == 200


@pytest.mark.parametrize("route", routes_with("CALLER"), ids=name)
def test_caller_is_who_the_gateway_says(header_stack, gateway, header_fan, route):
    me = as_user(header_fan.id)

    def call(client, user, **headers):
        path, body, _ = request_for(gateway, route, header_fan, user)
        return client.call(route[0], path, body, headers)

    assert call(gateway, "", **me).status in (200, 204), "userId may be left out"
    assert call(gateway, header_fan.id, **me).status in (200, 204)
    assert_problem(call(gateway, new_user(), **me), "forbidden")
    assert_problem(call(gateway, header_fan.id.upper(), **me), "forbidden")
    for user in ("", header_fan.id):
        assert_problem(call(gateway, user), "unauthorized")
        assert_problem(call(gateway, user, **as_user("")), "unauthorized")
        assert_problem(call(gateway, user, **as_user("no user id")), "unauthorized")
        assert_problem(call(gateway, user, **as_user("x" * 129)), "unauthorized")
        assert_problem(call(header_stack, user, **me), "unauthorized")


@pytest.mark.parametrize("route", routes_with("TOKEN"), ids=name)
def test_token_is_its_owners(header_stack, gateway, header_fan, route):
    me, token = as_user(header_fan.id), {"X-Queue-Token": header_fan.token}
    assert_problem(gateway.call(route[0], route[1], headers=me), "token_missing")
    assert_problem(gateway.call(route[0], route[1], headers=token), "unauthorized")
    assert_problem(header_stack.call(route[0], route[1], headers=me | token), "unauthorized")
    assert_problem(gateway.call(route[0], route[1], headers=as_user(new_user()) | token), "token_invalid")
    assert gateway.call(route[0], route[1], headers=me | token).status in (200, 204)
    renew(gateway, route, header_fan)


@pytest.mark.parametrize("route", routes_with("ADMIN") + routes_with("LOCAL"), ids=name)
def test_operators_calls_are_refused_from_elsewhere(header_stack, gateway, operator, header_fan, route):
    """Also with the key; from the operator's address they go through, whoever the caller is."""
    key = header_stack.admin_headers()
    for client in (header_stack, gateway):
        assert_problem(send(client, route, header_fan, **key), "forbidden")
        assert_problem(send(client, route, header_fan), "forbidden")
    assert send(operator, route, header_fan, **key).status == 200
    if CONTRACT[route][0] == "ADMIN":
        assert_problem(send(operator, route, header_fan), "unauthorized")


# ---- methods


PATTERNS = sorted({pattern for _, pattern in ROUTES})


def methods_of(pattern):
    """In the order of Allow."""
    there = [method for method in ("GET", "POST", "PATCH", "DELETE") if (method, pattern) in CONTRACT]
    return ", ".join(there + ["OPTIONS"]).replace("GET", "GET, HEAD")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_options(stack, fan, pattern):
    answer = stack.call("OPTIONS", sample_path(pattern, fan))
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Allow"] == methods_of(pattern)
    assert "Content-Type" not in answer.headers
    assert_headers(answer)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_other_methods(stack, fan, pattern):
    allowed = methods_of(pattern).split(", ")
    for method in ("GET", "POST", "PATCH", "DELETE", "PUT", "TRACE", "FOO"):
        if method in allowed:
            continue
        answer = stack.call(method, sample_path(pattern, fan))
        assert_problem(answer, "method_not_allowed")
        assert answer.headers["Allow"] == methods_of(pattern)
    assert (stack.call("HEAD", sample_path(pattern, fan)).status == 405) == ("GET" not in allowed)


# ---- Idempotency-Key


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_who_takes_an_idempotency_key(stack, fan, route):
    """Its syntax is checked there; elsewhere the header is ignored, and nothing is replayed."""
    headers = {"Idempotency-Key": "two words"}
    if CONTRACT[route][0] == "ADMIN":
        headers |= stack.admin_headers()
    answer = send(stack, route, fan, fan.id, **headers)
    if CONTRACT[route][1]:
        assert_problem(answer, "invalid_field", field="Idempotency-Key")
        headers["Idempotency-Key"] = new_user("key")
        path, body, _ = request_for(stack, route, fan, fan.id)
        first, second = (stack.call(route[0], path, body, headers) for _ in range(2))
        assert (first.status, first.body) == (second.status, second.body) == (200, first.body)
        assert "Idempotency-Replayed" not in first.headers
        assert second.headers["Idempotency-Replayed"] == "true"
    else:
        assert answer.status in (200, 204)
        renew(stack, route, fan)
        headers["Idempotency-Key"] = new_user("key")
        for _ in range(2):
            answer = send(stack, route, fan, fan.id, **headers)
            assert answer.status in (200, 204) and "Idempotency-Replayed" not in answer.headers
            renew(stack, route, fan)


# ---- sizes


@pytest.mark.parametrize("route", [route for route in ROUTES if route[0] in ("POST", "PATCH")], ids=name)
def test_largest_bodies(stack, fan, route):
    """16,384 bytes, 1 MiB in /admin, and 32 MiB for the file of a hall."""
    limit = 2**25 if route == ("POST", "/admin/hall") else 2**20 if CONTRACT[route][0] == "ADMIN" else 16384
    path, body, _ = request_for(stack, route, fan, fan.id)
    headers = {"Content-Type": "application/json"} | stack.admin_headers()
    assert_problem(stack.call(route[0], path, b" " * limit, headers), "invalid_json")
    assert_problem(stack.call(route[0], path, b" " * (limit + 1), headers), "body_too_large")
