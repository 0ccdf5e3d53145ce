/* wide_ids: what migration 009 does to large tables before its own statements: ids become BIGINT.
 */
#ifndef FRONTROW_MYSQL_WIDE_IDS_H
#define FRONTROW_MYSQL_WIDE_IDS_H

#include "mysql/schema/migrate.h"

enum { WIDE_IDS_VERSION = 9 };

/* What is left undone, because it is small, is done by the statements of the migration's file. */
enum migrate_result wide_ids_rebuild(struct database *db, char error[MIGRATE_ERROR_SIZE])
    MUST_CHECK;

#endif
