/*
 * import_orders: what another shop has sold of a concert, from a file with a line for each seat. It
 * is checked as a whole first, and then sold here as at the box office: the other shop was paid.
 */
#ifndef FRONTROW_DOMAIN_IMPORT_ORDERS_H
#define FRONTROW_DOMAIN_IMPORT_ORDERS_H

#include "domain/import/import_file.h"
#include "domain/import/import_seats.h"
#include "domain/sale/reservation.h"
#include "mysql/organiser/import_table.h"

/* Each tells webhooks of a hold and of a payment, and a transaction has DB_ROWS_MAX events. */
enum { IMPORTED_AT_ONCE = DB_ROWS_MAX / 2 };

/* A date of the concert, and what the file has of it. */
struct import_date {
    struct item item;
    struct import_seats seats;
    bool is_read;
    int64_t seat_count; /* that the file has sold, likewise their prices */
    int64_t amount;
};

/*
 * An order of the file, or a part of it: of one date, SEATS_AT_ONCE seats at most, paid in one way
 * at one time. Its seats are by seatId.
 */
struct import_part {
    char reference[REFERENCE_SIZE];
    int32_t number; /* in its order, from 1 */
    char user_id[USER_ID_SIZE];
    struct import_date *date;
    enum payment_method method;
    bool has_sold_at;
    int64_t sold_at;
    size_t seat_count;
    int32_t seat_ids[SEATS_AT_ONCE];
    int64_t prices[SEATS_AT_ONCE];
    int64_t lines[SEATS_AT_ONCE];
    bool was_there; /* it was imported before */
    int64_t reservation_id;
};

struct import_totals {
    int64_t order_count; /* of the other shop */
    int64_t part_count;  /* reservations here */
    int64_t seat_count;
    int64_t amount;
    int64_t skipped_count; /* lines of what is not sold */
    int64_t known_count;   /* parts that were imported before */
    int64_t freed_count;   /* seats of those that are free now: given back here, or not theirs */
    int64_t written_count; /* parts that were imported now, and their seats */
    int64_t written_seats;
    int64_t refused_count; /* parts of which somebody else has a seat now */
    int64_t refusal_count; /* what was told of them */
};

/* An import under way. Nothing in it grows with the file but 16 bytes for each of its orders. */
struct import_orders {
    struct services *services;
    struct import_file file;
    const char *actor;
    void (*progress)(const struct import_orders *import); /* after each transaction; NULL: none */
    bool writes;
    struct offer offer; /* the concert */
    struct import_date *dates;
    size_t date_count;
    struct import_part parts[IMPORTED_AT_ONCE]; /* read, and neither checked nor written yet */
    size_t part_count;
    char reference[REFERENCE_SIZE]; /* of the order that is read, likewise the next two */
    char user_id[USER_ID_SIZE];
    int32_t parts_of_order;
    struct import_totals totals;
};

/*
 * Reads the file of a concert, and tells all that is wrong with it (import_file_open()). Where
 * import->writes is true, what it has is written meanwhile, some orders in a transaction; the file
 * has to be checked before. What was imported before is left as it is. An order of which somebody
 * else has got a seat is told and counted, and the others go on. It may be interrupted at any
 * moment and run again. The caller sets services, actor, progress and writes, and frees the import
 * in any case.
 *
 * Refuses with concert_not_found, concert_not_open where it is cancelled, mysql_unavailable or
 * busy.
 */
enum error import_orders_run(struct import_orders *import, int32_t concert_id, const char *path,
                             void (*tell)(int64_t line, int64_t column, const char *text),
                             struct problem *problem) MUST_CHECK;
void import_orders_free(struct import_orders *import);

#endif
