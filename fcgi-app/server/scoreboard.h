/* scoreboard: what each worker does right now, in memory that the master and all workers share. */
#ifndef FRONTROW_SERVER_SCOREBOARD_H
#define FRONTROW_SERVER_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config_table.h"
#include "base/message.h"

/* At a reload the old and the new workers are there together. */
enum { SCOREBOARD_SLOTS = 2 * CONFIG_WORKERS_MAX };

/* The 32 hex digits of nginx and a NUL; as many as a worker takes at once. */
enum { SCOREBOARD_REQUEST_SIZE = 33, SCOREBOARD_REQUESTS = TAKEN_AT_ONCE };

/* How a worker ended. */
enum ending {
    ENDING_RETIRED,  /* asked to, or after its requests */
    ENDING_FAILED,   /* with an exit status */
    ENDING_CRASHED,  /* by a signal that nobody here sent */
    ENDING_WATCHDOG, /* killed because it worked on one request for too long */
    ENDING_COUNT
};

/* What a worker does with requests that may be answered together. */
enum sharing {
    SHARING_NONE,
    SHARING_GATHERS, /* it has some, waits for others to be done, and takes what comes meanwhile */
    SHARING_WORKS,   /* it answers them */
};

/* One worker's place. The worker alone writes it, but for the reset before each start. */
struct scoreboard_slot {
    _Alignas(64) _Atomic int64_t busy_since; /* clock_monotonic(); 0: idle */
    /*
     * clock_monotonic() from which the watchdog may kill; 0: never. One value and not a start and a
     * limit, so that the master can not read halves of two requests.
     */
    _Atomic int64_t kill_at;
    _Atomic int64_t requests; /* taken since this worker started */
    atomic_int sharing;       /* enum sharing */
    atomic_int unanswered;    /* of the requests in its hands */
    atomic_bool ready;        /* waits for requests, or works on one */
    /*
     * Of the requests at work, "" where there is none, or its head was not read yet. The master
     * reads them after the end.
     */
    char request_ids[SCOREBOARD_REQUESTS][SCOREBOARD_REQUEST_SIZE];
};

struct scoreboard {
    _Atomic int64_t endings[ENDING_COUNT];
    _Atomic int64_t starts;
    _Atomic int64_t refused_upgrades; /* to programs that do not start */
    atomic_int used;                  /* slots from here on were never started */
    struct scoreboard_slot slots[SCOREBOARD_SLOTS];
};

/* Maps a zeroed scoreboard for this process and its later children; NULL with errno set. */
struct scoreboard *scoreboard_create(void);

/* By the master before a fork: a worker that is not ready by `kill_at` is killed. */
void scoreboard_start(struct scoreboard *scoreboard, int slot, int64_t kill_at);

/* By the master after a worker ended. */
void scoreboard_end(struct scoreboard *scoreboard, int slot, enum ending ending);

/* By the worker. Begin marks it as busy from `now`, to be killed at `kill_at`. */
void scoreboard_idle(struct scoreboard_slot *slot);
void scoreboard_begin(struct scoreboard_slot *slot, int64_t now, int64_t kill_at);

/* By the worker: it has taken a request, beside `index` others; that one is answered. */
void scoreboard_take(struct scoreboard_slot *slot, size_t index, const char *request_id);
void scoreboard_answer(struct scoreboard_slot *slot, size_t index);

/* By the worker: the request that it has begun takes a slow route. */
void scoreboard_extend(struct scoreboard_slot *slot, int64_t kill_at);

/* By the worker: what it does from now on, until its next begin. */
void scoreboard_share(struct scoreboard_slot *slot, enum sharing sharing);

/* Counts the workers that do this. */
int scoreboard_count_sharing(const struct scoreboard *scoreboard, enum sharing sharing);

/* Counts the requests that such workers have in their hands and have not answered. */
int scoreboard_count_shared(const struct scoreboard *scoreboard, enum sharing sharing);

/* Counts the workers that are ready, and how many of them work on a request. */
void scoreboard_count(struct scoreboard *scoreboard, int *ready, int *busy);

#endif
