"""The queue's function library on a Redis of its own, as the program calls it."""

import contextlib
import hashlib
import pathlib
import struct
import subprocess
import tempfile

import redis
from stack import REDIS_SERVER, answers, wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = ("queue.lua", "queue_wait.lua", "queue_calls.lua", "queue_rebuild.lua", "queue_proof.lua")

WAITING, CALLED, ACTIVE, MISSED, LEFT, LAPSED = range(1, 7)
NOWHERE, ROW, LEASE = range(3)
SETS = ("called", "active", "missed")
HOMES = ("waiting", *SETS, "ended")
RECORD = struct.Struct(">BBI6s3s")
RANKED = 0x80  # in the first byte of the poll interval: the rank of a draw stands before the user


def library():
    """The version and the text, made as the Makefile makes them."""
    text = b"".join((ROOT / "fcgi-app/redis/queue" / part).read_bytes() for part in PARTS)
    version = hashlib.sha256(text).hexdigest()[:8]
    return version, text.replace(b"@QUEUE_VERSION@", version.encode())


def pack_row(token, user, number, ends_ms=0, rank=0, lease_ms=None):
    """As the program packs a row to be loaded."""
    lease_ms = ends_ms if lease_ms is None else lease_ms
    durations = ends_ms.to_bytes(6, "big") + lease_ms.to_bytes(6, "big")
    return struct.pack(">II", number, rank) + durations + token + user.encode()


@contextlib.contextmanager
def redis_server():
    """A Redis on a socket in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="queue-") as folder:
        socket = f"{folder}/redis.sock"
        server = subprocess.Popen(
            [REDIS_SERVER, "--port", "0", "--unixsocket", socket, "--dir", folder, "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        try:
            client = redis.Redis(unix_socket_path=socket, socket_timeout=60)
            wait_for(lambda: answers(client), 60)
            client.function_load(library()[1])
            yield client
        finally:
            server.kill()
            server.wait()


class Place:
    """What add and status answer."""

    def __init__(self, reply):
        (_, self.token, user, self.state, self.saved, self.number, self.ends_ms, self.position, self.poll,
         self.eta, self.eta_high, self.serving, self.raised, self.replaced, self.replaced_state, self.shown,
         self.lease_ms) = reply
        self.user = user.decode()

    def __repr__(self):
        return f"<{self.user} {self.number} state {self.state}>"


class Stored:
    """What Redis keeps of one concert's queue. `client` gives bytes."""

    def __init__(self, client, concert):
        self.client = client
        self.concert = concert

    def key(self, name):
        return f"{{c{self.concert}}}:{name}"

    def pass_ms(self, ms):
        """Lets time pass for this queue: all its instants move back, at once, as a worker may tell Redis of a
        token meanwhile."""
        names = (*SETS, "unsaved", "tokens", "meta")

        def move(pipe):
            sets = {name: pipe.zrange(self.key(name), 0, -1, withscores=True) for name in names[:-2]}
            records = pipe.hgetall(self.key("tokens"))
            fields = {field: int(pipe.hget(self.key("meta"), field) or 0) for field in ("due", "sampleAt")}
            pipe.multi()
            for name, members in sets.items():
                for token, score in members:
                    pipe.zadd(self.key(name), {token: score - ms})
            for token, packed in records.items():
                head = RECORD.unpack_from(packed)
                seen = (int.from_bytes(head[3], "big") - ms).to_bytes(6, "big")
                pipe.hset(self.key("tokens"), token, RECORD.pack(*head[:3], seen, head[4]) + packed[RECORD.size:])
            for field, at in fields.items():
                if at:
                    pipe.hset(self.key("meta"), field, at - ms)

        self.client.transaction(move, *map(self.key, names))


class Queue(Stored):
    """One concert's queue. Settings are attributes; each change of them raises `version`."""

    def __init__(self, client, concert=1, **settings):
        super().__init__(client, concert)
        self.version, self.since = 1, 1
        self.capacity, self.paused, self.max_waiting = 1, 0, 1000
        self.active_ms, self.show_up_ms, self.missed_ms = 600000, 30000, 600000
        self.draw, self.freezes_ms, self.opens_ms, self.idle_ms, self.closed = 0, 0, 0, 0, 0
        self.run_id = client.info("server")["run_id"]
        self.tokens = 0
        vars(self).update(settings)
        self.rebuild()

    def set(self, **settings):
        vars(self).update(settings)
        self.version += 1

    def raw(self, name, *arguments):
        """A call without the settings; its status alone or the whole reply."""
        reply = self.client.execute_command(
            "FCALL", f"frontrow_queue_{name}_{library()[0]}", 1, self.key("meta"), self.run_id, *arguments
        )
        reply[0] = reply[0].decode()
        return reply

    def call(self, name, *arguments):
        return self.raw(
            name, self.version, self.since, self.capacity, self.paused, self.max_waiting,
            self.active_ms, self.show_up_ms, self.missed_ms, self.draw, self.freezes_ms, self.opens_ms, self.idle_ms,
            self.closed, *arguments,
        )

    # ---- calls

    def new_token(self):
        self.tokens += 1
        return f"{self.concert}-{self.tokens}".encode().rjust(16, b".")

    def try_add(self, user):
        return self.call("add", self.new_token(), user)

    def add(self, user, saved=True):
        place = Place(self.try_add(user))
        if saved:
            self.save(place)
        return place

    def save(self, place):
        """What the program does when MySQL has it."""
        self.call("saved", place.token, LEASE if place.state == ACTIVE else ROW)

    def status(self, place, saved=True):
        """How it stands: a Place, or the status of the refusal."""
        reply = self.call("status", place.token, "")
        if reply[0] != "OK":
            return reply[0]
        now = Place(reply)
        if saved:
            self.save(now)
        return now

    def leave(self, place):
        return self.call("leave", place.token, "")[0]

    def drop(self, *places):
        return self.call("drop", *(place.token for place in places))[0]

    def keep(self, place, ms):
        return self.call("keep", place.token, ms)

    def restore(self, token, user, number, ends_ms=0, rank=0, lease_ms=None):
        lease_ms = ends_ms if lease_ms is None else lease_ms
        return self.call("restore", token, user, number, ends_ms, lease_ms, rank)[0]

    def rank(self, after, until, ranks, last=None):
        """Loads (token, rank) pairs; how far they are loaded then. `last`: the highest number in the draw."""
        packed = [token + struct.pack(">I", rank) for token, rank in ranks]
        return self.call("rank", after, until, until if last is None else last, *packed)[1]

    def state(self):
        """(serving, last, waiting, active) after moving on."""
        return tuple(self.call("state")[1:5])

    def expected(self):
        """What one who comes now is told of the wait."""
        return tuple(self.call("state")[16:18])

    def overshoot(self):
        return self.call("state")[11]

    def rebuild(self, rows=(), last=0, serving=0, builder="b", frozen=(0, 0, 0)):
        """Loads (token, user, number, ms until the end, rank, lease ms) rows in one chunk; the last two may be
        left out. `frozen` is whether it is, the last number in the draw, the last with a rank. The status of
        the begin."""
        status = self.call("rebuild", builder, last, serving, *frozen)[0]
        if status == "LOAD":
            self.load(rows, builder)
            assert self.raw("rebuilt", builder, last, serving)[0] == "OK"
        return status

    def load(self, rows, builder="b"):
        """One chunk of such rows."""
        packed = [pack_row(*row) for row in rows]
        assert self.raw("load", builder, 3, 0, "", 1, *packed)[0] == "OK"

    # ---- a long queue

    def fill(self, count, first=1):
        """As if so many waited, whose numbers begin with `first`."""
        fillers = {f"filler-{i}": first + i for i in range(count)}
        self.client.zadd(self.key("waiting"), fillers)
        self.client.hset(self.key("tokens"), mapping=dict.fromkeys(fillers, "-"))
        self.client.hset(self.key("users"), "filler", "filler-0")

    def unfill(self, count):
        """They are gone again."""
        fillers = [f"filler-{i}" for i in range(count)]
        self.client.zrem(self.key("waiting"), *fillers)
        self.client.hdel(self.key("tokens"), *fillers)
        self.client.hdel(self.key("users"), "filler")

    # ---- time

    def pass_s(self, seconds, *present):
        """Lets time pass while these give a sign of life each 5 s; how they stand at the end."""
        places = list(present)
        for _ in range(int(seconds // 5)):
            self.pass_ms(5000)
            places = [self.status(place) for place in places]
        self.pass_ms(int(seconds % 5 * 1000))
        return [self.status(place) for place in places]

    # ---- what must always hold

    def check(self):
        """The sets and the records say the same, and no more are in than the capacity let in."""
        records = self.client.hgetall(self.key("tokens"))
        users = {}
        for token, packed in records.items():
            state, saved, number = RECORD.unpack_from(packed)[:3]
            homes = [name for name in HOMES if self.client.zscore(self.key(name), token) is not None]
            assert homes == [HOMES[min(state, LEFT) - 1]]
            ranked = packed[RECORD.size - 3] & RANKED
            user = packed[RECORD.size + (4 if ranked else 0):]
            users[user] = users.get(user, []) + [token]
            if state == WAITING:
                shown = int.from_bytes(packed[RECORD.size:][:4], "big") if ranked else number
                assert self.client.zscore(self.key("waiting"), token) == shown
            unsaved = state < LEFT and saved < (LEASE if state == ACTIVE else ROW)
            assert (self.client.zscore(self.key("unsaved"), token) is not None) == unsaved
        assert sum(self.client.zcard(self.key(name)) for name in HOMES) == len(records)
        for user, token in self.client.hgetall(self.key("users")).items():
            assert token in users[user]
        assert self.overshoot() == 0


@contextlib.contextmanager
def new_queues(server, **defaults):
    """Makes queues on an emptied server; what must always hold of each is checked at the end."""
    server.flushdb()
    queues = []

    def make(**settings):
        queues.append(Queue(server, concert=len(queues) + 1, **(defaults | settings)))
        return queues[-1]

    yield make
    for one in queues:
        one.check()
