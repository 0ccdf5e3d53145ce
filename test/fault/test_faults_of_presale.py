"""Buyers come with codes to a window of presale while COMMITs are lost and workers are killed: its quota is sold to the last
seat and no further, and each code is one user's."""

import datetime
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from booking import Hall
from breaking import ask_until_told, kill_workers_while
from cutter import Cutter

BUYERS, SEATS, QUOTA = 40, 2, 50


class Window:
    """One of a hall, with a single code for each buyer."""

    def __init__(self, stack):
        self.stack, self.hall = stack, Hall(stack, items=1, seats=2 * BUYERS * SEATS)
        stack.query("UPDATE concert SET opens_at = UTC_TIMESTAMP(3) + INTERVAL 1 DAY WHERE concert_id = %s", self.hall.id)
        now = datetime.datetime.now(datetime.timezone.utc)
        body = {"startsAt": (now - datetime.timedelta(hours=1)).isoformat(),
                "endsAt": (now + datetime.timedelta(hours=1)).isoformat(), "quota": QUOTA, "codes": "single"}
        path = f"/admin/concert/{self.hall.id}/presale"
        self.id = self.ask("POST", path, body, stack.admin_headers())["presaleId"]
        self.codes = self.ask("POST", f"{path}/{self.id}/code", {"count": BUYERS}, stack.admin_headers())["codes"]

    def ask(self, *call):
        answer = self.stack.call(*call)
        assert answer.status == 200, answer
        return answer.json()

    def count(self, what):
        return self.stack.query(f"SELECT COUNT(*) AS n FROM presale_slot WHERE presale_id = %s AND {what}", self.id)[0]["n"]


class Buyer:
    def __init__(self, window, number):
        self.window, self.stack, self.number = window, window.stack, number
        self.user = f"early-{window.hall.id}-{number}"
        self.body = {"userId": self.user, "concertId": window.hall.id, "code": window.codes[number]}
        self.seats = list(range(SEATS * number + 1, SEATS * (number + 1) + 1))
        self.held = None

    def ask(self, method, path, body=None):
        """The answer that is no fault; by the key it is that of the first call that was carried out."""
        headers = {"Idempotency-Key": f"early-{random.random()}"}
        return ask_until_told(self.stack, method, path, body, headers)[-1]

    def hold(self):
        """Until it has seats or the quota is full; a place of the quota that is given back goes to another one."""
        answer = self.ask("POST", "/reservation", self.body | {"itemId": self.window.hall.last, "seatIds": self.seats})
        assert answer.status == 200 or answer.code == "presale_sold_out", answer
        self.held = answer.json()["reservationId"] if answer.status == 200 else None

    def live(self):
        """Holds; every third gives back, and every third pays."""
        self.hold()
        if self.held and self.number % 3 == 0:
            answer = self.ask("DELETE", f"/reservation/{self.held}?userId={self.user}")
            assert answer.status == 200, answer
            self.held = None
        elif self.held and self.number % 3 == 1:
            self.ask("POST", "/point/charge", {"userId": self.user, "amount": 1000 * SEATS})
            answer = self.ask("POST", "/payment", {"userId": self.user, "reservationId": self.held})
            assert answer.status == 200, answer


@pytest.fixture
def buyers(whole):
    window = Window(whole)
    return [Buyer(window, number) for number in range(BUYERS)]


def all_at_once(function, buyers):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(function, buyers))


def assert_exact(buyers):
    """As told, and then the last slots are sold as well."""
    window = buyers[0].window
    holders = [buyer for buyer in buyers if buyer.held]
    paid = [buyer for buyer in holders if buyer.number % 3 == 1]
    assert window.count("free_at = '9999-12-31'") == SEATS * len(paid)
    assert window.count("free_at > UTC_TIMESTAMP(3)") == SEATS * len(holders)
    for buyer in buyers:
        if buyer not in holders:
            buyer.hold()
    assert window.count("free_at > UTC_TIMESTAMP(3)") == QUOTA
    owners = window.stack.query("SELECT user_id FROM presale_code WHERE presale_id = %s ORDER BY code_id", window.id)
    assert all(row["user_id"] in (None, buyer.user) for row, buyer in zip(owners, buyers))
    used = window.stack.query("SELECT user_id FROM presale_code WHERE presale_id = %s AND used_at IS NOT NULL", window.id)
    assert sorted(row["user_id"] for row in used) == sorted(buyer.user for buyer in paid)


def test_commits_lost_in_a_presale(whole, buyers):
    with Cutter(whole, every=3, most=40) as cutter:
        all_at_once(Buyer.live, buyers)
        assert cutter.cuts.total() > 8
    assert_exact(buyers)


def test_workers_killed_in_a_presale(whole, buyers):
    kill_workers_while(whole, lambda: all_at_once(Buyer.live, buyers))
    assert_exact(buyers)


def test_commits_lost_while_codes_are_made(whole, buyers):
    """A repeated call shows the codes that were made, and each of them is there."""
    window, shown = buyers[0].window, []
    path = f"/admin/concert/{window.hall.id}/presale/{window.id}/code"

    def make(number):
        headers = whole.admin_headers() | {"Idempotency-Key": f"codes-{window.id}-{number}"}
        answer = ask_until_told(whole, "POST", path, {"count": 20}, headers)[-1]
        assert answer.status == 200, answer
        shown.extend(answer.json()["codes"])

    with Cutter(whole, every=2, most=20) as cutter:
        all_at_once(make, range(30))
        assert cutter.cuts.total() > 5
    made = whole.query("SELECT COUNT(*) AS n FROM presale_code WHERE presale_id = %s", window.id)[0]["n"]
    assert len(shown) == len(set(shown)) == 30 * 20 and made == 30 * 20 + BUYERS
    for number, code in enumerate(random.sample(shown, 10)):
        body = {"userId": f"late-{window.id}-{number}", "concertId": window.hall.id, "code": code}
        assert whole.post("/token/add", body).status == 200
