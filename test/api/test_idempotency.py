"""Idempotency-Key: section 4 of the contract, sentence by sentence."""

import itertools
import json
import string

import pytest
from crowd import Buyer, Pending, lock_purse, lock_seat, owners, rush, sweep, wait_for_waiters
from helpers import (
    add_token, age_hold, ask_reserve, assert_problem, balance, charge, new_concert, new_user, ok, reserve,
)

pytestmark = pytest.mark.usefixtures("audited")

KEY = "Idempotency-Key"
VISIBLE = string.punctuation + string.digits + string.ascii_letters

_keys = itertools.count(1)


def new_key():
    return f"key-{next(_keys)}"


def is_replayed(answer):
    """Whether the answer is a stored one. The header is `true` or not there."""
    assert answer.headers.get("Idempotency-Replayed") in (None, "true")
    return "Idempotency-Replayed" in answer.headers


def assert_same(first, again):
    """`again` is the stored answer of `first`."""
    assert not is_replayed(first) and is_replayed(again)
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert again.headers[name] == first.headers[name]
    assert (again.status, again.body) == (first.status, first.body)


class Call:
    """A keyed call: how it is made, what it changes, and one with another fingerprint."""

    def __init__(self, method, path, body=None, headers=None, other=None):
        self.method = method
        self.path = path
        self.body = body if body is None else json.dumps(body).encode()
        self.headers = headers or {}
        self.other = other or {"body": (self.body or b"") + b" "}

    def __call__(self, client, key, **changed):
        parts = {"method": self.method, "path": self.path, "body": self.body} | changed
        headers = self.headers | ({KEY: key} if key is not None else {})
        return client.call(parts["method"], parts["path"], parts["body"], headers)


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack, items=4, seats=50)


def a_reservation(stack, concert):
    item, seat = concert.free_seat()
    return Call("POST", "/reservation",
                {"userId": new_user(), "concertId": concert.id, "itemId": item, "seatId": seat})


def a_charge(stack, concert):
    user = new_user()
    return Call("POST", "/point/charge", {"userId": user, "amount": 50}, other={"path": "/point/use"})


def a_use(stack, concert):
    user = new_user()
    charge(stack, user, 1000)
    return Call("POST", "/point/use", {"userId": user, "amount": 50}, other={"path": "/point/charge"})


def a_payment(stack, concert):
    buyer = Buyer(stack, concert)
    return Call("POST", "/payment", {"userId": buyer.user, "reservationId": buyer.id},
                {"X-Queue-Token": buyer.token})


def a_cancel(stack, concert):
    buyer = Buyer(stack, concert)
    second = reserve(stack, buyer.user, concert)["reservationId"]
    return Call("DELETE", buyer.path, other={"path": f"/reservation/{second}?userId={buyer.user}"})


def a_refund(stack, concert):
    buyer = Buyer(stack, concert)
    ok(buyer.pay(stack.client))
    return Call("DELETE", buyer.path,
                other={"method": "POST", "path": "/point/charge",
                       "body": {"userId": buyer.user, "amount": 1}})


def a_concert(stack, concert):
    item = {"date": "2030-05-01", "startsAt": "2030-05-01T10:30:00Z",
            "seats": [{"from": 1, "to": 3, "price": 5}]}
    return Call("POST", "/admin/concert", {"title": new_user("title"), "venue": "Hall", "items": [item]},
                stack.admin_headers())


KEYED = [a_reservation, a_charge, a_use, a_payment, a_cancel, a_refund, a_concert]
each_keyed_call = pytest.mark.parametrize("make", KEYED, ids=lambda make: make.__name__[2:])


@pytest.fixture
def effects(stack):
    """Counts what calls leave behind."""
    tables = ("reservation", "point_history", "payment", "concert", "item")

    def count():
        counts = {table: stack.query(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"] for table in tables}
        gone = stack.query("SELECT COUNT(*) AS n FROM reservation WHERE status = 'cancelled'")
        return counts | {"cancelled": gone[0]["n"]}

    return count


# ---- the same again


@each_keyed_call
def test_the_same_again_gets_the_same_bytes(stack, concert, effects, make):
    call, key = make(stack, concert), new_key()
    before = effects()
    first = call(stack, key)
    ok(first)
    after = effects()
    assert after != before
    for _ in range(3):
        assert_same(first, call(stack, key))
        assert_same(first, call(stack.new_client(), key))
    assert effects() == after


@each_keyed_call
def test_another_fingerprint_is_refused(stack, concert, effects, make):
    call, key = make(stack, concert), new_key()
    first = call(stack, key)
    ok(first)
    after = effects()
    assert_problem(call(stack, key, **call.other), "idempotency_key_reused")
    assert effects() == after
    assert_same(first, call(stack, key))


@each_keyed_call
def test_without_a_key_nothing_is_stored(stack, concert, make):
    stored = "SELECT COUNT(*) AS n FROM idempotency"
    before = stack.query(stored)
    for key in (None, ""):  # an empty one is absent
        answer = make(stack, concert)(stack, key)
        ok(answer)
        assert not is_replayed(answer)
    assert stack.query(stored) == before


def test_an_empty_key_is_absent(stack):
    user = new_user()
    for total in (5, 10, 15):
        answer = stack.post("/point/charge", {"userId": user, "amount": 5}, **{KEY: ""})
        assert ok(answer)["balance"] == total and not is_replayed(answer)


def test_raw_bytes_make_the_fingerprint(stack):
    """The same JSON in other bytes is another body; a query is not a part of the path."""
    user, key = new_user(), new_key()
    body = b'{"userId":"%s","amount":5}' % user.encode()
    first = stack.call("POST", "/point/charge", body, {KEY: key})
    ok(first)
    for other in (body.replace(b",", b", "), body[:-1] + b',"x":1}', body + b"\n"):
        assert_problem(stack.call("POST", "/point/charge", other, {KEY: key}), "idempotency_key_reused")
    assert_same(first, stack.call("POST", "/point/charge?x=1", body, {KEY: key}))
    assert_same(first, stack.call("POST", "//point/charge", body, {KEY: key}))
    assert balance(stack, user) == 5


def test_the_token_header_is_no_part_of_the_fingerprint(stack, concert):
    buyer, key = Buyer(stack, concert), new_key()
    first = buyer.pay(stack.client, **{KEY: key})
    ok(first)
    for token in (None, "", "nonsense", f"{concert.id}-{'0' * 32}"):
        headers = {KEY: key} | ({} if token is None else {"X-Queue-Token": token})
        again = stack.post("/payment", {"userId": buyer.user, "reservationId": buyer.id}, **headers)
        assert_same(first, again)


def test_the_token_in_the_body_is(stack, concert):
    buyer, key = Buyer(stack, concert), new_key()
    body = {"userId": buyer.user, "reservationId": buyer.id}
    first = stack.post("/payment", body | {"token": buyer.token}, **{KEY: key})
    assert_same(first, stack.post("/payment", body | {"token": buyer.token}, **{KEY: key}))
    assert_problem(stack.post("/payment", body, **{KEY: key, "X-Queue-Token": buyer.token}),
                   "idempotency_key_reused")


# ---- whose key


def test_a_key_is_its_callers(stack, concert):
    key = new_key()
    for make in KEYED:
        answer = make(stack, concert)(stack, key)  # each with a caller of its own
        ok(answer)
        assert not is_replayed(answer)


def test_the_caller_counts_not_the_bytes(gateway):
    """Where a gateway names the caller, the same bytes of two users are two calls."""
    calls = [gateway.post("/point/charge", {"amount": 5}, **{KEY: "same", "X-Frontrow-User": user})
             for user in ("a", "A", "a", "A")]
    assert [ok(call)["userId"] for call in calls] == ["a", "A", "a", "A"]
    assert_same(calls[0], calls[2])
    assert_same(calls[1], calls[3])


def test_a_key_is_case_sensitive(stack):
    user = new_user()
    for key in ("Key", "key", "KEY"):
        assert not is_replayed(stack.post("/point/charge", {"userId": user, "amount": 5}, **{KEY: key}))
    assert balance(stack, user) == 15


# ---- which answers


def test_after_a_refusal_the_key_is_evaluated_anew(stack, concert):
    """With the same bytes and with others: nothing of a refusal is kept."""
    user, key = new_user(), new_key()
    use = Call("POST", "/point/use", {"userId": user, "amount": 50})
    for _ in range(2):
        refused = use(stack, key)
        assert_problem(refused, "insufficient_points", balance=0)
        assert not is_replayed(refused)
    assert_problem(use(stack, key, body={"userId": user, "amount": 70}), "insufficient_points")
    assert_problem(use(stack, key, body={"userId": user, "amount": 0}), "invalid_field")
    charge(stack, user, 60)
    first = use(stack, key)
    assert ok(first)["balance"] == 10
    assert_same(first, use(stack, key))


def somebodys_reservation(stack, concert):
    return reserve(stack, new_user(), concert)["reservationId"]


REFUSALS = {
    "reservation_not_found": lambda stack, concert, user, token: (
        "POST", "/payment", {"userId": user, "reservationId": 2**31 - 1}, {"X-Queue-Token": token}),
    "token_missing": lambda stack, concert, user, token: (
        "POST", "/payment", {"userId": user, "reservationId": 1}, {}),
    "concert_not_found": lambda stack, concert, user, token: (
        "POST", "/reservation", {"userId": user, "concertId": 2**31 - 1, "itemId": 1, "seatId": 1}, {}),
    "seat_not_found": lambda stack, concert, user, token: (
        "POST", "/reservation",
        {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatId": 51}, {}),
    "forbidden": lambda stack, concert, user, token: (
        "DELETE", f"/reservation/{somebodys_reservation(stack, concert)}?userId={user}", None, {}),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_no_refusal_is_stored(stack, concert, code):
    user, key = new_user(), new_key()
    token = add_token(stack, user, concert)["token"]
    method, path, body, headers = REFUSALS[code](stack, concert, user, token)
    for _ in range(2):
        assert_problem(stack.call(method, path, body, headers | {KEY: key}), code)
    assert not stack.query("SELECT * FROM idempotency WHERE user_id = %s", user)
    assert ok(stack.post("/point/charge", {"userId": user, "amount": 5}, **{KEY: key}))["balance"] == 5


def test_a_refused_reservation_succeeds_with_its_key_when_the_seat_is_free(stack, concert):
    item, seat = concert.free_seat()
    holder = reserve(stack, new_user(), concert, item, seat)
    wish = {"userId": new_user(), "concertId": concert.id, "itemId": item, "seatId": seat}
    key = {KEY: new_key()}
    assert_problem(stack.post("/reservation", wish, **key), "seat_taken")
    age_hold(stack, holder["reservationId"], 301)
    first = stack.post("/reservation", wish, **key)
    ok(first)
    assert_same(first, stack.post("/reservation", wish, **key))


# ---- whatever the state is by then


def test_a_reservation_is_replayed_when_the_seat_is_anothers(stack):
    concert = new_concert(stack)
    wish = {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "seatId": 1}
    key = {KEY: new_key()}
    first = stack.post("/reservation", wish, **key)
    age_hold(stack, ok(first)["reservationId"], 301)
    other = reserve(stack, new_user(), concert, concert.item, 1)
    assert_same(first, stack.post("/reservation", wish, **key))
    sweep(stack)
    concert.set(status="'closed'")
    assert_same(first, stack.post("/reservation", wish, **key))
    assert_problem(stack.post("/reservation", wish), "concert_not_open")
    assert owners(stack, concert.item) == {1: other["reservationId"]}


@pytest.mark.parametrize("capacity", [None, 5], ids=["open", "queue"])
def test_all_calls_are_replayed_when_token_and_concert_are_over(stack, capacity):
    concert = new_concert(stack, capacity=capacity)
    user = new_user()
    charge(stack, user, 5000)
    token = {"X-Queue-Token": add_token(stack, user, concert)["token"]}
    made = []

    def call(method, path, body=None, headers=token):
        arguments = method, path, body, headers | {KEY: new_key()}
        made.append((arguments, stack.call(*arguments)))
        return ok(made[-1][1])

    place = {"userId": user, "concertId": concert.id, "itemId": concert.item}
    first, second = (
        call("POST", "/reservation", place | {"seatId": seat})["reservationId"] for seat in (1, 2)
    )
    call("DELETE", f"/reservation/{second}?userId={user}")
    call("POST", "/payment", {"userId": user, "reservationId": first})  # ends the token of a queue
    call("DELETE", f"/reservation/{first}?userId={user}")
    call("POST", "/point/use", {"userId": user, "amount": 5000}, {})

    def replay_all():
        for arguments, answer in made:
            assert_same(answer, stack.call(*arguments))

    replay_all()
    left = stack.call("DELETE", "/token", headers=token)
    assert left.status == 204 if capacity is None else left.code == "token_invalid"
    replay_all()
    stack.query("UPDATE queue_token SET status = 'lapsed' WHERE concert_id = %s", concert.id)
    stack.query("DELETE FROM open_token WHERE concert_id = %s", concert.id)
    concert.set(status="'closed'")
    concert.start(concert.item)
    replay_all()
    assert balance(stack, user) == 0
    concert.set(status="'cancelled'")
    replay_all()


def test_the_key_goes_before_the_state_of_things(stack, concert):
    """Existence and state are looked at after the stored answer, a reused key before them."""
    buyer, key = Buyer(stack, concert), {KEY: new_key()}
    ok(buyer.pay(stack.client, **key))
    assert_problem(stack.post("/payment", {"userId": buyer.user, "reservationId": 2**31 - 1}, **key),
                   "idempotency_key_reused")
    assert_problem(stack.call("DELETE", f"/reservation/{2**31 - 1}?userId={buyer.user}", headers=key),
                   "idempotency_key_reused")


# ---- at the same time


@each_keyed_call
@pytest.mark.parametrize("clients", [4, 30])
def test_of_parallel_duplicates_one_is_carried_out(stack, concert, effects, make, clients):
    single, call, key = make(stack, concert), make(stack, concert), new_key()
    before = effects()
    ok(single(stack, None))
    between = effects()
    done = rush(stack, [lambda client: call(client, key)] * clients)
    assert {name: count - between[name] for name, count in effects().items()} == {
        name: count - before[name] for name, count in between.items()}
    assert done.statuses == {200: clients}
    assert len({answer.body for answer in done.answers}) == 1
    fresh, = [answer for answer in done.answers if not is_replayed(answer)]
    assert_same(fresh, call(stack, key))


@pytest.mark.parametrize("key", [new_key(), "'2147483647'", "'9223372036854775807'"])
def test_duplicates_wait_for_the_one_under_way(patient, key):
    """None of them says that the seat is taken: the first one's own hold does not refuse it. A key may look like
    what MySQL says when the numbers of a column end."""
    concert = new_concert(patient)
    item, seat = concert.free_seat()
    wish = {"userId": new_user(), "concertId": concert.id, "itemId": item, "seatId": seat}
    with lock_seat(patient, item, seat):
        calls = []
        for number in range(1, 5):  # one by one: a worker might take two together
            calls.append(Pending(patient, lambda client: client.post("/reservation", wish, **{KEY: key})))
            wait_for_waiters(patient, number)
    answers = [call.answer() for call in calls]
    assert [answer.status for answer in answers] == [200] * 4
    assert len({answer.body for answer in answers}) == 1
    assert sorted(map(is_replayed, answers)) == [False, True, True, True]


def test_a_duplicate_waits_whatever_changes_meanwhile(patient):
    """The concert is closed while the first one waits for its seat: by itself the duplicate would be refused."""
    concert = new_concert(patient)
    item, seat = concert.free_seat()
    wish = {"userId": new_user(), "concertId": concert.id, "itemId": item, "seatId": seat}
    key = {KEY: new_key()}
    with lock_seat(patient, item, seat):
        first = Pending(patient, lambda client: client.post("/reservation", wish, **key))
        wait_for_waiters(patient, 1)
        patient.query("UPDATE concert SET status = 'closed' WHERE concert_id = %s", concert.id)
        again = Pending(patient, lambda client: client.post("/reservation", wish, **key))
        wait_for_waiters(patient, 2)
    ok(first.answer())
    assert_same(first.answer(), again.answer())


def test_a_late_duplicate_waits_though_it_sees_the_seat_taken(stack, concert):
    """It comes when the first has not committed, and is looked at when it has."""
    item, seat = concert.free_seat()
    wish = {"userId": new_user(), "concertId": concert.id, "itemId": item, "seatId": seat}
    done = rush(stack, [lambda client: client.post("/reservation", wish, **{KEY: "late"})] * 8 + [
        lambda client: ask_reserve(client, new_user(), concert, item, seat)] * 8)
    keyed = {answer.body for answer in done.answers[:8]}
    winners = [answer for answer in done.answers if answer.status == 200]
    if done.answers[0].status == 200:
        assert len(keyed) == 1 and len(winners) == 8
    else:
        assert len(winners) == 1 and {answer.code for answer in done.answers[:8]} == {"seat_taken"}


def test_of_four_duplicates_the_first_is_refused(patient):
    """It has too few points; a charge comes through behind it; one of the others pays, once for all."""
    concert = new_concert(patient)
    buyer, key = Buyer(patient, concert, points=1), new_key()

    def pay_keyed(client):
        return buyer.pay(client, **{KEY: key})

    with lock_purse(patient, buyer.user):
        first = Pending(patient, pay_keyed)
        wait_for_waiters(patient, 1)  # for the purse
        more = {"userId": buyer.user, "amount": 5000}
        charging = Pending(patient, lambda client: client.post("/point/charge", more))
        wait_for_waiters(patient, 2)  # behind it
        others = [Pending(patient, pay_keyed) for _ in range(3)]
        wait_for_waiters(patient, 5)  # for the first one's claim of the key
    assert_problem(first.answer(), "insufficient_points", balance=1)
    ok(charging.answer())
    answers = [other.answer() for other in others]
    assert [answer.status for answer in answers] == [200] * 3
    assert len({answer.body for answer in answers}) == 1
    assert sorted(map(is_replayed, answers)) == [False, True, True]
    assert balance(patient, buyer.user) == 4001


def test_four_duplicates_are_all_refused(patient):
    """Each is evaluated by itself when the one before was refused."""
    concert = new_concert(patient)
    buyer, key = Buyer(patient, concert, points=1), new_key()
    with lock_purse(patient, buyer.user):
        calls = [Pending(patient, lambda client: buyer.pay(client, **{KEY: key})) for _ in range(4)]
        wait_for_waiters(patient, 4)
    for call in calls:
        assert_problem(call.answer(), "insufficient_points", balance=1)
    assert balance(patient, buyer.user) == 1
    charge(patient, buyer.user, 5000)
    assert not is_replayed(buyer.pay(patient.client, **{KEY: key}))


def test_30_duplicates_are_all_refused(stack):
    user = new_user()
    used = rush(stack, [
        lambda client: client.post("/point/use", {"userId": user, "amount": 5}, **{KEY: "none"})] * 30)
    assert used.codes == {"insufficient_points": 30}


def test_of_parallel_calls_with_one_key_and_other_bytes_one_is_carried_out(stack):
    user, key = new_user(), {KEY: new_key()}
    charged = rush(stack, [
        lambda client, amount=amount: client.post("/point/charge", {"userId": user, "amount": amount}, **key)
        for amount in range(1, 21)])
    assert charged.codes == {"": 1, "idempotency_key_reused": 19}
    assert balance(stack, user) == charged.successes[0]["amount"]


# ---- syntax


def test_what_a_key_may_be(stack):
    user = new_user()
    keys = ["k", "0" * 64, *(VISIBLE[at:at + 64] for at in range(0, len(VISIBLE), 64))]
    for total, key in enumerate(keys, 1):
        first = stack.post("/point/charge", {"userId": user, "amount": 1}, **{KEY: key})
        assert ok(first)["balance"] == total
        assert_same(first, stack.post("/point/charge", {"userId": user, "amount": 1}, **{KEY: key}))


BAD_KEYS = {"too long": "k" * 65, "a space": "a b", "a tab": "a\tb", "not ASCII": "k\xe9", "DEL": "k\x7f"}


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS)
@each_keyed_call
def test_what_a_key_may_not_be(stack, concert, effects, make, key):
    call = make(stack, concert)
    before = effects()
    assert_problem(call(stack, key), "invalid_field", field=KEY)
    assert effects() == before


def test_fields_are_checked_before_the_key_and_the_key_before_the_caller(stack):
    bad = {KEY: "a b"}
    assert_problem(stack.post("/point/charge", b"{", **bad), "invalid_json")
    answer = stack.post("/point/charge", {"userId": "x", "amount": 0}, **bad)
    assert_problem(answer, "invalid_field", field="amount")
    answer = stack.post("/payment", {"userId": "x", "reservationId": 1}, **bad)
    assert_problem(answer, "invalid_field", field=KEY)


def test_a_key_is_ignored_elsewhere(stack, concert):
    """Also one that would not be allowed."""
    user = new_user()
    for key in ("elsewhere", "a b", "k" * 65):
        headers = {KEY: key}
        token = stack.post("/token/add", {"userId": user, "concertId": concert.id}, **headers)
        answers = [token] + [
            stack.get(path, **headers)
            for path in ("/concert", f"/point?userId={user}", f"/reservation?userId={user}", "/health")
        ]
        token = ok(token)["token"]
        answers.append(stack.get("/token", **headers | {"X-Queue-Token": token}))
        left = stack.call("DELETE", "/token", headers=headers | {"X-Queue-Token": token})
        assert left.status == 204
        for answer in answers:
            ok(answer)
        assert not any(map(is_replayed, answers + [left]))
    assert not stack.query("SELECT * FROM idempotency WHERE user_id = %s", user)


# ---- for how long


def test_an_answer_is_kept_for_a_day(stack):
    """Then the sweeper deletes it, and the key is evaluated anew."""
    user = new_user()
    call = Call("POST", "/point/charge", {"userId": user, "amount": 1})
    young, old = new_key(), new_key()
    firsts = [call(stack, key) for key in (young, old)]
    for key, age in ((young, "86340"), (old, "86401")):
        stack.query("UPDATE idempotency SET created_at = UTC_TIMESTAMP(3) - INTERVAL %s SECOND"
                    " WHERE user_id = %s AND idempotency_key = %s", age, user, key)
    assert sweep(stack)["old answers deleted"] >= 1
    assert_same(firsts[0], call(stack, young))
    anew = call(stack, old)
    assert not is_replayed(anew) and ok(anew)["balance"] == 3
