#include "base/breaker.h"

#include "base/clock.h"

enum { FAILURES_TO_OPEN = 3 };

bool
breaker_is_open(struct breaker *breaker)
{
    return atomic_load(&breaker->failures) >= FAILURES_TO_OPEN;
}

bool
breaker_take_probe(struct breaker *breaker, int longest_ms)
{
    if (!breaker_is_open(breaker))
        return false;
    int64_t now = clock_monotonic();
    int64_t due = atomic_load(&breaker->next_probe_ms);
    /* The exchange lets exactly one of all workers through. */
    return now >= due &&
           atomic_compare_exchange_strong(&breaker->next_probe_ms, &due, now + longest_ms);
}

void
breaker_success(struct breaker *breaker)
{
    /* a read first: the cache line stays shared when all is well */
    if (atomic_load(&breaker->failures) != 0)
        atomic_store(&breaker->failures, 0);
}

void
breaker_failure(struct breaker *breaker)
{
    if (atomic_fetch_add(&breaker->failures, 1) + 1 >= FAILURES_TO_OPEN)
        atomic_store(&breaker->next_probe_ms, clock_monotonic() + BREAKER_PROBE_EVERY_MS);
}
