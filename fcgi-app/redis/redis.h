/*
 * redis: one connection to Redis. It connects at first use, and again at the first use after the
 * connection was lost or a call timed out: a late reply would answer the next caller.
 */
#ifndef FRONTROW_REDIS_REDIS_H
#define FRONTROW_REDIS_REDIS_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct redis;
struct shared;

/*
 * Makes a handle; nothing is connected yet. `shared` is NULL in tools. Never NULL; end it with
 * redis_close(). The process ignores SIGPIPE from now on.
 */
struct redis *redis_open(const struct config *config, struct shared *shared);
void redis_close(struct redis *redis);

/*
 * Between two requests: where Redis did not answer and it is this one's turn to look, finds out
 * whether it does again. True: not yet.
 */
bool redis_probe(struct redis *redis);

/* How many bytes Redis may take; 0: no limit is set. False: it did not say, *bytes is as it was. */
bool redis_read_maxmemory(struct redis *redis, int64_t *bytes) __attribute__((warn_unused_result));

/* Whether Redis answers. For tools. */
bool redis_ping(struct redis *redis);

#endif
