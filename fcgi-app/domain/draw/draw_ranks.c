/* The part of draw that computes ranks from what is published. */
#include "domain/draw/draw.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/text.h"

void
draw_hash(const void *bytes, size_t size, uint8_t hash[DRAW_BYTES])
{
    if (EVP_Digest(bytes, size, hash, NULL, EVP_sha256(), NULL) != 1)
        log_abort("OpenSSL failed");
}

void
draw_hash_list(const uint8_t (*entries)[DRAW_BYTES], size_t count, uint8_t hash[DRAW_BYTES])
{
    char line[DRAW_DIGITS + 1];
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        log_abort("OpenSSL failed");
    for (size_t i = 0; i < count; i++) {
        hex_write(entries[i], DRAW_BYTES, line);
        line[DRAW_DIGITS] = '\n';
        if (EVP_DigestUpdate(digest, line, sizeof line) != 1)
            log_abort("OpenSSL failed");
    }
    if (EVP_DigestFinal_ex(digest, hash, NULL) != 1)
        log_abort("OpenSSL failed");
    EVP_MD_CTX_free(digest);
}

static void
take_hmac(const uint8_t key[DRAW_BYTES], const void *bytes, size_t size, uint8_t out[DRAW_BYTES])
{
    if (HMAC(EVP_sha256(), key, DRAW_BYTES, bytes, size, out, NULL) == NULL)
        log_abort("OpenSSL failed");
}

/* What an entry drew, and where it stands in the list. */
struct lot {
    uint8_t drawn[DRAW_BYTES];
    size_t entry;
};

static int
compare_lots(const void *a, const void *b)
{
    return memcmp(((const struct lot *)a)->drawn, ((const struct lot *)b)->drawn, DRAW_BYTES);
}

void
draw_rank_entries(const uint8_t seed[DRAW_BYTES], const uint8_t list_hash[DRAW_BYTES],
                  const char *beacon, const uint8_t (*entries)[DRAW_BYTES], size_t count,
                  int32_t *ranks)
{
    uint8_t key[DRAW_BYTES];
    struct buffer text = {0};
    struct lot *lots = calloc(count + 1, sizeof *lots);
    if (lots == NULL)
        log_abort("no memory");
    buffer_append(&text, list_hash, DRAW_BYTES);
    buffer_text(&text, beacon);
    take_hmac(seed, text.data, text.length, key);
    buffer_free(&text);
    for (size_t i = 0; i < count; i++) {
        take_hmac(key, entries[i], DRAW_BYTES, lots[i].drawn);
        lots[i].entry = i;
    }
    qsort(lots, count, sizeof *lots, compare_lots);
    for (size_t i = 0; i < count; i++)
        ranks[lots[i].entry] = (int32_t)i + 1;
    free(lots);
}
