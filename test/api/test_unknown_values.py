"""A newer build may have added values to the ENUMs of the tables: this one shows them as `other`, or as what
cannot be had, and changes nothing about such a row."""

import base64
import re

import pytest
from helpers import (
    add_token, ask_pay, ask_reserve, assert_problem, balance, buy, charge, new_concert, new_user, ok, reserve,
)

COLUMNS = {
    ("box_office_sale", "method"), ("concert", "status"), ("idempotency", "effect"), ("item", "status"), ("payment", "status"),
    ("point_history", "kind"), ("operator_key", "role"), ("queue_token", "status"), ("reservation", "status"), ("seat", "kind"), ("seat", "status"),
    ("presale", "codes"), ("transfer", "status"), ("waitlist_entry", "status"),
}
LATER = "later"


@pytest.fixture(scope="module")
def newer(new_stack):
    """A stack whose ENUMs have each a value more."""
    private = new_stack()
    found = private.query(
        "SELECT table_name AS name, column_name AS col, column_type AS type, column_default AS value"
        " FROM information_schema.columns WHERE table_schema = 'frontrow' AND data_type = 'enum'"
    )
    assert {(row["name"], row["col"]) for row in found} == COLUMNS, "one that this file does not ask about"
    for row in found:
        values = re.sub(r"\)$", f",'{LATER}')", row["type"])
        default = "DEFAULT " + repr(row["value"].strip("'")) if row["value"] else ""
        private.query(f"ALTER TABLE {row['name']} MODIFY {row['col']} {values} NOT NULL {default}")
    return private


def set_later(stack, table, column, where, *values):
    stack.query(f"UPDATE {table} SET {column} = '{LATER}' WHERE {where}", *values)


def test_a_kind_of_the_ledger(newer):
    user = new_user()
    charge(newer, user, 100)
    newer.query(
        "INSERT INTO point_history (user_id, kind, amount, balance_after, created_at)"
        " VALUES (%s, 'later', -30, 70, UTC_TIMESTAMP(3))", user,
    )
    history = ok(newer.get(f"/point/history?userId={user}"))["history"]
    assert [(row["kind"], row["amount"]) for row in history] == [("other", -30), ("charge", 100)]


def test_a_reservation(newer):
    """It is neither paid nor cancelled, and its seat stays with it."""
    concert, user = new_concert(newer), new_user()
    token = add_token(newer, user, concert)["token"]
    held = reserve(newer, user, concert, concert.item, 3)["reservationId"]
    set_later(newer, "reservation", "status", "reservation_id = %s", held)
    assert ok(newer.get(f"/reservation/{held}?userId={user}"))["status"] == "other"
    listed = ok(newer.get(f"/reservation?userId={user}"))["reservations"]
    assert [row["status"] for row in listed] == ["other"]
    charge(newer, user, 1000)
    assert_problem(ask_pay(newer, user, held, token), "hold_expired")
    assert_problem(newer.call("DELETE", f"/reservation/{held}?userId={user}"), "not_cancellable")
    assert newer.sweeper().returncode == 0
    rows = newer.query("SELECT status FROM reservation WHERE reservation_id = %s", held)
    seats = newer.query("SELECT status FROM seat WHERE reservation_id = %s", held)
    assert (rows, seats) == ([{"status": LATER}], [{"status": "held"}])
    assert balance(newer, user) == 1000


def test_a_way_to_pay(newer):
    """Whatever it was paid with, it was not points: none go back."""
    concert, user = new_concert(newer), new_user()
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatIds": [1, 2], "method": "box_office"}
    sold = ok(newer.post("/admin/reservation", body, **newer.admin_headers()))["reservationId"]
    set_later(newer, "box_office_sale", "method", "reservation_id = %s", sold)
    order, = ok(newer.get(f"/admin/reservation?concertId={concert.id}", **newer.admin_headers()))["reservations"]
    assert (order["payment"]["method"], order["payment"]["amount"]) == ("other", 2000)
    path = f"/admin/reservation/{sold}/refund"
    back = ok(newer.post(path, {"reason": "r", "seatIds": [1]}, **newer.admin_headers()))
    assert (back["method"], back["refundedAmount"], back["balance"]) == ("other", 1000, 0)
    assert balance(newer, user) == 0 and ok(newer.get(f"/point/history?userId={user}"))["history"] == []


def test_a_payment(newer):
    user = new_user()
    _, paid = buy(newer, user, new_concert(newer))
    set_later(newer, "payment", "status", "payment_id = %s", paid["paymentId"])
    assert [row["status"] for row in ok(newer.get(f"/payment?userId={user}"))["payments"]] == ["other"]


def test_a_seat(newer):
    """Shown as sold, and nobody gets it, also when it stays so in a row of free ones."""
    concert, user = new_concert(newer, seats=3), new_user()
    held = reserve(newer, user, concert, concert.item, 2)["reservationId"]
    newer.query(
        f"UPDATE seat SET status = '{LATER}', held_until = NULL WHERE reservation_id = %s", held
    )
    path = f"{concert.path}/item/{concert.item}/seat"
    shown = [seat["status"] for seat in ok(newer.fresh(path))["seats"]]
    assert shown == ["available", "sold", "available"]
    bits = base64.b64decode(ok(newer.fresh(path + "?view=compact"))["seats"])
    assert [bits[0] >> shift & 3 for shift in (0, 2, 4)] == [0, 2, 0]
    items = ok(newer.fresh(f"{concert.path}/item"))["items"]
    assert (items[0]["availableCount"], items[0]["heldCount"]) == (2, 0)
    assert_problem(ask_reserve(newer, new_user(), concert, concert.item, 2), "seat_taken", seatIds=[2])
    body = {"concertId": concert.id, "itemId": concert.item}
    best = ok(newer.post("/reservation", body | {"userId": new_user(), "count": 2}))["seats"]
    assert [seat["seatId"] for seat in best] == [1, 3]
    last = newer.post("/reservation", body | {"userId": new_user(), "count": 1})
    assert_problem(last, "seats_not_available")


def test_a_kind_of_seat(newer):
    """It is shown, and nobody gets it who does not name it."""
    concert = new_concert(newer, seats=3)
    newer.query(f"UPDATE seat SET kind = '{LATER}', note = 'n' WHERE item_id = %s AND seat_no = 1", concert.item)
    for what in ("seat", "layout"):
        shown = ok(newer.fresh(f"{concert.path}/item/{concert.item}/{what}"))["seats"]
        assert [seat.get("kind") for seat in shown] == ["other", None, None]
    body = {"userId": new_user(), "concertId": concert.id, "itemId": concert.item}
    assert [seat["seatId"] for seat in ok(newer.post("/reservation", body | {"count": 2}))["seats"]] == [2, 3]
    assert_problem(newer.post("/reservation", body | {"count": 1}), "seats_not_available")
    ok(newer.post("/reservation", body | {"seatId": 1}))
    assert newer.query("SELECT kind FROM seat WHERE item_id = %s AND seat_no = 1", concert.item) == [{"kind": LATER}]


def test_the_codes_of_a_presale(newer):
    """Nobody comes in by codes that this build does not know."""
    concert = new_concert(newer, opens="UTC_TIMESTAMP(3) + INTERVAL 1 HOUR")
    opens = ok(newer.get(concert.path))["opensAt"]
    path = f"/admin/concert/{concert.id}/presale"
    window = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": opens, "quota": 1, "codes": "shared", "code": "FAN-CLUB-2"}
    made = ok(newer.post(path, window, **newer.admin_headers()))["presaleId"]
    newer.query("ALTER TABLE presale DROP CONSTRAINT presale_codes")
    set_later(newer, "presale", "codes", "presale_id = %s", made)
    assert_problem(ask_reserve(newer, new_user(), concert, concert.item, 1, code="FAN-CLUB-2"), "code_invalid")
    listed, = ok(newer.get(path, **newer.admin_headers()))["presales"]
    assert listed["codes"] == "other"


def test_a_concert(newer):
    """Nothing is sold or taken back in it, and a change of something else keeps the state."""
    concert, user = new_concert(newer, capacity=1), new_user()
    token = add_token(newer, user, concert)["token"]
    held = reserve(newer, user, concert, token=token)["reservationId"]
    newer.query(
        f"UPDATE concert SET status = '{LATER}', line_version = line_version + 1 WHERE concert_id = %s", concert.id
    )
    assert ok(newer.fresh(concert.path))["status"] == "other"
    assert ok(newer.fresh(f"{concert.path}/queue"))["status"] == "other"
    assert concert.id not in [row["concertId"] for row in ok(newer.fresh("/concert"))["concerts"]]
    for what in ("item", f"item/{concert.item}/seat", f"item/{concert.item}/layout"):
        assert newer.fresh(f"{concert.path}/{what}").code == "concert_not_open"
    other = new_user()
    assert_problem(newer.post("/token/add", {"userId": other, "concertId": concert.id}), "concert_not_open")
    assert_problem(ask_reserve(newer, user, concert, concert.item, 2, token=token), "concert_not_open")
    path, key = f"/admin/concert/{concert.id}", newer.admin_headers()
    assert ok(newer.get(path, **key))["status"] == "other"
    assert ok(newer.call("PATCH", path, {"title": "Later"}, key))["status"] == "other"
    rows = newer.query("SELECT title, status FROM concert WHERE concert_id = %s", concert.id)
    assert rows == [{"title": "Later", "status": LATER}]
    assert re.search(rf"^ *{concert.id} .*other", newer.ctl("concert", "list").stdout, re.MULTILINE)
    assert "other" in newer.ctl("queue", "show", str(concert.id)).stdout
    charge(newer, user, 1000)
    ok(ask_pay(newer, user, held, token))


def test_an_item(newer):
    """Nothing is sold in it, what was held there can be paid, and no operator changes it."""
    concert, user = new_concert(newer), new_user()
    token = add_token(newer, user, concert)["token"]
    held = reserve(newer, user, concert, concert.item, 3)["reservationId"]
    set_later(newer, "item", "status", "item_id = %s", concert.item)
    assert [row["status"] for row in ok(newer.fresh(f"{concert.path}/item"))["items"]] == ["other"]
    path, key = f"/admin/concert/{concert.id}/item", newer.admin_headers()
    assert [row["status"] for row in ok(newer.get(path, **key))["items"]] == ["other"]
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item}
    for seats in ({"seatIds": [1]}, {"count": 1}):
        assert_problem(newer.post("/reservation", body | seats), "concert_not_open")
    change = newer.call("PATCH", f"{path}/{concert.item}", {"date": "2099-01-02"}, key)
    cancel = newer.post(f"{path}/{concert.item}/cancel", {"reason": "ill"}, **key)
    assert (change.status, cancel.status) == (409, 409)
    charge(newer, user, 1000)
    ok(ask_pay(newer, user, held, token))
    assert newer.query("SELECT status FROM item WHERE item_id = %s", concert.item) == [{"status": LATER}]


def test_a_token(newer):
    """It is none that anything could be done with, once Redis asks MySQL for it."""
    concert, user = new_concert(newer, capacity=1), new_user()
    token = add_token(newer, user, concert)["token"]
    set_later(newer, "queue_token", "status", "concert_id = %s", concert.id)
    newer.redis().flushall()
    add_token(newer, new_user(), concert)
    assert_problem(newer.get("/token", **{"X-Queue-Token": token}), "token_invalid")
    assert_problem(newer.call("DELETE", "/token", headers={"X-Queue-Token": token}), "token_invalid")
    assert add_token(newer, user, concert)["token"] != token


def test_a_role(newer):
    """It may nothing, and the operator is shown."""
    key = {"Authorization": f"Bearer {newer.ctl('operator', 'add', 'later', '--role', 'manager').stdout.strip()}"}
    set_later(newer, "operator_key", "role", "name = 'later'")
    assert_problem(newer.get("/admin/log", **key), "forbidden")
    assert_problem(newer.post("/point/charge", {"userId": new_user(), "amount": 1}, **key), "forbidden")
    assert "other " in newer.ctl("operator", "list").stdout
    assert newer.ctl("operator", "revoke", "later").returncode == 0


def test_a_stored_answer(newer):
    user, key = new_user(), {"Idempotency-Key": "later"}
    body = {"userId": user, "amount": 1}
    first = newer.post("/point/charge", body, **key)
    set_later(newer, "idempotency", "effect", "user_id = %s", user)
    again = newer.post("/point/charge", body, **key)
    assert (again.status, again.body, again.headers["Idempotency-Replayed"]) == (200, first.body, "true")


def test_an_entry_of_a_wait_list(newer):
    """It is shown, and does not wait."""
    concert, user = new_concert(newer, seats=1), new_user()
    concert.set(waitlist=1)
    order, _ = buy(newer, new_user(), concert)
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "count": 1}
    entry = ok(newer.post("/waitlist", body))
    set_later(newer, "waitlist_entry", "status", "entry_id = %s", entry["entryId"])
    later = entry | {"status": "other", "position": None}
    assert ok(newer.get(f"/waitlist?userId={user}"))["entries"] == [later]
    assert_problem(newer.call("DELETE", f"/waitlist?userId={user}&itemId={concert.item}"), "waitlist_entry_not_found")
    ok(newer.call("DELETE", f"/reservation/{order['reservationId']}?userId={order['userId']}"))
    assert ok(newer.get(f"/waitlist?userId={user}"))["entries"] == [later]


def test_a_transfer(newer):
    """It is shown, and nobody accepts or ends it."""
    concert, giver, friend = new_concert(newer), new_user(), new_user()
    concert.set(transfers=1)
    order, _ = buy(newer, giver, concert)
    offer = ok(newer.post(f"/reservation/{order['reservationId']}/transfer", {"userId": giver, "toUserId": friend}))
    set_later(newer, "transfer", "status", "transfer_id = %s", offer["transferId"])
    assert ok(newer.get(f"/transfer?userId={friend}"))["transfers"] == [offer | {"status": "other"}]
    path = f"/transfer/{offer['transferId']}"
    assert_problem(newer.post(f"{path}/accept", {"userId": friend}), "transfer_over")
    assert_problem(newer.call("DELETE", f"{path}?userId={giver}"), "transfer_over")
