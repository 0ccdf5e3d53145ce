/* mix: spreads numbers, for names and checks in shared memory. No secret is safe with it. */
#ifndef FRONTROW_BASE_MIX_H
#define FRONTROW_BASE_MIX_H

#include <stdint.h>

/* The finalizer of SplitMix64: each bit of the result depends on each of `value`. */
static inline uint64_t
mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

#endif
