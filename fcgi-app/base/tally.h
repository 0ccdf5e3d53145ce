/*
 * tally: counts the business in shared memory: what the workers have committed since the start. It
 * costs no statement; what MySQL has is the truth.
 */
#ifndef FRONTROW_BASE_TALLY_H
#define FRONTROW_BASE_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

enum tally_kind {
    TALLY_HOLDS,
    TALLY_SEATS_HELD,
    TALLY_RELEASES, /* unpaid holds that their owners gave back */
    TALLY_PAYMENTS,
    TALLY_REFUNDS,
    TALLY_POINTS_CHARGED,
    TALLY_POINTS_USED,
    TALLY_POINTS_PAID,
    TALLY_POINTS_REFUNDED,
    TALLY_QUEUE_LOADS, /* of queues that Redis had lost */
    TALLY_COUNT
};

/* Zero-initialised is valid. */
struct tally {
    _Atomic int64_t counts[TALLY_COUNT];
};

static inline void
tally_add(struct tally *tally, enum tally_kind kind, int64_t amount)
{
    atomic_fetch_add_explicit(&tally->counts[kind], amount, memory_order_relaxed);
}

static inline int64_t
tally_read(const struct tally *tally, enum tally_kind kind)
{
    return atomic_load_explicit(&tally->counts[kind], memory_order_relaxed);
}

#endif
