"""Public GETs are kept by nginx for a second; everything else is exact."""

import math
import time

import pytest
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


@pytest.mark.parametrize("path", [
    "/concert?date=2026-12-24&x=1", "/concert?x=1", "/concert/1?date=2026-12-24", "/concert/1/item?view=compact",
])
def test_other_arguments_are_not_kept(stack, path):
    wait_for_a_fresh_second()
    first = now_of(stack.get(path))
    time.sleep(0.002)
    assert now_of(stack.get(path)) != first


@pytest.mark.parametrize("query", [
    "date=2026-12-24&date=2026-12-25", "DATE=2026-12-24&date=x", "date=", "date=2026-12-24%00", "date=%32026-12-24&date=1",
])
def test_a_kept_answer_is_not_given_to_a_bad_query(stack, query):
    stack.get("/concert?date=2026-12-24")
    assert stack.get(f"/concert?{query}").code == "invalid_field"


def test_browsers_are_told_to_ask_again(stack):
    answer = stack.get("/concert")
    assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
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


def test_refusals_and_private_answers_are_not_kept(stack):
    for path in ("/concert/99999", "/point?userId=fan", "/nothing"):
        assert stack.get(path).headers["Cache-Control"] == "no-store", path


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
