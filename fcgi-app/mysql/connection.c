#include "mysql/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/breaker.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "mysql/session.h"

/*
 * Server errors (the numbers of MySQL's manual, "Server Error Message Reference") that say: not
 * now. Full disk or table, read-only, shutting down, too many connections, killed, interrupted.
 */
static const unsigned not_now[] = {
    1021, 1026, 1030, 1040, 1044, 1045, 1049, 1053, 1077, 1078, 1079, 1114, 1129, 1130, 1152,
    1158, 1159, 1160, 1161, 1180, 1203, 1290, 1317, 1792, 1836, 1927, 1969, 3024, 3100, 3169,
};

/* Client errors (2000 to 2999) that are mistakes in our use of the library, not of the network. */
static const unsigned misuse[] = {2014, 2030, 2031, 2033, 2034, 2035, 2036, 2051, 2056};

static bool
is_among(unsigned code, const unsigned *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static enum db_result
classify(unsigned code)
{
    if (code == 1062)
        return DB_DUPLICATE;
    if (code == 1213 || code == 1205 || code == 1020)
        return DB_RETRY;
    if (code >= 2000 && code < 3000)
        return is_among(code, misuse, sizeof misuse / sizeof misuse[0]) ? DB_FAILED : DB_GONE;
    return is_among(code, not_now, sizeof not_now / sizeof not_now[0]) ? DB_GONE : DB_FAILED;
}

struct database *
db_open(const struct config *config, int timeout_ms, struct breaker *breaker)
{
    struct database *db = calloc(1, sizeof *db);
    if (db == NULL)
        abort();
    db->config = config;
    db->timeout_ms = timeout_ms;
    db->breaker = breaker;
    return db;
}

void
connection_close(struct database *db)
{
    for (size_t i = 0; i < STATEMENT_SLOTS; i++)
        if (db->statements[i].handle != NULL)
            mysql_stmt_close(db->statements[i].handle);
    memset(db->statements, 0, sizeof db->statements);
    db->row.handle = NULL;
    if (db->handle != NULL)
        mysql_close(db->handle);
    db->handle = NULL;
    db->used = false;
}

void
db_close(struct database *db)
{
    if (db == NULL)
        return;
    connection_close(db);
    free(db);
}

const char *
db_error_text(const struct database *db)
{
    return db->error_text;
}

bool
db_is_unfit(const struct database *db)
{
    return db->unfit;
}

enum db_result
connection_failed(struct database *db, unsigned code, const char *text, int64_t started)
{
    enum db_result result = classify(code);
    snprintf(db->error_text, sizeof db->error_text, "MySQL error %u: %s", code, text);
    if (result == DB_FAILED)
        log_error("%s", db->error_text);
    if (result != DB_GONE)
        return result;
    log_warn("%s", db->error_text);
    if (db->breaker != NULL && clock_monotonic() - started >= db->timeout_ms / 2)
        breaker_failure(db->breaker);
    /* A late reply on a handle that timed out would answer the next user. */
    connection_close(db);
    return DB_GONE;
}

enum db_result
connection_run(struct database *db, const char *sql)
{
    int64_t started = clock_monotonic();
    if (mysql_real_query(db->handle, sql, strlen(sql)) != 0)
        return connection_failed(db, mysql_errno(db->handle), mysql_error(db->handle), started);
    MYSQL_RES *rows = mysql_use_result(db->handle);
    if (rows != NULL) {
        while (mysql_fetch_row(rows) != NULL)
            continue;
        mysql_free_result(rows);
    }
    if (mysql_errno(db->handle) != 0)
        return connection_failed(db, mysql_errno(db->handle), mysql_error(db->handle), started);
    return DB_OK;
}

static MYSQL *
connect_handle(struct database *db)
{
    const struct config *config = db->config;
    MYSQL *handle = mysql_init(NULL);
    if (handle == NULL)
        abort();
    unsigned seconds = (unsigned)(db->timeout_ms + 999) / 1000;
    mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &seconds);
    mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    bool socket = config->mysql_socket[0] != '\0';
    if (mysql_real_connect(handle, socket ? NULL : config->mysql_host, config->mysql_user,
                           config->mysql_password[0] != '\0' ? config->mysql_password : NULL,
                           config->mysql_database, socket ? 0 : (unsigned)config->mysql_port,
                           socket ? config->mysql_socket : NULL, 0) != NULL)
        return handle;
    snprintf(db->error_text, sizeof db->error_text, "MySQL cannot be reached: %s",
             mysql_error(handle));
    mysql_close(handle);
    return NULL;
}

static enum db_result
connect_session(struct database *db)
{
    db->handle = connect_handle(db);
    if (db->handle == NULL) {
        log_warn("%s", db->error_text);
        if (db->breaker != NULL)
            breaker_failure(db->breaker);
        return DB_GONE;
    }
    if (session_set_up(db) == DB_OK)
        return DB_OK;
    connection_close(db); /* half set up, it would be taken for a whole one the next time */
    return DB_GONE;
}

enum db_result
connection_ensure(struct database *db)
{
    if (db->in_transaction)
        return db->handle != NULL ? DB_OK : DB_GONE;
    if (db->breaker != NULL && breaker_is_open(db->breaker)) {
        snprintf(db->error_text, sizeof db->error_text, "MySQL does not answer");
        return DB_GONE;
    }
    return db->handle != NULL ? DB_OK : connect_session(db);
}

bool
db_probe(struct database *db)
{
    if (db->breaker == NULL || !breaker_is_open(db->breaker))
        return false;
    /* to connect and to set the session up are two waits */
    if (!breaker_take_probe(db->breaker, 2 * db->timeout_ms))
        return true;
    connection_close(db);
    if (connect_session(db) != DB_OK) {
        breaker_failure(db->breaker);
        return true;
    }
    log_info("MySQL answers again");
    breaker_success(db->breaker);
    return false;
}

static struct statement *
find_slot(struct database *db, const struct query *query)
{
    size_t slot = ((uintptr_t)query >> 3) % STATEMENT_SLOTS;
    for (size_t tried = 0; tried < STATEMENT_SLOTS; tried++) {
        struct statement *statement = &db->statements[(slot + tried) % STATEMENT_SLOTS];
        if (statement->query == query || statement->query == NULL)
            return statement;
    }
    abort(); /* more statements in the program than slots: a bug */
}

MYSQL_STMT *
connection_statement(struct database *db, const struct query *query, size_t parameter_count,
                     enum db_result *result)
{
    struct statement *statement = find_slot(db, query);
    if (statement->handle != NULL)
        return statement->handle;
    int64_t started = clock_monotonic();
    MYSQL_STMT *handle = mysql_stmt_init(db->handle);
    if (handle == NULL)
        abort();
    if (mysql_stmt_prepare(handle, query->sql, strlen(query->sql)) != 0) {
        unsigned code = mysql_stmt_errno(handle);
        char text[ERROR_TEXT_SIZE];
        snprintf(text, sizeof text, "%s", mysql_stmt_error(handle));
        mysql_stmt_close(handle);
        *result = connection_failed(db, code, text, started);
        return NULL;
    }
    if (mysql_stmt_param_count(handle) != parameter_count) {
        log_error("%zu values for a statement with %lu: %s", parameter_count,
                  mysql_stmt_param_count(handle), query->sql);
        abort();
    }
    *statement = (struct statement){.query = query, .handle = handle};
    return handle;
}
