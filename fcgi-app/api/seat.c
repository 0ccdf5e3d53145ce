/* GET /concert/{concert}/item/{item}/seat */
#include "api/api.h"
#include "api/handlers.h"
#include "api/seat.h"
#include "base/clock.h"
#include "domain/concert.h"

void
seat_write_names(struct json *json, const struct seat *seat)
{
    json_write_integer(json, "seatId", seat->seat_id);
    json_write_string(json, "section", seat->section);
    json_write_string(json, "row", seat->row);
    json_write_string(json, "label", seat->label);
    json_write_integer(json, "price", seat->price);
}

/* A blocked seat shows as sold, and a lapsed hold as available. */
static const char *
shown_status(const struct seat *seat, int64_t now)
{
    if (seat->blocked || seat->status == SEAT_SOLD)
        return "sold";
    return seat->status == SEAT_HELD && now < seat->held_until ? "held" : "available";
}

static enum db_result
write_seats(struct database *db, int32_t item_id, struct json *json, int64_t *now)
{
    struct seat seat;
    json_begin_array(json, NULL);
    enum db_result result = seat_table_list(db, item_id, &seat, now);
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        json_begin_object(json, NULL);
        seat_write_names(json, &seat);
        json_write_string(json, "status", shown_status(&seat, *now));
        json_end_object(json);
    }
    json_end_array(json);
    return result == DB_NONE ? DB_OK : result;
}

/* `version` is a hash of the list and stands before it, so the list is written first, apart. */
static void
answer(struct response *response, int32_t item_id, int64_t now, const struct buffer *seats,
       int64_t started_us)
{
    char version[API_HASH_SIZE];
    struct json json = json_writer(&response->body);
    api_hash(seats->data, seats->length, version);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "itemId", item_id);
    json_write_string(&json, "version", version);
    json_write_instant(&json, "now", now);
    json_write_raw(&json, "seats", seats);
    json_end_object(&json);
    api_cache_public(response, version, started_us);
}

void
seat_list(void *services, const struct request *request, struct response *response)
{
    struct database *db = ((struct services *)services)->db;
    int64_t started = clock_monotonic_us();
    struct concert concert;
    struct item item;
    struct problem problem;
    struct buffer seats = {0};
    struct json json = json_writer(&seats);
    enum error error = concert_find(db, request->ids[0], &concert, &problem);
    if (error == ERROR_NONE)
        error = concert_require_visible(&concert, &problem);
    if (error == ERROR_NONE)
        error = concert_find_item(db, &concert, request->ids[1], &item, &problem);
    int64_t now = concert.now;
    if (error == ERROR_NONE)
        error = refuse_db(&problem, write_seats(db, item.item_id, &json, &now));
    if (error == ERROR_NONE)
        answer(response, item.item_id, now, &seats, started);
    else
        response_problem(response, &problem);
    buffer_free(&seats);
}
