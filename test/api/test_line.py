"""The line through nginx: section 5 of the contract, rule by rule."""

import re
import time

import pytest
from crowd import rush
from helpers import (INSTANT, add_token, ask_pay, ask_reserve, assert_headers, assert_problem, charge,
                     new_concert, new_user, ok, pay, reserve)
from line_helpers import Line, same

pytestmark = pytest.mark.usefixtures("audited")

TICKET = ["token", "userId", "concertId", "number", "status", "position", "etaSeconds", "etaSecondsHigh",
          "pollAfterSeconds", "expiresAt"]


# ---- answers


def test_an_active_ticket(stack):
    line = Line.new(stack, 1)
    user = new_user()
    answer = line.ask_add(user)
    assert_headers(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    ticket = ok(answer)
    assert list(ticket) == TICKET
    assert re.fullmatch(rf"{line.id}-[0-9a-f]{{32}}", ticket["token"])
    assert (ticket["userId"], ticket["concertId"], ticket["number"]) == (user, line.id, 1)
    assert (ticket["status"], ticket["position"]) == ("active", 0)
    assert (ticket["etaSeconds"], ticket["etaSecondsHigh"]) == (0, 0)
    assert ticket["pollAfterSeconds"] >= 1
    assert re.fullmatch(INSTANT, ticket["expiresAt"])
    assert line.poll(ticket) == ticket
    assert line.add(user) == ticket


def test_a_waiting_ticket(stack):
    line = Line.new(stack, 1)
    line.add()
    ticket = line.add()
    assert list(ticket) == TICKET
    assert (ticket["number"], ticket["status"], ticket["position"]) == (2, "waiting", 1)
    assert ticket["expiresAt"] is None
    assert ticket["etaSeconds"] is None and ticket["etaSecondsHigh"] is None
    assert ticket["pollAfterSeconds"] >= 1
    assert line.poll(ticket) == ticket


def test_the_line_as_everybody_sees_it(stack):
    line = Line.new(stack, 2)
    line.add_many(5)
    answer = stack.get(f"{line.path}/queue")
    queue = ok(answer)
    assert list(queue) == ["concertId", "status", "paused", "serving", "lastNumber", "waiting", "active",
                           "capacity", "admittedPerMinute", "refreshSeconds", "etaSeconds", "etaSecondsHigh",
                           "draw", "now"]
    assert queue | {"now": 0} == {
        "concertId": line.id, "status": "open", "paused": False, "serving": 2, "lastNumber": 5, "waiting": 3,
        "active": 2, "capacity": 2, "admittedPerMinute": 0, "refreshSeconds": 1,
        "etaSeconds": None, "etaSecondsHigh": None, "draw": None, "now": 0,
    }
    assert answer.headers["ETag"]
    line.add()
    assert ok(stack.get(f"{line.path}/queue"))["lastNumber"] in (5, 6)  # kept for a second
    assert_problem(stack.get("/concert/2147483647/queue"), "concert_not_found")


def test_the_queue_of_a_closed_and_of_a_cancelled_concert(stack):
    line = Line.new(stack, 1)
    line.add_many(2)
    for status in ("closed", "cancelled"):
        line.set(status=f"'{status}'")
        assert (line.queue()["status"], line.queue()["lastNumber"]) == (status, 2)


def test_no_line_is_kept(stack):
    concert = new_concert(stack)
    queue = ok(stack.get(f"{concert.path}/queue"))
    assert (queue["capacity"], queue["waiting"], queue["active"], queue["serving"]) == (None, 0, 0, 0)
    assert queue["refreshSeconds"] >= 1


# ---- adds


def test_what_comes_before_the_line(stack):
    def ask(concert_id):
        return stack.post("/token/add", {"userId": new_user(), "concertId": concert_id})

    assert_problem(ask(2147483647), "concert_not_found")
    for more in ({"status": "closed"}, {"status": "cancelled"},
                 {"opens": "UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"},
                 {"closes": "UTC_TIMESTAMP(3) - INTERVAL 1 SECOND"}):
        assert_problem(ask(Line.new(stack, 1, **more).id), "concert_not_open")
        assert_problem(ask(new_concert(stack, **more).id), "concert_not_open")


def test_numbers_are_dense(stack):
    line = Line.new(stack, 3)
    assert [ticket["number"] for ticket in line.add_many(10)] == list(range(1, 11))
    assert list(line.rows()) == list(range(1, 11))
    assert [row["status"] for row in line.rows().values()] == ["active"] * 3 + ["waiting"] * 7


def test_each_concert_has_its_own_line(stack):
    one, other = Line.new(stack, 1), Line.new(stack, 1)
    user = new_user()
    tickets = [one.add(user), other.add(user)]
    assert [t["number"] for t in tickets] == [1, 1]
    assert tickets[0]["token"] != tickets[1]["token"]


def test_a_full_line(stack):
    line = Line.new(stack, 1)
    line.set(max_waiting=2)
    tickets = line.add_many(3)
    assert_problem(line.ask_add(new_user()), "queue_full")
    assert same(line.add(tickets[2]["userId"]), tickets[2])
    assert line.leave(tickets[1]).status == 204
    assert line.add()["number"] == 4


def test_an_add_whose_row_is_lost_is_saved_again(stack):
    line = Line.new(stack, 1)
    active, waiting = line.add_many(2)
    stack.query("DELETE FROM queue_token WHERE concert_id = %s", line.id)
    assert same(line.add(waiting["userId"]), waiting)
    assert same(line.add(active["userId"]), active)
    assert [row["status"] for row in line.rows().values()] == ["active", "waiting"]


def test_a_number_that_is_taken_is_not_given_twice(stack):
    """An add that was under way when Redis was rebuilt has the number already."""
    line = Line.new(stack, 1)
    line.add()
    stack.query(
        "INSERT INTO queue_token (concert_id, number, token, user_id, created_at)"
        " VALUES (%s, 2, UNHEX(REPEAT('ab', 16)), 'other', UTC_TIMESTAMP(3))", line.id,
    )
    late = line.add()
    assert late["number"] == 3
    other = line.poll({"token": f"{line.id}-{'ab' * 16}"})  # Redis did not know it: put back
    assert (other["number"], other["userId"], other["status"]) == (2, "other", "waiting")
    assert line.add("other")["token"] == other["token"]
    assert line.counts() == (1, 3, 2, 1)


# ---- tokens


def test_tokens_that_are_none(stack):
    line = Line.new(stack, 1)
    ticket = line.add()
    good = ticket["token"]
    digits = good.split("-")[1]
    for text in ("x", good[:-1], good + "0", good.upper(), good.replace("-", "--"), f"0{good}", "-" + good,
                 good + " x", f"{line.id}-" + "0" * 32, f"{line.id + 1}-{digits}", f"2147483648-{digits}"):
        for method in ("GET", "DELETE"):
            assert_problem(stack.call(method, "/token", headers={"X-Queue-Token": text}), "token_invalid")
    for method in ("GET", "DELETE"):
        assert_problem(stack.call(method, "/token"), "token_missing")
        assert_problem(stack.call(method, "/token", headers={"X-Queue-Token": ""}), "token_missing")
    assert line.poll(ticket) == ticket


def test_leaving(stack):
    line = Line.new(stack, 1)
    active, waiting, last = line.add_many(3)
    answer = line.leave(waiting)
    assert (answer.status, answer.body) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert_problem(line.leave(waiting), "token_invalid")
    assert_problem(line.ask(waiting), "token_invalid")
    assert line.counts() == (1, 3, 1, 1)
    assert line.leave(active).status == 204
    assert line.poll(last)["status"] == "active"
    again = line.add(waiting["userId"])
    assert (again["number"], again["status"]) == (4, "waiting")
    assert [row["status"] for row in line.rows().values()] == ["left", "left", "active", "waiting"]


def test_leaving_while_the_token_is_asked_for(stack):
    """A call that meets the leave half-way may write it down first: it was a leave all the same."""
    line = Line.new(stack, 10)
    for ticket in line.add_many(20):
        left, *_ = rush(stack, [lambda client, ticket=ticket: line.leave(ticket, client)]
                        + [lambda client, ticket=ticket: line.ask(ticket, client)] * 4).answers
        assert left.status == 204, left
        assert_problem(line.leave(ticket), "token_invalid")


def test_a_lease_lapses(stack):
    line = Line.new(stack, 1, active_seconds=60)
    first, second = line.add_many(2)
    line.pass_s(30, second)
    assert line.poll(first)["status"] == "active"
    assert line.add(first["userId"])["expiresAt"] == line.poll(first)["expiresAt"]  # no longer than before
    line.pass_s(30, second)
    assert_problem(line.ask(first), "token_invalid")
    assert_problem(line.leave(first), "token_invalid")
    assert line.rows()[1]["status"] == "lapsed"
    assert line.poll(second)["status"] == "active"
    again = line.add(first["userId"])
    assert (again["number"], again["status"]) == (3, "waiting")


def test_the_sweeper_writes_down_who_ended(stack):
    line = Line.new(stack, 2, active_seconds=5)
    line.add_many(3)
    line.pass_s(5.1)
    assert stack.sweeper().returncode == 0
    rows = line.rows()
    assert [row["status"] for row in rows.values()] == ["lapsed", "lapsed", "waiting"]
    assert line.stored().client.hlen(line.stored().key("tokens")) == 1
    assert rows[2]["serving"] == 2 or rows[3]["serving"] == 3  # the third was called


# ---- called, missed, skipped


def test_a_called_one_becomes_active_with_its_first_call(stack):
    line = Line.new(stack, 1)
    first, second, third = line.add_many(3)
    line.leave(first)
    assert line.counts() == (2, 3, 1, 1)  # called: it has the place
    assert line.rows()[2]["status"] == "waiting"
    line.pass_s(10)
    now = line.poll(second)
    assert (now["status"], now["number"]) == ("active", 2)
    assert line.rows()[2]["status"] == "active"
    line.leave(second)
    assert line.add(third["userId"])["status"] == "active"  # an add is a first call as well


def test_a_called_one_that_does_not_come_keeps_its_number(stack):
    line = Line.new(stack, 1)
    first, second, third = line.add_many(3)
    line.leave(first)
    line.pass_s(31, third)
    assert line.poll(third)["status"] == "active"
    late = line.poll(second)
    assert (late["status"], late["number"], late["position"]) == ("waiting", 2, 1)
    fourth = line.add()
    line.leave(third)
    assert line.statuses(fourth, second) == ["waiting", "active"]


def test_one_that_stopped_asking_is_skipped(stack):
    line = Line.new(stack, 1)
    first, second, third = line.add_many(3)
    line.pass_s(16, first, third)
    line.queue()  # looking at the line is no sign of life
    line.leave(first)
    assert line.counts() == (3, 3, 0, 1)
    assert line.poll(third)["status"] == "active"
    line.leave(third)
    assert line.poll(second)["status"] == "active"


def test_a_missed_one_ends(stack):
    line = Line.new(stack, 1, active_seconds=3600)
    first, second = line.add_many(2)
    line.pass_s(16, first)
    line.leave(first)
    third = line.add()
    line.pass_s(590, third)
    line.pass_s(11, third)
    assert_problem(line.ask(second), "token_invalid")
    assert line.rows()[2]["status"] == "lapsed"
    again = line.add(second["userId"])
    assert again["number"] == 4


# ---- capacity and pause


def test_capacity_up_and_down(stack):
    line = Line.new(stack, 1)
    tickets = line.add_many(5)
    line.set(admission_capacity=3)
    assert line.statuses(*tickets) == ["active"] * 3 + ["waiting"] * 2
    line.set(admission_capacity=1)
    assert line.statuses(*tickets) == ["active"] * 3 + ["waiting"] * 2
    assert line.queue()["capacity"] == 1
    line.leave(tickets[0])
    line.leave(tickets[1])
    assert line.statuses(*tickets[2:]) == ["active"] + ["waiting"] * 2
    line.leave(tickets[2])
    assert line.statuses(*tickets[3:]) == ["active", "waiting"]


def test_capacity_zero_calls_nobody(stack):
    line = Line.new(stack, 0)
    ticket = line.add()
    assert ticket["status"] == "waiting"
    assert line.counts() == (0, 1, 1, 0)


def test_a_paused_line(stack):
    line = Line.new(stack, 2)
    first, second, third = line.add_many(3)
    line.set(paused=1)
    assert line.queue()["paused"] is True
    line.leave(first)
    assert line.poll(third)["status"] == "waiting"
    assert line.add()["status"] == "waiting"
    assert line.poll(second)["status"] == "active"
    line.set(paused=0)
    assert line.poll(third)["status"] == "active"


def test_set_to_null_all_are_active(stack):
    line = Line.new(stack, 1, active_seconds=60)
    active, waiting, silent, left = line.add_many(4)
    line.leave(left)
    line.set(admission_capacity="NULL")
    now = line.poll(waiting)
    assert (now["status"], now["number"], now["token"]) == ("active", None, waiting["token"])
    assert re.fullmatch(INSTANT, now["expiresAt"])
    assert line.poll(active)["expiresAt"] == active["expiresAt"]
    renewed = line.add(active["userId"])
    assert renewed["token"] == active["token"] and renewed["expiresAt"] > active["expiresAt"]
    assert line.add(silent["userId"])["token"] == silent["token"]
    assert_problem(line.ask(left), "token_invalid")
    assert line.add(left["userId"])["token"] != left["token"]
    assert_problem(ask_pay(stack, left["userId"], 2147483647, left["token"]), "reservation_not_found")
    assert line.leave(waiting).status == 204
    assert_problem(line.ask(waiting), "token_invalid")


def test_set_from_null_live_tokens_keep_their_lease_and_count(stack):
    line = Line.new(stack, None, active_seconds=60)
    first, second = line.add_many(2)
    gone = line.add()
    line.leave(gone)
    line.set(admission_capacity=3)
    kept = line.poll(first)
    assert (kept["status"], kept["number"], kept["expiresAt"]) == ("active", None, first["expiresAt"])
    assert line.add(first["userId"])["expiresAt"] == first["expiresAt"]  # in a line an add renews nothing
    tickets = line.add_many(2)
    assert [(t["number"], t["status"]) for t in tickets] == [(1, "active"), (2, "waiting")]
    assert line.counts() == (1, 2, 1, 3)
    assert_problem(line.ask(gone), "token_invalid")
    assert line.leave(second).status == 204
    assert line.poll(tickets[1])["status"] == "active"
    assert_problem(line.ask(second), "token_invalid")
    line.pass_s(61)
    assert_problem(line.ask(first), "token_invalid")


def test_to_null_and_back_the_numbers_stay(stack):
    line = Line.new(stack, 1, active_seconds=60)
    active, waiting, silent = line.add_many(3)
    line.set(admission_capacity="NULL")
    line.poll(waiting)
    fresh = line.add()
    line.set(admission_capacity=1)
    assert line.counts() == (1, 3, 1, 3)  # both active ones and the new one, beside the silent one
    assert [(t["number"], t["status"]) for t in map(line.poll, (active, waiting, silent, fresh))] == [
        (1, "active"), (2, "active"), (3, "waiting"), (None, "active")]
    assert line.add()["number"] == 4


# ---- no line


def test_without_a_line_a_repeated_add_renews(stack):
    line = Line.new(stack, None, active_seconds=60)
    ticket = line.add()
    assert (ticket["number"], ticket["status"], ticket["position"]) == (None, "active", 0)
    assert (ticket["etaSeconds"], ticket["etaSecondsHigh"]) == (0, 0)
    time.sleep(0.01)
    assert line.poll(ticket) == ticket
    again = line.add(ticket["userId"])
    assert again["token"] == ticket["token"] and again["expiresAt"] > ticket["expiresAt"]
    stack.query("UPDATE open_token SET lease_until = UTC_TIMESTAMP(3) WHERE concert_id = %s", line.id)
    assert_problem(line.ask(ticket), "token_invalid")
    fresh = line.add(ticket["userId"])
    assert fresh["token"] != ticket["token"]
    assert line.leave(fresh).status == 204
    assert_problem(line.leave(fresh), "token_invalid")
    assert line.add(ticket["userId"])["token"] not in (fresh["token"], ticket["token"])


# ---- reservation and payment


def test_reserving_needs_an_active_token(stack):
    line, other = Line.new(stack, 1), Line.new(stack, 1)
    active, waiting = line.add_many(2)
    elsewhere = other.add(active["userId"])
    item, seat = line.free_seat()

    def ask(user, **more):
        return ask_reserve(stack, user, line, item, seat, **more)

    assert_problem(ask(active["userId"]), "token_missing")
    assert_problem(ask(active["userId"], token="x"), "token_invalid")
    assert_problem(ask(active["userId"], token=f"{line.id}-{'0' * 32}"), "token_invalid")
    assert_problem(ask(active["userId"], token=elsewhere["token"]), "token_invalid")
    assert_problem(ask(new_user(), token=active["token"]), "token_invalid")
    assert_problem(ask(waiting["userId"], token=waiting["token"]), "token_not_active")
    body = {"userId": active["userId"], "concertId": line.id, "itemId": 2147483647, "seatId": 1}
    assert_problem(stack.post("/reservation", body), "token_missing")  # the token before the item
    held = ok(stack.post("/reservation", body | {"itemId": item, "seatId": seat, "token": active["token"]}))
    assert held["status"] == "held"
    assert_problem(ask(active["userId"], token=active["token"]), "seat_taken", seatIds=[seat])
    line.leave(active)
    assert_problem(ask(active["userId"], token=active["token"]), "token_invalid")
    # the other one was called by that: its reservation is the first call
    assert reserve(stack, waiting["userId"], line, token=waiting["token"])["status"] == "held"
    assert line.poll(waiting)["status"] == "active"


def test_a_payment_ends_the_token_and_frees_the_place(stack):
    line = Line.new(stack, 1)
    buyer, second = line.add_many(2)
    user = buyer["userId"]
    held = [reserve(stack, user, line, token=buyer["token"])["reservationId"] for _ in range(2)]
    charge(stack, user, 2000)
    pay(stack, user, held[0], buyer["token"])
    assert line.poll(second)["status"] == "active"
    assert_problem(line.ask(buyer), "token_invalid")
    assert_problem(line.leave(buyer), "token_invalid")
    item, seat = line.free_seat()
    assert_problem(ask_reserve(stack, user, line, item, seat, token=buyer["token"]), "token_invalid")
    pay(stack, user, held[1], buyer["token"])  # one token pays all its holds
    assert line.rows()[1]["status"] == "done"
    assert line.add(user)["number"] == 3


@pytest.mark.parametrize("end", ["lapse", "leave"])
def test_a_hold_is_paid_with_its_token_whatever_became_of_it(stack, end):
    line = Line.new(stack, 1, active_seconds=60)
    buyer = line.add()
    held = reserve(stack, buyer["userId"], line, token=buyer["token"])
    charge(stack, buyer["userId"], 1000)
    if end == "lapse":
        line.pass_s(61)
    else:
        line.leave(buyer)
    assert_problem(line.ask(buyer), "token_invalid")
    again = line.add(buyer["userId"])
    assert_problem(ask_pay(stack, buyer["userId"], held["reservationId"], again["token"]), "token_invalid")
    pay(stack, buyer["userId"], held["reservationId"], buyer["token"])
    assert line.poll(again)["status"] == "active"


def test_a_payment_that_redis_did_not_hear_of(stack):
    """MySQL has the token as done, Redis as active: the next call settles it, or the sweeper."""
    line = Line.new(stack, 1)
    tickets = line.add_many(3)
    for number, settle in enumerate((lambda t: assert_problem(line.ask(t), "token_invalid"),
                                     lambda t: stack.sweeper())):
        ticket = tickets[number]
        assert line.poll(ticket)["status"] == "active"
        stack.query("UPDATE queue_token SET status = 'done' WHERE concert_id = %s AND number = %s",
                    line.id, number + 1)
        settle(ticket)
        assert line.poll(tickets[number + 1])["status"] == "active"
    stack.query("UPDATE queue_token SET status = 'done' WHERE concert_id = %s AND number = 3", line.id)
    again = line.add(tickets[2]["userId"])
    assert (again["number"], again["status"]) == (4, "active")


def test_a_hold_made_without_a_line_is_paid_with_a_token_of_the_line(stack):
    line = Line.new(stack, None)
    user = new_user()
    held = reserve(stack, user, line)
    charge(stack, user, 1000)
    line.set(admission_capacity=0)
    ticket = line.add(user)
    assert ticket["status"] == "waiting"
    pay(stack, user, held["reservationId"], ticket["token"])
    assert same(line.poll(ticket), ticket), "only an active one is ended by a payment"


def test_numbers_are_kept_while_no_line_is(stack):
    """And no ticket shows one then; Redis is not asked."""
    line = Line.new(stack, 1)
    first, second, third = line.add_many(3)
    assert line.leave(first).status == 204 and line.poll(second)["status"] == "active"
    line.set(admission_capacity="NULL")
    assert line.counts() == (2, 3, 0, 0)
    assert [line.poll(ticket)["number"] for ticket in (second, third)] == [None, None]
    with stack.without("redis"):
        assert line.counts() == (2, 3, 0, 0) and line.add(third["userId"])["number"] is None
    line.set(admission_capacity=1)
    assert line.add()["number"] == 4 and line.counts()[:2] == (2, 4)


def test_a_closed_line(stack):
    line = Line.new(stack, 1)
    ticket = line.add()
    held = reserve(stack, ticket["userId"], line, token=ticket["token"])
    charge(stack, ticket["userId"], 1000)
    line.set(status="'closed'")
    assert_problem(line.ask_add(ticket["userId"]), "concert_not_open")
    item, seat = line.free_seat()
    refused = ask_reserve(stack, ticket["userId"], line, item, seat, token=ticket["token"])
    assert_problem(refused, "concert_not_open")
    assert line.poll(ticket)["status"] == "active"
    pay(stack, ticket["userId"], held["reservationId"], ticket["token"])


CLOSED = {
    "by its operator": lambda line: line.set(status="'closed'"),
    "by its time": lambda line: line.stack.query(
        "UPDATE concert SET closes_at = UTC_TIMESTAMP(3) WHERE concert_id = %s", line.id),
    "as all has started": lambda line: line.start(line.item),
    "for good": lambda line: line.set(status="'cancelled'"),
}


@pytest.mark.parametrize("close", CLOSED.values(), ids=CLOSED)
def test_a_closed_line_calls_nobody(stack, close):
    """Who was called before may still come."""
    line = Line.new(stack, 2)
    first, second, called, waiting = line.add_many(4)
    assert line.leave(first).status == 204
    assert line.queue()["serving"] == 3
    close(line)
    assert line.leave(second).status == 204
    assert stack.sweeper().returncode == 0
    assert line.statuses(waiting, called, waiting) == ["waiting", "active", "waiting"]
    assert line.counts() == (3, 4, 1, 1)
    assert line.poll(waiting)["pollAfterSeconds"] >= 1


def test_the_audit_tells_an_overshoot(stack):
    line = Line.new(stack, 1)
    line.add()
    stored = line.stored()
    stored.client.hset(stored.key("meta"), "overshoot", 2)
    audit = stack.ctl("audit")
    assert audit.returncode == 1 and re.search(r"2 +line_overshoot ", audit.stdout)
    stored.client.hset(stored.key("meta"), "overshoot", 0)


def test_the_demo_loaded_anew_empties_its_line(new_stack):
    private = new_stack()
    assert add_token(private, "u", Line(private, 2, [], 0, 0))["number"] == 1
    assert add_token(private, "v", Line(private, 2, [], 0, 0))["number"] == 2
    time.sleep(1.1)
    assert private.ctl("demo", "reset", "--yes").returncode == 0
    assert add_token(private, "w", Line(private, 2, [], 0, 0))["number"] == 1
