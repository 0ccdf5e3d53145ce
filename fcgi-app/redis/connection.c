#include "redis/connection.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/breaker.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "redis/fitness.h"
#include "redis/sentinel.h"

void
redis_list_hosts(struct redis *redis)
{
    const struct config *config = redis->config;
    redis->has_sentinels = config->redis_sentinels[0] != '\0';
    redis->has_list = config->redis_hosts[0] != '\0';
    int count = redis->has_sentinels
                    ? host_list_read(config->redis_sentinels, 26379, redis->hosts)
                    : host_list_read(config->redis_hosts, config->redis_port, redis->hosts);
    redis->host_count = count > 0 ? (size_t)count : 1;
    if (redis->has_sentinels || redis->has_list)
        return;
    redis->hosts[0].port = config->redis_port;
    snprintf(redis->hosts[0].name, sizeof redis->hosts[0].name, "%s", config->redis_host);
}

bool
redis_ask(struct redis *redis, const char *const *words, char *text, size_t size)
{
    redisReply *reply;
    command_clear(&redis->head);
    for (; *words != NULL; words++)
        command_add_text(&redis->head, *words);
    enum answer answer = redis_send(redis, false, &reply);
    if (answer == ANSWER_LOST)
        redis_lose(redis, "the connection ended");
    if (answer != ANSWER_OK)
        return false;
    assert(reply != NULL);
    snprintf(text, size, "%s", reply->str != NULL ? reply->str : "");
    freeReplyObject(reply);
    return true;
}

static bool
log_in(struct redis *redis)
{
    const struct config *config = redis->config;
    const char *password = config->redis_password;
    char ignored[64], number[16];
    const char *const by_user[] = {"AUTH", config->redis_user, password, NULL};
    const char *const by_password[] = {"AUTH", password, NULL};
    const char *const select[] = {"SELECT", number, NULL};
    snprintf(number, sizeof number, "%d", config->redis_database);
    if (password[0] != '\0' &&
        !redis_ask(redis, config->redis_user[0] != '\0' ? by_user : by_password, ignored,
                   sizeof ignored))
        return false;
    return config->redis_database == 0 || redis_ask(redis, select, ignored, sizeof ignored);
}

/* Replicas refuse the queues' writes. */
static bool
is_master(struct redis *redis)
{
    char info[INFO_SIZE];
    if (!redis_ask(redis, (const char *const[]){"INFO", "replication", NULL}, info, sizeof info))
        return false;
    const char *role = fitness_find_info(info, "role");
    return role != NULL && strncmp(role, "master", strlen("master")) == 0;
}

/* `host` is NULL for the settings' socket. */
static bool
connect_to(struct redis *redis, const struct host *host)
{
    char address[HOST_TEXT_SIZE];
    int64_t started = clock_monotonic();
    redis->host = host != NULL ? host_key(host) : 0;
    if (host != NULL)
        host_print(host, address);
    else
        snprintf(address, sizeof address, "%s", redis->config->redis_socket);
    if (link_open(&redis->link, redis->config, host) != LINK_OK) {
        char what[HOST_TEXT_SIZE + 160];
        snprintf(what, sizeof what, "%s cannot be reached: %s", address, link_error(&redis->link));
        redis_lose(redis, what);
        if (clock_monotonic() - started >= redis->config->redis_timeout_ms / 2)
            redis->doubted = redis->host;
        return false;
    }
    bool several = redis->has_list || redis->has_sentinels;
    if (log_in(redis) && (!several || is_master(redis)) && fitness_check(redis))
        return true;
    link_close(&redis->link);
    return false;
}

/* All workers follow the one who has found the master; a Sentinel is asked by each of them. */
static void
choose(struct redis *redis, const struct host *host)
{
    char address[HOST_TEXT_SIZE];
    redis->doubted = 0;
    if (!redis->has_list || redis->chosen == NULL ||
        atomic_exchange(redis->chosen, redis->host) == redis->host)
        return;
    host_print(host, address);
    log_info("Redis: the master is %s", address);
}

static bool
connect_by_list(struct redis *redis)
{
    size_t order[HOSTS_MAX];
    uint32_t chosen = redis->chosen != NULL ? atomic_load(redis->chosen) : 0;
    host_list_order(redis->hosts, redis->host_count, chosen, redis->doubted, order);
    for (size_t i = 0; i < redis->host_count; i++) {
        const struct host *host = &redis->hosts[order[i]];
        if (connect_to(redis, host)) {
            choose(redis, host);
            return true;
        }
    }
    return false;
}

/*
 * One Sentinel after the other, from the one on that answered last. Where what it says leads
 * nowhere, the next one may know better: this one may be cut off from the others.
 */
static bool
connect_by_sentinels(struct redis *redis)
{
    size_t order[HOSTS_MAX];
    host_list_order(redis->hosts, redis->host_count, redis->sentinel, 0, order);
    uint32_t tried = 0;
    for (size_t i = 0; i < redis->host_count; i++) {
        char error[SENTINEL_ERROR_SIZE];
        struct host master;
        const struct host *sentinel = &redis->hosts[order[i]];
        if (!sentinel_find_master(redis->config, sentinel, &master, error)) {
            log_warn("Redis: %s", error);
            continue;
        }
        if (host_key(&master) == tried)
            continue;
        tried = host_key(&master);
        redis->sentinel = host_key(sentinel);
        if (connect_to(redis, &master))
            return true;
    }
    return false;
}

/* Whether others have found that the master is elsewhere. */
static bool
has_moved(const struct redis *redis)
{
    uint32_t chosen = redis->has_list && redis->chosen != NULL ? atomic_load(redis->chosen) : 0;
    if (chosen == 0 || chosen == redis->host)
        return false;
    for (size_t i = 0; i < redis->host_count; i++)
        if (host_key(&redis->hosts[i]) == chosen)
            return true;
    return false; /* that of another list, before a reload */
}

bool
redis_ensure(struct redis *redis)
{
    if (redis->link.context != NULL && has_moved(redis))
        link_close(&redis->link);
    if (redis->link.context != NULL)
        return true;
    redis->connecting = redis->has_list || redis->has_sentinels;
    bool connected = redis->config->redis_socket[0] != '\0' ? connect_to(redis, NULL)
                     : redis->has_sentinels                 ? connect_by_sentinels(redis)
                                                            : connect_by_list(redis);
    if (!connected && redis->connecting) {
        redis->connecting = false;
        redis_lose(redis, "no master was found that can be used");
    }
    redis->connecting = false;
    return connected;
}
