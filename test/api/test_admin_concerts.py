"""GET /admin/concert: all concerts, closed ones too, with what was sold of each."""

import openapi
import pytest
from helpers import NOTHING_APART, assert_problem, buy, new_concert, new_user, ok, reserve

pytestmark = pytest.mark.usefixtures("audited")


def ask(stack, query=""):
    return stack.get(f"/admin/concert{query}", **stack.admin_headers())


def read(stack, query=""):
    return openapi.assert_answer(ask(stack, query), "GET", "/admin/concert")


def ids(page):
    return [row["concertId"] for row in page["concerts"]]


@pytest.fixture(scope="module")
def word():
    """One that stands in no other title."""
    return new_user("word").replace("-", "")


@pytest.fixture(scope="module")
def concerts(stack, word):
    """One of each status, the newest first."""
    hour = "UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"
    made = {
        "scheduled": new_concert(stack, title=f"{word} one", opens=hour),
        "open": new_concert(stack, title=f"two {word}", items=2, seats=20, price=700),
        "closed": new_concert(stack, title=word, status="closed"),
        "cancelled": new_concert(stack, title=word, status="cancelled"),
        "over": new_concert(stack, title=f"{word} 100% _", days=-3),
        "empty": new_concert(stack, title=word, items=0),
    }
    return dict(reversed(made.items()))


def test_all_of_them_newest_first(stack, concerts, word):
    page = read(stack, f"?q={word}")
    assert ids(page) == [concert.id for concert in concerts.values()] and page["next"] is None
    assert [row["status"] for row in page["concerts"]] == ["open", "closed", "cancelled", "closed", "open", "scheduled"]
    everything, before = [], 1 << 31
    while before:
        page = read(stack, f"?limit=100&before={before}")
        everything += ids(page)
        before = page["next"]
    assert everything == sorted(everything, reverse=True) and {1, 2, 3, 4, 5} < set(everything)


@pytest.mark.parametrize("status, names", [
    ("scheduled", ["scheduled"]), ("open", ["empty", "open"]), ("closed", ["over", "closed"]), ("cancelled", ["cancelled"]),
])
def test_by_status_as_it_is_shown(stack, concerts, word, status, names):
    assert ids(read(stack, f"?status={status}&q={word}")) == [concerts[name].id for name in names]


def test_pages(stack, concerts, word):
    for query in (f"?q={word}&limit=2", f"?q={word}&limit=1&status=open"):
        walked, before = [], ""
        while before is not None:
            page = read(stack, f"{query}{before}")
            assert len(page["concerts"]) == (1 if "status" in query else 2)
            walked += ids(page)
            before = page["next"] and f"&before={page['next']}"
        assert walked == [concert.id for name, concert in concerts.items() if "status" not in query or name in ("empty", "open")]
    assert read(stack, f"?q={word}&before=1") | {"now": ""} == {"concerts": [], "next": None, "now": ""}


def test_words_in_title_and_venue(stack, concerts, word):
    """In any case; what SQL knows as a pattern is none."""
    assert len(ids(read(stack, f"?q={word.upper()}"))) == 6
    assert ids(read(stack, "?q=100%25%20_")) == [concerts["over"].id]
    assert ids(read(stack, "?q=%25_%25")) == []
    stack.query("UPDATE concert SET venue = %s WHERE concert_id = %s", f"Haus {word}!", concerts["open"].id)
    assert ids(read(stack, f"?q={word}!")) == [concerts["open"].id]
    assert 2 in ids(read(stack, "?q=%EB%B3%84%EB%B9%9B&limit=100"))
    for text in ("'", "\\", '"', "%", "\U0001f3ab", "x" * 60, "가" * 60):
        ok(stack.get("/admin/concert?q=" + "".join(f"%{byte:02x}" for byte in text.encode()), **stack.admin_headers()))


def test_what_is_told_of_one(stack, concerts, word):
    """The same as buyers and GET /admin/concert/{id} see, and at once."""
    concert = concerts["open"]
    buy(stack, new_user(), concert, item=concert.items[0], seats=[1, 2])
    reserve(stack, new_user(), concert, concert.items[1], [5])
    stack.query("UPDATE seat SET blocked = 1 WHERE item_id = %s AND seat_no = 20", concert.items[1])
    row = next(row for row in read(stack, f"?q={word}")["concerts"] if row["concertId"] == concert.id)
    assert row["sales"] == {"seatCount": 40, "available": 36, "held": 1, "sold": 2, "blocked": 1, "revenue": 1400} | NOTHING_APART
    assert row["sales"] == ok(stack.get(f"/admin/concert/{concert.id}", **stack.admin_headers()))["sales"]
    shown = ok(stack.fresh(concert.path))
    common = set(row) & set(shown)
    assert {name: row[name] for name in common} == {name: shown[name] for name in common}
    assert {"title", "firstDate", "lastDate", "lastStartsAt", "minPrice", "status"} < common
    empty = next(row for row in read(stack, f"?q={word}")["concerts"] if row["itemCount"] == 0)
    assert empty["firstDate"] is empty["minPrice"] is empty["lastStartsAt"] is None
    assert empty["sales"] == dict.fromkeys(("seatCount", "available", "held", "sold", "blocked", "revenue"), 0) | NOTHING_APART


def test_counts_of_large_halls_are_remembered(new_stack):
    """And say when they were counted: the second list asks MySQL for none of them."""
    stack = new_stack(workers=1)
    seats = [{"from": 1, "to": 100_000, "price": 1}]
    body = {"title": "Large", "venue": "V", "items": [{"date": "2031-05-01", "startsAt": "2031-05-01T10:00:00Z", "seats": seats}]}
    for _ in range(10):
        ok(stack.post("/admin/concert", body, **stack.admin_headers()))
    executed = lambda: int(stack.query("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'")[0]["Value"])
    statements, pages = [], []
    for _ in range(2):
        before = executed()
        pages.append(read(stack, "?q=Large"))
        statements.append(executed() - before)
    assert statements == [12, 2]
    first, second = ([row["countedAt"] for row in page["concerts"]] for page in pages)
    assert all(then <= page["now"] for page, told in zip(pages, (first, second)) for then in told)
    assert max(second) < pages[1]["now"]


@pytest.mark.parametrize("field, value", [
    ("status", "other"), ("status", "open%7Cclosed"), ("status", "OPEN"), ("status", "1"), ("q", "x" * 61), ("q", ""),
    ("limit", "0"), ("limit", "101"), ("before", "0"), ("before", "-1"),
])
def test_bad_parameters(stack, field, value):
    assert_problem(ask(stack, f"?{field}={value}"), "invalid_field", field=field)
    assert_problem(stack.get(f"/admin/concert?{field}={value}"), "unauthorized")


def test_a_status_of_a_newer_build(new_stack):
    stack = new_stack(workers=1)
    stack.query("ALTER TABLE concert MODIFY status ENUM ('closed', 'open', 'cancelled', 'later') NOT NULL")
    stack.query("UPDATE concert SET status = 'later' WHERE concert_id = 1")
    assert [row["status"] for row in read(stack)["concerts"] if row["concertId"] == 1] == ["other"]
    assert 1 not in sum((ids(read(stack, f"?status={status}")) for status in ("scheduled", "open", "closed", "cancelled")), [])
