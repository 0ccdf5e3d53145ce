/*
 * sweep: cleans up what has expired. Nobody waits for it: the seats of a lapsed hold are free for
 * the next buyer at once, swept or not. Passes may overlap with each other and with everything
 * else.
 */
#ifndef FRONTROW_DOMAIN_SWEEP_H
#define FRONTROW_DOMAIN_SWEEP_H

#include "domain/draw/draw.h"
#include "domain/organiser/item_cancel.h"
#include "domain/queue/queue_sweep.h"
#include "domain/sale/waitlist.h"

/* What a pass did. */
struct sweep_report {
    int64_t expired; /* holds */
    int64_t busy;    /* lapsed holds that somebody had locked: the next pass finds them again */
    int64_t failed;  /* what should have worked and did not */
    int64_t answers; /* stored answers that were deleted */
    struct waitlist_report waitlists;
    struct item_cancel_pass cancels;
    struct draw_sweep_report draws;
    struct queue_sweep_report queues;
    bool mysql_gone; /* the pass was given up */
};

/* One pass over everything that is due now. */
void sweep_run(struct services *services, struct sweep_report *report);

#endif
