#include "redis/fitness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/breaker.h"
#include "base/log.h"

enum { OLDEST_VERSION = 7 };

const char *
fitness_find_info(const char *info, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = info; (at = strstr(at, name)) != NULL; at += length)
        if ((at == info || at[-1] == '\n') && at[length] == ':')
            return at + length + 1;
    return NULL;
}

static bool
read_info(struct redis *redis, const char *section, char info[INFO_SIZE])
{
    return redis_ask(redis, (const char *const[]){"INFO", section, NULL}, info, INFO_SIZE);
}

/* A Redis in which no queues can be kept, as it is set up or made. */
static bool
refuse_server(struct redis *redis, const char *why)
{
    redis->unfit = true;
    if (redis->breaker != NULL && !redis->connecting)
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
    if (!read_info(redis, "server", info))
        return false;
    const char *at = fitness_find_info(info, "run_id");
    if (at == NULL || sscanf(at, "%40[0-9a-f]", redis->run_id) != 1) {
        redis_lose(redis, "it does not tell its run_id");
        return false;
    }
    const char *version = fitness_find_info(info, "redis_version");
    /* Valkey's redis_version is the one that it is compatible with */
    const char *valkey = fitness_find_info(info, "valkey_version");
    const char *own = valkey != NULL ? valkey : version != NULL ? version : "";
    snprintf(redis->server, sizeof redis->server, "%s %.*s", valkey != NULL ? "Valkey" : "Redis",
             (int)strcspn(own, "\r\n"), own);
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
    if (!read_info(redis, "memory", info))
        return false;
    const char *policy = fitness_find_info(info, "maxmemory_policy");
    if (policy == NULL || strncmp(policy, "noeviction", strlen("noeviction")) == 0)
        return true;
    snprintf(why, sizeof why,
             "maxmemory-policy is %.*s and has to be noeviction: parts of the queues would be lost",
             (int)strcspn(policy, "\r\n"), policy);
    return refuse_server(redis, why);
}

bool
fitness_check(struct redis *redis)
{
    return read_server(redis) && keeps_all(redis);
}
