#include "mysql/transaction.h"

#include "base/breaker.h"
#include "mysql/connection.h"

/*
 * `isolation` is a statement that goes before the transaction; NULL: none, as the session has it.
 */
static enum db_result
begin_once(struct database *db, const char *isolation, const char *sql)
{
    enum db_result result = connection_ensure(db);
    if (result == DB_OK && isolation != NULL)
        result = connection_run(db, isolation);
    if (result == DB_OK)
        result = connection_run(db, sql);
    if (result == DB_OK && db->breaker != NULL)
        breaker_success(db->breaker);
    db->in_transaction = result == DB_OK;
    return result;
}

static enum db_result
begin(struct database *db, const char *isolation, const char *sql)
{
    /* A connection that MySQL closed while it was idle says so only now. */
    bool idle = db->used;
    enum db_result result = begin_once(db, isolation, sql);
    if (result != DB_OK && idle && db->handle == NULL)
        result = begin_once(db, isolation, sql);
    return result;
}

enum db_result
transaction_begin(struct database *db)
{
    return begin(db, NULL, "BEGIN");
}

enum db_result
transaction_begin_snapshot(struct database *db)
{
    /* without SESSION it holds for the next transaction only */
    return begin(db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                 "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

enum commit
transaction_commit(struct database *db)
{
    if (db->handle == NULL) { /* lost before: the server has rolled back */
        db->in_transaction = false;
        return COMMIT_ROLLED_BACK;
    }
    enum db_result result = connection_run(db, "COMMIT");
    db->in_transaction = false;
    if (result == DB_OK)
        return COMMIT_DONE;
    if (result == DB_RETRY && db->handle != NULL) {
        transaction_rollback(db);
        return COMMIT_ROLLED_BACK;
    }
    /* A refusal may come from before or after it was carried out: a new connection finds out. */
    connection_close(db);
    return COMMIT_UNKNOWN;
}

void
transaction_rollback(struct database *db)
{
    if (db->handle != NULL) {
        database_end_rows(db);
        if (connection_run(db, "ROLLBACK") != DB_OK)
            connection_close(db); /* that rolls back as well */
    }
    db->in_transaction = false;
}
