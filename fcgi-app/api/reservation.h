/* reservation: what is written of one, to its buyer and to operators. */
#ifndef FRONTROW_API_RESERVATION_H
#define FRONTROW_API_RESERVATION_H

#include "base/json.h"
#include "domain/sale/reservation.h"

/*
 * Writes the members of one reservation into the object that is open; `method` only if it was not
 * paid with points.
 */
void reservation_write(struct json *json, const struct reservation *reservation);

/* Writes what was refunded, as members of it. */
void reservation_write_refund(struct json *json, const struct refund *refund);

/*
 * Writes the answer to a cancel, with what was refunded: the render() of an effect on a struct
 * reservation_cancel.
 */
void reservation_render_cancelled(const void *cancel, struct buffer *body);

#endif
