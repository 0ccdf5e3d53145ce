"""The journey under random faults for a given time, then the audit and a table: scripts/soak."""

import collections
import os
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from booking import Hall, Load  # noqa: E402
from breaking import kill_a_worker  # noqa: E402
from stack import Stack, end_on_sigterm  # noqa: E402

RATE = 100  # bookings a second


def freeze(stack, name, seconds):
    stack.kill(name, signal.SIGSTOP)
    time.sleep(seconds)
    stack.kill(name, signal.SIGCONT)


def kill_and_restart(stack, name):
    stack.kill(name)
    stack.start_service(name)


FAULTS = {
    "a worker killed": kill_a_worker,
    "the workers reloaded": lambda stack: stack.kill("frontrow", signal.SIGHUP),
    "the program upgraded": lambda stack: stack.kill("frontrow", signal.SIGUSR2),
    "the master killed": lambda stack: kill_and_restart(stack, "frontrow"),
    "MySQL killed": lambda stack: kill_and_restart(stack, "mysql"),
    "MySQL frozen for 3 s": lambda stack: freeze(stack, "mysql", 3),
    "Redis killed": lambda stack: kill_and_restart(stack, "redis"),
    "Redis emptied": lambda stack: stack.redis().flushall(),
    "Redis frozen for 2 s": lambda stack: freeze(stack, "redis", 2),
    "nginx reloaded": lambda stack: stack.kill("nginx", signal.SIGHUP),
    "nginx restarted": lambda stack: stack.restart("nginx"),
    "a sweep": lambda stack: stack.sweeper(),
}


def break_things(stack, seconds):
    """One fault after the other with some seconds between; gives how often each was."""
    counts = collections.Counter()
    end = time.monotonic() + seconds
    while True:
        time.sleep(random.uniform(1, 4))
        if time.monotonic() > end:
            return counts
        fault = random.choice(list(FAULTS))
        FAULTS[fault](stack)
        counts[fault] += 1


def longest_outage(told):
    """The longest time without a success, in milliseconds."""
    good = sorted(a.received for a in told.answers if a.ok)
    return max(later - earlier for earlier, later in zip(good, good[1:]))


def print_table(told, faults, losses):
    codes = collections.Counter(a.code for a in told.answers)
    rows = [("requests", len(told.answers))]
    rows += [(f"answered {code}", count) for code, count in codes.most_common()]
    rows += [(fault, count) for fault, count in faults.most_common()]
    rows += [("longest outage, ms", round(longest_outage(told))), ("losses", losses)]
    for name, value in rows:
        print(f"{name:32} {value:10}")


def soak(stack, seconds):
    """True where nothing was lost, no answer was 500 and the audit is clean."""
    hall = Hall(stack, items=max(10, seconds * RATE // 500), capacity=500)
    longest = seconds + 600  # what is broken may take its time
    with Load(hall, rate=RATE, vanish=2, abandon=20, seconds=longest, judged=False) as load:
        faults = break_things(stack, seconds)
    wrong = load.told.compare(stack)
    audit = stack.ctl("audit")
    print("\n".join([load.summary.strip(), audit.stdout, *wrong]))
    print_table(load.told, faults, len(wrong))
    return not wrong and audit.returncode == 0 and all(a.status != 500 for a in load.told.answers)


def main():
    end_on_sigterm()
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    seed = int(os.environ.get("FRONTROW_SEED", time.time_ns() % 1000000))
    random.seed(seed)
    print(f"{seconds} s of journeys and random faults, FRONTROW_SEED={seed}", flush=True)
    stack = Stack()
    try:
        stack.start()
        return 0 if soak(stack, seconds) else 1
    finally:
        stack.stop()


if __name__ == "__main__":
    sys.exit(main())
