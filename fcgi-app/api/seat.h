/* seat: what the answers that show seats share. */
#ifndef FRONTROW_API_SEAT_H
#define FRONTROW_API_SEAT_H

#include "base/json.h"
#include "mysql/seat_table.h"

/* Writes seatId, section, row, label and price into the object that is open. */
void seat_write_names(struct json *json, const struct seat *seat);

#endif
