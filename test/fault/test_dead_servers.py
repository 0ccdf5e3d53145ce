"""All of mysql_hosts are dead: nothing answers there, not even with a refusal."""

import contextlib
import socket
import time

import pytest
from servers import MARIADBD, MariaDb
from stack import Stack, health, wait_for

DEAD = 7
REQUEST_SECONDS = 4


@contextlib.contextmanager
def dead_server():
    """An address where each connect waits: the queue of those who want in is full."""
    with socket.socket() as listener, contextlib.ExitStack() as clients:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(2):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"


class OneOfMany(Stack):
    """One MariaDB that lives, and others that do not."""

    def __init__(self, others):
        super().__init__(mysql_socket="", workers=2, request_ms=1000 * REQUEST_SECONDS)
        self.server = MariaDb(self.var, 1)
        self.environment["FRONTROW_MYSQL_HOSTS"] = " ".join([self.server.address, *others])

    def start(self):
        self.run_server()
        self.server.query(
            "CREATE DATABASE frontrow CHARACTER SET utf8mb4", "CREATE USER frontrow@'127.0.0.1'",
            "GRANT ALL ON frontrow.* TO frontrow@'127.0.0.1'",
        )
        super().start()
        return self

    def run_server(self):
        self.server.start().query("SET GLOBAL read_only = OFF")

    def stop(self):
        self.server.kill()
        super().stop()


@pytest.mark.skipif(not MARIADBD, reason="its servers are MariaDB's")
def test_a_request_does_not_wait_for_all_of_them():
    """It is refused in its time, no worker is lost, and whoever comes back is found."""
    with contextlib.ExitStack() as servers:
        stack = OneOfMany([servers.enter_context(dead_server()) for _ in range(DEAD)])
        servers.callback(stack.stop)
        stack.start()
        wait_for(lambda: health(stack) == "ready")
        workers = set(stack.workers())
        stack.server.kill()
        for _ in range(6):
            began = time.monotonic()
            answer = stack.new_client().get("/point?userId=anybody")
            assert (answer.status, answer.code) == (503, "mysql_unavailable")
            assert time.monotonic() - began < REQUEST_SECONDS + 1
        stack.run_server()
        wait_for(lambda: health(stack) == "ready")
        assert set(stack.workers()) == workers, "a worker had to be replaced"
