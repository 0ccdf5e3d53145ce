"""The list of very many concerts: one request, found by words, day and order, and left where one was."""

import pytest
from fan import DESKTOP, PHONE, assert_fits, hold_back, violations, wait_for_one
from stack import wait_for

COUNT = 300


@pytest.fixture(scope="module")
def crowded(new_stack):
    """A house with very many concerts; those of the demo besides."""
    stack = new_stack(workers=4)
    for n in range(COUNT):
        day = f"2099-{1 + n // 28:02}-{1 + n % 28:02}"
        body = {"title": f"Concert {n:03} {'Étude' if n % 50 == 7 else 'Song'}", "venue": f"House {n % 10}", "status": "open",
                "items": [{"date": day, "startsAt": f"{day}T10:00:00Z", "seats": [{"from": 1, "to": 10, "price": 1000 + n}]}]}
        if n % 100 == 3:
            body["opensAt"] = f"2098-01-{1 + n // 100:02}T00:00:00Z"
        assert stack.call("POST", "/admin/concert", body, stack.admin_headers()).status == 200
    wait_for(lambda: len(stack.get("/concert").json()["concerts"]) >= COUNT)
    return stack


def titles(page):
    return page.locator(".concert h2").all_inner_texts()


def test_one_request_for_all(new_fan, crowded):
    """And one for what is left, after a quarter of a minute."""
    fan = new_fan(on=crowded)
    asked = []
    fan.page.on("request", lambda request: request.url.startswith(f"{crowded.url}/concert") and asked.append(request.url))
    fan.page.clock.install()
    page = fan.open("/")
    page.locator(".concert").nth(COUNT - 1).wait_for()
    assert len(asked) == 1
    with page.expect_request("**/concert"):
        page.clock.run_for(16_000)
    assert len(asked) == 2
    assert page.get_by_text("10 of 10 seats left").count() >= COUNT - 3


def test_words_days_and_orders(new_fan, crowded):
    fan = new_fan(on=crowded)
    page = fan.open("/")
    page.locator(".concert").nth(COUNT - 1).wait_for()
    shown = page.get_by_role("status").filter(has_text="concerts")
    page.get_by_label("Title or venue").fill("étude  house 7")
    shown.filter(has_text="6 concerts").wait_for()
    assert titles(page) == [f"Concert {n:03} Étude" for n in range(7, COUNT, 50)]
    page.get_by_label("Order").select_option("Title")
    page.reload()
    assert page.get_by_label("Title or venue").input_value() == "étude  house 7"
    assert page.get_by_label("Order").input_value() == "title"
    page.locator(".concert").nth(5).wait_for()
    page.get_by_label("Title or venue").fill("nothing of that name")
    shown.filter(has_text="0 concerts").wait_for()
    page.get_by_label("Title or venue").fill("")
    page.get_by_label("On this day").fill("2099-02-03")
    page.get_by_text("Concert 030").wait_for()
    wait_for(lambda: titles(page) == ["Concert 030 Song"])
    page.get_by_label("On this day").fill("")
    page.get_by_label("Order").select_option("Next opening")
    page.locator(".concert").nth(COUNT - 1).wait_for()
    opening = [title for title in titles(page) if title.startswith("Concert")][:3]
    assert opening == ["Concert 003 Song", "Concert 103 Song", "Concert 203 Song"]
    page.get_by_role("link", name="Concerts").click()
    wait_for(lambda: page.get_by_label("Order").input_value() == "date")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_back_returns_to_where_one_was(new_fan, crowded, size):
    """To the same words, place and link; also after a reload of what was looked at."""
    fan = new_fan(on=crowded, size=size)
    page = fan.open("/")
    page.get_by_label("Title or venue").fill("song")
    wait_for(lambda: not any("Étude" in title for title in titles(page)))
    link = page.get_by_role("link", name="Concert 222 Song")
    link.scroll_into_view_if_needed()
    wait_for(lambda: page.evaluate("history.state?.top > 1000"))
    before = page.evaluate("scrollY")
    for reload in (False, True):
        link.click()
        fan.wait_title("Concert 222")
        assert page.evaluate("scrollY") == 0
        if reload:
            page.reload()
            fan.wait_title("Concert 222")
        page.go_back()
        link.wait_for()
        wait_for(lambda: page.evaluate("scrollY") == before)
        assert page.get_by_label("Title or venue").input_value() == "song"
        if not reload:
            assert link.evaluate("(link) => document.activeElement === link")
    assert_fits(page)
    assert violations(page) == []


@pytest.mark.parametrize("moved", [False, True])
def test_back_over_a_slow_line(new_fan, crowded, moved):
    """The place is found again however long the list takes, unless its reader has gone elsewhere meanwhile."""
    fan = new_fan(on=crowded)
    page = fan.open("/")
    link = page.get_by_role("link", name="Concert 222 Song")
    link.scroll_into_view_if_needed()
    link.click()
    fan.wait_title("Concert 222")
    page.reload()
    fan.wait_title("Concert 222")
    page.clock.install()
    held = hold_back(page, "**/concert")
    page.go_back()
    wait_for_one(page, held)
    page.clock.run_for(20_000)
    if moved:
        page.keyboard.press("Tab")
    wait_for_one(page, held).continue_()  # it has asked again meanwhile
    link.wait_for()
    if moved:
        page.clock.run_for(1000)
        assert page.evaluate("scrollY") < 1000
    else:
        wait_for(lambda: page.evaluate("scrollY") > 1000)
        assert link.evaluate("(link) => document.activeElement === link")
