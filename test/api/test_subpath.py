"""Frontrow under a path of a site that has other things too."""

import re
import urllib.parse

import pytest
from helpers import assert_problem, new_user, ok


@pytest.fixture(scope="module")
def shop(new_stack):
    return new_stack(prefix="/shop", workers=4)


def links(stack, page):
    """The addresses that a page names, as a browser resolves them."""
    html = stack.get(page).body.decode()
    named = re.findall(r'(?:href|src)="([^"#]+)"', html)
    assert len(named) >= 4
    return [urllib.parse.urljoin(page, address) for address in named]


@pytest.mark.parametrize("page", ["/shop/", "/shop/ops/", "/shop/docs/", "/", "/ops/", "/docs/"])
def test_pages_find_their_files(shop, page):
    below = page.removesuffix("ops/").removesuffix("docs/")
    for address in links(shop, page):
        assert address.startswith((f"{below}v/", f"{page}openapi.yaml")), address
        assert shop.get(address).status == 200, address


@pytest.mark.parametrize("below", ["/shop", ""])
def test_calls(shop, below):
    user = new_user()
    assert ok(shop.get(f"{below}/concert"))["concerts"]
    assert ok(shop.get(f"{below}/concert/1/item/1/seat?view=compact"))["itemId"] == 1
    for _ in range(2):
        charged = ok(shop.post(f"{below}/point/charge", {"userId": user, "amount": 2}, **{"Idempotency-Key": user}))
        assert charged["balance"] == 2
    assert ok(shop.get(f"{below}/admin/concert/1", **shop.admin_headers()))["concertId"] == 1
    assert shop.get(f"{below}/metrics").status == 200
    assert shop.call("OPTIONS", f"{below}/payment").headers["Allow"] == "GET, HEAD, POST, OPTIONS"


def test_problems_are_the_contracts(shop):
    problem = assert_problem(shop.get("/shop/nothing"), "not_found")
    assert problem["type"] == "/problems/not_found"
    for path in ("/shop/shop/concert", "/shopconcert", "/shop/concert/", "/other/concert", "/shop/_problem",
                 "/shop/_lost", "/_lost", "/_problem", "/shop/concert%0A", "/shop%0A"):
        assert_problem(shop.get(path), "not_found")
    assert shop.raw(b"GET /shop/%zz HTTP/1.1\r\nHost: x\r\n\r\n").code == "bad_request"


def test_one_answer_is_kept_for_both(shop):
    """Whichever way it was asked for."""
    etags = {shop.get(path).headers["ETag"] for path in ("/shop/concert/1", "/concert/1", "/shop//concert/%31")}
    assert len(etags) == 1


def test_operators_paths_stay_closed(shop):
    for path in ("/shop/metrics", "/shop/admin/concert/1", "/shop//metrics", "/shop/%6detrics", "/x/../shop/metrics"):
        assert_problem(shop.get(path, **shop.admin_headers(), Via="1.1 edge"), "forbidden")


def test_without_its_last_slash(shop):
    answer = shop.get("/shop?x=1")
    assert (answer.status, answer.headers["Location"]) == (301, "/shop/?x=1")
