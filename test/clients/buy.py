"""buy.py URL USER KEY: two seats are held, paid and given back, by the client that openapi-python-client made."""

import json
import sys
from typing import TypeVar

from frontrow_client import AuthenticatedClient
from frontrow_client.api.buyers import add_token, cancel_reservation, charge_points, pay, reserve
from frontrow_client.api.public import list_concerts, list_items
from frontrow_client.models import (
    AddTokenBody, ChargePointsBody, ConcertStatus, PayBody, Problem, ProblemCode, ReservationStatus, ReserveBody, TokenStatus,
)

Answer = TypeVar("Answer")


def given(answer: Answer | Problem | None) -> Answer:
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(f"refused: {answer}")
    return answer


def main(url: str, user: str, key: str) -> None:
    shop = AuthenticatedClient(base_url=url, token=key)  # an operator charges; the other calls do not look at it
    concerts = given(list_concerts.sync(client=shop)).concerts
    concert = next(one.concert_id for one in concerts if one.status == ConcertStatus.OPEN and one.queue)
    items = given(list_items.sync(concert, client=shop)).items
    item = next(one.item_id for one in items if not one.over)

    token = given(add_token.sync(client=shop, body=AddTokenBody(user, concert)))
    assert token.status == TokenStatus.ACTIVE, "there is no place"
    charged = given(charge_points.sync(client=shop, body=ChargePointsBody(user, 1_000_000), idempotency_key=f"{user}-charge"))
    held = given(reserve.sync(client=shop, body=ReserveBody(user, concert, item, count=2),
                              x_queue_token=token.token, idempotency_key=f"{user}-hold"))
    paid = given(pay.sync(client=shop, body=PayBody(user, held.reservation_id),
                          x_queue_token=token.token, idempotency_key=f"{user}-pay"))
    assert paid.amount == held.total_price and paid.balance == charged.balance - paid.amount
    gone = given(cancel_reservation.sync(held.reservation_id, client=shop, user_id=user, idempotency_key=f"{user}-refund"))
    assert gone.status == ReservationStatus.CANCELLED and gone.refunded_amount == paid.amount

    again = cancel_reservation.sync(held.reservation_id, client=shop, user_id=user)
    assert isinstance(again, Problem) and again.code == ProblemCode.NOT_CANCELLABLE, "given back twice"
    print(json.dumps({"reservationId": held.reservation_id, "amount": paid.amount, "balance": gone.balance}))


main(*sys.argv[1:])
