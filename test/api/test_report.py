"""GET /admin/concert/{id}/report: what was sold and given back, by days and hours at the venue."""

import collections
import random

import openapi
import pytest
from helpers import Hall, assert_problem, buy, new_concert, new_user, ok, reserve
from stack import wait_for
from test_export import read_ndjson

pytestmark = pytest.mark.usefixtures("audited")

REPORT = "/admin/concert/{concertId}/report"


def ask(stack, concert, query=""):
    return stack.get(f"/admin/concert/{concert}/report{query}", **stack.admin_headers())


def read(stack, concert, query=""):
    return openapi.assert_answer(ask(stack, concert, query), "GET", REPORT)


def rows_of(report):
    return [(row["day"], row["section"], row["price"], row["sold"], row["givenBack"], row["revenue"]) for row in report["days"]]


def sell(stack, concert, seats, paid_at, refunded_at=None, item=None):
    """At this time in UTC; and given back at another one."""
    user = new_user()
    made = buy(stack, user, concert, item=item or concert.item, seats=seats)[0]["reservationId"]
    stack.query("UPDATE payment SET paid_at = %s WHERE reservation_id = %s", paid_at, made)
    if refunded_at is not None:
        ok(stack.call("DELETE", f"/reservation/{made}?userId={user}"))
        stack.query("UPDATE point_history SET created_at = %s WHERE reservation_id = %s AND kind = 'refund'", refunded_at, made)


def test_by_day_section_and_price(stack):
    hall = Hall(stack, ("A", "1", 10, 100), ("B", "1", 10, 50), maxSeatsPerUser=None, timeZone="Asia/Seoul")
    sell(stack, hall, [1, 2], "2031-01-01 14:59:59.999")
    sell(stack, hall, [3], "2031-01-01 15:00:00")  # midnight in Seoul
    sell(stack, hall, [11, 12], "2031-01-01 14:10:00")
    sell(stack, hall, [13], "2031-01-01 14:20:00", refunded_at="2031-01-03 01:30:00")
    reserve(stack, new_user(), hall, hall.item, [20])
    report = read(stack, hall.id)
    assert rows_of(report) == [
        ("2031-01-01", "A", 100, 2, 0, 200), ("2031-01-02", "A", 100, 1, 0, 100),
        ("2031-01-01", "B", 50, 3, 0, 150), ("2031-01-03", "B", 50, 0, 1, -50)]
    assert {(row["itemId"], row["date"]) for row in report["days"]} == {(hall.item, "2031-05-01")}
    assert [(row["hour"], row["sold"], row["givenBack"], row["revenue"]) for row in report["hours"]] == [
        ("2031-01-01T14:00:00.000Z", 5, 0, 350), ("2031-01-01T15:00:00.000Z", 1, 0, 100), ("2031-01-03T01:00:00.000Z", 0, 1, -50)]
    assert report["timeZone"] == "Asia/Seoul"
    revenue = ok(stack.get(f"/admin/concert/{hall.id}", **stack.admin_headers()))["sales"]["revenue"]
    assert sum(row["revenue"] for row in report["days"]) == sum(row["revenue"] for row in report["hours"]) == revenue


@pytest.mark.parametrize("zone, paid_at, day, hour", [
    ("Asia/Kathmandu", "2031-01-01 18:14:59", "2031-01-01", "2031-01-01T17:15:00.000Z"),
    ("Asia/Kathmandu", "2031-01-01 18:15:00", "2031-01-02", "2031-01-01T18:15:00.000Z"),
    ("America/New_York", "2031-03-09 04:59:59", "2031-03-08", "2031-03-09T04:00:00.000Z"),
    ("America/New_York", "2031-03-10 03:59:59", "2031-03-09", "2031-03-10T03:00:00.000Z"),  # the day has 23 hours
    ("UTC", "2031-01-01 23:59:59", "2031-01-01", "2031-01-01T23:00:00.000Z"),
])
def test_days_and_hours_are_the_venues(stack, zone, paid_at, day, hour):
    hall = Hall(stack, ("A", "1", 2, 100), timeZone=zone)
    sell(stack, hall, [1], paid_at)
    report = read(stack, hall.id)
    assert [row["day"] for row in report["days"]] == [day]
    assert [row["hour"] for row in report["hours"]] == [hour]
    assert read(stack, 4)["timeZone"] == "Asia/Seoul", "the one before is forgotten"


def test_one_date(stack):
    concert = new_concert(stack, items=2, price=70)
    sell(stack, concert, [1], "2031-01-01 00:00:00", item=concert.items[0])
    sell(stack, concert, [1, 2], "2031-01-01 00:00:00", item=concert.items[1])
    assert [(row["itemId"], row["sold"]) for row in read(stack, concert.id)["days"]] == list(zip(concert.items, (1, 2)))
    report = read(stack, concert.id, f"?itemId={concert.items[1]}")
    assert [(row["itemId"], row["sold"]) for row in report["days"]] == [(concert.items[1], 2)]
    assert [row["sold"] for row in report["hours"]] == [2]


def test_a_price_that_was_changed(stack):
    """Each seat counts for what was paid for it."""
    hall = Hall(stack, ("A", "1", 4, 100), maxSeatsPerUser=None)
    sell(stack, hall, [1], "2031-01-01 00:00:00")
    change = {"seats": [{"from": 1, "to": 4, "price": 300}]}
    ok(stack.call("PATCH", f"/admin/concert/{hall.id}/item/{hall.item}", change, stack.admin_headers()))
    sell(stack, hall, [2], "2031-01-01 00:00:00")
    assert [row[2:] for row in rows_of(read(stack, hall.id))] == [(100, 1, 0, 100), (300, 1, 0, 300)]


def test_nothing_was_sold(stack):
    report = read(stack, new_concert(stack, items=0).id)
    assert report["days"] == report["hours"] == []


def test_what_is_not_there(stack):
    concert, other = new_concert(stack), new_concert(stack)
    assert_problem(ask(stack, 2**31 - 1), "concert_not_found")
    assert_problem(ask(stack, concert.id, f"?itemId={other.item}"), "item_not_found")
    assert_problem(ask(stack, concert.id, "?itemId=0"), "invalid_field", field="itemId")


def test_single_seats_and_fees(stack):
    """A seat that was given back by itself, and the rest of its order later: what was kept of their price is revenue."""
    hall, user = Hall(stack, ("A", "1", 4, 101), ("B", "1", 4, 50), maxSeatsPerUser=None), new_user()
    made = buy(stack, user, hall, item=hall.item, seats=[1, 2, 5])[0]["reservationId"]
    refund = lambda **how: ok(stack.post(f"/admin/reservation/{made}/refund", {"reason": "Why"} | how, **stack.admin_headers()))
    refund(seatIds=[2], percent=70)  # 70, and 31 are kept
    refund(percent=50)  # 75 of 151, and 76 are kept
    sums = {section: [0, 0, 0] for section in "AB"}
    for _, section, _, sold, back, revenue in rows_of(read(stack, hall.id)):
        sums[section] = [a + b for a, b in zip(sums[section], (sold, back, revenue))]
    assert sums == {"A": [2, 2, 31 + 76], "B": [1, 1, 0]}
    assert sum(row["revenue"] for row in read(stack, hall.id)["hours"]) == 252 - 70 - 75


class Till:
    """Sells and refunds by chance, and counts what the report has to say from what the calls answer."""

    PERCENT = 37  # for buyers

    def __init__(self, stack):
        self.stack, self.dice = stack, random.Random()
        self.seed = random.randrange(2**32)
        self.dice.seed(self.seed)
        self.concert = new_concert(stack, items=2, seats=300)  # more than can be sold
        stack.query("UPDATE seat SET section = IF(seat_no MOD 3, 'A', 'B'), price = 101 + 50 * (seat_no MOD 4)"
                    " WHERE item_id IN %s", self.concert.items)
        self.admin("PATCH", "", {"refundRules": [{"untilDays": 0, "percent": self.PERCENT}]})
        self.orders = []
        self.sold, self.back, self.revenue = (collections.Counter() for _ in range(3))  # by (itemId, section, price)
        self.fees = 0

    def admin(self, method, path, body):
        return ok(self.stack.call(method, f"/admin/concert/{self.concert.id}{path}", body, self.stack.admin_headers()))

    def key(self, order, seat):
        return order["itemId"], seat["section"], seat["price"]

    def buy(self):
        item, user = self.dice.choice(self.concert.items), new_user()
        wish = {"userId": user, "concertId": self.concert.id, "itemId": item, "count": self.dice.randint(1, 4)}
        held = ok(self.stack.post("/reservation", wish))
        if self.dice.random() < 0.1:
            return  # a hold is not sold
        ok(self.stack.post("/point/charge", {"userId": user, "amount": held["totalPrice"]}))
        token = ok(self.stack.post("/token/add", {"userId": user, "concertId": self.concert.id}))["token"]
        ok(self.stack.post("/payment", {"userId": user, "reservationId": held["reservationId"], "token": token}))
        self.orders.append(held)
        for seat in held["seats"]:
            self.sold[self.key(held, seat)] += 1
            self.revenue[self.key(held, seat)] += seat["price"]

    def give_back(self, order, seats, fee):
        for seat in seats:
            self.back[self.key(order, seat)] += 1
            self.revenue[self.key(order, seat)] -= seat["price"]
        self.revenue[self.key(order, min(seats, key=lambda seat: seat["seatId"]))] += fee
        self.fees += fee
        order["seats"] = [seat for seat in order["seats"] if seat not in seats]
        self.orders = [order for order in self.orders if order["seats"]]

    def refund(self):
        if not self.orders:
            return
        order = self.dice.choice(self.orders)
        path, seats = f"/reservation/{order['reservationId']}", order["seats"]
        if self.dice.random() < 0.3:
            answer, percent = ok(self.stack.call("DELETE", f"{path}?userId={order['userId']}")), self.PERCENT
        else:
            seats, percent = self.dice.sample(seats, self.dice.randint(1, len(seats))), self.dice.randint(0, 100)
            body = {"reason": "Ill", "percent": percent, "seatIds": [seat["seatId"] for seat in seats]}
            answer = ok(self.stack.post(f"/admin{path}/refund", body, **self.stack.admin_headers()))
        price = sum(seat["price"] for seat in seats)
        assert (answer["refundedAmount"], answer["fee"]) == (price * percent // 100, price - price * percent // 100)
        self.give_back(order, seats, answer["fee"])

    def reprice(self):
        first = self.dice.randint(1, 50)
        change = {"seats": [{"from": first, "to": first + 10, "price": self.dice.randint(1, 300)}]}
        self.admin("PATCH", f"/item/{self.dice.choice(self.concert.items)}", change)

    def spread(self):
        """The sales and refunds over some days."""
        for what in ("payment p SET p.paid_at = p.paid_at", "point_history p SET p.created_at = p.created_at"):
            self.stack.query(f"UPDATE reservation r JOIN {what} + INTERVAL r.reservation_id MOD 97 HOUR".replace(
                " SET", " ON p.reservation_id = r.reservation_id SET") + " WHERE r.concert_id = %s", self.concert.id)

    def cancel(self, item):
        """What is left of the date goes back whole."""
        self.admin("POST", f"/item/{item}/cancel", {"reason": "Ill"})
        rows = lambda: self.admin("GET", "/item", None)["items"]
        wait_for(lambda: self.stack.sweeper() and all(row["cancel"]["doneAt"] for row in rows() if row["itemId"] == item), 120)
        for order in [order for order in self.orders if order["itemId"] == item]:
            self.give_back(order, order["seats"], 0)

    def compare(self):
        """With what the calls have said, the ledger, the orders and the seats; and these with each other."""
        report = read(self.stack, self.concert.id)
        said = {name: collections.Counter() for name in ("sold", "givenBack", "revenue")}
        for name, sums in said.items():
            for row in report["days"]:
                sums[row["itemId"], row["section"], row["price"]] += row[name]
            assert sum(row[name] for row in report["hours"]) == sum(sums.values()), (self.seed, name)
        counted = {"sold": self.sold, "givenBack": self.back, "revenue": self.revenue}
        for name, sums in counted.items():
            assert +said[name] == +sums and -said[name] == -sums, (self.seed, name)
        for item in self.concert.items:
            one = read(self.stack, self.concert.id, f"?itemId={item}")
            assert one["days"] == [row for row in report["days"] if row["itemId"] == item]
        revenue = sum(self.revenue.values())
        ledger = self.stack.query(
            "SELECT CAST(COALESCE(SUM(h.amount), 0) AS SIGNED) AS points, CAST(COALESCE(SUM(h.fee), 0) AS SIGNED) AS fees"
            " FROM point_history h JOIN reservation r USING (reservation_id) WHERE r.concert_id = %s", self.concert.id)
        assert ledger == [{"points": -revenue, "fees": self.fees}], self.seed
        orders = [row for row in read_ndjson(self.stack, self.concert.id, "what=orders") if row["payment"] is not None]
        kept = sum(row["totalPrice"] for row in orders if row["payment"] == "paid")
        assert (kept, sum(row["fee"] for row in orders)) == (revenue - self.fees, self.fees), self.seed
        seats = ok(self.stack.get(f"/admin/concert/{self.concert.id}", **self.stack.admin_headers()))["sales"]
        assert (seats["sold"], seats["revenue"]) == (
            sum(self.sold.values()) - sum(self.back.values()), revenue - self.fees), self.seed
        self.stack.check_books()


def test_it_is_what_the_books_say(stack):
    """After sales and refunds by chance: whole orders and single seats, less than their price, at prices that change."""
    till = Till(stack)
    for _ in range(70):
        till.dice.choices([till.buy, till.refund, till.reprice], [10, 6, 2])[0]()
    till.spread()
    till.compare()
    till.cancel(till.concert.items[0])
    till.compare()
