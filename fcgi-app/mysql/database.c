#include "mysql/database.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/breaker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/spent.h"
#include "base/unknowns.h"
#include "mysql/connection.h"

/* The values of one execution in the client library's form. */
struct values {
    MYSQL_BIND binds[MAX_PARAMETERS];
    MYSQL_TIME times[MAX_PARAMETERS];
    long long integers[MAX_PARAMETERS];
};

static MYSQL_TIME
to_mysql_time(int64_t instant)
{
    time_t seconds = (time_t)(instant / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    return (MYSQL_TIME){
        .year = (unsigned)parts.tm_year + 1900,
        .month = (unsigned)parts.tm_mon + 1,
        .day = (unsigned)parts.tm_mday,
        .hour = (unsigned)parts.tm_hour,
        .minute = (unsigned)parts.tm_min,
        .second = (unsigned)parts.tm_sec,
        .second_part = (unsigned long)(instant % 1000) * 1000,
        .time_type = MYSQL_TIMESTAMP_DATETIME,
    };
}

static int64_t
from_mysql_time(const MYSQL_TIME *time)
{
    return clock_from_parts((int)time->year, (int)time->month, (int)time->day, (int)time->hour,
                            (int)time->minute, (int)time->second, (int)(time->second_part / 1000));
}

static void
bind_parameter(struct values *values, size_t i, const struct parameter *parameter)
{
    MYSQL_BIND *bind = &values->binds[i];
    if (parameter->kind == PARAMETER_NULL ||
        (parameter->kind == PARAMETER_INSTANT && parameter->integer == CLOCK_NEVER)) {
        bind->buffer_type = MYSQL_TYPE_NULL;
    } else if (parameter->kind == PARAMETER_INTEGER) {
        values->integers[i] = parameter->integer;
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->buffer = &values->integers[i];
    } else if (parameter->kind == PARAMETER_INSTANT) {
        values->times[i] = to_mysql_time(parameter->integer);
        bind->buffer_type = MYSQL_TYPE_DATETIME;
        bind->buffer = &values->times[i];
    } else {
        bind->buffer_type = MYSQL_TYPE_STRING;
        bind->buffer = (void *)(uintptr_t)parameter->bytes;
        bind->buffer_length = parameter->length;
    }
}

/* libmariadb keeps an error that comes between the rows with the connection, not the statement. */
static enum db_result
statement_failed(struct database *db, MYSQL_STMT *handle, int64_t started)
{
    bool own = mysql_stmt_errno(handle) != 0;
    unsigned code = own ? mysql_stmt_errno(handle) : mysql_errno(db->session->handle);
    /* connection_failed() may close the statement under the text */
    char text[ERROR_TEXT_SIZE];
    snprintf(text, sizeof text, "%s",
             own ? mysql_stmt_error(handle) : mysql_error(db->session->handle));
    return connection_failed(db, code, text, started);
}

/* Sends a prepared statement; *handle is its handle on DB_OK. */
static enum db_result
send_statement(struct database *db, const struct query *query, const struct parameter *parameters,
               size_t count, MYSQL_STMT **handle)
{
    assert(count <= MAX_PARAMETERS);
    assert(db->row.handle == NULL);
    enum db_result result = connection_ensure(db);
    if (result != DB_OK)
        return result;
    *handle = connection_statement(db, query, count, &result);
    if (*handle == NULL)
        return result;
    struct values values;
    memset(values.binds, 0, count * sizeof values.binds[0]);
    for (size_t i = 0; i < count; i++)
        bind_parameter(&values, i, &parameters[i]);
    int64_t started_us = clock_monotonic_us();
    spent_note_session(mysql_thread_id(db->session->handle));
    bool sent = (count == 0 || mysql_stmt_bind_param(*handle, values.binds) == 0) &&
                mysql_stmt_execute(*handle) == 0;
    spent_add(DEPENDENCY_MYSQL, clock_monotonic_us() - started_us);
    if (!sent)
        result = statement_failed(db, *handle, started_us / 1000);
    if (db_is_connected(db)) { /* also a refused statement may have locked rows */
        db->session->used = true;
        db->has_begun = db->in_transaction;
    }
    if (result == DB_OK && db->breaker != NULL)
        breaker_success(db->breaker);
    return result;
}

enum db_result
db_execute(struct database *db, const struct query *query, const struct parameter *parameters,
           size_t count)
{
    MYSQL_STMT *handle;
    bool first = db->in_transaction && connection_may_be_stale(db);
    enum db_result result = send_statement(db, query, parameters, count, &handle);
    if (result == DB_GONE && first && !db_is_connected(db))
        result = send_statement(db, query, parameters, count, &handle);
    if (result != DB_OK)
        return result;
    db->changed_rows = (int64_t)mysql_stmt_affected_rows(handle);
    db->inserted_id = (int64_t)mysql_stmt_insert_id(handle);
    return DB_OK;
}

enum db_result
db_lock_lost(struct database *db, const char *what)
{
    snprintf(db->error_text, sizeof db->error_text, "a lock of MySQL did not hold: %s", what);
    if (unknowns_count(db->unknowns, "unlocked"))
        log_error("%s (told once a minute)", db->error_text);
    return DB_RETRY;
}

enum db_result
db_update_if(struct database *db, const struct query *query, const struct parameter *parameters,
             size_t count, int64_t rows)
{
    enum db_result result = db_execute(db, query, parameters, count);
    return result == DB_OK && db->changed_rows != rows ? DB_NONE : result;
}

enum db_result
db_update(struct database *db, const struct query *query, const struct parameter *parameters,
          size_t count, int64_t rows)
{
    enum db_result result = db_update_if(db, query, parameters, count, rows);
    return result == DB_NONE ? db_lock_lost(db, query->sql) : result;
}

int64_t
db_changed_rows(const struct database *db)
{
    return db->changed_rows;
}

int64_t
db_inserted_id(const struct database *db)
{
    return db->inserted_id;
}

static void
bind_column(struct row *row, size_t i)
{
    const struct column *column = &row->columns[i];
    MYSQL_BIND *bind = &row->binds[i];
    bind->is_null = &row->nulls[i];
    bind->length = &row->lengths[i];
    bind->buffer = column->to;
    switch (column->kind) {
    case COLUMN_BOOL:
        bind->buffer_type = MYSQL_TYPE_TINY;
        bind->buffer = &row->bytes[i];
        break;
    case COLUMN_INT32:
    case COLUMN_ENUM:
        bind->buffer_type = MYSQL_TYPE_LONG;
        break;
    case COLUMN_INT64:
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        break;
    case COLUMN_INSTANT:
        bind->buffer_type = MYSQL_TYPE_DATETIME;
        bind->buffer = &row->times[i];
        break;
    case COLUMN_TEXT:
        bind->buffer_type = MYSQL_TYPE_STRING;
        bind->buffer_length = column->size - 1;
        break;
    case COLUMN_BYTES:
        bind->buffer_type = MYSQL_TYPE_BLOB;
        bind->buffer_length = column->size;
        break;
    }
}

static enum db_result
select_once(struct database *db, const struct query *query, const struct parameter *parameters,
            size_t parameter_count, const struct column *columns, size_t column_count)
{
    assert(column_count <= MAX_COLUMNS);
    MYSQL_STMT *handle;
    enum db_result result = send_statement(db, query, parameters, parameter_count, &handle);
    if (result != DB_OK)
        return result;
    assert(mysql_stmt_field_count(handle) == column_count);
    struct row *row = &db->row;
    row->handle = handle;
    memcpy(row->columns, columns, column_count * sizeof columns[0]);
    row->count = column_count;
    memset(row->binds, 0, column_count * sizeof row->binds[0]);
    for (size_t i = 0; i < column_count; i++)
        bind_column(row, i);
    if (mysql_stmt_bind_result(handle, row->binds) == 0)
        return DB_OK;
    row->handle = NULL;
    return statement_failed(db, handle, clock_monotonic());
}

void
db_limit_reads(struct database *db, int64_t deadline)
{
    db->reads_until = deadline;
}

enum db_result
db_select(struct database *db, const struct query *query, const struct parameter *parameters,
          size_t parameter_count, const struct column *columns, size_t column_count)
{
    bool alone = !db->in_transaction, stale = connection_may_be_stale(db);
    int64_t started = clock_monotonic();
    if (alone && db->read_limit_ms > 0 && started + db->read_limit_ms > db->reads_until) {
        snprintf(db->error_text, sizeof db->error_text, "the request has no time for a read");
        log_warn("%s", db->error_text);
        return DB_TOO_LONG;
    }
    enum db_result result =
        select_once(db, query, parameters, parameter_count, columns, column_count);
    /* an operator's read would take as long again */
    if (db->read_limit_ms > 0 && connection_is_slow(db, started))
        stale = false;
    if ((result == DB_GONE && stale && !db_is_connected(db)) || (result == DB_RETRY && alone))
        result = select_once(db, query, parameters, parameter_count, columns, column_count);
    return result;
}

/* A value that is not known becomes 0. */
static void
take_enum(const struct column *column, bool is_null)
{
    int32_t value;
    memcpy(&value, column->to, sizeof value);
    if (is_null || value < 0 || (size_t)value > column->size)
        value = 0;
    memcpy(column->to, &value, sizeof value);
}

static void
take_column(const struct row *row, size_t i)
{
    const struct column *column = &row->columns[i];
    bool is_null = row->nulls[i] != 0;
    if (column->is_set != NULL)
        *column->is_set = !is_null;
    if (column->kind == COLUMN_INSTANT) {
        int64_t instant = is_null ? CLOCK_NEVER : from_mysql_time(&row->times[i]);
        memcpy(column->to, &instant, sizeof instant);
    } else if (column->kind == COLUMN_BOOL) {
        *(bool *)column->to = !is_null && row->bytes[i] != 0;
    } else if (column->kind == COLUMN_ENUM) {
        take_enum(column, is_null);
    } else if (column->kind == COLUMN_TEXT) {
        ((char *)column->to)[is_null ? 0 : row->lengths[i]] = '\0';
    } else if (column->kind == COLUMN_BYTES) {
        if (column->length != NULL)
            *column->length = is_null ? 0 : row->lengths[i];
    } else if (is_null) {
        memset(column->to, 0, column->kind == COLUMN_INT32 ? sizeof(int32_t) : sizeof(int64_t));
    }
}

enum db_result
db_next(struct database *db)
{
    struct row *row = &db->row;
    assert(row->handle != NULL);
    MYSQL_STMT *handle = row->handle;
    int64_t started = clock_monotonic();
    int fetched = mysql_stmt_fetch(handle);
    if (fetched == 0) {
        for (size_t i = 0; i < row->count; i++)
            take_column(row, i);
        return DB_OK;
    }
    row->handle = NULL;
    if (fetched == MYSQL_NO_DATA) {
        mysql_stmt_free_result(handle);
        return DB_NONE;
    }
    if (fetched == MYSQL_DATA_TRUNCATED) {
        log_error("a column is longer than the place for it");
        mysql_stmt_free_result(handle);
        return DB_FAILED;
    }
    return statement_failed(db, handle, started);
}

void
database_end_rows(struct database *db)
{
    if (db->row.handle != NULL)
        mysql_stmt_free_result(db->row.handle);
    db->row.handle = NULL;
}

enum db_result
db_select_one(struct database *db, const struct query *query, const struct parameter *parameters,
              size_t parameter_count, const struct column *columns, size_t column_count)
{
    enum db_result result =
        db_select(db, query, parameters, parameter_count, columns, column_count);
    if (result != DB_OK)
        return result;
    result = db_next(db);
    if (result != DB_OK)
        return result;
    enum db_result end = db_next(db);
    if (end == DB_OK) {
        log_error("more than one row: %s", query->sql);
        database_end_rows(db);
        return DB_FAILED;
    }
    return end == DB_NONE ? DB_OK : end;
}

size_t
db_list_form(size_t count)
{
    assert(count >= 1 && count <= DB_ROWS_MAX);
    size_t form = 0;
    while ((size_t)1 << form < count)
        form++;
    return form;
}

enum db_result
db_run_text(struct database *db, const char *sql)
{
    enum db_result result = connection_ensure(db);
    if (result != DB_OK)
        return result;
    db->has_begun = db->in_transaction;
    return connection_run(db, sql);
}

enum db_result
db_now(struct database *db, int64_t *now)
{
    static const struct query read_now = {"SELECT UTC_TIMESTAMP(3)"};
    return db_select_one(db, &read_now, NO_PARAMETERS, COLUMNS(INTO_INSTANT(now)));
}
