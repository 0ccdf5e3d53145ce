#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 256, READ_AT_ONCE = 16384 };

struct http_client {
    int epoll;
    bool fresh;
    struct http_servers servers;
    int opened; /* connections, which begin at one server after the other */
    http_answered *answered;
};

/* A default route is one to 0.0.0.0. */
static bool
has_way_out(void)
{
    char line[256];
    unsigned destination = 1;
    FILE *routes = fopen("/proc/net/route", "r");
    while (routes != NULL && destination != 0 && fgets(line, sizeof line, routes) != NULL)
        if (sscanf(line, "%*s %x", &destination) != 1)
            destination = 1; /* the heading */
    if (routes != NULL)
        fclose(routes);
    return routes == NULL || destination == 0;
}

bool
http_add_server(struct http_servers *servers, const char *text)
{
    char address[INET_ADDRSTRLEN];
    int port, length = 0;
    struct sockaddr_in server = {.sin_family = AF_INET};
    if (servers->count == HTTP_SERVERS_MAX ||
        sscanf(text, "%15[0-9.]:%d%n", address, &port, &length) != 2 || text[length] != '\0' ||
        port < 1 || port > 65535 || inet_pton(AF_INET, address, &server.sin_addr) != 1)
        return false;
    server.sin_port = htons((uint16_t)port);
    if (ntohl(server.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET && has_way_out())
        return false;
    servers->all[servers->count++] = server;
    return true;
}

struct http_client *
http_create(const struct http_servers *servers, bool fresh, http_answered *answered)
{
    struct http_client *client = calloc(1, sizeof *client);
    if (client == NULL || (client->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
        abort();
    client->fresh = fresh;
    client->answered = answered;
    client->servers = *servers;
    return client;
}

void
http_free(struct http_client *client)
{
    close(client->epoll);
    free(client);
}

void
http_open(struct http_connection *connection, struct http_client *client)
{
    int server = client->opened++ % client->servers.count;
    *connection = (struct http_connection){.client = client, .server = server, .socket = -1};
}

static void
disconnect(struct http_connection *connection)
{
    if (connection->socket >= 0)
        close(connection->socket);
    connection->socket = -1;
}

void
http_close(struct http_connection *connection)
{
    disconnect(connection);
    buffer_free(&connection->request);
    buffer_free(&connection->answer);
}

/* ---- sending ---- */

static bool
connect_socket(struct http_connection *connection)
{
    struct http_client *client = connection->client;
    int on = 1;
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->socket < 0)
        return false;
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const struct sockaddr_in *server = &client->servers.all[connection->server];
    if (connect(connection->socket, (const struct sockaddr *)server, sizeof *server) != 0 &&
        errno != EINPROGRESS) {
        disconnect(connection);
        return false;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    epoll_ctl(client->epoll, EPOLL_CTL_ADD, connection->socket, &event);
    return true;
}

/* nginx closes idle connections, at a restart or after a minute. */
static bool
was_closed(const struct http_connection *connection)
{
    char byte;
    return recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

void
http_call(struct http_connection *connection, bool vanish, int64_t deadline)
{
    connection->calling = true;
    connection->vanish = vanish;
    connection->deadline = deadline;
    connection->sent = 0;
    buffer_clear(&connection->answer);
    if (connection->socket >= 0 && (connection->client->fresh || was_closed(connection)))
        disconnect(connection);
    if (connection->socket < 0 && !connect_socket(connection))
        return; /* http_check() tells */
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    epoll_ctl(connection->client->epoll, EPOLL_CTL_MOD, connection->socket, &event);
}

static void
end_call(struct http_connection *connection, const struct http_answer *answer)
{
    connection->calling = false;
    connection->client->answered(connection, answer);
}

/* Ends the call without an answer; nothing is known of it unless no byte went out. */
static void
break_off(struct http_connection *connection, enum http_ending ending)
{
    disconnect(connection);
    if (ending != HTTP_VANISHED)
        connection->server = (connection->server + 1) % connection->client->servers.count;
    if (connection->calling)
        end_call(connection, &(struct http_answer){.ending = ending, .body = ""});
}

static void
send_more(struct http_connection *connection)
{
    while (connection->calling && connection->sent < connection->request.length) {
        ssize_t length = send(connection->socket, connection->request.data + connection->sent,
                              connection->request.length - connection->sent, MSG_NOSIGNAL);
        if (length < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN))
            return;
        if (length < 0) {
            break_off(connection, connection->sent == 0 ? HTTP_NOT_SENT : HTTP_LOST);
            return;
        }
        connection->sent += (size_t)length;
    }
    if (connection->calling && connection->vanish)
        break_off(connection, HTTP_VANISHED);
}

/* ---- receiving ---- */

/* The value of a header as nginx writes it, or NULL. */
static const char *
find_header(const char *head, const char *name)
{
    const char *found = strstr(head, name);
    return found != NULL ? found + strlen(name) : NULL;
}

static int
number_header(const char *head, const char *name, int default_value)
{
    const char *value = find_header(head, name);
    return value != NULL ? atoi(value) : default_value;
}

/* Whether the answer is whole: then `read` is filled. Its head is cut off as a text of its own. */
static bool
read_answer(struct http_connection *connection, struct http_answer *read, bool *keep)
{
    char *head = connection->answer.data;
    char *end = strstr(head, "\r\n\r\n");
    if (end == NULL)
        return false;
    char kept = end[2];
    end[2] = '\0';
    int status = 0;
    sscanf(head, "HTTP/1.%*d %d", &status);
    int length = number_header(head, "\r\nContent-Length: ", status == 204 ? 0 : -1);
    size_t have = connection->answer.length - (size_t)(end + 4 - head);
    *keep = length >= 0 && strstr(head, "\r\nConnection: close\r\n") == NULL;
    if (length > 0 && have < (size_t)length) {
        end[2] = kept;
        return false;
    }
    *read = (struct http_answer){
        .ending = length >= 0 ? HTTP_ANSWERED : HTTP_LOST,
        .status = length >= 0 ? status : 0,
        .replayed = strstr(head, "\r\nIdempotency-Replayed: true\r\n") != NULL,
        .retry_after = number_header(head, "\r\nRetry-After: ", 0),
        .body = end + 4,
    };
    const char *id = find_header(head, "\r\nX-Request-Id: ");
    if (id != NULL)
        snprintf(read->request_id, sizeof read->request_id, "%.*s", (int)strcspn(id, "\r"), id);
    return true;
}

static void
receive_more(struct http_connection *connection)
{
    struct http_answer answer;
    bool keep;
    for (;;) {
        char *room = buffer_reserve(&connection->answer, READ_AT_ONCE);
        ssize_t length = recv(connection->socket, room, READ_AT_ONCE - 1, 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && errno == EAGAIN)
            return;
        if (length <= 0) {
            break_off(connection, connection->sent == 0 ? HTTP_NOT_SENT : HTTP_LOST);
            return;
        }
        room[length] = '\0';
        connection->answer.length += (size_t)length;
        if (connection->calling && read_answer(connection, &answer, &keep)) {
            if (!keep)
                disconnect(connection);
            end_call(connection, &answer);
            return;
        }
    }
}

void
http_wait(struct http_client *client, int milliseconds)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(client->epoll, events, EVENTS_AT_ONCE, milliseconds);
    for (int i = 0; i < count; i++) {
        struct http_connection *connection = events[i].data.ptr;
        if (connection->socket >= 0 && (events[i].events & EPOLLOUT) != 0)
            send_more(connection);
        if (connection->socket >= 0 && (events[i].events & ~(uint32_t)EPOLLOUT) != 0)
            receive_more(connection);
    }
}

void
http_check(struct http_connection *connection, int64_t now)
{
    if (connection->calling && connection->socket < 0)
        break_off(connection, HTTP_NOT_SENT);
    else if (connection->calling && now >= connection->deadline)
        break_off(connection, HTTP_LOST);
}
