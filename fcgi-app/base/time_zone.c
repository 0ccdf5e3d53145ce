#include "base/time_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

enum { DAY_S = 24 * 3600 };

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

/* The C library has one zone at a time, that of TZ: nothing else of this process may see another.
 */
int32_t
time_zone_day(const char *name, int64_t instant)
{
    const char *before = getenv("TZ");
    char *kept = before != NULL ? strdup(before) : NULL;
    time_t seconds = (time_t)(instant / 1000);
    struct tm parts = {0};
    if (setenv("TZ", name, 1) != 0 || (before != NULL && kept == NULL))
        log_abort("no memory");
    tzset();
    localtime_r(&seconds, &parts);
    if (kept == NULL)
        unsetenv("TZ");
    else if (setenv("TZ", kept, 1) != 0)
        log_abort("no memory");
    tzset();
    free(kept);
    int64_t local = (int64_t)seconds + parts.tm_gmtoff;
    return (int32_t)((local >= 0 ? local : local - DAY_S + 1) / DAY_S);
}
