#include "server/front.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"

enum { LINGER_MS = 100 };

/* Each connection gets the limits itself: one of a unix socket inherits none from its listener. */
int
front_accept(int listener, int wait_ms)
{
    struct timeval limit = {.tv_sec = wait_ms / 1000,
                            .tv_usec = (suseconds_t)(wait_ms % 1000) * 1000};
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int on = 1;
    int descriptor = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);
    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (peer.ss_family != AF_UNIX)
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

void
front_end(int descriptor)
{
    shutdown(descriptor, SHUT_WR);
}

/* Reads away what came. False: the other side has closed, or the connection is lost. */
static bool
is_open(int descriptor)
{
    char rest[4096];
    ssize_t got = recv(descriptor, rest, sizeof rest, MSG_DONTWAIT);
    return got > 0 || (got < 0 && errno == EAGAIN);
}

void
front_close(const int descriptors[], size_t count)
{
    struct pollfd waiting[TAKEN_AT_ONCE];
    int64_t end = clock_monotonic() + LINGER_MS;
    size_t open = count;
    for (size_t i = 0; i < count; i++)
        waiting[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    for (int64_t left = LINGER_MS; open > 0 && left > 0; left = end - clock_monotonic()) {
        if (poll(waiting, count, (int)left) <= 0)
            break;
        for (size_t i = 0; i < count; i++) {
            if (waiting[i].revents == 0 || is_open(waiting[i].fd))
                continue;
            waiting[i] = (struct pollfd){.fd = -1}; /* poll() passes it over */
            open--;
        }
    }
    for (size_t i = 0; i < count; i++)
        close(descriptors[i]);
}
