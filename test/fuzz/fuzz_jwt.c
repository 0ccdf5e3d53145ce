/*
 * fuzz_jwt: what an identity provider, or who says to be one, writes. The input begins with a line
 * of one letter:
 *   `t`  the rest is a token
 *   `s`  a line of a token's header, and its payload, which the provider signs as they are
 *   `k`  the rest is a file of keys
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../token_maker.h"
#include "base/base64url.h"
#include "fuzz.h"
#include "identity/jwt.h"
#include "identity/key_set.h"
#include "identity/verifier.h"

enum { NOW_S = 1800000000 };

/* RFC 8037, A.1: its signatures are the same each time. */
static const uint8_t secret[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                                   0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                                   0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};

static const struct config config = {
    .jwt_issuer = "issuer", .jwt_audience = "shop", .jwt_user = "sub", .jwt_leeway_s = 30};
static EVP_PKEY *key;
static struct key_set *keys;
static struct fuzz_file file;

static void
close_provider(void)
{
    key_set_free(keys);
    EVP_PKEY_free(key);
}

static void
open_provider(void)
{
    char error[CONFIG_ERROR_SIZE];
    struct buffer pem = {0};
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);
    file = fuzz_file_create();
    token_append_pem(key, &pem);
    fuzz_file_write(&file, pem.data, pem.length);
    keys = key_set_read(file.path, error);
    REQUIRE(keys != NULL);
    buffer_free(&pem);
    if (atexit(close_provider) != 0)
        abort();
}

/* Read twice, a token is the same: the second time it is remembered. */
static const char *
identify(const char *token, char user[USER_ID_SIZE])
{
    char again[USER_ID_SIZE];
    const int64_t now = NOW_S * INT64_C(1000);
    struct verifier *verifier = verifier_create(&config, keys, 4);
    const char *flaw = verifier_identify(verifier, token, now, user);
    REQUIRE(verifier_identify(verifier, token, now, again) == flaw);
    if (flaw == NULL) {
        fuzz_require_text(user, USER_ID_SIZE);
        REQUIRE(is_user_id(user) && strcmp(user, again) == 0);
    } else {
        fuzz_require_line(flaw);
    }
    verifier_free(verifier);
    return flaw;
}

/* Nobody can make one who has not the key. */
static void
try_token(const char *token)
{
    char user[USER_ID_SIZE];
    uint8_t *bytes = malloc(BASE64URL_BYTES(strlen(token)));
    REQUIRE(bytes != NULL);
    REQUIRE(identify(token, user) != NULL);
    ssize_t length = base64url_read(token, strlen(token), bytes);
    REQUIRE(length < 0 || (size_t)length == strlen(token) * 3 / 4);
    free(bytes);
}

/* What is taken says so. */
static void
try_signed(char *text, size_t size)
{
    char user[USER_ID_SIZE];
    struct buffer token = {0};
    char *payload = text;
    const char *header = fuzz_cut(&payload, "\n");
    token_make(key, header, payload, size - (size_t)(payload - text), &token);
    if (identify(token.data, user) == NULL) {
        REQUIRE(strstr(header, "EdDSA") != NULL || strchr(header, '\\') != NULL);
        REQUIRE(strlen(header) + strlen(payload) < JWT_MAX);
        REQUIRE(strchr(payload, '{') != NULL);
        fuzz_require_json(payload, strlen(payload));
    }
    buffer_free(&token);
}

static void
try_keys(const char *text, size_t size)
{
    char error[CONFIG_ERROR_SIZE] = "", said[KEY_SET_TEXT_SIZE];
    fuzz_file_write(&file, text, size);
    struct key_set *read = key_set_read(file.path, error);
    if (read == NULL) {
        fuzz_require_line(error);
        REQUIRE(strstr(error, "jwt_keys_file: ") == error);
        return;
    }
    key_set_describe(read, said);
    fuzz_require_line(said);
    REQUIRE(strstr(said, "public keys: ") != NULL);
    uint8_t signature[64] = {1};
    for (enum jws_algorithm algorithm = JWS_RS256; algorithm <= JWS_EDDSA; algorithm++)
        REQUIRE(key_set_verify(read, algorithm, NULL, "a.b", 3, signature, sizeof signature) !=
                KEY_SIGNED);
    key_set_free(read);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (keys == NULL)
        open_provider();
    char *text = fuzz_copy(data, size);
    char *rest = text;
    const char *letter = fuzz_cut(&rest, "\n");
    size_t length = size - (size_t)(rest - text);
    if (strcmp(letter, "t") == 0)
        try_token(rest);
    else if (strcmp(letter, "s") == 0)
        try_signed(rest, length);
    else if (strcmp(letter, "k") == 0)
        try_keys(rest, length);
    free(text);
    return 0;
}
