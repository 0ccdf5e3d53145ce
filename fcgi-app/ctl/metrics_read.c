#include "ctl/metrics_read.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Of FastCGI: the kinds of records that are used here. */
enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5, STDOUT = 6, HEAD_SIZE = 8, RESPONDER = 1 };

enum { PATIENCE_S = 5, LABELS_SIZE = 256 };

static void
append_record(struct buffer *out, int kind, const void *content, size_t length)
{
    const uint8_t head[HEAD_SIZE] = {
        1, (uint8_t)kind, 0, 1, (uint8_t)(length >> 8), (uint8_t)length, 0, 0};
    buffer_append(out, head, sizeof head);
    buffer_append(out, content, length);
}

/* All names and values here are short. */
static void
append_parameter(struct buffer *out, const char *name, const char *value)
{
    const uint8_t lengths[] = {(uint8_t)strlen(name), (uint8_t)strlen(value)};
    buffer_append(out, lengths, sizeof lengths);
    buffer_text(out, name);
    buffer_text(out, value);
}

static void
write_request(struct buffer *out)
{
    static const uint8_t begin[8] = {0, RESPONDER};
    struct buffer parameters = {0};
    append_parameter(&parameters, "REQUEST_METHOD", "GET");
    append_parameter(&parameters, "DOCUMENT_URI", "/metrics");
    append_parameter(&parameters, "SERVER_ADDR", "127.0.0.1");
    append_parameter(&parameters, "FRONTROW_OPERATOR", "1"); /* who may open the socket is one */
    append_record(out, BEGIN_REQUEST, begin, sizeof begin);
    append_record(out, PARAMS, parameters.data, parameters.length);
    append_record(out, PARAMS, "", 0);
    append_record(out, STDIN, "", 0);
    buffer_free(&parameters);
}

static int
dial(const char *run_dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/frontrow-0.sock", run_dir);
    if (length < 0 || (size_t)length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0)
        return -1;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return connection;
    int failure = errno;
    close(connection);
    errno = failure;
    return -1;
}

/* All that comes until the other end closes. */
static bool
receive(int connection, struct buffer *bytes)
{
    char part[4096];
    ssize_t got;
    while ((got = recv(connection, part, sizeof part, 0)) > 0)
        buffer_append(bytes, part, (size_t)got);
    return got == 0;
}

/* The body of the answer in these records. */
static bool
take_body(const struct buffer *records, struct buffer *text)
{
    struct buffer answer = {0};
    const uint8_t *bytes = (const uint8_t *)records->data;
    for (size_t at = 0; at + HEAD_SIZE <= records->length;) {
        size_t length = (size_t)bytes[at + 4] << 8 | bytes[at + 5], padding = bytes[at + 6];
        if (at + HEAD_SIZE + length > records->length)
            break;
        if (bytes[at + 1] == STDOUT)
            buffer_append(&answer, bytes + at + HEAD_SIZE, length);
        at += HEAD_SIZE + length + padding;
    }
    const char *end = answer.length > 0 ? strstr(answer.data, "\r\n\r\n") : NULL;
    bool is_ok = end != NULL && strstr(answer.data, "Status: 200") != NULL;
    if (is_ok)
        buffer_text(text, end + 4);
    buffer_free(&answer);
    errno = EPROTO;
    return is_ok;
}

bool
metrics_read(const char *run_dir, struct buffer *text)
{
    struct buffer request = {0}, records = {0};
    int connection = dial(run_dir);
    if (connection < 0)
        return false;
    write_request(&request);
    bool done =
        send(connection, request.data, request.length, MSG_NOSIGNAL) == (ssize_t)request.length &&
        receive(connection, &records) && take_body(&records, text);
    int failure = errno;
    close(connection);
    buffer_free(&request);
    buffer_free(&records);
    errno = failure;
    return done;
}

void
metrics_each(const char *text, const char *name,
             void (*take)(void *context, const char *labels, double value), void *context)
{
    char whole[64], labels[LABELS_SIZE];
    snprintf(whole, sizeof whole, "frontrow_%s", name);
    size_t length = strlen(whole);
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *next = strchr(line, '\n'), *at = line + length;
        if (strncmp(line, whole, length) == 0 && (*at == '{' || *at == ' ')) {
            const char *end = *at == '{' ? strchr(at, '}') : at;
            size_t size = *at == '{' && end != NULL ? (size_t)(end - at - 1) : 0;
            snprintf(labels, sizeof labels, "%.*s", (int)size, at + 1);
            if (end != NULL)
                take(context, labels, strtod(end + 1, NULL));
        }
        line = next == NULL ? NULL : next + 1;
    }
}

struct sum {
    const char *label;
    double value;
    bool found;
};

static void
add_line(void *context, const char *labels, double value)
{
    struct sum *sum = context;
    if (strstr(labels, sum->label) == NULL)
        return;
    sum->value += value;
    sum->found = true;
}

double
metrics_sum(const char *text, const char *name, const char *label)
{
    struct sum sum = {.label = label};
    metrics_each(text, name, add_line, &sum);
    return sum.found ? sum.value : -1;
}
