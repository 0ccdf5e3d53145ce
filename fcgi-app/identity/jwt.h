/* jwt: the tokens of an identity provider (RFC 7519), in the compact form of a JWS. */
#ifndef FRONTROW_IDENTITY_JWT_H
#define FRONTROW_IDENTITY_JWT_H

#include <stdint.h>

#include "base/message.h"
#include "identity/key_set.h"

/* A longer token is refused unread; nginx passes on no longer header. */
enum { JWT_MAX = 8192 };

/* What a token must say. All texts are borrowed. */
struct jwt_rules {
    const struct key_set *keys;
    const char *issuer;
    const char *audience;   /* one of those it is for */
    const char *user_claim; /* the claim that is the userId */
    int64_t leeway_ms;      /* by which the provider's clock may differ from ours */
};

/* What a good token says. */
struct jwt_subject {
    char user_id[USER_ID_SIZE];
    int64_t until; /* clock_wall() at which the token is over, the leeway included */
};

/*
 * Reads a token at `now` (clock_wall()). NULL: it is good, and `subject` is filled. Else a static
 * sentence for its owner, who may hear what is wrong with it.
 */
const char *jwt_read(const struct jwt_rules *rules, const char *token, int64_t now,
                     struct jwt_subject *subject) MUST_CHECK;

#endif
