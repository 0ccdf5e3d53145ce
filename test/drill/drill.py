"""scripts/drill: carries out drills, and writes docs/drills.md of all of them."""

import argparse
import datetime
import os
import pathlib
import platform
import random
import resource
import sys
import traceback

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(TESTS), str(TESTS / "fault")]

import drills  # noqa: E402, F401: they put themselves into the list
from frame import ALL, carry_out  # noqa: E402
from stack import ROOT, clear_up, end_on_sigterm  # noqa: E402

PAGE = ROOT / "docs/drills.md"
HEADING = (
    "| drill | what breaks | alert | to detect, s | to mitigate, s | first response | service back, s"
    " | customers affected | answers that failed | losses | verdict |\n"
    "|---|---|---|---:|---:|---|---:|---:|---:|---:|---|\n"
)


def seconds(value):
    return "-" if value is None else f"{value:.1f}"


def verdict(faults):
    """In a cell of the table."""
    return "; ".join(faults).replace("\n", " ").replace("|", "/")[:300] or "passed"


def row(drill, result, faults):
    if result is None:
        return f"| `{drill.name}` | {drill.title} | | | | | | | | | {verdict(faults)} |"
    response = f"`{result.response}`" if result.response else "none"
    return (
        f"| `{drill.name}` | {drill.title} | {result.alert} | {seconds(result.detected)} | {seconds(result.mitigated)}"
        f" | {response} | {seconds(result.back)} | {result.affected} of {result.users}"
        f" | {result.failed} of {result.answers} | {len(result.wrong)} | {verdict(faults)} |"
    )


def practise(drill):
    """(row, whether it is passed)"""
    print(f"== {drill.name}: {drill.title}", flush=True)
    result = None
    try:
        result = carry_out(drill)
        faults = result.faults()
    except Exception as error:  # the others are carried out all the same
        traceback.print_exc()
        faults = [f"failed: {type(error).__name__}: {error}"]
    text = row(drill, result, faults)
    print(text, flush=True)
    return text, not faults


def write_page(rows):
    """The table, in the place of the one before."""
    head, _, _ = PAGE.read_text().partition("## The last run\n")
    today = datetime.date.today().isoformat()
    PAGE.write_text(
        head + "## The last run\n\n"
        f"{today}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}, everything on one machine.\n\n"
        + HEADING + "\n".join(rows) + "\n"
    )


def main():
    parser = argparse.ArgumentParser(prog="scripts/drill", description="Breaks a stack of its own on purpose.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a drill; --list tells them")
    parser.add_argument("--all", action="store_true", help="all of them; writes docs/drills.md")
    parser.add_argument("--list", action="store_true", help="print the names")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{drill.name:20} {drill.title}" for drill in ALL.values()))
        return 0
    unknown = [name for name in options.names if name not in ALL]
    if unknown or bool(options.names) == options.all:
        parser.error(f"there is no drill {unknown[0]}" if unknown else "name drills, or say --all")
    end_on_sigterm()
    clear_up()
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # a surge is thousands of connections
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))
    random.seed(1)
    done = [practise(ALL[name]) for name in (ALL if options.all else options.names)]
    if options.all:
        write_page([text for text, _ in done])
    return 0 if all(passed for _, passed in done) else 1


if __name__ == "__main__":
    sys.exit(main())
