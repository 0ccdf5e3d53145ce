/* sweep_table: the SQL of the sweeper: lapsed holds and old stored answers. */
#ifndef FRONTROW_MYSQL_SWEEP_TABLE_H
#define FRONTROW_MYSQL_SWEEP_TABLE_H

#include "mysql/sale/reservation_table.h"

enum { SWEEP_BATCH = 500, SWEEP_ANSWERS = 1000 };

/* So long an Idempotency-Key gets its stored answer. */
enum { SWEEP_ANSWER_HOURS = 24, SWEEP_ANSWER_MS = SWEEP_ANSWER_HOURS * 3600000 };

/* A place in the order (expiresAt, reservationId) in which lapsed holds are visited. */
struct sweep_cursor {
    int64_t expires_at;
    int64_t reservation_id;
};

/*
 * Reads up to SWEEP_BATCH held reservations that were over at `until` and come after `after`,
 * without a lock. *count below SWEEP_BATCH: there are no more.
 */
enum db_result sweep_table_lapsed(struct database *db, const struct sweep_cursor *after,
                                  int64_t until, struct sweep_cursor cursors[SWEEP_BATCH],
                                  size_t *count) MUST_CHECK;

/*
 * Locks a reservation and sets its item_id, status and expires_at. DB_NONE: somebody else has it
 * locked.
 */
enum db_result sweep_table_lock_reservation(struct database *db, struct reservation *reservation)
    MUST_CHECK;

/* Deletes up to SWEEP_ANSWERS stored answers that are older than the cutoff, and counts them. */
enum db_result sweep_table_delete_answers(struct database *db, int64_t cutoff, int64_t *deleted)
    MUST_CHECK;

#endif
