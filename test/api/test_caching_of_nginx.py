"""Public GETs are kept by nginx for a second; everything else is exact."""

import contextlib
import math
import re
import time

import pytest
from helpers import assert_problem, new_concert
from stack import wait_for

SLACK = 0.05  # the machine's clock is the database's


def now_of(answer):
    """The answer's `now` in seconds since 1970."""
    assert answer.status == 200, answer
    text = answer.json()["now"]
    whole = time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    return time.mktime(whole) - time.timezone + float(text[19:-1])


def wait_for_a_fresh_second():
    """Two calls right after this are within one second of the clock."""
    time.sleep(1.02 - time.time() % 1)


PUBLIC = [
    "/concert", "/concert?date=2026-12-24", "/concert/1", "/concert/1/item", "/concert/1/item/1/seat",
]


def kept_for(took):
    """The most by which an answer is older than the question, by how long it took to make and to fetch it."""
    return max(1, math.ceil(20 * took)) + took + SLACK


def test_an_answer_is_kept_for_its_second_and_no_longer(stack):
    seen = {path: {} for path in PUBLIC}  # when each answer was made, and how long that took
    while min(map(len, seen.values())) < 3:
        for path, answers in seen.items():
            asked = time.time()  # the answer is not from before that, however long it takes to get here
            made = now_of(stack.get(path))
            assert asked - made <= kept_for(answers.setdefault(made, time.time() - asked)), path
        time.sleep(0.005)
    for path, answers in seen.items():
        assert len(set(map(int, answers))) == len(answers), f"{path}: two were made in one second"


SEATS, LAYOUT = "/concert/1/item/3/seat", "/concert/1/item/3/layout"


def calls_of_workers(stack):
    """How many public GETs they have answered so far."""
    public = r'^frontrow_requests_total\{.*route="/(?:concert|settings).* (\d+)$'
    return sum(map(int, re.findall(public, stack.get("/metrics").body.decode(), re.MULTILINE)))


@contextlib.contextmanager
def at_most(stack, count):
    """What is asked here comes to no more than so many calls of workers, and as many again for each second."""
    wait_for_a_fresh_second()
    before, began = calls_of_workers(stack), int(time.time())
    yield
    assert calls_of_workers(stack) - before <= count * (1 + int(time.time()) - began)


@pytest.mark.parametrize("path, mark", [
    ("/concert", "?"), ("/concert?date=2026-12-24", "&"), ("/concert/1", "?"), ("/concert/1/item", "?"),
    ("/concert/1/queue", "?"), ("/settings", "?"), (SEATS, "?"), (f"{SEATS}?view=compact", "&"), (LAYOUT, "?"),
])
def test_an_unknown_argument_makes_no_other_entry(stack, path, mark):
    """Nor does HEAD, and whatever it is called."""
    with at_most(stack, 1):
        kept = stack.get(path)
        for query in [f"x={number}" for number in range(10)] + ["x", "", "&&", "VIEW=compact&x=%80", "vv=1&dates=1"]:
            assert stack.get(path + mark + query).body == kept.body, query
            assert stack.call("HEAD", path + mark + query).headers["ETag"] == kept.headers["ETag"], query


@pytest.mark.parametrize("query", [
    "view=compact&x=1", "x=1&view=compact", "x&&view=compact&VIEW=x&y=%zz", "%76iew=compact", "view=com%70act",
    "%41=1&view=compact", "a" * 100 + "=1&view=compact",
])
def test_a_known_argument_counts_among_others_and_in_any_writing(stack, query):
    kept = stack.get(f"{SEATS}?view=compact")
    answer = stack.get(f"{SEATS}?{query}")
    assert answer.headers["ETag"] == kept.headers["ETag"]
    assert answer.headers["Cache-Control"] == kept.headers["Cache-Control"]
    assert len(answer.headers.get_all("X-Request-Id")) == 1
    assert stack.get(f"/concert?%64ate=2026-12-%324&{query}").json()["concerts"] == []


def test_a_front_that_is_sent_nowhere_gets_the_answer_itself(stack):
    """It has not said that it follows X-Accel-Redirect, which is nginx's."""
    for path, query in ((SEATS, "x=1"), (SEATS, "%76iew=compact"), (LAYOUT, "v=1"), ("/concert", "x=1")):
        answer = stack.fresh(f"{path}?{query}")
        assert answer.status == 200 and answer.json() and "X-Accel-Redirect" not in answer.headers


@pytest.mark.parametrize("filler", ["&", "a&", "a=&", "&a=b=c", "vie=1&", "view&view"])
def test_a_query_of_very_many_arguments(stack, filler):
    """As many as a request line holds; nginx has nothing to complain of."""
    log = stack.log("nginx").read_text()
    many = (filler * 4000)[:4000]
    kept = stack.get(f"{SEATS}?view=compact").headers["ETag"]
    answer = stack.get(f"{SEATS}?{many}&view=compact&{many}")
    assert answer.code == "invalid_field" if "view" in filler else answer.headers["ETag"] == kept
    assert stack.get(f"/concert?{many}&{many}").status == 200
    assert stack.log("nginx").read_text() == log


@pytest.mark.parametrize("path, query", [
    *(("/concert", query) for query in (
        "date=2026-12-24&date=2026-12-25", "DATE=2026-12-24&date=x", "date=", "date", "date=2026-12-24%00",
        "date=%32026-12-24&date=1", "x=1&date=x", "date=2026-12-24&%64ate=2026-12-24", "date=2026-13-01")),
    *((SEATS, query) for query in (
        "view=x", "view=compact&view=compact", "view=compact&view", "view=compact&x=1&%76iew=compact", "view=%80")),
    *((LAYOUT, query) for query in ("v=%80", "v=", "v", "v=1&v=2", "v=%00")),
])
def test_a_kept_answer_is_not_given_to_a_bad_query(stack, path, query):
    for kept in ("/concert?date=2026-12-24", f"{SEATS}?view=compact", LAYOUT):
        stack.get(kept)
    assert stack.get(f"{path}?{query}").code == "invalid_field"


@pytest.mark.parametrize("path", ["/concert/1%3Fx", "/concert/1%3F", "/concert/1%0A", "/concert%3F"])
def test_a_path_that_reads_like_a_query_is_no_other(stack, path):
    stack.get("/concert/1")
    assert stack.get(path).status == 404


def rows_read(stack):
    return int(stack.query("SHOW GLOBAL STATUS LIKE 'Handler_read_next'")[0]["Value"])


def test_a_made_up_version_is_the_layout_without_one(new_stack):
    """A worker looks which one is current, and no more; nothing else is kept. Nobody counts seats meanwhile."""
    stack = new_stack(workers=2)
    item = stack.query("SELECT item_id FROM item WHERE concert_id = 2 ORDER BY item_id LIMIT 1")[0]["item_id"]
    path = f"/concert/2/item/{item}/layout"
    version = stack.fresh(path).json()["layoutVersion"]
    assert stack.get(f"{path}?v={version}").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    wait_for_a_fresh_second()
    kept, made = stack.get(path), list((stack.var / "nginx").glob("cache*/*/*"))
    before, began = rows_read(stack), time.time()
    for number in range(100):
        for made_up in (f"{number:08x}", f"no-{number}"):
            answer = stack.get(f"{path}?v={made_up}")
            assert (answer.body, answer.headers["ETag"]) == (kept.body, kept.headers["ETag"])
            assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=1, must-revalidate"
        assert stack.call("HEAD", f"{path}?v={number:08x}").status == 200
    seats = len(kept.json()["seats"])
    assert rows_read(stack) - before < 3 * seats * (2 + time.time() - began) + 300 * 10
    assert len(list((stack.var / "nginx").glob("cache*/*/*"))) <= len(made)


CLOSED = "/concert/{closed}/item/1/"


@pytest.mark.parametrize("path, code", [
    ("/concert/99999", "concert_not_found"), ("/concert/99999/queue", "concert_not_found"),
    ("/concert/99999/item", "concert_not_found"), ("/concert/1/item/99999/seat", "item_not_found"),
    ("/concert/1/item/99999/seat?view=compact", "item_not_found"), ("/concert/1/item/99999/layout", "item_not_found"),
    ("/concert/{closed}/item", "concert_not_open"), (CLOSED + "seat", "concert_not_open"),
    (CLOSED + "seat?view=compact", "concert_not_open"), (CLOSED + "layout", "concert_not_open"),
])
def test_that_there_is_nothing_is_kept_for_a_second(stack, path, code):
    closed = new_concert(stack, status="closed", seats=1)
    path = path.format(closed=closed.id)
    with at_most(stack, 1):
        answers = [stack.get(path) for _ in range(30)]
        assert stack.call("HEAD", path).status == answers[0].status
    for answer in answers:
        assert_problem(answer, code)
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 30


def test_what_comes_up_is_there_after_its_second(stack):
    concert = new_concert(stack, status="closed", seats=1)
    assert stack.get(f"{concert.path}/item").code == "concert_not_open"
    concert.set(status="'open'")
    changed = time.time()
    while (asked := time.time()) and stack.get(f"{concert.path}/item").status != 200:
        assert asked - changed < 1 + SLACK
        time.sleep(0.02)


def test_made_up_ids_push_no_layout_out(stack):
    """What is kept for good has a zone of its own, where nothing else is."""
    version = stack.fresh(LAYOUT).json()["layoutVersion"]
    stack.get(f"{LAYOUT}?v={version}")

    def kept():
        """Without what nginx is just writing."""
        return {path.name for path in (stack.var / "nginx/cache-layouts").glob("*/*") if not path.suffix}

    layouts = wait_for(kept)
    for number in range(500):
        if number % 50 == 0:  # what nobody asks for goes after 15 s
            stack.get(f"{LAYOUT}?v={version}")
        assert stack.get(f"/concert/1/item/{10**6 + number}/seat").status == 404
        assert stack.get(f"/concert/1/item/{10**6 + number}/layout?v=0123abcd").status == 404
    assert kept() <= layouts
    with at_most(stack, 0):
        assert stack.get(f"{LAYOUT}?v={version}").status == 200


def test_browsers_are_told_to_ask_again(stack):
    answer = stack.get("/concert")
    assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=1, must-revalidate"
    assert answer.headers["CDN-Cache-Control"] == "max-age=1, stale-while-revalidate=1"
    assert "X-Accel-Expires" not in answer.headers
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert len(answer.headers.get_all("X-Request-Id")) == 1


def test_same_content_is_not_sent_again(stack):
    etag = stack.get("/concert/1/item/2/seat").headers["ETag"]
    time.sleep(1.1)
    again = stack.get("/concert/1/item/2/seat", **{"If-None-Match": etag})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == etag
    assert stack.get("/concert/1/item/2/seat", **{"If-None-Match": '"other"'}).status == 200


def test_head_leaves_a_body_for_get(stack):
    wait_for_a_fresh_second()
    path = "/concert/1/item/77/seat"
    assert stack.call("HEAD", path).body == b""
    assert stack.get(path).json()["itemId"] == 77


def test_clients_keep_no_refusals_and_no_private_answers(stack):
    for path in ("/concert/99999", "/point?userId=fan", "/nothing"):
        answer = stack.get(path)
        assert answer.headers["Cache-Control"] == "no-store" and "CDN-Cache-Control" not in answer.headers, path


def test_a_body_in_whose_place_nothing_comes_is_given_up(new_stack, long):
    """While MySQL is away a kept body may stand in, but never one older than 15 s."""
    if not long:
        pytest.skip("takes 20 s: --long")
    private = new_stack()
    made = now_of(private.get("/concert"))
    private.kill("mysql")
    end = time.time() + 20
    while time.time() < end:
        asked = time.time()
        answer = private.get("/concert")
        if answer.status == 200:
            assert asked - now_of(answer) <= 15 + SLACK
        time.sleep(0.05)
    assert time.time() - made > 15
    assert private.get("/concert").code == "mysql_unavailable"
    private.start_service("mysql")
    wait_for(lambda: private.get("/concert").status == 200)
