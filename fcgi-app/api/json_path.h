/* json_path: where a value stands in a text: jansson does not keep it, and only a refusal asks for
 * it. */
#ifndef FRONTROW_API_JSON_PATH_H
#define FRONTROW_API_JSON_PATH_H

#include <stddef.h>
#include <stdint.h>

/* The value of a member, and the element of it that is meant; n < 0: the value itself. */
struct json_step {
    const char *name;
    ptrdiff_t n;
};

enum { JSON_STEPS_MAX = 5 };

/* The way to a value, from the whole on. */
struct json_path {
    struct json_step steps[JSON_STEPS_MAX];
    size_t length;
};

/*
 * The line and the character, from 1, at which the value begins; of the last one on the way if
 * there is no such value. The text must be JSON.
 */
void json_path_find(const char *text, const struct json_path *path, int64_t *line, int64_t *column);

#endif
