/* connection: the inside of struct redis, for the files of redis/ only. */
#ifndef FRONTROW_REDIS_CONNECTION_H
#define FRONTROW_REDIS_CONNECTION_H

#include <hiredis/hiredis.h>

#include "redis/command.h"
#include "redis/redis.h"

enum { RUN_ID_SIZE = 41, BUILDER_SIZE = 17 };

struct redis {
    const struct config *config;
    struct breaker *breaker; /* NULL in tools, likewise unknowns */
    struct unknowns *unknowns;
    redisContext *context;      /* NULL: not connected */
    char run_id[RUN_ID_SIZE];   /* of the Redis that it is connected to */
    char builder[BUILDER_SIZE]; /* names this process where it loads a queue */
    bool unfit;                 /* why the last connect failed: the server is, as it is */
    int64_t unfit_told;         /* for redis_is_time_to_tell(), likewise the next two */
    int64_t full_told;
    int64_t load_told;
    struct command head; /* first words of a call */
    struct command rest; /* its own arguments */
};

/* What became of a command. */
enum answer {
    ANSWER_OK,
    ANSWER_NO_FUNCTION, /* the function library has to be loaded */
    ANSWER_LOST,        /* the connection had ended; it may be sent again on a new one */
    ANSWER_FULL,        /* its memory is full, and this would take more */
    ANSWER_GONE,        /* out of reach, timed out, or it does not do it now, for whatever reason */
    ANSWER_FAILED,      /* an error that is known to be a bug; logged */
};

/* Whether it is time to log something again: the first time, and then once a minute. */
bool redis_is_time_to_tell(int64_t *told_at);

/* Connects if need be. False: Redis is out of reach. */
bool redis_ensure(struct redis *redis);

/*
 * Sends redis->head and, with `rest`, redis->rest as one command. ANSWER_OK gives *reply, which
 * the caller frees with freeReplyObject(); otherwise it is NULL.
 */
enum answer redis_send(struct redis *redis, bool rest, redisReply **reply);

#endif
