"""Other web servers than nginx before the workers: what they send of the path, and what stays closed."""

import shutil
import socket
import subprocess

import pytest
import wire
from helpers import new_user
from stack import Client, free_port, wait_for

APACHE = "/usr/lib/apache2/modules"


def lighttpd(port, socket_path, folder):
    (folder / "conf").write_text(f"""
        server.modules = ("mod_fastcgi")
        server.bind = "127.0.0.1"
        server.port = {port}
        server.document-root = "{folder}"
        server.errorlog = "{folder}/error.log"
        fastcgi.server = ("/" => (("socket" => "{socket_path}", "check-local" => "disable",
            "fix-root-scriptname" => "enable")))
        """)
    return ["lighttpd", "-D", "-f", folder / "conf"]


def apache2(port, socket_path, folder):
    modules = "\n".join(
        f"LoadModule {name}_module {APACHE}/mod_{name}.so" for name in ("mpm_event", "authz_core", "proxy", "proxy_fcgi"))
    (folder / "conf").write_text(f"""
        {modules}
        ServerName localhost
        Listen 127.0.0.1:{port}
        PidFile {folder}/pid
        DefaultRuntimeDir {folder}
        ErrorLog {folder}/error.log
        ProxyPass "/" "unix:{socket_path}|fcgi://localhost/"
        """)
    return ["apache2", "-D", "FOREGROUND", "-f", folder / "conf"]


def haproxy(port, socket_path, folder):
    (folder / "conf").write_text(f"""
        defaults
            mode http
            timeout connect 5s
            timeout client 10s
            timeout server 10s
        fcgi-app frontrow
            docroot /nowhere
            set-param SERVER_ADDR %[dst]
        frontend all
            bind 127.0.0.1:{port}
            default_backend workers
        backend workers
            use-fcgi-app frontrow
            server one unix@{socket_path} proto fcgi
""")
    return ["haproxy", "-db", "-f", folder / "conf"]


def caddy(port, socket_path, folder):
    (folder / "conf").write_text(f"""
        {{
            admin off
            auto_https off
            storage file_system {folder}
        }}
        http://127.0.0.1:{port} {{
            bind 127.0.0.1
            reverse_proxy unix/{socket_path} {{
                transport fastcgi {{
                    env SERVER_ADDR 127.0.0.1
                }}
            }}
        }}
        """)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", folder / "conf"]


class Front:
    """One of these servers before the stack's workers."""

    def __init__(self, make, stack, folder):
        self.port = free_port()
        self.stack = stack
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
        output = (folder / "output").open("w")
        self.process = subprocess.Popen(
            make(self.port, stack.run / "frontrow-0.sock", folder), env=environment, stdout=output, stderr=output,
        )
        wait_for(lambda: self.is_up(folder), 30)

    @property
    def client(self):
        """A new one each time: these servers end idle connections as they like."""
        return Client(self.port)

    def is_up(self, folder):
        assert self.process.poll() is None, (folder / "output").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def answer_to(self, target):
        """All that is said to a request whose target no client library may touch."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=40) as connection:
            connection.sendall(f"GET {target} HTTP/1.0\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
            return connection.makefile("rb").read()

    def status_of(self, target):
        return int(self.answer_to(target).split()[1])

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module", params=[lighttpd, apache2, haproxy, caddy], ids=lambda make: make.__name__)
def front(request, fresh, tmp_path_factory):
    name = request.param.__name__
    if not shutil.which(name, path="/usr/sbin:/usr/bin"):
        pytest.skip(f"there is no {name}; it is in [fronts] of scripts/lib/packages")
    started = Front(request.param, fresh, tmp_path_factory.mktemp(name))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def fresh(new_stack):
    return new_stack(workers=4)


def test_calls_find_their_way(front):
    user = new_user()
    assert front.client.get("/concert").json()["concerts"]
    assert front.client.get("/concert/1/item?x=1").status == 200
    assert front.client.get("/nothing").code == "not_found"
    for _ in range(2):  # the second is the first's replay
        answer = front.client.post("/point/charge", {"userId": user, "amount": 3}, **{"Idempotency-Key": user})
        assert (answer.status, answer.json()["balance"]) == (200, 3)
    assert front.client.get(f"/point?userId={user}").json()["balance"] == 3
    assert front.client.call("DELETE", f"/reservation/1?userId={user}").status in (403, 404)


def test_paths_mean_what_they_mean_behind_nginx(front):
    assert [front.status_of(path) for path in ("//concert", "/concer%74", "/concert//1", "/concert?/../metrics")] == [200] * 4
    for path in ("/concert/", "/concert%2f", "/Concert", "/concert%253F"):
        assert front.status_of(path) in (400, 404), path
    refusal = front.answer_to("/concert%00")  # HAProxy 3.2 has a 500 of its own for it, that no worker hears of
    assert int(refusal.split()[1]) in (400, 404) or b"<h1>500 Internal Server Error</h1>" in refusal, refusal


@pytest.mark.parametrize("path", [
    "/metrics", "//metrics", "/metric%73", "/%6detrics", "/concert/../metrics", "/concert/%2e%2e/metrics",
    "/./metrics", "/admin/concert/1", "//admin/concert/1", "/admin//concert/1", "/%61dmin/concert/1",
])
def test_what_is_not_public_stays_closed(front, path):
    """The server before the workers has not said that an operator asks, and its client cannot."""
    assert front.status_of(path) in (400, 403, 404)
    headers = front.stack.admin_headers() | {"Frontrow-Operator": "1", "FRONTROW_OPERATOR": "1"}
    assert front.client.get(path, **headers).status in (400, 403, 404)


def test_a_header_that_comes_twice(front):
    with socket.create_connection(("127.0.0.1", front.port), timeout=40) as connection:
        connection.sendall(f"GET /token HTTP/1.0\r\nHost: 127.0.0.1:{front.port}\r\n"
            "X-Queue-Token: a\r\nX-Queue-Token: b\r\n\r\n".encode())
        assert b'"field":"X-Queue-Token"' in connection.makefile("rb").read()


def test_the_log_says_once_that_it_is_not_nginx(front):
    front.client.get("/concert")
    text = front.stack.log("frontrow").read_text()
    assert text.count("sends no DOCUMENT_URI") == 1


def test_a_stranger_names_no_caller(header_stack):
    """These servers hand all headers on; which one is a gateway's only they could say."""
    parameters = [("SCRIPT_NAME", "/point"), ("HTTP_X_FRONTROW_USER", "fan")]
    assert header_stack.fastcgi(wire.fastcgi_of("GET", parameters)).code == "unauthorized"
    known = header_stack.fastcgi(wire.fastcgi_of("GET", [*parameters, ("FRONTROW_GATEWAY", "1")]))
    assert known.json()["userId"] == "fan"


@pytest.mark.parametrize("vouched, status", [([], 403), ([""], 403), (["0"], 403), (["true"], 403), (["1"], 200)])
def test_operators_are_whom_the_web_server_says(stack, vouched, status):
    parameters = [("DOCUMENT_URI", "/metrics"), ("SERVER_ADDR", "127.0.0.1")]
    parameters += [("FRONTROW_OPERATOR", value) for value in vouched]
    assert stack.fastcgi(wire.fastcgi_of("GET", parameters)).status == status
