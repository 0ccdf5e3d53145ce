"""Sends each parameter, each field and each header of each route what it must not be: too long in bytes and in
characters, no UTF-8, doubled, empty, of another type, huge. It is refused by the name of the field, never with a
5xx, and no worker ends. Under the sanitizers the same finds what is written or read out of bounds.

The routes, their fields and the members of a concert are read from the sources: a new one is walked too."""

import copy
import itertools
import json
import re

import pytest
import route_table
from helpers import assert_problem, new_user

BODY_LIMIT, ADMIN_BODY_LIMIT = 16384, 1 << 20
ROUTES = route_table.routes()
FIELDS = route_table.fields()
INT32, INT64 = 2**31, 2**63
LONG = ["x" * 300, "가" * 210, "\U0001f3ab" * 210]  # in bytes; in characters too; of four bytes each

# texts that are no UTF-8: alone, cut short, overlong, surrogates, beyond U+10FFFF
NO_UTF8 = [
    b"a" + b"\x80" * 240,
    b"\x80", b"\xbf", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x8e", b"\xc3(", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf",
    b"\xf0\x82\x82\xac", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe",
    b"\xff",
]
CONTROLS = [bytes([code]) for code in (*range(32), 0x7f)] + [b"\xc2\x80", b"\xc2\x9f"]

# one of each kind that is as it should be, of things that are not there
GOOD = {
    "USER": new_user("walk"), "ID": INT32 - 1, "LARGE_ID": INT32, "INTEGER": 1, "SMALL": 1, "DATE": "2031-05-01", "TEXT": "A",
    "INSTANT": "2031-05-01T19:30:00Z",
    "TOKEN": "1-" + "0" * 32, "SEAT_ID": 1, "SEAT_IDS": [1], "SEAT_LIST": [2], "COUNT": 1,
}
CHOICE = ("SEAT_ID", "SEAT_IDS", "COUNT")


def good_value(field):
    return field.word.split("|")[0] or GOOD[field.kind]


@pytest.fixture(scope="module", autouse=True)
def unharmed(stack):
    """All workers of before are there afterwards, and the log knows of none that did not end by itself."""
    workers, begin = stack.workers(), stack.log("frontrow").stat().st_size
    yield
    assert stack.workers() == workers
    with stack.log("frontrow").open(errors="replace") as log:
        log.seek(begin)
        assert not [line for line in log if "was ended by signal" in line or "ended with status" in line]
    stack.check_books()


def path_of(route):
    return re.sub(r"\{\w+\}", str(GOOD["ID"]), route.pattern)


def keys_for(stack, route):
    """The headers without which the fields are not looked at."""
    return stack.admin_headers() if route.who == "ADMIN" else {}


def has_body(route):
    return route.method in ("POST", "PATCH")


UPLOAD = {"name": "Walk", "seats": [{"label": "1"}]}  # the body of a call whose fields are in the query all the same


def walked(body):
    """(route, field) of all whose fields are in a body, or in a query."""
    return [pytest.param(route, field, id=f"{route} {field}") for route in ROUTES if (has_body(route) and not route.upload) == body
            for field in FIELDS.get(route.fields, [])]


def percent(text):
    """Every byte encoded."""
    text = text if isinstance(text, bytes) else str(text).encode()
    return "".join(f"%{byte:02x}" for byte in text)


def assert_refused(answer, field, sent):
    assert answer.status == 400, (sent, answer)
    problem = assert_problem(answer, "invalid_field")
    assert problem["field"].split("[")[0] == field, (sent, answer)


# ---- queries


def query_of(route, field, text):
    """The whole query in which `field` is this raw text, and what else is needed is as it should be."""
    others = [f"{other.name}={percent(good_value(other))}" for other in FIELDS[route.fields]
              if not other.optional and other != field]
    return "&".join(others + [text])


def bad_values(field):
    """Raw values of a query parameter that no kind takes."""
    good = percent(good_value(field))
    yield from ("", "%", "%4", "%zz", "%%", "%u00e9", good + "%", f"{good}&{field.name}={good}")
    yield f"{good}&{percent(field.name)}={good}"
    yield f"{good}&{field.name}"
    yield from (percent(text) for text in NO_UTF8 + CONTROLS)
    yield from (good + percent(text) for text in NO_UTF8 + CONTROLS)
    yield from map(percent, LONG)
    yield "x" * 7000
    yield percent("가" * 700)
    if field.kind in ("ID", "LARGE_ID", "SMALL"):
        yield from ("-1", "+1", "01", "1.0", "1e3", "0x1", "%201", "true", "null", "1" * 18, str(2**53), str(INT64))


@pytest.mark.parametrize("route, field", walked(body=False))
def test_parameters(stack, route, field):
    body = UPLOAD if route.upload else None
    for value in bad_values(field):
        query = query_of(route, field, f"{field.name}={value}")
        answer = stack.call(route.method, f"{path_of(route)}?{query}", body, keys_for(stack, route))
        assert_refused(answer, field.name, value)
    for text in (f"{field.name}=" + "x" * 9000, "x" * 9000):
        answer = stack.call(route.method, f"{path_of(route)}?{query_of(route, field, text)}", body)
        assert_problem(answer, "uri_too_long")


def test_every_byte_in_a_parameter(stack):
    for name, pair in {str(pair.values[1]): pair.values for pair in walked(body=False)}.items():
        for byte in range(256) if pair[1].kind in ("USER", "TEXT") else ():
            query = query_of(*pair, f"{name}={percent(bytes([byte]))}")
            answer = stack.call(pair[0].method, f"{path_of(pair[0])}?{query}", headers=keys_for(stack, pair[0]))
            assert answer.status < 500


def test_every_byte_in_a_parameter_as_it_is(stack):
    """What is no UTF-8 is refused without an encoding too; HTTP has no room for blanks and control characters."""
    path = f"/concert/{GOOD['ID']}/item/{GOOD['ID']}/layout?v="
    for byte in range(0x21, 256):
        answer = stack.raw(f"GET {path}".encode() + bytes([byte]) + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        bad = byte >= 0x80 or byte == 0x7f or chr(byte) in "#%&"
        assert answer.code in (("invalid_field", "bad_request") if bad else ("concert_not_found",)), (byte, answer)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_parameters_that_nobody_knows(stack, route):
    """Undecoded, they change nothing: the answer is what it is without them."""
    keys = stack.admin_headers()
    without = stack.call(route.method, path_of(route), headers=keys)
    assert without.status < 500
    bytes_of_all_kinds = "&".join(f"unknown={percent(text)}&{percent(text)}=1" for text in NO_UTF8 + CONTROLS)
    for query in (bytes_of_all_kinds, "%", "%zz=%", "=", "&&", "x" * 7000, "unknown", "unknown=1&unknown=2", "%00"):
        answer = stack.call(route.method, f"{path_of(route)}?{query}", headers=keys)
        assert (answer.status, answer.code) == (without.status, without.code), query


# ---- bodies


def body_of(route, field, value):
    """A body in which this field has a value, and what else is needed is as it should be."""
    body = {other.name: good_value(other) for other in FIELDS[route.fields]
            if not other.optional or (other.kind == "SEAT_ID" and field.kind not in CHOICE)}
    return body | {field.name: value}


def raw_body(body, value):
    """The JSON of a body with the text "@" as raw bytes."""
    return json.dumps(body).encode().replace(b'"@"', value)


NO_JSON = (
    *(b'"' + text + b'"' for text in NO_UTF8), *(b'"a' + text + b'"' for text in CONTROLS[:32]),
    rb'"\u0000"', rb'"\ud800"', rb'"\udc00x"', rb'"\ud800\ud800"', rb'"\x"', b"1e999", str(INT64).encode(),
    b"01", b"NaN", b"", b"[1,]", b'"a', b"\xef\xbb\xbf1", b"[" * 3000 + b"]" * 3000,
)


def wrong_values(kind):
    """Values of JSON that a kind of field does not take."""
    types = [None, True, False, 1.5, 1.0, 1e3, {}, {"a": 1}, [], [[]], [{}]]
    numbers = [0, -1, 2**53, INT64 - 1, -INT64]
    texts = ["", *LONG, "x" * 9000, "가" * 2000]
    if kind == "TOKEN":
        return types + numbers
    if kind in ("USER", "DATE", "INSTANT", "WORD"):
        return types + numbers + texts + ["\x01", "a\x7f", "a b", "가", "\u0085"]
    if kind == "TEXT":
        return types + numbers + texts
    if kind in ("SEAT_IDS", "SEAT_LIST"):
        lists = [[0], [-1], [INT32], ["1"], [1.0], [None], [1, 1], list(range(1, 10)), [1] * 5000]
        return types + numbers + texts + lists
    if kind == "SMALL":
        return types + texts + ["1"] + numbers[1:]  # a percentage may be 0
    return types + texts + ["1"] + ([-2**40, INT64 - 1] if kind == "INTEGER" else numbers)


@pytest.mark.parametrize("route, field", walked(body=True))
def test_fields(stack, route, field):
    path, keys = path_of(route), keys_for(stack, route)
    for value in wrong_values(field.kind):
        assert_refused(stack.call(route.method, path, body_of(route, field, value), keys), field.name, value)
    for value in NO_JSON:
        answer = stack.call(route.method, path, raw_body(body_of(route, field, "@"), value), keys)
        assert (answer.status, answer.code) == (400, "invalid_json"), (value, answer)
    twice = raw_body(body_of(route, field, "@"), b'1,"%s":1' % field.name.encode())
    assert_problem(stack.call(route.method, path, twice, keys), "invalid_json")


@pytest.mark.parametrize("route, field", walked(body=True))
def test_fields_up_to_the_limit_of_the_body(stack, route, field):
    """The whole body is this one text; only a token may be as long as one likes."""
    keys = keys_for(stack, route)
    room = (ADMIN_BODY_LIMIT if keys else BODY_LIMIT) - len(json.dumps(body_of(route, field, "")))
    answer = stack.call(route.method, path_of(route), body_of(route, field, "x" * room), keys)
    if field.kind == "TOKEN":
        assert answer.status in (400, 403, 404) and answer.code != "invalid_field", answer
    else:
        assert_refused(answer, field.name, room)
    answer = stack.call(route.method, path_of(route), body_of(route, field, "x" * (room + 1)), keys)
    assert_problem(answer, "body_too_large")


def test_every_byte_in_a_field(stack):
    """As it is, in the texts that a stranger sends."""
    route = next(route for route in ROUTES if str(route) == "POST /reservation")
    for field in FIELDS[route.fields]:
        if field.kind in ("USER", "TEXT", "TOKEN"):
            for byte in range(256):
                body = raw_body(body_of(route, field, "@"), b'"%c"' % byte)
                answer = stack.call(route.method, path_of(route), body)
                bad = byte < 0x20 or byte >= 0x80 or chr(byte) in '"\\'
                assert answer.code == "invalid_json" if bad else answer.status in (400, 404), (byte, answer)


# ---- concerts


CONCERT = {
    "title": "Walk", "venue": "Hall",
    "items": [{"date": "2031-05-01", "startsAt": "2031-05-01T19:30:00Z", "seats": [{"from": 1, "to": 2, "price": 1}]}],
}
OF_HALLS = ("hallId", "prices")  # members of an item that has no seats of its own


def concert_with(member, value):
    """A new concert with one member set."""
    body = copy.deepcopy(CONCERT)
    item = body["items"][0]
    if member.name in OF_HALLS or member.place == "items[0].prices[0].":
        del item["seats"]
        item |= {"hallId": INT32 - 1, "prices": [{"price": 1}]}
    at = {"": body, "items[0].": item, "items[0].seats[0].": item.get("seats", [{}])[0],
          "items[0].prices[0].": item.get("prices", [{}])[0],
          "beacon.": body.setdefault("beacon", {}),
          "refundRules[0].": body.setdefault("refundRules", [{"untilDays": 1, "percent": 1}])[0]}[member.place]
    at[member.name] = value
    return {name: value for name, value in body.items() if value != {}}


def wrong_members(member):
    """Values that a member does not take. (Those of an object are members of their own.)"""
    types = {"text": str, "integer": int, "boolean": bool, "array": list, "instant": None, "date": None, "find": dict}
    right = types[member.kind]
    values = [value for value in (True, 1, 1.5, "x", [1], {"a": 1}) if type(value) is not right]
    if member.kind == "integer":
        values += [-INT32 - 1, INT32, INT64 - 1, 1.0]
    if member.kind == "array":
        values += [[1], [None], [[]], ["x"] * 2000]
    if member.kind in ("text", "instant", "date"):
        values += ["", "x" * 4001, "가" * 4001, "x" * 100000]
    if member.kind in ("instant", "date"):
        values += ["2026-02-30", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "\x01", "2026-11-23T10:00:00Z" * 2]
    return values + ([] if member.nullable else [None])


def is_read(route, member):
    """A change looks at no items, and a new concert at nothing of the queue and at no rules."""
    if route.method == "PATCH":
        return not member.place.startswith("items") and member.name != "items"
    return member.name not in ("paused", "maxWaiting", "refundRules", "untilDays", "percent", "description", "ageLimit",
                               "runningMinutes", "poster", "seatReturns", "swaps", "transfers", "reentry", "waitlist", "waitlistSeconds")


CONCERT_ROUTES = [route for route in ROUTES if route.fields == "any_fields" and "{item}" not in route.pattern
                  and not route.pattern.endswith("/item")  # those of dates: test_items.py
                  and "/presale" not in route.pattern]  # and of windows: test_presale.py
MEMBERS = [pytest.param(route, member, id=f"{route} {member}")
           for route, member in itertools.product(CONCERT_ROUTES, dict.fromkeys(route_table.members()))
           if is_read(route, member)]


@pytest.mark.parametrize("route, member", MEMBERS)
def test_members_of_a_concert(stack, route, member):
    """By their whole name."""
    def send(body):
        return stack.call(route.method, path_of(route), body, stack.admin_headers())

    for value in wrong_members(member):
        answer = send(concert_with(member, value))
        problem = assert_problem(answer, "invalid_field")
        assert problem["field"].startswith(str(member)), (value, answer)
    for value in NO_JSON:
        answer = send(raw_body(concert_with(member, "@"), value))
        assert (answer.status, answer.code) == (400, "invalid_json"), (value, answer)


@pytest.mark.parametrize("route", CONCERT_ROUTES, ids=str)
def test_concerts_up_to_the_limit_of_the_body(stack, route):
    room = ADMIN_BODY_LIMIT - len(json.dumps({"title": ""}))
    answer = stack.call(route.method, path_of(route), {"title": "x" * room}, stack.admin_headers())
    assert_problem(answer, "invalid_field", field="title")
    answer = stack.call(route.method, path_of(route), {"title": "x" * (room + 1)}, stack.admin_headers())
    assert_problem(answer, "body_too_large")


# ---- headers


HEADERS = ("X-Queue-Token", "Idempotency-Key", "Authorization", "X-Frontrow-User", "Content-Type")
HEADER_VALUES = [
    b"", b"x", b"x" * 65, b"x" * 129, b"x" * 7000, b"a|b+c:d~e=f", b"a\tb", b"\x01", b"1-" + b"0" * 32, "가".encode() * 99, b"\xff\xc3",
]


def head_of(route, body):
    query = "" if has_body(route) else f"?userId={GOOD['USER']}"
    kind = "Content-Type: application/json\r\n" if body else ""
    return (f"{route.method} {path_of(route)}{query} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            f"{kind}").encode()


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_headers(stack, route):
    """Each alone and twice."""
    body = b""
    if has_body(route):
        fields = {field.name: good_value(field) for field in FIELDS[route.fields] if not field.optional}
        body = json.dumps(fields).encode()
    for header, value in itertools.product(HEADERS, HEADER_VALUES):
        line = header.encode() + b": " + value + b"\r\n"
        for lines in (line, line * 2):
            answer = stack.raw(head_of(route, body) + lines + b"\r\n" + body)
            assert answer.status < 500, (header, value, answer)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.keyed], ids=str)
@pytest.mark.parametrize("key", [b"x" * 65, b"x" * 7000, b"a b", b"a\tb", "가".encode(), b"\xff"])
def test_keys(stack, route, key):
    of_route = FIELDS.get(route.fields, [])
    fields = {field.name: good_value(field) for field in of_route if not field.optional}
    seats = "SEAT_ID" if any(field.kind == "SEAT_ID" for field in of_route) else "COUNT"
    needed = {field.name: good_value(field) for field in of_route if field.kind == seats}
    body = json.dumps(fields | needed).encode() if has_body(route) else b""
    keys = f"Authorization: {stack.admin_headers()['Authorization']}\r\nIdempotency-Key: ".encode()
    answer = stack.raw(head_of(route, body) + keys + key + b"\r\n\r\n" + body)
    assert_problem(answer, "invalid_field", field="Idempotency-Key")
