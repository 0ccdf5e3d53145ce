#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/breaker.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/random.h"
#include "base/shared.h"
#include "base/spent.h"
#include "redis/connection.h"
#include "redis/fitness.h"
#include "redis/refusal.h"

enum { DATABASES = 16 };

struct redis *
redis_open(const struct config *config, struct shared *shared)
{
    struct redis *redis = calloc(1, sizeof *redis);
    uint64_t name;
    if (redis == NULL)
        log_abort("no memory");
    random_fill(&name, sizeof name);
    redis->config = config;
    if (shared != NULL) {
        redis->breaker = &shared->redis;
        redis->unknowns = &shared->redis_unknowns;
        redis->refusals = &shared->redis_refusals;
        redis->chosen = &shared->redis_host;
    }
    redis_list_hosts(redis);
    snprintf(redis->builder, sizeof redis->builder, "%016llx", (unsigned long long)name);
    signal(SIGPIPE, SIG_IGN); /* hiredis writes to a connection that Redis may have ended */
    return redis;
}

void
redis_close(struct redis *redis)
{
    if (redis == NULL)
        return;
    link_close(&redis->link);
    command_free(&redis->head);
    command_free(&redis->rest);
    free(redis);
}

static void
count_refusal(struct redis *redis, const char *name)
{
    if (redis->refusals != NULL)
        unknowns_count(redis->refusals, name);
}

enum answer
redis_lose(struct redis *redis, const char *what)
{
    log_warn("Redis: %s", what);
    count_refusal(redis, "lost");
    if (redis->breaker != NULL && !redis->connecting)
        breaker_failure(redis->breaker);
    link_close(&redis->link);
    return ANSWER_GONE;
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
    snprintf(word, sizeof word, "%.*s", (int)strcspn(error, " "), error);
    count_refusal(redis, word);
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
        if (unknowns_count(redis->unknowns, word))
            log_error("Redis: %s (there is no rule for this: told once a minute)", error);
        break;
    }
    link_close(&redis->link);
    return ANSWER_GONE;
}

/* The connection's own failures. One that Redis had ended while it was idle may be made anew. */
static enum answer
link_failed(struct redis *redis, enum link_result result)
{
    if (result == LINK_ENDED) {
        link_close(&redis->link);
        return ANSWER_LOST;
    }
    if (result == LINK_LATE)
        redis->doubted = redis->host;
    return redis_lose(redis, result == LINK_LATE ? "no answer in time" : link_error(&redis->link));
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
    int64_t started_us = clock_monotonic_us();
    enum link_result result = link_ask(&redis->link, count, words, lengths, reply);
    spent_add(DEPENDENCY_REDIS, clock_monotonic_us() - started_us);
    free(words);
    free(lengths);
    if (result != LINK_OK)
        return link_failed(redis, result);
    if (redis->breaker != NULL && !redis->connecting)
        breaker_success(redis->breaker);
    if ((*reply)->type != REDIS_REPLY_ERROR)
        return ANSWER_OK;
    enum answer answer = refused(redis, (*reply)->str);
    freeReplyObject(*reply);
    *reply = NULL;
    return answer;
}

/* Where Redis had ended a connection that was idle, on a new one. */
static bool
ask_again(struct redis *redis, const char *const *words, char *text, size_t size)
{
    if ((redis->breaker != NULL && breaker_is_open(redis->breaker)) || !redis_ensure(redis))
        return false;
    bool answered = redis_ask(redis, words, text, size);
    if (!answered && redis->link.context == NULL && redis_ensure(redis))
        answered = redis_ask(redis, words, text, size);
    return answered;
}

bool
redis_ping(struct redis *redis)
{
    char pong[8];
    return ask_again(redis, (const char *const[]){"PING", NULL}, pong, sizeof pong);
}

bool
redis_read_memory(struct redis *redis, struct redis_memory *memory)
{
    char info[INFO_SIZE];
    if (!ask_again(redis, (const char *const[]){"INFO", "memory", NULL}, info, sizeof info))
        return false;
    const char *used = fitness_find_info(info, "used_memory"),
               *limit = fitness_find_info(info, "maxmemory");
    if (used == NULL || limit == NULL)
        return false;
    *memory = (struct redis_memory){
        .used = strtoll(used, NULL, 10),
        .limit = strtoll(limit, NULL, 10),
    };
    return true;
}

bool
redis_write_info(struct redis *redis, const char *section, struct buffer *out)
{
    char info[INFO_SIZE];
    if (!ask_again(redis, (const char *const[]){"INFO", section, NULL}, info, sizeof info))
        return false;
    buffer_text(out, info);
    return true;
}

/* INFO has a row for each database that is not empty: "db0:keys=...". */
int
redis_find_empty_database(struct redis *redis)
{
    struct buffer used = {0};
    int found = -1;
    bool is_known = redis_write_info(redis, "keyspace", &used);
    for (int i = 1; i < DATABASES && is_known && found < 0; i++) {
        char name[16];
        snprintf(name, sizeof name, "db%d:", i);
        if (i != redis->config->redis_database &&
            (used.length == 0 || strstr(used.data, name) == NULL))
            found = i;
    }
    buffer_free(&used);
    return found;
}

enum redis_fitness
redis_check(struct redis *redis)
{
    redis->unfit = false;
    if (redis_ensure(redis))
        return REDIS_FIT;
    return redis->unfit ? REDIS_UNFIT : REDIS_AWAY;
}

const char *
redis_server(const struct redis *redis)
{
    return redis->server;
}

bool
redis_probe(struct redis *redis)
{
    if (redis->breaker == NULL || !breaker_is_open(redis->breaker))
        return false;
    /* to connect takes some waits: a Sentinel, the socket, TLS, AUTH, SELECT, INFO */
    if (!breaker_take_probe(redis->breaker, 8 * redis->config->redis_timeout_ms))
        return true;
    link_close(&redis->link);
    if (!redis_ensure(redis)) {
        breaker_failure(redis->breaker);
        return true;
    }
    log_info("Redis answers again");
    breaker_success(redis->breaker);
    return false;
}
