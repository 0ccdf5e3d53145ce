#include "mysql/organiser/audit_log_table.h"

static struct parameter
values_or_null(const char *values)
{
    return values != NULL ? DB_OPTIONAL_TEXT(values) : DB_NULL;
}

enum db_result
audit_log_table_add(struct database *db, const struct log_entry *entry)
{
    /* TEXT holds 65,535 bytes, and a change's body a mebibyte */
    static const struct query insert = {
        "INSERT INTO audit_log (actor, action, concert_id, detail, old_values, new_values,"
        " created_at) VALUES (?, ?, ?, LEFT(?, 10000), ?, ?, UTC_TIMESTAMP(3))"};
    return db_execute(db, &insert,
                      PARAMETERS(DB_TEXT(entry->actor), DB_TEXT(entry->action),
                                 DB_OPTIONAL(entry->concert_id != 0, entry->concert_id),
                                 DB_TEXT(entry->detail), values_or_null(entry->old_values),
                                 values_or_null(entry->new_values)));
}

#define LOG_COLUMNS                                                                                \
    "audit_log_id, actor, action, concert_id, detail, old_values, new_values, created_at"

enum db_result
audit_log_table_list(struct database *db, int32_t concert_id, int64_t before, int32_t limit,
                     struct log_row *row)
{
    static const struct query all = {"SELECT " LOG_COLUMNS
                                     " FROM audit_log FORCE INDEX (PRIMARY) WHERE audit_log_id < ?"
                                     " ORDER BY audit_log_id DESC LIMIT ?"};
    static const struct query of_concert = {
        "SELECT " LOG_COLUMNS " FROM audit_log FORCE INDEX (audit_log_of_concert)"
        " WHERE audit_log_id < ? AND concert_id = ? ORDER BY audit_log_id DESC LIMIT ?"};
    const struct column columns[] = {
        INTO_INT64(&row->log_id),     INTO_TEXT(row->actor),          INTO_TEXT(row->action),
        INTO_INT32(&row->concert_id), INTO_TEXT(row->detail),         INTO_TEXT(row->old_values),
        INTO_TEXT(row->new_values),   INTO_INSTANT(&row->created_at),
    };
    const size_t count = sizeof columns / sizeof columns[0];
    if (concert_id == 0)
        return db_select(db, &all, PARAMETERS(DB_INTEGER(before), DB_INTEGER(limit)), columns,
                         count);
    return db_select(db, &of_concert,
                     PARAMETERS(DB_INTEGER(before), DB_INTEGER(concert_id), DB_INTEGER(limit)),
                     columns, count);
}
