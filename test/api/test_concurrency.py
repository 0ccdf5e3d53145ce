"""Many clients want the same thing at the same time. The books are audited after every test."""

import collections
import itertools
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from crowd import Buyer, PatientClient, call_until_settled, expire_in, owners, rush, sweep, together
from helpers import (
    add_token, ask_pay, ask_reserve, assert_problem, balance, charge, new_concert, new_user, ok, pay, reserve,
    seat_status,
)


@pytest.fixture(autouse=True)
def clean_books(stack):
    yield
    stack.check_books()


@pytest.fixture(scope="module")
def unlimited(new_stack):
    """For users who give back again and again: nothing makes them pause."""
    private = new_stack(unpaid_pause_from=0, refunds_per_day=0)
    yield private
    private.check_books()


def asking(user, concert, item, seats):
    return lambda client: ask_reserve(client, user, concert, item, seats)


def cancel(client, user, reservation_id):
    return client.call("DELETE", f"/reservation/{reservation_id}?userId={user}")


def posting(path, body):
    return lambda client: client.post(path, body)


def ledger(stack, user):
    """All of a user's ledger, newest first."""
    entries, before = [], ""
    while before is not None:
        page = ok(stack.get(f"/point/history?userId={user}&limit=100" + (before and f"&before={before}")))
        entries += page["history"]
        before = page["next"]
    return entries


# ---- seats


def test_300_clients_on_one_seat(stack):
    concert = new_concert(stack)
    asked = rush(stack, (asking(new_user(), concert, concert.item, 7) for _ in range(300)))
    assert asked.statuses == {200: 1, 409: 299}
    for answer in asked.answers:
        if answer.status == 409:
            assert_problem(answer, "seat_taken", seatIds=[7])
    assert owners(stack, concert.item) == {7: asked.successes[0]["reservationId"]}


def test_300_clients_on_one_lapsed_hold(stack):
    concert = new_concert(stack)
    held = reserve(stack, new_user(), concert, concert.item, 7)
    expire_in(stack, held["reservationId"], -1)
    asked = rush(stack, (asking(new_user(), concert, concert.item, 7) for _ in range(300)))
    assert asked.statuses == {200: 1, 409: 299}
    assert owners(stack, concert.item) == {7: asked.successes[0]["reservationId"]}


@pytest.mark.parametrize("seats", [16, 60], ids=["scarce", "ample"])
def test_300_clients_on_overlapping_sets_in_crossed_order(stack, seats):
    """All or nothing: a set is had in full, or none of it. No deadlock comes to a client."""
    concert = new_concert(stack, seats=seats)
    sets = [random.sample(range(1, seats + 1), 4) for _ in range(300)]
    asked = rush(stack, (asking(new_user(), concert, concert.item, wanted) for wanted in sets))
    had = {}
    for wanted, answer in zip(sets, asked.answers):
        if answer.status == 200:
            got = [seat["seatId"] for seat in answer.json()["seats"]]
            assert got == sorted(wanted)
            assert not had.keys() & set(got)
            had |= dict.fromkeys(got, answer.json()["reservationId"])
    assert owners(stack, concert.item) == had
    for wanted, answer in zip(sets, asked.answers):
        if answer.status != 200:
            taken = assert_problem(answer, "seat_taken")["seatIds"]
            assert taken == sorted(taken) and set(taken) <= set(wanted) & had.keys()
    assert len(had) > seats // 3


def test_sets_and_single_seats_together(stack):
    """Forward, backward and single: nobody has a part of what was asked for."""
    concert = new_concert(stack, seats=8)
    wishes = [[1, 2, 3, 4, 5, 6, 7, 8], [8, 7, 6, 5], [4, 3, 2, 1], 1, 4, 5, 8] * 20
    asked = rush(stack, (asking(new_user(), concert, concert.item, wish) for wish in wishes))
    counts = collections.Counter(owners(stack, concert.item).values())
    assert counts == {got["reservationId"]: len(got["seats"]) for got in asked.successes}
    assert set(asked.codes) == {"", "seat_taken"}


def test_best_available_sells_each_seat_once(stack):
    concert = new_concert(stack, seats=40)
    wish = {"concertId": concert.id, "itemId": concert.item, "count": 2}
    asked = rush(stack, (posting("/reservation", {"userId": new_user()} | wish) for _ in range(60)))
    assert asked.codes == {"": 20, "seats_not_available": 40}
    assert len(owners(stack, concert.item)) == 40


def test_a_user_on_20_connections_keeps_the_limit(stack):
    concert = new_concert(stack, items=2, seats=50, max_seats=4)
    user = new_user()
    sizes = [1, 2, 3, 4] * 5
    free = itertools.count(1)
    wishes = [[next(free) for _ in range(size)] for size in sizes]
    asked = rush(stack, (asking(user, concert, concert.items[n % 2], wish) for n, wish in enumerate(wishes)))
    assert set(asked.codes) == {"", "seat_limit_reached"}
    had = sum(len(got["seats"]) for got in asked.successes)
    assert 1 <= had <= 4
    smallest_refused = min(len(wish) for wish, got in zip(wishes, asked.answers) if got.status != 200)
    assert had + smallest_refused > 4


def test_the_limit_holds_while_the_user_pays_cancels_and_lets_lapse(unlimited):
    """20 connections of one user do all of it for a while; another looks on."""
    stack = unlimited
    concert = new_concert(stack, items=2, seats=200, max_seats=4, hold_seconds=1)
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    charge(stack, user, 10_000_000)
    free = itertools.count(1)
    end = time.monotonic() + 3
    most = []

    def live(client):
        rounds = itertools.count()
        while next(rounds) < 3 or time.monotonic() < end:
            answer, _ = call_until_settled(
                client, asking(user, concert, concert.items[0], min(next(free), 200))
            )
            if answer.status != 200:
                assert answer.code in ("seat_limit_reached", "seat_taken"), answer
                continue
            reservation_id = answer.json()["reservationId"]
            time.sleep(random.choice([0, 0.1, 0.9, 1.0, 1.1]))
            if random.random() < 0.5 and ask_pay(client, user, reservation_id, token).status == 200:
                time.sleep(random.choice([0, 0.3]))
            call_until_settled(client, lambda client: cancel(client, user, reservation_id))

    def look_on():
        while not over.wait(0.005):
            seen = stack.query(
                "SELECT COALESCE(SUM(seat_count), 0) AS seats FROM reservation"
                " WHERE user_id = %s AND concert_id = %s"
                " AND (status = 'paid' OR (status = 'held' AND expires_at > UTC_TIMESTAMP(3)))",
                user, concert.id)
            most.append(int(seen[0]["seats"]))

    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look_on)
        try:
            together(stack, [live] * 20)
        finally:
            over.set()
        looking.result()
    assert 1 <= max(most) <= 4


# ---- points


def test_500_charges_and_uses_of_one_user_add_up(stack):
    user = new_user()
    charge(stack, user, 1000)
    amounts = [7 if n % 2 else -random.randint(1, 30) for n in range(500)]
    moved = rush(stack, (
        posting("/point/charge" if amount > 0 else "/point/use", {"userId": user, "amount": abs(amount)})
        for amount in amounts
    ))
    assert set(moved.codes) <= {"", "insufficient_points"}
    done = [amount for amount, answer in zip(amounts, moved.answers) if answer.status == 200]
    assert balance(stack, user) == 1000 + sum(done)
    entries = ledger(stack, user)
    assert len(entries) == 1 + len(done)
    assert sum(entry["amount"] for entry in entries) == balance(stack, user)
    before = 0
    for entry in reversed(entries):
        before += entry["amount"]
        assert entry["balanceAfter"] == before >= 0


def test_the_last_points_are_spent_once(stack):
    user = new_user()
    charge(stack, user, 100)
    used = rush(stack, [posting("/point/use", {"userId": user, "amount": 30})] * 100)
    assert used.codes == {"": 3, "insufficient_points": 97}
    assert balance(stack, user) == 10


def test_a_purse_is_made_once(stack):
    """The first charges of users never seen, each user from many clients at once."""
    users = [new_user() for _ in range(10)]
    charged = rush(stack, [posting("/point/charge", {"userId": user, "amount": 5}) for user in users] * 15)
    assert charged.statuses == {200: 150}
    assert [balance(stack, user) for user in users] == [75] * 10


def test_the_balance_limit_is_not_passed(stack):
    user = new_user()
    for _ in range(9):
        charge(stack, user, 1_000_000_000)
    charge(stack, user, 999_999_990)
    charged = rush(stack, [posting("/point/charge", {"userId": user, "amount": 3})] * 50)
    assert charged.codes == {"": 3, "balance_limit": 47}
    assert balance(stack, user) == 9_999_999_999


# ---- payments


def test_50_payments_of_one_reservation(stack):
    buyer = Buyer(stack, new_concert(stack))
    paid = rush(stack, [buyer.pay] * 50)
    assert paid.codes == {"": 1, "already_paid": 49}
    assert balance(stack, buyer.user) == 99_000
    assert [entry["kind"] for entry in ledger(stack, buyer.user)] == ["payment", "charge"]


def test_50_cancels_of_one_paid_reservation(stack):
    buyer = Buyer(stack, new_concert(stack))
    ok(buyer.pay(stack.client))
    cancelled = rush(stack, [buyer.cancel] * 50)
    assert cancelled.codes == {"": 1, "not_cancellable": 49}
    assert balance(stack, buyer.user) == 100_000


def test_points_for_one_of_ten_reservations(stack):
    """Ten payments at once from a purse that has enough for three."""
    concert = new_concert(stack)
    first = Buyer(stack, concert, points=3_500)
    ids = [first.id] + [reserve(stack, first.user, concert)["reservationId"] for _ in range(9)]
    paid = rush(stack, (
        lambda client, id=id: ask_pay(client, first.user, id, first.token) for id in ids
    ))
    assert paid.codes == {"": 3, "insufficient_points": 7}
    assert balance(stack, first.user) == 500


def test_payment_against_cancel(stack):
    """Of one reservation at once, 60 times: whichever comes first, the other one's answer fits."""
    concert = new_concert(stack, seats=60)
    buyers = [Buyer(stack, concert) for _ in range(60)]
    done = rush(stack, (call for buyer in buyers for call in (buyer.pay, buyer.cancel)))
    for buyer, paid, cancelled in zip(buyers, done.answers[::2], done.answers[1::2]):
        assert cancelled.status == 200
        assert ("refundedAmount" in cancelled.json()) == (paid.status == 200)
        if paid.status != 200:
            assert_problem(paid, "reservation_cancelled")
        assert balance(stack, buyer.user) == 100_000
    assert owners(stack, concert.item) == {}


def test_a_seat_that_is_given_back_and_bought_in_a_ring(unlimited):
    """Ten users reserve, pay and cancel the same three seats for a while."""
    stack = unlimited
    concert = new_concert(stack, seats=3)
    end = time.monotonic() + 3
    paid, cancelled = [], []

    def trade(client):
        client = PatientClient(client)
        user = new_user()
        token = add_token(client, user, concert)["token"]
        charge(client, user, 10_000)
        while time.monotonic() < end or len(paid) <= 10:
            answer = ask_reserve(client, user, concert, concert.item, random.randint(1, 3))
            if answer.status != 200:
                assert answer.code == "seat_taken", answer
                continue
            reservation_id = answer.json()["reservationId"]
            paid.append(pay(client, user, reservation_id, token))
            cancelled.append(ok(cancel(client, user, reservation_id)))

    together(stack, [trade] * 10)
    assert len(cancelled) == len(paid) > 10
    assert owners(stack, concert.item) == {}


# ---- the sweeper


class Sweepers:
    """Some that make one pass after the other until the end of the block, and then a last one."""

    def __init__(self, stack, count):
        self.stack = stack
        self.finished = threading.Event()
        self.failures = []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]

    def _run(self):
        try:
            while not self.finished.is_set():
                sweep(self.stack)
        except BaseException as failure:
            self.failures.append(failure)

    def __enter__(self):
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_):
        self.finished.set()
        for thread in self.threads:
            thread.join()
        assert not self.failures
        sweep(self.stack)


def test_sweepers_against_payments_and_cancels(stack):
    """Holds lapse by the dozen while they are paid and cancelled and three sweepers run."""
    concert = new_concert(stack, seats=60)
    buyers = [Buyer(stack, concert) for _ in range(60)]
    for number, buyer in enumerate(buyers):  # some surely before, some surely not
        expire_in(stack, buyer.id, (-1, 600, random.uniform(0.3, 4))[min(number // 5, 2)])

    def late(call, delay):
        started = []

        def wait_once(client):
            if not started:
                started.append(time.sleep(delay))
            return call(client)

        return wait_once

    moments = [random.uniform(0.1, 2) for _ in buyers]
    calls = [
        late(call, moment)
        for buyer, moment in zip(buyers, moments) for call in (buyer.pay, buyer.cancel)
    ]
    with Sweepers(stack, 3):
        done = rush(stack, calls)
    outcomes = collections.Counter()
    for buyer, paid, cancelled in zip(buyers, done.answers[::2], done.answers[1::2]):
        stored, = stack.query("SELECT status FROM reservation WHERE reservation_id = %s", buyer.id)
        seat = seat_status(stack, concert, buyer.held["itemId"], buyer.held["seats"][0]["seatId"])
        paid, cancelled = paid.code or "paid", cancelled.code or "cancelled"
        outcomes[paid, cancelled] += 1
        expected = {
            ("paid", "cancelled"): "cancelled",
            ("reservation_cancelled", "cancelled"): "cancelled",
            ("hold_expired", "not_cancellable"): "expired",
        }[paid, cancelled]
        assert (buyer.status, stored["status"], seat) == (expected, expected, "available")
        assert balance(stack, buyer.user) == 100_000
    assert len(outcomes) > 1


def test_sweepers_against_buyers_of_what_lapsed(stack):
    """A taken-over seat stays its buyer's, whoever sweeps."""
    concert = new_concert(stack, seats=60)
    wanted = [[n, n + 1, n + 2] for n in range(1, 60, 3)]
    for seats in wanted:
        expire_in(stack, reserve(stack, new_user(), concert, concert.item, seats)["reservationId"], -1)
    with Sweepers(stack, 2):
        asked = rush(stack, (
            asking(new_user(), concert, concert.item, [seats[0], seats[2]]) for seats in wanted * 5
        ))
    assert asked.codes == {"": 20, "seat_taken": 80}
    assert owners(stack, concert.item) == {
        seat["seatId"]: got["reservationId"] for got in asked.successes for seat in got["seats"]
    }


# ---- the queue


def test_a_crowd_buys_through_a_queue(stack, long):
    """All come to their turn, buy or leave, and never are more at the seats than there are places."""
    people = 500 if long else 120
    concert = new_concert(stack, items=10, seats=50, capacity=10)
    places = iter([concert.free_seat() for _ in range(people)])
    inside, most, seen = 0, 0, []
    lock = threading.Lock()
    end = time.monotonic() + 400
    paid, left = [], []

    def come(client):
        nonlocal inside, most
        client = PatientClient(client)
        user = new_user()
        ticket = add_token(client, user, concert)
        charge(client, user, 1000)
        headers = {"X-Queue-Token": ticket["token"]}
        while ticket["status"] == "waiting":
            assert ticket["position"] >= 1 and time.monotonic() < end
            time.sleep(random.uniform(0.2, 0.6))
            ticket = ok(client.get("/token", **headers))
        with lock:
            inside += 1
            most = max(most, inside)
            item, seat = next(places)
        reservation_id = reserve(client, user, concert, item, seat, token=ticket["token"])["reservationId"]
        with lock:
            inside -= 1  # before the call that frees the place
        if reservation_id % 3:
            paid.append(pay(client, user, reservation_id, ticket["token"]))
        else:
            left.append(client.call("DELETE", "/token", headers=headers).status)

    def look_on():
        while not finished.wait(0.1) or not seen:
            seen.append(ok(call_until_settled(stack, lambda stack: stack.fresh(f"{concert.path}/queue"))[0]))

    finished = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look_on)
        try:
            together(stack, [come] * people)
        finally:
            finished.set()
        looking.result()
    assert len(paid) + len(left) == people and set(left) == {204}
    assert 1 <= most <= 10
    assert max(state["active"] for state in seen) <= 10
    serving = [state["serving"] for state in seen]
    assert serving == sorted(serving)
    numbers = [row["number"] for row in stack.query(
        "SELECT number FROM queue_token WHERE concert_id = %s ORDER BY number", concert.id)]
    assert numbers == list(range(1, people + 1))
