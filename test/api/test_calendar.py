"""A paid order as a file for calendars: read by two parsers, one of which goes by the file's own VTIMEZONE alone."""

import datetime
import io
import zoneinfo

import icalendar
import openapi
import pytest
from dateutil.tz import tzical
from helpers import assert_problem, buy, new_concert, new_user, ok, reserve
from test_tickets import Order

pytestmark = pytest.mark.usefixtures("audited")
UTC = datetime.timezone.utc
LONG = "아주 긴 제목의 공연, 따옴표 \"와\" 역사선 \\ 그리고; 쉼표, " * 4


def ask(stack, user, reservation):
    return stack.get(f"/reservation/{reservation}/calendar?userId={user}")


def read(answer):
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8"), answer
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"\r\n" in answer.body and all(len(line) <= 75 for line in answer.body.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(answer.body)
    event, = calendar.walk("VEVENT")
    return calendar, event


def order_at(stack, zone, starts, **settings):
    """A guest's order of two seats at a concert there; `starts` is the venue's time."""
    local = datetime.datetime.fromisoformat(starts).replace(tzinfo=zoneinfo.ZoneInfo(zone))
    body = {"title": "A night", "venue": "The hall", "status": "open", "timeZone": zone,
            "items": [{"date": starts[:10], "startsAt": local.isoformat(), "seats": [{"from": 1, "to": 4, "price": 0}]}]}
    made = ok(stack.post("/admin/concert", body, **stack.admin_headers()))
    if settings:
        ok(stack.call("PATCH", f"/admin/concert/{made['concertId']}", settings, stack.admin_headers()))
    user = new_user()
    sold = ok(stack.post("/admin/reservation", {"userId": user, "concertId": made["concertId"], "itemId": made["itemIds"][0],
                                                "seatIds": [2, 3], "method": "guest"}, **stack.admin_headers()))
    return user, sold["reservationId"], local


@pytest.mark.parametrize("zone, starts", [
    ("Asia/Seoul", "2031-05-01T19:30:00"), ("Europe/Berlin", "2031-07-01T20:00:00"), ("Europe/Berlin", "2031-12-01T20:00:00"),
    ("America/New_York", "2031-03-09T19:00:00"),  # the day on which summer begins
    ("America/New_York", "2040-07-01T19:00:00"),  # after 2037, where tables of tzdata end
    ("Australia/Lord_Howe", "2031-01-15T19:00:00"), ("Africa/Casablanca", "2031-07-01T20:00:00"),
    ("Asia/Kathmandu", "2031-07-01T20:00:00"), ("US/Pacific", "2031-07-01T20:00:00"), ("Etc/GMT+3", "2031-07-01T20:00:00"),
    ("UTC", "2031-07-01T20:00:00"),
])
def test_the_time_is_the_venues(stack, zone, starts):
    user, reservation, local = order_at(stack, zone, starts)
    answer = ask(stack, user, reservation)
    calendar, event = read(answer)
    start = event["DTSTART"]
    assert start.params["TZID"] == zone
    assert start.dt.tzinfo is not None and start.dt.replace(tzinfo=None) == local.replace(tzinfo=None)
    told, = calendar.walk("VTIMEZONE")
    assert str(told["TZID"]) == zone
    own = tzical(io.StringIO(answer.body.decode())).get(zone)
    for days in range(-360, 361, 5):
        moment = local.replace(tzinfo=None) + datetime.timedelta(days=days)
        assert moment.replace(tzinfo=own).utcoffset() == moment.replace(tzinfo=zoneinfo.ZoneInfo(zone)).utcoffset(), moment


def test_what_stands_in_it(stack):
    user, reservation, local = order_at(stack, "Asia/Seoul", "2031-05-01T19:30:00", title=LONG, venue="홀; 1, 2", runningMinutes=150)
    calendar, event = read(ask(stack, user, reservation))
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == (LONG, "홀; 1, 2")
    assert str(event["DESCRIPTION"]) == "A · 1 · 2\nA · 1 · 3"
    assert event["DURATION"].dt == datetime.timedelta(minutes=150)
    assert abs(event["DTSTAMP"].dt - datetime.datetime.now(UTC)) < datetime.timedelta(minutes=5)
    assert (calendar["VERSION"], user in str(calendar.to_ical())) == ("2.0", False)


def test_it_is_the_same_event_when_the_date_moves(stack):
    user, reservation, local = order_at(stack, "Asia/Seoul", "2031-05-01T19:30:00")
    _, before = read(ask(stack, user, reservation))
    assert "DURATION" not in before and "DTEND" not in before
    row, = stack.query("SELECT concert_id, item_id FROM reservation WHERE reservation_id = %s", reservation)
    path = f"/admin/concert/{row['concert_id']}/item/{row['item_id']}"
    ok(stack.call("PATCH", path, {"startsAt": "2031-05-02T10:30:00Z", "date": "2031-05-02"}, stack.admin_headers()))
    _, after = read(ask(stack, user, reservation))
    assert str(after["UID"]) == str(before["UID"]) and after["DTSTART"].dt == local + datetime.timedelta(days=1)
    other, another, _ = order_at(stack, "Asia/Seoul", "2031-05-01T19:30:00")
    assert str(read(ask(stack, other, another))[1]["UID"]) != str(before["UID"])


def test_a_zone_that_tzdata_has_lost(stack):
    """Its time is told in UTC, which everybody understands."""
    user, reservation, local = order_at(stack, "Asia/Seoul", "2031-05-01T19:30:00")
    stack.query("UPDATE concert SET time_zone = 'Asia/Nowhere' WHERE concert_id ="
                " (SELECT concert_id FROM reservation WHERE reservation_id = %s)", reservation)
    calendar, event = read(ask(stack, user, reservation))
    assert calendar.walk("VTIMEZONE") == [] and event["DTSTART"].dt == local and b"DTSTART:20310501T103000Z" in calendar.to_ical()


def test_only_of_a_paid_order(stack):
    order = Order(stack, seats=2)
    assert_problem(ask(stack, "another", order.id), "forbidden")
    assert_problem(ask(stack, order.user, 2**31 - 1), "reservation_not_found")
    user, concert = new_user(), new_concert(stack)
    assert_problem(ask(stack, user, reserve(stack, user, concert)["reservationId"]), "not_paid")
    order.refund(seatIds=[order.seats[0]["seatId"]])
    _, event = read(ask(stack, order.user, order.id))
    assert str(event["DESCRIPTION"]).count("\n") == 0
    ok(order.give_back())
    assert_problem(ask(stack, order.user, order.id), "reservation_cancelled")
