"""The waiting room: places that are kept whatever the browser goes through."""

import contextlib
import time

import pytest
from fan import hold_back, wait_for_one
from stack import beside, wait_for


@pytest.fixture
def narrow(new_concert):
    """A concert whose queue lets in one at a time."""
    return new_concert(title="One at a time", admissionCapacity=1)


def enter(fan, concert):
    fan.sign_in()
    page = fan.open(f"/concert/{concert}/queue")
    page.get_by_role("button", name="Join the queue").click()
    page.get_by_role("button", name="Join the queue").wait_for(state="detached")
    return page


def number(page):
    return page.locator(".fact", has_text="Your number").locator("dd").inner_text()


def test_one_at_a_time(new_fan, narrow):
    concert, item = narrow
    first, second = new_fan(), new_fan()
    enter(first, concert)
    first.wait_title("It is your turn")
    page = enter(second, concert)
    second.wait_title("Waiting room")
    assert number(page) == "2"
    assert page.locator(".ahead strong").inner_text() == "0"
    wait_for(lambda: page.title() == "0 ahead · Frontrow")
    page.reload()
    page.locator(".ahead").wait_for()
    assert number(page) == "2"
    tab = second.tab()
    tab.goto(page.url)
    tab.locator(".ahead").wait_for()
    assert number(tab) == "2"
    first.charge(500000)
    first.open(f"/concert/{concert}/item/{item}")
    first.page.get_by_role("button", name="Take the best seats").click()
    first.page.locator("button.large:enabled").click()
    first.wait_title("Paid")
    second.wait_title("It is your turn")
    tab.locator("h1", has_text="It is your turn").wait_for()
    wait_for(lambda: page.title() == "It is your turn · Frontrow")
    page.get_by_text("It is your turn").nth(1).wait_for(state="attached")  # said to screen readers too


def test_two_tabs_ask_as_one(new_fan, narrow):
    concert, _ = narrow
    first, second = new_fan(), new_fan()
    enter(first, concert)
    page = enter(second, concert)
    page.locator(".ahead").wait_for()
    tab = second.tab()
    asked, began = [], time.monotonic()
    for one in (page, tab):
        one.on("request", lambda request: request.url.endswith("/token") and asked.append(request.url))
    tab.goto(page.url)
    tab.locator(".ahead").wait_for()
    page.wait_for_timeout(6000)
    every = page.evaluate(f"JSON.parse(localStorage['frontrow.token.{concert}']).pollAfterSeconds")
    # each of its own would be twice as many; the new one asks once when it comes, and one may hand over to the other
    assert 1 <= len(asked) <= (time.monotonic() - began) / every + 3


def test_leaving_gives_the_place_to_the_next(new_fan, narrow):
    concert, _ = narrow
    first, second = new_fan(), new_fan()
    page = enter(first, concert)
    enter(second, concert)
    first.wait_title("It is your turn")
    page.get_by_role("button", name="Leave the queue").click()
    page.get_by_role("button", name="Yes").click()
    first.wait_title("Waiting room")
    page.get_by_role("button", name="Join the queue").wait_for()
    second.wait_title("It is your turn")


def test_an_abandoned_tab_is_passed_over(new_fan, narrow):
    concert, _ = narrow
    first, gone, third = new_fan(), new_fan(), new_fan()
    page = enter(first, concert)
    enter(gone, concert).locator(".ahead").wait_for()
    gone.page.close()
    enter(third, concert).locator(".ahead").wait_for()
    page.wait_for_timeout(15000)  # so long one may be silent; then nobody waits for it to come
    page.get_by_role("button", name="Leave the queue").click()
    page.get_by_role("button", name="Yes").click()
    third.wait_title("It is your turn")


def test_a_hidden_tab_hears_of_its_turn(new_fan, narrow):
    """Browsers let the timers of a tab that was hidden for long ring once a minute."""
    concert, _ = narrow
    first, second = new_fan(), new_fan()
    page = enter(first, concert)
    hidden = enter(second, concert)
    hidden.locator(".ahead").wait_for()
    hidden.evaluate("""() => {
        const soon = window.setTimeout.bind(window);
        window.setTimeout = (act, milliseconds) => soon(act, Math.max(60000, milliseconds));
        Object.defineProperty(document, "hidden", { value: true });
    }""")
    hidden.wait_for_timeout(3000)  # what was begun before has rung
    page.get_by_role("button", name="Leave the queue").click()
    page.get_by_role("button", name="Yes").click()
    second.wait_title("It is your turn", timeout=40000)


def test_a_lost_network_keeps_the_place(new_fan, narrow):
    concert, _ = narrow
    first, second = new_fan(), new_fan()
    enter(first, concert)
    page = enter(second, concert)
    page.locator(".ahead").wait_for()
    second.context.set_offline(True)
    page.get_by_text("You are offline").wait_for()
    assert number(page) == "2"
    second.context.set_offline(False)
    page.get_by_text("You are offline").wait_for(state="detached")
    assert number(page) == "2"


def test_a_paused_queue_says_so(new_fan, narrow, stack):
    concert, _ = narrow
    first, second = new_fan(), new_fan()
    enter(first, concert)
    page = enter(second, concert)
    page.locator(".ahead").wait_for()
    for paused in (True, False):
        done = stack.call("PATCH", f"/admin/concert/{concert}", {"paused": paused}, stack.admin_headers())
        assert done.status == 200, done
        page.get_by_text("The queue is paused").wait_for(state="visible" if paused else "detached")


def test_maintenance_of_a_concert_is_shown(new_fan, narrow, stack):
    concert, _ = narrow
    fan = new_fan()
    page = enter(fan, concert)
    for word, state in ("on", "visible"), ("off", "detached"):
        assert stack.ctl("maintenance", word, "--concert", str(concert)).returncode == 0
        for path in f"/concert/{concert}", f"/concert/{concert}/queue", "/":
            def is_shown():
                fan.open(path)
                page.reload()
                page.locator("h1").wait_for()
                page.wait_for_timeout(300)
                return page.get_by_text("Sales are paused for a moment").count() > 0
            wait_for(lambda: is_shown() == (state == "visible"))


def test_a_turn_that_is_over(new_fan, new_concert, stack):
    concert, _ = new_concert(admissionCapacity=1, activeSeconds=2)
    fan = new_fan()
    page = enter(fan, concert)
    fan.wait_title("Your place has ended")
    changed = stack.call("PATCH", f"/admin/concert/{concert}", {"activeSeconds": 600}, stack.admin_headers())
    assert changed.status == 200, changed
    page.get_by_role("button", name="Join the queue").click()
    fan.wait_title("It is your turn")


def seconds_from_now(stack, seconds):
    """By the database's clock, just before a whole second's end."""
    text = "SELECT DATE_FORMAT(UTC_TIMESTAMP() + INTERVAL %s SECOND, '%%Y-%%m-%%dT%%T.900Z') AS instant"
    return stack.query(text, seconds)[0]["instant"]


def test_entering_by_itself_when_the_sale_opens(new_fan, new_concert, stack):
    concert, _ = new_concert(admissionCapacity=1, opensAt=seconds_from_now(stack, 20))
    fan = new_fan().sign_in()
    page = fan.open(f"/concert/{concert}/queue")
    page.get_by_text("You join the queue when it opens").wait_for()
    page.reload()
    page.get_by_text("You join the queue when it opens").wait_for()
    # others keep what nginx has of it as old as it may be
    with contextlib.closing(stack.new_client()) as other, beside(lambda: other.get(f"/concert/{concert}"), 0.02):
        fan.wait_title("It is your turn")


def test_the_name_is_asked_for_before_the_sale_opens(new_fan, new_concert, stack):
    """At the opening it would cost the place of who looks away."""
    concert, _ = new_concert(admissionCapacity=1, opensAt="2099-01-01T00:00:00Z")
    fan = new_fan("ko")
    page = fan.open(f"/concert/{concert}/queue")
    page.get_by_role("button", name="이름 입력하기").click()
    page.locator("#name").fill(fan.name)
    page.get_by_role("button", name="계속").click()
    page.get_by_text("자동으로 대기열에 들어갑니다").wait_for()
    opened = stack.call("PATCH", f"/admin/concert/{concert}", {"opensAt": None}, stack.admin_headers())
    assert opened.status == 200, opened
    fan.wait_title("입장하실 차례입니다")


def test_the_countdown_is_by_the_servers_clock(new_fan, new_concert):
    concert, item = new_concert()
    fan = new_fan().sign_in()
    # a browser that is an hour late
    fan.context.add_init_script("{ const now = Date.now; Date.now = () => now() - 3600e3; }")
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="Take the best seats").click()
    fan.wait_title("Your seats are held")
    minutes, seconds = page.locator(".left-time .countdown").inner_text().split(":")
    assert 200 <= int(minutes) * 60 + int(seconds) <= 301


def test_a_full_queue_is_told(new_fan, new_concert, stack):
    concert, _ = new_concert(admissionCapacity=0)
    assert stack.call("PATCH", f"/admin/concert/{concert}", {"maxWaiting": 1}, stack.admin_headers()).status == 200
    first, second = new_fan(), new_fan()
    enter(first, concert).locator(".ahead").wait_for()
    second.sign_in()
    page = second.open(f"/concert/{concert}/queue")
    page.get_by_role("button", name="Join the queue").click()
    page.get_by_text("The queue is full").wait_for()
    wait_for(lambda: page.get_by_role("button", name="Join the queue").is_enabled())


def test_a_clock_that_is_set_back_by_hours_keeps_the_place(new_fan, narrow):
    concert, _ = narrow
    enter(new_fan(), concert)
    second = new_fan()
    second.context.add_init_script("const real = Date.now; self.shift = 0; Date.now = () => real() + self.shift")
    page = enter(second, concert)
    page.locator(".ahead").wait_for()
    page.evaluate("self.shift = -7200000")
    with page.expect_request(lambda request: request.url.endswith("/token")):
        pass


def test_at_the_turn_one_sees_what_is_left_by_then(new_fan, narrow, stack):
    concert, item = narrow
    token = stack.post("/token/add", {"userId": "before-us", "concertId": concert}).json()["token"]
    fan = new_fan()
    enter(fan, concert).locator(".ahead").wait_for()
    order = {"userId": "before-us", "concertId": concert, "itemId": item, "count": 8, "token": token}
    assert stack.post("/reservation", order).status == 200
    wait_for(lambda: stack.get(f"/concert/{concert}/item").json()["items"][0]["availableCount"] == 32)
    assert stack.call("DELETE", "/token", headers={"X-Queue-Token": token}).status == 204
    fan.wait_title("It is your turn")
    fan.page.get_by_text("32 of 40 seats left").wait_for()


def test_a_sale_that_is_closed_for_a_while_says_so(new_fan, narrow, stack):
    concert, _ = narrow
    first, second = new_fan(), new_fan()
    enter(first, concert)
    first.wait_title("It is your turn")
    page = enter(second, concert)
    page.locator(".ahead").wait_for()
    for status in ("closed", "open"):
        changed = stack.call("PATCH", f"/admin/concert/{concert}", {"status": status}, stack.admin_headers())
        assert changed.status == 200, changed
        if status == "closed":
            for fan in (first, second):
                fan.page.get_by_text("This concert is not on sale.").wait_for()
                assert fan.title() == "Waiting room"
    page.locator(".ahead").wait_for()
    assert number(page) == "2"
    first.wait_title("It is your turn")


def test_an_answer_that_comes_late_takes_nobody_away(new_fan, new_concert):
    """Who went on to a date while the place was asked for stays there, and may choose once it is theirs."""
    concert, item = new_concert(admissionCapacity=5)
    fan = new_fan().sign_in()
    page = fan.open(f"/concert/{concert}")
    held = hold_back(page, "**/token/add")
    page.get_by_role("button", name="Join the queue").click()
    late = wait_for_one(page, held)
    page.locator(".date").click()
    best = page.get_by_role("button", name="Take the best seats")
    best.wait_for()
    assert best.is_disabled()
    late.continue_()
    page.locator("button:enabled", has_text="Take the best seats").wait_for()
    assert page.evaluate("location.hash") == f"#/concert/{concert}/item/{item}"


def test_the_address_of_older_pages_leads_to_the_waiting_room(new_fan, new_concert):
    """A tab that is open while the server is upgraded has it, and is reloaded some time."""
    concert, _ = new_concert(admissionCapacity=1)
    page = new_fan().open(f"/concert/{concert}/line")
    page.get_by_role("button", name="Join the queue").wait_for()


@pytest.mark.parametrize("path", ["item/{item}", "queue"])
def test_nobody_asks_on_when_the_sale_is_over(new_fan, new_concert, stack, path):
    """An open page would for ever, and there may be very many. A map does no more; a queue seldom, as it may go on."""
    concert, item = new_concert(admissionCapacity=1)
    page = new_fan().open(f"/concert/{concert}/{path.format(item=item)}")
    page.get_by_role("button", name="Join the queue").wait_for()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    wait_for(lambda: page.wait_for_timeout(100) or asked)
    closed = stack.call("PATCH", f"/admin/concert/{concert}", {"status": "closed"}, stack.admin_headers())
    assert closed.status == 200, closed
    page.get_by_text("This concert is not on sale.").wait_for()
    page.wait_for_timeout(3000)  # what was begun before has rung
    asked.clear()
    page.wait_for_timeout(5000)
    assert asked == []
