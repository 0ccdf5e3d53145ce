/*
 * clock: instants are milliseconds since 1970-01-01T00:00:00Z in an int64_t.
 * What decides about holds and leases is the database's clock, never this machine's:
 * the functions that read a clock here are for time-outs, logs and metrics only.
 */
#ifndef FRONTROW_BASE_CLOCK_H
#define FRONTROW_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_NEVER INT64_MIN /* no instant: NULL in the database, null in JSON */

enum { CLOCK_TEXT_SIZE = 32 };

/* Milliseconds since 1970 by this machine's clock: for the log. */
int64_t clock_wall(void);

/* Milliseconds of a clock that never jumps: for time-outs and durations. */
int64_t clock_monotonic(void);

/* Microseconds of the same clock. */
int64_t clock_monotonic_us(void);

/* Microseconds of processor time that this process has used so far. */
int64_t clock_cpu_us(void);

/* Writes `instant` as 2026-11-23T10:00:00.000Z (RFC 3339, UTC). */
void clock_format(int64_t instant, char text[CLOCK_TEXT_SIZE]);

/*
 * Reads an RFC 3339 date-time with any offset and any number of fraction digits (cut to
 * milliseconds). Returns false on anything else; years 1970 to 9999 are taken.
 */
bool clock_parse(const char *text, int64_t *instant);

/* Whether `text` is a day of the calendar as YYYY-MM-DD. */
bool clock_is_date(const char *text);

/* Instant of a UTC calendar time; month 1..12, day 1..31. */
int64_t clock_from_parts(int year, int month, int day, int hour, int minute, int second,
                         int millisecond);

#endif
