/* order_sale: an operator sells seats that are not paid with points, or gives them to a guest. */
#ifndef FRONTROW_DOMAIN_ORDER_SALE_H
#define FRONTROW_DOMAIN_ORDER_SALE_H

#include "domain/sale/reservation.h"

/* The state of a sale (domain/effect.h). The caller fills all but what `create` makes. */
struct order_sale {
    struct reservation_create create; /* of named seats, without a token */
    enum payment_method method;       /* PAID_BOX_OFFICE or PAID_GUEST */
    bool has_price;                   /* else each seat costs what it does, and a guest nothing */
    int64_t price;                    /* of each seat */
    const int64_t *prices;            /* of create.seat_ids, one each; NULL: the price above */
    bool has_sold_at;                 /* else it is now */
    int64_t sold_at;                  /* as the books have it */
    const char *actor;
    /* Writes the order as JSON, for the audit log. */
    void (*describe)(const void *sale, struct buffer *values);
};

enum error order_sale_precheck(struct services *services, void *sale, struct problem *problem)
    MUST_CHECK;

/*
 * The seats are sold at once. It may be before the opening, while the concert is closed, and after
 * the start, of which no buyer knows; neither a queue nor a seat limit is asked, though the seats
 * count for the limit of what the user buys later. Refuses as reserving does, with concert_not_open
 * only where the concert or the item is cancelled.
 */
enum error order_sale_execute(struct services *services, void *sale, struct problem *problem)
    MUST_CHECK;

/*
 * The part of it between the locked mutex of the user, where the concert has a seat limit, and the
 * row of the audit log, for sales that share a transaction. `sale->create.offer` has to be read.
 */
enum error order_sale_write(struct services *services, struct order_sale *sale,
                            struct problem *problem) MUST_CHECK;
enum db_result order_sale_was_committed(struct services *services, void *sale) MUST_CHECK;
int64_t order_sale_id(const void *sale);

#endif
