"""A worker's memory does not grow with the requests that it answers.

Of each call 1,000 are made, and then 10,000 more (fewer in the short form), all by one worker that is
never replaced; its anonymous resident memory may grow by less than 64 KiB over the latter. What the
system does to a heap is done once and a leak goes on: only what grows again in three rounds fails.
"""

import itertools
import json
import pathlib
import re
import socket

import pytest
from helpers import add_token, charge, new_concert, new_user, reserve
from test_routes import ROUTES

LIMIT_KIB = 64
ROUNDS = 3
AT_ONCE = 20  # requests that are on their way together, in one connection

_numbers = itertools.count(1)


class Pipe:
    """One connection through which requests go without waiting for each answer."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.answers = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answers.close()
        self.socket.close()

    def read(self):
        """(status, body) of the next answer."""
        status = int(self.answers.readline().split()[1])
        length = 0
        while (line := self.answers.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, self.answers.read(length)

    def exchange(self, requests, status):
        """Sends all, and gives the bodies of the answers, which must have this status."""
        bodies = []
        for start in range(0, len(requests), AT_ONCE):
            batch = requests[start:start + AT_ONCE]
            self.socket.sendall(b"".join(batch))
            for _ in batch:
                got, body = self.read()
                assert got == status, (got, body)
                bodies.append(body)
        return bodies


def request(method, path, body=None, **headers):
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: x"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines + ["", ""]).encode() + (body or b"")


class Lone:
    """A stack with a single worker, and what the calls are about."""

    def __init__(self, stack):
        self.stack = stack
        stack.query("SET GLOBAL innodb_flush_log_at_trx_commit = 0")  # it is not MySQL that is tested
        self.concert = new_concert(stack, seats=50)
        self.item = f"{self.concert.path}/item/{self.concert.item}"
        self.queue = new_concert(stack, capacity=0)
        self.challenged = new_concert(stack)
        self.challenged.set(challenge_key="REPEAT('k', 32)")
        self.user = new_user()
        self.token = add_token(stack, self.user, self.concert)["token"]
        self.key = stack.admin_headers()
        charge(stack, self.user, 1_000_000_000)
        self.bought(3)  # something to list

    def exchange(self, requests, status=200):
        with Pipe(self.stack.port) as pipe:
            return pipe.exchange(requests, status)

    def make(self, requests):
        """What was made by these requests."""
        return [json.loads(body) for body in self.exchange(requests)]

    def resident(self):
        """KiB of anonymous resident memory of the worker, which must be the same one throughout."""
        worker, = self.stack.workers()
        status = pathlib.Path(f"/proc/{worker}/status").read_text()
        return worker, int(re.search(r"RssAnon:\s+(\d+) kB", status)[1])

    def hall(self, seats):
        """(concertId, itemId) of a hall with so many free seats."""
        made, = self.make(self.concerts(1, seats))
        return made["concertId"], made["itemIds"][0]

    def halls(self, count):
        """The numbers of halls that are kept."""
        wish = request("POST", "/admin/hall?name=Hall", {"seats": [{"from": 1, "to": 50}]}, **self.key)
        return [made["hallId"] for made in self.make([wish] * count)]

    # What the calls are made of: each gives so many requests, and has done what must be before them.

    def public(self, path):
        """Past nginx's cache."""
        return lambda count: [request("GET", f"{path}?n={next(_numbers)}") for _ in range(count)]

    def reservations(self, count, **headers):
        concert, item = self.hall(count)
        return [
            request("POST", "/reservation",
                    {"userId": self.user, "concertId": concert, "itemId": item, "seatId": seat}, **headers)
            for seat in range(1, count + 1)
        ]

    def best(self, halls):
        """One seat for each of these (concertId, itemId)."""
        return [request("POST", "/reservation",
                        {"userId": self.user, "concertId": concert, "itemId": item, "count": 1})
                for concert, item in halls]

    def best_of_many(self, count):
        made = self.make(self.concerts(count, seats=100))
        return self.best((one["concertId"], one["itemIds"][0]) for one in made)

    def taken(self, count):
        wish = self.reservations(1)
        self.make(wish)
        return wish * count

    def payments(self, count):
        held = self.make(self.reservations(count))
        token, = self.make([
            request("POST", "/token/add", {"userId": self.user, "concertId": held[0]["concertId"]})
        ])
        return [
            request("POST", "/payment", {"userId": self.user, "reservationId": one["reservationId"]},
                    X_Queue_Token=token["token"])
            for one in held
        ]

    def bought(self, count):
        return self.make(self.payments(count))

    def desk_sales(self, count):
        return [request("POST", "/admin/reservation", {
            "userId": self.user, "concertId": one["concertId"], "itemId": one["itemIds"][0], "seatIds": [1], "method": "box_office"}, **self.key)
                for one in self.make(self.concerts(count, status="closed"))]

    def tickets(self, count):
        """Of orders of a seat each."""
        bought = self.bought(count)
        asked = self.make([request("GET", f"/reservation/{one['reservationId']}/ticket?userId={self.user}") for one in bought])
        item = self.stack.query("SELECT item_id FROM reservation WHERE reservation_id = %s", bought[0]["reservationId"])[0]["item_id"]
        return [one["tickets"][0] | {"itemId": item} for one in asked]

    def checkins(self, tickets):
        return [request("POST", "/admin/checkin", {"code": one["code"], "itemId": one["itemId"], "deviceId": "gate"}, **self.key)
                for one in tickets]

    def checkouts(self, count):
        tickets = self.tickets(count)
        self.make(self.checkins(tickets))
        self.stack.query("UPDATE concert SET reentry = 1")
        return [request("POST", "/admin/checkout", {"code": one["code"], "itemId": one["itemId"]}, **self.key) for one in tickets]

    def used(self, count):
        scan = self.checkins(self.tickets(1))
        self.make(scan)
        return scan * count

    def undos(self, count):
        tickets = self.tickets(count)
        self.make(self.checkins(tickets))
        return [request("POST", "/admin/checkin/undo", {"ticketId": one["ticketId"], "reason": "a test"}, **self.key)
                for one in tickets]

    def dates(self, count):
        """In closed concerts, as what lists of a concert take grows with its dates."""
        return [request("POST", f"/admin/concert/{one['concertId']}/item",
                        {"date": "2099-02-01", "startsAt": "2099-02-01T10:00:00Z",
                         "seats": [{"from": 1, "to": 2, "price": 1}]}, **self.key)
                for one in self.make(self.concerts(count, status="closed"))]

    def cancelled_dates(self, count):
        return [request("POST", f"/admin/concert/{one['concertId']}/item/{one['itemIds'][0]}/cancel",
                        {"reason": "a test"}, **self.key)
                for one in self.make(self.concerts(count, status="closed"))]

    def cancelled_concerts(self, count):
        return [request("POST", f"/admin/concert/{one['concertId']}/cancel", {"reason": "a test"}, **self.key)
                for one in self.make(self.concerts(count, status="closed"))]

    def cancels(self, made):
        return [request("DELETE", f"/reservation/{one['reservationId']}?userId={self.user}") for one in made]

    def swaps(self, count):
        """Of holds of a seat each; the second half of the hall is free."""
        held = self.make(self.reservations(2 * count)[:count])
        self.stack.query("UPDATE concert SET swaps = 1 WHERE concert_id = %s", held[0]["concertId"])
        return [request("POST", f"/reservation/{one['reservationId']}/swap", {
            "userId": self.user, "seatIds": [one["seats"][0]["seatId"]], "toSeatIds": [one["seats"][0]["seatId"] + count]})
                for one in held]

    def offers(self, count):
        """Of orders of a seat each, to a friend."""
        bought = self.bought(count)
        self.stack.query("UPDATE concert c JOIN reservation r ON r.concert_id = c.concert_id SET c.transfers = 1"
                         " WHERE r.reservation_id = %s", bought[0]["reservationId"])
        return [request("POST", f"/reservation/{one['reservationId']}/transfer", {"userId": self.user, "toUserId": "friend"})
                for one in bought]

    def waits(self, count):
        """Of as many users for one seat that is taken."""
        concert = new_concert(self.stack, seats=1)
        concert.set(waitlist=1)
        reserve(self.stack, new_user(), concert)
        return [request("POST", "/waitlist", {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "count": 1})
                for _ in range(count)]

    def adds(self, count, concert):
        return [
            request("POST", "/token/add", {"userId": new_user(), "concertId": concert.id})
            for _ in range(count)
        ]

    def with_tokens(self, method, concert):
        return lambda count: [
            request(method, "/token", X_Queue_Token=ticket["token"])
            for ticket in self.make(self.adds(count, concert))
        ]

    def of_user(self, path):
        return lambda count: [request("GET", f"{path}?userId={self.user}")] * count

    def asked(self, path):
        """By an operator."""
        return lambda count: [request("GET", path, **self.key)] * count

    def charges(self, count, key=lambda: ""):
        body = {"userId": self.user, "amount": 1}
        return [request("POST", "/point/charge", body, Idempotency_Key=key()) for _ in range(count)]

    def other_fingerprints(self, count):
        self.exchange(self.charges(1, lambda: "one-key"))
        body = {"userId": self.user, "amount": 1}
        return [request("POST", "/point/use", body, Idempotency_Key="one-key")] * count

    def presales(self, count):
        """In concerts of their own, as one has twelve at most."""
        window = {"startsAt": "2097-01-01T00:00:00Z", "endsAt": "2097-01-02T00:00:00Z", "quota": 2, "codes": "single"}
        made = self.make(self.concerts(count, status="closed"))
        ids = ", ".join(str(one["concertId"]) for one in made)
        self.stack.query(f"UPDATE concert SET opens_at = '2098-01-01' WHERE concert_id IN ({ids})")
        return [request("POST", f"/admin/concert/{one['concertId']}/presale", window, **self.key) for one in made]

    def of_presales(self, method, body=None, rest=""):
        """The same call of so many windows."""
        def requests(count):
            wishes = self.presales(count)
            made = self.make(wishes)
            paths = [re.search(r"/admin/concert/\d+/presale", str(wish))[0] for wish in wishes]
            return [request(method, f"{path}/{one['presaleId']}{rest}", body, **self.key) for path, one in zip(paths, made)]

        return requests

    def concerts(self, count, seats=2, status="open"):
        item = {"date": "2030-05-01", "startsAt": "2030-05-01T10:30:00Z",
                "seats": [{"from": 1, "to": seats, "price": 1}]}
        body = {"title": "Memory", "venue": "Hall", "status": status, "maxSeatsPerUser": None, "items": [item]}
        return [request("POST", "/admin/concert", body, **self.key)] * count


ITEM = "/concert/{concert}/item/{item}"

# route -> what makes its requests
CALLS = {
    ("GET", "/concert"): lambda lone: lone.public("/concert"),
    ("GET", "/concert/{concert}"): lambda lone: lone.public(lone.concert.path),
    ("GET", "/concert/{concert}/item"): lambda lone: lone.public(f"{lone.concert.path}/item"),
    ("GET", f"{ITEM}/seat"): lambda lone: lone.public(f"{lone.item}/seat"),
    ("GET", f"{ITEM}/layout"): lambda lone: lone.public(f"{lone.item}/layout"),
    ("GET", "/concert/{concert}/queue"): lambda lone: lone.public(f"{lone.queue.path}/queue"),
    ("GET", "/concert/{concert}/challenge"): lambda lone: lone.public(f"{lone.challenged.path}/challenge"),
    ("GET", "/settings"): lambda lone: lone.public("/settings"),
    ("GET", "/ticket-keys"): lambda lone: lone.public("/ticket-keys"),
    ("GET", "/reservation/{reservation}/ticket"): lambda lone: lone.of_user(
        f"/reservation/{lone.bought(1)[0]['reservationId']}/ticket"),
    ("GET", "/reservation/{reservation}/calendar"): lambda lone: lone.of_user(
        f"/reservation/{lone.bought(1)[0]['reservationId']}/calendar"),
    ("POST", "/admin/checkin"): lambda lone: lambda count: lone.checkins(lone.tickets(count)),
    ("POST", "/admin/checkin/undo"): lambda lone: lone.undos,
    ("POST", "/admin/checkout"): lambda lone: lone.checkouts,
    ("GET", "/admin/item/{item}/ticket"): lambda lone: lone.asked(f"/admin/item/{lone.tickets(5)[0]['itemId']}/ticket"),
    ("GET", "/admin/item/{item}/attendance"): lambda lone: lone.asked(f"/admin/item/{lone.concert.item}/attendance"),
    ("POST", "/token/add"): lambda lone: lambda count: lone.adds(count, lone.queue),
    ("GET", "/token"): lambda lone: lone.with_tokens("GET", lone.queue),
    ("DELETE", "/token"): lambda lone: lone.with_tokens("DELETE", lone.queue),
    ("POST", "/reservation"): lambda lone: lone.reservations,
    ("GET", "/reservation"): lambda lone: lone.of_user("/reservation"),
    ("GET", "/reservation/{reservation}"): lambda lone: lone.of_user(
        f"/reservation/{lone.bought(1)[0]['reservationId']}"),
    ("DELETE", "/reservation/{reservation}"): lambda lone: lambda count: lone.cancels(lone.bought(count)),
    ("POST", "/reservation/{reservation}/swap"): lambda lone: lone.swaps,
    ("POST", "/reservation/{reservation}/transfer"): lambda lone: lone.offers,
    ("GET", "/transfer"): lambda lone: lone.of_user("/transfer"),
    ("POST", "/transfer/{transfer}/accept"): lambda lone: lambda count: [
        request("POST", f"/transfer/{one['transferId']}/accept", {"userId": "friend"}) for one in lone.make(lone.offers(count))],
    ("DELETE", "/transfer/{transfer}"): lambda lone: lambda count: [
        request("DELETE", f"/transfer/{one['transferId']}?userId=friend") for one in lone.make(lone.offers(count))],
    ("POST", "/waitlist"): lambda lone: lone.waits,
    ("GET", "/waitlist"): lambda lone: lone.of_user("/waitlist"),
    ("DELETE", "/waitlist"): lambda lone: lambda count: [
        request("DELETE", f"/waitlist?userId={one['userId']}&itemId={one['itemId']}") for one in lone.make(lone.waits(count))],
    ("POST", "/admin/concert/{concert}/presale"): lambda lone: lone.presales,
    ("GET", "/admin/concert/{concert}/presale"): lambda lone: lone.asked(f"/admin/concert/{lone.concert.id}/presale"),
    ("PATCH", "/admin/concert/{concert}/presale/{presale}"): lambda lone: lone.of_presales("PATCH", {"quota": 3}),
    ("DELETE", "/admin/concert/{concert}/presale/{presale}"): lambda lone: lone.of_presales("DELETE"),
    ("POST", "/admin/concert/{concert}/presale/{presale}/code"): lambda lone: lone.of_presales(
        "POST", {"count": 100}, "/code"),
    ("GET", "/point"): lambda lone: lone.of_user("/point"),
    ("POST", "/point/charge"): lambda lone: lone.charges,
    ("POST", "/point/use"): lambda lone: lambda count: [
        request("POST", "/point/use", {"userId": lone.user, "amount": 1})] * count,
    ("GET", "/point/history"): lambda lone: lone.of_user("/point/history"),
    ("POST", "/payment"): lambda lone: lone.payments,
    ("GET", "/payment"): lambda lone: lone.of_user("/payment"),
    # closed ones: what lists take grows with the concerts in them
    ("POST", "/admin/concert"): lambda lone: lambda count: lone.concerts(count, status="closed"),
    ("GET", "/admin/concert/{concert}"): lambda lone: lambda count: [
        request("GET", f"/admin/concert/{lone.queue.id}", **lone.key)] * count,
    ("PATCH", "/admin/concert/{concert}"): lambda lone: lambda count: [
        request("PATCH", f"/admin/concert/{lone.concert.id}", {"title": f"Title {n}"}, **lone.key)
        for n in range(count)],
    ("GET", "/admin/concert/{concert}/item"): lambda lone: lone.asked(f"/admin/concert/{lone.concert.id}/item"),
    ("POST", "/admin/concert/{concert}/item"): lambda lone: lone.dates,
    ("PATCH", "/admin/concert/{concert}/item/{item}"): lambda lone: lambda count: [
        request("PATCH", f"/admin/concert/{lone.concert.id}/item/{lone.concert.item}",
                {"date": f"2099-02-{1 + n % 28:02}"}, **lone.key) for n in range(count)],
    ("POST", "/admin/concert/{concert}/item/{item}/cancel"): lambda lone: lone.cancelled_dates,
    ("POST", "/admin/concert/{concert}/cancel"): lambda lone: lone.cancelled_concerts,
    ("GET", "/admin/concert/{concert}/report"): lambda lone: lone.asked(f"/admin/concert/{lone.concert.id}/report"),
    ("GET", "/admin/concert"): lambda lone: lone.asked("/admin/concert?limit=5"),
    ("GET", "/admin/concert/{concert}/export"): lambda lone: lone.asked(
        f"/admin/concert/{lone.concert.id}/export?what=orders&format=csv"),
    ("POST", "/admin/hall"): lambda lone: lambda count: [
        request("POST", "/admin/hall?name=Hall", {"seats": [{"from": 1, "to": 50}]}, **lone.key)] * count,
    ("GET", "/admin/hall"): lambda lone: lone.asked("/admin/hall?limit=5"),
    ("GET", "/admin/hall/{hall}"): lambda lone: lone.asked(f"/admin/hall/{lone.halls(1)[0]}"),
    ("DELETE", "/admin/hall/{hall}"): lambda lone: lambda count: [
        request("DELETE", f"/admin/hall/{hall}", **lone.key) for hall in lone.halls(count)],
    ("GET", "/admin/reservation"): lambda lone: lone.asked(f"/admin/reservation?concertId={lone.concert.id}"),
    ("POST", "/admin/reservation"): lambda lone: lone.desk_sales,
    ("POST", "/admin/reservation/{reservation}/refund"): lambda lone: lambda count: [
        request("POST", f"/admin/reservation/{one['reservationId']}/refund", {"reason": "a test"}, **lone.key)
        for one in lone.bought(count)],
    ("GET", "/admin/user/{user}"): lambda lone: lone.asked(f"/admin/user/{lone.user}"),
    ("POST", "/admin/point"): lambda lone: lambda count: [
        request("POST", "/admin/point", {"userId": lone.user, "amount": 1, "reason": "a test"}, **lone.key)] * count,
    ("GET", "/admin/log"): lambda lone: lone.asked("/admin/log?limit=5"),
    ("GET", "/health"): lambda lone: lambda count: [request("GET", "/health")] * count,
    ("GET", "/health/ready"): lambda lone: lambda count: [request("GET", "/health/ready")] * count,
    ("GET", "/metrics"): lambda lone: lambda count: [request("GET", "/metrics")] * count,
}

# further ways through the code -> (status, what makes the requests)
MORE = {
    "a token where no queue is kept": (200, lambda lone: lambda count: lone.adds(count, lone.concert)),
    "a new key": (200, lambda lone: lambda count: lone.charges(count, lambda: f"key-{next(_numbers)}")),
    "a replay": (200, lambda lone: lambda count: lone.charges(count, lambda: "one-key")),
    "another fingerprint": (422, lambda lone: lone.other_fingerprints),
    "a hold that is released": (200, lambda lone: lambda count: lone.cancels(
        lone.make(lone.reservations(count)))),
    "best available": (200, lambda lone: lambda count: lone.best([lone.hall(count)] * count)),
    "best available in many halls": (200, lambda lone: lone.best_of_many),
    "a seat that is taken": (409, lambda lone: lone.taken),
    "a forged ticket": (400, lambda lone: lambda count: lone.checkins(
        [one | {"code": one["code"][:60] + "AAAAAAAA" + one["code"][68:]} for one in lone.tickets(1)]) * count),
    "a ticket that was used": (409, lambda lone: lone.used),
    "too few points": (409, lambda lone: lambda count: [
        request("POST", "/point/use", {"userId": "nobody", "amount": 5}, Idempotency_Key="k")] * count),
    "a token that is none": (403, lambda lone: lambda count: [
        request("GET", "/token", X_Queue_Token=f"{lone.queue.id}-{'0' * 32}")] * count),
    "no JSON": (400, lambda lone: lambda count: [
        request("POST", "/payment", b'{"userId": "x", "a": [[[{')] * count),
    "a deep body": (400, lambda lone: lambda count: [
        request("POST", "/payment", b'{"userId":' + b"[" * 1900 + b"]" * 1900 + b"}")] * count),
    "a full body": (400, lambda lone: lambda count: [
        request("POST", "/point/charge", b'{"userId": "x"' + b" " * 16369 + b"}")] * count),
    "a hall that is refused": (400, lambda lone: lambda count: [
        request("POST", "/admin/hall?name=Hall", {"seats": [{"from": 1, "to": 50}, {"label": "7"}]}, **lone.key)] * count),
    "no such path": (404, lambda lone: lambda count: [request("GET", "/nothing/here")] * count),
    "no admin": (401, lambda lone: lambda count: [request("GET", "/admin/concert/1")] * count),
}
EVERY = MORE | {
    " ".join(route): (204 if route in (("DELETE", "/token"), ("DELETE", "/waitlist")) else 200, make)
    for route, make in CALLS.items()
}


@pytest.fixture(scope="module")
def lone(stack, new_stack):
    if b"__asan_init" in (stack.build / "frontrow").read_bytes():
        pytest.skip("AddressSanitizer keeps what is freed")
    return Lone(new_stack(workers=1, sockets=1, recycle_requests=0, stale_ms=0, refunds_per_day=0))


def test_no_call_is_left_out():
    assert set(CALLS) == set(ROUTES)


@pytest.mark.parametrize("what", EVERY)
def test_memory_does_not_grow(lone, long, what):
    warm, count = (1000, 10_000) if long else (100, 300)
    status, make = EVERY[what]
    requests_for = make(lone)
    lone.exchange(requests_for(warm), status)
    grown = []
    while len(grown) < ROUNDS:
        requests = requests_for(count)
        worker, before = lone.resident()
        lone.exchange(requests, status)
        same, after = lone.resident()
        assert same == worker, "it was replaced"
        grown.append(after - before)
        print(f"{what}: {grown[-1]} KiB in {count} requests")
        if grown[-1] < LIMIT_KIB:
            return
    pytest.fail(f"{what}: the worker grew by {grown} KiB")
