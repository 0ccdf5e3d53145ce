"""Buyers change a part of their orders while COMMITs are lost and workers are killed: each change is made once, and told
as it is stored."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from booking import Hall
from breaking import ask_until_told, kill_workers_while
from cutter import Cutter

BUYERS, SEATS = 24, 4


class Buyer:
    """One with a hold or an order of four seats, the n-th four of the hall."""

    def __init__(self, hall, number):
        self.stack, self.hall, self.keyed = hall.stack, hall, number % 2 == 0
        self.user = f"part-{hall.id}-{number}"
        self.seats = list(range(SEATS * number + 1, SEATS * (number + 1) + 1))
        body = {"userId": self.user, "concertId": hall.id}
        token = self.stack.post("/token/add", body).json()["token"]
        held = self.stack.post("/reservation", body | {"itemId": hall.last, "seatIds": self.seats})
        assert held.status == 200, held
        self.number = held.json()["reservationId"]
        self.paid = number % 4 < 2
        if self.paid:
            assert self.stack.post("/point/charge", {"userId": self.user, "amount": 1000 * SEATS}).status == 200
            paid = self.stack.post("/payment", {"userId": self.user, "reservationId": self.number, "token": token})
            assert paid.status == 200, paid

    def ask(self, method, path, body=None):
        """All answers of a call up to the first that is no fault."""
        key = {"Idempotency-Key": f"part-{random.random()}"} if self.keyed else {}
        return ask_until_told(self.stack, method, path, body, key)

    def see(self):
        return self.stack.get(f"/reservation/{self.number}?userId={self.user}").json()

    def balance(self):
        return self.stack.get(f"/point?userId={self.user}").json()["balance"]


@pytest.fixture
def buyers(whole):
    hall = Hall(whole, items=1, seats=2 * BUYERS * SEATS)
    whole.query("UPDATE concert SET seat_returns = 1, swaps = 1, transfers = 1 WHERE concert_id = %s", hall.id)
    return [Buyer(hall, number) for number in range(BUYERS)]


def all_at_once(function, buyers):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(function, buyers))


def give_one_back(buyer):
    path = f"/reservation/{buyer.number}?userId={buyer.user}&seatIds={buyer.seats[1]}"
    answers = buyer.ask("DELETE", path)
    if answers[-1].status != 200:  # an earlier one was done, which its buyer was not told
        assert not buyer.keyed and len(answers) > 1, answers
        assert answers[-1].json()["code"] == ("not_cancellable" if buyer.paid else "seat_not_found"), answers
        return
    answer = answers[-1].json()
    assert (answer["status"], answer.get("refundedAmount")) == (("paid", 1000) if buyer.paid else ("held", None))


def assert_given_back_once(buyers):
    for buyer in buyers:
        kept = [buyer.seats[0], *buyer.seats[2:]]
        assert [seat["seatId"] for seat in buyer.see()["seats"]] == kept
        assert buyer.balance() == (1000 if buyer.paid else 0)


def wanted_by(buyer):
    """One of the free half of the hall."""
    return buyer.seats[0] + BUYERS * SEATS


def swap_one(buyer):
    body = {"userId": buyer.user, "seatIds": [buyer.seats[2]], "toSeatIds": [wanted_by(buyer)]}
    answers = buyer.ask("POST", f"/reservation/{buyer.number}/swap", body)
    if answers[-1].status != 200:
        assert not buyer.keyed and len(answers) > 1 and answers[-1].json()["code"] == "seat_not_found", answers
        return
    assert [seat["seatId"] for seat in answers[-1].json()["seats"]] == swapped(buyer)


def swapped(buyer):
    return [*buyer.seats[:2], buyer.seats[3], wanted_by(buyer)]


def assert_swapped_once(buyers):
    for buyer in buyers:
        assert [seat["seatId"] for seat in buyer.see()["seats"]] == swapped(buyer)
        assert buyer.balance() == 0
    left = buyers[0].stack.query("SELECT COUNT(*) AS n FROM seat WHERE item_id = %s AND status = 'available'", buyers[0].hall.last)
    assert left == [{"n": BUYERS * SEATS}]


def transfer_one(buyer):
    """Offered, and accepted by a friend; each call until it is told."""
    if not buyer.paid:
        return
    body = {"userId": buyer.user, "toUserId": f"{buyer.user}-friend"}
    offered = buyer.ask("POST", f"/reservation/{buyer.number}/transfer", body)[-1]
    assert offered.status == 200, offered
    body = {"userId": f"{buyer.user}-friend"}
    answers = buyer.ask("POST", f"/transfer/{offered.json()['transferId']}/accept", body)
    if answers[-1].status != 200:
        assert not buyer.keyed and len(answers) > 1 and answers[-1].json()["code"] == "transfer_over", answers
        return
    assert (answers[-1].json()["userId"], answers[-1].json()["paidBy"]) == (f"{buyer.user}-friend", buyer.user)


def assert_transferred_once(buyers):
    stack = buyers[0].stack
    for buyer in filter(lambda buyer: buyer.paid, buyers):
        path = f"/reservation/{buyer.number}?userId={buyer.user}-friend"
        assert stack.get(path).json()["paidBy"] == buyer.user
        accepted = stack.query("SELECT COUNT(*) AS n FROM transfer WHERE reservation_id = %s AND status = 'accepted'", buyer.number)
        assert accepted == [{"n": 1}]
        assert stack.call("DELETE", path).json()["refundedAmount"] == 1000 * SEATS
        assert buyer.balance() == 1000 * SEATS


STORIES = pytest.mark.parametrize(("change", "assert_changed_once"), [
    pytest.param(give_one_back, assert_given_back_once, id="seats_go_back"),
    pytest.param(swap_one, assert_swapped_once, id="seats_are_swapped"),
    pytest.param(transfer_one, assert_transferred_once, id="orders_are_transferred")])


@STORIES
def test_commits_lost(whole, buyers, change, assert_changed_once):
    with Cutter(whole, every=2, most=30) as cutter:
        all_at_once(change, buyers)
        assert cutter.cuts.total() > 8
    assert_changed_once(buyers)


@STORIES
def test_workers_killed(whole, buyers, change, assert_changed_once):
    kill_workers_while(whole, lambda: all_at_once(change, buyers))
    assert_changed_once(buyers)
