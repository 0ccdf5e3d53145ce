"""What tests do while COMMITs are lost and workers are killed."""

import contextlib
import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor

from stack import wait_for


def ask_until_told(stack, method, path, body=None, headers=None):
    """All answers of a call up to the first that is no fault, each asked for by a client of its own."""
    answers = []

    def ask():
        with contextlib.closing(stack.new_client()) as client:
            answers.append(client.call(method, path, body, headers))
        return answers[-1].status < 500

    wait_for(ask, 60)
    return answers


def kill_a_worker(stack):
    victim = random.choice(wait_for(stack.workers))
    with contextlib.suppress(ProcessLookupError):  # one that was just leaving
        os.kill(victim, signal.SIGKILL)


def kill_workers_while(stack, function, pause=0.1):
    """One after the other, so many seconds apart; what the function returns."""
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(function)
        while not work.done():
            kill_a_worker(stack)
            with contextlib.suppress(TimeoutError):
                work.result(pause)
    return work.result()
