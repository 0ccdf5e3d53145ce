/*
 * metrics: counters and latencies of all workers in shared memory, and /metrics, which sums them.
 */
#ifndef FRONTROW_SERVER_METRICS_H
#define FRONTROW_SERVER_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/message.h"
#include "base/spent.h"
#include "server/router.h"
#include "server/scoreboard.h"

/*
 * One set of counters for each slot of the scoreboard, written by that slot's worker alone and kept
 * when it is replaced, so that the sums never fall.
 */
struct metrics;

/* What GET /metrics reads: the `services` of metrics_route's handler. */
struct metrics_sources {
    struct metrics *metrics;
    struct scoreboard *scoreboard;
    struct shared *shared;
    const struct router *router;
    const struct config *config;
    const struct application *application;
    void *services; /* the application's */
};

/* The most routes that can be counted, with one place for requests that match none. */
enum { METRICS_ROUTES = 96 };

/*
 * Maps zeroed metrics for this process and its later children; NULL with errno set. Ends the
 * process where the router has more routes: that is a bug in a table.
 */
struct metrics *metrics_create(const struct router *router);

/* Counts one answered request of a route (by its index in the router) that took so long. */
void metrics_count(struct metrics *metrics, int slot, size_t route, const struct response *response,
                   int64_t microseconds);

/* Counts for how long a request waited in its socket. */
void metrics_count_wait(struct metrics *metrics, int slot, int64_t microseconds);

/* Notes by how much nginx's clock seems to be ahead, from a request for which a worker waited. */
void metrics_note_front_clock(struct metrics *metrics, int slot, int64_t ahead_ms);

/* Counts a connection on which no whole request came in time. */
void metrics_count_silence(struct metrics *metrics, int slot);

/* What a worker did since its start, as far as it is counted. Zero-initialised is nothing. */
struct work {
    int64_t cpu_us;
    struct spent spent[DEPENDENCY_COUNT];
};

/* Counts processor time, statements and calls to Redis of this process since the last time. */
void metrics_count_work(struct metrics *metrics, int slot, struct work *counted);

/* GET /metrics, in Prometheus' text format. */
extern const struct route metrics_route;

#endif
