/*
 * seat_return: a buyer gives single seats of a hold or of an order back and keeps the others, where
 * the concert allows it. An order is refunded by the rules of its whole. A wheelchair place and its
 * companion's go together.
 */
#ifndef FRONTROW_DOMAIN_SEAT_RETURN_H
#define FRONTROW_DOMAIN_SEAT_RETURN_H

#include "domain/sale/reservation.h"

/*
 * Of a cancelling call that names seats (struct reservation_cancel). Refuses with
 * reservation_not_found, forbidden, maintenance, not_offered, or with seats_belong_together and
 * both seats of each pair of which the reservation would keep one.
 */
enum error seat_return_precheck(struct services *services, void *cancel, struct problem *problem)
    MUST_CHECK;

/*
 * Frees those seats of a locked hold, which goes on with the others and as long as before. Refuses
 * with seat_not_found; then nothing was written.
 */
enum error seat_return_release(struct services *services, struct reservation *hold,
                               const int32_t *seat_ids, size_t count, struct problem *problem)
    MUST_CHECK;

/* For an effect: whether a hold has none of the seats any more. DB_OK or DB_NONE; locks it. */
enum db_result seat_return_was_released(struct services *services, int64_t reservation_id,
                                        const int32_t *seat_ids, size_t count) MUST_CHECK;

#endif
