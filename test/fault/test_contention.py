"""Locks in each other's way: bounded retries, then 503 busy, never a 500."""

import asyncio
import collections
import contextlib
import json
import random
import time

from booking import Hall, Load, now
from wire import exchange, exchange_all, http, status


def codes(answers):
    """How often each code was answered, 200 as ok."""
    counts = collections.Counter()
    for _, answer in answers:
        code = "ok" if status(answer) == 200 else json.loads(answer.partition(b"\r\n\r\n")[2])["code"]
        counts[code] += 1
    return counts


def connect_to(stack):
    return lambda: asyncio.open_connection("127.0.0.1", stack.port)


def test_crossed_seats(whole, long):
    """Sets of seats that are asked for in all orders by everybody, and given back at once."""
    hall = Hall(whole, items=1, seats=12)
    counts = collections.Counter()

    async def buyer(number, until):
        user = f"crossed-{hall.id}-{number}"
        while time.monotonic() < until:
            seats = random.sample(range(1, 13), random.randint(2, 8))
            body = {"userId": user, "concertId": hall.id, "itemId": hall.first, "seatIds": seats}
            answer = await exchange(connect_to(whole), http("POST", "/reservation", body), 10)
            counts[status(answer)] += 1
            if status(answer) == 200:
                held = json.loads(answer.partition(b"\r\n\r\n")[2])["reservationId"]
                path = f"/reservation/{held}?userId={user}"
                answer = await exchange(connect_to(whole), http("DELETE", path), 10)
                counts["cancel", status(answer)] += 1

    async def storm():
        until = time.monotonic() + (20 if long else 2)
        await asyncio.gather(*(buyer(number, until) for number in range(64)))

    asyncio.run(storm())
    print(f"\n{dict(counts)}")
    assert set(counts) <= {200, 409, 503, ("cancel", 200), ("cancel", 503)}
    assert counts[200] > 20


def test_a_lock_that_is_not_given_back(whole):
    """Who waits for it is told busy in time; all others do not notice."""
    hall = Hall(whole)
    with contextlib.closing(whole.mysql()) as connection, connection.cursor() as cursor:
        with Load(hall) as load:
            cursor.execute("BEGIN")
            cursor.execute(
                "SELECT * FROM seat WHERE item_id = %s AND seat_no <= 20 FOR UPDATE", (hall.first,)
            )
            time.sleep(3)
            cursor.execute("ROLLBACK")
    assert {a.code for a in load.told.failures()} <= {"busy"}
    assert load.told.slowest() < 4500


def test_one_user_with_500_charges_at_once(whole):
    """Each is carried out or refused; other users' times at most double (a goal)."""
    hall = Hall(whole)
    user = f"eager-{hall.id}"
    wanted = [
        http("POST", "/point/charge", {"userId": user, "amount": 7}, Idempotency_Key=n)
        for n in range(500)
    ]
    with Load(hall, rate=100) as load:
        time.sleep(2)
        began = now()
        answers = exchange_all(connect_to(whole), wanted, at_once=500, patience=10)
        ended = now()
        time.sleep(0.5)
    counts = codes(answers)
    print(f"\n{dict(counts)} in {ended - began:.0f} ms")
    assert set(counts) <= {"ok", "busy"}
    assert whole.new_client().get(f"/point?userId={user}").json()["balance"] == 7 * counts["ok"]
    assert {a.code for a in load.told.failures()} <= {"busy"}
    before, during = load.told.p99(until=began), load.told.p99(began, ended)
    print(f"others' p99: {before:.1f} ms before, {during:.1f} ms during")
    assert during < max(10 * before, 1000)
