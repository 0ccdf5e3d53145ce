"""The clock of the application's host is ten minutes off, MySQL's goes back, or its SYSDATE() stands still."""

import datetime
import glob
import time

import pytest
from batches import ONE_WORKER, paying, together
from booking import Hall, Load
from refuser import MysqlRefuser
from stack import wait_for

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)


@pytest.fixture(params=["+10m", "-10m"])
def shifted(whole, request):
    """The stack with nginx, frontrow and the sweeper living in another time."""
    assert LIBRARY, "libfaketime is not installed"
    faked = {"LD_PRELOAD": LIBRARY, "FAKETIME": request.param, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    true = whole.environment
    try:
        whole.environment = true | faked
        whole.restart("frontrow")
        whole.restart("nginx")
        yield whole
    finally:
        whole.environment = true
        whole.restart("frontrow")
        whole.restart("nginx")


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_ten_minutes_off(shifted):
    """Holds still last five minutes by the database's clock, and lapse by it."""
    hall = Hall(shifted, capacity=500)
    with Load(hall) as load:
        time.sleep(1.5)
        client = shifted.new_client()
        body = {"userId": "punctual", "concertId": hall.id}
        token = client.post("/token/add", body).json()["token"]
        body |= {"itemId": hall.first, "seatId": 1, "token": token}
        held = client.post("/reservation", body).json()
        assert shifted.sweeper().returncode == 0
    assert not load.told.broken()
    if held.get("code") != "seat_taken":
        until, since = instant(held["expiresAt"]), instant(held["createdAt"])
        real = datetime.datetime.now(datetime.timezone.utc)
        assert until - since == datetime.timedelta(minutes=5)
        assert abs((since - real).total_seconds()) < 60
    expired = shifted.query(
        "SELECT COUNT(*) AS n FROM reservation WHERE status = 'expired' AND concert_id = %s", hall.id
    )
    assert expired == [{"n": 0}]


class EarlyLook(MysqlRefuser):
    """What reads reservations beside their concerts lives two hours later than what locks them."""

    def __init__(self, stack):
        super().__init__(stack)
        self.rule = self.shift
        self.shifted = 0

    def shift(self, pair, statement):
        """By a statement of its own before each, whose answer is thrown away."""
        if not statement.startswith("SELECT r.reservation_id") or "concert c" not in statement:
            return
        query = b"\x03SET timestamp = UNIX_TIMESTAMP(SYSDATE()) + 7200"
        pair.muted = True
        pair.answered.clear()
        pair.server.sendall(len(query).to_bytes(3, "little") + b"\0" + query)
        assert pair.answered.wait(60)
        pair.muted = False
        self.shifted += 1


@pytest.mark.parametrize("count", [1, 2])
def test_the_clock_goes_back_while_a_payment_is_looked_at(new_stack, count):
    """As after a failover. A hold that was made without a token is paid without one if its concert is closed. It was
    closed when it was looked at, and is open when the hold is locked: so there should have been a token."""
    stack = new_stack(**ONE_WORKER)
    hall = Hall(stack, items=1)
    worker = stack.workers()
    calls = []
    for n in range(count):
        user = f"early-{n}"
        body = {"userId": user, "concertId": hall.id, "itemId": hall.last, "count": 1}
        calls.append(paying(user, stack.post("/reservation", body).json()["reservationId"], None))
    stack.query("UPDATE concert SET closes_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE concert_id = %s", hall.id)
    with EarlyLook(stack) as look:
        answers = together(stack, calls)
        assert look.shifted >= count
    assert {(answer.status, answer.code) for answer in answers} == {(401, "token_missing")}
    assert stack.workers() == worker
    rows = stack.query("SELECT status FROM reservation WHERE concert_id = %s", hall.id)
    assert [row["status"] for row in rows] == ["held"] * count


def test_a_server_whose_sysdate_stands_still(whole):
    """What is locked would be judged by the time before the wait for the lock: it is not used."""
    settings = whole.var / "my.cnf"
    text = settings.read_text()
    try:
        with whole.without("mysql"):
            settings.write_text(text + "sysdate-is-now\n")
        answer = whole.new_client().get("/point?userId=timeless")
        audit = whole.ctl("audit")
    finally:
        with whole.without("mysql"):
            settings.write_text(text)
    assert (answer.status, answer.code) == (503, "mysql_unavailable")
    assert audit.returncode == 75 and "sysdate-is-now" in audit.stderr
    wait_for(lambda: whole.new_client().get("/point?userId=timeless").status == 200)
