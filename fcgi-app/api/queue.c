/* GET /concert/{concert}/queue */
#include "api/api.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "domain/concert.h"
#include "domain/line.h"

static void
write_queue(struct json *json, const struct concert *concert, const struct line_state *state)
{
    json_write_integer(json, "concertId", concert->concert_id);
    json_write_string(json, "status", concert_status_name(concert_status(concert, concert->now)));
    json_write_boolean(json, "paused", state->paused);
    json_write_integer(json, "serving", state->serving);
    json_write_integer(json, "lastNumber", state->last_number);
    json_write_integer(json, "waiting", state->waiting);
    json_write_integer(json, "active", state->active);
    json_write_optional_integer(json, "capacity", !concert->no_line, state->capacity);
    json_write_integer(json, "admittedPerMinute", state->admitted_per_minute);
    json_write_integer(json, "refreshSeconds", state->refresh_seconds);
}

void
queue_show(void *services, const struct request *request, struct response *response)
{
    struct services *all = services;
    int64_t started_us = clock_monotonic_us();
    struct concert concert;
    struct line_state state;
    struct problem problem;
    enum error error = concert_find(all->db, request->ids[0], &concert, &problem);
    if (error == ERROR_NONE)
        error = line_state(all, &concert, &state, &problem);
    if (error != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    write_queue(&json, &concert, &state);
    api_finish_public(response, &json, concert.now, started_us);
}
