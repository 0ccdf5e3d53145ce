"""frontrowctl status: one screen about the server of this machine."""

import os
import re
import signal
import subprocess

import pytest
from helpers import buy, new_concert, new_user
from queue_helpers import Queue
from stack import wait_for


@pytest.fixture(scope="module")
def private(new_stack):
    return new_stack(workers=3)


def screen(stack, word=None):
    """Title -> the rest of its line; waits until `word` is in it, which is asked of MySQL once a second."""
    def read():
        done = stack.ctl("status", "--once")
        assert done.returncode == 0, done.stderr
        return done.stdout if word is None or word in done.stdout else None

    text = wait_for(read)
    return dict(re.findall(r"^(\w+) +(.*)$", text, re.MULTILINE))


def test_all_is_well(private):
    private.sweeper()
    private.check_books()
    shown = screen(private)
    assert shown["MySQL"].startswith("works, ") and shown["Redis"].startswith("works, ")
    busy, idle = re.match(r"(\d) busy, (\d) idle; ended: 0 crashed, 0 by the watchdog, 0 failed", shown["workers"]).groups()
    assert int(busy) + int(idle) == 3
    assert re.match(r"\d+ s ago; the oldest lapsed hold is over for \d+ s$", shown["sweeper"])
    assert re.match(r"\d+ s ago: 0 violations$", shown["audit"])
    assert shown["maintenance"] == "off"


def test_concerts(private):
    concert = new_concert(private, seats=20)
    buy(private, new_user(), concert)
    wait_for(lambda: screen(private, f"\n{concert.id} ")[str(concert.id)].split()[:3] == ["19", "0", "1"])
    queue = Queue.new(private, 1)
    queue.add_many(3)
    wait_for(lambda: screen(private, f"\n{queue.id} ")[str(queue.id)].split()[3:5] == ["2", "1/1"])


def test_what_is_wrong_is_said(private):
    (private.run / "maintenance").touch()
    try:
        assert screen(private)["maintenance"] == "ON"
    finally:
        (private.run / "maintenance").unlink()
    with private.without("redis"):
        wait_for(lambda: screen(private)["Redis"].startswith("DOES NOT WORK"))
        assert screen(private)["memory"] == "not known", "and no number"


def test_it_is_refreshed_and_counts_what_happens_meanwhile(private):
    command = [private.build / "frontrowctl", "--config", private.var / "frontrow.conf", "status"]
    with (private.var / "screens").open("w+") as screens:
        process = subprocess.Popen(command, stdout=screens, env=private.environment)
        try:
            wait_for(lambda: "business" in (private.var / "screens").read_text())
            buy(private, new_user(), new_concert(private))
            wait_for(lambda: "1 holds, 1 payments, 0 refunds" in (private.var / "screens").read_text())
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == -signal.SIGINT
        finally:
            process.kill()
    assert (private.var / "screens").read_text().count("\033[H\033[J") > 1


def test_it_goes_on_while_nobody_answers(new_stack):
    """As in an incident, where it is looked at."""
    stack = new_stack(workers=1)
    command = [stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "status"]
    shown = stack.var / "screens"
    with shown.open("w") as screens:
        process = subprocess.Popen(command, stdout=screens, stderr=subprocess.STDOUT, env=stack.environment)
        try:
            wait_for(lambda: "business" in shown.read_text())
            with stack.without("frontrow"):
                wait_for(lambda: "no worker answers" in shown.read_text())
            wait_for(lambda: "business" in shown.read_text().rpartition("no worker answers")[2].rpartition("\033[H\033[J")[2])
        finally:
            process.kill()
            process.wait()


def test_nobody_answers(new_stack):
    stack = new_stack(workers=1)
    with stack.without("frontrow"):
        done = stack.ctl("status", "--once")
    assert done.returncode == 75 and "no worker answers in" in done.stderr
    os.killpg(stack.pid("frontrow"), signal.SIGSTOP)
    try:
        assert stack.ctl("status", "--once", timeout=30).returncode == 75
    finally:
        os.killpg(stack.pid("frontrow"), signal.SIGCONT)
