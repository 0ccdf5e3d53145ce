#include "redis/queue/library.h"

#include <stdio.h>
#include <string.h>

#include "base/breaker.h"
#include "base/log.h"
#include "redis/queue/queue_lua.h"

static const char library[] = {QUEUE_LUA_BYTES 0};

static enum answer
load(struct redis *redis)
{
    redisReply *reply;
    command_clear(&redis->head);
    command_add_text(&redis->head, "FUNCTION");
    command_add_text(&redis->head, "LOAD");
    command_add_text(&redis->head, "REPLACE"); /* another worker may just be loading the same */
    command_add_text(&redis->head, library);
    enum answer answer = redis_send(redis, false, &reply);
    if (answer == ANSWER_OK) {
        log_info("loaded the queue's functions, version " QUEUE_LUA_VERSION ", into Redis");
        freeReplyObject(reply);
    } else if (redis_is_time_to_tell(&redis->load_told)) {
        log_error("the queue's functions, version " QUEUE_LUA_VERSION ", could not be loaded into"
                  " Redis%s: there are no queues for this program. Each call tries again",
                  answer == ANSWER_FULL ? ", whose memory is full" : "");
    }
    return answer;
}

static enum answer
call_once(struct redis *redis, const char *function, int32_t concert_id, redisReply **reply)
{
    char name[64], key[32];
    *reply = NULL;
    if (!redis_ensure(redis))
        return ANSWER_GONE;
    snprintf(name, sizeof name, "frontrow_queue_%s_" QUEUE_LUA_VERSION, function);
    snprintf(key, sizeof key, "{c%d}:meta", (int)concert_id);
    command_clear(&redis->head);
    command_add_text(&redis->head, "FCALL");
    command_add_text(&redis->head, name);
    command_add_text(&redis->head, "1");
    command_add_text(&redis->head, key);
    command_add_text(&redis->head, redis->run_id);
    return redis_send(redis, true, reply);
}

enum answer
library_call(struct redis *redis, const char *function, int32_t concert_id, redisReply **reply)
{
    *reply = NULL;
    if (redis->breaker != NULL && breaker_is_open(redis->breaker))
        return ANSWER_GONE;
    enum answer answer = call_once(redis, function, concert_id, reply);
    if (answer == ANSWER_LOST) /* Redis was restarted since the last call */
        answer = call_once(redis, function, concert_id, reply);
    if (answer == ANSWER_NO_FUNCTION) {
        answer = load(redis);
        if (answer == ANSWER_OK)
            answer = call_once(redis, function, concert_id, reply);
    }
    if (answer == ANSWER_LOST || answer == ANSWER_NO_FUNCTION) {
        log_warn("Redis: %s", answer == ANSWER_LOST ? "the connection ended" : "functions flushed");
        answer = ANSWER_GONE;
    }
    return answer;
}
