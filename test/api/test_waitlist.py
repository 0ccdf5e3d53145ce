"""Who finds a date sold out waits for what comes back, where the concert asks for it."""

import openapi
import pytest
from crowd import rush
from helpers import (
    Hall, age_hold, allow, ask_reserve, assert_problem, buy, charge, is_replayed, new_concert, new_user, ok, pay, reserve,
    seat_status,
)

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def concert(stack):
    """Of four seats, each sold to another user, where lists are kept."""
    return sold_out(stack)


def sold_out(stack, seats=4, capacity=None, **settings):
    """With a capacity there is a queue, from then on."""
    concert = allow(stack, new_concert(stack, seats=seats, **settings), waitlist=True, seatReturns=True, swaps=True)
    concert.orders = {seat: buy(stack, new_user(), concert, item=concert.item, seats=[seat])[0] for seat in range(1, seats + 1)}
    if capacity is not None:
        concert.set(admission_capacity=capacity)
    return concert


def ask_wait(client, concert, user=None, count=1, item=None, headers=None, **wish):
    body = {"userId": user or new_user(), "concertId": concert.id, "itemId": item or concert.item, "count": count} | wish
    return client.post("/waitlist", body, **headers or {})


def wait(stack, concert, user=None, count=1, **wish):
    return openapi.assert_answer(ask_wait(stack, concert, user, count, **wish), "POST", "/waitlist")


def entries(stack, user):
    return openapi.assert_answer(stack.get(f"/waitlist?userId={user}"), "GET", "/waitlist")["entries"]


def entry(stack, waiting):
    """As it is now."""
    return next(one for one in entries(stack, waiting["userId"]) if one["entryId"] == waiting["entryId"])


def offered(stack, waiting):
    """The seats that it was offered, None: nothing."""
    now = entry(stack, waiting)
    if now["offer"] is None:
        return None
    held = ok(stack.get(f"/reservation/{now['offer']['reservationId']}?userId={waiting['userId']}"))
    assert held["expiresAt"] == now["offer"]["expiresAt"] and held["totalPrice"] == now["offer"]["totalPrice"]
    return [seat["seatId"] for seat in held["seats"]]


def leave(client, user, concert):
    return client.call("DELETE", f"/waitlist?userId={user}&itemId={concert.item}")


def cancel(client, order, **query):
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return client.call("DELETE", f"/reservation/{order['reservationId']}?userId={order['userId']}{more}")


def waiting(stack, concert):
    return stack.query("SELECT waiting FROM item WHERE item_id = %s", concert.item)[0]["waiting"]


def sweep(stack):
    done = stack.sweeper()
    assert done.returncode == 0, done.stderr


def test_only_where_the_concert_asks_for_it(stack):
    concert = new_concert(stack, seats=1)
    reserve(stack, new_user(), concert)
    assert ok(stack.get(concert.path))["waitlist"] is False
    assert_problem(ask_wait(stack, concert), "not_offered")


def test_who_waits_is_offered_what_comes_back(stack, concert):
    user, other = new_user(), new_user()
    first, second = wait(stack, concert, user), wait(stack, concert, other, section="A", maxPrice=1000)
    assert first | {"createdAt": ""} == {
        "entryId": first["entryId"], "userId": user, "concertId": concert.id, "itemId": concert.item, "count": 1,
        "section": None, "maxPrice": None, "status": "waiting", "position": 1, "createdAt": "", "offer": None}
    assert (second["position"], second["section"], second["maxPrice"]) == (2, "A", 1000)
    assert entries(stack, user) == [first] and entries(stack, other) == [second]
    ok(cancel(stack, concert.orders[3]))
    now = entry(stack, first)
    assert (now["status"], now["position"], offered(stack, first)) == ("offered", None, [3])
    assert seat_status(stack, concert, concert.item, 3) == "held"
    assert entry(stack, second) == second | {"position": 1}
    assert_problem(ask_reserve(stack, new_user(), concert, concert.item, [3]), "seat_taken", seatIds=[3])
    charge(stack, user, 1000)
    pay(stack, user, now["offer"]["reservationId"], now["offer"]["token"])
    assert entry(stack, first)["status"] == "paid"
    assert waiting(stack, concert) == 1


# ---- the list


def test_the_same_call_gives_the_same_entry(stack, concert):
    user = new_user()
    first = wait(stack, concert, user)
    wait(stack, concert)
    assert wait(stack, concert, user) == first
    assert_problem(ask_wait(stack, concert, user, count=2), "already_waiting")
    assert_problem(ask_wait(stack, concert, user, section="A"), "already_waiting")
    key = {"Idempotency-Key": new_user()}
    answer = ask_wait(stack, concert, count=2, user=(other := new_user()), headers=key)
    again = ask_wait(stack, concert, count=2, user=other, headers=key)
    assert (answer.body, is_replayed(answer), is_replayed(again)) == (again.body, False, True)
    assert_problem(ask_wait(stack, concert, other, headers=key), "idempotency_key_reused")
    assert waiting(stack, concert) == 3


def test_one_that_is_not_sold_out_has_no_list(stack):
    hall = allow(stack, Hall(stack, ("A", "1", 3, 500), ("B", "1", 2, 900)), waitlist=True)
    hall.take(1, 2, 3)
    user = new_user()
    assert_problem(ask_wait(stack, hall, user), "seats_available")
    assert_problem(ask_wait(stack, hall, user, count=2, section="B"), "seats_available")
    assert_problem(ask_wait(stack, hall, user, count=3, section="B"), "seats_not_available")
    assert_problem(ask_wait(stack, hall, user, section="C"), "seats_not_available")
    assert_problem(ask_wait(stack, hall, user, maxPrice=499), "seats_not_available")
    wait(stack, hall, user, section="A")
    assert wait(stack, hall, count=2, maxPrice=500)["position"] == 2
    hall.take(4)
    assert_problem(ask_wait(stack, hall, section="B"), "seats_available")
    assert wait(stack, hall, count=2, section="B")["position"] == 3


def test_leaving(stack, concert):
    one, two = new_user(), new_user()
    first, second = wait(stack, concert, one), wait(stack, concert, two)
    assert leave(stack, one, concert).status == 204
    assert_problem(leave(stack, one, concert), "waitlist_entry_not_found")
    assert_problem(leave(stack, new_user(), concert), "waitlist_entry_not_found")
    assert (entry(stack, first)["status"], entry(stack, second)["position"]) == ("left", 1)
    again = wait(stack, concert, one)
    assert (again["position"], again["entryId"] > second["entryId"]) == (2, True)
    ok(cancel(stack, concert.orders[1]))
    assert (offered(stack, second), offered(stack, again)) == ([1], None)


def test_pages_of_entries(stack, concert):
    user = new_user()
    made = []
    for _ in range(3):
        made.append(wait(stack, concert, user))
        assert leave(stack, user, concert).status == 204
    first = ok(stack.get(f"/waitlist?userId={user}&limit=2"))
    assert [one["entryId"] for one in first["entries"]] == [made[2]["entryId"], made[1]["entryId"]]
    rest = ok(stack.get(f"/waitlist?userId={user}&limit=2&before={first['next']}"))
    assert ([one["entryId"] for one in rest["entries"]], rest["next"]) == ([made[0]["entryId"]], None)
    assert entries(stack, new_user()) == []


def test_refusals(stack, concert):
    far = {"concertId": 2_000_000_000, "itemId": concert.item, "count": 1, "userId": new_user()}
    assert_problem(stack.post("/waitlist", far), "concert_not_found")
    assert_problem(ask_wait(stack, concert, item=2_000_000_000), "item_not_found")
    for wrong in ({"count": 0}, {"count": 9}, {"count": "1"}, {"section": ""}, {"maxPrice": -1}):
        assert_problem(ask_wait(stack, concert, **{"count": 1} | wrong), "invalid_field")
    concert.set(maintenance=1)
    assert_problem(ask_wait(stack, concert), "maintenance")
    concert.set(maintenance=0)
    user = new_user()
    wait(stack, concert, user)
    concert.set(maintenance=1)
    assert_problem(leave(stack, user, concert), "maintenance")
    concert.set(maintenance=0, status="'closed'")
    assert_problem(ask_wait(stack, concert), "concert_not_open")
    concert.set(status="'open'")
    concert.start(concert.item)
    assert_problem(ask_wait(stack, concert), "concert_not_open")


def test_settings(stack, concert):
    path = f"/admin/concert/{concert.id}"
    assert ok(stack.get(path, **stack.admin_headers()))["waitlistSeconds"] == 3600
    for wrong in (59, 86401, None, "60"):
        answer = stack.call("PATCH", path, {"waitlistSeconds": wrong}, stack.admin_headers())
        assert_problem(answer, "invalid_field", field="waitlistSeconds")
    allow(stack, concert, waitlistSeconds=60)
    first = wait(stack, concert)
    ok(cancel(stack, concert.orders[1]))
    offer = entry(stack, first)["offer"]
    held, = stack.query("SELECT TIMESTAMPDIFF(MICROSECOND, created_at, expires_at) AS time FROM reservation"
                        " WHERE reservation_id = %s", offer["reservationId"])
    assert held["time"] == 60_000_000


# ---- each way in which a seat comes back


def hold_all(stack, concert):
    """Of a concert where nothing is sold: a hold of each seat."""
    return {seat: reserve(stack, new_user(), concert, item=concert.item, seats=[seat]) for seat in range(1, concert.seats + 1)}


@pytest.fixture
def held(stack):
    concert = allow(stack, new_concert(stack, seats=4), waitlist=True, seatReturns=True, swaps=True)
    concert.orders = hold_all(stack, concert)
    return concert


def test_a_hold_that_is_given_back(stack, held):
    first = wait(stack, held)
    ok(cancel(stack, held.orders[2]))
    assert offered(stack, first) == [2]


def test_a_single_seat_of_a_hold(stack):
    concert = allow(stack, new_concert(stack, seats=3), waitlist=True, seatReturns=True)
    order = reserve(stack, new_user(), concert, item=concert.item, seats=[1, 2, 3])
    first = wait(stack, concert)
    ok(cancel(stack, order, seatIds=2))
    assert offered(stack, first) == [2]


def test_a_single_seat_of_an_order(stack):
    concert = allow(stack, new_concert(stack, seats=3), waitlist=True, seatReturns=True)
    order, _ = buy(stack, new_user(), concert, item=concert.item, seats=[1, 2, 3])
    first, second = wait(stack, concert, count=2), wait(stack, concert)
    ok(cancel(stack, order, seatIds="1,2"))
    assert (offered(stack, first), offered(stack, second)) == ([1, 2], None)


def test_a_refund_by_an_operator(stack, concert):
    first = wait(stack, concert)
    path = f"/admin/reservation/{concert.orders[4]['reservationId']}/refund"
    ok(stack.post(path, {"reason": "Ill"}, **stack.admin_headers()))
    assert offered(stack, first) == [4]


def test_the_old_seats_of_a_swap(stack):
    hall = allow(stack, Hall(stack, ("A", "1", 2, 500), ("B", "1", 1, 500)), waitlist=True, swaps=True)
    order, _ = buy(stack, new_user(), hall, item=hall.item, seats=[1])
    hall.take(2)
    first = wait(stack, hall, section="A")
    body = {"userId": order["userId"], "seatIds": [1], "toSeatIds": [3]}
    ok(stack.post(f"/reservation/{order['reservationId']}/swap", body))
    assert offered(stack, first) == [1]
    back = {"userId": order["userId"], "seatIds": [3], "toSeatIds": [1]}
    assert_problem(stack.post(f"/reservation/{order['reservationId']}/swap", back), "seat_taken", seatIds=[1])


def test_a_hold_that_lapses(stack, held):
    """It reads as held until the sweeper has offered it, everywhere."""
    first, second = wait(stack, held), wait(stack, held)
    age_hold(stack, held.orders[3]["reservationId"], 300)
    assert seat_status(stack, held, held.item, 3) == "held"
    assert_problem(ask_reserve(stack, new_user(), held, held.item, [3]), "seat_taken", seatIds=[3])
    best = {"userId": new_user(), "concertId": held.id, "itemId": held.item, "count": 1}
    assert_problem(stack.post("/reservation", best), "seats_not_available")
    item, = ok(stack.get(f"{held.path}/item"))["items"]
    assert (item["availableCount"], item["heldCount"], item["waiting"]) == (0, 4, 2)
    concert = ok(stack.get(held.path))
    assert (concert["availableCount"], concert["heldCount"]) == (0, 4)
    sales = ok(stack.get(f"/admin/concert/{held.id}", **stack.admin_headers()))["sales"]
    assert (sales["available"], sales["held"]) == (0, 4)
    third = wait(stack, held)
    sweep(stack)
    assert [offered(stack, one) for one in (first, second, third)] == [[3], None, None]


def test_where_nobody_waits_a_lapsed_hold_is_free_at_once(stack, held):
    user = new_user()
    wait(stack, held, user)
    age_hold(stack, held.orders[3]["reservationId"], 300)
    assert leave(stack, user, held).status == 204
    assert seat_status(stack, held, held.item, 3) == "available"
    assert_problem(ask_wait(stack, held), "seats_available")
    reserve(stack, new_user(), held, item=held.item, seats=[3])
    age_hold(stack, held.orders[2]["reservationId"], 300)
    best = {"userId": new_user(), "concertId": held.id, "itemId": held.item, "count": 1}
    assert [seat["seatId"] for seat in ok(stack.post("/reservation", best))["seats"]] == [2]


def test_a_user_who_is_erased(stack, held):
    """Entries go, and what was held comes back to who waits."""
    gone = held.orders[1]["userId"]
    first = wait(stack, held)
    wait(stack, held, gone)
    done = stack.ctl("user", "erase", gone, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (entries(stack, gone), waiting(stack, held)) == ([], 1)
    sweep(stack)
    assert offered(stack, first) == [1]


# ---- whom it fits


def test_the_first_whom_it_fits(stack):
    hall = allow(stack, Hall(stack, ("A", "1", 2, 500), ("B", "1", 2, 900)), waitlist=True)
    orders = {seat: reserve(stack, new_user(), hall, item=hall.item, seats=[seat]) for seat in range(1, 5)}
    cheap = wait(stack, hall, maxPrice=600)
    pair = wait(stack, hall, count=2)
    in_b = wait(stack, hall, section="B")
    last = wait(stack, hall)
    ok(cancel(stack, orders[3]))
    assert [offered(stack, one) for one in (cheap, pair, in_b, last)] == [None, None, [3], None]
    ok(cancel(stack, orders[4]))
    assert [offered(stack, one) for one in (cheap, pair, last)] == [None, None, [4]]
    ok(cancel(stack, orders[1]))
    assert [offered(stack, one) for one in (cheap, pair)] == [[1], None]


def test_what_fits_nobody_is_free(stack):
    hall = allow(stack, Hall(stack, ("A", "1", 3, 500)), waitlist=True)
    orders = {seat: reserve(stack, new_user(), hall, item=hall.item, seats=[seat]) for seat in range(1, 4)}
    pair = wait(stack, hall, count=2)
    ok(cancel(stack, orders[1]))
    assert (offered(stack, pair), seat_status(stack, hall, hall.item, 1)) == (None, "available")
    assert_problem(ask_wait(stack, hall), "seats_available")
    ok(cancel(stack, orders[3]))
    assert offered(stack, pair) == [1, 3], "with what is free by now"
    assert [seat_status(stack, hall, hall.item, seat) for seat in (1, 3)] == ["held", "held"]


def test_seats_for_several_at_once(stack):
    concert = allow(stack, new_concert(stack, seats=8), waitlist=True)
    order = reserve(stack, new_user(), concert, item=concert.item, seats=list(range(1, 9)))
    asked = [wait(stack, concert, count=count) for count in (2, 3, 4, 1, 2)]
    ok(cancel(stack, order))
    assert [offered(stack, one) for one in asked] == [[1, 2], [3, 4, 5], None, [6], [7, 8]]


def test_a_wheelchair_place_is_for_who_needs_it(stack):
    hall = allow(stack, Hall(stack, ("A", "1", 2, 500)), waitlist=True)
    stack.query("UPDATE seat SET kind = 'wheelchair' WHERE item_id = %s AND seat_no = 1", hall.item)
    orders = [reserve(stack, new_user(), hall, item=hall.item, seats=[seat]) for seat in (1, 2)]
    first = wait(stack, hall)
    ok(cancel(stack, orders[0]))
    assert (offered(stack, first), seat_status(stack, hall, hall.item, 1)) == (None, "available")


def test_the_seat_limit(stack):
    concert = allow(stack, new_concert(stack, seats=6, max_seats=2), waitlist=True)
    orders = [reserve(stack, new_user(), concert, item=concert.item, seats=[n, n + 1]) for n in (1, 3, 5)]
    user, other = orders[2]["userId"], new_user()
    assert_problem(ask_wait(stack, concert, user), "seat_limit_reached")
    greedy = wait(stack, concert, new_user(), count=2)
    second = wait(stack, concert, other, count=2)
    third = wait(stack, concert)
    stack.query("UPDATE reservation SET user_id = %s WHERE reservation_id = %s", greedy["userId"], orders[2]["reservationId"])
    ok(cancel(stack, orders[0]))
    assert [offered(stack, one) for one in (greedy, second, third)] == [None, [1, 2], None], "who has two is passed"
    assert_problem(ask_reserve(stack, other, concert, concert.item, [3]), "seat_taken")
    ok(cancel(stack, orders[2] | {"userId": greedy["userId"]}))
    assert [offered(stack, one) for one in (greedy, third)] == [[5, 6], None], "and waits on"


# ---- the offer


def test_an_offer_that_lapses_goes_to_the_next(stack, concert):
    first, second = wait(stack, concert), wait(stack, concert)
    ok(cancel(stack, concert.orders[2]))
    offer = entry(stack, first)["offer"]
    age_hold(stack, offer["reservationId"], 3600)
    stack.query("UPDATE waitlist_entry e JOIN reservation r ON r.reservation_id = e.reservation_id"
                " SET e.settled_at = r.created_at WHERE e.entry_id = %s", first["entryId"])
    assert entry(stack, first)["status"] == "expired"
    charge(stack, first["userId"], 1000)
    paid = stack.post("/payment", {"userId": first["userId"], "reservationId": offer["reservationId"], "token": offer["token"]})
    assert_problem(paid, "hold_expired")
    sweep(stack)
    assert (offered(stack, second), seat_status(stack, concert, concert.item, 2)) == ([2], "held")


def test_an_offer_that_is_declined_goes_to_the_next(stack, concert):
    first, second = wait(stack, concert), wait(stack, concert)
    ok(cancel(stack, concert.orders[2]))
    ok(cancel(stack, {"userId": first["userId"], "reservationId": entry(stack, first)["offer"]["reservationId"]}))
    assert (entry(stack, first)["status"], offered(stack, second)) == ("cancelled", [2])


@pytest.mark.parametrize("capacity", [None, 0])
def test_an_offer_is_paid(stack, capacity):
    """With a queue that calls nobody too."""
    concert = sold_out(stack, seats=2, capacity=capacity)
    first = wait(stack, concert)
    ok(cancel(stack, concert.orders[2]))
    offer = entry(stack, first)["offer"]
    charge(stack, first["userId"], 1000)
    body = {"userId": first["userId"], "reservationId": offer["reservationId"]}
    assert_problem(stack.post("/payment", body), "token_missing")
    assert_problem(stack.post("/payment", body | {"token": offer["token"][:-1] + "x"}), "token_invalid")
    pay(stack, first["userId"], offer["reservationId"], offer["token"])
    assert seat_status(stack, concert, concert.item, 2) == "sold"


def test_an_offer_ends_with_the_start(stack, concert):
    stack.query("UPDATE item SET starts_at = UTC_TIMESTAMP(3) + INTERVAL 10 MINUTE WHERE item_id = %s", concert.item)
    first = wait(stack, concert)
    ok(cancel(stack, concert.orders[2]))
    row, = stack.query("SELECT r.expires_at = i.starts_at AS same FROM reservation r JOIN item i ON i.item_id = r.item_id"
                       " WHERE r.reservation_id = %s", entry(stack, first)["offer"]["reservationId"])
    assert row["same"]


# ---- the end of a list


def test_a_cancelled_item(stack, concert):
    first = wait(stack, concert)
    ok(stack.post(f"/admin/concert/{concert.id}/item/{concert.item}/cancel", {"reason": "Rain"}, **stack.admin_headers()))
    assert entry(stack, first)["status"] == "ended" and entry(stack, first)["position"] is None
    sweep(stack)
    sweep(stack)
    assert (waiting(stack, concert), entry(stack, first)["status"], offered(stack, first)) == (0, "ended", None)
    assert stack.query("SELECT COUNT(*) AS n FROM seat WHERE item_id = %s AND blocked = 0", concert.item)[0]["n"] == 0


@pytest.mark.parametrize("end", ["start", "off"])
def test_a_list_ends(stack, concert, end):
    first = wait(stack, concert)
    if end == "start":
        concert.start(concert.item)
    else:
        allow(stack, concert, waitlist=False)
    assert entry(stack, first)["status"] == "ended"
    sweep(stack)
    assert (waiting(stack, concert), entry(stack, first)["status"]) == (0, "ended")


def test_no_offer_while_it_is_closed(stack, concert):
    first = wait(stack, concert)
    concert.set(status="'closed'")
    ok(cancel(stack, concert.orders[1]))
    sweep(stack)
    assert offered(stack, first) is None
    concert.set(status="'open'")
    assert seat_status(stack, concert, concert.item, 1) == "held"
    assert_problem(ask_reserve(stack, new_user(), concert, concert.item, [1]), "seat_taken")
    sweep(stack)
    assert offered(stack, first) == [1]


def test_old_entries_are_pruned(stack, concert):
    user, other = new_user(), new_user()
    wait(stack, concert, user)
    wait(stack, concert, other)
    assert leave(stack, user, concert).status == 204
    stack.query("UPDATE waitlist_entry SET created_at = created_at - INTERVAL 31 DAY, settled_at = settled_at - INTERVAL 31 DAY"
                " WHERE user_id IN (%s, %s)", user, other)
    assert "; 1 entries of wait lists" in stack.ctl("prune", "--dry-run").stdout
    assert "; 1 entries of wait lists" in stack.ctl("prune").stdout
    assert (entries(stack, user), len(entries(stack, other))) == ([], 1)


# ---- many at once


def test_the_order_outlives_redis_and_the_workers(stack, concert):
    asked = [wait(stack, concert) for _ in range(3)]
    stack.restart("redis")
    stack.restart("frontrow")
    for seat in (2, 1, 4):
        ok(cancel(stack, concert.orders[seat]))
    assert [offered(stack, one) for one in asked] == [[2], [1], [4]]


def test_without_redis(new_stack):
    """A list, its offers and their payment need none, although the concert has a queue."""
    private = new_stack()
    concert = sold_out(private, seats=2, capacity=0)
    private.stop_service("redis")
    first, second = wait(private, concert), wait(private, concert)
    ok(cancel(private, concert.orders[2]))
    offer = entry(private, first)["offer"]
    charge(private, first["userId"], 1000)
    pay(private, first["userId"], offer["reservationId"], offer["token"])
    assert (offered(private, first), entry(private, second)["position"]) == ([2], 1)
    private.start_service("redis")


def test_a_rush(stack):
    """300 click at the seats of a sold-out date while its orders are given back and 60 wait: what comes back is
    theirs, in their order."""
    concert = allow(stack, new_concert(stack, seats=40, max_seats=4), waitlist=True)
    orders = [reserve(stack, new_user(), concert, item=concert.item, seats=[seat, seat + 1]) for seat in range(1, 41, 2)]
    early = [wait(stack, concert, count=1 + number % 2) for number in range(20)]

    def click(number):
        seat = number % 40 + 1
        body = {"userId": new_user("click"), "concertId": concert.id, "itemId": concert.item}
        wish = {"count": 1 + number % 2} if number % 3 == 0 else {"seatId": seat}
        return lambda client: client.post("/reservation", body | wish)

    calls = [lambda client, order=order: cancel(client, order) for order in orders[:15]]
    calls += [lambda client, number=number: ask_wait(client, concert, count=1 + number % 2) for number in range(40)]
    calls += [click(number) for number in range(300)]
    settled = rush(stack, calls)
    for answer in settled.answers[:15]:
        ok(answer)
    late = [ok(answer) for answer in settled.answers[15:55]]
    codes = {answer.code for answer in settled.answers[55:]}
    assert codes == {"seat_taken", "seats_not_available"}, "nobody overtakes who waits"
    sweep(stack)
    asked = sorted(early + late, key=lambda one: one["entryId"])
    got = [len(offered(stack, one) or []) for one in asked]
    assert sum(got) == 30 and got == [one["count"] for one in asked[:20]] + [0] * 40
    assert waiting(stack, concert) == 40
