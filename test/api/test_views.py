"""The seats of an item in three forms: the list, the compact view and the layout."""

import base64
import gzip
import random

import pytest

from helpers import age_hold, assert_problem, buy, new_concert, new_user, ok, reserve

pytestmark = pytest.mark.usefixtures("audited")

STATUSES = ["available", "held", "sold"]
YEAR = "public, max-age=31536000, immutable"


def path_of(concert, form):
    return f"{concert.path}/item/{concert.item}/{form}"


def fresh(stack, path):
    """The answer, past the cache."""
    return ok(stack.fresh(path))


def seats(stack, concert):
    return fresh(stack, path_of(concert, "seat"))


def compact(stack, concert):
    return fresh(stack, path_of(concert, "seat?view=compact"))


def layout(stack, concert):
    return fresh(stack, path_of(concert, "layout"))


def decode(got, count):
    """The statuses of a compact view."""
    data = base64.b64decode(got["seats"], validate=True)
    assert len(data) == (count + 3) // 4, "two bits a seat, and no more than the last byte's rest"
    codes = [data[at // 4] >> at % 4 * 2 & 3 for at in range(len(data) * 4)]
    assert not any(codes[count:])
    return [STATUSES[code] for code in codes[:count]]


def make(stack, ranges, **settings):
    """A concert by /admin/concert; what the helpers ask of one."""
    item = {"date": "2031-05-01", "startsAt": "2031-05-01T10:00:00Z", "seats": ranges}
    body = {"title": "Views", "venue": "Here", "status": "open", "items": [item]} | settings
    made = ok(stack.post("/admin/concert", body, **stack.admin_headers()))

    class Made:
        id = made["concertId"]
        item = made["itemIds"][0]
        path = f"/concert/{made['concertId']}"

    return Made


# ---- the compact view


def test_what_moves(stack):
    """Held, lapsed, sold, refunded and blocked ones, as the list shows them."""
    concert = new_concert(stack, seats=13)
    item, user = concert.item, new_user()
    reserve(stack, new_user(), concert, item, [1, 4, 13])
    lapsed = reserve(stack, new_user(), concert, item, [2, 12])
    age_hold(stack, lapsed["reservationId"], 301)
    buy(stack, new_user(), concert, item=item, seats=[3, 5])
    refunded = buy(stack, user, concert, item=item, seats=6)[0]
    ok(stack.call("DELETE", f"/reservation/{refunded['reservationId']}?userId={user}"))
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no IN (7, 11)", item)
    expected = ["available"] * 13
    for seat, status in {1: 1, 4: 1, 13: 1, 3: 2, 5: 2, 7: 2, 11: 2}.items():
        expected[seat - 1] = STATUSES[status]
    assert [seat["status"] for seat in seats(stack, concert)["seats"]] == expected
    assert decode(compact(stack, concert), 13) == expected


@pytest.mark.parametrize("count", range(1, 10))
def test_every_rest_of_four(stack, count):
    """By the layout's order, where numbers have gaps and do not begin at 1."""
    concert = make(stack, [{"from": 7 + 3 * n, "to": 7 + 3 * n, "price": 1} for n in range(count)])
    last = 7 + 3 * (count - 1)
    stack.post("/reservation", {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "seatId": last})
    assert [seat["seatId"] for seat in layout(stack, concert)["seats"]] == list(range(7, last + 1, 3))
    assert decode(compact(stack, concert), count) == ["available"] * (count - 1) + ["held"]


def test_a_large_hall(stack):
    """Bits and list agree on 20,000 seats of all sorts."""
    count = 20_000
    rows = [{"from": n, "to": n + 49, "price": 5, "row": str(n // 50), "blocked": n % 7 == 0}
            for n in range(1, count, 50)]
    concert = make(stack, rows)
    for seat in random.sample([n for n in range(1, count) if (n - 1) // 50 * 50 % 7 != 6], 20):
        ok(stack.post("/reservation",
                      {"userId": new_user(), "concertId": concert.id, "itemId": concert.item, "seatId": seat}))
    listed = [seat["status"] for seat in seats(stack, concert)["seats"]]
    assert len(listed) == count and listed.count("held") == 20
    got = compact(stack, concert)
    assert decode(got, count) == listed
    assert len(got["seats"]) < 7000


def test_version_is_of_the_content(stack):
    """Equal is the same: also after a hold that was given back."""
    concert, user = new_concert(stack, seats=5), new_user()
    for view in (seats, compact):
        empty = view(stack, concert)
        assert view(stack, concert)["version"] == empty["version"]
        held = reserve(stack, user, concert, concert.item, 2)
        assert view(stack, concert)["version"] != empty["version"]
        ok(stack.call("DELETE", f"/reservation/{held['reservationId']}?userId={user}"))
        again = view(stack, concert)
        assert again["version"] == empty["version"] and again["seats"] == empty["seats"]
        assert again["now"] > empty["now"]


@pytest.mark.parametrize("query", ["view=", "view=full", "view=compact&view=compact", "view=COMPACT", "view"])
def test_other_views(stack, query):
    assert_problem(stack.get(f"/concert/1/item/1/seat?{query}"), "invalid_field", field="view")


# ---- the layout


def test_names_and_places(stack):
    """As they were given, whatever characters they have; by seatId."""
    strange = ['"', "\\", "</script>", "\n\t\x01", "한 \U0001f3b5", "a" * 32, " ", "\x7f", "'; --", "\u2028"]
    concert = make(stack, [
        {"from": 100 - n, "to": 100 - n, "price": n, "section": text, "row": text[::-1], "x": -n, "y": n * 3}
        for n, text in enumerate(strange)])
    got = layout(stack, concert)
    assert got["itemId"] == concert.item
    assert got["seats"] == [
        {"seatId": 100 - n, "section": strange[n], "row": strange[n][::-1], "label": str(100 - n), "price": n,
         "x": -n, "y": n * 3} for n in reversed(range(len(strange)))]
    listed = seats(stack, concert)["seats"]
    assert [seat | {"status": None} for seat in listed] == [
        {name: seat[name] for name in ("seatId", "section", "row", "label", "price")} | {"status": None}
        for seat in got["seats"]]


def test_it_does_not_move(stack):
    """Whatever is held, sold or changed of the concert: same version, same tag, same bytes."""
    concert = make(stack, [{"from": 1, "to": 9, "price": 1}])
    path = path_of(concert, "layout")
    before = stack.fresh(path)
    reserve(stack, new_user(), concert, concert.item, 1)
    buy(stack, new_user(), concert, item=concert.item, seats=[2, 3])
    changes = {"title": "Other", "holdSeconds": 5}
    ok(stack.call("PATCH", f"/admin/concert/{concert.id}", changes, stack.admin_headers()))
    after = stack.fresh(path)
    assert (after.body, after.headers["ETag"]) == (before.body, before.headers["ETag"])
    assert compact(stack, concert)["layoutVersion"] == before.json()["layoutVersion"]


def test_each_layout_has_another_version(stack):
    """Whatever differs, and where nothing does: what was kept of a hall is never taken for another's."""
    plain = {"from": 1, "to": 5, "price": 5}
    others = [{"section": "B"}, {"row": "2"}, {"firstLabel": 2}, {"price": 6}, {"x": 0}, {"y": 0}, {"to": 6},
              {"from": 2}, {"x": 0, "y": 0}]
    versions = [layout(stack, make(stack, [plain | other]))["layoutVersion"] for other in [{}, {}] + others]
    assert len(set(versions)) == len(versions), versions


def test_it_is_small_on_the_wire(stack):
    """Compressed for who takes that; whoever asked first, the others get it as they want it."""
    concert = make(stack, [{"from": 1 + 100 * row, "to": 100 + 100 * row, "price": 5, "row": str(row), "x": 0, "y": row}
                           for row in range(50)])
    path = path_of(concert, "layout")
    version = compact(stack, concert)["layoutVersion"]
    for query in (f"?v={version}", ""):
        packed, plain, again = (
            stack.get(path + query, **headers)
            for headers in ({"Accept-Encoding": "br, gzip"}, {}, {"Accept-Encoding": "gzip", "Via": "1.1 gateway"})
        )
        assert gzip.decompress(packed.body) == plain.body and again.body == packed.body
        assert len(plain.json()["seats"]) == 5000 and len(packed.body) < len(plain.body) / 8
        assert (packed.headers["Content-Encoding"], plain.headers["Content-Encoding"]) == ("gzip", None)
        assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
        for answer, headers in ((packed, {"Accept-Encoding": "gzip"}), (plain, {"Accept-Encoding": "gzip;q=0"}),
                                (plain, {"Accept-Encoding": "br, gzip ; q=0.00"})):
            tag = answer.headers["ETag"]
            assert stack.get(path + query, **headers, **{"If-None-Match": tag}).status == 304
        assert packed.headers["ETag"] != plain.headers["ETag"]  # other bytes


def test_by_its_version_it_is_kept_for_a_year(stack):
    concert = make(stack, [{"from": 1, "to": 4, "price": 1}])
    path = path_of(concert, "layout")
    got = layout(stack, concert)
    version = got["layoutVersion"]
    for _ in range(3):
        answer = stack.get(f"{path}?v={version}")
        assert (answer.status, answer.headers["Cache-Control"]) == (200, YEAR)
        assert answer.json() == got
    again = stack.get(f"{path}?v={version}", **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["Cache-Control"] == YEAR


@pytest.mark.parametrize("query", ["", "?v=x", "?v=00000000", "?V={version}", "?v={version}&x=1"])
def test_otherwise_it_is_asked_for_again(stack, query):
    """Another version, none, or not exactly this one argument. (The last comes from a worker, by its version.)"""
    concert = make(stack, [{"from": 1, "to": 4, "price": 1}])
    got = layout(stack, concert)
    answer = stack.get(path_of(concert, "layout") + query.format(version=got["layoutVersion"]))
    assert answer.json() == got
    assert ("immutable" in answer.headers["Cache-Control"]) == query.startswith("?v={")
    again = stack.get(path_of(concert, "layout"), **{"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize("query", ["v=", "v", "v=a&v=a", "v=%00", "v=" + "x" * 300])
def test_what_is_no_version(stack, query):
    assert_problem(stack.get(f"/concert/1/item/1/layout?{query}"), "invalid_field", field="v")


# ---- all three


def test_a_scheduled_concert_is_shown(stack):
    concert = new_concert(stack, opens="UTC_TIMESTAMP(3) + INTERVAL 1 HOUR", seats=3)
    assert decode(compact(stack, concert), 3) == ["available"] * 3
    assert len(seats(stack, concert)["seats"]) == len(layout(stack, concert)["seats"]) == 3


@pytest.mark.parametrize("form", ["seat", "seat?view=compact", "layout", "layout?v=x"])
def test_refusals(stack, form):
    """Closed, cancelled, and an item of another concert."""
    concert, other = new_concert(stack, seats=1), new_concert(stack, seats=1)
    for status in ("closed", "cancelled"):
        assert_problem(stack.get(path_of(new_concert(stack, status=status, seats=1), form)), "concert_not_open")
    concert.items = other.items
    assert_problem(stack.get(path_of(concert, form)), "item_not_found")
    assert_problem(stack.get(f"/concert/2000000000/item/1/{form}"), "concert_not_found")
