"""The drills: each breaks one thing, waits for its alert, and mends it as the alert's page says."""

import contextlib
import glob
import os
import random
import shutil
import signal
import subprocess
import time

import pymysql
from booking import Hall, Load
from frame import drill
from stack import beside, empty_data, wait_for

# ---- the application


@drill("workers crash again and again", "WorkersEnding")
def worker_crash_loop(incident):
    def kill():
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(random.choice(incident.stack.workers()), signal.SIGKILL)

    incident.breaks()
    with beside(kill, 0.3):
        incident.await_alert()
        incident.respond("queue", "pause", incident.queue.id)
    incident.mended()
    incident.stack.ctl("queue", "resume", str(incident.queue.id))


@drill("a surge of buyers at a concert without a queue", "WorkersBusy", "AvailabilityBurnFast", "ReservationLatencyBurnFast")
def traffic_surge(incident):
    flood = Load(incident.plain, rate=0, users=1500, retry=200, seconds=60, fresh=True, judged=False, settle=10)
    incident.breaks()
    incident.shows()  # calls are slow before any fails
    with flood:
        incident.await_alert()
        incident.respond("queue", "capacity", incident.plain.id, 20)
    incident.loads.append(flood)
    incident.mended()
    incident.stack.ctl("queue", "capacity", str(incident.plain.id), "none")


def own_programs(incident):
    """Frontrow is started from a folder of its own, in which a deploy puts another program."""
    stack = incident.stack
    incident.folder = stack.var / "installed"
    incident.folder.mkdir()
    shutil.copy(stack.build / "frontrow", incident.folder)
    stack.environment["FRONTROW_BUILD"] = str(incident.folder)
    stack.restart("frontrow")
    wait_for(lambda: len(stack.workers()) == stack.worker_count())


def install(incident, text=None):
    """Puts a program in the place of the installed one, as a package would: that of the build, or a broken one."""
    program = incident.folder / "frontrow"
    new = program.with_suffix(".new")
    if text is None:
        shutil.copy(incident.stack.build / "frontrow", new)
    else:
        new.write_text(text)
        new.chmod(0o755)
    new.rename(program)


BROKEN_BUILD = "#!/bin/sh\necho 'symbol lookup error: a library is missing' >&2\nexit 127\n"


@drill("an upgrade in place to a build that does not start", "UpgradeRefused", prepare=own_programs)
def bad_upgrade(incident):
    incident.breaks()
    install(incident, BROKEN_BUILD)
    incident.stack.kill("frontrow", signal.SIGUSR2)
    incident.await_alert()
    install(incident)
    incident.mended()


@drill("a restart into a build that does not start", "FrontrowDown", prepare=own_programs)
def bad_deploy(incident):
    incident.breaks()
    install(incident, BROKEN_BUILD)
    with contextlib.suppress(RuntimeError):
        incident.stack.restart("frontrow")
    incident.await_alert()
    install(incident)
    incident.stack.start_service("frontrow")
    incident.mended()


def short_holds(incident):
    incident.short = Hall(incident.stack, items=1, seats=10)
    incident.stack.query("UPDATE concert SET hold_seconds = 1 WHERE concert_id = %s", incident.short.id)


@drill("the sweeper is stuck", "LapsedHoldsOld", prepare=short_holds)
def stuck_sweeper(incident):
    incident.cron.sweeps = False
    body = {"userId": "leaver", "concertId": incident.short.id, "itemId": incident.short.first, "seatId": 1}
    incident.breaks()
    assert incident.stack.new_client().post("/reservation", body).status == 200
    time.sleep(1 + 90)  # the objective: no lapsed hold is older
    incident.shows()
    incident.await_alert()
    incident.cron.sweeps = True
    assert incident.stack.sweeper().returncode == 0
    incident.mended()


FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)


def movable_clock(incident):
    """Frontrow alone lives by a clock that a file moves."""
    stack, true = incident.stack, incident.stack.environment
    incident.clock = stack.var / "clock"
    incident.clock.write_text("+0s\n")
    stack.environment = true | {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(incident.clock),
                                "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    stack.restart("frontrow")
    stack.environment = true


@drill("the clock of frontrow's host steps ten minutes forward", "ClockOff", prepare=movable_clock)
def clock_step(incident):
    incident.breaks()
    incident.clock.write_text("+600s\n")
    incident.await_alert()
    incident.clock.write_text("+0s\n")
    time.sleep(1)  # so long the library believes what it read
    incident.mended()


# ---- MySQL


@drill("MySQL is killed", "MysqlDown")
def mysql_down(incident):
    incident.breaks()
    incident.stack.kill("mysql")
    incident.await_alert()
    incident.maintenance()
    incident.stack.start_service("mysql")
    incident.mended()


@drill("MySQL stands still three quarters of the time", "MysqlSlow")
def mysql_slow(incident):
    def stand_still():
        incident.stack.kill("mysql", signal.SIGSTOP)
        time.sleep(0.45)
        incident.stack.kill("mysql", signal.SIGCONT)

    incident.breaks()
    incident.shows()  # calls are slow before any fails
    with beside(stand_still, 0.15):
        incident.await_alert()
        incident.respond("queue", "pause", incident.queue.id)
    incident.mended()
    incident.stack.ctl("queue", "resume", str(incident.queue.id))


@drill("MySQL becomes read-only", "MysqlDown")
def mysql_read_only(incident):
    incident.breaks()
    incident.stack.query("SET GLOBAL read_only = ON")
    incident.await_alert()
    incident.maintenance()
    incident.stack.query("SET GLOBAL read_only = OFF")
    incident.mended()


KEPT_BYTES = 256 << 10  # less than MySQL needs for the next pages


def room_of(path):
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize


@contextlib.contextmanager
def small_disk(stack):
    """MySQL's data and its binary log on a disk of their own; only root can mount one."""
    data = stack.var / "mysql"
    data.mkdir()
    # Without the log InnoDB would go on for minutes: its files grow by many pages at once.
    (stack.var / "mysql.extra").write_text("log-bin = binlog\nserver-id = 1\nsync-binlog = 1\n")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600m", "none", data], check=True)
    try:
        shutil.copytree(empty_data(), data, dirs_exist_ok=True)
        yield
    finally:
        (data / "filler").unlink(missing_ok=True)  # for want of room MySQL would not end
        try:
            stack.script("stop")
        finally:
            subprocess.run(["umount", "--lazy", data], check=True)


@drill("MySQL's disk is full", "MysqlDown", around=small_disk)
def mysql_disk_full(incident):
    filler = incident.stack.var / "mysql/filler"
    incident.breaks()
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as out:
        while (room := room_of(filler) - KEPT_BYTES) > 0:
            out.write(bytes(min(room, 16 << 20)))
    incident.await_alert()
    incident.maintenance()
    filler.unlink()
    incident.stack.kill("mysql")  # by itself it would look for room in a minute only
    incident.stack.start_service("mysql")
    incident.mended()


# ---- Redis


@drill("Redis is killed", "RedisDown")
def redis_down(incident):
    incident.breaks()
    incident.stack.kill("redis")
    incident.await_alert()
    incident.stack.start_service("redis")
    incident.mended()


@drill("Redis loses everything", "QueuesReloaded")
def redis_wiped(incident):
    incident.breaks()
    incident.stack.redis().flushall()
    incident.stack.redis().execute_command("FUNCTION", "FLUSH")
    incident.mended()  # by the next call, which loads the queue
    incident.await_alert()


@drill("Redis is full", "RedisDown", "RedisMemory")
def redis_full(incident):
    redis = incident.stack.redis()
    before = redis.config_get("maxmemory")["maxmemory"]
    incident.breaks()
    redis.config_set("maxmemory", redis.info("memory")["used_memory"] // 2)
    incident.await_alert()
    redis.config_set("maxmemory", before)
    incident.mended()


@drill("Redis is demoted to a replica", "RedisDown")
def redis_demoted(incident):
    redis = incident.stack.redis()
    incident.breaks()
    redis.replicaof("127.0.0.1", 1)
    incident.await_alert()
    redis.replicaof("NO", "ONE")
    incident.mended()


# ---- the books


def client_program(*names):
    return next(filter(shutil.which, names))


@drill("MySQL's data is lost, and restored from a dump made in maintenance", "MysqlDown")
def restore(incident):
    """By the page on backups. Nothing is sold after the dump; test_backup.py has a MySQL that is set back in time."""
    stack = incident.stack
    socket = ["--no-defaults", "-u", "root", "-S", str(stack.run / "mysql.sock")]
    mysql = [client_program("mariadb", "mysql"), *socket]
    dump = stack.var / "frontrow.sql"
    assert stack.ctl("maintenance", "on").returncode == 0
    wait_for(lambda: stack.new_client().post("/point/charge", {}).code == "maintenance")
    time.sleep(3)  # what is under way ends
    with dump.open("wb") as out:
        subprocess.run([client_program("mariadb-dump", "mysqldump"), *socket, "--single-transaction", "--hex-blob",
                        "--default-character-set=utf8mb4", "frontrow"], stdout=out, check=True, timeout=120)
    incident.breaks()
    stack.kill("mysql")
    shutil.rmtree(stack.var / "mysql")
    assert stack.ctl("maintenance", "off").returncode == 0
    incident.await_alert()
    incident.maintenance()
    stack.stop_service("frontrow")
    shutil.copytree(empty_data(), stack.var / "mysql")
    stack.start_service("mysql")
    subprocess.run([*mysql, "-e", "CREATE DATABASE frontrow CHARACTER SET utf8mb4; CREATE USER frontrow@localhost;"
                    " GRANT ALL ON frontrow.* TO frontrow@localhost"], check=True, timeout=60)
    with dump.open("rb") as text:
        subprocess.run([*mysql, "--default-character-set=utf8mb4", "frontrow"], stdin=text, check=True, timeout=300)
    stack.check_books()
    assert stack.sweeper().returncode == 0
    stack.start_service("frontrow")
    incident.mended()


def sold_seat(incident):
    """A concert with one seat, which somebody has paid."""
    stack, hall = incident.stack, Hall(incident.stack, items=1, seats=1)
    client, body = stack.new_client(), {"userId": "owner", "concertId": hall.id}
    body["token"] = client.post("/token/add", body).json()["token"]
    assert client.post("/point/charge", {"userId": "owner", "amount": 1000}).status == 200
    held = client.post("/reservation", body | {"itemId": hall.first, "seatId": 1}).json()
    assert client.post("/payment", body | {"reservationId": held["reservationId"]}).status == 200
    incident.sold, incident.reservation = hall, held["reservationId"]


@drill("somebody sells a seat twice by SQL", "AuditViolations", prepare=sold_seat)
def oversell(incident):
    """A second row of the seat is refused by its key. To take it from its owner is not; the audit finds it."""
    stack, hall = incident.stack, incident.sold
    incident.breaks()
    with contextlib.suppress(pymysql.IntegrityError):
        stack.query("INSERT INTO seat SELECT * FROM seat WHERE item_id = %s", hall.first)
        raise AssertionError("a seat could be there twice")
    stack.query("UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL"
                " WHERE item_id = %s", hall.first)
    incident.await_alert()
    incident.respond("maintenance", "on", "--concert", hall.id)
    thief = {"userId": "second", "concertId": hall.id, "itemId": hall.first, "seatId": 1}
    assert stack.new_client().post("/reservation", thief).code == "maintenance"
    stack.query("UPDATE seat SET status = 'sold', reservation_id = %s WHERE item_id = %s", incident.reservation, hall.first)
    stack.check_books()
    incident.mended()
    assert stack.ctl("maintenance", "off", "--concert", str(hall.id)).returncode == 0
    assert stack.new_client().post("/reservation", thief).code == "seat_taken"
