"""What clients were told, compared with the books.

Every 200 is in MySQL, nothing that was refused had an effect, and what got no answer happened
entirely or not at all. The log is that of test/bench/booking (answer_log.h says its fields).
"""

import collections
import contextlib
import json

FIELDS = (
    "sent", "received", "user", "call", "key", "status", "code", "replayed", "request_id",
    "method", "path", "body", "answer",
)


class Answer(collections.namedtuple("Answer", FIELDS)):
    """One line of the log."""

    @classmethod
    def read(cls, line):
        fields = line.rstrip("\n").split("\t")
        assert len(fields) == len(FIELDS), line
        for name, kind in (("sent", float), ("received", float), ("status", int)):
            fields[FIELDS.index(name)] = kind(fields[FIELDS.index(name)])
        return cls(*fields)

    @property
    def ok(self):
        return self.status in (200, 204)

    @property
    def open(self):
        """Whether the client can not know from this answer what happened."""
        return self.code in ("lost", "vanished", "outcome_unknown")

    @property
    def failed(self):
        """Whether the service was to blame that this was no success."""
        return not self.ok and (self.status == 0 or self.status >= 500) and self.code != "vanished"

    def json(self):
        return json.loads(self.answer)


def percentile(waits, percent=99):
    """What so many percent of them do not exceed; 0 of none."""
    return sorted(waits)[len(waits) * percent // 100] if waits else 0


def within(answers, percent=99):
    """Milliseconds within which so many percent of them came."""
    return percentile([answer.received - answer.sent for answer in answers], percent)


class Told:
    """A log: all its answers in the order in which they were sent."""

    def __init__(self, log, name):
        with open(log) as lines:
            self.answers = sorted(map(Answer.read, lines), key=lambda answer: answer.sent)
        self.name = name
        self.by_key = collections.defaultdict(list)
        for answer in self.answers:
            if answer.key:
                self.by_key[answer.user, answer.key].append(answer)

    # ---- what the service was like

    def failures(self, since=0, until=float("inf")):
        """The calls sent in that time that failed by the service's fault."""
        return [a for a in self.answers if since <= a.sent < until and a.failed]

    def broken(self, hasty=("busy", "queue_unavailable")):
        """The failures that are not explained by a machine that stands still for a moment: those are
        refusals in time, and few."""
        refusals = [a for a in self.failures() if a.status == 503 and a.code in hasty]
        if len(refusals) > len(self.answers) // 20:
            return refusals
        return [a for a in self.failures() if a not in refusals]

    def time_back(self, mended):
        """Milliseconds from `mended` until a call succeeded after which none sent later failed."""
        failed = [max(a.sent, mended) for a in self.answers if a.failed and a.received >= mended]
        good = [a.received for a in self.answers if a.ok and a.received >= max(failed, default=mended)]
        assert good, "no call succeeded any more"
        return min(good) - mended

    def slowest(self, since=0, until=float("inf")):
        """The longest that a call of that time took, in milliseconds."""
        return max(
            (a.received - a.sent for a in self.answers if since <= a.sent < until), default=0
        )

    def below(self, percent, since=0, until=float("inf")):
        """What so many of the successes sent in that time stayed below, in milliseconds."""
        return within([a for a in self.answers if a.ok and since <= a.sent < until], percent)

    def summary(self):
        """Bookings a second, how long successes took, how often each code was answered."""
        times = sorted(a.received - a.sent for a in self.answers if a.ok)
        booked = sum(a.ok and a.call == "reserve" for a in self.answers)
        seconds = (self.answers[-1].received - self.answers[0].sent) / 1000
        codes = collections.Counter(a.code for a in self.answers).most_common()
        return (
            f"{booked / seconds:.0f} bookings/s, p50 {times[len(times) // 2]:.1f} ms,"
            f" p99 {times[len(times) * 99 // 100]:.1f} ms; "
            + ", ".join(f"{count} {code}" for code, count in codes)
        )

    # ---- the books

    def compare(self, stack):
        """What does not agree with MySQL, a line for each."""
        books = self.books = Books(stack, self.name)
        return self.check_answers(books) + books.check_effects() + self.check_tokens(books)

    def check(self, stack):
        """Nothing may disagree with MySQL, and nothing be answered with 500."""
        wrong = self.compare(stack)
        assert not wrong, f"{len(wrong)} disagree with the books:\n" + "\n".join(wrong[:20])
        errors = [a for a in self.answers if a.status == 500]
        assert not errors, errors[:3]

    def lost_but_done(self):
        """The answers of nginx in the place of a success; known after check()."""
        return [
            answers[0] for key, answers in self.by_key.items()
            if answers[0].code == "outcome_unknown" and key in self.books.stored
            and (len(answers) == 1 or answers[1].replayed == "1")
        ]

    def check_answers(self, books):
        """Each key: what was told against the stored answer, which is written with its effect."""
        wrong = []
        for key, answers in self.by_key.items():
            bodies = {a.answer for a in answers if a.ok}
            stored = books.stored.get(key)
            if len(bodies) > 1:
                wrong.append(f"{key} was answered in two ways: {bodies}")
            elif bodies and stored is None:
                wrong.append(f"{key} was answered 200, but nothing is there: {bodies}")
            elif bodies and stored["body"] != bodies.pop():
                wrong.append(f"{key} was answered otherwise than stored: {stored['body']}")
            elif not any(a.ok or a.open for a in answers) and stored is not None:
                wrong.append(f"{key} was refused, but happened: {answers[-1].code}")
            elif answers[-1].status in range(400, 500) and stored is not None:
                wrong.append(f"{key} was refused at last, but happened: {answers[-1].code}")
        return wrong + [f"{key} was never asked for" for key in books.stored if key not in self.by_key]

    def check_tokens(self, books):
        """Each token that was handed out is there. (A call that got no answer may be done much later, by a web
        server that stood still, and give a new one to a user who had left.)"""
        late = {answer.user for answer in self.answers if answer.call == "token" and answer.open}
        return [
            f"{answer.user}'s token is not there: {answer.answer}"
            for answer in self.answers
            if answer.call in ("token", "poll") and answer.ok and answer.user not in late
            and (answer.user, answer.json()["token"].partition("-")[2]) not in books.tokens
        ]


class Books:
    """What MySQL has at one moment of the users whose names begin so. (What got no answer may be carried out
    while this reads.)"""

    def __init__(self, stack, name):
        with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            def select(columns, table, more=""):
                cursor.execute(f"SELECT {columns} FROM {table} WHERE user_id LIKE %s {more}", name + "-%")
                return list(cursor.fetchall())

            self.stored = {
                (row["user_id"], row["idempotency_key"]): row | {"body": row["body"].decode()}
                for row in select("*", "idempotency")
            }
            self.reservations = {row["reservation_id"]: row for row in select("*", "reservation")}
            self.payments = {row["payment_id"]: row for row in select("*", "payment")}
            self.ledger = {row["history_id"]: row for row in select("*", "point_history")}
            self.entries = {
                (row["reservation_id"], row["kind"]): row["history_id"] for row in self.ledger.values()
            }
            self.balances = {row["user_id"]: row["balance"] for row in select("*", "point")}
            self.tokens = {
                (row["user_id"], row["token"])
                for table in ("queue_token", "open_token")
                for row in select("user_id, LOWER(HEX(token)) AS token", table)
            }
            self.seats = collections.defaultdict(list)
            cursor.execute(
                "SELECT l.* FROM reservation_seat l JOIN reservation r USING (reservation_id)"
                " WHERE r.user_id LIKE %s ORDER BY l.reservation_id, l.seat_no", name + "-%"
            )
            for row in cursor.fetchall():
                self.seats[row["reservation_id"]].append((row["seat_no"], row["price"]))
        self.wrong = []
        self.explained = {"reservation": set(), "payment": set(), "ledger": set()}

    def check_effects(self):
        """Each stored answer has its effect in all tables, and nothing is there beside these."""
        by_effect = collections.defaultdict(list)
        for (user, key), row in self.stored.items():
            by_effect[row["effect"]].append((user, key, json.loads(row["body"])))
        for effect in ("reserve", "charge", "use", "pay", "cancel"):
            for user, key, body in by_effect[effect]:
                problem = getattr(self, f"check_{effect}")(user, body)
                if problem:
                    self.wrong.append(f"{key}: {problem}: {body}")
        self.check_states(by_effect)
        for name, rows in (
            ("reservation", self.reservations), ("payment", self.payments), ("ledger", self.ledger),
        ):
            self.wrong += [
                f"{name} {rows[number]} was told to nobody"
                for number in rows.keys() - self.explained[name]
            ]
        return self.wrong

    def check_reserve(self, user, body):
        row = self.reservations.get(body["reservationId"])
        if row is None:
            return "no reservation"
        self.explained["reservation"].add(row["reservation_id"])
        told = (user, body["itemId"], body["totalPrice"], len(body["seats"]), body["expiresAt"])
        there = (
            row["user_id"], row["item_id"], row["total_price"], row["seat_count"],
            instant(row["expires_at"]),
        )
        if told != there:
            return f"the reservation is {there}"
        if sorted((s["seatId"], s["price"]) for s in body["seats"]) != self.seats[body["reservationId"]]:
            return f"its seats are {self.seats[body['reservationId']]}"
        return None

    def check_entry(self, user, kind, body, amount):
        """The ledger's row of this kind, by its number or by its reservation."""
        reservation = body["reservationId"] if kind in ("payment", "refund") else None
        number = body.get("historyId", self.entries.get((reservation, kind)))
        row = self.ledger.get(number)
        told = (user, kind, amount, body["balance"], reservation)
        if row is None:
            return "not in the ledger"
        self.explained["ledger"].add(number)
        names = ("user_id", "kind", "amount", "balance_after", "reservation_id")
        there = tuple(row[name] for name in names)
        return None if told == there else f"the ledger has {there}"

    def check_charge(self, user, body):
        return self.check_entry(user, "charge", body, body["amount"])

    def check_use(self, user, body):
        return self.check_entry(user, "use", body, -body["amount"])

    def check_pay(self, user, body):
        row = self.payments.get(body["paymentId"])
        if row is None:
            return "no payment"
        self.explained["payment"].add(row["payment_id"])
        told = (user, body["reservationId"], body["amount"], body["paidAt"])
        there = (row["user_id"], row["reservation_id"], row["amount"], instant(row["paid_at"]))
        if told != there:
            return f"the payment is {there}"
        return self.check_entry(user, "payment", body, -body["amount"])

    def check_cancel(self, user, body):
        if "refundedAmount" not in body:
            return None
        return self.check_entry(user, "refund", body, body["refundedAmount"])

    def check_states(self, by_effect):
        """Reservations and payments are in the state that the last answer about them says."""
        paid = {body["reservationId"] for _, _, body in by_effect["pay"]}
        cancelled = {body["reservationId"] for _, _, body in by_effect["cancel"]}
        for number, row in self.reservations.items():
            expected = (
                ("cancelled",) if number in cancelled else ("paid",) if number in paid
                else ("held", "expired")
            )
            if row["status"] not in expected:
                self.wrong.append(f"{row} should be {expected}")
        for row in self.payments.values():
            expected = "refunded" if row["reservation_id"] in cancelled else "paid"
            if row["status"] != expected:
                self.wrong.append(f"{row} should be {expected}")
        sums = collections.Counter()
        for row in self.ledger.values():
            sums[row["user_id"]] += row["amount"]
        self.wrong += [
            f"{user} has {self.balances.get(user)}, the ledger says {total}"
            for user, total in sums.items() if self.balances.get(user) != total
        ]


def instant(value):
    """A DATETIME(3) as the API writes it."""
    return value.isoformat(timespec="milliseconds") + "Z"
