"""Clients that are slow, vanish, or send rubbish."""

import asyncio
import collections
import random
import struct
import time

import pytest
from booking import Hall, Load
from stack import wait_for
from wire import begin, corrupt, exchange_all, fastcgi, http, record, status

SLOW = 2000


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


async def open_slowly(port, seconds):
    """Half of them send a head without an end, half a body, a byte now and then."""
    head = b"POST /point/charge HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\n"
    writers = []
    for number in range(SLOW):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + (b"Content-Length: 1000\r\n\r\n{" if number % 2 else b"X-Slow: "))
        writers.append(writer)
    for _ in range(seconds):
        await asyncio.sleep(1)
        for writer in writers:
            writer.write(b" ")
    for writer in writers:
        writer.transport.abort()


def test_slow(whole):
    """2,000 slow ones hold no worker: nobody else feels them."""
    hall = Hall(whole, capacity=500)
    workers = set(whole.workers())
    with Load(hall) as load:
        asyncio.run(open_slowly(whole.port, 2))
    assert not load.told.broken()
    assert set(whole.workers()) == workers


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


def fastcgi_keys(method, path, body=None, **headers):
    path, _, query = path.partition("?")
    return fastcgi(method, path, body, query, **{name: str(v) for name, v in headers.items()})


LIBFCGI_GAVE_UP = "Malloc: Assertion"


def news(whole):
    """A function that gives the lines of frontrow's log from now on that contain a text."""
    log = whole.log("frontrow")
    seen = len(log.read_text().splitlines())
    return lambda text: [line for line in log.read_text().splitlines()[seen:] if text in line]


def test_corrupted_fastcgi(whole, long):
    """Straight at the workers' sockets, of which nginx would send none. A worker may be lost to the
    one known fault of libfcgi, and to nothing else."""
    hall = Hall(whole, items=1, capacity=500)
    count = whole.worker_count()
    lines = news(whole)

    def connect():
        return asyncio.open_unix_connection(whole.run / f"frontrow-{random.randrange(4)}.sock")

    wanted = (corrupt(requests_of(hall, fastcgi_keys)) for _ in range(100000 if long else 3000))
    answers = exchange_all(connect, wanted, at_once=16, end=0.95)
    wait_for(lambda: len(whole.workers()) == count)
    counts = collections.Counter(status(answer) for _, answer in answers)
    lost = lines("was ended by signal")
    print(f"\n{dict(counts.most_common())}, {len(lost)} workers lost")
    bad = [(data, answer) for data, answer in answers if status(answer) == 500]
    assert not bad, bad[:3]
    assert len(lost) <= len(lines(LIBFCGI_GAVE_UP)), lost


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


def test_a_parameter_longer_than_an_int(whole):
    """A name and a value of 1 GiB each: libfcgi up to 2.4.6 gives up on the sum. That costs the
    worker, which is replaced, and nobody else an answer."""
    hall = Hall(whole, capacity=500)
    count = whole.worker_count()
    lines = news(whole)
    lengths = struct.pack(">II", 1 << 31 | 1 << 30, 1 << 31 | 1 << 30)

    def connect():
        return asyncio.open_unix_connection(whole.run / "frontrow-0.sock")

    with Load(hall) as load:
        exchange_all(connect, [begin() + record(4, lengths)], end=1)
        wait_for(lambda: len(lines("was ended by signal")) == len(lines(LIBFCGI_GAVE_UP)))
        wait_for(lambda: len(whole.workers()) == count)
    assert not load.told.broken()
