/* token_maker: an identity provider for tests in C: keys, and the tokens that they sign. */
#ifndef FRONTROW_TEST_TOKEN_MAKER_H
#define FRONTROW_TEST_TOKEN_MAKER_H

#include "base/buffer.h"
#include "identity/jws.h"

/* A new private key of the algorithm; the caller frees it. */
EVP_PKEY *token_make_key(enum jws_algorithm algorithm);

/* Appends the public half in PEM. */
void token_append_pem(const EVP_PKEY *key, struct buffer *out);

/*
 * Replaces `token` by a JWS of the header and the payload, which are taken as they are, signed by
 * the key.
 */
void token_make(EVP_PKEY *key, const char *header, const void *payload, size_t length,
                struct buffer *token);

#endif
