/* export_table: the SQL of exports: many rows, newest first, streamed. */
#ifndef FRONTROW_MYSQL_EXPORT_TABLE_H
#define FRONTROW_MYSQL_EXPORT_TABLE_H

#include "mysql/sale/point_table.h"
#include "mysql/sale/reservation_table.h"

/* What is exported of a concert. */
enum export_what { EXPORT_ORDERS = 1, EXPORT_SEATS, EXPORT_LEDGER, EXPORT_GUESTS };

enum { EXPORT_ROWS = 10000 /* of a page, at most */ };

/* A row of an export. Each kind fills what it is about. */
struct export_row {
    int64_t reservation_id; /* 0: none */
    char user_id[USER_ID_SIZE];
    int32_t item_id;
    char date[DATE_SIZE];
    enum reservation_status status; /* as shown now */
    int32_t seat_count;
    int64_t total_price;
    int64_t created_at;
    struct payment payment; /* of EXPORT_SEATS and EXPORT_GUESTS its method only */
    struct seat seat;       /* its status as shown now */
    struct seat_note note;  /* of EXPORT_SEATS, likewise the position */
    struct seat_position position;
    struct point_entry entry; /* history_id 0: none */
};

/* Which rows are asked for. */
struct export_query {
    enum export_what what;
    int32_t concert_id;
    int32_t item_id; /* 0: of all; EXPORT_SEATS needs one */
    int64_t before;  /* reservationIds below, or seatIds */
};

/*
 * Rows by descending reservationId, of EXPORT_SEATS by descending seatId; db_next() fills *row. It
 * ends with a whole reservation, of which EXPORT_LEDGER and EXPORT_GUESTS have several rows. More
 * are there if as many reservations or seats came as export_table_limit() says.
 */
enum db_result export_table_list(struct database *db, const struct export_query *query,
                                 struct export_row *row) MUST_CHECK;

int32_t export_table_limit(enum export_what what);

#endif
