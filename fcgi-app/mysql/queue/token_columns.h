/* token_columns: the columns of a token, and the period of its queue, in the statements of mysql/.
 */
#ifndef FRONTROW_MYSQL_TOKEN_COLUMNS_H
#define FRONTROW_MYSQL_TOKEN_COLUMNS_H

#include "mysql/queue/token_table.h"

#define LEFT_MS(instant) "TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), " instant ") DIV 1000"

#define IF_ACTIVE(value) "IF(status = 'active', " value ", 0)"

/* How far lease_until may move; a program that does not know lease_max may have set it farther. */
#define LEASE_END "GREATEST(lease_until, COALESCE(lease_max, lease_until))"

/*
 * One row of either table, in the order of struct token_row. What has lapsed reads so, and an
 * unqueued token has no state but these.
 */
#define QUEUE_COLUMNS                                                                              \
    "1, token, concert_id, number, user_id,"                                                       \
    " IF(status = 'active' AND lease_until <= UTC_TIMESTAMP(3), 5, status + 0), "                  \
    "lease_until, " IF_ACTIVE(LEFT_MS("lease_until")) ", " IF_ACTIVE(LEFT_MS(LEASE_END))
#define UNQUEUED_COLUMNS                                                                           \
    "2, token, concert_id, 0, user_id,"                                                            \
    " CASE WHEN ended THEN 4 WHEN lease_until <= UTC_TIMESTAMP(3) THEN 5 ELSE 2 END, lease_until," \
    " " LEFT_MS("lease_until") ", " LEFT_MS("lease_until")

enum { TOKEN_COLUMN_COUNT = 9 };

/*
 * Whether the concert is still in this period. The row is locked: a switch that comes later finds
 * what the statement did.
 */
#define HOLD_PERIOD                                                                                \
    "SELECT 1 FROM concert WHERE concert_id = ? AND line_since = ?"                                \
    " AND (admission_capacity IS NOT NULL) = ? LOCK IN SHARE MODE"
#define IS_PERIOD "EXISTS (" HOLD_PERIOD ")"
#define PERIOD(period)                                                                             \
    DB_INTEGER((period)->concert_id), DB_INTEGER((period)->since), DB_INTEGER((period)->queued)

/* Where the columns go. */
void token_columns_bind(struct token_row *row, struct column columns[TOKEN_COLUMN_COUNT]);

#endif
