"""Nothing that was acknowledged is lost to webhooks, whatever is killed meanwhile."""

import os
import random
import signal
import sys
import threading
import time

import pytest
from stack import ROOT, wait_for

sys.path.append(str(ROOT / "test/api"))
from helpers import age_hold, ask_pay, ask_reserve, add_token, charge, new_concert, new_user  # noqa: E402
from webhooks import another_outbox, library, receiving, waiting  # noqa: E402

SECONDS = 8
BUYERS = 6


@pytest.fixture(scope="module")
def hooked(new_stack):
    library()
    stack = new_stack(webhooks="on", webhook_allow="127.0.0.1", webhook_timeout_ms=1000, workers=6)
    yield stack
    stack.check_books()


class Buyer(threading.Thread):
    """Holds, pays, gives back and leaves seats, and keeps what was acknowledged, by reservation."""

    def __init__(self, stack, concert, seats, until):
        super().__init__()
        self.stack, self.concert, self.seats, self.until = stack, concert, seats, until
        self.client, self.acknowledged = stack.new_client(), {}
        self.dice = random.Random(str(seats))

    def ask(self, call):
        try:
            answer = call()
        except OSError:
            return None
        except Exception:  # noqa: BLE001  # nginx lost its worker in the middle of an answer
            return None
        return answer.json() if answer.status == 200 else None

    def run(self):
        user = new_user()
        while not self.ask(lambda: self.client.post("/point/charge", {"userId": user, "amount": 10**6})):
            time.sleep(0.05)
        token = None
        while token is None:
            token = self.ask(lambda: self.client.post("/token/add", {"userId": user, "concertId": self.concert.id}))
        while time.monotonic() < self.until:
            self.buy(user, token["token"], self.dice.choice(self.seats))

    def buy(self, user, token, seat):
        held = self.ask(lambda: ask_reserve(self.client, user, self.concert, self.concert.item, seat))
        if held is None:
            return
        number = held["reservationId"]
        told = self.acknowledged[number] = ["reservation.held"]
        way = self.dice.random()
        if way < 0.2:
            return
        if way < 0.7:
            if not self.ask(lambda: ask_pay(self.client, user, number, token)):
                return
            told.append("reservation.paid")
        end = "reservation.refunded" if len(told) > 1 else "reservation.cancelled"
        if self.ask(lambda: self.client.call("DELETE", f"/reservation/{number}?userId={user}")):
            told.append(end)


def is_in_order(told, kinds):
    """Whether these are in it, in this order."""
    rest = iter(told)
    return all(kind in rest for kind in kinds)


PROGRAMS, SERVERS = ["outbox", "worker", "worker", "sweeper"], ["mysql", "redis", "nginx", "receiver"]


def kill_something(stack, dice, receiver, of):
    what = dice.choice(of)
    if what == "receiver":  # with the deliveries that it has begun to take
        receiver.stop()
        time.sleep(0.3)
        receiver.start()
    elif what not in ("worker", "sweeper"):
        stack.kill(what)
        stack.start_service(what)
    elif what == "worker":
        workers = stack.workers()
        if workers:
            os.kill(dice.choice(workers), signal.SIGKILL)
    else:
        import subprocess

        sweeper = subprocess.Popen([stack.build / "frontrow-sweeper", "--config", stack.var / "frontrow.conf"],
                                   env=stack.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.random() * 0.05)
        sweeper.kill()
        sweeper.wait()


@pytest.mark.parametrize("of, least", [(PROGRAMS, 50), (SERVERS, 20)], ids=["programs", "servers"])
def test_none_is_lost_whatever_is_killed(hooked, of, least):
    """Each acknowledged change arrives, in the order of its reservation; expired holds too; no event is told that did not
    happen. Two outboxes work side by side, and one of them is killed."""
    seats = 60
    concert = new_concert(hooked, seats=seats, hold_seconds=1, max_seats=None)
    with receiving(hooked) as receiver, another_outbox(hooked):
        until = time.monotonic() + SECONDS
        shares = [list(range(n + 1, seats + 1, BUYERS)) for n in range(BUYERS)]
        buyers = [Buyer(hooked, concert, share, until) for share in shares]
        for buyer in buyers:
            buyer.start()
        dice = random.Random(7)
        while time.monotonic() < until:
            kill_something(hooked, dice, receiver, of)
            time.sleep(dice.random() * 0.3)
        for buyer in buyers:
            buyer.join()
        wait_for(lambda: hooked.get("/health/ready").status == 200)

        def swept():
            hooked.sweeper()
            return not hooked.query("SELECT 1 FROM reservation WHERE status = 'held' AND concert_id = %s", concert.id)

        wait_for(swept, step=0.5)
        wait_for(lambda: waiting(hooked) == 0, seconds=120)
        assert sum(len(buyer.acknowledged) for buyer in buyers) > least
        for buyer in buyers:
            for number, kinds in buyer.acknowledged.items():
                told = receiver.of(reservationId=number)
                assert is_in_order(told, kinds), (number, kinds, told)
        ends = {"paid": "reservation.paid", "expired": "reservation.expired"}
        for row in hooked.query("SELECT reservation_id, status FROM reservation WHERE concert_id = %s", concert.id):
            told = receiver.of(reservationId=row["reservation_id"])
            assert told[0] == "reservation.held", (row, told)
            assert told[-1] == ends.get(row["status"], told[-1]) and len(told) == len(set(told)), (row, told)
        numbers = {row["reservation_id"] for row in hooked.query("SELECT reservation_id FROM reservation")}
        assert {message["data"].get("reservationId") for message in receiver.messages} - {None} <= numbers
