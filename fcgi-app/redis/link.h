/* link: one connection to a Redis or a Sentinel, in the clear or by TLS. For redis/ only. */
#ifndef FRONTROW_REDIS_LINK_H
#define FRONTROW_REDIS_LINK_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "base/config.h"
#include "base/host.h"
#include "base/must_check.h"

struct ssl_st;

/* Zero-initialised is closed. */
struct link {
    redisContext *context; /* NULL: not connected */
    struct ssl_st *tls;    /* NULL: in the clear */
};

enum link_result {
    LINK_OK,
    LINK_ENDED,  /* the other side had ended the connection, perhaps long ago */
    LINK_LATE,   /* no answer in time */
    LINK_FAILED, /* anything else */
};

/*
 * Connects to the settings' socket where `host` is NULL, else there. redis_tls and
 * redis_timeout_ms hold. On failure link_error() says why, and it must be closed.
 */
enum link_result link_open(struct link *link, const struct config *config, const struct host *host)
    MUST_CHECK;

/*
 * Sends a command and receives its reply, which is the caller's to free; it may be an error of the
 * server's. On failure the connection is of no more use: a late reply would answer the next caller.
 */
enum link_result link_ask(struct link *link, size_t count, const char **words,
                          const size_t *lengths, redisReply **reply) MUST_CHECK;

/* Why the last call failed. */
const char *link_error(const struct link *link);

/* Harmless where it is closed. */
void link_close(struct link *link);

#endif
