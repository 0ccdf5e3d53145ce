#include "base/calendar.h"

#include <libical/ical.h>
#include <libical/icaltz-util.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/time_zone.h"

static const int64_t YEAR_MS = 365LL * 24 * 3600 * 1000;

static void *
require(void *made)
{
    if (made == NULL)
        log_abort("no memory");
    return made;
}

static struct icaltimetype
utc_time(int64_t instant)
{
    return icaltime_from_timet_with_zone((time_t)(instant / 1000), 0,
                                         icaltimezone_get_utc_timezone());
}

/* As clocks there show it. */
static struct icaltimetype
local_time(const char *time_zone, int64_t instant)
{
    time_zone_enter(time_zone);
    int64_t local = instant + time_zone_offset_ms(instant);
    time_zone_leave();
    return icaltime_from_timet_with_zone((time_t)(local / 1000), 0, NULL);
}

/* NULL: tzdata has none of this name. */
static icalcomponent *
read_zone(const char *name, int64_t instant)
{
    icalcomponent *zone = time_zone_is_known(name) ? icaltzutil_fetch_timezone(name) : NULL;
    if (zone == NULL)
        return NULL;
    /* libical puts its own name before it, by which nobody else knows the zone */
    icalproperty_set_tzid(icalcomponent_get_first_property(zone, ICAL_TZID_PROPERTY), name);
    /* not in the RFC, and strict readers refuse it */
    icalproperty *own = icalcomponent_get_first_property(zone, ICAL_X_PROPERTY);
    if (own != NULL) {
        icalcomponent_remove_property(zone, own);
        icalproperty_free(own);
    }
    icaltimezone_truncate_vtimezone(zone, utc_time(instant - YEAR_MS), icaltime_null_time(), 0);
    return zone;
}

static icalproperty *
new_start(const struct calendar_event *event, const icalcomponent *zone)
{
    if (zone == NULL)
        return icalproperty_new_dtstart(utc_time(event->starts_at));
    icalproperty *start =
        require(icalproperty_new_dtstart(local_time(event->time_zone, event->starts_at)));
    icalproperty_add_parameter(start, icalparameter_new_tzid(event->time_zone));
    return start;
}

static icalcomponent *
new_event(const struct calendar_event *event, const icalcomponent *zone)
{
    icalcomponent *made = require(icalcomponent_new_vevent());
    icalcomponent_add_property(made, icalproperty_new_uid(event->uid));
    icalcomponent_add_property(made, icalproperty_new_dtstamp(utc_time(event->now)));
    icalcomponent_add_property(made, new_start(event, zone));
    if (event->minutes > 0)
        icalcomponent_add_property(
            made, icalproperty_new_duration(icaldurationtype_from_int(60 * event->minutes)));
    icalcomponent_add_property(made, icalproperty_new_summary(event->summary));
    icalcomponent_add_property(made, icalproperty_new_location(event->location));
    icalcomponent_add_property(made, icalproperty_new_description(event->description));
    return made;
}

void
calendar_write(const struct calendar_event *event, struct buffer *out)
{
    icalcomponent *calendar = require(icalcomponent_new_vcalendar());
    icalcomponent *zone = read_zone(event->time_zone, event->starts_at);
    icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
    icalcomponent_add_property(calendar, icalproperty_new_prodid("-//Frontrow//Frontrow//EN"));
    if (zone != NULL)
        icalcomponent_add_component(calendar, zone);
    icalcomponent_add_component(calendar, new_event(event, zone));
    char *text = require(icalcomponent_as_ical_string_r(calendar));
    buffer_text(out, text);
    icalmemory_free_buffer(text);
    icalcomponent_free(calendar);
}
