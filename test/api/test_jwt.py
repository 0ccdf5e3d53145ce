"""caller = jwt: a token of an identity provider says who calls, and nothing else does."""

import json
import os
import signal
import subprocess
import tarfile
import time

import jwt
import pytest
import route_table
import wire
from helpers import OPERATOR, as_user, assert_problem, new_concert, new_user, ok
from stack import wait_for
from tokens import (
    ALGORITHMS, AUDIENCE, ISSUER, Key, bearer, claims, encode, jwks, number, signed, signed_by_secret, token,
)

USER_CLAIM = "https://login.example/user"


class Provider:
    """Keys of each algorithm, with and without a name, in a JWKS."""

    def __init__(self, file):
        self.keys = {algorithm: Key(algorithm, f"{algorithm}-1") for algorithm in ALGORITHMS}
        self.file = file
        self.publish(*self.keys.values())
        self.given = []  # all tokens

    def publish(self, *keys):
        self.file.write_text(jwks(*keys))

    def of(self, user, algorithm="ES256", **more):
        """The header with a good token of this user."""
        return self.header(token(self.keys[algorithm], claims(user, **more)))

    def header(self, text):
        self.given.append(text)
        return bearer(text)


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    return Provider(tmp_path_factory.mktemp("provider") / "jwks.json")


def settings(provider, **more):
    return {"caller": "jwt", "jwt_keys_file": provider.file, "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE} | more


@pytest.fixture(scope="module")
def fans(new_stack, provider):
    """One worker, so that it is known which one remembers a token. One address is an operator's."""
    stack = new_stack(**settings(provider), admin_addresses=OPERATOR, charge="anyone", workers=1, slow_ms=1)
    yield stack
    stack.check_books()


@pytest.fixture(scope="module")
def concert(fans):
    return new_concert(fans, seats=40)


def assert_refused(answer, said=None):
    """As a token that is none; the problem's detail names what is wrong."""
    problem = assert_problem(answer, "unauthorized", challenge='Bearer error="invalid_token"')
    if said:
        assert said in problem["detail"], problem
    return problem


# ---- good tokens


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("named", [False, True])
def test_a_purchase(fans, provider, concert, algorithm, named):
    """With the userId left out, and with the caller's own."""
    user = new_user()
    me = provider.of(user, algorithm)
    body, query = ({"userId": user}, f"?userId={user}") if named else ({}, "")
    queue_token = ok(fans.post("/token/add", body | {"concertId": concert.id}, **me))["token"]
    assert ok(fans.get("/token", **me, **{"X-Queue-Token": queue_token}))["userId"] == user
    item, seat = concert.free_seat()
    held = ok(fans.post("/reservation", body | {"concertId": concert.id, "itemId": item, "seatId": seat}, **me))
    assert held["userId"] == user
    assert ok(fans.post("/point/charge", body | {"amount": 1500}, **me))["userId"] == user
    paid = ok(fans.post("/payment", body | {"reservationId": held["reservationId"], "token": queue_token}, **me))
    assert (paid["userId"], paid["balance"]) == (user, 500)
    path = f"/reservation/{held['reservationId']}{query}"
    assert ok(fans.get(path, **me))["status"] == "paid"
    assert ok(fans.call("DELETE", path, headers=me))["balance"] == 1500
    for name, path in (("reservations", "/reservation"), ("payments", "/payment")):
        assert [row["userId"] for row in ok(fans.get(path + query, **me))[name]] == [user]
    assert len(ok(fans.get(f"/point/history{query}", **me))["history"]) == 3


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tokens_of_another_library(fans, provider, algorithm):
    key, user = provider.keys[algorithm], new_user()
    text = jwt.encode(claims(user), key.private, algorithm=algorithm, headers={"kid": key.kid})
    assert ok(fans.get("/point", **provider.header(text)))["userId"] == user


GOOD = {
    "no kid": ({}, {"kid": None}),
    "no typ": ({}, {"typ": None}),
    "an access token": ({}, {"typ": "at+jwt"}),
    "a type in full": ({}, {"typ": "application/at+JWT"}),
    "one of several audiences": ({"aud": ["other", AUDIENCE]}, {}),
    "other claims": ({"scope": "openid", "email": "fan@example.com", "nonce": 1, "nested": {"a": [None, 1.5]}}, {}),
    "no iat": ({"iat": None}, {}),
    "nbf": (lambda now: {"nbf": int(now) - 5}, {}),
    "times with a fraction": (lambda now: {"exp": now + 60.5, "iat": now - 0.5}, {}),
    "ended within the leeway": (lambda now: {"exp": now - 10}, {}),
    "begins within the leeway": (lambda now: {"nbf": now + 10, "iat": now + 10}, {}),
    "where the key could be found is not looked at": ({}, {"jku": "http://127.0.0.1:9/jwks", "x5u": "http://127.0.0.1:9/x5u"}),
}


@pytest.mark.parametrize("case", GOOD)
def test_good_tokens(fans, provider, case):
    more, header = GOOD[case]
    more = more(time.time()) if callable(more) else more
    user = new_user()
    text = token(provider.keys["ES256"], claims(user, **more), **header)
    assert ok(fans.get("/point", **provider.header(text)))["userId"] == user


@pytest.mark.parametrize("user", ["auth0|5f7c", "kim+x@example.com", "248289761001", "x" * 128, "a:b~c=d-e.f_g"])
def test_user_ids_of_providers(fans, provider, user):
    assert ok(fans.get("/point", **provider.of(user)))["userId"] == user


def test_how_the_header_may_be_written(fans, provider):
    text = provider.of(new_user())["Authorization"].removeprefix("Bearer ")
    for spelling in (f"bearer {text}", f"BEARER   {text}"):
        assert fans.get("/point", Authorization=spelling).status == 200
    for none in (f"Basic {text}", text, f"Bearer{text}", "Bearer", ""):
        assert_problem(fans.get("/point", Authorization=none), "unauthorized")


# ---- who may call what


def test_one_does_not_see_anothers(fans, provider, concert):
    owner, other = new_user(), new_user()
    item, seat = concert.free_seat()
    body = {"concertId": concert.id, "itemId": item, "seatId": seat}
    path = f"/reservation/{ok(fans.post('/reservation', body, **provider.of(owner)))['reservationId']}"
    assert_problem(fans.get(path, **provider.of(other)), "forbidden")
    assert_problem(fans.call("DELETE", path, headers=provider.of(other)), "forbidden")
    assert_problem(fans.get(f"{path}?userId={owner}", **provider.of(other)), "forbidden")
    assert_problem(fans.post("/point/charge", {"userId": owner, "amount": 1}, **provider.of(other)), "forbidden")
    queue_token = ok(fans.post("/token/add", {"concertId": concert.id}, **provider.of(owner)))["token"]
    assert_problem(fans.get("/token", **provider.of(other), **{"X-Queue-Token": queue_token}), "token_invalid")
    assert ok(fans.get("/reservation", **provider.of(other)))["reservations"] == []
    assert ok(fans.get(path, **provider.of(owner)))["status"] == "held"


BODIES = {
    "/token/add": {"concertId": 1}, "/reservation": {"concertId": 1, "itemId": 1, "seatId": 1}, "/payment": {"reservationId": 1},
    "/point/charge": {"amount": 1}, "/point/use": {"amount": 1},
    "/reservation/1/swap": {"seatIds": [1], "toSeatIds": [2]}, "/reservation/1/transfer": {"toUserId": "friend"},
    "/transfer/1/accept": {}, "/waitlist": {"concertId": 1, "itemId": 1, "count": 1},
}


@pytest.mark.parametrize("route", [route for route in route_table.routes() if "CALLER" in route.who or route.who == "TOKEN"], ids=str)
def test_every_call_of_a_user_needs_one(fans, provider, route):
    """And nginx passes it on for each."""
    path = route.pattern.replace("{reservation}", "1").replace("{transfer}", "1")
    path += "?itemId=1" if (route.method, path) == ("DELETE", "/waitlist") else ""
    body = BODIES[path] if route.method == "POST" else None
    call = {"X-Queue-Token": "1-" + "0" * 32} if route.who == "TOKEN" else {}
    assert_problem(fans.call(route.method, path, body, call), "unauthorized")
    assert_problem(fans.call(route.method, path, body, call | as_user("fan")), "unauthorized")
    assert_refused(fans.call(route.method, path, body, call | bearer("a.b.c")))
    assert fans.call(route.method, path, body, call | provider.of(new_user())).code not in ("invalid_field", "unauthorized")


def test_fields_are_checked_before_the_token(fans):
    assert_problem(fans.post("/point/charge", {"amount": 0}, **bearer("a.b.c")), "invalid_field", field="amount")
    assert_problem(fans.get("/point?userId=a%20b", **bearer("a.b.c")), "invalid_field", field="userId")
    assert_problem(fans.get("/token", **bearer("a.b.c")), "token_missing")


def test_what_everybody_may_read_needs_none(fans, concert):
    for headers in ({}, bearer("a.b.c")):
        for path in ("/concert", concert.path, "/settings", "/health"):
            assert fans.get(path, **headers).status == 200
    assert ok(fans.get("/settings"))["caller"] == "jwt"


def test_nothing_of_a_user_is_kept_for_another(fans, provider):
    """Neither by nginx nor by a browser."""
    users = [new_user() for _ in range(4)]
    for user in users * 2:
        answer = fans.get("/point", **provider.of(user))
        assert ok(answer)["userId"] == user
        assert answer.headers["Cache-Control"] == "no-store"


# ---- operators keep their keys


def test_operators_and_users_are_told_apart(fans, provider):
    operator, admin, user = fans.new_client(source=OPERATOR), fans.admin_headers(), new_user()
    assert operator.get("/admin/concert/1", **admin).status == 200
    assert_problem(operator.get("/admin/concert/1", **provider.of(user)), "unauthorized")
    assert_problem(operator.get("/admin/concert/1", **provider.of("admin")), "unauthorized")
    assert_problem(fans.get("/admin/concert/1", **admin), "forbidden")
    # one call is for both: an operator names the user, a user is the one of the token, at any address
    assert ok(operator.post("/point/charge", {"userId": user, "amount": 5}, **admin))["userId"] == user
    assert ok(operator.post("/point/charge", {"amount": 2}, **provider.of(user)))["balance"] == 7
    assert_problem(operator.post("/point/charge", {"userId": user, "amount": 5}, **provider.of(new_user())), "forbidden")
    # a key is no token: not elsewhere, and not for another call
    assert_refused(fans.post("/point/charge", {"userId": user, "amount": 5}, **admin))
    assert_refused(operator.get(f"/point?userId={user}", **admin))


def test_operators_of_the_table(fans, provider):
    made = fans.ctl("operator", "add", "kim", "--role", "seller")
    assert made.returncode == 0, made.stderr
    key = next(word for word in made.stdout.split() if len(word) > 60)
    operator, user = fans.new_client(source=OPERATOR), new_user()
    assert ok(operator.post("/point/charge", {"userId": user, "amount": 5}, **bearer(key)))["userId"] == user
    assert_refused(operator.get("/point", **bearer(key)))


def test_users_do_not_charge_where_operators_do(new_stack, provider):
    """As deployed (charge = auto), with a claim of one's own as the userId."""
    stack = new_stack(**settings(provider, jwt_user=USER_CLAIM), admin_addresses=OPERATOR, workers=1)
    user = new_user()
    me = provider.of("somebody", **{USER_CLAIM: user})
    assert ok(stack.get("/point", **me))["userId"] == user
    assert_problem(stack.post("/point/charge", {"amount": 5}, **me), "forbidden")
    assert_refused(stack.get("/point", **provider.of(user)), "does not name a user")


# ---- bad tokens


class Material:
    """What the cases are made of."""

    def __init__(self, provider):
        self.provider = provider
        self.rsa, self.ec, self.ed = (provider.keys[name] for name in ALGORITHMS)
        self.head = encode({"alg": "ES256", "kid": self.ec.kid})
        self.good = claims("fan")

    def said(self, **more):
        return token(self.ec, claims("fan", **more))

    def headed(self, **header):
        return token(self.ec, self.good, **header)

    def raw(self, payload):
        return token(self.ec, payload)


NOW = int(time.time())
MALFORMED, WRONG, UNKNOWN = "no JWT", "signature is wrong", "not known here"
ENDS, ENDED, EARLY, ISSUED = "when it ends", "has ended", "not valid yet", "not made yet"
ALG, NOBODY, ISS, AUD = "alg is not", "name a user", "another issuer", "another audience"
BAD = {
    # the algorithm
    "none": (lambda m: f"{encode({'alg': 'none'})}.{encode(m.good)}.", ALG),
    "None": (lambda m: f"{encode({'alg': 'None'})}.{encode(m.good)}.{encode(b'x')}", ALG),
    "none with a signature": (lambda m: m.headed(alg="none"), ALG),
    "no alg": (lambda m: m.headed(alg=None), ALG),
    "alg is no text": (lambda m: m.headed(alg=["ES256"]), ALG),
    "alg in small letters": (lambda m: m.headed(alg="es256"), ALG),
    "HS256 by the RSA key in PEM": (lambda m: signed_by_secret(m.rsa.pem().encode(), m.good, kid=m.rsa.kid), ALG),
    "HS256 by the RSA key's number": (lambda m: signed_by_secret(m.rsa.jwk()["n"].encode(), m.good, kid=m.rsa.kid), ALG),
    "ES384": (lambda m: m.headed(alg="ES384"), ALG),
    "PS256": (lambda m: token(m.rsa, m.good, alg="PS256"), ALG),
    "RS256 with the name of the P-256 key": (lambda m: token(m.rsa, m.good, kid=m.ec.kid), UNKNOWN),
    "ES256 with the name of the RSA key": (lambda m: m.headed(kid=m.rsa.kid), UNKNOWN),
    "EdDSA by the P-256 key": (lambda m: m.headed(alg="EdDSA", kid=m.ed.kid), WRONG),
    # the key
    "an unknown kid": (lambda m: m.headed(kid="another"), UNKNOWN),
    "an empty kid": (lambda m: m.headed(kid=""), UNKNOWN),
    "a kid that is no text": (lambda m: m.headed(kid=1), MALFORMED),
    "a stranger's key with our kid": (lambda m: token(Key("ES256", m.ec.kid), m.good), WRONG),
    "a stranger's key without kid": (lambda m: token(Key("RS256"), m.good), WRONG),
    "a stranger's key in the header": (lambda m: (lambda key: token(key, m.good, jwk=key.jwk()))(Key("ES256", m.ec.kid)), WRONG),
    # the header
    "crit": (lambda m: m.headed(crit=["exp"]), "crit"),
    "an empty crit": (lambda m: m.headed(crit=[]), "crit"),
    "b64": (lambda m: m.headed(b64=False, crit=["b64"]), "crit"),
    "a logout token": (lambda m: m.headed(typ="logout+jwt"), "typ"),
    "typ is no text": (lambda m: m.headed(typ=1), "typ"),
    "doubled alg": (lambda m: signed(m.ec, encode('{"alg":"ES256","alg":"ES256"}'), encode(m.good)), MALFORMED),
    "the header is an array": (lambda m: signed(m.ec, encode([]), encode(m.good)), MALFORMED),
    "the header is no JSON": (lambda m: signed(m.ec, encode("{alg:ES256}"), encode(m.good)), MALFORMED),
    # the signature
    "another payload": (lambda m: ".".join((lambda part: (part[0], encode(claims("other")), part[2]))(m.headed().split("."))), WRONG),
    "no signature": (lambda m: m.headed().rpartition(".")[0] + ".", MALFORMED),
    "a short signature": (lambda m: m.headed().rpartition(".")[0] + "." + encode(bytes(63)), WRONG),
    "a long signature": (lambda m: m.headed() + "AAAA", WRONG),
    "zeros as signature": (lambda m: m.headed().rpartition(".")[0] + "." + encode(bytes(64)), WRONG),
    "a signature in DER": (lambda m: m.headed().rpartition(".")[0] + "." + encode(bytes.fromhex("3006020101020101")), WRONG),
    "r and s beyond the order": (lambda m: m.headed().rpartition(".")[0] + "." + encode(b"\xff" * 64), WRONG),
    "an RSA signature of another length": (lambda m: token(m.rsa, m.good) + "AAAA", WRONG),
    # the form
    "one dot": (lambda m: m.headed().rpartition(".")[0], MALFORMED),
    "three dots": (lambda m: m.headed() + ".", MALFORMED),
    "five parts": (lambda m: m.headed() + ".a.b", MALFORMED),
    "many dots": (lambda m: "." * 3000, MALFORMED),
    "dots alone": (lambda m: "..", MALFORMED),
    "an empty header": (lambda m: "." + m.headed().partition(".")[2], MALFORMED),
    "an empty payload": (lambda m: signed(m.ec, m.head, ""), MALFORMED),
    "padding": (lambda m: signed(m.ec, m.head + "==", encode(m.good)), MALFORMED),
    "base64 of the other kind": (lambda m: signed(m.ec, m.head, "+/+/"), MALFORMED),
    "a blank within": (lambda m: m.headed().replace(".", " .", 1), MALFORMED),
    "a comma within": (lambda m: m.headed().replace(".", ",.", 1), MALFORMED),
    "two tokens": (lambda m: m.headed() + " " + m.headed(), MALFORMED),
    "a digit that is left over": (lambda m: signed(m.ec, m.head + "A" * (5 - len(m.head) % 4), encode(m.good)), MALFORMED),
    "letters beyond ASCII": (lambda m: m.headed()[:-1] + "\xfc", None),
    "huge": (lambda m: "A" * 7000 + "." + "A" * 500 + ".A", MALFORMED),
    # the claims
    "the payload is a text": (lambda m: m.raw('"fan"'), MALFORMED),
    "the payload is an array": (lambda m: m.raw([m.good]), MALFORMED),
    "the payload is cut off": (lambda m: m.raw(json.dumps(m.good)[:-1]), MALFORMED),
    "something behind the payload": (lambda m: m.raw(json.dumps(m.good) + "x"), MALFORMED),
    "a doubled claim": (lambda m: m.raw(json.dumps(m.good)[:-1] + ', "sub": "other"}'), MALFORMED),
    "a doubled claim inside": (lambda m: m.raw(json.dumps(m.good)[:-1] + ', "a": {"b": 1, "b": 2}}'), MALFORMED),
    "a NUL in the user": (lambda m: m.said(sub="fan\0admin"), MALFORMED),
    "no UTF-8": (lambda m: m.raw(json.dumps(m.good).encode().replace(b"fan", b"f\xffn")), MALFORMED),
    "nested deeply": (lambda m: m.raw('{"a":' * 1 + "[" * 2500 + "]" * 2500 + "}"), MALFORMED),
    "expired": (lambda m: m.said(exp=NOW - 3600), ENDED),
    "expired beyond the leeway": (lambda m: m.said(exp=NOW - 31), ENDED),
    "no exp": (lambda m: m.said(exp=None), ENDS),
    "exp null": (lambda m: m.raw(json.dumps(m.good | {"exp": None})), ENDS),
    "exp as text": (lambda m: m.said(exp=str(NOW + 600)), ENDS),
    "exp true": (lambda m: m.said(exp=True), ENDS),
    "exp in a list": (lambda m: m.said(exp=[NOW + 600]), ENDS),
    "exp below 0": (lambda m: m.said(exp=-1), ENDS),
    "exp 0": (lambda m: m.said(exp=0), ENDED),
    "exp 1e300": (lambda m: m.said(exp=1e300), ENDS),
    "exp in milliseconds": (lambda m: m.said(exp=(NOW + 600) * 1000 * 1000), ENDS),
    "exp beyond 64 bits": (lambda m: m.said(exp=2**64), MALFORMED),
    "exp no number": (lambda m: m.raw(json.dumps(m.good | {"exp": float("nan")})), MALFORMED),
    "nbf in the future": (lambda m: m.said(nbf=NOW + 3600), EARLY),
    "nbf as text": (lambda m: m.said(nbf=str(NOW)), EARLY),
    "iat in the future": (lambda m: m.said(iat=NOW + 3600), ISSUED),
    "iat as text": (lambda m: m.said(iat="now"), ISSUED),
    "iat below 0": (lambda m: m.said(iat=-5), ISSUED),
    "another issuer": (lambda m: m.said(iss="https://evil.example"), ISS),
    "an issuer that is longer": (lambda m: m.said(iss=ISSUER + "/"), ISS),
    "no issuer": (lambda m: m.said(iss=None), ISS),
    "issuers in a list": (lambda m: m.said(iss=[ISSUER]), ISS),
    "another audience": (lambda m: m.said(aud="other"), AUD),
    "other audiences": (lambda m: m.said(aud=["other", "others"]), AUD),
    "no audience in the list": (lambda m: m.said(aud=[]), AUD),
    "audiences that are no texts": (lambda m: m.said(aud=[1, None, [AUDIENCE]]), AUD),
    "no audience": (lambda m: m.said(aud=None), AUD),
    "an audience in capitals": (lambda m: m.said(aud=AUDIENCE.upper()), AUD),
    "no user": (lambda m: m.said(sub=None), NOBODY),
    "an empty user": (lambda m: m.said(sub=""), NOBODY),
    "a user that is a number": (lambda m: m.said(sub=5), NOBODY),
    "a user with a blank": (lambda m: m.said(sub="a b"), NOBODY),
    "a user that is an operator's name for keys": (lambda m: m.said(sub="/seller"), NOBODY),
    "a user that is too long": (lambda m: m.said(sub="x" * 129), NOBODY),
    "a user beyond ASCII": (lambda m: m.said(sub="김"), NOBODY),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tokens(fans, provider, case):
    make, said = BAD[case]
    text = make(Material(provider))
    provider.given.append(text)
    assert_refused(fans.get("/point", Authorization=f"Bearer {text}".encode("latin-1")), said)
    assert fans.get("/point", **provider.of("fan")).status == 200  # the worker lives on


def test_a_token_that_is_longer_than_any(fans):
    """By itself a worker takes more of a header than nginx passes on."""
    text = "A" * 4000 + "." + "A" * 5000 + "." + "A" * 100
    assert fans.get("/point", **bearer(text)).code == "headers_too_large"
    parameters = [("DOCUMENT_URI", "/point"), ("SERVER_ADDR", "127.0.0.1"), ("HTTP_AUTHORIZATION", f"Bearer {text}")]
    assert_refused_by_worker(fans.fastcgi(wire.fastcgi_of("GET", parameters)))


def assert_refused_by_worker(answer):
    assert (answer.status, answer.json()["code"]) == (401, "unauthorized")


# ---- what is remembered


def test_a_remembered_token_ends(fans, provider):
    """It is good for the leeway, and not longer for having been seen."""
    headers = provider.of(new_user(), exp=time.time() - 28)
    assert fans.get("/point", **headers).status == 200
    assert fans.get("/point", **headers).status == 200
    wait_for(lambda: fans.get("/point", **headers).status == 401)
    assert_refused(fans.get("/point", **headers), ENDED)


def test_remembered_by_all_of_it(fans, provider):
    """A token that differs from a remembered one in its signature alone is another."""
    text = token(provider.keys["RS256"], claims(new_user()))
    assert fans.get("/point", **provider.header(text)).status == 200
    changed = text[:-20] + ("A" if text[-20] != "A" else "B") + text[-19:]
    assert_refused(fans.get("/point", **bearer(changed)), WRONG)


# ---- keys change


def reload(stack):
    log = stack.log("frontrow")
    seen = len(log.read_text())
    os.kill(stack.pid("frontrow"), signal.SIGHUP)
    wait_for(lambda: any(text in log.read_text()[seen:] for text in ("run with the settings in force", "stay as they were")))
    return log.read_text()[seen:]


def test_keys_change_without_a_restart(new_stack, tmp_path):
    provider = Provider(tmp_path / "keys")
    stack = new_stack(**settings(provider), workers=2)
    old = provider.of("fan")
    for _ in range(4):
        assert stack.get("/point", **old).status == 200
    next_key = Key("EdDSA", "next")
    new = bearer(token(next_key, claims("fan")))
    assert_refused(stack.get("/point", **new), UNKNOWN)
    # both at a time
    provider.publish(*provider.keys.values(), next_key)
    assert "jwt_keys_file: 4 public keys" in reload(stack)
    assert [stack.get("/point", **headers).status for headers in (old, new)] == [200, 200]
    # a file that is broken changes nothing
    provider.file.write_text('{"keys":[]}')
    assert f"no keys can be read from {provider.file}" in reload(stack)
    assert [stack.get("/point", **headers).status for headers in (old, new)] == [200, 200]
    # what was remembered of a key that is gone is forgotten
    provider.file.write_text(next_key.pem())
    reload(stack)
    for _ in range(4):
        assert_refused(stack.get("/point", **old), UNKNOWN)
    assert stack.get("/point", **new).status == 200


def check(stack, file, **over):
    return stack.program("frontrow", "--check", jwt_keys_file=file, **over)


def test_check_says_what_it_read(fans, provider, tmp_path):
    file = tmp_path / "keys"
    strangers = [{"kty": "oct2", "x": "AA"}, Key("RS256").jwk(use="enc"), Key("RS256").jwk(alg="PS256"), Key("ES256").jwk(key_ops=["sign"]),
                 {"kty": "EC", "crv": "P-384"}]
    file.write_text(jwks(*provider.keys.values(), *strangers))
    done = check(fans, file)
    assert done.returncode == 0, done.stderr
    assert ("jwt_keys_file: 3 public keys: RS256 kid RS256-1, ES256 kid ES256-1, EdDSA kid EdDSA-1; 5 for something else"
            in done.stderr + done.stdout)
    file.write_text("# of the provider\n" + Key("RS256").pem() + Key("ES256").pem())
    assert "2 public keys: RS256, ES256" in check(fans, file).stderr


def without(jwk, name):
    return {key: value for key, value in jwk.items() if key != name}


FILES = {
    "absent": (None, "No such file"),
    "empty": ("", "it is empty"),
    "blank": (" \n", "no public key for RS256, ES256 or EdDSA"),
    "text": ("these are no keys\n", "no public key for RS256, ES256 or EdDSA"),
    "a list": ("[]", "no public key"),
    "no JSON": ('{"keys":[', "it is no JWKS"),
    "one JWK alone": (json.dumps(Key("ES256").jwk()), "it is no JWKS"),
    "no keys": ('{"keys":[]}', "no public key for RS256, ES256 or EdDSA"),
    "keys for something else": (jwks(Key("RS256").jwk(use="enc")), "no public key for RS256, ES256 or EdDSA"),
    "a key that is no object": ('{"keys":[1]}', "no object"),
    "a weak key": (jwks(Key("RS256", bits=1024)), "weak"),
    "a weak key in PEM": (Key("RS256", bits=1024).pem(), "weak"),
    "a secret": (jwks({"kty": "oct", "k": "AAAA"}), "secret"),
    "a private JWK": (jwks(Key("ES256").jwk(d="AAAA")), "secret"),
    "a private key in PEM": (Key("ES256").private_pem(), "secret"),
    "a certificate": ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "something else"),
    "broken PEM": (Key("ES256").pem().replace("\n-----END", "!\n-----END"), "broken"),
    "PEM of nothing": ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "broken"),
    "another curve": (subprocess.run(["openssl", "genpkey", "-algorithm", "ED448"], capture_output=True, check=False).stdout.decode(), "secret"),
    "not on the curve": (jwks(Key("ES256").jwk(y=number(1, 32))), "broken"),
    "half a point": (jwks(without(Key("ES256").jwk(), "y")), "broken"),
    "a number with padding": (jwks(Key("RS256").jwk(e="AQAB==")), "broken"),
    "an even exponent": (jwks(Key("RS256").jwk(e=number(2))), "broken"),
    "an exponent of 1": (jwks(Key("RS256").jwk(e=number(1))), "broken"),
    "a short key": (jwks(Key("EdDSA").jwk(x=number(1, 31))), "broken"),
    "a kid that is no text": (jwks(Key("EdDSA").jwk(kid=1)), "no text"),
    "a kid of two lines": (jwks(Key("EdDSA", "a\nb")), "control characters"),
    "a kid that is too long": (jwks(Key("EdDSA", "x" * 129)), "too long"),
    "too many": (jwks(*[Key("EdDSA") for _ in range(33)]), "too many"),
    "too large": ("#" * 262145, "256 KiB"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_are_refused(fans, tmp_path, case):
    text, said = FILES[case]
    file = tmp_path / "keys"
    if text is not None:
        file.write_text(text)
    done = check(fans, file)
    assert done.returncode == 78
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and f"jwt_keys_file: no keys can be read from {file}: " in lines[0] and said in lines[0], lines


@pytest.mark.parametrize("missing", ["jwt_keys_file", "jwt_issuer", "jwt_audience", "jwt_user"])
def test_settings_that_are_needed(fans, provider, missing):
    done = fans.program("frontrow", "--check", **settings(provider) | {missing: ""})
    assert (done.returncode, done.stderr) == (78, f"frontrow: caller = jwt needs {missing}\n")


def test_keys_that_nobody_would_look_at(fans):
    done = fans.program("frontrow", "--check", caller="header")
    assert (done.returncode, done.stderr) == (78, "frontrow: jwt_keys_file is used only with caller = jwt\n")


# ---- what is left of them


def test_no_token_is_in_any_log(fans, provider, tmp_path):
    """The last test: of all that were sent, slow calls among them, which have a line. One that a client wrote into the address is
    in nginx's log, as that has the address, and not in what diagnose gathers."""
    told = provider.of("fan")["Authorization"].removeprefix("Bearer ")
    fans.get(f"/point?access_token={told}")
    wait_for(lambda: told in fans.log("access").read_text())
    archive = tmp_path / "archive.tar.gz"
    done = fans.ctl("diagnose", archive, "--nginx-log", fans.log("access"), "--log", fans.log("frontrow"))
    assert done.returncode == 0, done.stderr
    logs = "".join(log.read_text(errors="replace").replace(told, "") for log in (fans.var / "log").glob("*.log"))
    with tarfile.open(archive) as tar:
        gathered = "".join(tar.extractfile(name).read().decode(errors="replace") for name in tar.getnames() if tar.getmember(name).isfile())
    assert "a request was slow" in logs
    assert "GET /point?access_token=?" in gathered and f"jwt_keys_file = {provider.file}" in gathered
    for text in filter(lambda text: len(text) > 100, provider.given):
        for part in text.split("."):
            assert len(part) < 40 or part not in logs + gathered
