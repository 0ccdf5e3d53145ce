"""Users who ask for a token together: each hears what it would hear by itself."""

import re

import pytest
from batches import AT_ONCE, assert_statements, together, waiting
from crowd import transaction
from draw_helpers import Draw
from helpers import INSTANT, new_concert, new_user, ok
from queue_helpers import Queue, same
from stack import wait_for, wait_for_waiters


@pytest.fixture(scope="module")
def stack(one_worker):
    return one_worker


def adding(concert, user=None):
    name = user or new_user()
    return lambda client: client.post("/token/add", {"userId": name, "concertId": concert.id})


def form(answer):
    """The answer without what differs from one token to the next."""
    text = re.sub(INSTANT, "<instant>", re.sub("[0-9a-f]{32}", "<token>", answer.body.decode()))
    varying = dict.fromkeys(("Date", "X-Request-Id", "Content-Length", "Retry-After"), "")
    return answer.status, {**answer.headers} | varying, re.sub(r"\d+", "0", text)


def calls_of_redis(stack):
    commands = stack.redis().info("commandstats")
    return commands.get("cmdstat_fcall", {"calls": 0})["calls"]


def unsaved(queue):
    stored = queue.stored()
    return stored.client.zcard(stored.key("unsaved"))


def test_all_get_their_places_in_the_order_of_their_calls(stack):
    queue = Queue.new(stack, 0)
    single = adding(queue)(stack.client)
    users = [new_user() for _ in range(AT_ONCE)]
    answers = together(stack, [adding(queue, user) for user in users])
    tickets = [ok(answer) for answer in answers]
    assert [(ticket["userId"], ticket["number"], ticket["position"]) for ticket in tickets] == [
        (user, n, n) for n, user in enumerate(users, 2)]
    assert all(form(answer) == form(single) for answer in answers)
    rows = queue.rows()
    assert [f"{queue.id}-{rows[ticket['number']]['token']}" for ticket in tickets] == [t["token"] for t in tickets]
    assert len({row["token"] for row in rows.values()}) == AT_ONCE + 1
    assert {row["status"] for row in rows.values()} == {"waiting"}
    wait_for(lambda: unsaved(queue) == 0)
    assert all(same(queue.add(ticket["userId"]), ticket) for ticket in tickets[:3])
    assert queue.poll(tickets[-1])["status"] == "waiting"


def adds(concert, count=AT_ONCE):
    """As assert_statements() takes them."""
    return lambda _: [adding(concert) for _ in range(count)]


def calls_of_redis_for(stack, make_calls):
    before = calls_of_redis(stack)
    together(stack, make_calls(0))
    return calls_of_redis(stack) - before


def test_sixteen_who_wait_take_three_statements_and_a_call(stack):
    """The concert, who has a token already, the rows; Redis hears of the rows with the next call, or by one more."""
    queue = Queue.new(stack, 0)
    assert_statements(stack, 3, adds(queue))
    wait_for(lambda: unsaved(queue) == 0)
    assert calls_of_redis_for(stack, adds(queue)) <= 2


def test_one_who_waits_takes_two_statements(stack):
    """The concert, and the row with its checks."""
    queue = Queue.new(stack, 0)
    assert_statements(stack, 2, adds(queue, 1))
    wait_for(lambda: unsaved(queue) == 0)
    assert calls_of_redis_for(stack, adds(queue, 1)) <= 2


def test_sixteen_without_a_queue_take_five_statements(stack):
    """The same, the concert's row is held meanwhile, and a COMMIT."""
    concert = new_concert(stack)
    assert_statements(stack, 5, adds(concert))
    assert calls_of_redis_for(stack, adds(concert)) == 0


def test_without_a_queue_all_are_active(stack):
    concert = new_concert(stack)
    single = adding(concert)(stack.client)
    users = [new_user() for _ in range(AT_ONCE)]
    answers = together(stack, [adding(concert, user) for user in users])
    assert [ok(answer)["userId"] for answer in answers] == users
    assert all(form(answer) == form(single) for answer in answers)
    for ticket in map(ok, answers):
        assert ok(stack.get("/token", **{"X-Queue-Token": ticket["token"]})) == ticket
    rows = stack.query("SELECT user_id, LOWER(HEX(token)) AS token FROM open_token WHERE concert_id = %s", concert.id)
    assert {row["user_id"]: f"{concert.id}-{row['token']}" for row in rows} == {
        ok(answer)["userId"]: ok(answer)["token"] for answer in [single, *answers]}


@pytest.mark.parametrize("capacity", [None, 0, 3])
def test_who_asks_twice_or_again_gets_one_token(stack, capacity):
    concert = new_concert(stack, capacity=capacity)
    before = ok(adding(concert)(stack.client))
    twice = new_user()
    users = [new_user(), twice, before["userId"], twice, new_user()]
    tickets = [ok(answer) for answer in together(stack, [adding(concert, user) for user in users])]
    assert [ticket["userId"] for ticket in tickets] == users
    assert tickets[1]["token"] == tickets[3]["token"] and tickets[2]["token"] == before["token"]
    assert len({ticket["token"] for ticket in tickets}) == 4
    assert [ok(adding(concert, user)(stack.client))["token"] for user in users] == [t["token"] for t in tickets]


def test_free_capacity_is_given_at_once(stack):
    """To the first of them; MySQL has their leases, and how far the queue has come."""
    queue = Queue.new(stack, 3)
    tickets = [ok(answer) for answer in together(stack, [adding(queue) for _ in range(8)])]
    assert [(ticket["number"], ticket["status"]) for ticket in tickets] == [
        (n, "active" if n <= 3 else "waiting") for n in range(1, 9)]
    rows = queue.rows()
    assert [row["status"] for row in rows.values()] == ["active"] * 3 + ["waiting"] * 5
    assert all(rows[n]["lease_until"] for n in (1, 2, 3)) and max(row["serving"] for row in rows.values()) == 3
    assert queue.counts() == (3, 8, 5, 3)


def test_refusals_are_those_of_single_calls(stack):
    full = Queue.new(stack, 0)
    full.set(max_waiting=2)
    closed, unknown = new_concert(stack, status="closed"), new_concert(stack)
    unknown.id = 2_000_000_000
    calls = [adding(concert) for _ in range(3) for concert in (full, closed, unknown)]
    answers = together(stack, calls)
    codes = [answer.code for answer in answers]
    assert codes == ["", "concert_not_open", "concert_not_found"] * 2 + [
        "queue_full", "concert_not_open", "concert_not_found"]
    assert [form(answer) for answer in answers[-3:]] == [form(call(stack.client)) for call in calls[-3:]]


def test_a_row_that_redis_has_not_is_put_back(stack):
    """Its caller was told of it, and Redis lost it, or never heard of it."""
    queue = Queue.new(stack, 0)
    queue.add()
    user = new_user()
    stack.query("INSERT INTO queue_token (concert_id, number, token, user_id, created_at)"
                " VALUES (%s, 9, UNHEX(REPLACE(UUID(), '-', '')), %s, UTC_TIMESTAMP(3))", queue.id, user)
    answers = together(stack, [adding(queue, name) for name in (new_user(), user, new_user())])
    assert [ok(answer)["number"] for answer in answers] == [2, 9, 4]
    assert list(queue.rows()) == [1, 2, 4, 9]


def test_a_queue_that_redis_lost_is_loaded(stack):
    queue = Queue.new(stack, 0)
    first = queue.add()
    wait_for(lambda: unsaved(queue) == 0)
    stack.redis().flushall()
    tickets = [ok(answer) for answer in together(stack, [adding(queue) for _ in range(4)])]
    assert [ticket["number"] for ticket in tickets] == [2, 3, 4, 5]
    assert same(queue.poll(first), first)


def test_a_number_that_is_taken_leaves_all_to_single_calls(stack):
    queue = Queue.new(stack, 0)
    queue.add()
    stack.query("INSERT INTO queue_token (concert_id, number, token, user_id, created_at)"
                " VALUES (%s, 3, UNHEX(REPLACE(UUID(), '-', '')), 'late', UTC_TIMESTAMP(3))", queue.id)
    tickets = [ok(answer) for answer in together(stack, [adding(queue) for _ in range(4)])]
    rows = queue.rows()
    assert len({ticket["number"] for ticket in tickets}) == 4
    assert all(rows[ticket["number"]]["user_id"] == ticket["userId"] for ticket in tickets)


def test_a_queue_is_switched_on_meanwhile(stack):
    """Nothing is written for the time before; all stand in the queue."""
    concert = new_concert(stack)
    queue = Queue(stack, concert.id, concert.items, concert.seats, concert.price)
    switch = ("UPDATE concert SET line_since = line_version + 1, admission_capacity = 1,"
              " line_version = line_version + 1 WHERE concert_id = %s")
    with transaction(stack, switch, queue.id) as switching:
        with waiting(stack, [adding(queue) for _ in range(4)]) as pending:
            pass
        wait_for_waiters(stack, 1)
        switching.commit()
    tickets = [ok(answer.result(60)) for answer in pending]
    assert sorted(ticket["number"] for ticket in tickets) == [1, 2, 3, 4]
    assert [ticket["status"] for ticket in tickets].count("active") == 1
    assert not stack.query("SELECT 1 FROM open_token WHERE concert_id = %s", queue.id)


def test_users_of_a_draw(stack):
    """One statement more than without a draw, which holds it, and a COMMIT."""
    draw = Draw.new(stack)
    single = adding(draw)(stack.client)
    assert_statements(stack, 5, adds(draw))
    answers = together(stack, [adding(draw) for _ in range(AT_ONCE)])
    assert all(form(answer) == form(single) for answer in answers)
    assert {ok(answer)["number"] for answer in answers} == {None}
    tokens = [ok(answer)["token"] for answer in answers]
    assert [f"{draw.id}-{row['token']}" for row in draw.rows().values()][-AT_ONCE:] == tokens


def test_nobody_comes_into_a_draw_that_is_sealed(stack):
    """Not even who has a number already that would be in it: that one is given up."""
    draw = Draw.new(stack)
    draw.add()
    stack.query("UPDATE concert_draw SET frozen_last = 3, sealed_at = UTC_TIMESTAMP(3) WHERE concert_id = %s", draw.id)
    answers = together(stack, [adding(draw) for _ in range(4)])
    assert all(answer.status in (200, 503) for answer in answers)
    assert [number for number in draw.rows() if number <= 3] == [1]
