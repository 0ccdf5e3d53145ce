"""The pages under a path of a site that has other things too."""

import pytest
from stack import wait_for


@pytest.fixture(scope="module")
def shop(new_stack):
    return new_stack(prefix="/shop")


@pytest.fixture
def visitor(new_fan, shop):
    """Somebody whose browser asks for nothing outside the path."""
    fan = new_fan(on=shop)
    outside = []
    fan.page.on("request", lambda request: request.url.startswith(f"{shop.url}/shop/") or outside.append(request.url))
    yield fan
    assert not outside, outside


def test_a_ticket_is_bought(visitor, new_concert, shop):
    concert, item = new_concert(on=shop, admissionCapacity=100)
    visitor.charge(500000)
    page = visitor.page
    page.goto(f"/shop/#/concert/{concert}")
    page.get_by_role("button", name="Join the queue").click()
    page.locator("#name").fill(visitor.name)
    page.get_by_role("button", name="Continue").click()
    page.locator(".date").click()
    page.get_by_role("button", name="Take the best seats").click()
    page.locator("button.large:enabled").click()
    page.get_by_role("link", name="Show my tickets").click()
    page.locator("svg.code path").wait_for()
    assert wait_for(lambda: visitor.count("payment") == 1)


def test_what_is_kept_is_this_sites_own(visitor, shop):
    """Another Frontrow at the root of the same site has its own tokens, names and keys."""
    page = visitor.page
    page.goto("/shop/")
    page.get_by_role("button", name="Switch to dark colours").click()
    assert wait_for(lambda: page.evaluate("Object.keys(localStorage)")) == ["frontrow/shop/.theme"]


def test_the_page_of_a_gate_without_a_server(visitor, new_concert, shop):
    _, item = new_concert(on=shop)
    page = visitor.page
    page.goto("/shop/gate/")
    page.get_by_label("Key of an operator").fill((shop.var / "admin.key").read_text().strip())
    page.get_by_label("Name of this gate").fill("1")
    page.get_by_label("Number of the date").fill(str(item))
    page.get_by_role("button", name="Start").click()
    page.get_by_text("list of").wait_for()
    wait_for(lambda: page.evaluate("caches.match(location.pathname).then(Boolean)"))
    with shop.without("nginx"):
        page.reload()
        page.get_by_text("Offline").wait_for()


def test_the_operators_page(visitor, shop):
    page = visitor.page
    page.goto("/shop/ops/")
    page.get_by_label("Admin key").fill((shop.var / "admin.key").read_text().strip())
    page.get_by_role("button", name="Open").click()
    page.get_by_role("link", name="Server").click()
    page.locator(".uplot").nth(3).wait_for()
    page.locator("a.brand").click()
    page.locator(".concert").first.wait_for()
    assert page.url == f"{shop.url}/shop/"
