/* queue_erase: takes a concert's queue out of Redis, for who replaces the database's content. */
#ifndef FRONTROW_REDIS_QUEUE_ERASE_H
#define FRONTROW_REDIS_QUEUE_ERASE_H

#include "redis/redis.h"

/* Deletes all keys of the concert (queue.lua names them). False: Redis is out of reach. */
bool queue_erase(struct redis *redis, int32_t concert_id);

#endif
