/* hall_table: the SQL of halls that are kept. */
#ifndef FRONTROW_MYSQL_HALL_TABLE_H
#define FRONTROW_MYSQL_HALL_TABLE_H

#include "base/buffer.h"
#include "base/message.h"
#include "mysql/database.h"

enum { HALL_NAME_CHARACTERS = 60, HALL_NAME_SIZE = 4 * HALL_NAME_CHARACTERS + 1 };

/* A hall, its seats aside. */
struct hall_row {
    int32_t hall_id;
    char name[HALL_NAME_SIZE];
    int32_t seat_count;
    int64_t created_at;
    char created_by[OPERATOR_NAME_SIZE];
};

/* Inserts a hall with its seats, which are a text, and sets its id. */
enum db_result hall_table_insert(struct database *db, struct hall_row *hall,
                                 const struct buffer *seats) MUST_CHECK;

/* Reads a hall. DB_NONE: there is none of this number. */
enum db_result hall_table_find(struct database *db, int32_t hall_id, struct hall_row *hall)
    MUST_CHECK;

/* The same, and locks its row. */
enum db_result hall_table_lock(struct database *db, int32_t hall_id, struct hall_row *hall)
    MUST_CHECK;

/* Appends the text of its seats. */
enum db_result hall_table_read_seats(struct database *db, int32_t hall_id, struct buffer *seats)
    MUST_CHECK;

/* Deletes a hall with its seats. */
enum db_result hall_table_delete(struct database *db, int32_t hall_id) MUST_CHECK;

/* Halls with ids below `before`, newest first, at most `limit`; db_next() fills *hall. */
enum db_result hall_table_list(struct database *db, int64_t before, int32_t limit,
                               struct hall_row *hall) MUST_CHECK;

#endif
