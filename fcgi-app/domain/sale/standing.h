/*
 * standing: areas of an item in which nobody has a seat. A place of one is a seat of a kind of its
 * own, with a running label; its row is "". It is taken by section and count only, and shown as
 * a part of its area. A section is such an area or has seats, never both, and all places of an area
 * have one price.
 */
#ifndef FRONTROW_DOMAIN_STANDING_H
#define FRONTROW_DOMAIN_STANDING_H

#include "domain/sale/seating.h"

/*
 * Refuses with invalid_field where a place of an area is among the seats that a buyer names:
 * `field` is the member that has their ids, `ids` in its order.
 */
enum error standing_require_none(const struct seat *seats, size_t found, const char *field,
                                 const int32_t *ids, size_t count, struct problem *problem)
    MUST_CHECK;

/*
 * Chooses `count` free candidates, those with the lowest seatIds: whether they are adjacent does
 * not matter. `candidates` must be sorted with seating_sort().
 */
bool standing_choose(const struct candidate *candidates, size_t candidate_count, int32_t count,
                     int32_t ids[SEATS_AT_ONCE]);

/* Hands the areas of an item, as they are at `now`, to `visit`. */
enum error standing_visit_areas(struct services *services, int32_t item_id, int64_t now,
                                void (*visit)(void *state, const struct standing_area *area),
                                void *state, struct problem *problem) MUST_CHECK;

#endif
