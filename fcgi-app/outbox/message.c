#include "outbox/message.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"

void
message_write_id(const struct delivery *delivery, char id[MESSAGE_ID_SIZE])
{
    snprintf(id, MESSAGE_ID_SIZE, "evt_%" PRId64 "_%" PRId64, delivery->event_id,
             delivery->occurred_at);
}

/* Members that an event is not about are left out. */
static void
write_data(struct json *json, const struct event *event)
{
    char seat_ids[EVENT_SEATS_SIZE + 2], ticket_id[BASE32_LETTERS(EVENT_TICKET_BYTES) + 1];
    json_begin_object(json, "data");
    if (event->concert_id != 0)
        json_write_integer(json, "concertId", event->concert_id);
    if (event->item_id != 0)
        json_write_integer(json, "itemId", event->item_id);
    if (event->reservation_id != 0)
        json_write_integer(json, "reservationId", event->reservation_id);
    if (event->user_id[0] != '\0')
        json_write_string(json, "userId", event->user_id);
    if (event->seat_ids[0] != '\0') {
        snprintf(seat_ids, sizeof seat_ids, "[%s]", event->seat_ids);
        json_write_raw(json, "seatIds", seat_ids);
    }
    if (event->has_amount) {
        json_write_integer(json, "amount", event->amount);
        json_write_integer(json, "fee", event->fee);
    }
    if (event->has_ticket) {
        base32_write(event->ticket, sizeof event->ticket, ticket_id);
        json_write_string(json, "ticketId", ticket_id);
    }
    json_end_object(json);
}

void
message_write(const struct delivery *delivery, struct buffer *body)
{
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_string(&json, "type", delivery->kind);
    json_write_instant(&json, "timestamp", delivery->occurred_at);
    write_data(&json, &delivery->event);
    json_end_object(&json);
}
