"""/metrics: what it counts, that it counts right, and that it stays small."""

import collections
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
import wire
from batches import ONE_WORKER, keyed, together
from helpers import age_hold, ask_reserve, assert_problem, buy, charge, new_concert, new_user, ok, reserve
from queue_helpers import Queue
from route_table import routes
from stack import ROOT, wait_for

CONCERTS = 50
LINE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")


@pytest.fixture(scope="module")
def private(new_stack):
    stack = new_stack(workers=4, webhooks="on")
    yield stack
    stack.check_books()


def read(stack):
    """Name -> labels as written -> value."""
    found = collections.defaultdict(dict)
    for line in stack.get("/metrics").body.decode().splitlines():
        if not line.startswith("#"):
            name, labels, value = LINE.fullmatch(line).groups()
            found[name.removeprefix("frontrow_")][labels or ""] = float(value)
    return found


def one(stack, name, labels=""):
    return read(stack)[name].get(labels)


def grown(stack, before, name, labels=""):
    return read(stack)[name].get(labels, 0) - before[name].get(labels, 0)


def promtool(text):
    tool = shutil.which("promtool") or pytest.skip("there is no promtool; it is in [observe] of scripts/lib/packages")
    return subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, timeout=60)


# ---- the format


def call_all_routes(stack):
    """Each route at least once, with several outcomes."""
    concert = new_concert(stack)
    user = new_user()
    held, _ = buy(stack, user, concert)
    queue = Queue.new(stack, 1)
    queue.leave(queue.add())
    charge(stack, user, 5)
    ok(stack.post("/point/use", {"userId": user, "amount": 1}))
    ids = {"concert": concert.id, "item": concert.item, "hall": 1, "reservation": held["reservationId"], "user": user, "transfer": 1,
           "presale": 1}
    for route in routes():
        path = re.sub(r"\{(\w+)\}", lambda match: str(ids[match[1]]), route.pattern)
        for headers in ({}, stack.admin_headers()):
            body = {} if route.method in ("POST", "PATCH") else None
            stack.call(route.method, path, body, headers)
            stack.call(route.method, f"{path}?userId={user}", body, headers)
        stack.call("PUT", path)
    for nowhere in "/x", "/concert/0", "/concert/99999999/item":
        stack.get(nowhere)


def test_prometheus_knows_what_it_reads(private):
    call_all_routes(private)
    answer = private.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    done = promtool(answer.body)
    assert done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr


def test_each_family_is_told_once_and_documented(private):
    private.sweeper()
    private.check_books()
    text = private.get("/metrics").body.decode()
    helped, families = (re.findall(rf"^# {word} (\w+) ", text, re.MULTILINE) for word in ("HELP", "TYPE"))
    assert helped == families and len(families) == len(set(families)) > 30
    documented = re.findall(r"^\| (`.*?`) \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    names = re.findall(r"`([a-z_]+)`", " ".join(documented))
    assert sorted(names) == sorted(family.removeprefix("frontrow_") for family in families)


def test_fifty_concerts_are_less_than_60_kilobytes(new_stack):
    """With a queue each, and after calls of all routes. Of more concerts the newest are told."""
    stack = new_stack(workers=2, webhooks="on")
    queues = [Queue.new(stack, 1000, seats=2, price=1) for _ in range(CONCERTS)]
    for queue in queues:
        queue.add()
    call_all_routes(stack)
    wait_for(lambda: len(read(stack)["queue_waiting"]) >= CONCERTS - 2)  # call_all_routes() made two
    assert len(stack.get("/metrics").body) < 60_000
    many = [Queue.new(stack, 1000, seats=1, price=1).id for _ in range(20)]
    wait_for(lambda: one(stack, "open_concerts") >= CONCERTS + 20)
    seats = read(stack)["seats"]
    assert len(seats) == 3 * CONCERTS and all(f'concert="{concert}",state="sold"' in seats for concert in many)


def test_a_wrong_path_or_method_makes_no_line_of_its_own(private):
    private.get("/before")
    read(private)
    before = len(read(private)["requests_total"])
    for number in range(20):
        private.get(f"/nothing-{number}")
        private.call(f"METHOD{number}", "/nothing")
    assert len(read(private)["requests_total"]) <= before + 1


# ---- requests


def test_requests_by_route_and_code(private):
    before = read(private)
    concert = new_concert(private)
    user = new_user()
    for _ in range(3):
        ask_reserve(private, user, concert, concert.item, 1)
    assert grown(private, before, "requests_total",
                 'method="POST",route="/reservation",status="200",code="ok"') == 1
    assert grown(private, before, "requests_total",
                 'method="POST",route="/reservation",status="409",code="seat_taken"') == 2
    assert grown(private, before, "request_seconds_count", 'method="POST",route="/reservation"') == 3
    le = 'method="POST",route="/reservation",le="{}"'
    assert grown(private, before, "request_seconds_bucket", le.format("+Inf")) == 3
    assert le.format("0.3") in read(private)["request_seconds_bucket"], "the limit of the SLO"


def test_how_long_requests_waited_for_a_worker(private):
    before = read(private)
    with private.one_call_under_way():
        time.sleep(0.2)  # nobody takes what comes meanwhile
    wait_for(lambda: grown(private, before, "accept_wait_seconds_sum") >= 0.1)
    le = 'method="GET",route="/point",le="{}"'
    slow = [grown(private, before, "request_seconds_bucket", le.format(limit)) for limit in ("0.1", "+Inf")]
    assert slow[0] < slow[1], "who waited for a worker had a slow call"


# ---- dependencies


def test_time_in_mysql_and_redis(private):
    for dependency in "mysql", "redis":
        labels = f'dependency="{dependency}"'
        before = read(private)
        Queue.new(private, 5).add()
        wait_for(lambda: grown(private, before, "dependency_seconds_count", labels) > 0)
        assert grown(private, before, "dependency_seconds_sum", labels) > 0


def test_a_slow_statement_is_counted_as_slow(private):
    """A lock that is waited for: the call is refused, and the statement took its second."""
    concert = new_concert(private)
    held = reserve(private, new_user(), concert)
    before = read(private)
    with private.mysql() as holder, holder.cursor() as cursor:
        holder.begin()
        cursor.execute("SELECT * FROM reservation WHERE reservation_id = %s FOR UPDATE", held["reservationId"])
        answer = private.call("DELETE", f"/reservation/{held['reservationId']}?userId={held['userId']}")
    assert_problem(answer, "busy")
    slow = 'dependency="mysql",le="2"'
    every = 'dependency="mysql",le="+Inf"'
    wait_for(lambda: grown(private, before, "dependency_seconds_bucket", every)
             > grown(private, before, "dependency_seconds_bucket", slow))
    assert grown(private, before, "refusals_total", 'dependency="mysql",refusal="1205"') >= 1


def test_what_redis_refuses_is_counted_by_its_word(private):
    control = private.redis()
    limit = control.config_get("maxmemory")["maxmemory"]
    queue = Queue.new(private, 1)
    control.config_set("maxmemory", "1mb")
    try:
        assert_problem(queue.ask_add(new_user()), "queue_unavailable")
    finally:
        control.config_set("maxmemory", limit)
    assert one(private, "refusals_total", 'dependency="redis",refusal="OOM"') >= 1


def test_a_dependency_that_is_away(private):
    name = "dependency_writable"
    mysql, redis = 'dependency="mysql"', 'dependency="redis"'
    wait_for(lambda: read(private)[name] == {mysql: 1, redis: 1})
    with private.without("redis"):
        wait_for(lambda: read(private)[name] == {mysql: 1, redis: 0})
        assert "redis_memory_bytes" not in read(private) and "queue_waiting" not in read(private)
    with private.without("mysql"):
        wait_for(lambda: read(private)[name][mysql] == 0)
        assert "seats" not in read(private) and "oldest_lapsed_hold_seconds" not in read(private)
    wait_for(lambda: read(private)[name] == {mysql: 1, redis: 1})


def test_nobody_waits_for_a_dependency_that_hangs(private):
    """/metrics is answered from what was asked before. However long that took, it is soon asked again."""
    read(private)
    os.kill(private.pid("mysql"), signal.SIGSTOP)
    try:
        for _ in range(5):
            started = time.monotonic()
            read(private)
            assert time.monotonic() - started < 1
            time.sleep(0.3)
    finally:
        wait_for(lambda: one(private, "dependency_writable", 'dependency="mysql"') == 0)
        os.kill(private.pid("mysql"), signal.SIGCONT)
    wait_for(lambda: one(private, "dependency_writable", 'dependency="mysql"') == 1, seconds=20)


def test_what_nobody_asked_yet_is_not_told(new_stack):
    """While the first reader waits for a MySQL that hangs, others say nothing of it, nor of a sound Redis."""
    stack = new_stack(workers=2)
    os.kill(stack.pid("mysql"), signal.SIGSTOP)
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(read, stack.new_client()) for _ in range(2)]
            told = [reader.result() for reader in concurrent.futures.as_completed(readers)]
    finally:
        os.kill(stack.pid("mysql"), signal.SIGCONT)
    assert "dependency_writable" not in told[0] and "census_age_seconds" not in told[0]
    assert told[1]["dependency_writable"] == {'dependency="mysql"': 0, 'dependency="redis"': 1}


# ---- the business


def test_the_business_is_counted(private):
    concert = new_concert(private, price=100)
    user = new_user()
    before = read(private)
    charge(private, user, 1000)
    ok(private.post("/point/use", {"userId": user, "amount": 30}))
    paid, _ = buy(private, user, concert)  # charges what it costs
    ok(private.call("DELETE", f"/reservation/{paid['reservationId']}?userId={user}"))
    held = reserve(private, user, concert, item=concert.item, seats=[11, 12])
    ok(private.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
    after = read(private)
    gained = {name: after[name][""] - before[name][""] for name in (
        "holds_total", "held_seats_total", "releases_total", "payments_total", "refunds_total")}
    assert gained == {
        "holds_total": 2, "held_seats_total": 3, "releases_total": 1, "payments_total": 1, "refunds_total": 1}
    points = {labels: value - before["points_total"][labels] for labels, value in after["points_total"].items()}
    assert points == {'kind="charge"': 1100, 'kind="use"': 30, 'kind="payment"': 100, 'kind="refund"': 100}


def test_what_is_refused_or_repeated_is_not_counted(private):
    concert = new_concert(private)
    user = new_user()
    key = {"Idempotency-Key": "once"}
    before = read(private)
    for _ in range(3):
        ok(private.post("/point/charge", {"userId": user, "amount": 7}, **key))
    assert_problem(private.post("/point/use", {"userId": user, "amount": 8}), "insufficient_points")
    reserve(private, user, concert, item=concert.item, seats=[1])
    assert_problem(ask_reserve(private, user, concert, concert.item, 1), "seat_taken")
    assert grown(private, before, "points_total", 'kind="charge"') == 7
    assert grown(private, before, "points_total", 'kind="use"') == 0
    assert grown(private, before, "holds_total") == 1


def test_reservations_that_share_a_transaction_are_counted_each(new_stack):
    stack = new_stack(**ONE_WORKER)
    concert = new_concert(stack)
    before = read(stack)
    answers = together(stack, [keyed(concert, seat, new_user(), None) for seat in (1, 2, 3, 4, 4)])
    assert sorted(answer.status for answer in answers) == [200] * 4 + [409]
    assert grown(stack, before, "holds_total") == grown(stack, before, "held_seats_total") == 4


def test_seats_of_open_concerts(private):
    concert = new_concert(private, seats=20)
    closed = new_concert(private, status="closed")
    coming = new_concert(private, opens="UTC_TIMESTAMP(3) + INTERVAL 1 HOUR")
    buy(private, new_user(), concert)
    reserve(private, new_user(), concert, item=concert.item, seats=[11, 12])

    def states(of):
        seats = read(private)["seats"]
        return [seats.get(f'concert="{of.id}",state="{state}"') for state in ("available", "held", "sold")]

    wait_for(lambda: states(concert) == [17, 2, 1])
    assert states(closed) == states(coming) == [None] * 3


def test_who_waits_and_who_was_passed_over(private):
    queue = Queue.new(private, 1)
    active, absent, present = queue.add_many(3)
    names = "waiting", "active", "capacity", "admitted_total", "passed_over_total"

    def figures():
        found = read(private)
        return [found[f"queue_{name}"].get(f'concert="{queue.id}"') for name in names]

    wait_for(lambda: figures() == [2, 1, 1, 1, 0])
    queue.pass_s(60, active, present)
    queue.leave(active)
    assert queue.poll(present)["status"] == "active"
    wait_for(lambda: figures() == [0, 1, 1, 2, 1])


def test_the_oldest_lapsed_hold(private):
    concert = new_concert(private)
    private.sweeper()
    wait_for(lambda: one(private, "lapsed_holds") == 0)
    assert one(private, "oldest_lapsed_hold_seconds") == 0
    held = reserve(private, new_user(), concert)
    age_hold(private, held["reservationId"], 400)
    wait_for(lambda: one(private, "lapsed_holds") == 1)
    assert 95 < one(private, "oldest_lapsed_hold_seconds") < 200
    private.sweeper()
    wait_for(lambda: one(private, "lapsed_holds") == 0)


def test_what_the_sweeper_and_the_audit_leave(private):
    now = time.time()
    concert = new_concert(private)
    age_hold(private, reserve(private, new_user(), concert)["reservationId"], 400)
    assert private.sweeper().returncode == 0
    private.check_books()
    found = read(private)
    for name in "sweeper", "audit":
        assert now - 1 < found[f"{name}_last_run_timestamp_seconds"][""] < now + 120
    assert found["sweeper_last_expired"][""] >= 1
    assert found["sweeper_last_left"] == {'why="busy"': 0, 'why="failed"': 0}
    assert found["audit_violations"][""] == 0 and found["audit_checked_queues"][""] == 1
    swept = found["sweeper_last_run_timestamp_seconds"]
    with private.without("mysql"):
        assert private.sweeper().returncode == 75
        assert read(private)["sweeper_last_run_timestamp_seconds"] == swept, "that was no whole pass"


def test_an_audit_that_finds_something_says_so(new_stack):
    stack = new_stack(workers=1)
    charge(stack, new_user(), 5)
    stack.query("UPDATE point SET balance = balance + 1 LIMIT 1")
    assert stack.ctl("audit").returncode == 1
    assert one(stack, "audit_violations") > 0


# ---- what it costs


@pytest.fixture(scope="module")
def small(new_stack):
    """A stack with few concerts, of which all is asked for once a second."""
    return new_stack(workers=2)


def test_a_scrape_asks_mysql_nothing(small):
    """What it tells was asked for between two requests, and at most once a second."""
    read(small)

    def questions():
        return int(small.query("SHOW GLOBAL STATUS LIKE 'Questions'")[0]["Value"])

    before, started = questions(), time.monotonic()
    for _ in range(500):
        read(small)
    # so many are asked for once a second
    assert questions() - before < 40 * (time.monotonic() - started + 2)


def test_it_is_asked_for_as_long_as_somebody_reads(small):
    read(small)
    for seconds in 2, 4, 8, 16, 32:  # on a busy machine it takes longer to ask, and so is asked less often
        time.sleep(seconds)
        if one(small, "census_age_seconds") < seconds:
            return
    pytest.fail("nobody asked while nobody read")


def test_queues_that_redis_lost(small):
    """A new queue is none of them."""
    queue = Queue.new(small, 1)
    queue.add_many(2)
    assert one(small, "queue_loads_total") == 0
    small.redis().flushall()
    wait_for(lambda: one(small, "queue_loads_total") == 1)
    assert queue.add()["number"] == 3


def test_clocks_that_agree(small):
    assert abs(one(small, "clock_offset_seconds")) < 1
    assert abs(one(small, "front_clock_offset_seconds")) < 1


def test_a_clock_of_nginx_that_is_ahead(small):
    """nginx says with each request when it had it. Both clocks are read in milliseconds."""
    wait_for(lambda: small.fastcgi(wire.fastcgi("GET", "/health", more={"MSEC": f"{time.time() + 5:.3f}"})).status == 200
             and 4 < one(small, "front_clock_offset_seconds") < 5.01)
