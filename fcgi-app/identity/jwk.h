/* jwk: a public key in JSON (RFC 7517). */
#ifndef FRONTROW_IDENTITY_JWK_H
#define FRONTROW_IDENTITY_JWK_H

#include <jansson.h>

#include "identity/jws.h"

/*
 * Reads a public key. NULL with `reason` NULL: it is not for signatures of ours, as RFC 7517 wants
 * unknown keys to be passed over. NULL with a `reason`: it is broken, or secret. The caller frees
 * the key.
 */
EVP_PKEY *jwk_read(const json_t *jwk, const char **reason) MUST_CHECK;

#endif
