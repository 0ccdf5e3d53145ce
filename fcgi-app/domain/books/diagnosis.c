#include "domain/books/diagnosis.h"

#include "mysql/books/server_state.h"
#include "redis/redis.h"

void
diagnosis_write_mysql(struct services *services, struct buffer *out)
{
    server_state_write(services->db, out);
}

void
diagnosis_write_redis(struct services *services, struct buffer *out)
{
    static const char *const sections[] = {"server",      "memory", "persistence", "stats",
                                           "replication", "cpu",    "keyspace"};
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (!redis_write_info(services->redis, sections[i], out))
            buffer_format(out, "%s: Redis does not tell\n", sections[i]);
}
