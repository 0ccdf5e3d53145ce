"""caller = header: the gateway says who calls, and nothing else does."""

import pytest
from helpers import GATEWAY, as_user, assert_problem, new_concert, new_user, ok


@pytest.fixture(scope="module")
def concert(header_stack):
    yield new_concert(header_stack, seats=20)
    header_stack.check_books()


@pytest.mark.parametrize("named", [False, True])
def test_a_purchase(gateway, concert, named):
    """With the userId left out, and with the caller's own."""
    user = new_user()
    me = as_user(user)
    body, query = ({"userId": user}, f"?userId={user}") if named else ({}, "")
    token = ok(gateway.post("/token/add", body | {"concertId": concert.id}, **me))
    assert token["userId"] == user
    item, seat = concert.free_seat()
    held = ok(gateway.post("/reservation", body | {"concertId": concert.id, "itemId": item, "seatId": seat},
        **me))
    assert held["userId"] == user
    assert ok(gateway.post("/point/charge", body | {"amount": 1500}, **me))["userId"] == user
    paid = ok(gateway.post("/payment", body | {"reservationId": held["reservationId"], "token": token["token"]},
        **me))
    assert (paid["userId"], paid["balance"]) == (user, 500)
    path = f"/reservation/{held['reservationId']}{query}"
    assert ok(gateway.get(path, **me))["status"] == "paid"
    assert ok(gateway.call("DELETE", path, headers=me))["balance"] == 1500
    assert ok(gateway.get(f"/point{query}", **me)) == {"userId": user, "balance": 1500}
    for name, path in (("reservations", "/reservation"), ("payments", "/payment")):
        rows = ok(gateway.get(path + query, **me))[name]
        assert [row["userId"] for row in rows] == [user]
    assert len(ok(gateway.get(f"/point/history{query}", **me))["history"]) == 3


def test_one_does_not_see_anothers(gateway, concert):
    owner, other = new_user(), new_user()
    item, seat = concert.free_seat()
    body = {"concertId": concert.id, "itemId": item, "seatId": seat}
    held = ok(gateway.post("/reservation", body, **as_user(owner)))["reservationId"]
    path = f"/reservation/{held}"
    assert_problem(gateway.get(path, **as_user(other)), "forbidden")
    assert_problem(gateway.get(f"{path}?userId={owner}", **as_user(other)), "forbidden")
    assert_problem(gateway.call("DELETE", path, headers=as_user(other)), "forbidden")
    assert ok(gateway.get("/reservation", **as_user(other)))["reservations"] == []
    assert ok(gateway.get(path, **as_user(owner)))["status"] == "held"


def test_a_user_id_that_is_none_is_refused_all_the_same(gateway):
    """Before it is compared with the caller."""
    me = as_user(new_user())
    for value in (None, 1, "", "a b", "x" * 129, []):
        assert_problem(gateway.post("/point/charge", {"userId": value, "amount": 1}, **me), "invalid_field",
            field="userId")
    for query in ("userId=", "userId=a%20b", "userId", "userId=a&userId=a"):
        assert_problem(gateway.get(f"/point?{query}", **me), "invalid_field", field="userId")


def test_the_caller_is_case_sensitive(gateway):
    user = new_user("User_")
    ok(gateway.post("/point/charge", {"amount": 3}, **as_user(user)))
    assert ok(gateway.get("/point", **as_user(user.lower())))["balance"] == 0
    assert_problem(gateway.get(f"/point?userId={user.lower()}", **as_user(user)), "forbidden")


@pytest.mark.parametrize("header", ["a b", "x" * 129, "ü", "a,b", "a/b", "a;b"])
def test_headers_that_name_nobody(gateway, header):
    assert_problem(gateway.get("/point", **as_user(header.encode("utf-8"))), "unauthorized")


def test_nothing_is_believed_and_said_to_be(header_stack):
    assert "caller = body" not in header_stack.log("frontrow").read_text()
    assert_problem(header_stack.get("/point?userId=fan", **as_user("fan")), "unauthorized")
    assert_problem(header_stack.post("/point/charge", {"userId": "fan", "amount": 1}), "unauthorized")
