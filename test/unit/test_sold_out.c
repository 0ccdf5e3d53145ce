/* base/sold_out: what is recalled, for whom and for how long. */
#include <CUnit/CUnit.h>

#include "base/sold_out.h"
#include "suites.h"

static struct sold_out sold_out;
static const struct sold_out_wish wish = {5, -1, 99, 50000};

enum { THEN = 1000000, TOOK = 20 }; /* milliseconds */

/* Begins anew, with nothing left for `min` seats at THEN, after a look of TOOK. */
static void
find_none(int32_t min)
{
    sold_out = (struct sold_out){0};
    sold_out_remember(&sold_out, &wish, sold_out_releases(&sold_out, wish.item_id), min,
                      THEN - TOOK, THEN);
}

static bool
recalls(const struct sold_out_wish *of, int32_t count, int age)
{
    return sold_out_recall(&sold_out, of, count, THEN + age) == SOLD_OUT_NONE;
}

static enum sold_out_answer
answer(int age)
{
    return sold_out_recall(&sold_out, &wish, 1, THEN + age);
}

static void
none_for_two_is_none_for_more(void)
{
    find_none(2);
    CU_ASSERT_FALSE(recalls(&wish, 1, 0));
    CU_ASSERT_TRUE(recalls(&wish, 2, 0));
    CU_ASSERT_TRUE(recalls(&wish, 8, 0));
    find_none(8);
    CU_ASSERT_FALSE(recalls(&wish, 7, 0));
    CU_ASSERT_TRUE(recalls(&wish, 8, 0));
}

static void
another_wish_is_another_matter(void)
{
    static const struct sold_out_wish others[] = {
        {6, -1, 99, 50000}, {5, 0, 99, 50000}, {5, -1, 98, 50000}, {5, -1, 99, 50001}};
    find_none(1);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CU_ASSERT_FALSE(recalls(&others[i], 8, 0));
}

static void
one_looks_again_while_the_others_know(void)
{
    enum { RENEWED = SOLD_OUT_KEPT_MS - 2 * TOOK };
    find_none(1);
    CU_ASSERT_EQUAL(answer(RENEWED - 1), SOLD_OUT_NONE);
    CU_ASSERT_EQUAL(answer(RENEWED), SOLD_OUT_LOOK);
    CU_ASSERT_EQUAL(answer(RENEWED), SOLD_OUT_NONE);
    CU_ASSERT_EQUAL(answer(SOLD_OUT_KEPT_MS - 1), SOLD_OUT_NONE);
    sold_out_remember(&sold_out, &wish, 0, 1, THEN, THEN + SOLD_OUT_KEPT_MS);
    CU_ASSERT_EQUAL(answer(SOLD_OUT_KEPT_MS), SOLD_OUT_LOOK); /* it took so long: at once */
    CU_ASSERT_EQUAL(answer(SOLD_OUT_KEPT_MS), SOLD_OUT_NONE);
}

static void
the_others_wait_for_one_that_takes_long(void)
{
    find_none(1);
    CU_ASSERT_EQUAL(answer(SOLD_OUT_KEPT_MS), SOLD_OUT_LOOK);
    CU_ASSERT_EQUAL(answer(SOLD_OUT_KEPT_MS), SOLD_OUT_WAIT);
    CU_ASSERT_EQUAL(answer(SOLD_OUT_KEPT_MS + SOLD_OUT_AWAITED_MS - 1), SOLD_OUT_WAIT);
    /* not for ever, as a worker may be killed; then for the next one */
    CU_ASSERT_EQUAL(answer(SOLD_OUT_KEPT_MS + SOLD_OUT_AWAITED_MS), SOLD_OUT_LOOK);
    CU_ASSERT_EQUAL(answer(SOLD_OUT_KEPT_MS + SOLD_OUT_AWAITED_MS), SOLD_OUT_WAIT);
}

static void
nobody_waits_where_something_was_found(void)
{
    find_none(2);
    CU_ASSERT_EQUAL(sold_out_recall(&sold_out, &wish, 2, THEN + SOLD_OUT_KEPT_MS), SOLD_OUT_LOOK);
    CU_ASSERT_EQUAL(sold_out_recall(&sold_out, &wish, 2, THEN + SOLD_OUT_KEPT_MS), SOLD_OUT_WAIT);
    sold_out_forget(&sold_out, &wish, 0, 1); /* no news */
    CU_ASSERT_EQUAL(sold_out_recall(&sold_out, &wish, 2, THEN + SOLD_OUT_KEPT_MS), SOLD_OUT_WAIT);
    sold_out_forget(&sold_out, &wish, 0, 2);
    CU_ASSERT_EQUAL(sold_out_recall(&sold_out, &wish, 2, THEN + SOLD_OUT_KEPT_MS), SOLD_OUT_LOOK);
    CU_ASSERT_EQUAL(sold_out_recall(&sold_out, &wish, 2, THEN + SOLD_OUT_KEPT_MS), SOLD_OUT_LOOK);
}

static void
a_release_ends_what_was_found_before(void)
{
    find_none(1);
    uint32_t before = sold_out_releases(&sold_out, 5);
    sold_out_release(&sold_out, 6);
    CU_ASSERT_TRUE(recalls(&wish, 1, 0));
    sold_out_release(&sold_out, 5);
    CU_ASSERT_FALSE(recalls(&wish, 1, 0));
    /* by a look that was under way meanwhile, and by one that began after it */
    sold_out_remember(&sold_out, &wish, before, 1, THEN, THEN);
    CU_ASSERT_FALSE(recalls(&wish, 1, 0));
    sold_out_remember(&sold_out, &wish, sold_out_releases(&sold_out, 5), 1, THEN, THEN);
    CU_ASSERT_TRUE(recalls(&wish, 1, 0));
}

/* Far more than there is room for: the last ones are there, and none says what it should not. */
static void
the_oldest_make_room(void)
{
    enum { WISHES = 8 * SOLD_OUT_SETS * SOLD_OUT_WAYS, LAST = 64 };
    sold_out = (struct sold_out){0};
    int recalled = 0;
    for (int32_t i = 1; i <= WISHES; i++) {
        const struct sold_out_wish one = {i, -1, 1, 1};
        sold_out_remember(&sold_out, &one, 0, 1, THEN + i / 1000, THEN + i / 1000);
    }
    for (int32_t i = WISHES - LAST + 1; i <= WISHES; i++) {
        const struct sold_out_wish one = {i, -1, 1, 1}, other = {i, 0, 1, 1};
        recalled += recalls(&one, 1, WISHES / 1000);
        CU_ASSERT_FALSE(recalls(&other, 1, WISHES / 1000));
    }
    CU_ASSERT_TRUE(recalled >= LAST - 4);
}

/* What a writer leaves that was killed in the middle, or two that wrote at once. */
static void
a_half_written_entry_says_nothing(void)
{
    find_none(1);
    struct sold_out_entry *entry = sold_out.entries[0];
    while (atomic_load(&entry->found) == 0)
        entry++;
    _Atomic uint64_t *const words[] = {&entry->first, &entry->second, &entry->found};
    for (size_t i = 0; i < 3; i++) {
        atomic_fetch_xor(words[i], 16);
        CU_ASSERT_FALSE(recalls(&wish, 1, 0));
        atomic_fetch_xor(words[i], 16);
        CU_ASSERT_TRUE(recalls(&wish, 1, 0));
    }
}

void
suite_sold_out(void)
{
    CU_pSuite suite = CU_add_suite("sold_out", NULL, NULL);
    CU_add_test(suite, "none for two is none for more", none_for_two_is_none_for_more);
    CU_add_test(suite, "another wish is another matter", another_wish_is_another_matter);
    CU_add_test(suite, "one looks again while the others know",
                one_looks_again_while_the_others_know);
    CU_add_test(suite, "the others wait for one that takes long",
                the_others_wait_for_one_that_takes_long);
    CU_add_test(suite, "nobody waits where something was found",
                nobody_waits_where_something_was_found);
    CU_add_test(suite, "a release ends what was found before",
                a_release_ends_what_was_found_before);
    CU_add_test(suite, "the oldest make room", the_oldest_make_room);
    CU_add_test(suite, "a half-written entry says nothing", a_half_written_entry_says_nothing);
}
