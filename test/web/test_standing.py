"""Standing areas on the pages: a fan takes places by a count; operators make areas, see what is in them and sell of them."""

import pytest
from fan import DESKTOP, PHONE, allow, assert_fits, violations
from stack import wait_for
from test_operations import sign_in

TEXTS = {
    "en": {"title": "Standing", "left": "10 left", "more": "One more", "fewer": "One fewer", "take": "Hold 2 places · 140,000 points",
           "pay": "Pay 140,000", "place": "Pit, standing, number 1", "held": "Held just now", "gone": "Sold out",
           "few": "There are not so many seats left"},
    "ko": {"title": "스탠딩", "left": "10장 남음", "more": "한 장 늘리기", "fewer": "한 장 줄이기", "take": "2장 선점 · 140,000포인트",
           "pay": "결제", "place": "Pit구역 스탠딩 1번", "held": "모두 결제 중", "gone": "매진", "few": "조건에 맞는 좌석이 부족합니다"},
}
SEATS = {"from": 1, "to": 4, "price": 90000, "section": "R", "row": "1", "x": 0, "y": 0}


def pit(places=10, **more):
    return {"from": 101, "to": 100 + places, "price": 70000, "section": "Pit", "firstLabel": 1, "standing": True} | more


def assert_fine(page):
    assert violations(page) == []
    assert_fits(page)


def hold(stack, user, concert, item, count):
    answer = stack.post("/reservation", {"userId": user, "concertId": concert, "itemId": item, "section": "Pit", "count": count})
    assert answer.status == 200, answer
    return answer.json()["reservationId"]


def areas(stack, concert, item):
    return [(one["section"], one["availableCount"]) for one in stack.get(f"/concert/{concert}/item/{item}/seat").json()["areas"]]


@pytest.mark.parametrize("language, size", [("en", DESKTOP), ("ko", PHONE)])
def test_places_are_taken_by_a_count_and_paid(new_fan, new_concert, stack, language, size):
    texts = TEXTS[language]
    concert, item = new_concert([SEATS, pit()])
    fan = new_fan(language, size).sign_in()
    fan.charge(200000)
    page = fan.open(f"/concert/{concert}/item/{item}")
    card = page.locator(".areas")
    card.get_by_role("heading", name=texts["title"], exact=True).wait_for()
    card.get_by_text(texts["left"]).wait_for()
    assert fan.map().evaluate("({ chart }) => chart.hall.count") == 4
    assert_fine(page)
    card.get_by_role("button", name=texts["more"]).click()
    card.get_by_role("button", name=texts["take"]).click()
    page.get_by_text(texts["place"]).wait_for()
    assert_fine(page)
    page.get_by_role("button", name=texts["pay"]).click()
    wait_for(lambda: fan.count("payment") == 1)
    assert areas(stack, concert, item) == [("Pit", 8)]
    page = fan.open("/tickets")
    page.get_by_text(texts["place"]).first.wait_for()
    assert_fine(page)


def test_the_stepper_keeps_to_what_can_be_had(new_fan, new_concert, stack):
    """And follows what others take; its focus stays where no further step is to be had."""
    concert, item = new_concert([SEATS, pit(3)])
    page = new_fan().sign_in().open(f"/concert/{concert}/item/{item}")
    card = page.locator(".areas")
    more, fewer, count = card.get_by_role("button", name="One more"), card.get_by_role("button", name="One fewer"), card.locator("output")
    more.wait_for()
    assert fewer.get_attribute("aria-disabled") == "true"
    for expected in ("2", "3", "3"):
        more.press("Enter")
        assert count.inner_text() == expected
    assert page.evaluate("document.activeElement.textContent") == "+"
    held = hold(stack, "faster", concert, item, 2)
    wait_for(lambda: page.wait_for_timeout(100) or count.inner_text() == "1")
    hold(stack, "fastest", concert, item, 1)
    card.get_by_text("Held just now").wait_for()
    assert card.get_by_role("button").count() == 0
    assert stack.call("DELETE", f"/reservation/{held}?userId=faster").status == 200
    card.get_by_text("2 left").wait_for()


@pytest.mark.parametrize("language, size", [("en", DESKTOP), ("ko", PHONE)])
def test_a_date_of_areas_only(new_fan, new_concert, stack, language, size):
    """No map, nothing to choose; a lost race is said where the thumb is."""
    texts = TEXTS[language]
    concert, item = new_concert([pit(2), pit(1, section="Back", price=0) | {"from": 1, "to": 1}])
    page = new_fan(language, size).sign_in().open(f"/concert/{concert}/item/{item}")
    rows = page.locator(".areas li")
    rows.nth(1).get_by_role("button", name=texts["more"]).click()
    assert page.locator("canvas").count() == page.locator(".best").count() == page.locator(".choice").count() == 0
    assert_fine(page)
    page.route("**/seat?view=compact", lambda route: route.abort())
    hold(stack, f"faster-{concert}", concert, item, 1)
    rows.nth(1).get_by_role("button", name=texts["take"]).click()
    page.locator(".choice").get_by_text(texts["few"]).wait_for()
    assert_fine(page)


def test_one_waits_for_places_of_an_area(new_fan, new_concert, stack):
    concert, item = new_concert([pit(1)])
    allow(stack, concert, waitlist=True)
    held = hold(stack, f"owner-{concert}", concert, item, 1)
    fan = new_fan().sign_in()
    fan.charge(200000)
    page = fan.open(f"/concert/{concert}/item/{item}")
    card = page.locator(".waitlist")
    card.get_by_role("combobox", name="Section").select_option("Pit")
    card.get_by_role("button", name="Wait for returned seats").click()
    card.get_by_text("You are number 1 on the wait list.").wait_for()
    assert stack.call("DELETE", f"/reservation/{held}?userId=owner-{concert}").status == 200
    card.get_by_role("link", name="Pay").click()
    page.get_by_role("button", name="Pay 70,000").click()
    wait_for(lambda: fan.count("payment") == 1)


def test_a_date_without_areas_loads_nothing_of_them(new_fan, new_concert):
    concert, item = new_concert([SEATS])
    fan = new_fan().sign_in()
    asked = []
    fan.page.on("request", lambda request: asked.append(request.url))
    page = fan.open(f"/concert/{concert}/item/{item}")
    page.locator(".best").wait_for()
    fan.map()
    assert page.locator(".areas").count() == 0 and not [url for url in asked if "/standing" in url]


# ---- operators


@pytest.mark.parametrize("language, add, area, places, price, create", [
    ("en", "One more", "Area", "Places", "Price", "Make a concert"),
    ("ko", "하나 더", "스탠딩 구역", "인원", "가격", None),
])
def test_an_area_is_made_in_the_form(new_fan, stack, language, add, area, places, price, create):
    """Without any seat."""
    page = sign_in(new_fan(language), stack, "/new")
    form = page.locator("form").first
    form.locator("[name=title]").fill("Standing only")
    form.locator("[name=venue]").fill("A club")
    form.locator("[name=begins]").fill("2099-05-01T19:30")
    groups = form.locator("fieldset")
    groups.nth(1).locator("button").nth(1).click()  # no section
    groups.nth(2).get_by_role("button", name=add).click()
    groups.nth(2).get_by_label(places).fill("20")
    groups.nth(2).get_by_label(price).fill("70000")
    assert_fine(page)
    form.locator("button.primary").click()
    link = page.locator("[role=status] a, .done a, a[href^='#/concert/']").last
    link.wait_for()
    concert = int(link.get_attribute("href").split("/")[2])
    item, = stack.get(f"/concert/{concert}/item").json()["items"]
    found, = stack.get(f"/concert/{concert}/item/{item['itemId']}/seat").json()["areas"]
    name = {"en": "Standing", "ko": "스탠딩"}[language]
    assert found == {"section": name, "price": 70000, "capacity": 20, "availableCount": 20, "heldCount": 0}


@pytest.mark.parametrize("language, size", [("en", DESKTOP), ("ko", PHONE)])
def test_operators_see_areas_and_sell_of_them(new_fan, new_concert, stack, language, size):
    concert, item = new_concert([SEATS, pit()])
    hold(stack, "somebody", concert, item, 2)
    fan = new_fan(language, size)
    page = sign_in(fan, stack, f"/concert/{concert}/seats?item={item}")
    table = page.locator("table", has_text="Pit")
    table.wait_for()
    figures = lambda: table.locator("tbody td").all_inner_texts()[3:]
    assert table.locator("tbody td").all_inner_texts() == ["Pit", "70,000", "10", "8", "2", "0", "0"]
    assert_fine(page)
    pick = page.locator("form", has=page.locator("[name=places]"))
    pick.locator("[name=places]").fill("3")
    pick.get_by_role("button").click()
    page.locator("[name=userId]").fill("walk-in")
    page.get_by_role("button", name={"en": "Sell 3 seats: 210,000", "ko": "210,000"}[language]).click()
    wait_for(lambda: page.wait_for_timeout(100) or figures() == ["5", "2", "3", "0"])
    assert areas(stack, concert, item) == [("Pit", 5)]
    assert fan.map().evaluate("({ chart }) => chart.hall.count") == 4
    pick.locator("[name=places]").fill("")
    pick.get_by_role("button").click()
    page.locator("section", has=page.locator("[name=newPrice]")).last.get_by_role("button").first.click()
    wait_for(lambda: page.wait_for_timeout(100) or figures() == ["0", "2", "3", "5"])
    assert_fine(page)


def test_a_kept_hall_shows_its_areas(new_fan, stack):
    """They are no rows of its plan, and stay when the plan is changed."""
    seats = [{"section": "R", "row": "1", "label": str(n), "x": n, "y": 0, "price": 90000} for n in (1, 2)]
    places = [{"section": "Pit", "row": "", "label": str(n), "kind": "standing", "price": 70000} for n in range(1, 6)]
    made = stack.call("POST", "/admin/hall?name=With%20a%20pit", {"seats": places + seats}, stack.admin_headers())
    assert made.status == 200, made
    fan = new_fan()
    page = sign_in(fan, stack, f"/hall/{made.json()['hallId']}")
    table = page.locator("table", has_text="Pit")
    table.wait_for()
    assert table.locator("tbody td").all_inner_texts() == ["Pit", "70,000", "5"]
    assert fan.map().evaluate("({ chart }) => [chart.hall.count, chart.hall.x[1] - chart.hall.x[0]]") == [2, 1]
    assert_fine(page)
    page.get_by_role("button", name="Choose by name").click()
    page.get_by_label("Price").fill("95000")
    page.get_by_role("button", name="Set the price").click()
    page.get_by_label("Name of the hall").fill("With a pit, dearer")
    page.get_by_role("button", name="Keep").click()
    page.locator("h1", has_text="dearer").wait_for()
    halls = stack.call("GET", "/admin/hall?limit=100", None, stack.admin_headers()).json()["halls"]
    kept, = [one for one in halls if one["name"] == "With a pit, dearer"]
    found = stack.call("GET", f"/admin/hall/{kept['hallId']}", None, stack.admin_headers()).json()["seats"]
    assert [(one["seatId"], one["section"], one["price"]) for one in found] == (
        [(n, "Pit", 70000) for n in range(1, 6)] + [(n, "R", 95000) for n in (6, 7)])
