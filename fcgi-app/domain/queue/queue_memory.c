#include "domain/queue/queue_memory.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "mysql/organiser/concert_admin_table.h"
#include "redis/redis.h"

enum { MEBIBYTE = 1024 * 1024 };

void
queue_memory_check(struct services *services, const struct concert *concert,
                   char warning[QUEUE_WARNING_SIZE])
{
    static bool said_unbounded;
    struct redis_memory memory;
    int64_t waiting;
    warning[0] = '\0';
    if (!concert->queued || concert->stored == STORED_CANCELLED ||
        !redis_read_memory(services->redis, &memory) ||
        concert_admin_table_max_waiting(services->db, concert->concert_id, &waiting) != DB_OK)
        return;
    waiting += concert->max_waiting;
    int64_t needed = waiting * QUEUE_TOKEN_BYTES;
    if (memory.limit == 0 && !said_unbounded)
        log_warn("Redis has no maxmemory: a queue that is longer than the host's memory ends it,"
                 " instead of turning away who comes");
    said_unbounded = said_unbounded || memory.limit == 0;
    if (memory.limit > 0 && needed > memory.limit)
        snprintf(warning, QUEUE_WARNING_SIZE,
                 "all queues together may have %" PRId64
                 " waiting (maxWaiting), which take %" PRId64
                 " MiB of Redis; its maxmemory is %" PRId64
                 " MiB. When it is full, adds are answered 503 queue_unavailable",
                 waiting, needed / MEBIBYTE, memory.limit / MEBIBYTE);
}
