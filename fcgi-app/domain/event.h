/*
 * event: what webhooks tell of a change. An event is added inside the transaction that makes the
 * change, and is written by its COMMIT; without webhooks nothing is written.
 */
#ifndef FRONTROW_DOMAIN_EVENT_H
#define FRONTROW_DOMAIN_EVENT_H

#include "domain/services.h"
#include "mysql/event_table.h"
#include "mysql/sale/reservation_table.h"

void event_add(struct services *services, const struct event *event);

/* Of a concert, and of one of its items where item_id is not 0. */
void event_add_concert(struct services *services, enum event_kind kind, int32_t concert_id,
                       int32_t item_id);

/* Of a reservation with the seats that were read of it, and its price. */
void event_add_reservation(struct services *services, enum event_kind kind,
                           const struct reservation *reservation);

/* Of some of its seats, and the price of these. */
void event_add_seats(struct services *services, enum event_kind kind,
                     const struct reservation *reservation, const struct seat *seats, size_t count);

/* Of one that was just paid: which seats it has was told when it was held. */
void event_add_payment(struct services *services, const struct reservation *reservation);

/* Of the `count` seats that a reservation gave back, for which `amount` is returned. */
void event_add_refund(struct services *services, const struct reservation *reservation,
                      const int32_t *seat_ids, size_t count, int64_t amount, int64_t fee);

#endif
