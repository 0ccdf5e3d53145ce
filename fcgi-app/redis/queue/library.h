/* library: calls the functions of queue.lua, and loads them into Redis where they are missing. */
#ifndef FRONTROW_REDIS_LIBRARY_H
#define FRONTROW_REDIS_LIBRARY_H

#include "redis/connection.h"

/*
 * Calls `frontrow_queue_<function>` for a concert with the run id of Redis and redis->rest as
 * arguments. Answers as redis_send() does, but never ANSWER_LOST or ANSWER_NO_FUNCTION.
 */
enum answer library_call(struct redis *redis, const char *function, int32_t concert_id,
                         redisReply **reply) MUST_CHECK;

#endif
