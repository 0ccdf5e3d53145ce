"""MySQL takes long to count the seats of each concert, while nobody but monitoring asks. A proxy makes it slow."""

import re
import time

import pytest
from booking import Hall
from refuser import MysqlRefuser
from stack import wait_for

COUNT = "SELECT (SELECT CAST(COALESCE(SUM(n.seat_count)"  # of the seats of a concert
OTHERS = 4  # concerts of the demo


class SlowCounts(MysqlRefuser):
    """Counts of seats take `seconds` longer each, and are numbered."""

    def __init__(self, stack, seconds):
        super().__init__(stack)
        self.seconds = seconds
        self.counted = 0
        self.rule = self.count

    def count(self, _, statement):
        if statement.startswith(COUNT):
            self.counted += 1
            time.sleep(self.seconds)


@pytest.fixture
def halls(new_stack):
    """A stack in which no seat was counted yet, and its concerts."""
    stack = new_stack(workers=2)
    stack.query("UPDATE concert SET status = 'closed'")  # of the demo
    return stack, [Hall(stack, items=1, seats=2, capacity=None if n else 5).id for n in range(10)]


def scrape(stack):
    return stack.get("/metrics").body.decode()


def figure(text, name):
    found = re.search(rf"^frontrow_{name} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


def told(text):
    """The concerts whose seats are told."""
    return {int(concert) for concert in re.findall(r'^frontrow_seats\{concert="(\d+)",state="sold"', text, re.MULTILINE)}


def test_monitoring_keeps_no_counts_fresh(halls):
    """Counts take 0.2 s together, so they would be kept fresh for visitors. There are none, only a scrape each
    second: between two rounds of the census nothing is counted."""
    stack, concerts = halls
    with SlowCounts(stack, 0.02) as slow:
        wait_for(lambda: told(scrape(stack)) == set(concerts))

        def is_calm():
            """For eight seconds, unless the census counted meanwhile."""
            before, age = slow.counted, figure(scrape(stack), "seats_age_seconds")
            for _ in range(8):
                time.sleep(1)
                last = figure(scrape(stack), "seats_age_seconds")
            if last < age + 7:
                return False
            assert slow.counted == before
            return True

        wait_for(is_calm)


def test_counting_takes_longer_than_a_census_may(halls):
    """What was counted in time is told, and all that needs no count; the next census goes on with the others."""
    stack, concerts = halls
    with SlowCounts(stack, 0.12) as slow:
        wait_for(lambda: figure(scrape(stack), "open_concerts") == len(concerts))
        first = scrape(stack)
        assert told(first) < set(concerts) and f'frontrow_queue_active{{concert="{concerts[0]}"}}' in first
        wait_for(lambda: told(scrape(stack)) == set(concerts), seconds=240, step=1)
        assert slow.counted < 3 * len(concerts)
        assert 0 < figure(scrape(stack), "seats_age_seconds") < 240
