"""The images of container/Containerfile, and the services of container/compose.yaml: for scripts/lib/test-container, which
has just built the images."""

import json
import os
import re
import signal
import subprocess

import pytest
from compose import FILE, PODMAN, ROOT, Services, podman, wait_for

IMAGES = ["app", "web", "database", "queue"]
RUNNING = ["web", "app", "jobs", "outbox", "mariadb", "redis"]
FIRST = {"web": "nginx", "app": "frontrow", "jobs": "tini", "outbox": "frontrow-outbox", "mariadb": "mariadbd", "redis": "redis-server"}
SHOP = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    subprocess.run([ROOT / "container/make-secrets", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def services(secrets):
    services = Services(secrets, GATEWAYS="127.0.0.1", OPERATORS="127.0.0.1", PROXIES="127.0.0.1")
    services.down()
    try:
        services.up()
        services.wait_healthy("web")
        yield services
    finally:
        services.down()


class Shop:
    """Calls from the container of nginx, which is the only one that is seen outside."""

    def __init__(self, services, secrets):
        self.services = services
        self.key = (secrets / "admin.key").read_text().strip()
        self.secret = (secrets / "gateway.secret").read_text().strip()

    def command(self, path, body=None, *headers):
        words = ["curl", "-sS", "-w", "\n%{http_code}", SHOP + path]
        for header in headers:
            words += ["-H", header]
        return words if body is None else [*words, "-H", "Content-Type: application/json", "-d", json.dumps(body)]

    def call(self, path, body=None, *headers):
        """(status, JSON)"""
        return answer(self.services.exec("web", *self.command(path, body, *headers)).stdout)

    def as_operator(self, path, body=None):
        return self.call(path, body, f"Authorization: Bearer {self.key}")

    def as_mina(self, path, body=None, *headers):
        return self.call(path, body, "X-Frontrow-User: mina", f"X-Frontrow-Gateway: {self.secret}", *headers)


def answer(text):
    body, _, status = text.rpartition("\n")
    return int(status), json.loads(body)


@pytest.fixture(scope="module")
def shop(services, secrets):
    return Shop(services, secrets)


@pytest.fixture(scope="module")
def sold(shop):
    """The reservation of a sale by mina, of the concert of docs/deploy.md."""
    text = re.search(r"concert\.json <<'END'\n(.*?)^END$", (ROOT / "docs/deploy.md").read_text(), re.M | re.S)[1]
    status, concert = shop.as_operator("/admin/concert", json.loads(text))
    assert status == 200, concert
    assert shop.as_operator("/point/charge", {"userId": "mina", "amount": 160000})[0] == 200
    concert = concert["concertId"]
    item = shop.as_mina(f"/concert/{concert}/item")[1]["items"][0]["itemId"]
    token = "X-Queue-Token: " + shop.as_mina("/token/add", {"concertId": concert})[1]["token"]
    status, hold = shop.as_mina("/reservation", {"concertId": concert, "itemId": item, "count": 2}, token)
    assert status == 200, hold
    status, paid = shop.as_mina("/payment", {"reservationId": hold["reservationId"]}, token)
    assert status == 200, paid
    return hold["reservationId"]


# ---- the images


def test_docker_compose_takes_the_file():
    done = subprocess.run(["docker-compose", "--file", FILE, "config", "--quiet"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("image", IMAGES)
def test_no_image_has_a_secret_of_ours(image):
    found = podman("run", "--rm", "--network", "none", "--user", "0", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024",
                   f"localhost/frontrow/{image}", "find", "/etc/frontrow", "/var/lib/frontrow", "/var/lib/frontrow-outbox",
                   "/run/frontrow", "/run/secrets", "-type", "f", check=False).stdout.split()
    assert set(found) <= {"/etc/frontrow/frontrow.conf", "/etc/frontrow/nginx.conf"}


@pytest.mark.parametrize("image", IMAGES)
def test_no_image_runs_as_root(image):
    user = podman("image", "inspect", "--format", "{{.Config.User}}", f"localhost/frontrow/{image}").stdout.strip()
    assert user not in ("", "root", "0") and not user.startswith("0:")


# ---- the services


def test_a_ticket_is_sold_and_the_books_are_right(services, shop, sold):
    status, ticket = shop.as_mina(f"/reservation/{sold}/ticket")
    assert status == 200 and len(ticket["tickets"]) == 2
    audit = ["env"] + [f"FRONTROW_{name}" for name in (
        "MYSQL_USER=frontrow_audit", "MYSQL_PASSWORD_FILE=/run/secrets/mysql-audit.password",
        "REDIS_USER=frontrow_audit", "REDIS_PASSWORD_FILE=/run/secrets/redis-audit.password")] + ["frontrowctl", "audit"]
    services.exec("jobs", *audit)
    wait_for(lambda: "swept in" in services.log("jobs"), 90)


def test_who_has_no_secret_is_nobody(shop):
    assert shop.call("/point", None, "X-Frontrow-User: mina")[0] == 401
    assert shop.call("/admin/concert")[0] in (401, 403)


@pytest.mark.parametrize("name", RUNNING)
def test_it_runs_without_rights(services, name):
    status = services.exec(name, "cat", "/proc/1/status").stdout
    assert re.search(r"^Uid:\t[1-9]", status, re.M) and re.search(r"^CapBnd:\t0+$", status, re.M)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.M)
    assert services.exec(name, "cat", "/proc/1/comm").stdout.strip() == FIRST[name][:15]
    mounts = services.exec(name, "cat", "/proc/mounts").stdout.splitlines()
    (root,) = [mount.split()[3] for mount in mounts if mount.split()[1] == "/"]
    assert "ro" in root.split(",")


def test_the_accounts_have_no_more_rights_than_they_need(services, secrets):
    def asked(user, statement):
        password = (secrets / ("mysql.password" if user == "frontrow" else "mysql-outbox.password")).read_text().strip()
        return services.exec("mariadb", "mariadb", "-h127.0.0.1", f"-u{user}", f"-p{password}", "frontrow", "-e", statement,
                             check=False)

    assert asked("frontrow", "SELECT COUNT(*) FROM seat").returncode == 0
    for user, statement in (("frontrow", "CREATE TABLE mine (n INT)"), ("frontrow", "DELETE FROM payment"),
                            ("frontrow_outbox", "SELECT * FROM payment")):
        refused = asked(user, statement)
        assert refused.returncode != 0 and "1142" in refused.stderr, refused.stderr


def test_nothing_of_the_first_process_is_left_over(services):
    """What loses its parent belongs to the first process."""
    services.exec("app", "sh", "-c", "sh -c 'sleep 0.2 & sleep 0.2 &' & exit 0")
    (worker, *_) = services.exec("app", "cat", "/proc/1/task/1/children").stdout.split()
    services.exec("app", "sh", "-c", f"kill -KILL {worker}")
    states = "cat /proc/[0-9]*/stat | sed 's/.*) //' | cut -c1"
    for name in "app", "jobs", "outbox":
        wait_for(lambda: "Z" not in services.exec(name, "sh", "-c", states).stdout, 10)
    wait_for(lambda: worker not in services.exec("app", "cat", "/proc/1/task/1/children").stdout.split(), 10)


def test_migrate_can_be_run_again(services):
    podman("start", services.container("migrate"))
    services.wait_completed("migrate")


# ---- ends


def test_the_server_ends_what_it_has_begun(services, shop, sold):
    """A charge waits for a row while the server is told to stop."""
    with subprocess.Popen([*PODMAN, "exec", "--interactive", services.container("mariadb"), "mariadb", "--unbuffered",
                           "--skip-column-names", "frontrow"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        def asked(statement):
            client.stdin.write(statement + ";\n")
            client.stdin.flush()
            return client.stdout.readline().strip()

        assert asked("BEGIN; SELECT user_id FROM point WHERE user_id = 'mina' FOR UPDATE") == "mina"
        charge = subprocess.Popen([*PODMAN, "exec", services.container("web"), *shop.command(
            "/point/charge", {"userId": "mina", "amount": 1000}, f"Authorization: Bearer {shop.key}")],
            stdout=subprocess.PIPE, text=True)
        # InnoDB renews this table each 0.1 s at most, and only if nobody has asked within it
        wait_for(lambda: asked("SELECT COUNT(*) FROM information_schema.processlist"
                               " WHERE user = 'frontrow' AND command = 'Execute'") != "0", 10)
        os.kill(int(services.state("app")[2]), signal.SIGTERM)
        wait_for(lambda: re.search(r"\bstops\b", services.log("app")), 5)
        client.stdin.write("COMMIT;\n")
        client.stdin.close()
        said = charge.communicate(timeout=30)[0]
    assert answer(said)[0] == 200, said
    assert podman("wait", services.container("app")).stdout.strip() == "0"


def test_after_a_stop_all_goes_on(services, shop, sold):
    """The server's and then the database's. (Redis keeps nothing.)"""
    for name in "redis", "mariadb":
        assert services.stop(name) == 0
        podman("start", services.container(name))
        services.wait_healthy(name)
    podman("start", services.container("app"))
    services.wait_healthy("app")
    wait_for(lambda: shop.as_mina(f"/reservation/{sold}")[0] == 200, 30)
    assert shop.as_mina(f"/reservation/{sold}")[1]["status"] == "paid"


@pytest.mark.parametrize("name", ["web", "jobs", "outbox"])
def test_it_stops_when_it_is_told(services, name):
    """And not because its time is over."""
    assert services.stop(name) in (0, 128 + signal.SIGTERM)
