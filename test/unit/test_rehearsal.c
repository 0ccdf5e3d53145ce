/* ctl/rehearsal: who the fans are, what is made of what they saw, and what is said of it. */
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/rehearsal/report.h"
#include "ctl/rehearsal/seat_map.h"
#include "suites.h"

enum { FANS = 20000 };

static struct fan_model
some_model(void)
{
    struct fan_model model = FAN_MODEL_DEFAULT;
    model.fans = FANS;
    return model;
}

/* The share of fans of whom something is true, in percent. */
static double
percent(bool (*is_so)(const struct fan_nature *nature, const struct fan_model *model))
{
    struct fan_model model = some_model();
    int count = 0;
    for (int i = 0; i < FANS; i++) {
        struct fan_nature nature;
        fan_model_draw(&model, i, &nature);
        count += is_so(&nature, &model);
    }
    return count * 100.0 / FANS;
}

static bool
comes_in_the_window(const struct fan_nature *nature, const struct fan_model *model)
{
    return nature->arrives_s >= 0 && nature->arrives_s <= model->window_s;
}

static bool
comes_in_the_rush(const struct fan_nature *nature, const struct fan_model *model)
{
    return nature->arrives_s < model->window_s / 20;
}

static bool
waits_less_than_half(const struct fan_nature *nature, const struct fan_model *model)
{
    return nature->patience_s < model->patience_s;
}

static bool
chooses_faster_than_half(const struct fan_nature *nature, const struct fan_model *model)
{
    return nature->choose_s < model->choose_s && nature->choose_s > 0;
}

static bool
wants_two(const struct fan_nature *nature, const struct fan_model *model)
{
    (void)model;
    return nature->seats == 2;
}

static bool
wants_one_to_four(const struct fan_nature *nature, const struct fan_model *model)
{
    (void)model;
    return nature->seats >= 1 && nature->seats <= 4;
}

static bool
pays(const struct fan_nature *nature, const struct fan_model *model)
{
    (void)model;
    return nature->plan == PLAN_PAY;
}

static void
fans_are_as_the_model_says(void)
{
    CU_ASSERT_EQUAL(percent(comes_in_the_window), 100);
    /* 95% of the 60% of the rush, and 15% of the others */
    CU_ASSERT_DOUBLE_EQUAL(percent(comes_in_the_rush), 63, 2);
    CU_ASSERT_DOUBLE_EQUAL(percent(waits_less_than_half), 50, 2);
    CU_ASSERT_DOUBLE_EQUAL(percent(chooses_faster_than_half), 50, 2);
    CU_ASSERT_DOUBLE_EQUAL(percent(wants_two), 60, 2);
    CU_ASSERT_EQUAL(percent(wants_one_to_four), 100);
    CU_ASSERT_DOUBLE_EQUAL(percent(pays), 85, 2);
}

static void
a_seed_has_its_own_fans(void)
{
    struct fan_model model = some_model(), other = model;
    int same = 0;
    other.seed = model.seed + 1;
    for (int i = 0; i < 100; i++) {
        struct fan_nature one, again, different;
        fan_model_draw(&model, i, &one);
        fan_model_draw(&model, i, &again);
        fan_model_draw(&other, i, &different);
        CU_ASSERT(one.arrives_s == again.arrives_s && one.patience_s == again.patience_s &&
                  one.choose_s == again.choose_s && one.pay_s == again.pay_s &&
                  one.seats == again.seats && one.picks == again.picks && one.plan == again.plan);
        same += one.arrives_s == different.arrives_s;
    }
    CU_ASSERT_EQUAL(same, 0);
}

static void
begin(struct record *record)
{
    struct fan_model model = some_model();
    record_begin(record, &model);
    record->seat_count = 10;
}

static void
moments_and_quantiles_are_found(void)
{
    struct record record;
    begin(&record);
    record_seats(&record, 0.5, 10, 0);
    record_seats(&record, 3.5, 0, 4);
    record_seats(&record, 4.5, 1, 3);
    record_seats(&record, 9.5, 0, 0);
    for (int i = 100; i >= 1; i--)
        record_wait(&record, 1.5, i);
    for (int64_t i = 1; i <= 1000; i++)
        record_answer(&record, 2, CALL_RESERVE, 200, "", i * 1000);
    record_finish(&record, 10, true);
    CU_ASSERT_DOUBLE_EQUAL(record.first_empty_s, 3.5, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(record.sold_out_s, 9.5, 0.01);
    CU_ASSERT_EQUAL(record.seconds[4].sold, 6);
    CU_ASSERT_DOUBLE_EQUAL(record_wait_quantile(&record, 0.5), 50, 1);
    CU_ASSERT_EQUAL(record_wait_quantile(&record, 1), 100);
    CU_ASSERT_EQUAL(record.seconds[1].let_in, 100);
    /* to an eighth of a doubling */
    CU_ASSERT_DOUBLE_EQUAL(record_latency_ms(&record, CALL_RESERVE, 0.5), 500, 50);
    CU_ASSERT_DOUBLE_EQUAL(record_latency_ms(&record, CALL_RESERVE, 0.99), 990, 10.1);
    CU_ASSERT_EQUAL(record_latency_ms(&record, CALL_PAY, 0.99), 0);
    record_free(&record);
}

/* What is said where so many of a thousand answers had this status. */
static struct verdict
verdict_of(int status, int of_thousand, int64_t took_us, bool is_complete)
{
    const struct rehearsed rehearsed = {1, "", 50, 16, 2};
    struct record record;
    struct verdict verdict;
    begin(&record);
    for (int i = 0; i < 1000; i++)
        record_answer(&record, i / 100.0, CALL_RESERVE, i < of_thousand ? status : 200,
                      i < of_thousand ? "busy" : "", took_us);
    record_finish(&record, 10, is_complete);
    verdict_find(&record, &rehearsed, &verdict);
    record_free(&record);
    return verdict;
}

static void
a_verdict_follows_from_the_answers(void)
{
    CU_ASSERT_EQUAL(verdict_of(200, 0, 5000, true).kind, VERDICT_HOLDS);
    CU_ASSERT_EQUAL(verdict_of(200, 0, 5000, true).count, 0);
    CU_ASSERT_EQUAL(verdict_of(409, 900, 5000, true).kind, VERDICT_HOLDS);
    CU_ASSERT_EQUAL(verdict_of(503, 5, 5000, true).kind, VERDICT_HOLDS);
    CU_ASSERT_EQUAL(verdict_of(503, 30, 5000, true).kind, VERDICT_SLOW);
    CU_ASSERT_EQUAL(verdict_of(429, 100, 5000, true).kind, VERDICT_FAILS);
    CU_ASSERT_EQUAL(verdict_of(500, 1, 5000, true).kind, VERDICT_FAILS);
    CU_ASSERT_EQUAL(verdict_of(0, 1, 5000, true).kind, VERDICT_FAILS);
    CU_ASSERT_EQUAL(verdict_of(200, 0, 400000, true).kind, VERDICT_SLOW);
    CU_ASSERT_EQUAL(verdict_of(200, 0, 3000000, true).kind, VERDICT_FAILS);
    CU_ASSERT_EQUAL(verdict_of(200, 0, 5000, false).kind, VERDICT_UNKNOWN);
    CU_ASSERT(verdict_of(503, 30, 5000, true).count > 0);
}

static void
a_queue_that_is_too_small_is_seen(void)
{
    const struct rehearsed rehearsed = {1, "", 10, 16, 2};
    struct record record;
    struct verdict verdict;
    begin(&record);
    for (int i = 0; i < 60; i++) {
        record_answer(&record, i, CALL_RESERVE, 200, "", 5000);
        record.seconds[i].waiting = 100;
        record.seconds[i].active = 10;
        record.seconds[i].machine_cpu = 0.2; /* a tenth of both cores */
    }
    record_finish(&record, 60, true);
    verdict_find(&record, &rehearsed, &verdict);
    record_free(&record);
    CU_ASSERT_EQUAL(verdict.kind, VERDICT_HOLDS);
    CU_ASSERT_EQUAL(verdict.count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.advice[0], "--capacity 40 instead of 10"));
}

static void
seats_are_picked_where_they_are_left(void)
{
    int32_t ids[] = {1, 2, 3, 4, 10, 11}, picked[4];
    bool left[] = {true, true, false, true, true, true};
    const struct seat_map map = {.count = 6, .seat_ids = ids, .is_available = left};
    CU_ASSERT(seat_map_pick(&map, 0, 2, picked));
    CU_ASSERT_EQUAL(picked[0], 1);
    CU_ASSERT_EQUAL(picked[1], 2);
    CU_ASSERT(seat_map_pick(&map, 0.4, 2, picked)); /* 4 and 10 are not adjacent */
    CU_ASSERT_EQUAL(picked[0], 10);
    CU_ASSERT_FALSE(seat_map_pick(&map, 0.4, 3, picked));
}

/* As seats and places are left; the last seats are behind the areas. */
static void
areas_are_come_to_by_what_is_left_of_them(void)
{
    bool left[] = {true, false, true};
    struct map_area areas[] = {{"\"A\"", 6}, {"\"B\"", 2}};
    const struct seat_map map = {.count = 3, .is_available = left, .area_count = 2, .areas = areas};
    CU_ASSERT_PTR_EQUAL(seat_map_find_area(&map, 0), &areas[0]);
    CU_ASSERT_PTR_EQUAL(seat_map_find_area(&map, 0.59), &areas[0]);
    CU_ASSERT_PTR_EQUAL(seat_map_find_area(&map, 0.6), &areas[1]);
    CU_ASSERT_PTR_NULL(seat_map_find_area(&map, 0.8));
    areas[0].available = areas[1].available = 0;
    CU_ASSERT_PTR_NULL(seat_map_find_area(&map, 0));
}

static void
reports_have_nothing_of_the_title_in_their_markup(void)
{
    const struct rehearsed rehearsed = {1, "<b>Tom & Jerry's", -1, 16, 2};
    const struct verdict verdict = {.kind = VERDICT_HOLDS};
    struct record record;
    struct buffer page = {0}, json = {0};
    begin(&record);
    record_answer(&record, 1, CALL_PAY, 200, "", 5000);
    record_finish(&record, 2, true);
    report_write_html(&record, &rehearsed, &verdict, &page);
    report_write_json(&record, &rehearsed, &verdict, &json);
    CU_ASSERT_PTR_NULL(strstr(page.data, "<b>Tom"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page.data, "&#60;b&#62;Tom &#38; Jerry&#39;s"));
    CU_ASSERT_PTR_NULL(strstr(page.data, "nan"));
    CU_ASSERT_PTR_NOT_NULL(strstr(json.data, "\"soldOutMs\":null"));
    buffer_free(&page);
    buffer_free(&json);
    record_free(&record);
}

void
suite_rehearsal(void)
{
    CU_pSuite suite = CU_add_suite("rehearsal", NULL, NULL);
    CU_add_test(suite, "fans are as the model says", fans_are_as_the_model_says);
    CU_add_test(suite, "a seed has its own fans", a_seed_has_its_own_fans);
    CU_add_test(suite, "moments and quantiles are found", moments_and_quantiles_are_found);
    CU_add_test(suite, "a verdict follows from the answers", a_verdict_follows_from_the_answers);
    CU_add_test(suite, "a queue that is too small is seen", a_queue_that_is_too_small_is_seen);
    CU_add_test(suite, "seats are picked where they are left",
                seats_are_picked_where_they_are_left);
    CU_add_test(suite, "areas are come to by what is left of them",
                areas_are_come_to_by_what_is_left_of_them);
    CU_add_test(suite, "reports have nothing of the title in their markup",
                reports_have_nothing_of_the_title_in_their_markup);
}
