#include "mysql/concert/concert_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "mysql/concert/concert_columns.h"

#define SUMMARY_COLUMNS                                                                            \
    "COUNT(i.item_id), DATE_FORMAT(MIN(i.date), '%Y-%m-%d'), "                                     \
    "DATE_FORMAT(MAX(i.date), '%Y-%m-%d'), MIN(i.min_price), MAX(i.max_price)"

enum { SUMMARY_COLUMN_COUNT = 5 };

void
concert_columns_bind_rules(struct concert *concert, struct column columns[CONCERT_RULE_COUNT])
{
    const struct column list[CONCERT_RULE_COUNT] = {
        INTO_INT32(&concert->concert_id),
        INTO_ENUM(&concert->stored, STORED_CANCELLED),
        INTO_INSTANT(&concert->opens_at),
        INTO_INSTANT(&concert->closes_at),
        INTO_OPTIONAL_INT32(&concert->admission_capacity, &concert->queued),
        INTO_INT32(&concert->active_seconds),
        INTO_INT32(&concert->hold_seconds),
        INTO_OPTIONAL_INT32(&concert->max_seats_per_user, &concert->has_seat_limit),
        INTO_BOOL(&concert->paused),
        INTO_BOOL(&concert->maintenance),
        INTO_INT32(&concert->max_waiting),
        INTO_INT32(&concert->queue_version),
        INTO_INT32(&concert->queue_since),
        INTO_BOOL(&concert->draw),
        INTO_INT32(&concert->draw_lead_seconds),
        INTO_INT32(&concert->idle_seconds),
        INTO_BOOL(&concert->seat_returns),
        INTO_BOOL(&concert->swaps),
        INTO_BOOL(&concert->transfers),
        INTO_OPTIONAL_BYTES(concert->challenge_key, &concert->challenged),
        INTO_BOOL(&concert->waitlist),
        INTO_INT32(&concert->waitlist_seconds),
        INTO_TEXT(concert->presale_times),
        INTO_INSTANT(&concert->last_starts_at),
        INTO_INSTANT(&concert->now),
    };
    memcpy(columns, list, sizeof list);
    concert->title[0] = concert->venue[0] = concert->time_zone[0] = '\0';
    concert->beacon_source[0] = concert->beacon[0] = '\0';
    concert->refund_rules.count = 0;
    concert->reentry = false;
}

void
concert_columns_bind(struct concert *concert, struct column columns[CONCERT_COLUMN_COUNT])
{
    const struct column texts[CONCERT_COLUMN_COUNT - CONCERT_RULE_COUNT] = {
        INTO_BOOL(&concert->reentry), INTO_TEXT(concert->title),
        INTO_TEXT(concert->venue),    INTO_TEXT(concert->beacon_source),
        INTO_TEXT(concert->beacon),   INTO_TEXT(concert->time_zone),
    };
    concert_columns_bind_rules(concert, columns);
    memcpy(columns + CONCERT_RULE_COUNT, texts, sizeof texts);
}

static void
bind_summary(struct concert_summary *summary, struct column columns[SUMMARY_COLUMN_COUNT])
{
    const struct column list[SUMMARY_COLUMN_COUNT] = {
        INTO_INT32(&summary->item_count), INTO_TEXT(summary->first_date),
        INTO_TEXT(summary->last_date),    INTO_INT64(&summary->min_price),
        INTO_INT64(&summary->max_price),
    };
    memcpy(columns, list, sizeof list);
}

void
concert_columns_bind_item(struct item *item, struct column columns[ITEM_COLUMN_COUNT])
{
    const struct column list[ITEM_COLUMN_COUNT] = {
        INTO_INT32(&item->item_id),        INTO_INT32(&item->concert_id),
        INTO_INSTANT(&item->starts_at),    INTO_INT32(&item->seat_count),
        INTO_INT64(&item->layout_version), INTO_ENUM(&item->status, ITEM_CANCELLED),
        INTO_INT32(&item->waiting),        INTO_INT32(&item->standing_count),
    };
    memcpy(columns, list, sizeof list);
}

enum db_result
concert_columns_find_last_start(struct database *db, struct concert *concert)
{
    static const struct query find = {CONCERT_LAST_START_BY_ID};
    if (concert->last_starts_at > concert->now)
        return DB_OK;
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(concert->concert_id)),
                         COLUMNS(INTO_INSTANT(&concert->last_starts_at)));
}

enum db_result
concert_table_find(struct database *db, int32_t concert_id, struct concert *concert)
{
    static const struct query find = {"SELECT " CONCERT_RULES_WITH(
        "(" CONCERT_LAST_START_BY_ID ")") " FROM concert c WHERE c.concert_id = ?"};
    struct column columns[CONCERT_RULE_COUNT];
    concert_columns_bind_rules(concert, columns);
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(concert_id), DB_INTEGER(concert_id)),
                         columns, CONCERT_RULE_COUNT);
}

enum db_result
concert_table_find_whole(struct database *db, int32_t concert_id, struct concert *concert)
{
    static const struct query find = {"SELECT " CONCERT_COLUMNS
                                      " FROM concert c WHERE c.concert_id = ?"};
    struct column columns[CONCERT_COLUMN_COUNT];
    concert_columns_bind(concert, columns);
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(concert_id)), columns,
                         CONCERT_COLUMN_COUNT);
}

enum db_result
concert_table_find_with_item(struct database *db, int32_t concert_id, int32_t item_id,
                             const char *user_id, struct concert *concert, struct item *item,
                             bool *has_held)
{
    static const struct query find = {
        "SELECT " CONCERT_RULES_OF_ITEM ", " ITEM_COLUMNS ", q.user_id IS NOT NULL"
        " FROM concert c LEFT JOIN item i ON i.item_id = ? AND i.concert_id = c.concert_id"
        " LEFT JOIN seat_quota q ON q.concert_id = ? AND q.user_id = ?"
        " AND c.max_seats_per_user IS NOT NULL WHERE c.concert_id = ?"};
    struct column columns[] = {[CONCERT_RULE_COUNT + ITEM_COLUMN_COUNT] = INTO_BOOL(has_held)};
    concert_columns_bind_rules(concert, columns);
    concert_columns_bind_item(item, columns + CONCERT_RULE_COUNT);
    enum db_result result = db_select_one(db, &find,
                                          PARAMETERS(DB_INTEGER(item_id), DB_INTEGER(concert_id),
                                                     DB_TEXT(user_id), DB_INTEGER(concert_id)),
                                          columns, sizeof columns / sizeof columns[0]);
    return result == DB_OK ? concert_columns_find_last_start(db, concert) : result;
}

enum db_result
concert_table_find_summary(struct database *db, int32_t concert_id, struct concert *concert,
                           struct concert_summary *summary)
{
    static const struct query find = {
        "SELECT " CONCERT_COLUMNS ", " SUMMARY_COLUMNS
        " FROM concert c LEFT JOIN item i ON i.concert_id = c.concert_id"
        " WHERE c.concert_id = ? GROUP BY c.concert_id"};
    struct column columns[CONCERT_COLUMN_COUNT + SUMMARY_COLUMN_COUNT];
    concert_columns_bind(concert, columns);
    bind_summary(summary, columns + CONCERT_COLUMN_COUNT);
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(concert_id)), columns,
                         CONCERT_COLUMN_COUNT + SUMMARY_COLUMN_COUNT);
}

enum db_result
concert_table_list(struct database *db, const char *date, struct concert *concert,
                   struct concert_summary *summary)
{
    static const struct query all = {
        "SELECT " CONCERT_COLUMNS ", " SUMMARY_COLUMNS
        " FROM concert c LEFT JOIN item i ON i.concert_id = c.concert_id"
        " WHERE c.status <> 'cancelled' GROUP BY c.concert_id ORDER BY c.concert_id"};
    static const struct query on_date = {
        "SELECT " CONCERT_COLUMNS ", " SUMMARY_COLUMNS
        " FROM concert c JOIN item i ON i.concert_id = c.concert_id"
        " WHERE c.status <> 'cancelled'"
        " AND c.concert_id IN (SELECT d.concert_id FROM item d WHERE d.date = ?)"
        " GROUP BY c.concert_id ORDER BY c.concert_id"};
    struct column columns[CONCERT_COLUMN_COUNT + SUMMARY_COLUMN_COUNT];
    concert_columns_bind(concert, columns);
    bind_summary(summary, columns + CONCERT_COLUMN_COUNT);
    if (date != NULL)
        return db_select(db, &on_date, PARAMETERS(DB_TEXT(date)), columns,
                         CONCERT_COLUMN_COUNT + SUMMARY_COLUMN_COUNT);
    return db_select(db, &all, NO_PARAMETERS, columns, CONCERT_COLUMN_COUNT + SUMMARY_COLUMN_COUNT);
}

enum db_result
concert_table_list_page(struct database *db, const char *search, int64_t before, int32_t limit,
                        struct concert *concert, struct concert_summary *summary)
{
    /* the page first: grouped as one, all concerts would be read and sorted */
    static const struct query page = {
        "SELECT " CONCERT_COLUMNS ", " SUMMARY_COLUMNS
        " FROM (SELECT k.concert_id FROM concert k FORCE INDEX (PRIMARY) WHERE k.concert_id < ?"
        " AND (LOCATE(?, k.title) > 0 OR LOCATE(?, k.venue) > 0)"
        " ORDER BY k.concert_id DESC LIMIT ?) p JOIN concert c ON c.concert_id = p.concert_id"
        " LEFT JOIN item i ON i.concert_id = c.concert_id"
        " GROUP BY c.concert_id ORDER BY c.concert_id DESC"};
    struct column columns[CONCERT_COLUMN_COUNT + SUMMARY_COLUMN_COUNT];
    concert_columns_bind(concert, columns);
    bind_summary(summary, columns + CONCERT_COLUMN_COUNT);
    return db_select(
        db, &page,
        PARAMETERS(DB_INTEGER(before), DB_TEXT(search), DB_TEXT(search), DB_INTEGER(limit)),
        columns, CONCERT_COLUMN_COUNT + SUMMARY_COLUMN_COUNT);
}

enum db_result
concert_table_list_times(struct database *db, struct concert *concert)
{
    static const struct query list = {
        "SELECT c.concert_id, c.status + 0, c.opens_at, c.closes_at, " CONCERT_LAST_STARTS_AT
        ", UTC_TIMESTAMP(3) FROM concert c WHERE c.status <> 'cancelled'"};
    return db_select(db, &list, NO_PARAMETERS,
                     COLUMNS(INTO_INT32(&concert->concert_id),
                             INTO_ENUM(&concert->stored, STORED_CANCELLED),
                             INTO_INSTANT(&concert->opens_at), INTO_INSTANT(&concert->closes_at),
                             INTO_INSTANT(&concert->last_starts_at), INTO_INSTANT(&concert->now)));
}

enum db_result
concert_table_is_cancelled(struct database *db, int32_t item_id, bool *is_cancelled)
{
    static const struct query find = {"SELECT " ITEM_IS_CANCELLED
                                      " FROM item i JOIN concert c ON c.concert_id = i.concert_id"
                                      " WHERE i.item_id = ?"};
    *is_cancelled = false;
    enum db_result result =
        db_select_one(db, &find, PARAMETERS(DB_INTEGER(item_id)), COLUMNS(INTO_BOOL(is_cancelled)));
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
concert_table_item(struct database *db, int32_t item_id, struct item *item)
{
    static const struct query find = {"SELECT " ITEM_COLUMNS " FROM item i WHERE i.item_id = ?"};
    struct column columns[ITEM_COLUMN_COUNT];
    concert_columns_bind_item(item, columns);
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(item_id)), columns, ITEM_COLUMN_COUNT);
}

enum db_result
concert_table_items(struct database *db, int32_t concert_id, int64_t now, struct item *item)
{
    /* grouped in the order of the index: else each seat goes through a temporary table as well */
    static const struct query list = {
        "SELECT i.item_id, i.concert_id, DATE_FORMAT(i.date, '%Y-%m-%d'), i.starts_at,"
        " i.status + 0, i.seat_count, CAST(SUM(i.status = 'open' AND s.blocked = 0"
        " AND (s.status = 'available' OR (i.waiting = 0 AND s.held_until <= ?))) AS SIGNED),"
        " CAST(SUM(i.status = 'open' AND (s.held_until > ?"
        " OR (i.waiting > 0 AND s.status = 'held'))) AS SIGNED), i.waiting"
        " FROM item i LEFT JOIN seat s FORCE INDEX (PRIMARY) ON s.item_id = i.item_id"
        " WHERE i.concert_id = ?"
        " GROUP BY i.date, i.item_id ORDER BY i.date, i.item_id"};
    return db_select(
        db, &list, PARAMETERS(DB_INSTANT(now), DB_INSTANT(now), DB_INTEGER(concert_id)),
        COLUMNS(INTO_INT32(&item->item_id), INTO_INT32(&item->concert_id), INTO_TEXT(item->date),
                INTO_INSTANT(&item->starts_at), INTO_ENUM(&item->status, ITEM_CANCELLED),
                INTO_INT32(&item->seat_count), INTO_INT32(&item->available_count),
                INTO_INT32(&item->held_count), INTO_INT32(&item->waiting)));
}

int64_t
concert_table_new_layout_version(void)
{
    uint64_t number;
    random_fill(&number, sizeof number);
    return (int64_t)(number >> 1 | 1);
}

enum db_result
concert_table_stamp_layouts(struct database *db)
{
    static const struct query stamp = {
        "UPDATE item SET layout_version = ? WHERE layout_version = 0"};
    return db_execute(db, &stamp, PARAMETERS(DB_INTEGER(concert_table_new_layout_version())));
}
