"""The schema: migrations, the demo, and that no request reads a whole table."""

import concurrent.futures
import contextlib
import pathlib
import re
import shutil
import time

import pytest

from books import EMPTY, FILLER, Books, run_script
from helpers import ok
from stack import ROOT

FILLED = 100_000
STATEMENTS = int(re.search(r"DB_STATEMENTS_OF_WORKER = (\d+)", (ROOT / "fcgi-app/mysql/database.h").read_text())[1])
# Tables that grow with the sales. (concert and item are small, and lists of them are read whole.)
GROWING = {
    "seat", "reservation", "reservation_seat", "returned_seat", "payment", "point", "point_history",
    "box_office_sale", "box_office_refund", "queue_token", "open_token", "idempotency",
    "ticket", "outbox_event", "webhook_delivery", "void_ticket", "transfer",
    "waitlist_entry",
}
# What reads all there is, by its nature, and not for a request; and what a new connection asks, not prepared.
NOT_FOR_REQUESTS = {
    "audit_table", "demo", "erase_table", "import_table", "migrate", "migrate_lock", "rebuild", "rebuild_copy", "rebuild_work", "repair_table", "script",
    "session", "shadow",
}

# Of webhooks most have arrived; of the others a tenth is dead. Each paid order was offered to somebody,
# and lost a ticket once. Some wait for more.
LATER = """
INSERT INTO webhook (webhook_id, url, events, salt, created_at)
VALUES (1, 'https://shop.example/', '', REPEAT('s', 16), UTC_TIMESTAMP(3)),
       (2, 'https://crm.example/', '', REPEAT('t', 16), UTC_TIMESTAMP(3));
INSERT INTO outbox_event (event_id, kind, occurred_at, concert_id, reservation_id, user_id, dispatched_at)
SELECT reservation_id, 'reservation.held', UTC_TIMESTAMP(3), concert_id, reservation_id, user_id,
       IF(reservation_id MOD 100 = 0, NULL, UTC_TIMESTAMP(3) - INTERVAL reservation_id SECOND) FROM reservation;
INSERT INTO webhook_delivery (webhook_id, event_id, stream, next_try_at, dead_at)
SELECT 1 + event_id MOD 2, event_id, reservation_id, UTC_TIMESTAMP(3) + INTERVAL event_id MOD 1000 SECOND,
       IF(event_id MOD 30 = 0, UTC_TIMESTAMP(3) - INTERVAL event_id SECOND, NULL) FROM outbox_event WHERE event_id MOD 3 = 0;
INSERT INTO ticket (reference, reservation_id, seat_no, item_id, issued_at, changed_at)
SELECT LEFT(UNHEX(SHA2(CONCAT('new', reservation_id), 256)), 16), reservation_id, seat_no, item_id, UTC_TIMESTAMP(3),
       UTC_TIMESTAMP(3) FROM reservation JOIN reservation_seat USING (reservation_id) WHERE status = 'paid';
INSERT INTO void_ticket (ticket_id, reference, reservation_id, seat_no, item_id, voided_at)
SELECT ticket_id + 1000000, LEFT(UNHEX(SHA2(CONCAT('old', reservation_id), 256)), 16), reservation_id, seat_no, item_id, issued_at
FROM ticket;
INSERT INTO transfer (reservation_id, from_user, to_user, status, created_at, expires_at, settled_at)
SELECT reservation_id, user_id, CONCAT('user_', reservation_id MOD 7777), 'declined', created_at, expires_at, created_at
FROM reservation WHERE status = 'paid';
INSERT INTO waitlist_entry (concert_id, item_id, user_id, seat_count, status, reservation_id, created_at, settled_at)
SELECT concert_id, item_id, user_id, 1 + reservation_id MOD 4, IF(reservation_id MOD 1000 = 0, 'waiting', 'left'), NULL,
       created_at, IF(reservation_id MOD 1000 = 0, NULL, created_at) FROM reservation;
UPDATE item i SET waiting = (SELECT COUNT(*) FROM waitlist_entry e WHERE e.item_id = i.item_id AND e.status = 'waiting');
INSERT INTO presale (presale_id, concert_id, starts_at, ends_at, quota, codes, created_at)
SELECT reservation_id, 1 + reservation_id MOD 2, '2030-01-01', '2030-01-02', 0, 'single', UTC_TIMESTAMP(3)
FROM reservation WHERE reservation_id <= 400;
INSERT INTO presale_slot (presale_id, slot_no, reservation_id, free_at)
SELECT 1 + reservation_id MOD 400, reservation_id, reservation_id, UTC_TIMESTAMP(3) - INTERVAL reservation_id SECOND FROM reservation;
UPDATE presale p SET quota = (SELECT COUNT(*) FROM presale_slot s WHERE s.presale_id = p.presale_id);
INSERT INTO presale_code (presale_id, code_hash, user_id)
SELECT 1 + reservation_id MOD 400, UNHEX(SHA2(reservation_id, 256)), user_id FROM reservation;
ANALYZE TABLE webhook, outbox_event, webhook_delivery, ticket, void_ticket, transfer, waitlist_entry, presale, presale_slot, presale_code;
"""

# A value for a placeholder, by what stands before it in the statement; else it is the number 1.
VALUES = [
    (r"user_id( [<>=]+)? $", "'user_7'"),
    (r"(from|to)_user = $", "'user_7'"),
    (r"user_id IN \([^)]*$", "'user_7'"),
    (r"reference = $", "X'00112233445566778899aabbccddeeff'"),
    (r"code_hash = $", "UNHEX(SHA2(8, 256))"),
    (r"idempotency_key = $", "'key-8'"),
    (r"token = $", "X'8f14e45fceea167a5a36dedd4bea2543'"),
    (r"token IN \([^)]*$", "X'c9f0f895fb98ab9159f51fd0297e236d'"),
    (r"(\w_at|held_until|lease_until) ([<>=]+|BETWEEN) $", "UTC_TIMESTAMP(3)"),
    (r"BETWEEN UTC_TIMESTAMP\(3\) AND $", "UTC_TIMESTAMP(3)"),
    (r"\bdate = $", "'2030-01-01'"),
    (r"LIMIT $", "20"),
    (r"concert_id = $", "2"),
    (r"k\.status = $", "'paid'"),
    (r"(_id|_no|number) [<>=]+ $", "7"),
    (r"\d, $", "8"),  # of a list
]


@pytest.fixture(scope="module")
def books(stack):
    books = Books(stack, "books_schema")
    assert books.ctl("migrate").returncode == 0
    return books


@pytest.fixture(scope="module")
def filled(stack):
    books = Books(stack, "books_filled")
    assert books.ctl("migrate").returncode == 0
    books.fill(FILLED)
    books.query(LATER)
    return books


def texts(build):
    """What stands in the objects of mysql/: (its file's name, text). A build folder keeps the objects of files that are
    no more."""
    for compiled in sorted((build / "fcgi-app/mysql").rglob("*.o")):
        if (ROOT / compiled.relative_to(build)).with_suffix(".c").exists():
            for text in re.findall(rb"[\x20-\x7e]{8,}", compiled.read_bytes()):
                yield compiled.stem, text.decode()


def statements(build):
    """The SQL of the programs: every text of mysql/ that looks for rows."""
    for file, text in texts(build):
        if file not in NOT_FOR_REQUESTS and re.match(
                r"(\(?SELECT .* FROM|UPDATE \w+ .*SET|DELETE FROM|INSERT INTO .* SELECT) ", text):
            yield file, text


def test_objects_of_removed_files_do_not_count(tmp_path):
    folder = tmp_path / "fcgi-app/mysql/sale"
    folder.mkdir(parents=True)
    for name in ("seat_table", "removed_table"):
        (folder / f"{name}.o").write_bytes(b"\0SELECT 1 FROM seat\0")
    assert list(statements(tmp_path)) == [("seat_table", "SELECT 1 FROM seat")]


def test_a_worker_has_no_more_statements_than_it_says(filled):
    """docs/deploy.md and --check count with them."""
    of_tools = NOT_FOR_REQUESTS | {"concert_news_table", "delivery_table", "prune_table", "server_state", "webhook_table", "wide_ids"}
    there = len({(file, text) for file, text in texts(filled.stack.build)
                 if file not in of_tools and re.match(r"\(?(SELECT|UPDATE|DELETE|INSERT) ", text)})
    assert STATEMENTS * 3 // 4 < there < STATEMENTS
    assert f"up to {STATEMENTS} of them" in (ROOT / "docs/deploy.md").read_text()


def test_too_many_workers_for_the_servers_statements_are_told(stack):
    limit = stack.query("SELECT @@max_prepared_stmt_count AS n")[0]["n"]
    most = limit // (2 * STATEMENTS)
    for workers in (most, most + 1):
        checked = stack.program("frontrow", "--check", workers=str(workers))
        assert checked.returncode == 0
        told = [line for line in checked.stderr.splitlines() if "max_prepared_stmt_count" in line]
        assert len(told) == (workers > most), told
        assert all(f"is {limit}, and {workers} workers" in line for line in told)


def with_values(sql):
    """The statement with a value for each placeholder, and for what our own numbers are put in."""
    sql = re.sub(r"%l?d", "7", sql) + ("(7, 8)" if sql.endswith(" IN ") else "")
    whole, *parts = sql.split("?")
    for part in parts:
        whole += next((value for before, value in VALUES if re.search(before, whole)), "1") + part
    return whole


def tables_of(sql):
    """The tables of a statement by the names that EXPLAIN uses."""
    words = "WHERE|SET|LEFT|JOIN|ON|FORCE|GROUP|ORDER|FOR|UNION|LIMIT|VALUES|USING"
    found = re.findall(
        rf"\b(?:FROM|JOIN|(?<!FOR )UPDATE|INTO) (\w+)(?: (?:AS )?(?!(?:{words})\b)(\w+))?", sql)
    return {alias or table: table for table, alias in found}


def test_no_request_scans_a_growing_table(filled):
    scans = []
    seen = set()
    for file, sql in statements(filled.stack.build):
        tables = tables_of(sql)
        seen |= set(tables.values())
        for row in filled.query("EXPLAIN FORMAT=TRADITIONAL " + with_values(sql)):
            table = tables.get(row["table"])
            writes = row["select_type"] in ("INSERT", "REPLACE")
            if table in GROWING and row["type"] in ("ALL", "index") and not writes:
                scans.append(f"{file}: {row['type']} of {table}: {sql}")
    assert not scans, "\n".join(scans)
    assert seen >= GROWING, f"no statement was found for {GROWING - seen}"


class Listed:
    """A stack with 20,000 orders of a concert, and 2,000 concerts."""

    def __init__(self, stack):
        self.stack = stack
        with stack.mysql() as connection, connection.cursor() as cursor:
            run_script(cursor.execute, EMPTY + FILLER.format(count=20_000))
            cursor.executemany("INSERT INTO concert (title, venue, status, created_at)"
                               " VALUES (%s, 'Here', 'closed', UTC_TIMESTAMP(3))", [(n,) for n in range(2000)])
            cursor.execute("UPDATE concert SET status = 'cancelled' WHERE title = '3'")

    def make_rare(self, status):
        """The three oldest orders have it, all the others another one."""
        other = "expired" if status == "paid" else "paid"
        self.stack.query(
            "UPDATE reservation SET status = IF(reservation_id <= 3, %s, %s),"
            " expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR", status, other)

    def get(self, path):
        return self.stack.get(path, **self.stack.admin_headers())

    def rows_read(self, path):
        """By MySQL for this call. Others may be at work beside it, not each time."""
        return min(self.count_reads(path) for _ in range(3))

    def count_reads(self, path):
        def now():
            return sum(int(row["Value"]) for row in self.stack.query("SHOW GLOBAL STATUS LIKE 'Handler_read%%'"))

        own = -now() + now()
        before = now()
        assert self.get(path).status == 200
        return now() - before - own


@pytest.fixture(scope="module")
def listed(new_stack):
    return Listed(new_stack(workers=1))


FEW = 1000


@pytest.mark.parametrize("status", ["held", "paid", "expired", "cancelled"])
def test_orders_of_a_rare_status_are_found_without_all_others(listed, status):
    listed.make_rare(status)
    lists = [f"/admin/reservation?status={status}{where}" for where in ("", "&concertId=1", "&itemId=1")]
    for path in lists:
        assert [row["reservationId"] for row in ok(listed.get(path))["reservations"]] == [3, 2, 1]
    if status == "paid":
        lists.append("/admin/concert/1/export?what=guests")
        assert listed.get(lists[-1]).body.count(b"user_") == 3
    reads = {path: listed.rows_read(path) for path in lists}
    assert max(reads.values()) < FEW, reads


def test_concerts_of_a_status_are_found_without_all_others(listed):
    """Of a common one some are read; of a rare one all, some at a time."""
    common, rare = "/admin/concert?status=closed", "/admin/concert?status=cancelled"
    assert len(ok(listed.get(common))["concerts"]) == 20
    assert [row["title"] for row in ok(listed.get(rare))["concerts"]] == ["3"]
    assert listed.rows_read(common) * 3 < listed.rows_read(rare)


def test_filled_books_are_right(filled):
    audit = filled.ctl("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


# ---- migrations


def one_line(text):
    """What a program says, but for the servers that --check names."""
    said = [line for line in text.splitlines() if " INFO " not in line]
    assert len(said) == 1, text
    return said[0]


@pytest.fixture
def folder(tmp_path):
    """A copy of the migrations and the demo that a test may change."""
    return pathlib.Path(shutil.copytree(ROOT / "schema", tmp_path / "schema"))


@pytest.fixture
def empty(stack):
    """A database without any table."""
    return Books(stack, "books_empty")


def versions(books):
    return [row["version"] for row in books.query("SELECT version FROM schema_migrations ORDER BY 1")]


def test_migrate_runs_each_file_once(books):
    files = sorted(file.name for file in (ROOT / "schema").glob("[0-9]*.sql"))
    before = books.query("SELECT * FROM schema_migrations ORDER BY version")
    assert [row["name"] for row in before] == files
    again = books.ctl("migrate")
    assert (again.returncode, again.stdout) == (0, f"schema version {int(files[-1][:3])} (0 run now)\n")
    assert books.query("SELECT * FROM schema_migrations ORDER BY version") == before


def test_added_columns_copy_no_table():
    """A server that cannot add them at once refuses it. Migrations before this rule stay as they were run."""
    silent = [f"{file.name}: {change[:60]}" for file in sorted((ROOT / "schema").glob("0[1-9][0-9]_*.sql"))
              for change in re.findall(r"(?s)ALTER TABLE.*?;\n", file.read_text())
              if int(file.name[:3]) >= 19 and "ADD COLUMN" in change and "ALGORITHM = INSTANT" not in change]
    assert not silent, "\n".join(silent)


def test_migrate_goes_on_where_it_was_interrupted(empty, folder):
    (folder / "900_first.sql").write_text(
        "-- one; two\nCREATE TABLE IF NOT EXISTS first (n INT);\nCREATE TABEL broken (n INT);\n")
    failed = empty.ctl("migrate", "--schema", folder)
    assert failed.returncode == 1 and "TABEL broken" in failed.stderr
    assert 900 not in versions(empty) and versions(empty)
    (folder / "900_first.sql").write_text(
        "-- one; two\nCREATE TABLE IF NOT EXISTS first (n INT);\nCREATE TABLE second (n INT);\n")
    assert empty.ctl("migrate", "--schema", folder).returncode == 0
    assert versions(empty)[-1] == 900


def test_migrate_refuses_a_changed_file(empty, folder):
    assert empty.ctl("migrate", "--schema", folder).returncode == 0
    changed = next(folder.glob("001_*.sql"))
    changed.write_text(changed.read_text() + "-- later\n")
    refused = empty.ctl("migrate", "--schema", folder)
    assert refused.returncode == 1 and changed.name in one_line(refused.stderr)


def test_two_files_of_one_number_are_refused(empty, folder):
    (folder / "001_twin.sql").write_text("SELECT 1;\n")
    refused = empty.ctl("migrate", "--schema", folder)
    assert refused.returncode == 1 and "001_twin.sql" in one_line(refused.stderr)


def test_migrations_of_one_database_wait_for_each_other(empty):
    with contextlib.closing(empty.connect()) as other, other.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 48), '.migrate'), 1) AS locked")
        assert cursor.fetchone()["locked"] == 1
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waiting = pool.submit(empty.ctl, "migrate")
            time.sleep(0.3)
            assert not waiting.done()
            cursor.execute("SELECT RELEASE_LOCK(CONCAT(LEFT(DATABASE(), 48), '.migrate'))")
            assert waiting.result(timeout=120).returncode == 0


@pytest.mark.parametrize("program", [["frontrow"], ["frontrow", "--check"], ["frontrow-sweeper"]], ids=" ".join)
def test_programs_want_exactly_their_schema(empty, folder, program):
    missing = empty.program(*program)
    assert missing.returncode == 1 and "no schema yet" in one_line(missing.stderr)

    (folder / "900_newer.sql").write_text("CREATE TABLE newer (n INT);\n")
    assert empty.ctl("migrate", "--schema", folder).returncode == 0
    newer = empty.program(*program)
    assert newer.returncode == 1 and "version 900" in one_line(newer.stderr)

    last = versions(empty)[-2]
    empty.query("DELETE FROM schema_migrations WHERE version >= %s", last)
    older = empty.program(*program)
    assert older.returncode == 1 and f"older than this program: {last:03}_" in one_line(older.stderr)


def test_what_was_forgotten_is_run_again(empty, folder):
    assert empty.ctl("migrate").returncode == 0
    empty.query("DELETE FROM schema_migrations WHERE version > 1")
    assert empty.program("frontrow", "--check").returncode == 1
    assert empty.ctl("migrate").returncode == 0  # the statements of a file may be run again
    assert empty.program("frontrow", "--check").returncode == 0
    assert empty.program("frontrow-sweeper").returncode == 0


def test_with_mysql_away_the_schema_is_not_checked(empty):
    empty.environment["FRONTROW_MYSQL_SOCKET"] = "/nowhere/mysql.sock"
    checked = empty.program("frontrow", "--check")
    assert checked.returncode == 75 and "the schema was not checked" in checked.stderr


# ---- the demo


def test_demo_is_what_the_load_scripts_want(books):
    assert books.ctl("demo", "load").returncode == 0
    concerts = {row["concert_id"]: row for row in books.query("SELECT * FROM concert")}
    assert sorted(concerts) == [1, 2, 3, 4, 5]
    assert all(re.search("[가-힣].*[A-Za-z]", row["title"]) for row in concerts.values())
    assert [row["status"] for row in concerts.values()] == ["open", "open", "closed", "open", "open"]
    assert [row["admission_capacity"] for row in concerts.values()] == [None, 100, None, None, 100]
    ahead = books.query("SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP, opens_at) AS minutes FROM concert"
                        " WHERE concert_id = 5")
    assert 0 < ahead[0]["minutes"] < 48 * 60

    items = books.query(
        "SELECT i.concert_id, i.item_id, COUNT(*) AS seats, MIN(seat_no) AS first, MAX(seat_no) AS last,"
        " COUNT(DISTINCT section, row_name) AS row_count, COUNT(x) + COUNT(y) AS places,"
        " SUM(s.status = 'available') AS available, MIN(starts_at) > UTC_TIMESTAMP + INTERVAL 7 DAY AS ahead"
        " FROM item i JOIN seat s ON s.item_id = i.item_id GROUP BY i.item_id ORDER BY i.item_id")
    assert all(item["ahead"] and item["places"] == 2 * item["seats"] for item in items)
    assert [i["item_id"] for i in items if i["concert_id"] == 1] == list(range(1, 101))
    assert {(i["seats"], i["first"], i["last"]) for i in items if i["concert_id"] == 1} == {(50, 1, 50)}
    assert [(i["seats"], i["row_count"]) for i in items if i["concert_id"] == 2] == [(300, 15)] * 3
    assert [i["available"] for i in items if i["concert_id"] == 4] == [4, 4]
    assert books.ctl("audit").returncode == 0


def test_demo_is_loaded_only_into_an_empty_database(books):
    books.ctl("demo", "load")
    books.query("UPDATE concert SET title = 'Sold' WHERE concert_id = 1")
    again = books.ctl("demo", "load")
    assert again.returncode == 0 and "nothing was loaded" in again.stdout
    assert books.query("SELECT title FROM concert WHERE concert_id = 1")[0]["title"] == "Sold"


def test_reset_leaves_nothing_behind(books):
    books.query("INSERT INTO point VALUES ('somebody', 0, 0)")
    assert books.ctl("demo", "reset").returncode == 0
    tables = [next(iter(row.values())) for row in books.query("SHOW TABLES")]
    counts = {name: books.query(f"SELECT COUNT(*) AS n FROM {name}")[0]["n"] for name in tables}
    # A new table has to be emptied by demo.sql, and is then written down here.
    assert counts == {
        "audit_log": counts["audit_log"], "box_office_refund": 0, "box_office_sale": 0, "concert": 5, "concert_about": 0, "concert_draw": 0, "concert_draw_rank": 0,
        "concert_told": 0,
        "hall": 0, "hall_part": 0, "idempotency": 0, "imported_balance": 0, "imported_order": 0, "item": 107, "item_cancel": 0,
        "open_token": 0, "operator_key": 0, "outbox_event": 0, "payment": 48, "point": 48, "point_history": 96,
        "presale": 0, "presale_code": 0, "presale_slot": 0, "queue_token": 0,
        "refund_rule": 0, "reservation": 48, "reservation_seat": 192, "returned_seat": 0, "schema_migrations": len(versions(books)),
        "seat": 6450, "seat_quota": 48, "ticket": 0, "transfer": 0, "void_ticket": 0, "waitlist_entry": 0,
        "waitlist_return": 0, "webhook": 0, "webhook_delivery": 0,
    }


def test_reset_asks_before_it_deletes_what_is_not_the_demos(books):
    made = books.ctl("concert", "create", "-", stdin='{"title":"Ours","venue":"Here","items":[]}')
    assert made.returncode == 0, made.stderr
    refused = books.ctl("demo", "reset")
    assert refused.returncode == 1 and "--yes" in one_line(refused.stderr)
    assert len(books.query("SELECT 1 FROM concert")) == 6
    assert books.ctl("demo", "reset", "--yes").returncode == 0
    assert len(books.query("SELECT 1 FROM concert")) == 5
