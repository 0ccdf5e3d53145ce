#include "ctl/rehearsal/front.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config_table.h"
#include "base/log.h"
#include "base/random.h"

/* ANSWER_MS is above gateway_ms: workers end a request themselves. */
enum {
    ANSWER_MS = 15000,
    EVENTS = 256,
    PARAMETERS_MAX = 12,
    OWN_FILES = 64,
    SOCKETS_MAX = CONFIG_SOCKETS_MAX
};

struct exchange {
    struct asker *asker; /* NULL: free */
    int socket;
    int64_t began_us;
    struct buffer records; /* of the answer so far */
};

struct front {
    struct sockaddr_un sockets[SOCKETS_MAX];
    int socket_count;
    int next_socket;
    int events;
    struct exchange exchanges[FRONT_CALLS_MAX];
    int running;
    int free_hint; /* where a free one is looked for first */
    int64_t checked_at;
    uint64_t run; /* begins all request ids */
    uint64_t requests;
    struct buffer request; /* of the call that is being made */
    struct buffer text;    /* of the answer that is being told */
};

/* Each call is a connection. */
static bool
allow_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    if (limit.rlim_cur >= FRONT_CALLS_MAX + OWN_FILES)
        return true;
    limit.rlim_cur = limit.rlim_max;
    return limit.rlim_max >= FRONT_CALLS_MAX + OWN_FILES && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

struct front *
front_open(const char *run_dir, int sockets)
{
    struct front *front = calloc(1, sizeof *front);
    if (front == NULL)
        log_abort("no memory");
    random_fill(&front->run, sizeof front->run);
    front->socket_count = sockets;
    front->events = epoll_create1(EPOLL_CLOEXEC);
    bool is_open = front->events >= 0;
    for (int i = 0; i < sockets && is_open; i++)
        is_open = fastcgi_find_socket(run_dir, i, &front->sockets[i]);
    if (is_open && allow_files())
        return front;
    fprintf(
        stderr,
        "frontrowctl: %s: its sockets' paths are too long, or fewer than %d files may be open\n",
        run_dir, FRONT_CALLS_MAX + OWN_FILES);
    front_close(front);
    return NULL;
}

void
front_close(struct front *front)
{
    for (int i = 0; i < FRONT_CALLS_MAX; i++) {
        if (front->exchanges[i].asker != NULL)
            close(front->exchanges[i].socket);
        buffer_free(&front->exchanges[i].records);
    }
    if (front->events >= 0)
        close(front->events);
    buffer_free(&front->request);
    buffer_free(&front->text);
    free(front);
}

static void
write_request(struct front *front, const struct front_request *request)
{
    char id[33], length[24], msec[32];
    int64_t now = clock_wall();
    snprintf(id, sizeof id, "%016llx%016llx", (unsigned long long)front->run,
             (unsigned long long)++front->requests);
    snprintf(length, sizeof length, "%zu", strlen(request->body));
    snprintf(msec, sizeof msec, "%lld.%03d", (long long)(now / 1000), (int)(now % 1000));
    const struct fastcgi_parameter all[PARAMETERS_MAX] = {
        {"REQUEST_METHOD", request->method},
        {"DOCUMENT_URI", request->path},
        {"QUERY_STRING", request->query},
        {"SERVER_ADDR", "127.0.0.1"},
        {"REQUEST_ID", id},
        {"MSEC", msec},
        {"HTTP_X_QUEUE_TOKEN", request->token},
        {"HTTP_IDEMPOTENCY_KEY", request->key},
        {"CONTENT_TYPE", "application/json"},
        {"CONTENT_LENGTH", length},
    };
    bool has_body = request->body[0] != '\0';
    buffer_clear(&front->request);
    fastcgi_write_request(&front->request, all, has_body ? 10 : 8, request->body);
}

/* A connection to one of the sockets, in turn; -1: none takes one more. */
static int
dial(struct front *front)
{
    for (int i = 0; i < front->socket_count; i++) {
        const struct sockaddr_un *address = &front->sockets[front->next_socket];
        front->next_socket = (front->next_socket + 1) % front->socket_count;
        int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connection < 0)
            return -1;
        if (connect(connection, (const struct sockaddr *)address, sizeof *address) == 0)
            return connection;
        close(connection);
    }
    return -1;
}

static struct exchange *
find_free(struct front *front)
{
    if (front->running == FRONT_CALLS_MAX)
        return NULL;
    while (front->exchanges[front->free_hint].asker != NULL)
        front->free_hint = (front->free_hint + 1) % FRONT_CALLS_MAX;
    return &front->exchanges[front->free_hint];
}

bool
front_send(struct front *front, struct asker *asker, const struct front_request *request)
{
    struct exchange *exchange = find_free(front);
    int connection = exchange != NULL ? dial(front) : -1;
    if (connection < 0)
        return false;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = exchange};
    write_request(front, request);
    /* a request is much smaller than what a socket takes at once */
    if (send(connection, front->request.data, front->request.length, MSG_NOSIGNAL) !=
            (ssize_t)front->request.length ||
        epoll_ctl(front->events, EPOLL_CTL_ADD, connection, &event) != 0) {
        close(connection);
        return false;
    }
    exchange->asker = asker;
    exchange->socket = connection;
    exchange->began_us = clock_monotonic_us();
    buffer_clear(&exchange->records);
    front->running++;
    return true;
}

static void
end(struct front *front, struct exchange *exchange, bool is_whole)
{
    struct fastcgi_answer answer = {.body = ""};
    struct asker *asker = exchange->asker;
    close(exchange->socket);
    exchange->asker = NULL;
    front->running--;
    if (is_whole && !fastcgi_read_answer(&exchange->records, &front->text, &answer))
        answer = (struct fastcgi_answer){.body = ""};
    asker->answered(asker, &answer, clock_monotonic_us() - exchange->began_us);
}

static void
receive(struct front *front, struct exchange *exchange)
{
    for (;;) {
        char part[16384];
        ssize_t got = recv(exchange->socket, part, sizeof part, 0);
        if (got > 0) {
            buffer_append(&exchange->records, part, (size_t)got);
            continue;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            end(front, exchange, got == 0);
        return;
    }
}

static void
end_late_calls(struct front *front)
{
    int64_t now = clock_monotonic();
    if (now < front->checked_at + 100)
        return;
    front->checked_at = now;
    for (int i = 0; i < FRONT_CALLS_MAX; i++) {
        struct exchange *exchange = &front->exchanges[i];
        if (exchange->asker != NULL && exchange->began_us / 1000 + ANSWER_MS < now)
            end(front, exchange, false);
    }
}

int
front_running(const struct front *front)
{
    return front->running;
}

void
front_wait(struct front *front, int milliseconds)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(front->events, events, EVENTS, milliseconds);
    for (int i = 0; i < count; i++)
        receive(front, events[i].data.ptr);
    end_late_calls(front);
}

/* One who waits for the answer. */
struct patient {
    struct asker asker;
    struct buffer *body;
    int status;
    bool told;
};

static void
keep_answer(struct asker *asker, const struct fastcgi_answer *answer, int64_t took_us)
{
    struct patient *patient = (struct patient *)asker;
    (void)took_us;
    patient->told = true;
    patient->status = answer->status;
    buffer_clear(patient->body);
    buffer_text(patient->body, answer->body);
}

int
front_ask(struct front *front, const char *path, const char *query, struct buffer *body)
{
    struct patient patient = {.asker = {keep_answer}, .body = body};
    const struct front_request request = {"GET", path, query, "", "", ""};
    if (!front_send(front, &patient.asker, &request))
        return 0;
    while (!patient.told)
        front_wait(front, 100);
    return patient.status;
}
