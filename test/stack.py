"""A private stack for tests: its own var/, port and daemons, started by scripts/lib/stack."""

import atexit
import concurrent.futures
import contextlib
import fcntl
import functools
import http.client
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import pymysql
import redis
import wire

ROOT = pathlib.Path(__file__).resolve().parent.parent
REDIS_SERVER = shutil.which("redis-server") or "valkey-server"
SERVICES = ("mysql", "redis", "frontrow", "nginx")
LISTENING = "00010000"  # the flag of such a socket in /proc/net/unix
LOST = object()  # the connection ended without an answer

# Time-outs that a machine with other work keeps, and room for operators who call at once. What is about such a
# limit has settings of its own.
UNHURRIED = {
    "admin_limit": 16,
    "front_ms": 2500, "stale_ms": 3000, "redis_timeout_ms": 2000, "lock_wait_s": 3, "mysql_timeout_ms": 4000, "request_ms": 6000,
    "admin_mysql_timeout_ms": 20000, "admin_request_ms": 27000, "admin_watchdog_ms": 29000,
}

MEMORY = pathlib.Path("/dev/shm")
GIB = 1 << 30
_claims = []  # of the ports and folders that this process has taken


@functools.cache
def folder():
    """Where stacks live: in memory where there is plenty of it, as they would wait for the disk more than
    for anything else; else, or where TESTS_ON_DISK is set, in var/."""
    (ROOT / "var").mkdir(exist_ok=True)
    if "TESTS_ON_DISK" in os.environ:
        return ROOT / "var"
    with contextlib.suppress(OSError):
        disk = os.statvfs(MEMORY)
        available = re.search(r"^MemAvailable: +(\d+) kB", pathlib.Path("/proc/meminfo").read_text(), re.MULTILINE)
        if disk.f_bavail * disk.f_frsize >= 4 * GIB and int(available[1]) << 10 >= 8 * GIB:
            return MEMORY
    return ROOT / "var"


def new_folder():
    """One for a stack. As long as this process lives, it holds a lock there."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="frontrow-test-", dir=folder()))
    claim = (made / "claim").open("w")
    fcntl.flock(claim, fcntl.LOCK_EX)
    (made / "claim").rename(made / "owner")  # nobody sees it without its lock
    _claims.append(claim)
    return made


def clear_up():
    """Ends and removes the stacks whose processes were killed before they could."""
    for owner in folder().glob("frontrow-test-*/owner"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), owner.open() as claim:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            var = owner.parent
            (var / "run/maintenance").unlink(missing_ok=True)
            run_script("discard", environment=os.environ | {"FRONTROW_VAR": str(var)})
            if os.path.ismount(var / "mysql"):
                subprocess.run(["umount", "--lazy", var / "mysql"], check=True)
            shutil.rmtree(var)


def build():
    """The folder of the programs."""
    return pathlib.Path(os.environ.get("FRONTROW_BUILD", ROOT / "var" / "build")).resolve()


@functools.cache
def empty_data():
    """A data folder of MySQL with nothing in it, for stacks to begin with: to make one takes longer than
    all the rest of a start."""
    made = new_folder()
    atexit.register(shutil.rmtree, made)
    run_script("create-data", environment=os.environ | {"FRONTROW_VAR": str(made), "FRONTROW_BUILD": str(build())})
    return made / "mysql"


def run_script(*arguments, environment, timeout=300, under=()):
    """Runs scripts/lib/stack, by the command `under` if there is one; what it says is in the error when it fails."""
    done = subprocess.run(
        [*under, ROOT / "scripts/lib/stack", *arguments],
        env=environment, timeout=timeout, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise RuntimeError(f"stack {' '.join(arguments)}: {done.stdout}")
    return done.stdout


def end_on_sigterm():
    """Ended from outside, tests end their daemons first; to be asked again does not keep them from that."""

    def end(*_):
        signal.signal(signal.SIGTERM, lambda *_: None)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


def free_port():
    """A port that nobody has, and nobody else gets: other runs of the tests see the claim, and what the
    system gives to connections is above."""
    for port in random.sample(range(20000, 32768), 1000):
        claim = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as probe:
            claim.bind(f"\0frontrow-test-{port}")
            probe.bind(("127.0.0.1", port))
            _claims.append(claim)
            return port
        claim.close()
    raise RuntimeError("no port is free")


def nginx_temporary(folder):
    """Settings by which an nginx puts its temporary files there: only root can make Debian's folders."""
    return "".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def is_gone(pid):
    """Whether there is no such process, or only what its parent has not looked at yet."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def answers(client):
    """Whether the client's Redis is there. Not all that a dying socket says is wrapped, and redis-py 4.3 names it by a
    host in its message, which a unix socket has not."""
    try:
        return client.ping()
    except (redis.RedisError, OSError, AttributeError):
        return False


class Answer:
    """Status, headers (any case) and body of an answer."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The code of a problem, "" of a success."""
        if self.headers.get("Content-Type", "") != "application/problem+json":
            return ""
        return self.json()["code"]

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


class Client:
    """Keeps one connection; `source` is the address that it calls from, `certificate` the server's, for HTTPS."""

    def __init__(self, port, source=None, timeout=40, certificate=None):
        options = {"timeout": timeout, "source_address": (source, 0) if source else None}
        if certificate:
            context = ssl.create_default_context(cafile=certificate)
            self.connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, **options)
        else:
            self.connection = http.client.HTTPConnection("127.0.0.1", port, **options)

    def call(self, method, path, body=None, headers=None):
        """Sends `body` (bytes as they are, anything else as JSON) and reads the answer."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        if self.was_ended():
            self.connection.close()
        try:
            self.connection.request(method, path, body, headers)
            got = self.connection.getresponse()
            return Answer(got.status, got.headers, got.read())
        except BaseException:
            self.connection.close()
            raise

    def was_ended(self):
        """Whether the other side ended the connection meanwhile, as nginx does after a minute."""
        return self.connection.sock and select.select([self.connection.sock], [], [], 0)[0]

    def get(self, path, **headers):
        return self.call("GET", path, headers=headers)

    def post(self, path, body, **headers):
        return self.call("POST", path, body, headers)

    def close(self):
        self.connection.close()


class Stack:
    """One private stack. `settings` are FRONTROW_* of its environment, without the prefix."""

    def __init__(self, **settings):
        self.var = new_folder()
        self.port = free_port()
        self.fronts = [f"127.0.0.1:{self.port}"]  # where clients call
        self.certificate = self.var / "tls/localhost.pem" if "https" in settings else None
        self.url = f"{'https' if self.certificate else 'http'}://{self.fronts[0]}"
        self.build = build()
        self.under = ()  # a command that runs all programs
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FRONTROW_")}
        self.environment = kept | {
            "FRONTROW_VAR": str(self.var),
            "FRONTROW_PORT": str(self.port),
            "FRONTROW_BUILD": str(self.build),
            "FRONTROW_SCHEMA": str(ROOT / "schema"),
            "FRONTROW_MYSQL_MEMORY": "128M",
            "FRONTROW_MYSQL_LOG": "96M",
            "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        }
        self.environment |= {f"FRONTROW_{name.upper()}": str(v) for name, v in settings.items()}
        self.client = Client(self.port)

    # ---- daemons

    def script(self, *arguments, timeout=300):
        return run_script(*arguments, environment=self.environment, timeout=timeout, under=self.under)

    def start(self):
        if not (self.var / "mysql").exists():
            shutil.copytree(empty_data(), self.var / "mysql")
        self.script("start")
        if self.certificate:
            self.client = self.new_client()
        return self

    def stop(self):
        """Ends everything. Its files go too; only the logs are kept, in var/, where a sanitizer found something."""
        self.client.close()
        (self.run / "maintenance").unlink(missing_ok=True)
        self.script("discard")
        reports = self.sanitizer_reports()
        kept = ROOT / "var/log" / self.var.name
        if reports:
            shutil.copytree(self.var / "log", kept)
        shutil.rmtree(self.var)
        assert not reports, f"{kept}: {reports}"

    def sanitizer_reports(self):
        """The lines of the logs by which the sanitizers say that they found something."""
        signs = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:")
        return [
            line
            for log in (self.var / "log").glob("*.log")
            for line in log.read_text(errors="replace").splitlines()
            if any(sign in line for sign in signs)
        ]

    def restart(self, name):
        self.script("restart", name)

    def start_service(self, name):
        self.script("start-service", name)

    def stop_service(self, name):
        self.script("stop-service", name)

    def pid(self, name):
        return int((self.var / "pid" / name).read_text().split()[0])

    def kill(self, name, number=signal.SIGKILL):
        """Sends a signal; after SIGKILL the daemon is gone."""
        pid = self.pid(name)
        os.kill(pid, number)
        if number == signal.SIGKILL:
            wait_for(lambda: is_gone(pid), step=0.002)

    def workers(self):
        """The pids of frontrow's workers now: what two readings agree on, as the kernel may pass over
        one while another ends (proc_tid_children(5))."""
        pid = self.pid("frontrow")
        children, last = pathlib.Path(f"/proc/{pid}/task/{pid}/children"), None
        while (now := children.read_text()) != last:
            last = now
        return [int(word) for word in now.split()]

    def worker_count(self):
        """How many there are by the settings; fewer while one that did no work waits for its next start."""
        settings = self.program("frontrow", "--print-config").stdout
        return int(re.search(r"^workers = (\d+)$", settings, re.MULTILINE)[1])

    def log(self, name):
        return self.var / "log" / f"{name}.log"

    @property
    def run(self):
        """The folder of the sockets and of the maintenance file."""
        return (self.var / "run").resolve()

    @contextlib.contextmanager
    def without(self, name):
        """The stack without this daemon, and up again afterwards."""
        self.stop_service(name)
        try:
            yield
        finally:
            self.start_service(name)

    def connections_to_workers(self):
        """How many there are, accepted or not."""
        sockets = f"{self.run}/frontrow-"
        lines = pathlib.Path("/proc/net/unix").read_text().splitlines()
        return sum(sockets in line and not line.split()[3] == LISTENING for line in lines)

    @contextlib.contextmanager
    def one_call_under_way(self):
        """A worker has an exact call, of another address, and none goes on until the `with` ends."""
        master = self.pid("frontrow")
        os.killpg(master, signal.SIGSTOP)
        try:
            before = self.connections_to_workers()
            with contextlib.closing(self.new_client(source="127.0.1.1").connection) as connection:

                def is_under_way():
                    """Asked once more where nginx had not yet done with the call before."""
                    connection.request("GET", "/point?userId=fan")
                    if select.select([connection.sock], [], [], 0.5)[0]:
                        connection.getresponse().read()
                        return False
                    return wait_for(lambda: self.connections_to_workers() > before)

                wait_for(is_under_way)
                yield
                os.killpg(master, signal.SIGCONT)
                connection.getresponse().read()
        finally:
            os.killpg(master, signal.SIGCONT)

    # ---- programs

    def program(self, name, *arguments, timeout=120, **settings):
        """`settings` are over those of the stack."""
        over = {f"FRONTROW_{setting.upper()}": value for setting, value in settings.items()}
        return subprocess.run(
            [*self.under, self.build / name, "--config", self.var / "frontrow.conf", *arguments],
            env=self.environment | over, timeout=timeout, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def ctl(self, *arguments, timeout=120):
        """frontrowctl: a CompletedProcess with texts."""
        return self.program("frontrowctl", *arguments, timeout=timeout)

    def check_books(self, timeout=120):
        """frontrowctl audit finds nothing wrong."""
        audit = self.ctl("audit", timeout=timeout)
        assert audit.returncode == 0, audit.stdout + audit.stderr

    def sweeper(self, *arguments):
        """One pass of the sweeper."""
        return self.program("frontrow-sweeper", *arguments)

    # ---- stores

    def mysql(self, socket="mysql.sock", **options):
        """A connection of its own, in autocommit, with rows as dictionaries."""
        patience = {"connect_timeout": 60, "read_timeout": 300, "write_timeout": 300}
        return pymysql.connect(
            unix_socket=str(self.run / socket), user="root", database="frontrow", ssl_disabled=True,
            autocommit=True, cursorclass=pymysql.cursors.DictCursor, charset="utf8mb4",
            init_command="SET time_zone = '+00:00'", **patience | options,
        )

    def query(self, sql, *values):
        """The rows of one statement on a connection of its own."""
        with contextlib.closing(self.mysql()) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def redis_answers(self):
        return answers(self.redis())

    def redis(self, socket="redis.sock", decode_responses=True):
        return redis.Redis(
            unix_socket_path=str(self.run / socket), decode_responses=decode_responses, socket_timeout=60
        )

    # ---- calls

    def get(self, path, **headers):
        return self.client.get(path, **headers)

    def post(self, path, body, **headers):
        return self.client.post(path, body, **headers)

    def call(self, method, path, body=None, headers=None):
        return self.client.call(method, path, body, headers)

    def fresh(self, path):
        """A worker's own answer to a GET, past nginx and what it keeps."""
        path, _, query = path.partition("?")
        return self.fastcgi(wire.fastcgi("GET", path, query=query))

    def new_client(self, **options):
        return Client(self.port, certificate=self.certificate, **options)

    def admin_headers(self):
        return {"Authorization": "Bearer " + (self.var / "admin.key").read_text().strip()}

    def raw(self, data, timeout=40, source=None):
        """Sends bytes as they are; one Answer, or LOST when the connection ended without one."""
        with socket.socket() as connection:
            connection.settimeout(timeout)
            if source:
                connection.bind((source, 0))
            connection.connect(("127.0.0.1", self.port))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(data)
            try:
                got = http.client.HTTPResponse(connection)
                got.begin()
                return Answer(got.status, got.headers, got.read())
            except (http.client.BadStatusLine, ConnectionResetError):
                return LOST

    def fastcgi(self, request, timeout=40):
        """Sends bytes of wire.fastcgi() to a worker, past nginx; the Answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(self.run / "frontrow-0.sock"))
            connection.sendall(request)
            return Answer(*wire.read_fastcgi(connection.makefile("rb")))


@contextlib.contextmanager
def making_stacks(**defaults):
    """Makes stacks, ended at the end; one that does not end well keeps no other from it."""
    with contextlib.ExitStack() as stacks:

        def make(**settings):
            private = Stack(**defaults | settings)
            stacks.callback(private.stop)
            return private.start()

        yield make


@contextlib.contextmanager
def configured(private, *lines):
    """MySQL with these lines in its settings, and as it was afterwards."""
    settings = private.var / "my.cnf"
    text = settings.read_text()
    try:
        with private.without("mysql"):
            settings.write_text(text + "\n".join(lines) + "\n")
        yield
    finally:
        with private.without("mysql"):
            settings.write_text(text)
        wait_for(lambda: private.get("/point?userId=anybody").status == 200)


def read_line(process, seconds=120):
    """The next line that a program says; "" where it ended, as does one that says nothing for so long."""
    end = threading.Timer(seconds, process.kill)
    end.start()
    try:
        return process.stdout.readline()
    finally:
        end.cancel()


def wait_for(condition, seconds=60, step=0.02):
    """Asks until the condition holds; its last value, or an AssertionError."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {seconds} s: {condition}"
        time.sleep(step)
    return value


@contextlib.contextmanager
def beside(action, pause=0):
    """Does something again and again meanwhile, with pauses of so many seconds. What it raises is raised at the end."""
    over = threading.Event()

    def repeat():
        while not over.wait(pause):
            action()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        repeated = pool.submit(repeat)
        try:
            yield
        finally:
            over.set()
        repeated.result()


def health(stack):
    """"ready", "degraded" or "down"."""
    try:
        return stack.new_client().get("/health/ready").json().get("status", "down")
    except (OSError, http.client.HTTPException, ValueError):
        return "down"


def wait_for_waiters(stack, count):
    """Until so many transactions wait for locks."""
    status = "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'"
    wait_for(lambda: int(stack.query(status)[0]["Value"]) >= count)


def is_waiting(stack, state, *words):
    """Whether a session is in such a state with a statement that has one of these words in its first 100 bytes."""
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        connection.encoding = "latin1"  # a token's bytes are no text
        cursor.execute("SHOW PROCESSLIST")
        return any(state in (row["State"] or "") and any(word in (row["Info"] or "") for word in words)
                   for row in cursor.fetchall())


def wait_for_statement(stack, state, *words):
    wait_for(lambda: is_waiting(stack, state, *words))
