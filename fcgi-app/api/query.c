#include "api/query.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
is_clean(const char *text)
{
    return text_is_utf8(text) && !text_has_control_character(text);
}

/* Undoes application/x-www-form-urlencoded; false on bad encoding, a NUL or too little room. */
static bool
decode(const char *from, size_t length, char *to, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)from[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < length ? hex_digit(from[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(from[i + 2]) : -1;
            if (low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c == '\0' || used + 1 >= size)
            return false;
        to[used++] = (char)c;
    }
    to[used] = '\0';
    return true;
}

enum query_result
query_read(const char *query, const char *name, char *value, size_t size)
{
    enum query_result result = QUERY_ABSENT;
    while (*query != '\0') {
        size_t pair = strcspn(query, "&");
        const char *equals = memchr(query, '=', pair);
        size_t name_length = equals != NULL ? (size_t)(equals - query) : pair;
        char decoded[64];
        if (decode(query, name_length, decoded, sizeof decoded) && strcmp(decoded, name) == 0) {
            if (result != QUERY_ABSENT || equals == NULL || equals + 1 == query + pair ||
                !decode(equals + 1, pair - name_length - 1, value, size) || !is_clean(value))
                return QUERY_BAD;
            result = QUERY_FOUND;
        }
        query += pair;
        query += *query == '&';
    }
    return result;
}
