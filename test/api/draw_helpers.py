"""What the tests of the draw share: a concert with a draw, its clock, and an implementation of the draw of their own."""

import hashlib
import hmac
import json

from helpers import ok
from queue_helpers import Queue
from stack import UNHURRIED

SETTLE_SECONDS = UNHURRIED["request_ms"] / 1000 + 1  # from the freeze until its list may be made


def sha256(data):
    return hashlib.sha256(data).digest()


def compute_ranks(seed, beacon, entries):
    """{entry: rank} of entries in lower-case hex, in order of arrival."""
    list_hash = sha256(b"".join(entry.encode() + b"\n" for entry in entries))
    key = hmac.digest(seed, list_hash + beacon.encode(), "sha256")
    drawn = sorted(entries, key=lambda entry: hmac.digest(key, bytes.fromhex(entry), "sha256"))
    return {entry: rank for rank, entry in enumerate(drawn, 1)}


def entry_of(ticket):
    return sha256(ticket["token"].encode()).hex()


class Draw(Queue):
    """A concert with a draw, before its opening. Its clock is opens_at: all else follows from it."""

    LEAD = 1000  # seconds from the freeze to the opening

    @classmethod
    def new(cls, stack, capacity=5, source="A public lottery", **more):
        queue = super().new(stack, capacity, status="open", **more)
        headers = stack.admin_headers()
        soon = stack.query(
            "SELECT DATE_FORMAT(UTC_TIMESTAMP(3) + INTERVAL %s SECOND, '%%Y-%%m-%%dT%%H:%%i:%%sZ') AS at", cls.LEAD + 3600
        )[0]["at"]
        queue.set(status="'closed'")
        body = {"status": "open", "opensAt": soon, "draw": True, "drawLeadSeconds": cls.LEAD, "beacon": {"source": source}}
        ok(stack.call("PATCH", f"/admin/concert/{queue.id}", body, headers))
        return queue

    def opens_in(self, seconds):
        """Moves the opening to so many seconds from now, and with it the freeze."""
        self.set(opens_at=f"UTC_TIMESTAMP(3) + INTERVAL {int(seconds * 1000)} * 1000 MICROSECOND")

    def freezes_in(self, seconds):
        self.opens_in(self.LEAD + seconds)

    def show(self):
        """What is public of the draw."""
        return self.public()["draw"]

    def freeze(self):
        """It is frozen a moment ago by a call, and its list may be made now."""
        self.freezes_in(-0.1)
        assert self.show()["state"] == "frozen"
        self.freezes_in(-SETTLE_SECONDS)

    def step(self):
        """What the operator's command does."""
        done = self.stack.ctl("queue", "draw", str(self.id))
        assert done.returncode == 0, done.stderr
        return self.show()

    def give(self, beacon):
        return self.stack.call("PATCH", f"/admin/concert/{self.id}", {"beacon": {"value": beacon}},
                               self.stack.admin_headers())

    def finish(self, beacon="b"):
        """After the freeze: its list is published, the beacon is told, and the order is drawn."""
        self.step()
        ok(self.give(beacon))
        self.step()

    def open(self):
        """It opened a second ago."""
        self.opens_in(-1)

    def list(self):
        """The published entries."""
        answer = self.stack.get(f"/draw/{self.id}.txt")
        assert answer.status == 200, answer
        return answer.body.decode().splitlines()

    def expected(self, beacon=""):
        """The ranks by what is published, computed here."""
        return compute_ranks(bytes.fromhex(self.show()["seed"]), beacon, self.list())

    def save(self, folder):
        """The files that a fan keeps: the list and the answer."""
        (folder / "list.txt").write_bytes(self.stack.get(f"/draw/{self.id}.txt").body)
        (folder / "proof.json").write_text(json.dumps(self.public()))
        return folder / "list.txt", folder / "proof.json"

