"""Workers are killed, reloaded and upgraded while tickets are sold."""

import os
import random
import signal
import time

from booking import Hall, Load, now
from stack import wait_for


def test_random_workers_killed(whole, times, long):
    """Only the requests in their hands fail, and others serve meanwhile."""
    hall = Hall(whole, capacity=500)
    kills = []
    with Load(hall) as load:
        end = time.monotonic() + (30 if long else 6)
        while time.monotonic() < end:
            victim = random.choice(whole.workers())
            os.kill(victim, signal.SIGKILL)
            kills.append(now())
            time.sleep(0.1)
    assert len(load.told.failures()) <= len(kills)
    times.note("random worker killed, each 100 ms", longest_silence(load.told, kills), 100)


def longest_silence(told, kills):
    """The longest time after a kill in which nothing succeeded."""
    good = sorted(a.received for a in told.answers if a.ok)
    gaps = []
    for kill in kills:
        after = next((t for t in good if t > kill), None)
        if after is not None:
            gaps.append(after - kill)
    return max(gaps)


def test_reload(whole, times, long):
    """SIGHUP replaces all workers; no request fails."""
    hall = Hall(whole, capacity=500)
    with Load(hall) as load:
        for _ in range(20 if long else 5):
            before = whole.workers()
            whole.kill("frontrow", signal.SIGHUP)
            wait_for(lambda: is_replaced(whole, before), 20)
    assert not load.told.failures()
    times.note("SIGHUP", 0, 0)


def is_replaced(stack, before):
    """As many workers as before, and none of these."""
    return len(stack.workers()) == len(before) and not set(stack.workers()) & set(before)
