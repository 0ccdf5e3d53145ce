#include "base/time_zone.h"

#include <stdio.h>
#include <string.h>

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
