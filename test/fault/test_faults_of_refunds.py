"""Operators refund single seats while workers are killed and answers to COMMITs are lost: each refund happens once."""

import collections
import contextlib
from concurrent.futures import ThreadPoolExecutor

from booking import Hall
from breaking import kill_workers_while
from cutter import Cutter
from stack import wait_for

SEATS = 8


def sell(hall, user):
    """An order of eight seats: its number and the seats."""
    client = hall.stack.new_client()
    body = {"userId": user, "concertId": hall.id}
    body["token"] = client.post("/token/add", body).json()["token"]
    assert client.post("/point/charge", {"userId": user, "amount": SEATS * 1000}).status == 200
    held = client.post("/reservation", body | {"itemId": hall.last, "count": SEATS})
    assert held.status == 200, held
    order = held.json()
    paid = client.post("/payment", body | {"reservationId": order["reservationId"]})
    assert paid.status == 200, paid
    return order["reservationId"], [seat["seatId"] for seat in order["seats"]]


def until_settled(stack, order, seat, **headers):
    """The answers to a refund that is asked for until it is done or refused."""
    answers = []

    def ask():
        with contextlib.closing(stack.new_client()) as client:
            answers.append(client.post(f"/admin/reservation/{order}/refund", {"reason": "r", "seatIds": [seat], "percent": 50},
                                       **stack.admin_headers() | headers))
        return answers[-1].status in (200, 409)

    wait_for(ask, 60)
    return answers


def refund_all(stack, sold, with_keys):
    """(order, seat) -> the answers. Some seats of an order at once."""
    wanted = [(order, seat) for order, seats in sold.items() for seat in seats]

    def run(one):
        key = {"Idempotency-Key": f"refund-{one[0]}-{one[1]}"} if with_keys else {}
        return until_settled(stack, *one, **key)

    with ThreadPoolExecutor(8) as pool:
        return {one: pool.submit(run, one) for one in wanted}, wanted


def check(stack, sold):
    """Each order gave all its seats back, one after the other, for half of their price."""
    rows = stack.query("SELECT reservation_id, COUNT(*) AS refunds, SUM(amount) AS points, SUM(fee) AS fees FROM point_history"
                       " WHERE kind = 'refund' GROUP BY reservation_id")
    by_order = {row["reservation_id"]: row for row in rows}
    for order in sold:
        row = by_order[order]
        assert (row["refunds"], row["points"], row["fees"]) == (SEATS, SEATS * 500, SEATS * 500), row
    states = collections.Counter(
        row["status"] for row in stack.query("SELECT reservation_id, status FROM reservation") if row["reservation_id"] in sold)
    assert states == {"cancelled": len(sold)}


def test_workers_killed_while_seats_are_refunded(whole, long):
    """With its key each refund is told as done, by the first answer or a later one, and is done once."""
    hall = Hall(whole)
    sold = dict(sell(hall, f"parts-{hall.id}-{number}") for number in range(60 if long else 12))
    calls, _ = kill_workers_while(whole, lambda: refund_all(whole, sold, True), pause=0.05)
    assert all(call.result()[-1].status == 200 for call in calls.values())
    check(whole, sold)


def test_commits_of_refunds_are_lost(whole, long):
    """Without a key: whoever is told 200 did it, and a seat that went back is refused afterwards."""
    hall = Hall(whole)
    sold = dict(sell(hall, f"lost-{hall.id}-{number}") for number in range(40 if long else 8))
    with Cutter(whole, every=4, most=10**6) as cutter:
        calls, wanted = refund_all(whole, sold, False)
    print(f"cuts: {dict(cutter.cuts)}")
    for one in wanted:
        told = [answer.status for answer in calls[one].result()]
        assert told[-1] == 200 or len(told) > 1, "only what may have happened is refused"
    assert cutter.cuts.total() > 0
    check(whole, sold)
