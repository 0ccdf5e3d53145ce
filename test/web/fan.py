"""Somebody with a browser, as the tests of the pages know them."""

import contextlib
import itertools

from stack import ROOT, wait_for

TOOLS = ROOT / "var/tools/web"
DESKTOP, PHONE = (1280, 900), (360, 740)


def violations(page):
    """What axe finds, in short."""
    page.evaluate((TOOLS / "axe.js").read_text())
    page.evaluate("""() => Promise.allSettled(document.getAnimations()
        .filter(({ effect }) => effect.getTiming().iterations !== Infinity).map(({ finished }) => finished))""")
    found = page.evaluate("""() => axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })""")
    return [
        (one["id"], [node["html"][:120] + " " + node["failureSummary"][:160] for node in one["nodes"]][:3])
        for one in found["violations"]
    ]


def assert_fits(page):
    """Nothing is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def hold_back(page, pattern):
    """What the page asks for, answered when the test says so."""
    held = []
    page.route(pattern, lambda route: held.append(route))
    return held


def wait_for_one(page, held):
    wait_for(lambda: page.wait_for_timeout(50) or held, 10)
    return held.pop(0)


def allow(stack, concert, **permissions):
    """Changes what a concert allows with what is paid."""
    answer = stack.call("PATCH", f"/admin/concert/{concert}", permissions, stack.admin_headers())
    assert answer.status == 200, answer


class Fan:
    """Somebody with a browser: an own storage, one tab or more, and no error unseen."""

    numbers = itertools.count(1)

    def __init__(self, browser, stack, language="en", size=DESKTOP, **options):
        self.stack = stack
        self.friends = [stack.url, "data:", "blob:"]  # whom the pages may ask
        self.name = f"fan-{next(self.numbers)}"
        self.context = browser.new_context(
            base_url=stack.url, locale={"en": "en-US", "ko": "ko-KR"}[language],
            viewport={"width": size[0], "height": size[1]},
            **{"timezone_id": "Asia/Seoul", "has_touch": size == PHONE} | options,
        )
        self.context.set_default_timeout(60000)
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
        if not request.url.startswith(tuple(self.friends)):
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

    def map(self):
        """The map when its hall is there and drawn in the size that the page has for it."""
        canvas = self.page.locator("canvas")
        canvas.wait_for()
        wait_for(lambda: canvas.evaluate("""({ chart, clientWidth, clientHeight }) =>
            chart?.scale > 0 && chart.width === clientWidth && chart.height === clientHeight"""))
        return canvas

    def click_seat(self, seat_id):
        """Clicks a seat on the map; where the seats are small it zooms in first."""
        canvas = self.map()
        canvas.evaluate("(canvas) => canvas.scrollIntoView({ block: 'start' })")
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
