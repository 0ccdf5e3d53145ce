#include "base/time_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

enum { DAY_MS = 24 * 3600000 };

/*
 * Words of letters, digits, _ + and -, with a / between, each begun by a capital: so no name leads
 * out of the folder, nor to the copies in posix/ and right/.
 */
static bool
is_name(const char *name)
{
    if (strlen(name) > TIME_ZONE_CHARACTERS)
        return false;
    for (const char *word = name;; word++) {
        size_t length =
            strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                         "_+-");
        if (*word < 'A' || *word > 'Z')
            return false;
        word += length;
        if (*word != '/')
            return *word == '\0';
    }
}

bool
time_zone_is_known(const char *name)
{
    char path[sizeof TIME_ZONE_FOLDER + TIME_ZONE_SIZE], magic[4];
    if (!is_name(name))
        return false;
    snprintf(path, sizeof path, "%s/%s", TIME_ZONE_FOLDER, name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool is_zone = fread(magic, 1, sizeof magic, file) == sizeof magic &&
                   memcmp(magic, "TZif", sizeof magic) == 0;
    fclose(file);
    return is_zone;
}

/* The C library has one zone at a time, that of TZ. */
static void
set_zone(const char *text)
{
    if (setenv("TZ", text, 1) != 0)
        log_abort("no memory");
    tzset();
}

void
time_zone_enter(const char *name)
{
    char text[TIME_ZONE_SIZE + 1];
    snprintf(text, sizeof text, ":%s", name);
    set_zone(time_zone_is_known(name) ? text : "UTC0");
}

void
time_zone_leave(void)
{
    set_zone("UTC0");
}

int64_t
time_zone_offset_ms(int64_t instant)
{
    time_t seconds = (time_t)(instant / 1000);
    struct tm parts = {0};
    localtime_r(&seconds, &parts);
    return (int64_t)parts.tm_gmtoff * 1000;
}

int32_t
time_zone_day(const char *name, int64_t instant)
{
    time_zone_enter(name);
    int64_t local = instant + time_zone_offset_ms(instant);
    time_zone_leave();
    return (int32_t)((local >= 0 ? local : local - DAY_MS + 1) / DAY_MS);
}
