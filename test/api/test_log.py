"""The log: as text or JSON, a line for each request that failed or was slow, and frontrowctl trace."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest
from helpers import ask_reserve, assert_problem, charge, new_concert, new_user, ok, reserve
from stack import wait_for

TEXT = re.compile(r"^\S+Z WARN \[\d+\] request=([0-9a-f]{32}) a request (failed|was slow) (method=.*)$", re.MULTILINE)


def lines_of(stack, request):
    """The fields of the lines of one request, as text or as JSON."""
    found = []
    for line in stack.log("frontrow").read_text().splitlines():
        if request in line and line.startswith("{"):
            found.append(json.loads(line))
        elif request in line and (match := TEXT.match(line)):
            fields = dict(part.split("=", 1) for part in match[3].split(" "))
            found.append({"request": match[1], "message": f"a request {match[2]}"} | fields)
    return found


def line_of(stack, answer):
    request = answer.headers["X-Request-Id"]
    return wait_for(lambda: lines_of(stack, request), seconds=10)[-1]


@contextlib.contextmanager
def locked(stack, held):
    """Somebody has the reservation locked."""
    with contextlib.closing(stack.mysql()) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM reservation WHERE reservation_id = %s FOR UPDATE", held["reservationId"])
        yield
        cursor.execute("ROLLBACK")


def refuse_one(stack):
    """A call that waits for a lock until it is refused; the user and the answer."""
    user = new_user()
    held = reserve(stack, user, new_concert(stack))
    with locked(stack, held):
        answer = stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}")
    assert_problem(answer, "busy")
    return user, answer


@pytest.fixture(scope="module", params=["text", "json"])
def logging(request, new_stack):
    return new_stack(workers=2, log_format=request.param, slow_ms=400)


def test_a_request_that_failed(logging):
    user, answer = refuse_one(logging)
    line = line_of(logging, answer)
    assert line["message"] == "a request failed" and line["user"] == user
    assert (line["method"], line["route"]) == ("DELETE", "/reservation/{reservation}")
    assert (str(line["status"]), line["code"]) == ("503", "busy")
    assert int(line["mysqlStatements"]) >= 2 and 900 < int(line["mysqlMs"]) <= int(line["ms"])
    assert int(line["redisCalls"]) == 0
    assert re.fullmatch(r"\d+(,\d+)*", line["mysqlSessions"])


def test_a_request_that_was_slow(logging):
    user = new_user()
    held = reserve(logging, user, new_concert(logging))
    with locked(logging, held):
        answers = []
        path = f"/reservation/{held['reservationId']}?userId={user}"
        caller = threading.Thread(target=lambda: answers.append(logging.new_client().call("DELETE", path)))
        caller.start()
        time.sleep(0.7)
    caller.join(30)
    ok(answers[0])
    line = line_of(logging, answers[0])
    assert line["message"] == "a request was slow" and line["code"] == "ok" and int(line["ms"]) >= 400 > int(line["waitedMs"])


def test_what_is_neither_has_no_line(logging):
    concert, user = new_concert(logging), new_user()
    charged = logging.post("/point/charge", {"userId": user, "amount": 5})
    reserve(logging, user, concert, item=concert.item, seats=[1])
    refused = ask_reserve(logging, user, concert, concert.item, 1)
    assert_problem(refused, "seat_taken")
    (logging.run / "maintenance").touch()
    stopped = logging.post("/point/charge", {"userId": user, "amount": 5})
    (logging.run / "maintenance").unlink()
    assert_problem(stopped, "maintenance")
    _, failed = refuse_one(logging)
    line_of(logging, failed)
    for answer in charged, refused, stopped:
        assert lines_of(logging, answer.headers["X-Request-Id"]) == []


def test_each_line_is_one_object(new_stack):
    """Also what a client wrote, and what the master says."""
    stack = new_stack(workers=1, log_format="json")
    with stack.without("mysql"):
        for user in 'a', 'x' * 128:
            stack.call("GET", f"/point?userId={user}")
        stack.call('GE"T\\', "/point?userId=a")
    lines = stack.log("frontrow").read_text().splitlines()
    for line in lines:
        found = json.loads(line)
        assert {"time", "level", "pid", "message"} <= set(found), line
        assert found["level"] in ("INFO", "WARN", "ERROR")
    assert any("starts" in json.loads(line)["message"] for line in lines)


def test_the_format_is_changed_by_a_reload(new_stack):
    stack = new_stack(workers=1)
    settings = stack.var / "frontrow.conf"
    settings.write_text(settings.read_text() + "log_format = json\n")
    os.kill(stack.pid("frontrow"), signal.SIGHUP)
    wait_for(lambda: stack.log("frontrow").read_text().splitlines()[-1].startswith("{"))


def test_the_level_is_changed_by_a_reload(new_stack):
    stack = new_stack(workers=1, slow_ms=1)
    settings = stack.var / "frontrow.conf"
    text = settings.read_text()

    def tells_of_a_slow_call():
        answers = [stack.post("/point/charge", {"userId": "a", "amount": 1}) for _ in range(5)]
        return any(lines_of(stack, answer.headers["X-Request-Id"]) for answer in answers[:-1])

    for level, told in ("warn", True), ("error", False), ("warn", True):
        settings.write_text(text + f"log_level = {level}\n")
        os.kill(stack.pid("frontrow"), signal.SIGHUP)
        wait_for(lambda: tells_of_a_slow_call() == told)


def test_a_crowd_that_is_refused_is_told_in_few_lines(new_stack):
    stack = new_stack(workers=1)
    with stack.without("mysql"):
        started = time.monotonic()
        for _ in range(100):
            stack.call("GET", "/point?userId=a")
        seconds = time.monotonic() - started
        time.sleep(1.1)
        stack.call("GET", "/point?userId=a")
        said = stack.log("frontrow").read_text()
    assert said.count("a request failed") <= 20 * (seconds + 3)
    left_out = sum(map(int, re.findall(r"(\d+) more requests failed or were slow", said)))
    assert said.count("a request failed") + left_out == 101


# ---- one story


def trace(stack, *arguments):
    return subprocess.run(
        [stack.build / "frontrowctl", "trace", *map(str, arguments)], timeout=60, capture_output=True, text=True)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_request_is_found_in_all_logs(new_stack, log_format):
    stack = new_stack(workers=1, log_format=log_format, slow_ms=1)
    slow = stack.var / "mysql-tmp/slow.log"
    for name, value in {"long_query_time": "0", "slow_query_log_file": f"'{slow}'", "slow_query_log": "ON"}.items():
        stack.query(f"SET GLOBAL {name} = {value}")
    os.kill(stack.pid("frontrow"), signal.SIGHUP)  # for connections with this long_query_time
    wait_for(lambda: "all 1 workers run with the settings in force" in stack.log("frontrow").read_text())
    charge(stack, new_user(), 1)
    user, answer = refuse_one(stack)
    charge(stack, new_user(), 1)
    request = answer.headers["X-Request-Id"]
    line_of(stack, answer)
    wait_for(lambda: request in stack.log("access").read_text())
    logs = ["--nginx-log", stack.log("access"), "--log", stack.log("frontrow"), "--slow-log", slow]
    done = trace(stack, request, *logs)
    assert done.returncode == 0, done.stderr
    whose = [line.split()[0] for line in done.stdout.splitlines()]
    assert whose == sorted(whose, key=["nginx", "frontrow", "MySQL"].index) and set(whose) == {"nginx", "frontrow", "MySQL"}
    assert '"DELETE /reservation/' in done.stdout and user in done.stdout
    assert re.search(r"^MySQL +SELECT .*FROM reservation .*FOR UPDATE", done.stdout, re.MULTILINE), done.stdout


def test_what_a_session_did_before_a_request_is_not_its_story(stack, tmp_path):
    """It waited nine seconds for its worker, which meanwhile asked MySQL for others by the same session."""
    request, log, slow = "5" * 32, tmp_path / "frontrow.log", tmp_path / "slow.log"
    log.write_text(f"2026-05-01T12:00:10.000Z WARN [7] request={request} a request was slow method=GET route=/point status=200"
                   " code=ok ms=10000 waitedMs=9000 user=u mysqlStatements=1 mysqlMs=900 redisCalls=0 redisMs=0"
                   " mysqlSessions=31 trace=-\n")
    noon = 1777636800
    slow.write_text("".join(f"# User@Host: app[app] @ localhost [] Id: 31\n# Query_time: 1\nSET timestamp={noon + second};\n"
                            f"SELECT '{second} s';\n" for second in (2, 9, 12)))
    done = trace(stack, request, "--log", log, "--slow-log", slow)
    assert re.findall(r"SELECT '(\d+) s'", done.stdout) == ["9"], done.stdout


def test_what_trace_cannot_do(stack, tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    assert trace(stack, "x", "--log", empty).returncode == 2
    nobody = "0" * 32
    done = trace(stack, nobody)
    assert done.returncode == 2 and "--nginx-log" in done.stderr
    done = trace(stack, nobody, "--log", empty)
    assert done.returncode == 1 and "no line of these logs" in done.stderr
    done = trace(stack, nobody, "--log", tmp_path / "missing")
    assert done.returncode == 1 and "missing" in done.stderr
