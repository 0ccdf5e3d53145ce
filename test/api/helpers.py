"""What API tests share: users, concerts and seats of their own, the usual calls, what every problem holds."""

import itertools
import os
import re

from stack import ROOT

# code -> (status, title) and the other way round, from the one table that the server is made from
ERRORS = {
    code: (int(status), title)
    for status, code, title in re.findall(
        r'ERROR\(\w+, (\d+), "(\w+)",[\s\\]*"([^"]+)"\)', (ROOT / "fcgi-app/base/error.h").read_text()
    )
}
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
RETRY_STATUSES = (429, 503)
# addresses of this machine, for the stack that knows callers by where they come from (header_stack)
GATEWAY, OPERATOR = "127.0.0.3", "127.0.0.2"

_numbers = itertools.count(1)


def new_user(prefix="fan"):
    """A user id that nobody has had."""
    return f"{prefix}-{os.getpid()}-{next(_numbers)}"


# What the sales of a concert say where all was paid with points.
NOTHING_APART = {"boxOffice": {"sold": 0, "revenue": 0}, "guest": {"sold": 0}}


class Concert:
    """A concert of a test's own. Seats are handed out once each, over all items."""

    def __init__(self, stack, concert_id, items, seats, price):
        self.stack = stack
        self.id = concert_id
        self.items = items
        self.seats = seats
        self.price = price
        self._free = ((item, seat) for item in items for seat in range(1, seats + 1))

    @property
    def item(self):
        """The first item."""
        return self.items[0]

    @property
    def path(self):
        return f"/concert/{self.id}"

    def free_seat(self):
        """(itemId, seatId) that was not handed out before."""
        return next(self._free)

    def set(self, **columns):
        """Changes columns of the concert's row (values are SQL). The queue notices by its version."""
        values = [f"{name} = {value}" for name, value in columns.items()]
        if "admission_capacity" in columns:  # before it changes: SET goes from left to right
            values.insert(0, "line_since = IF(admission_capacity IS NULL, line_version + 1, line_since)")
        self.stack.query(
            f"UPDATE concert SET {', '.join(values)}, line_version = line_version + 1 WHERE concert_id = {self.id}"
        )

    def start(self, item):
        """The item began a second ago."""
        self.stack.query(
            "UPDATE item SET starts_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE item_id = %s", item
        )


def new_concert(stack, *, items=1, seats=20, price=1000, status="open", opens="NULL", closes="NULL",
                capacity=None, active_seconds=600, hold_seconds=300, max_seats=None, title="Test", days=30):
    """Makes a concert by SQL. `opens` and `closes` are SQL, e.g. "UTC_TIMESTAMP(3) + INTERVAL 1 HOUR".

    The n-th item is on the n-th day from `days` on; seats are rows of ten in section A.
    """
    connection = stack.mysql()
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO concert (title, venue, status, opens_at, closes_at, admission_capacity,"
            " active_seconds, hold_seconds, max_seats_per_user, created_at)"
            f" VALUES (%s, 'Hall', %s, {opens}, {closes}, %s, %s, %s, %s, UTC_TIMESTAMP(3))",
            (title, status, capacity, active_seconds, hold_seconds, max_seats),
        )
        concert_id = cursor.lastrowid
        item_ids = []
        for number in range(items):
            cursor.execute(
                "INSERT INTO item (concert_id, date, starts_at, seat_count, min_price, max_price)"
                " VALUES (%s, DATE(UTC_TIMESTAMP()) + INTERVAL %s DAY,"
                " UTC_TIMESTAMP(3) + INTERVAL %s DAY, %s, %s, %s)",
                (concert_id, days + number, days + number, seats, price, price),
            )
            item_ids.append(cursor.lastrowid)
            cursor.executemany(
                "INSERT INTO seat (item_id, seat_no, price, section, row_name, label)"
                " VALUES (%s, %s, %s, 'A', %s, %s)",
                [(item_ids[-1], seat, price, (seat - 1) // 10 + 1, (seat - 1) % 10 + 1)
                 for seat in range(1, seats + 1)],
            )
    return Concert(stack, concert_id, item_ids, seats, price)


def allow(stack, concert, **settings):
    """The concert, after an operator set these of it."""
    ok(stack.call("PATCH", f"/admin/concert/{concert.id}", settings, stack.admin_headers()))
    return concert


class Hall:
    """A concert of one item. Ranges are (section, row, number of seats, price), whose seatIds go on from 1,
    or as POST /admin/concert takes them."""

    def __init__(self, stack, *ranges, **settings):
        self.stack = stack
        seats = []
        for part in ranges:
            if not isinstance(part, dict):
                section, row, count, price = part
                first = seats[-1]["to"] + 1 if seats else 1
                part = {"from": first, "to": first + count - 1, "price": price, "section": section, "row": row}
            seats.append(part)
        item = {"date": "2031-05-01", "startsAt": "2031-05-01T10:00:00Z", "seats": seats}
        made = ok(stack.post(
            "/admin/concert", {"title": "Hall", "venue": "Here", "status": "open", "items": [item]} | settings,
            **stack.admin_headers()))
        self.id = made["concertId"]
        self.item = made["itemIds"][0]

    def ask(self, count, client=None, user=None, **wish):
        body = {"userId": user or new_user(), "concertId": self.id, "itemId": self.item, "count": count}
        return (client or self.stack).post("/reservation", body | wish)

    def best(self, count, **wish):
        """The seatIds that one gets."""
        return [seat["seatId"] for seat in ok(self.ask(count, **wish))["seats"]]

    def take(self, *seats):
        for seat in seats:
            ok(ask_reserve(self.stack, new_user(), self, self.item, seat))


# ---- the usual calls: ask_...() gives the Answer, the others assert 200 and give its JSON


def ok(answer):
    """The JSON of a success."""
    assert answer.status == 200, answer
    return answer.json()


def ask_reserve(client, user, concert, item, seats, **more):
    """POST /reservation of a seat or of a list of seats; the Answer."""
    body = {"userId": user, "concertId": concert.id, "itemId": item}
    body |= {"seatIds": seats} if isinstance(seats, list) else {"seatId": seats}
    headers = {"X-Queue-Token": more.pop("token")} if "token" in more else {}
    return client.post("/reservation", body | more, **headers)


def reserve(stack, user, concert, item=None, seats=None, **more):
    """A held reservation, of a seat that the concert hands out where none is named."""
    if seats is None:
        item, seats = concert.free_seat()
    return ok(ask_reserve(stack, user, concert, item, seats, **more))


def charge(stack, user, amount):
    return ok(stack.post("/point/charge", {"userId": user, "amount": amount}))


def balance(stack, user):
    return ok(stack.get(f"/point?userId={user}"))["balance"]


def add_token(stack, user, concert):
    return ok(stack.post("/token/add", {"userId": user, "concertId": concert.id}))


def ask_pay(client, user, reservation_id, token, **headers):
    """POST /payment; the Answer. `token` None: without."""
    if token is not None:
        headers["X-Queue-Token"] = token
    return client.post("/payment", {"userId": user, "reservationId": reservation_id}, **headers)


def pay(stack, user, reservation_id, token):
    return ok(ask_pay(stack, user, reservation_id, token))


def buy(stack, user, concert, **where):
    """The whole purchase: token, reservation, charge of what it costs, payment. (reservation, payment)"""
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert, token=token, **where)
    if held["totalPrice"]:
        charge(stack, user, held["totalPrice"])
    return held, pay(stack, user, held["reservationId"], token)


def seat_status(stack, concert, item, seat):
    """available, held or sold, read past the cache."""
    answer = ok(stack.fresh(f"/concert/{concert.id}/item/{item}/seat"))
    return next(row["status"] for row in answer["seats"] if row["seatId"] == seat)


def as_user(user):
    """The header in which a gateway names the caller."""
    return {"X-Frontrow-User": user}


def age_hold(stack, reservation_id, seconds):
    """As if the reservation had been made that much earlier (its row and its seats')."""
    stack.query(
        "UPDATE reservation SET created_at = created_at - INTERVAL %s SECOND,"
        " expires_at = expires_at - INTERVAL %s SECOND, settled_at = settled_at - INTERVAL %s SECOND"
        " WHERE reservation_id = %s",
        seconds, seconds, seconds, reservation_id,
    )
    stack.query(
        "UPDATE seat s JOIN reservation r ON r.reservation_id = s.reservation_id AND r.item_id = s.item_id"
        " SET s.held_until = r.expires_at WHERE r.reservation_id = %s AND s.status = 'held'",
        reservation_id,
    )


def form(answer):
    """The answer without what differs from one of its kind to the next."""
    text = re.sub(INSTANT, "<instant>", answer.body.decode())
    return answer.status, dict(answer.headers) | {"Date": "", "X-Request-Id": ""}, re.sub(r"\d+", "0", text)


def is_replayed(answer):
    return answer.headers.get("Idempotency-Replayed") == "true"


# ---- problems

FAULT = ["fault", "line", "column", "words"]  # of the file of a hall


def assert_problem(answer, code, challenge=None, **members):
    """A problem with this code, whole and with all headers that go with it; its JSON.

    `members` are further ones that must be there with these values; no others may be, but `field`
    with invalid_field, `seatIds` with seat_taken and seats_belong_together, `balance` with insufficient_points, when and
    where with already_checked_in, and what is wrong with the file of a hall. Who can say
    for how long something is refused says it in Retry-After, which is left to the test. `challenge` is the
    WWW-Authenticate that is not the usual one.
    """
    status, title = ERRORS[code]
    assert (answer.status, answer.code) == (status, code), answer
    problem = answer.json()
    extra = {"invalid_field": ["field"], "seat_taken": ["seatIds"], "seats_belong_together": ["seatIds"],
        "seat_not_in_presale": ["seatIds"],
        "insufficient_points": ["balance"], "already_checked_in": ["checkedInAt", "scannedAt", "deviceId"],
        "invalid_hall": FAULT}.get(code, FAULT if "fault" in problem else [])
    assert list(problem) == ["type", "title", "status", "detail", "code"] + extra
    assert problem["type"] == f"/problems/{code}"
    assert problem["title"] == title
    assert problem["status"] == status
    assert isinstance(problem["detail"], str) and problem["detail"]
    for name, value in members.items():
        assert problem[name] == value, problem
    assert_headers(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    if status not in RETRY_STATUSES:
        assert "Retry-After" not in answer.headers
    elif code == "maintenance":
        assert answer.headers["Retry-After"] == "30"
    elif code == "too_many_unpaid":
        assert 1 <= int(answer.headers["Retry-After"]) <= 3600
    else:
        assert answer.headers["Retry-After"] in ("1", "2", "3")
    challenge = challenge or {"token_missing": "Queue-Token", "unauthorized": "Bearer"}.get(code)
    assert answer.headers.get("WWW-Authenticate") == challenge
    assert ("Allow" in answer.headers) == (status == 405)
    return problem


def assert_headers(answer):
    """What every answer has."""
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["Date"])
