"""Halls from files, kept for the dates of concerts, and what their seats are when they are sold."""

import contextlib
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import openapi
import pytest
from helpers import assert_problem, new_concert, new_user, ok
from stack import wait_for_statement

pytestmark = pytest.mark.usefixtures("audited")

KOREAN = """구역,열,좌석,가격(원),종류,비고
1층,가열,1,"150,000",,
1층,가열,2,"150,000",시야제한,기둥 뒤
,,,,,
1층,가열,휠체어 1,150000,휠체어석,
1층,가열,동반 1,150000,동반석,
2층,나열,1,,유보석,
"""


def check(stack, content, encoding="utf-8"):
    """frontrowctl hall check of this text: it needs no settings."""
    return subprocess.run([stack.build / "frontrowctl", "hall", "check", "-"], input=content.encode(encoding),
                          env={}, timeout=60, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("encoding, name", [
    ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16LE"), ("utf-16-be", "UTF-16BE"), ("cp949", "CP949"),
])
def test_what_a_file_has(stack, encoding, name):
    done = check(stack, KOREAN, encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        f"form:    CSV, {name}, cells end with a comma",
        "columns: 구역 = section, 열 = row, 좌석 = label, 가격(원) = price, 종류 = kind, 비고 = note",
        "seats:   5 in 2 rows of 2 sections",
        "kinds:   plain 1, restricted 1, wheelchair 1, companion 1, withheld 1",
        "prices:  150000 to 150000; 1 seats have none",
    ]


def test_json_and_what_is_only_noticed(stack):
    done = check(stack, '{"seats": [{"label": "1", "x": 1, "y": 2},\n{"from": 2, "to": 30}]}')
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        "form:    JSON, UTF-8", "seats:   30 in 1 rows of 1 sections", "kinds:   plain 30", "prices:  30 seats have none"]
    said = done.stderr.decode().splitlines()
    assert len(said) == 21 and said[-1] == "frontrowctl: -: and 9 seats more"
    assert said[0] == ("frontrowctl: -: line 2: column 1: Section A, row 1, seat 2 has no coordinates, and others have")


@pytest.mark.parametrize("content, said", [
    ("label\n1\n2\n1\n", "line 4: column 1: Section A, row 1, seat 1 stands in line 2 already"),
    ("PK\x03\x04", "This is the file of a spreadsheet. Open it there, choose Save As, and the type CSV (in Excel: CSV UTF-8)"),
    ('{"seats":[]', "line 1: column 11: This is not JSON: '}' expected near end of file"),
    ("label,price\n1,free\n", "line 2: column 2: price must be a whole number from 0 to 1000000000, and is free"),
])
def test_what_is_wrong_with_a_file(stack, content, said):
    done = check(stack, content)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", f"frontrowctl: -: {said}\n")


def test_a_file_that_cannot_be_read(stack, tmp_path):
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate((32 << 20) + 1)
    for name, said in ((tmp_path / "none.csv", "No such file"), (tmp_path, "Is a directory"), (large, "32 MiB")):
        done = subprocess.run([stack.build / "frontrowctl", "hall", "check", name], timeout=60, text=True, stderr=subprocess.PIPE)
        assert done.returncode == 1 and said in done.stderr, done.stderr


# ---- halls that are kept


def keep(stack, body, name="Hall", **headers):
    """POST /admin/hall of a text (CSV) or an object."""
    headers = stack.admin_headers() | headers
    if isinstance(body, dict):
        return stack.call("POST", f"/admin/hall?name={quote(name)}" if name else "/admin/hall", body, headers)
    return stack.call("POST", f"/admin/hall?name={quote(name)}", body if isinstance(body, bytes) else body.encode(),
                      headers | {"Content-Type": "text/csv"})


def preview(stack, body, kind="text/csv"):
    body = body if isinstance(body, bytes) else body.encode()
    return stack.call("POST", "/admin/hall?dryRun=true", body, stack.admin_headers() | {"Content-Type": kind})


def hall_of(stack, hall):
    answer = stack.get(f"/admin/hall/{hall}", **stack.admin_headers())
    return openapi.assert_answer(answer, "GET", "/admin/hall/{hallId}")


def rows(stack):
    return [stack.query(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"] for table in ("hall", "hall_part", "audit_log")]


SEATS = [
    {"seatId": 1, "section": "1층", "row": "가열", "label": "1", "price": 150000, "x": None, "y": None},
    {"seatId": 2, "section": "1층", "row": "가열", "label": "2", "kind": "restricted", "note": "기둥 뒤", "price": 150000,
     "x": None, "y": None},
    {"seatId": 4, "section": "1층", "row": "가열", "label": "휠체어 1", "kind": "wheelchair", "partnerId": 5, "price": 150000,
     "x": None, "y": None},
    {"seatId": 5, "section": "1층", "row": "가열", "label": "동반 1", "kind": "companion", "partnerId": 4, "price": 150000,
     "x": None, "y": None},
    {"seatId": 6, "section": "2층", "row": "나열", "label": "1", "kind": "withheld", "price": None, "x": None, "y": None},
]


def test_a_dry_run_makes_nothing(stack):
    before = rows(stack)
    answer = preview(stack, KOREAN.encode("cp949"), "text/csv; charset=euc-kr")
    shown = answer.json()
    openapi.assert_shape(shown, openapi.DOCUMENT["components"]["schemas"]["HallPreview"])
    assert answer.status == 200 and rows(stack) == before
    assert shown == {
        "name": None, "form": "csv", "encoding": "CP949", "delimiter": ",",
        "columns": [{"header": header, "column": column} for header, column in (
            ("구역", "section"), ("열", "row"), ("좌석", "label"), ("가격(원)", "price"), ("종류", "kind"), ("비고", "note"))],
        "seatCount": 5, "rowCount": 2,
        "kinds": {"plain": 1, "restricted": 1, "wheelchair": 1, "companion": 1, "standing": 0, "withheld": 1},
        "minPrice": 150000, "maxPrice": 150000, "unpricedCount": 1,
        "sections": [{"section": "1층", "seatCount": 4}, {"section": "2층", "seatCount": 1}],
        "categories": [{"category": "", "seatCount": 5}], "notices": [], "noticeCount": 0, "seats": SEATS,
    }


def test_notices_of_a_dry_run(stack):
    shown = preview(stack, "label,x,y,담당\n1,0,0,kim\n2,,,\n3,0,0,\n").json()
    assert shown["columns"][3] == {"header": "담당", "column": None}
    assert shown["noticeCount"] == 2 and shown["notices"] == [
        {"fault": "no_position", "line": 3, "column": None, "words": {"section": "A", "row": "1", "label": "2"}},
        {"fault": "same_position", "line": 4, "column": None, "words": {"section": "A", "row": "1", "label": "3", "line": "2"}},
    ]


def test_a_hall_is_kept_listed_and_removed(stack):
    ok(keep(stack, KOREAN, "작은 홀"))
    made = ok(keep(stack, KOREAN, "큰 홀"))
    openapi.assert_shape(made, openapi.DOCUMENT["components"]["schemas"]["Hall"])
    hall = made["hallId"]
    assert (made["name"], made["seatCount"], made["createdBy"]) == ("큰 홀", 5, "admin")
    whole = hall_of(stack, hall)
    assert whole["seats"] == SEATS and whole["name"] == "큰 홀" and whole["kinds"]["wheelchair"] == 1
    listed = openapi.assert_answer(stack.get("/admin/hall?limit=1", **stack.admin_headers()), "GET", "/admin/hall")
    assert listed == {"halls": [made], "next": hall}
    older = ok(stack.get(f"/admin/hall?before={hall}", **stack.admin_headers()))["halls"]
    assert [row["hallId"] for row in older][:1] == [hall - 1]
    gone = stack.call("DELETE", f"/admin/hall/{hall}", None, stack.admin_headers())
    assert openapi.assert_answer(gone, "DELETE", "/admin/hall/{hallId}") == made
    assert_problem(stack.get(f"/admin/hall/{hall}", **stack.admin_headers()), "hall_not_found")
    assert_problem(stack.call("DELETE", f"/admin/hall/{hall}", None, stack.admin_headers()), "hall_not_found")
    assert stack.query("SELECT 1 FROM hall_part WHERE hall_id = %s", hall) == []
    log = stack.query("SELECT action, detail, old_values, new_values FROM audit_log ORDER BY audit_log_id DESC LIMIT 1")[0]
    assert (log["action"], log["detail"], log["new_values"]) == ("hall delete", "큰 홀", None)
    assert json.loads(log["old_values"]) == {"hallId": hall, "name": "큰 홀", "seatCount": 5}


def test_a_hall_that_is_removed_while_it_is_read(stack):
    """It is there or it is not: its row and its seats are read by statements of their own."""
    hall = ok(keep(stack, KOREAN, "Short-lived"))["hallId"]
    with contextlib.closing(stack.mysql()) as other, other.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("LOCK TABLES hall_part WRITE")
        reading = pool.submit(stack.new_client().get, f"/admin/hall/{hall}", **stack.admin_headers())
        wait_for_statement(stack, "Waiting for table", "hall_part")
        cursor.execute("DELETE FROM hall_part WHERE hall_id = %s", hall)
        stack.query("DELETE FROM hall WHERE hall_id = %s", hall)
        cursor.execute("UNLOCK TABLES")
        assert_problem(reading.result(60), "hall_not_found")


def test_the_name_is_the_files_or_the_callers(stack):
    seats = {"seats": [{"label": "1"}]}
    assert ok(keep(stack, {"name": "Its own"} | seats, ""))["name"] == "Its own"
    assert ok(keep(stack, {"name": "Its own"} | seats, "Another"))["name"] == "Another"
    assert_problem(keep(stack, seats, ""), "invalid_field", field="name")
    assert_problem(keep(stack, seats, "x" * 61), "invalid_field", field="name")


@pytest.mark.parametrize("body, fault, line, column, words", [
    ("label,row\n1,A\n2,B\n1,A\n", "same_seat", 4, 1, {"section": "A", "row": "A", "label": "1", "line": "2"}),
    ("label\n", "no_seats", None, None, {}),
    ("label,kind\n1,sofa\n", "bad_kind", 2, 2, {"column": "kind", "text": "sofa"}),
    (b"PK\x03\x04", "spreadsheet", None, None, {}),
    ({"seats": [{"label": []}]}, "bad_member", 1, 22, {"member": "label", "type": "text, whole number"}),
    ({"seats": [{"label": 12.0}]}, "bad_member", 1, 22, {"member": "label", "type": "text, whole number"}),
    ({"seats": [{"label": "1", "x": []}]}, "bad_member", 1, 32, {"member": "x", "type": "text, number"}),
    ({"hall": []}, "no_plan", 1, 1, {}),
    ('{"name": "a\\nb", "seats": [{"label": "1"}]}', "control_character", 1, 10, {"column": "name"}),
    ("label,kind\n1," + "가" * 2000, "bad_kind", 2, 2, {"column": "kind", "text": "가" * 44 + "..."}),
], ids=lambda value: value if str(value).isidentifier() else "")
def test_a_file_that_is_refused(stack, body, fault, line, column, words):
    before = rows(stack)
    problem = assert_problem(keep(stack, body), "invalid_hall")
    assert {name: problem[name] for name in ("fault", "line", "column", "words")} == {
        "fault": fault, "line": line, "column": column, "words": words}
    assert rows(stack) == before


def test_what_is_no_json(stack):
    headers = stack.admin_headers() | {"Content-Type": "application/json"}
    problem = assert_problem(stack.call("POST", "/admin/hall", b'{"seats":\n[}', headers), "invalid_json")
    assert (problem["fault"], problem["line"]) == ("not_json", 2)
    for body in (b"[]", b' [{"seats": []}]', b'[{"seats": [{"label": "1"}]}]'):
        problem = assert_problem(stack.call("POST", "/admin/hall", body, headers), "invalid_json")
        assert (problem["fault"], problem["words"]) == ("not_json", {"reason": "it is no object"})
    assert_problem(stack.call("POST", "/admin/hall", b"label\n1\n", headers), "invalid_json")
    assert_problem(stack.call("POST", "/admin/hall", b"label\n1\n", headers | {"Content-Type": "text/csvx"}),
                   "unsupported_media_type")


def test_a_file_of_too_many_values_is_not_read(stack):
    """Each would take 230 bytes: a file of 32 MiB may have eleven million."""
    headers = stack.admin_headers() | {"Content-Type": "application/json"}
    for value in (b"{}", b"1"):
        body = b'{"seats":[' + b",".join([value] * 2_100_000) + b"]}"
        problem = assert_problem(stack.call("POST", "/admin/hall", body, headers), "invalid_json")
        assert (problem["fault"], "more values" in problem["words"]["reason"]) == ("not_json", True)
    text = json.dumps({"name": "Hall", "text": ",[{\"\\" * 500_000, "seats": [{"label": "1"}]}).encode()
    assert ok(stack.call("POST", "/admin/hall", text, headers))["seatCount"] == 1


def test_a_key_keeps_one_hall(stack):
    """Its name is a part of the call."""
    key = {"Idempotency-Key": f"hall-{os.getpid()}"}
    first = keep(stack, KOREAN, **key)
    before = rows(stack)
    again = keep(stack, KOREAN, **key)
    assert (ok(first), again.body, again.headers["Idempotency-Replayed"]) == (again.json(), first.body, "true")
    assert_problem(keep(stack, KOREAN, "Another", **key), "idempotency_key_reused")
    assert_problem(keep(stack, KOREAN + "2층,나열,2,,,\n", **key), "idempotency_key_reused")
    assert rows(stack) == before
    remove = {"Idempotency-Key": f"remove-{os.getpid()}"} | stack.admin_headers()
    path = f"/admin/hall/{ok(first)['hallId']}"
    gone = stack.call("DELETE", path, None, remove)
    assert ok(gone) == stack.call("DELETE", path, None, remove).json()
    stack.check_books()


def csv_of(seats, note=""):
    lines = [f"S{n % 9},R{n // 90},{n},\"120,000\",{note},{n % 1000},{n // 1000}" for n in range(seats)]
    return "section,row,label,price,note,x,y\n" + "\n".join(lines)


def test_the_largest_hall(stack):
    """100,000 seats, of many parts in the table, in a file of 32 MiB; one byte more is refused before it is read."""
    limit = 32 << 20
    text = csv_of(100_000, "x" * 100)
    text += " " * (limit - len(text))
    made = ok(keep(stack, text))
    assert made["seatCount"] == 100_000
    assert stack.query("SELECT COUNT(*) AS n FROM hall_part WHERE hall_id = %s", made["hallId"])[0]["n"] > 1
    assert len(hall_of(stack, made["hallId"])["seats"]) == 100_000
    assert_problem(keep(stack, text + "\n"), "body_too_large")
    direct = stack.call("POST", "/admin/hall/1", text.encode(), stack.admin_headers() | {"Content-Type": "text/csv"})
    assert direct.status in (404, 405, 413)


def test_a_file_that_no_worker_gets(new_stack):
    """What nginx says itself is said of a large one too."""
    private = new_stack(workers=1)
    with private.without("frontrow"):
        answer = keep(private, "label\n" + " " * (2 << 20))
    assert (answer.status, answer.code) == (502, "busy")
    ok(keep(private, "label\n1" + " " * (2 << 20)))


def test_the_examples_of_the_document(stack):
    content = openapi.operations()["POST", "/admin/hall"]["requestBody"]["content"]
    made = [ok(keep(stack, one["value"])) for kind in content.values() for one in kind["examples"].values()]
    assert [hall["seatCount"] for hall in made] == [3, 20, 21]
    date = openapi.examples("POST", "/admin/concert/{concertId}/item")["hall"]
    concert = new_concert(stack).id
    item = ok(stack.post(f"/admin/concert/{concert}/item", date | {"hallId": made[1]["hallId"]}, **stack.admin_headers()))
    assert {row["price"] for row in seats_of(stack, item["itemId"])} == {90000}


# ---- dates of a hall


DATE = {"date": "2031-05-01", "startsAt": "2031-05-01T10:00:00Z"}


def add_date(stack, concert, hall, prices=None, **headers):
    body = DATE | {"hallId": hall} | ({"prices": prices} if prices is not None else {})
    return stack.call("POST", f"/admin/concert/{concert}/item", body, stack.admin_headers() | headers)


def seats_of(stack, item):
    return stack.query("SELECT seat_no, section, row_name, label, price, blocked, kind, note, partner_no, x, y FROM seat"
                       " WHERE item_id = %s ORDER BY seat_no", item)


def test_a_date_of_a_hall(stack):
    """With the prices of the call, else those of the file; withheld seats are blocked."""
    hall = ok(keep(stack, "section,label,category,price,kind,x,y,note\nA,1,R,5,,1,2,\nA,2,S,,,,,\n,,,,,,,\nA,3,S,6,withheld,,,n\n"
                          "B,1,R,,,,,\nB,2,,7,,,,\n"))["hallId"]
    concert = new_concert(stack).id
    item = ok(add_date(stack, concert, hall, [{"category": "S", "price": 30}, {"section": "B", "price": 40},
                                              {"section": "B", "category": "R", "price": 50}]))["itemId"]
    assert [tuple(row.values()) for row in seats_of(stack, item)] == [
        (1, "A", "1", "1", 5, 0, "plain", None, None, 1, 2),
        (2, "A", "1", "2", 30, 0, "plain", None, None, None, None),
        (4, "A", "1", "3", 30, 1, "plain", "n", None, None, None),
        (5, "B", "1", "1", 50, 0, "plain", None, None, None, None),
        (6, "B", "1", "2", 40, 0, "plain", None, None, None, None),
    ]
    row = stack.query("SELECT seat_count, min_price, max_price FROM item WHERE item_id = %s", item)[0]
    assert row == {"seat_count": 5, "min_price": 5, "max_price": 50}
    assert_problem(add_date(stack, concert, hall), "invalid_field", field="prices")
    assert_problem(add_date(stack, concert, 2**31 - 1), "hall_not_found")
    both = DATE | {"hallId": hall, "seats": [{"from": 1, "to": 1, "price": 1}]}
    assert_problem(stack.call("POST", f"/admin/concert/{concert}/item", both, stack.admin_headers()),
                   "invalid_field", field="hallId")


def test_dates_of_a_new_concert(stack):
    """Several of one hall, beside one of ranges, up to the limit of a call."""
    hall = ok(keep(stack, csv_of(33_000)))["hallId"]
    ranges = DATE | {"seats": [{"from": 1, "to": 1000, "price": 1}]}
    body = {"title": "T", "venue": "V", "items": [DATE | {"hallId": hall}, ranges, DATE | {"hallId": hall}]}
    post = lambda items: stack.post("/admin/concert", body | {"items": items}, **stack.admin_headers())
    made = ok(post(body["items"]))
    counts = stack.query("SELECT i.item_id, seat_count, COUNT(*) AS n FROM item i JOIN seat s ON s.item_id = i.item_id"
                         " WHERE concert_id = %s GROUP BY i.item_id", made["concertId"])
    assert [(row["item_id"], row["seat_count"], row["n"]) for row in counts] == [
        (item, n, n) for item, n in zip(made["itemIds"], (33_000, 1000, 33_000))]
    problem = assert_problem(post([DATE | {"hallId": hall}] * 4), "invalid_field")
    assert problem["field"] == "items[3].hallId"
    assert_problem(post([ranges, DATE | {"hallId": 2**31 - 1}]), "hall_not_found")


def test_a_key_is_answered_after_its_hall_is_gone(stack):
    hall = ok(keep(stack, "label,price\n1,5\n"))["hallId"]
    concert, key = new_concert(stack).id, {"Idempotency-Key": f"date-{os.getpid()}"}
    first = add_date(stack, concert, hall, **key)
    assert ok(stack.call("DELETE", f"/admin/hall/{hall}", None, stack.admin_headers()))
    assert add_date(stack, concert, hall, **key).body == first.body and first.status == 200
    assert_problem(add_date(stack, concert, hall), "hall_not_found")
    assert len(seats_of(stack, ok(first)["itemId"])) == 1


# ---- by hand


def test_frontrowctl_hall(stack, tmp_path):
    """What it exports is imported as the same hall."""
    file = tmp_path / "hall.csv"
    file.write_bytes(KOREAN.encode("utf-16"))
    made = stack.ctl("hall", "import", file, "--name", "손으로")
    assert made.returncode == 0, made.stderr
    hall = json.loads(made.stdout)["hallId"]
    listed = stack.ctl("hall", "list").stdout.splitlines()
    assert listed[1].split()[:2] == [str(hall), "5"] and listed[1].endswith("손으로")
    first = stack.ctl("hall", "export", str(hall))
    file.write_text(first.stdout)
    again = json.loads(stack.ctl("hall", "import", file, "--name", "Again").stdout)["hallId"]
    assert stack.ctl("hall", "export", str(again)).stdout == first.stdout and "휠체어 1" in first.stdout
    assert hall_of(stack, again)["seats"] == hall_of(stack, hall)["seats"] == SEATS
    for number in (hall, again):
        assert stack.ctl("hall", "delete", str(number)).returncode == 0
        assert "no such hall" in stack.ctl("hall", "export", str(number)).stderr
    assert stack.ctl("hall", "import", file).returncode == 2
    for name in ("", "x" * 61, "a\nb", "\udcff", "\udcf4\udc90\udc80\udc80"):
        refused = stack.ctl("hall", "import", file, "--name", name)
        assert refused.returncode == 2 and "--name must" in refused.stderr, refused
    assert stack.ctl("hall", "delete", "x").returncode == 2
    file.write_text("label\n1\n1\n")
    assert stack.ctl("hall", "import", file, "--name", "x").returncode == 1


# ---- what is sold


class Sale:
    """A concert that is on sale, in a hall of this CSV."""

    def __init__(self, stack, csv, **settings):
        hall = ok(keep(stack, csv))["hallId"]
        item = DATE | {"hallId": hall, "prices": [{"price": 10}] if "price" not in csv else []}
        made = ok(stack.post("/admin/concert", {"title": "T", "venue": "V", "status": "open", "maxSeatsPerUser": None,
                                                "items": [item]} | settings, **stack.admin_headers()))
        self.stack, self.id, self.item = stack, made["concertId"], made["itemIds"][0]

    def ask(self, user=None, **wish):
        return self.stack.post("/reservation", {"userId": user or new_user(), "concertId": self.id, "itemId": self.item} | wish)

    def best(self, count, **wish):
        """The labels of the best seats, or the code of the refusal."""
        answer = self.ask(count=count, **wish)
        return [seat["label"] for seat in answer.json()["seats"]] if answer.status == 200 else answer.code

    def listed(self, what):
        return ok(self.stack.fresh(f"/concert/{self.id}/item/{self.item}/{what}"))["seats"]


PAIR = "label,kind,note\n1,,\n2,wheelchair,\n3,companion,\n4,,\n5,,\n"


def test_lists_say_what_is_not_plain(stack):
    """And nothing of plain seats, which are as they were before there were kinds."""
    sale = Sale(stack, "label,kind,note\n1,,\n2,restricted,behind a pillar\n3,wheelchair,\n4,companion,\n5,withheld,\n6,,a note\n")
    of_kind = [{}, {"kind": "restricted", "note": "behind a pillar"}, {"kind": "wheelchair", "partnerId": 4},
               {"kind": "companion", "partnerId": 3}, {}, {"note": "a note"}]
    names = [{"seatId": n, "section": "A", "row": "1", "label": str(n), "price": 10} for n in range(1, 7)]
    states = ["available"] * 4 + ["sold", "available"]
    assert sale.listed("seat") == [one | kind | {"status": state} for one, kind, state in zip(names, of_kind, states)]
    assert sale.listed("layout") == [one | kind | {"x": None, "y": None} for one, kind in zip(names, of_kind)]
    for what, path in (("seat", "/seat"), ("layout", "/layout")):
        answer = stack.fresh(f"/concert/{sale.id}/item/{sale.item}{path}")
        openapi.assert_shape(answer.json(), openapi.resolve(
            openapi.operations()["GET", "/concert/{concertId}/item/{itemId}" + path]["responses"]["200"])
            ["content"]["application/json"]["schema"])


def test_best_available_takes_no_wheelchair_place(stack):
    """Neither alone nor with its companion's, also when nothing else is left."""
    sale = Sale(stack, PAIR)
    assert sale.best(2) == ["4", "5"]
    assert sale.best(2) == "seats_not_available"
    assert sale.best(1) == ["1"]
    assert sale.best(1) == "seats_not_available"
    assert ok(sale.ask(seatIds=[2, 3]))["totalPrice"] == 20


def test_best_available_takes_restricted_seats_last(stack):
    """After scattered ones, of cheaper sections too, and then also beside others."""
    sale = Sale(stack, "section,label,price,kind\nA,1,9,restricted\nA,2,9,restricted\nA,3,9,\nA,4,9,restricted\nA,5,9,\n"
                       "B,6,5,\nB,7,5,\n")
    assert sale.best(2) == ["6", "7"]
    assert sale.best(2) == ["3", "5"]
    assert sale.best(2) == ["1", "2"]
    assert sale.best(2) == "seats_not_available"
    assert sale.best(1) == ["4"]
    sale = Sale(stack, "section,label,price,kind\nA,1,9,restricted\nA,2,9,\nA,3,9,restricted\n")
    assert sale.best(1) == ["2"]
    sale = Sale(stack, "section,label,price,kind\nA,1,9,restricted\nA,2,9,\nA,3,9,restricted\n")
    assert sale.best(3) == ["1", "2", "3"]


def test_best_available_in_a_large_hall_with_kinds(stack):
    """Read in parts: plain seats first, to the last one."""
    kinds = {n: "restricted" if n % 3 == 0 else "" for n in range(1, 601)}
    sale = Sale(stack, "row,label,kind\n" + "".join(f"{n // 100},{n},{kind}\n" for n, kind in kinds.items()))
    taken = [sale.best(8) for _ in range(75)]
    plain = [int(label) for labels in taken[:50] for label in labels]
    assert sorted(plain) == [n for n, kind in kinds.items() if not kind]
    assert sorted(int(label) for labels in taken for label in labels) == list(kinds)
    assert sale.best(1) == "seats_not_available"


def test_a_gap_ends_adjacency(stack):
    sale = Sale(stack, "label\n1\n2\n\n3\n4\n5\n")
    assert sale.best(3) == ["3", "4", "5"]
    assert sale.best(2) == ["1", "2"]
    sale = Sale(stack, "label\n1\n\n2\n\n3\n")
    assert sale.best(2) == ["1", "2"]  # scattered, for want of adjacent ones
    assert [seat["seatId"] for seat in sale.listed("seat")] == [1, 3, 5]


@pytest.mark.parametrize("settings", [{}, {"maxSeatsPerUser": 8}], ids=["no limit", "limit"])
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "half"}], ids=["no key", "key"])
def test_half_a_pair_is_refused(stack, settings, key):
    sale, user = Sale(stack, PAIR, **settings), new_user()
    body = {"userId": user, "concertId": sale.id, "itemId": sale.item}
    for wish in ({"seatId": 2}, {"seatIds": [3]}, {"seatIds": [1, 2]}, {"seatIds": [3, 4, 5]}):
        answer = stack.post("/reservation", body | wish, **key)
        assert_problem(answer, "seats_belong_together", seatIds=[2, 3])
    held = ok(stack.post("/reservation", body | {"seatIds": [1, 2, 3]}, **key))
    assert_problem(sale.ask(seatId=2), "seat_taken", seatIds=[2])
    ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
    assert [seat["status"] for seat in sale.listed("seat")] == ["available"] * 5


def test_halves_of_two_pairs(stack):
    sale = Sale(stack, "label,kind\n1,wheelchair\n2,companion\n3,wheelchair\n4,companion\n5,wheelchair\n")
    assert_problem(sale.ask(seatIds=[1, 4, 5]), "seats_belong_together", seatIds=[1, 2, 3, 4])
    assert ok(sale.ask(seatIds=[1, 2, 3, 4, 5]))["totalPrice"] == 50


def test_the_box_office_sells_half_a_pair(stack):
    """It sees who comes, and could not sell the rest of a pair that was given back by half."""
    sale = Sale(stack, PAIR)
    body = {"userId": new_user(), "concertId": sale.id, "itemId": sale.item, "method": "box_office"}
    sold = ok(stack.post("/admin/reservation", body | {"seatIds": [2, 3]}, **stack.admin_headers()))["reservationId"]
    ok(stack.post(f"/admin/reservation/{sold}/refund", {"reason": "r", "seatIds": [3]}, **stack.admin_headers()))
    assert_problem(sale.ask(seatId=3), "seats_belong_together", seatIds=[2, 3])
    ok(stack.post("/admin/reservation", body | {"seatIds": [3]}, **stack.admin_headers()))


def test_withheld_seats_are_blocked(stack):
    sale = Sale(stack, "label,kind\n1,withheld\n2,\n")
    assert_problem(sale.ask(seatIds=[1]), "seat_taken", seatIds=[1])
    change = {"seats": [{"from": 1, "to": 1, "blocked": False}]}
    ok(stack.call("PATCH", f"/admin/concert/{sale.id}/item/{sale.item}", change, stack.admin_headers()))
    assert sale.best(2) == ["1", "2"]


def test_labels_as_long_as_they_may_be(stack):
    label = "휠체어 자리 " + "가" * 9  # 16 characters, 44 bytes
    sale = Sale(stack, f"section,row,label\n{'구' * 32},{'열' * 32},{label}\n")
    held = ok(sale.ask(seatId=1))
    assert held["seats"] == [{"seatId": 1, "section": "구" * 32, "row": "열" * 32, "label": label, "price": 10}]


def test_an_older_build_beside_it(stack):
    """It inserts rows without the new columns, and reads those that have them."""
    concert = new_concert(stack, seats=2)
    assert stack.query("SELECT DISTINCT kind, note, partner_no FROM seat WHERE item_id = %s", concert.item) == [
        {"kind": "plain", "note": None, "partner_no": None}]
