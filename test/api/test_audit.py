"""frontrowctl audit: clean on real books, and each rule broken by SQL is caught, alone."""

import contextlib
import re
import subprocess

import pytest
from draw_helpers import Draw
from helpers import add_token, age_hold, ask_pay, charge, new_concert, ok, reserve

BACKUP = "backup"


class Books:
    """A stack of its own with reservations of all sorts, whose tables have lost keys and checks.

    The audit must not rely on them: they could be missing after a restore. `names` are what the
    table of breaks speaks of.
    """

    def __init__(self, stack):
        self.stack = stack
        self.names = {}
        self.sell()
        self.drop_constraints()
        self.tables = [next(iter(row.values())) for row in stack.query("SHOW TABLES")]
        stack.query(f"CREATE DATABASE {BACKUP}")
        for table in self.tables:
            stack.query(f"CREATE TABLE {BACKUP}.{table} AS SELECT * FROM {table}")

    def sell(self):
        stack = self.stack
        concert = new_concert(stack, items=2, seats=20, hold_seconds=3600)
        limited = new_concert(stack, seats=20, max_seats=4, hold_seconds=3600)
        self.names |= {"item": concert.items[0], "other_item": concert.items[1], "concert": concert.id}

        def keyed(key, **headers):
            return headers | {"Idempotency-Key": key}

        def buy(user, seats):
            token = add_token(stack, user, concert)["token"]
            held = reserve(stack, user, concert, item=concert.item, seats=seats)
            ok(ask_pay(stack, user, held["reservationId"], token, **keyed("pay")))
            return held["reservationId"]

        for user in ("payer", "refunded", "second"):
            charge(stack, user, 5000)
        self.names["paid"] = buy("payer", [1, 2])
        self.names["second"] = buy("second", [3])
        self.names["refunded"] = buy("refunded", [4])
        tickets = lambda user, name: ok(stack.get(f"/reservation/{self.names[name]}/ticket?userId={user}"))["tickets"]
        used = {"code": tickets("payer", "paid")[0]["code"], "itemId": concert.item}
        ok(stack.post("/admin/checkin", used, **keyed("checkin", **stack.admin_headers())))
        tickets("refunded", "refunded")
        ok(stack.call("DELETE", f"/reservation/{self.names['refunded']}?userId=refunded", headers=keyed("cancel")))
        # one is transferred
        stack.query("UPDATE concert SET transfers = 1 WHERE concert_id = %s", concert.id)
        charge(stack, "giver", 5000)
        self.names["given"] = buy("giver", [17])
        offered = ok(stack.post(f"/reservation/{self.names['given']}/transfer", {"userId": "giver", "toUserId": "friend"},
                                **keyed("offer")))
        ok(stack.post(f"/transfer/{offered['transferId']}/accept", {"userId": "friend"}, **keyed("accept")))
        # of an order of three seats one is given back with a fee
        charge(stack, "parting", 5000)
        self.names["part"] = buy("parting", [10, 11, 12])
        tickets("parting", "part")
        ok(stack.post(f"/admin/reservation/{self.names['part']}/refund", {"reason": "Ill", "percent": 50, "seatIds": [11]},
                      **keyed("part", **stack.admin_headers())))
        # in a presale an order of two seats is paid, and a seat is held
        presale = new_concert(stack, seats=20, hold_seconds=3600, opens="'2099-01-01'")
        window = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2098-01-01T00:00:00Z", "quota": 5, "codes": "single"}
        path = f"/admin/concert/{presale.id}/presale"
        self.names["presale"] = ok(stack.post(path, window, **keyed("presale", **stack.admin_headers())))["presaleId"]
        path += f"/{self.names['presale']}/code"
        codes = ok(stack.post(path, {"count": 3}, **keyed("codes", **stack.admin_headers())))["codes"]
        orders = [reserve(stack, user, presale, item=presale.item, seats=seats, code=code)["reservationId"]
                  for user, seats, code in (("early", [1, 2], codes[0]), ("earlier", [3], codes[1]))]
        self.names["early"], self.names["earlier"] = orders
        charge(stack, "early", 5000)
        ok(ask_pay(stack, "early", orders[0], None))
        # at the box office three, of which one goes back with a fee; and a guest who does not come
        desk = {"userId": "at-desk", "concertId": concert.id, "itemId": concert.item}
        sold = ok(stack.post("/admin/reservation", desk | {"seatIds": [13, 14, 15], "method": "box_office", "price": 800},
                             **keyed("desk", **stack.admin_headers())))
        self.names["desk"] = sold["reservationId"]
        tickets("at-desk", "desk")
        guest = ok(stack.post("/admin/reservation", desk | {"seatIds": [16], "method": "guest"}, **stack.admin_headers()))
        self.names["guest"] = guest["reservationId"]
        for order, how in (("desk", {"percent": 50, "seatIds": [14]}), ("guest", {})):
            ok(stack.post(f"/admin/reservation/{self.names[order]}/refund", {"reason": "Ill"} | how, **stack.admin_headers()))
        # an order and a balance of another shop
        for what, lines, more in (
                ("orders", f"ref,userId,itemId,seatId\nR1,moved,{concert.item},19", ("--concert", str(concert.id))),
                ("balances", "ref,userId,points\ncard,moved,50", ())):
            path = stack.var / f"{what}.csv"
            path.write_text(lines)
            done = stack.ctl("import", what, path, *more, "--write")
            assert done.returncode == 0, done.stderr
        self.names["held"] = reserve(stack, "holder", concert, item=concert.item, seats=[5, 6])["reservationId"]
        self.names["lapsed"] = reserve(stack, "late", concert, item=concert.item, seats=[7])["reservationId"]
        age_hold(stack, self.names["lapsed"], 3700)

        body = {"userId": "keyed", "concertId": concert.id, "itemId": concert.item, "seatId": 8}
        ok(stack.post("/reservation", body, **keyed("reserve")))
        ok(stack.post("/point/charge", {"userId": "keyed", "amount": 70}, **keyed("charge")))
        ok(stack.post("/point/use", {"userId": "keyed", "amount": 20}, **keyed("use")))
        draft = {"title": "Made", "venue": "Here", "items": [
            {"date": "2030-01-01", "startsAt": "2030-01-01T10:00:00Z", "seats": [{"from": 1, "to": 3, "price": 5}]},
            {"date": "2030-01-02", "startsAt": "2030-01-02T10:00:00Z", "seats": [
                {"from": 1, "to": 2, "price": 5}, {"from": 3, "to": 5, "price": 7, "section": "Pit", "standing": True}]}]}
        made = ok(stack.post("/admin/concert", draft, **keyed("create", **stack.admin_headers())))
        self.names["unsold_item"], self.names["area_item"] = made["itemIds"]

        # three wait for a seat of two, and two are offered one, one after the other
        waited = new_concert(stack, seats=2, hold_seconds=3600)
        waited.set(waitlist=1)
        taken = [reserve(stack, "quitter", waited, item=waited.item, seats=[seat]) for seat in (1, 2)]
        entries = [ok(stack.post("/waitlist", {"userId": user, "concertId": waited.id, "itemId": waited.item, "count": 1},
                                 **keyed("wait"))) for user in ("patient", "eager", "idle")]
        for hold in taken:
            ok(stack.call("DELETE", f"/reservation/{hold['reservationId']}?userId=quitter"))
        self.names |= {"entry": entries[0]["entryId"], "waited": waited.item}

        # as many as the limit allows, of which the first two lapse before the last two are held
        first = reserve(stack, "greedy", limited, item=limited.item, seats=[1, 2])
        age_hold(stack, first["reservationId"], 3700)
        reserve(stack, "greedy", limited, item=limited.item, seats=[3, 4])
        self.names["limited"] = reserve(stack, "greedy", limited, item=limited.item, seats=[5, 6])["reservationId"]

        draw = Draw.new(stack, capacity=0, source=None)
        draw.add_many(3)
        draw.freeze()
        assert draw.step()["state"] == "drawn"
        self.names["draw"] = draw.id

        stack.query("UPDATE concert SET active_seconds = 86400, line_version = line_version + 1 WHERE concert_id = 2")
        for user in ("waiter", "walker"):
            ok(stack.post("/token/add", {"userId": user, "concertId": 2}))
        assert stack.sweeper().returncode == 0  # "lapsed" is expired, and so is "first"
        self.names["unswept"] = reserve(stack, "later", concert, item=concert.item, seats=[9])["reservationId"]
        age_hold(stack, self.names["unswept"], 3700)

    def drop_constraints(self):
        rows = self.stack.query(
            "SELECT table_name AS t, constraint_name AS name, constraint_type AS type"
            " FROM information_schema.table_constraints WHERE constraint_schema = DATABASE()"
        )
        kinds = {"FOREIGN KEY": "FOREIGN KEY", "CHECK": "CONSTRAINT", "UNIQUE": "INDEX"}
        for kind, word in kinds.items():
            for row in rows:
                if row["type"] == kind:
                    self.stack.query(f"ALTER TABLE {row['t']} DROP {word} {row['name']}")
        for table in ("queue_token", "box_office_sale", "box_office_refund"):
            self.stack.query(f"ALTER TABLE {table} DROP PRIMARY KEY")

    def run(self, statements):
        with contextlib.closing(self.stack.mysql()) as connection, connection.cursor() as cursor:
            for statement in statements:
                changed = cursor.execute(statement.format(**self.names))
                assert changed > 0, f"nothing was broken: {statement.format(**self.names)}"

    def restore(self):
        for table in self.tables:
            self.stack.query(f"DELETE FROM {table}")
            self.stack.query(f"INSERT INTO {table} SELECT * FROM {BACKUP}.{table}")


@pytest.fixture(scope="module")
def books(new_stack):
    return Books(new_stack())


@pytest.fixture
def broken(books):
    """Runs statements on the books; afterwards they are as before."""
    yield books.run
    books.restore()


def audit(stack):
    """(exit status, violations by rule, what is counted apart)"""
    done = stack.ctl("audit")
    counts = {True: {}, False: {}}
    for line in done.stdout.splitlines():
        count, name, *rest = line.split(maxsplit=2)
        if name == "violations":
            total = int(count)
        else:
            counts["(no violation)" in rest[0]][name] = int(count)
    assert total == sum(counts[False].values()), done.stdout
    assert (done.returncode == 1) == (total > 0), done.stderr
    return done.returncode, counts[False], counts[True]


def violations(stack):
    return {name for name, count in audit(stack)[1].items() if count}


def test_real_books_are_clean(books):
    status, rules, apart = audit(books.stack)
    assert status == 0 and not any(rules.values())
    assert apart == {"lapsed_holds": 1, "kept_returns": 0, "queue_without_row": 0}


def state_of(stack):
    """(item, seat) -> what frontrowctl says of a seat; and the rows of all other tables."""
    rows = stack.query("SELECT item_id, seat_no, status, reservation_id FROM seat")
    seats = {(row["item_id"], row["seat_no"]): row["status"] + (
        f" to reservation {row['reservation_id']}" if row["reservation_id"] else "") for row in rows}
    tables = [next(iter(row.values())) for row in stack.query("SHOW TABLES")]
    return seats, {table: stack.query(f"SELECT * FROM {table}") for table in tables if table not in ("seat", "audit_log")}


def said(done):
    """(item, seat) -> (was, should be), of those that were put right; and the lines of the others."""
    form = r"^(?:would put right|put right) +seat (\d+) of item (\d+): (.*), should be (.*)$"
    found = {(int(item), int(seat)): (was, due) for seat, item, was, due in re.findall(form, done.stdout, re.M)}
    return found, re.findall(r"^(?:needs a person|locked).*$", done.stdout, re.M)


WRONG_SEATS = [
    "UPDATE seat SET status = 'available', reservation_id = NULL WHERE item_id = {item} AND seat_no = 2",  # of a paid one
    "UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL WHERE item_id = {item} AND seat_no = 6",
    "UPDATE seat SET status = 'held', reservation_id = {held}, held_until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"
    " WHERE item_id = {item} AND seat_no = 20",  # which that hold does not list
    "UPDATE reservation_seat SET seat_no = 1 WHERE reservation_id = {second}",  # sold to another one
    "UPDATE point SET balance = balance + 1 WHERE user_id = 'payer'",
]


def test_what_repair_says_is_what_it_does(books, broken):
    broken(WRONG_SEATS)
    names, (seats, others) = books.names, state_of(books.stack)
    item = names["item"]
    dry = books.stack.ctl("audit", "--repair", "--dry-run")
    assert state_of(books.stack) == (seats, others) and dry.returncode == 1, "a dry run changes nothing"
    expected = {
        (item, 2): ("available", f"sold to reservation {names['paid']}"),
        (item, 6): ("available", f"held to reservation {names['held']}"),
        (item, 20): (f"held to reservation {names['held']}", "available"),
    }
    assert said(dry)[0] == expected, dry.stdout
    logged = books.stack.query("SELECT COUNT(*) AS n FROM audit_log")[0]["n"]
    done = books.stack.ctl("audit", "--repair")
    assert said(done) == said(dry) and done.returncode == 1
    after, others_after = state_of(books.stack)
    assert others_after == others
    assert {where: (seats[where], after[where]) for where in seats if seats[where] != after[where]} == expected
    log = books.stack.query("SELECT actor, action FROM audit_log ORDER BY audit_log_id")[logged:]
    assert log == [{"actor": "ctl", "action": "audit repair"}] * 3
    assert len(said(done)[1]) == 1 and f"seat 1 of item {item}: sold to" in said(done)[1][0], "two buyers have it"
    assert violations(books.stack) == {"paid_owns_seats", "sold_seat_paid", "balance_is_ledger"}
    again = books.stack.ctl("audit", "--repair")
    assert said(again) == ({}, said(done)[1])


# Seats that a refund gave back and that somebody lists again, as after a restore of some tables: their buyer has the money.
LISTED_AGAIN = "INSERT INTO reservation_seat (reservation_id, seat_no, price) VALUES ({part}, 11, 1000)"
REFUNDED_SEATS = {
    "a seat of an order": ("part", 11, [LISTED_AGAIN]),
    "a seat whose return is forgotten": ("part", 11, [
        LISTED_AGAIN,
        "DELETE FROM returned_seat WHERE reservation_id = {part}",
        "UPDATE reservation SET refund_count = 0, seat_count = 3, total_price = 3000 WHERE reservation_id = {part}"]),
    "a seat whose refund is forgotten": ("part", 11, [
        LISTED_AGAIN,
        "DELETE FROM point_history WHERE reservation_id = {part} AND kind = 'refund'"]),
    "a whole order": ("refunded", 4, ["UPDATE reservation SET status = 'paid' WHERE reservation_id = {refunded}"]),
    "a whole order whose payment forgot it": ("refunded", 4, [
        "UPDATE reservation SET status = 'paid' WHERE reservation_id = {refunded}",
        "UPDATE payment SET status = 'paid' WHERE reservation_id = {refunded}"]),
}


@pytest.mark.parametrize("name", REFUNDED_SEATS)
@pytest.mark.parametrize("options", ([], ["--dry-run"]), ids=("repair", "dry run"))
def test_a_refunded_seat_is_not_given_again(books, broken, name, options):
    order, seat, statements = REFUNDED_SEATS[name]
    broken(statements)
    before = state_of(books.stack)
    done = books.stack.ctl("audit", "--repair", *options)
    found, left = said(done)
    assert found == {} and state_of(books.stack) == before and done.returncode == 1
    assert len(left) == 1 and "payment and refunds" in left[0], done.stdout
    assert f"seat {seat} of item {books.names['item']}: available" in left[0]
    assert f"should be sold to reservation {books.names[order]}," in left[0]


def test_a_kept_seat_beside_a_refunded_one_is_given_again(books, broken):
    """And what was refunded may be another buyer's by now, who keeps it."""
    names = books.names
    take_off = "UPDATE seat SET status = 'available', reservation_id = NULL WHERE item_id = {item} AND seat_no = 10"
    broken([take_off,
            "UPDATE reservation_seat SET seat_no = 11 WHERE reservation_id = {held} AND seat_no = 6",
            "UPDATE seat SET status = 'held', reservation_id = {held}, held_until ="
            " (SELECT expires_at FROM reservation WHERE reservation_id = {held}) WHERE item_id = {item} AND seat_no = 11",
            "UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL"
            " WHERE item_id = {item} AND seat_no = 6"])
    done = books.stack.ctl("audit", "--repair")
    expected = {(names["item"], 10): ("available", f"sold to reservation {names['part']}")}
    assert said(done) == (expected, []) and done.returncode == 0, done.stdout


def test_a_seat_that_is_locked_is_left(books, broken):
    broken(WRONG_SEATS[:1])
    with contextlib.closing(books.stack.mysql()) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM seat WHERE item_id = %s AND seat_no = 2 FOR UPDATE", books.names["item"])
        done = books.stack.ctl("audit", "--repair")
        cursor.execute("ROLLBACK")
    assert done.returncode == 1 and said(done)[0] == {} and said(done)[1][0].startswith("locked"), done.stdout
    assert len(said(books.stack.ctl("audit", "--repair"))[0]) == 1 and not violations(books.stack)


def test_a_repair_looks_at_all_however_many_need_a_person(books, broken):
    """It reads a thousand cases at a time; here so many orders list a seat that is another one's, before the one to mend."""
    columns = [row["name"] for row in books.stack.query(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND table_name = 'reservation' AND column_name <> 'reservation_id' AND extra NOT LIKE '%%GENERATED%%'")]
    many = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
    broken([
        f"INSERT INTO reservation (reservation_id, {', '.join(columns)}) {many}"
        f" SELECT 1000000 + i, {', '.join(columns)} FROM n JOIN reservation WHERE reservation_id = {{paid}}",
        f"INSERT INTO reservation_seat (reservation_id, seat_no, price) {many} SELECT 1000000 + i, 1, 1000 FROM n",
        WRONG_SEATS[0]])
    done = books.stack.ctl("audit", "--repair")
    found, left = said(done)
    assert list(found) == [(books.names["item"], 2)] and len(left) == 1000, done.stdout[-500:]


def test_a_dry_run_is_of_a_repair(stack):
    assert stack.ctl("audit", "--dry-run").returncode == 2


# From then on buyers get so much back of what they pay for the order that was refunded.
RULES = ("INSERT INTO refund_rule (concert_id, since, until_days, percent) SELECT {{concert}}, {when}, 0, {percent}"
         " FROM payment p WHERE p.reservation_id = {{refunded}}")

# Each: the rules that it breaks, and how. Statements speak of reservations and items by name.
BREAKS = {
    "an offer past one who waited longer": (
        {"waitlist_in_order"},
        ["UPDATE waitlist_entry SET entry_id = entry_id + 1000 WHERE entry_id = {entry}"]),
    "an offer to another user": (
        {"offer_is_its_users"},
        ["UPDATE waitlist_entry SET user_id = 'other' WHERE entry_id = {entry}"]),
    "an offer without a hold": (
        {"offer_is_its_users"},
        ["UPDATE waitlist_entry SET reservation_id = NULL WHERE entry_id = {entry}"]),
    "one who waits and has an offer": (
        {"offer_is_its_users", "waitlist_in_order", "waiting_is_counted"},
        ["UPDATE waitlist_entry SET status = 'waiting', settled_at = NULL WHERE entry_id = {entry}"]),
    "one who waits and is not counted": (
        {"waiting_is_counted"},
        ["UPDATE item SET waiting = 0 WHERE item_id = {waited}"]),
    "an entry of no date": (
        {"waiting_is_counted"},
        ["UPDATE waitlist_entry SET item_id = 2000000000, status = 'left' WHERE entry_id = {entry} + 1",
         "UPDATE waitlist_entry SET reservation_id = NULL WHERE entry_id = {entry} + 1"]),
    "a seat that is kept for nobody": (
        {"held_seat_held"},
        ["UPDATE seat SET status = 'held', reservation_id = 0, held_until = '9999-01-01' WHERE item_id = {item} AND seat_no = 20"]),
    "a quota that has a slot too few": (
        {"presale_quota_kept"},
        ["DELETE FROM presale_slot WHERE presale_id = {presale} AND reservation_id IS NULL LIMIT 1"]),
    "a quota that was raised by hand": (
        {"presale_quota_kept"},
        ["UPDATE presale SET quota = quota + 1 WHERE presale_id = {presale}"]),
    "a paid seat of a presale without a slot": (
        {"presale_quota_kept"},
        ["UPDATE presale_slot SET free_at = '1970-01-01', reservation_id = NULL WHERE reservation_id = {early} LIMIT 1"]),
    "a slot that is longer held than its seat": (
        {"presale_quota_kept"},
        ["UPDATE presale_slot SET free_at = free_at + INTERVAL 1 HOUR WHERE reservation_id = {earlier}"]),
    "a slot that nobody has": (
        {"presale_quota_kept"},
        ["UPDATE presale_slot SET free_at = '9999-12-31' WHERE presale_id = {presale} AND reservation_id IS NULL LIMIT 1"]),
    "a code that two users had": (
        {"presale_code_of_one"},
        ["UPDATE reservation SET presale_code_id = (SELECT MIN(code_id) FROM presale_code WHERE user_id = 'early')"
         " WHERE reservation_id = {earlier}"]),
    "a code that is nobody's, though an order was made with it": (
        {"presale_code_of_one"},
        ["UPDATE presale_code SET user_id = NULL WHERE user_id = 'earlier'"]),
    "a code that is not used up": (
        {"presale_code_of_one"},
        ["UPDATE presale_code SET used_at = NULL WHERE user_id = 'early'"]),
    "an imported order that the box office did not sell": (
        {"imported_order_is_sold"}, ["UPDATE imported_order SET reservation_id = {paid}"]),
    "an imported order of another concert": (
        {"imported_order_is_sold"}, ["UPDATE imported_order SET concert_id = concert_id + 1"]),
    "an order that was imported twice": (
        {"imported_order_is_sold"},
        ["INSERT INTO imported_order SELECT concert_id, 'R2', part, reservation_id FROM imported_order"]),
    "an imported balance that was not added": (
        {"imported_balance_is_added"}, ["UPDATE imported_balance SET history_id = history_id + 1000000"]),
    "an imported balance of another user": (
        {"imported_balance_is_added"}, ["UPDATE imported_balance SET user_id = 'payer'"]),
    "a balance that was imported twice": (
        {"imported_balance_is_added"},
        ["INSERT INTO imported_balance SELECT user_id, 'again', history_id FROM imported_balance"]),
    "a draw that is not there": (
        {"draw_kept"},
        ["UPDATE concert SET draw = 1 WHERE concert_id = {concert}"]),
    "one that is in before the opening": (
        {"draw_kept"},
        ["UPDATE queue_token SET status = 'done' WHERE concert_id = {draw} AND number = 2",
         "UPDATE concert SET opens_at = UTC_TIMESTAMP(3) + INTERVAL 1 DAY WHERE concert_id = {draw}"]),
    "a token that is not the one of the list": (
        {"draw_list_fits"},
        ["UPDATE queue_token SET token = REPEAT('x', 16) WHERE concert_id = {draw} AND number = 2"]),
    "a listed token that is gone": (
        {"draw_list_fits"},
        ["DELETE FROM queue_token WHERE concert_id = {draw} AND number = 2"]),
    "a rank that another one drew": (
        {"draw_ranks_fit"},
        ["UPDATE concert_draw_rank SET ranks = CONCAT(SUBSTRING(ranks, 5, 4), SUBSTRING(ranks, 1, 4),"
         " SUBSTRING(ranks, 9)) WHERE concert_id = {draw}"]),
    "a sold seat of a hold": (
        {"sold_seat_paid", "live_hold_owns_seats"},
        ["UPDATE seat SET status = 'sold', held_until = NULL WHERE item_id = {item} AND seat_no = 5"]),
    "a sold seat that its reservation does not list": (
        {"sold_seat_paid"},
        ["UPDATE seat SET status = 'sold', reservation_id = {paid} WHERE item_id = {item} AND seat_no = 20"]),
    "a sold seat of another item": (
        {"sold_seat_paid"},
        ["UPDATE seat SET status = 'sold', reservation_id = {paid} WHERE item_id = {other_item} AND seat_no = 1"]),
    "a sold seat of nobody": (
        {"sold_seat_paid"},
        ["UPDATE seat SET status = 'sold' WHERE item_id = {item} AND seat_no = 20"]),
    "a paid seat that is for sale again": (
        {"paid_owns_seats"},
        ["UPDATE seat SET status = 'available', reservation_id = NULL WHERE item_id = {item} AND seat_no = 2"]),
    "two paid reservations that list one seat": (
        {"paid_owns_seats", "sold_seat_paid"},
        ["UPDATE reservation_seat SET seat_no = 1 WHERE reservation_id = {second}"]),
    "a hold that lost a seat": (
        {"live_hold_owns_seats"},
        ["UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL"
         " WHERE item_id = {item} AND seat_no = 6"]),
    "a hold whose seat was given to another": (
        {"live_hold_owns_seats", "held_seat_held"},
        ["UPDATE seat SET reservation_id = {limited} WHERE item_id = {item} AND seat_no = 6"]),
    "seats that an expired reservation holds": (
        {"held_seat_held"},
        ["UPDATE reservation SET status = 'expired' WHERE reservation_id = {held}"]),
    "seats that a cancelled reservation holds": (
        {"held_seat_held"},
        ["UPDATE reservation SET status = 'cancelled' WHERE reservation_id = {held}"]),
    "a seat that is held for longer than its reservation": (
        {"held_seat_held"},
        ["UPDATE seat SET held_until = held_until + INTERVAL 1 HOUR WHERE item_id = {item} AND seat_no = 5"]),
    "a held seat that its reservation does not list": (
        {"held_seat_held"},
        ["UPDATE seat SET status = 'held', reservation_id = {held}, held_until ="
         " (SELECT expires_at FROM reservation WHERE reservation_id = {held}) WHERE item_id = {item} AND seat_no = 20"]),
    "a price that is not the seats'": (
        {"reservation_adds_up"},
        ["UPDATE reservation SET total_price = total_price + 1 WHERE reservation_id = {held}"]),
    "a seat's price that was changed": (
        {"reservation_adds_up"},
        ["UPDATE reservation_seat SET price = price - 1 WHERE reservation_id = {refunded}"]),
    "a reservation without its seats": (
        {"reservation_adds_up"},
        ["DELETE FROM reservation_seat WHERE reservation_id = {lapsed}"]),
    "more seats in one reservation than its limit": (
        {"seat_limit_kept"},
        ["UPDATE reservation SET seat_limit = 1 WHERE reservation_id = {held}"]),
    "more seats in several reservations than the limit": (
        {"seat_limit_kept"},
        ["UPDATE reservation SET seat_limit = 3 WHERE reservation_id = {limited}"]),
    "a paid reservation without a payment": (
        {"paid_has_payment", "payment_has_debit", "answer_has_effect"},
        ["DELETE FROM payment WHERE reservation_id = {paid}"]),
    "a reservation that was paid twice": (
        {"paid_has_payment"},
        ["INSERT INTO payment (reservation_id, user_id, amount, paid_at)"
         " SELECT reservation_id, user_id, amount, paid_at FROM payment WHERE reservation_id = {paid}"]),
    "a payment of another amount": (
        {"paid_has_payment", "payment_has_reservation", "payment_has_debit", "payment_adds_up"},
        ["UPDATE payment SET amount = amount + 1 WHERE reservation_id = {paid}"]),
    "another user's payment": (
        {"paid_has_payment", "payment_has_reservation", "payment_has_debit", "answer_has_effect"},
        ["UPDATE payment SET user_id = 'second' WHERE reservation_id = {paid}"]),
    "a payment whose reservation was cancelled without a refund": (
        {"payment_has_reservation", "payment_adds_up"},
        ["UPDATE reservation SET status = 'cancelled' WHERE reservation_id = {paid}",
         "UPDATE seat SET status = 'available', reservation_id = NULL WHERE reservation_id = {paid}"]),
    "a refund whose reservation is still paid": (
        {"payment_has_reservation", "paid_has_payment", "paid_owns_seats", "answer_has_effect", "payment_adds_up"},
        ["UPDATE reservation SET status = 'paid' WHERE reservation_id = {refunded}"]),
    "a payment without a debit": (
        {"payment_has_debit"},
        ["DELETE FROM point_history WHERE reservation_id = {paid}",
         "UPDATE point SET balance = 5000 WHERE user_id = 'payer'"]),
    "two debits of one payment": (
        {"payment_has_debit"},
        ["INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)"
         " SELECT user_id, kind, amount, balance_after + amount, reservation_id, created_at FROM point_history"
         " WHERE reservation_id = {paid}",
         "UPDATE point SET balance = balance - 2000 WHERE user_id = 'payer'"]),
    "a debit of another amount": (
        {"payment_has_debit"},
        ["UPDATE point_history SET amount = amount + 1, balance_after = balance_after + 1 WHERE reservation_id = {paid}",
         "UPDATE point SET balance = balance + 1 WHERE user_id = 'payer'"]),
    "a debit without a payment": (
        {"payment_has_debit"},
        ["INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)"
         " VALUES ('payer', 'payment', 0, 3000, {held}, UTC_TIMESTAMP(3))"]),
    "a refunded payment without a refund": (
        {"refund_has_credit", "payment_adds_up"},
        ["DELETE FROM point_history WHERE reservation_id = {refunded} AND kind = 'refund'",
         "UPDATE point SET balance = 4000 WHERE user_id = 'refunded'"]),
    "two refunds of one payment": (
        {"refund_has_credit", "payment_adds_up"},
        ["INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)"
         " VALUES ('refunded', 'refund', 1000, 6000, {refunded}, UTC_TIMESTAMP(3))",
         "UPDATE point SET balance = 6000 WHERE user_id = 'refunded'"]),
    "a refund of what is still paid": (
        {"refund_has_credit", "payment_adds_up"},
        ["INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, created_at)"
         " VALUES ('payer', 'refund', 2000, 5000, {paid}, UTC_TIMESTAMP(3))",
         "UPDATE point SET balance = 5000 WHERE user_id = 'payer'"]),
    "another user's refund": (
        {"refund_has_credit"},
        ["UPDATE point_history SET user_id = 'payer', balance_after = balance_after - 1000 WHERE reservation_id = {refunded}"
         " AND kind = 'refund'",
         "UPDATE point SET balance = balance + 1000 WHERE user_id = 'payer'",
         "UPDATE point SET balance = balance - 1000 WHERE user_id = 'refunded'"]),
    "two refunds of one number": (
        {"refund_has_credit", "payment_adds_up"},
        ["INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, refund_no, fee, created_at)"
         " VALUES ('parting', 'refund', 500, 3000, {part}, 1, 500, UTC_TIMESTAMP(3))",
         "UPDATE point SET balance = 3000 WHERE user_id = 'parting'"]),
    "a fee that the seats did not cost": (
        {"payment_adds_up", "returned_seats_add_up"},
        ["UPDATE point_history SET fee = fee + 1 WHERE reservation_id = {part} AND kind = 'refund'"]),
    "a fee beside a refund of all": (
        {"payment_adds_up", "refund_by_rules"},
        ["UPDATE point_history SET fee = 1 WHERE reservation_id = {refunded} AND kind = 'refund'"]),
    "a refund of all for which the rules kept a half": (
        {"refund_by_rules"},
        [RULES.format(when="p.paid_at - INTERVAL 2 MINUTE", percent=50)]),
    "a refund for which the rules gave nothing": (
        {"refund_by_rules"},
        [RULES.format(when="p.paid_at - INTERVAL 2 MINUTE", percent=0)]),
    "a refund of a seat for which the rules gave nothing": (
        {"refund_by_rules"},
        ["UPDATE returned_seat SET asked_at = UTC_TIMESTAMP(3) WHERE reservation_id = {part}",
         RULES.format(when="p.paid_at - INTERVAL 2 DAY", percent=0)]),
    "an order that its last transferee does not own": (
        {"transferee_owns"}, ["UPDATE reservation SET user_id = 'thief' WHERE reservation_id = {given}"]),
    "an order whose payer is forgotten": (
        {"transferee_owns", "paid_has_payment", "payment_has_reservation"},
        ["UPDATE reservation SET payer = NULL WHERE reservation_id = {given}"]),
    "an order that another one paid": (
        {"transferee_owns", "paid_has_payment", "payment_has_reservation"},
        ["UPDATE reservation SET payer = 'thief' WHERE reservation_id = {given}"]),
    "a payer of an order that was not transferred": (
        {"transferee_owns"}, ["UPDATE reservation SET payer = user_id WHERE reservation_id = {paid}"]),
    "a transfer that was accepted too late": (
        {"transferee_owns"}, ["UPDATE transfer SET expires_at = settled_at WHERE reservation_id = {given}"]),
    "a transfer that is gone": (
        {"transferee_owns", "answer_has_effect"}, ["DELETE FROM transfer WHERE reservation_id = {given}"]),
    "a ticket that is void, and is not": (
        {"void_ticket_is_void"},
        ["INSERT INTO void_ticket SELECT ticket_id, reference, reservation_id, seat_no, item_id, UTC_TIMESTAMP(3) FROM ticket"
         " WHERE reservation_id = {paid}"]),
    "a negative fee": (
        {"payment_adds_up"},
        ["UPDATE point_history SET amount = amount + 1, balance_after = balance_after + 1, fee = -1"
         " WHERE reservation_id = {refunded} AND kind = 'refund'",
         "UPDATE point SET balance = balance + 1 WHERE user_id = 'refunded'"]),
    "a fee of a charge": (
        {"payment_adds_up"}, ["UPDATE point_history SET fee = 1 WHERE user_id = 'keyed' AND kind = 'charge'"]),
    "a price that is not the kept seats'": (
        {"payment_adds_up", "reservation_adds_up", "paid_has_payment", "payment_has_reservation"},
        ["UPDATE reservation SET total_price = total_price - 1 WHERE reservation_id = {part}"]),
    "a returned seat of another price": (
        {"returned_seats_add_up", "paid_has_payment", "payment_has_reservation"},
        ["UPDATE returned_seat SET price = price + 1 WHERE reservation_id = {part}"]),
    "a refund without its seats": (
        {"returned_seats_add_up", "paid_has_payment", "payment_has_reservation", "seat_has_one_ticket"},
        ["DELETE FROM returned_seat WHERE reservation_id = {part}"]),
    "returned seats without their refund": (
        {"returned_seats_add_up", "payment_adds_up"},
        ["DELETE FROM point_history WHERE reservation_id = {part} AND kind = 'refund'",
         "UPDATE point SET balance = 2000 WHERE user_id = 'parting'"]),
    "a returned seat that the order still has": (
        {"returned_seats_add_up"},
        ["INSERT INTO returned_seat (reservation_id, seat_no, price, refund_no) VALUES ({part}, 12, 0, 1)"]),
    "an order that forgot its refund of a seat": (
        {"returned_seats_add_up", "answer_has_effect"},
        ["UPDATE reservation SET refund_count = 0 WHERE reservation_id = {part}"]),
    "a sale at the box office of another price": (
        {"box_office_adds_up"}, ["UPDATE box_office_sale SET amount = amount + 1 WHERE reservation_id = {desk}"]),
    "a sale at the box office without its refund": (
        {"box_office_adds_up", "returned_seats_add_up"}, ["DELETE FROM box_office_refund WHERE reservation_id = {desk}"]),
    "a refund of the box office that is another amount": (
        {"box_office_adds_up", "returned_seats_add_up"},
        ["UPDATE box_office_refund SET amount = amount - 1 WHERE reservation_id = {desk}"]),
    "two refunds of the box office of one number": (
        {"box_office_adds_up"},
        ["INSERT INTO box_office_refund SELECT * FROM box_office_refund WHERE reservation_id = {guest}"]),
    "two sales of one order": (
        {"box_office_adds_up"},
        ["INSERT INTO box_office_sale SELECT * FROM box_office_sale WHERE reservation_id = {guest}"]),
    "a refund of the box office that ended what is sold": (
        {"box_office_adds_up"},
        ["INSERT INTO box_office_refund VALUES ({desk}, 0, 0, 0, UTC_TIMESTAMP(3))"]),
    "a refund of the box office of what was paid with points": (
        {"box_office_adds_up"},
        ["INSERT INTO box_office_refund VALUES ({paid}, 0, 0, 0, UTC_TIMESTAMP(3))"]),
    "a guest's place that was cancelled without a word": (
        {"box_office_adds_up"}, ["DELETE FROM box_office_refund WHERE reservation_id = {guest}"]),
    "a sold order that nobody paid": (
        {"paid_has_payment", "returned_seats_add_up", "box_office_adds_up", "answer_has_effect"},
        ["DELETE FROM box_office_sale WHERE reservation_id = {desk}",
         "UPDATE box_office_refund SET fee = fee + 1 WHERE reservation_id = {desk}"]),
    "points for what was sold at the box office": (
        {"box_office_adds_up", "refund_has_credit"},
        ["INSERT INTO point (user_id, balance) VALUES ('at-desk', 400)",
         "INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id, refund_no, created_at)"
         " VALUES ('at-desk', 'refund', 400, 400, {desk}, 1, UTC_TIMESTAMP(3))"]),
    "a guest who paid": (
        {"box_office_adds_up"}, ["UPDATE box_office_sale SET method = 'guest' WHERE reservation_id = {desk}"]),
    "a sale at the box office of another concert": (
        {"box_office_adds_up"}, ["UPDATE box_office_sale SET concert_id = concert_id + 1 WHERE reservation_id = {desk}"]),
    "two tickets of one seat": (
        {"seat_has_one_ticket"},
        ["INSERT INTO ticket (reference, reservation_id, seat_no, item_id, issued_at) SELECT REVERSE(reference), reservation_id,"
         " seat_no, item_id, issued_at FROM ticket WHERE reservation_id = {paid} AND seat_no = 1"]),
    "two tickets of one reference": (
        {"seat_has_one_ticket"},
        ["UPDATE ticket t JOIN ticket o ON o.reservation_id = t.reservation_id AND o.seat_no = 1 SET t.reference = o.reference"
         " WHERE t.reservation_id = {paid} AND t.seat_no = 2"]),
    "a ticket of a seat that its order never had": (
        {"seat_has_one_ticket"}, ["UPDATE ticket SET seat_no = 3 WHERE reservation_id = {paid} AND seat_no = 2"]),
    "a ticket of another item": (
        {"seat_has_one_ticket"}, ["UPDATE ticket SET item_id = item_id + 1 WHERE reservation_id = {part} AND seat_no = 11"]),
    "a ticket of a hold": (
        {"seat_has_one_ticket"}, ["UPDATE ticket SET reservation_id = {held}, seat_no = 5"
                                  " WHERE reservation_id = {paid} AND seat_no = 2"]),
    "a ticket of no order": (
        {"seat_has_one_ticket"}, ["UPDATE ticket SET reservation_id = 999999 WHERE reservation_id = {refunded}"]),
    "a void ticket that was used": (
        {"void_ticket_not_used"}, ["UPDATE ticket SET checked_in_at = UTC_TIMESTAMP(3) WHERE reservation_id = {refunded}"]),
    "a void ticket of one of several seats that was used": (
        {"void_ticket_not_used"},
        ["UPDATE ticket SET checked_in_at = UTC_TIMESTAMP(3) WHERE reservation_id = {part} AND seat_no = 11"]),
    "a void ticket of the box office that was used": (
        {"void_ticket_not_used"},
        ["UPDATE ticket SET checked_in_at = UTC_TIMESTAMP(3) WHERE reservation_id = {desk} AND seat_no = 14"]),
    "a stored answer about no ticket": (
        {"answer_has_effect"}, ["DELETE FROM ticket WHERE reservation_id = {paid} AND seat_no = 1"]),
    "a balance above its ledger": (
        {"balance_is_ledger"},
        ["UPDATE point SET balance = balance + 1 WHERE user_id = 'payer'"]),
    "a balance without a ledger": (
        {"balance_is_ledger"},
        ["INSERT INTO point (user_id, balance) VALUES ('nobody', 5)"]),
    "a ledger without a balance": (
        {"balance_is_ledger"},
        ["DELETE FROM point WHERE user_id = 'payer'"]),
    "a purse whose user was written in capitals": (
        {"balance_is_ledger"},
        ["UPDATE point SET user_id = 'Payer' WHERE user_id = 'payer'"]),
    "a negative balance": (
        {"balance_not_negative"},
        ["INSERT INTO point_history (user_id, kind, amount, balance_after, created_at)"
         " VALUES ('payer', 'use', -3001, -1, UTC_TIMESTAMP(3))",
         "UPDATE point SET balance = -1 WHERE user_id = 'payer'"]),
    "a balance that was negative once": (
        {"balance_not_negative"},
        ["INSERT INTO point_history (user_id, kind, amount, balance_after, created_at)"
         " VALUES ('payer', 'use', -3001, -1, UTC_TIMESTAMP(3)), ('payer', 'charge', 3001, 3000, UTC_TIMESTAMP(3))"]),
    "a balanceAfter that does not follow": (
        {"ledger_follows"},
        ["UPDATE point_history SET balance_after = balance_after + 1 WHERE reservation_id = {paid}"]),
    "a first balanceAfter that does not follow from 0": (
        {"ledger_follows"},
        ["UPDATE point_history SET balance_after = 71 WHERE user_id = 'keyed' AND kind = 'charge'"]),
    "an answer without bytes": (
        {"answer_has_effect"}, ["UPDATE idempotency SET body = NULL WHERE idempotency_key = 'charge'"]),
    "an answer about another user's reservation": (
        {"answer_has_effect"}, ["UPDATE idempotency SET effect_id = {held} WHERE idempotency_key = 'reserve'"]),
    "an answer about somebody else's refund": (
        {"answer_has_effect"}, ["UPDATE idempotency SET user_id = 'else' WHERE effect = 'cancel'"]),
    "an answer about somebody else's charge": (
        {"answer_has_effect"}, ["UPDATE idempotency SET user_id = 'else' WHERE effect = 'charge'"]),
    "a cancelled reservation that lives": (
        {"answer_has_effect"},
        ["UPDATE idempotency SET effect = 'cancel' WHERE idempotency_key = 'reserve'"]),
    "a use that was a charge": (
        {"answer_has_effect"}, ["UPDATE idempotency SET effect = 'use' WHERE idempotency_key = 'charge'"]),
    "a number that was given twice": (
        {"queue_number_unique"},
        ["INSERT INTO queue_token (concert_id, number, token, user_id, created_at)"
         " SELECT concert_id, number, LEFT(UNHEX(SHA2('twin', 256)), 16), 'twin', created_at FROM queue_token"
         " WHERE concert_id = 2 AND number = 1"]),
    "an item that lost a seat": (
        {"item_has_seats"}, ["DELETE FROM seat WHERE item_id = {item} AND seat_no = 20"]),
    "seats without an item": (
        {"item_has_seats"}, ["DELETE FROM item WHERE item_id = {unsold_item}"]),
    "an item without a concert": (
        {"item_has_seats"}, ["UPDATE item SET concert_id = 999 WHERE item_id = {unsold_item}"]),
    "a standing place in a row": (
        {"standing_is_an_area"}, ["UPDATE seat SET row_name = '1' WHERE item_id = {area_item} AND seat_no = 3"]),
    "a seat without a row": (
        {"standing_is_an_area"}, ["UPDATE seat SET row_name = '' WHERE item_id = {area_item} AND seat_no = 1"]),
    "a standing place with a spot": (
        {"standing_is_an_area"}, ["UPDATE seat SET y = 1 WHERE item_id = {area_item} AND seat_no = 3"]),
    "a standing place with a partner": (
        {"standing_is_an_area"}, ["UPDATE seat SET partner_no = 4 WHERE item_id = {area_item} AND seat_no = 3"]),
    "a seat in an area": (
        {"standing_is_an_area"}, ["UPDATE seat SET section = 'Pit' WHERE item_id = {area_item} AND seat_no = 1"]),
    "an area of two prices": (
        {"standing_is_an_area"}, ["UPDATE seat SET price = 8 WHERE item_id = {area_item} AND seat_no = 3"]),
    "a place more than an area has": (
        {"standing_is_an_area"}, [
            "UPDATE seat SET kind = 'standing', row_name = '', section = 'Pit', price = 7"
            " WHERE item_id = {area_item} AND seat_no = 1"]),
    "a place where an item has none": (
        {"standing_is_an_area"}, [
            "UPDATE seat SET kind = 'standing', row_name = '' WHERE item_id = {unsold_item} AND seat_no = 1"]),
    "a reservation in another concert than its item": (
        {"reservation_has_item"}, ["UPDATE reservation SET concert_id = 3 WHERE reservation_id = {held}"]),
    "a token without a concert": (
        {"token_has_concert"}, ["UPDATE queue_token SET concert_id = 999 WHERE concert_id = 2 AND number = 2"]),
    "an open token without a concert": (
        {"token_has_concert"}, ["UPDATE open_token SET concert_id = 999 WHERE user_id = 'payer'"]),
} | {
    f"an answer whose {effect} is not there": (
        {"answer_has_effect"},
        [f"UPDATE idempotency SET effect_id = 2147483647 WHERE idempotency_key = '{effect}' LIMIT 1"])
    for effect in ("reserve", "cancel", "charge", "use", "pay", "create")
}


@pytest.mark.parametrize("name", BREAKS)
def test_it_catches(books, broken, name):
    rules, statements = BREAKS[name]
    broken(statements)
    assert violations(books.stack) == rules


@pytest.mark.parametrize("when, percent", [
    ("p.paid_at + INTERVAL 1 SECOND", 50), ("p.paid_at - INTERVAL 30 SECOND", 50), ("p.paid_at - INTERVAL 1 DAY", 100)])
def test_a_refund_by_its_rules_is_right(books, broken, when, percent):
    """Those of a later day are not its rules; those of the last minute may not have been committed."""
    broken([RULES.format(when=when, percent=percent)])
    assert violations(books.stack) == set()


def test_it_catches_a_call_above_the_capacity(books):
    """Redis keeps the most by which a call went over."""
    redis = books.stack.redis()
    redis.hset("{c2}:meta", "overshoot", 3)
    try:
        status, rules, _ = audit(books.stack)
        assert status == 1 and {name: n for name, n in rules.items() if n} == {"queue_overshoot": 3}
    finally:
        redis.hset("{c2}:meta", "overshoot", 0)


def test_no_rule_is_without_a_break(books):
    broken_somewhere = set().union(*(rules for rules, _ in BREAKS.values())) | {"queue_overshoot"}
    assert set(audit(books.stack)[1]) == broken_somewhere


def test_an_entry_that_mysql_lacks_is_no_violation(books, broken):
    """Its add was answered 503, or is under way."""
    broken(["DELETE FROM queue_token WHERE concert_id = 2 AND number = 2"])
    status, _, apart = audit(books.stack)
    assert (status, apart["queue_without_row"]) == (0, 1)


def ctl_without(books, **environment):
    return subprocess.run(
        [books.stack.build / "frontrowctl", "--config", books.stack.var / "frontrow.conf", "audit"],
        env=books.stack.environment | environment, timeout=120, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


def test_without_a_store_it_says_75(books):
    no_redis = ctl_without(books, FRONTROW_REDIS_SOCKET="/nowhere/redis.sock")
    assert no_redis.returncode == 75 and "the queues were not checked" in no_redis.stderr
    assert re.search(r"^ +0  violations$", no_redis.stdout, re.MULTILINE)
    no_mysql = ctl_without(books, FRONTROW_MYSQL_SOCKET="/nowhere/mysql.sock")
    assert no_mysql.returncode == 75 and "/nowhere/mysql.sock" in no_mysql.stderr
