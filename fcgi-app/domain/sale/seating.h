/*
 * seating: chooses the best available seats: sections by highest price, rows by their lowest
 * seatId; adjacent are consecutive seatIds of one row. Nothing is read or locked here (hall.h).
 */
#ifndef FRONTROW_DOMAIN_SEATING_H
#define FRONTROW_DOMAIN_SEATING_H

#include "domain/sale/seat.h"

/* A seat as the choice sees it. */
struct candidate {
    int32_t seat_id;
    int32_t section; /* 0, 1, ... in the order of the sections' ranks */
    int32_t row;     /* lowest seatId of its row */
    bool free;
};

/*
 * Chooses `count` free candidates: the first adjacent ones in the best section that has them, else
 * the smallest span of seatIds in the best section that has enough free ones. `candidates` must be
 * sorted with seating_sort(). Writes the ids, ascending; false where no section has enough.
 */
bool seating_choose(const struct candidate *candidates, size_t candidate_count, int32_t count,
                    int32_t ids[SEATS_AT_ONCE]);

/* The first of these two ways only. */
bool seating_choose_adjacent(const struct candidate *candidates, size_t candidate_count,
                             int32_t count, int32_t ids[SEATS_AT_ONCE]);

/* How many free candidates the section with the most has: for more, nothing can be chosen. */
int32_t seating_max_free(const struct candidate *candidates, size_t candidate_count);

/* Sorts candidates the way in which seating_choose() wants them: by section, row and seatId. */
void seating_sort(struct candidate *candidates, size_t candidate_count);

#endif
