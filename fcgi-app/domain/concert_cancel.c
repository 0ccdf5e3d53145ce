#include "domain/concert_cancel.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "domain/concert_admin.h"
#include "domain/effect.h"
#include "domain/reservation.h"
#include "mysql/cancel_table.h"

/* What is locked for longer holds the others up no further: the next look tries it again. */
enum { PATIENCE_MS = 2000 };

/* One run of the cancel. */
struct work {
    struct services *services;
    const char *actor;
    int32_t concert_id;
    void (*progress)(const struct concert_cancel_report *report);
    struct concert_cancel_report *report;
};

static void
render_nothing(const void *state, struct buffer *body)
{
    (void)state;
    (void)body;
}

static enum error
apply(const struct work *work, struct effect *effect, struct problem *problem)
{
    struct buffer body = {0};
    bool replayed;
    effect->render = render_nothing;
    effect->deadline = clock_monotonic() + PATIENCE_MS;
    enum error error = effect_apply(work->services, effect, &body, &replayed, problem);
    buffer_free(&body);
    return error;
}

static enum error
apply_cancelled(const void *wanted, struct concert *concert, struct problem *problem)
{
    (void)wanted;
    (void)problem;
    concert->stored = STORED_CANCELLED;
    return ERROR_NONE;
}

static enum error
set_cancelled(const struct work *work, struct problem *problem)
{
    struct concert_change change = {
        .actor = work->actor,
        .action = "concert cancel",
        .detail = "begun",
        .concert_id = work->concert_id,
        .apply = apply_cancelled,
    };
    struct effect effect = {
        .state = &change,
        .run = concert_change_run,
        .happened = concert_change_happened,
    };
    return apply(work, &effect, problem);
}

/*
 * Ends one reservation. What is busy or broken is counted and left for the next look; without MySQL
 * there is no going on.
 */
static enum error
end_reservation(const struct work *work, int32_t reservation_id, struct problem *problem)
{
    struct concert_cancel_report *report = work->report;
    struct reservation_cancel cancel = {.reservation_id = reservation_id};
    struct effect effect = {
        .state = &cancel,
        .run = reservation_end_run,
        .happened = reservation_cancel_happened,
    };
    enum error error = apply(work, &effect, problem);
    if (error == ERROR_MYSQL_UNAVAILABLE || error == ERROR_OUTCOME_UNKNOWN)
        return refuse(problem, ERROR_MYSQL_UNAVAILABLE);
    if (error != ERROR_NONE) {
        log_warn("reservation %d could not be ended: %s", (int)reservation_id, error_code(error));
        report->failed++;
    }
    if (error == ERROR_NONE && cancel.refunded) {
        report->refunded++;
        report->points += cancel.refunded_amount;
    } else if (error == ERROR_NONE && cancel.released) {
        report->holds++;
    }
    work->progress(report);
    return ERROR_NONE;
}

/* Several seats of a batch may name the same reservation. */
static bool
stood_before(const struct taken_seat *seats, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (seats[i].reservation_id == seats[at].reservation_id)
            return true;
    return false;
}

static enum error
end_item(const struct work *work, int32_t item_id, struct problem *problem)
{
    struct taken_seat seats[CANCEL_BATCH];
    size_t count = CANCEL_BATCH;
    int32_t after = 0;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE && count == CANCEL_BATCH) {
        error = refuse_db(
            problem, cancel_table_taken_seats(work->services->db, item_id, after, seats, &count));
        for (size_t i = 0; error == ERROR_NONE && i < count; i++)
            if (!stood_before(seats, i))
                error = end_reservation(work, seats[i].reservation_id, problem);
        if (count > 0)
            after = seats[count - 1].seat_id;
    }
    return error;
}

/* One look at all seats of the concert; a seat names the reservation that has it. */
static enum error
end_all(const struct work *work, struct problem *problem)
{
    int32_t item_id = 0;
    enum error error = ERROR_NONE;
    work->report->failed = 0;
    while (error == ERROR_NONE) {
        enum db_result result =
            cancel_table_next_item(work->services->db, work->concert_id, item_id, &item_id);
        if (result == DB_NONE)
            break;
        error = refuse_db(problem, result);
        if (error == ERROR_NONE)
            error = end_item(work, item_id, problem);
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
end_until_none_is_left(const struct work *work, struct problem *problem)
{
    const struct concert_cancel_report *report = work->report;
    int64_t all_have_looked = clock_monotonic() + work->services->config->watchdog_ms;
    int64_t ended_before;
    enum error error = end_all(work, problem);
    if (error == ERROR_NONE)
        wait_until(work, all_have_looked);
    do {
        ended_before = report->refunded + report->holds;
        if (error == ERROR_NONE)
            error = end_all(work, problem);
    } while (error == ERROR_NONE && report->refunded + report->holds > ended_before);
    return error;
}

static enum error
log_end(const struct work *work, struct problem *problem)
{
    const struct concert_cancel_report *report = work->report;
    char detail[160];
    snprintf(detail, sizeof detail,
             "refunded %" PRId64 " reservations, %" PRId64 " points; cancelled %" PRId64
             " holds; failed %" PRId64,
             report->refunded, report->points, report->holds, report->failed);
    return refuse_db(problem, concert_admin_table_log(work->services->db, work->actor,
                                                      "concert cancel", work->concert_id, detail));
}

enum error
concert_cancel(struct services *services, const char *actor, int32_t concert_id,
               void (*progress)(const struct concert_cancel_report *report),
               struct concert_cancel_report *report, struct problem *problem)
{
    struct work work = {services, actor, concert_id, progress, report};
    *report = (struct concert_cancel_report){0};
    enum error error = set_cancelled(&work, problem);
    if (error == ERROR_NONE)
        error = end_until_none_is_left(&work, problem);
    return error == ERROR_NONE ? log_end(&work, problem) : error;
}
