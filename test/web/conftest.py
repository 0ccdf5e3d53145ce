"""What the tests of the pages share: a real browser, and pages that report every error.

scripts/lib/web-tools installs Playwright, chromium and axe; where they are missing, the tests are
skipped and say so.
"""

import contextlib
import itertools
import pathlib
import sys

import pytest
from stack import ROOT, wait_for

TOOLS = ROOT / "var/tools/web"
CHROMIUM = pathlib.Path("/usr/bin/chromium")
sys.path[:0] = [str(path) for path in TOOLS.glob("python/lib/python3.*/site-packages")]
DESKTOP, PHONE = (1280, 900), (360, 740)


def pytest_collection_modifyitems(items):
    for missing in (TOOLS / "axe.js", CHROMIUM):
        if not missing.exists():
            for item in items:
                if pathlib.Path(__file__).parent in item.path.parents:
                    item.add_marker(pytest.mark.skip(f"there is no {missing}; scripts/lib/web-tools installs it"))


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # as root chromium has no sandbox of its own
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


class Fan:
    """Somebody with a browser: an own storage, one tab or more, and no error unseen."""

    numbers = itertools.count(1)

    def __init__(self, browser, stack, language="en", size=DESKTOP, **options):
        self.stack = stack
        self.name = f"fan-{next(self.numbers)}"
        self.context = browser.new_context(
            base_url=stack.url, locale={"en": "en-US", "ko": "ko-KR"}[language], timezone_id="Asia/Seoul",
            viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE, **options,
        )
        self.context.set_default_timeout(15000)
        self.context.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`))"
        )
        self.errors = []
        self.page = self.tab()

    def tab(self):
        """A further tab of the same browser."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self.note(page, message))
        page.on("request", self.note_third_party)
        return page

    def note(self, page, message):
        # the browser itself reports each answer that is a refusal; those are the tests' matter
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.errors.append(f"{page.url}: {message.text}")

    def note_third_party(self, request):
        if not request.url.startswith((self.stack.url, "data:", "blob:")):
            self.errors.append(f"asked somebody else: {request.url}")

    def sign_in(self):
        """Gives the name before any page asks for it."""
        self.context.add_init_script(
            f"if (!localStorage['frontrow.user']) localStorage['frontrow.user'] = '\"{self.name}\"'"
        )
        return self

    def open(self, path=""):
        self.page.goto(f"/#{path}")
        return self.page

    def title(self):
        return self.page.locator("h1").inner_text()

    def wait_title(self, text, **options):
        self.page.locator("h1", has_text=text).wait_for(**options)

    def charge(self, amount):
        answer = self.stack.post("/point/charge", {"userId": self.name, "amount": amount})
        assert answer.status == 200, answer

    def count(self, table):
        """How many rows of this user a table has."""
        return self.stack.query(f"SELECT COUNT(*) AS n FROM {table} WHERE user_id = %s", self.name)[0]["n"]

    def click_seat(self, seat_id):
        """Clicks a seat on the map; where the seats are small it zooms in first."""
        canvas = self.page.locator("canvas")
        canvas.wait_for()
        wait_for(lambda: canvas.evaluate("(canvas) => canvas.chart?.scale > 0"))
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        x, y = canvas.evaluate(
            """(canvas, id) => {
                const { chart } = canvas;
                if (chart.scale < 20) chart.zoomTo(26);
                const i = chart.hall.indexOf.get(id);
                chart.reveal(i);
                return [(chart.hall.x[i] - chart.x) * chart.scale, (chart.hall.y[i] - chart.y) * chart.scale];
            }""",
            seat_id,
        )
        self.page.mouse.click(box["x"] + x, box["y"] + y)

    def end(self):
        with contextlib.suppress(Exception):
            self.context.close()
        assert not self.errors, self.errors


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
