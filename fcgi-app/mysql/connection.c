#include "mysql/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/breaker.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/shared.h"
#include "mysql/refusal.h"
#include "mysql/session.h"

struct database *
db_open(const struct config *config, int timeout_ms, struct shared *shared)
{
    struct database *db = calloc(1, sizeof *db);
    if (db == NULL)
        log_abort("no memory");
    db->config = config;
    db->timeout_ms = timeout_ms;
    db->session = &db->sessions[SESSION_SINGLE];
    if (shared != NULL) {
        db->breaker = &shared->mysql;
        db->unknowns = &shared->mysql_unknowns;
    }
    return db;
}

static void
close_session(struct session *session)
{
    for (size_t i = 0; i < STATEMENT_SLOTS; i++)
        if (session->statements[i].handle != NULL)
            mysql_stmt_close(session->statements[i].handle);
    if (session->handle != NULL)
        mysql_close(session->handle);
    *session = (struct session){.handle = NULL};
}

void
connection_close(struct database *db)
{
    close_session(db->session);
    db->row.handle = NULL;
}

static void
close_all(struct database *db)
{
    for (size_t i = 0; i < SESSION_COUNT; i++)
        close_session(&db->sessions[i]);
    db->row.handle = NULL;
}

void
db_close(struct database *db)
{
    if (db == NULL)
        return;
    close_all(db);
    free(db);
}

const char *
db_error_text(const struct database *db)
{
    return db->error_text;
}

bool
db_is_misconfigured(const struct database *db)
{
    return db->misconfigured;
}

/* What is a bug, or means that nothing can be sold, is logged; what is tried again is not. */
static void
log_refusal(struct database *db, enum refusal refusal, unsigned code)
{
    char number[16];
    snprintf(number, sizeof number, "%u", code);
    if (refusal == REFUSAL_UNKNOWN) {
        if (unknowns_count(db->unknowns, number))
            log_error("%s (there is no rule for this number: told once a minute)", db->error_text);
    } else if (refusal_result(refusal) == DB_FAILED) {
        log_error("%s", db->error_text);
    } else if (refusal_result(refusal) == DB_GONE) {
        log_warn("%s", db->error_text);
    }
}

enum db_result
connection_failed(struct database *db, unsigned code, const char *text, int64_t started)
{
    enum refusal refusal = refusal_of(code, text);
    enum db_result result = refusal_result(refusal);
    snprintf(db->error_text, sizeof db->error_text, "MySQL error %u: %s", code, text);
    log_refusal(db, refusal, code);
    if (result == DB_GONE && db->breaker != NULL &&
        clock_monotonic() - started >= db->timeout_ms / 2)
        breaker_failure(db->breaker);
    /* A late reply on a handle that timed out would answer the next user. */
    if (refusal_ends_connection(refusal))
        connection_close(db);
    return result;
}

enum db_result
connection_run(struct database *db, const char *sql)
{
    int64_t started = clock_monotonic();
    if (mysql_real_query(db->session->handle, sql, strlen(sql)) != 0)
        return connection_failed(db, mysql_errno(db->session->handle),
                                 mysql_error(db->session->handle), started);
    MYSQL_RES *rows = mysql_use_result(db->session->handle);
    if (rows != NULL) {
        while (mysql_fetch_row(rows) != NULL)
            continue;
        mysql_free_result(rows);
    }
    if (mysql_errno(db->session->handle) != 0)
        return connection_failed(db, mysql_errno(db->session->handle),
                                 mysql_error(db->session->handle), started);
    return DB_OK;
}

static MYSQL *
connect_handle(struct database *db)
{
    const struct config *config = db->config;
    MYSQL *handle = mysql_init(NULL);
    if (handle == NULL)
        log_abort("no memory");
    unsigned seconds = (unsigned)(db->timeout_ms + 999) / 1000;
    mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &seconds);
    mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    bool socket = config->mysql_socket[0] != '\0';
    /* or "localhost" would be a socket of the library's choice */
    unsigned protocol = socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
    if (mysql_real_connect(handle, socket ? NULL : config->mysql_host, config->mysql_user,
                           config->mysql_password[0] != '\0' ? config->mysql_password : NULL,
                           config->mysql_database, socket ? 0 : (unsigned)config->mysql_port,
                           socket ? config->mysql_socket : NULL, 0) != NULL)
        return handle;
    char address[CONFIG_TEXT_SIZE + 16];
    if (socket)
        snprintf(address, sizeof address, "%s", config->mysql_socket);
    else
        snprintf(address, sizeof address, "%s, port %d", config->mysql_host, config->mysql_port);
    snprintf(db->error_text, sizeof db->error_text,
             "MySQL cannot be reached at %.200s: error %u: %s", address, mysql_errno(handle),
             mysql_error(handle));
    mysql_close(handle);
    return NULL;
}

static enum db_result
connect_session(struct database *db)
{
    db->session->handle = connect_handle(db);
    if (db->session->handle == NULL) {
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
    if (db->has_begun)
        return connection_is_open(db) ? DB_OK : DB_GONE;
    if (db->breaker != NULL && breaker_is_open(db->breaker)) {
        snprintf(db->error_text, sizeof db->error_text, "MySQL does not answer");
        return DB_GONE;
    }
    return connection_is_open(db) ? DB_OK : connect_session(db);
}

bool
connection_is_open(const struct database *db)
{
    return db->session->handle != NULL;
}

bool
connection_may_be_stale(const struct database *db)
{
    return db->session->used && !db->has_begun;
}

bool
db_probe(struct database *db)
{
    if (db->breaker == NULL || !breaker_is_open(db->breaker))
        return false;
    /* to connect and to set the session up are two waits */
    if (!breaker_take_probe(db->breaker, 2 * db->timeout_ms))
        return true;
    close_all(db);
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
        struct statement *statement = &db->session->statements[(slot + tried) % STATEMENT_SLOTS];
        if (statement->query == query || statement->query == NULL)
            return statement;
    }
    log_abort("more statements in the program than slots");
}

MYSQL_STMT *
connection_statement(struct database *db, const struct query *query, size_t parameter_count,
                     enum db_result *result)
{
    struct statement *statement = find_slot(db, query);
    if (statement->handle != NULL)
        return statement->handle;
    int64_t started = clock_monotonic();
    MYSQL_STMT *handle = mysql_stmt_init(db->session->handle);
    if (handle == NULL)
        log_abort("no memory");
    if (mysql_stmt_prepare(handle, query->sql, strlen(query->sql)) != 0) {
        unsigned code = mysql_stmt_errno(handle);
        char text[ERROR_TEXT_SIZE];
        snprintf(text, sizeof text, "%s", mysql_stmt_error(handle));
        mysql_stmt_close(handle);
        *result = connection_failed(db, code, text, started);
        return NULL;
    }
    if (mysql_stmt_param_count(handle) != parameter_count) {
        log_abort("%zu values for a statement with %lu: %s", parameter_count,
                  mysql_stmt_param_count(handle), query->sql);
    }
    *statement = (struct statement){.query = query, .handle = handle};
    return handle;
}
