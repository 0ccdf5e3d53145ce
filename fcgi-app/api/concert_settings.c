#include "api/concert_settings.h"

#include <jansson.h>
#include <stdlib.h>

#include "api/concert.h"
#include "api/refund_rules.h"
#include "base/log.h"

void
concert_settings_write(struct json *json, const struct services *services,
                       const struct concert *concert)
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
    json_write_string(json, "challenge", concert->challenged ? "proof" : "off");
    json_write_integer(json, "holdSeconds", concert->hold_seconds);
    json_write_optional_integer(json, "maxSeatsPerUser", concert->has_seat_limit,
                                concert->max_seats_per_user);
    json_write_boolean(json, "paused", concert->paused);
    json_write_boolean(json, "maintenance", concert->maintenance);
    json_write_integer(json, "maxWaiting", concert->max_waiting);
    json_write_boolean(json, "draw", concert->draw);
    json_write_integer(json, "drawLeadSeconds", concert->draw_lead_seconds);
    json_write_boolean(json, "seatReturns", concert->seat_returns);
    json_write_boolean(json, "swaps", concert->swaps);
    json_write_boolean(json, "transfers", concert->transfers);
    json_write_boolean(json, "reentry", concert->reentry);
    json_write_boolean(json, "waitlist", concert->waitlist);
    json_write_integer(json, "waitlistSeconds", concert->waitlist_seconds);
    json_begin_object(json, "beacon");
    json_write_optional_string(json, "source", concert->beacon_source);
    json_write_optional_string(json, "value", concert->beacon);
    json_end_object(json);
    if (concert->refund_rules.count > 0)
        refund_rules_write(json, &concert->refund_rules);
}

static json_t *
settings_of(const struct services *services, const struct concert_view *view)
{
    struct buffer text = {0};
    struct json json = json_writer(&text);
    json_begin_object(&json, NULL);
    concert_settings_write(&json, services, view->concert);
    if (view->about != NULL)
        concert_about_write(&json, view->about);
    json_end_object(&json);
    json_t *settings = json_loadb(text.data, text.length, 0, NULL);
    if (settings == NULL)
        log_abort("settings are no JSON");
    buffer_free(&text);
    return settings;
}

/* Takes away what both have alike. */
static void
keep_differences(json_t *before, json_t *after)
{
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(before, next, name, value)
    {
        if (!json_equal(value, json_object_get(after, name)))
            continue;
        json_object_del(after, name);
        json_object_del(before, name);
    }
}

static void
write_settings(const json_t *settings, struct buffer *out)
{
    char *text = json_dumps(settings, JSON_COMPACT);
    if (text == NULL)
        log_abort("no memory");
    buffer_text(out, text);
    free(text);
}

static void
describe(const struct services *services, const struct concert_view *before,
         const struct concert_view *after, struct buffer *old_values, struct buffer *new_values)
{
    json_t *is = settings_of(services, after);
    if (before != NULL) {
        json_t *was = settings_of(services, before);
        keep_differences(was, is);
        write_settings(was, old_values);
        json_decref(was);
    }
    write_settings(is, new_values);
    json_decref(is);
}

struct author
concert_author(const char *name)
{
    return (struct author){name, describe};
}
