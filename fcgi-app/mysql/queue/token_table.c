#include "mysql/queue/token_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mysql/queue/token_columns.h"

void
token_columns_bind(struct token_row *row, struct column columns[TOKEN_COLUMN_COUNT])
{
    const struct column list[TOKEN_COLUMN_COUNT] = {
        INTO_ENUM(&row->kind, TOKEN_UNQUEUED),
        INTO_BYTES(row->token),
        INTO_INT32(&row->concert_id),
        INTO_INT32(&row->number),
        INTO_TEXT(row->user_id),
        INTO_ENUM(&row->status, TOKEN_LAPSED),
        INTO_INSTANT(&row->lease_until),
        INTO_INT64(&row->ends_ms),
        INTO_INT64(&row->lease_ms),
    };
    memcpy(columns, list, sizeof list);
}

bool
token_is_live(const struct token_row *row)
{
    return row->status == TOKEN_WAITING || row->status == TOKEN_ACTIVE;
}

bool
token_may_idle(const struct token_row *row)
{
    return row->status == TOKEN_ACTIVE && row->ends_ms < row->lease_ms;
}

static enum db_result
select_token(struct database *db, const struct query *query, const struct parameter *parameters,
             size_t count, struct token_row *row)
{
    struct column columns[TOKEN_COLUMN_COUNT];
    *row = (struct token_row){0};
    token_columns_bind(row, columns);
    return db_select_one(db, query, parameters, count, columns, TOKEN_COLUMN_COUNT);
}

/* By these indexes, whatever the statistics say: of many tokens all could be read for sixteen. */
#define FIND(list)                                                                                 \
    {                                                                                              \
        "SELECT " QUEUE_COLUMNS " FROM queue_token FORCE INDEX (queue_token_by_token)"             \
        " WHERE token" list " UNION ALL SELECT " UNQUEUED_COLUMNS                                  \
        " FROM open_token FORCE INDEX (open_token_by_token) WHERE token" list                      \
    }
static const struct query find_tokens[DB_LIST_FORMS] = {FIND(DB_IN_1), FIND(DB_IN_2), FIND(DB_IN_4),
                                                        FIND(DB_IN_8), FIND(DB_IN_16)};

enum db_result
token_table_find(struct database *db, const uint8_t token[TOKEN_SIZE], struct token_row *row)
{
    return select_token(db, &find_tokens[0],
                        PARAMETERS(DB_BYTES(token, TOKEN_SIZE), DB_BYTES(token, TOKEN_SIZE)), row);
}

enum db_result
token_table_list(struct database *db, const uint8_t *const tokens[], size_t count,
                 struct token_row *row)
{
    struct parameter parameters[2 * DB_ROWS_MAX];
    struct column columns[TOKEN_COLUMN_COUNT];
    size_t form = db_list_form(count), listed = (size_t)1 << form;
    for (size_t i = 0; i < listed; i++)
        parameters[i] = parameters[listed + i] = DB_BYTES(tokens[db_list_at(i, count)], TOKEN_SIZE);
    *row = (struct token_row){0};
    token_columns_bind(row, columns);
    return db_select(db, &find_tokens[form], parameters, 2 * listed, columns, TOKEN_COLUMN_COUNT);
}

enum db_result
token_table_find_live(struct database *db, int32_t concert_id, const char *user_id,
                      struct token_row *row)
{
    /* by the primary key all above would be read, and by the status all who wait */
    static const struct query find_queue = {
        "SELECT " QUEUE_COLUMNS " FROM queue_token FORCE INDEX (queue_token_of_user)"
        " WHERE concert_id = ? AND user_id = ? AND " IS_LIVE_QUEUED(
            "") " ORDER BY number DESC LIMIT 1"};
    static const struct query find_unqueued = {
        "SELECT " UNQUEUED_COLUMNS " FROM open_token WHERE concert_id = ? AND user_id = ?"
        " AND " IS_LIVE_UNQUEUED("")};
    const struct parameter owner[] = {DB_INTEGER(concert_id), DB_TEXT(user_id)};
    enum db_result result = select_token(db, &find_queue, owner, 2, row);
    return result == DB_NONE ? select_token(db, &find_unqueued, owner, 2, row) : result;
}

/* The list of one statement stands in it twice, once for each kind. */
#define LIVE_USERS(users)                                                                          \
    {                                                                                              \
        "SELECT user_id FROM queue_token FORCE INDEX (queue_token_of_user)"                        \
        " WHERE concert_id = ? AND user_id" users " AND " IS_LIVE_QUEUED(                          \
            "") " UNION ALL SELECT user_id FROM open_token WHERE concert_id = ? AND user_id" users \
                " AND " IS_LIVE_UNQUEUED("")                                                       \
    }

enum db_result
token_table_mark_live(struct database *db, int32_t concert_id, const char *const user_ids[],
                      size_t count, bool has_live[])
{
    static const struct query forms[] = {LIVE_USERS(DB_IN_1), LIVE_USERS(DB_IN_2),
                                         LIVE_USERS(DB_IN_4), LIVE_USERS(DB_IN_8),
                                         LIVE_USERS(DB_IN_16)};
    struct parameter parameters[2 * (1 + DB_ROWS_MAX)];
    char user_id[USER_ID_SIZE];
    size_t form = db_list_form(count), half = 1 + ((size_t)1 << form);
    parameters[0] = DB_INTEGER(concert_id);
    for (size_t i = 1; i < half; i++)
        parameters[i] = DB_TEXT(user_ids[db_list_at(i - 1, count)]);
    memcpy(parameters + half, parameters, half * sizeof parameters[0]);
    enum db_result result =
        db_select(db, &forms[form], parameters, 2 * half, COLUMNS(INTO_TEXT(user_id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        for (size_t i = 0; i < count; i++)
            has_live[i] = has_live[i] || strcmp(user_ids[i], user_id) == 0;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
token_table_end(struct database *db, enum token_kind kind, const uint8_t token[TOKEN_SIZE],
                enum token_status status)
{
    static const struct query end_queue = {
        "UPDATE queue_token SET status = ? WHERE token = ? AND status IN ('waiting', 'active')"};
    static const struct query end_unqueued = {"UPDATE open_token SET ended = 1 WHERE token = ?"};
    if (kind == TOKEN_UNQUEUED)
        return db_execute(db, &end_unqueued, PARAMETERS(DB_BYTES(token, TOKEN_SIZE)));
    return db_execute(db, &end_queue, PARAMETERS(DB_INTEGER(status), DB_BYTES(token, TOKEN_SIZE)));
}

/* The list of a DB_LISTS statement; returns how many parameters it takes. */
static size_t
name_tokens(struct parameter parameters[DB_ROWS_MAX], const uint8_t *const tokens[], size_t count)
{
    size_t listed = (size_t)1 << db_list_form(count);
    for (size_t i = 0; i < listed; i++)
        parameters[i] = DB_BYTES(tokens[db_list_at(i, count)], TOKEN_SIZE);
    return listed;
}

enum db_result
token_table_lock_free(struct database *db, const uint8_t *const tokens[], size_t count,
                      bool locked[])
{
    static const struct query lock[] =
        DB_LISTS("SELECT token FROM queue_token FORCE INDEX (queue_token_by_token) WHERE token",
                 " AND status = 'active' FOR UPDATE SKIP LOCKED");
    struct parameter parameters[DB_ROWS_MAX];
    uint8_t token[TOKEN_SIZE];
    size_t listed = name_tokens(parameters, tokens, count);
    for (size_t i = 0; i < count; i++)
        locked[i] = false;
    enum db_result result =
        db_select(db, &lock[db_list_form(count)], parameters, listed, COLUMNS(INTO_BYTES(token)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        for (size_t i = 0; i < count; i++)
            locked[i] = locked[i] || memcmp(tokens[i], token, TOKEN_SIZE) == 0;
    return result == DB_NONE ? DB_OK : result;
}

static const struct query end_active[DB_LIST_FORMS] =
    DB_LISTS("UPDATE queue_token FORCE INDEX (queue_token_by_token) SET status = 'done'"
             " WHERE token",
             " AND status = 'active'");

enum db_result
token_table_end_all_active(struct database *db, const uint8_t *const tokens[], size_t count)
{
    struct parameter parameters[DB_ROWS_MAX];
    size_t listed = name_tokens(parameters, tokens, count);
    return db_update_if(db, &end_active[db_list_form(count)], parameters, listed, (int64_t)count);
}

enum db_result
token_table_end_active(struct database *db, const uint8_t token[TOKEN_SIZE], bool *ended)
{
    static const struct query end_unqueued = {
        "UPDATE open_token SET ended = 1 WHERE token = ? AND ended = 0"};
    enum db_result result = db_execute(db, &end_active[0], PARAMETERS(DB_BYTES(token, TOKEN_SIZE)));
    if (result == DB_OK && db_changed_rows(db) == 0)
        result = db_execute(db, &end_unqueued, PARAMETERS(DB_BYTES(token, TOKEN_SIZE)));
    *ended = result == DB_OK && db_changed_rows(db) > 0;
    return result;
}

enum db_result
token_table_insert(struct database *db, const struct token_row *row, int32_t serving)
{
    static const struct query insert = {
        "INSERT INTO queue_token (concert_id, number, token, user_id, status, lease_until, "
        "lease_max,"
        " serving, created_at) SELECT CAST(? AS SIGNED), CAST(? AS SIGNED), CAST(? AS BINARY(16)),"
        " ?, CAST(? AS SIGNED), UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND,"
        " UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, CAST(? AS SIGNED), UTC_TIMESTAMP(3)"
        " FROM DUAL WHERE " TOKEN_NONE_LIVE};
    bool active = row->status == TOKEN_ACTIVE;
    enum db_result result =
        db_execute(db, &insert,
                   PARAMETERS(DB_INTEGER(row->concert_id), DB_INTEGER(row->number),
                              DB_BYTES(row->token, TOKEN_SIZE), DB_TEXT(row->user_id),
                              DB_INTEGER(row->status), DB_OPTIONAL(active, row->ends_ms * 1000),
                              DB_OPTIONAL(token_may_idle(row), row->lease_ms * 1000),
                              DB_INTEGER(serving), TOKEN_NONE_LIVE_OF(row)));
    return result == DB_OK && db_changed_rows(db) == 0 ? DB_DUPLICATE : result;
}

enum db_result
token_table_insert_waiting(struct database *db, const struct token_row *const rows[], size_t count)
{
    static const struct query insert[DB_ROWS_MAX] = DB_ROW_FORMS(
        "INSERT INTO queue_token (concert_id, number, token, user_id, created_at) VALUES ",
        "(?, ?, ?, ?, UTC_TIMESTAMP(3))", "");
    struct parameter parameters[4 * DB_ROWS_MAX];
    assert(count >= 1 && count <= DB_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        parameters[4 * i] = DB_INTEGER(rows[i]->concert_id);
        parameters[4 * i + 1] = DB_INTEGER(rows[i]->number);
        parameters[4 * i + 2] = DB_BYTES(rows[i]->token, TOKEN_SIZE);
        parameters[4 * i + 3] = DB_TEXT(rows[i]->user_id);
    }
    return db_execute(db, &insert[count - 1], parameters, 4 * count);
}

enum db_result
token_table_activate(struct database *db, const struct token_period *period,
                     const uint8_t token[TOKEN_SIZE], int64_t ends_ms, int64_t lease_ms,
                     int32_t serving)
{
    static const struct query activate = {
        "UPDATE queue_token SET status = 'active',"
        " lease_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND,"
        " lease_max = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND,"
        " serving = GREATEST(serving, ?) WHERE token = ? AND status IN ('waiting', 'active')"
        " AND " IS_PERIOD};
    return db_execute(db, &activate,
                      PARAMETERS(DB_INTEGER(ends_ms * 1000),
                                 DB_OPTIONAL(ends_ms < lease_ms, lease_ms * 1000),
                                 DB_INTEGER(serving), DB_BYTES(token, TOKEN_SIZE), PERIOD(period)));
}

enum db_result
token_table_take_back(struct database *db, const struct token_period *period,
                      const uint8_t token[TOKEN_SIZE])
{
    static const struct query take_back = {
        "UPDATE queue_token SET status = 'waiting', lease_until = NULL, lease_max = NULL"
        " WHERE token = ? AND status = 'active' AND " IS_PERIOD};
    return db_execute(db, &take_back, PARAMETERS(DB_BYTES(token, TOKEN_SIZE), PERIOD(period)));
}

enum db_result
token_table_prolong(struct database *db, const uint8_t token[TOKEN_SIZE], int64_t until)
{
    static const struct query prolong = {
        "UPDATE queue_token SET lease_until = GREATEST(lease_until, LEAST(CAST(? AS DATETIME(3)),"
        " " LEASE_END "))"
        " WHERE token = ? AND status = 'active' AND lease_until > UTC_TIMESTAMP(3)"};
    return db_execute(db, &prolong, PARAMETERS(DB_INSTANT(until), DB_BYTES(token, TOKEN_SIZE)));
}

enum db_result
token_table_renew_unqueued(struct database *db, const struct token_period *period,
                           const char *user_id, const uint8_t fresh[TOKEN_SIZE], int64_t now,
                           int64_t lease_ms, struct token_row *row)
{
    /* The assignments run from left to right: the token is chosen by what the row was before. */
    static const struct query renew = {
        "INSERT INTO open_token (concert_id, user_id, token, lease_until)"
        " SELECT CAST(? AS SIGNED), ?, CAST(? AS BINARY(16)), CAST(? AS DATETIME(3)) FROM DUAL "
        "WHERE " IS_PERIOD " ON DUPLICATE KEY UPDATE"
        " token = IF(ended = 1 OR lease_until <= UTC_TIMESTAMP(3), VALUES(token), token),"
        " lease_until = VALUES(lease_until), ended = 0"};
    static const struct query find = {"SELECT " UNQUEUED_COLUMNS " FROM open_token"
                                      " WHERE concert_id = ? AND user_id = ? AND " IS_PERIOD};
    enum db_result result = db_execute(db, &renew,
                                       PARAMETERS(DB_INTEGER(period->concert_id), DB_TEXT(user_id),
                                                  DB_BYTES(fresh, TOKEN_SIZE),
                                                  DB_INSTANT(now + lease_ms), PERIOD(period)));
    if (result != DB_OK)
        return result;
    if (db_changed_rows(db) != 1) /* there was one already, or the period is over */
        return select_token(
            db, &find, PARAMETERS(DB_INTEGER(period->concert_id), DB_TEXT(user_id), PERIOD(period)),
            row);
    *row = (struct token_row){.kind = TOKEN_UNQUEUED,
                              .concert_id = period->concert_id,
                              .status = TOKEN_ACTIVE,
                              .lease_until = now + lease_ms,
                              .ends_ms = lease_ms,
                              .lease_ms = lease_ms};
    memcpy(row->token, fresh, TOKEN_SIZE);
    snprintf(row->user_id, sizeof row->user_id, "%s", user_id);
    return DB_OK;
}

enum db_result
token_table_hold_period(struct database *db, const struct token_period *period)
{
    static const struct query hold = {HOLD_PERIOD};
    int32_t one;
    return db_select_one(db, &hold, PARAMETERS(PERIOD(period)), COLUMNS(INTO_INT32(&one)));
}

enum db_result
token_table_insert_unqueued(struct database *db, const struct token_row *const rows[], size_t count)
{
    static const struct query insert[DB_ROWS_MAX] =
        DB_ROW_FORMS("INSERT INTO open_token (concert_id, user_id, token, lease_until) VALUES ",
                     "(?, ?, ?, ?)", "");
    struct parameter parameters[4 * DB_ROWS_MAX];
    assert(count >= 1 && count <= DB_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        parameters[4 * i] = DB_INTEGER(rows[i]->concert_id);
        parameters[4 * i + 1] = DB_TEXT(rows[i]->user_id);
        parameters[4 * i + 2] = DB_BYTES(rows[i]->token, TOKEN_SIZE);
        parameters[4 * i + 3] = DB_INSTANT(rows[i]->lease_until);
    }
    return db_execute(db, &insert[count - 1], parameters, 4 * count);
}
