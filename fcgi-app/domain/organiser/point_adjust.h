/* point_adjust: an operator adds to a purse or takes from it. */
#ifndef FRONTROW_DOMAIN_POINT_ADJUST_H
#define FRONTROW_DOMAIN_POINT_ADJUST_H

#include "domain/sale/point.h"

/* The state of an adjustment (domain/effect.h). The caller fills all but the entry. */
struct point_adjust {
    struct point_change change; /* a charge or a use; first, as what goes for it goes for this */
    const char *reason;         /* NULL: none; in the ledger it is as if the user had done it */
    const char *actor;
    /* Writes a purse as JSON, for the audit log. */
    void (*describe)(const char *user_id, int64_t balance, struct buffer *values);
};

/* As point_change_execute(), with a reason in the ledger and a row of the audit log. */
enum error point_adjust_execute(struct services *services, void *adjust, struct problem *problem)
    MUST_CHECK;

#endif
