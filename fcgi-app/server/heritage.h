/* heritage: what the workers have from their master. */
#ifndef FRONTROW_SERVER_HERITAGE_H
#define FRONTROW_SERVER_HERITAGE_H

#include <sys/types.h>

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

#endif
