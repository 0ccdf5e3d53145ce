#include "mysql/books/sweep_table.h"

enum db_result
sweep_table_lapsed(struct database *db, const struct sweep_cursor *after, int64_t until,
                   struct sweep_cursor cursors[SWEEP_BATCH], size_t *count)
{
    static const struct query list = {"SELECT expires_at, reservation_id FROM reservation"
                                      " WHERE status = 'held' AND expires_at BETWEEN ? AND ?"
                                      " AND (expires_at > ? OR reservation_id > ?)"
                                      " ORDER BY expires_at, reservation_id LIMIT ?"};
    struct sweep_cursor cursor;
    *count = 0;
    enum db_result result = db_select(
        db, &list,
        PARAMETERS(DB_INSTANT(after->expires_at), DB_INSTANT(until), DB_INSTANT(after->expires_at),
                   DB_INTEGER(after->reservation_id), DB_INTEGER(SWEEP_BATCH)),
        COLUMNS(INTO_INSTANT(&cursor.expires_at), INTO_INT64(&cursor.reservation_id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        cursors[(*count)++] = cursor;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
sweep_table_lock_reservation(struct database *db, struct reservation *reservation)
{
    static const struct query lock = {"SELECT item_id, status + 0, expires_at FROM reservation"
                                      " WHERE reservation_id = ? FOR UPDATE SKIP LOCKED"};
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(reservation->reservation_id)),
                         COLUMNS(INTO_INT32(&reservation->item_id),
                                 INTO_ENUM(&reservation->status, RESERVATION_CANCELLED),
                                 INTO_INSTANT(&reservation->expires_at)));
}

enum db_result
sweep_table_delete_answers(struct database *db, int64_t cutoff, int64_t *deleted)
{
    static const struct query delete_old = {
        "DELETE FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ?"};
    enum db_result result =
        db_execute(db, &delete_old, PARAMETERS(DB_INSTANT(cutoff), DB_INTEGER(SWEEP_ANSWERS)));
    *deleted = result == DB_OK ? db_changed_rows(db) : 0;
    return result;
}
