#include "test_clock.h"

#include <stdlib.h>

#include "redis/connection.h"

void
test_clock_set(struct redis *redis, int64_t ms)
{
    if (!redis_ensure(redis) ||
        redisAppendCommand(redis->link.context, "CLIENT REPLY SKIP") != REDIS_OK ||
        redisAppendCommand(redis->link.context, "SET clock %lld000", (long long)ms) != REDIS_OK)
        abort();
}
