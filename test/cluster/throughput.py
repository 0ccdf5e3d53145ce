"""Bookings a second with one, two and three app hosts against the same database: scripts/lib/test-cluster
--throughput."""

import pathlib
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).parent.parent), str(pathlib.Path(__file__).parent.parent / "fault")]

from booking import Hall, Load  # noqa: E402
from machines import Cluster, write_into_page  # noqa: E402
from stack import end_on_sigterm, wait_for  # noqa: E402

APPS = ("app-1", "app-2", "app-3")
BUYERS, WARM_SECONDS, SECONDS = 60, 3, 15
MANY_WORKERS = 12  # of one host, as many as three have
HEAD = ("| app hosts | workers of each | bookings a second | p50, ms | p99, ms | processors busy |\n"
        "|---|---|---|---|---|---|\n")


def processor_time():
    """What all processors have spent so far: all of it, and idle."""
    fields = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]))
    return sum(fields), fields[3] + fields[4]


def measure(cluster, count, workers=4):
    """A row: the first `count` hosts, with so many workers each; all buyers ask one call after the other."""
    cluster.make_whole()
    for name in APPS:
        cluster.script("kill", name)
    cluster.script("up", FRONTROW_WORKERS=str(workers))
    for name in APPS[count:]:
        cluster.script("kill", name)
    wait_for(lambda: cluster.health("front-1") == cluster.health("front-2") == "ready")
    hall = Hall(cluster, items=20)
    with Load(hall, rate=0, users=BUYERS, retry=50) as load:
        time.sleep(WARM_SECONDS)
        before, idle_before = processor_time()
        time.sleep(SECONDS)
        after, idle_after = processor_time()
    answers = load.told.answers
    first = answers[0].sent + WARM_SECONDS * 1000
    booked = sum(a.ok and a.call == "reserve" and first <= a.received < first + SECONDS * 1000 for a in answers)
    busy = 1 - (idle_after - idle_before) / (after - before)
    return (f"| {count} | {workers} | {booked / SECONDS:.0f} | {load.told.below(50, first):.0f} | {load.told.below(99, first):.0f}"
            f" | {busy:.0%} |\n")


def main():
    end_on_sigterm()
    cluster = Cluster()
    try:
        cluster.start()
        table = HEAD + "".join(measure(cluster, count) for count in (3, 2, 1)) + measure(cluster, 1, MANY_WORKERS)
        cluster.make_whole()
        cluster.check_books()
    finally:
        cluster.stop()
    print(table)
    if "--write" in sys.argv:
        write_into_page("throughput", table)


if __name__ == "__main__":
    main()
