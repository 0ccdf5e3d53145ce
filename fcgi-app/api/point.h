/* point: what is written of a purse, to its owner and to operators. */
#ifndef FRONTROW_API_POINT_H
#define FRONTROW_API_POINT_H

#include "base/json.h"
#include "domain/sale/point.h"

/* Writes the members of an entry of the ledger into the object that is open. */
void point_write_entry(struct json *json, const struct point_entry *entry);

/* Writes a purse as JSON, as it is before or after a change, for the audit log. */
void point_write_purse(const char *user_id, int64_t balance, struct buffer *values);

#endif
