#include "base/ticket_keys.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/log.h"

static void
write_key_id(const uint8_t public_key[TICKET_KEY_BYTES], char id[TICKET_KEY_ID_SIZE])
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (EVP_Digest(public_key, TICKET_KEY_BYTES, hash, NULL, EVP_sha256(), NULL) != 1)
        log_abort("OpenSSL failed");
    base32_write(hash, TICKET_KEY_ID_BYTES, id);
}

/* The place of a key, which is made where it is not there yet; NULL: there are too many. */
static struct ticket_key *
place_key(struct ticket_keys *keys, const uint8_t public_key[TICKET_KEY_BYTES])
{
    for (size_t i = 0; i < keys->count; i++)
        if (memcmp(keys->keys[i].public_key, public_key, TICKET_KEY_BYTES) == 0)
            return &keys->keys[i];
    if (keys->count == TICKET_KEYS_MAX)
        return NULL;
    struct ticket_key *key = &keys->keys[keys->count++];
    *key = (struct ticket_key){0};
    memcpy(key->public_key, public_key, TICKET_KEY_BYTES);
    write_key_id(public_key, key->id);
    return key;
}

bool
ticket_keys_add_public(struct ticket_keys *keys, const uint8_t public_key[TICKET_KEY_BYTES])
{
    return place_key(keys, public_key) != NULL;
}

/* Takes one key, whose private half it has where it was read from one. */
static bool
take_key(struct ticket_keys *keys, EVP_PKEY *pkey, bool is_private, const char **reason)
{
    uint8_t public_key[TICKET_KEY_BYTES];
    size_t size = sizeof public_key;
    *reason = "a key is none of Ed25519";
    if (EVP_PKEY_id(pkey) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(pkey, public_key, &size) != 1)
        return false;
    struct ticket_key *key = place_key(keys, public_key);
    *reason = "it has too many keys";
    if (key == NULL)
        return false;
    size = sizeof key->private_key;
    if (is_private && EVP_PKEY_get_raw_private_key(pkey, key->private_key, &size) != 1)
        log_abort("OpenSSL failed");
    key->can_sign = key->can_sign || is_private;
    if (is_private)
        keys->signer = (size_t)(key - keys->keys) + 1;
    return true;
}

/* One block of a PEM file. A private key in an older form, or with a password, is none. */
static bool
take_block(struct ticket_keys *keys, const char *name, const uint8_t *data, long size,
           const char **reason)
{
    bool is_private = strcmp(name, PEM_STRING_PKCS8INF) == 0;
    EVP_PKEY *pkey = NULL;
    if (is_private)
        pkey = d2i_AutoPrivateKey(NULL, &data, size);
    else if (strcmp(name, PEM_STRING_PUBLIC) == 0)
        pkey = d2i_PUBKEY(NULL, &data, size);
    *reason = "a block is neither a PRIVATE KEY nor a PUBLIC KEY";
    bool ok = pkey != NULL && take_key(keys, pkey, is_private, reason);
    EVP_PKEY_free(pkey);
    return ok;
}

static bool
read_blocks(struct ticket_keys *keys, BIO *file, const char **reason)
{
    char *name = NULL, *header = NULL;
    uint8_t *data = NULL;
    long size;
    bool ok = true;
    while (ok && PEM_read_bio(file, &name, &header, &data, &size) == 1) {
        ok = take_block(keys, name, data, size, reason);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)size);
    }
    bool is_whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (ok && !is_whole)
        *reason = "a block is damaged";
    return ok && is_whole;
}

bool
ticket_keys_load(struct ticket_keys *keys, const char *path, const char **reason)
{
    *keys = (struct ticket_keys){0};
    errno = 0;
    BIO *file = BIO_new_file(path, "r");
    *reason = strerror(errno);
    ERR_clear_error();
    bool ok = file != NULL && read_blocks(keys, file, reason);
    BIO_free(file);
    ERR_clear_error();
    if (ok && keys->count == 0)
        *reason = "it has no key";
    return ok && keys->count > 0;
}

const struct ticket_key *
ticket_keys_signer(const struct ticket_keys *keys)
{
    return keys->signer > 0 ? &keys->keys[keys->signer - 1] : NULL;
}

const struct ticket_key *
ticket_keys_find(const struct ticket_keys *keys, const char *id)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strncmp(keys->keys[i].id, id, TICKET_KEY_ID_SIZE - 1) == 0)
            return &keys->keys[i];
    return NULL;
}

void
ticket_key_sign(const struct ticket_key *key, const void *message, size_t size,
                uint8_t signature[TICKET_SIGNATURE_BYTES])
{
    size_t written = TICKET_SIGNATURE_BYTES;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->private_key,
                                                  sizeof key->private_key);
    if (context == NULL || pkey == NULL ||
        EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) != 1 ||
        EVP_DigestSign(context, signature, &written, message, size) != 1)
        log_abort("OpenSSL failed");
    EVP_PKEY_free(pkey);
    EVP_MD_CTX_free(context);
}

bool
ticket_key_verifies(const struct ticket_key *key, const void *message, size_t size,
                    const uint8_t signature[TICKET_SIGNATURE_BYTES])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public_key,
                                                 sizeof key->public_key);
    if (context == NULL || pkey == NULL)
        log_abort("OpenSSL failed");
    bool ok = EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
              EVP_DigestVerify(context, signature, TICKET_SIGNATURE_BYTES, message, size) == 1;
    EVP_PKEY_free(pkey);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return ok;
}

void
ticket_key_make(struct buffer *pem)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *out = BIO_new(BIO_s_mem());
    char *text;
    if (pkey == NULL || out == NULL ||
        PEM_write_bio_PKCS8PrivateKey(out, pkey, NULL, NULL, 0, NULL, NULL) != 1)
        log_abort("OpenSSL failed");
    long size = BIO_get_mem_data(out, &text);
    buffer_append(pem, text, (size_t)size);
    BIO_free(out);
    EVP_PKEY_free(pkey);
}
