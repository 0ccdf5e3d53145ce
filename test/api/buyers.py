"""Buyers who do all that a sale has, again and again, and are heard out when something else goes on."""

import collections
import contextlib
import random
import threading
import time

from crowd import call_until_settled
from helpers import Hall, new_user, ok

BUYERS = 6


class Buyers:
    """They buy, give back, charge and look, each on a connection of its own, until they are told to stop."""

    def __init__(self, stack, rows=40, rest=0.0):
        """In a hall of so many rows of 1,000 seats; each rests for so many seconds after each purchase."""
        self.stack = stack
        self.hall = Hall(stack, *[("A", str(row), 1000, 1000) for row in range(rows)])
        self.rest = rest
        self.codes = collections.Counter()
        self.longest = (0, "")
        self.times = []
        self.lives = 0
        self.failure = None
        self.over = threading.Event()
        self.lock = threading.Lock()

    def call(self, client, method, path, body=None, headers=None):
        def ask(client):
            started = time.monotonic()
            answer = client.call(method, path, body, headers)
            took = time.monotonic() - started
            with self.lock:
                self.codes[answer.code] += 1
                self.times.append(took)
                self.longest = max(self.longest, (took, f"{method} {path}"))
            return answer

        return ok(call_until_settled(client, ask)[0])

    def live(self, client):
        user = new_user("live")

        def key(name):
            return {"Idempotency-Key": f"{user}-{name}"}

        body = {"userId": user, "concertId": self.hall.id}
        token = self.call(client, "POST", "/token/add", body)["token"]
        wish = {"itemId": self.hall.item, "count": random.randint(1, 4)}
        held = self.call(client, "POST", "/reservation", body | wish, key("hold"))
        number = held["reservationId"]
        assert held["status"] == "held" and number > 0
        if random.random() < 0.3:
            self.call(client, "DELETE", f"/reservation/{number}?userId={user}")
            return
        charged = self.call(client, "POST", "/point/charge", {"userId": user, "amount": held["totalPrice"]},
                            key("charge"))
        paid = self.call(client, "POST", "/payment", {"userId": user, "reservationId": number},
                         key("pay") | {"X-Queue-Token": token})
        assert paid["reservationId"] == number and paid["balance"] == 0
        history = self.call(client, "GET", f"/point/history?userId={user}")["history"]
        assert [row["reservationId"] for row in history] == [number, None]
        assert history[1]["historyId"] == charged["historyId"]
        assert self.call(client, "GET", f"/payment?userId={user}")["payments"][0]["paymentId"] == paid["paymentId"]
        if random.random() < 0.3:
            assert self.call(client, "DELETE", f"/reservation/{number}?userId={user}")["refundedAmount"] > 0

    def run(self):
        try:
            with contextlib.closing(self.stack.new_client()) as client:
                while not self.over.is_set():
                    self.live(client)
                    with self.lock:
                        self.lives += 1
                    self.over.wait(self.rest)
        except BaseException as failure:
            self.failure = failure
            self.over.set()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(BUYERS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self.over.set()
        for thread in self.threads:
            thread.join(60)
        print(f"{self.lives} buyers, {dict(self.codes)}, longest {self.longest[0]:.3f} s: {self.longest[1]}")
        wrong = [line for line in self.stack.log("frontrow").read_text().splitlines() if " ERROR " in line]
        print(*wrong, sep="\n")
        assert not wrong and self.failure is None, (wrong, self.failure)
