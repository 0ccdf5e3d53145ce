/* proof_maker: solves challenges, as whoever wants a token does (base/proof.h reads them). */
#ifndef FRONTROW_TEST_PROOF_MAKER_H
#define FRONTROW_TEST_PROOF_MAKER_H

#include "base/proof.h"

/*
 * Writes a proof for a challenge that asks for `bits`, with this salt. Returns how many hashes it
 * took.
 */
int64_t proof_make(const char *challenge, int32_t bits, const uint8_t salt[PROOF_SALT_BYTES],
                   char proof[PROOF_SIZE]);

#endif
