"""The queue with a draw, in the library itself: state in, calls, state out (rules 11 and 12 of queue.lua)."""

import pytest
from queue_library import ACTIVE, LEASE, WAITING, Place, new_queues


@pytest.fixture
def queue(server):
    """Makes queues with a draw that opens in an hour."""
    with new_queues(server, draw=1, freezes_ms=3_500_000, opens_ms=3_600_000) as make:
        yield make


def frozen(one):
    """Whether it is, the last number that is in, the last with a rank."""
    return tuple(one.call("state")[12:15])


def backwards(places):
    """The last to come is the first."""
    return [(place.token, len(places) - i) for i, place in enumerate(places)]


def drawn(one, count):
    """That many came, were frozen and got their ranks, backwards."""
    places = [one.add(f"u{i}") for i in range(1, count + 1)]
    one.freezes_ms = 0
    assert one.rank(0, count, backwards(places)) == count
    return places


def test_nobody_is_called_before_the_opening(queue):
    one = queue(draw=0, opens_ms=1)
    a = one.add("a")
    assert (a.state, one.status(a).state) == (WAITING, WAITING)
    one.opens_ms = 0
    assert one.status(a).state == ACTIVE
    assert one.add("b").shown == 2


def test_a_place_given_back_before_the_opening_calls_nobody(queue):
    """A payment gives it back without the settings: it cannot tell when the concert opens."""
    one = queue(draw=0, opens_ms=1000)
    a = one.add("a")
    one.version, one.opens_ms = 0, 0
    one.drop()
    one.version, one.opens_ms = 1, 1000
    assert one.status(a).state == WAITING


def test_a_number_is_not_shown_before_the_opening(queue):
    one = queue()
    a = one.add("a")
    assert (a.number, a.shown, a.position, a.eta, a.eta_high, a.poll) == (1, 0, 0, -1, -1, 1)
    one.freezes_ms = 0
    assert one.rank(0, 1, [(a.token, 1)]) == 1
    assert one.status(a).shown == 0
    one.capacity, one.version, one.opens_ms = 0, 2, 0
    now = one.status(a)
    assert (now.state, now.shown, now.position) == (WAITING, 1, 1)


def test_a_closed_queue_shows_the_numbers_and_calls_nobody(queue):
    one = queue(capacity=1)
    places = drawn(one, 3)
    one.closed = 1
    assert [one.status(place).shown for place in places] == [0, 0, 0]
    one.opens_ms = 0
    assert [(one.status(place).state, one.status(place).shown) for place in places] == [
        (WAITING, 3), (WAITING, 2), (WAITING, 1)]
    one.closed = 0
    assert one.status(places[2]).state == ACTIVE


def test_settings_from_before_a_change_show_the_numbers(queue):
    """The opening does not move any more when the ranks are drawn."""
    one = queue(capacity=0, opens_ms=0)
    (place,) = drawn(one, 1)
    one.set()
    one.status(place)
    one.version -= 1
    assert one.status(place).shown == 1


def test_the_first_call_that_is_due_freezes(queue):
    one = queue(capacity=0)
    one.add("a"), one.add("b")
    assert frozen(one) == (0, 0, 0)
    one.freezes_ms = 1
    one.add("c")
    assert frozen(one) == (0, 0, 0)
    one.freezes_ms = 0
    d = one.add("d")  # this call itself finds it
    assert d.number == 4
    assert frozen(one) == (1, 3, 0)
    one.freezes_ms = 99999  # once is for ever
    one.add("e")
    assert frozen(one) == (1, 3, 0)


def test_settings_from_before_a_change_neither_freeze_nor_call(queue):
    one = queue()
    a = one.add("a")
    one.set()
    one.status(a)
    one.version, one.freezes_ms, one.opens_ms = 1, -1, -1
    assert frozen(one) == (0, 0, 0)
    one.version = 2
    assert frozen(one) == (1, 1, 0)
    assert one.rank(0, 1, [(a.token, 1)]) == 1
    one.version = 1
    assert one.status(a).state == WAITING
    one.version = 2
    assert one.status(a).state == ACTIVE


def test_ranks_are_the_order(queue):
    one = queue(capacity=0)
    places = drawn(one, 5)
    late = one.add("late")
    one.opens_ms = 0
    assert [one.status(place).shown for place in places] == [5, 4, 3, 2, 1]
    assert one.status(late).shown == 6
    one.set(capacity=2)
    assert [one.status(place).state for place in places] == [WAITING] * 3 + [ACTIVE] * 2
    assert one.state() == (2, 6, 4, 2)
    assert [one.status(place).position for place in (*places, late)] == [3, 2, 1, 0, 0, 4]
    one.leave(places[4])
    assert [one.status(place).state for place in places[:4]] == [WAITING] * 2 + [ACTIVE] * 2


def test_nobody_is_called_until_all_ranks_are_there(queue):
    one = queue(capacity=9)
    places = [one.add(f"u{i}") for i in range(4)]
    one.freezes_ms = one.opens_ms = -1
    late = one.add("late")
    ranks = backwards(places)
    assert [one.status(place).state for place in (*places, late)] == [WAITING] * 5
    assert one.rank(0, 2, ranks[:2], last=4) == 2
    assert [one.status(place).shown for place in (*places, late)] == [0] * 5
    assert one.rank(0, 2, ranks[:2], last=4) == 2  # again: somebody else was quicker
    assert one.rank(3, 4, ranks[3:]) == 2  # one that does not follow
    assert one.rank(2, 4, ranks[2:]) == 4
    assert [one.status(place).state for place in (*places, late)] == [ACTIVE] * 5


def test_who_is_in_is_what_the_ranks_come_with(queue):
    one = queue(capacity=9)
    places = [one.add(f"u{i}") for i in range(3)]
    one.freezes_ms = one.opens_ms = -1
    assert frozen(one) == (1, 3, 0)
    assert one.rank(0, 2, backwards(places[:2])) == 2
    assert frozen(one) == (1, 2, 2)
    assert [one.status(place).shown for place in places] == [2, 1, 3]
    assert [one.status(place).state for place in places] == [ACTIVE] * 3


def test_ranks_are_not_taken_before_the_freeze(queue):
    one = queue()
    a = one.add("a")
    assert one.rank(0, 1, [(a.token, 1)]) == 0
    assert frozen(one) == (0, 0, 0)


def test_a_rank_of_nobody(queue):
    """Tokens that ended, or that Redis never had."""
    one = queue(capacity=0)
    a, b = one.add("a"), one.add("b")
    one.leave(a)
    one.drop(a)
    one.freezes_ms = 0
    assert one.rank(0, 2, [(a.token, 1), (b.token, 2)]) == 2
    one.opens_ms = 0
    now = one.status(b)
    assert (now.shown, now.position) == (2, 2)


def test_an_empty_draw(queue):
    one = queue(freezes_ms=-1, opens_ms=0)
    a = one.add("a")
    assert (a.state, a.shown) == (ACTIVE, 1)


def test_the_missed_keep_their_rank(queue):
    one = queue(capacity=1, show_up_ms=4000)
    a, b = drawn(one, 2)
    one.opens_ms = 0
    one.pass_ms(16_000)
    a = one.status(a)  # the other one, who is first, is not there
    assert (a.state, a.shown) == (ACTIVE, 2)
    b = one.status(b)
    assert (b.state, b.shown, b.position) == (WAITING, 1, 1)
    one.leave(a)
    assert one.status(b).state == ACTIVE


def test_the_first_are_told_to_come_at_the_opening(queue):
    one = queue(capacity=2, max_waiting=10**6)
    places = drawn(one, 4)
    one.opens_ms = 90_001
    told = [one.status(place).poll for place in places]
    assert told == [1, 1, 91, 91]
    one.pass_ms(91_000)  # they obey, and were neither skipped nor missed
    one.opens_ms = -1
    assert [one.status(place).state for place in reversed(places)] == [ACTIVE] * 2 + [WAITING] * 2


def test_who_does_not_know_a_rank_asks_as_the_last_do(queue):
    one = queue(capacity=0, max_waiting=10**6)
    one.run_id = "another"
    rows = [(f"{i:016}".encode(), f"u{i}", i, 0) for i in range(1, 4001)]
    for start in range(0, 4000, 2000):
        status = one.call("rebuild", "b", 0, 0, 0, 0, 0)[0]
        assert status == "LOAD"
        one.load(rows[start:start + 2000])
    one.raw("rebuilt", "b", 4000, 0)
    polls = {Place(one.call("status", rows[i][0], "")).poll for i in range(0, 4000, 100)}
    assert polls == {3}  # 4,000 wait


# ---- Redis lost


def test_a_rebuild_with_ranks(queue):
    one = queue(capacity=0, freezes_ms=-1, opens_ms=0)
    one.run_id = "another"
    rows = [(f"{i:016}".encode(), f"u{i}", i, 0, rank) for i, rank in ((1, 3), (2, 1), (3, 2), (4, 0))]
    assert one.rebuild(rows, last=4, frozen=(1, 3, 3)) == "LOAD"
    assert frozen(one) == (1, 3, 3)
    shown = [Place(one.call("status", row[0], "")).shown for row in rows]
    assert shown == [3, 1, 2, 4]


def test_a_rebuild_before_the_ranks(queue):
    one = queue(capacity=0, freezes_ms=-1, opens_ms=5000)
    one.run_id = "another"
    rows = [(f"{i:016}".encode(), f"u{i}", i, 0) for i in (1, 2, 3)]
    assert one.rebuild(rows, last=3, frozen=(1, 2, 0)) == "LOAD"
    assert frozen(one) == (1, 2, 0)
    assert one.rank(0, 2, [(rows[0][0], 2), (rows[1][0], 1)]) == 2
    one.opens_ms = 0
    assert [Place(one.call("status", row[0], "")).shown for row in rows] == [2, 1, 3]


def test_who_comes_after_a_rebuild_is_behind_all_that_are_in(queue):
    """Also where the last that are in have no row: their adds were answered 503."""
    one = queue(capacity=0, freezes_ms=-1)
    one.run_id = "another"
    assert one.rebuild([(b"t" * 16, "u", 1, 0)], last=1, frozen=(1, 3, 0)) == "LOAD"
    assert one.add("late").number == 4


def test_a_rebuild_before_the_freeze(queue):
    one = queue()
    one.run_id = "another"
    assert one.rebuild([(b"t" * 16, "u", 1, 0)], last=1) == "LOAD"
    assert frozen(one) == (0, 0, 0)
    one.freezes_ms = 0
    assert frozen(one) == (1, 1, 0)


def test_who_was_told_to_come_at_the_opening_is_not_skipped_after_a_rebuild(queue):
    one = queue(capacity=1, freezes_ms=-1, opens_ms=60_000)
    one.run_id = "another"
    rows = [(f"{i:016}".encode(), f"u{i}", i, 0, rank) for i, rank in ((1, 2), (2, 1))]
    assert one.rebuild(rows, last=2, frozen=(1, 2, 2)) == "LOAD"
    one.pass_ms(60_000)
    one.opens_ms = 0
    assert one.state() == (1, 2, 1, 1)  # called, not passed by
    assert Place(one.call("status", rows[1][0], "")).state == ACTIVE
    one.call("saved", rows[1][0], LEASE)


def test_a_token_that_is_put_back_has_its_rank(queue):
    one = queue(capacity=0)
    a, b = drawn(one, 2)
    one.drop(a)
    assert one.restore(a.token, "u1", 1) == "BUSY"  # MySQL was read before it was drawn
    assert one.restore(a.token, "u1", 1, rank=2) == "OK"
    assert one.restore(b"o" * 16, "open", 0, lease_ms=1000) == "OK"
    one.opens_ms = 0
    assert [one.status(place).shown for place in (a, b)] == [2, 1]
