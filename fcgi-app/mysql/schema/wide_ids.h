/*
 * wide_ids: the highest id of each table that gives ids, and what migration 009 does to large
 * tables before its own statements: ids become BIGINT.
 */
#ifndef FRONTROW_MYSQL_WIDE_IDS_H
#define FRONTROW_MYSQL_WIDE_IDS_H

#include "mysql/schema/migrate.h"

enum { WIDE_IDS_VERSION = 9 };

/* What is left undone, because it is small, is done by the statements of the migration's file. */
enum migrate_result wide_ids_rebuild(struct database *db, char error[MIGRATE_ERROR_SIZE])
    MUST_CHECK;

enum { ID_TABLES = 6 };

struct id_use {
    const char *table; /* static */
    int64_t last;      /* the highest id in use, 0: none */
    int64_t max;       /* the highest one that there may be */
};

/* Reads the ends of six indexes. A table's next id may be higher than its last: see AUTO_INCREMENT.
 */
enum db_result wide_ids_read(struct database *db, struct id_use uses[ID_TABLES]) MUST_CHECK;

#endif
