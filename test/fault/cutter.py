"""A proxy on MySQL's socket that cuts connections at their COMMIT."""

import collections
import contextlib
import random
import socket
import threading
import time

import pymysql

COMMIT = b"\x07\x00\x00\x00\x03COMMIT"  # length, sequence, COM_QUERY, text

CUTS = {
    "before": 2,  # the COMMIT does not arrive: nothing happens
    "at once": 2,  # it arrives, nobody waits for the OK
    "after": 4,  # it is carried out, the OK is lost
    "late": 2,  # the client is cut off, the COMMIT arrives a while later
    "silent": 0.05,  # the OK never comes, but the connection stays: a time-out
    "away": 0.2,  # as after, and MySQL is out of reach for a while
}


class Cutter:
    """In the place of `socket_path` while the `with` lasts; what was connected is cut off first.

    One COMMIT in `every` is cut, until it was `most` times.
    """

    def __init__(self, stack, every, most):
        self.stack = stack
        self.path = stack.run / "mysql.sock"
        self.hidden = stack.run / "mysql-hidden.sock"
        self.every = every
        self.most = most
        self.cuts = collections.Counter()
        self.away_until = 0
        self.lock = threading.Lock()
        self.pairs = []

    def __enter__(self):
        assert not self.hidden.exists(), "there is one already; it would talk to itself"
        self.listener = socket.socket(socket.AF_UNIX)
        self.path.rename(self.hidden)
        try:
            self.listener.bind(str(self.path))
            self.listener.listen(128)
            threading.Thread(target=self.accept, daemon=True).start()
            self.end_connections()
        except BaseException:
            self.__exit__()
            raise
        return self

    def end_connections(self):
        """Past the proxy, which may be cutting already."""
        direct = self.stack.mysql(self.hidden.name)
        with contextlib.closing(direct), direct.cursor() as cursor:
            cursor.execute("SHOW PROCESSLIST")
            for row in cursor.fetchall():
                if row["User"] == "frontrow":
                    with contextlib.suppress(pymysql.Error):  # one that has just ended
                        cursor.execute(f"KILL {row['Id']}")

    def __exit__(self, *error):
        self.hidden.rename(self.path)
        with contextlib.suppress(OSError):  # it did not listen yet
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for pair in self.pairs:
            pair.close()

    @property
    def done(self):
        return self.cuts.total() >= self.most

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if time.monotonic() < self.away_until:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self.hidden))
            except OSError:
                client.close()
                continue
            pair = Pair(client, server)
            self.pairs.append(pair)
            threading.Thread(target=self.to_server, args=(pair,), daemon=True).start()
            threading.Thread(target=pair.to_client, daemon=True).start()

    def to_server(self, pair):
        """Passes on what the client says, up to a COMMIT that is cut."""
        with contextlib.suppress(OSError):
            while data := pair.client.recv(65536):
                kind = self.choose() if data == COMMIT else None
                if kind:
                    self.cut(kind, pair, data)
                    return
                pair.server.sendall(data)
        pair.close()

    def choose(self):
        with self.lock:
            if self.done or random.randrange(self.every):
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


class Pair:
    """One client's connection and the one to MySQL behind it."""

    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.muted = False
        self.answered = threading.Event()  # something was received while muted

    def to_client(self):
        """Passes on what MySQL says, unless muted."""
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                if self.muted:
                    self.answered.set()
                else:
                    self.client.sendall(data)
        if not self.muted:
            self.close()

    def cut_client(self):
        self.muted = True
        with contextlib.suppress(OSError):
            self.client.shutdown(socket.SHUT_RDWR)

    def close(self):
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
