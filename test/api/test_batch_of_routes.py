"""Calls of several routes that wait together: each route has a transaction of its own, in the order of their calls."""

import pytest
from batches import AT_ONCE, assert_statements, changing, paying, together, waiting
from crowd import lock_purse
from helpers import add_token, ask_reserve, balance, charge, new_concert, new_user, ok, reserve


@pytest.fixture(scope="module")
def stack(one_worker):
    return one_worker


def adding(concert, user):
    return lambda client: client.post("/token/add", {"userId": user, "concertId": concert.id})


def reserving(concert, user):
    item, seat = concert.free_seat()
    return lambda client: ask_reserve(client, user, concert, item, seat)


def buying(stack, concert):
    """The payment of a new user, who has a hold and the points for it."""
    user = new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    charge(stack, user, held["totalPrice"])
    return paying(user, held["reservationId"], token)


def rounds(stack, concert, count):
    """In turn an add, a reservation, a charge and a payment, each of another user."""
    for _ in range(count):
        yield adding(concert, new_user())
        yield reserving(concert, new_user())
        yield changing("charge", new_user(), 700)
        yield buying(stack, concert)


@pytest.mark.parametrize("each", [2, AT_ONCE // 2])
def test_each_route_takes_as_many_statements_as_by_itself(stack, each):
    """Five for the adds, six for the reservations, seven for new purses, nine for the payments."""
    concert = new_concert(stack, seats=200)
    assert_statements(stack, 5 + 6 + 7 + 9, lambda _: list(rounds(stack, concert, each)))


def test_every_one_gets_its_own_answer(stack):
    """Of more of each route than go together."""
    concert = new_concert(stack)
    users = [new_user() for _ in range(AT_ONCE + 2)]
    calls = [call for user in users for call in (adding(concert, user), changing("charge", user, 700))]
    answers = [ok(answer) for answer in together(stack, calls)]
    assert [answer["userId"] for answer in answers[0::2]] == users == [answer["userId"] for answer in answers[1::2]]
    assert len({answer["token"] for answer in answers[0::2]}) == len(users)
    assert [answer["balance"] for answer in answers[1::2]] == [700] * len(users)


def test_what_goes_by_itself_waits_for_no_lock(stack):
    """It is answered after all that goes together, before whoever has to wait."""
    concert = new_concert(stack, seats=20)
    user, late, other = new_user(), new_user(), new_user()
    charge(stack, late, 5)
    calls = [changing("charge", late, 5), adding(concert, new_user()), changing("charge", other, 5),
             reserving(concert, new_user()), adding(concert, new_user()), lambda client: client.get(f"/point?userId={user}")]
    with lock_purse(stack, late):
        with waiting(stack, calls) as pending:
            pass
        assert [pending[n].result(60).status for n in (1, 3, 4, 5)] == [200] * 4
        assert not pending[0].done()
    assert [answer.result(60).status for answer in pending] == [200] * 6
    assert balance(stack, late) == 10


def test_one_user_in_all_of_them(stack):
    """Each call finds what those before it in the same hands have changed."""
    concert = new_concert(stack, seats=20, price=300)
    user, other = new_user(), new_user()
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    calls = [changing("charge", user, 300), changing("charge", other, 1),
             paying(user, held["reservationId"], token), buying(stack, concert),
             reserving(concert, user), reserving(concert, other)]
    answers = together(stack, calls)
    assert [answer.status for answer in answers] == [200] * 6
    assert ok(answers[2])["balance"] == 0 == balance(stack, user)
