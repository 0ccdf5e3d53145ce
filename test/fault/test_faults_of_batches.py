"""A worker with sixteen requests in its hands is killed, or loses the COMMIT that they share."""

import contextlib
import os
import signal
import threading
import time

import pytest
from batches import AT_ONCE, ONE_WORKER, call, changing, keyed, owners, paying, waiting
from booking import Hall, hold, named_at_work
from cutter import CUTS, Cutter
from refuser import MysqlRefuser, mysql_error
from stack import wait_for, wait_for_statement, wait_for_waiters


@pytest.fixture(scope="module")
def alone(new_stack):
    """With one worker."""
    stack = new_stack(**ONE_WORKER)
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


def key_of(number, every):
    return f"key-{number}" if number % every == 0 else None


class Reservations:
    """Sixteen users, each of whom asks for a seat."""

    insert = "INSERT INTO reservation ("

    def __init__(self, hall):
        self.hall = hall

    def calls(self, every=1):
        """Every so many of them with a key."""
        return [keyed(self.hall, n, user, key_of(n, every)) for n, user in enumerate(users_of(self.hall), 1)]

    def done(self):
        """The users for whom it was done, as MySQL has it in all places."""
        held = owners(self.hall.stack, self.hall)
        assert set(held.items()) <= set(enumerate(users_of(self.hall), 1))
        return set(held.values())


class Wishes(Reservations):
    """Each asks for the best seat: they get the same seats."""

    def calls(self, every=1):
        def wishing(n, user):
            body = {"userId": user, "concertId": self.hall.id, "itemId": self.hall.item, "count": 1}
            headers = {"Idempotency-Key": key_of(n, every)} if n % every == 0 else {}
            return lambda client: client.post("/reservation", body, **headers)

        return [wishing(n, user) for n, user in enumerate(users_of(self.hall), 1)]


class Payments:
    """Sixteen users, each of whom pays a seat."""

    insert = "INSERT INTO payment ("

    def __init__(self, hall):
        self.hall = hall
        self.held = {}
        for user in users_of(hall):
            body, _ = hold(hall, user)
            self.held[user] = body

    def calls(self, every=1):
        return [paying(user, body["reservationId"], body["token"], key_of(n, every))
                for n, (user, body) in enumerate(self.held.items(), 1)]

    def done(self):
        rows = self.hall.stack.query(
            "SELECT r.user_id, r.status, s.status AS seat, p.payment_id, h.amount, b.balance FROM reservation r"
            " JOIN seat s ON s.item_id = r.item_id AND s.reservation_id = r.reservation_id"
            " LEFT JOIN payment p ON p.reservation_id = r.reservation_id"
            " LEFT JOIN point_history h ON h.reservation_id = r.reservation_id"
            " JOIN point b ON b.user_id = r.user_id WHERE r.concert_id = %s", self.hall.id)
        assert len(rows) == AT_ONCE
        paid = [row for row in rows if row["status"] == "paid"]
        assert all((row["seat"], row["amount"], row["balance"]) == ("sold", -1000, 0) and row["payment_id"]
                   for row in paid)
        assert all((row["seat"], row["payment_id"], row["amount"], row["balance"]) == ("held", None, None, 1000)
                   for row in rows if row["status"] != "paid")
        return {row["user_id"] for row in paid}


class Charges:
    """Sixteen users, half of them without a purse, each of whom charges points."""

    def __init__(self, hall):
        self.hall = hall
        self.had = {user: 30 * (n % 2) for n, user in enumerate(users_of(hall))}
        for user, points in self.had.items():
            if points:
                assert call(hall.stack, changing("charge", user, points)).status == 200

    def calls(self, every=1):
        return [changing("charge", user, 700, key_of(n, every)) for n, user in enumerate(users_of(self.hall), 1)]

    def done(self):
        rows = {row["user_id"]: row for row in self.hall.stack.query(
            "SELECT user_id, balance, (SELECT COUNT(*) FROM point_history h WHERE h.user_id = p.user_id) AS entries"
            " FROM point p WHERE user_id LIKE %s", f"batch-{self.hall.id}-%")}
        changed = {user for user, row in rows.items() if row["balance"] == self.had[user] + 700}
        for user, had in self.had.items():
            entries = (had > 0) + (user in changed)
            assert (rows[user]["balance"], rows[user]["entries"]) == (had + 700 * (user in changed), entries) \
                if user in rows else entries == 0
        return changed


@pytest.fixture(params=[Reservations, Wishes, Payments])
def sixteen(hall, request):
    return request.param(hall)


@pytest.fixture(params=[Reservations, Wishes, Payments, Charges])
def committed(hall, request):
    """The same, and what takes no lock before its last ones."""
    return request.param(hall)


def kill_worker(stack):
    worker, = stack.workers()
    os.kill(worker, signal.SIGKILL)
    return worker


def test_a_worker_is_killed_with_sixteen_in_its_hands(alone, hall, sixteen):
    """In the middle of the transaction: nothing of it happened. All are told that nobody knows, the log
    names them all, and with their keys they get what they asked for."""
    asked = sixteen.calls()
    with contextlib.closing(alone.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT IGNORE INTO seat_quota (concert_id, user_id) VALUES (%s, %s)",
                       (hall.id, users_of(hall)[-1]))
        connection.begin()
        cursor.execute("SELECT * FROM seat_quota WHERE concert_id = %s AND user_id = %s FOR UPDATE",
                       (hall.id, users_of(hall)[-1]))
        with waiting(alone, asked) as pending:
            pass
        wait_for_waiters(alone, 1)
        kill_worker(alone)
        answers = [answer.result(60) for answer in pending]
        connection.rollback()
    assert {answer.code for answer in answers} == {"outcome_unknown"}
    wait_for(lambda: sorted(named_at_work(alone)) == sorted(answer.headers["X-Request-Id"] for answer in answers))
    assert not sixteen.done()
    again = [call(alone, ask) for ask in asked]
    assert {(answer.status, answer.headers.get("Idempotency-Replayed")) for answer in again} == {(200, None)}
    assert sixteen.done() == set(users_of(hall))


def test_no_batch_begins_too_late(new_stack):
    """MySQL is slow: of several routes in a worker's hands those whose turn comes after request_ms are refused,
    and the worker is not killed with all of them."""
    slow = new_stack(workers=1, sockets=1, stale_ms=0, request_ms=4000, watchdog_ms=12_000, gateway_ms=20_000)
    hall = Hall(slow, items=1)
    hall.item = hall.last
    calls = [call for made in (Reservations(hall), Charges(hall), Payments(Hall(slow, items=1)))
             for call in made.calls()[:8]]
    worker, = slow.workers()
    with MysqlRefuser(slow) as between:
        between.rule = lambda pair, statement: time.sleep(0.5)
        with waiting(slow, calls) as pending:
            pass
        answers = [answer.result(60) for answer in pending]
    assert {answer.status for answer in answers} == {200, 503}
    assert {answer.code for answer in answers} == {"", "busy"} and slow.workers() == [worker]
    slow.check_books()


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


def test_a_worker_is_killed_after_its_commit(alone, hall, committed):
    """All of it happened, and nobody was told: the keys find the answers."""
    asked = committed.calls()
    with Killing(alone, "after"):
        with waiting(alone, asked) as pending:
            pass
        answers = [answer.result(60) for answer in pending]
    assert {answer.code for answer in answers} == {"outcome_unknown"}
    assert committed.done() == set(users_of(hall))
    again = [call(alone, ask) for ask in asked]
    assert {(answer.status, answer.headers.get("Idempotency-Replayed")) for answer in again} == {(200, "true")}
    assert [answer.json()["userId"] for answer in again] == users_of(hall)


@pytest.mark.parametrize("kind", CUTS)
def test_the_commit_of_sixteen_is_lost(alone, hall, committed, kind):
    """Each hears what became of its own. Every other has a key."""
    asked = committed.calls(every=2)
    with OneCut(alone, kind):
        with waiting(alone, asked) as pending:
            pass
        answers = [answer.result(60) for answer in pending]
    allowed = {"", "outcome_unknown", "mysql_unavailable", "busy"} if kind in ("silent", "away") else {""}
    assert {answer.code for answer in answers} <= allowed, kind
    done = committed.done()
    for user, answer in zip(users_of(hall), answers):
        assert answer.status == 503 or (answer.json()["userId"] == user and user in done)
        assert answer.code in ("", "outcome_unknown") or user not in done
    ends = [wait_for(lambda: (answer := call(alone, ask)).status != 503 and answer) for ask in asked[1::2]]
    assert {answer.status for answer in ends} == {200}
    for first, answer in zip(answers[1::2], ends):
        assert first.status != 200 or first.body == answer.body


class HeldBack(OneCut):
    """The worker loses the connection with its COMMIT, which the server gets only after `release`. Until then the
    transaction is open, and its locks are held."""

    def __init__(self, stack):
        super().__init__(stack, "held back")
        self.release = threading.Event()

    def cut(self, kind, pair, data):
        pair.cut_client()
        self.release.wait(60)
        pair.server.sendall(data)
        pair.answered.wait(5)
        pair.close()


def test_nobody_can_say_what_became_of_a_commit(new_stack):
    """Its rows are locked, and whoever asks for them waits in vain. After the first of sixteen the others are not
    asked for: each would wait for as long, and the watchdog would end the worker."""
    stack = new_stack(**ONE_WORKER | {"watchdog_ms": 12_000, "gateway_ms": 20_000})
    made = Hall(stack, items=1)
    made.item = made.last
    sixteen = Reservations(made)
    asked = sixteen.calls(every=2)
    workers = stack.workers()
    with HeldBack(stack) as held_back:
        with waiting(stack, asked) as pending:
            pass
        answers = [answer.result(60) for answer in pending]
        held_back.release.set()
        wait_for(lambda: sixteen.done() == set(users_of(made)))
    assert {(answer.status, answer.code) for answer in answers} == {(503, "outcome_unknown")}
    assert stack.workers() == workers
    for ask, user in list(zip(asked, users_of(made)))[1::2]:
        again = call(stack, ask)
        assert again.json()["userId"] == user and again.headers["Idempotency-Replayed"] == "true"
    stack.check_books()


def is_of_several(statement):
    return "), (" in statement


def test_a_statement_of_sixteen_is_refused(alone, hall, sixteen):
    """As one prepared statement too many, as often as it is of several rows, by a server that stays. Each goes by
    itself and is done."""
    with MysqlRefuser(alone) as refuser:
        refuser.rule = lambda _, statement: statement.startswith(sixteen.insert) and is_of_several(
            statement) and mysql_error(1461)
        with waiting(alone, sixteen.calls(every=2)) as pending:
            pass
        answers = [answer.result(60) for answer in pending]
        assert refuser.refused
    assert [answer.json().get("userId") for answer in answers] == users_of(hall), answers
    assert sixteen.done() == set(users_of(hall))


def test_the_server_of_sixteen_goes_away(alone, hall, sixteen):
    """It says so to a statement, once, and the connection is closed. Nothing happened to any of them."""
    with MysqlRefuser(alone) as refuser:
        refuser.refuse(mysql_error(1053), sixteen.insert, times=1)
        with waiting(alone, sixteen.calls()) as pending:
            pass
        answers = [answer.result(60) for answer in pending]
    assert {answer.code for answer in answers} == {"mysql_unavailable"}
    assert not sixteen.done()


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
