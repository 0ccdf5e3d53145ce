/* seat: what the answers that show seats share. */
#ifndef FRONTROW_API_SEAT_H
#define FRONTROW_API_SEAT_H

#include "base/json.h"
#include "domain/concert/concert.h"
#include "domain/sale/seat.h"

/* Writes seatId, section, row, label and price into the object that is open. */
void seat_write_names(struct json *json, const struct seat *seat);

/* Writes what was sold as the member `sales`. */
void seat_write_sales(struct json *json, const struct sales *sales);

/* The layoutVersion of an item, as text. */
void seat_layout_version(const struct item *item, char version[LAYOUT_VERSION_SIZE]);

#endif
