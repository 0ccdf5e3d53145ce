#include "base/webhook_signature.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"

static void
hmac(const void *key, size_t key_size, const void *bytes, size_t length,
     uint8_t result[WEBHOOK_SECRET_BYTES])
{
    unsigned size = WEBHOOK_SECRET_BYTES;
    if (HMAC(EVP_sha256(), key, (int)key_size, bytes, length, result, &size) == NULL)
        log_abort("OpenSSL failed");
}

static void
write_base64(const char *prefix, const uint8_t bytes[WEBHOOK_SECRET_BYTES], char *text, size_t size)
{
    unsigned char base64[WEBHOOK_BASE64_SIZE];
    EVP_EncodeBlock(base64, bytes, WEBHOOK_SECRET_BYTES);
    snprintf(text, size, "%s%s", prefix, (const char *)base64);
}

void
webhook_secret_make(const char *key, const uint8_t salt[WEBHOOK_SALT_BYTES],
                    uint8_t secret[WEBHOOK_SECRET_BYTES])
{
    hmac(key, strlen(key), salt, WEBHOOK_SALT_BYTES, secret);
}

void
webhook_secret_write(const uint8_t secret[WEBHOOK_SECRET_BYTES], char text[WEBHOOK_SECRET_SIZE])
{
    write_base64(WEBHOOK_SECRET_PREFIX, secret, text, WEBHOOK_SECRET_SIZE);
}

void
webhook_sign(const uint8_t *secret, size_t secret_size, const char *id, int64_t timestamp,
             const char *body, size_t body_length, char text[WEBHOOK_SIGNATURE_SIZE])
{
    uint8_t signature[WEBHOOK_SECRET_BYTES];
    struct buffer signed_text = {0};
    buffer_format(&signed_text, "%s.%" PRId64 ".", id, timestamp);
    buffer_append(&signed_text, body, body_length);
    hmac(secret, secret_size, signed_text.data, signed_text.length, signature);
    buffer_free(&signed_text);
    write_base64(WEBHOOK_SIGNATURE_PREFIX, signature, text, WEBHOOK_SIGNATURE_SIZE);
}
