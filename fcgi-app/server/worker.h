/* worker: one process that waits for requests and answers them one by one. */
#ifndef FRONTROW_SERVER_WORKER_H
#define FRONTROW_SERVER_WORKER_H

#include <sys/types.h>

#include "base/config.h"
#include "base/message.h"
#include "base/shared.h"
#include "server/metrics.h"
#include "server/router.h"
#include "server/scoreboard.h"
#include "server/sockets.h"

/* All that passes from the master to its workers. Nothing in it is connected to anything. */
struct heritage {
    pid_t master;
    const struct application *application;
    struct router *router;
    struct shared *shared;
    struct scoreboard *scoreboard;
    struct metrics *metrics;
    const struct sockets *sockets;
};

/*
 * Runs one worker in the calling process, a fresh child of the master with SIGTERM and SIGQUIT
 * blocked, until it is asked to leave or has answered its share of requests; returns its exit
 * status. SIGTERM: leave after the request at hand, others take what waits. SIGQUIT: leave when
 * nothing waits in the sockets.
 */
int worker_run(const struct heritage *heritage, const struct config *config, int slot);

#endif
