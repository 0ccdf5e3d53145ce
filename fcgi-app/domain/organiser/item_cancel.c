#include "domain/organiser/item_cancel.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "domain/event.h"
#include "domain/logged_change.h"
#include "mysql/organiser/audit_log_table.h"

/*
 * Nothing is said to the seats yet: who looked at the date before the COMMIT may still take one,
 * and the sweeper finds it.
 */
enum error
item_cancel_execute(struct services *services, void *state, struct problem *problem)
{
    struct item_cancel_begin *cancel = state;
    struct concert concert;
    struct logged_change log = {.entry = {.actor = cancel->actor,
                                          .action = "item cancel",
                                          .concert_id = cancel->concert_id,
                                          .detail = cancel->reason}};
    if (item_admin_lock(services, cancel->concert_id, cancel->item_id, &concert, &cancel->item,
                        problem) != ERROR_NONE)
        return problem->error;
    if (concert.stored == STORED_CANCELLED || cancel->item.status != ITEM_OPEN)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "The %s is cancelled already",
                              concert.stored == STORED_CANCELLED ? "concert" : "item");
    cancel->describe(cancel, &log.before);
    enum db_result result = item_cancel_table_begin(services->db, &cancel->item, &cancel->begun_at);
    cancel->item.status = ITEM_CANCELLED;
    event_add_concert(services, EVENT_CONCERT_CHANGED, cancel->concert_id, cancel->item_id);
    if (result != DB_OK) {
        logged_change_free(&log);
        return refuse_db(problem, result);
    }
    cancel->describe(cancel, &log.after);
    return refuse_db(problem, logged_change_write(services, &log));
}

enum db_result
item_cancel_was_committed(struct services *services, void *state)
{
    /* Nothing but a cancel makes a date cancelled: if it is, ours or a twin's was done. */
    const struct item_cancel_begin *cancel = state;
    struct item found;
    enum db_result result = item_admin_table_lock(services->db, cancel->item_id, &found);
    if (result != DB_OK)
        return result;
    return found.status == ITEM_CANCELLED ? DB_OK : DB_NONE;
}

int64_t
item_cancel_id(const void *state)
{
    return ((const struct item_cancel_begin *)state)->concert_id;
}

/* ---- what is left to do, in passes ---- */

/* In the transaction of the refunds, so that what is told is what was done, whenever it ends. */
static enum error
record_ended(struct services *services, int32_t item_id, const struct end_report *ended,
             struct problem *problem)
{
    return refuse_db(problem, item_cancel_table_add(services->db, item_id, ended->refunded,
                                                    ended->points, ended->holds));
}

/* Some seats that nobody has. */
struct withhold {
    int32_t item_id;
    int32_t after, last;
    int64_t count;
};

static enum error
withhold_execute(struct services *services, void *state, struct problem *problem)
{
    struct withhold *some = state;
    return refuse_db(problem, item_cancel_table_withhold(services->db, some->item_id, some->after,
                                                         &some->last, &some->count));
}

static enum db_result
done_again(struct services *services, void *state)
{
    /* Done twice it is the same: where it is not known it is done again. */
    (void)services;
    (void)state;
    return DB_NONE;
}

/* Nobody can take one of these any more, also who looked at the date before it was cancelled. */
static enum error
withhold_all(struct services *services, int32_t item_id, struct problem *problem)
{
    struct withhold some = {.item_id = item_id};
    struct effect effect = {
        .state = &some,
        .execute = withhold_execute,
        .was_committed = done_again,
    };
    enum error error;
    do {
        some.after = some.last;
        error = item_end_apply(services, &effect, problem);
    } while (error == ERROR_NONE && some.count == WITHHELD_AT_ONCE);
    return error;
}

/* The end of a date's cancel. */
struct finish {
    const char *actor;
    const struct item *item;
};

static enum error
finish_execute(struct services *services, void *state, struct problem *problem)
{
    const struct finish *finish = state;
    const struct item *item = finish->item;
    struct item_cancel cancel;
    char detail[120];
    bool is_first;
    enum db_result result =
        item_cancel_table_finish(services->db, item->item_id, &cancel, &is_first);
    if (result != DB_OK || !is_first)
        return refuse_db(problem, result);
    snprintf(detail, sizeof detail,
             "item %d: refunded %" PRId64 " reservations, %" PRId64 " points; cancelled %" PRId64
             " holds",
             (int)item->item_id, cancel.refunded, cancel.points, cancel.holds);
    const struct log_entry entry = {.actor = finish->actor,
                                    .action = "item cancel",
                                    .concert_id = item->concert_id,
                                    .detail = detail};
    return refuse_db(problem, audit_log_table_add(services->db, &entry));
}

/* Where all seats are withheld, none has a reservation, and none gets one any more. */
static enum error
finish_if_none_is_left(struct services *services, const struct item *item,
                       struct item_cancel_pass *pass, struct problem *problem)
{
    struct finish finish = {pass->actor, item};
    struct effect effect = {
        .state = &finish,
        .execute = finish_execute,
        .was_committed = done_again,
    };
    int64_t left;
    enum db_result result = item_cancel_table_count_left(services->db, item->item_id, &left);
    if (result != DB_OK || left > 0)
        return refuse_db(problem, result);
    enum error error = item_end_apply(services, &effect, problem);
    pass->done += error == ERROR_NONE;
    return error;
}

static bool
is_over(const struct item_cancel_pass *pass)
{
    return pass->until != 0 && clock_monotonic() >= pass->until;
}

static enum error
sweep_item(struct services *services, const struct item *item, struct item_cancel_pass *pass,
           struct problem *problem)
{
    struct item_end end = {.services = services,
                           .until = pass->until,
                           .record = record_ended,
                           .progress = pass->progress,
                           .state = pass->state};
    enum error error = item_end_all(&end, item->item_id, problem);
    bool in_time = !is_over(pass);
    if (error == ERROR_NONE && in_time)
        error = withhold_all(services, item->item_id, problem);
    if (error == ERROR_NONE && in_time)
        error = finish_if_none_is_left(services, item, pass, problem);
    pass->ended.refunded += end.report.refunded;
    pass->ended.points += end.report.points;
    pass->ended.holds += end.report.holds;
    pass->ended.failed += end.report.failed;
    return error;
}

enum db_result
item_cancel_sweep(struct services *services, struct item_cancel_pass *pass)
{
    struct item item = {.item_id = 0};
    enum db_result result = DB_NONE;
    while (!is_over(pass) && (result = item_cancel_table_next(services->db, pass->concert_id,
                                                              item.item_id, &item)) == DB_OK) {
        struct problem problem;
        enum error error = sweep_item(services, &item, pass, &problem);
        if (error == ERROR_MYSQL_UNAVAILABLE || error == ERROR_OUTCOME_UNKNOWN)
            return DB_GONE;
        if (error != ERROR_NONE) {
            log_warn("item %d is cancelled, and could not be done with: %s", (int)item.item_id,
                     error_code(error));
            pass->ended.failed++;
        }
    }
    return result == DB_NONE ? DB_OK : result;
}

enum error
item_admin_visit(struct services *services, int32_t concert_id,
                 void (*visit)(void *state, const struct admin_item *row), void *state,
                 struct problem *problem)
{
    struct concert concert;
    struct admin_item row;
    if (concert_find(services->db, concert_id, &concert, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = item_cancel_table_list(services->db, concert_id, &row);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        visit(state, &row);
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}
