#include "base/proof.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

enum { HASH_BYTES = 32, EXPIRES_MAX = INT32_MAX };

static void
sha256(const void *bytes, size_t size, uint8_t hash[HASH_BYTES])
{
    if (EVP_Digest(bytes, size, hash, NULL, EVP_sha256(), NULL) != 1)
        log_abort("OpenSSL failed");
}

void
proof_write_challenge(const uint8_t key[PROOF_KEY_BYTES], const struct proof_challenge *challenge,
                      char text[PROOF_CHALLENGE_SIZE])
{
    uint8_t mac[HASH_BYTES];
    int length = snprintf(text, PROOF_CHALLENGE_SIZE, "%" PRId32 ".%" PRId32 ".%" PRId64 ".",
                          challenge->concert_id, challenge->bits, challenge->expires_s);
    if (HMAC(EVP_sha256(), key, PROOF_KEY_BYTES, (const uint8_t *)text, (size_t)length, mac,
             NULL) == NULL)
        log_abort("OpenSSL failed");
    hex_write(mac, PROOF_MAC_BYTES, text + length);
}

/* Reads a number that a full stop ends, and goes behind it. */
static bool
read_number(const char **text, int64_t max, int64_t *number)
{
    char *end;
    *number = strtoll(*text, &end, 10);
    *text = end + 1;
    return *end == '.' && *number >= 0 && *number <= max;
}

/* What the challenge of a proof says; whether it is as we write it, its signature tells. */
static bool
read_challenge(const char *text, struct proof_challenge *challenge)
{
    int64_t concert_id, bits;
    if (!read_number(&text, INT32_MAX, &concert_id) || !read_number(&text, PROOF_BITS_MAX, &bits) ||
        !read_number(&text, EXPIRES_MAX, &challenge->expires_s))
        return false;
    challenge->concert_id = (int32_t)concert_id;
    challenge->bits = (int32_t)bits;
    return true;
}

static bool
is_solved(const uint8_t seed[HASH_BYTES], const uint8_t *counters, int32_t bits)
{
    uint8_t puzzle[HASH_BYTES + 1 + PROOF_COUNTER_BYTES], hash[HASH_BYTES];
    memcpy(puzzle, seed, HASH_BYTES);
    for (size_t i = 0; i < PROOF_PUZZLES; i++) {
        puzzle[HASH_BYTES] = (uint8_t)i;
        memcpy(puzzle + HASH_BYTES + 1, counters + i * PROOF_COUNTER_BYTES, PROOF_COUNTER_BYTES);
        sha256(puzzle, sizeof puzzle, hash);
        uint32_t head = (uint32_t)hash[0] << 16 | (uint32_t)hash[1] << 8 | hash[2];
        if (head >> (24 - bits) != 0)
            return false;
    }
    return true;
}

enum proof_verdict
proof_read(const uint8_t key[PROOF_KEY_BYTES], int32_t concert_id, int64_t now_s, const char *text,
           struct proof_solution *solution)
{
    uint8_t answer[PROOF_ANSWER_BYTES], seed[HASH_BYTES];
    char salted[PROOF_CHALLENGE_SIZE + PROOF_SALT_BYTES];
    struct proof_challenge challenge;
    const char *end = strrchr(text, '.');
    if (end == NULL || !hex_read(end + 1, answer, sizeof answer) ||
        !read_challenge(text, &challenge))
        return PROOF_NONE;
    proof_write_challenge(key, &challenge, salted);
    size_t length = strlen(salted);
    if (challenge.concert_id != concert_id || (size_t)(end - text) != length ||
        CRYPTO_memcmp(text, salted, length) != 0)
        return PROOF_FOREIGN;
    if (now_s >= challenge.expires_s)
        return PROOF_EXPIRED;
    memcpy(salted + length, answer, PROOF_SALT_BYTES);
    sha256(salted, length + PROOF_SALT_BYTES, seed);
    if (!is_solved(seed, answer + PROOF_SALT_BYTES, challenge.bits))
        return PROOF_UNSOLVED;
    solution->bits = challenge.bits;
    memcpy(solution->name, seed, PROOF_NAME_BYTES);
    return PROOF_GOOD;
}

const char *
proof_verdict_text(enum proof_verdict verdict)
{
    static const char *const texts[] = {
        [PROOF_GOOD] = "good",
        [PROOF_NONE] = "The proof is no proof",
        [PROOF_FOREIGN] = "The proof is not for a challenge of this concert",
        [PROOF_EXPIRED] = "The challenge has expired",
        [PROOF_UNSOLVED] = "The proof does not solve the challenge",
    };
    return texts[verdict];
}
