/* domain/concert, domain/sale/presale, presale_code: when a window runs, its sections, and codes.
 */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "domain/concert/concert.h"
#include "domain/sale/presale.h"
#include "domain/sale/presale_code.h"
#include "suites.h"

static struct concert
scheduled(const char *times)
{
    struct concert concert = {.stored = STORED_OPEN,
                              .opens_at = 1000,
                              .closes_at = CLOCK_NEVER,
                              .last_starts_at = CLOCK_NEVER};
    snprintf(concert.presale_times, sizeof concert.presale_times, "%s", times);
    return concert;
}

static void
windows_run_from_their_begin_to_before_their_end(void)
{
    struct concert concert = scheduled("100-200,150-300,900-1000");
    static const int64_t runs[] = {100, 199, 200, 299, 900, 999};
    static const int64_t rests[] = {0, 99, 300, 899, 1000, 5000};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        CU_ASSERT_TRUE(concert_presale_runs(&concert, runs[i]));
        CU_ASSERT_FALSE(concert_presale_runs(&concert, rests[i]));
    }
    concert.stored = STORED_CLOSED;
    CU_ASSERT_FALSE(concert_presale_runs(&concert, 150));
    concert.stored = STORED_OPEN;
    concert.closes_at = 120;
    CU_ASSERT_FALSE(concert_presale_runs(&concert, 150));
}

static void
windows_are_read_in_their_order(void)
{
    struct concert concert = scheduled("1900000000000-1900000060000,5-6");
    const char *at = NULL;
    int64_t starts_at, ends_at;
    CU_ASSERT_TRUE(concert_next_presale(&concert, &at, &starts_at, &ends_at));
    CU_ASSERT_EQUAL(starts_at, INT64_C(1900000000000));
    CU_ASSERT_EQUAL(ends_at, INT64_C(1900000060000));
    CU_ASSERT_TRUE(concert_next_presale(&concert, &at, &starts_at, &ends_at));
    CU_ASSERT_TRUE(starts_at == 5 && ends_at == 6);
    CU_ASSERT_FALSE(concert_next_presale(&concert, &at, &starts_at, &ends_at));
    concert = scheduled("");
    at = NULL;
    CU_ASSERT_FALSE(concert_next_presale(&concert, &at, &starts_at, &ends_at));
}

/* Whatever a hand wrote there ends the list, and no program. */
static void
broken_times_are_no_window(void)
{
    static const char *const broken[] = {"x", "1", "1-", "-", ",", "1-2-3", "1 2", "1;2,3-4"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct concert concert = scheduled(broken[i]);
        const char *at = NULL;
        int64_t starts_at, ends_at;
        int windows = 0;
        while (windows < 10 && concert_next_presale(&concert, &at, &starts_at, &ends_at))
            windows++;
        CU_ASSERT_TRUE(windows < 10);
    }
}

static void
sections_are_whole_names(void)
{
    static const char sections[] = "A\nB석\nVIP 1\n";
    CU_ASSERT_TRUE(presale_allows("", "anything"));
    CU_ASSERT_TRUE(presale_allows(sections, "A"));
    CU_ASSERT_TRUE(presale_allows(sections, "B석"));
    CU_ASSERT_TRUE(presale_allows(sections, "VIP 1"));
    CU_ASSERT_FALSE(presale_allows(sections, "VIP"));
    CU_ASSERT_FALSE(presale_allows(sections, "IP 1"));
    CU_ASSERT_FALSE(presale_allows(sections, "B"));
    CU_ASSERT_FALSE(presale_allows(sections, ""));
    CU_ASSERT_FALSE(presale_allows("AB\n", "A"));
}

static void
codes_are_read_as_people_write_them(void)
{
    static const char *const alike[] = {"ABCD-EFOI-B234", "abcd ef01 8234", " abcdefoib234 ",
                                        "A-B-C-D-E-F-0-1-8-2-3-4"};
    static const char *const none[] = {"",           "-",        "ABCDEFG",
                                       "ABCD EFG-",  "ABCDEFG!", "ABCDEFGé",
                                       "ABCD\nEFGH", "ABCDEFG_", "팬클럽팬클럽"};
    uint8_t hash[PRESALE_HASH_BYTES], other[PRESALE_HASH_BYTES];
    char text[PRESALE_SHARED_MAX + 2];
    CU_ASSERT_TRUE_FATAL(presale_code_hash(7, alike[0], hash));
    for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++) {
        CU_ASSERT_TRUE(presale_code_hash(7, alike[i], other));
        CU_ASSERT_EQUAL(memcmp(hash, other, sizeof hash), 0);
    }
    CU_ASSERT_TRUE(presale_code_hash(8, alike[0], other)); /* of another concert it is another */
    CU_ASSERT_NOT_EQUAL(memcmp(hash, other, sizeof hash), 0);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        CU_ASSERT_FALSE(presale_code_hash(7, none[i], other));
    memset(text, 'A', sizeof text);
    text[PRESALE_SHARED_MAX + 1] = '\0';
    CU_ASSERT_FALSE(presale_code_hash(7, text, other));
    text[PRESALE_SHARED_MAX] = '\0';
    CU_ASSERT_TRUE(presale_code_hash(7, text, other));
}

static void
a_seed_gives_the_same_codes_again(void)
{
    uint8_t seed[PRESALE_SEED_BYTES], again[PRESALE_SEED_BYTES], hash[PRESALE_HASH_BYTES];
    char first[PRESALE_CODE_TEXT_SIZE], second[PRESALE_CODE_TEXT_SIZE];
    presale_code_derive("Bearer one", 3, "key", seed);
    presale_code_derive("Bearer one", 3, "key", again);
    CU_ASSERT_EQUAL(memcmp(seed, again, sizeof seed), 0);
    presale_code_write(seed, 0, first);
    presale_code_write(again, 0, second);
    CU_ASSERT_STRING_EQUAL(first, second);
    CU_ASSERT_EQUAL(strlen(first), 19);
    CU_ASSERT_TRUE(presale_code_hash(1, first, hash));
    presale_code_write(seed, 1, second);
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    presale_code_derive("Bearer two", 3, "key", again);
    CU_ASSERT_NOT_EQUAL(memcmp(seed, again, sizeof seed), 0);
    presale_code_derive("Bearer one", 4, "key", again);
    CU_ASSERT_NOT_EQUAL(memcmp(seed, again, sizeof seed), 0);
    presale_code_derive("Bearer one", 3, "yek", again);
    CU_ASSERT_NOT_EQUAL(memcmp(seed, again, sizeof seed), 0);
}

void
suite_presale(void)
{
    CU_pSuite suite = CU_add_suite("presale", NULL, NULL);
    CU_ADD_TEST(suite, windows_run_from_their_begin_to_before_their_end);
    CU_ADD_TEST(suite, windows_are_read_in_their_order);
    CU_ADD_TEST(suite, broken_times_are_no_window);
    CU_ADD_TEST(suite, sections_are_whole_names);
    CU_ADD_TEST(suite, codes_are_read_as_people_write_them);
    CU_ADD_TEST(suite, a_seed_gives_the_same_codes_again);
}
