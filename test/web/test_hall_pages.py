"""The operators' pages of halls: a file from a spreadsheet becomes a plan, a hall, and dates; two operators at once."""

import json

from fan import PHONE, assert_fits, violations
from stack import wait_for
from test_operations import sign_in
from test_organiser import admin, answer_dialog, dates

# As LibreOffice Calc 7.4 saves a sheet: quotes only where a cell has a comma or a line break, lines that end with LF; and
# with "Korean (Windows-949)" chosen as the character set.
SHEET = """구역,열,좌석,등급,가격,종류,비고,담당
1층,가열,1,R석,"150,000",,,김
1층,가열,2,R석,"150,000",시야제한,기둥 뒤,김
1층,가열,,,,,,
1층,가열,휠체어 1,R석,"150,000",휠체어석,,이
1층,가열,동반 1,R석,"150,000",동반석,,이
2층,나열,3A,S석,,,,이
2층,나열,3B,S석,,유보석,,이
"""


def a_file(name, text, encoding="cp949"):
    return {"name": name, "mimeType": "", "buffer": text if isinstance(text, bytes) else text.encode(encoding)}


def choose_by_name(page, section, row, first="", last=""):
    page.get_by_role("combobox", name="Section").select_option(section)
    page.get_by_role("combobox", name="Row").select_option(row)
    page.get_by_role("textbox", name="From seat").fill(first)
    page.get_by_role("textbox", name="To seat").fill(last)
    page.get_by_role("button", name="Choose by name").click()


def check(page, file):
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="Check the file").click()


def test_what_is_wrong_with_a_file_is_said_where_it_was_chosen(new_fan, stack):
    page = sign_in(new_fan(), stack, "/halls")
    check(page, a_file("hall.xlsx", b"PK\x03\x04" + bytes(200)))
    page.get_by_text("choose Save As, and the type CSV").wait_for()
    check(page, a_file("hall.csv", SHEET.replace('"150,000",시야제한', "비쌈,시야제한")))
    page.get_by_text("Line 3, column 5: “비쌈” is no whole number from 0 to 1000000000: price").wait_for()
    page.get_by_role("button", name="한국어").click()
    page.get_by_role("button", name="파일 확인").click()
    page.get_by_text("3번째 줄 5번째 칸: ‘비쌈’은(는) 0부터 1000000000까지의 정수가 아닙니다: 가격").wait_for()
    assert violations(page) == []
    assert not [one for one in admin(stack, "/hall")["halls"] if one["name"] == "hall"]


def test_a_hall_from_a_spreadsheet_is_sold(new_fan, stack):
    """Checked, changed on the plan, kept; then a concert of it, whose dates cost what is typed in."""
    fan = new_fan()
    page = sign_in(fan, stack, "/halls")
    check(page, a_file("대극장.csv", SHEET))
    page.get_by_text("CP949").wait_for()
    assert "ignored" in page.locator("tr", has_text="담당").inner_text()
    page.get_by_text("6 seats in 2 rows, 2 sections").wait_for()
    assert violations(page) == []
    assert not [one for one in admin(stack, "/hall")["halls"] if one["name"] == "대극장"], "checked is not kept"

    # the plan: a place is marked, another row has a price and is moved; what goes wrong can be undone
    choose_by_name(page, "2층", "나열")
    page.get_by_text("2 seats chosen").wait_for()
    tools = page.get_by_role("region", name="Chosen")
    tools.get_by_label("Price").fill("90000")
    page.get_by_role("button", name="Set the price").click()
    page.get_by_role("button", name="Move down").click()
    page.get_by_role("button", name="Clear the choice").click()
    choose_by_name(page, "2층", "나열", "3B")
    page.get_by_role("combobox", name="Kind").select_option("restricted")
    page.get_by_label("Note for buyers").fill("기둥 옆")
    page.get_by_role("button", name="Mark").click()
    tools.get_by_text("restricted view ·").wait_for()
    page.get_by_role("button", name="Move up").click()
    page.get_by_role("button", name="Undo").click()
    assert violations(page) == []
    page.get_by_label("Name of the hall").last.fill("대극장 본공연")
    page.get_by_role("button", name="Keep this hall").click()
    page.get_by_role("heading", name="대극장 본공연").wait_for()
    hall = next(one for one in admin(stack, "/hall")["halls"] if one["name"] == "대극장 본공연")
    seats = {one["label"]: one for one in admin(stack, f"/hall/{hall['hallId']}")["seats"]}
    assert (seats["3B"]["kind"], seats["3B"]["note"], seats["3A"]["price"]) == ("restricted", "기둥 옆", 90000)
    assert seats["동반 1"]["partnerId"] == seats["휠체어 1"]["seatId"] and "kind" not in seats["3A"]
    assert seats["휠체어 1"]["seatId"] == seats["2"]["seatId"] + 2, "the gap is still there"
    assert violations(page) == []

    # a concert of it
    page.goto("/ops/#/new")
    page.get_by_label("Title").fill("A night in a hall")
    page.get_by_label("Venue", exact=True).fill("Seoul")
    page.get_by_label("Begins").fill("2099-05-01T19:30")
    page.get_by_role("combobox", name="Seats").select_option(f"hall.{hall['hallId']}")
    page.get_by_label("Category S석 (2 seats)").fill("60000")
    page.reload()
    page.get_by_label("Category S석 (2 seats)").wait_for()
    assert page.get_by_label("Category S석 (2 seats)").input_value() == "60000", "the draft outlives a reload"
    page.get_by_role("button", name="Create a concert").click()
    page.get_by_role("link", name="To the concert").click()
    page.get_by_role("heading", name="A night in a hall").wait_for()
    concert = next(one["concertId"] for one in admin(stack, "/concert?q=night%20in%20a%20hall")["concerts"])
    first = admin(stack, f"/concert/{concert}/item")["items"][0]["itemId"]
    layout = {one["label"]: one for one in stack.fresh(f"/concert/{concert}/item/{first}/layout").json()["seats"]}
    assert [(layout[name]["price"], layout[name].get("kind")) for name in ("1", "3A", "3B", "휠체어 1")] == [
        (150000, None), (60000, None), (60000, "restricted"), (150000, "wheelchair")]

    # another date like the first one: what its seats are called and are comes with it, also of a withheld one
    withheld = {"from": layout["3B"]["seatId"], "to": layout["3B"]["seatId"], "blocked": True}
    changed = stack.call("PATCH", f"/admin/concert/{concert}/item/{first}", {"seats": [withheld]}, stack.admin_headers())
    assert changed.status == 200, changed
    page.goto(f"/ops/#/concert/{concert}/dates")
    page.get_by_text("Add a date", exact=True).first.click()
    add = page.locator("details.item").last
    add.get_by_label("Begins").fill("2099-05-02T19:30")
    add.get_by_role("button", name="Add a date").click()
    wait_for(lambda: len(admin(stack, f"/concert/{concert}/item")["items"]) == 2)
    second = admin(stack, f"/concert/{concert}/item")["items"][1]["itemId"]
    copied = {one["label"]: one for one in stack.fresh(f"/concert/{concert}/item/{second}/layout").json()["seats"]}
    assert copied == layout
    assert stack.query("SELECT seat_no FROM seat WHERE item_id = %s AND blocked", second) == [{"seat_no": layout["3B"]["seatId"]}]


def test_a_hall_is_removed_and_its_dates_stay(new_fan, stack):
    body = {"name": "Short-lived", "seats": [{"from": 1, "to": 4, "price": 1000}]}
    made = stack.call("POST", "/admin/hall", body, stack.admin_headers())
    assert made.status == 200, made
    page = sign_in(new_fan(size=PHONE), stack, f"/hall/{made.json()['hallId']}")
    page.get_by_role("button", name="Remove the hall").wait_for()
    assert_fits(page)
    page.get_by_role("button", name="Remove the hall").click()
    answer_dialog(page, "Remove the hall", "dates that were made of it stay")
    page.get_by_role("heading", name="Halls").wait_for()
    wait_for(lambda: all(one["name"] != "Short-lived" for one in admin(stack, "/hall")["halls"]))
    page.get_by_text("A hall from a file").first.wait_for()
    assert_fits(page)
    assert violations(page) == []


def test_two_operators_at_one_concert(new_fan, new_concert, stack):
    """What one sells or changes while the other has the page open is told to the other, and nothing is lost."""
    concert, _ = new_concert(title="Two at once", items=dates(1, 2))
    item = admin(stack, f"/concert/{concert}/item")["items"][0]["itemId"]
    one, other = new_fan(), new_fan()
    here = sign_in(one, stack, f"/concert/{concert}/seats?item={item}")
    there = sign_in(other, stack, f"/concert/{concert}/seats?item={item}")
    for fan, page, buyer in ((one, here, "first"), (other, there, "second")):
        fan.click_seat(3)
        page.get_by_label("Buyer").fill(buyer)
    here.get_by_role("button", name="Sell 1 seat").click()
    here.get_by_text("1 seat is sold.").wait_for()
    there.get_by_role("button", name="Sell 1 seat").click()
    there.get_by_text("Somebody has a seat of these already").wait_for()
    assert there.get_by_label("Buyer").input_value() == "second", "what was typed stays"
    rows = stack.query("SELECT user_id FROM reservation WHERE item_id = %s", item)
    assert [row["user_id"] for row in rows] == ["first"]

    # one changes the price of what the other sells: what is to be paid is what the books have
    there.get_by_role("button", name="Clear the choice").click()
    other.click_seat(5)
    there.get_by_role("button", name="Sell 1 seat: 90,000").wait_for()
    cheaper = {"seats": [{"from": 5, "to": 5, "price": 40000}]}
    assert stack.call("PATCH", f"/admin/concert/{concert}/item/{item}", cheaper, stack.admin_headers()).status == 200
    there.get_by_role("button", name="Sell 1 seat").click()
    there.get_by_text("1 seat is sold. To be paid: 40,000").wait_for()

    # one moves the date that the other is about to cancel
    there.goto(f"/ops/#/concert/{concert}/dates")
    date = there.locator("details.item").nth(0)
    date.locator("summary").click()
    date.get_by_label("Reason").fill("Not needed any more")
    body = {"startsAt": "2099-05-01T12:00:00Z"}
    moved = stack.call("PATCH", f"/admin/concert/{concert}/item/{item}", body, stack.admin_headers())
    assert moved.status == 200, moved
    there.locator("details.item summary").nth(0).get_by_text("9:00").wait_for()
    assert date.get_by_label("Reason").input_value() == "Not needed any more"
    log = json.dumps(admin(stack, f"/log?concertId={concert}"))
    assert "2099-05-01T12:00:00" in log
