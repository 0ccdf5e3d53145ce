/* item_end: ends the reservations of a date for an operator, some in a transaction. */
#ifndef FRONTROW_DOMAIN_ITEM_END_H
#define FRONTROW_DOMAIN_ITEM_END_H

#include "domain/sale/reservation.h"

/* What was done. */
struct end_report {
    int64_t refunded; /* paid reservations */
    int64_t points;   /* that went back with those of them that were paid with points */
    int64_t holds;    /* live ones that were cancelled */
    int64_t failed;   /* reservations that the last look could not end */
};

/* One or several looks. The caller fills the first part. */
struct item_end {
    struct services *services;
    int64_t until; /* clock_monotonic(): from then on none are begun, and a look ends; 0: never */
    /* In the transaction that has ended some of an item: writes down what. NULL: nowhere. */
    enum error (*record)(struct services *services, int32_t item_id, const struct end_report *ended,
                         struct problem *problem);
    /* Is told after each transaction. NULL: nobody is. */
    void (*progress)(void *state);
    void *state;

    struct end_report report; /* `failed` is for the caller to begin with 0 */
    int refused;              /* by MySQL, in a row */
};

/*
 * One look at all seats of an item, which name the reservations that have them: paid ones are
 * refunded, live holds cancelled. What is locked or broken is counted as failed, and left to the
 * next look. Refuses with mysql_unavailable.
 */
enum error item_end_all(struct item_end *end, int32_t item_id, struct problem *problem) MUST_CHECK;

/* Applies an effect for a tool: with patience, but not for ever, and without an answer. */
enum error item_end_apply(struct services *services, struct effect *effect, struct problem *problem)
    MUST_CHECK;

#endif
