#include "base/voucher.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/text.h"

#define PREFIX "gateway."

enum { MAC_BYTES = 32 };

bool
voucher_is_one(const char *text)
{
    return strncmp(text, PREFIX, strlen(PREFIX)) == 0;
}

static void
sign(const char *secret, const struct buffer *text, uint8_t mac[MAC_BYTES])
{
    if (HMAC(EVP_sha256(), secret, (int)strlen(secret), (const uint8_t *)text->data, text->length,
             mac, NULL) == NULL)
        log_abort("OpenSSL failed");
}

bool
voucher_is_good(const char *secret, int32_t concert_id, const char *user_id, int64_t now_s,
                const char *text, uint8_t name[PROOF_NAME_BYTES])
{
    uint8_t given[MAC_BYTES], mac[MAC_BYTES];
    struct buffer signed_text = {0};
    char *nonce;
    if (!voucher_is_one(text))
        return false;
    int64_t expires_s = strtoll(text + strlen(PREFIX), &nonce, 10);
    if (*nonce++ != '.' || strcspn(nonce, ".") != VOUCHER_NONCE_LENGTH ||
        nonce[VOUCHER_NONCE_LENGTH] != '.' ||
        !hex_read(nonce + VOUCHER_NONCE_LENGTH + 1, given, sizeof given))
        return false;
    buffer_format(&signed_text, PREFIX "%" PRId32 ".%s.%" PRId64 ".%.*s", concert_id, user_id,
                  expires_s, (int)VOUCHER_NONCE_LENGTH, nonce);
    sign(secret, &signed_text, mac);
    buffer_free(&signed_text);
    memcpy(name, mac, PROOF_NAME_BYTES);
    return CRYPTO_memcmp(given, mac, sizeof mac) == 0 && now_s < expires_s &&
           expires_s - now_s <= VOUCHER_LIFE_S;
}
