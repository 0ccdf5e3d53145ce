#include "mysql/organiser/cancel_table.h"

enum db_result
cancel_table_next_item(struct database *db, int32_t concert_id, int32_t after, int32_t *item_id)
{
    static const struct query next = {
        "SELECT item_id FROM item WHERE concert_id = ? AND item_id > ? ORDER BY item_id LIMIT 1"};
    return db_select_one(db, &next, PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(after)),
                         COLUMNS(INTO_INT32(item_id)));
}

enum db_result
cancel_table_taken_seats(struct database *db, int32_t item_id, int32_t after,
                         struct taken_seat seats[CANCEL_BATCH], size_t *count)
{
    static const struct query list = {
        "SELECT seat_no, reservation_id FROM seat"
        " WHERE item_id = ? AND seat_no > ? AND reservation_id IS NOT NULL"
        " ORDER BY seat_no LIMIT ?"};
    struct taken_seat seat;
    *count = 0;
    enum db_result result = db_select(
        db, &list, PARAMETERS(DB_INTEGER(item_id), DB_INTEGER(after), DB_INTEGER(CANCEL_BATCH)),
        COLUMNS(INTO_INT32(&seat.seat_id), INTO_INT64(&seat.reservation_id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        seats[(*count)++] = seat;
    return result == DB_NONE ? DB_OK : result;
}
