/*
 * sold_out: remembers for a moment, in shared memory, that a hall had nothing left for a wish.
 * Otherwise each call of the crowd for a sold-out hall would read all of its seats.
 */
#ifndef FRONTROW_BASE_SOLD_OUT_H
#define FRONTROW_BASE_SOLD_OUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/must_check.h"

enum {
    SOLD_OUT_KEPT_MS = 100,
    SOLD_OUT_AWAITED_MS = 250, /* for so long the others wait for one that looks again */
};

/* A wish in a hall's own terms, so that those who mean the same seats have the same one. */
struct sold_out_wish {
    int32_t item_id;
    int32_t section; /* a number of the layout's; < 0: any */
    int64_t layout_version;
    int64_t price; /* the highest that a seat may have, one of the layout's */
};

/*
 * Written and read without a lock: a worker may be killed at any point. The wish, with the item's
 * releases, is a name of 128 bits, of which each half is kept as an exclusive or with `found`: what
 * two writers made of one entry together has no name that anybody asks for.
 */
struct sold_out_entry {
    _Atomic uint64_t first, second;
    _Atomic uint64_t found;  /* when, how long it took, the least count with none; 0: never */
    _Atomic int64_t awaited; /* clock_monotonic() until which somebody's new look is awaited */
};

enum { SOLD_OUT_ITEMS = 1024, SOLD_OUT_SETS = 256, SOLD_OUT_WAYS = 4 };

/* Zero-initialised is valid. */
struct sold_out {
    _Atomic uint32_t releases[SOLD_OUT_ITEMS]; /* so far; items share these by their id */
    struct sold_out_entry entries[SOLD_OUT_SETS][SOLD_OUT_WAYS];
};

enum sold_out_answer {
    SOLD_OUT_LOOK, /* it is not known; the caller is to look and to tell what it found */
    SOLD_OUT_NONE, /* nothing is left */
    SOLD_OUT_WAIT, /* another caller looks: ask again in a moment */
};

/*
 * What is known of `count` seats at `now`, which is clock_monotonic(). What was found is kept for
 * SOLD_OUT_KEPT_MS, or until a seat of the item is released. Before its end, by twice what the look
 * took, one caller is to look again, so that the others need not all look at once.
 */
enum sold_out_answer sold_out_recall(struct sold_out *sold_out, const struct sold_out_wish *wish,
                                     int32_t count, int64_t now) MUST_CHECK;

/* How often seats of the item were released. To be read before the look at its seats begins. */
uint32_t sold_out_releases(const struct sold_out *sold_out, int32_t item_id);

/*
 * A look that began at `releases` and `started`, and ended `now`, found nothing for `min_count`
 * seats, nor for more. Takes the place of what is remembered of the wish, or of the oldest of a few
 * others.
 */
void sold_out_remember(struct sold_out *sold_out, const struct sold_out_wish *wish,
                       uint32_t releases, int32_t min_count, int64_t started, int64_t now);

/* A look that began at `releases` did not find that there is nothing for `count`. */
void sold_out_forget(struct sold_out *sold_out, const struct sold_out_wish *wish, uint32_t releases,
                     int32_t count);

/*
 * Seats of the item were released: nothing is recalled of what was found before. To be said after
 * the COMMIT, so that a look which did not see them began before, and before the answer, so that
 * who hears it finds them.
 */
void sold_out_release(struct sold_out *sold_out, int32_t item_id);

#endif
