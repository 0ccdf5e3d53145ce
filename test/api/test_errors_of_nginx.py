"""What nginx refuses by itself has the form of every other problem, and the contract's codes."""

import contextlib
import os
import re
import signal
import socket
import time

import pytest
from crowd import Pending, PatientClient
from stack import LOST, ROOT, Answer, wait_for, wait_for_statement

TABLE = (ROOT / "fcgi-app/base/error.h").read_text()
TITLES = dict(re.findall(r'ERROR\(\w+, \d+, "(\w+)",\s*"([^"]+)"\)', TABLE))
OPERATOR, GATEWAY = "127.0.0.2", "127.0.0.3"


def assert_problem(answer, status, code):
    assert answer is not LOST
    assert (answer.status, answer.code) == (status, code), answer
    problem = answer.json()
    assert list(problem) == ["type", "title", "status", "detail", "code"]
    assert problem["type"] == f"/problems/{code}"
    assert problem["title"] == TITLES[code]
    assert problem["status"] == status
    assert problem["detail"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    if status in (429, 502, 503, 504):
        assert answer.headers["Retry-After"] in ("1", "2", "3")
    else:
        assert "Retry-After" not in answer.headers


HOST = b" HTTP/1.1\r\nHost: x\r\n"
REFUSED = {
    "no host": (b"GET /concert HTTP/1.1\r\n\r\n", 400, "bad_request"),
    "no request": (b"\x16\x03\x01\x02\r\n\r\n", 400, "bad_request"),
    "a method in small letters": (b"get /concert" + HOST + b"\r\n", 400, "bad_request"),
    "an encoded NUL": (b"GET /concert%00" + HOST + b"\r\n", 400, "bad_request"),
    "bad encoding": (b"GET /concert%zz" + HOST + b"\r\n", 400, "bad_request"),
    "above the root": (b"GET /../concert" + HOST + b"\r\n", 400, "bad_request"),
    "a version to come": (b"GET /concert HTTP/9.1\r\nHost: x\r\n\r\n", 400, "bad_request"),
    "a length that is none": (b"POST /x" + HOST + b"Content-Length: -1\r\n\r\n", 400, "bad_request"),
    "two lengths": (b"POST /x" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "bad_request"),
    "an unknown coding": (b"POST /x" + HOST + b"Transfer-Encoding: gzip\r\n\r\n", 400, "bad_request"),
    "a bad chunk": (b"POST /x" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "bad_request"),
    "nginx's own page": (b"GET /_problem" + HOST + b"\r\n", 404, "not_found"),
    "TRACE": (b"TRACE /concert" + HOST + b"\r\n", 405, "method_not_allowed"),
    "POST of a page": (b"POST /" + HOST + b"Content-Length: 0\r\n\r\n", 405, "method_not_allowed"),
    "a body above 1 MiB": (b"POST /reservation" + HOST + b"Content-Length: 1048577\r\n\r\n", 413, "body_too_large"),
    "a long address": (b"GET /" + b"a" * 9000 + HOST + b"\r\n", 414, "uri_too_long"),
    "a long header": (b"GET /concert" + HOST + b"X: " + b"a" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
    "many headers": (b"GET /concert" + HOST + b"X: " + b"a" * 4000 + b"\r\n" + (b"X: " + b"a" * 4000 + b"\r\n") * 9 + b"\r\n",
                     431, "headers_too_large"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(stack, name):
    request, status, code = REFUSED[name]
    answer = stack.raw(request)
    assert_problem(answer, status, code)
    if status == 405:
        assert answer.headers["Allow"] == ("GET, HEAD, OPTIONS" if name == "TRACE" else "GET, HEAD")


def test_request_id_is_never_the_clients(stack):
    ids = {stack.get("/", **{"X-Request-Id": "mine"}).headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3 and "mine" not in ids


def test_front_page(stack):
    page = stack.get("/")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Server"] == "nginx"


def test_every_path_that_is_no_page_goes_to_a_worker(stack):
    for path in ("/nothing", "/nothing.html", "/concert/", "/index.html/x"):
        assert stack.get(path).code == "not_found", path


@pytest.fixture(scope="module")
def guarded(new_stack):
    """A stack that knows its operators and its gateway by address, and has narrow limits."""
    return new_stack(
        caller="header", admin_addresses=OPERATOR, gateway_addresses=GATEWAY,
        rate_limit=20, exact_limit=1, workers=4,
    )


@pytest.mark.parametrize("path", ["/admin", "/admin/concert", "/admin/x.html", "/metrics", "//metrics"])
def test_operators_paths_are_closed_to_others(guarded, path):
    client = guarded.new_client()
    assert_problem(client.get(path, **guarded.admin_headers()), 403, "forbidden")
    operator = guarded.new_client(source=OPERATOR)
    assert operator.get(path, **guarded.admin_headers()).status != 403


def test_the_user_header_is_believed_from_a_gateway_only(guarded):
    named = {"X-Frontrow-User": "fan"}
    assert guarded.new_client().get("/point", **named).code == "unauthorized"
    # the one place of its class may still be that of the call before
    answer = PatientClient(guarded.new_client(source=GATEWAY)).get("/point", **named)
    assert (answer.status, answer.json()["userId"]) == (200, "fan")


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_overload_is_shed(guarded, method):
    """It is 503, not the 502 that nginx has for it, and none of it is of unknown outcome."""
    log = guarded.log("nginx").read_text()
    with guarded.one_call_under_way():
        body = b"{}" if method in ("POST", "PATCH") else None
        assert_problem(guarded.call(method, "/payment?userId=fan", body), 503, "busy")
        assert guarded.call("HEAD", "/point?userId=fan").status == 503
    assert guarded.log("nginx").read_text() == log, "the access log has it"


def test_a_full_class_leaves_others_alone(guarded):
    """Operators and readers are let in; what they ask is only waited for here."""
    with guarded.one_call_under_way():
        waiting = [guarded.new_client(source=OPERATOR, timeout=1) for _ in range(4)]
        for client, path in zip(waiting, ("/health", "/metrics", "/admin/concert/1", "/concert")):
            client.connection.request("GET", path, headers=guarded.admin_headers())
        time.sleep(0.2)
        assert not any(client.was_ended() for client in waiting), "one was answered, and no worker can"
    for client in waiting:
        client.connection.sock.settimeout(40)
        assert client.connection.getresponse().status == 200


def test_a_body_that_does_not_come_takes_no_place(guarded):
    with contextlib.ExitStack() as slow:
        for _ in range(20):
            one = slow.enter_context(socket.create_connection(("127.0.0.1", guarded.port)))
            one.sendall(b"POST /payment" + HOST + b"Content-Length: 9\r\n\r\n")
        assert PatientClient(guarded.new_client(source="127.0.1.2")).get("/point").code == "unauthorized"
        headers = guarded.admin_headers()
        for _ in range(20):
            one = slow.enter_context(socket.create_connection(("127.0.0.1", guarded.port), source_address=(OPERATOR, 0)))
            one.sendall(b"POST /admin/concert" + HOST + b"Content-Length: 9\r\n\r\n")
        assert guarded.new_client(source=OPERATOR).get("/admin/concert/1", **headers).status == 200


@pytest.mark.parametrize("length", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("path", [b"/concert", b"/health", b"/point?userId=fan"])
def test_nobody_waits_for_the_body_of_a_get(stack, path, length):
    for method in (b"GET ", b"OPTIONS "):
        assert_problem(stack.raw(method + path + HOST + length + b"\r\n\r\n", timeout=5), 400, "bad_request")
    assert stack.raw(b"GET " + path + HOST + b"Content-Length: 0\r\n\r\n").status == 200


@pytest.fixture(scope="module")
def counting(new_stack):
    """A stack that counts what each address has under way, as everywhere but under scripts/up; two are enough."""
    return new_stack(uncounted_addresses="", address_limit=2, gateway_addresses=GATEWAY, workers=2)


@contextlib.contextmanager
def begun_posts(stack, source, count):
    """So many requests are under way: their bodies do not come."""
    with contextlib.ExitStack() as posts:
        for _ in range(count):
            post = posts.enter_context(socket.create_connection(("127.0.0.1", stack.port), source_address=(source, 0)))
            post.sendall(b"POST /point/charge" + HOST + b"Content-Length: 9\r\n\r\n")
        yield


def test_an_address_has_its_share(counting):
    """More is refused; others, and those who keep to it, are not; a gateway calls for many."""

    def is_refused(path):
        """With new posts each time: nginx may read some only after this, and waits for 10 s for their bodies."""
        with begun_posts(counting, GATEWAY, 8), begun_posts(counting, "127.0.2.1", 8):
            answer = counting.new_client(source="127.0.2.1").get(path)
            assert counting.new_client(source="127.0.2.1").get("/").status == 200
            assert counting.new_client(source="127.0.2.2").get(path).status == 200
            assert counting.new_client(source=GATEWAY).get(path).status == 200
        return answer.status == 503 and answer

    for path in ("/concert", "/point?userId=fan", "/health"):
        assert_problem(wait_for(lambda: is_refused(path)), 503, "busy")
    wait_for(lambda: counting.new_client(source="127.0.2.1").get("/concert").status == 200)


def test_rate_limit(guarded):
    """All are sent before the first answer is read: slow answers do not lower the rate. Which ones are let through is
    not asked: several nginx workers read them."""
    clients = [guarded.new_client(source="127.0.0.4").connection for _ in range(150)]
    for client in clients:
        client.request("GET", "/health")
    got = [client.getresponse() for client in clients]
    answers = [Answer(one.status, one.headers, one.read()) for one in got]
    assert {answer.status for answer in answers} == {200, 429}
    for answer in answers:
        if answer.status == 429:
            assert_problem(answer, 429, "rate_limited")
        assert_limits(answer, ['"address";q=20;w=1'], '"address";r=0;t=1')
    for client in clients:
        client.close()


def assert_limits(answer, policies, refusing):
    """RateLimit-Policy has these, and RateLimit the one that refused."""
    assert answer.headers.get_all("RateLimit-Policy", []) == policies
    assert answer.headers.get("RateLimit") == (refusing if answer.status == 429 else None)


@pytest.mark.parametrize("settings, together, apart, refusing", [
    ({}, ['"user";q=3;w=1'], ['"user";q=3;w=1'], '"user";r=0;t=1'),
    # of two limits nobody knows which one refused
    ({"rate_limit": 1000}, ['"address";q=1000;w=1, "user";q=3;w=1'], ['"address";q=1000;w=1', '"user";q=3;w=1'], None),
])
def test_rate_limit_of_a_user(new_stack, settings, together, apart, refusing):
    """nginx knows the users of a gateway."""
    limited = new_stack(caller="header", gateway_addresses=GATEWAY, user_rate=3, workers=2, **settings)
    gateway = limited.new_client(source=GATEWAY)
    clients = [limited.new_client(source=GATEWAY).connection for _ in range(30)]
    for client in clients:
        client.request("GET", "/point", headers={"X-Frontrow-User": "fan"})
    got = [client.getresponse() for client in clients]
    answers = [Answer(one.status, one.headers, one.read()) for one in got]
    assert {answer.status for answer in answers} == {200, 429}
    for answer in answers:
        assert_limits(answer, together if answer.status == 429 else apart, refusing)
    # others are not limited with them, and what has no limit of users names none
    assert gateway.get("/point", **{"X-Frontrow-User": "other"}).status == 200
    assert '"user";q=3;w=1' not in gateway.get("/health", **{"X-Frontrow-User": "fan"}).headers.get_all("RateLimit-Policy", [])
    for client in clients:
        client.close()


def test_no_rate_limit_by_default(stack):
    answers = [stack.get("/health") for _ in range(200)]
    assert {answer.status for answer in answers} == {200}
    for answer in (answers[-1], stack.get("/point?userId=fan"), stack.get("/concert"), stack.get("/")):
        assert_limits(answer, [], None)


def test_slow_headers_are_cut_off_without_an_answer(stack, long):
    if not long:
        pytest.skip("takes 10 s: --long")
    assert stack.raw(b"GET /concert HTTP/1.1\r\n", timeout=20) is LOST


def end_workers_with_request(guarded, method):
    """Hands a request over to a worker that dies with it; the answer."""
    master = guarded.pid("frontrow")
    os.killpg(master, signal.SIGSTOP)
    before = guarded.connections_to_workers()
    connection = guarded.new_client().connection
    connection.request(method, "/payment?userId=fan", b"{}" if method == "POST" else None)
    wait_for(lambda: guarded.connections_to_workers() > before)
    time.sleep(0.2)  # what nginx has connected to it writes to in the same breath
    os.killpg(master, signal.SIGKILL)
    got = connection.getresponse()
    return Answer(got.status, got.headers, got.read())


@pytest.mark.parametrize("method, code", [
    ("POST", "outcome_unknown"), ("PATCH", "outcome_unknown"), ("DELETE", "outcome_unknown"), ("GET", "busy"),
])
def test_a_worker_that_is_lost_with_a_request(guarded, method, code):
    try:
        assert_problem(end_workers_with_request(guarded, method), 502, code)
    finally:
        guarded.start_service("frontrow")


@pytest.mark.parametrize("method, table, code", [
    ("GET", "payment", "busy"), ("DELETE", "reservation", "outcome_unknown"),
])
def test_what_a_worker_died_on_is_handed_to_no_other(stack, method, table, code):
    """nginx takes both for harmless to repeat. No worker can finish the call before it is killed."""
    path = {"GET": "/payment?userId=fan", "DELETE": "/reservation/1?userId=fan"}[method]
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLES {table} WRITE")
        call = Pending(stack, lambda client: client.call(method, path))
        wait_for_statement(stack, "Waiting for table", "SELECT")
        for pid in stack.workers():
            os.kill(pid, signal.SIGKILL)
        assert_problem(call.answer(), 502, code)
    wait_for(lambda: len(stack.workers()) == stack.worker_count())


def test_no_worker_at_all(guarded):
    """What was never handed over has no unknown outcome."""
    with guarded.without("frontrow"):
        for method in ("GET", "POST", "DELETE"):
            assert_problem(guarded.call(method, "/payment?userId=fan"), 502, "busy")
