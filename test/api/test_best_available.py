"""Best available: POST /reservation with `count`."""

import collections
import contextlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from crowd import lock_seat, rush, transaction
from helpers import (
    Hall, age_hold, ask_reserve, assert_problem, new_user, ok,
)
from stack import wait_for, wait_for_statement

pytestmark = pytest.mark.usefixtures("audited")


# ---- which seats


def test_what_one_gets(stack):
    """A reservation as by seatIds: seats ascending, with section, row, label and price."""
    hall = Hall(stack, ("Stalls", "a", 4, 900))
    user = new_user()
    made = ok(hall.ask(2, user=user))
    assert made["seats"] == [
        {"seatId": 1, "section": "Stalls", "row": "a", "label": "1", "price": 900},
        {"seatId": 2, "section": "Stalls", "row": "a", "label": "2", "price": 900}]
    assert (made["userId"], made["totalPrice"], made["status"]) == (user, 1800, "held")
    assert ok(stack.get(f"/reservation/{made['reservationId']}?userId={user}")) == made


def test_sections_go_by_highest_price(stack):
    hall = Hall(stack, ("C", "1", 2, 100), ("A", "1", 2, 300), ("B", "1", 2, 200))
    assert [hall.best(2) for _ in range(3)] == [[3, 4], [5, 6], [1, 2]]


def test_the_highest_price_of_a_section_is_that_of_any_of_its_seats(stack):
    """Also of a sold or a blocked one: a section's rank does not move while it sells."""
    hall = Hall(stack, ("A", "1", 2, 200), ("B", "1", 1, 300), ("B", "2", 2, 100))
    hall.take(3)
    assert hall.best(2) == [4, 5]
    assert hall.best(2) == [1, 2]


def test_sections_of_one_price_go_by_their_lowest_seat(stack):
    hall = Hall(stack, ("B", "1", 2, 100), ("A", "1", 2, 100))
    assert [hall.best(2), hall.best(2)] == [[1, 2], [3, 4]]


def test_rows_go_by_their_lowest_seat(stack):
    """Not by their names."""
    hall = Hall(stack, ("A", "10", 2, 100), ("A", "9", 2, 100), ("A", "B", 2, 100))
    assert [hall.best(2) for _ in range(3)] == [[1, 2], [3, 4], [5, 6]]


def test_a_row_may_stand_in_two_ranges(stack):
    """Its seats 3 and 8 are no neighbours, 9 and 10 go with the row of seat 1."""
    hall = Hall(stack, ("A", "1", 3, 100), ("A", "2", 4, 100), ("A", "1", 3, 100))
    hall.take(1)
    assert hall.best(3) == [8, 9, 10]
    assert [hall.best(2), hall.best(2), hall.best(2)] == [[2, 3], [4, 5], [6, 7]]


def test_rows_of_the_same_name_in_two_sections_are_two(stack):
    hall = Hall(stack, ("A", "1", 1, 100), ("B", "1", 2, 50))
    assert hall.best(2) == [2, 3]


def test_adjacent_are_consecutive_seats_of_one_row(stack):
    hall = Hall(stack, ("A", "1", 5, 100), ("A", "2", 5, 100))
    hall.take(2)
    assert hall.best(3) == [3, 4, 5]
    assert hall.best(3) == [6, 7, 8], "not seat 1 with something of the next row"


def test_a_gap_in_the_numbers_parts_neighbours(stack):
    hall = Hall(stack, {"from": 1, "to": 2, "price": 5}, {"from": 4, "to": 6, "price": 5})
    assert hall.best(3) == [4, 5, 6]


def test_a_blocked_seat_parts_neighbours(stack):
    hall = Hall(stack, {"from": 1, "to": 2, "price": 5}, {"from": 3, "to": 3, "price": 5, "blocked": True},
                {"from": 4, "to": 6, "price": 5})
    assert [hall.best(3), hall.best(2)] == [[4, 5, 6], [1, 2]]
    assert_problem(hall.ask(1), "seats_not_available")


def test_adjacent_ones_of_a_cheaper_section_come_before_scattered_dear_ones(stack):
    hall = Hall(stack, ("A", "1", 3, 300), ("B", "1", 2, 100))
    hall.take(2)
    assert hall.best(2) == [4, 5]
    assert hall.best(2) == [1, 3]


def test_the_smallest_span_in_the_dearest_section_that_has_enough(stack):
    hall = Hall(stack, ("A", "1", 9, 300), ("B", "1", 3, 100))
    hall.take(2, 3, 5, 7, 9, 11)  # free are 1 4 6 8 | 10 12
    assert hall.best(3) == [4, 6, 8]
    assert hall.best(2) == [10, 12]


def test_never_over_two_sections(stack):
    hall = Hall(stack, ("A", "1", 1, 300), ("B", "1", 1, 300), ("A", "2", 1, 300))
    assert hall.best(2) == [1, 3]
    assert_problem(hall.ask(2), "seats_not_available")
    assert hall.best(1) == [2]


def test_eight(stack):
    hall = Hall(stack, ("A", "1", 7, 100), ("A", "2", 8, 100))
    assert hall.best(8) == list(range(8, 16))
    assert_problem(hall.ask(8), "seats_not_available")
    assert hall.best(7) == list(range(1, 8))


def the_best(seats, count, section, highest):
    """What the contract says: a plain model. Seats are dicts as in the layout, with `free`."""
    sections = {}
    for seat in seats:
        sections.setdefault(seat["section"], []).append(seat)
    fitting = []
    for name, members in sections.items():
        rank = (-max(seat["price"] for seat in members), members[0]["seatId"])
        rows = {}
        for seat in members:
            rows.setdefault(seat["row"], []).append(seat)
        if section in (None, name):
            fitting.append((rank, [[seat["seatId"] for seat in row if seat["free"] and seat["price"] <= highest]
                                   for row in rows.values()]))
    fitting.sort()
    for _, rows in fitting:
        for row in rows:
            for seat in row:
                if set(range(seat, seat + count)) <= set(row):
                    return list(range(seat, seat + count))
    for _, rows in fitting:
        free = sorted(seat for row in rows for seat in row)
        spans = [free[at:at + count] for at in range(len(free) - count + 1)]
        if spans:
            return min(spans, key=lambda span: span[-1] - span[0])
    return None


@pytest.mark.parametrize("seed", range(4))
def test_a_random_hall_is_sold_as_the_contract_says(stack, seed):
    """Also where numbers and ranks have nothing to do with each other, and what is given back."""
    random = Random(seed)
    ranges, number = [], 1
    while number < 400:
        number += random.choice((0, 0, 1))
        size = random.choice((1, 2, 7, 20, 90))
        ranges.append({"from": number, "to": number + size - 1, "price": random.choice((100, 200, 300)),
                       "section": random.choice("ABC"), "row": random.choice("12345"),
                       "blocked": random.random() < .1})
        number += size
    hall = Hall(stack, *ranges)
    seats = [{"seatId": seat, "section": part["section"], "row": part["row"], "price": part["price"],
              "free": not part["blocked"]} for part in ranges for seat in range(part["from"], part["to"] + 1)]
    by_id = {seat["seatId"]: seat for seat in seats}
    made = []
    for _ in range(120):
        if made and random.random() < .2:
            user, one = made.pop(random.randrange(len(made)))
            assert stack.call("DELETE", f"/reservation/{one['reservationId']}?userId={user}").status == 200
            for seat in one["seats"]:
                by_id[seat["seatId"]]["free"] = True
        user, count = new_user(), random.choice((1, 2, 3, 8))
        wish = random.choice(({}, {}, {"section": random.choice("ABC")}, {"maxPrice": 200}))
        expected = the_best(seats, count, wish.get("section"), wish.get("maxPrice", 10**9))
        answer = hall.ask(count, user=user, **wish)
        if expected is None:
            assert_problem(answer, "seats_not_available")
            continue
        made.append((user, ok(answer)))
        assert [seat["seatId"] for seat in made[-1][1]["seats"]] == expected, (count, wish)
        for seat in expected:
            by_id[seat]["free"] = False


@pytest.mark.parametrize("version", ["layout_version + 1", "0"])
def test_another_layout_is_seen_by_its_version(stack, version):
    """By every worker, whatever it remembers; an item without a version is read each time."""
    hall = Hall(stack, ("A", "1", 40, 300), ("B", "1", 40, 200))
    update = "UPDATE {} WHERE item_id = %s"
    stack.query(update.format(f"item SET layout_version = {version}"), hall.item)
    got = rush(stack, [lambda client: hall.ask(1, client) for _ in range(20)])
    assert {seat["section"] for made in got.successes for seat in made["seats"]} == {"A"}
    stack.query(update.format("seat SET price = 500 - price"), hall.item)
    stack.query(update.format(f"item SET layout_version = {version}"), hall.item)
    got = rush(stack, [lambda client: hall.ask(1, client) for _ in range(20)])
    assert {seat["section"] for made in got.successes for seat in made["seats"]} == {"B"}


# ---- wishes


def test_a_section(stack):
    hall = Hall(stack, ("A", "1", 4, 300), ("B", "1", 4, 100))
    assert hall.best(2, section="B") == [5, 6]
    hall.take(7)
    assert_problem(hall.ask(2, section="B"), "seats_not_available")
    assert hall.best(2, section="A") == [1, 2]


@pytest.mark.parametrize("section", ["C", "a", "A ", "%", "한" * 32])
def test_an_unknown_section(stack, section):
    hall = Hall(stack, ("A", "1", 4, 300))
    assert_problem(hall.ask(1, section=section), "seats_not_available")


def test_the_highest_price_is_of_a_seat(stack):
    """Not of all together; and a section may have dearer ones beside."""
    hall = Hall(stack, ("A", "1", 2, 500), ("A", "2", 2, 100), ("B", "1", 2, 200))
    assert hall.best(2, maxPrice=200) == [3, 4], "in the dearest section that has fitting ones"
    assert hall.best(2, maxPrice=200) == [5, 6]
    assert_problem(hall.ask(1, maxPrice=499), "seats_not_available")
    assert hall.best(2, maxPrice=500) == [1, 2]


def test_free_seats_for_no_points(stack):
    hall = Hall(stack, ("A", "1", 2, 1), ("B", "1", 2, 0))
    assert hall.best(2, maxPrice=0) == [3, 4]
    assert_problem(hall.ask(1, maxPrice=0), "seats_not_available")


def test_both_wishes(stack):
    hall = Hall(stack, ("A", "1", 2, 300), ("B", "1", 2, 200), ("B", "2", 2, 100))
    assert hall.best(2, section="B", maxPrice=150) == [5, 6]
    assert_problem(hall.ask(2, section="A", maxPrice=299), "seats_not_available")


@pytest.mark.parametrize("wish, field", [
    ({"count": 0}, "count"), ({"count": 9}, "count"), ({"count": -1}, "count"), ({"count": "2"}, "count"),
    ({"count": 2.0}, "count"), ({"count": None}, "count"), ({"count": True}, "count"), ({"count": [2]}, "count"),
    ({"count": 2, "section": ""}, "section"), ({"count": 2, "section": "x" * 33}, "section"),
    ({"count": 2, "section": None}, "section"), ({"count": 2, "section": 1}, "section"),
    ({"count": 2, "maxPrice": -1}, "maxPrice"), ({"count": 2, "maxPrice": 1_000_000_001}, "maxPrice"),
    ({"count": 2, "maxPrice": None}, "maxPrice"), ({"count": 2, "maxPrice": "5"}, "maxPrice"),
    ({"count": 2, "seatId": 1}, "count"), ({"count": 2, "seatIds": [1, 2]}, "count"),
])
def test_what_is_no_wish(stack, wish, field):
    answer = stack.post("/reservation", {"userId": new_user(), "concertId": 1, "itemId": 1} | wish)
    assert_problem(answer, "invalid_field", field=field)


# ---- states


def test_sold_out(stack):
    hall = Hall(stack, ("A", "1", 2, 100))
    assert hall.best(2) == [1, 2]
    assert_problem(hall.ask(1), "seats_not_available")


def test_a_lapsed_hold_is_free(stack):
    hall = Hall(stack, ("A", "1", 2, 100))
    age_hold(stack, ok(hall.ask(2))["reservationId"], 301)
    assert hall.best(2) == [1, 2]


def test_the_seat_limit_counts_them(stack):
    hall = Hall(stack, ("A", "1", 8, 100), maxSeatsPerUser=3)
    user = new_user()
    assert hall.best(2, user=user) == [1, 2]
    assert_problem(hall.ask(2, user=user), "seat_limit_reached")
    assert hall.best(1, user=user) == [3]


def test_a_concert_that_is_not_open(stack):
    assert_problem(Hall(stack, ("A", "1", 2, 1), status="closed").ask(1), "concert_not_open")


def test_a_queue_that_is_kept(stack):
    assert_problem(Hall(stack, ("A", "1", 2, 1), admissionCapacity=0).ask(1), "token_missing")


def test_no_such_item(stack):
    hall = Hall(stack, ("A", "1", 2, 1))
    hall.item = 2_000_000_000
    assert_problem(hall.ask(1), "item_not_found")


# ---- others who buy at the same time


def test_a_set_that_another_buyer_is_just_taking_is_passed_by(stack):
    """At once: nobody waits for the other's lock."""
    hall = Hall(stack, ("A", "1", 4, 100))
    locked = "SELECT * FROM seat WHERE item_id = %s AND seat_no IN (1, 2) FOR UPDATE"
    with transaction(stack, locked, hall.item):
        assert hall.best(2) == [3, 4]
    assert hall.best(2) == [1, 2]


def test_a_seat_that_is_long_being_taken_does_not_hide_the_others(stack):
    hall = Hall(stack, ("A", "1", 9, 100))
    with lock_seat(stack, hall.item, 1):
        assert hall.best(8) == list(range(2, 10))


def test_what_is_left_is_just_being_taken(stack):
    """It may become free: no 409."""
    hall = Hall(stack, ("A", "1", 2, 100))
    with lock_seat(stack, hall.item, 1):
        assert_problem(hall.ask(2), "busy")
    assert hall.best(2) == [1, 2]


def assert_sold_once(successes):
    taken = collections.Counter(seat["seatId"] for made in successes for seat in made["seats"])
    assert max(taken.values()) == 1
    return set(taken)


def are_adjacent(made):
    ids = [seat["seatId"] for seat in made["seats"]]
    return len({(seat["section"], seat["row"]) for seat in made["seats"]}) == 1 and ids == list(
        range(ids[0], ids[0] + len(ids)))


def test_300_clients_ask_for_two_of_600(stack):
    """All get two adjacent ones, and none is told of another."""
    rows = [(section, str(row), 20, price) for section, price in (("R", 300), ("S", 200), ("A", 100))
            for row in range(10)]
    hall = Hall(stack, *rows)
    got = rush(stack, [lambda client: hall.ask(2, client) for _ in range(300)])
    assert got.statuses == {200: 300}
    assert all(are_adjacent(made) for made in got.successes)
    assert assert_sold_once(got.successes) == set(range(1, 601))
    assert_problem(hall.ask(1), "seats_not_available")


def test_several_counts_mixed(stack):
    """Who is told that there is nothing is right: what is left holds no section with so many."""
    hall = Hall(stack, *[(section, str(row), 10, price) for section, price in (("R", 300), ("S", 200))
                         for row in range(10)])
    counts = [1 + number % 8 for number in range(80)]  # 360 seats of 200
    got = rush(stack, [lambda client, count=count: hall.ask(count, client) for count in counts])
    assert set(got.codes) == {"", "seats_not_available"}
    taken = assert_sold_once(got.successes)
    left = [len([seat for seat in section if seat not in taken]) for section in (range(1, 101), range(101, 201))]
    refused = [count for count, answer in zip(counts, got.answers) if answer.status == 409]
    assert min(refused) > max(left), (left, refused)
    for count, answer in zip(counts, got.answers):
        if answer.status == 200:
            assert len(answer.json()["seats"]) == count
            assert len({seat["section"] for seat in answer.json()["seats"]}) == 1


def test_wishes_and_named_seats_mixed(stack):
    """Buyers who name seats take them from under those who do not: these are never told."""
    hall = Hall(stack, *[("A", str(row), 10, 100) for row in range(10)])
    calls = [lambda client: hall.ask(2, client) for _ in range(25)]
    calls += [lambda client, seat=seat: ask_reserve(client, new_user(), hall, hall.item, seat)
              for seat in range(1, 51)]
    got = rush(stack, calls)
    assert {answer.status for answer in got.answers[:25]} == {200}
    assert {answer.code for answer in got.answers[25:]} <= {"", "seat_taken"}
    assert_sold_once(got.successes)


def test_what_a_killed_worker_was_taking_can_be_had(new_stack):
    """Also where no other takes its place, as it was leaving: the last seats, at once."""
    stack = new_stack(workers=2, mysql_timeout_ms=7000, request_ms=8500, watchdog_ms=9000)
    hall = Hall(stack, ("A", "1", 2, 100))
    wait_for(lambda: len(stack.workers()) == 2)
    before = stack.workers()
    with contextlib.closing(stack.mysql()) as other, other.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("LOCK TABLES reservation WRITE")
        lost = pool.submit(hall.ask, 2, stack.new_client())
        wait_for_statement(stack, "Waiting for table", "")
        stack.kill("frontrow", signal.SIGHUP)
        wait_for(lambda: len(set(before) & set(stack.workers())) == 1)
        (leaving,) = set(before) & set(stack.workers())
        os.kill(leaving, signal.SIGKILL)
        wait_for(lambda: leaving not in stack.workers())
        cursor.execute("UNLOCK TABLES")
        assert lost.result(60).status == 502
    wait_for(lambda: hall.ask(2).status == 200)
