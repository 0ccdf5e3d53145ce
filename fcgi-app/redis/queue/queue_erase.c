#include "redis/queue/queue_erase.h"

#include <stdio.h>

#include "redis/connection.h"

static enum answer
unlink_keys(struct redis *redis, int32_t concert_id)
{
    static const char *const names[] = {"meta",   "tokens", "users",  "unsaved", "waiting",
                                        "called", "active", "missed", "ended"};
    command_clear(&redis->head);
    command_add_text(&redis->head, "UNLINK");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char key[40];
        snprintf(key, sizeof key, "{c%d}:%s", (int)concert_id, names[i]);
        command_add_text(&redis->head, key);
    }
    redisReply *reply;
    enum answer answer = redis_send(redis, false, &reply);
    freeReplyObject(reply);
    return answer;
}

bool
queue_erase(struct redis *redis, int32_t concert_id)
{
    enum answer answer = ANSWER_LOST;
    for (int attempt = 0; attempt < 2 && answer == ANSWER_LOST; attempt++)
        answer = redis_ensure(redis) ? unlink_keys(redis, concert_id) : ANSWER_GONE;
    return answer == ANSWER_OK;
}
