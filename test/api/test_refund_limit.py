"""A user gets so many refunds in 24 hours (refunds_per_day): buying and giving back is no pastime."""

import pytest
from crowd import Pending
from helpers import assert_problem, balance, buy, new_concert, new_user, ok, seat_status
from stack import wait_for_waiters

pytestmark = pytest.mark.usefixtures("audited")

DAY = 24 * 3600
LATE = 60


@pytest.fixture(scope="module")
def concert(stack):
    return new_concert(stack, items=2, seats=400, price=10)


def ask_refund(client, user, held, **headers):
    return client.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}", headers=headers)


def refund(stack, user, concert, times):
    for _ in range(times):
        ok(ask_refund(stack, user, buy(stack, user, concert)[0]))


def make_earlier(stack, user, seconds):
    """The user's first refunds, by so many seconds each."""
    rows = stack.query("SELECT payment_id FROM payment WHERE user_id = %s ORDER BY payment_id", user)
    for row, earlier in zip(rows, seconds):
        stack.query("UPDATE payment SET refund_asked_at = refund_asked_at - INTERVAL %s SECOND WHERE payment_id = %s",
                    earlier, row["payment_id"])


def refused_for(answer, limit=10):
    """Retry-After of one who is refused."""
    assert (answer.status, answer.code) == (429, "rate_limited"), answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["RateLimit-Policy"] == f'"refunds";q={limit};w={DAY}'
    assert answer.headers["RateLimit"] == f'"refunds";r=0;t={answer.headers["Retry-After"]}'
    return int(answer.headers["Retry-After"])


def test_ten_in_a_day(stack, concert):
    user = new_user()
    refund(stack, user, concert, 10)
    held, _ = buy(stack, user, concert)
    assert DAY - LATE <= refused_for(ask_refund(stack, user, held)) <= DAY
    # nothing changed
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}"))["status"] == "paid"
    assert seat_status(stack, concert, held["itemId"], held["seats"][0]["seatId"]) == "sold"
    assert balance(stack, user) == 100
    assert len(ok(stack.get(f"/point/history?userId={user}&limit=100"))["history"]) == 11 + 11 + 10
    # of others, nothing
    refund(stack, new_user(), concert, 1)


def test_the_oldest_makes_room(stack, concert):
    user = new_user()
    refund(stack, user, concert, 10)
    held, _ = buy(stack, user, concert)
    make_earlier(stack, user, [DAY - 600, DAY - 1200])
    assert 600 - LATE <= refused_for(ask_refund(stack, user, held)) <= 600
    make_earlier(stack, user, [600])
    ok(ask_refund(stack, user, held))
    held, _ = buy(stack, user, concert)
    assert 1200 - LATE <= refused_for(ask_refund(stack, user, held)) <= 1200


def test_a_refund_is_replayed_for_ever(stack, concert):
    user, key = new_user(), {"Idempotency-Key": new_user("key")}
    held, _ = buy(stack, user, concert)
    first = ask_refund(stack, user, held, **key)
    refund(stack, user, concert, 9)
    again = ask_refund(stack, user, held, **key)
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    last, _ = buy(stack, user, concert)
    refused_for(ask_refund(stack, user, last, **{"Idempotency-Key": new_user("key")}))


def test_giving_unpaid_seats_back_is_no_refund(stack, concert):
    user = new_user()
    refund(stack, user, concert, 10)
    item, seat = concert.free_seat()
    body = {"userId": user, "concertId": concert.id, "itemId": item, "seatId": seat}
    answer = ask_refund(stack, user, ok(stack.post("/reservation", body)))
    assert ok(answer) and "RateLimit-Policy" not in answer.headers


def test_a_refund_names_its_limit(stack, concert):
    answer = ask_refund(stack, user := new_user(), buy(stack, user, concert)[0])
    assert ok(answer) and answer.headers["RateLimit-Policy"] == f'"refunds";q=10;w={DAY}'
    assert "RateLimit" not in answer.headers, "how many are left is not counted"


def test_of_two_at_once_one_is_the_last(patient):
    concert = new_concert(patient, seats=40, price=10)
    user = new_user()
    refund(patient, user, concert, 9)
    held = [buy(patient, user, concert)[0] for _ in range(2)]
    with patient.mysql() as purse, purse.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM point WHERE user_id = %s FOR UPDATE", (user,))
        calls = [Pending(patient, lambda client, one=one: ask_refund(client, user, one)) for one in held]
        wait_for_waiters(patient, 2)
        cursor.execute("COMMIT")
    assert sorted(call.answer().status for call in calls) == [200, 429]


def test_what_an_operator_gives_back_is_not_limited(stack):
    cancelled, other = (new_concert(stack, seats=20, price=10) for _ in range(2))
    user = new_user()
    for _ in range(12):
        buy(stack, user, cancelled)
    assert stack.ctl("concert", "cancel", str(cancelled.id)).returncode == 0
    assert balance(stack, user) == 120
    refund(stack, user, other, 10)
    refused_for(ask_refund(stack, user, buy(stack, user, other)[0]))


def test_the_setting(new_stack):
    for limit, allowed in ((1, 1), (0, 12)):
        private = new_stack(refunds_per_day=limit, workers=4)
        concert = new_concert(private, seats=20, price=10)
        user = new_user()
        refund(private, user, concert, allowed)
        if limit:
            refused_for(ask_refund(private, user, buy(private, user, concert)[0]), limit)
