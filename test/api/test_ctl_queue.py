"""frontrowctl queue: what operators do with a queue."""

import json
import re
import subprocess

import pytest
from helpers import new_concert, ok
from queue_helpers import Queue, same
from stack import read_line, wait_for

pytestmark = pytest.mark.usefixtures("audited")


def ctl_queue(stack, *words):
    done = stack.ctl("queue", *map(str, words))
    assert done.returncode == 0, done.stderr
    return done.stdout


def log_of(queue):
    return [(row["action"], row["detail"]) for row in queue.stack.query(
        "SELECT action, detail FROM audit_log WHERE concert_id = %s AND actor = 'ctl' ORDER BY audit_log_id", queue.id)]


def test_capacity(stack):
    queue = Queue.new(stack, 1)
    tickets = queue.add_many(3)
    assert ctl_queue(stack, "capacity", queue.id, 2) == f"concert {queue.id}: capacity 2\n"
    assert queue.statuses(*tickets) == ["active", "active", "waiting"]
    assert ctl_queue(stack, "capacity", queue.id, "none") == f"concert {queue.id}: there is no queue\n"
    assert queue.statuses(*tickets) == ["active"] * 3
    ctl_queue(stack, "capacity", queue.id, 0)
    assert queue.add()["status"] == "waiting"
    assert log_of(queue) == [("queue capacity", "2"), ("queue capacity", "none"), ("queue capacity", "0")]


def test_a_queue_that_does_not_fit_into_redis(stack):
    queue = Queue.new(stack, 1, status="closed")
    queue.set(max_waiting=2**31 - 1)
    done = stack.ctl("queue", "capacity", str(queue.id), "2")
    assert (done.returncode, done.stdout) == (0, f"concert {queue.id}: capacity 2\n")
    said = [text for text in done.stderr.splitlines() if text.startswith("frontrowctl: ")]
    assert len(said) == 1
    assert re.fullmatch(r"frontrowctl: all queues together may have \d+ waiting .*maxmemory is \d+ MiB.*", said[0])
    assert stack.ctl("queue", "capacity", str(queue.id), "2").stderr == ""  # nothing changed
    assert "maxmemory" in stack.ctl("concert", "open", str(queue.id)).stderr
    assert stack.ctl("concert", "close", str(queue.id)).returncode == 0
    draft = {"title": "T", "venue": "V", "items": [], "admissionCapacity": 1}
    stack.query("UPDATE concert SET status = 'open' WHERE concert_id = %s", queue.id)
    done = subprocess.run([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "concert", "create", "-"],
                          env=stack.environment, timeout=120, text=True, input=json.dumps(draft), stdout=subprocess.PIPE)
    assert "maxmemory" in json.loads(done.stdout)["warnings"][0]
    stack.query("UPDATE concert SET status = 'closed' WHERE concert_id = %s", queue.id)


def test_pause_and_resume(stack):
    queue = Queue.new(stack, 1)
    first, second = queue.add_many(2)
    assert ctl_queue(stack, "pause", queue.id) == f"concert {queue.id}: capacity 1, paused\n"
    assert queue.public()["paused"] is True
    queue.leave(first)
    waiting = queue.poll(second)
    assert waiting["status"] == "waiting" and waiting["etaSeconds"] is None
    assert ctl_queue(stack, "resume", queue.id) == f"concert {queue.id}: capacity 1\n"
    assert queue.public()["paused"] is False and queue.poll(second)["status"] == "active"
    assert log_of(queue) == [("queue pause", ""), ("queue resume", "")]


def test_what_is_said_is_looked_up(stack):
    """A queue whose settings have a version above MySQL's goes by its own until the sweeper has seen that."""
    queue = Queue.new(stack, 1)
    queue.add_many(2)
    version = int(stack.redis().hget(f"{{c{queue.id}}}:meta", "version"))
    stack.redis().hset(f"{{c{queue.id}}}:meta", "version", 2000000000)
    done = stack.ctl("queue", "pause", str(queue.id))
    assert done.returncode == 1 and "uses other settings (capacity 1)" in done.stderr
    assert queue.public()["paused"] is False
    assert stack.sweeper().returncode == 0
    assert queue.public()["paused"] is True
    assert "MySQL was set back" not in stack.sweeper().stderr
    assert version < 2000000000
    assert ctl_queue(stack, "resume", queue.id) == f"concert {queue.id}: capacity 1\n"


def test_versions_follow_the_clock(stack):
    """So that none is given twice, though MySQL forgets those that it gave."""
    queue = Queue.new(stack, 1)
    before = stack.query("SELECT UNIX_TIMESTAMP() AS n")[0]["n"]
    ctl_queue(stack, "pause", queue.id)
    ctl_queue(stack, "resume", queue.id)
    ctl_queue(stack, "capacity", queue.id, "none")
    ctl_queue(stack, "capacity", queue.id, 1)
    row = stack.query("SELECT line_version, line_since FROM concert WHERE concert_id = %s", queue.id)[0]
    assert row["line_version"] == row["line_since"] >= before
    draft = {"title": "T", "venue": "V", "items": [], "admissionCapacity": 1}
    made = ok(stack.post("/admin/concert", draft, **stack.admin_headers()))["concertId"]
    row = stack.query("SELECT line_version, line_since FROM concert WHERE concert_id = %s", made)[0]
    assert row["line_version"] == row["line_since"] >= before


def test_without_redis_the_change_waits_for_it(new_stack):
    stack = new_stack(workers=2)
    queue = Queue.new(stack, 1)
    with stack.without("redis"):
        done = stack.ctl("queue", "pause", str(queue.id))
    assert done.returncode == 0 and "out of reach" in done.stderr
    wait_for(lambda: stack.get(f"{queue.path}/queue?x=1").status == 200)
    assert queue.public()["paused"] is True


def test_drain(stack):
    queue = Queue.new(stack, 2)
    first, second, third = queue.add_many(3)
    drain = subprocess.Popen([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "queue", "drain",
                              str(queue.id)], env=stack.environment, text=True, stdout=subprocess.PIPE)
    try:
        wait_for(lambda: queue.public()["paused"])
        queue.leave(first)
        assert queue.statuses(second, third) == ["active", "waiting"] and drain.poll() is None
        queue.leave(second)
        said, _ = drain.communicate(timeout=120)
    finally:
        drain.kill()
    assert drain.returncode == 0 and said.endswith("active 0, waiting 1\n")
    assert queue.poll(third)["status"] == "waiting" and log_of(queue) == [("queue drain", "")]
    assert ctl_queue(stack, "drain", queue.id).endswith("active 0, waiting 1\n")
    ctl_queue(stack, "resume", queue.id)
    assert queue.poll(third)["status"] == "active"


def test_a_drain_waits_while_the_queue_is_loaded(stack):
    queue = Queue.new(stack, 1)
    ticket = queue.add()
    redis = stack.redis()
    redis.hset(f"{{c{queue.id}}}:meta", mapping={"loading": 1, "builder": "another", "loadingSince": 0, "part": 0,
                                                "builderUntil": redis.time()[0] * 1000 + 2000, "afterNumber": 0,
                                                "afterUser": ""})
    drain = subprocess.Popen([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "queue", "drain",
                              str(queue.id)], env=stack.environment, text=True, stdout=subprocess.PIPE)
    try:
        assert read_line(drain) == f"concert {queue.id}: capacity 1, paused\n"
        assert read_line(drain) == "active 1, waiting 0\n"
        queue.leave(ticket)
        said, _ = drain.communicate(timeout=120)
    finally:
        drain.kill()
    assert drain.returncode == 0 and said == "active 0, waiting 0\n"


def test_a_drain_ends_where_somebody_resumes_the_queue(stack):
    queue = Queue.new(stack, 1)
    queue.add()
    drain = subprocess.Popen([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "queue", "drain",
                              str(queue.id)], env=stack.environment, text=True, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: queue.public()["paused"])
        ctl_queue(stack, "resume", queue.id)
        _, said = drain.communicate(timeout=120)
    finally:
        drain.kill()
    assert drain.returncode == 1 and "resumed" in said


def test_rebuild(stack):
    queue = Queue.new(stack, 2)
    tickets = queue.add_many(5)
    queue.leave(tickets[2])
    before = queue.counts()
    said = ctl_queue(stack, "rebuild", queue.id)
    assert said.splitlines()[1].endswith(": waiting 2, active 2, serving 2, lastNumber 5")
    assert queue.counts() == before
    for ticket in (tickets[0], tickets[1], tickets[3], tickets[4]):
        now = queue.poll(ticket)
        assert same(now, ticket) and now["status"] == ticket["status"]
    assert log_of(queue) == [("queue rebuild", "")]


def test_where_there_is_no_queue(stack):
    concert = new_concert(stack)
    for words in (("rebuild", concert.id), ("pause", 2**31 - 1), ("capacity", 2**31 - 1, 5)):
        done = stack.ctl("queue", *map(str, words))
        assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "there is no queue" in ctl_queue(stack, "pause", concert.id)
    ctl_queue(stack, "drain", concert.id)
    assert ok(stack.get(f"/concert/{concert.id}"))["queue"] is False
