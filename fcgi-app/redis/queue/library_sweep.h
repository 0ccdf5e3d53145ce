/* library_sweep: takes the function libraries of programs that are gone out of Redis. */
#ifndef FRONTROW_REDIS_LIBRARY_SWEEP_H
#define FRONTROW_REDIS_LIBRARY_SWEEP_H

#include "redis/redis.h"

/*
 * Deletes the libraries of versions of which no sweeper ran for a day. A program of such a version
 * that runs all the same loads its own again.
 */
void library_sweep(struct redis *redis);

#endif
