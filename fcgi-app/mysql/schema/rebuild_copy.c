/* The part of rebuild that makes a table's copy and fills it. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "mysql/schema/rebuild_work.h"
#include "mysql/transaction.h"

enum {
    BATCH_MIN = 1000, /* rows; fewer only where some of them are in use */
    BATCH_MAX = 20000,
    BATCH_MS = 100, /* about so long others find the rows of a batch locked */
    CONFLICT_PAUSE_MS = 5,
    TELL_EVERY_MS = 10000,
    TRIGGERS = 3, /* of a table */
};

static enum db_result
make_copy(const struct work *work)
{
    static const char *const steps[] = {
        "CREATE TABLE IF NOT EXISTS rebuild_progress (name VARCHAR(64) NOT NULL,"
        " at1 VARBINARY(255) NOT NULL, at2 VARBINARY(255) NOT NULL,"
        " end1 VARBINARY(255) NULL, end2 VARBINARY(255) NULL, PRIMARY KEY (name))"
        " ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
        "DELETE FROM rebuild_progress WHERE name = '{t}'",
        "CREATE TABLE IF NOT EXISTS new_{t} LIKE {t}",
        "ALTER TABLE new_{t} {change}",
    };
    bool there = false;
    enum db_result result = work_is_changed(work, "new_", &there);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && result == DB_OK && !there; i++)
        result = work_run_patiently(work, steps[i]);
    return result;
}

static enum db_result
has_trigger(const struct work *work, const char *event, bool *there)
{
    static const struct query find = {
        "SELECT COUNT(*) > 0 FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        " AND event_object_table = ? AND trigger_name = CONCAT('rebuild_', ?, '_', ?)"};
    return db_select_one(
        work->db, &find,
        PARAMETERS(DB_TEXT(work->table->name), DB_TEXT(work->table->name), DB_TEXT(event)),
        COLUMNS(INTO_BOOL(there)));
}

/*
 * From then on nothing that is written is missed. A row that was not copied yet is not there to be
 * updated or deleted; it will be copied as it is by then. The one for new rows comes last: none may
 * be in the copy while nobody keeps it up to date there.
 *
 * Nobody uses the table meanwhile, and a moment before. MariaDB 10.11 dates triggers to 10 ms: a
 * statement that was prepared just before another trigger came went on without it, and failed.
 */
static enum db_result
make_triggers(const struct work *work)
{
    static const struct {
        const char *event, *make;
    } triggers[TRIGGERS] = {
        {"update", "CREATE TRIGGER rebuild_{t}_update AFTER UPDATE ON {t} FOR EACH ROW"
                   " UPDATE new_{t} SET {set} WHERE {is_old}"},
        {"delete", "CREATE TRIGGER rebuild_{t}_delete AFTER DELETE ON {t} FOR EACH ROW"
                   " DELETE FROM new_{t} WHERE {is_old}"},
        {"insert", "CREATE TRIGGER rebuild_{t}_insert AFTER INSERT ON {t} FOR EACH ROW"
                   " INSERT INTO new_{t} ({columns}) VALUES ({new})"},
    };
    bool there[TRIGGERS] = {false};
    enum db_result result = DB_OK;
    for (int i = 0; i < TRIGGERS && result == DB_OK; i++)
        result = has_trigger(work, triggers[i].event, &there[i]);
    if (result != DB_OK || there[TRIGGERS - 1])
        return result;
    result = work_run_patiently(work, "LOCK TABLES {t} WRITE");
    if (result == DB_OK)
        result = work_run(work, "DO SLEEP(0.02)");
    for (int i = 0; i < TRIGGERS && result == DB_OK; i++)
        if (!there[i])
            result = work_run(work, triggers[i].make);
    enum db_result unlocked = work_run(work, "UNLOCK TABLES");
    return result == DB_OK ? unlocked : result;
}

/*
 * Writes down where the copying begins, and the last row that there is now: what comes later is
 * written by the triggers.
 */
static enum db_result
note_begin(const struct work *work)
{
    static const char *const steps[] = {
        "SET @end1 = NULL, @end2 = NULL",
        "SELECT {key} INTO {end} FROM {t} ORDER BY {last} LIMIT 1",
        "INSERT IGNORE INTO rebuild_progress VALUES ('{t}', '', '', @end1, @end2)",
    };
    return work_run_all(work, steps, sizeof steps / sizeof steps[0]);
}

/*
 * Sets @at and @end as they were written down. They are compared by a statement that is not
 * prepared: MySQL gives a variable in a prepared one the type that it had at first, so that texts
 * would be compared as numbers after a table with numbers.
 */
static enum db_result
read_progress(const struct work *work, bool *copied)
{
    static const char numbers[] =
        "SELECT CAST(at1 AS SIGNED), CAST(at2 AS SIGNED), CAST(end1 AS SIGNED),"
        " CAST(end2 AS SIGNED) INTO @at1, @at2, @end1, @end2"
        " FROM rebuild_progress WHERE name = '{t}'";
    static const char texts[] =
        "SELECT CONVERT(at1 USING ascii) COLLATE ascii_bin, CONVERT(at2 USING ascii) COLLATE"
        " ascii_bin, CONVERT(end1 USING ascii) COLLATE ascii_bin, CONVERT(end2 USING ascii)"
        " COLLATE ascii_bin INTO @at1, @at2, @end1, @end2"
        " FROM rebuild_progress WHERE name = '{t}'";
    static const char compare[] = "SET @is_copied = @end1 IS NULL OR (@at1 = @end1 AND"
                                  " (@end2 IS NULL OR @at2 = @end2))";
    static const struct query read = {"SELECT @is_copied"};
    enum db_result result = work_run(work, work->table->text_keys ? texts : numbers);
    if (result == DB_OK)
        result = work_run(work, compare);
    return result == DB_OK
               ? db_select_one(work->db, &read, NO_PARAMETERS, COLUMNS(INTO_BOOL(copied)))
               : result;
}

/*
 * Its rows are locked, so that none is deleted or changed between its being read and its being
 * there to be changed by a trigger. Nobody is waited for: who does so with locks of his own would
 * be part of a deadlock.
 */
static enum db_result
write_batch(const struct work *work, int size)
{
    char find[256];
    snprintf(find, sizeof find,
             "SELECT {key} INTO {to} FROM {t} FORCE INDEX (PRIMARY)"
             " WHERE {after} AND {left} ORDER BY {key} LIMIT %d, 1",
             size - 1);
    static const char copy[] =
        "INSERT INTO new_{t} ({columns}) SELECT {columns} FROM {t} FORCE INDEX (PRIMARY)"
        " WHERE {after} AND {in} FOR UPDATE NOWAIT"
        " ON DUPLICATE KEY UPDATE new_{t}.{first} = new_{t}.{first}";
    const char *const steps[] = {
        "SET @to1 = NULL, @to2 = NULL",
        find,
        "SET @to2 = IF(@to1 IS NULL, @end2, @to2), @to1 = COALESCE(@to1, @end1)",
        copy,
        "UPDATE rebuild_progress SET at1 = @to1, at2 = COALESCE(@to2, '') WHERE name = '{t}'",
    };
    return work_run_all(work, steps, sizeof steps / sizeof steps[0]);
}

/* The next batch, in one transaction; the variables are its session's. */
static enum db_result
copy_batch(const struct work *work, int size, bool *copied)
{
    enum db_result result = transaction_begin(work->db);
    if (result == DB_OK)
        result = read_progress(work, copied);
    if (result == DB_OK && !*copied)
        result = write_batch(work, size);
    if (result == DB_OK)
        return transaction_commit(work->db) == COMMIT_DONE ? DB_OK : DB_RETRY;
    transaction_rollback(work->db);
    return result;
}

/* Copies what is left, and rests as long as it works. */
static enum db_result
copy_rows(const struct work *work)
{
    int size = BATCH_MIN;
    int64_t rows = 0, told = clock_monotonic();
    bool copied = false;
    enum db_result result = note_begin(work);
    while (result == DB_OK && !copied) {
        int64_t started = clock_monotonic();
        result = copy_batch(work, size, &copied);
        int64_t now = clock_monotonic(), took = now - started;
        if (result == DB_RETRY) { /* some of its rows were in use */
            size = size > 1 ? size / 2 : 1;
            took = CONFLICT_PAUSE_MS;
            result = DB_OK;
        } else if (result == DB_OK) {
            rows += size;
            if (took > BATCH_MS && size >= 2 * BATCH_MIN)
                size /= 2;
            else if ((took < BATCH_MS / 2 || size < BATCH_MIN) && size <= BATCH_MAX / 2)
                size *= 2;
        }
        if (now - told > TELL_EVERY_MS) {
            log_info("migrate: %s: %lld rows copied", work->table->name, (long long)rows);
            told = now;
        }
        usleep((useconds_t)took * 1000);
    }
    return result;
}

enum db_result
rebuild_copy(const struct work *work)
{
    enum db_result result = make_copy(work);
    if (result == DB_OK)
        result = make_triggers(work);
    return result == DB_OK ? copy_rows(work) : result;
}
