"""The whole way from the list of concerts to the ticket, as a fan goes it."""

import base64
import io
import re

import pytest
from fan import DESKTOP, PHONE, TOOLS, assert_fits
from stack import wait_for

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
TEXTS = {
    "en": {"enter": "Join the queue", "name": "Continue", "turn": "It is your turn", "hold": "Hold 2 seats",
           "held": "Your seats are held", "charge": "Charge", "pay": "Pay ", "paid": "Paid", "tickets": "Show my tickets"},
    "ko": {"enter": "대기열 들어가기", "name": "계속", "turn": "입장하실 차례입니다", "hold": "2석 선점",
           "held": "좌석을 선점했습니다", "charge": "충전", "pay": "결제", "paid": "결제가 끝났습니다", "tickets": "내 예매 보기"},
}


@pytest.mark.parametrize("language, size", [("en", DESKTOP), ("ko", DESKTOP), ("ko", PHONE), ("en", PHONE)])
def test_from_the_list_to_the_ticket(new_fan, new_concert, stack, language, size):
    texts = TEXTS[language]
    concert, item = new_concert(title=f"Purchase {language} {size[0]}", admissionCapacity=100)
    fan = new_fan(language, size)
    page = fan.open("/")
    page.get_by_role("link", name=f"Purchase {language} {size[0]}").click()
    page.get_by_role("button", name=texts["enter"]).click()
    assert_fits(page)
    page.locator("#name").fill(fan.name)
    page.get_by_role("button", name=texts["name"]).click()
    fan.wait_title(texts["turn"])
    assert_fits(page)
    page.locator(".date").click()
    for seat in (3, 4):
        fan.click_seat(seat)
        page.locator(".chosen li").nth(seat - 3).wait_for()
    assert_fits(page)
    page.get_by_role("button", name=texts["hold"]).click()
    fan.wait_title(texts["held"])
    assert_fits(page)
    page.get_by_role("button", name=texts["charge"]).click()
    page.locator("button.large:enabled").click()
    fan.wait_title(texts["paid"])
    page.get_by_role("link", name=texts["tickets"]).click()
    page.locator("svg.code").wait_for()
    assert_fits(page)
    assert page.evaluate("document.documentElement.lang") == language
    seats = stack.get(f"/concert/{concert}/item/{item}/seat").json()["seats"]
    assert [seat["seatId"] for seat in seats if seat["status"] != "available"] == [3, 4]
    assert fan.count("payment") == 1
    assert stack.get(f"/point?userId={fan.name}").json()["balance"] == 0


def test_a_name_of_all_signs(new_fan, new_concert, stack):
    """The longest that there may be, as a provider of identities could make it up; others are not sent."""
    concert, _ = new_concert(title="Any name", admissionCapacity=100)
    fan = new_fan(size=PHONE)
    name = (f"auth0|{fan.name}+x@example.com:~=_-" + "x" * 128)[:128]
    page = fan.open(f"/concert/{concert}/queue")
    page.get_by_role("button", name="Join the queue").click()
    field = page.locator("#name")
    for wrong in ("a b", "a;b", "a/b", "한"):
        field.fill(wrong)
        assert not field.evaluate("(field) => field.checkValidity()"), wrong
    field.fill(name)
    page.get_by_role("button", name="Continue").click()
    fan.wait_title("It is your turn")
    assert_fits(page)
    fan.name = name
    assert fan.count("queue_token") == 1
    fan.open("/tickets")
    page.get_by_text(f"You are {name}").wait_for()
    assert_fits(page)


def grey(shown):
    from PIL import Image

    return Image.open(io.BytesIO(shown)).convert("L")


def read_by_zbar(grey):
    import zbar

    picture = zbar.Image(*grey.size, "Y800", grey.tobytes())
    zbar.ImageScanner().scan(picture)
    return [code.data for code in picture]


def read_by_zxing(grey):
    import zxingcpp

    return [code.text for code in zxingcpp.read_barcodes(grey, try_invert=False)]


def read_by_opencv(grey):
    import cv2
    import numpy

    for part in (1, 0.75, 0.5):  # as before a camera; in a picture of one size it misses a code now and then
        size = [round(side * part) for side in grey.size]
        text, _, _ = cv2.QRCodeDetector().detectAndDecode(numpy.asarray(grey.resize(size)))
        if text:
            return [text]
    return []


def read_by_jsqr(page, shown):
    """In a page of its own, as it is a script."""
    page.evaluate((TOOLS / "jsqr.js").read_text())
    return [page.evaluate("""async (png) => {
        const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
        const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
        context.drawImage(picture, 0, 0);
        const { data, width, height } = context.getImageData(0, 0, picture.width, picture.height);
        return jsQR(data, width, height, { inversionAttempts: "dontInvert" })?.data;
    }""", base64.b64encode(shown).decode())]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("density", [1, 2, 3])
def test_the_code_on_the_ticket_can_be_read(new_fan, new_concert, stack, theme, density):
    """From a picture of the whole screen of a phone, by programs that read no light code on a dark ground; one at a
    time of those of an order."""
    fan = new_fan(size=PHONE, color_scheme=theme, device_scale_factor=density).sign_in()
    concert, item = new_concert([{"from": 1, "to": 4, "price": 0}])
    token = stack.post("/token/add", {"userId": fan.name, "concertId": concert}).json()["token"]
    order = {"userId": fan.name, "concertId": concert, "itemId": item, "seatIds": [2, 3]}
    reservation = stack.post("/reservation", order).json()["reservationId"]
    assert stack.post("/payment", {"userId": fan.name, "reservationId": reservation, "token": token}).status == 200
    page, scripts = fan.open("/tickets"), fan.tab()
    seats = page.get_by_role("group", name="Show the code of").get_by_role("button")
    page.locator("svg.code path").wait_for()
    tickets = stack.get(f"/reservation/{reservation}/ticket?userId={fan.name}").json()["tickets"]
    assert seats.count() == len(tickets) == 2
    for n, ticket in enumerate(tickets):
        seats.nth(n).click()
        page.get_by_role("img", name=f"seat {ticket['seat']['label']}").locator("path").wait_for()
        page.locator("svg.code").scroll_into_view_if_needed()
        shown = page.screenshot()
        for read in (read_by_zbar, read_by_zxing, read_by_opencv):
            assert read(grey(shown)) == [ticket["code"]], read
        assert read_by_jsqr(scripts, shown) == [ticket["code"]]
    body = {"code": tickets[1]["code"], "itemId": item}
    assert stack.post("/admin/checkin", body, **stack.admin_headers()).status == 200
    assert_fits(page)


def test_best_available_and_refund(new_fan, new_concert, stack):
    concert, item = new_concert()
    fan = new_fan().sign_in()
    fan.charge(500000)
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_label("How many").select_option("3")
    page.get_by_label("Section").select_option("S")
    page.get_by_role("button", name="Take the best seats").click()
    fan.wait_title("Your seats are held")
    page.locator("button.large:enabled").click()
    fan.wait_title("Paid")
    fan.open("/tickets")
    page.get_by_role("button", name="Refund").click()
    page.get_by_role("button", name="Yes").click()
    page.get_by_text("Cancelled or expired").wait_for()
    assert stack.get(f"/point?userId={fan.name}").json()["balance"] == 500000
    assert fan.count("payment") == 1


@pytest.mark.parametrize("language, charged, refunded", [
    ("en", "Charged. You have 100,000 points now.", "90,000 points were refunded."),
    ("ko", "충전되었습니다. 보유 포인트는 100,000포인트입니다.", "90,000포인트가 환불되었습니다.")])
def test_what_was_done_is_seen_where_the_thumb_is(new_fan, new_concert, language, charged, refunded):
    """Not only spoken: a charge, and a refund far down in the list."""
    texts = TEXTS[language]
    concert, item = new_concert([{"from": 1, "to": 8, "price": 90000}])
    fan = new_fan(language, PHONE).sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.locator(".best select").first.select_option("1")
    page.locator(".best button").click()
    fan.wait_title(texts["held"])
    page.locator("#amount").fill("100000")
    page.locator(".charge button").click()
    told = page.get_by_role("status").get_by_text(charged)
    told.wait_for()
    assert in_view(page, told)
    page.locator("button.large:enabled").click()
    fan.wait_title(texts["paid"])
    page.get_by_role("link", name=texts["tickets"]).click()
    page.locator(".ticket button", has_text={"en": "Refund", "ko": "환불"}[language]).click()
    page.locator("dialog .primary").click()
    told = page.get_by_role("status").get_by_text(refunded)
    told.wait_for()
    assert in_view(page, told)
    assert_fits(page)
    told.locator("xpath=..").get_by_role("button").click()
    told.wait_for(state="detached")


def in_view(page, locator):
    """Seen without scrolling, where a thumb is."""
    box = locator.bounding_box()
    return box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]


def choose_pair(fan, concert, item):
    page = fan.open(f"/concert/{concert}/item/{item}")
    for n, seat in enumerate((14, 15)):
        fan.click_seat(seat)
        page.locator(".chosen li").nth(n).wait_for()
    return page


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_who_loses_a_race_is_asked_before_other_seats_are_held(new_fan, new_concert, stack, size):
    """Two that sat together get two that are together, and see it beside the button."""
    concert, item = new_concert()
    fan = new_fan(size=size).sign_in()
    page = choose_pair(fan, concert, item)
    # the view stays as it is: the seat is still free there
    page.route("**/seat?view=compact", lambda route: route.abort())
    stack.post("/reservation", {"userId": "faster", "concertId": concert, "itemId": item, "seatId": 15})
    page.get_by_role("button", name="Hold 2 seats").click()
    told = page.locator(".choice [role=alert]", has_text="R 2–5 just went")
    told.wait_for()
    assert fan.count("reservation") == 0
    assert page.get_by_role("button", name="Hold 2 seats").count() == 0
    other = page.get_by_role("button", name="Hold these 2 seats instead")
    assert in_view(page, told) and in_view(page, other)
    assert "R 2–3, R 2–4" in told.inner_text()
    other.click()
    fan.wait_title("Your seats are held")
    held = stack.get(f"/reservation?userId={fan.name}").json()["reservations"][0]["seats"]
    assert [seat["seatId"] for seat in held] == [13, 14]


def test_who_wants_no_other_seats_chooses_again(new_fan, new_concert, stack):
    concert, item = new_concert()
    fan = new_fan(size=PHONE).sign_in()
    page = choose_pair(fan, concert, item)
    stack.post("/reservation", {"userId": "faster", "concertId": concert, "itemId": item, "seatId": 15})
    page.get_by_text("R 2–5 just went").wait_for()  # seen while one looks
    page.get_by_role("button", name="Choose others myself").click()
    assert page.locator(".chosen li").all_inner_texts()[0].startswith("R 2–4")
    page.get_by_role("button", name="Hold 1 seat").wait_for()
    assert page.evaluate("document.querySelector('canvas').chart.statuses[14]") == 1


def test_the_limit_of_seats_is_seen_and_not_only_spoken(new_fan, new_concert):
    concert, item = new_concert(maxSeatsPerUser=2)
    fan = new_fan("ko", PHONE).sign_in()
    page = choose_pair(fan, concert, item)
    fan.click_seat(3)
    told = page.locator(".choice [role=alert]", has_text="최대 2석까지")
    told.wait_for()
    assert in_view(page, told)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_own_holds_are_shown_as_own_with_a_way_to_pay(new_fan, new_concert, size):
    """After Back, and on a second device."""
    concert, item = new_concert(title="Mine")
    first, second = new_fan(size=size).sign_in(), new_fan(size=size)
    second.name = first.name
    second.sign_in()
    page = first.open(f"/concert/{concert}/item/{item}")
    first.click_seat(5)
    page.get_by_role("button", name="Hold 1 seat").click()
    first.wait_title("Your seats are held")
    page.go_back()
    second.open(f"/concert/{concert}/item/{item}")
    for fan in (first, second):
        fan.wait_title("Choose your seats")
        own = fan.page.get_by_role("region", name="Waiting for payment")
        own.locator(".countdown").wait_for()
        assert "Mine" in own.inner_text()
        fan.click_seat(5)
        fan.page.locator(".choice [role=alert]", has_text="You hold this seat").wait_for()
        assert_fits(fan.page)
        for path in ("/", f"/concert/{concert}"):
            fan.open(path)
            own.get_by_role("link", name="Pay").wait_for()
    second.charge(90000)
    own.get_by_role("link", name="Pay").click()
    second.page.locator("button.large:enabled").click()
    second.wait_title("Paid")
    second.open("/")
    own.wait_for(state="detached")


def test_a_hold_that_lapses_leads_back_to_the_seats(new_fan, new_concert, stack):
    concert, item = new_concert(holdSeconds=3)
    fan = new_fan().sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="Take the best seats").click()
    fan.wait_title("The time is over")
    changed = stack.call("PATCH", f"/admin/concert/{concert}", {"holdSeconds": 300}, stack.admin_headers())
    assert changed.status == 200, changed
    page.get_by_role("link", name="Back to the seats").click()
    fan.wait_title("Choose your seats")
    page.get_by_role("button", name="Take the best seats").click()
    fan.wait_title("Your seats are held")


def held(fan, concert, item, amount=500000):
    fan.sign_in()
    fan.charge(amount)
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="Take the best seats").click()
    fan.wait_title("Your seats are held")
    return page


def test_a_double_click_pays_once(new_fan, new_concert):
    fan = new_fan()
    page = held(fan, *new_concert())
    page.locator("button.large:enabled").dblclick()
    fan.wait_title("Paid")
    assert fan.count("payment") == 1
    assert fan.count("point_history") == 2


def test_a_reload_in_the_middle_of_paying_pays_once(new_fan, new_concert):
    fan = new_fan()
    page = held(fan, *new_concert())
    sent = []

    def lose(route):
        # it is done, and its answer never comes
        sent.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    page.route("**/payment", lose)
    page.locator("button.large:enabled").click()
    page.get_by_text("You are offline").wait_for()
    page.unroute("**/payment")
    page.on("request", lambda request: request.url.endswith("/payment") and sent.append(request.headers["idempotency-key"]))
    page.reload()
    fan.wait_title("Paid")
    assert fan.count("payment") == 1
    assert len(set(sent)) == 1


def test_two_tabs_pay_once(new_fan, new_concert):
    fan = new_fan()
    page = held(fan, *new_concert())
    other = fan.tab()
    other.goto(page.url)
    other.locator("button.large:enabled").wait_for()
    page.locator("button.large").evaluate("(button) => setTimeout(() => button.click(), 50)")
    other.locator("button.large").click()
    for tab in (page, other):
        tab.locator("h1", has_text="Paid").wait_for()
    assert fan.count("payment") == 1


def test_another_call_under_the_same_name_has_its_turn(new_fan):
    """The same one is joined; one with another body comes after it, with a key of its own."""
    fan = new_fan()
    fan.sign_in()
    page, sent = fan.open("/concert/1"), []

    def hold(route):
        if not sent:  # the second call would overtake it
            page.wait_for_timeout(300)
        sent.append((route.request.post_data_json["amount"], route.request.headers["idempotency-key"]))
        route.continue_()

    page.route("**/point/charge", hold)
    balances = page.evaluate(
        """async (userId) => {
            const app = document.querySelector("script[type=module]").src.replace(/[^/]*$/, "");
            const { perform } = await import(`${app}pending.js`);
            const charge = (amount) =>
                perform("charge.test", { method: "POST", path: "/point/charge", body: { userId, amount } });
            const done = await Promise.all([100, 100, 200, 30, 200].map(charge));
            return done.map(({ balance }) => balance);
        }""", fan.name)
    assert [amount for amount, _ in sent] == [100, 200, 30]
    assert len({key for _, key in sent}) == 3
    assert balances == [100, 100, 300, 330, 300]


def test_giving_back_frees_the_seats(new_fan, new_concert, stack):
    concert, item = new_concert()
    fan = new_fan()
    page = held(fan, concert, item)
    page.get_by_role("button", name="Cancel the reservation").click()
    page.get_by_role("button", name="Yes").click()
    fan.wait_title("Cancelled")
    seats = stack.get(f"/concert/{concert}/item/{item}/seat").json()["seats"]
    assert fan.count("payment") == 0
    assert len(seats) == 40


def tab_to(page, selector):
    """Presses Tab until the element has the focus."""
    page.locator(selector).first.wait_for()

    def has_focus():
        page.keyboard.press("Tab")
        return page.evaluate("(selector) => document.activeElement.matches(selector)", selector)

    wait_for(has_focus)


def test_keyboard_only(new_fan, new_concert):
    concert, item = new_concert(title="By keys", admissionCapacity=100)
    fan = new_fan()
    fan.charge(500000)
    page = fan.open("/")
    page.get_by_role("link", name="By keys", exact=True).wait_for()
    tab_to(page, f'a[href="#/concert/{concert}"]')
    page.keyboard.press("Enter")
    fan.wait_title("By keys")
    tab_to(page, ".call button")
    page.keyboard.press("Enter")
    page.locator("dialog").wait_for()
    page.keyboard.type(fan.name)
    page.keyboard.press("Enter")
    fan.wait_title("It is your turn")
    tab_to(page, ".date")
    page.keyboard.press("Enter")
    fan.map()
    tab_to(page, "canvas")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.locator(".chosen li", has_text="R 2–2").wait_for()
    page.get_by_text("Section R, row 2, seat 2, 90,000 points, chosen").wait_for(state="attached")
    tab_to(page, ".choice .wide")
    page.keyboard.press("Enter")
    fan.wait_title("Your seats are held")
    tab_to(page, "button.large")
    page.keyboard.press("Enter")
    fan.wait_title("Paid")
    assert fan.count("payment") == 1


def test_the_list_beside_the_map(new_fan, new_concert):
    concert, item = new_concert()
    fan = new_fan().sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="List").click()
    page.get_by_text("Section S").first.click()
    page.get_by_text("Row 3").click()
    page.get_by_role("button", name="Section S, row 3, seat 4, 70,000 points, free").click()
    page.get_by_role("button", name="Hold 1 seat").click()
    fan.wait_title("Your seats are held")


def test_behind_a_gateway_no_name_is_asked_for_or_sent(new_fan, new_concert, new_stack):
    gated = new_stack(caller="header", gateway_addresses="127.0.0.1", charge="anyone", workers=4)
    concert, item = new_concert(on=gated)
    fan = new_fan(on=gated, extra_http_headers={"X-Frontrow-User": "known"})
    page = fan.page
    sent = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="Take the best seats").click()
    fan.wait_title("Your seats are held")
    page.get_by_role("button", name="Charge").click()
    page.locator("button.large:enabled").click()
    fan.wait_title("Paid")
    page.get_by_role("link", name="Show my tickets").click()
    page.locator("svg.code path").wait_for()
    assert page.get_by_text("You are known").count() == 1
    assert not [one for one in sent if "userId" in one]


def test_where_users_do_not_charge_no_button_is_there(new_fan, new_concert, new_stack):
    sold = new_stack(charge="operator", workers=4)
    concert, item = new_concert(on=sold)
    fan = new_fan(on=sold).sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="Take the best seats").click()
    fan.wait_title("Your seats are held")
    page.get_by_text("Points cannot be charged on this page.").wait_for()
    assert page.locator("#amount").count() == 0
    assert page.locator("button.large").is_disabled()
    key = sold.admin_headers()
    assert sold.call("POST", "/point/charge", {"userId": fan.name, "amount": 10**6}, key).status == 200
    page.reload()
    page.locator("button.large:enabled").click()
    fan.wait_title("Paid")


@pytest.mark.parametrize("language, button, text", [
    ("en", "Take the best seats", "You can take seats again in"), ("ko", "추천 좌석 선점", "뒤에 다시 선점할 수 있습니다"),
])
def test_who_does_not_pay_is_told_how_long_to_pause(new_fan, new_concert, stack, language, button, text):
    concert, item = new_concert(holdSeconds=1)
    fan = new_fan(language).sign_in()
    order = {"userId": fan.name, "concertId": concert, "itemId": item, "count": 1}
    for _ in range(3):
        assert stack.post("/reservation", order).status == 200
    wait_for(lambda: stack.post("/reservation", order).code == "too_many_unpaid", step=0.5)
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name=button).click()
    said = page.locator(".notice.lost", has_text=text)
    said.wait_for()
    assert re.search(r"\d+", said.inner_text())
    assert page.locator(".weather").count() == 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_what_is_told_of_a_concert(new_fan, new_concert, stack, size):
    """As it was written, whatever signs it has; and a date that is cancelled is no way to its seats."""
    concert, item = new_concert(title=f"About {size[0]}")
    (stack.var / "www/poster").mkdir(exist_ok=True)
    (stack.var / "www/poster/about.png").write_bytes(PICTURE)
    about = {"description": "One line <b>\nand another", "ageLimit": 12, "runningMinutes": 150, "poster": "poster/about.png"}
    headers = stack.admin_headers()
    assert stack.call("PATCH", f"/admin/concert/{concert}", about, headers).status == 200
    page = new_fan(size=size).open(f"/concert/{concert}")
    assert page.locator(".about").inner_text() == about["description"]
    page.get_by_text("From the age of 12").wait_for()
    page.get_by_text("150 minutes").wait_for()
    wait_for(lambda: page.locator("img.poster").evaluate("image => image.naturalWidth") == 1)
    assert_fits(page)
    assert page.locator("a.date").count() == 1
    assert stack.post(f"/admin/concert/{concert}/item/{item}/cancel", {"reason": "Ill"}, **headers).status == 200
    wait_for(lambda: stack.get(f"/concert/{concert}/item").json()["items"][0]["status"] == "cancelled")
    page.reload()
    page.get_by_text("Cancelled. Who has bought").wait_for()
    assert page.locator("a.date").count() == 0
    assert_fits(page)
