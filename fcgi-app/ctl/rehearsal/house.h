/*
 * house: where a rehearsal takes place: a database and a Redis database of its own on the real
 * servers, a run folder, and a second master with its workers. All of it is taken away afterwards;
 * what one leaves that was killed, the next one takes away.
 */
#ifndef FRONTROW_CTL_REHEARSAL_HOUSE_H
#define FRONTROW_CTL_REHEARSAL_HOUSE_H

#include <signal.h>
#include <sys/types.h>

#include "ctl/ctl.h"
#include "mysql/schema/shadow.h"

struct house {
    struct ctl *ctl;
    char name[SHADOW_NAME_SIZE]; /* of the database */
    struct config config;        /* the real one, but for the two databases */
    struct services *services;   /* by that; NULL: the database is not there */
    struct shadow shadow;
    pid_t master; /* 0: it does not run */
};

/*
 * Locks the house: one rehearsal of a database at a time. Takes away what an earlier one left, and
 * says so. All of these return an exit status; EXIT_DONE, or the reason is on standard error.
 */
int house_enter(struct house *house, struct ctl *ctl);

/* Makes everything, with a copy of the concert, and waits until the workers serve. */
int house_build(struct house *house, int32_t concert_id, int32_t capacity,
                const volatile sig_atomic_t *is_interrupted);

/* Takes everything away, whatever of it is there. */
int house_remove(struct house *house);

#endif
