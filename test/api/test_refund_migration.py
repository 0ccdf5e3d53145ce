"""Migration 018: refunds of single seats come to tables that an older build goes on using."""

import concurrent.futures
import contextlib
import threading
import time

import pytest
from books import Books
from stack import wait_for

FILLED = 20_000
BEFORE = """
ALTER TABLE point_history DROP KEY history_of_reservation,
    ADD UNIQUE KEY history_of_reservation (reservation_id, kind), DROP COLUMN refund_no, DROP COLUMN fee;
ALTER TABLE reservation DROP COLUMN refund_count;
DROP TABLE returned_seat;
DROP TABLE refund_rule;
DELETE FROM schema_migrations WHERE version IN (18, 24);
"""
NARROW_KEY = """
ALTER TABLE point_history DROP KEY history_of_reservation, ADD UNIQUE KEY history_of_reservation (reservation_id, kind);
DELETE FROM schema_migrations WHERE version = 18;
"""
# A charge, and a refund of all, as a build from before writes them.
CHARGE = ("INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)"
          " SELECT user_id, 'charge', 1, balance + 1, NULL, UTC_TIMESTAMP(3) FROM point WHERE user_id = %s",
          "UPDATE point SET balance = balance + 1 WHERE user_id = %s")
AGAIN = ("INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)"
         " SELECT user_id, 'refund', 0, balance_after, reservation_id, UTC_TIMESTAMP(3) FROM point_history"
         " WHERE kind = 'refund' LIMIT 1")


class OlderBuild:
    """Charges users for as long as it is there, a transaction each."""

    def __init__(self, books):
        self.books = books
        self.stopped = threading.Event()
        self.charges = 0
        self.failure = None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            with contextlib.closing(self.books.connect()) as connection, connection.cursor() as cursor:
                while not self.stopped.is_set():
                    cursor.execute("BEGIN")
                    for statement in CHARGE:
                        cursor.execute(statement, f"user_{self.charges % 100}")
                    cursor.execute("COMMIT")
                    self.charges += 1
        except Exception as failure:  # told by the test, which waits for this thread
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


@pytest.fixture(scope="module")
def books(stack):
    books = Books(stack, "books_refunds")
    assert books.ctl("migrate").returncode == 0
    books.fill(FILLED)
    books.query(BEFORE)
    return books


def columns(books, table):
    return [row["Field"] for row in books.query(f"SHOW COLUMNS FROM {table}")]


def key_columns(books):
    keys = books.query("SHOW INDEX FROM point_history WHERE Key_name = 'history_of_reservation'")
    return [(row["Column_name"], row["Non_unique"]) for row in keys]


def test_it_runs_beside_an_older_build(books):
    with OlderBuild(books) as older:
        wait_for(lambda: older.charges > 20 or older.failure)
        migrated = books.ctl("migrate")
        after = older.charges
        wait_for(lambda: older.charges > after + 20 or older.failure)
    assert older.failure is None
    assert migrated.returncode == 0, migrated.stderr
    assert "refund_count" in columns(books, "reservation") and {"refund_no", "fee"} <= set(columns(books, "point_history"))
    audit = books.ctl("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_a_second_refund_of_all_is_still_refused(books):
    """By the key that took the place of the old one: an older build names no number."""
    assert key_columns(books) == [("reservation_id", 0), ("kind", 0), ("refund_no", 0)]
    with contextlib.closing(books.connect()) as connection, connection.cursor() as cursor:
        with pytest.raises(Exception, match="Duplicate entry"):
            cursor.execute(AGAIN)


def test_it_can_be_run_again(books):
    books.query("DELETE FROM schema_migrations WHERE version = 18;\nDROP TABLE refund_rule")
    again = books.ctl("migrate")
    assert again.returncode == 0, again.stderr
    assert columns(books, "refund_rule") == ["concert_id", "since", "until_days", "percent"]


def test_the_key_is_tried_again_while_somebody_has_the_ledger(books):
    """Each time for a second, in which others wait behind it."""
    books.query(NARROW_KEY)
    with contextlib.closing(books.connect()) as reader, reader.cursor() as cursor, \
            concurrent.futures.ThreadPoolExecutor() as pool:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM point_history LIMIT 1")
        migrating = pool.submit(books.ctl, "migrate")
        time.sleep(4)
        assert not migrating.done() and len(key_columns(books)) == 2
        cursor.execute("COMMIT")
        migrated = migrating.result(120)
    assert migrated.returncode == 0, migrated.stderr
    assert key_columns(books)[2] == ("refund_no", 0)
