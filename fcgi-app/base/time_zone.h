/* time_zone: the names of time zones (IANA), as the system's tzdata has them. */
#ifndef FRONTROW_BASE_TIME_ZONE_H
#define FRONTROW_BASE_TIME_ZONE_H

#include <stdbool.h>
#include <stdint.h>

enum { TIME_ZONE_CHARACTERS = 64, TIME_ZONE_SIZE = TIME_ZONE_CHARACTERS + 1 };

/* Where tzdata is installed. */
#define TIME_ZONE_FOLDER "/usr/share/zoneinfo"

/*
 * The day of the calendar on which an instant is at such a place, as a number of days since
 * 1970-01-01. A zone that is not known is UTC.
 */
int32_t time_zone_day(const char *name, int64_t instant);

/* Whether tzdata has a zone of this name ("Asia/Seoul"). The name may come from anywhere. */
bool time_zone_is_known(const char *name);

#endif
