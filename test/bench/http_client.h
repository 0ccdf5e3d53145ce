/*
 * http_client: many HTTP/1.1 connections to servers on this machine, one call at a time each. With
 * several servers a connection whose call got no answer goes to the next one.
 */
#ifndef BENCH_HTTP_CLIENT_H
#define BENCH_HTTP_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* What came of a call. */
enum http_ending {
    HTTP_ANSWERED,
    HTTP_LOST,     /* the connection ended, or time was up, without a whole answer */
    HTTP_NOT_SENT, /* there was no connection: the server has not seen the call */
    HTTP_VANISHED, /* the caller wanted to be gone before the answer */
};

struct http_answer {
    enum http_ending ending;
    int status; /* 0 unless answered */
    bool replayed;
    int retry_after; /* seconds; 0: none was named */
    char request_id[64];
    const char *body; /* NUL-terminated, valid in the callback only */
};

struct http_connection;
struct http_client;

/* Told of each call's end, once; it must not begin a call. */
typedef void http_answered(struct http_connection *connection, const struct http_answer *answer);

/* One connection, kept from call to call. Made by http_open(), closed by nobody: the end does. */
struct http_connection {
    struct http_client *client;
    int server; /* which one it goes to */
    int socket; /* -1: none */
    bool calling;
    bool vanish;      /* close as soon as the request is sent */
    int64_t deadline; /* clock_monotonic() */
    struct buffer request;
    size_t sent;
    struct buffer answer;
};

enum { HTTP_SERVERS_MAX = 4 };

/*
 * Adds "ADDRESS:PORT" to the list. Only this machine may be loaded: the address is a loopback one,
 * or this is a network namespace from which no route leads out. False: it is not, or malformed.
 */
struct http_servers {
    struct sockaddr_in all[HTTP_SERVERS_MAX];
    int count;
};
bool http_add_server(struct http_servers *servers, const char *text);

/* A client of these servers; with `fresh` each call gets a connection of its own. */
struct http_client *http_create(const struct http_servers *servers, bool fresh,
                                http_answered *answered);
void http_free(struct http_client *client);

void http_open(struct http_connection *connection, struct http_client *client);
void http_close(struct http_connection *connection);

/* Sends connection->request; its end by `deadline` is told by http_wait() or http_check(). */
void http_call(struct http_connection *connection, bool vanish, int64_t deadline);

/* Moves all calls on; waits at most so long when nothing happens. */
void http_wait(struct http_client *client, int milliseconds);

/* Ends a call whose time is up, or that found no server. */
void http_check(struct http_connection *connection, int64_t now);

#endif
