#include "mysql/sale/transfer_table.h"

#include <string.h>

#define TRANSFER_COLUMNS                                                                           \
    "t.transfer_id, t.reservation_id, t.from_user, t.to_user, t.status + 0, t.created_at,"         \
    " t.expires_at, r.concert_id, r.item_id, r.seat_count, UTC_TIMESTAMP(3)"
#define ITS_RESERVATION                                                                            \
    " STRAIGHT_JOIN reservation r FORCE INDEX (PRIMARY) ON r.reservation_id = t.reservation_id"

enum { TRANSFER_COLUMN_COUNT = 11 };

static void
bind(struct transfer *row, int64_t *now, struct column columns[TRANSFER_COLUMN_COUNT])
{
    const struct column list[TRANSFER_COLUMN_COUNT] = {
        INTO_INT64(&row->transfer_id),
        INTO_INT64(&row->reservation_id),
        INTO_TEXT(row->from_user),
        INTO_TEXT(row->to_user),
        INTO_ENUM(&row->status, TRANSFER_WITHDRAWN),
        INTO_INSTANT(&row->created_at),
        INTO_INSTANT(&row->expires_at),
        INTO_INT32(&row->concert_id),
        INTO_INT32(&row->item_id),
        INTO_INT32(&row->seat_count),
        INTO_INSTANT(now),
    };
    memcpy(columns, list, sizeof list);
}

enum db_result
transfer_table_insert(struct database *db, struct transfer *transfer)
{
    static const struct query insert = {"INSERT INTO transfer (reservation_id, from_user, to_user,"
                                        " created_at, expires_at) VALUES (?, ?, ?, ?, ?)"};
    enum db_result result =
        db_execute(db, &insert,
                   PARAMETERS(DB_INTEGER(transfer->reservation_id), DB_TEXT(transfer->from_user),
                              DB_TEXT(transfer->to_user), DB_INSTANT(transfer->created_at),
                              DB_INSTANT(transfer->expires_at)));
    transfer->transfer_id = db_inserted_id(db);
    return result;
}

enum db_result
transfer_table_find(struct database *db, int64_t id, struct transfer *transfer, int64_t *now)
{
    static const struct query find = {"SELECT " TRANSFER_COLUMNS
                                      " FROM transfer t FORCE INDEX (PRIMARY)" ITS_RESERVATION
                                      " WHERE t.transfer_id = ?"};
    struct column columns[TRANSFER_COLUMN_COUNT];
    bind(transfer, now, columns);
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(id)), columns, TRANSFER_COLUMN_COUNT);
}

enum db_result
transfer_table_lock(struct database *db, struct transfer *transfer)
{
    static const struct query lock = {
        "SELECT status + 0 FROM transfer WHERE transfer_id = ? FOR UPDATE"};
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(transfer->transfer_id)),
                         COLUMNS(INTO_ENUM(&transfer->status, TRANSFER_WITHDRAWN)));
}

enum db_result
transfer_table_settle(struct database *db, int64_t id, enum transfer_status status,
                      int64_t settled_at)
{
    static const struct query settle = {"UPDATE transfer SET status = ?, settled_at = ?"
                                        " WHERE transfer_id = ? AND status = 'offered'"};
    return db_update(db, &settle,
                     PARAMETERS(DB_INTEGER(status), DB_INSTANT(settled_at), DB_INTEGER(id)), 1);
}

enum db_result
transfer_table_withdraw(struct database *db, int64_t reservation_id, int64_t settled_at)
{
    static const struct query withdraw = {"UPDATE transfer SET status = 'withdrawn', settled_at = ?"
                                          " WHERE reservation_id = ? AND status = 'offered'"};
    return db_execute(db, &withdraw,
                      PARAMETERS(DB_INSTANT(settled_at), DB_INTEGER(reservation_id)));
}

/* A page of each side; both are found by an index in the order of their ids. */
#define IDS_OF(user, index)                                                                        \
    "(SELECT transfer_id FROM transfer FORCE INDEX (" index ") WHERE " user " = ?"                 \
    " AND transfer_id < ? ORDER BY transfer_id DESC LIMIT ?)"

enum db_result
transfer_table_list(struct database *db, const char *user_id, int64_t before, int32_t limit,
                    struct transfer *list, size_t *count, int64_t *now)
{
    static const struct query page = {
        "SELECT " TRANSFER_COLUMNS
        " FROM (" IDS_OF("from_user", "transfer_of_sender") " UNION " IDS_OF(
            "to_user", "transfer_of_recipient") ") k STRAIGHT_JOIN transfer t FORCE INDEX (PRIMARY)"
                                                " ON t.transfer_id = k.transfer_id" ITS_RESERVATION
                                                " ORDER BY t.transfer_id DESC LIMIT ?"};
    const struct parameter user = DB_TEXT(user_id), last = DB_INTEGER(before),
                           rows = DB_INTEGER(limit);
    struct transfer row;
    struct column columns[TRANSFER_COLUMN_COUNT];
    bind(&row, now, columns);
    *count = 0;
    enum db_result result =
        db_select(db, &page, PARAMETERS(user, last, rows, user, last, rows, rows), columns,
                  TRANSFER_COLUMN_COUNT);
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        list[(*count)++] = row;
    return result == DB_NONE ? DB_OK : result;
}
