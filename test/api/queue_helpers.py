"""What the tests of the queue share: a concert's queue as its clients see it, and its clock."""

from helpers import Concert, new_concert, new_user, ok
from queue_library import Stored
from stack import wait_for


class Queue(Concert):
    """A concert that keeps a queue."""

    @classmethod
    def new(cls, stack, capacity, **more):
        concert = new_concert(stack, capacity=capacity, **more)
        return cls(stack, concert.id, concert.items, concert.seats, concert.price)

    def ask_add(self, user, client=None):
        return (client or self.stack).post("/token/add", {"userId": user, "concertId": self.id})

    def add(self, user=None):
        return ok(self.ask_add(user or new_user()))

    def add_many(self, count):
        """So many places. Redis has heard of their rows, of which it is told after the answers."""
        tickets = [self.add() for _ in range(count)]
        stored = self.stored()
        wait_for(lambda: stored.client.zcard(stored.key("unsaved")) == 0)
        return tickets

    def ask(self, ticket, client=None):
        return (client or self.stack).get("/token", **{"X-Queue-Token": ticket["token"]})

    def poll(self, ticket):
        return ok(self.ask(ticket))

    def statuses(self, *tickets):
        return [self.poll(ticket)["status"] for ticket in tickets]

    def leave(self, ticket, client=None):
        return (client or self.stack).call("DELETE", "/token", headers={"X-Queue-Token": ticket["token"]})

    def public(self):
        """The queue as everybody sees it, read past the cache."""
        return ok(self.stack.fresh(f"{self.path}/queue"))

    def counts(self):
        shown = self.public()
        return tuple(shown[name] for name in ("serving", "lastNumber", "waiting", "active"))

    def rows(self):
        """What MySQL has, by number."""
        rows = self.stack.query(
            "SELECT number, user_id, status, LOWER(HEX(token)) AS token, lease_until, serving"
            " FROM queue_token WHERE concert_id = %s ORDER BY number", self.id,
        )
        return {row["number"]: row for row in rows}

    def stored(self):
        """What Redis has."""
        return Stored(self.stack.redis(decode_responses=False), self.id)

    def pass_s(self, seconds, *present):
        """Lets time pass in both stores while `present` give a sign of life each 5 s."""
        for _ in range(int(seconds // 5)):
            self._shift(5000)
            self.statuses(*present)
        self._shift(int(seconds % 5 * 1000))

    def _shift(self, ms):
        self.stored().pass_ms(ms)
        for table, columns in (("queue_token", ("lease_until", "lease_max")), ("open_token", ("lease_until",))):
            moves = ", ".join(f"{name} = {name} - INTERVAL {ms * 1000} MICROSECOND" for name in columns)
            self.stack.query(f"UPDATE {table} SET {moves} WHERE concert_id = %s", self.id)


def same(ticket, other):
    """The same place, whatever has become of position and waits."""
    return all(ticket[name] == other[name] for name in ("token", "userId", "concertId", "number"))
