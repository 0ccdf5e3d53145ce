"""A Redis, its replica and a Sentinel: the master is killed, demoted and comes back while people queue."""

import contextlib
import signal
import time

import pytest
from booking import Hall, Load, now
from servers import Redis, Sentinel
from stack import Stack, free_port, health, wait_for

AFTER_MS = 700  # for which a master does not answer before it is replaced


class Queued(Stack):
    """A stack whose queues are at one of `servers`. Its own Redis has nothing to do."""

    def __init__(self, watched):
        super().__init__(redis_socket="", redis_timeout_ms=900, workers=8)
        self.watched = watched
        self.servers = [Redis(self.var, "redis-1"), Redis(self.var, "redis-2")]
        self.sentinel = Sentinel(self.var, "sentinel", self.servers[0], AFTER_MS)

    def start(self):
        first, second = (server.start() for server in self.servers)
        second.client().replicaof("127.0.0.1", first.port)
        wait_for(lambda: is_replica_of(second, first))
        if self.watched:
            self.sentinel.start()
            wait_for(lambda: is_known_to(self.sentinel, second))
        super().start()
        return self

    def stop(self):
        for server in (*self.servers, self.sentinel):
            server.kill()
        super().stop()


@pytest.fixture(scope="module")
def watched():
    """Redis is found by its Sentinels, the first of which is not there."""
    private = Queued(watched=True)
    private.environment["FRONTROW_REDIS_SENTINELS"] = f"127.0.0.1:{free_port()} {private.sentinel.address}"
    try:
        yield private.start()
        private.check_books()
    finally:
        private.stop()


@pytest.fixture(scope="module")
def listed():
    private = Queued(watched=False)
    private.environment["FRONTROW_REDIS_HOSTS"] = " ".join(server.address for server in private.servers)
    try:
        yield private.start()
        private.check_books()
    finally:
        private.stop()


def roles(stack):
    """The master and the replica."""
    master, replica = sorted(stack.servers, key=lambda server: server.role())
    assert (master.role(), replica.role()) == ("master", "slave")
    return master, replica


def is_replica_of(server, master):
    if server.role() != "slave":
        return False
    state = server.client().info("replication")
    return state["master_port"] == master.port and state["master_link_status"] == "up"


def is_known_to(sentinel, replica):
    """Whether the Sentinel would take it as the next master."""
    known = sentinel.client().sentinel_slaves("mymaster")
    return any(one["port"] == replica.port and not one["is_disconnected"] and not one["is_sdown"] for one in known)


@contextlib.contextmanager
def queueing(watched):
    """People queue from a second before to a second after what is done within the `with`: gives the master, the
    replica that the Sentinel would take, and the load. All is well in the end."""
    hall = Hall(watched, capacity=500)
    master, replica = roles(watched)
    workers = set(watched.workers())
    wait_for(lambda: is_known_to(watched.sentinel, replica))
    with Load(hall) as load:
        time.sleep(1)
        yield master, replica, load
        time.sleep(1)
    check(watched, load, workers)


def check(stack, load, workers):
    missed = [a for a in load.told.failures() if a.code == "queue_unavailable"]
    assert {a.call for a in missed} <= {"token", "poll", "reserve", "leave"}
    assert not set(load.told.broken(["busy"])) - set(missed)
    assert set(stack.workers()) == workers, "a worker had to be replaced"


def test_the_master_is_killed(watched, times):
    """The Sentinel makes another one; when the former comes back, it is a replica and nobody's master."""
    with queueing(watched) as (master, replica, load):
        master.kill()
        wait_for(lambda: replica.role() == "master", step=0.005)
        mended = now()
        wait_for(lambda: health(watched) == "ready", 10)
    master.start()
    times.note("Redis' master kill -9, another promoted", load.told.time_back(mended), 3000)
    wait_for(lambda: is_replica_of(master, replica))
    assert health(watched) == "ready"


def test_the_master_is_demoted(watched, times):
    """By the Sentinel, on demand: all workers leave it at once."""
    with queueing(watched) as (master, replica, load):
        watched.sentinel.client().sentinel_failover("mymaster")
        wait_for(lambda: is_replica_of(master, replica))
        mended = now()
    times.note("Redis' master demoted by its Sentinel", load.told.time_back(mended), 1000)


def test_a_frozen_master(watched, times, long):
    """It is replaced while it stands still."""
    if not long:
        pytest.skip("in the long form only")
    with queueing(watched) as (master, replica, load):
        master.signal(signal.SIGSTOP)
        wait_for(lambda: replica.role() == "master", step=0.005)
        mended = now()
        wait_for(lambda: health(watched) == "ready", 10)
        time.sleep(1)
        master.signal(signal.SIGCONT)
        wait_for(lambda: is_replica_of(master, replica))
    times.note("Redis' master SIGSTOP, another promoted", load.told.time_back(mended), 3000)


def test_nobody_knows_the_master(watched):
    """No Sentinel: who is connected goes on; a new connection is 503 with the reason, until one is back."""
    hall = Hall(watched, items=1, seats=10, capacity=10)
    watched.sentinel.kill()
    try:
        check = watched.program("frontrow", "--check")
        assert check.returncode == 75 and "the Sentinel at 127.0.0.1, port" in check.stderr, check.stderr
        added = watched.new_client().post("/token/add", {"userId": f"on-{hall.id}", "concertId": hall.id})
        assert added.status == 200
    finally:
        watched.sentinel.start()
    assert watched.program("frontrow", "--check").returncode == 0


def test_demoted_by_hand(listed, times):
    """Of redis_hosts the one that is the master is used, there and back."""
    hall = Hall(listed, capacity=500)
    workers = set(listed.workers())
    for direction in ("first", "second"):
        master, replica = roles(listed)
        with Load(hall) as load:
            time.sleep(1)
            replica.client().replicaof("NO", "ONE")
            master.client().replicaof("127.0.0.1", replica.port)
            mended = now()
            time.sleep(1.5)
        check(listed, load, workers)
        times.note(f"Redis handed over, the {direction} time", load.told.time_back(mended), 1000)
        wait_for(lambda: is_replica_of(master, replica))
