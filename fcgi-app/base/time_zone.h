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

/*
 * Between these two, time_zone_offset_ms() goes by the zone of this name; one that tzdata does not
 * have is UTC. The zone is the process's: nothing else here may go by it meanwhile.
 */
void time_zone_enter(const char *name);
void time_zone_leave(void);

/* What is to be added to an instant so that it shows, as if in UTC, what clocks there say. */
int64_t time_zone_offset_ms(int64_t instant);

#endif
