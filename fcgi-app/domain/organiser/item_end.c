#include "domain/organiser/item_end.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "mysql/organiser/concert_admin_table.h"

/* What is locked for longer holds the others up no further: the next look tries it again. */
enum { PATIENCE_MS = 1000, REFUSED_MAX = 3 };

enum error
item_end_apply(struct services *services, struct effect *effect, struct problem *problem)
{
    return effect_apply_unasked(services, effect, PATIENCE_MS, problem);
}

/* Those that are ended in one transaction. */
struct batch {
    struct reservation_end end;
    const struct item_end *work;
    int32_t item_id;
    struct end_report ended;
};

static struct end_report
count_ended(const struct reservation_end *end)
{
    struct end_report ended = {.refunded = 0};
    for (size_t i = 0; i < end->count; i++) {
        const struct reservation_cancel *cancel = &end->list[i];
        ended.holds += cancel->released;
        ended.refunded += cancel->refunded;
        bool moves_points = cancel->refunded && cancel->reservation.method == PAID_POINTS;
        ended.points += moves_points ? cancel->refund.entry.amount : 0;
    }
    return ended;
}

static enum error
end_execute(struct services *services, void *state, struct problem *problem)
{
    struct batch *batch = state;
    enum error error = reservation_end_execute(services, &batch->end, problem);
    batch->ended = count_ended(&batch->end);
    bool any = batch->ended.refunded + batch->ended.holds > 0;
    if (error != ERROR_NONE || batch->work->record == NULL || !any)
        return error;
    return batch->work->record(services, batch->item_id, &batch->ended, problem);
}

static enum db_result
end_was_committed(struct services *services, void *state)
{
    return reservation_end_was_committed(services, &((struct batch *)state)->end);
}

static enum error
end_together(struct item_end *work, int32_t item_id, const int64_t *ids, size_t count,
             struct problem *problem)
{
    struct batch batch = {.end.count = count, .work = work, .item_id = item_id};
    struct effect effect = {
        .state = &batch,
        .execute = end_execute,
        .was_committed = end_was_committed,
    };
    for (size_t i = 0; i < count; i++)
        batch.end.list[i].reservation_id = ids[i];
    enum error error = item_end_apply(work->services, &effect, problem);
    if (error == ERROR_NONE) {
        work->report.refunded += batch.ended.refunded;
        work->report.points += batch.ended.points;
        work->report.holds += batch.ended.holds;
    }
    if (work->progress != NULL)
        work->progress(work->state);
    return error;
}

/*
 * Without MySQL there is no going on; anything else is only about these reservations. It may refuse
 * one, but several in a row mean that it is away.
 */
static bool
is_mysql_lost(struct item_end *work, enum error error)
{
    work->refused = error == ERROR_MYSQL_UNAVAILABLE ? work->refused + 1 : 0;
    return work->refused == REFUSED_MAX || error == ERROR_OUTCOME_UNKNOWN;
}

/*
 * Several in a transaction, as the COMMIT takes longest of all. Where one of them is locked or
 * broken each is ended by itself; it is counted and left for the next look.
 */
static enum error
end_some(struct item_end *work, int32_t item_id, const int64_t *ids, size_t count,
         struct problem *problem)
{
    enum error error = end_together(work, item_id, ids, count, problem);
    bool lost = is_mysql_lost(work, error);
    for (size_t i = 0; i < count && error != ERROR_NONE && !lost; i++) {
        enum error alone = error;
        if (count > 1) {
            alone = end_together(work, item_id, &ids[i], 1, problem);
            lost = is_mysql_lost(work, alone);
        }
        if (alone != ERROR_NONE && !lost) {
            log_warn("reservation %" PRId64 " could not be ended: %s", ids[i], error_code(alone));
            work->report.failed++;
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

static bool
is_over(const struct item_end *end)
{
    return end->until != 0 && clock_monotonic() >= end->until;
}

enum error
item_end_all(struct item_end *end, int32_t item_id, struct problem *problem)
{
    struct taken_seat seats[CANCEL_BATCH];
    int64_t ids[CANCEL_BATCH];
    size_t count = CANCEL_BATCH;
    int32_t after = 0;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE && count == CANCEL_BATCH && !is_over(end)) {
        error = refuse_db(problem, concert_admin_table_taken_seats(end->services->db, item_id,
                                                                   after, seats, &count));
        size_t left = error == ERROR_NONE ? collect_ids(seats, count, ids) : 0;
        for (size_t at = 0, some; error == ERROR_NONE && at < left && !is_over(end); at += some) {
            some = left - at < RESERVATIONS_AT_ONCE ? left - at : RESERVATIONS_AT_ONCE;
            error = end_some(end, item_id, ids + at, some, problem);
        }
        if (count > 0)
            after = seats[count - 1].seat_id;
    }
    return error;
}
