#include "server/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/host.h"
#include "base/log.h"

/* The kernel cuts it to net.core.somaxconn, 4096 by default. */
enum { BACKLOG = 4096, FIRST_PASSED = 3 };

/* For so long the kernel keeps a TCP connection to itself until its first bytes are there. */
enum { SILENT_SECONDS = 1 };

static bool
set_address(struct sockaddr_un *address, const char *run_dir, int index)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path, sizeof address->sun_path, "%s/frontrow-%d.sock",
                          run_dir, index);
    if (length < (int)sizeof address->sun_path)
        return true;
    log_error("run_dir: %s is too long for a socket's path of at most %zu bytes", run_dir,
              sizeof address->sun_path - 1);
    return false;
}

/* Whether some process accepts connections there now. */
static bool
accepts_connections(const struct sockaddr_un *address)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return false;
    /* EAGAIN: the queue is full, so there is one */
    bool answered =
        connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN;
    close(probe);
    return answered;
}

/* The workers of a master that was killed need a moment to follow it. */
static bool
is_listened_to(const struct sockaddr_un *address)
{
    for (int tries = 0; tries < 20; tries++) {
        if (!accepts_connections(address))
            return false;
        usleep(50000);
    }
    return true;
}

static int
open_one(const char *run_dir, int index, gid_t group)
{
    struct sockaddr_un address;
    if (!set_address(&address, run_dir, index))
        return -1;
    if (is_listened_to(&address)) {
        log_error("%s: another process listens there", address.sun_path);
        return -1;
    }
    unlink(address.sun_path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const char *why = "";
    /* with mode 0660 from the start: a chmod afterwards would leave a moment without it */
    mode_t mask = umask(0117);
    bool bound =
        descriptor >= 0 && bind(descriptor, (const struct sockaddr *)&address, sizeof address) == 0;
    umask(mask);
    /* a group that this process has needs no change, which a sandbox might forbid */
    if (bound && group != getegid() && chown(address.sun_path, (uid_t)-1, group) != 0)
        why = "it cannot be given to socket_group: ";
    else if (bound && listen(descriptor, BACKLOG) == 0)
        return descriptor;
    log_error("%s: %s%s", address.sun_path, why, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}

bool
sockets_open(struct sockets *sockets, const char *run_dir, int count, gid_t group)
{
    *sockets = (struct sockets){.owned = true};
    while (sockets->count < count) {
        int descriptor = open_one(run_dir, sockets->count, group);
        if (descriptor < 0)
            return false;
        sockets->descriptors[sockets->count++] = descriptor;
    }
    return true;
}

static bool
is_mistaken(const char *address, const char *why)
{
    log_error("fastcgi_listen: %s: %s", address, why);
    return false;
}

bool
sockets_open_tcp(struct sockets *sockets, const char *address)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    struct host host;
    char port[8];
    int on = 1, silent_seconds = SILENT_SECONDS;
    *sockets = (struct sockets){.owned = false};
    if (!host_read_address(address, &host))
        return is_mistaken(address, "no address");
    snprintf(port, sizeof port, "%d", host.port);
    int reason = getaddrinfo(host.name, port, &hints, &found);
    if (reason != 0)
        return is_mistaken(address, gai_strerror(reason));
    int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* the connections of a master that has just ended do not keep the address */
    bool listens = descriptor >= 0 &&
                   setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                   setsockopt(descriptor, IPPROTO_TCP, TCP_DEFER_ACCEPT, &silent_seconds,
                              sizeof silent_seconds) == 0 &&
                   bind(descriptor, found->ai_addr, found->ai_addrlen) == 0 &&
                   listen(descriptor, BACKLOG) == 0;
    int error = errno;
    freeaddrinfo(found);
    if (listens)
        sockets->descriptors[sockets->count++] = descriptor;
    else if (descriptor >= 0)
        close(descriptor);
    return listens || is_mistaken(address, strerror(error));
}

bool
sockets_prepare(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

bool
sockets_adopt(struct sockets *sockets)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    if (pid == NULL || count == NULL || strtol(pid, NULL, 10) != getpid())
        return false;
    *sockets = (struct sockets){.owned = false};
    long passed = strtol(count, NULL, 10);
    for (int i = 0; i < passed && i < SOCKETS_MAX; i++)
        if (sockets_prepare(FIRST_PASSED + i))
            sockets->descriptors[sockets->count++] = FIRST_PASSED + i;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return sockets->count > 0;
}

int
sockets_watch(const struct sockets *sockets, int first)
{
    int events = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < sockets->count && events >= 0; i++) {
        int index = (first + i) % sockets->count;
        struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
                                    .data.u32 = (uint32_t)index};
        if (epoll_ctl(events, EPOLL_CTL_ADD, sockets->descriptors[index], &event) != 0) {
            close(events);
            events = -1;
        }
    }
    return events;
}

void
sockets_unlink(const struct sockets *sockets, const char *run_dir)
{
    struct sockaddr_un address;
    for (int i = 0; sockets->owned && i < sockets->count; i++)
        if (set_address(&address, run_dir, i))
            unlink(address.sun_path);
}
