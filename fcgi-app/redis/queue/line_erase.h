/* line_erase: takes a concert's line out of Redis, for who replaces the database's content. */
#ifndef FRONTROW_REDIS_LINE_ERASE_H
#define FRONTROW_REDIS_LINE_ERASE_H

#include "redis/redis.h"

/* Deletes all keys of the concert (line.lua names them). False: Redis is out of reach. */
bool line_erase(struct redis *redis, int32_t concert_id);

#endif
