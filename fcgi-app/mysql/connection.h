/* connection: the inside of struct database; for mysql/ only. */
#ifndef FRONTROW_MYSQL_CONNECTION_H
#define FRONTROW_MYSQL_CONNECTION_H

#include <mysql.h>
#include <stdatomic.h>

#include "base/host.h"
#include "mysql/database.h"
#include "mysql/event_table.h"

enum {
    STATEMENT_SLOTS = DB_STATEMENTS_OF_WORKER,
    MAX_PARAMETERS = 768,
    MAX_COLUMNS = 48,
    ERROR_TEXT_SIZE = 512
};

/* `bool` in MySQL 8, `my_bool` (char) in MariaDB. */
typedef __typeof__(*((MYSQL_BIND *)0)->is_null) mysql_bool;

/* A prepared statement, found by the address of its query. */
struct statement {
    const struct query *query;
    MYSQL_STMT *handle;
};

/* Where the client library puts the columns of the row that is being read. */
struct row {
    MYSQL_STMT *handle; /* NULL: nothing is being read */
    struct column columns[MAX_COLUMNS];
    size_t count;
    MYSQL_BIND binds[MAX_COLUMNS];
    MYSQL_TIME times[MAX_COLUMNS];
    signed char bytes[MAX_COLUMNS];
    unsigned long lengths[MAX_COLUMNS];
    mysql_bool nulls[MAX_COLUMNS];
};

/* One connection of a struct database. */
struct session {
    MYSQL *handle;    /* NULL: not connected */
    bool used;        /* a statement went through since the connect, or a call before made it */
    struct host host; /* where it leads */
    uint32_t host_key;
    bool has_group;     /* the server is, or can be, a member of a group (Group Replication) */
    int64_t checked_at; /* clock_monotonic() when the server was last known to take writes */
    struct statement statements[STATEMENT_SLOTS];
};

/*
 * Single statements commit themselves in one session. The other one has autocommit = 0: what comes
 * first there begins a transaction, without a BEGIN, and a COMMIT leaves nothing behind.
 */
enum { SESSION_SINGLE, SESSION_TRANSACTION, SESSION_COUNT };

struct database {
    const struct config *config;
    struct breaker *breaker; /* NULL in tools, likewise unknowns */
    struct unknowns *unknowns;
    struct unknowns *refusals;
    int timeout_ms;      /* for a statement */
    int read_limit_ms;   /* for a read by operators, in the server; 0: not for operators */
    int64_t reads_until; /* clock_monotonic() at which the last of them has to end */
    bool has_late_waits; /* the server ends waits for locks late, and timeout_ms knows it */
    struct host named[HOSTS_MAX]; /* in the order of the settings */
    size_t named_count;
    struct host hosts[HOSTS_MAX]; /* found under these names (connection_find_hosts()) */
    size_t host_count;
    bool has_list;            /* from mysql_hosts: only one that takes writes is used */
    _Atomic uint32_t *chosen; /* the one that all workers use (host_key()); NULL in tools */
    uint32_t doubted;         /* did not answer in time: tried last; 0: none */
    struct session sessions[SESSION_COUNT];
    struct session *session; /* the one in use */
    bool in_transaction;
    bool has_begun;                   /* some statement of the transaction went through */
    struct event events[DB_ROWS_MAX]; /* what the transaction's COMMIT announces */
    size_t event_count;
    bool misconfigured; /* the server was refused for how it is set up */
    int64_t changed_rows;
    int64_t inserted_id;
    struct row row;
    char error_text[ERROR_TEXT_SIZE];
};

/*
 * Looks the names up. Several addresses of one name are as many servers: the client library would
 * stay with the first that lets it in, also where that one only reads, and would look the name up
 * once more. One that has none now stays a name, and the library says why. Not with mysql_tls =
 * verify, as certificates are for names.
 */
void connection_find_hosts(struct database *db);

/*
 * Connects the session in use where needed. DB_GONE at once while the breaker is open, and where a
 * transaction was lost that had begun.
 */
enum db_result connection_ensure(struct database *db) MUST_CHECK;

/*
 * Whether a statement that finds the connection lost may be sent again on a new one: MySQL closes
 * what was idle, and that shows only now. Nothing of a transaction may have gone through, and a
 * single statement must change nothing.
 */
bool connection_may_be_stale(const struct database *db);

/* Whether what began at `started` (clock_monotonic()) and found the connection lost has waited for
 * the server, and did not meet a connection that had been idle. */
bool connection_is_slow(const struct database *db, int64_t started);

/*
 * Closes the session in use and forgets its prepared statements. A transaction that ran stays
 * marked as running until its owner ends it, so that nothing of it is run on the next connection.
 */
void connection_close(struct database *db);

/* Counts an error, which has no statement where it met a connect, by its number. */
void connection_count_refusal(const struct database *db, unsigned code);

/*
 * Sorts an error into a result (mysql/refusal.h), keeps its text, and closes the handle where it is
 * of no more use. `started` is clock_monotonic() at the begin of the statement: a slow loss
 * is a time-out and counts for the breaker, a quick one is a connection that had been idle.
 */
enum db_result connection_failed(struct database *db, unsigned code, const char *text,
                                 int64_t started) MUST_CHECK;

/* Sends one statement as text. */
enum db_result connection_run(struct database *db, const char *sql) MUST_CHECK;

/* The prepared statement of a query, prepared now where it is not yet; NULL: see *result. */
MYSQL_STMT *connection_statement(struct database *db, const struct query *query,
                                 size_t parameter_count, enum db_result *result);

/* Gives up the rows that were not read to their end. */
void database_end_rows(struct database *db);

#endif
