"""Draws a load run as BASE.svg from what scripts/k6 collected: plot.py BASE. Three pictures over one
time axis: answers a second by kind, with the users; latency; processor by process."""

import csv
import json
import math
import pathlib
import sys

WIDTH, LEFT, RIGHT, TOP, HEIGHT, GAP = 860, 64, 150, 40, 150, 46
LINES = (  # of the first picture: metric, name, colour
    ("answers_200", "200", "#1a7f37"),
    ("answers_409_seat_taken", "409 seat_taken", "#bf8700"),
    ("answers_503_busy", "503 busy", "#cf222e"),
    ("http_reqs", "requests", "#57606a"),
)
LATENCIES = (("med", "p50", "#0969da"), ("p(95)", "p95", "#8250df"), ("p(99)", "p99", "#cf222e"))
PROCESSES = (
    ("nginx", "#1a7f37"), ("frontrow", "#0969da"), ("mysql", "#bf8700"), ("redis", "#cf222e"), ("k6", "#8c959f"),
)


def read_record(path):
    """[(seconds, {metric: {aggregate: value}})] of each second, from k6's record of its dashboard."""
    kinds, aggregates, rows, start = {}, {}, [], 0
    for line in path.read_text().splitlines():
        event = json.loads(line)
        data = event["data"]
        if event["event"] == "param":
            aggregates = data["aggregates"]
        elif event["event"] == "metric":
            kinds |= {name: metric["type"] for name, metric in data.items()}
        elif event["event"] == "start":
            start = data[0][0]
        elif event["event"] == "snapshot":
            values = dict(zip(sorted(kinds), data))
            row = {name: dict(zip(aggregates[kinds[name]], value)) for name, value in values.items() if value}
            rows.append(((row["time"]["value"] - start) / 1000, row))
    set_rates(rows, kinds)
    return start, rows


def set_rates(rows, kinds):
    """A starved k6 writes late but calls it one second: the rates follow from the times."""
    last = 0
    for second, row in rows:
        for name in row:
            if kinds[name] == "counter":
                row[name]["rate"] = row[name]["count"] / max(0.001, second - last)
        last = second


def read_processor(path, start):
    """{process: [(seconds, cores)]} from the samples of /proc."""
    with open(path) as file:
        rows = [{name: int(value) for name, value in row.items()} for row in csv.DictReader(file)]
    rows = [row for row in rows if row["k6"] > 0]
    cores = {name: [] for name, _ in PROCESSES}
    for before, after in zip(rows, rows[1:]):
        elapsed = after["time"] - before["time"]
        for name in cores:
            cores[name].append(((after["time"] - start) / 1000, (after[name] - before[name]) / elapsed))
    return cores


def nice_steps(top):
    """0 and up to five round steps that reach `top`."""
    step = 10 ** math.floor(math.log10(top or 1))
    while top / step > 5:
        step *= 2 if str(step)[0] != "2" else 2.5
    while top / step < 2.5:
        step /= 2
    return [step * i for i in range(math.ceil(top / step) + 1)]


class Picture:
    """One of the pictures: its axes, and lines in it."""

    def __init__(self, number, title, seconds, steps, logarithmic=False):
        self.y = TOP + number * (HEIGHT + GAP)
        self.seconds, self.logarithmic = seconds, logarithmic
        self.low, self.high = steps[0], steps[-1]
        self.parts = [f'<text x="{LEFT}" y="{self.y - 8}" class="title">{title}</text>']
        self.names = 0
        for step in steps:
            self.parts.append(f'<path d="M{LEFT} {self.at_y(step):.1f}H{WIDTH - RIGHT}" class="grid"/>'
                              f'<text x="{LEFT - 6}" y="{self.at_y(step) + 4:.1f}" class="value">{step:,.6g}</text>')
        for second in nice_steps(seconds):
            if second <= seconds:
                self.parts.append(f'<text x="{self.at_x(second):.1f}" y="{self.y + HEIGHT + 15}" '
                                  f'class="time">{second:g} s</text>')

    def at_x(self, second):
        return LEFT + (WIDTH - LEFT - RIGHT) * min(second, self.seconds) / self.seconds

    def at_y(self, value):
        if self.logarithmic:
            value = math.log10(max(value, self.low) / self.low) / math.log10(self.high / self.low)
        else:
            value = value / self.high
        return self.y + HEIGHT * (1 - value)

    def line(self, name, colour, points, dashed=False):
        if not points:
            return
        path = "L".join(f"{self.at_x(x):.1f} {self.at_y(y):.1f}" for x, y in points)
        self.parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.3"'
                          + (' stroke-dasharray="4 3"' if dashed else "") + "/>")
        at = self.y + 12 + 17 * self.names
        self.parts.append(f'<path d="M{WIDTH - RIGHT + 12} {at - 4}h18" stroke="{colour}" stroke-width="3"/>'
                          f'<text x="{WIDTH - RIGHT + 36}" y="{at}">{name}</text>')
        self.names += 1


def values(rows, metric, aggregate, factor=1):
    return [(second, row[metric][aggregate] * factor) for second, row in rows if metric in row]


def highest(lines):
    return max((value for line in lines for _, value in line), default=1)


def draw_answers(rows, seconds):
    lines = {name: values(rows, metric, "rate") for metric, name, _ in LINES}
    lines = {name: line for name, line in lines.items() if any(value for _, value in line)}
    if len(lines) > 1:
        lines.pop("requests", None)  # their sum
    users = values(rows, "vus", "value")
    picture = Picture(0, "answers a second, and users", seconds, nice_steps(highest([*lines.values(), users])))
    for _, name, colour in LINES:
        picture.line(name, colour, lines.get(name))
    picture.line("users", "#24292f", users, dashed=True)
    return picture


def draw_latency(rows, seconds):
    lines = [(name, colour, values(rows, "http_req_duration", aggregate)) for aggregate, name, colour in LATENCIES]
    top = math.ceil(math.log10(max(10, highest(line for _, _, line in lines))))
    picture = Picture(1, "latency, ms (logarithmic)", seconds, [10.0**n for n in range(-1, top + 1)], True)
    for name, colour, line in lines:
        picture.line(name, colour, line)
    return picture


def draw_processor(cores, seconds):
    picture = Picture(2, "processor, cores in use", seconds, nice_steps(max(1, highest(cores.values()))))
    for name, colour in PROCESSES:
        picture.line(name, colour, cores[name])
    return picture


def main(base):
    start, rows = read_record(pathlib.Path(base + ".ndjson"))
    cores = read_processor(base + ".csv", start)
    seconds = max([second for second, _ in rows] + [1])
    pictures = [draw_answers(rows, seconds), draw_latency(rows, seconds), draw_processor(cores, seconds)]
    height = TOP + 3 * (HEIGHT + GAP)
    pathlib.Path(base + ".svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">\n'
        "<style>text{font:12px sans-serif;fill:#24292f}.title{font-weight:bold}.value{text-anchor:end}"
        ".time{text-anchor:middle}.grid{stroke:#d0d7de;stroke-width:.7}</style>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
        + "\n".join(part for picture in pictures for part in picture.parts) + "\n</svg>\n")


main(sys.argv[1])
