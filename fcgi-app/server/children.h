/* children: the master's book of worker processes: starts, watches, retires and buries them. */
#ifndef FRONTROW_SERVER_CHILDREN_H
#define FRONTROW_SERVER_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/config.h"
#include "server/worker.h"

/* Workers that were started with the same settings. */
struct generation {
    int number;
    struct config config;
    struct key_set *keys; /* of the identity provider; NULL where caller is not jwt */
};

enum child_state {
    CHILD_NONE,     /* a free place */
    CHILD_WAITING,  /* no process yet, or not again yet: start_at */
    CHILD_STARTING, /* forked, not ready */
    CHILD_SERVING,
    CHILD_LEAVING, /* was asked to leave: kill_at */
    CHILD_KILLED   /* SIGKILL is sent */
};

/* One place; its index is the worker's slot in the scoreboard. */
struct child {
    enum child_state state;
    const struct generation *generation;
    pid_t pid;
    int64_t start_at; /* clock_monotonic() */
    int64_t kill_at;
    int failed_starts; /* in a row that ended before their first request */
    bool retired;      /* the place is free when this process has ended */
    bool overdue;      /* killed by the watchdog */
};

struct children {
    const struct heritage *heritage;
    int lock; /* the descriptor of the run folder's lock, which workers must not keep */
    struct child all[SCOREBOARD_SLOTS];
};

/* Makes a place for each worker of a new generation; they start at the next children_tick(). */
void children_add(struct children *children, const struct generation *generation);

/* Takes over a worker of the program before an upgrade. */
void children_inherit(struct children *children, const struct generation *generation, pid_t pid);

/*
 * Asks all workers of a generation (NULL: all there are) to leave with `signal`; who has not left
 * after the generation's drain_ms is killed.
 */
void children_retire(struct children *children, const struct generation *generation, int signal,
                     int64_t now);

/* What is due by time: starts, workers that became ready, the watchdog, kills. */
void children_tick(struct children *children, int64_t now);

/*
 * Books the end of a process. Returns false if it is none of the workers. `failed_start` is set to
 * its generation if it ended before it was ready and nobody had asked it to, else to NULL.
 */
bool children_reap(struct children *children, pid_t pid, int status, int64_t now,
                   const struct generation **failed_start);

/* How many places of a generation (NULL: of all) are not free, and how many of them serve. */
int children_count(const struct children *children, const struct generation *generation,
                   int *serving);

/* Whether something will be due soon, so that the next tick should not be far. */
bool children_are_changing(const struct children *children);

#endif
