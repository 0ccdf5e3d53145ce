/* The part of queue_store that loads a queue from MySQL's rows. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "redis/queue/queue_reply.h"

enum { ROW_HEAD_SIZE = 4 + 4 + 6 + 6 + TOKEN_SIZE };

static void
pack_integer(char *packed, uint32_t value)
{
    uint32_t ordered = htonl(value);
    memcpy(packed, &ordered, 4);
}

static void
pack_duration(char *packed, int64_t ms)
{
    for (int i = 0; i < 6; i++)
        packed[i] = (char)(ms >> (8 * (5 - i)) & 0xff);
}

enum queue_answer
queue_store_rebuild(struct redis *redis, const struct queue_settings *settings, int32_t last,
                    int32_t serving, const struct queue_frozen *frozen, struct queue_cursor *cursor)
{
    redisReply *reply;
    queue_begin(redis, settings);
    command_add_text(&redis->rest, redis->builder);
    command_add_integer(&redis->rest, last);
    command_add_integer(&redis->rest, serving);
    command_add_integer(&redis->rest, frozen->frozen);
    command_add_integer(&redis->rest, frozen->last);
    command_add_integer(&redis->rest, frozen->ranked_last);
    enum queue_answer answer = queue_call(redis, settings, "rebuild", &reply);
    if (answer == QUEUE_OK) {
        cursor->part = (int32_t)queue_reply_integer(reply, 1);
        cursor->number = (int32_t)queue_reply_integer(reply, 2);
        queue_reply_text(reply, 3, cursor->user_id, sizeof cursor->user_id);
    }
    freeReplyObject(reply);
    return answer;
}

/* As load_rows() of queue_rebuild.lua unpacks it. */
static void
add_row(struct redis *redis, const struct queue_row *row)
{
    char packed[ROW_HEAD_SIZE + USER_ID_SIZE];
    pack_integer(packed, (uint32_t)row->number);
    pack_integer(packed + 4, (uint32_t)row->rank);
    pack_duration(packed + 8, row->ends_ms);
    pack_duration(packed + 14, row->lease_ms);
    memcpy(packed + 20, row->token, TOKEN_SIZE);
    int length = snprintf(packed + ROW_HEAD_SIZE, USER_ID_SIZE, "%s", row->user_id);
    command_add(&redis->rest, packed, ROW_HEAD_SIZE + (size_t)length);
}

enum queue_answer
queue_store_load(struct redis *redis, const struct queue_settings *settings,
                 const struct queue_row *rows, size_t count, const struct queue_cursor *next,
                 bool goes_on)
{
    queue_begin_bare(redis);
    command_add_text(&redis->rest, redis->builder);
    command_add_integer(&redis->rest, next->part);
    command_add_integer(&redis->rest, next->number);
    command_add_text(&redis->rest, next->user_id);
    command_add_integer(&redis->rest, goes_on);
    for (size_t i = 0; i < count; i++)
        add_row(redis, &rows[i]);
    return queue_call_plain(redis, settings, "load");
}

enum queue_answer
queue_store_rank(struct redis *redis, const struct queue_settings *settings, int32_t frozen_last,
                 int32_t until, const struct queue_rank *ranks, size_t count, int32_t *ranked_last)
{
    redisReply *reply;
    queue_begin(redis, settings);
    command_add_integer(&redis->rest, *ranked_last);
    command_add_integer(&redis->rest, until);
    command_add_integer(&redis->rest, frozen_last);
    for (size_t i = 0; i < count; i++) {
        char packed[TOKEN_SIZE + 4];
        memcpy(packed, ranks[i].token, TOKEN_SIZE);
        pack_integer(packed + TOKEN_SIZE, (uint32_t)ranks[i].rank);
        command_add(&redis->rest, packed, sizeof packed);
    }
    enum queue_answer answer = queue_call(redis, settings, "rank", &reply);
    if (answer == QUEUE_OK)
        *ranked_last = (int32_t)queue_reply_integer(reply, 1);
    freeReplyObject(reply);
    return answer;
}

enum queue_answer
queue_store_rebuilt(struct redis *redis, const struct queue_settings *settings, int32_t last,
                    int32_t serving)
{
    queue_begin_bare(redis);
    command_add_text(&redis->rest, redis->builder);
    command_add_integer(&redis->rest, last);
    command_add_integer(&redis->rest, serving);
    return queue_call_plain(redis, settings, "rebuilt");
}
