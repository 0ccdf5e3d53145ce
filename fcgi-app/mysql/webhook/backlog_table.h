/* backlog_table: the SQL of what webhooks have not heard, for monitoring. */
#ifndef FRONTROW_MYSQL_BACKLOG_TABLE_H
#define FRONTROW_MYSQL_BACKLOG_TABLE_H

#include "mysql/database.h"

/* Of all webhooks. */
struct backlog {
    int64_t oldest_ms; /* for how long the oldest event waits that has not arrived; 0: none waits */
    int64_t dead;      /* deliveries that were given up */
};

enum db_result backlog_table_read(struct database *db, struct backlog *backlog) MUST_CHECK;

#endif
