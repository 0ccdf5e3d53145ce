"""The queue's functions with a clock of the test's: against a simple model, and with a crowd (test/model)."""

import json
import math
import os
import pathlib
import statistics
import subprocess

import pytest
from queue_library import library, redis_server
from stack import ROOT


@pytest.fixture(scope="module")
def server():
    """The functions as they are but for TIME, which is what the key `clock` says."""
    with redis_server() as client:
        clock = b"{0, redis.call('GET', 'clock')}"
        client.function_load(library()[1].replace(b"redis.call('TIME')", clock), replace=True)
        yield client


def run(server, program, *arguments):
    server.flushall()
    build = pathlib.Path(os.environ.get("FRONTROW_BUILD", ROOT / "var" / "build"))
    socket = server.connection_pool.connection_kwargs["path"]
    done = subprocess.run(
        [build / "test/model" / program, socket, *arguments],
        timeout=550, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def crowd(server, **settings):
    """A simulation; whatever it is, nobody gets past another or is forgotten, and nobody too much gets in."""
    got = json.loads(run(server, "queue_crowd", *(f"{name}={value}" for name, value in settings.items())))
    assert got["inversions"] == got["overshoot"] == got["lost"] == 0
    return got


def test_random_calls_do_what_the_model_does(server, long):
    run(server, "queue_random", "1", "500000" if long else "30000")


def test_the_wait_that_is_told(server, long):
    """Goal: a median error of 20%, 85-95% not longer than the high one, of what all runs told together."""
    runs = [crowd(server, people=3000 if long else 1000, rate=2, idle=10, seed=seed)
            for seed in range(1, 13 if long else 4)]
    answers = sum(got["answers"] for got in runs)
    held = sum(got["answers"] * got["held"] for got in runs) / answers
    error = statistics.median(got["median_error"] for got in runs)
    print(f"{answers} answers, median error {error:.3f}, {held:.3f} held", *runs, sep="\n")
    assert all(got["left_over"] == 0 for got in runs)
    assert error < 0.3 and 0.8 < held < 0.99


def test_a_queue_is_drained(server, long):
    people, capacity = (100000, 1000) if long else (3000, 100)
    got = crowd(server, people=people, capacity=capacity, rate=capacity / 5, idle=0 if long else 5, walk=0, gone=0.3)
    print(got)
    assert got["left_over"] == 0
    assert 0.65 < got["served"] / people < 0.75


def test_who_waits_asks_seldom(server, long):
    """Both bounds of queue_wait.lua, for all who do as they are told."""
    people = 1000000 if long else 20000
    got = crowd(server, people=people, capacity=20, rate=20, arrive=0, seconds=60 if long else 20)
    print(got)
    assert got["asked_most"] < 1.1 * (2000 + 200 * (1 + math.log(1 + people / 2000)))
    assert got["looked_most"] <= 10000
