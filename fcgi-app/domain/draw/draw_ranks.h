/*
 * draw_ranks: computes the ranks from the published seed, list and beacon. Anybody can compute
 * them again; docs/draw.md does so in Python.
 */
#ifndef FRONTROW_DOMAIN_DRAW_RANKS_H
#define FRONTROW_DOMAIN_DRAW_RANKS_H

#include <stddef.h>
#include <stdint.h>

#include "mysql/draw/draw_table.h"

enum { DRAW_DIGITS = 2 * DRAW_BYTES /* of a hash in hex: a line of the list */ };

/* SHA-256 of some bytes: of a seed the commitment to it, of a token's text its entry. */
void draw_hash(const void *bytes, size_t size, uint8_t hash[DRAW_BYTES]);

/* SHA-256 of the list file's bytes: each entry in lower-case hex and a line feed. */
void draw_hash_list(const uint8_t (*entries)[DRAW_BYTES], size_t count, uint8_t hash[DRAW_BYTES]);

/*
 * The rank of each entry, from 1: key = HMAC-SHA256(seed, list hash || beacon), and the ranks are
 * the order of HMAC-SHA256(key, entry). `beacon` is "" where there was none.
 */
void draw_rank_entries(const uint8_t seed[DRAW_BYTES], const uint8_t list_hash[DRAW_BYTES],
                       const char *beacon, const uint8_t (*entries)[DRAW_BYTES], size_t count,
                       int32_t *ranks);

#endif
