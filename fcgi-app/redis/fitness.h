/* fitness: whether a Redis that was just connected can keep queues. For redis/ only. */
#ifndef FRONTROW_REDIS_FITNESS_H
#define FRONTROW_REDIS_FITNESS_H

#include "redis/connection.h"

/*
 * Reads its run_id, its version and what it does when its memory is full. False: it is out of
 * reach, or unfit (redis->unfit), which is logged.
 */
bool fitness_check(struct redis *redis) MUST_CHECK;

/* What stands behind a name in the text of INFO; NULL: it does not say. */
const char *fitness_find_info(const char *info, const char *name);

#endif
