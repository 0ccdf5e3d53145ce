"""Calls that wait together, so that the one worker of a stack finds them at once."""

import contextlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor

from stack import wait_for

AT_ONCE = 16  # CALLS_AT_ONCE

# one worker; sockets have no order among each other; nothing that waits is dropped or given up
ONE_WORKER = {"workers": 1, "sockets": 1, "stale_ms": 0, "watchdog_ms": 30_000, "gateway_ms": 60_000}


def call(stack, ask):
    with contextlib.closing(stack.new_client()) as client:
        return ask(client)


@contextlib.contextmanager
def waiting(stack, calls):
    """Futures of the answers to calls, each a function of a client, that wait in this order. The workers
    go on when the `with` ends."""
    workers = wait_for(stack.workers)
    wait_for(lambda: stack.connections_to_workers() == 0)
    pool = ThreadPoolExecutor(len(calls))
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        pending = []
        for ask in calls:
            pending.append(pool.submit(call, stack, ask))
            wait_for(lambda: stack.connections_to_workers() == len(pending))
        yield pending
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        pool.shutdown(wait=False)


def together(stack, calls):
    """The answers."""
    with waiting(stack, calls) as pending:
        pass
    return [answer.result(60) for answer in pending]


class Questions:
    """How many statements MySQL got from others within the `with`. It asks on one connection: the end of
    another would be counted too, and at any time."""

    OWN = 1  # asking is one

    def __init__(self, stack):
        self.connection = stack.mysql()

    def read(self):
        with self.connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Questions'")
            return int(cursor.fetchone()["Value"])

    def __enter__(self):
        self.before = self.read()
        return self

    def __exit__(self, *_):
        self.count = self.read() - self.before - self.OWN
        self.connection.close()


def statements(stack, make_calls):
    """How many MySQL gets for the calls that `make_calls` makes, together: the least of three rounds, as each form
    of a statement is prepared in the first, and a connection that ended before may be counted in any."""
    counts = []
    for round_ in range(3):
        calls = make_calls(round_)
        with Questions(stack) as questions:
            answers = together(stack, calls)
        assert all(answer.status == 200 for answer in answers), answers
        counts.append(questions.count)
    return min(counts)


def keyed(concert, seat, user, key, **more):
    """A call with an Idempotency-Key, None for none. `concert` has an id and an item."""
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatId": seat} | more
    headers = {"Idempotency-Key": key} if key else {}
    return lambda client: client.post("/reservation", body, **headers)


def paying(user, reservation_id, token, key=None):
    """The same of a payment."""
    body = {"userId": user, "reservationId": reservation_id} | ({"token": token} if token else {})
    headers = {"Idempotency-Key": key} if key else {}
    return lambda client: client.post("/payment", body, **headers)


def changing(kind, user, amount, key=None):
    """The same of a charge or a use."""
    headers = {"Idempotency-Key": key} if key else {}
    return lambda client: client.post(f"/point/{kind}", {"userId": user, "amount": amount}, **headers)


def owners(stack, concert):
    """seatId -> the user who holds it, as MySQL has it in both places."""
    rows = stack.query(
        "SELECT s.seat_no, r.user_id FROM seat s JOIN reservation r USING (reservation_id)"
        " JOIN reservation_seat rs ON rs.reservation_id = r.reservation_id AND rs.seat_no = s.seat_no"
        " WHERE s.item_id = %s AND s.status = 'held' AND s.held_until = r.expires_at", concert.item)
    return {row["seat_no"]: row["user_id"] for row in rows}
