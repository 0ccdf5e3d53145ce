#include "mysql/transaction.h"

#include "base/log.h"
#include "mysql/connection.h"

static void
end(struct database *db)
{
    db->session = &db->sessions[SESSION_SINGLE];
    db->in_transaction = db->has_begun = false;
    db->event_count = 0;
}

enum db_result
transaction_begin(struct database *db)
{
    db->session = &db->sessions[SESSION_TRANSACTION];
    db->in_transaction = true;
    enum db_result result = connection_ensure(db);
    if (result != DB_OK)
        end(db);
    return result;
}

enum db_result
transaction_begin_snapshot(struct database *db)
{
    /* without SESSION it holds for the next transaction only */
    enum db_result result = transaction_begin(db);
    if (result != DB_OK)
        return result;
    result = db_run_text(db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    if (result != DB_OK)
        return result;
    return db_run_text(db, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

static enum commit
send_commit(struct database *db)
{
    if (!db_is_connected(db)) /* lost before: the server has rolled back */
        return COMMIT_ROLLED_BACK;
    enum db_result result = connection_run(db, "COMMIT");
    if (result == DB_OK)
        return COMMIT_DONE;
    if (result == DB_RETRY && db_is_connected(db)) {
        transaction_rollback(db);
        return COMMIT_ROLLED_BACK;
    }
    /* A refusal may come from before or after it was carried out: a new connection finds out. */
    connection_close(db);
    return COMMIT_UNKNOWN;
}

void
transaction_announce(struct database *db, const struct event *event)
{
    if (!db->in_transaction || db->event_count == DB_ROWS_MAX)
        log_abort("an event has no transaction, or no room in it");
    db->events[db->event_count++] = *event;
}

enum commit
transaction_commit(struct database *db)
{
    if (db->event_count > 0 && event_table_insert(db, db->events, db->event_count) != DB_OK) {
        transaction_rollback(db);
        return COMMIT_ROLLED_BACK;
    }
    enum commit outcome = send_commit(db);
    end(db);
    return outcome;
}

void
transaction_rollback(struct database *db)
{
    if (!db->in_transaction)
        return;
    if (db_is_connected(db) && db->has_begun) {
        database_end_rows(db);
        if (connection_run(db, "ROLLBACK") != DB_OK)
            connection_close(db); /* that rolls back as well */
    }
    end(db);
}

enum db_result
transaction_end(struct database *db, enum db_result result)
{
    if (result != DB_OK) {
        transaction_rollback(db);
        return result;
    }
    switch (transaction_commit(db)) {
    case COMMIT_DONE:
        return DB_OK;
    case COMMIT_ROLLED_BACK:
        return DB_RETRY;
    case COMMIT_UNKNOWN:
        break;
    }
    return DB_GONE;
}
