/* GET /concert/{concert}/item/{item}/seat */
#include "api/seat.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "base/clock.h"
#include "domain/sale/seating.h"

void
seat_write_names(struct json *json, const struct seat *seat)
{
    json_write_integer(json, "seatId", seat->seat_id);
    json_write_string(json, "section", seat->section);
    json_write_string(json, "row", seat->row);
    json_write_string(json, "label", seat->label);
    json_write_integer(json, "price", seat->price);
}

void
seat_layout_version(const struct item *item, char version[LAYOUT_VERSION_SIZE])
{
    snprintf(version, LAYOUT_VERSION_SIZE, "%08" PRIx64, (uint64_t)item->layout_version);
}

static enum db_result
write_seats(struct database *db, int32_t item_id, struct json *json, int64_t *now)
{
    static const char *const names[] = {
        [SEAT_AVAILABLE] = "available",
        [SEAT_HELD] = "held",
        [SEAT_SOLD] = "sold",
    };
    struct seat seat;
    json_begin_array(json, "seats");
    enum db_result result = seat_table_list(db, item_id, &seat, now);
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        json_begin_object(json, NULL);
        seat_write_names(json, &seat);
        json_write_string(json, "status", names[seat_shown(&seat, *now)]);
        json_end_object(json);
    }
    json_end_array(json);
    return result == DB_NONE ? DB_OK : result;
}

/*
 * Two bits a seat, 0 available, 1 held, 2 sold, in the layout's order, lowest bits first; in base64
 * (RFC 4648).
 */
static enum db_result
write_compact(struct database *db, int32_t item_id, struct json *json, int64_t *now)
{
    struct seat seat;
    struct buffer bits = {0};
    size_t count = 0;
    enum db_result result = seat_table_list_states(db, item_id, &seat, now);
    for (; result == DB_OK && (result = db_next(db)) == DB_OK; count++) {
        int code = (int)seat_shown(&seat, *now) - SEAT_AVAILABLE;
        if (count % 4 == 0)
            buffer_append(&bits, "", 1);
        bits.data[count / 4] = (char)(bits.data[count / 4] | code << count % 4 * 2);
    }
    struct buffer text = {0};
    char *room = buffer_reserve(&text, bits.length / 3 * 4 + 8);
    EVP_EncodeBlock((unsigned char *)room, (unsigned char *)bits.data, (int)bits.length);
    json_write_string(json, "seats", room);
    buffer_free(&text);
    buffer_free(&bits);
    return result == DB_NONE ? DB_OK : result;
}

/* Writes a text over the last characters before `end`. */
static void
fill_in(char *end, const char *text)
{
    for (char *at = end - strlen(text); *text != '\0'; at++, text++)
        *at = *text;
}

/*
 * `version` is a hash of the list and `now` the time of its read; both stand before it. So their
 * place is left free, and filled when the list is written.
 */
static enum db_result
write_answer(struct database *db, const struct item *item, bool compact, int64_t now,
             struct buffer *body, char version[API_HASH_SIZE])
{
    static const char place_of_list[] = ",\"seats\":";
    char text[LAYOUT_VERSION_SIZE + CLOCK_TEXT_SIZE];
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "itemId", item->item_id);
    seat_layout_version(item, text);
    if (compact)
        json_write_string(&json, "layoutVersion", text);
    snprintf(version, API_HASH_SIZE, "%0*d", API_HASH_SIZE - 1, 0);
    json_write_string(&json, "version", version);
    size_t version_end = body->length - 1;
    json_write_instant(&json, "now", now);
    size_t now_end = body->length - 1, list = body->length + sizeof place_of_list - 1;
    enum db_result result = compact ? write_compact(db, item->item_id, &json, &now)
                                    : write_seats(db, item->item_id, &json, &now);
    api_hash(body->data + list, body->length - list, version);
    json_end_object(&json);
    clock_format(now, text);
    fill_in(body->data + version_end, version);
    fill_in(body->data + now_end, text);
    return result;
}

enum error
seat_find_item(struct database *db, const struct request *request, struct concert *concert,
               struct item *item, struct problem *problem)
{
    enum error error = concert_find_with_item(db, (int32_t)request->ids[0],
                                              (int32_t)request->ids[1], concert, item, problem);
    if (error == ERROR_NONE)
        error = concert_require_visible(concert, problem);
    if (error == ERROR_NONE)
        error = concert_require_item(item, problem);
    return error;
}

void
seat_list(void *services, const struct request *request, struct response *response)
{
    struct database *db = ((struct services *)services)->db;
    int64_t started = clock_monotonic_us();
    bool compact = request->input->compact;
    if (api_redirect(request, compact ? "view=compact" : "", response))
        return;
    struct concert concert;
    struct item item;
    struct problem problem;
    char version[API_HASH_SIZE];
    enum error error = seat_find_item(db, request, &concert, &item, &problem);
    if (error == ERROR_NONE)
        error = refuse_db(&problem,
                          write_answer(db, &item, compact, concert.now, &response->body, version));
    if (error == ERROR_NONE)
        api_cache_public(response, version, started);
    else
        response_problem(response, &problem);
}
