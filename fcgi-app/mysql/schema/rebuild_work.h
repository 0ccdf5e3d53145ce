/*
 * rebuild_work: one table that is being rebuilt (rebuild.h), private to this folder: the statements
 * on it, which are written as templates, and its copy.
 */
#ifndef FRONTROW_MYSQL_REBUILD_WORK_H
#define FRONTROW_MYSQL_REBUILD_WORK_H

#include "base/buffer.h"
#include "mysql/schema/rebuild.h"

/*
 * What stands in the templates, by the name that it has there. `at` is the key
 * of the last row that was copied, `to` that of the last one of a batch, `end` that of the last one
 * that has to be copied.
 */
enum work_part {
    PART_TABLE,   /* {t} */
    PART_CHANGE,  /* {change} */
    PART_COLUMNS, /* {columns}: a, b */
    PART_NEW,     /* {new}: NEW.a, NEW.b */
    PART_SET,     /* {set}: a = NEW.a, b = NEW.b */
    PART_HEX,     /* {hex}: IFNULL(HEX(a), '-'), IFNULL(HEX(b), '-') */
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

struct work {
    struct database *db;
    const struct rebuild_table *table;
    struct buffer parts[PART_COUNT];
};

/* Fills in the parts; what was filled in is freed by work_close(), on failure as well. */
enum db_result work_open(struct work *work, struct database *db, const struct rebuild_table *table)
    MUST_CHECK;
void work_close(struct work *work);

/* Appends a template with the table's parts filled in. */
void work_expand(const struct work *work, const char *template, struct buffer *sql);

/* Runs a template, once and as it is. */
enum db_result work_run(const struct work *work, const char *template) MUST_CHECK;

/* Runs templates one after the other, until one fails. */
enum db_result work_run_all(const struct work *work, const char *const *templates, size_t count)
    MUST_CHECK;

/* Runs a template that changes tables, as rebuild_statement() does. */
enum db_result work_run_patiently(const struct work *work, const char *template) MUST_CHECK;

/* Whether the column of the table (with "", or of its copy with "new_") is what it shall be. */
enum db_result work_is_changed(const struct work *work, const char *prefix, bool *changed)
    MUST_CHECK;

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

struct attempts attempts_begin(void);

/* Whether an attempt that ended so is to be made again; then it is time for that. */
bool attempts_go_on(struct attempts *attempts, const struct database *db, enum db_result result);

/*
 * Makes the copy, has triggers keep it up to date, and copies all rows; from where anybody stopped
 * (rebuild_copy.c).
 */
enum db_result rebuild_copy(const struct work *work) MUST_CHECK;

#endif
