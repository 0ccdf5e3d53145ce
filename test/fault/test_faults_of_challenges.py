"""Robots are asked for proofs of work while workers are killed: a proof is never worth two tokens, and who solves another one
comes in."""

import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from booking import Hall
from breaking import kill_workers_while
from proofs import sign, solve
from stack import wait_for

PAIRS, BITS = 30, 4


class Guarded:
    """A concert with a queue that asks for proofs."""

    def __init__(self, stack):
        self.stack, self.key = stack, os.urandom(32)
        self.id = Hall(stack, items=1, seats=1).id
        stack.query("UPDATE concert SET challenge_key = %s, admission_capacity = 5, line_since = line_version + 1,"
                    " line_version = line_version + 1 WHERE concert_id = %s", self.key, self.id)
        self.tokens = []  # (proof, user) of each add that was carried out

    def proof(self):
        """Of a challenge that nobody handed out: as good as one that was."""
        return solve(sign(self.key, self.id, BITS, int(time.time()) + 60), BITS)[0]

    def enter(self, user, proof):
        """With the proof, which another one has too, and then with others, until there is a token."""

        def ask():
            nonlocal proof
            with contextlib.closing(self.stack.new_client()) as client:
                answer = client.post("/token/add", {"userId": user, "concertId": self.id, "proof": proof})
            if answer.status == 200:
                self.tokens.append((proof, user))
                return True
            assert answer.status >= 500 or answer.code == "challenge_required", answer
            if answer.status == 403:
                proof = self.proof()
            return False

        wait_for(ask, 60)

    def enter_in_pairs(self):
        """Two have the same proof each time, and come at once."""
        callers = [(f"robot-{self.id}-{pair}-{one}", proof) for pair in range(PAIRS)
                   for proof in [self.proof()] for one in range(2)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda caller: self.enter(*caller), callers))

    def assert_exact(self):
        assert len(self.tokens) == len({proof for proof, _ in self.tokens}) == 2 * PAIRS
        rows = self.stack.query("SELECT user_id FROM queue_token WHERE concert_id = %s AND status <> 'done'", self.id)
        assert sorted(row["user_id"] for row in rows) == sorted(user for _, user in self.tokens)


@pytest.fixture
def guarded(whole):
    return Guarded(whole)


def test_workers_killed_while_proofs_are_spent(whole, guarded):
    kill_workers_while(whole, guarded.enter_in_pairs, pause=0.05)
    guarded.assert_exact()
