/* ticket: what a buyer shows at the gate: one for each seat of a paid order. */
#ifndef FRONTROW_DOMAIN_TICKET_H
#define FRONTROW_DOMAIN_TICKET_H

#include "domain/sale/reservation.h"
#include "mysql/sale/ticket_table.h"

/* The key that signs tickets. Refuses with not_found where none are issued. */
enum error ticket_signer(const struct services *services, const struct ticket_key **signer,
                         struct problem *problem) MUST_CHECK;

/* What a paid order is for. */
struct ticket_visit {
    struct reservation reservation;
    struct concert concert;
    struct concert_about about;
    struct item item;
};

/*
 * Reads a paid order of a user, and where it leads to. Refuses with not_paid, reservation_cancelled
 * or hold_expired, or as reservation_find() does.
 */
enum error ticket_find_visit(struct services *services, const char *user_id, int64_t reservation_id,
                             struct ticket_visit *visit, struct problem *problem) MUST_CHECK;

/*
 * Reads a paid order of a user, and its tickets, which are made where they are not there yet:
 * references[i] is that of reservation->seats[i], the same one each time. Refuses like
 * ticket_find_visit().
 */
enum error ticket_issue(struct services *services, const char *user_id, int64_t reservation_id,
                        struct reservation *reservation,
                        uint8_t references[SEATS_AT_ONCE][TICKET_REFERENCE_BYTES],
                        struct problem *problem) MUST_CHECK;

/*
 * Refuses with not_cancellable where a ticket of a locked order was used, here or by a host that
 * has keys, or had: one of these seats, of any with a count of 0.
 */
enum error ticket_require_unused(struct services *services, int64_t reservation_id,
                                 const int32_t *seat_ids, size_t count, struct problem *problem)
    MUST_CHECK;

#endif
