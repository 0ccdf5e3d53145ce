/*
 * ticket_keys: the Ed25519 keys of tickets (RFC 8032), out of a file in PEM as `openssl genpkey`
 * and `openssl pkey -pubout` write it: private ones sign and verify, public ones only verify.
 */
#ifndef FRONTROW_BASE_TICKET_KEYS_H
#define FRONTROW_BASE_TICKET_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/must_check.h"
#include "base/text.h"

enum {
    TICKET_KEYS_MAX = 16,
    TICKET_KEY_BYTES = 32, /* of a private and of a public one */
    TICKET_SIGNATURE_BYTES = 64,
    TICKET_KEY_ID_BYTES = 5,
    TICKET_KEY_ID_SIZE = BASE32_LETTERS(TICKET_KEY_ID_BYTES) + 1,
};

struct ticket_key {
    char id[TICKET_KEY_ID_SIZE]; /* by which a code names it: base32 of the begin of its SHA-256 */
    uint8_t public_key[TICKET_KEY_BYTES];
    uint8_t private_key[TICKET_KEY_BYTES]; /* where it can sign */
    bool can_sign;
};

struct ticket_keys {
    struct ticket_key keys[TICKET_KEYS_MAX];
    size_t count;
    size_t signer; /* the last private one of the file, counted from 1; 0: there is none */
};

/*
 * Reads the keys of a file, of which the last private one is to sign. False, with a reason that
 * lives as long as the program, where it cannot be read, has no key or one of another kind.
 */
bool ticket_keys_load(struct ticket_keys *keys, const char *path, const char **reason) MUST_CHECK;

/* Adds a key that is known by its public half only. False: there are too many. */
bool ticket_keys_add_public(struct ticket_keys *keys, const uint8_t public_key[TICKET_KEY_BYTES])
    MUST_CHECK;

/* The key that signs; NULL: there is none. */
const struct ticket_key *ticket_keys_signer(const struct ticket_keys *keys);

/* The key with an id, of which the first letters of `id` count; NULL: there is none. */
const struct ticket_key *ticket_keys_find(const struct ticket_keys *keys, const char *id);

/* Signs `size` bytes with a key that can. */
void ticket_key_sign(const struct ticket_key *key, const void *message, size_t size,
                     uint8_t signature[TICKET_SIGNATURE_BYTES]);

bool ticket_key_verifies(const struct ticket_key *key, const void *message, size_t size,
                         const uint8_t signature[TICKET_SIGNATURE_BYTES]) MUST_CHECK;

/* Appends a new private key in PEM. */
void ticket_key_make(struct buffer *pem);

#endif
