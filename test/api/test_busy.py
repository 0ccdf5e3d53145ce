"""Locks that others hold for long: calls wait in turns, and give up in time."""

import time

import pytest
from crowd import Buyer, Pending, lock_purse, lock_reservation, lock_seat, owners, wait_for_waiters
from helpers import ask_reserve, assert_problem, balance, charge, new_concert, new_user, ok

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture(scope="module")
def stack(new_stack):
    """Calls last longer than a statement waits for a lock."""
    return new_stack(redis_timeout_ms=900, lock_wait_s=1, workers=8)


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack)


def test_a_lock_that_is_held_for_long_is_waited_for_again(stack, concert):
    """Longer than one statement waits: the call rolls back, tries again, and succeeds."""
    buyer = Buyer(stack, concert)
    with lock_purse(stack, buyer.user):
        paying = Pending(stack, buyer.pay)
        wait_for_waiters(stack, 1)
        time.sleep(1.5)
        assert not paying.done
    ok(paying.answer())
    assert balance(stack, buyer.user) == 99_000


def test_a_lock_that_does_not_end_is_answered_with_busy(stack, concert):
    """Each kind of call at once: within the time that a request has, and without an effect.

    Nor is busy an answer that is stored.
    """
    buyers = [Buyer(stack, concert) for _ in range(3)]
    free, blocked = concert.free_seat(), new_user()
    charge(stack, blocked, 10)

    def use(client):
        return client.post("/point/use", {"userId": blocked, "amount": 5}, **{"Idempotency-Key": "busy"})

    with lock_seat(stack, *free), lock_purse(stack, blocked), lock_purse(stack, buyers[0].user), \
            lock_reservation(stack, buyers[1].id), \
            lock_seat(stack, buyers[2].held["itemId"], buyers[2].held["seats"][0]["seatId"]):
        calls = [
            Pending(stack, lambda client: ask_reserve(client, new_user(), concert, *free)),
            Pending(stack, lambda client: client.post("/point/charge", {"userId": blocked, "amount": 5})),
            Pending(stack, use),
            Pending(stack, buyers[0].pay),
            Pending(stack, buyers[1].cancel),
            Pending(stack, buyers[2].cancel),
        ]
        for call in calls:
            assert_problem(call.answer(), "busy")  # and not what nginx says when the watchdog has come
    assert [buyer.status for buyer in buyers] == ["held"] * 3
    assert balance(stack, blocked) == 10
    assert ok(use(stack))["balance"] == 5
    assert free[1] not in owners(stack, free[0])
    for buyer in buyers:
        ok(buyer.pay(stack.client))
