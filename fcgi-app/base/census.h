/*
 * census: what monitoring wants to know of MySQL, Redis and the concerts on sale, in shared memory.
 * One worker asks for it between two requests as long as somebody reads it, so that who reads it
 * waits for nobody.
 */
#ifndef FRONTROW_BASE_CENSUS_H
#define FRONTROW_BASE_CENSUS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prometheus.h"

enum {
    CENSUS_CONCERTS = 50, /* so many are told one by one */
    CENSUS_TABLES = 8,
    FORECASTS_AT_ONCE = 8, /* of one queue */
    FORECAST_MIN_S = 20,   /* shorter ones are not compared: they are a matter of seconds */
    FORECAST_EVERY_MS = 10000,
    FORECAST_LIMITS = 5,
};

/* One concert that is open. */
struct census_concert {
    int32_t concert_id;
    int64_t counted_at; /* clock_monotonic(); 0: its seats were not counted yet */
    bool maintenance;
    int32_t available;
    int32_t held;
    int32_t sold;   /* blocked ones too */
    bool has_queue; /* it keeps one, and Redis told of it */
    int32_t waiting;
    int32_t active;
    int32_t capacity; /* 0 while it is paused */
    int64_t admitted; /* since the queue was loaded into Redis, likewise missed */
    int64_t missed;
};

/* All durations are milliseconds. */
struct census_figures {
    int64_t taken_at; /* clock_monotonic() of the dependencies' state; 0: never */
    int64_t read_at;  /* the same of books and concerts; 0: they are to be read */
    int64_t took;     /* that */
    bool mysql_writes;
    bool redis_writes;
    bool has_books; /* the next ones were read */
    struct {
        const char *table; /* static; NULL: no more */
        int64_t left;
    } ids[CENSUS_TABLES];
    int64_t clock_offset;  /* by how much MySQL's clock is ahead of this machine's */
    int64_t oldest_lapsed; /* for how long the oldest hold is over that is not swept; 0: none */
    int32_t lapsed;        /* how many there are, as far as one batch of the sweeper goes */
    bool has_webhooks;     /* the next ones were read; all of it is of webhooks */
    int64_t oldest_event;  /* for how long the oldest event waits that has not arrived; 0: none */
    int64_t dead;          /* deliveries that were given up */
    bool has_memory;
    int64_t memory_used; /* bytes, likewise the limit */
    int64_t memory_limit;
    bool has_concerts;
    int32_t open; /* concerts; those beyond CENSUS_CONCERTS are not in the list */
    size_t count;
    struct census_concert concerts[CENSUS_CONCERTS];
};

/* What one who came last was told of the wait. */
struct forecast {
    int32_t number; /* the last one when it was told; 0: none */
    int64_t told_at;
    int64_t seconds;
};

/* Forecasts of one queue, until their numbers are called. */
struct forecasts {
    int32_t concert_id; /* 0: free */
    int64_t told_at;    /* of the last one */
    struct forecast list[FORECASTS_AT_ONCE];
};

/* How far forecasts were off, as a part of what was told: 0.5 is half as long again, or half. */
struct forecast_errors {
    _Atomic uint64_t buckets[FORECAST_LIMITS + 1];
    _Atomic uint64_t millionths; /* the sum */
};

extern const struct histogram_limits forecast_limits;

/* Zero-initialised is valid. */
struct census {
    _Atomic(const void *) keeper; /* who asks, by its slot of the occupancy */
    _Atomic int64_t wanted_at;    /* clock_monotonic() of the last reader */
    _Atomic int64_t asking_until; /* clock_monotonic(): until then somebody asks already */
    _Atomic uint32_t version;     /* odd while it is written */
    struct census_figures figures;
    struct forecasts forecasts[CENSUS_CONCERTS]; /* the keeper's */
    struct forecast_errors errors;
};

/* Copies the last figures. False: there are none, or they are being written all the time. */
bool census_read(struct census *census, struct census_figures *figures);

/* Replaces them. */
void census_publish(struct census *census, const struct census_figures *figures);

/* What a queue says of itself. */
struct forecast_news {
    int32_t concert_id;
    int32_t serving;     /* the highest number called */
    int32_t last_number; /* the highest number given */
    int64_t eta_seconds; /* of one who comes now; -1: not known */
    int64_t now;         /* clock_monotonic() */
};

/*
 * Compares the forecasts of the queue whose numbers were called meanwhile with the time that it
 * took, and notes what is told now.
 */
void census_compare(struct census *census, const struct forecast_news *news);

#endif
