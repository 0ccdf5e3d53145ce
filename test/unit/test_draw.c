/* The draw: what another implementation (in Python) computed. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "base/text.h"
#include "domain/draw/draw.h"
#include "domain/queue/queue.h"
#include "suites.h"

enum { COUNT = 8 };

static void
make_entries(uint8_t entries[COUNT][DRAW_BYTES])
{
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t token[TOKEN_SIZE] = {[TOKEN_SIZE - 1] = (uint8_t)i};
        char text[QUEUE_TOKEN_TEXT_SIZE];
        queue_write_token(7, token, text);
        draw_hash(text, strlen(text), entries[i]);
    }
}

static void
hashes_are_sha256(void)
{
    uint8_t entries[COUNT][DRAW_BYTES], hash[DRAW_BYTES];
    char text[DRAW_DIGITS + 1];
    make_entries(entries);
    draw_hash_list((const uint8_t(*)[DRAW_BYTES])entries, COUNT, hash);
    hex_write(hash, DRAW_BYTES, text);
    CU_ASSERT_STRING_EQUAL(text,
                           "f77939cb82ea18e68e2ab1639b94a3b730db53fea6ce29b4358c8a37401d3241");
    draw_hash_list(NULL, 0, hash);
    hex_write(hash, DRAW_BYTES, text);
    CU_ASSERT_STRING_EQUAL(text,
                           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
ranks_follow_from_seed_list_and_beacon(void)
{
    static const int32_t without[COUNT] = {5, 2, 8, 7, 3, 4, 1, 6};
    static const int32_t with[COUNT] = {4, 5, 7, 1, 2, 8, 6, 3};
    uint8_t entries[COUNT][DRAW_BYTES], seed[DRAW_BYTES], hash[DRAW_BYTES];
    const uint8_t(*list)[DRAW_BYTES] = (const uint8_t(*)[DRAW_BYTES])entries;
    int32_t ranks[COUNT];
    make_entries(entries);
    for (size_t i = 0; i < DRAW_BYTES; i++)
        seed[i] = (uint8_t)i;
    draw_hash_list(list, COUNT, hash);
    draw_rank_entries(seed, hash, "", list, COUNT, ranks);
    CU_ASSERT_EQUAL(memcmp(ranks, without, sizeof ranks), 0);
    draw_rank_entries(seed, hash, "12 비콘", list, COUNT, ranks);
    CU_ASSERT_EQUAL(memcmp(ranks, with, sizeof ranks), 0);
}

void
suite_draw(void)
{
    CU_pSuite suite = CU_add_suite("draw", NULL, NULL);
    CU_add_test(suite, "hashes are SHA-256", hashes_are_sha256);
    CU_add_test(suite, "ranks follow from seed, list and beacon",
                ranks_follow_from_seed_list_and_beacon);
}
