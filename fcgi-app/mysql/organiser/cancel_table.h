/* cancel_table: the SQL that finds what a cancelled concert has sold; by primary keys, no lock. */
#ifndef FRONTROW_MYSQL_CANCEL_TABLE_H
#define FRONTROW_MYSQL_CANCEL_TABLE_H

#include "mysql/database.h"

enum { CANCEL_BATCH = 500 };

/* A seat that names a reservation. */
struct taken_seat {
    int32_t seat_id;
    int64_t reservation_id;
};

/* The concert's item with the next id above `after`; DB_NONE behind the last. */
enum db_result cancel_table_next_item(struct database *db, int32_t concert_id, int32_t after,
                                      int32_t *item_id) MUST_CHECK;

/*
 * Reads up to CANCEL_BATCH taken seats of an item above the number `after`, ascending. *count below
 * CANCEL_BATCH: there are no more.
 */
enum db_result cancel_table_taken_seats(struct database *db, int32_t item_id, int32_t after,
                                        struct taken_seat seats[CANCEL_BATCH], size_t *count)
    MUST_CHECK;

#endif
