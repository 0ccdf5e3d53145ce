/* box_office_table: the SQL of orders that were not paid with points, and of what went back of
 * them. */
#ifndef FRONTROW_MYSQL_BOX_OFFICE_TABLE_H
#define FRONTROW_MYSQL_BOX_OFFICE_TABLE_H

#include "mysql/database.h"

/* How an order was paid. PAID_OTHER: as only a newer build knows, and not with points. */
enum payment_method { PAID_OTHER, PAID_POINTS, PAID_BOX_OFFICE, PAID_GUEST };

/* The method of the order whose `box_office_sale b` is joined: without one it is of points. */
#define METHOD_OF_ORDER "COALESCE(b.method + 1, 1)"
#define INTO_METHOD(method) INTO_ENUM(method, PAID_GUEST)

/* The same of a `reservation r`, by a read in a read, so that FOR UPDATE locks nothing else. */
#define METHOD_OF_RESERVATION                                                                      \
    "COALESCE((SELECT b.method + 1 FROM box_office_sale b FORCE INDEX (PRIMARY)"                   \
    " WHERE b.reservation_id = r.reservation_id), 1)"

struct box_office_sale {
    int64_t reservation_id;
    int32_t concert_id;
    int32_t item_id;
    enum payment_method method; /* PAID_BOX_OFFICE or PAID_GUEST */
    int64_t amount;             /* of all seats */
    int64_t sold_at;
};

struct box_office_refund {
    int64_t reservation_id;
    int32_t refund_no; /* as in struct point_entry */
    int64_t amount;
    int64_t fee;
    int64_t created_at;
};

enum db_result box_office_table_add_sale(struct database *db, const struct box_office_sale *sale)
    MUST_CHECK;

/* DB_DUPLICATE: there is one of this number. */
enum db_result box_office_table_add_refund(struct database *db,
                                           const struct box_office_refund *refund) MUST_CHECK;

/* One refund by its order and number, which are filled; locks it. */
enum db_result box_office_table_lock_refund(struct database *db, struct box_office_refund *refund)
    MUST_CHECK;

#endif
