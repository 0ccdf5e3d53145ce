"""The line's functions against a simple model in C (test/model): random calls, a clock of the test's."""

import os
import pathlib
import subprocess

import pytest
from line_library import library, redis_server
from stack import ROOT


@pytest.fixture(scope="module")
def server():
    with redis_server() as client:
        yield client


@pytest.mark.parametrize("seed", [1])
def test_random_calls_do_what_the_model_does(server, seed, long):
    server.flushall()
    clock = b"{0, redis.call('GET', 'clock')}"
    server.function_load(library()[1].replace(b"redis.call('TIME')", clock), replace=True)
    build = pathlib.Path(os.environ.get("FRONTROW_BUILD", ROOT / "var" / "build"))
    socket = server.connection_pool.connection_kwargs["path"]
    done = subprocess.run(
        [build / "test/model/line_random", socket, str(seed), "500000" if long else "30000"],
        timeout=600, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
