/* domain/sale/waitlist: what is shown of an entry, and of a hold for which somebody waits. */
#include <CUnit/CUnit.h>

#include "domain/sale/waitlist.h"
#include "suites.h"

static const char *
shown(enum waitlist_status status, enum reservation_status hold, bool is_over)
{
    const struct waitlist_entry entry = {.status = status, .hold_status = hold, .is_over = is_over};
    return waitlist_status_name(&entry);
}

static void
an_entry_is_as_its_offer(void)
{
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_WAITING, RESERVATION_OTHER, false), "waiting");
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_OFFERED, RESERVATION_HELD, false), "offered");
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_OFFERED, RESERVATION_PAID, false), "paid");
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_OFFERED, RESERVATION_EXPIRED, false), "expired");
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_OFFERED, RESERVATION_CANCELLED, true), "cancelled");
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_OFFERED, RESERVATION_PAID, true), "paid");
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_LEFT, RESERVATION_OTHER, true), "left");
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_OTHER, RESERVATION_OTHER, true), "other");
}

static void
who_waits_for_what_is_over_has_ended(void)
{
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_WAITING, RESERVATION_OTHER, true), "ended");
    CU_ASSERT_STRING_EQUAL(shown(WAITLIST_ENDED, RESERVATION_OTHER, true), "ended");
}

static void
a_hold_goes_on_for_who_waits(void)
{
    const struct seat lapsed = {.status = SEAT_HELD, .reservation_id = 5, .held_until = 1000};
    const struct seat free = {.status = SEAT_AVAILABLE};
    const int64_t now = 2000;
    CU_ASSERT_EQUAL(seat_shown(&lapsed, waitlist_judge_time(0, now)), SEAT_AVAILABLE);
    CU_ASSERT_EQUAL(seat_shown(&lapsed, waitlist_judge_time(1, now)), SEAT_HELD);
    CU_ASSERT_EQUAL(seat_shown(&free, waitlist_judge_time(1, now)), SEAT_AVAILABLE);
}

void
suite_waitlist(void)
{
    CU_pSuite suite = CU_add_suite("waitlist", NULL, NULL);
    CU_add_test(suite, "an entry is as its offer", an_entry_is_as_its_offer);
    CU_add_test(suite, "who waits for what is over has ended",
                who_waits_for_what_is_over_has_ended);
    CU_add_test(suite, "a hold goes on for who waits", a_hold_goes_on_for_who_waits);
}
