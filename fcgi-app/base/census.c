#include "base/census.h"

#include <stdlib.h>

enum { READ_ATTEMPTS = 100 };

static const int64_t limits[FORECAST_LIMITS] = {100000, 200000, 300000, 500000, 1000000};
const struct histogram_limits forecast_limits = {limits, FORECAST_LIMITS};

bool
census_read(struct census *census, struct census_figures *figures)
{
    for (int i = 0; i < READ_ATTEMPTS; i++) {
        uint32_t version = atomic_load(&census->version);
        *figures = census->figures;
        atomic_thread_fence(memory_order_acquire);
        if (version % 2 == 0 && atomic_load(&census->version) == version)
            return figures->taken_at != 0;
    }
    return false;
}

/* A writer that was killed left the version odd: this one begins with another odd one. */
void
census_publish(struct census *census, const struct census_figures *figures)
{
    uint32_t version = atomic_load(&census->version);
    uint32_t writing = version % 2 == 0 ? version + 1 : version + 2;
    atomic_store(&census->version, writing);
    atomic_thread_fence(memory_order_release);
    census->figures = *figures;
    atomic_store(&census->version, writing + 1);
}

/* ---- forecasts ---- */

/* The queue's forecasts, or free ones; where there are none, those that are oldest. */
static struct forecasts *
find(struct census *census, int32_t concert_id)
{
    struct forecasts *free_or_oldest = &census->forecasts[0];
    for (size_t i = 0; i < CENSUS_CONCERTS; i++) {
        struct forecasts *forecasts = &census->forecasts[i];
        if (forecasts->concert_id == concert_id)
            return forecasts;
        if (forecasts->told_at < free_or_oldest->told_at)
            free_or_oldest = forecasts;
    }
    *free_or_oldest = (struct forecasts){.concert_id = concert_id};
    return free_or_oldest;
}

static void
count_error(struct forecast_errors *errors, const struct forecast *forecast, int64_t now)
{
    int64_t told = forecast->seconds * 1000, took = now - forecast->told_at;
    int64_t millionths = llabs(took - told) * 1000000 / told;
    atomic_fetch_add(&errors->buckets[histogram_bucket(&forecast_limits, millionths)], 1);
    atomic_fetch_add(&errors->millionths, (uint64_t)millionths);
}

void
census_compare(struct census *census, const struct forecast_news *news)
{
    struct forecasts *forecasts = find(census, news->concert_id);
    struct forecast *free_one = NULL;
    for (size_t i = 0; i < FORECASTS_AT_ONCE; i++) {
        struct forecast *forecast = &forecasts->list[i];
        bool is_called = forecast->number <= news->serving;
        if (forecast->number != 0 && is_called)
            count_error(&census->errors, forecast, news->now);
        /* a number that is not given any more is of a queue that was there before */
        if (is_called || forecast->number > news->last_number)
            forecast->number = 0;
        if (forecast->number == 0)
            free_one = forecast;
    }
    if (free_one == NULL || news->eta_seconds < FORECAST_MIN_S ||
        news->last_number <= news->serving ||
        (forecasts->told_at != 0 && news->now - forecasts->told_at < FORECAST_EVERY_MS))
        return;
    forecasts->told_at = news->now;
    *free_one = (struct forecast){news->last_number, news->now, news->eta_seconds};
}
