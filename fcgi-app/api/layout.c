/* GET /concert/{concert}/item/{item}/layout */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/seat.h"
#include "base/clock.h"

static void
write_seat(void *json, const struct seat *seat, const struct seat_note *note,
           const struct seat_position *position)
{
    json_begin_object(json, NULL);
    seat_write_names(json, seat);
    seat_write_kind(json, seat->kind, note->text, seat->partner_id);
    json_write_optional_integer(json, "x", position->has_x, position->x);
    json_write_optional_integer(json, "y", position->has_y, position->y);
    json_end_object(json);
}

/* The layout itself, after its version. */
static enum error
write_layout(struct services *services, const struct item *item, const char *version,
             struct buffer *body, struct problem *problem)
{
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "itemId", item->item_id);
    json_write_string(&json, "layoutVersion", version);
    json_begin_array(&json, "seats");
    enum error error = seat_visit_layout(services, item->item_id, item->standing_count > 0,
                                         write_seat, &json, problem);
    json_end_array(&json);
    if (error == ERROR_NONE)
        error = seat_write_areas(services, item, false, 0, &json, problem);
    json_end_object(&json);
    return error;
}

/*
 * What was asked for by its version never changes: it may be kept for a year. Whoever asks for
 * another version gets what is kept for those who ask for none.
 */
void
layout_show(void *services, const struct request *request, struct response *response)
{
    int64_t started = clock_monotonic_us();
    struct concert concert;
    struct item item;
    struct problem problem;
    char version[LAYOUT_VERSION_SIZE], argument[sizeof "v=" + LAYOUT_VERSION_SIZE] = "";
    enum error error = concert_find_item(services, (int32_t)request->ids[0],
                                         (int32_t)request->ids[1], &concert, &item, &problem);
    if (error == ERROR_NONE) {
        seat_layout_version(&item, version);
        if (strcmp(request->input->layout_version, version) == 0)
            snprintf(argument, sizeof argument, "v=%s", version);
    }
    if (error_status(error) < 500 && api_redirect(request, argument, response))
        return;
    if (error == ERROR_NONE)
        error = write_layout(services, &item, version, &response->body, &problem);
    if (error != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    char hash[API_HASH_SIZE];
    api_hash(response->body.data, response->body.length, hash);
    api_cache_public(response, hash, started);
    if (argument[0] != '\0')
        response->cache_seconds = -1;
    if (request->encoding == NULL)
        return;
    /* a large hall's is by far the largest answer of all; other bytes have another tag */
    buffer_gzip(&response->body);
    response->gzipped = true;
    snprintf(response->etag, sizeof response->etag, "\"%s-gz\"", hash);
}
