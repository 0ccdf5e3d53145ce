"""What fault tests share: the table of times that is printed at the end, the books' audit."""

import pytest
from servers import HAS_GROUPS
from stack import health, wait_for

# groups are MySQL's: elsewhere there is nothing to run
collect_ignore = [] if HAS_GROUPS else ["test_group_replication.py"]
rows = []


def pytest_generate_tests(metafunc):
    """A test that wants `round` is run once, and with --long 20 times."""
    if "round" in metafunc.fixturenames:
        metafunc.parametrize("round", range(20 if metafunc.config.getoption("--long") else 1))


# Tests run beside other work, which may stop all of this for seconds. So they ask only that the service comes back
# by itself, and that overload does not bring it down. How fast and how well is asked by `scripts/bench faults`.
BACK_MS = 10_000
COLLAPSED = 0.1


class Times:
    """How long the service took to be back, and how much it still did, against the goals."""

    def __init__(self, goals):
        self.goals = goals  # whether they must be reached

    def note(self, fault, milliseconds, goal):
        """A row of the table."""
        rows.append((fault, milliseconds, goal))
        assert milliseconds <= (goal if self.goals else BACK_MS), f"{fault}: {milliseconds:.0f} ms"

    def note_goodput(self, fault, share, goal):
        """What is done under too much load, as a share of what is done at most."""
        assert share >= (goal if self.goals else COLLAPSED), f"{fault}: goodput {share:.0%}"


@pytest.fixture(scope="session")
def times(request):
    return Times(request.config.getoption("--goals"))


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
