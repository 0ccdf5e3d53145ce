"""Requests that wait together share a transaction: what one hears is what it would hear by itself."""

import contextlib
import os
import signal

import pymysql
import pytest
from batches import AT_ONCE, ONE_WORKER, assert_statements, keyed, owners, paying, together, waiting
from crowd import Pending, lock_seat, lock_user, rush, transaction
from helpers import (
    Hall,
    add_token,
    age_hold,
    ask_reserve,
    charge,
    form,
    is_replayed,
    new_concert,
    new_user,
    ok,
    reserve,
)
from stack import configured, wait_for, wait_for_waiters


@pytest.fixture(scope="module")
def stack(one_worker):
    return one_worker


def asking(concert, seats, user=None, item=None, **more):
    """A call for a seat, or a list of them."""
    name = user or new_user()
    return lambda client: ask_reserve(client, name, concert, concert.item if item is None else item, seats, **more)


def test_all_get_their_seats(stack):
    concert = new_concert(stack, seats=40)
    users = [f"{new_user()}-x" for _ in range(AT_ONCE)]
    single = ok(ask_reserve(stack, users[0], concert, concert.item, 40))
    answers = together(stack, [asking(concert, n + 1, user) for n, user in enumerate(users)])
    held = [ok(answer) for answer in answers]
    assert [one["userId"] for one in held] == users
    assert [[seat["seatId"] for seat in one["seats"]] for one in held] == [[n + 1] for n in range(AT_ONCE)]
    assert owners(stack, concert) == {n + 1: user for n, user in enumerate(users)} | {40: users[0]}
    assert len({one["createdAt"] for one in held}) == 1, "they had no transaction together"
    for one, user in zip(held, users):
        assert ok(stack.get(f"/reservation/{one['reservationId']}?userId={user}")) == one
        assert list(one) == list(single)


def of_seats(count, make_calls):
    """Makes the calls of each round, of as many seats that no other round has."""
    return lambda round_: make_calls(range(1 + round_ * count, 1 + (round_ + 1) * count))


def test_a_batch_takes_as_many_statements_as_one(stack):
    """A look, the locks, the reservations, their seats, the update, the COMMIT, whatever their number."""
    for count in (1, AT_ONCE):
        concert = new_concert(stack, seats=60)
        assert_statements(stack, 6, of_seats(count, lambda seats: [asking(concert, seat) for seat in seats]))


def test_ids_that_step(new_stack):
    """As in a cluster whose nodes give ids in turn: who asks or pays with others gets the id of the own
    reservation, and of the own payment."""
    private = new_stack(**ONE_WORKER)
    with configured(private, "auto_increment_increment = 7", "auto_increment_offset = 3"):
        wait_for(lambda: private.get("/point?userId=anybody").status == 200)
        concert = new_concert(private, seats=20)
        users = [new_user() for _ in range(AT_ONCE)]
        held = [ok(answer) for answer in together(private, [
            keyed(concert, n + 1, user, f"step-{user}") for n, user in enumerate(users)])]
        assert {one["reservationId"] % 7 for one in held} == {3}
        assert len({one["createdAt"] for one in held}) == 1, "they had no transaction together"
        for one, user in zip(held, users):
            assert ok(private.get(f"/reservation/{one['reservationId']}?userId={user}")) == one
        assert owners(private, concert) == {n + 1: user for n, user in enumerate(users)}
        tokens = [add_token(private, user, concert)["token"] for user in users]
        for user in users:
            charge(private, user, concert.price)
        paid = [ok(answer) for answer in together(private, [
            paying(user, one["reservationId"], token) for user, one, token in zip(users, held, tokens)])]
        assert {one["paymentId"] % 7 for one in paid} == {3}
        assert len({one["paidAt"] for one in paid}) == 1, "they had no transaction together"
        for one, user in zip(paid, users):
            listed, = ok(private.get(f"/payment?userId={user}"))["payments"]
            assert listed == {key: one.get(key, 0) for key in listed}
    private.check_books()


def test_keys_take_two_statements_more(stack):
    concert = new_concert(stack, seats=60)
    calls = of_seats(AT_ONCE, lambda seats: [keyed(concert, n, new_user(), f"many-{n}") for n in seats])
    assert_statements(stack, 8, calls)


def test_a_seat_limit_takes_two_statements_more(stack):
    """The mutexes of all users, and what all of them hold."""
    concert = new_concert(stack, seats=60, max_seats=4)
    assert_statements(stack, 8, of_seats(AT_ONCE, lambda seats: [asking(concert, seat) for seat in seats]))


def test_of_two_who_want_one_seat_one_gets_it(stack):
    concert = new_concert(stack, seats=20)
    users = [new_user() for _ in range(4)]
    first, second, other, part = together(stack, [
        asking(concert, 5, users[0]), asking(concert, 5, users[1]), asking(concert, 6, users[2]),
        asking(concert, [6, 7], users[3])])
    assert ok(first)["userId"] == users[0] and ok(other)["userId"] == users[2]
    assert form(second) == form(asking(concert, 5)(stack.client)) and second.json()["seatIds"] == [5]
    assert form(part) == form(asking(concert, [6, 7])(stack.client)) and part.json()["seatIds"] == [6]
    assert owners(stack, concert) == {5: users[0], 6: users[2]}


def test_a_crowd_at_one_seat(stack):
    concert = new_concert(stack)
    answers = together(stack, [asking(concert, 3) for _ in range(AT_ONCE)])
    assert sorted(answer.code for answer in answers) == [""] + ["seat_taken"] * (AT_ONCE - 1)


REFUSALS = {
    "no such concert": lambda stack, concert: dict(concert=new_concert(stack), item=concert.item, seats=1),
    "no such item": lambda stack, concert: dict(concert=concert, item=999_999_999, seats=1),
    "no such seat": lambda stack, concert: dict(concert=concert, seats=[2, 999]),
    "taken": lambda stack, concert: dict(concert=concert, seats=[19, 20]),
    "bad field": lambda stack, concert: dict(concert=concert, seats=0),
    "no choice": lambda stack, concert: dict(concert=concert, seats=[]),
}


@pytest.mark.parametrize("max_seats", [None, 2])
def test_refusals_are_those_of_a_single_call(stack, max_seats):
    concert = new_concert(stack, seats=20, max_seats=max_seats)
    reserve(stack, new_user(), concert, concert.item, 20)
    refused = [asking(**make(stack, concert)) for make in REFUSALS.values()]
    good = [asking(concert, n) for n in range(1, 8)]
    calls = [call for pair in zip(good, refused) for call in pair] + good[len(refused):]
    answers = together(stack, calls)
    for name, call in zip(REFUSALS, refused):
        assert form(answers[calls.index(call)]) == form(call(stack.client)), name
        assert answers[calls.index(call)].status >= 400
    assert all(answers[calls.index(call)].status == 200 for call in good)
    assert len(owners(stack, concert)) == 1 + len(good)


def test_items_and_concerts_side_by_side(stack):
    """Each has its own transaction; one that has started is refused, its neighbours are not."""
    one, two = new_concert(stack, items=3), new_concert(stack)
    one.start(one.items[1])
    answers = together(stack, [asking(one, n, item=item) for n in (1, 2, 3) for item in one.items]
                       + [asking(two, n) for n in (1, 2, 3)])
    assert [answer.code for answer in answers] == ["", "concert_not_open", ""] * 3 + [""] * 3
    assert form(answers[1]) == form(asking(one, 9, item=one.items[1])(stack.client))


def test_limits_count_each_user(stack):
    """Who asks twice is counted twice; who has as many as allowed is refused as by itself."""
    concert = new_concert(stack, seats=20, max_seats=2)
    full, twice = new_user(), new_user()
    reserve(stack, full, concert, concert.item, [19, 20])
    answers = together(stack, [
        asking(concert, 1, full), asking(concert, [2, 3], twice), asking(concert, 4), asking(concert, 5, twice),
        asking(concert, [6, 7])])
    assert [answer.code for answer in answers] == ["seat_limit_reached", "", "", "seat_limit_reached", ""]
    assert form(answers[0]) == form(asking(concert, 1, full)(stack.client))


def wishing(concert, count=1, user=None, key=None, **wish):
    """A call for the best seats."""
    body = {"userId": user or new_user(), "concertId": concert.id, "itemId": concert.item, "count": count} | wish
    headers = {"Idempotency-Key": key} if key else {}
    return lambda client: client.post("/reservation", body, **headers)


def seats_of(answers):
    return [[seat["seatId"] for seat in ok(answer)["seats"]] for answer in answers]


def were_together(answers):
    """All were made in one transaction."""
    return len({ok(answer)["createdAt"] for answer in answers}) == 1


def test_best_available_beside_named_seats(stack):
    concert = new_concert(stack, seats=10)
    answers = together(stack, [wishing(concert, 2), asking(concert, 9), asking(concert, 10), wishing(concert, 2)])
    assert all(answer.status == 200 for answer in answers)
    assert len(owners(stack, concert)) == 6


def test_the_best_seats_go_by_the_order_of_the_calls(stack):
    """As if one came after the other."""
    concert = new_concert(stack, seats=20)
    reserve(stack, new_user(), concert, concert.item, [1, 4])
    single = ok(wishing(concert, 2)(stack.client))
    assert [seat["seatId"] for seat in single["seats"]] == [2, 3]
    users = [new_user() for _ in range(6)]
    answers = together(stack, [wishing(concert, 2, user) for user in users])
    assert seats_of(answers) == [[5, 6], [7, 8], [9, 10], [11, 12], [13, 14], [15, 16]] and were_together(answers)
    assert [list(answer.json()) for answer in answers] == [list(single)] * 6
    held = owners(stack, concert)
    assert [held[seat] for seat in range(5, 17)] == [user for user in users for _ in range(2)]


def test_best_seats_of_sixteen_take_as_many_statements_as_of_one(stack):
    """The same as for named ones, and one that lists what is free."""
    hall = Hall(stack, ("A", "1", 60, 100), maxSeatsPerUser=None)
    assert_statements(stack, 7, lambda _: [wishing(hall) for _ in range(AT_ONCE)])


def test_different_wishes_have_a_transaction_each(stack):
    hall = Hall(stack, ("A", "1", 10, 300), ("B", "1", 10, 200))
    calls = [wishing(hall, 2), wishing(hall, 1), wishing(hall, 2), wishing(hall, 1), wishing(hall, 2, section="B"),
             wishing(hall, 2, maxPrice=200), wishing(hall, 2, section="B"), wishing(hall, 2, maxPrice=200)]
    answers = together(stack, calls)
    assert sorted(sum(seats_of(answers), [])) == [1, 2, 3, 4, 5, 6, *range(11, 19)]
    for first, second in ((0, 2), (1, 3), (4, 6), (5, 7)):
        assert were_together([answers[first], answers[second]])


def test_more_wishes_than_seats(stack):
    """Who comes last is refused as by itself, and what is left is not adjacent."""
    concert = new_concert(stack, seats=7)
    reserve(stack, new_user(), concert, concert.item, 2)
    answers = together(stack, [wishing(concert, 2) for _ in range(5)])
    assert seats_of(answers[:3]) == [[3, 4], [5, 6], [1, 7]]
    assert [answer.code for answer in answers[3:]] == ["seats_not_available"] * 2
    assert form(answers[3]) == form(wishing(concert, 2)(stack.client))
    assert all(answer.code == "seats_not_available" for answer in together(stack, [wishing(concert)] * 3))


def test_a_lapsed_hold_and_a_locked_seat_are_for_single_calls(stack):
    concert = new_concert(stack, seats=12)
    age_hold(stack, reserve(stack, new_user(), concert, concert.item, 3)["reservationId"], 301)
    with lock_seat(stack, concert.item, 5):
        answers = together(stack, [wishing(concert, 2) for _ in range(4)])
        assert len(set(sum(seats_of(answers), []))) == 8
        assert all(5 not in seats for seats in seats_of(answers))
    assert {1, 2, 3, 4} <= set(owners(stack, concert))


def test_wishes_with_keys_and_limits(stack):
    concert = new_concert(stack, seats=20, max_seats=2)
    full = new_user()
    reserve(stack, full, concert, concert.item, [19, 20])
    calls = [wishing(concert, 2, key=f"best-{n}") for n in range(4)] + [wishing(concert, 2, full)]
    answers = together(stack, calls)
    assert seats_of(answers[:4]) == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert form(answers[4]) == form(calls[4](stack.client)) and answers[4].code == "seat_limit_reached"
    for call, answer in zip(calls[:4], answers):
        again = call(stack.client)
        assert is_replayed(again) and again.body == answer.body


def test_other_routes_beside_it(stack):
    concert = new_concert(stack, seats=10)
    user = new_user()
    answers = together(stack, [
        asking(concert, 1), asking(concert, 2), lambda client: client.get(f"/point?userId={user}"),
        asking(concert, 3), asking(concert, 4)])
    assert [answer.status for answer in answers] == [200] * 5 and answers[2].json()["balance"] == 0


def test_another_route_waits_for_no_lock(stack):
    """It came into the same hands, but only what goes together is answered before it."""
    concert = new_concert(stack, seats=10)
    user = new_user()
    with transaction(stack, "SELECT * FROM seat WHERE item_id = %s AND seat_no <= 2 FOR UPDATE", concert.item):
        with waiting(stack, [asking(concert, 1), asking(concert, 2),
                             lambda client: client.get(f"/point?userId={user}")]) as pending:
            pass
        assert pending[2].result(60).status == 200
        assert not pending[0].done() and not pending[1].done()
    assert [pending[n].result(60).status for n in (0, 1)] == [200] * 2


def test_who_has_colleagues_at_rest_takes_no_more_than_one(new_stack):
    pair = new_stack(**ONE_WORKER | {"workers": 2})
    concert = new_concert(pair, seats=10)
    user = new_user()
    with lock_seat(pair, concert.item, 1):
        with waiting(pair, [asking(concert, 1), lambda client: client.get(f"/point?userId={user}")]) as pending:
            os.kill(pair.workers()[0], signal.SIGCONT)
            wait_for_waiters(pair, 1)
        assert pending[1].result(60).status == 200
        assert not pending[0].done()
    assert pending[0].result(60).status == 200


def test_tokens_of_a_queue(stack):
    """Each is looked at; who has none that is active is refused."""
    concert = new_concert(stack, seats=10, capacity=2)
    users = [new_user() for _ in range(3)]
    tokens = [add_token(stack, user, concert)["token"] for user in users]
    answers = together(stack, [
        asking(concert, n + 1, user, token=token) for n, (user, token) in enumerate(zip(users, tokens))
    ] + [asking(concert, 4)])
    assert [answer.code for answer in answers] == ["", "", "token_not_active", "token_missing"]
    concert.set(idle_seconds=60, admission_capacity=3)
    ok(stack.get("/token", **{"X-Queue-Token": tokens[2]}))
    answers = together(stack, [
        asking(concert, n + 5, user, token=token) for n, (user, token) in enumerate(zip(users, tokens))])
    assert [answer.status for answer in answers] == [200] * 3


def test_keys(stack):
    """A repetition in the same batch, of an earlier call, and of another one; and all of them later."""
    concert = new_concert(stack, seats=20)
    users = [new_user() for _ in range(5)]
    earlier = keyed(concert, 1, users[0], "earlier")
    before = earlier(stack.client)
    good = [keyed(concert, n, users[n], "k") for n in (2, 3, 4)]
    answers = together(stack, [
        earlier, good[0], good[0], keyed(concert, 9, users[0], "earlier"), good[1], good[2],
        keyed(concert, 2, users[1], "late")])
    again, first, repeated, other, *rest, late = answers
    assert is_replayed(again) and again.body == before.body
    assert first.status == 200 and repeated.body == first.body and is_replayed(first) != is_replayed(repeated)
    assert other.code == "idempotency_key_reused" and late.code == "seat_taken"
    assert [ok(answer)["userId"] for answer in rest] == users[3:]
    for call, answer in zip(good, [first, *rest]):
        later = call(stack.client)
        assert is_replayed(later) and later.body == answer.body
    assert len(owners(stack, concert)) == 4


def test_a_key_of_a_call_that_was_left_out(stack):
    """Refused or kept waiting inside, a call goes by itself with its key, and leaves none behind."""
    concert = new_concert(stack, seats=20, max_seats=2)
    full, late = new_user(), new_user()
    reserve(stack, full, concert, concert.item, [19, 20])
    calls = [keyed(concert, 1, new_user(), "one"), keyed(concert, 2, full, "full"), keyed(concert, 3, late, "late"),
             keyed(concert, 4, new_user(), "two")]
    with lock_seat(stack, concert.item, 3):
        with waiting(stack, calls) as pending:
            pass
        first, refused, last = (pending[n].result(60) for n in (0, 1, 3))
        assert (first.code, refused.code, last.code) == ("", "seat_limit_reached", "")
    held = pending[2].result(60)
    assert ok(held)["userId"] == late
    for call, answer in zip(calls, [first, refused, held, last]):
        again = call(stack.client)
        assert again.body == answer.body and is_replayed(again) == (answer.status == 200)


def test_a_locked_seat_is_waited_for_by_its_buyer_only(stack):
    concert = new_concert(stack, seats=10)
    with lock_seat(stack, concert.item, 2):
        with waiting(stack, [asking(concert, n) for n in (1, 2, 3, 4)]) as pending:
            pass
        assert [pending[n].result(60).status for n in (0, 2, 3)] == [200] * 3
        assert not pending[1].done()
    assert pending[1].result(60).status == 200


def test_who_is_refused_does_not_wait_for_the_others(stack):
    concert = new_concert(stack, seats=10)
    reserve(stack, new_user(), concert, concert.item, 2)
    with transaction(stack, "LOCK TABLES reservation WRITE"):
        with waiting(stack, [asking(concert, n) for n in (1, 2, 3)]) as pending:
            pass
        assert pending[1].result(60).code == "seat_taken"
        assert not pending[0].done() and not pending[2].done()
    assert [pending[n].result(60).status for n in (0, 2)] == [200] * 2


def test_a_locked_user_holds_nobody_up_for_long(stack):
    """After the wait for a lock each goes by itself."""
    concert = new_concert(stack, seats=10, max_seats=4)
    users = sorted(new_user() for _ in range(4))
    reserve(stack, users[2], concert, concert.item, 10)
    with lock_user(stack, concert, users[2]):
        with waiting(stack, [asking(concert, n + 1, user) for n, user in enumerate(users)]) as pending:
            pass
        assert [pending[n].result(60).status for n in (0, 1)] == [200] * 2
    assert {call.result(60).status for call in pending} <= {200, 503}
    assert set(owners(stack, concert).values()) >= {users[0], users[1]}


def test_a_deadlock_is_tried_again_by_each(stack):
    concert = new_concert(stack, seats=10, max_seats=4)
    users = sorted(new_user() for _ in range(4))
    for n, user in enumerate(users):
        reserve(stack, user, concert, concert.item, 10 - n)
    lock = "UPDATE seat_quota SET touched = touched ^ 1 WHERE concert_id = %s AND user_id = %s"
    connection = stack.mysql()
    with contextlib.closing(connection), connection.cursor() as cursor:
        connection.begin()
        cursor.execute(lock, (concert.id, users[3]))
        with waiting(stack, [asking(concert, n + 1, user) for n, user in enumerate(users)]) as pending:
            pass
        wait_for_waiters(stack, 1)
        with contextlib.suppress(pymysql.Error):  # one of the two is the victim
            cursor.execute(lock, (concert.id, users[0]))
        connection.rollback()
    assert [call.result(60).status for call in pending] == [200] * 4


def test_eight_workers_that_are_stuck_keep_nobody(patient):
    """No more answer such calls at a time, but who waits for them does so for a moment."""
    concert = new_concert(patient, seats=20)
    stuck = []
    with transaction(patient, "SELECT * FROM seat WHERE item_id = %s AND seat_no <= 8 FOR UPDATE", concert.item):
        for seat in range(1, 9):
            stuck.append(Pending(patient, asking(concert, seat)))
            wait_for_waiters(patient, seat)
        others = rush(patient, [asking(concert, seat) for seat in range(9, 17)])
        assert others.statuses == {200: 8}
        assert not any(call.done for call in stuck)
    assert [call.answer().status for call in stuck] == [200] * 8
    assert len(owners(patient, concert)) == 16
