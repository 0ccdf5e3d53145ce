#include "domain/organiser/concert_cancel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "domain/effect.h"
#include "domain/sale/reservation.h"
#include "mysql/organiser/audit_log_table.h"

/* What is locked for longer holds the others up no further: the next look tries it again. */
enum { PATIENCE_MS = 1000, REFUSED_MAX = 3 };

/* One run of the cancel. */
struct work {
    struct services *services;
    const struct author *author;
    int32_t concert_id;
    void (*progress)(const struct concert_cancel_report *report);
    struct concert_cancel_report *report;
    int refused; /* by MySQL, in a row */
};

static enum error
apply(const struct work *work, struct effect *effect, struct problem *problem)
{
    struct buffer body = {0};
    bool replayed;
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
    return apply(work, &effect, problem);
}

static void
count_ended(struct concert_cancel_report *report, const struct reservation_end *end)
{
    for (size_t i = 0; i < end->count; i++) {
        const struct reservation_cancel *cancel = &end->list[i];
        report->holds += cancel->released;
        report->refunded += cancel->refunded;
        report->points += cancel->refunded ? cancel->refund.entry.amount : 0;
    }
}

static enum error
end_together(const struct work *work, const int64_t *ids, size_t count, struct problem *problem)
{
    struct reservation_end end = {.count = count};
    struct effect effect = {
        .state = &end,
        .execute = reservation_end_execute,
        .was_committed = reservation_end_was_committed,
    };
    for (size_t i = 0; i < count; i++)
        end.list[i].reservation_id = ids[i];
    enum error error = apply(work, &effect, problem);
    if (error == ERROR_NONE)
        count_ended(work->report, &end);
    work->progress(work->report);
    return error;
}

/*
 * Without MySQL there is no going on; anything else is only about these reservations. It may refuse
 * one, but several in a row mean that it is away.
 */
static bool
is_mysql_lost(struct work *work, enum error error)
{
    work->refused = error == ERROR_MYSQL_UNAVAILABLE ? work->refused + 1 : 0;
    return work->refused == REFUSED_MAX || error == ERROR_OUTCOME_UNKNOWN;
}

/*
 * Several in a transaction, as the COMMIT takes longest of all. Where one of them is locked or
 * broken each is ended by itself; it is counted and left for the next look.
 */
static enum error
end_some(struct work *work, const int64_t *ids, size_t count, struct problem *problem)
{
    enum error error = end_together(work, ids, count, problem);
    bool lost = is_mysql_lost(work, error);
    for (size_t i = 0; i < count && error != ERROR_NONE && !lost; i++) {
        enum error alone = error;
        if (count > 1) {
            alone = end_together(work, &ids[i], 1, problem);
            lost = is_mysql_lost(work, alone);
        }
        if (alone != ERROR_NONE && !lost) {
            log_warn("reservation %" PRId64 " could not be ended: %s", ids[i], error_code(alone));
            work->report->failed++;
        }
    }
    return lost ? refuse(problem, ERROR_MYSQL_UNAVAILABLE) : ERROR_NONE;
}

static int
compare_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* The reservations that the seats name, ascending, each once; how many. */
static size_t
collect_ids(const struct taken_seat *seats, size_t count, int64_t *ids)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        ids[i] = seats[i].reservation_id;
    if (count > 0)
        qsort(ids, count, sizeof ids[0], compare_ids);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || ids[i] != ids[kept - 1])
            ids[kept++] = ids[i];
    return kept;
}

static enum error
end_item(struct work *work, int32_t item_id, struct problem *problem)
{
    struct taken_seat seats[CANCEL_BATCH];
    int64_t ids[CANCEL_BATCH];
    size_t count = CANCEL_BATCH;
    int32_t after = 0;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE && count == CANCEL_BATCH) {
        error = refuse_db(problem, concert_admin_table_taken_seats(work->services->db, item_id,
                                                                   after, seats, &count));
        size_t left = error == ERROR_NONE ? collect_ids(seats, count, ids) : 0;
        for (size_t at = 0, some; error == ERROR_NONE && at < left; at += some) {
            some = left - at < RESERVATIONS_AT_ONCE ? left - at : RESERVATIONS_AT_ONCE;
            error = end_some(work, ids + at, some, problem);
        }
        if (count > 0)
            after = seats[count - 1].seat_id;
    }
    return error;
}

/* One look at all seats of the concert; a seat names the reservation that has it. */
static enum error
end_all(struct work *work, struct problem *problem)
{
    int32_t item_id = 0;
    enum error error = ERROR_NONE;
    work->report->failed = 0;
    while (error == ERROR_NONE) {
        enum db_result result =
            concert_admin_table_next_item(work->services->db, work->concert_id, item_id, &item_id);
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
end_until_none_is_left(struct work *work, struct problem *problem)
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
    const struct log_entry entry = {.actor = work->author->name,
                                    .action = "concert cancel",
                                    .concert_id = work->concert_id,
                                    .detail = detail};
    return refuse_db(problem, audit_log_table_add(work->services->db, &entry));
}

enum error
concert_cancel(struct services *services, const struct author *author, int32_t concert_id,
               void (*progress)(const struct concert_cancel_report *report),
               struct concert_cancel_report *report, struct problem *problem)
{
    struct work work = {services, author, concert_id, progress, report, .refused = 0};
    *report = (struct concert_cancel_report){0};
    enum error error = set_cancelled(&work, problem);
    if (error == ERROR_NONE)
        error = end_until_none_is_left(&work, problem);
    return error == ERROR_NONE ? log_end(&work, problem) : error;
}
