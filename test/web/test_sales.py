"""What is said of a sale: what is over, cancelled, held or sold out."""

import pytest
from stack import wait_for


def date(day, starts, seats=4, price=0):
    return {"date": day, "startsAt": starts, "seats": [{"from": 1, "to": seats, "price": price}]}


PAST, COMING = date("2020-05-01", "2020-05-01T10:30:00Z"), date("2099-05-01", "2099-05-01T10:30:00Z")


def test_a_date_that_is_over_is_not_on_sale(new_fan, new_concert):
    """It is told, is no way to seats, and comes behind those that are to come."""
    concert, over = new_concert(items=[PAST, COMING], title="Half over")
    page = new_fan().open(f"/concert/{concert}")
    page.locator("a.date", has_text="2099").wait_for()
    assert page.locator("a.date").count() == 1
    assert page.locator(".date:visible").count() == 1
    page.get_by_text("Past dates").click()
    past = page.locator("p.date", has_text="2020")
    past.wait_for()
    assert "This date is over" in past.inner_text() and "left" not in past.inner_text()


def test_the_seats_of_a_date_that_is_over_cannot_be_taken(new_fan, new_concert):
    concert, over = new_concert(items=[PAST, COMING])
    page = new_fan().sign_in().open(f"/concert/{concert}/item/{over}")
    page.locator(".choice").get_by_text("This date is over.").wait_for()
    assert page.get_by_role("button", name="Take the best seats").is_disabled()


@pytest.mark.parametrize("paid, said", [(False, "Held just now"), (True, "Sold out")])
def test_what_has_no_seat_left_is_not_called_on_sale(new_fan, new_concert, stack, paid, said):
    title = f"Nothing left {paid}"
    concert, item = new_concert([{"from": 1, "to": 1, "price": 0}], title=title)
    caller = {"userId": f"first-{paid}"}
    token = stack.post("/token/add", {**caller, "concertId": concert}).json()["token"]
    made = stack.post("/reservation", {**caller, "concertId": concert, "itemId": item, "count": 1}).json()
    if paid:
        assert stack.post("/payment", {**caller, "reservationId": made["reservationId"], "token": token}).status == 200
    wait_for(lambda: not stack.get(f"/concert/{concert}").json()["availableCount"])
    page = new_fan().open("/")
    badge = page.locator(".concert", has_text=title).locator(".badge")
    badge.filter(has_text=said).wait_for()
    page = new_fan().open(f"/concert/{concert}")
    page.locator(".kicker", has_text=said).wait_for()


def test_seats_of_a_cancelled_concert_say_that_it_is_cancelled(new_fan, new_concert, stack):
    concert, item = new_concert()
    cancelled = stack.ctl("concert", "cancel", str(concert))
    assert cancelled.returncode == 0, cancelled.stderr
    fan = new_fan()
    fan.open(f"/concert/{concert}/item/{item}")
    fan.page.get_by_text("this concert was cancelled").wait_for()


def test_a_concert_that_is_cancelled_while_one_chooses_is_told(new_fan, new_concert, stack):
    concert, item = new_concert()
    fan = new_fan().sign_in()
    page = fan.open(f"/concert/{concert}/item/{item}")
    fan.map()
    assert stack.ctl("concert", "cancel", str(concert)).returncode == 0
    page.locator(".choice").get_by_text("this concert was cancelled").wait_for()


@pytest.mark.parametrize("whole", [True, False])
def test_who_had_tickets_is_told_that_it_was_cancelled(new_fan, new_concert, stack, whole):
    """The concert, or the one date; in sight, with what came back."""
    concert, item = new_concert(items=[date("2099-05-01", "2099-05-01T10:30:00Z", price=1000), COMING])
    fan = new_fan("ko").sign_in()
    fan.charge(5000)
    caller = {"userId": fan.name}
    token = stack.post("/token/add", {**caller, "concertId": concert}).json()["token"]
    made = stack.post("/reservation", {**caller, "concertId": concert, "itemId": item, "count": 2}).json()
    assert stack.post("/payment", {**caller, "reservationId": made["reservationId"], "token": token}).status == 200
    if whole:
        assert stack.ctl("concert", "cancel", str(concert)).returncode == 0
    else:
        path = f"/admin/concert/{concert}/item/{item}/cancel"
        assert stack.post(path, {"reason": "Ill"}, **stack.admin_headers()).status == 200
    page = fan.open("/tickets")
    told = page.get_by_role("status").get_by_text("이 공연은 취소되었습니다" if whole else "취소되었습니다. 구매하신 분께는")
    told.wait_for()
    assert told.is_visible()
    wait_for(lambda: stack.sweeper() and stack.get(f"/point?userId={fan.name}").json()["balance"] == 5000)
    page.reload()
    page.get_by_text("보유 포인트는 5,000포인트입니다").wait_for()
    told.wait_for()
