/*
 * occupancy: which users each worker makes a change for, in shared memory. A user's changes lock
 * one purse: some hundreds of them at once would keep every worker waiting, and all other users
 * with them. So a part of the workers is kept free of any one user. And which of the best seats
 * each is just taking, so that the others need not ask MySQL for every set that they pass by.
 */
#ifndef FRONTROW_BASE_OCCUPANCY_H
#define FRONTROW_BASE_OCCUPANCY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config_table.h"

/* At a reload the old and the new workers are there together. */
enum { OCCUPANCY_SLOTS = 2 * CONFIG_WORKERS_MAX, OCCUPANCY_SEATS = 16, OCCUPANCY_USERS = 16 };

/*
 * One worker's slot. What a killed one leaves behind counts until the master has seen its end; it
 * cannot be a count, which nobody would lower then.
 */
struct occupancy_slot {
    atomic_int owner; /* process id, 0: free */
    /* hashes of the users at work for, up to the first 0; several where they share a transaction */
    _Atomic uint32_t users[OCCUPANCY_USERS];
    /*
     * The set that is being taken: item and seat in one, up to the first 0. The first seat is
     * written last and taken back first. Who finds `sets` unchanged has read one whole set.
     */
    _Atomic uint64_t seats[OCCUPANCY_SEATS];
    _Atomic uint32_t sets; /* begun so far */
};

/* Zero-initialised is valid. */
struct occupancy {
    atomic_int used; /* slots from here on were never taken */
    struct occupancy_slot slots[OCCUPANCY_SLOTS];
};

/* By a worker at its start: a slot of its own, to be given back by occupancy_free(). */
struct occupancy_slot *occupancy_take(struct occupancy *occupancy);
void occupancy_free(struct occupancy_slot *slot);

/* By the master, when this worker has ended: frees its slot if it could not. */
void occupancy_forget(struct occupancy *occupancy, int owner);

/*
 * Before a change for `user`: false where `max` others work for the same one; then it must be
 * refused as busy. Otherwise occupancy_leave() is due at its end.
 */
bool occupancy_enter(struct occupancy *occupancy, struct occupancy_slot *slot, const char *user,
                     int max);

/*
 * Before a change for this user and others together, up to OCCUPANCY_USERS, one call for each:
 * false where any other works for the user, or this one does already. The user is then left out, so
 * that nobody waits for another one's locks.
 */
bool occupancy_join(struct occupancy *occupancy, struct occupancy_slot *slot, const char *user);

/* When one who joined is answered before the others. */
void occupancy_leave_user(struct occupancy_slot *slot, const char *user);

/* Leaves all. */
void occupancy_leave(struct occupancy_slot *slot);

/* Tells the others which seats are just being taken here, until the change's end or a rollback. */
void occupancy_take_seats(struct occupancy_slot *slot, int32_t item_id, const int32_t *ids,
                          size_t count);
void occupancy_leave_seats(struct occupancy_slot *slot);

/*
 * What the next of the other workers is just taking of the item, all of it or nothing: who passed
 * by a part of a set would take the rest of it. Returns how many seats, 0 where there are no more;
 * *at begins with 0. A hint: only the seats' locks tell.
 */
size_t occupancy_next_set(const struct occupancy *occupancy, const struct occupancy_slot *own,
                          int32_t item_id, size_t *at, int32_t ids[OCCUPANCY_SEATS]);

#endif
