"""Whatever a server's locks are worth, no seat has two owners and no point is spent twice: each change
states what it was decided by. A proxy takes FOR UPDATE out of the statements."""

import concurrent.futures
import contextlib
import itertools
import threading

import pytest
from booking import Hall, Load, hold
from refuser import MysqlRefuser
from stack import wait_for
from unlocker import Unlocker

BUYERS = 8
TWINS = 5  # calls of one user at once: more may be refused as busy


@pytest.fixture(scope="module")
def stack(new_stack):
    """A worker for each buyer, and one more."""
    return new_stack(workers=BUYERS + 1, stale_ms=0, redis_timeout_ms=900)


@pytest.fixture(scope="module")
def unlocker(stack):
    with Unlocker(stack) as proxy:
        yield proxy
        assert proxy.unlocked > 0
    stack.check_books()


@pytest.fixture
def hall(unlocker):
    return Hall(unlocker.stack, items=1, seats=40)


def at_once(stack, calls):
    """The answers to calls that are made at once, each a function of a client; none is a bug of ours."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        with contextlib.closing(stack.new_client()) as client:
            client.get("/health")
            barrier.wait(60)
            return call(client)

    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        answers = list(pool.map(run, calls))
    assert all(answer.status in (200, 409, 503) for answer in answers), answers
    assert all(answer.code in ("", "busy") for answer in answers if answer.status != 409), answers
    return answers


def reserving(hall, user, **seats):
    body = {"userId": user, "concertId": hall.id, "itemId": hall.last} | seats
    return lambda client: client.post("/reservation", body)


def assert_sold_once(hall, answers):
    """The seats that the buyers were told are each another one, and MySQL says so too."""
    told = {}
    for reservation in (answer.json() for answer in answers if answer.status == 200):
        for seat in reservation["seats"]:
            assert seat["seatId"] not in told, f"{seat} was told to two"
            told[seat["seatId"]] = reservation["reservationId"]
    rows = hall.stack.query(
        "SELECT seat_no, reservation_id FROM seat WHERE item_id = %s AND status = 'held'"
        " AND held_until > UTC_TIMESTAMP(3)", hall.last,
    )
    assert {row["seat_no"]: row["reservation_id"] for row in rows} == told
    return told


NAMED = [
    [{"seatId": 1}],
    [{"seatIds": [1, 2]}],
    [{"seatIds": [1, 2, 3]}, {"seatIds": [3, 4, 5]}, {"seatIds": [5, 1]}],
    [{"seatIds": list(range(1, 9))}, {"seatIds": list(range(8, 16))}, {"seatId": 8}],
]


@pytest.mark.parametrize("wishes", NAMED, ids=str)
@pytest.mark.parametrize("lapsed", [False, True])
def test_named_seats_have_one_buyer(hall, wishes, lapsed):
    """Free ones, and ones whose last hold is over."""
    if lapsed:
        for seats in ([1, 2], [3, 4, 5, 6], [8]):
            assert reserving(hall, "before", seatIds=seats)(hall.stack).status == 200
        hall.stack.query(
            "UPDATE reservation SET created_at = created_at - INTERVAL 1 HOUR,"
            " expires_at = expires_at - INTERVAL 1 HOUR WHERE item_id = %s", hall.last,
        )
        hall.stack.query(
            "UPDATE seat SET held_until = held_until - INTERVAL 1 HOUR WHERE item_id = %s", hall.last
        )
    wishes = itertools.islice(itertools.cycle(wishes), BUYERS)
    answers = at_once(
        hall.stack, [reserving(hall, f"named-{n}", **wish) for n, wish in enumerate(wishes)]
    )
    assert assert_sold_once(hall, answers)
    assert {answer.code for answer in answers} <= {"", "seat_taken", "busy"}


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_best_available_has_one_buyer(hall, count):
    """Beside others who name the same seats: nobody tells the others of those beforehand."""
    wishes = [{"count": count}] * 4 + [{"seatId": n} for n in range(1, BUYERS - 3)]
    answers = at_once(
        hall.stack, [reserving(hall, f"best-{n}", **wish) for n, wish in enumerate(wishes)]
    )
    assert assert_sold_once(hall, answers)
    assert {answer.code for answer in answers} <= {"", "seat_taken", "seats_not_available", "busy"}


def paying(body):
    return lambda client: client.post("/payment", body)


def cancelling(body):
    path = f"/reservation/{body['reservationId']}?userId={body['userId']}"
    return lambda client: client.call("DELETE", path)


def balance(stack, user):
    return stack.new_client().get(f"/point?userId={user}").json()["balance"]


def test_paid_once(hall):
    body, _ = hold(hall, f"payer-{hall.id}")
    answers = at_once(hall.stack, [paying(body)] * TWINS)
    assert sorted(answer.code for answer in answers) == [""] + ["already_paid"] * (TWINS - 1)
    assert balance(hall.stack, body["userId"]) == 0


def test_refunded_once(hall):
    body, _ = hold(hall, f"refunded-{hall.id}")
    assert paying(body)(hall.stack).status == 200
    answers = at_once(hall.stack, [cancelling(body)] * TWINS)
    assert sorted(answer.code for answer in answers) == [""] + ["not_cancellable"] * (TWINS - 1)
    assert balance(hall.stack, body["userId"]) == 1000


def test_paid_or_given_back(hall):
    """And taken by somebody else at the same time: whoever hears 200 has it."""
    for round_ in range(5):
        body, number = hold(hall, f"undecided-{hall.id}-{round_}")
        seat = hall.stack.query("SELECT seat_no FROM seat WHERE reservation_id = %s", number)[0]["seat_no"]
        others = [reserving(hall, f"waiting-{n}", seatId=seat) for n in range(BUYERS - 4)]
        calls = [paying(body), cancelling(body)] * 2 + others
        answers = at_once(hall.stack, calls)
        owners = hall.stack.query(
            "SELECT r.user_id, r.status FROM seat s LEFT JOIN reservation r USING (reservation_id)"
            " WHERE s.item_id = %s AND s.seat_no = %s", hall.last, seat,
        )
        taken = [answer for answer in answers[4:] if answer.status == 200]
        paid = [answer for answer in (answers[0], answers[2]) if answer.status == 200]
        cancelled = [answer for answer in (answers[1], answers[3]) if answer.status == 200]
        assert len(taken) <= len(cancelled) <= 1 and len(paid) <= 1
        if taken:
            assert owners == [{"user_id": taken[0].json()["userId"], "status": "held"}]
        elif cancelled:
            assert owners == [{"user_id": None, "status": None}]
        else:
            assert owners == [{"user_id": body["userId"], "status": "paid"}] and paid
        assert balance(hall.stack, body["userId"]) == (0 if not cancelled else 1000)


def test_points_are_spent_once(hall):
    user = f"spender-{hall.id}"
    assert hall.stack.post("/point/charge", {"userId": user, "amount": 1000}).status == 200
    answers = at_once(
        hall.stack, [lambda client: client.post("/point/use", {"userId": user, "amount": 600})] * TWINS
    )
    assert sorted(answer.code for answer in answers) == [""] + ["insufficient_points"] * (TWINS - 1)
    answers = at_once(
        hall.stack, [lambda client: client.post("/point/charge", {"userId": user, "amount": 7})] * TWINS
    )
    charged = sum(answer.status == 200 for answer in answers)
    assert charged > 1 and balance(hall.stack, user) == 400 + 7 * charged


def test_swept_and_taken(hall):
    """The sweeper frees what was held, while others take it."""
    for seat in range(1, 6):
        assert reserving(hall, f"late-{seat}", seatId=seat)(hall.stack).status == 200
    hall.stack.query(
        "UPDATE reservation SET created_at = created_at - INTERVAL 1 HOUR,"
        " expires_at = expires_at - INTERVAL 1 HOUR WHERE item_id = %s", hall.last,
    )
    hall.stack.query(
        "UPDATE seat SET held_until = held_until - INTERVAL 1 HOUR WHERE item_id = %s", hall.last
    )
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        sweepers = [pool.submit(hall.stack.sweeper) for _ in range(2)]
        calls = [reserving(hall, f"next-{n}", seatId=n % 5 + 1) for n in range(BUYERS)]
        answers = at_once(hall.stack, calls)
        assert [sweeper.result().returncode for sweeper in sweepers] == [0, 0]
    assert set(assert_sold_once(hall, answers)) == {1, 2, 3, 4, 5}


def test_a_rush(unlocker):
    """All calls of buyers at once; all that they were told stands in the books."""
    hall = Hall(unlocker.stack, items=2, seats=30)
    with Load(hall, rate=100, seconds=8) as load:
        load.process.wait(120)
    assert any(answer.ok and answer.call == "pay" for answer in load.told.answers)


class Tidb(MysqlRefuser):
    """A server that calls itself TiDB where it is asked."""

    def to_server(self, pair):
        with contextlib.suppress(OSError):
            for packet, _ in self.read(pair):
                pair.server.sendall(packet.replace(b"VERSION()", b" 'TiDB'  "))
        pair.close()


def test_tidb_is_not_used(new_stack):
    """Its SKIP LOCKED skips nothing: it is refused by all programs before the first statement of a sale."""
    private = new_stack()
    with Tidb(private):
        answer = private.new_client().get("/point?userId=anybody")
        ready = private.new_client().get("/health/ready")
        check, audit = private.program("frontrow", "--check"), private.ctl("audit")
        assert (answer.status, answer.code, ready.status) == (503, "mysql_unavailable", 503)
        assert check.returncode == 1 and "MySQL is TiDB" in check.stderr
        assert audit.returncode == 75 and "MySQL is TiDB" in audit.stderr
    wait_for(lambda: private.new_client().get("/point?userId=anybody").status == 200)
