#include "mysql/schema/rebuild_work.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    PAUSE_MIN_MS = 250,
    PAUSE_MAX_MS = 2000,
    PATIENCE_MS = 3600000,
    TELL_EVERY_MS = 10000,
    NAME_SIZE = 65,
};

static const char *const part_names[PART_COUNT] = {
    "t",    "change", "columns", "new", "set", "hex", "first", "key",
    "last", "is_old", "after",   "to",  "end", "in",  "left",
};

struct attempts
attempts_begin(void)
{
    int64_t now = clock_monotonic();
    return (struct attempts){now, now, PAUSE_MIN_MS};
}

bool
attempts_go_on(struct attempts *attempts, const struct database *db, enum db_result result)
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
    struct attempts attempts = attempts_begin();
    enum db_result result;
    do {
        result = db_run_text(db, sql);
    } while (attempts_go_on(&attempts, db, result));
    return result;
}

void
work_expand(const struct work *work, const char *template, struct buffer *sql)
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

static enum db_result
run_expanded(const struct work *work, const char *template,
             enum db_result (*run)(struct database *db, const char *sql))
{
    struct buffer sql = {0};
    work_expand(work, template, &sql);
    enum db_result result = run(work->db, sql.data);
    buffer_free(&sql);
    return result;
}

enum db_result
work_run(const struct work *work, const char *template)
{
    return run_expanded(work, template, db_run_text);
}

enum db_result
work_run_all(const struct work *work, const char *const *templates, size_t count)
{
    enum db_result result = DB_OK;
    for (size_t i = 0; i < count && result == DB_OK; i++)
        result = work_run(work, templates[i]);
    return result;
}

enum db_result
work_run_patiently(const struct work *work, const char *template)
{
    return run_expanded(work, template, rebuild_statement);
}

enum db_result
work_is_changed(const struct work *work, const char *prefix, bool *changed)
{
    static const struct query find = {
        "SELECT COUNT(*) > 0 FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND table_name = CONCAT(?, ?) AND column_name = ? AND data_type = ?"};
    return db_select_one(work->db, &find,
                         PARAMETERS(DB_TEXT(prefix), DB_TEXT(work->table->name),
                                    DB_TEXT(work->table->column), DB_TEXT(work->table->type)),
                         COLUMNS(INTO_BOOL(changed)));
}

static enum db_result
read_columns(struct work *work)
{
    static const struct query list = {
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND table_name = ? ORDER BY ordinal_position"};
    static const struct {
        enum work_part part;
        const char *before, *after;
    } lists[] = {
        {PART_COLUMNS, "`", "`"}, {PART_NEW, "NEW.`", "`"}, {PART_HEX, "IFNULL(HEX(`", "`), '-')"}};
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

enum db_result
work_open(struct work *work, struct database *db, const struct rebuild_table *table)
{
    *work = (struct work){.db = db, .table = table};
    buffer_text(&work->parts[PART_TABLE], table->name);
    buffer_text(&work->parts[PART_CHANGE], table->change);
    write_key_parts(work);
    return read_columns(work);
}

void
work_close(struct work *work)
{
    for (int part = 0; part < PART_COUNT; part++)
        buffer_free(&work->parts[part]);
}
