/*
 * migrate: the numbered files of schema/ (NNN_name.sql), each run once and remembered in
 * schema_migrations with its checksum. MySQL commits at each DDL statement, so a file that was
 * interrupted is run again from its begin: its statements must allow that.
 */
#ifndef FRONTROW_MYSQL_MIGRATE_H
#define FRONTROW_MYSQL_MIGRATE_H

#include "mysql/database.h"

enum { MIGRATE_ERROR_SIZE = 640 };

enum migrate_result {
    MIGRATE_OK,
    MIGRATE_REFUSED, /* schema and files, or schema and program, do not fit; SQL failed; or the
                        server is set up in a way that cannot be worked with */
    MIGRATE_GONE,    /* MySQL is out of reach */
};

/*
 * Runs what was not yet run of the files in `directory`, in order, while no other migration of
 * this database runs. Sets `version` to the last one and `applied` to how many were run now.
 * On failure one sentence is in `error`.
 */
enum migrate_result migrate_apply(struct database *db, const char *directory, int *version,
                                  int *applied, char error[MIGRATE_ERROR_SIZE]) MUST_CHECK;

/*
 * Whether the database has exactly the schema that this program was built with: refused on one
 * that is older, newer or made from other files. For every program's start.
 */
enum migrate_result migrate_check(struct database *db, char error[MIGRATE_ERROR_SIZE]) MUST_CHECK;

/* What it means that a statement of a migration failed; the sentence is the database's. */
enum migrate_result migrate_failed(const struct database *db, enum db_result result,
                                   char error[MIGRATE_ERROR_SIZE]) MUST_CHECK;

#endif
