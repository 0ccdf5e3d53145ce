"""A proxy on MySQL's socket that cuts connections at their COMMIT."""

import collections
import contextlib
import random
import threading
import time

from between import QUERY, Between, query_of

CUTS = {
    "before": 2,  # the COMMIT does not arrive: nothing happens
    "at once": 2,  # it arrives, nobody waits for the OK
    "after": 4,  # it is carried out, the OK is lost
    "late": 2,  # the client is cut off, the COMMIT arrives a while later
    "silent": 0.05,  # the OK never comes, but the connection stays: a time-out
    "away": 0.2,  # as after, and MySQL is out of reach for a while
}


def is_commit(data):
    return 4 < len(data) < 20 and data[4] == QUERY and query_of(data) == "COMMIT"


class Cutter(Between):
    """One of each `every` COMMITs is cut, any of them, until it was `most` times."""

    def __init__(self, stack, every, most):
        super().__init__(stack, "mysql")
        self.every = every
        self.most = most
        self.cuts = collections.Counter()
        self.passed = 0  # COMMITs of these `every`
        self.chosen = None
        self.away_until = 0
        self.lock = threading.Lock()

    @property
    def done(self):
        return self.cuts.total() >= self.most

    def connect(self, server):
        if time.monotonic() < self.away_until:
            raise ConnectionRefusedError
        super().connect(server)

    def to_server(self, pair):
        """Passes on what the client says, up to a COMMIT that is cut."""
        with contextlib.suppress(OSError):
            while data := pair.client.recv(65536):
                kind = self.choose() if is_commit(data) else None
                if kind:
                    self.cut(kind, pair, data)
                    return
                pair.server.sendall(data)
        pair.close()

    def choose(self):
        with self.lock:
            turn = self.passed
            self.passed = (turn + 1) % self.every
            if not turn:
                self.chosen = random.randrange(self.every)
            if self.done or turn != self.chosen:
                return None
            kind = random.choices(list(CUTS), CUTS.values())[0]
            self.cuts[kind] += 1
            return kind

    def cut(self, kind, pair, data):
        with contextlib.suppress(OSError):
            if kind == "before":
                pair.close()
            elif kind == "at once":
                pair.server.sendall(data)
                pair.close()
            elif kind == "late":
                pair.cut_client()
                time.sleep(random.uniform(0.05, 0.5))
                pair.server.sendall(data)
                pair.answered.wait(5)
                pair.close()
            else:
                pair.muted = True
                pair.server.sendall(data)
                pair.answered.wait(5)
                if kind == "silent":
                    time.sleep(3)
                if kind == "away":
                    self.away_until = time.monotonic() + 1.2
                pair.close()
