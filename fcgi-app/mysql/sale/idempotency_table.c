#include "mysql/sale/idempotency_table.h"

#include <assert.h>
#include <string.h>

enum db_result
idempotency_table_begin(struct database *db, const char *caller, const char *key,
                        const uint8_t fingerprint[FINGERPRINT_BYTES], enum effect_kind kind)
{
    const struct key_reservation one = {caller, key, fingerprint, kind};
    return idempotency_table_begin_batch(db, &one, 1);
}

enum db_result
idempotency_table_begin_batch(struct database *db, const struct key_reservation *keys, size_t count)
{
    static const struct query begin[DB_ROWS_MAX] = DB_ROW_FORMS(
        "INSERT INTO idempotency (user_id, idempotency_key, fingerprint, effect, created_at)"
        " VALUES ",
        "(?, ?, ?, ?, UTC_TIMESTAMP(3))", "");
    struct parameter parameters[4 * DB_ROWS_MAX];
    assert(count >= 1 && count <= DB_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        parameters[4 * i] = DB_TEXT(keys[i].caller);
        parameters[4 * i + 1] = DB_TEXT(keys[i].key);
        parameters[4 * i + 2] = DB_BYTES(keys[i].fingerprint, FINGERPRINT_BYTES);
        parameters[4 * i + 3] = DB_INTEGER(keys[i].kind);
    }
    return db_execute(db, &begin[count - 1], parameters, 4 * count);
}

enum db_result
idempotency_table_store(struct database *db, const char *caller, const char *key, int64_t effect_id,
                        const struct buffer *body)
{
    static const struct query store = {"UPDATE idempotency SET effect_id = ?, body = ?"
                                       " WHERE user_id = ? AND idempotency_key = ?"
                                       " AND body IS NULL"};
    return db_update(db, &store,
                     PARAMETERS(DB_INTEGER(effect_id), DB_BYTES(body->data, body->length),
                                DB_TEXT(caller), DB_TEXT(key)),
                     1);
}

/* Each row is there, and a changed one counts as two. */
enum db_result
idempotency_table_store_batch(struct database *db, const struct key_reservation *keys,
                              const int64_t *effect_ids, const struct buffer *const *bodies,
                              size_t count)
{
    static const struct query store[DB_ROWS_MAX] = DB_ROW_FORMS(
        "INSERT INTO idempotency (user_id, idempotency_key, fingerprint, effect, created_at,"
        " effect_id, body) VALUES ",
        "(?, ?, ?, ?, UTC_TIMESTAMP(3), ?, ?)",
        " ON DUPLICATE KEY UPDATE effect_id = VALUES(effect_id), body = VALUES(body)");
    struct parameter parameters[6 * DB_ROWS_MAX];
    assert(count >= 1 && count <= DB_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        parameters[6 * i] = DB_TEXT(keys[i].caller);
        parameters[6 * i + 1] = DB_TEXT(keys[i].key);
        parameters[6 * i + 2] = DB_BYTES(keys[i].fingerprint, FINGERPRINT_BYTES);
        parameters[6 * i + 3] = DB_INTEGER(keys[i].kind);
        parameters[6 * i + 4] = DB_INTEGER(effect_ids[i]);
        parameters[6 * i + 5] = DB_BYTES(bodies[i]->data, bodies[i]->length);
    }
    return db_update(db, &store[count - 1], parameters, 6 * count, 2 * (int64_t)count);
}

enum db_result
idempotency_table_withdraw(struct database *db, const char *caller, const char *key)
{
    static const struct query withdraw = {
        "DELETE FROM idempotency WHERE user_id = ? AND idempotency_key = ?"};
    return db_execute(db, &withdraw, PARAMETERS(DB_TEXT(caller), DB_TEXT(key)));
}

enum db_result
idempotency_table_find(struct database *db, const char *caller, const char *key,
                       uint8_t fingerprint[FINGERPRINT_BYTES], struct buffer *body)
{
    static const struct query find = {"SELECT fingerprint, body FROM idempotency"
                                      " WHERE user_id = ? AND idempotency_key = ?"};
    size_t length = 0;
    char *room = buffer_reserve(body, STORED_BODY_MAX);
    enum db_result result = db_select_one(
        db, &find, PARAMETERS(DB_TEXT(caller), DB_TEXT(key)),
        COLUMNS(
            ((struct column){.kind = COLUMN_BYTES, .to = fingerprint, .size = FINGERPRINT_BYTES}),
            ((struct column){
                .kind = COLUMN_BYTES, .to = room, .size = STORED_BODY_MAX, .length = &length})));
    if (result == DB_OK) {
        body->length += length;
        body->data[body->length] = '\0';
    }
    return result;
}

enum db_result
idempotency_table_find_effect(struct database *db, const char *caller, const char *key,
                              int64_t seconds, int64_t *effect_id)
{
    static const struct query find = {
        "SELECT effect_id FROM idempotency WHERE user_id = ? AND idempotency_key = ?"
        " AND created_at > UTC_TIMESTAMP(3) - INTERVAL ? SECOND"};
    return db_select_one(db, &find, PARAMETERS(DB_TEXT(caller), DB_TEXT(key), DB_INTEGER(seconds)),
                         COLUMNS(INTO_INT64(effect_id)));
}

enum db_result
idempotency_table_delete_old(struct database *db, int64_t cutoff, int64_t *deleted)
{
    static const struct query delete_old = {
        "DELETE FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ?"};
    enum db_result result =
        db_execute(db, &delete_old, PARAMETERS(DB_INSTANT(cutoff), DB_INTEGER(IDEMPOTENCY_BATCH)));
    *deleted = result == DB_OK ? db_changed_rows(db) : 0;
    return result;
}
