/* domain/seating: best available. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "domain/sale/seating.h"
#include "suites.h"

enum { HALL_MAX = 64 };

/*
 * A hall as text: one row a word, rows of one section up to '|'; '.' is free, 'x' taken. seatIds go
 * on from 1. Returns how many candidates it has.
 */
static size_t
read_hall(const char *hall, struct candidate candidates[HALL_MAX])
{
    size_t used = 0;
    int32_t id = 1, section = 0, row = 1;
    for (; *hall != '\0'; hall++) {
        section += *hall == '|';
        if (*hall == ' ' || *hall == '|')
            row = id;
        else
            candidates[used++] = (struct candidate){id++, section, row, *hall == '.'};
    }
    seating_sort(candidates, used);
    return used;
}

/* Chooses and returns the ids as text, "-" where there are none. */
static const char *
choose(const char *hall, int32_t count)
{
    static char text[128];
    struct candidate candidates[HALL_MAX];
    int32_t ids[SEATS_AT_ONCE];
    size_t used = read_hall(hall, candidates);
    if (!seating_choose(candidates, used, count, ids))
        return "-";
    text[0] = '\0';
    for (int32_t i = 0; i < count; i++)
        sprintf(text + strlen(text), "%s%d", i ? "," : "", ids[i]);
    return text;
}

static void
adjacent_seats_come_first(void)
{
    CU_ASSERT_STRING_EQUAL(choose("....", 2), "1,2");
    CU_ASSERT_STRING_EQUAL(choose("xx..", 2), "3,4");
    CU_ASSERT_STRING_EQUAL(choose("x.x ..", 2), "4,5");
    CU_ASSERT_STRING_EQUAL(choose("x.. ...", 3), "4,5,6");
    CU_ASSERT_STRING_EQUAL(choose("........", 8), "1,2,3,4,5,6,7,8");
}

static void
rows_and_sections_are_not_crossed(void)
{
    CU_ASSERT_STRING_EQUAL(choose("x. .x", 2), "2,3"); /* a span, for want of adjacent ones */
    CU_ASSERT_STRING_EQUAL(choose("x. .x|..", 2), "5,6");
    CU_ASSERT_STRING_EQUAL(choose("x.|.x", 2), "-");
    CU_ASSERT_STRING_EQUAL(choose("..|....", 3), "3,4,5");
}

static void
the_smallest_span_comes_last(void)
{
    CU_ASSERT_STRING_EQUAL(choose(".x.xx.x.x", 2), "1,3");
    CU_ASSERT_STRING_EQUAL(choose(".xx.x.x.", 3), "4,6,8");
    CU_ASSERT_STRING_EQUAL(choose("xx.|.x.x.", 2), "4,6");
}

static void
one_seat_and_none(void)
{
    CU_ASSERT_STRING_EQUAL(choose("xx.", 1), "3");
    CU_ASSERT_STRING_EQUAL(choose("xxx", 1), "-");
    CU_ASSERT_STRING_EQUAL(choose("", 1), "-");
}

static void
the_most_free_seats_of_a_section_are_counted(void)
{
    static const struct {
        const char *hall;
        int32_t max;
    } cases[] = {{"", 0}, {"xx|x", 0}, {". .|..x.|.", 3}, {"..|x", 2}, {"x|. . .", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct candidate candidates[HALL_MAX];
        size_t used = read_hall(cases[i].hall, candidates);
        CU_ASSERT_EQUAL(seating_max_free(candidates, used), cases[i].max);
        CU_ASSERT_STRING_EQUAL(choose(cases[i].hall, cases[i].max + 1), "-");
    }
}

void
suite_seating(void)
{
    CU_pSuite suite = CU_add_suite("seating", NULL, NULL);
    CU_add_test(suite, "adjacent seats come first", adjacent_seats_come_first);
    CU_add_test(suite, "rows and sections are not crossed", rows_and_sections_are_not_crossed);
    CU_add_test(suite, "the smallest span comes last", the_smallest_span_comes_last);
    CU_add_test(suite, "one seat and none", one_seat_and_none);
    CU_add_test(suite, "the most free seats of a section are counted",
                the_most_free_seats_of_a_section_are_counted);
}
