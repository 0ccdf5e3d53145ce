/*
 * concert_cancel: cancels a concert with all its dates for ever, and gives every buyer the points
 * back. A call leaves the refunds to the sweeper, a tool does the sweeper's work at once.
 */
#ifndef FRONTROW_DOMAIN_CONCERT_CANCEL_H
#define FRONTROW_DOMAIN_CONCERT_CANCEL_H

#include "domain/organiser/concert_admin.h"
#include "domain/organiser/item_cancel.h"

/* The state of a call that cancels a concert (domain/effect.h). */
struct concert_cancel_begin {
    struct concert_change change; /* the caller fills author, detail (the reason) and id */
    int64_t begun_at;
};

/*
 * Makes the concert and all its dates cancelled, whether or not they have started; then
 * item_cancel_sweep() ends their reservations. Refuses with concert_not_found, or with
 * not_cancellable where the concert is cancelled already.
 */
enum error concert_cancel_execute(struct services *services, void *cancel, struct problem *problem)
    MUST_CHECK;
enum db_result concert_cancel_was_committed(struct services *services, void *cancel) MUST_CHECK;
int64_t concert_cancel_id(const void *cancel);

/*
 * How far the cancels of a concert's dates are, all together. begun_at is that of the last one,
 * CLOCK_NEVER where none was cancelled by a call.
 */
enum error concert_cancel_find(struct services *services, int32_t concert_id,
                               struct item_cancel *cancel, struct problem *problem) MUST_CHECK;

/* A cancel with its refunds, by a tool. The caller fills the first part. */
struct concert_cancel_run {
    struct author author;
    int32_t concert_id;
    void (*progress)(void *state); /* is told after each transaction */
    void *state;

    bool begun;     /* nobody reserves or pays any more, and the sweeper does what is left */
    int64_t failed; /* reservations that could not be ended now: likewise */
};

/*
 * Does what the call does, and then at once what the sweeper would do. It may be interrupted at any
 * moment: another run does the rest, or the sweeper. A concert that is cancelled already is no
 * refusal. Refuses with concert_not_found, mysql_unavailable or busy.
 */
enum error concert_cancel_run(struct services *services, struct concert_cancel_run *run,
                              struct problem *problem) MUST_CHECK;

#endif
