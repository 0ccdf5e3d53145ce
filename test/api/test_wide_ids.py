"""Migrations 009 and 010 on a database that is in use: large tables are rebuilt beside the buyers."""

import subprocess
import time

import pytest
from books import EMPTY, FILLER, NARROW, Books, run_script
from buyers import Buyers

INT_MAX = 2**31 - 1
TABLES = ("seat", "point_history", "idempotency", "audit_log", "reservation", "reservation_seat", "payment")


@pytest.fixture
def large(new_stack, long):
    """A stack on the schema before, its workers running, with so many rows that an ALTER would be noticed."""
    stack = new_stack()
    run_script(stack.query, NARROW + EMPTY + FILLER.format(count=35_000 if long else 15_000))
    stack.query("INSERT INTO audit_log (actor, action, detail, created_at)"
                " SELECT 'ctl', 'filled', '', created_at FROM reservation")
    return stack


def migrate(stack, **more):
    return subprocess.Popen(
        [stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "migrate"],
        env=stack.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def schema(query):
    """What there is of the schema, but for the names that MySQL gives to the CHECKs of a copy."""
    columns = query(
        "SELECT table_name AS t, column_name AS c, column_type AS ty, is_nullable AS n, column_default AS d,"
        " extra AS e, column_comment AS co, collation_name AS cn FROM information_schema.columns"
        " WHERE table_schema = DATABASE() ORDER BY 1, ordinal_position")
    keys = query(
        "SELECT table_name AS t, index_name AS i, seq_in_index AS s, column_name AS c, non_unique AS u"
        " FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1, 2, 3")
    foreign = query(
        "SELECT constraint_name AS c, table_name AS t, referenced_table_name AS r, delete_rule AS d"
        " FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() ORDER BY 1")
    # MySQL has each name once in a schema, MariaDB once in a table, which it tells
    of_table = query("SELECT 1 FROM information_schema.columns WHERE column_name = 'TABLE_NAME'"
                     " AND table_schema = 'information_schema' AND table_name = 'CHECK_CONSTRAINTS'")
    checks = query(
        "SELECT t.table_name AS t, c.check_clause AS c FROM information_schema.check_constraints c"
        " JOIN information_schema.table_constraints t ON t.constraint_name = c.constraint_name"
        f"  AND t.constraint_schema = c.constraint_schema {'AND t.table_name = c.table_name' if of_table else ''}"
        " WHERE c.constraint_schema = DATABASE() ORDER BY 1, 2")
    triggers = query("SELECT trigger_name AS t FROM information_schema.triggers WHERE trigger_schema = DATABASE()")
    return columns, keys, foreign, checks, triggers


def types(stack):
    of_then = ", ".join(f"'{table}'" for table in TABLES)
    return {row["t"]: row["ty"] for row in stack.query(
        "SELECT CONCAT(table_name, '.', column_name) AS t, data_type AS ty FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND column_name IN ('reservation_id', 'payment_id', 'history_id',"
        f"  'effect_id', 'audit_log_id', 'body') AND table_name IN ({of_then})")}


def test_buyers_do_not_notice_and_it_can_be_killed(large, long):
    rows = {table: large.query(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"] for table in TABLES}
    assert min(rows.values()) > 8_000, rows
    assert set(types(large).values()) == {"int", "varbinary"}
    kills = 0
    with Buyers(large) as buyers:
        for seconds in (1, 2, 3, 5, 7, 300) if long else (0.5, 1, 300):  # a fast machine needs three seconds
            run = migrate(large)
            try:
                run.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                run.kill()
                run.communicate()
                kills += 1
            assert buyers.failure is None, buyers.failure
        said = run.communicate()
        assert run.returncode == 0, said
        before = buyers.lives
        time.sleep(2)
        assert buyers.failure is None and buyers.lives > before, buyers.failure
    print(f"killed {kills} times")
    assert kills >= (3 if long else 2) and buyers.lives > 20
    large.check_books()
    assert set(types(large).values()) == {"bigint", "blob"}
    assert large.ctl("migrate").returncode == 0
    # the same as where all was small, and as where it never was narrow
    plain = Books(large, "books_plain")
    assert plain.ctl("migrate").returncode == 0
    assert schema(large.query) == schema(plain.query)
    # the same workers give ids that did not fit before
    for table in ("reservation", "payment", "point_history", "audit_log"):
        large.query(f"ALTER TABLE {table} AUTO_INCREMENT = {INT_MAX + 1}")
    with Buyers(large):
        time.sleep(1)
    large.check_books()
    assert large.query("SELECT MAX(reservation_id) AS n FROM payment")[0]["n"] > INT_MAX
