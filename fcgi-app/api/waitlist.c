/* POST, GET and DELETE /waitlist */
#include "domain/sale/waitlist.h"

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "domain/queue/queue.h"

/* The offer can be paid with the token, as long as it is held. */
static void
write_offer(struct json *json, const struct waitlist_entry *entry)
{
    char token[QUEUE_TOKEN_TEXT_SIZE] = "";
    if (entry->reservation_id == 0) {
        json_write_null(json, "offer");
        return;
    }
    if (entry->has_token)
        queue_write_token(entry->concert_id, entry->token, token);
    json_begin_object(json, "offer");
    json_write_integer(json, "reservationId", entry->reservation_id);
    json_write_string(json, "token", token);
    json_write_integer(json, "totalPrice", entry->total_price);
    json_write_instant(json, "expiresAt", entry->expires_at);
    json_end_object(json);
}

static void
write_entry(struct json *json, const struct waitlist_entry *entry)
{
    json_write_integer(json, "entryId", entry->entry_id);
    json_write_string(json, "userId", entry->user_id);
    json_write_integer(json, "concertId", entry->concert_id);
    json_write_integer(json, "itemId", entry->item_id);
    json_write_integer(json, "count", entry->seat_count);
    json_write_optional_string(json, "section", entry->section);
    json_write_optional_integer(json, "maxPrice", entry->max_price < PRICE_MAX, entry->max_price);
    json_write_string(json, "status", waitlist_status_name(entry));
    json_write_optional_integer(json, "position", entry->position > 0 && !entry->is_over,
                                entry->position);
    json_write_instant(json, "createdAt", entry->created_at);
    write_offer(json, entry);
}

static void
render_joined(const void *state, struct buffer *body)
{
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    write_entry(&json, &((const struct waitlist_join *)state)->entry);
    json_end_object(&json);
}

void
waitlist_post(void *services, const struct request *request, struct response *response)
{
    const struct input *input = request->input;
    struct waitlist_join join = {
        .user_id = request->caller,
        .concert_id = input->concert_id,
        .item_id = input->item_id,
        .count = input->count,
        .section = input->section,
        .max_price = input->max_price,
    };
    struct effect effect = {
        .kind = EFFECT_WAIT,
        .state = &join,
        .precheck = waitlist_join_precheck,
        .execute = waitlist_join_execute,
        .was_committed = waitlist_join_was_committed,
        .effect_id = waitlist_join_id,
        .render = render_joined,
    };
    api_apply(services, request, &effect, response);
}

void
waitlist_delete(void *services, const struct request *request, struct response *response)
{
    struct waitlist_leave leave = {.user_id = request->caller, .item_id = request->input->item_id};
    struct effect effect = {
        .state = &leave,
        .precheck = waitlist_leave_precheck,
        .execute = waitlist_leave_execute,
        .was_committed = waitlist_leave_was_committed,
    };
    if (api_apply(services, request, &effect, response))
        response->status = 204;
}

static int64_t
write_listed(struct json *json, const void *rows, size_t i)
{
    const struct waitlist_entry *entry = (const struct waitlist_entry *)rows + i;
    write_entry(json, entry);
    return entry->entry_id;
}

void
waitlist_get_list(void *services, const struct request *request, struct response *response)
{
    static struct waitlist_entry list[PAGE_ROWS]; /* too large for the stack */
    const struct input *input = request->input;
    struct page page = {"entries", list, 0, input->limit, write_listed, CLOCK_NEVER};
    struct problem problem;
    if (waitlist_list(services, request->caller, input->before, input->limit + 1, list, &page.count,
                      &problem) == ERROR_NONE)
        api_write_page(response, &page);
    else
        response_problem(response, &problem);
}
