/*
 * proof_cost: what a proof of work (base/proof.h) costs a robot that is written in C, on one core,
 * and what it costs a worker to look at it.
 *   proof_cost [PROOFS]      100 proofs of each difficulty unless said otherwise
 * Prints for each number of bits: hashes and seconds of processor time of 10,000 proofs, as far as
 * they go by those that were solved, and microseconds of a look.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../proof_maker.h"

enum { BITS_MIN = 12, BITS_MAX = 15, NOW_S = 1800000000, TOKENS = 10000, LOOKS = 10 };

static const uint8_t key[PROOF_KEY_BYTES];

static double
processor_s(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static double
look_s(const char *proof)
{
    struct proof_solution found;
    double begin = processor_s();
    for (int i = 0; i < LOOKS; i++)
        if (proof_read(key, 1, NOW_S, proof, &found) != PROOF_GOOD)
            abort();
    return (processor_s() - begin) / LOOKS;
}

static void
measure(int32_t bits, uint64_t proofs)
{
    char challenge[PROOF_CHALLENGE_SIZE], proof[PROOF_SIZE];
    double solved_s = 0, looked_s = 0;
    int64_t hashes = 0;
    proof_write_challenge(key, &(struct proof_challenge){1, bits, NOW_S + 60}, challenge);
    for (uint64_t salt = 0; salt < proofs; salt++) {
        double begin = processor_s();
        hashes += proof_make(challenge, bits, (const uint8_t *)&salt, proof);
        solved_s += processor_s() - begin;
        looked_s += look_s(proof);
    }
    double tokens = (double)TOKENS / (double)proofs;
    printf("%" PRId32
           " bits: %.0f million hashes and %.0f s for %d tokens, %.1f ms each; a look %.1f us\n",
           bits, (double)hashes * tokens / 1e6, solved_s * tokens, TOKENS,
           solved_s / (double)proofs * 1e3, looked_s / (double)proofs * 1e6);
}

int
main(int count, char **arguments)
{
    long proofs = count > 1 ? strtol(arguments[1], NULL, 10) : 100;
    if (proofs < 1)
        return 1;
    for (int32_t bits = BITS_MIN; bits <= BITS_MAX; bits++)
        measure(bits, (uint64_t)proofs);
    return 0;
}
