"""Waiting for what comes back of a date that is sold out: joining, where one stands, and paying what was offered."""

import pytest
from fan import DESKTOP, PHONE, allow, assert_fits, violations
from stack import wait_for
from test_operations import sign_in

TEXTS = {
    "en": {"title": "Wait for returned seats", "join": "Wait for returned seats", "second": "You are number 2 on the wait list.",
           "first": "You are number 1 on the wait list.", "offered": "1 seat has come back for you.", "pay": "Pay",
           "others": "1 person is waiting", "paid": "Paid", "leave": "Stop waiting", "left": "no longer on the wait list"},
    "ko": {"title": "취소표 대기", "join": "취소표 대기 신청", "second": "취소표 대기 2번째입니다.", "first": "취소표 대기 1번째입니다.",
           "offered": "기다리시던 취소표 1석이 나왔습니다.", "pay": "결제하기", "others": "1명이 기다리고", "paid": "결제",
           "leave": "대기 취소", "left": "대기를 취소했습니다"},
}
SEATS = [{"from": 1, "to": 2, "price": 90000, "section": "R", "row": "1", "x": 0, "y": 0}]


@pytest.fixture
def sold_out(new_concert, stack):
    """A concert of two seats, which are held; how to give them back."""
    concert, item = new_concert(SEATS, title="A concert with a list")
    allow(stack, concert, waitlist=True)
    body = {"userId": f"owner-{concert}", "concertId": concert, "itemId": item}
    orders = []
    for seat in (1, 2):
        answer = stack.post("/reservation", body | {"seatId": seat})
        assert answer.status == 200, answer
        orders.append(f"/reservation/{answer.json()['reservationId']}?userId=owner-{concert}")
    return concert, item, orders


def join(stack, user, concert, item):
    answer = stack.post("/waitlist", {"userId": user, "concertId": concert, "itemId": item, "count": 1})
    assert answer.status == 200, answer


def assert_fine(page):
    assert violations(page) == []
    assert_fits(page)


@pytest.mark.parametrize("language, size", [("en", DESKTOP), ("ko", PHONE)])
def test_who_waits_is_offered_a_seat_and_pays_it(new_fan, sold_out, stack, language, size):
    """Although the concert has a queue that calls nobody."""
    texts = TEXTS[language]
    concert, item, orders = sold_out
    allow(stack, concert, admissionCapacity=0)
    fan = new_fan(language, size).sign_in()
    fan.charge(2000000)
    join(stack, f"early-{concert}", concert, item)
    page = fan.open(f"/concert/{concert}")
    page.locator(".date", has_text=texts["title"]).click()
    card = page.locator(".waitlist")
    card.get_by_text(texts["others"]).wait_for()
    assert_fine(page)
    card.get_by_role("button", name=texts["join"]).click()
    card.get_by_text(texts["second"]).wait_for()
    assert_fine(page)
    assert stack.call("DELETE", orders[0]).status == 200
    card.get_by_text(texts["first"]).wait_for()
    assert stack.call("DELETE", orders[1]).status == 200
    card.get_by_text(texts["offered"]).wait_for()
    card.locator(".countdown").wait_for()
    assert_fine(page)
    card.get_by_role("link", name=texts["pay"]).click()
    page.get_by_role("button", name=texts["paid"] if language == "ko" else "Pay 90,000").click()
    wait_for(lambda: stack.get(f"/waitlist?userId={fan.name}").json()["entries"][0]["status"] == "paid")


def test_an_offer_is_paid_from_another_device(new_fan, sold_out, stack):
    """Which never saw its token: the bar of held seats leads there."""
    concert, item, orders = sold_out
    allow(stack, concert, admissionCapacity=0)
    fan = new_fan().sign_in()
    fan.charge(2000000)
    join(stack, fan.name, concert, item)
    assert stack.call("DELETE", orders[0]).status == 200
    page = fan.open("/")
    page.locator(".holds").get_by_role("link", name="Pay").click()
    page.get_by_role("button", name="Pay 90,000").click()
    wait_for(lambda: stack.get(f"/waitlist?userId={fan.name}").json()["entries"][0]["status"] == "paid")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_my_tickets_tell_of_it_and_one_leaves(new_fan, sold_out, stack, language):
    texts = TEXTS[language]
    concert, item, _ = sold_out
    fan = new_fan(language).sign_in()
    join(stack, fan.name, concert, item)
    page = fan.open("/tickets")
    card = page.locator(".waitlist", has_text="A concert with a list")
    card.get_by_text(texts["first"]).wait_for()
    assert_fine(page)
    card.get_by_role("button", name=texts["leave"]).click()
    page.get_by_text(texts["left"]).wait_for()
    card.wait_for(state="detached")
    assert stack.get(f"/waitlist?userId={fan.name}").json()["entries"][0]["status"] == "left"


def test_refusals_are_said_at_the_button(new_fan, new_concert, stack):
    concert, item = new_concert()
    allow(stack, concert, waitlist=True)
    page = new_fan().sign_in().open(f"/concert/{concert}/item/{item}")
    card = page.locator(".waitlist")
    card.get_by_role("button", name="Wait for returned seats").click()
    card.get_by_text("Such seats can be had right now.").wait_for()


def test_where_no_list_is_kept_nothing_is_said(new_fan, new_concert):
    concert, item = new_concert(SEATS)
    page = new_fan().sign_in().open(f"/concert/{concert}/item/{item}")
    page.locator(".best").wait_for()
    assert page.locator(".waitlist").count() == 0


@pytest.mark.parametrize("language, said", [("en", "1 waiting for returned seats"), ("ko", "취소표 대기 1명")])
def test_operators_see_how_many_wait(new_fan, sold_out, stack, language, said):
    concert, item, _ = sold_out
    join(stack, f"waits-{concert}", concert, item)
    page = sign_in(new_fan(language), stack, f"/concert/{concert}/dates")
    page.locator("details.item").get_by_text(said).wait_for()
    assert_fine(page)
