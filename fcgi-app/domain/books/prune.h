/*
 * prune: deletes old rows that are no longer needed, in small batches during sales. It may be
 * killed and run again at any time.
 */
#ifndef FRONTROW_DOMAIN_PRUNE_H
#define FRONTROW_DOMAIN_PRUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/services.h"
#include "mysql/sale/idempotency_table.h"

/* What is old enough. The least ages keep what a call may still ask for. */
struct prune_ages {
    int64_t tokens_days; /* since the concert ended and the token was made, or since somebody waits
                            no more; 1 at least */
    int64_t keys_hours;  /* since the answer was stored; IDEMPOTENCY_HOURS at least */
    int64_t log_days;    /* since it was logged */
};

/* What was deleted, or in a dry run would be. */
struct prune_report {
    int64_t concerts; /* of which something was */
    int64_t tokens;
    int64_t quotas; /* the users' mutexes of concerts with a seat limit */
    int64_t waitlist_entries;
    int64_t answers;
    int64_t log;
    int64_t failed;  /* rows that were locked for too long: the next run finds them again */
    bool redis_gone; /* queue tokens stay while their queue cannot be taken out of Redis */
};

/*
 * Deletes what is old. A concert has ended when it is cancelled, or its sale closed or its last
 * item began so long ago, and no hold of it can be paid any more. The tokens of a draw stay: with
 * them its published list can be computed again. Of each queue two tokens stay, so that a rebuilt
 * queue goes on where it stood. `progress`, if given, is called after each batch.
 */
enum db_result prune_run(struct services *services, const struct prune_ages *ages, bool dry_run,
                         void (*progress)(const struct prune_report *report),
                         struct prune_report *report) MUST_CHECK;

#endif
