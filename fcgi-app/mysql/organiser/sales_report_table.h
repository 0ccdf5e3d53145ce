/* sales_report_table: the SQL of what was sold and given back of a concert, and when. */
#ifndef FRONTROW_MYSQL_SALES_REPORT_TABLE_H
#define FRONTROW_MYSQL_SALES_REPORT_TABLE_H

#include "mysql/sale/box_office_table.h"
#include "mysql/sale/seat_table.h"

/* Time zones differ from UTC by whole quarters of an hour: of these, days and hours are made. */
enum { REPORT_SLOT_S = 900 };

/* Seats of one date, section and price that were sold or given back in one slot of time. */
struct report_slot {
    int32_t item_id;
    char date[DATE_SIZE];
    char section[SECTION_SIZE];
    int64_t price;
    int64_t slot; /* since 1970, in UTC */
    int64_t sold;
    int64_t given_back;
    int64_t fee; /* what was kept back of the price of those given back */
};

/*
 * By (date, itemId, section, price, slot); what was sold and what was given back are rows of their
 * own. Orders of one method only; item_id 0: of all dates. db_next() fills *row.
 */
enum db_result sales_report_table_list(struct database *db, int32_t concert_id, int32_t item_id,
                                       enum payment_method method, struct report_slot *row)
    MUST_CHECK;

#endif
