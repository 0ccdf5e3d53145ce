"""The cluster of scripts/cluster, as tests use it: in its client's network, with the store asked at its sockets."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

import pymysql
import wire
from stack import ROOT, Answer, Client, folder, wait_for

CLONE_NEWNET = 0x40000000
FRONTS = ("front-1", "front-2")
DATABASES = ("db-1", "db-2", "db-3")
REDISES = ("redis-1", "redis-2", "redis-3")
ADDRESSES = {"front": "10.77.0.1", "app": "10.77.0.2", "db": "10.77.0.3", "redis": "10.77.0.4", "sentinel": "10.77.0.5"}


PAGE = ROOT / "docs/cluster.md"


def write_into_page(name, table):
    """Puts it between the marks of docs/cluster.md that have this name."""
    made = (f"Made on {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores for all machines and the client, where"
            f" {os.getloadavg()[2]:.0f} processes wanted a core (with all else that ran).\n\n{table}")
    page, count = re.subn(rf"(<!-- {name}: .*-->\n)(?s:.*)(<!-- end of {name} -->)", rf"\g<1>{made}\g<2>", PAGE.read_text())
    assert count == 1, f"{PAGE} has no place for {name}"
    PAGE.write_text(page)


def address(name):
    role, _, number = name.partition("-")
    return ADDRESSES[role] + number


def enter_network(path):
    """This thread, and what it starts, is in that network namespace from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path) as netns:
        if libc.setns(netns.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns: {path}")


class FrontClient(Client):
    """Calls at one front, as the gateway that says who the user is."""

    def __init__(self, front, timeout=40):
        super().__init__(8080, timeout=timeout)
        self.connection.host = address(front)

    def call(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if isinstance(body, dict) and "userId" in body:
            headers["X-Frontrow-User"] = body["userId"]
        return super().call(method, path, body, headers)


class Cluster:
    """`scripts/cluster up` in a folder of its own, until stop()."""

    def __init__(self):
        self.parent = pathlib.Path(tempfile.mkdtemp(prefix="frontrow-test-", dir=folder()))
        self.var = self.parent / "cluster"
        self.build = pathlib.Path(os.environ.get("FRONTROW_BUILD", ROOT / "var/build")).resolve()
        self.environment = os.environ | {"FRONTROW_VAR": str(self.parent), "FRONTROW_BUILD": str(self.build)}
        self.fronts = [f"{address(front)}:8080" for front in FRONTS]
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)

    def script(self, *arguments, timeout=300, **environment):
        done = subprocess.run(
            [ROOT / "scripts/cluster", *arguments], env=self.environment | environment, timeout=timeout, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        if done.returncode != 0:
            raise RuntimeError(f"cluster {' '.join(arguments)}: {done.stdout}")
        return done.stdout

    def start(self):
        try:
            self.script("up")
        except RuntimeError:
            self.keep_logs()
            raise
        enter_network("/run/netns/frontrow-client")
        return self

    def stop(self):
        enter_network(f"/proc/self/fd/{self.home}")
        self.script("down")
        self.keep_logs()
        shutil.rmtree(self.parent)

    def keep_logs(self):
        kept = ROOT / "var/log/cluster"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.var / "log", kept)

    # ---- the stores

    def socket(self, name):
        return (self.var / "run").resolve() / name / "mysql.sock"

    def mysql(self, name=None, **options):
        """Of a node that has all that any other one has; by default of the first that is sound."""
        name = name or next(name for name in DATABASES if self.is_synced(name))
        return self.connect(name, database="frontrow", init_command="SET time_zone = '+00:00', wsrep_sync_wait = 1", **options)

    def connect(self, name, **options):
        return pymysql.connect(
            unix_socket=str(self.socket(name)), user="root", autocommit=True, charset="utf8mb4",
            cursorclass=pymysql.cursors.DictCursor, **{"connect_timeout": 5, "read_timeout": 60} | options,
        )

    def query(self, sql, *values, node=None):
        with contextlib.closing(self.mysql(node)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def galera(self, name):
        """The node's state, all names without wsrep_; {} where it does not answer."""
        try:
            with contextlib.closing(self.connect(name, read_timeout=2)) as connection, connection.cursor() as cursor:
                cursor.execute("SHOW GLOBAL STATUS LIKE 'wsrep_%'")
                return {row["Variable_name"].removeprefix("wsrep_"): row["Value"] for row in cursor.fetchall()}
        except (pymysql.Error, OSError):
            return {}

    def is_synced(self, name):
        state = self.galera(name)
        return state.get("cluster_status") == "Primary" and state.get("local_state_comment") == "Synced"

    def redis_says(self, name, *words, port=6379):
        done = self.run(name, "timeout", "2", shutil.which("redis-cli") or "valkey-cli", "-h", address(name), "-p",
                        str(port), *words)
        return done.stdout

    def run(self, name, *command):
        return subprocess.run(["nsenter", f"--net=/run/netns/frontrow-{name}", "--", *command], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def redis_master(self):
        """The name of the one that all Sentinels name; "" where they do not agree."""
        told = {self.redis_says(f"sentinel-{i}", "SENTINEL", "get-master-addr-by-name", "frontrow", port=26379).partition("\n")[0]
                for i in (1, 2, 3)}
        names = [name for name in REDISES if {address(name)} == told]
        return names[0] if names else ""

    def writer(self):
        """The node to which the app hosts write, as the first of them says."""
        log = (self.var / "log/app-1.log").read_text()
        told = log.rpartition("writes go to ")[2].partition(",")[0]
        return next((name for name in DATABASES if address(name) == told), "db-1")

    # ---- the whole

    def is_whole(self):
        return (all(self.galera(name).get("cluster_size") == "3" and self.is_synced(name) for name in DATABASES)
                and bool(master := self.redis_master())
                and "connected_slaves:2" in self.redis_says(master, "INFO", "replication")
                and all(self.health(front) == "ready" for front in FRONTS))

    def make_whole(self):
        """What was killed runs again, and each knows the others."""
        self.script("up")
        wait_for(self.is_whole, 120)

    def health(self, front):
        try:
            return FrontClient(front, timeout=10).get("/health/ready").json().get("status", "")
        except (OSError, ValueError):
            return ""

    def conflicts(self):
        """How many transactions the nodes have refused because another node was first."""
        return sum(int(self.galera(name)[f"local_{kind}"]) for name in DATABASES for kind in ("cert_failures", "bf_aborts"))

    def new_client(self, front="front-1", **options):
        return FrontClient(front, **options)

    def post(self, path, body, **headers):
        return self.new_client().post(path, body, **headers)

    def ask(self, name, method, path, user, body=None, **headers):
        """An app host itself, as a front would ask it."""
        more = {"FRONTROW_SECRET": (self.var / "fastcgi.secret").read_text().strip(), "FRONTROW_GATEWAY": "1",
                "HTTP_X_FRONTROW_USER": user}
        with socket.create_connection((address(name), 9000), timeout=40) as connection:
            connection.sendall(wire.fastcgi(method, path, body, more=more, **headers))
            return Answer(*wire.read_fastcgi(connection.makefile("rb")))

    @contextlib.contextmanager
    def each_at_its_own_node(self):
        """Each app host uses another database; afterwards all use the same one again."""
        self.restart_apps(FRONTROW_WRITERS="each")
        try:
            assert all(self.is_used(name) for name in DATABASES)
            yield
        finally:
            self.restart_apps()

    def restart_apps(self, **environment):
        for number in (1, 2, 3):
            self.script("kill", f"app-{number}")
        self.script("up", **environment)
        wait_for(self.is_whole)

    def is_used(self, name):
        """Whether Frontrow has connections there."""
        with contextlib.closing(self.connect(name)) as connection, connection.cursor() as cursor:
            return cursor.execute("SELECT 1 FROM information_schema.processlist WHERE user = 'frontrow'") > 0

    def ctl(self, *arguments, timeout=120):
        return subprocess.run(
            [self.build / "frontrowctl", "--config", self.var / "client/frontrow.conf", *arguments],
            timeout=timeout, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment | {"FRONTROW_SCHEMA": str(ROOT / "schema")},
        )

    def check_books(self):
        audit = self.ctl("audit")
        assert audit.returncode == 0, audit.stdout + audit.stderr
