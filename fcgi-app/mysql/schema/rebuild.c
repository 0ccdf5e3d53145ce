#include "mysql/schema/rebuild.h"

#include <assert.h>
#include <stdio.h>

#include "base/log.h"
#include "mysql/schema/rebuild_work.h"
#include "mysql/transaction.h"

/* From so many on, an ALTER would stop the sales for longer than nobody notices. */
#define LARGE_ROWS "20000"

/* So far above the table's next id its copy begins: the table gives some more until they change. */
#define IDS_AHEAD "100000"

static enum db_result
has_table(const struct work *work, const char *prefix, bool *there)
{
    static const struct query find = {
        "SELECT COUNT(*) > 0 FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = CONCAT(?, ?)"};
    return db_select_one(work->db, &find, PARAMETERS(DB_TEXT(prefix), DB_TEXT(work->table->name)),
                         COLUMNS(INTO_BOOL(there)));
}

static enum db_result
is_large(const struct work *work, bool *large)
{
    static const struct query read = {"SELECT @is_large"};
    enum db_result result = work_run(work, "SELECT COUNT(*) = " LARGE_ROWS " INTO @is_large"
                                           " FROM (SELECT 1 FROM {t} LIMIT " LARGE_ROWS ") some");
    return result == DB_OK
               ? db_select_one(work->db, &read, NO_PARAMETERS, COLUMNS(INTO_BOOL(large)))
               : result;
}

/* Whether the copy is the table, row by row, at one instant. */
static enum migrate_result
compare_copy(const struct work *work, char *error)
{
    static const struct query compare = {"SELECT @rows = @copied_rows AND @sum = @copied_sum"};
    bool same = false;
    enum db_result result = transaction_begin_snapshot(work->db);
    if (result == DB_OK)
        result = work_run(work, "SELECT COUNT(*), COALESCE(SUM(CRC32(CONCAT_WS(',', {hex}))), 0)"
                                " INTO @rows, @sum FROM {t}");
    if (result == DB_OK)
        result = work_run(work, "SELECT COUNT(*), COALESCE(SUM(CRC32(CONCAT_WS(',', {hex}))), 0)"
                                " INTO @copied_rows, @copied_sum FROM new_{t}");
    if (result == DB_OK)
        result = db_select_one(work->db, &compare, NO_PARAMETERS, COLUMNS(INTO_BOOL(&same)));
    transaction_rollback(work->db);
    if (result != DB_OK)
        return migrate_failed(work->db, result, error);
    if (same)
        return MIGRATE_OK;
    snprintf(error, MIGRATE_ERROR_SIZE,
             "new_%s is not what %s is: drop the triggers rebuild_%s_insert, ..._update and"
             " ..._delete, then new_%s, and run this again",
             work->table->name, work->table->name, work->table->name, work->table->name);
    return MIGRATE_REFUSED;
}

/* No id that was given, if only to a row that was rolled back, is given again. */
static enum db_result
move_ids_on(const struct work *work)
{
    static const char *const steps[] = {
        "SET /*!80000 SESSION information_schema_stats_expiry = 0, */ @change = NULL",
        "SET @change = COALESCE((SELECT CONCAT('ALTER TABLE new_{t} AUTO_INCREMENT = ',"
        " auto_increment + " IDS_AHEAD ") FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = '{t}'), 'DO 0')",
        "PREPARE change_ids FROM @change",
        "EXECUTE change_ids",
        "DEALLOCATE PREPARE change_ids",
    };
    return work_run_all(work, steps, sizeof steps / sizeof steps[0]);
}

/* All at once: nobody sees a reservation without its seats. */
static enum db_result
change_names(const struct work *works, size_t count)
{
    struct database *db = works[0].db;
    struct buffer sql = {0};
    enum db_result result;
    buffer_text(&sql, "RENAME TABLE ");
    for (size_t i = 0; i < count; i++) {
        buffer_text(&sql, i > 0 ? ", " : "");
        work_expand(&works[i], "{t} TO old_{t}, new_{t} TO {t}", &sql);
    }
    struct attempts attempts = attempts_begin();
    do {
        result = DB_OK;
        for (size_t i = 0; i < count && result == DB_OK; i++)
            result = move_ids_on(&works[i]);
        if (result == DB_OK)
            result = db_run_text(db, sql.data);
    } while (attempts_go_on(&attempts, db, result));
    buffer_free(&sql);
    return result;
}

/* Whether there is something to do that an ALTER would take too long for, or that was begun. */
static enum db_result
is_due(const struct work *works, size_t count, bool *due)
{
    bool changed = false;
    *due = false;
    enum db_result result = work_is_changed(&works[0], "", &changed);
    for (size_t i = 0; i < count && result == DB_OK && !changed && !*due; i++) {
        result = has_table(&works[i], "new_", due);
        if (result == DB_OK && !*due)
            result = is_large(&works[i], due);
    }
    return result;
}

static enum migrate_result
rebuild(const struct work *works, size_t count, char *error)
{
    struct database *db = works[0].db;
    enum migrate_result outcome = MIGRATE_OK;
    enum db_result result = DB_OK;
    for (size_t i = 0; i < count && result == DB_OK; i++) {
        log_info("migrate: %s is rebuilt beside its users", works[i].table->name);
        result = rebuild_copy(&works[i]);
    }
    if (result != DB_OK)
        return migrate_failed(db, result, error);
    for (size_t i = 0; i < count && outcome == MIGRATE_OK; i++)
        outcome = compare_copy(&works[i], error);
    if (outcome != MIGRATE_OK)
        return outcome;
    result = change_names(works, count);
    return result == DB_OK ? MIGRATE_OK : migrate_failed(db, result, error);
}

enum migrate_result
rebuild_run(struct database *db, const struct rebuild_table *tables, size_t count,
            char error[MIGRATE_ERROR_SIZE])
{
    struct work works[REBUILD_TABLES] = {0};
    bool due = false;
    enum db_result result = DB_OK;
    assert(count > 0 && count <= REBUILD_TABLES);
    for (size_t i = 0; i < count && result == DB_OK; i++)
        result = work_open(&works[i], db, &tables[i]);
    if (result == DB_OK)
        result = is_due(works, count, &due);
    enum migrate_result outcome =
        result == DB_OK && due ? rebuild(works, count, error) : MIGRATE_OK;
    /* those that refer to others go first */
    for (size_t i = count; i > 0 && result == DB_OK && outcome == MIGRATE_OK; i--)
        result = work_run_patiently(&works[i - 1], "DROP TABLE IF EXISTS old_{t}");
    if (result != DB_OK)
        outcome = migrate_failed(db, result, error);
    for (size_t i = 0; i < count; i++)
        work_close(&works[i]);
    return outcome;
}

enum migrate_result
rebuild_finish(struct database *db, char error[MIGRATE_ERROR_SIZE])
{
    enum db_result result = rebuild_statement(db, "DROP TABLE IF EXISTS rebuild_progress");
    return result == DB_OK ? MIGRATE_OK : migrate_failed(db, result, error);
}
