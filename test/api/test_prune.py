"""frontrowctl prune: what is old goes, in batches beside the sales; nothing that is needed goes with it."""

import contextlib
import os
import re
import subprocess
import time

import pytest
from draw_helpers import Draw
from helpers import add_token, age_hold, buy, new_concert, new_user, ok, reserve
from queue_helpers import Queue
from stack import beside, wait_for

pytestmark = pytest.mark.usefixtures("audited")

BATCH = 1000
SAID = re.compile(r"(deleted|would delete) of (\d+) ended concerts (\d+) tokens and (\d+) seat quotas;"
                  r" (\d+) stored answers; (\d+) rows of the audit log; (\d+) entries of wait lists\n$")


@pytest.fixture(autouse=True)
def nothing_else_is_old(stack):
    """What other tests left is not counted."""
    stack.query("DELETE FROM idempotency")
    done = stack.ctl("prune", "--tokens-days", "1")
    assert done.returncode == 0, done.stderr


def prune(stack, *options, status=0):
    """What a run says that it deleted: concerts, tokens, quotas, answers, log."""
    done = stack.ctl("prune", *options)
    assert done.returncode == status, done.stdout + done.stderr
    verb, *counts = SAID.search(done.stdout).groups()
    assert (verb == "would delete") == ("--dry-run" in options)
    return tuple(map(int, counts[:5]))


def end(stack, concert, days=40):
    """As if all of a concert had been so long ago."""
    for change in (
        "item SET starts_at = UTC_TIMESTAMP(3) - INTERVAL %s DAY",
        "queue_token SET created_at = created_at - INTERVAL %s DAY, lease_until = lease_until - INTERVAL %s DAY",
        "open_token SET lease_until = lease_until - INTERVAL %s DAY",
    ):
        stack.query(f"UPDATE {change} WHERE concert_id = {concert.id}", *[days] * change.count("%s"))


def fill(stack, concert, count, status="done", first=1):
    """So many rows of queue tokens, made now and at once."""
    now = stack.query("SELECT UTC_TIMESTAMP(3) AS now")[0]["now"]
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO queue_token (concert_id, number, token, user_id, status, serving, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [(concert.id, number, os.urandom(16), f"old-{concert.id}-{number}", status, 0, now)
             for number in range(first, first + count)],
        )


def numbers(stack, concert):
    return [row["number"] for row in
            stack.query("SELECT number FROM queue_token WHERE concert_id = %s ORDER BY number", concert.id)]


def open_tokens(stack, concert):
    return stack.query("SELECT COUNT(*) AS n FROM open_token WHERE concert_id = %s", concert.id)[0]["n"]


def test_the_tokens_of_an_ended_concert_go(stack):
    queue = Queue.new(stack, capacity=2)
    for _ in range(4):
        buy(stack, new_user(), queue)
    queue.leave(queue.add())
    end(stack, queue)
    assert prune(stack, "--dry-run") == (1, 4, 0, 0, 0)
    assert numbers(stack, queue) == [1, 2, 3, 4, 5]
    assert prune(stack) == (1, 4, 0, 0, 0)
    assert numbers(stack, queue) == [5], "the last one stays, for the numbers of a rebuilt queue"
    assert prune(stack) == (0, 0, 0, 0, 0)
    logged = stack.query("SELECT actor, detail FROM audit_log WHERE action = 'prune' AND concert_id = %s", queue.id)
    assert logged == [{"actor": "ctl", "detail": "deleted 4 tokens, 0 seat quotas"}]


@pytest.mark.parametrize("how, days, goes", [
    ("status = 'cancelled'", 40, True), ("closes_at = UTC_TIMESTAMP(3) - INTERVAL 31 DAY", 40, True),
    ("status = 'cancelled'", 29, False), ("closes_at = UTC_TIMESTAMP(3) - INTERVAL 29 DAY", 40, False),
    ("status = 'closed'", 40, False), ("status = 'open'", 40, False),
], ids=["cancelled", "closed for long", "cancelled lately", "closed lately", "closed by hand", "on sale"])
def test_which_concerts_have_ended(stack, how, days, goes):
    queue = Queue.new(stack, capacity=2)
    fill(stack, queue, 5)
    end(stack, queue, days)
    name, value = how.split(" = ")
    stack.query("UPDATE item SET starts_at = UTC_TIMESTAMP(3) + INTERVAL 9 DAY WHERE concert_id = %s", queue.id)
    queue.set(**{name: value})
    assert prune(stack)[:2] == ((1, 4) if goes else (0, 0))


def test_the_ages_are_options(stack):
    queue = Queue.new(stack, capacity=2)
    fill(stack, queue, 3)
    end(stack, queue, days=3)
    assert prune(stack, "--tokens-days", "4")[1] == 0
    assert prune(stack, "--tokens-days", "2")[1] == 2


def test_young_tokens_of_an_ended_concert_stay(stack):
    queue = Queue.new(stack, capacity=2)
    fill(stack, queue, 3)
    end(stack, queue)
    fill(stack, queue, 3, first=4)
    assert prune(stack)[1] == 3
    assert numbers(stack, queue) == [4, 5, 6]


def test_open_tokens_and_seat_quotas_go(stack):
    concert = new_concert(stack, max_seats=4)
    buy(stack, new_user(), concert)
    add_token(stack, new_user(), concert)
    live = new_user()
    add_token(stack, live, concert)
    end(stack, concert)
    stack.query("UPDATE open_token SET lease_until = UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE WHERE user_id = %s", live)
    assert prune(stack) == (1, 2, 1, 0, 0)
    assert open_tokens(stack, concert) == 1, "one is live"


def test_a_live_hold_keeps_all(stack):
    queue = Queue.new(stack, capacity=2, max_seats=4)
    user = new_user()
    token = queue.add(user)["token"]
    held = reserve(stack, user, queue, token=token)
    end(stack, queue)
    fill(stack, queue, 3, first=10)
    stack.query("UPDATE queue_token SET created_at = created_at - INTERVAL 40 DAY WHERE concert_id = %s", queue.id)
    assert prune(stack) == (0, 0, 0, 0, 0)
    age_hold(stack, held["reservationId"], 4000)
    assert prune(stack)[:3] == (1, 2, 1)
    assert numbers(stack, queue) == [1, 12], "the highest one called and the last one"


def test_a_rebuilt_queue_goes_on_where_it_stood(stack):
    """Redis is lost after the prune: numbers go on and what was called stays called."""
    queue = Queue.new(stack, capacity=3)
    for ticket in queue.add_many(6):
        queue.leave(ticket)
    stack.sweeper()
    before = queue.counts()
    assert before[0] == before[1] == 6
    end(stack, queue)
    assert prune(stack)[1] > 0
    assert queue.counts() == before
    stack.redis().flushall()
    assert queue.counts() == before
    stack.query("UPDATE item SET starts_at = UTC_TIMESTAMP(3) + INTERVAL 9 DAY WHERE concert_id = %s", queue.id)
    assert queue.add()["number"] == 7


def test_who_waits_for_what_is_over_is_forgotten_everywhere(stack):
    """A queue that was left paused: nobody is called any more, so nobody would lapse."""
    queue = Queue.new(stack, capacity=1)
    tickets = queue.add_many(5)
    queue.set(status="'cancelled'", paused=1)
    end(stack, queue)
    assert queue.counts()[2:] == (4, 1)
    assert prune(stack)[1] == 3
    assert queue.counts()[2:] == (0, 0)
    assert {row["status"] for row in queue.rows().values()} == {"lapsed"}
    assert all(queue.ask(ticket).code == "token_invalid" for ticket in tickets)


def test_the_tokens_of_a_draw_stay(stack):
    draw = Draw.new(stack)
    draw.add_many(4)
    draw.freeze()
    draw.step()
    later = draw.add_many(3)
    draw.give("7 11 13")
    assert draw.step()["state"] == "drawn"
    draw.open()
    for ticket in later:
        draw.leave(ticket)
    end(stack, draw)
    assert prune(stack)[1] == 2
    assert numbers(stack, draw) == [1, 2, 3, 4, 7]
    done = stack.ctl("audit")
    assert done.returncode == 0 and re.search(r"\n +0  draw_ranks_fit", done.stdout), done.stdout


def test_a_draw_that_was_not_frozen_keeps_who_came(stack):
    draw = Draw.new(stack)
    draw.add_many(3)
    end(stack, draw)
    assert prune(stack) == (0, 0, 0, 0, 0)


def test_old_answers_and_log_rows_go(stack):
    for key in "a", "b":
        ok(stack.post("/point/charge", {"userId": "mina", "amount": 1}, **{"Idempotency-Key": f"prune-{key}"}))
    stack.query("UPDATE idempotency SET created_at = created_at - INTERVAL 30 HOUR WHERE idempotency_key = 'prune-a'")
    stack.query("INSERT INTO audit_log (actor, action, detail, created_at) VALUES"
                " ('ctl', 'old', '', UTC_TIMESTAMP(3) - INTERVAL 364 DAY),"
                " ('ctl', 'older', '', UTC_TIMESTAMP(3) - INTERVAL 366 DAY)")
    # the log is in the order of time
    stack.query("UPDATE audit_log SET created_at = UTC_TIMESTAMP(3) - INTERVAL 400 DAY WHERE actor <> 'ctl'")
    old = stack.query("SELECT COUNT(*) AS n FROM audit_log WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL 365 DAY")[0]["n"]
    assert prune(stack, "--keys-hours", "31", "--log-days", "401") == (0, 0, 0, 0, 0)
    assert prune(stack, "--dry-run") == (0, 0, 0, 1, old)
    assert prune(stack) == (0, 0, 0, 1, old)
    assert stack.query("SELECT COUNT(*) AS n FROM audit_log WHERE action IN ('old', 'older')")[0]["n"] == 1
    newest = stack.query("SELECT action, concert_id, detail FROM audit_log ORDER BY audit_log_id DESC LIMIT 1")[0]
    assert newest == {"action": "prune", "concert_id": None, "detail": f"deleted {old} rows of this log, older than 365 d"}


# ---- many rows


def killed_halfway(stack):
    """A queue of whose tokens some are left, and how many: more than the batch that MySQL may still do. None where it
    was over too soon for a busy machine."""
    queue = Queue.new(stack, capacity=2)
    fill(stack, queue, 8 * BATCH)
    end(stack, queue)
    process = subprocess.Popen([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "prune"],
                               env=stack.environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: len(numbers(stack, queue)) < 8 * BATCH, step=0.001)
    finally:
        process.kill()
        process.wait()
    left = len(numbers(stack, queue))
    return (queue, left) if 1 + BATCH < left < 8 * BATCH else None


def test_it_can_be_killed_and_run_again(stack):
    queue, left = wait_for(lambda: killed_halfway(stack))
    stack.check_books()
    assert 0 < prune(stack)[1] < left
    assert numbers(stack, queue) == [8 * BATCH]


def test_sales_go_on_beside_it(stack):
    """Another concert sells meanwhile: nobody waits for a batch."""
    queue, selling = Queue.new(stack, capacity=2), new_concert(stack, seats=4000)
    fill(stack, queue, 10 * BATCH)
    end(stack, queue)
    waits, client = [], stack.new_client()

    def sell():
        started = time.monotonic()
        item, seat = selling.free_seat()
        user = new_user()
        ok(client.post("/reservation", {"userId": user, "concertId": selling.id, "itemId": item, "seatId": seat}))
        waits.append(time.monotonic() - started)

    with beside(sell):
        assert prune(stack)[1] == 10 * BATCH - 1
    assert waits and max(waits) < 1


def test_what_somebody_has_locked_is_left_for_the_next_run(stack):
    queue, other = Queue.new(stack, capacity=2), Queue.new(stack, capacity=2)
    for each in queue, other:
        fill(stack, each, 4)
        end(stack, each)
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM queue_token WHERE concert_id = %s AND number = 2 FOR UPDATE", queue.id)
        done = stack.ctl("prune")
        assert done.returncode == 1 and "run it again" in done.stderr, done.stderr
    assert numbers(stack, queue) == [1, 2, 3, 4] and numbers(stack, other) == [4]
    assert prune(stack)[1] == 3


@pytest.mark.parametrize("table", ["idempotency", "audit_log"])
def test_an_old_row_that_somebody_has_locked_is_left_and_all_else_goes_on(stack, table):
    """As with the tokens: so the other table is gone through, and the next run finds the row."""
    stack.query("INSERT INTO idempotency (user_id, idempotency_key, fingerprint, effect, created_at)"
                " VALUES ('locked', 'old', '', 'use', UTC_TIMESTAMP(3) - INTERVAL 2 DAY)")
    stack.query("INSERT INTO audit_log (actor, action, detail, created_at) VALUES"
                " ('ctl', 'locked', '', UTC_TIMESTAMP(3) - INTERVAL 366 DAY)")
    old = {"idempotency": "user_id = 'locked'", "audit_log": "action = 'locked'"}

    def left():
        return {name for name in old if stack.query(f"SELECT 1 FROM {name} WHERE {old[name]}")}

    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT 1 FROM {table} WHERE {old[table]} FOR UPDATE")
        done = stack.ctl("prune")
        assert done.returncode == 1 and done.stderr.endswith("1 rows were locked and left; run it again\n")
        assert left() == {table}
    assert sum(prune(stack)[3:]) == 1 and left() == set()


# ---- what is away, and wrong usage


def test_without_redis_the_queue_tokens_stay(new_stack):
    stack = new_stack()
    queue = Queue.new(stack, capacity=2)
    fill(stack, queue, 3)
    end(stack, queue)
    stack.query("INSERT INTO audit_log (actor, action, detail, created_at) VALUES"
                " ('ctl', 'older', '', UTC_TIMESTAMP(3) - INTERVAL 366 DAY)")
    with stack.without("redis"):
        assert prune(stack, status=75) == (0, 0, 0, 0, 1)
        assert numbers(stack, queue) == [1, 2, 3]
    assert prune(stack)[1] == 2
    with stack.without("mysql"):
        assert stack.ctl("prune").returncode == 75


@pytest.mark.parametrize("options", [
    ["--tokens-days", "0"], ["--tokens-days", "x"], ["--tokens-days", ""], ["--tokens-days", "36501"],
    ["--keys-hours", "23"], ["--log-days", "0"], ["--log-days", "99999999999999999999"], ["now"], ["--yes"],
    ["--log-days"],
], ids=" ".join)
def test_wrong_usage(stack, options):
    done = stack.ctl("prune", *options)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stdout == ""
