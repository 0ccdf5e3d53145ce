"""Many at once in one line: the capacity is never passed, numbers have no gap, order is kept."""

import random
import threading
import time

import pytest
from helpers import charge, new_user, ok, pay, reserve
from line_helpers import Line

pytestmark = pytest.mark.usefixtures("audited")


class Crowd:
    """People who go through a line, and what was seen of it."""

    def __init__(self, stack, line, people, connections):
        self.stack = stack
        self.line = line
        self.lock = threading.Lock()
        self.users = [new_user("crowd") for _ in range(people)]
        self.inside = 0
        self.most_inside = 0
        self.numbers = []
        self.seen = []  # (asked at, answered at, number, active)
        self.problems = []
        chunks = [self.users[i::connections] for i in range(connections)]
        self.threads = [threading.Thread(target=self.run, args=(chunk,)) for chunk in chunks]

    def go(self):
        for thread in self.threads:
            thread.start()
        return self

    def join(self, seconds):
        end = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0, end - time.monotonic()))
            assert not thread.is_alive(), "somebody is stuck"
        assert not self.problems, self.problems[:5]

    def ask(self, call):
        """Until there is an answer that is no 503; when it was asked, and its JSON."""
        while True:
            started = time.monotonic()
            answer = call()
            if answer.status != 503:
                break
            time.sleep(0.05)
        if answer.status != 200:
            with self.lock:
                self.problems.append(answer)
            raise SystemExit
        return started, answer.json()

    def run(self, users):
        """Each thread takes its users through together: all wait at the same time."""
        client = self.stack.new_client()
        waiting = []
        for user in users:
            started, ticket = self.ask(lambda u=user: self.line.ask_add(u, client))
            with self.lock:
                self.numbers.append(ticket["number"])
            waiting.append(self.note(started, ticket))
        while waiting:
            ticket = waiting.pop(0)
            if ticket["status"] == "active":
                self.buy(ticket, client)
                continue
            if random.random() < 0.1:  # a reload of the page: an add instead of a poll
                call = lambda t=ticket: self.line.ask_add(t["userId"], client)  # noqa: E731
            else:
                call = lambda t=ticket: self.line.ask(t, client)  # noqa: E731
            waiting.append(self.note(*self.ask(call)))

    def note(self, started, ticket):
        active = ticket["status"] == "active"
        with self.lock:
            self.seen.append((started, time.monotonic(), ticket["number"], active))
            if active:
                self.inside += 1
                self.most_inside = max(self.most_inside, self.inside)
        return ticket

    def buy(self, ticket, client):
        with self.lock:
            self.inside -= 1  # before it is: what is counted is never more than there are
        left = self.line.leave(ticket, client)
        if left.status != 204:
            with self.lock:
                self.problems.append(left)

    def inversions(self):
        """How many were told to wait after a later one had been told to come."""
        marks = sorted([(answered, 0, number) for _, answered, number, active in self.seen if active] +
                       [(asked, 1, number) for asked, _, number, active in self.seen if not active])
        highest, found = 0, 0
        for _, is_question, number in marks:
            if is_question:
                found += number < highest
            else:
                highest = max(highest, number)
        return found


def test_capacity_10_with_500_in_the_line(stack):
    line = Line.new(stack, 10)
    crowd = Crowd(stack, line, 500, 50).go()
    crowd.join(120)
    assert crowd.most_inside <= 10
    assert sorted(crowd.numbers) == list(range(1, 501))
    assert crowd.inversions() == 0
    assert line.counts() == (500, 500, 0, 0)
    assert {row["status"] for row in line.rows().values()} == {"left"}


def test_a_capacity_that_changes_all_the_time(stack):
    line = Line.new(stack, 5)
    crowd = Crowd(stack, line, 300, 40).go()
    for capacity in [1, 12, 0, 8, 3, 12, 2, 9] * 3:
        line.set(admission_capacity=capacity)
        time.sleep(0.1)
    line.set(admission_capacity=12)
    crowd.join(120)
    assert crowd.most_inside <= 12
    assert sorted(crowd.numbers) == list(range(1, 301))
    assert crowd.inversions() == 0
    assert line.counts() == (300, 300, 0, 0)


def test_parallel_adds_of_one_user(stack):
    for capacity in (1, 0, None):
        line = Line.new(stack, capacity)
        user, tokens = new_user(), []

        def add():
            answer = line.ask_add(user, stack.new_client())
            tokens.append(answer.json()["token"] if answer.status == 200 else answer)

        threads = [threading.Thread(target=add) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(tokens) == 20 and len(set(tokens)) == 1, tokens
        assert len(line.rows()) == (0 if capacity is None else 1)


def test_purchases_through_a_line(stack):
    line = Line.new(stack, 3, seats=40)
    users = [new_user("buyer") for _ in range(40)]
    failures = []

    def buy(user):
        client = stack.new_client()
        try:
            ticket = ok(line.ask_add(user, client))
            while ticket["status"] != "active":
                time.sleep(0.02)
                ticket = ok(line.ask(ticket, client))
            held = reserve(client, user, line, *seats[user], token=ticket["token"])
            charge(client, user, 1000)
            pay(client, user, held["reservationId"], ticket["token"])
        except Exception as failure:  # noqa: BLE001
            failures.append(failure)

    seats = {user: line.free_seat() for user in users}
    threads = [threading.Thread(target=buy, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures, failures[:3]
    assert {row["status"] for row in line.rows().values()} == {"done"}
    assert line.counts() == (40, 40, 0, 0)
