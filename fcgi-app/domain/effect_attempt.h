/* effect_attempt: what the way of one effect and that of several together have in common. */
#ifndef FRONTROW_DOMAIN_EFFECT_ATTEMPT_H
#define FRONTROW_DOMAIN_EFFECT_ATTEMPT_H

#include "domain/effect.h"

/* How far one attempt came. */
enum attempt {
    ATTEMPT_OPEN,    /* its transaction has begun, and its key is reserved */
    ATTEMPT_DONE,    /* committed, or answered from the store */
    ATTEMPT_REFUSED, /* nothing changed; the problem says why */
    ATTEMPT_AGAIN,   /* nothing changed, by no fault of the caller's */
    ATTEMPT_UNKNOWN, /* the COMMIT's answer was lost */
};

/*
 * The answer to the COMMIT was lost: asks MySQL, on a new connection, whether it was carried out.
 * ATTEMPT_DONE, ATTEMPT_AGAIN, or ATTEMPT_REFUSED where MySQL does not tell.
 */
enum attempt effect_settle(struct services *services, const struct effect *effect,
                           struct buffer *body, struct problem *problem) MUST_CHECK;

/* Once for each effect that was committed: counts it for monitoring. Tools have nobody to tell. */
void effect_count(struct services *services, const struct effect *effect);

#endif
