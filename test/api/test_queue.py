"""The queue through nginx: section 5 of the contract, rule by rule."""

import re
import time

import pytest
from crowd import rush
from helpers import (INSTANT, add_token, ask_pay, ask_reserve, assert_headers, assert_problem, charge,
                     new_concert, new_user, ok, pay, reserve)
from queue_helpers import Queue, same

pytestmark = pytest.mark.usefixtures("audited")

TICKET = ["token", "userId", "concertId", "number", "status", "position", "etaSeconds", "etaSecondsHigh",
          "pollAfterSeconds", "expiresAt"]


# ---- answers


def test_an_active_ticket(stack):
    queue = Queue.new(stack, 1)
    user = new_user()
    answer = queue.ask_add(user)
    assert_headers(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    ticket = ok(answer)
    assert list(ticket) == TICKET
    assert re.fullmatch(rf"{queue.id}-[0-9a-f]{{32}}", ticket["token"])
    assert (ticket["userId"], ticket["concertId"], ticket["number"]) == (user, queue.id, 1)
    assert (ticket["status"], ticket["position"]) == ("active", 0)
    assert (ticket["etaSeconds"], ticket["etaSecondsHigh"]) == (0, 0)
    assert ticket["pollAfterSeconds"] >= 1
    assert re.fullmatch(INSTANT, ticket["expiresAt"])
    assert queue.poll(ticket) == ticket
    assert queue.add(user) == ticket


def test_a_waiting_ticket(stack):
    queue = Queue.new(stack, 1)
    queue.add()
    ticket = queue.add()
    assert list(ticket) == TICKET
    assert (ticket["number"], ticket["status"], ticket["position"]) == (2, "waiting", 1)
    assert ticket["expiresAt"] is None
    assert ticket["etaSeconds"] is None and ticket["etaSecondsHigh"] is None
    assert ticket["pollAfterSeconds"] >= 1
    assert queue.poll(ticket) == ticket


def test_the_queue_as_everybody_sees_it(stack):
    queue = Queue.new(stack, 2)
    queue.add_many(5)
    answer = stack.get(f"{queue.path}/queue")
    shown = ok(answer)
    assert list(shown) == ["concertId", "status", "paused", "serving", "lastNumber", "waiting", "active",
                           "capacity", "admittedPerMinute", "refreshSeconds", "etaSeconds", "etaSecondsHigh",
                           "draw", "now"]
    assert shown | {"now": 0} == {
        "concertId": queue.id, "status": "open", "paused": False, "serving": 2, "lastNumber": 5, "waiting": 3,
        "active": 2, "capacity": 2, "admittedPerMinute": 0, "refreshSeconds": 1,
        "etaSeconds": None, "etaSecondsHigh": None, "draw": None, "now": 0,
    }
    assert answer.headers["ETag"]
    queue.add()
    assert ok(stack.get(f"{queue.path}/queue"))["lastNumber"] in (5, 6)  # kept for a second
    assert_problem(stack.get("/concert/2147483647/queue"), "concert_not_found")


def test_the_queue_of_a_closed_and_of_a_cancelled_concert(stack):
    queue = Queue.new(stack, 1)
    queue.add_many(2)
    for status in ("closed", "cancelled"):
        queue.set(status=f"'{status}'")
        assert (queue.public()["status"], queue.public()["lastNumber"]) == (status, 2)


def test_no_queue_is_kept(stack):
    concert = new_concert(stack)
    shown = ok(stack.get(f"{concert.path}/queue"))
    assert (shown["capacity"], shown["waiting"], shown["active"], shown["serving"]) == (None, 0, 0, 0)
    assert shown["refreshSeconds"] >= 1


# ---- adds


def test_what_comes_before_the_queue(stack):
    def ask(concert_id):
        return stack.post("/token/add", {"userId": new_user(), "concertId": concert_id})

    assert_problem(ask(2147483647), "concert_not_found")
    for more in ({"status": "closed"}, {"status": "cancelled"},
                 {"opens": "UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"},
                 {"closes": "UTC_TIMESTAMP(3) - INTERVAL 1 SECOND"}):
        assert_problem(ask(Queue.new(stack, 1, **more).id), "concert_not_open")
        assert_problem(ask(new_concert(stack, **more).id), "concert_not_open")


def test_numbers_are_dense(stack):
    queue = Queue.new(stack, 3)
    assert [ticket["number"] for ticket in queue.add_many(10)] == list(range(1, 11))
    assert list(queue.rows()) == list(range(1, 11))
    assert [row["status"] for row in queue.rows().values()] == ["active"] * 3 + ["waiting"] * 7


def test_each_concert_has_its_own_queue(stack):
    one, other = Queue.new(stack, 1), Queue.new(stack, 1)
    user = new_user()
    tickets = [one.add(user), other.add(user)]
    assert [t["number"] for t in tickets] == [1, 1]
    assert tickets[0]["token"] != tickets[1]["token"]


def test_a_full_queue(stack):
    queue = Queue.new(stack, 1)
    queue.set(max_waiting=2)
    tickets = queue.add_many(3)
    assert_problem(queue.ask_add(new_user()), "queue_full")
    assert same(queue.add(tickets[2]["userId"]), tickets[2])
    assert queue.leave(tickets[1]).status == 204
    assert queue.add()["number"] == 4


def test_an_add_whose_row_is_lost_is_saved_again(stack):
    queue = Queue.new(stack, 1)
    active, waiting = queue.add_many(2)
    stack.query("DELETE FROM queue_token WHERE concert_id = %s", queue.id)
    assert same(queue.add(waiting["userId"]), waiting)
    assert same(queue.add(active["userId"]), active)
    assert [row["status"] for row in queue.rows().values()] == ["active", "waiting"]


def test_a_number_that_is_taken_is_not_given_twice(stack):
    """An add that was under way when Redis was rebuilt has the number already."""
    queue = Queue.new(stack, 1)
    queue.add()
    stack.query(
        "INSERT INTO queue_token (concert_id, number, token, user_id, created_at)"
        " VALUES (%s, 2, UNHEX(REPEAT('ab', 16)), 'other', UTC_TIMESTAMP(3))", queue.id,
    )
    late = queue.add()
    assert late["number"] == 3
    other = queue.poll({"token": f"{queue.id}-{'ab' * 16}"})  # Redis did not know it: put back
    assert (other["number"], other["userId"], other["status"]) == (2, "other", "waiting")
    assert queue.add("other")["token"] == other["token"]
    assert queue.counts() == (1, 3, 2, 1)


# ---- tokens


def test_tokens_that_are_none(stack):
    queue = Queue.new(stack, 1)
    ticket = queue.add()
    good = ticket["token"]
    digits = good.split("-")[1]
    for text in ("x", good[:-1], good + "0", good.upper(), good.replace("-", "--"), f"0{good}", "-" + good,
                 good + " x", f"{queue.id}-" + "0" * 32, f"{queue.id + 1}-{digits}", f"2147483648-{digits}"):
        for method in ("GET", "DELETE"):
            assert_problem(stack.call(method, "/token", headers={"X-Queue-Token": text}), "token_invalid")
    for method in ("GET", "DELETE"):
        assert_problem(stack.call(method, "/token"), "token_missing")
        assert_problem(stack.call(method, "/token", headers={"X-Queue-Token": ""}), "token_missing")
    assert queue.poll(ticket) == ticket


def test_leaving(stack):
    queue = Queue.new(stack, 1)
    active, waiting, last = queue.add_many(3)
    answer = queue.leave(waiting)
    assert (answer.status, answer.body) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert_problem(queue.leave(waiting), "token_invalid")
    assert_problem(queue.ask(waiting), "token_invalid")
    assert queue.counts() == (1, 3, 1, 1)
    assert queue.leave(active).status == 204
    assert queue.poll(last)["status"] == "active"
    again = queue.add(waiting["userId"])
    assert (again["number"], again["status"]) == (4, "waiting")
    assert [row["status"] for row in queue.rows().values()] == ["left", "left", "active", "waiting"]


def test_leaving_while_the_token_is_asked_for(stack):
    """A call that meets the leave half-way may write it down first: it was a leave all the same."""
    queue = Queue.new(stack, 10)
    for ticket in queue.add_many(20):
        left, *_ = rush(stack, [lambda client, ticket=ticket: queue.leave(ticket, client)]
                        + [lambda client, ticket=ticket: queue.ask(ticket, client)] * 4).answers
        assert left.status == 204, left
        assert_problem(queue.leave(ticket), "token_invalid")


def test_a_lease_lapses(stack):
    queue = Queue.new(stack, 1, active_seconds=60)
    first, second = queue.add_many(2)
    queue.pass_s(30, second)
    assert queue.poll(first)["status"] == "active"
    assert queue.add(first["userId"])["expiresAt"] == queue.poll(first)["expiresAt"]  # no longer than before
    queue.pass_s(30, second)
    assert_problem(queue.ask(first), "token_invalid")
    assert_problem(queue.leave(first), "token_invalid")
    assert queue.rows()[1]["status"] == "lapsed"
    assert queue.poll(second)["status"] == "active"
    again = queue.add(first["userId"])
    assert (again["number"], again["status"]) == (3, "waiting")


def test_the_sweeper_writes_down_who_ended(stack):
    queue = Queue.new(stack, 2, active_seconds=5)
    queue.add_many(3)
    queue.pass_s(5.1)
    assert stack.sweeper().returncode == 0
    rows = queue.rows()
    assert [row["status"] for row in rows.values()] == ["lapsed", "lapsed", "waiting"]
    assert queue.stored().client.hlen(queue.stored().key("tokens")) == 1
    assert rows[2]["serving"] == 2 or rows[3]["serving"] == 3  # the third was called


# ---- called, missed, skipped


def test_a_called_one_becomes_active_with_its_first_call(stack):
    queue = Queue.new(stack, 1)
    first, second, third = queue.add_many(3)
    queue.leave(first)
    assert queue.counts() == (2, 3, 1, 1)  # called: it has the place
    assert queue.rows()[2]["status"] == "waiting"
    queue.pass_s(10)
    now = queue.poll(second)
    assert (now["status"], now["number"]) == ("active", 2)
    assert queue.rows()[2]["status"] == "active"
    queue.leave(second)
    assert queue.add(third["userId"])["status"] == "active"  # an add is a first call as well


def test_a_called_one_that_does_not_come_keeps_its_number(stack):
    queue = Queue.new(stack, 1)
    first, second, third = queue.add_many(3)
    queue.leave(first)
    queue.pass_s(31, third)
    assert queue.poll(third)["status"] == "active"
    late = queue.poll(second)
    assert (late["status"], late["number"], late["position"]) == ("waiting", 2, 1)
    fourth = queue.add()
    queue.leave(third)
    assert queue.statuses(fourth, second) == ["waiting", "active"]


def test_one_that_stopped_asking_is_skipped(stack):
    queue = Queue.new(stack, 1)
    first, second, third = queue.add_many(3)
    queue.pass_s(16, first, third)
    queue.public()  # looking at the queue is no sign of life
    queue.leave(first)
    assert queue.counts() == (3, 3, 0, 1)
    assert queue.poll(third)["status"] == "active"
    queue.leave(third)
    assert queue.poll(second)["status"] == "active"


def test_a_missed_one_ends(stack):
    queue = Queue.new(stack, 1, active_seconds=3600)
    first, second = queue.add_many(2)
    queue.pass_s(16, first)
    queue.leave(first)
    third = queue.add()
    queue.pass_s(590, third)
    queue.pass_s(11, third)
    assert_problem(queue.ask(second), "token_invalid")
    assert queue.rows()[2]["status"] == "lapsed"
    again = queue.add(second["userId"])
    assert again["number"] == 4


# ---- capacity and pause


def test_capacity_up_and_down(stack):
    queue = Queue.new(stack, 1)
    tickets = queue.add_many(5)
    queue.set(admission_capacity=3)
    assert queue.statuses(*tickets) == ["active"] * 3 + ["waiting"] * 2
    queue.set(admission_capacity=1)
    assert queue.statuses(*tickets) == ["active"] * 3 + ["waiting"] * 2
    assert queue.public()["capacity"] == 1
    queue.leave(tickets[0])
    queue.leave(tickets[1])
    assert queue.statuses(*tickets[2:]) == ["active"] + ["waiting"] * 2
    queue.leave(tickets[2])
    assert queue.statuses(*tickets[3:]) == ["active", "waiting"]


def test_capacity_zero_calls_nobody(stack):
    queue = Queue.new(stack, 0)
    ticket = queue.add()
    assert ticket["status"] == "waiting"
    assert queue.counts() == (0, 1, 1, 0)


def test_a_paused_queue(stack):
    queue = Queue.new(stack, 2)
    first, second, third = queue.add_many(3)
    queue.set(paused=1)
    assert queue.public()["paused"] is True
    queue.leave(first)
    assert queue.poll(third)["status"] == "waiting"
    assert queue.add()["status"] == "waiting"
    assert queue.poll(second)["status"] == "active"
    queue.set(paused=0)
    assert queue.poll(third)["status"] == "active"


def test_set_to_null_all_are_active(stack):
    queue = Queue.new(stack, 1, active_seconds=60)
    active, waiting, silent, left = queue.add_many(4)
    queue.leave(left)
    queue.set(admission_capacity="NULL")
    now = queue.poll(waiting)
    assert (now["status"], now["number"], now["token"]) == ("active", None, waiting["token"])
    assert re.fullmatch(INSTANT, now["expiresAt"])
    assert queue.poll(active)["expiresAt"] == active["expiresAt"]
    renewed = queue.add(active["userId"])
    assert renewed["token"] == active["token"] and renewed["expiresAt"] > active["expiresAt"]
    assert queue.add(silent["userId"])["token"] == silent["token"]
    assert_problem(queue.ask(left), "token_invalid")
    assert queue.add(left["userId"])["token"] != left["token"]
    assert_problem(ask_pay(stack, left["userId"], 2147483647, left["token"]), "reservation_not_found")
    assert queue.leave(waiting).status == 204
    assert_problem(queue.ask(waiting), "token_invalid")


def test_set_from_null_live_tokens_keep_their_lease_and_count(stack):
    queue = Queue.new(stack, None, active_seconds=60)
    first, second = queue.add_many(2)
    gone = queue.add()
    queue.leave(gone)
    queue.set(admission_capacity=3)
    kept = queue.poll(first)
    assert (kept["status"], kept["number"], kept["expiresAt"]) == ("active", None, first["expiresAt"])
    assert queue.add(first["userId"])["expiresAt"] == first["expiresAt"]  # in a queue an add renews nothing
    tickets = queue.add_many(2)
    assert [(t["number"], t["status"]) for t in tickets] == [(1, "active"), (2, "waiting")]
    assert queue.counts() == (1, 2, 1, 3)
    assert_problem(queue.ask(gone), "token_invalid")
    assert queue.leave(second).status == 204
    assert queue.poll(tickets[1])["status"] == "active"
    assert_problem(queue.ask(second), "token_invalid")
    queue.pass_s(61)
    assert_problem(queue.ask(first), "token_invalid")


def test_to_null_and_back_the_numbers_stay(stack):
    queue = Queue.new(stack, 1, active_seconds=60)
    active, waiting, silent = queue.add_many(3)
    queue.set(admission_capacity="NULL")
    queue.poll(waiting)
    fresh = queue.add()
    queue.set(admission_capacity=1)
    assert queue.counts() == (1, 3, 1, 3)  # both active ones and the new one, beside the silent one
    assert [(t["number"], t["status"]) for t in map(queue.poll, (active, waiting, silent, fresh))] == [
        (1, "active"), (2, "active"), (3, "waiting"), (None, "active")]
    assert queue.add()["number"] == 4


# ---- no queue


def test_without_a_queue_a_repeated_add_renews(stack):
    queue = Queue.new(stack, None, active_seconds=60)
    ticket = queue.add()
    assert (ticket["number"], ticket["status"], ticket["position"]) == (None, "active", 0)
    assert (ticket["etaSeconds"], ticket["etaSecondsHigh"]) == (0, 0)
    time.sleep(0.01)
    assert queue.poll(ticket) == ticket
    again = queue.add(ticket["userId"])
    assert again["token"] == ticket["token"] and again["expiresAt"] > ticket["expiresAt"]
    stack.query("UPDATE open_token SET lease_until = UTC_TIMESTAMP(3) WHERE concert_id = %s", queue.id)
    assert_problem(queue.ask(ticket), "token_invalid")
    fresh = queue.add(ticket["userId"])
    assert fresh["token"] != ticket["token"]
    assert queue.leave(fresh).status == 204
    assert_problem(queue.leave(fresh), "token_invalid")
    assert queue.add(ticket["userId"])["token"] not in (fresh["token"], ticket["token"])


# ---- reservation and payment


def test_reserving_needs_an_active_token(stack):
    queue, other = Queue.new(stack, 1), Queue.new(stack, 1)
    active, waiting = queue.add_many(2)
    elsewhere = other.add(active["userId"])
    item, seat = queue.free_seat()

    def ask(user, **more):
        return ask_reserve(stack, user, queue, item, seat, **more)

    assert_problem(ask(active["userId"]), "token_missing")
    assert_problem(ask(active["userId"], token="x"), "token_invalid")
    assert_problem(ask(active["userId"], token=f"{queue.id}-{'0' * 32}"), "token_invalid")
    assert_problem(ask(active["userId"], token=elsewhere["token"]), "token_invalid")
    assert_problem(ask(new_user(), token=active["token"]), "token_invalid")
    assert_problem(ask(waiting["userId"], token=waiting["token"]), "token_not_active")
    body = {"userId": active["userId"], "concertId": queue.id, "itemId": 2147483647, "seatId": 1}
    assert_problem(stack.post("/reservation", body), "token_missing")  # the token before the item
    held = ok(stack.post("/reservation", body | {"itemId": item, "seatId": seat, "token": active["token"]}))
    assert held["status"] == "held"
    assert_problem(ask(active["userId"], token=active["token"]), "seat_taken", seatIds=[seat])
    queue.leave(active)
    assert_problem(ask(active["userId"], token=active["token"]), "token_invalid")
    # the other one was called by that: its reservation is the first call
    assert reserve(stack, waiting["userId"], queue, token=waiting["token"])["status"] == "held"
    assert queue.poll(waiting)["status"] == "active"


def test_a_payment_ends_the_token_and_frees_the_place(stack):
    queue = Queue.new(stack, 1)
    buyer, second = queue.add_many(2)
    user = buyer["userId"]
    held = [reserve(stack, user, queue, token=buyer["token"])["reservationId"] for _ in range(2)]
    charge(stack, user, 2000)
    pay(stack, user, held[0], buyer["token"])
    assert queue.poll(second)["status"] == "active"
    assert_problem(queue.ask(buyer), "token_invalid")
    assert_problem(queue.leave(buyer), "token_invalid")
    item, seat = queue.free_seat()
    assert_problem(ask_reserve(stack, user, queue, item, seat, token=buyer["token"]), "token_invalid")
    pay(stack, user, held[1], buyer["token"])  # one token pays all its holds
    assert queue.rows()[1]["status"] == "done"
    assert queue.add(user)["number"] == 3


@pytest.mark.parametrize("end", ["lapse", "leave"])
def test_a_hold_is_paid_with_its_token_whatever_became_of_it(stack, end):
    queue = Queue.new(stack, 1, active_seconds=60)
    buyer = queue.add()
    held = reserve(stack, buyer["userId"], queue, token=buyer["token"])
    charge(stack, buyer["userId"], 1000)
    if end == "lapse":
        queue.pass_s(61)
    else:
        queue.leave(buyer)
    assert_problem(queue.ask(buyer), "token_invalid")
    again = queue.add(buyer["userId"])
    assert_problem(ask_pay(stack, buyer["userId"], held["reservationId"], again["token"]), "token_invalid")
    pay(stack, buyer["userId"], held["reservationId"], buyer["token"])
    assert queue.poll(again)["status"] == "active"


def test_a_payment_that_redis_did_not_hear_of(stack):
    """MySQL has the token as done, Redis as active: the next call settles it, or the sweeper."""
    queue = Queue.new(stack, 1)
    tickets = queue.add_many(3)
    for number, settle in enumerate((lambda t: assert_problem(queue.ask(t), "token_invalid"),
                                     lambda t: stack.sweeper())):
        ticket = tickets[number]
        assert queue.poll(ticket)["status"] == "active"
        stack.query("UPDATE queue_token SET status = 'done' WHERE concert_id = %s AND number = %s",
                    queue.id, number + 1)
        settle(ticket)
        assert queue.poll(tickets[number + 1])["status"] == "active"
    stack.query("UPDATE queue_token SET status = 'done' WHERE concert_id = %s AND number = 3", queue.id)
    again = queue.add(tickets[2]["userId"])
    assert (again["number"], again["status"]) == (4, "active")


def test_a_hold_made_without_a_queue_is_paid_with_a_token_of_the_queue(stack):
    queue = Queue.new(stack, None)
    user = new_user()
    held = reserve(stack, user, queue)
    charge(stack, user, 1000)
    queue.set(admission_capacity=0)
    ticket = queue.add(user)
    assert ticket["status"] == "waiting"
    pay(stack, user, held["reservationId"], ticket["token"])
    assert same(queue.poll(ticket), ticket), "only an active one is ended by a payment"


def test_numbers_are_kept_while_no_queue_is(stack):
    """And no ticket shows one then; Redis is not asked."""
    queue = Queue.new(stack, 1)
    first, second, third = queue.add_many(3)
    assert queue.leave(first).status == 204 and queue.poll(second)["status"] == "active"
    queue.set(admission_capacity="NULL")
    assert queue.counts() == (2, 3, 0, 0)
    assert [queue.poll(ticket)["number"] for ticket in (second, third)] == [None, None]
    with stack.without("redis"):
        assert queue.counts() == (2, 3, 0, 0) and queue.add(third["userId"])["number"] is None
    queue.set(admission_capacity=1)
    assert queue.add()["number"] == 4 and queue.counts()[:2] == (2, 4)


def test_a_closed_queue(stack):
    queue = Queue.new(stack, 1)
    ticket = queue.add()
    held = reserve(stack, ticket["userId"], queue, token=ticket["token"])
    charge(stack, ticket["userId"], 1000)
    queue.set(status="'closed'")
    assert_problem(queue.ask_add(ticket["userId"]), "concert_not_open")
    item, seat = queue.free_seat()
    refused = ask_reserve(stack, ticket["userId"], queue, item, seat, token=ticket["token"])
    assert_problem(refused, "concert_not_open")
    assert queue.poll(ticket)["status"] == "active"
    pay(stack, ticket["userId"], held["reservationId"], ticket["token"])


CLOSED = {
    "by its operator": lambda queue: queue.set(status="'closed'"),
    "by its time": lambda queue: queue.stack.query(
        "UPDATE concert SET closes_at = UTC_TIMESTAMP(3) WHERE concert_id = %s", queue.id),
    "as all has started": lambda queue: queue.start(queue.item),
    "for good": lambda queue: queue.set(status="'cancelled'"),
}


@pytest.mark.parametrize("close", CLOSED.values(), ids=CLOSED)
def test_a_closed_queue_calls_nobody(stack, close):
    """Who was called before may still come."""
    queue = Queue.new(stack, 2)
    first, second, called, waiting = queue.add_many(4)
    assert queue.leave(first).status == 204
    assert queue.public()["serving"] == 3
    close(queue)
    time.sleep(0.3)  # a worker between two requests may have read before that it is open
    assert queue.leave(second).status == 204
    assert stack.sweeper().returncode == 0
    assert queue.statuses(waiting, called, waiting) == ["waiting", "active", "waiting"]
    assert queue.counts() == (3, 4, 1, 1)
    assert queue.poll(waiting)["pollAfterSeconds"] >= 1


def test_the_audit_tells_an_overshoot(stack):
    queue = Queue.new(stack, 1)
    queue.add()
    stored = queue.stored()
    stored.client.hset(stored.key("meta"), "overshoot", 2)
    audit = stack.ctl("audit")
    assert audit.returncode == 1 and re.search(r"2 +queue_overshoot ", audit.stdout)
    stored.client.hset(stored.key("meta"), "overshoot", 0)


def test_the_demo_loaded_anew_empties_its_queue(new_stack):
    private = new_stack()
    assert add_token(private, "u", Queue(private, 2, [], 0, 0))["number"] == 1
    assert add_token(private, "v", Queue(private, 2, [], 0, 0))["number"] == 2
    time.sleep(1.1)
    assert private.ctl("demo", "reset", "--yes").returncode == 0
    assert add_token(private, "w", Queue(private, 2, [], 0, 0))["number"] == 1
