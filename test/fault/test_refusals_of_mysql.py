"""What MySQL, its relatives and proxies may refuse, and what a client hears of it.

The errors are put in by a proxy before a real server; what a server here says by itself is asked of it.
"""

import contextlib
import re
import time

import pytest
from booking import Hall, hold
from refuser import MysqlRefuser, mysql_error
from stack import ROOT, UNHURRIED, wait_for

# The numbers by what they mean; fcgi-app/mysql/refusal_list.h has the same, docs/engines.md what they are.
RETRY = [1020, 1205, 1206, 1213, 1297, 1412, 1613, 1614, 3058, 3101, 3572, 8002, 8005, 8022, 8028, 9007]
RETRY_ANEW = [1046, 1180, 1243, 1615]
LATER = [
    167, 1021, 1037, 1038, 1041, 1114, 1194, 1195, 1197, 1203, 1226, 1317, 1461, 1467, 1637, 3170,
]
TOO_LONG = [1969, 3024]
ELSEWHERE = [
    1026, 1030, 1036, 1040, 1044, 1045, 1047, 1049, 1053, 1077, 1078, 1079, 1080, 1105, 1129, 1130, 1142, 1143,
    1152, 1153, 1158, 1159, 1160, 1161, 1184, 1227, 1290, 1370, 1598, 1665, 1698, 1792, 1820, 1836, 1862, 1927,
    3032, 3100, 3118, 3168, 3169, 3796, 3797, 3798, 3799, 3989, 4031, 4082,
]
OF_TIDB = [8001, 8004, 8027, 8175, 9001, 9002, 9003, 9004, 9005]
OURS = [
    1048, 1050, 1051, 1052, 1054, 1055, 1060, 1061, 1064, 1065, 1068, 1071, 1072, 1075, 1091, 1093, 1109, 1111,
    1115, 1118, 1136, 1140, 1146, 1149, 1193, 1210, 1215, 1216, 1217, 1222, 1231, 1232, 1241, 1242, 1253, 1264,
    1265, 1267, 1271, 1273, 1292, 1295, 1305, 1364, 1366, 1367, 1390, 1406, 1411, 1451, 1452, 1568, 1582, 1690,
    1826, 1845, 1846, 3780, 3819, 4025,
]
UNKNOWN = [999, 1999, 3999, 7777, 65000]

READ = "SELECT balance FROM point"
WRITE = "INSERT INTO point_history"
LOCK = "SELECT balance, "


@pytest.fixture(scope="module")
def lone(new_stack):
    """A stack with one worker, so that the next call meets the connection of the last one, and with time for a new
    one on a busy machine."""
    return new_stack(workers=1, **UNHURRIED)


@pytest.fixture(scope="module")
def proxy(lone):
    with MysqlRefuser(lone) as proxy:
        yield proxy
    lone.check_books()


@pytest.fixture
def refuser(proxy):
    """The proxy, with a connection behind it that was used before."""
    proxy.pass_on()
    wait_for(lambda: balance(proxy.stack) is not None)
    yield proxy
    proxy.pass_on()


def balance(stack, user="refused"):
    answer = stack.get(f"/point?userId={user}")
    return answer.json()["balance"] if answer.status == 200 else None


def charge(stack, **headers):
    return stack.call("POST", "/point/charge", {"userId": "refused", "amount": 1}, headers)


def test_no_number_is_left_out():
    """Each one that the program knows is made here, as what it is there. (What the client library says of its
    use it takes from no server.)"""
    text = (ROOT / "fcgi-app/mysql/refusal_list.h").read_text()
    known = {(int(number), kind) for number, kind in re.findall(r"ROW\((\d+), (\w+)\)", text)
             if kind != "MISUSE"}
    kinds = {"RETRY": RETRY, "RETRY_ANEW": RETRY_ANEW, "LATER": LATER, "ELSEWHERE": ELSEWHERE, "OURS": OURS,
             "TOO_LONG": TOO_LONG, "DUPLICATE": [1062]}
    assert known == {(number, kind) for kind, numbers in kinds.items() for number in numbers}


def read_and_charge(refuser, number):
    """The answers where the statement of each is refused, and nothing happened."""
    before = balance(refuser.stack)
    refuser.refuse(mysql_error(number), READ)
    read = refuser.stack.get("/point?userId=refused")
    refuser.refuse(mysql_error(number), WRITE)
    charged = charge(refuser.stack)
    refuser.pass_on()
    assert balance(refuser.stack) == before
    return read, charged


@pytest.mark.parametrize("number", [*LATER, *TOO_LONG, *ELSEWHERE, *OF_TIDB, *UNKNOWN])
def test_not_now(refuser, number):
    """A refusal that is not known to be our mistake is a 503 that promises that nothing happened."""
    for answer in read_and_charge(refuser, number):
        assert (answer.status, answer.code) == (503, "mysql_unavailable")
        assert answer.headers["Retry-After"] in ("1", "2", "3")


@pytest.mark.parametrize("number", TOO_LONG)
def test_what_an_operator_reads_takes_too_long(refuser, number):
    """It is ended as we wanted it, and the connection stays; the operator is told."""
    stack, routes = refuser.stack, ("/admin/log", "/admin/reservation", "/admin/user/refused", "/admin/concert/1",
                                    "/admin/concert", "/admin/concert/1/export?what=orders")
    for route in routes:
        assert stack.get(route, **stack.admin_headers()).status == 200
    known = len(refuser.pairs)
    for route in routes:
        refuser.refuse(mysql_error(number), "SELECT ")
        answer = stack.get(route, **stack.admin_headers())
        assert (answer.status, answer.code) == (503, "mysql_unavailable"), route
        assert "took too long" in answer.json()["detail"] and refuser.refused.total() == 1, route
    refuser.pass_on()
    assert all(stack.get(route, **stack.admin_headers()).status == 200 for route in routes)
    assert len(refuser.pairs) == known


@pytest.mark.parametrize("number", [*RETRY, *RETRY_ANEW])
def test_again(refuser, number):
    """What may be run again is, for some times."""
    before = balance(refuser.stack)
    for statement in (READ, LOCK if number in RETRY_ANEW else WRITE, "COMMIT"):
        refuser.refuse(mysql_error(number), statement, times=1)
        assert charge(refuser.stack).status == 200
        assert statement == READ or refuser.refused.total() == 1
    refuser.refuse(mysql_error(number), READ, times=1)
    assert balance(refuser.stack) == before + 3
    assert refuser.refused.total() == 1
    refuser.refuse(mysql_error(number), WRITE)
    answer = charge(refuser.stack)
    assert (answer.status, answer.code) == (503, "busy")
    refuser.pass_on()
    assert balance(refuser.stack) == before + 3


def test_a_lost_transaction_is_never_gone_on_with(refuser):
    """A server that has rolled back (1213) says so at the next statement, whichever that is, and would carry out what
    follows outside of the transaction. So ROLLBACK follows, wherever in a purchase that is, and all is run again."""
    stack = refuser.stack
    hall = Hall(stack, items=1, seats=300)
    sessions = set()  # of transactions

    def refuse_at(wanted):
        """The `wanted`-th statement of transactions loses; what is sent behind it."""
        lost, behind, count = None, [], 0

        def rule(pair, statement):
            nonlocal lost, count
            if statement == "COMMIT":
                sessions.add(pair)
            if pair is lost and not behind:
                behind.append(statement)
            if pair not in sessions or statement in ("COMMIT", "ROLLBACK"):
                return None
            count += 1
            if count != wanted:
                return None
            lost = pair
            return mysql_error(1213)

        refuser.rule = rule
        return behind

    def purchase(number):
        user = f"lost-{hall.id}-{number}"
        assert stack.post("/point/charge", {"userId": user, "amount": 5000}).status == 200
        entered = stack.post("/token/add", {"userId": user, "concertId": hall.id})
        assert entered.status == 200, entered
        token = {"X-Queue-Token": entered.json()["token"]}
        body = {"userId": user, "concertId": hall.id, "itemId": hall.last, "count": 1}
        held = stack.call("POST", "/reservation", body, token)
        assert held.status == 200, held
        reservation = held.json()["reservationId"]
        assert stack.call("POST", "/payment", {"userId": user, "reservationId": reservation}, token).status == 200
        assert stack.call("DELETE", f"/reservation/{reservation}?userId={user}").status == 200
        refuser.pass_on()
        assert balance(stack, user) == 5000

    refuse_at(0)
    purchase(0)  # to know the session of transactions
    for number in range(1, 200):
        behind = refuse_at(number)
        purchase(number)
        if not behind:
            break
        assert behind == ["ROLLBACK"], number
    assert number > 15, "so many statements, at least, have the transactions of a purchase"


@pytest.mark.parametrize("number", OURS)
def test_ours(refuser, number):
    """What is known to be a mistake of ours is a 500."""
    for answer in read_and_charge(refuser, number):
        assert (answer.status, answer.code) == (500, "internal_error")


@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("number", [1180, 1290, 1047, 1021, 3100, 2013, 1064, 7777, 8501])
@pytest.mark.parametrize("key", [None, "key"])
def test_at_the_commit(refuser, number, carried_out, key):
    """Such an error may come before or after the COMMIT was carried out: it is looked up."""
    before = balance(refuser.stack)
    headers = {"Idempotency-Key": f"{number}-{carried_out}"} if key else {}
    refuser.refuse(mysql_error(number), "COMMIT", times=1)
    refuser.carried_out = carried_out
    assert charge(refuser.stack, **headers).status == 200
    assert refuser.refused.total() == 1
    assert balance(refuser.stack) == before + 1


@pytest.mark.parametrize("number", [4031, 2006, 1927, 1053, 7777])
def test_the_first_call_of_the_morning(refuser, number):
    """The server has ended the session while it was idle, and says so at the next statement."""
    stack, used = refuser.stack, set(refuser.pairs)
    hall = Hall(stack, items=1, seats=10)
    body, _ = hold(hall, f"early-{hall.id}-{number}")

    def first():
        """To a session that was there, the error at whatever comes first."""
        seen = set()
        used.update(refuser.pairs)

        def rule(pair, _):
            if pair not in used or pair in seen:
                return None
            seen.add(pair)
            return mysql_error(number)

        refuser.rule = rule
        return seen

    for call in (
        lambda: stack.get("/point?userId=refused"),
        lambda: stack.get(f"/concert/{hall.id}?"),
        lambda: charge(stack),
        lambda: charge(stack, **{"Idempotency-Key": f"early-{hall.id}-{number}"}),
        lambda: stack.post("/token/add", {"userId": "early", "concertId": hall.id}),
        lambda: stack.post(
            "/reservation", {"userId": "early", "concertId": hall.id, "itemId": hall.last, "count": 1}
        ),
        lambda: stack.post("/payment", body),
    ):
        seen = first()
        answer = call()
        assert answer.status == 200, answer
        assert len(seen) in (1, 2)  # a worker has a session for single statements and one for transactions


def test_which_connections_are_closed(refuser):
    """Where another server may be at the address the next call connects anew; where it would only cost
    more, the connection is kept."""
    stack = refuser.stack
    for number, anew in [(1290, 1), (1047, 1), (1243, 1), (1114, 0), (1461, 0), (1226, 0), (1213, 0), (1064, 0)]:
        charge(stack)
        known = len(refuser.pairs)
        refuser.refuse(mysql_error(number), WRITE, times=1)
        charge(stack)
        refuser.pass_on()
        assert charge(stack).status == 200
        assert len(refuser.pairs) - known == anew, number


def test_what_is_not_known_is_told(refuser):
    """Once a minute in the log, with its number, and each time in a metric, which stays small."""
    stack = refuser.stack

    def counted():
        lines = re.findall(
            r'^frontrow_unknown_refusals_total{dependency="mysql",refusal="(\w+)"} (\d+)$',
            stack.get("/metrics").body.decode(), re.MULTILINE,
        )
        assert len(lines) == len(dict(lines))
        return {name: int(count) for name, count in lines}

    refuser.refuse(mysql_error(5678, "something new"), WRITE)
    for _ in range(5):
        assert charge(stack).code == "mysql_unavailable"
    assert counted()["5678"] == 5
    said = [line for line in stack.log("frontrow").read_text().splitlines() if "error 5678" in line]
    assert len(said) == 1 and "something new" in said[0]
    for number in range(6000, 6030):
        refuser.refuse(mysql_error(number), WRITE)
        assert charge(stack).code == "mysql_unavailable"
    counts = counted()
    assert len(counts) == 17 and counts["other"] > 10
    refuser.refuse(mysql_error(1290), WRITE)
    assert charge(stack).code == "mysql_unavailable" and counted() == counts


@pytest.mark.parametrize("text", [
    "Duplicate entry '2147483647' for key 'PRIMARY'",
    "Duplicate entry '9223372036854775807' for key 'point_history.PRIMARY'",
])
def test_the_last_number(refuser, text):
    """When the numbers of a column end MySQL gives the last one once more: no bug of ours."""
    refuser.refuse(mysql_error(1062, text), WRITE)
    assert charge(refuser.stack).code == "mysql_unavailable"
    refuser.refuse(mysql_error(1062, "Duplicate entry '7-charge' for key 'history_of_reservation'"), WRITE)
    assert charge(refuser.stack).code == "internal_error"


def test_a_connect_that_is_refused(refuser):
    """Whatever the server says while the session is set up, it cannot be used now."""
    stack = refuser.stack
    for number in (1193, 1064, 1820, 7777):
        refuser.refuse(mysql_error(1290), READ, times=1)
        refuser.stack.get("/point?userId=refused")  # closes it
        refuser.refuse(mysql_error(number), "SET NAMES")
        refuser.end_connections()
        wait_for(lambda: stack.get("/point?userId=refused").status != 200)
        assert stack.get("/point?userId=refused").code == "mysql_unavailable"
        refuser.pass_on()
        wait_for(lambda: balance(stack) is not None)


def ready(stack):
    answer = stack.get("/health/ready")
    return answer.status, answer.json()["dependencies"]["mysql"]["status"]


@pytest.mark.parametrize("statement, number", [
    ("SELECT", 1047),  # Galera without a quorum
    ("INSERT INTO idempotency", 1290),  # super_read_only
    ("COMMIT", 3100),  # Group Replication's hook
])
def test_readiness_asks_what_a_sale_asks(refuser, statement, number):
    stack = refuser.stack
    wait_for(lambda: ready(stack) == (200, "up"))
    refuser.refuse(mysql_error(number), statement)
    wait_for(lambda: ready(stack) == (503, "down"), 5)
    refuser.pass_on()
    wait_for(lambda: ready(stack) == (200, "up"), 5)
    assert stack.query("SELECT COUNT(*) AS n FROM idempotency WHERE user_id = ''") == [{"n": 0}]


# ---- what the server here says by itself


def test_a_read_only_server_is_not_ready(whole):
    """Reads go on all the same."""
    with contextlib.closing(whole.new_client()) as client:
        whole.query("SET GLOBAL read_only = ON")
        try:
            wait_for(lambda: client.get("/health/ready").status == 503, 5)
            assert client.get("/point?userId=nobody").status == 200
        finally:
            whole.query("SET GLOBAL read_only = OFF")
        wait_for(lambda: client.get("/health/ready").status == 200, 5)


def test_idle_for_longer_than_the_server_waits(whole):
    """Sessions that the server has ended meanwhile cost nobody an answer."""
    hall = Hall(whole, items=1, seats=200)
    whole.query("SET GLOBAL wait_timeout = 1")
    try:
        with contextlib.closing(whole.mysql()) as other, other.cursor() as cursor:
            cursor.execute("SET wait_timeout = 600")
            whole.script("restart", "frontrow")  # sessions take it when they begin
            wait_for(lambda: whole.new_client().get("/health/ready").status == 200)
            for round_ in range(4):
                for number in range(40):
                    user = f"idle-{round_}-{number}"
                    body = {"userId": user, "concertId": hall.id}
                    assert whole.post("/point/charge", {"userId": user, "amount": 1}).status == 200
                    assert whole.get(f"/point?userId={user}").status == 200
                    held = whole.post("/reservation", body | {"itemId": hall.last, "count": 1})
                    assert held.status == 200, held
                time.sleep(2)
            cursor.execute("SHOW PROCESSLIST")
            assert not [row for row in cursor.fetchall() if row["User"] == "frontrow"], "none was ended"
    finally:
        whole.query("SET GLOBAL wait_timeout = 28800")
        whole.script("restart", "frontrow")
