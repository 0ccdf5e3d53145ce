"""Clients that send the head of a request, and of its body a byte now and then: no more than is needed to
be borne with."""

import contextlib
import select
import socket
import threading

EVERY = 5  # seconds between two bytes; nginx waits for ten


def head(method, path, length=1000):
    """The bytes of a request without its body."""
    return (f"{method} {path} HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n\r\n").encode()


def addresses(count, network="127.1"):
    """So many addresses of this machine."""
    return [f"{network}.{number // 200}.{number % 200 + 1}" for number in range(count)]


class SlowClients:
    """`count` of them at a port while in `with`: heads and addresses go round."""

    def __init__(self, port, count, heads, sources=("127.0.0.1",)):
        self.port = port
        self.connections = []
        self.wanted = [(heads[n % len(heads)], sources[n % len(sources)]) for n in range(count)]
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.send_on, daemon=True)

    def __enter__(self):
        for first, source in self.wanted:
            one = socket.socket()
            self.connections.append(one)
            one.settimeout(60)
            one.bind((source, 0))
            one.connect(("127.0.0.1", self.port))
            one.sendall(first)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join(60)
        for one in self.connections:
            one.close()

    def send_on(self):
        while not self.end.wait(EVERY):
            for one in self.connections:
                with contextlib.suppress(OSError):  # it was refused
                    one.send(b" ")

    def waiting(self):
        """How many were neither answered nor cut off."""
        poll = select.poll()
        for one in self.connections:
            poll.register(one, select.POLLIN)
        return len(self.connections) - len(poll.poll(0))
