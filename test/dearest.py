"""The plain and the dearest valid request of each route, and what it costs: CPU, statements and rows of MySQL.
`scripts/bench dearest` prints it; test/api/test_dearest.py holds the statements and rows."""

import contextlib
import itertools
import pathlib
import re
import sys
import time
from statistics import median
from typing import Callable, NamedTuple

from batches import statements_of
from stack import SERVICES, making_stacks

HALL = 50_000
PAGE = 100
ROUTES = (pathlib.Path(__file__).parents[1] / "fcgi-app/api/routes.c").read_text()

# A sold-out hall with a seat limit, one to buy in, the same with a queue and a limit, and a queue that calls nobody;
# one that asks for a proof of work, one in a window of presale with two quotas, one that is a standing area.
SINGLE, EMPTY = 1, 2
SOLD_OUT, OPEN, QUEUE, WAITING, CHALLENGED, PRESALE, AREA = 9001, 9002, 9003, 9004, 9005, 9006, 9007
HALLS = [
    "CREATE TEMPORARY TABLE counter (n INT NOT NULL PRIMARY KEY)",
    """INSERT INTO counter
       WITH RECURSIVE digit (d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM digit WHERE d < 9)
       SELECT a.d * 10000 + b.d * 1000 + c.d * 100 + e.d * 10 + f.d + 1
       FROM digit a CROSS JOIN digit b CROSS JOIN digit c CROSS JOIN digit e CROSS JOIN digit f WHERE a.d < 5""",
    f"""INSERT INTO concert (concert_id, title, venue, status, admission_capacity, max_seats_per_user, hold_seconds,
                             created_at)
        VALUES ({SOLD_OUT}, 'Sold out', 'Hall', 'open', NULL, 8, 3600, UTC_TIMESTAMP(3)),
               ({OPEN}, 'To buy in', 'Hall', 'open', NULL, NULL, 3600, UTC_TIMESTAMP(3)),
               ({QUEUE}, 'With a queue', 'Hall', 'open', 1000000, 8, 3600, UTC_TIMESTAMP(3)),
               ({WAITING}, 'Waiting', 'Hall', 'open', 0, NULL, 3600, UTC_TIMESTAMP(3)),
               ({CHALLENGED}, 'For no robots', 'Hall', 'open', NULL, NULL, 3600, UTC_TIMESTAMP(3)),
               ({AREA}, 'Standing', 'Club', 'open', NULL, NULL, 3600, UTC_TIMESTAMP(3))""",
    f"""INSERT INTO concert (concert_id, title, venue, status, opens_at, max_seats_per_user, hold_seconds, created_at,
                             presale_times)
        VALUES ({PRESALE}, 'Presale', 'Hall', 'open', '2098-01-01', 8, 3600, UTC_TIMESTAMP(3), '0-4000000000000')""",
    f"""INSERT INTO presale (presale_id, concert_id, starts_at, ends_at, quota, max_seats_per_user, codes, code_hash, created_at)
        VALUES ({SINGLE}, {PRESALE}, '1970-01-01', '2096-10-02', {HALL}, 8, 'single', NULL, UTC_TIMESTAMP(3)),
               ({EMPTY}, {PRESALE}, '1970-01-01', '2096-10-02', {HALL}, NULL, 'shared',
                UNHEX(SHA2('presale {PRESALE} SOLDOUTCODE', 256)), UTC_TIMESTAMP(3))""",
    f"INSERT INTO presale_slot (presale_id, slot_no) SELECT {SINGLE}, n FROM counter",
    f"INSERT INTO presale_slot (presale_id, slot_no, free_at) SELECT {EMPTY}, n, '9999-12-31' FROM counter",
    f"""INSERT INTO presale_code (presale_id, code_hash)
        SELECT {SINGLE}, UNHEX(SHA2(CONCAT('presale {PRESALE} CODE', LPAD(REPLACE(n, '0', 'O'), 12, 'X')), 256)) FROM counter""",
    f"UPDATE concert SET challenge_key = UNHEX(SHA2(RAND(), 256)) WHERE concert_id = {CHALLENGED}",
    f"""INSERT INTO item (item_id, concert_id, date, starts_at, seat_count, min_price, max_price, layout_version)
        SELECT concert_id, concert_id, '2099-01-01', '2099-01-01', {HALL}, 100, 200, 1 FROM concert
        WHERE concert_id IN ({SOLD_OUT}, {OPEN}, {QUEUE}, {PRESALE}, {AREA})""",
    f"""INSERT INTO reservation (reservation_id, user_id, concert_id, item_id, seat_count, total_price, created_at,
                                 expires_at)
        SELECT 1000000 + n, CONCAT('owner-', n), {SOLD_OUT}, {SOLD_OUT}, 1, 100, UTC_TIMESTAMP(3),
               UTC_TIMESTAMP(3) + INTERVAL 1 HOUR FROM counter""",
    "INSERT INTO reservation_seat SELECT 1000000 + n, n, 100 FROM counter",
    f"""INSERT INTO seat (item_id, seat_no, price, section, row_name, label, status, reservation_id, held_until)
       SELECT i.item_id, n, 100 * (1 + (n - 1) DIV 5000 MOD 2), IF(n > {HALL - 10}, 'Z', (n - 1) DIV 5000),
              (n - 1) MOD 5000 DIV 50, (n - 1) MOD 50,
              IF(r.reservation_id IS NULL, 'available', 'held'), r.reservation_id, r.expires_at
       FROM item i CROSS JOIN counter LEFT JOIN reservation r
       ON r.item_id = i.item_id AND r.reservation_id = 1000000 + n WHERE i.item_id > 9000""",
    f"UPDATE seat SET kind = 'standing', section = 'Pit', row_name = '', price = 100, label = seat_no WHERE item_id = {AREA}",
    f"UPDATE item SET standing_count = {HALL} WHERE item_id = {AREA}",
    f"UPDATE concert SET transfers = 1 WHERE concert_id = {QUEUE}",
    f"UPDATE concert SET waitlist = 1 WHERE concert_id = {SOLD_OUT}",
    f"UPDATE concert SET seat_returns = 1, swaps = 1, transfers = 1 WHERE concert_id = {OPEN}",
    "ANALYZE TABLE concert, item, seat, reservation, reservation_seat, presale_slot, presale_code",
]


class World:
    """A stack with the halls, a user with a page of holds and one with a page of payments."""

    def __init__(self, stack):
        self.stack = stack
        self.numbers = itertools.count(1)
        self.seats = itertools.count(1)
        self.fresh = {}  # monotonic time until which nginx keeps an answer, by path
        with stack.mysql() as connection, connection.cursor() as cursor:
            for statement in HALLS:
                cursor.execute(statement)
        self.held = [self.hold("collector", OPEN, 8) for _ in range(PAGE + 1)]
        self.charge("payer", 1_000_000)
        token = self.token("payer", OPEN)
        for _ in range(PAGE + 1):
            self.ask("POST", "/payment", self.pay("payer", self.hold("payer", OPEN, 1)), token)

    def ask(self, method, path, body=None, headers=None, status=200):
        answer = self.stack.call(method, path, body, headers)
        assert answer.status == status, (method, path, answer)
        return answer

    def user(self):
        return f"user-{next(self.numbers)}"

    def key(self):
        return {"Idempotency-Key": f"key-{next(self.numbers)}"}

    def seat_ids(self, count):
        return list(itertools.islice(self.seats, count))

    def reserve(self, user, concert, **wish):
        return {"userId": user, "concertId": concert, "itemId": concert} | wish

    def hold(self, user, concert, count, headers=None):
        body = self.reserve(user, concert, seatIds=self.seat_ids(count))
        return self.ask("POST", "/reservation", body, headers).json()["reservationId"]

    def charge(self, user, amount):
        self.ask("POST", "/point/charge", {"userId": user, "amount": amount})

    def token(self, user, concert):
        """The header."""
        answer = self.ask("POST", "/token/add", {"userId": user, "concertId": concert})
        return {"X-Queue-Token": answer.json()["token"]}

    def pay(self, user, reservation):
        return {"userId": user, "reservationId": reservation}

    def admin(self, method, path, body=None):
        return method, path, body, self.stack.admin_headers()


# ---- one call each: (method, path, body, headers); what goes before it is done here


def hold_one(world):
    return "POST", "/reservation", world.reserve(world.user(), OPEN, seatId=next(world.seats))


def keyed(prepare):
    """The same call with an Idempotency-Key."""

    def prepare_keyed(world):
        method, path, body, *headers = prepare(world)
        return method, path, body, (headers and headers[0] or {}) | world.key()

    return prepare_keyed


def hold_eight(world):
    user = world.user()
    body = world.reserve(user, QUEUE, seatIds=world.seat_ids(8))
    return "POST", "/reservation", body, world.token(user, QUEUE) | world.key()


def best_eight(world):
    return "POST", "/reservation", world.reserve(world.user(), OPEN, count=8)


def eight_of_area(world):
    return "POST", "/reservation", world.reserve(world.user(), AREA, section="Pit", count=8)


def none_left(world, **wish):
    """What is remembered of it is over."""
    time.sleep(0.15)
    return "POST", "/reservation", world.reserve(world.user(), SOLD_OUT, count=2, **wish)


def none_left_recalled(world):
    """By a made-up price each time. Of the smallest section: on a slow machine it is not remembered for longer than
    a look at the whole hall takes."""
    method, path, body = none_left(world, section="Z", maxPrice=10**6 + next(world.numbers))
    world.ask(method, path, body, status=409)
    return method, path, body | {"maxPrice": 10**6 + next(world.numbers)}


def release_one(world):
    user = world.user()
    return "DELETE", f"/reservation/{world.hold(user, OPEN, 1)}?userId={user}"


def refund_eight(world):
    user = world.user()
    held, token = world.hold(user, OPEN, 8), world.token(user, OPEN)
    world.charge(user, 2000)
    world.ask("POST", "/payment", world.pay(user, held), token)
    return "DELETE", f"/reservation/{held}?userId={user}", None, world.key()


def some_of(whole):
    """The first four seats of what the call would give back."""
    def call(world):
        method, path, *rest = whole(world)
        held = world.stack.get(path).json()["seats"]
        return method, f"{path}&seatIds={','.join(str(seat['seatId']) for seat in held[:4])}", *rest

    return call


def release_eight(world):
    user = world.user()
    return "DELETE", f"/reservation/{world.hold(user, OPEN, 8)}?userId={user}"


def swap(paid):
    """All eight seats of a hold, or of an order, for eight others."""
    def call(world):
        user = world.user()
        held = world.hold(user, OPEN, 8)
        if paid:
            token = world.token(user, OPEN)
            world.charge(user, 2000)
            world.ask("POST", "/payment", world.pay(user, held), token)
            world.ask("GET", f"/reservation/{held}/ticket?userId={user}")
        body = {"userId": user, "toSeatIds": world.seat_ids(8)}
        body["seatIds"] = [one["seatId"] for one in world.stack.get(f"/reservation/{held}?userId={user}").json()["seats"]]
        return "POST", f"/reservation/{held}/swap", body

    return call


def offer_eight(world):
    user, friend = world.user(), world.user()
    held, token = world.hold(user, QUEUE, 8, world.token(user, QUEUE)), world.token(user, QUEUE)
    world.charge(user, 2000)
    world.ask("POST", "/payment", world.pay(user, held), token)
    world.ask("GET", f"/reservation/{held}/ticket?userId={user}")
    return "POST", f"/reservation/{held}/transfer", {"userId": user, "toUserId": friend}, world.key()


def offered_eight(world):
    method, path, body, _ = offer_eight(world)
    return world.ask(method, path, body).json()


def accept_eight(world):
    offer = offered_eight(world)
    return "POST", f"/transfer/{offer['transferId']}/accept", {"userId": offer["toUserId"]}, world.key()


def decline_eight(world):
    offer = offered_eight(world)
    return "DELETE", f"/transfer/{offer['transferId']}?userId={offer['toUserId']}", None, world.key()


def join(world):
    return "POST", "/waitlist", world.reserve(world.user(), SOLD_OUT, count=8), world.key()


def joined(world):
    method, path, body, headers = join(world)
    return world.ask(method, path, body | {"count": 1}, headers).json()


def leave(world):
    entry = joined(world)
    return "DELETE", f"/waitlist?userId={entry['userId']}&itemId={SOLD_OUT}"


def release_waited(world):
    """A seat that somebody waits for; before, those who ask for eight are looked at, twice, with what is free."""
    joined(world)
    seat = next(world.numbers)
    return "DELETE", f"/reservation/{1000000 + seat}?userId=owner-{seat}"


def pay_one(world):
    user = world.user()
    held, token = world.hold(user, OPEN, 1), world.token(user, OPEN)
    world.charge(user, 2000)
    return "POST", "/payment", world.pay(user, held), token


def pay_eight(world):
    user = world.user()
    token = world.token(user, QUEUE)
    held = world.hold(user, QUEUE, 8, token)
    world.charge(user, 2000)
    return "POST", "/payment", world.pay(user, held), token | world.key()


def add_token(concert):
    return lambda world: ("POST", "/token/add", {"userId": world.user(), "concertId": concert})


def with_token(method, concert):
    return lambda world: (method, "/token", None, world.token(world.user(), concert))


def change_points(way, keyed):
    """Of one who has a purse; keyed: of one who has none, so that a charge makes it."""

    def prepare(world):
        user = world.user()
        if way == "use" or not keyed:
            world.charge(user, 1000)
        return "POST", f"/point/{way}", {"userId": user, "amount": 1000}, world.key() if keyed else None

    return prepare


def sell_by_hand(count, **how):
    def prepare(world):
        body = {"userId": world.user(), "concertId": QUEUE, "itemId": QUEUE, "seatIds": world.seat_ids(count)}
        return world.admin("POST", "/admin/reservation", body | {"method": "box_office"} | how)

    return prepare


def refund_by_hand(count, **part):
    def prepare(world):
        user = world.user()
        held, token = world.hold(user, OPEN, count), world.token(user, OPEN)
        world.charge(user, 2000)
        world.ask("POST", "/payment", world.pay(user, held), token)
        seats = [row["seat_no"] for row in world.stack.query(
            "SELECT seat_no FROM reservation_seat WHERE reservation_id = %s", held)]
        named = {"seatIds": seats[:-1]} if part else {}
        return world.admin("POST", f"/admin/reservation/{held}/refund", {"reason": "Why"} | named | part)

    return prepare


def paid_tickets(world, count):
    """The path of the tickets of a paid order, and what asks for them."""
    user = world.user()
    held, token = world.hold(user, OPEN, count), world.token(user, OPEN)
    world.charge(user, 2000)
    world.ask("POST", "/payment", world.pay(user, held), token)
    path = f"/reservation/{held}/ticket?userId={user}"
    return path, lambda: world.ask("GET", path).json()["tickets"]


def ask_calendar(world):
    path, _ = paid_tickets(world, 8)
    return "GET", path.replace("/ticket?", "/calendar?")


def ask_tickets(count, again=False):
    def prepare(world):
        path, ask = paid_tickets(world, count)
        if again:
            ask()
        return "GET", path

    return prepare


def check_in(world):
    code = paid_tickets(world, 8)[1]()[0]["code"]
    return world.admin("POST", "/admin/checkin", {"code": code, "itemId": OPEN, "deviceId": "gate"})


def check_out(world):
    code = paid_tickets(world, 8)[1]()[0]["code"]
    world.stack.query("UPDATE concert SET reentry = 1")
    world.ask("POST", "/admin/checkin", {"code": code, "itemId": OPEN}, world.stack.admin_headers())
    return world.admin("POST", "/admin/checkout", {"code": code, "itemId": OPEN})


def undo_check_in(world):
    ticket = paid_tickets(world, 8)[1]()[0]
    world.ask("POST", "/admin/checkin", {"code": ticket["code"], "itemId": OPEN}, world.stack.admin_headers())
    return world.admin("POST", "/admin/checkin/undo", {"ticketId": ticket["ticketId"], "reason": "Why"})


def adjust_points(world):
    return world.admin("POST", "/admin/point", {"userId": world.user(), "amount": 5, "reason": "Why"})


def make_concert(items, seats):
    def prepare(world):
        one = {"date": "2099-01-01", "startsAt": "2099-01-01T00:00:00Z",
               "seats": [{"from": 1, "to": seats, "price": 100}]}
        return world.admin("POST", "/admin/concert", {"title": "New", "venue": "Hall", "items": [one] * items})

    return prepare


def hall_file(seats):
    """100,000 of them, and a kind, take a megabyte as ranges would not."""
    return {"seats": [{"row": str(n // 100), "label": str(n), "price": 100} for n in range(seats)]}


def keep_hall(seats):
    return lambda world: world.admin("POST", "/admin/hall?name=Hall", hall_file(seats))


def kept_hall(world, seats):
    """The number of a hall, which is made for it."""
    return world.ask("POST", "/admin/hall?name=Hall", hall_file(seats), world.stack.admin_headers()).json()["hallId"]


def with_hall(method, seats):
    return lambda world: world.admin(method, f"/admin/hall/{kept_hall(world, seats)}")


def date_in_hall(seats):
    def prepare(world):
        return world.admin("POST", f"/admin/concert/{OPEN}/item", {
            "date": "2099-01-01", "startsAt": "2099-01-01T00:00:00Z", "hallId": kept_hall(world, seats)})

    return prepare


def add_date(seats):
    return admin("POST", f"/admin/concert/{OPEN}/item", {
        "date": "2099-01-01", "startsAt": "2099-01-01T00:00:00Z", "seats": [{"from": 1, "to": seats, "price": 100}]})


def add_date_like(world):
    return world.admin("POST", f"/admin/concert/{QUEUE}/item", {
        "date": "2099-01-01", "startsAt": "2099-01-01T00:00:00Z", "likeItemId": QUEUE})


def reprice(seats):
    """Each time to another price, so that all of them change."""
    def prepare(world):
        change = {"from": HALL - seats + 1, "to": HALL, "price": 100 + next(world.numbers)}
        return world.admin("PATCH", f"/admin/concert/{QUEUE}/item/{QUEUE}", {"seats": [change]})

    return prepare


def cancel_date(world):
    path = f"/admin/concert/{OPEN}/item"
    body = {"date": "2099-01-01", "startsAt": "2099-01-01T00:00:00Z", "seats": [{"from": 1, "to": 1, "price": 100}]}
    made = world.ask("POST", path, body, world.stack.admin_headers()).json()["itemId"]
    return world.admin("POST", f"{path}/{made}/cancel", {"reason": "Why"})


def cancel_concert(items):
    def prepare(world):
        _, path, body, headers = make_concert(items, 1)(world)
        made = world.ask("POST", path, body, headers).json()["concertId"]
        return world.admin("POST", f"/admin/concert/{made}/cancel", {"reason": "Why"})
    return prepare


def presale_code(world):
    """One that nobody came with."""
    plain = next(n for n in world.numbers if not set(str(n)) & set("18"))
    return "CODE" + str(plain).replace("0", "O").rjust(12, "X")


def hold_in_presale(code, seats):
    def prepare(world):
        body = world.reserve(world.user(), PRESALE, seatIds=world.seat_ids(seats), code=code or presale_code(world))
        return "POST", "/reservation", body

    return prepare


def pay_in_presale(world):
    method, path, body = hold_in_presale(None, 8)(world)
    held = world.ask(method, path, body).json()["reservationId"]
    world.charge(body["userId"], 2000)
    return "POST", "/payment", world.pay(body["userId"], held)


def release_in_presale(world):
    method, path, body = hold_in_presale(None, 8)(world)
    held = world.ask(method, path, body).json()["reservationId"]
    return "DELETE", f"/reservation/{held}?userId={body['userId']}"


def window(quota):
    return {"startsAt": "2097-01-01T00:00:00Z", "endsAt": "2097-01-02T00:00:00Z", "quota": quota, "codes": "single"}


def make_window(quota):
    """In a concert of its own, as one has twelve at most."""
    def prepare(world):
        _, path, body, headers = make_concert(1, 1)(world)
        made = world.ask("POST", path, body | {"opensAt": "2098-01-01T00:00:00Z"}, headers).json()["concertId"]
        return world.admin("POST", f"/admin/concert/{made}/presale", window(quota))

    return prepare


def of_window(method, quota, body=None, rest=""):
    def prepare(world):
        _, path, wish, headers = make_window(quota)(world)
        made = world.ask("POST", path, wish, headers).json()["presaleId"]
        return world.admin(method, f"{path}/{made}{rest}", body)

    return prepare


def get(path):
    return lambda world: ("GET", path.format(held=world.held[0], now=time.monotonic_ns()))


def admin(method, path, body=None):
    return lambda world: world.admin(method, path, body)


class Request(NamedTuple):
    route: str  # method and pattern as in routes.c
    what: str
    prepare: Callable
    statements: int  # at most, likewise the rows
    rows: int
    status: int = 200



ITEM = "/concert/{concert}/item/{item}"
OF, IN_AREA = f"/concert/{SOLD_OUT}/item/{SOLD_OUT}", f"/concert/{AREA}/item/{AREA}"

# The plain one of each route comes first.
REQUESTS = [
    Request("GET /concert/{concert}", "demo", get("/concert/2"), 3, 1_000),
    Request("GET /concert/{concert}", "sold out", get(f"/concert/{SOLD_OUT}"), 3, HALL + 20),
    Request("GET /concert/{concert}/item", "demo", get("/concert/2/item"), 2, 1_000),
    Request("GET /concert/{concert}/item", "hall of 50,000", get(f"/concert/{SOLD_OUT}/item"), 2, HALL + 10),
    Request(f"GET {ITEM}/seat", "demo, compact", get("/concert/2/item/101/seat?view=compact"), 2, 310),
    Request(f"GET {ITEM}/seat", "hall of 50,000, compact", get(f"{OF}/seat?view=compact"), 2, HALL + 10),
    Request(f"GET {ITEM}/seat", "hall of 50,000", get(f"{OF}/seat"), 2, HALL + 10),
    Request(f"GET {ITEM}/seat", "area of 50,000", get(f"{IN_AREA}/seat"), 3, 3 * HALL + 20),
    Request(f"GET {ITEM}/layout", "demo", get("/concert/2/item/101/layout"), 2, 310),
    Request(f"GET {ITEM}/layout", "hall of 50,000", get(f"{OF}/layout"), 2, HALL + 10),
    Request(f"GET {ITEM}/layout", "hall of 50,000, made-up v", get(f"{OF}/layout?v={{now}}"), 2, HALL + 10),
    Request(f"GET {ITEM}/layout", "area of 50,000", get(f"{IN_AREA}/layout"), 3, 3 * HALL + 20),
    Request("GET /concert/{concert}/queue", "no queue", get(f"/concert/{OPEN}/queue"), 1, 2),
    Request("GET /concert/{concert}/queue", "a queue", get(f"/concert/{WAITING}/queue"), 1, 2),
    Request("GET /concert/{concert}/challenge", "none", get(f"/concert/{OPEN}/challenge"), 1, 2),
    Request("GET /concert/{concert}/challenge", "one", get(f"/concert/{CHALLENGED}/challenge"), 1, 2),
    Request("GET /settings", "", get("/settings"), 0, 0),
    Request("GET /ticket-keys", "", get("/ticket-keys"), 0, 0),
    Request("POST /token/add", "no queue", add_token(OPEN), 2, 3),
    Request("POST /token/add", "a queue", add_token(WAITING), 2, 4),
    Request("POST /token/add", "presale", lambda world: ("POST", "/token/add", {
        "userId": world.user(), "concertId": PRESALE, "code": presale_code(world)}), 4, 15),
    Request("GET /token", "no queue", with_token("GET", OPEN), 2, 4),
    Request("GET /token", "a queue", with_token("GET", WAITING), 1, 2),
    Request("DELETE /token", "no queue", with_token("DELETE", OPEN), 3, 6, 204),
    Request("DELETE /token", "a queue", with_token("DELETE", QUEUE), 3, 5, 204),
    Request("POST /reservation", "a seat", hold_one, 6, 10),
    Request("POST /reservation", "a seat, key", keyed(hold_one), 8, 10),
    Request("POST /reservation", "8 seats, queue, limit, key", hold_eight, 11, 50),
    Request("POST /reservation", "best 8 of 50,000", best_eight, 7, 200),
    Request("POST /reservation", "8 places of 50,000", eight_of_area, 7, 200),
    Request("POST /reservation", "none of 50,000 left, looked up", none_left, 4, HALL + 10, 409),
    Request("POST /reservation", "none left, recalled", none_left_recalled, 1, 4, 409),
    Request("POST /reservation", "8 seats, presale", hold_in_presale(None, 8), 14, 90),
    Request("POST /reservation", "presale sold out", lambda world: hold_in_presale("SOLD-OUT-CODE", 1)(world), 2, 15, 409),
    Request("GET /reservation", "1 of 8 seats", get("/reservation?userId=collector&limit=1"), 2, 100),
    Request("GET /reservation", "100 of 8 seats", get("/reservation?userId=collector&limit=100"), 2, PAGE * 8 * 5),
    Request("GET /reservation/{reservation}", "8 seats", get("/reservation/{held}?userId=collector"), 3, 25),
    Request("DELETE /reservation/{reservation}", "a held seat", release_one, 7, 10),
    Request("DELETE /reservation/{reservation}", "8 held seats, presale", release_in_presale, 9, 80),
    Request("DELETE /reservation/{reservation}", "8 paid seats, key", refund_eight, 17, 50),
    Request("POST /reservation/{reservation}/transfer", "8 seats, key", offer_eight, 13, 30),
    Request("GET /transfer", "an offer", lambda world: ("GET", f"/transfer?userId={offered_eight(world)['toUserId']}"), 1, 10),
    Request("POST /transfer/{transfer}/accept", "8 seats, queue, limit, key", accept_eight, 18, 120),
    Request("DELETE /transfer/{transfer}", "key", decline_eight, 8, 12),
    Request("POST /reservation/{reservation}/swap", "8 held seats", swap(False), 14, 110),
    Request("POST /reservation/{reservation}/swap", "8 paid seats, key", keyed(swap(True)), 21, 170),
    Request("DELETE /reservation/{reservation}", "4 of 8 held seats", some_of(release_eight), 11, 60),
    Request("DELETE /reservation/{reservation}", "4 of 8 paid seats, key", some_of(refund_eight), 25, 90),
    Request("GET /reservation/{reservation}/calendar", "8 seats", ask_calendar, 7, 30),
    Request("GET /reservation/{reservation}/ticket", "a seat, again", ask_tickets(1, again=True), 4, 10),
    Request("GET /reservation/{reservation}/ticket", "8 seats, first", ask_tickets(8), 6, 60),
    Request("POST /waitlist", "8 of 50,000, limit, key", join, 11, HALL + 100),
    Request("GET /waitlist", "an offer", lambda world: ("GET", f"/waitlist?userId={joined(world)['userId']}"), 1, 100),
    Request("DELETE /waitlist", "", leave, 8, 100, 204),
    Request("DELETE /reservation/{reservation}", "a held seat that is offered, limit", release_waited, 40, 2 * HALL + 500),
    Request("GET /point", "", get("/point?userId=payer"), 1, 1),
    Request("POST /point/charge", "again", change_points("charge", False), 4, 5),
    Request("POST /point/charge", "again, key", keyed(change_points("charge", False)), 6, 10),
    Request("POST /point/charge", "first, key", change_points("charge", True), 8, 10),
    Request("POST /point/use", "", change_points("use", False), 4, 5),
    Request("POST /point/use", "key", change_points("use", True), 6, 10),
    Request("GET /point/history", "1", get("/point/history?userId=payer&limit=1"), 1, 5),
    Request("GET /point/history", "100", get("/point/history?userId=payer&limit=100"), 1, PAGE + 5),
    Request("POST /payment", "a seat, no queue", pay_one, 9, 20),
    Request("POST /payment", "8 seats, presale", pay_in_presale, 13, 80),
    Request("POST /payment", "a seat, no queue, key", keyed(pay_one), 11, 20),
    Request("POST /payment", "8 seats, queue, limit, key", pay_eight, 12, 55),
    Request("GET /payment", "1", get("/payment?userId=payer&limit=1"), 1, 10),
    Request("GET /payment", "100", get("/payment?userId=payer&limit=100"), 1, 5 * PAGE + 5),
    Request("GET /admin/concert", "1", admin("GET", "/admin/concert?limit=1&q=Waiting"), 3, 1_000),
    Request("GET /admin/concert", "all", admin("GET", "/admin/concert?limit=100"), 13, 5 * HALL),
    Request("POST /admin/concert", "an item of a seat", make_concert(1, 1), 9, 200),
    Request("POST /admin/concert", "an item of 100,000 seats", make_concert(1, 100_000), 108, 1_000_000),
    Request("POST /admin/concert", "1,000 items of 100 seats", make_concert(1000, 100), 2007, 1_000_000),
    Request("GET /admin/concert/{concert}", "demo", admin("GET", "/admin/concert/2"), 4, 1_000),
    Request("GET /admin/concert/{concert}", "hall of 50,000", admin("GET", f"/admin/concert/{SOLD_OUT}"), 4, HALL + 20),
    Request("PATCH /admin/concert/{concert}", "demo", admin("PATCH", "/admin/concert/2", {"venue": "New"}), 10, 1_000),
    Request("PATCH /admin/concert/{concert}", "hall of 50,000",
            admin("PATCH", f"/admin/concert/{SOLD_OUT}", {"venue": "New", "description": "x" * 4000}), 11, HALL + 20),
    Request("GET /admin/concert/{concert}/item", "demo", admin("GET", "/admin/concert/2/item"), 2, 4_000),  # 900 seats; MySQL 9 sorts them
    Request("GET /admin/concert/{concert}/item", "hall of 50,000", admin("GET", f"/admin/concert/{SOLD_OUT}/item"), 2, HALL + 20),
    Request("POST /admin/concert/{concert}/item", "a seat", add_date(1), 6, 50),
    Request("POST /admin/concert/{concert}/item", "100,000 seats, key", keyed(add_date(100_000)), 107, 1_000_000),
    Request("POST /admin/concert/{concert}/item", "like one of 50,000 seats, key", keyed(add_date_like), 11, 6 * HALL),
    Request("PATCH /admin/concert/{concert}/item/{item}", "a seat", reprice(1), 9, 2 * HALL + 100),
    Request("PATCH /admin/concert/{concert}/item/{item}", "50,000 seats, key", keyed(reprice(HALL)), 11, 10 * HALL),
    Request("POST /admin/concert/{concert}/item/{item}/cancel", "", cancel_date, 7, 30),
    Request("POST /admin/concert/{concert}/cancel", "a date", cancel_concert(1), 10, 60),
    Request("POST /admin/concert/{concert}/cancel", "1,000 dates, key", keyed(cancel_concert(1000)), 12, 5_000),
    Request("GET /admin/concert/{concert}/report", "demo", admin("GET", "/admin/concert/4/report"), 4, 5_000),
    Request("GET /admin/concert/{concert}/report", "hall of 50,000", admin("GET", f"/admin/concert/{SOLD_OUT}/report?itemId={SOLD_OUT}"), 5, 10 * HALL),
    Request("GET /admin/concert/{concert}/export", "demo's orders", admin("GET", "/admin/concert/4/export?what=orders"), 3, 1_000),
    *(Request("GET /admin/concert/{concert}/export", f"10,000 {what} of a hall of 50,000",
              admin("GET", f"/admin/concert/{SOLD_OUT}/export?what={what}&itemId={SOLD_OUT}"), 3, 3 * HALL)
      for what in ("orders", "seats", "ledger", "guests")),
    Request("POST /admin/hall", "a seat", keep_hall(1), 6, 20),
    Request("POST /admin/hall", "100,000 seats, key", keyed(keep_hall(100_000)), 13, 40),
    Request("GET /admin/hall", "all", admin("GET", "/admin/hall?limit=100"), 1, PAGE + 5),
    Request("GET /admin/hall/{hall}", "a seat", with_hall("GET", 1), 3, 10),
    Request("GET /admin/hall/{hall}", "100,000 seats", with_hall("GET", 100_000), 9, 20),
    Request("DELETE /admin/hall/{hall}", "100,000 seats, key", keyed(with_hall("DELETE", 100_000)), 8, 40),
    Request("POST /admin/concert/{concert}/item", "a hall of 100,000", keyed(date_in_hall(100_000)), 1590, 1_000_000),
    Request("GET /admin/reservation", "1", admin("GET", "/admin/reservation?limit=1"), 2, 60),
    Request("GET /admin/reservation", "100 of a concert",
            admin("GET", f"/admin/reservation?concertId={SOLD_OUT}&limit=100"), 2, PAGE * 12),
    Request("GET /admin/reservation", "100 of 8 seats of a user, held",
            admin("GET", "/admin/reservation?userId=collector&status=held&limit=100"), 2, PAGE * 8 * 5),
    Request("GET /admin/reservation", "of a date", admin("GET", f"/admin/reservation?itemId={SOLD_OUT}"), 3, 240),
    Request("GET /admin/reservation", "by its payment's number", admin("GET", "/admin/reservation?ref=90071992547"), 2, 5),
    Request("POST /admin/reservation", "a guest", sell_by_hand(1, method="guest"), 13, 40),
    Request("POST /admin/reservation", "8 seats, a price, key", keyed(sell_by_hand(8, price=5)), 15, 100),
    Request("POST /admin/reservation/{reservation}/refund", "a seat", refund_by_hand(1), 15, 30),
    Request("POST /admin/reservation/{reservation}/refund", "8 seats, key", keyed(refund_by_hand(8)), 18, 60),
    Request("POST /admin/reservation/{reservation}/refund", "7 of 8 seats, half, key",
            keyed(refund_by_hand(8, percent=50)), 22, 100),
    Request("GET /admin/user/{user}", "nobody", admin("GET", "/admin/user/nobody"), 7, 100),
    Request("GET /admin/user/{user}", "20 of 8 seats", admin("GET", "/admin/user/collector"), 14, 2_000),
    Request("POST /admin/point", "", adjust_points, 8, 12),
    Request("POST /admin/point", "first, key", keyed(adjust_points), 10, 15),
    Request("POST /admin/checkin", "", check_in, 6, 30),
    Request("POST /admin/checkin", "key", keyed(check_in), 8, 30),
    Request("POST /admin/checkout", "", check_out, 6, 30),
    Request("POST /admin/checkout", "key", keyed(check_out), 8, 30),
    Request("POST /admin/checkin/undo", "", undo_check_in, 6, 30),
    Request("POST /admin/checkin/undo", "key", keyed(undo_check_in), 8, 30),
    Request("GET /admin/item/{item}/ticket", "20 of a date", admin("GET", f"/admin/item/{OPEN}/ticket"), 3, 240),
    Request("GET /admin/item/{item}/ticket", "20 that changed", admin("GET", f"/admin/item/{OPEN}/ticket?since=2020-01-01T00:00:00Z"),
            3, 300),
    Request("GET /admin/item/{item}/attendance", "hall of 50,000", admin("GET", f"/admin/item/{SOLD_OUT}/attendance"), 3, HALL + 100),
    Request("POST /admin/concert/{concert}/presale", "a seat", make_window(1), 11, 30),
    Request("POST /admin/concert/{concert}/presale", "100,000 seats, key", keyed(make_window(100_000)), 112, 1_000_000),
    Request("GET /admin/concert/{concert}/presale", "none", admin("GET", f"/admin/concert/{OPEN}/presale"), 2, 3),
    Request("GET /admin/concert/{concert}/presale", "two, of 50,000 seats and codes",
            admin("GET", f"/admin/concert/{PRESALE}/presale"), 2, 10 * HALL),
    Request("PATCH /admin/concert/{concert}/presale/{presale}", "a seat more", of_window("PATCH", 1, {"quota": 2}), 12, 40),
    Request("PATCH /admin/concert/{concert}/presale/{presale}", "99,999 seats less",
            of_window("PATCH", 100_000, {"quota": 1}), 12, 1_000_000),
    Request("DELETE /admin/concert/{concert}/presale/{presale}", "100,000 seats",
            of_window("DELETE", 100_000), 13, 1_000_000),
    Request("POST /admin/concert/{concert}/presale/{presale}/code", "one", of_window("POST", 1, {"count": 1}, "/code"), 5, 20),
    Request("POST /admin/concert/{concert}/presale/{presale}/code", "10,000, key",
            keyed(of_window("POST", 1, {"count": 10_000}, "/code")), 17, 100_000),
    Request("GET /admin/log", "1", admin("GET", "/admin/log?limit=1"), 1, 5),
    Request("GET /admin/log", "100 of a concert", admin("GET", f"/admin/log?concertId={SOLD_OUT}&limit=100"), 1, PAGE + 5),
    Request("GET /health", "", get("/health"), 0, 0),
    Request("GET /health/ready", "", get("/health/ready"), 1, 2),
    # Each concert of a list is counted by a statement of its own. These come last: for a minute after a list
    # workers count again, by themselves, what it told, and may do so once beside the call that is measured.
    Request("GET /concert", "all", get("/concert"), 12, 8 * HALL),
    Request("GET /concert", "of a day", get("/concert?date=2099-01-01"), 12, 8 * HALL),
]


def all_routes():
    """Of routes.c, as Request.route has them."""
    text = ROUTES.replace('ITEM "', f'"{ITEM}')
    keyed = re.sub(r"(KEYED|BATCHED|SELDOM|ASSISTED|ADMIN|UPLOAD)\(METHOD_(\w+), ", r"\2(", text)
    return [" ".join(found) for found in re.findall(r'^ +(GET|POST|PATCH|DELETE)\("([^"]+)"', keyed, re.MULTILINE)]


# ---- what a call costs


class Cost(NamedTuple):
    rows: int
    cpu: list  # microseconds, by SERVICES
    statements: list  # if they were logged, which takes CPU


class Meter:
    """Of a stack on which nobody else calls."""

    def __init__(self, world):
        self.world = world
        self.cursor = world.stack.mysql().cursor()
        self.own = -self.rows() + self.rows()  # what it takes to ask for them

    def rows(self):
        """Read so far."""
        self.cursor.execute("SHOW GLOBAL STATUS LIKE 'Handler_read%'")
        return sum(int(row["Value"]) for row in self.cursor.fetchall())

    def processes(self):
        """Those of each service, which is a process group."""
        groups = {self.world.stack.pid(name): [] for name in SERVICES}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # others come and go
                groups.get(int(stat.read_text().rpartition(")")[2].split()[2]), []).append(stat.parent)
        return list(groups.values())

    def cpu(self, processes):
        """Nanoseconds for which the threads of each service have run."""
        return [sum(int(thread.read_text().split()[0]) for process in service
                    for thread in process.glob("task/*/schedstat")) for service in processes]

    def measure(self, request, logged=False):
        """The cost of one call."""
        processes = self.processes()
        call = request.prepare(self.world)
        time.sleep(max(0, self.world.fresh.get(call[1], 0) - time.monotonic()))
        with statements_of(self.world.stack) if logged else contextlib.nullcontext([]) as statements:
            rows, cpu, started = self.rows(), self.cpu(processes), time.monotonic()
            answer = self.world.ask(*call, status=request.status)
            cpu = [(now - then) / 1000 for now, then in zip(self.cpu(processes), cpu)]
            took = time.monotonic() - started
            rows = self.rows() - rows - self.own
        if answer.headers.get("Cache-Control", "").startswith("public"):
            self.world.fresh[call[1]] = started + 1 + max(1, 20 * took) + took
        return Cost(rows, cpu, statements)


def main():
    times = int(sys.argv[1])
    with making_stacks(workers=1, access_log="off", mysql_memory="1G") as make:
        meter = Meter(World(make()))
        print(f"Medians of {times} calls, one after the other. CPU in microseconds a call.\n")
        print("| route | request |", " | ".join(SERVICES), "| all | statements | rows |")
        print("|---|---|" + "---:|" * (len(SERVICES) + 3))
        for request in REQUESTS:
            meter.measure(request)
            statements = len(meter.measure(request, logged=True).statements)
            costs = [meter.measure(request) for _ in range(times)]
            cpu = [median(cost.cpu[number] for cost in costs) for number in range(len(SERVICES))]
            told = [*cpu, sum(cpu), statements, median(cost.rows for cost in costs)]
            print(f"| {request.route} | {request.what} |", " | ".join(f"{number:,.0f}" for number in told), "|")


if __name__ == "__main__":
    main()
