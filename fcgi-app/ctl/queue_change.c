/* frontrowctl queue capacity|pause|resume|drain|rebuild */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/concert_settings.h"
#include "base/clock.h"
#include "ctl/ctl.h"
#include "domain/organiser/concert_admin.h"
#include "domain/queue/queue_entry.h"
#include "domain/queue/queue_rebuild.h"

enum { REBUILD_MS = 600000, PAUSE_US = 20000 };

static void
render_queue(const void *state, struct buffer *body)
{
    const struct concert *concert = &((const struct concert_change *)state)->concert;
    buffer_format(body, "concert %d: ", (int)concert->concert_id);
    if (!concert->queued)
        buffer_format(body, "there is no queue");
    else
        buffer_format(body, "capacity %d%s", (int)concert->admission_capacity,
                      concert->paused ? ", paused" : "");
}

/* What was said holds once the queue goes by it: Redis may have settings that MySQL lost. */
static int
check_queue(struct ctl *ctl, const struct concert *concert)
{
    struct queue_state queue;
    struct problem problem;
    if (!concert->queued)
        return EXIT_DONE;
    if (queue_await_state(ctl->services, concert, &queue, &problem) != ERROR_NONE) {
        fputs("frontrowctl: Redis is out of reach: the queue does not move, and will have"
              " these settings when Redis is back\n",
              stderr);
        return EXIT_DONE;
    }
    if (queue.paused == (concert->paused || concert->maintenance) &&
        queue.capacity == concert->admission_capacity)
        return EXIT_DONE;
    fprintf(stderr,
            "frontrowctl: the queue uses other settings (capacity %d%s): somebody changed them, or"
            " MySQL is older than Redis; then the next pass of the sweeper corrects them\n",
            (int)queue.capacity, queue.paused ? ", paused" : "");
    return EXIT_FAILED;
}

/* Changes the queue's settings; they are in force with the next call that moves the queue. */
static int
change_queue(struct ctl *ctl, struct concert_change *change)
{
    change->author = concert_author("ctl");
    if (!ctl_concert_id(ctl, &change->concert_id))
        return EXIT_USAGE;
    struct effect effect = {
        .state = change,
        .execute = concert_change_execute,
        .was_committed = concert_change_was_committed,
        .render = render_queue,
    };
    return ctl_apply_change(ctl, &effect);
}

/* The same, and sees to it that they are. */
static int
set_queue(struct ctl *ctl, struct concert_change *change)
{
    int status = change_queue(ctl, change);
    return status == EXIT_DONE ? check_queue(ctl, &change->concert) : status;
}

static enum error
apply_capacity(const void *wanted, struct concert *concert, struct problem *problem)
{
    const int32_t *capacity = wanted;
    (void)problem;
    concert->queued = capacity != NULL;
    concert->admission_capacity = capacity == NULL ? 0 : *capacity;
    return ERROR_NONE;
}

int
ctl_queue_capacity(struct ctl *ctl)
{
    bool none = strcmp(ctl->value, "none") == 0;
    int64_t number = 0;
    if (!none && !ctl_read_number(ctl->value, 0, INT32_MAX, &number)) {
        fprintf(stderr, "frontrowctl: %s is neither a capacity nor none\n", ctl->value);
        return EXIT_USAGE;
    }
    int32_t capacity = (int32_t)number;
    struct concert_change change = {
        .action = "queue capacity",
        .detail = ctl->value,
        .apply = apply_capacity,
        .wanted = none ? NULL : &capacity,
    };
    return set_queue(ctl, &change);
}

static enum error
apply_paused(const void *wanted, struct concert *concert, struct problem *problem)
{
    (void)problem;
    concert->paused = *(const bool *)wanted;
    return ERROR_NONE;
}

static int
set_paused(struct ctl *ctl, const char *action, bool paused, struct concert_change *change)
{
    *change = (struct concert_change){
        .action = action,
        .detail = "",
        .apply = apply_paused,
        .wanted = &paused,
    };
    return set_queue(ctl, change);
}

int
ctl_queue_pause(struct ctl *ctl)
{
    struct concert_change change;
    return set_paused(ctl, "queue pause", true, &change);
}

int
ctl_queue_resume(struct ctl *ctl)
{
    struct concert_change change;
    return set_paused(ctl, "queue resume", false, &change);
}

/* Until the last one is done or its lease is over: a line of progress where something changed. */
static int
wait_until_empty(struct ctl *ctl, int32_t concert_id)
{
    struct queue_state queue = {.active = -1};
    for (int32_t shown = -1; queue.active != 0; sleep(queue.active != 0)) {
        struct concert concert;
        struct problem problem;
        if (concert_find_whole(ctl->services->db, concert_id, &concert, &problem) != ERROR_NONE ||
            queue_await_state(ctl->services, &concert, &queue, &problem) != ERROR_NONE) {
            fputs("frontrowctl: the queue is paused; run it again to wait\n", stderr);
            return ctl_refused(&problem);
        }
        if (queue.active != 0 && !queue.paused) {
            fputs("frontrowctl: the queue was resumed meanwhile\n", stderr);
            return EXIT_FAILED;
        }
        if (queue.active != shown)
            printf("active %d, waiting %d\n", (int)queue.active, (int)queue.waiting);
        fflush(stdout);
        shown = queue.active;
    }
    return EXIT_DONE;
}

int
ctl_queue_drain(struct ctl *ctl)
{
    struct concert_change change;
    int status = set_paused(ctl, "queue drain", true, &change);
    return status == EXIT_DONE ? wait_until_empty(ctl, change.concert_id) : status;
}

static enum error
apply_nothing(const void *wanted, struct concert *concert, struct problem *problem)
{
    (void)wanted;
    return concert->queued ? ERROR_NONE
                           : refuse_because(problem, ERROR_NOT_FOUND, "there is no queue");
}

/* Loads the queue, together with whoever else does. */
static enum error
load(struct ctl *ctl, const struct concert *concert, struct problem *problem)
{
    struct queue_settings settings = queue_settings_of(ctl->services, concert);
    int64_t deadline = clock_monotonic() + REBUILD_MS;
    enum error error = ERROR_QUEUE_UNAVAILABLE;
    refuse(problem, error);
    if (!queue_erase(ctl->services, concert->concert_id))
        return error;
    while ((error = queue_rebuild(ctl->services, &settings, problem)) != ERROR_NONE &&
           problem->retry_after > 0 && clock_monotonic() < deadline)
        usleep(PAUSE_US);
    return error;
}

int
ctl_queue_rebuild(struct ctl *ctl)
{
    struct concert_change change = {
        .action = "queue rebuild",
        .detail = "",
        .apply = apply_nothing,
    };
    struct queue_state queue;
    struct problem problem;
    int status = change_queue(ctl, &change);
    if (status != EXIT_DONE)
        return status;
    int64_t started = clock_monotonic();
    if (load(ctl, &change.concert, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    int64_t took = clock_monotonic() - started;
    if (queue_state(ctl->services, &change.concert, &queue, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    printf("loaded in %" PRId64 " ms: waiting %d, active %d, serving %d, lastNumber %d\n", took,
           (int)queue.waiting, (int)queue.active, (int)queue.serving, (int)queue.last_number);
    return EXIT_DONE;
}
