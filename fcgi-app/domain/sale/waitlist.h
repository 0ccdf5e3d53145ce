/*
 * waitlist: who finds an item sold out waits for what comes back, where the concert asks for it.
 *
 * While somebody waits for seats of an item, what comes back is kept: it reads as held, and nobody
 * has it. A transaction that frees seats keeps them (waitlist_free_seats()). Then they are offered,
 * each offer in a transaction of its own (waitlist_settle()), by the call that freed them or else
 * by the sweeper: a hold for the first whom they fit. What fits nobody is free for all. A hold that
 * is over reads as held too, until the sweeper has ended it and so brought its seats back.
 *
 * All of a list is in MySQL: Redis has no part in it. Its order is that of the entries' ids.
 *
 * Lock order: the user's mutex, the reservation, its seats by number, the item's row, and last of
 * all the seats that nobody has. Who brings seats back shares the item's row, so that many do at
 * once; who joins, leaves or offers has it alone, and waits for no other lock with it: seats that
 * somebody else has locked are left for a moment. Who buys does not touch it. The joins of a list
 * come one after the other, each as long as a look at the hall takes.
 */
#ifndef FRONTROW_DOMAIN_WAITLIST_H
#define FRONTROW_DOMAIN_WAITLIST_H

#include "domain/sale/reservation.h"
#include "mysql/sale/waitlist_table.h"

enum { WAITLIST_MAX = 10000 /* that wait for one item */ };

/* The state of a call that joins. The caller fills the first part. */
struct waitlist_join {
    const char *user_id;
    int32_t concert_id;
    int32_t item_id;
    int32_t count;
    const char *section; /* "": any */
    int64_t max_price;   /* of a seat; PRICE_MAX: any */

    struct offer offer;
    struct waitlist_entry entry; /* that waits; one that did before is found again */
};

/*
 * Refuses with concert_not_found, maintenance, concert_not_open, item_not_found, not_offered,
 * seat_limit_reached; with already_waiting where the user waits for other seats of the item, with
 * seats_available where such seats can be had, with seats_not_available where the item has none,
 * with queue_full.
 */
enum error waitlist_join_precheck(struct services *services, void *join, struct problem *problem)
    MUST_CHECK;
enum error waitlist_join_execute(struct services *services, void *join, struct problem *problem)
    MUST_CHECK;
enum db_result waitlist_join_was_committed(struct services *services, void *join) MUST_CHECK;
int64_t waitlist_join_id(const void *join);

/* The state of a call that leaves. The caller fills the first part. */
struct waitlist_leave {
    const char *user_id;
    int32_t item_id;

    struct waitlist_entry entry;
};

/* Refuses with waitlist_entry_not_found, maintenance. */
enum error waitlist_leave_precheck(struct services *services, void *leave, struct problem *problem)
    MUST_CHECK;
enum error waitlist_leave_execute(struct services *services, void *leave, struct problem *problem)
    MUST_CHECK;
enum db_result waitlist_leave_was_committed(struct services *services, void *leave) MUST_CHECK;

/* "waiting", "offered", "paid", "expired", "cancelled", "left" or "ended", of a listed entry. */
const char *waitlist_status_name(const struct waitlist_entry *entry);

/* A page of a user's entries, newest first. */
enum error waitlist_list(struct services *services, const char *user_id, int64_t before,
                         int32_t limit, struct waitlist_entry *list, size_t *count,
                         struct problem *problem) MUST_CHECK;

/*
 * The time by which it is judged whether a hold of an item is over, where that is `now`: of one for
 * which somebody waits none is.
 */
int64_t waitlist_judge_time(int32_t waiting, int64_t now);

/*
 * Reads anew whether somebody waits, after the seats were locked: who joined since the item was
 * read finds them held. Nothing where the concert has no lists.
 */
enum db_result waitlist_read_waiting(struct services *services, const struct concert *concert,
                                     struct item *item) MUST_CHECK;

/*
 * Frees locked seats of a locked reservation, as seat_table_free() does, and keeps them where
 * somebody waits. After the commit waitlist_settle() is due.
 */
enum db_result waitlist_free_seats(struct services *services, const struct reservation *reservation,
                                   const struct seat *seats, size_t count) MUST_CHECK;

/* What waitlist_settle() did. */
struct waitlist_report {
    int64_t offers;
    int64_t ended; /* entries of what is over */
    int64_t busy;  /* items that others have locked: the next pass finds them again */
    int64_t failed;
};

/*
 * Offers what is kept of an item, and frees what fits nobody; ends a list whose item is over. What
 * is not done is found again by the sweeper. Outside of a transaction.
 */
enum error waitlist_settle(struct services *services, int32_t item_id,
                           struct waitlist_report *report, struct problem *problem) MUST_CHECK;

/* The same of all items where it is due. */
enum db_result waitlist_sweep(struct services *services, struct waitlist_report *report) MUST_CHECK;

/* Takes the entries of a user away, from all lists. */
enum error waitlist_erase(struct services *services, const char *user_id, struct problem *problem)
    MUST_CHECK;

#endif
