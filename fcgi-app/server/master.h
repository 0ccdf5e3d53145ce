/* master: the one process that makes the sockets and keeps the workers alive. */
#ifndef FRONTROW_SERVER_MASTER_H
#define FRONTROW_SERVER_MASTER_H

#include "base/config.h"
#include "base/message.h"
#include "identity/key_set.h"

/* How the program was started. */
struct master_setup {
    const struct application *application;
    const struct config *config; /* the settings to start with */
    struct key_set *keys;        /* that they name, which are the master's from now on */
    const char *config_path;     /* read again at a reload */
    char *const *argv;           /* executed again at an upgrade */
};

/*
 * Runs the server in the calling process until SIGTERM or SIGINT, and returns the exit status.
 * SIGHUP: new workers with the settings read anew replace the old ones. SIGUSR2: the program that
 * is installed now takes over in this process. No request is lost by either. On SIGTERM the
 * sockets' names go, what waits in them is answered, and who is not done after drain_ms is killed.
 */
int master_run(const struct master_setup *setup);

#endif
