"""An organiser's week on the operators' pages: find, sell, block, reprice, refund, cancel, export; and who may do what."""

import csv
import io
import re

import pytest
from fan import PHONE, assert_fits, violations
from stack import wait_for
from test_operations import sign_in

SEATS = [{"from": 1 + 10 * row, "to": 10 + 10 * row, "price": 90000 - 20000 * (row // 2), "section": "RS"[row // 2],
          "row": str(row + 1), "firstLabel": 1, "x": 0, "y": row} for row in range(4)]
TABS = {  # of a concert, with what is there when it is there
    "sale": "section h2", "seats": "canvas", "orders": "tbody tr", "queue": ".uplot", "dates": "details.item", "settings": "fieldset",
    "export": ".filters", "log": "tbody tr",
}


def dates(*days):
    return [{"date": f"2099-05-{day:02}", "startsAt": f"2099-05-{day:02}T10:30:00Z", "seats": SEATS} for day in days]


def buy(stack, user, concert, item, seat_ids):
    """Seats that are paid with points; the order's number."""
    assert stack.post("/point/charge", {"userId": user, "amount": 1000000}).status == 200
    token = stack.post("/token/add", {"userId": user, "concertId": concert}).json()["token"]
    held = stack.post("/reservation", {"userId": user, "concertId": concert, "itemId": item, "seatIds": seat_ids})
    assert held.status == 200, held
    order = held.json()["reservationId"]
    assert stack.post("/payment", {"userId": user, "reservationId": order, "token": token}).status == 200
    return order


def admin(stack, path):
    answer = stack.call("GET", f"/admin{path}", headers=stack.admin_headers())
    assert answer.status == 200, answer
    return answer.json()


def answer_dialog(page, button, *effects):
    """Reads what a question says will happen, and says yes."""
    dialog = page.get_by_role("dialog")
    for effect in effects:
        dialog.get_by_text(effect).wait_for()
    dialog.get_by_role("button", name=button).click()
    dialog.wait_for(state="detached")


def test_concerts_are_found_and_sorted(new_fan, new_concert, stack):
    """Closed ones too; the address keeps what was looked for, so that Back and a reload work."""
    big, _ = new_concert(title="Winter, the big one", items=dates(1, 2))
    small, item = new_concert(title="Winter, a small one")
    closed, _ = new_concert(title="Winter, closed", status="closed")
    buy(stack, "winter-fan", small, item, [1, 2])
    page = sign_in(new_fan(), stack)
    page.get_by_label("Title or venue").fill("winter")
    page.get_by_role("button", name="Search").click()
    titles = page.locator("tbody a")
    found = ["Winter, closed", "Winter, a small one", "Winter, the big one"]
    wait_for(lambda: titles.all_inner_texts() == found)
    row = page.locator("tr", has_text="a small one").inner_text()
    assert "40" in row and "5%" in row and "180,000 points" in row and "on sale" in row
    assert violations(page) == []
    page.get_by_role("button", name="Seats").click()
    wait_for(lambda: titles.all_inner_texts()[0] == "Winter, the big one")
    page.get_by_role("button", name="Revenue").click()
    wait_for(lambda: titles.all_inner_texts()[0] == "Winter, a small one")
    page.get_by_role("combobox", name="Status").select_option("closed")
    wait_for(lambda: titles.all_inner_texts() == ["Winter, closed"])
    page.reload()
    wait_for(lambda: titles.all_inner_texts() == ["Winter, closed"])
    page.go_back()
    wait_for(lambda: len(titles.all_inner_texts()) == 3)
    titles.first.click()
    page.get_by_role("heading", name="Winter, a small one").wait_for()
    page.go_back()
    page.get_by_role("heading", name="Concerts").wait_for()
    page.goto("/ops/#/user/%E0")
    page.get_by_role("heading", name="There is nothing here").wait_for()
    assert {big, closed} < {one["concertId"] for one in admin(stack, "/concert?q=winter")["concerts"]}


def test_a_week_of_a_box_office(new_fan, new_concert, stack):
    concert, _ = new_concert(title="The week", items=dates(1, 2))
    first, second = (one["itemId"] for one in admin(stack, f"/concert/{concert}/item")["items"])
    bought = buy(stack, "kim+x@example.com", concert, first, [21, 22, 23])
    for number in range(3):
        buy(stack, f"second-{number}", concert, second, [1 + number])
    fan = new_fan()
    page = sign_in(fan, stack, f"/concert/{concert}/seats?item={first}")

    # sold at the counter by the map, given to a guest by name; what was typed survives a reload
    fan.click_seat(1)
    fan.click_seat(2)
    page.get_by_label("Buyer").fill("walk-in")
    page.reload()
    page.locator("canvas").wait_for()
    assert page.get_by_label("Buyer").input_value() == "walk-in"
    fan.click_seat(1)
    fan.click_seat(2)
    page.get_by_role("button", name="Sell 2 seats: 180,000").click()
    page.get_by_text("2 seats are sold.").wait_for()
    page.get_by_role("combobox", name="Section").select_option("R")
    page.get_by_role("combobox", name="Row").select_option("2")
    page.get_by_role("textbox", name="From seat").fill("9")
    page.get_by_role("textbox", name="To seat").fill("10")
    page.get_by_role("button", name="Choose by name").click()
    page.get_by_role("combobox", name="Paid with").select_option("guest")
    page.get_by_label("Buyer").fill("press")
    page.get_by_role("button", name="Give 2 seats to a guest").click()
    page.get_by_text("2 seats are sold.").wait_for()
    sales = admin(stack, f"/concert/{concert}")["sales"]
    assert (sales["boxOffice"], sales["guest"]) == ({"sold": 2, "revenue": 180000}, {"sold": 2})

    # withheld and repriced; the seats of somebody else are not
    page.get_by_role("combobox", name="Section").select_option("S")
    page.get_by_role("combobox", name="Row").select_option("3")
    page.get_by_role("button", name="Choose by name").click()
    page.get_by_text("10 seats chosen").wait_for()
    page.get_by_role("button", name="Withhold 7 seats").click()
    page.get_by_text("7 seats were changed.").wait_for()
    page.get_by_role("button", name="Sell again: 7 seats").wait_for()
    page.get_by_label("New price").fill("60000")
    page.get_by_role("button", name="Change the price").click()
    answer_dialog(page, "Change the price", "10 seats cost 60,000 from now on", "3 of them are held or sold")
    page.get_by_text("10 seats were changed.").wait_for()
    page.get_by_role("region", name="Legend").get_by_text("60,000").wait_for()
    assert violations(page) == []
    assert admin(stack, f"/concert/{concert}")["sales"]["blocked"] == 7

    # marked: a wheelchair place and its companion's, one after the other
    for label, kind in (("9", "wheelchair place"), ("10", "companion's place")):
        page.get_by_role("button", name="Clear the choice").click()
        page.get_by_role("combobox", name="Section").select_option("S")
        page.get_by_role("combobox", name="Row").select_option("4")
        page.get_by_role("textbox", name="From seat").fill(label)
        page.get_by_role("button", name="Choose by name").click()
        page.get_by_role("combobox", name="Kind").select_option(kind)
        page.get_by_label("Note for buyers").fill("By the ramp")
        page.get_by_role("button", name="Mark").click()
        page.get_by_text(f"free · {kind} · By the ramp").wait_for()
    rows = stack.query("SELECT seat_no, kind, note, partner_no FROM seat WHERE item_id = %s AND kind <> 'plain'", first)
    assert rows == [{"seat_no": 39, "kind": "wheelchair", "note": "By the ramp", "partner_no": 40},
                    {"seat_no": 40, "kind": "companion", "note": "By the ramp", "partner_no": 39}]

    page.get_by_role("button", name="Clear the choice").click()
    fan.click_seat(39)
    page.get_by_role("combobox", name="Kind").select_option("plain")
    page.get_by_role("button", name="Mark").click()
    page.get_by_text("belong together. Please choose both").wait_for()

    # a seat shows who has it; two of its order's seats go back
    page.get_by_role("button", name="Clear the choice").click()
    fan.click_seat(21)
    page.get_by_role("link", name="kim+x@example.com").wait_for()
    page.get_by_role("link", name=f"Order {bought}").click()
    page.get_by_role("heading", name=f"Order {bought}").wait_for()
    page.get_by_role("checkbox").nth(0).uncheck()
    page.get_by_label("Percent given back").fill("90")
    page.get_by_label("Reason").fill("One is ill")
    page.reload()
    page.get_by_label("Reason").wait_for()
    assert (page.get_by_label("Reason").input_value(), page.get_by_role("checkbox").nth(0).is_checked()) == ("One is ill", False)
    page.get_by_role("button", name="Refund").click()
    answer_dialog(page, "Refund", "2 of its seats: 126,000 points go to kim+x@example.com", "14,000 points are kept", "keeps 1 seat")
    page.get_by_text("Refunded: 126,000 points.").wait_for()
    page.get_by_text("Seats that went back").wait_for()
    assert violations(page) == []

    # the user's page, and a correction
    page.get_by_role("link", name="kim+x@example.com").click()
    page.locator(".fact", has_text="Balance").locator("dd", has_text="916,000 points").wait_for()
    page.get_by_label("Points", exact=True).fill("16000")
    page.get_by_role("combobox", name="What").select_option("-1")
    page.get_by_label("Reason").fill("Charged twice")
    page.get_by_role("button", name="Take points").click()
    answer_dialog(page, "Take points", "916,000 points → 900,000 points")
    page.get_by_text("The balance is 900,000 points").wait_for()
    page.get_by_role("region", name="Ledger").get_by_text("Charged twice").wait_for()
    assert violations(page) == []
    assert admin(stack, "/user/kim%2Bx%40example.com")["balance"] == 900000

    # orders by their number
    page.get_by_role("link", name="Orders and buyers").first.click()
    page.get_by_label("Order or payment number").fill(str(bought))
    page.get_by_role("button", name="Search").click()
    wait_for(lambda: page.locator("tbody tr").count() == 1)

    # a date is cancelled: what that refunds is said before; the refunds go on by themselves
    page.goto(f"/ops/#/concert/{concert}/dates")
    date = page.locator("details.item").nth(1)
    date.locator("summary").click()
    date.get_by_label("Reason").fill("The singer is ill")
    date.get_by_role("button", name="Cancel this date").click()
    answer_dialog(page, "Cancel and refund", "Refunds 3 buyers (3 orders), 270,000 points.", "cannot be undone")
    date.get_by_text("Refunded: 0 orders").wait_for()
    wait_for(lambda: stack.sweeper() and admin(stack, f"/concert/{concert}/item")["items"][1]["cancel"]["doneAt"])
    date.get_by_text(re.compile("Refunded: 3 orders, 270,000 points.*Done ")).wait_for()
    assert violations(page) == []
    items = admin(stack, f"/concert/{concert}/item")["items"]
    assert [(one["status"], one["sales"]["sold"]) for one in items] == [("open", 5), ("cancelled", 0)]

    # one more, with the same hall
    page.get_by_text("Add a date", exact=True).first.click()
    add = page.locator("details.item").last
    add.get_by_label("Begins").fill("2099-05-03T19:30")
    add.get_by_role("button", name="Add a date").click()
    wait_for(lambda: len(admin(stack, f"/concert/{concert}/item")["items"]) == 3)
    third = admin(stack, f"/concert/{concert}/item")["items"][2]
    assert (third["startsAt"], third["sales"]["seatCount"], third["sales"]["blocked"]) == ("2099-05-03T10:30:00.000Z", 40, 7)
    layouts = [stack.fresh(f"/concert/{concert}/item/{one}/layout").json()["seats"] for one in (first, third["itemId"])]
    assert layouts[0] == layouts[1]

    # what was sold, as a report and as a file
    page.get_by_role("link", name="Sale", exact=True).click()
    page.get_by_role("region", name="Report").get_by_text("Box office: revenue").wait_for()
    page.get_by_role("combobox", name="Rows").select_option("price")
    page.locator("tbody tr", has_text="S · 70,000").wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="Exports").click()
    page.get_by_role("combobox", name="What").select_option("guests")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    text = download.value.path().read_bytes()
    assert text.startswith(b"\xef\xbb\xbf") and download.value.suggested_filename == f"guests-{concert}.csv"
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert sorted((row["userId"], row["label"]) for row in rows) == [
        ("kim+x@example.com", "1"), ("press", "10"), ("press", "9"), ("walk-in", "1"), ("walk-in", "2")]

    # and who did it
    page.get_by_role("link", name="Log").click()
    page.locator("tbody tr", has_text="item cancel").filter(has_text="The singer is ill").first.wait_for()
    assert violations(page) == []


def test_settings_are_changed_and_only_those(new_fan, new_concert, stack):
    """A draft outlives a reload; what another operator changes meanwhile stays."""
    concert, _ = new_concert(title="To be set", timeZone="America/New_York")
    page = sign_in(new_fan(), stack, f"/concert/{concert}/settings")
    page.get_by_label("Description").fill("A night.\n\nWith an interval.")
    page.get_by_label("Age limit").fill("8")
    page.get_by_label("Sale closes").fill("2098-07-01T20:00")
    page.get_by_label("Until so many days before").fill("10")
    page.get_by_role("button", name="One more").click()
    page.get_by_label("Until so many days before").nth(1).fill("3")
    page.get_by_label("Percent given back").nth(1).fill("50")
    page.reload()
    page.get_by_text("it is not saved yet").wait_for()
    stack.call("PATCH", f"/admin/concert/{concert}", {"venue": "Another hall"}, stack.admin_headers())
    page.locator(".facts", has_text="Another hall").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Save").click()
    answer_dialog(page, "Save", "Age limit: none → 8", "0 days: 100% → 10 days: 100%, 3 days: 50%", "(America/New_York)")
    page.get_by_text("Done.").wait_for()
    page.get_by_text("it is not saved yet").wait_for(state="detached")
    shown = admin(stack, f"/concert/{concert}")
    assert [shown[name] for name in ("venue", "description", "ageLimit", "closesAt", "title")] == [
        "Another hall", "A night.\n\nWith an interval.", 8, "2098-07-02T00:00:00.000Z", "To be set"]
    assert shown["refundRules"] == [{"untilDays": 10, "percent": 100}, {"untilDays": 3, "percent": 50}]
    page.get_by_role("link", name="Sale", exact=True).click()
    page.get_by_role("button", name="Close the sale").click()
    answer_dialog(page, "Close the sale", "0 seats that are held can still be paid")
    page.get_by_role("button", name="Open the sale").wait_for()
    assert admin(stack, f"/concert/{concert}")["status"] == "closed"
    page.get_by_role("link", name="Seats and box office").click()
    page.locator("canvas").wait_for()  # also of a concert whose layout buyers do not see


PERMISSIONS = [
    ("reentry", "Out at the doors and in again", "퇴장 후 재입장"),
    ("seatReturns", "Giving back single seats", "좌석별 환불"),
    ("swaps", "Swapping seats", "좌석 교환"),
    ("transfers", "Transfers to other users", "예매 양도"),
    ("waitlist", "Waiting for returned seats", "취소표 대기"),
]


@pytest.mark.parametrize("name, english, korean", PERMISSIONS)
def test_a_permission_is_given_and_taken_back(new_fan, new_concert, stack, name, english, korean):
    """The question says what becomes of it, in both languages; a draft outlives a reload."""
    concert, _ = new_concert()
    page = sign_in(new_fan(), stack, f"/concert/{concert}/settings")
    permission = page.get_by_label(english)
    assert permission.input_value() == "false"
    permission.select_option("allowed")
    page.reload()
    page.get_by_text("it is not saved yet").wait_for()
    assert permission.input_value() == "true"
    page.get_by_role("button", name="Save").click()
    answer_dialog(page, "Save", f"{english}: not allowed → allowed")
    page.get_by_text("Done.").wait_for()
    assert admin(stack, f"/concert/{concert}")[name] is True
    page = sign_in(new_fan("ko"), stack, f"/concert/{concert}/settings")
    permission = page.get_by_label(korean)
    assert permission.input_value() == "true"
    permission.select_option("허용 안 함")
    page.get_by_role("button", name="저장").click()
    answer_dialog(page, "저장", f"{korean}: 허용 → 허용 안 함")
    wait_for(lambda: admin(stack, f"/concert/{concert}")[name] is False)
    assert violations(page) == []


def add_operator(stack, name, role):
    done = stack.ctl("operator", "add", name, "--role", role)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_role_sees_what_it_may_do(new_fan, new_concert, stack):
    concert, _ = new_concert(title="For some")
    seen = {}
    for role in ("viewer", "seller"):
        fan = new_fan()
        page = sign_in(fan, stack, f"/concert/{concert}", add_operator(stack, f"{role}-of-the-page", role))
        page.get_by_role("region", name="Report").wait_for()
        seen[role] = page.get_by_role("navigation", name="Concert").get_by_role("link").all_inner_texts()
        assert page.get_by_role("button", name="Close the sale").count() == 0
        page.get_by_role("link", name="Queue").click()
        page.get_by_text("This concert has no queue").wait_for()
        assert page.get_by_label("There is no queue").count() == 0
        page.goto("/ops/#/new")
        page.get_by_text("There is nothing here").wait_for()
    assert seen == {"viewer": ["Sale", "Queue"], "seller": ["Sale", "Seats and box office", "Orders", "Queue", "Exports"]}
    page.goto(f"/ops/#/concert/{concert}/seats")
    page.get_by_role("region", name="Box office").wait_for()
    assert page.get_by_role("region", name="Change these seats").count() == 0
    stack.ctl("operator", "revoke", "seller-of-the-page")
    page.get_by_text("This key is not accepted").wait_for()  # the figures are read again all the time
    page = new_fan().page
    page.goto("/ops/")
    page.get_by_label("Admin key").fill(add_operator(stack, "gate-of-the-page", "gate"))
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_text("This key may not open these pages").wait_for()


def test_the_pages_work_where_nothing_can_be_stored(new_fan, new_concert, stack):
    concert, item = new_concert(title="Private")
    fan = new_fan()
    fan.context.add_init_script("""for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });""")
    page = sign_in(fan, stack, f"/concert/{concert}/seats")
    page.get_by_text("This browser keeps nothing for this page").wait_for()
    fan.click_seat(5)
    page.get_by_label("Buyer").fill("quiet")
    page.get_by_role("button", name="Sell 1 seat").click()
    page.get_by_text("1 seat is sold.").wait_for()
    page.get_by_role("button", name="한국어").click()
    page.get_by_role("heading", name="현장 판매").wait_for()
    assert stack.query("SELECT COUNT(*) AS n FROM reservation WHERE user_id = 'quiet' AND item_id = %s", item)[0]["n"] == 1


def test_a_seat_is_sold_without_a_pointer(new_fan, new_concert, stack):
    concert, item = new_concert(title="Refunded by keys")
    page = sign_in(new_fan(), stack, f"/concert/{concert}/seats")
    page.locator("canvas").focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("1 seat chosen").wait_for()
    page.get_by_label("Buyer").focus()
    page.keyboard.type("keys")
    page.keyboard.press("Enter")
    page.get_by_text("1 seat is sold.").wait_for()
    rows = stack.query("SELECT seat_no FROM seat WHERE item_id = %s AND status = 'sold'", item)
    assert [row["seat_no"] for row in rows] == [11]


def test_a_sale_whose_answer_is_lost_is_made_once(new_fan, new_concert, stack):
    concert, item = new_concert(title="Lost")
    fan = new_fan()
    page = sign_in(fan, stack, f"/concert/{concert}/seats")
    keys = []

    def lose(route):
        keys.append(route.request.headers["idempotency-key"])
        answer = route.fetch()
        if len(keys) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route("**/admin/reservation", lose)
    fan.click_seat(7)
    page.get_by_label("Buyer").fill("lucky")
    page.get_by_role("button", name="Sell 1 seat").click()
    page.get_by_text("1 seat is sold.").wait_for()
    assert len(set(keys)) == 1 and len(keys) == 2
    assert stack.query("SELECT COUNT(*) AS n FROM reservation WHERE user_id = 'lucky'")[0]["n"] == 1
    page.unroute("**/admin/reservation")


def test_the_concert_is_cancelled_after_a_date_was_moved(new_fan, new_concert, stack):
    concert, item = new_concert(title="To be cancelled", items=dates(1, 2))
    buy(stack, "all-fan", concert, item, [1, 2])
    stack.call("POST", "/admin/reservation", {"userId": "all-desk", "concertId": concert, "itemId": item, "seatIds": [3],
                                              "method": "box_office"}, stack.admin_headers())
    page = sign_in(new_fan("ko"), stack, f"/concert/{concert}/dates")
    date = page.locator("details.item").first
    date.locator("summary").click()
    date.get_by_label("공연 시작").fill("2099-05-01T20:00")
    date.get_by_role("button", name="저장").click()
    answer_dialog(page, "저장", "이미 3석이 판매되었습니다")
    date.get_by_text("적용되었습니다").wait_for()
    assert admin(stack, f"/concert/{concert}/item")["items"][0]["startsAt"] == "2099-05-01T11:00:00.000Z"
    calls = []
    page.on("request", lambda request: request.url.endswith("/cancel") and calls.append(request.url))
    every = page.get_by_role("region", name="공연 취소")
    every.get_by_label("사유").fill("태풍")
    every.get_by_role("button", name="공연 취소").click()
    answer_dialog(page, "취소하고 환불", "구매자 2명(주문 2건)에게 180,000포인트를 환불합니다", "현장 판매분 90,000원(현장)은")
    page.get_by_text("2건 남았습니다").first.wait_for()
    assert calls == [f"{stack.url}/admin/concert/{concert}/cancel"]
    assert {one["status"] for one in admin(stack, f"/concert/{concert}/item")["items"]} == {"cancelled"}
    wait_for(lambda: stack.sweeper() and admin(stack, f"/concert/{concert}")["cancel"]["doneAt"])
    page.get_by_role("region", name="공연 취소").get_by_text("완료").wait_for()


def test_an_export_in_pages_is_one_file(new_fan, new_concert, stack):
    """Of 10,050 seats, more than a page has; the map shows them too."""
    concert, item = new_concert(seats=[{"from": 1 + 150 * row, "to": 150 + 150 * row, "price": 1000, "row": str(row + 1), "firstLabel": 1}
                                       for row in range(67)])
    fan = new_fan()
    page = sign_in(fan, stack, f"/concert/{concert}/export")
    page.get_by_role("combobox", name="What").select_option("seats")
    page.get_by_text("Download", exact=True).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_bytes().decode("utf-8-sig"))))
    assert [int(row["seatId"]) for row in rows] == list(range(10050, 0, -1))
    page.get_by_role("link", name="Seats and box office").click()
    assert fan.map().evaluate("({ chart }) => chart.hall.count") == 10050


def test_every_page_on_a_phone(new_fan, new_concert, stack):
    """In Korean and in dark colours: axe finds nothing, nothing is too wide, a reload changes nothing. The other tests
    look at most pages in English and light, on a large screen."""
    concert, item = new_concert(title="Every page", admissionCapacity=3, items=dates(1, 2))
    user = "every-page"
    sold = stack.call("POST", "/admin/reservation", {"userId": user, "concertId": concert, "itemId": item, "seatIds": [1, 2],
                                                     "method": "box_office"}, stack.admin_headers()).json()["reservationId"]
    fan = new_fan("ko", PHONE, color_scheme="dark")
    page = fan.page
    page.goto("/ops/")
    page.locator("#key").wait_for()
    assert violations(page) == []
    sign_in(fan, stack)
    pages = {"/": "tbody tr", "/new": "fieldset", "/orders": "tbody tr", f"/order/{sold}": "[name=percent]", f"/user/{user}": "[name=amount]",
             "/server": ".uplot"} | {f"/concert/{concert}/{tab}": there for tab, there in TABS.items()}
    for path, there in pages.items():
        page.goto(f"/ops/#{path}")
        page.locator(there).first.wait_for()
        title = fan.title()
        if path.startswith("/concert/"):
            assert page.locator("[aria-current]").nth(1).get_attribute("href") == f"#{path}"
        assert violations(page) == [], path
        assert_fits(page)
    page.reload()
    fan.wait_title(title)
    page.locator("tbody tr").first.wait_for()


def test_first_load_is_small_and_one_round_trip_deep(new_fan, stack):
    fan = new_fan()
    answers = []
    fan.page.on("response", lambda answer: "/v/" in answer.url and answers.append(answer))
    page = sign_in(fan, stack)
    page.locator("tbody tr").first.wait_for()
    html = stack.get("/ops/").body.decode()
    for answer in answers:
        assert answer.url.removeprefix(f"{stack.url}/") in html, "not named by the HTML: a round trip more"
    size = sum(int(answer.headers["content-length"]) for answer in answers)
    print(f"\n{len(answers)} files, {size} bytes compressed")
    assert size + len(html) < 60 * 1024
