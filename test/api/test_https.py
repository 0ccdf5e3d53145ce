"""HTTPS, as scripts/up --https and frontrowctl nginx-config --certificate make it: TLS 1.3 and 1.2, HTTP/2, HSTS."""

import json
import os
import re
import subprocess

import pytest
from helpers import assert_problem, new_concert, new_user, ok
from stack import free_port

HSTS = "Strict-Transport-Security"


@pytest.fixture(scope="module")
def secure(new_stack):
    stack = new_stack(https="yes", redirect_port=free_port(), workers=4)
    yield stack
    stack.check_books()


def curl(stack, path, *arguments):
    """The answer's body, and what curl tells of the connection; the certificate must be right."""
    told = "%{stderr}%{http_version} %{http_code} %{content_type}"
    done = subprocess.run(["curl", "-sS", "--max-time", "30", "--cacert", stack.certificate, "-w", told, *arguments, stack.url + path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.split()


def handshake(stack, *arguments):
    """What openssl says of a connection."""
    return subprocess.run(
        ["openssl", "s_client", "-connect", stack.fronts[0], "-CAfile", stack.certificate, "-verify_return_error", "-verify_ip", "127.0.0.1",
         *arguments], input="", capture_output=True, text=True, timeout=60)


def test_tls_1_3_is_used(secure):
    done = handshake(secure)
    assert done.returncode == 0 and re.search(r"New, TLSv1\.3, Cipher is TLS_", done.stdout), done.stdout + done.stderr


def test_tls_1_2_has_forward_secrecy(secure):
    assert re.search(r"New, TLSv1\.2, Cipher is ECDHE-ECDSA-(AES|CHACHA)", handshake(secure, "-tls1_2").stdout)
    for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256"):
        assert handshake(secure, "-tls1_2", "-cipher", cipher).returncode != 0


@pytest.mark.parametrize("old", ["-tls1_1", "-tls1"])
def test_what_is_older_is_refused_by_the_server(secure, old):
    done = handshake(secure, old, "-cipher", "ALL:@SECLEVEL=0")
    assert done.returncode != 0 and "alert protocol version" in done.stderr, done.stdout + done.stderr


def test_a_session_is_resumed_without_a_ticket(secure, tmp_path):
    kept = tmp_path / "session"
    first = handshake(secure, "-tls1_2", "-sess_out", kept)
    assert "TLS session ticket:" not in first.stdout
    assert "Reused, TLSv1.2" in handshake(secure, "-tls1_2", "-sess_in", kept).stdout


def test_nothing_is_said_twice(secure):
    """0-RTT: who records such a request can send it again."""
    assert "Early data was not sent" in handshake(secure).stdout
    assert "ssl_early_data" not in re.sub("#.*", "", (secure.var / "nginx/frontrow.conf").read_text())


def test_a_booking_over_http_2(secure):
    concert, user = new_concert(secure, seats=4, capacity=10), new_user()
    item, _ = concert.free_seat()

    def post(path, body, *headers):
        given = [word for header in ("Content-Type: application/json", *headers) for word in ("-H", header)]
        text, told = curl(secure, path, "--http2", "-d", json.dumps(body), *given)
        assert told == ["2", "200", "application/json"], text
        return json.loads(text)

    token = f"X-Queue-Token: {post('/token/add', {'userId': user, 'concertId': concert.id})['token']}"
    held = post("/reservation", {"userId": user, "concertId": concert.id, "itemId": item, "count": 2}, token)
    post("/point/charge", {"userId": user, "amount": 10**6}, "Idempotency-Key: a")
    pay = ("/payment", {"userId": user, "reservationId": held["reservationId"]}, token, "Idempotency-Key: b")
    assert post(*pay) == post(*pay)
    text, told = curl(secure, f"/payment?userId={user}", "--http2")
    assert told[0] == "2" and [one["amount"] for one in json.loads(text)["payments"]] == [held["totalPrice"]]


def test_http_3(secure):
    """By UDP to the same port, where the page says it."""
    version = subprocess.run(["nginx", "-V"], env={"PATH": os.environ["PATH"] + ":/usr/sbin"}, capture_output=True, text=True, check=True)
    if "--with-http_v3_module" not in version.stderr:
        assert secure.get("/").headers["Alt-Svc"] is None
        pytest.skip("this nginx is older than HTTP/3")
    assert secure.get("/").headers["Alt-Svc"] == f'h3=":{secure.port}"; ma=86400'
    if "HTTP3" not in subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout:
        pytest.skip("this curl is older than HTTP/3")
    text, told = curl(secure, "/point/charge", "--http3-only", "-d", '{"userId":"third","amount":7}', "-H", "Content-Type: application/json")
    assert told == ["3", "200", "application/json"] and json.loads(text)["balance"] == 7


def test_http_1_1_goes_on(secure):
    assert curl(secure, "/concert", "--http1.1")[1][:2] == ["1.1", "200"]
    assert ok(secure.get("/settings"))["caller"] == "body"


def test_refusals_of_nginx_over_http_2(secure, tmp_path):
    text, told = curl(secure, "/v/none", "--http2")
    assert told == ["2", "404", "application/problem+json"] and json.loads(text)["code"] == "not_found"
    (tmp_path / "large").write_bytes(bytes((1 << 20) + 1))
    text, told = curl(secure, "/point/charge", "--http2", "--data-binary", f"@{tmp_path}/large")
    assert told == ["2", "413", "application/problem+json"] and json.loads(text)["code"] == "body_too_large"


@pytest.mark.parametrize("path", [
    "/", "/ops/", "/docs/", "/docs/openapi.yaml", "/concert", "/settings", "/health", "/metrics", "/point?userId=a", "/nowhere", "/concert/0",
    "/draw/1.txt"])
def test_browsers_are_told_to_stay_with_https(secure, stack, path):
    """A demo's answer is forgotten soon. Without TLS it would not be looked at."""
    assert secure.get(path).headers.get_all(HSTS) == ["max-age=300"]
    assert stack.get(path).headers.get_all(HSTS) is None


def test_who_comes_without_tls_is_sent_to_it(secure):
    port = secure.environment["FRONTROW_REDIRECT_PORT"]
    done = subprocess.run(["curl", "-sS", "--max-time", "30", "-D-", "-o", "/dev/null", f"http://127.0.0.1:{port}/concert?date=2099-01-01"],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("HTTP/1.1 308 ")
    assert f"\nLocation: {secure.url}/concert?date=2099-01-01\n" in done.stdout
    assert HSTS not in done.stdout
    # and to this port it does not speak without TLS
    assert_problem(secure.raw(b"GET /concert HTTP/1.1\r\nHost: a\r\n\r\n"), "bad_request")
