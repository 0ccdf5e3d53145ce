/*
 * item_cancel: cancels one date of a concert for ever. A call makes it cancelled, and from then on
 * nobody reserves or pays; passes of the sweeper give every buyer the points back.
 */
#ifndef FRONTROW_DOMAIN_ITEM_CANCEL_H
#define FRONTROW_DOMAIN_ITEM_CANCEL_H

#include "domain/organiser/item_admin.h"
#include "domain/organiser/item_end.h"
#include "mysql/organiser/item_cancel_table.h"

/* The state of cancelling a date (domain/effect.h). The caller fills all but the last two. */
struct item_cancel_begin {
    const char *actor;
    const char *reason;
    int32_t concert_id;
    int32_t item_id;
    /* Writes the date as JSON, for the audit log. */
    void (*describe)(const struct item_cancel_begin *cancel, struct buffer *values);
    struct item item;
    int64_t begun_at;
};

/*
 * Refuses with concert_not_found, item_not_found, or not_cancellable where the date or its concert
 * is cancelled already. A date that has started can be cancelled.
 */
enum error item_cancel_execute(struct services *services, void *cancel, struct problem *problem)
    MUST_CHECK;
enum db_result item_cancel_was_committed(struct services *services, void *cancel) MUST_CHECK;
int64_t item_cancel_id(const void *cancel);

/* A pass over cancelled dates. The caller fills the first part. */
struct item_cancel_pass {
    const char *actor;             /* for the audit log */
    int32_t concert_id;            /* whose dates; 0: those of all concerts */
    int64_t until;                 /* clock_monotonic(): when it ends; 0: when it is through */
    void (*progress)(void *state); /* is told after each transaction; NULL: nobody is */
    void *state;

    struct end_report ended;
    int64_t done; /* dates of which nothing is left now */
};

/*
 * Ends the reservations of cancelled dates, whether or not they have started: paid ones are
 * refunded whole, live holds cancelled. Then the seats are withheld, so that no build sells them.
 * It may be interrupted at any moment, and two may run at once: what is left is done by the next
 * pass. DB_GONE: MySQL is away.
 */
enum db_result item_cancel_sweep(struct services *services, struct item_cancel_pass *pass)
    MUST_CHECK;

/*
 * Hands the dates of a concert to `visit`, by (date, itemId), with what was sold of each, and how
 * far its cancel is. Refuses with concert_not_found.
 */
enum error item_admin_visit(struct services *services, int32_t concert_id,
                            void (*visit)(void *state, const struct admin_item *row), void *state,
                            struct problem *problem) MUST_CHECK;

#endif
