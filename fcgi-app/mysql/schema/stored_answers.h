/* stored_answers: what migration 010 does to a large table before its own statement: see there. */
#ifndef FRONTROW_MYSQL_STORED_ANSWERS_H
#define FRONTROW_MYSQL_STORED_ANSWERS_H

#include "mysql/schema/migrate.h"

enum { STORED_ANSWERS_VERSION = 10 };

/* What is left undone, because it is small, is done by the statement of the migration's file. */
enum migrate_result stored_answers_rebuild(struct database *db, char error[MIGRATE_ERROR_SIZE])
    MUST_CHECK;

#endif
