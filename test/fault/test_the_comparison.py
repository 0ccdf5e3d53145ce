"""The comparison with the books finds whatever is wrong in them: who would test it otherwise?"""

import time

import pytest
from booking import Hall, Load


@pytest.fixture(scope="module")
def told(new_stack):
    """A load's answers, and the stack of its own whose books may be falsified."""
    stack = new_stack()
    with Load(Hall(stack, items=1), rate=100) as load:
        time.sleep(1)
    return load.told, stack


# (what is done to a row, and undone; which one)
FALSIFIED = {
    "a payment of another amount": ("payment", "amount = amount {} 1", "payment_id"),
    "a payment of something else": ("payment", "paid_at = paid_at {} INTERVAL 1 SECOND", "payment_id"),
    "another price": ("reservation", "total_price = total_price {} 1", "reservation_id"),
    "another end of a hold": ("reservation", "expires_at = expires_at {} INTERVAL 1 SECOND", "reservation_id"),
    "another seat": ("reservation_seat", "seat_no = seat_no {} 5000", "reservation_id"),
    "another balance": ("point", "balance = balance {} 1", "user_id"),
    "an entry that says otherwise": ("point_history", "balance_after = balance_after {} 1", "history_id"),
}


@pytest.mark.parametrize("table, change, key", FALSIFIED.values(), ids=FALSIFIED)
def test_a_false_row(told, table, change, key):
    answers, stack = told
    row = stack.query(f"SELECT {key} AS id FROM {table} ORDER BY {key} DESC LIMIT 1")[0]["id"]
    for sign in "+-":
        stack.query(f"UPDATE {table} SET {change.format(sign)} WHERE {key} = %s", row)
        if sign == "+":
            with pytest.raises(AssertionError, match="disagree with the books"):
                answers.check(stack)
    answers.check(stack)


MISSING = {
    "a stored answer": "idempotency",
    "an entry": "point_history",
    "a purse": "point",
    "a token": "open_token",
}


@pytest.mark.parametrize("table", MISSING.values(), ids=MISSING)
def test_a_missing_row(told, table):
    """As if it were another user's, who was told of nothing."""
    answers, stack = told
    user = stack.query("SELECT user_id FROM payment ORDER BY payment_id DESC LIMIT 1")[0]["user_id"]
    stack.query(f"UPDATE {table} SET user_id = 'else-1' WHERE user_id = %s", user)
    with pytest.raises(AssertionError, match="disagree with the books"):
        answers.check(stack)
    stack.query(f"UPDATE {table} SET user_id = %s WHERE user_id = 'else-1'", user)
    answers.check(stack)


def test_an_effect_of_a_refused_call(told):
    """Something happened of which nobody was told."""
    answers, stack = told
    refused = f"{answers.name}-9999-1"
    for insert in (
        "INSERT INTO point_history (user_id, kind, amount, balance_after, created_at)"
        " VALUES (%s, 'charge', 0, 0, UTC_TIMESTAMP(3))",
        "INSERT INTO idempotency (user_id, idempotency_key, fingerprint, effect, effect_id, body,"
        " created_at) VALUES (%s, 'key', '', 'charge', 1,"
        " '{\"amount\":1,\"balance\":1,\"historyId\":1}', UTC_TIMESTAMP(3))",
    ):
        stack.query(insert, refused)
        with pytest.raises(AssertionError, match="disagree with the books"):
            answers.check(stack)
        for table in ("idempotency", "point_history"):
            stack.query(f"DELETE FROM {table} WHERE user_id = %s", refused)
    answers.check(stack)
