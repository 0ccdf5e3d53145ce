/* export: a concert's orders, seats, ledger and guests, page by page, for other programs. */
#ifndef FRONTROW_DOMAIN_EXPORT_H
#define FRONTROW_DOMAIN_EXPORT_H

#include "domain/services.h"
#include "mysql/organiser/export_table.h"

/*
 * Hands the rows of a page to `visit`. *next is the `before` of the next page, 0 on the last one.
 * Refuses with concert_not_found or item_not_found.
 */
enum error export_visit(struct services *services, const struct export_query *query,
                        void (*visit)(void *state, const struct export_row *row), void *state,
                        int64_t *next, struct problem *problem) MUST_CHECK;

#endif
