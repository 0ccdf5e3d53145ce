"""What the tests of the pages share: a real browser, and pages that report every error.

scripts/lib/web-tools installs Playwright, chromium and axe; where they are missing, the tests are
skipped and say so.
"""

import pathlib
import sys

import pytest
from fan import DESKTOP, TOOLS, Fan
from stack import UNHURRIED, making_stacks

CHROMIUM = pathlib.Path("/usr/bin/chromium")
sys.path[:0] = [str(path) for path in TOOLS.glob("python/lib/python3.*/site-packages")]


def pytest_collection_modifyitems(items):
    for missing in (TOOLS / "axe.js", TOOLS / "jsqr.js", CHROMIUM):
        if not missing.exists():
            for item in items:
                if pathlib.Path(__file__).parent in item.path.parents:
                    item.add_marker(pytest.mark.skip(f"there is no {missing}; scripts/lib/web-tools installs it"))


@pytest.fixture(scope="session")
def new_stack():
    """Makes stacks in which no call is refused because the machine has other work."""
    with making_stacks(**UNHURRIED) as make:
        yield make


@pytest.fixture(scope="session")
def stack(new_stack):
    return new_stack()


@pytest.fixture(scope="session")
def new_browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # as root chromium has no sandbox of its own
        yield lambda *arguments: playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", *arguments])


@pytest.fixture(scope="session")
def browser(new_browser):
    started = new_browser()
    yield started
    started.close()


@pytest.fixture
def new_fan(browser, stack):
    """Makes fans; none of their pages may have had an error."""
    fans = []

    def make(language="en", size=DESKTOP, on=None, **options):
        fans.append(Fan(browser, on or stack, language, size, **options))
        return fans[-1]

    yield make
    for fan in fans:
        fan.end()


@pytest.fixture(scope="session")
def new_concert(stack):
    """Makes open concerts of one date: 40 seats in four rows, unless said otherwise."""

    def make(seats=None, on=None, **settings):
        on = on or stack
        seats = seats or [
            {"from": 1 + 10 * row, "to": 10 + 10 * row, "price": 90000 - 20000 * (row // 2), "section": "RS"[row // 2],
             "row": str(row + 1), "firstLabel": 1, "x": 0, "y": row}
            for row in range(4)
        ]
        body = {"title": "A concert of tests", "venue": "A hall", "status": "open",
                "items": [{"date": "2099-05-01", "startsAt": "2099-05-01T10:30:00Z", "seats": seats}]} | settings
        made = on.call("POST", "/admin/concert", body, on.admin_headers())
        assert made.status == 200, made
        return made.json()["concertId"], made.json()["itemIds"][0]

    return make


@pytest.fixture
def buy(stack):
    """Buys seats without a browser; the number of the reservation."""

    def make(fan, concert, item, paid=True, **seats):
        caller = {"userId": fan.name}
        token = stack.post("/token/add", {**caller, "concertId": concert}).json()["token"]
        order = {**caller, "concertId": concert, "itemId": item, **(seats or {"count": 1})}
        reservation = stack.post("/reservation", order).json()["reservationId"]
        if paid:
            fan.charge(2000000)
            answer = stack.post("/payment", {**caller, "reservationId": reservation, "token": token})
            assert answer.status == 200, answer
        return reservation

    return make
