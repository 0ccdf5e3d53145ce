"""What the server's settings do to our sessions: nothing. And servers whose settings are not taken."""

import concurrent.futures
import contextlib
import re
import shutil
import threading
import time

import pytest
from helpers import balance, buy, charge, new_concert, new_user, ok
from servers import MARIADBD, TwoNames
from stack import ROOT, configured, wait_for

TITLE = "봄의 노래, Frühling 🎫"
DAY = {"date": "2031-05-01", "startsAt": "2031-05-01T19:30:00+09:00", "seats": [{"from": 1, "to": 4, "price": 1000}]}

# What somebody may have put there: for all sessions but those of users with SUPER, which ours is not.
INIT_CONNECT = (
    "SET NAMES latin1, SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT', time_zone = '+09:00', autocommit = 0,"
    " completion_type = 1, sql_select_limit = 1, sql_safe_updates = 1, sql_auto_is_null = 1, foreign_key_checks = 0,"
    " unique_checks = 0, innodb_lock_wait_timeout = 50, {isolation} = 'SERIALIZABLE', {read_only} = 1, {limit}"
)
MARIADB = {"isolation": "tx_isolation", "read_only": "tx_read_only", "limit": "max_statement_time = 0.3"}
MYSQL = {
    "isolation": "transaction_isolation", "read_only": "transaction_read_only", "limit": "max_execution_time = 300",
}


@pytest.fixture(scope="module")
def spiteful(new_stack):
    private = new_stack()
    version = private.query("SELECT VERSION() AS version")[0]["version"]
    names = MARIADB if "MariaDB" in version else MYSQL
    # MariaDB logs the values of statements that were prepared while it logged
    log = ("general_log = ON", "log_output = TABLE")
    with configured(private, *log, f'init_connect = "{INIT_CONNECT.format(**names)}"'):
        wait_for(lambda: private.get("/point?userId=anybody").status == 200)
        yield private
        private.check_books()


def admin(stack, method, path, body, status=200):
    answer = stack.call(method, path, body, stack.admin_headers())
    assert answer.status == status, answer
    return answer.json()


def stored(stack, concert_id):
    return stack.query("SELECT * FROM concert WHERE concert_id = %s", concert_id)[0]


def test_titles_stay_what_they_are(spiteful):
    """Read, written and read back in the character set that is ours, whatever the server would have."""
    body = {"title": TITLE, "venue": TITLE, "status": "open", "items": [DAY]}
    number = admin(spiteful, "POST", "/admin/concert", body)["concertId"]
    assert stored(spiteful, number)["title"] == TITLE
    changed = admin(spiteful, "PATCH", f"/admin/concert/{number}", {"paused": True})
    assert (changed["title"], changed["venue"]) == (TITLE, TITLE)
    assert ok(spiteful.get(f"/concert/{number}"))["title"] == TITLE
    assert stored(spiteful, number)["title"] == stored(spiteful, number)["venue"] == TITLE


def test_sales_go_on(spiteful):
    """With whole lists, transactions that commit, and times that are UTC."""
    hall, user = new_concert(spiteful), new_user()
    before = time.time()
    for _ in range(2):
        charge(spiteful, user, 1)
        buy(spiteful, user, hall)
    history = ok(spiteful.get(f"/point/history?userId={user}"))["history"]
    assert sorted(row["kind"] for row in history) == ["charge"] * 4 + ["payment"] * 2
    assert spiteful.query("SELECT COUNT(*) AS n FROM payment WHERE user_id = %s", user) == [{"n": 2}]
    times = spiteful.query("SELECT UNIX_TIMESTAMP(MAX(created_at)) AS t FROM point_history WHERE user_id = %s", user)
    assert before - 60 < times[0]["t"] < time.time() + 60


def test_a_lock_is_waited_for_as_we_say(spiteful):
    """Longer than the server would let a statement take."""
    user = new_user()
    charge(spiteful, user, 1)
    with contextlib.closing(spiteful.mysql()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM point WHERE user_id = %s FOR UPDATE", (user,))
        release = threading.Timer(1.2, other.commit)
        release.start()
        try:
            charge(spiteful, user, 1)
        finally:
            release.join()
    assert balance(spiteful, user) == 2


@pytest.mark.parametrize("body, columns", [
    ({"title": "New"}, {"title"}),
    ({"title": "New"}, set()),  # as it is already
    ({"paused": True}, {"paused", "line_version"}),
    ({"admissionCapacity": 5, "maxWaiting": 70}, {"admission_capacity", "max_waiting", "line_version", "line_since"}),
    ({"opensAt": "2030-01-01T00:00:00Z", "closesAt": "2030-02-01T00:00:00Z"}, {"opens_at", "closes_at", "line_version"}),
    ({"opensAt": "2031-01-01T00:00:00Z", "closesAt": "2031-02-01T00:00:00Z"}, {"opens_at", "closes_at", "line_version"}),
    ({"status": "open", "closesAt": None}, {"status", "closes_at", "line_version"}),
    ({"holdSeconds": 60, "maxSeatsPerUser": 3}, {"hold_seconds", "max_seats_per_user"}),
])
def test_a_change_writes_what_it_names(spiteful, lasting, body, columns):
    """Nothing else of the row is written back: what another one has read wrongly stays as it is."""
    before = stored(spiteful, lasting)
    spiteful.query("TRUNCATE mysql.general_log")
    admin(spiteful, "PATCH", f"/admin/concert/{lasting}", body)
    (update,) = spiteful.query(
        "SELECT CONVERT(argument USING utf8mb4) AS sql_ FROM mysql.general_log"
        " WHERE command_type = 'Execute' AND argument LIKE 'UPDATE concert SET%%'"
    )
    values = dict(re.findall(r"(\w+) = IF\((.*?), \w+(?: \+ 0)?\)", update["sql_"]))
    assert {name for name, value in values.items() if value.startswith("1")} == columns
    assert {value.replace(" ", "") for name, value in values.items() if name not in columns} == {"0,NULL"}
    after = stored(spiteful, lasting)
    assert {name for name in after if after[name] != before[name]} == columns


@pytest.fixture(scope="module")
def lasting(spiteful):
    body = {"title": TITLE, "venue": "Hall", "items": [DAY]}
    return admin(spiteful, "POST", "/admin/concert", body)["concertId"]


def refused_by(private, word):
    """That MySQL is not used, that --check says why in one line, and the log too."""
    answer = private.new_client().get("/point?userId=anybody")
    check = private.program("frontrow", "--check")
    said = [line for line in check.stderr.splitlines() if line.startswith("frontrow: ")]
    assert (answer.status, answer.code) == (503, "mysql_unavailable")
    assert check.returncode == 1 and len(said) == 1 and word in said[0], check
    assert word in private.log("frontrow").read_text()


def test_a_log_of_statements(new_stack):
    """It does not go with READ COMMITTED: the first sale would be refused, and so the server is."""
    private = new_stack()
    logged = ("log-bin = log", "server-id = 1")
    with configured(private, *logged, "binlog_format = STATEMENT"):
        refused_by(private, "binlog_format")
    for format_ in ("ROW", "MIXED"):
        with configured(private, *logged, f"binlog_format = {format_}"):
            assert private.program("frontrow", "--check").returncode == 0
            charge(private, new_user(), 1)
    with configured(private, "sysdate-is-now"):
        refused_by(private, "sysdate-is-now")


@pytest.fixture(scope="module")
def miscounted(new_stack):
    """Statistics as MariaDB 11.8 has them while it counts a table anew: no index tells rows apart."""
    private = new_stack()
    with contextlib.closing(private.mysql()) as connection, connection.cursor() as cursor:
        for statement in (
            "INSERT INTO reservation (reservation_id, user_id, concert_id, item_id, status, seat_count, total_price,"
            " created_at, expires_at) SELECT 100000 + item_id * 1000 + seat_no, 'old', 1, item_id, 'cancelled', 1, price,"
            " UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 1 SECOND FROM seat",
            "INSERT INTO reservation_seat SELECT 100000 + item_id * 1000 + seat_no, seat_no, price FROM seat",
            "ANALYZE TABLE concert, item, seat, reservation, reservation_seat, queue_token, payment",
            "UPDATE mysql.innodb_index_stats SET stat_value = 1"
            " WHERE stat_name LIKE 'n\\_diff%' AND database_name = 'frontrow'",
        ):
            cursor.execute(statement)
        connection.commit()
    with private.without("mysql"):
        pass  # it reads the statistics when it starts
    wait_for(lambda: private.get("/point?userId=anybody").status == 200)
    return private


def test_no_table_is_read_as_a_whole(miscounted):
    """By that each item was compared with each seat, and a list took seconds."""
    stack = miscounted
    user, concert = new_user(), new_concert(stack)

    def read():
        return int(stack.query("SHOW GLOBAL STATUS LIKE 'Handler_read_rnd_next'")[0]["Value"])

    def bought_and_given_back():
        held, _ = buy(stack, user, concert)
        ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))

    seats = stack.query("SELECT COUNT(*) AS n FROM seat")[0]["n"]
    steps = {
        "list": lambda: ok(stack.fresh("/concert")),
        "concert": lambda: ok(stack.fresh("/concert/1")),
        "items": lambda: ok(stack.fresh("/concert/1/item")),
        "seats": lambda: ok(stack.fresh("/concert/1/item/1/seat")),
        "sales": lambda: admin(stack, "GET", "/admin/concert/1", None),
        "purchase": bought_and_given_back,
        "reservations": lambda: ok(stack.get(f"/reservation?userId={user}")),
        "payments": lambda: ok(stack.get(f"/payment?userId={user}")),
    }
    reads = {}
    for name, step in steps.items():
        before = read()
        step()
        reads[name] = read() - before
    assert max(reads.values()) < seats / 2, reads


def test_the_check_names_the_servers(stack):
    said = stack.program("frontrow", "--check").stderr
    version = stack.query("SELECT VERSION() AS version")[0]["version"]
    assert f"MySQL is {'' if 'MariaDB' in version else 'MySQL '}{version}" in said
    assert re.search(r"Redis is (Redis|Valkey) \d+\.\d+\.\d+", said)


def test_a_migration_keeps_its_lock_while_the_lock_s_connection_is_idle(tmp_path):
    """With several servers it has one of its own at each, which does nothing until the end."""
    if not MARIADBD:
        pytest.skip("MySQL has one address")
    folder = shutil.copytree(ROOT / "schema", tmp_path / "schema")
    (folder / "900_slow.sql").write_text("DO SLEEP(10);\n")
    stack = TwoNames()
    try:
        stack.start().server.query("SET GLOBAL wait_timeout = 2")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            migrating = pool.submit(stack.ctl, "migrate", "--schema", folder)
            wait_for(lambda: any("SLEEP(10)" in (row["Info"] or "") for row in stack.server.query("SHOW PROCESSLIST")))
            time.sleep(5)
            (lock,) = stack.server.query("SELECT IS_USED_LOCK('frontrow.migrate') AS owner")
            assert lock["owner"] is not None and not migrating.done()
            assert migrating.result(120).returncode == 0
    finally:
        stack.stop()
