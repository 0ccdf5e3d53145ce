"""Halls to book, and the client in C that books them and logs every answer (test/bench/booking.c)."""

import contextlib
import itertools
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import pytest
import told
from stack import SERVICES, wait_for

_numbers = itertools.count(1)


def now():
    """Milliseconds of the clock that the client's log has."""
    return time.monotonic() * 1000


class Acceptance:
    """Notes when a store answers again, from `with` on: `ask` is a call that fails until then."""

    def __init__(self, ask):
        self.ask = ask
        self.at = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        end = now() + 120000
        while now() < end:
            with contextlib.suppress(Exception):  # clients raise all sorts where a server just dies
                self.ask()
                self.at = now()
                return
            time.sleep(0.005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self.thread.join(180)
        assert error is not None or self.at is not None, "it did not answer again"


def threads(stack):
    """All threads of the stack's daemons."""
    for name in SERVICES:
        leader = stack.pid(name)
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(stat.read_text().rpartition(")")[2].split()[2]) == leader:
                    yield from map(int, os.listdir(stat.parent / "task"))


def pin(stack, cores):
    for thread in threads(stack):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(thread, cores)


@contextlib.contextmanager
def apart(stack):
    """The stack without the last core, which is the generator's: gives its number."""
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        pytest.skip("the generator wants a core of its own, and there is one only")
    pin(stack, cores - {max(cores)})
    try:
        yield max(cores)
    finally:
        pin(stack, cores)


class Hall:
    """An open concert of a test's own: `items` dates of `seats` seats each (at most 1000)."""

    def __init__(self, stack, *, items=20, seats=1000, capacity=None, active_seconds=30):
        self.stack = stack
        self.seats = seats
        with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO concert (title, venue, status, admission_capacity, active_seconds,"
                " hold_seconds, line_version, line_since, created_at)"
                " VALUES ('Faults', 'Hall', 'open', %s, %s, 300, UNIX_TIMESTAMP(), UNIX_TIMESTAMP(),"
                " UTC_TIMESTAMP(3))", (capacity, active_seconds),
            )
            self.id = cursor.lastrowid
            # numbers without gaps, which Galera would not give
            cursor.execute("SELECT COALESCE(MAX(item_id), 0) + 1 AS first FROM item")
            self.first = cursor.fetchone()["first"]
            self.last = self.first + items - 1
            for number in range(items):
                cursor.execute(
                    "INSERT INTO item (item_id, concert_id, date, starts_at, seat_count, min_price, max_price)"
                    " VALUES (%s, %s, DATE(UTC_TIMESTAMP) + INTERVAL %s DAY,"
                    " UTC_TIMESTAMP(3) + INTERVAL %s DAY, %s, 1000, 1000)",
                    (self.first + number, self.id, 30 + number, 30 + number, seats),
                )
                cursor.execute(
                    "INSERT INTO seat (item_id, seat_no, price, label)"
                    " WITH RECURSIVE counter (n) AS"
                    " (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < %s)"
                    " SELECT %s, n, 1000, n FROM counter", (seats, self.first + number),
                )
        if capacity is not None:  # the first call loads the queue, others may be told to wait for it
            stack.new_client().get(f"/concert/{self.id}/queue")


def hold(hall, user):
    """Holds a seat with the points for it in the user's purse: the body of the payment, and the
    reservation's number."""
    client = hall.stack.new_client()
    body = {"userId": user, "concertId": hall.id}
    body["token"] = client.post("/token/add", body).json()["token"]
    assert client.post("/point/charge", {"userId": user, "amount": 1000}).status == 200
    held = client.post("/reservation", body | {"itemId": hall.last, "count": 1})
    assert held.status == 200, held
    number = held.json()["reservationId"]
    return {"userId": user, "reservationId": number, "token": body["token"]}, number


class Load:
    """The client at work on a hall, until the `with` ends; then all that it was told is compared
    with the books, unless it is not to be judged. `options` are the client's, without the dashes.
    `core` is the one that it gets."""

    def __init__(self, hall, *, rate=200, users=20, retry=100, core=None, judged=True, **options):
        self.stack = hall.stack
        self.judged = judged
        self.name = f"load{next(_numbers)}"
        self.log = self.stack.var / "log" / f"{self.name}.tsv"
        options |= {"rate": rate, "users": users, "retry": retry, "settle": 30}
        options = {"seconds": 600, "seed": next(_numbers)} | options
        self.command = [] if core is None else ["taskset", "-c", str(core)]
        self.command += [
            self.stack.build / "test/bench/booking",
            *(word for front in self.stack.fronts for word in ("--server", front)),
            "--concert", str(hall.id), "--items", f"{hall.first}-{hall.last}",
            "--seats", str(hall.seats), "--name", self.name, "--log", str(self.log),
        ]
        for name, value in options.items():
            self.command += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        wait_for(lambda: self.log.exists() and self.log.stat().st_size > 0 or self.process.poll())
        return self

    def __exit__(self, kind, error, trace):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.summary, _ = self.process.communicate(timeout=60)
        finally:
            self.process.kill()
        assert self.process.returncode == 0, self.summary
        self.told = told.Told(self.log, self.name)
        if error is None and self.judged:
            self.told.check(self.stack)
            print(f"\n{self.summary.strip()}; {self.told.summary()}")


def named_at_work(stack):
    """The requests that the log says were in the hands of the worker that ended last."""
    lines = re.findall(r"worker (\d+) was ended.*; at work on (.+)", stack.log("frontrow").read_text())
    return [request for worker, requests in lines if worker == lines[-1][0] for request in requests.split(", ")]
