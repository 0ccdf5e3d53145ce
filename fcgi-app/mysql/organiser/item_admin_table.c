#include "mysql/organiser/item_admin_table.h"

#include "mysql/concert/concert_columns.h"
#include "mysql/sale/seat_columns.h"

enum db_result
item_admin_table_count(struct database *db, int32_t concert_id, int64_t *count)
{
    static const struct query find = {"SELECT COUNT(*) FROM item WHERE concert_id = ?"};
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(concert_id)), COLUMNS(INTO_INT64(count)));
}

enum db_result
item_admin_table_lock(struct database *db, int32_t item_id, struct item *item)
{
    static const struct query lock = {"SELECT " ITEM_COLUMNS ", DATE_FORMAT(i.date, '%Y-%m-%d')"
                                      " FROM item i WHERE i.item_id = ? FOR UPDATE"};
    struct column columns[ITEM_COLUMN_COUNT + 1];
    concert_columns_bind_item(item, columns);
    columns[ITEM_COLUMN_COUNT] = INTO_TEXT(item->date);
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(item_id)), columns,
                         ITEM_COLUMN_COUNT + 1);
}

/* Whether any of what is to be changed is another one: for each, whether it is, and its value. */
#define DIFFERS                                                                                    \
    "((? AND price <> ?) OR (? AND blocked <> ?) OR (? AND section <> ?) OR (? AND row_name <> ?)" \
    " OR (? AND label <> CONCAT(seat_no + ?)) OR (? AND NOT x <=> seat_no + ?)"                    \
    " OR (? AND NOT y <=> ?) OR (? AND kind + 0 <> ?) OR (? AND NOT note <=> ?))"

/* In the order of DIFFERS, and of the assignments. */
#define CHANGED(c)                                                                                 \
    DB_INTEGER((c)->has_price), DB_INTEGER((c)->price), DB_INTEGER((c)->has_blocked),              \
        DB_INTEGER((c)->blocked), DB_INTEGER((c)->has_section), DB_TEXT((c)->section),             \
        DB_INTEGER((c)->has_row), DB_TEXT((c)->row), DB_INTEGER((c)->has_label),                   \
        DB_INTEGER((int64_t)(c)->first_label - (c)->from), DB_INTEGER((c)->has_x),                 \
        DB_INTEGER((int64_t)(c)->x - (c)->from), DB_INTEGER((c)->has_y), DB_INTEGER((c)->y),       \
        DB_INTEGER((c)->has_kind), DB_INTEGER((c)->kind), DB_INTEGER((c)->has_note),               \
        DB_OPTIONAL_TEXT((c)->note)

enum db_result
item_admin_table_lock_seats(struct database *db, int32_t item_id, const struct seat_change *change,
                            struct changing_seat *row)
{
    static const struct query lock = {
        "SELECT seat_no, status + 0, blocked, reservation_id, held_until, price, section, row_name,"
        " label, x, y, kind + 0, note, partner_no, " DIFFERS ", " DB_NOW_LOCKED " FROM seat"
        " WHERE item_id = ? AND seat_no BETWEEN ? AND ? ORDER BY seat_no FOR UPDATE"};
    struct seat *seat = &row->seat;
    return db_select(db, &lock,
                     PARAMETERS(CHANGED(change), DB_INTEGER(item_id), DB_INTEGER(change->from),
                                DB_INTEGER(change->to)),
                     COLUMNS(INTO_INT32(&seat->seat_id), INTO_ENUM(&seat->status, SEAT_SOLD),
                             INTO_BOOL(&seat->blocked), INTO_INT64(&seat->reservation_id),
                             INTO_INSTANT(&seat->held_until), INTO_INT64(&seat->price),
                             INTO_TEXT(seat->section), INTO_TEXT(seat->row), INTO_TEXT(seat->label),
                             INTO_OPTIONAL_INT32(&row->position.x, &row->position.has_x),
                             INTO_OPTIONAL_INT32(&row->position.y, &row->position.has_y),
                             INTO_ENUM(&seat->kind, SEAT_STANDING), INTO_TEXT(row->note.text),
                             INTO_INT32(&seat->partner_id), INTO_BOOL(&row->differs),
                             INTO_INSTANT(&row->now)));
}

enum db_result
item_admin_table_change_seats(struct database *db, int32_t item_id,
                              const struct seat_change *change, int64_t now, int64_t count)
{
    /* from left to right, each with what those before it have left; the price of a taken seat is
     * written down at its first change only */
    static const struct query update = {
        "UPDATE seat SET"
        " taken_price = IF(? AND reservation_id IS NOT NULL AND NOT taken_by <=> reservation_id,"
        " price, taken_price),"
        " taken_by = IF(? AND reservation_id IS NOT NULL, reservation_id, taken_by),"
        " reservation_id = IF(?, NULL, reservation_id), held_until = IF(?, NULL, held_until),"
        " status = IF(?, 1, status + 0), partner_no = IF(? AND kind + 0 <> ?, NULL, partner_no),"
        " price = IF(?, ?, price), blocked = IF(?, ?, blocked), section = IF(?, ?, section),"
        " row_name = IF(?, ?, row_name), label = IF(?, seat_no + ?, label),"
        " x = IF(?, seat_no + ?, x), y = IF(?, ?, y), kind = IF(?, ?, kind + 0),"
        " note = IF(?, ?, note)"
        " WHERE item_id = ? AND seat_no BETWEEN ? AND ? AND " DIFFERS
        " AND (NOT (? OR (? AND kind + 0 <> ?) OR (? AND NOT note <=> ?))"
        " OR status = 'available' OR held_until <= ?)"};
    const struct parameter prices = DB_INTEGER(change->has_price);
    const struct parameter withholds = DB_INTEGER(change->has_blocked && change->blocked);
    const struct parameter has_kind = DB_INTEGER(change->has_kind), kind = DB_INTEGER(change->kind);
    return db_update(db, &update,
                     PARAMETERS(prices, prices, withholds, withholds, withholds, has_kind, kind,
                                CHANGED(change), DB_INTEGER(item_id), DB_INTEGER(change->from),
                                DB_INTEGER(change->to), CHANGED(change), withholds, has_kind, kind,
                                DB_INTEGER(change->has_note), DB_OPTIONAL_TEXT(change->note),
                                DB_INSTANT(now)),
                     count);
}

enum db_result
item_admin_table_pair(struct database *db, int32_t item_id, int32_t wheelchair_id,
                      int32_t companion_id)
{
    static const struct query update = {
        "UPDATE seat SET partner_no = IF(seat_no = ?, ?, ?)"
        " WHERE item_id = ? AND seat_no IN (?, ?) AND partner_no IS NULL"};
    const struct parameter wheelchair = DB_INTEGER(wheelchair_id);
    const struct parameter companion = DB_INTEGER(companion_id);
    return db_update(
        db, &update,
        PARAMETERS(wheelchair, companion, wheelchair, DB_INTEGER(item_id), wheelchair, companion),
        2);
}

enum db_result
item_admin_table_prices(struct database *db, int32_t item_id, int64_t *min, int64_t *max)
{
    static const struct query find = {"SELECT MIN(price), MAX(price) FROM seat WHERE item_id = ?"};
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(item_id)),
                         COLUMNS(INTO_INT64(min), INTO_INT64(max)));
}

enum db_result
item_admin_table_find_same_name(struct database *db, int32_t item_id, struct seat *seat)
{
    static const struct query find = {
        "SELECT section, row_name, label FROM seat WHERE item_id = ?"
        " GROUP BY section, row_name, label HAVING COUNT(*) > 1 LIMIT 1"};
    return db_select_one(
        db, &find, PARAMETERS(DB_INTEGER(item_id)),
        COLUMNS(INTO_TEXT(seat->section), INTO_TEXT(seat->row), INTO_TEXT(seat->label)));
}

enum db_result
item_admin_table_find_mixed_section(struct database *db, int32_t item_id, struct seat *seat)
{
    static const struct query find = {"SELECT s.section FROM seat s WHERE s.item_id = ?"
                                      " GROUP BY s.section HAVING " SEATS_ARE_MIXED " LIMIT 1"};
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(item_id)),
                         COLUMNS(INTO_TEXT(seat->section)));
}

enum db_result
item_admin_table_update(struct database *db, const struct item *item)
{
    static const struct query update = {
        "UPDATE item SET date = ?, starts_at = ?, layout_version = ? WHERE item_id = ?"};
    return db_execute(db, &update,
                      PARAMETERS(DB_TEXT(item->date), DB_INSTANT(item->starts_at),
                                 DB_INTEGER(item->layout_version), DB_INTEGER(item->item_id)));
}

enum db_result
item_admin_table_update_prices(struct database *db, int32_t item_id, int64_t min, int64_t max)
{
    static const struct query update = {
        "UPDATE item SET min_price = ?, max_price = ? WHERE item_id = ?"};
    return db_execute(db, &update,
                      PARAMETERS(DB_INTEGER(min), DB_INTEGER(max), DB_INTEGER(item_id)));
}
