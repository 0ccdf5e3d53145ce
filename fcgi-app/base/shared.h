/*
 * shared: the memory that all processes of one frontrow share: made by the master before the fork,
 * kept until it ends. What a part keeps here is that part's own; this header only lists them.
 */
#ifndef FRONTROW_BASE_SHARED_H
#define FRONTROW_BASE_SHARED_H

#include "base/breaker.h"
#include "base/occupancy.h"

struct shared {
    struct breaker mysql;
    struct breaker redis;
    struct occupancy occupancy;
};

/* Maps a zeroed struct shared for this process and its later children; NULL with errno set. */
struct shared *shared_create(void);

#endif
