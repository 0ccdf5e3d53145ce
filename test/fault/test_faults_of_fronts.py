"""A web server that stands still, or a peer that says nothing: it holds a worker for a bounded time, and one time for
all calls that the worker has in its hands."""

import contextlib
import os
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from batches import ONE_WORKER
from booking import Hall
from stack import Answer, wait_for
from wire import fastcgi, read_fastcgi

LINGERS = 0.1  # seconds for which a worker waits for the other side to close
HEALTH = fastcgi("GET", "/health")


@pytest.fixture(scope="module")
def lone(new_stack):
    return new_stack(**ONE_WORKER, front_ms=1000)


class Peer:
    """A connection to the workers, on which these bytes were sent."""

    def __init__(self, stack, data=b""):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(60)
        self.connection.connect(str(stack.run / "frontrow-0.sock"))
        self.connection.sendall(data)

    def answer(self):
        with self.connection.makefile("rb") as stream:
            return Answer(*read_fastcgi(stream))

    def read(self):
        """As a web server does that is well."""
        assert self.answer().headers
        self.close()

    def close(self):
        self.connection.close()


@contextlib.contextmanager
def peers(stack, *requests):
    with contextlib.ExitStack() as stays:
        yield [stays.enter_context(contextlib.closing(Peer(stack, data))) for data in requests]


def silences(stack):
    metrics = stack.fastcgi(fastcgi("GET", "/metrics", more={"FRONTROW_OPERATOR": "1"})).body.decode()
    return int(re.search(r"^frontrow_silent_connections_total (\d+)$", metrics, re.MULTILINE)[1])


def test_who_sends_no_whole_request_is_left(lone):
    """Nothing, a part of the head, a part of the body: others are answered soon, by the same worker."""
    worker, = lone.workers()
    charge = fastcgi("POST", "/point/charge", {"userId": "slow", "amount": 1})
    half = [b"", charge[:20], charge[:100], b""]
    before = silences(lone)
    with peers(lone, *half, charge[:-12]) as silent:
        assert lone.fastcgi(HEALTH).status == 200
        for peer in silent[:-1]:
            assert peer.connection.recv(1) == b""
        assert silent[-1].answer().code == "bad_request"
    assert lone.workers() == [worker]
    assert silences(lone) == before + len(half)
    assert lone.log("frontrow").read_text().count("sent no whole request") == 1
    assert lone.query("SELECT COUNT(*) AS n FROM point_history WHERE user_id = 'slow'")[0]["n"] == 0


def calls_of(hall, name):
    """Sixty that one worker takes at once."""
    for number in range(15):
        user = {"userId": f"{name}-{hall.id}-{number}"}
        yield fastcgi("POST", "/point/charge", user | {"amount": 1})
        yield fastcgi("POST", "/point/use", user | {"amount": 1})
        yield fastcgi("POST", "/token/add", user | {"concertId": hall.id})
        yield fastcgi("POST", "/reservation",
                      user | {"concertId": hall.id, "itemId": hall.first, "seatId": number + 1})


def time_of(stack, requests, reading):
    """The seconds for these calls and one more, whose answers the fronts read or not."""
    worker, = stack.workers()
    os.kill(worker, signal.SIGSTOP)
    try:
        with peers(stack, *requests, HEALTH, HEALTH) as (*asking, last), ThreadPoolExecutor(len(asking)) as pool:
            read = [pool.submit(peer.read) for peer in asking] if reading else []
            began = time.monotonic()
            os.kill(worker, signal.SIGCONT)
            assert last.answer().status == 200
            took = time.monotonic() - began
            for answer in read:
                answer.result()
            return took
    finally:
        os.kill(worker, signal.SIGCONT)


def test_who_reads_no_answers_costs_its_time_once(lone):
    """Not for each of the calls that are in the same hands."""
    hall = Hall(lone, items=2)
    reading = time_of(lone, list(calls_of(hall, "reads")), True)
    hall.first += 1
    standing = time_of(lone, list(calls_of(hall, "stands")), False)
    print(f"\n60 calls: read {reading:.2f} s, not read {standing:.2f} s")
    assert standing < reading + 60 * LINGERS / 2
    sums = lone.query("SELECT COUNT(*) AS n FROM seat WHERE item_id IN (%s, %s) AND status = 'held'",
                      hall.first, hall.last - 1)
    assert sums[0]["n"] == 30


def test_who_reads_nothing_of_a_large_answer_is_left(lone):
    """It is more than the socket holds; the worker gives up, and lives."""
    worker, = lone.workers()
    seats = {"from": 1, "to": 10_000, "price": 1}
    item = {"date": "2030-01-01", "startsAt": "2030-01-01T10:00:00Z", "seats": [seats]}
    made = lone.post("/admin/concert", {"title": "Large", "venue": "Hall", "status": "open", "items": [item]},
                     **lone.admin_headers()).json()
    path = f"/concert/{made['concertId']}/item/{made['itemIds'][0]}/seat"
    with peers(lone, fastcgi("GET", path)) as (peer,):
        wait_for(lambda: peer.connection.recv(1, socket.MSG_PEEK))
        assert lone.fastcgi(HEALTH).status == 200
        assert len(peer.answer().body) < len(lone.fresh(path).body)
    assert lone.workers() == [worker]
    lone.check_books()
