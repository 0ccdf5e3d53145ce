"""The three lists, page by page: newest first, `limit`, `before`, `next`, and users never seen."""

import pytest
from helpers import add_token, ask_pay, assert_problem, charge, new_concert, new_user, ok, reserve

pytestmark = pytest.mark.usefixtures("audited")

ROWS = 23
LISTS = {  # name of the list in the answer -> path, name of the id
    "reservations": ("/reservation", "reservationId"),
    "history": ("/point/history", "historyId"),
    "payments": ("/payment", "paymentId"),
}


@pytest.fixture(scope="module")
def fan(stack):
    """A user with 23 reservations, 23 payments and 24 rows in the ledger (one charge more)."""
    user = new_user()
    concert = new_concert(stack, seats=ROWS, price=10)
    charge(stack, user, 10 * ROWS)
    token = add_token(stack, user, concert)["token"]
    for _ in range(ROWS):
        held = reserve(stack, user, concert)
        ok(ask_pay(stack, user, held["reservationId"], token))
    return user


def read(stack, name, user, query=""):
    answer = ok(stack.get(f"{LISTS[name][0]}?userId={user}{query}"))
    assert list(answer) == [name, "next"]
    return [row[LISTS[name][1]] for row in answer[name]], answer["next"]


def rows_of(name):
    return ROWS + 1 if name == "history" else ROWS


@pytest.mark.parametrize("name", LISTS)
def test_twenty_at_first_newest_first(stack, fan, name):
    ids, next_id = read(stack, name, fan)
    assert len(ids) == 20
    assert ids == sorted(ids, reverse=True)
    rest, end = read(stack, name, fan, f"&before={next_id}")
    assert len(rest) == rows_of(name) - 20 and end is None
    assert rest == sorted(rest, reverse=True) and rest[0] < ids[-1]


@pytest.mark.parametrize("limit", [1, 7, 22, 23, 24, 100])
@pytest.mark.parametrize("name", LISTS)
def test_pages_make_the_whole(stack, fan, name, limit):
    whole, end = read(stack, name, fan, "&limit=100")
    assert len(whole) == rows_of(name) and end is None
    seen, query = [], f"&limit={limit}"
    while True:
        ids, next_id = read(stack, name, fan, query)
        assert len(ids) == min(limit, len(whole) - len(seen))
        seen += ids
        if next_id is None:
            break
        assert next_id == ids[-1], "before is exclusive: next is the last one that was shown"
        query = f"&limit={limit}&before={next_id}"
    assert seen == whole


@pytest.mark.parametrize("name", LISTS)
def test_the_last_page_that_is_full_says_so(stack, fan, name):
    ids, next_id = read(stack, name, fan, f"&limit={rows_of(name)}")
    assert len(ids) == rows_of(name) and next_id is None
    ids, next_id = read(stack, name, fan, f"&limit={rows_of(name) - 1}")
    assert len(ids) == rows_of(name) - 1 and next_id == ids[-1]


@pytest.mark.parametrize("name", LISTS)
def test_before_is_exclusive_and_need_not_exist(stack, fan, name):
    whole, _ = read(stack, name, fan, "&limit=100")
    assert read(stack, name, fan, f"&limit=100&before={whole[3]}")[0] == whole[4:]
    assert read(stack, name, fan, f"&limit=100&before={whole[3] + 1}")[0] == whole[3:]
    assert read(stack, name, fan, f"&before={whole[-1]}") == ([], None)
    assert read(stack, name, fan, "&before=1") == ([], None)
    assert read(stack, name, fan, "&limit=100&before=2147483647") == (whole, None)


@pytest.mark.parametrize("name", LISTS)
def test_a_user_never_seen(stack, name):
    assert read(stack, name, new_user()) == ([], None)


@pytest.mark.parametrize("name", LISTS)
def test_lists_hold_ones_own_only(stack, fan, name):
    """The ids around are other users'; User_1 and user_1 are two users."""
    assert read(stack, name, fan.upper()) == ([], None)
    other = new_user()
    charge(stack, other, 1)
    assert read(stack, name, fan)[0][0] == read(stack, name, fan, "&limit=1")[0][0]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query, field", [
    ("limit=0", "limit"), ("limit=101", "limit"), ("limit=-1", "limit"), ("limit=", "limit"),
    ("limit", "limit"),
    ("limit=x", "limit"), ("limit=1.0", "limit"), ("limit=1e1", "limit"), ("limit=01", "limit"),
    ("limit=%2B1", "limit"),
    ("limit=+1", "limit"), ("limit=1%20", "limit"), ("limit=0x1", "limit"), ("limit=5&limit=5", "limit"),
    ("limit=99999999999999999999", "limit"), ("limit=4294967297", "limit"), ("limit=%zz", "limit"),
    ("before=0", "before"), ("before=-1", "before"), ("before=9007199254740992", "before"), ("before=", "before"),
    ("before=null", "before"), ("before=5&before=4", "before"), ("before=%", "before"),
    ("before=1%00", "before"),
])
def test_bad_pages(stack, name, query, field):
    assert_problem(stack.get(f"{LISTS[name][0]}?userId=fan&{query}"), "invalid_field", field=field)
