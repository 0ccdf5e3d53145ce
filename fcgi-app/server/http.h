/* http: one FastCGI request as a struct request, and a struct response as its answer. */
#ifndef FRONTROW_SERVER_HTTP_H
#define FRONTROW_SERVER_HTTP_H

#include <fcgiapp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/message.h"

/* One request while it is worked on; kept from one to the next for its memory. Zeroed is valid. */
struct exchange {
    FCGX_Request *connection; /* borrowed; its memory holds the texts of `request` */
    struct request request;
    struct response response;
    int64_t sent_at;        /* when nginx had the whole request (MSEC), clock_wall(); 0: not said */
    int64_t content_length; /* -1: not said */
    bool path_is_derived;   /* the web server sent no DOCUMENT_URI */
    struct buffer path;     /* holds such a path */
    struct buffer body;
    struct buffer head; /* of the answer */
};

/* Takes over an accepted request: reads its parameters, not its body. */
void http_begin(struct exchange *exchange, FCGX_Request *connection);

/*
 * Reads the body into request->body. More than `limit` bytes is ERROR_BODY_TOO_LARGE, without
 * reading it where the length says so; one that breaks off is ERROR_BAD_REQUEST. `exchange` is a
 * struct exchange: the router calls this through a pointer.
 */
enum error http_read_body(void *exchange, struct request *request, size_t limit) MUST_CHECK;

/* Writes exchange->response as the answer. False: it did not get through to nginx. */
bool http_send(struct exchange *exchange);

/* Gives the memory back. */
void http_free(struct exchange *exchange);

#endif
