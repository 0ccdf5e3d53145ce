"""Clients that are slow, vanish, or send rubbish."""

import asyncio
import collections
import os
import random
import re
import signal
import socket
import subprocess
import time

from booking import Hall, Load, named_at_work
from slow_clients import SlowClients, addresses, head
from stack import wait_for
from told import Books
from wire import corrupt, exchange_all, fastcgi, http, status


def test_vanishing(whole):
    """One in five does not wait for its answer: the effect is complete or absent."""
    hall = Hall(whole, capacity=500)
    workers = set(whole.workers())
    with Load(hall, vanish=20, abandon=50) as load:
        time.sleep(3)
    assert not load.told.broken()
    assert {a.code for a in load.told.answers} >= {"ok", "vanished"}
    assert set(whole.workers()) == workers
    assert "found no reader; it had been carried out" in whole.log("frontrow").read_text()


def test_the_books_agree_at_any_moment(whole):
    """What is sold, paid and refunded is in all tables at once, also while more is."""
    hall = Hall(whole, capacity=500)
    with Load(hall, vanish=20, abandon=50) as load:
        for _ in range(50):
            books = Books(whole, load.name)
            wrong = books.check_effects()
            assert not wrong, wrong[:20]
    assert len(books.payments) > 10


# of each kind of call that there is a limit for
SLOW_HEADS = [head("POST", path) for path in ("/point/charge", "/reservation", "/concert/1", "/admin/concert")]
SLOW_HEADS += [head("DELETE", "/reservation/1?userId=slow")]


def look_on(stack, seconds):
    """Operators look in; each of their calls must be answered well."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in ("/health", "/metrics", "/concert/1/item", "/admin/concert/1"):
            answer = stack.new_client().get(path, **stack.admin_headers())
            assert answer.status == 200, (path, answer)
        time.sleep(0.1)


def test_slow(whole, long):
    """More slow ones than any limit that counts calls: they hold no worker and no place, and nobody feels them."""
    hall = Hall(whole, capacity=500)
    workers = set(whole.workers())
    unfinished = SlowClients(whole.port, 1000, [b"POST /point/charge HTTP/1.1\r\nX-Slow: "])
    with unfinished, SlowClients(whole.port, 10000 if long else 4000, SLOW_HEADS, addresses(100)) as slow:
        with Load(hall) as load:
            look_on(whole, 12 if long else 6)
        assert slow.waiting() == len(slow.connections), "they did not all stay"
    assert not load.told.broken()
    assert set(whole.workers()) == workers


def test_slow_from_one_address(new_stack):
    """It gets its share, and keeps it; everybody else is served."""
    counting = new_stack(uncounted_addresses="127.0.0.1", address_limit=256)
    hall = Hall(counting, capacity=500)
    with SlowClients(counting.port, 2000, SLOW_HEADS[:3], ["127.1.1.1"]) as slow:
        with Load(hall) as load:
            look_on(counting, 3)
        assert slow.waiting() == 256
        assert counting.new_client(source="127.1.1.1").get("/concert").code == "busy"
        assert counting.new_client(source="127.1.1.2").get("/concert").status == 200
    assert not load.told.broken()


def requests_of(hall, make):
    """Valid requests of every kind, by http() or fastcgi()."""
    user = f"fuzz-{hall.id}-{random.randrange(1000)}"
    seat = random.randint(1, hall.seats)
    return random.choice((
        lambda: make("POST", "/point/charge", {"userId": user, "amount": 1000}, Idempotency_Key=seat),
        lambda: make("POST", "/reservation", {
            "userId": user, "concertId": hall.id, "itemId": hall.first, "seatIds": [seat],
        }),
        lambda: make("POST", "/reservation", {
            "userId": user, "concertId": hall.id, "itemId": hall.first, "count": 2, "section": "A",
        }, Idempotency_Key=user),
        lambda: make("POST", "/token/add", {"userId": user, "concertId": hall.id}),
        lambda: make("POST", "/payment", {"userId": user, "reservationId": seat}, X_Queue_Token=user),
        lambda: make("GET", "/token", X_Queue_Token=f"{hall.id}-{'0' * 32}"),
        lambda: make("GET", f"/concert/{hall.id}/item/{hall.first}/seat"),
        lambda: make("GET", f"/concert/{hall.id}/queue"),
        lambda: make("GET", "/health/ready"),
    ))()


def test_corrupted_http(whole, long):
    """Through nginx: never a 500, a crash or a hang."""
    hall = Hall(whole, items=1, capacity=500)
    workers = whole.workers()

    def connect():
        return asyncio.open_connection("127.0.0.1", whole.port)

    wanted = (corrupt(requests_of(hall, http)) for _ in range(100000 if long else 3000))
    answers = exchange_all(connect, wanted, patience=0.5)
    counts = collections.Counter(status(answer) for _, answer in answers)
    print(f"\n{dict(counts.most_common())}")
    bad = [(data, answer) for data, answer in answers if status(answer) in (500, 502, 504)]
    assert not bad, bad[:3]
    assert whole.workers() == workers


def fastcgi_keys(method, path, body=None, change=bytes, **headers):
    path, _, query = path.partition("?")
    return fastcgi(method, path, body, query, change=change, **{name: str(v) for name, v in headers.items()})


def test_corrupted_fastcgi(whole, long):
    """Straight at the workers' sockets: what the parameters and the body say is corrupted. (The
    records around them are libfcgi's to read, and only nginx can reach the sockets.)"""
    hall = Hall(whole, items=1, capacity=500)
    workers = whole.workers()

    def connect():
        return asyncio.open_unix_connection(whole.run / f"frontrow-{random.randrange(4)}.sock")

    def make(*arguments, **headers):
        return fastcgi_keys(*arguments, change=corrupt, **headers)

    wanted = (requests_of(hall, make) for _ in range(100000 if long else 3000))
    answers = exchange_all(connect, wanted, at_once=16, end=0.95)
    counts = collections.Counter(status(answer) for _, answer in answers)
    print(f"\n{dict(counts.most_common())}")
    bad = [(data, answer) for data, answer in answers if status(answer) == 500]
    assert not bad, bad[:3]
    assert whole.workers() == workers


def test_a_request_cannot_forge_a_line_of_the_log(whole):
    """What is no text, or would begin a line, stands in it as question marks."""
    log = whole.log("frontrow")
    given = b"\xe6\nforged".ljust(32, b".")
    request = fastcgi("GET", "/point", query="userId=early").replace(b"f" * 32, given)

    def connect():
        return asyncio.open_unix_connection(whole.run / "frontrow-0.sock")

    with whole.without("mysql"):
        exchange_all(connect, [request] * 3)
        wait_for(lambda: b"forged" in log.read_bytes())
    assert b"request=??forged" in log.read_bytes()
    assert log.read_bytes().isascii()


def test_a_worker_that_ends_while_it_reads_a_request(whole):
    """As when a library gives up on what it reads: the worker is replaced, and nobody loses an answer but
    those whose reservations it has in the same hands."""
    hall = Hall(whole, capacity=500)
    count = whole.worker_count()
    with Load(hall) as load, socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(whole.run / "frontrow-0.sock"))
        connection.sendall(fastcgi("GET", "/health")[:20])
        reader = wait_for(lambda: reader_of(whole, connection))
        os.kill(reader, signal.SIGKILL)
        wait_for(lambda: reader not in whole.workers() and len(whole.workers()) == count)
        assert connection.recv(1) == b""
    assert {answer.request_id for answer in load.told.broken()} <= set(named_at_work(whole))


def reader_of(whole, connection):
    """The worker at the other end of a connection; None as long as none has taken it."""
    peer = str(os.fstat(connection.fileno()).st_ino)
    found = subprocess.run(["ss", "-Hxp", "state", "established"], text=True, capture_output=True, timeout=60)
    for line in found.stdout.splitlines():
        fields = line.split()
        if peer in fields and (pid := re.search(r"pid=(\d+)", line)) and int(pid[1]) in whole.workers():
            return int(pid[1])
    return None
