/* POST, GET, DELETE /reservation, POST /reservation/{reservation}/swap */
#include "api/reservation.h"

#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/seat.h"
#include "domain/sale/payment.h"
#include "domain/sale/seat_return.h"
#include "domain/sale/seat_swap.h"

static void
write_seats(struct json *json, const char *name, const struct seat *seats, int32_t count)
{
    json_begin_array(json, name);
    for (int32_t i = 0; i < count; i++) {
        json_begin_object(json, NULL);
        seat_write_names(json, &seats[i]);
        json_end_object(json);
    }
    json_end_array(json);
}

void
reservation_write(struct json *json, const struct reservation *reservation)
{
    json_write_integer(json, "reservationId", reservation->reservation_id);
    json_write_string(json, "userId", reservation->user_id);
    json_write_integer(json, "concertId", reservation->concert_id);
    json_write_integer(json, "itemId", reservation->item_id);
    write_seats(json, "seats", reservation->seats, reservation->seat_count);
    if (reservation->returned_count > 0)
        write_seats(json, "returnedSeats", reservation->seats + reservation->seat_count,
                    reservation->returned_count);
    json_write_integer(json, "totalPrice", reservation->total_price);
    json_write_string(json, "status", reservation_status_name(reservation->status));
    json_write_instant(json, "createdAt", reservation->created_at);
    json_write_instant(json, "expiresAt", reservation->expires_at);
    if (reservation->payer[0] != '\0')
        json_write_string(json, "paidBy", reservation->payer);
    if (reservation->method > PAID_POINTS)
        json_write_string(json, "method", payment_method_name(reservation->method));
}

static void
render_created(const void *state, struct buffer *body)
{
    const struct reservation_create *create = state;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    reservation_write(&json, &create->made);
    json_end_object(&json);
}

static struct reservation_create
read_create(const struct request *request, struct offer *offer)
{
    const struct input *input = request->input;
    struct reservation_create create = {
        .user_id = request->caller,
        .concert_id = input->concert_id,
        .item_id = input->item_id,
        .seat_count = input->seats.count,
        .seats_field = input->seats_field,
        .wish = {.count = input->count, .section = input->section, .max_price = input->max_price},
        .token = api_token(request),
        .code = input->code,
        .offer = offer,
    };
    memcpy(create.seat_ids, input->seats.ids, sizeof create.seat_ids);
    return create;
}

static struct effect
effect_of(struct reservation_create *create)
{
    return (struct effect){
        .kind = EFFECT_RESERVE,
        .state = create,
        .precheck = reservation_create_precheck,
        .execute = reservation_create_execute,
        .was_committed = reservation_create_was_committed,
        .effect_id = reservation_create_id,
        .render = render_created,
        .count = reservation_create_count,
    };
}

void
reservation_post(void *services, const struct request *request, struct response *response)
{
    struct offer offer = {0};
    struct reservation_create create = read_create(request, &offer);
    struct effect effect = effect_of(&create);
    if (api_apply(services, request, &effect, response))
        reservation_create_finish(services, &create);
}

void
reservation_post_batch(void *services, struct call *calls, size_t count)
{
    static const struct effect_batch batch = {
        .gather = reservation_create_gather,
        .precheck = reservation_create_precheck_batch,
        .execute = reservation_create_execute_batch,
    };
    static struct reservation_create creates[CALLS_AT_ONCE]; /* too large for the stack */
    struct effect effects[CALLS_AT_ONCE];
    struct offer offer = {0};
    for (size_t i = 0; i < count; i++) {
        creates[i] = read_create(calls[i].request, &offer);
        effects[i] = effect_of(&creates[i]);
    }
    api_apply_together(services, &batch, calls, effects, count);
}

void
reservation_get(void *services, const struct request *request, struct response *response)
{
    struct reservation reservation;
    struct problem problem;
    if (reservation_find(services, request->caller, request->ids[0], &reservation, &problem) !=
        ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    reservation_write(&json, &reservation);
    json_end_object(&json);
}

static int64_t
write_listed(struct json *json, const void *rows, size_t i)
{
    const struct reservation *reservation = (const struct reservation *)rows + i;
    reservation_write(json, reservation);
    return reservation->reservation_id;
}

void
reservation_get_list(void *services, const struct request *request, struct response *response)
{
    static struct reservation list[PAGE_ROWS]; /* too large for the stack */
    const struct input *input = request->input;
    struct page page = {"reservations", list, 0, input->limit, write_listed, CLOCK_NEVER};
    struct problem problem;
    if (reservation_list(services, request->caller, input->before, input->limit + 1, list,
                         &page.count, &problem) == ERROR_NONE)
        api_write_page(response, &page);
    else
        response_problem(response, &problem);
}

void
reservation_write_refund(struct json *json, const struct refund *refund)
{
    json_write_integer(json, "refundedAmount", refund->entry.amount);
    json_write_integer(json, "fee", refund->entry.fee);
    json_write_integer(json, "balance", refund->balance);
}

void
reservation_render_cancelled(const void *state, struct buffer *body)
{
    const struct reservation_cancel *cancel = state;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    reservation_write(&json, &cancel->reservation);
    if (cancel->refunded)
        reservation_write_refund(&json, &cancel->refund);
    if (cancel->refunded && cancel->reservation.method == PAID_OTHER)
        json_write_string(&json, "method", payment_method_name(PAID_OTHER));
    json_end_object(&json);
}

void
reservation_delete(void *services, const struct request *request, struct response *response)
{
    struct reservation_cancel cancel = {
        .user_id = request->caller,
        .reservation_id = request->ids[0],
        .seat_ids = request->input->seats.ids,
        .seat_count = request->input->seats.count,
    };
    struct effect effect = {
        .kind = cancel.seat_count > 0 ? EFFECT_RETURN : EFFECT_CANCEL,
        .state = &cancel,
        .precheck = cancel.seat_count > 0 ? seat_return_precheck : NULL,
        .execute = reservation_cancel_execute,
        .was_committed = reservation_cancel_was_committed,
        .effect_id = reservation_cancel_id,
        .render = reservation_render_cancelled,
        .count = reservation_cancel_count,
    };
    bool done = api_apply(services, request, &effect, response);
    if (done && cancel.refunded)
        response->limit = reservation_refund_limit(services);
    if (done || response->replayed || response->error == ERROR_OUTCOME_UNKNOWN)
        reservation_seats_freed(services, cancel.user_id, &cancel.reservation,
                                request->idempotency_key, response->replayed);
}

static void
render_swapped(const void *state, struct buffer *body)
{
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    reservation_write(&json, &((const struct seat_swap *)state)->reservation);
    json_end_object(&json);
}

/* Each goes for another one. */
static enum error
check_swap(const struct input *input, struct problem *problem)
{
    const struct seat_list *from = &input->seats, *to = &input->to_seats;
    if (from->count != to->count)
        return refuse_field(problem, "toSeatIds", "toSeatIds must be as many as seatIds");
    for (size_t i = 0; i < to->count; i++)
        if (seat_is_listed(to->ids[i], from->ids, from->count))
            return refuse_field(problem, "toSeatIds", "seat %d is in seatIds too", to->ids[i]);
    return ERROR_NONE;
}

void
reservation_swap(void *services, const struct request *request, struct response *response)
{
    struct seat_swap swap = {
        .user_id = request->caller,
        .reservation_id = request->ids[0],
        .from = request->input->seats,
        .to = request->input->to_seats,
    };
    struct effect effect = {
        .kind = EFFECT_SWAP,
        .state = &swap,
        .precheck = seat_swap_precheck,
        .execute = seat_swap_execute,
        .was_committed = seat_swap_was_committed,
        .effect_id = seat_swap_id,
        .render = render_swapped,
    };
    struct problem problem;
    if (check_swap(request->input, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    if (api_apply(services, request, &effect, response) || response->replayed ||
        response->error == ERROR_OUTCOME_UNKNOWN)
        reservation_seats_freed(services, swap.user_id, &swap.reservation, request->idempotency_key,
                                response->replayed);
}
