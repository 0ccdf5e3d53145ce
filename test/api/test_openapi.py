"""docs/openapi.yaml says of each route what the tables of the sources say."""

import re
from email.utils import parsedate_to_datetime

import openapi
import pytest
import route_table
from helpers import ERRORS, charge, new_concert, new_user
from stack import ROOT

# the members by which a path names its resources
IDS = {"{concert}": "{concertId}", "{item}": "{itemId}", "{reservation}": "{reservationId}", "{hall}": "{hallId}", "{user}": "{userId}",
       "{transfer}": "{transferId}", "{presale}": "{presaleId}"}
METRICS = ("GET", "/metrics")  # the server's own
OPERATIONS = openapi.operations()


def path_of(route):
    return re.sub(r"\{\w+\}", lambda found: IDS[found[0]], route.pattern)


ROUTES = {(route.method, path_of(route)): route for route in route_table.routes()}


def named(operation, place):
    return {one["name"] for one in operation["parameters"] if one["in"] == place}


def every_node(node):
    yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from every_node(inner)


def test_the_form_of_the_document():
    assert openapi.DOCUMENT["openapi"].startswith("3.1.")
    assert set(openapi.DOCUMENT) == {"openapi", "info", "servers", "tags", "paths", "webhooks", "components"}
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert {tag for operation in OPERATIONS.values() for tag in operation["tags"]} == {one["name"] for one in openapi.DOCUMENT["tags"]}
    used = set()
    for node in every_node(openapi.DOCUMENT):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            assert list(node) == ["$ref"] and openapi.resolve(node) is not None, node
            used.add(node["$ref"])
    there = {f"#/components/{kind}/{name}" for kind, parts in openapi.DOCUMENT["components"].items()
             for name in parts if kind != "securitySchemes"}
    assert used == there, "a part that nobody names"


def test_the_events_are_those_that_are_told():
    kinds = re.findall(r'EVENT\(\w+, "([a-z_.]+)"\)', (ROOT / "fcgi-app/mysql/event_table.h").read_text())
    assert len(kinds) > 10 and openapi.DOCUMENT["components"]["schemas"]["Event"]["properties"]["type"]["enum"] == kinds
    page = (ROOT / "docs/webhooks.md").read_text()
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", page, re.MULTILINE)) == set(kinds)
    example, = openapi.DOCUMENT["webhooks"]["event"]["post"]["requestBody"]["content"]["application/json"]["examples"].values()
    openapi.assert_shape(example["value"], {"$ref": "#/components/schemas/Event"})


def test_the_routes_are_those_of_the_table():
    assert set(OPERATIONS) == set(ROUTES) | {METRICS}


@pytest.mark.parametrize("key", OPERATIONS, ids=" ".join)
def test_an_operation(key):
    method, path = key
    operation = OPERATIONS[key]
    assert operation["summary"] and "default" in operation["responses"]
    assert [code for code in operation["responses"] if code != "default"] == ["204" if key in (("DELETE", "/token"), ("DELETE", "/waitlist")) else "200"]
    assert named(operation, "path") == set(re.findall(r"\{(\w+)\}", path))
    if key == METRICS:
        return
    route = ROUTES[key]
    assert ("Idempotency-Key" in named(operation, "header")) == route.keyed
    assert operation.get("x-role", "none").upper() == route.role
    assert ({"operator": []} in operation.get("security", [])) == (route.role != "NONE")
    assert ({} in operation.get("security", [{}])) == (route.who != "ADMIN")
    assert ({"user": []} in operation.get("security", [])) == (route.who in ("CALLER", "CALLER_OR_ADMIN", "TOKEN"))


@pytest.mark.parametrize("key", [key for key in ROUTES if ROUTES[key].fields != "any_fields"], ids=" ".join)
def test_the_fields_of_an_operation(key):
    route, operation = ROUTES[key], OPERATIONS[key]
    fields = route_table.fields().get(route.fields, [])
    needed = {field.name for field in fields if not field.optional}
    if "requestBody" in operation and not route.upload:
        schema = openapi.resolve(operation["requestBody"])["content"]["application/json"]["schema"]
        assert set(schema["properties"]) == {field.name for field in fields}
        assert set(schema["required"]) == needed
    else:
        assert named(operation, "query") == {field.name for field in fields}
        assert {one["name"] for one in operation["parameters"] if one["in"] == "query" and one.get("required")} == needed


@pytest.mark.parametrize("key", OPERATIONS, ids=" ".join)
def test_every_answer_has_a_schema(key):
    """But one without a body."""
    for code, answer in OPERATIONS[key]["responses"].items():
        assert code == "204" or all(one["schema"] for one in openapi.resolve(answer)["content"].values())


@pytest.mark.parametrize("key", OPERATIONS, ids=" ".join)
def test_what_goes_away_is_told(stack, key):
    """docs/clients.md says how: in the document and in the headers (RFC 9745, RFC 8594), or in neither."""
    method, path = key
    operation = OPERATIONS[key]
    answer = stack.call(method, re.sub(r"{\w+}", "2147483646", path))
    told = {name: answer.headers[name] for name in ("Deprecation", "Sunset") if name in answer.headers}
    described = set(operation["responses"].get("200", {}).get("headers", {})) & {"Deprecation", "Sunset"}
    assert set(told) == described == ({"Deprecation", "Sunset"} if operation.get("deprecated") else set())
    if told:
        since = int(re.fullmatch(r"@(\d+)", told["Deprecation"])[1])
        assert parsedate_to_datetime(told["Sunset"]).timestamp() - since >= 180 * 24 * 3600


def test_what_buyers_are_answered(stack):
    """Operators' answers are compared where they are tested, and all of them by scripts/lib/test-openapi."""
    concert, user = new_concert(stack, seats=9, price=10, capacity=2), new_user()
    token = openapi.assert_answer(stack.post("/token/add", {"userId": user, "concertId": concert.id}), "POST", "/token/add")["token"]
    charge(stack, user, 100)

    def ask(method, path, body=None, query=""):
        named = {"concertId": concert.id, "itemId": concert.item, "reservationId": path.startswith("/reservation/") and held}
        answer = stack.call(method, path.format_map(named) + query, body, {"X-Queue-Token": token})
        return openapi.assert_answer(answer, method, path)

    one, mine = "/reservation/{reservationId}", f"?userId={user}"
    kept, given_back = (ask("POST", "/reservation", {"userId": user, "concertId": concert.id, "itemId": concert.item, "count": 2})
                        ["reservationId"] for _ in range(2))
    held = given_back
    ask("DELETE", one, query=mine)
    held = kept
    for method, path, body, query in (
        ("GET", "/concert", None, ""), ("GET", "/concert/{concertId}", None, ""), ("GET", "/concert/{concertId}/item", None, ""),
        ("GET", "/concert/{concertId}/item/{itemId}/seat", None, ""), ("GET", "/concert/{concertId}/item/{itemId}/layout", None, ""),
        ("GET", "/concert/{concertId}/queue", None, ""), ("GET", "/settings", None, ""), ("GET", "/token", None, ""),
        ("GET", one, None, mine), ("POST", "/payment", {"userId": user, "reservationId": held}, ""), ("GET", one, None, mine),
        ("DELETE", one, None, mine), ("GET", "/reservation", None, mine), ("GET", "/payment", None, mine),
        ("POST", "/point/charge", {"userId": user, "amount": 1}, ""), ("POST", "/point/use", {"userId": user, "amount": 1}, ""),
        ("GET", "/point", None, mine), ("GET", "/point/history", None, mine), ("GET", "/health", None, ""),
        ("GET", "/health/ready", None, ""),
    ):
        ask(method, path, body, query)


def test_the_codes_are_those_of_the_table():
    assert openapi.DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == list(ERRORS)
