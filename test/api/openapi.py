"""docs/openapi.yaml: what it says of a call, and whether an answer is as it says."""

import re

import yaml
from stack import ROOT

DOCUMENT = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


def resolve(node):
    """What a $ref names, or the node itself."""
    while isinstance(node, dict) and "$ref" in node:
        name, node = node["$ref"], DOCUMENT
        assert name.startswith("#/"), name
        for step in name.removeprefix("#/").split("/"):
            node = node[step]
    return node


def operations():
    """(method, path) -> the operation, with the parameters of its path."""
    return {
        (method.upper(), path): operation | {
            "parameters": [resolve(one) for one in item.get("parameters", []) + operation.get("parameters", [])]}
        for path, item in DOCUMENT["paths"].items() for method, operation in item.items() if method != "parameters"
    }


def examples(method, path):
    """Name -> a body that the document shows for the call."""
    content = resolve(operations()[method, path]["requestBody"])["content"]["application/json"]
    return {name: one["value"] for name, one in content["examples"].items()}


def assert_shape(value, schema, where="answer"):
    """The value is of the schema, and has no member that the schema does not name."""
    schema = resolve(schema)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    assert not kinds or type(value) in [TYPES[kind] for kind in kinds], (where, value)
    if "enum" in schema:
        assert value in schema["enum"], (where, value)
    if isinstance(value, str) and "pattern" in schema:
        assert re.search(schema["pattern"], value), (where, value)
    if isinstance(value, int) and not isinstance(value, bool):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), (where, value)
    if isinstance(value, list) and "items" in schema:
        for number, one in enumerate(value):
            assert_shape(one, schema["items"], f"{where}[{number}]")
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema.get("required", [])) <= set(value) <= set(schema["properties"]), (where, value)
        for name, one in value.items():
            assert_shape(one, schema["properties"][name], f"{where}.{name}")


def assert_answer(answer, method, path):
    """The JSON of a 200 that is as the document says."""
    assert answer.status == 200, answer
    content = operations()[method, path]["responses"]["200"]["content"]
    assert_shape(answer.json(), content["application/json"]["schema"])
    return answer.json()
