#include "server/front_clock.h"

enum { MINUTE_MS = 60000 };

/* So that a half of zeros is always too old. */
static int64_t
minute_of(int64_t now)
{
    return now / MINUTE_MS + FRONT_CLOCK_HALVES;
}

void
front_clock_note(struct front_clock *clock, int64_t ahead_ms, int64_t now)
{
    int64_t minute = minute_of(now);
    int half = (int)(minute % FRONT_CLOCK_HALVES);
    bool is_new = atomic_load(&clock->halves[half].minute) != minute;
    if (!is_new && ahead_ms <= atomic_load(&clock->halves[half].ahead_ms))
        return;
    atomic_store(&clock->halves[half].ahead_ms, ahead_ms);
    if (is_new)
        atomic_store(&clock->halves[half].minute, minute);
}

bool
front_clock_read(const struct front_clock *clock, int64_t now, int64_t *ahead_ms)
{
    bool saw = false;
    for (int half = 0; half < FRONT_CLOCK_HALVES; half++) {
        if (minute_of(now) - atomic_load(&clock->halves[half].minute) >= FRONT_CLOCK_HALVES)
            continue;
        int64_t seen = atomic_load(&clock->halves[half].ahead_ms);
        if (seen > *ahead_ms)
            *ahead_ms = seen;
        saw = true;
    }
    return saw;
}
