"""frontrowctl maintenance: one concert, or one server; and queue pause beside it."""

import contextlib
import json

import pytest
from batches import ONE_WORKER, paying, together
from helpers import (
    Hall,
    add_token,
    ask_pay,
    ask_reserve,
    assert_problem,
    balance,
    buy,
    charge,
    is_replayed,
    new_concert,
    new_user,
    ok,
    reserve,
)
from queue_helpers import Queue
from servers import MARIADBD, TwoNames
from stack import Stack, wait_for

pytestmark = pytest.mark.usefixtures("audited")


def switch(stack, word, concert=None):
    option = ["--concert", str(concert.id)] if concert else []
    done = stack.ctl("maintenance", word, *option)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def closed(stack):
    """A concert under maintenance, with what a user had of it before: a hold, and paid seats."""
    concert = new_concert(stack)
    concert.user = new_user()
    concert.held = reserve(stack, concert.user, concert)
    concert.token = add_token(stack, concert.user, concert)["token"]
    concert.paid, _ = buy(stack, concert.user, concert)
    charge(stack, concert.user, 5000)
    concert.before = books(stack, concert)
    assert switch(stack, "on", concert) == f"concert {concert.id}: maintenance on\n"
    return concert


def books(stack, concert):
    tables = {"reservation": "concert_id = %s", "queue_token": "concert_id = %s",
              "seat": "item_id IN (SELECT item_id FROM item WHERE concert_id = %s)"}
    return {table: stack.query(f"SELECT * FROM {table} WHERE {where}", concert.id) for table, where in tables.items()}


def changing_calls(stack, concert):
    held, paid = concert.held["reservationId"], concert.paid["reservationId"]
    return [
        stack.post("/token/add", {"userId": new_user(), "concertId": concert.id}),
        stack.call("DELETE", "/token", None, {"X-Queue-Token": concert.token}),
        ask_reserve(stack, new_user(), concert, concert.item, 20),
        ask_reserve(stack, new_user(), concert, concert.item, [1, 2]),  # taken: that comes later
        stack.post("/reservation", {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "count": 2}),
        ask_pay(stack, concert.user, held, concert.token),
        ask_pay(stack, concert.user, paid, concert.token),
        stack.call("DELETE", f"/reservation/{held}?userId={concert.user}"),
        stack.call("DELETE", f"/reservation/{paid}?userId={concert.user}"),
    ]


def test_what_changes_a_concert_is_refused_and_nothing_changes(stack, closed):
    for answer in changing_calls(stack, closed):
        assert_problem(answer, "maintenance")
    assert books(stack, closed) == closed.before
    assert balance(stack, closed.user) == 5000
    switch(stack, "off", closed)
    token = add_token(stack, closed.user, closed)["token"]
    assert ok(ask_pay(stack, closed.user, closed.held["reservationId"], token))["amount"] == 1000
    assert ok(stack.call("DELETE", f"/reservation/{closed.paid['reservationId']}?userId={closed.user}"))["refundedAmount"] == 1000


def test_reads_and_other_concerts_go_on(stack, closed):
    for path in closed.path, f"{closed.path}/item", f"{closed.path}/item/{closed.item}/seat", f"{closed.path}/queue":
        assert stack.fresh(path).status == 200
    assert ok(stack.get(f"/reservation/{closed.held['reservationId']}?userId={closed.user}"))["status"] == "held"
    assert stack.get("/token", **{"X-Queue-Token": closed.token}).status == 200
    buy(stack, closed.user, new_concert(stack))


def test_existence_comes_before_and_the_state_after(stack, closed):
    assert_problem(ask_pay(stack, closed.user, 2**40, closed.token), "reservation_not_found")
    assert_problem(ask_pay(stack, new_user(), closed.held["reservationId"], closed.token), "forbidden")
    assert_problem(ask_pay(stack, closed.user, closed.held["reservationId"], None), "token_missing")
    assert_problem(stack.call("DELETE", f"/reservation/{2**40}?userId={closed.user}"), "reservation_not_found")
    assert_problem(stack.call("DELETE", f"/reservation/{closed.held['reservationId']}?userId={new_user()}"), "forbidden")
    assert_problem(stack.call("DELETE", "/token", None, {"X-Queue-Token": f"{2**31 - 1}-{'0' * 32}"}), "token_invalid")
    closed.set(status="'closed'")
    assert_problem(ask_reserve(stack, new_user(), closed, closed.item, 20), "maintenance")
    assert_problem(stack.post("/token/add", {"userId": new_user(), "concertId": closed.id}), "maintenance")


def test_what_was_answered_before_is_answered_again(stack):
    concert, user = new_concert(stack), new_user()
    key = {"Idempotency-Key": f"before-{user}"}
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatId": 1}
    first = stack.post("/reservation", body, **key)
    switch(stack, "on", concert)
    again = stack.post("/reservation", body, **key)
    assert ok(again) == ok(first) and is_replayed(again)


def test_operators_go_on(stack, closed):
    paid = closed.paid["reservationId"]
    refund = ok(stack.post(f"/admin/reservation/{paid}/refund", {"reason": "asked"}, **stack.admin_headers()))
    assert refund["refundedAmount"] == 1000
    assert stack.ctl("concert", "cancel", str(closed.id)).returncode == 0


def test_it_is_shown_and_logged(stack, closed):
    assert ok(stack.call("GET", f"/admin/concert/{closed.id}", headers=stack.admin_headers()))["maintenance"] is True
    assert ok(stack.fresh(closed.path))["maintenance"] is True
    gauge = f'frontrow_concert_maintenance{{concert="{closed.id}"}} '
    wait_for(lambda: gauge + "1\n" in stack.get("/metrics").body.decode())
    wait_for(lambda: f"\n{closed.id} " in (text := stack.ctl("status", "--once").stdout)
             and "MAINTENANCE" in text.split(f"\n{closed.id} ")[1].split("\n")[0])
    switch(stack, "off", closed)
    assert ok(stack.fresh(closed.path))["maintenance"] is False
    wait_for(lambda: gauge not in stack.get("/metrics").body.decode())
    rows = stack.query("SELECT actor, action, old_values, new_values FROM audit_log WHERE concert_id = %s"
                       " ORDER BY audit_log_id", closed.id)
    assert [(row["actor"], row["action"], json.loads(row["old_values"]), json.loads(row["new_values"])) for row in rows] == [
        ("ctl", "maintenance on", {"maintenance": False}, {"maintenance": True}),
        ("ctl", "maintenance off", {"maintenance": True}, {"maintenance": False})]


def test_the_queue_calls_nobody_meanwhile(stack):
    """Whoever were called then could not buy, and the places would be lost."""
    queue = Queue.new(stack, 1)
    first, second = queue.add_many(2)
    switch(stack, "on", queue)
    assert queue.public()["paused"] is True
    assert_problem(stack.call("DELETE", "/token", None, {"X-Queue-Token": first["token"]}), "maintenance")
    assert_problem(queue.ask_add(new_user()), "maintenance")
    queue.set(admission_capacity=2)
    assert queue.poll(second)["status"] == "waiting"
    assert stack.ctl("queue", "pause", str(queue.id)).returncode == 0
    switch(stack, "off", queue)
    assert queue.public()["paused"] is True and queue.poll(second)["status"] == "waiting"
    assert stack.ctl("queue", "resume", str(queue.id)).returncode == 0
    assert queue.poll(second)["status"] == "active"


def test_wrong_words(stack):
    for words, status in (["--concert", "x"], 2), (["--concert", str(2**31 - 1)], 1):
        done = stack.ctl("maintenance", "on", *words)
        assert (done.returncode, done.stdout) == (status, "") and done.stderr.startswith("frontrowctl: ")


# ---- calls that come together


@pytest.fixture(scope="module")
def alone(new_stack):
    """With one worker: what is asked while that one is stopped, it finds together."""
    stack = new_stack(**ONE_WORKER)
    yield stack
    stack.check_books()


@pytest.mark.parametrize("limit", [None, 8])
def test_reservations_together(alone, limit):
    concert = new_concert(alone, max_seats=limit)
    switch(alone, "on", concert)
    named = [lambda client, seat=seat: ask_reserve(client, new_user(), concert, concert.item, seat) for seat in range(1, 9)]
    best = [lambda client: client.post("/reservation", {
        "userId": new_user(), "concertId": concert.id, "itemId": concert.item, "count": 1})] * 8
    for answer in together(alone, named + best):
        assert_problem(answer, "maintenance")
    assert alone.query("SELECT 1 FROM reservation WHERE concert_id = %s", concert.id) == []


@pytest.mark.parametrize("capacity", [None, 5])
def test_adds_together(alone, capacity):
    concert = new_concert(alone, capacity=capacity)
    switch(alone, "on", concert)
    adds = [lambda client: client.post("/token/add", {"userId": new_user(), "concertId": concert.id})] * 16
    for answer in together(alone, adds):
        assert_problem(answer, "maintenance")
    assert alone.query("SELECT 1 FROM queue_token WHERE concert_id = %s", concert.id) == []


def test_payments_together(alone):
    """Those of another concert are paid."""
    concerts = [new_concert(alone), new_concert(alone)]
    calls, users = [], []
    for number in range(16):
        concert, user = concerts[number % 2], new_user()
        charge(alone, user, 1000)
        held = reserve(alone, user, concert)
        calls.append(paying(user, held["reservationId"], add_token(alone, user, concert)["token"]))
        users.append(user)
    switch(alone, "on", concerts[0])
    answers = together(alone, calls)
    for answer in answers[::2]:
        assert_problem(answer, "maintenance")
    assert all(ok(answer)["status"] == "paid" for answer in answers[1::2])
    assert [balance(alone, user) for user in users] == [1000, 0] * 8
    switch(alone, "off", concerts[0])
    assert all(ok(answer)["status"] == "paid" for answer in together(alone, calls[::2]))


# ---- a whole server


def test_a_server(alone):
    assert switch(alone, "on") == f"{alone.run}: maintenance on\n"
    assert switch(alone, "on") == f"{alone.run}: maintenance on\n"
    wait_for(lambda: alone.post("/point/charge", {}).code == "maintenance")
    assert "frontrow_maintenance 1\n" in alone.get("/metrics").body.decode()
    with alone.without("mysql"), alone.without("redis"):
        assert switch(alone, "off") == f"{alone.run}: maintenance off\n"
    assert switch(alone, "off") == f"{alone.run}: maintenance off\n"
    wait_for(lambda: alone.post("/point/charge", {}).status == 400)
    assert not (alone.run / "maintenance").exists()


def test_a_server_without_a_run_folder(alone, tmp_path):
    config = tmp_path / "frontrow.conf"
    config.write_text(f"run_dir = {tmp_path}/none\n")
    done = alone.ctl("--config", str(config), "maintenance", "on")
    assert done.returncode == 1 and "No such file" in done.stderr


@pytest.fixture
def hosts():
    """Two app hosts with one MySQL and one Redis."""
    first = TwoNames(workers=2)
    with contextlib.ExitStack() as stacks:
        stacks.callback(first.stop)
        first.start()
        second = Stack(mysql_socket="", workers=2, redis_socket=first.run / "redis.sock",
                       mysql_hosts=first.environment["FRONTROW_MYSQL_HOSTS"])
        stacks.callback(second.stop)
        yield first, second.start()


@pytest.mark.skipif(not MARIADBD, reason="its server is MariaDB's")
def test_one_concert_at_another_host(hosts):
    """Where the command was not given the workers look once a second."""
    first, second = hosts
    hall = Hall(first, ("A", "1", 50, 1000))

    def answer():
        return hall.ask(1, second).code

    def set_maintenance(word):
        assert first.ctl("maintenance", word, "--concert", str(hall.id)).returncode == 0

    assert answer() == ""
    set_maintenance("on")
    wait_for(lambda: answer() == "maintenance", seconds=10, step=0.3)
    set_maintenance("off")
    wait_for(lambda: answer() == "", seconds=10, step=0.3)
