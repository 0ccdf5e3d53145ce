"""Puts the load runs of a folder into the two documents: document.py FOLDER DOCS NAME... What stands between
`<!-- results -->` and `<!-- /results -->` in DOCS/load-test*.md is written anew, likewise the other blocks;
the pictures go to DOCS/load-test/. Scenarios that did not run are left out."""

import json
import pathlib
import re
import shutil
import sys

from report import KINDS, SERVICES, processor

WORDS = {
    "load-test.md": {
        "results": ("scenario", "run", "requests", "a second", "p50 ms", "p99 ms", "200", "409 seat_taken", "503 busy",
                    "other errors", "audit"),
        "processor": ("scenario", "nginx", "frontrow", "MySQL", "Redis", "k6", "k6's memory", "others' work"),
        "books": ("scenario", "reservations made", "seats held at the end", "seats sold", "tokens of queues"),
        "full": "full", "part": "time x {:g}", "clean": "clean",
    },
    "load-test.ko.md": {
        "results": ("시나리오", "실행", "요청", "요청/초", "p50 ms", "p99 ms", "200", "409 좌석 선점", "503 busy",
                    "그 밖의 오류", "감사"),
        "processor": ("시나리오", "nginx", "frontrow", "MySQL", "Redis", "k6", "k6 메모리", "다른 작업"),
        "books": ("시나리오", "만든 예약", "점유 중 좌석", "판매된 좌석", "대기열 토큰"),
        "full": "전체", "part": "{:g}배 축소", "clean": "이상 없음",
    },
}


class Run:
    """What scripts/k6 left of one scenario."""

    def __init__(self, base):
        def read(ending):
            return base.with_name(base.name + ending).read_text()

        self.name, self.picture = base.name, base.with_name(base.name + ".svg")
        self.metrics = json.loads(read(".json"))["metrics"]
        self.requests = self.metrics["http_reqs"]["count"]
        self.seconds, self.used, self.k6_mib = processor(base.with_name(base.name + ".csv"))
        self.summary, report = read(".summary.txt"), read(".txt")
        self.scale = float(re.search(r"SCALE ([\d.]+)", report)[1])
        self.audit = re.search(r"^audit: (.*)", report, re.M)[1]
        self.books = dict(re.findall(r"^  ((?:reservations|seats|tokens)[a-z ]*?)\s{2,}(\d+)$", report, re.M))
        self.by_status = {int(status): int(count) for count, status in re.findall(r"(\d+) x (\d+)", report)}

    def answers(self):
        """(200, 409, 503 busy, everything else); of the seed's own scripts, that count nothing, by nginx's log."""
        if "answers_200" in self.metrics:
            ok, taken, busy, *others = (self.metrics.get(kind, {}).get("count", 0) for kind in KINDS)
        else:
            ok, taken, busy = (self.by_status.get(status, 0) for status in (200, 409, 503))
            others = (count for status, count in self.by_status.items() if status not in (200, 409, 503))
        return ok, taken, busy, sum(others)


def table(columns, left, rows):
    marks = ["---"] * left + ["---:"] * (len(columns) - left)
    return "\n".join("| " + " | ".join(row) + " |" for row in (columns, marks, *rows))


def results(runs, words):
    rows = []
    for run in runs:
        duration, (ok, taken, busy, others) = run.metrics["http_req_duration"], run.answers()
        rows.append((
            run.name, words["full"] if run.scale == 1 else words["part"].format(run.scale), f"{run.requests:,}",
            f"{run.metrics['http_reqs']['rate']:,.0f}", f"{duration['med']:.1f}", f"{duration['p(99)']:.1f}",
            f"{ok:,}", f"{taken:,}", f"{busy:,} ({100 * busy / run.requests:.2g}%)", f"{others:,}",
            words["clean"] if run.audit == "clean" else run.audit,
        ))
    return table(words["results"], 2, rows)


def processor_table(runs, words):
    rows = []
    for run in runs:
        shares = [
            f"{100 * run.used[name] / run.seconds:.0f}% ({1e6 * run.used[name] / run.requests:.0f} us)"
            for name in SERVICES
        ]
        others = 100 * run.used["everything else"] / run.seconds
        rows.append((run.name, *shares, f"{run.k6_mib:,.0f} MiB", f"{others:.0f}%"))
    return table(words["processor"], 1, rows)


def books(runs, words):
    titles = ("reservations made", "seats held", "seats sold", "tokens of queues")
    rows = [(run.name, *(f"{int(run.books.get(title, 0)):,}" for title in titles)) for run in runs]
    return table(words["books"], 1, rows)


def pictures(runs, _):
    return "\n\n".join(f"### {run.name}\n\n![{run.name}](load-test/{run.name}.svg)" for run in runs)


def summaries(runs, _):
    parts = []
    for run in runs:
        lines = run.summary[max(0, run.summary.find("TOTAL RESULTS")):].strip().splitlines()
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines))
        parts.append(f"<details><summary>{run.name}</summary>\n\n```\n{text}\n```\n\n</details>")
    return "\n\n".join(parts)


BLOCKS = {
    "results": results, "processor": processor_table, "books": books, "pictures": pictures, "summaries": summaries,
}


def filled(text, runs, words):
    """The document with its blocks written anew."""
    def block(match):
        return f"<!-- {match[1]} -->\n\n{BLOCKS[match[1]](runs, words)}\n\n<!-- /{match[1]} -->"

    return re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", block, text, flags=re.S)


def main(folder, docs, names):
    runs = [Run(folder / name) for name in names if (folder / f"{name}.svg").exists()]
    shown = docs / "load-test"
    shown.mkdir(exist_ok=True)
    for run in runs:
        shutil.copy(run.picture, shown)
    for name, words in WORDS.items():
        (docs / name).write_text(filled((docs / name).read_text(), runs, words))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])
