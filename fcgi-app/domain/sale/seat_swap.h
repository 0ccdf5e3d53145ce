/*
 * seat_swap: a buyer swaps seats of a hold or of an order for as many free ones of the same date
 * and price, where the concert allows it. The tickets of the old ones are void. A wheelchair place
 * and its companion's go together, and come together.
 */
#ifndef FRONTROW_DOMAIN_SEAT_SWAP_H
#define FRONTROW_DOMAIN_SEAT_SWAP_H

#include "domain/sale/reservation.h"

/* The state of a swap (domain/effect.h). The caller fills the first four. */
struct seat_swap {
    const char *user_id;
    int64_t reservation_id;
    struct seat_list from; /* as many as those of `to`, and none of these */
    struct seat_list to;

    struct offer offer;             /* read by the precheck */
    struct reservation reservation; /* with its seats, after the swap */
};

/*
 * Refuses with reservation_not_found, forbidden, maintenance, not_offered, hold_expired or
 * reservation_cancelled, concert_not_open, seat_not_found, seat_taken, or seats_belong_together.
 */
enum error seat_swap_precheck(struct services *services, void *swap, struct problem *problem)
    MUST_CHECK;

/*
 * The same again under locks, where it may have changed; also with not_cancellable where a ticket
 * was used, and with price_differs.
 */
enum error seat_swap_execute(struct services *services, void *swap, struct problem *problem)
    MUST_CHECK;
enum db_result seat_swap_was_committed(struct services *services, void *swap) MUST_CHECK;
int64_t seat_swap_id(const void *swap);

#endif
