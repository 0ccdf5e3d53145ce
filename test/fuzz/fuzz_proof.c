/*
 * fuzz_proof: proofs of work, and vouchers of a gateway in their place. The whole input is the
 * text, with `@` for a challenge that our key signed and that asks for four bits. Nobody makes
 * another one who has not the key.
 */
#include <stdlib.h>
#include <string.h>

#include "base/voucher.h"
#include "fuzz.h"

enum { CONCERT = 7, NOW_S = 1800000000, BITS = 4 };

static const uint8_t key[PROOF_KEY_BYTES] = "a key of exactly 32 bytes......";

static void
try_voucher(const char *text)
{
    uint8_t name[PROOF_NAME_BYTES];
    if (!voucher_is_good("secret", CONCERT, "fan", NOW_S, text, name))
        return;
    REQUIRE(voucher_is_one(text));
    REQUIRE(!voucher_is_good("secret", CONCERT, "fan", NOW_S + VOUCHER_LIFE_S, text, name));
    REQUIRE(!voucher_is_good("secret", CONCERT, "fan", NOW_S - VOUCHER_LIFE_S, text, name));
    REQUIRE(!voucher_is_good("secret", CONCERT, "another", NOW_S, text, name));
    REQUIRE(!voucher_is_good("another", CONCERT, "fan", NOW_S, text, name));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char challenge[PROOF_CHALLENGE_SIZE];
    struct proof_solution solution, again;
    char *copy = fuzz_copy(data, size);
    proof_write_challenge(key, &(struct proof_challenge){CONCERT, BITS, NOW_S + 60}, challenge);
    char *text = fuzz_replace(copy, "@", challenge);
    enum proof_verdict verdict = proof_read(key, CONCERT, NOW_S, text, &solution);
    REQUIRE(*proof_verdict_text(verdict) != '\0');
    if (verdict == PROOF_GOOD) {
        REQUIRE(solution.bits == BITS);
        REQUIRE(strncmp(text, challenge, strlen(challenge)) == 0);
        REQUIRE(strlen(text) == strlen(challenge) + 1 + (size_t)2 * PROOF_ANSWER_BYTES);
        REQUIRE(proof_read(key, CONCERT, NOW_S + 60, text, &again) == PROOF_EXPIRED);
        REQUIRE(proof_read(key, CONCERT + 1, NOW_S, text, &again) == PROOF_FOREIGN);
    }
    try_voucher(text);
    free(text);
    free(copy);
    return 0;
}
