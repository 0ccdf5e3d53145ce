"""Buyers take places of an area by a count while COMMITs are lost and workers are killed: it is sold to the last place, each
to one of them."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from booking import Hall
from breaking import ask_until_told, kill_workers_while
from cutter import Cutter

BUYERS, PLACES, CAPACITY = 60, 3, 150


class Area:
    """One of a hall, beside seats of it."""

    def __init__(self, stack):
        self.stack, self.hall = stack, Hall(stack, items=1, seats=CAPACITY + 20)
        stack.query("UPDATE seat SET kind = 'standing', section = 'Pit', row_name = '' WHERE item_id = %s AND seat_no <= %s",
                    self.hall.last, CAPACITY)
        stack.query("UPDATE item SET standing_count = %s WHERE item_id = %s", CAPACITY, self.hall.last)

    def see(self):
        area, = self.stack.fresh(f"/concert/{self.hall.id}/item/{self.hall.last}/seat").json()["areas"]
        return area["availableCount"], area["heldCount"]


class Buyer:
    def __init__(self, area, number):
        self.area, self.stack, self.number = area, area.stack, number
        self.user = f"stands-{area.hall.id}-{number}"
        self.held = None

    def ask(self, method, path, body=None):
        """The answer that is no fault; by the key it is that of the first call that was carried out."""
        return ask_until_told(self.stack, method, path, body, {"Idempotency-Key": f"stands-{random.random()}"})[-1]

    def hold(self, count=PLACES):
        body = {"userId": self.user, "concertId": self.area.hall.id, "itemId": self.area.hall.last, "section": "Pit", "count": count}
        answer = self.ask("POST", "/reservation", body)
        assert answer.status == 200 or answer.code == "seats_not_available", answer
        self.held = answer.json() if answer.status == 200 else None

    def live(self):
        """Holds; every third gives back."""
        self.hold()
        if self.held and self.number % 3 == 0:
            answer = self.ask("DELETE", f"/reservation/{self.held['reservationId']}?userId={self.user}")
            assert answer.status == 200, answer
            self.held = None


@pytest.fixture
def buyers(whole):
    area = Area(whole)
    return [Buyer(area, number) for number in range(BUYERS)]


def live_all(buyers):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(Buyer.live, buyers))


def assert_exact(buyers):
    """As told; and then the last places are sold as well, those too that came back."""
    area = buyers[0].area
    told = {seat["seatId"]: buyer.held["reservationId"] for buyer in buyers if buyer.held for seat in buyer.held["seats"]}
    rows = area.stack.query("SELECT seat_no, reservation_id FROM seat WHERE item_id = %s AND status = 'held'", area.hall.last)
    assert {row["seat_no"]: row["reservation_id"] for row in rows} == told
    assert area.see() == (CAPACITY - len(told), len(told))
    for place in range(CAPACITY - len(told)):
        late = Buyer(area, BUYERS + place)
        late.hold(1)
        assert late.held and late.held["seats"][0]["section"] == "Pit"
    assert area.see() == (0, CAPACITY)
    late = Buyer(area, 0)
    late.hold(1)
    assert late.held is None


def test_commits_lost_in_an_area(whole, buyers):
    with Cutter(whole, every=3, most=40) as cutter:
        live_all(buyers)
        assert cutter.cuts.total() > 8
    assert_exact(buyers)


def test_workers_killed_in_an_area(whole, buyers):
    kill_workers_while(whole, lambda: live_all(buyers))
    assert_exact(buyers)
