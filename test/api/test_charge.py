"""Points are money: who may charge them (`charge`), and what GET /settings tells of it."""

import pytest
from helpers import GATEWAY, OPERATOR, as_user, assert_headers, assert_problem, new_user, ok
from stack import wait_for
from tokens import Key, jwks

KEY = "Idempotency-Key"


@pytest.fixture(scope="module")
def deployed(new_stack):
    """As behind a gateway, with nothing said about charging."""
    return new_stack(caller="header", gateway_addresses=GATEWAY, admin_addresses=OPERATOR, workers=4)


@pytest.fixture(scope="module")
def demo(new_stack):
    """caller = body, and charging left to operators."""
    return new_stack(charge="operator", admin_addresses=OPERATOR, workers=4)


@pytest.fixture(scope="module")
def shut(new_stack):
    return new_stack(charge="off", workers=4)


def charged(user):
    return {"userId": user, "amount": 700}


def rows(stack, user):
    return stack.query("SELECT amount FROM point_history WHERE user_id = %s", user)


# ---- GET /settings


def test_settings(stack, header_stack, deployed, demo, shut):
    assert ok(stack.get("/settings")) == {"caller": "body", "charge": "anyone"}
    assert ok(header_stack.get("/settings")) == {"caller": "header", "charge": "anyone"}
    assert ok(deployed.get("/settings")) == {"caller": "header", "charge": "operator"}
    assert ok(demo.get("/settings")) == {"caller": "body", "charge": "operator"}
    assert ok(shut.get("/settings")) == {"caller": "body", "charge": "off"}


SIGN_IN = {"issuer": "https://login.example/realm", "clientId": "pages", "scope": "openid profile"}


def provider_settings(**more):
    return {"caller": "jwt", "jwt_issuer": SIGN_IN["issuer"], "jwt_audience": "frontrow", "signin_client": "pages",
            "signin_scope": "openid profile"} | more


@pytest.mark.parametrize("more, resource", [
    ({}, {}), ({"jwt_audience": "https://shop.example/api"}, {"resource": "https://shop.example/api"}),
])
def test_how_the_pages_sign_in(new_stack, tmp_path, more, resource):
    """And to whom they may connect for it."""
    keys = tmp_path / "keys"
    keys.write_text(jwks(Key("EdDSA")))
    stack = new_stack(**provider_settings(**more), jwt_keys_file=keys, workers=1,
                      signin_origins="https://tokens.example:8443, https://[2001:db8::1]")
    assert ok(stack.get("/settings")) == {"caller": "jwt", "charge": "operator", "signIn": SIGN_IN | resource}
    policy = stack.get("/").headers["Content-Security-Policy"]
    assert "connect-src 'self' https://login.example https://tokens.example:8443 https://[2001:db8::1];" in policy


def test_pages_that_do_not_sign_in_connect_to_nobody(stack):
    assert "connect-src 'self';" in stack.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize("more, said", [
    ({"caller": "header", "jwt_keys_file": ""}, "signin_client is used only with caller = jwt"),
    ({"jwt_issuer": "frontrow"}, "signin_client needs a jwt_issuer that is an address, like https://login.example"),
    ({"signin_scope": "profile open_id"}, "signin_scope needs openid"),
    *[({"signin_origins": wrong}, f'signin_origins: "{rest}" is no list of origins, like https://login.example') for wrong, rest in (
        ("https://a.example/path", "/path"), ("b.example", "b.example"), ("https://a.example;https://b.example", ";https://b.example"),
        ("https://a.example 'unsafe-inline'", "'unsafe-inline'"), ("https://", "https://"), ("*", "*"),
    )],
])
def test_ways_to_sign_in_that_are_refused(stack, tmp_path, more, said):
    keys = tmp_path / "keys"
    keys.write_text(jwks(Key("EdDSA")))
    done = stack.program("frontrow", "--check", **provider_settings(jwt_keys_file=str(keys)) | more)
    assert (done.returncode, done.stderr) == (78, f"frontrow: {said}\n")


def test_settings_are_kept_by_nginx_and_need_no_store(shut):
    first = shut.get("/settings")
    assert_headers(first)
    assert first.headers["Cache-Control"] == "public, max-age=0, s-maxage=1, must-revalidate"
    again = shut.get("/settings", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    with shut.without("mysql"), shut.without("redis"):
        assert wait_for(lambda: shut.get("/settings").status == 200)
    for _ in range(200):
        ok(shut.get("/settings"))
    lines = (shut.var / "log/access.log").read_text
    wait_for(lambda: lines().count("GET /settings") > 200)
    kept = [line for line in lines().splitlines() if "GET /settings" in line and " HIT " in line]
    assert len(kept) > 150
    assert_problem(shut.post("/settings", {}), "method_not_allowed")


# ---- POST /point/charge


def test_behind_a_gateway_users_make_no_points(deployed):
    user, gateway = new_user(), deployed.new_client(source=GATEWAY)
    me = as_user(user)
    assert_problem(gateway.post("/point/charge", {"amount": 700}, **me), "forbidden")
    assert_problem(gateway.post("/point/charge", charged(user), **me, **{KEY: "a"}), "forbidden")
    for key in ({}, {"Authorization": "Bearer wrong"}, deployed.admin_headers()):
        # the gateway's address is no operator's: the key does not get through
        assert_problem(gateway.post("/point/charge", charged(user), **me, **key), "forbidden")
        assert_problem(deployed.post("/point/charge", charged(user), **key), "unauthorized")
    assert rows(deployed, user) == []
    assert ok(gateway.get("/point", **me))["balance"] == 0


def test_an_operator_charges_for_whom_the_body_names(deployed):
    user, operator = new_user(), deployed.new_client(source=OPERATOR)
    key = deployed.admin_headers()
    first = operator.post("/point/charge", charged(user), **key, **{KEY: "paid-1"})
    assert {**ok(first), "historyId": 0} == {"userId": user, "balance": 700, "amount": 700, "historyId": 0}
    again = operator.post("/point/charge", charged(user), **key, **{KEY: "paid-1"})
    assert (again.body, again.headers["Idempotency-Replayed"]) == (first.body, "true")
    gateway = deployed.new_client(source=GATEWAY)
    assert ok(gateway.get("/point", **as_user(user)))["balance"] == 700
    assert ok(gateway.post("/point/use", {"amount": 200}, **as_user(user)))["balance"] == 500


def test_keys_of_an_operator_and_of_the_user_do_not_meet(stack, deployed):
    """Each has its own, whoever's points they are about; an operator's are one for all its calls."""
    user, operator, gateway = new_user(), deployed.new_client(source=OPERATOR), deployed.new_client(source=GATEWAY)
    ok(operator.post("/point/charge", charged(user), **deployed.admin_headers(), **{KEY: "same"}))
    used = gateway.post("/point/use", {"amount": 100}, **as_user(user), **{KEY: "same"})
    assert ok(used)["balance"] == 600
    for other in ("/point/charge", charged(new_user())), ("/admin/concert", {"title": "T", "venue": "V", "items": []}):
        again = operator.post(*other, **deployed.admin_headers(), **{KEY: "same"})
        assert_problem(again, "idempotency_key_reused")

    mine, theirs = ({KEY: "both"} | more for more in ({}, stack.admin_headers()))
    for headers in (mine, theirs):
        assert "Idempotency-Replayed" not in stack.post("/point/charge", charged(user), **headers).headers
        assert stack.post("/point/charge", charged(user), **headers).headers["Idempotency-Replayed"] == "true"
    assert len(rows(stack, user)) == 2
    deployed.check_books()
    stack.check_books()


def test_who_is_no_operator_or_names_nobody(deployed):
    operator, key = deployed.new_client(source=OPERATOR), deployed.admin_headers()
    user = new_user()
    assert_problem(operator.post("/point/charge", {"amount": 700}, **key), "unauthorized")
    assert_problem(operator.post("/point/charge", charged(user)), "unauthorized")
    assert_problem(operator.post("/point/charge", charged(user), Authorization="Bearer wrong"), "unauthorized")
    # the key opens this one call in a user's name, and no other
    assert_problem(operator.post("/point/use", charged(user), **key), "unauthorized")
    assert_problem(operator.get(f"/point?userId={user}", **key), "unauthorized")
    assert rows(deployed, user) == []


def test_checks_before_and_after_the_refusal(demo):
    """Fields and caller come first; then nobody hears whether a key was used before."""
    user, operator = new_user(), demo.new_client(source=OPERATOR)
    assert_problem(demo.post("/point/charge", {"userId": user, "amount": 0}), "invalid_field", field="amount")
    assert_problem(demo.post("/point/charge", {"amount": 1}), "invalid_field", field="userId")
    ok(operator.post("/point/charge", charged(user), **demo.admin_headers(), **{KEY: "mine"}))
    assert_problem(demo.post("/point/charge", charged(user), **{KEY: "mine"}), "forbidden")
    assert_problem(demo.post("/point/charge", charged(user), **demo.admin_headers()), "forbidden")
    assert len(rows(demo, user)) == 1


def test_off_is_for_everybody(shut):
    user = new_user()
    assert_problem(shut.post("/point/charge", charged(user)), "forbidden")
    assert_problem(shut.post("/point/charge", charged(user), **shut.admin_headers()), "forbidden")
    assert_problem(shut.post("/point/use", charged(user)), "insufficient_points", balance=0)
    assert rows(shut, user) == []
