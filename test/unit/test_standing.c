/* domain/standing: places of an area. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "domain/sale/standing.h"
#include "suites.h"

enum { AREA_MAX = 16 };

/* Chooses in an area as text: '.' is free, 'x' taken; seatIds go on from 1. "-": too few. */
static const char *
choose(const char *area, int32_t count)
{
    static char text[64];
    struct candidate candidates[AREA_MAX];
    int32_t ids[SEATS_AT_ONCE];
    size_t length = strlen(area);
    for (size_t i = 0; i < length; i++)
        candidates[i] = (struct candidate){(int32_t)i + 1, 0, 1, area[i] == '.'};
    if (!standing_choose(candidates, length, count, ids))
        return "-";
    text[0] = '\0';
    for (int32_t i = 0; i < count; i++)
        sprintf(text + strlen(text), "%s%d", i ? "," : "", ids[i]);
    return text;
}

static void
the_lowest_free_places_wherever_they_are(void)
{
    CU_ASSERT_STRING_EQUAL(choose("....", 1), "1");
    CU_ASSERT_STRING_EQUAL(choose("x.x.x..", 3), "2,4,6");
    CU_ASSERT_STRING_EQUAL(choose(".xx....", 3), "1,4,5");
    CU_ASSERT_STRING_EQUAL(choose("........x", 8), "1,2,3,4,5,6,7,8");
}

static void
all_or_none(void)
{
    CU_ASSERT_STRING_EQUAL(choose("x.x", 2), "-");
    CU_ASSERT_STRING_EQUAL(choose("xxx", 1), "-");
    CU_ASSERT_STRING_EQUAL(choose("", 1), "-");
    CU_ASSERT_STRING_EQUAL(choose(".x.", 2), "1,3");
}

static void
a_named_place_is_refused_in_the_order_of_the_call(void)
{
    const struct seat seats[] = {{.seat_id = 4, .kind = SEAT_STANDING},
                                 {.seat_id = 1, .kind = SEAT_PLAIN},
                                 {.seat_id = 7, .kind = SEAT_STANDING}};
    struct problem problem = {0};
    CU_ASSERT_EQUAL(standing_require_none(seats, 3, "seatIds", (int32_t[]){1, 2}, 2, &problem),
                    ERROR_NONE);
    CU_ASSERT_EQUAL(standing_require_none(seats, 3, "seatIds", (int32_t[]){1, 7, 4}, 3, &problem),
                    ERROR_INVALID_FIELD);
    CU_ASSERT_STRING_EQUAL(problem.field, "seatIds");
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "seat 7 "));
}

void
suite_standing(void)
{
    CU_pSuite suite = CU_add_suite("standing", NULL, NULL);
    CU_add_test(suite, "the lowest free places, wherever they are",
                the_lowest_free_places_wherever_they_are);
    CU_add_test(suite, "all or none", all_or_none);
    CU_add_test(suite, "a named place is refused, in the order of the call",
                a_named_place_is_refused_in_the_order_of_the_call);
}
