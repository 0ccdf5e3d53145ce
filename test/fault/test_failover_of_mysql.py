"""Two MariaDBs, one of which replicates the other: the writer is handed over, killed, frozen, and nobody writes
any more, while tickets are sold. Frontrow is told both addresses and no more."""

import contextlib
import os
import signal
import threading
import time

import pytest
from booking import Hall, Load, now
from servers import MARIADBD, MariaDb, gtid_number
from stack import Stack, free_port, health, wait_for

REFUSALS = {"mysql_unavailable", "queue_unavailable", "busy", "outcome_unknown"}


class Pair(Stack):
    """A stack that sells from `writer`, which `replica` follows. Its own MySQL has nothing to do."""

    def __init__(self):
        super().__init__(mysql_socket="", redis_timeout_ms=900)
        self.make_servers()

    def make_servers(self):
        self.writer, self.replica = MariaDb(self.var, 1), MariaDb(self.var, 2)
        self.environment["FRONTROW_MYSQL_HOSTS"] = f"{self.writer.address} {self.replica.address}"

    def start(self):
        self.writer.start()
        self.writer.query(
            "SET GLOBAL read_only = OFF", "CREATE DATABASE frontrow CHARACTER SET utf8mb4",
            "CREATE USER frontrow@'127.0.0.1'", "GRANT ALL ON frontrow.* TO frontrow@'127.0.0.1'",
            "CREATE USER replica@'127.0.0.1'", "GRANT REPLICATION SLAVE ON *.* TO replica@'127.0.0.1'",
        )
        super().start()
        self.replica.start().follow(self.writer)
        return self

    def stop(self):
        self.writer.kill()
        self.replica.kill()
        super().stop()

    def mysql(self, socket=None, **options):
        """Of the writer."""
        return self.writer.connect(database="frontrow", init_command="SET time_zone = '+00:00'", **options)

    def swap(self):
        self.writer, self.replica = self.replica, self.writer

    def hand_over(self):
        """The replica becomes the writer, as an operator does it; nothing can be lost."""
        self.writer.demote()
        there = gtid_number(self.writer, "binlog")
        wait_for(lambda: self.replica.has_applied(there))
        self.replica.promote()
        self.swap()
        self.replica.follow(self.writer, demoted=True)

    def fail_over(self):
        """The replica becomes the writer; the former one is not asked."""
        self.replica.promote()
        self.swap()

    def replace(self):
        """A new and empty replica in the place of the one that was the writer."""
        self.replica.kill()
        self.replica.empty()
        self.replica.start().follow(self.writer)


class Named(Pair):
    """Both have the same name, in an /etc/hosts that only this stack's programs see."""

    def make_servers(self):
        port = free_port()
        self.writer, self.replica = (MariaDb(self.var, n, host=f"127.0.0.{n}", port=port) for n in (2, 3))
        self.environment["FRONTROW_MYSQL_HOSTS"] = f"db.example:{port}"
        self.hosts = self.var / "hosts"
        self.name(self.writer, self.replica)
        self.under = ("unshare", "--mount", "sh", "-ec", 'mount --bind "$0" /etc/hosts; exec "$@"', self.hosts)

    def name(self, *servers):
        """From now on the name is that of these."""
        self.hosts.write_text("".join(f"{server.host} db.example\n" for server in servers))


@pytest.fixture
def named():
    if not MARIADBD:
        pytest.skip("the replication of this test is MariaDB's")
    if os.geteuid() != 0:
        pytest.skip("only root can give a program another /etc/hosts")
    private = Named()
    try:
        yield private.start()
    finally:
        private.stop()


@pytest.fixture(scope="module")
def cluster():
    if not MARIADBD:
        pytest.skip("the replication of this test is MariaDB's")
    private = Pair()
    try:
        yield private.start()
    finally:
        private.stop()


@pytest.fixture
def pair(cluster):
    """In step, all workers there; and afterwards the same workers and clean books."""
    wait_for(lambda: health(cluster) == "ready")
    workers = set(cluster.workers())
    yield cluster
    wait_for(lambda: health(cluster) == "ready")
    assert set(cluster.workers()) == workers, "a worker had to be replaced"
    cluster.check_books()


@pytest.fixture
def only_long(long):
    if not long:
        pytest.skip("in the long form only")


def test_handed_over(pair, times):
    """A few refusals, nothing lost, and the same again in the other direction."""
    hall = Hall(pair)
    for direction in ("first", "second"):
        with Load(hall) as load:
            time.sleep(0.5)
            pair.hand_over()
            mended = now()
            time.sleep(1)
        assert {a.code for a in load.told.failures()} <= REFUSALS
        times.note(f"MySQL handed over, the {direction} time", load.told.time_back(mended), 1000)


def charge(stack, user, amount=1, **headers):
    return stack.new_client(timeout=60).post("/point/charge", {"userId": user, "amount": amount}, **headers)


def test_nobody_reads_from_a_former_writer(pair):
    """It does not hear of what is written after the others have left it, not even once."""
    user = f"reader-{time.time_ns()}"
    for _ in range(50):  # so that all workers have both connections there
        assert charge(pair, user).status == 200
    pair.hand_over()
    pair.replica.query("STOP SLAVE")
    pair.writer.query("SET GLOBAL rpl_semi_sync_master_enabled = OFF")
    assert wait_for(lambda: charge(pair, user).status == 200)
    shown = {pair.new_client().get(f"/point?userId={user}").body for _ in range(100)}
    assert len(shown) == 1 and b'"balance":51' in shown.pop()
    pair.writer.query("SET GLOBAL rpl_semi_sync_master_enabled = ON")
    pair.replica.query("START SLAVE")
    wait_for(pair.writer.has_replica)


def test_a_reader_leaves_who_takes_no_writes(pair):
    """Within a second and without a single write: what a replica says may be old."""
    user = f"reader-{time.time_ns()}"
    assert charge(pair, user).status == 200
    pair.writer.query("SET GLOBAL read_only = ON")
    refused = wait_for(lambda: (answer := pair.new_client().get(f"/point?userId={user}")).status == 503 and answer, 10)
    assert refused.code == "mysql_unavailable"
    pair.writer.query("SET GLOBAL read_only = OFF")


def test_nobody_takes_writes(pair, times):
    """All is refused, soon at once; health says so; and it goes on with the first one that does."""
    hall = Hall(pair)
    with Load(hall) as load:
        time.sleep(0.5)
        pair.writer.query("SET GLOBAL read_only = ON")
        began = now()
        wait_for(lambda: health(pair) not in ("ready", "degraded"))
        time.sleep(1)
        pair.writer.query("SET GLOBAL read_only = OFF")
        mended = now()
        time.sleep(1)
    assert {a.code for a in load.told.failures()} <= REFUSALS
    late = load.told.failures(began + 500, mended - 100)
    assert late and not [a for a in late if a.code == "outcome_unknown"]
    times.note("no MySQL takes writes, slowest refusal", load.told.slowest(began + 500, mended - 100), 100)
    times.note("no MySQL takes writes, after one does", load.told.time_back(mended), 1000)
    assert "no server of mysql_hosts takes writes" in pair.log("frontrow").read_text()


@contextlib.contextmanager
def a_commit_that_waits(pair, user):
    """Gives a thread whose charge stands in its COMMIT: the replica does not say that it has it. Its answer is
    in `answers`."""
    pair.replica.query("STOP SLAVE IO_THREAD")
    answers = []
    call = threading.Thread(target=lambda: answers.append(charge(pair, user, **{"Idempotency-Key": user})))
    call.start()
    waiting = "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE state LIKE '%semi-sync ACK%'"
    wait_for(lambda: pair.writer.query(waiting)[0]["n"] > 0)
    yield answers
    call.join(60)


def test_a_commit_is_settled_at_the_new_writer(pair):
    """It was cut off; the new writer does not have it, and so it is done there, once."""
    user = f"settled-{time.time_ns()}"
    with a_commit_that_waits(pair, user) as answers:
        pair.fail_over()
        pair.replica.kill()
    pair.replace()
    assert answers[0].status == 200 and answers[0].json()["balance"] == 1
    again = charge(pair, user, **{"Idempotency-Key": user})
    assert (again.status, again.body) == (200, answers[0].body)
    assert pair.query("SELECT COUNT(*) AS n FROM point_history WHERE user_id = %s", user) == [{"n": 1}]
    assert "the answer to a COMMIT was lost; nothing had happened" in pair.log("frontrow").read_text()


def test_a_commit_that_cannot_be_settled(pair):
    """There is no new writer yet: outcome_unknown. With the key it is done once there is."""
    user = f"unknown-{time.time_ns()}"
    with a_commit_that_waits(pair, user) as answers:
        pair.writer.kill()
    assert (answers[0].status, answers[0].code) == (503, "outcome_unknown")
    pair.fail_over()
    again = wait_for(lambda: (answer := charge(pair, user, **{"Idempotency-Key": user})).status == 200 and answer, 10)
    pair.replace()
    assert again.json()["balance"] == 1
    assert pair.query("SELECT COUNT(*) AS n FROM point_history WHERE user_id = %s", user) == [{"n": 1}]


def test_servers_of_one_name(named):
    """The one that takes writes is found among its addresses, whichever the resolver says first; and where a record
    is changed instead, the next connect reads it."""
    user = f"named-{time.time_ns()}"
    assert charge(named, user).status == 200
    for balance in (2, 3):
        named.hand_over()
        answer = wait_for(lambda: (answer := charge(named, user)).status == 200 and answer, 10)
        assert answer.json()["balance"] == balance
    named.name(named.writer)
    wait_for(lambda: charge(named, user).status == 200, 10)
    named.fail_over()
    named.replica.kill()
    assert charge(named, user).code == "mysql_unavailable"
    named.name(named.writer)
    assert wait_for(lambda: charge(named, user).status == 200, 10)
    wait_for(lambda: health(named) == "ready")
    named.check_books()


def test_killed(pair, times, only_long, round):
    """With replicas that are waited for no answer is lost."""
    hall = Hall(pair)
    with Load(hall) as load:
        time.sleep(1)
        pair.writer.kill()
        pair.fail_over()
        mended = now()
        time.sleep(2)
    pair.replace()
    assert {a.code for a in load.told.failures()} <= REFUSALS
    times.note("MySQL's writer kill -9, another promoted", load.told.time_back(mended), 3000)


def test_frozen(pair, times, only_long):
    """Nobody goes back to it when it moves again and still believes that it is the writer."""
    hall = Hall(pair)
    former = pair.writer
    with Load(hall) as load:
        time.sleep(1)
        former.signal(signal.SIGSTOP)
        pair.fail_over()
        mended = now()
        time.sleep(4)
        former.signal(signal.SIGCONT)
        time.sleep(2)
    assert former.query("SELECT @@read_only AS r") == [{"r": 0}]
    assert {a.code for a in load.told.failures()} <= REFUSALS
    pair.replace()
    times.note("MySQL's writer SIGSTOP, another promoted", load.told.time_back(mended), 3000)
