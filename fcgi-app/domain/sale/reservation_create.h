/* reservation_create: the steps of a reserving call that a single one and several together share.
 */
#ifndef FRONTROW_DOMAIN_RESERVATION_CREATE_H
#define FRONTROW_DOMAIN_RESERVATION_CREATE_H

#include "domain/sale/reservation.h"

/*
 * What can be refused without a lock, in the contract's order, once create->concert, item and
 * has_held were read, and `found` of the seats that are named.
 */
enum error reservation_create_check(struct services *services, struct reservation_create *create,
                                    const struct seat *seats, size_t found, struct problem *problem)
    MUST_CHECK;

enum error reservation_require_not_started(const struct item *item, int64_t now,
                                           struct problem *problem) MUST_CHECK;

/* Makes create->made the reservation of the locked seats, as it is to be written. */
void reservation_create_fill(struct reservation_create *create, const struct seat *seats,
                             int64_t now);

#endif
