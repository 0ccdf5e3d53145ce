/*
 * upgrade: the program replaces itself by exec, in the same process. The listening sockets, the
 * lock and the workers pass over to the new program by one variable in the environment.
 */
#ifndef FRONTROW_SERVER_UPGRADE_H
#define FRONTROW_SERVER_UPGRADE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/config.h"
#include "server/scoreboard.h"
#include "server/sockets.h"

/* What one program hands to the next. */
struct handover {
    int lock;
    struct sockets sockets;
    char run_dir[CONFIG_TEXT_SIZE];
    int worker_count;
    pid_t workers[SCOREBOARD_SLOTS];
};

/*
 * Starts the program of `argv` with --check behind its options, to see whether it runs and takes
 * the settings. Returns its process id, -1 with errno set.
 */
pid_t upgrade_check(char *const argv[]);

/* Becomes the program of `argv`. Returns only if that fails, with errno set. */
void upgrade_execute(char *const argv[], const struct handover *handover);

/* Takes what the program before left in the environment. Returns false if there is nothing. */
bool upgrade_inherit(struct handover *handover);

#endif
