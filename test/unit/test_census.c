/* base/census, base/prometheus, base/report_file: figures for monitoring, and how they are written.
 */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/census.h"
#include "base/report_file.h"
#include "base/spent.h"
#include "suites.h"

static struct census census;

static void
there_are_no_figures_at_first(void)
{
    struct census_figures figures;
    census = (struct census){.wanted_at = 0};
    CU_ASSERT_FALSE(census_read(&census, &figures));
}

static void
what_was_published_is_read(void)
{
    struct census_figures figures = {.taken_at = 5, .open = 7};
    census = (struct census){.wanted_at = 0};
    census_publish(&census, &figures);
    figures = (struct census_figures){.taken_at = 0};
    CU_ASSERT_TRUE_FATAL(census_read(&census, &figures));
    CU_ASSERT_EQUAL(figures.open, 7);
}

/* A writer may be killed. */
static void
half_of_the_figures_is_none_until_the_next_ones(void)
{
    struct census_figures figures = {.taken_at = 5};
    census = (struct census){.version = 1, .figures.taken_at = 3};
    CU_ASSERT_FALSE(census_read(&census, &figures));
    figures.taken_at = 6;
    census_publish(&census, &figures);
    CU_ASSERT_TRUE_FATAL(census_read(&census, &figures));
    CU_ASSERT_EQUAL(figures.taken_at, 6);
}

/* What concert 1 says at a second. */
static void
say(int64_t second, int32_t serving, int32_t last, int64_t eta)
{
    const struct forecast_news news = {.concert_id = 1,
                                       .serving = serving,
                                       .last_number = last,
                                       .eta_seconds = eta,
                                       .now = 1000 * second};
    census_compare(&census, &news);
}

static uint64_t
compared(void)
{
    uint64_t sum = 0;
    for (size_t i = 0; i <= FORECAST_LIMITS; i++)
        sum += census.errors.buckets[i];
    return sum;
}

static void
a_forecast_is_compared_when_its_number_is_called(void)
{
    census = (struct census){.wanted_at = 0};
    say(100, 10, 50, 40);
    say(120, 49, 60, -1);
    CU_ASSERT_EQUAL(compared(), 0);
    say(150, 50, 60, -1); /* it took 50 s instead of 40 */
    CU_ASSERT_EQUAL(compared(), 1);
    CU_ASSERT_EQUAL(census.errors.buckets[2], 1); /* above 0.2, up to 0.3 */
    CU_ASSERT_EQUAL(census.errors.millionths, 250000);
    say(200, 60, 60, -1);
    CU_ASSERT_EQUAL(compared(), 1);
}

static void
too_early_is_as_wrong_as_too_late(void)
{
    census = (struct census){.wanted_at = 0};
    say(100, 10, 50, 40);
    say(110, 50, 50, -1);
    CU_ASSERT_EQUAL(census.errors.millionths, 750000);
}

static void
forecasts_of_a_few_seconds_are_not_compared(void)
{
    census = (struct census){.wanted_at = 0};
    say(100, 10, 50, FORECAST_MIN_S - 1);
    say(200, 50, 50, -1);
    CU_ASSERT_EQUAL(compared(), 0);
}

static void
nobody_waits_no_forecast(void)
{
    census = (struct census){.wanted_at = 0};
    say(100, 50, 50, 40);
    say(200, 60, 60, -1);
    CU_ASSERT_EQUAL(compared(), 0);
}

static void
a_forecast_for_a_number_that_is_gone_is_dropped(void)
{
    census = (struct census){.wanted_at = 0};
    say(100, 10, 50, 40);
    say(120, 1, 2, -1);
    say(140, 60, 70, -1);
    CU_ASSERT_EQUAL(compared(), 0);
}

static void
several_forecasts_are_under_way_but_not_all(void)
{
    census = (struct census){.wanted_at = 0};
    for (int second = 0; second < 200; second++)
        say(1000 + second, 0, 100 + second, 1000);
    say(3000, 1000, 1000, -1);
    CU_ASSERT_EQUAL(compared(), FORECASTS_AT_ONCE);
}

static void
more_queues_than_places_drive_each_other_out(void)
{
    census = (struct census){.wanted_at = 0};
    for (int32_t id = 1; id <= 3 * CENSUS_CONCERTS; id++) {
        const struct forecast_news news = {
            .concert_id = id, .last_number = 9, .eta_seconds = 99, .now = 1000 * (int64_t)id};
        census_compare(&census, &news);
    }
    for (int32_t id = 1; id <= 3 * CENSUS_CONCERTS; id++) {
        const struct forecast_news news = {.concert_id = id,
                                           .serving = 9,
                                           .last_number = 9,
                                           .eta_seconds = -1,
                                           .now = 1000000 + (int64_t)id};
        census_compare(&census, &news);
    }
    CU_ASSERT_TRUE(compared() <= CENSUS_CONCERTS);
}

/* ---- how they are written ---- */

static void
a_histogram_counts_all_up_to_each_limit(void)
{
    static const int64_t list[] = {1000, 300000};
    static const struct histogram_limits limits = {list, 2};
    const uint64_t buckets[] = {1, 2, 4};
    struct buffer out = {0};
    CU_ASSERT_EQUAL(histogram_bucket(&limits, 1000), 0);
    CU_ASSERT_EQUAL(histogram_bucket(&limits, 1001), 1);
    CU_ASSERT_EQUAL(histogram_bucket(&limits, 300001), 2);
    prometheus_histogram(&out, "x_seconds", "a=\"b\"", &limits, buckets, 1500000);
    CU_ASSERT_STRING_EQUAL(out.data, "frontrow_x_seconds_bucket{a=\"b\",le=\"0.001\"} 1\n"
                                     "frontrow_x_seconds_bucket{a=\"b\",le=\"0.3\"} 3\n"
                                     "frontrow_x_seconds_bucket{a=\"b\",le=\"+Inf\"} 7\n"
                                     "frontrow_x_seconds_sum{a=\"b\"} 1.5\n"
                                     "frontrow_x_seconds_count{a=\"b\"} 7\n");
    buffer_free(&out);
}

static void
what_was_spent_only_grows(void)
{
    struct spent before = *spent_of(DEPENDENCY_REDIS);
    spent_add(DEPENDENCY_REDIS, 200);
    spent_add(DEPENDENCY_REDIS, 3000000);
    const struct spent *now = spent_of(DEPENDENCY_REDIS);
    CU_ASSERT_EQUAL(now->calls - before.calls, 2);
    CU_ASSERT_EQUAL(now->microseconds - before.microseconds, 3000200);
    CU_ASSERT_EQUAL(now->buckets[0] - before.buckets[0], 1);
    CU_ASSERT_EQUAL(now->buckets[SPENT_LIMITS] - before.buckets[SPENT_LIMITS], 1);
}

static void
a_report_is_read_as_it_was_written(void)
{
    char folder[] = "/tmp/frontrow-unit-XXXXXX", path[64];
    struct buffer text = {0}, out = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/some.prom", folder);
    report_file_append(folder, "some", &out); /* there is none */
    CU_ASSERT_EQUAL(out.length, 0);
    buffer_text(&text, "a 1\n");
    report_file_write(folder, "some", &text);
    report_file_append(folder, "some", &out);
    CU_ASSERT_STRING_EQUAL(out.data, "a 1\n");
    buffer_clear(&out);
    for (int i = 0; i < 10000; i++)
        buffer_text(&text, "a 1\n");
    report_file_write(folder, "some", &text); /* none of ours is so large */
    report_file_append(folder, "some", &out);
    CU_ASSERT_EQUAL(out.length, 0);
    unlink(path);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0); /* nobody waits for its other end */
    report_file_append(folder, "some", &out);
    CU_ASSERT_EQUAL(out.length, 0);
    unlink(path);
    CU_ASSERT_EQUAL(rmdir(folder), 0); /* nothing else was left */
    buffer_free(&text);
    buffer_free(&out);
}

void
suite_census(void)
{
    CU_pSuite suite = CU_add_suite("census", NULL, NULL);
    CU_add_test(suite, "there are no figures at first", there_are_no_figures_at_first);
    CU_add_test(suite, "what was published is read", what_was_published_is_read);
    CU_add_test(suite, "half of the figures is none until the next ones",
                half_of_the_figures_is_none_until_the_next_ones);
    CU_add_test(suite, "a forecast is compared when its number is called",
                a_forecast_is_compared_when_its_number_is_called);
    CU_add_test(suite, "too early is as wrong as too late", too_early_is_as_wrong_as_too_late);
    CU_add_test(suite, "forecasts of a few seconds are not compared",
                forecasts_of_a_few_seconds_are_not_compared);
    CU_add_test(suite, "nobody waits, no forecast", nobody_waits_no_forecast);
    CU_add_test(suite, "a forecast for a number that is gone is dropped",
                a_forecast_for_a_number_that_is_gone_is_dropped);
    CU_add_test(suite, "several forecasts are under way, but not all",
                several_forecasts_are_under_way_but_not_all);
    CU_add_test(suite, "more queues than places drive each other out",
                more_queues_than_places_drive_each_other_out);
    CU_add_test(suite, "a histogram counts all up to each limit",
                a_histogram_counts_all_up_to_each_limit);
    CU_add_test(suite, "what was spent only grows", what_was_spent_only_grows);
    CU_add_test(suite, "a report is read as it was written", a_report_is_read_as_it_was_written);
}
