/* order_table: the SQL with which operators look for orders: reservations with their payments. */
#ifndef FRONTROW_MYSQL_ORDER_TABLE_H
#define FRONTROW_MYSQL_ORDER_TABLE_H

#include "mysql/sale/point_table.h"
#include "mysql/sale/reservation_table.h"

struct order {
    struct reservation reservation;
    struct payment payment; /* amount and times are 0 where it is not paid */
};

/* Which orders are asked for; those with ids below `before`, at most `limit`. */
struct order_filter {
    int64_t ref;                    /* the number of an order or of its payment; 0: all */
    const char *user_id;            /* "": everybody's */
    int32_t concert_id;             /* 0: of all, likewise item_id */
    int32_t item_id;                /* with its concert_id */
    enum reservation_status status; /* as shown now; RESERVATION_OTHER: all */
    int64_t before;
    int32_t limit;
};

/* A page, newest first, without seats; *now is the database's time if there is any. */
enum db_result order_table_list(struct database *db, const struct order_filter *filter,
                                struct order *list, size_t *count, int64_t *now) MUST_CHECK;

enum { ORDERS_WITH_SEATS = 100 };

/*
 * Reads the seats of up to ORDERS_WITH_SEATS orders, newest first, by one statement, and by one
 * more those that went back, where there are any.
 */
enum db_result order_table_list_seats(struct database *db, struct order *list, size_t count)
    MUST_CHECK;

#endif
