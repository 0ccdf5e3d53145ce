/*
 * limit_loop: one step of a limit, over and over, in as many processes as frontrow has workers,
 * each with connections of its own. For limit_sql and limit_redis, which scripts/bench runs.
 */
#ifndef BENCH_LIMIT_LOOP_H
#define BENCH_LIMIT_LOOP_H

#include "domain/services.h"

/*
 * A step is `at_once` requests. It gets as many numbers, which no other step has, from `number` on;
 * they are counted up over all processes from --first. False: it did not do what the route does,
 * which the run counts as an error.
 */
struct limit {
    const char *name;
    bool (*step)(struct services *services, int64_t number);
    int64_t at_once;
};

/* The limit of that name, NULL if there is none. */
const struct limit *limit_find(const struct limit *limits, size_t count, const char *name);

/*
 * A whole program: reads `--config FILE --seconds N --first N NAME`, runs the limit of that name
 * and prints {"requests", "seconds", "errors", "next"}. Returns the exit status.
 */
int limit_loop_main(int argc, char **argv, const struct limit *limits, size_t count);

#endif
