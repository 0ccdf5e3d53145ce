/*
 * rundir: the run folder: who owns it, that one master at a time uses it, and the file there by
 * which an operator has changing calls refused.
 */
#ifndef FRONTROW_SERVER_RUNDIR_H
#define FRONTROW_SERVER_RUNDIR_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/config.h"

/*
 * Makes the folder where it is missing, and finds the group that the sockets are for (socket_group;
 * else the one that this process has). Started as root with a `user`: gives the folder to both and
 * becomes that user for good. Returns false, with the reason in the log.
 */
bool rundir_prepare(const struct config *config, gid_t *group);

/*
 * Takes the lock of run_dir/frontrow.pid and writes the process id there. Returns the descriptor
 * that holds the lock as long as it is open, or -1, with the reason in the log (another master).
 */
int rundir_lock(const char *run_dir);

/* Removes the pid file; the descriptor stays open, so that the lock ends with the process. */
void rundir_unlock(const char *run_dir);

/*
 * Whether there is a file named maintenance. It is looked for each time, which takes a microsecond:
 * so it is in effect at once.
 */
bool rundir_is_in_maintenance(const char *run_dir);

#endif
