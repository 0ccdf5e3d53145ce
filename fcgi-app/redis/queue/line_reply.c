#include "redis/queue/line_reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "redis/queue/library.h"

void
line_begin_bare(struct redis *redis)
{
    command_clear(&redis->rest);
}

void
line_begin(struct redis *redis, const struct line_settings *settings)
{
    struct command *rest = &redis->rest;
    command_clear(rest);
    command_add_integer(rest, settings->version);
    command_add_integer(rest, settings->since);
    command_add_integer(rest, settings->capacity);
    command_add_integer(rest, settings->paused);
    command_add_integer(rest, settings->max_waiting);
    command_add_integer(rest, settings->active_ms);
    command_add_integer(rest, settings->claim_ms);
    command_add_integer(rest, settings->missed_ms);
    command_add_integer(rest, settings->draw);
    command_add_integer(rest, settings->freezes_in_ms);
    command_add_integer(rest, settings->opens_in_ms);
    command_add_integer(rest, settings->idle_ms);
    command_add_integer(rest, settings->closed);
}

static enum line_answer
read_status(const redisReply *reply)
{
    static const struct {
        const char *name;
        enum line_answer answer;
    } names[] = {
        {"OK", LINE_OK},
        {"LOAD", LINE_OK},
        {"UNKNOWN", LINE_UNKNOWN},
        {"FOREIGN", LINE_FOREIGN},
        {"ENDED", LINE_ENDED},
        {"FULL", LINE_FULL},
        {"CONFLICT", LINE_CONFLICT},
        {"REBUILD", LINE_REBUILD},
        {"BUSY", LINE_BUSY},
        {"WAIT", LINE_WAIT},
        {"READY", LINE_READY},
    };
    char status[16];
    line_reply_text(reply, 0, status, sizeof status);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(status, names[i].name) == 0)
            return names[i].answer;
    log_error("Redis: the line's functions answer \"%s\"", status);
    return LINE_FAILED;
}

enum line_answer
line_call(struct redis *redis, const struct line_settings *settings, const char *function,
          redisReply **reply)
{
    enum answer answer = library_call(redis, function, settings->concert_id, reply);
    if (answer == ANSWER_FULL)
        return LINE_NO_ROOM;
    if (answer != ANSWER_OK)
        return answer == ANSWER_FAILED ? LINE_FAILED : LINE_GONE;
    return read_status(*reply);
}

enum line_answer
line_call_plain(struct redis *redis, const struct line_settings *settings, const char *function)
{
    redisReply *reply;
    enum line_answer answer = line_call(redis, settings, function, &reply);
    freeReplyObject(reply);
    return answer;
}

static const redisReply *
element(const redisReply *reply, size_t i)
{
    bool there = reply->type == REDIS_REPLY_ARRAY && i < reply->elements;
    return there ? reply->element[i] : NULL;
}

int64_t
line_reply_integer(const redisReply *reply, size_t i)
{
    const redisReply *found = element(reply, i);
    if (found == NULL)
        return 0;
    return found->type == REDIS_REPLY_STRING ? strtoll(found->str, NULL, 10) : found->integer;
}

void
line_reply_text(const redisReply *reply, size_t i, char *text, size_t size)
{
    const redisReply *found = element(reply, i);
    text[0] = '\0';
    if (found == NULL || found->type != REDIS_REPLY_STRING)
        return;
    size_t length = (size_t)found->len < size ? (size_t)found->len : size - 1;
    memcpy(text, found->str, length);
    text[length] = '\0';
}

void
line_reply_bytes(const redisReply *reply, size_t i, void *bytes, size_t size)
{
    const redisReply *found = element(reply, i);
    memset(bytes, 0, size);
    if (found != NULL && found->type == REDIS_REPLY_STRING && (size_t)found->len == size)
        memcpy(bytes, found->str, size);
}
