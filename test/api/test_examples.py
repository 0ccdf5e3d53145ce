"""Each example of a request in docs/openapi.yaml is carried out as it stands there, but for whose it is and where."""

import openapi
import pytest
from helpers import Hall, add_token, allow, buy, charge, new_concert, new_user, ok, pay, reserve

pytestmark = pytest.mark.usefixtures("audited")

RUN_ELSEWHERE = {  # with what comes of them
    ("POST", "/admin/hall"): "test_halls.py",
    ("POST", "/admin/concert/{concertId}/item"): "test_items.py and test_halls.py",
    ("PATCH", "/admin/concert/{concertId}/item/{itemId}"): "test_items.py",
}
SETUPS = {}


def prepares(method, path):
    """What an example needs: a function of the stack that gives (user, concert, the ids of the path and body)."""
    def take(function):
        SETUPS[method, path] = function
        return function
    return take


@prepares("POST", "/token/add")
@prepares("POST", "/reservation")
@prepares("POST", "/admin/reservation")
@prepares("PATCH", "/admin/concert/{concertId}")
def a_concert(stack):
    return new_user(), new_concert(stack), {}


def a_hold(stack, paid=False, **permissions):
    user, concert = new_user(), allow(stack, new_concert(stack), **permissions)
    token = add_token(stack, user, concert)["token"]
    held = reserve(stack, user, concert, concert.item, [1, 2], token=token)
    charge(stack, user, held["totalPrice"])
    if paid:
        pay(stack, user, held["reservationId"], token)
    return user, concert, {"reservationId": held["reservationId"], "token": token}


SETUPS["POST", "/payment"] = a_hold


@prepares("POST", "/reservation/{reservationId}/swap")
def one_that_may_be_swapped(stack):
    return a_hold(stack, swaps=True)


@prepares("POST", "/reservation/{reservationId}/transfer")
def one_that_may_be_transferred(stack):
    return a_hold(stack, paid=True, transfers=True)


@prepares("POST", "/admin/reservation/{reservationId}/refund")
def a_paid_one(stack):
    return a_hold(stack, paid=True)


@prepares("POST", "/waitlist")
def sold_out(stack):
    concert = allow(stack, new_concert(stack, seats=2), waitlist=True)
    buy(stack, new_user(), concert, item=concert.item, seats=[1, 2])
    return new_user(), concert, {}


@prepares("POST", "/admin/concert/{concertId}/presale")
def scheduled(stack):
    return new_user(), Hall(stack, ("A", "1", 100, 1000), opensAt="2030-06-02T10:00:00Z"), {}


def a_window(stack, **codes):
    user, concert, _ = scheduled(stack)
    path = f"/admin/concert/{concert.id}/presale"
    body = openapi.examples("POST", "/admin/concert/{concertId}/presale")["club"] | codes
    made = stack.post(path, {name: value for name, value in body.items() if value is not None}, **stack.admin_headers())
    return user, concert, {"presaleId": ok(made)["presaleId"]}


SETUPS["PATCH", "/admin/concert/{concertId}/presale/{presaleId}"] = a_window


@prepares("POST", "/admin/concert/{concertId}/presale/{presaleId}/code")
def a_window_of_single_codes(stack):
    return a_window(stack, codes="single", code=None)


def bodies():
    """(method, path, name, value) of all examples."""
    for path, operations in openapi.DOCUMENT["paths"].items():
        for method in [one for one in ("post", "put", "patch") if one in operations]:
            for content in operations[method].get("requestBody", {}).get("content", {}).values():
                for name, example in content.get("examples", {}).items():
                    if (method.upper(), path) not in RUN_ELSEWHERE:
                        yield method.upper(), path, name, example["value"]


@pytest.mark.parametrize("method, path, name, value", bodies(), ids=lambda part: part if isinstance(part, str) else "")
def test_an_example_is_carried_out(stack, method, path, name, value):
    user, concert, ids = SETUPS[method, path](stack)
    ids = {"userId": user, "concertId": concert.id, "itemId": concert.item} | ids
    where = path
    for one, number in ids.items():
        where = where.replace(f"{{{one}}}", str(number))
    body = value | {one: ids[one] for one in value.keys() & ids.keys()}
    headers = stack.admin_headers() if path.startswith("/admin") else {"X-Queue-Token": ids["token"]} if "token" in ids else {}
    answer = stack.call(method, where, body, headers)
    openapi.assert_answer(answer, method, path)
