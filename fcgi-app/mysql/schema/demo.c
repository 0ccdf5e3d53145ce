#include "mysql/schema/demo.h"

#include "mysql/concert/concert_table.h"
#include "mysql/schema/script.h"
#include "mysql/transaction.h"

enum { ATTEMPTS = 10 };

enum db_result
demo_count_concerts(struct database *db, int32_t *all, int32_t *others)
{
    static const struct query count = {
        "SELECT COUNT(*), COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM audit_log a"
        " WHERE a.concert_id = c.concert_id AND a.action = 'demo load') THEN 1 END)"
        " FROM concert c"};
    return db_select_one(db, &count, NO_PARAMETERS, COLUMNS(INTO_INT32(all), INTO_INT32(others)));
}

enum db_result
demo_next_concert(struct database *db, int32_t after, int32_t *concert_id)
{
    static const struct query next = {
        "SELECT concert_id FROM concert WHERE concert_id > ? ORDER BY concert_id LIMIT 1"};
    return db_select_one(db, &next, PARAMETERS(DB_INTEGER(after)), COLUMNS(INTO_INT32(concert_id)));
}

static enum db_result
replace_once(struct database *db, const char *sql)
{
    enum db_result result = transaction_begin(db);
    if (result != DB_OK)
        return result;
    result = script_run(db, sql);
    if (result == DB_OK)
        result = concert_table_stamp_layouts(db);
    if (result != DB_OK) {
        transaction_rollback(db);
        return result;
    }
    /* Where the outcome is unknown the caller may as well run it again. */
    return transaction_commit(db) == COMMIT_DONE ? DB_OK : DB_RETRY;
}

enum db_result
demo_replace_all(struct database *db, const char *sql)
{
    enum db_result result = DB_RETRY;
    for (int attempt = 0; attempt < ATTEMPTS && result == DB_RETRY; attempt++)
        result = replace_once(db, sql);
    return result;
}
