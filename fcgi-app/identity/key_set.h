/* key_set: the public keys of the identity provider, from a file. */
#ifndef FRONTROW_IDENTITY_KEY_SET_H
#define FRONTROW_IDENTITY_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "identity/jws.h"

enum { KEY_SET_MAX = 32, KEY_SET_FILE_MAX = 262144, KEY_SET_TEXT_SIZE = 8192 };

struct key_set;

/*
 * Reads a file of public keys: a JWKS (RFC 7517), or one or more "PUBLIC KEY" in PEM. Keys for
 * something else are passed over. NULL, with a sentence in `error`, where the file cannot be read,
 * has no key for us, or has one that is broken, secret or weak. The caller frees it.
 */
struct key_set *key_set_read(const char *path, char error[CONFIG_ERROR_SIZE]) MUST_CHECK;

/* The same for the file of the settings; *keys is NULL where caller is not jwt. Logs what it read.
 */
bool key_set_load(const struct config *config, struct key_set **keys, char error[CONFIG_ERROR_SIZE])
    MUST_CHECK;

/* NULL is fine. */
void key_set_free(struct key_set *keys);

/* For people: how many keys there are, the algorithm of each, and the name (kid) if it has one. */
void key_set_describe(const struct key_set *keys, char text[KEY_SET_TEXT_SIZE]);

enum key_answer { KEY_SIGNED, KEY_DID_NOT_SIGN, KEY_UNKNOWN };

/*
 * Whether a key of this algorithm signed the text. `kid` says which one, as far as the keys have
 * names; NULL: any of them.
 */
enum key_answer key_set_verify(const struct key_set *keys, enum jws_algorithm algorithm,
                               const char *kid, const char *text, size_t text_length,
                               const uint8_t *signature, size_t length) MUST_CHECK;

#endif
