/*
 * fuzz_clock: times and days. The whole input is the text. A time that is taken must be one that
 * RFC 3339 can say in UTC, and be read again as the same; a day must be one that the calendar of
 * the C library has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "fuzz.h"

static void
require_same_again(int64_t instant)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t again;
    clock_format(instant, text);
    REQUIRE(strlen(text) == strlen("2026-11-23T10:00:00.000Z"));
    REQUIRE(clock_parse(text, &again));
    REQUIRE(again == instant);
}

static void
require_day(const char *text)
{
    struct tm parts = {0}, normal;
    REQUIRE(strlen(text) == 10);
    REQUIRE(sscanf(text, "%4d-%2d-%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday) == 3);
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    normal = parts;
    timegm(&normal);
    REQUIRE(normal.tm_mday == parts.tm_mday && normal.tm_mon == parts.tm_mon);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size);
    int64_t instant;
    if (clock_parse(text, &instant)) {
        REQUIRE(instant >= 0 && instant < clock_from_parts(10000, 1, 1, 0, 0, 0, 0));
        require_same_again(instant);
    }
    if (clock_is_date(text))
        require_day(text);
    free(text);
    return 0;
}
