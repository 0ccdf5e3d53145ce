#include "domain/sale/presale_code.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"

/* The letters and digits that count; false where there are others, too few or too many. */
static bool
read_letters(const char *text, char letters[PRESALE_SHARED_MAX + 1])
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        char c = *text;
        if (c == ' ' || c == '-')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        else if (c == '0')
            c = 'O';
        else if (c == '1')
            c = 'I';
        else if (c == '8')
            c = 'B';
        if (!((c >= 'A' && c <= 'Z') || (c >= '2' && c <= '9')) || length == PRESALE_SHARED_MAX)
            return false;
        letters[length++] = c;
    }
    letters[length] = '\0';
    return length >= PRESALE_SHARED_MIN;
}

bool
presale_code_hash(int32_t concert_id, const char *text, uint8_t hash[PRESALE_HASH_BYTES])
{
    char letters[PRESALE_SHARED_MAX + 1], hashed[PRESALE_SHARED_MAX + 32];
    if (!read_letters(text, letters))
        return false;
    int length = snprintf(hashed, sizeof hashed, "presale %d %s", (int)concert_id, letters);
    if (EVP_Digest(hashed, (size_t)length, hash, NULL, EVP_sha256(), NULL) != 1)
        log_abort("OpenSSL failed");
    return true;
}

void
presale_code_seed(uint8_t seed[PRESALE_SEED_BYTES])
{
    random_fill(seed, PRESALE_SEED_BYTES);
}

static void
authenticate(const void *key, size_t key_size, const char *text, uint8_t mac[PRESALE_SEED_BYTES])
{
    if (HMAC(EVP_sha256(), key, (int)key_size, (const uint8_t *)text, strlen(text), mac, NULL) ==
        NULL)
        log_abort("OpenSSL failed");
}

void
presale_code_derive(const char *operator_key, int32_t presale_id, const char *key,
                    uint8_t seed[PRESALE_SEED_BYTES])
{
    char text[128];
    snprintf(text, sizeof text, "presale codes %d %s", (int)presale_id, key);
    authenticate(operator_key, strlen(operator_key), text, seed);
}

void
presale_code_write(const uint8_t seed[PRESALE_SEED_BYTES], uint32_t n,
                   char text[PRESALE_CODE_TEXT_SIZE])
{
    uint8_t mac[PRESALE_SEED_BYTES];
    char number[16], letters[PRESALE_CODE_LETTERS + 1];
    snprintf(number, sizeof number, "%u", (unsigned)n);
    authenticate(seed, PRESALE_SEED_BYTES, number, mac);
    base32_write(mac, PRESALE_CODE_BYTES, letters);
    for (size_t i = 0; i < PRESALE_CODE_LETTERS; i++) {
        if (i > 0 && i % PRESALE_CODE_GROUP == 0)
            *text++ = '-';
        *text++ = letters[i];
    }
    *text = '\0';
}
