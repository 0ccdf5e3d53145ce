"""Presale: in windows before the opening those who have a code may buy, so many seats as the window has."""

import collections
import datetime
import json
import re

import openapi
import pytest
from crowd import rush, sweep, together
from helpers import (
    Hall, add_token, age_hold, allow, ask_pay, ask_reserve, assert_problem, balance, charge, is_replayed, new_concert,
    new_user, ok, pay,
)

pytestmark = pytest.mark.usefixtures("audited")
ALL, ONE = "/admin/concert/{concertId}/presale", "/admin/concert/{concertId}/presale/{presaleId}"
CODES = ONE + "/code"
CODE = "Fan-Club 2030"


def instant(seconds):
    """So many seconds from now."""
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def scheduled(stack, *ranges, opens=3600, **settings):
    return Hall(stack, *(ranges or [("A", "1", 30, 1000), ("B", "1", 30, 1000)]), opensAt=instant(opens), **settings)


@pytest.fixture
def concert(stack):
    return scheduled(stack)


class Window:
    """A window of a concert that runs, unless it is said when."""

    def __init__(self, stack, concert, starts=-60, ends=600, quota=10, codes="shared", **more):
        self.stack, self.concert = stack, concert
        body = {"startsAt": instant(starts), "endsAt": instant(ends), "quota": quota, "codes": codes}
        body |= ({"code": CODE} if codes == "shared" else {}) | more
        answer = stack.post(ALL.format(concertId=concert.id), body, **stack.admin_headers())
        self.made = openapi.assert_answer(answer, "POST", ALL)
        self.id = self.made["presaleId"]

    @property
    def path(self):
        return ONE.format(concertId=self.concert.id, presaleId=self.id)

    def make_codes(self, count, **headers):
        answer = self.stack.post(self.path + "/code", {"count": count}, **self.stack.admin_headers(), **headers)
        return openapi.assert_answer(answer, "POST", CODES)["codes"]

    def ask_change(self, **members):
        return self.stack.call("PATCH", self.path, members, self.stack.admin_headers())

    def change(self, **members):
        return openapi.assert_answer(self.ask_change(**members), "PATCH", ONE)

    def see(self):
        answer = self.stack.call("GET", ALL.format(concertId=self.concert.id), None, self.stack.admin_headers())
        return next(one for one in openapi.assert_answer(answer, "GET", ALL)["presales"] if one["presaleId"] == self.id)

    @property
    def counts(self):
        seen = self.see()
        return seen["heldCount"], seen["paidCount"]


def ask(client, concert, user=None, seats=1, code=CODE, **more):
    return ask_reserve(client, user or new_user(), concert, concert.item, seats, code=code, **more)


def ask_best(client, concert, count, user=None, code=CODE, **more):
    body = {"userId": user or new_user(), "concertId": concert.id, "itemId": concert.item, "count": count, "code": code}
    return client.post("/reservation", body | more)


def ask_token(client, concert, user=None, code=CODE):
    return client.post("/token/add", {"userId": user or new_user(), "concertId": concert.id, "code": code})


def hold(stack, concert, **how):
    return ok(ask(stack, concert, **how))


def buy(stack, concert, user, seats, code=CODE):
    held = hold(stack, concert, user=user, seats=seats, code=code)
    charge(stack, user, held["totalPrice"])
    return held, pay(stack, user, held["reservationId"], ok(ask_token(stack, concert, user, code))["token"])


def give_back(stack, held):
    return ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={held['userId']}"))


def lapse(stack, held):
    """The hold is over, and so has its slots no more."""
    age_hold(stack, held["reservationId"], 3600)
    stack.query("UPDATE presale_slot s JOIN reservation r ON r.reservation_id = s.reservation_id"
                " SET s.free_at = r.expires_at WHERE s.reservation_id = %s", held["reservationId"])


# ---- windows


def test_a_window_is_seen_before_it_sells(stack, concert):
    window = Window(stack, concert, quota=7, maxSeatsPerUser=2, sections=["A", "B석"])
    assert window.made == {
        "presaleId": window.id, "startsAt": window.made["startsAt"], "endsAt": window.made["endsAt"], "quota": 7,
        "maxSeatsPerUser": 2, "sections": ["A", "B석"], "codes": "shared", "heldCount": 0, "paidCount": 0,
        "codeCount": 0, "boundCodeCount": 0, "usedCodeCount": 0}
    assert window.see() == window.made
    seen = ok(stack.fresh(f"/concert/{concert.id}"))
    assert seen["status"] == "scheduled"
    assert seen["presale"] == [{"startsAt": window.made["startsAt"], "endsAt": window.made["endsAt"]}]
    assert ok(ask(stack, concert))["status"] == "held" and window.counts == (1, 0)
    assert ok(stack.fresh(f"/concert/{concert.id}"))["status"] == "scheduled"


def test_a_concert_without_presale_says_so(stack):
    assert ok(stack.fresh(f"/concert/{scheduled(stack).id}"))["presale"] == []


def test_the_order_of_checks(stack, concert):
    assert_problem(ask(stack, concert), "concert_not_open")  # no window
    Window(stack, concert)
    nowhere = type("Nowhere", (), {"id": 2**31 - 1, "item": 1})
    assert_problem(ask(stack, nowhere, code=""), "concert_not_found")
    for asks in (ask, ask_token):
        assert_problem(asks(stack, concert, code=""), "code_required")
        for wrong in ("FANCLUB2031", "FAN", "팬클럽2030팬클럽", "x" * 500):
            assert_problem(asks(stack, concert, code=wrong), "code_invalid")
    assert_problem(stack.post("/token/add", {"userId": new_user(), "concertId": concert.id}), "code_required")
    assert_problem(stack.post("/token/add", {"userId": new_user(), "concertId": concert.id, "code": 1}), "invalid_field")
    missing = type("Missing", (), {"id": concert.id, "item": 2**31 - 1})
    assert_problem(ask(stack, missing, code="FANCLUB2031"), "code_invalid")
    assert_problem(ask(stack, missing), "item_not_found")
    assert_problem(ask(stack, concert, seats=999), "seat_not_found")
    for code in (CODE, "FANCLUB2O3O", "f a n-club 2030"):
        assert ask_token(stack, concert, code=code).status == 200


def test_the_code_comes_before_the_token(stack):
    concert = scheduled(stack, admissionCapacity=5)
    Window(stack, concert)
    user = new_user()
    assert_problem(ask(stack, concert, user, code=""), "code_required")
    assert_problem(ask(stack, concert, user, code="FANCLUB2031"), "code_invalid")
    assert_problem(ask(stack, concert, user), "token_missing")
    token = ok(ask_token(stack, concert, user))
    assert token["status"] == "active"  # the one queue of the concert moves in a window
    assert_problem(ask(stack, concert, user, code="", token=token["token"]), "code_required")
    assert ok(ask(stack, concert, user, token=token["token"]))["status"] == "held"


def test_the_queue_stands_between_a_window_and_the_opening(stack):
    concert = scheduled(stack, admissionCapacity=1)
    window = Window(stack, concert)
    first, second = new_user(), new_user()
    token = ok(ask_token(stack, concert, first))["token"]
    waiting = ok(ask_token(stack, concert, second))
    assert waiting["status"] == "waiting"
    window.change(endsAt=instant(-1))
    assert_problem(ask(stack, concert, first, token=token), "concert_not_open")
    assert_problem(ask_token(stack, concert), "concert_not_open")
    assert stack.call("DELETE", "/token", headers={"X-Queue-Token": token}).status == 204
    assert ok(stack.get("/token", **{"X-Queue-Token": waiting["token"]}))["status"] == "waiting"
    window.change(endsAt=instant(600))
    assert ok(stack.get("/token", **{"X-Queue-Token": waiting["token"]}))["status"] == "active"


def test_the_edges_of_a_window(stack, concert):
    window = Window(stack, concert, starts=600, ends=1200)
    assert_problem(ask(stack, concert), "concert_not_open")
    window.change(startsAt=instant(-2))
    assert ask(stack, concert).status == 200
    window.change(endsAt=instant(-1))
    assert_problem(ask(stack, concert, seats=2), "concert_not_open")
    assert_problem(ask_token(stack, concert), "concert_not_open")
    allow(stack, concert, opensAt=instant(-1))
    assert ok(ask(stack, concert, seats=2, code=""))["status"] == "held"  # open to all, whatever the code
    assert ask(stack, concert, seats=3, code="no such code").status == 200
    assert window.counts == (1, 0)


def test_an_order_stays_valid_after_its_window(stack, concert):
    window = Window(stack, concert)
    user, other = new_user(), new_user()
    held, _ = buy(stack, concert, user, [1, 2])
    later = hold(stack, concert, user=other, seats=[3])
    token = ok(ask_token(stack, concert, other))["token"]
    window.change(endsAt=instant(-1))
    charge(stack, other, 1000)
    assert pay(stack, other, later["reservationId"], token)["status"] == "paid"
    assert window.counts == (0, 3)
    assert ok(stack.get(f"/reservation/{held['reservationId']}?userId={user}"))["status"] == "paid"


def test_a_hold_is_paid_without_a_token_where_none_is_given(stack, concert):
    window = Window(stack, concert)
    user = new_user()
    held = hold(stack, concert, user=user)
    charge(stack, user, 1000)
    window.change(endsAt=instant(-1))
    assert ok(ask_pay(stack, user, held["reservationId"], None))["status"] == "paid"


def test_two_windows_at_once(stack, concert):
    club = Window(stack, concert, quota=1, sections=["A"])
    single = Window(stack, concert, quota=2, codes="single")
    code, = single.make_codes(1)
    assert_problem(ask(stack, concert, seats=31), "seat_not_in_presale", seatIds=[31])
    hold(stack, concert, seats=1)
    assert_problem(ask(stack, concert, seats=2), "presale_sold_out")
    user = new_user()
    hold(stack, concert, user=user, seats=[31, 32], code=code)
    assert_problem(ask(stack, concert, user, seats=33, code=code), "presale_sold_out")
    assert (club.counts, single.counts) == ((1, 0), (2, 0))
    assert len(ok(stack.fresh(f"/concert/{concert.id}"))["presale"]) == 2


def test_a_code_is_good_in_its_window_alone(stack, concert):
    Window(stack, concert)
    Window(stack, concert, starts=700, ends=800, code="ANOTHER-CLUB")
    assert_problem(ask(stack, concert, code="ANOTHER-CLUB"), "code_invalid")
    other = scheduled(stack)
    Window(stack, other, code="THIRD-CLUB")
    assert_problem(ask(stack, concert, code="THIRD-CLUB"), "code_invalid")


# ---- quota


def test_a_quota_is_seats_held_and_paid(stack, concert):
    window = Window(stack, concert, quota=3)
    first = hold(stack, concert, seats=[1, 2])
    assert "1 seat is left" in assert_problem(ask(stack, concert, seats=[3, 4]), "presale_sold_out")["detail"]
    buy(stack, concert, new_user(), [3])
    assert window.counts == (2, 1)
    assert_problem(ask(stack, concert, seats=4), "presale_sold_out")
    assert_problem(ask_best(stack, concert, 1), "presale_sold_out")
    assert ask_token(stack, concert).status == 200  # who waits may have what comes back
    give_back(stack, first)
    assert window.counts == (0, 1)
    hold(stack, concert, seats=[4, 5])


def test_what_lapses_is_free_at_once(stack, concert):
    window = Window(stack, concert, quota=2)
    user = new_user()
    held = hold(stack, concert, user=user, seats=[1, 2])
    lapse(stack, held)
    assert window.counts == (0, 0)
    hold(stack, concert, seats=[1, 3])
    charge(stack, user, 2000)
    token = ok(ask_token(stack, concert, user))["token"]
    assert_problem(ask_pay(stack, user, held["reservationId"], token), "hold_expired")
    sweep(stack)
    assert window.counts == (2, 0)


def test_refunds_give_back(stack, concert):
    window = Window(stack, concert, quota=4)
    allow(stack, concert, seatReturns=True)
    user = new_user()
    held, _ = buy(stack, concert, user, [1, 2, 3, 4])
    path = f"/reservation/{held['reservationId']}?userId={user}"
    assert ok(stack.call("DELETE", f"{path}&seatIds=2,3"))["refundedAmount"] == 2000
    assert window.counts == (0, 2)
    assert ok(stack.call("DELETE", path))["refundedAmount"] == 2000
    assert window.counts == (0, 0) and balance(stack, user) == 4000
    held = hold(stack, concert, user=user, seats=[1, 2, 3])
    ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}&seatIds=2"))
    assert window.counts == (2, 0)
    refund = {"reason": "Why"}
    bought, _ = buy(stack, concert, new_user(), [4, 5])
    ok(stack.post(f"/admin/reservation/{bought['reservationId']}/refund", refund, **stack.admin_headers()))
    assert window.counts == (2, 0)


def test_a_transferred_order_keeps_its_seats_of_the_quota(stack, concert):
    window = Window(stack, concert, quota=2, codes="single")
    allow(stack, concert, transfers=True)
    giver, friend = new_user(), new_user()
    held, _ = buy(stack, concert, giver, [1, 2], code=window.make_codes(1)[0])
    offer = ok(stack.post(f"/reservation/{held['reservationId']}/transfer", {"userId": giver, "toUserId": friend}))
    ok(stack.post(f"/transfer/{offer['transferId']}/accept", {"userId": friend}))
    assert window.counts == (0, 2)
    ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={friend}"))
    assert window.counts == (0, 0) and balance(stack, giver) == 2000


def test_a_cancelled_concert_gives_all_back(stack, concert):
    window = Window(stack, concert)
    hold(stack, concert, seats=1)
    buy(stack, concert, new_user(), [2])
    ok(stack.post(f"/admin/concert/{concert.id}/cancel", {"reason": "Why"}, **stack.admin_headers()))
    sweep(stack)
    assert window.counts == (0, 0)


def test_seats_of_a_user(stack, concert):
    Window(stack, concert, quota=20, maxSeatsPerUser=2)
    user = new_user()
    assert "has 0 already" in assert_problem(ask(stack, concert, user, [1, 2, 3]), "seat_limit_reached")["detail"]
    held = hold(stack, concert, user=user, seats=[1, 2])
    assert_problem(ask(stack, concert, user, 3), "seat_limit_reached")
    give_back(stack, held)
    buy(stack, concert, user, [1])
    hold(stack, concert, user=user, seats=[3])
    assert_problem(ask(stack, concert, user, 4), "seat_limit_reached")
    allow(stack, concert, maxSeatsPerUser=1)
    assert_problem(ask(stack, concert, new_user(), [4, 5]), "seat_limit_reached")  # the concert's own


def test_seats_of_a_user_are_exact_in_a_rush(stack):
    concert = scheduled(stack, maxSeatsPerUser=None)
    window = Window(stack, concert, quota=20, maxSeatsPerUser=3)
    user = new_user()
    asked = rush(stack, [lambda client, seat=seat: ask(client, concert, user, seat) for seat in range(1, 25)])
    assert asked.codes == {"": 3, "seat_limit_reached": 21} and window.counts == (3, 0)


def test_sections(stack):
    concert = scheduled(stack, ("A", "1", 4, 3000), ("B", "1", 4, 2000), ("C", "1", 4, 1000), ("AB", "1", 4, 9000))
    Window(stack, concert, sections=["B", "C"])
    assert_problem(ask(stack, concert, seats=[4, 5]), "seat_not_in_presale", seatIds=[4])
    assert_problem(ask(stack, concert, seats=[13, 14]), "seat_not_in_presale", seatIds=[13, 14])
    best = [seat["seatId"] for seat in ok(ask_best(stack, concert, 2))["seats"]]
    assert best == [5, 6]
    assert [seat["seatId"] for seat in ok(ask_best(stack, concert, 2, section="C"))["seats"]] == [9, 10]
    assert_problem(ask_best(stack, concert, 1, section="A"), "seats_not_available")
    ok(ask_best(stack, concert, 2))
    ok(ask_best(stack, concert, 2))
    assert_problem(ask_best(stack, concert, 1), "seats_not_available")


def test_what_is_left_of_a_window_is_no_news_to_others(stack):
    """That nothing is left of some sections is not remembered of the hall."""
    concert = scheduled(stack, ("A", "1", 2, 3000), ("B", "1", 2, 2000))
    Window(stack, concert, sections=["B"])
    Window(stack, concert, code="ALL-OF-THE-HALL")
    ok(ask_best(stack, concert, 2))
    assert_problem(ask_best(stack, concert, 1), "seats_not_available")
    assert [seat["seatId"] for seat in ok(ask_best(stack, concert, 1, code="ALL-OF-THE-HALL"))["seats"]] == [1]


def test_nobody_swaps_before_the_opening(stack, concert):
    Window(stack, concert, sections=["A"])
    allow(stack, concert, swaps=True)
    held = hold(stack, concert, seats=[1])
    body = {"userId": held["userId"], "seatIds": [1], "toSeatIds": [31]}
    assert_problem(stack.post(f"/reservation/{held['reservationId']}/swap", body), "concert_not_open")


# ---- codes


def test_single_codes_are_bound_and_used_up(stack, concert):
    window = Window(stack, concert, codes="single")
    codes = window.make_codes(3)
    owner, other = new_user(), new_user()
    held = hold(stack, concert, user=owner, seats=1, code=codes[0])
    assert "another user" in assert_problem(ask(stack, concert, other, 2, codes[0]), "code_invalid")["detail"]
    assert_problem(ask_token(stack, concert, other, codes[0]), "code_invalid")
    lapse(stack, held)
    assert_problem(ask(stack, concert, other, 2, codes[0]), "code_invalid")  # a lapse does not unbind it
    held = hold(stack, concert, user=owner, seats=[2, 3], code=codes[0])
    give_back(stack, held)
    held, _ = buy(stack, concert, owner, [4], code=codes[0].replace("-", "").lower())
    assert "used up" in assert_problem(ask(stack, concert, owner, 5, codes[0]), "code_invalid")["detail"]
    give_back(stack, held)  # a refund gives the seat back, and not the code
    assert_problem(ask(stack, concert, owner, 5, codes[0]), "code_invalid")
    assert ok(ask_token(stack, concert, other, codes[1]))["userId"] == other  # a token binds as well
    assert_problem(ask(stack, concert, owner, 5, codes[1]), "code_invalid")
    seen = window.see()
    assert (seen["codeCount"], seen["boundCodeCount"], seen["usedCodeCount"]) == (3, 2, 1)


def test_what_was_held_before_a_code_is_used_up_can_be_paid(stack, concert):
    window = Window(stack, concert, codes="single")
    code, = window.make_codes(1)
    user = new_user()
    first, second = (hold(stack, concert, user=user, seats=seat, code=code) for seat in (1, 2))
    token = ok(ask_token(stack, concert, user, code))["token"]
    charge(stack, user, 2000)
    pay(stack, user, first["reservationId"], token)
    pay(stack, user, second["reservationId"], token)
    assert window.counts == (0, 2)


def test_a_refused_hold_binds_nothing(stack, concert):
    window = Window(stack, concert, codes="single", maxSeatsPerUser=1)
    code, = window.make_codes(1)
    assert_problem(ask(stack, concert, new_user(), [1, 2], code), "seat_limit_reached")
    assert window.see()["boundCodeCount"] == 0
    hold(stack, concert, seats=1, code=code)


def test_100_users_with_one_code(stack, concert):
    window = Window(stack, concert, codes="single", quota=30)
    code, = window.make_codes(1)
    asked = rush(stack, [lambda client, seat=seat: ask(client, concert, new_user(), seat % 30 + 1, code)
                         if seat % 2 else ask_token(client, concert, new_user(), code) for seat in range(100)])
    assert asked.codes == {"": 1, "code_invalid": 99}
    assert window.see()["boundCodeCount"] == 1


def test_no_code_is_stored(stack, concert):
    window = Window(stack, concert, codes="single")
    Window(stack, concert)
    codes = window.make_codes(2, **{"Idempotency-Key": "stored?"})
    hold(stack, concert, seats=1, code=codes[0])
    needles = [CODE, CODE.upper(), "FANCLUB2", *codes, *[code.replace("-", "") for code in codes]]
    for row in stack.query("SELECT table_name AS t, column_name AS c FROM information_schema.columns"
                           " WHERE table_schema = DATABASE() AND data_type REGEXP 'char|text|binary|blob'"):
        for needle in needles:
            assert stack.query(f"SELECT COUNT(*) AS n FROM `{row['t']}` WHERE LOCATE(%s, `{row['c']}`) > 0",
                               needle) == [{"n": 0}], row


def test_codes_are_shown_again_to_who_repeats_the_call(stack, concert):
    window = Window(stack, concert, codes="single")
    key = {"Idempotency-Key": f"codes-{concert.id}"}
    codes = window.make_codes(50, **key)
    assert len(set(codes)) == 50
    again = stack.post(window.path + "/code", {"count": 50}, **stack.admin_headers(), **key)
    assert is_replayed(again) and again.json()["codes"] == codes
    assert window.see()["codeCount"] == 50
    assert_problem(stack.post(window.path + "/code", {"count": 51}, **stack.admin_headers(), **key),
                   "idempotency_key_reused")
    assert not set(codes) & set(window.make_codes(50))
    assert window.see()["codeCount"] == 100


def test_codes_are_shown_again_to_the_same_operators_key_alone(stack, concert):
    window = Window(stack, concert, codes="single")
    name, headers = f"op-{concert.id}", []
    for _ in range(2):
        made = stack.ctl("operator", "add", name, "--role", "manager")
        headers.append({"Authorization": f"Bearer {made.stdout.split()[-1]}", "Idempotency-Key": "same"})
        if len(headers) == 1:
            codes = ok(stack.post(window.path + "/code", {"count": 2}, **headers[0]))["codes"]
            assert ok(stack.post(window.path + "/code", {"count": 2}, **headers[0]))["codes"] == codes
            stack.ctl("operator", "revoke", name)
    assert_problem(stack.post(window.path + "/code", {"count": 2}, **headers[1]), "idempotency_key_reused")
    stack.query("DELETE FROM idempotency WHERE idempotency_key = 'same'")
    ok(stack.post(window.path + "/code", {"count": 2}, **headers[1]))
    stack.query("DELETE FROM idempotency WHERE idempotency_key = 'same'")
    assert_problem(stack.post(window.path + "/code", {"count": 2}, **headers[1]), "idempotency_key_reused")
    stack.ctl("operator", "revoke", name)


def test_an_erased_user_has_no_code(stack, concert):
    window = Window(stack, concert, codes="single")
    user = new_user()
    ok(ask_token(stack, concert, user, window.make_codes(1)[0]))
    assert stack.ctl("user", "erase", user, "--yes").returncode == 0
    assert stack.query("SELECT COUNT(*) AS n FROM presale_code WHERE user_id = %s", user) == [{"n": 0}]
    assert window.see()["boundCodeCount"] == 1


# ---- operators


def test_what_a_window_may_be(stack, concert):
    good = {"startsAt": instant(-60), "endsAt": instant(600), "quota": 1, "codes": "shared", "code": CODE}
    def asked(**members):
        body = {name: value for name, value in (good | members).items() if value != ...}
        return stack.post(ALL.format(concertId=concert.id), body, **stack.admin_headers())

    for field, value in [
        ("startsAt", ...), ("startsAt", None), ("endsAt", ...), ("quota", 0), ("quota", 100001), ("quota", ...),
        ("maxSeatsPerUser", 0), ("sections", []), ("sections", ["A"] * 33), ("sections", [""]), ("sections", [1]),
        ("sections", "A"), ("sections", ["A\nB"]), ("codes", ...), ("codes", "both"), ("code", ...), ("code", "SHORT-7"),
        ("code", "A" * 65), ("code", "PASSWORD!"), ("code", None), ("endsAt", instant(3700)), ("endsAt", instant(-60)),
    ]:
        assert_problem(asked(**{field: value}), "invalid_field", field=field)
    assert_problem(asked(codes="single"), "invalid_field", field="code")
    assert stack.query("SELECT COUNT(*) AS n FROM presale WHERE concert_id = %s", concert.id) == [{"n": 0}]
    nowhere = stack.post(ALL.format(concertId=2**31 - 1), good, **stack.admin_headers())
    assert_problem(nowhere, "concert_not_found")
    always = Hall(stack, ("A", "1", 1, 1))
    assert_problem(stack.post(ALL.format(concertId=always.id), good, **stack.admin_headers()), "invalid_field", field="endsAt")
    drawn = scheduled(stack, admissionCapacity=1)
    allow(stack, drawn, draw=True)
    assert_problem(stack.post(ALL.format(concertId=drawn.id), good, **stack.admin_headers()), "not_offered")


def test_a_concert_has_12_windows(stack, concert):
    for number in range(12):
        Window(stack, concert, starts=60 * number, ends=60 * number + 60)
    body = {"startsAt": instant(0), "endsAt": instant(9), "quota": 1, "codes": "single"}
    answer = stack.post(ALL.format(concertId=concert.id), body, **stack.admin_headers())
    assert_problem(answer, "invalid_field", field="startsAt")
    assert len(ok(stack.fresh(f"/concert/{concert.id}"))["presale"]) == 12


def test_the_opening_stays_behind_the_windows(stack, concert):
    Window(stack, concert, ends=600)
    for change in ({"opensAt": instant(300)}, {"opensAt": None}, {"draw": True, "admissionCapacity": 1}):
        answer = stack.call("PATCH", f"/admin/concert/{concert.id}", change, stack.admin_headers())
        assert_problem(answer, "invalid_field", field=next(iter(change)))
    allow(stack, concert, opensAt=instant(900))


def test_a_window_is_changed(stack, concert):
    window = Window(stack, concert, quota=4, maxSeatsPerUser=2)
    hold(stack, concert, seats=[1, 2])
    assert_problem(window.ask_change(quota=1), "presale_in_use")
    assert window.change(quota=2)["quota"] == 2 and window.counts == (2, 0)
    assert_problem(ask(stack, concert, seats=3), "presale_sold_out")
    changed = window.change(quota=5, maxSeatsPerUser=None, sections=["B"], code="ANOTHER-CLUB")
    assert (changed["quota"], changed["maxSeatsPerUser"], changed["sections"]) == (5, None, ["B"])
    assert_problem(ask(stack, concert, seats=31), "code_invalid")
    hold(stack, concert, seats=[31, 32, 33], code="ANOTHER-CLUB")
    assert window.change(sections=None)["sections"] is None
    for field, value in [("codes", "shared"), ("quota", 0), ("endsAt", instant(-61)), ("code", "x"), ("sections", {})]:
        assert_problem(window.ask_change(**{field: value}), "invalid_field", field=field)
    assert_problem(stack.call("PATCH", f"/admin/concert/{concert.id}/presale/{2**31 - 1}", {}, stack.admin_headers()),
                   "presale_not_found")
    assert_problem(stack.call("PATCH", f"/admin/concert/{scheduled(stack).id}/presale/{window.id}", {},
                              stack.admin_headers()), "presale_not_found")
    single = Window(stack, concert, codes="single")
    assert_problem(single.ask_change(code=CODE), "invalid_field", field="code")
    assert_problem(stack.post(window.path + "/code", {"count": 1}, **stack.admin_headers()), "not_offered")


def test_a_window_is_removed_before_anybody_had_seats(stack, concert):
    window, used = Window(stack, concert, codes="single"), Window(stack, concert)
    window.make_codes(3)
    answer = stack.call("DELETE", window.path, None, stack.admin_headers())
    assert openapi.assert_answer(answer, "DELETE", ONE)["presaleId"] == window.id
    for table in ("presale", "presale_slot", "presale_code"):
        assert stack.query(f"SELECT COUNT(*) AS n FROM {table} WHERE presale_id = %s", window.id) == [{"n": 0}]
    assert_problem(stack.call("DELETE", window.path, None, stack.admin_headers()), "presale_not_found")
    give_back(stack, hold(stack, concert))
    assert_problem(stack.call("DELETE", used.path, None, stack.admin_headers()), "presale_in_use")
    assert len(ok(stack.fresh(f"/concert/{concert.id}"))["presale"]) == 1


def test_changes_are_logged_without_codes(stack, concert):
    window = Window(stack, concert, codes="single", quota=3)
    window.make_codes(2)
    window.change(quota=4)
    stack.call("DELETE", window.path, None, stack.admin_headers())
    rows = ok(stack.call("GET", f"/admin/log?concertId={concert.id}", None, stack.admin_headers()))["log"]
    assert [row["action"] for row in rows][:4] == ["presale delete", "presale change", "presale codes", "presale create"]
    assert (rows[1]["before"]["quota"], rows[1]["after"]["quota"]) == (3, 4)
    assert rows[2]["after"] == {"presaleId": window.id, "count": 2}


def test_a_repeated_call_makes_one_window(stack, concert):
    body = {"startsAt": instant(-60), "endsAt": instant(600), "quota": 5, "codes": "shared", "code": CODE}
    headers = stack.admin_headers() | {"Idempotency-Key": f"window-{concert.id}"}
    first, again = (stack.post(ALL.format(concertId=concert.id), body, **headers) for _ in range(2))
    assert is_replayed(again) and again.body == first.body
    assert stack.query("SELECT COUNT(*) AS n FROM presale WHERE concert_id = %s", concert.id) == [{"n": 1}]


# ---- frontrowctl


def test_frontrowctl_makes_and_lists_windows(stack, concert, tmp_path):
    draft = tmp_path / "window.json"
    draft.write_text(json.dumps({"startsAt": instant(-60), "endsAt": instant(600), "quota": 3, "codes": "single"}))
    made = stack.ctl("presale", "create", str(concert.id), str(draft))
    assert made.returncode == 0, made.stderr
    window = json.loads(made.stdout)["presaleId"]
    codes = stack.ctl("presale", "codes", str(concert.id), str(window), "--count", "10001")
    lines = codes.stdout.replace('"', "").splitlines()
    assert codes.returncode == 0 and lines[0] == "\ufeffcode" and len(set(lines)) == 10002
    assert all(re.fullmatch("([A-Z2-7]{4}-){3}[A-Z2-7]{4}", line) for line in lines[1:])
    buy(stack, concert, new_user(), [1], code=lines[10001])
    hold(stack, concert, seats=[2], code=lines[1])
    more = stack.ctl("presale", "codes", str(concert.id), str(window), "--count", "2", "--format", "ndjson")
    assert all(json.loads(line)["code"] not in lines for line in more.stdout.splitlines()) and len(more.stdout) > 40
    listed = stack.ctl("presale", "list", str(concert.id)).stdout.splitlines()
    assert listed[1].split()[0] == str(window) and listed[1].split()[3:] == ["3", "1", "1", "10003", "2", "1"]
    refused = stack.ctl("presale", "delete", str(concert.id), str(window))
    assert refused.returncode == 1 and "endsAt" in refused.stderr
    unused = Window(stack, concert)
    assert stack.ctl("presale", "codes", str(concert.id), str(unused.id), "--count", "1").returncode == 1
    assert stack.ctl("presale", "delete", str(concert.id), str(unused.id)).returncode == 0
    for wrong in (["codes", str(concert.id), str(window)], ["codes", str(concert.id), "x", "--count", "1"],
                  ["codes", str(concert.id), str(window), "--count", "0"], ["create", "x", str(draft)], ["list", "0"],
                  ["codes", str(concert.id), str(window), "--count", "1", "--format", "xml"]):
        assert stack.ctl("presale", *wrong).returncode == 2, wrong
    assert stack.ctl("presale", "create", str(concert.id), "/dev/null").returncode == 1


# ---- a rush


@pytest.mark.parametrize("count", [1, 4])
def test_300_clients_on_a_quota_of_60(stack, count):
    """Seats enough for all, and a quota that is sold to the last one, and no further."""
    concert = scheduled(stack, ("A", "1", 1300, 1000))
    window = Window(stack, concert, quota=60)
    asked = rush(stack, [lambda client, at=at: ask(client, concert, seats=list(range(count * at + 1, count * at + 1 + count)))
                         for at in range(300)])
    assert asked.codes == {"": 60 // count, "presale_sold_out": 300 - 60 // count}
    assert window.counts == (60, 0)


def test_300_clients_buy_and_give_back(stack):
    """Whatever they do, the window has as many as are held and paid, and ends full."""
    concert = scheduled(stack, ("A", "1", 700, 0))
    window = Window(stack, concert, quota=60)

    def live(number):
        def run(client):
            user = new_user()
            answer = ask(client, concert, user, [2 * number + 1, 2 * number + 2])
            if answer.status == 200 and number % 3 == 0:
                client.call("DELETE", f"/reservation/{answer.json()['reservationId']}?userId={user}")
            elif answer.status == 200 and number % 3 == 1:
                token = ask_token(client, concert, user)
                if token.status == 200:
                    ask_pay(client, user, answer.json()["reservationId"], token.json()["token"])
            return answer.code

        return run

    codes = together(stack, [live(number) for number in range(300)])
    assert set(codes) <= {"", "presale_sold_out", "busy"}
    held, paid = window.counts
    assert held + paid <= 60
    rows = stack.query("SELECT SUM(seat_count) AS n FROM reservation WHERE presale_id = %s AND status IN ('held', 'paid')",
                       window.id)
    assert int(rows[0]["n"]) == held + paid
    left = 60 - held - paid
    asked = rush(stack, [lambda client, seat=seat: ask(client, concert, seats=601 + seat) for seat in range(90)])
    assert +asked.codes == +collections.Counter({"": left, "presale_sold_out": 90 - left})
    assert sum(window.counts) == 60
