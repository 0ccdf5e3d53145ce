"""A CDN in front, here a second nginx: however many watch, the origin is asked once a second for each address."""

import collections
import contextlib
import re
import subprocess
import threading
import time

import pytest
from helpers import new_concert, new_user
from stack import Client, free_port, nginx_temporary, wait_for

CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{
    worker_connections 1024;
}}
http {{
    {temporary}
    proxy_cache_path {folder}/cache keys_zone=edge:1m use_temp_path=off;
    log_format edge '$msec $upstream_status $request_uri';
    access_log {folder}/access.log edge;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{origin};
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_cache edge;
            proxy_cache_key $request_uri;
            proxy_cache_lock on;
            proxy_cache_lock_timeout 60s;
            proxy_cache_use_stale updating;
        }}
    }}
}}
"""


class Edge:
    """The second nginx. It decides by the origin's headers alone what it keeps, and for how long."""

    def __init__(self, stack, folder):
        self.port, self.folder = free_port(), folder
        self.log = folder / "access.log"
        main = (stack.var / "nginx/nginx.conf").read_text()
        user = "user root;" if "user root;" in main else ""
        settings = folder / "nginx.conf"
        settings.write_text(CONFIGURATION.format(folder=folder, temporary=nginx_temporary(folder), port=self.port,
                                                 origin=stack.port, user=user))
        self.process = subprocess.Popen(["nginx", "-p", folder, "-c", settings, "-e", folder / "error.log"],
                                        env=stack.environment | {"PATH": "/usr/sbin:/usr/bin:/bin"})
        wait_for(lambda: self.answers())

    def answers(self):
        assert self.process.poll() is None, (self.folder / "error.log").read_text()
        with contextlib.suppress(OSError):
            return self.get("/health").status == 200

    def get(self, path):
        with contextlib.closing(Client(self.port)) as client:
            return client.get(path)

    def requests(self):
        """(path, second in which it was answered, whether the origin was asked) of all requests."""
        lines = re.findall(r"^(\d+)\.\d+ (\S+) (\S+)$", self.log.read_text(), re.MULTILINE)
        return [(path, int(second), status != "-") for second, status, path in lines]

    def end(self):
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture(scope="module")
def edge(stack, tmp_path_factory):
    made = Edge(stack, tmp_path_factory.mktemp("edge"))
    yield made
    made.end()


PUBLIC = ["/", "/concert", "/concert?date=2026-12-24", "/settings", "/concert/{id}", "/concert/{id}/item",
          "/concert/{id}/queue", "/concert/{id}/item/{item}/seat", "/concert/{id}/item/{item}/seat?view=compact",
          "/concert/{id}/item/{item}/layout"]


def watch(edge, paths, until, failures):
    with contextlib.closing(Client(edge.port)) as client:
        while time.time() < until:
            for path in paths:
                if client.get(path).status != 200:
                    failures.append(path)
            time.sleep(0.05)  # a hundred rounds show what thousands would


@pytest.mark.parametrize("clients", [4, 24])
def test_the_origin_is_asked_once_a_second(stack, edge, clients):
    """For each address, by however many clients."""
    concert = new_concert(stack, capacity=1)
    paths = [path.format(id=concert.id, item=concert.item) for path in PUBLIC]
    assert stack.get(f"{concert.path}/queue").status == 200  # who comes first loads the queue
    failures, before = [], len(edge.requests())
    until = time.time() + 4
    threads = [threading.Thread(target=watch, args=(edge, paths, until, failures)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    wait_for(lambda: len(edge.requests()) - before >= clients * len(paths))
    asked = edge.requests()[before:]
    seconds = {second for _, second, _ in asked}
    origin = collections.Counter(path for path, _, reached in asked if reached)
    print(f"\n{clients} clients: {len(asked)} requests, {origin.total()} of them to the origin, in {len(seconds)} s")
    assert set(paths) - {"/"} <= set(origin)  # the page may be kept from before
    # an answer that was kept in one second is good for the whole next one
    assert all(count <= max(seconds) - min(seconds) + 1 for count in origin.values()), origin
    assert origin["/"] <= (max(seconds) - min(seconds)) / 10 + 1


def test_what_is_exact_is_kept_by_nobody(stack, edge):
    """You read your own write, and refusals are not kept for others."""
    user = new_user()
    for balance in (1, 2, 3):
        assert stack.post("/point/charge", {"userId": user, "amount": 1}).status == 200
        assert edge.get(f"/point?userId={user}").json()["balance"] == balance
    concert = new_concert(stack, status="closed")
    path = f"/concert/{concert.id}/item"
    assert edge.get(path).code == "concert_not_open"
    for _ in range(3):
        assert edge.get(path).code == "concert_not_open"

    def told():
        """A line is written after its answer."""
        return [reached for asked, _, reached in edge.requests() if asked == path]

    wait_for(lambda: len(told()) == 4)
    assert all(told())


def test_an_answer_is_seconds_old_at_most(stack, edge):
    """A second at the origin, and what whole seconds make of one at the edge."""
    concert = new_concert(stack, status="closed")
    assert edge.get(concert.path).json()["status"] == "closed"
    concert.set(status="'open'")
    changed = time.time()
    while (asked := time.time()) and edge.get(concert.path).json()["status"] != "open":
        assert asked - changed < 3 + 0.1
        time.sleep(0.02)
