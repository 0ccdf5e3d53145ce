"""Many clients at once, and second connections that hold locks in their way."""

import collections
import contextlib
import random
import re
import threading
import time

from helpers import add_token, ask_pay, charge, keep_to_ends, new_user, ok, reserve
from stack import is_waiting, wait_for, wait_for_waiters  # noqa: F401

threading.stack_size(512 * 1024)

BROKEN = (500, 502, 504)
NOT_NOW = ("busy", "mysql_unavailable", "queue_unavailable")  # with these nothing has happened
PATIENCE = 120  # seconds for which a client repeats a call that was answered so


class Rush:
    """What became of calls that were made at once: an answer for each, in their order."""

    def __init__(self, answers, busy):
        self.answers = answers
        self.busy = busy  # refusals on the way to them

    @property
    def statuses(self):
        return collections.Counter(answer.status for answer in self.answers)

    @property
    def codes(self):
        """How often each code was answered; "" is success."""
        return collections.Counter(answer.code for answer in self.answers)

    @property
    def successes(self):
        return [answer.json() for answer in self.answers if answer.status == 200]


def call_until_settled(client, call):
    """Repeats a call that was refused for the moment, as where other work takes so much of the machine
    that MySQL needs two seconds for an answer. (the last answer, how often it was refused before)"""
    end = time.monotonic() + PATIENCE
    for busy in range(1_000_000):
        answer = call(client)
        assert answer.status not in BROKEN, answer
        if answer.code not in NOT_NOW:
            return answer, busy
        assert time.monotonic() < end, f"{answer.code} without end"
        time.sleep(random.uniform(0.02, 0.2))


class PatientClient:
    """A client that repeats what was refused for the moment."""

    def __init__(self, client):
        self.client = client

    def call(self, *arguments, **more):
        return call_until_settled(self.client, lambda client: client.call(*arguments, **more))[0]

    def get(self, path, **headers):
        return self.call("GET", path, headers=headers)

    def post(self, path, body, **headers):
        return self.call("POST", path, body, headers)


def together(stack, lives):
    """Runs all at once, each a function of a client with a connection of its own; what they return."""
    lives = list(lives)
    results, failures = [None] * len(lives), []
    barrier = threading.Barrier(len(lives))

    def run(number):
        try:
            with contextlib.closing(stack.new_client()) as client:
                barrier.wait(60)
                results[number] = lives[number](client)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(lives))]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 500
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
        assert not thread.is_alive() or failures, "somebody is stuck"
    if failures:
        raise failures[0]
    return results


def rush(stack, calls):
    """Makes all calls at once, each a function of a client that gives an Answer."""
    settled = together(
        stack, (lambda client, call=call: call_until_settled(client, call) for call in calls)
    )
    answers, busy = zip(*settled)
    return Rush(list(answers), sum(busy))


class Pending:
    """A call under way in a thread of its own."""

    def __init__(self, stack, call):
        self._result = None

        def run():
            with contextlib.closing(stack.new_client()) as client:
                self._result = call(client)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    @property
    def done(self):
        return not self._thread.is_alive()

    def answer(self):
        self._thread.join(60)
        assert self._result is not None, "no answer"
        return self._result


class Buyer:
    """A user with points, a token and a held reservation, and the calls about it."""

    def __init__(self, stack, concert, points=100_000, **where):
        self.stack = stack
        self.user = new_user()
        self.token = add_token(stack, self.user, concert)["token"]
        self.held = reserve(stack, self.user, concert, token=self.token, **where)
        self.id = self.held["reservationId"]
        charge(stack, self.user, points)

    def pay(self, client, **headers):
        return ask_pay(client, self.user, self.id, self.token, **headers)

    def cancel(self, client, **headers):
        return client.call("DELETE", self.path, headers=headers)

    @property
    def path(self):
        return f"/reservation/{self.id}?userId={self.user}"

    @property
    def status(self):
        return ok(self.stack.get(self.path))["status"]


def owners(stack, item):
    """The seats of an item that are held (lapsed or not) or sold: seatId -> reservationId."""
    rows = stack.query(
        "SELECT seat_no, reservation_id FROM seat WHERE item_id = %s AND status <> 'available'", item
    )
    return {row["seat_no"]: row["reservation_id"] for row in rows}


# ---- locks


@contextlib.contextmanager
def transaction(stack, sql, *values):
    """A second connection in a transaction that ran this statement; rolled back at the end."""
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute("SET innodb_lock_wait_timeout = 10")
        connection.begin()
        cursor.execute(sql, values)
        yield connection
        connection.rollback()


@contextlib.contextmanager
def before_reading(stack, table, call):
    """A call that has come so far that it reads a table, and waits for that; and a cursor that may change the table."""
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLES {table} WRITE")
        asked = Pending(stack, call)
        wait_for(lambda: is_waiting(stack, "table metadata lock", "SELECT"))
        yield asked, cursor


def lock_seat(stack, item, seat):
    return transaction(stack, "SELECT * FROM seat WHERE item_id = %s AND seat_no = %s FOR UPDATE", item, seat)


def lock_reservation(stack, reservation_id):
    return transaction(
        stack, "SELECT * FROM reservation WHERE reservation_id = %s FOR UPDATE", reservation_id
    )


def lock_purse(stack, user):
    return transaction(stack, "SELECT * FROM point WHERE user_id = %s FOR UPDATE", user)


def lock_user(stack, concert, user):
    """The mutex of a user who has held seats of the concert, which has a seat limit."""
    return transaction(
        stack, "SELECT * FROM seat_quota WHERE concert_id = %s AND user_id = %s FOR UPDATE", concert.id, user
    )


def lock_waits(stack):
    """How often a transaction has waited for a lock so far."""
    return int(stack.query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'")[0]["Value"])


def expire_in(stack, reservation_id, seconds):
    """Moves the end of a hold to so many seconds from now."""
    stack.query(
        "UPDATE reservation SET created_at = UTC_TIMESTAMP(3) - INTERVAL 300 SECOND,"
        " expires_at = UTC_TIMESTAMP(3) + INTERVAL %s SECOND WHERE reservation_id = %s",
        seconds, reservation_id,
    )
    keep_to_ends(stack, "r.reservation_id = %s", reservation_id)


def a_while(stack):
    """Seconds in which a call surely comes to the lock that it shall wait for, as busy as it is here now, and
    for which it surely waits there."""
    started = time.monotonic()
    charge(stack, new_user(), 1)
    return min(1 + 10 * (time.monotonic() - started), 4)


def wait_until_expired(stack, reservation_id):
    """Until the hold is over by the database's clock."""
    wait_for(
        lambda: stack.query(
            "SELECT expires_at <= UTC_TIMESTAMP(3) AS ended FROM reservation WHERE reservation_id = %s",
            reservation_id,
        )[0]["ended"]
    )


# ---- the sweeper


def let_nothing_lapse(stack):
    """For an hour; what has lapsed is swept. So a pass counts only what a test lets lapse after this."""
    stack.query("UPDATE reservation SET expires_at = expires_at + INTERVAL 1 HOUR WHERE status = 'held'"
                " AND expires_at > UTC_TIMESTAMP(3)")
    keep_to_ends(stack, "TRUE")
    assert stack.sweeper().returncode == 0


def sweep(stack):
    """One pass; its counts by what they are of."""
    done = stack.sweeper()
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.findall(r"(\d+) ([a-z ]+)", (done.stdout + done.stderr).split(" ms: ")[1])
    return {what: int(count) for count, what in counts}
