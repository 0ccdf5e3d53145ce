/* presale_code: the texts of presale's codes, how they are made, and what is stored of them. */
#ifndef FRONTROW_DOMAIN_PRESALE_CODE_H
#define FRONTROW_DOMAIN_PRESALE_CODE_H

#include "base/text.h"
#include "mysql/sale/presale_table.h"

/*
 * A single code has 80 random bits. Of a million of them that are good, a guess hits one with a
 * chance of 2^-60: ten thousand guesses a second take four million years on average.
 */
enum {
    PRESALE_SEED_BYTES = 32,
    PRESALE_CODE_BYTES = 10,
    PRESALE_CODE_LETTERS = BASE32_LETTERS(PRESALE_CODE_BYTES),
    PRESALE_CODE_GROUP = 4,
    PRESALE_CODE_TEXT_SIZE = PRESALE_CODE_LETTERS + PRESALE_CODE_LETTERS / PRESALE_CODE_GROUP,
};

/* A shared one, which the organiser chooses, has so many letters and digits. */
enum { PRESALE_SHARED_MIN = 8, PRESALE_SHARED_MAX = 64 };

/*
 * What is stored of a code of a concert: a hash of its letters and digits, whether large or small,
 * with 0, 1 and 8 read as O, I and B, which a single code has instead. Blanks and hyphens do not
 * count. False: no code has this text.
 */
bool presale_code_hash(int32_t concert_id, const char *text, uint8_t hash[PRESALE_HASH_BYTES])
    MUST_CHECK;

/* A seed by chance. */
void presale_code_seed(uint8_t seed[PRESALE_SEED_BYTES]);

/*
 * The seed that the same operator's key, window and Idempotency-Key always give. So a repeated call
 * can answer with the codes that it made, though nothing is stored but their hashes.
 */
void presale_code_derive(const char *operator_key, int32_t presale_id, const char *key,
                         uint8_t seed[PRESALE_SEED_BYTES]);

/* The n-th code of a seed, "ABCD-EFGH-IJKL-MNOP". */
void presale_code_write(const uint8_t seed[PRESALE_SEED_BYTES], uint32_t n,
                        char text[PRESALE_CODE_TEXT_SIZE]);

#endif
