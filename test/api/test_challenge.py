"""Robots: GET /concert/{concert}/challenge, and `proof` in POST /token/add."""

import time

import pytest
from crowd import rush
from helpers import add_token, assert_headers, assert_problem, new_concert, new_user, ok
from proofs import sign, solve, voucher
from queue_helpers import Queue

pytestmark = pytest.mark.usefixtures("audited")

KEY = b"k" * 32
NULL = {"challenge": None, "puzzles": None, "bits": None, "expiresAt": None}


class Guarded(Queue):
    """A concert that asks for a proof of work."""

    @classmethod
    def new(cls, stack, capacity=None, **more):
        guarded = super().new(stack, capacity, **more)
        guarded.set(challenge_key=f"UNHEX('{KEY.hex()}')")
        return guarded

    def challenge(self, client=None):
        return ok((client or self.stack).fresh(f"{self.path}/challenge"))

    def proof(self):
        shown = self.challenge()
        return solve(shown["challenge"], shown["bits"], shown["puzzles"])[0]

    def made_up(self, bits=4, seconds=60, concert=None, key=KEY):
        """A proof for a challenge that nobody handed out; with our key it is as good as one that was."""
        return solve(sign(key, concert or self.id, bits, int(time.time()) + seconds), bits)[0]

    def enter(self, proof=None, user=None, client=None):
        body = {"userId": user or new_user(), "concertId": self.id} | ({} if proof is None else {"proof": proof})
        return (client or self.stack).post("/token/add", body)

    def spent(self):
        return self.stored().client.zcard(self.stored().key("proofs"))


@pytest.fixture(scope="module")
def guarded(stack):
    return Guarded.new(stack)


def test_off_unless_a_concert_asks(stack):
    concert = new_concert(stack)
    shown = ok(stack.get(f"{concert.path}/challenge"))
    assert shown | {"now": 0} == {"concertId": concert.id, **NULL, "now": 0}
    add_token(stack, new_user(), concert)
    ok(stack.post("/token/add", {"userId": new_user(), "concertId": concert.id, "proof": "whatever"}))


def test_a_challenge(stack, guarded):
    answer = stack.get(f"{guarded.path}/challenge")
    shown = ok(answer)
    assert_headers(answer)
    assert list(shown) == ["concertId", *NULL, "now"]
    assert (shown["concertId"], shown["puzzles"], shown["bits"]) == (guarded.id, 16, 12)
    expires = int(shown["challenge"].split(".")[2])
    assert shown["challenge"] == sign(KEY, guarded.id, 12, expires)
    assert shown["expiresAt"] == time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(expires))
    assert 0 < expires - time.time() <= 61
    assert_problem(stack.get("/concert/2147483647/challenge"), "concert_not_found")


@pytest.mark.parametrize("capacity", [None, 0, 5])
def test_a_token_for_a_proof(stack, capacity):
    guarded = Guarded.new(stack, capacity)
    assert_problem(guarded.enter(), "challenge_required")
    assert_problem(guarded.enter(""), "challenge_required")
    user, proof = new_user(), guarded.proof()
    token = ok(guarded.enter(proof, user))
    assert token["status"] == ("waiting" if capacity == 0 else "active")
    assert guarded.poll(token)["token"] == token["token"], "nothing else asks for a proof"
    assert "used already" in guarded.enter(proof, user).json()["detail"]
    assert ok(guarded.enter(guarded.proof(), user))["token"] == token["token"]


def test_what_comes_before_the_proof(stack):
    def ask(concert, **more):
        return stack.post("/token/add", {"userId": new_user(), "concertId": concert, **more})

    assert_problem(ask(2147483647), "concert_not_found")
    guarded = Guarded.new(stack)
    proof = guarded.proof()
    for changes, code in (({"status": "'closed'"}, "concert_not_open"), ({"maintenance": 1}, "maintenance")):
        guarded.set(**changes)
        assert_problem(ask(guarded.id), code)
        assert_problem(ask(guarded.id, proof=proof), code)
        guarded.set(status="'open'", maintenance=0)
    for wrong in (1, None, True, [proof], {"proof": proof}):
        assert_problem(ask(guarded.id, proof=wrong), "invalid_field", field="proof")
    ok(ask(guarded.id, proof=proof))  # none of these has spent it


def test_proofs_that_are_none(guarded):
    good = guarded.made_up()
    challenge, _, answer = good.rpartition(".")
    head = challenge.rpartition(".")[0]
    for proof in (
        "x", ".", "...", "....", good[:-1], good + "0", good + ".", "." + good, " " + good, good + "\n", good[:-2] + "zz",
        challenge, answer, f"{challenge}.", f".{answer}", good * 2, good * 50,
        f"1e3.4.{challenge.split('.')[2]}.{'0' * 32}.{answer}", f"-1.-1.-1.{'0' * 32}.{answer}",
        f"99999999999999999999.4.1.{'0' * 32}.{answer}", f"{guarded.id}.4.99999999999999999999.{'0' * 32}.{answer}",
        f"{guarded.id}.21.1.{'0' * 32}.{answer}", "한글", f"{challenge}.{'한' * 112}",
    ):
        refused = guarded.enter(proof)
        assert_problem(refused, "challenge_required")
        assert refused.json()["detail"] in ("The proof is no proof", "The proof is not for a challenge of this concert"), proof
    assert f"{head}.{'0' * 32}.{answer}" != good
    assert_problem(guarded.enter(good * 1000), "body_too_large")
    ok(guarded.enter(good))


def test_proofs_of_another_challenge(stack, guarded):
    other = Guarded.new(stack)
    for proof, detail in (
        (guarded.made_up(seconds=-1), "The challenge has expired"),
        (guarded.made_up(key=b"x" * 32), "The proof is not for a challenge of this concert"),
        (guarded.made_up(concert=other.id), "The proof is not for a challenge of this concert"),
        ("0" + guarded.made_up(), "The proof is not for a challenge of this concert"),
        (guarded.made_up().replace(".4.", ".+4."), "The proof is not for a challenge of this concert"),
        (guarded.made_up().replace(".4.", ".1."), "The proof is not for a challenge of this concert"),
    ):
        refused = guarded.enter(proof)
        assert_problem(refused, "challenge_required")
        assert refused.json()["detail"] == detail, proof


def test_too_little_work(guarded):
    """Each of the 16 puzzles has to be solved."""
    challenge = sign(KEY, guarded.id, 8, int(time.time()) + 60)
    good, _ = solve(challenge, 8)
    for puzzle in range(16):
        at = len(good) - 6 * (16 - puzzle)
        wrong = good[:at] + f"{int(good[at:at + 6], 16) ^ 1:06x}" + good[at + 6:]
        refused = guarded.enter(wrong)
        if refused.status == 200:  # one of 256 solves it too
            continue
        assert_problem(refused, "challenge_required")
        assert refused.json()["detail"] == "The proof does not solve the challenge"


def test_a_proof_is_not_made_another_by_its_last_puzzle(guarded):
    """Who has one gets no second one for a sixteenth of the work."""
    challenge = sign(KEY, guarded.id, 1, int(time.time()) + 60)
    first, _ = solve(challenge, 1)
    seen = [guarded.enter(first[:-6] + f"{counter:06x}") for counter in range(20)]
    assert sum(answer.status == 200 for answer in seen) == 1
    assert any("used already" in answer.json().get("detail", "") for answer in seen)
    assert_problem(guarded.enter(first.rpartition(".")[0] + "." + first.rpartition(".")[2].upper()), "challenge_required")


CALLERS = 300


def test_one_proof_by_300_callers(stack):
    """Exactly one of them gets a token, and there is no other."""
    guarded = Guarded.new(stack, 5)
    for _ in range(3):
        proof = guarded.made_up()
        codes = rush(stack, [lambda client: guarded.enter(proof, client=client)] * CALLERS).codes
        assert codes == {"": 1, "challenge_required": CALLERS - 1}
    assert guarded.spent() == 3
    assert len(guarded.rows()) == 3


def test_300_proofs_by_300_callers(stack):
    """Adds that wait in the sockets go one by one, and all of them come in."""
    guarded = Guarded.new(stack, 5)
    proofs = [guarded.made_up() for _ in range(CALLERS)]
    crowd = rush(stack, [lambda client, proof=proof: guarded.enter(proof, client=client) for proof in proofs])
    assert crowd.codes == {"": CALLERS}
    assert sorted(token["number"] for token in crowd.successes) == list(range(1, CALLERS + 1))


def test_the_work_follows_the_load(stack):
    guarded = Guarded.new(stack)
    stored = guarded.stored()
    now = int(time.time() * 1000)
    for count, bits in ((0, 12), (59, 12), (60, 13), (599, 13), (600, 14), (5999, 14), (6000, 15), (60_000, 15)):
        stored.client.delete(stored.key("proofs"))
        if count:
            stored.client.zadd(stored.key("proofs"), {f"made up {n}": now for n in range(count)})
        shown = guarded.challenge()
        assert (shown["bits"], shown["challenge"].split(".")[1]) == (bits, str(bits)), count
    stored.client.delete(stored.key("proofs"))
    stored.client.zadd(stored.key("proofs"), {f"made up {n}": now - 60_001 for n in range(6000)})
    assert guarded.challenge()["bits"] == 12, "those of a minute ago do not count"


@pytest.mark.parametrize("bits, limit", [(12, 600), (13, 6000), (14, None), (15, None)])
def test_a_challenge_of_before_the_rush(stack, bits, limit):
    """It lives for a minute, in which a robot could work through the rush on an easy one."""
    guarded = Guarded.new(stack)
    stored = guarded.stored()
    proof = guarded.made_up(bits)

    def come(count):
        now = int(time.time() * 1000)
        stored.client.delete(stored.key("proofs"))
        stored.client.zadd(stored.key("proofs"), {f"made up {n}": now for n in range(count)})

    if limit:
        come(limit)
        refused = guarded.enter(proof)
        assert_problem(refused, "challenge_required")
        assert "too easy" in refused.json()["detail"]
    come(limit - 1 if limit else 20_000)
    ok(guarded.enter(proof))


def test_what_is_spent_is_kept_for_a_minute(stack):
    guarded = Guarded.new(stack)
    stored = guarded.stored()
    key = stored.key("proofs")
    stored.client.zadd(key, {f"old {n}": int(time.time() * 1000) - 60_001 for n in range(150)})
    ok(guarded.enter(guarded.made_up()))
    assert guarded.spent() == 51, "a hundred old ones go with each new one"
    assert 0 < stored.client.ttl(key) <= 60
    ok(guarded.enter(guarded.made_up()))
    assert guarded.spent() == 2


def test_an_operator_switches_it_on_and_off(stack, operator_headers):
    concert = new_concert(stack)

    def patch(value):
        body = {"challenge": value}
        return ok(stack.call("PATCH", f"/admin/concert/{concert.id}", body, operator_headers))["challenge"]

    def key():
        return stack.query("SELECT challenge_key AS k FROM concert WHERE concert_id = %s", concert.id)[0]["k"]

    assert patch("proof") == "proof"
    first = key()
    assert len(first) == 32
    assert patch("proof") == "proof" and key() == first
    assert_problem(stack.post("/token/add", {"userId": new_user(), "concertId": concert.id}), "challenge_required")
    assert patch("off") == "off" and key() is None
    add_token(stack, new_user(), concert)
    assert patch("proof") == "proof" and key() not in (first, None)
    log = ok(stack.get(f"/admin/log?concertId={concert.id}", **operator_headers))
    assert first.hex() not in str(log) and "challenge" in str(log)


@pytest.fixture
def operator_headers(stack):
    return stack.admin_headers()


def test_where_redis_is_away(new_stack):
    private = new_stack()
    guarded, queued = Guarded.new(private), Guarded.new(private, 5)
    free = new_concert(private)
    proofs = {one: one.made_up() for one in (guarded, queued)}
    with private.without("redis"):
        for one, proof in proofs.items():
            assert private.fresh(f"{one.path}/challenge").code == "queue_unavailable"
            assert_problem(one.enter(), "challenge_required")
            assert_problem(one.enter(proof), "queue_unavailable")
        ok(private.fresh(f"{free.path}/challenge"))
        add_token(private, new_user(), free)


def test_a_gateway_vouches(new_stack, tmp_path):
    """For one user, in one concert, for a minute at most, once; any of its secrets will do."""
    secrets = ["the secret of before", "the secret of now"]
    (tmp_path / "voucher").write_text("\n".join(secrets) + "\n")
    private = new_stack(voucher_secret_file=tmp_path / "voucher")
    guarded, other, now = Guarded.new(private, 5), Guarded.new(private), int(time.time())
    for secret in secrets:
        user = new_user("auth0|with.dots")
        good = voucher(secret, guarded.id, user, now + 30)
        head, mac = good.rpartition(".")[::2]
        for wrong in (
            voucher("another", guarded.id, user, now + 30), voucher("", guarded.id, user, now + 30),
            voucher(secret, other.id, user, now + 30), voucher(secret, guarded.id, new_user(), now + 30),
            voucher(secret, guarded.id, user, now - 1), voucher(secret, guarded.id, user, now + 300),
            voucher(secret, guarded.id, user, 2**63), voucher(secret, guarded.id, user, now + 30, "x" * 31),
            "gateway.", "gateway.1", "gateway.1.", "gateway.1..", f"{head}.", head, good[:-1], good + "0", good * 2,
            good.replace("gateway.", "gateway.1"), f"{head}.{'0' * 64}",
        ):
            refused = guarded.enter(wrong, user)
            assert_problem(refused, "challenge_required")
            assert refused.json()["detail"] == "The gateway's voucher has expired, or is not for this user here"
        ok(guarded.enter(good, user))
        for again in (good, f"{head}.{mac.upper()}", good.replace("gateway.", "gateway.0"), good.replace("gateway.", "gateway.+")):
            assert_problem(guarded.enter(again, user), "challenge_required")
    ok(guarded.enter(guarded.made_up()))
    printed = private.program("frontrow", "--print-config").stdout
    assert "voucher secret ***" in printed and not any(secret in printed for secret in secrets)


def test_nobody_vouches_where_no_secret_is_set(guarded):
    user = new_user()
    for secret in ("", "a secret"):
        assert_problem(guarded.enter(voucher(secret, guarded.id, user, int(time.time()) + 30), user), "challenge_required")
