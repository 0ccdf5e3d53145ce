"""Section 2 of the contract: each code is provoked, and refusals come in their order."""

import contextlib
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from crowd import PatientClient
from helpers import (
    ERRORS, add_token, age_hold, as_user, ask_pay, ask_reserve, assert_problem, balance, buy, charge,
    new_concert,
    new_user, ok, pay,
    reserve,
)
from stack import ROOT, wait_for

pytestmark = pytest.mark.usefixtures("audited")

UNKNOWN = 2**31 - 1
# Codes that only nginx gives, or that need its limits or a lost worker: provoked in that file.
PROVOKED_ELSEWHERE = {
    "invalid_hall": "test_halls.py", "hall_not_found": "test_halls.py", "seats_belong_together": "test_halls.py",
    **dict.fromkeys(("ticket_invalid", "ticket_not_found", "not_paid", "wrong_item", "ticket_void", "already_checked_in",
                     "not_checked_in"), "test_tickets.py"),
    "not_offered": "test_seat_returns.py", "price_differs": "test_seat_swaps.py",
    **dict.fromkeys(("code_required", "code_invalid", "presale_not_found", "presale_sold_out", "seat_not_in_presale",
                     "presale_in_use"), "test_presale.py"),
    "transfer_not_found": "test_transfers.py", "transfer_over": "test_transfers.py",
    **dict.fromkeys(("seats_available", "already_waiting", "waitlist_entry_not_found"), "test_waitlist.py"),
    "rate_limited": "test_errors_of_nginx.py",
    "outcome_unknown": "test_errors_of_nginx.py",
    "too_many_unpaid": "test_unpaid_holds.py",
}


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack, seats=40)


@pytest.fixture(scope="module")
def private(new_stack):
    """A stack to break: caller = header, everybody a gateway, no admin key, quick to call it a day."""
    return new_stack(
        caller="header", gateway_addresses="127.0.0.0/8", charge="anyone", workers=4, redis_timeout_ms=900, lock_wait_s=1,
        mysql_timeout_ms=2000, request_ms=3500, admin_key_file="",
    )


# ---- one function a code: provokes it and gives the answer


def bad_request(stack, concert):
    return stack.get("/concert%00")


def invalid_json(stack, concert):
    return stack.call("POST", "/payment", b"{")


def invalid_field(stack, concert):
    return stack.post("/payment", {"userId": "fan"})


def token_missing(stack, concert):
    return stack.post("/payment", {"userId": "fan", "reservationId": 1})


def token_invalid(stack, concert):
    return stack.get("/token", **{"X-Queue-Token": "1-" + "0" * 32})


def token_not_active(stack, concert):
    full = new_concert(stack, seats=1, capacity=0)
    user = new_user()
    token = add_token(stack, user, full)["token"]
    return ask_reserve(stack, user, full, full.item, 1, token=token)


def challenge_required(stack, concert):
    guarded = new_concert(stack)
    guarded.set(challenge_key="REPEAT('k', 32)")
    return stack.post("/token/add", {"userId": new_user(), "concertId": guarded.id})


def forbidden(stack, concert):
    held = reserve(stack, new_user(), concert)
    return stack.get(f"/reservation/{held['reservationId']}?userId={new_user()}")


def not_found(stack, concert):
    return stack.get("/nothing")


def concert_not_found(stack, concert):
    return stack.get(f"/concert/{UNKNOWN}")


def item_not_found(stack, concert):
    return stack.get(f"/concert/{concert.id}/item/{UNKNOWN}/seat")


def seat_not_found(stack, concert):
    return ask_reserve(stack, new_user(), concert, concert.item, UNKNOWN)


def reservation_not_found(stack, concert):
    return stack.get(f"/reservation/{UNKNOWN}?userId=fan")


def method_not_allowed(stack, concert):
    return stack.call("DELETE", "/concert")


def concert_not_open(stack, concert):
    return stack.get("/concert/3/item")


def seat_taken(stack, concert):
    item, seat = concert.free_seat()
    reserve(stack, new_user(), concert, item, seat)
    return ask_reserve(stack, new_user(), concert, item, seat)


def seats_not_available(stack, concert):
    body = {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "count": 1,
        "section": "Nowhere"}
    return stack.post("/reservation", body)


def seat_limit_reached(stack, concert):
    limited = new_concert(stack, seats=2, max_seats=1)
    return ask_reserve(stack, new_user(), limited, limited.item, [1, 2])


def already_paid(stack, concert):
    user = new_user()
    held, _ = buy(stack, user, concert)
    return ask_pay(stack, user, held["reservationId"], add_token(stack, user, concert)["token"])


def reservation_cancelled(stack, concert):
    user = new_user()
    held = reserve(stack, user, concert)
    ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
    return ask_pay(stack, user, held["reservationId"], "x")


def insufficient_points(stack, concert):
    return stack.post("/point/use", {"userId": new_user(), "amount": 1})


def balance_limit(stack, concert):
    user = new_user()
    for _ in range(10):
        charge(stack, user, 10**9)
    return stack.post("/point/charge", {"userId": user, "amount": 1})


def not_cancellable(stack, concert):
    user = new_user()
    held = reserve(stack, user, concert)
    age_hold(stack, held["reservationId"], 300)
    return stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}")


def hold_expired(stack, concert):
    user = new_user()
    held = reserve(stack, user, concert)
    age_hold(stack, held["reservationId"], 300)
    return ask_pay(stack, user, held["reservationId"], "x")


def body_too_large(stack, concert):
    return stack.call("POST", "/payment", b" " * 16385)


def uri_too_long(stack, concert):
    return stack.get("/" + "a" * 9000)


def unsupported_media_type(stack, concert):
    return stack.call("POST", "/payment", b"{}", {"Content-Type": "text/plain"})


def headers_too_large(stack, concert):
    return stack.get("/concert", X="a" * 9000)


def idempotency_key_reused(stack, concert):
    user = new_user()
    answers = [
        stack.post("/point/charge", {"userId": user, "amount": amount},
            **{"Idempotency-Key": "k"}) for amount in (1, 2)
    ]
    assert answers[0].status == 200
    return answers[1]


def queue_full(stack, concert):
    full = new_concert(stack, seats=1, capacity=0)
    full.set(max_waiting=1)
    add_token(stack, new_user(), full)
    return stack.post("/token/add", {"userId": new_user(), "concertId": full.id})


def maintenance(stack, concert):
    (stack.run / "maintenance").touch()
    try:
        return wait_for(lambda: (answer := stack.post("/payment", {})).code == "maintenance" and answer)
    finally:
        (stack.run / "maintenance").unlink()
        wait_for(lambda: stack.post("/payment", {}).status == 400)


IN_THE_SHARED_STACK = [
    bad_request, invalid_json, invalid_field, token_missing, token_invalid, token_not_active, challenge_required, forbidden,
    not_found,
    concert_not_found, item_not_found, seat_not_found, reservation_not_found, method_not_allowed,
    concert_not_open, seat_taken,
    seats_not_available, seat_limit_reached, already_paid, reservation_cancelled, insufficient_points,
    balance_limit,
    not_cancellable, hold_expired, body_too_large, uri_too_long, unsupported_media_type, headers_too_large,
    idempotency_key_reused, queue_full, maintenance,
]


@pytest.mark.parametrize("provoke", IN_THE_SHARED_STACK, ids=lambda function: function.__name__)
def test_code(stack, concert, provoke):
    assert_problem(provoke(stack, concert), provoke.__name__)


# ---- codes that need a stack that may be broken


def unauthorized(private):
    """Nobody says who it is; and without an admin key in the settings nobody is the admin."""
    for key in ("", "x", private.admin_headers()["Authorization"][7:]):
        header = {"Authorization": f"Bearer {key}"}
        assert_problem(private.get("/admin/concert/1", **header), "unauthorized")
        assert_problem(private.post("/admin/concert", {}, **header), "unauthorized")
    return private.get("/point")


def internal_error(private):
    """A sold seat that does not name the reservation that paid it: a bug, could it be."""
    concert = new_concert(private, seats=1, price=0)
    user = new_user()
    body = {"concertId": concert.id, "itemId": concert.item, "seatId": 1}
    held = ok(private.post("/reservation", body, **as_user(user)))["reservationId"]
    token = ok(private.post("/token/add", {"concertId": concert.id}, **as_user(user)))["token"]
    ok(private.post("/payment", {"reservationId": held, "token": token}, **as_user(user)))
    private.query("UPDATE seat SET reservation_id = reservation_id + 1 WHERE item_id = %s", concert.item)
    try:
        answer = private.call("DELETE", f"/reservation/{held}", headers=as_user(user))
    finally:
        private.query("UPDATE seat SET reservation_id = reservation_id - 1 WHERE item_id = %s", concert.item)
    log = private.log("frontrow").read_text()
    lines = [line for line in log.splitlines() if answer.headers["X-Request-Id"] in line]
    assert any(" ERROR " in line for line in lines), "logged with the request id"
    return answer


def busy(private):
    """Somebody keeps a purse locked."""
    user = new_user()
    ok(private.post("/point/charge", {"amount": 5}, **as_user(user)))
    with contextlib.closing(private.mysql()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM point WHERE user_id = %s FOR UPDATE", (user,))
        answer = private.post("/point/charge", {"amount": 1}, **as_user(user))
    assert ok(private.get("/point", **as_user(user)))["balance"] == 5
    return answer


def mysql_unavailable(private):
    with private.without("mysql"):
        answer = private.get("/point", **as_user("fan"))
        ready = private.get("/health/ready")
        health = private.get("/health")
    problem = ready.json()
    assert (ready.status, problem["code"]) == (503, "mysql_unavailable")
    assert problem["dependencies"]["mysql"]["status"] == "down"
    assert problem["dependencies"]["redis"]["status"] == "up"
    assert ready.headers["Retry-After"] and health.status == 200
    wait_for(lambda: private.get("/point", **as_user("fan")).status == 200)
    return answer


def queue_unavailable(private):
    """Where a queue is kept; everything else goes on."""
    queue, open_to_all = new_concert(private, seats=1, capacity=1), new_concert(private, seats=1)
    user = new_user()
    with private.without("redis"):
        answer = private.post("/token/add", {"concertId": queue.id}, **as_user(user))
        assert_problem(private.get(f"{queue.path}/queue"), "queue_unavailable")
        token = ok(private.post("/token/add", {"concertId": open_to_all.id}, **as_user(user)))["token"]
        ok(private.get("/token", **as_user(user), **{"X-Queue-Token": token}))
        ok(private.get(f"{open_to_all.path}/queue"))
        ready = private.get("/health/ready")
        assert (ready.status, ready.json()["status"]) == (200, "degraded")
        assert ready.json()["dependencies"]["redis"]["status"] == "down"
        body = {"concertId": open_to_all.id, "itemId": open_to_all.item, "seatId": 1}
        held = ok(private.post("/reservation", body, **as_user(user)))["reservationId"]
        ok(private.post("/point/charge", {"amount": 1000}, **as_user(user)))
        ok(private.post("/payment", {"reservationId": held, "token": token}, **as_user(user)))
    return answer


IN_A_STACK_OF_ITS_OWN = [unauthorized, internal_error, busy, mysql_unavailable, queue_unavailable]


@pytest.mark.parametrize("provoke", IN_A_STACK_OF_ITS_OWN, ids=lambda function: function.__name__)
def test_code_of_a_fault(private, provoke):
    assert_problem(provoke(private), provoke.__name__)


def test_no_code_is_forgotten():
    """The table of errors is what is provoked here and there, no code more, none less."""
    here = {function.__name__ for function in IN_THE_SHARED_STACK + IN_A_STACK_OF_ITS_OWN}
    assert here | set(PROVOKED_ELSEWHERE) == set(ERRORS)
    for code, file in PROVOKED_ELSEWHERE.items():
        assert f'"{code}"' in (ROOT / "test/api" / file).read_text()


def test_statuses_are_the_contracts():
    contract = {
        400: "invalid_json invalid_field invalid_hall bad_request ticket_invalid",
        401: "token_missing unauthorized",
        403: "token_invalid token_not_active challenge_required code_required code_invalid forbidden",
        404: "not_found concert_not_found item_not_found seat_not_found hall_not_found reservation_not_found"
             " ticket_not_found transfer_not_found waitlist_entry_not_found presale_not_found",
        405: "method_not_allowed", 413: "body_too_large", 414: "uri_too_long", 415: "unsupported_media_type",
        431: "headers_too_large",
        409: "concert_not_open seat_taken seats_belong_together seats_not_available seat_limit_reached seats_available already_waiting already_paid"
             " reservation_cancelled insufficient_points balance_limit price_differs transfer_over not_offered not_cancellable not_paid wrong_item ticket_void"
             " already_checked_in not_checked_in presale_sold_out seat_not_in_presale presale_in_use",
        410: "hold_expired", 422: "idempotency_key_reused", 429: "rate_limited too_many_unpaid", 500: "internal_error",
        503: "busy mysql_unavailable queue_unavailable queue_full maintenance outcome_unknown",
    }
    assert {code: status for status, codes in contract.items() for code in codes.split()} == {
        code: status for code, (status, _) in ERRORS.items()
    }


# ---- the order of checks


def send(stack, method, path, body, **headers):
    return stack.call(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})


def test_order_of_checks(private):
    """Each request has the faults of all steps behind, and is mended step by step."""
    client = private
    plain = {"Content_Type": "text/plain", "Idempotency_Key": "a key"}
    json_type = {"Content_Type": "application/json", "Idempotency_Key": "a key"}
    assert_problem(send(client, "PUT", "/nothing", b"x" * 20000, **plain), "not_found")
    assert_problem(send(client, "PUT", "/payment", b"x" * 20000, **plain), "method_not_allowed")
    (private.run / "maintenance").touch()
    try:
        wait_for(lambda: client.post("/payment", {}).code == "maintenance")
        assert_problem(send(client, "PUT", "/nothing", b"x" * 20000, **plain), "not_found")
        assert_problem(send(client, "PUT", "/payment", b"x" * 20000, **plain), "method_not_allowed")
        assert_problem(send(client, "POST", "/payment", b"x" * 20000, **plain), "maintenance")
    finally:
        (private.run / "maintenance").unlink()
    wait_for(lambda: client.post("/payment", {}).status == 400)
    assert_problem(send(client, "POST", "/payment", b"x" * 20000, **plain), "unsupported_media_type")
    assert_problem(send(client, "POST", "/payment", b"x" * 20000, **json_type), "body_too_large")
    assert_problem(send(client, "POST", "/payment", b'{"userId":"fan"', **json_type), "invalid_json")
    assert_problem(send(client, "POST", "/payment", b'{"userId":"fan"}', **json_type), "invalid_field",
        field="reservationId")
    whole = b'{"userId":"fan","reservationId":%d}' % UNKNOWN
    assert_problem(send(client, "POST", "/payment", whole, **json_type), "invalid_field",
        field="Idempotency-Key")
    assert_problem(send(client, "POST", "/payment", whole, Idempotency_Key="k"), "unauthorized")
    other = {"Idempotency_Key": "k", "X_Frontrow_User": new_user()}
    assert_problem(send(client, "POST", "/payment", whole, **other), "forbidden")

    user = new_user()
    named = {"Idempotency_Key": "k", "X_Frontrow_User": user}
    ok(send(client, "POST", "/point/charge", {"amount": 1}, **named))
    whole = {"userId": user, "reservationId": UNKNOWN}
    assert_problem(send(client, "POST", "/payment", whole, **named), "idempotency_key_reused")
    named["Idempotency_Key"] = "another"
    assert_problem(send(client, "POST", "/payment", whole, **named), "token_missing")
    assert_problem(send(client, "POST", "/payment", whole | {"token": "x"}, **named), "reservation_not_found")


def test_path_ids_come_before_methods_and_fields(stack):
    assert_problem(stack.post("/concert/abc", {}), "concert_not_found")
    assert_problem(stack.call("DELETE", "/reservation/0"), "reservation_not_found")
    assert_problem(stack.get("/concert/abc/item/abc/seat?view=x"), "concert_not_found")
    assert_problem(stack.get(f"/concert/{UNKNOWN}/item/1/seat?view=x"), "invalid_field")


def test_order_of_post_reservation(stack):
    """concert_not_found, concert_not_open, token, item_not_found, seat_not_found, seat_taken, seat_limit_reached."""
    concert = new_concert(stack, seats=5, capacity=1, max_seats=1, status="closed")
    other = new_concert(stack, seats=1)
    buyer, user = new_user(), new_user()
    body = {"userId": user, "concertId": UNKNOWN, "itemId": other.item, "seatIds": [1, 99]}
    assert_problem(stack.post("/reservation", body), "concert_not_found")
    body["concertId"] = concert.id
    assert_problem(stack.post("/reservation", body), "concert_not_open")
    concert.set(status="'open'")
    assert_problem(stack.post("/reservation", body), "token_missing")
    taken = add_token(stack, buyer, concert)["token"]
    waiting = add_token(stack, user, concert)["token"]
    assert_problem(stack.post("/reservation", body | {"token": taken}), "token_invalid")
    assert_problem(stack.post("/reservation", body | {"token": waiting}), "token_not_active")
    reserve(stack, buyer, concert, concert.item, 1, token=taken)
    stack.call("DELETE", "/token", headers={"X-Queue-Token": taken})
    wait_for(lambda: ok(stack.get("/token", **{"X-Queue-Token": waiting}))["status"] == "active")
    body["token"] = waiting
    assert_problem(stack.post("/reservation", body), "item_not_found")
    body["itemId"] = concert.item
    assert_problem(stack.post("/reservation", body), "seat_not_found")
    body["seatIds"] = [1, 2]
    assert_problem(stack.post("/reservation", body), "seat_taken", seatIds=[1])
    body["seatIds"] = [2, 3]
    assert_problem(stack.post("/reservation", body), "seat_limit_reached")
    body["seatIds"] = [2]
    ok(stack.post("/reservation", body))


def test_order_of_post_payment(stack, concert):
    """token_missing, reservation_not_found, forbidden, the state of the hold, token_invalid, insufficient_points."""
    owner, user = new_user(), new_user()
    held = reserve(stack, owner, concert)["reservationId"]
    bad = "x"
    assert_problem(ask_pay(stack, user, UNKNOWN, None), "token_missing")
    assert_problem(ask_pay(stack, user, UNKNOWN, bad), "reservation_not_found")
    assert_problem(ask_pay(stack, user, held, bad), "forbidden")
    assert_problem(ask_pay(stack, owner, held, bad), "token_invalid")
    token = add_token(stack, owner, concert)["token"]
    assert_problem(ask_pay(stack, owner, held, token), "insufficient_points")

    charge(stack, owner, 1000)
    pay(stack, owner, held, token)
    assert_problem(ask_pay(stack, user, held, bad), "forbidden")
    assert_problem(ask_pay(stack, owner, held, bad), "already_paid")
    ok(stack.call("DELETE", f"/reservation/{held}?userId={owner}"))
    assert_problem(ask_pay(stack, owner, held, bad), "reservation_cancelled")
    over = reserve(stack, owner, concert)["reservationId"]
    age_hold(stack, over, 300)
    assert_problem(ask_pay(stack, owner, over, bad), "hold_expired")


def test_order_of_delete_reservation(stack, concert):
    owner = new_user()
    held = reserve(stack, owner, concert)["reservationId"]
    ok(stack.call("DELETE", f"/reservation/{held}?userId={owner}"))
    assert_problem(stack.call("DELETE", f"/reservation/{UNKNOWN}?userId={owner}"), "reservation_not_found")
    assert_problem(stack.call("DELETE", f"/reservation/{held}?userId={new_user()}"), "forbidden")
    assert_problem(stack.call("DELETE", f"/reservation/{held}?userId={owner}"), "not_cancellable")


def test_order_of_admin_calls(stack):
    """The key, the content type, the body, its fields, the concert, its state."""
    path, key = f"/admin/concert/{UNKNOWN}", stack.admin_headers()
    plain = {"Content-Type": "text/plain"}
    cancelled = new_concert(stack, seats=1, status="cancelled")
    assert_problem(stack.call("PATCH", path, b"{", plain), "unauthorized")
    assert_problem(stack.call("PATCH", path, b"{", plain | key), "unsupported_media_type")
    assert_problem(stack.call("PATCH", path, b"{", key), "invalid_json")
    assert_problem(stack.call("PATCH", path, {"status": "cancelled"}, key), "invalid_field", field="status")
    assert_problem(stack.call("PATCH", path, {"status": "open"}, key), "concert_not_found")
    assert_problem(stack.call("PATCH", f"/admin/concert/{cancelled.id}", {"status": "open"}, key), "not_cancellable")


def test_order_of_reads(stack):
    """concert, its state, the item."""
    closed = new_concert(stack, seats=1, status="closed")
    assert_problem(stack.get(f"/concert/{UNKNOWN}/item/{UNKNOWN}/seat"), "concert_not_found")
    assert_problem(stack.get(f"{closed.path}/item/{UNKNOWN}/seat"), "concert_not_open")
    closed.set(status="'open'")
    assert stack.fresh(f"{closed.path}/item/{UNKNOWN}/seat").code == "item_not_found"


# ---- details of the form


def test_retry_after_is_random(stack):
    """Clients that were refused together must not come back together."""
    concert = new_concert(stack, seats=1, capacity=0)
    concert.set(max_waiting=0)
    body = {"userId": new_user(), "concertId": concert.id}
    seen = {stack.post("/token/add", body).headers["Retry-After"] for _ in range(60)}
    assert seen == {"1", "2", "3"}


def test_every_code_has_a_title_of_its_own():
    titles = [title for _, title in ERRORS.values()]
    assert len(set(titles)) == len(titles)
    assert all(re.fullmatch("[A-Z].*[^.]", title) for title in titles)


def test_refusals_in_parallel_do_not_mix(stack, concert):
    """Each client gets the answer to its own call."""
    def run(number):
        client = PatientClient(stack.new_client())
        for _ in range(20):
            field = assert_problem(client.post("/point/use", {"userId": f"user-{number}", "amount": number}),
                "insufficient_points")
            assert field["balance"] == 0
            assert ok(client.get(f"/point?userId=user-{number}"))["userId"] == f"user-{number}"

    with ThreadPoolExecutor() as pool:
        list(pool.map(run, range(1, 9)))
    assert balance(stack, "user-1") == 0
