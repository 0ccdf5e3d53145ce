"""A queue that is switched on and off while it is used: a token that somebody was told of goes on living."""

import contextlib
import os
import signal
import time

import pytest
from crowd import Pending, a_while
from helpers import assert_problem, new_concert, new_user, ok
from queue_helpers import Queue, same
from stack import UNHURRIED, wait_for_statement

pytestmark = pytest.mark.usefixtures("audited")


@contextlib.contextmanager
def standing(stack, table):
    """Nobody writes into a table; who reads it is not in the way."""
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLES {table} READ")
        yield
        cursor.execute("UNLOCK TABLES")


def wait_for_writers(stack, table):
    """Until somebody waits to write into it."""
    wait_for_statement(stack, "lock", f"INTO {table}", f"UPDATE {table}")


def open_queue(stack, **more):
    concert = new_concert(stack, **more)
    return Queue(stack, concert.id, concert.items, concert.seats, concert.price)


def on(queue, capacity):
    queue.set(admission_capacity=capacity)


def off(queue):
    queue.set(admission_capacity="NULL")


def test_an_add_under_way_while_a_queue_is_switched_on(stack):
    queue = open_queue(stack)
    user = new_user()
    with standing(stack, "open_token"):
        adding = Pending(stack, lambda client: queue.ask_add(user, client))
        wait_for_writers(stack, "open_token")
        on(queue, 1)
        assert queue.counts() == (0, 0, 0, 0)  # it is loaded without that one
    ticket = ok(adding.answer())
    assert ticket["status"] == "active"
    assert same(queue.add(user), ticket)
    assert queue.poll(ticket)["status"] == "active"
    assert queue.public()["active"] == 1
    assert queue.add()["status"] == "waiting"


def test_an_add_under_way_while_a_queue_is_switched_off_and_on(stack):
    queue = Queue.new(stack, 5)
    user = new_user()
    with standing(stack, "queue_token"):
        adding = Pending(stack, lambda client: queue.ask_add(user, client))
        wait_for_writers(stack, "queue_token")
        off(queue)
        on(queue, 5)
        assert queue.counts() == (1, 1, 0, 0)  # it is loaded without that one, but its number is not given again
    ticket = ok(adding.answer())
    assert same(queue.add(user), ticket) and queue.poll(ticket)["number"] == ticket["number"]
    assert queue.public()["active"] == 1


def test_an_add_that_was_not_answered_while_the_queue_was_loaded(stack):
    """Its row came too late to be loaded, and its caller asks again."""
    queue = Queue.new(stack, 0)
    first = queue.add()
    user = new_user()
    stack.query("INSERT INTO queue_token (concert_id, number, token, user_id, created_at)"
                " VALUES (%s, 2, UNHEX(REPLACE(UUID(), '-', '')), %s, UTC_TIMESTAMP(3))", queue.id, user)
    ticket = queue.add(user)
    assert ticket["number"] == 2
    assert [row["user_id"] for row in queue.rows().values()] == [first["userId"], user]


def test_a_token_that_redis_lost_is_found_by_a_repeated_add(stack):
    queue = Queue.new(stack, 1)
    ticket = queue.add()
    stored = queue.stored()
    token = bytes.fromhex(ticket["token"].partition("-")[2])
    stored.client.zrem(stored.key("active"), token)
    stored.client.hdel(stored.key("tokens"), token)
    stored.client.hdel(stored.key("users"), ticket["userId"])
    stored.client.hset(stored.key("meta"), "kept", 0)
    again = queue.add(ticket["userId"])
    assert same(again, ticket) and again["status"] == "active"


@pytest.fixture(scope="module")
def patient_stack(new_stack):
    """One that waits for its Redis."""
    stack = new_stack(workers=4, **UNHURRIED)
    yield stack
    audit = stack.ctl("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize("call", ["ask", "ask_add", "sweep"])
def test_what_redis_still_has_of_the_time_before_ends_nothing(patient_stack, call):
    """A call read the concert before the queue was switched off, and comes late to Redis, where the token has lapsed."""
    stack = patient_stack
    queue = Queue.new(stack, 2)
    buyer = queue.add()
    queue.stored().pass_ms(601000)  # for Redis alone
    calls = {"ask": lambda client: queue.ask(buyer, client),
             "ask_add": lambda client: queue.ask_add(buyer["userId"], client),
             "sweep": lambda client: stack.sweeper()}
    os.kill(stack.pid("redis"), signal.SIGSTOP)
    try:
        late = Pending(stack, calls[call])
        time.sleep(a_while(stack) / 4)
        off(queue)
        renewed = queue.add(buyer["userId"])
    finally:
        os.kill(stack.pid("redis"), signal.SIGCONT)
    assert same(renewed, buyer | {"number": None})
    answer = late.answer()
    if call != "sweep":
        assert same(ok(answer), renewed) and answer.json()["status"] == "active"
    assert same(queue.poll(buyer), renewed)


def test_a_token_is_left_while_a_queue_is_switched_on(stack):
    queue = open_queue(stack)
    ticket = queue.add()
    with standing(stack, "open_token"):
        leaving = Pending(stack, lambda client: queue.leave(ticket, client))
        wait_for_writers(stack, "open_token")
        on(queue, 1)
        assert queue.public()["active"] == 1
    assert leaving.answer().status == 204
    assert_problem(queue.ask(ticket), "token_invalid")
    assert queue.public()["active"] == 0


def test_a_waiting_one_that_is_called_while_the_queue_is_switched(stack):
    """MySQL must not have it as active where Redis has it as waiting: its lease would end the token."""
    queue = Queue.new(stack, 1)
    first, second = queue.add_many(2)
    queue.leave(first)  # the second is called
    with standing(stack, "queue_token"):
        asking = Pending(stack, lambda client: queue.ask(second, client))
        wait_for_writers(stack, "queue_token")
        off(queue)
        on(queue, 0)
        assert queue.public()["waiting"] == 1
    now = ok(asking.answer())
    assert now["status"] == "waiting"
    assert queue.rows()[2]["status"] == "waiting"
    on(queue, 1)
    assert queue.poll(second)["status"] == "active"
