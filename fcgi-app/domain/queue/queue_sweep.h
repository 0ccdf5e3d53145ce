/* queue_sweep: what the sweeper and the audit do with all queues. */
#ifndef FRONTROW_DOMAIN_QUEUE_SWEEP_H
#define FRONTROW_DOMAIN_QUEUE_SWEEP_H

#include "domain/services.h"

struct queue_sweep_report {
    int64_t moved;  /* queues */
    int64_t ended;  /* tokens whose end was written to MySQL */
    int64_t freed;  /* places of tokens that MySQL had as ended */
    int64_t failed; /* queues that could not be moved on, Redis being there */
    bool redis_gone;
};

/*
 * Moves each queue on as far as it goes, writes ended tokens to MySQL and frees places whose
 * payment could not. DB_OK unless MySQL failed. Passes may overlap.
 */
enum db_result queue_sweep(struct services *services, struct queue_sweep_report *report) MUST_CHECK;

/* What Redis says of all queues together. */
struct queue_audit {
    int32_t overshoot_max; /* the most by which a call went over the capacity in force then */
    int64_t entries;       /* numbered tokens in Redis */
    int64_t without_row;   /* of these, MySQL has no row: the add was answered 503 or goes on */
    bool redis_gone;
};

/* Reads it. Queues that are not loaded count as empty. DB_OK unless MySQL failed. */
enum db_result queue_audit(struct services *services, struct queue_audit *audit) MUST_CHECK;

#endif
