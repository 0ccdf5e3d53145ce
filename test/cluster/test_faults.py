"""Machines of the cluster are killed, stand still and are cut off while tickets are sold. Nothing that a buyer was
told may be lost, and nothing may be sold twice."""

import shutil
import time

import pytest
from booking import Hall, Load, now
from stack import wait_for

RATE = 15  # journeys begun a second
BEFORE, DURING, AFTER = 2, 6, 3  # seconds of selling


class Selling:
    """A load on both fronts. `with` it the test does its worst."""

    def __init__(self, cluster):
        # who hears nothing for two seconds asks at the other front
        self.load = Load(Hall(cluster, capacity=500), judged=False, rate=RATE, users=40, retry=50, timeout=2)
        self.cluster = cluster

    def __enter__(self):
        self.load.__enter__()
        time.sleep(BEFORE)
        self.began = now()
        return self

    def __exit__(self, kind, error, trace):
        time.sleep(AFTER)
        self.load.__exit__(kind, error, trace)
        self.told = self.load.told

    def judge(self, note, fault, goal, goals):
        """Nothing is lost, and sales go on in time; what it was like goes into the table."""
        wrong = self.told.compare(self.cluster)
        errors = [a for a in self.told.answers if a.status == 500]
        note(fault=fault, outage=self.outage(), slowest=self.slowest_call(), goal=goal, answers=len(self.told.answers),
             failures=len(self.told.failures(self.began)), lost=len(wrong))
        print(f"\n{fault}: {self.load.summary.strip()}; {self.told.summary()}")
        assert not wrong, wrong[:20]
        assert not errors, errors[:3]
        assert self.outage() <= (goal if goals else goal + BUSY_MS)

    def outage(self):
        """The longest time without a success, in milliseconds."""
        good = [self.began] + sorted(a.received for a in self.told.answers if a.ok and a.received > self.began)
        return max(later - earlier for earlier, later in zip(good, good[1:]))

    def slowest_call(self):
        """The longest that a buyer needed for one call, with all repetitions, in milliseconds."""
        return max((next((a.received for a in answers if a.ok), 0) - answers[0].sent
                    for answers in self.told.by_key.values() if answers[0].sent > self.began), default=0)


def victim_of(cluster, role):
    return {"front": lambda: "front-1", "app": lambda: "app-1", "sentinel": lambda: "sentinel-1",
            "writer": cluster.writer, "node": lambda: next(n for n in ("db-3", "db-2") if n != cluster.writer()),
            "master": cluster.redis_master}[role]()


ROLES = {
    "front": "a front", "app": "an app host", "writer": "the database that is written to",
    "node": "another database", "master": "the Redis master", "sentinel": "a Sentinel",
}
# Milliseconds without a success. What else the machine does decides whether they can be reached: --goals asks for it;
# without it a fault may take so much longer.
BUSY_MS = 15_000
GOALS = {"front": 1000, "app": 100, "writer": 3000, "node": 3000, "master": 3000, "sentinel": 3000}
FAULTS = {"kill": "killed (kill -9)", "pause": "stands still", "partition": "cut off"}


@pytest.fixture
def goals(request):
    return request.config.getoption("--goals")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("role", ROLES)
def test_one_machine(whole, note, goals, role, fault):
    """And what stood still or was cut off comes back while tickets are sold."""
    victim = victim_of(whole, role)
    with Selling(whole) as selling:
        whole.script(fault, victim)
        time.sleep(DURING)
        if fault == "pause":
            whole.script("resume", victim)
        if fault == "partition":
            whole.script("heal", victim)
    wait_for(lambda: whole.health("front-2") in ("ready", "degraded"), 60)
    whole.make_whole()
    selling.judge(note, f"{ROLES[role]}: {FAULTS[fault]}", GOALS[role], goals)


def test_no_majority(whole, note, goals):
    """Two of three databases are cut off. The third one sells nothing and shows nothing, as what it has could be old,
    and says so; it goes on when they are back."""
    with Selling(whole) as selling:
        cut = now()
        for name in ("db-2", "db-3"):
            whole.script("partition", name)
        wait_for(lambda: whole.galera("db-1").get("cluster_status") == "non-Primary")
        wait_for(lambda: whole.health("front-1") not in ("ready", "degraded"))
        began = now()
        time.sleep(DURING)
        ended = now()
        whole.script("heal")
        wait_for(lambda: whole.health("front-1") in ("ready", "degraded"), 60)
    late = [a for a in selling.told.answers if began + 1000 < a.sent < ended - 2000]
    assert late and not [a for a in late if a.ok]
    assert {a.code for a in late if a.call not in ("token", "poll")} <= {"mysql_unavailable", "busy"}
    assert selling.told.slowest(began + 1000, ended - 2000) < (100 if goals else 2000)
    away = ended - cut
    selling.judge(note, f"two of three databases: cut off for {away / 1000:.1f} s", round(away) + 3000, goals)


def test_a_node_joins(whole, note, goals):
    """One that has nothing copies all of another one while tickets are sold."""
    whole.script("kill", "db-3")
    shutil.rmtree(whole.var / "db-3/mysql")
    with Selling(whole) as selling:
        whole.script("up")
        wait_for(lambda: whole.is_synced("db-3"), 120)
    assert "SST" in (whole.var / "log/db-3.log").read_text()
    selling.judge(note, "a database joins with an empty folder", 3000, goals)


def test_upgrade(whole, note, goals):
    """Every program is replaced, one after the other."""
    with Selling(whole) as selling:
        whole.script("upgrade")
    selling.judge(note, "a rolling upgrade of everything", 3000, goals)
