"""frontrowctl queue: what operators do with a line."""

import json
import re
import subprocess

import pytest
from helpers import new_concert, ok
from line_helpers import Line, same
from stack import read_line, wait_for

pytestmark = pytest.mark.usefixtures("audited")


def queue(stack, *words):
    done = stack.ctl("queue", *map(str, words))
    assert done.returncode == 0, done.stderr
    return done.stdout


def log_of(line):
    return [(row["action"], row["detail"]) for row in line.stack.query(
        "SELECT action, detail FROM audit_log WHERE concert_id = %s AND actor = 'ctl' ORDER BY audit_log_id", line.id)]


def test_capacity(stack):
    line = Line.new(stack, 1)
    tickets = line.add_many(3)
    assert queue(stack, "capacity", line.id, 2) == f"concert {line.id}: capacity 2\n"
    assert line.statuses(*tickets) == ["active", "active", "waiting"]
    assert queue(stack, "capacity", line.id, "none") == f"concert {line.id}: no line is kept\n"
    assert line.statuses(*tickets) == ["active"] * 3
    queue(stack, "capacity", line.id, 0)
    assert line.add()["status"] == "waiting"
    assert log_of(line) == [("queue capacity", "2"), ("queue capacity", "none"), ("queue capacity", "0")]


def test_a_line_that_does_not_fit_into_redis(stack):
    line = Line.new(stack, 1, status="closed")
    line.set(max_waiting=2**31 - 1)
    done = stack.ctl("queue", "capacity", str(line.id), "2")
    assert (done.returncode, done.stdout) == (0, f"concert {line.id}: capacity 2\n")
    said = [text for text in done.stderr.splitlines() if text.startswith("frontrowctl: ")]
    assert len(said) == 1
    assert re.fullmatch(r"frontrowctl: all lines together may have \d+ waiting .*maxmemory is \d+ MiB.*", said[0])
    assert stack.ctl("queue", "capacity", str(line.id), "2").stderr == ""  # nothing changed
    assert "maxmemory" in stack.ctl("concert", "open", str(line.id)).stderr
    assert stack.ctl("concert", "close", str(line.id)).returncode == 0
    draft = {"title": "T", "venue": "V", "items": [], "admissionCapacity": 1}
    stack.query("UPDATE concert SET status = 'open' WHERE concert_id = %s", line.id)
    done = subprocess.run([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "concert", "create", "-"],
                          env=stack.environment, timeout=120, text=True, input=json.dumps(draft), stdout=subprocess.PIPE)
    assert "maxmemory" in json.loads(done.stdout)["warnings"][0]
    stack.query("UPDATE concert SET status = 'closed' WHERE concert_id = %s", line.id)


def test_pause_and_resume(stack):
    line = Line.new(stack, 1)
    first, second = line.add_many(2)
    assert queue(stack, "pause", line.id) == f"concert {line.id}: capacity 1, paused\n"
    assert line.queue()["paused"] is True
    line.leave(first)
    waiting = line.poll(second)
    assert waiting["status"] == "waiting" and waiting["etaSeconds"] is None
    assert queue(stack, "resume", line.id) == f"concert {line.id}: capacity 1\n"
    assert line.queue()["paused"] is False and line.poll(second)["status"] == "active"
    assert log_of(line) == [("queue pause", ""), ("queue resume", "")]


def test_what_is_said_is_looked_up(stack):
    """A line whose settings have a version above MySQL's goes by its own until the sweeper has seen that."""
    line = Line.new(stack, 1)
    line.add_many(2)
    version = int(stack.redis().hget(f"{{c{line.id}}}:meta", "version"))
    stack.redis().hset(f"{{c{line.id}}}:meta", "version", 2000000000)
    done = stack.ctl("queue", "pause", str(line.id))
    assert done.returncode == 1 and "goes by other settings (capacity 1)" in done.stderr
    assert line.queue()["paused"] is False
    assert stack.sweeper().returncode == 0
    assert line.queue()["paused"] is True
    assert "MySQL was set back" not in stack.sweeper().stderr
    assert version < 2000000000
    assert queue(stack, "resume", line.id) == f"concert {line.id}: capacity 1\n"


def test_versions_follow_the_clock(stack):
    """So that none is given twice, though MySQL forgets those that it gave."""
    line = Line.new(stack, 1)
    before = stack.query("SELECT UNIX_TIMESTAMP() AS n")[0]["n"]
    queue(stack, "pause", line.id)
    queue(stack, "resume", line.id)
    queue(stack, "capacity", line.id, "none")
    queue(stack, "capacity", line.id, 1)
    row = stack.query("SELECT line_version, line_since FROM concert WHERE concert_id = %s", line.id)[0]
    assert row["line_version"] == row["line_since"] >= before
    draft = {"title": "T", "venue": "V", "items": [], "admissionCapacity": 1}
    made = ok(stack.post("/admin/concert", draft, **stack.admin_headers()))["concertId"]
    row = stack.query("SELECT line_version, line_since FROM concert WHERE concert_id = %s", made)[0]
    assert row["line_version"] == row["line_since"] >= before


def test_without_redis_the_change_waits_for_it(new_stack):
    stack = new_stack(workers=2)
    line = Line.new(stack, 1)
    with stack.without("redis"):
        done = stack.ctl("queue", "pause", str(line.id))
    assert done.returncode == 0 and "out of reach" in done.stderr
    wait_for(lambda: stack.get(f"{line.path}/queue?x=1").status == 200)
    assert line.queue()["paused"] is True


def test_drain(stack):
    line = Line.new(stack, 2)
    first, second, third = line.add_many(3)
    drain = subprocess.Popen([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "queue", "drain",
                              str(line.id)], env=stack.environment, text=True, stdout=subprocess.PIPE)
    try:
        wait_for(lambda: line.queue()["paused"])
        line.leave(first)
        assert line.statuses(second, third) == ["active", "waiting"] and drain.poll() is None
        line.leave(second)
        said, _ = drain.communicate(timeout=120)
    finally:
        drain.kill()
    assert drain.returncode == 0 and said.endswith("active 0, waiting 1\n")
    assert line.poll(third)["status"] == "waiting" and log_of(line) == [("queue drain", "")]
    assert queue(stack, "drain", line.id).endswith("active 0, waiting 1\n")
    queue(stack, "resume", line.id)
    assert line.poll(third)["status"] == "active"


def test_a_drain_waits_while_the_line_is_loaded(stack):
    line = Line.new(stack, 1)
    ticket = line.add()
    redis = stack.redis()
    redis.hset(f"{{c{line.id}}}:meta", mapping={"loading": 1, "builder": "another", "loadingSince": 0, "part": 0,
                                                "builderUntil": redis.time()[0] * 1000 + 2000, "afterNumber": 0,
                                                "afterUser": ""})
    drain = subprocess.Popen([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "queue", "drain",
                              str(line.id)], env=stack.environment, text=True, stdout=subprocess.PIPE)
    try:
        assert read_line(drain) == f"concert {line.id}: capacity 1, paused\n"
        assert read_line(drain) == "active 1, waiting 0\n"
        line.leave(ticket)
        said, _ = drain.communicate(timeout=120)
    finally:
        drain.kill()
    assert drain.returncode == 0 and said == "active 0, waiting 0\n"


def test_a_drain_ends_where_somebody_resumes_the_line(stack):
    line = Line.new(stack, 1)
    line.add()
    drain = subprocess.Popen([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "queue", "drain",
                              str(line.id)], env=stack.environment, text=True, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: line.queue()["paused"])
        queue(stack, "resume", line.id)
        _, said = drain.communicate(timeout=120)
    finally:
        drain.kill()
    assert drain.returncode == 1 and "resumed" in said


def test_rebuild(stack):
    line = Line.new(stack, 2)
    tickets = line.add_many(5)
    line.leave(tickets[2])
    before = line.counts()
    said = queue(stack, "rebuild", line.id)
    assert said.splitlines()[1].endswith(": waiting 2, active 2, serving 2, lastNumber 5")
    assert line.counts() == before
    for ticket in (tickets[0], tickets[1], tickets[3], tickets[4]):
        now = line.poll(ticket)
        assert same(now, ticket) and now["status"] == ticket["status"]
    assert log_of(line) == [("queue rebuild", "")]


def test_where_there_is_no_line(stack):
    concert = new_concert(stack)
    for words in (("rebuild", concert.id), ("pause", 2**31 - 1), ("capacity", 2**31 - 1, 5)):
        done = stack.ctl("queue", *map(str, words))
        assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "no line is kept" in queue(stack, "pause", concert.id)
    queue(stack, "drain", concert.id)
    assert ok(stack.get(f"/concert/{concert.id}"))["queue"] is False
