"""What API tests share beside the session's stack."""

import pytest
from helpers import GATEWAY, OPERATOR


@pytest.fixture(scope="session")
def header_stack(new_stack):
    """caller = header: one address is a gateway's, another one an operator's, and all others are nobody's."""
    return new_stack(caller="header", gateway_addresses=GATEWAY, admin_addresses=OPERATOR, workers=4)


@pytest.fixture(scope="session")
def gateway(header_stack):
    """A client that calls from the gateway."""
    return header_stack.new_client(source=GATEWAY)


@pytest.fixture(scope="session")
def operator(header_stack):
    """A client that calls from the operator's address."""
    return header_stack.new_client(source=OPERATOR)


@pytest.fixture(scope="session")
def patient(new_stack):
    """Waits for locks for long and drops nothing: what is tested with it does not depend on haste."""
    return new_stack(
        workers=8, lock_wait_s=6, mysql_timeout_ms=7000, request_ms=8000, watchdog_ms=9000, stale_ms=0
    )
