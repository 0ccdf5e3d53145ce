"""Who asks: by address, straight and through proxies; what stands on an operator's address may be none."""

import json
import socket
import subprocess

import pytest
import wire
from helpers import GATEWAY, OPERATOR, as_user, assert_problem, ok
from stack import Client, free_port, nginx_temporary, wait_for

PROXY, STRANGER = "127.0.0.5", "127.0.0.6"
OPERATORS_PATHS = ["/metrics", "/admin/concert/1"]


class Terminator:
    """A real nginx before the stack's, as one that ends TLS, which connects from this address."""

    def __init__(self, stack, folder, source, forwards="proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
                 protocol=""):
        self.port = free_port()
        servers = f"""
            server {{
                listen 127.0.0.1:{self.port};
                location / {{
                    proxy_bind {source};
                    {forwards}
                    proxy_pass http://127.0.0.1:{stack.port};
                }}
            }}"""
        if protocol:
            servers = f"""
            server {{
                listen 127.0.0.1:{self.port};
                proxy_bind {source};
                proxy_protocol on;
                proxy_pass 127.0.0.1:{stack.port};
            }}"""
        temporary = nginx_temporary(folder) if not protocol else ""
        modules = "include /etc/nginx/modules-enabled/50-mod-stream.conf;" if protocol else ""
        configuration = folder / "terminator.conf"
        configuration.write_text(f"""
            {modules} pid {folder}/pid; error_log {folder}/error.log; daemon off; master_process off;
            events {{}}
            {"stream" if protocol else "http"} {{ {"access_log off;" if not protocol else ""} {temporary} {servers} }}
            """)
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", folder, "-c", configuration, "-e", folder / "error.log"],
        )
        wait_for(self.is_up, 20)

    def is_up(self):
        assert self.process.poll() is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def client(self, source):
        return Client(self.port, source=source)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def new_terminator(tmp_path_factory):
    made = []

    def make(stack, source, *how, **options):
        made.append(Terminator(stack, tmp_path_factory.mktemp("terminator"), source, *how, **options))
        return made[-1]

    yield make
    for terminator in made:
        terminator.stop()


@pytest.fixture(scope="module")
def proxied(new_stack):
    """One proxy is trusted."""
    return new_stack(
        caller="header", trusted_proxies=PROXY, admin_addresses=f"{OPERATOR} 127.0.0.1", gateway_addresses=GATEWAY,
        rate_limit=20, workers=4,
    )


@pytest.fixture(scope="module")
def trusted(proxied, new_terminator):
    return new_terminator(proxied, PROXY)


@pytest.mark.parametrize("path", OPERATORS_PATHS)
def test_a_trusted_proxy_says_who_asks(proxied, trusted, path):
    key = proxied.admin_headers()
    assert_problem(trusted.client(STRANGER).get(path, **key), "forbidden")
    assert trusted.client(OPERATOR).get(path, **key).status == 200
    assert_problem(proxied.new_client(source=PROXY).get(path, **key), "forbidden")


@pytest.mark.parametrize("path", OPERATORS_PATHS)
def test_what_the_client_says_of_itself_is_not_believed(proxied, trusted, path):
    key = proxied.admin_headers()
    for said in (OPERATOR, f"{OPERATOR}, {OPERATOR}", f"{PROXY}, {OPERATOR}, {PROXY}"):
        forged = key | {"X-Forwarded-For": said}
        assert_problem(trusted.client(STRANGER).get(path, **forged), "forbidden")
        assert_problem(proxied.new_client(source=STRANGER).get(path, **forged), "forbidden")


FORWARDED = {"X-Forwarded-For": "192.0.2.9", "Forwarded": "for=192.0.2.9", "Via": "1.1 edge", "X-Real-IP": "192.0.2.9"}


@pytest.mark.parametrize("name", FORWARDED)
@pytest.mark.parametrize("path", OPERATORS_PATHS)
def test_a_proxy_that_is_not_trusted_is_no_operator(stack, new_terminator, path, name):
    """Though it is on loopback, which has the operators of scripts/up."""
    key = stack.admin_headers()
    assert stack.get(path, **key).status == 200
    assert_problem(stack.get(path, **key, **{name: FORWARDED[name]}), "forbidden")
    terminator = new_terminator(stack, "127.0.0.1", f'proxy_set_header {name} "{FORWARDED[name]}";')
    assert_problem(terminator.client("127.0.0.1").get(path, **key), "forbidden")
    assert ok(terminator.client("127.0.0.1").get("/health")) == {"status": "ok"}


def test_the_trusted_proxy_hides_nobody_by_another_header(proxied, new_terminator):
    """One that says Forwarded only: its own address stays, which may be an operator's."""
    terminator = new_terminator(proxied, "127.0.0.1", 'proxy_set_header Forwarded "for=192.0.2.9";')
    assert_problem(terminator.client(OPERATOR).get("/metrics"), "forbidden")


def refusals(client, count=60):
    return [client.get("/health").status for _ in range(count)].count(429)


def test_the_rate_is_each_clients_own(proxied, trusted):
    greedy = trusted.client("127.0.0.8")
    assert wait_for(lambda: refusals(greedy, 100) > 0)
    assert trusted.client("127.0.0.9").get("/health").status == 200


def test_the_access_log_has_the_clients_address(proxied, trusted):
    trusted.client("127.0.0.77").get("/health?address=77")
    log = proxied.log("access")
    line = wait_for(lambda: next((line for line in log.read_text().splitlines() if "address=77" in line), None))
    assert line.startswith("127.0.0.77 ")


TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def traced(stack, client, parent):
    """The line of a call in the access log."""
    request = client.get("/health", traceparent=parent).headers["X-Request-Id"]
    lines = stack.log("access").read_text
    return wait_for(lambda: next((line for line in lines().splitlines() if request in line), None))


def test_a_trusted_proxy_says_which_trace_it_is(proxied, trusted):
    """In nginx's log; and nobody else does, nor in another form."""
    assert traced(proxied, trusted.client(STRANGER), PARENT).endswith(f" {TRACE}")
    assert TRACE not in traced(proxied, proxied.new_client(source=STRANGER), PARENT)
    for wrong in (PARENT.upper(), f"{PARENT}-more", f"01{PARENT[2:]}", PARENT.replace(TRACE, "0" * 32), "x"):
        assert traced(proxied, trusted.client(STRANGER), wrong).endswith(" -"), wrong


def test_a_trace_is_found_in_the_log_of_the_workers(proxied, trusted):
    with proxied.without("mysql"):
        answer = trusted.client(STRANGER).get("/concert/1", traceparent=PARENT)
        assert_problem(answer, "mysql_unavailable")
    wait_for(lambda: proxied.get("/concert/1").status == 200)
    request = answer.headers["X-Request-Id"]
    wait_for(lambda: request in proxied.log("frontrow").read_text())
    done = subprocess.run([proxied.build / "frontrowctl", "trace", TRACE, "--log", proxied.log("frontrow")],
                          timeout=60, capture_output=True, text=True)
    assert done.returncode == 0 and request in done.stdout, done


def test_a_gateway_is_known_by_its_own_address(proxied, new_terminator):
    """Not by that of its client, whatever a proxy says."""
    named = as_user("fan")
    assert_problem(new_terminator(proxied, PROXY).client(GATEWAY).get("/point", **named), "unauthorized")
    gateway = new_terminator(proxied, GATEWAY)
    assert ok(gateway.client(STRANGER).get("/point", **named))["userId"] == "fan"


def test_no_address_is_an_operators_where_none_is_named(new_stack):
    nobodys = new_stack(admin_addresses="", workers=4)
    for path in OPERATORS_PATHS:
        assert_problem(nobodys.get(path, **nobodys.admin_headers()), "forbidden")
    assert nobodys.get("/health").status == 200


def test_the_proxy_protocol(new_stack):
    stack = new_stack(
        proxy_protocol="on", trusted_proxies=PROXY, admin_addresses=f"192.0.2.7 2001:db8::7 {PROXY}", workers=4)

    def ask(asks, protocol="TCP4", source=PROXY, more=b""):
        end = "127.0.0.1" if protocol == "TCP4" else "::1"
        head = f"PROXY {protocol} {asks} {end} 1234 80\r\n".encode()
        return stack.raw(head + b"GET /metrics HTTP/1.0\r\n" + more + b"\r\n", source=source)

    assert ask("192.0.2.7").status == 200
    assert ask("2001:db8::7", "TCP6").status == 200
    assert_problem(ask("192.0.2.8"), "forbidden")
    assert_problem(ask("192.0.2.8", more=b"X-Forwarded-For: 192.0.2.7\r\n"), "forbidden")
    assert_problem(ask("192.0.2.7", source=STRANGER), "forbidden")


@pytest.mark.parametrize("protocol", ["TCP4 203.0.113.5 127.0.0.1", "TCP6 2001:db8::5 ::1"])
def test_a_proxy_that_speaks_it_and_is_not_trusted_is_no_operator(new_stack, protocol):
    """It stands on an operator's address, and so would all whom it forwards."""
    stack = new_stack(proxy_protocol="on", admin_addresses="127.0.0.1", workers=4)
    key = stack.admin_headers()["Authorization"]
    for path in OPERATORS_PATHS:
        data = f"PROXY {protocol} 1234 80\r\nGET {path} HTTP/1.0\r\nAuthorization: {key}\r\n\r\n"
        assert_problem(stack.raw(data.encode()), "forbidden")


# ---- the addresses of this machine

def test_ipv4_and_ipv6_at_once(stack):
    assert ok(stack.get("/health")) == {"status": "ok"}
    with socket.create_connection(("::1", stack.port)) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_ipv6_alone(new_stack):
    private = new_stack(listen="[::1]", workers=4)
    with socket.create_connection(("::1", private.port)) as connection:
        connection.sendall(b"GET /point?userId=fan HTTP/1.0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", private.port)) != 0


def ask_at(stack, *address):
    parameters = [("DOCUMENT_URI", "/point"), *(("SERVER_ADDR", one) for one in address)]
    return stack.fastcgi(wire.fastcgi_of("GET", parameters, query="userId=fan"))


def test_bodies_are_believed_where_only_this_machine_comes(new_stack):
    """Whatever the setting says of where nginx listens."""
    stack = new_stack(workers=4)
    for loopback in ("127.0.0.1", "127.255.0.7", "::1", "::ffff:127.0.0.1"):
        assert ask_at(stack, loopback).status == 200, loopback
    for address in ("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "127.0.0.1.example", "unix:/run/nginx.sock", ""):
        answer = ask_at(stack, address)
        assert (answer.status, answer.code) == (403, "forbidden"), address
    assert ask_at(stack).code == "forbidden"
    said = [line for line in stack.log("frontrow").read_text().splitlines() if "SERVER_ADDR" in line]
    assert len(said) == 1 and " WARN " in said[0] and "listens on 192.0.2.1" in said[0], said


def own_address():
    """One of this machine's that others reach, None where it has none."""
    links = json.loads(subprocess.check_output(["ip", "-j", "-4", "address", "show", "scope", "global"]))
    return next((address["local"] for link in links for address in link["addr_info"]), None)


def test_nginx_says_where_a_call_came(new_stack):
    """It was made to listen everywhere, behind the setting's back."""
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    stack = new_stack(workers=4)
    configuration = stack.var / "nginx/frontrow.conf"
    configuration.write_text(configuration.read_text().replace("listen 127.0.0.1:", "listen 0.0.0.0:"))
    stack.restart("nginx")
    path = "/point?userId=fan"
    assert stack.get(path).status == 200
    with socket.create_connection((address, stack.port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")
    assert f"listens on {address}" in stack.log("frontrow").read_text()
