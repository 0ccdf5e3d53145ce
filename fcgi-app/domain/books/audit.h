/* audit: proves that the books are right, while sales go on: every rule with its violations. */
#ifndef FRONTROW_DOMAIN_AUDIT_H
#define FRONTROW_DOMAIN_AUDIT_H

#include "domain/services.h"

/* One rule and how often it is broken. */
struct audit_finding {
    const char *name;
    const char *rule; /* a sentence for people */
    int64_t count;
    bool harmless; /* counted for information: no violation */
};

/*
 * Checks MySQL in one snapshot, then Redis, and reports each rule. DB_OK: everything was read but,
 * with *redis_gone, Redis.
 */
enum db_result audit_run(struct services *services,
                         void (*report)(void *context, const struct audit_finding *finding),
                         void *context, bool *redis_gone) MUST_CHECK;

#endif
