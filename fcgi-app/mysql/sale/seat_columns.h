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

/* Of the seats `s` of a section: they are neither without standing places nor an area of one price.
 */
#define SEATS_ARE_MIXED                                                                            \
    "SUM(s.kind = 'standing') > 0"                                                                 \
    " AND (SUM(s.kind = 'standing') < COUNT(*) OR MIN(s.price) < MAX(s.price))"

/* Whether a hold of `seat s` is over; where somebody waits for `item i`, it goes on for them. */
#define SEAT_LAPSED "(i.waiting = 0 AND s.held_until <= UTC_TIMESTAMP(3))"
#define SEAT_IS_HELD "(s.held_until > UTC_TIMESTAMP(3) OR (i.waiting > 0 AND s.status = 'held'))"

/*
 * Sums over `seat s` of `item i`. held_until is NULL of all but held seats; a sum leaves NULLs out,
 * and is NULL of nothing. Of a cancelled item nothing is available, withheld already or not. Last
 * what was not paid with points: `others` is what it cost, which is no revenue.
 */
#define SALES_COLUMNS(others, box_office, guest, box_office_revenue)                               \
    "COUNT(s.seat_no), CAST(SUM(i.status = 'open' AND s.blocked = 0"                               \
    " AND (s.status = 'available' OR " SEAT_LAPSED ")) AS SIGNED)"                                 \
    "," TAKEN_COLUMNS(others, box_office, guest, box_office_revenue)

/* What follows the seats and the available ones. */
#define TAKEN_COLUMNS(others, box_office, guest, box_office_revenue)                               \
    " CAST(SUM(" SEAT_IS_HELD ") AS SIGNED),"                                                      \
    " CAST(SUM(s.status = 'sold') AS SIGNED), CAST(SUM(s.blocked) AS SIGNED),"                     \
    " CAST(SUM(IF(s.status = 'sold', " SEAT_TAKEN_PRICE ", 0)) AS SIGNED) - " others               \
    ", " box_office ", " guest ", " box_office_revenue

/*
 * Their orders tell it: no seat of a hall has to be asked how it was paid. `of_what` says whose,
 * beginning with their concert_id.
 */
#define SALES_BY_ORDERS(of_what) BY_ORDERS(SALES_COLUMNS, of_what)
#define TAKEN_BY_ORDERS(of_what) BY_ORDERS(TAKEN_COLUMNS, of_what)
#define BY_ORDERS(columns, of_what)                                                                \
    columns(SUM_OF_ORDERS("r.total_price", of_what, ""),                                           \
            SUM_OF_ORDERS("r.seat_count", of_what, " AND b.method = 'box_office'"),                \
            SUM_OF_ORDERS("r.seat_count", of_what, " AND b.method = 'guest'"),                     \
            SUM_OF_ORDERS("r.total_price", of_what, " AND b.method = 'box_office'"))
#define SUM_OF_ORDERS(column, of_what, of_method)                                                  \
    "(SELECT CAST(COALESCE(SUM(" column "), 0) AS SIGNED) FROM box_office_sale b"                  \
    " FORCE INDEX (box_office_sale_of_item) STRAIGHT_JOIN reservation r FORCE INDEX (PRIMARY)"     \
    " ON r.reservation_id = b.reservation_id WHERE b.concert_id = " of_what                        \
    " AND r.status = 'paid'" of_method ")"

/* The same where each seat is asked, as an order may have seats in several sections. */
#define SALES_BY_SEATS                                                                             \
    SALES_COLUMNS(SUM_OF_SEATS(SEAT_TAKEN_PRICE, "b.method IS NOT NULL"),                          \
                  SUM_OF_SEATS("1", "b.method = 'box_office'"),                                    \
                  SUM_OF_SEATS("1", "b.method = 'guest'"),                                         \
                  SUM_OF_SEATS(SEAT_TAKEN_PRICE, "b.method = 'box_office'"))
#define SUM_OF_SEATS(column, which)                                                                \
    "CAST(SUM(IF(s.status = 'sold' AND " which ", " column ", 0)) AS SIGNED)"
#define METHOD_OF_SEATS                                                                            \
    " LEFT JOIN box_office_sale b FORCE INDEX (PRIMARY) ON b.reservation_id = s.reservation_id"

#define INTO_SALES(row)                                                                            \
    INTO_INT32(&(row)->seat_count), INTO_INT32(&(row)->available), INTO_INT32(&(row)->held),       \
        INTO_INT32(&(row)->sold), INTO_INT32(&(row)->blocked), INTO_INT64(&(row)->revenue),        \
        INTO_INT32(&(row)->box_office), INTO_INT32(&(row)->guest),                                 \
        INTO_INT64(&(row)->box_office_revenue)

#endif
