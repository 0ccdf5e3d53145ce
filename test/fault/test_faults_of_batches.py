"""A worker with sixteen requests in its hands is killed, or loses the COMMIT that they share."""

import contextlib
import os
import signal

import pytest
from batches import AT_ONCE, ONE_WORKER, call, keyed, owners, waiting
from booking import Hall, named_at_work
from cutter import CUTS, Cutter
from stack import wait_for, wait_for_statement, wait_for_waiters


@pytest.fixture(scope="module")
def alone(new_stack):
    """With one worker."""
    stack = new_stack(**ONE_WORKER).start()
    yield stack
    stack.check_books()


@pytest.fixture
def hall(alone):
    """One item, with a seat limit."""
    made = Hall(alone, items=1)
    made.item = made.last
    alone.query("UPDATE concert SET max_seats_per_user = 4 WHERE concert_id = %s", made.id)
    return made


def users_of(hall):
    return [f"batch-{hall.id}-{n:02}" for n in range(1, AT_ONCE + 1)]


def sixteen(hall, every=1):
    """Calls for the seats from 1 on, every so many of them with a key."""
    return [keyed(hall, n, user, f"key-{n}" if n % every == 0 else None) for n, user in enumerate(users_of(hall), 1)]


def sixteen_wishes(hall):
    """Calls for the best seat, with keys: they get the same seats."""
    def wishing(n, user):
        body = {"userId": user, "concertId": hall.id, "itemId": hall.item, "count": 1}
        return lambda client: client.post("/reservation", body, **{"Idempotency-Key": f"key-{n}"})

    return [wishing(n, user) for n, user in enumerate(users_of(hall), 1)]


def all_owners(hall):
    return dict(enumerate(users_of(hall), 1))


def kill_worker(stack):
    worker, = stack.workers()
    os.kill(worker, signal.SIGKILL)
    return worker


def test_a_worker_is_killed_with_sixteen_in_its_hands(alone, hall):
    """In the middle of the transaction: nothing of it happened. All are told that nobody knows, the log
    names them all, and with their keys they get their seats."""
    asked = sixteen(hall)
    with contextlib.closing(alone.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO seat_quota (concert_id, user_id) VALUES (%s, %s)",
                       (hall.id, users_of(hall)[-1]))
        connection.begin()
        cursor.execute("SELECT * FROM seat_quota WHERE concert_id = %s FOR UPDATE", hall.id)
        with waiting(alone, asked) as pending:
            pass
        wait_for_waiters(alone, 1)
        kill_worker(alone)
        answers = [answer.result(60) for answer in pending]
        connection.rollback()
    assert {answer.code for answer in answers} == {"outcome_unknown"}
    wait_for(lambda: sorted(named_at_work(alone)) == sorted(answer.headers["X-Request-Id"] for answer in answers))
    assert not owners(alone, hall)
    again = [call(alone, ask) for ask in asked]
    assert {(answer.status, answer.headers.get("Idempotency-Replayed")) for answer in again} == {(200, None)}
    assert owners(alone, hall) == all_owners(hall)


class OneCut(Cutter):
    """Cuts the next COMMIT in one way."""

    def __init__(self, stack, kind):
        super().__init__(stack, every=1, most=1)
        self.kind = kind

    def choose(self):
        with self.lock:
            return None if self.done else self.count()

    def count(self):
        self.cuts[self.kind] += 1
        return self.kind


class Killing(OneCut):
    """Ends the worker between the COMMIT and its OK."""

    def cut(self, kind, pair, data):
        pair.muted = True
        pair.server.sendall(data)
        pair.answered.wait(30)
        kill_worker(self.stack)
        pair.close()


@pytest.mark.parametrize("ask", [sixteen, sixteen_wishes])
def test_a_worker_is_killed_after_its_commit(alone, hall, ask):
    """All of it happened, and nobody was told: the keys find the answers."""
    asked = ask(hall)
    with Killing(alone, "after"):
        with waiting(alone, asked) as pending:
            pass
        answers = [answer.result(60) for answer in pending]
    assert {answer.code for answer in answers} == {"outcome_unknown"}
    assert owners(alone, hall) == all_owners(hall)
    again = [call(alone, ask) for ask in asked]
    assert {(answer.status, answer.headers.get("Idempotency-Replayed")) for answer in again} == {(200, "true")}
    assert [answer.json()["userId"] for answer in again] == users_of(hall)


@pytest.mark.parametrize("kind", CUTS)
def test_the_commit_of_sixteen_is_lost(alone, hall, kind):
    """Each hears what became of its own. Every other has a key."""
    asked = sixteen(hall, every=2)
    with OneCut(alone, kind):
        with waiting(alone, asked) as pending:
            pass
        answers = [answer.result(60) for answer in pending]
    allowed = {"", "outcome_unknown", "mysql_unavailable", "busy"} if kind in ("silent", "away") else {""}
    assert {answer.code for answer in answers} <= allowed, kind
    held = owners(alone, hall)
    for answer in answers:
        if answer.status == 200:
            seat, = answer.json()["seats"]
            assert held[seat["seatId"]] == answer.json()["userId"]
        assert answer.code in ("", "outcome_unknown") or answer.status == 503
    ends = [wait_for(lambda: (answer := call(alone, ask)).status != 503 and answer) for ask in asked[1::2]]
    assert {answer.status for answer in ends} == {200}
    for first, answer in zip(answers[1::2], ends):
        assert first.status != 200 or first.body == answer.body


@pytest.mark.parametrize("capacity, table", [(None, "open_token"), (0, "queue_token")])
def test_a_worker_is_killed_with_sixteen_adds_in_its_hands(alone, capacity, table):
    """While it writes their rows. Whatever became of them, each gets one token when it asks again."""
    queue = Hall(alone, items=1, capacity=capacity)
    users = [f"adds-{queue.id}-{n}" for n in range(AT_ONCE)]

    def adding(user):
        return lambda client: client.post("/token/add", {"userId": user, "concertId": queue.id})

    with contextlib.closing(alone.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLES {table} READ")
        with waiting(alone, [adding(user) for user in users]) as pending:
            pass
        wait_for_statement(alone, "lock", f"INTO {table}")
        kill_worker(alone)
        answers = [answer.result(60) for answer in pending]
        cursor.execute("UNLOCK TABLES")
    assert {answer.code for answer in answers} == {"outcome_unknown"}
    again = [wait_for(lambda: (answer := call(alone, adding(user))).status == 200 and answer.json())
             for user in users]
    assert [ticket["userId"] for ticket in again] == users
    rows = alone.query(f"SELECT user_id, LOWER(HEX(token)) AS token FROM {table} WHERE concert_id = %s", queue.id)
    assert sorted((row["user_id"], f"{queue.id}-{row['token']}") for row in rows) == sorted(
        (ticket["userId"], ticket["token"]) for ticket in again)
    if capacity is not None:
        assert sorted(ticket["number"] for ticket in again) == list(range(1, AT_ONCE + 1))
