/* webhook_table: the SQL of webhooks: who is told of what. */
#ifndef FRONTROW_MYSQL_WEBHOOK_TABLE_H
#define FRONTROW_MYSQL_WEBHOOK_TABLE_H

#include "base/webhook_signature.h"
#include "mysql/database.h"

enum { WEBHOOK_URL_SIZE = 501, WEBHOOK_EVENTS_SIZE = 501, WEBHOOKS_MAX = 32 };

struct webhook {
    int32_t webhook_id;
    char url[WEBHOOK_URL_SIZE];
    char events[WEBHOOK_EVENTS_SIZE]; /* kinds with commas between; "": all */
    uint8_t salt[WEBHOOK_SALT_BYTES]; /* of its secret */
    int64_t created_at;               /* set by the database */
};

/* Inserts one and sets its id. */
enum db_result webhook_table_insert(struct database *db, struct webhook *webhook) MUST_CHECK;

/* The one with this id, with FOR UPDATE. */
enum db_result webhook_table_lock(struct database *db, int32_t webhook_id, struct webhook *webhook)
    MUST_CHECK;

enum db_result webhook_table_delete(struct database *db, int32_t webhook_id) MUST_CHECK;

/* Up to WEBHOOKS_MAX, by id. */
enum db_result webhook_table_list(struct database *db, struct webhook list[WEBHOOKS_MAX],
                                  size_t *count) MUST_CHECK;

/* Locks all: who makes deliveries does it alone, and for those that stay. */
enum db_result webhook_table_lock_all(struct database *db) MUST_CHECK;

#endif
