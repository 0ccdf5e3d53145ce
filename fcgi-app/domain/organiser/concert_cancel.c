#include "domain/organiser/concert_cancel.h"

#include "base/clock.h"

static enum error
apply_cancelled(const void *wanted, struct concert *concert, struct problem *problem)
{
    (void)wanted;
    if (concert->stored == STORED_CANCELLED)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "The concert is cancelled already");
    concert->stored = STORED_CANCELLED;
    return ERROR_NONE;
}

enum error
concert_cancel_execute(struct services *services, void *state, struct problem *problem)
{
    struct concert_cancel_begin *cancel = state;
    cancel->change.action = "concert cancel";
    cancel->change.apply = apply_cancelled;
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

/* Of a concert that is cancelled already: one that an older build has cancelled has open dates. */
static enum error
begin_rest_execute(struct services *services, void *state, struct problem *problem)
{
    struct concert_cancel_begin *cancel = state;
    return refuse_db(problem, item_cancel_table_begin_all(services->db, cancel->change.concert_id,
                                                          &cancel->begun_at));
}

static enum db_result
begin_rest_was_committed(struct services *services, void *state)
{
    /* Done twice it is the same: where it is not known it is done again. */
    (void)services;
    (void)state;
    return DB_NONE;
}

static enum error
begin(struct services *services, const struct concert_cancel_run *run, struct problem *problem)
{
    struct concert_cancel_begin cancel = {
        .change = {.author = run->author, .detail = "", .concert_id = run->concert_id}};
    struct effect effect = {
        .state = &cancel,
        .execute = concert_cancel_execute,
        .was_committed = concert_cancel_was_committed,
    };
    enum error error = item_end_apply(services, &effect, problem);
    if (error != ERROR_NOT_CANCELLABLE)
        return error;
    effect.execute = begin_rest_execute;
    effect.was_committed = begin_rest_was_committed;
    return item_end_apply(services, &effect, problem);
}

/* A reservation may be written behind the pass that has looked for it: then there is one more. */
enum error
concert_cancel_run(struct services *services, struct concert_cancel_run *run,
                   struct problem *problem)
{
    enum error error = begin(services, run, problem);
    bool is_left = error == ERROR_NONE;
    run->begun = is_left;
    run->failed = 0;
    while (error == ERROR_NONE && is_left && run->failed == 0) {
        struct item_cancel cancel = {.begun_at = CLOCK_NEVER};
        struct item_cancel_pass pass = {.actor = run->author.name,
                                        .concert_id = run->concert_id,
                                        .progress = run->progress,
                                        .state = run->state};
        error = refuse_db(problem, item_cancel_sweep(services, &pass));
        run->failed = pass.ended.failed;
        if (error == ERROR_NONE)
            error = concert_cancel_find(services, run->concert_id, &cancel, problem);
        is_left = cancel.begun_at != CLOCK_NEVER && cancel.done_at == CLOCK_NEVER;
    }
    return error;
}
