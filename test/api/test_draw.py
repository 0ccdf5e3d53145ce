"""The draw before opening, through nginx: what is promised, when, and that it is kept (docs/draw.md)."""

import contextlib
import hashlib
import json
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from draw_helpers import SETTLE_SECONDS, Draw, entry_of
from helpers import add_token, ask_reserve, assert_problem, new_concert, new_user, ok
from stack import wait_for, wait_for_statement

pytestmark = pytest.mark.usefixtures("audited")

PUBLIC = ["state", "commitment", "freezesAt", "opensAt", "count", "listHash", "list", "beaconSource", "beacon",
          "seed", "protected"]


# ---- until the opening


def test_a_ticket_before_the_opening(stack):
    draw = Draw.new(stack)
    ticket = draw.add()
    hidden = {"status": "waiting", "number": None, "position": None, "etaSeconds": None, "etaSecondsHigh": None,
              "expiresAt": None, "pollAfterSeconds": 1}
    assert ticket | hidden == ticket
    assert draw.poll(ticket) == ticket
    assert draw.add(ticket["userId"]) == ticket
    assert list(draw.rows()) == [1]
    queue = draw.public()
    assert (queue["status"], queue["serving"], queue["lastNumber"], queue["waiting"]) == ("scheduled", 0, 1, 1)


def test_what_is_public_and_when(stack):
    draw = Draw.new(stack)
    tickets = draw.add_many(3)
    public = draw.show()
    assert list(public) == PUBLIC
    assert (public["state"], public["beaconSource"]) == ("collecting", "A public lottery")
    assert re.fullmatch("[0-9a-f]{64}", public["commitment"])
    later = ("count", "listHash", "list", "beacon", "seed", "protected")
    assert all(public[name] is None for name in later)
    assert stack.get(f"/draw/{draw.id}.txt").status == 404

    draw.freeze()
    assert all(draw.show()[name] is None for name in later)
    listed = draw.step()
    assert (listed["state"], listed["count"], listed["list"]) == ("listed", 3, f"/draw/{draw.id}.txt")
    answer = stack.get(listed["list"])
    assert hashlib.sha256(answer.body).hexdigest() == listed["listHash"]
    assert answer.body.decode().splitlines() == [entry_of(ticket) for ticket in tickets]
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert all(listed[name] is None for name in ("beacon", "seed", "protected"))

    ok(draw.give("4 8 15"))
    assert (draw.show()["state"], draw.show()["beacon"]) == ("listed", "4 8 15")
    drawn = draw.step()
    assert (drawn["state"], drawn["seed"], drawn["protected"]) == ("drawn", None, True)
    draw.open()
    revealed = draw.show()
    assert revealed["state"] == "revealed"
    assert hashlib.sha256(bytes.fromhex(revealed["seed"])).hexdigest() == public["commitment"]


def test_a_concert_without_a_draw_has_none(stack):
    concert = new_concert(stack, capacity=1)
    assert ok(stack.get(f"{concert.path}/queue"))["draw"] is None
    assert ok(stack.get(concert.path))["draw"] is False
    assert ok(stack.get(Draw.new(stack).path))["draw"] is True


def test_nobody_is_in_before_the_opening(stack):
    draw = Draw.new(stack, capacity=10)
    ticket = draw.add()
    item, seat = draw.free_seat()

    def is_out():
        assert draw.poll(ticket)["status"] == "waiting"
        assert draw.add(ticket["userId"])["number"] is None
        assert_problem(ask_reserve(stack, ticket["userId"], draw, item, seat, token=ticket["token"]),
                       "concert_not_open")
        assert draw.public()["active"] == 0

    is_out()
    draw.freeze()
    is_out()
    draw.step()
    is_out()
    ok(draw.give("b"))
    draw.step()
    is_out()
    draw.opens_in(60)
    is_out()
    assert stack.sweeper().returncode == 0
    is_out()


def test_the_first_is_in_at_the_opening(stack):
    draw = Draw.new(stack, capacity=1)
    tickets = draw.add_many(3)
    draw.freeze()
    draw.finish()
    draw.opens_in(3)
    told = [draw.poll(ticket)["pollAfterSeconds"] for ticket in tickets]
    assert max(told) <= 3
    began = time.monotonic()
    opens = stack.query("SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), opens_at) / 1e6 AS s FROM concert"
                        " WHERE concert_id = %s", draw.id)[0]["s"]
    active = wait_for(lambda: [t for t in map(draw.poll, tickets) if t["status"] == "active"])
    assert time.monotonic() - began >= float(opens) - 0.01
    assert [ticket["number"] for ticket in active] == [1]
    assert time.monotonic() - began < float(opens) + 10
    item, seat = draw.free_seat()
    ok(ask_reserve(stack, active[0]["userId"], draw, item, seat, token=active[0]["token"]))


def test_until_the_draw_is_done_nobody_is_called(stack):
    draw = Draw.new(stack, capacity=2)
    early = draw.add_many(4)
    draw.open()  # and no sweeper ran
    late = draw.add()
    for ticket in (*early, late):
        now = draw.poll(ticket)
        assert (now["status"], now["number"], now["position"]) == ("waiting", None, None)
    public = draw.show()
    assert (public["state"], public["seed"]) == ("frozen", None)
    draw.opens_in(-10)
    assert draw.step()["state"] == "revealed"
    assert sorted(draw.poll(ticket)["number"] for ticket in early) == [1, 2, 3, 4]
    assert draw.poll(late)["number"] == 5
    assert draw.statuses(*early).count("active") == 2


@pytest.mark.parametrize("close", ["status = 'closed'", "closes_at = UTC_TIMESTAMP(3)", "status = 'cancelled'"])
def test_who_waits_keeps_the_number_when_the_concert_is_closed(stack, close):
    draw = Draw.new(stack, capacity=1)
    tickets = draw.add_many(3)
    draw.freeze()
    draw.finish()
    draw.open()
    names = ("status", "number", "position")
    before = sorted(tuple(draw.poll(ticket)[name] for name in names) for ticket in tickets)
    assert before == [("active", 1, 0), ("waiting", 2, 1), ("waiting", 3, 2)]
    stack.query(f"UPDATE concert SET {close} WHERE concert_id = %s", draw.id)
    assert sorted(tuple(draw.poll(ticket)[name] for name in names) for ticket in tickets) == before


def test_closed_before_its_opening_no_number_is_shown(stack):
    """It may be opened again, and then opens when it said."""
    draw = Draw.new(stack)
    ticket = draw.add()
    draw.freeze()
    draw.finish()
    draw.set(status="'closed'")
    now = draw.poll(ticket)
    assert (now["status"], now["number"], now["position"]) == ("waiting", None, None)


# ---- the ranks


def test_ranks_are_those_of_another_implementation(stack):
    draw = Draw.new(stack, capacity=0)
    early = draw.add_many(300)
    draw.freeze()
    late = draw.add_many(20)
    draw.finish("1 2 3 비콘")
    draw.open()
    ranks = draw.expected("1 2 3 비콘")
    assert len(ranks) == 300
    assert [draw.poll(ticket)["number"] for ticket in early] == [ranks[entry_of(ticket)] for ticket in early]
    assert [draw.poll(ticket)["number"] for ticket in late] == list(range(301, 321))
    assert sorted(ranks.values()) == list(range(1, 301))
    assert [ranks[entry_of(ticket)] for ticket in early] != list(range(1, 301))


def test_places_are_given_in_the_order_of_ranks(stack):
    draw = Draw.new(stack, capacity=0)
    tickets = draw.add_many(12)
    draw.freeze()
    tickets.append(draw.add())
    draw.finish("x")
    draw.open()
    shown = {draw.poll(ticket)["number"]: ticket for ticket in tickets}
    assert sorted(shown) == list(range(1, 14))
    for capacity in (3, 6, 13):
        draw.set(admission_capacity=capacity)
        draw.public()
        statuses = draw.statuses(*(shown[number] for number in sorted(shown)))
        assert statuses == ["active"] * capacity + ["waiting"] * (13 - capacity)
        assert draw.public()["serving"] == capacity
    assert [draw.poll(shown[number])["position"] for number in (1, 13)] == [0, 0]


def test_who_left_is_listed_and_not_called(stack):
    draw = Draw.new(stack, capacity=0)
    tickets = draw.add_many(5)
    assert draw.leave(tickets[2]).status == 204
    again = draw.add(tickets[2]["userId"])
    draw.freeze()
    draw.finish("x")
    draw.open()
    assert len(draw.list()) == 6
    ranks = draw.expected("x")
    for ticket in (*tickets[:2], *tickets[3:], again):
        assert draw.poll(ticket)["number"] == ranks[entry_of(ticket)]
    assert_problem(draw.ask(tickets[2]), "token_invalid")


def test_a_draw_without_anybody(stack):
    draw = Draw.new(stack, capacity=1)
    draw.freeze()
    assert draw.step()["count"] == 0
    ok(draw.give("x"))
    assert draw.step()["state"] == "drawn"
    draw.open()
    assert draw.list() == []
    ticket = draw.add()
    assert (ticket["number"], ticket["status"]) == (1, "active")


def test_a_number_that_comes_after_the_seal_is_given_anew(stack):
    """An add that had its number in time and its row too late is not in, as the list is made."""
    draw = Draw.new(stack, capacity=1)
    draw.add_many(2)
    redis = stack.redis()
    draw.freeze()
    user = new_user()
    token = draw.add(user)["token"]  # number 3, behind
    stack.query("UPDATE concert_draw SET frozen_last = 4 WHERE concert_id = %s", draw.id)
    redis.hset(f"{{c{draw.id}}}:meta", "frozenLast", 4)
    assert draw.step()["count"] == 3
    late = draw.add()  # Redis gives it number 4, which is in the sealed draw
    assert set(draw.rows()) == {1, 2, 3, 5}
    ok(draw.give("x"))
    draw.step()
    draw.open()
    assert draw.poll(late)["number"] == 5
    assert draw.poll({"token": token})["number"] in (1, 2, 3)


# ---- the beacon


def test_without_a_source_it_says_that_it_is_not_protected(stack):
    draw = Draw.new(stack, source=None)
    draw.add_many(2)
    draw.freeze()
    public = draw.step()
    assert (public["state"], public["beaconSource"], public["protected"]) == ("drawn", None, False)
    draw.open()
    ranks = draw.expected()
    assert draw.show()["protected"] is False and sorted(ranks.values()) == [1, 2]


def test_without_a_source_no_beacon_is_taken(stack):
    """Nor where the sweeper was killed after the list: whoever knows the seed could try many."""
    draw = Draw.new(stack, source=None)
    draw.add_many(2)
    draw.freeze()
    draw.step()
    stack.query("UPDATE concert_draw SET drawn_at = NULL, decided_at = NULL WHERE concert_id = %s", draw.id)
    assert draw.show()["state"] == "listed"
    assert_problem(draw.give("the best of many"), "invalid_field", field="beacon.value")
    assert (draw.step()["state"], draw.show()["protected"]) == ("drawn", False)


def test_who_reads_that_it_is_decided_reads_the_beacon(stack):
    """Given and decided while an answer is made."""
    draw = Draw.new(stack)
    draw.add()
    draw.freeze()
    draw.step()
    with contextlib.closing(stack.mysql()) as other, other.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("LOCK TABLES concert_draw WRITE")
        answer = pool.submit(draw.public)
        wait_for_statement(stack, "Waiting for table", "SELECT")
        stack.query("UPDATE concert SET beacon = 'x' WHERE concert_id = %s", draw.id)
        cursor.execute("UPDATE concert_draw SET decided_at = UTC_TIMESTAMP(3) WHERE concert_id = %s", draw.id)
        cursor.execute("UNLOCK TABLES")
        public = answer.result(15)["draw"]
    assert (public["beacon"], public["protected"]) == ("x", True)


def test_a_beacon_that_does_not_come_is_not_waited_for(stack):
    draw = Draw.new(stack)
    draw.add_many(2)
    draw.freeze()
    assert draw.step()["state"] == "listed"
    draw.opens_in(draw.LEAD / 5 + 60)
    assert draw.step()["state"] == "listed"
    draw.opens_in(draw.LEAD / 5)
    public = draw.step()
    assert (public["state"], public["beacon"], public["protected"]) == ("drawn", None, False)
    assert_problem(draw.give("late"), "invalid_field", field="beacon.value")


def test_when_the_beacon_can_be_given(stack):
    draw = Draw.new(stack)

    def is_refused(value):
        assert_problem(draw.give(value), "invalid_field", field="beacon.value")

    is_refused("early")
    draw.freeze()
    is_refused("early")
    draw.step()
    for wrong in ("", "x" * 201, 7, True):
        is_refused(wrong)
    ok(draw.give("x" * 200))
    ok(draw.give("x" * 200))  # the same again
    is_refused("another")
    is_refused(None)
    draw.step()
    is_refused("another")


def test_the_command_gives_the_beacon_too(stack):
    draw = Draw.new(stack)
    draw.add()
    unreadable = stack.ctl("queue", "draw", str(draw.id), "--beacon", "7\udcff")
    assert unreadable.returncode == 1 and "The beacon must be a text" in unreadable.stderr, unreadable
    early = stack.ctl("queue", "draw", str(draw.id), "--beacon", "7")
    assert early.returncode == 1 and "not published yet" in early.stderr
    draw.freeze()
    draw.step()
    done = stack.ctl("queue", "draw", str(draw.id), "--beacon", "7")
    assert done.returncode == 0 and re.search(r"^state +drawn$", done.stdout, re.M), done
    assert draw.show()["beacon"] == "7"
    concert = new_concert(stack, capacity=1)
    assert stack.ctl("queue", "draw", str(concert.id)).returncode == 1
    assert stack.ctl("queue", "draw", "x").returncode == 2


# ---- the operator's changes


class Admin:
    def __init__(self, stack, concert_id):
        self.stack, self.path = stack, f"/admin/concert/{concert_id}"

    def ask(self, **body):
        return self.stack.call("PATCH", self.path, body, self.stack.admin_headers())

    def get(self):
        return ok(self.stack.call("GET", self.path, headers=self.stack.admin_headers()))


def test_a_draw_in_a_new_concert(stack):
    body = {"title": "t", "venue": "v", "status": "open", "opensAt": "2099-01-01T00:00:00Z", "admissionCapacity": 3,
            "draw": True, "drawLeadSeconds": 60, "beacon": {"source": "drand 1"}, "items": []}
    made = ok(stack.post("/admin/concert", body, **stack.admin_headers()))["concertId"]
    got = Admin(stack, made).get()
    assert (got["draw"], got["drawLeadSeconds"], got["beacon"], got["drawState"]) == (
        True, 60, {"source": "drand 1", "value": None}, "collecting")
    assert add_token(stack, new_user(), type("C", (), {"id": made}))["number"] is None
    for wrong, field in (({"opensAt": None}, "draw"), ({"admissionCapacity": None}, "draw"),
                         ({"opensAt": "2020-01-01T00:00:00Z"}, "draw"), ({"beacon": {"value": "x"}}, "beacon.value"),
                         ({"beacon": {"source": ""}}, "beacon.source"), ({"drawLeadSeconds": 0}, "drawLeadSeconds")):
        assert_problem(stack.post("/admin/concert", body | wrong, **stack.admin_headers()), "invalid_field",
                       field=field)
    assert stack.query("SELECT COUNT(*) AS n FROM concert_draw d LEFT JOIN concert c ON c.concert_id = d.concert_id"
                       " WHERE c.concert_id IS NULL") == [{"n": 0}]


def test_what_a_draw_needs(stack):
    concert = new_concert(stack, status="closed", capacity=2)
    admin = Admin(stack, concert.id)
    assert_problem(admin.ask(draw=True), "invalid_field", field="draw")
    assert_problem(admin.ask(draw=True, opensAt="2099-01-01T00:00:00Z", admissionCapacity=None), "invalid_field",
                   field="draw")
    opened = stack.query("SELECT UTC_TIMESTAMP() + INTERVAL 200 SECOND AS at")[0]["at"]
    assert_problem(admin.ask(draw=True, opensAt=f"{opened.isoformat()}Z"), "invalid_field", field="draw")
    ok(admin.ask(draw=True, opensAt=f"{opened.isoformat()}Z", drawLeadSeconds=60))
    used = new_concert(stack, capacity=1)
    add_token(stack, new_user(), used)
    problem = assert_problem(Admin(stack, used.id).ask(draw=True, opensAt="2099-01-01T00:00:00Z"), "invalid_field")
    assert "has given a number" in problem["detail"]


def test_what_can_change_before_the_freeze(stack):
    draw = Draw.new(stack)
    admin = Admin(stack, draw.id)
    first = draw.show()
    tickets = draw.add_many(3)
    ok(admin.ask(opensAt="2098-01-01T00:00:00Z", drawLeadSeconds=90, beacon={"source": "Another"}, title="T"))
    public = draw.show()
    assert (public["opensAt"], public["freezesAt"], public["beaconSource"]) == (
        "2098-01-01T00:00:00.000Z", "2097-12-31T23:58:30.000Z", "Another")
    assert public["commitment"] == first["commitment"]
    ok(admin.ask(beacon={"source": None}))
    assert draw.show()["beaconSource"] is None
    ok(admin.ask(draw=False))
    assert draw.public()["draw"] is None
    assert_problem(draw.ask_add(new_user()), "concert_not_open")
    assert_problem(admin.ask(draw=True), "invalid_field", field="draw")  # numbers are given
    assert draw.statuses(*tickets) == ["waiting"] * 3  # before the opening, with or without a draw


def test_another_seed_where_nobody_came(stack):
    draw = Draw.new(stack)
    first = draw.show()["commitment"]
    ok(Admin(stack, draw.id).ask(draw=False))
    ok(Admin(stack, draw.id).ask(draw=True))
    assert draw.show()["commitment"] != first


def test_what_stays_from_the_freeze_on(stack):
    draw = Draw.new(stack)
    draw.add()
    admin = Admin(stack, draw.id)
    for until_freeze in (9, -1):
        draw.freezes_in(until_freeze)
        for change, field in (({"opensAt": "2099-01-01T00:00:00Z"}, "opensAt"), ({"draw": False}, "draw"),
                              ({"drawLeadSeconds": 5}, "drawLeadSeconds"), ({"opensAt": None}, "opensAt"),
                              ({"beacon": {"source": "x"}}, "beacon.source"),
                              ({"admissionCapacity": None}, "admissionCapacity")):
            assert_problem(admin.ask(**change), "invalid_field", field=field)
    got = admin.get()
    ok(admin.ask(**{name: got[name] for name in ("opensAt", "draw", "drawLeadSeconds", "beacon")}))  # no change
    ok(admin.ask(title="T", admissionCapacity=9, paused=True, status="closed"))
    assert_problem(draw.ask_add(new_user()), "concert_not_open")
    ok(admin.ask(paused=False, status="open"))
    assert stack.ctl("concert", "cancel", str(draw.id)).returncode == 0


def test_an_open_concert_after_its_draw(stack):
    draw = Draw.new(stack, capacity=1, source=None)
    early = draw.add_many(3)
    draw.freeze()
    draw.step()
    draw.open()
    assert draw.poll(early[0])["number"] in (1, 2, 3)
    admin = Admin(stack, draw.id)
    assert_problem(admin.ask(draw=False), "invalid_field", field="draw")
    ok(admin.ask(admissionCapacity=None))
    assert draw.statuses(*early) == ["active"] * 3


# ---- the freeze


def test_the_freeze_is_at_its_instant(stack):
    """Whichever call comes first finds it; those after it stand behind, and nothing depends on the sweeper."""
    draw = Draw.new(stack)
    early = draw.add_many(3)
    draw.freezes_in(-0.1)  # now it is frozen, though nobody has looked
    late = draw.add_many(2)
    draw.freezes_in(-SETTLE_SECONDS)
    assert draw.step()["count"] == 3
    assert draw.list() == [entry_of(ticket) for ticket in early]
    ok(draw.give("x"))
    draw.step()
    draw.open()
    assert sorted(draw.poll(ticket)["number"] for ticket in early) == [1, 2, 3]
    assert [draw.poll(ticket)["number"] for ticket in late] == [4, 5]


def test_a_list_is_not_made_while_an_add_may_be_under_way(stack):
    draw = Draw.new(stack)
    draw.add()
    draw.freezes_in(-1)
    assert draw.step()["state"] == "frozen"
    draw.freezes_in(-SETTLE_SECONDS)
    assert draw.step()["state"] == "listed"


def test_the_seal_waits_for_the_adds_that_are_under_way(stack):
    draw = Draw.new(stack, source=None)
    draw.add()
    draw.freeze()
    with stack.mysql() as adding, adding.cursor() as cursor:  # as an insert does, until it is committed
        adding.begin()
        cursor.execute("SELECT sealed_at FROM concert_draw WHERE concert_id = %s LOCK IN SHARE MODE", draw.id)
        assert cursor.fetchone() == {"sealed_at": None}
        done = stack.ctl("queue", "draw", str(draw.id))
        assert done.returncode == 1 and "busy" in done.stderr
        assert draw.show()["state"] == "frozen"
        adding.rollback()
    assert draw.step()["state"] == "drawn"


def test_the_sweeper_does_each_step(stack):
    draw = Draw.new(stack, source=None)
    tickets = draw.add_many(4)
    draw.freeze()
    swept = stack.sweeper()
    assert swept.returncode == 0, swept.stderr
    assert draw.show()["state"] == "drawn"
    draw.open()
    assert sorted(draw.poll(ticket)["number"] for ticket in tickets) == [1, 2, 3, 4]


def test_the_sweeper_does_what_has_its_hour_first(stack):
    """However many holds have lapsed: a draw's steps, then the queues, then what is only tidied."""
    draw = Draw.new(stack, source=None)
    draw.add_many(2)
    draw.freeze()
    stack.query("TRUNCATE mysql.general_log")
    stack.query("SET GLOBAL log_output = 'TABLE', general_log = ON")
    try:
        assert stack.sweeper().returncode == 0
    finally:
        stack.query("SET GLOBAL general_log = OFF, log_output = 'FILE'")
    asked = [row["sql"].decode(errors="replace") for row in stack.query(  # a token's bytes are no text
        "SELECT CAST(argument AS BINARY) AS `sql` FROM mysql.general_log WHERE command_type = 'Execute'"
        " ORDER BY event_time")]

    def first(*words):
        return next(i for i, sql in enumerate(asked) if all(word in sql for word in words))

    assert first("draw") < first("line_version") < first("reservation", "expires_at") < first("DELETE", "idempotency")


def test_a_list_that_was_lost_is_written_again(stack):
    draw = Draw.new(stack, source=None)
    draw.add_many(3)
    draw.freeze()
    draw.step()
    before = draw.list()
    (stack.var / "draw" / f"{draw.id}.txt").unlink()
    assert stack.get(f"/draw/{draw.id}.txt").status == 404
    draw.step()
    assert draw.list() == before


def test_a_folder_that_takes_no_file_does_not_stop_the_sale(stack):
    draw = Draw.new(stack, source=None)
    draw.add_many(2)
    draw.freeze()
    stack.environment["FRONTROW_DRAW_FOLDER"] = "/nowhere"
    try:
        done = stack.ctl("queue", "draw", str(draw.id))
    finally:
        del stack.environment["FRONTROW_DRAW_FOLDER"]
    assert done.returncode == 1 and "/nowhere" in done.stderr
    assert draw.show()["state"] == "drawn"
    draw.step()
    assert len(draw.list()) == 2


def test_tokens_that_are_not_those_of_the_list_are_not_drawn(stack):
    draw = Draw.new(stack)
    tickets = draw.add_many(3)
    draw.freeze()
    draw.step()
    token = tickets[1]["token"].partition("-")[2]
    stack.query("UPDATE queue_token SET token = UNHEX(REVERSE(%s)) WHERE token = UNHEX(%s)", token, token)
    try:
        ok(draw.give("x"))
        done = stack.ctl("queue", "draw", str(draw.id))
        assert done.returncode == 1 and "not those of the list" in done.stderr
        assert draw.show()["state"] == "listed"
        audit = stack.ctl("audit")
        assert re.search(r"^ +1  draw_list_fits", audit.stdout, re.M), audit.stdout
    finally:
        stack.query("UPDATE queue_token SET token = UNHEX(%s) WHERE token = UNHEX(REVERSE(%s))", token, token)
    assert draw.step()["state"] == "drawn"


def test_the_audit_computes_the_ranks(stack):
    draw = Draw.new(stack, source=None)
    draw.add_many(3)
    draw.freeze()
    draw.step()
    ranks = stack.query("SELECT ranks FROM concert_draw_rank WHERE concert_id = %s", draw.id)[0]["ranks"]
    swapped = ranks[4:8] + ranks[:4] + ranks[8:]
    for value, violations in ((swapped, 1), (ranks, 0)):
        stack.query("UPDATE concert_draw_rank SET ranks = %s WHERE concert_id = %s", value, draw.id)
        assert re.search(rf"^ +{violations}  draw_ranks_fit", stack.ctl("audit").stdout, re.M)


# ---- what anybody can check


@pytest.fixture(scope="module")
def drawn(stack, tmp_path_factory):
    """A draw that is over, with what a fan kept of it."""
    folder = tmp_path_factory.mktemp("fan")
    draw = Draw.new(stack, capacity=0)
    tickets = draw.add_many(8)
    draw.freeze()
    draw.step()
    (folder / "before.json").write_text(json.dumps(draw.public()))
    ok(draw.give("the beacon"))
    draw.step()
    draw.open()
    draw.save(folder)
    return draw, tickets, folder


def verify(stack, folder, *more, entries=None, **changes):
    """frontrowctl queue verify with the list and the answer changed so."""
    proof = json.loads((folder / "proof.json").read_text())
    proof["draw"] |= changes
    (folder / "changed.json").write_text(json.dumps(proof))
    text = (folder / "list.txt").read_text() if entries is None else "".join(f"{entry}\n" for entry in entries)
    (folder / "changed.txt").write_text(text)
    return run_verify(stack, folder / "changed.txt", folder / "changed.json", *more)


def run_verify(stack, entries, proof, *more):
    """Without any settings."""
    return subprocess.run(
        [stack.build / "frontrowctl", "queue", "verify", entries, "--proof", proof, *more],
        env={"FRONTROW_CONFIG": "/nowhere"}, text=True, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


def test_verify(drawn, stack):
    draw, tickets, folder = drawn
    done = run_verify(stack, folder / "list.txt", folder / "proof.json", "--before", folder / "before.json")
    assert (done.returncode, done.stdout) == (0, "OK: 8 entries\n"), done
    for ticket in tickets:
        done = run_verify(stack, folder / "list.txt", folder / "proof.json", "--token", ticket["token"])
        assert done.stdout.startswith(f"number {draw.poll(ticket)['number']} of 8\nOK")
    assert run_verify(stack, folder / "list.txt", folder / "proof.json", "--token", "1-" + 32 * "0").returncode == 1
    assert stack.ctl("queue", "verify", "list.txt").returncode == 2


def test_verify_catches(drawn, stack):
    draw, _, folder = drawn
    entries = draw.list()
    other = "%064x" % 7
    for wrong in (entries[:-1], entries[1:], [*entries, other], [*entries[:3], other, *entries[3:]],
                  [*entries[:3], other, *entries[4:]], [entries[1], entries[0], *entries[2:]]):
        done = verify(stack, folder, entries=wrong)
        assert done.returncode == 1 and "NOT OK: the list" in done.stdout, done
    for wrong, line in ((["x"], 1), ([entries[0].upper(), *entries[1:]], 1), ([entries[0] + "0"], 1),
                        ([entries[0], entries[1] + "\r"], 2), ([*entries, ""], 9)):
        done = verify(stack, folder, entries=wrong)
        assert done.returncode == 1 and f"line {line} is not an entry" in done.stderr, done
    assert "NOT OK: the list" in verify(stack, folder, count=7).stdout
    swapped = verify(stack, folder, seed=other)
    assert swapped.returncode == 1 and "NOT OK: the seed" in swapped.stdout


def test_verify_catches_promises_that_were_changed_together(drawn, stack):
    """Everything in the answer fits, and not what was promised before."""
    draw, _, folder = drawn
    other = "%064x" % 7
    seed = {"seed": other, "commitment": hashlib.sha256(bytes.fromhex(other)).hexdigest()}
    entries = [other, *draw.list()]
    longer = {"listHash": hashlib.sha256("".join(e + "\n" for e in entries).encode()).hexdigest(), "count": 9}
    before = ("--before", folder / "before.json")
    assert verify(stack, folder, **seed).returncode == 0
    assert "NOT OK: the seed" in verify(stack, folder, *before, **seed).stdout
    assert verify(stack, folder, entries=entries, **longer).returncode == 0
    assert "NOT OK: the list" in verify(stack, folder, *before, entries=entries, **longer).stdout


def test_verify_catches_another_beacon(drawn, stack):
    """Named or given at first, and not what is said now."""
    _, _, folder = drawn
    before = ("--before", folder / "given.json")
    (folder / "given.json").write_text((folder / "proof.json").read_text())
    assert verify(stack, folder, *before).returncode == 0
    for changed in ({"beacon": "another"}, {"beacon": None}, {"beaconSource": "Another"}, {"beaconSource": None}):
        assert "NOT OK: the beacon" in verify(stack, folder, *before, **changed).stdout, changed
    unknown = json.loads((folder / "before.json").read_text())
    (folder / "given.json").write_text(json.dumps(unknown | {"draw": unknown["draw"] | {
        "state": "collecting", "beaconSource": "Until the freeze it may change", "listHash": None, "count": None}}))
    assert verify(stack, folder, *before).returncode == 0


def test_verify_says_what_is_not_protected(drawn, stack):
    _, _, folder = drawn
    assert "not protected" in verify(stack, folder, beacon=None).stdout
