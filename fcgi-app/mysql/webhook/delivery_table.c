#include "mysql/webhook/delivery_table.h"

#include <inttypes.h>

#include "base/buffer.h"

/* ---- lists of any length, of our own numbers ---- */

static void
write_ids(struct buffer *sql, const int64_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_format(sql, "%s%" PRId64, i == 0 ? "(" : ",", ids[i]);
    buffer_text(sql, ")");
}

/* Runs `start`, which may have no placeholders, with the ids behind it. */
static enum db_result
run_with_ids(struct database *db, const char *start, const int64_t *ids, size_t count)
{
    struct buffer sql = {0};
    if (count == 0)
        return DB_OK;
    buffer_text(&sql, start);
    write_ids(&sql, ids, count);
    enum db_result result = db_run_text(db, sql.data);
    buffer_free(&sql);
    return result;
}

/* ---- from events to deliveries ---- */

enum db_result
delivery_table_list_new(struct database *db, struct id_list *events)
{
    static const struct query list = {
        "SELECT event_id FROM outbox_event WHERE dispatched_at IS NULL"
        " ORDER BY event_id LIMIT ?"};
    int64_t id;
    events->count = 0;
    enum db_result result =
        db_select(db, &list, PARAMETERS(DB_INTEGER(DISPATCH_BATCH)), COLUMNS(INTO_INT64(&id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        events->ids[events->count++] = id;
    return result == DB_NONE ? DB_OK : result;
}

/* A webhook wants all kinds, or the named ones. */
#define WANTS "(w.events = '' OR FIND_IN_SET(e.kind, w.events) > 0)"

#define STREAM_OF_EVENT "COALESCE(e.reservation_id, -e.concert_id)"

enum db_result
delivery_table_dispatch(struct database *db, const struct id_list *events)
{
    enum db_result result = webhook_table_lock_all(db);
    if (result == DB_OK)
        result =
            run_with_ids(db,
                         "INSERT INTO webhook_delivery (webhook_id, event_id, stream, next_try_at)"
                         " SELECT w.webhook_id, e.event_id, " STREAM_OF_EVENT ", UTC_TIMESTAMP(3)"
                         " FROM outbox_event e JOIN webhook w ON " WANTS
                         " WHERE e.dispatched_at IS NULL AND e.event_id IN ",
                         events->ids, events->count);
    if (result != DB_OK)
        return result;
    return run_with_ids(db,
                        "UPDATE outbox_event SET dispatched_at = UTC_TIMESTAMP(3)"
                        " WHERE dispatched_at IS NULL AND event_id IN ",
                        events->ids, events->count);
}

/* ---- from deliveries to webhooks ---- */

enum { DELIVERY_COLUMNS = 17 };

#define COLUMNS_OF_DELIVERY                                                                        \
    "d.webhook_id, d.event_id, d.stream, d.tries, d.dead_at, COALESCE(d.error, ''), e.kind,"       \
    " e.occurred_at, e.concert_id, e.item_id, e.reservation_id, e.user_id, e.seat_ids,"            \
    " e.amount, e.amount IS NOT NULL, e.fee, e.reference"

/* Each delivery has an event. */
#define EVENT_OF_DELIVERY " STRAIGHT_JOIN outbox_event e ON e.event_id = d.event_id "
#define SELECT_DELIVERY "SELECT " COLUMNS_OF_DELIVERY " FROM webhook_delivery d" EVENT_OF_DELIVERY
#define SELECT_DUE                                                                                 \
    "SELECT " COLUMNS_OF_DELIVERY                                                                  \
    " FROM webhook_delivery d FORCE INDEX (webhook_delivery_due)" EVENT_OF_DELIVERY

static void
bind(struct delivery *row, struct column columns[DELIVERY_COLUMNS])
{
    struct event *event = &row->event;
    const struct column list[DELIVERY_COLUMNS] = {
        INTO_INT32(&row->webhook_id),
        INTO_INT64(&row->event_id),
        INTO_INT64(&row->stream),
        INTO_INT32(&row->tries),
        INTO_INSTANT(&row->dead_at),
        INTO_TEXT(row->error),
        INTO_TEXT(row->kind),
        INTO_INSTANT(&row->occurred_at),
        INTO_INT32(&event->concert_id),
        INTO_INT32(&event->item_id),
        INTO_INT64(&event->reservation_id),
        INTO_TEXT(event->user_id),
        INTO_TEXT(event->seat_ids),
        INTO_INT64(&event->amount),
        INTO_BOOL(&event->has_amount),
        INTO_INT64(&event->fee),
        INTO_OPTIONAL_BYTES(event->ticket, &event->has_ticket),
    };
    memcpy(columns, list, sizeof list);
}

/* Reads the rows of a statement, at most DELIVERY_BATCH. */
static enum db_result
read_list(struct database *db, const struct query *query, const struct parameter *parameters,
          size_t parameter_count, struct delivery list[DELIVERY_BATCH], size_t *count)
{
    struct delivery row = {0};
    struct column columns[DELIVERY_COLUMNS];
    bind(&row, columns);
    *count = 0;
    enum db_result result =
        db_select(db, query, parameters, parameter_count, columns, DELIVERY_COLUMNS);
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        list[(*count)++] = row;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
delivery_table_list_due(struct database *db, int32_t webhook_id, size_t max,
                        struct delivery list[DELIVERY_BATCH], size_t *count)
{
    static const struct query due = {
        SELECT_DUE
        "WHERE d.webhook_id = ? AND d.dead_at IS NULL AND d.next_try_at <= UTC_TIMESTAMP(3)"
        " AND NOT EXISTS (SELECT 1 FROM webhook_delivery b FORCE INDEX (webhook_delivery_in_order)"
        " WHERE b.webhook_id = d.webhook_id AND b.stream = d.stream AND b.event_id < d.event_id"
        " AND b.dead_at IS NULL) ORDER BY d.next_try_at LIMIT ?"};
    return read_list(db, &due, PARAMETERS(DB_INTEGER(webhook_id), DB_INTEGER((int64_t)max)), list,
                     count);
}

/* Locks some; is_locked[i]: list[i] is. */
static enum db_result
lock_some(struct database *db, int32_t webhook_id, const struct delivery *list, size_t count,
          bool *is_locked)
{
    static const struct query lock[] =
        DB_LISTS("SELECT event_id FROM webhook_delivery WHERE webhook_id = ? AND dead_at IS NULL"
                 " AND next_try_at <= UTC_TIMESTAMP(3) AND event_id",
                 " FOR UPDATE SKIP LOCKED");
    struct parameter parameters[1 + DB_ROWS_MAX] = {DB_INTEGER(webhook_id)};
    size_t form = db_list_form(count), listed = (size_t)1 << form;
    int64_t id;
    for (size_t i = 0; i < listed; i++)
        parameters[1 + i] = DB_INTEGER(list[db_list_at(i, count)].event_id);
    enum db_result result =
        db_select(db, &lock[form], parameters, 1 + listed, COLUMNS(INTO_INT64(&id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        for (size_t i = 0; i < count; i++)
            is_locked[i] = is_locked[i] || list[i].event_id == id;
    return result == DB_NONE ? DB_OK : result;
}

static enum db_result
put_off_all(struct database *db, int32_t webhook_id, int64_t lease_ms, const struct delivery *list,
            size_t count)
{
    int64_t ids[DELIVERY_BATCH];
    struct buffer start = {0};
    for (size_t i = 0; i < count; i++)
        ids[i] = list[i].event_id;
    buffer_format(&start,
                  "UPDATE webhook_delivery SET next_try_at = UTC_TIMESTAMP(3) + INTERVAL %" PRId64
                  " MICROSECOND WHERE webhook_id = %" PRId32 " AND event_id IN ",
                  lease_ms * 1000, webhook_id);
    enum db_result result = run_with_ids(db, start.data, ids, count);
    buffer_free(&start);
    return result;
}

enum db_result
delivery_table_lease(struct database *db, int32_t webhook_id, int64_t lease_ms,
                     struct delivery *list, size_t *count)
{
    bool is_locked[DELIVERY_BATCH] = {false};
    size_t kept = 0;
    enum db_result result = DB_OK;
    for (size_t at = 0, some; at < *count && result == DB_OK; at += some) {
        some = *count - at < DB_ROWS_MAX ? *count - at : DB_ROWS_MAX;
        result = lock_some(db, webhook_id, list + at, some, is_locked + at);
    }
    for (size_t i = 0; i < *count; i++)
        if (is_locked[i])
            list[kept++] = list[i];
    *count = kept;
    return result == DB_OK ? put_off_all(db, webhook_id, lease_ms, list, kept) : result;
}

enum db_result
delivery_table_delete(struct database *db, int32_t webhook_id, const struct id_list *events)
{
    struct buffer start = {0};
    buffer_format(&start,
                  "DELETE FROM webhook_delivery WHERE webhook_id = %" PRId32 " AND event_id IN ",
                  webhook_id);
    enum db_result result = run_with_ids(db, start.data, events->ids, events->count);
    buffer_free(&start);
    return result;
}

enum db_result
delivery_table_put_off(struct database *db, const struct delivery *delivery, int64_t pause_ms,
                       const char *error)
{
    static const struct query put_off = {
        "UPDATE webhook_delivery SET next_try_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND,"
        " error = IF(event_id = ?, ?, error),"
        " tries = tries + (event_id = ? AND tries = ?)"
        " WHERE webhook_id = ? AND stream = ? AND dead_at IS NULL"};
    const struct parameter event = DB_INTEGER(delivery->event_id);
    return db_execute(db, &put_off,
                      PARAMETERS(DB_INTEGER(pause_ms * 1000), event, DB_TEXT(error), event,
                                 DB_INTEGER(delivery->tries), DB_INTEGER(delivery->webhook_id),
                                 DB_INTEGER(delivery->stream)));
}

enum db_result
delivery_table_give_up(struct database *db, const struct delivery *delivery, const char *error)
{
    static const struct query give_up = {
        "UPDATE webhook_delivery SET dead_at = UTC_TIMESTAMP(3), tries = tries + 1, error = ?"
        " WHERE webhook_id = ? AND event_id = ? AND dead_at IS NULL"};
    return db_execute(db, &give_up,
                      PARAMETERS(DB_TEXT(error), DB_INTEGER(delivery->webhook_id),
                                 DB_INTEGER(delivery->event_id)));
}

/* ---- by hand ---- */

enum db_result
delivery_table_list_dead(struct database *db, int32_t webhook_id, int64_t after,
                         struct delivery list[DELIVERY_BATCH], size_t *count)
{
    static const struct query dead = {
        SELECT_DELIVERY "WHERE d.webhook_id = ? AND d.dead_at IS NOT NULL AND d.event_id > ?"
                        " ORDER BY d.event_id LIMIT ?"};
    return read_list(
        db, &dead,
        PARAMETERS(DB_INTEGER(webhook_id), DB_INTEGER(after), DB_INTEGER(DELIVERY_BATCH)), list,
        count);
}

enum db_result
delivery_table_revive(struct database *db, int32_t webhook_id, int64_t *count)
{
    static const struct query revive = {
        "UPDATE webhook_delivery SET dead_at = NULL, tries = 0, next_try_at = UTC_TIMESTAMP(3)"
        " WHERE webhook_id = ? AND (dead_at IS NOT NULL OR tries > 0)"};
    enum db_result result = db_execute(db, &revive, PARAMETERS(DB_INTEGER(webhook_id)));
    *count = result == DB_OK ? db_changed_rows(db) : 0;
    return result;
}

enum db_result
delivery_table_repeat(struct database *db, int32_t webhook_id, int64_t since, int64_t *count)
{
    static const struct query repeat = {
        "INSERT IGNORE INTO webhook_delivery (webhook_id, event_id, stream, next_try_at)"
        " SELECT w.webhook_id, e.event_id, " STREAM_OF_EVENT ", UTC_TIMESTAMP(3)"
        " FROM outbox_event e JOIN webhook w ON " WANTS
        " WHERE w.webhook_id = ? AND e.dispatched_at IS NOT NULL AND e.occurred_at >= ?"
        " AND e.kind <> 'webhook.test'"};
    enum db_result result =
        db_execute(db, &repeat, PARAMETERS(DB_INTEGER(webhook_id), DB_INSTANT(since)));
    *count = result == DB_OK ? db_changed_rows(db) : 0;
    return result;
}

enum db_result
delivery_table_add_test(struct database *db, int32_t webhook_id, int64_t *event_id)
{
    static const struct query add_event = {
        "INSERT INTO outbox_event (kind, concert_id, occurred_at, dispatched_at)"
        " VALUES (?, 0, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"};
    static const struct query add_delivery = {
        "INSERT INTO webhook_delivery (webhook_id, event_id, stream, next_try_at)"
        " VALUES (?, ?, ?, UTC_TIMESTAMP(3))"};
    enum db_result result =
        db_execute(db, &add_event, PARAMETERS(DB_TEXT(event_kind_name(EVENT_WEBHOOK_TEST))));
    if (result != DB_OK)
        return result;
    *event_id = db_inserted_id(db);
    return db_execute(db, &add_delivery,
                      PARAMETERS(DB_INTEGER(webhook_id), DB_INTEGER(*event_id),
                                 DB_INTEGER(INT64_MIN + *event_id)));
}

enum db_result
delivery_table_find(struct database *db, int32_t webhook_id, int64_t event_id,
                    struct delivery *delivery)
{
    static const struct query find = {SELECT_DELIVERY "WHERE d.webhook_id = ? AND d.event_id = ?"};
    struct column columns[DELIVERY_COLUMNS];
    bind(delivery, columns);
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(webhook_id), DB_INTEGER(event_id)),
                         columns, DELIVERY_COLUMNS);
}

/* ---- what is over ---- */

static enum db_result
delete_some(struct database *db, const struct query *query, const struct parameter *parameters,
            size_t parameter_count, int64_t *deleted)
{
    enum db_result result = db_execute(db, query, parameters, parameter_count);
    *deleted = result == DB_OK ? db_changed_rows(db) : 0;
    return result;
}

enum db_result
delivery_table_find_orphan(struct database *db, int32_t *webhook_id)
{
    static const struct query find = {
        "SELECT d.webhook_id FROM (SELECT DISTINCT webhook_id FROM webhook_delivery) d"
        " LEFT JOIN webhook w ON w.webhook_id = d.webhook_id WHERE w.webhook_id IS NULL LIMIT 1"};
    return db_select_one(db, &find, NO_PARAMETERS, COLUMNS(INTO_INT32(webhook_id)));
}

enum db_result
delivery_table_delete_all(struct database *db, int32_t webhook_id, int64_t *deleted)
{
    static const struct query all = {"DELETE FROM webhook_delivery WHERE webhook_id = ? LIMIT ?"};
    return delete_some(db, &all, PARAMETERS(DB_INTEGER(webhook_id), DB_INTEGER(DELETE_BATCH)),
                       deleted);
}

enum db_result
delivery_table_delete_dead(struct database *db, int32_t webhook_id, int64_t keep_ms,
                           int64_t *deleted)
{
    static const struct query dead = {
        "DELETE FROM webhook_delivery WHERE webhook_id = ?"
        " AND dead_at < UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND LIMIT ?"};
    return delete_some(
        db, &dead,
        PARAMETERS(DB_INTEGER(webhook_id), DB_INTEGER(keep_ms * 1000), DB_INTEGER(DELETE_BATCH)),
        deleted);
}

enum db_result
delivery_table_delete_events(struct database *db, int64_t keep_ms, int64_t *deleted)
{
    static const struct query events = {
        "DELETE FROM outbox_event WHERE dispatched_at < UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND"
        " AND NOT EXISTS (SELECT 1 FROM webhook w JOIN webhook_delivery d"
        " ON d.webhook_id = w.webhook_id AND d.event_id = outbox_event.event_id) LIMIT ?"};
    return delete_some(db, &events,
                       PARAMETERS(DB_INTEGER(keep_ms * 1000), DB_INTEGER(DELETE_BATCH)), deleted);
}
