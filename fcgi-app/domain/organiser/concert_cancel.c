#include "domain/organiser/concert_cancel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "mysql/organiser/audit_log_table.h"

/* ---- by a call ---- */

static enum error
apply_cancelled(const void *wanted, struct concert *concert, struct problem *problem)
{
    (void)wanted;
    (void)problem;
    concert->stored = STORED_CANCELLED;
    return ERROR_NONE;
}

static enum error
apply_cancelled_once(const void *wanted, struct concert *concert, struct problem *problem)
{
    if (concert->stored == STORED_CANCELLED)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "The concert is cancelled already");
    return apply_cancelled(wanted, concert, problem);
}

enum error
concert_cancel_execute(struct services *services, void *state, struct problem *problem)
{
    struct concert_cancel_begin *cancel = state;
    cancel->change.action = "concert cancel";
    cancel->change.apply = apply_cancelled_once;
    enum error error = concert_change_execute(services, &cancel->change, problem);
    if (error != ERROR_NONE)
        return error;
    return refuse_db(problem, item_cancel_table_begin_all(services->db, cancel->change.concert_id,
                                                          &cancel->begun_at));
}

enum db_result
concert_cancel_was_committed(struct services *services, void *state)
{
    /* A cancelled concert stays cancelled: ours or a twin's was done. */
    const struct concert_cancel_begin *cancel = state;
    struct concert found;
    enum db_result result =
        concert_admin_table_lock(services->db, cancel->change.concert_id, &found);
    if (result != DB_OK)
        return result;
    return found.stored == STORED_CANCELLED ? DB_OK : DB_NONE;
}

int64_t
concert_cancel_id(const void *state)
{
    return ((const struct concert_cancel_begin *)state)->change.concert_id;
}

enum error
concert_cancel_find(struct services *services, int32_t concert_id, struct item_cancel *cancel,
                    struct problem *problem)
{
    return refuse_db(problem, item_cancel_table_sum(services->db, concert_id, cancel));
}

/* ---- by a tool ---- */

/* One run of the cancel. */
struct work {
    const struct author *author;
    int32_t concert_id;
    void (*progress)(const struct concert_cancel_report *report);
    struct concert_cancel_report *report;
    struct item_end end;
};

/* After each transaction. */
static void
tell(void *state)
{
    struct work *work = state;
    work->report->ended = work->end.report;
    work->progress(work->report);
}

static enum error
set_cancelled(struct work *work, struct problem *problem)
{
    struct concert_change change = {
        .author = *work->author,
        .action = "concert cancel",
        .detail = "begun",
        .concert_id = work->concert_id,
        .apply = apply_cancelled,
    };
    struct effect effect = {
        .state = &change,
        .execute = concert_change_execute,
        .was_committed = concert_change_was_committed,
    };
    return item_end_apply(work->end.services, &effect, problem);
}

/* One look at all seats of the concert; a seat names the reservation that has it. */
static enum error
end_all(struct work *work, struct problem *problem)
{
    int32_t item_id = 0;
    enum error error = ERROR_NONE;
    work->end.report.failed = 0;
    while (error == ERROR_NONE) {
        enum db_result result = concert_admin_table_next_item(work->end.services->db,
                                                              work->concert_id, item_id, &item_id);
        if (result == DB_NONE)
            break;
        error = refuse_db(problem, result);
        if (error == ERROR_NONE)
            error = item_end_all(&work->end, item_id, problem);
    }
    return error;
}

static void
wait_until(const struct work *work, int64_t instant)
{
    work->report->waiting = true;
    work->progress(work->report);
    for (int64_t left; (left = instant - clock_monotonic()) > 0;)
        usleep((useconds_t)(left < 100 ? left : 100) * 1000);
    work->report->waiting = false;
}

/*
 * The status is committed: whoever looks at the concert from now on, reserves and pays nothing. A
 * payment that looked before has its reservation locked, which is waited for, and found paid. A
 * reservation that looked before may be written after the first look; it can never be paid, and the
 * watchdog bounds when it comes: then one more look finds it.
 */
static enum error
end_until_none_is_left(struct work *work, struct problem *problem)
{
    const struct end_report *ended = &work->end.report;
    int64_t all_have_looked = clock_monotonic() + work->end.services->config->watchdog_ms;
    int64_t ended_before;
    enum error error = end_all(work, problem);
    if (error == ERROR_NONE)
        wait_until(work, all_have_looked);
    do {
        ended_before = ended->refunded + ended->holds;
        if (error == ERROR_NONE)
            error = end_all(work, problem);
    } while (error == ERROR_NONE && ended->refunded + ended->holds > ended_before);
    return error;
}

static enum error
log_end(const struct work *work, struct problem *problem)
{
    const struct end_report *ended = &work->end.report;
    char detail[160];
    snprintf(detail, sizeof detail,
             "refunded %" PRId64 " reservations, %" PRId64 " points; cancelled %" PRId64
             " holds; failed %" PRId64,
             ended->refunded, ended->points, ended->holds, ended->failed);
    const struct log_entry entry = {.actor = work->author->name,
                                    .action = "concert cancel",
                                    .concert_id = work->concert_id,
                                    .detail = detail};
    return refuse_db(problem, audit_log_table_add(work->end.services->db, &entry));
}

enum error
concert_cancel(struct services *services, const struct author *author, int32_t concert_id,
               void (*progress)(const struct concert_cancel_report *report),
               struct concert_cancel_report *report, struct problem *problem)
{
    struct work work = {author,
                        concert_id,
                        progress,
                        report,
                        {.services = services, .progress = tell, .state = &work}};
    *report = (struct concert_cancel_report){0};
    enum error error = set_cancelled(&work, problem);
    if (error == ERROR_NONE)
        error = end_until_none_is_left(&work, problem);
    report->ended = work.end.report;
    return error == ERROR_NONE ? log_end(&work, problem) : error;
}
