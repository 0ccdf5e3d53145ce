/*
 * seating: best available. Sections go by highest price, rows by their lowest seatId; adjacent are
 * consecutive seatIds of one row.
 */
#ifndef FRONTROW_DOMAIN_SEATING_H
#define FRONTROW_DOMAIN_SEATING_H

#include "domain/services.h"
#include "mysql/seat_table.h"

/*
 * What a buyer sees of a seat at `now`: a lapsed hold is free at once, swept or not, and a blocked
 * seat shows as sold.
 */
enum seat_status seat_shown(const struct seat *seat, int64_t now);

/* A seat as the choice sees it. */
struct place {
    int32_t seat_id;
    int32_t section; /* 0, 1, ... in the order of the sections' ranks */
    int32_t row;     /* lowest seatId of its row */
    bool free;
};

/* What a buyer asks for. */
struct seating_wish {
    int32_t count;       /* 1..SEATS_AT_ONCE; 0: no wish, the seats were named */
    const char *section; /* "": any */
    int64_t max_price;   /* of a seat */
};

/*
 * Chooses `count` free places: the first adjacent ones in the best section that has them, else the
 * smallest span of seatIds in the best section that has enough free ones. `places` must be sorted
 * with seating_sort(). Writes the ids, ascending; false where no section has enough.
 */
bool seating_choose(const struct place *places, size_t place_count, int32_t count,
                    int32_t ids[SEATS_AT_ONCE]);

/* Sorts places the way in which seating_choose() wants them: by section, row and seatId. */
void seating_sort(struct place *places, size_t place_count);

/*
 * Finds the best free seats of an item and locks them, inside a running transaction; *now is the
 * database's time after the last lock. A set that another buyer is just taking is passed by.
 * Refuses with seats_not_available; with busy where nothing was left but what others hold locked,
 * which may become free: worth another try.
 */
enum error seating_lock(struct services *services, int32_t item_id,
                        const struct seating_wish *wish, int32_t ids[SEATS_AT_ONCE],
                        struct seat seats[SEATS_AT_ONCE], int64_t *now, struct problem *problem);

#endif
