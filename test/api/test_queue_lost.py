"""The queue when Redis is lost, comes back empty or older, or does not answer."""

import contextlib
import os
import random
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from helpers import (ask_pay, ask_reserve, assert_problem, charge, new_concert, new_user, ok, pay, reserve,
                     seat_status)
from queue_helpers import Queue, same
from stack import free_port, wait_for


@pytest.fixture(scope="module")
def private(new_stack):
    """A stack whose Redis may be lost, without its restart being in the way of others."""
    stack = new_stack(workers=8, redis_timeout_ms=1000)
    yield stack
    stack.check_books()


@contextlib.contextmanager
def older_redis(stack):
    """Whatever happens inside is unknown to the Redis that runs afterwards."""
    folder, kept = stack.var / "redis", stack.var / "redis-older"
    stack.redis().save()  # which is read at the next start
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept)
    yield
    stack.kill("redis")
    wait_for(lambda: not stack.redis_answers())
    stack.stop_service("redis")
    shutil.rmtree(folder)
    kept.rename(folder)
    stack.start_service("redis")


@contextlib.contextmanager
def stopped_redis(stack):
    """Redis is there, but does not answer."""
    pid = stack.pid("redis")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def flush(stack):
    stack.redis().flushall()


def restart(stack):
    stack.restart("redis")


def kill_and_lose_all(stack):
    stack.kill("redis")
    wait_for(lambda: not stack.redis_answers())
    stack.stop_service("redis")
    shutil.rmtree(stack.var / "redis")
    (stack.var / "redis").mkdir(mode=0o700)
    stack.start_service("redis")


def flush_functions(stack):
    stack.redis().execute_command("FUNCTION", "FLUSH")


def patient(ask, seconds=60):
    """The first answer that is no 503."""
    def answer():
        got = ask()
        assert got.status in (200, 503), got
        return got if got.status == 200 else None
    return wait_for(answer, seconds).json()


@pytest.mark.parametrize("lose", [flush, restart, kill_and_lose_all, flush_functions])
def test_the_queue_comes_back(private, lose):
    queue = Queue.new(private, 2)
    tickets = queue.add_many(6)
    queue.leave(tickets[0])
    queue.leave(tickets[4])
    now = [queue.poll(ticket) for ticket in (tickets[1], tickets[2], tickets[3], tickets[5])]
    assert [t["status"] for t in now] == ["active", "active", "waiting", "waiting"]
    before = queue.public()
    lose(private)
    back = [patient(lambda t=t: queue.ask(t)) for t in now]
    for ticket, again in zip(now, back):
        assert same(ticket, again) and again["status"] == ticket["status"]
        assert again["expiresAt"] == ticket["expiresAt"]
    after = queue.public()
    assert [after[name] for name in ("serving", "lastNumber", "waiting", "active")] == [
        before[name] for name in ("serving", "lastNumber", "waiting", "active")]
    assert_problem(queue.ask(tickets[0]), "token_invalid")
    assert queue.add()["number"] == 7
    assert same(queue.add(tickets[5]["userId"]), tickets[5])
    queue.leave(tickets[1])
    assert queue.statuses(tickets[5], tickets[3]) == ["waiting", "active"]


def test_serving_does_not_fall(private):
    """Not even where those who were called did not come yet."""
    queue = Queue.new(private, 1)
    tickets = queue.add_many(4)
    queue.set(admission_capacity=3)
    assert queue.counts() == (3, 4, 1, 3)
    flush(private)
    assert patient(lambda: private.fresh(f"{queue.path}/queue"))["serving"] == 3
    assert queue.poll(tickets[3])["position"] == 1
    assert queue.statuses(*tickets[:3]) == ["active"] * 3


@pytest.mark.parametrize("lose", [flush, restart])
def test_idle_places_come_back_with_what_is_left_of_them(private, lose):
    queue = Queue.new(private, 4, active_seconds=600, hold_seconds=300)
    before = queue.add()
    queue.set(idle_seconds=60)
    idle, away, buyer = queue.add_many(3)
    reserve(private, buyer["userId"], queue, token=buyer["token"])
    queue.pass_s(50, idle, buyer)
    told = {row["user_id"]: row["lease_until"] for row in queue.rows().values()}
    lose(private)
    patient(lambda: private.fresh(f"{queue.path}/queue"))
    assert {row["user_id"]: row["lease_until"] for row in queue.rows().values()} == told
    queue.pass_s(10, idle)
    assert_problem(queue.ask(away), "token_invalid")
    for ticket in (before, idle, buyer):  # the lease, the signs of life and the hold are all known again
        assert queue.poll(ticket)["status"] == "active"
    for _ in range(9):
        queue.pass_s(50, idle)
    assert_problem(queue.ask(buyer), "token_invalid")
    assert queue.poll(before)["status"] == queue.poll(idle)["status"] == "active"
    queue.pass_s(40, idle)
    queue.pass_s(50)
    assert_problem(queue.ask(idle), "token_invalid")  # its lease is over
    assert_problem(queue.ask(before), "token_invalid")


def test_an_idle_place_that_ended_does_not_come_back(private):
    """The next one has it, and MySQL was not told yet."""
    queue = Queue.new(private, 1, active_seconds=600)
    queue.set(idle_seconds=60)
    first, second = queue.add_many(2)
    queue.pass_s(60, second)
    assert queue.poll(second)["status"] == "active"
    assert queue.rows()[1]["status"] == "active"
    flush(private)
    assert patient(lambda: queue.ask(second))["status"] == "active"
    assert queue.counts() == (2, 2, 0, 1)
    assert_problem(queue.ask(first), "token_invalid")


def test_a_hold_from_an_idle_place_is_paid_while_redis_is_away(private):
    queue = Queue.new(private, 1, active_seconds=600, hold_seconds=300)
    queue.set(idle_seconds=60)
    buyer, waiting = queue.add_many(2)
    held = reserve(private, buyer["userId"], queue, token=buyer["token"])
    charge(private, buyer["userId"], 1000)
    with private.without("redis"):
        assert_problem(queue.ask(buyer), "queue_unavailable")
        assert_problem(ask_pay(private, buyer["userId"], held["reservationId"] + 1, buyer["token"]),
                       "reservation_not_found")
        paid = pay(private, buyer["userId"], held["reservationId"], buyer["token"])
    assert paid["status"] == "paid"
    assert patient(lambda: queue.ask(waiting))["status"] == "active"
    assert_problem(queue.ask(buyer), "token_invalid")


def test_an_older_redis_is_as_good_as_an_empty_one(private):
    queue = Queue.new(private, 2)
    first = queue.add_many(4)
    with older_redis(private):
        queue.leave(first[0])                      # number 1 is over, 3 is called
        assert queue.poll(first[2])["status"] == "active"
        held = reserve(private, first[1]["userId"], queue, token=first[1]["token"])
        charge(private, first[1]["userId"], 1000)
        pay(private, first[1]["userId"], held["reservationId"], first[1]["token"])  # number 2 is done
        later = queue.add_many(3)
        gone = later[0]
        queue.leave(gone)
    assert [t["number"] for t in later] == [5, 6, 7]
    back = [patient(lambda t=t: queue.ask(t)) for t in (first[2], first[3], later[1], later[2])]
    assert [t["number"] for t in back] == [3, 4, 6, 7]
    assert [t["status"] for t in back] == ["active", "active", "waiting", "waiting"]
    for ticket in (first[0], first[1], gone):
        assert_problem(queue.ask(ticket), "token_invalid")
    assert queue.add()["number"] == 8
    assert len(queue.rows()) == 8


def test_while_redis_is_away(private):
    queue = Queue.new(private, 1)
    without = new_concert(private)
    buyer, waiting = queue.add_many(2)
    held = reserve(private, buyer["userId"], queue, token=buyer["token"])
    charge(private, buyer["userId"], 1000)
    item, seat = queue.free_seat()
    with private.without("redis"):
        assert_problem(queue.ask_add(new_user()), "queue_unavailable")
        assert_problem(queue.ask(buyer), "queue_unavailable")
        assert_problem(queue.leave(waiting), "queue_unavailable")
        assert private.fresh(f"{queue.path}/queue").code == "queue_unavailable"
        assert_problem(ask_reserve(private, buyer["userId"], queue, item, seat, token=buyer["token"]),
                       "queue_unavailable")
        assert_problem(ask_reserve(private, buyer["userId"], queue, item, seat), "token_missing")
        assert_problem(queue.ask({"token": "x"}), "token_invalid")
        made = private.post("/admin/concert", {"title": "T", "venue": "V", "admissionCapacity": 1, "items": []},
                            **private.admin_headers())
        assert list(ok(made)) == ["concertId", "itemIds"]
        # what needs no queue goes on: another concert, points, and the payment of a live hold above all
        user = new_user()
        ticket = ok(private.post("/token/add", {"userId": user, "concertId": without.id}))
        assert ticket["status"] == "active"
        assert ok(private.get("/token", **{"X-Queue-Token": ticket["token"]})) == ticket
        reserve(private, user, without)
        assert private.call("DELETE", "/token", headers={"X-Queue-Token": ticket["token"]}).status == 204
        assert ok(private.fresh(f"{without.path}/queue"))["capacity"] is None
        assert ok(private.get("/health/ready"))["status"] == "degraded"
        paid = pay(private, buyer["userId"], held["reservationId"], buyer["token"])
        assert paid["status"] == "paid"
        swept = private.sweeper()
        assert swept.returncode == 75, swept.stderr
    assert patient(lambda: queue.ask(waiting))["status"] == "active"
    assert_problem(queue.ask(buyer), "token_invalid")
    assert patient(lambda: private.get("/health/ready"))["status"] == "ready"
    assert seat_status(private, queue, held["itemId"], held["seats"][0]["seatId"]) == "sold"


def test_while_redis_does_not_answer(private):
    queue = Queue.new(private, 1)
    buyer, waiting = queue.add_many(2)
    held = reserve(private, buyer["userId"], queue, token=buyer["token"])
    charge(private, buyer["userId"], 1000)
    with stopped_redis(private):
        for _ in range(12):
            assert_problem(queue.ask(waiting), "queue_unavailable")
        # by now the breaker keeps the others from waiting, for a second each
        started = time.monotonic()
        pay(private, buyer["userId"], held["reservationId"], buyer["token"])
        answers = [queue.ask(waiting).code for _ in range(30)]
        assert set(answers) == {"queue_unavailable"} and time.monotonic() - started < 15
    patient(lambda: queue.ask(waiting))
    # Redis never heard of the payment, and its state is of the same run: the next call settles it
    assert_problem(queue.ask(buyer), "token_invalid")
    assert queue.poll(waiting)["status"] == "active"


@contextlib.contextmanager
def redis_set(stack, name, value):
    """Redis with another setting meanwhile."""
    control = stack.redis()
    before = control.config_get(name)[name]
    control.config_set(name, value)
    try:
        yield
    finally:
        control.config_set(name, before)


def test_a_redis_with_a_full_memory(private):
    """It turns away who comes; all others go on, also by a repeated add."""
    queue = Queue.new(private, 1)
    active, waiting, last = queue.add_many(3)
    with redis_set(private, "maxmemory", "1mb"):
        assert_problem(queue.ask_add(new_user()), "queue_unavailable")
        assert same(queue.add(last["userId"]), last)
        assert queue.leave(active).status == 204
        assert queue.add(waiting["userId"])["status"] == "active"
        wait_for(lambda: metrics(private, "frontrow_redis_memory_bytes")['of="limit"'] == 2**20)
        assert metrics(private, "frontrow_redis_memory_bytes")['of="used"'] > 2**20
    assert queue.add()["number"] == 4


def metrics(stack, name):
    """The values of a metric by its labels."""
    lines = ok_text(stack.get("/metrics")).splitlines()
    return {line.split("{")[1].split("}")[0]: float(line.split()[-1]) for line in lines if line.startswith(name + "{")}


def ok_text(answer):
    assert answer.status == 200, answer
    return answer.body.decode()


def test_the_functions_of_a_new_build_find_a_full_memory(private):
    """They are asked for again with each call, and told of once a minute."""
    queue = Queue.new(private, 1)
    ticket = queue.add()
    log = private.log("frontrow")
    known = log.read_text().count("could not be loaded into Redis, whose memory is full")
    with redis_set(private, "maxmemory", "1mb"):
        flush_functions(private)
        for _ in range(20):
            assert_problem(queue.ask(ticket), "queue_unavailable")
    told = log.read_text().count("could not be loaded into Redis, whose memory is full") - known
    assert 1 <= told <= 8  # the workers
    assert same(patient(lambda: queue.ask(ticket)), ticket)


@pytest.mark.parametrize("name", ["meta", "tokens", "users", "waiting", "called", "active", "unsaved"])
def test_a_key_is_lost(private, name):
    """Nobody hears of it, and nobody too much gets in."""
    queue = Queue.new(private, 2)
    tickets = queue.add_many(6)
    queue.leave(tickets[0])  # the third is called
    private.redis().delete(f"{{c{queue.id}}}:{name}")
    back = [patient(lambda t=t: queue.ask(t)) for t in tickets[1:]]
    assert [t["number"] for t in back] == [2, 3, 4, 5, 6]
    assert [t["status"] for t in back] == ["active"] * 2 + ["waiting"] * 3
    assert queue.public()["active"] == 2
    assert queue.add()["number"] == 7


def test_a_redis_that_evicts_is_refused(private):
    queue = Queue.new(private, 1)
    ticket = queue.add()
    log = private.log("frontrow")
    assert private.program("frontrow", "--check").returncode == 0
    with redis_set(private, "maxmemory-policy", "allkeys-lru"):
        checked = private.program("frontrow", "--check")
        assert checked.returncode == 1 and "maxmemory-policy is allkeys-lru" in checked.stderr
        assert queue.poll(ticket)["status"] == "active"  # who is connected goes on, and mends what is lost
        private.redis().client_kill_filter(_type="normal", skipme=True)
        wait_for(lambda: queue.ask(ticket).code == "queue_unavailable")
        told = log.read_text().count("maxmemory-policy is allkeys-lru and has to be noeviction")
        for _ in range(20):
            assert_problem(queue.ask(ticket), "queue_unavailable")
        assert private.get("/health/ready").json()["status"] == "degraded"
        assert told >= 1 and log.read_text().count("maxmemory-policy is allkeys-lru and has") <= 8
    assert same(patient(lambda: queue.ask(ticket)), ticket)


def test_a_long_queue_comes_back_in_chunks(private):
    queue = Queue.new(private, 3)
    private.query(
        "INSERT INTO queue_token (concert_id, number, token, user_id, status, lease_until, created_at)"
        " WITH RECURSIVE d (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 99)"
        " SELECT %s, a.n * 100 + b.n + 1, LEFT(UNHEX(SHA2(CONCAT('chunk', %s, a.n * 100 + b.n), 256)), 16),"
        " CONCAT('u', a.n * 100 + b.n), ELT(1 + (b.n MOD 4), 'waiting', 'left', 'done', 'lapsed'), NULL,"
        " UTC_TIMESTAMP(3) FROM d a CROSS JOIN d b",
        queue.id, queue.id,
    )
    private.redis().flushall()  # a worker that reads the figures of all queues may have opened it before the rows came
    ticket = patient(lambda: queue.ask_add("u9996"))
    assert ticket["number"] == 9997
    assert queue.add()["number"] == 10001
    assert queue.counts() == (9, 10001, 2498, 3)


def test_nothing_is_lost_under_load(private):
    """Redis is emptied and put back older while people come, ask and leave."""
    queue = Queue.new(private, 5, active_seconds=3600)
    over = threading.Event()
    numbers, problems, lock = {}, [], threading.Lock()

    def customer(seed):
        client = private.new_client()
        count, ticket, leaving = 0, None, False
        serving = 0
        while not over.is_set():
            if ticket is None:
                user, leaving = f"load-{seed}-{count}", False
                count += 1
                answer = queue.ask_add(user, client)
                if answer.status == 200:
                    ticket = answer.json()
                    with lock:
                        if ticket["number"] in numbers:
                            problems.append(("twice", ticket, numbers[ticket["number"]]))
                        numbers[ticket["number"]] = user
            else:
                answer = queue.ask(ticket, client)
                if answer.status == 200:
                    now = answer.json()
                    if not same(now, ticket):
                        problems.append(("another place", ticket, now))
                    if now["status"] == "active" and random.random() < 0.3:
                        left, leaving = queue.leave(ticket, client), True
                        if left.status == 204:
                            ticket = None
                        elif left.status != 503:
                            problems.append(("leave", left))
                elif answer.status == 403:
                    if not leaving:
                        problems.append(("ended", ticket))
                    ticket = None  # its leave was answered 503
            if answer.status not in (200, 403, 503):
                problems.append(("answer", answer))
            if seed == 0:
                answer = private.fresh(f"{queue.path}/queue")
                if answer.status == 200:
                    if answer.json()["serving"] < serving:
                        problems.append(("serving fell", serving, answer.json()))
                    serving = answer.json()["serving"]
            time.sleep(0.005)

    def more_come():
        """Some time, and until ten more have come."""
        time.sleep(0.8)
        before = len(numbers)
        wait_for(lambda: len(numbers) >= before + 10 or any(one.done() for one in customers), 60)

    with ThreadPoolExecutor(12) as pool:
        customers = [pool.submit(customer, seed) for seed in range(12)]
        try:
            more_come()
            flush(private)
            more_come()
            flush_functions(private)
            with older_redis(private):
                more_come()
            more_come()
            kill_and_lose_all(private)
            more_come()
        finally:
            over.set()
        for one in customers:
            one.result()
    assert not problems, problems[:5]
    rows = queue.rows()
    for number, user in numbers.items():
        assert rows[number]["user_id"] == user
    assert queue.public()["lastNumber"] >= max(rows)  # the last add may have been answered 503
    for number, row in rows.items():  # whoever is not ended still has the place
        if row["status"] in ("waiting", "active") and number in numbers:
            assert queue.poll({"token": f"{queue.id}-{row['token']}"})["number"] == number


def test_a_redis_over_tcp_with_a_password(new_stack, tmp_path):
    password = tmp_path / "password"
    password.write_text("secret word\n")
    stack = new_stack(workers=2)
    port = free_port()
    stack.environment |= {"FRONTROW_REDIS_SOCKET": "", "FRONTROW_REDIS_PORT": str(port),
                          "FRONTROW_REDIS_PASSWORD_FILE": str(password)}
    stack.restart("frontrow")
    queue = Queue.new(stack, 1)
    assert_problem(queue.ask_add(new_user()), "queue_unavailable")
    stack.redis().config_set("port", port)
    assert_problem(queue.ask_add(new_user()), "queue_unavailable")  # it wants no password
    stack.redis().config_set("requirepass", "another")
    assert_problem(queue.ask_add(new_user()), "queue_unavailable")
    changed = redis.Redis(host="127.0.0.1", port=port, password="another", socket_timeout=60)
    changed.config_set("requirepass", "secret word")
    assert patient(lambda: queue.ask_add("u"))["number"] == 1
    assert "secret word" not in stack.log("frontrow").read_text()
