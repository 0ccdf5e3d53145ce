#include "domain/logged_change.h"

enum db_result
logged_change_write(struct services *services, struct logged_change *change)
{
    change->entry.old_values = change->before.data;
    change->entry.new_values = change->after.data;
    enum db_result result = audit_log_table_add(services->db, &change->entry);
    logged_change_free(change);
    return result;
}

void
logged_change_free(struct logged_change *change)
{
    buffer_free(&change->before);
    buffer_free(&change->after);
}
