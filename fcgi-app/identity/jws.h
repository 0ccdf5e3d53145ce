/*
 * jws: the signatures of tokens (RFC 7515, RFC 7518, RFC 8037), by OpenSSL. A signature is checked
 * with a public key of one type; there are no shared secrets, and there is no "none".
 */
#ifndef FRONTROW_IDENTITY_JWS_H
#define FRONTROW_IDENTITY_JWS_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must_check.h"

/* JWS_OTHER: one that we do not take. */
enum jws_algorithm { JWS_OTHER, JWS_RS256, JWS_ES256, JWS_EDDSA };

enum { JWS_RSA_MIN_BITS = 2048 };

enum jws_algorithm jws_algorithm_by_name(const char *name);
const char *jws_algorithm_name(enum jws_algorithm algorithm);

/* The one algorithm that a key is for: RSA, P-256 or Ed25519. JWS_OTHER: it is another key. */
enum jws_algorithm jws_algorithm_of(const EVP_PKEY *key);

/* Whether this is the signature of the text. The key is one of the algorithm. */
bool jws_verify(enum jws_algorithm algorithm, EVP_PKEY *key, const char *text, size_t text_length,
                const uint8_t *signature, size_t length) MUST_CHECK;

#endif
