/*
 * proof: proof of work (C. Dwork and M. Naor, "Pricing via Processing or Combatting Junk Mail",
 * 1992; A. Back, "Hashcash", 2002): a price in processor time for a call that robots make by the
 * thousand. A challenge is signed and not kept; whoever solves it adds a salt, so that one
 * challenge is good for any number of proofs. docs/challenge.md describes both for other programs.
 */
#ifndef FRONTROW_BASE_PROOF_H
#define FRONTROW_BASE_PROOF_H

#include <stdint.h>

#include "base/must_check.h"

enum {
    PROOF_KEY_BYTES = 32,
    PROOF_MAC_BYTES = 16,
    PROOF_SALT_BYTES = 8,
    PROOF_COUNTER_BYTES = 3,
    PROOF_PUZZLES = 16, /* several small ones: the time of one large one would vary too much */
    PROOF_ANSWER_BYTES = PROOF_SALT_BYTES + PROOF_PUZZLES * PROOF_COUNTER_BYTES,
    PROOF_BITS_MAX = 20, /* a counter still finds one of so many zero bits */
    PROOF_NAME_BYTES = 16,
    /* "<concertId>.<bits>.<seconds since 1970>.<MAC>" with the NUL, then "." and the answer */
    PROOF_CHALLENGE_SIZE = 10 + 1 + 2 + 1 + 12 + 1 + 2 * PROOF_MAC_BYTES + 1,
    PROOF_SIZE = PROOF_CHALLENGE_SIZE + 1 + 2 * PROOF_ANSWER_BYTES,
};

/* What a challenge says. */
struct proof_challenge {
    int32_t concert_id;
    int32_t bits;      /* that a puzzle's hash begins with as zeros */
    int64_t expires_s; /* seconds since 1970 */
};

/* What a good proof says. */
struct proof_solution {
    int32_t bits; /* of its challenge */
    /* the same for all of this challenge and salt: who has one would get another for a sixteenth */
    uint8_t name[PROOF_NAME_BYTES];
};

enum proof_verdict {
    PROOF_GOOD,
    PROOF_NONE,     /* it has another form */
    PROOF_FOREIGN,  /* the challenge was not signed by this key, for this concert */
    PROOF_EXPIRED,  /* the challenge was */
    PROOF_UNSOLVED, /* a puzzle is */
};

/* Writes and signs a challenge. */
void proof_write_challenge(const uint8_t key[PROOF_KEY_BYTES],
                           const struct proof_challenge *challenge,
                           char text[PROOF_CHALLENGE_SIZE]);

/* Whether a proof is good at `now_s` for this concert; *solution is set then. */
enum proof_verdict proof_read(const uint8_t key[PROOF_KEY_BYTES], int32_t concert_id, int64_t now_s,
                              const char *text, struct proof_solution *solution) MUST_CHECK;

/* Why a proof is not good, for people. */
const char *proof_verdict_text(enum proof_verdict verdict);

#endif
