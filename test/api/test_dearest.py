"""No valid request of a stranger's costs MySQL more statements or rows than is held here, by number."""

import re

import pytest

from dearest import REQUESTS, Meter, World, all_routes
from stack import ROOT


@pytest.fixture(scope="module")
def meter(new_stack):
    """One worker, and nobody else who asks. Public answers are not in nginx's cache yet."""
    meter = Meter(World(new_stack(workers=1)))
    for request in REQUESTS:
        if request.route in ("GET /admin/concert/{concert}", "GET /health/ready"):
            meter.measure(request)  # connects
    return meter


def test_each_route_has_its_dearest_request():
    assert {request.route for request in REQUESTS} == set(all_routes())


@pytest.mark.parametrize("request_of", REQUESTS, ids=lambda request: f"{request.route} {request.what}".strip())
def test_statements_and_rows(meter, request_of):
    for _ in range(5):  # what the worker remembers is read once, and on a busy machine is over sooner than it is used
        cost = meter.measure(request_of, logged=True)
        if len(cost.statements) <= request_of.statements and cost.rows <= request_of.rows:
            return
    assert len(cost.statements) <= request_of.statements and cost.rows <= request_of.rows, "\n".join(cost.statements)


@pytest.mark.parametrize("route, what, not_taken", [
    ("POST /reservation", "8 seats, queue, limit, key", 6),  # of a user who held seats before; with idleSeconds; in a presale
    ("POST /payment", "8 seats, queue, limit, key", 1),  # of a hold of a presale
])
def test_the_diagrams_show_each_statement(route, what, not_taken):
    """Those of docs/how-it-works.md, whose last one is ROLLBACK."""
    text = (ROOT / "docs/how-it-works.md").read_text()
    diagram = re.search(rf"^### {route}\n.*?^```mermaid\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
    shown = re.findall(r"W->>[AT]: (.*)", diagram)
    assert shown.pop() == "ROLLBACK"
    (dearest,) = [request for request in REQUESTS if (request.route, request.what) == (route, what)]
    assert len(shown) - not_taken == dearest.statements, shown
