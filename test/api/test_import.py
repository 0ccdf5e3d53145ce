"""frontrowctl import: the orders and balances of another shop, checked as a whole, then written bit by bit."""

import contextlib
import csv
import os
import random
import re
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import Hall, add_token, age_hold, ask_reserve, assert_problem, balance, buy, charge, new_concert, new_user, ok, pay, reserve
from stack import wait_for, wait_for_waiters
from test_box_office import order_of, sell
from test_export import read_csv

pytestmark = pytest.mark.usefixtures("audited")
COLUMNS = ("ref", "userId", "date", "section", "row", "label", "price")
NOTHING_WRITTEN = "frontrowctl: nothing was written"


def day(stack, item):
    return str(stack.query("SELECT date FROM item WHERE item_id = %s", item)[0]["date"])


def write_file(tmp_path, rows, columns=COLUMNS, encoding="utf-8", **dialect):
    """Rows are dictionaries, or lists in the order of the columns."""
    path = tmp_path / "orders.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, **dialect)
        writer.writerow(columns)
        writer.writerows([row.get(column, "") for column in columns] if isinstance(row, dict) else row for row in rows)
    return path


def seats_of(stack, concert, seats, ref=None, user=None, item=None, price=900):
    """Lines of one order, of seats as new_concert() names them."""
    ref, user, date = ref or f"R{seats[0]}", user or new_user("moved"), day(stack, item or concert.item)
    return [[ref, user, date, "A", str((seat - 1) // 10 + 1), str((seat - 1) % 10 + 1), str(price)] for seat in seats]


def run(stack, concert, path, *options, timeout=300):
    return stack.ctl("import", "orders", path, "--concert", str(concert.id), *options, timeout=timeout)


def done(result):
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
    return result.stdout.splitlines()


def faults(result, path):
    """What was said of lines: (line, column, text); nothing was written."""
    assert result.returncode == 1, result.stdout
    said = result.stderr.splitlines()
    assert said.pop() == NOTHING_WRITTEN
    start = f"frontrowctl: {path}: "
    assert all(line.startswith(start) for line in said), said
    return [line[len(start):] for line in said]


def sold(stack, concert):
    """seat -> user, of all items."""
    return {(row["item_id"], row["seat_no"]): row["user_id"] for row in stack.query(
        "SELECT s.item_id, s.seat_no, r.user_id FROM seat s JOIN reservation r ON r.reservation_id = s.reservation_id"
        " WHERE s.status = 'sold' AND r.concert_id = %s", concert.id)}


def imported(stack, concert):
    return stack.query("SELECT COUNT(*) AS n FROM imported_order WHERE concert_id = %s", concert.id)[0]["n"]


# ---- what is written


def test_a_file_is_checked_first_and_then_sold(stack, tmp_path):
    concert = new_concert(stack, items=2, price=700, max_seats=1, status="closed", capacity=0)
    user, other = new_user(), new_user()
    rows = [*seats_of(stack, concert, [3, 1], "K7XQ2", user),
            *seats_of(stack, concert, [3], "K7XQ2", user, item=concert.items[1], price=0),
            *seats_of(stack, concert, [4], "주문 2", other, price="")]
    path = write_file(tmp_path, rows)
    said = done(run(stack, concert, path))
    assert said[0] == "form:     UTF-8, cells end with a comma"
    assert said[2:] == [
        "lines:    4, of which 0 are not sold",
        "orders:   2 with 4 seats for 2500; here 3 reservations, of which 0 were imported before",
        f"date:     {day(stack, concert.item)} (itemId {concert.item}): 3 seats for 2500",
        f"date:     {day(stack, concert.items[1])} (itemId {concert.items[1]}): 1 seats for 0",
        "nothing was written: use --write to import it"]
    assert sold(stack, concert) == {}

    assert done(run(stack, concert, path, "--write"))[-1] == "imported 3 reservations with 4 seats"
    assert sold(stack, concert) == {(concert.item, 1): user, (concert.item, 3): user, (concert.items[1], 3): user,
                                    (concert.item, 4): other}
    orders = ok(stack.get(f"/reservation?userId={user}"))["reservations"]
    assert [(order["totalPrice"], order["status"]) for order in orders] == [(0, "paid"), (1800, "paid")]
    order = order_of(stack, orders[1] | {"userId": user})
    assert order["payment"] == {"paymentId": None, "method": "box_office", "amount": 1800, "status": "paid",
                                "paidAt": orders[1]["createdAt"], "refundedAmount": 0, "fee": 0}
    tickets = ok(stack.get(f"/reservation/{order['reservationId']}/ticket?userId={user}"))["tickets"]
    assert sorted(ticket["seat"]["seatId"] for ticket in tickets) == [1, 3]
    assert balance(stack, user) == 0

    again = done(run(stack, concert, path, "--write"))
    assert again[-2:] == ["imported 0 reservations with 0 seats", "3 were imported before"]
    assert len(sold(stack, concert)) == 4
    log = ok(stack.get(f"/admin/log?concertId={concert.id}", **stack.admin_headers()))["log"]
    assert [entry["action"] for entry in log] == ["order import"]
    assert "of order K7XQ2" in log[0]["detail"] and "of order 주문 2" in log[0]["detail"]


def test_an_order_of_many_seats_has_parts(stack, tmp_path):
    concert, user = new_concert(stack), new_user()
    path = write_file(tmp_path, seats_of(stack, concert, range(1, 21), "GROUP", user))
    assert done(run(stack, concert, path, "--write"))[-1] == "imported 3 reservations with 20 seats"
    assert [order["seatCount"] if "seatCount" in order else len(order["seats"])
            for order in ok(stack.get(f"/reservation?userId={user}"))["reservations"]] == [4, 8, 8]
    assert done(run(stack, concert, path, "--write"))[-1] == "3 were imported before"


def test_seats_of_different_prices_and_when_they_were_paid(stack, tmp_path):
    concert, user = new_concert(stack, price=700), new_user()
    columns = ("order code", "e-mail", "itemId", "seatId", "price", "paid at", "method", "Name", "status")
    when = "2025-03-01T10:00:00+09:00"
    rows = [["O1", user, concert.item, seat, price, when, "", "Kim", "paid"] for seat, price in
            [(5, 500), (2, 700), (9, 500), (7, "")]]
    rows += [["O2", user, concert.item, 11, "", "", "guest", "Lee", "paid"],
             ["O3", user, concert.item, 2, "", "", "guest", "Lee", "cancelled"]]
    path = write_file(tmp_path, rows, columns)
    assert done(run(stack, concert, path, "--write"))[-1] == "imported 2 reservations with 5 seats"
    orders = read_csv(stack, concert.id, "what=orders")
    assert [(order["totalPrice"], order["method"], order["paidAt"]) for order in orders[1:]] == [
        ("2400", "box_office", "2025-03-01T01:00:00.000Z")]
    assert (orders[0]["totalPrice"], orders[0]["method"]) == ("0", "guest")
    guests = read_csv(stack, concert.id, "what=guests")
    assert {row["seatId"]: row["price"] for row in guests} == {"2": "700", "5": "500", "7": "700", "9": "500", "11": "0"}
    # what goes back is what was paid
    path = f"/admin/reservation/{orders[1]['reservationId']}/refund"
    ok(stack.post(path, {"reason": "Ill", "seatIds": [5]}, **stack.admin_headers()))
    assert "free:     1 seats of those imported before: given back here, or the file has changed" in done(
        run(stack, concert, tmp_path / "orders.csv"))
    assert read_csv(stack, concert.id, "what=orders")[1]["refundedAmount"] == "500"


@pytest.mark.parametrize("encoding, dialect", [
    ("utf-8-sig", {"delimiter": ";"}), ("utf-16", {"delimiter": "\t"}), ("cp949", {"lineterminator": "\n"}),
    ("utf-16-be", {"lineterminator": "\r"}),
])
def test_files_as_programs_save_them(stack, tmp_path, encoding, dialect):
    hall = Hall(stack, ("1층", "가열", 3, 1000))
    columns = ("주문번호", "아이디", "공연일", "구역", "열", "좌석번호", "금액")
    path = write_file(tmp_path, [["가-1", "kim@example.com", "2031-05-01", "1층", "가열", seat, 900] for seat in (1, 2)],
                      columns, encoding, **dialect)
    assert done(run(stack, hall, path, "--write"))[-1] == "imported 1 reservations with 2 seats"
    assert set(sold(stack, hall).values()) == {"kim@example.com"}


def test_an_export_is_imported_elsewhere(stack, tmp_path):
    """All that was sold, however it was paid; held and cancelled orders are not there."""
    first = new_concert(stack, items=2, price=700)
    second = new_concert(stack, items=2, price=700)
    buyer, formula = new_user(), "=" + new_user()
    charge(stack, buyer, 10000)
    for item, seat in ((first.item, 1), (first.item, 2), (first.items[1], 7)):
        buy(stack, buyer, first, item=item, seats=seat)
    sell(stack, first, [12, 14], formula)
    sell(stack, first, [13], "walk-in", price=10)
    sell(stack, first, [15], formula, "guest")
    reserve(stack, new_user(), first, first.item, 20)
    export = stack.ctl("export", str(first.id), "--what", "guests")
    path = tmp_path / "guests.csv"
    path.write_text(export.stdout, encoding="utf-8", newline="")
    assert done(run(stack, second, path, "--write"))[-1] == "imported 6 reservations with 7 seats"

    def shown(concert):
        return sorted((concert.items.index(int(row["itemId"])), row["seatId"], row["label"], row["price"], row["userId"],
                       row["method"].replace("points", "box_office")) for row in read_csv(stack, concert.id, "what=guests"))

    assert shown(second) == shown(first) and len(shown(first)) == 7
    seats = stack.ctl("export", str(first.id), "--what", "seats")
    path.write_text(seats.stdout, encoding="utf-8", newline="")
    checked = run(stack, second, path)
    # its seats are not by order: those of one do not stand together
    assert checked.returncode == 1 or "lines:" in checked.stdout


def test_a_list_of_positions_of_pretix(stack, tmp_path):
    """Its columns as they are, of an event with one date; what has no meaning here is left out."""
    hall = Hall(stack, ("Stalls", "1", 3, 30))
    columns = ("Event slug", "Order code", "Position ID", "Status", "Email", "Phone number", "Order date", "Order time",
               "Product", "Variation", "Price", "Attendee name", "Attendee email", "Company", "Seat ID", "Seat name",
               "Seat zone", "Seat row", "Seat number", "Company")
    rows = [["gala", code, position, status, f"{code}@example.com", "", "2026-03-01", "10:00:00", "Adult", "", "25.00", "Kim",
             "", "", f"guid-{seat}", f"Stalls 1-{seat}", "Stalls", "1", seat, ""]
            for code, position, status, seat in (("K7XQ2", 1, "paid", 1), ("K7XQ2", 2, "paid", 2), ("AB3CD", 1, "canceled", 3))]
    said = done(run(stack, hall, write_file(tmp_path, rows, columns, delimiter=";"), "--write"))
    assert said[2] == "lines:    3, of which 1 are not sold" and said[-1] == "imported 1 reservations with 2 seats"
    assert sold(stack, hall) == {(hall.item, 1): "K7XQ2@example.com", (hall.item, 2): "K7XQ2@example.com"}
    assert ok(stack.get("/reservation?userId=K7XQ2@example.com"))["reservations"][0]["totalPrice"] == 50


def test_a_list_of_tickets_of_alfio(stack, tmp_path):
    """Which has no seats: they were added."""
    hall = Hall(stack, ("Stalls", "1", 3, 30))
    columns = ("ID", "creation", "category", "event", "status", "originalPrice", "paidPrice", "reservationID", "Name", "E-Mail",
               "locked", "Language", "section", "row", "label")
    rows = [[f"uuid-{seat}", "2026-03-01T10:00+09:00[Asia/Seoul]", "Stalls", "gala", status, "30.00", "25.00", "0f3c", "Kim",
             "kim2@example.com", "false", "ko", "Stalls", "1", seat] for seat, status in ((1, "ACQUIRED"), (2, "CHECKED_IN"))]
    assert done(run(stack, hall, write_file(tmp_path, rows, columns), "--write"))[-1] == "imported 1 reservations with 2 seats"


# ---- files that are refused


@pytest.mark.parametrize("change, said", [
    ({"date": "2031-01-01"}, "column 3: The concert has no date 2031-01-01"),
    ({"date": ""}, "column 3: The date is empty"),
    ({"label": "99"}, "column 6: {day} has no section A, row 1, seat 99"),
    ({"section": "B"}, "column 6: {day} has no section B, row 1, seat 2"),
    ({"userId": "a b"}, "column 2: a b is no userId: 1 to 128 of A-Z a-z 0-9 . _ @ + | : ~ = -"),
    ({"userId": ""}, "column 2: Nothing is no userId: 1 to 128 of A-Z a-z 0-9 . _ @ + | : ~ = -"),
    ({"price": "9.50"}, "column 7: This must be a whole number from 0 to 1000000000, and is 9.50"),
    ({"price": "-1"}, "column 7: This must be a whole number from 0 to 1000000000, and is -1"),
    ({"price": "1000000001"}, "column 7: This must be a whole number from 0 to 1000000000, and is 1000000001"),
    ({"ref": ""}, "column 1: ref must name the order, and is empty"),
    ({"ref": "x" * 65}, "column 1: ref may have 64 characters, none of them a control one"),
    ({"label": "1"}, "column 6: This seat stands in line 2 already"),
    ({"label": "3"}, "column 6: Seat 3 of {day} is sold already (order R2)"),
    ({"label": "4"}, "column 6: Seat 4 of {day} is held by a buyer (order R2)"),
    ({"label": "5"}, "column 6: Seat 5 of {day} is withheld from sale (order R2)"),
    ({"method": "cash"}, "column 8: cash is no method: points, box_office, guest, or nothing"),
    ({"method": "guest"}, "column 7: A guest pays nothing"),
    ({"status": "perhaps"}, "column 9: perhaps is no status that tells whether the seat is sold: paid or cancelled"),
    ({"paidAt": "yesterday"}, "column 10: yesterday is no time in the past, like 2026-12-01T09:00:00Z"),
    ({"paidAt": "2099-01-01T00:00:00Z"}, "column 10: 2099-01-01T00:00:00Z is no time in the past, like 2026-12-01T09:00:00Z"),
    ({"ref": "R1"}, "column 2: The order R1 has another user in the line before"),
])
def test_a_bad_line_is_told_and_nothing_is_written(stack, tmp_path, change, said):
    concert = new_concert(stack)
    sell(stack, concert, [3])
    reserve(stack, new_user(), concert, concert.item, 4)
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 5", concert.item)
    columns = (*COLUMNS, "method", "status", "paidAt")
    rows = [dict(zip(columns, row, strict=False)) for seat in (1, 2) for row in seats_of(stack, concert, [seat], f"R{seat}")]
    rows[1] |= change
    path = write_file(tmp_path, rows, columns)
    assert faults(run(stack, concert, path, "--write"), path) == ["line 3: " + said.format(day=day(stack, concert.item))]
    assert imported(stack, concert) == 0


def test_all_that_is_wrong_is_told_up_to_a_hundred(stack, tmp_path):
    concert = new_concert(stack)
    rows = [[f"R{n}", "a b", "2031-01-01", "A", "1", "1", "x"] for n in range(50)]
    path = write_file(tmp_path, rows)
    said = faults(run(stack, concert, path), path)
    assert said[:3] == ["line 2: column 2: a b is no userId: 1 to 128 of A-Z a-z 0-9 . _ @ + | : ~ = -",
                        "line 2: column 3: The concert has no date 2031-01-01",
                        "line 2: column 7: This must be a whole number from 0 to 1000000000, and is x"]
    assert len(said) == 101 and said[-1] == "and 50 faults more"


@pytest.mark.parametrize("content, said", [
    (b"", "There is nothing in it"),
    (b"PK\x03\x04", "This is the file of a spreadsheet. Open it there, choose Save As, and the type CSV (in Excel: CSV UTF-8)"),
    (b"ref,userId,date\n", "The first line must name the columns; there is none for label"),
    (b"order code,date,label\n", "The first line must name the columns; there is none for userId"),
    (b"ref,order code,userId,date,label\n", "column 2: ref and order code both stand for ref"),
    (b"ref,userId,date,label\n\xff\xff\xff\n", "From here on the bytes are no text in UTF-8, UTF-16 or CP949"),
    (b"ref,userId,date,label\nR1,\"fan\n", "column 2: The quote that begins here is not closed"),
    (b"ref,userId,date,label\nR1,\"fan\"x,,\n", "column 2: There is a text behind the quote that ends the cell"),
    (b"ref,userId,date,label\n" + b"x" * 200000 + b"\n" + b"y" * 200000, "A line may have 65536 bytes: is a quote not closed?"),
    (b"ref" + b",x" * 64 + b"\n", "column 65: A line may have 64 cells"),
])
def test_a_file_that_is_none(stack, tmp_path, content, said):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    concert = new_concert(stack)
    assert re.sub(r"^line \d+: ", "", faults(run(stack, concert, path), path)[0]) == said


def test_what_else_is_refused(stack, tmp_path):
    concert = new_concert(stack)
    path = write_file(tmp_path, seats_of(stack, concert, [1]))
    assert stack.ctl("import", "orders", path).returncode == 2
    assert stack.ctl("import", "orders", path, "--concert", "none").returncode == 2
    assert stack.ctl("import", "orders", path, "--concert", "2147483647").returncode == 1
    assert run(stack, concert, tmp_path).returncode == 1
    assert "No such file" in run(stack, concert, tmp_path / "missing.csv").stderr
    rows = seats_of(stack, concert, [1], "R1") + seats_of(stack, concert, [2], "R2") + seats_of(stack, concert, [3], "R1")
    assert faults(run(stack, concert, write_file(tmp_path, rows)), path) == [
        "line 4: column 1: The order R1 stood further above: sort the file by it"]
    stack.query("UPDATE item SET status = 'cancelled' WHERE item_id = %s", concert.item)
    assert faults(run(stack, concert, path), path)[0] == "line 2: column 3: This date is cancelled"
    concert.set(status="'cancelled'")
    assert "The concert is cancelled" in run(stack, concert, path).stderr


def test_two_dates_on_a_day_need_an_item_id(stack, tmp_path):
    concert = new_concert(stack, items=2)
    stack.query("UPDATE item SET date = %s WHERE item_id = %s", day(stack, concert.item), concert.items[1])
    row, = seats_of(stack, concert, [1])
    path = write_file(tmp_path, [row])
    assert faults(run(stack, concert, path), path) == [
        f"line 2: column 3: The concert has 2 dates on {row[2]}: a column itemId must say which"]
    path = write_file(tmp_path, [[*row, concert.items[1]]], (*COLUMNS, "itemId"))
    done(run(stack, concert, path, "--write"))
    assert list(sold(stack, concert)) == [(concert.items[1], 1)]


def test_long_names_are_cut_between_characters(stack, tmp_path):
    concert, ref = new_concert(stack), "예매 " * 20
    rows = [*seats_of(stack, concert, [1], ref), *seats_of(stack, concert, [2]), *seats_of(stack, concert, [3], ref)]
    rows[1][3] = "발코니" * 10
    path = write_file(tmp_path, rows)
    section, order = faults(run(stack, concert, path, "--write"), path)
    assert f"no section {rows[1][3][:16]}, row 1, seat 2" in section
    assert f"The order {ref[:42]} stood further above" in order


# ---- large files


def start(stack, *arguments):
    return subprocess.Popen([stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", *arguments],
                            env=stack.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_an_import_that_is_killed_goes_on(stack, tmp_path):
    """At several moments; in the end each order is there once, and the books are right."""
    orders, seats = 10000, 20000
    concert = new_concert(stack, seats=seats)
    rows = []
    date = day(stack, concert.item)
    for n in range(orders):
        rows += [[f"R{n}", f"moved-{n % 7000}", date, "A", str((seat - 1) // 10 + 1), str((seat - 1) % 10 + 1), "900"]
                 for seat in (2 * n + 1, 2 * n + 2)]
    path = write_file(tmp_path, rows)
    for stop_at in (1, 1500, 4000, 9000):
        process = start(stack, "import", "orders", path, "--concert", str(concert.id), "--write")
        wait_for(lambda count=stop_at: imported(stack, concert) >= count or process.poll() is not None, seconds=240)
        process.send_signal(signal.SIGKILL)
        assert process.communicate(timeout=60)[1] == "" and process.returncode == -signal.SIGKILL
        there = imported(stack, concert)
        assert stop_at <= there < orders
    said = done(run(stack, concert, path, "--write", timeout=600))
    written, = re.fullmatch(r"imported (\d+) reservations with \d+ seats", said[-2]).groups()
    known, = re.fullmatch(r"(\d+) were imported before", said[-1]).groups()
    assert int(written) + int(known) == orders and int(known) >= there
    assert stack.query(
        "SELECT COUNT(*) AS orders, COUNT(DISTINCT reference) AS refs, COUNT(DISTINCT i.reservation_id) AS reservations,"
        " SUM(r.seat_count) AS seats, SUM(b.amount) AS amount, SUM(r.status = 'paid') AS paid"
        " FROM imported_order i JOIN reservation r ON r.reservation_id = i.reservation_id"
        " JOIN box_office_sale b ON b.reservation_id = r.reservation_id WHERE i.concert_id = %s", concert.id) == [
        {"orders": orders, "refs": orders, "reservations": orders, "seats": seats, "amount": 900 * seats, "paid": orders}]
    assert stack.query("SELECT COUNT(*) AS n FROM reservation WHERE concert_id = %s", concert.id)[0]["n"] == orders


def test_a_seat_that_is_sold_since_the_check_is_told(stack, tmp_path):
    """The others of the file are imported, and nobody loses a seat."""
    concert, buyer = new_concert(stack), new_user()
    rows = [line for seat in range(1, 11, 2) for line in seats_of(stack, concert, [seat, seat + 1], f"R{seat}")]
    path = write_file(tmp_path, rows)
    with contextlib.closing(stack.mysql()) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM seat WHERE item_id = %s AND seat_no = 1 FOR UPDATE", [concert.item])
        process = start(stack, "import", "orders", path, "--concert", str(concert.id), "--write")
        wait_for_waiters(stack, 1)
        charge(stack, buyer, 10000)
        buy(stack, buyer, concert, item=concert.item, seats=6)
        cursor.execute("ROLLBACK")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert err == (f"frontrowctl: {path}: line 7: column 6: Seat 6 of {day(stack, concert.item)} is somebody else's since the"
                   " check (order R5)\n")
    assert out.splitlines()[-2:] == ["imported 4 reservations with 8 seats",
                                     "1 were not imported: somebody else has their seats"]
    owners = sold(stack, concert)
    assert owners[concert.item, 6] == buyer and (concert.item, 5) not in owners and len(owners) == 9
    # mended, the file goes on
    mended = [row for row in rows if row[0] != "R5"] + seats_of(stack, concert, [5, 12], "R5")
    said = done(run(stack, concert, write_file(tmp_path, mended), "--write"))
    assert said[-2:] == ["imported 1 reservations with 2 seats", "4 were imported before"]


def test_buyers_and_an_import_at_once(stack, tmp_path):
    concert = new_concert(stack, seats=400, max_seats=8)
    rows = [line for seat in range(1, 401, 2) for line in seats_of(stack, concert, [seat, seat + 1], f"R{seat}")]
    path = write_file(tmp_path, rows)
    bought, over = [], threading.Event()

    def buy_some(number):
        client, mix = stack.new_client(), random.Random(number)
        while not over.is_set():
            user = new_user(f"buyer{number}")
            answer = ask_reserve(client, user, concert, concert.item, mix.randrange(1, 401))
            if answer.status == 200:
                held = ok(answer)
                charge(client, user, held["totalPrice"])
                pay(client, user, held["reservationId"], add_token(client, user, concert)["token"])
                bought.append((user, held["seats"][0]["seatId"]))
            else:
                assert_problem(answer, "seat_taken")

    process = start(stack, "import", "orders", path, "--concert", str(concert.id), "--write")
    wait_for(lambda: imported(stack, concert) > 0 or process.poll() is not None)
    with ThreadPoolExecutor(4) as pool:
        buyers = [pool.submit(buy_some, number) for number in range(4)]
        out, err = process.communicate(timeout=240)
        over.set()
        for buyer in buyers:
            buyer.result(timeout=60)
    owners = sold(stack, concert)
    assert all(owners[concert.item, seat] == user for user, seat in bought)
    written, = re.search(r"^imported (\d+) reservations", out, re.MULTILINE).groups()
    refused = re.search(r"^(\d+) were not imported", out, re.MULTILINE)
    assert int(written) + (int(refused[1]) if refused else 0) == 200, out + err
    assert process.returncode == (1 if refused else 0)
    assert imported(stack, concert) == int(written)
    of_import = [user for user in owners.values() if user.startswith("moved")]
    assert len(of_import) == 2 * int(written)


# ---- balances


def add(stack, path, *options):
    return stack.ctl("import", "balances", path, *options)


def ledger(stack, user):
    return ok(stack.get(f"/point/history?userId={user}"))["history"]


def reason(stack, entry):
    return stack.query("SELECT reason FROM point_history WHERE history_id = %s", entry["historyId"])[0]["reason"]


def test_balances_are_added_once(stack, tmp_path):
    users = [new_user() for _ in range(40)]
    charge(stack, users[0], 50)
    rows = [[user, 100 + n, f"card {n}"] for n, user in enumerate(users)] + [["nobody", 0, ""], [users[0], 7, "bonus"]]
    path = write_file(tmp_path, rows, ("userId", "balance", "ref"))
    assert done(add(stack, path))[1:] == ["balances: 41 of 4787 points; 0 were imported before",
                                          "nothing was written: use --write to import it"]
    assert balance(stack, users[0]) == 50
    assert done(add(stack, path, "--write"))[-1] == "imported 41 balances of 4787 points"
    assert [balance(stack, user) for user in users] == [157, *range(101, 140)]
    entry, = ledger(stack, users[5])
    assert (entry["kind"], entry["amount"], reason(stack, entry)) == ("adjust", 105, "imported card 5")
    assert done(add(stack, path, "--write"))[-1] == "41 were imported before"
    assert balance(stack, users[0]) == 157


def test_balances_that_are_killed_go_on(stack, tmp_path):
    prefix = new_user("purse")
    rows = [[f"{prefix}-{n}", 5] for n in range(2000)]
    path = write_file(tmp_path, rows, ("user", "points"))

    def count():
        return stack.query("SELECT COUNT(*) AS n FROM imported_balance WHERE user_id LIKE %s", f"{prefix}-%")[0]["n"]

    process = start(stack, "import", "balances", path, "--write")
    wait_for(lambda: count() > 100 or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert 0 < count() < 2000
    done(add(stack, path, "--write"))
    assert stack.query("SELECT COUNT(*) AS n, SUM(balance) AS points FROM point WHERE user_id LIKE %s", f"{prefix}-%") == [
        {"n": 2000, "points": 10000}]
    entry, = ledger(stack, f"{prefix}-7")
    assert (entry["kind"], reason(stack, entry)) == ("adjust", "imported")


@pytest.mark.parametrize("row, said", [
    (["a b", "5"], "column 1: a b is no userId: 1 to 128 of A-Z a-z 0-9 . _ @ + | : ~ = -"),
    (["fan", "-5"], "column 2: This must be a whole number from 0 to 1000000000, and is -5"),
    (["fan", ""], "column 2: This must be a whole number from 0 to 1000000000, and is empty"),
    (["twice", "5"], "column 1: twice stood further above"),
    (["rich", "1000000000"], "column 2: The balance of rich would be above 10,000,000,000 points"),
])
def test_a_bad_balance(stack, tmp_path, row, said):
    stack.query("INSERT IGNORE INTO point (user_id, balance) VALUES ('rich', 0)")
    while balance(stack, "rich") < 9_500_000_000:
        charge(stack, "rich", min(1_000_000_000, 9_500_000_000 - balance(stack, "rich")))
    path = write_file(tmp_path, [["twice", "5"], row], ("userId", "amount"))
    assert faults(add(stack, path, "--write"), path) == [f"line 3: {said}"]
    assert balance(stack, "twice") == 0


def test_who_is_forgotten_is_forgotten_here_too(stack, tmp_path):
    user = new_user()
    path = write_file(tmp_path, [[user, "5"]], ("userId", "amount"))
    done(add(stack, path, "--write"))
    assert stack.ctl("user", "erase", user, "--yes", "--forfeit").returncode == 0
    assert stack.query("SELECT 1 FROM imported_balance WHERE user_id = %s", user) == []


def test_lines_of_any_form_are_read_block_by_block(stack, tmp_path):
    """Against Python's reader: quotes, ends of lines in them, and blanks, over many blocks."""
    mix = random.Random(22)
    notes = ['a "quote"', "two\nlines", "cr\r\nlf", "", "한글 " * 20, "x" * 3000, '"', "a,b;c", "'=1"]
    rows = [[f"fan-{n}", str(mix.randrange(1, 1000)), mix.choice(notes)] for n in range(5000)]
    for encoding, end in (("utf-8", "\r\n"), ("utf-16", "\n"), ("cp949", "\r")):
        path = write_file(tmp_path, rows, ("userId", "amount", "note"), encoding, lineterminator=end, quoting=csv.QUOTE_ALL)
        total = sum(int(row[1]) for row in rows)
        assert done(add(stack, path))[1] == f"balances: 5000 of {total} points; 0 were imported before"


def test_memory_does_not_grow_with_the_file(stack, tmp_path):
    """A third of a million lines of 100 bytes."""
    def peak(lines):
        path = write_file(tmp_path, ([f"fan-{n}", "0", "x" * 80] for n in range(lines)), ("userId", "amount", "note"))
        process = subprocess.Popen(
            [stack.build / "frontrowctl", "--config", stack.var / "frontrow.conf", "import", "balances", path],
            env=stack.environment | {"ASAN_OPTIONS": "quarantine_size_mb=1"}, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0
        return usage.ru_maxrss

    small, large = peak(1000), peak(330000)
    assert large - small < 14 * 1024  # KiB: the names have 8 bytes in slots that double


def test_a_hold_that_lapsed_is_free(stack, tmp_path):
    concert = new_concert(stack)
    made = reserve(stack, new_user(), concert, concert.item, 1)
    age_hold(stack, made["reservationId"], 400)
    path = write_file(tmp_path, seats_of(stack, concert, [1]))
    assert done(run(stack, concert, path, "--write"))[-1] == "imported 1 reservations with 1 seats"
