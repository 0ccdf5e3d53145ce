"""Tickets: one for each seat of a paid order, with a code that anybody can verify and no gate takes twice."""

import base64
import concurrent.futures
import json
import re
import subprocess

import openapi
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from crowd import rush
from helpers import (
    INSTANT, OPERATOR, allow, as_user, age_hold, assert_headers, assert_problem, buy, is_replayed, new_concert, new_user, ok, reserve,
)
from stack import ROOT, wait_for
from test_operators import add

pytestmark = pytest.mark.usefixtures("audited")
PATH = "/admin/checkin"
QR_LETTERS = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
INT32 = 2**31 - 1
GATE = "127.0.0.4"


def ask_tickets(stack, user, reservation, client=None, **headers):
    return (client or stack).get(f"/reservation/{reservation}/ticket?userId={user}", **headers)


def tickets_of(stack, user, reservation):
    answer = ask_tickets(stack, user, reservation)
    return openapi.assert_answer(answer, "GET", "/reservation/{reservationId}/ticket")["tickets"]


class Order:
    """A paid order with its tickets, or one whose tickets nobody has asked for."""

    def __init__(self, stack, seats=1, concert=None, with_tickets=True):
        self.stack, self.user = stack, new_user()
        self.concert = concert or new_concert(stack, seats=400)
        taken = [self.concert.free_seat()[1] for _ in range(seats)]
        held, _ = buy(stack, self.user, self.concert, item=self.concert.item, seats=taken)
        self.id = held["reservationId"]
        self.seats = held["seats"]
        self.tickets = tickets_of(stack, self.user, self.id) if with_tickets else []

    def ask_again(self):
        return ask_tickets(self.stack, self.user, self.id)

    def ask_check_in(self, n=0, client=None, **more):
        """More members of the body, or headers where the name begins with a capital."""
        headers = {name.replace("_", "-"): more.pop(name) for name in list(more) if name[0].isupper()}
        body = {"code": self.tickets[n]["code"], "itemId": self.concert.item} | more
        return (client or self.stack).post(PATH, body, **self.stack.admin_headers() | headers)

    def check_in(self, n=0, **more):
        return openapi.assert_answer(self.ask_check_in(n, **more), "POST", PATH)

    def ask_undo(self, n=0, **more):
        body = {"ticketId": self.tickets[n]["ticketId"], "reason": "a mistake"} | more
        return self.stack.post(f"{PATH}/undo", body, **self.stack.admin_headers())

    def give_back(self):
        return self.stack.call("DELETE", f"/reservation/{self.id}?userId={self.user}")

    def refund(self, **how):
        path = f"/admin/reservation/{self.id}/refund"
        return ok(self.stack.post(path, {"reason": "Ill"} | how, **self.stack.admin_headers()))


def base32(text):
    return base64.b32decode(text + "=" * (-len(text) % 8))


def read_code(code, keys):
    """(itemId, ticketId) of a code whose signature is right, by docs/ticket-codes.md; `keys` is the JWK set."""
    assert len(code) == 147 and set(code) <= QR_LETTERS and code.startswith("FR1:")
    key, = [key for key in keys["keys"] if key["kid"] == code[4:12]]
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
    public.verify(base32(code[44:]), code[:44].encode())
    said = base32(code[4:44])
    return int.from_bytes(said[5:9], "big"), base64.b32encode(said[9:]).decode().rstrip("=")


def keys_of(stack):
    return openapi.assert_answer(stack.fresh("/ticket-keys"), "GET", "/ticket-keys")


# ---- a buyer's tickets


def test_one_for_each_seat(stack):
    order, keys = Order(stack, seats=3), keys_of(stack)
    assert [ticket["seat"] for ticket in order.tickets] == order.seats
    assert len({ticket["ticketId"] for ticket in order.tickets}) == 3
    for ticket in order.tickets:
        assert read_code(ticket["code"], keys) == (order.concert.item, ticket["ticketId"])
        for told in (order.user, str(order.id)):
            assert told not in ticket["code"]


def test_they_stay_the_same(stack):
    order = Order(stack, seats=8)
    assert ok(order.ask_again())["tickets"] == order.tickets
    assert order.ask_again().headers["Cache-Control"] == "no-store"


def test_asked_for_at_once_they_are_the_same(stack):
    """A phone and a laptop, before any was made."""
    order = Order(stack, seats=8, with_tickets=False)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask_tickets(stack, order.user, order.id, stack.new_client()), range(8)))
    assert len({answer.body for answer in answers if ok(answer)}) == 1
    rows = stack.query("SELECT COUNT(*) AS n FROM ticket WHERE reservation_id = %s", order.id)
    assert rows == [{"n": 8}]


def test_a_payment_makes_none(stack):
    """It costs what it did; who paid before there were any gets them in the same way."""
    order = Order(stack, with_tickets=False)
    assert stack.query("SELECT 1 FROM ticket WHERE reservation_id = %s", order.id) == []
    assert len(ok(order.ask_again())["tickets"]) == 1


def test_who_may_ask(stack, gateway, header_stack):
    order = Order(stack)
    assert_problem(ask_tickets(stack, order.user, INT32), "reservation_not_found")
    assert_problem(ask_tickets(stack, order.user, "01"), "reservation_not_found")
    assert_problem(ask_tickets(stack, "another", order.id), "forbidden")
    assert_problem(stack.get(f"/reservation/{order.id}/ticket"), "invalid_field", field="userId")
    assert_problem(stack.post(f"/reservation/{order.id}/ticket", {}), "method_not_allowed")
    user, concert = new_user(), new_concert(header_stack, price=0)
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatIds": [1], "method": "guest"}
    sold = ok(header_stack.new_client(source=OPERATOR).post("/admin/reservation", body, **header_stack.admin_headers()))
    path = f"/reservation/{sold['reservationId']}/ticket"
    assert_problem(header_stack.get(path, **as_user(user)), "unauthorized")
    assert len(ok(gateway.get(path, **as_user(user)))["tickets"]) == 1
    assert_problem(gateway.get(path, **as_user("another")), "forbidden")


def test_what_is_not_paid_has_none(stack):
    user, concert = new_user(), new_concert(stack)
    held, over, back = (reserve(stack, user, concert)["reservationId"] for _ in range(3))
    assert_problem(ask_tickets(stack, user, held), "not_paid")
    age_hold(stack, over, 3700)
    assert_problem(ask_tickets(stack, user, over), "hold_expired")
    ok(stack.call("DELETE", f"/reservation/{back}?userId={user}"))
    assert_problem(ask_tickets(stack, user, back), "reservation_cancelled")
    assert stack.query("SELECT 1 FROM ticket WHERE reservation_id IN (%s, %s, %s)", held, over, back) == []


def test_the_guests_of_the_box_office_have_tickets(stack):
    user, concert = new_user(), new_concert(stack)
    body = {"userId": user, "concertId": concert.id, "itemId": concert.item, "seatIds": [1, 2], "method": "guest"}
    sold = ok(stack.post("/admin/reservation", body, **stack.admin_headers()))
    assert len(tickets_of(stack, user, sold["reservationId"])) == 2


def test_a_seat_that_went_back_has_none(stack):
    order = Order(stack, seats=3)
    gone = order.tickets[1]
    order.refund(seatIds=[gone["seat"]["seatId"]])
    assert ok(order.ask_again())["tickets"] == [order.tickets[0], order.tickets[2]]
    assert_problem(order.ask_check_in(1), "ticket_void")
    order.check_in(0)
    order.refund()
    assert_problem(order.ask_again(), "reservation_cancelled")
    assert_problem(order.ask_check_in(2), "ticket_void")
    stack.check_books()


def test_a_seat_that_is_sold_again_has_another_ticket(stack):
    first = Order(stack)
    ok(first.give_back())
    user = new_user()
    held, _ = buy(stack, user, first.concert, item=first.concert.item, seats=[first.seats[0]["seatId"]])
    new, = tickets_of(stack, user, held["reservationId"])
    assert new["ticketId"] != first.tickets[0]["ticketId"]
    assert_problem(first.ask_check_in(), "ticket_void")
    body = {"code": new["code"], "itemId": first.concert.item}
    ok(stack.post(PATH, body, **stack.admin_headers()))


@pytest.mark.parametrize("cancel", ["date", "concert"])
def test_what_is_cancelled_has_none(stack, cancel):
    """At once, before any refund."""
    order = Order(stack)
    if cancel == "date":
        path = f"/admin/concert/{order.concert.id}/item/{order.concert.item}/cancel"
        ok(stack.post(path, {"reason": "r"}, **stack.admin_headers()))
    else:
        stack.query("UPDATE concert SET status = 'cancelled' WHERE concert_id = %s", order.concert.id)
    assert_problem(order.ask_again(), "reservation_cancelled")
    assert_problem(order.ask_check_in(), "ticket_void")
    if cancel == "concert":
        assert stack.ctl("concert", "cancel", str(order.concert.id)).returncode == 0
        stack.check_books()


# ---- at the gate


def test_a_check_in(stack):
    order = Order(stack)
    ticket = order.tickets[0]
    taken = order.check_in(deviceId="문 3", scannedAt="2031-05-01T21:30:00.5+02:00")
    assert taken == {
        "ticketId": ticket["ticketId"], "seat": {name: value for name, value in ticket["seat"].items() if name != "price"},
        "concertId": order.concert.id, "itemId": order.concert.item, "checkedInAt": taken["checkedInAt"],
        "scannedAt": "2031-05-01T19:30:00.500Z", "deviceId": "문 3", "leftAt": None}
    assert re.fullmatch(INSTANT, taken["checkedInAt"])
    again = assert_problem(order.ask_check_in(), "already_checked_in", deviceId="문 3", scannedAt=taken["scannedAt"])
    assert again["checkedInAt"] == taken["checkedInAt"]
    row = ok(stack.get(f"/admin/log?concertId={order.concert.id}", **stack.admin_headers()))["log"][0]
    assert (row["actor"], row["action"], row["before"]) == ("admin", "ticket checkin",
                                                            taken | {"checkedInAt": None, "scannedAt": None, "deviceId": None})
    assert row["after"] == taken
    assert order.user not in json.dumps(row)


def test_the_order_of_refusals(stack):
    order, other = Order(stack, seats=2), Order(stack)
    code = order.tickets[0]["code"]
    wrong = {"itemId": other.concert.item}
    for bad in ("", "x", code[:-1], code + "A", code.lower(), " " + code, "x" * 10_000, "FR1:" + "A" * 143,
                code[:44] + other.tickets[0]["code"][44:], code[:20] + "A" + code[21:]):
        assert_problem(order.ask_check_in(code=bad, **wrong), "ticket_invalid")
    stack.query("DELETE FROM ticket WHERE reservation_id = %s AND seat_no = %s", order.id, order.seats[1]["seatId"])
    assert_problem(order.ask_check_in(1, **wrong), "ticket_not_found")
    order.check_in()
    order.refund()
    assert_problem(order.ask_check_in(**wrong), "wrong_item")
    assert_problem(order.ask_check_in(), "ticket_void")
    assert_problem(other.ask_check_in(itemId=INT32), "wrong_item")
    other.check_in()
    assert_problem(other.ask_check_in(), "already_checked_in", deviceId=None, scannedAt=None)


def test_a_code_of_another_key_is_invalid(stack):
    order = Order(stack)
    private = Ed25519PrivateKey.generate()
    for start in (order.tickets[0]["code"][:44], "FR1:AAAAAAAA" + order.tickets[0]["code"][12:44]):
        forged = start + base64.b32encode(private.sign(start.encode())).decode().rstrip("=")
        assert_problem(order.ask_check_in(code=forged), "ticket_invalid")
    order.check_in()


@pytest.mark.parametrize("change, field", [
    ({"code": None}, "code"), ({"code": 1}, "code"), ({"itemId": 0}, "itemId"), ({"itemId": "1"}, "itemId"),
    ({"deviceId": ""}, "deviceId"), ({"deviceId": "x" * 65}, "deviceId"), ({"deviceId": None}, "deviceId"),
    ({"scannedAt": "2031-05-01"}, "scannedAt"), ({"scannedAt": 1}, "scannedAt"), ({"scannedAt": None}, "scannedAt"),
    ({"scannedAt": "1969-12-31T23:59:59Z"}, "scannedAt"), ({"mode": "online"}, "mode"), ({"mode": None}, "mode"),
])
def test_bad_check_ins(stack, change, field):
    body = {"code": "FR1:", "itemId": 1} | change
    assert_problem(stack.post(PATH, body, **stack.admin_headers()), "invalid_field", field=field)


def test_a_check_in_once_with_a_key(stack):
    order, key = Order(stack), new_user("scan")
    first = order.ask_check_in(Idempotency_Key=key)
    second = order.ask_check_in(Idempotency_Key=key)
    assert ok(first) and (second.body, is_replayed(second)) == (first.body, True)
    assert_problem(order.ask_check_in(Idempotency_Key=key, deviceId="x"), "idempotency_key_reused")
    assert_problem(order.ask_check_in(Idempotency_Key=new_user("scan")), "already_checked_in")
    stack.check_books()


def test_300_gates_take_a_ticket_once(patient):
    """Also those that repeat their call with a key."""
    order = Order(patient, seats=2)

    def scan(client, n):
        more = {"Idempotency_Key": f"gate-{order.id}-{n}"} if n % 2 else {}
        return order.ask_check_in(0, client=client, deviceId=f"gate {n}", **more)

    answers = rush(patient, [lambda client, n=n: scan(client, n) for n in range(300)]).answers
    taken = [ok(answer) for answer in answers if answer.status == 200]
    assert len(taken) == 1
    for answer in answers:
        if answer.status != 200:
            problem = assert_problem(answer, "already_checked_in", deviceId=taken[0]["deviceId"])
            assert problem["checkedInAt"] == taken[0]["checkedInAt"]
    order.check_in(1)
    patient.check_books()


def test_a_ticket_is_used_or_refunded(patient):
    """Its buyer gives it back while it is shown at a gate: one of them wins."""
    orders = [Order(patient) for _ in range(20)]
    for order in orders:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            back, shown = pool.submit(order.give_back), pool.submit(order.ask_check_in, client=patient.new_client())
        codes = back.result().code, shown.result().code
        assert codes in (("", "ticket_void"), ("not_cancellable", "")), codes
    patient.check_books()


def test_a_used_ticket_is_not_given_back(stack):
    """Neither with the others of its order; an operator can."""
    order = Order(stack, seats=2)
    order.check_in(1)
    assert_problem(order.give_back(), "not_cancellable")
    ok(order.ask_undo(1))
    ok(order.give_back())
    other = Order(stack)
    other.check_in()
    assert other.refund()["status"] == "cancelled"
    stack.check_books()


# ---- told afterwards


def at(minute):
    return f"2031-05-01T19:{minute:02}:00.000Z"


def test_the_first_scan_wins_whichever_is_told_first(stack):
    """Three gates without a network let somebody in with one ticket. The first scan is the ticket's; each of the others
    is told with when and where the ticket was used."""
    order = Order(stack)
    offline = lambda gate, minute: {"mode": "offline", "deviceId": gate, "scannedAt": at(minute)}
    second = order.check_in(**offline("B", 20))
    assert "conflict" not in second
    assert_problem(order.ask_check_in(**offline("C", 30)), "already_checked_in", deviceId="B", scannedAt=at(20))
    first = order.check_in(**offline("A", 10))
    assert first["conflict"] == {name: second[name] for name in ("checkedInAt", "scannedAt", "deviceId")}
    for late in (offline("B", 20), offline("A", 10), {}):
        assert_problem(order.ask_check_in(**late), "already_checked_in", deviceId="A", scannedAt=at(10))
    row = ok(stack.get(f"/admin/log?concertId={order.concert.id}", **stack.admin_headers()))["log"][0]
    assert (row["action"], row["before"]["deviceId"], row["after"]["deviceId"]) == ("ticket checkin", "B", "A")
    stack.check_books()


def test_a_scan_without_a_network_before_one_with(stack):
    """That was online says no time of its own: it goes by the time of the server."""
    order = Order(stack, seats=2)
    for n in range(2):
        order.check_in(n, deviceId="online")
    told = order.check_in(0, mode="offline", deviceId="offline", scannedAt="2020-05-01T10:00:00Z")
    assert told["conflict"]["deviceId"] == "online" and told["conflict"]["scannedAt"] is None
    assert_problem(order.ask_check_in(1, mode="offline", scannedAt="2099-05-01T10:00:00Z"), "already_checked_in")
    assert_problem(order.ask_check_in(1, mode="offline"), "already_checked_in")


def test_the_clock_of_a_device_takes_no_ticket_twice(stack):
    """Nor does it with a network: only of whoever was let in already it is asked who was first."""
    order = Order(stack)
    order.check_in(scannedAt=at(20))
    assert_problem(order.ask_check_in(scannedAt=at(10)), "already_checked_in", scannedAt=at(20))


def test_scans_are_told_twice_without_harm(stack):
    order, key = Order(stack), new_user("scan")
    body = {"mode": "offline", "deviceId": "A", "scannedAt": at(1), "Idempotency_Key": key}
    first, again = order.ask_check_in(**body), order.ask_check_in(**body)
    assert ok(first) and (again.body, is_replayed(again)) == (first.body, True)


def test_gates_that_tell_their_scans_at_once(patient):
    """Whatever the order: the earliest is the ticket's, and of the others each is told of an earlier one."""
    order = Order(patient)
    clients = [patient.new_client() for _ in range(20)]
    scan = lambda n: order.ask_check_in(client=clients[n], mode="offline", deviceId=str(n), scannedAt=at(20 + n))
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(scan, range(20)))
    assert all(answer.status == 200 or answer.code == "already_checked_in" for answer in answers)
    assert answers[0].status == 200
    for answer in answers:
        if answer.status == 409:
            assert answer.json()["scannedAt"] < at(20 + answers.index(answer))
    for n in range(20):
        assert_problem(scan(n), "already_checked_in", deviceId="0", scannedAt=at(20))
    patient.check_books()


# ---- out, and in again


def ask_check_out(order, n=0, client=None, **headers):
    body = {"code": order.tickets[n]["code"], "itemId": order.concert.item}
    return (client or order.stack).post("/admin/checkout", body, **order.stack.admin_headers() | headers)


def check_out(order, n=0):
    return openapi.assert_answer(ask_check_out(order, n), "POST", "/admin/checkout")


@pytest.fixture
def with_reentry(stack):
    concert = new_concert(stack, seats=40)
    ok(stack.call("PATCH", f"/admin/concert/{concert.id}", {"reentry": True}, stack.admin_headers()))
    return concert


def test_whoever_left_comes_in_again(stack, with_reentry):
    order = Order(stack, concert=with_reentry)
    assert_problem(ask_check_out(order), "not_checked_in")
    taken = order.check_in(deviceId="1")
    left = check_out(order)
    assert left == taken | {"leftAt": left["leftAt"]} and re.fullmatch(INSTANT, left["leftAt"])
    assert_problem(ask_check_out(order), "not_checked_in")
    back = order.check_in(deviceId="2")
    assert (back["leftAt"], back["deviceId"]) == (None, "2") and back["checkedInAt"] > taken["checkedInAt"]
    assert_problem(order.ask_check_in(), "already_checked_in", deviceId="2")
    log = ok(stack.get(f"/admin/log?concertId={with_reentry.id}&limit=3", **stack.admin_headers()))["log"]
    assert [row["action"] for row in log] == ["ticket checkin", "ticket checkout", "ticket checkin"]
    assert (log[1]["before"], log[1]["after"]) == (taken, left)
    check_out(order)
    assert_problem(order.give_back(), "not_cancellable")
    undone = ok(order.ask_undo())
    assert (undone["checkedInAt"], undone["leftAt"]) == (None, None)
    order.check_in()
    stack.check_books()


def test_a_scan_without_a_network_of_before_the_holder_left(stack, with_reentry):
    """Two came in with this ticket, and one of them left since. The scan lets nobody in again, whichever came first: the
    holder who is outside comes back as before."""
    order = Order(stack, concert=with_reentry)
    taken = order.check_in(deviceId="1")
    left = check_out(order)
    told = {"mode": "offline", "deviceId": "2", "scannedAt": taken["checkedInAt"]}
    assert_problem(order.ask_check_in(**told), "already_checked_in", deviceId="1", checkedInAt=taken["checkedInAt"])
    assert_problem(order.ask_check_in(**told | {"scannedAt": "2020-05-01T10:00:00Z"}), "already_checked_in", deviceId="1")
    assert_problem(ask_check_out(order), "not_checked_in")
    back = order.check_in(**told | {"scannedAt": left["leftAt"]})
    assert (back["deviceId"], back["leftAt"]) == ("2", None) and "conflict" not in back
    stack.check_books()


def test_where_nobody_comes_back(stack):
    order = Order(stack)
    order.check_in()
    assert_problem(ask_check_out(order), "not_offered")
    assert_problem(order.ask_check_in(), "already_checked_in")


def test_the_order_of_refusals_of_a_check_out(stack, with_reentry):
    order = Order(stack, concert=with_reentry)
    other = Order(stack)
    ask = lambda **more: stack.post("/admin/checkout", {"code": order.tickets[0]["code"], "itemId": with_reentry.item} | more,
                                    **stack.admin_headers())
    assert_problem(ask(code="x", itemId=INT32), "ticket_invalid")
    assert_problem(ask(itemId=INT32), "wrong_item")
    order.check_in()
    order.refund()
    assert_problem(ask(), "ticket_void")
    stack.query("DELETE FROM ticket WHERE reservation_id = %s", other.id)
    assert_problem(ask(code=other.tickets[0]["code"]), "ticket_not_found")


def test_gates_let_somebody_out_and_in_once(patient):
    order = Order(patient)
    patient.query("UPDATE concert SET reentry = 1 WHERE concert_id = %s", order.concert.id)
    order.check_in()
    clients = [patient.new_client() for _ in range(20)]
    for ask, refused in ((lambda client: ask_check_out(order, client=client), "not_checked_in"),
                         (lambda client: order.ask_check_in(client=client), "already_checked_in")):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(ask, clients))
        assert sorted(answer.code for answer in answers) == [""] + 19 * [refused]
    patient.check_books()


# ---- undone


def test_an_undo(stack):
    order = Order(stack)
    assert_problem(order.ask_undo(), "not_checked_in")
    taken = order.check_in(deviceId="3")
    undone = openapi.assert_answer(order.ask_undo(), "POST", f"{PATH}/undo")
    assert undone == taken | {"checkedInAt": None, "scannedAt": None, "deviceId": None, "leftAt": None}
    row = ok(stack.get(f"/admin/log?concertId={order.concert.id}", **stack.admin_headers()))["log"][0]
    assert (row["action"], row["detail"], row["before"], row["after"]) == ("ticket undo", "a mistake", taken, undone)
    assert_problem(order.ask_undo(), "not_checked_in")
    order.check_in()
    for wrong in ("", "A" * 26, "a" * 26, "A" * 25, "A" * 27, "x" * 1000):
        assert_problem(order.ask_undo(ticketId=wrong), "ticket_not_found")
    stack.check_books()


# ---- what gates read


def page(stack, item, query="", **headers):
    answer = stack.get(f"/admin/item/{item}/ticket{query}", **headers or stack.admin_headers())
    return openapi.assert_answer(answer, "GET", "/admin/item/{itemId}/ticket")


def assert_empty(listed):
    assert (listed["tickets"], listed["next"]) == ([], None)


def test_the_list_for_gates_without_a_network(stack):
    concert = new_concert(stack, items=2, seats=40)
    orders = [Order(stack, seats=2, concert=concert) for _ in range(3)]
    taken = orders[0].check_in(0, deviceId="d")
    orders[1].refund(seatIds=[orders[1].seats[0]["seatId"]])
    ok(orders[2].give_back())
    listed = page(stack, concert.item)
    assert listed["next"] is None
    by_id = {ticket["ticketId"]: ticket for ticket in listed["tickets"]}
    made = [ticket for order in orders for ticket in order.tickets]
    assert list(by_id) == [ticket["ticketId"] for ticket in reversed(made)]
    assert [by_id[ticket["ticketId"]]["valid"] for ticket in made] == [True, True, False, True, False, False]
    assert by_id[taken["ticketId"]] == {name: value for name, value in taken.items() if name not in ("concertId", "itemId")} | {
        "valid": True}
    assert not any(order.user in json.dumps(listed) or str(order.id) in re.findall(r"\d+", json.dumps(listed))
                   for order in orders)
    assert_empty(page(stack, concert.items[1]))
    first = page(stack, concert.item, "?limit=4")
    rest = page(stack, concert.item, f"?limit=4&before={first['next']}")
    assert first["tickets"] + rest["tickets"] == listed["tickets"] and rest["next"] is None
    for path in ("ticket", "attendance"):
        assert_problem(stack.get(f"/admin/item/{INT32}/{path}", **stack.admin_headers()), "item_not_found")


def test_what_changed_since_a_list(stack):
    """Made, taken, let out, undone or given back. A minute more is told, as a change may be longer on its way."""
    concert = new_concert(stack, seats=40)
    ok(stack.call("PATCH", f"/admin/concert/{concert.id}", {"reentry": True}, stack.admin_headers()))
    orders = [Order(stack, seats=2, concert=concert) for _ in range(3)]
    ids = [ticket["ticketId"] for order in orders for ticket in order.tickets]
    since = page(stack, concert.item)["now"]

    def changed():
        """Since then; what changed before is older than the minute."""
        listed = page(stack, concert.item, f"?since={since}")
        stack.query("UPDATE ticket SET changed_at = changed_at - INTERVAL 61 SECOND WHERE item_id = %s", concert.item)
        return sorted(ids.index(ticket["ticketId"]) for ticket in listed["tickets"])

    assert changed() == [0, 1, 2, 3, 4, 5]
    assert changed() == []
    orders[0].check_in(1)
    assert changed() == [1]
    check_out(orders[0], 1)
    assert changed() == [1]
    ok(orders[0].ask_undo(1))
    assert changed() == [1]
    orders[1].refund(seatIds=[orders[1].seats[0]["seatId"]])
    assert changed() == [2, 3]
    ok(orders[2].give_back())
    assert changed() == [4, 5]
    ids += [ticket["ticketId"] for ticket in Order(stack, concert=concert).tickets]
    first = page(stack, concert.item, f"?since={since}&limit=1")
    assert (len(first["tickets"]), first["next"]) == (1, None)
    assert changed() == [6]
    stack.query("UPDATE ticket SET changed_at = UTC_TIMESTAMP(3) WHERE item_id = %s", concert.item)
    first = page(stack, concert.item, f"?since={since}&limit=5")
    rest = page(stack, concert.item, f"?since={since}&limit=5&before={first['next']}")
    assert [ticket["ticketId"] for ticket in first["tickets"] + rest["tickets"]] == ids[::-1] and rest["next"] is None
    for bad in ("", "x", "2031-05-01", "1"):
        assert_problem(stack.get(f"/admin/item/{concert.item}/ticket?since={bad}", **stack.admin_headers()), "invalid_field",
                       field="since")
    page(stack, concert.item, "?since=1970-01-01T00:00:00Z")


def swap_one(order):
    """A seat of the order that its buyer swaps: the ticket of before, which is void, and the one of now."""
    old, (_, free) = order.tickets[0], order.concert.free_seat()
    body = {"userId": order.user, "seatIds": [old["seat"]["seatId"]], "toSeatIds": [free]}
    ok(order.stack.post(f"/reservation/{order.id}/swap", body))
    new, = [ticket for ticket in ok(order.ask_again())["tickets"] if ticket["seat"]["seatId"] == free]
    return old, new


def transfer(order):
    """The order to somebody else, whose tickets are returned."""
    offer = ok(order.stack.post(f"/reservation/{order.id}/transfer", {"userId": order.user, "toUserId": new_user()}))
    ok(order.stack.post(f"/transfer/{offer['transferId']}/accept", {"userId": offer["toUserId"]}))
    return tickets_of(order.stack, offer["toUserId"], order.id)


def test_the_list_tells_what_is_void(stack):
    """What was swapped or transferred, as what changed too: a gate without a network would take it for a new ticket."""
    concert = allow(stack, new_concert(stack, seats=40), swaps=True, transfers=True)
    swapped, given, kept = (Order(stack, seats=2, concert=concert) for _ in range(3))
    since = page(stack, concert.item)["now"]
    stack.query("UPDATE ticket SET changed_at = changed_at - INTERVAL 61 SECOND WHERE item_id = %s", concert.item)
    old, new = swap_one(swapped)
    theirs = transfer(given)
    good, void = [new, *theirs], [old, *given.tickets]
    unchanged = [swapped.tickets[1], *kept.tickets]
    changed = page(stack, concert.item, f"?since={since}")["tickets"]
    whole = page(stack, concert.item)["tickets"]
    for listed, valid in ((changed, good), (whole, good + unchanged)):
        assert {ticket["ticketId"]: (ticket["valid"], ticket["seat"]["seatId"]) for ticket in listed} == {
            ticket["ticketId"]: (ticket in valid, ticket["seat"]["seatId"]) for ticket in valid + void}
        assert len(listed) == len(valid + void)
    for query, listed in ((f"?since={since}&", changed), ("?", whole)):
        walked, last = [], 2**53 - 1
        while last:
            one = page(stack, concert.item, f"{query}limit=1&before={last}")
            walked, last = walked + one["tickets"], one["next"]
        assert walked == listed
    assert_problem(swapped.ask_check_in(code=old["code"], mode="offline", deviceId="A", scannedAt=at(0)), "ticket_void")
    assert_problem(given.ask_check_in(), "ticket_void")
    ok(swapped.ask_check_in(code=new["code"], mode="offline", deviceId="A", scannedAt=at(0)))
    ok(given.ask_check_in(code=theirs[0]["code"]))


def test_attendance_by_section(stack):
    seats = [{"from": 1, "to": 4, "price": 0, "section": "나"}, {"from": 11, "to": 14, "price": 0, "section": "A"},
             {"from": 21, "to": 24, "price": 0, "section": "B"}]
    body = {"title": "Sections", "venue": "Hall", "status": "open",
            "items": [{"date": "2099-05-01", "startsAt": "2099-05-01T10:30:00Z", "seats": seats}]}
    made = ok(stack.post("/admin/concert", body, **stack.admin_headers()))
    concert, item = made["concertId"], made["itemIds"][0]
    stack.query("UPDATE concert SET reentry = 1 WHERE concert_id = %s", concert)

    def sell(*seat_ids):
        user = new_user()
        sold = ok(stack.post("/admin/reservation", {"userId": user, "concertId": concert, "itemId": item, "method": "guest",
                                                    "seatIds": list(seat_ids)}, **stack.admin_headers()))
        return tickets_of(stack, user, sold["reservationId"])

    def scan(path, ticket):
        return ok(stack.post(path, {"code": ticket["code"], "itemId": item}, **stack.admin_headers()))

    def figures():
        read = ok(stack.get(f"/admin/item/{item}/attendance", **stack.admin_headers()))
        return read["sold"], read["checkedIn"], read["lastCheckedInAt"], {
            one["section"]: (one["sold"], one["checkedIn"], one["inside"]) for one in read["sections"]}

    assert figures() == (0, 0, None, {})
    first, second = sell(1, 2), sell(11)
    assert figures() == (3, 0, None, {"A": (1, 0, 0), "나": (2, 0, 0)})
    for ticket in (*first, *second):
        last = scan(PATH, ticket)
    scan("/admin/checkout", first[0])
    assert figures() == (3, 3, last["checkedInAt"], {"A": (1, 1, 1), "나": (2, 2, 1)})


def test_attendance(stack):
    concert = new_concert(stack, seats=40)
    read = lambda: openapi.assert_answer(
        stack.get(f"/admin/item/{concert.item}/attendance", **stack.admin_headers()), "GET", "/admin/item/{itemId}/attendance")
    figures = lambda: [read()[name] for name in ("sold", "issued", "checkedIn")]
    assert read()["itemId"] == concert.item and figures() == [0, 0, 0]
    first = Order(stack, seats=3, concert=concert)
    Order(stack, seats=2, concert=concert, with_tickets=False)
    assert figures() == [5, 3, 0]
    first.check_in(0), first.check_in(2)
    assert figures() == [5, 3, 2]
    ok(first.ask_undo(2))
    first.refund(seatIds=[first.seats[2]["seatId"]])
    assert figures() == [4, 3, 1]


def test_roles(stack):
    """A gate sees no other call, and nobody but a manager undoes."""
    order, gate, seller = Order(stack), add(stack, "gate"), add(stack, "seller")
    for refused in (seller, add(stack, "viewer")):
        assert_problem(stack.post(PATH, {}, **refused), "forbidden")
        assert_problem(stack.get(f"/admin/item/{order.concert.item}/ticket", **refused), "forbidden")
    ok(order.ask_check_in(Authorization=gate["Authorization"]))
    page(stack, order.concert.item, **gate)
    assert_problem(stack.post(f"{PATH}/undo", {}, **gate), "forbidden")
    for anybody in (gate, seller, add(stack, "viewer")):
        ok(stack.get(f"/admin/item/{order.concert.item}/attendance", **anybody))
    assert_problem(stack.get(f"/admin/item/{order.concert.item}/attendance"), "unauthorized")


def test_from_the_addresses_of_the_gates_tickets_are_checked_and_nothing_else(new_stack):
    """Whatever the key may do elsewhere; and not through a proxy that hides who calls."""
    stack = new_stack(admin_addresses=OPERATOR, gate_addresses=GATE, workers=4)
    order = Order(stack)
    gate, key = stack.new_client(source=GATE), stack.admin_headers()
    item = f"/admin/item/{order.concert.item}"
    assert_problem(gate.get(f"{item}/ticket"), "unauthorized")
    ok(gate.get(f"{item}/ticket", **key))
    ok(gate.get(f"{item}/attendance", **key))
    assert ok(order.ask_check_in(client=gate))
    assert_problem(ask_check_out(order, client=gate), "not_offered")
    for method, path in (("POST", f"{PATH}/undo"), ("POST", "/admin/checkout/"), ("GET", "/admin/concert"), ("GET", "/metrics"),
                         ("GET", "/admin/log"), ("GET", f"/admin/concert/{order.concert.id}"), ("GET", f"{item}/ticket/"),
                         ("GET", "/admin"), ("POST", f"{PATH}/")):
        assert_problem(gate.call(method, path, {} if method == "POST" else None, key), "forbidden")
    for header in ("X_Forwarded_For", "Via", "Forwarded", "X_Real_IP"):
        assert_problem(gate.get(f"{item}/ticket", **key, **{header.replace("_", "-"): "192.0.2.1"}), "forbidden")
    assert_problem(stack.new_client(source="127.0.0.9").get(f"{item}/ticket", **key), "forbidden")
    ok(stack.new_client(source=OPERATOR).get(f"{item}/attendance", **key))
    charged = gate.post("/point/charge", {"userId": "x", "amount": 1}, **key)
    assert charged.status == 200, "who may charge is for `charge` to say, and here it is anybody"


# ---- keys


def test_the_keys_are_public(stack):
    answer = stack.get("/ticket-keys")
    keys = openapi.assert_answer(answer, "GET", "/ticket-keys")
    assert [key["kid"] for key in keys["keys"]] == [Order(stack).tickets[0]["code"][4:12]]
    assert answer.headers["Cache-Control"].startswith("public") and answer.headers["ETag"]
    assert_headers(answer)
    head = stack.call("HEAD", "/ticket-keys")
    assert (head.status, head.headers["ETag"]) == (200, answer.headers["ETag"])
    private = (stack.var / "ticket.keys").read_text().splitlines()[1]
    assert private[-20:] not in stack.program("frontrow", "--print-config").stdout
    assert "ticket keys ***" in stack.program("frontrow", "--print-config").stdout


def run(stack, *arguments):
    """frontrowctl ticket, which needs neither settings nor a server."""
    return subprocess.run([stack.build / "frontrowctl", "ticket", *arguments], capture_output=True, text=True, timeout=60)


def new_key(stack):
    done = run(stack, "key")
    assert done.returncode == 0 and done.stdout.startswith("-----BEGIN PRIVATE KEY-----\n"), done
    return done.stdout


def public_half(key):
    done = subprocess.run(["openssl", "pkey", "-pubout"], input=key, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_keys_are_changed_without_a_restart(new_stack, tmp_path):
    """Codes of the old key are good as long as its public half is there; then each has a new code."""
    file = tmp_path / "ticket.keys"
    text = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, text=True, timeout=60).stdout
    file.write_text(text)
    stack = new_stack(ticket_keys_file=file, workers=2)
    order = Order(stack, seats=3)
    kid = order.tickets[0]["code"][4:12]
    kids = lambda: [key["kid"] for key in keys_of(stack)["keys"]]
    assert kids() == [kid]

    def change(text, count):
        file.write_text(text)
        stack.kill("frontrow", 1)
        assert wait_for(lambda: all(len(kids()) == count for _ in range(10)))

    added = new_key(stack)
    change(text + public_half(added), 2)
    assert ok(order.ask_again())["tickets"] == order.tickets, "a public half signs nothing"
    change(public_half(text) + added, 2)
    assert wait_for(lambda: all(ok(order.ask_again())["tickets"][0]["code"][4:12] != kid for _ in range(10)))
    now = ok(order.ask_again())["tickets"]
    assert [ticket["ticketId"] for ticket in now] == [ticket["ticketId"] for ticket in order.tickets]
    assert all(read_code(ticket["code"], keys_of(stack)) for ticket in now)
    order.check_in(0)
    assert_problem(order.ask_check_in(code=now[0]["code"]), "already_checked_in")
    change(added, 1)
    assert wait_for(lambda: order.ask_check_in(1).code == "ticket_invalid")
    ok(order.ask_check_in(code=now[1]["code"]))
    file.write_text("no key")
    stack.kill("frontrow", 1)
    assert wait_for(lambda: "it has no key" in stack.log("frontrow").read_text())
    ok(order.ask_again())


def test_without_keys_no_tickets_are_issued(new_stack):
    stack = new_stack(ticket_keys_file="", workers=2)
    order = Order(stack, with_tickets=False)
    assert_problem(order.ask_again(), "not_found")
    assert_problem(stack.get("/ticket-keys"), "not_found")
    body = {"code": "FR1:", "itemId": order.concert.item}
    assert_problem(stack.post(PATH, body, **stack.admin_headers()), "not_found")
    assert_empty(page(stack, order.concert.item))
    # one that a host with keys made and took
    stack.query("INSERT INTO ticket (reference, reservation_id, seat_no, item_id, issued_at, checked_in_at)"
                " SELECT 'x', reservation_id, seat_no, item_id, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM seat"
                " WHERE reservation_id = %s LIMIT 1", order.id)
    assert_problem(order.give_back(), "not_cancellable")
    stack.query("UPDATE ticket SET checked_in_at = NULL")
    since = page(stack, order.concert.item)["now"]
    ok(order.give_back())
    assert [ticket["valid"] for ticket in page(stack, order.concert.item, f"?since={since}")["tickets"]] == [False]
    assert "no tickets are issued" in stack.program("frontrow", "--check").stderr


def test_check_tells_of_the_keys(stack, tmp_path):
    file = tmp_path / "keys"
    check = lambda: stack.program("frontrow", "--check", ticket_keys_file=str(file))
    file.write_text(new_key(stack))
    assert check().returncode == 0 and "tickets" not in check().stderr
    file.write_text(public_half(file.read_text()))
    assert check().returncode == 0 and "has no private key" in check().stderr
    for text, said in (("", "it has no key"), (new_key(stack)[:60], "a block is damaged")):
        file.write_text(text)
        assert check().returncode == 78 and said in check().stderr, check()
    file.unlink()
    assert check().returncode == 78 and "No such file" in check().stderr


# ---- frontrowctl ticket verify, and the document


def verify(stack, tmp_path, code, keys):
    file = tmp_path / "ticket-keys.json"
    file.write_text(keys if isinstance(keys, str) else json.dumps(keys))
    return run(stack, "verify", "--keys", file, "--", code)


def test_verifying_without_a_server(stack, tmp_path):
    order, keys = Order(stack), keys_of(stack)
    ticket = order.tickets[0]
    done = verify(stack, tmp_path, ticket["code"], keys)
    assert done.returncode == 0 and done.stdout.startswith(
        f"OK: ticket {ticket['ticketId']} of item {order.concert.item}, signed by {ticket['code'][4:12]};"), done
    key = keys["keys"][0]
    other = {"keys": [{"kty": "EC", "crv": "P-384"}, key | {"use": "enc"}, key | {"kty": "oct"}, key | {"x": "A" * 43}]}
    for code, jwks, said in ((ticket["code"][:-1], keys, "no code of a ticket"), (ticket["code"], other, "not known"),
                             (ticket["code"][:60] + "AAAA" + ticket["code"][64:], keys, "the signature is wrong")):
        done = verify(stack, tmp_path, code, jwks)
        assert done.returncode == 1 and done.stdout.startswith("NOT OK: ") and said in done.stdout, done
    with_key = lambda **members: {"keys": [key | members]}
    many = {"keys": [key | {"x": f"{n:043}"} for n in range(10, 180, 10)]}
    for bad, said in (("", ""), ("{", ""), ("[]", "is no answer of"), ("{}", "is no answer of"), ({"keys": 1}, "is no answer of"),
                      ({"keys": [1]}, "no object"), (with_key(x=None), "is broken"), (with_key(x="A"), "is broken"),
                      (with_key(x="=" * 43), "is broken"), (with_key(d="A" * 43), "is secret"), (many, "too many keys")):
        done = verify(stack, tmp_path, ticket["code"], bad)
        assert (done.returncode, done.stdout) == (1, "") and done.stderr.count("\n") == 1, (bad, done)
        assert said in done.stderr, (bad, done)
    assert run(stack, "verify", ticket["code"]).returncode == 2
    assert run(stack, "key", "x").returncode == 2


def test_the_example_of_the_document(stack, tmp_path):
    text = (ROOT / "docs/ticket-codes.md").read_text()
    cell = lambda name: re.search(rf"^\| {name} \| `([^`]+)` \|$", text, re.MULTILINE)[1]
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(cell("private key")))
    public = bytes.fromhex(cell("public key"))
    said = base32(cell("code")[4:44])
    assert private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) == public
    assert (cell("key's id"), said[5:9], said[9:]) == (
        cell("code")[4:12], int(cell("itemId")).to_bytes(4, "big"), bytes.fromhex(cell("reference")))
    x = base64.urlsafe_b64encode(public).decode().rstrip("=")
    keys = {"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": cell("key's id"), "x": x}]}
    assert read_code(cell("code"), keys) == (int(cell("itemId")), cell("ticketId"))
    assert base32(cell("code")[44:]) == private.sign(cell("code")[:44].encode())
    with pytest.raises(InvalidSignature):
        read_code(cell("code")[:-20] + "A" * 20, keys)
    done = verify(stack, tmp_path, cell("code"), keys)
    said = (cell("ticketId"), cell("itemId"), cell("key's id"))
    assert "OK: ticket %s of item %s, signed by %s;" % said in done.stdout
