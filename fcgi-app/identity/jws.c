#include "identity/jws.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <string.h>

enum { P256_BYTES = 32, P256_DER_MAX = 72 };

static const char *const names[] = {
    [JWS_OTHER] = "other", [JWS_RS256] = "RS256", [JWS_ES256] = "ES256", [JWS_EDDSA] = "EdDSA"};

enum jws_algorithm
jws_algorithm_by_name(const char *name)
{
    for (enum jws_algorithm algorithm = JWS_RS256; algorithm <= JWS_EDDSA; algorithm++)
        if (strcmp(name, names[algorithm]) == 0)
            return algorithm;
    return JWS_OTHER;
}

const char *
jws_algorithm_name(enum jws_algorithm algorithm)
{
    return names[algorithm];
}

enum jws_algorithm
jws_algorithm_of(const EVP_PKEY *key)
{
    char curve[32];
    int type = EVP_PKEY_get_base_id(key);
    if (type == EVP_PKEY_RSA)
        return JWS_RS256;
    if (type == EVP_PKEY_ED25519)
        return JWS_EDDSA;
    if (type == EVP_PKEY_EC &&
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve,
                                       NULL) == 1 &&
        strcmp(curve, "prime256v1") == 0)
        return JWS_ES256;
    return JWS_OTHER;
}

/* JWS has r and s one behind the other, OpenSSL wants them in DER. Returns its length, 0: failed.
 */
static size_t
write_der(const uint8_t *signature, uint8_t der[P256_DER_MAX])
{
    BIGNUM *r = BN_bin2bn(signature, P256_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(signature + P256_BYTES, P256_BYTES, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    int length = 0;
    if (r != NULL && s != NULL && pair != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        length = i2d_ECDSA_SIG(pair, &der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return length > 0 ? (size_t)length : 0;
}

bool
jws_verify(enum jws_algorithm algorithm, EVP_PKEY *key, const char *text, size_t text_length,
           const uint8_t *signature, size_t length)
{
    uint8_t der[P256_DER_MAX];
    if (algorithm == JWS_ES256) {
        if (length != 2 * (size_t)P256_BYTES)
            return false;
        length = write_der(signature, der);
        signature = der;
    }
    const EVP_MD *digest = algorithm == JWS_EDDSA ? NULL : EVP_sha256(); /* EdDSA has its own */
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool right =
        context != NULL && EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
        EVP_DigestVerify(context, signature, length, (const uint8_t *)text, text_length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error(); /* who uses OpenSSL next must not find why this one was wrong */
    return right;
}
