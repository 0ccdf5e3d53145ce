"""What holds on every page in every state: reachable for everybody, small, and up without workers."""

import contextlib
import gzip
import re

import pytest
from fan import DESKTOP, PHONE, assert_fits, violations
from stack import ROOT, beside, wait_for


def reach(fan, new_concert, stack):
    """Leads a fan through every page and state; gives the name of each."""
    concert, item = new_concert(title="Every state", admissionCapacity=1)
    page = fan.open("/")
    page.locator(".concert").first.wait_for()
    yield "concerts"
    fan.open("/nowhere")
    yield "nothing here"
    fan.open(f"/concert/{concert}")
    page.locator(".date").wait_for()
    yield "a concert"
    fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="Join the queue").wait_for()
    yield "seats without a turn"
    rival = stack.post("/token/add", {"userId": f"{fan.name}-rival", "concertId": concert}).json()["token"]
    fan.open(f"/concert/{concert}/queue")
    page.get_by_role("button", name="Join the queue").wait_for()
    yield "before the queue"
    page.get_by_role("button", name="Join the queue").click()
    page.locator(".ahead").wait_for()
    yield "waiting"
    stack.call("DELETE", "/token", headers={"X-Queue-Token": rival})
    fan.wait_title("It is your turn")
    yield "the turn"
    fan.open(f"/concert/{concert}/item/{item}")
    fan.click_seat(12)
    page.locator(".chosen li").wait_for()
    yield "seats"
    page.get_by_role("button", name="List").click()
    for summary in ("Section R", "Row 1"):
        page.locator("summary", has_text=summary).first.click()
    page.locator(".seat").first.wait_for()
    yield "the list of seats"
    page.get_by_role("button", name="Take the best seats").click()
    fan.wait_title("Your seats are held")
    yield "a hold without points"
    fan.charge(500000)
    page.reload()
    page.locator("button.large:enabled").wait_for()
    yield "a hold"
    fan.open("/tickets")
    page.get_by_role("link", name="Go on to pay").click()
    page.locator("button.large:enabled").click()
    fan.wait_title("Paid")
    yield "paid"
    fan.open("/tickets")
    page.locator("svg.code path").wait_for()
    yield "tickets"
    page.get_by_role("button", name="Refund").click()
    page.get_by_role("button", name="Yes").wait_for()
    yield "a question"
    page.get_by_role("button", name="Yes").click()
    page.get_by_text("Cancelled or expired").click()
    yield "a refund"


@pytest.mark.parametrize("theme, size", [("light", DESKTOP), ("dark", PHONE)])
def test_axe_finds_nothing(new_fan, new_concert, stack, theme, size):
    fan = new_fan(size=size, color_scheme=theme).sign_in()
    for state in reach(fan, new_concert, stack):
        assert violations(fan.page) == [], state


def test_axe_finds_nothing_in_korean_and_in_the_dialog_of_the_name(new_fan, new_concert):
    concert, _ = new_concert(admissionCapacity=1)
    fan = new_fan("ko")
    page = fan.open(f"/concert/{concert}")
    page.locator(".call button").click()
    page.locator("dialog").wait_for()
    assert violations(page) == []


def test_a_reload_changes_nothing(new_fan, new_concert, stack):
    fan = new_fan().sign_in()
    for state in reach(fan, new_concert, stack):
        if state == "a question":
            continue
        before = fan.title()
        fan.page.reload()
        fan.wait_title(before)
        if state == "seats":
            fan.page.locator("canvas").wait_for()
        if state == "the list of seats":
            fan.page.get_by_role("button", name="Take the best seats").wait_for()
        if state == "a refund":
            fan.page.get_by_text("Cancelled or expired").wait_for()


# what is wider than the screen or than the box that cuts it off; tables, and what one has chosen, scroll in themselves
CUT_OFF = """() => [...document.querySelectorAll("body *")].filter((one) => {
    if (one.closest(".unseen, .skip, .scroll, ul.chosen, svg, canvas") || !one.getClientRects().length) return false;
    const { left, right } = one.getBoundingClientRect();
    const cuts = getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1;
    return cuts || left < -1 || right > document.documentElement.clientWidth + 1;
}).map((one) => `${one.outerHTML.slice(0, 120)} ${one.innerText?.slice(0, 40)}`)"""


def enlarge_text(fan):
    """As somebody does who sets the browser's text to 200 %."""
    sizes = {"standard": 32, "fixed": 26}
    fan.context.new_cdp_session(fan.page).send("Page.setFontSizes", {"fontSizes": sizes})


def test_twice_the_text_fits_a_phone(new_fan, new_concert, stack):
    fan = new_fan(size=PHONE).sign_in()
    enlarge_text(fan)
    for state in reach(fan, new_concert, stack):
        assert fan.page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
        assert fan.page.evaluate(CUT_OFF) == [], state
        assert_fits(fan.page)


@pytest.mark.parametrize("path", ["/", "/concert/{}", "/concert/{}/queue", "/concert/{}/item/{}", "/tickets"])
def test_twice_the_text_fits_a_phone_in_korean(new_fan, new_concert, stack, path):
    fan = new_fan("ko", PHONE)
    enlarge_text(fan)
    page = fan.open(path.format(*new_concert(title="여름밤의 관현악 축제", admissionCapacity=1)))
    page.locator(".concert, .date, .call, .legend, .room button, dialog").first.wait_for()
    assert page.evaluate(CUT_OFF) == []
    assert_fits(page)


def test_language_and_colours_are_chosen_and_kept(new_fan):
    fan = new_fan("ko")
    page = fan.open("/")
    fan.wait_title("공연")
    page.get_by_role("button", name="English").click()
    fan.wait_title("Concerts")
    page.get_by_role("button", name="Switch to dark colours").click()
    page.reload()
    fan.wait_title("Concerts")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 19, 22)"
    assert page.evaluate("document.documentElement.lang") == "en"


def test_colours_follow_the_browser_until_they_are_chosen(new_fan):
    fan = new_fan(color_scheme="dark")
    page = fan.open("/")
    fan.wait_title("Concerts")
    light, dark = "rgb(251, 250, 247)", "rgb(19, 19, 22)"

    def has(colour):
        wait_for(lambda: page.evaluate("getComputedStyle(document.body).backgroundColor") == colour)

    has(dark)
    page.emulate_media(color_scheme="light")
    has(light)
    page.get_by_role("button", name="Switch to dark colours").click()
    has(dark)
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Switch to light colours").click()
    has(light)


@pytest.mark.parametrize("name", ["text", "drawtext", "signintext", "standingtext", "ticketchangetext", "waitlisttext", "opstext", "opshalltext", "gatetext"])
def test_both_languages_say_the_same(name):
    text = (ROOT / f"nginx/www/app/{name}.js").read_text()
    english, korean = (re.findall(r"^    (\w+):", part, re.M) for part in text.split("const korean"))
    assert english and english == korean
    assert len(set(english)) == len(english)


# ---- how the pages are served


SEAT_MODULES = {f"app/{name}.js" for name in ("seats", "seatmap", "chart", "hall", "choice", "seatlist")}


def test_first_load_is_small_and_one_round_trip_deep(new_fan, new_concert, stack):
    fan = new_fan().sign_in()
    page = fan.page
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    fan.open("/")
    page.locator(".concert").first.wait_for()
    assets = [answer for answer in answers if "/v/" in answer.url]
    named = len({asset.url for asset in assets})
    html = stack.get("/").body.decode()
    for asset in assets:
        assert asset.url.removeprefix(f"{stack.url}/") in html, "not named by the HTML: a round trip more"
        assert asset.headers["content-encoding"] == "gzip"
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    first = sum(int(asset.headers["content-length"]) for asset in assets) + len(gzip.compress(html.encode()))
    assert first < 60 * 1024
    # the rest of the way needs the modules of the seats, and one file more with the first ticket
    concert, item = new_concert()
    fan.charge(500000)
    fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="Take the best seats").click()
    page.locator("button.large:enabled").click()
    page.get_by_role("link", name="Show my tickets").click()
    page.locator("svg.code path").wait_for()
    sizes = {answer.url: int(answer.headers["content-length"]) for answer in answers if "/v/" in answer.url}
    print(f"\nfirst load: {named} files, {first} bytes compressed; the whole way: {len(sizes)}, {sum(sizes.values())}")
    later = {url.split("/v/")[1].partition("/")[2] for url in sizes if url.removeprefix(f"{stack.url}/") not in html}
    assert later == {"vendor/qrcode.js", *SEAT_MODULES}
    assert sum(sizes.values()) < 80 * 1024


@pytest.mark.parametrize("path", ["/", "/concert/{}", "/concert/{}/queue", "/concert/{}/item/{}"])
def test_what_a_page_needs_is_asked_for_with_its_modules(new_fan, new_concert, path):
    """And once only. (Whether it is early is measured: test/bench/phone.)"""
    concert, item = new_concert(admissionCapacity=1)
    fan = new_fan().sign_in()
    asked = []
    fan.page.on("request", lambda request: asked.append(request.url.removeprefix(fan.stack.url)))
    page = fan.open(path.format(concert, item))
    page.locator(".concert, .date, .room button, canvas").first.wait_for()
    page.wait_for_load_state("networkidle")
    calls = {"/": ["/concert"]}.get(path, [f"/concert/{concert}", f"/concert/{concert}/item"])
    if "item" in path:
        seats = f"/concert/{concert}/item/{item}"
        version = fan.stack.get(f"{seats}/seat?view=compact").json()["layoutVersion"]
        calls += [f"{seats}/layout?v={version}"]
        assert SEAT_MODULES <= {url.split("/", 3)[-1] for url in asked}
        assert asked.index(f"{seats}/seat?view=compact") < asked.index(f"/concert/{concert}")
    for call in calls:
        assert asked.count(call) == 1, (call, asked)


def test_the_modules_of_the_seats_come_with_the_page_before(new_fan, new_concert):
    concert, _ = new_concert()
    page = new_fan().open(f"/concert/{concert}")
    came = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/chart.js'))"
    wait_for(lambda: page.evaluate(came))  # wait_for_function would ask by eval, which the pages' policy forbids


def test_html_is_revalidated_and_its_policy_is_strict(stack):
    page = stack.get("/", **{"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    assert page.headers["Cache-Control"] == "public, max-age=0, s-maxage=10, must-revalidate"
    assert stack.get("/", **{"If-None-Match": page.headers["ETag"], "Accept-Encoding": "gzip"}).status == 304
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    html = gzip.decompress(page.body).decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)
    missing = stack.get("/v/000000000000/app/main.js")
    assert (missing.status, missing.code) == (404, "not_found")


def test_libraries_are_the_ones_whose_checksums_are_kept():
    import subprocess

    subprocess.run([ROOT / "scripts/vendor-web", "--check"], check=True)


# ---- bad weather


def test_a_page_whose_scripts_do_not_come_says_what_to_do(new_fan):
    fan = new_fan("ko")
    fan.page.route("**/app/main.js", lambda route: route.abort())
    fan.open("/")
    fan.page.get_by_text("새로고침해 주세요").wait_for()


def test_pages_stay_up_without_workers(new_fan, new_concert, stack):
    concert, _ = new_concert(title="After the storm")
    fan = new_fan()
    with stack.without("frontrow"):
        page = fan.open(f"/concert/{concert}")  # which nobody has read yet, so that nginx has no copy
        fan.wait_title("Concerts")
        page.get_by_text("Very many people are here").wait_for()
        page.get_by_text(re.compile("Next try in [0-9]+ second")).wait_for()
        assert violations(page) == []
    fan.wait_title("After the storm")
    page.get_by_text("Very many people are here").wait_for(state="detached")


def test_maintenance_is_told_and_the_call_is_made_after_it(new_fan, new_concert, stack):
    concert, item = new_concert(admissionCapacity=1)
    fan = new_fan().sign_in()
    page = fan.open(f"/concert/{concert}/queue")
    page.get_by_role("button", name="Join the queue").click()
    fan.wait_title("It is your turn")
    fan.open(f"/concert/{concert}/item/{item}")
    page.locator("canvas").wait_for()
    keys = []
    page.on("request", lambda request: request.url.endswith("/reservation") and keys.append(request.headers["idempotency-key"]))
    maintenance = stack.run / "maintenance"
    maintenance.touch()
    try:
        wait_for(lambda: stack.post("/point/charge", {"userId": "anybody", "amount": 1}).code == "maintenance")
        page.get_by_role("button", name="Take the best seats").click()
        page.get_by_text("Sales are paused for a moment").wait_for()
        page.get_by_text(re.compile("Next try in [0-9]+ second")).wait_for()
        assert violations(page) == []
    finally:
        maintenance.unlink()
    wait_for(lambda: stack.post("/point/charge", {"userId": "anybody", "amount": 1}).status == 200)
    # half a minute is to be waited, but for the network's coming back
    fan.context.set_offline(True)
    fan.context.set_offline(False)
    fan.wait_title("Your seats are held", timeout=20000)
    assert len(keys) > 1 and len(set(keys)) == 1
    assert fan.count("reservation") == 1


def test_too_many_calls_are_told_and_made_later(new_fan, new_concert, new_stack):
    """nginx lets one address make four calls a second, and one exact call be under way."""
    limited = new_stack(rate_limit=4, exact_limit=1, workers=4, gateway_ms=60_000)
    concert, item = new_concert(on=limited)
    fan = new_fan(on=limited).sign_in()
    page = fan.page
    neighbour = limited.new_client()  # of the same address
    with beside(lambda: neighbour.get("/concert"), 0.02), page.expect_response(lambda answer: answer.status == 429):
        fan.open("/")
    page.locator(".concert").first.wait_for()
    fan.open(f"/concert/{concert}/item/{item}")
    page.locator("canvas").wait_for()
    # what was refused has its answer by now, GET /settings too: reserving waits for it, and no worker will answer
    page.locator(".weather").wait_for(state="detached")
    third = limited.new_client(source="127.0.0.3")
    with limited.one_call_under_way(), contextlib.closing(third):
        wait_for(lambda: third.get("/point?userId=third").status == 503)
        with page.expect_response(lambda answer: answer.status == 503):
            page.get_by_role("button", name="Take the best seats").click()
        page.get_by_text("Very many people are here").wait_for()
        assert violations(page) == []
    fan.wait_title("Your seats are held")
    rows = limited.query("SELECT COUNT(*) AS n FROM reservation WHERE user_id = %s", fan.name)
    assert rows[0]["n"] == 1


def test_a_lost_network_while_choosing(new_fan, new_concert):
    concert, item = new_concert()
    fan = new_fan().sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    fan.click_seat(5)
    fan.context.set_offline(True)
    page.get_by_role("button", name="Hold 1 seat").click()
    page.get_by_text("You are offline").wait_for()
    fan.context.set_offline(False)
    fan.wait_title("Your seats are held")
    assert fan.count("reservation") == 1
