"""How prices, times and names are written: as somebody says them, and in the place where they are true."""

import pytest
from fan import PHONE, assert_fits
from stack import wait_for

OLD_BROWSER = "delete Intl.NumberFormat.prototype.formatRange; delete Intl.DateTimeFormat.prototype.formatRange;"


def prices(*each):
    return [{"from": 1 + n, "to": 1 + n, "price": price, "row": str(n)} for n, price in enumerate(each)]


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("language, seats, said", [
    ("ko", prices(90000), "90,000포인트"), ("ko", prices(0), "무료"), ("ko", prices(50000, 90000), "50,000"),
    ("en", prices(1), "1 point"), ("en", prices(0), "Free"), ("en", prices(1, 3), "points")])
def test_a_price_is_written_as_one_says_it(new_fan, new_concert, stack, language, seats, said, old):
    """Also by browsers that know no ranges, and with one price only."""
    concert, item = new_concert(seats, title=f"Prices {language} {said}")
    wait_for(lambda: any(one["concertId"] == concert for one in stack.get("/concert").json()["concerts"]))
    fan = new_fan(language)
    if old:
        fan.context.add_init_script(OLD_BROWSER)
    page = fan.open("/")
    card = page.locator(".concert", has=page.locator(f'a[href="#/concert/{concert}"]'))
    shown = card.locator(".facts").inner_text().split()
    text = " ".join(shown)
    if len(seats) == 1:
        assert text.endswith(said) and "~" not in text, text
    assert said in text
    fan.open(f"/concert/{concert}/item/{item}")
    page.locator(".legend li").first.wait_for()
    if len(seats) == 1:
        assert page.locator(".legend li").first.inner_text().strip() == said


@pytest.mark.parametrize("zone, said", [("Asia/Seoul", "오후 7:30"), ("America/New_York", "오후 7:30 (한국 표준시)")])
def test_times_are_those_of_the_venue(new_fan, new_concert, stack, zone, said):
    """The zone is named where the reader has another."""
    concert, item = new_concert(timeZone="Asia/Seoul", title="In Seoul")
    later, _ = new_concert(timeZone="Asia/Seoul", opensAt="2099-04-01T10:30:00Z", title="Later in Seoul")
    fan = new_fan("ko", timezone_id=zone).sign_in()
    fan.charge(500000)
    page = fan.open(f"/concert/{concert}")
    names = zone != "Asia/Seoul"

    def is_said(locator):
        locator.filter(has_text=said).first.wait_for()
        assert ("표준시" in locator.first.inner_text()) == names

    is_said(page.locator(".date"))
    fan.open(f"/concert/{concert}/item/{item}")
    is_said(page.locator(".kicker"))
    page.get_by_role("button", name="추천 좌석 선점").click()
    fan.wait_title("좌석을 선점했습니다")
    is_said(page.locator(".about"))
    page.locator("button.large:enabled").click()
    fan.wait_title("결제가 끝났습니다")
    fan.open("/tickets")
    is_said(page.locator(".ticket .about"))
    fan.open(f"/concert/{later}")
    is_said(page.locator(".opening"))


def test_a_purse_is_empty_and_not_free(new_fan):
    page = new_fan("ko").sign_in().open("/tickets")
    page.get_by_text("보유 포인트는 0포인트입니다.").wait_for()


def test_a_section_that_is_called_one_is_not_called_so_twice(new_fan, new_concert):
    concert, item = new_concert([{"from": 1, "to": 4, "price": 0, "section": "VIP구역", "row": "1열"}])
    page = new_fan("ko").open(f"/concert/{concert}/item/{item}")
    page.get_by_role("button", name="목록").click()
    page.locator("summary", has_text="VIP구역").click()
    page.locator("summary", has_text="1열").click()
    page.get_by_role("button", name="VIP구역 1열 1번").wait_for()
    assert "구역구역" not in page.content() and "열열" not in page.content()


@pytest.mark.parametrize("address", ["/#/concert/{id}?utm_source=x", "/#/concert/{id}/", "/?utm=x#/concert/{id}/?y=z"])
def test_links_that_were_passed_on_lead_where_they_should(new_fan, new_concert, address):
    concert, _ = new_concert(title="Passed on")
    fan = new_fan()
    fan.page.goto(address.format(id=concert))
    fan.wait_title("Passed on")


def test_the_focus_comes_back_after_a_dialog(new_fan, new_concert):
    concert, _ = new_concert(admissionCapacity=1)
    page = new_fan().open(f"/concert/{concert}")
    button = page.get_by_role("button", name="Join the queue")
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#name").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    wait_for(lambda: button.evaluate("(one) => document.activeElement === one"))


def test_who_declines_to_give_a_name_is_told_what_it_is_for(new_fan):
    page = new_fan("ko").open("/tickets")
    page.locator("#name").wait_for()
    page.get_by_role("button", name="닫기").click()
    page.get_by_text("이름을 입력하시면 예매 내역을 보여 드립니다").wait_for()
    page.get_by_role("button", name="이름 입력하기").click()
    page.locator("#name").wait_for()
