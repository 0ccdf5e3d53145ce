"""nginx is reloaded and restarted while tickets are sold."""

import contextlib
import os
import signal
import socket
import time
from http.client import RemoteDisconnected

import wire
from booking import Hall, Load, now
from stack import wait_for


def children(stack):
    pid = stack.pid("nginx")
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return set(file.read().split())


def test_reload(whole, times, long):
    """No request fails. (A connection that is kept may be closed just as it is used again, by any
    server; each call has a connection of its own here.)"""
    hall = Hall(whole, capacity=500)
    with Load(hall, fresh=True) as load:
        for _ in range(20 if long else 3):
            before = children(whole)
            whole.kill("nginx", signal.SIGHUP)
            wait_for(lambda: not children(whole) & before)
    assert not load.told.broken()
    times.note("nginx reload", 0, 0)


def test_restart(whole, times):
    """Connections are refused for a moment; what was under way is answered."""
    hall = Hall(whole, capacity=500)
    with Load(hall, fresh=True) as load:
        time.sleep(0.5)
        whole.stop_service("nginx")
        whole.start_service("nginx")
        mended = now()
        time.sleep(1)
    # What waited in the socket's queue when nginx closed it is reset, one call of each user at most.
    # Nobody had read it, and that it had no effect, the load's own judge has seen.
    codes = [answer.code for answer in load.told.failures()]
    assert set(codes) <= {"not_sent", "lost"}
    assert codes.count("lost") <= 20
    times.note("nginx restart", load.told.time_back(mended), 100)


def test_a_killed_worker_of_nginx_keeps_places_until_the_restart(new_stack):
    """Those of its calls that were under way; nginx itself gives none back."""
    stack = new_stack(exact_limit=1, sockets=1, workers=2, stale_ms=0)
    with contextlib.suppress(RemoteDisconnected, ConnectionResetError), stack.one_call_under_way():
        for pid in children(stack):
            os.kill(int(pid), signal.SIGKILL)
    assert stack.get("/point?userId=fan").code == "busy"
    stack.restart("nginx")
    assert stack.get("/point?userId=fan").status == 200


def test_a_front_that_stands_still_does_not_hold_the_workers(new_stack):
    """It takes no answer and closes no connection: the calls of another one pass it by. (By itself libfcgi would
    wait two seconds for each.)"""
    stack = new_stack(sockets=1, workers=2, stale_ms=0)
    with contextlib.ExitStack() as frozen:
        for _ in range(20):
            connection = frozen.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(str(stack.run / "frontrow-0.sock"))
            connection.sendall(wire.fastcgi("GET", "/health"))
        began = now()
        assert stack.get("/point?userId=fan").status == 200
        assert now() - began < 10_000


def test_start_after_a_kill(whole):
    """The workers of a killed nginx keep its port; that is no other's."""
    workers = children(whole)
    whole.kill("nginx")
    whole.start()
    assert children(whole) and not children(whole) & workers
    assert whole.client.get("/health/ready").status == 200
