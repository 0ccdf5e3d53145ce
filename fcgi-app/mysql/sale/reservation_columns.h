/* reservation_columns: the columns of a reservation in the statements of mysql/. */
#ifndef FRONTROW_MYSQL_RESERVATION_COLUMNS_H
#define FRONTROW_MYSQL_RESERVATION_COLUMNS_H

#include "mysql/concert/concert_columns.h"
#include "mysql/sale/reservation_table.h"

/* Of `reservation r`. */
#define RESERVATION_COLUMNS                                                                        \
    "r.reservation_id, r.user_id, r.concert_id, r.item_id, r.status + 0, r.seat_count, "           \
    "r.total_price, r.refund_count, r.seat_limit, r.token, r.created_at, r.expires_at, "           \
    "r.settled_at, r.payer, r.presale_id"

/* What reservation_shown() makes of its status, by number; beside its `concert c` and `item i`. */
#define RESERVATION_SHOWN                                                                          \
    "IF(r.status = 'held', IF(r.expires_at <= UTC_TIMESTAMP(3), 3,"                                \
    " IF(" ITEM_IS_CANCELLED ", 4, 1)), r.status + 0)"

/*
 * Those of a concert, or of a stored status, by descending id: `k` goes through an index that has
 * the item as well, and of a status the concert, so that of others' nothing else is read.
 */
#define RESERVATIONS_BY(index)                                                                     \
    "reservation k FORCE INDEX (" index ")"                                                        \
    " STRAIGHT_JOIN reservation r FORCE INDEX (PRIMARY) ON r.reservation_id = k.reservation_id"
#define RESERVATIONS_OF_CONCERT RESERVATIONS_BY("reservation_of_concert")
#define RESERVATIONS_OF_STATUS RESERVATIONS_BY("reservation_of_status")

enum { RESERVATION_COLUMN_COUNT = 15 };

/* Where they go. */
void reservation_columns_bind(struct reservation *row,
                              struct column columns[RESERVATION_COLUMN_COUNT]);

#endif
