"""frontrowctl diagnose: all of it in one archive, and nothing of customers or of secrets."""

import contextlib
import os
import signal
import tarfile
import threading
import time

import pytest
from helpers import add_token, charge, new_concert, new_user, reserve
from stack import wait_for

FILES = {
    "versions.txt", "settings.txt", "metrics.txt", "processes.txt", "mysql.txt", "redis.txt", "nginx.log",
    "frontrow.log", "mysql-slow.log",
}


@pytest.fixture(scope="module", params=["text", "json"])
def told(request, new_stack, tmp_path_factory):
    """Name -> text of each file; whose names and secrets were all over the logs; and what was asked for."""
    secrets = tmp_path_factory.mktemp("secrets")
    (secrets / "gateway").write_text("a secret of the gateway that nobody may see\n")
    stack = new_stack(workers=3, log_format=request.param, slow_ms=1, gateway_secret_file=secrets / "gateway")
    slow = stack.var / "mysql-tmp/slow.log"
    for name, value in {"long_query_time": "0", "slow_query_log_file": f"'{slow}'", "slow_query_log": "ON"}.items():
        stack.query(f"SET GLOBAL {name} = {value}")
    os.kill(stack.pid("frontrow"), signal.SIGHUP)
    wait_for(lambda: "all 3 workers run with the settings in force" in stack.log("frontrow").read_text())
    user, concert = new_user("customer"), new_concert(stack)
    charge(stack, user, 5)
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert)
    stack.get(f"/token?token={token}", **{"X-Queue-Token": token})
    stack.call("GET", f"/admin/user/{user}", None, stack.admin_headers())
    stack.query("GRANT PROCESS ON *.* TO frontrow@localhost")  # InnoDB prints the rows that are waited for
    wait_for(lambda: "POST /reservation" in stack.log("access").read_text())
    archive = secrets / "archive.tar.gz"
    # a call that is under way, whose statement is in MySQL's own lists
    with contextlib.closing(stack.mysql()) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM point WHERE user_id = %s FOR UPDATE", user)
        caller = threading.Thread(target=lambda: stack.new_client().post("/point/charge", {"userId": user, "amount": 1}))
        caller.start()
        time.sleep(0.3)
        with contextlib.closing(stack.new_client()) as client:
            asked = threading.Thread(target=lambda: client.get(f"/reservation/{held['reservationId']}?userId={user}"))
            asked.start()
            done = stack.ctl("diagnose", archive, "--nginx-log", stack.log("access"), "--log", stack.log("frontrow"),
                             "--slow-log", slow)
            cursor.execute("ROLLBACK")
            caller.join(30)
            asked.join(30)
    assert done.returncode == 0, done.stderr
    assert archive.stat().st_mode & 0o777 == 0o600
    with tarfile.open(archive) as tar:
        files = {name.removeprefix("./"): tar.extractfile(name).read().decode(errors="replace")
                 for name in tar.getnames() if tar.getmember(name).isfile()}
    sources = {path.name: path.read_text(errors="replace") for path in (stack.log("access"), stack.log("frontrow"), slow)}
    key = (stack.var / "admin.key").read_text().strip()
    assert [name for name, text in sources.items() if user in text] == list(sources), "there is something to leave out"
    assert token in sources["access.log"]
    return files, {user, token, key, "nobody may see"}


def test_all_files_are_there(told):
    files, _ = told
    assert set(files) == FILES
    assert "frontrow_requests_total" in files["metrics.txt"]
    assert "admin key ***" in files["settings.txt"] and "gateway secret ***" in files["settings.txt"]
    assert files["processes.txt"].count("== process") == 4
    assert "INNODB MONITOR OUTPUT" in files["mysql.txt"] and "; hex ?" in files["mysql.txt"]
    assert "redis_version:" in files["redis.txt"] and "maxmemory_policy:noeviction" in files["redis.txt"]
    assert "POST /reservation" in files["nginx.log"] and "SELECT" in files["mysql-slow.log"]
    assert "a request was slow" in files["frontrow.log"]


def test_no_customer_and_no_secret(told):
    files, hidden = told
    for name, text in files.items():
        for word in hidden:
            assert word not in text, (name, word)
    assert "127.0.0.1" not in files["nginx.log"], "the addresses of clients"


@pytest.mark.parametrize("shift", range(4))
def test_a_log_that_is_cut_in_the_middle_of_a_name(stack, tmp_path, shift):
    """It begins with a whole record, and a quote that stands alone hides nothing but the rest of its line."""
    user, record = new_user("customer"), "# Time: 2026-12-01T00:00:00Z\nSET timestamp=1;\nSELECT 'it\nUPDATE point"
    record += f" WHERE user_id = '{user}' AND '{user}' <> '';\n"
    size = 2 << 20
    text = record * (2 * size // len(record) + 1)
    cut = text.index(user, size) + shift * len(user) // 4  # in the name, the bytes behind it being all that is read
    log, archive = tmp_path / "slow.log", tmp_path / "at-12:00.tar.gz"
    log.write_text(text[: cut + size])
    assert stack.ctl("diagnose", archive, "--slow-log", log, "--nginx-log", log).returncode == 0
    with tarfile.open(archive) as tar:
        found = tar.extractfile("./mysql-slow.log").read().decode()
    assert user not in found and found.startswith("# Time: ") and len(found) > size // 2


def test_what_cannot_be_asked_is_said(new_stack, tmp_path):
    stack = new_stack(workers=1)
    archive = tmp_path / "archive.tar.gz"
    with stack.without("frontrow"), stack.without("redis"), stack.without("mysql"):
        done = stack.ctl("diagnose", archive)
    assert done.returncode == 0, done.stderr
    with tarfile.open(archive) as tar:
        text = {name: tar.extractfile(f"./{name}").read().decode() for name in ("metrics.txt", "mysql.txt", "redis.txt")}
    assert "no worker answers" in text["metrics.txt"]
    assert "cannot be reached" in text["mysql.txt"] and "does not tell" in text["redis.txt"]


def test_nothing_is_left_behind(stack, tmp_path):
    folder = tmp_path / "tmp"
    folder.mkdir()
    assert stack.program("frontrowctl", "diagnose", tmp_path / "a.tar.gz").returncode == 0
    stack.environment["TMPDIR"] = str(folder)
    try:
        assert stack.ctl("diagnose", tmp_path / "b.tar.gz").returncode == 0
        failed = stack.ctl("diagnose", tmp_path / "missing" / "c.tar.gz")
    finally:
        del stack.environment["TMPDIR"]
    assert failed.returncode == 1 and not list(folder.iterdir())
