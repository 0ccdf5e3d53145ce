/* frontrowctl trace: one request, or all of a trace, in the logs of nginx, Frontrow and MySQL. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/ctl.h"

enum { SESSIONS_MAX = 256, DIGITS = 32 };

/* A session of MySQL, and when it served a request: before and afterwards it served others. */
struct session {
    int64_t id;
    int64_t began_s, ended_s; /* seconds since 1970 */
};

/* What the lines with an id say of where to look in MySQL's log. */
struct traced {
    const char *id; /* of the request, or of the trace that it belongs to */
    struct session sessions[SESSIONS_MAX];
    size_t session_count;
    bool has_more; /* sessions than there is room for */
    int found;     /* lines */
};

/* What stands behind name= or "name": in a line; NULL: it does not have it. */
static const char *
find_field(const char *line, const char *name)
{
    char text[32], json[32];
    snprintf(text, sizeof text, " %s=", name);
    snprintf(json, sizeof json, "\"%s\":", name);
    const char *at = strstr(line, text);
    if (at != NULL)
        return at + strlen(text);
    at = strstr(line, json);
    return at == NULL ? NULL : at + strlen(json) + (at[strlen(json)] == '"');
}

/* The time of a line, as text at its begin, as JSON in its first member. */
static bool
read_time(const char *line, int64_t *instant)
{
    char text[CLOCK_TEXT_SIZE];
    if (sscanf(line, "{\"time\":\"%31[^\"]\"", text) != 1 && sscanf(line, "%31s", text) != 1)
        return false;
    return clock_parse(text, instant);
}

/* The line in which a worker told of the request itself. */
static void
read_request_line(const char *line, struct traced *traced)
{
    const char *ms = find_field(line, "ms"), *sessions = find_field(line, "mysqlSessions");
    int64_t instant;
    if (ms == NULL || sessions == NULL || !read_time(line, &instant))
        return;
    /* the session served others while the request waited for the worker */
    const char *waited = find_field(line, "waitedMs");
    int64_t worked_ms = strtoll(ms, NULL, 10) - (waited != NULL ? strtoll(waited, NULL, 10) : 0);
    char *end;
    for (const char *at = sessions;; at = end + 1) {
        struct session session = {strtoll(at, &end, 10), (instant - worked_ms) / 1000,
                                  instant / 1000};
        if (end == at)
            break;
        if (traced->session_count == SESSIONS_MAX)
            traced->has_more = true;
        else
            traced->sessions[traced->session_count++] = session;
        if (*end != ',')
            break;
    }
}

static void
print_line(const char *whose, char *line)
{
    ctl_keep_on_a_line(line);
    line[strlen(line) - (line[0] != '\0' && line[strlen(line) - 1] == ' ')] = '\0';
    printf("%-9s %s\n", whose, line);
}

/* Opens a log; NULL after saying why not. */
static FILE *
open_log(const char *path, int *status)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        perror(path);
        *status = EXIT_FAILED;
    }
    return file;
}

/* Prints each line with the id. */
static void
trace_lines(const char *path, const char *whose, struct traced *traced, int *status)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = open_log(path, status);
    while (file != NULL && getline(&line, &size, file) > 0) {
        if (strstr(line, traced->id) == NULL)
            continue;
        traced->found++;
        read_request_line(line, traced);
        print_line(whose, line);
    }
    free(line);
    if (file != NULL)
        fclose(file);
}

/* An entry of MySQL's slow log, as far as it is read. */
struct slow_entry {
    char *text; /* its lines */
    size_t length;
    int64_t session;
    int64_t at_s;
};

static void
print_entry(const struct slow_entry *entry, const struct traced *traced)
{
    bool is_ours = false;
    for (size_t i = 0; i < traced->session_count; i++) {
        const struct session *session = &traced->sessions[i];
        is_ours =
            is_ours || (entry->session == session->id && entry->at_s >= session->began_s - 1 &&
                        entry->at_s <= session->ended_s + 1);
    }
    if (!is_ours)
        return;
    char *rest = entry->text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] != '\0')
            print_line("MySQL", line);
}

/* Each server has the id in another line: "# Thread_id: 7 ..." (MariaDB), "... Id:    7" (MySQL).
 */
static void
read_entry_line(const char *line, struct slow_entry *entry)
{
    const char *id = strstr(line, "# Thread_id: ");
    if (id != NULL)
        entry->session = strtoll(id + strlen("# Thread_id: "), NULL, 10);
    else if (strncmp(line, "# User@Host", strlen("# User@Host")) == 0 &&
             (id = strstr(line, " Id: ")) != NULL)
        entry->session = strtoll(id + strlen(" Id: "), NULL, 10);
    else if (strncmp(line, "SET timestamp=", strlen("SET timestamp=")) == 0)
        entry->at_s = strtoll(line + strlen("SET timestamp="), NULL, 10);
}

/* Prints what the requests' sessions did in their time. An entry begins with who it is of. */
static void
trace_slow_log(const char *path, const struct traced *traced, int *status)
{
    struct slow_entry entry = {.text = NULL};
    struct buffer text = {0};
    char *line = NULL;
    size_t size = 0;
    FILE *file = open_log(path, status);
    while (file != NULL && getline(&line, &size, file) > 0) {
        if (strncmp(line, "# User@Host", strlen("# User@Host")) == 0 && text.length > 0) {
            entry.text = text.data;
            print_entry(&entry, traced);
            buffer_clear(&text);
            entry = (struct slow_entry){.text = NULL};
        }
        buffer_text(&text, line);
        read_entry_line(line, &entry);
    }
    entry.text = text.data;
    if (text.length > 0)
        print_entry(&entry, traced);
    free(line);
    buffer_free(&text);
    if (file != NULL)
        fclose(file);
}

int
ctl_trace(struct ctl *ctl)
{
    struct traced traced = {.id = ctl->argument};
    int status = EXIT_DONE;
    if (strlen(ctl->argument) != DIGITS || strspn(ctl->argument, "0123456789abcdef") != DIGITS) {
        fprintf(stderr, "frontrowctl: %s is no id of a request or a trace: 32 hexadecimal digits\n",
                ctl->argument);
        return EXIT_USAGE;
    }
    if (ctl->nginx_log == NULL && ctl->log == NULL) {
        fputs("frontrowctl: trace looks into the logs that --nginx-log and --log name\n", stderr);
        return EXIT_USAGE;
    }
    if (ctl->nginx_log != NULL)
        trace_lines(ctl->nginx_log, "nginx", &traced, &status);
    if (ctl->log != NULL)
        trace_lines(ctl->log, "frontrow", &traced, &status);
    if (ctl->slow_log != NULL && traced.session_count > 0)
        trace_slow_log(ctl->slow_log, &traced, &status);
    if (traced.has_more)
        fprintf(stderr, "frontrowctl: only the first %d sessions were looked for in MySQL's log\n",
                SESSIONS_MAX);
    if (traced.found == 0 && status == EXIT_DONE) {
        fputs("frontrowctl: no line of these logs has this id\n", stderr);
        return EXIT_FAILED;
    }
    return status;
}
