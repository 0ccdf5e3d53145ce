/* Tokens of an identity provider: published examples, and what they must say. */
#include <CUnit/CUnit.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../token_maker.h"
#include "base/base64url.h"
#include "identity/jwk.h"
#include "identity/jwt.h"
#include "identity/verifier.h"
#include "suites.h"

enum { NOW_S = 1800000000, TOKENS = 64 };

#define NOW (NOW_S * INT64_C(1000))

static void
test_base64url(void)
{
    /* RFC 4648, section 10; RFC 7515, appendix C */
    static const struct {
        const char *text, *bytes;
    } good[] = {{"", ""},
                {"Zg", "f"},
                {"Zm8", "fo"},
                {"Zm9v", "foo"},
                {"Zm9vYg", "foob"},
                {"Zm9vYmE", "fooba"},
                {"Zm9vYmFy", "foobar"},
                {"A-z_4ME", "\x03\xec\xff\xe0\xc1"}};
    static const char *const bad[] = {"A",    "Zg==", "Zh",    "Zm9",   "Z g",    "Zm9v\n", "Zm9v=",
                                      "+-AA", "//AA", "Zm9vY", "Z\xe9", "Zg\x7f", "=",      "Zm.v"};
    uint8_t bytes[BASE64URL_BYTES(16)];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ssize_t length = base64url_read(good[i].text, strlen(good[i].text), bytes);
        CU_ASSERT_EQUAL_FATAL(length, (ssize_t)strlen(good[i].bytes));
        CU_ASSERT_EQUAL(memcmp(bytes, good[i].bytes, (size_t)length), 0);
        struct buffer text = {0};
        base64url_append(&text, (const uint8_t *)good[i].bytes, (size_t)length);
        CU_ASSERT_STRING_EQUAL(text.data, good[i].text);
        buffer_free(&text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_EQUAL(base64url_read(bad[i], strlen(bad[i]), bytes), -1);
    CU_ASSERT_EQUAL(base64url_read("Zm9v\0Zm9v", 9, bytes), -1);
}

/* ---- published examples ---- */

static const struct {
    const char *where;
    enum jws_algorithm algorithm;
    const char *jwk, *text, *signature;
} examples[] = {
    {"RFC 7515, A.2", JWS_RS256,
     "{\"kty\":\"RSA\",\"n\":"
     "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
     "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5"
     "z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aG"
     "hyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}",
     "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
     "NvbS9pc19yb290Ijp0cnVlfQ",
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
     "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
     "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
     "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {"RFC 7515, A.3", JWS_ES256,
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
     "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
     "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
     "NvbS9pc19yb290Ijp0cnVlfQ",
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {"RFC 7520, 4.1", JWS_RS256,
     "{\"kty\":\"RSA\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":\"sig\",\"n\":"
     "\"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_"
     "AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tp"
     "e-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniU"
     "FAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw\",\"e\":\"AQAB\"}",
     "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2"
     "Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW"
     "5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IG"
     "JlIHN3ZXB0IG9mZiB0by4",
     "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xugl"
     "II7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x"
     "8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE"
     "_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"},
    {"RFC 8037, A.4", JWS_EDDSA,
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
     "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
     "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

enum { EXAMPLES = sizeof examples / sizeof examples[0] };

static EVP_PKEY *
key_of_example(size_t i)
{
    const char *reason;
    json_t *jwk = json_loads(examples[i].jwk, 0, NULL);
    EVP_PKEY *key = jwk_read(jwk, &reason);
    json_decref(jwk);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    return key;
}

/* Each example's signature is right for its own text and key, and not when a bit of it changed. */
static void
test_published_signatures(void)
{
    uint8_t signature[512];
    for (size_t i = 0; i < EXAMPLES; i++) {
        EVP_PKEY *key = key_of_example(i);
        const char *text = examples[i].text;
        ssize_t got =
            base64url_read(examples[i].signature, strlen(examples[i].signature), signature);
        CU_ASSERT_FATAL(got > 0);
        size_t length = (size_t)got;
        CU_ASSERT_EQUAL(jws_algorithm_of(key), examples[i].algorithm);
        CU_ASSERT_TRUE(
            jws_verify(examples[i].algorithm, key, text, strlen(text), signature, length));
        CU_ASSERT_FALSE(
            jws_verify(examples[i].algorithm, key, text, strlen(text) - 1, signature, length));
        CU_ASSERT_FALSE(
            jws_verify(examples[i].algorithm, key, text, strlen(text), signature, length - 1));
        for (size_t byte = 0; byte < length; byte += 7) {
            signature[byte] ^= 4;
            CU_ASSERT_FALSE(
                jws_verify(examples[i].algorithm, key, text, strlen(text), signature, length));
            signature[byte] ^= 4;
        }
        EVP_PKEY_free(key);
    }
}

static struct key_set *
keys_of_text(const char *text, size_t length)
{
    char path[] = "/tmp/frontrow-unit-XXXXXX", error[CONFIG_ERROR_SIZE];
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT_EQUAL_FATAL(write(file, text, length), (ssize_t)length);
    close(file);
    struct key_set *keys = key_set_read(path, error);
    unlink(path);
    return keys;
}

/* With the right key they go through to what they do not say. */
static void
test_published_tokens(void)
{
    struct buffer jwks = {0}, token = {0};
    struct jwt_subject subject;
    buffer_format(&jwks, "{\"keys\":[%s,%s]}", examples[0].jwk, examples[1].jwk);
    struct key_set *keys = keys_of_text(jwks.data, jwks.length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(keys);
    const struct jwt_rules rules = {
        .keys = keys, .issuer = "joe", .audience = "all", .user_claim = "sub"};
    for (size_t i = 0; i < 2; i++) {
        buffer_clear(&token);
        buffer_format(&token, "%s.%s", examples[i].text, examples[i].signature);
        const char *flaw = jwt_read(&rules, token.data, INT64_C(1300819379999), &subject);
        CU_ASSERT_STRING_EQUAL(flaw, "the token is for another audience (aud)");
        flaw = jwt_read(&rules, token.data, INT64_C(1300819380000), &subject);
        CU_ASSERT_STRING_EQUAL(flaw, "the token has ended (exp)");
    }
    /* RFC 7519, 6.1: an unsecured JWT; RFC 7515, A.1: HS256 */
    static const char *const others[] = {
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
        "NvbS9pc19yb290Ijp0cnVlfQ.",
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"
        "Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX"
        "k"};
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_STRING_EQUAL(jwt_read(&rules, others[i], INT64_C(1300819000000), &subject),
                               "the token's alg is not RS256, ES256 or EdDSA");
    key_set_free(keys);
    buffer_free(&jwks);
    buffer_free(&token);
}

/* ---- a provider of our own ---- */

struct provider {
    EVP_PKEY *key;
    struct key_set *keys;
    struct config config;
    struct buffer token;
};

static struct provider
open_provider(enum jws_algorithm algorithm)
{
    struct buffer pem = {0};
    struct provider provider = {
        .key = token_make_key(algorithm),
        .config = {
            .jwt_issuer = "issuer", .jwt_audience = "shop", .jwt_user = "sub", .jwt_leeway_s = 30}};
    token_append_pem(provider.key, &pem);
    provider.keys = keys_of_text(pem.data, pem.length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(provider.keys);
    buffer_free(&pem);
    return provider;
}

static void
close_provider(struct provider *provider)
{
    EVP_PKEY_free(provider->key);
    key_set_free(provider->keys);
    buffer_free(&provider->token);
}

/* A token of this user that ends at this second. */
static const char *
give(struct provider *provider, const char *user, int64_t exp)
{
    char header[64], payload[256];
    int length =
        snprintf(payload, sizeof payload,
                 "{\"iss\":\"issuer\",\"aud\":[\"other\",\"shop\"],\"sub\":\"%s\",\"exp\":%lld}",
                 user, (long long)exp);
    snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"any\"}",
             jws_algorithm_name(jws_algorithm_of(provider->key)));
    token_make(provider->key, header, payload, (size_t)length, &provider->token);
    return provider->token.data;
}

static void
test_each_algorithm(void)
{
    for (enum jws_algorithm algorithm = JWS_RS256; algorithm <= JWS_EDDSA; algorithm++) {
        char user[USER_ID_SIZE];
        struct provider provider = open_provider(algorithm), stranger = open_provider(algorithm);
        struct verifier *verifier = verifier_create(&provider.config, provider.keys, TOKENS);
        CU_ASSERT_PTR_NULL(
            verifier_identify(verifier, give(&provider, "ann", NOW_S + 60), NOW, user));
        CU_ASSERT_STRING_EQUAL(user, "ann");
        CU_ASSERT_STRING_EQUAL(
            verifier_identify(verifier, give(&stranger, "bob", NOW_S + 60), NOW, user),
            "the token's signature is wrong");
        verifier_free(verifier);
        close_provider(&provider);
        close_provider(&stranger);
    }
}

/* To the millisecond, and the same for one that is remembered. */
static void
test_the_end_of_a_token(void)
{
    char user[USER_ID_SIZE];
    struct provider provider = open_provider(JWS_EDDSA);
    const char *token = give(&provider, "ann", NOW_S);
    const int64_t end = NOW + 30000;
    for (int remembered = 0; remembered < 2; remembered++) {
        struct verifier *verifier = verifier_create(&provider.config, provider.keys, TOKENS);
        if (remembered)
            CU_ASSERT_PTR_NULL(verifier_identify(verifier, token, NOW, user));
        CU_ASSERT_PTR_NULL(verifier_identify(verifier, token, end - 1, user));
        CU_ASSERT_STRING_EQUAL(verifier_identify(verifier, token, end, user),
                               "the token has ended (exp)");
        verifier_free(verifier);
    }
    close_provider(&provider);
}

/*
 * A verifier remembers: it takes a token again, though its key is gone. (Never so in a worker,
 * whose keys stay.) One with other keys knows nothing of it.
 */
static void
test_what_is_remembered(void)
{
    char user[USER_ID_SIZE];
    struct provider provider = open_provider(JWS_EDDSA), next = open_provider(JWS_EDDSA);
    const struct key_set *none = next.keys;
    struct verifier *verifier = verifier_create(&provider.config, provider.keys, TOKENS);
    struct verifier *reloaded = verifier_create(&provider.config, none, TOKENS);
    const char *token = give(&provider, "ann", NOW_S + 60);
    CU_ASSERT_PTR_NULL(verifier_identify(verifier, token, NOW, user));
    key_set_free(provider.keys);
    provider.keys = NULL;
    user[0] = '\0';
    CU_ASSERT_PTR_NULL(verifier_identify(verifier, token, NOW, user));
    CU_ASSERT_STRING_EQUAL(user, "ann");
    CU_ASSERT_PTR_NOT_NULL(verifier_identify(reloaded, token, NOW, user));
    verifier_free(verifier);
    verifier_free(reloaded);
    close_provider(&provider);
    close_provider(&next);
}

/* More tokens than are remembered: each user is the one of the token, forgotten or not. */
static void
test_more_than_are_remembered(void)
{
    enum { USERS = 4 * TOKENS, ROUNDS = 2 };
    char user[USER_ID_SIZE], name[32];
    struct provider provider = open_provider(JWS_EDDSA);
    struct verifier *verifier = verifier_create(&provider.config, provider.keys, TOKENS);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < USERS; i++) {
            snprintf(name, sizeof name, "user-%d", i);
            CU_ASSERT_PTR_NULL(
                verifier_identify(verifier, give(&provider, name, NOW_S + i), NOW, user));
            CU_ASSERT_STRING_EQUAL(user, name);
        }
    }
    verifier_free(verifier);
    close_provider(&provider);
}

/* A key's type settles the algorithm: a token that names another one is signed by nobody. */
static void
test_algorithms_are_not_mixed(void)
{
    static const char payload[] = "{\"iss\":\"issuer\",\"aud\":\"shop\",\"sub\":\"ann\","
                                  "\"exp\":1800000060}";
    static const char *const headers[] = {"{\"alg\":\"RS256\"}",  "{\"alg\":\"EdDSA\"}",
                                          "{\"alg\":\"HS256\"}",  "{\"alg\":\"none\"}",
                                          "{\"alg\":\"ES256K\"}", "{}"};
    char user[USER_ID_SIZE];
    struct provider provider = open_provider(JWS_ES256);
    struct verifier *verifier = verifier_create(&provider.config, provider.keys, TOKENS);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        token_make(provider.key, headers[i], payload, sizeof payload - 1, &provider.token);
        CU_ASSERT_PTR_NOT_NULL(verifier_identify(verifier, provider.token.data, NOW, user));
    }
    verifier_free(verifier);
    close_provider(&provider);
}

void
suite_jwt(void)
{
    CU_pSuite suite = CU_add_suite("jwt", NULL, NULL);
    CU_add_test(suite, "base64url", test_base64url);
    CU_add_test(suite, "published signatures", test_published_signatures);
    CU_add_test(suite, "published tokens", test_published_tokens);
    CU_add_test(suite, "each algorithm", test_each_algorithm);
    CU_add_test(suite, "the end of a token", test_the_end_of_a_token);
    CU_add_test(suite, "what is remembered", test_what_is_remembered);
    CU_add_test(suite, "more than are remembered", test_more_than_are_remembered);
    CU_add_test(suite, "algorithms are not mixed", test_algorithms_are_not_mixed);
}
