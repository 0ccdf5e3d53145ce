/* ticket_table: the SQL of tickets: one for each seat of a paid order, made when it is asked for.
 */
#ifndef FRONTROW_MYSQL_TICKET_TABLE_H
#define FRONTROW_MYSQL_TICKET_TABLE_H

#include "base/message.h"
#include "base/ticket_code.h"
#include "mysql/sale/reservation_table.h"

/* A ticket was taken at a gate. */
struct checkin {
    int64_t at;                     /* CLOCK_NEVER: it was not */
    int64_t left_at;                /* CLOCK_NEVER: whoever came in is there */
    int64_t scanned_at;             /* by the clock of the device; CLOCK_NEVER: it did not say */
    char device_id[DEVICE_ID_SIZE]; /* "": it did not say */
    char actor[OPERATOR_NAME_SIZE];
};

struct ticket {
    int64_t ticket_id;
    uint8_t reference[TICKET_REFERENCE_BYTES];
    int64_t reservation_id;
    int32_t concert_id;
    int32_t item_id;
    struct seat seat; /* its number and names */
    bool is_valid;    /* its order is paid and has the seat, and the item is not cancelled */
    bool reentry;     /* of its concert: who leaves may come back */
    struct checkin checkin;
};

/* The tickets that an order has, of seats that went back too. */
struct ticket_references {
    size_t count;
    int32_t seat_ids[SEATS_AT_ONCE];
    uint8_t references[SEATS_AT_ONCE][TICKET_REFERENCE_BYTES];
};

/* None where the order is not its owner's any more. */
enum db_result ticket_table_of_order(struct database *db, const struct reservation *reservation,
                                     struct ticket_references *tickets) MUST_CHECK;

/*
 * Adds tickets to an order, by a statement of its own; a seat that has one keeps it. Seats that it
 * has no more get none, nor do those of an order that is not its owner's any more, or not paid.
 */
enum db_result ticket_table_insert(struct database *db, const struct reservation *reservation,
                                   const struct ticket_references *tickets) MUST_CHECK;

/* One by its reference, without a lock. *now is the database's time at the read. */
enum db_result ticket_table_find(struct database *db,
                                 const uint8_t reference[TICKET_REFERENCE_BYTES],
                                 struct ticket *ticket, int64_t *now) MUST_CHECK;

/* When it was taken, and by whom; locks it. */
enum db_result ticket_table_lock_checkin(struct database *db, int64_t ticket_id,
                                         struct checkin *checkin) MUST_CHECK;

/*
 * Writes the check-in of a ticket, or with `at` of CLOCK_NEVER undoes it; its order is locked, and
 * it was as in `before`. DB_RETRY: it is not so.
 */
enum db_result ticket_table_check_in(struct database *db, int64_t ticket_id,
                                     const struct checkin *before, const struct checkin *after)
    MUST_CHECK;

/* Notes that the tickets of an order may have changed: seats of it went back. */
enum db_result ticket_table_touch(struct database *db, int64_t reservation_id) MUST_CHECK;

/* How many tickets of an order were taken: those of `count` seats, of all where that is 0. */
enum db_result ticket_table_count_used(struct database *db, int64_t reservation_id,
                                       const int32_t *seat_ids, size_t count, int64_t *used)
    MUST_CHECK;

/* Makes the tickets of up to SEATS_AT_ONCE seats of a locked order void, those that there are. */
enum db_result ticket_table_void(struct database *db, int64_t reservation_id,
                                 const struct seat *seats, size_t count) MUST_CHECK;

/* Whether such a ticket was made void; DB_OK or DB_NONE. */
enum db_result ticket_table_find_void(struct database *db,
                                      const uint8_t reference[TICKET_REFERENCE_BYTES]) MUST_CHECK;

/*
 * The tickets of an item with ids below `before`, newest first, also those that were made void; at
 * most `limit`, into `list`. With `since` only those that changed then or later; CLOCK_NEVER: all.
 */
enum db_result ticket_table_list(struct database *db, int32_t item_id, int64_t since,
                                 int64_t before, int32_t limit, struct ticket *list, size_t *count)
    MUST_CHECK;

/* How many came to an item, of how many. */
struct attendance {
    int64_t sold;       /* seats: the sum of the sections, which is not read here */
    int64_t issued;     /* tickets, those of seats that went back too */
    int64_t checked_in; /* of these */
    int64_t last_at;    /* when the last one was; CLOCK_NEVER: none */
    int64_t now;
};

enum db_result ticket_table_attendance(struct database *db, int32_t item_id,
                                       struct attendance *attendance) MUST_CHECK;

/* The same of a section that has sold seats or had guests. */
struct section_attendance {
    char section[SECTION_SIZE];
    int64_t sold;
    int64_t checked_in;
    int64_t inside; /* of these, without those who left */
};

/* Begins a list by name; db_next() fills the struct row by row. */
enum db_result ticket_table_attendance_by_section(struct database *db, int32_t item_id,
                                                  struct section_attendance *section) MUST_CHECK;

#endif
