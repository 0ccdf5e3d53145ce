"""GET /admin/concert/{id}/export: what other programs read, page by page."""

import csv
import io
import json
import re
import subprocess

import pytest
from helpers import age_hold, assert_headers, assert_problem, buy, new_concert, new_user, ok, reserve

pytestmark = pytest.mark.usefixtures("audited")
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
COLUMNS = {
    "orders": ["reservationId", "userId", "itemId", "date", "status", "seatCount", "totalPrice", "createdAt", "paymentId",
               "payment", "paidAt", "refundedAmount", "fee", "method"],
    "seats": ["itemId", "date", "seatId", "section", "row", "label", "price", "status", "reservationId", "userId", "method",
              "kind", "note", "partnerId", "x", "y"],
    "ledger": ["historyId", "userId", "kind", "amount", "balanceAfter", "reservationId", "itemId", "createdAt", "fee"],
    "guests": ["itemId", "date", "seatId", "section", "row", "label", "price", "userId", "reservationId", "method"],
}


def ask(stack, concert, query):
    return stack.get(f"/admin/concert/{concert}/export?{query}", **stack.admin_headers())


def next_of(answer):
    """The query of the next page, or None."""
    link = answer.headers.get("Link")
    return link and re.fullmatch(r'<export\?(\S+)>; rel="next"', link)[1]


def read_all(stack, concert, query):
    """The bytes of all pages, and how many there were."""
    whole, pages = b"", 0
    while query:
        answer = ask(stack, concert, query)
        assert answer.status == 200, answer
        whole, pages, query = whole + answer.body, pages + 1, next_of(answer)
    return whole, pages


def read_csv(stack, concert, query):
    """The rows as dictionaries of texts."""
    text = read_all(stack, concert, query)[0].decode()
    assert text.startswith(MARK) and text.endswith("\r\n") and MARK not in text[1:]
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def read_ndjson(stack, concert, query):
    return [json.loads(line) for line in read_all(stack, concert, f"{query}&format=ndjson")[0].decode().splitlines()]


class Sold:
    """A concert with an order of each status, by a buyer whose name is a formula."""

    def __init__(self, stack):
        self.concert = concert = new_concert(stack, items=2, price=700)
        self.first, self.second = concert.items
        self.user = "=" + new_user("1+1|cmd")
        encoded = self.user.replace("=", "%3D").replace("+", "%2B").replace("|", "%7C")
        self.paid, self.payment = buy(stack, self.user, concert, item=self.first, seats=[1, 2])
        self.refunded, _ = buy(stack, self.user, concert, item=self.first, seats=3)
        ok(stack.call("DELETE", f"/reservation/{self.refunded['reservationId']}?userId={encoded}"))
        self.lapsed = reserve(stack, self.user, concert, self.second, 4)
        age_hold(stack, self.lapsed["reservationId"], 1000)
        self.held = reserve(stack, self.user, concert, self.second, 5)
        stack.query("UPDATE seat SET section = %s WHERE item_id = %s AND seat_no = 1", '앞, "1층"\n', self.first)
        stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 20", self.second)
        stack.query("UPDATE seat SET kind = IF(seat_no = 10, 'wheelchair', 'companion'), partner_no = 21 - seat_no, x = 0, y = -7"
                    " WHERE item_id = %s AND seat_no IN (10, 11)", self.second)
        stack.query("UPDATE seat SET kind = 'restricted', note = '=기둥, 뒤' WHERE item_id = %s AND seat_no = 9", self.second)


@pytest.fixture(scope="module")
def sold(stack):
    return Sold(stack)


@pytest.mark.parametrize("what", COLUMNS)
def test_both_forms_say_the_same(stack, sold, what):
    query = f"what={what}" + (f"&itemId={sold.second}" if what == "seats" else "")
    lines, rows = read_ndjson(stack, sold.concert.id, query), read_csv(stack, sold.concert.id, query)
    assert lines and all(list(line) == COLUMNS[what] for line in lines)
    guarded = [{name: "" if value is None else f"'{value}" if str(value)[:1] == "=" else str(value)
                for name, value in line.items()} for line in lines]
    assert rows == guarded


def test_orders(stack, sold):
    held, lapsed, refunded, paid = read_ndjson(stack, sold.concert.id, "what=orders")
    assert [row["status"] for row in (held, lapsed, refunded, paid)] == ["held", "expired", "cancelled", "paid"]
    assert paid == {
        "reservationId": sold.paid["reservationId"], "userId": sold.user, "itemId": sold.first, "date": paid["date"],
        "status": "paid", "seatCount": 2, "totalPrice": 1400, "createdAt": sold.paid["createdAt"],
        "paymentId": sold.payment["paymentId"], "payment": "paid", "paidAt": sold.payment["paidAt"],
        "refundedAmount": 0, "fee": 0, "method": "points"}
    assert (refunded["refundedAmount"], refunded["fee"], held["refundedAmount"], held["fee"]) == (700, 0, None, None)
    assert refunded["payment"] == "refunded" and held["payment"] is held["paidAt"] is held["paymentId"] is None
    assert read_ndjson(stack, sold.concert.id, f"what=orders&itemId={sold.second}") == [held, lapsed]


def test_seats(stack, sold):
    rows = {row["seatId"]: row for row in read_ndjson(stack, sold.concert.id, f"what=seats&itemId={sold.second}")}
    assert list(rows) == list(range(20, 0, -1))
    assert [rows[seat]["status"] for seat in (3, 4, 5, 20)] == ["available", "available", "held", "blocked"]
    assert [rows[seat]["userId"] for seat in (3, 4, 5, 20)] == [None, None, sold.user, None]
    what_it_is = lambda seat: [rows[seat][name] for name in ("kind", "note", "partnerId", "x", "y")]
    assert what_it_is(8)[:3] == [None] * 3 and what_it_is(9)[:3] == ["restricted", "=기둥, 뒤", None]
    assert (what_it_is(10), what_it_is(11)) == (["wheelchair", None, 11, 0, -7], ["companion", None, 10, 0, -7])
    sold_one = read_ndjson(stack, sold.concert.id, f"what=seats&itemId={sold.first}")[-1]
    assert (sold_one["status"], sold_one["section"], sold_one["price"]) == ("sold", '앞, "1층"\n', 700)


def test_ledger(stack, sold):
    rows = read_ndjson(stack, sold.concert.id, "what=ledger")
    assert [(row["kind"], row["amount"], row["reservationId"]) for row in rows] == [
        ("refund", 700, sold.refunded["reservationId"]), ("payment", -700, sold.refunded["reservationId"]),
        ("payment", -1400, sold.paid["reservationId"])]
    assert {row["itemId"] for row in rows} == {sold.first}


def test_guests(stack, sold):
    rows = read_ndjson(stack, sold.concert.id, "what=guests")
    assert [(row["seatId"], row["userId"], row["reservationId"]) for row in rows] == [
        (seat, sold.user, sold.paid["reservationId"]) for seat in (1, 2)]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(stack, text):
    concert = new_concert(stack, seats=1)
    stack.query("UPDATE seat SET section = %s, row_name = 'a-1' WHERE item_id = %s", text, concert.item)
    row, = read_csv(stack, concert.id, f"what=seats&itemId={concert.item}")
    assert (row["section"], row["row"]) == (f"'{text}", "a-1")


def test_amounts_are_numbers(stack, sold):
    """A minus does not make a formula of them."""
    raw = read_all(stack, sold.concert.id, "what=ledger")[0].decode()
    assert ",-1400," in raw and '"refund",700,' in raw


def test_its_headers(stack, sold):
    for form, kind in (("csv", "text/csv; charset=utf-8"), ("ndjson", "application/x-ndjson")):
        answer = ask(stack, sold.concert.id, f"what=orders&format={form}")
        assert_headers(answer)
        assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (kind, "no-store")
        assert "Link" not in answer.headers


def test_nothing_to_export(stack):
    concert = new_concert(stack, items=0)
    for what in ("orders", "ledger", "guests"):
        assert read_csv(stack, concert.id, f"what={what}") == []
        assert ask(stack, concert.id, f"what={what}&format=ndjson").body == b""
        raw = ask(stack, concert.id, f"what={what}").body.decode()
        assert raw == MARK + ",".join(f'"{name}"' for name in COLUMNS[what]) + "\r\n"


@pytest.fixture(scope="module")
def large(stack):
    """A concert with 20,000 orders of one seat, of which each second one is paid, made by SQL."""
    seats = [{"from": 1, "to": 20_000, "price": 5}]
    item = {"date": "2031-05-01", "startsAt": "2031-05-01T10:00:00Z", "seats": seats}
    made = ok(stack.post("/admin/concert", {"title": "L", "venue": "V", "items": [item]}, **stack.admin_headers()))
    concert, item = made["concertId"], made["itemIds"][0]
    first = stack.query("SELECT COALESCE(MAX(reservation_id), 0) + 1 AS n FROM reservation")[0]["n"]
    with stack.mysql() as connection, connection.cursor() as cursor:
        for sql in (
            "INSERT INTO reservation (reservation_id, user_id, concert_id, item_id, status, seat_count, total_price,"
            f" created_at, expires_at) SELECT {first} + seat_no, CONCAT('large-', seat_no), {concert}, item_id,"
            " IF(seat_no % 2, 'paid', 'cancelled'), 1, 5, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 300 SECOND"
            f" FROM seat WHERE item_id = {item}",
            f"INSERT INTO reservation_seat SELECT {first} + seat_no, seat_no, 5 FROM seat WHERE item_id = {item}",
            f"UPDATE seat SET status = 'sold', reservation_id = {first} + seat_no WHERE item_id = {item} AND seat_no % 2",
            "INSERT INTO payment (reservation_id, user_id, amount, paid_at) SELECT reservation_id, user_id, 5,"
            f" UTC_TIMESTAMP(3) FROM reservation WHERE concert_id = {concert} AND status = 'paid'",
            "INSERT INTO point_history (user_id, kind, amount, balance_after, created_at) SELECT user_id, 'charge', 5, 5,"
            f" UTC_TIMESTAMP(3) FROM payment WHERE reservation_id > {first} AND user_id LIKE 'large-%'",
            "INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at) SELECT user_id,"
            " 'payment', -5, 0, reservation_id, UTC_TIMESTAMP(3)"
            f" FROM payment WHERE reservation_id > {first} AND user_id LIKE 'large-%'",
            f"INSERT INTO point (user_id) SELECT user_id FROM payment WHERE reservation_id > {first} AND user_id LIKE 'large-%'",
        ):
            cursor.execute(sql)
    return concert, item, first


@pytest.mark.parametrize("what, rows, pages", [("orders", 20_000, 3), ("seats", 20_000, 3), ("ledger", 10_000, 19), ("guests", 10_000, 9)])
def test_pages_are_one_file(stack, large, what, rows, pages):
    """Nothing twice, nothing missing, and no page beyond 10,000 rows. (The last page of full ones is empty.)"""
    concert, item, first = large
    query = f"what={what}&itemId={item}"
    whole, count = read_all(stack, concert, f"{query}&format=ndjson")
    found = [json.loads(line)["reservationId" if what != "seats" else "seatId"] for line in whole.splitlines()]
    assert len(found) == len(set(found)) == rows and found == sorted(found, reverse=True)
    assert count == pages
    assert len(ask(stack, concert, query).body.splitlines()) <= 10_001
    assert len(read_csv(stack, concert, query)) == rows


def test_an_order_without_seats_does_not_end_the_guests(stack, large):
    """The rows of its seats are lost; the audit says so, and all other guests come all the same."""
    concert, item, first = large
    query = f"what=guests&itemId={item}&format=ndjson"
    stack.query("DELETE FROM reservation_seat WHERE reservation_id = %s", first + 19_999)
    try:
        rows = read_all(stack, concert, query)[0].splitlines()
    finally:
        stack.query("INSERT INTO reservation_seat VALUES (%s, 19999, 5)", first + 19_999)
    assert len(rows) == 9_999 and len(read_all(stack, concert, query)[0].splitlines()) == 10_000


@pytest.mark.parametrize("query, field", [
    ("", "what"), ("what=", "what"), ("what=order", "what"), ("what=1", "what"), ("what=orders&format=xlsx", "format"),
    ("what=orders&itemId=0", "itemId"), ("what=seats", "itemId"), ("what=orders&before=0", "before"),
    ("what=orders&what=seats", "what"),
])
def test_bad_parameters(stack, query, field):
    assert_problem(ask(stack, 1, query), "invalid_field", field=field)
    assert_problem(stack.get(f"/admin/concert/1/export?{query}"), "unauthorized")


def test_what_is_not_there(stack, sold):
    other = new_concert(stack)
    for what in COLUMNS:
        assert_problem(ask(stack, 2**31 - 1, f"what={what}&itemId=1"), "concert_not_found")
        assert_problem(ask(stack, "x", f"what={what}&itemId=1"), "concert_not_found")
        assert_problem(ask(stack, sold.concert.id, f"what={what}&itemId={other.item}"), "item_not_found")
        assert_problem(ask(stack, sold.concert.id, f"what={what}&itemId={2**31 - 1}"), "item_not_found")


# ---- frontrowctl export joins the pages


def export(stack, concert, what, *options):
    return stack.ctl("export", str(concert), "--what", what, *options)


@pytest.mark.parametrize("what", COLUMNS)
@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_file_of_all_pages(stack, large, what, form):
    """The bytes of the pages behind one another."""
    concert, item, _ = large
    date = f"&itemId={item}" if what == "seats" else ""
    whole = read_all(stack, concert, f"what={what}{date}&format={form}")[0]
    done = export(stack, concert, what, *([] if form == "csv" else ["--format", form]))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.encode().replace(b"\r\n", b"\n") == whole.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_seats_of_all_dates(stack, sold, form):
    """One after the other, with one head."""
    parts = [read_all(stack, sold.concert.id, f"what=seats&itemId={item}&format={form}")[0] for item in sold.concert.items]
    head = parts[0].splitlines(keepends=True)[0] if form == "csv" else b""
    done = export(stack, sold.concert.id, "seats", "--format", form)
    whole = (head + b"".join(part.removeprefix(head) for part in parts)).decode()
    assert done.returncode == 0 and done.stdout.splitlines() == whole.splitlines()


def resident(process):
    """The bytes of memory that it has, to the page (VmRSS lags behind by a hundred of these)."""
    with open(f"/proc/{process.pid}/smaps_rollup") as file:
        return 1024 * int(re.search(r"^Rss: +(\d+) kB", file.read(), re.M)[1])


def test_its_memory_does_not_grow_with_the_rows(stack, large):
    """It waits for who reads: in the third of eight pages it has what it has in the last one, but for 8 bytes a row."""
    # what was freed is kept by AddressSanitizer, unless it is told not to
    environment = stack.environment | {"ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}
    rows, had = 0, {}
    with subprocess.Popen(
            [stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "export", str(large[0]), "--what", "guests",
             "--format", "ndjson"], env=environment, stdout=subprocess.PIPE) as process:
        for _ in process.stdout:
            rows += 1
            if rows in (3000, 9000):
                had[rows] = resident(process)
    assert (process.returncode, rows) == (0, 10_000)
    assert had[9000] - had[3000] < 8 * 6000


@pytest.mark.parametrize("options, status, text", [
    (["999999999", "--what", "orders"], 1, "There is no such concert"), (["x", "--what", "orders"], 2, "x is no concertId"),
    (["1"], 2, "--what must be"), (["1", "--what", "all"], 2, "--what must be"), ([], 2, "wrong number of arguments"),
    (["1", "--what", "orders", "--format", "xlsx"], 2, "--format must be"),
])
def test_what_it_refuses(stack, options, status, text):
    done = stack.ctl("export", *options)
    assert done.returncode == status and text in done.stderr and not done.stdout


def test_a_full_disk_is_told(stack, large):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "export", str(large[0]), "--what", "orders"],
            env=stack.environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 1 and "could not be written" in done.stderr and "not whole" in done.stderr
