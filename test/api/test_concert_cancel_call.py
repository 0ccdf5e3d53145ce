"""POST /admin/concert/{id}/cancel: all dates at once for buyers, refunded by the sweeper, resumable."""

import signal

import openapi
import pytest
from crowd import Pending, lock_seat, wait_for_waiters
from helpers import (
    add_token, ask_pay, ask_reserve, assert_problem, balance, buy, charge, new_concert, new_user, ok, reserve,
)
from stack import wait_for
from test_concert_cancel import sell_hall, slow_refunds
from test_item_cancel import REASON, cancel as cancel_date, log_of, refunds, reservation, start_sweeper

pytestmark = pytest.mark.usefixtures("audited")

DATE = {"date": "2099-01-03", "startsAt": "2099-01-03T19:00:00Z", "seats": [{"from": 1, "to": 20, "price": 1000}]}
DATES_MAX = 1000  # CONCERT_ITEMS_MAX


def ask_cancel(client, concert, body=REASON, **headers):
    return client.post(f"/admin/concert/{concert.id}/cancel", body, **concert.stack.admin_headers(), **headers)


def cancel(stack, concert):
    return openapi.assert_answer(ask_cancel(stack, concert), "POST", "/admin/concert/{concertId}/cancel")


def progress(stack, concert):
    return ok(stack.get(f"/admin/concert/{concert.id}", **stack.admin_headers()))["cancel"]


def rows(stack, concert):
    return ok(stack.get(f"/admin/concert/{concert.id}/item", **stack.admin_headers()))["items"]


def sweep_until_done(stack, concert):
    wait_for(lambda: stack.sweeper() is not None and progress(stack, concert)["doneAt"], 120, step=0.1)
    return progress(stack, concert)


class Sold:
    """Two dates with a paid order each, and a hold; then all is cancelled."""

    def __init__(self, stack):
        self.concert = new_concert(stack, items=2, seats=20, price=700)
        self.owners = [new_user() for _ in self.concert.items]
        self.paid = [buy(stack, owner, self.concert, item=item, seats=[1, 2])[0]["reservationId"]
                     for owner, item in zip(self.owners, self.concert.items)]
        self.holder = new_user()
        self.token = add_token(stack, self.holder, self.concert)["token"]
        self.held = reserve(stack, self.holder, self.concert, self.concert.items[1], [10])["reservationId"]
        charge(stack, self.holder, 700)
        self.before = progress(stack, self.concert)
        self.answer = cancel(stack, self.concert)


@pytest.fixture(scope="module")
def sold(stack):
    return Sold(stack)


def test_it_is_cancelled_at_once(stack, sold):
    """For buyers, before the sweeper comes."""
    path = sold.concert.path
    assert sold.answer["status"] == ok(stack.fresh(path))["status"] == "cancelled"
    assert sold.concert.id not in [row["concertId"] for row in ok(stack.fresh("/concert"))["concerts"]]
    for what in ("item", *(f"item/{item}/{view}" for item in sold.concert.items for view in ("seat", "layout"))):
        assert stack.fresh(f"{path}/{what}").code == "concert_not_open"
    for item in sold.concert.items:
        assert_problem(ask_reserve(stack, new_user(), sold.concert, item, 5), "concert_not_open")
    assert_problem(stack.post("/token/add", {"userId": new_user(), "concertId": sold.concert.id}), "concert_not_open")
    assert reservation(stack, sold.holder, sold.held)["status"] == "cancelled"
    assert_problem(ask_pay(stack, sold.holder, sold.held, sold.token), "reservation_cancelled")
    assert_problem(stack.call("DELETE", f"/reservation/{sold.paid[0]}?userId={sold.owners[0]}"), "not_cancellable")


def test_how_far_it_is(stack, sold):
    assert sold.before is None
    assert progress(stack, sold.concert) == {
        "begunAt": sold.answer["begunAt"], "doneAt": None, "refunded": 0, "points": 0, "holds": 0, "left": 3}
    assert [(row["status"], row["cancel"]["left"]) for row in rows(stack, sold.concert)] == [("cancelled", 1), ("cancelled", 2)]


def test_it_stays_so(stack, sold):
    path, headers = f"/admin/concert/{sold.concert.id}", stack.admin_headers()
    assert_problem(ask_cancel(stack, sold.concert), "not_cancellable")
    assert_problem(stack.post(f"{path}/item/{sold.concert.item}/cancel", REASON, **headers), "not_cancellable")
    assert_problem(stack.call("PATCH", path, {"status": "open"}, headers), "not_cancellable")
    assert_problem(stack.post(f"{path}/item", DATE, **headers), "concert_not_open")


def test_the_sweeper_refunds_all_dates(stack, sold):
    assert sweep_until_done(stack, sold.concert) | {"doneAt": ""} == {
        "begunAt": sold.answer["begunAt"], "doneAt": "", "refunded": 2, "points": 2800, "holds": 1, "left": 0}
    assert [balance(stack, user) for user in (*sold.owners, sold.holder)] == [1400, 1400, 700]
    assert [reservation(stack, owner, paid)["status"] for owner, paid in zip(sold.owners, sold.paid)] == ["cancelled"] * 2
    assert [row["sales"]["blocked"] for row in rows(stack, sold.concert)] == [20, 20]


def test_the_log_has_begin_and_end(stack, sold):
    sweep_until_done(stack, sold.concert)
    *ends, begin = [row for row in log_of(stack, sold.concert) if row["action"].endswith("cancel")]
    assert (begin["actor"], begin["action"], begin["detail"], begin["before"], begin["after"]) == (
        "admin", "concert cancel", REASON["reason"], {"status": "open"}, {"status": "cancelled"})
    assert sorted((row["actor"], row["action"], row["detail"]) for row in ends) == [
        ("sweeper", "item cancel", f"item {item}: refunded 1 reservations, 1400 points; cancelled {n} holds")
        for n, item in enumerate(sold.concert.items)]


def test_where_none_is_cancelled(stack):
    concert = new_concert(stack)
    path = f"/admin/concert/{2**31 - 1}/cancel"
    assert_problem(stack.post(path, REASON, **stack.admin_headers()), "concert_not_found")
    for body in ({}, {"reason": ""}, {"reason": "x" * 201}, {"reason": 1}):
        assert_problem(ask_cancel(stack, concert, body), "invalid_field", field="reason")
    assert ok(stack.fresh(concert.path))["status"] == "open"


def test_a_repeated_call_is_one_cancel(stack):
    concert, key = new_concert(stack), {"Idempotency-Key": new_user("key")}
    first, second = (ask_cancel(stack, concert, **key) for _ in range(2))
    assert first.body == second.body and second.headers["Idempotency-Replayed"] == "true"
    assert_problem(ask_cancel(stack, concert, {"reason": "Another"}, **key), "idempotency_key_reused")
    assert len(log_of(stack, concert)) == 1


def test_dates_that_were_cancelled_or_have_started(stack):
    """One is cancelled and done with before, one is not done with, one has started: each buyer is refunded once."""
    concert = new_concert(stack, items=4)
    users = [new_user() for _ in concert.items]
    for user, item in zip(users, concert.items):
        buy(stack, user, concert, item=item, seats=[3])
    done, begun, started, _ = concert.items
    cancel_date(stack, concert, done)
    wait_for(lambda: stack.sweeper() is not None and rows(stack, concert)[0]["cancel"]["doneAt"], 120, step=0.1)
    first = cancel_date(stack, concert, begun)["begunAt"]
    concert.start(started)
    answer = cancel(stack, concert)
    began = {row["itemId"]: row["cancel"]["begunAt"] for row in rows(stack, concert)}
    assert began[begun] == first < answer["begunAt"] and began[done] < first
    whole = sweep_until_done(stack, concert)
    assert (whole["begunAt"], whole["refunded"], whole["points"], whole["left"]) == (answer["begunAt"], 4, 4000, 0)
    assert [balance(stack, user) for user in users] == [1000] * 4


def test_frontrowctl_does_the_rest_at_once(stack):
    concert, user = new_concert(stack), new_user()
    buy(stack, user, concert)
    cancel(stack, concert)
    assert stack.ctl("concert", "cancel", str(concert.id)).returncode == 0
    assert balance(stack, user) == 1000
    assert sweep_until_done(stack, concert)["left"] == 0
    assert balance(stack, user) == 1000


def test_a_concert_that_frontrowctl_has_cancelled(stack):
    concert = new_concert(stack)
    assert stack.ctl("concert", "cancel", str(concert.id)).returncode == 0
    assert progress(stack, concert)["doneAt"] and [row["status"] for row in rows(stack, concert)] == ["cancelled"]
    assert_problem(ask_cancel(stack, concert), "not_cancellable")


def test_as_many_dates_as_a_concert_may_have(stack):
    concert = new_concert(stack, status="closed")
    with stack.mysql() as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO item (concert_id, date, starts_at, seat_count, min_price, max_price)"
                           " VALUES (%s, '2031-05-01', '2031-05-01', 0, 1, 1)", [(concert.id,)] * (DATES_MAX - 2))
    path, headers = f"/admin/concert/{concert.id}/item", stack.admin_headers()
    ok(stack.post(path, DATE, **headers))
    assert_problem(stack.post(path, DATE, **headers), "invalid_field", field="date")
    cancel(stack, concert)
    assert [row["status"] for row in rows(stack, concert)] == ["cancelled"] * DATES_MAX
    sweep_until_done(stack, concert)


def test_a_concert_without_dates(stack):
    made = ok(stack.post("/admin/concert", {"title": "None", "venue": "Hall", "items": []}, **stack.admin_headers()))
    path, headers = f"/admin/concert/{made['concertId']}", stack.admin_headers()
    assert ok(stack.post(f"{path}/cancel", REASON, **headers))["status"] == "cancelled"
    shown = ok(stack.get(path, **headers))
    assert (shown["status"], shown["cancel"]) == ("cancelled", None)


# ---- while buyers go on, and when something breaks


def test_a_reservation_on_its_way_is_ended_too(stack):
    """It has looked at the concert when that is cancelled, and is written afterwards."""
    for _ in range(5):
        concert, user = new_concert(stack), new_user()
        with lock_seat(stack, concert.item, 1):
            reserving = Pending(stack, lambda client: ask_reserve(client, user, concert, concert.item, 1))
            wait_for_waiters(stack, 1)
            cancel(stack, concert)
        answer = reserving.answer()
        whole = sweep_until_done(stack, concert)
        if answer.status == 200:
            assert whole["holds"] == 1
            assert reservation(stack, user, answer.json()["reservationId"])["status"] == "cancelled"
            return
        assert answer.code in ("concert_not_open", "busy"), answer
    pytest.fail("no reservation was in time")


def test_the_sweeper_killed_in_the_middle(stack):
    """The next pass goes on; each buyer of each date is refunded once, and what is told is what was done."""
    seats, more = 400, 5
    concert = sell_hall(stack, seats)
    second = ok(stack.post(f"/admin/concert/{concert.id}/item", DATE, **stack.admin_headers()))["itemId"]
    for seat in range(more):
        buy(stack, new_user(), concert, item=second, seats=[seat + 1])
    cancel(stack, concert)
    told = lambda: tuple(progress(stack, concert)[name] for name in ("refunded", "points"))
    killed = 0
    with slow_refunds(stack, concert):
        for goal in (40, 200):
            sweeper = start_sweeper(stack)
            wait_for(lambda: refunds(stack, concert)[0] >= goal or sweeper.poll() is not None, 120, step=0.002)
            sweeper.kill()
            killed += sweeper.wait() == -signal.SIGKILL
            wait_for(lambda: told() == refunds(stack, concert))  # its last transaction has ended
            assert goal <= refunds(stack, concert)[0] < seats
    assert killed == 2, "it was not killed in the middle"
    sweep_until_done(stack, concert)
    assert refunds(stack, concert) == (seats + more, 10 * seats + 1000 * more) == told()
