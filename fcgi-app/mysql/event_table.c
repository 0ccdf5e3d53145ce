#include "mysql/event_table.h"

static const char *const kind_names[] = {
#define EVENT(name, text) [EVENT_##name] = (text),
    EVENT_KINDS(EVENT)
#undef EVENT
};

const char *
event_kind_name(enum event_kind kind)
{
    return kind_names[kind];
}

enum { EVENT_PARAMETERS = 9 };

enum db_result
event_table_insert(struct database *db, const struct event *events, size_t count)
{
    static const struct query insert[DB_ROWS_MAX] = DB_ROW_FORMS(
        "INSERT INTO outbox_event (kind, concert_id, item_id, reservation_id, user_id, seat_ids,"
        " amount, fee, reference, occurred_at) VALUES ",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))", "");
    struct parameter parameters[EVENT_PARAMETERS * DB_ROWS_MAX];
    for (size_t i = 0; i < count; i++) {
        const struct event *event = &events[i];
        const struct parameter values[EVENT_PARAMETERS] = {
            DB_TEXT(event_kind_name(event->kind)),
            DB_INTEGER(event->concert_id),
            DB_OPTIONAL(event->item_id != 0, event->item_id),
            DB_OPTIONAL(event->reservation_id != 0, event->reservation_id),
            DB_OPTIONAL_TEXT(event->user_id),
            DB_OPTIONAL_TEXT(event->seat_ids),
            DB_OPTIONAL(event->has_amount, event->amount),
            DB_OPTIONAL(event->has_amount, event->fee),
            event->has_ticket ? DB_BYTES(event->ticket, sizeof event->ticket) : DB_NULL,
        };
        memcpy(&parameters[EVENT_PARAMETERS * i], values, sizeof values);
    }
    return db_execute(db, &insert[count - 1], parameters, EVENT_PARAMETERS * count);
}
