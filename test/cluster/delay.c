/*
 * delay: network links that take time, for kernels without netem. Each NAME is a link of two tap
 * devices: what leaves at one of them arrives at the other one so many microseconds later, in
 * order. A link to nowhere (a device that is down) loses what it gets, as a cable does.
 *
 *   delay MICROSECONDS NAME...     makes NAME and h.NAME; they are there until it ends
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    ENDS_MAX = 128,
    FRAME_SIZE = 9216, /* an Ethernet frame with an MTU of 9000 */
    QUEUE_SIZE = 1 << 15,
    FRAMES_AT_ONCE = 64, /* of one device, before the others have their turn */
};

/* A frame on its way. */
struct frame {
    int to; /* descriptor */
    int64_t due_us;
    size_t length;
    char *bytes;
};

/* All links take the same time, so the frames of all of them leave in the order in which they came.
 */
struct queue {
    struct frame frames[QUEUE_SIZE];
    unsigned first, end; /* counted without an end; the place is the rest by QUEUE_SIZE */
};

static _Noreturn void
fail(const char *what)
{
    fprintf(stderr, "delay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int
open_tap(const char *prefix, const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s%s", prefix, name);
    if (descriptor < 0 || ioctl(descriptor, TUNSETIFF, &request) != 0)
        fail(name);
    return descriptor;
}

/* Ends 2n and 2n + 1 are those of one link. */
static int
open_links(int ends[ENDS_MAX], char **names, int count)
{
    int events = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < 2 * count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        ends[i] = open_tap(i % 2 == 0 ? "" : "h.", names[i / 2]);
        if (epoll_ctl(events, EPOLL_CTL_ADD, ends[i], &event) != 0)
            fail("epoll");
    }
    return events;
}

static void
take_frames(struct queue *queue, int from, int to, int64_t delay_us)
{
    char bytes[FRAME_SIZE];
    ssize_t length;
    for (int i = 0; i < FRAMES_AT_ONCE && (length = read(from, bytes, sizeof bytes)) > 0; i++) {
        struct frame *frame = &queue->frames[queue->end % QUEUE_SIZE];
        if (queue->end - queue->first == QUEUE_SIZE)
            continue; /* lost, as in any switch that is full */
        *frame = (struct frame){to, clock_monotonic_us() + delay_us, (size_t)length,
                                malloc((size_t)length)};
        if (frame->bytes == NULL)
            fail("memory");
        memcpy(frame->bytes, bytes, (size_t)length);
        queue->end++;
    }
}

/* Hands over what is due, and sets the timer for what comes next. */
static void
pass_frames(struct queue *queue, int timer)
{
    int64_t now = clock_monotonic_us();
    while (queue->first != queue->end && queue->frames[queue->first % QUEUE_SIZE].due_us <= now) {
        struct frame *frame = &queue->frames[queue->first++ % QUEUE_SIZE];
        if (write(frame->to, frame->bytes, frame->length) < 0 && errno != EIO && errno != EAGAIN)
            fail("a frame");
        free(frame->bytes);
    }
    if (queue->first == queue->end)
        return;
    int64_t due = queue->frames[queue->first % QUEUE_SIZE].due_us;
    struct itimerspec at = {.it_value = {due / 1000000, due % 1000000 * 1000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

int
main(int argc, char **argv)
{
    static struct queue queue;
    int ends[ENDS_MAX], count = argc - 2;
    int64_t delay_us = argc > 1 ? strtoll(argv[1], NULL, 10) : 0;
    if (count < 1 || 2 * count > ENDS_MAX || delay_us < 1) {
        fputs("Usage: delay MICROSECONDS NAME...\n", stderr);
        return 2;
    }
    int events = open_links(ends, argv + 2, count);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = ENDS_MAX};
    if (timer < 0 || epoll_ctl(events, EPOLL_CTL_ADD, timer, &event) != 0)
        fail("timer");
    for (;;) {
        struct epoll_event ready[ENDS_MAX];
        int found = epoll_wait(events, ready, ENDS_MAX, -1);
        for (int i = 0; i < found; i++)
            if (ready[i].data.u32 < ENDS_MAX)
                take_frames(&queue, ends[ready[i].data.u32], ends[ready[i].data.u32 ^ 1], delay_us);
        pass_frames(&queue, timer);
    }
}
