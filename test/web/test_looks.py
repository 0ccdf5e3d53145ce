"""What is where on a page: seen at once, near the thumb, and still for who asked for that."""

import pytest
from fan import PHONE, assert_fits, hold_back, violations, wait_for_one
from stack import wait_for

SMALL = (360, 560)  # a phone whose browser shows its own bars


def box(locator):
    return locator.evaluate("(element) => element.getBoundingClientRect().toJSON()")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_header_is_one_row(new_fan, language):
    fan = new_fan(language=language, size=PHONE)
    page = fan.open("/tickets")
    page.locator("header.bar").wait_for()
    parts = [box(part) for part in page.locator(".brand, .bar nav a, .switches button").all()]
    assert len(parts) == 5
    assert max(part["top"] for part in parts) < min(part["bottom"] for part in parts)
    assert_fits(page)


def test_few_left_and_sold_out(new_fan, new_concert, stack):
    """By a word, which no bar has to be read for; what is held may come back, and is neither."""
    concert, item = new_concert(title="Few of them")
    page = new_fan().open("/")
    card = page.locator(".concert", has_text="Few of them")
    card.get_by_text("40 of 40 seats left").wait_for()
    assert card.locator(".badge").all_inner_texts() == ["On sale"]
    headers = stack.admin_headers()

    def sell(first, last):
        for seat in range(first, last + 1, 8):
            body = {"userId": "guest", "concertId": concert, "itemId": item, "method": "guest",
                    "seatIds": list(range(seat, min(seat + 8, last + 1)))}
            assert stack.post("/admin/reservation", body, **headers).status == 200

    def badges():
        page.reload()
        return card.locator(".badge").all_inner_texts()

    sell(1, 36)
    wait_for(lambda: badges() == ["On sale", "Few left"], step=0.5)
    assert violations(page) == []
    sell(37, 40)
    wait_for(lambda: badges() == ["Sold out"], step=0.5)
    page.goto(f"/#/concert/{concert}")
    page.locator(".date", has_text="Sold out").wait_for()


def test_the_facts_of_a_concert(new_fan, new_concert):
    """Each with its name."""
    concert, _ = new_concert(title="Facts", maxSeatsPerUser=4)
    page = new_fan().open(f"/concert/{concert}")
    facts = page.locator(".head .facts-list .fact")
    facts.first.wait_for()
    assert [fact.inner_text().split("\n") for fact in facts.all()] == [
        ["Venue", "A hall"], ["Dates", "May 1, 2099"], ["Price", "70,000–90,000 points"], ["Seats for each", "At most 4 seats"]]


def test_paying_stays_in_sight(new_fan, new_concert, stack):
    """The clock and the button, wherever one is on the page of a hold of eight seats."""
    concert, item = new_concert(title="Eight seats")
    fan = new_fan(size=SMALL).sign_in()
    page = fan.open("/tickets")
    fan.charge(900000)
    order = {"userId": fan.name, "concertId": concert, "itemId": item, "count": 8}
    held = stack.post("/reservation", order).json()["reservationId"]
    fan.open(f"/hold/{held}")
    pay = page.locator("button.large:enabled")
    pay.wait_for()
    assert page.evaluate("document.documentElement.scrollHeight") > SMALL[1] + 200
    for top in (0, 150, 300):
        page.evaluate("(top) => scrollTo(0, top)", top)
        for part in (box(pay), box(page.locator(".left-time"))):
            assert 0 <= part["top"] and part["bottom"] <= SMALL[1], top
    assert violations(page) == []


def test_the_code_comes_first_on_a_phone(new_fan, new_concert, buy):
    concert, item = new_concert(title="A code")
    fan = new_fan(size=PHONE).sign_in()
    buy(fan, concert, item, seatIds=[1, 2])
    page = fan.open("/tickets")
    page.locator("svg.code path").wait_for()
    ticket, code = box(page.locator(".ticket")), box(page.locator("svg.code"))
    assert code["top"] - ticket["top"] < 40
    assert code["width"] > 0.8 * ticket["width"]


@pytest.mark.parametrize("still", [False, True])
def test_what_moves_is_short_or_still(new_fan, new_concert, still):
    concert, _ = new_concert(title="Motion")
    page = new_fan(reduced_motion="reduce" if still else "no-preference").open(f"/concert/{concert}")
    card = page.locator(".card").first
    card.wait_for()
    moves = page.evaluate("""() => [...document.querySelectorAll("*")].map((one) => getComputedStyle(one))
        .flatMap((style) => [...style.transitionDuration.split(", "), ...style.animationDuration.split(", ")]).map(parseFloat)""")
    assert max(moves) == (0 if still else 0.15)


def test_a_page_that_loads_has_its_shape(new_fan, stack):
    fan = new_fan()
    held = hold_back(fan.page, "**/concert")
    page = fan.open("/")
    late = wait_for_one(page, held)
    assert page.locator(".skeleton span").count() == 3
    assert violations(page) == []
    for route in (late, *held):
        route.continue_()
    page.locator(".concert").first.wait_for()
    assert page.locator(".skeleton").count() == 0


def test_the_map_comes_where_its_place_is(new_fan, new_concert):
    """What stands there before the hall is here is as high."""
    concert, item = new_concert(title="Its place")
    fan = new_fan(size=PHONE).sign_in()
    held = hold_back(fan.page, "**/layout*")
    page = fan.open(f"/concert/{concert}/item/{item}")
    late = wait_for_one(page, held)
    place = page.locator(".map")
    place.wait_for()
    before = box(place)["height"]
    for route in (late, *held):
        route.continue_()
    page.locator(".map canvas").wait_for()
    assert box(place)["height"] == before
