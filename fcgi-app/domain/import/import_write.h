/* import_write: parts of orders that were read, sold here, some in a transaction. */
#ifndef FRONTROW_DOMAIN_IMPORT_WRITE_H
#define FRONTROW_DOMAIN_IMPORT_WRITE_H

#include "domain/import/import_orders.h"

/* Finds out whether the part was imported before. */
enum db_result import_find_part(struct import_orders *import, struct import_part *part) MUST_CHECK;

/* Tells why the i-th seat of the part cannot be sold. */
void import_refuse_seat(struct import_orders *import, const struct import_part *part, size_t i,
                        const char *reason);

/*
 * Writes import->parts, those that were not imported before. One that is refused because somebody
 * else has a seat of it is told and counted; the others are written. Refuses with mysql_unavailable
 * or busy.
 */
enum error import_write_parts(struct import_orders *import, struct problem *problem) MUST_CHECK;

#endif
