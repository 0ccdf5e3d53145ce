#include "mysql/books/concert_news_table.h"

#include "mysql/concert/concert_columns.h"

enum db_result
concert_news_table_list(struct database *db, struct concert *concert, struct concert_told *told)
{
    static const struct query list = {
        "SELECT c.concert_id, c.status + 0, c.opens_at, c.closes_at, " CONCERT_LAST_STARTS_AT
        ", UTC_TIMESTAMP(3), COALESCE(t.is_open, 0), COALESCE(t.sold_out, 0)"
        " FROM concert c LEFT JOIN concert_told t ON t.concert_id = c.concert_id"
        " WHERE c.status = 'open' OR t.is_open = 1"};
    return db_select(db, &list, NO_PARAMETERS,
                     COLUMNS(INTO_INT32(&concert->concert_id),
                             INTO_ENUM(&concert->stored, STORED_CANCELLED),
                             INTO_INSTANT(&concert->opens_at), INTO_INSTANT(&concert->closes_at),
                             INTO_INSTANT(&concert->last_starts_at), INTO_INSTANT(&concert->now),
                             INTO_BOOL(&told->is_open), INTO_BOOL(&told->sold_out)));
}

#define ITEMS_TO_COME                                                                              \
    " WHERE i.concert_id = ? AND i.status = 'open' AND i.starts_at > UTC_TIMESTAMP(3)"

enum db_result
concert_news_table_is_sold_out(struct database *db, int32_t concert_id, bool *sold_out)
{
    static const struct query ask = {
        "SELECT EXISTS (SELECT 1 FROM item i" ITEMS_TO_COME ") AND NOT EXISTS"
        " (SELECT 1 FROM item i STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)"
        " ON s.item_id = i.item_id" ITEMS_TO_COME " AND s.blocked = 0 AND s.status <> 'sold')"};
    return db_select_one(db, &ask, PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(concert_id)),
                         COLUMNS(INTO_BOOL(sold_out)));
}

enum db_result
concert_news_table_save(struct database *db, int32_t concert_id, const struct concert_told *told)
{
    static const struct query save = {
        "INSERT INTO concert_told (concert_id, is_open, sold_out) VALUES (?, ?, ?)"
        " ON DUPLICATE KEY UPDATE is_open = ?, sold_out = ?"};
    const struct parameter is_open = DB_INTEGER(told->is_open);
    const struct parameter sold_out = DB_INTEGER(told->sold_out);
    enum db_result result = db_execute(
        db, &save, PARAMETERS(DB_INTEGER(concert_id), is_open, sold_out, is_open, sold_out));
    return result == DB_OK && db_changed_rows(db) == 0 ? DB_NONE : result;
}
