#include "base/json.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

struct json
json_writer(struct buffer *out)
{
    return (struct json){.out = out};
}

static void
write_quoted(struct buffer *out, const char *text)
{
    buffer_append(out, "\"", 1);
    while (*text != '\0') {
        size_t plain = 0;
        while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\')
            plain++;
        buffer_append(out, text, plain);
        text += plain;
        if (*text == '"' || *text == '\\')
            buffer_format(out, "\\%c", *text++);
        else if (*text != '\0')
            buffer_format(out, "\\u%04x", (unsigned)*text++);
    }
    buffer_append(out, "\"", 1);
}

static void
begin_value(struct json *json, const char *name)
{
    if (json->need_comma)
        buffer_append(json->out, ",", 1);
    json->need_comma = true;
    if (name != NULL) {
        write_quoted(json->out, name);
        buffer_append(json->out, ":", 1);
    }
}

static void
begin_group(struct json *json, const char *name, const char *bracket)
{
    begin_value(json, name);
    buffer_append(json->out, bracket, 1);
    json->need_comma = false;
}

static void
end_group(struct json *json, const char *bracket)
{
    buffer_append(json->out, bracket, 1);
    json->need_comma = true;
}

void
json_begin_object(struct json *json, const char *name)
{
    begin_group(json, name, "{");
}

void
json_end_object(struct json *json)
{
    end_group(json, "}");
}

void
json_begin_array(struct json *json, const char *name)
{
    begin_group(json, name, "[");
}

void
json_end_array(struct json *json)
{
    end_group(json, "]");
}

void
json_write_string(struct json *json, const char *name, const char *text)
{
    if (text == NULL) {
        json_write_null(json, name);
        return;
    }
    begin_value(json, name);
    write_quoted(json->out, text);
}

void
json_write_integer(struct json *json, const char *name, int64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
    begin_value(json, name);
    buffer_append(json->out, digits, (size_t)length);
}

void
json_write_boolean(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    buffer_text(json->out, value ? "true" : "false");
}

void
json_write_null(struct json *json, const char *name)
{
    begin_value(json, name);
    buffer_text(json->out, "null");
}

void
json_write_raw(struct json *json, const char *name, const char *value)
{
    begin_value(json, name);
    buffer_text(json->out, value[0] != '\0' ? value : "null");
}

void
json_write_instant(struct json *json, const char *name, int64_t instant)
{
    if (instant == CLOCK_NEVER) {
        json_write_null(json, name);
        return;
    }
    char text[CLOCK_TEXT_SIZE];
    clock_format(instant, text);
    begin_value(json, name);
    buffer_format(json->out, "\"%s\"", text);
}

void
json_write_optional_integer(struct json *json, const char *name, bool known, int64_t value)
{
    if (known)
        json_write_integer(json, name, value);
    else
        json_write_null(json, name);
}

void
json_write_optional_string(struct json *json, const char *name, const char *text)
{
    json_write_string(json, name, text[0] != '\0' ? text : NULL);
}
