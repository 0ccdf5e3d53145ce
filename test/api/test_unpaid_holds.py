"""Who holds seats again and again and does not pay has to pause, where a concert has a seat limit."""

import itertools
import re

import pytest
from crowd import Pending
from helpers import (
    add_token, age_hold, ask_reserve, assert_problem, buy, charge, new_concert, new_user, ok, pay, reserve,
    seat_status,
)
from stack import wait_for, wait_for_waiters

pytestmark = pytest.mark.usefixtures("audited")

HOLD = 60  # holdSeconds of these concerts
PAUSES = [60, 120, 240, 480, 960, 1920, 3600, 3600]
DAY = 24 * 3600
LATE = 10  # seconds that a busy machine may take for some calls


@pytest.fixture
def concert(stack):
    return new_concert(stack, seats=30, max_seats=8, hold_seconds=HOLD)


def pass_time(stack, concert, user, seconds):
    """As if all that the user did in the concert had been that much earlier."""
    for row in stack.query("SELECT reservation_id FROM reservation WHERE concert_id = %s AND user_id = %s",
                           concert.id, user):
        age_hold(stack, row["reservation_id"], seconds)
    stack.query(
        "UPDATE payment p JOIN reservation r USING (reservation_id) SET p.paid_at = p.paid_at - INTERVAL %s SECOND"
        " WHERE r.concert_id = %s AND r.user_id = %s", seconds, concert.id, user,
    )


def ask(stack, concert, user, count=1, **more):
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "count": count} | more
    return stack.post("/reservation", body)


def let_lapse(stack, concert, user, times=1):
    for _ in range(times):
        ok(ask(stack, concert, user))
        pass_time(stack, concert, user, HOLD)


def give_back(stack, concert, user, times=1):
    for _ in range(times):
        held = ok(ask(stack, concert, user))["reservationId"]
        ok(stack.call("DELETE", f"/reservation/{held}?userId={user}"))


def pause_of(answer):
    """The seconds after which one who was refused may come again."""
    assert_problem(answer, "too_many_unpaid")
    assert re.fullmatch(f"\"unpaid-holds\";q=[0-9]+;w={DAY}", answer.headers["RateLimit-Policy"])
    assert answer.headers["RateLimit"] == f'"unpaid-holds";r=0;t={answer.headers["Retry-After"]}'
    return int(answer.headers["Retry-After"])


def assert_pause(answer, seconds):
    assert seconds - LATE <= pause_of(answer) <= seconds


# ---- what counts


def test_the_third_lapse_brings_a_pause_that_doubles(stack, concert):
    user = new_user()
    let_lapse(stack, concert, user, 2)
    for pause in PAUSES:
        let_lapse(stack, concert, user)
        answer = ask(stack, concert, user)
        assert_pause(answer, pause)
        pass_time(stack, concert, user, pause_of(answer) - LATE)
        assert 1 <= pause_of(ask(stack, concert, user)) <= LATE
        pass_time(stack, concert, user, LATE)
    ok(ask(stack, concert, user))


def test_a_lapse_counts_whether_or_not_the_sweeper_ran(stack, concert):
    swept, not_swept = new_user(), new_user()
    for user in (swept, not_swept):
        let_lapse(stack, concert, user, 3)
        if user == swept:
            assert stack.sweeper().returncode == 0
            rows = stack.query("SELECT DISTINCT status FROM reservation WHERE user_id = %s", user)
            assert rows == [{"status": "expired"}]
        assert_pause(ask(stack, concert, user), 60)


def test_giving_back_is_free_five_times(stack, concert):
    user = new_user()
    give_back(stack, concert, user, 7)
    ok(stack.call("DELETE", f"/reservation/{ok(ask(stack, concert, user))['reservationId']}?userId={user}"))
    assert_pause(ask(stack, concert, user), 60)
    pass_time(stack, concert, user, 60)
    give_back(stack, concert, user)
    assert_pause(ask(stack, concert, user), 120)


def test_lapses_and_giving_back_add_up(stack, concert):
    user = new_user()
    give_back(stack, concert, user, 6)
    let_lapse(stack, concert, user)
    give_back(stack, concert, user)
    assert_pause(ask(stack, concert, user), 60)


def test_the_pause_runs_from_the_last_that_counts(stack, concert):
    """Several holds at a time, each with its own end; what is given back for free lengthens nothing."""
    user = new_user()
    held = [ok(ask(stack, concert, user))["reservationId"] for _ in range(4)]
    for seconds, reservation in zip((HOLD + 40, HOLD + 20, HOLD), held):
        age_hold(stack, reservation, seconds)
    assert_pause(ask(stack, concert, user), 60)
    ok(stack.call("DELETE", f"/reservation/{held[3]}?userId={user}"))
    pass_time(stack, concert, user, 30)
    assert_pause(ask(stack, concert, user), 30)


def test_a_payment_forgets_what_was_before(stack, concert):
    user = new_user()
    let_lapse(stack, concert, user, 2)
    give_back(stack, concert, user, 5)
    buy(stack, user, concert)
    let_lapse(stack, concert, user, 2)
    give_back(stack, concert, user, 5)
    ok(ask(stack, concert, user))
    pass_time(stack, concert, user, HOLD)
    assert_pause(ask(stack, concert, user), 60)


def test_a_hold_can_be_paid_during_the_pause(stack, concert):
    user = new_user()
    kept = reserve(stack, user, concert)
    doomed = [reserve(stack, user, concert)["reservationId"] for _ in range(3)]
    for reservation in doomed:
        age_hold(stack, reservation, HOLD)
    assert_pause(ask(stack, concert, user), 60)
    charge(stack, user, 1000)
    pay(stack, user, kept["reservationId"], add_token(stack, user, concert)["token"])
    ok(ask(stack, concert, user))


def test_a_payment_that_was_refunded_forgets_nothing(stack, concert):
    user = new_user()
    let_lapse(stack, concert, user, 3)
    pass_time(stack, concert, user, 60)
    held, _ = buy(stack, user, concert)
    ok(ask(stack, concert, user, count=1))
    ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
    pass_time(stack, concert, user, HOLD)
    assert_pause(ask(stack, concert, user), 120)


def test_a_day_forgets_all(stack, concert):
    user = new_user()
    let_lapse(stack, concert, user, 3)
    pass_time(stack, concert, user, DAY - LATE)
    ok(ask(stack, concert, user))  # the pause is long over
    pass_time(stack, concert, user, HOLD)
    ok(ask(stack, concert, user))  # one lapse only is less than a day ago


def test_it_is_each_users_and_each_concerts_own(stack, concert):
    user = new_user()
    other = new_concert(stack, seats=10, max_seats=8, hold_seconds=HOLD)
    let_lapse(stack, concert, user, 3)
    assert_pause(ask(stack, concert, user), 60)
    ok(ask(stack, other, user))
    ok(ask(stack, concert, new_user()))
    ok(ask(stack, concert, user.upper()))


def test_without_a_seat_limit_nobody_pauses(stack):
    concert = new_concert(stack, seats=30, hold_seconds=HOLD)
    user = new_user()
    let_lapse(stack, concert, user, 10)
    give_back(stack, concert, user, 20)
    ok(ask(stack, concert, user))
    concert.set(max_seats_per_user=8)
    assert_pause(ask(stack, concert, user), 3600)


def test_what_an_operator_ends_is_not_held_against_anybody(stack, concert):
    user = new_user()
    for _ in range(3):
        ok(ask(stack, concert, user))
    assert stack.ctl("concert", "cancel", str(concert.id)).returncode == 0
    concert.set(status="'open'")  # it cannot be, but for this test
    stack.query("UPDATE item SET status = 'open' WHERE concert_id = %s", concert.id)
    stack.query("UPDATE seat SET blocked = 0 WHERE item_id = %s", concert.item)
    ok(ask(stack, concert, user))


# ---- where it is said


def test_the_order_of_the_refusals(stack):
    """After the token, before all that is about seats."""
    concert = new_concert(stack, items=2, seats=10, max_seats=8, hold_seconds=HOLD, capacity=5)
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    for _ in range(3):
        ok(ask(stack, concert, user, token=token))
        pass_time(stack, concert, user, HOLD)
    assert_problem(ask(stack, concert, user), "token_missing")
    assert_problem(ask(stack, concert, user, token="x"), "token_invalid")
    for item, seats in ((2**31 - 1, 1), (concert.item, 99), (concert.item, [1, 2])):
        assert_problem(ask_reserve(stack, user, concert, item, seats, token=token), "too_many_unpaid")
    concert.start(concert.item)
    assert_problem(ask(stack, concert, user, token=token), "too_many_unpaid")
    concert.set(status="'closed'")
    assert_problem(ask(stack, concert, user, token=token), "concert_not_open")


@pytest.mark.parametrize("named", [True, False])
def test_where_no_queue_is_kept(stack, concert, named):
    user = new_user()
    let_lapse(stack, concert, user, 3)
    reserve(stack, new_user(), concert, concert.item, 1)
    for item, seat in ((2**31 - 1, 1), (concert.item, 99), (concert.item, 1), (concert.item, 5)):
        answer = ask_reserve(stack, user, concert, item, seat) if named else ask(stack, concert, user, itemId=item)
        assert_problem(answer, "too_many_unpaid")
    assert seat_status(stack, concert, concert.item, 5) == "available"


def test_a_stored_answer_comes_before_the_pause(stack, concert):
    user, key = new_user(), {"Idempotency-Key": new_user("key")}
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "count": 1}
    first = stack.post("/reservation", body, **key)
    let_lapse(stack, concert, user, 2)
    again = stack.post("/reservation", body, **key)
    assert (again.status, again.body) == (200, first.body)
    other = {"Idempotency-Key": new_user("key")}
    assert_problem(stack.post("/reservation", body, **other), "too_many_unpaid")
    pass_time(stack, concert, user, 600)
    ok(stack.post("/reservation", body, **other))


def test_the_settings(new_stack):
    private = new_stack(unpaid_pause_from=1, workers=4)
    concert = new_concert(private, seats=10, max_seats=8, hold_seconds=HOLD)
    user = new_user()
    let_lapse(private, concert, user)
    assert_pause(ask(private, concert, user), 60)
    off = new_stack(unpaid_pause_from=0, workers=4)
    concert = new_concert(off, seats=10, max_seats=8, hold_seconds=HOLD)
    let_lapse(off, concert, user, 10)
    ok(ask(off, concert, user))
    assert_problem(ask(off, concert, user, count=8), "seat_limit_reached")


# ---- a hoarder


def test_what_a_hoarder_keeps_from_others(stack):
    """Eight seats taken again whenever that is possible, for 24 hours: a small part of the time, and never more."""
    concert = new_concert(stack, seats=20, max_seats=8, hold_seconds=300)
    user = new_user("hoarder")
    now = held_for = 0
    while now < DAY:
        answer = ask(stack, concert, user, count=8)
        if answer.status == 429:
            seconds = pause_of(answer)
        else:
            ok(answer)
            assert_problem(ask(stack, concert, user), "seat_limit_reached")
            held_for += (seconds := 300)
        pass_time(stack, concert, user, seconds)
        now += seconds
    # 2 holds for free, then 7 pauses up to an hour: from then on 300 s of 3,900
    assert held_for <= 300 * (2 + 7 + DAY / 3900)
    assert held_for / DAY < 0.11


def test_hold_and_release_as_fast_as_can_be(stack):
    """Many at once, each with seats of its own in hand; others buy meanwhile."""
    concert = new_concert(stack, seats=60, max_seats=8, hold_seconds=300)
    users = [new_user("hoarder") for _ in range(4)]
    taken = dict.fromkeys(users, 0)
    for _, user in itertools.product(range(12), users):
        answer = ask(stack, concert, user, count=8)
        if answer.status == 429:
            assert_problem(answer, "too_many_unpaid")
            continue
        taken[user] += 1
        ok(stack.call("DELETE", f"/reservation/{ok(answer)['reservationId']}?userId={user}"))
    assert set(taken.values()) == {8}, "five for free, and up to the third that counts"
    buy(stack, new_user(), concert, item=concert.item, seats=[1, 2])
    wait_for(lambda: seat_status(stack, concert, concert.item, 3) == "available")


def test_giving_back_and_holding_at_once_slips_nothing_by(stack):
    """The pause is looked at again where the seats are counted, under the user's mutex."""
    concert = new_concert(stack, seats=40, max_seats=8, hold_seconds=300)
    user = new_user("hoarder")
    give_back(stack, concert, user, 7)
    held = ok(ask(stack, concert, user, count=8))["reservationId"]
    mutex = stack.mysql()
    with mutex, mutex.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM seat_quota WHERE concert_id = %s AND user_id = %s FOR UPDATE", (concert.id, user))
        late = Pending(stack, lambda client: ask(client, concert, user, count=8))
        wait_for_waiters(stack, 1)
        ok(stack.call("DELETE", f"/reservation/{held}?userId={user}"))
        cursor.execute("COMMIT")
    assert_problem(late.answer(), "too_many_unpaid")
