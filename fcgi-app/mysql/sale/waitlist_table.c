#include "mysql/sale/waitlist_table.h"

#include <string.h>

#include "mysql/sale/reservation_columns.h"

/* ---- the item's row ---- */

enum db_result
waitlist_table_lock_item(struct database *db, int32_t item_id, int32_t *waiting, int64_t *now)
{
    static const struct query lock = {"SELECT waiting, " DB_NOW_LOCKED
                                      " FROM item WHERE item_id = ? FOR UPDATE"};
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(item_id)),
                         COLUMNS(INTO_INT32(waiting), INTO_INSTANT(now)));
}

enum db_result
waitlist_table_share_item(struct database *db, int32_t item_id, int32_t *waiting)
{
    /* a read in a read: by a join the concert would be locked as well */
    static const struct query share = {
        "SELECT IF(i.status = 'cancelled' OR (SELECT c.status FROM concert c"
        "  WHERE c.concert_id = i.concert_id) = 'cancelled', 0, i.waiting)"
        " FROM item i WHERE i.item_id = ? LOCK IN SHARE MODE"};
    return db_select_one(db, &share, PARAMETERS(DB_INTEGER(item_id)), COLUMNS(INTO_INT32(waiting)));
}

enum db_result
waitlist_table_count(struct database *db, int32_t item_id, int32_t *waiting)
{
    static const struct query count = {"SELECT waiting FROM item WHERE item_id = ?"};
    return db_select_one(db, &count, PARAMETERS(DB_INTEGER(item_id)), COLUMNS(INTO_INT32(waiting)));
}

enum db_result
waitlist_table_add_waiting(struct database *db, int32_t item_id, int32_t more)
{
    static const struct query add = {
        "UPDATE item SET waiting = waiting + ? WHERE item_id = ? AND waiting + ? >= 0"};
    return db_update(db, &add, PARAMETERS(DB_INTEGER(more), DB_INTEGER(item_id), DB_INTEGER(more)),
                     1);
}

/* What best available chooses among: a wheelchair place is chosen by who needs it. */
#define FOR_EVERYBODY "s.blocked = 0 AND s.kind IN ('plain', 'restricted', 'standing')"
#define IS_KEPT "s.status = 'held' AND s.reservation_id = 0"

/* ---- entries ---- */

#define ENTRY_COLUMNS                                                                              \
    "e.entry_id, e.concert_id, e.item_id, e.user_id, e.seat_count, e.section,"                     \
    " COALESCE(e.max_price, 1000000000), e.status + 0, e.created_at,"                              \
    " COALESCE(e.reservation_id, 0)"
#define POSITION                                                                                   \
    "IF(e.status = 'waiting', (SELECT COUNT(*) FROM waitlist_entry a"                              \
    " FORCE INDEX (waitlist_entry_in_order) WHERE a.status = 'waiting' AND a.item_id = e.item_id"  \
    " AND a.entry_id <= e.entry_id), 0)"

/* Nobody waits for what can not be bought any more. */
#define IS_OVER "(c.waitlist = 0 OR " ITEM_IS_CANCELLED " OR i.starts_at <= UTC_TIMESTAMP(3))"

enum { ENTRY_COLUMN_COUNT = 10 };

static void
bind(struct waitlist_entry *row, struct column columns[ENTRY_COLUMN_COUNT])
{
    const struct column list[ENTRY_COLUMN_COUNT] = {
        INTO_INT64(&row->entry_id),     INTO_INT32(&row->concert_id),
        INTO_INT32(&row->item_id),      INTO_TEXT(row->user_id),
        INTO_INT32(&row->seat_count),   INTO_TEXT(row->section),
        INTO_INT64(&row->max_price),    INTO_ENUM(&row->status, WAITLIST_ENDED),
        INTO_INSTANT(&row->created_at), INTO_INT64(&row->reservation_id),
    };
    memcpy(columns, list, sizeof list);
}

enum db_result
waitlist_table_insert(struct database *db, struct waitlist_entry *entry)
{
    static const struct query insert = {
        "INSERT INTO waitlist_entry (concert_id, item_id, user_id, seat_count, section, max_price,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"};
    enum db_result result =
        db_execute(db, &insert,
                   PARAMETERS(DB_INTEGER(entry->concert_id), DB_INTEGER(entry->item_id),
                              DB_TEXT(entry->user_id), DB_INTEGER(entry->seat_count),
                              DB_OPTIONAL_TEXT(entry->section),
                              DB_OPTIONAL(entry->max_price < PRICE_MAX, entry->max_price),
                              DB_INSTANT(entry->created_at)));
    entry->entry_id = db_inserted_id(db);
    return result;
}

enum db_result
waitlist_table_find_waiting(struct database *db, const char *user_id, int32_t item_id,
                            struct waitlist_entry *entry)
{
    static const struct query find = {
        "SELECT " ENTRY_COLUMNS ", " POSITION " FROM waitlist_entry e"
        " FORCE INDEX (waitlist_entry_of_user)"
        " WHERE e.user_id = ? AND e.item_id = ? AND e.status = 'waiting' LIMIT 1"};
    struct column columns[ENTRY_COLUMN_COUNT + 1];
    bind(entry, columns);
    columns[ENTRY_COLUMN_COUNT] = INTO_INT64(&entry->position);
    return db_select_one(db, &find, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(item_id)), columns,
                         ENTRY_COLUMN_COUNT + 1);
}

enum db_result
waitlist_table_lock(struct database *db, int64_t entry_id, struct waitlist_entry *entry)
{
    static const struct query lock = {"SELECT " ENTRY_COLUMNS
                                      " FROM waitlist_entry e WHERE e.entry_id = ? FOR UPDATE"};
    struct column columns[ENTRY_COLUMN_COUNT];
    bind(entry, columns);
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(entry_id)), columns, ENTRY_COLUMN_COUNT);
}

/* Goes through the rows of a statement that puts each into *row. */
static enum db_result
collect(struct database *db, enum db_result result, const struct waitlist_entry *row,
        struct waitlist_entry *list, size_t *count)
{
    *count = 0;
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        list[(*count)++] = *row;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
waitlist_table_list(struct database *db, const char *user_id, int64_t before, int32_t limit,
                    struct waitlist_entry *list, size_t *count)
{
    static const struct query page = {
        "SELECT " ENTRY_COLUMNS ", " POSITION ", COALESCE(" IS_OVER
        ", 1), COALESCE(" RESERVATION_SHOWN
        ", 0), r.expires_at, COALESCE(r.total_price, 0), r.token"
        " FROM waitlist_entry e FORCE INDEX (waitlist_entry_of_user)"
        " LEFT JOIN item i ON i.item_id = e.item_id"
        " LEFT JOIN concert c ON c.concert_id = e.concert_id"
        " LEFT JOIN reservation r ON r.reservation_id = e.reservation_id"
        " WHERE e.user_id = ? AND e.entry_id < ? ORDER BY e.entry_id DESC LIMIT ?"};
    struct waitlist_entry row = {0};
    struct column columns[] = {[ENTRY_COLUMN_COUNT] = INTO_INT64(&row.position),
                               INTO_BOOL(&row.is_over),
                               INTO_ENUM(&row.hold_status, RESERVATION_CANCELLED),
                               INTO_INSTANT(&row.expires_at),
                               INTO_INT64(&row.total_price),
                               INTO_OPTIONAL_BYTES(row.token, &row.has_token)};
    bind(&row, columns);
    enum db_result result =
        db_select(db, &page, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(before), DB_INTEGER(limit)),
                  columns, sizeof columns / sizeof columns[0]);
    return collect(db, result, &row, list, count);
}

enum db_result
waitlist_table_settle(struct database *db, int64_t entry_id, enum waitlist_status status,
                      int64_t reservation_id, int64_t settled_at)
{
    static const struct query settle = {
        "UPDATE waitlist_entry SET status = ?, reservation_id = ?, settled_at = ?"
        " WHERE entry_id = ? AND status = 'waiting'"};
    return db_update(db, &settle,
                     PARAMETERS(DB_INTEGER(status),
                                DB_OPTIONAL(reservation_id != 0, reservation_id),
                                DB_INSTANT(settled_at), DB_INTEGER(entry_id)),
                     1);
}

enum db_result
waitlist_table_pass(struct database *db, int64_t entry_id, int64_t now)
{
    static const struct query pass = {"UPDATE waitlist_entry SET passed_at = ? WHERE entry_id = ?"};
    return db_execute(db, &pass, PARAMETERS(DB_INSTANT(now), DB_INTEGER(entry_id)));
}

enum db_result
waitlist_table_end_all(struct database *db, int32_t item_id, int64_t now)
{
    static const struct query end = {"UPDATE waitlist_entry SET status = 'ended', settled_at = ?"
                                     " WHERE item_id = ? AND status = 'waiting'"};
    static const struct query none = {"UPDATE item SET waiting = 0 WHERE item_id = ?"};
    enum db_result result = db_execute(db, &end, PARAMETERS(DB_INSTANT(now), DB_INTEGER(item_id)));
    return result == DB_OK ? db_execute(db, &none, PARAMETERS(DB_INTEGER(item_id))) : result;
}

/* ---- seats that came back ---- */

#define OF_EIGHT(alias) alias "item_id = ? AND " alias "seat_no" DB_IN_8

/* Fills in the item and the seats of OF_EIGHT(); returns how many parameters that are. */
static size_t
name_seats(struct parameter parameters[1 + SEATS_AT_ONCE], int32_t item_id, const int32_t *seat_ids,
           size_t count)
{
    parameters[0] = DB_INTEGER(item_id);
    for (size_t i = 0; i < SEATS_AT_ONCE; i++)
        parameters[1 + i] = DB_INTEGER(seat_ids[db_list_at(i, count)]);
    return 1 + SEATS_AT_ONCE;
}

static enum db_result
note_kept(struct database *db, const struct parameter *named, size_t parameters)
{
    static const struct query add = {
        "INSERT INTO waitlist_return (item_id, seat_no, returned_at)"
        " SELECT s.item_id, s.seat_no, UTC_TIMESTAMP(3) FROM seat s WHERE " OF_EIGHT(
            "s.") " AND " IS_KEPT " ON DUPLICATE KEY UPDATE returned_at = UTC_TIMESTAMP(3)"};
    return db_execute(db, &add, named, parameters);
}

enum db_result
waitlist_table_keep(struct database *db, int32_t item_id, const int32_t *seat_ids, size_t count)
{
    static const struct query look = {"SELECT COUNT(*) FROM seat s WHERE " OF_EIGHT(
        "s.") " AND s.status = 'available' AND " FOR_EVERYBODY};
    static const struct query keep = {
        "UPDATE seat s SET s.status = 'held', s.reservation_id = 0, s.held_until = '9999-01-01'"
        " WHERE " OF_EIGHT("s.") " AND s.status = 'available' AND " FOR_EVERYBODY};
    struct parameter named[1 + SEATS_AT_ONCE];
    size_t parameters = name_seats(named, item_id, seat_ids, count);
    int64_t found;
    enum db_result result =
        db_select_one(db, &look, named, parameters, COLUMNS(INTO_INT64(&found)));
    if (result != DB_OK || found == 0)
        return result;
    result = db_update(db, &keep, named, parameters, found);
    return result == DB_OK ? note_kept(db, named, parameters) : result;
}

#define KEPT(alias)                                                                                \
    "waitlist_return w FORCE INDEX (PRIMARY) STRAIGHT_JOIN seat " alias " FORCE INDEX (PRIMARY)"   \
    " ON " alias ".item_id = w.item_id AND " alias ".seat_no = w.seat_no"

/* Ranked as best available ranks them: by the highest price of a section, and by seatId. */
#define LIST_SEATS(from)                                                                           \
    {                                                                                              \
        "SELECT x.seat_no, x.price, x.section, x.standing, DENSE_RANK() OVER (ORDER BY x.top "     \
        "DESC, "                                                                                   \
        "x.section),"                                                                              \
        " MIN(x.seat_no) OVER (PARTITION BY x.section, x.row_name)"                                \
        " FROM (SELECT s.seat_no, s.price, s.section, s.row_name, s.kind = 'standing' AS "         \
        "standing,"                                                                                \
        "  MAX(s.price) OVER (PARTITION BY s.section) AS top FROM " from " AND " FOR_EVERYBODY     \
        " ) x ORDER BY x.seat_no"                                                                  \
    }

enum db_result
waitlist_table_list_seats(struct database *db, int32_t item_id, bool free_too,
                          struct waitlist_seat *seat)
{
    static const struct query kept = LIST_SEATS(KEPT("s") " WHERE w.item_id = ? AND " IS_KEPT);
    /* of the sections that have a kept one */
    static const struct query kept_and_free = LIST_SEATS(
        "seat s FORCE INDEX (PRIMARY) WHERE s.item_id = ?"
        "  AND (s.status = 'available' OR (" IS_KEPT "))"
        "  AND s.section IN (SELECT k.section FROM " KEPT("k") " WHERE w.item_id = s.item_id)");
    return db_select(db, free_too ? &kept_and_free : &kept, PARAMETERS(DB_INTEGER(item_id)),
                     COLUMNS(INTO_INT32(&seat->seat_id), INTO_INT64(&seat->price),
                             INTO_TEXT(seat->section), INTO_BOOL(&seat->standing),
                             INTO_INT32(&seat->rank), INTO_INT32(&seat->row)));
}

enum db_result
waitlist_table_list_next(struct database *db, int32_t item_id, int64_t after, int64_t since,
                         size_t limit, struct waitlist_entry *list, size_t *count)
{
    static const struct query next = {
        "SELECT " ENTRY_COLUMNS " FROM waitlist_entry e FORCE INDEX (waitlist_entry_in_order)"
        " WHERE e.status = 'waiting' AND e.item_id = ? AND e.entry_id > ?"
        " AND (e.passed_at IS NULL OR e.passed_at < ?)"
        " AND EXISTS (SELECT 1 FROM waitlist_return w FORCE INDEX (PRIMARY)"
        "  STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)"
        "  ON s.item_id = w.item_id AND s.seat_no = w.seat_no WHERE w.item_id = e.item_id"
        "  AND " IS_KEPT " AND " FOR_EVERYBODY
        "  AND (s.section = e.section OR (e.section IS NULL AND s.kind <> 'standing'))"
        "  AND (e.max_price IS NULL OR s.price <= e.max_price))"
        " ORDER BY e.entry_id LIMIT ?"};
    struct waitlist_entry row = {0};
    struct column columns[ENTRY_COLUMN_COUNT];
    bind(&row, columns);
    enum db_result result = db_select(db, &next,
                                      PARAMETERS(DB_INTEGER(item_id), DB_INTEGER(after),
                                                 DB_INSTANT(since), DB_INTEGER((int64_t)limit)),
                                      columns, ENTRY_COLUMN_COUNT);
    return collect(db, result, &row, list, count);
}

enum db_result
waitlist_table_forget(struct database *db, int32_t item_id, const int32_t *seat_ids, size_t count)
{
    static const struct query forget = {"DELETE FROM waitlist_return WHERE " OF_EIGHT("")};
    struct parameter named[1 + SEATS_AT_ONCE];
    return db_execute(db, &forget, named, name_seats(named, item_id, seat_ids, count));
}

enum db_result
waitlist_table_release(struct database *db, int32_t item_id, int64_t *freed)
{
    /* by seatId, as all lock them */
    static const struct query release = {
        "UPDATE waitlist_return w FORCE INDEX (PRIMARY) STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)"
        " ON s.item_id = w.item_id AND s.seat_no = w.seat_no"
        " SET s.status = 'available', s.reservation_id = NULL, s.held_until = NULL WHERE w.item_id "
        "= ? AND " IS_KEPT};
    static const struct query forget = {"DELETE FROM waitlist_return WHERE item_id = ?"};
    enum db_result result = db_execute(db, &release, PARAMETERS(DB_INTEGER(item_id)));
    *freed = result == DB_OK ? db_changed_rows(db) : 0;
    return result == DB_OK ? db_execute(db, &forget, PARAMETERS(DB_INTEGER(item_id))) : result;
}

enum db_result
waitlist_table_next_due(struct database *db, int32_t after, int32_t *item_id)
{
    static const struct query next = {
        "SELECT MIN(x.item_id) FROM (SELECT MIN(w.item_id) AS item_id FROM waitlist_return w"
        "  WHERE w.item_id > ?"
        " UNION ALL SELECT MIN(e.item_id) FROM waitlist_entry e"
        "  FORCE INDEX (waitlist_entry_in_order) JOIN item i ON i.item_id = e.item_id"
        "  JOIN concert c ON c.concert_id = i.concert_id"
        "  WHERE e.status = 'waiting' AND e.item_id > ? AND " IS_OVER ") x"};
    enum db_result result = db_select_one(
        db, &next, PARAMETERS(DB_INTEGER(after), DB_INTEGER(after)), COLUMNS(INTO_INT32(item_id)));
    return result == DB_OK && *item_id == 0 ? DB_NONE : result;
}

/* ---- for the upkeep ---- */

enum db_result
waitlist_table_next_item(struct database *db, const char *user_id, int32_t after, int32_t *item_id)
{
    static const struct query next = {
        "SELECT item_id FROM waitlist_entry"
        " WHERE user_id = ? AND item_id > ? ORDER BY item_id LIMIT 1"};
    return db_select_one(db, &next, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(after)),
                         COLUMNS(INTO_INT32(item_id)));
}

enum db_result
waitlist_table_remove(struct database *db, const char *user_id, int32_t item_id, int32_t *waiting)
{
    static const struct query count = {
        "SELECT CAST(COALESCE(SUM(status = 'waiting'), 0) AS SIGNED) FROM waitlist_entry"
        " WHERE user_id = ? AND item_id = ?"};
    static const struct query remove = {
        "DELETE FROM waitlist_entry WHERE user_id = ? AND item_id = ?"};
    enum db_result result =
        db_select_one(db, &count, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(item_id)),
                      COLUMNS(INTO_INT32(waiting)));
    if (result != DB_OK)
        return result;
    return db_execute(db, &remove, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(item_id)));
}

enum db_result
waitlist_table_count_old(struct database *db, int64_t cutoff, int64_t *count)
{
    static const struct query query = {"SELECT COUNT(*) FROM waitlist_entry WHERE settled_at < ?"};
    return db_select_one(db, &query, PARAMETERS(DB_INSTANT(cutoff)), COLUMNS(INTO_INT64(count)));
}

enum db_result
waitlist_table_delete_old(struct database *db, int64_t cutoff, int64_t *deleted)
{
    static const struct query delete_old = {
        "DELETE FROM waitlist_entry WHERE settled_at < ? ORDER BY settled_at LIMIT 1000"};
    enum db_result result = db_execute(db, &delete_old, PARAMETERS(DB_INSTANT(cutoff)));
    *deleted = result == DB_OK ? db_changed_rows(db) : 0;
    return result;
}
