/* hall_kept: reads halls that are kept. */
#ifndef FRONTROW_DOMAIN_HALL_KEPT_H
#define FRONTROW_DOMAIN_HALL_KEPT_H

#include "domain/hall/hall_plan.h"
#include "domain/services.h"
#include "mysql/hall/hall_table.h"

/*
 * Reads a hall and its plan, which the caller frees in any case. Refuses with hall_not_found. What
 * is kept was read before it was written: what cannot be read any more is an internal_error.
 */
enum error hall_kept_read(struct services *services, int32_t hall_id, struct hall_row *hall,
                          struct hall_plan *plan, struct problem *problem) MUST_CHECK;

/* The halls of the dates of one call: several of them may be in one. Zero-initialised is empty. */
struct hall_shelf {
    struct shelved_hall *first;
};

/* The plan of a hall, read where it is not on the shelf yet; it belongs to the shelf. */
enum error hall_shelf_find(struct services *services, struct hall_shelf *shelf, int32_t hall_id,
                           const struct hall_plan **plan, struct problem *problem) MUST_CHECK;

void hall_shelf_free(struct hall_shelf *shelf);

/* Reads up to `limit` halls with ids below `before`, newest first; *found is how many. */
enum error hall_kept_list(struct services *services, int64_t before, int32_t limit,
                          struct hall_row *halls, size_t *found, struct problem *problem)
    MUST_CHECK;

#endif
