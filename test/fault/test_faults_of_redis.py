"""Redis is killed, emptied, set back and frozen while tickets are sold: the queue stands still, but
whoever holds seats pays for them."""

import contextlib
import shutil
import signal
import time

import pytest
from booking import Acceptance, Hall, Load, hold, now
from stack import wait_for


@pytest.fixture
def halls(whole):
    """One that keeps a queue, and one that does not."""
    return Hall(whole, capacity=500), Hall(whole)


def check(times, fault, loads, broken, mended):
    """What every fault of Redis leaves alone, and the time back."""
    queue, plain = loads
    assert not plain.told.broken(["busy"]), "a concert without a queue does not need Redis"
    missed = [a for a in queue.told.failures() if a.code == "queue_unavailable"]
    assert {a.call for a in missed} <= {"token", "poll", "reserve", "leave"}
    assert not set(queue.told.broken(["busy"])) - set(missed)
    if mended > broken:
        assert queue.told.failures(broken, mended), "nobody noticed"
    times.note(fault, queue.told.time_back(mended), 1000)


@contextlib.contextmanager
def selling(halls):
    """Both halls under load."""
    with Load(halls[0]) as queue, Load(halls[1], rate=100) as plain:
        time.sleep(1)
        yield queue, plain
        time.sleep(1.5)


@pytest.fixture
def holds(halls):
    """Holds in the hall with the queue."""
    return [hold(halls[0], f"holder-{halls[0].id}-{number}") for number in range(20)]


def pay_all(stack, holds):
    client = stack.new_client()
    answers = [client.post("/payment", body) for body, _ in holds]
    assert [answer.status for answer in answers] == [200] * len(holds), answers


def test_killed_and_restarted(whole, halls, holds, times, round):
    """What it had not yet written to its file is lost, and found in MySQL."""
    with selling(halls) as loads:
        whole.kill("redis")
        broken = now()
        pay_all(whole, holds)
        time.sleep(1)
        with Acceptance(whole.redis().ping) as accepted:
            whole.start_service("redis")
    check(times, "Redis kill -9 and restart", loads, broken, accepted.at)


def test_back_without_a_call(whole):
    """Nobody calls while it comes back: the first one who then does is served."""
    hall = Hall(whole, items=1, seats=10, capacity=10)
    log = whole.log("frontrow")
    body = {"userId": f"early-{hall.id}", "concertId": hall.id}

    def refused():
        """Not the first ones, which find idle connections closed, but then without trying."""
        assert whole.new_client().post("/token/add", body).code == "queue_unavailable"
        return b'frontrow_breaker_open{dependency="redis"} 1' in whole.get("/metrics").body

    with whole.without("redis"):
        wait_for(refused)
        known = log.read_text().count("Redis answers again")
    wait_for(lambda: log.read_text().count("Redis answers again") > known)
    assert whole.new_client().post("/token/add", body).status == 200


def loaded(stack, hall):
    """How often the hall's queue was loaded from MySQL into Redis."""
    return stack.log("frontrow").read_text().count(f"the queue of concert {hall.id} is loaded")


def test_emptied(whole, halls, times):
    with selling(halls) as loads:
        before = loaded(whole, halls[0])
        whole.redis().flushall()
        mended = now()
    assert loaded(whole, halls[0]) > before
    check(times, "Redis FLUSHALL", loads, mended, mended)


def test_frozen(whole, halls, holds, times, long):
    with selling(halls) as loads:
        whole.kill("redis", signal.SIGSTOP)
        broken = now()
        try:
            pay_all(whole, holds)
            time.sleep(10 if long else 3)
        finally:
            whole.kill("redis", signal.SIGCONT)
        mended = now()
    check(times, "Redis SIGSTOP, after SIGCONT", loads, broken, mended)


@contextlib.contextmanager
def set_back(stack):
    """Afterwards Redis has lost all that happened meanwhile; gives when it answered again."""
    accepted = Acceptance(stack.redis().ping)
    older = stack.var / "redis-older"
    stack.redis().save()  # which is read at the next start
    shutil.copytree(stack.var / "redis", older)
    yield accepted
    stack.kill("redis")
    wait_for(lambda: not stack.redis_answers())
    shutil.rmtree(stack.var / "redis")
    shutil.move(older, stack.var / "redis")
    with accepted:
        stack.start_service("redis")


def test_set_back(whole, halls, times):
    """It comes back with the data of some seconds ago."""
    with selling(halls) as loads:
        before = loaded(whole, halls[0])
        with set_back(whole) as accepted:
            time.sleep(1)
            broken = now()
    assert loaded(whole, halls[0]) > before
    check(times, "Redis with an older snapshot", loads, broken, accepted.at)


def add(stack, hall, user):
    answer = stack.new_client().post("/token/add", {"userId": user, "concertId": hall.id})
    assert answer.status == 200, answer
    return answer.json()


@contextlib.contextmanager
def emptied(stack):
    yield
    stack.redis().flushall()


@pytest.mark.parametrize("losing", [emptied, set_back])
def test_the_queue_keeps_its_order(whole, losing):
    """Numbers and places are the same after Redis lost everything, or the newer half."""
    hall = Hall(whole, items=1, seats=10, capacity=10, active_seconds=600)
    tokens = [add(whole, hall, f"ordered-{hall.id}-{n}") for n in range(30)]
    time.sleep(1.5)  # for Redis to write these to its file
    with losing(whole):
        tokens += [add(whole, hall, f"ordered-{hall.id}-{n}") for n in range(30, 60)]
    assert [t["number"] for t in tokens] == list(range(1, 61))
    after = [ask(whole, token) for token in tokens]
    for before, now_ in zip(tokens, after):
        for name in ("token", "number", "status", "position"):
            assert before[name] == now_[name], (before, now_)
    assert add(whole, hall, f"ordered-{hall.id}-new")["number"] == 61


def ask(stack, token):
    """GET /token, again while the queue is being rebuilt."""
    def asked():
        answer = stack.new_client().get("/token", **{"X-Queue-Token": token["token"]})
        assert answer.status == 200 or answer.code == "queue_unavailable", answer
        return answer if answer.status == 200 else None

    return wait_for(asked).json()


def test_a_long_queue_is_rebuilt(whole, times):
    """So many wait when Redis loses everything: 100,000 where the time is asked, on a machine without other work."""
    thousands = 100 if times.goals else 10
    hall = Hall(whole, items=1, seats=10, capacity=100)
    whole.query(
        "INSERT INTO queue_token (concert_id, number, token, user_id, status, created_at)"
        " WITH RECURSIVE d (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 999)"
        " SELECT %s, a.n * 1000 + b.n + 1, LEFT(UNHEX(SHA2(CONCAT(%s, '/', a.n * 1000 + b.n), 256)), 16),"
        " CONCAT('waiting-', a.n * 1000 + b.n), 'waiting', UTC_TIMESTAMP(3)"
        " FROM d a CROSS JOIN d b WHERE a.n < %s", hall.id, hall.id, thousands,
    )
    whole.redis().flushall()
    began = now()
    wait_for(lambda: whole.new_client().post(
        "/token/add", {"userId": f"late-{hall.id}", "concertId": hall.id}
    ).status == 200, 30)
    times.note(f"a queue of {thousands},000 rebuilt", now() - began, 1000)
    # nginx may have kept the answer of a moment before
    wait_for(lambda: whole.new_client().get(f"/concert/{hall.id}/queue").json()["lastNumber"] == 1000 * thousands + 1)
