"""Payments that wait together share a transaction: what one hears is what it would hear by itself."""

import contextlib
from itertools import count

import pymysql
import pytest
from batches import AT_ONCE, assert_statements, paying, together, waiting
from crowd import expire_in, lock_purse, lock_reservation, lock_seat, lock_user, transaction
from helpers import (
    add_token,
    age_hold,
    balance,
    charge,
    form,
    is_replayed,
    new_concert,
    new_user,
    ok,
    reserve,
    seat_status,
)
from stack import wait_for, wait_for_waiters

_numbers = count(1)


@pytest.fixture(scope="module")
def stack(one_worker):
    return one_worker


class Buyer:
    """A user who holds seats and has what they cost, and `spare` points."""

    def __init__(self, stack, concert, *, user=None, seats=1, spare=0, item=None, token=True):
        self.user = user or new_user()
        self.token = add_token(stack, self.user, concert)["token"] if token else None
        places = [concert.free_seat() for _ in range(seats)]
        with_token = {"token": self.token} if token else {}
        self.held = reserve(stack, self.user, concert, item or places[0][0], [seat for _, seat in places], **with_token)
        self.id = self.held["reservationId"]
        self.price = self.held["totalPrice"]
        if self.price + spare:
            charge(stack, self.user, self.price + spare)

    def pay(self, **other):
        """A call."""
        return paying(**{"user": self.user, "reservation_id": self.id, "token": self.token} | other)


def new_buyers(stack, concert, count, **more):
    return [Buyer(stack, concert, **more) for _ in range(count)]


def pays(buyers):
    return [buyer.pay() for buyer in buyers]


def codes(answers):
    return [answer.code for answer in answers]


def rows(stack, buyer):
    """What MySQL has of a buyer's reservation: its status, seats sold, payments, points moved."""
    row, = stack.query(
        "SELECT r.status, (SELECT COUNT(*) FROM seat s WHERE s.item_id = r.item_id AND s.status = 'sold'"
        " AND s.reservation_id = r.reservation_id) AS sold,"
        " (SELECT COUNT(*) FROM payment p WHERE p.reservation_id = r.reservation_id) AS payments,"
        " (SELECT SUM(amount) FROM point_history h WHERE h.reservation_id = r.reservation_id) AS moved"
        " FROM reservation r WHERE r.reservation_id = %s", buyer.id)
    return row["status"], row["sold"], row["payments"], row["moved"]


def assert_paid(stack, buyers, answers):
    for buyer, answer in zip(buyers, answers, strict=True):
        paid = ok(answer)
        assert (paid["userId"], paid["reservationId"], paid["amount"]) == (buyer.user, buyer.id, buyer.price)
        assert rows(stack, buyer) == ("paid", len(buyer.held["seats"]), 1, -buyer.price)
        listed = ok(stack.get(f"/payment?userId={buyer.user}"))["payments"]
        assert {key: paid.get(key, 0) for key in listed[0]} in listed
        entry = ok(stack.get(f"/point/history?userId={buyer.user}&limit=1"))["history"][0]
        assert (entry["kind"], entry["amount"], entry["reservationId"]) == ("payment", -buyer.price, buyer.id)
        assert entry["balanceAfter"] == paid["balance"] == balance(stack, buyer.user)


def test_all_get_their_payments(stack):
    """With one to eight seats each, and something left in the purse of some."""
    concert = new_concert(stack, seats=60)
    single = Buyer(stack, concert)
    alone = ok(single.pay()(stack.client))
    buyers = [Buyer(stack, concert, seats=n % 5 + 1, spare=7 * (n % 3)) for n in range(AT_ONCE)]
    buyers[3] = Buyer(stack, concert, seats=8)
    answers = together(stack, pays(buyers))
    assert_paid(stack, buyers, answers)
    assert len({ok(answer)["paidAt"] for answer in answers}) == 1, "they had no transaction together"
    assert len({ok(answer)["paymentId"] for answer in answers}) == AT_ONCE
    assert all(list(ok(answer)) == list(alone) for answer in answers)
    assert form(together(stack, pays(new_buyers(stack, concert, 2)))[0]) == form(Buyer(stack, concert).pay()(stack.client))


def test_a_batch_takes_as_many_statements_as_one(stack):
    """A look, the holds with their seats, the tokens, the purses, the sale, payments, balances, ledger, COMMIT."""
    concert = new_concert(stack, seats=120)
    for size in (1, AT_ONCE):
        assert_statements(stack, 9, lambda _: pays(new_buyers(stack, concert, size, seats=2)))


def test_of_other_concerts_too(stack):
    """And of several items: one transaction has them all."""
    concerts = [new_concert(stack, items=2, seats=6, price=price) for price in (100, 200, 300)]

    def calls(_):
        return pays(Buyer(stack, concert, item=item) for concert in concerts for item in concert.items)

    assert_statements(stack, 9, calls)


def test_keys_take_two_statements_more(stack):
    concert = new_concert(stack, seats=60)

    def calls(_):
        return [buyer.pay(key=f"many-{next(_numbers)}") for buyer in new_buyers(stack, concert, AT_ONCE)]

    assert_statements(stack, 11, calls)


def test_a_seat_limit_takes_a_statement_more(stack):
    """The mutexes of all users, also where only one concert has a limit."""
    limited, other = new_concert(stack, seats=60, max_seats=4), new_concert(stack, seats=60)

    def calls(_):
        return pays(new_buyers(stack, limited, 8) + new_buyers(stack, other, 8))

    assert_statements(stack, 10, calls)


def test_a_queue_takes_one_statement_more(stack):
    """The tokens are locked, without a wait, before they are ended, and Redis hears of all by one call, after the answers."""
    concert = new_concert(stack, seats=80, capacity=100)
    assert_statements(stack, 10, lambda _: pays(new_buyers(stack, concert, AT_ONCE)))

    def calls_of_redis():
        with contextlib.closing(stack.redis()) as redis:
            return redis.info("commandstats").get("cmdstat_fcall", {"calls": 0})["calls"]

    buyers = new_buyers(stack, concert, AT_ONCE)
    wait_for(lambda: stack.connections_to_workers() == 0)
    before = calls_of_redis()
    assert_paid(stack, buyers, together(stack, pays(buyers)))
    wait_for(lambda: calls_of_redis() > before)  # Redis is told after the answers
    assert ok(stack.fresh(f"/concert/{concert.id}/queue"))["active"] == 0
    assert calls_of_redis() - before == 2, "one for the tokens, one for the queue"


def test_points_that_do_not_suffice(stack):
    """The balance is told as by itself; who has exactly enough has nothing left."""
    concert = new_concert(stack)
    buyers = new_buyers(stack, concert, 4)
    poor = buyers[1]
    ok(stack.post("/point/use", {"userId": poor.user, "amount": 1}))
    answers = together(stack, pays(buyers))
    assert codes(answers) == ["", "insufficient_points", "", ""]
    assert form(answers[1]) == form(poor.pay()(stack.client)) and answers[1].json()["balance"] == poor.price - 1
    assert rows(stack, poor) == ("held", 0, 0, None)
    charge(stack, poor.user, 1)
    assert ok(poor.pay()(stack.client))["balance"] == 0


def test_who_never_had_points(stack):
    """No purse is there: it is made where the seat is free, as by itself."""
    free, dear = new_concert(stack, price=0), new_concert(stack)
    buyers = [Buyer(stack, free), Buyer(stack, free), Buyer(stack, dear), Buyer(stack, free)]
    poor = new_user()
    held = reserve(stack, poor, dear)
    token = add_token(stack, poor, dear)["token"]
    answers = together(stack, pays(buyers) + [paying(poor, held["reservationId"], token)])
    assert_paid(stack, buyers, answers[:4])
    assert answers[4].code == "insufficient_points" and answers[4].json()["balance"] == 0


def lapsed(stack, concert):
    buyer = Buyer(stack, concert)
    age_hold(stack, buyer.id, 400)
    return buyer.pay()


def already_paid(stack, concert):
    buyer = Buyer(stack, concert, spare=1000)
    ok(buyer.pay()(stack.client))
    return buyer.pay()


def given_back(stack, concert):
    buyer = Buyer(stack, concert)
    ok(stack.call("DELETE", f"/reservation/{buyer.id}?userId={buyer.user}"))
    return buyer.pay()


def taken_over(stack, concert):
    """The hold is over, and its seat is the next buyer's."""
    buyer = Buyer(stack, concert)
    age_hold(stack, buyer.id, 400)
    reserve(stack, new_user(), concert, buyer.held["itemId"], buyer.held["seats"][0]["seatId"])
    return buyer.pay()


def of_a_cancelled_concert(stack, _):
    concert = new_concert(stack)
    buyer = Buyer(stack, concert)
    concert.set(status="'cancelled'")
    return buyer.pay()


def with_the_token_of(other_concert, other_user):
    def make(stack, concert):
        buyer = Buyer(stack, concert)
        user = new_user() if other_user else buyer.user
        return buyer.pay(token=add_token(stack, user, new_concert(stack) if other_concert else concert)["token"])

    return make


def with_a_token_that_was_left(stack, concert):
    buyer = Buyer(stack, concert)
    assert stack.call("DELETE", "/token", headers={"X-Queue-Token": buyer.token}).status == 204
    return buyer.pay()


REFUSALS = {
    "token_missing": lambda stack, concert: Buyer(stack, concert).pay(token=None),
    "token_missing ": lambda stack, concert: paying(new_user(), 10**12, None),
    "reservation_not_found": lambda stack, concert: Buyer(stack, concert).pay(reservation_id=10**12),
    "forbidden": lambda stack, concert: Buyer(stack, concert).pay(user=new_user()),
    "already_paid": already_paid,
    "reservation_cancelled": given_back,
    "reservation_cancelled ": of_a_cancelled_concert,
    "hold_expired": lapsed,
    "hold_expired ": taken_over,
    "token_invalid": lambda stack, concert: Buyer(stack, concert).pay(token="nonsense"),
    "token_invalid ": with_the_token_of(True, False),
    "token_invalid  ": with_the_token_of(False, True),
    "token_invalid   ": with_a_token_that_was_left,
    "invalid_field": lambda stack, concert: Buyer(stack, concert).pay(reservation_id=0),
}


@pytest.mark.parametrize("capacity, keyed", [(None, False), (None, True), (1000, False)])
def test_refusals_are_those_of_a_single_call(stack, capacity, keyed):
    concert = new_concert(stack, seats=40, capacity=capacity)
    skipped = ("token_invalid   ", "hold_expired ") if capacity else ()  # other calls with a queue
    kinds = {name: make(stack, concert) for name, make in REFUSALS.items() if name not in skipped}
    good = new_buyers(stack, concert, AT_ONCE - len(kinds))
    calls = [*kinds.values(), *pays(good)]
    if keyed:
        calls = [with_key(call) for call in calls]
    answers = together(stack, calls)
    assert_paid(stack, good, answers[len(kinds):])
    for name, call, answer in zip(kinds, calls, answers):
        assert answer.code == name.strip()
        assert form(answer) == form(call(stack.client)), name


def with_key(call):
    """The same with an Idempotency-Key."""
    key = {"Idempotency-Key": f"refused-{next(_numbers)}"}

    class Keyed:
        def __init__(self, client):
            self.client = client

        def post(self, path, body, **headers):
            return self.client.post(path, body, **headers | key)

    return lambda client: call(Keyed(client))


def test_one_reservation_is_paid_once(stack):
    concert = new_concert(stack)
    buyer, other = new_buyers(stack, concert, 2, spare=5000)
    answers = together(stack, [buyer.pay(), other.pay(), buyer.pay(), buyer.pay()])
    assert codes(answers) == ["", "", "already_paid", "already_paid"]
    assert form(answers[2]) == form(buyer.pay()(stack.client))
    assert_paid(stack, [buyer, other], answers[:2])


def test_a_user_with_two_reservations(stack):
    """Each is paid, one after the other; where the points are enough for one, the other is refused."""
    concert = new_concert(stack)
    first = Buyer(stack, concert)
    second = Buyer(stack, concert, user=first.user, spare=500)
    other = Buyer(stack, concert)
    answers = together(stack, pays([first, other, second]))
    assert [ok(answer)["balance"] for answer in answers] == [first.price + 500, 0, 500]
    assert [rows(stack, buyer)[0] for buyer in (first, second, other)] == ["paid"] * 3
    poor = Buyer(stack, concert)
    twice = Buyer(stack, concert, user=poor.user)
    ok(stack.post("/point/use", {"userId": poor.user, "amount": 1}))
    answers = together(stack, pays([poor, Buyer(stack, concert), twice]))
    assert codes(answers) == ["", "", "insufficient_points"]


def test_keys(stack):
    """A repetition in the same batch, of an earlier call, and of another one; and all of them later."""
    concert = new_concert(stack)
    early, *buyers = new_buyers(stack, concert, 5, spare=5000)
    earlier = early.pay(key="earlier")
    before = earlier(stack.client)
    good = [buyer.pay(key="k") for buyer in buyers]
    answers = together(stack, [
        earlier, good[0], good[0], early.pay(key="earlier", reservation_id=1), *good[1:], buyers[0].pay(key="late")])
    again, first, repeated, other, *rest, late = answers
    assert is_replayed(again) and again.body == before.body
    assert first.status == 200 and repeated.body == first.body and is_replayed(first) != is_replayed(repeated)
    assert other.code == "idempotency_key_reused" and late.code == "already_paid"
    assert [ok(answer)["userId"] for answer in rest] == [buyer.user for buyer in buyers[1:]]
    for call, answer in zip(good, [first, *rest]):
        later = call(stack.client)
        assert is_replayed(later) and later.body == answer.body
    assert [rows(stack, buyer)[2] for buyer in (early, *buyers)] == [1] * 5


def test_a_key_of_a_call_that_was_left_out(stack):
    """Refused or kept waiting inside, a call goes by itself with its key, and leaves none behind."""
    concert = new_concert(stack)
    buyers = new_buyers(stack, concert, 4)
    _, poor, late, _ = buyers
    ok(stack.post("/point/use", {"userId": poor.user, "amount": 1}))
    calls = [buyer.pay(key="left") for buyer in buyers]
    with lock_purse(stack, late.user):
        with waiting(stack, calls) as pending:
            pass
        first, refused, last = (pending[n].result(60) for n in (0, 1, 3))
        assert codes([first, refused, last]) == ["", "insufficient_points", ""]
    paid = pending[2].result(60)
    assert ok(paid)["userId"] == late.user
    for call, answer in zip(calls, [first, refused, paid, last]):
        again = call(stack.client)
        assert again.body == answer.body and is_replayed(again) == (answer.status == 200)


LOCKS = {
    "concert": lambda stack, buyer: transaction(
        stack, "SELECT * FROM concert WHERE concert_id = %s FOR UPDATE", buyer.held["concertId"]),
    "reservation": lambda stack, buyer: lock_reservation(stack, buyer.id),
    "seat": lambda stack, buyer: lock_seat(stack, buyer.held["itemId"], buyer.held["seats"][1]["seatId"]),
    "purse": lambda stack, buyer: lock_purse(stack, buyer.user),
    "token": lambda stack, buyer: transaction(
        stack, "SELECT * FROM queue_token WHERE concert_id = %s AND user_id = %s FOR UPDATE",
        buyer.held["concertId"], buyer.user),
}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_locked_row_is_waited_for_by_its_buyer_only(stack, lock):
    """And the concert's row, which an operator may have locked, by nobody."""
    concert = new_concert(stack, capacity=10 if lock == "token" else None)
    buyers = new_buyers(stack, concert, 4, seats=2)
    with LOCKS[lock](stack, buyers[1]):
        with waiting(stack, pays(buyers)) as pending:
            pass
        assert [pending[n].result(60).status for n in (0, 2, 3)] == [200] * 3
        assert lock == "concert" and pending[1].result(60) or not pending[1].done()
    assert_paid(stack, buyers, [answer.result(60) for answer in pending])


def test_a_locked_user_holds_nobody_up_for_long(stack):
    """After the wait for a lock each goes by itself."""
    concert = new_concert(stack, max_seats=4)
    buyers = sorted(new_buyers(stack, concert, 4), key=lambda buyer: buyer.user)
    with lock_user(stack, concert, buyers[2].user):
        with waiting(stack, pays(buyers)) as pending:
            pass
        assert [pending[n].result(60).status for n in (0, 1)] == [200] * 2
    assert {answer.result(60).status for answer in pending} <= {200, 503}


def test_a_deadlock_is_tried_again_by_each(stack):
    concert = new_concert(stack, max_seats=4)
    buyers = sorted(new_buyers(stack, concert, 4), key=lambda buyer: buyer.user)
    lock = "UPDATE seat_quota SET touched = touched ^ 1 WHERE concert_id = %s AND user_id = %s"
    connection = stack.mysql()
    with contextlib.closing(connection), connection.cursor() as cursor:
        connection.begin()
        cursor.execute(lock, (concert.id, buyers[3].user))
        with waiting(stack, pays(buyers)) as pending:
            pass
        wait_for_waiters(stack, 1)
        with contextlib.suppress(pymysql.Error):  # one of the two is the victim
            cursor.execute(lock, (concert.id, buyers[0].user))
        connection.rollback()
    assert_paid(stack, buyers, [answer.result(60) for answer in pending])


def test_a_hold_that_lapses_while_a_mutex_is_waited_for(stack):
    """It is judged by the time after the last lock."""
    concert = new_concert(stack, max_seats=4)
    buyers = sorted(new_buyers(stack, concert, 3), key=lambda buyer: buyer.user)
    with lock_user(stack, concert, buyers[0].user):
        expire_in(stack, buyers[1].id, 0.3)
        with waiting(stack, pays(buyers)) as pending:
            pass
        wait_for_waiters(stack, 1)
        wait_for(lambda: stack.query("SELECT expires_at < UTC_TIMESTAMP(3) AS is_over FROM reservation"
                                     " WHERE reservation_id = %s", buyers[1].id)[0]["is_over"])
    answers = [answer.result(60) for answer in pending]
    assert codes(answers)[1] == "hold_expired" and rows(stack, buyers[1]) == ("held", 0, 0, None)
    assert {answers[0].status, answers[2].status} <= {200, 503}


def test_a_closed_concert(stack):
    """Nobody gets a token for it: a hold that was made without one is paid without; with any that is given too."""
    concert = new_concert(stack)
    buyers = new_buyers(stack, concert, 3, token=False) + [Buyer(stack, concert)]
    open_one = Buyer(stack, new_concert(stack), token=False)
    concert.set(status="'closed'")
    answers = together(stack, pays([*buyers, open_one]))
    assert_paid(stack, buyers, answers[:4])
    assert answers[4].code == "token_missing"


def test_an_item_that_has_started(stack):
    """With the last item the concert is over, before that it is not: these are looked at one by one."""
    over, goes_on = new_concert(stack, items=1), new_concert(stack, items=2)
    buyers = new_buyers(stack, over, 2, token=False) + new_buyers(stack, goes_on, 2) + [
        Buyer(stack, goes_on, token=False)]
    over.start(over.item)
    goes_on.start(goes_on.item)
    answers = together(stack, pays(buyers))
    assert_paid(stack, buyers[:4], answers[:4])
    assert answers[4].code == "token_missing"


def test_tokens_of_a_queue(stack):
    """A payment ends the token with which the hold was made, and its place goes to the next one; a second hold of
    the same token is paid too."""
    concert = new_concert(stack, capacity=4)
    buyers = new_buyers(stack, concert, 4)
    waiting_one = add_token(stack, new_user(), concert)
    assert waiting_one["status"] == "waiting"
    twice = buyers[0]
    second = reserve(stack, twice.user, concert, token=twice.token)
    charge(stack, twice.user, second["totalPrice"])
    answers = together(stack, pays(buyers) + [paying(twice.user, second["reservationId"], twice.token)])
    assert [answer.status for answer in answers] == [200] * 5
    for buyer in buyers:
        assert stack.get("/token", **{"X-Queue-Token": buyer.token}).code == "token_invalid"
    called = wait_for(lambda: (token := ok(stack.get("/token", **{"X-Queue-Token": waiting_one["token"]})))[
        "status"] == "active" and token)
    assert called["position"] == 0


def test_tokens_that_have_ended(stack):
    """What has become of a reservation's token is no matter: with one that ended already, or was left, each is
    paid."""
    concert = new_concert(stack, capacity=10)
    buyers = new_buyers(stack, concert, 4)
    assert stack.call("DELETE", "/token", headers={"X-Queue-Token": buyers[1].token}).status == 204
    stack.query("UPDATE queue_token SET status = 'lapsed' WHERE concert_id = %s AND user_id = %s",
                concert.id, buyers[2].user)
    assert_paid(stack, buyers, together(stack, pays(buyers)))
    states = {row["user_id"]: row["status"] for row in stack.query(
        "SELECT user_id, status FROM queue_token WHERE concert_id = %s", concert.id)}
    assert [states[buyer.user] for buyer in buyers] == ["done", "left", "lapsed", "done"]


def test_a_queue_that_was_switched(stack):
    """On: any live token of the user will do, and is ended. Off: the reservation's own, which goes on."""
    on, off = new_concert(stack), new_concert(stack, capacity=10)
    buyers = new_buyers(stack, on, 2) + new_buyers(stack, off, 2)
    on.set(admission_capacity=10)
    off.set(admission_capacity="NULL")
    assert_paid(stack, buyers, together(stack, pays(buyers)))


def test_redis_away(stack):
    """No payment waits for it."""
    concert = new_concert(stack, seats=40, capacity=40)
    buyers = new_buyers(stack, concert, 5)
    with stack.without("redis"):
        assert_paid(stack, buyers, together(stack, pays(buyers)))


def test_other_routes_beside_it(stack):
    concert = new_concert(stack)
    buyers = new_buyers(stack, concert, 4)
    user = new_user()
    answers = together(stack, pays(buyers[:2]) + [lambda client: client.get(f"/point?userId={user}")]
                       + pays(buyers[2:]))
    assert_paid(stack, buyers, answers[:2] + answers[3:])
    assert ok(answers[2])["balance"] == 0


def test_sold_seats_are_shown(stack):
    concert = new_concert(stack)
    buyers = new_buyers(stack, concert, 3)
    together(stack, pays(buyers))
    for buyer in buyers:
        assert seat_status(stack, concert, buyer.held["itemId"], buyer.held["seats"][0]["seatId"]) == "sold"
