"""A line that is switched on and off while it is used: a token that somebody was told of goes on living."""

import contextlib
import os
import signal
import time

import pytest
from crowd import Pending, a_while
from helpers import assert_problem, new_concert, new_user, ok
from line_helpers import Line, same
from stack import UNHURRIED, wait_for

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
    waits = ("SELECT 1 FROM information_schema.processlist WHERE state LIKE '%%lock%%'"
             " AND (info LIKE %s OR info LIKE %s)")  # which may hold a token's bytes, no text
    wait_for(lambda: stack.query(waits, f"%INTO {table}%", f"%UPDATE {table}%"))


def open_line(stack, **more):
    concert = new_concert(stack, **more)
    return Line(stack, concert.id, concert.items, concert.seats, concert.price)


def on(line, capacity):
    line.set(admission_capacity=capacity)


def off(line):
    line.set(admission_capacity="NULL")


def test_an_add_under_way_while_a_line_is_switched_on(stack):
    line = open_line(stack)
    user = new_user()
    with standing(stack, "open_token"):
        adding = Pending(stack, lambda client: line.ask_add(user, client))
        wait_for_writers(stack, "open_token")
        on(line, 1)
        assert line.counts() == (0, 0, 0, 0)  # it is loaded without that one
    ticket = ok(adding.answer())
    assert ticket["status"] == "active"
    assert same(line.add(user), ticket)
    assert line.poll(ticket)["status"] == "active"
    assert line.queue()["active"] == 1
    assert line.add()["status"] == "waiting"


def test_an_add_under_way_while_a_line_is_switched_off_and_on(stack):
    line = Line.new(stack, 5)
    user = new_user()
    with standing(stack, "queue_token"):
        adding = Pending(stack, lambda client: line.ask_add(user, client))
        wait_for_writers(stack, "queue_token")
        off(line)
        on(line, 5)
        assert line.counts() == (1, 1, 0, 0)  # it is loaded without that one, but its number is not given again
    ticket = ok(adding.answer())
    assert same(line.add(user), ticket) and line.poll(ticket)["number"] == ticket["number"]
    assert line.queue()["active"] == 1


def test_an_add_that_was_not_answered_while_the_line_was_loaded(stack):
    """Its row came too late to be loaded, and its caller asks again."""
    line = Line.new(stack, 0)
    first = line.add()
    user = new_user()
    stack.query("INSERT INTO queue_token (concert_id, number, token, user_id, created_at)"
                " VALUES (%s, 2, UNHEX(REPLACE(UUID(), '-', '')), %s, UTC_TIMESTAMP(3))", line.id, user)
    ticket = line.add(user)
    assert ticket["number"] == 2
    assert [row["user_id"] for row in line.rows().values()] == [first["userId"], user]


def test_a_token_that_redis_lost_is_found_by_a_repeated_add(stack):
    line = Line.new(stack, 1)
    ticket = line.add()
    stored = line.stored()
    token = bytes.fromhex(ticket["token"].partition("-")[2])
    stored.client.zrem(stored.key("active"), token)
    stored.client.hdel(stored.key("tokens"), token)
    stored.client.hdel(stored.key("users"), ticket["userId"])
    stored.client.hset(stored.key("meta"), "kept", 0)
    again = line.add(ticket["userId"])
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
    """A call read the concert before the line was switched off, and comes late to Redis, where the token has lapsed."""
    stack = patient_stack
    line = Line.new(stack, 2)
    buyer = line.add()
    line.stored().pass_ms(601000)  # for Redis alone
    calls = {"ask": lambda client: line.ask(buyer, client),
             "ask_add": lambda client: line.ask_add(buyer["userId"], client),
             "sweep": lambda client: stack.sweeper()}
    os.kill(stack.pid("redis"), signal.SIGSTOP)
    try:
        late = Pending(stack, calls[call])
        time.sleep(a_while(stack) / 4)
        off(line)
        renewed = line.add(buyer["userId"])
    finally:
        os.kill(stack.pid("redis"), signal.SIGCONT)
    assert same(renewed, buyer | {"number": None})
    answer = late.answer()
    if call != "sweep":
        assert same(ok(answer), renewed) and answer.json()["status"] == "active"
    assert same(line.poll(buyer), renewed)


def test_a_token_is_left_while_a_line_is_switched_on(stack):
    line = open_line(stack)
    ticket = line.add()
    with standing(stack, "open_token"):
        leaving = Pending(stack, lambda client: line.leave(ticket, client))
        wait_for_writers(stack, "open_token")
        on(line, 1)
        assert line.queue()["active"] == 1
    assert leaving.answer().status == 204
    assert_problem(line.ask(ticket), "token_invalid")
    assert line.queue()["active"] == 0


def test_a_waiting_one_that_is_called_while_the_line_is_switched(stack):
    """MySQL must not have it as active where Redis has it as waiting: its lease would end the token."""
    line = Line.new(stack, 1)
    first, second = line.add_many(2)
    line.leave(first)  # the second is called
    with standing(stack, "queue_token"):
        asking = Pending(stack, lambda client: line.ask(second, client))
        wait_for_writers(stack, "queue_token")
        off(line)
        on(line, 0)
        assert line.queue()["waiting"] == 1
    now = ok(asking.answer())
    assert now["status"] == "waiting"
    assert line.rows()[2]["status"] == "waiting"
    on(line, 1)
    assert line.poll(second)["status"] == "active"
