/*
 * concert_cancel: cancels a concert for ever and gives every buyer the points back. It may be
 * interrupted at any moment and run again: it continues with the rest.
 */
#ifndef FRONTROW_DOMAIN_CONCERT_CANCEL_H
#define FRONTROW_DOMAIN_CONCERT_CANCEL_H

#include "domain/organiser/concert_admin.h"
#include "domain/organiser/item_end.h"

/* What this run has done so far. */
struct concert_cancel_report {
    struct end_report ended;
    bool waiting; /* for the calls that were under way when the status was set */
};

/*
 * Sets the status of a concert to cancelled and ends its reservations, whether or not their items
 * have started: paid ones are refunded, live holds cancelled, some in a transaction. Buyers may go
 * on meanwhile. It takes watchdog_ms at least.
 *
 * `progress` is called after each transaction and when the wait begins. Refuses with
 * concert_not_found, mysql_unavailable or busy; *report tells what was done until then.
 */
enum error concert_cancel(struct services *services, const struct author *author,
                          int32_t concert_id,
                          void (*progress)(const struct concert_cancel_report *report),
                          struct concert_cancel_report *report, struct problem *problem) MUST_CHECK;

#endif
