/*
 * webhook_signature: secrets and signatures of webhooks, by Standard Webhooks
 * (https://www.standardwebhooks.com).
 */
#ifndef FRONTROW_BASE_WEBHOOK_SIGNATURE_H
#define FRONTROW_BASE_WEBHOOK_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/must_check.h"

#define WEBHOOK_SECRET_PREFIX "whsec_"
#define WEBHOOK_SIGNATURE_PREFIX "v1,"

/* All of SHA-256's length; as texts in base64 with the NUL. */
enum {
    WEBHOOK_SECRET_BYTES = 32,
    WEBHOOK_SALT_BYTES = 16,
    WEBHOOK_KEY_MIN = 32, /* bytes of the file of which secrets are made */
    WEBHOOK_KEY_MAX = 255,
    WEBHOOK_BASE64_SIZE = 45,
    WEBHOOK_SECRET_SIZE = sizeof WEBHOOK_SECRET_PREFIX - 1 + WEBHOOK_BASE64_SIZE,
    WEBHOOK_SIGNATURE_SIZE = sizeof WEBHOOK_SIGNATURE_PREFIX - 1 + WEBHOOK_BASE64_SIZE,
};

/* The secret of the webhook that has this salt: HMAC-SHA256 of it by the key. */
void webhook_secret_make(const char *key, const uint8_t salt[WEBHOOK_SALT_BYTES],
                         uint8_t secret[WEBHOOK_SECRET_BYTES]);

/* As receivers get it: "whsec_" and base64. */
void webhook_secret_write(const uint8_t secret[WEBHOOK_SECRET_BYTES],
                          char text[WEBHOOK_SECRET_SIZE]);

/*
 * The value of the header webhook-signature for a body that is sent with this webhook-id and
 * webhook-timestamp (seconds since 1970).
 */
void webhook_sign(const uint8_t *secret, size_t secret_size, const char *id, int64_t timestamp,
                  const char *body, size_t body_length, char text[WEBHOOK_SIGNATURE_SIZE]);

#endif
