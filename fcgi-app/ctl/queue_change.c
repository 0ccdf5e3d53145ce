/* frontrowctl queue capacity|pause|resume|drain|rebuild */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "domain/organiser/concert_admin.h"
#include "domain/queue/line_place.h"
#include "domain/queue/line_rebuild.h"
#include "redis/queue/line_erase.h"

enum { REBUILD_MS = 600000, PAUSE_US = 20000 };

static void
render_line(const void *state, struct buffer *body)
{
    const struct concert *concert = &((const struct concert_change *)state)->concert;
    buffer_format(body, "concert %d: ", (int)concert->concert_id);
    if (concert->no_line)
        buffer_format(body, "no line is kept");
    else
        buffer_format(body, "capacity %d%s", (int)concert->admission_capacity,
                      concert->paused ? ", paused" : "");
}

/* What was said holds once the line goes by it: Redis may have settings that MySQL lost. */
static int
check_line(struct ctl *ctl, const struct concert *concert)
{
    struct line_state line;
    struct problem problem;
    if (concert->no_line)
        return EXIT_DONE;
    if (line_await_state(ctl->services, concert, &line, &problem) != ERROR_NONE) {
        fputs("frontrowctl: Redis is out of reach: the line stands still, and will be so once it is"
              " back\n",
              stderr);
        return EXIT_DONE;
    }
    if (line.paused == concert->paused && line.capacity == concert->admission_capacity)
        return EXIT_DONE;
    fprintf(
        stderr,
        "frontrowctl: the line goes by other settings (capacity %d%s): somebody changed them, or"
        " MySQL is older than Redis, which the next pass of the sweeper mends\n",
        (int)line.capacity, line.paused ? ", paused" : "");
    return EXIT_FAILED;
}

/* Changes the line's settings; they are in force with the next call that moves the line. */
static int
change_line(struct ctl *ctl, struct concert_change *change)
{
    change->actor = "ctl";
    if (!ctl_concert_id(ctl, &change->concert_id))
        return EXIT_USAGE;
    struct effect effect = {
        .state = change,
        .run = concert_change_run,
        .happened = concert_change_happened,
        .render = render_line,
    };
    return ctl_apply_change(ctl, &effect);
}

/* The same, and sees to it that they are. */
static int
set_line(struct ctl *ctl, struct concert_change *change)
{
    int status = change_line(ctl, change);
    return status == EXIT_DONE ? check_line(ctl, &change->concert) : status;
}

static enum error
apply_capacity(const void *wanted, struct concert *concert, struct problem *problem)
{
    const int32_t *capacity = wanted;
    (void)problem;
    concert->no_line = capacity == NULL;
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
    return set_line(ctl, &change);
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
    return set_line(ctl, change);
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
    struct line_state line = {.active = -1};
    for (int32_t shown = -1; line.active != 0; sleep(line.active != 0)) {
        struct concert concert;
        struct problem problem;
        if (concert_find_whole(ctl->services->db, concert_id, &concert, &problem) != ERROR_NONE ||
            line_await_state(ctl->services, &concert, &line, &problem) != ERROR_NONE) {
            fputs("frontrowctl: the line is paused; run it again to wait\n", stderr);
            return ctl_refused(&problem);
        }
        if (line.active != 0 && !line.paused) {
            fputs("frontrowctl: the line was resumed meanwhile\n", stderr);
            return EXIT_FAILED;
        }
        if (line.active != shown)
            printf("active %d, waiting %d\n", (int)line.active, (int)line.waiting);
        fflush(stdout);
        shown = line.active;
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
    return concert->no_line ? refuse_because(problem, ERROR_NOT_FOUND, "no line is kept")
                            : ERROR_NONE;
}

/* Loads the line, together with whoever else does. */
static enum error
load(struct ctl *ctl, const struct concert *concert, struct problem *problem)
{
    struct line_settings settings = line_settings_of(ctl->services, concert);
    int64_t deadline = clock_monotonic() + REBUILD_MS;
    enum error error = ERROR_QUEUE_UNAVAILABLE;
    refuse(problem, error);
    if (!line_erase(ctl->services->redis, concert->concert_id))
        return error;
    while ((error = line_rebuild(ctl->services, &settings, problem)) != ERROR_NONE &&
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
    struct line_state line;
    struct problem problem;
    int status = change_line(ctl, &change);
    if (status != EXIT_DONE)
        return status;
    int64_t started = clock_monotonic();
    if (load(ctl, &change.concert, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    int64_t took = clock_monotonic() - started;
    if (line_state(ctl->services, &change.concert, &line, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    printf("loaded in %" PRId64 " ms: waiting %d, active %d, serving %d, lastNumber %d\n", took,
           (int)line.waiting, (int)line.active, (int)line.serving, (int)line.last_number);
    return EXIT_DONE;
}
