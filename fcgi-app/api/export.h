/* export: writes a concert's orders, seats, ledger or guests as rows of CSV or JSON. */
#ifndef FRONTROW_API_EXPORT_H
#define FRONTROW_API_EXPORT_H

#include "api/sheet.h"
#include "domain/organiser/export.h"

/* What a word names: orders, seats, ledger or guests. False: nothing, and *what is not set. */
bool export_find_what(const char *name, enum export_what *what) MUST_CHECK;

/*
 * Writes a page behind what `out` has; a CSV begins with the names of its columns where has_head is
 * true. *next is the `before` of the next page, 0 on the last one. Refuses with concert_not_found
 * or item_not_found.
 */
enum error export_write_page(struct services *services, const struct export_query *query,
                             enum sheet_form form, bool has_head, struct buffer *out, int64_t *next,
                             struct problem *problem) MUST_CHECK;

#endif
