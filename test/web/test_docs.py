"""The page /docs/: docs/openapi.yaml in a viewer that is loaded nowhere else."""

import gzip
import re

import pytest
from fan import DESKTOP, PHONE, assert_fits, violations
from stack import ROOT

VIEWER = "vendor/openapi-explorer.js"


def open_docs(fan, operation):
    """The page at one operation, named like get-/settings."""
    fan.page.goto(f"/docs/#?route={operation}")
    return fan.page


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_it_shows_a_call(new_fan, size):
    """Nothing is asked of anybody else, and the policy of the page is kept, or the fan has an error."""
    fan = new_fan(size=size)
    page = open_docs(fan, "post-/reservation")
    page.get_by_text("Hold seats, named or the best that are left").last.wait_for()
    page.get_by_text("maxPrice").last.wait_for()
    assert violations(page) == []
    assert_fits(page)


def test_it_calls_this_server(new_fan, stack):
    page = open_docs(new_fan(), "get-/settings")
    with page.expect_response(f"{stack.url}/settings") as called:
        page.get_by_role("button", name="Execute").locator("visible=true").click()
    assert called.value.json() == stack.get("/settings").json()


def test_the_document_is_the_one_of_the_sources(stack):
    answer = stack.get("/docs/openapi.yaml")
    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.body == (ROOT / "docs/openapi.yaml").read_bytes()
    packed = stack.get("/docs/openapi.yaml", **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.body) == answer.body
    known = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "gzip"}
    assert stack.get("/docs/openapi.yaml", **known).status == 304


def test_the_policy_lets_only_styles_and_pictures_stand_in_the_page(stack):
    """The viewer writes them into its elements."""
    ours, strict = (stack.get(path).headers["Content-Security-Policy"] for path in ("/docs/", "/"))
    assert ours == strict.replace("style-src 'self'; img-src 'self'", "style-src 'self' 'unsafe-inline'; img-src 'self' data:")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=", stack.get("/docs/").body.decode())


def test_no_other_page_loads_the_viewer(stack):
    assert VIEWER in stack.get("/docs/").body.decode()
    for path in ("/", "/ops/", "/gate/"):
        assert VIEWER not in stack.get(path).body.decode()
    naming = [path.name for path in (ROOT / "nginx/www/app").glob("*.js") if VIEWER in path.read_text()]
    assert naming == ["docs.js"]
