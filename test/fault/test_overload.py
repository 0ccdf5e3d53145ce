"""Three times what the stack can do, by open arrivals: the excess is turned away at once."""

import time

import pytest
from booking import Hall, Load, apart
from told import within

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
    return sum(a.ok and began <= a.received < ended for a in told.answers) / (ended - began) * 1000


def charge(hall, core, seconds, **options):
    """What clients were told that do nothing but charge."""
    with Load(hall, core=core, charges=True, retry=0, seconds=seconds, **options) as load:
        load.process.wait(seconds + 120)
    return load.told


def test_three_times_the_capacity(whole, core, times, long):
    hall = Hall(whole)
    seconds = 10 if long else 3
    capacity = goodput(charge(hall, core, seconds, rate=0, users=100))
    peak = max(capacity, goodput(charge(hall, core, seconds, rate=int(capacity), users=5000)))
    with Load(hall, core=core, rate=10) as steady:
        flood = charge(hall, core, seconds, rate=int(3 * capacity), users=5000)
        time.sleep(1)
    refused = flood.failures()
    if not refused:
        pytest.skip("one core of this machine can not ask for three times what the others can do")
    offered = len(flood.answers) / seconds / capacity
    good = goodput(flood) / peak
    p99 = within(refused)
    print(f"capacity {capacity:.0f}/s, peak {peak:.0f}/s; {offered:.1f} times of it offered: goodput"
          f" {good:.0%}, {len(refused)} refused, half of them in {within(refused, 50):.1f} ms,"
          f" 99% in {p99:.0f} ms")
    assert {a.code for a in refused} == {"busy"}
    assert good > 0.08  # the goal is 80%
    times.note("overload, 99% of the refusals", p99, 100)
    times.note("overload, after its end", steady.told.time_back(flood.answers[-1].sent), 2000)


CONNECTIONS = 8000


@pytest.mark.parametrize("calls, options", [("charges", {"charges": True}), ("bookings", {})])
def test_8000_connections(whole, times, long, calls, options):
    """All of them ask at once and go on: who cannot be served now is told so."""
    if not long:
        pytest.skip("takes 40 s: --long")
    with Load(Hall(whole), rate=0, users=CONNECTIONS, retry=0, seconds=10, **options) as load:
        load.process.wait(120)
    refused = [a for a in load.told.answers if a.status == 503]
    others = [a for a in load.told.answers if a.status != 503]
    print(f"99% of {len(others)} within {within(others):.0f} ms, 99% of {len(refused)} refused within"
          f" {within(refused):.0f} ms")
    assert {a.status for a in load.told.answers} <= {200, 204, 409, 503}
    assert {a.code for a in refused} <= {"busy"}
    times.note(f"{CONNECTIONS} connections, {calls}: 99% of the accepted", within(others), 1200)
