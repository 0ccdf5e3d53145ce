/*
 * refund: a paid reservation gives seats back, all that it has or some of them, and its owner gets
 * their price or a part of it in points. In two steps inside a running transaction, as purses are
 * locked last.
 */
#ifndef FRONTROW_DOMAIN_REFUND_H
#define FRONTROW_DOMAIN_REFUND_H

#include "domain/services.h"
#include "mysql/sale/point_table.h"
#include "mysql/sale/reservation_table.h"

/* The caller fills the first two. */
struct refund {
    int32_t percent;  /* 0..100 of the price, rounded down; the rest is the fee */
    int64_t asked_at; /* when the owner asked for it; CLOCK_NEVER: an operator gives it */

    size_t seat_count; /* that went back, and which */
    int32_t seat_ids[SEATS_AT_ONCE];
    int64_t price;            /* of the seats */
    struct point_entry entry; /* of the ledger */
    int64_t balance;          /* of who asks for it; who paid has entry.balance_after */
};

/*
 * Frees those seats of a reservation that reservation_lock() locked and that is paid. `count` 0, or
 * all that it has: it is cancelled, and keeps its seats for those who look at it. Otherwise it
 * stays paid for the others. *reservation is as it is afterwards, with the returned seats. Refuses
 * with seat_not_found, or with not_cancellable where a seat went back before; then nothing was
 * written.
 */
enum error refund_return_seats(struct services *services, struct reservation *reservation,
                               const int32_t *seat_ids, size_t count, struct refund *refund,
                               struct problem *problem) MUST_CHECK;

/*
 * Then: one row in the ledger, and the payment is refunded where no seat is left. Locks the purse
 * of who paid. Of an order that was not paid with points neither is touched: a row says what the
 * box office is to give back, and `entry` has the same, with the balance as it is.
 */
enum error refund_pay_back(struct services *services, const struct reservation *reservation,
                           struct refund *refund, struct problem *problem) MUST_CHECK;

/* For an effect: whether that entry is there. DB_OK or DB_NONE; locks it. */
enum db_result refund_was_committed(struct services *services,
                                    const struct reservation *reservation,
                                    const struct point_entry *entry) MUST_CHECK;

#endif
