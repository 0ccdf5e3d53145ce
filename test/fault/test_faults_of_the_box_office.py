"""A desk sells, with a key for each sale, while workers are killed: each sale happens once and is told as it is stored."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

from booking import Hall
from breaking import kill_workers_while
from stack import wait_for

SALES, SEATS = 60, 2


def sell(stack, hall, number):
    """The answer of a sale that is asked for until it is done."""
    body = {"userId": f"desk-{hall.id}-{number % 5}", "concertId": hall.id, "itemId": hall.last, "method": ("box_office", "guest")[number % 2],
            "seatIds": [SEATS * number + 1, SEATS * number + 2]}
    answers = []

    def ask():
        with contextlib.closing(stack.new_client()) as client:
            answers.append(client.post("/admin/reservation", body, **stack.admin_headers(),
                                       **{"Idempotency-Key": f"sale-{hall.id}-{number}"}))
        assert answers[-1].status == 200 or answers[-1].status >= 500, answers[-1]
        return answers[-1].status == 200

    wait_for(ask, 60)
    return answers[-1].json()


def test_workers_killed_while_a_desk_sells(whole):
    hall = Hall(whole, items=1, seats=SALES * SEATS)

    def sell_all():
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda number: sell(whole, hall, number), range(SALES)))

    sold = kill_workers_while(whole, sell_all, pause=0.05)
    rows = whole.query("SELECT b.reservation_id, b.amount, r.status FROM box_office_sale b JOIN reservation r"
                       " ON r.reservation_id = b.reservation_id WHERE b.concert_id = %s ORDER BY 1", hall.id)
    assert [(row["reservation_id"], row["amount"], row["status"]) for row in rows] == sorted(
        (order["reservationId"], order["totalPrice"], "paid") for order in sold)
