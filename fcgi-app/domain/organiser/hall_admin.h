/*
 * hall_admin: how operators keep halls and remove them. Each change leaves a row in the audit log.
 * The functions are an effect's parts (domain/effect.h).
 */
#ifndef FRONTROW_DOMAIN_HALL_ADMIN_H
#define FRONTROW_DOMAIN_HALL_ADMIN_H

#include "domain/hall/hall_kept.h"

/* The state of keeping or removing one. */
struct hall_change {
    const char *actor; /* an operator's name, or "ctl" */
    /* Writes a hall as JSON, for the audit log. */
    void (*describe)(const struct hall_row *hall, struct buffer *values);
    const struct hall_plan *plan; /* of one that is to be kept */
    struct hall_row hall; /* its name, or the id of one that is to be removed; the rest is set */
};

enum error hall_create_execute(struct services *services, void *change, struct problem *problem)
    MUST_CHECK;
enum db_result hall_create_was_committed(struct services *services, void *change) MUST_CHECK;

/* Dates that were made of it stay as they are. Refuses with hall_not_found. */
enum error hall_delete_execute(struct services *services, void *change, struct problem *problem)
    MUST_CHECK;
enum db_result hall_delete_was_committed(struct services *services, void *change) MUST_CHECK;

/* Of both. */
int64_t hall_change_id(const void *change);

#endif
