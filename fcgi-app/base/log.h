/* log: one line an event on standard error: time, level, process id, text; as text or as JSON. */
#ifndef FRONTROW_BASE_LOG_H
#define FRONTROW_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Lines below this level are dropped; the default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* The same by its name in the settings: "debug", "info", "warn" or "error". */
void log_set_level_name(const char *name);

/* How lines are written from now on, by its name in the settings: "text" or "json". */
void log_set_format_name(const char *name);

/*
 * Names the request that this process works on, for every line until the next call
 * (NULL: none). The text is borrowed and must live as long. Returns the former one.
 */
const char *log_set_request(const char *request_id);

/* A member of a line beside its text. `text` NULL: it is a number. */
struct log_field {
    const char *name;
    const char *text;
    int64_t number;
};

/*
 * Writes one line in one write(2), so that lines of several processes do not mix; with fields
 * behind the text: name=value, or members of the JSON object.
 */
void log_write_fields(enum log_level level, const struct log_field *fields, size_t count,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* For bugs of ours, and where there is no memory: writes why at the level of errors, and aborts. */
void log_abort_in(const char *function, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

#define log_write(level, ...) log_write_fields(level, NULL, 0, __VA_ARGS__)
#define log_abort(...) log_abort_in(__func__, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif
