/*
 * unknowns: counts errors of MySQL and Redis, in shared memory by a short name: an error number of
 * MySQL, the first word of an error of Redis. There is one of those without a rule, and one of all.
 */
#ifndef FRONTROW_BASE_UNKNOWNS_H
#define FRONTROW_BASE_UNKNOWNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNKNOWN_NAMES = 16,                 /* so many have a count of their own */
    UNKNOWN_COUNTS = UNKNOWN_NAMES + 1, /* the last one is of all others */
    UNKNOWN_NAME_SIZE = 9,
    UNKNOWN_TOLD_EVERY_MS = 60000
};

struct unknown {
    _Atomic uint64_t name; /* eight characters; 0: free. One word, so that it is taken whole */
    _Atomic uint64_t count;
    _Atomic int64_t told_at; /* clock_monotonic() of the last log line; 0: none yet */
};

/* Zero-initialised is empty. */
struct unknowns {
    struct unknown list[UNKNOWN_COUNTS];
};

/*
 * Counts one, by the first eight characters of its name. True where it is time to log it: at the
 * first time, and then once a minute for each name, over all workers. NULL counts nothing: true.
 */
bool unknowns_count(struct unknowns *unknowns, const char *name);

/* The count of the i-th (below UNKNOWN_COUNTS), and its name; 0 where there is none. */
uint64_t unknowns_read(struct unknowns *unknowns, size_t i, char name[UNKNOWN_NAME_SIZE]);

#endif
