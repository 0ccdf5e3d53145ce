/*
 * front_clock: how far the web server's clock is from this machine's. The time for which a request
 * waited is a difference of the two, so the least one of a while, of requests for which a worker
 * was waiting, is little else than the difference of the clocks.
 */
#ifndef FRONTROW_SERVER_FRONT_CLOCK_H
#define FRONTROW_SERVER_FRONT_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { FRONT_CLOCK_HALVES = 2 };

/* What one worker saw in this minute and in the one before. Zero-initialised is nothing. */
struct front_clock {
    struct {
        _Atomic int64_t minute;
        _Atomic int64_t ahead_ms; /* the most */
    } halves[FRONT_CLOCK_HALVES];
};

/*
 * A request came of which the web server says that it had it so many milliseconds after now, by
 * this machine's clock. `now` is clock_monotonic(), here and below.
 */
void front_clock_note(struct front_clock *clock, int64_t ahead_ms, int64_t now);

/*
 * Raises *ahead_ms, if the worker saw more than that in the last one or two minutes. False: it saw
 * nothing in them.
 */
bool front_clock_read(const struct front_clock *clock, int64_t now, int64_t *ahead_ms);

#endif
