/* connection: the inside of struct redis, for the files of redis/ only. */
#ifndef FRONTROW_REDIS_CONNECTION_H
#define FRONTROW_REDIS_CONNECTION_H

#include <hiredis/hiredis.h>
#include <stdatomic.h>

#include "redis/command.h"
#include "redis/link.h"
#include "redis/redis.h"

enum { RUN_ID_SIZE = 41, BUILDER_SIZE = 17, INFO_SIZE = 8192 };

struct redis {
    const struct config *config;
    struct breaker *breaker; /* NULL in tools, likewise unknowns */
    struct unknowns *unknowns;
    struct unknowns *refusals;
    struct link link;
    struct host hosts[HOSTS_MAX]; /* servers, or the Sentinels, in the order of the settings */
    size_t host_count;
    bool has_list;                  /* from redis_hosts: only a master is used */
    bool has_sentinels;             /* from redis_sentinels: they are asked at each connect */
    bool connecting;                /* a failure counts when all servers were tried */
    _Atomic uint32_t *chosen;       /* the one of redis_hosts that all workers use; NULL in tools */
    uint32_t host;                  /* this connection's (host_key()) */
    uint32_t doubted;               /* did not answer in time: tried last; 0: none */
    uint32_t sentinel;              /* answered last; 0: none yet */
    char run_id[RUN_ID_SIZE];       /* of the Redis that it is connected to */
    char server[REDIS_SERVER_SIZE]; /* its name and version */
    char builder[BUILDER_SIZE];     /* names this process where it loads a queue */
    bool unfit;                     /* why the last connect failed: the server is, as it is */
    int64_t unfit_told;             /* for redis_is_time_to_tell(), likewise the next two */
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

/* Finds out from the settings where to connect. */
void redis_list_hosts(struct redis *redis);

/* Connects if need be. False: Redis is out of reach. */
bool redis_ensure(struct redis *redis);

/* Ends the connection, says why in the log, and counts a failure; always ANSWER_GONE. */
enum answer redis_lose(struct redis *redis, const char *what);

/*
 * Sends words, which NULL ends. True where the answer is no error; its text goes to `text`. The
 * connection must be open, and is not where false is returned for a loss.
 */
bool redis_ask(struct redis *redis, const char *const *words, char *text, size_t size);

/*
 * Sends redis->head and, with `rest`, redis->rest as one command. ANSWER_OK gives *reply, which
 * the caller frees with freeReplyObject(); otherwise it is NULL.
 */
enum answer redis_send(struct redis *redis, bool rest, redisReply **reply);

#endif
