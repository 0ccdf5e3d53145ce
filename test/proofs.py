"""Proofs of work for POST /token/add, solved as docs/challenge.md says."""

import hashlib
import hmac
import itertools
import os


def leading_zeros(digest):
    return 8 * len(digest) - int.from_bytes(digest, "big").bit_length()


def solve(challenge, bits, puzzles=16, salt=None):
    """The proof, and how many hashes it took."""
    salt = os.urandom(8) if salt is None else salt
    seed = hashlib.sha256(challenge.encode() + salt).digest()
    answer, hashes = salt, 0
    for puzzle in range(puzzles):
        for counter in itertools.count():
            tried = counter.to_bytes(3, "big")
            if leading_zeros(hashlib.sha256(seed + bytes([puzzle]) + tried).digest()) >= bits:
                break
        hashes += counter + 1
        answer += tried
    return f"{challenge}.{answer.hex()}", hashes


def voucher(secret, concert_id, user, expires, nonce=None):
    """What a gateway signs in place of a proof."""
    nonce = nonce or os.urandom(16).hex()
    signed = f"gateway.{concert_id}.{user}.{expires}.{nonce}".encode()
    return f"gateway.{expires}.{nonce}.{hmac.digest(secret.encode(), signed, 'sha256').hex()}"


def is_solved(proof, bits, puzzles=16):
    challenge, _, answer = proof.rpartition(".")
    salt, counters = bytes.fromhex(answer[:16]), bytes.fromhex(answer[16:])
    seed = hashlib.sha256(challenge.encode() + salt).digest()
    return len(counters) == 3 * puzzles and all(
        leading_zeros(hashlib.sha256(seed + bytes([n]) + counters[3 * n:3 * n + 3]).digest()) >= bits for n in range(puzzles))


def sign(key, concert_id, bits, expires):
    """A challenge as the application writes it, which knows the key."""
    text = f"{concert_id}.{bits}.{expires}."
    return text + hmac.digest(key, text.encode(), "sha256")[:16].hex()
