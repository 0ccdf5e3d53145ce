"""A date that is cancelled: at once for buyers, refunded whole by the sweeper, whatever happens meanwhile."""

import signal
import subprocess

import openapi
import pytest
from crowd import Pending, call_until_settled, lock_seat, together, wait_for_waiters
from helpers import (
    NOTHING_APART, add_token, age_hold, ask_pay, ask_reserve, assert_problem, balance, buy, charge, new_concert, new_user, ok, reserve,
    seat_status,
)
from stack import wait_for
from test_concert_cancel import sell_hall, slow_refunds

pytestmark = pytest.mark.usefixtures("audited")

CANCEL = "/admin/concert/{concertId}/item/{itemId}/cancel"
REASON = {"reason": "The singer is ill"}


def ask_cancel(stack, concert, item, body=REASON, **headers):
    return stack.post(f"/admin/concert/{concert.id}/item/{item}/cancel", body, **stack.admin_headers(), **headers)


def cancel(stack, concert, item):
    return openapi.assert_answer(ask_cancel(stack, concert, item), "POST", CANCEL)


def row_of(stack, concert, item):
    """What GET /admin/concert/{id}/item says of the date."""
    rows = ok(stack.get(f"/admin/concert/{concert.id}/item", **stack.admin_headers()))["items"]
    return next(row for row in rows if row["itemId"] == item)


def sweep_until_done(stack, concert, item):
    """Each pass does what it can; another one's locks may leave something to the next."""
    wait_for(lambda: stack.sweeper() is not None and row_of(stack, concert, item)["cancel"]["doneAt"], 120, step=0.1)
    return row_of(stack, concert, item)


def reservation(stack, user, reservation_id):
    return ok(stack.get(f"/reservation/{reservation_id}?userId={user}"))


def log_of(stack, concert):
    return ok(stack.get(f"/admin/log?concertId={concert.id}", **stack.admin_headers()))["log"]


class Sold:
    """Two dates with one reservation of each sort; the first is cancelled."""

    def __init__(self, stack):
        self.concert = new_concert(stack, items=2, seats=20, price=700)
        self.item, self.other = self.concert.items
        self.owner, self.holder, self.late, self.elsewhere = (new_user() for _ in range(4))
        self.paid = buy(stack, self.owner, self.concert, item=self.item, seats=[1, 2])[0]["reservationId"]
        self.kept = buy(stack, self.elsewhere, self.concert, item=self.other, seats=[1])[0]["reservationId"]
        self.token = add_token(stack, self.holder, self.concert)["token"]
        self.held = reserve(stack, self.holder, self.concert, self.item, [10])["reservationId"]
        charge(stack, self.holder, 700)
        lapsed = reserve(stack, self.late, self.concert, self.item, [12])["reservationId"]
        age_hold(stack, lapsed, 301)
        self.answer = cancel(stack, self.concert, self.item)


@pytest.fixture(scope="module")
def sold(stack):
    return Sold(stack)


def test_it_is_cancelled_at_once(stack, sold):
    """For buyers, before the sweeper comes."""
    path = f"{sold.concert.path}/item"
    assert sold.answer["status"] == "cancelled"
    first, second = ok(stack.fresh(path))["items"]
    assert (first["status"], first["availableCount"], first["heldCount"], second["status"]) == ("cancelled", 0, 0, "open")
    for view in ("seat", "layout"):
        assert stack.fresh(f"{path}/{sold.item}/{view}").code == "concert_not_open"
    assert_problem(ask_reserve(stack, new_user(), sold.concert, sold.item, 5), "concert_not_open")
    wish = {"userId": new_user(), "concertId": sold.concert.id, "itemId": sold.item, "count": 2}
    assert_problem(stack.post("/reservation", wish), "concert_not_open")
    assert reservation(stack, sold.holder, sold.held)["status"] == "cancelled"
    listed = ok(stack.get(f"/reservation?userId={sold.holder}"))["reservations"]
    assert [row["status"] for row in listed] == ["cancelled"]
    assert_problem(ask_pay(stack, sold.holder, sold.held, sold.token), "reservation_cancelled")
    assert_problem(stack.call("DELETE", f"/reservation/{sold.held}?userId={sold.holder}"), "not_cancellable")
    orders = ok(stack.get(f"/admin/reservation?itemId={sold.item}&status=cancelled", **stack.admin_headers()))["reservations"]
    assert [row["reservationId"] for row in orders] == [sold.held]


def test_its_buyer_does_not_take_less_meanwhile(stack, sold):
    """All of it is on its way."""
    assert reservation(stack, sold.owner, sold.paid)["status"] == "paid"
    refused = assert_problem(stack.call("DELETE", f"/reservation/{sold.paid}?userId={sold.owner}"), "not_cancellable")
    assert "cancelled" in refused["detail"]


def test_how_far_it_is(stack, sold):
    row = row_of(stack, sold.concert, sold.item)
    assert row["cancel"] == {"begunAt": sold.answer["begunAt"], "doneAt": None, "refunded": 0, "points": 0, "holds": 0, "left": 3}
    assert row["sales"]["available"] == 0 and row_of(stack, sold.concert, sold.other)["cancel"] is None


def test_it_stays_so(stack, sold):
    assert_problem(ask_cancel(stack, sold.concert, sold.item), "not_cancellable")
    path = f"/admin/concert/{sold.concert.id}/item/{sold.item}"
    assert_problem(stack.call("PATCH", path, {"date": "2031-01-01"}, stack.admin_headers()), "concert_not_open")


def test_the_sweeper_refunds_whole(stack, sold):
    row = sweep_until_done(stack, sold.concert, sold.item)
    assert row["cancel"] | {"doneAt": "", "begunAt": ""} == {
        "begunAt": "", "doneAt": "", "refunded": 1, "points": 1400, "holds": 1, "left": 0}
    assert row["sales"] == {"seatCount": 20, "available": 0, "held": 0, "sold": 0, "blocked": 20, "revenue": 0} | NOTHING_APART
    assert [balance(stack, user) for user in (sold.owner, sold.holder, sold.elsewhere)] == [1400, 700, 0]
    assert reservation(stack, sold.owner, sold.paid)["status"] == "cancelled"
    assert reservation(stack, sold.elsewhere, sold.kept)["status"] == "paid"
    assert seat_status(stack, sold.concert, sold.other, 1) == "sold"
    reserve(stack, new_user(), sold.concert, sold.other, [2])
    assert stack.sweeper().returncode == 0
    assert row_of(stack, sold.concert, sold.item)["cancel"] == row["cancel"]


def test_the_log_has_begin_and_end(stack, sold):
    sweep_until_done(stack, sold.concert, sold.item)
    end, begin = [row for row in log_of(stack, sold.concert) if row["action"] == "item cancel"]
    assert (begin["actor"], begin["detail"], begin["before"], begin["after"]) == (
        "admin", REASON["reason"], {"itemId": sold.item, "status": "open"}, {"itemId": sold.item, "status": "cancelled"})
    assert (end["actor"], end["detail"]) == (
        "sweeper", f"item {sold.item}: refunded 1 reservations, 1400 points; cancelled 1 holds")


def test_where_none_is_cancelled(stack):
    concert, other = new_concert(stack), new_concert(stack, status="cancelled")
    assert_problem(stack.post(f"/admin/concert/{2**31 - 1}/item/{concert.item}/cancel", REASON, **stack.admin_headers()), "concert_not_found")
    assert_problem(ask_cancel(stack, concert, other.item), "item_not_found")
    assert_problem(ask_cancel(stack, concert, 2**31 - 1), "item_not_found")
    assert_problem(ask_cancel(stack, other, other.item), "not_cancellable")
    for body in ({}, {"reason": ""}, {"reason": "x" * 201}, {"reason": 1}):
        assert_problem(ask_cancel(stack, concert, concert.item, body), "invalid_field", field="reason")
    assert row_of(stack, concert, concert.item)["status"] == "open"


def test_a_date_that_has_started(stack):
    concert, user = new_concert(stack), new_user()
    buy(stack, user, concert)
    concert.start(concert.item)
    cancel(stack, concert, concert.item)
    sweep_until_done(stack, concert, concert.item)
    assert balance(stack, user) == 1000


def test_a_repeated_call_is_one_cancel(stack):
    concert, key = new_concert(stack), {"Idempotency-Key": new_user("key")}
    first, second = (ask_cancel(stack, concert, concert.item, **key) for _ in range(2))
    assert first.body == second.body and second.headers["Idempotency-Replayed"] == "true"
    assert len(log_of(stack, concert)) == 1


def test_a_cancel_of_the_whole_concert_behind_it(stack):
    """By frontrowctl: what the sweeper has not done yet is done by it, and each buyer is refunded once."""
    concert = new_concert(stack, items=2)
    users = [new_user() for _ in range(4)]
    for n, user in enumerate(users):
        buy(stack, user, concert, item=concert.items[n % 2], seats=[5 + n])
    cancel(stack, concert, concert.items[0])
    assert stack.ctl("concert", "cancel", str(concert.id)).returncode == 0
    assert [balance(stack, user) for user in users] == [1000] * 4
    assert sweep_until_done(stack, concert, concert.items[0])["cancel"]["left"] == 0


# ---- while buyers go on


def test_a_reservation_on_its_way_is_ended_too(stack):
    """It has looked at the date when that is cancelled, and is written afterwards."""
    for _ in range(5):
        concert, user = new_concert(stack), new_user()
        with lock_seat(stack, concert.item, 1):
            reserving = Pending(stack, lambda client: ask_reserve(client, user, concert, concert.item, 1))
            wait_for_waiters(stack, 1)
            cancel(stack, concert, concert.item)
        answer = reserving.answer()
        row = sweep_until_done(stack, concert, concert.item)
        if answer.status == 200:
            assert row["cancel"]["holds"] == 1
            assert reservation(stack, user, answer.json()["reservationId"])["status"] == "cancelled"
            return
        assert answer.code in ("concert_not_open", "busy"), answer
    pytest.fail("no reservation was in time")


def test_an_older_build_sells_none_of_its_seats(stack):
    """It knows no cancelled dates; but it takes no seat that is withheld, nor pays a hold that is ended."""
    concert = new_concert(stack)
    cancel(stack, concert, concert.item)
    sweep_until_done(stack, concert, concert.item)
    taken = stack.query(
        "SELECT COUNT(*) AS n FROM seat WHERE item_id = %s AND blocked = 0 AND status IN ('available', 'held')", concert.item)
    assert taken[0]["n"] == 0


# ---- when something breaks


def start_sweeper(stack):
    with open(stack.log("sweeper"), "a") as log:
        return subprocess.Popen(
            [stack.build / "frontrow-sweeper", "--config", stack.var / "frontrow.conf"], env=stack.environment, stdout=log, stderr=log)


def refunds(stack, concert):
    """(entries in the ledger, their sum)"""
    row = stack.query(
        "SELECT COUNT(*) AS n, CAST(COALESCE(SUM(h.amount), 0) AS SIGNED) AS points FROM point_history h JOIN reservation r USING (reservation_id)"
        " WHERE r.concert_id = %s AND h.kind = 'refund'", concert.id)[0]
    return row["n"], row["points"]


def test_the_sweeper_killed_in_the_middle(stack):
    """The next pass goes on; each buyer is refunded once, and what is told is what was done."""
    seats = 600
    concert = sell_hall(stack, seats)
    cancel(stack, concert, concert.item)
    killed = 0
    with slow_refunds(stack, concert):
        for goal in (40, 200, 350):
            sweeper = start_sweeper(stack)
            wait_for(lambda: refunds(stack, concert)[0] >= goal or sweeper.poll() is not None, 120, step=0.002)
            sweeper.kill()
            killed += sweeper.wait() == -signal.SIGKILL
            wait_for(lambda: told(stack, concert) == refunds(stack, concert))  # its last transaction has ended
            assert goal <= refunds(stack, concert)[0] < seats
    assert killed == 3, "it was not killed in the middle"
    row = sweep_until_done(stack, concert, concert.item)
    assert refunds(stack, concert) == (seats, 10 * seats) == (row["cancel"]["refunded"], row["cancel"]["points"])
    assert row["sales"]["blocked"] == seats


def told(stack, concert):
    progress = row_of(stack, concert, concert.item)["cancel"]
    return progress["refunded"], progress["points"]


class Parted:
    """A date of orders of three seats each. Operators give the first seat of an order back, for half its price."""

    PRICE = 10

    def __init__(self, stack, orders):
        self.stack = stack
        self.concert = sell_hall(stack, 3 * orders, self.PRICE, each=3)
        self.orders = stack.query(
            "SELECT reservation_id AS id, user_id AS user, MIN(seat_no) AS seat FROM reservation JOIN reservation_seat"
            " USING (reservation_id) WHERE concert_id = %s GROUP BY reservation_id, user_id", self.concert.id)

    def part(self, client, order):
        body = {"reason": "Ill", "seatIds": [order["seat"]], "percent": 50}
        return client.post(f"/admin/reservation/{order['id']}/refund", body, **self.stack.admin_headers())

    def part_some(self, client, orders):
        """Until the sweeper comes to them; how many were."""
        answers = [call_until_settled(client, lambda client: self.part(client, order))[0] for order in orders]
        assert {answer.code for answer in answers} <= {"", "not_cancellable"}
        return sum(answer.status == 200 for answer in answers)

    def assert_refunded_once(self, parted):
        """Each order had its price back, less the fee of what an operator gave; what is told is what the sweeper did."""
        rows = self.stack.query(
            "SELECT r.reservation_id AS id, r.status, p.balance, p.balance - SUM(IF(h.kind = 'refund', h.amount, 0)) AS other,"
            " SUM(h.refund_no = 0 AND h.kind = 'refund') AS ends, SUM(h.refund_no = 1) AS parts, SUM(h.fee) AS fees"
            " FROM reservation r JOIN point p ON p.user_id = r.user_id JOIN point_history h ON h.reservation_id = r.reservation_id"
            " WHERE r.concert_id = %s GROUP BY r.reservation_id, r.status, p.balance", self.concert.id)
        whole, less = 3 * self.PRICE, self.PRICE // 2
        assert {(row["status"], row["other"], row["ends"]) for row in rows} == {("cancelled", 0, 1)}
        assert {(row["parts"], row["balance"], row["fees"]) for row in rows} <= {(0, whole, 0), (1, whole - less, less)}
        assert (len(rows), sum(row["parts"] for row in rows)) == (len(self.orders), parted)
        assert told(self.stack, self.concert) == (len(rows), whole * len(rows) - self.PRICE * parted)
        row = row_of(self.stack, self.concert, self.concert.item)
        assert (row["sales"]["blocked"], row["cancel"]["left"]) == (3 * len(rows), 0)


def test_what_is_left_of_an_order_is_refunded(stack):
    """Some of its seats went back before, for less; of them nothing comes back again."""
    hall = Parted(stack, 3)
    parted = hall.part_some(stack.new_client(), hall.orders[:2])
    cancel(stack, hall.concert, hall.concert.item)
    sweep_until_done(stack, hall.concert, hall.concert.item)
    hall.assert_refunded_once(parted=2)
    assert parted == 2


def test_seats_are_given_back_meanwhile(stack):
    """Two operators and the sweeper at the same orders."""
    hall = Parted(stack, 120)
    cancel(stack, hall.concert, hall.concert.item)
    with slow_refunds(stack, hall.concert):
        *parted, _ = together(stack, [
            lambda client: hall.part_some(client, hall.orders[20::2]), lambda client: hall.part_some(client, hall.orders[:20:-2]),
            lambda client: stack.sweeper()])
    sweep_until_done(stack, hall.concert, hall.concert.item)
    hall.assert_refunded_once(sum(parted))


def test_killed_while_seats_are_given_back(stack):
    orders = 300
    hall = Parted(stack, orders)
    parted = hall.part_some(stack.new_client(), hall.orders[::10])
    cancel(stack, hall.concert, hall.concert.item)
    killed, more = 0, hall.orders[5::10]
    ended = lambda: told(stack, hall.concert)[0]
    with slow_refunds(stack, hall.concert):
        for number, goal in enumerate((10, 50, 100)):
            sweeper = start_sweeper(stack)
            parting = Pending(stack, lambda client: (hall.part_some(client, more[number::3]),))
            wait_for(lambda: ended() >= goal or sweeper.poll() is not None, 120, step=0.002)
            sweeper.kill()
            killed += sweeper.wait() == -signal.SIGKILL
            parted += parting.answer()[0]
            assert goal <= ended() < orders
    assert killed == 3, "it was not killed in the middle"
    sweep_until_done(stack, hall.concert, hall.concert.item)
    hall.assert_refunded_once(parted)


def test_two_passes_at_once(stack):
    seats = 300
    concert = sell_hall(stack, seats)
    cancel(stack, concert, concert.item)
    passes = [start_sweeper(stack) for _ in range(3)]
    for one in passes:
        one.wait(300)
    sweep_until_done(stack, concert, concert.item)
    assert refunds(stack, concert) == (seats, 10 * seats) == told(stack, concert)


def test_one_that_cannot_be_refunded_holds_no_other_up(stack):
    """Its payment is lost: the pass says so, and the date is not done before somebody has mended it."""
    concert, users = new_concert(stack), [new_user() for _ in range(3)]
    broken = [buy(stack, user, concert)[0]["reservationId"] for user in users][1]
    payment = stack.query("SELECT * FROM payment WHERE reservation_id = %s", broken)[0]
    stack.query("DELETE FROM payment WHERE reservation_id = %s", broken)
    cancel(stack, concert, concert.item)
    done = stack.sweeper()
    assert done.returncode != 0 and f"reservation {broken} could not be ended" in done.stdout + done.stderr
    progress = row_of(stack, concert, concert.item)["cancel"]
    assert (progress["refunded"], progress["left"], progress["doneAt"]) == (2, 1, None)
    stack.query("INSERT INTO payment (payment_id, reservation_id, user_id, amount, paid_at) VALUES (%s, %s, %s, %s, %s)",
                payment["payment_id"], broken, users[1], payment["amount"], payment["paid_at"])
    sweep_until_done(stack, concert, concert.item)
    assert [balance(stack, user) for user in users] == [1000] * 3
