#include "mysql/organiser/sales_report_table.h"

#define SLOT_OF(time) "TIMESTAMPDIFF(SECOND, '1970-01-01', " time ") DIV 900"

/*
 * Where the orders `k` of a concert are found: all of them, or by their own index those few that
 * were not paid with points.
 */
#define PAID_WITH_POINTS "reservation k FORCE INDEX (reservation_of_concert)"
#define PAID_OTHERWISE                                                                             \
    "box_office_sale b FORCE INDEX (box_office_sale_of_item) STRAIGHT_JOIN reservation k"          \
    " FORCE INDEX (PRIMARY) ON k.reservation_id = b.reservation_id"                                \
    " AND k.concert_id = b.concert_id AND b.method + 1 = ?"

/* The seats of orders `k`, each with the entry `e` that says when it moved. */
#define SEATS_MOVED(orders, entry, seats, time, sold, given_back, fee)                             \
    "(SELECT i.date AS day_of_item, k.item_id AS item, s.section AS part, rs.price AS "            \
    "points, " SLOT_OF(time) " AS slot, " sold " AS sold, " given_back " AS given_back, " fee      \
                             " AS fee FROM " orders " STRAIGHT_JOIN " entry                        \
                             " STRAIGHT_JOIN " seats " STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)" \
                             " ON s.item_id = k.item_id AND s.seat_no = rs.seat_no"                \
                             " STRAIGHT_JOIN item i ON i.item_id = k.item_id"                      \
                             " WHERE k.concert_id = ? AND (? = 0 OR k.item_id = ?)"                \
                             " GROUP BY day_of_item, item, part, points, slot)"

#define PAYMENT "payment e ON e.reservation_id = k.reservation_id"
#define REFUND                                                                                     \
    "point_history e FORCE INDEX (history_of_reservation)"                                         \
    " ON e.reservation_id = k.reservation_id AND e.kind = 'refund' AND e.refund_no"
#define BOX_OFFICE_SALE                                                                            \
    "box_office_sale e FORCE INDEX (PRIMARY) ON e.reservation_id = k.reservation_id"
#define BOX_OFFICE_REFUND                                                                          \
    "box_office_refund e FORCE INDEX (PRIMARY) ON e.reservation_id = k.reservation_id AND "        \
    "e.refund_no"

/* Seats that were given back by themselves have left the order; its last refund is of the rest. */
#define KEPT_SEATS                                                                                 \
    "reservation_seat rs FORCE INDEX (PRIMARY) ON rs.reservation_id = k.reservation_id"
#define RETURNED_SEATS                                                                             \
    "returned_seat rs FORCE INDEX (PRIMARY) ON rs.reservation_id = k.reservation_id"

/* A refund has one fee for all of its seats: it is counted with the first of them. */
#define FEE_OF(seats)                                                                              \
    "CAST(SUM(IF(e.fee > 0 AND rs.seat_no = (SELECT MIN(f.seat_no) FROM " seats                    \
    "), e.fee, 0)) AS SIGNED)"

#define SOLD(orders, entry, time, seats)                                                           \
    SEATS_MOVED(orders, entry, seats, time, "COUNT(*)", "0", "0")
#define GIVEN_BACK_WHOLE(orders, refund)                                                           \
    SEATS_MOVED(orders, refund " = 0", KEPT_SEATS, "e.created_at", "0", "COUNT(*)",                \
                FEE_OF("reservation_seat f FORCE INDEX (PRIMARY)"                                  \
                       " WHERE f.reservation_id = k.reservation_id"))
#define GIVEN_BACK_SINGLY(orders, refund)                                                          \
    SEATS_MOVED(orders, refund " > 0", RETURNED_SEATS " AND rs.refund_no = e.refund_no",           \
                "e.created_at", "0", "COUNT(*)",                                                   \
                FEE_OF("returned_seat f FORCE INDEX (PRIMARY)"                                     \
                       " WHERE f.reservation_id = k.reservation_id"                                \
                       " AND f.refund_no = e.refund_no"))
#define ALL_MOVED(orders, sale, time, refund)                                                      \
    {                                                                                              \
        "SELECT item, DATE_FORMAT(day_of_item, '%Y-%m-%d'), part, points, slot, sold, given_back," \
        " fee FROM (" SOLD(orders, sale, time, KEPT_SEATS) " UNION ALL " SOLD(                     \
            orders, sale, time,                                                                    \
            RETURNED_SEATS) " UNION ALL " GIVEN_BACK_WHOLE(orders,                                 \
                                                           refund) " UNION "                       \
                                                                   "ALL " GIVEN_BACK_SINGLY(       \
                                                                       orders,                     \
                                                                       refund) ") moved"           \
                                                                               " ORDER BY "        \
                                                                               "day_of_item, "     \
                                                                               "item, part, "      \
                                                                               "points, slot"      \
    }

enum db_result
sales_report_table_list(struct database *db, int32_t concert_id, int32_t item_id,
                        enum payment_method method, struct report_slot *row)
{
    static const struct query of_points = ALL_MOVED(PAID_WITH_POINTS, PAYMENT, "e.paid_at", REFUND);
    static const struct query of_others =
        ALL_MOVED(PAID_OTHERWISE, BOX_OFFICE_SALE, "e.sold_at", BOX_OFFICE_REFUND);
    enum { SELECTS = 4 };
    struct parameter parameters[4 * SELECTS];
    size_t count = 0;
    for (int i = 0; i < SELECTS; i++) {
        if (method != PAID_POINTS)
            parameters[count++] = DB_INTEGER(method);
        parameters[count++] = DB_INTEGER(concert_id);
        parameters[count++] = DB_INTEGER(item_id);
        parameters[count++] = DB_INTEGER(item_id);
    }
    return db_select(db, method == PAID_POINTS ? &of_points : &of_others, parameters, count,
                     COLUMNS(INTO_INT32(&row->item_id), INTO_TEXT(row->date),
                             INTO_TEXT(row->section), INTO_INT64(&row->price),
                             INTO_INT64(&row->slot), INTO_INT64(&row->sold),
                             INTO_INT64(&row->given_back), INTO_INT64(&row->fee)));
}
