#include "domain/webhook/relay.h"

#include <stdlib.h>

#include "base/config.h"
#include "mysql/transaction.h"

enum { HOUR_MS = 3600 * 1000 };

enum db_result
relay_list_webhooks(struct services *services, struct webhook list[WEBHOOKS_MAX], size_t *count)
{
    return webhook_table_list(services->db, list, count);
}

/*
 * What is new is looked for without a lock: mostly there is nothing. A COMMIT whose answer was lost
 * is no matter: what was dispatched is not new any more.
 */
enum db_result
relay_dispatch(struct services *services, size_t *count)
{
    struct id_list events;
    enum db_result result = delivery_table_list_new(services->db, &events);
    *count = events.count;
    if (result != DB_OK || events.count == 0)
        return result;
    result = transaction_begin(services->db);
    if (result == DB_OK)
        result = delivery_table_dispatch(services->db, &events);
    return transaction_end(services->db, result);
}

/* Likewise, what was leased unseen comes back when its lease is over. */
enum db_result
relay_lease(struct services *services, int32_t webhook_id, size_t max, int64_t lease_ms,
            struct delivery list[DELIVERY_BATCH], size_t *count)
{
    enum db_result result = delivery_table_list_due(services->db, webhook_id, max, list, count);
    if (result != DB_OK || *count == 0)
        return result;
    result = transaction_begin(services->db);
    if (result == DB_OK)
        result = delivery_table_lease(services->db, webhook_id, lease_ms, list, count);
    return transaction_end(services->db, result);
}

enum db_result
relay_delivered(struct services *services, int32_t webhook_id, const struct id_list *events)
{
    return delivery_table_delete(services->db, webhook_id, events);
}

int64_t
relay_pause_ms(int32_t tries, double dice)
{
    int64_t pause = RELAY_FIRST_PAUSE_MS;
    for (int32_t i = 1; i < tries && pause < RELAY_MAX_PAUSE_MS; i++)
        pause *= 2;
    if (pause > RELAY_MAX_PAUSE_MS)
        pause = RELAY_MAX_PAUSE_MS;
    int64_t certain = pause / 2, rest = pause - certain;
    return certain + (int64_t)(dice * (double)rest);
}

enum db_result
relay_failed(struct services *services, const struct delivery *delivery, const char *error)
{
    int32_t tries = delivery->tries + 1;
    if (tries >= services->config->webhook_tries)
        return delivery_table_give_up(services->db, delivery, error);
    int64_t pause_ms = relay_pause_ms(tries, (double)rand() / RAND_MAX);
    return delivery_table_put_off(services->db, delivery, pause_ms, error);
}

/* What one webhook left that was removed. */
static enum db_result
delete_orphans(struct services *services, bool *more)
{
    int32_t webhook_id;
    int64_t deleted;
    enum db_result result = delivery_table_find_orphan(services->db, &webhook_id);
    if (result == DB_NONE)
        return DB_OK;
    *more = true;
    return result == DB_OK ? delivery_table_delete_all(services->db, webhook_id, &deleted) : result;
}

/* A batch of each kind at a time: nobody else waits for long. */
enum db_result
relay_prune(struct services *services, const struct webhook *webhooks, size_t count, bool *more)
{
    int64_t keep_ms = (int64_t)services->config->webhook_keep_hours * HOUR_MS, deleted = 0;
    *more = false;
    enum db_result result = delete_orphans(services, more);
    for (size_t i = 0; i < count && result == DB_OK; i++) {
        result =
            delivery_table_delete_dead(services->db, webhooks[i].webhook_id, keep_ms, &deleted);
        *more = *more || deleted == DELETE_BATCH;
    }
    if (result == DB_OK)
        result = delivery_table_delete_events(services->db, keep_ms, &deleted);
    *more = *more || deleted == DELETE_BATCH;
    return result;
}
