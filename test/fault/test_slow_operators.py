"""What operators read may take long: MySQL ends it, and buyers hear nothing of it."""

import contextlib
import signal
import time

import pytest
from refuser import MysqlRefuser
from servers import MARIADBD, TwoNames
from stack import health, wait_for

ADMIN_SECONDS = 4  # for a statement; half of it for a read in MySQL


@pytest.fixture(scope="module")
def sold(new_stack):
    """A stack whose audit log, which only operators read, can be locked."""
    return new_stack(workers=4, admin_mysql_timeout_ms=1000 * ADMIN_SECONDS)


@contextlib.contextmanager
def log_locked(connection):
    """Nobody can read the audit log. Everything else goes on."""
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("LOCK TABLES audit_log WRITE")
        yield


def read_log(stack):
    return stack.get("/admin/log", **stack.admin_headers())


def assert_ended(answer):
    assert (answer.status, answer.code) == (503, "mysql_unavailable"), answer
    assert "took too long" in answer.json()["detail"] and answer.headers["Retry-After"] in ("1", "2", "3")


def lines_of(stack, *words):
    return [line for line in stack.log("frontrow").read_text().splitlines() if all(word in line for word in words)]


def test_mysql_ends_what_operators_read(sold):
    """Once each, in MySQL too; and three in a row do not close MySQL to buyers."""
    wait_for(lambda: health(sold) == "ready")
    running = lambda: [row for row in sold.query("SHOW PROCESSLIST") if "FROM audit_log" in (row["Info"] or "")]
    with log_locked(sold.mysql()):
        for number in range(1, 5):
            assert_ended(read_log(sold))
            assert len(lines_of(sold, "maximum statement" if is_mysql(sold) else "max_statement_time")) == number
            assert running() == []
            for _ in range(8):
                assert sold.new_client().get("/point?userId=buyer").status == 200
    assert read_log(sold).status == 200
    assert lines_of(sold, "MySQL answers again") == []


def is_mysql(stack):
    return "MariaDB" not in stack.query("SELECT VERSION() AS version")[0]["version"]


def test_a_server_that_hangs_is_asked_once(new_stack):
    """MySQL could not end it, so the operator's time-out did: what took so long is not tried again."""
    stack = new_stack(workers=1, admin_mysql_timeout_ms=1000 * ADMIN_SECONDS)
    assert read_log(stack).status == 200
    stack.kill("mysql", signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert read_log(stack).code == "mysql_unavailable"
        assert ADMIN_SECONDS <= time.monotonic() - began < 2 * ADMIN_SECONDS - 0.5
    finally:
        stack.kill("mysql", signal.SIGCONT)
    assert stack.get("/point?userId=buyer").status == 200


def test_a_request_of_many_reads_ends_in_its_time(new_stack):
    """No read begins that could end behind it, though each is fast enough by itself."""
    stack = new_stack(workers=1, admin_mysql_timeout_ms=1000 * ADMIN_SECONDS, admin_request_ms=5100)
    ask = lambda: stack.get("/admin/user/buyer", **stack.admin_headers())
    with MysqlRefuser(stack) as proxy:
        assert ask().status == 200
        proxy.rule = lambda pair, statement: time.sleep(1.2) if statement.startswith("SELECT") else None
        began = time.monotonic()
        assert_ended(ask())
        assert time.monotonic() - began < 6


def test_the_writer_does_not_move_for_an_operator():
    if not MARIADBD:
        pytest.skip("MySQL has one address")
    stack = TwoNames(admin_mysql_timeout_ms=1000 * ADMIN_SECONDS)
    try:
        stack.start()
        with log_locked(stack.server.connect(database="frontrow")):
            for _ in range(2):
                assert_ended(read_log(stack))
        assert stack.get("/point?userId=buyer").status == 200
        assert lines_of(stack, "writes go to 127.0.0.1") and not lines_of(stack, "writes go to 127.0.0.2")
    finally:
        stack.stop()
