"""What comes back is offered to who waits, in their order and once, while COMMITs are lost and workers and sweepers are
killed."""

import contextlib
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from booking import Hall
from breaking import ask_until_told, kill_workers_while
from cutter import Cutter
from stack import wait_for

ORDERS, SEATS, WAITING = 24, 4, 60


class Crowd:
    """A hall that is held, each four seats by a user, and who waits for it, each for two."""

    def __init__(self, stack):
        self.stack, self.hall = stack, Hall(stack, items=1, seats=ORDERS * SEATS)
        stack.query("UPDATE concert SET waitlist = 1 WHERE concert_id = %s", self.hall.id)
        self.orders = [self.hold(number) for number in range(ORDERS)]

    def hold(self, number):
        user = f"held-{self.hall.id}-{number}"
        body = {"userId": user, "concertId": self.hall.id, "itemId": self.hall.last,
                "seatIds": list(range(SEATS * number + 1, SEATS * (number + 1) + 1))}
        answer = self.stack.post("/reservation", body)
        assert answer.status == 200, answer
        return f"/reservation/{answer.json()['reservationId']}?userId={user}"

    def join(self, number):
        """Half of them with a key."""
        user = f"waits-{self.hall.id}-{number}"
        body = {"userId": user, "concertId": self.hall.id, "itemId": self.hall.last, "count": 2}
        key = {"Idempotency-Key": user} if number % 2 else {}
        assert ask_until_told(self.stack, "POST", "/waitlist", body, key)[-1].status == 200

    def join_all(self):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.join, range(WAITING)))

    def give_back(self, path):
        answer = ask_until_told(self.stack, "DELETE", path)[-1]
        assert answer.status == 200 or answer.json()["code"] == "not_cancellable", answer

    def give_all_back(self):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.give_back, self.orders))

    def let_all_lapse(self):
        for change in ("reservation SET created_at = '2026-01-01', expires_at = '2026-01-02'", "seat SET held_until = '2026-01-02'"):
            self.stack.query(f"UPDATE {change} WHERE item_id = %s", self.hall.last)

    def assert_offered_in_order(self):
        """To the first of them each two seats, that are theirs; and nothing is left."""
        wait_for(lambda: self.stack.sweeper().returncode == 0)
        rows = self.stack.query(
            "SELECT e.status, r.user_id = e.user_id AS own, (SELECT COUNT(*) FROM seat s WHERE s.item_id = e.item_id"
            " AND s.reservation_id = e.reservation_id AND s.status = 'held') AS seats FROM waitlist_entry e"
            " LEFT JOIN reservation r ON r.reservation_id = e.reservation_id WHERE e.item_id = %s ORDER BY e.entry_id",
            self.hall.last)
        served = ORDERS * SEATS // 2
        offered, waits = {"status": "offered", "own": 1, "seats": 2}, {"status": "waiting", "own": None, "seats": 0}
        assert rows == [offered] * served + [waits] * (WAITING - served)
        assert self.stack.query("SELECT COUNT(*) AS n FROM waitlist_return WHERE item_id = %s", self.hall.last) == [{"n": 0}]


@pytest.fixture
def crowd(whole):
    return Crowd(whole)


def test_commits_lost(whole, crowd):
    """Of those who join, and of those who give back, with the offers that they make."""
    with Cutter(whole, every=3, most=40) as cutter:
        crowd.join_all()
        crowd.give_all_back()
        assert cutter.cuts.total() > 8
    crowd.assert_offered_in_order()


def test_workers_killed(whole, crowd):
    """Between the return and its offers too: the sweeper makes these."""
    kill_workers_while(whole, lambda: (crowd.join_all(), crowd.give_all_back()))
    crowd.assert_offered_in_order()


def test_sweepers_killed(whole, crowd):
    """In the middle of a pass that ends all holds, and offers their seats."""
    crowd.join_all()
    crowd.let_all_lapse()

    def start():
        return subprocess.Popen([whole.build / "frontrow-sweeper", "--config", whole.var / "frontrow.conf"],
                                env=whole.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    for _ in range(6):
        sweeper = start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            sweeper.wait(random.uniform(0.01, 0.15))
        sweeper.kill()
        sweeper.wait()
    pair = [start(), start()]
    assert {sweeper.wait(120) for sweeper in pair} <= {0, 75}
    crowd.assert_offered_in_order()
