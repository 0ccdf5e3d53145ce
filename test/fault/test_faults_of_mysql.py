"""MySQL is killed, frozen and made read-only while tickets are sold."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

import pytest
from between import end_sessions
from booking import Acceptance, Hall, Load, now
from stack import wait_for

REFUSALS = {"mysql_unavailable", "queue_unavailable", "busy", "outcome_unknown"}


def test_killed_and_restarted(whole, times, round):
    """503 with Retry-After while it is gone, and no worker is stuck afterwards."""
    hall = Hall(whole, capacity=500)
    workers = set(whole.workers())
    with Load(hall) as load:
        time.sleep(1)
        whole.kill("mysql")
        refusal = whole.new_client().post("/point/charge", {"userId": "unlucky", "amount": 1})
        with Acceptance(lambda: whole.query("SELECT 1")) as accepted:
            whole.start_service("mysql")
        time.sleep(2)
    assert (refusal.status, refusal.code) == (503, "mysql_unavailable")
    assert refusal.headers["Retry-After"] in ("1", "2", "3")
    assert "mysql_unavailable" in {a.code for a in load.told.failures()} <= REFUSALS
    assert set(whole.workers()) == workers, "a worker was killed by the watchdog"
    times.note("MySQL kill -9 and restart", load.told.time_back(accepted.at), 1000)


def come_back(stack):
    """MySQL was away, and a worker that nobody called has found it again."""
    log = stack.log("frontrow")

    def refused():
        """Not the first ones, which find idle connections closed, but then without trying."""
        assert stack.new_client().get("/point?userId=early").code == "mysql_unavailable"
        return b'frontrow_breaker_open{dependency="mysql"} 1' in stack.get("/metrics").body

    with stack.without("mysql"):
        wait_for(refused)
        known = log.read_text().count("MySQL answers again")
    wait_for(lambda: log.read_text().count("MySQL answers again") > known)


def test_back_without_a_call(whole):
    """Nobody calls while it comes back: the first one who then does is served."""
    come_back(whole)
    assert whole.new_client().get("/point?userId=early").status == 200


def test_gone_once_more_before_a_call(whole):
    """The connection that was made to look for it is closed before anybody has used it, as idle ones are."""
    come_back(whole)
    end_sessions(whole.mysql())
    calls = [whole.new_client().get("/point?userId=early").status for _ in range(8 * whole.worker_count())]
    assert calls == [200] * len(calls)


def test_frozen(whole, times, long):
    """SIGSTOP: nobody waits for long, soon all are refused at once, health says so."""
    hall = Hall(whole, capacity=500)
    freeze = 10 if long else 5
    with Load(hall) as load:
        time.sleep(1)
        whole.kill("mysql", signal.SIGSTOP)
        frozen = now()
        try:
            time.sleep(3)
            health = whole.new_client().get("/health/ready")
            time.sleep(freeze - 3)
        finally:
            whole.kill("mysql", signal.SIGCONT)
        mended = now()
        time.sleep(2)
    assert health.status == 503
    assert health.json()["dependencies"]["mysql"]["status"] == "down"
    assert {a.code for a in load.told.failures()} <= REFUSALS
    assert load.told.slowest(frozen, mended) < 8000
    late = load.told.failures(frozen + 3000, mended - 100)
    assert len(late) > 20
    waits = sorted(a.received - a.sent for a in late)
    assert waits[len(waits) * 9 // 10] < 1000, "most still wait"
    times.note("MySQL SIGSTOP, slowest refusal from 3 s on", waits[-1], 100)
    times.note("MySQL SIGSTOP, after SIGCONT", load.told.time_back(mended), 1000)


def test_read_only(whole, times):
    """Changes are refused, reads go on, no half of a booking is written."""
    hall = Hall(whole, capacity=500)
    with Load(hall) as load:
        time.sleep(1)
        whole.query("SET GLOBAL read_only = ON")
        began = now()
        try:
            time.sleep(0.5)
            assert whole.new_client().get("/point?userId=nobody").status == 200
            time.sleep(0.5)
            ended = now()
        finally:
            whole.query("SET GLOBAL read_only = OFF")
        mended = now()
        time.sleep(1)
    during = [a for a in load.told.answers if began < a.sent and a.received < ended]
    assert during and not [a for a in during if a.ok and a.method != "GET" and a.replayed == "0"]
    assert "mysql_unavailable" in {a.code for a in load.told.failures()} <= REFUSALS
    times.note("MySQL read-only", load.told.time_back(mended), 100)


@pytest.fixture
def small_disk(new_stack):
    """A stack of its own, with MySQL's data on a disk of its own; gives both."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    stack = new_stack()
    stack.stop_service("mysql")
    data, kept = stack.var / "mysql", stack.var / "mysql-kept"
    data.rename(kept)
    data.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600m", "none", data]).returncode != 0:
        kept.rename(data)
        pytest.skip("nothing can be mounted here")
    try:
        shutil.copytree(kept, data, dirs_exist_ok=True)
        stack.start_service("mysql")
        yield stack, data
    finally:
        stack.stop_service("mysql")
        subprocess.run(["umount", data], check=True)


def test_disk_full(small_disk, times):
    """Changes are refused, no half of a booking is written; with room again it goes on."""
    stack, disk = small_disk
    hall = Hall(stack, items=5)
    filler = disk / "filler"
    with Load(hall) as load:
        time.sleep(1)
        fill(filler, leave=256 * 1024)
        wait_for(lambda: "\tmysql_unavailable\t" in load.log.read_text())
        time.sleep(1)
        filler.unlink()
        stack.start_service("mysql")  # if it ended meanwhile, as InnoDB may
        mended = now()
        time.sleep(1)
    assert {a.code for a in load.told.failures()} <= REFUSALS
    times.note("MySQL disk full, with room again", load.told.time_back(mended), 100)
    stack.check_books()


def fill(file, leave):
    """Writes until no more than so many bytes are left on that disk, or nothing: others write too."""
    with contextlib.suppress(OSError), open(file, "wb", buffering=0) as out:
        while os.statvfs(file).f_bavail * os.statvfs(file).f_frsize > leave:
            out.write(bytes(65536))
