/* frontrowctl concert create|open|close|cancel|list */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/concert_draft.h"
#include "api/concert_settings.h"
#include "base/clock.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "domain/organiser/concert_cancel.h"

enum { PATIENCE_MS = 60000 };

int
ctl_apply(struct ctl *ctl, struct effect *effect)
{
    struct buffer body = {0};
    struct problem problem;
    bool replayed;
    effect->deadline = clock_monotonic() + PATIENCE_MS;
    enum error error = effect_apply(ctl->services, effect, &body, &replayed, &problem);
    if (error == ERROR_NONE)
        puts(body.data);
    buffer_free(&body);
    return error == ERROR_NONE ? EXIT_DONE : ctl_refused(&problem);
}

int
ctl_apply_change(struct ctl *ctl, struct effect *effect)
{
    char warning[QUEUE_WARNING_SIZE];
    int status = ctl_apply(ctl, effect);
    if (status != EXIT_DONE)
        return status;
    concert_change_warn(ctl->services, effect->state, warning);
    if (warning[0] != '\0')
        fprintf(stderr, "frontrowctl: %s\n", warning);
    return status;
}

static int
create(struct ctl *ctl, const json_t *json)
{
    struct problem problem;
    struct concert_draft draft;
    struct concert_create state = {.author = concert_author("ctl"), .draft = &draft};
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &state,
        .precheck = concert_create_precheck,
        .execute = concert_create_execute,
        .was_committed = concert_create_was_committed,
        .effect_id = concert_create_id,
        .render = concert_draft_render,
    };
    int status = concert_draft_read(json, &draft, &problem) == ERROR_NONE ? ctl_apply(ctl, &effect)
                                                                          : ctl_refused(&problem);
    concert_draft_free(&draft);
    return status;
}

json_t *
ctl_read_json(const char *name)
{
    json_error_t error;
    json_t *json = strcmp(name, "-") == 0 ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
                                          : json_load_file(name, JSON_REJECT_DUPLICATES, &error);
    if (json != NULL)
        return json;
    /* jansson quotes what it does not know, and nobody sees such a mark on a terminal */
    bool has_mark = strstr(error.text, BYTE_ORDER_MARK) != NULL;
    fprintf(stderr, "frontrowctl: %s: line %d: %s\n", name, error.line,
            has_mark ? "a byte order mark (BOM, U+FEFF) stands where JSON has none" : error.text);
    return NULL;
}

int
ctl_concert_create(struct ctl *ctl)
{
    json_t *json = ctl_read_json(ctl->argument);
    if (json == NULL)
        return EXIT_FAILED;
    int status = create(ctl, json);
    json_decref(json);
    return status;
}

static void
render_change(const void *state, struct buffer *body)
{
    const struct concert_change *change = state;
    buffer_format(body, "concert %d is stored as %s", (int)change->concert_id,
                  change->concert.stored == STORED_OPEN ? "open" : "closed");
}

static enum error
apply_status(const void *wanted, struct concert *concert, struct problem *problem)
{
    (void)problem;
    concert->stored = *(const enum concert_stored *)wanted;
    return ERROR_NONE;
}

static int
set_status(struct ctl *ctl, enum concert_stored stored)
{
    int32_t concert_id;
    if (!ctl_concert_id(ctl, &concert_id))
        return EXIT_USAGE;
    struct concert_change change = {
        .author = concert_author("ctl"),
        .action = stored == STORED_OPEN ? "concert open" : "concert close",
        .detail = "",
        .concert_id = concert_id,
        .apply = apply_status,
        .wanted = &stored,
    };
    struct effect effect = {
        .state = &change,
        .execute = concert_change_execute,
        .was_committed = concert_change_was_committed,
        .render = render_change,
    };
    return ctl_apply_change(ctl, &effect);
}

int
ctl_concert_open(struct ctl *ctl)
{
    return set_status(ctl, STORED_OPEN);
}

int
ctl_concert_close(struct ctl *ctl)
{
    return set_status(ctl, STORED_CLOSED);
}

/* What GET /admin/concert/{id} says of the cancel, of earlier runs and the sweeper too. */
static enum error
print_cancelled(const struct ctl *ctl, int32_t concert_id, struct problem *problem)
{
    struct item_cancel cancel;
    enum error error = concert_cancel_find(ctl->services, concert_id, &cancel, problem);
    if (error == ERROR_NONE)
        printf("refunded %" PRId64 " reservations, %" PRId64 " points; cancelled %" PRId64
               " holds; %" PRId64 " left\n",
               cancel.refunded, cancel.points, cancel.holds, cancel.left);
    fflush(stdout);
    return error;
}

struct cancel_progress {
    const struct ctl *ctl;
    int32_t concert_id;
    int64_t next; /* clock_monotonic() */
};

/* A line a second, or who waits does not know for what. */
static void
print_progress(void *state)
{
    struct cancel_progress *progress = state;
    struct problem problem;
    if (clock_monotonic() >= progress->next &&
        print_cancelled(progress->ctl, progress->concert_id, &problem) == ERROR_NONE)
        progress->next = clock_monotonic() + 1000;
}

int
ctl_concert_cancel(struct ctl *ctl)
{
    struct cancel_progress progress = {.ctl = ctl};
    struct concert_cancel_run run = {
        .author = concert_author("ctl"), .progress = print_progress, .state = &progress};
    struct problem problem;
    if (!ctl_concert_id(ctl, &run.concert_id))
        return EXIT_USAGE;
    progress.concert_id = run.concert_id;
    enum error error = concert_cancel_run(ctl->services, &run, &problem);
    if (error == ERROR_NONE)
        error = print_cancelled(ctl, run.concert_id, &problem);
    int status = error == ERROR_NONE ? EXIT_DONE : ctl_refused(&problem);
    if (run.failed > 0) {
        fprintf(stderr, "frontrowctl: %" PRId64 " reservations could not be ended\n", run.failed);
        status = status == EXIT_DONE ? EXIT_FAILED : status;
    }
    if (status != EXIT_DONE && run.begun)
        fputs("frontrowctl: the concert is cancelled; the sweeper does the rest\n", stderr);
    return status;
}

static void
print_concert(const struct concert *concert, const struct concert_summary *summary)
{
    char title[TITLE_SIZE], capacity[16] = "no queue";
    memcpy(title, concert->title, sizeof title);
    ctl_keep_on_a_line(title);
    if (concert->queued)
        snprintf(capacity, sizeof capacity, "%d", (int)concert->admission_capacity);
    printf("%10d  %-9s  %10s  %5d  %10s  %10s  %s\n", (int)concert->concert_id,
           concert_status_name(concert_status(concert, concert->now)), capacity,
           (int)summary->item_count, summary->first_date, summary->last_date, title);
}

int
ctl_concert_list(struct ctl *ctl)
{
    struct problem problem;
    printf("%10s  %-9s  %10s  %5s  %10s  %10s  %s\n", "concertId", "status", "capacity", "items",
           "first", "last", "title");
    if (concert_visit_all(ctl->services, print_concert, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    return EXIT_DONE;
}
