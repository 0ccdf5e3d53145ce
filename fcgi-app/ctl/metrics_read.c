#include "ctl/metrics_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ctl/fastcgi.h"

enum { PATIENCE_S = 5, LABELS_SIZE = 256 };

static void
write_request(struct buffer *out)
{
    static const struct fastcgi_parameter parameters[] = {
        {"REQUEST_METHOD", "GET"},
        {"DOCUMENT_URI", "/metrics"},
        {"SERVER_ADDR", "127.0.0.1"},
        {"FRONTROW_OPERATOR", "1"}, /* who may open the socket is one */
    };
    fastcgi_write_request(out, parameters, sizeof parameters / sizeof parameters[0], "");
}

static int
dial(const char *run_dir)
{
    struct sockaddr_un address;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    if (!fastcgi_find_socket(run_dir, 0, &address)) {
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
    struct buffer whole = {0};
    struct fastcgi_answer answer;
    bool is_ok = fastcgi_read_answer(records, &whole, &answer) && answer.status == 200;
    if (is_ok)
        buffer_text(text, answer.body);
    buffer_free(&whole);
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
