"""TLS to MySQL and Redis that want nothing else, and programs with the rights that docs/deploy.md gives them and no
more: its own blocks make the users here."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tarfile
import threading

import pymysql
import pytest
import redis
from certificates import Authority
from helpers import age_hold, balance, charge, new_user, ok
from servers import MARIADBD
from stack import ROOT, Stack, free_port, wait_for
from webhooks import Receiver, library

PAGE = (ROOT / "docs/deploy.md").read_text()
HARNESS = "the password of scripts/lib/redis.sh and of this file"
AWAY = 75
DENIED = {1142, 1044, 1227}  # to a table, a database, the server


def block(kind, words):
    """The block of the page that has these words."""
    (found,) = [text for text in re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.M | re.S) if words in text]
    return found


class Secured:
    """A stack whose MySQL and Redis take TLS only, with the page's users."""

    def __init__(self, private):
        self.stack = private
        self.folder = private.var / "etc"
        self.folder.mkdir()
        self.settings = private.var / "frontrow.conf"
        self.mysql_port, self.redis_port = free_port(), free_port()
        self.authority = Authority(self.folder, "ca")
        self.server = self.authority.sign("localhost")
        self.client = self.authority.sign("client")
        (self.folder / "redis").mkdir()
        self.make_commands()

    def make_commands(self):
        """What the page's blocks call, for this stack."""
        commands = self.folder / "bin"
        commands.mkdir()
        client = shutil.which("mysql") or shutil.which("mariadb")
        for name, command in {
            "mariadb": f'{client} --no-defaults -u root -S {self.stack.var}/run/mysql.sock "$@"',
            "frontrowctl": f'{self.stack.build}/frontrowctl --config {self.settings} "$@"',
            "runuser": '"${@:4}"',
        }.items():
            (commands / name).write_text(f"#!/bin/bash\nexec {command}\n")
            (commands / name).chmod(0o755)

    def here(self, text):
        """The text of the page with the paths and hosts of this test."""
        for said, meant in {"/etc/frontrow": str(self.folder), "/etc/redis/": f"{self.folder}/redis/",
                            "db.example": "localhost", "redis.example": "localhost"}.items():
            text = text.replace(said, meant)
        return text

    def run(self, text):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here(text)], capture_output=True, text=True, timeout=120,
            env=self.stack.environment | {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self):
        self.run(block("sh tcp", "user default off"))
        users = re.findall(r"^user frontrow.*$", (self.folder / "redis/frontrow.conf").read_text(), re.M)
        assert len(users) == 3
        (self.stack.var / "redis.extra").write_text("\n".join([
            f"tls-port {self.redis_port}", "bind 127.0.0.1", f"tls-ca-cert-file {self.authority.file}",
            f"tls-cert-file {self.server}", f"tls-key-file {self.server.with_suffix('.key')}",
            f'user default on ">{HARNESS}" ~* &* +@all', *users,
        ]))
        (self.stack.var / "mysql.extra").write_text("\n".join([
            "skip-networking = OFF", "bind-address = 127.0.0.1", f"port = {self.mysql_port}", "skip-name-resolve",
            "require_secure_transport = ON", f"ssl-ca = {self.authority.file}", f"ssl-cert = {self.server}",
            f"ssl-key = {self.server.with_suffix('.key')}",
        ]))
        harness = self.folder / "harness.password"
        harness.write_text(HARNESS)
        self.stack.environment |= {"REDISCLI_AUTH": HARNESS, "FRONTROW_REDIS_PASSWORD_FILE": str(harness)}
        self.stack.start()
        del self.stack.environment["FRONTROW_REDIS_PASSWORD_FILE"]
        self.run(block("sh tcp", "CREATE DATABASE"))
        self.stack.query("DROP USER frontrow@localhost")
        self.stack.query("ALTER USER frontrow@'127.0.0.1' REQUIRE X509")
        self.run(block("sh tcp", "sweeper.env"))
        with open(self.settings, "a") as file:
            file.write(self.here(block("ini", "mysql_tls = verify")))
            file.write(f"mysql_socket =\nmysql_port = {self.mysql_port}\n"
                       f"mysql_password_file = {self.folder}/mysql.password\n"
                       f"redis_socket =\nredis_port = {self.redis_port}\nredis_user = frontrow\n"
                       f"redis_password_file = {self.folder}/redis.password\n")
        self.run(block("sh tcp", "GRANT DELETE"))
        self.stack.restart("frontrow")
        wait_for(lambda: self.health() == (200, "up", "up"))

    def reload(self):
        """SIGHUP, until no worker has the former settings."""
        former = set(self.stack.workers())
        self.stack.kill("frontrow", signal.SIGHUP)
        wait_for(lambda: not former & set(self.stack.workers()))

    def health(self):
        answer = self.stack.new_client().get("/health/ready")
        stores = answer.json()["dependencies"]
        return answer.status, stores["mysql"]["status"], stores["redis"]["status"]

    def as_sweeper(self, *command):
        """The end of a program that reads sweeper.env, as its unit and its cron job do."""
        return subprocess.run(
            ["bash", "-c", f'set -a; . {self.folder}/sweeper.env; exec "$@"', "-", *map(str, command)],
            env=self.stack.environment, capture_output=True, text=True, timeout=120,
        )

    def without_certificate(self):
        """The settings of a user who needs none."""
        return {"mysql_user": "frontrow_audit", "mysql_password_file": self.folder / "mysql-audit.password"}

    def check(self, **settings):
        return self.stack.program("frontrow", "--check", **settings)

    @contextlib.contextmanager
    def mysql_as(self, user, secret):
        connection = pymysql.connect(
            host="localhost", port=self.mysql_port, user=user, database="frontrow", autocommit=True,
            password=(self.folder / f"{secret}.password").read_text().strip(),
            ssl={"ca": str(self.authority.file), "cert": str(self.client),
                 "key": str(self.client.with_suffix(".key"))},
        )
        with contextlib.closing(connection), connection.cursor() as cursor:
            yield cursor

    def redis_as(self, user, secret):
        return redis.Redis(
            host="localhost", port=self.redis_port, username=user, socket_timeout=60, ssl=True,
            password=(self.folder / f"{secret}.password").read_text().strip(), ssl_ca_certs=str(self.authority.file),
            ssl_certfile=str(self.client), ssl_keyfile=str(self.client.with_suffix(".key")),
        )

    def admin_redis(self):
        return redis.Redis(unix_socket_path=str(self.stack.run / "redis.sock"), password=HARNESS, socket_timeout=60)


@pytest.fixture(scope="module")
def secured():
    private = Stack(workers=4, redis_timeout_ms=900)
    try:
        own = Secured(private)
        own.start()
        yield own
        own.stack.check_books()
    finally:
        private.stop()


def new_hall(secured):
    """An open concert with a queue, made by the server itself."""
    body = {"title": "T", "venue": "V", "status": "open", "admissionCapacity": 5, "items": [{
        "date": "2031-05-01", "startsAt": "2031-05-01T10:00:00Z", "seats": [{"from": 1, "to": 20, "price": 1000}]}]}
    return ok(secured.stack.post("/admin/concert", body, **secured.stack.admin_headers()))


def hold(secured, hall, user):
    client = secured.stack.new_client()
    place = {"userId": user, "concertId": hall["concertId"]}
    token = ok(client.post("/token/add", place))["token"]
    key = {"Idempotency-Key": new_user("key")}
    held = client.post("/reservation", place | {"itemId": hall["itemIds"][0], "count": 2, "token": token}, **key)
    return ok(held)["reservationId"], token


def test_everything_is_sold_under_these_rights(secured):
    """Concerts, the queue, holds, payments, refunds; without a word of a right that is missing."""
    hall, user = new_hall(secured), new_user()
    charge(secured.stack, user, 5000)
    number, token = hold(secured, hall, user)
    body = {"userId": user, "reservationId": number, "token": token}
    assert ok(secured.stack.post("/payment", body, **{"Idempotency-Key": "pay"}))["balance"] == 3000
    path = f"/reservation/{number}?userId={user}"
    assert ok(secured.stack.call("DELETE", path))["balance"] == balance(secured.stack, user) == 5000
    changed = secured.stack.call("PATCH", f"/admin/concert/{hall['concertId']}", {"paused": True},
                                 secured.stack.admin_headers())
    assert changed.status == 200
    log = secured.stack.log("frontrow").read_text()
    assert "denied" not in log and "NOPERM" not in log and "permission" not in log


def test_the_sweeper_and_prune_have_their_own(secured):
    hall, user = new_hall(secured), new_user()
    number, _ = hold(secured, hall, user)
    age_hold(secured.stack, number, 300)
    secured.stack.query("UPDATE idempotency SET created_at = created_at - INTERVAL 2 DAY")
    swept = secured.as_sweeper(secured.stack.build / "frontrow-sweeper", "--config", secured.settings)
    assert swept.returncode == 0 and "1 holds expired" in swept.stderr + swept.stdout, swept
    assert secured.stack.query("SELECT COUNT(*) AS n FROM idempotency") == [{"n": 0}]
    secured.stack.query("UPDATE item SET starts_at = starts_at - INTERVAL 20 YEAR, date = '2011-05-01'"
                        " WHERE concert_id = %s", hall["concertId"])
    pruned = secured.as_sweeper(secured.stack.build / "frontrowctl", "--config", secured.settings, "prune",
                                "--log-days", "1")
    assert pruned.returncode == 0, pruned


def test_the_outbox_has_its_own(secured):
    """It reads nothing but what it tells; the workers write that with theirs."""
    library()
    secured.run(block("sh tcp", "outbox.env"))
    (secured.folder / "webhook.key").write_text("0123456789abcdef" * 4)
    settings = {"FRONTROW_WEBHOOKS": "on", "FRONTROW_WEBHOOK_KEY_FILE": str(secured.folder / "webhook.key"),
                "FRONTROW_WEBHOOK_ALLOW": "127.0.0.1"}
    command = ["bash", "-c", f'set -a; . {secured.folder}/outbox.env; exec "$@"', "-"]

    def start(program, *arguments):
        return subprocess.Popen([*command, secured.stack.build / program, "--config", secured.settings, *arguments],
                                env=secured.stack.environment | settings, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    receiver = Receiver()
    outbox = start("frontrow-outbox")
    try:
        added, _ = start("frontrowctl", "webhook", "add", receiver.url).communicate(timeout=60)
        webhook, receiver.secret = re.fullmatch(r"webhook (\d+)\n(\S+)\n", added).groups()
        hall = new_hall(secured)  # by workers without webhooks: its event is written by hand
        secured.stack.query("INSERT INTO outbox_event (kind, concert_id, occurred_at)"
                            " VALUES ('concert.opened', %s, UTC_TIMESTAMP(3))", hall["concertId"])
        wait_for(lambda: receiver.find("concert.opened", concertId=hall["concertId"]))
        for words in (("test", webhook), ("list",), ("dead",), ("replay", webhook), ("remove", webhook)):
            done = start("frontrowctl", "webhook", *words)
            assert done.communicate(timeout=60)[1] == "" and done.returncode == 0, words
        outbox.terminate()
        said = outbox.communicate(timeout=60)[1]
        assert outbox.returncode == 0 and "MySQL" not in said, said
    finally:
        outbox.kill()
        outbox.wait()
        receiver.stop()
    with secured.mysql_as("frontrow_outbox", "mysql-outbox") as cursor:
        for statement in ("SELECT * FROM reservation", "SELECT * FROM point", "SELECT * FROM audit_log",
                          "UPDATE seat SET price = 1", "DROP TABLE webhook"):
            denied(cursor, statement)


def test_the_audit_only_reads(secured):
    """Its own user at MySQL cannot do more."""
    new_hall(secured)
    assert "0  violations" in secured.run(block("sh tcp", "audit.env) frontrowctl audit"))
    with secured.mysql_as("frontrow_audit", "mysql-audit") as cursor:
        for statement in ("DELETE FROM point", "UPDATE point SET balance = 1", "INSERT INTO point (user_id) VALUES ('x')"):
            denied(cursor, statement)


def test_the_audits_account_sees_innodb(secured, tmp_path):
    """For diagnose; what another account may not see is said in the archive."""
    for name, account in (("whole", secured.without_certificate()), ("part", {})):
        archive = tmp_path / f"{name}.tar.gz"
        assert secured.stack.program("frontrowctl", "diagnose", archive, **account).returncode == 0
        with tarfile.open(archive) as tar:
            told = tar.extractfile("./mysql.txt").read().decode()
        assert ("INNODB MONITOR OUTPUT" in told) == (name == "whole")
        assert ("The account frontrow has no PROCESS: " in told) == (name == "part")


def test_a_rehearsal_needs_one_right_more(secured, tmp_path):
    words = ("rehearse", str(new_hall(secured)["concertId"]), "--fans", "20", "--minutes", "0.05", "--choose-seconds", "0.2",
             "--pay-seconds", "0.2", "--patience-seconds", "5", "--report", str(tmp_path / "page.html"))
    refused = secured.stack.ctl(*words)
    assert refused.returncode != 0 and "1044" in refused.stderr, refused.stderr
    secured.run(block("sh tcp", "_rehearsal"))
    done = secured.stack.ctl(*words)
    assert done.returncode == 0 and "seats sold" in done.stdout, done.stderr
    assert not secured.stack.query("SHOW DATABASES LIKE 'frontrow\\_rehearsal'")


def denied(cursor, statement):
    with pytest.raises(pymysql.Error) as refusal:
        cursor.execute(statement)
    assert refusal.value.args[0] in DENIED, refusal.value


@pytest.mark.parametrize("user, secret, statements", [
    ("frontrow", "mysql", ("DROP TABLE seat", "TRUNCATE seat", "CREATE TABLE mine (n INT)", "ALTER TABLE seat ADD n INT",
                           "DELETE FROM reservation", "DELETE FROM payment", "DELETE FROM point_history",
                           "DELETE FROM audit_log", "SELECT * FROM mysql.user", "SET GLOBAL read_only = 0")),
    ("frontrow_sweeper", "mysql-sweeper", ("DROP TABLE seat", "DELETE FROM payment", "DELETE FROM point")),
    ("frontrow_migrate", "mysql-migrate", ("SELECT * FROM mysql.user", "CREATE DATABASE mine", "SET GLOBAL read_only = 0")),
])
def test_more_is_refused_by_mysql(secured, user, secret, statements):
    with secured.mysql_as(user, secret) as cursor:
        for statement in statements:
            denied(cursor, statement)


@pytest.mark.parametrize("user, secret", [
    ("frontrow", "redis"), ("frontrow_sweeper", "redis-sweeper"), ("frontrow_audit", "redis-audit"),
])
def test_more_is_refused_by_redis(secured, user, secret):
    client = secured.redis_as(user, secret)
    assert client.ping()
    for command in (("KEYS", "*"), ("FLUSHALL",), ("FLUSHDB",), ("CONFIG", "GET", "*"), ("HSET", "another", "a", "b"),
                    ("FUNCTION", "FLUSH"), ("EVAL", "return 1", "0"), ("ACL", "LIST"), ("SHUTDOWN",)):
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*command)


def test_every_right_of_the_lua_library_is_on_the_page():
    """What the queue's functions call, and the tables of which the programs delete rows."""
    given = block("sh tcp", "user default off")
    lua = "".join(path.read_text() for path in (ROOT / "fcgi-app/redis/queue").glob("*.lua"))
    for command in set(re.findall(r"redis\.call\('(\w+)'", lua)):
        assert f" +{command.lower()}" in given.replace("\n    ", " "), command
    granted = block("sh tcp", "GRANT DELETE") + block("sh tcp", "frontrow_outbox").replace("SELECT, INSERT, UPDATE, ", "")
    users = {"books": "frontrow_sweeper", "webhook": "frontrow_outbox"}
    for path in (ROOT / "fcgi-app/mysql").rglob("*.c"):
        for table in re.findall(r'"DELETE FROM (\w+)', path.read_text()) if path.parent.name != "schema" else ():
            user = users.get(path.parent.name, "frontrow")
            assert f"GRANT DELETE ON frontrow.{table} TO {user}@" in granted, (path, table)


def test_a_wrong_authority(secured):
    """503, health and the log say what it is; with the right one again, SIGHUP is enough."""
    right = secured.authority.file.read_bytes()
    log = secured.stack.log("frontrow")
    known = len(log.read_text())
    secured.authority.file.write_bytes(Authority(secured.folder, "another").file.read_bytes())
    try:
        secured.reload()
        refused = secured.stack.post("/point/charge", {"userId": "unlucky", "amount": 1})
        assert (refused.status, refused.code) == (503, "mysql_unavailable")
        assert secured.health() == (503, "down", "down")
    finally:
        secured.authority.file.write_bytes(right)
    said = log.read_text()[known:]
    assert f"MySQL cannot be reached at localhost, port {secured.mysql_port}: error 2026: " in said
    assert re.search(rf"Redis: localhost, port {secured.redis_port} cannot be reached: TLS: .*certificate", said)
    secured.reload()
    wait_for(lambda: secured.health() == (200, "up", "up"), 10)
    charge(secured.stack, new_user(), 1)


def test_secrets_are_read_again(secured):
    """New passwords at both stores and in their files, then SIGHUP."""
    (secured.folder / "mysql.password").write_text("a new one\n")
    (secured.folder / "redis.password").write_text("another new one\n")
    secured.stack.query("ALTER USER frontrow@'127.0.0.1' IDENTIFIED BY 'a new one'")
    secured.admin_redis().execute_command("ACL", "SETUSER", "frontrow", "resetpass", ">another new one")
    secured.reload()
    wait_for(lambda: secured.health() == (200, "up", "up"), 10)
    hold(secured, new_hall(secured), new_user())
    log = secured.stack.log("frontrow").read_text()
    assert "a new one" not in log and "another new one" not in log


NO_FILES = {f"{store}_tls_{file}_file": "" for store in ("mysql", "redis") for file in ("ca", "certificate", "key")}


def test_another_name_than_the_certificates(secured):
    """127.1 leads to the same servers; only `verify` minds."""
    for store, words in (("mysql", "at 127.1, port .*: error 2026: "), ("redis", "127.1, port .*: TLS: ")):
        check = secured.check(**{f"{store}_host": "127.1"})
        assert check.returncode == AWAY and re.search(words, check.stderr), check.stderr
        on = secured.check(**{f"{store}_host": "127.1", f"{store}_tls": "on", f"{store}_tls_ca_file": ""})
        # libmariadb could send the password of MySQL's only way to log in as it is, to whoever has any certificate
        assert on.returncode == 0 or not MARIADBD and "error 5010: " in on.stderr, on.stderr


def test_off_is_in_the_clear(secured):
    """Which these servers do not take."""
    check = secured.check(mysql_tls="off", redis_tls="off", **secured.without_certificate(), **NO_FILES)
    assert check.returncode == AWAY
    assert re.search("error (1045|3159): ", check.stderr) and "Redis was not checked" in check.stderr, check.stderr


def test_on_never_goes_on_in_the_clear(secured):
    """A MySQL that has no TLS, and a user who could log in without."""
    audit = secured.without_certificate()
    files = {name: "" for name in NO_FILES if name.startswith("mysql")}
    settings = secured.stack.var / "my.cnf"
    text = settings.read_text()
    plain = re.sub(r"^(ssl-\w+|require_secure_transport) = .*\n?", "", text, flags=re.MULTILINE)
    mariadb = "MariaDB" in secured.stack.query("SELECT VERSION() AS v")[0]["v"]
    secured.stack.stop_service("mysql")
    settings.write_text(plain + ("\nssl = 0\n" if mariadb else "\ntls_version = ''\n"))
    try:
        secured.stack.start_service("mysql")
        clear = secured.check(mysql_tls="off", **audit, **files)
        assert clear.returncode == 0, clear.stderr
        refused = secured.check(mysql_tls="on", **audit, **files)
        assert refused.returncode == AWAY
        assert "offers no TLS" in refused.stderr or "2026" in refused.stderr, refused.stderr
    finally:
        secured.stack.stop_service("mysql")
        settings.write_text(text)
        secured.stack.start_service("mysql")
    wait_for(lambda: secured.health() == (200, "up", "up"))


class Downgrader:
    """Between a client and MySQL: takes the word of TLS out of the greeting, and then asks for the password as a
    server without TLS may. What the client says is in `heard`."""

    SSL = 0x0800  # of the server's capabilities

    def __init__(self, port, way=b"caching_sha2_password"):
        self.server = port
        self.way = way
        self.heard = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with client, socket.create_connection(("127.0.0.1", self.server)) as server:
                    client.settimeout(10)
                    self.ask(client, bytearray(server.recv(4096)))

    def ask(self, client, greeting):
        at = greeting.index(b"\0", 5) + 1 + 4 + 8 + 1
        flags = int.from_bytes(greeting[at:at + 2], "little") & ~self.SSL
        greeting[at:at + 2] = flags.to_bytes(2, "little")
        answers = [greeting, b"\xfe" + self.way + b"\0" + b"s" * 20 + b"\0", b"\1\4"]  # another way; the word itself
        for number, answer in enumerate(answers):
            if number:
                answer = len(answer).to_bytes(3, "little") + bytes([2 * number]) + answer
            client.sendall(answer)
            said = client.recv(4096)
            self.heard += said
            if not said:
                return

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.listener.close()


def test_on_tells_nobody_the_password(secured):
    """Nor does a MySQL hear it that says that it has no TLS, and asks."""
    password = (secured.folder / "mysql-audit.password").read_bytes().strip()
    with Downgrader(secured.mysql_port) as downgrader:
        for tls in ("on", "verify"):
            settings = NO_FILES | secured.without_certificate() | {
                "mysql_tls": tls, "mysql_host": "localhost", "mysql_port": str(downgrader.port), "redis_tls": "off",
                "mysql_tls_ca_file": secured.authority.file if tls == "verify" else ""}
            check = secured.check(**settings)
            assert check.returncode == AWAY and "MySQL cannot be reached" in check.stderr, check.stderr
            assert password not in downgrader.heard, f"mysql_tls = {tls}"


def test_a_way_to_log_in_that_the_library_does_not_know(secured):
    """As MySQL's library of version 9 does not know that of MariaDB's accounts: it says so, and where to read on.
    MariaDB's has no error of its own for it."""
    with Downgrader(secured.mysql_port, way=b"unheard_of") as server:
        check = secured.check(**NO_FILES, **secured.without_certificate(), mysql_tls="off", redis_tls="off",
                              mysql_host="localhost", mysql_port=str(server.port))
    assert check.returncode == AWAY, check.stderr
    assert "unheard_of" in check.stderr, check.stderr
    assert ("error 2059" in check.stderr) == ("has no such way to log in (docs/engines.md)" in check.stderr), check.stderr
