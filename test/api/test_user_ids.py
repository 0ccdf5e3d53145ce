"""userId: 1 to 128 of A-Z a-z 0-9 . _ @ + | : ~ = -, as identity providers hand them out."""

import concurrent.futures
import contextlib
import itertools
import shutil
import string
import time
from urllib.parse import quote

import pytest
from books import Books
from draw_helpers import Draw, entry_of
from helpers import (
    add_token, as_user, ask_pay, assert_problem, balance, charge, new_concert, ok, reserve,
)
from queue_helpers import Queue
from stack import ROOT, is_waiting, wait_for

ALLOWED = string.ascii_letters + string.digits + "._@+|:~=-"
LONGEST = 128
_numbers = itertools.count(1)


def unique(user):
    """The id with something of its own at its end, not longer than it may be."""
    end = f"{next(_numbers)}"
    return user[:LONGEST - len(end)] + end


USERS = [
    "auth0|5f7c1e0b2a90de006e", "google-oauth2|1047", "kim+x@example.com", "urn:user:7", "~kim", "a=b==", "|", ":",
    "+", "=", "~", "x" * LONGEST, ("|:+~=" * 26)[:LONGEST], ALLOWED,
]


@pytest.fixture(params=USERS, ids=str)
def user(request):
    return unique(request.param)


def query(user):
    return f"userId={quote(user, safe='')}"


@pytest.mark.parametrize("capacity", [None, 5], ids=["without a queue", "with a queue"])
def test_everything_that_a_user_does(stack, user, capacity):
    concert = new_concert(stack, capacity=capacity, max_seats=4)
    token = add_token(stack, user, concert)
    assert token["userId"] == user
    header = {"X-Queue-Token": token["token"]}
    assert ok(stack.get("/token", **header))["userId"] == user
    held = reserve(stack, user, concert, token=token["token"])
    given_back = reserve(stack, user, concert, token=token["token"])
    assert held["userId"] == user
    assert ok(stack.get(f"/reservation/{held['reservationId']}?{query(user)}"))["userId"] == user
    path = f"/reservation/{given_back['reservationId']}?{query(user)}"
    assert ok(stack.call("DELETE", path))["status"] == "cancelled"
    assert charge(stack, user, 1500)["userId"] == user
    assert ok(stack.post("/point/use", {"userId": user, "amount": 100}))["balance"] == 1400
    paid = ok(ask_pay(stack, user, held["reservationId"], token["token"], **{"Idempotency-Key": "pay"}))
    again = ask_pay(stack, user, held["reservationId"], token["token"], **{"Idempotency-Key": "pay"})
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (paid, "true")
    assert ok(stack.get(f"/payment?{query(user)}"))["payments"][0]["userId"] == user
    refunded = ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?{query(user)}"))
    assert (refunded["userId"], refunded["balance"]) == (user, 1400)
    assert len(ok(stack.get(f"/reservation?{query(user)}"))["reservations"]) == 2
    history = ok(stack.get(f"/point/history?{query(user)}"))["history"]
    assert [entry["kind"] for entry in history] == ["refund", "payment", "use", "charge"]
    assert ok(stack.get(f"/point?{query(user)}")) == {"userId": user, "balance": 1400}
    renewed = add_token(stack, user, concert)["token"]
    assert stack.call("DELETE", "/token", headers={"X-Queue-Token": renewed}).status == 204


def test_who_calls_by_a_gateway(gateway, user):
    """In the header; the userId of body or query must be the same."""
    me = as_user(user)
    assert ok(gateway.post("/point/charge", {"amount": 5}, **me))["userId"] == user
    assert ok(gateway.post("/point/charge", {"userId": user, "amount": 5}, **me))["balance"] == 10
    assert ok(gateway.get("/point", **me)) == ok(gateway.get(f"/point?{query(user)}", **me))
    assert_problem(gateway.get(f"/point?{query(user)}", **as_user(unique("somebody"))), "forbidden")
    other = user[:-1] + ("y" if user[-1] == "x" else "x")
    assert_problem(gateway.get(f"/point?{query(other)}", **me), "forbidden")


TOO_LONG = ["x" * (LONGEST + 1), ("|:+~=" * 30)[: LONGEST + 1], "x" * 5000]
NOT_ALLOWED = [c for c in map(chr, range(0x21, 0x7f)) if c not in ALLOWED]


@pytest.mark.parametrize("user", [*TOO_LONG, *(f"a{c}b" for c in NOT_ALLOWED), "a b", "ü", "가", "a\u00a0b"], ids=repr)
def test_what_is_none(stack, gateway, user):
    """In a body, in a query and in the gateway's header."""
    for path, body in (("/token/add", {"concertId": 1}), ("/point/charge", {"amount": 1}),
                       ("/reservation", {"concertId": 1, "itemId": 1, "seatId": 1}),
                       ("/payment", {"reservationId": 1})):
        assert_problem(stack.post(path, body | {"userId": user}), "invalid_field", field="userId")
    for path in ("/point", "/point/history", "/payment", "/reservation", "/reservation/1"):
        assert_problem(stack.get(f"{path}?{query(user)}"), "invalid_field", field="userId")
    assert_problem(stack.call("DELETE", f"/reservation/1?{query(user)}"), "invalid_field", field="userId")
    if len(user) < 5000:
        assert_problem(gateway.get("/point", **as_user(user.encode())), "unauthorized")


def test_a_plus_in_a_query_is_a_blank(stack):
    """As in a form. Other signs may stand there as they are."""
    assert_problem(stack.get("/point?userId=kim+x@example.com"), "invalid_field", field="userId")
    for user in ("kim|x:y~z", "=a=b=", "kim%2Bx@example.com"):
        assert ok(stack.get(f"/point?userId={user}"))["userId"] == user.replace("%2B", "+")


ALIKE = ["a|b", "a:b", "a+b", "a~b", "a=b", "a b".replace(" ", "."), "A|b", "a|B", "a||b", "a|b|"]


def test_each_is_somebody_else(stack):
    """No sign separates anything: purses, keys, tokens and numbers of a queue are each one's own."""
    queue = Queue.new(stack, 0)
    users = [f"{user}{next(_numbers):05}" for user in ALIKE]
    users += [user.replace("|", ":") for user in users if "|" in user]
    assert len(set(users)) == len(users)
    tickets = {user: queue.add(user) for user in users}
    assert [ticket["number"] for ticket in tickets.values()] == list(range(1, len(users) + 1))
    for amount, user in enumerate(users, 1):
        body, key = {"userId": user, "amount": amount}, {"Idempotency-Key": "a|b:c"}
        assert ok(stack.post("/point/charge", body, **key))["balance"] == amount
        assert queue.add(user)["token"] == tickets[user]["token"]
    assert [balance(stack, quote(user)) for user in users] == list(range(1, len(users) + 1))


def test_a_queue_that_is_lost_is_rebuilt_with_them(stack):
    queue = Queue.new(stack, 2)
    tickets = {user: queue.add(user) for user in map(unique, USERS)}
    stack.redis().flushall()
    for user, ticket in tickets.items():
        again = queue.add(user)
        assert (again["token"], again["number"]) == (ticket["token"], ticket["number"])
    assert {row["user_id"] for row in queue.rows().values()} == set(tickets)
    assert stack.ctl("queue", "rebuild", str(queue.id)).returncode == 0
    assert [queue.poll(ticket)["userId"] for ticket in tickets.values()] == list(tickets)


def test_a_queue_that_is_switched_on_takes_them_over(stack):
    """They come out of the other table, by their ids in order, in more than one part."""
    queue = Queue.new(stack, 1)
    queue.set(admission_capacity="NULL")
    tickets = {user: queue.add(user) for user in map(unique, USERS)}
    queue.set(admission_capacity="3")
    stack.redis().flushall()
    for user, ticket in tickets.items():
        assert queue.add(user)["token"] == ticket["token"]


def test_a_draw_with_them(stack):
    draw = Draw.new(stack, capacity=0)
    tickets = {user: draw.add(user) for user in map(unique, USERS)}
    draw.freeze()
    draw.finish("x")
    draw.open()
    ranks = draw.expected("x")
    assert len(ranks) == len(tickets)
    for user, ticket in tickets.items():
        shown = draw.poll(ticket)
        assert (shown["userId"], shown["number"]) == (user, ranks[entry_of(ticket)])


def test_what_an_operator_does(stack):
    """A cancelled concert gives them their points back, and what is old of it goes."""
    queue = Queue.new(stack, len(USERS), seats=len(USERS), max_seats=2)
    users = [unique(user) for user in USERS]
    for user in users:
        token = queue.add(user)["token"]
        held = reserve(stack, user, queue, token=token)
        charge(stack, user, 1000)
        ok(ask_pay(stack, user, held["reservationId"], token))
    cancelled = stack.ctl("concert", "cancel", str(queue.id))
    assert cancelled.returncode == 0, cancelled.stderr
    assert [balance(stack, quote(user)) for user in users] == [1000] * len(users)
    assert stack.sweeper().returncode == 0
    queue.start(queue.item)
    stack.query("UPDATE item SET starts_at = starts_at - INTERVAL 9 DAY WHERE concert_id = %s", queue.id)
    stack.query("UPDATE queue_token SET created_at = created_at - INTERVAL 9 DAY WHERE concert_id = %s", queue.id)
    assert stack.ctl("prune", "--tokens-days", "1").returncode == 0
    left = "SELECT COUNT(*) AS n FROM {} WHERE concert_id = %s"
    rows = [stack.query(left.format(table), queue.id)[0]["n"] for table in ("queue_token", "seat_quota")]
    assert rows == [1, 0]  # the last number stays
    stack.check_books()


# ---- the columns

COLUMNS = {"idempotency", "open_token", "payment", "point", "point_history", "queue_token", "reservation", "seat_quota"}


def widths(books):
    rows = books.query(
        "SELECT table_name AS name, character_maximum_length AS width, character_set_name AS charset,"
        " collation_name AS collation, is_nullable AS nullable FROM information_schema.columns"
        " WHERE table_schema = %s AND column_name = 'user_id'", books.name,
    )
    return {row.pop("name"): tuple(row.values()) for row in rows}


def table_ids(books):
    """What InnoDB knows the tables by: one that is copied gets another."""
    server = books.query("SELECT VERSION() AS version")[0]["version"]
    view = "INNODB_SYS_TABLES" if "MariaDB" in server else "INNODB_TABLES"
    rows = books.query(f"SELECT NAME AS name, TABLE_ID AS id FROM information_schema.{view} WHERE NAME LIKE %s",
                       f"{books.name}/%")
    return {row["name"].partition("/")[2]: row["id"] for row in rows}


WIDENED = "*_user_ids.sql"


def migrations(path, last):
    """A copy of the migrations up to this one."""
    shutil.copytree(ROOT / "schema", path)
    for file in path.glob("[0-9]*.sql"):
        if file.name > last:
            file.unlink()
    return path


@pytest.fixture
def wide(tmp_path):
    """The migrations up to the one that widens the columns."""
    return migrations(tmp_path / "wide", next((ROOT / "schema").glob(WIDENED)).name)


@pytest.fixture
def narrow(stack, tmp_path):
    """A filled database as it was before the columns were widened."""
    books = Books(stack, "books_narrow")
    before = migrations(tmp_path / "narrow", next((ROOT / "schema").glob(WIDENED)).name[:3])
    assert books.ctl("migrate", "--schema", before).returncode == 0
    books.fill(1000)
    assert {width for width, *_ in widths(books).values()} == {64}
    return books


def test_columns_are_widened_in_place(narrow, wide):
    """No table is copied, and it may be run again."""
    before, sums = table_ids(narrow), checksums(narrow)
    migrated = narrow.ctl("migrate", "--schema", wide)
    assert migrated.returncode == 0, migrated.stderr
    assert widths(narrow) == {name: (LONGEST, "ascii", "ascii_bin", "NO") for name in COLUMNS}
    narrow.query("DELETE FROM schema_migrations ORDER BY version DESC LIMIT 1")
    assert narrow.ctl("migrate", "--schema", wide).returncode == 0
    after = table_ids(narrow)
    assert {name: after[name] for name in COLUMNS} == {name: before[name] for name in COLUMNS}
    assert checksums(narrow) == sums
    narrow.query("INSERT INTO point (user_id) VALUES (%s)", "x" * LONGEST)
    assert narrow.ctl("migrate").returncode == 0
    assert narrow.program("frontrow", "--check").returncode == 0


def test_widening_gives_way(narrow, wide):
    """To whoever has a table in a long transaction: others wait behind that for a second or so."""
    with contextlib.closing(narrow.connect()) as slow, contextlib.closing(narrow.connect()) as buyer:
        slow.begin()
        slow.cursor().execute("SELECT COUNT(*) FROM point")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            migrating = pool.submit(narrow.ctl, "migrate", "--schema", wide)
            wait_for(lambda: migrating.done() or is_waiting(narrow.stack, "Waiting for table metadata", ""))
            asked = time.monotonic()
            buyer.cursor().execute("UPDATE point SET balance = balance + 1 WHERE user_id = 'user_1'")
            assert time.monotonic() - asked < 3
            slow.commit()
            again = migrating.result().returncode == 0 or narrow.ctl("migrate", "--schema", wide)
            assert again is True or again.returncode == 0
    assert set(widths(narrow).values()) == {(LONGEST, "ascii", "ascii_bin", "NO")}


def checksums(books):
    rows = books.query("CHECKSUM TABLE " + ", ".join(sorted(COLUMNS)))
    return [row["Checksum"] for row in rows]
