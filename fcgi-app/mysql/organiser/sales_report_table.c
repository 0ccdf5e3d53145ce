#include "mysql/organiser/sales_report_table.h"

#define SLOT_OF(time) "TIMESTAMPDIFF(SECOND, '1970-01-01', " time ") DIV 900"

/* The seats of a concert's orders `k`, each with the entry `e` that says when it moved. */
#define SEATS_MOVED(entry, seats, time, sold, given_back, fee)                                     \
    "(SELECT i.date AS day_of_item, k.item_id AS item, s.section AS part, rs.price AS "            \
    "points, " SLOT_OF(time) " AS slot, " sold " AS sold, " given_back " AS given_back, " fee      \
                             " AS fee"                                                             \
                             " FROM reservation k FORCE INDEX (reservation_of_concert)"            \
                             " STRAIGHT_JOIN " entry " STRAIGHT_JOIN " seats                       \
                             " STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)"                         \
                             " ON s.item_id = k.item_id AND s.seat_no = rs.seat_no"                \
                             " STRAIGHT_JOIN item i ON i.item_id = k.item_id"                      \
                             " WHERE k.concert_id = ? AND (? = 0 OR k.item_id = ?)"                \
                             " GROUP BY day_of_item, item, part, points, slot)"

#define PAYMENT "payment e ON e.reservation_id = k.reservation_id"
#define REFUND                                                                                     \
    "point_history e FORCE INDEX (history_of_reservation)"                                         \
    " ON e.reservation_id = k.reservation_id AND e.kind = 'refund' AND e.refund_no"

/* Seats that were given back by themselves have left the order; its last refund is of the rest. */
#define KEPT_SEATS                                                                                 \
    "reservation_seat rs FORCE INDEX (PRIMARY) ON rs.reservation_id = k.reservation_id"
#define RETURNED_SEATS                                                                             \
    "returned_seat rs FORCE INDEX (PRIMARY) ON rs.reservation_id = k.reservation_id"

/* A refund has one fee for all of its seats: it is counted with the first of them. */
#define FEE_OF(seats)                                                                              \
    "CAST(SUM(IF(e.fee > 0 AND rs.seat_no = (SELECT MIN(f.seat_no) FROM " seats                    \
    "), e.fee, 0)) AS SIGNED)"

#define SOLD_AND_KEPT SEATS_MOVED(PAYMENT, KEPT_SEATS, "e.paid_at", "COUNT(*)", "0", "0")
#define SOLD_AND_RETURNED SEATS_MOVED(PAYMENT, RETURNED_SEATS, "e.paid_at", "COUNT(*)", "0", "0")
#define GIVEN_BACK_WHOLE                                                                           \
    SEATS_MOVED(REFUND " = 0", KEPT_SEATS, "e.created_at", "0", "COUNT(*)",                        \
                FEE_OF("reservation_seat f FORCE INDEX (PRIMARY)"                                  \
                       " WHERE f.reservation_id = k.reservation_id"))
#define GIVEN_BACK_SINGLY                                                                          \
    SEATS_MOVED(REFUND " > 0", RETURNED_SEATS " AND rs.refund_no = e.refund_no", "e.created_at",   \
                "0", "COUNT(*)",                                                                   \
                FEE_OF("returned_seat f FORCE INDEX (PRIMARY)"                                     \
                       " WHERE f.reservation_id = k.reservation_id"                                \
                       " AND f.refund_no = e.refund_no"))
#define ALL_MOVED                                                                                  \
    SOLD_AND_KEPT " UNION ALL " SOLD_AND_RETURNED " UNION ALL " GIVEN_BACK_WHOLE                   \
                  " UNION ALL " GIVEN_BACK_SINGLY

enum db_result
sales_report_table_list(struct database *db, int32_t concert_id, int32_t item_id,
                        struct report_slot *row)
{
    static const struct query list = {
        "SELECT item, DATE_FORMAT(day_of_item, '%Y-%m-%d'), part, points, slot, sold, given_back,"
        " fee FROM (" ALL_MOVED ") moved ORDER BY day_of_item, item, part, points, slot"};
    const struct parameter concert = DB_INTEGER(concert_id), item = DB_INTEGER(item_id);
    return db_select(db, &list,
                     PARAMETERS(concert, item, item, concert, item, item, concert, item, item,
                                concert, item, item),
                     COLUMNS(INTO_INT32(&row->item_id), INTO_TEXT(row->date),
                             INTO_TEXT(row->section), INTO_INT64(&row->price),
                             INTO_INT64(&row->slot), INTO_INT64(&row->sold),
                             INTO_INT64(&row->given_back), INTO_INT64(&row->fee)));
}
