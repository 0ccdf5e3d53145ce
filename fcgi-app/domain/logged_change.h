/* logged_change: a change for the audit log, with what was before it and what is after it. */
#ifndef FRONTROW_DOMAIN_LOGGED_CHANGE_H
#define FRONTROW_DOMAIN_LOGGED_CHANGE_H

#include "base/buffer.h"
#include "domain/services.h"
#include "mysql/organiser/audit_log_table.h"

struct logged_change {
    struct log_entry entry;      /* but for its values; borrowed */
    struct buffer before, after; /* the values: JSON objects, which the caller writes; "": none */
};

/* Adds it to the audit log, in the caller's transaction, and frees the values in any case. */
enum db_result logged_change_write(struct services *services, struct logged_change *change)
    MUST_CHECK;

/* Frees the values of one that did not come about. */
void logged_change_free(struct logged_change *change);

#endif
