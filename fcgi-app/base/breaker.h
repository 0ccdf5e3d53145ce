/*
 * breaker: a circuit breaker in shared memory, one for each dependency. After three time-outs in
 * a row every worker refuses at once, while one at a time probes whether the dependency is back.
 */
#ifndef FRONTROW_BASE_BREAKER_H
#define FRONTROW_BASE_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised is closed (calls pass). */
struct breaker {
    atomic_int failures;          /* time-outs in a row, over all workers */
    _Atomic int64_t next_probe_ms; /* monotonic time from which one caller may try again */
};

/*
 * Whether a call may be tried now. False: answer 503 at once. While the breaker is open one caller
 * gets true each 200 ms: it is the probe.
 */
bool breaker_allows(struct breaker *breaker);

/* The dependency answered (whatever it said). Closes the breaker. */
void breaker_success(struct breaker *breaker);

/* The dependency did not answer in time or refused the connection. */
void breaker_failure(struct breaker *breaker);

/* Whether the breaker is open: for /health/ready. */
bool breaker_is_open(struct breaker *breaker);

#endif
