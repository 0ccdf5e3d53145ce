/*
 * spent: how often this process asked MySQL and Redis, and how long it waited for their answers.
 * The counts only grow: who wants those of one request compares before and after.
 */
#ifndef FRONTROW_BASE_SPENT_H
#define FRONTROW_BASE_SPENT_H

#include <stdint.h>

#include "base/prometheus.h"

enum dependency { DEPENDENCY_MYSQL, DEPENDENCY_REDIS, DEPENDENCY_COUNT };

enum { SPENT_LIMITS = 10, SPENT_BUCKETS = SPENT_LIMITS + 1 };

extern const struct histogram_limits spent_limits;

struct spent {
    uint64_t calls; /* statements, or calls to Redis */
    uint64_t microseconds;
    uint64_t buckets[SPENT_BUCKETS]; /* of calls, by spent_limits */
};

/* Counts one call that was answered, refused or given up. */
void spent_add(enum dependency dependency, int64_t microseconds);

/* All since the process began. */
const struct spent *spent_of(enum dependency dependency);

/*
 * The connections to MySQL by its numbers that were used since spent_forget_sessions(), with commas
 * between. The text lives until the next call.
 */
void spent_note_session(uint64_t id);
void spent_forget_sessions(void);
const char *spent_sessions(void);

/* "mysql" or "redis". */
const char *dependency_name(enum dependency dependency);

#endif
