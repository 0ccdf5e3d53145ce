#include "mysql/schema/rebuild.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "mysql/transaction.h"

enum {
    BATCH_MIN = 1000, /* rows; fewer only where some of them are in use */
    BATCH_MAX = 20000,
    BATCH_MS = 100, /* about so long others find the rows of a batch locked */
    CONFLICT_PAUSE_MS = 5,
    PAUSE_MIN_MS = 250,
    PAUSE_MAX_MS = 2000,
    PATIENCE_MS = 3600000,
    TELL_EVERY_MS = 10000,
    NAME_SIZE = 65,
    TRIGGERS = 3, /* of a table */
};

/* From so many on, an ALTER would stop the sales for longer than nobody notices. */
#define LARGE_ROWS "20000"

/* So far above the table's next id its copy begins: the table gives some more until they change. */
#define IDS_AHEAD "100000"

/*
 * What stands in the templates of statements below, by the name that it has there. `at` is the key
 * of the last row that was copied, `to` that of the last one of a batch, `end` that of the last one
 * that has to be copied.
 */
enum part {
    PART_TABLE,   /* {t} */
    PART_CHANGE,  /* {change} */
    PART_COLUMNS, /* {columns}: a, b */
    PART_NEW,     /* {new}: NEW.a, NEW.b */
    PART_SET,     /* {set}: a = NEW.a, b = NEW.b */
    PART_QUOTED,  /* {quoted}: QUOTE(a), QUOTE(b) */
    PART_FIRST,   /* {first}: the key's first column */
    PART_KEY,     /* {key}: k, l */
    PART_LAST,    /* {last}: k DESC, l DESC */
    PART_IS_OLD,  /* {is_old}: k = OLD.k AND l = OLD.l */
    PART_AFTER,   /* {after}: behind @at */
    PART_TO,      /* {to}: @to1, @to2 */
    PART_END,     /* {end}: @end1, @end2 */
    PART_IN,      /* {in}: up to @to */
    PART_LEFT,    /* {left}: up to @end */
    PART_COUNT
};

static const char *const part_names[PART_COUNT] = {
    "t",    "change", "columns", "new", "set", "quoted", "first", "key",
    "last", "is_old", "after",   "to",  "end", "in",     "left",
};

/* One table in work. */
struct work {
    struct database *db;
    const struct rebuild_table *table;
    struct buffer parts[PART_COUNT];
};

static enum migrate_result
failed(const struct database *db, enum db_result result, char *error)
{
    snprintf(error, MIGRATE_ERROR_SIZE, "%s", db_error_text(db));
    return result == DB_GONE && !db_is_misconfigured(db) ? MIGRATE_GONE : MIGRATE_REFUSED;
}

/*
 * A change of a table waits until all who use it end their transactions, and whoever comes
 * meanwhile waits behind it. So an attempt ends after a second (lock_wait_timeout), and comes
 * again. It is never interrupted: a RENAME that MariaDB 10.11 was told to end by max_statement_time
 * hung.
 */
struct attempts {
    int64_t started, told;
    int pause_ms;
};

static struct attempts
begin_attempts(void)
{
    int64_t now = clock_monotonic();
    return (struct attempts){now, now, PAUSE_MIN_MS};
}

/* Whether an attempt that ended so is to be made again; then it is time for that. */
static bool
is_put_off(const struct database *db, enum db_result result, struct attempts *attempts)
{
    int64_t now = clock_monotonic();
    if (result != DB_RETRY || now - attempts->started > PATIENCE_MS)
        return false;
    if (now - attempts->told > TELL_EVERY_MS) {
        log_warn("migrate: waiting until others end their transactions: %s", db_error_text(db));
        attempts->told = now;
    }
    usleep((useconds_t)attempts->pause_ms * 1000);
    attempts->pause_ms += attempts->pause_ms < PAUSE_MAX_MS ? attempts->pause_ms : 0;
    return true;
}

enum db_result
rebuild_statement(struct database *db, const char *sql)
{
    struct attempts attempts = begin_attempts();
    enum db_result result;
    do {
        result = db_run_text(db, sql);
    } while (is_put_off(db, result, &attempts));
    return result;
}

/* Writes a template with the table's parts filled in. */
static void
expand(const struct work *work, const char *template, struct buffer *sql)
{
    while (*template != '\0') {
        size_t length = strcspn(template, "{");
        buffer_append(sql, template, length);
        template += length;
        for (int part = 0; *template == '{' && part < PART_COUNT; part++) {
            size_t name = strlen(part_names[part]);
            if (strncmp(template + 1, part_names[part], name) != 0 || template[name + 1] != '}')
                continue;
            buffer_append(sql, work->parts[part].data, work->parts[part].length);
            template += name + 2;
            break;
        }
    }
}

/* Runs a template, once and as it is. */
static enum db_result
run_once(const struct work *work, const char *template)
{
    struct buffer sql = {0};
    expand(work, template, &sql);
    enum db_result result = db_run_text(work->db, sql.data);
    buffer_free(&sql);
    return result;
}

/* Runs a template that changes tables. */
static enum db_result
run_patiently(const struct work *work, const char *template)
{
    struct buffer sql = {0};
    expand(work, template, &sql);
    enum db_result result = rebuild_statement(work->db, sql.data);
    buffer_free(&sql);
    return result;
}

/* ---- what there is */

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

/* Whether the column of the table (with "", or of its copy with "new_") is what it shall be. */
static enum db_result
is_changed(const struct work *work, const char *prefix, bool *changed)
{
    static const struct query find = {
        "SELECT COUNT(*) > 0 FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND table_name = CONCAT(?, ?) AND column_name = ? AND data_type = 'bigint'"};
    return db_select_one(
        work->db, &find,
        PARAMETERS(DB_TEXT(prefix), DB_TEXT(work->table->name), DB_TEXT(work->table->column)),
        COLUMNS(INTO_BOOL(changed)));
}

static enum db_result
is_large(const struct work *work, bool *large)
{
    static const struct query read = {"SELECT @is_large"};
    enum db_result result = run_once(work, "SELECT COUNT(*) = " LARGE_ROWS " INTO @is_large"
                                           " FROM (SELECT 1 FROM {t} LIMIT " LARGE_ROWS ") some");
    return result == DB_OK
               ? db_select_one(work->db, &read, NO_PARAMETERS, COLUMNS(INTO_BOOL(large)))
               : result;
}

/* ---- the parts of the statements */

static enum db_result
read_columns(struct work *work)
{
    static const struct query list = {
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND table_name = ? ORDER BY ordinal_position"};
    static const struct {
        enum part part;
        const char *before, *after;
    } lists[] = {
        {PART_COLUMNS, "`", "`"}, {PART_NEW, "NEW.`", "`"}, {PART_QUOTED, "QUOTE(`", "`)"}};
    const char *const *keys = work->table->keys;
    char name[NAME_SIZE];
    enum db_result result = db_select(work->db, &list, PARAMETERS(DB_TEXT(work->table->name)),
                                      COLUMNS(INTO_TEXT(name)));
    while (result == DB_OK && (result = db_next(work->db)) == DB_OK) {
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            struct buffer *part = &work->parts[lists[i].part];
            buffer_format(part, "%s%s%s%s", part->length > 0 ? ", " : "", lists[i].before, name,
                          lists[i].after);
        }
        struct buffer *set = &work->parts[PART_SET];
        if (strcmp(name, keys[0]) != 0 && (keys[1] == NULL || strcmp(name, keys[1]) != 0))
            buffer_format(set, "%s`%s` = NEW.`%s`", set->length > 0 ? ", " : "", name, name);
    }
    return result == DB_NONE ? DB_OK : result;
}

static void
write_key_parts(struct work *work)
{
    const char *k = work->table->keys[0], *l = work->table->keys[1];
    struct buffer *parts = work->parts;
    buffer_text(&parts[PART_FIRST], k);
    if (l == NULL) {
        buffer_text(&parts[PART_KEY], k);
        buffer_format(&parts[PART_LAST], "%s DESC", k);
        buffer_format(&parts[PART_IS_OLD], "%s = OLD.%s", k, k);
        buffer_format(&parts[PART_AFTER], "%s > @at1", k);
        buffer_text(&parts[PART_TO], "@to1");
        buffer_text(&parts[PART_END], "@end1");
        buffer_format(&parts[PART_IN], "%s <= @to1", k);
        buffer_format(&parts[PART_LEFT], "%s <= @end1", k);
        return;
    }
    /* (k, l) > (@at1, @at2) would read the table from its begin */
    buffer_format(&parts[PART_KEY], "%s, %s", k, l);
    buffer_format(&parts[PART_LAST], "%s DESC, %s DESC", k, l);
    buffer_format(&parts[PART_IS_OLD], "%s = OLD.%s AND %s = OLD.%s", k, k, l, l);
    buffer_format(&parts[PART_AFTER], "(%s > @at1 OR (%s = @at1 AND %s > @at2))", k, k, l);
    buffer_text(&parts[PART_TO], "@to1, @to2");
    buffer_text(&parts[PART_END], "@end1, @end2");
    buffer_format(&parts[PART_IN], "(%s < @to1 OR (%s = @to1 AND %s <= @to2))", k, k, l);
    buffer_format(&parts[PART_LEFT], "(%s < @end1 OR (%s = @end1 AND %s <= @end2))", k, k, l);
}

static enum db_result
open_work(struct work *work)
{
    buffer_text(&work->parts[PART_TABLE], work->table->name);
    buffer_text(&work->parts[PART_CHANGE], work->table->change);
    write_key_parts(work);
    return read_columns(work);
}

static void
close_work(struct work *work)
{
    for (int part = 0; part < PART_COUNT; part++)
        buffer_free(&work->parts[part]);
}

/* ---- the copy */

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
    enum db_result result = is_changed(work, "new_", &there);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && result == DB_OK && !there; i++)
        result = run_patiently(work, steps[i]);
    return result;
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
    result = run_patiently(work, "LOCK TABLES {t} WRITE");
    if (result == DB_OK)
        result = run_once(work, "DO SLEEP(0.02)");
    for (int i = 0; i < TRIGGERS && result == DB_OK; i++)
        if (!there[i])
            result = run_once(work, triggers[i].make);
    enum db_result unlocked = run_once(work, "UNLOCK TABLES");
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
    enum db_result result = DB_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && result == DB_OK; i++)
        result = run_once(work, steps[i]);
    return result;
}

/* Sets @at and @end as they were written down. */
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
    static const struct query compare = {
        "SELECT @end1 IS NULL OR (@at1 = @end1 AND (@end2 IS NULL OR @at2 = @end2))"};
    enum db_result result = run_once(work, work->table->text_keys ? texts : numbers);
    return result == DB_OK
               ? db_select_one(work->db, &compare, NO_PARAMETERS, COLUMNS(INTO_BOOL(copied)))
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
    enum db_result result = DB_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && result == DB_OK; i++)
        result = run_once(work, steps[i]);
    return result;
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

/* ---- the change of names */

/* Whether the copy is the table, row by row, at one instant. */
static enum migrate_result
compare_copy(const struct work *work, char *error)
{
    static const struct query compare = {"SELECT @rows = @copied_rows AND @sum = @copied_sum"};
    bool same = false;
    enum db_result result = transaction_begin_snapshot(work->db);
    if (result == DB_OK)
        result = run_once(work, "SELECT COUNT(*), COALESCE(SUM(CRC32(CONCAT_WS(',', {quoted}))), 0)"
                                " INTO @rows, @sum FROM {t}");
    if (result == DB_OK)
        result = run_once(work, "SELECT COUNT(*), COALESCE(SUM(CRC32(CONCAT_WS(',', {quoted}))), 0)"
                                " INTO @copied_rows, @copied_sum FROM new_{t}");
    if (result == DB_OK)
        result = db_select_one(work->db, &compare, NO_PARAMETERS, COLUMNS(INTO_BOOL(&same)));
    transaction_rollback(work->db);
    if (result != DB_OK)
        return failed(work->db, result, error);
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
    enum db_result result = DB_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && result == DB_OK; i++)
        result = run_once(work, steps[i]);
    return result;
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
        expand(&works[i], "{t} TO old_{t}, new_{t} TO {t}", &sql);
    }
    struct attempts attempts = begin_attempts();
    do {
        result = DB_OK;
        for (size_t i = 0; i < count && result == DB_OK; i++)
            result = move_ids_on(&works[i]);
        if (result == DB_OK)
            result = db_run_text(db, sql.data);
    } while (is_put_off(db, result, &attempts));
    buffer_free(&sql);
    return result;
}

/* Those that refer to others go first. */
static enum db_result
drop_old(const struct work *works, size_t count)
{
    enum db_result result = DB_OK;
    for (size_t i = count; i > 0 && result == DB_OK; i--)
        result = run_patiently(&works[i - 1], "DROP TABLE IF EXISTS old_{t}");
    return result;
}

/* ---- the whole */

/* Whether there is something to do that an ALTER would take too long for, or that was begun. */
static enum db_result
is_due(const struct work *works, size_t count, bool *due)
{
    bool changed = false;
    *due = false;
    enum db_result result = is_changed(&works[0], "", &changed);
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
        result = make_copy(&works[i]);
        if (result == DB_OK)
            result = make_triggers(&works[i]);
        if (result == DB_OK)
            result = copy_rows(&works[i]);
    }
    if (result != DB_OK)
        return failed(db, result, error);
    for (size_t i = 0; i < count && outcome == MIGRATE_OK; i++)
        outcome = compare_copy(&works[i], error);
    if (outcome != MIGRATE_OK)
        return outcome;
    result = change_names(works, count);
    return result == DB_OK ? MIGRATE_OK : failed(db, result, error);
}

enum migrate_result
rebuild_run(struct database *db, const struct rebuild_table *tables, size_t count,
            char error[MIGRATE_ERROR_SIZE])
{
    struct work works[REBUILD_TABLES] = {0};
    bool due = false;
    enum db_result result = DB_OK;
    assert(count > 0 && count <= REBUILD_TABLES);
    for (size_t i = 0; i < count && result == DB_OK; i++) {
        works[i].db = db;
        works[i].table = &tables[i];
        result = open_work(&works[i]);
    }
    if (result == DB_OK)
        result = is_due(works, count, &due);
    enum migrate_result outcome =
        result == DB_OK && due ? rebuild(works, count, error) : MIGRATE_OK;
    if (result == DB_OK && outcome == MIGRATE_OK)
        result = drop_old(works, count);
    if (result != DB_OK)
        outcome = failed(db, result, error);
    for (size_t i = 0; i < count; i++)
        close_work(&works[i]);
    return outcome;
}

enum migrate_result
rebuild_finish(struct database *db, char error[MIGRATE_ERROR_SIZE])
{
    enum db_result result = rebuild_statement(db, "DROP TABLE IF EXISTS rebuild_progress");
    return result == DB_OK ? MIGRATE_OK : failed(db, result, error);
}
