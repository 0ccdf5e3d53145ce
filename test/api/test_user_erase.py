"""frontrowctl user erase: the books stay, and the name is nowhere any more."""

import concurrent.futures
import re

import pytest
from helpers import add_token, age_hold, balance, buy, charge, new_concert, new_user, ok, reserve

pytestmark = pytest.mark.usefixtures("audited")
# Columns that are called like one of a user and have no user's id.
OTHERS = {"max_seats_per_user"}


def texts(stack):
    """(table, column) of all that may hold a name."""
    rows = stack.query("SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE()"
                       " AND data_type IN ('char', 'varchar', 'text', 'tinytext', 'mediumtext', 'longtext', 'blob', 'tinyblob',"
                       " 'mediumblob', 'longblob', 'binary', 'varbinary', 'json')")
    return {(row["t"], row["c"]) for row in rows}


def places(stack, name):
    """(table, column) of all that hold this name."""
    return {(table, column) for table, column in texts(stack)
            if stack.query(f"SELECT COUNT(*) AS n FROM {table} WHERE LOCATE(%s, {column}) > 0", name)[0]["n"]}


def columns_of_users(stack):
    rows = stack.query("SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE()"
                       " AND column_name LIKE '%%user%%'")
    return {(row["t"], row["c"]) for row in rows if row["c"] not in OTHERS}


def in_redis(stack, name):
    redis = stack.redis(decode_responses=False)
    return [key for key in redis.scan_iter(count=1000) if name.encode() in (redis.dump(key) or b"")]


class Customer:
    """A user with all that a user can have, in a name that is part of no other one."""

    def __init__(self, stack):
        self.stack, self.name = stack, new_user("gone_~") + "_"
        self.plain = new_concert(stack, price=100, max_seats=None, seats=40)
        self.queued, self.limited = new_concert(stack, capacity=0), new_concert(stack, max_seats=8, price=100)
        key = {"Idempotency-Key": new_user("key")}
        ok(stack.post("/point/charge", {"userId": self.name, "amount": 50}, **key))
        ok(stack.post("/admin/point", {"userId": self.name, "amount": 5, "reason": "A gift"}, **stack.admin_headers(), **key))
        self.paid, _ = buy(stack, self.name, self.limited, item=self.limited.item, seats=[1, 2])
        back, _ = buy(stack, self.name, self.limited, item=self.limited.item, seats=[3])
        ok(stack.call("DELETE", f"/reservation/{back['reservationId']}?userId={self.encoded()}"))
        ok(stack.post("/admin/reservation", {"userId": self.name, "concertId": self.plain.id, "itemId": self.plain.item,
                                             "seatIds": [20], "method": "guest"}, **stack.admin_headers()))
        self.token = add_token(stack, self.name, self.queued)["token"]
        self.held = reserve(stack, self.name, self.limited, self.limited.item, [5])
        lapsed = reserve(stack, self.name, self.limited, self.limited.item, [6])
        age_hold(stack, lapsed["reservationId"], 301)
        stack.query("INSERT INTO outbox_event (kind, concert_id, user_id, occurred_at)"  # there are no webhooks here
                    " VALUES ('reservation.held', %s, %s, UTC_TIMESTAMP(3))", self.limited.id, self.name)

        purses = stack.var / "purses.csv"
        purses.write_text(f"userId,amount\n{self.name},7\n")
        assert stack.ctl("import", "balances", purses, "--write").returncode == 0
        stack.query("INSERT INTO presale_code (presale_id, code_hash, user_id) VALUES (0, UNHEX(SHA2(%s, 256)), %s)",
                    self.name, self.name)

    def encoded(self):
        return "".join(f"%{byte:02X}" for byte in self.name.encode())

    def erase(self, *options):
        return self.stack.ctl("user", "erase", self.name, *options)

    def start_all(self):
        for concert in (self.plain, self.limited):
            concert.start(concert.item)

    def empty_purse(self):
        ok(self.stack.post("/point/use", {"userId": self.name, "amount": balance(self.stack, self.encoded())}))


@pytest.fixture
def customer(stack):
    return Customer(stack)


def new_name(done):
    return re.search(r"the name is now (erased-[0-9a-f]{32})$", done.stdout.strip())[1]


def test_the_name_is_nowhere_any_more(stack, customer):
    customer.start_all()
    customer.empty_purse()
    for pair in ((customer.name, "friend"), ("friend", customer.name)):
        stack.query("INSERT INTO transfer (reservation_id, from_user, to_user, status, created_at, expires_at, settled_at)"
                    " VALUES (%s, %s, %s, 'declined', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))",
                    customer.paid["reservationId"], *pair)
    stack.query("INSERT INTO waitlist_entry (concert_id, item_id, user_id, seat_count, status, created_at, settled_at)"
                " VALUES (%s, %s, %s, 1, 'left', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))",
                customer.limited.id, customer.limited.item, customer.name)
    before = places(stack, customer.name)
    # a new table with users: let the customer have a row in it, and user_erase.c know it
    assert columns_of_users(stack) <= before and in_redis(stack, customer.name)
    assert ("idempotency", "body") in before and ("audit_log", "new_values") in before
    count = lambda: stack.query("SELECT (SELECT COUNT(*) FROM reservation) AS r, (SELECT COUNT(*) FROM point_history) AS h,"
                                " (SELECT COUNT(*) FROM payment) AS p")
    counted = count()
    done = customer.erase("--yes")
    assert done.returncode == 0, done.stderr
    assert places(stack, customer.name) == set() and in_redis(stack, customer.name) == []
    assert count() == counted
    name = new_name(done)
    assert columns_of_users(stack) - {("waitlist_entry", "user_id")} <= places(stack, name), "entries of lists are taken away"
    shown = ok(stack.get(f"/admin/user/{name}", **stack.admin_headers()))
    assert customer.paid["reservationId"] in [row["reservationId"] for row in shown["reservations"]]
    assert shown["balance"] == 0 and shown["holds"] == [] and shown["limits"]["concerts"] == []
    old = ok(stack.get(f"/admin/user/{customer.encoded()}", **stack.admin_headers()))
    assert old["reservations"] == old["history"] == []
    row = stack.query("SELECT actor, action, old_values, new_values FROM audit_log ORDER BY audit_log_id DESC LIMIT 1")[0]
    assert row == {"actor": "ctl", "action": "user erase", "old_values": None, "new_values": f'{{"userId":"{name}"}}'}
    seat = stack.query("SELECT status FROM seat WHERE item_id = %s AND seat_no = 5", customer.limited.item)
    assert seat == [{"status": "available"}]
    stack.check_books()


def test_it_only_looks_without_yes(stack, customer):
    before = places(stack, customer.name)
    for options in ((), ("--dry-run",), ("--yes", "--dry-run"), ("--forfeit",)):
        done = customer.erase(*options)
        assert done.returncode == 0 and "nothing was changed" in done.stdout
        assert done.stdout.startswith("5 reservations, 2 paid ones to come, 1 live holds; 8 entries of the ledger, balance 162"), done.stdout
    assert places(stack, customer.name) == before


def test_it_is_refused_while_something_of_worth_is_left(stack, customer):
    """Points, then orders to come; nothing is ended then."""
    done = customer.erase("--yes")
    assert done.returncode == 1 and "points and 2 paid orders to come are left" in done.stderr and "--forfeit" in done.stderr
    customer.empty_purse()
    assert "0 points and 2 paid orders to come" in customer.erase("--yes").stderr
    held = ok(stack.get(f"/reservation/{customer.held['reservationId']}?userId={customer.encoded()}"))
    assert held["status"] == "held"


def test_points_and_orders_can_be_given_up(stack, customer):
    left = balance(stack, customer.encoded())
    done = customer.erase("--yes", "--forfeit")
    assert done.returncode == 0, done.stderr
    history = ok(stack.get(f"/admin/user/{new_name(done)}", **stack.admin_headers()))["history"]
    assert (history[0]["kind"], history[0]["amount"], history[0]["balanceAfter"]) == ("adjust", -left, 0)
    seats = stack.query("SELECT status FROM seat WHERE item_id = %s AND seat_no IN (1, 2)", customer.limited.item)
    assert [row["status"] for row in seats] == ["sold", "sold"]
    assert places(stack, customer.name) == set()
    stack.check_books()


def test_others_of_a_similar_name_are_left_alone(stack):
    name = new_user("kim")
    others = [name.upper(), name + "x", "x" + name]
    for user in (name, *others):
        ok(stack.post("/admin/point", {"userId": user, "amount": 5, "reason": "A gift"}, **stack.admin_headers()))
    done = stack.ctl("user", "erase", name, "--yes", "--forfeit")
    assert done.returncode == 0, done.stderr
    assert [balance(stack, user) for user in (name, *others)] == [0, 5, 5, 5]
    logged = stack.query("SELECT new_values FROM audit_log WHERE action = 'point adjust' ORDER BY audit_log_id DESC LIMIT 3")
    assert {row["new_values"] for row in logged} == {f'{{"userId":"{user}","balance":5}}' for user in others}


def test_nobody_and_wrong_names(stack):
    done = stack.ctl("user", "erase", new_user("never"), "--yes")
    assert done.returncode == 0 and done.stdout.startswith("0 reservations")
    assert stack.ctl("user", "erase", "a b", "--yes").returncode == 2
    assert stack.ctl("user", "erase").returncode == 2


def test_who_calls_meanwhile(stack):
    """Nothing is lost: each point is under one of the names, and a second run takes what came in."""
    concert, name = new_concert(stack, seats=60), new_user("busy_~")
    charge(stack, name, 100)
    answers = []

    def call(number):
        client = stack.new_client()
        if number % 2:
            answers.append(client.post("/point/charge", {"userId": name, "amount": 7}, **{"Idempotency-Key": new_user("key")}))
        else:
            body = {"userId": name, "concertId": concert.id, "itemId": concert.item, "seatId": number + 1}
            answers.append(client.post("/reservation", body))

    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        running = [pool.submit(call, number) for number in range(40)]
        first = stack.ctl("user", "erase", name, "--yes", "--forfeit")
        for one in running:
            one.result()
    assert first.returncode in (0, 1), first.stderr
    assert {answer.status for answer in answers} <= {200, 503}
    assert stack.ctl("user", "erase", name, "--yes", "--forfeit").returncode == 0
    assert places(stack, name) == set()
    entries = stack.query("SELECT SUM(amount) AS n FROM point_history WHERE user_id LIKE 'erased-%%' AND amount IN (7, 100)")[0]["n"]
    told = 7 * sum(answer.status == 200 and "historyId" in answer.json() for answer in answers)
    assert entries >= 100 + told
    stack.check_books()


def test_without_redis_nothing_is_forgotten(new_stack):
    """A place in a queue has to be given back there."""
    stack = new_stack(workers=1)
    concert, name = new_concert(stack, capacity=0), new_user("waiting_~")
    ok(stack.post("/token/add", {"userId": name, "concertId": concert.id}))
    stack.kill("redis")
    done = stack.ctl("user", "erase", name, "--yes")
    assert done.returncode == 75 and ("queue_token", "user_id") in places(stack, name)
