/* audit_log: who changed what, as operators read it. */
#ifndef FRONTROW_DOMAIN_AUDIT_LOG_H
#define FRONTROW_DOMAIN_AUDIT_LOG_H

#include "domain/services.h"
#include "mysql/organiser/audit_log_table.h"

/*
 * Hands rows with ids below `before` to `visit`, newest first, at most `limit`; those about a
 * concert where concert_id is not 0.
 */
enum error audit_log_visit(struct services *services, int32_t concert_id, int64_t before,
                           int32_t limit, void (*visit)(void *state, const struct log_row *row),
                           void *state, struct problem *problem) MUST_CHECK;

#endif
