/* front: connections of the web server in front. Nobody waits for it without a bound. */
#ifndef FRONTROW_SERVER_FRONT_H
#define FRONTROW_SERVER_FRONT_H

#include <stddef.h>

#include "base/must_check.h"

/*
 * Accepts a connection on a listening socket. Each of its reads and writes fails if nothing moves
 * for `wait_ms`. Returns its descriptor, which the caller closes; -1: see errno.
 */
int front_accept(int listener, int wait_ms) MUST_CHECK;

/* Says on a connection that nothing more comes. */
void front_end(int descriptor);

/*
 * Closes ended connections, each after the other side, if that one closes within 100 ms, which is
 * one time for all of them. (Closed earlier, TCP may drop what the other side has not read yet.)
 */
void front_close(const int descriptors[], size_t count);

#endif
