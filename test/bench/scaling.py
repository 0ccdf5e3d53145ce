#!/usr/bin/python3
"""What a sale needs: a simulation of its fans, and of the machine that answers them.

scaling.py            prints the table of docs/scaling.md
scaling.py --write    puts it there
scaling.py --points   prints measured points, and what the simulation says of them

It needs nothing but Python, and prints the same each time. The costs are those that docs/performance.md has in its
newest table; what is assumed about fans stands in ASSUMED."""

import collections
import heapq
import math
import pathlib
import random
import re
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/scaling.md"
KINDS = ("nginx", "workers", "MySQL", "Redis")


# ---- what was measured


class Row(NamedTuple):
    """A measured row: calls a second, and microseconds of processor time for a call."""

    rate: float
    cpu: dict  # by KINDS, and "generator"


def number(text):
    return float(re.sub(r"[^\d.-]", "", text))


def table_rows(document, heading):
    """The cells of the first table behind a heading, without its head."""
    text = (ROOT / document).read_text().split(heading, 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def bench_rows():
    """route -> Row, from the newest table."""
    rows = {}
    for route, rate, _, _, *cells in table_rows("docs/performance.md", "## The newest table"):
        rows[route] = Row(number(rate), dict(zip((*KINDS, "generator"), map(number, cells))))
    return rows


def load_test_rows():
    """k6's scenario -> Row, and how much of a core others took."""
    rates = {cells[0]: cells for cells in table_rows("docs/load-test.md", "<!-- results -->")}
    rows = {}
    for name, *cells in table_rows("docs/load-test.md", "<!-- processor -->"):
        cpu = [number(re.search(r"\((.*) us\)", cell)[1]) for cell in cells[:5]]
        row = Row(number(rates[name][3]), dict(zip((*KINDS, "generator"), cpu)))
        rows[name] = row, number(cells[6]) / 100
    return rows


# ---- the machine: connections that each wait for their answer, on so many cores


GENERATE, READ, GET_WORKER, ANSWER, LEAVE_WORKER, SEND, DONE = range(7)


class Machine:
    """A call is made by the generator, read by nginx, answered by a worker, MySQL and Redis while the worker waits,
    and sent by nginx. All of them share the cores."""

    WORKERS = 16

    def __init__(self, cpu, cores, connections, pause=0.0):
        self.random = random.Random(1)
        # whole cores, of which others take their share of each
        self.slow = math.ceil(cores) / cores
        self.free_cores, self.free_workers = math.ceil(cores), self.WORKERS
        half = cpu["nginx"] / 2
        self.cpu = {GENERATE: cpu["generator"], READ: half, ANSWER: cpu["workers"] + cpu["MySQL"] + cpu["Redis"],
                    SEND: half}
        self.pause = pause
        self.heap, self.for_core, self.for_worker = [], collections.deque(), collections.deque()
        self.now = 0.0
        for connection in range(connections):
            heapq.heappush(self.heap, (self.random.random() * pause, connection, GENERATE))

    def start(self, connection, step):
        """Goes on with what needs no core, and queues for one."""
        if step == GET_WORKER:
            if self.free_workers == 0:
                self.for_worker.append(connection)
                return
            self.free_workers -= 1
            step = ANSWER
        if step == LEAVE_WORKER:
            self.free_workers += 1
            if self.for_worker:
                self.start(self.for_worker.popleft(), GET_WORKER)
            step = SEND
        self.for_core.append((connection, step))

    def serve(self):
        while self.free_cores > 0 and self.for_core:
            connection, step = self.for_core.popleft()
            self.free_cores -= 1
            time = self.slow * self.random.expovariate(1 / max(self.cpu[step], 0.1)) / 1e6
            heapq.heappush(self.heap, (self.now + time, connection, step + 1))

    def run(self, calls):
        """Calls a second, when so many are done."""
        done = 0
        while done < calls:
            self.now, connection, step = heapq.heappop(self.heap)
            if step != GENERATE:
                self.free_cores += 1
            if step == DONE:
                done += 1
                heapq.heappush(self.heap, (self.now + self.pause, connection, GENERATE))
            else:
                self.start(connection, step)
            self.serve()
        return calls / self.now


# ---- the fans


class Fan:
    __slots__ = ("number", "next", "poll", "seen", "goes", "silent", "state")


WAITING, CALLED, ACTIVE, OUT = range(4)
COME, POLL, SHOW_UP, GIVE_BACK = range(4)


class Crowd:
    """Fans in the queue of a concert, by its rules (redis/queue). Each stands for `weight` of them."""

    SHOW_UP_SECONDS = 30
    WINDOW = 10  # seconds over which a rate is taken

    def __init__(self, fans, places, weight, arrivals, gone=0.3, shop=None, back=None):
        """`arrivals`: when each comes, 0 for those who are there already. A place is free when its fan has shopped,
        for shop(random) seconds; or `back` of them a second, whoever has them."""
        self.random = random.Random(1)
        self.weight, self.places, self.gone, self.shop, self.back = weight, places / weight, gone, shop, back
        self.now, self.serving, self.busy, self.served = 0.0, 0, 0, 0
        self.fans, self.active, self.heap = [], collections.deque(), []
        self.counts = collections.defaultdict(lambda: collections.defaultdict(float))
        self.most_waiting, self.left = 0, fans / weight
        self.ticks, self.present, self.owed = 0, 0, 0.0
        self.waiting = sum(at == 0 for at in arrivals)
        for at in arrivals:
            self.at(at, COME, None)

    def at(self, time, what, fan):
        heapq.heappush(self.heap, (time, len(self.heap) + self.random.random(), what, fan))

    def count(self, call, calls=1.0):
        self.counts[call][int(self.now // self.WINDOW)] += calls * self.weight

    def peak(self, *calls):
        """The most a second of these calls together, in a whole window."""
        windows = collections.Counter()
        for call in calls:
            windows.update(self.counts[call])
        return max(windows.values(), default=0) / self.WINDOW

    def poll_seconds(self, fan):
        far = self.waiting * self.weight / 2000
        if self.places > 0:  # before the opening of a draw nobody has a rank
            far = min(far, (fan.number - self.serving) * self.weight / 200)
        return 1 if far < 1 else 1 + math.floor(far + self.random.random())

    def refresh_seconds(self):
        return 1 + self.waiting * self.weight // 10000

    def come(self, there):
        fan = Fan()
        self.fans.append(fan)
        fan.number, fan.state, fan.seen, fan.goes = len(self.fans), WAITING, self.now, 0
        fan.silent = self.random.random() < 0.5
        if self.random.random() < self.gone and fan.number > self.serving + 1:
            fan.goes = self.serving + 1 + self.random.random() * (fan.number - self.serving - 1)
        fan.poll = self.poll_seconds(fan)
        fan.next = self.now + fan.poll * (self.random.random() if there else 1)
        self.at(fan.next, POLL, fan)
        if not there:
            self.waiting += 1
            self.count("add")

    def ask(self, fan):
        """A poll, at the time it was told; whoever goes does so instead."""
        if fan.state != WAITING or self.now < fan.next:
            return
        if fan.goes and self.serving >= fan.goes:
            self.out(fan, leaves=not fan.silent)
            return
        self.count("token")
        fan.seen, fan.poll = self.now, self.poll_seconds(fan)
        fan.next = self.now + fan.poll
        self.at(fan.next, POLL, fan)

    def out(self, fan, leaves):
        fan.state = OUT
        self.left -= 1
        if leaves:
            self.waiting -= 1
            self.count("token")
            fan.seen = -math.inf

    def call(self):
        """Free places go to the next in order. Who has left, or was not heard for long, is passed over."""
        while self.busy < self.places and self.serving < len(self.fans):
            fan = self.fans[self.serving]
            self.serving += 1
            absent = fan.state == OUT and self.now - fan.seen > max(15, 3 * fan.poll)
            if fan.seen > -math.inf:
                self.waiting -= 1
            if absent:
                continue
            self.busy += 1
            heard = fan.seen + fan.poll + self.SHOW_UP_SECONDS / 2
            missed = max(self.now + self.SHOW_UP_SECONDS, heard)
            seen = math.ceil(self.now) + self.random.random() * (1 + self.refresh_seconds())
            comes = min(seen, max(fan.next, self.now))
            if fan.state == WAITING and not fan.goes:
                fan.state = CALLED
                self.at(comes, SHOW_UP, fan)
                continue
            self.left -= fan.state == WAITING
            self.at(comes if fan.state == WAITING and not fan.silent else missed, GIVE_BACK, fan)
            fan.state = OUT

    def show_up(self, fan):
        fan.state = ACTIVE
        self.served += 1
        self.left -= 1
        self.count("token")
        if self.shop:
            self.at(self.now + self.shop(self.random), GIVE_BACK, fan)
        else:
            self.active.append(fan)

    def give_back(self, fan):
        fan.state = OUT
        self.busy -= 1

    def tick(self):
        """Once a second: places given back at a rate, who looks at the public state, and who is there."""
        self.most_waiting = max(self.most_waiting, self.waiting * self.weight)
        if self.ticks % self.WINDOW == 0:
            self.present = sum(fan.state == WAITING for fan in self.fans)
        self.count("look", self.present / (1.1 * self.refresh_seconds()))
        self.count("open", self.present * min(1, ASSUMED["keepalive"] / (1.1 * self.refresh_seconds())) + self.busy)
        self.count("active", self.busy)
        if self.back:
            self.owed += self.back / self.weight
            while self.owed >= 1:
                self.owed -= 1
                if self.active:
                    self.give_back(self.active.popleft())
        self.ticks += 1

    def run(self, seconds, until=lambda crowd: crowd.left <= 0):
        while self.heap and self.now < seconds and not until(self):
            time, _, what, fan = heapq.heappop(self.heap)
            while self.ticks <= time:
                self.now = float(self.ticks)
                self.tick()
                self.call()
            self.now = time
            if what == COME:
                self.come(there=time == 0)
            elif what == POLL:
                self.ask(fan)
            elif what == SHOW_UP:
                self.show_up(fan)
            else:
                self.give_back(fan)
            self.call()
        return self


# ---- measured points


class Point(NamedTuple):
    what: str
    measured: float
    simulated: float
    low: float  # simulated / measured is at least this,
    high: float  # and at most this

    @property
    def ratio(self):
        return self.simulated / self.measured

    @property
    def holds(self):
        return self.low <= self.ratio <= self.high


CALLS = 4000
MACHINE_POINTS = (0.95, 1.25)  # without waits for the disk, and with cores that are always in use
LOAD_POINTS = (0.9, 1.15)
QUEUE_POINTS = (0.85, 1.15)


def machine_points():
    for route, row in bench_rows().items():
        rate = Machine(row.cpu, cores=2, connections=32).run(CALLS)
        yield Point(f"`scripts/bench`: {route}, a second", row.rate, rate, *MACHINE_POINTS)


def load_test_points():
    rows = load_test_rows()
    for name, users, pause in (("fresh", 32, 0), ("seed-reservation", 500, 0), ("reservation-load-spread", 500, 1),
                               ("token-load-spread", 500, 1)):
        row, others = rows[name]
        rate = Machine(row.cpu, cores=2 - others, connections=users, pause=pause).run(3 * CALLS)
        yield Point(f"`scripts/k6 {name}`, a second", row.rate, rate, *LOAD_POINTS)


def queue_points():
    """Those of test/model/queue_crowd, which runs the functions of the queue themselves."""
    drained = Crowd(100_000, 1000, 20, [60 * n / 5000 for n in range(1, 5001)], back=200).run(3600)
    yield Point("100,000 in a queue drained, seconds", 445, drained.now, *QUEUE_POINTS)
    yield Point("of these served", 70_639, drained.served * drained.weight, *QUEUE_POINTS)
    million = Crowd(1_000_000, 20, 20, [0] * 50_000, back=20).run(60)
    yield Point("a million waiting, calls with a token a second", 3176, million.peak("token"), *QUEUE_POINTS)


def points():
    return [*machine_points(), *load_test_points(), *queue_points()]


# ---- the table

# Of fans nothing was measured: these are assumptions to change.
ASSUMED = {
    "comes": 120,  # seconds after the opening, on average: half of all come in 83 s
    "seats per fan": 0.1,
    "seats per order": 2,
    "sale": 1800,  # seconds in which all is to be sold: this gives the places of the queue
    "shop": (40, 200),  # seconds from one's turn to the end
    "buys": 0.8,  # of those who have their turn
    "refused": 1.5,  # reservations of a seat that is just gone, for one that succeeds
    "keepalive": 60,  # seconds for which nginx keeps an idle connection
    "page": (25, 60_000),  # files and compressed bytes of a first visit
    "public": 4,  # public calls of a first visit
    "answer": 700,  # bytes of a small answer with its headers
    "seats": 17_500,  # of the compact view of 50,000 seats
    "redis": 331,  # bytes of a waiting fan, for ids of up to 12 characters
    "mysql": 430,  # bytes on disk of a sold seat with its reservation (4 GiB for 10 million)
}
MOST_SIMULATED = 2000


def costs():
    """call -> microseconds by KINDS. Calls one after another cost more than the same call again and again: by as
    much as a full booking costs more than its five calls."""
    rows = bench_rows()
    parts = ["POST /token/add, no queue", "GET seats (300)", "POST /reservation, fresh seat", "POST /point/charge",
             "POST /payment"]
    mixed = {kind: max(1, rows["full booking"].cpu[kind] / (sum(rows[part].cpu[kind] for part in parts) or 1))
             for kind in KINDS}
    refused = dict(rows["POST /reservation, taken, spread"].cpu)
    of = {
        "add": rows["POST /token/add, with a queue"].cpu,
        "token": refused | {"Redis": rows["POST /token/add, with a queue"].cpu["Redis"] / 2},  # not measured
        "refused": refused | {"Redis": 0},
        "reserve": rows[parts[2]].cpu,
        "charge": rows[parts[3]].cpu,
        "pay": rows[parts[4]].cpu,
        "public": rows["GET queue"].cpu,
        "seats": rows["GET seats (300)"].cpu,
    }
    return {call: {kind: cpu[kind] * mixed[kind] for kind in KINDS} for call, cpu in of.items()}


def arrivals(count, mean):
    """As from an exponential distribution, but evenly: count times, in order."""
    return [-mean * math.log(1 - (n + 0.5) / count) for n in range(count)]


def sale(fans, entered=None):
    """The Crowd of one sale. `entered`: seconds before the opening in which all enter a draw, instead of coming at it."""
    weight = max(1, fans / MOST_SIMULATED)
    count = round(fans / weight)
    seats = fans * ASSUMED["seats per fan"]
    orders = seats / ASSUMED["seats per order"]
    low, high = ASSUMED["shop"]
    places = orders / ASSUMED["sale"] * (low + high) / 2 / ASSUMED["buys"]
    come = [entered * (n + 1) / count for n in range(count)] if entered else arrivals(count, ASSUMED["comes"])
    crowd = Crowd(fans, max(places, weight), weight, come, shop=lambda dice: dice.uniform(low, high))
    if entered:  # nobody is called before all have entered
        opened, crowd.places = crowd.places, 0
        crowd.run(entered)
        crowd.places = opened
    crowd.run(ASSUMED["sale"] * 2 + (entered or 0),
              until=lambda crowd: crowd.served * crowd.weight * ASSUMED["buys"] >= orders)
    return crowd


class Need(NamedTuple):
    """What one sale needs at its peaks."""

    adds: float
    polls: float
    looks: float
    orders: float
    cores: dict  # by KINDS, and "front with a CDN"
    redis_bytes: float
    mysql_bytes: float
    connections: float
    bits: float
    bits_with_cdn: float


def need(fans, entered=None):
    crowd = sale(fans, entered)
    cost = costs()
    windows = range(int(crowd.now // crowd.WINDOW) + 1)
    files, page_bytes = ASSUMED["page"]
    low, high = ASSUMED["shop"]
    cores, bits, bits_with_cdn, orders = collections.defaultdict(float), 0, 0, 0
    for window in windows:
        rate = {call: crowd.counts[call][window] / crowd.WINDOW for call in ("add", "token", "look", "active")}
        turns = rate["active"] / ((low + high) / 2)  # that end a second
        bought = turns * ASSUMED["buys"]
        exact = {"add": rate["add"], "token": rate["token"] + rate["active"] / 10, "reserve": bought,
                 "refused": bought * ASSUMED["refused"], "charge": bought, "pay": bought}
        public = {"public": rate["look"] + rate["add"] * (files + ASSUMED["public"]), "seats": rate["active"] / 2}
        for kind in KINDS:
            of_exact = sum(calls * cost[call][kind] for call, calls in exact.items()) / 1e6
            of_public = sum(calls * cost[call][kind] for call, calls in public.items()) / 1e6
            cores[kind] = max(cores[kind], of_exact + of_public)
            if kind == "nginx":
                cores["front with a CDN"] = max(cores["front with a CDN"], of_exact)
        of_exact = 8 * ASSUMED["answer"] * sum(exact.values())
        of_public = 8 * (rate["look"] * ASSUMED["answer"] + rate["add"] * page_bytes + public["seats"] * ASSUMED["seats"])
        bits, bits_with_cdn = max(bits, of_exact + of_public), max(bits_with_cdn, of_exact)
        orders = max(orders, bought)
    return Need(crowd.peak("add"), crowd.peak("token"), crowd.peak("look"), orders, cores,
                crowd.most_waiting * ASSUMED["redis"], fans * ASSUMED["seats per fan"] * ASSUMED["mysql"],
                crowd.peak("open"), bits, bits_with_cdn)


def short(value, unit=""):
    """Two digits, and the unit in thousands."""
    if value <= 0:
        return "0"
    for factor, prefix in ((1e9, " G"), (1e6, " M"), (1e3, " k"), (1, " ")):
        if value >= factor * 0.9995:
            value /= factor
            break
    else:
        prefix = " "
    digits = max(0, 1 - math.floor(math.log10(value))) if value < 10 else 0
    text = f"{float(f'{value:.2g}'):.{digits}f}"
    return f"{text}{prefix}{unit}".strip()


def table():
    """Markdown."""
    sales = [(f"{short(fans)}", need(fans)) for fans in (10_000, 100_000, 1_000_000, 10_000_000)]
    sales.append(("10 M, who enter a draw in an hour", need(10_000_000, entered=3600)))
    lines = ["at its peak", "adds a second", "`GET /token` a second", "reads of the public queue a second",
             "orders a second", "cores: nginx, without a CDN", "cores: nginx, with a CDN", "cores: workers",
             "cores: MySQL", "cores: Redis (one process has one)", "memory of Redis", "disk of MySQL, for what is sold",
             "open connections", "sent, without a CDN", "sent, with a CDN"]
    columns = [[name, short(n.adds), short(n.polls), short(n.looks), short(n.orders), short(n.cores["nginx"]),
                short(n.cores["front with a CDN"]), short(n.cores["workers"]), short(n.cores["MySQL"]),
                short(n.cores["Redis"]), short(n.redis_bytes, "B"), short(n.mysql_bytes, "B"), short(n.connections),
                short(n.bits, "bit/s"), short(n.bits_with_cdn, "bit/s")] for name, n in sales]
    rows = ["| " + " | ".join([line, *(column[index] for column in columns)]) + " |" for index, line in enumerate(lines)]
    return "\n".join([rows[0], "|---" + "|---:" * len(sales) + "|", *rows[1:]])


def points_table(points):
    rows = ["| | measured | simulated | ratio |", "|---|---:|---:|---:|"]
    rows += [f"| {p.what} | {p.measured:,.0f} | {p.simulated:,.0f} | {p.ratio:.2f} |" for p in points]
    return "\n".join(rows)


def write():
    text = PAGE.read_text()
    for name, made in (("needs", table()), ("points", points_table(points()))):
        text = re.sub(rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)", lambda m: m[1] + made + "\n" + m[2], text,
                      flags=re.DOTALL)
    PAGE.write_text(text)


def main():
    if sys.argv[1:] == ["--write"]:
        write()
    elif sys.argv[1:] == ["--points"]:
        print(points_table(points()))
    elif not sys.argv[1:]:
        print(table())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
