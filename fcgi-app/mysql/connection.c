#include "mysql/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/breaker.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/shared.h"
#include "base/spent.h"
#include "mysql/dial.h"
#include "mysql/refusal.h"
#include "mysql/session.h"

/* Without mysql_hosts it is one server, which is used as it is. */
static void
list_hosts(struct database *db)
{
    const struct config *config = db->config;
    db->has_list = config->mysql_hosts[0] != '\0';
    int count = host_list_read(config->mysql_hosts, config->mysql_port, db->named);
    db->named_count = db->has_list && count > 0 ? (size_t)count : 1;
    if (!db->has_list) {
        db->named[0].port = config->mysql_port;
        snprintf(db->named[0].name, sizeof db->named[0].name, "%s", config->mysql_host);
    }
}

struct database *
db_open(const struct config *config, int timeout_ms, struct shared *shared)
{
    struct database *db = calloc(1, sizeof *db);
    if (db == NULL)
        log_abort("no memory");
    db->config = config;
    db->timeout_ms = timeout_ms;
    db->session = &db->sessions[SESSION_SINGLE];
    list_hosts(db);
    if (shared != NULL) {
        db->breaker = &shared->mysql;
        db->unknowns = &shared->mysql_unknowns;
        db->refusals = &shared->mysql_refusals;
        db->chosen = &shared->mysql_host;
    }
    return db;
}

struct database *
db_open_for_operators(const struct config *config, struct shared *shared)
{
    struct database *db = db_open(config, config->admin_mysql_timeout_ms, shared);
    db->read_limit_ms = config->admin_mysql_timeout_ms / 2;
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

const char *
db_server(const struct database *db)
{
    return db->session->handle != NULL ? mysql_get_server_info(db->session->handle) : "";
}

bool
db_is_misconfigured(const struct database *db)
{
    return db->misconfigured;
}

void
connection_count_refusal(const struct database *db, unsigned code)
{
    char number[16];
    snprintf(number, sizeof number, "%u", code);
    if (db->refusals != NULL)
        unknowns_count(db->refusals, number);
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
    } else if (refusal_result(refusal) == DB_GONE || refusal == REFUSAL_TOO_LONG) {
        log_warn("%s", db->error_text);
    }
}

bool
connection_is_slow(const struct database *db, int64_t started)
{
    return clock_monotonic() - started >= db->timeout_ms / 2;
}

enum db_result
connection_failed(struct database *db, unsigned code, const char *text, int64_t started)
{
    enum refusal refusal = refusal_of(code, text);
    enum db_result result = refusal_result(refusal);
    bool for_operators = db->read_limit_ms > 0;
    if (result == DB_TOO_LONG && !for_operators)
        result = DB_GONE; /* a limit that is not ours */
    snprintf(db->error_text, sizeof db->error_text, "MySQL error %u: %s", code, text);
    connection_count_refusal(db, code);
    log_refusal(db, refusal, code);
    if (result == DB_GONE && !for_operators && connection_is_slow(db, started)) {
        db->doubted = db->session->host_key;
        if (db->breaker != NULL)
            breaker_failure(db->breaker);
    }
    /* A late reply on a handle that timed out would answer the next user. */
    if (refusal_ends_connection(refusal))
        connection_close(db);
    return result;
}

enum db_result
connection_run(struct database *db, const char *sql)
{
    int64_t started_us = clock_monotonic_us(), started = started_us / 1000;
    bool sent = mysql_real_query(db->session->handle, sql, strlen(sql)) == 0;
    spent_add(DEPENDENCY_MYSQL, clock_monotonic_us() - started_us);
    if (!sent)
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

/* Connects the session in use to one server, and looks whether it may be used. */
static enum db_result
connect_to(struct database *db, const struct host *host)
{
    int64_t started = clock_monotonic();
    uint32_t key = host_key(host);
    db->session->handle = dial(db, host);
    if (db->session->handle == NULL) {
        log_warn("%s", db->error_text);
        if (connection_is_slow(db, started))
            db->doubted = key;
        return DB_GONE;
    }
    db->session->host = *host;
    db->session->host_key = key;
    db->session->checked_at = clock_monotonic();
    enum db_result result = session_set_up(db);
    if (result == DB_OK)
        result = session_join_cluster(db);
    if (result == DB_OK && db->has_list)
        result = session_check_writable(db);
    if (result != DB_OK) {
        if (connection_is_slow(db, started))
            db->doubted = key;
        connection_close(db); /* half set up, it would be taken for a whole one the next time */
    }
    return result;
}

/* All that work together follow the one who has found where the writes go. */
static void
choose(struct database *db, const struct host *host)
{
    char address[HOST_TEXT_SIZE];
    db->doubted = 0;
    if (!db->has_list || db->chosen == NULL ||
        atomic_exchange(db->chosen, db->session->host_key) == db->session->host_key)
        return;
    host_print(host, address);
    log_info("MySQL: writes go to %s", address);
}

/*
 * Somebody waits for an answer: while several servers are away, to try them all takes longer than
 * that. A probe has the time, and tells all workers where it got through.
 */
static bool
has_time_to_connect(const struct database *db, int64_t started)
{
    return db->breaker == NULL || breaker_is_open(db->breaker) ||
           clock_monotonic() - started < db->timeout_ms;
}

void
connection_find_hosts(struct database *db)
{
    int64_t started = clock_monotonic();
    bool by_name = !db->has_list || config_tls_of(db->config->mysql_tls) == CONFIG_TLS_VERIFY;
    db->host_count = 0;
    for (size_t i = 0; i < db->named_count && db->host_count < HOSTS_MAX; i++) {
        struct host *next = &db->hosts[db->host_count];
        size_t found = by_name || !has_time_to_connect(db, started)
                           ? 0
                           : dial_resolve(&db->named[i], next, HOSTS_MAX - db->host_count);
        if (found == 0)
            *next = db->named[i];
        db->host_count += found == 0 ? 1 : found;
    }
}

static enum db_result
connect_session(struct database *db)
{
    connection_find_hosts(db);
    int64_t started = clock_monotonic();
    size_t order[HOSTS_MAX];
    uint32_t chosen = db->chosen != NULL ? atomic_load(db->chosen) : 0;
    host_list_order(db->hosts, db->host_count, chosen, db->doubted, order);
    db->misconfigured = false;
    for (size_t i = 0; i < db->host_count && has_time_to_connect(db, started); i++) {
        const struct host *host = &db->hosts[order[i]];
        if (connect_to(db, host) == DB_OK) {
            choose(db, host);
            return DB_OK;
        }
    }
    if (db->has_list)
        log_warn("MySQL: no server of mysql_hosts takes writes");
    if (db->breaker != NULL)
        breaker_failure(db->breaker);
    return DB_GONE;
}

static bool
is_in_list(const struct database *db, uint32_t key)
{
    for (size_t i = 0; i < db->host_count; i++)
        if (host_key(&db->hosts[i]) == key)
            return true;
    return false;
}

/*
 * Whether the session in use leads to a server that others have left, or that takes no writes any
 * more: what is read there may be old. A transaction hears that at its first write.
 */
static bool
has_moved(struct database *db)
{
    enum { CHECK_EVERY_MS = 1000 };
    if (!db->has_list || db->chosen == NULL)
        return false;
    uint32_t chosen = atomic_load(db->chosen);
    if (chosen != db->session->host_key && is_in_list(db, chosen))
        return true;
    int64_t now = clock_monotonic();
    if (db->in_transaction || now - db->session->checked_at < CHECK_EVERY_MS)
        return false;
    db->session->checked_at = now;
    return session_check_writable(db) != DB_OK;
}

enum db_result
connection_ensure(struct database *db)
{
    if (db->has_begun)
        return db_is_connected(db) ? DB_OK : DB_GONE;
    if (db->breaker != NULL && breaker_is_open(db->breaker)) {
        snprintf(db->error_text, sizeof db->error_text, "MySQL does not answer");
        return DB_GONE;
    }
    if (db_is_connected(db) && has_moved(db))
        connection_close(db);
    return db_is_connected(db) ? DB_OK : connect_session(db);
}

bool
db_is_connected(const struct database *db)
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
    /* to connect is a wait for each server, to set the session up another one */
    if (!breaker_take_probe(db->breaker, (1 + (int)db->host_count) * db->timeout_ms))
        return true;
    close_all(db);
    if (connect_session(db) != DB_OK)
        return true;
    db->session->used = true; /* it may be idle for long before somebody calls */
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
