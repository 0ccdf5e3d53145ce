/* seat: the seats of an item as a buyer sees them. */
#ifndef FRONTROW_DOMAIN_SEAT_H
#define FRONTROW_DOMAIN_SEAT_H

#include "domain/services.h"
#include "mysql/sale/seat_table.h"

/*
 * What a buyer sees of a seat at `now`: a lapsed hold is free at once, swept or not, and a blocked
 * seat shows as sold, as does one in a state that only a newer build knows.
 */
enum seat_status seat_shown(const struct seat *seat, int64_t now);

/* Seats by number, ascending, none of them twice. */
struct seat_list {
    int32_t ids[SEATS_AT_ONCE];
    size_t count;
};

/* Sorts seatIds, ascending, as seats are locked. With a count of 0, `ids` may be NULL. */
void seat_sort_ids(int32_t *ids, size_t count);

bool seat_is_listed(int32_t seat_id, const int32_t *ids, size_t count);

/*
 * Refuses with seats_belong_together, and both seats of each pair, where a wheelchair place is
 * listed without its companion's, or the other way round. An operator seldom changes who belongs to
 * whom, and never of a seat that is taken: no lock is needed. The box office, which sees who comes,
 * may sell one alone.
 */
enum error seat_require_pairs(const struct seat *seats, size_t seat_count, const int32_t *ids,
                              size_t count, struct problem *problem) MUST_CHECK;

/*
 * Hands all seats of an item to `visit`, by seatId. Their status is as shown at `now`, a time of
 * the database from before this read: with each row of a large hall, a time of its own would be a
 * sixth of the work. Without `names` only number and status are read; nothing else is set then.
 * `seated`: the places of standing areas are left out (standing.h has them).
 */
enum error
seat_visit(struct services *services, int32_t item_id, bool seated, bool names, int64_t now,
           void (*visit)(void *state, const struct seat *seat, const struct seat_note *note),
           void *state, struct problem *problem) MUST_CHECK;

/* The same of what does not move: number, names, price, and where the seat stands in the hall. */
enum error seat_visit_layout(struct services *services, int32_t item_id, bool seated,
                             void (*visit)(void *state, const struct seat *seat,
                                           const struct seat_note *note,
                                           const struct seat_position *position),
                             void *state, struct problem *problem) MUST_CHECK;

/* What has been sold of a concert. */
enum error seat_count_sales(struct services *services, int32_t concert_id, struct sales *sales,
                            struct problem *problem) MUST_CHECK;

/* The same of each section of each item, in the order of (date, itemId) and the lowest seatId. */
enum error seat_visit_sales(struct services *services, int32_t concert_id,
                            void (*visit)(void *state, const struct section_sales *row),
                            void *state, struct problem *problem) MUST_CHECK;

#endif
