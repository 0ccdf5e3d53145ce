/*
 * transfer: the owner of a paid order offers it to another user, where the concert allows it. Who
 * accepts in time owns it: the seats count for the seat limit of the new owner, the old tickets are
 * void, and what is refunded goes to who paid.
 */
#ifndef FRONTROW_DOMAIN_TRANSFER_H
#define FRONTROW_DOMAIN_TRANSFER_H

#include "domain/sale/reservation.h"
#include "mysql/sale/transfer_table.h"

/* "offered", "expired" at its time, "accepted", "declined" or "withdrawn". */
const char *transfer_status_name(const struct transfer *transfer, int64_t now);

/*
 * The state of an offer, of an accept, and of the end of an offer (domain/effect.h). The caller
 * fills the users and the id of what is meant; the rest is filled on the way.
 */
struct transfer_call {
    const char *user_id;      /* who calls */
    const char *to_user;      /* of an offer: another one */
    int64_t reservation_id;   /* of an offer */
    int64_t transfer_id;      /* else */
    struct concert concert;   /* read by the precheck */
    struct transfer transfer; /* as it is after the call */
    int64_t now;
    struct reservation reservation; /* after an accept: with its seats */
};

/*
 * Offers an order, and withdraws what was offered of it before. Refuses with
 * reservation_not_found, forbidden, maintenance, not_offered, not_paid, reservation_cancelled, or
 * with not_cancellable where the item has started or a ticket was used.
 */
enum error transfer_offer_precheck(struct services *services, void *call, struct problem *problem)
    MUST_CHECK;
enum error transfer_offer_execute(struct services *services, void *call, struct problem *problem)
    MUST_CHECK;
enum db_result transfer_offer_was_committed(struct services *services, void *call) MUST_CHECK;

/*
 * Accepts. Refuses with transfer_not_found, with forbidden who is not its recipient, with
 * transfer_over, and as an offer does; also as quota_check() does for the recipient.
 */
enum error transfer_accept_precheck(struct services *services, void *call, struct problem *problem)
    MUST_CHECK;
enum error transfer_accept_execute(struct services *services, void *call, struct problem *problem)
    MUST_CHECK;
enum db_result transfer_accept_was_committed(struct services *services, void *call) MUST_CHECK;

/* Withdraws an offer of the caller's, or declines one to the caller. */
enum error transfer_end_precheck(struct services *services, void *call, struct problem *problem)
    MUST_CHECK;
enum error transfer_end_execute(struct services *services, void *call, struct problem *problem)
    MUST_CHECK;
enum db_result transfer_end_was_committed(struct services *services, void *call) MUST_CHECK;

int64_t transfer_call_id(const void *call);

/* Offers to and of a user, newest first. */
enum error transfer_list(struct services *services, const char *user_id, int64_t before,
                         int32_t limit, struct transfer *list, size_t *count, int64_t *now,
                         struct problem *problem) MUST_CHECK;

#endif
