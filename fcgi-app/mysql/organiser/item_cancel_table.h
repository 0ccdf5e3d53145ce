/* item_cancel_table: the SQL of dates that are cancelled, and of how far the refunds of each are.
 */
#ifndef FRONTROW_MYSQL_ITEM_CANCEL_TABLE_H
#define FRONTROW_MYSQL_ITEM_CANCEL_TABLE_H

#include "mysql/concert/concert_table.h"
#include "mysql/sale/seat_table.h"

/* How far the cancel of a date is. */
struct item_cancel {
    int64_t begun_at; /* CLOCK_NEVER: the date is not cancelled */
    int64_t done_at;  /* CLOCK_NEVER: there is something left */
    int64_t refunded; /* paid reservations so far */
    int64_t points;   /* that went back with them */
    int64_t holds;    /* live ones that were ended */
    int64_t left;     /* reservations that still have seats */
};

/* A date as operators see it. */
struct admin_item {
    struct item item;
    int64_t min_price, max_price;
    struct sales sales;
    struct item_cancel cancel;
};

/* All dates of a concert by (date, itemId); db_next() fills *row. */
enum db_result item_cancel_table_list(struct database *db, int32_t concert_id,
                                      struct admin_item *row) MUST_CHECK;

/* Makes a locked date cancelled, and its reservations due to be ended. *begun_at is when. */
enum db_result item_cancel_table_begin(struct database *db, const struct item *item,
                                       int64_t *begun_at) MUST_CHECK;

/* The same of all dates of a locked concert that are not cancelled yet. */
enum db_result item_cancel_table_begin_all(struct database *db, int32_t concert_id,
                                           int64_t *begun_at) MUST_CHECK;

/* How far the cancels of a concert's dates are, all together; begun_at is that of the last one. */
enum db_result item_cancel_table_sum(struct database *db, int32_t concert_id,
                                     struct item_cancel *cancel) MUST_CHECK;

/*
 * The next date above `after`, of a concert or (0) of any, of which something is left to be ended;
 * DB_NONE behind the last.
 */
enum db_result item_cancel_table_next(struct database *db, int32_t concert_id, int32_t after,
                                      struct item *item) MUST_CHECK;

/* Counts what was ended in the same transaction. */
enum db_result item_cancel_table_add(struct database *db, int32_t item_id, int64_t refunded,
                                     int64_t points, int64_t holds) MUST_CHECK;

enum { WITHHELD_AT_ONCE = 500 };

/*
 * Locks up to WITHHELD_AT_ONCE seats above the number `after` that nobody has, or only a hold that
 * is over, and withholds them: *count is how many, *last the number of the last one.
 */
enum db_result item_cancel_table_withhold(struct database *db, int32_t item_id, int32_t after,
                                          int32_t *last, int64_t *count) MUST_CHECK;

/* How many seats of the date are not withheld. */
enum db_result item_cancel_table_count_left(struct database *db, int32_t item_id, int64_t *left)
    MUST_CHECK;

/* Writes down that nothing is left, and reads what was done. *done is false: that was written
 * before. */
enum db_result item_cancel_table_finish(struct database *db, int32_t item_id,
                                        struct item_cancel *cancel, bool *done) MUST_CHECK;

#endif
