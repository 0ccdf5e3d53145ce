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
