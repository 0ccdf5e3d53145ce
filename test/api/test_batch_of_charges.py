"""Charges, and uses, that wait together share a transaction: what one hears is what it would hear by itself."""

from itertools import count

import pytest
from batches import AT_ONCE, ONE_WORKER, assert_statements, changing, together, waiting
from crowd import lock_purse, transaction
from helpers import balance, charge, form, is_replayed, new_user, ok

MOST = 10_000_000_000  # points in a purse
LARGEST = 1_000_000_000  # of one call

_numbers = count(1)


@pytest.fixture(scope="module")
def stack(one_worker):
    return one_worker


def new_users(stack, number, points=0):
    """With a purse where they have points."""
    users = [new_user() for _ in range(number)]
    for user in users:
        if points:
            charge(stack, user, points)
    return users


def charges(users, amount=700, **more):
    return [changing("charge", user, amount, **more) for user in users]


def assert_changed(stack, kind, users, amounts, before, answers):
    for user, amount, had, answer in zip(users, amounts, before, answers, strict=True):
        signed = amount if kind == "charge" else -amount
        changed = ok(answer)
        assert (changed["userId"], changed["amount"], changed["balance"]) == (user, amount, had + signed)
        entry = ok(stack.get(f"/point/history?userId={user}&limit=1"))["history"][0]
        assert (entry["historyId"], entry["kind"]) == (changed["historyId"], kind)
        assert (entry["amount"], entry["balanceAfter"]) == (signed, had + signed)
        assert balance(stack, user) == had + signed


@pytest.mark.parametrize("kind", ["charge", "use"])
def test_all_get_their_points(stack, kind):
    """Two of them too, with the members of an answer to one who asks alone."""
    users = new_users(stack, AT_ONCE, points=5000)
    alone = changing(kind, *new_users(stack, 1, points=5000), 8)(stack.client)
    amounts = [n + 1 for n in range(AT_ONCE)]
    answers = together(stack, [changing(kind, user, amount) for user, amount in zip(users, amounts)])
    assert_changed(stack, kind, users, amounts, [5000] * AT_ONCE, answers)
    entries = ", ".join(str(ok(answer)["historyId"]) for answer in answers)
    times, = stack.query(f"SELECT COUNT(DISTINCT created_at) AS n FROM point_history WHERE history_id IN ({entries})")
    assert times["n"] == 1, "they had no transaction together"
    pair = together(stack, [changing(kind, user, 8) for user in users[:2]])
    assert all(list(ok(answer)) == list(ok(alone)) for answer in pair)


def test_who_never_had_points_gets_a_purse(stack):
    """Beside those who have one."""
    old, new = new_users(stack, 5, points=100), new_users(stack, 6)
    users = [*new[:3], *old, *new[3:]]
    before = [100 if user in old else 0 for user in users]
    assert_changed(stack, "charge", users, [700] * len(users), before, together(stack, charges(users)))


@pytest.mark.parametrize("points, expected", [(1, 4), (0, 7)])
def test_a_batch_takes_as_many_statements_as_one(stack, points, expected):
    """The purses, balances, ledger, COMMIT; and who has no purse, the new purses, and all of them again."""
    assert_statements(stack, expected, lambda _: charges(new_users(stack, AT_ONCE, points)))


def test_keys_take_two_statements_more(stack):
    def calls(_):
        return [changing("charge", user, 700, key=f"many-{next(_numbers)}") for user in new_users(stack, AT_ONCE, 1)]

    assert_statements(stack, 6, calls)


def test_refusals_are_those_of_a_single_call(stack):
    full, poor, good = new_user(), new_user(), new_users(stack, 6, points=100)
    for _ in range(MOST // LARGEST):
        charge(stack, full, LARGEST)
    charge(stack, poor, 50)
    for kind, code, refused in (("charge", "balance_limit", full), ("use", "insufficient_points", poor)):
        calls = [changing(kind, user, 60) for user in good]
        calls[2:2] = [changing(kind, refused, 60), changing(kind, new_user(), 0)]
        had = [balance(stack, user) for user in good]
        answers = together(stack, calls)
        assert [answers[n].code for n in (2, 3)] == [code, "invalid_field"]
        assert [form(answers[n]) for n in (2, 3)] == [form(calls[n](stack.client)) for n in (2, 3)]
        assert_changed(stack, kind, good, [60] * 6, had, answers[:2] + answers[4:])
    assert ok(together(stack, [changing("use", poor, 50), *charges(good)])[0])["balance"] == 0


def test_who_never_had_points_can_use_none(stack):
    users = new_users(stack, 3)
    rich = new_users(stack, 2, points=10)
    *answers, first, last = together(stack, [changing("use", user, 1) for user in users + rich])
    assert [(answer.code, answer.json()["balance"]) for answer in answers] == [("insufficient_points", 0)] * 3
    assert [ok(first)["balance"], ok(last)["balance"]] == [9, 9]
    made = stack.query("SELECT user_id FROM point WHERE user_id IN (%s, %s, %s)", *users)
    assert not made, "a purse was made for nothing"


def test_a_user_who_asks_twice_gets_both(stack):
    user, other = new_users(stack, 2, points=10)
    answers = together(stack, charges([user, other, user, user]))
    assert sorted(ok(answers[n])["balance"] for n in (0, 2, 3)) == [710, 1410, 2110]
    assert balance(stack, user) == 2110 and balance(stack, other) == 710


def test_charges_beside_uses(stack):
    """They are two routes: each has a transaction of its own, and a user gets both."""
    users = new_users(stack, 4, points=1000)
    answers = together(stack, charges(users) + [changing("use", user, 300) for user in users])
    assert [answer.status for answer in answers] == [200] * 8
    assert [balance(stack, user) for user in users] == [1400] * 4


def test_keys(stack):
    """A repetition in the same batch, of an earlier call, and of another one; and all of them later."""
    early, *users = new_users(stack, 5)
    earlier = changing("charge", early, 700, key="k")
    before = earlier(stack.client)
    good = charges(users, key="k")
    answers = together(stack, [earlier, good[0], good[0], changing("charge", early, 1, key="k"), *good[1:]])
    again, first, repeated, other, *rest = answers
    assert is_replayed(again) and again.body == before.body
    assert first.body == repeated.body and is_replayed(first) != is_replayed(repeated)
    assert other.code == "idempotency_key_reused"
    for call, answer in zip(good, [first, *rest]):
        later = call(stack.client)
        assert is_replayed(later) and later.body == answer.body
    assert [balance(stack, user) for user in (early, *users)] == [700] * 5


def test_a_locked_purse_is_waited_for_by_its_owner_only(stack):
    """Nor is a new purse made for it; whoever has none does not wait."""
    old, new = new_users(stack, 3, points=100), new_users(stack, 2)
    users = [old[0], new[0], old[1], new[1], old[2]]
    with lock_purse(stack, old[1]):
        with waiting(stack, charges(users)) as pending:
            pass
        assert [pending[n].result(60).status for n in (0, 1, 3, 4)] == [200] * 4
        assert not pending[2].done()
    assert_changed(stack, "charge", users, [700] * 5, [100, 0, 100, 0, 100], [answer.result(60) for answer in pending])


def test_a_purse_that_another_one_makes_meanwhile(stack):
    """Its row is waited for, and then each goes by itself."""
    *users, late = new_users(stack, 4)
    with transaction(stack, "INSERT INTO point (user_id) VALUES (%s)", late):
        with waiting(stack, charges([*users, late])) as pending:
            pass
        answers = [pending[n].result(60) for n in (0, 1, 2)]
    answers.append(pending[3].result(60))
    assert {answer.status for answer in answers} <= {200, 503}
    for user, answer in zip([*users, late], answers):
        assert balance(stack, user) == (700 if answer.status == 200 else 0)


def test_where_only_operators_charge(new_stack):
    """Everybody else is refused, also together; who uses points is not."""
    deployed = new_stack(**ONE_WORKER, charge="operator")
    users = [new_user() for _ in range(4)]
    answers = together(deployed, charges(users))
    assert [form(answer) for answer in answers] == [form(changing("charge", users[0], 700)(deployed.client))] * 4
    assert {answer.code for answer in answers} == {"forbidden"}
    for user in users:
        deployed.query("INSERT INTO point (user_id, balance) VALUES (%s, 100)", user)
        deployed.query("INSERT INTO point_history (user_id, kind, amount, balance_after, created_at)"
                       " VALUES (%s, 'charge', 100, 100, UTC_TIMESTAMP(3))", user)
    assert [ok(answer)["balance"] for answer in together(deployed, [changing("use", user, 1) for user in users])] == [99] * 4


def test_an_operator_beside_users(new_stack):
    """Who charges for somebody else shares no transaction with that user, and is in the audit log."""
    office = new_stack(**ONE_WORKER)
    user, *others = new_users(office, 5, points=10)

    def by_operator(client):
        return client.post("/point/charge", {"userId": user, "amount": 5}, **office.admin_headers())

    answers = together(office, [by_operator, *charges([user, *others]), by_operator])
    assert [answer.status for answer in answers] == [200] * 7
    assert balance(office, user) == 10 + 700 + 5 + 5
    rows = office.query("SELECT actor, new_values FROM audit_log WHERE action = 'point charge'")
    assert len(rows) == 2 and all(row["actor"] == "admin" and user in row["new_values"] for row in rows)
