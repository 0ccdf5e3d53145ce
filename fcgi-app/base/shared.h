/*
 * shared: the memory that all processes of one frontrow share: made by the master before the fork,
 * kept until it ends. What a part keeps here is that part's own; this header only lists them.
 */
#ifndef FRONTROW_BASE_SHARED_H
#define FRONTROW_BASE_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/breaker.h"
#include "base/census.h"
#include "base/counts.h"
#include "base/occupancy.h"
#include "base/sold_out.h"
#include "base/tally.h"
#include "base/unknowns.h"

struct shared {
    struct breaker mysql;
    struct breaker redis;
    struct unknowns mysql_unknowns;
    struct unknowns redis_unknowns;
    struct unknowns mysql_refusals; /* all errors, with those above */
    struct unknowns redis_refusals;
    /* which of several servers is in use (host_key()); 0: none yet */
    _Atomic uint32_t mysql_host;
    _Atomic uint32_t redis_host;
    struct occupancy occupancy;
    /* what the log says once, however many requests and workers see it */
    atomic_flag said_no_document_uri;
    atomic_flag said_not_loopback;
    atomic_flag said_silent;
    struct sold_out sold_out;
    struct counts counts;
    struct tally tally;
    struct census census;
};

/* Maps a zeroed struct shared for this process and its later children; NULL with errno set. */
struct shared *shared_create(void);

#endif
