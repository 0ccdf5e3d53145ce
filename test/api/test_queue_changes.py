"""A queue of which everything is changed at random while it is used."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import ask_pay, ask_reserve, new_user, ok
from queue_helpers import Queue, same
from stack import wait_for

CUSTOMERS = 8
SEATS = 400


@pytest.fixture(scope="module")
def private(new_stack):
    """A stack whose Redis loses this and that."""
    stack = new_stack(workers=6, redis_timeout_ms=1000, admin_requests=1000)
    yield stack
    audit = stack.ctl("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


class Changes:
    """What is done to the queue, one thing at a time."""

    def __init__(self, queue):
        self.queue = queue
        self.client = queue.stack.new_client()
        self.redis = queue.stack.redis()
        self.ways = (
            (6, lambda: self.patch(admissionCapacity=None)),
            (8, lambda: self.patch(admissionCapacity=random.randint(0, 8))),
            (3, lambda: self.patch(paused=random.random() < 0.5)),
            (2, lambda: self.patch(status=random.choice(("open", "closed")))),
            (2, lambda: self.patch(activeSeconds=random.randint(3000, 4000))),
            (1, self.redis.flushall),
            (1, lambda: self.redis.execute_command("FUNCTION", "FLUSH")),
            (6, self.lose_a_key),
        )

    def patch(self, **settings):
        def patched():
            answer = self.client.call("PATCH", f"/admin{self.queue.path}", settings, self.queue.stack.admin_headers())
            assert answer.status in (200, 503), answer
            return answer.status == 200

        wait_for(patched)

    def lose_a_key(self):
        parts = ("meta", "tokens", "users", "waiting", "called", "active", "missed", "ended", "unsaved")
        self.redis.delete(f"{{c{self.queue.id}}}:{random.choice(parts)}")

    def make_one(self):
        weights, ways = zip(*self.ways)
        random.choices(ways, weights)[0]()

    def settle(self):
        """The queue as it was at the beginning."""
        self.patch(admissionCapacity=5, paused=False, status="open")


class Customer:
    """Comes, asks, buys, leaves; what it was told must hold."""

    def __init__(self, queue, told):
        self.queue = queue
        self.client = queue.stack.new_client()
        self.told = told  # all that was told to anybody
        self.ticket = None
        self.last_number = 0

    def check(self, fits, *what):
        if not fits:
            self.told.problems.append(what)

    def live(self):
        if self.ticket:
            random.choices((self.ask, self.repeat, self.buy, self.leave), (12, 4, 3, 2))[0]()
        else:
            self.come()

    def come(self):
        answer = self.queue.ask_add(new_user("change"), self.client)
        if answer.status == 200:
            self.ticket = answer.json()
            self.note(self.ticket, new=True)
        else:
            self.check(answer.status == 503 or answer.code == "concert_not_open", "come", answer)

    def note(self, ticket, new=False):
        """Numbers are unique, kept, and grow in the order of coming."""
        number = ticket["number"]
        if number is None:
            return
        self.check(self.told.numbers.setdefault(number, ticket["token"]) == ticket["token"], "twice", ticket)
        if new:
            self.check(number > self.last_number, "order", self.last_number, ticket)
            self.last_number = number

    def hear(self, answer, *also):
        """An answer about the token, which lives."""
        if answer.status != 200:
            self.check(answer.status == 503 or answer.code in also, "ended", self.ticket, answer)
            return
        now = answer.json()
        self.note(now)
        known = self.ticket["number"]
        self.check(same(now, self.ticket | {"number": now["number"]}), "another", self.ticket, now)
        self.check(None in (known, now["number"]) or known == now["number"], "another number", self.ticket, now)
        self.ticket = now if known is None else now | {"number": known}

    def ask(self):
        self.hear(self.queue.ask(self.ticket, self.client))

    def repeat(self):
        self.hear(self.queue.ask_add(self.ticket["userId"], self.client), "concert_not_open")

    def leave(self):
        answer = self.queue.leave(self.ticket, self.client)
        self.check(answer.status in (204, 503), "leave", self.ticket, answer)
        self.ticket = None

    def buy(self):
        user, token = self.ticket["userId"], self.ticket["token"]
        answer = ask_reserve(self.client, user, self.queue, self.queue.item, random.randint(1, SEATS), token=token)
        if answer.status != 200:
            fits = ("token_not_active", "concert_not_open", "seat_taken", "seat_limit_reached")
            self.check(answer.status in (503, 429) or answer.code in fits, "reserve", self.ticket, answer)
            return
        paid = ask_pay(self.client, user, answer.json()["reservationId"], token)
        self.check(paid.status in (200, 503), "pay", self.ticket, paid)
        self.ticket = None  # where a queue is kept it has ended by that


class Told:
    def __init__(self):
        self.numbers = {}
        self.problems = []


def test_random_changes(private, long):
    """A live token is never refused, and keeps its number, whatever happens to the queue."""
    queue = Queue.new(private, 5, seats=SEATS, price=0, active_seconds=3600)
    told, over = Told(), threading.Event()
    customers = [Customer(queue, told) for _ in range(CUSTOMERS)]
    changes = Changes(queue)
    seed = random.randrange(2**32)
    random.seed(seed)
    print("seed", seed)

    def live(customer):
        while not over.is_set() and not told.problems:
            customer.live()

    def sweep():
        while not over.is_set():
            assert private.sweeper().returncode in (0, 1)
            over.wait(0.5)

    with ThreadPoolExecutor(CUSTOMERS + 1) as pool:
        doing = [pool.submit(live, customer) for customer in customers] + [pool.submit(sweep)]
        try:
            for _ in range(10000 if long else 200):
                changes.make_one()
                time.sleep(random.choice((0, 0, 0.005, 0.03)))
                if told.problems:
                    break
        finally:
            over.set()
        for one in doing:
            one.result()
    assert not told.problems, told.problems[:5]
    changes.settle()
    for customer in customers:
        if customer.ticket:
            wait_for(lambda c=customer: c.queue.ask(c.ticket).status == 200)
            customer.ask()
    assert not told.problems, told.problems[:5]
    assert len(told.numbers) > (500 if long else 20)
    assert queue.public()["lastNumber"] >= max(told.numbers)
