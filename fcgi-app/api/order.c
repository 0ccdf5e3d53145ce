/*
 * GET, POST /admin/reservation, POST /admin/reservation/{reservation}/refund,
 * GET /admin/user/{user}
 */
#include "domain/organiser/order.h"

#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/payment.h"
#include "api/point.h"
#include "api/reservation.h"
#include "base/clock.h"
#include "base/config.h"
#include "domain/organiser/order_refund.h"
#include "domain/organiser/order_sale.h"
#include "domain/organiser/user_limits.h"
#include "domain/sale/payment.h"

static void
write_payment(struct json *json, const struct payment *payment)
{
    if (!payment_exists(payment)) {
        json_write_null(json, "payment");
        return;
    }
    json_begin_object(json, "payment");
    json_write_optional_integer(json, "paymentId", payment->payment_id != 0, payment->payment_id);
    json_write_string(json, "method", payment_method_name(payment->method));
    payment_write_sums(json, payment);
    json_end_object(json);
}

/* Writes the first `limit` of them as an array. */
static void
write_orders(struct json *json, const char *name, const struct order *list, size_t count,
             int32_t limit)
{
    json_begin_array(json, name);
    for (size_t i = 0; i < count && i < (size_t)limit; i++) {
        json_begin_object(json, NULL);
        reservation_write(json, &list[i].reservation);
        write_payment(json, &list[i].payment);
        json_end_object(json);
    }
    json_end_array(json);
}

static struct order_filter
filter_of(const struct input *input)
{
    return (struct order_filter){
        .ref = input->ref,
        .user_id = input->user_id,
        .concert_id = input->concert_id,
        .item_id = input->item_id,
        .status = (enum reservation_status)input->status,
        .before = input->before,
        .limit = input->limit + 1,
    };
}

void
admin_reservation_get_list(void *services, const struct request *request, struct response *response)
{
    static struct order list[PAGE_ROWS]; /* too large for the stack */
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    const struct order_filter filter = filter_of(input);
    struct problem problem;
    size_t count;
    if (order_list(&admin, &filter, list, &count, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    bool more = count > (size_t)input->limit;
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    write_orders(&json, "reservations", list, count, input->limit);
    json_write_optional_integer(&json, "next", more,
                                more ? list[input->limit - 1].reservation.reservation_id : 0);
    json_end_object(&json);
}

/* ---- a sale ---- */

/* As it is listed afterwards; also for the audit log. */
static void
render_sale(const void *state, struct buffer *body)
{
    const struct order_sale *sale = state;
    const struct reservation *made = &sale->create.made;
    const struct payment payment = {
        .amount = made->total_price,
        .status = PAYMENT_PAID,
        .paid_at = made->created_at,
        .method = sale->method,
    };
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    reservation_write(&json, made);
    write_payment(&json, &payment);
    json_end_object(&json);
}

void
admin_reservation_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    struct offer offer = {0};
    struct order_sale sale = {
        .create = {.user_id = input->user_id,
                   .concert_id = input->concert_id,
                   .item_id = input->item_id,
                   .seat_count = input->seats.count,
                   .wish = {.count = input->count,
                            .section = input->section,
                            .max_price = PRICE_MAX},
                   .offer = &offer},
        .method = (enum payment_method)(PAID_POINTS + input->method),
        .has_price = input->price <= PRICE_MAX,
        .price = input->price,
        .actor = request->account.name,
        .describe = render_sale,
    };
    struct effect effect = {
        .kind = EFFECT_RESERVE,
        .state = &sale,
        .precheck = order_sale_precheck,
        .execute = order_sale_execute,
        .was_committed = order_sale_was_committed,
        .effect_id = order_sale_id,
        .render = render_sale,
    };
    struct problem problem;
    if (sale.method == PAID_GUEST && sale.has_price && sale.price > 0) {
        refuse_field(&problem, "price", "a guest pays nothing: price must be 0");
        response_problem(response, &problem);
        return;
    }
    memcpy(sale.create.seat_ids, input->seats.ids, sizeof sale.create.seat_ids);
    api_apply(&admin, request, &effect, response);
}

/* ---- a refund ---- */

/* Before and after. A cancelled order owns none of the seats that it shows. */
static void
describe_order(const struct reservation_cancel *order, struct buffer *values)
{
    const struct reservation *reservation = &order->reservation;
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "reservationId", order->reservation_id);
    json_write_string(&json, "status", reservation_status_name(reservation->status));
    json_begin_array(&json, "seatIds");
    for (int32_t i = 0; i < reservation->seat_count && reservation->status == RESERVATION_PAID; i++)
        json_write_integer(&json, NULL, reservation->seats[i].seat_id);
    json_end_array(&json);
    if (order->refunded)
        reservation_write_refund(&json, &order->refund);
    json_end_object(&json);
}

static void
render_refund(const void *state, struct buffer *body)
{
    reservation_render_cancelled(&((const struct order_refund *)state)->order, body);
}

static void
count_refund(const void *state, struct tally *tally)
{
    reservation_cancel_count(&((const struct order_refund *)state)->order, tally);
}

void
admin_refund_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    struct order_refund refund = {
        .order =
            {
                .user_id = request->key_owner, /* whose key of repetition it is */
                .reservation_id = request->ids[0],
                .refund = {.percent = input->percent, .asked_at = CLOCK_NEVER},
            },
        .seat_ids = input->seats.ids,
        .seat_count = input->seats.count,
        .actor = request->account.name,
        .reason = input->reason,
        .describe = describe_order,
    };
    struct effect effect = {
        .kind = EFFECT_CANCEL,
        .state = &refund,
        .precheck = order_refund_precheck,
        .execute = order_refund_execute,
        .was_committed = order_refund_was_committed,
        .effect_id = order_refund_id,
        .render = render_refund,
        .count = count_refund,
    };
    if (api_apply(&admin, request, &effect, response) || response->replayed ||
        response->error == ERROR_OUTCOME_UNKNOWN)
        reservation_seats_freed(&admin, refund.order.user_id, &refund.order.reservation,
                                request->idempotency_key, response->replayed);
}

/* ---- one user ---- */

enum { USER_ROWS = 20 /* of each list; the others are read by the lists themselves */ };

/* What is known of a user. */
struct user_view {
    int64_t balance;
    struct order orders[USER_ROWS];
    size_t order_count;
    struct order holds[USER_ROWS];
    size_t hold_count;
    struct point_entry history[USER_ROWS];
    size_t history_count;
    struct user_limits limits;
};

static enum error
read_user(struct services *services, const char *user_id, struct user_view *view,
          struct problem *problem)
{
    const struct order_filter orders = {
        .user_id = user_id, .before = LARGE_ID_MAX + 1, .limit = USER_ROWS};
    struct order_filter holds = orders;
    holds.status = RESERVATION_HELD;
    enum error error = order_list(services, &orders, view->orders, &view->order_count, problem);
    if (error == ERROR_NONE)
        error = order_list(services, &holds, view->holds, &view->hold_count, problem);
    if (error == ERROR_NONE)
        error = point_history(services, user_id, LARGE_ID_MAX + 1, USER_ROWS, view->history,
                              &view->history_count, problem);
    if (error == ERROR_NONE)
        error = user_limits_read(services, user_id, &view->limits, problem);
    return error == ERROR_NONE ? point_balance(services, user_id, &view->balance, problem) : error;
}

static void
write_token(struct json *json, const struct concert_limits *limits)
{
    const struct token_row *token = &limits->token;
    if (!limits->has_token) {
        json_write_null(json, "token");
        return;
    }
    json_begin_object(json, "token");
    json_write_string(json, "status", token->status == TOKEN_WAITING ? "waiting" : "active");
    json_write_optional_integer(json, "number", token->number != 0, token->number);
    json_write_instant(json, "expiresAt", token->lease_until);
    json_end_object(json);
}

/* Of the limits of nginx a worker does not know. */
static void
write_limits(struct json *json, const struct services *services, const struct user_limits *limits)
{
    const struct config *config = services->config;
    json_begin_object(json, "limits");
    json_begin_array(json, "concerts");
    for (size_t i = 0; i < limits->count; i++) {
        const struct concert_limits *one = &limits->concerts[i];
        const struct concert *concert = &one->concert;
        json_begin_object(json, NULL);
        json_write_integer(json, "concertId", concert->concert_id);
        json_write_string(json, "title", concert->title);
        json_write_optional_integer(json, "maxSeatsPerUser", concert->has_seat_limit,
                                    concert->max_seats_per_user);
        json_write_optional_integer(json, "seats", concert->has_seat_limit, one->quota.seats);
        json_write_optional_integer(json, "unpaidHolds", concert->has_seat_limit,
                                    one->quota.unpaid);
        json_write_instant(json, "pausedUntil", one->quota.pause_until);
        write_token(json, one);
        json_end_object(json);
    }
    json_end_array(json);
    json_write_optional_integer(json, "unpaidPauseFrom", config->unpaid_pause_from > 0,
                                config->unpaid_pause_from);
    json_write_optional_integer(json, "refundsPerDay", config->refunds_per_day > 0,
                                config->refunds_per_day);
    json_write_instant(json, "nextRefundAt", limits->refund_at);
    json_end_object(json);
}

static void
write_history(struct json *json, const struct point_entry *list, size_t count)
{
    json_begin_array(json, "history");
    for (size_t i = 0; i < count; i++) {
        json_begin_object(json, NULL);
        point_write_entry(json, &list[i]);
        json_write_optional_string(json, "reason", list[i].reason);
        json_end_object(json);
    }
    json_end_array(json);
}

void
admin_user_get(void *services, const struct request *request, struct response *response)
{
    static struct user_view view; /* too large for the stack */
    struct services admin = api_with_long_time_outs(services, request);
    struct problem problem;
    if (read_user(&admin, request->path_user, &view, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_write_string(&json, "userId", request->path_user);
    json_write_integer(&json, "balance", view.balance);
    write_orders(&json, "holds", view.holds, view.hold_count, USER_ROWS);
    write_orders(&json, "reservations", view.orders, view.order_count, USER_ROWS);
    write_history(&json, view.history, view.history_count);
    write_limits(&json, &admin, &view.limits);
    json_end_object(&json);
}
