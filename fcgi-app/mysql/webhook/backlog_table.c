#include "mysql/webhook/backlog_table.h"

enum db_result
backlog_table_read(struct database *db, struct backlog *backlog)
{
    static const struct query ask = {
        "SELECT CAST(COALESCE(TIMESTAMPDIFF(MICROSECOND, MIN(e.occurred_at), UTC_TIMESTAMP(3)), 0)"
        " DIV 1000 AS SIGNED), (SELECT COUNT(*) FROM webhook w JOIN webhook_delivery d"
        "  ON d.webhook_id = w.webhook_id AND d.dead_at IS NOT NULL)"
        " FROM outbox_event e WHERE e.event_id IN"
        " ((SELECT n.event_id FROM outbox_event n WHERE n.dispatched_at IS NULL"
        "   ORDER BY n.event_id LIMIT 1),"
        "  (SELECT MIN((SELECT d.event_id FROM webhook_delivery d FORCE INDEX (PRIMARY)"
        "   WHERE d.webhook_id = w.webhook_id AND d.dead_at IS NULL ORDER BY d.event_id LIMIT 1))"
        "   FROM webhook w))"};
    return db_select_one(db, &ask, NO_PARAMETERS,
                         COLUMNS(INTO_INT64(&backlog->oldest_ms), INTO_INT64(&backlog->dead)));
}
