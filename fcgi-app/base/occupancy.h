/*
 * occupancy: which user each worker makes a change for, in shared memory. A user's changes lock one
 * purse: some hundreds of them at once would keep every worker waiting, and all other users with
 * them. So a part of the workers is kept free of any one user.
 */
#ifndef FRONTROW_BASE_OCCUPANCY_H
#define FRONTROW_BASE_OCCUPANCY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config_table.h"

/* At a reload the old and the new workers are there together. */
enum { OCCUPANCY_PLACES = 2 * CONFIG_WORKERS_MOST };

/*
 * One worker's place. What a killed one leaves behind counts until its successor takes the place;
 * it cannot be a count, which nobody would lower then.
 */
struct occupancy_place {
    atomic_int owner;      /* process id, 0: free */
    _Atomic uint32_t user; /* hash of the user at work for, 0: none */
};

/* Zero-initialised is valid. */
struct occupancy {
    atomic_int used; /* places from here on were never taken */
    struct occupancy_place places[OCCUPANCY_PLACES];
};

/* By a worker at its start: a place of its own, to be given back by occupancy_free(). */
struct occupancy_place *occupancy_take(struct occupancy *occupancy);
void occupancy_free(struct occupancy_place *place);

/*
 * Before a change for `user`: false where `most` others work for the same one; then it must be
 * refused as busy. Otherwise occupancy_leave() is due at its end.
 */
bool occupancy_enter(struct occupancy *occupancy, struct occupancy_place *place, const char *user,
                     int most);
void occupancy_leave(struct occupancy_place *place);

#endif
