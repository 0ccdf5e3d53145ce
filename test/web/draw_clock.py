"""A draw whose clock the tests set."""

import hashlib
import hmac

LEAD = 100  # seconds from the freeze to the opening


class Draw:
    """A concert with a draw whose clock is its opening."""

    def __init__(self, stack, concert, **settings):
        self.stack, self.concert = stack, concert
        soon = stack.query("SELECT DATE_FORMAT(UTC_TIMESTAMP() + INTERVAL 1 HOUR, '%%Y-%%m-%%dT%%TZ') AS soon")[0]["soon"]
        self.change(opensAt=soon, draw=True, drawLeadSeconds=LEAD, **settings)

    def change(self, **members):
        changed = self.stack.call("PATCH", f"/admin/concert/{self.concert}", members, self.stack.admin_headers())
        assert changed.status == 200, changed

    def opens_in(self, seconds):
        self.stack.query(
            "UPDATE concert SET opens_at = UTC_TIMESTAMP(3) + INTERVAL %s * 1000 MICROSECOND, line_version = line_version + 1"
            " WHERE concert_id = %s", int(seconds * 1000), self.concert)

    def show(self):
        answer = self.stack.fresh(f"/concert/{self.concert}/queue")
        assert answer.status == 200, answer
        return answer.json()["draw"]

    def step(self):
        done = self.stack.ctl("queue", "draw", str(self.concert))
        assert done.returncode == 0, done.stderr

    def publish(self):
        """Frozen a while ago, and so its list is published; with no beacon to wait for it is drawn too."""
        self.opens_in(LEAD - 0.1)
        assert self.show()["state"] == "frozen"
        self.opens_in(LEAD - 20)
        self.step()
        assert self.show()["listHash"]

    def reveal(self):
        self.step()
        self.opens_in(-1)
        assert self.show()["state"] == "revealed"

    def rank_of(self, token):
        """By what is published, computed here."""
        public = self.show()
        entries = self.stack.get(public["list"]).body.decode().splitlines()
        message = bytes.fromhex(public["listHash"]) + (public["beacon"] or "").encode()
        key = hmac.digest(bytes.fromhex(public["seed"]), message, "sha256")
        drawn = sorted(entries, key=lambda entry: hmac.digest(key, bytes.fromhex(entry), "sha256"))
        return drawn.index(hashlib.sha256(token.encode()).hexdigest()) + 1
