#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t
read_clock_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_wall(void)
{
    return read_clock_us(CLOCK_REALTIME) / 1000;
}

int64_t
clock_monotonic(void)
{
    return read_clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_monotonic_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

int64_t
clock_cpu_us(void)
{
    return read_clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

void
clock_format(int64_t instant, char text[CLOCK_TEXT_SIZE])
{
    time_t seconds = (time_t)(instant / 1000);
    int milliseconds = (int)(instant % 1000);
    if (milliseconds < 0) {
        milliseconds += 1000;
        seconds--;
    }
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t length = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, CLOCK_TEXT_SIZE - length, ".%03dZ", milliseconds);
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar, with years that begin in March. */
static int64_t
days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

int64_t
clock_from_parts(int year, int month, int day, int hour, int minute, int second, int millisecond)
{
    int64_t seconds = ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return seconds * 1000 + millisecond;
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Reads exactly `count` decimal digits and moves the cursor behind them. */
static bool
read_digits(const char **cursor, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*cursor)++) {
        if (**cursor < '0' || **cursor > '9')
            return false;
        *value = *value * 10 + (**cursor - '0');
    }
    return true;
}

static bool
read_character(const char **cursor, char wanted)
{
    if (**cursor != wanted)
        return false;
    (*cursor)++;
    return true;
}

static bool
read_date(const char **cursor, int *year, int *month, int *day)
{
    return read_digits(cursor, 4, year) && read_character(cursor, '-') &&
           read_digits(cursor, 2, month) && read_character(cursor, '-') &&
           read_digits(cursor, 2, day) && *month >= 1 && *month <= 12 && *day >= 1 &&
           *day <= days_in_month(*year, *month);
}

static bool
read_fraction(const char **cursor, int *millisecond)
{
    *millisecond = 0;
    if (!read_character(cursor, '.'))
        return true;
    int digits = 0;
    for (int unit = 100; **cursor >= '0' && **cursor <= '9'; (*cursor)++, digits++, unit /= 10)
        *millisecond += unit * (**cursor - '0');
    return digits > 0;
}

static bool
read_offset(const char **cursor, int *minutes)
{
    *minutes = 0;
    if (read_character(cursor, 'Z') || read_character(cursor, 'z'))
        return true;
    int sign = **cursor == '-' ? -1 : 1;
    int hour, minute;
    if (!read_character(cursor, '+') && !read_character(cursor, '-'))
        return false;
    if (!read_digits(cursor, 2, &hour) || !read_character(cursor, ':') ||
        !read_digits(cursor, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

bool
clock_parse(const char *text, int64_t *instant)
{
    int year, month, day, hour, minute, second, millisecond, offset;
    const char *cursor = text;
    if (!read_date(&cursor, &year, &month, &day) || year < 1970)
        return false;
    if (!read_character(&cursor, 'T') && !read_character(&cursor, 't'))
        return false;
    if (!read_digits(&cursor, 2, &hour) || !read_character(&cursor, ':') ||
        !read_digits(&cursor, 2, &minute) || !read_character(&cursor, ':') ||
        !read_digits(&cursor, 2, &second) || !read_fraction(&cursor, &millisecond) ||
        !read_offset(&cursor, &offset) || *cursor != '\0')
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *instant = clock_from_parts(year, month, day, hour, minute, second, millisecond) -
               (int64_t)offset * 60000;
    /* An offset can push the first and the last day out of what the database and RFC 3339 hold. */
    return *instant >= 0 && *instant < clock_from_parts(10000, 1, 1, 0, 0, 0, 0);
}

bool
clock_is_date(const char *text)
{
    int year, month, day;
    const char *cursor = text;
    return read_date(&cursor, &year, &month, &day) && *cursor == '\0';
}
