#include "api/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

void
reader_refuse(struct reader *reader, const char *name, const char *rule)
{
    char field[96];
    snprintf(field, sizeof field, "%s%s", reader->path, name);
    refuse_field(reader->problem, field, "%s must be %s", field, rule);
    reader->ok = false;
}

const json_t *
reader_find(struct reader *reader, const char *name, bool required, const char *rule)
{
    const json_t *value = reader->ok ? json_object_get(reader->object, name) : NULL;
    if (value == NULL && reader->ok && required)
        reader_refuse(reader, name, rule);
    return value;
}

void
reader_text(struct reader *reader, const char *name, size_t max, const char *default_value,
            char *text, size_t size)
{
    char rule[64];
    snprintf(rule, sizeof rule, "a string of 1 to %zu characters", max);
    const json_t *value = reader_find(reader, name, default_value == NULL, rule);
    const char *found = value != NULL ? json_string_value(value) : default_value;
    if (value == NULL && default_value == NULL)
        return;
    size_t length = found != NULL ? text_count_characters(found) : 0;
    bool fits = value == NULL || (length >= 1 && length <= max);
    if (!fits || !text_copy(text, size, found))
        reader_refuse(reader, name, rule);
}

int64_t
reader_integer(struct reader *reader, const char *name, int64_t min, int64_t max,
               const int64_t *default_value, bool *is_set)
{
    char rule[96];
    snprintf(rule, sizeof rule, "an integer from %lld to %lld%s", (long long)min, (long long)max,
             is_set != NULL ? " or null" : "");
    const json_t *value = reader_find(reader, name, default_value == NULL && is_set == NULL, rule);
    if (is_set != NULL)
        *is_set = value != NULL && !json_is_null(value);
    if (value == NULL || (is_set != NULL && !*is_set))
        return default_value != NULL ? *default_value : 0;
    if (json_is_integer(value) && json_integer_value(value) >= min &&
        json_integer_value(value) <= max)
        return json_integer_value(value);
    reader_refuse(reader, name, rule);
    return 0;
}

int32_t
reader_small(struct reader *reader, const char *name, int32_t min, int32_t max,
             const int64_t *default_value)
{
    return (int32_t)reader_integer(reader, name, min, max, default_value, NULL);
}

int64_t
reader_instant(struct reader *reader, const char *name, bool required)
{
    static const char rule[] = "a time like 2026-11-23T19:00:00+09:00";
    const json_t *value = reader_find(reader, name, required, rule);
    int64_t instant = CLOCK_NEVER;
    if (value == NULL || (!required && json_is_null(value)))
        return instant;
    if (!json_is_string(value) || !clock_parse(json_string_value(value), &instant))
        reader_refuse(reader, name, rule);
    return instant;
}

bool
reader_boolean(struct reader *reader, const char *name)
{
    const json_t *value = reader_find(reader, name, false, "");
    if (value != NULL && !json_is_boolean(value))
        reader_refuse(reader, name, "true or false");
    return json_is_true(value);
}

void
reader_date(struct reader *reader, const char *name, char date[DATE_SIZE])
{
    static const char rule[] = "a day in the form YYYY-MM-DD";
    const json_t *value = reader_find(reader, name, true, rule);
    const char *text = value != NULL ? json_string_value(value) : NULL;
    bool fits = text != NULL && clock_is_date(text) && text_copy(date, DATE_SIZE, text);
    if (!fits && reader->ok)
        reader_refuse(reader, name, rule);
}

const json_t *
reader_array(struct reader *reader, const char *name, size_t min, size_t max, size_t element_size,
             void **elements)
{
    char rule[64];
    snprintf(rule, sizeof rule, "an array of %zu to %zu objects", min, max);
    const json_t *array = reader_find(reader, name, true, rule);
    size_t count = json_array_size(array);
    if (array == NULL)
        return NULL;
    if (!json_is_array(array) || count < min || count > max) {
        reader_refuse(reader, name, rule);
        return NULL;
    }
    if (count == 0)
        return NULL;
    *elements = calloc(count, element_size);
    if (*elements == NULL)
        log_abort("no memory");
    return array;
}

struct reader
reader_enter(struct reader *outer, const char *name, const json_t *array, size_t n)
{
    struct reader inner = {
        .object = json_array_get(array, n), .problem = outer->problem, .ok = outer->ok};
    snprintf(inner.path, sizeof inner.path, "%.32s%s[%zu].", outer->path, name, n);
    if (!json_is_object(inner.object)) {
        inner.path[strlen(inner.path) - 1] = '\0';
        reader_refuse(&inner, "", "an object");
    }
    return inner;
}
