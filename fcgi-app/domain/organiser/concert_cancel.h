/*
 * concert_cancel: cancels a concert for ever and gives every buyer the points back: by a call,
 * which leaves the refunds to the sweeper, or by a tool, which does them itself.
 */
#ifndef FRONTROW_DOMAIN_CONCERT_CANCEL_H
#define FRONTROW_DOMAIN_CONCERT_CANCEL_H

#include "domain/organiser/concert_admin.h"
#include "domain/organiser/item_end.h"
#include "mysql/organiser/item_cancel_table.h"

/* The state of a call that cancels a concert (domain/effect.h). */
struct concert_cancel_begin {
    struct concert_change change; /* the caller fills author, detail (the reason) and id */
    int64_t begun_at;
};

/*
 * Makes the concert and all its dates cancelled, whether or not they have started; then
 * item_cancel_sweep() ends their reservations. Refuses with concert_not_found, or with
 * not_cancellable where the concert is cancelled already.
 */
enum error concert_cancel_execute(struct services *services, void *cancel, struct problem *problem)
    MUST_CHECK;
enum db_result concert_cancel_was_committed(struct services *services, void *cancel) MUST_CHECK;
int64_t concert_cancel_id(const void *cancel);

/*
 * How far the cancels of a concert's dates are, all together. begun_at is that of the last one,
 * CLOCK_NEVER where none was cancelled by a call.
 */
enum error concert_cancel_find(struct services *services, int32_t concert_id,
                               struct item_cancel *cancel, struct problem *problem) MUST_CHECK;

/* What this run has done so far. */
struct concert_cancel_report {
    struct end_report ended;
    bool waiting; /* for the calls that were under way when the status was set */
};

/*
 * Sets the status of a concert to cancelled and ends its reservations, whether or not their items
 * have started: paid ones are refunded, live holds cancelled, some in a transaction. Buyers may go
 * on meanwhile. It takes watchdog_ms at least. It may be interrupted at any moment and run again:
 * it continues with the rest.
 *
 * `progress` is called after each transaction and when the wait begins. Refuses with
 * concert_not_found, mysql_unavailable or busy; *report tells what was done until then.
 */
enum error concert_cancel(struct services *services, const struct author *author,
                          int32_t concert_id,
                          void (*progress)(const struct concert_cancel_report *report),
                          struct concert_cancel_report *report, struct problem *problem) MUST_CHECK;

#endif
