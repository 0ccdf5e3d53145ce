"""Idle places of a line: `idleSeconds`, through nginx."""

import datetime

import pytest
from draw_helpers import Draw
from helpers import ask_pay, ask_reserve, assert_problem, charge, ok, pay, reserve
from line_helpers import Line

pytestmark = pytest.mark.usefixtures("audited")

IDLE, LEASE, HOLD = 60, 600, 300


@pytest.fixture
def line(stack):
    return idle_line(stack)


def idle_line(stack, capacity=1, **more):
    line = Line.new(stack, capacity, **({"active_seconds": LEASE, "hold_seconds": HOLD} | more))
    line.set(idle_seconds=IDLE)
    return line


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def left(stack, ticket):
    """Seconds until expiresAt, by MySQL's clock."""
    now = stack.query("SELECT UTC_TIMESTAMP(3) AS now")[0]["now"].replace(tzinfo=datetime.timezone.utc)
    return instant(ticket["expiresAt"]) - now.timestamp()


def assert_left(stack, ticket, seconds):
    """It ends in so many seconds, give or take what the calls took and the second that MySQL may be behind."""
    assert ticket["status"] == "active"
    assert seconds - 5 < left(stack, ticket) <= seconds


def test_who_does_nothing_gives_the_place_to_the_next(stack, line):
    first, second = line.add_many(2)
    assert_left(stack, first, IDLE)
    line.pass_s(IDLE, second)
    assert line.poll(second)["status"] == "active"
    assert line.counts() == (2, 2, 0, 1)
    assert_problem(line.ask(first), "token_invalid")
    assert_problem(line.leave(first), "token_invalid")
    assert line.rows()[1]["status"] == "lapsed"
    again = line.add(first["userId"])
    assert (again["number"], again["status"]) == (3, "waiting")


def test_the_sweeper_writes_down_who_was_idle(stack, line):
    line.add()
    line.pass_s(IDLE)
    assert stack.sweeper().returncode == 0
    assert line.rows()[1]["status"] == "lapsed"


def add_again(stack, line, ticket):
    ok(line.ask_add(ticket["userId"]))


def ask(stack, line, ticket):
    line.poll(ticket)


def hold_seats(stack, line, ticket):
    reserve(stack, ticket["userId"], line, token=ticket["token"])


def find_the_seat_taken(stack, line, ticket):
    refused = ask_reserve(stack, ticket["userId"], line, line.item, 20, token=ticket["token"])
    assert_problem(refused, "seat_taken")


def find_no_item(stack, line, ticket):
    refused = ask_reserve(stack, ticket["userId"], line, 2**31 - 1, 1, token=ticket["token"])
    assert_problem(refused, "item_not_found")


def lack_points(stack, line, ticket):
    refused = ask_pay(stack, ticket["userId"], ticket["held"], ticket["token"])
    assert_problem(refused, "insufficient_points")


@pytest.mark.parametrize("do", [add_again, ask, hold_seats, find_the_seat_taken, find_no_item, lack_points])
def test_whatever_the_owner_does_is_a_sign_of_life(stack, do):
    line = idle_line(stack, hold_seconds=1)
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 20", line.item)
    ticket = line.add()
    if do is lack_points:
        line.set(hold_seconds=HOLD)
        ticket["held"] = reserve(stack, ticket["userId"], line, token=ticket["token"])["reservationId"]
        line.pass_s(HOLD - IDLE)
    line.pass_s(IDLE - 10)
    do(stack, line, ticket)
    row = line.rows()[1]
    line.pass_s(IDLE - 10)
    assert (row["status"], line.rows()[1]["status"]) == ("active", "active")
    assert_left(stack, line.poll(ticket), IDLE)


def test_the_answers_of_others_and_of_the_line_are_none(stack, line):
    ticket, other = line.add_many(2)
    line.pass_s(IDLE - 10, other)
    line.queue()
    assert_problem(ask_reserve(stack, other["userId"], line, line.item, 1, token=ticket["token"]), "token_invalid")
    assert_problem(ask_pay(stack, other["userId"], 2**31 - 1, ticket["token"]), "reservation_not_found")
    line.pass_s(10, other)
    assert_problem(line.ask(ticket), "token_invalid")


def test_no_sign_of_life_lengthens_the_lease(stack):
    line = idle_line(stack, active_seconds=100)
    ticket = line.add()
    line.pass_s(45, ticket)
    assert_left(stack, line.poll(ticket), 55)
    line.pass_s(45, ticket)
    assert_left(stack, line.add(ticket["userId"]), 10)
    reserve(stack, ticket["userId"], line, token=ticket["token"])
    assert_left(stack, line.poll(ticket), 10)
    line.pass_s(10)
    assert_problem(line.ask(ticket), "token_invalid")


def test_calls_in_the_same_second_write_once(stack, line):
    ticket = line.add()
    line.pass_s(10)
    first = line.poll(ticket)
    assert instant(first["expiresAt"]) > instant(ticket["expiresAt"]) - 2
    assert [line.poll(ticket)["expiresAt"] for _ in range(5)].count(first["expiresAt"]) >= 4


# ---- holds


def test_a_live_hold_keeps_the_place(stack, line):
    buyer, second = line.add_many(2)
    held = reserve(stack, buyer["userId"], line, token=buyer["token"])
    row = line.rows()[1]
    assert row["lease_until"].timestamp() == pytest.approx(instant(held["expiresAt"]) - offset(), abs=0.002)
    line.pass_s(HOLD - 10, second)
    assert line.counts()[2:] == (1, 1)
    assert line.poll(second)["status"] == "waiting"
    assert_left(stack, line.poll(buyer), IDLE)
    line.pass_s(IDLE, second)
    assert_problem(line.ask(buyer), "token_invalid")
    assert line.poll(second)["status"] == "active"


def offset():
    """What a naive time of MySQL is off where the tests' clock is not UTC."""
    naive = datetime.datetime(2026, 1, 1)
    return naive.replace(tzinfo=datetime.timezone.utc).timestamp() - naive.timestamp()


def test_expires_at_shows_the_end_of_the_hold(stack, line):
    buyer = line.add()
    held = reserve(stack, buyer["userId"], line, token=buyer["token"])
    assert line.poll(buyer)["expiresAt"] == held["expiresAt"]
    assert stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={buyer['userId']}").status == 200
    assert line.poll(buyer)["expiresAt"] == held["expiresAt"]  # what was told holds


def test_no_hold_keeps_a_place_beyond_the_lease(stack):
    line = idle_line(stack, active_seconds=100)
    buyer, second = line.add_many(2)
    held = reserve(stack, buyer["userId"], line, token=buyer["token"])
    charge(stack, buyer["userId"], 1000)
    assert_left(stack, line.poll(buyer), 100)
    line.pass_s(100, second)
    assert line.poll(second)["status"] == "active"
    pay(stack, buyer["userId"], held["reservationId"], buyer["token"])


def test_a_hold_is_paid_after_the_place_was_idle(stack, line):
    buyer, second = line.add_many(2)
    held = reserve(stack, buyer["userId"], line, token=buyer["token"])
    charge(stack, buyer["userId"], 1000)
    line.pass_s(HOLD + 10, second)  # the hold's own clock is MySQL's, and stands still
    assert_problem(line.ask(buyer), "token_invalid")
    pay(stack, buyer["userId"], held["reservationId"], buyer["token"])
    assert line.poll(second)["status"] == "active"


def test_a_refused_reservation_keeps_no_place_for_so_long(stack, line):
    ticket = line.add()
    assert_problem(ask_reserve(stack, ticket["userId"], line, 2**31 - 1, 1, token=ticket["token"]), "item_not_found")
    line.pass_s(IDLE)
    assert_problem(line.ask(ticket), "token_invalid")


def test_what_redis_did_not_hear_of_a_hold_it_hears_with_the_next_call(stack, line):
    buyer = line.add()
    stored = line.stored()
    (token, ends), = stored.client.zrange(stored.key("active"), 0, -1, withscores=True)
    reserve(stack, buyer["userId"], line, token=buyer["token"])
    stored.client.zadd(stored.key("active"), {token: ends})  # as if it had been away
    line.poll(buyer)
    line.pass_s(HOLD - 10)
    assert_left(stack, line.poll(buyer), IDLE)


def test_a_refused_payment_makes_no_called_one_active(stack):
    line = idle_line(stack)
    line.set(admission_capacity="NULL")
    user = line.add()["userId"]
    held = reserve(stack, user, line)
    line.set(admission_capacity=0)
    stack.query("DELETE FROM open_token WHERE concert_id = %s", line.id)
    ticket = line.add(user)
    assert ticket["status"] == "waiting"
    line.set(admission_capacity=1)
    assert line.counts()[3] == 1  # called
    assert_problem(ask_pay(stack, user, held["reservationId"], ticket["token"]), "insufficient_points")
    assert line.rows()[1]["status"] == "waiting"
    assert line.poll(ticket)["status"] == "active"


# ---- the setting


def test_tokens_from_before_keep_their_lease(stack):
    line = Line.new(stack, 2, active_seconds=LEASE)
    before = line.add()
    line.set(idle_seconds=IDLE)
    after = line.add()
    assert_left(stack, after, IDLE)
    line.pass_s(IDLE)
    assert line.poll(before)["expiresAt"] != before["expiresAt"]  # its clock was set on by so much
    assert_left(stack, line.poll(before), LEASE - IDLE)
    assert_problem(line.ask(after), "token_invalid")


def test_switched_off_again(stack, line):
    line.set(admission_capacity=2)
    one, other = line.add_many(2)
    line.set(idle_seconds="NULL")
    assert_left(stack, line.poll(one), LEASE)
    line.pass_s(IDLE)
    assert_left(stack, line.poll(one), LEASE - IDLE)
    assert_problem(line.ask(other), "token_invalid")  # as it was told, and it asked for nothing since
    assert_left(stack, line.add(), LEASE)


def test_another_value(stack, line):
    ticket = line.add()
    line.set(idle_seconds=30)
    assert_left(stack, line.poll(ticket), IDLE)  # as it was told
    line.set(idle_seconds=2 * IDLE)
    assert_left(stack, line.poll(ticket), 2 * IDLE)


def test_where_no_line_is_kept_nobody_is_idle(stack, line):
    ticket, waiting = line.add_many(2)
    line.set(admission_capacity="NULL")
    assert_left(stack, line.poll(ticket), LEASE)
    assert_left(stack, line.poll(waiting), LEASE)
    fresh = line.add()
    assert_left(stack, fresh, LEASE)
    line.set(admission_capacity=3)
    line.pass_s(IDLE)
    for one in (ticket, waiting, fresh):
        assert_left(stack, line.poll(one), LEASE - IDLE)


def test_a_place_from_a_line_that_was_idle_is_renewed_where_none_is_kept(stack, line):
    ticket = line.add()
    line.set(admission_capacity="NULL")
    assert_left(stack, line.add(ticket["userId"]), LEASE)
    line.pass_s(IDLE)
    assert line.poll(ticket)["token"] == ticket["token"]


def test_nobody_too_much_gets_in(stack):
    """Places end, are renewed and are kept, one after the other: there are never more than the capacity."""
    line = idle_line(stack, capacity=3)
    tickets = line.add_many(12)
    for step in range(12):
        line.pass_s(15)
        for number, ticket in enumerate(tickets):
            answer = line.ask(ticket)
            if answer.status == 200 and answer.json()["status"] == "active" and (number + step) % 4 == 0:
                hold_seats(stack, line, ticket)
        assert line.counts()[3] <= 3
        rows = stack.query("SELECT COUNT(*) AS n FROM queue_token WHERE concert_id = %s AND status = 'active'"
                           " AND lease_until > UTC_TIMESTAMP(3)", line.id)
        assert rows[0]["n"] <= 3


def test_a_place_whose_end_mysql_has_written_is_not_prolonged(stack, line):
    """Redis has it for up to a second longer; who comes then is told that it is over, and it is over in both."""
    first, second = line.add_many(2)
    stack.query("UPDATE queue_token SET lease_until = UTC_TIMESTAMP(3) WHERE concert_id = %s AND number = 1", line.id)
    assert_problem(line.ask(first), "token_invalid")
    assert line.poll(second)["status"] == "active"
    assert stack.sweeper().returncode == 0
    assert line.rows()[1]["status"] == "lapsed"


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
    draw.pass_s(IDLE - 10, late)
    draw.pass_s(10)
    assert_problem(draw.ask(drawn), "token_invalid")
    assert_left(stack, draw.poll(late), IDLE)
