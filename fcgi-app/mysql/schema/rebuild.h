/*
 * rebuild: changes columns of a large table beside its users. An ALTER that changes a column's type
 * copies the table and lets nobody write meanwhile. So an empty copy is altered, triggers
 * repeat in it all writes to the table, the rows are copied in small batches, and then the two
 * exchange their names. It can be killed at any moment and run again.
 */
#ifndef FRONTROW_MYSQL_REBUILD_H
#define FRONTROW_MYSQL_REBUILD_H

#include "mysql/schema/migrate.h"

enum { REBUILD_TABLES = 4 }; /* at most, that change names together */

struct rebuild_table {
    const char *name;
    const char *column;  /* one that changes its type: by that it is told what was done */
    const char *type;    /* data_type of information_schema.columns that it gets */
    const char *change;  /* what ALTER TABLE does to the empty copy */
    const char *keys[2]; /* the columns of the primary key; the second one NULL: there is none */
    bool text_keys;      /* they are ascii, else they are numbers from 1 on; they never change */
};

/*
 * Runs a statement that changes tables and gives way to those who use them: it is run again until
 * none of them is in its way, for an hour. The session's lock_wait_timeout says how long others may
 * wait behind it.
 */
enum db_result rebuild_statement(struct database *db, const char *sql) MUST_CHECK;

/*
 * Rebuilds tables that change names together, as foreign keys tie them: one that others refer to
 * comes before them. Tables that are so small that an ALTER is over at once, and those that are
 * rebuilt already, are left alone. On failure one sentence is in `error`.
 */
enum migrate_result rebuild_run(struct database *db, const struct rebuild_table *tables,
                                size_t count, char error[MIGRATE_ERROR_SIZE]) MUST_CHECK;

/* Forgets how far the copying went; after all of a migration's tables. */
enum migrate_result rebuild_finish(struct database *db, char error[MIGRATE_ERROR_SIZE]) MUST_CHECK;

#endif
