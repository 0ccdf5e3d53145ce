/*
 * transaction: the only place with COMMIT and ROLLBACK. Transactions use a session of their own, in
 * which the first statement begins one. All are READ COMMITTED, except the audit's snapshot.
 */
#ifndef FRONTROW_MYSQL_TRANSACTION_H
#define FRONTROW_MYSQL_TRANSACTION_H

#include "mysql/database.h"
#include "mysql/event_table.h"

/* What became of a COMMIT. */
enum commit {
    COMMIT_DONE,
    COMMIT_ROLLED_BACK, /* a conflict, or never sent: nothing happened */
    COMMIT_UNKNOWN,     /* sent, and lost before the answer, or refused for another reason */
};

/*
 * From here to its end all statements belong to a transaction. Connects where that is needed, and
 * sends nothing: a session that MySQL closed while it was idle is replaced at the first statement.
 */
enum db_result transaction_begin(struct database *db) MUST_CHECK;

/* Begins a read-only transaction in which every read sees the same instant (REPEATABLE READ). */
enum db_result transaction_begin_snapshot(struct database *db) MUST_CHECK;

/*
 * Notes what the running transaction does, for webhooks, up to DB_ROWS_MAX times: its COMMIT is
 * preceded by one statement that writes all of it. A rollback forgets it.
 */
void transaction_announce(struct database *db, const struct event *event);

enum commit transaction_commit(struct database *db) MUST_CHECK;

/*
 * Commits where what was done came to DB_OK, and rolls back otherwise. Returns `result`; of a
 * COMMIT DB_OK, DB_RETRY where nothing happened, or DB_GONE where that is not known.
 */
enum db_result transaction_end(struct database *db, enum db_result result) MUST_CHECK;

/* Rolls back; harmless where the connection is lost or no transaction runs. */
void transaction_rollback(struct database *db);

#endif
