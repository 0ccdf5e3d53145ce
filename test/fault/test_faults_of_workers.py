"""Workers and their master are killed, reloaded and upgraded while tickets are sold."""

import collections
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import wire
from booking import Hall, Load, hold, now
from stack import ROOT, is_gone, wait_for


def test_random_workers_killed(whole, times, long):
    """Only the requests in their hands fail, and others serve meanwhile. A worker has up to sixty-four."""
    hall = Hall(whole, capacity=500)
    kills = []
    with Load(hall) as load:
        end = time.monotonic() + (30 if long else 6)
        while time.monotonic() < end:
            with contextlib.suppress(ProcessLookupError):  # one that was just leaving
                os.kill(random.choice(wait_for(whole.workers)), signal.SIGKILL)
                kills.append(now())
            time.sleep(0.1)
    at_work = re.findall(r"; at work on (.+)", whole.log("frontrow").read_text())
    named = {request for line in at_work for request in line.split(", ")}
    assert len(load.told.broken()) <= len(kills) + sum(line.count(", ") for line in at_work)
    for answer in load.told.lost_but_done():
        assert answer.request_id in named, answer
    times.note("random worker killed, each 100 ms", longest_silence(load.told, kills), 100)


def test_no_delete_goes_to_two_workers(whole, long):
    """Without a key, so nothing is replayed: handed over again, what was done would be answered 409. Here
    each payment is refunded by one DELETE, or not at all, and who is told so or nothing knows which."""
    for _ in range(10):  # until a worker was killed while it had one
        if "outcome_unknown" in refunds_while_workers_die(whole, 1000 if long else 200):
            return
    raise AssertionError("no worker died on one")


def refunds_while_workers_die(whole, count):
    """The codes of all answers."""
    hall = Hall(whole)
    sold = {}
    for number in range(count):
        payment, reservation = hold(hall, f"refund-{hall.id}-{number}")
        assert whole.new_client().post("/payment", payment).status == 200
        sold[reservation] = payment["userId"]

    def refund(reservation):
        with contextlib.closing(whole.new_client()) as client:
            return client.call("DELETE", f"/reservation/{reservation}?userId={sold[reservation]}")

    with ThreadPoolExecutor(8) as pool:
        calls = {reservation: pool.submit(refund, reservation) for reservation in sold}
        while not all(call.done() for call in calls.values()):
            with contextlib.suppress(ProcessLookupError):  # one that was just leaving
                os.kill(random.choice(wait_for(whole.workers)), signal.SIGKILL)
            time.sleep(0.02)
    refunds = collections.Counter(row["reservation_id"] for row in whole.query(
        "SELECT reservation_id FROM point_history WHERE kind = 'refund' AND user_id LIKE %s", f"refund-{hall.id}-%"))
    told = {reservation: call.result() for reservation, call in calls.items()}
    outcomes = collections.Counter((answer.status, answer.code, refunds[number]) for number, answer in told.items())
    print(f"\n{dict(outcomes)}")
    assert {status for status, code, _ in outcomes} <= {200, 502, 503}
    for (status, code, count) in outcomes:
        possible = {200: (1,), 503: (0,), 502: (0, 1) if code == "outcome_unknown" else (0,)}
        assert count in possible[status], outcomes
    return {code for _, code, _ in outcomes}


def longest_silence(told, kills):
    """The longest time after a kill in which nothing succeeded."""
    good = sorted(a.received for a in told.answers if a.ok)
    return max(next((t for t in good if t > kill), kill) - kill for kill in kills)


def is_replaced(stack, before, count):
    """So many workers, and none of those from before."""
    now = stack.workers()
    return len(now) == count and not set(now) & set(before)


def test_reload(whole, times, long):
    """SIGHUP replaces all workers; no request fails."""
    hall, count = Hall(whole, capacity=500), whole.worker_count()
    with Load(hall) as load:
        for _ in range(20 if long else 5):
            before = whole.workers()
            whole.kill("frontrow", signal.SIGHUP)
            wait_for(lambda: is_replaced(whole, before, count))
    assert not load.told.broken()
    times.note("SIGHUP", 0, 0)


@pytest.fixture
def own_program(whole):
    """The stack with frontrow started from a folder of its own: gives the program's path."""
    folder = whole.var / "upgraded"
    folder.mkdir()
    program = folder / "frontrow"
    shutil.copy(whole.build / "frontrow", program)
    before = whole.environment["FRONTROW_BUILD"]
    count = whole.worker_count()
    try:
        whole.environment["FRONTROW_BUILD"] = str(folder)
        whole.restart("frontrow")
        wait_for(lambda: len(whole.workers()) == count)
        yield program
    finally:
        whole.environment["FRONTROW_BUILD"] = before
        whole.restart("frontrow")
        shutil.rmtree(folder)


def install_other_build(program, number):
    """Another program in the place of this one, as a package would put it."""
    new = program.with_suffix(".new")
    shutil.copy(program, new)
    with open(new, "ab") as file:
        file.write(b"build %d" % number)
    new.rename(program)


def test_upgrade(whole, own_program, times, long):
    """SIGUSR2 re-executes the master in place; no request fails."""
    hall, count = Hall(whole, capacity=500), whole.worker_count()
    master = whole.pid("frontrow")
    with Load(hall) as load:
        for number in range(20 if long else 5):
            before = whole.workers()
            install_other_build(own_program, number)
            whole.kill("frontrow", signal.SIGUSR2)
            wait_for(lambda: is_replaced(whole, before, count))
            assert os.path.samefile(f"/proc/{master}/exe", own_program)
    assert whole.pid("frontrow") == master
    assert not load.told.broken()
    times.note("SIGUSR2 to another build", 0, 0)


def test_an_upgrade_to_a_broken_build_is_refused(whole, own_program):
    """The program's --check comes first: this one goes on."""
    before = whole.workers()
    own_program.unlink()
    own_program.write_text("#!/bin/sh\nexit 1\n")
    own_program.chmod(0o755)
    whole.kill("frontrow", signal.SIGUSR2)
    wait_for(lambda: "the new program's --check failed" in whole.log("frontrow").read_text())
    assert whole.workers() == before
    assert whole.new_client().get("/health/ready").status == 200
    own_program.unlink()
    shutil.copy(whole.build / "frontrow", own_program)


@pytest.fixture
def keeper(whole):
    """The loop of scripts/up that restarts what died."""
    process = subprocess.Popen(
        [ROOT / "scripts/lib/keeper"], env=whole.environment, start_new_session=True,
        stdout=open(whole.log("keeper"), "a"), stderr=subprocess.STDOUT,
    )
    yield process
    process.kill()  # asked to end, it would end the stack
    process.wait()


def test_master_killed(whole, keeper, times, round):
    """Its workers go with it, and the supervisor brings it back."""
    hall = Hall(whole, capacity=500)
    orphans = whole.workers()
    with Load(hall) as load:
        time.sleep(1)
        killed = now()
        whole.kill("frontrow")
        wait_for(lambda: all(map(is_gone, orphans)))
        time.sleep(2)
    assert [a for a in load.told.failures() if a.received > killed], "nobody noticed"
    times.note("kill -9 of the master", load.told.time_back(killed), 2000)


def start_on(stack, listener, folder):
    """frontrow with a socket that somebody else made, as systemd passes it."""
    line = "exec 3<&$0; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\""
    environment = stack.environment | {"FRONTROW_RUN_DIR": str(folder), "FRONTROW_SOCKETS": "1"}
    return subprocess.Popen(
        ["bash", "-c", line, str(listener.fileno()), stack.build / "frontrow",
         "--config", stack.var / "frontrow.conf"],
        env=environment, pass_fds=[listener.fileno()],
        stdout=open(stack.log("frontrow-listen"), "a"), stderr=subprocess.STDOUT,
    )


def test_the_queue_of_a_passed_socket_outlives_the_master(whole, tmp_path):
    """Who connects while there is no master waits, and is answered by the next."""
    path = f"/tmp/frontrow-listen-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        try:
            first = start_on(whole, listener, tmp_path)
            assert b"Status: 200" in ask(path)
            first.kill()
            first.wait()
            with socket.socket(socket.AF_UNIX) as waiting:
                waiting.connect(path)
                waiting.sendall(wire.fastcgi("GET", "/health"))
                second = start_on(whole, listener, tmp_path)
                waiting.settimeout(60)
                assert b"Status: 200" in waiting.recv(65536)
            second.terminate()
            assert second.wait(60) == 0
        finally:
            os.unlink(path)


def ask(path, data=wire.fastcgi("GET", "/health")):
    """What a worker answers, until it ends the connection."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(path)
        connection.sendall(data)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


def test_a_front_that_keeps_its_connections_keeps_no_worker(whole):
    """More of them than there are workers, each for as long as the worker allows."""
    path = str(whole.run / "frontrow-0.sock")
    workers = whole.workers()
    for _ in range(whole.worker_count() + 1):
        assert b"Status: 200" in ask(path, wire.fastcgi("GET", "/health", keep=True))
    assert whole.workers() == workers


def test_what_operators_ask_is_never_too_late(whole):
    """A buyer's call that waited for too long has no reader any more; a monitor's has."""
    path = str(whole.run / "frontrow-0.sock")
    late = {"MSEC": f"{time.time() - 60:.3f}", "FRONTROW_OPERATOR": "1"}

    def answer(*request):
        return wire.status(ask(path, wire.fastcgi(*request, more=late)))

    assert answer("GET", "/concert") == 503
    assert answer("GET", "/nothing") == 503
    for operators in "/health", "/health/ready", "/metrics", "/admin/concert/1":
        assert answer("GET", operators) != 503, operators
