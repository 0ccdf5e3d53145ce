#include "mysql/organiser/sales_table.h"

/* held_until is NULL of all but held seats; a sum leaves NULLs out, and is NULL of nothing. */
#define SALES_COLUMNS                                                                              \
    "COUNT(s.seat_no), CAST(SUM(s.blocked = 0 AND (s.status = 'available'"                         \
    " OR s.held_until <= UTC_TIMESTAMP(3))) AS SIGNED),"                                           \
    " CAST(SUM(s.held_until > UTC_TIMESTAMP(3)) AS SIGNED),"                                       \
    " CAST(SUM(s.status = 'sold') AS SIGNED), CAST(SUM(s.blocked) AS SIGNED),"                     \
    " CAST(SUM(IF(s.status = 'sold', s.price, 0)) AS SIGNED)"

#define INTO_SALES(row)                                                                            \
    INTO_INT32(&(row)->seat_count), INTO_INT32(&(row)->available), INTO_INT32(&(row)->held),       \
        INTO_INT32(&(row)->sold), INTO_INT32(&(row)->blocked), INTO_INT64(&(row)->revenue)

enum db_result
sales_table_total(struct database *db, int32_t concert_id, struct sales *sales)
{
    static const struct query count = {
        "SELECT " SALES_COLUMNS " FROM item i"
        " STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY) ON s.item_id = i.item_id"
        " WHERE i.concert_id = ?"};
    return db_select_one(db, &count, PARAMETERS(DB_INTEGER(concert_id)),
                         COLUMNS(INTO_SALES(sales)));
}

enum db_result
sales_table_list(struct database *db, int32_t concert_id, struct section_sales *row)
{
    static const struct query list = {
        "SELECT i.item_id, DATE_FORMAT(i.date, '%Y-%m-%d'), s.section, " SALES_COLUMNS
        " FROM item i STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY) ON s.item_id = i.item_id"
        " WHERE i.concert_id = ?"
        " GROUP BY i.date, i.item_id, s.section ORDER BY i.date, i.item_id, MIN(s.seat_no)"};
    return db_select(db, &list, PARAMETERS(DB_INTEGER(concert_id)),
                     COLUMNS(INTO_INT32(&row->item_id), INTO_TEXT(row->date),
                             INTO_TEXT(row->section), INTO_SALES(&row->sales)));
}
