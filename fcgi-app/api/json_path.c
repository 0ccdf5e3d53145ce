#include "api/json_path.h"

#include <string.h>

static const char *
skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *
skip_string(const char *at)
{
    while (*(at += 1 + strcspn(at + 1, "\"\\")) == '\\')
        at++;
    return at + 1;
}

/* Behind the value that begins here. The text is known to be JSON. */
static const char *
skip_value(const char *at)
{
    size_t depth = 0;
    do {
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at = *at == '"' ? skip_string(at) : at + 1;
    } while (depth > 0 || strchr(",]} \t\r\n", *at) == NULL);
    return at;
}

/* The n-th element of an array; NULL where there are fewer, or it is none. */
static const char *
find_element(const char *array, ptrdiff_t n)
{
    const char *at = skip_blanks(array + 1);
    for (; *array == '[' && *at != ']'; n--) {
        if (n == 0)
            return at;
        at = skip_blanks(skip_value(at));
        at = skip_blanks(at + (*at == ','));
    }
    return NULL;
}

/* The value of an object's member; NULL: it has none of this name. */
static const char *
find_member(const char *object, const char *name)
{
    const char *at = skip_blanks(object + 1);
    while (*object == '{' && *at != '}') {
        const char *end = skip_string(at);
        const char *value = skip_blanks(strchr(end, ':') + 1);
        size_t length = (size_t)(end - at) - 2;
        if (strncmp(at + 1, name, length) == 0 && name[length] == '\0')
            return value;
        at = skip_blanks(skip_value(value));
        at = skip_blanks(at + (*at == ','));
    }
    return NULL;
}

/* As deep as the path leads. */
static const char *
follow(const char *text, const struct json_path *path)
{
    const char *at = skip_blanks(text);
    for (size_t i = 0; i < path->length; i++) {
        const struct json_step *step = &path->steps[i];
        const char *next = find_member(at, step->name);
        const char *element = next != NULL && step->n >= 0 ? find_element(next, step->n) : NULL;
        if (element != NULL)
            next = element;
        if (next == NULL)
            break;
        at = next;
    }
    return at;
}

void
json_path_find(const char *text, const struct json_path *path, int64_t *line, int64_t *column)
{
    const char *end = follow(text, path);
    *line = *column = 1;
    for (; text < end; text++) {
        *column += ((unsigned char)*text & 0xc0) != 0x80;
        if (*text == '\n') {
            (*line)++;
            *column = 1;
        }
    }
}
