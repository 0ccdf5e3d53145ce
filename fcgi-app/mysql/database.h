/*
 * database: two connections to MySQL, one for single statements and one for transactions, with the
 * statements that each has prepared. Each connects at first use, and again at the first use after
 * it was lost; prepared statements are then made anew.
 */
#ifndef FRONTROW_MYSQL_DATABASE_H
#define FRONTROW_MYSQL_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must_check.h"

struct config;
struct database;
struct shared;

enum db_result {
    DB_OK = 0,    /* done; where rows are read: here is one */
    DB_NONE,      /* no such row, or no more rows */
    DB_DUPLICATE, /* a unique key refused the row */
    DB_RETRY,     /* deadlock, lock time-out or the like: roll back, the whole transaction may be
                     run again */
    DB_TOO_LONG,  /* the server ended an operator's read, which took longer than it may; the
                     connection is as good as before */
    DB_GONE,      /* MySQL is out of reach or does not do it now, for whatever reason; where the
                     handle is closed, a running transaction is rolled back by the server */
    DB_FAILED,    /* known to be a bug of ours; logged with its text */
};

/*
 * One SQL statement with `?` placeholders. Statements are static constants: their address is what
 * they are remembered by.
 */
struct query {
    const char *sql;
};

/*
 * One value for a placeholder. Made by the macros below; texts are borrowed until the call returns.
 */
struct parameter {
    enum { PARAMETER_NULL, PARAMETER_INTEGER, PARAMETER_BYTES, PARAMETER_INSTANT } kind;
    int64_t integer;
    const void *bytes;
    size_t length;
};

#define DB_NULL ((struct parameter){.kind = PARAMETER_NULL})
#define DB_INTEGER(value) ((struct parameter){.kind = PARAMETER_INTEGER, .integer = (value)})
#define DB_OPTIONAL(known, value) ((known) ? DB_INTEGER(value) : DB_NULL)
#define DB_BYTES(from, size)                                                                       \
    ((struct parameter){.kind = PARAMETER_BYTES, .bytes = (from), .length = (size)})
#define DB_TEXT(text) DB_BYTES(text, strlen(text))
/* "" is NULL. */
#define DB_OPTIONAL_TEXT(text) ((text)[0] != '\0' ? DB_TEXT(text) : DB_NULL)
/* An instant of base/clock; CLOCK_NEVER is NULL. */
#define DB_INSTANT(value) ((struct parameter){.kind = PARAMETER_INSTANT, .integer = (value)})

/*
 * Where one column of a row goes. The columns of a running db_select() must stay valid; the array
 * itself is copied. A NULL gives 0, "" or CLOCK_NEVER, leaves bytes as they were, and sets *is_set
 * to false if given.
 */
struct column {
    enum {
        COLUMN_BOOL,
        COLUMN_INT32,
        COLUMN_INT64,
        COLUMN_ENUM,
        COLUMN_TEXT,
        COLUMN_BYTES,
        COLUMN_INSTANT
    } kind;
    void *to;
    size_t size;    /* COLUMN_TEXT: with the NUL; COLUMN_BYTES: exactly; COLUMN_ENUM: last value */
    size_t *length; /* COLUMN_BYTES: bytes read, NULL where the size is fixed */
    bool *is_set;   /* whether it is no NULL */
};

#define INTO_BOOL(variable) ((struct column){.kind = COLUMN_BOOL, .to = (variable)})
/* No enum, which the compiler warns of: what the database has may be beyond its values. */
static inline void *
db_int32(int32_t *variable)
{
    return variable;
}
#define INTO_INT32(variable) ((struct column){.kind = COLUMN_INT32, .to = db_int32(variable)})
/*
 * The number of an ENUM (`status + 0`) into an enum that has the same values up to `last`, and 0
 * for all others: a newer build may have added some to the column.
 */
#define INTO_ENUM(variable, last)                                                                  \
    ((struct column){.kind = COLUMN_ENUM, .to = (variable), .size = (last)})
#define INTO_INT64(variable) ((struct column){.kind = COLUMN_INT64, .to = (variable)})
#define INTO_INSTANT(variable) ((struct column){.kind = COLUMN_INSTANT, .to = (variable)})
#define INTO_TEXT(array)                                                                           \
    ((struct column){.kind = COLUMN_TEXT, .to = (array), .size = sizeof(array)})
#define INTO_BYTES(array)                                                                          \
    ((struct column){.kind = COLUMN_BYTES, .to = (array), .size = sizeof(array)})
#define INTO_OPTIONAL_BYTES(array, set)                                                            \
    ((struct column){.kind = COLUMN_BYTES, .to = (array), .size = sizeof(array), .is_set = (set)})
#define INTO_OPTIONAL_INT32(variable, set)                                                         \
    ((struct column){.kind = COLUMN_INT32, .to = db_int32(variable), .is_set = (set)})

/* Argument lists of db_execute() and db_select(). */
#define PARAMETERS(...)                                                                            \
    (struct parameter[]){__VA_ARGS__},                                                             \
        sizeof((struct parameter[]){__VA_ARGS__}) / sizeof(struct parameter)
#define NO_PARAMETERS NULL, (size_t)0
#define COLUMNS(...)                                                                               \
    (struct column[]){__VA_ARGS__}, sizeof((struct column[]){__VA_ARGS__}) / sizeof(struct column)

/*
 * Makes a handle; nothing is connected yet. `timeout_ms` bounds each statement and connect.
 * `shared` is NULL in tools. Never NULL; end it with db_close().
 */
struct database *db_open(const struct config *config, int timeout_ms, struct shared *shared);

/*
 * The same for operators, who may ask for much. A statement that only reads, outside a transaction,
 * is ended by the server after half of admin_mysql_timeout_ms (DB_TOO_LONG), so that nothing goes
 * on there for nobody; the other half is for the server to say so. What takes long here is
 * not sent again, and says nothing of the server: neither the breaker nor the choice of a server
 * is for an operator's question.
 */
struct database *db_open_for_operators(const struct config *config, struct shared *shared);
void db_close(struct database *db);

/*
 * For operators: from now on no read outside a transaction begins that could end later than
 * `deadline` (clock_monotonic()); it is DB_TOO_LONG. A request may need several.
 */
void db_limit_reads(struct database *db, int64_t deadline);

/*
 * Between two requests: where MySQL did not answer and it is this one's turn to look, finds out
 * whether it does again. True: not yet.
 */
bool db_probe(struct database *db);

/* A statement without result rows. `changed`, if given, gets the number of changed rows. */
enum db_result db_execute(struct database *db, const struct query *query,
                          const struct parameter *parameters, size_t parameter_count) MUST_CHECK;

/*
 * An UPDATE that must change exactly so many rows: in its WHERE stands the state that it was
 * decided by. DB_RETRY: it changed another number; somebody else did something to them, though they
 * were locked. It must change each row that it finds, so that it is the same whether the server
 * counts changed rows, as it does for this connection, or found ones (CLIENT_FOUND_ROWS).
 */
enum db_result db_update(struct database *db, const struct query *query,
                         const struct parameter *parameters, size_t parameter_count, int64_t rows)
    MUST_CHECK;

/* The same where the rows were not locked before: DB_NONE, they are not so any more. */
enum db_result db_update_if(struct database *db, const struct query *query,
                            const struct parameter *parameters, size_t parameter_count,
                            int64_t rows) MUST_CHECK;

/*
 * What was locked was changed all the same: `what` is told once a minute, and counted. Always
 * DB_RETRY.
 */
enum db_result db_lock_lost(struct database *db, const char *what) MUST_CHECK;

/* Rows changed and id generated by the last db_execute(). */
int64_t db_changed_rows(const struct database *db);
int64_t db_inserted_id(const struct database *db);

/*
 * A statement with result rows: DB_OK, then db_next() until it says DB_NONE. What the columns
 * point to must live as long. Rows come straight from the wire: no other statement may run before
 * DB_NONE.
 */
enum db_result db_select(struct database *db, const struct query *query,
                         const struct parameter *parameters, size_t parameter_count,
                         const struct column *columns, size_t column_count) MUST_CHECK;
enum db_result db_next(struct database *db) MUST_CHECK;

/* Reads the one row that the statement can give: DB_OK or DB_NONE. */
enum db_result db_select_one(struct database *db, const struct query *query,
                             const struct parameter *parameters, size_t parameter_count,
                             const struct column *columns, size_t column_count) MUST_CHECK;

/*
 * Runs a statement as text, outside the prepared ones: for migrations, SET and the like. Result
 * rows are thrown away.
 */
enum db_result db_run_text(struct database *db, const char *sql) MUST_CHECK;

/*
 * UTC_TIMESTAMP(3) of the database by a statement of its own: what "now" is for holds and leases.
 */
enum db_result db_now(struct database *db, int64_t *now) MUST_CHECK;

/*
 * A column of SELECT ... FOR UPDATE: the time when the row was given out, after the wait for its
 * lock; UTC_TIMESTAMP(3) would be from before that. Of several rows the last one has it.
 */
#define DB_NOW_LOCKED "SYSDATE(3)"

/*
 * A column: the ids of one INSERT of several rows begin with db_inserted_id() and differ by this.
 * To be read in the same transaction, as Galera changes it when a node comes or goes.
 */
#define DB_ID_STEP "@@auto_increment_increment"

/*
 * So many prepared statements a worker has after a while, at most: one for each form of each, with
 * some room. A test counts them.
 */
enum { DB_STATEMENTS_OF_WORKER = 640 };

/* The most rows of one INSERT, and of other lists in a statement. */
enum { DB_ROWS_MAX = 16 };

/* So many times the same, with commas between. */
#define DB_TWICE(row) row ", " row
#define DB_FOUR_TIMES(row) DB_TWICE(row) ", " DB_TWICE(row)
#define DB_EIGHT_TIMES(row) DB_FOUR_TIMES(row) ", " DB_FOUR_TIMES(row)

/* The forms of an INSERT: `start`, one to DB_ROWS_MAX times `row`, `end`. */
#define DB_ROW_FORMS(start, row, end)                                                              \
    {                                                                                              \
        DB_NEXT_FORMS(start, row, end), DB_NEXT_FORMS(start DB_FOUR_TIMES(row) ", ", row, end),    \
            DB_NEXT_FORMS(start DB_EIGHT_TIMES(row) ", ", row, end),                               \
            DB_NEXT_FORMS(start DB_EIGHT_TIMES(row) ", " DB_FOUR_TIMES(row) ", ", row, end),       \
    }
#define DB_NEXT_FORMS(start, row, end)                                                             \
    {start row end}, {start row ", " row end}, {start row ", " row ", " row end},                  \
    {                                                                                              \
        start row ", " row ", " row ", " row end                                                   \
    }

/*
 * A list in a statement has forms for one, two, four, eight and sixteen values: it is padded by
 * repeating the last one, and each placeholder costs. DB_LISTS(): `start`, the list, `end`.
 */
enum { DB_LIST_FORMS = 5 };
#define DB_IN_1 " = ?"
#define DB_IN_2 " IN (" DB_TWICE("?") ")"
#define DB_IN_4 " IN (" DB_FOUR_TIMES("?") ")"
#define DB_IN_8 " IN (" DB_EIGHT_TIMES("?") ")"
#define DB_IN_16 " IN (" DB_EIGHT_TIMES("?") ", " DB_EIGHT_TIMES("?") ")"
#define DB_LISTS(start, end)                                                                       \
    {                                                                                              \
        {start DB_IN_1 end}, {start DB_IN_2 end}, {start DB_IN_4 end}, {start DB_IN_8 end},        \
        {                                                                                          \
            start DB_IN_16 end                                                                     \
        }                                                                                          \
    }

/* What each of a list gets, as the arms of a CASE, in the same forms. */
#define DB_WHEN_1 " WHEN ? THEN ?"
#define DB_WHEN_2 DB_WHEN_1 DB_WHEN_1
#define DB_WHEN_4 DB_WHEN_2 DB_WHEN_2
#define DB_WHEN_8 DB_WHEN_4 DB_WHEN_4
#define DB_WHEN_16 DB_WHEN_8 DB_WHEN_8

/* The form with room for 1 to DB_ROWS_MAX values: there is room for 1 << form of them. */
size_t db_list_form(size_t count);

/* Which of `count` values stands in a list as its i-th. */
static inline size_t
db_list_at(size_t i, size_t count)
{
    return i < count ? i : count - 1;
}

/* The last error's text, for tools. */
const char *db_error_text(const struct database *db);

/* The server's name and version as it tells them, "10.11.6-MariaDB"; "" if it is not connected. */
const char *db_server(const struct database *db);

/*
 * Whether the session in use is connected. After DB_GONE: MySQL is there, and refused only what it
 * was told.
 */
bool db_is_connected(const struct database *db);

/* Whether the last connect refused the server for how it is set up. */
bool db_is_misconfigured(const struct database *db);

#endif
