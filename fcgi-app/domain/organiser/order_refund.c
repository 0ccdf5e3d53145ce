#include "domain/organiser/order_refund.h"

#include "domain/logged_change.h"

static enum error
require_paid(enum db_result result, const struct reservation *found, struct problem *problem)
{
    if (result == DB_NONE)
        return refuse(problem, ERROR_RESERVATION_NOT_FOUND);
    if (result == DB_OK && found->status != RESERVATION_PAID)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "The reservation is %s, not paid",
                              reservation_status_name(found->status));
    return refuse_db(problem, result);
}

enum error
order_refund_precheck(struct services *services, void *state, struct problem *problem)
{
    const struct reservation_cancel *order = &((struct order_refund *)state)->order;
    struct reservation found;
    int64_t now;
    return require_paid(reservation_table_find(services->db, order->reservation_id, &found, &now),
                        &found, problem);
}

/* With its seats, once it is known whose it is. */
static enum error
lock_order(struct services *services, struct reservation_cancel *order, struct problem *problem)
{
    struct reservation found;
    int64_t now;
    enum error error = require_paid(
        reservation_table_lock(services->db, order->reservation_id, &found), &found, problem);
    if (error != ERROR_NONE)
        return error;
    return reservation_lock(services, found.user_id, found.reservation_id, &order->reservation,
                            &now, problem);
}

enum error
order_refund_execute(struct services *services, void *state, struct problem *problem)
{
    struct order_refund *refund = state;
    struct reservation_cancel *order = &refund->order;
    struct logged_change log = {
        .entry = {.actor = refund->actor, .action = "order refund", .detail = refund->reason}};
    order->refunded = false;
    if (lock_order(services, order, problem) != ERROR_NONE)
        return problem->error;
    log.entry.concert_id = order->reservation.concert_id;
    refund->describe(order, &log.before);
    enum error error = refund_return_seats(services, &order->reservation, refund->seat_ids,
                                           refund->seat_count, &order->refund, problem);
    if (error == ERROR_NONE)
        error = refund_pay_back(services, &order->reservation, &order->refund, problem);
    order->refunded = error == ERROR_NONE;
    if (error != ERROR_NONE) {
        logged_change_free(&log);
        return error;
    }
    refund->describe(order, &log.after);
    return refuse_db(problem, logged_change_write(services, &log));
}

enum db_result
order_refund_was_committed(struct services *services, void *state)
{
    const struct reservation_cancel *order = &((struct order_refund *)state)->order;
    return refund_was_committed(services, &order->reservation, &order->refund.entry);
}

int64_t
order_refund_id(const void *state)
{
    return ((const struct order_refund *)state)->order.reservation_id;
}
