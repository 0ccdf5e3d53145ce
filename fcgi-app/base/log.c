#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static enum log_level threshold = LOG_LEVEL_INFO;
static const char *request;

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

void
log_set_request(const char *request_id)
{
    request = request_id;
}

/* What a client sent may end up in a line: it must neither forge another one nor be no text. */
static void
mask_what_is_not_ascii(char *line)
{
    for (; *line != '\0'; line++)
        if (*line < ' ' || *line > '~')
            *line = '?';
}

void
log_write(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR"};
    if (level < threshold)
        return;
    char time[CLOCK_TEXT_SIZE];
    char text[900];
    char line[1600]; /* the ids of all requests that share a transaction, too */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    clock_format(clock_wall(), time);
    int length = snprintf(line, sizeof line, "%s %s [%d]%s%s %s\n", time, names[level],
                          (int)getpid(), request ? " request=" : "", request ? request : "", text);
    size_t size = length < (int)sizeof line ? (size_t)length : sizeof line - 1;
    line[size - 1] = '\0';
    mask_what_is_not_ascii(line);
    line[size - 1] = '\n';
    if (write(STDERR_FILENO, line, size) < 0)
        return; /* there is nowhere left to say it */
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
