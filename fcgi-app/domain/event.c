#include "domain/event.h"

#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "mysql/transaction.h"

void
event_add(struct services *services, const struct event *event)
{
    if (config_has_webhooks(services->config))
        transaction_announce(services->db, event);
}

void
event_add_concert(struct services *services, enum event_kind kind, int32_t concert_id,
                  int32_t item_id)
{
    event_add(services,
              &(struct event){.kind = kind, .concert_id = concert_id, .item_id = item_id});
}

static struct event
event_of(enum event_kind kind, const struct reservation *reservation)
{
    struct event event = {
        .kind = kind,
        .concert_id = reservation->concert_id,
        .item_id = reservation->item_id,
        .reservation_id = reservation->reservation_id,
        .has_amount = true,
        .amount = reservation->total_price,
    };
    memcpy(event.user_id, reservation->user_id, sizeof event.user_id);
    return event;
}

/* There is room for SEATS_AT_ONCE of them. */
static void
add_seat(struct event *event, int32_t seat_id)
{
    size_t length = strlen(event->seat_ids);
    snprintf(event->seat_ids + length, sizeof event->seat_ids - length, "%s%d",
             length > 0 ? "," : "", (int)seat_id);
}

void
event_add_reservation(struct services *services, enum event_kind kind,
                      const struct reservation *reservation)
{
    struct event event = event_of(kind, reservation);
    for (int32_t i = 0; i < reservation->seat_count; i++)
        add_seat(&event, reservation->seats[i].seat_id);
    event_add(services, &event);
}

void
event_add_seats(struct services *services, enum event_kind kind,
                const struct reservation *reservation, const struct seat *seats, size_t count)
{
    struct event event = event_of(kind, reservation);
    event.amount = 0;
    for (size_t i = 0; i < count; i++) {
        add_seat(&event, seats[i].seat_id);
        event.amount += seats[i].price;
    }
    event_add(services, &event);
}

void
event_add_payment(struct services *services, const struct reservation *reservation)
{
    const struct event event = event_of(EVENT_RESERVATION_PAID, reservation);
    event_add(services, &event);
}

void
event_add_refund(struct services *services, const struct reservation *reservation,
                 const int32_t *seat_ids, size_t count, int64_t amount, int64_t fee)
{
    struct event event = event_of(EVENT_RESERVATION_REFUNDED, reservation);
    event.amount = amount;
    event.fee = fee;
    for (size_t i = 0; i < count; i++)
        add_seat(&event, seat_ids[i]);
    event_add(services, &event);
}
