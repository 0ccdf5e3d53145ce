"""Webhooks: what happens is told to those who want to know, signed, in order, at least once; and nothing is written
without them."""

import json
import re
import subprocess
import time

import pytest
from batches import ONE_WORKER, statements_of, together
from helpers import INSTANT, age_hold, ask_pay, ask_reserve, buy, charge, new_concert, new_user, ok, reserve
from stack import Stack, wait_for
from webhooks import TOOLS, Receiver, add_webhook, library, receiving, waiting

ON = {"webhooks": "on", "webhook_allow": "127.0.0.1", "webhook_timeout_ms": "1000", "webhook_tries": "4"}


@pytest.fixture(scope="module")
def hooked(new_stack):
    library()
    stack = new_stack(**ON)
    yield stack
    stack.check_books()


@pytest.fixture(scope="module")
def concert(hooked):
    return new_concert(hooked, seats=200)


def give_back(stack, user, reservation_id):
    return ok(stack.call("DELETE", f"/reservation/{reservation_id}?userId={user}"))


def test_an_order_is_told_in_its_order(hooked, concert):
    with receiving(hooked) as receiver:
        user = new_user()
        held, _ = buy(hooked, user, concert)
        give_back(hooked, user, held["reservationId"])
        order = {"reservationId": held["reservationId"]}
        wait_for(lambda: len(receiver.of(**order)) == 3)
        assert receiver.of(**order) == ["reservation.held", "reservation.paid", "reservation.refunded"]
        seats = [seat["seatId"] for seat in held["seats"]]
        about = {"concertId": concert.id, "itemId": concert.item, "userId": user, **order}
        sums = {"amount": held["totalPrice"], "fee": 0}
        (told,) = receiver.find("reservation.held", **order)
        assert told["data"] == about | {"seatIds": seats} | sums
        (told,) = receiver.find("reservation.paid", **order)
        assert told["data"] == about | sums
        (told,) = receiver.find("reservation.refunded", **order)
        assert told["data"] == about | {"seatIds": seats} | sums
        assert re.fullmatch(INSTANT, told["timestamp"])
        assert len({message["id"] for message in receiver.messages}) == len(receiver.messages)
