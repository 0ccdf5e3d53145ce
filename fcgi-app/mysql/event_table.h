/*
 * event_table: the SQL of what happened, for webhooks: written in the transaction of the change
 * itself, by its COMMIT (mysql/transaction.h).
 */
#ifndef FRONTROW_MYSQL_EVENT_TABLE_H
#define FRONTROW_MYSQL_EVENT_TABLE_H

#include "base/message.h"
#include "mysql/database.h"

/*
 * All kinds: EVENT(name, what receivers read). A new one is a line here, beside the call that adds
 * it; the column is a text.
 */
#define EVENT_KINDS(EVENT)                                                                         \
    EVENT(RESERVATION_HELD, "reservation.held")                                                    \
    EVENT(RESERVATION_EXPIRED, "reservation.expired")                                              \
    EVENT(RESERVATION_CANCELLED, "reservation.cancelled")                                          \
    EVENT(RESERVATION_PAID, "reservation.paid")                                                    \
    EVENT(RESERVATION_REFUNDED, "reservation.refunded")                                            \
    EVENT(TICKET_TRANSFERRED, "ticket.transferred")                                                \
    EVENT(TICKET_CHECKED_IN, "ticket.checked_in")                                                  \
    EVENT(WAITLIST_OFFERED, "waitlist.offered")                                                    \
    EVENT(CONCERT_OPENED, "concert.opened")                                                        \
    EVENT(CONCERT_CHANGED, "concert.changed")                                                      \
    EVENT(CONCERT_SOLD_OUT, "concert.sold_out")                                                    \
    EVENT(CONCERT_CANCELLED, "concert.cancelled")                                                  \
    EVENT(WEBHOOK_TEST, "webhook.test")

enum event_kind {
#define EVENT(name, text) EVENT_##name,
    EVENT_KINDS(EVENT)
#undef EVENT
        EVENT_KIND_COUNT
};

enum {
    EVENT_KIND_SIZE = 33,   /* of its text, with the NUL */
    EVENT_SEATS_SIZE = 97,  /* of seat numbers with commas between, with the NUL */
    EVENT_TICKET_BYTES = 16 /* of a ticket's reference */
};

/* What happened. What it is not about is 0 or "". */
struct event {
    enum event_kind kind;
    int32_t concert_id;
    int32_t item_id;
    int64_t reservation_id;
    char user_id[USER_ID_SIZE];
    char seat_ids[EVENT_SEATS_SIZE];
    bool has_amount; /* and a fee */
    int64_t amount;
    int64_t fee;
    bool has_ticket;
    uint8_t ticket[EVENT_TICKET_BYTES];
};

/* "reservation.held" and the like. */
const char *event_kind_name(enum event_kind kind);

/* Inserts up to DB_ROWS_MAX events by one statement; they happened now. */
enum db_result event_table_insert(struct database *db, const struct event *events, size_t count)
    MUST_CHECK;

#endif
