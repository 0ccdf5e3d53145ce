/* router: finds the route of a request, makes the checks that every route shares, settles the
 * caller. */
#ifndef FRONTROW_SERVER_ROUTER_H
#define FRONTROW_SERVER_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/message.h"

struct verifier;

/* Two tables of routes as one tree of path segments. Fixed once made, and shared by all workers. */
struct router;

/* What the path and the method of a request led to. */
struct match {
    const struct route *route; /* NULL: `error` says why, or it is an OPTIONS request */
    size_t index;              /* for router_route(); router_route_count() without a route */
    enum error error;
    const char *allow; /* the path's methods, owned by the router; NULL on an unknown path */
};

/* What a worker lends the router for one request. */
struct request_env {
    const struct config *config;
    struct verifier *verifier; /* of tokens; NULL where caller is not jwt */
    const struct application *application;
    void *services;     /* for the application's handlers */
    void *own_services; /* for the server's own handlers */
    /*
     * Reads the body into request->body, no more than `limit` bytes. Anything but ERROR_NONE is
     * the answer.
     */
    enum error (*read_body)(void *source, struct request *request, size_t limit);
    void *source;
};

/*
 * Makes the tree of the application's table and the server's own. The tables are borrowed.
 * Ends the process where a pattern can not be served: that is a bug in a table.
 */
struct router *router_create(const struct route *routes, size_t count, const struct route *own,
                             size_t own_count);

void router_free(struct router *router);

/* How many routes both tables have, and the one with that index. */
size_t router_route_count(const struct router *router);
const struct route *router_route(const struct router *router, size_t index);

/* Whether operators and monitors call it, and no buyers. */
bool route_is_for_operators(const struct route *route);

/* Finds the route and sets request->ids. */
struct match router_match(const struct router *router, struct request *request);

/*
 * Makes the checks of a matched request, in the contract's order. The response is reset first.
 * False: it is the answer. True: router_handle() or the route's handle_batch() is due.
 */
bool router_admit(const struct match *match, const struct request_env *env, struct request *request,
                  struct response *response) MUST_CHECK;

/* Lets the route's handler answer. */
void router_handle(const struct router *router, const struct match *match,
                   const struct request_env *env, const struct request *request,
                   struct response *response);

/* After the answer, whoever gave it. */
void router_end(const struct request_env *env, struct request *request);

#endif
