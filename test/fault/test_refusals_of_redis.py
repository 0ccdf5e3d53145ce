"""What Redis may refuse, and what a client hears of it: by a proxy before a real server, and by what a
server here says itself."""

import contextlib
import re
import shutil
import subprocess
import threading
import time

import pytest
import redis
from booking import Hall, hold
from refuser import RedisRefuser
from stack import REDIS_SERVER, ROOT, wait_for
from stack import answers as redis_answers

# By how they begin; fcgi-app/redis/refusal.c has the same, docs/engines.md what they are.
LATER = ["BUSY Redis is busy running a script.", "MISCONF Redis is configured to save", "OOM command not allowed"]
ELSEWHERE = [
    "CLUSTERDOWN The cluster is down", "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down", "NOAUTH Authentication required.",
    "NOPERM this user has no permissions to run the 'fcall' command",
    "NOREPLICAS Not enough good replicas to write.", "READONLY You can't write against a read only replica.",
    "WRONGPASS invalid username-password pair", "ERR AUTH <password> called without any password configured",
    "ERR DB index is out of range", "ERR max number of clients reached",
    "ERR The user executing the script can't run this command or subcommand script: frontrow_queue_add",
]
UNKNOWN = ["NEWWORD that nobody has heard of", "ERR something new", "UNKILLABLE Sorry"]
OURS = [
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "ERR user_function:3: attempt to index local 'x' (a nil value) script: frontrow_queue_add, on @user_function:3.",
    "ERR wrong number of arguments for 'fcall' command", "ERR Protocol error: invalid bulk length",
    "ERR Unknown Redis command called from script script: frontrow_queue_add, on @user_function:3.",
    "ERR Error compiling function: @user_function:3: '=' expected", "ERR Error registering functions: x",
]


@pytest.fixture(scope="module")
def lone(new_stack):
    """A stack with one worker, so that the next call meets the connection of the last one."""
    return new_stack(workers=1, stale_ms=3000, redis_timeout_ms=1900, lock_wait_s=2, mysql_timeout_ms=2500, request_ms=4500)


@pytest.fixture(scope="module")
def proxy(lone):
    with RedisRefuser(lone) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def hall(lone):
    return Hall(lone, items=1, seats=10, capacity=100)


@pytest.fixture
def refuser(proxy, hall):
    """The proxy, with a connection behind it that was used before."""
    proxy.pass_on()
    assert add(proxy.stack, hall).status == 200
    yield proxy
    proxy.pass_on()


def add(stack, hall, user="refused"):
    return stack.post("/token/add", {"userId": user, "concertId": hall.id})


def ready(stack):
    answer = stack.get("/health/ready")
    return answer.status, answer.json()["dependencies"]["redis"]["status"]


def test_no_word_is_left_out():
    """Each one that the program knows is made here."""
    text = (ROOT / "fcgi-app/redis/refusal.c").read_text()
    known = dict(re.findall(r'\{"([^"]+)", REDIS_(\w+)\}', text))
    assert known.pop("ERR Function not found") == "NO_FUNCTION"  # test_queue_lost.py
    kinds = {"LATER": LATER, "FULL": LATER, "ELSEWHERE": ELSEWHERE, "OURS": OURS}
    for word, kind in known.items():
        assert any(error.startswith(word) for error in kinds[kind]), word


@pytest.mark.parametrize("error", [*LATER, *ELSEWHERE, *UNKNOWN])
def test_not_now(refuser, hall, error):
    """503, and the next call is served; a connection that may be to a wrong server is not kept."""
    stack, known = refuser.stack, len(refuser.pairs)
    calls = 2 if error.startswith("OOM") else 1  # then it is asked whether the user has a token
    refuser.refuse(f"-{error}\r\n".encode(), "FCALL", times=calls)
    answer = add(stack, hall)
    assert (answer.status, answer.code) == (503, "queue_unavailable")
    assert add(stack, hall).status == 200
    assert len(refuser.pairs) - known == (0 if error in LATER else 1)
    refuser.refuse(f"-{error}\r\n".encode(), "FCALL", times=1)
    assert ready(stack) == (200, "down")
    assert ready(stack) == (200, "up")


@pytest.mark.parametrize("error", OURS)
def test_ours(refuser, hall, error):
    refuser.refuse(f"-{error}\r\n".encode(), "FCALL", times=1)
    answer = add(refuser.stack, hall)
    assert (answer.status, answer.code) == (500, "internal_error")
    assert add(refuser.stack, hall).status == 200


@pytest.mark.parametrize("error", ["NOAUTH Authentication required.", "ERR max number of clients reached"])
def test_a_connect_that_is_refused(refuser, hall, error):
    """Redis says it at the first command of a new connection."""
    stack = refuser.stack
    refuser.refuse(f"-{error}\r\n".encode(), "INFO")
    refuser.end_connections()
    for _ in range(3):
        assert add(stack, hall).code == "queue_unavailable"
    refuser.pass_on()
    assert add(stack, hall).status == 200


def test_a_redis_without_functions(refuser, hall):
    """Those before 7: a call would hear of an unknown command, which is a mistake of ours anywhere else."""
    stack = refuser.stack
    info = f"# Server\r\nredis_version:6.2.18\r\nrun_id:{stack.redis().info('server')['run_id']}\r\n"
    refuser.refuse(f"${len(info)}\r\n{info}\r\n".encode(), "INFO server")
    refuser.end_connections()
    for _ in range(3):
        assert add(stack, hall).code == "queue_unavailable"
    checked = stack.program("frontrow", "--check")
    assert checked.returncode == 1 and "it is version 6.2.18 and has to be 7 or newer" in checked.stderr
    refuser.pass_on()
    assert add(stack, hall).status == 200
    assert stack.program("frontrow", "--check").returncode == 0


@pytest.mark.parametrize("function, ask", [
    ("add", lambda stack, hall, token: add(stack, hall)),
    ("status", lambda stack, hall, token: stack.get("/token", **{"X-Queue-Token": token})),
    ("leave", lambda stack, hall, token: stack.call("DELETE", "/token", headers={"X-Queue-Token": token})),
    ("status", lambda stack, hall, token: stack.post(
        "/reservation", {"userId": "refused", "concertId": hall.id, "itemId": hall.last, "seatId": 1},
        **{"X-Queue-Token": token})),
], ids=["add", "look", "leave", "reserve"])
def test_a_call_tries_no_longer_than_its_request_lasts(refuser, hall, function, ask):
    """Redis says again and again that the queue has to be loaded, and that it is, slowly."""
    slowly, asked = 0.8, []
    says = {f"frontrow_queue_{function}": b"*1\r\n$7\r\nREBUILD\r\n",
            "frontrow_queue_rebuild": b"*1\r\n$5\r\nREADY\r\n"}

    def rule(_, statement):
        answer = next((says[name] for name in says if statement.startswith(f"FCALL {name}_")), None)
        if answer:
            asked.append(statement)
            time.sleep(slowly)
        return answer

    token = add(refuser.stack, hall).json()["token"]
    refuser.rule = rule
    answer = ask(refuser.stack, hall, token)
    assert (answer.status, answer.code) == (503, "queue_unavailable")
    assert 1 < len(asked) <= 4 / slowly + 2  # as fit into request_ms, and the attempt that it ended in


def test_what_is_not_known_is_told(refuser, hall):
    """Once a minute in the log, and each time in a metric."""
    stack = refuser.stack
    refuser.refuse(b"-ODDITY of a server\r\n", "FCALL", times=5)
    for _ in range(5):
        assert add(stack, hall).code == "queue_unavailable"
    line = 'frontrow_unknown_refusals_total{dependency="redis",refusal="ODDITY"} 5\n'
    assert line in stack.get("/metrics").body.decode()
    assert stack.log("frontrow").read_text().count("ODDITY of a server") == 1
    stack.restart("frontrow")  # or for a minute the worker would ask Redis by itself, as somebody reads /metrics


# ---- what the server here says by itself


@contextlib.contextmanager
def configured(stack, **settings):
    """Redis with these settings, and as it was afterwards."""
    client = stack.redis()
    before = {name: client.config_get(name)[name] for name in settings}
    try:
        for name, value in settings.items():
            client.config_set(name, value)
        yield
    finally:
        for name, value in before.items():
            client.config_set(name, value)


@contextlib.contextmanager
def without_replicas(stack):
    with configured(stack, **{"min-replicas-to-write": 1}):
        yield "NOREPLICAS"


@contextlib.contextmanager
def without_memory(stack):
    with configured(stack, maxmemory=1):
        yield "OOM"


@contextlib.contextmanager
def that_is_a_replica(stack):
    stack.redis().replicaof("127.0.0.1", "1")
    try:
        yield "READONLY"
    finally:
        stack.redis().replicaof("NO", "ONE")


@contextlib.contextmanager
def that_cannot_save(stack):
    blocker = stack.var / "redis" / "dump.rdb"  # a folder cannot be replaced by a file
    blocker.unlink(missing_ok=True)
    (blocker / "in the way").mkdir(parents=True)
    with configured(stack, save="3600 1"):
        try:
            stack.redis().bgsave()
            wait_for(lambda: stack.redis().info("persistence")["rdb_last_bgsave_status"] == "err")
            yield "MISCONF"
        finally:
            shutil.rmtree(blocker)
            stack.redis().bgsave()
            wait_for(lambda: stack.redis().info("persistence")["rdb_last_bgsave_status"] == "ok")


@contextlib.contextmanager
def that_does_not_let_us(stack):
    stack.redis().execute_command("ACL", "SETUSER", "default", "-fcall")
    try:
        yield "NOPERM"
    finally:
        stack.redis().execute_command("ACL", "SETUSER", "default", "+fcall")


@contextlib.contextmanager
def that_wants_a_password(stack):
    client = stack.redis()
    client.execute_command("ACL", "SETUSER", "default", "resetpass", ">secret")
    client.client_kill_filter(_type="normal", skipme=True)
    try:
        yield "NOAUTH"
    finally:
        client.execute_command("ACL", "SETUSER", "default", "nopass")


@contextlib.contextmanager
def that_is_full_of_clients(stack):
    most = stack.redis().config_get("maxclients")["maxclients"]
    only = redis.Redis(unix_socket_path=str(stack.run / "redis.sock"), single_connection_client=True)
    only.config_set("maxclients", 1)
    only.client_kill_filter(_type="normal", skipme=True)
    try:
        yield "(ERR max number of clients|the connection ended)"  # whichever is met first
    finally:
        only.config_set("maxclients", most)
        only.close()


@pytest.mark.parametrize("fault", [
    without_replicas, without_memory, that_is_a_replica, that_cannot_save, that_does_not_let_us,
    that_wants_a_password, that_is_full_of_clients,
])
def test_a_redis(whole, fault):
    """Queue calls are refused, readiness says so, all else goes on; and it is back by itself."""
    hall = Hall(whole, items=1, seats=10, capacity=100)
    plain = Hall(whole, items=1, seats=10)
    log = whole.log("frontrow")
    assert add(whole, hall).status == 200
    began = log.stat().st_size
    with fault(whole) as word:
        answers = [add(whole, hall, f"refused-{number}") for number in range(20)]
        degraded = ready(whole)
        assert add(whole, plain).status == 200
    assert {(answer.status, answer.code) for answer in answers} == {(503, "queue_unavailable")}
    assert degraded == (200, "down")
    assert re.search(rf"Redis: .*{word}", log.read_bytes()[began:].decode())
    wait_for(lambda: add(whole, hall).status == 200)
    assert add(whole, hall).status == 200


def test_a_redis_that_was_demoted(whole):
    """The address moves to another server; the old one says READONLY to who is still connected. No
    worker keeps such a connection."""
    hall = Hall(whole, items=1, seats=10, capacity=100)
    token = add(whole, hall).json()
    first, second = whole.run / "redis-first.sock", whole.run / "redis-second.sock"
    other = subprocess.Popen(
        [REDIS_SERVER, "--port", "0", "--unixsocket", str(second), "--save", "", "--dir", str(whole.var)],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: redis_answers(whole.redis(second.name)))  # its socket is there before it listens
        (whole.run / "redis.sock").rename(first)
        second.rename(whole.run / "redis.sock")
        whole.redis(first.name).replicaof("127.0.0.1", "1")
        answers = [add(whole, hall) for _ in range(200)]
        assert {answer.code for answer in answers} <= {"", "queue_unavailable"}
        refused = [answer for answer in answers if answer.status == 503]
        assert len(refused) <= len(whole.workers()), [answer.status for answer in answers]
        assert {answer.json()["token"] for answer in answers if answer.status == 200} == {token["token"]}
    finally:
        (whole.run / "redis.sock").unlink()
        first.rename(whole.run / "redis.sock")
        whole.redis().replicaof("NO", "ONE")
        other.terminate()
        other.wait(30)
    wait_for(lambda: add(whole, hall).status == 200)


def test_a_buyer_hears_of_a_payment_before_redis_does(refuser, hall):
    """What MySQL has committed is answered, however slow Redis is."""
    body, _ = hold(hall, f"quick-{time.time_ns()}")
    heard, came_first = threading.Event(), []

    def rule(pair, command):
        if command.startswith("FCALL"):
            came_first.append(heard.wait(1.5))  # less than redis_timeout_ms

    refuser.rule = rule
    assert refuser.stack.post("/payment", body).status == 200
    heard.set()
    wait_for(lambda: came_first)
    assert came_first == [True]


def test_redis_is_called_once_for_who_waits(refuser):
    """That MySQL has the row comes with the next call about this queue, or soon after by itself."""
    stack = refuser.stack
    queue = Hall(stack, items=1, seats=1, capacity=0)
    commands = []

    def rule(_, command):
        if found := re.fullmatch(rf"FCALL frontrow_queue_(\w+)_[0-9a-f]{{8}} 1 {{c{queue.id}}}\S*", command):
            commands.append(found[1])

    def add_three(round_):
        """The token of the first."""
        commands.clear()
        answers = [add(stack, queue, f"waiting-{round_}-{n}") for n in range(3)]
        assert [answer.status for answer in answers] == [200] * 3
        wait_for(lambda: commands[-1] == "saved_rows")
        return answers[0].json()["token"]

    refuser.rule = rule
    expected = ["add"] * 3 + ["saved_rows"]
    for round_ in range(5):  # on a busy machine the next call may come later than soon
        token = add_three(round_)
        if commands == expected:
            break
    assert commands == expected
    commands.clear()
    assert stack.get("/token", **{"X-Queue-Token": token}).json()["status"] == "waiting"
    assert commands == ["status"]
    assert stack.redis().zcard(f"{{c{queue.id}}}:unsaved") == 0
