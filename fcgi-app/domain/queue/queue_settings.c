/* The part of queue that says which queue is meant, and by which settings it goes. */
#include "base/clock.h"
#include "base/config.h"
#include "domain/concert/concert.h"
#include "domain/queue/queue_entry.h"

/* What is left until an instant, as of when the concert's row was read. */
static int64_t
ms_until(const struct concert *concert, int64_t instant)
{
    return instant == CLOCK_NEVER ? 0 : instant - concert->now;
}

struct queue_settings
queue_settings_of(const struct services *services, const struct concert *concert)
{
    enum concert_status status = concert_status(concert, concert->now);
    bool runs = concert_presale_runs(concert, concert->now); /* in the one queue of the concert */
    return (struct queue_settings){
        .concert_id = concert->concert_id,
        .version = concert->queue_version,
        .since = concert->queue_since,
        .capacity = concert->admission_capacity,
        .paused = concert->paused || concert->maintenance,
        .max_waiting = concert->max_waiting,
        .active_ms = (int64_t)concert->active_seconds * 1000,
        .show_up_ms = (int64_t)services->config->show_up_seconds * 1000,
        .missed_ms = (int64_t)services->config->missed_seconds * 1000,
        .draw = concert->draw,
        .freezes_in_ms = ms_until(concert, concert_freezes_at(concert)),
        .opens_in_ms = runs ? 0 : ms_until(concert, concert->opens_at),
        .idle_ms = (int64_t)concert->idle_seconds * 1000,
        .closed = status != CONCERT_OPEN && status != CONCERT_SCHEDULED,
    };
}

struct token_period
queue_period_of(const struct concert *concert)
{
    return (struct token_period){concert->concert_id, concert->queue_since, concert->queued};
}

struct token_period
queue_period_of_settings(const struct queue_settings *settings)
{
    return (struct token_period){settings->concert_id, settings->since, true};
}
