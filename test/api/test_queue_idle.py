"""Idle places of a queue: `idleSeconds`, through nginx."""

import datetime

import pytest
from draw_helpers import Draw
from helpers import ask_pay, ask_reserve, assert_problem, charge, ok, pay, reserve
from queue_helpers import Queue

pytestmark = pytest.mark.usefixtures("audited")

IDLE, LEASE, HOLD = 100, 900, 400
SLACK = 30  # seconds that the calls may take on a slow machine


@pytest.fixture
def queue(stack):
    return idle_queue(stack)


def idle_queue(stack, capacity=1, **more):
    queue = Queue.new(stack, capacity, **({"active_seconds": LEASE, "hold_seconds": HOLD} | more))
    queue.set(idle_seconds=IDLE)
    return queue


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def left(stack, ticket):
    """Seconds until expiresAt, by MySQL's clock."""
    now = stack.query("SELECT UTC_TIMESTAMP(3) AS now")[0]["now"].replace(tzinfo=datetime.timezone.utc)
    return instant(ticket["expiresAt"]) - now.timestamp()


def assert_left(stack, ticket, seconds):
    """It ends in so many seconds, less what the calls took."""
    assert ticket["status"] == "active"
    assert seconds - SLACK < left(stack, ticket) <= seconds


def test_who_does_nothing_gives_the_place_to_the_next(stack, queue):
    first, second = queue.add_many(2)
    assert_left(stack, first, IDLE)
    queue.pass_s(IDLE, second)
    assert queue.poll(second)["status"] == "active"
    assert queue.counts() == (2, 2, 0, 1)
    assert_problem(queue.ask(first), "token_invalid")
    assert_problem(queue.leave(first), "token_invalid")
    assert queue.rows()[1]["status"] == "lapsed"
    again = queue.add(first["userId"])
    assert (again["number"], again["status"]) == (3, "waiting")


def test_the_sweeper_writes_down_who_was_idle(stack, queue):
    queue.add()
    queue.pass_s(IDLE)
    assert stack.sweeper().returncode == 0
    assert queue.rows()[1]["status"] == "lapsed"


def add_again(stack, queue, ticket):
    ok(queue.ask_add(ticket["userId"]))


def ask(stack, queue, ticket):
    queue.poll(ticket)


def hold_seats(stack, queue, ticket):
    reserve(stack, ticket["userId"], queue, token=ticket["token"])


def find_the_seat_taken(stack, queue, ticket):
    refused = ask_reserve(stack, ticket["userId"], queue, queue.item, 20, token=ticket["token"])
    assert_problem(refused, "seat_taken")


def find_no_item(stack, queue, ticket):
    refused = ask_reserve(stack, ticket["userId"], queue, 2**31 - 1, 1, token=ticket["token"])
    assert_problem(refused, "item_not_found")


def lack_points(stack, queue, ticket):
    refused = ask_pay(stack, ticket["userId"], ticket["held"], ticket["token"])
    assert_problem(refused, "insufficient_points")


@pytest.mark.parametrize("do", [add_again, ask, hold_seats, find_the_seat_taken, find_no_item, lack_points])
def test_whatever_the_owner_does_is_a_sign_of_life(stack, do):
    queue = idle_queue(stack, hold_seconds=1)
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 20", queue.item)
    ticket = queue.add()
    if do is lack_points:
        queue.set(hold_seconds=HOLD)
        ticket["held"] = reserve(stack, ticket["userId"], queue, token=ticket["token"])["reservationId"]
        queue.pass_s(HOLD - IDLE)
    queue.pass_s(IDLE - SLACK)
    do(stack, queue, ticket)
    row = queue.rows()[1]
    queue.pass_s(IDLE - SLACK)
    assert (row["status"], queue.rows()[1]["status"]) == ("active", "active")
    assert_left(stack, queue.poll(ticket), IDLE)


def test_the_answers_of_others_and_of_the_queue_are_none(stack, queue):
    ticket, other = queue.add_many(2)
    queue.pass_s(IDLE - SLACK, other)
    queue.public()
    assert_problem(ask_reserve(stack, other["userId"], queue, queue.item, 1, token=ticket["token"]), "token_invalid")
    assert_problem(ask_pay(stack, other["userId"], 2**31 - 1, ticket["token"]), "reservation_not_found")
    queue.pass_s(SLACK, other)
    assert_problem(queue.ask(ticket), "token_invalid")


def test_no_sign_of_life_lengthens_the_lease(stack):
    queue = idle_queue(stack, active_seconds=100)
    ticket = queue.add()
    queue.pass_s(45, ticket)
    assert_left(stack, queue.poll(ticket), 55)
    queue.pass_s(45, ticket)
    assert_left(stack, queue.add(ticket["userId"]), 10)
    reserve(stack, ticket["userId"], queue, token=ticket["token"])
    assert_left(stack, queue.poll(ticket), 10)
    queue.pass_s(10)
    assert_problem(queue.ask(ticket), "token_invalid")


def test_calls_in_the_same_second_write_once(stack, queue):
    ticket = queue.add()
    queue.pass_s(10)
    first = queue.poll(ticket)
    assert instant(first["expiresAt"]) > instant(ticket["expiresAt"]) - 2
    assert [queue.poll(ticket)["expiresAt"] for _ in range(5)].count(first["expiresAt"]) >= 4


# ---- holds


def test_a_live_hold_keeps_the_place(stack, queue):
    buyer, second = queue.add_many(2)
    held = reserve(stack, buyer["userId"], queue, token=buyer["token"])
    row = queue.rows()[1]
    assert row["lease_until"].timestamp() == pytest.approx(instant(held["expiresAt"]) - offset(), abs=0.002)
    queue.pass_s(HOLD - SLACK, second)
    assert queue.counts()[2:] == (1, 1)
    assert queue.poll(second)["status"] == "waiting"
    assert_left(stack, queue.poll(buyer), IDLE)
    queue.pass_s(IDLE, second)
    assert_problem(queue.ask(buyer), "token_invalid")
    assert queue.poll(second)["status"] == "active"


def offset():
    """What a naive time of MySQL is off where the tests' clock is not UTC."""
    naive = datetime.datetime(2026, 1, 1)
    return naive.replace(tzinfo=datetime.timezone.utc).timestamp() - naive.timestamp()


def test_expires_at_shows_the_end_of_the_hold(stack, queue):
    buyer = queue.add()
    held = reserve(stack, buyer["userId"], queue, token=buyer["token"])
    assert queue.poll(buyer)["expiresAt"] == held["expiresAt"]
    assert stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={buyer['userId']}").status == 200
    assert queue.poll(buyer)["expiresAt"] == held["expiresAt"]  # what was told holds


def test_no_hold_keeps_a_place_beyond_the_lease(stack):
    queue = idle_queue(stack, active_seconds=100)
    buyer, second = queue.add_many(2)
    held = reserve(stack, buyer["userId"], queue, token=buyer["token"])
    charge(stack, buyer["userId"], 1000)
    assert_left(stack, queue.poll(buyer), 100)
    queue.pass_s(100, second)
    assert queue.poll(second)["status"] == "active"
    pay(stack, buyer["userId"], held["reservationId"], buyer["token"])


def test_a_hold_is_paid_after_the_place_was_idle(stack, queue):
    buyer, second = queue.add_many(2)
    held = reserve(stack, buyer["userId"], queue, token=buyer["token"])
    charge(stack, buyer["userId"], 1000)
    queue.pass_s(HOLD + SLACK, second)  # the hold's own clock is MySQL's, and stands still
    assert_problem(queue.ask(buyer), "token_invalid")
    pay(stack, buyer["userId"], held["reservationId"], buyer["token"])
    assert queue.poll(second)["status"] == "active"


def test_a_refused_reservation_keeps_no_place_for_so_long(stack, queue):
    ticket = queue.add()
    assert_problem(ask_reserve(stack, ticket["userId"], queue, 2**31 - 1, 1, token=ticket["token"]), "item_not_found")
    queue.pass_s(IDLE)
    assert_problem(queue.ask(ticket), "token_invalid")


def test_what_redis_did_not_hear_of_a_hold_it_hears_with_the_next_call(stack, queue):
    buyer = queue.add()
    stored = queue.stored()
    (token, ends), = stored.client.zrange(stored.key("active"), 0, -1, withscores=True)
    reserve(stack, buyer["userId"], queue, token=buyer["token"])
    stored.client.zadd(stored.key("active"), {token: ends})  # as if it had been away
    queue.poll(buyer)
    queue.pass_s(HOLD - SLACK)
    assert_left(stack, queue.poll(buyer), IDLE)


def test_a_refused_payment_makes_no_called_one_active(stack):
    queue = idle_queue(stack)
    queue.set(admission_capacity="NULL")
    user = queue.add()["userId"]
    held = reserve(stack, user, queue)
    queue.set(admission_capacity=0)
    stack.query("DELETE FROM open_token WHERE concert_id = %s", queue.id)
    ticket = queue.add(user)
    assert ticket["status"] == "waiting"
    queue.set(admission_capacity=1)
    assert queue.counts()[3] == 1  # called
    assert_problem(ask_pay(stack, user, held["reservationId"], ticket["token"]), "insufficient_points")
    assert queue.rows()[1]["status"] == "waiting"
    assert queue.poll(ticket)["status"] == "active"


# ---- the setting


def test_tokens_from_before_keep_their_lease(stack):
    queue = Queue.new(stack, 2, active_seconds=LEASE)
    before = queue.add()
    queue.set(idle_seconds=IDLE)
    after = queue.add()
    assert_left(stack, after, IDLE)
    queue.pass_s(IDLE)
    assert queue.poll(before)["expiresAt"] != before["expiresAt"]  # its clock was set on by so much
    assert_left(stack, queue.poll(before), LEASE - IDLE)
    assert_problem(queue.ask(after), "token_invalid")


def test_switched_off_again(stack, queue):
    queue.set(admission_capacity=2)
    one, other = queue.add_many(2)
    queue.set(idle_seconds="NULL")
    assert_left(stack, queue.poll(one), LEASE)
    queue.pass_s(IDLE)
    assert_left(stack, queue.poll(one), LEASE - IDLE)
    assert_problem(queue.ask(other), "token_invalid")  # as it was told, and it asked for nothing since
    assert_left(stack, queue.add(), LEASE)


def test_another_value(stack, queue):
    ticket = queue.add()
    queue.set(idle_seconds=30)
    assert_left(stack, queue.poll(ticket), IDLE)  # as it was told
    queue.set(idle_seconds=2 * IDLE)
    assert_left(stack, queue.poll(ticket), 2 * IDLE)


def test_where_no_queue_is_kept_nobody_is_idle(stack, queue):
    ticket, waiting = queue.add_many(2)
    queue.set(admission_capacity="NULL")
    assert_left(stack, queue.poll(ticket), LEASE)
    assert_left(stack, queue.poll(waiting), LEASE)
    fresh = queue.add()
    assert_left(stack, fresh, LEASE)
    queue.set(admission_capacity=3)
    queue.pass_s(IDLE)
    for one in (ticket, waiting, fresh):
        assert_left(stack, queue.poll(one), LEASE - IDLE)


def test_a_place_from_a_queue_that_was_idle_is_renewed_where_none_is_kept(stack, queue):
    ticket = queue.add()
    queue.set(admission_capacity="NULL")
    assert_left(stack, queue.add(ticket["userId"]), LEASE)
    queue.pass_s(IDLE)
    assert queue.poll(ticket)["token"] == ticket["token"]


def test_nobody_too_much_gets_in(stack):
    """Places end, are renewed and are kept, one after the other: there are never more than the capacity."""
    queue = idle_queue(stack, capacity=3)
    tickets = queue.add_many(12)
    for step in range(12):
        queue.pass_s(15)
        for number, ticket in enumerate(tickets):
            answer = queue.ask(ticket)
            if answer.status == 200 and answer.json()["status"] == "active" and (number + step) % 4 == 0:
                hold_seats(stack, queue, ticket)
        assert queue.counts()[3] <= 3
        rows = stack.query("SELECT COUNT(*) AS n FROM queue_token WHERE concert_id = %s AND status = 'active'"
                           " AND lease_until > UTC_TIMESTAMP(3)", queue.id)
        assert rows[0]["n"] <= 3


def test_a_place_whose_end_mysql_has_written_is_not_prolonged(stack, queue):
    """Redis has it for up to a second longer; who comes then is told that it is over, and it is over in both."""
    first, second = queue.add_many(2)
    stack.query("UPDATE queue_token SET lease_until = UTC_TIMESTAMP(3) WHERE concert_id = %s AND number = 1", queue.id)
    assert_problem(queue.ask(first), "token_invalid")
    assert queue.poll(second)["status"] == "active"
    assert stack.sweeper().returncode == 0
    assert queue.rows()[1]["status"] == "lapsed"


def test_the_places_of_a_draw(stack):
    """One comes after it was drawn, when there is a place, another had been drawn."""
    draw = Draw.new(stack, 2, source=None)
    draw.set(idle_seconds=IDLE, active_seconds=LEASE)
    drawn = draw.add()
    draw.freeze()
    draw.step()
    draw.open()
    assert draw.step()["state"] == "revealed"
    drawn, late = draw.poll(drawn), draw.add()
    for ticket in (drawn, late):
        assert_left(stack, ticket, IDLE)
    draw.pass_s(IDLE - SLACK, late)
    draw.pass_s(SLACK)
    assert_problem(draw.ask(drawn), "token_invalid")
    assert_left(stack, draw.poll(late), IDLE)
