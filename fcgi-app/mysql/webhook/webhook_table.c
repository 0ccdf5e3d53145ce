#include "mysql/webhook/webhook_table.h"

enum { WEBHOOK_COLUMNS = 5 };

#define COLUMNS_OF_WEBHOOK "webhook_id, url, events, salt, created_at"

static void
bind(struct webhook *webhook, struct column columns[WEBHOOK_COLUMNS])
{
    const struct column list[WEBHOOK_COLUMNS] = {
        INTO_INT32(&webhook->webhook_id), INTO_TEXT(webhook->url), INTO_TEXT(webhook->events),
        INTO_BYTES(webhook->salt), INTO_INSTANT(&webhook->created_at)};
    memcpy(columns, list, sizeof list);
}

enum db_result
webhook_table_insert(struct database *db, struct webhook *webhook)
{
    static const struct query insert = {"INSERT INTO webhook (url, events, salt, created_at)"
                                        " VALUES (?, ?, ?, UTC_TIMESTAMP(3))"};
    enum db_result result = db_execute(db, &insert,
                                       PARAMETERS(DB_TEXT(webhook->url), DB_TEXT(webhook->events),
                                                  DB_BYTES(webhook->salt, sizeof webhook->salt)));
    webhook->webhook_id = (int32_t)db_inserted_id(db);
    return result;
}

enum db_result
webhook_table_lock(struct database *db, int32_t webhook_id, struct webhook *webhook)
{
    static const struct query lock = {"SELECT " COLUMNS_OF_WEBHOOK
                                      " FROM webhook WHERE webhook_id = ? FOR UPDATE"};
    struct column columns[WEBHOOK_COLUMNS];
    bind(webhook, columns);
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(webhook_id)), columns, WEBHOOK_COLUMNS);
}

enum db_result
webhook_table_delete(struct database *db, int32_t webhook_id)
{
    static const struct query delete_one = {"DELETE FROM webhook WHERE webhook_id = ?"};
    return db_execute(db, &delete_one, PARAMETERS(DB_INTEGER(webhook_id)));
}

enum db_result
webhook_table_list(struct database *db, struct webhook list[WEBHOOKS_MAX], size_t *count)
{
    static const struct query all = {"SELECT " COLUMNS_OF_WEBHOOK
                                     " FROM webhook ORDER BY webhook_id LIMIT ?"};
    struct webhook row;
    struct column columns[WEBHOOK_COLUMNS];
    bind(&row, columns);
    *count = 0;
    enum db_result result =
        db_select(db, &all, PARAMETERS(DB_INTEGER(WEBHOOKS_MAX)), columns, WEBHOOK_COLUMNS);
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        list[(*count)++] = row;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
webhook_table_lock_all(struct database *db)
{
    static const struct query lock = {
        "SELECT webhook_id FROM webhook ORDER BY webhook_id FOR UPDATE"};
    int32_t webhook_id;
    enum db_result result = db_select(db, &lock, NO_PARAMETERS, COLUMNS(INTO_INT32(&webhook_id)));
    while (result == DB_OK)
        result = db_next(db);
    return result == DB_NONE ? DB_OK : result;
}
