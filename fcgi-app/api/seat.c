/* GET /concert/{concert}/item/{item}/seat */
#include "api/seat.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "base/clock.h"
#include "domain/sale/standing.h"
#include "domain/sale/waitlist.h"

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
seat_write_kind(struct json *json, enum seat_kind kind, const char *note, int32_t partner_id)
{
    if (kind != SEAT_PLAIN)
        json_write_string(json, "kind", seat_kind_name(kind));
    if (*note != '\0')
        json_write_string(json, "note", note);
    if (partner_id != 0)
        json_write_integer(json, "partnerId", partner_id);
}

void
seat_write_sales(struct json *json, const struct sales *sales)
{
    json_begin_object(json, "sales");
    json_write_integer(json, "seatCount", sales->seat_count);
    json_write_integer(json, "available", sales->available);
    json_write_integer(json, "held", sales->held);
    json_write_integer(json, "sold", sales->sold);
    json_write_integer(json, "blocked", sales->blocked);
    json_write_integer(json, "revenue", sales->revenue);
    json_begin_object(json, "boxOffice");
    json_write_integer(json, "sold", sales->box_office);
    json_write_integer(json, "revenue", sales->box_office_revenue);
    json_end_object(json);
    json_begin_object(json, "guest");
    json_write_integer(json, "sold", sales->guest);
    json_end_object(json);
    json_end_object(json);
}

void
seat_layout_version(const struct item *item, char version[LAYOUT_VERSION_SIZE])
{
    snprintf(version, LAYOUT_VERSION_SIZE, "%08" PRIx64, (uint64_t)item->layout_version);
}

static void
write_fixed_area(void *json, const struct standing_area *area)
{
    json_begin_object(json, NULL);
    json_write_string(json, "section", area->section);
    json_write_integer(json, "price", area->price);
    json_write_integer(json, "capacity", area->capacity);
    json_end_object(json);
}

static void
write_area(void *json, const struct standing_area *area)
{
    json_begin_object(json, NULL);
    json_write_string(json, "section", area->section);
    json_write_integer(json, "price", area->price);
    json_write_integer(json, "capacity", area->capacity);
    json_write_integer(json, "availableCount", area->available);
    json_write_integer(json, "heldCount", area->held);
    json_end_object(json);
}

enum error
seat_write_areas(struct services *services, const struct item *item, bool counts, int64_t now,
                 struct json *json, struct problem *problem)
{
    if (item->standing_count == 0)
        return ERROR_NONE;
    json_begin_array(json, "areas");
    enum error error = standing_visit_areas(services, item->item_id, now,
                                            counts ? write_area : write_fixed_area, json, problem);
    json_end_array(json);
    return error;
}

static void
write_seat(void *json, const struct seat *seat, const struct seat_note *note)
{
    static const char *const names[] = {
        [SEAT_AVAILABLE] = "available",
        [SEAT_HELD] = "held",
        [SEAT_SOLD] = "sold",
    };
    json_begin_object(json, NULL);
    seat_write_names(json, seat);
    seat_write_kind(json, seat->kind, note->text, seat->partner_id);
    json_write_string(json, "status", names[seat->status]);
    json_end_object(json);
}

/*
 * Two bits a seat, 0 available, 1 held, 2 sold, in the layout's order, lowest bits first; in base64
 * (RFC 4648).
 */
struct compact_seats {
    struct buffer bits;
    size_t count;
};

static void
add_compact(void *compact_seats, const struct seat *seat, const struct seat_note *note)
{
    (void)note;
    struct compact_seats *compact = compact_seats;
    int code = (int)seat->status - SEAT_AVAILABLE;
    size_t i = compact->count++;
    if (i % 4 == 0)
        buffer_append(&compact->bits, "", 1);
    compact->bits.data[i / 4] = (char)(compact->bits.data[i / 4] | code << i % 4 * 2);
}

static enum error
write_compact(struct services *services, const struct item *item, struct json *json, int64_t now,
              struct problem *problem)
{
    struct compact_seats compact = {0};
    struct buffer text = {0};
    enum error error = seat_visit(services, item->item_id, item->standing_count > 0, false, now,
                                  add_compact, &compact, problem);
    const struct buffer *bits = &compact.bits;
    char *room = buffer_reserve(&text, bits->length / 3 * 4 + 8);
    EVP_EncodeBlock((unsigned char *)room, (unsigned char *)bits->data, (int)bits->length);
    json_write_string(json, "seats", room);
    buffer_free(&text);
    buffer_free(&compact.bits);
    return error;
}

/*
 * `version` is a hash of the list and stands before it: its place is filled when the list is
 * written.
 */
static enum error
write_answer(struct services *services, const struct item *item, bool compact, int64_t now,
             struct buffer *body, char version[API_HASH_SIZE], struct problem *problem)
{
    static const char before_list[] = ",\"seats\":";
    char layout_version[LAYOUT_VERSION_SIZE];
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "itemId", item->item_id);
    seat_layout_version(item, layout_version);
    if (compact)
        json_write_string(&json, "layoutVersion", layout_version);
    snprintf(version, API_HASH_SIZE, "%0*d", API_HASH_SIZE - 1, 0);
    json_write_string(&json, "version", version);
    size_t place_of_version = body->length - strlen("\"") - strlen(version);
    json_write_instant(&json, "now", now);
    size_t list = body->length + strlen(before_list);
    enum error error;
    now = waitlist_judge_time(item->waiting, now);
    if (compact) {
        error = write_compact(services, item, &json, now, problem);
    } else {
        json_begin_array(&json, "seats");
        error = seat_visit(services, item->item_id, item->standing_count > 0, true, now, write_seat,
                           &json, problem);
        json_end_array(&json);
    }
    if (error == ERROR_NONE)
        error = seat_write_areas(services, item, true, now, &json, problem);
    api_hash(body->data + list, body->length - list, version);
    json_end_object(&json);
    memcpy(body->data + place_of_version, version, strlen(version));
    return error;
}

void
seat_list(void *services, const struct request *request, struct response *response)
{
    int64_t started = clock_monotonic_us();
    bool compact = request->input->compact;
    if (api_redirect(request, compact ? "view=compact" : "", response))
        return;
    struct concert concert;
    struct item item;
    struct problem problem;
    char version[API_HASH_SIZE];
    if (concert_find_item(services, (int32_t)request->ids[0], (int32_t)request->ids[1], &concert,
                          &item, &problem) == ERROR_NONE &&
        write_answer(services, &item, compact, concert.now, &response->body, version, &problem) ==
            ERROR_NONE)
        api_cache_public(response, version, started);
    else
        response_problem(response, &problem);
}
