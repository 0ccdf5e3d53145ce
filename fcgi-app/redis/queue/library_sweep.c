#include "redis/queue/library_sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "redis/connection.h"
#include "redis/queue/queue_lua.h"

/* A hash: the version of a library, and when a sweeper of that version ran last (seconds). */
static const char uses_key[] = "line_libraries";

enum { UNUSED_SECONDS = 86400 };

/* Sends words; NULL ends them. The reply is the caller's; NULL where Redis refused or is away. */
static redisReply *
run(struct redis *redis, const char *const *words)
{
    redisReply *reply = NULL;
    if (!redis_ensure(redis))
        return NULL;
    command_clear(&redis->head);
    for (; *words != NULL; words++)
        command_add_text(&redis->head, *words);
    redis_send(redis, false, &reply);
    return reply;
}

static bool
note_use(struct redis *redis, const char *version)
{
    char now[24];
    snprintf(now, sizeof now, "%lld", (long long)time(NULL));
    redisReply *reply = run(redis, (const char *const[]){"HSET", uses_key, version, now, NULL});
    bool noted = reply != NULL;
    freeReplyObject(reply);
    return noted;
}

/* A version that is seen for the first time has a day from now on. */
static bool
is_unused(struct redis *redis, const char *version)
{
    redisReply *reply = run(redis, (const char *const[]){"HGET", uses_key, version, NULL});
    bool known = reply != NULL && reply->type == REDIS_REPLY_STRING;
    bool unused = known && time(NULL) - strtoll(reply->str, NULL, 10) > UNUSED_SECONDS;
    if (reply != NULL && !known)
        note_use(redis, version);
    freeReplyObject(reply);
    return unused;
}

static void
delete_library(struct redis *redis, const char *name, const char *version)
{
    redisReply *reply = run(redis, (const char *const[]){"FUNCTION", "DELETE", name, NULL});
    if (reply != NULL)
        log_info("deleted the queue's functions of version %s, unused for a day", version);
    freeReplyObject(reply);
    freeReplyObject(run(redis, (const char *const[]){"HDEL", uses_key, version, NULL}));
}

static void
delete_unused(struct redis *redis, const char *prefix)
{
    char pattern[32];
    snprintf(pattern, sizeof pattern, "%s*", prefix);
    redisReply *list =
        run(redis, (const char *const[]){"FUNCTION", "LIST", "LIBRARYNAME", pattern, NULL});
    for (size_t i = 0; list != NULL && i < list->elements; i++) {
        const redisReply *entry = list->element[i];
        const char *name = entry->elements > 1 ? entry->element[1]->str : NULL;
        if (name == NULL || strncmp(name, prefix, strlen(prefix)) != 0)
            continue;
        const char *version = name + strlen(prefix);
        if (strcmp(version, QUEUE_LUA_VERSION) != 0 && is_unused(redis, version))
            delete_library(redis, name, version);
    }
    freeReplyObject(list);
}

void
library_sweep(struct redis *redis)
{
    /* Where nothing can be written, no program could load again what is deleted. */
    if (!note_use(redis, QUEUE_LUA_VERSION))
        return;
    delete_unused(redis, "frontrow_queue_");
    delete_unused(redis, "line_"); /* as older versions named theirs */
}
