/* seat: what the answers that show seats share. */
#ifndef FRONTROW_API_SEAT_H
#define FRONTROW_API_SEAT_H

#include "base/json.h"
#include "domain/concert/concert.h"
#include "domain/sale/seat.h"

/* Writes seatId, section, row, label and price into the object that is open. */
void seat_write_names(struct json *json, const struct seat *seat);

/*
 * Writes what a seat is beside its names, where it is not a plain one: kind, note ("": none), and
 * partnerId (0: none), the other seat of a wheelchair place and its companion's. A plain seat has
 * none of these members.
 */
void seat_write_kind(struct json *json, enum seat_kind kind, const char *note, int32_t partner_id);

/*
 * Writes the standing areas of an item as the member `areas`, which one without areas has not. With
 * `counts` as they are at `now`, else what does not move of them.
 */
enum error seat_write_areas(struct services *services, const struct item *item, bool counts,
                            int64_t now, struct json *json, struct problem *problem) MUST_CHECK;

/* Writes what was sold as the member `sales`. */
void seat_write_sales(struct json *json, const struct sales *sales);

/* The layoutVersion of an item, as text. */
void seat_layout_version(const struct item *item, char version[LAYOUT_VERSION_SIZE]);

#endif
