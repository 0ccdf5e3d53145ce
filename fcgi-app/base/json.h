/*
 * json: writes JSON text into a buffer, member by member, without a tree in between.
 * (Reading JSON is jansson's work, in api/.)
 */
#ifndef FRONTROW_BASE_JSON_H
#define FRONTROW_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/*
 * Writes into `out`. Inside an object `name` is the member's name, inside an array and at the
 * top it is NULL. The caller keeps begin and end in step.
 */
struct json {
    struct buffer *out;
    bool need_comma;
};

struct json json_writer(struct buffer *out);

void json_begin_object(struct json *json, const char *name);
void json_end_object(struct json *json);
void json_begin_array(struct json *json, const char *name);
void json_end_array(struct json *json);

/* `text` is UTF-8; NULL writes null. Quotes, backslashes and control characters are escaped. */
void json_write_string(struct json *json, const char *name, const char *text);
void json_write_integer(struct json *json, const char *name, int64_t value);
void json_write_boolean(struct json *json, const char *name, bool value);
void json_write_null(struct json *json, const char *name);

/* A value that is JSON already; null where it is "". */
void json_write_raw(struct json *json, const char *name, const char *value);

/* An instant as RFC 3339 with milliseconds; null for CLOCK_NEVER. */
void json_write_instant(struct json *json, const char *name, int64_t instant);

/* A text, or null where it is "". */
void json_write_optional_string(struct json *json, const char *name, const char *text);

/* An integer, or null where `known` is false. */
void json_write_optional_integer(struct json *json, const char *name, bool known, int64_t value);

#endif
