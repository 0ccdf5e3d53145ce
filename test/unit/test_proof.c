/* base/proof, base/voucher: challenges, proofs of work, and a gateway's word in their place. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "../proof_maker.h"
#include "base/voucher.h"
#include "suites.h"

enum { NOW_S = 1800000000 };

static const uint8_t key[PROOF_KEY_BYTES] = "a key of exactly 32 bytes......";
static const uint8_t salt[PROOF_SALT_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};

static enum proof_verdict
read_with(const uint8_t *with, int32_t concert_id, int64_t now_s, const char *proof)
{
    struct proof_solution found;
    return proof_read(with, concert_id, now_s, proof, &found);
}

static void
make(int32_t bits, char proof[PROOF_SIZE])
{
    char challenge[PROOF_CHALLENGE_SIZE];
    proof_write_challenge(key, &(struct proof_challenge){7, bits, NOW_S + 60}, challenge);
    proof_make(challenge, bits, salt, proof);
}

static void
a_proof_is_good_for_its_concert_until_it_expires(void)
{
    static const uint8_t other[PROOF_KEY_BYTES] = "another key of exactly 32 bytes";
    char proof[PROOF_SIZE];
    make(6, proof);
    CU_ASSERT_EQUAL(read_with(key, 7, NOW_S, proof), PROOF_GOOD);
    CU_ASSERT_EQUAL(read_with(key, 7, NOW_S + 59, proof), PROOF_GOOD);
    CU_ASSERT_EQUAL(read_with(key, 7, NOW_S + 60, proof), PROOF_EXPIRED);
    CU_ASSERT_EQUAL(read_with(key, 8, NOW_S, proof), PROOF_FOREIGN);
    CU_ASSERT_EQUAL(read_with(other, 7, NOW_S, proof), PROOF_FOREIGN);
}

static void
no_letter_of_a_proof_can_be_changed(void)
{
    char proof[PROOF_SIZE];
    make(12, proof);
    CU_ASSERT_EQUAL_FATAL(read_with(key, 7, NOW_S, proof), PROOF_GOOD);
    for (size_t i = 0; proof[i] != '\0'; i++) {
        char was = proof[i];
        proof[i] = was == '0' ? '1' : '0';
        CU_ASSERT_NOT_EQUAL(read_with(key, 7, NOW_S, proof), PROOF_GOOD);
        proof[i] = '\0';
        CU_ASSERT_NOT_EQUAL(read_with(key, 7, NOW_S, proof), PROOF_GOOD);
        proof[i] = was;
    }
}

static void
a_challenge_has_one_form_only(void)
{
    static const char *const wrong[] = {
        "",          ".",          "....",           "7.6.9.x",
        "7.-1.9.x",  "7.21.9.x",   "7.6.-9.x",       "7.6.99999999999.x",
        "7.6.9",     " 7.6.9.x",   "7..9.x",         "99999999999.6.9.x",
        "7.0x6.9.x", "7.6.9.x.y.", "7.6.1800000060."};
    char proof[2 * PROOF_SIZE], good[PROOF_SIZE];
    make(6, good);
    const char *answer = strrchr(good, '.');
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(proof, sizeof proof, "%s%s", wrong[i], answer);
        CU_ASSERT_TRUE(read_with(key, 7, NOW_S, proof) == PROOF_NONE ||
                       read_with(key, 7, NOW_S, proof) == PROOF_FOREIGN);
    }
    snprintf(proof, sizeof proof, "0%s", good);
    CU_ASSERT_EQUAL(read_with(key, 7, NOW_S, proof), PROOF_FOREIGN);
    snprintf(proof, sizeof proof, "%s0", good);
    CU_ASSERT_EQUAL(read_with(key, 7, NOW_S, proof), PROOF_NONE);
}

/* Else a second one would cost a sixteenth of the first. */
static void
the_name_is_that_of_challenge_and_salt(void)
{
    struct proof_solution first, second;
    char proof[PROOF_SIZE];
    make(0, proof);
    CU_ASSERT_EQUAL_FATAL(proof_read(key, 7, NOW_S, proof, &first), PROOF_GOOD);
    proof[strlen(proof) - 1] = '5';
    CU_ASSERT_EQUAL_FATAL(proof_read(key, 7, NOW_S, proof, &second), PROOF_GOOD);
    CU_ASSERT_EQUAL(memcmp(first.name, second.name, PROOF_NAME_BYTES), 0);
    strrchr(proof, '.')[1] = '5'; /* the salt begins here */
    CU_ASSERT_EQUAL_FATAL(proof_read(key, 7, NOW_S, proof, &second), PROOF_GOOD);
    CU_ASSERT_NOT_EQUAL(memcmp(first.name, second.name, PROOF_NAME_BYTES), 0);
}

/* Made by test/proofs.py for user "fan" and concert 7, 30 seconds from now. */
static const char voucher[] = "gateway.1800000030.00000000000000000000000000000000."
                              "f8b602ad119c9c2dca0f36b3959aaef4"
                              "c47e77fdb2463d32bf4a6bde8794b1d0";

static void
a_voucher_is_good_for_its_user_for_a_minute(void)
{
    uint8_t name[PROOF_NAME_BYTES];
    CU_ASSERT_TRUE(voucher_is_one(voucher));
    CU_ASSERT_TRUE(voucher_is_good("secret", 7, "fan", NOW_S, voucher, name));
    CU_ASSERT_TRUE(voucher_is_good("secret", 7, "fan", NOW_S - 30, voucher, name));
    CU_ASSERT_TRUE(voucher_is_good("secret", 7, "fan", NOW_S + 29, voucher, name));
    CU_ASSERT_FALSE(voucher_is_good("secret", 7, "fan", NOW_S + 30, voucher, name));
    CU_ASSERT_FALSE(voucher_is_good("secret", 7, "fan", NOW_S - 31, voucher, name));
    CU_ASSERT_FALSE(voucher_is_good("secret", 7, "another", NOW_S, voucher, name));
    CU_ASSERT_FALSE(voucher_is_good("secret", 8, "fan", NOW_S, voucher, name));
    CU_ASSERT_FALSE(voucher_is_good("another", 7, "fan", NOW_S, voucher, name));
    CU_ASSERT_FALSE(voucher_is_good("secret", 7, "fan", NOW_S, voucher + 1, name));
    CU_ASSERT_EQUAL(read_with(key, 7, NOW_S, voucher), PROOF_NONE);
}

static void
each_verdict_has_a_text(void)
{
    for (int verdict = PROOF_GOOD; verdict <= PROOF_UNSOLVED; verdict++)
        CU_ASSERT_NOT_EQUAL(*proof_verdict_text((enum proof_verdict)verdict), '\0');
}

void
suite_proof(void)
{
    CU_pSuite suite = CU_add_suite("proof", NULL, NULL);
    CU_add_test(suite, "a proof is good for its concert until it expires",
                a_proof_is_good_for_its_concert_until_it_expires);
    CU_add_test(suite, "no letter of a proof can be changed", no_letter_of_a_proof_can_be_changed);
    CU_add_test(suite, "a challenge has one form only", a_challenge_has_one_form_only);
    CU_add_test(suite, "the name is that of challenge and salt",
                the_name_is_that_of_challenge_and_salt);
    CU_add_test(suite, "a voucher is good for its user for a minute",
                a_voucher_is_good_for_its_user_for_a_minute);
    CU_add_test(suite, "each verdict has a text", each_verdict_has_a_text);
}
