#include "domain/organiser/point_adjust.h"

#include "mysql/organiser/audit_log_table.h"

enum error
point_adjust_execute(struct services *services, void *state, struct problem *problem)
{
    struct point_adjust *adjust = state;
    struct point_change *change = &adjust->change;
    const struct point_entry *entry = &change->entry;
    struct buffer old_values = {0}, new_values = {0};
    enum error error = point_change_execute(services, change, problem);
    if (error != ERROR_NONE)
        return error;
    adjust->describe(change->user_id, entry->balance_after - entry->amount, &old_values);
    adjust->describe(change->user_id, entry->balance_after, &new_values);
    const char *reason = adjust->reason;
    enum db_result result =
        reason != NULL ? point_table_set_reason(services->db, entry->history_id, reason) : DB_OK;
    if (result == DB_OK)
        result = audit_log_table_add(services->db,
                                     &(struct log_entry){
                                         .actor = adjust->actor,
                                         .action = reason != NULL ? "point adjust" : "point charge",
                                         .detail = reason != NULL ? reason : "",
                                         .old_values = old_values.data,
                                         .new_values = new_values.data,
                                     });
    buffer_free(&old_values);
    buffer_free(&new_values);
    return refuse_db(problem, result);
}
