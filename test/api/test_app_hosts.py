"""nginx reaches workers on other machines: FastCGI by TCP. Nobody but nginx is believed there, and a host that cannot
be reached costs no call."""

import contextlib
import os
import signal
import socket
import subprocess
import time

import pytest
import wire
from helpers import new_user
from stack import Answer, free_port, wait_for

SECRET = "a-secret-of-the-front"


def asked(port, secret=None, **more):
    """A worker's answer to a request that did not come through nginx."""
    if secret is not None:
        more["FRONTROW_SECRET"] = secret
    with socket.create_connection(("127.0.0.1", port), timeout=40) as connection:
        connection.sendall(wire.fastcgi("GET", "/point", query="userId=fan", more=more))
        return Answer(*wire.read_fastcgi(connection.makefile("rb")))


def is_listening(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


class AppHost:
    """A second frontrow beside that of a stack, with its stores, at an address."""

    def __init__(self, private, name):
        self.port = free_port()
        self.folder = private.run / name
        self.folder.mkdir()
        self.settings = self.folder / "frontrow.conf"
        self.settings.write_text(
            (private.var / "frontrow.conf").read_text().replace(f"run_dir = {private.run}\n", f"run_dir = {self.folder}\n")
            + f"fastcgi_listen = 127.0.0.1:{self.port}\nworkers = 2\n"
        )
        with open(private.log(name), "ab") as log:
            self.process = subprocess.Popen(
                [private.build / "frontrow", "--config", self.settings], env=private.environment,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )
        wait_for(lambda: is_listening(self.port))

    def workers(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return set(file.read().split())

    def end(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        assert self.process.wait(60) == 0


@pytest.fixture(scope="module")
def hosts(new_stack):
    """A stack whose nginx knows two app hosts of which one is there."""
    private = new_stack()
    secret = private.var / "fastcgi.secret"
    secret.write_text(f"{SECRET}\nthe-one-before\n")
    private.environment["FRONTROW_FASTCGI_SECRET_FILE"] = str(secret)
    host = AppHost(private, "app")
    private.environment["FRONTROW_APP_HOSTS"] = f"127.0.0.1:{free_port()} 127.0.0.1:{host.port}"
    private.start()
    private.app = host
    yield private
    del private.environment["FRONTROW_APP_HOSTS"]
    private.start()
    host.end()
    private.check_books()


def test_the_address_is_for_nginx_alone(hosts):
    for secret, status in ((None, 403), ("", 403), ("wrong", 403), (SECRET + "x", 403), (SECRET, 200), ("the-one-before", 200)):
        assert asked(hosts.app.port, secret).status == status, secret


@pytest.mark.parametrize("value, reason", {
    "10.0.0.7:9000": "can be reached by other machines",
    "10.0.0.7": "no IP address with a port",
    "app.example:9000": "no IP address with a port",
    "127.0.0.1:9000 127.0.0.1:9001": "no IP address with a port",
    "127.0.0.1:0": "no IP address with a port",
}.items())
def test_an_address_that_is_refused(hosts, value, reason):
    said = hosts.program("frontrow", "--print-config", fastcgi_listen=value, fastcgi_secret_file="")
    assert said.returncode == 78 and reason in said.stderr


def test_a_host_that_is_away_costs_no_call(hosts):
    """One of two is not there: no call of any kind hears of it."""
    user = new_user()
    client = hosts.new_client()
    codes = set()
    for _ in range(20):
        codes |= {
            client.post("/point/charge", {"userId": user, "amount": 1}).status,
            client.get(f"/point?userId={user}").status,
            client.get("/health/ready").status,
            client.get(f"/concert?date=2030-01-{_ % 28 + 1:02}").status,
            client.call("DELETE", f"/reservation/999999999?userId={user}").status,
        }
    assert codes == {200, 404}
    assert client.get(f"/point?userId={user}").json()["balance"] == 20


def test_a_call_that_was_sent_goes_nowhere_else(hosts):
    """The worker that had it is killed: it is not known whether it was done, and nginx says so."""
    second = AppHost(hosts, "other")
    before = hosts.environment["FRONTROW_APP_HOSTS"]
    hosts.environment["FRONTROW_APP_HOSTS"] = f"127.0.0.1:{second.port} 127.0.0.1:{hosts.app.port}"
    hosts.start()
    os.killpg(second.process.pid, signal.SIGSTOP)
    user, answers = new_user(), []
    with contextlib.ExitStack() as connections:
        for number in range(6):
            client = hosts.new_client()
            connections.callback(client.close)
            body = b'{"userId":"%s","amount":1}' % user.encode()
            client.connection.request("POST", "/point/charge", body, {"Content-Type": "application/json"})
            answers.append(client.connection)
        time.sleep(1)
        os.killpg(second.process.pid, signal.SIGKILL)
        second.process.wait(60)
        codes = [(answer.status, answer.read()) for answer in map(lambda c: c.getresponse(), answers)]
    done = sum(status == 200 for status, _ in codes)
    lost = [body for status, body in codes if status == 502]
    assert lost and done + len(lost) == 6 and all(b"outcome_unknown" in body for body in lost)
    balance = hosts.new_client().get(f"/point?userId={user}").json()["balance"]
    assert balance == done  # what stood still had not been read
    hosts.environment["FRONTROW_APP_HOSTS"] = before
    hosts.start()


def test_a_peer_that_says_nothing_holds_no_worker(hosts):
    """More of them than there are workers, and others that stop in the middle of a request."""
    before = hosts.app.workers()
    with contextlib.ExitStack() as stays:
        peers = [stays.enter_context(socket.create_connection(("127.0.0.1", hosts.app.port), 60)) for _ in range(8)]
        for peer in peers[:4]:
            peer.sendall(wire.fastcgi("GET", "/point")[:20])
        assert asked(hosts.app.port, SECRET).status == 200
        for peer in peers:
            assert peer.recv(1) == b""
    assert hosts.app.workers() == before


def test_an_upgrade_keeps_the_address(hosts):
    """The new program takes the socket over."""
    before = hosts.app.workers()
    hosts.app.process.send_signal(signal.SIGUSR2)

    def is_replaced():
        assert asked(hosts.app.port, SECRET).status == 200
        return not before & hosts.app.workers()

    wait_for(is_replaced)
    assert asked(hosts.app.port, SECRET).status == 200
