"""frontrow-sweeper: one pass over what time has ended, beside everything else that goes on."""

import concurrent.futures
import contextlib
import re
import subprocess

import pytest
from crowd import let_nothing_lapse, wait_for_waiters
from draw_helpers import Draw
from helpers import age_hold, ask_reserve, buy, new_concert, new_user, ok, reserve, seat_status
from queue_helpers import Queue

pytestmark = pytest.mark.usefixtures("audited")

SUMMARY = re.compile(
    r"swept in \d+ ms: (?P<expired>\d+) holds expired, (?P<busy>\d+) left to others; (?P<answers>\d+)"
    r" old answers deleted; (?P<queues>\d+) queues moved on, (?P<ended>\d+) tokens ended, (?P<freed>\d+)"
    r" places freed; (?P<failed>\d+) failed(?P<more>.*)\n"
)


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack, seats=60)


@pytest.fixture(autouse=True)
def nothing_else_lapses(stack):
    """What other tests left is not counted."""
    let_nothing_lapse(stack)


def read_summary(done):
    lines = SUMMARY.findall(done.stderr)
    assert len(lines) == 1, done.stderr
    found = SUMMARY.search(done.stderr).groupdict()
    return {name: value if name == "more" else int(value) for name, value in found.items()}


def sweep(stack, status=0, more=""):
    """One pass; what its summary line says."""
    done = stack.sweeper()
    summary = read_summary(done)
    assert (done.returncode, summary.pop("more")) == (status, more), done.stderr
    return summary


def run(stack, *arguments, **environment):
    return subprocess.run(
        [stack.build / "frontrow-sweeper", *arguments], env=stack.environment | environment,
        timeout=120, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


def lapsed(stack, concert, **where):
    """A hold that is over. (userId, reservation)"""
    user = new_user()
    held = reserve(stack, user, concert, **where)
    age_hold(stack, held["reservationId"], 300)
    return user, held


def stored(stack, reservation_id):
    return stack.query("SELECT status FROM reservation WHERE reservation_id = %s", reservation_id)[0]["status"]


def seat_row(stack, held):
    return stack.query(
        "SELECT status, reservation_id, held_until FROM seat WHERE item_id = %s AND seat_no = %s",
        held["itemId"], held["seats"][0]["seatId"],
    )[0]


FREE = {"status": "available", "reservation_id": None, "held_until": None}


def test_a_lapsed_hold_is_written_down(stack, concert):
    user, held = lapsed(stack, concert, item=concert.item, seats=[1, 2, 3])
    assert sweep(stack)["expired"] == 1
    assert stored(stack, held["reservationId"]) == "expired"
    assert seat_row(stack, held) == FREE
    shown = ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}"))
    assert shown["status"] == "expired"
    assert [seat["seatId"] for seat in shown["seats"]] == [1, 2, 3], "its seats are still told"
    assert sweep(stack)["expired"] == 0


def test_a_seat_that_was_taken_over_stays_with_its_new_buyer(stack, concert):
    _, old = lapsed(stack, concert, item=concert.item, seats=[4, 5])
    new = reserve(stack, new_user(), concert, item=concert.item, seats=[4])
    assert sweep(stack)["expired"] == 1
    assert stored(stack, old["reservationId"]) == "expired"
    assert stored(stack, new["reservationId"]) == "held"
    assert seat_row(stack, new)["reservation_id"] == new["reservationId"]
    assert seat_status(stack, concert, concert.item, 5) == "available"


def test_what_is_not_over_is_left_alone(stack, concert):
    live = reserve(stack, new_user(), concert, item=concert.item, seats=[6])
    paid, _ = buy(stack, new_user(), concert, item=concert.item, seats=[7])
    age_hold(stack, paid["reservationId"], 3000)
    user = new_user()
    cancelled = reserve(stack, user, concert, item=concert.item, seats=[8])
    ok(stack.call("DELETE", f"/reservation/{cancelled['reservationId']}?userId={user}"))
    age_hold(stack, cancelled["reservationId"], 3000)
    assert sweep(stack)["expired"] == 0
    assert [stored(stack, r["reservationId"]) for r in (live, paid, cancelled)] == ["held", "paid", "cancelled"]
    assert seat_row(stack, paid)["status"] == "sold"


@pytest.mark.parametrize("locked", [
    "reservation WHERE reservation_id = {reservationId}", "seat WHERE item_id = {itemId} AND seat_no = 11",
], ids=["reservation", "seat"])
def test_who_has_a_lock_decides(stack, concert, locked):
    """A payment, a cancel or the seat's next buyer is at work: the pass does not wait for it."""
    user = new_user()
    held = reserve(stack, user, concert, item=concert.item, seats=[10, 11])
    age_hold(stack, held["reservationId"], 300)
    with contextlib.closing(stack.mysql()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT * FROM {locked.format(**held)} FOR UPDATE")
        found = sweep(stack)
        assert (found["expired"], found["busy"], found["failed"]) == (0, 1, 0)
        assert stored(stack, held["reservationId"]) == "held", "all or nothing"
        cursor.execute("ROLLBACK")
    assert sweep(stack)["expired"] == 1
    assert stored(stack, held["reservationId"]) == "expired"
    assert seat_row(stack, held) == FREE


def hold_many(stack, concert, users, count):
    """Lapsed holds of one seat each, by SQL."""
    stack.query(
        "INSERT INTO reservation (user_id, concert_id, item_id, seat_count, total_price, created_at, expires_at)"
        " SELECT CONCAT(%s, seat_no), %s, item_id, 1, price, UTC_TIMESTAMP(3) - INTERVAL 400 SECOND,"
        " UTC_TIMESTAMP(3) - INTERVAL 100 SECOND FROM seat WHERE item_id = %s ORDER BY seat_no LIMIT %s",
        users, concert.id, concert.item, count,
    )
    stack.query(
        "INSERT INTO reservation_seat (reservation_id, seat_no, price)"
        " SELECT r.reservation_id, s.seat_no, s.price FROM reservation r JOIN seat s ON s.item_id = r.item_id"
        " AND r.user_id = CONCAT(%s, s.seat_no) WHERE r.item_id = %s", users, concert.item,
    )
    stack.query(
        "UPDATE seat s JOIN reservation r ON r.item_id = s.item_id AND r.user_id = CONCAT(%s, s.seat_no)"
        " SET s.status = 'held', s.reservation_id = r.reservation_id, s.held_until = r.expires_at"
        " WHERE s.item_id = %s", users, concert.item,
    )


def test_passes_may_overlap_with_each_other_and_with_buyers(stack):
    """1,200 lapsed holds (three batches), three sweepers, and a buyer of the same seats."""
    count = 1200
    concert = new_concert(stack, seats=count)
    hold_many(stack, concert, new_user() + "-", count)
    client = stack.new_client()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        passes = [pool.submit(stack.sweeper) for _ in range(3)]
        taken = [ask_reserve(client, new_user(), concert, concert.item, seat) for seat in range(count, 0, -20)]
        done = [one.result(timeout=120) for one in passes]
    client.close()
    assert [one.returncode for one in done] == [0, 0, 0], [one.stderr for one in done]
    assert all(answer.status in (200, 503) for answer in taken), taken
    summaries = [read_summary(one) for one in done]
    left = stack.query(
        "SELECT COUNT(*) AS n FROM reservation WHERE item_id = %s AND status = 'held'"
        " AND expires_at < UTC_TIMESTAMP(3)", concert.item,
    )[0]["n"]
    assert sum(one["expired"] for one in summaries) == count - left, "each hold is expired once"
    assert left <= sum(one["busy"] for one in summaries)
    assert sweep(stack)["expired"] == left
    rows = stack.query("SELECT status, COUNT(*) AS n FROM seat WHERE item_id = %s GROUP BY status", concert.item)
    bought = sum(answer.status == 200 for answer in taken)
    assert {row["status"]: row["n"] for row in rows} == {"available": count - bought, "held": bought}


def test_one_that_cannot_be_expired_does_not_stop_the_others(stack, concert):
    _, stuck = lapsed(stack, concert, item=concert.item, seats=[20])
    _, other = lapsed(stack, concert, item=concert.item, seats=[21])
    stack.query(
        "CREATE TRIGGER stuck BEFORE UPDATE ON reservation FOR EACH ROW"
        f" BEGIN IF NEW.reservation_id = {stuck['reservationId']} THEN"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'stuck'; END IF; END"
    )
    try:
        found = sweep(stack, status=1)
        assert (found["expired"], found["failed"]) == (1, 1)
        assert stored(stack, other["reservationId"]) == "expired"
        assert stored(stack, stuck["reservationId"]) == "held"
        assert seat_row(stack, stuck)["status"] == "held", "its transaction was rolled back whole"
    finally:
        stack.query("DROP TRIGGER stuck")
    assert sweep(stack)["expired"] == 1


def test_a_queue_that_somebody_has_locked_does_not_stop_the_others(stack):
    locked, free = Queue.new(stack, 1, active_seconds=5), Queue.new(stack, 1, active_seconds=5)
    for queue in (locked, free):
        queue.add()
        queue.pass_s(5.1)
    with contextlib.closing(stack.mysql()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM queue_token WHERE concert_id = %s FOR UPDATE", (locked.id,))
        done = stack.sweeper()
    assert (done.returncode, read_summary(done)["failed"]) == (1, 1), done.stderr
    assert (locked.rows()[1]["status"], free.rows()[1]["status"]) == ("active", "lapsed")
    sweep(stack)
    assert locked.rows()[1]["status"] == "lapsed"


def test_answers_are_kept_for_a_day(stack, concert):
    user = new_user()
    for _ in range(3):
        ok(stack.post("/point/charge", {"userId": user, "amount": 1}, **{"Idempotency-Key": new_user("key")}))
    stack.query(
        "INSERT INTO idempotency (user_id, idempotency_key, fingerprint, effect, effect_id, body, created_at)"
        " SELECT user_id, CONCAT(idempotency_key, '-', a.seat_no, '-', b.seat_no), fingerprint, effect, effect_id,"
        " body, UTC_TIMESTAMP(3) - INTERVAL 86460 SECOND FROM idempotency"
        " CROSS JOIN seat a CROSS JOIN seat b WHERE user_id = %s"
        " AND a.item_id = %s AND a.seat_no <= 30 AND b.item_id = %s AND b.seat_no <= 30",
        user, concert.item, concert.item,
    )
    stack.query(
        "UPDATE idempotency SET created_at = UTC_TIMESTAMP(3) - INTERVAL 86340 SECOND WHERE user_id = %s"
        " AND created_at > UTC_TIMESTAMP(3) - INTERVAL 1 HOUR LIMIT 1", user,
    )
    assert sweep(stack)["answers"] == 3 * 900
    assert len(stack.query("SELECT 1 FROM idempotency WHERE user_id = %s", user)) == 3
    assert sweep(stack)["answers"] == 0


def test_a_draw_does_not_wait_behind_what_has_time(stack):
    """Its list is there while an old answer, which somebody has locked, is still to be deleted."""
    draw = Draw.new(stack)
    draw.add()
    draw.freeze()
    stack.query("INSERT INTO idempotency (user_id, idempotency_key, fingerprint, effect, created_at)"
                " VALUES ('locked', 'old', '', 'use', UTC_TIMESTAMP(3) - INTERVAL 2 DAY)")
    with contextlib.closing(stack.mysql()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM idempotency WHERE user_id = 'locked' FOR UPDATE")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pass_over = pool.submit(stack.sweeper)
            wait_for_waiters(stack, 1)
            assert draw.show()["state"] == "listed"
            cursor.execute("ROLLBACK")
            assert pass_over.result().returncode == 0


def test_without_redis_the_holds_are_swept(stack, concert):
    _, held = lapsed(stack, concert, item=concert.item, seats=[30])
    done = run(stack, "--config", stack.var / "frontrow.conf", FRONTROW_REDIS_SOCKET="/nowhere/redis.sock")
    assert done.returncode == 75
    assert "Redis is out of reach" in read_summary(done)["more"]
    assert stored(stack, held["reservationId"]) == "expired"


def test_without_mysql_it_says_so(stack):
    done = run(stack, "--config", stack.var / "frontrow.conf", FRONTROW_MYSQL_SOCKET="/nowhere/mysql.sock")
    assert done.returncode == 75
    assert "/nowhere/mysql.sock" in done.stderr.splitlines()[-1]


def test_its_command_line(stack):
    version = run(stack, "--version")
    assert version.returncode == 0 and re.fullmatch(r"frontrow-sweeper \d+\.\d+\.\d+\n", version.stdout)
    assert "Usage: frontrow-sweeper" in run(stack, "--help").stdout
    for arguments in (["--nonsense"], ["surplus"], ["--config"]):
        wrong = run(stack, *arguments)
        assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1
    missing = run(stack, "--config", "/nowhere/frontrow.conf")
    assert missing.returncode == 78 and "/nowhere/frontrow.conf" in missing.stderr
    by_environment = run(stack, FRONTROW_CONFIG=str(stack.var / "frontrow.conf"))
    assert by_environment.returncode == 0, by_environment.stderr


def test_old_function_libraries_are_deleted(stack):
    """A day after a sweeper of their version ran last, or after they were seen first."""
    redis = stack.redis()
    ticket = ok(stack.post("/token/add", {"userId": new_user(), "concertId": 2}))
    own = next(entry[1] for entry in redis.function_list("frontrow_queue_*"))
    code = "#!lua name={0}\nredis.register_function('{0}_x', function() return 1 end)"
    for name in ("line_00000001", "frontrow_queue_00000002", "other_library"):
        redis.function_load(code.format(name), replace=True)
    redis.hset("line_libraries", "00000001", redis.time()[0] - 86500)
    assert stack.sweeper().returncode == 0

    def names():
        return sorted(entry[1] for entry in redis.function_list())

    assert names() == sorted([own, "frontrow_queue_00000002", "other_library"])
    redis.hincrby("line_libraries", "00000002", -86500)
    redis.hincrby("line_libraries", own.removeprefix("frontrow_queue_"), -86500)
    assert stack.sweeper().returncode == 0
    assert names() == sorted([own, "other_library"])
    assert list(redis.hgetall("line_libraries")) == [own.removeprefix("frontrow_queue_")]
    redis.execute_command("FUNCTION", "DELETE", own)  # a program that runs all the same loads its own again
    assert ok(stack.get("/token", **{"X-Queue-Token": ticket["token"]}))["token"] == ticket["token"]
    assert own in names()
    redis.execute_command("FUNCTION", "DELETE", "other_library")


def test_a_pass_reads_active_tokens_in_batches(new_stack):
    """One statement for 32 of them, however many there are. (Nobody has asked for the list of concerts there,
    whose counts the workers would refresh.)"""
    stack = new_stack()
    queue = Queue.new(stack, 200)
    queue.add_many(100)

    def selects():
        return int(stack.query("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'")[0]["Value"])

    sweep(stack)
    before = selects()
    sweep(stack)
    many = selects() - before
    queue.set(admission_capacity="NULL")
    before = selects()
    sweep(stack)
    assert many - (selects() - before) < 20
