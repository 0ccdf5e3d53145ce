/*
 * repair_table: seats that are not as their reservations say, one by one, and the change that puts
 * one right. Used by domain/books/repair.
 */
#ifndef FRONTROW_MYSQL_REPAIR_TABLE_H
#define FRONTROW_MYSQL_REPAIR_TABLE_H

#include "mysql/sale/seat_table.h"

/* A seat as it is, and as it should be. */
struct seat_case {
    int32_t concert_id; /* 0: its item belongs to none */
    int32_t item_id;
    int32_t seat_no;
    enum seat_status due;
    int64_t due_reservation; /* 0: nobody's */
    int64_t due_until;       /* of a hold; else CLOCK_NEVER */
    bool exists;
    enum seat_status status;
    bool blocked;
    int64_t reservation; /* 0: none */
    bool is_owned;       /* held by a live hold that lists it */
    bool is_paid_for;    /* false: sold it should be, but payment and refunds do not say so */
};

enum { SEAT_CASES_MAX = 1000 };

/*
 * The seats that should be so and are not: owed to a paid reservation, owed to a hold that is not
 * over, held by nobody. Those behind the case `last` (all behind an empty one) by item, seat and
 * reservation, up to SEAT_CASES_MAX.
 */
enum db_result repair_table_list(struct database *db, enum seat_status due,
                                 const struct seat_case *last, struct seat_case *cases,
                                 size_t *count) MUST_CHECK;

/*
 * Inside a transaction: locks the reservation that it is owed to and the seat, and reads the case
 * again. DB_NONE: it is none any more.
 */
enum db_result repair_table_lock(struct database *db, struct seat_case *seat) MUST_CHECK;

/* Makes the locked seat what it should be. */
enum db_result repair_table_put_right(struct database *db, const struct seat_case *seat) MUST_CHECK;

#endif
