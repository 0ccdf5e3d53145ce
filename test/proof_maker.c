#include "proof_maker.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { SEED_BYTES = SHA256_DIGEST_LENGTH, MESSAGE_BYTES = SEED_BYTES + 4 };

/* Finds the counter of one puzzle, which stands in the last bytes of the message. */
static int64_t
solve(uint8_t message[MESSAGE_BYTES], uint8_t puzzle, int32_t bits)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    uint32_t head, counter = 0;
    do {
        message[SEED_BYTES] = puzzle;
        message[SEED_BYTES + 1] = (uint8_t)(counter >> 16);
        message[SEED_BYTES + 2] = (uint8_t)(counter >> 8);
        message[SEED_BYTES + 3] = (uint8_t)counter;
        SHA256(message, MESSAGE_BYTES, hash);
        head = (uint32_t)hash[0] << 16 | (uint32_t)hash[1] << 8 | hash[2];
        counter++;
    } while (head >> (24 - bits) != 0);
    return counter;
}

int64_t
proof_make(const char *challenge, int32_t bits, const uint8_t salt[PROOF_SALT_BYTES],
           char proof[PROOF_SIZE])
{
    uint8_t seeded[PROOF_CHALLENGE_SIZE + PROOF_SALT_BYTES], answer[PROOF_ANSWER_BYTES];
    uint8_t message[MESSAGE_BYTES];
    int64_t hashes = 0;
    size_t length = (size_t)snprintf((char *)seeded, PROOF_CHALLENGE_SIZE, "%s", challenge);
    memcpy(seeded + length, salt, PROOF_SALT_BYTES);
    SHA256(seeded, length + PROOF_SALT_BYTES, message);
    memcpy(answer, salt, PROOF_SALT_BYTES);
    for (size_t puzzle = 0; puzzle < PROOF_PUZZLES; puzzle++) {
        hashes += solve(message, (uint8_t)puzzle, bits);
        memcpy(answer + PROOF_SALT_BYTES + puzzle * PROOF_COUNTER_BYTES, message + SEED_BYTES + 1,
               PROOF_COUNTER_BYTES);
    }
    int written = snprintf(proof, PROOF_SIZE, "%s.", challenge);
    hex_write(answer, sizeof answer, proof + written);
    return hashes;
}
