"""The owner of a paid order transfers it to another user, where the concert allows it."""

import collections

import openapi
import pytest
from crowd import before_reading, rush
from helpers import (
    allow, ask_reserve, assert_problem, balance, buy, is_replayed, new_concert, new_user, ok, reserve,
)

pytestmark = pytest.mark.usefixtures("audited")
OFFER, ACCEPT, END = "/reservation/{reservationId}/transfer", "/transfer/{transferId}/accept", "/transfer/{transferId}"


@pytest.fixture
def concert(stack):
    return allow(stack, new_concert(stack, max_seats=8), transfers=True)


def sell(stack, concert, seats, user=None):
    return buy(stack, user or new_user(), concert, item=concert.item, seats=seats)[0]


def ask_offer(client, order, to, user=None, **headers):
    return client.post(OFFER.format(**order), {"userId": user or order["userId"], "toUserId": to}, **headers)


def offer(stack, order, to=None):
    return openapi.assert_answer(ask_offer(stack, order, to or new_user()), "POST", OFFER)


def ask_accept(client, transfer, user=None, **headers):
    return client.post(ACCEPT.format(**transfer), {"userId": user or transfer["toUserId"]}, **headers)


def accept(stack, transfer):
    return openapi.assert_answer(ask_accept(stack, transfer), "POST", ACCEPT)


def ask_end(client, transfer, user, **headers):
    return client.call("DELETE", f"{END.format(**transfer)}?userId={user}", headers=headers)


def end(stack, transfer, user):
    return openapi.assert_answer(ask_end(stack, transfer, user), "DELETE", END)


def listed(stack, user):
    return openapi.assert_answer(stack.get(f"/transfer?userId={user}"), "GET", "/transfer")["transfers"]


def see(client, order, user):
    return client.get(f"/reservation/{order['reservationId']}?userId={user}")


def codes(stack, order, user):
    answer = stack.get(f"/reservation/{order['reservationId']}/ticket?userId={user}")
    return [ticket["code"] for ticket in ok(answer)["tickets"]]


def scan(stack, concert, code):
    return stack.post("/admin/checkin", {"code": code, "itemId": concert.item}, **stack.admin_headers())


def payment_of(stack, user):
    payment, = ok(stack.get(f"/payment?userId={user}"))["payments"]
    return payment["amount"], payment["status"], payment["refundedAmount"], payment["fee"]


def test_an_order_changes_its_owner(stack, concert):
    giver, friend = new_user(), new_user()
    order = sell(stack, concert, [1, 2], giver)
    before = codes(stack, order, giver)
    made = offer(stack, order, friend)
    assert made | {"createdAt": "", "expiresAt": ""} == {
        "transferId": made["transferId"], "reservationId": order["reservationId"], "concertId": concert.id,
        "itemId": concert.item, "seatCount": 2, "fromUserId": giver, "toUserId": friend, "status": "offered",
        "createdAt": "", "expiresAt": ""}
    assert listed(stack, giver) == listed(stack, friend) == [made]
    assert ok(see(stack, order, giver))["status"] == "paid", "until then it is the giver's"
    taken = accept(stack, made)
    assert taken == order | {"userId": friend, "status": "paid", "paidBy": giver}
    assert ok(see(stack, order, friend)) == taken
    assert ok(stack.get(f"/reservation?userId={friend}"))["reservations"] == [taken]
    assert_problem(see(stack, order, giver), "forbidden")
    assert ok(stack.get(f"/reservation?userId={giver}"))["reservations"] == []
    assert listed(stack, giver) == listed(stack, friend) == [made | {"status": "accepted"}]
    after = codes(stack, order, friend)
    assert not set(before) & set(after)
    assert_problem(scan(stack, concert, before[0]), "ticket_void")
    ok(scan(stack, concert, after[0]))
    assert payment_of(stack, giver) == (2000, "paid", 0, 0)


def test_only_where_the_concert_allows_it(stack):
    concert = new_concert(stack)
    order = sell(stack, concert, [1])
    assert_problem(ask_offer(stack, order, new_user()), "not_offered")
    assert ok(stack.get(concert.path))["transfers"] is False
    allow(stack, concert, transfers=True)
    made = offer(stack, order)
    allow(stack, concert, transfers=False)
    assert_problem(ask_accept(stack, made), "not_offered")
    assert end(stack, made, order["userId"])["status"] == "withdrawn"


def test_a_refund_goes_to_who_paid(stack, concert):
    """Who gives it back is told the own balance, not the payer's."""
    allow(stack, concert, seatReturns=True)
    giver, friend = new_user(), new_user()
    order = sell(stack, concert, [1, 2, 3], giver)
    accept(stack, offer(stack, order, friend))
    stack.post("/point/charge", {"userId": friend, "amount": 7})
    back = f"/reservation/{order['reservationId']}?userId="
    assert_problem(stack.call("DELETE", back + giver), "forbidden")
    part = ok(stack.call("DELETE", f"{back}{friend}&seatIds=2"))
    assert (part["refundedAmount"], part["balance"], part["paidBy"]) == (1000, 7, giver)
    ok(stack.post(f"/admin/reservation/{order['reservationId']}/refund", {"reason": "Ill", "seatIds": [3]}, **stack.admin_headers()))
    whole = ok(stack.call("DELETE", back + friend))
    assert (whole["status"], whole["refundedAmount"], whole["balance"]) == ("cancelled", 1000, 7)
    assert (balance(stack, giver), balance(stack, friend)) == (3000, 7)
    assert payment_of(stack, giver) == (3000, "refunded", 3000, 0)


def test_a_cancelled_concert_pays_back_who_paid(stack, concert):
    giver = new_user()
    orders = [sell(stack, concert, [seat], giver) for seat in (1, 2)]
    accept(stack, offer(stack, orders[0]))
    assert stack.ctl("concert", "cancel", str(concert.id)).returncode == 0
    assert balance(stack, giver) == 2000
    assert_problem(ask_offer(stack, orders[1], new_user()), "reservation_cancelled")


def test_on_and_back_again(stack, concert):
    """The last one owns it, the first one paid; back at who paid nobody else is named."""
    first, second, third = new_user(), new_user(), new_user()
    order = sell(stack, concert, [1], first)
    accept(stack, offer(stack, order, second))
    taken = accept(stack, offer(stack, order | {"userId": second}, third))
    assert (taken["userId"], taken["paidBy"]) == (third, first)
    assert_problem(ask_offer(stack, order, new_user(), user=second), "forbidden")
    back = accept(stack, offer(stack, order | {"userId": third}, first))
    assert back["userId"] == first and "paidBy" not in back
    done = ok(stack.call("DELETE", f"/reservation/{order['reservationId']}?userId={first}"))
    assert (done["balance"], balance(stack, third)) == (1000, 0)


def test_the_limit_of_the_recipient(stack):
    concert = allow(stack, new_concert(stack, max_seats=3), transfers=True)
    friend = new_user()
    sell(stack, concert, [1, 2], friend)
    two, one = sell(stack, concert, [3, 4]), sell(stack, concert, [5])
    made = offer(stack, two, friend)
    assert_problem(ask_accept(stack, made), "seat_limit_reached")
    assert listed(stack, friend) == [made]
    accept(stack, offer(stack, one, friend))
    assert_problem(ask_reserve(stack, friend, concert, concert.item, 6), "seat_limit_reached")
    reserve(stack, one["userId"], concert, concert.item, [6, 7, 8])  # who gave it away has room again


def test_an_older_order_does_not_count_for_what_was_made_before(stack):
    """The audit asks who had what when a reservation was made."""
    concert, friend = allow(stack, new_concert(stack, max_seats=3), transfers=True), new_user()
    older = sell(stack, concert, [1, 2])
    mine = sell(stack, concert, [3, 4, 5], friend)
    ok(stack.call("DELETE", f"/reservation/{mine['reservationId']}?userId={friend}"))
    accept(stack, offer(stack, older, friend))
    stack.check_books()


def test_who_may_do_what(stack, concert):
    giver, friend, other = new_user(), new_user(), new_user()
    made = offer(stack, sell(stack, concert, [1], giver), friend)
    for user in (giver, other):
        assert_problem(ask_accept(stack, made, user), "forbidden")
    assert_problem(ask_end(stack, made, other), "forbidden")
    assert_problem(ask_offer(stack, {"reservationId": made["reservationId"]}, other, user=friend), "forbidden")
    assert listed(stack, other) == []
    missing = {"transferId": 2**53 - 1}
    assert_problem(ask_accept(stack, missing, friend), "transfer_not_found")
    assert_problem(ask_end(stack, missing, friend), "transfer_not_found")
    assert_problem(stack.post("/transfer/abc/accept", {"userId": friend}), "transfer_not_found")
    assert_problem(ask_offer(stack, {"reservationId": 2**53 - 1}, friend, user=giver), "reservation_not_found")
    assert_problem(ask_offer(stack, {"reservationId": 1}, giver, user=giver), "invalid_field", field="toUserId")
    assert_problem(stack.post("/reservation/1/transfer", {"userId": giver}), "invalid_field", field="toUserId")


def test_offers_that_are_over(stack, concert):
    giver, friend = new_user(), new_user()
    order = sell(stack, concert, [1], giver)
    over = [offer(stack, order, friend)]
    over.append(offer(stack, order, friend))  # takes the place of the first
    assert end(stack, over[1], friend)["status"] == "declined"
    over.append(offer(stack, order, friend))
    assert end(stack, over[2], giver)["status"] == "withdrawn"
    over.append(offer(stack, order, friend))
    stack.query("UPDATE transfer SET created_at = created_at - INTERVAL 3 DAY, expires_at = UTC_TIMESTAMP(3) WHERE transfer_id = %s",
                over[3]["transferId"])
    last = offer(stack, order, friend)
    accept(stack, last)
    for one in over + [last]:
        assert_problem(ask_accept(stack, one, friend), "transfer_over")
        assert_problem(ask_end(stack, one, giver), "transfer_over")
    assert [one["status"] for one in listed(stack, giver)] == ["accepted", "withdrawn", "withdrawn", "declined", "withdrawn"]
    late = offer(stack, sell(stack, concert, [2], giver), friend)
    stack.query("UPDATE transfer SET created_at = created_at - INTERVAL 3 DAY, expires_at = UTC_TIMESTAMP(3) WHERE transfer_id = %s",
                late["transferId"])
    assert listed(stack, friend)[0]["status"] == "expired"
    assert_problem(ask_accept(stack, late), "transfer_over")


def test_what_cannot_be_transferred(stack, concert):
    held, order, used = (reserve(stack, new_user(), concert, concert.item, [1]), sell(stack, concert, [2]),
                         sell(stack, concert, [3, 4]))
    assert_problem(ask_offer(stack, held, new_user()), "not_paid")
    made = offer(stack, used)
    ok(scan(stack, concert, codes(stack, used, used["userId"])[0]))
    assert_problem(ask_offer(stack, used, new_user()), "not_cancellable")
    assert_problem(ask_accept(stack, made), "not_cancellable")
    waits = offer(stack, order)
    ok(stack.call("DELETE", f"/reservation/{order['reservationId']}?userId={order['userId']}"))
    assert_problem(ask_accept(stack, waits), "reservation_cancelled")
    assert_problem(ask_offer(stack, order, new_user()), "reservation_cancelled")
    late = sell(stack, concert, [5])
    made = offer(stack, late)
    concert.start(concert.item)
    assert_problem(ask_offer(stack, late, new_user()), "not_cancellable")
    assert_problem(ask_accept(stack, made), "not_cancellable")


def test_it_ends_with_the_start(stack, concert):
    stack.query("UPDATE item SET starts_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE item_id = %s", concert.item)
    made = offer(stack, sell(stack, concert, [1]))
    item = ok(stack.get(f"{concert.path}/item"))["items"][0]
    assert made["expiresAt"] == item["startsAt"]


def test_an_order_that_leaves_while_its_page_is_read(stack, concert):
    """It is on the page as a whole, or not at all."""
    user, friend = new_user(), new_user()
    first, second = sell(stack, concert, [1, 2], user), sell(stack, concert, [3], user)
    with before_reading(stack, "seat", lambda client: client.get(f"/reservation?userId={user}")) as (asked, _):
        stack.query("UPDATE reservation SET user_id = %s WHERE reservation_id = %s", friend, first["reservationId"])
    page = ok(asked.answer())
    stack.query("UPDATE reservation SET user_id = %s WHERE reservation_id = %s", user, first["reservationId"])
    assert page == {"reservations": [second | {"status": "paid"}], "next": None}


def test_once_with_a_key(stack, concert):
    key = lambda: {"Idempotency-Key": new_user("transfer")}
    order, friend = sell(stack, concert, [1]), new_user()
    one, other, third = key(), key(), key()
    first = ask_offer(stack, order, friend, **one)
    again = ask_offer(stack, order, friend, **one)
    assert first.status == 200 and again.body == first.body and is_replayed(again)
    assert len(listed(stack, friend)) == 1
    taken = ask_accept(stack, first.json(), **other)
    assert is_replayed(ask_accept(stack, first.json(), **other)) and taken.status == 200
    made = offer(stack, order | {"userId": friend})
    ended = ask_end(stack, made, friend, **third)
    assert ended.status == 200 and ask_end(stack, made, friend, **third).body == ended.body


def test_an_erased_user_is_named_no_more(stack, concert):
    giver, friend = new_user(), new_user()
    order = sell(stack, concert, [1], giver)
    accept(stack, offer(stack, order, friend))
    ok(stack.call("DELETE", f"/reservation/{order['reservationId']}?userId={friend}"))
    assert stack.ctl("user", "erase", giver, "--yes", "--forfeit").returncode == 0
    assert giver not in str(listed(stack, friend)) + str(see(stack, order, friend).json())
    for column in ("from_user", "to_user"):
        assert stack.query(f"SELECT COUNT(*) AS n FROM transfer WHERE {column} = %s", giver) == [{"n": 0}]


def test_300_clients_accept_withdraw_and_give_back(new_stack):
    """Of 30 orders: each ends with one owner or is refunded to who paid, whoever comes first."""
    private = new_stack(refunds_per_day=0)
    concert = allow(private, new_concert(private, seats=60, max_seats=4), transfers=True)
    orders = [sell(private, concert, [seat, seat + 1]) for seat in range(1, 61, 2)]
    friends = [new_user() for _ in range(10)]  # of three orders each, of which two are too many
    offers = [offer(private, order, friends[n % 10]) for n, order in enumerate(orders)]
    calls = []
    for made, order in zip(offers, orders):
        back = f"/reservation/{order['reservationId']}?userId={order['userId']}"
        calls += [lambda client, made=made: ask_accept(client, made)] * 6
        calls += [lambda client, made=made: ask_end(client, made, made["fromUserId"])] * 2
        calls += [lambda client, back=back: client.call("DELETE", back)]
        calls += [lambda client, made=made: client.get(f"/reservation/{made['reservationId']}/ticket?userId={made['fromUserId']}")]
    done = rush(private, calls)
    held = collections.Counter()
    for at, (made, order) in enumerate(zip(offers, orders)):
        answers = done.answers[10 * at:10 * at + 10]
        accepted = sum(answer.status == 200 for answer in answers[:6])
        withdrawn = sum(answer.status == 200 for answer in answers[6:8])
        refunded = answers[8].status == 200
        assert accepted + withdrawn <= 1 and not (accepted and refunded), answers
        owner = made["toUserId"] if accepted else made["fromUserId"]
        seen = ok(see(private, order, owner))
        assert seen["status"] == ("cancelled" if refunded else "paid")
        assert balance(private, made["fromUserId"]) == (2000 if refunded else 0)
        held[made["toUserId"]] += 2 * accepted
        if accepted and answers[9].status == 200:
            for ticket in answers[9].json()["tickets"]:
                assert_problem(scan(private, concert, ticket["code"]), "ticket_void")
    assert max(held.values()) <= 4
    assert set(done.codes) <= {"", "transfer_over", "forbidden", "reservation_cancelled", "seat_limit_reached"}
    private.check_books()
