"""Presale on the pages: the concert asks for a code in a window, keeps it, says beside the button what is wrong with it."""

import datetime

import pytest
from fan import PHONE, assert_fits, violations
from stack import wait_for
from test_operations import sign_in

CODE = "FAN-CLUB-2030"
LABEL = {"en": "Your code", "ko": "선예매 코드"}
USE = {"en": "Use the code", "ko": "코드 확인"}
WRONG = {"en": "This code is not valid here", "ko": "사용할 수 없는 코드"}
GOOD = {"en": "Your code is good", "ko": "코드가 확인되었습니다"}


def instant(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def presale(stack, new_concert):
    """(concertId, itemId) of a concert with a window."""
    def make(quota=10, starts=-60, ends=1800, **settings):
        concert, item = new_concert(opensAt=instant(3600), **settings)
        window = {"startsAt": instant(starts), "endsAt": instant(ends), "quota": quota, "codes": "shared", "code": CODE}
        answer = stack.post(f"/admin/concert/{concert}/presale", window, **stack.admin_headers())
        assert answer.status == 200, answer
        return concert, item

    return make


def give_code(page, code, language="en"):
    page.get_by_label(LABEL[language]).fill(code)
    page.get_by_role("button", name=USE[language]).click()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_fan_comes_in_with_a_code(new_fan, presale, language):
    concert, item = presale()
    fan = new_fan(language, PHONE).sign_in()
    page = fan.open(f"/concert/{concert}")
    give_code(page, "FAN-CLUB-2031", language)
    error = page.get_by_role("alert").filter(has_text=WRONG[language])
    error.wait_for()
    assert page.get_by_label(LABEL[language]).input_value() == "FAN-CLUB-2031", "to be corrected, not typed again"
    assert violations(page) == []
    assert_fits(page)
    give_code(page, "fan club 2030", language)
    page.get_by_role("status").filter(has_text=GOOD[language]).wait_for()
    page.reload()
    page.get_by_role("status").filter(has_text=GOOD[language]).wait_for()
    assert violations(page) == []
    page.locator(".dates a").first.click()
    page.locator("form.best button").click()
    page.wait_for_url("**/#/hold/*")
    assert fan.count("reservation") == 1


def test_the_code_is_asked_for_beside_the_seats(new_fan, presale):
    concert, item = presale(quota=1)
    page = new_fan().sign_in().open(f"/concert/{concert}/item/{item}")
    take = page.get_by_role("button", name="Take the best seats")
    take.wait_for()
    assert take.is_disabled()
    give_code(page, CODE)
    page.wait_for_function("document.querySelector('form.best button').disabled === false")
    take.click()  # two seats of one that is left
    page.get_by_text("The presale has no more seats").first.wait_for()


def test_the_one_queue_is_entered_with_a_code(new_fan, presale):
    concert, _ = presale(admissionCapacity=1)
    page = new_fan().sign_in().open(f"/concert/{concert}")
    give_code(page, CODE)
    page.wait_for_url("**/queue")
    page.get_by_role("heading", name="It is your turn").wait_for()
    second = new_fan().sign_in().open(f"/concert/{concert}")
    give_code(second, CODE)
    second.locator(".ahead").wait_for()


def test_before_and_behind_a_window_no_code_is_asked_for(new_fan, presale):
    concert, _ = presale(starts=4, ends=1800)
    page = new_fan().sign_in().open(f"/concert/{concert}")
    page.get_by_role("heading", name="Presale").wait_for()
    assert page.get_by_label(LABEL["en"]).count() == 0
    page.get_by_label(LABEL["en"]).wait_for()  # by itself, when it begins
    over, _ = presale(starts=-1800, ends=-60)
    page.goto(f"/#/concert/{over}")
    page.locator(".opening").wait_for()
    wait_for(lambda: page.get_by_role("heading", name="Presale").count() == 0, 10)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_operator_makes_windows_and_codes(stack, new_fan, new_concert, language):
    concert, item = new_concert(opensAt="2098-01-02T00:00:00Z")
    page = sign_in(new_fan(language), stack)
    page.goto(f"/ops/#/concert/{concert}/presale")
    texts = {"en": ("Begins", "Ends", "Seats (quota)", "Codes", "Make the window", "Single codes", "Make and download"),
             "ko": ("시작", "종료", "배정 좌석 수", "코드 방식", "선예매 만들기", "개인별 코드 수", "코드 만들어 내려받기")}[language]
    starts, ends, quota, codes, add, count, make = texts
    form = page.locator("form[aria-labelledby=presale-new]")
    form.get_by_label(starts, exact=True).fill("2020-01-01T10:00")
    form.get_by_label(ends, exact=True).fill("2098-01-01T10:00")
    form.get_by_label(quota).fill("12")
    form.get_by_role("combobox", name=codes).select_option("single")
    form.get_by_role("button", name=add).click()
    page.get_by_label(count).fill("3")
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name=make).click()
    lines = open(download.value.path()).read().split()
    assert lines[0] == "code" and len(set(lines)) == 4
    body = {"userId": f"buyer-{language}", "concertId": concert, "itemId": item, "seatId": 1, "code": lines[3]}
    assert stack.post("/reservation", body).status == 200
    wait_for(lambda: page.locator("tbody tr td").all_inner_texts()[3:] == ["12", "1", "0", "3", "1", "0"], 20)
