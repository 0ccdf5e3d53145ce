"""The schema: migrations, the demo, and that no request reads a whole table."""

import re

import pytest

from books import Books

FILLED = 100_000
# Tables that grow with the sales. (concert and item are small, and lists of them are read whole.)
GROWING = {
    "seat", "reservation", "reservation_seat", "payment", "point", "point_history", "seat_quota",
    "queue_token", "open_token", "idempotency",
}
# What reads all there is, by its nature, and not for a request.
NOT_FOR_REQUESTS = {"audit_table", "demo", "migrate", "script"}

# A value for a placeholder, by what stands before it in the statement.
VALUES = [
    (r"user_id( [<>=]+)? $", "'user_7'"),
    (r"idempotency_key = $", "'key-8'"),
    (r"token = $", "UNHEX(MD5(7))"),
    (r"(expires_at|held_until|created_at|lease_until)( [<>=]+| BETWEEN) $", "UTC_TIMESTAMP(3)"),
    (r"BETWEEN UTC_TIMESTAMP\(3\) AND $", "UTC_TIMESTAMP(3)"),
    (r"(UTC_TIMESTAMP\(3\) \+ INTERVAL) $", "7"),
    (r"\bdate = $", "'2030-01-01'"),
    (r"LIMIT $", "20"),
    (r"concert_id = $", "2"),
    (r"(_id|_no|number) [<>=]+ $", "7"),
    (r"\bIN \($", "1"),
    (r"\d, $", "8"),  # of a list
    (r"\w = $", "1"),  # what an UPDATE sets
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
    return books


def statements(build):
    """The SQL of the programs: every text of mysql/ that reads or changes rows of a table."""
    for compiled in sorted((build / "fcgi-app/mysql").glob("*.o")):
        if compiled.stem in NOT_FOR_REQUESTS:
            continue
        for text in re.findall(rb"[\x20-\x7e]{8,}", compiled.read_bytes()):
            text = text.decode()
            if re.match(r"(SELECT|UPDATE|DELETE|INSERT INTO \w+ .*SELECT) .*\b(FROM|UPDATE|JOIN)? ?\w", text):
                yield compiled.stem, text


def with_values(sql):
    """The statement with a value for each placeholder."""
    parts = sql.split("?")
    whole = parts[0]
    for part in parts[1:]:
        value = next((value for before, value in VALUES if re.search(before, whole)), None)
        assert value, f"teach VALUES what stands here: {whole}?"
        whole += value + part
    return whole


def table_names(sql):
    """Alias -> table."""
    found = re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO) (\w+)(?: (?:AS )?(?!WHERE|SET|LEFT|JOIN|ON|FORCE|USE|GROUP|ORDER|FOR|UNION|LIMIT|VALUES)(\w+))?", sql)
    return {alias or table: table for table, alias in found}


def test_no_request_scans_a_growing_table(filled):
    scans = []
    tables = set()
    found = 0
    for file, sql in statements(filled.stack.build):
        named = table_names(sql)
        tables |= set(named.values())
        found += 1
        for row in filled.query("EXPLAIN " + with_values(sql)):
            table = named.get(row["table"], row["table"])
            if table in GROWING and row["type"] in ("ALL", "index"):
                scans.append(f"{file}: {row['type']} of {table}: {sql}")
    assert not scans, "\n".join(scans)
    assert tables >= GROWING, f"no statement was found for {GROWING - tables}"
    assert found > 30


def test_filled_books_are_right(filled):
    audit = filled.ctl("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr
