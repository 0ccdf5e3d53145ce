/* sweep_table: the SQL of the sweeper: lapsed holds and old stored answers. */
#ifndef FRONTROW_MYSQL_SWEEP_TABLE_H
#define FRONTROW_MYSQL_SWEEP_TABLE_H

#include "mysql/reservation_table.h"

enum { SWEEP_BATCH = 500 };

/* A place in the order (expiresAt, reservationId) in which lapsed holds are visited. */
struct sweep_place {
    int64_t expires_at;
    int32_t reservation_id;
};

/*
 * Reads up to SWEEP_BATCH held reservations that were over at `until` and come after `after`,
 * without a lock. *count below SWEEP_BATCH: there are no more.
 */
enum db_result sweep_table_lapsed(struct database *db, const struct sweep_place *after,
                                  int64_t until, struct sweep_place places[SWEEP_BATCH],
                                  size_t *count);

/*
 * Locks a reservation and sets its item_id, status and expires_at. DB_NONE: somebody else has it
 * locked.
 */
enum db_result sweep_table_lock_reservation(struct database *db, struct reservation *reservation);

/* Locks seats of an item; *locked is how many nobody else had locked. */
enum db_result sweep_table_lock_seats(struct database *db, int32_t item_id,
                                      const int32_t ids[SEATS_AT_ONCE], size_t count,
                                      size_t *locked);

/* Deletes up to 1,000 stored answers that are older than a day; db_changed_rows() tells how many.
 */
enum db_result sweep_table_delete_answers(struct database *db);

#endif
