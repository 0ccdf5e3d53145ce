/*
 * voucher: a gateway's word that a user is no robot, signed with a secret that it shares with us.
 * It stands in place of a proof of work. docs/challenge.md describes it for gateways.
 */
#ifndef FRONTROW_BASE_VOUCHER_H
#define FRONTROW_BASE_VOUCHER_H

#include <stdbool.h>

#include "base/proof.h"

enum {
    VOUCHER_NONCE_LENGTH = 32, /* hexadecimal digits */
    VOUCHER_LIFE_S = 60,       /* at most, as long as it is remembered that one was used */
};

/* Whether a text says to be one, and no proof of work. */
bool voucher_is_one(const char *text) MUST_CHECK;

/*
 * Whether it is signed for this user and concert, and good at `now_s`. `name`, set if so, is the
 * same for all ways to write it.
 */
bool voucher_is_good(const char *secret, int32_t concert_id, const char *user_id, int64_t now_s,
                     const char *text, uint8_t name[PROOF_NAME_BYTES]) MUST_CHECK;

#endif
