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


@contextlib.contextmanager
def statements_of(stack):
    """The list of what Frontrow says to MySQL within the `with`, complete when that ends: by MySQL's general log, in
    which what tests and the start of a stack say is root's. (MySQL's own counters have the statements of all, and the
    end of a connection at any time.)"""
    said = []
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE mysql.general_log")
        cursor.execute("SET GLOBAL log_output = 'TABLE', general_log = ON")
        try:
            yield said
        finally:
            cursor.execute("SET GLOBAL general_log = OFF, log_output = 'FILE'")
        cursor.execute(  # a token's bytes are no text
            "SELECT CAST(argument AS BINARY) AS statement FROM mysql.general_log"
            " WHERE user_host LIKE 'frontrow[%' AND command_type IN ('Query', 'Execute') ORDER BY event_time")
        said += [row["statement"].decode(errors="replace") for row in cursor.fetchall()]


def assert_statements(stack, count, make_calls):
    """So many are what MySQL gets for the calls that `make_calls` makes, together, in one of three rounds: before the
    first one, the worker may have to connect."""
    for round_ in range(3):
        calls = make_calls(round_)
        with statements_of(stack) as said:
            answers = together(stack, calls)
        assert all(answer.status == 200 for answer in answers), answers
        if len(said) == count:
            return
    assert len(said) == count, "\n".join(said)


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
