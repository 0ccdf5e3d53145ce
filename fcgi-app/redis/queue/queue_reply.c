#include "redis/queue/queue_reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "redis/queue/library.h"

void
queue_begin_bare(struct redis *redis)
{
    command_clear(&redis->rest);
}

void
queue_begin(struct redis *redis, const struct queue_settings *settings)
{
    struct command *rest = &redis->rest;
    command_clear(rest);
    command_add_integer(rest, settings->version);
    command_add_integer(rest, settings->since);
    command_add_integer(rest, settings->capacity);
    command_add_integer(rest, settings->paused);
    command_add_integer(rest, settings->max_waiting);
    command_add_integer(rest, settings->active_ms);
    command_add_integer(rest, settings->show_up_ms);
    command_add_integer(rest, settings->missed_ms);
    command_add_integer(rest, settings->draw);
    command_add_integer(rest, settings->freezes_in_ms);
    command_add_integer(rest, settings->opens_in_ms);
    command_add_integer(rest, settings->idle_ms);
    command_add_integer(rest, settings->closed);
}

enum queue_answer
queue_reply_answer(const redisReply *reply)
{
    static const struct {
        const char *name;
        enum queue_answer answer;
    } names[] = {
        {"OK", QUEUE_OK},
        {"LOAD", QUEUE_OK},
        {"UNKNOWN", QUEUE_UNKNOWN},
        {"FOREIGN", QUEUE_FOREIGN},
        {"ENDED", QUEUE_ENDED},
        {"FULL", QUEUE_FULL},
        {"CONFLICT", QUEUE_CONFLICT},
        {"REBUILD", QUEUE_REBUILD},
        {"BUSY", QUEUE_BUSY},
        {"WAIT", QUEUE_WAIT},
        {"READY", QUEUE_READY},
    };
    char status[16];
    queue_reply_text(reply, 0, status, sizeof status);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(status, names[i].name) == 0)
            return names[i].answer;
    log_error("Redis: the queue's functions answer \"%s\"", status);
    return QUEUE_FAILED;
}

enum queue_answer
queue_call(struct redis *redis, const struct queue_settings *settings, const char *function,
           redisReply **reply)
{
    enum answer answer = library_call(redis, function, settings->concert_id, reply);
    if (answer == ANSWER_FULL)
        return QUEUE_NO_ROOM;
    if (answer != ANSWER_OK)
        return answer == ANSWER_FAILED ? QUEUE_FAILED : QUEUE_GONE;
    return queue_reply_answer(*reply);
}

enum queue_answer
queue_call_plain(struct redis *redis, const struct queue_settings *settings, const char *function)
{
    redisReply *reply;
    enum queue_answer answer = queue_call(redis, settings, function, &reply);
    freeReplyObject(reply);
    return answer;
}

const redisReply *
queue_reply_element(const redisReply *reply, size_t i)
{
    bool there = reply != NULL && reply->type == REDIS_REPLY_ARRAY && i < reply->elements;
    return there ? reply->element[i] : NULL;
}

int64_t
queue_reply_integer(const redisReply *reply, size_t i)
{
    const redisReply *found = queue_reply_element(reply, i);
    if (found == NULL)
        return 0;
    return found->type == REDIS_REPLY_STRING ? strtoll(found->str, NULL, 10) : found->integer;
}

void
queue_reply_text(const redisReply *reply, size_t i, char *text, size_t size)
{
    const redisReply *found = queue_reply_element(reply, i);
    text[0] = '\0';
    if (found == NULL || found->type != REDIS_REPLY_STRING)
        return;
    size_t length = (size_t)found->len < size ? (size_t)found->len : size - 1;
    memcpy(text, found->str, length);
    text[length] = '\0';
}

void
queue_reply_bytes(const redisReply *reply, size_t i, void *bytes, size_t size)
{
    const redisReply *found = queue_reply_element(reply, i);
    memset(bytes, 0, size);
    if (found != NULL && found->type == REDIS_REPLY_STRING && (size_t)found->len == size)
        memcpy(bytes, found->str, size);
}
