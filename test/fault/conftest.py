"""What fault tests share: the table of times that is printed at the end, the books' audit."""

import http.client

import pytest
from stack import wait_for

rows = []


def pytest_generate_tests(metafunc):
    """A test that wants `round` is run once, and with --long 20 times."""
    if "round" in metafunc.fixturenames:
        metafunc.parametrize("round", range(20 if metafunc.config.getoption("--long") else 1))


class Times:
    """How long the service took to be back, against its goal."""

    def note(self, fault, milliseconds, goal):
        """A row of the table. The goal is a goal: ten times of it, at least 5 s, is a failure."""
        rows.append((fault, milliseconds, goal))
        assert milliseconds < max(10 * goal, 5000), f"{fault}: back after {milliseconds:.0f} ms"


@pytest.fixture(scope="session")
def times():
    return Times()


@pytest.fixture(scope="session")
def stack(new_stack):
    """As in production, but that a machine with other work may stand still for longer than Redis has."""
    return new_stack(redis_timeout_ms=900)


def pytest_terminal_summary(terminalreporter):
    if rows:
        terminalreporter.section("worst time back, and the goal, in milliseconds")
        for fault, goal in dict.fromkeys((fault, goal) for fault, _, goal in rows):
            times = [milliseconds for name, milliseconds, _ in rows if name == fault]
            terminalreporter.write_line(f"{fault:48} {len(times):3} x {max(times):8.0f} {goal:8.0f}")


def health(stack):
    """"ready", "degraded" or "down"."""
    try:
        return stack.new_client().get("/health/ready").json().get("status", "down")
    except (OSError, http.client.HTTPException, ValueError):
        return "down"


def is_whole(stack):
    """Whether all of it answers, by all its workers: one that did no work may yet wait for its start."""
    return health(stack) == "ready" and len(stack.workers()) == stack.worker_count()


@pytest.fixture
def whole(audited):
    """The stack, which the test must leave whole; its books are audited after each module."""
    if health(audited) not in ("ready", "degraded"):  # what one test broke is no other test's failure
        audited.script("start")
    wait_for(lambda: is_whole(audited))
    yield audited
    wait_for(lambda: is_whole(audited))
