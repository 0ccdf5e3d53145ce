#include "token_maker.h"

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"

enum { SIGNATURE_MAX = 512, P256_BYTES = 32 };

static void
require(bool condition)
{
    if (!condition)
        abort();
}

EVP_PKEY *
token_make_key(enum jws_algorithm algorithm)
{
    EVP_PKEY *key = algorithm == JWS_RS256   ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                    : algorithm == JWS_ES256 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                                             : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    require(key != NULL);
    return key;
}

void
token_append_pem(const EVP_PKEY *key, struct buffer *out)
{
    char *text;
    BIO *memory = BIO_new(BIO_s_mem());
    require(memory != NULL && PEM_write_bio_PUBKEY(memory, key) == 1);
    long length = BIO_get_mem_data(memory, &text);
    buffer_append(out, text, (size_t)length);
    BIO_free(memory);
}

/* r and s one behind the other, instead of DER. Returns the length. */
static size_t
write_pair(uint8_t signature[SIGNATURE_MAX], size_t length)
{
    const uint8_t *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);
    require(pair != NULL &&
            BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, P256_BYTES) == P256_BYTES &&
            BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + P256_BYTES, P256_BYTES) == P256_BYTES);
    ECDSA_SIG_free(pair);
    return 2 * (size_t)P256_BYTES;
}

void
token_make(EVP_PKEY *key, const char *header, const void *payload, size_t length,
           struct buffer *token)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_length = sizeof signature;
    enum jws_algorithm algorithm = jws_algorithm_of(key);
    buffer_clear(token);
    base64url_append(token, (const uint8_t *)header, strlen(header));
    buffer_text(token, ".");
    base64url_append(token, payload, length);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    require(context != NULL &&
            EVP_DigestSignInit(context, NULL, algorithm == JWS_EDDSA ? NULL : EVP_sha256(), NULL,
                               key) == 1 &&
            EVP_DigestSign(context, signature, &signature_length, (const uint8_t *)token->data,
                           token->length) == 1);
    EVP_MD_CTX_free(context);
    if (algorithm == JWS_ES256)
        signature_length = write_pair(signature, signature_length);
    buffer_text(token, ".");
    base64url_append(token, signature, signature_length);
}
