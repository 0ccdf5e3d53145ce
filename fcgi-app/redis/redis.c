#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>

#include "base/breaker.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/shared.h"
#include "redis/connection.h"
#include "redis/refusal.h"

enum { INFO_SIZE = 8192, OLDEST_VERSION = 7 };

struct redis *
redis_open(const struct config *config, struct shared *shared)
{
    struct redis *redis = calloc(1, sizeof *redis);
    uint64_t name;
    if (redis == NULL || getrandom(&name, sizeof name, 0) != (ssize_t)sizeof name)
        log_abort("no memory, or getrandom() failed");
    redis->config = config;
    if (shared != NULL) {
        redis->breaker = &shared->redis;
        redis->unknowns = &shared->redis_unknowns;
    }
    snprintf(redis->builder, sizeof redis->builder, "%016llx", (unsigned long long)name);
    signal(SIGPIPE, SIG_IGN); /* hiredis writes to a connection that Redis may have ended */
    return redis;
}

static void
disconnect(struct redis *redis)
{
    if (redis->context != NULL)
        redisFree(redis->context);
    redis->context = NULL;
}

void
redis_close(struct redis *redis)
{
    if (redis == NULL)
        return;
    disconnect(redis);
    command_free(&redis->head);
    command_free(&redis->rest);
    free(redis);
}

/* A late reply on a handle that timed out would answer the next caller: it is closed. */
static enum answer
lose(struct redis *redis, const char *what)
{
    log_warn("Redis: %s", what);
    if (redis->breaker != NULL)
        breaker_failure(redis->breaker);
    disconnect(redis);
    return ANSWER_GONE;
}

/* The connection's own failures. One that Redis had ended while it was idle may be made anew. */
static enum answer
transport_failed(struct redis *redis)
{
    const redisContext *context = redis->context;
    bool ended = context->err == REDIS_ERR_EOF ||
                 (context->err == REDIS_ERR_IO && (errno == EPIPE || errno == ECONNRESET));
    if (ended) {
        disconnect(redis);
        return ANSWER_LOST;
    }
    if (context->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK))
        return lose(redis, "no answer in time");
    return lose(redis, context->errstr);
}

bool
redis_is_time_to_tell(int64_t *told_at)
{
    enum { TOLD_EVERY_MS = 60000 };
    int64_t now = clock_monotonic();
    if (*told_at != 0 && now - *told_at < TOLD_EVERY_MS)
        return false;
    *told_at = now;
    return true;
}

/* An error that Redis answers: it is there, but does not do what was asked. */
static enum answer
refused(struct redis *redis, const char *error)
{
    char word[UNKNOWN_NAME_SIZE];
    switch (redis_refusal_of(error)) {
    case REDIS_NO_FUNCTION:
        return ANSWER_NO_FUNCTION;
    case REDIS_OURS:
        log_error("Redis: %s", error);
        return ANSWER_FAILED;
    case REDIS_FULL:
        if (redis_is_time_to_tell(&redis->full_told))
            log_warn("Redis: %s (told once a minute)", error);
        return ANSWER_FULL;
    case REDIS_LATER:
        log_warn("Redis: %s", error);
        return ANSWER_GONE;
    case REDIS_ELSEWHERE:
        log_warn("Redis: %s", error);
        break;
    case REDIS_UNKNOWN:
        snprintf(word, sizeof word, "%.*s", (int)strcspn(error, " "), error);
        if (unknowns_count(redis->unknowns, word))
            log_error("Redis: %s (there is no rule for this: told once a minute)", error);
        break;
    }
    disconnect(redis);
    return ANSWER_GONE;
}

static enum answer
receive(struct redis *redis, redisReply **reply)
{
    void *received = NULL;
    errno = 0;
    if (redisGetReply(redis->context, &received) != REDIS_OK)
        return transport_failed(redis);
    if (redis->breaker != NULL)
        breaker_success(redis->breaker);
    *reply = received;
    if ((*reply)->type != REDIS_REPLY_ERROR)
        return ANSWER_OK;
    enum answer answer = refused(redis, (*reply)->str);
    freeReplyObject(*reply);
    *reply = NULL;
    return answer;
}

enum answer
redis_send(struct redis *redis, bool rest, redisReply **reply)
{
    size_t count = redis->head.count + (rest ? redis->rest.count : 0);
    const char **words = calloc(count, sizeof *words);
    size_t *lengths = calloc(count, sizeof *lengths);
    if (words == NULL || lengths == NULL)
        log_abort("no memory");
    size_t first = command_list(&redis->head, words, lengths);
    if (rest)
        command_list(&redis->rest, words + first, lengths + first);
    int appended = redisAppendCommandArgv(redis->context, (int)count, words, lengths);
    free(words);
    free(lengths);
    *reply = NULL;
    return appended == REDIS_OK ? receive(redis, reply) : lose(redis, "no memory");
}

/* Sends one or two words; true where the answer is no error. The text of it goes to `text`. */
static bool
ask(struct redis *redis, const char *first, const char *second, char *text, size_t size)
{
    redisReply *reply;
    command_clear(&redis->head);
    command_add_text(&redis->head, first);
    if (second != NULL)
        command_add_text(&redis->head, second);
    enum answer answer = redis_send(redis, false, &reply);
    if (answer == ANSWER_LOST)
        lose(redis, "the connection ended");
    if (answer != ANSWER_OK)
        return false;
    assert(reply != NULL);
    snprintf(text, size, "%s", reply->str != NULL ? reply->str : "");
    freeReplyObject(reply);
    return true;
}

/* What stands behind a name in the text of INFO; NULL: it does not say. */
static const char *
find_info(const char *info, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = info; (at = strstr(at, name)) != NULL; at += length)
        if ((at == info || at[-1] == '\n') && at[length] == ':')
            return at + length + 1;
    return NULL;
}

/* A Redis in which no queues can be kept, as it is set up or made. */
static bool
refuse_server(struct redis *redis, const char *why)
{
    redis->unfit = true;
    if (redis->breaker != NULL)
        breaker_failure(redis->breaker);
    if (redis_is_time_to_tell(&redis->unfit_told))
        log_error("Redis: %s. Until then there are no queues", why);
    return false;
}

/* Which run of Redis this is. Queues are functions, which came with Redis 7. */
static bool
read_server(struct redis *redis)
{
    char info[INFO_SIZE], why[128];
    if (!ask(redis, "INFO", "server", info, sizeof info))
        return false;
    const char *at = find_info(info, "run_id");
    if (at == NULL || sscanf(at, "%40[0-9a-f]", redis->run_id) != 1) {
        lose(redis, "it does not tell its run_id");
        return false;
    }
    const char *version = find_info(info, "redis_version");
    if (version == NULL || strtol(version, NULL, 10) >= OLDEST_VERSION)
        return true;
    snprintf(why, sizeof why, "it is version %.*s and has to be %d or newer, which has functions",
             (int)strcspn(version, "\r\n"), version, OLDEST_VERSION);
    return refuse_server(redis, why);
}

/*
 * A Redis that evicts throws parts of queues away when its memory is full, instead of turning away
 * who comes. INFO tells its policy also where CONFIG is forbidden.
 */
static bool
keeps_all(struct redis *redis)
{
    char info[INFO_SIZE], why[128];
    if (!ask(redis, "INFO", "memory", info, sizeof info))
        return false;
    const char *policy = find_info(info, "maxmemory_policy");
    if (policy == NULL || strncmp(policy, "noeviction", strlen("noeviction")) == 0)
        return true;
    snprintf(why, sizeof why,
             "maxmemory-policy is %.*s and has to be noeviction: parts of the queues would be lost",
             (int)strcspn(policy, "\r\n"), policy);
    return refuse_server(redis, why);
}

static redisContext *
dial(const struct config *config)
{
    struct timeval timeout = {
        .tv_sec = config->redis_timeout_ms / 1000,
        .tv_usec = config->redis_timeout_ms % 1000 * 1000L,
    };
    redisContext *context =
        config->redis_socket[0] != '\0'
            ? redisConnectUnixWithTimeout(config->redis_socket, timeout)
            : redisConnectWithTimeout(config->redis_host, config->redis_port, timeout);
    if (context != NULL && context->err == 0)
        redisSetTimeout(context, timeout);
    return context;
}

bool
redis_ensure(struct redis *redis)
{
    if (redis->context != NULL)
        return true;
    redis->context = dial(redis->config);
    if (redis->context == NULL || redis->context->err != 0) {
        lose(redis, redis->context == NULL ? "no memory" : redis->context->errstr);
        return false;
    }
    char ignored[64];
    const char *password = redis->config->redis_password;
    if ((password[0] == '\0' || ask(redis, "AUTH", password, ignored, sizeof ignored)) &&
        read_server(redis) && keeps_all(redis))
        return true;
    disconnect(redis);
    return false;
}

/* ask(), on a new connection where Redis had ended the one that was idle. */
static bool
ask_again(struct redis *redis, const char *first, const char *second, char *text, size_t size)
{
    if ((redis->breaker != NULL && breaker_is_open(redis->breaker)) || !redis_ensure(redis))
        return false;
    bool answered = ask(redis, first, second, text, size);
    if (!answered && redis->context == NULL && redis_ensure(redis))
        answered = ask(redis, first, second, text, size);
    return answered;
}

bool
redis_ping(struct redis *redis)
{
    char pong[8];
    return ask_again(redis, "PING", NULL, pong, sizeof pong);
}

bool
redis_read_memory(struct redis *redis, struct redis_memory *memory)
{
    char info[INFO_SIZE];
    if (!ask_again(redis, "INFO", "memory", info, sizeof info))
        return false;
    const char *used = find_info(info, "used_memory"), *limit = find_info(info, "maxmemory");
    if (used == NULL || limit == NULL)
        return false;
    *memory = (struct redis_memory){
        .used = strtoll(used, NULL, 10),
        .limit = strtoll(limit, NULL, 10),
    };
    return true;
}

enum redis_fitness
redis_check(struct redis *redis)
{
    redis->unfit = false;
    if (redis_ensure(redis))
        return REDIS_FIT;
    return redis->unfit ? REDIS_UNFIT : REDIS_AWAY;
}

bool
redis_probe(struct redis *redis)
{
    if (redis->breaker == NULL || !breaker_is_open(redis->breaker))
        return false;
    /* to connect takes up to four waits: the socket, AUTH, INFO twice */
    if (!breaker_take_probe(redis->breaker, 4 * redis->config->redis_timeout_ms))
        return true;
    disconnect(redis);
    if (!redis_ensure(redis)) {
        breaker_failure(redis->breaker);
        return true;
    }
    log_info("Redis answers again");
    return false;
}
