#include "mysql/draw/draw_table.h"

#include <assert.h>
#include <string.h>

#define DRAW_COLUMNS                                                                               \
    "concert_id, seed, frozen_last, sealed_at, list_hash, list_count, decided_at, drawn_at"

enum { DRAW_COLUMN_COUNT = 8 };

static enum db_result
select_draw(struct database *db, const struct query *query, int32_t concert_id, struct draw *draw)
{
    const struct column columns[DRAW_COLUMN_COUNT] = {
        INTO_INT32(&draw->concert_id),
        INTO_BYTES(draw->seed),
        INTO_OPTIONAL_INT32(&draw->frozen_last, &draw->frozen),
        INTO_INSTANT(&draw->sealed_at),
        INTO_OPTIONAL_BYTES(draw->list_hash, &draw->listed),
        INTO_INT32(&draw->list_count),
        INTO_INSTANT(&draw->decided_at),
        INTO_INSTANT(&draw->drawn_at),
    };
    return db_select_one(db, query, PARAMETERS(DB_INTEGER(concert_id)), columns, DRAW_COLUMN_COUNT);
}

enum db_result
draw_table_find(struct database *db, int32_t concert_id, struct draw *draw)
{
    static const struct query find = {"SELECT " DRAW_COLUMNS
                                      " FROM concert_draw WHERE concert_id = ?"};
    return select_draw(db, &find, concert_id, draw);
}

enum db_result
draw_table_lock(struct database *db, int32_t concert_id, struct draw *draw)
{
    static const struct query lock = {"SELECT " DRAW_COLUMNS
                                      " FROM concert_draw WHERE concert_id = ? FOR UPDATE"};
    return select_draw(db, &lock, concert_id, draw);
}

enum db_result
draw_table_next(struct database *db, int32_t after, int32_t *concert_id)
{
    static const struct query next = {
        "SELECT concert_id FROM concert WHERE concert_id > ? AND draw = 1"
        " AND status <> 'cancelled' AND admission_capacity IS NOT NULL"
        " ORDER BY concert_id LIMIT 1"};
    return db_select_one(db, &next, PARAMETERS(DB_INTEGER(after)), COLUMNS(INTO_INT32(concert_id)));
}

enum db_result
draw_table_begin(struct database *db, int32_t concert_id, const uint8_t seed[DRAW_BYTES])
{
    static const struct query insert = {
        "INSERT INTO concert_draw (concert_id, seed, created_at) VALUES (?, ?, UTC_TIMESTAMP(3))"
        " ON DUPLICATE KEY UPDATE seed = VALUES(seed), created_at = VALUES(created_at)"};
    return db_execute(db, &insert, PARAMETERS(DB_INTEGER(concert_id), DB_BYTES(seed, DRAW_BYTES)));
}

enum db_result
draw_table_freeze(struct database *db, int32_t concert_id, int32_t last)
{
    static const struct query freeze = {
        "UPDATE concert_draw SET frozen_last = ? WHERE concert_id = ? AND frozen_last IS NULL"};
    return db_execute(db, &freeze, PARAMETERS(DB_INTEGER(last), DB_INTEGER(concert_id)));
}

enum db_result
draw_table_seal(struct database *db, int32_t concert_id)
{
    static const struct query seal = {
        "UPDATE concert_draw SET sealed_at = UTC_TIMESTAMP(3)"
        " WHERE concert_id = ? AND sealed_at IS NULL AND frozen_last IS NOT NULL"};
    return db_execute(db, &seal, PARAMETERS(DB_INTEGER(concert_id)));
}

enum db_result
draw_table_publish(struct database *db, int32_t concert_id, const uint8_t list_hash[DRAW_BYTES],
                   int32_t count)
{
    static const struct query publish = {
        "UPDATE concert_draw SET list_hash = ?, list_count = ?"
        " WHERE concert_id = ? AND list_hash IS NULL AND sealed_at IS NOT NULL"};
    return db_execute(
        db, &publish,
        PARAMETERS(DB_BYTES(list_hash, DRAW_BYTES), DB_INTEGER(count), DB_INTEGER(concert_id)));
}

enum db_result
draw_table_decide(struct database *db, int32_t concert_id)
{
    static const struct query decide = {
        "UPDATE concert_draw SET decided_at = UTC_TIMESTAMP(3)"
        " WHERE concert_id = ? AND decided_at IS NULL AND list_hash IS NOT NULL"};
    return db_execute(db, &decide, PARAMETERS(DB_INTEGER(concert_id)));
}

enum db_result
draw_table_finish(struct database *db, int32_t concert_id)
{
    static const struct query finish = {
        "UPDATE concert_draw SET drawn_at = UTC_TIMESTAMP(3)"
        " WHERE concert_id = ? AND drawn_at IS NULL AND decided_at IS NOT NULL"};
    return db_execute(db, &finish, PARAMETERS(DB_INTEGER(concert_id)));
}

enum db_result
draw_table_last_before(struct database *db, int32_t concert_id, int64_t instant, int32_t *last)
{
    /* from the end of the primary key: few came after the freeze */
    static const struct query find = {"SELECT number FROM queue_token WHERE concert_id = ?"
                                      " AND created_at < ? ORDER BY number DESC LIMIT 1"};
    *last = 0;
    enum db_result result =
        db_select_one(db, &find, PARAMETERS(DB_INTEGER(concert_id), DB_INSTANT(instant)),
                      COLUMNS(INTO_INT32(last)));
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
draw_table_insert_token(struct database *db, const struct token_row *row, int32_t serving)
{
    static const struct query insert = {
        "INSERT INTO queue_token (concert_id, number, token, user_id, status, lease_until,"
        " lease_max, serving, created_at)"
        " SELECT concert_id, CAST(? AS SIGNED), CAST(? AS BINARY(16)), ?,"
        " CAST(? AS SIGNED), UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND,"
        " UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, CAST(? AS SIGNED),"
        " UTC_TIMESTAMP(3) FROM concert_draw WHERE concert_id = ?"
        " AND (sealed_at IS NULL OR frozen_last < ?) AND " TOKEN_NONE_LIVE " LOCK IN SHARE MODE"};
    bool active = row->status == TOKEN_ACTIVE;
    enum db_result result = db_execute(
        db, &insert,
        PARAMETERS(DB_INTEGER(row->number), DB_BYTES(row->token, TOKEN_SIZE), DB_TEXT(row->user_id),
                   DB_INTEGER(row->status), DB_OPTIONAL(active, row->ends_ms * 1000),
                   DB_OPTIONAL(token_may_idle(row), row->lease_ms * 1000), DB_INTEGER(serving),
                   DB_INTEGER(row->concert_id), DB_INTEGER(row->number), TOKEN_NONE_LIVE_OF(row)));
    return result == DB_OK && db_changed_rows(db) == 0 ? DB_DUPLICATE : result;
}

enum db_result
draw_table_hold_open(struct database *db, int32_t concert_id, int32_t number)
{
    static const struct query hold = {"SELECT 1 FROM concert_draw WHERE concert_id = ?"
                                      " AND (sealed_at IS NULL OR frozen_last < ?)"
                                      " LOCK IN SHARE MODE"};
    int32_t one;
    return db_select_one(db, &hold, PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(number)),
                         COLUMNS(INTO_INT32(&one)));
}

enum db_result
draw_table_tokens(struct database *db, int32_t concert_id, int32_t after, int32_t until,
                  struct draw_token *tokens, size_t *count)
{
    static const struct query read = {"SELECT number, token FROM queue_token WHERE concert_id = ?"
                                      " AND number > ? AND number <= ? ORDER BY number LIMIT ?"};
    struct draw_token token;
    *count = 0;
    enum db_result result = db_select(db, &read,
                                      PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(after),
                                                 DB_INTEGER(until), DB_INTEGER(DRAW_CHUNK)),
                                      COLUMNS(INTO_INT32(&token.number), INTO_BYTES(token.token)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        assert(*count < DRAW_CHUNK);
        tokens[(*count)++] = token;
    }
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
draw_table_put_page(struct database *db, const struct draw_page *page)
{
    static const struct query put = {
        "INSERT INTO concert_draw_rank (concert_id, chunk, ranks) VALUES (?, ?, ?)"
        " ON DUPLICATE KEY UPDATE ranks = VALUES(ranks)"};
    return db_execute(db, &put,
                      PARAMETERS(DB_INTEGER(page->concert_id), DB_INTEGER(page->chunk),
                                 DB_BYTES(page->ranks, page->length)));
}

static enum db_result
read_page(struct database *db, struct draw_page *page, int32_t chunk)
{
    static const struct query read = {
        "SELECT ranks FROM concert_draw_rank WHERE concert_id = ? AND chunk = ?"};
    page->chunk = chunk;
    page->length = 0;
    enum db_result result =
        db_select_one(db, &read, PARAMETERS(DB_INTEGER(page->concert_id), DB_INTEGER(chunk)),
                      COLUMNS(((struct column){.kind = COLUMN_BYTES,
                                               .to = page->ranks,
                                               .size = sizeof page->ranks,
                                               .length = &page->length})));
    if (result != DB_OK && result != DB_NONE)
        page->chunk = -1;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
draw_table_page_rank(struct database *db, struct draw_page *page, int32_t number, int32_t *rank)
{
    int32_t chunk = (number - 1) / DRAW_PAGE_RANKS;
    size_t at = 4 * (size_t)((number - 1) % DRAW_PAGE_RANKS);
    *rank = 0;
    if (number < 1)
        return DB_OK;
    enum db_result result = page->chunk == chunk ? DB_OK : read_page(db, page, chunk);
    if (result != DB_OK || at + 4 > page->length)
        return result;
    for (size_t i = 0; i < 4; i++)
        *rank = *rank << 8 | page->ranks[at + i];
    return DB_OK;
}
