/* order_refund: an operator gives a buyer points of an order back, and its seats are free again. */
#ifndef FRONTROW_DOMAIN_ORDER_REFUND_H
#define FRONTROW_DOMAIN_ORDER_REFUND_H

#include "domain/sale/reservation.h"

/* The state of a refund (domain/effect.h). The caller fills all; of `order` the first two and the
 * percentage. */
struct order_refund {
    struct reservation_cancel order;
    const int32_t *seat_ids; /* ascending, no two the same */
    size_t seat_count;       /* 0: all that the order has */
    const char *actor;
    const char *reason;
    /* Writes the order as JSON, for the audit log. */
    void (*describe)(const struct reservation_cancel *order, struct buffer *values);
};

enum error order_refund_precheck(struct services *services, void *refund, struct problem *problem)
    MUST_CHECK;

/*
 * Refunds it, whether or not its item has started; no limit of refunds counts it. Refuses with
 * reservation_not_found, seat_not_found, or with not_cancellable where it is not paid or a seat
 * went back before.
 */
enum error order_refund_execute(struct services *services, void *refund, struct problem *problem)
    MUST_CHECK;
enum db_result order_refund_was_committed(struct services *services, void *refund) MUST_CHECK;
int64_t order_refund_id(const void *refund);

#endif
