/* server_state: what MySQL says of itself. */
#ifndef FRONTROW_MYSQL_SERVER_STATE_H
#define FRONTROW_MYSQL_SERVER_STATE_H

#include "base/buffer.h"
#include "mysql/database.h"

/*
 * Appends the answers: version, settings, counters, sessions, InnoDB's state. Where this user of
 * MySQL may not ask for one, the error stands in its place. The statements of others have their
 * values in them.
 */
void server_state_write(struct database *db, struct buffer *out);

/* How many prepared statements all sessions of the server together may have. */
enum db_result server_state_statement_limit(struct database *db, int64_t *limit) MUST_CHECK;

#endif
