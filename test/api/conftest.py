"""What API tests share beside the session's stack."""

import pytest
from batches import ONE_WORKER
from helpers import GATEWAY, OPERATOR
from queue_library import redis_server
from stack import UNHURRIED, making_stacks


@pytest.fixture(scope="session")
def lasting_stack():
    """Makes stacks for the session, in which no call is refused because the machine has other work."""
    with making_stacks(**UNHURRIED) as make:
        yield make


@pytest.fixture(scope="module")
def new_stack():
    """The same for a module: a stack takes memory while it is there."""
    with making_stacks(**UNHURRIED) as make:
        yield make


@pytest.fixture(scope="module")
def one_worker(new_stack):
    """What is asked while that one is stopped, it finds together."""
    stack = new_stack(**ONE_WORKER)
    yield stack
    stack.check_books()


@pytest.fixture(scope="module")
def server():
    """A client of a Redis without anything around it."""
    with redis_server() as client:
        yield client


@pytest.fixture(scope="session")
def stack(lasting_stack):
    """The session's stack, with demo data, caller = body."""
    return lasting_stack()


@pytest.fixture(scope="session")
def header_stack(lasting_stack):
    """caller = header: one address is a gateway's, another one an operator's, and all others are nobody's."""
    return lasting_stack(
        caller="header", gateway_addresses=GATEWAY, admin_addresses=OPERATOR, charge="anyone", workers=4
    )


@pytest.fixture(scope="session")
def gateway(header_stack):
    """A client that calls from the gateway."""
    return header_stack.new_client(source=GATEWAY)


@pytest.fixture(scope="session")
def operator(header_stack):
    """A client that calls from the operator's address."""
    return header_stack.new_client(source=OPERATOR)


@pytest.fixture(scope="session")
def patient(lasting_stack):
    """Waits for locks for long and drops nothing: what is tested with it does not depend on haste."""
    return lasting_stack(
        workers=12, lock_wait_s=6, mysql_timeout_ms=7000, request_ms=8500, watchdog_ms=9000, stale_ms=0
    )
