"""Standing areas: places without a seat, which are taken by section and count."""

import base64
import collections
import random

import openapi
import pytest
import test_presale as presale
from crowd import lock_seat, owners, rush
from helpers import (
    Hall, age_hold, allow, ask_reserve, assert_problem, balance, buy, charge, new_user, ok, pay, add_token,
)
from test_box_office import PATH as BOX_OFFICE
from test_export import read_csv
from test_halls import check, hall_of, keep
from test_items import DAY, dates_of
from test_presale import give_back
from test_report import read as read_report, rows_of
from test_waitlist import ask_wait, offered, sweep, wait

pytestmark = pytest.mark.usefixtures("audited")
SEAT, LAYOUT = "/concert/{concertId}/item/{itemId}/seat", "/concert/{concertId}/item/{itemId}/layout"


def area(section="Pit", first=101, count=10, price=200, **more):
    return {"from": first, "to": first + count - 1, "price": price, "section": section, "firstLabel": 1, "standing": True} | more


def new_hall(stack, *areas, **settings):
    """Four seats, and an area of ten places where no others are named."""
    return Hall(stack, ("A", "1", 4, 300), *(areas or [area()]), maxSeatsPerUser=None, **settings)


def see(stack, hall, what="seat", query=""):
    answer = stack.fresh(f"/concert/{hall.id}/item/{hall.item}/{what}{query}")
    return openapi.assert_answer(answer, "GET", SEAT if what == "seat" else LAYOUT)


def areas(stack, hall):
    """section -> (available, held), as all lists agree."""
    listed, compact = see(stack, hall), see(stack, hall, query="?view=compact")
    assert listed["areas"] == compact["areas"]
    return {one["section"]: (one["availableCount"], one["heldCount"]) for one in listed["areas"]}


# ---- what is shown


def test_what_buyers_see(stack):
    """No place among the seats, but their areas, in the order of their numbers."""
    hall = new_hall(stack, area("Pit", 101, 5, 200), area("Back", 50, 3, 100, blocked=True))
    hall.best(2, section="Pit")
    pit = {"section": "Pit", "price": 200, "capacity": 5, "availableCount": 3, "heldCount": 2}
    back = {"section": "Back", "price": 100, "capacity": 3, "availableCount": 0, "heldCount": 0}
    listed = see(stack, hall)
    assert ([seat["seatId"] for seat in listed["seats"]], listed["areas"]) == ([1, 2, 3, 4], [back, pit])
    compact = see(stack, hall, query="?view=compact")
    assert (list(base64.b64decode(compact["seats"])), compact["areas"]) == ([0], [back, pit])
    layout = see(stack, hall, "layout")
    assert [seat["seatId"] for seat in layout["seats"]] == [1, 2, 3, 4]
    assert layout["areas"] == [
        {name: one[name] for name in ("section", "price", "capacity")} for one in (back, pit)]
    item, = ok(stack.fresh(f"/concert/{hall.id}/item"))["items"]
    assert (item["seatCount"], item["availableCount"], item["heldCount"]) == (12, 7, 2)


def test_the_version_of_the_list_tells_that_a_place_was_taken(stack):
    hall = new_hall(stack)
    for query in ("", "?view=compact"):
        before = see(stack, hall, query=query)["version"]
        hall.best(1, section="Pit")
        assert see(stack, hall, query=query)["version"] != before


def test_a_hall_without_areas_says_nothing_of_them(stack):
    hall = Hall(stack, ("A", "1", 4, 300))
    for what, query in (("seat", ""), ("seat", "?view=compact"), ("layout", "")):
        assert "areas" not in see(stack, hall, what, query)


def test_a_hold_that_is_over_is_free_at_once(stack):
    hall = new_hall(stack, area(count=2))
    held = ok(hall.ask(2, section="Pit"))
    age_hold(stack, held["reservationId"], 300)
    assert areas(stack, hall) == {"Pit": (2, 0)}
    assert hall.best(2, section="Pit") == [101, 102]


# ---- how it is taken


def test_places_by_section_and_count(stack):
    """Of a small area the lowest numbers first; a reservation names its places, which have no row."""
    hall, user = new_hall(stack), new_user()
    held = openapi.assert_answer(hall.ask(2, user=user, section="Pit"), "POST", "/reservation")
    assert held["seats"] == [{"seatId": seat, "section": "Pit", "row": "", "label": str(seat - 100), "price": 200}
                             for seat in (101, 102)]
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}")) == held
    assert [hall.best(3, section="Pit"), hall.best(1, section="Pit")] == [[103, 104, 105], [106]]
    assert areas(stack, hall) == {"Pit": (4, 6)}


@pytest.mark.parametrize("taken", [[], [102]], ids=["free", "taken"])
def test_a_named_place_is_refused(stack, taken):
    """Before anybody hears whether it is free."""
    hall = new_hall(stack)
    if taken:
        hall.best(2, section="Pit")
    problem = assert_problem(ask_reserve(stack, new_user(), hall, hall.item, 102), "invalid_field", field="seatId")
    assert "seat 102 is a place of a standing area" in problem["detail"]
    assert_problem(ask_reserve(stack, new_user(), hall, hall.item, [1, 102]), "invalid_field", field="seatIds")
    assert owners(stack, hall.item).keys() == ({101, 102} if taken else set())


def test_best_available_without_a_section_never_takes_one(stack):
    """Though the area is the dearest; and it is sold out when the seats are."""
    hall = new_hall(stack, area(price=900))
    assert [hall.best(3), hall.best(1)] == [[1, 2, 3], [4]]
    assert_problem(hall.ask(1), "seats_not_available")
    assert_problem(hall.ask(1, maxPrice=900), "seats_not_available")
    assert hall.best(8, section="Pit") == list(range(101, 109))


def test_a_hall_of_areas_only(stack):
    hall = Hall(stack, area("Pit", 1, 3), area("Back", 4, 3, 100))
    assert see(stack, hall)["seats"] == see(stack, hall, "layout")["seats"] == []
    assert see(stack, hall, query="?view=compact")["seats"] == ""
    assert_problem(hall.ask(1), "seats_not_available")
    assert hall.best(2, section="Back") == [4, 5]


def test_the_price_of_an_area(stack):
    hall = new_hall(stack)
    assert_problem(hall.ask(1, section="Pit", maxPrice=199), "seats_not_available")
    assert hall.best(1, section="Pit", maxPrice=200) == [101]


def test_more_than_are_left(stack):
    """All or nothing."""
    hall = new_hall(stack, area(count=3))
    hall.best(1, section="Pit")
    assert_problem(hall.ask(3, section="Pit"), "seats_not_available")
    assert hall.best(2, section="Pit") == [102, 103]
    assert_problem(hall.ask(1, section="Pit"), "seats_not_available")


def test_scattered_places_do(stack):
    """What came back is taken once the rest is gone, and beside one another they need not be."""
    hall = new_hall(stack, area(count=300))
    users = [new_user() for _ in range(100)]
    held = [ok(hall.ask(3, user=user, section="Pit")) for user in users]
    for number in (10, 90):
        ok(stack.call("DELETE", f"/reservation/{held[number]['reservationId']}?userId={users[number]}"))
    back = {seat["seatId"] for number in (10, 90) for seat in held[number]["seats"]}
    five = set(hall.best(5, section="Pit"))
    assert len(five) == 5 and five < back
    assert_problem(hall.ask(2, section="Pit"), "seats_not_available")
    assert set(hall.best(1, section="Pit")) == back - five


def test_a_locked_place_is_passed_by(stack):
    hall = new_hall(stack, area(count=3))
    with lock_seat(stack, hall.item, 102):
        assert hall.best(2, section="Pit") == [101, 103]


def test_the_seat_limit_counts_places(stack):
    hall, user = Hall(stack, area(), maxSeatsPerUser=3), new_user()
    ok(hall.ask(2, user=user, section="Pit"))
    assert_problem(hall.ask(2, user=user, section="Pit"), "seat_limit_reached")
    ok(hall.ask(1, user=user, section="Pit"))


# ---- a crowd


def wishing(hall, count=1, **wish):
    user = new_user()
    return lambda client: hall.ask(count, client, user, **wish)


def test_300_clients_on_an_area_of_100(stack):
    """Exactly sold, each place once."""
    hall = new_hall(stack, area(count=100))
    asked = rush(stack, [wishing(hall, section="Pit") for _ in range(300)])
    assert asked.codes == {"": 100, "seats_not_available": 200}
    assert owners(stack, hall.item) == {one["seats"][0]["seatId"]: one["reservationId"] for one in asked.successes}
    assert areas(stack, hall) == {"Pit": (0, 100)}


def test_300_clients_on_an_area_and_on_named_seats(stack):
    """Of any number, on the area, on named seats, and on the best ones beside it."""
    hall = Hall(stack, ("A", "1", 20, 300), area(count=100), area("Back", 301, 50, 50), maxSeatsPerUser=None)

    def naming(seat):
        user = new_user()
        return lambda client: ask_reserve(client, user, hall, hall.item, seat)

    calls = [wishing(hall, random.randint(1, 3), section="Pit") for _ in range(130)]
    calls += [wishing(hall, section="Back") for _ in range(90)]
    calls += [naming(1 + number % 20) for number in range(50)] + [wishing(hall, 2) for _ in range(30)]
    random.shuffle(calls)
    asked = rush(stack, calls)
    assert set(asked.codes) == {"", "seats_not_available", "seat_taken"}
    had = collections.Counter(seat["section"] for one in asked.successes for seat in one["seats"])
    assert (had["Pit"], had["Back"]) == (100, 50) and 16 <= had["A"] <= 20
    assert owners(stack, hall.item) == {
        seat["seatId"]: one["reservationId"] for one in asked.successes for seat in one["seats"]}


def test_what_comes_back_in_a_rush_is_sold_again(stack):
    """Nobody who asks on is refused while a place is free; all that was bought adds up."""
    hall = new_hall(stack, area(count=20))

    def life(client):
        user = new_user()
        answer = hall.ask(1, client, user, section="Pit")
        if answer.status == 200 and random.random() < 0.5:
            return client.call("DELETE", f"/reservation/{answer.json()['reservationId']}?userId={user}")
        return answer

    asked = rush(stack, [life] * 120)
    kept = [one for one in asked.successes if one["status"] == "held"]
    assert owners(stack, hall.item) == {one["seats"][0]["seatId"]: one["reservationId"] for one in kept}
    rest = 20 - len(kept)
    assert [len(hall.best(1, section="Pit")) for _ in range(rest)] == [1] * rest
    assert_problem(hall.ask(1, section="Pit"), "seats_not_available")


# ---- how one is made


@pytest.mark.parametrize("ranges, field", [
    ([area(), {"from": 1, "to": 2, "price": 200, "section": "Pit"}], "items[0].seats[1].section"),
    ([area(), area("Pit", 50, 5, 100, firstLabel=50)], "items[0].seats[1].section"),
    ([area(), area("Pit", 50, 5)], "items[0].seats[1].firstLabel"),
    ([area(row="1")], "items[0].seats[0].row"), ([area(x=1)], "items[0].seats[0].x"), ([area(y=1)], "items[0].seats[0].y"),
    ([area(standing=1)], "items[0].seats[0].standing"),
])
def test_what_no_area_can_be(stack, ranges, field):
    body = {"title": "t", "venue": "v", "items": [DAY | {"seats": ranges}]}
    assert_problem(stack.post("/admin/concert", body, **stack.admin_headers()), "invalid_field", field=field)


def test_an_area_of_two_ranges(stack):
    hall = new_hall(stack, area(count=2), area("Pit", 201, 2, firstLabel=3), area("Back", 301, 1, 100))
    assert [one["capacity"] for one in see(stack, hall)["areas"]] == [4, 1]
    assert hall.best(4, section="Pit") == [101, 102, 201, 202]


def test_more_dates(stack):
    """One that is made for itself, and one like another: places stay what they are."""
    hall = new_hall(stack)
    hall.best(1, section="Pit")
    dates = dates_of(stack, hall)
    hall.item = dates.add(area("Floor"))
    assert areas(stack, hall) == {"Floor": (10, 0)}
    hall.item = ok(dates.ask_add(DAY | {"likeItemId": hall.item}))["itemId"]
    assert areas(stack, hall) == {"Floor": (10, 0)} and hall.best(1, section="Floor") == [101]


def test_changes_of_an_area(stack):
    """As a whole it may cost something else or be called otherwise; single places may be withheld."""
    hall = new_hall(stack)
    dates = dates_of(stack, hall)
    old = ok(hall.ask(1, section="Pit"))
    dates.patch(hall.item, {"from": 101, "to": 110, "price": 250, "section": "Floor"})
    dates.patch(hall.item, {"from": 103, "to": 110, "blocked": True})
    assert see(stack, hall)["areas"] == [
        {"section": "Floor", "price": 250, "capacity": 10, "availableCount": 1, "heldCount": 1}]
    assert_problem(hall.ask(1, section="Pit"), "seats_not_available")
    assert_problem(hall.ask(2, section="Floor"), "seats_not_available")
    assert ok(hall.ask(1, section="Floor"))["totalPrice"] == 250
    user = old["userId"]
    charge(stack, user, 200)
    assert pay(stack, user, old["reservationId"], add_token(stack, user, hall)["token"])["amount"] == 200
    dates.patch(hall.item, {"from": 103, "to": 110, "blocked": False})
    assert areas(stack, hall) == {"Floor": (8, 1)}


@pytest.mark.parametrize("change, field", [
    ({"from": 101, "to": 109, "price": 1}, "seats"), ({"from": 101, "to": 110, "section": "A"}, "seats"),
    ({"from": 1, "to": 1, "section": "Pit"}, "seats"), ({"from": 101, "to": 110, "row": "1"}, "seats[0].row"),
    ({"from": 1, "to": 4, "row": "2"}, None), ({"from": 105, "to": 105, "kind": "plain"}, "seats[0].kind"),
    ({"from": 101, "to": 101, "x": 1}, "seats[0].x"), ({"from": 101, "to": 101, "y": 1}, "seats[0].y"),
    ({"from": 101, "to": 101, "note": "n"}, "seats[0].note"), ({"from": 1, "to": 1, "kind": "standing"}, "seats[0].kind"),
])
def test_changes_that_would_mix(stack, change, field):
    hall = new_hall(stack)
    before = see(stack, hall)
    answer = dates_of(stack, hall).ask_patch(hall.item, {"seats": [change]})
    if field is None:
        ok(answer)
        return
    assert_problem(answer, "invalid_field", field=field)
    assert see(stack, hall)["version"] == before["version"]


# ---- halls from files


PLAN = "구역,열,from,to,등급,가격,종류\n1층,가,1,4,R석,90000,\n스탠딩 A,,1,300,S석,,스탠딩\n스탠딩 B,,1,2,,50000,입석\n"


def test_areas_of_a_hall(stack):
    made = hall_of(stack, ok(keep(stack, PLAN, "Club"))["hallId"])
    assert (made["seatCount"], made["kinds"]["standing"], made["kinds"]["plain"]) == (306, 302, 4)
    hall = new_hall(stack)
    hall.item = dates_of(stack, hall).ask_add(
        DAY | {"hallId": made["hallId"], "prices": [{"category": "S석", "price": 70000}]}).json()["itemId"]
    assert [(one["section"], one["price"], one["capacity"]) for one in see(stack, hall)["areas"]] == [
        ("스탠딩 A", 70000, 300), ("스탠딩 B", 50000, 2)]
    assert ok(hall.ask(1, section="스탠딩 B"))["seats"][0] == {
        "seatId": 305, "section": "스탠딩 B", "row": "", "label": "1", "price": 50000}
    exported = stack.ctl("hall", "export", str(made["hallId"])).stdout
    again = hall_of(stack, ok(keep(stack, exported, "Again"))["hallId"])
    assert again["seats"] == made["seats"]


@pytest.mark.parametrize("lines, said", [
    ("P,1,1,2,1,standing,", "line 2: column 2: A standing place has no row, no note and no coordinates: row must be empty"),
    ("P,,1,2,1,standing,7", "line 2: column 7: A standing place has no row, no note and no coordinates: x must be empty"),
    ("P,,1,2,1,standing,\nP,1,3,4,1,,", "line 3: column 1: Section P is something else in line 2: all of a standing area"
     " are standing places of one category and price"),
    ("P,,1,2,1,standing,\nP,,3,4,2,standing,", "line 3: column 1: Section P is something else in line 2: all of a standing"
     " area are standing places of one category and price"),
])
def test_what_no_area_of_a_hall_can_be(stack, lines, said):
    done = check(stack, f"section,row,from,to,price,kind,x\n{lines}\n")
    assert (done.returncode, done.stderr.decode()) == (1, f"frontrowctl: -: {said}\n")


def test_places_without_a_spot_are_no_notice(stack):
    done = check(stack, "section,row,from,to,kind,x,y\nA,1,1,2,,5,5\nP,,1,2,standing,,\n")
    assert (done.returncode, done.stderr) == (0, b"")


# ---- what becomes of an order


@pytest.fixture
def sold(stack):
    """A hall, and an order of two places and its owner."""
    hall, user = new_hall(stack, swaps=True), new_user()
    allow(stack, hall, swaps=True, seatReturns=True, transfers=True)
    charge(stack, user, 400)
    held = ok(hall.ask(2, user=user, section="Pit"))
    pay(stack, user, held["reservationId"], add_token(stack, user, hall)["token"])
    return hall, user, held["reservationId"]


def test_tickets_name_the_area_and_the_number(stack, sold):
    hall, user, order = sold
    tickets = openapi.assert_answer(stack.get(f"/reservation/{order}/ticket?userId={user}"), "GET", "/reservation/{reservationId}/ticket")
    assert [(one["seat"]["section"], one["seat"]["row"], one["seat"]["label"]) for one in tickets["tickets"]] == [
        ("Pit", "", "1"), ("Pit", "", "2")]
    scan = stack.post("/admin/checkin", {"code": tickets["tickets"][0]["code"], "itemId": hall.item}, **stack.admin_headers())
    assert ok(scan)["seat"]["label"] == "1"
    calendar = stack.get(f"/reservation/{order}/calendar?userId={user}").body.decode()
    assert "Pit · 1" in calendar and "Pit ·  · 1" not in calendar


def test_a_refund(stack, sold):
    hall, user, order = sold
    assert ok(stack.call("DELETE", f"/reservation/{order}?userId={user}"))["refundedAmount"] == 400
    assert areas(stack, hall) == {"Pit": (10, 0)} and balance(stack, user) == 400


def test_a_single_place_goes_back(stack, sold):
    hall, user, order = sold
    back = ok(stack.call("DELETE", f"/reservation/{order}?userId={user}&seatIds=102"))
    assert [seat["seatId"] for seat in back["seats"]] == [101] and balance(stack, user) == 200
    assert areas(stack, hall) == {"Pit": (9, 0)}


def test_a_transfer(stack, sold):
    hall, user, order = sold
    friend = new_user()
    offer = ok(stack.post(f"/reservation/{order}/transfer", {"userId": user, "toUserId": friend}))
    ok(stack.post(f"/transfer/{offer['transferId']}/accept", {"userId": friend}))
    assert [seat["label"] for seat in ok(stack.get(f"/reservation/{order}?userId={friend}"))["seats"]] == ["1", "2"]


def test_swaps(stack, sold):
    """A place for a seat of its price, never a seat or a place for a named place."""
    hall, user, order = sold
    swap = lambda seat, to: stack.post(
        f"/reservation/{order}/swap", {"userId": user, "seatIds": [seat], "toSeatIds": [to]})
    assert_problem(swap(101, 105), "invalid_field", field="toSeatIds")
    assert_problem(swap(101, 1), "price_differs")
    dates_of(stack, hall).patch(hall.item, {"from": 1, "to": 1, "price": 200})
    assert [seat["seatId"] for seat in ok(swap(101, 1))["seats"]] == [1, 102]
    assert_problem(swap(1, 101), "invalid_field", field="toSeatIds")
    assert areas(stack, hall) == {"Pit": (9, 0)}


def test_exports_and_the_report(stack, sold):
    hall, user, order = sold
    rows = {row["seatId"]: row for row in read_csv(stack, hall.id, f"what=seats&itemId={hall.item}")}
    assert len(rows) == 14
    row = rows["101"]
    assert (row["section"], row["row"], row["label"], row["kind"], row["status"], row["userId"], row["x"]) == (
        "Pit", "", "1", "standing", "sold", user, "")
    guests = read_csv(stack, hall.id, "what=guests")
    assert {(row["section"], row["row"], row["label"]) for row in guests} == {("Pit", "", "1"), ("Pit", "", "2")}
    assert [row[1:] for row in rows_of(read_report(stack, hall.id))] == [("Pit", 200, 2, 0, 400)]


@pytest.mark.parametrize("method", ["box_office", "guest"])
def test_the_box_office(stack, method):
    """It takes places by section and count, as it takes the best seats, or by their numbers."""
    hall = new_hall(stack)

    def sell(**wish):
        body = {"userId": "walk-in", "concertId": hall.id, "itemId": hall.item, "method": method} | wish
        return stack.post(BOX_OFFICE, body, **stack.admin_headers())

    numbers = lambda answer: [seat["seatId"] for seat in openapi.assert_answer(answer, "POST", BOX_OFFICE)["seats"]]
    assert numbers(sell(count=2, section="Pit")) == [101, 102]
    assert numbers(sell(seatIds=[109])) == [109]
    assert numbers(sell(count=3)) == [1, 2, 3]
    assert_problem(sell(count=8, section="Pit"), "seats_not_available")
    assert_problem(sell(), "invalid_field", field="seatIds")
    assert_problem(sell(count=1, seatIds=[105]), "invalid_field", field="count")
    assert areas(stack, hall) == {"Pit": (7, 0)}


# ---- wait lists and presale


@pytest.fixture
def waited(stack):
    """A hall of two seats and an area of two places, all of which are held; seatId -> its order."""
    hall = allow(stack, Hall(stack, ("A", "1", 2, 300), area(count=2), maxSeatsPerUser=None), waitlist=True)
    orders = [ok(hall.ask(1, section=section)) for section in ("A", "A", "Pit", "Pit")]
    hall.orders = {order["seats"][0]["seatId"]: order for order in orders}
    return hall


def test_it_is_sold_out_when_its_areas_are(stack, waited):
    """Whatever is left of one keeps who names no section from waiting, and nobody whom it does not fit."""
    give_back(stack, waited.orders[102])
    assert_problem(ask_wait(stack, waited), "seats_available")
    assert_problem(ask_wait(stack, waited, section="Pit"), "seats_available")
    wait(stack, waited, count=2)
    wait(stack, waited, section="A")
    hall = allow(stack, Hall(stack, area("Pit", 1, 1)), waitlist=True)
    assert_problem(ask_wait(stack, hall), "seats_not_available")
    assert_problem(ask_wait(stack, hall, section="Pit"), "seats_available")


def test_places_are_offered_to_who_names_their_area(stack, waited):
    anything, in_area = wait(stack, waited), wait(stack, waited, section="Pit", count=2)
    give_back(stack, waited.orders[101])
    assert (offered(stack, anything), offered(stack, in_area)) == (None, None)
    assert areas(stack, waited) == {"Pit": (1, 1)}, "one place alone fits nobody"
    give_back(stack, waited.orders[102])
    assert (offered(stack, anything), offered(stack, in_area)) == (None, [101, 102])
    give_back(stack, waited.orders[1])
    assert offered(stack, anything) == [1]


def test_places_that_fit_nobody_who_waits_are_free(stack, waited):
    anything = wait(stack, waited)
    give_back(stack, waited.orders[102])
    assert offered(stack, anything) is None
    assert areas(stack, waited) == {"Pit": (1, 1)}
    assert waited.best(1, section="Pit") == [102]


def test_who_buys_never_passes_who_waits_for_an_area(stack, waited):
    """Not with a hold that is over either, by whichever call."""
    first = wait(stack, waited, section="Pit")
    age_hold(stack, waited.orders[101]["reservationId"], 300)
    assert_problem(waited.ask(1, section="Pit"), "seats_not_available")
    sale = {"userId": "walk-in", "concertId": waited.id, "itemId": waited.item, "method": "guest"}
    assert_problem(stack.post(BOX_OFFICE, sale | {"count": 1, "section": "Pit"}, **stack.admin_headers()), "seats_not_available")
    sweep(stack)
    assert offered(stack, first) == [101]


def test_a_quota_counts_places(stack):
    hall = presale.scheduled(stack, ("A", "1", 4, 300), area())
    window = presale.Window(stack, hall, quota=3)
    assert_problem(presale.ask(stack, hall, seats=101), "invalid_field", field="seatId")
    held = ok(presale.ask_best(stack, hall, 2, section="Pit"))
    assert [seat["seatId"] for seat in held["seats"]] == [101, 102] and window.counts == (2, 0)
    assert_problem(presale.ask_best(stack, hall, 2, section="Pit"), "presale_sold_out")
    assert [seat["seatId"] for seat in ok(presale.ask_best(stack, hall, 1))["seats"]] == [1]
    presale.give_back(stack, held)
    assert window.counts == (1, 0)


def test_a_presale_of_an_area(stack):
    hall = presale.scheduled(stack, ("A", "1", 4, 300), area())
    presale.Window(stack, hall, sections=["Pit"])
    assert_problem(presale.ask_best(stack, hall, 1), "seats_not_available")
    assert_problem(presale.ask_best(stack, hall, 1, section="A"), "seats_not_available")
    assert [seat["seatId"] for seat in ok(presale.ask_best(stack, hall, 2, section="Pit"))["seats"]] == [101, 102]


def test_300_clients_on_a_quota_of_places(stack):
    hall = presale.scheduled(stack, area(count=200))
    window = presale.Window(stack, hall, quota=60)
    asked = rush(stack, [lambda client, count=1 + number % 3: presale.ask_best(client, hall, count, section="Pit")
                         for number in range(300)])
    assert set(asked.codes) == {"", "presale_sold_out"}
    while window.counts[0] < 60:
        ok(presale.ask_best(stack, hall, 1, section="Pit"))
    assert_problem(presale.ask_best(stack, hall, 1, section="Pit"), "presale_sold_out")
