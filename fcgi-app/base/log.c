#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static enum log_level threshold = LOG_LEVEL_INFO;
static const char *request;
static bool is_json;

void
log_set_level(enum log_level level)
{
    threshold = level;
}

void
log_set_level_name(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++)
        if (strcmp(name, names[level]) == 0)
            log_set_level((enum log_level)level);
}

const char *
log_set_request(const char *request_id)
{
    const char *former = request;
    request = request_id;
    return former;
}

void
log_set_format_name(const char *name)
{
    is_json = strcmp(name, "json") == 0;
}

/*
 * What a pipe takes in one piece. Text, request ids and fields fit, also where JSON doubles some
 * bytes, as no field is longer than this.
 */
enum { PIECE_SIZE = 4096, TEXT_SIZE = 900, FIELD_MAX = 200 };

struct line {
    char bytes[PIECE_SIZE];
    size_t length;
};

/* Room is kept for the end of a line. What does not fit before it is cut. */
static size_t
room_in(const struct line *line)
{
    enum { END_SIZE = sizeof "\"}\n" };
    return PIECE_SIZE - END_SIZE > line->length ? PIECE_SIZE - END_SIZE - line->length : 0;
}

static void append(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void
append(struct line *line, const char *format, ...)
{
    size_t room = room_in(line);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line->bytes + line->length, room, format, arguments);
    va_end(arguments);
    if (length > 0 && room > 0)
        line->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* What a client sent may end up in a line: it must neither forge another one nor be no text. */
static char
mask(char letter)
{
    if (letter < ' ' || letter > '~')
        return '?';
    return letter;
}

static void
append_masked(struct line *line, const char *text, size_t max)
{
    for (size_t i = 0; i < max && text[i] != '\0' && room_in(line) > 0; i++)
        line->bytes[line->length++] = mask(text[i]);
}

/* As a string of JSON. */
static void
append_string(struct line *line, const char *text, size_t max)
{
    append(line, "\"");
    for (size_t i = 0; i < max && text[i] != '\0' && room_in(line) > 2; i++) {
        if (text[i] == '"' || text[i] == '\\')
            line->bytes[line->length++] = '\\';
        line->bytes[line->length++] = mask(text[i]);
    }
    append(line, "\"");
}

static const char *const level_names[] = {"DEBUG", "INFO", "WARN", "ERROR"};

static void
write_json(struct line *line, enum log_level level, const char *time, const char *text,
           const struct log_field *fields, size_t count)
{
    append(line, "{\"time\":\"%s\",\"level\":\"%s\",\"pid\":%d", time, level_names[level],
           (int)getpid());
    if (request != NULL) {
        append(line, ",\"request\":");
        append_string(line, request, PIECE_SIZE);
    }
    for (size_t i = 0; i < count; i++) {
        append(line, ",\"%s\":", fields[i].name);
        if (fields[i].text != NULL)
            append_string(line, fields[i].text, FIELD_MAX);
        else
            append(line, "%" PRId64, fields[i].number);
    }
    append(line, ",\"message\":");
    append_string(line, text, TEXT_SIZE);
    line->bytes[line->length++] = '}';
}

static void
write_text(struct line *line, enum log_level level, const char *time, const char *text,
           const struct log_field *fields, size_t count)
{
    append(line, "%s %s [%d] ", time, level_names[level], (int)getpid());
    if (request != NULL) {
        append(line, "request=");
        append_masked(line, request, PIECE_SIZE);
        append(line, " ");
    }
    append_masked(line, text, TEXT_SIZE);
    for (size_t i = 0; i < count; i++) {
        append(line, " %s=", fields[i].name);
        if (fields[i].text != NULL)
            append_masked(line, fields[i].text, FIELD_MAX);
        else
            append(line, "%" PRId64, fields[i].number);
    }
}

static void
write_line(enum log_level level, const char *text, const struct log_field *fields, size_t count)
{
    char time[CLOCK_TEXT_SIZE];
    struct line line = {.length = 0};
    clock_format(clock_wall(), time);
    (is_json ? write_json : write_text)(&line, level, time, text, fields, count);
    line.bytes[line.length++] = '\n';
    if (write(STDERR_FILENO, line.bytes, line.length) < 0)
        return; /* there is nowhere left to say it */
}

void
log_write_fields(enum log_level level, const struct log_field *fields, size_t count,
                 const char *format, ...)
{
    char text[TEXT_SIZE];
    if (level < threshold)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_line(level, text, fields, count);
}

void
log_abort_in(const char *function, const char *format, ...)
{
    char reason[800];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    log_error("%s(): %s", function, reason);
    abort();
}
