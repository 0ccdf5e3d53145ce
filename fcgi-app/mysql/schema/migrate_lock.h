/*
 * migrate_lock: one migration of a database at a time. GET_LOCK() holds at one server only, and two
 * migrations of a cluster may work at two of its nodes. So it is taken at each server of
 * mysql_hosts that takes writes; MySQL gives it back when the connection ends, however that comes.
 */
#ifndef FRONTROW_MYSQL_MIGRATE_LOCK_H
#define FRONTROW_MYSQL_MIGRATE_LOCK_H

#include "mysql/database.h"

struct migrate_lock;

/*
 * Waits up to a minute for each server; *lock is to be released in any case. DB_NONE: another
 * migration has it. Otherwise the sentence is db_error_text(db).
 */
enum db_result migrate_lock_take(struct database *db, struct migrate_lock **lock) MUST_CHECK;

void migrate_lock_release(struct migrate_lock *lock);

#endif
