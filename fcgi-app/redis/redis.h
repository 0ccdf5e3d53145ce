/*
 * redis: one connection to Redis. It connects at first use, and again at the first use after the
 * connection was lost or a call timed out: a late reply would answer the next caller.
 */
#ifndef FRONTROW_REDIS_REDIS_H
#define FRONTROW_REDIS_REDIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/must_check.h"

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

struct redis_memory {
    int64_t used;  /* bytes, likewise the limit */
    int64_t limit; /* maxmemory; 0: none is set */
};

/* How much memory Redis has taken and may take. False: it is out of reach. */
bool redis_read_memory(struct redis *redis, struct redis_memory *memory) MUST_CHECK;

/* Appends what INFO says of a section. False: Redis is out of reach. */
bool redis_write_info(struct redis *redis, const char *section, struct buffer *out) MUST_CHECK;

/* The lowest database number from 1 on, other than the setting's, that has no key; -1: none of the
 * 16 that a Redis has by default, or it is out of reach. */
int redis_find_empty_database(struct redis *redis);

enum redis_fitness {
    REDIS_FIT,
    REDIS_AWAY,
    REDIS_UNFIT, /* too old, or its settings would lose parts of queues; logged */
};

/* Connects and says whether queues can be kept there. For frontrow --check. */
enum redis_fitness redis_check(struct redis *redis);

enum { REDIS_SERVER_SIZE = 48 }; /* with the NUL */

/* The server's name and version, "Redis 7.0.15" or "Valkey 8.1.1"; "" if it was not connected. */
const char *redis_server(const struct redis *redis);

/* Whether Redis answers. For tools. */
bool redis_ping(struct redis *redis);

#endif
