/* task: one request in a worker's hands, from the accept to the answer. */
#ifndef FRONTROW_SERVER_TASK_H
#define FRONTROW_SERVER_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/spent.h"
#include "server/heritage.h"
#include "server/http.h"

/* The worker's own, the same for all of its tasks. */
struct task_context {
    const struct heritage *heritage;
    const struct config *config;
    struct scoreboard_slot *slot;
    int slot_index;
    struct verifier *verifier; /* of tokens; NULL where caller is not jwt */
    void *services;            /* for the application's handlers */
    struct metrics_sources sources;
    int64_t answered; /* so many since the worker started */
    bool was_idle;    /* before the request it waited for one */
    bool failed;      /* nothing further can be expected to work */
};

struct task {
    struct task_context *context;
    size_t index; /* among those in the same hands */
    FCGX_Request connection;
    struct exchange exchange;
    struct match match;
    int64_t began;     /* clock_monotonic_us() */
    int64_t waited_us; /* in its socket before that; 0 where nginx told no time */
    struct spent before[DEPENDENCY_COUNT]; /* what was spent for others */
    struct spent paused[DEPENDENCY_COUNT]; /* what was spent when it had to wait for its turn */
    bool answered;
};

/*
 * Accepts a connection on the socket with this index, reads the head of its request and finds its
 * route. False: another worker was faster, nothing whole came (for which a silent peer keeps us
 * front_ms), or the context has failed.
 */
bool task_accept(struct task_context *context, struct task *task, int socket) MUST_CHECK;

/* Makes the checks that need no handler. False: there is an answer, and task_end() is due. */
bool task_admit(struct task_context *context, struct task *task) MUST_CHECK;

/*
 * From task_admit() or task_pause() to task_resume() MySQL and Redis are asked for others. A batch
 * asks for all whose tasks were resumed before it.
 */
void task_pause(struct task *task);
void task_resume(struct task *task);

/*
 * Lets the route's handler answer, and sends that; does nothing if the answer was sent already. One
 * that had to wait for others in the same hands may be too late, and hears so.
 */
void task_finish(struct task_context *context, struct task *task);

/* Sends the answer and counts it. The connection stays open until task_close(). */
void task_end(struct task_context *context, struct task *task);

/* Closes the connections of all tasks that were in the same hands, when they are answered. */
void task_close(const struct task *tasks, size_t count);

#endif
