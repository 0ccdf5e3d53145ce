#include "identity/key_set.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "identity/jwk.h"

enum { KID_SIZE = 129 };

struct named_key {
    EVP_PKEY *key;
    enum jws_algorithm algorithm;
    char kid[KID_SIZE]; /* "": it has no name */
};

struct key_set {
    size_t count;
    size_t passed_over;
    struct named_key keys[KEY_SET_MAX];
};

/* ---- what a key must be ---- */

/* The modulus is that of a real key, the point is on the curve. */
static bool
is_sound(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool sound = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return sound;
}

/* Takes over a key. NULL, or what is wrong with it. */
static const char *
add(struct key_set *keys, EVP_PKEY *key, const char *kid)
{
    if (keys->count == KEY_SET_MAX) {
        EVP_PKEY_free(key);
        return "it has too many keys";
    }
    struct named_key *named = &keys->keys[keys->count++];
    *named = (struct named_key){.key = key, .algorithm = jws_algorithm_of(key)};
    if (!text_copy(named->kid, sizeof named->kid, kid))
        return "the kid of a key in it is too long";
    if (text_has_control_character(kid))
        return "the kid of a key in it has control characters";
    if (named->algorithm == JWS_OTHER)
        return "a key in it is neither RSA nor P-256 nor Ed25519";
    if (named->algorithm == JWS_RS256 && EVP_PKEY_get_bits(key) < JWS_RSA_MIN_BITS)
        return "an RSA key in it is weak: it has less than 2048 bits";
    return is_sound(key) ? NULL : "a key in it is broken";
}

/* ---- JWKS ---- */

static const char *
read_jwk(struct key_set *keys, const json_t *jwk)
{
    const char *reason;
    const json_t *kid = json_object_get(jwk, "kid");
    EVP_PKEY *key = jwk_read(jwk, &reason);
    if (key == NULL) {
        keys->passed_over += reason == NULL;
        return reason;
    }
    if (kid == NULL || json_is_string(kid))
        return add(keys, key, kid != NULL ? json_string_value(kid) : "");
    EVP_PKEY_free(key);
    return "the kid of a key in it is no text";
}

static const char *
read_jwks(struct key_set *keys, const char *text, size_t length)
{
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(root, "keys"), *jwk;
    const char *reason =
        json_is_array(list) ? NULL : "it is no JWKS: no JSON object with an array \"keys\"";
    size_t i;
    json_array_foreach(list, i, jwk)
    {
        if (reason != NULL)
            break;
        reason = read_jwk(keys, jwk);
    }
    json_decref(root);
    return reason;
}

/* ---- PEM ---- */

static const char *
read_pem_key(struct key_set *keys, const char *name, const uint8_t *der, long length)
{
    if (strstr(name, "PRIVATE") != NULL)
        return "a key in it is secret; only public ones belong there";
    if (strcmp(name, PEM_STRING_PUBLIC) != 0)
        return "it has something else than \"PUBLIC KEY\"";
    EVP_PKEY *key = d2i_PUBKEY(NULL, &der, length);
    return key != NULL ? add(keys, key, "") : "a key in it is broken";
}

static const char *
read_pem(struct key_set *keys, const char *text, size_t length)
{
    BIO *file = BIO_new_mem_buf(text, (int)length);
    char *name, *header;
    uint8_t *der;
    long der_length;
    const char *reason = file != NULL ? NULL : "no memory";
    while (reason == NULL && PEM_read_bio(file, &name, &header, &der, &der_length) == 1) {
        reason = read_pem_key(keys, name, der, der_length);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    if (reason == NULL && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        reason = "its PEM is broken";
    BIO_free(file);
    return reason;
}

/* ---- the file ---- */

/* The whole file, which the caller frees. NULL with a reason. */
static char *
read_file(const char *path, size_t *length, const char **reason)
{
    char *text = malloc(KEY_SET_FILE_MAX + 1);
    FILE *file = fopen(path, "r");
    *length = 0;
    *reason = NULL;
    if (text != NULL && file != NULL)
        *length = fread(text, 1, KEY_SET_FILE_MAX + 1, file);
    if (text == NULL || file == NULL || ferror(file) != 0)
        *reason = strerror(errno);
    else if (*length > KEY_SET_FILE_MAX)
        *reason = "it has more than 256 KiB";
    else if (*length == 0)
        *reason = "it is empty";
    if (file != NULL)
        fclose(file);
    if (*reason == NULL)
        return text;
    free(text);
    return NULL;
}

static const char *
read_keys(struct key_set *keys, const char *text, size_t length)
{
    size_t blanks = 0;
    while (blanks < length && strchr(" \t\r\n", text[blanks]) != NULL)
        blanks++;
    bool is_json = blanks < length && text[blanks] == '{';
    ERR_clear_error();
    const char *reason = is_json ? read_jwks(keys, text, length) : read_pem(keys, text, length);
    ERR_clear_error();
    if (reason == NULL && keys->count == 0)
        reason = "it has no public key for RS256, ES256 or EdDSA";
    return reason;
}

struct key_set *
key_set_read(const char *path, char error[CONFIG_ERROR_SIZE])
{
    size_t length;
    const char *reason;
    struct key_set *keys = calloc(1, sizeof *keys);
    if (keys == NULL)
        log_abort("no memory");
    char *text = read_file(path, &length, &reason);
    if (text != NULL)
        reason = read_keys(keys, text, length);
    free(text);
    if (reason == NULL)
        return keys;
    snprintf(error, CONFIG_ERROR_SIZE, "jwt_keys_file: no keys can be read from %.200s: %s", path,
             reason);
    key_set_free(keys);
    return NULL;
}

bool
key_set_load(const struct config *config, struct key_set **keys, char error[CONFIG_ERROR_SIZE])
{
    char text[KEY_SET_TEXT_SIZE];
    *keys = NULL;
    if (!config_takes_tokens(config))
        return true;
    *keys = key_set_read(config->jwt_keys_file, error);
    if (*keys == NULL)
        return false;
    key_set_describe(*keys, text);
    log_info("jwt_keys_file: %s", text);
    return true;
}

void
key_set_free(struct key_set *keys)
{
    for (size_t i = 0; keys != NULL && i < keys->count; i++)
        EVP_PKEY_free(keys->keys[i].key);
    free(keys);
}

void
key_set_describe(const struct key_set *keys, char text[KEY_SET_TEXT_SIZE])
{
    size_t length = (size_t)snprintf(text, KEY_SET_TEXT_SIZE, "%zu public keys:", keys->count);
    for (size_t i = 0; i < keys->count && length < KEY_SET_TEXT_SIZE; i++) {
        const struct named_key *named = &keys->keys[i];
        bool has_name = named->kid[0] != '\0';
        length += (size_t)snprintf(text + length, KEY_SET_TEXT_SIZE - length, "%s %s%s%s",
                                   i > 0 ? "," : "", jws_algorithm_name(named->algorithm),
                                   has_name ? " kid " : "", named->kid);
    }
    if (keys->passed_over > 0 && length < KEY_SET_TEXT_SIZE)
        snprintf(text + length, KEY_SET_TEXT_SIZE - length, "; %zu for something else",
                 keys->passed_over);
}

enum key_answer
key_set_verify(const struct key_set *keys, enum jws_algorithm algorithm, const char *kid,
               const char *text, size_t text_length, const uint8_t *signature, size_t length)
{
    enum key_answer answer = KEY_UNKNOWN;
    for (size_t i = 0; i < keys->count; i++) {
        const struct named_key *named = &keys->keys[i];
        bool has_name = named->kid[0] != '\0';
        if (named->algorithm != algorithm ||
            (kid != NULL && has_name && strcmp(named->kid, kid) != 0))
            continue;
        if (jws_verify(algorithm, named->key, text, text_length, signature, length))
            return KEY_SIGNED;
        answer = KEY_DID_NOT_SIGN;
    }
    return answer;
}
