"""Says what a load run came to: report.py BASE K6-STATUS AUDIT-STATUS, where BASE.* is what
scripts/k6 collected, beside the last run of the same (last/NAME.*), where its size was the same. The capacity that
`fresh` found goes into the file `capacity` beside them."""

import collections
import csv
import json
import os
import pathlib
import platform
import re
import sys

SERVICES = ("nginx", "frontrow", "mysql", "redis", "k6")
KINDS = {
    "answers_200": "200",
    "answers_409_seat_taken": "409 seat_taken (expected: sold before)",
    "answers_503_busy": "503 busy",
    "answers_other_4xx": "any other 4xx",
    "answers_other_5xx": "any other 5xx",
    "answers_none": "no answer (refused, broken or late)",
}


def machine():
    """This machine in one line."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    name = model[1] if model else platform.machine()
    return f"{os.cpu_count()} cores ({name}), {memory / 1024**2:.0f} GiB, everything on this machine, k6 included"


def statuses(path):
    """Answers by status in nginx's log of the run."""
    found = collections.Counter()
    with open(path, errors="replace") as log:
        for line in log:
            status = line.rpartition('" ')[2][:3]
            if status.isdigit() and '"GET /health' not in line:
                found[int(status)] += 1
    return found


def processor(path):
    """(seconds between first and last line, CPU seconds by process, k6's largest size in MiB)"""
    with open(path) as file:
        rows = [{name: int(value) for name, value in row.items()} for row in csv.DictReader(file)]
    rows = [row for row in rows if row["k6"] > 0]
    if len(rows) < 2:
        return 0, {}, 0
    used = {name: (rows[-1][name] - rows[0][name]) / 1000 for name in (*SERVICES, "machine")}
    used["everything else"] = max(0, used["machine"] - sum(used[name] for name in SERVICES))
    return (rows[-1]["time"] - rows[0]["time"]) / 1000, used, max(row["k6_kib"] for row in rows) / 1024


def size():
    """How large the run is: two of the same size can be compared."""
    given = {"SCALE": "1", **{name: os.environ[name] for name in ("SCALE", "RATE", "VUS") if os.environ.get(name)}}
    return " ".join(f"{name} {value}" for name, value in given.items())


def figures(metrics):
    """What runs are compared by: [(name, value, how it is written)]"""
    duration = metrics["http_req_duration"]
    return [
        ("requests a second", metrics["http_reqs"]["rate"], "{:.0f}"),
        ("median ms", duration["med"], "{:.2f}"),
        ("p95 ms", duration["p(95)"], "{:.2f}"),
        ("p99 ms", duration["p(99)"], "{:.2f}"),
        ("longest ms", duration["max"], "{:.1f}"),
        *((title, metrics[name]["count"], "{}") for name, title in KINDS.items() if name in metrics),
        ("dropped iterations", metrics.get("dropped_iterations", {}).get("count", 0), "{}"),
    ]


def last_figures(base):
    """{name: value} of the run before this one, if it was of the same size."""
    last = pathlib.Path(base).parent / "last" / pathlib.Path(base).name
    text, metrics = pathlib.Path(f"{last}.txt"), pathlib.Path(f"{last}.json")
    if not text.exists() or size() not in text.read_text().splitlines():
        return {}
    return {name: value for name, value, _ in figures(json.loads(metrics.read_text())["metrics"])}


def print_figures(metrics, last):
    """With those of the last run, and how many times as much it is now."""
    if last:
        print(f"  {'':<42} {'this run':>9} {'the last':>9} {'ratio':>6}")
    for name, value, form in figures(metrics):
        line = f"  {name:<42} {form.format(value):>9}"
        if name in last:
            line += f" {form.format(last[name]):>9}" + (f" {value / last[name]:6.2f}" if last[name] else "")
        print(line)


def print_processor(path, requests):
    seconds, used, size = processor(path)
    if not seconds:
        return
    print(f"processor over {seconds:.0f} s (100% is one core; the sweeper is in everything else)")
    for name in (*SERVICES, "everything else"):
        share = 100 * used[name] / seconds
        each = 1e6 * used[name] / requests if requests else 0
        print(f"  {name:<16} {used[name]:8.1f} s {share:6.1f} % {each:8.0f} us a request")
    print(f"  k6 took {size:.0f} MiB of memory")


def main(base, k6_status, audit_status):
    metrics = json.loads(pathlib.Path(base + ".json").read_text())["metrics"]
    requests = metrics["http_reqs"]
    print(machine())
    print(size())
    print(f"{requests['count']} requests, {metrics['vus_max']['max']} users at most")
    print_figures(metrics, last_figures(base))
    inserts = pathlib.Path(base + ".inserts")
    if inserts.exists():
        print("beside it: " + inserts.read_text().strip())
    by_status = statuses(base + ".access")
    if by_status:
        print("in nginx's log: " + ", ".join(f"{count} x {status}" for status, count in sorted(by_status.items())))
    print("books")
    for line in pathlib.Path(base + ".sales").read_text().splitlines():
        title, _, count = line.partition("\t")
        print(f"  {title:<42} {count:>9}")
    print_processor(base + ".csv", requests["count"])
    verdict = "clean" if audit_status == 0 else "NOT CLEAN\n" + pathlib.Path(base + ".audit").read_text()
    print(f"audit: {verdict}")
    print("thresholds: " + {0: "held", 99: "NOT HELD, see the summary"}.get(k6_status, f"k6 ended with {k6_status}"))
    if k6_status != 0:
        print("\n".join(pathlib.Path(base + ".log").read_text().splitlines()[:3]))
    if pathlib.Path(base).name == "fresh" and k6_status == 0:
        (pathlib.Path(base).parent / "capacity").write_text(f"{requests['rate']:.0f}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
