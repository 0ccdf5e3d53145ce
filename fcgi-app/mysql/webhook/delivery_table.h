/*
 * delivery_table: the SQL of what webhooks are still to hear. An event becomes one delivery for
 * each webhook that wants it; a delivery is deleted when it arrived. Those of a stream (of a
 * reservation, or of a concert) go one after the other.
 */
#ifndef FRONTROW_MYSQL_DELIVERY_TABLE_H
#define FRONTROW_MYSQL_DELIVERY_TABLE_H

#include "mysql/event_table.h"
#include "mysql/webhook/webhook_table.h"

enum {
    DISPATCH_BATCH = 500, /* events that become deliveries at once */
    DELIVERY_BATCH = 256, /* deliveries that are leased or ended at once */
    DELETE_BATCH = 1000,  /* rows */
    DELIVERY_ERROR_SIZE = 201
};

/* A delivery with its event. */
struct delivery {
    int32_t webhook_id;
    int64_t event_id;
    int64_t stream;
    int32_t tries; /* that failed */
    int64_t occurred_at;
    int64_t dead_at;                 /* CLOCK_NEVER: it is not given up */
    char error[DELIVERY_ERROR_SIZE]; /* of the last try, ""; filled by ..._list_dead() only */
    char kind[EVENT_KIND_SIZE];      /* may be one that only a newer build has */
    struct event event;              /* all but its kind */
};

/* Some ids. */
struct id_list {
    size_t count;
    int64_t ids[DISPATCH_BATCH];
};

/* Events that are not dispatched, the oldest first, without a lock. */
enum db_result delivery_table_list_new(struct database *db, struct id_list *events) MUST_CHECK;

/*
 * Makes the deliveries of these events, and marks them as dispatched. The webhooks are locked, so
 * that of two events of a stream none is dispatched before the first.
 */
enum db_result delivery_table_dispatch(struct database *db, const struct id_list *events)
    MUST_CHECK;

/*
 * Up to `max` deliveries to a webhook that are due and the first of their streams, without a lock.
 * What was first stays so. DB_OK also where there is none.
 */
enum db_result delivery_table_list_due(struct database *db, int32_t webhook_id, size_t max,
                                       struct delivery list[DELIVERY_BATCH], size_t *count)
    MUST_CHECK;

/*
 * Locks those of the list that are due still and that nobody has locked, and takes the rest out of
 * it; then puts off when they are due by `lease_ms`.
 */
enum db_result delivery_table_lease(struct database *db, int32_t webhook_id, int64_t lease_ms,
                                    struct delivery *list, size_t *count) MUST_CHECK;

/* Deletes deliveries that arrived. */
enum db_result delivery_table_delete(struct database *db, int32_t webhook_id,
                                     const struct id_list *events) MUST_CHECK;

/*
 * A try failed: counts it, unless somebody else did, and puts the whole stream off by `pause_ms`,
 * as the others wait for this one.
 */
enum db_result delivery_table_put_off(struct database *db, const struct delivery *delivery,
                                      int64_t pause_ms, const char *error) MUST_CHECK;

/* Gives it up: the rest of the stream goes on without it. */
enum db_result delivery_table_give_up(struct database *db, const struct delivery *delivery,
                                      const char *error) MUST_CHECK;

/* The dead ones of a webhook, the oldest first, behind the event `after`. */
enum db_result delivery_table_list_dead(struct database *db, int32_t webhook_id, int64_t after,
                                        struct delivery list[DELIVERY_BATCH], size_t *count)
    MUST_CHECK;

/* Makes dead deliveries of a webhook due again, and those that wait, too; *count: how many. */
enum db_result delivery_table_revive(struct database *db, int32_t webhook_id, int64_t *count)
    MUST_CHECK;

/* Makes deliveries of what happened since then and is kept, but for those that are there. */
enum db_result delivery_table_repeat(struct database *db, int32_t webhook_id, int64_t since,
                                     int64_t *count) MUST_CHECK;

/* Adds a test event, and its delivery to this webhook alone. */
enum db_result delivery_table_add_test(struct database *db, int32_t webhook_id, int64_t *event_id)
    MUST_CHECK;

/* One delivery: DB_NONE where it arrived. */
enum db_result delivery_table_find(struct database *db, int32_t webhook_id, int64_t event_id,
                                   struct delivery *delivery) MUST_CHECK;

/* A webhook that was removed, and has deliveries. */
enum db_result delivery_table_find_orphan(struct database *db, int32_t *webhook_id) MUST_CHECK;

/*
 * Delete up to DELETE_BATCH rows: any deliveries to a webhook, those that died more than `keep_ms`
 * ago, and events of that age that nobody is to hear any more. *deleted: how many.
 */
enum db_result delivery_table_delete_all(struct database *db, int32_t webhook_id, int64_t *deleted)
    MUST_CHECK;
enum db_result delivery_table_delete_dead(struct database *db, int32_t webhook_id, int64_t keep_ms,
                                          int64_t *deleted) MUST_CHECK;
enum db_result delivery_table_delete_events(struct database *db, int64_t keep_ms, int64_t *deleted)
    MUST_CHECK;

#endif
