/* reservation_create: the steps of a reserving call that a single one and several together share.
 */
#ifndef FRONTROW_DOMAIN_RESERVATION_CREATE_H
#define FRONTROW_DOMAIN_RESERVATION_CREATE_H

#include "domain/sale/reservation.h"

/*
 * Reads what the checks need: create->offer, has_held of this user, "" being nobody, and those of
 * the `count` seats that are there. With a wish no seat is read.
 */
enum db_result reservation_create_read(struct services *services, struct reservation_create *create,
                                       const char *user_id, const int32_t *ids, size_t count,
                                       struct seat *seats, size_t *found) MUST_CHECK;

/* What can be refused then without a lock and without a look at the seats, in the contract's order.
 */
enum error reservation_create_check(struct services *services, struct reservation_create *create,
                                    struct problem *problem) MUST_CHECK;

/* Refuses places of standing areas among the seats that are named. */
enum error reservation_create_require_seated(const struct reservation_create *create,
                                             const struct seat *seats, size_t found,
                                             struct problem *problem) MUST_CHECK;

/* The same of seats that are named. */
enum error reservation_create_check_seats(const struct reservation_create *create,
                                          const struct seat *seats, size_t found, int64_t now,
                                          struct problem *problem) MUST_CHECK;

/* Refuses with concert_not_open where the item has started at `now`, or is cancelled. */
enum error reservation_require_item_open(const struct item *item, int64_t now,
                                         struct problem *problem) MUST_CHECK;

/* Makes create->made the reservation of the locked seats, as it is to be written. */
void reservation_create_fill(struct reservation_create *create, const struct seat *seats,
                             int64_t now);

/* Locks the seats that are named, or the best ones, and checks them by *now, the time after the
 * last lock. */
enum error reservation_create_lock(struct services *services, struct reservation_create *create,
                                   struct seat seats[SEATS_AT_ONCE], int64_t *now,
                                   struct problem *problem) MUST_CHECK;

/* Writes create->made, which is filled, and gives it the locked seats. */
enum db_result reservation_create_write(struct services *services,
                                        struct reservation_create *create, const struct seat *seats)
    MUST_CHECK;

#endif
