/* seat_columns: what has been sold, in the statements of mysql/. */
#ifndef FRONTROW_MYSQL_SEAT_COLUMNS_H
#define FRONTROW_MYSQL_SEAT_COLUMNS_H

#include "mysql/sale/seat_table.h"

/*
 * What the reservation that has `seat s` pays or has paid for it. Whoever changes the price of a
 * seat that is taken writes down for how much it was, and for which reservation: so a seat that is
 * freed and taken again costs its new owner what it costs now, whoever frees it.
 */
#define SEAT_TAKEN_PRICE "IF(s.taken_by = s.reservation_id, s.taken_price, s.price)"

/*
 * Sums over `seat s` of `item i`. held_until is NULL of all but held seats; a sum leaves NULLs out,
 * and is NULL of nothing. Of a cancelled item nothing is available, withheld already or not.
 */
#define SALES_COLUMNS                                                                              \
    "COUNT(s.seat_no), CAST(SUM(i.status = 'open' AND s.blocked = 0"                               \
    " AND (s.status = 'available' OR s.held_until <= UTC_TIMESTAMP(3))) AS SIGNED),"               \
    " CAST(SUM(s.held_until > UTC_TIMESTAMP(3)) AS SIGNED),"                                       \
    " CAST(SUM(s.status = 'sold') AS SIGNED), CAST(SUM(s.blocked) AS SIGNED),"                     \
    " CAST(SUM(IF(s.status = 'sold', " SEAT_TAKEN_PRICE ", 0)) AS SIGNED)"

#define INTO_SALES(row)                                                                            \
    INTO_INT32(&(row)->seat_count), INTO_INT32(&(row)->available), INTO_INT32(&(row)->held),       \
        INTO_INT32(&(row)->sold), INTO_INT32(&(row)->blocked), INTO_INT64(&(row)->revenue)

#endif
