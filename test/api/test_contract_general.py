"""Section 1 of the contract: formats, users, caching, headers, maintenance."""

import datetime
import os
import pathlib
import re
import subprocess
import time

import pytest
from helpers import (
    INSTANT, add_token, as_user, ask_pay, ask_reserve, assert_headers, assert_problem, balance, buy, charge,
    new_concert,
    new_user,
    ok, reserve,
)
from stack import wait_for

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack, seats=40)


def now_of(answer):
    return datetime.datetime.strptime(ok(answer)["now"], "%Y-%m-%dT%H:%M:%S.%f%z")


# ---- formats


NULLABLE = {
    "opensAt", "closesAt", "expiresAt", "firstDate", "lastDate", "lastStartsAt", "minPrice", "maxPrice", "maxSeatsPerUser", "capacity",
    "number", "etaSeconds", "etaSecondsHigh", "reservationId", "next", "x", "y", "draw", "description", "ageLimit",
    "runningMinutes", "poster", "challenge", "puzzles", "bits", "section", "maxPrice", "position", "offer",
}


def assert_formats(value, name=""):
    """Times, ids and money wherever they stand."""
    if isinstance(value, dict):
        for key, member in value.items():
            assert_formats(member, key)
    elif isinstance(value, list):
        for member in value:
            assert_formats(member, name)
    elif value is None:
        assert name in NULLABLE, name
    elif name == "userId":
        assert re.fullmatch(r"[A-Za-z0-9._@+|:~=-]{1,128}", value)
    elif name == "now" or name.endswith("At"):
        assert re.fullmatch(INSTANT, value), (name, value)
    elif name.endswith("Date") or name == "date":
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", value), (name, value)
    elif name.endswith("Id"):
        assert type(value) is int and 1 <= value < 2**31, (name, value)
    elif name in ("amount", "balance", "balanceAfter", "price", "totalPrice", "minPrice", "maxPrice",
        "refundedAmount"):
        assert type(value) is int and abs(value) < 2**53, (name, value)


def test_formats(stack, concert):
    user = new_user()
    held, paid = buy(stack, user, concert)
    refunded = ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
    answers = [held, paid, refunded, add_token(stack, user, concert), charge(stack, user, 1)]
    answers += [ok(stack.get(path)) for path in (
        "/concert", "/concert/5", concert.path, f"{concert.path}/item",
        f"{concert.path}/item/{concert.item}/seat",
        f"{concert.path}/item/{concert.item}/layout", f"{concert.path}/queue", f"{concert.path}/challenge", f"/reservation?userId={user}",
        f"/reservation/{held['reservationId']}?userId={user}", f"/point?userId={user}",
        f"/point/history?userId={user}",
        f"/payment?userId={user}",
    )]
    for answer in answers:
        assert_formats(answer)


def test_text_is_utf_8(stack):
    concert = new_concert(stack, title='가나다 "quoted" \\ 🎫\n', seats=1)
    answer = stack.get(concert.path)
    assert answer.json()["title"] == '가나다 "quoted" \\ 🎫\n'
    assert answer.headers["Content-Type"] == "application/json"
    assert "가나다" in answer.body.decode("utf-8"), "not escaped"


def test_times_are_now(stack, concert):
    """By the database's clock, which is this machine's."""
    before = datetime.datetime.now(datetime.timezone.utc)
    now = now_of(stack.fresh(concert.path))
    assert before - datetime.timedelta(seconds=0.1) <= now <= datetime.datetime.now(datetime.timezone.utc)


# ---- users


def test_user_ids_are_case_sensitive(stack, concert):
    """User_1 and user_1 are two purses, and two of everything else."""
    small = new_user("user_")
    large = "U" + small[1:]
    charge(stack, small, 10)
    assert (balance(stack, small), balance(stack, large)) == (10, 0)
    assert ok(stack.get(f"/point?userId={large}"))["userId"] == large
    held = reserve(stack, small, concert)
    path = f"/reservation/{held['reservationId']}"
    assert_problem(stack.get(f"{path}?userId={large}"), "forbidden")
    assert_problem(stack.call("DELETE", f"{path}?userId={large}"), "forbidden")
    assert ok(stack.get(f"/reservation?userId={large}"))["reservations"] == []
    assert add_token(stack, small, concert)["token"] != add_token(stack, large, concert)["token"]
    key = {"Idempotency-Key": "same"}
    ids = {stack.post("/point/charge", {"userId": user, "amount": 1},
        **key).json()["historyId"] for user in (small, large)}
    assert len(ids) == 2


def test_tokens_are_case_sensitive(stack, concert):
    token = add_token(stack, new_user(), concert)["token"]
    assert ok(stack.get("/token", **{"X-Queue-Token": token}))["token"] == token
    assert re.search("[a-f]", token), "32 hex digits without a letter are rare"
    assert_problem(stack.get("/token", **{"X-Queue-Token": token.upper()}), "token_invalid")


def test_caller_body_is_said_once(stack):
    lines = [line for line in stack.log("frontrow").read_text().splitlines() if "caller" in line]
    assert len([line for line in lines if " WARN " in line]) == 1, lines


@pytest.mark.parametrize("listen", ["0.0.0.0", "192.168.1.1", "128.0.0.1", "::"])
def test_caller_body_is_for_loopback_only(stack, listen):
    def check(**environment):
        return subprocess.run(
            [stack.build / "frontrow", "--config", stack.var / "frontrow.conf", "--check"],
            env=stack.environment | environment, capture_output=True, text=True, timeout=120,
        )

    assert check(FRONTROW_LISTEN="127.8.9.1").returncode == 0
    refused = check(FRONTROW_LISTEN=listen)
    assert refused.returncode != 0 and "127.0.0.0/8" in refused.stderr
    assert check(FRONTROW_LISTEN=listen, FRONTROW_CALLER="header").returncode == 0


def test_command_line_of_frontrow(stack):
    def run(*arguments, **environment):
        return subprocess.run(
            [stack.build / "frontrow", *arguments], env=stack.environment | environment,
            capture_output=True, text=True, timeout=120,
        )

    for arguments in (["--nonsense"], ["surplus"], ["--config"]):
        wrong = run(*arguments)
        assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1
    missing = run("--check", FRONTROW_CONFIG="/nowhere/frontrow.conf")
    assert missing.returncode == 78 and "/nowhere/frontrow.conf" in missing.stderr
    by_environment = run("--check", FRONTROW_CONFIG=str(stack.var / "frontrow.conf"))
    assert by_environment.returncode == 0, by_environment.stderr


# ---- headers


def test_headers_of_a_success(stack, concert):
    user = new_user()
    for answer in (
        stack.get(f"/point?userId={user}"),
        stack.post("/point/charge", {"userId": user, "amount": 1}),
        stack.get("/health"),
        stack.get("/health/ready"),
    ):
        assert answer.status == 200
        assert_headers(answer)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        for name in ("ETag", "Retry-After", "WWW-Authenticate", "Allow", "Idempotency-Replayed"):
            assert name not in answer.headers


def test_request_ids_differ_and_are_never_the_clients(stack):
    named = {"X-Request-Id": "0" * 32}
    answers = [stack.get("/point?userId=fan", **named), stack.get("/concert", **named),
        stack.get("/x", **named)]
    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == 3 and "0" * 32 not in ids


def test_no_content(stack, concert):
    token = add_token(stack, new_user(), concert)["token"]
    for answer in (
        stack.call("DELETE", "/token", headers={"X-Queue-Token": token}),
        stack.call("OPTIONS", "/reservation"),
    ):
        assert (answer.status, answer.body) == (204, b"")
        assert "Content-Type" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert_headers(answer)


# ---- caching of public GETs


def public_paths(concert):
    seats = f"{concert.path}/item/{concert.item}"
    return [
        "/concert", concert.path, f"{concert.path}/item", f"{seats}/seat", f"{seats}/seat?view=compact",
        f"{seats}/layout",
        f"{concert.path}/queue",
    ]


def test_public_answers_have_a_tag(stack, concert):
    for path in public_paths(concert):
        answer = stack.get(path)
        assert answer.status == 200, path
        assert re.fullmatch('"[^"]+"', answer.headers["ETag"]), path
        assert "no-store" not in answer.headers["Cache-Control"]
        assert_headers(answer)


def test_tag_is_over_the_content_without_now(stack):
    """Equal while nothing changes, whatever the time, and another one when something did."""
    concert = new_concert(stack, seats=2)
    for path in public_paths(concert)[1:]:
        first = stack.fresh(path)
        time.sleep(0.002)
        second = stack.fresh(path)
        assert first.headers["ETag"] == second.headers["ETag"], path
        if "now" in first.json():
            assert first.json()["now"] != second.json()["now"]
            assert first.json() | {"now": ""} == second.json() | {"now": ""}
    tags = [stack.fresh(path).headers["ETag"] for path in public_paths(concert)]
    concert.set(title="'Other'", admission_capacity=1)
    user = new_user()
    reserve(stack, user, concert, token=add_token(stack, user, concert)["token"])
    for path, tag in zip(public_paths(concert), tags):
        changed = stack.fresh(path).headers["ETag"] != tag
        assert changed == ("layout" not in path), path


def test_not_modified(stack, concert):
    for path in public_paths(concert):
        tag = stack.get(path).headers["ETag"]
        again = stack.get(path, **{"If-None-Match": tag})
        while again.status == 200 and again.headers["ETag"] != tag:  # what was kept was from before a change
            tag = again.headers["ETag"]
            again = stack.get(path, **{"If-None-Match": tag})
        assert (again.status, again.body) == (304, b""), path
        assert again.headers["ETag"] == tag
        assert_headers(again)
        assert stack.get(path, **{"If-None-Match": f'"x", {tag}'}).status == 304
        assert stack.get(path, **{"If-None-Match": '"x"'}).status == 200


def test_conditions_that_are_not_known_here(stack, concert):
    """Ranges, dates and encodings: the whole answer comes."""
    for headers in (
        {"Range": "bytes=0-1"}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"Accept-Encoding": "gzip, br"},
        {"Accept": "text/html"},
    ):
        answer = stack.get(concert.path, **headers)
        assert ok(answer)["concertId"] == concert.id
        assert "Content-Range" not in answer.headers and "Content-Encoding" not in answer.headers
    assert ok(stack.get("/point?userId=fan", **{"If-None-Match": "*", "Range": "bytes=0-1"}))["userId"] == "fan"


def test_private_answers_are_exact(stack, concert):
    """One reads one's own write, at once."""
    user = new_user()
    for amount in range(1, 30):
        charge(stack, user, amount)
        assert balance(stack, user) == amount * (amount + 1) // 2
    for count in range(1, 6):
        held = reserve(stack, user, concert)
        assert ok(stack.get(f"/reservation?userId={user}"))["reservations"][0] == held
        ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
        assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}"))["status"] == "cancelled"


def test_public_answers_are_one_second_old_at_most(stack):
    concert = new_concert(stack, seats=1)
    path = f"{concert.path}/item/{concert.item}/seat"
    assert ok(stack.get(path))["seats"][0]["status"] == "available"
    held = reserve(stack, new_user(), concert)

    def is_shown():
        got = ok(stack.get(path))
        if got["now"] > held["createdAt"]:
            assert got["seats"][0]["status"] == "held"
        return got["seats"][0]["status"] == "held"

    wait_for(is_shown, 10)


# ---- maintenance


@pytest.fixture
def maintenance(stack):
    """The stack while the file is there."""
    file = stack.run / "maintenance"
    file.touch()
    try:
        wait_for(lambda: stack.post("/point/charge", {}).code == "maintenance")
        yield stack
    finally:
        file.unlink()
        wait_for(lambda: stack.post("/point/charge", {}).status == 400)


def test_maintenance(maintenance, concert):
    """Nothing changes, reads go on."""
    user = new_user()
    for method, path in [
        ("POST", "/token/add"), ("DELETE", "/token"), ("POST", "/reservation"),
        ("DELETE", f"/reservation/1?userId={user}"),
        ("POST", "/point/charge"), ("POST", "/point/use"), ("POST", "/payment"),
    ]:
        body = {"userId": user, "amount": 1, "concertId": concert.id} if method == "POST" else None
        assert_problem(maintenance.call(method, path, body), "maintenance")
    assert balance(maintenance, user) == 0
    for path in public_paths(concert) + [
        f"/reservation?userId={user}", f"/point/history?userId={user}", f"/payment?userId={user}", "/health",
        "/health/ready",
        "/metrics", "/",
    ]:
        assert maintenance.get(path).status == 200, path
    assert maintenance.call("HEAD", f"/point?userId={user}").status == 200
    assert maintenance.call("OPTIONS", "/payment").status == 204


def test_what_comes_before_maintenance_and_after(maintenance):
    assert_problem(maintenance.post("/nothing", {}), "not_found")
    assert_problem(maintenance.call("DELETE", "/reservation/abc"), "reservation_not_found")
    assert_problem(maintenance.post("/concert", {}), "method_not_allowed")
    plain = {"Content-Type": "text/plain"}
    assert_problem(maintenance.call("POST", "/payment", b"x" * 20000, plain), "maintenance")


def test_the_admin_goes_on_in_maintenance(maintenance):
    key = maintenance.admin_headers()
    made = ok(maintenance.call("POST", "/admin/concert", {"title": "A", "venue": "B", "items": []}, key))
    path = f"/admin/concert/{made['concertId']}"
    assert ok(maintenance.call("PATCH", path, {"title": "C"}, key))["title"] == "C"
    assert_problem(maintenance.call("PATCH", path, {"title": "C"}), "unauthorized")


def test_maintenance_outlives_a_restart(header_stack, gateway):
    def charge_once():
        return gateway.post("/point/charge", {"amount": 1}, **as_user("fan"))

    file = header_stack.run / "maintenance"
    file.touch()
    try:
        header_stack.restart("frontrow")
        assert_problem(charge_once(), "maintenance")
    finally:
        file.unlink()
    wait_for(lambda: charge_once().status == 200)


# ---- health


def test_health(stack):
    assert stack.get("/health").body == b'{"status":"ok"}'
    ready = ok(stack.get("/health/ready"))
    assert list(ready) == ["status", "dependencies"]
    assert ready["status"] == "ready"
    assert list(ready["dependencies"]) == ["mysql", "redis"]
    for dependency in ready["dependencies"].values():
        assert list(dependency) == ["status", "latencyMs"]
        assert type(dependency["latencyMs"]) is int and 0 <= dependency["latencyMs"] < 10_000
        assert dependency["status"] == "up"


def test_metrics(stack):
    answer = stack.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    lines = answer.body.decode().splitlines()
    assert [line for line in lines if line.startswith("# TYPE ")]
    for line in lines:
        assert line.startswith("#") or re.fullmatch(r'[a-z_:]+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.e+-]+|[a-z_:]+\S* NaN', line), line


def cpu_seconds(stack):
    text = stack.get("/metrics").body.decode()
    return float(re.search(r"^frontrow_worker_cpu_seconds_total (\S+)$", text, re.M).group(1))


def cpu_seconds_by_the_kernel(stack):
    """Of the workers, up to one tick less for each of its two parts."""
    fields = [pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in stack.workers()]
    return sum(int(of_one[11]) + int(of_one[12]) + 2 for of_one in fields) / os.sysconf("SC_CLK_TCK")


def test_the_processor_time_of_the_workers_is_summed(stack):
    before = cpu_seconds(stack)
    for _ in range(50):
        stack.get("/point?userId=somebody")
    # what the last one used is counted after its answer
    wait_for(lambda: cpu_seconds(stack) > before)
    assert cpu_seconds(stack) <= cpu_seconds_by_the_kernel(stack)


# ---- a refusal changes nothing


def everything(stack):
    """What a refusal must not have changed: the rows of all tables that buyers write."""
    return {
        table: stack.query(f"SELECT COUNT(*) AS n, COALESCE(SUM({column}), 0) AS s FROM {table}")[0]
        for table, column in [
            ("reservation", "status + 0"), ("seat", "status + 0"), ("payment", "status + 0"),
            ("point_history", "amount"),
            ("point", "balance"), ("idempotency", "effect_id"), ("concert", "status + 0"),
        ]
    }


def test_refusals_change_nothing(stack, concert):
    user, other = new_user(), new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    paid, _ = buy(stack, user, concert)
    charge(stack, user, 10)
    before = everything(stack)
    keyed = {"Idempotency-Key": "refused"}
    taken = held["seats"][0]["seatId"]
    refused = [
        ask_reserve(stack, other, concert, concert.item, taken),
        ask_reserve(stack, other, concert, concert.item, [taken, concert.free_seat()[1]]),
        stack.post("/reservation",
            {"userId": other, "concertId": concert.id, "itemId": concert.item, "seatId": taken}, **keyed),
        ask_pay(stack, user, held["reservationId"], token),
        ask_pay(stack, user, held["reservationId"], token, **keyed),
        ask_pay(stack, other, held["reservationId"], token, **keyed),
        ask_pay(stack, user, paid["reservationId"], token, **keyed),
        ask_pay(stack, user, held["reservationId"], "nonsense", **keyed),
        stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={other}", headers=keyed),
        stack.post("/point/use", {"userId": user, "amount": 1000}, **keyed),
        stack.post("/point/charge", {"userId": user, "amount": 0}, **keyed),
    ]
    assert [answer.status for answer in refused if answer.status < 400] == []
    after = everything(stack)
    assert after == before
