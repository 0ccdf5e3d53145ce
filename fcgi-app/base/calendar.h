/* calendar: an event as a file for calendars (iCalendar, RFC 5545), written by libical. */
#ifndef FRONTROW_BASE_CALENDAR_H
#define FRONTROW_BASE_CALENDAR_H

#include <stdint.h>

#include "base/buffer.h"

/* All texts are borrowed, and may have any characters but NUL. */
struct calendar_event {
    const char *uid; /* of its own in the whole world; an event that comes again replaces itself */
    const char *summary;
    const char *location;
    const char *description;
    const char
        *time_zone; /* of the place, by its name in tzdata; of another one the time is in UTC */
    int64_t starts_at;
    int32_t minutes; /* 0: how long it takes is not known */
    int64_t now;     /* when this was written */
};

/*
 * Appends the calendar. Its VTIMEZONE says what clocks there show from a year before the event on,
 * so that also programs that do not know the zone show the right time.
 */
void calendar_write(const struct calendar_event *event, struct buffer *out);

#endif
