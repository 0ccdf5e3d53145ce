"""GET /concert where there are so many seats that counting them all takes long."""

import time

import pytest
from helpers import new_concert, ok
from stack import wait_for

HALLS, SEATS = 48, 25_000


@pytest.fixture(scope="module")
def large(new_stack):
    """A stack with halls of which all together take more than 100 ms to count; [concertId]."""
    stack = new_stack(workers=2)
    first = new_concert(stack, seats=1000)
    stack.query(
        "INSERT INTO seat (item_id, seat_no, price, section, row_name, label) SELECT item_id, seat_no + 1000 * n, price,"
        " section, n, label FROM seat, (WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %s)"
        " SELECT n FROM c) c WHERE item_id = %s", SEATS // 1000 - 1, first.item)
    concerts = [first, *(new_concert(stack, seats=0) for _ in range(HALLS - 1))]
    for concert in concerts[1:]:
        stack.query(
            "INSERT INTO seat (item_id, seat_no, price, section, row_name, label) SELECT %s, seat_no, price, section,"
            " row_name, label FROM seat WHERE item_id = %s", concert.item, first.item)
    stack.query("UPDATE item SET seat_count = %s WHERE item_id >= %s", SEATS, first.item)
    return stack, concerts


def seats_read(stack):
    return int(stack.query("SHOW GLOBAL STATUS LIKE 'Handler_read_next'")[0]["Value"])


def listed(stack):
    """Seats, available and held ones by concert."""
    names = ("seatCount", "availableCount", "heldCount")
    return {row["concertId"]: tuple(row[name] for name in names) for row in ok(stack.fresh("/concert"))["concerts"]}


def test_what_was_counted_is_remembered(large):
    stack, concerts = large
    expected = {concert.id: (SEATS, SEATS, 0) for concert in concerts}
    assert {concert: counts for concert, counts in listed(stack).items() if concert in expected} == expected
    before = seats_read(stack)
    for _ in range(20):
        assert expected.items() <= listed(stack).items()
    assert seats_read(stack) - before < 20 * HALLS * SEATS / 2, "not all of them each time"


def test_no_count_is_old(large):
    """A hall that sells, one that is held, and one that is made meanwhile; a concert by itself is counted at once."""
    stack, concerts = large
    sold, held = concerts[0], concerts[-1]
    listed(stack)
    stack.query("UPDATE seat SET status = 'sold', reservation_id = 1 WHERE item_id = %s AND seat_no <= 5", sold.item)
    stack.query("UPDATE seat SET status = 'held', reservation_id = 1, held_until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"
                " WHERE item_id = %s", held.item)
    made = new_concert(stack, seats=3)
    wait_for(lambda: listed(stack)[made.id] == (3, 3, 0))  # it is made seat by seat, and may be counted in between
    assert ok(stack.fresh(sold.path))["availableCount"] == SEATS - 5
    wait_for(lambda: listed(stack)[held.id] == (SEATS, 0, SEATS), seconds=12, step=0.5)
    wait_for(lambda: listed(stack)[sold.id] == (SEATS, SEATS - 5, 0), seconds=12, step=0.5)


def test_counts_are_refreshed_between_requests(large, long):
    """So that who asks next finds them, though nobody asked meanwhile, for more than a minute even."""
    stack, _ = large
    for quiet in (0, 65 if long else 12):
        listed(stack)
        time.sleep(quiet)
        before = seats_read(stack)
        wait_for(lambda: seats_read(stack) - before > HALLS * SEATS, seconds=30)
    before = seats_read(stack)
    listed(stack)
    assert seats_read(stack) - before < HALLS * SEATS / 2, "not all of them for who comes then"
