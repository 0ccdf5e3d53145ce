"""/admin/concert/{id}/item: more dates, and changes of one and its seats, while tickets are sold."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import openapi
import pytest
import route_table
from crowd import Pending, call_until_settled, transaction, wait_for_waiters
from helpers import (
    Hall, add_token, age_hold, ask_reserve, assert_problem, buy, charge, new_concert, new_user, ok, pay, reserve, seat_status,
)
from stack import wait_for

pytestmark = pytest.mark.usefixtures("audited")

DAY = {"date": "2031-06-01", "startsAt": "2031-06-01T19:30:00+09:00"}
SEATS = [{"from": 1, "to": 4, "price": 9}]
LIST, ITEM = "/admin/concert/{concertId}/item", "/admin/concert/{concertId}/item/{itemId}"


class Dates:
    """A concert's dates, as operators call them."""

    def __init__(self, stack, concert_id):
        self.stack = stack
        self.path = f"/admin/concert/{concert_id}/item"
        self.headers = stack.admin_headers()

    def ask_add(self, body, **headers):
        return self.stack.post(self.path, body, **self.headers, **headers)

    def add(self, *seats, **more):
        return ok(self.ask_add(DAY | {"seats": list(seats) or SEATS} | more))["itemId"]

    def ask_patch(self, item, body, client=None, **headers):
        return (client or self.stack).call("PATCH", f"{self.path}/{item}", body, self.headers | headers)

    def patch(self, item, *seats, **changes):
        return openapi.assert_answer(self.ask_patch(item, changes | ({"seats": list(seats)} if seats else {})), "PATCH", ITEM)

    def rows(self):
        return openapi.assert_answer(self.stack.get(self.path, **self.headers), "GET", LIST)["items"]

    def log(self):
        return ok(self.stack.get(f"/admin/log?concertId={self.path.split('/')[3]}", **self.headers))["log"]


def dates_of(stack, concert):
    return Dates(stack, concert.id)


def seats_of(stack, concert, item):
    """The layout that buyers get, by seatId."""
    return {seat["seatId"]: seat for seat in ok(stack.fresh(f"/concert/{concert.id}/item/{item}/layout"))["seats"]}


def sales(stack, concert):
    return ok(stack.get(f"/admin/concert/{concert.id}", **stack.admin_headers()))["sales"]


@pytest.fixture
def hall(stack):
    return Hall(stack, ("A", "1", 10, 100), ("A", "2", 10, 100), ("B", "1", 10, 50), maxSeatsPerUser=None)


# ---- more dates


def test_a_date_is_added_while_others_are_sold(stack, hall):
    item = openapi.assert_answer(dates_of(stack, hall).ask_add(DAY | {"seats": SEATS}), "POST", LIST)["itemId"]
    shown = ok(stack.fresh(f"/concert/{hall.id}/item"))["items"]
    assert [(row["itemId"], row["date"], row["startsAt"], row["status"], row["availableCount"]) for row in shown] == [
        (hall.item, "2031-05-01", "2031-05-01T10:00:00.000Z", "open", 30),
        (item, "2031-06-01", "2031-06-01T10:30:00.000Z", "open", 4)]
    concert = ok(stack.fresh(f"/concert/{hall.id}"))
    assert (concert["itemCount"], concert["lastDate"], concert["minPrice"], concert["seatCount"]) == (2, "2031-06-01", 9, 34)
    assert reserve(stack, new_user(), hall, item, [1, 4])["totalPrice"] == 18
    row = dates_of(stack, hall).log()[0]
    assert (row["actor"], row["action"], row["detail"], row["before"]) == ("admin", "item create", "2031-06-01", None)
    assert row["after"] == {"itemId": item, "date": "2031-06-01", "startsAt": "2031-06-01T10:30:00.000Z", "seatCount": 4}


def test_a_date_opens_a_concert_that_was_over(stack):
    concert = new_concert(stack, days=-3)
    assert ok(stack.fresh(concert.path))["status"] == "closed"
    item = dates_of(stack, concert).add()
    assert ok(stack.fresh(concert.path))["status"] == "open"
    reserve(stack, new_user(), concert, item, 1)


def test_a_repeated_call_adds_one_date(stack, hall):
    dates, key = dates_of(stack, hall), {"Idempotency-Key": new_user("key")}
    first, second = (dates.ask_add(DAY | {"seats": SEATS}, **key) for _ in range(2))
    assert first.body == second.body and second.headers["Idempotency-Replayed"] == "true"
    assert len(dates.rows()) == 2
    assert_problem(dates.ask_add(DAY | {"seats": SEATS[:1] + [{"from": 9, "to": 9, "price": 1}]}, **key), "idempotency_key_reused")


def columns_of(stack, item):
    """What is copied of each seat."""
    return stack.query("SELECT seat_no, price, section, row_name, label, blocked, x, y, kind, note, partner_no FROM seat"
                       " WHERE item_id = %s ORDER BY seat_no", item)


def test_a_date_like_another(stack, hall):
    """All that its seats are, also the kind and the note of a withheld one; nothing of who has them."""
    dates = dates_of(stack, hall)
    dates.patch(hall.item, *PLACES, {"from": 1, "to": 2, "kind": "restricted", "note": "기둥 뒤", "blocked": True},
                {"from": 9, "to": 9, "section": "발코니", "row": "가열", "label": "9A", "x": -7, "y": 3})
    dates.patch(hall.item, {"from": 3, "to": 4, "blocked": True})
    buy(stack, new_user(), hall, item=hall.item, seats=[5])
    reserve(stack, new_user(), hall, hall.item, [6])
    dates.patch(hall.item, {"from": 5, "to": 8, "price": 77_000})  # for whoever comes next
    item = openapi.assert_answer(dates.ask_add(DAY | {"likeItemId": hall.item}), "POST", LIST)["itemId"]
    assert columns_of(stack, item) == columns_of(stack, hall.item)
    assert dates.log()[0]["after"] == {
        "itemId": item, "date": "2031-06-01", "startsAt": "2031-06-01T10:30:00.000Z", "seatCount": 30, "likeItemId": hall.item}
    first, second = dates.rows()
    assert {name: second[name] for name in ("minPrice", "maxPrice")} == {name: first[name] for name in ("minPrice", "maxPrice")}
    assert second["layoutVersion"] != first["layoutVersion"]
    assert second["sales"] == first["sales"] | {"available": 26, "held": 0, "sold": 0, "revenue": 0}
    assert reserve(stack, new_user(), hall, item, [5])["totalPrice"] == 77_000
    dates.patch(item, {"from": 1, "to": 1, "blocked": False})
    assert seats_of(stack, hall, item)[1]["kind"] == "restricted" and seats_of(stack, hall, item)[1]["note"] == "기둥 뒤"


def test_a_date_like_a_cancelled_one(stack):
    """Which of its seats were withheld before is not known any more: all are, and nothing is sold by mistake."""
    concert = new_concert(stack)
    ok(stack.post(f"/admin/concert/{concert.id}/item/{concert.item}/cancel", {"reason": "Ill"}, **stack.admin_headers()))
    item = ok(dates_of(stack, concert).ask_add(DAY | {"likeItemId": concert.item}))["itemId"]
    row = next(row for row in dates_of(stack, concert).rows() if row["itemId"] == item)
    assert (row["status"], row["sales"]["blocked"], row["cancel"]) == ("open", 20, None)


def test_where_there_is_none_to_be_like(stack, hall):
    dates, other = dates_of(stack, hall), new_concert(stack)
    for item in (other.item, 2**31 - 1):
        assert_problem(dates.ask_add(DAY | {"likeItemId": item}), "item_not_found")
    for beside in ({"seats": SEATS}, {"hallId": 1}, {"prices": []}):
        assert_problem(dates.ask_add(DAY | {"likeItemId": hall.item} | beside), "invalid_field", field="likeItemId")
    for wrong in (0, -1, 2**31, "1", None, 1.5):
        assert_problem(dates.ask_add(DAY | {"likeItemId": wrong}), "invalid_field", field="likeItemId")
    concert = {"title": "T", "venue": "V", "items": [DAY | {"likeItemId": hall.item}]}
    assert_problem(stack.post("/admin/concert", concert, **stack.admin_headers()), "invalid_field", field="items[0].seats")
    assert len(dates.rows()) == 1


def test_where_no_date_is_added(stack):
    assert_problem(Dates(stack, 2**31 - 1).ask_add(DAY | {"seats": SEATS}), "concert_not_found")
    assert_problem(Dates(stack, 2**31 - 1).ask_add(DAY), "invalid_field", field="seats")
    cancelled = new_concert(stack, status="cancelled")
    assert_problem(dates_of(stack, cancelled).ask_add(DAY | {"seats": SEATS}), "concert_not_open")
    assert len(dates_of(stack, cancelled).rows()) == 1


def test_no_date_is_added_behind_a_cancel(stack):
    """The concert is cancelled, with the dates that it has, while one more is on its way."""
    concert = new_concert(stack)
    dates = dates_of(stack, concert)
    with transaction(stack, "SELECT * FROM concert WHERE concert_id = %s FOR UPDATE", concert.id) as cancelling:
        adding = Pending(stack, lambda client: client.post(dates.path, DAY | {"seats": SEATS}, **dates.headers))
        wait_for_waiters(stack, 1)
        with cancelling.cursor() as cursor:
            cursor.execute("UPDATE concert SET status = 'cancelled' WHERE concert_id = %s", concert.id)
        cancelling.commit()
    assert_problem(adding.answer(), "concert_not_open")
    assert len(dates.rows()) == 1


@pytest.mark.parametrize("field, body", [
    ("date", {"date": "2031-02-30"}), ("date", {"date": None}), ("startsAt", {"startsAt": "2031-06-01"}), ("seats", {"seats": []}),
    ("seats[0]", {"seats": [1]}), ("seats[1].price", {"seats": SEATS + [{"from": 9, "to": 9, "price": -1}]}),
    ("seats[0].to", {"seats": [{"from": 5, "to": 4, "price": 1}]}), ("seats", {"seats": [{"from": 1, "to": 100_001, "price": 1}]}),
    ("seats[1].from", {"seats": SEATS + [{"from": 4, "to": 9, "price": 1}]}),
    ("seats[1].firstLabel", {"seats": SEATS + [{"from": 11, "to": 12, "price": 1, "firstLabel": 4}]}),
])
def test_dates_that_are_not_valid(stack, hall, field, body):
    dates = dates_of(stack, hall)
    assert_problem(dates.ask_add(DAY | {"seats": SEATS} | body), "invalid_field", field=field)
    assert len(dates.rows()) == 1


# ---- the date and the time


def test_the_time_is_seen_by_buyers(stack, hall):
    dates = dates_of(stack, hall)
    answer = dates.patch(hall.item, startsAt="2031-05-02T20:00:00+09:00")
    assert (answer["date"], answer["startsAt"], answer["changedSeats"]) == ("2031-05-01", "2031-05-02T11:00:00.000Z", 0)
    assert dates.patch(hall.item, date="2031-05-02")["date"] == "2031-05-02"
    (row,) = ok(stack.fresh(f"/concert/{hall.id}/item"))["items"]
    assert (row["date"], row["startsAt"]) == ("2031-05-02", "2031-05-02T11:00:00.000Z")
    assert [row["concertId"] for row in ok(stack.fresh("/concert?date=2031-05-02"))["concerts"]].count(hall.id) == 1
    last = dates.log()[0]
    assert (last["action"], last["before"], last["after"]) == (
        "item change", {"itemId": hall.item, "date": "2031-05-01"}, {"itemId": hall.item, "date": "2031-05-02"})
    dates.patch(hall.item, startsAt="2020-01-01T00:00:00Z")
    assert_problem(ask_reserve(stack, new_user(), hall, hall.item, 1), "concert_not_open")


# ---- prices


def test_a_price_is_for_holds_made_from_then_on(stack, hall):
    """Who holds or has paid pays what it was; the books and the sums say the same."""
    dates, holder, owner = dates_of(stack, hall), new_user(), new_user()
    held = reserve(stack, holder, hall, hall.item, [1, 2])
    buy(stack, owner, hall, item=hall.item, seats=[3])
    before = dates.rows()[0]["layoutVersion"]
    answer = dates.patch(hall.item, {"from": 1, "to": 5, "price": 700})
    assert answer["changedSeats"] == 5 and answer["layoutVersion"] != before == held_version(stack, hall, before)
    assert [seats_of(stack, hall, hall.item)[n]["price"] for n in (1, 3, 5, 6)] == [700, 700, 700, 100]
    assert ok(stack.fresh(f"/concert/{hall.id}"))["maxPrice"] == 700
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={holder}"))["totalPrice"] == 200
    charge(stack, holder, 200)
    assert pay(stack, holder, held["reservationId"], add_token(stack, holder, hall)["token"])["amount"] == 200
    assert sales(stack, hall)["revenue"] == 300
    assert reserve(stack, new_user(), hall, hall.item, [5])["totalPrice"] == 700
    dates.patch(hall.item, {"from": 1, "to": 5, "price": 800})  # once more: they still paid 100
    assert sales(stack, hall)["revenue"] == 300
    ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={holder}"))
    assert buy(stack, new_user(), hall, item=hall.item, seats=[1])[0]["totalPrice"] == 800
    assert sales(stack, hall)["revenue"] == 900
    lines = stack.get(f"/admin/concert/{hall.id}/export?what=seats&format=ndjson&itemId={hall.item}", **stack.admin_headers())
    prices = {row["seatId"]: row["price"] for row in map(json.loads, lines.body.splitlines())}
    assert [prices[n] for n in (1, 2, 3, 5)] == [800, 800, 100, 700]


def held_version(stack, hall, version):
    """The layoutVersion that was given before a change is answered with the current layout, and not kept for long."""
    answer = stack.get(f"/concert/{hall.id}/item/{hall.item}/layout?v={version}")
    assert "immutable" not in answer.headers["Cache-Control"]
    return version


def test_a_seat_that_an_older_build_frees_and_sells(stack, hall):
    """It knows nothing of what was written down: its owner's price is the seat's."""
    user = new_user()
    held = reserve(stack, user, hall, hall.item, [1])
    dates_of(stack, hall).patch(hall.item, {"from": 1, "to": 1, "price": 40})
    stack.query(
        "UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL WHERE item_id = %s AND seat_no = 1", hall.item)
    stack.query("UPDATE reservation SET status = 'cancelled' WHERE reservation_id = %s", held["reservationId"])
    buy(stack, new_user(), hall, item=hall.item, seats=[1])
    assert sales(stack, hall)["revenue"] == 40


def test_best_available_goes_by_the_new_prices(stack, hall):
    """At once, in each worker, which remembers layouts."""
    assert hall.best(2, maxPrice=60) == [21, 22]
    dates_of(stack, hall).patch(hall.item, {"from": 21, "to": 30, "price": 200}, {"from": 11, "to": 20, "price": 60})
    for _ in range(3 * stack.worker_count()):
        made = ok(hall.ask(1, maxPrice=60))["seats"][0]
        assert made["price"] == 60 and 11 <= made["seatId"] <= 20
        if made["seatId"] == 20:
            break
    assert ok(hall.ask(1))["seats"][0]["seatId"] == 23, "the dearest section is another one now"


# ---- seats that are withheld


def test_seats_are_withheld_and_sold_again(stack, hall):
    dates = dates_of(stack, hall)
    before = dates.rows()[0]["layoutVersion"]
    assert dates.patch(hall.item, {"from": 3, "to": 6, "blocked": True})["changedSeats"] == 4
    assert_problem(ask_reserve(stack, new_user(), hall, hall.item, [2, 3]), "seat_taken", seatIds=[3])
    assert seat_status(stack, hall, hall.item, 4) == "sold" and sales(stack, hall)["blocked"] == 4
    assert dates.patch(hall.item, {"from": 1, "to": 6, "blocked": True})["changedSeats"] == 2
    answer = dates.patch(hall.item, {"from": 1, "to": 30, "blocked": False})
    assert answer["changedSeats"] == 6 and answer["layoutVersion"] == before, "what is kept of the plan stays"
    reserve(stack, new_user(), hall, hall.item, [2, 3])
    assert dates.log()[0]["before"] == {"itemId": hall.item, "seats": [{"from": 1, "to": 6, "blocked": True}]}


def test_seats_that_somebody_has_are_not_withheld(stack, hall):
    """All of them are named, and nothing changes, not even what was possible beside."""
    dates = dates_of(stack, hall)
    reserve(stack, new_user(), hall, hall.item, [9, 8])
    buy(stack, new_user(), hall, item=hall.item, seats=[2])
    change = {"seats": [{"from": 5, "to": 10, "blocked": True}, {"from": 1, "to": 3, "blocked": True, "price": 7}], "date": "2031-07-01"}
    assert_problem(dates.ask_patch(hall.item, change), "seat_taken", seatIds=[2, 8, 9])
    assert sales(stack, hall)["blocked"] == 0 and dates.rows()[0]["date"] == "2031-05-01"
    assert seats_of(stack, hall, hall.item)[1]["price"] == 100
    dates.patch(hall.item, {"from": 8, "to": 9, "price": 7, "blocked": False})


def test_many_seats_that_somebody_has(stack):
    """The first hundred are named, and the detail says how many there are."""
    concert = new_concert(stack, seats=130)
    for first in range(1, 129, 8):
        reserve(stack, new_user(), concert, concert.item, list(range(first, first + 8)))
    answer = dates_of(stack, concert).ask_patch(concert.item, {"seats": [{"from": 1, "to": 130, "blocked": True}]})
    problem = assert_problem(answer, "seat_taken", seatIds=list(range(1, 101)))
    assert problem["detail"].startswith("128 of ")


def test_a_hold_that_is_over_does_not_keep_a_seat(stack, hall):
    """Swept or not."""
    held = reserve(stack, new_user(), hall, hall.item, [1, 2])
    age_hold(stack, held["reservationId"], 301)
    dates_of(stack, hall).patch(hall.item, {"from": 2, "to": 3, "blocked": True})
    row = stack.query("SELECT status, blocked, reservation_id FROM seat WHERE item_id = %s AND seat_no = 2", hall.item)[0]
    assert row == {"status": "available", "blocked": 1, "reservation_id": None}
    stack.sweeper()
    reserve(stack, new_user(), hall, hall.item, [1])


# ---- what seats are called, and where they are


def test_names_and_coordinates(stack, hall):
    dates = dates_of(stack, hall)
    answer = dates.patch(hall.item, {"from": 2, "to": 4, "section": "VIP", "row": "가", "firstLabel": 101, "x": -1, "y": 7},
                         {"from": 10, "to": 10, "x": 5})
    assert answer["changedSeats"] == 4
    seats = seats_of(stack, hall, hall.item)
    assert seats[3] == {"seatId": 3, "section": "VIP", "row": "가", "label": "102", "price": 100, "x": 0, "y": 7}
    assert (seats[1]["section"], seats[10]["x"], seats[10]["y"], seats[10]["label"]) == ("A", 5, None, "10")
    row = dates.log()[0]
    assert row["before"]["seats"] == [
        {"from": 2, "to": 4, "section": "A", "row": "1", "firstLabel": 2}, {"from": 10, "to": 10}]
    assert row["after"]["seats"][0] == {
        "from": 2, "to": 4, "section": "VIP", "row": "가", "firstLabel": 101, "x": -1, "y": 7}
    assert dates.patch(hall.item, {"from": 2, "to": 4, "section": "VIP", "firstLabel": 101})["changedSeats"] == 0


def test_labels_that_are_no_numbers_are_logged_as_they_were(stack, hall):
    """Those that are numbers, and written so, count on."""
    for seat, label in ((3, "3A"), (4, "004"), (7, "99999999999"), (8, "-8"), (9, str(2**31 - 1))):
        stack.query("UPDATE seat SET label = %s WHERE item_id = %s AND seat_no = %s", label, hall.item, seat)
    dates = dates_of(stack, hall)
    dates.patch(hall.item, {"from": 1, "to": 10, "firstLabel": 101})
    assert dates.log()[0]["before"]["seats"] == [
        {"from": 1, "to": 2, "firstLabel": 1}, {"from": 3, "to": 3, "label": "3A"}, {"from": 4, "to": 4, "label": "004"},
        {"from": 5, "to": 6, "firstLabel": 5}, {"from": 7, "to": 7, "label": "99999999999"}, {"from": 8, "to": 8, "label": "-8"},
        {"from": 9, "to": 9, "firstLabel": 2**31 - 1}, {"from": 10, "to": 10, "firstLabel": 10}]


def test_two_seats_have_no_name_in_common(stack, hall):
    """After the change: names may go from one to another."""
    dates = dates_of(stack, hall)
    for seats in ([{"from": 1, "to": 1, "firstLabel": 2}], [{"from": 11, "to": 20, "row": "1", "firstLabel": 1}],
                  [{"from": 1, "to": 2, "row": "2", "firstLabel": 11}]):
        problem = assert_problem(dates.ask_patch(hall.item, {"seats": seats}), "invalid_field", field="seats")
        assert "section A" in problem["detail"]
    assert seats_of(stack, hall, hall.item)[1]["label"] == "1"
    dates.patch(hall.item, {"from": 1, "to": 1, "firstLabel": 2}, {"from": 2, "to": 2, "firstLabel": 1})
    assert [seats_of(stack, hall, hall.item)[n]["label"] for n in (1, 2)] == ["2", "1"]


def test_a_long_name_in_a_refusal(stack, hall):
    """It is cut, and not within a character."""
    name = "발코니" * 10
    same = [{"from": seat, "to": seat, "section": name, "firstLabel": 5} for seat in (1, 2)]
    problem = assert_problem(dates_of(stack, hall).ask_patch(hall.item, {"seats": same}), "invalid_field", field="seats")
    assert problem["detail"] == f"two seats would be section {name[:13]}, row 1, label 5"


# ---- what seats are

PLACES = ({"from": 3, "to": 3, "kind": "wheelchair"}, {"from": 4, "to": 4, "kind": "companion"})


def kinds(stack, hall):
    """The seats that are not plain: {seatId: (kind, partnerId)}."""
    return {number: (seat["kind"], seat.get("partnerId")) for number, seat in seats_of(stack, hall, hall.item).items() if "kind" in seat}


def test_kinds_and_notes(stack, hall):
    dates = dates_of(stack, hall)
    before = dates.rows()[0]["layoutVersion"]
    pillar = {"from": 1, "to": 2, "kind": "restricted", "note": "기둥 뒤"}
    answer = dates.patch(hall.item, pillar, {"from": 5, "to": 5, "note": "Row end"})
    assert answer["changedSeats"] == 3 and answer["layoutVersion"] != before
    seats = seats_of(stack, hall, hall.item)
    assert [(seats[n].get("kind"), seats[n].get("note")) for n in (1, 2, 3, 5)] == [
        ("restricted", "기둥 뒤"), ("restricted", "기둥 뒤"), (None, None), (None, "Row end")]
    row = dates.log()[0]
    assert row["before"]["seats"] == [{"from": 1, "to": 2, "kind": "plain", "note": None}, {"from": 5, "to": 5, "note": None}]
    assert row["after"]["seats"] == [pillar, {"from": 5, "to": 5, "note": "Row end"}]
    assert dates.patch(hall.item, pillar)["changedSeats"] == 0
    dates.patch(hall.item, {"from": 1, "to": 2, "note": None})
    assert dates.log()[0]["before"]["seats"] == [{"from": 1, "to": 2, "note": "기둥 뒤"}]
    assert seats_of(stack, hall, hall.item)[1] == {**seats[3], "seatId": 1, "label": "1", "kind": "restricted"}
    assert hall.best(2) == [3, 4], "a restricted view comes last"


def test_a_pair_is_made(stack, hall):
    """It is sold together, and not to buyers who name no seats."""
    dates_of(stack, hall).patch(hall.item, *PLACES)
    assert kinds(stack, hall) == {3: ("wheelchair", 4), 4: ("companion", 3)}
    assert_problem(ask_reserve(stack, new_user(), hall, hall.item, [3]), "seats_belong_together", seatIds=[3, 4])
    assert hall.best(4) == [5, 6, 7, 8]
    reserve(stack, new_user(), hall, hall.item, [3, 4])


def test_pairs_are_found_side_by_side(stack, hall):
    """As in the file of a hall, within a row: first with the seat before, then with the one behind."""
    dates = dates_of(stack, hall)
    place = lambda seat, kind, **more: {"from": seat, "to": seat, "kind": kind, **more}
    dates.patch(hall.item, place(1, "wheelchair"), {"from": 2, "to": 3, "kind": "companion"}, place(4, "wheelchair"),
                place(7, "wheelchair"))
    assert kinds(stack, hall) == {1: ("wheelchair", 2), 2: ("companion", 1), 3: ("companion", 4), 4: ("wheelchair", 3), 7: ("wheelchair", None)}
    answer = dates.patch(hall.item, place(7, "wheelchair"), place(8, "companion"))  # the first one is so already
    assert answer["changedSeats"] == 1 and kinds(stack, hall)[7] == ("wheelchair", 8)
    dates.patch(hall.item, place(10, "wheelchair"), place(11, "companion", row="1", firstLabel=99))
    assert kinds(stack, hall)[11] == ("companion", 10), "the row that it has after the change"


@pytest.mark.parametrize("seats", [
    [(6, "companion")], [(6, "companion"), (8, "wheelchair")], [(10, "wheelchair"), (11, "companion")],
    [(5, "wheelchair"), (6, "companion"), (7, "companion")],
], ids=str)
def test_a_companion_belongs_to_a_wheelchair_place(stack, hall, seats):
    """Not without one, over a gap, in another row, nor to one that has a companion."""
    change = {"seats": [{"from": seat, "to": seat, "kind": kind} for seat, kind in seats]}
    problem = assert_problem(dates_of(stack, hall).ask_patch(hall.item, change), "invalid_field", field="seats")
    assert "companion's place" in problem["detail"] and kinds(stack, hall) == {}


def test_a_pair_stays_whole(stack, hall):
    """Both change their kinds, or none."""
    dates = dates_of(stack, hall)
    dates.patch(hall.item, *PLACES)
    for half in ({"from": 3, "to": 3, "kind": "plain"}, {"from": 4, "to": 5, "kind": "restricted"},
                 {"from": 2, "to": 3, "kind": "plain", "price": 1}):
        assert_problem(dates.ask_patch(hall.item, {"seats": [half]}), "seats_belong_together", seatIds=[3, 4])
    assert kinds(stack, hall) == {3: ("wheelchair", 4), 4: ("companion", 3)}
    dates.patch(hall.item, {"from": 3, "to": 3, "kind": "companion"}, {"from": 4, "to": 4, "kind": "wheelchair"})
    assert kinds(stack, hall) == {3: ("companion", 4), 4: ("wheelchair", 3)}
    dates.patch(hall.item, {"from": 3, "to": 3, "price": 7, "note": "Ramp"})
    assert kinds(stack, hall)[3] == ("companion", 4)
    dates.patch(hall.item, {"from": 1, "to": 5, "kind": "plain"})
    assert kinds(stack, hall) == {}
    reserve(stack, new_user(), hall, hall.item, [3])


def test_a_seat_that_somebody_has_stays_what_it_is(stack, hall):
    """What it was sold as; one that is withheld, or whose hold is over, may become another one."""
    dates = dates_of(stack, hall)
    reserve(stack, new_user(), hall, hall.item, [2])
    buy(stack, new_user(), hall, item=hall.item, seats=[3])
    lapsed = reserve(stack, new_user(), hall, hall.item, [4])
    age_hold(stack, lapsed["reservationId"], 301)
    dates.patch(hall.item, {"from": 5, "to": 5, "blocked": True})
    for change in ({"kind": "restricted"}, {"note": "Pillar"}):
        assert_problem(dates.ask_patch(hall.item, {"seats": [{"from": 1, "to": 5} | change]}), "seat_taken", seatIds=[2, 3])
    assert kinds(stack, hall) == {}
    answer = dates.patch(hall.item, {"from": 1, "to": 3, "kind": "plain", "note": None, "price": 9},
                         {"from": 4, "to": 5, "kind": "restricted", "note": "Pillar"})
    assert answer["changedSeats"] == 5 and kinds(stack, hall) == {4: ("restricted", None), 5: ("restricted", None)}
    assert stack.sweeper().returncode == 0
    reserve(stack, new_user(), hall, hall.item, [4])


def test_a_taken_wheelchair_place_gets_no_companion(stack, hall):
    dates = dates_of(stack, hall)
    dates.patch(hall.item, {"from": 3, "to": 3, "kind": "wheelchair"})
    reserve(stack, new_user(), hall, hall.item, [3])
    assert_problem(dates.ask_patch(hall.item, {"seats": list(PLACES)}), "invalid_field", field="seats")


def test_so_many_pairs_at_once(stack):
    concert = new_concert(stack, seats=1002)
    places = [{"from": seat, "to": seat, "kind": "companion" if seat % 2 else "wheelchair"} for seat in range(1, 1003)]
    dates = dates_of(stack, concert)
    assert_problem(dates.ask_patch(concert.item, {"seats": places}), "invalid_field", field="seats")
    assert dates.patch(concert.item, *places[:1000])["changedSeats"] == 1000
    assert kinds(stack, concert)[1000] == ("wheelchair", 999)


# ---- what is refused


def test_what_is_not_there(stack, hall):
    dates, other = dates_of(stack, hall), new_concert(stack)
    change = {"seats": [{"from": 1, "to": 1, "price": 1}]}
    for item in (other.item, 2**31 - 1, "x", 0):
        assert_problem(dates.ask_patch(item, change), "item_not_found")
    assert_problem(Dates(stack, 2**31 - 1).ask_patch(hall.item, change), "concert_not_found")
    for first, last in ((30, 31), (31, 31), (1, 100_000)):
        change = {"seats": [{"from": 1, "to": 1, "price": 3}] if first > 1 else [], "date": "2031-08-01"}
        change["seats"] = change["seats"] + [{"from": first, "to": last, "price": 1}]
        assert_problem(dates.ask_patch(hall.item, change), "seat_not_found")
    assert dates.rows()[0]["date"] == "2031-05-01" and seats_of(stack, hall, hall.item)[1]["price"] == 100


BAD = [True, "1", 1.0, None, [], {}]
REFUSED = [
    ("date", ["", "2031-02-30", None, 1]), ("startsAt", ["", "2031-05-01", None, 1]), ("seats", [[], {}, None, "x", [1] * 2]),
    ("seats[0].from", [0, 2**31, *BAD]), ("seats[0].to", [0, 2**31, *BAD]), ("seats[0].price", [-1, 10**9 + 1, *BAD]),
    ("seats[0].blocked", [0, 1, "true", None]), ("seats[0].section", ["", "x" * 33, None, 1]), ("seats[0].row", ["", "한" * 33, None, 1]),
    ("seats[0].firstLabel", [-1, 2**31, *BAD]), ("seats[0].x", [-1_000_001, *BAD]), ("seats[0].y", [1_000_001, *BAD]),
    ("seats[0].kind", ["", "withheld", "other", 1, None, []]), ("seats[0].note", ["", "x" * 101, 1, [], {}]),
]


@pytest.mark.parametrize("field, values", REFUSED, ids=[field for field, _ in REFUSED])
def test_changes_that_are_not_valid(stack, hall, field, values):
    """Each is named, before the date is looked for, and nothing changes."""
    dates = dates_of(stack, hall)
    for value in values:
        body = {"date": "2031-09-09", "seats": [{"from": 1, "to": 2, "price": 5}]}
        if field.startswith("seats["):
            body["seats"][0][field.split(".")[1]] = value
        else:
            body[field] = value
        for item in (hall.item, 2**31 - 1):
            problem = assert_problem(dates.ask_patch(item, body), "invalid_field")
            assert problem["field"].split("[1]")[0] in (field, "seats[0]"), (value, problem)
    assert dates.rows()[0]["date"] == "2031-05-01" and len(dates.log()) == 1


def test_all_members_of_a_change_are_walked():
    assert {str(member) for member in route_table.item_members()} == {field for field, _ in REFUSED}


@pytest.mark.parametrize("seats, field", [
    ([{"from": 2, "to": 1}], "seats[0].to"), ([{"from": 1, "to": 5}, {"from": 5, "to": 9}], "seats[1].from"),
    ([{"from": 5, "to": 9}, {"from": 1, "to": 5}], "seats[0].from"), ([{"from": 1, "to": 1}, {"from": 1, "to": 1}], None),
    ([{"from": 1, "to": 100_001}], "seats"), ([{"from": 1, "to": 2**31 - 1}], "seats"),
])
def test_ranges_that_do_not_fit(stack, hall, seats, field):
    problem = assert_problem(dates_of(stack, hall).ask_patch(hall.item, {"seats": seats}), "invalid_field")
    assert field in (None, problem["field"])


def test_a_repeated_change_is_made_once(stack, hall):
    dates, key = dates_of(stack, hall), {"Idempotency-Key": new_user("key")}
    change = {"seats": [{"from": 1, "to": 3, "price": 5}]}
    first, second = (dates.ask_patch(hall.item, change, **key) for _ in range(2))
    assert first.body == second.body and second.headers["Idempotency-Replayed"] == "true"
    assert [row["action"] for row in dates.log()] == ["item change", "concert create"]
    assert_problem(dates.ask_patch(hall.item, {}, **key), "idempotency_key_reused")


def test_an_empty_change(stack, hall):
    answer = dates_of(stack, hall).patch(hall.item, unknown=1)
    assert (answer["changedSeats"], answer["date"]) == (0, "2031-05-01")


def test_a_long_change_is_logged_in_part(stack):
    """As many ranges as fit into a row of the log, whatever they are called."""
    concert = new_concert(stack, seats=300)
    seats = [{"from": n, "to": n, "price": n, "section": "한" * 31 + chr(0x4e00 + n), "row": "\\" * 32} for n in range(1, 301)]
    assert dates_of(stack, concert).patch(concert.item, *seats)["changedSeats"] == 300
    row = dates_of(stack, concert).log()[0]
    assert len(row["after"]["seats"]) == 100 and row["after"]["more"] is True and len(row["detail"]) == 10_000
    assert row["before"]["seats"][0] == {"from": 1, "to": 10, "price": 1000, "section": "A", "row": "1"}


def test_the_roles(stack, hall):
    """A seller sees, and changes no date."""
    name = new_user("seller")
    key = stack.ctl("operator", "add", name, "--role", "seller").stdout.strip()
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/admin/concert/{hall.id}/item"
    ok(stack.get(path, **headers))
    ok(stack.get(f"/admin/concert/{hall.id}/report", **headers))
    for answer in (stack.post(path, DAY | {"seats": SEATS}, **headers), stack.call("PATCH", f"{path}/{hall.item}", {}, headers),
                   stack.post(f"{path}/{hall.item}/cancel", {"reason": "x"}, **headers)):
        assert_problem(answer, "forbidden")
    stack.ctl("operator", "revoke", name)


def test_the_examples_of_the_document(stack, hall):
    """One after the other, as an organiser would call them."""
    concert = f"/admin/concert/{hall.id}"
    headers = stack.admin_headers()
    about = openapi.examples("PATCH", "/admin/concert/{concertId}")["about"]
    ok(stack.call("PATCH", concert, about, headers))
    assert {name: ok(stack.fresh(f"/concert/{hall.id}"))[name] for name in about} == about
    added = openapi.examples("POST", LIST)["next"]  # the other one: test_halls.py
    item = ok(stack.post(f"{concert}/item", added, **headers))["itemId"]
    changed = [ok(stack.call("PATCH", f"{concert}/item/{item}", change, headers))["changedSeats"]
               for change in openapi.examples("PATCH", ITEM).values()]
    assert changed == [0, 6]
    (reason,) = openapi.examples("POST", f"{ITEM}/cancel").values()
    ok(stack.post(f"{concert}/item/{item}/cancel", reason, **headers))


# ---- while buyers reserve at the same moment

PRICES = [100, 90, 200, 10, 150]


class Buyers:
    """Each reserves and gives back, again and again. What was told of each hold is kept."""

    def __init__(self, stack, hall):
        self.stack, self.hall = stack, hall
        self.stop = threading.Event()
        self.holds = []

    def run(self, number):
        client, user = self.stack.new_client(), new_user()
        while not self.stop.is_set():
            wish = {"count": 2, "maxPrice": 120} if number % 2 else {"seatIds": [1 + (number * 5 + len(self.holds)) % 20, 21 + number]}
            body = {"userId": user, "concertId": self.hall.id, "itemId": self.hall.item} | wish
            answer, _ = call_until_settled(client, lambda client: client.post("/reservation", body))
            if answer.status != 200:
                assert answer.code in ("seat_taken", "seats_not_available"), answer
                continue
            made = answer.json()
            self.holds.append((number % 2, made))
            path = f"/reservation/{made['reservationId']}?userId={user}"
            assert call_until_settled(client, lambda client: client.call("DELETE", path))[0].status == 200
        client.close()


def test_prices_and_withheld_seats_under_a_rush(stack):
    """All seats of a hold have one price, that of one moment, and one that was asked for; no withheld seat is held."""
    hall = Hall(stack, ("A", "1", 40, 100), maxSeatsPerUser=None)
    dates, buyers = dates_of(stack, hall), Buyers(stack, hall)
    changes = 0
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(buyers.run, number) for number in range(6)]
        try:
            wait_for(lambda: len(buyers.holds) >= 10 or any(one.done() for one in running))
            while changes < 40 or len(buyers.holds) < 100:
                changes += 1
                price = {"from": 1, "to": 40, "price": PRICES[changes % 5]}
                answer, _ = call_until_settled(stack.new_client(), lambda client: dates.ask_patch(hall.item, {"seats": [price]}, client))
                assert answer.status == 200, answer
                wanted = {"from": 1 + changes % 30, "to": 10 + changes % 30, "blocked": changes % 2 == 0}
                answer, _ = call_until_settled(stack.new_client(), lambda client: dates.ask_patch(hall.item, {"seats": [wanted]}, client))
                assert answer.status == 200 or answer.code == "seat_taken", answer
                if answer.status == 200 and wanted["blocked"]:
                    held = stack.query(
                        "SELECT COUNT(*) AS n FROM seat WHERE item_id = %s AND seat_no BETWEEN %s AND %s"
                        " AND (status <> 'available' OR blocked = 0)", hall.item, wanted["from"], wanted["to"])
                    assert held[0]["n"] == 0
        finally:
            buyers.stop.set()
        for one in running:
            one.result()
    for best, made in buyers.holds:
        prices = {seat["price"] for seat in made["seats"]}
        assert len(prices) == 1 and prices < set(PRICES), made
        assert not best or prices < {100, 90, 10}, made
    assert {made["seats"][0]["price"] for _, made in buyers.holds} > {100}, "no price was changed meanwhile"
