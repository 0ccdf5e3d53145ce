#include "domain/organiser/order_refund.h"

#include "mysql/organiser/audit_log_table.h"

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

static enum error
add_to_log(struct services *services, struct order_refund *refund, const struct buffer *before,
           struct problem *problem)
{
    const struct reservation_cancel *order = &refund->order;
    struct buffer after = {0};
    refund->describe(order, &after);
    enum db_result result =
        audit_log_table_add(services->db, &(struct log_entry){
                                              .actor = refund->actor,
                                              .action = "order refund",
                                              .concert_id = order->reservation.concert_id,
                                              .detail = refund->reason,
                                              .old_values = before->data,
                                              .new_values = after.data,
                                          });
    buffer_free(&after);
    return refuse_db(problem, result);
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
    struct buffer before = {0};
    order->refunded = false;
    if (lock_order(services, order, problem) != ERROR_NONE)
        return problem->error;
    refund->describe(order, &before);
    enum error error = refund_return_seats(services, &order->reservation, refund->seat_ids,
                                           refund->seat_count, &order->refund, problem);
    if (error == ERROR_NONE)
        error = refund_pay_back(services, &order->reservation, &order->refund, problem);
    order->refunded = error == ERROR_NONE;
    if (error == ERROR_NONE)
        error = add_to_log(services, refund, &before, problem);
    buffer_free(&before);
    return error;
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
