"""What no client should send: bodies, types, queries, paths, methods, content types."""

import json
import random

import pytest
from helpers import assert_headers, assert_problem, balance, charge, new_concert, new_user, ok, reserve

pytestmark = pytest.mark.usefixtures("audited")

BODY_LIMIT = 16384
DEPTH = 2048
INT64_MAX = 2**63 - 1


def post(stack, path, body, content_type="application/json", **headers):
    """POST of bytes as they are."""
    return stack.call("POST", path, body, {"Content-Type": content_type} | headers)


def raw_head(path, *headers):
    """The head of a POST of JSON."""
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode()


def send_chunked(stack, path, chunks):
    """POST in chunks."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return stack.raw(raw_head(path, "Transfer-Encoding: chunked") + body + b"0\r\n\r\n")


# ---- bodies that are no JSON object


def with_value(user, text):
    """A charge with `text` as the value of a field that nobody knows."""
    text = text if isinstance(text, bytes) else text.encode()
    return b'{"userId":"%s","amount":1,"x":%s}' % (user.encode(), text)


NOT_JSON = {
    "empty": b"",
    "blanks": b" \r\n\t ",
    "null": b"null",
    "a number": b"1",
    "a string": b'"userId"',
    "an array": b'[{"userId":"fan","amount":1}]',
    "true": b"true",
    "a form": b"userId=fan&amount=1",
    "only a brace": b"{",
    "only a closing brace": b"}",
    "two objects": b"{}{}",
    "trailing text": b"{} x",
    "trailing comma after all": b"{},",
    "a trailing NUL": b"{}\0",
    "a byte order mark": b'\xef\xbb\xbf{"userId":"fan","amount":1}',
    "UTF-16": '{"userId":"fan","amount":1}'.encode("utf-16"),
    "a BOM at the end": b"{}\xef\xbb\xbf",
    "a comment": b'{"userId":"fan",/* */"amount":1}',
    "single quotes": b"{'userId':'fan','amount':1}",
    "a bare name": b'{userId:"fan","amount":1}',
    "a trailing comma": b'{"userId":"fan","amount":1,}',
    "no colon": b'{"userId" "fan","amount":1}',
    "no value": b'{"userId":,"amount":1}',
    "a key that is no string": b'{1:1}',
    "a doubled key": b'{"userId":"fan","amount":1,"amount":1}',
    "a doubled key of the same meaning": b'{"userId":"fan","amount":1,"am\\u006funt":2}',
    "a doubled key that is not known": b'{"userId":"fan","amount":1,"x":1,"x":1}',
    "NUL in a key": b'{"userId":"fan","amount":1,"x\\u0000":1}',
    "invalid UTF-8 in a key": b'{"userId":"fan","amount":1,"\xff":1}',
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_body_that_is_no_object(stack, name):
    assert_problem(post(stack, "/point/charge", NOT_JSON[name]), "invalid_json")


BAD_VALUES = {
    "a doubled key inside": '{"a":1,"a":2}',
    "NUL, escaped": r'"a\u0000b"',
    "a raw NUL": b'"a\0b"',
    "a raw line feed": '"a\nb"',
    "a raw tab": '"a\tb"',
    "a high surrogate alone": r'"\ud800"',
    "a low surrogate alone": r'"\udc00"',
    "two high surrogates": r'"\ud800\ud800"',
    "a high surrogate and text": r'"\ud83dxxxxxx"',
    "an escape that is none": r'"\x41"',
    "an escape cut short": r'"\u12"',
    "a byte that is no UTF-8": b'"\xff"',
    "a continuation alone": b'"\x80"',
    "an overlong slash": b'"\xc0\xaf"',
    "an overlong euro": b'"\xf0\x82\x82\xac"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "beyond U+10FFFF": b'"\xf4\x90\x80\x80"',
    "a character cut short": b'"\xe2\x82"',
    "a string without an end": '"abc',
    "an integer beyond int64": str(INT64_MAX + 1),
    "an integer below int64": str(-INT64_MAX - 2),
    "a hundred digits": "1" * 100,
    "a real beyond double": "1e400",
    "a real below double": "-1e400",
    "a leading zero": "01",
    "a plus": "+1",
    "no digit before the point": ".5",
    "no digit behind the point": "1.",
    "no exponent": "1e",
    "hexadecimal": "0x1",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "True": "True",
    "undefined": "undefined",
    "a comma too many": "[1,]",
    "an array without an end": "[1",
    "a bracket too many": "1]",
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_values_that_are_no_json(stack, name):
    """Also in a field that is not looked at."""
    user = new_user()
    assert_problem(post(stack, "/point/charge", with_value(user, BAD_VALUES[name])), "invalid_json")
    assert balance(stack, user) == 0


@pytest.mark.parametrize("value", [
    "null", "true", "0", "-0", "1.5e-3", "1e-400", str(INT64_MAX), str(-INT64_MAX - 1), "1e308",
    r'"\ud83c\udfab"', r'"\u0001"',
    '"가"', '""', "[]", "{}", '[1,"2",{"a":null}]', r'"\"\\\/\b\f\n\r\t"', '"' + "x" * 9000 + '"',
])
def test_fields_that_are_not_known_are_ignored(stack, value):
    user = new_user()
    assert ok(post(stack, "/point/charge", with_value(user, value)))["balance"] == 1


def test_blanks_around_are_allowed(stack):
    user = new_user()
    body = b' \r\n\t{ "amount" :\n1 , "userId": "%s" }\r\n\t ' % user.encode()
    assert ok(post(stack, "/point/charge", body))["balance"] == 1


def test_truncated_bodies(stack):
    user = new_user()
    whole = json.dumps({"userId": user, "amount": 1}).encode()
    for length in range(len(whole)):
        assert_problem(post(stack, "/point/charge", whole[:length]), "invalid_json")
    assert balance(stack, user) == 0
    ok(post(stack, "/point/charge", whole))


def test_a_body_that_does_not_come(stack):
    """The client goes away in the middle: nobody is answered, nothing is done."""
    user = new_user()
    whole = json.dumps({"userId": user, "amount": 1}).encode()
    head = raw_head("/point/charge", f"Content-Length: {len(whole) + 1}")
    with pytest.raises(TimeoutError):
        stack.raw(head + whole, timeout=0.3)
    assert balance(stack, user) == 0


@pytest.mark.parametrize("open_it, close_it", [("[", "]"), ('{"a":', "}")])
def test_nesting(stack, open_it, close_it):
    """2,048 levels, the body's own object included; one more is no JSON for the parser."""
    def nested(levels):
        inner = "[]" if open_it == "[" else "{}"
        return open_it * (levels - 2) + inner + close_it * (levels - 2)

    user = new_user()
    assert ok(post(stack, "/point/charge", with_value(user, nested(DEPTH))))["balance"] == 1
    assert_problem(post(stack, "/point/charge", with_value(user, nested(DEPTH + 1))), "invalid_json")
    assert_problem(post(stack, "/point/charge", b"[" * 16000), "invalid_json")
    assert_problem(post(stack, "/point/charge", b'{"a":' * 3000), "invalid_json")
    assert balance(stack, user) == 1


def test_changed_bytes(stack):
    """Whatever one or two bytes become: 200 or a refusal that says why, never a failure of ours."""
    shuffled = random.Random(8)
    concert = new_concert(stack, seats=1)
    for path, body in [
        ("/point/charge", {"userId": "changed", "amount": 12}),
        ("/reservation",
            {"userId": "changed", "concertId": concert.id, "itemId": concert.item, "seatIds": [1],
                "token": "x"}),
        ("/payment", {"userId": "changed", "reservationId": 2**31 - 1, "token": "1-00"}),
    ]:
        whole = bytearray(json.dumps(body).encode())
        for _ in range(150):
            changed = bytearray(whole)
            for _ in range(shuffled.randint(1, 2)):
                changed[shuffled.randrange(len(changed))] = shuffled.randrange(256)
            answer = post(stack, path, bytes(changed))
            assert answer.status in (200, 400, 403, 404, 409), (changed, answer)
            assert_headers(answer)


# ---- how large a body may be


def padded(user, size):
    """A charge of exactly that many bytes."""
    body = with_value(user, '""')
    return body[:-2] + b"x" * (size - len(body)) + b'"}'


@pytest.mark.parametrize("size", [BODY_LIMIT - 1, BODY_LIMIT])
def test_largest_body(stack, size):
    user = new_user()
    body = padded(user, size)
    assert len(body) == size
    ok(post(stack, "/point/charge", body))
    chunks = [body[at:at + 4000] for at in range(0, size, 4000)]
    assert send_chunked(stack, "/point/charge", chunks).status == 200
    assert balance(stack, user) == 2


@pytest.mark.parametrize("size", [BODY_LIMIT + 1, 40000, 2**20])
def test_body_too_large(stack, size):
    user = new_user()
    body = padded(user, size)
    assert_problem(post(stack, "/point/charge", body), "body_too_large")
    chunks = [body[at:at + 8000] for at in range(0, size, 8000)]
    assert_problem(send_chunked(stack, "/point/charge", chunks), "body_too_large")
    assert balance(stack, user) == 0


def test_chunks_of_any_size(stack):
    user = new_user()
    body = with_value(user, "[1,2,3]")
    answer = send_chunked(stack, "/point/charge", [body[at:at + 1] for at in range(len(body))])
    assert answer.json()["balance"] == 1
    assert_problem(send_chunked(stack, "/point/charge", []), "invalid_json")


def test_blanks_count(stack):
    user = new_user()
    body = with_value(user, "1")
    assert post(stack, "/point/charge", body + b" " * (BODY_LIMIT - len(body))).status == 200
    assert_problem(post(stack, "/point/charge", body + b" " * (BODY_LIMIT + 1 - len(body))), "body_too_large")


# ---- wrong types and values, field by field

NOT_INTEGERS = ["1.0", "1e3", "1E0", "0.5", '"1"', '""', "true", "false", "null", "[]", "[1]", "{}"]
NOT_LARGE_IDS = NOT_INTEGERS + ["0", "-0", "-1", str(2**53), str(INT64_MAX), str(-INT64_MAX - 1)]
NOT_IDS = NOT_LARGE_IDS + ["2147483648", "4294967297"]
NOT_USERS = [
    "1", "true", "null", "[]", "{}", '""', '" "', '"a b"', '" a"', '"a "', '"a/b"', '"a;b"', '"a\\n"', '"ü"',
    '"가"', '"a,b"',
    '"\'; --"', '"' + "a" * 129 + '"', '"' + "a" * 9999 + '"',
]
FIELDS = {
    ("/token/add", "userId"): NOT_USERS,
    ("/token/add", "concertId"): NOT_IDS,
    ("/reservation", "userId"): NOT_USERS,
    ("/reservation", "concertId"): NOT_IDS,
    ("/reservation", "itemId"): NOT_IDS,
    ("/reservation", "seatId"): NOT_IDS,
    ("/reservation", "seatIds"): ["[]", "[1,2,3,4,5,6,7,8,9]", "[1,1]", "[2,1,2]", "1", '"1"', "null", "{}",
        "true", '{"0":1}'],
    ("/reservation", "count"): NOT_INTEGERS + ["0", "-1", "9", "4294967297"],
    ("/reservation", "section"): ["1", "null", "true", "[]", '""', '"' + "가" * 33 + '"'],
    ("/reservation", "maxPrice"): NOT_INTEGERS + ["-1", "1000000001"],
    ("/reservation", "token"): ["1", "true", "null", "[]", "{}"],
    ("/point/charge", "userId"): NOT_USERS,
    ("/point/charge", "amount"): NOT_INTEGERS + ["0", "-1", "1000000001", "4294967297", str(INT64_MAX),
        str(-INT64_MAX - 1)],
    ("/point/use", "userId"): NOT_USERS,
    ("/point/use", "amount"): NOT_INTEGERS + ["0", "-1", "1000000001"],
    ("/payment", "userId"): NOT_USERS,
    ("/payment", "reservationId"): NOT_LARGE_IDS,
    ("/payment", "token"): ["1", "true", "null", "[]", "{}"],
}


def whole_body(path, field):
    """The members of a right call, as JSON texts."""
    body = {"userId": '"fan"', "concertId": "1", "itemId": "1", "seatId": "1", "amount": "1",
        "reservationId": "1"}
    used = {
        "/token/add": ["userId", "concertId"],
        "/reservation": ["userId", "concertId", "itemId", "seatId"],
        "/payment": ["userId", "reservationId"],
    }.get(path, ["userId", "amount"])
    if field in ("seatIds", "count"):
        used.remove("seatId")
    elif field in ("section", "maxPrice"):
        used[-1:] = ["count"]
        body["count"] = "1"
    return {name: body[name] for name in used}


def send_members(stack, path, members):
    return post(stack, path, ("{" + ",".join(f'"{k}":{v}' for k, v in members.items()) + "}").encode())


@pytest.mark.parametrize("path, field", FIELDS)
def test_wrong_values(stack, path, field):
    for value in FIELDS[path, field]:
        problem = assert_problem(send_members(stack, path, whole_body(path, field) | {field: value}),
            "invalid_field")
        assert problem["field"] == field, value


@pytest.mark.parametrize("path, field",
    [key for key in FIELDS if key[1] not in ("seatIds", "count", "section", "maxPrice", "token")])
def test_missing_fields(stack, path, field):
    members = whole_body(path, field)
    del members[field]
    assert_problem(send_members(stack, path, members), "invalid_field", field=field)
    members[field.lower() + "_"] = "1"
    assert_problem(send_members(stack, path, members), "invalid_field", field=field)


@pytest.mark.parametrize("value", NOT_IDS)
def test_wrong_values_in_seat_ids(stack, value):
    members = whole_body("/reservation", "seatIds") | {"seatIds": f"[2,{value}]"}
    assert_problem(send_members(stack, "/reservation", members), "invalid_field", field="seatIds[1]")


@pytest.mark.parametrize("choice", [
    {"seatId": 1, "seatIds": [2]}, {"seatId": 1, "seatIds": [1]}, {"seatId": 1, "count": 1},
    {"seatIds": [1], "count": 1},
    {"seatId": 1, "seatIds": [2], "count": 1}, {},
])
def test_one_choice_of_seats(stack, choice):
    body = {"userId": "fan", "concertId": 1, "itemId": 1} | choice
    problem = assert_problem(stack.post("/reservation", body), "invalid_field")
    assert problem["field"] in ("seatId", "seatIds", "count")


def test_largest_values(stack):
    user = new_user("")
    user = (user + "x" * 128)[:128]
    assert charge(stack, user, 10**9)["balance"] == 10**9
    assert ok(stack.post("/point/use", {"userId": user, "amount": 10**9}))["amount"] == 10**9


def test_what_a_reservation_does_not_look_at(stack):
    """totalPrice and status may stand there with anything."""
    concert = new_concert(stack, seats=9)
    for value in (0, -5, 1.5, "x", None, True, [], {}):
        made = reserve(stack, new_user(), concert, totalPrice=value, status=value)
        assert (made["totalPrice"], made["status"]) == (1000, "held")


@pytest.mark.parametrize("user", ["a", "A", "0", ".", "-", "_", "@", "fan@example.com", "a.b-c_d", "9" * 64])
def test_user_ids_of_all_sorts(stack, user):
    assert ok(stack.get(f"/point?userId={user}"))["userId"] == user


# ---- queries


@pytest.mark.parametrize("query", [
    "", "userId", "userId=", "userId=&userId=", "userId=a&userId=a", "userId=a&user%49d=b", "userId=a&userId",
    "userid=a",
    "USERID=a", "x=a", "userId=%", "userId=a%", "userId=a%4", "userId=a%zz", "userId=a%2", "userId=a%00",
    "userId=%ff",
    "userId=a+b", "userId=a%20b", "userId=a;b", "userId=a%26b", "userId=" + "a" * 129,
    "userId=" + "a" * 5000,
    "userId[]=a", "userId=%25", "=a", "&", "&&&", "?userId=a",
])
@pytest.mark.parametrize("method, path",
    [("GET", "/point"), ("GET", "/reservation/1"), ("DELETE", "/reservation/1")])
def test_bad_user_in_a_query(stack, method, path, query):
    assert_problem(stack.call(method, f"{path}?{query}"), "invalid_field", field="userId")


@pytest.mark.parametrize("query", [
    "userId={}", "&userId={}&", "x=1&userId={}&y", "%zz=1&userId={}&=2", "userId=%66{}", "user%49d={}",
    "userId={}&userid=x",
    "userId={}&x=1&x=2", "userId={}&%75=%00",
])
def test_good_user_in_a_query(stack, query):
    """What is encoded is decoded; what is not known is ignored, however it looks."""
    user = new_user()
    query = query.format(user)
    expected = "f" + user if "%66" in query else user
    assert ok(stack.get(f"/point?{query}"))["userId"] == expected


@pytest.mark.parametrize("date", [
    "", "x", "2026", "2026-12", "20261201", "2026-1-1", "2026-13-01", "2026-00-01", "2026-02-30", "2026-12-00",
    "2026-12-32",
    "2026-12-01T00:00:00Z", "2026-12-01%20", "+2026-12-01", "-026-12-01", "2026/12/01", "2026-12-01x",
    "0000-00-00", "%31",
])
def test_bad_date(stack, date):
    assert_problem(stack.get(f"/concert?date={date}"), "invalid_field", field="date")


@pytest.mark.parametrize("query",
    ["date", "date=2026-12-01&date=2026-12-01", "date=2026-12-01&d%61te=2026-12-02", "date=%zz"])
def test_bad_date_query(stack, query):
    assert_problem(stack.get(f"/concert?{query}"), "invalid_field", field="date")


@pytest.mark.parametrize("query",
    ["view=", "view", "view=full", "view=Compact", "view=compact&view=compact", "view=compact%20"])
def test_bad_view(stack, query):
    assert_problem(stack.get(f"/concert/1/item/1/seat?{query}"), "invalid_field", field="view")


@pytest.mark.parametrize("version", [
    "", "x" + "%80" * 240, "%80", "%c3", "%c0%af", "%ed%a0%80", "%f4%90%80%80", "%ff", "%00", "x%00", "%0a", "x%1f",
    "%7f", "%c2%85", "x" * 65, "%c3%bc" * 33, "x" * 5000,
])
def test_bad_layout_version(stack, version):
    """What is no text, or longer than any version, ends at the worker's first look at it."""
    workers = stack.workers()
    assert_problem(stack.get(f"/concert/1/item/1/layout?v={version}"), "invalid_field", field="v")
    assert stack.workers() == workers


@pytest.mark.parametrize("version", ["x", "x" * 64, "%c3%bc" * 32, "a+b", "x&v=", "x&%76=x"])
def test_other_layout_version(stack, version):
    """One that no layout has is no mistake, but for one that is there twice."""
    concert = new_concert(stack)
    answer = stack.get(f"{concert.path}/item/{concert.item}/layout?v={version}")
    if "&" in version:
        assert_problem(answer, "invalid_field", field="v")
    else:
        assert len(ok(answer)["seats"]) == concert.seats


# ---- paths


@pytest.mark.parametrize("path, same", [
    ("//concert", "/concert"), ("///concert", "/concert"), ("/concer%74", "/concert"),
    ("/%63oncert", "/concert"),
    ("/./concert", "/concert"), ("/x/../concert", "/concert"), ("/concert//1", "/concert/1"),
    ("/concert/%31", "/concert/1"),
    ("/concert/./1", "/concert/1"), ("/concert/2/../1", "/concert/1"), ("/concert%2F1", "/concert/1"),
    ("/concert/1/%69tem", "/concert/1/item"), ("/concert?", "/concert"), ("/concert#x", "/concert"),
])
def test_paths_that_are_another(stack, path, same):
    one, other = ok(stack.get(path)), ok(stack.get(same))
    del one["now"], other["now"]
    assert one == other


@pytest.mark.parametrize("path, code", [
    ("/concert/", "not_found"), ("/concert/1/", "not_found"), ("/concert/1/item/", "not_found"),
    ("/concert/1/item/1", "not_found"),
    ("/concert/1/item/1/seat/", "not_found"), ("/concert/1/item/1/seat/1", "not_found"),
    ("/concerts", "not_found"),
    ("/concer", "not_found"), ("/CONCERT", "not_found"), ("/Concert", "not_found"),
    ("/concert;a=b", "not_found"),
    ("/concert%3Fdate=2026-12-01", "not_found"), ("/concert%23", "not_found"), ("/concert%20", "not_found"),
    ("/concert%0A", "not_found"), ("/concert%0D%0AX-Evil:1", "not_found"), ("/concert%FF", "not_found"),
    ("/concert%7F", "not_found"),
    ("/concert%5C1", "not_found"), ("/metrics%0A", "not_found"), ("/%2e%2e%2fetc/passwd", "bad_request"),
    ("/x", "not_found"),
    ("/favicon.ico", "not_found"), ("/reservation/", "not_found"), ("/reservation/1/x", "not_found"),
    ("/token/", "not_found"),
    ("/token/add/", "not_found"), ("/point/", "not_found"), ("/health/", "not_found"),
    ("/payment/1", "not_found"),
    ("/concert/abc/nothing", "not_found"), ("/{concert}", "not_found"), ("/_problem", "not_found"),
    ("/%00", "bad_request"),
    ("/concert/%00", "bad_request"), ("/concert%00", "bad_request"), ("/concert%0", "bad_request"),
    ("/concert%", "bad_request"),
    ("/concert%gg", "bad_request"), ("/../concert", "bad_request"),
])
def test_paths_that_are_none(stack, path, code):
    assert_problem(stack.get(path), code)


NO_IDS = [
    "abc", "0", "01", "00", "-1", "+1", "1.0", "1e0", "0x1", str(2**53), "99999999999999999999",
    "1%20", "%20",
    "%201", "1,2", "1;2", "%EF%BC%91", "1%0A", "null", "{concert}", "1'", "*", "1%2C",
]


@pytest.mark.parametrize("text", [*NO_IDS, "2147483648", "4294967297"])
def test_path_ids_of_concerts_that_are_none(stack, text):
    for path, code in [
        (f"/concert/{text}", "concert_not_found"),
        (f"/concert/{text}/item", "concert_not_found"),
        (f"/concert/{text}/queue", "concert_not_found"),
        (f"/concert/{text}/item/{text}/seat", "concert_not_found"),
        (f"/concert/1/item/{text}/seat", "item_not_found"),
        (f"/concert/1/item/{text}/layout", "item_not_found"),
    ]:
        assert_problem(stack.get(path), code)


@pytest.mark.parametrize("text", NO_IDS)
def test_path_ids_of_reservations_that_are_none(stack, text):
    for path in f"/reservation/{text}?userId=fan", f"/reservation/{text}":
        assert_problem(stack.get(path), "reservation_not_found")
    assert_problem(stack.call("DELETE", f"/reservation/{text}?userId=fan"), "reservation_not_found")


def test_absolute_form(stack):
    assert stack.raw(b"GET http://elsewhere/concert/1 HTTP/1.1\r\nHost: x\r\n\r\n").json()["concertId"] == 1


def test_http_1_0(stack):
    answer = stack.raw(b"GET /point?userId=fan HTTP/1.0\r\n\r\n")
    assert answer.json() == {"userId": "fan", "balance": 0}
    assert_headers(answer)


# ---- methods


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "FOO"])
def test_wrong_method(stack, method):
    answer = stack.call(method, "/concert")
    assert_problem(answer, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_wrong_method_where_get_is_none(stack):
    for method in ("GET", "HEAD", "DELETE"):
        answer = stack.call(method, "/point/charge")
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("path",
    ["/concert", "/concert/1", "/point?userId=fan", "/concert/1/item/9/seat", "/concert/1?x=1"])
def test_head_is_get_without_a_body(stack, path):
    got, head = stack.get(path), stack.call("HEAD", path)
    assert (head.status, head.body) == (got.status, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control", "ETag"):
        assert head.headers.get(name) == got.headers.get(name), name
    assert_headers(head)


@pytest.mark.parametrize("path, status",
    [("/concert/999999", 404), ("/nothing", 404), ("/point", 400), ("/token", 401), ("/concert/3/item", 409)])
def test_head_of_a_refusal(stack, path, status):
    head = stack.call("HEAD", path)
    assert (head.status, head.body) == (status, b"")
    assert head.headers["Content-Type"] == "application/problem+json"
    assert stack.get(path).status == status, "the connection goes on"


@pytest.mark.parametrize("path", ["/nothing", "/concert/", "/concert/abc", "/%00"])
def test_options_of_an_unknown_path(stack, path):
    assert stack.call("OPTIONS", path).status in (400, 404)


def test_a_body_where_none_is_wanted(stack):
    """nginx waits for none of a GET; that of a DELETE is not looked at."""
    user = new_user()
    assert_problem(stack.call("GET", f"/point?userId={user}", b"not json"), "bad_request")
    held = reserve(stack, user, new_concert(stack, seats=1))
    path = f"/reservation/{held['reservationId']}?userId={user}"
    assert ok(stack.call("DELETE", path, b"not json", {"Content-Type": "text/plain"}))["status"] == "cancelled"


# ---- content types


@pytest.mark.parametrize("content_type", [
    "application/json", "APPLICATION/JSON", "Application/Json", "application/json;charset=utf-8",
    "application/json; charset=utf-8",
    "application/json; charset=UTF-8", 'application/json; charset="utf-8"', "application/json ; charset=utf-8",
    "application/json;",
    "application/json;\tCharset=Utf-8",
])
def test_content_types_that_are_json(stack, content_type):
    user = new_user()
    body = json.dumps({"userId": user, "amount": 1}).encode()
    assert ok(post(stack, "/point/charge", body, content_type))["balance"] == 1


@pytest.mark.parametrize("content_type", [
    "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/jsonx", "application",
    "application/problem+json", "text/json", "json", "xapplication/json", "application/json, text/plain",
    "application/json charset=utf-8",
    "application/json; charset=iso-8859-1", "application/json; charset=utf-16",
    "application/json; charset=utf-8x",
    "application/json; charset=", "application/json; charset", "*/*", "application/*",
    "application/json; version=1", "application /json",
])
def test_content_types_that_are_not(stack, content_type):
    """Decided before the body is read: it may be wrong or too large too."""
    for body in (b'{"userId":"fan","amount":1}', b"", b"x" * (BODY_LIMIT + 1)):
        assert_problem(post(stack, "/point/charge", body, content_type), "unsupported_media_type")


def test_no_content_type(stack):
    for length in (0, 2):
        head = f"POST /point/charge HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()
        assert_problem(stack.raw(head + b"{}"[:length]), "unsupported_media_type")
    assert_problem(stack.raw(b"POST /point/charge HTTP/1.1\r\nHost: x\r\n\r\n"), "unsupported_media_type")


# ---- Idempotency-Key


@pytest.mark.parametrize("key", ["x" * 65, "a b", " \tb c", "ü", "a\tb", "\x7f", "a\x80", "x" * 4000])
def test_idempotency_keys_that_are_none(stack, key):
    user = new_user()
    answer = stack.call("POST", "/point/charge", {"userId": user, "amount": 1},
        {"Idempotency-Key": key.encode("latin-1")})
    assert_problem(answer, "invalid_field", field="Idempotency-Key")
    assert balance(stack, user) == 0


@pytest.mark.parametrize("key", ["x", "x" * 64, "!~", "\"'\\;,=&%", "{}", ""])
def test_idempotency_keys_that_are_some(stack, key):
    user = new_user()
    for _ in range(2):
        ok(stack.call("POST", "/point/charge", {"userId": user, "amount": 1}, {"Idempotency-Key": key}))
    assert balance(stack, user) == (1 if key else 2), "an empty one is absent"
