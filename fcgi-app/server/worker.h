/* worker: one process that waits for requests and answers them, one or several at a time. */
#ifndef FRONTROW_SERVER_WORKER_H
#define FRONTROW_SERVER_WORKER_H

#include "base/config.h"
#include "identity/key_set.h"
#include "server/heritage.h"

/*
 * Runs one worker in the calling process, a fresh child of the master with SIGTERM and SIGQUIT
 * blocked, until it is asked to leave or has answered its share of requests; returns its exit
 * status. SIGTERM: leave after the request at hand, others take what waits. SIGQUIT: leave when
 * nothing waits in the sockets. `keys` are the identity provider's, NULL where caller is not jwt.
 */
int worker_run(const struct heritage *heritage, const struct config *config,
               const struct key_set *keys, int slot);

#endif
