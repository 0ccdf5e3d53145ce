"""A draw when Redis is lost or the sweeper killed, at any time: the order is the same."""

import signal
import subprocess
import time

import pytest
from draw_helpers import SETTLE_SECONDS, Draw, compute_ranks, entry_of, sha256
from helpers import ok
from stack import wait_for


@pytest.fixture(scope="module")
def private(new_stack):
    """A stack whose Redis may be lost."""
    stack = new_stack(workers=8)
    yield stack
    stack.check_books()


def test_redis_lost_in_each_phase(private):
    """At once in many draws, one for each set of phases after which all is lost."""
    draws = [Draw.new(private, capacity=2) for _ in range(6)]
    early = [draw.add_many(5) for draw in draws]

    def lose(phase):
        """Only the draw of this phase loses its queue, and the last one in all."""
        for draw in (draws[phase], draws[5]):
            private.redis().delete(f"{{c{draw.id}}}:meta", *private.redis().keys(f"{{c{draw.id}}}:*"))

    lose(0)  # while tokens are collected
    for draw in draws:
        private.query("UPDATE queue_token SET created_at = created_at - INTERVAL 1 MINUTE WHERE concert_id = %s",
                      draw.id)
        draw.freezes_in(-1)
    lose(1)  # the freeze is due, and nobody has looked: the rows say who came before it
    late = [draw.add_many(2) for draw in draws]
    for draw in draws:
        draw.freezes_in(-SETTLE_SECONDS)
        assert draw.step()["count"] == 5, draws.index(draw)
    lose(2)  # the list is published
    for draw in draws:
        ok(draw.give("b"))
        assert draw.step()["state"] == "drawn"
    lose(3)  # the ranks were in it
    for draw, tickets in zip(draws, early):
        draw.statuses(*tickets)  # all are there when their turn comes
        draw.open()
        assert draw.public()["serving"] == 2
    lose(4)  # two were called
    for i, draw in enumerate(draws):
        ranks = compute_ranks(bytes.fromhex(draw.show()["seed"]), "b", [entry_of(ticket) for ticket in early[i]])
        now = [draw.poll(ticket) for ticket in early[i]]
        assert [ticket["number"] for ticket in now] == [ranks[entry_of(ticket)] for ticket in early[i]], i
        assert sorted(t["number"] for t in now if t["status"] == "active") == [1, 2]
        assert [draw.poll(ticket)["number"] for ticket in late[i]] == [6, 7]
        assert draw.public()["serving"] == 2
        assert draw.add()["number"] == 8


def test_a_token_that_redis_does_not_know_gets_its_rank_back(private):
    draw = Draw.new(private, capacity=0, source=None)
    tickets = draw.add_many(4)
    draw.freeze()
    draw.step()
    draw.open()
    before = [draw.poll(ticket)["number"] for ticket in tickets]
    redis = private.redis()
    for ticket in tickets[:2]:
        token = bytes.fromhex(ticket["token"].partition("-")[2])
        redis.hdel(f"{{c{draw.id}}}:tokens", token)
        redis.hdel(f"{{c{draw.id}}}:users", ticket["userId"])
        redis.zrem(f"{{c{draw.id}}}:waiting", token)
    assert [draw.poll(ticket)["number"] for ticket in tickets] == before


@pytest.mark.parametrize("kept", [2, 0])
def test_rows_and_queue_were_frozen_apart(private, kept):
    """Redis was lost just before the freeze and loaded until after it: the rows decide."""
    draw = Draw.new(private, source=None)
    tickets = draw.add_many(3)
    private.query("UPDATE concert_draw SET frozen_last = %s WHERE concert_id = %s", kept, draw.id)
    draw.freeze()
    assert draw.step()["count"] == kept
    draw.open()
    ranks = draw.expected()
    now = [draw.poll(ticket) for ticket in tickets]
    assert [ticket["number"] for ticket in now] == [ranks.get(entry_of(tickets[i]), i + 1) for i in range(3)]
    assert [ticket["status"] for ticket in now] == ["active"] * 3


def test_a_queue_that_is_just_being_loaded_is_waited_for(private):
    draw = Draw.new(private, source=None)
    draw.add_many(2)
    draw.freeze()
    redis = private.redis()
    redis.hset(f"{{c{draw.id}}}:meta", mapping={"loading": 1, "builder": "another", "loadingSince": 0, "part": 0,
                                                "builderUntil": redis.time()[0] * 1000 + 2000, "afterNumber": 0,
                                                "afterUser": ""})
    assert draw.step()["state"] == "drawn"


def test_a_restarted_redis(private):
    draw = Draw.new(private, capacity=0, source=None)
    tickets = draw.add_many(4)
    draw.freeze()
    draw.step()
    private.restart("redis")
    draw.open()
    wait_for(lambda: draw.ask(tickets[0]).status == 200)
    ranks = draw.expected()
    assert [draw.poll(ticket)["number"] for ticket in tickets] == [ranks[entry_of(ticket)] for ticket in tickets]


def test_the_sweeper_killed_while_it_loads_ranks(private):
    """Whoever comes next goes on where it stopped; meanwhile nobody is called."""
    count = 60_000
    draw = Draw.new(private, capacity=3, source=None)
    private.query(
        "INSERT INTO queue_token (concert_id, number, token, user_id, status, created_at)"
        " SELECT %s, n, UNHEX(LEFT(SHA2(CONCAT(%s, '-', n), 256), 32)), CONCAT('u-', n), 'waiting', UTC_TIMESTAMP(3)"
        " FROM (SELECT ROW_NUMBER() OVER () AS n FROM (SELECT 1 FROM seat a, seat b LIMIT %s) many) numbers",
        draw.id, draw.id, count,
    )
    private.redis().delete(*private.redis().keys(f"{{c{draw.id}}}:*"))
    wait_for(lambda: private.fresh(f"{draw.path}/queue").status == 200, 120)
    draw.freeze()
    assert draw.public()["waiting"] == count
    meta = f"{{c{draw.id}}}:meta"
    sweeper = subprocess.Popen([private.build / "frontrow-sweeper", "--config", private.var / "frontrow.conf"],
                               env=private.environment)

    def has_begun():
        """In small steps of its: it must not be through before it is killed."""
        sweeper.send_signal(signal.SIGCONT)
        time.sleep(0.002)
        sweeper.send_signal(signal.SIGSTOP)
        return int(private.redis().hget(meta, "rankedLast") or 0)

    loaded = wait_for(has_begun, 120, step=0)
    sweeper.send_signal(signal.SIGKILL)
    assert sweeper.wait(60) == -signal.SIGKILL, "it was through before it could be killed"
    loaded = int(private.redis().hget(meta, "rankedLast"))
    assert 0 < loaded < count
    draw.open()
    assert draw.public()["active"] == 0
    assert private.sweeper().returncode == 0
    assert int(private.redis().hget(meta, "rankedLast")) == count
    assert draw.public()["active"] == 3

    tokens = private.query("SELECT LOWER(HEX(token)) AS token FROM queue_token WHERE concert_id = %s AND number <= %s"
                           " ORDER BY number", draw.id, count)
    entries = [sha256(f"{draw.id}-{row['token']}".encode()).hex() for row in tokens]
    ranks = compute_ranks(bytes.fromhex(draw.show()["seed"]), "", entries)
    for i in range(0, count, 2_999):
        token = f"{draw.id}-{tokens[i]['token']}"
        assert ok(private.get("/token", **{"X-Queue-Token": token}))["number"] == ranks[entries[i]]
