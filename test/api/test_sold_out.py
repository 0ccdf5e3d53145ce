"""That nothing is left for a `count` is remembered for 100 ms: never past a release, nor by another's name."""

import contextlib
import threading
import time

import pytest

from crowd import NOT_NOW, call_until_settled, lock_seat, together
from helpers import Hall, add_token, age_hold, assert_problem, charge, new_user, ok, pay

pytestmark = pytest.mark.usefixtures("audited")

KEPT = 0.1  # seconds


def new_hall(stack, *ranges):
    """Without a seat limit: some users here hold and release without end."""
    return Hall(stack, *ranges, maxSeatsPerUser=None)


def release(client, user, held, **headers):
    return client.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}", headers=headers)


@contextlib.contextmanager
def giving_back(stack):
    """A function that releases a reservation by its COMMIT alone, on a connection that is there already."""
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        yield lambda reservation_id: cursor.execute(
            "UPDATE seat JOIN reservation USING (reservation_id)"
            " SET seat.status = 'available', seat.reservation_id = NULL, held_until = NULL,"
            " reservation.status = 'cancelled' WHERE reservation.reservation_id = %s", (reservation_id,))


@contextlib.contextmanager
def a_crowd(hall, count, clients=6):
    """Asks again and again, so that what is remembered is renewed all the time; nobody gets anything."""
    over, codes = threading.Event(), set()

    def keep_asking():
        with contextlib.closing(hall.stack.new_client()) as client:
            while not over.is_set():
                codes.add(hall.ask(count, client).code)

    threads = [threading.Thread(target=keep_asking, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(60)
    assert "seats_not_available" in codes and codes <= {"seats_not_available", *NOT_NOW}


def ask(hall, count, client=None, **more):
    """An answer that says something about the seats."""
    return call_until_settled(client or hall.stack, lambda client: hall.ask(count, client, **more))[0]


# ---- what is released is found


@pytest.mark.parametrize("size", [2, 30_000])
def test_a_seat_given_back_is_found_by_the_very_next_call(stack, size):
    """While a crowd that wants two is told all the time that there is nothing, not even one. In a large hall
    a look takes so long that many a release comes in the middle of one."""
    hall = new_hall(stack, {"from": 1, "to": 1, "price": 100}, {"from": 2, "to": size, "price": 100, "blocked": True})
    user = new_user()
    held = ok(hall.ask(1, user=user))
    with a_crowd(hall, 2):
        for _ in range(60):
            assert release(stack, user, held).status == 200
            held = ok(ask(hall, 1, user=user))
            assert [seat["seatId"] for seat in held["seats"]] == [1]


def test_a_refunded_seat_is_found_by_the_very_next_call(stack):
    hall = new_hall(stack, ("A", "1", 4, 100))
    user = new_user()
    charge(stack, user, 100)
    token = add_token(stack, user, hall)["token"]
    held = ok(hall.ask(1, user=user))
    hall.take(2, 3, 4)
    with a_crowd(hall, 2):
        for _ in range(5):
            pay(stack, user, held["reservationId"], token)
            assert ok(release(stack, user, held))["refundedAmount"] == 100
            held = ok(ask(hall, 1, user=user))


def test_a_stored_answer_of_a_release_keeps_its_word(stack):
    """Whichever of two that release with one key hears of it first: then there is a seat to be had."""
    hall = new_hall(stack, ("A", "1", 4, 100))
    user = new_user()
    hall.take(2, 3, 4)
    with a_crowd(hall, 2, clients=2):
        for number in range(30):
            held = ok(ask(hall, 1, user=user))

            def release_and_ask(client):
                released = release(client, user, held, **{"Idempotency-Key": f"release-{number}"})
                return released.status, ask(hall, 1, client, user=user)

            both = together(stack, [release_and_ask, release_and_ask])
            assert [status for status, _ in both] == [200, 200]
            (got,) = (answer.json() for _, answer in both if answer.status == 200)
            assert release(stack, user, got).status == 200


def test_a_release_that_is_repeated_is_known_of_though_its_worker_was_killed(stack):
    """Right after the COMMIT, so that it told nobody."""
    hall = new_hall(stack, ("A", "1", 2, 100))
    user, key = new_user(), {"Idempotency-Key": new_user()}
    held = ok(hall.ask(1, user=user))
    hall.take(2)
    answer = ok(release(stack, user, held, **key))
    with a_crowd(hall, 2), giving_back(stack) as give_back:
        for _ in range(5):
            taken = ok(ask(hall, 1))["reservationId"]
            time.sleep(2 * KEPT)
            give_back(taken)
            assert ok(release(stack, user, held, **key)) == answer


def test_who_repeats_an_old_release_has_nobody_look_again(stack):
    """Else one stranger who does nothing else makes each call of a crowd as dear as the first."""
    hall = new_hall(stack, ("A", "1", 2, 100))
    user, key = new_user(), {"Idempotency-Key": new_user()}
    held = ok(hall.ask(1, user=user))
    hall.take(2)
    answer = ok(release(stack, user, held, **key))
    stack.query("UPDATE idempotency SET created_at = created_at - INTERVAL 1 MINUTE WHERE user_id = %s", user)
    taken = ok(ask(hall, 1))["reservationId"]
    end = time.monotonic() + 60
    with giving_back(stack) as give_back:
        while time.monotonic() < end:  # one of them is within the 100 ms, however busy the machine is
            time.sleep(2 * KEPT)
            asked = time.monotonic()
            assert_problem(ask(hall, 1), "seats_not_available")
            give_back(taken)
            assert ok(release(stack, user, held, **key)) == answer
            found = ask(hall, 1)
            if found.status == 409 and time.monotonic() - asked < KEPT:
                return
            taken = ok(found)["reservationId"] if found.status == 200 else ok(ask(hall, 1))["reservationId"]
    raise AssertionError("it was never remembered that nothing is left")


@pytest.mark.parametrize("swept", [False, True])
def test_a_lapsed_hold_is_hidden_for_no_longer_than_the_bound(stack, swept):
    """Be it swept or not, and however many ask meanwhile. (Nine tenths of the second are the machine's.)"""
    hall = new_hall(stack, ("A", "1", 2, 100))
    hall.take(2)
    held = ok(hall.ask(1))
    with a_crowd(hall, 2):
        for _ in range(3):
            time.sleep(3 * KEPT)
            age_hold(stack, held["reservationId"], 301)
            assert not swept or stack.sweeper().returncode == 0
            time.sleep(KEPT + 0.9)
            held = ok(ask(hall, 1))


# ---- what is remembered is said of nothing else


def assert_none(hall, count, **wish):
    """Looked up and then recalled."""
    for _ in range(3):
        assert_problem(hall.ask(count, **wish), "seats_not_available")


def test_none_for_two_hides_no_single_seat(stack):
    hall = new_hall(stack, ("A", "1", 2, 100))
    hall.take(1)
    assert_none(hall, 2)
    assert hall.best(1) == [2]


def test_a_sold_out_section_or_price_hides_no_other(stack):
    hall = new_hall(stack, ("A", "1", 1, 300), ("B", "1", 1, 200), ("B", "2", 1, 100))
    hall.take(1, 3)
    for wish in ({"section": "A"}, {"maxPrice": 100}, {"maxPrice": 199}, {"section": "B", "maxPrice": 150}):
        assert_none(hall, 1, **wish)
    assert hall.best(1) == [2]
    assert_none(hall, 1)


def test_sold_out_cheap_seats_hide_no_dear_ones(stack):
    hall = new_hall(stack, ("A", "1", 1, 100), ("B", "1", 1, 300))
    hall.take(1)
    assert_none(hall, 1, maxPrice=100)
    assert hall.best(1) == [2]


def test_a_sold_out_item_hides_no_other(stack):
    hall, other = (new_hall(stack, ("A", "1", 1, 100)) for _ in range(2))
    hall.take(1)
    assert_none(hall, 1)
    assert other.best(1) == [1]


def test_what_is_just_being_taken_is_not_remembered_as_gone(stack):
    hall = new_hall(stack, ("A", "1", 2, 100))
    with lock_seat(stack, hall.item, 1):
        for _ in range(3):
            assert_problem(hall.ask(2), "busy")
    assert hall.best(2) == [1, 2]


# ---- it is said in its turn


def test_what_comes_before_the_seats_is_said_first(stack):
    """Also while it is remembered that there are none."""
    hall = new_hall(stack, ("A", "1", 1, 100))
    hall.take(1)
    other = new_hall(stack, ("A", "1", 1, 100))
    none = {"userId": new_user(), "concertId": hall.id, "itemId": hall.item, "count": 1}
    assert_none(hall, 1)
    assert_problem(stack.post("/reservation", none | {"concertId": 2_000_000_000}), "concert_not_found")
    assert_problem(stack.post("/reservation", none | {"concertId": other.id}), "item_not_found")
    change = f"/admin/concert/{hall.id}"
    for settings, code in [({"admissionCapacity": 0}, "token_missing"), ({"status": "closed"}, "concert_not_open")]:
        assert_none(hall, 1)
        assert stack.call("PATCH", change, settings, stack.admin_headers()).status == 200
        assert_problem(hall.ask(1), code)
        back = {"admissionCapacity": None, "status": "open"}
        assert stack.call("PATCH", change, back, stack.admin_headers()).status == 200
    assert_none(hall, 1)
    stack.query("UPDATE item SET starts_at = UTC_TIMESTAMP(3) WHERE item_id = %s", hall.item)
    assert_problem(hall.ask(1), "concert_not_open")


def test_a_refusal_is_not_stored_with_the_key(stack):
    """Neither one that was looked up nor one that was recalled."""
    hall = new_hall(stack, ("A", "1", 1, 100))
    user = new_user()
    held = ok(hall.ask(1, user=user))
    key = {"Idempotency-Key": new_user()}
    body = {"userId": user, "concertId": hall.id, "itemId": hall.item, "count": 1}
    for _ in range(3):
        assert_problem(stack.post("/reservation", body, **key), "seats_not_available")
    assert release(stack, user, held).status == 200
    made = stack.post("/reservation", body, **key)
    again = stack.post("/reservation", body, **key)
    assert made.status == 200 and again.body == made.body
    assert again.headers["Idempotency-Replayed"] == "true"
