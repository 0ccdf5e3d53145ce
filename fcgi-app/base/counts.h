/*
 * counts: keeps the counted seats of each concert in shared memory, because counting all of them
 * for a list takes long if there are many large halls.
 */
#ifndef FRONTROW_BASE_COUNTS_H
#define FRONTROW_BASE_COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What has been sold at this moment. A lapsed hold counts as available. */
struct sales {
    int32_t seat_count;
    int32_t available;
    int32_t held;
    int32_t sold;
    int32_t blocked;
    int64_t revenue;    /* points of the sold seats */
    int32_t box_office; /* of the sold seats those that were paid there, likewise guests' ones */
    int32_t guest;
    int64_t box_office_revenue; /* no points */
};

/* What was counted of a concert. */
struct seat_counts {
    struct sales sales;
    int64_t counted_at; /* clock_monotonic() at the begin; 0: it was not */
    int64_t took_us;
};

/*
 * Written and read without a lock: a worker may be killed at any point. `check` is made of all the
 * others and of the concert's id: what two writers made of one entry together is nobody's.
 */
struct counts_entry {
    _Atomic uint64_t check;
    _Atomic uint64_t counted_at;
    _Atomic uint64_t took_us;
    _Atomic uint64_t seats; /* and those available, 32 bits each */
    _Atomic uint64_t held;  /* and those sold */
    _Atomic uint64_t blocked;
    _Atomic uint64_t revenue;
    _Atomic uint64_t box_office; /* and guests */
    _Atomic uint64_t box_office_revenue;
};

enum { COUNTS_ENTRIES = 4096 };

/* Zero-initialised is valid. Two concerts that share an entry drive each other out of it. */
struct counts {
    struct counts_entry entries[COUNTS_ENTRIES];
    _Atomic int64_t asked_at;   /* clock_monotonic() when the list was last asked for */
    _Atomic bool takes_long;    /* to count all of it, as was found then */
    _Atomic int64_t refresh_at; /* clock_monotonic() from which on somebody may refresh some */
};

/* *counts is what is remembered of a concert; false, and counted_at is 0, where nothing is. */
bool counts_recall(const struct counts *counts, int32_t concert_id, struct seat_counts *found);

void counts_remember(struct counts *counts, int32_t concert_id, const struct seat_counts *found);

#endif
