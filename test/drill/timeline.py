"""What a drill leaves for a post-mortem: var/drills/NAME.md, a timeline from metrics and logs, and NAME.svg, a plot."""

import datetime
import math
import time

from stack import ROOT

FOLDER = ROOT / "var/drills"
BEFORE_S = 10  # the plot begins so long before the fault
WIDTH, HEIGHT, LEFT, RIGHT, TOP = 860, 220, 52, 20, 64
METRICS = (
    ("failed calls (frontrow:failures:ratio_last)", "frontrow:failures:ratio_last"),
    ("MySQL takes writes (frontrow_dependency_writable)", 'frontrow_dependency_writable{dependency="mysql"}'),
    ("Redis takes writes (frontrow_dependency_writable)", 'frontrow_dependency_writable{dependency="redis"}'),
    ("maintenance (frontrow_maintenance)", "frontrow_maintenance"),
    ("workers ended (frontrow_worker_endings_total)", "sum(frontrow_worker_endings_total)"),
)


def utc(ms):
    """Of the client's clock, as a time of day."""
    at = time.time() - time.monotonic() + ms / 1000
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%H:%M:%S")


def changes(stack, name, expression, began):
    """(milliseconds of the client's clock, text, source): each new value that Prometheus has of it."""
    offset = time.time() - time.monotonic()
    start, last, found = began / 1000 + offset - BEFORE_S, None, []
    for _, values in stack.range_of(expression, start, time.time(), 1):
        for at, text in values:
            value = round(float(text), 2)
            if not math.isnan(value) and value != last:
                found.append(((at - offset) * 1000, f"{name}: {value:g}", "Prometheus"))
            last = value
        return found[1:]  # the first is how it was before
    return []


def events(incident, result):
    """What the drill and its buyers saw."""
    failed = [a for a in incident.answers() if a.failed and a.received >= incident.broken_at]
    named = [
        (incident.broken_at, "the fault", "drill"),
        (min((a.received for a in failed), default=None), "the first call fails", "client's log"),
        (incident.alerted_at, f"alert {incident.alert}", "Alertmanager"),
        (incident.responded_at, f"`{incident.response}` is in force", "client"),
        (incident.mended_at, "the cause is gone", "drill"),
        (incident.mended_at + 1000 * result.back, "calls succeed again, and none fails any more", "client's log"),
    ]
    return [event for event in named if event[0] is not None]


def write(name, stack, incident, result):
    """Both files; gives the folder."""
    FOLDER.mkdir(exist_ok=True)
    marks = events(incident, result)
    rows = marks + [row for title, expr in METRICS for row in changes(stack, title, expr, incident.broken_at)]
    lines = [f"| {utc(at)} | {text} | {source} |" for at, text, source in sorted(rows)]
    (FOLDER / f"{name}.md").write_text("| UTC | what | source |\n|---|---|---|\n" + "\n".join(lines) + "\n")
    (FOLDER / f"{name}.svg").write_text(draw(incident, marks))


def draw(incident, marks):
    """Answers a second that succeeded and that failed, with a line at each event."""
    begin = incident.broken_at - 1000 * BEFORE_S
    answers = [a for a in incident.answers() if a.received >= begin]
    seconds = max(int((a.received - begin) / 1000) for a in answers) + 1
    counts = {True: [0] * seconds, False: [0] * seconds}
    for answer in answers:
        counts[answer.failed][int((answer.received - begin) / 1000)] += 1
    top = max(map(max, counts.values())) or 1
    height = TOP + HEIGHT

    def x(second):
        return LEFT + (WIDTH - LEFT - RIGHT) * second / seconds

    def y(count):
        return height - HEIGHT * count / top

    parts = []
    for failed, colour in (False, "#1a7f37"), (True, "#cf222e"):
        path = "L".join(f"{x(i + 0.5):.1f} {y(count):.1f}" for i, count in enumerate(counts[failed]))
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    for count in 0, top:
        parts.append(f'<text x="{LEFT - 6}" y="{y(count) + 4:.1f}" text-anchor="end">{count}</text>')
    for second in range(0, seconds, 10):
        parts.append(f'<text x="{x(second):.1f}" y="{height + 16}" text-anchor="middle">{second - BEFORE_S} s</text>')
    for i, (at, text, _) in enumerate(marks):
        second = (at - begin) / 1000
        anchor = "end" if second > seconds / 2 else "start"
        parts.append(f'<path d="M{x(second):.1f} {TOP - 4}V{height}" stroke="#57606a" stroke-dasharray="3 3"/>'
                     f'<text x="{x(second):.1f}" y="{12 + 10 * (i % 5)}" class="mark" text-anchor="{anchor}">'
                     f'{text.replace("`", "")}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 40}" width="{WIDTH}" height="{height + 40}">\n'
        "<style>text{font:12px sans-serif;fill:#24292f}.mark{font-size:10px}</style>\n"
        f'<rect width="{WIDTH}" height="{height + 40}" fill="#fff"/>\n' + "\n".join(parts)
        + f'\n<text x="{LEFT}" y="{height + 34}">answers a second: green succeeded, red failed (refusals of maintenance too)</text>\n</svg>\n'
    )
