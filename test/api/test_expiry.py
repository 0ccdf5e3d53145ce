"""A hold's last moment: second connections hold locks open across it, and time runs out while calls wait."""

import time

import pytest

from crowd import (
    Buyer, Pending, a_while, expire_in, let_nothing_lapse, lock_purse, lock_reservation, lock_seat, owners, sweep,
    transaction, wait_for_waiters, wait_until_expired,
)
from helpers import (
    age_hold, ask_reserve, assert_problem, balance, charge, new_concert, new_user, ok, pay, reserve,
    seat_status,
)

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture(scope="module")
def stack(patient):
    return patient


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack, items=4, seats=40)


@pytest.fixture
def place(concert):
    """(item, seat) of a fresh seat."""
    return concert.free_seat()


@pytest.fixture
def buyer(stack, concert, place):
    return Buyer(stack, concert, item=place[0], seats=place[1])


LOCKS = {
    "reservation": lambda stack, buyer: lock_reservation(stack, buyer.id),
    "seat": lambda stack, buyer: lock_seat(stack, buyer.held["itemId"], buyer.held["seats"][0]["seatId"]),
    "purse": lambda stack, buyer: lock_purse(stack, buyer.user),
}


# ---- payment


@pytest.mark.parametrize("lock", LOCKS)
def test_payment_waits_and_the_hold_lapses(stack, concert, buyer, place, lock):
    expire_in(stack, buyer.id, a_while(stack))
    with LOCKS[lock](stack, buyer):
        paying = Pending(stack, buyer.pay)
        wait_for_waiters(stack, 1)
        wait_until_expired(stack, buyer.id)
        assert not paying.done
    assert_problem(paying.answer(), "hold_expired")
    assert balance(stack, buyer.user) == 100_000
    assert buyer.status == "expired"
    assert seat_status(stack, concert, *place) == "available"
    reserve(stack, new_user(), concert, *place)


@pytest.mark.parametrize("lock", LOCKS)
def test_payment_waits_and_is_in_time(stack, concert, buyer, place, lock):
    expire_in(stack, buyer.id, 600)
    with LOCKS[lock](stack, buyer):
        paying = Pending(stack, buyer.pay)
        wait_for_waiters(stack, 1)
    assert ok(paying.answer())["status"] == "paid"
    assert seat_status(stack, concert, *place) == "sold"


def test_payment_that_waited_and_lapsed_leaves_the_seat_to_the_buyer_behind_it(stack, concert, buyer, place):
    """The payment has reservation and seat locked, and waits for the purse; a buyer waits for the seat."""
    expire_in(stack, buyer.id, a_while(stack))
    other = new_user()
    with lock_purse(stack, buyer.user):
        paying = Pending(stack, buyer.pay)
        wait_for_waiters(stack, 1)
        wait_until_expired(stack, buyer.id)
        reserving = Pending(stack, lambda client: ask_reserve(client, other, concert, *place))
        wait_for_waiters(stack, 2)
    assert_problem(paying.answer(), "hold_expired")
    assert ok(reserving.answer())["status"] == "held"


def test_a_seat_that_was_paid_in_time_is_not_had_by_the_buyer_who_waited(stack, concert, buyer, place):
    """A payment by hand, judged in time, commits after the end of the hold, a buyer waiting for the seat."""
    expire_in(stack, buyer.id, a_while(stack))
    other = new_user()
    with lock_reservation(stack, buyer.id) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM seat WHERE item_id = %s AND seat_no = %s FOR UPDATE", place)
        cursor.execute("SELECT * FROM point WHERE user_id = %s FOR UPDATE", buyer.user)
        cursor.execute("UPDATE seat SET status = 'sold', held_until = NULL"
                       " WHERE item_id = %s AND seat_no = %s", place)
        cursor.execute("UPDATE reservation SET status = 'paid' WHERE reservation_id = %s", buyer.id)
        cursor.execute("UPDATE point SET balance = 99000 WHERE user_id = %s", buyer.user)
        cursor.execute(
            "INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)"
            " VALUES (%s, 'payment', -1000, 99000, %s, UTC_TIMESTAMP(3))", (buyer.user, buyer.id))
        cursor.execute(
            "INSERT INTO payment (reservation_id, user_id, amount, paid_at)"
            " VALUES (%s, %s, 1000, UTC_TIMESTAMP(3))", (buyer.id, buyer.user))
        wait_until_expired(stack, buyer.id)
        reserving = Pending(stack, lambda client: ask_reserve(client, other, concert, *place))
        paying = Pending(stack, buyer.pay)
        cancelling = Pending(stack, buyer.cancel)
        wait_for_waiters(stack, 3)
        connection.commit()
    assert_problem(reserving.answer(), "seat_taken", seatIds=[place[1]])
    # whichever of the two came first
    if cancelling.answer().status == 200 and paying.answer().code != "already_paid":
        assert_problem(paying.answer(), "reservation_cancelled")
    else:
        assert_problem(paying.answer(), "already_paid")
        ok(cancelling.answer())
    assert balance(stack, buyer.user) == 100_000


def test_payment_after_the_seat_went_to_another_while_it_waited(stack, concert, buyer, place):
    expire_in(stack, buyer.id, a_while(stack))
    with lock_reservation(stack, buyer.id):
        paying = Pending(stack, buyer.pay)
        wait_for_waiters(stack, 1)
        wait_until_expired(stack, buyer.id)
        taken = reserve(stack, new_user(), concert, *place)  # needs the seat's lock only
    assert_problem(paying.answer(), "hold_expired")
    assert owners(stack, place[0])[place[1]] == taken["reservationId"]


def test_payment_when_the_clock_was_set_back_after_the_seat_had_gone(stack, concert, buyer, place):
    age_hold(stack, buyer.id, 301)
    taken = reserve(stack, new_user(), concert, *place)
    stack.query("UPDATE reservation SET expires_at = expires_at + INTERVAL 600 SECOND"
                " WHERE reservation_id = %s", buyer.id)
    try:
        assert_problem(buyer.pay(stack.client), "hold_expired")
        assert_problem(buyer.cancel(stack.client), "not_cancellable")
    finally:
        age_hold(stack, buyer.id, 600)
    assert owners(stack, place[0])[place[1]] == taken["reservationId"]


# ---- cancelling


@pytest.mark.parametrize("lock", ["reservation", "seat"])
def test_cancel_waits_and_the_hold_lapses(stack, buyer, lock):
    expire_in(stack, buyer.id, a_while(stack))
    with LOCKS[lock](stack, buyer):
        cancelling = Pending(stack, buyer.cancel)
        wait_for_waiters(stack, 1)
        wait_until_expired(stack, buyer.id)
    assert_problem(cancelling.answer(), "not_cancellable")
    assert buyer.status == "expired"


def test_a_refund_waits_and_the_item_starts(stack):
    concert = new_concert(stack)
    buyer = Buyer(stack, concert)
    pay(stack, buyer.user, buyer.id, buyer.token)
    with lock_reservation(stack, buyer.id):
        cancelling = Pending(stack, buyer.cancel)
        wait_for_waiters(stack, 1)
        concert.start(buyer.held["itemId"])
    assert_problem(cancelling.answer(), "not_cancellable")
    assert balance(stack, buyer.user) == 99_000


# ---- reserving


def hold_by_hand(connection, concert, place, seconds):
    """What a reservation writes, in this connection's transaction, for so many seconds."""
    user = new_user("by-hand")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reservation (user_id, concert_id, item_id, seat_count, total_price,"
            " created_at, expires_at)"
            " SELECT %s, %s, %s, 1, 1000, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL %s SECOND",
            (user, concert.id, place[0], seconds),
        )
        reservation_id = cursor.lastrowid
        cursor.execute("INSERT INTO reservation_seat VALUES (%s, %s, 1000)", (reservation_id, place[1]))
        cursor.execute(
            "UPDATE seat SET status = 'held', reservation_id = %s, held_until ="
            " (SELECT expires_at FROM reservation WHERE reservation_id = %s)"
            " WHERE item_id = %s AND seat_no = %s",
            (reservation_id, reservation_id, *place),
        )


def test_a_buyer_waits_for_the_seat_and_the_hold_lapses(stack, concert, place):
    """The one before commits its hold when it is over already: the waiting one has the seat."""
    seconds = a_while(stack)
    with lock_seat(stack, *place) as connection:
        hold_by_hand(connection, concert, place, seconds)
        reserving = Pending(stack, lambda client: ask_reserve(client, new_user(), concert, *place))
        wait_for_waiters(stack, 1)
        time.sleep(seconds)
        connection.commit()
    assert ok(reserving.answer())["status"] == "held"


def test_a_buyer_waits_for_the_seat_and_the_hold_lives(stack, concert, place):
    with lock_seat(stack, *place) as connection:
        hold_by_hand(connection, concert, place, 600)
        reserving = Pending(stack, lambda client: ask_reserve(client, new_user(), concert, *place))
        wait_for_waiters(stack, 1)
        connection.commit()
    assert_problem(reserving.answer(), "seat_taken", seatIds=[place[1]])


@pytest.mark.parametrize("seats, awaited", [([1], 1), ([1, 2], 1), ([1, 2], 2)])
def test_expiry_is_counted_from_the_end_of_the_wait(stack, seats, awaited):
    """A buyer who waited for the lock, of whichever seat, has all of the hold's time."""
    concert = new_concert(stack, hold_seconds=1)
    with lock_seat(stack, concert.item, awaited):
        reserving = Pending(stack, lambda client: ask_reserve(client, new_user(), concert, concert.item, seats))
        wait_for_waiters(stack, 1)
        time.sleep(0.5)
        released = stack.query("SELECT UTC_TIMESTAMP(3) AS now")[0]["now"]
    held = ok(reserving.answer())
    row = stack.query(
        "SELECT created_at, TIMESTAMPDIFF(MICROSECOND, created_at, expires_at) AS us FROM reservation"
        " WHERE reservation_id = %s", held["reservationId"])[0]
    assert row["created_at"] >= released
    assert row["us"] == 1_000_000


@pytest.mark.parametrize("what", ["concert", "item"])
def test_the_sale_ends_while_a_buyer_waits(stack, what):
    seconds = a_while(stack)
    end = f"UTC_TIMESTAMP(3) + INTERVAL {seconds} SECOND"
    concert = new_concert(stack, closes=end if what == "concert" else "NULL")
    if what == "item":
        stack.query(f"UPDATE item SET starts_at = {end} WHERE item_id = %s", concert.item)
    place = concert.free_seat()
    with lock_seat(stack, *place):
        reserving = Pending(stack, lambda client: ask_reserve(client, new_user(), concert, *place))
        wait_for_waiters(stack, 1)
        time.sleep(seconds)
    assert_problem(reserving.answer(), "concert_not_open")


def test_a_lock_on_one_seat_holds_up_no_other(stack):
    """Also where most seats of an item are asked for, which an optimiser could read as all."""
    concert = new_concert(stack, seats=9)
    with lock_seat(stack, concert.item, 9):
        reserve(stack, new_user(), concert, concert.item, [8, 1, 7, 2, 6, 3, 5, 4])
    reserve(stack, new_user(), concert, concert.item, 9)


# ---- the seat limit


def test_a_lapsing_hold_and_the_next_reservation_do_not_pass_the_limit_together(stack):
    """The payment of four seats is under way when they lapse; the user reserves four more."""
    concert = new_concert(stack, max_seats=4)
    buyer = Buyer(stack, concert, item=concert.item, seats=[1, 2, 3, 4])
    expire_in(stack, buyer.id, a_while(stack))
    with lock_purse(stack, buyer.user):
        paying = Pending(stack, buyer.pay)
        wait_for_waiters(stack, 1)
        wait_until_expired(stack, buyer.id)
        reserving = Pending(
            stack, lambda client: ask_reserve(client, buyer.user, concert, concert.item, [5, 6, 7, 8])
        )
        wait_for_waiters(stack, 2)  # for the purse, and for the payment
    assert_problem(paying.answer(), "hold_expired")
    ok(reserving.answer())


def test_the_limit_counts_what_was_paid_while_the_buyer_waited(stack):
    concert = new_concert(stack, max_seats=4)
    buyer = Buyer(stack, concert, item=concert.item, seats=[1, 2, 3, 4])
    with lock_purse(stack, buyer.user):
        paying = Pending(stack, buyer.pay)
        wait_for_waiters(stack, 1)
        reserving = Pending(stack, lambda client: ask_reserve(client, buyer.user, concert, concert.item, 5))
        wait_for_waiters(stack, 2)
    ok(paying.answer())
    assert_problem(reserving.answer(), "seat_limit_reached")


def test_a_payment_takes_no_part_in_a_limit_that_is_none(stack, concert, buyer):
    """Without a limit a user's reservations do not wait for the user's payments."""
    with lock_purse(stack, buyer.user):
        paying = Pending(stack, buyer.pay)
        wait_for_waiters(stack, 1)
        reserve(stack, buyer.user, concert)
        assert not paying.done
    ok(paying.answer())


# ---- the sweeper


def test_the_sweeper_leaves_a_payment_that_waits_alone(stack, concert, buyer, place):
    let_nothing_lapse(stack)
    expire_in(stack, buyer.id, a_while(stack))
    with lock_purse(stack, buyer.user):
        paying = Pending(stack, buyer.pay)
        wait_for_waiters(stack, 1)
        wait_until_expired(stack, buyer.id)
        counts = sweep(stack)
        assert (counts["holds expired"], counts["left to others"]) == (0, 1)
        assert not paying.done
    assert_problem(paying.answer(), "hold_expired")
    assert sweep(stack)["holds expired"] == 1
    assert place[1] not in owners(stack, place[0])


# ---- deadlocks


def test_a_call_that_loses_a_deadlock_is_carried_out_all_the_same(stack):
    """A heavy transaction locks seat 2, a call has seat 1 and waits for 2, the heavy one wants 1."""
    concert = new_concert(stack, items=2, seats=200)
    item = concert.item
    with transaction(
        stack, "UPDATE seat SET x = 1 WHERE item_id = %s", concert.items[1]  # the cheaper one is the victim
    ) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM seat WHERE item_id = %s AND seat_no = 2 FOR UPDATE", item)
        reserving = Pending(stack, lambda client: ask_reserve(client, new_user(), concert, item, [1, 2]))
        wait_for_waiters(stack, 1)
        cursor.execute("SELECT * FROM seat WHERE item_id = %s AND seat_no = 1 FOR UPDATE", item)
        assert not reserving.done
        connection.commit()
    assert [seat["seatId"] for seat in ok(reserving.answer())["seats"]] == [1, 2]
