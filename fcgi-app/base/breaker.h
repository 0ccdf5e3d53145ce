/*
 * breaker: a circuit breaker in shared memory, one for each dependency. After three time-outs in
 * a row every worker refuses at once. One worker at a time tests whether the dependency is back. It
 * does so between two requests, so that no client waits for it; workers that saw the failure also
 * test while they wait for requests.
 */
#ifndef FRONTROW_BASE_BREAKER_H
#define FRONTROW_BASE_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_PROBE_EVERY_MS = 200 };

/* Zero-initialised is closed (calls pass). */
struct breaker {
    atomic_int failures;           /* time-outs in a row, over all workers */
    _Atomic int64_t next_probe_ms; /* monotonic time from which one caller may try again */
};

/* Whether it is open: calls are refused at once, with 503. */
bool breaker_is_open(struct breaker *breaker);

/*
 * While the breaker is open, true for one caller at a time: it is to find out whether the
 * dependency answers, and to say so by breaker_success() or breaker_failure(). Another one gets the
 * turn BREAKER_PROBE_EVERY_MS after a failure, or when this one was not heard of for `longest_ms`.
 */
bool breaker_take_probe(struct breaker *breaker, int longest_ms);

/* The dependency answered (whatever it said). Closes the breaker. */
void breaker_success(struct breaker *breaker);

/* The dependency did not answer in time or refused the connection. */
void breaker_failure(struct breaker *breaker);

#endif
