/*
 * queue_memory: whether all queues fit into what Redis may take. It is told, not refused: queues
 * are seldom full at the same time, and a full Redis turns away only those who come.
 */
#ifndef FRONTROW_DOMAIN_QUEUE_MEMORY_H
#define FRONTROW_DOMAIN_QUEUE_MEMORY_H

#include "domain/services.h"
#include "mysql/concert/concert_table.h"

enum {
    QUEUE_TOKEN_BYTES = 331, /* of a waiting one in Redis, with a user id of up to 12 characters */
    QUEUE_WARNING_SIZE = 256
};

/*
 * Compares maxWaiting of this concert, which is being made or was changed, and of all other queues
 * that are kept with Redis' maxmemory. Where they do not fit, `warning` says so in a sentence for
 * operators; else, and where Redis or MySQL cannot be asked, it is "". That there is no maxmemory
 * is logged, once in a process.
 */
void queue_memory_check(struct services *services, const struct concert *concert,
                        char warning[QUEUE_WARNING_SIZE]);

#endif
