#include "mysql/hall/hall_table.h"

/* Of the bytes of a row: far below what a server takes in a packet. */
enum { PART_SIZE = 1 << 20 };

#define HALL_ROW_COLUMNS "hall_id, name, seat_count, created_at, created_by"
#define INTO_HALL_ROW(hall)                                                                        \
    COLUMNS(INTO_INT32(&(hall)->hall_id), INTO_TEXT((hall)->name),                                 \
            INTO_INT32(&(hall)->seat_count), INTO_INSTANT(&(hall)->created_at),                    \
            INTO_TEXT((hall)->created_by))

static enum db_result
insert_part(struct database *db, int32_t hall_id, int32_t number, const char *bytes, size_t length)
{
    static const struct query insert = {
        "INSERT INTO hall_part (hall_id, part_no, bytes) VALUES (?, ?, ?)"};
    return db_execute(db, &insert,
                      PARAMETERS(DB_INTEGER(hall_id), DB_INTEGER(number), DB_BYTES(bytes, length)));
}

enum db_result
hall_table_insert(struct database *db, struct hall_row *hall, const struct buffer *seats)
{
    static const struct query insert = {
        "INSERT INTO hall (name, seat_count, created_at, created_by) VALUES (?, ?, ?, ?)"};
    enum db_result result =
        db_execute(db, &insert,
                   PARAMETERS(DB_TEXT(hall->name), DB_INTEGER(hall->seat_count),
                              DB_INSTANT(hall->created_at), DB_TEXT(hall->created_by)));
    hall->hall_id = (int32_t)db_inserted_id(db);
    int32_t number = 0;
    for (size_t at = 0; at < seats->length && result == DB_OK; at += PART_SIZE) {
        size_t left = seats->length - at;
        result = insert_part(db, hall->hall_id, ++number, seats->data + at,
                             left < PART_SIZE ? left : PART_SIZE);
    }
    return result;
}

enum db_result
hall_table_find(struct database *db, int32_t hall_id, struct hall_row *hall)
{
    static const struct query find = {"SELECT " HALL_ROW_COLUMNS " FROM hall WHERE hall_id = ?"};
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(hall_id)), INTO_HALL_ROW(hall));
}

enum db_result
hall_table_lock(struct database *db, int32_t hall_id, struct hall_row *hall)
{
    static const struct query lock = {"SELECT " HALL_ROW_COLUMNS
                                      " FROM hall WHERE hall_id = ? FOR UPDATE"};
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(hall_id)), INTO_HALL_ROW(hall));
}

enum db_result
hall_table_read_seats(struct database *db, int32_t hall_id, struct buffer *seats)
{
    static const struct query read = {
        "SELECT bytes FROM hall_part WHERE hall_id = ? AND part_no = ?"};
    enum db_result result = DB_OK;
    for (int32_t number = 1; result == DB_OK; number++) {
        size_t length = 0;
        const struct column part = {.kind = COLUMN_BYTES,
                                    .to = buffer_reserve(seats, PART_SIZE + 1),
                                    .size = PART_SIZE,
                                    .length = &length};
        result =
            db_select_one(db, &read, PARAMETERS(DB_INTEGER(hall_id), DB_INTEGER(number)), &part, 1);
        seats->length += length;
        seats->data[seats->length] = '\0';
    }
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
hall_table_delete(struct database *db, int32_t hall_id)
{
    static const struct query delete_parts = {"DELETE FROM hall_part WHERE hall_id = ?"};
    static const struct query delete_one = {"DELETE FROM hall WHERE hall_id = ?"};
    enum db_result result = db_execute(db, &delete_parts, PARAMETERS(DB_INTEGER(hall_id)));
    return result == DB_OK ? db_execute(db, &delete_one, PARAMETERS(DB_INTEGER(hall_id))) : result;
}

enum db_result
hall_table_list(struct database *db, int64_t before, int32_t limit, struct hall_row *hall)
{
    static const struct query list = {"SELECT " HALL_ROW_COLUMNS
                                      " FROM hall WHERE hall_id < ? ORDER BY hall_id DESC LIMIT ?"};
    return db_select(db, &list, PARAMETERS(DB_INTEGER(before), DB_INTEGER(limit)),
                     INTO_HALL_ROW(hall));
}
