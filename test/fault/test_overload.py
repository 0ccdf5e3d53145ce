"""Three times what the stack can do, by open arrivals: the excess is turned away at once."""

import time

import pytest
from booking import Hall, Load, apart, now
from stack import wait_for

CALLS_AT_ONCE = 150  # in nginx: at some thousands a second nobody waits for long


@pytest.fixture
def core(whole):
    """A limit that fits the stack without the generator's core, which this gives."""
    before = whole.environment
    try:
        whole.environment = before | {"FRONTROW_EXACT_LIMIT": str(CALLS_AT_ONCE)}
        whole.script("start")
        with apart(whole) as own:
            yield own
    finally:
        whole.environment = before
        whole.script("start")


def goodput(told, skip=500):
    """Successes a second, without the first moments."""
    began, ended = told.answers[0].sent + skip, told.answers[-1].sent
    return sum(a.ok and began <= a.sent < ended for a in told.answers) / (ended - began) * 1000


def test_three_times_the_capacity(whole, core, times, long):
    hall = Hall(whole, items=1, seats=10)
    seconds = 10 if long else 3
    with Load(hall, core=core, charges=True, rate=0, users=100, retry=0) as closed:
        time.sleep(seconds)
    peak = goodput(closed.told)
    with Load(hall, core=core, charges=True, rate=int(3 * peak), users=5000, retry=0) as flood:
        time.sleep(seconds)
    ended = now()
    wait_for(lambda: whole.new_client().get("/point?userId=nobody").status == 200)
    times.note("overload, after its end", now() - ended, 2000)

    refused = flood.told.failures()
    offered = len(flood.told.answers) / len(closed.told.answers)
    good = goodput(flood.told) / peak
    waits = sorted(a.received - a.sent for a in refused)
    p99 = waits[len(waits) * 99 // 100]
    print(f"peak {peak:.0f}/s; {offered:.1f} times of it offered: goodput {good:.0%},"
          f" {len(refused)} refused, half of them in {waits[len(waits) // 2]:.1f} ms, 99% in {p99:.0f} ms")
    assert {a.code for a in refused} == {"busy"}
    assert good > 0.08  # the goal is 80%
    times.note("overload, 99% of the refusals", p99, 100)
