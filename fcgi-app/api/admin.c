/* POST /admin/concert, GET and PATCH /admin/concert/{concert} */
#include "api/api.h"
#include "api/concert_draft.h"
#include "api/handlers.h"
#include "api/input.h"
#include "domain/draw/draw.h"
#include "domain/sale/seat.h"

/* Operators' calls may take longer than a buyer's: they have a connection of their own. */
static struct services
with_long_time_outs(const struct services *services)
{
    struct services copy = *services;
    copy.db = services->admin_db;
    copy.deadline = 0; /* of a buyer's call before */
    return copy;
}

void
admin_concert_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = with_long_time_outs(services);
    struct concert_draft draft;
    struct problem problem;
    struct concert_create create = {.actor = "admin", .draft = &draft};
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &create,
        .precheck = concert_create_precheck,
        .execute = concert_create_execute,
        .was_committed = concert_create_was_committed,
        .effect_id = concert_create_id,
        .render = concert_draft_render,
    };
    if (concert_draft_read(request->input->body, &draft, &problem) == ERROR_NONE)
        api_apply(&admin, request, &effect, response);
    else
        response_problem(response, &problem);
    concert_draft_free(&draft);
}

static void
write_settings(struct json *json, const struct services *services, const struct concert *concert)
{
    static const char *const stored[] = {
        [STORED_OTHER] = "other",
        [STORED_CLOSED] = "closed",
        [STORED_OPEN] = "open",
        [STORED_CANCELLED] = "cancelled",
    };
    json_write_integer(json, "concertId", concert->concert_id);
    json_write_string(json, "title", concert->title);
    json_write_string(json, "venue", concert->venue);
    json_write_string(json, "timeZone", concert_time_zone(services, concert));
    json_write_string(json, "status", stored[concert->stored]);
    json_write_instant(json, "opensAt", concert->opens_at);
    json_write_instant(json, "closesAt", concert->closes_at);
    json_write_optional_integer(json, "admissionCapacity", concert->queued,
                                concert->admission_capacity);
    json_write_integer(json, "activeSeconds", concert->active_seconds);
    json_write_optional_integer(json, "idleSeconds", concert->idle_seconds > 0,
                                concert->idle_seconds);
    json_write_integer(json, "holdSeconds", concert->hold_seconds);
    json_write_optional_integer(json, "maxSeatsPerUser", concert->has_seat_limit,
                                concert->max_seats_per_user);
    json_write_boolean(json, "paused", concert->paused);
    json_write_integer(json, "maxWaiting", concert->max_waiting);
    json_write_boolean(json, "draw", concert->draw);
    json_write_integer(json, "drawLeadSeconds", concert->draw_lead_seconds);
    json_begin_object(json, "beacon");
    json_write_optional_string(json, "source", concert->beacon_source);
    json_write_optional_string(json, "value", concert->beacon);
    json_end_object(json);
}

static void
write_sales(struct json *json, const struct sales *sales)
{
    json_begin_object(json, "sales");
    json_write_integer(json, "seatCount", sales->seat_count);
    json_write_integer(json, "available", sales->available);
    json_write_integer(json, "held", sales->held);
    json_write_integer(json, "sold", sales->sold);
    json_write_integer(json, "blocked", sales->blocked);
    json_write_integer(json, "revenue", sales->revenue);
    json_end_object(json);
}

/* null while Redis is away: the sales are worth seeing without it. */
static void
write_queue(struct json *json, struct services *services, const struct concert *concert)
{
    struct queue_state queue;
    struct problem problem;
    if (queue_state(services, concert, &queue, &problem) != ERROR_NONE) {
        json_write_null(json, "queue");
        return;
    }
    json_begin_object(json, "queue");
    json_write_integer(json, "serving", queue.serving);
    json_write_integer(json, "lastNumber", queue.last_number);
    json_write_integer(json, "waiting", queue.waiting);
    json_write_integer(json, "active", queue.active);
    json_end_object(json);
}

static void
answer(struct services *services, const struct concert *concert, const char *warning,
       struct response *response)
{
    struct sales sales;
    enum draw_state draw;
    struct problem problem;
    enum error error = seat_count_sales(services, concert->concert_id, &sales, &problem);
    if (error == ERROR_NONE && concert->draw)
        error = draw_find_state(services, concert, &draw, &problem);
    if (error != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    write_settings(&json, services, concert);
    json_write_string(&json, "drawState", concert->draw ? draw_state_name(draw) : NULL);
    write_sales(&json, &sales);
    write_queue(&json, services, concert);
    concert_warning_write(&json, warning);
    json_end_object(&json);
}

void
admin_concert_get(void *services, const struct request *request, struct response *response)
{
    struct services admin = with_long_time_outs(services);
    struct concert concert;
    struct problem problem;
    if (concert_find_whole(admin.db, (int32_t)request->ids[0], &concert, &problem) == ERROR_NONE)
        answer(&admin, &concert, NULL, response);
    else
        response_problem(response, &problem);
}

/* The fields are judged before the concert is looked for: over the defaults, and over the row. */
void
admin_concert_patch(void *services, const struct request *request, struct response *response)
{
    struct services admin = with_long_time_outs(services);
    struct concert scratch = concert_defaults;
    struct problem problem;
    char warning[QUEUE_WARNING_SIZE];
    struct concert_change change = {
        .actor = "admin",
        .action = "concert change",
        .detail = request->body,
        .concert_id = (int32_t)request->ids[0],
        .apply = concert_change_read,
        .wanted = request->input->body,
    };
    struct effect effect = {
        .state = &change,
        .execute = concert_change_execute,
        .was_committed = concert_change_was_committed,
    };
    if (concert_change_read(change.wanted, &scratch, &problem) != ERROR_NONE ||
        concert_check_times(&scratch, &problem) != ERROR_NONE)
        response_problem(response, &problem);
    else if (api_apply(&admin, request, &effect, response)) {
        concert_change_warn(&admin, &change, warning);
        answer(&admin, &change.concert, warning, response);
    }
}
