"""Servers of a test's own beside those of a stack: MySQL, Redis, Sentinels, on ports of 127.0.0.1, or of another address there."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

import pymysql
import redis
from stack import REDIS_SERVER, Stack, empty_data, free_port, is_gone, wait_for


# where it is not in the path of whoever is not root; None: the machine has MySQL
MARIADBD = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
MYSQLD = shutil.which("mysqld", path=f"{os.environ['PATH']}:/usr/sbin")


class Server:
    """A daemon in a folder of its own. It leads its own group, which ends with it."""

    def __init__(self, folder, name, host="127.0.0.1", port=None):
        self.folder = folder / name
        self.folder.mkdir()
        self.host, self.port = host, port or free_port()
        self.process = None

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)
        wait_for(self.answers)
        return self

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        """The machine is gone, as far as others can see."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)
        assert is_gone(self.process.pid)
        self.process = None

    @property
    def address(self):
        return f"{self.host}:{self.port}"


class Database(Server):
    """A MySQL or MariaDB with settings in its my.cnf. Its root has no password."""

    def connect(self, **options):
        return pymysql.connect(
            unix_socket=f"{self.folder}/sock", user="root", autocommit=True, charset="utf8mb4",
            cursorclass=pymysql.cursors.DictCursor, connect_timeout=10, read_timeout=60, **options,
        )

    def answers(self):
        try:
            self.query("SELECT 1")
        except (pymysql.Error, OSError):
            return False
        return True

    def query(self, *statements):
        """The rows of the last statement."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())


def gtid_number(server, of):
    """The number of the last transaction in the server's "binlog", or of its master's that it has as a "slave": the
    last word of 7-11-123, as there is one domain. 0: none."""
    return int(server.query(f"SELECT @@gtid_{of}_pos AS at")[0]["at"].rpartition("-")[2] or 0)


class MariaDb(Database):
    """A MariaDB that is read-only until it is told otherwise, as all of several should begin."""

    def __init__(self, folder, number, **where):
        super().__init__(folder, f"mysql-{number}", **where)
        (self.folder / "tmp").mkdir()
        self.number = number
        self.empty()

    def empty(self):
        """Nothing in it. With a number of its own, as a replica passes over what came from its number."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        shutil.copytree(empty_data(), self.folder / "data")
        self.number += 10
        settings = [
            "[mysqld]", f"datadir = {self.folder}/data", f"tmpdir = {self.folder}/tmp",
            f"socket = {self.folder}/sock", f"pid-file = {self.folder}/pid", f"port = {self.port}",
            f"bind-address = {self.host}", "skip-name-resolve", f"server-id = {self.number}", "log-bin = binlog",
            "log-slave-updates = ON", "binlog-format = ROW", "gtid-domain-id = 7", "max-connections = 400",
            "innodb-buffer-pool-size = 64M", "innodb-log-file-size = 48M", "innodb-flush-log-at-trx-commit = 1",
            "character-set-server = utf8mb4", "read-only = ON", "rpl-semi-sync-slave-enabled = ON",
            "rpl-semi-sync-master-timeout = 3600000", *(["user = root"] if os.geteuid() == 0 else []),
        ]
        (self.folder / "my.cnf").write_text("\n".join(settings) + "\n")

    def command(self):
        return [MARIADBD, f"--defaults-file={self.folder}/my.cnf"]

    def follow(self, master, demoted=False):
        """Becomes a replica, for which the master's COMMITs wait from now on. `demoted`: it was the master
        until now."""
        master.query("SET GLOBAL rpl_semi_sync_master_enabled = ON")
        self.query(
            f"CHANGE MASTER TO MASTER_HOST = '{master.host}', MASTER_PORT = {master.port}, MASTER_USER = 'replica',"
            f" MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1{', MASTER_DEMOTE_TO_SLAVE = 1' * demoted}",
            "START SLAVE",
        )
        there = gtid_number(master, "binlog")  # under load there is always something newer
        wait_for(lambda: self.has_applied(there))
        wait_for(master.has_replica)

    def has_replica(self):
        """Whether there is one that says what it has."""
        return self.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_clients'")[0]["Value"] == "1"

    def has_applied(self, number):
        """Whether it has applied its master's transactions up to this one."""
        status = self.query("SHOW SLAVE STATUS")[0]
        assert not status["Last_SQL_Errno"] and not status["Last_IO_Errno"], status
        return gtid_number(self, "slave") >= number

    def applied_all(self):
        """Whether it has applied all that it received."""
        status = self.query("SHOW SLAVE STATUS")[0]
        assert status["Slave_SQL_Running"] == "Yes", status
        return (status["Slave_SQL_Running_State"] or "").startswith("Slave has read all relay log")

    def promote(self):
        """The replica takes writes, with all that it received."""
        self.query("STOP SLAVE IO_THREAD")
        wait_for(self.applied_all)
        self.query("STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = OFF")

    def demote(self):
        """It takes no writes any more, and waits for no replica."""
        self.query("SET GLOBAL rpl_semi_sync_master_enabled = OFF", "SET GLOBAL read_only = ON")


HAS_GROUPS = pathlib.Path("/usr/lib/mysql/plugin/group_replication.so").exists()  # MySQL's, of Debian
GROUP = "6f1c0a52-8d2c-4f0e-9a37-2a51f6f0c4de"
RECOVERY = ("CHANGE REPLICATION SOURCE TO SOURCE_USER = 'replica', SOURCE_PASSWORD = 'replica'"
            " FOR CHANNEL 'group_replication_recovery'")  # how a member that comes back gets what it missed


class Member(Database):
    """A MySQL that is to be a member of a group (Group Replication), read-only until it is one that takes writes. The
    others expel it 5 s after they last heard of it, which cannot be less. `lines` are further settings."""

    def __init__(self, folder, number, *lines):
        super().__init__(folder, f"member-{number}")
        self.number = number
        self.peer = f"127.0.0.1:{free_port()}"
        (self.folder / "tmp").mkdir()
        shutil.copytree(empty_data(), self.folder / "data")
        (self.folder / "data/auto.cnf").unlink()  # each makes an id of its own
        self.lines = lines

    def configure(self, members):
        settings = [
            "[mysqld]", f"datadir = {self.folder}/data", f"tmpdir = {self.folder}/tmp",
            f"socket = {self.folder}/sock", f"pid-file = {self.folder}/pid", f"port = {self.port}", "mysqlx = OFF",
            "bind-address = 127.0.0.1", "report-host = 127.0.0.1", "skip-name-resolve",
            f"server-id = {self.number}", f"secure-file-priv = {self.folder}/tmp", "log-bin = binlog",
            "log-bin-trust-function-creators = ON", "gtid-mode = ON", "enforce-gtid-consistency = ON", "max-connections = 400",
            "innodb-buffer-pool-size = 64M", "innodb-redo-log-capacity = 48M", "character-set-server = utf8mb4",
            "performance-schema-digests-size = 10", "plugin-load-add = group_replication.so",
            f"group-replication-group-name = {GROUP}", "group-replication-start-on-boot = OFF",
            f"group-replication-local-address = {self.peer}",
            f"group-replication-group-seeds = {','.join(member.peer for member in members)}",
            "group-replication-member-expel-timeout = 0", "group-replication-recovery-get-public-key = ON",
            "group-replication-recovery-reconnect-interval = 1",
            "super-read-only = ON", *self.lines, *(["user = root"] if os.geteuid() == 0 else []),
        ]
        (self.folder / "my.cnf").write_text("\n".join(settings) + "\n")

    def command(self):
        return [MYSQLD, f"--defaults-file={self.folder}/my.cnf"]

    def found(self):
        """The group, with this one only."""
        self.query(
            "RESET BINARY LOGS AND GTIDS", "SET GLOBAL super_read_only = OFF",
            "CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'replica'",
            "GRANT REPLICATION SLAVE ON *.* TO replica@'127.0.0.1'",
            RECOVERY, "SET GLOBAL group_replication_bootstrap_group = ON", "START GROUP_REPLICATION",
            "SET GLOBAL group_replication_bootstrap_group = OFF",
        )

    def join(self):
        """Returns when it has all that the others have."""
        if GROUP not in self.query("SELECT @@global.gtid_executed AS done")[0]["done"]:
            self.query("RESET BINARY LOGS AND GTIDS")  # of what made its data folder
        self.query(RECOVERY, "START GROUP_REPLICATION")
        wait_for(lambda: self.state() == "ONLINE")

    def members(self):
        """Their states by their ids, as this one sees them."""
        rows = self.query("SELECT member_id, member_state FROM performance_schema.replication_group_members")
        return {row["member_id"]: row["member_state"] for row in rows}

    def id(self):
        return self.query("SELECT @@server_uuid AS id")[0]["id"]

    def state(self):
        return self.members().get(self.id(), "OFFLINE")

    def sees(self, count):
        """Whether so many are members, and nothing hinders any of them."""
        return list(self.members().values()) == ["ONLINE"] * count

    def takes_writes(self):
        return self.query("SELECT @@super_read_only AS r") == [{"r": 0}]

    def become_primary(self):
        self.query(f"DO group_replication_set_as_primary('{self.id()}')")


class Redis(Server):
    """A Redis that keeps nothing on disk. `lines` are further settings."""

    def __init__(self, folder, name, *lines):
        super().__init__(folder, name)
        settings = [
            f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}", 'save ""', "appendonly no",
            "repl-diskless-sync-delay 0", "maxmemory 256mb", "maxmemory-policy noeviction", *lines,
        ]
        (self.folder / "redis.conf").write_text("\n".join(settings) + "\n")

    def command(self):
        return [REDIS_SERVER, f"{self.folder}/redis.conf"]

    def client(self):
        return redis.Redis(port=self.port, decode_responses=True, socket_timeout=5)

    def answers(self):
        try:
            return self.client().ping()
        except (redis.RedisError, OSError):
            return False

    def role(self):
        """"master" or "slave"; "" where a Sentinel has just ended all connections."""
        try:
            return self.client().info("replication")["role"]
        except (redis.ConnectionError, OSError):
            return ""


class Sentinel(Redis):
    """A Sentinel that alone decides of the master named `mymaster`."""

    def __init__(self, folder, name, master, after_ms):
        Server.__init__(self, folder, name)
        (self.folder / "redis.conf").write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n"
            f"sentinel monitor mymaster 127.0.0.1 {master.port} 1\n"
            f"sentinel down-after-milliseconds mymaster {after_ms}\nsentinel failover-timeout mymaster 5000\n"
        )

    def command(self):
        return [REDIS_SERVER, f"{self.folder}/redis.conf", "--sentinel"]


class TwoNames(Stack):
    """A stack of one MariaDB with two addresses, which Frontrow takes for two servers that both take writes."""

    def __init__(self, **settings):
        super().__init__(mysql_socket="", **settings)
        self.server = MariaDb(self.var, 1)
        settings = self.server.folder / "my.cnf"
        settings.write_text(settings.read_text().replace("bind-address = 127.0.0.1", "bind-address = 127.0.0.1,127.0.0.2"))
        self.environment["FRONTROW_MYSQL_HOSTS"] = f"{self.server.address} 127.0.0.2:{self.server.port}"

    def start(self):
        self.server.start().query(
            "SET GLOBAL read_only = OFF", "CREATE DATABASE frontrow CHARACTER SET utf8mb4",
            "CREATE USER frontrow@'127.0.0.1'", "GRANT ALL ON frontrow.* TO frontrow@'127.0.0.1'",
        )
        super().start()
        return self

    def stop(self):
        self.server.kill()
        super().stop()


@contextlib.contextmanager
def running(*servers):
    """They are ended when the `with` is."""
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.kill()
