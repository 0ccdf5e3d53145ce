/* base/counts: what is remembered of a concert, and of none else. */
#include <CUnit/CUnit.h>

#include "base/counts.h"
#include "suites.h"

static struct counts counts;
static const struct seat_counts some = {.sales = {.seat_count = 50000,
                                                  .available = INT32_MAX,
                                                  .held = 7,
                                                  .sold = INT32_MAX - 1,
                                                  .blocked = 9,
                                                  .revenue = INT64_MAX,
                                                  .box_office = 11,
                                                  .guest = INT32_MAX,
                                                  .box_office_revenue = INT64_MAX - 3},
                                        .counted_at = 123456789,
                                        .took_us = 6000};

static void
nothing_is_remembered_at_first(void)
{
    struct seat_counts found = some;
    counts = (struct counts){0};
    for (int32_t concert = 0; concert < COUNTS_ENTRIES; concert++)
        CU_ASSERT_FALSE(counts_recall(&counts, concert, &found));
    CU_ASSERT_EQUAL(found.counted_at, 0);
}

static void
what_was_counted_is_recalled(void)
{
    struct seat_counts found;
    counts = (struct counts){0};
    counts_remember(&counts, 5, &some);
    CU_ASSERT_TRUE_FATAL(counts_recall(&counts, 5, &found));
    CU_ASSERT_EQUAL(found.sales.seat_count, some.sales.seat_count);
    CU_ASSERT_EQUAL(found.sales.available, some.sales.available);
    CU_ASSERT_EQUAL(found.sales.held, some.sales.held);
    CU_ASSERT_EQUAL(found.sales.sold, some.sales.sold);
    CU_ASSERT_EQUAL(found.sales.blocked, some.sales.blocked);
    CU_ASSERT_EQUAL(found.sales.revenue, some.sales.revenue);
    CU_ASSERT_EQUAL(found.sales.box_office, some.sales.box_office);
    CU_ASSERT_EQUAL(found.sales.guest, some.sales.guest);
    CU_ASSERT_EQUAL(found.sales.box_office_revenue, some.sales.box_office_revenue);
    CU_ASSERT_EQUAL(found.counted_at, some.counted_at);
    CU_ASSERT_EQUAL(found.took_us, some.took_us);
    CU_ASSERT_FALSE(counts_recall(&counts, 6, &found));
}

static void
one_drives_another_out_of_its_entry(void)
{
    struct seat_counts found;
    counts = (struct counts){0};
    counts_remember(&counts, 5, &some);
    CU_ASSERT_FALSE(counts_recall(&counts, 5 + COUNTS_ENTRIES, &found));
    counts_remember(&counts, 5 + COUNTS_ENTRIES, &some);
    CU_ASSERT_TRUE(counts_recall(&counts, 5 + COUNTS_ENTRIES, &found));
    CU_ASSERT_FALSE(counts_recall(&counts, 5, &found));
}

/* A writer may be killed, and two may write at once. */
static void
half_of_a_count_is_none(void)
{
    struct seat_counts found;
    counts = (struct counts){0};
    counts_remember(&counts, 5, &some);
    atomic_fetch_add(&counts.entries[5].seats, 1);
    CU_ASSERT_FALSE(counts_recall(&counts, 5, &found));
    atomic_fetch_sub(&counts.entries[5].seats, 1);
    CU_ASSERT_TRUE(counts_recall(&counts, 5, &found));
    atomic_fetch_add(&counts.entries[5].held, 1);
    atomic_fetch_sub(&counts.entries[5].took_us, 1);
    CU_ASSERT_FALSE(counts_recall(&counts, 5, &found));
}

void
suite_counts(void)
{
    CU_pSuite suite = CU_add_suite("counts", NULL, NULL);
    CU_add_test(suite, "nothing is remembered at first", nothing_is_remembered_at_first);
    CU_add_test(suite, "what was counted is recalled", what_was_counted_is_recalled);
    CU_add_test(suite, "one drives another out of its entry", one_drives_another_out_of_its_entry);
    CU_add_test(suite, "half of a count is none", half_of_a_count_is_none);
}
