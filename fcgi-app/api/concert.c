/* GET /concert, /concert/{concert}, /concert/{concert}/item */
#include "api/concert.h"

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "base/clock.h"

void
concert_write(struct json *json, const struct services *services, const struct listed_concert *row)
{
    const struct concert *concert = &row->concert;
    const struct concert_summary *summary = &row->summary;
    bool has_items = summary->item_count > 0;
    json_write_integer(json, "concertId", concert->concert_id);
    json_write_string(json, "title", concert->title);
    json_write_string(json, "venue", concert->venue);
    json_write_string(json, "timeZone", concert_time_zone(services, concert));
    json_write_string(json, "status", concert_status_name(concert_status(concert, concert->now)));
    json_write_instant(json, "opensAt", concert->opens_at);
    json_write_instant(json, "closesAt", concert->closes_at);
    json_write_integer(json, "itemCount", summary->item_count);
    json_write_string(json, "firstDate", has_items ? summary->first_date : NULL);
    json_write_string(json, "lastDate", has_items ? summary->last_date : NULL);
    json_write_instant(json, "lastStartsAt", concert->last_starts_at);
    json_write_optional_integer(json, "minPrice", has_items, summary->min_price);
    json_write_optional_integer(json, "maxPrice", has_items, summary->max_price);
}

void
concert_about_write(struct json *json, const struct concert_about *about)
{
    json_write_optional_string(json, "description", about->description);
    json_write_optional_integer(json, "ageLimit", about->has_age_limit, about->age_limit);
    json_write_optional_integer(json, "runningMinutes", about->has_running_minutes,
                                about->running_minutes);
    json_write_optional_string(json, "poster", about->poster);
}

/* When its windows are: what they sell, and to whom, is the organiser's. */
static void
write_presale(struct json *json, const struct concert *concert)
{
    const char *at = NULL;
    int64_t starts_at, ends_at;
    json_begin_array(json, "presale");
    while (concert_next_presale(concert, &at, &starts_at, &ends_at)) {
        json_begin_object(json, NULL);
        json_write_instant(json, "startsAt", starts_at);
        json_write_instant(json, "endsAt", ends_at);
        json_end_object(json);
    }
    json_end_array(json);
}

static void
write_for_buyers(struct json *json, const struct services *services,
                 const struct listed_concert *row, const struct seat_counts *seats)
{
    const struct concert *concert = &row->concert;
    concert_write(json, services, row);
    json_write_integer(json, "seatCount", seats->sales.seat_count);
    json_write_integer(json, "availableCount", seats->sales.available);
    json_write_integer(json, "heldCount", seats->sales.held);
    json_write_boolean(json, "queue", concert->queued);
    json_write_optional_integer(json, "maxSeatsPerUser", concert->has_seat_limit,
                                concert->max_seats_per_user);
    json_write_integer(json, "holdSeconds", concert->hold_seconds);
    json_write_boolean(json, "draw", concert->draw);
    json_write_boolean(json, "maintenance", concert->maintenance);
    json_write_boolean(json, "seatReturns", concert->seat_returns);
    json_write_boolean(json, "swaps", concert->swaps);
    json_write_boolean(json, "transfers", concert->transfers);
    json_write_boolean(json, "waitlist", concert->waitlist);
    write_presale(json, concert);
}

void
concert_list(void *services, const struct request *request, struct response *response)
{
    const char *date = request->input->date[0] != '\0' ? request->input->date : NULL;
    int64_t started = clock_monotonic_us();
    char argument[sizeof "date=" + DATE_SIZE] = "";
    if (date != NULL)
        snprintf(argument, sizeof argument, "date=%s", date);
    if (api_redirect(request, argument, response))
        return;
    struct concert_list list;
    struct problem problem;
    enum error error = concert_list_read(services, date, request->deadline, &list, &problem);
    if (error == ERROR_NONE) {
        struct json json = json_writer(&response->body);
        json_begin_object(&json, NULL);
        json_begin_array(&json, "concerts");
        for (size_t i = 0; i < list.count; i++) {
            json_begin_object(&json, NULL);
            write_for_buyers(&json, services, &list.rows[i], &list.counts[i].seats);
            json_end_object(&json);
        }
        json_end_array(&json);
        api_finish_public(response, &json, list.now, started);
    } else {
        response_problem(response, &problem);
    }
    concert_list_free(&list);
}

void
concert_show(void *services, const struct request *request, struct response *response)
{
    struct services *all = services;
    int64_t started = clock_monotonic_us();
    struct listed_concert row;
    struct seat_counts seats;
    struct concert_about about;
    struct problem problem;
    int32_t concert_id = (int32_t)request->ids[0];
    if (concert_list_find(all, concert_id, &row, &seats, &problem) != ERROR_NONE ||
        concert_find_about(all->db, concert_id, &about, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    write_for_buyers(&json, all, &row, &seats);
    concert_about_write(&json, &about);
    api_finish_public(response, &json, row.concert.now, started);
}

/* Where the items are written, and whether those that have started are over. */
struct item_writer {
    struct json json;
    int64_t now;
};

static void
write_item(void *item_writer, const struct item *item)
{
    struct item_writer *writer = item_writer;
    struct json *json = &writer->json;
    json_begin_object(json, NULL);
    json_write_integer(json, "itemId", item->item_id);
    json_write_string(json, "date", item->date);
    json_write_instant(json, "startsAt", item->starts_at);
    json_write_string(json, "status", item_status_name(item->status));
    json_write_boolean(json, "over", writer->now >= item->starts_at);
    json_write_integer(json, "seatCount", item->seat_count);
    json_write_integer(json, "availableCount", item->available_count);
    json_write_integer(json, "heldCount", item->held_count);
    json_write_integer(json, "waiting", item->waiting);
    json_end_object(json);
}

void
item_list(void *services, const struct request *request, struct response *response)
{
    struct services *all = services;
    int64_t started = clock_monotonic_us();
    struct concert concert;
    struct problem problem;
    if (concert_find(all->db, (int32_t)request->ids[0], &concert, &problem) != ERROR_NONE ||
        concert_require_visible(&concert, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct item_writer writer = {json_writer(&response->body), concert.now};
    json_begin_object(&writer.json, NULL);
    json_begin_array(&writer.json, "items");
    if (concert_visit_items(all, &concert, write_item, &writer, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    json_end_array(&writer.json);
    api_finish_public(response, &writer.json, concert.now, started);
}
