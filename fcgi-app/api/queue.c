/* GET /concert/{concert}/queue */
#include <stdio.h>

#include "api/api.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "base/text.h"
#include "domain/concert/concert.h"
#include "domain/draw/draw.h"

static void
write_queue(struct json *json, const struct concert *concert, const struct queue_state *state)
{
    json_write_integer(json, "concertId", concert->concert_id);
    json_write_string(json, "status", concert_status_name(concert_status(concert, concert->now)));
    json_write_boolean(json, "paused", state->paused);
    json_write_integer(json, "serving", state->serving);
    json_write_integer(json, "lastNumber", state->last_number);
    json_write_integer(json, "waiting", state->waiting);
    json_write_integer(json, "active", state->active);
    json_write_optional_integer(json, "capacity", concert->queued, state->capacity);
    json_write_integer(json, "admittedPerMinute", state->admitted_per_minute);
    json_write_integer(json, "refreshSeconds", state->refresh_seconds);
    json_write_optional_integer(json, "etaSeconds", state->eta_seconds >= 0, state->eta_seconds);
    json_write_optional_integer(json, "etaSecondsHigh", state->eta_seconds_high >= 0,
                                state->eta_seconds_high);
}

static void
write_hex(struct json *json, const char *name, bool known, const uint8_t bytes[DRAW_BYTES])
{
    char text[DRAW_DIGITS + 1];
    hex_write(bytes, DRAW_BYTES, text);
    json_write_string(json, name, known ? text : NULL);
}

/* What each step publishes, from that step on. */
static void
write_draw(struct json *json, const struct concert *concert, const struct draw *draw)
{
    enum draw_state state = draw_state(concert, draw);
    bool decided = draw->decided_at != CLOCK_NEVER;
    uint8_t commitment[DRAW_BYTES];
    char list[32];
    draw_hash(draw->seed, DRAW_BYTES, commitment);
    snprintf(list, sizeof list, "/draw/%d.txt", (int)concert->concert_id);
    json_begin_object(json, "draw");
    json_write_string(json, "state", draw_state_name(state));
    write_hex(json, "commitment", true, commitment);
    json_write_instant(json, "freezesAt", concert_freezes_at(concert));
    json_write_instant(json, "opensAt", concert->opens_at);
    json_write_optional_integer(json, "count", draw->listed, draw->list_count);
    write_hex(json, "listHash", draw->listed, draw->list_hash);
    json_write_string(json, "list", draw->listed ? list : NULL);
    json_write_optional_string(json, "beaconSource", concert->beacon_source);
    json_write_optional_string(json, "beacon", concert->beacon);
    write_hex(json, "seed", state == DRAW_REVEALED, draw->seed);
    if (decided)
        json_write_boolean(json, "protected", concert->beacon[0] != '\0');
    else
        json_write_null(json, "protected");
    json_end_object(json);
}

void
queue_show(void *services, const struct request *request, struct response *response)
{
    struct services *all = services;
    int64_t started_us = clock_monotonic_us();
    struct concert concert;
    struct queue_state state;
    struct draw draw;
    struct problem problem;
    all->deadline = request->deadline;
    enum error error = concert_find_whole(all->db, (int32_t)request->ids[0], &concert, &problem);
    if (error == ERROR_NONE)
        error = queue_state(all, &concert, &state, &problem);
    if (error == ERROR_NONE && concert.draw)
        error = draw_find(all, &concert, &draw, &problem);
    if (error == ERROR_NONE && concert.draw)
        error = draw_note_frozen(all, &state, &draw, &problem);
    if (error != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    write_queue(&json, &concert, &state);
    if (concert.draw)
        write_draw(&json, &concert, &draw);
    else
        json_write_null(&json, "draw");
    api_finish_public(response, &json, concert.now, started_us);
}
