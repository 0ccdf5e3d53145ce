/* test_clock: the clock of queue.lua where that was loaded with the key `clock` (us) as its TIME.
 */
#ifndef FRONTROW_TEST_TEST_CLOCK_H
#define FRONTROW_TEST_TEST_CLOCK_H

#include <stdint.h>

struct redis;

/* Sets it for the calls to come, without waiting for an answer. Redis must be there. */
void test_clock_set(struct redis *redis, int64_t ms);

#endif
