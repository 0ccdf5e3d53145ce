"""What all tests share: one private stack for the session, its books audited after each module."""

import os
import pathlib
import resource
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import shares  # noqa: E402
from stack import Stack, end_on_sigterm, making_stacks  # noqa: E402


def pytest_configure():
    end_on_sigterm()
    # thousands of clients
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="the long form of tests that have one")
    parser.addoption("--goals", action="store_true", help="fail where a goal is missed: on a quiet machine")
    parser.addoption("--share", default="", choices=["", "sanitized", "plain"], help="only the tests for such a build")
    parser.addoption("--part", default="1/1", help="only this part of the files, like 1/2")


def pytest_collection_modifyitems(config, items):
    items[:] = shares.select(items, config.getoption("--share"), config.getoption("--part"))


missed = set()  # what the machine has not, and could have, so that tests were skipped


def pytest_runtest_logreport(report):
    if report.skipped and "there is no " in report.longrepr[2]:
        missed.add(report.longrepr[2].removeprefix("Skipped: "))


def pytest_sessionfinish(session):
    """Where packages can be installed, scripts/test makes a failure of that."""
    if missed and os.environ.get("FRONTROW_SKIPS_FAIL") == "yes":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    for what in sorted(missed):
        terminalreporter.write_line(f"not tested: {what}")


@pytest.fixture(scope="session")
def long(request):
    """Whether the long form was asked for."""
    return request.config.getoption("--long")


@pytest.fixture(scope="session")
def stack():
    """The session's stack, with demo data, caller = body."""
    private = Stack()
    try:
        yield private.start()
    finally:
        private.stop()


@pytest.fixture(scope="session")
def new_stack():
    """Makes further stacks with settings of their own, ended with the session."""
    with making_stacks() as make:
        yield make


@pytest.fixture(scope="module")
def audited(stack):
    """The stack; when the module's tests are over, its books must be clean."""
    yield stack
    stack.check_books()
