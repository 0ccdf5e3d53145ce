"""frontrowctl: its command line, and concerts made, opened and closed by it."""

import json
import re
import subprocess

import pytest
from helpers import assert_problem, ask_reserve, new_user, ok, reserve

pytestmark = pytest.mark.usefixtures("audited")

CONCERT = {
    "title": "가을밤 (Autumn Night)", "venue": "Hall \"9\"", "status": "open", "opensAt": None,
    "closesAt": "2031-01-01T00:00:00+09:00", "admissionCapacity": None, "activeSeconds": 60, "holdSeconds": 120,
    "maxSeatsPerUser": 3,
    "items": [
        {"date": "2030-12-24", "startsAt": "2030-12-24T19:00:00+09:00", "seats": [
            {"from": 1, "to": 1200, "price": 7000},
            {"from": 2001, "to": 2003, "price": 9000, "section": "앞", "row": "A", "firstLabel": 11, "x": 4, "y": -2},
            {"from": 3001, "to": 3001, "price": 0, "blocked": True},
        ]},
        {"date": "2030-12-23", "startsAt": "2030-12-23T10:00:00Z", "seats": [{"from": 5, "to": 6, "price": 1}]},
    ],
}


def run(stack, *arguments, stdin="", **environment):
    return subprocess.run(
        [stack.build / "frontrowctl", *arguments], env=stack.environment | environment,
        timeout=120, text=True, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


def create(stack, concert, name="-"):
    return run(stack, "--config", stack.var / "frontrow.conf", "concert", "create", name, stdin=json.dumps(concert))


@pytest.fixture(scope="module")
def made(stack, tmp_path_factory):
    file = tmp_path_factory.mktemp("concert") / "concert.json"
    file.write_text(json.dumps(CONCERT))
    done = stack.ctl("concert", "create", file)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_its_command_line(stack):
    version = run(stack, "--version")
    assert version.returncode == 0 and re.fullmatch(r"frontrowctl \d+\.\d+\.\d+\n", version.stdout)
    usage = run(stack, "--help").stdout
    for command in ("migrate", "demo load", "demo reset", "concert create FILE", "concert open ID",
                    "concert close ID", "concert list", "audit", "prune"):
        assert f"  {command} " in usage


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["concert"], ["concert", "nonsense"], ["concert", "open"], ["concert", "open", "1", "2"],
    ["queue", "capacity", "2"], ["queue", "capacity", "2", "-1"], ["queue", "capacity", "2", "1x"],
    ["queue", "capacity", "2", "99999999999"], ["queue", "pause", "x"], ["queue", "drain", "1", "2"],
    ["audit", "now"], ["audit", "--yes"], ["concert", "list", "--schema", "x"], ["--nonsense"], ["--config"],
], ids=" ".join)
def test_wrong_usage(stack, arguments):
    done = run(stack, *arguments, FRONTROW_CONFIG=str(stack.var / "frontrow.conf"))
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stdout == ""


def test_settings_may_be_named_where_none_are_needed(stack):
    """As scripts/ctl and an alias do."""
    done = run(stack, "--config", stack.var / "frontrow.conf", "ticket", "key")
    assert done.returncode == 0 and "PRIVATE KEY" in done.stdout, done.stderr


def test_where_its_settings_come_from(stack):
    assert run(stack, "concert", "list", FRONTROW_CONFIG=str(stack.var / "frontrow.conf")).returncode == 0
    missing = run(stack, "--config", "/nowhere/frontrow.conf", "concert", "list")
    assert missing.returncode == 78 and "/nowhere/frontrow.conf" in missing.stderr
    gone = run(stack, "--config", stack.var / "frontrow.conf", "concert", "list",
               FRONTROW_MYSQL_SOCKET="/nowhere/mysql.sock")
    assert gone.returncode == 75 and "/nowhere/mysql.sock" in gone.stderr


def test_a_created_concert_is_what_the_file_says(stack, made):
    shown = ok(stack.get(f"/concert/{made['concertId']}"))
    assert {name: shown[name] for name in ("title", "venue", "status", "opensAt", "closesAt", "holdSeconds",
                                           "maxSeatsPerUser", "itemCount", "minPrice", "maxPrice", "queue")} == {
        "title": CONCERT["title"], "venue": CONCERT["venue"], "status": "open", "opensAt": None,
        "closesAt": "2030-12-31T15:00:00.000Z", "holdSeconds": 120, "maxSeatsPerUser": 3, "itemCount": 2,
        "minPrice": 0, "maxPrice": 9000, "queue": False,
    }
    items = {item["itemId"]: item for item in ok(stack.get(f"/concert/{made['concertId']}/item"))["items"]}
    first, second = (items[item] for item in made["itemIds"])
    assert (first["date"], first["startsAt"], first["seatCount"], first["availableCount"]) == (
        "2030-12-24", "2030-12-24T10:00:00.000Z", 1204, 1203)
    assert (second["date"], second["seatCount"]) == ("2030-12-23", 2)


def test_created_seats_are_what_the_ranges_say(stack, made):
    seats = {row["seat_no"]: row for row in stack.query(
        "SELECT seat_no, status, blocked, price, section, row_name, label, x, y FROM seat WHERE item_id = %s",
        made["itemIds"][0])}
    assert sorted(seats) == [*range(1, 1201), 2001, 2002, 2003, 3001]
    assert seats[1200] == {"seat_no": 1200, "status": "available", "blocked": 0, "price": 7000, "section": "A",
                           "row_name": "1", "label": "1200", "x": None, "y": None}
    assert seats[2003] == {"seat_no": 2003, "status": "available", "blocked": 0, "price": 9000, "section": "앞",
                           "row_name": "A", "label": "13", "x": 6, "y": -2}
    assert seats[3001]["blocked"] == 1


@pytest.mark.parametrize("field, change", [
    ("title", {"title": ""}),
    ("venue", {"venue": "x" * 201}),
    ("status", {"status": "cancelled"}),
    ("closesAt", {"opensAt": "2031-01-01T00:00:00+09:00"}),
    ("holdSeconds", {"holdSeconds": 3601}),
    ("maxSeatsPerUser", {"maxSeatsPerUser": 0}),
    ("items", {"items": {}}),
    ("items[1].date", {"items": [CONCERT["items"][0], CONCERT["items"][1] | {"date": "2030-02-30"}]}),
    ("items[0].seats", {"items": [CONCERT["items"][1] | {"seats": []}]}),
    ("items[0].seats[0].price", {"items": [CONCERT["items"][1] | {"seats": [{"from": 1, "to": 2, "price": 1.5}]}]}),
    ("items[0].seats[0].to", {"items": [CONCERT["items"][1] | {"seats": [{"from": 2, "to": 1, "price": 1}]}]}),
    ("items[0].seats[1].from", {"items": [CONCERT["items"][1] | {"seats": [
        {"from": 1, "to": 9, "price": 1}, {"from": 9, "to": 12, "price": 1}]}]}),
    ("items[0].seats", {"items": [CONCERT["items"][1] | {"seats": [{"from": 1, "to": 100001, "price": 1}]}]}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_concert_that_is_not_right_is_refused_by_its_field(stack, field, change):
    before = stack.query("SELECT COUNT(*) AS n FROM concert")
    done = create(stack, CONCERT | change)
    assert done.returncode == 1 and done.stderr.startswith(f"frontrowctl: {field}: "), done.stderr
    assert done.stderr.count("\n") == 1
    assert stack.query("SELECT COUNT(*) AS n FROM concert") == before


def test_a_file_that_is_no_json_is_named_with_its_line(stack, tmp_path):
    file = tmp_path / "broken.json"
    file.write_text('{\n"title": "x",\n}')
    done = stack.ctl("concert", "create", file)
    assert done.returncode == 1 and f"{file}: line 3: " in done.stderr


def test_a_byte_order_mark_is_named(stack, tmp_path):
    file = tmp_path / "marked.json"
    file.write_text(json.dumps(CONCERT), encoding="utf-8-sig")
    done = stack.ctl("concert", "create", file)
    assert done.returncode == 1 and f"{file}: line 1: a byte order mark (BOM" in done.stderr and done.stderr.isascii()


def test_open_and_close(stack, made):
    concert, (item, _) = made["concertId"], made["itemIds"]
    here = type("Here", (), {"id": concert})
    held = reserve(stack, new_user(), here, item, [1])
    version = stack.query("SELECT line_version AS n FROM concert WHERE concert_id = %s", concert)[0]["n"]

    assert stack.ctl("concert", "close", str(concert)).returncode == 0
    assert_problem(ask_reserve(stack, new_user(), here, item, [2]), "concert_not_open")
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={held['userId']}"))["status"] == "held"

    assert stack.ctl("concert", "open", str(concert)).returncode == 0
    reserve(stack, new_user(), here, item, [2])
    changed = stack.query("SELECT line_version AS n FROM concert WHERE concert_id = %s", concert)[0]["n"]
    assert changed > version
    log = stack.query("SELECT actor, action FROM audit_log WHERE concert_id = %s ORDER BY audit_log_id", concert)
    assert [(row["actor"], row["action"]) for row in log] == [
        ("ctl", "concert create"), ("ctl", "concert close"), ("ctl", "concert open")]


def test_what_cannot_be_opened(stack):
    unknown = stack.ctl("concert", "open", "2147483647")
    assert unknown.returncode == 1 and unknown.stderr.count("\n") == 1
    for no_id in ("x", "0", "-1", "2147483648", "1x"):
        assert stack.ctl("concert", "open", "--", no_id).returncode == 2

    cancelled = json.loads(create(stack, CONCERT | {"items": []}).stdout)["concertId"]
    stack.query("UPDATE concert SET status = 'cancelled' WHERE concert_id = %s", cancelled)
    refused = stack.ctl("concert", "open", str(cancelled))
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    assert stack.query("SELECT status FROM concert WHERE concert_id = %s", cancelled) == [{"status": "cancelled"}]


def test_list_shows_all_concerts(stack, made):
    create(stack, CONCERT | {"title": "two\nlines\x1b", "items": []})
    lines = stack.ctl("concert", "list").stdout.splitlines()
    assert lines[-1].endswith(" two lines ")
    by_id = {int(line.split()[0]): line for line in lines[1:]}
    assert len(by_id) == stack.query("SELECT COUNT(*) AS n FROM concert")[0]["n"]
    assert list(by_id) == sorted(by_id)
    assert re.search(r" open .* no queue +2 +2030-12-23 +2030-12-24 +가을밤", by_id[made["concertId"]])
    assert " closed " in by_id[3] and re.search(" (scheduled|open) ", by_id[5])
