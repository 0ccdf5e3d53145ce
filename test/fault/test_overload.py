"""Three times what the stack can do, by open arrivals: the excess is turned away at once."""

import re
import time

import pytest
from booking import Hall, Load, apart
from told import percentile, within

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
    times.note_goodput("overload", good, 0.8)
    times.note("overload, 99% of the refusals", p99, 100)
    times.note("overload, after its end", steady.told.time_back(flood.answers[-1].sent), 2000)


@pytest.mark.parametrize("settings", [{"workers": 1}, {"workers": 2, "recycle_requests": 1}])
def test_few_workers_serve_all_sockets_in_turn(new_stack, settings):
    """Under load there is always a connection in each of them."""
    with Load(Hall(new_stack(**settings)), rate=0, users=64, charges=True, retry=0, seconds=3) as load:
        load.process.wait(60)
    answers = load.told.answers
    slowest = max(answers, key=lambda answer: answer.received - answer.sent)
    overtaken = sum(a.sent > slowest.sent and a.received < slowest.received for a in answers)
    print(f"{len(answers)} answers, the slowest one was overtaken by {overtaken}")
    assert overtaken < len(answers) / 2


CONNECTIONS = 8000


# the status, the bytes, the time of nginx, those of each connect to a worker; "-" where there was none
LOGGED = re.compile(r'" 503 \d+ ([\d.]+) ((?:\S+, )*\S+) ')


def refusals_by_nginx(log):
    """Milliseconds of refusals by nginx's own clock: of those that it made itself, and of the workers'."""
    own, workers = [], []
    for took, connects in LOGGED.findall(log):
        (own if set(connects) <= set("-, ") else workers).append(float(took) * 1000)
    return own, workers


@pytest.mark.parametrize("calls, options", [("charges", {"charges": True}), ("bookings", {})])
def test_8000_connections(whole, times, long, calls, options):
    """All of them ask at once and go on: who cannot be served now is told so."""
    if not long:
        pytest.skip("takes 40 s: --long")
    hall = Hall(whole)
    before = whole.log("access").stat().st_size
    with Load(hall, rate=0, users=CONNECTIONS, retry=0, seconds=10, **options) as load:
        load.process.wait(120)
    refused = [a for a in load.told.answers if a.status == 503]
    others = [a for a in load.told.answers if a.status != 503]
    time.sleep(1.5)  # nginx writes its log once a second
    own, workers = refusals_by_nginx(whole.log("access").read_text()[before:])
    print(f"99% of {len(others)} within {within(others):.0f} ms, 99% of {len(refused)} refused within"
          f" {within(refused):.0f} ms; by nginx's clock 99% of its own {len(own)} within"
          f" {percentile(own):.0f} ms, of the workers' {len(workers)} within {percentile(workers):.0f} ms")
    assert {a.status for a in load.told.answers} <= {200, 204, 409, 503}
    assert {a.code for a in refused} <= {"busy"}
    name = f"{CONNECTIONS} connections, {calls}: 99% of"
    times.note(f"{name} the accepted", within(others), 1200)
    times.note(f"{name} nginx's refusals", percentile(own), 100)
    times.note(f"{name} the workers' refusals", percentile(workers), 1200)
