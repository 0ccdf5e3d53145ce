/* sockets: the unix sockets, or the one of TCP, on which nginx reaches the workers. */
#ifndef FRONTROW_SERVER_SOCKETS_H
#define FRONTROW_SERVER_SOCKETS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/config_table.h"

enum { SOCKETS_MAX = CONFIG_SOCKETS_MAX };

/* Listening sockets, O_NONBLOCK and closed on exec. */
struct sockets {
    int count;
    bool owned; /* unix sockets made here: unlinked at the end */
    int descriptors[SOCKETS_MAX];
};

/*
 * Makes run_dir/frontrow-0.sock and so on, for `group` and this user alone. Stale ones are
 * replaced; one on which somebody listens is left alone. Returns false, with the reason in the log.
 */
bool sockets_open(struct sockets *sockets, const char *run_dir, int count, gid_t group);

/* Listens on an address of fastcgi_listen instead. False, with the reason in the log. */
bool sockets_open_tcp(struct sockets *sockets, const char *address);

/*
 * Takes the sockets that a service manager passed (LISTEN_PID, LISTEN_FDS). Returns whether there
 * were any.
 */
bool sockets_adopt(struct sockets *sockets);

/* Makes a passed descriptor one of ours: O_NONBLOCK, closed on exec. */
bool sockets_prepare(int descriptor);

/*
 * Makes an epoll descriptor for a worker: each event is a socket with a connection, its index in
 * data.u32. Of the workers that wait, one is woken for a connection; those that are busy see it
 * when they ask next. Where all have one, the event of the index first comes first. -1: see errno.
 */
int sockets_watch(const struct sockets *sockets, int first);

/* Removes the names of owned sockets, so that nobody new connects; what waits in them stays. */
void sockets_unlink(const struct sockets *sockets, const char *run_dir);

#endif
