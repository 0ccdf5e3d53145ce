"""A header of ours that comes twice is refused: of a gateway and its client each may have written one."""

import pytest
import wire
from helpers import GATEWAY, add_token, as_user, assert_problem, balance, new_concert, new_user, ok

BODY = b'{"userId":"fan","amount":1}'


def http(method, path, *headers, body=None):
    """The bytes of a request with these header lines, in this order."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


TWICE = {
    "POST /point/charge": [("Idempotency-Key", "a", "b"), ("Idempotency-Key", "a", "a"), ("idempotency-KEY", "", "a")],
    "DELETE /reservation/1?userId=fan": [("Idempotency-Key", "a", "b")],
    "GET /token": [("X-Queue-Token", "1-" + "0" * 32, "x"), ("X-Queue-Token", "", "")],
    "POST /payment": [("X-Queue-Token", "a", "b")],
    "POST /reservation": [("X-Queue-Token", "a", "b"), ("X-Frontrow-User", "a", "b")],
    "GET /point?userId=fan": [("X-Frontrow-User", "fan", "fan"), ("X-Frontrow-Gateway", "a", "b")],
}
BODIES = {
    "/point/charge": BODY, "/payment": b'{"userId":"fan","reservationId":1}',
    "/reservation": b'{"userId":"fan","concertId":1,"itemId":1,"seatId":1}',
}


@pytest.mark.parametrize("call, name, first, second", [(c, *header) for c, all in TWICE.items() for header in all])
def test_twice_is_refused(stack, call, name, first, second):
    method, path = call.split()
    body = BODIES.get(path) if method == "POST" else None
    canonical = {"idempotency-key": "Idempotency-Key"}.get(name.lower(), name)
    answer = stack.raw(http(method, path, f"{name}: {first}", "X-Other: 1", f"{name}: {second}", body=body))
    assert_problem(answer, "invalid_field", field=canonical)


def test_once_is_not(stack):
    user = new_user()
    body = f'{{"userId":"{user}","amount":1}}'.encode()
    # a comma is a visible character like others
    for key in ("one", "one,two", "~" * 64):
        ok(stack.raw(http("POST", "/point/charge", f"Idempotency-Key: {key}", body=body)))
    assert balance(stack, user) == 3


def test_two_callers_are_none(header_stack):
    """Whichever the gateway wrote: that it appends fools nobody."""
    for users in (("first", "second"), ("same", "same"), ("", "fan"), ("fan", "")):
        lines = [f"X-Frontrow-User: {user}" for user in users]
        answer = header_stack.raw(http("GET", "/point", *lines), source=GATEWAY)
        assert_problem(answer, "invalid_field", field="X-Frontrow-User")
    joined = header_stack.raw(http("GET", "/point", "X-Frontrow-User: first, second"), source=GATEWAY)
    assert_problem(joined, "invalid_field", field="X-Frontrow-User")


def test_the_order_of_refusals(header_stack):
    """With the fields: after JSON, before the caller."""
    twice = ["X-Frontrow-User: a", "X-Frontrow-User: b", "Idempotency-Key: two words"]

    def ask(body, *headers, source=GATEWAY):
        return header_stack.raw(http("POST", "/point/charge", *headers, body=body), source=source)

    assert_problem(ask(b"{", *twice), "invalid_json")
    assert_problem(ask(b'{"amount":0}', *twice), "invalid_field", field="amount")
    assert_problem(ask(b'{"amount":1}', *twice), "invalid_field", field="X-Frontrow-User")
    assert_problem(ask(b'{"amount":1}', *twice, source="127.0.0.9"), "invalid_field", field="X-Frontrow-User")
    assert_problem(ask(b'{"amount":1}', "X-Frontrow-User: a b"), "unauthorized")


def test_nothing_has_changed(stack):
    user = new_user()
    body = f'{{"userId":"{user}","amount":5}}'.encode()
    answer = stack.raw(http("POST", "/point/charge", "Idempotency-Key: a", "Idempotency-Key: b", body=body))
    assert_problem(answer, "invalid_field", field="Idempotency-Key")
    assert balance(stack, user) == 0


def test_nginx_refuses_a_second_authorization(stack):
    key = f"Authorization: {stack.admin_headers()['Authorization']}"
    assert ok(stack.raw(http("GET", "/admin/concert/1", key)))["concertId"] == 1
    for second in (key, "Authorization: Bearer other"):
        assert_problem(stack.raw(http("GET", "/admin/concert/1", key, second)), "bad_request")


def test_operators_calls(stack):
    key = f"Authorization: {stack.admin_headers()['Authorization']}"
    twice = ["Idempotency-Key: a", "Idempotency-Key: b"]
    assert_problem(stack.raw(http("POST", "/admin/concert", key, *twice, body=b"{}")), "invalid_field",
        field="Idempotency-Key")


def test_what_everybody_may_read_needs_none(stack):
    """It comes out of nginx's cache."""
    twice = ["X-Queue-Token: a", "X-Queue-Token: b"]
    assert stack.raw(http("GET", "/concert", *twice)).status == 200


@pytest.mark.parametrize("values", [["a", "b"], ["a, b"], ["a", "b", "c"]])
def test_however_the_web_server_says_it(stack, values):
    """nginx before 1.23 sends each, others join them."""
    parameters = [("DOCUMENT_URI", "/token"), ("SERVER_ADDR", "127.0.0.1")]
    parameters += [("HTTP_X_QUEUE_TOKEN", value) for value in values]
    answer = stack.fastcgi(wire.fastcgi_of("GET", parameters))
    assert (answer.status, answer.json()["field"]) == (400, "X-Queue-Token")


def test_commas_of_other_schemes(stack):
    parameters = [("DOCUMENT_URI", "/point"), ("SERVER_ADDR", "127.0.0.1")]
    digest = ("HTTP_AUTHORIZATION", 'Digest username="a", realm="b"')
    assert stack.fastcgi(wire.fastcgi_of("GET", [*parameters, digest], query="userId=fan")).status == 200
    twice = stack.fastcgi(wire.fastcgi_of("GET", [*parameters, digest, digest], query="userId=fan"))
    assert twice.json()["field"] == "Authorization"


def test_other_headers_may_be_doubled(stack):
    concert = new_concert(stack, capacity=1)
    token = add_token(stack, new_user(), concert)["token"]
    lines = ["Accept: a", "Accept: b", "Cookie: a=1", "Cookie: b=2", "X_Queue_Token: z", f"X-Queue-Token: {token}"]
    assert ok(stack.raw(http("GET", "/token", *lines)))["token"] == token
