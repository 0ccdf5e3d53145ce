/*
 * verifier: says who the bearer of a token is. It remembers the tokens that it verified until they
 * end, by their SHA-256, so that a user's next call costs no signature.
 */
#ifndef FRONTROW_IDENTITY_VERIFIER_H
#define FRONTROW_IDENTITY_VERIFIER_H

#include "base/config.h"
#include "base/message.h"
#include "identity/key_set.h"

/* How many tokens a worker remembers. */
enum { VERIFIER_TOKENS = 16384 };

struct verifier;

/*
 * `config` and `keys` are borrowed. One with other keys or settings is another verifier, which
 * knows no token yet. It remembers up to `tokens`, a multiple of 4, in sets of 4: a full one loses
 * the token that ends first. Ends the process if there is no memory; the caller frees it.
 */
struct verifier *verifier_create(const struct config *config, const struct key_set *keys,
                                 size_t tokens);

/* NULL is fine. */
void verifier_free(struct verifier *verifier);

/*
 * Writes the userId of a token's bearer at `now` (clock_wall()). NULL: the token is good. Else a
 * static sentence about what is wrong with it.
 */
const char *verifier_identify(struct verifier *verifier, const char *token, int64_t now,
                              char user_id[USER_ID_SIZE]) MUST_CHECK;

#endif
