#include "domain/organiser/point_adjust.h"

#include "domain/logged_change.h"

enum error
point_adjust_execute(struct services *services, void *state, struct problem *problem)
{
    struct point_adjust *adjust = state;
    struct point_change *change = &adjust->change;
    const struct point_entry *entry = &change->entry;
    const char *reason = adjust->reason;
    if (point_change_execute(services, change, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result =
        reason != NULL ? point_table_set_reason(services->db, entry->history_id, reason) : DB_OK;
    if (result != DB_OK)
        return refuse_db(problem, result);
    struct logged_change log = {
        .entry = {.actor = adjust->actor,
                  .action = reason != NULL ? "point adjust" : "point charge",
                  .detail = reason != NULL ? reason : ""}};
    adjust->describe(change->user_id, entry->balance_after - entry->amount, &log.before);
    adjust->describe(change->user_id, entry->balance_after, &log.after);
    return refuse_db(problem, logged_change_write(services, &log));
}
