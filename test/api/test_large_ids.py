"""Ids of reservations, payments, ledger rows and the audit log go up to 2^53 - 1 through every call."""

import contextlib

import pytest
from books import Books
from crowd import together
from helpers import (
    add_token, age_hold, ask_pay, ask_reserve, assert_problem, buy, charge, new_concert, new_user, ok, pay, reserve,
)
from stack import wait_for

INT_MAX, ID_MAX = 2**31 - 1, 2**53 - 1
FIRST = {"reservation": ID_MAX - 100_000, "payment": 2**52, "point_history": 2**40, "audit_log": INT_MAX + 1}


@pytest.fixture(scope="module")
def large(new_stack):
    """A stack whose next ids are beyond an INT."""
    stack = new_stack()
    for table, first in FIRST.items():
        stack.query(f"ALTER TABLE {table} AUTO_INCREMENT = {first}")
    yield stack
    stack.check_books()


def test_a_purchase_and_its_refund(large):
    user, concert = new_user(), new_concert(large)
    held, paid = buy(large, user, concert)
    number = held["reservationId"]
    assert number >= FIRST["reservation"] and paid["paymentId"] >= FIRST["payment"]
    assert paid["reservationId"] == number
    assert ok(large.get(f"/reservation/{number}?userId={user}"))["reservationId"] == number
    assert ok(large.get(f"/payment?userId={user}"))["payments"][0]["reservationId"] == number
    history = ok(large.get(f"/point/history?userId={user}"))["history"]
    assert [row["reservationId"] for row in history] == [number, None]
    assert min(row["historyId"] for row in history) >= FIRST["point_history"]
    refunded = ok(large.call("DELETE", f"/reservation/{number}?userId={user}"))
    assert refunded["reservationId"] == number and refunded["refundedAmount"] == held["totalPrice"]
    assert large.query("SELECT COUNT(*) AS n FROM seat WHERE reservation_id = %s", number)[0]["n"] == 0


def test_answers_are_replayed(large):
    user, concert = new_user(), new_concert(large)
    token = add_token(large, user, concert)["token"]

    def twice(name, method, path, body=None):
        answers = [large.call(method, path, body, {"Idempotency-Key": name, "X-Queue-Token": token}) for _ in "12"]
        assert ok(answers[0]) == ok(answers[1]) and answers[1].headers["Idempotency-Replayed"] == "true"
        return answers[0].json()

    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatIds": [1, 2]}
    number = twice("reserve", "POST", "/reservation", body)["reservationId"]
    charged = twice("charge", "POST", "/point/charge", {"userId": user, "amount": 5000})
    used = twice("use", "POST", "/point/use", {"userId": user, "amount": 1})
    paid = twice("pay", "POST", "/payment", {"userId": user, "reservationId": number})
    twice("cancel", "DELETE", f"/reservation/{number}?userId={user}")
    effects = large.query("SELECT effect_id FROM idempotency WHERE user_id = %s ORDER BY created_at", user)
    assert [row["effect_id"] for row in effects] == [
        number, charged["historyId"], used["historyId"], paid["paymentId"], number]


@pytest.mark.parametrize("path, name, key", [
    ("/reservation", "reservations", "reservationId"), ("/payment", "payments", "paymentId"),
    ("/point/history", "history", "historyId")])
def test_pages_go_by_large_ids(large, path, name, key):
    user, concert = new_user(), new_concert(large)
    for _ in range(3):
        buy(large, user, concert)
    whole = ok(large.get(f"{path}?userId={user}"))[name]
    ids, before = [], ""
    while before is not None:
        page = ok(large.get(f"{path}?userId={user}&limit=1{before}"))
        ids += [row[key] for row in page[name]]
        before = page["next"] and f"&before={page['next']}"
    assert ids == [row[key] for row in whole] and min(ids) > INT_MAX
    assert ok(large.get(f"{path}?userId={user}&before={ID_MAX}"))[name] == whole
    assert ok(large.get(f"{path}?userId={user}&before={INT_MAX}"))[name] == []
    assert_problem(large.get(f"{path}?userId={user}&before={ID_MAX + 1}"), "invalid_field", field="before")


def test_where_the_range_ends(large):
    user, concert = new_user(), new_concert(large)
    token = add_token(large, user, concert)["token"]
    for unknown in (INT_MAX, INT_MAX + 1, 2**32 + 1, ID_MAX):
        assert_problem(ask_pay(large, user, unknown, token), "reservation_not_found")
        assert_problem(large.get(f"/reservation/{unknown}?userId={user}"), "reservation_not_found")
        assert_problem(large.call("DELETE", f"/reservation/{unknown}?userId={user}"), "reservation_not_found")
    for wrong in (0, ID_MAX + 1, 2**63 - 1):
        assert_problem(ask_pay(large, user, wrong, token), "invalid_field", field="reservationId")
    for wrong in (0, ID_MAX + 1, 2**63, 2**64 + 1, 10**30):
        assert_problem(large.get(f"/reservation/{wrong}?userId={user}"), "reservation_not_found")
    # the others end where they did
    assert_problem(large.get(f"/concert/{INT_MAX + 1}"), "concert_not_found")
    assert_problem(large.get(f"/concert/{2**32 + concert.id}"), "concert_not_found")
    assert_problem(large.get(f"/concert/{concert.id}/item/{2**32 + concert.item}/seat"), "item_not_found")
    assert_problem(ask_reserve(large, user, concert, concert.item, INT_MAX + 1), "invalid_field", field="seatId")


def test_no_two_numbers_are_taken_for_one(large):
    """What has the same lower 32 bits is another reservation."""
    user, concert = new_user(), new_concert(large)
    held = reserve(large, user, concert)
    low = held["reservationId"] % 2**32
    assert_problem(large.get(f"/reservation/{low}?userId={user}"), "reservation_not_found")
    assert_problem(large.get(f"/reservation/{low + 2**32}?userId={user}"), "reservation_not_found")


def test_a_lapsed_hold_is_swept_and_sold_again(large):
    user, other, concert = new_user(), new_user(), new_concert(large)
    held = reserve(large, user, concert, concert.item, 1)
    age_hold(large, held["reservationId"], 301)
    taken = reserve(large, other, concert, concert.item, 1)
    assert taken["reservationId"] > held["reservationId"]
    assert large.sweeper().returncode == 0
    assert ok(large.get(f"/reservation/{held['reservationId']}?userId={user}"))["status"] == "expired"
    assert ok(large.get(f"/reservation/{taken['reservationId']}?userId={other}"))["status"] == "held"


def test_a_cancelled_concert(large):
    concert = new_concert(large)
    bought = [buy(large, new_user(), concert)[0] for _ in range(3)]
    held = reserve(large, new_user(), concert)
    done = large.ctl("concert", "cancel", str(concert.id))
    assert done.returncode == 0, done.stderr
    for one in (*bought, held):
        shown = ok(large.get(f"/reservation/{one['reservationId']}?userId={one['userId']}"))
        assert shown["status"] == "cancelled"


def test_the_audit_log(large):
    before = large.query("SELECT COUNT(*) AS n FROM audit_log WHERE audit_log_id > %s", INT_MAX)[0]["n"]
    item = {"date": "2031-05-01", "startsAt": "2031-05-01T10:00:00Z", "seats": [{"from": 1, "to": 2, "price": 1}]}
    made = ok(large.post("/admin/concert", {"title": "T", "venue": "V", "items": [item]}, **large.admin_headers()))
    ok(large.call("PATCH", f"/admin/concert/{made['concertId']}", {"title": "U"}, large.admin_headers()))
    assert large.query("SELECT COUNT(*) AS n FROM audit_log WHERE audit_log_id > %s", INT_MAX)[0]["n"] == before + 2
    done = large.ctl("prune", "--log-days", "1")
    assert done.returncode == 0, done.stderr


def test_many_at_once(large):
    concert = new_concert(large, seats=40)
    users = [new_user() for _ in range(16)]
    for user in users:
        charge(large, user, concert.price)

    def life(user, seat):
        def run(client):
            token = add_token(client, user, concert)["token"]
            held = ok(ask_reserve(client, user, concert, concert.item, seat, token=token))
            return pay(client, user, held["reservationId"], token)
        return run

    paid = together(large, [life(user, number + 1) for number, user in enumerate(users)])
    assert len({row["reservationId"] for row in paid}) == len(users)


# ---- how much is left


def ids_left(stack):
    lines = stack.get("/metrics").body.decode().splitlines()
    return {line.split('"')[1]: int(line.split()[-1]) for line in lines if line.startswith("frontrow_ids_left{")}


def test_metrics_tell_how_many_ids_are_left(large):
    before = ids_left(large)
    assert set(before) == {"concert", "item", "reservation", "payment", "point_history", "audit_log"}
    buy(large, new_user(), new_concert(large))
    after = {
        "concert": before["concert"] - 1, "item": before["item"] - 1, "reservation": before["reservation"] - 1,
        "payment": before["payment"] - 1, "point_history": before["point_history"] - 2,
        "audit_log": before["audit_log"],
    }
    wait_for(lambda: ids_left(large) == after)
    last = large.query("SELECT MAX(reservation_id) AS n FROM reservation")[0]["n"]
    assert after["reservation"] == ID_MAX - last < 100_000
    with large.without("mysql"):
        wait_for(lambda: ids_left(large) == {})
    wait_for(lambda: ids_left(large) == after)


def test_check_tells_where_ids_run_out(stack):
    books = Books(stack, "books_ids")
    assert books.ctl("migrate").returncode == 0
    assert "of the ids" not in books.program("frontrow", "--check").stderr
    books.query("INSERT INTO audit_log (audit_log_id, actor, action, detail, created_at)"
                " VALUES (%s, 'ctl', 'test', '', UTC_TIMESTAMP(3))", ID_MAX // 10 * 9 + 100)
    said = books.program("frontrow", "--check")
    assert said.returncode == 0
    assert "less than a tenth of the ids of table audit_log is left" in said.stderr
    assert said.stderr.count("of the ids") == 1


# ---- what a newer program may have written


@contextlib.contextmanager
def newer(stack, table, column, words, more="NOT NULL"):
    """The column's ENUM has one more word at its end."""
    def alter(words):
        listed = ", ".join(f"'{word}'" for word in words)
        stack.query(f"ALTER TABLE {table} MODIFY {column} ENUM ({listed}) {more}")

    alter([*words, "new"])
    try:
        yield
    finally:
        stack.query(f"UPDATE {table} SET {column} = '{words[0]}' WHERE {column} = 'new'")
        alter(words)


def test_an_unknown_kind_is_other(stack):
    user, concert = new_user(), new_concert(stack, price=0)
    held, _ = buy(stack, user, concert)
    entry = charge(stack, user, 5)["historyId"]
    with newer(stack, "point_history", "kind", ["charge", "use", "payment", "refund"]):
        stack.query("UPDATE point_history SET kind = 'new', amount = 0 WHERE history_id = %s", entry)
        history = ok(stack.get(f"/point/history?userId={user}"))["history"]
        assert [row["kind"] for row in history] == ["other", "payment"]
        stack.query("UPDATE point_history SET kind = 'charge', amount = 5 WHERE history_id = %s", entry)
    with newer(stack, "payment", "status", ["paid", "refunded"], "NOT NULL DEFAULT 'paid'"):
        stack.query("UPDATE payment SET status = 'new' WHERE reservation_id = %s", held["reservationId"])
        assert ok(stack.get(f"/payment?userId={user}"))["payments"][0]["status"] == "other"
    with newer(stack, "reservation", "status", ["held", "paid", "expired", "cancelled"], "NOT NULL DEFAULT 'held'"):
        path = f"/reservation/{held['reservationId']}?userId={user}"
        stack.query("UPDATE reservation SET status = 'new' WHERE reservation_id = %s", held["reservationId"])
        assert ok(stack.get(path))["status"] == "other"
        assert ok(stack.get(f"/reservation?userId={user}"))["reservations"][0]["status"] == "other"
        assert_problem(stack.call("DELETE", path), "not_cancellable")
        stack.query("UPDATE reservation SET status = 'paid' WHERE reservation_id = %s", held["reservationId"])
    stack.check_books()


def test_an_unknown_status_sells_nothing(stack):
    concert = new_concert(stack)
    with newer(stack, "concert", "status", ["closed", "open", "cancelled"], "NOT NULL DEFAULT 'closed'"):
        stack.query("UPDATE concert SET status = 'new' WHERE concert_id = %s", concert.id)
        shown = ok(stack.call("GET", f"/admin/concert/{concert.id}", None, stack.admin_headers()))
        assert shown["status"] == "other"
        assert ok(stack.get(concert.path))["status"] == "other"
        assert_problem(ask_reserve(stack, new_user(), concert, concert.item, 1), "concert_not_open")
