/* sentinel: Redis Sentinels, which watch a master and say where it is. For redis/ only. */
#ifndef FRONTROW_REDIS_SENTINEL_H
#define FRONTROW_REDIS_SENTINEL_H

#include "redis/link.h"

enum { SENTINEL_ERROR_SIZE = 512 };

/* Asks one Sentinel where redis_master is. False: `error` says why that is not known. */
bool sentinel_find_master(const struct config *config, const struct host *sentinel,
                          struct host *master, char error[SENTINEL_ERROR_SIZE]) MUST_CHECK;

#endif
