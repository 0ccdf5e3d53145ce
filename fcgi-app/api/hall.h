/* hall: halls as JSON. */
#ifndef FRONTROW_API_HALL_H
#define FRONTROW_API_HALL_H

#include "base/json.h"
#include "domain/organiser/hall_admin.h"

/* Writes the audit log's values of a hall: describe() of a struct hall_change. */
void hall_describe(const struct hall_row *hall, struct buffer *values);

/* The render() of an effect whose state is a struct hall_change: the hall, without its seats. */
void hall_render(const void *change, struct buffer *body);

#endif
