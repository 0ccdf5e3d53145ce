"""The clock of the application's host is ten minutes off, or MySQL's SYSDATE() stands still."""

import datetime
import glob
import time

import pytest
from booking import Hall, Load
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
