#include "mysql/organiser/item_cancel_table.h"

#include "mysql/concert/concert_columns.h"
#include "mysql/sale/seat_columns.h"

enum db_result
item_cancel_table_list(struct database *db, int32_t concert_id, struct admin_item *row)
{
    static const struct query list = {
        "SELECT " ITEM_COLUMNS
        ", DATE_FORMAT(i.date, '%Y-%m-%d'), i.min_price, i.max_price, " SALES_BY_ORDERS(
            "i.concert_id AND b.item_id = i.item_id") ", k.begun_at, k.done_at, k.refunded, "
                                                      "k.points, k.holds,"
                                                      " COUNT(DISTINCT IF(k.item_id IS NULL, NULL, "
                                                      "NULLIF(s.reservation_id, 0)))"
                                                      " FROM item i LEFT JOIN item_cancel k ON "
                                                      "k.item_id = i.item_id"
                                                      " LEFT JOIN seat s FORCE INDEX (PRIMARY) ON "
                                                      "s.item_id = i.item_id"
                                                      " WHERE i.concert_id = ? GROUP BY i.date, "
                                                      "i.item_id ORDER BY i.date, i.item_id"};
    const struct column rest[] = {
        INTO_TEXT(row->item.date),           INTO_INT64(&row->min_price),
        INTO_INT64(&row->max_price),         INTO_SALES(&row->sales),
        INTO_INSTANT(&row->cancel.begun_at), INTO_INSTANT(&row->cancel.done_at),
        INTO_INT64(&row->cancel.refunded),   INTO_INT64(&row->cancel.points),
        INTO_INT64(&row->cancel.holds),      INTO_INT64(&row->cancel.left),
    };
    enum { REST = sizeof rest / sizeof rest[0] };
    struct column columns[ITEM_COLUMN_COUNT + REST];
    concert_columns_bind_item(&row->item, columns);
    memcpy(columns + ITEM_COLUMN_COUNT, rest, sizeof rest);
    return db_select(db, &list, PARAMETERS(DB_INTEGER(concert_id)), columns,
                     ITEM_COLUMN_COUNT + REST);
}

enum db_result
item_cancel_table_begin(struct database *db, const struct item *item, int64_t *begun_at)
{
    static const struct query cancel = {"UPDATE item SET status = 'cancelled' WHERE item_id = ?"};
    static const struct query insert = {
        "INSERT INTO item_cancel (item_id, concert_id, begun_at) VALUES (?, ?, ?)"};
    enum db_result result = db_now(db, begun_at);
    if (result == DB_OK)
        result = db_execute(db, &cancel, PARAMETERS(DB_INTEGER(item->item_id)));
    if (result == DB_OK)
        result = db_execute(db, &insert,
                            PARAMETERS(DB_INTEGER(item->item_id), DB_INTEGER(item->concert_id),
                                       DB_INSTANT(*begun_at)));
    return result;
}

/* The first statement waits for whoever changes or cancels one of the dates. */
enum db_result
item_cancel_table_begin_all(struct database *db, int32_t concert_id, int64_t *begun_at)
{
    static const struct query cancel = {
        "UPDATE item SET status = 'cancelled' WHERE concert_id = ? AND status <> 'cancelled'"};
    static const struct query insert = {"INSERT INTO item_cancel (item_id, concert_id, begun_at)"
                                        " SELECT i.item_id, i.concert_id, ? FROM item i"
                                        " LEFT JOIN item_cancel k ON k.item_id = i.item_id"
                                        " WHERE i.concert_id = ? AND k.item_id IS NULL"};
    enum db_result result = db_execute(db, &cancel, PARAMETERS(DB_INTEGER(concert_id)));
    if (result == DB_OK)
        result = db_now(db, begun_at);
    if (result == DB_OK)
        result = db_execute(db, &insert, PARAMETERS(DB_INSTANT(*begun_at), DB_INTEGER(concert_id)));
    return result;
}

enum db_result
item_cancel_table_sum(struct database *db, int32_t concert_id, struct item_cancel *cancel)
{
    /* the seats are read of those dates only of which something may be left */
    static const struct query sum = {
        "SELECT MAX(begun_at), IF(COUNT(*) = COUNT(done_at), MAX(done_at), NULL),"
        " CAST(COALESCE(SUM(refunded), 0) AS SIGNED), CAST(COALESCE(SUM(points), 0) AS SIGNED),"
        " CAST(COALESCE(SUM(holds), 0) AS SIGNED),"
        " (SELECT COUNT(DISTINCT NULLIF(s.reservation_id, 0)) FROM item_cancel t"
        " JOIN seat s FORCE INDEX (PRIMARY) ON s.item_id = t.item_id"
        " WHERE t.concert_id = ? AND t.done_at IS NULL)"
        " FROM item_cancel WHERE concert_id = ?"};
    return db_select_one(db, &sum, PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(concert_id)),
                         COLUMNS(INTO_INSTANT(&cancel->begun_at), INTO_INSTANT(&cancel->done_at),
                                 INTO_INT64(&cancel->refunded), INTO_INT64(&cancel->points),
                                 INTO_INT64(&cancel->holds), INTO_INT64(&cancel->left)));
}

enum db_result
item_cancel_table_next(struct database *db, int32_t concert_id, int32_t after, struct item *item)
{
    static const struct query next = {
        "SELECT item_id, concert_id FROM item_cancel FORCE INDEX (item_cancel_to_do)"
        " WHERE done_at IS NULL AND item_id > ? AND ? IN (0, concert_id)"
        " ORDER BY item_id LIMIT 1"};
    return db_select_one(db, &next, PARAMETERS(DB_INTEGER(after), DB_INTEGER(concert_id)),
                         COLUMNS(INTO_INT32(&item->item_id), INTO_INT32(&item->concert_id)));
}

enum db_result
item_cancel_table_add(struct database *db, int32_t item_id, int64_t refunded, int64_t points,
                      int64_t holds)
{
    static const struct query add = {"UPDATE item_cancel SET refunded = refunded + ?,"
                                     " points = points + ?, holds = holds + ? WHERE item_id = ?"};
    return db_execute(db, &add,
                      PARAMETERS(DB_INTEGER(refunded), DB_INTEGER(points), DB_INTEGER(holds),
                                 DB_INTEGER(item_id)));
}

/*
 * What a hold that is over at a moment still has is nobody's: the sweeper ends the hold. Likewise
 * what is kept for who waits.
 */
#define NOBODY_HAS                                                                                 \
    "blocked = 0 AND (status = 'available' OR held_until <= ?"                                     \
    " OR reservation_id = 0)"

enum db_result
item_cancel_table_withhold(struct database *db, int32_t item_id, int32_t after, int32_t *last,
                           int64_t *count)
{
    static const struct query lock = {
        "SELECT seat_no FROM seat WHERE item_id = ? AND seat_no > ? AND " NOBODY_HAS
        " ORDER BY seat_no LIMIT ? FOR UPDATE"};
    static const struct query withhold = {
        "UPDATE seat SET blocked = 1, status = 'available', reservation_id = NULL,"
        " held_until = NULL WHERE item_id = ? AND seat_no > ? AND seat_no <= ? AND " NOBODY_HAS};
    int64_t now;
    *count = 0;
    *last = after;
    enum db_result result = db_now(db, &now);
    if (result != DB_OK)
        return result;
    result = db_select(db, &lock,
                       PARAMETERS(DB_INTEGER(item_id), DB_INTEGER(after), DB_INSTANT(now),
                                  DB_INTEGER(WITHHELD_AT_ONCE)),
                       COLUMNS(INTO_INT32(last)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        (*count)++;
    if (result != DB_NONE || *count == 0)
        return result == DB_NONE ? DB_OK : result;
    return db_update(
        db, &withhold,
        PARAMETERS(DB_INTEGER(item_id), DB_INTEGER(after), DB_INTEGER(*last), DB_INSTANT(now)),
        *count);
}

enum db_result
item_cancel_table_count_left(struct database *db, int32_t item_id, int64_t *left)
{
    static const struct query count = {
        "SELECT COUNT(*) FROM seat WHERE item_id = ? AND blocked = 0"};
    return db_select_one(db, &count, PARAMETERS(DB_INTEGER(item_id)), COLUMNS(INTO_INT64(left)));
}

enum db_result
item_cancel_table_finish(struct database *db, int32_t item_id, struct item_cancel *cancel,
                         bool *done)
{
    static const struct query finish = {"UPDATE item_cancel SET done_at = UTC_TIMESTAMP(3)"
                                        " WHERE item_id = ? AND done_at IS NULL"};
    static const struct query read = {"SELECT begun_at, done_at, refunded, points, holds"
                                      " FROM item_cancel WHERE item_id = ?"};
    enum db_result result = db_execute(db, &finish, PARAMETERS(DB_INTEGER(item_id)));
    *done = result == DB_OK && db_changed_rows(db) == 1;
    if (result != DB_OK)
        return result;
    return db_select_one(db, &read, PARAMETERS(DB_INTEGER(item_id)),
                         COLUMNS(INTO_INSTANT(&cancel->begun_at), INTO_INSTANT(&cancel->done_at),
                                 INTO_INT64(&cancel->refunded), INTO_INT64(&cancel->points),
                                 INTO_INT64(&cancel->holds)));
}
