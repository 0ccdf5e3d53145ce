"""My tickets: what somebody has, whatever has become of the concert, the sale or the other tabs."""

import pytest
from fan import PHONE, assert_fits


def test_a_ticket_keeps_its_date_when_the_sale_is_over(new_fan, new_concert, stack, buy):
    concert, item = new_concert()
    fan = new_fan().sign_in()
    buy(fan, concert, item)
    closed = stack.call("PATCH", f"/admin/concert/{concert}", {"status": "closed"}, stack.admin_headers())
    assert closed.status == 200, closed
    page = fan.open("/tickets")
    page.locator(".ticket .about", has_text="May 1, 2099").wait_for()


def test_a_cancelled_concert_is_told(new_fan, new_concert, stack, buy):
    concert, item = new_concert()
    fan = new_fan().sign_in()
    reservation = buy(fan, concert, item, paid=False)
    cancelled = stack.ctl("concert", "cancel", str(concert))
    assert cancelled.returncode == 0, cancelled.stderr
    page = fan.open(f"/hold/{reservation}")
    page.get_by_text("this concert was cancelled").wait_for()
    assert page.get_by_role("link", name="Back to the seats").count() == 0


@pytest.mark.parametrize("paid, said", [(False, "All seats are held just now."), (True, "Sold out")])
def test_what_is_held_is_not_sold_out(new_fan, new_concert, buy, paid, said):
    """In the list, and at its date."""
    title = f"The last two {paid}"
    concert, item = new_concert([{"from": 1, "to": 2, "price": 0}], title=title)
    buyer, fan = new_fan(), new_fan()
    buy(buyer, concert, item, seatId=1)
    buy(buyer, concert, item, paid, seatId=2)
    page = fan.open("/")
    page.locator(".concert", has_text=title).get_by_text(said).wait_for()
    page = fan.open(f"/concert/{concert}")
    page.locator(".date").get_by_text(said).wait_for()


def test_what_is_not_held_is_not_said_to_be(new_fan):
    fan = new_fan()
    page = fan.open("/hold/2147483647")
    page.get_by_role("button", name="Close").click()
    page.get_by_text("Give your name to see").wait_for()
    assert fan.title() == "Reservation 2147483647"
    page.get_by_role("button", name="Give your name").click()
    page.locator("#name").fill(fan.name)
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("There is no such reservation.").wait_for()


def test_long_names_fit_a_phone(new_fan, new_concert, buy):
    section = "W" * 32
    seats = [{"from": 1, "to": 8, "price": 150000, "section": section, "row": "1"}]
    concert, item = new_concert(seats, title="<b>" + "M" * 197, venue="V" * 200)
    fan = new_fan("ko", PHONE).sign_in()
    page = fan.open(f"/hold/{buy(fan, concert, item, paid=False)}")
    page.locator(".lines", has_text=section).wait_for()
    assert_fits(page)
    buy(fan, concert, item, count=7)
    fan.open("/tickets")
    page.locator(".ticket", has_text=section).wait_for()
    assert_fits(page)


def test_a_ticket_older_than_many_holds_is_found(new_fan, new_concert, stack, buy):
    concert, item = new_concert(maxSeatsPerUser=None)
    fan = new_fan().sign_in()
    ticket = buy(fan, concert, item)
    for _ in range(50):
        hold = buy(fan, concert, item, paid=False)
        assert stack.call("DELETE", f"/reservation/{hold}?userId={fan.name}").status == 200
    page = fan.open("/tickets")
    page.get_by_text("Cancelled or expired").wait_for()
    page.locator("main > p > button", has_text="Show more").click()
    page.locator(".ticket", has_text=f"Reservation {ticket}").wait_for()


def test_another_name_is_taken_over_by_all_tabs(new_fan):
    def name(page, text):
        page.locator("#name").fill(text)
        page.get_by_role("button", name="Continue").click()

    fan = new_fan()
    page, other = fan.open("/tickets"), fan.tab()
    name(page, "mina")
    page.get_by_text("You are mina.").wait_for()
    other.goto("/#/tickets")
    other.get_by_text("You are mina.").wait_for()
    page.get_by_role("button", name="Use another name").click()
    other.locator("#name").wait_for()
    name(page, "jisu")
    other.get_by_text("You are jisu.").wait_for()
    assert other.locator("#name").count() == 0


def test_a_ticket_goes_into_the_calendar(new_fan, new_concert, buy):
    concert, item = new_concert()
    fan = new_fan().sign_in()
    reservation = buy(fan, concert, item)
    page = fan.open("/tickets")
    with page.expect_download() as download:
        page.get_by_role("link", name="Add to my calendar").click()
    assert download.value.suggested_filename == f"ticket-{reservation}.ics"
    assert "DTSTART;TZID=Asia/Seoul:20990501T193000" in download.value.path().read_text()
