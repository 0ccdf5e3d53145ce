/*
 * POST /reservation/{reservation}/transfer, GET /transfer, POST /transfer/{transfer}/accept,
 * DELETE /transfer/{transfer}
 */
#include "domain/sale/transfer.h"

#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/reservation.h"

static void
write_transfer(struct json *json, const struct transfer *transfer, int64_t now)
{
    json_write_integer(json, "transferId", transfer->transfer_id);
    json_write_integer(json, "reservationId", transfer->reservation_id);
    json_write_integer(json, "concertId", transfer->concert_id);
    json_write_integer(json, "itemId", transfer->item_id);
    json_write_integer(json, "seatCount", transfer->seat_count);
    json_write_string(json, "fromUserId", transfer->from_user);
    json_write_string(json, "toUserId", transfer->to_user);
    json_write_string(json, "status", transfer_status_name(transfer, now));
    json_write_instant(json, "createdAt", transfer->created_at);
    json_write_instant(json, "expiresAt", transfer->expires_at);
}

static void
render_transfer(const void *state, struct buffer *body)
{
    const struct transfer_call *call = state;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    write_transfer(&json, &call->transfer, call->now);
    json_end_object(&json);
}

static void
render_accepted(const void *state, struct buffer *body)
{
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    reservation_write(&json, &((const struct transfer_call *)state)->reservation);
    json_end_object(&json);
}

void
transfer_post(void *services, const struct request *request, struct response *response)
{
    struct transfer_call call = {
        .user_id = request->caller,
        .to_user = request->input->to_user,
        .reservation_id = request->ids[0],
    };
    struct effect effect = {
        .kind = EFFECT_TRANSFER,
        .state = &call,
        .precheck = transfer_offer_precheck,
        .execute = transfer_offer_execute,
        .was_committed = transfer_offer_was_committed,
        .effect_id = transfer_call_id,
        .render = render_transfer,
    };
    struct problem problem;
    if (strcmp(call.to_user, call.user_id) == 0) {
        refuse_field(&problem, "toUserId", "toUserId must be another user");
        response_problem(response, &problem);
        return;
    }
    api_apply(services, request, &effect, response);
}

void
transfer_accept(void *services, const struct request *request, struct response *response)
{
    struct transfer_call call = {.user_id = request->caller, .transfer_id = request->ids[0]};
    struct effect effect = {
        .kind = EFFECT_TRANSFER,
        .state = &call,
        .precheck = transfer_accept_precheck,
        .execute = transfer_accept_execute,
        .was_committed = transfer_accept_was_committed,
        .effect_id = transfer_call_id,
        .render = render_accepted,
    };
    api_apply(services, request, &effect, response);
}

void
transfer_delete(void *services, const struct request *request, struct response *response)
{
    struct transfer_call call = {.user_id = request->caller, .transfer_id = request->ids[0]};
    struct effect effect = {
        .kind = EFFECT_TRANSFER,
        .state = &call,
        .precheck = transfer_end_precheck,
        .execute = transfer_end_execute,
        .was_committed = transfer_end_was_committed,
        .effect_id = transfer_call_id,
        .render = render_transfer,
    };
    api_apply(services, request, &effect, response);
}

/* The rows of a page, and when they were read. */
struct listed {
    struct transfer rows[PAGE_ROWS];
    int64_t now;
};

static int64_t
write_listed(struct json *json, const void *rows, size_t i)
{
    const struct listed *listed = rows;
    write_transfer(json, &listed->rows[i], listed->now);
    return listed->rows[i].transfer_id;
}

void
transfer_get_list(void *services, const struct request *request, struct response *response)
{
    static struct listed listed; /* too large for the stack */
    const struct input *input = request->input;
    struct page page = {"transfers", &listed, 0, input->limit, write_listed, CLOCK_NEVER};
    struct problem problem;
    if (transfer_list(services, request->caller, input->before, input->limit + 1, listed.rows,
                      &page.count, &listed.now, &problem) == ERROR_NONE)
        api_write_page(response, &page);
    else
        response_problem(response, &problem);
}
