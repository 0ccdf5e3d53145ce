"""A proxy in the place of a store's socket."""

import contextlib
import socket
import threading

import pymysql

QUERY = 0x03  # COM_QUERY


def query_of(packet):
    """The text of a packet with a query. MySQL's own client library first says of no attributes."""
    return packet[5:].removeprefix(b"\0\1").decode(errors="replace")


def end_sessions(mysql):
    """Ends what frontrow has open at MySQL, by a connection that stands beside it; which is closed."""
    with contextlib.closing(mysql), mysql.cursor() as cursor:
        cursor.execute("SHOW PROCESSLIST")
        for row in cursor.fetchall():
            if row["User"] == "frontrow":
                with contextlib.suppress(pymysql.Error):  # one that has just ended
                    cursor.execute(f"KILL {row['Id']}")


class Between:
    """In the place of the socket of "mysql" or "redis" while the `with` lasts; what was connected is
    ended first. What the client says goes through `to_server`, which may say something else."""

    def __init__(self, stack, name):
        self.stack = stack
        self.name = name
        self.path = stack.run / f"{name}.sock"
        self.hidden = stack.run / f"{name}-hidden.sock"
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
        """Past the proxy, which may be at work already."""
        if self.name == "redis":
            self.stack.redis(self.hidden.name).client_kill_filter(_type="normal", skipme=True)
        else:
            end_sessions(self.stack.mysql(self.hidden.name))

    def __exit__(self, *error):
        self.hidden.rename(self.path)
        with contextlib.suppress(OSError):  # it did not listen yet
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for pair in self.pairs:
            pair.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                self.connect(server)
            except OSError:
                client.close()
                continue
            pair = Pair(client, server)
            self.pairs.append(pair)
            threading.Thread(target=self.to_server, args=(pair,), daemon=True).start()
            threading.Thread(target=pair.to_client, daemon=True).start()

    def connect(self, server):
        """An OSError means that there is no server now."""
        server.connect(str(self.hidden))


class Pair:
    """One client's connection and the one to the store behind it."""

    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.muted = False
        self.answered = threading.Event()  # something was received while muted
        self.heard = bytearray()  # the begin of what the store said since this was cleared

    def to_client(self):
        """Passes on what the store says, unless muted."""
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                self.heard += data[: 16 - len(self.heard)] if len(self.heard) < 16 else b""
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
