"""Many at once in one queue: the capacity is never passed, numbers have no gap, order is kept."""

import random
import threading
import time

import pytest
from crowd import PatientClient, call_until_settled, rush, together
from helpers import charge, new_user, ok, pay, reserve
from queue_helpers import Queue
from stack import wait_for

pytestmark = pytest.mark.usefixtures("audited")

PRESENT_SECONDS = 15  # who asks within that is not skipped


class Crowd:
    """People who go through a queue, and what was seen of it."""

    def __init__(self, stack, queue, people, connections):
        self.stack = stack
        self.queue = queue
        self.lock = threading.Lock()
        self.users = [new_user("crowd") for _ in range(people)]
        self.inside = 0
        self.most_inside = 0
        self.numbers = []
        self.seen = []  # (asked at, answered at, number, active)
        self.problems = []
        chunks = [self.users[i::connections] for i in range(connections)]
        self.threads = [threading.Thread(target=self.run, args=(chunk,), daemon=True) for chunk in chunks]

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
                return started, ok(answer)
            time.sleep(0.05)

    def run(self, users):
        try:
            self.take_through(users, self.stack.new_client())
        except BaseException as failure:
            self.problems.append(failure)

    def take_through(self, users, client):
        """All of them together: they wait at the same time."""
        waiting = []
        for user in users:
            started, ticket = self.ask(lambda u=user: self.queue.ask_add(u, client))
            with self.lock:
                self.numbers.append(ticket["number"])
            waiting.append(self.note(started, ticket))
        while waiting:
            ticket = waiting.pop(0)
            if ticket["status"] == "active":
                self.buy(ticket, client)
                continue
            if random.random() < 0.1:  # a reload of the page: an add instead of a poll
                call = lambda t=ticket: self.queue.ask_add(t["userId"], client)  # noqa: E731
            else:
                call = lambda t=ticket: self.queue.ask(t, client)  # noqa: E731
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
        left = call_until_settled(client, lambda client: self.queue.leave(ticket, client))[0]
        assert left.status == 204, left

    def absent(self):
        """The numbers of those who may have been skipped: here they were too slow to ask in time."""
        last_asked, found = {}, set()
        for asked, answered, number, _ in sorted(self.seen):
            if answered - last_asked.get(number, asked) >= PRESENT_SECONDS:
                found.add(number)
            last_asked[number] = asked
        return found

    def inversions(self):
        """How many that were there were told to wait after a later one had been told to come."""
        marks = sorted([(answered, 0, number) for _, answered, number, active in self.seen if active] +
                       [(asked, 1, number) for asked, _, number, active in self.seen if not active])
        highest, found, absent = 0, 0, self.absent()
        for _, is_question, number in marks:
            if is_question:
                found += number < highest and number not in absent
            else:
                highest = max(highest, number)
        return found


def test_capacity_10_with_500_in_the_queue(stack):
    queue = Queue.new(stack, 10)
    crowd = Crowd(stack, queue, 500, 50).go()
    crowd.join(500)
    assert crowd.most_inside <= 10
    assert sorted(crowd.numbers) == list(range(1, 501))
    assert crowd.inversions() == 0
    assert queue.counts() == (500, 500, 0, 0)
    assert {row["status"] for row in queue.rows().values()} == {"left"}


def test_a_capacity_that_changes_all_the_time(stack):
    queue = Queue.new(stack, 5)
    crowd = Crowd(stack, queue, 300, 40).go()
    for capacity in [1, 12, 0, 8, 3, 12, 2, 9] * 3:
        queue.set(admission_capacity=capacity)
        time.sleep(0.1)
    queue.set(admission_capacity=12)
    crowd.join(500)
    assert crowd.most_inside <= 12
    assert sorted(crowd.numbers) == list(range(1, 301))
    assert crowd.inversions() == 0
    assert queue.counts() == (300, 300, 0, 0)


def test_parallel_adds_of_one_user(stack):
    for capacity in (1, 0, None):
        queue = Queue.new(stack, capacity)
        user = new_user()
        added = rush(stack, [lambda client: queue.ask_add(user, client)] * 20)
        assert added.statuses == {200: 20}
        assert len({ticket["token"] for ticket in added.successes}) == 1
        assert len(queue.rows()) == (0 if capacity is None else 1)


def test_purchases_through_a_queue(stack):
    queue = Queue.new(stack, 3, seats=40)
    end = time.monotonic() + 400

    def buy(client, seat):
        client, user = PatientClient(client), new_user("buyer")
        ticket = ok(queue.ask_add(user, client))
        while ticket["status"] != "active":
            assert time.monotonic() < end
            time.sleep(0.02)
            ticket = ok(queue.ask(ticket, client))
        held = reserve(client, user, queue, *seat, token=ticket["token"])
        charge(client, user, 1000)
        pay(client, user, held["reservationId"], ticket["token"])

    seats = [queue.free_seat() for _ in range(40)]
    together(stack, [lambda client, seat=seat: buy(client, seat) for seat in seats])
    assert {row["status"] for row in queue.rows().values()} == {"done"}
    wait_for(lambda: queue.counts() == (40, 40, 0, 0))  # Redis is told after the answers
