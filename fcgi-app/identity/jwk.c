#include "identity/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/base64url.h"

enum { NUMBER_BYTES_MAX = 2048, P256_BYTES = 32, ED25519_BYTES = 32 };

/* The bytes of a member; -1: there is none, or it is no base64url. */
static ssize_t
read_bytes(const json_t *jwk, const char *name, uint8_t bytes[NUMBER_BYTES_MAX])
{
    const json_t *member = json_object_get(jwk, name);
    size_t length = json_string_length(member);
    if (length == 0 || BASE64URL_BYTES(length) > NUMBER_BYTES_MAX)
        return -1;
    return base64url_read(json_string_value(member), length, bytes);
}

static bool
read_point(const json_t *jwk, const char *name, uint8_t point[P256_BYTES])
{
    uint8_t bytes[NUMBER_BYTES_MAX];
    if (read_bytes(jwk, name, bytes) != P256_BYTES)
        return false;
    memcpy(point, bytes, P256_BYTES);
    return true;
}

/* NULL where the parameters are those of no key. */
static EVP_PKEY *
make_key(const char *type, OSSL_PARAM *parameters)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

static BIGNUM *
read_number(const json_t *jwk, const char *name)
{
    uint8_t bytes[NUMBER_BYTES_MAX];
    ssize_t length = read_bytes(jwk, name, bytes);
    return length > 0 ? BN_bin2bn(bytes, (int)length, NULL) : NULL;
}

static EVP_PKEY *
read_rsa(const json_t *jwk)
{
    EVP_PKEY *key = NULL;
    BIGNUM *n = read_number(jwk, "n"), *e = read_number(jwk, "e");
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    if (n != NULL && e != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        parameters = OSSL_PARAM_BLD_to_param(build);
    if (parameters != NULL)
        key = make_key("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *
read_p256(const json_t *jwk)
{
    char curve[] = "prime256v1";
    uint8_t point[1 + 2 * P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    if (!read_point(jwk, "x", point + 1) || !read_point(jwk, "y", point + 1 + P256_BYTES))
        return NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end()};
    return make_key("EC", parameters);
}

static EVP_PKEY *
read_ed25519(const json_t *jwk)
{
    uint8_t bytes[NUMBER_BYTES_MAX];
    return read_bytes(jwk, "x", bytes) == ED25519_BYTES
               ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, ED25519_BYTES)
               : NULL;
}

/* How a key of each algorithm is written. `curve` NULL: it has none. */
static const struct form {
    enum jws_algorithm algorithm;
    const char *type, *curve;
    EVP_PKEY *(*read)(const json_t *jwk);
} forms[] = {
    {JWS_RS256, "RSA", NULL, read_rsa},
    {JWS_ES256, "EC", "P-256", read_p256},
    {JWS_EDDSA, "OKP", "Ed25519", read_ed25519},
};

static bool
member_is(const json_t *jwk, const char *name, const char *wanted)
{
    const char *value = json_string_value(json_object_get(jwk, name));
    return value != NULL && strcmp(value, wanted) == 0;
}

/* Whoever says nothing of it allows all. */
static bool
allows(const json_t *jwk, const char *name, const char *wanted)
{
    return json_object_get(jwk, name) == NULL || member_is(jwk, name, wanted);
}

static bool
allows_verifying(const json_t *jwk)
{
    const json_t *operations = json_object_get(jwk, "key_ops"), *operation;
    size_t i;
    json_array_foreach(operations, i, operation) if (json_is_string(operation) &&
                                                     strcmp(json_string_value(operation),
                                                            "verify") == 0) return true;
    return operations == NULL;
}

static const struct form *
find_form(const json_t *jwk)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const struct form *form = &forms[i];
        if (member_is(jwk, "kty", form->type) &&
            (form->curve == NULL || member_is(jwk, "crv", form->curve)) &&
            allows(jwk, "alg", jws_algorithm_name(form->algorithm)))
            return form;
    }
    return NULL;
}

EVP_PKEY *
jwk_read(const json_t *jwk, const char **reason)
{
    *reason = NULL;
    if (!json_is_object(jwk)) {
        *reason = "a key in it is no object";
        return NULL;
    }
    if (json_object_get(jwk, "d") != NULL || json_object_get(jwk, "k") != NULL) {
        *reason = "a key in it is secret; only public ones belong there";
        return NULL;
    }
    const struct form *form = find_form(jwk);
    if (form == NULL || !allows(jwk, "use", "sig") || !allows_verifying(jwk))
        return NULL;
    EVP_PKEY *key = form->read(jwk);
    if (key == NULL)
        *reason = "a key in it is broken";
    return key;
}
