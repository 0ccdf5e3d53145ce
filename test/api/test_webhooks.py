"""Webhooks: what happens is told to those who want to know, signed, in order, at least once; and nothing is written
without them."""

import json
import re
import shutil
import subprocess
import time

import pytest
from batches import ONE_WORKER, keyed, paying, statements_of, together
from certificates import Authority
from helpers import INSTANT, add_token, age_hold, allow, ask_reserve, buy, charge, new_concert, new_user, ok, reserve
from stack import wait_for
from test_box_office import refund, sell
from test_metrics import one
from test_seat_returns import give_back as give_seats_back
from test_seat_swaps import swap
from test_tickets import Order
from test_transfers import accept, offer
from webhooks import TOOLS, Receiver, add_webhook, another_outbox, library, receiving, waiting

TRIES = 4
ON = {"webhooks": "on", "webhook_allow": "127.0.0.1", "webhook_timeout_ms": 1500, "webhook_tries": TRIES}
INSERT = "INSERT INTO outbox_event"


@pytest.fixture(scope="module")
def hooked(new_stack):
    library()
    stack = new_stack(**ON)
    yield stack
    stack.check_books()


@pytest.fixture(scope="module")
def concert(hooked):
    return new_concert(hooked, seats=200)


def give_back(stack, user, reservation_id):
    return ok(stack.call("DELETE", f"/reservation/{reservation_id}?userId={user}"))


def test_an_order_is_told_in_its_order(hooked, concert):
    with receiving(hooked) as receiver:
        user = new_user()
        held, _ = buy(hooked, user, concert)
        give_back(hooked, user, held["reservationId"])
        order = {"reservationId": held["reservationId"]}
        wait_for(lambda: len(receiver.of(**order)) == 3)
        assert receiver.of(**order) == ["reservation.held", "reservation.paid", "reservation.refunded"]
        seats = [seat["seatId"] for seat in held["seats"]]
        about = {"concertId": concert.id, "itemId": concert.item, "userId": user, **order}
        sums = {"amount": held["totalPrice"], "fee": 0}
        (told,) = receiver.find("reservation.held", **order)
        assert told["data"] == about | {"seatIds": seats} | sums
        (told,) = receiver.find("reservation.paid", **order)
        assert told["data"] == about | sums
        (told,) = receiver.find("reservation.refunded", **order)
        assert told["data"] == about | {"seatIds": seats} | sums
        assert re.fullmatch(INSTANT, told["timestamp"])
        assert len({message["id"] for message in receiver.messages}) == len(receiver.messages)


def test_holds_that_end_are_told(hooked, concert):
    with receiving(hooked) as receiver:
        user = new_user()
        back, lapsed = reserve(hooked, user, concert), reserve(hooked, user, concert)
        give_back(hooked, user, back["reservationId"])
        age_hold(hooked, lapsed["reservationId"], 400)
        assert hooked.sweeper().returncode == 0
        for held, end in ((back, "reservation.cancelled"), (lapsed, "reservation.expired")):
            order = {"reservationId": held["reservationId"]}
            wait_for(lambda: receiver.of(**order) == ["reservation.held", end])
            first, last = receiver.find("reservation.held", **order), receiver.find(end, **order)
            assert first[0]["data"] == last[0]["data"]


def test_the_box_office_is_told_of(hooked, concert):
    with receiving(hooked) as receiver:
        seats = [concert.free_seat()[1] for _ in range(3)]
        made = sell(hooked, concert, seats, new_user(), price=500)
        order = {"reservationId": made["reservationId"]}
        ok(refund(hooked, made, seatIds=seats[:1], percent=90))
        ok(refund(hooked, made))
        wait_for(lambda: len(receiver.of(**order)) == 4)
        assert receiver.of(**order) == ["reservation.held", "reservation.paid"] + 2 * ["reservation.refunded"]
        told = [message["data"] for message in receiver.find("reservation.refunded", **order)]
        assert [(data["seatIds"], data["amount"], data["fee"]) for data in told] == [
            (seats[:1], 450, 50), (seats[1:], 1000, 0)]


def told_of(receiver, order, count):
    """The first `count` events of a reservation: their kind, seats and sums."""
    wait_for(lambda: len(receiver.of(reservationId=order["reservationId"])) >= count)
    messages = [message for message in receiver.messages
                if message["data"].get("reservationId") == order["reservationId"]]
    return [(message["type"], *(message["data"].get(name) for name in ("seatIds", "amount", "fee")))
            for message in messages]


def test_seats_that_go_back_alone_are_told(hooked):
    concert = allow(hooked, new_concert(hooked), seatReturns=True)
    with receiving(hooked) as receiver:
        held = reserve(hooked, new_user(), concert, concert.item, [1, 2, 3])
        give_seats_back(hooked, held, 2)
        give_back(hooked, held["userId"], held["reservationId"])
        assert told_of(receiver, held, 3) == [
            ("reservation.held", [1, 2, 3], 3000, 0), ("reservation.cancelled", [2], 1000, 0),
            ("reservation.cancelled", [1, 3], 2000, 0)]
        order, _ = buy(hooked, new_user(), concert, item=concert.item, seats=[4, 5])
        give_seats_back(hooked, order, 5)
        assert told_of(receiver, order, 3)[1:] == [
            ("reservation.paid", None, 2000, 0), ("reservation.refunded", [5], 1000, 0)]


def test_swaps_are_told(hooked):
    concert = allow(hooked, new_concert(hooked), swaps=True)
    with receiving(hooked) as receiver:
        held = reserve(hooked, new_user(), concert, concert.item, [1, 2])
        order, _ = buy(hooked, new_user(), concert, item=concert.item, seats=[4, 5])
        for made, seats, events in ((held, [1, 2, 11], 1), (order, [4, 5, 12], 2)):
            swap(hooked, made, seats[:1], seats[2:])
            assert told_of(receiver, made, events + 2)[events:] == [
                ("reservation.cancelled", seats[:1], 1000, 0), ("reservation.held", seats[2:], 1000, 0)]


def test_what_a_wait_list_offers_is_told(hooked):
    concert = allow(hooked, new_concert(hooked, seats=2), waitlist=True)
    with receiving(hooked) as receiver:
        order = reserve(hooked, new_user(), concert, concert.item, [1, 2])
        user = new_user()
        ok(hooked.post("/waitlist", {"userId": user, "concertId": concert.id, "itemId": concert.item, "count": 2}))
        give_back(hooked, order["userId"], order["reservationId"])
        (entry,) = ok(hooked.get(f"/waitlist?userId={user}"))["entries"]
        offer = {"userId": user, "reservationId": entry["offer"]["reservationId"]}
        assert told_of(receiver, offer, 2) == [
            ("reservation.held", [1, 2], 2000, 0), ("waitlist.offered", [1, 2], 2000, 0)]
        (told,) = receiver.find("waitlist.offered")
        assert told["data"]["userId"] == user


def test_transfers_are_told(hooked):
    """When the order has another owner: whoever is only offered it has nothing."""
    concert = allow(hooked, new_concert(hooked), transfers=True)
    with receiving(hooked) as receiver:
        order, _ = buy(hooked, new_user(), concert, item=concert.item, seats=[1, 2])
        friend = new_user()
        accept(hooked, offer(hooked, order, friend))
        give_back(hooked, friend, order["reservationId"])
        assert [kind for kind, *_ in told_of(receiver, order, 4)] == [
            "reservation.held", "reservation.paid", "ticket.transferred", "reservation.refunded"]
        (told,) = receiver.find("ticket.transferred")
        assert told["data"] == {
            "concertId": concert.id, "itemId": concert.item, "reservationId": order["reservationId"],
            "userId": friend, "seatIds": [1, 2], "amount": 2000, "fee": 0}


def test_a_ticket_at_the_gate_is_told(hooked):
    with receiving(hooked, "--events", "ticket.checked_in") as receiver:
        order = Order(hooked, seats=2)
        order.check_in(1)
        (told,) = wait_for(lambda: receiver.find("ticket.checked_in"))
        assert told["data"] == {
            "concertId": order.concert.id, "itemId": order.concert.item, "reservationId": order.id,
            "seatIds": [order.seats[1]["seatId"]], "ticketId": order.tickets[1]["ticketId"]}
        assert receiver.of() == ["ticket.checked_in"]


def patch(stack, concert, **change):
    return ok(stack.call("PATCH", f"/admin/concert/{concert.id}", change, stack.admin_headers()))


def test_a_concert_is_told_of(hooked):
    """Opened and sold out by the sweeper, once each; sold out again after a seat came back and was sold again."""
    with receiving(hooked) as receiver:
        concert = new_concert(hooked, seats=2, status="closed")
        about = {"concertId": concert.id}
        kinds = lambda: [kind for kind in receiver.of(**about) if kind.startswith("concert.")]  # noqa: E731
        assert hooked.sweeper().returncode == 0
        patch(hooked, concert, status="open")
        for _ in range(2):
            assert hooked.sweeper().returncode == 0
        expected = ["concert.changed", "concert.opened"]
        wait_for(lambda: kinds() == expected)
        buyers = [(user, buy(hooked, user, concert, item=concert.item, seats=seat)[0])
                  for user, seat in ((new_user(), 1), (new_user(), 2))]
        for _ in range(2):
            assert hooked.sweeper().returncode == 0
        expected += ["concert.sold_out"]
        wait_for(lambda: kinds() == expected)
        user, held = buyers[0]
        give_back(hooked, user, held["reservationId"])
        assert hooked.sweeper().returncode == 0
        buy(hooked, new_user(), concert, item=concert.item, seats=1)
        assert hooked.sweeper().returncode == 0
        expected += ["concert.sold_out"]
        wait_for(lambda: kinds() == expected)
        done = hooked.ctl("concert", "cancel", str(concert.id))
        assert done.returncode == 0, done.stderr
        expected += ["concert.cancelled"]
        wait_for(lambda: kinds() == expected)
        wait_for(lambda: len(receiver.find("reservation.refunded", **about)) == 3)
        assert hooked.sweeper().returncode == 0
        wait_for(lambda: waiting(hooked) == 0)
        assert kinds() == expected


def test_a_concert_that_a_call_cancels_is_told_of(hooked):
    with receiving(hooked) as receiver:
        concert = new_concert(hooked, items=2)
        about = {"concertId": concert.id}
        held, _ = buy(hooked, new_user(), concert)
        ok(hooked.post(f"/admin/concert/{concert.id}/cancel", {"reason": "Rain"}, **hooked.admin_headers()))
        wait_for(lambda: receiver.find("concert.cancelled", **about))

        def refunded():
            assert hooked.sweeper().returncode == 0
            return receiver.find("reservation.refunded", reservationId=held["reservationId"])

        wait_for(refunded)
        wait_for(lambda: waiting(hooked) == 0)
        (told,) = receiver.find("concert.cancelled", **about)
        assert told["data"] == about and not receiver.find("concert.changed", **about)


def test_a_date_that_changes_is_told(hooked):
    with receiving(hooked, "--events", "concert.changed") as receiver:
        concert = new_concert(hooked, items=2)
        path = f"/admin/concert/{concert.id}/item/{concert.items[1]}"
        ok(hooked.call("PATCH", path, {"seats": [{"from": 1, "to": 2, "price": 7}]}, hooked.admin_headers()))
        ok(hooked.post(f"{path}/cancel", {"reason": "Rain"}, **hooked.admin_headers()))
        about = {"concertId": concert.id, "itemId": concert.items[1]}
        wait_for(lambda: len(receiver.find("concert.changed", **about)) == 2)


# ---- what it costs


@pytest.fixture(scope="module")
def alone(new_stack):
    """One worker each, without webhooks and with them."""
    off, on = new_stack(**ONE_WORKER), new_stack(**ONE_WORKER | ON)
    on.stop_service("outbox")
    return {"off": off, "on": on}


def several_calls(stack):
    """Calls that share a transaction, calls that do not, and a sweep; the statements of MySQL that they cost."""
    concert = allow(stack, new_concert(stack, seats=40, max_seats=None), seatReturns=True, swaps=True, transfers=True)
    users = [new_user() for _ in range(4)]
    for user in users:
        charge(stack, user, 10_000)
    tokens = [add_token(stack, user, concert)["token"] for user in users]
    costs = []

    def cost_of(action):
        with statements_of(stack) as said:
            action()
        costs.append(said)

    held = []
    cost_of(lambda: held.extend(
        ok(answer)["reservationId"] for answer in together(
            stack, [keyed(concert, n + 1, user, None) for n, user in enumerate(users)])))
    cost_of(lambda: together(stack, [paying(*each) for each in zip(users, held, tokens)]))
    cost_of(lambda: held.append(reserve(stack, users[0], concert, concert.item, 9)["reservationId"]))
    cost_of(lambda: give_back(stack, users[0], held[-1]))
    cost_of(lambda: give_back(stack, users[0], held[0]))
    held.append(reserve(stack, users[0], concert, concert.item, [10, 11]))
    cost_of(lambda: swap(stack, held[-1], [11], [12]))
    cost_of(lambda: give_seats_back(stack, held[-1], 12))
    transfer = offer(stack, {"userId": users[1], "reservationId": held[1]})
    cost_of(lambda: accept(stack, transfer))
    held.append(reserve(stack, users[0], concert, concert.item, 13)["reservationId"])
    age_hold(stack, held[-1], 400)
    cost_of(lambda: stack.sweeper())
    return costs


def test_without_webhooks_no_statement_is_sent(alone):
    """With them exactly one for each transaction, however many calls share it; by the sweeper also what it looks for."""
    for stack in alone.values():
        several_calls(stack)  # connects
    off, on = several_calls(alone["off"]), several_calls(alone["on"])
    tables = ("outbox_event", "webhook", "concert_told")
    assert not [said for call in off for said in call if any(table in said for table in tables)]
    for without, with_them in zip(off[:-1], on[:-1]):
        assert [said.split()[0] for said in with_them].count("INSERT") > 0
        written = [said for said in with_them if said.startswith(INSERT)]
        assert len(written) == 1, with_them
        assert len(with_them) == len(without) + 1, (without, with_them)
        assert with_them[-2:] == [written[0], "COMMIT"]
    rows = alone["on"].query("SELECT kind, COUNT(*) AS n FROM outbox_event GROUP BY kind")
    assert {row["kind"]: row["n"] for row in rows}["reservation.paid"] == 8  # two rounds of four
    assert len([said for said in on[-1] if said.startswith(INSERT) and "reservation.expired" in said]) == 1
    assert alone["off"].query("SELECT COUNT(*) AS n FROM outbox_event")[0]["n"] == 0


# ---- receivers that do not take it


def test_what_a_receiver_refuses_comes_again_in_order(hooked, concert):
    refusals = iter([500, 503, 404])
    with receiving(hooked, answer=lambda message: next(refusals, 200)) as receiver:
        user = new_user()
        held = reserve(hooked, user, concert)
        give_back(hooked, user, held["reservationId"])
        order = {"reservationId": held["reservationId"]}
        wait_for(lambda: receiver.of(**order) == ["reservation.held", "reservation.cancelled"])
        first, second = receiver.messages
        assert (receiver.tries[first["id"]], receiver.tries[second["id"]]) == (4, 1)


def test_a_receiver_that_was_down_gets_all(hooked, concert):
    with receiving(hooked) as receiver:
        receiver.stop()
        user = new_user()
        held = [reserve(hooked, user, concert)["reservationId"] for _ in range(5)]
        for each in held:
            give_back(hooked, user, each)
        wait_for(lambda: hooked.query("SELECT MAX(tries) AS n FROM webhook_delivery")[0]["n"])
        wait_for(lambda: (one(hooked, "webhook_oldest_seconds") or 0) > 0)
        receiver.start()
        ok_ = ["reservation.held", "reservation.cancelled"]
        wait_for(lambda: all(receiver.of(reservationId=each) == ok_ for each in held))
    wait_for(lambda: waiting(hooked) == 0)


@pytest.mark.parametrize("answer, said", [
    (302, "it answered 302"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000000, "its answer is too long"),
    (b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 90_000 + b"\r\nContent-Length: 0\r\n\r\n", "its answer is too long"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/0.9"),
    (b"", "Empty reply"),
])
def test_wrong_answers_are_told(hooked, answer, said):
    """A redirect is not followed: it would lead here again, and be counted."""
    with receiving(hooked, answer=lambda message: answer) as receiver:
        tested = hooked.ctl("webhook", "test", receiver.webhook_id)
        assert tested.returncode == 1 and said in tested.stderr, tested.stderr
        assert sum(receiver.tries.values()) == 1


def test_a_slow_receiver_keeps_no_other_waiting(hooked, concert):
    def dawdle(message):
        time.sleep(3)
        return 200

    with receiving(hooked, answer=dawdle) as slow, receiving(hooked) as quick:
        user = new_user()
        held = [reserve(hooked, user, concert)["reservationId"] for _ in range(8)]
        wait_for(lambda: all(quick.of(reservationId=each) for each in held))
        tested = hooked.ctl("webhook", "test", slow.webhook_id)
        assert tested.returncode == 1 and "timed out" in tested.stderr.lower(), tested.stderr
        quick.stop()
        for each in held:
            give_back(hooked, user, each)
        quick.start()


def test_dead_letters_are_listed_and_sent_again(hooked, concert):
    """The rest of the order goes on without it."""
    refused = []

    def answer(message):
        if message["type"] == "reservation.held" and len(refused) < TRIES:
            refused.append(message["id"])
            return 500
        return 200

    with receiving(hooked, answer=answer) as receiver:
        user = new_user()
        held = reserve(hooked, user, concert)["reservationId"]
        give_back(hooked, user, held)
        wait_for(lambda: receiver.of(reservationId=held) == ["reservation.cancelled"])
        assert len(refused) == TRIES and len(set(refused)) == 1
        listed = hooked.ctl("webhook", "dead").stdout.splitlines()[1:]
        (line,) = [line for line in listed if line.split()[0] == receiver.webhook_id]
        assert line.split()[1] == refused[0].split("_")[1] and "reservation.held" in line
        assert line.endswith(f"{TRIES}  it answered 500")
        wait_for(lambda: one(hooked, "webhook_dead_deliveries") == 1)
        assert one(hooked, "webhook_oldest_seconds") == 0
        again = hooked.ctl("webhook", "replay", receiver.webhook_id)
        assert again.stdout == "1 deliveries are due\n", again.stderr
        wait_for(lambda: "reservation.held" in receiver.of(reservationId=held))
        assert hooked.ctl("webhook", "dead").stdout.count(f"\n{receiver.webhook_id:>9} ") == 0


def test_what_happened_is_sent_again(hooked, concert):
    since = hooked.query("SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%%Y-%%m-%%dT%%H:%%i:%%sZ') AS now")[0]["now"]
    user = new_user()
    held = reserve(hooked, user, concert)["reservationId"]
    give_back(hooked, user, held)
    wait_for(lambda: waiting(hooked) == 0)
    with receiving(hooked, "--events", "reservation.cancelled") as receiver:
        for times in (1, 2):
            wait_for(lambda: waiting(hooked) == 0)
            again = hooked.ctl("webhook", "replay", receiver.webhook_id, "--since", since)
            assert again.returncode == 0 and int(again.stdout.split()[0]) >= 1, again.stderr
            wait_for(lambda: len(receiver.find("reservation.cancelled", reservationId=held)) == times)
        assert set(receiver.of()) == {"reservation.cancelled"}
        assert set(receiver.tries.values()) == {2}  # by the same webhook-id


# ---- two side by side


def test_two_outboxes_deliver_each_once_and_in_order(hooked):
    """They share the work, send nothing that the other has in hand, and nothing before what it follows has arrived."""
    concert = new_concert(hooked, seats=40)
    refused, under_way, at_once, early = set(), [], [], []

    def answer(message):
        """Each fifth event is refused once."""
        if int(message["id"].split("_")[1]) % 5 == 0 and message["id"] not in refused:
            refused.add(message["id"])
            return 500
        return 200

    with receiving(hooked, answer=answer) as receiver, hooked.without("outbox"):
        orders = []
        for _ in range(40):
            user = new_user()
            orders.append(reserve(hooked, user, concert)["reservationId"])
            give_back(hooked, user, orders[-1])
        take = receiver.take

        def slowly(body, headers):
            message = json.loads(body)
            under_way.append(message)
            at_once.append(len(under_way))
            if message["type"] == "reservation.cancelled" and not receiver.of(reservationId=message["data"]["reservationId"]):
                early.append(message)
            time.sleep(0.05)
            try:
                return take(body, headers)
            finally:
                under_way.remove(message)

        receiver.take = slowly
        with another_outbox(hooked, webhook_connections=4), another_outbox(hooked, webhook_connections=4):
            wait_for(lambda: waiting(hooked) == 0)
        assert not early
        assert max(at_once) > 4  # both did some
        for order in orders:
            assert receiver.of(reservationId=order) == ["reservation.held", "reservation.cancelled"]
        assert refused
        assert receiver.tries == {message["id"]: 1 + (message["id"] in refused) for message in receiver.messages}


# ---- where it does not go


@pytest.mark.parametrize("host, allow, said", [
    ("http://127.0.0.1", "", "without TLS"), ("https://127.0.0.1", "10.0.0.0/8 ::1", "not public"),
    ("https://localhost", "", "not public"), ("https://[::1]", "127.0.0.0/8", "not public"),
    ("https://[::ffff:127.0.0.1]", "", "not public"), ("https://0.0.0.0", "127.0.0.0/8", "not public"),
    ("https://2130706433", "", "not public"), ("https://0x7f.1", "", "not public"),
    ("https://169.254.169.254", "", "not public"), ("https://10.0.0.1", "", "not public"),
])
def test_addresses_that_are_not_public_are_not_called(hooked, host, allow, said):
    receiver = Receiver()
    receiver.url = f"{host}:{receiver.port}/"
    webhook = add_webhook(hooked, receiver)
    try:
        with hooked.without("outbox"), another_outbox(hooked, webhook_allow=allow):
            tested = hooked.ctl("webhook", "test", webhook)
        assert tested.returncode == 1 and said in tested.stderr, tested.stderr
        assert not receiver.tries and not receiver.wrong
    finally:
        hooked.ctl("webhook", "remove", webhook)
        receiver.stop()


def test_certificates_are_checked(hooked, tmp_path):
    import ssl

    authority, other = Authority(tmp_path, "ca"), Authority(tmp_path, "other")
    certificate = authority.sign("localhost", "DNS:localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    receiver = Receiver()
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    receiver.url = f"https://localhost:{receiver.port}/"
    webhook = add_webhook(hooked, receiver)
    by_address = Receiver.__new__(Receiver)
    by_address.url = f"https://127.0.0.1:{receiver.port}/"
    try:
        with hooked.without("outbox"):
            with another_outbox(hooked, webhook_ca_file=authority.file):
                tested = hooked.ctl("webhook", "test", webhook)
                assert tested.returncode == 0, tested.stderr
                wrong_name = add_webhook(hooked, by_address)
                tested = hooked.ctl("webhook", "test", wrong_name)
                hooked.ctl("webhook", "remove", wrong_name)
                assert tested.returncode == 1 and "127.0.0.1" in tested.stderr, tested.stderr
            with another_outbox(hooked, webhook_ca_file=other.file):
                tested = hooked.ctl("webhook", "test", webhook)
                assert tested.returncode == 1 and "certificate" in tested.stderr, tested.stderr
        assert receiver.of() == ["webhook.test"]
    finally:
        hooked.ctl("webhook", "remove", webhook)
        receiver.stop()


# ---- by hand


@pytest.mark.parametrize("url", [
    "ftp://example.com/", "https:/example.com", "https://", "https:///path", "http://user@example.com/", "example.com",
    "https://exa mple.com/", "https://example.com/#there", "https://example.com/\u00e9", "https://" + "a" * 500, "https://:80/",
])
def test_what_is_no_url_is_refused(hooked, url):
    added = hooked.ctl("webhook", "add", url)
    assert added.returncode in (1, 2) and "URL" in added.stderr and added.stdout == ""


@pytest.mark.parametrize("events", ["reservation", "reservation.held,", ",", "reservation.held,,concert.opened", "webhook.test", "*"])
def test_unknown_kinds_are_refused(hooked, events):
    added = hooked.ctl("webhook", "add", "https://example.com/", "--events", events)
    if events == "reservation.held,":
        assert added.returncode == 0  # a list may end with a comma
        hooked.ctl("webhook", "remove", added.stdout.split()[1])
        return
    assert added.returncode == 1 and "is no kind of event" in added.stderr


def test_webhooks_are_listed_and_logged_without_their_secrets(hooked):
    receiver = Receiver()
    webhook = add_webhook(hooked, receiver, "--events", "concert.opened,concert.changed")
    receiver.stop()
    (line,) = [line for line in hooked.ctl("webhook", "list").stdout.splitlines() if line.split()[0] == webhook]
    assert line.endswith(f"{receiver.url}  concert.opened,concert.changed")
    assert hooked.ctl("webhook", "remove", webhook).stdout == f"removed {receiver.url}\n"
    for again in ("remove", "test", "replay"):
        refused = hooked.ctl("webhook", again, webhook)
        assert refused.returncode == 1 and f"there is no webhook {webhook}" in refused.stderr
    logged = hooked.query("SELECT actor, action, old_values, new_values FROM audit_log WHERE detail = %s"
                          " ORDER BY audit_log_id", receiver.url)
    values = {"webhookId": int(webhook), "url": receiver.url, "events": "concert.opened,concert.changed"}
    assert [(row["actor"], row["action"]) for row in logged] == [("ctl", "webhook add"), ("ctl", "webhook remove")]
    assert json.loads(logged[0]["new_values"]) == json.loads(logged[1]["old_values"]) == values
    rows = str(hooked.query("SELECT * FROM webhook") + hooked.query("SELECT * FROM audit_log"))
    assert receiver.secret not in rows and receiver.secret[6:] not in rows


def test_two_webhooks_have_two_secrets(hooked, concert):
    """And each gets what it asked for."""
    with receiving(hooked, "--events", "reservation.held") as held, receiving(hooked) as all_of_it:
        assert held.secret != all_of_it.secret
        user = new_user()
        order = reserve(hooked, user, concert)["reservationId"]
        give_back(hooked, user, order)
        wait_for(lambda: len(all_of_it.of(reservationId=order)) == 2)
        wait_for(lambda: waiting(hooked) == 0)
        assert held.of(reservationId=order) == ["reservation.held"]


def test_there_is_an_end_to_webhooks(hooked):
    there = len(hooked.query("SELECT webhook_id FROM webhook"))
    added = []
    try:
        for _ in range(32 - there):
            made = hooked.ctl("webhook", "add", "https://example.com/", "--events", "concert.opened")
            added.append(made.stdout.split()[1].rstrip(":"))
        refused = hooked.ctl("webhook", "add", "https://example.com/")
        assert refused.returncode == 1 and "32" in refused.stderr
    finally:
        for webhook in added:
            hooked.ctl("webhook", "remove", webhook)


def test_a_key_is_needed(hooked, tmp_path):
    (tmp_path / "short").write_text("0123456789\n")
    for file in ("", tmp_path / "short", tmp_path / "none"):
        for program, arguments in (("frontrowctl", ["webhook", "add", "https://example.com/"]), ("frontrow-outbox", [])):
            refused = hooked.program(program, *arguments, webhook_key_file=str(file))
            assert refused.returncode == 78 and "webhook_key_file" in refused.stderr


def test_off_is_said(hooked):
    off = hooked.program("frontrow-outbox", webhooks="off")
    assert off.returncode == 0 and "webhooks = off" in off.stderr
    added = hooked.program("frontrowctl", "webhook", "add", "https://example.com/", webhooks="off")
    assert added.returncode == 0 and "webhooks = off" in added.stderr
    hooked.ctl("webhook", "remove", re.match(r"webhook (\d+)\n", added.stdout)[1])


def test_what_is_too_old_is_deleted(hooked, concert):
    with receiving(hooked) as receiver:
        held = reserve(hooked, new_user(), concert)["reservationId"]
        wait_for(lambda: receiver.of(reservationId=held))
        wait_for(lambda: waiting(hooked) == 0)
    receiver = Receiver()  # removed with what it did not get
    receiver.stop()
    webhook = add_webhook(hooked, receiver)
    with hooked.without("outbox"):
        hooked.query("INSERT INTO webhook_delivery (webhook_id, event_id, stream, next_try_at)"
                     " SELECT %s, event_id, 1, UTC_TIMESTAMP(3) FROM outbox_event", webhook)
        hooked.ctl("webhook", "remove", webhook)
        hooked.query("UPDATE outbox_event SET dispatched_at = dispatched_at - INTERVAL 73 HOUR"
                     " WHERE reservation_id = %s", held)
    wait_for(lambda: not hooked.query("SELECT 1 FROM outbox_event WHERE reservation_id = %s", held))
    wait_for(lambda: not hooked.query("SELECT 1 FROM webhook_delivery WHERE webhook_id = %s", webhook))
    assert hooked.query("SELECT 1 FROM outbox_event")


def test_the_library_of_npm_verifies_a_message(hooked):
    if not (TOOLS / "javascript").exists() or not shutil.which("node"):
        pytest.skip("standardwebhooks of npm is not installed: see scripts/lib/webhook-tools")
    kept = []
    with receiving(hooked) as receiver:
        take = receiver.take
        receiver.take = lambda body, headers: (kept.append((body, headers)), take(body, headers))[1]
        assert hooked.ctl("webhook", "test", receiver.webhook_id).stdout.endswith("it arrived\n")
        body, headers = kept[0]
        for sent, status in ((body, 0), (body.replace(b"test", b"tost"), 1)):
            done = subprocess.run(
                ["node", "-e", """
                 const { Webhook } = require("standardwebhooks");
                 const [secret, headers] = JSON.parse(process.argv[1]);
                 new Webhook(secret).verify(require("fs").readFileSync(0, "utf8"), headers);
                 """, json.dumps([receiver.secret, headers])],
                input=sent, cwd=TOOLS / "javascript", capture_output=True, timeout=60)
            assert done.returncode == status, done.stderr
