#include "mysql/sale/idempotency_table.h"

#include <string.h>

enum db_result
idempotency_table_begin(struct database *db, const char *caller, const char *key,
                        const uint8_t fingerprint[FINGERPRINT_BYTES], enum effect_kind kind)
{
    static const struct query begin = {
        "INSERT INTO idempotency (user_id, idempotency_key, fingerprint, effect, created_at)"
        " VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))"};
    return db_execute(db, &begin,
                      PARAMETERS(DB_TEXT(caller), DB_TEXT(key),
                                 DB_BYTES(fingerprint, FINGERPRINT_BYTES), DB_INTEGER(kind)));
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
