/* sales_table: the SQL of what has been sold of a concert. */
#ifndef FRONTROW_MYSQL_SALES_TABLE_H
#define FRONTROW_MYSQL_SALES_TABLE_H

#include "mysql/concert/concert_table.h"
#include "mysql/sale/seat_table.h"

/* What has been sold at this moment. A lapsed hold counts as available. */
struct sales {
    int32_t seat_count;
    int32_t available;
    int32_t held;
    int32_t sold;
    int32_t blocked;
    int64_t revenue; /* points of the sold seats */
};

/* The same of one section of an item. */
struct section_sales {
    int32_t item_id;
    char date[DATE_SIZE];
    char section[SECTION_SIZE];
    struct sales sales;
};

/* Counts all seats of a concert. */
enum db_result sales_table_total(struct database *db, int32_t concert_id, struct sales *sales)
    MUST_CHECK;

/* By section, in the order of (date, itemId) and the lowest seatId; db_next() fills *row. */
enum db_result sales_table_list(struct database *db, int32_t concert_id, struct section_sales *row)
    MUST_CHECK;

#endif
