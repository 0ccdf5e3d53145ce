"""frontrowctl rehearse: what it foretells is like what happens, and nothing of it is anywhere but in its report."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess

import pymysql
import pytest
from helpers import add_token, allow, buy, new_concert, new_user, ok, reserve
from stack import wait_for

FANS, SEATS = 400, 200
SHADOW = "frontrow_rehearsal"
FAST = ("--minutes", "0.1", "--choose-seconds", "0.5", "--pay-seconds", "0.5")
LASTING = ("--minutes", "2", "--choose-seconds", "2")  # longer than anything that ends it
COUNTERS = re.compile(rb"^frontrow_(?:(?:holds|payments|refunds)_total|points_total\{.*|seats\{.*|open_concerts) .*$", re.M)
WRONG = 2


@pytest.fixture(scope="module")
def stack(new_stack, tmp_path_factory):
    """One whose rehearsals have a folder for temporary files of their own."""
    stack = new_stack(workers=4)
    stack.environment["TMPDIR"] = str(tmp_path_factory.mktemp("t"))
    return stack


def make_concert(stack, active_seconds=20):
    """One whose holds end soon, and places too."""
    return new_concert(stack, seats=SEATS, capacity=40, active_seconds=active_seconds, hold_seconds=5, max_seats=4)


def rehearse(stack, concert, page, *options):
    return stack.ctl("rehearse", str(concert.id), "--fans", str(FANS), "--report", str(page), *options, timeout=300)


def rows(stack, database="frontrow"):
    """All rows of all tables."""
    tables = stack.query("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = %s", database)
    return {table["name"]: stack.query(f"SELECT * FROM {database}.{table['name']}") for table in tables}


def queue_members(stack, concert):
    """Who is in the real queue, in Redis; what its clock moves is left out."""
    redis = stack.redis(decode_responses=False)
    sizes = {b"hash": redis.hlen, b"zset": redis.zcard}
    keys = redis.keys(f"{{c{concert.id}}}:*")
    return {key: sizes[kind](key) for key in keys if (kind := redis.type(key)) in sizes and not key.endswith(b":meta")}


def listing(stack):
    answer = ok(stack.fresh("/concert"))
    return answer["concerts"]


def business(stack):
    """What /metrics says of sales."""
    return sorted(COUNTERS.findall(stack.call("GET", "/metrics", None, stack.admin_headers()).body))


def leftovers(stack):
    """Everything that a rehearsal has made and not removed."""
    folder = pathlib.Path(stack.environment["TMPDIR"])
    found = list(folder.iterdir())
    found += stack.query("SHOW DATABASES LIKE 'frontrow\\_rehearsal'")
    found += [name for name in stack.redis().info("keyspace") if name != "db0"]
    for process in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = process.read_bytes()
        except OSError:
            continue
        if f"FRONTROW_RUN_DIR={folder}".encode() in environment:
            found.append(process)
    return found


def is_selling(stack):
    """Whether a rehearsal has come so far that fans hold seats."""
    with contextlib.suppress(pymysql.Error):  # the table is not there yet
        return stack.query(f"SELECT 1 FROM {SHADOW}.reservation LIMIT 1")


@pytest.fixture
def rehearsal(stack, tmp_path):
    """One that goes on, and is gone after the test."""
    words = ["rehearse", str(make_concert(stack).id), "--fans", str(FANS), "--report", tmp_path / "page.html", *LASTING]
    process = subprocess.Popen(
        [stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", *words],
        env=stack.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    yield process
    process.kill()
    process.wait(60)
    stack.ctl("rehearse", "--clean-up")


def test_what_is_foretold_happens(stack, tmp_path):
    """The order of things; how near the moments are, test/bench/foretold measures."""
    concert, page = make_concert(stack), tmp_path / "page.html"
    done = rehearse(stack, concert, page, *FAST, "--json")
    assert done.returncode == 0, done.stderr
    foretold = json.loads(done.stdout)
    words = [stack.run, 4, concert.id, FANS, 0.1, 1, 1200, 0.5, 0.5]
    played = subprocess.run([stack.build / "test/bench/opening", *map(str, words)], capture_output=True, text=True,
                            timeout=300)
    assert played.returncode == 0, played.stderr
    for told in (foretold, json.loads(played.stdout)):
        assert told["seats"] == told["sold"] == SEATS, told
        assert 0 < told["nothingLeftMs"] <= told["soldOutMs"] <= told["durationMs"], told
        assert sum(told["ends"].values()) == FANS and not told["ends"]["unfinished"], told
        assert told["ends"]["bought"] > SEATS / 4 and told["answers"]["failed"] == 0, told
        assert told["waitMs"]["p50"] <= told["waitMs"]["p90"] <= told["waitMs"]["max"], told
    assert stack.query("SELECT COUNT(*) AS n FROM seat WHERE status = 'sold' AND item_id = %s", concert.items[0]) == [
        {"n": SEATS}]
    stack.check_books()
    text = page.read_text()
    assert text.count("<svg") == text.count("</svg>") == 6 and "http" not in text and "nan" not in text


def test_the_real_concert_is_only_read(stack, tmp_path):
    concert = make_concert(stack, active_seconds=3600)
    buyer, holder, waiting = new_user(), new_user(), new_user()
    buy(stack, buyer, concert)
    token = add_token(stack, holder, concert)["token"]
    reserve(stack, holder, concert, token=token)
    add_token(stack, waiting, concert)
    stack.query("UPDATE reservation SET expires_at = expires_at + INTERVAL 1 HOUR WHERE user_id = %s", holder)
    stack.query("UPDATE seat SET held_until = held_until + INTERVAL 1 HOUR WHERE status = 'held' AND item_id = %s",
                concert.items[0])
    before = rows(stack), listing(stack), queue_members(stack, concert), business(stack)
    done = rehearse(stack, concert, tmp_path / "page.html", *FAST, "--patience-seconds", "10")
    assert done.returncode == 0, done.stderr
    assert f"of {SEATS - 1} in" in done.stdout, "the sold seat is not for sale, the held one is"
    assert rows(stack) == before[0]
    assert (listing(stack), queue_members(stack, concert), business(stack)) == before[1:]
    assert not leftovers(stack)


def test_standing_areas_are_sold(stack, tmp_path):
    """Beside seats, to the last place."""
    concert = make_concert(stack)
    stack.query("UPDATE seat SET kind = 'standing', section = 'A \"pit\"', row_name = '' WHERE item_id = %s AND seat_no > 50",
                concert.item)
    stack.query("UPDATE item SET standing_count = %s WHERE item_id = %s", SEATS - 50, concert.item)
    done = rehearse(stack, concert, tmp_path / "page.html", *FAST, "--json")
    assert done.returncode == 0, done.stderr
    foretold = json.loads(done.stdout)
    assert foretold["seats"] == foretold["sold"] == SEATS and foretold["answers"]["failed"] == 0, foretold


def test_who_waits_stays_behind(stack, tmp_path):
    """Else nothing that lapses would be sold again."""
    concert = allow(stack, make_concert(stack), waitlist=True)
    stack.query("UPDATE item SET waiting = 1 WHERE item_id = %s", concert.item)
    done = rehearse(stack, concert, tmp_path / "page.html", *FAST, "--json")
    stack.query("UPDATE item SET waiting = 0 WHERE item_id = %s", concert.item)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sold"] == SEATS


def test_a_cancelled_date_is_not_played(stack, tmp_path):
    concert = new_concert(stack, items=2, seats=20, capacity=40, active_seconds=20, hold_seconds=5)
    path = f"/admin/concert/{concert.id}/item/{concert.items[0]}/cancel"
    ok(stack.post(path, {"reason": "Ill"}, **stack.admin_headers()))
    done = rehearse(stack, concert, tmp_path / "page.html", *FAST, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["seats"] == 20


def test_it_is_interrupted(stack, tmp_path, rehearsal):
    wait_for(lambda: is_selling(stack))
    second = rehearse(stack, make_concert(stack), tmp_path / "second.html", *FAST)
    assert second.returncode == 1 and "another rehearsal is running" in second.stderr
    rehearsal.send_signal(signal.SIGINT)
    output, errors = rehearsal.communicate(timeout=120)
    assert rehearsal.returncode == 1 and "nothing can be said" in output, errors
    assert not leftovers(stack)


@pytest.mark.parametrize("is_reached", [
    lambda stack: stack.query("SHOW DATABASES LIKE 'frontrow\\_rehearsal'"),
    is_selling,
], ids=["as it begins", "in the middle"])
def test_it_is_killed(stack, rehearsal, is_reached):
    wait_for(lambda: is_reached(stack))
    rehearsal.kill()
    rehearsal.communicate(timeout=60)
    done = stack.ctl("rehearse", "--clean-up")
    assert done.returncode == 0 and "is removed" in done.stderr, done.stderr
    wait_for(lambda: not leftovers(stack))  # processes end by themselves when the one that is killed is gone
    again = stack.ctl("rehearse", "--clean-up")
    assert (again.returncode, again.stderr) == (0, "")


def test_the_next_one_removes_what_is_left(stack, tmp_path, rehearsal):
    wait_for(lambda: is_selling(stack))
    # neither it nor its workers can do anything about it
    processes = [int(path.parent.name) for path in leftovers(stack) if isinstance(path, pathlib.Path) and path.name == "environ"]
    rehearsal.kill()
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    rehearsal.communicate(timeout=60)
    done = rehearse(stack, make_concert(stack), tmp_path / "page.html", *FAST)
    assert done.returncode == 0 and "is removed" in done.stderr, done.stderr
    assert not leftovers(stack)


def test_a_database_of_somebody_else_is_not_touched(stack, tmp_path):
    stack.query(f"CREATE DATABASE {SHADOW}")
    stack.query(f"CREATE TABLE {SHADOW}.precious (i INT PRIMARY KEY)")
    try:
        for words in (("rehearse", "--clean-up"), ("rehearse", "1", "--fans", "1")):
            done = stack.ctl(*words, "--report", str(tmp_path / "page.html"))
            assert done.returncode == 1 and "is not touched" in done.stderr, done.stderr
        assert list(rows(stack, SHADOW)) == ["precious"]
    finally:
        stack.query(f"DROP DATABASE {SHADOW}")


@pytest.mark.parametrize("words", [
    (), ("1",), ("1", "--fans", "0"), ("1", "--fans", "many"), ("1", "--fans", "5", "--minutes", "0"),
    ("1", "--fans", "5", "--pay-seconds", "x"), ("1", "--fans", "5", "--capacity", "-1"), ("1", "--clean-up"),
    ("1", "2", "--fans", "5"), ("x", "--fans", "5"),
], ids=" ".join)
def test_wrong_usage(stack, tmp_path, words):
    done = stack.ctl("rehearse", *words, "--report", str(tmp_path / "page.html"))
    assert done.returncode == WRONG and done.stderr, done
    assert not leftovers(stack)


def test_a_concert_that_is_not_there(stack, tmp_path):
    done = stack.ctl("rehearse", "2000000000", "--fans", "5", "--report", str(tmp_path / "page.html"))
    assert done.returncode == 1 and done.stderr
    missing = stack.ctl("rehearse", "1", "--fans", "5", "--report", str(tmp_path / "missing/page.html"))
    assert missing.returncode == 1 and "--report" in missing.stderr
    assert not leftovers(stack)
