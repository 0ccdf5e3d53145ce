#include "mysql/queue/queue_table.h"

#include <assert.h>
#include <string.h>

#include "mysql/queue/token_columns.h"

enum db_result
queue_table_find_next(struct database *db, int32_t after, int32_t *concert_id)
{
    static const struct query next = {
        "SELECT concert_id FROM concert WHERE concert_id > ? AND admission_capacity IS NOT NULL"
        " ORDER BY concert_id LIMIT 1"};
    return db_select_one(db, &next, PARAMETERS(DB_INTEGER(after)), COLUMNS(INTO_INT32(concert_id)));
}

enum db_result
queue_table_find_highest(struct database *db, int32_t concert_id, int32_t *last, int32_t *serving)
{
    static const struct query highest = {
        "SELECT COALESCE(MAX(number), 0), COALESCE((SELECT MAX(s.serving) FROM queue_token s"
        " WHERE s.concert_id = ?), 0) FROM queue_token WHERE concert_id = ?"};
    return db_select_one(db, &highest, PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(concert_id)),
                         COLUMNS(INTO_INT32(last), INTO_INT32(serving)));
}

enum db_result
queue_table_note_serving(struct database *db, int32_t concert_id, int32_t serving)
{
    /* The row of that number, so that no two calls want the same; its add may be under way. */
    static const struct query note = {
        "UPDATE queue_token SET serving = GREATEST(serving, ?)"
        " WHERE concert_id = ? AND number <= ? ORDER BY number DESC LIMIT 1"};
    return db_execute(db, &note,
                      PARAMETERS(DB_INTEGER(serving), DB_INTEGER(concert_id), DB_INTEGER(serving)));
}

/* Reads all rows that the statement gives, at most TOKEN_CHUNK. */
static enum db_result
read_chunk(struct database *db, const struct query *query, const struct parameter *parameters,
           size_t parameter_count, struct token_row *rows, size_t *count)
{
    struct token_row row;
    struct column columns[TOKEN_COLUMN_COUNT];
    token_columns_bind(&row, columns);
    *count = 0;
    enum db_result result =
        db_select(db, query, parameters, parameter_count, columns, TOKEN_COLUMN_COUNT);
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        assert(*count < TOKEN_CHUNK);
        rows[(*count)++] = row;
    }
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
queue_table_read_live(struct database *db, int32_t concert_id, enum token_part part,
                      int32_t after_number, const char *after_user, struct token_row *rows,
                      size_t *count)
{
    static const struct query waiting = {
        "SELECT " QUEUE_COLUMNS " FROM queue_token WHERE concert_id = ? AND status = 'waiting'"
        " AND number > ? ORDER BY number LIMIT ?"};
    static const struct query active = {
        "SELECT " QUEUE_COLUMNS " FROM queue_token WHERE concert_id = ? AND status = 'active'"
        " AND number > ? AND lease_until > UTC_TIMESTAMP(3) ORDER BY number LIMIT ?"};
    static const struct query unqueued = {"SELECT " UNQUEUED_COLUMNS
                                          " FROM open_token WHERE concert_id = ? AND user_id > ?"
                                          " AND " IS_LIVE_UNQUEUED("") " ORDER BY user_id LIMIT ?"};
    if (part == TOKEN_PART_UNQUEUED)
        return read_chunk(
            db, &unqueued,
            PARAMETERS(DB_INTEGER(concert_id), DB_TEXT(after_user), DB_INTEGER(TOKEN_CHUNK)), rows,
            count);
    return read_chunk(
        db, part == TOKEN_PART_WAITING ? &waiting : &active,
        PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(after_number), DB_INTEGER(TOKEN_CHUNK)), rows,
        count);
}

enum db_result
queue_table_lapse(struct database *db, int32_t concert_id, int64_t *lapsed)
{
    static const struct query lapse = {
        "UPDATE queue_token SET status = 'lapsed' WHERE concert_id = ? AND status = 'active'"
        " AND lease_until <= UTC_TIMESTAMP(3) ORDER BY number LIMIT 1000"};
    enum db_result result = db_execute(db, &lapse, PARAMETERS(DB_INTEGER(concert_id)));
    *lapsed = result == DB_OK ? db_changed_rows(db) : 0;
    return result;
}

/* One statement serves every count: the list is padded by repeating the last. */
#define BATCH                                                                                      \
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "  \
    "?, ?)"

static void
pad_batch(struct parameter parameters[TOKEN_BATCH], const uint8_t (*tokens)[TOKEN_SIZE],
          size_t count)
{
    assert(count >= 1 && count <= TOKEN_BATCH);
    for (size_t i = 0; i < TOKEN_BATCH; i++)
        parameters[i] = DB_BYTES(tokens[i < count ? i : count - 1], TOKEN_SIZE);
}

#define END_QUEUE(tokens)                                                                          \
    {                                                                                              \
        "UPDATE queue_token SET status = ? WHERE status IN ('waiting', 'active')"                  \
        " AND " IS_PERIOD " AND token " tokens                                                     \
    }
#define END_UNQUEUED(tokens)                                                                       \
    {                                                                                              \
        "UPDATE open_token SET ended = 1 WHERE " IS_PERIOD " AND token " tokens                    \
    }

enum db_result
queue_table_end(struct database *db, const struct token_period *period, enum token_kind kind,
                const uint8_t (*tokens)[TOKEN_SIZE], size_t count, enum token_status status)
{
    /* for one, which a list would read more rows for, and for all other numbers */
    static const struct query end_queue[] = {END_QUEUE("= ?"), END_QUEUE("IN " BATCH)};
    static const struct query end_unqueued[] = {END_UNQUEUED("= ?"), END_UNQUEUED("IN " BATCH)};
    struct parameter parameters[4 + TOKEN_BATCH] = {DB_INTEGER(status), PERIOD(period)};
    size_t form = count > 1, listed = count > 1 ? TOKEN_BATCH : 1;
    pad_batch(parameters + 4, tokens, count);
    if (kind == TOKEN_UNQUEUED)
        return db_execute(db, &end_unqueued[form], parameters + 1, 3 + listed);
    return db_execute(db, &end_queue[form], parameters, 4 + listed);
}

enum db_result
queue_table_count(struct database *db, const uint8_t (*tokens)[TOKEN_SIZE], size_t count,
                  int32_t *there)
{
    static const struct query query = {"SELECT COUNT(*) FROM queue_token WHERE token IN " BATCH};
    struct parameter parameters[TOKEN_BATCH];
    pad_batch(parameters, tokens, count);
    return db_select_one(db, &query, parameters, TOKEN_BATCH, COLUMNS(INTO_INT32(there)));
}

enum db_result
queue_table_list_ended(struct database *db, const uint8_t (*tokens)[TOKEN_SIZE], size_t count,
                       uint8_t (*ended)[TOKEN_SIZE], size_t *found)
{
    static const struct query query = {
        "SELECT token FROM queue_token WHERE token IN " BATCH " AND NOT " IS_LIVE_QUEUED(
            "") " UNION ALL SELECT token FROM open_token WHERE token IN " BATCH
                " AND (ended = 1 OR lease_until <= UTC_TIMESTAMP(3))"};
    struct parameter parameters[2 * TOKEN_BATCH];
    uint8_t token[TOKEN_SIZE];
    pad_batch(parameters, tokens, count);
    pad_batch(parameters + TOKEN_BATCH, tokens, count);
    *found = 0;
    enum db_result result =
        db_select(db, &query, parameters, (size_t)2 * TOKEN_BATCH, COLUMNS(INTO_BYTES(token)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        memcpy(ended[(*found)++], token, TOKEN_SIZE);
    return result == DB_NONE ? DB_OK : result;
}
