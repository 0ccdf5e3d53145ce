#include "domain/readiness.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "mysql/concert/concert_table.h"
#include "mysql/sale/idempotency_table.h"
#include "mysql/transaction.h"
#include "redis/queue/queue_store.h"

/* Strangers may ask as well, and a COMMIT is dear. */
enum { WRITE_EVERY_MS = 1000, NAME_BYTES = 16 };

/* In the table into which sales write first, under a name that nobody else has. */
static bool
commit_write(struct database *db)
{
    static const uint8_t fingerprint[FINGERPRINT_BYTES];
    uint8_t bytes[NAME_BYTES];
    char name[2 * NAME_BYTES + 1];
    random_fill(bytes, sizeof bytes);
    hex_write(bytes, sizeof bytes, name);
    if (transaction_begin(db) == DB_OK &&
        idempotency_table_begin(db, "", name, fingerprint, EFFECT_CHARGE) == DB_OK &&
        idempotency_table_withdraw(db, "", name) == DB_OK)
        return transaction_commit(db) == COMMIT_DONE;
    transaction_rollback(db);
    return false;
}

bool
readiness_check_mysql(struct services *services, int64_t *latency_us)
{
    int64_t started = clock_monotonic_us();
    struct concert nobodys;
    enum db_result result = concert_table_find(services->db, 0, &nobodys);
    bool works = result == DB_OK || result == DB_NONE;
    if (works && clock_monotonic() >= services->next_write) {
        works = commit_write(services->db);
        services->next_write = works ? clock_monotonic() + WRITE_EVERY_MS : 0;
    }
    *latency_us = clock_monotonic_us() - started;
    return works;
}

bool
readiness_check_redis(struct services *services, int64_t *latency_us)
{
    /*
     * No concert has the number 0, so all that Redis can say is that its queue has to be loaded.
     * What would refuse a buyer's add (read-only, full, no such user) refuses this one too.
     */
    static const struct queue_settings nobodys = {.concert_id = 0};
    static const uint8_t token[TOKEN_SIZE];
    struct queue_entry entry;
    int64_t started = clock_monotonic_us();
    enum queue_answer answer = queue_store_add(services->redis, &nobodys, token, "", NULL, &entry);
    *latency_us = clock_monotonic_us() - started;
    return answer == QUEUE_REBUILD;
}
