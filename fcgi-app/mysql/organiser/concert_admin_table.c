#include "mysql/organiser/concert_admin_table.h"

#include <string.h>

#include "mysql/concert/concert_columns.h"

/* How many rows MySQL lets a recursive query make (cte_max_recursion_depth) is 1,000 by default. */
enum { SEATS_PER_INSERT = 1000 };

static struct parameter
challenge_key_of(const struct concert *concert)
{
    return concert->challenged ? DB_BYTES(concert->challenge_key, PROOF_KEY_BYTES) : DB_NULL;
}

enum db_result
concert_admin_table_insert(struct database *db, struct concert *concert, int64_t created_at)
{
    static const struct query insert = {
        "INSERT INTO concert (title, venue, status, opens_at, closes_at, admission_capacity,"
        " active_seconds, hold_seconds, max_seats_per_user, paused, max_waiting, draw,"
        " draw_lead_seconds, beacon_source, idle_seconds, time_zone, line_version, line_since,"
        " challenge_key, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    enum db_result result = db_execute(
        db, &insert,
        PARAMETERS(DB_TEXT(concert->title), DB_TEXT(concert->venue), DB_INTEGER(concert->stored),
                   DB_INSTANT(concert->opens_at), DB_INSTANT(concert->closes_at),
                   DB_OPTIONAL(concert->queued, concert->admission_capacity),
                   DB_INTEGER(concert->active_seconds), DB_INTEGER(concert->hold_seconds),
                   DB_OPTIONAL(concert->has_seat_limit, concert->max_seats_per_user),
                   DB_INTEGER(concert->paused), DB_INTEGER(concert->max_waiting),
                   DB_INTEGER(concert->draw), DB_INTEGER(concert->draw_lead_seconds),
                   DB_OPTIONAL_TEXT(concert->beacon_source),
                   DB_OPTIONAL(concert->idle_seconds > 0, concert->idle_seconds),
                   DB_OPTIONAL_TEXT(concert->time_zone), DB_INTEGER(concert->queue_version),
                   DB_INTEGER(concert->queue_since), challenge_key_of(concert),
                   DB_INSTANT(created_at)));
    concert->concert_id = (int32_t)db_inserted_id(db);
    return result;
}

enum db_result
concert_admin_table_insert_item(struct database *db, struct item *item, int64_t min_price,
                                int64_t max_price)
{
    static const struct query insert = {
        "INSERT INTO item (concert_id, date, starts_at, seat_count, min_price, max_price,"
        " layout_version, standing_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    enum db_result result = db_execute(
        db, &insert,
        PARAMETERS(DB_INTEGER(item->concert_id), DB_TEXT(item->date), DB_INSTANT(item->starts_at),
                   DB_INTEGER(item->seat_count), DB_INTEGER(min_price), DB_INTEGER(max_price),
                   DB_INTEGER(item->layout_version), DB_INTEGER(item->standing_count)));
    item->item_id = (int32_t)db_inserted_id(db);
    return result;
}

enum db_result
concert_admin_table_insert_seats(struct database *db, int32_t item_id,
                                 const struct seat_range *range)
{
    static const struct query insert = {
        "INSERT INTO seat (item_id, seat_no, price, section, row_name, label, blocked, x, y,"
        " kind) WITH RECURSIVE counter (n) AS"
        " (SELECT CAST(? AS SIGNED) UNION ALL SELECT n + 1 FROM counter WHERE n < ?)"
        " SELECT ?, n, ?, ?, ?, n + ?, ?, n + ?, ?, ? FROM counter"};
    enum db_result result = DB_OK;
    for (int64_t from = range->from; from <= range->to && result == DB_OK;
         from += SEATS_PER_INSERT) {
        int64_t last = from + SEATS_PER_INSERT - 1;
        result = db_execute(
            db, &insert,
            PARAMETERS(DB_INTEGER(from), DB_INTEGER(last < range->to ? last : range->to),
                       DB_INTEGER(item_id), DB_INTEGER(range->price), DB_TEXT(range->section),
                       DB_TEXT(range->row), DB_INTEGER((int64_t)range->first_label - range->from),
                       DB_INTEGER(range->blocked),
                       DB_OPTIONAL(range->has_x, (int64_t)range->x - range->from),
                       DB_OPTIONAL(range->has_y, range->y),
                       DB_INTEGER(range->standing ? SEAT_STANDING : SEAT_PLAIN)));
    }
    return result;
}

enum db_result
concert_admin_table_copy_item(struct database *db, struct item *item, int32_t like_id)
{
    static const struct query insert = {
        "INSERT INTO item (concert_id, date, starts_at, seat_count, min_price, max_price,"
        " layout_version, standing_count)"
        " SELECT concert_id, ?, ?, seat_count, min_price, max_price, ?, standing_count"
        " FROM item WHERE item_id = ?"};
    static const struct query copy = {
        "INSERT INTO seat (item_id, seat_no, price, section, row_name, label, blocked, x, y, kind,"
        " note, partner_no) SELECT ?, s.seat_no, s.price, s.section, s.row_name, s.label,"
        " s.blocked OR i.status <> 'open', s.x, s.y, s.kind, s.note, s.partner_no"
        " FROM item i JOIN seat s ON s.item_id = i.item_id WHERE i.item_id = ?"};
    enum db_result result =
        db_execute(db, &insert,
                   PARAMETERS(DB_TEXT(item->date), DB_INSTANT(item->starts_at),
                              DB_INTEGER(item->layout_version), DB_INTEGER(like_id)));
    item->item_id = (int32_t)db_inserted_id(db);
    if (result != DB_OK)
        return result;
    return db_execute(db, &copy, PARAMETERS(DB_INTEGER(item->item_id), DB_INTEGER(like_id)));
}

/* So many rows of one statement: a hall has a hundred thousand, and a way to the server costs more
 * than a row. */
#define SIXTEEN_TIMES(row) DB_EIGHT_TIMES(row) ", " DB_EIGHT_TIMES(row)
#define ROWS_64(row)                                                                               \
    SIXTEEN_TIMES(row) ", " SIXTEEN_TIMES(row) ", " SIXTEEN_TIMES(row) ", " SIXTEEN_TIMES(row)

enum { NEW_SEAT_VALUES = 12 };

static void
name_new_seat(struct parameter values[NEW_SEAT_VALUES], int32_t item_id,
              const struct new_seat *seat)
{
    const struct parameter row[NEW_SEAT_VALUES] = {
        DB_INTEGER(item_id),
        DB_INTEGER(seat->seat_id),
        DB_INTEGER(seat->price),
        DB_TEXT(seat->section),
        DB_TEXT(seat->row),
        DB_TEXT(seat->label),
        DB_INTEGER(seat->blocked),
        DB_OPTIONAL(seat->position.has_x, seat->position.x),
        DB_OPTIONAL(seat->position.has_y, seat->position.y),
        DB_INTEGER(seat->kind),
        DB_OPTIONAL_TEXT(seat->note),
        DB_OPTIONAL(seat->partner_id > 0, seat->partner_id),
    };
    memcpy(values, row, sizeof row);
}

enum db_result
concert_admin_table_insert_each(struct database *db, int32_t item_id, const struct new_seat *seats,
                                size_t count)
{
#define INSERT_SEATS(rows)                                                                         \
    {                                                                                              \
        "INSERT INTO seat (item_id, seat_no, price, section, row_name, label, blocked, x, y,"      \
        " kind, note, partner_no) VALUES " rows                                                    \
    }
#define NEW_SEAT "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    static const struct {
        size_t rows;
        struct query query;
    } forms[] = {
        {NEW_SEATS_MAX, INSERT_SEATS(ROWS_64(NEW_SEAT))},
        {8, INSERT_SEATS(DB_EIGHT_TIMES(NEW_SEAT))},
        {1, INSERT_SEATS(NEW_SEAT)},
    };
    struct parameter values[NEW_SEATS_MAX * NEW_SEAT_VALUES];
    enum db_result result = DB_OK;
    for (size_t form = 0, at = 0; at < count && result == DB_OK;) {
        size_t rows = forms[form].rows;
        if (count - at < rows) {
            form++;
            continue;
        }
        for (size_t i = 0; i < rows; i++)
            name_new_seat(values + i * NEW_SEAT_VALUES, item_id, &seats[at + i]);
        result = db_execute(db, &forms[form].query, values, rows * NEW_SEAT_VALUES);
        at += rows;
    }
    return result;
}

enum db_result
concert_admin_table_lock(struct database *db, int32_t concert_id, struct concert *concert)
{
    static const struct query lock = {
        "SELECT concert_id FROM concert WHERE concert_id = ? FOR UPDATE"};
    int32_t found;
    enum db_result result =
        db_select_one(db, &lock, PARAMETERS(DB_INTEGER(concert_id)), COLUMNS(INTO_INT32(&found)));
    return result == DB_OK ? concert_table_find_whole(db, concert_id, concert) : result;
}

enum db_result
concert_admin_table_keep(struct database *db, int32_t concert_id, enum concert_stored *stored)
{
    static const struct query keep = {
        "SELECT status + 0 FROM concert WHERE concert_id = ? LOCK IN SHARE MODE"};
    return db_select_one(db, &keep, PARAMETERS(DB_INTEGER(concert_id)),
                         COLUMNS(INTO_ENUM(stored, STORED_CANCELLED)));
}

enum db_result
concert_admin_table_outdo(struct database *db, int32_t concert_id, int32_t queue_version)
{
    static const struct query outdo = {"UPDATE concert SET line_version = ? + 1"
                                       " WHERE concert_id = ? AND line_version < ?"};
    return db_execute(
        db, &outdo,
        PARAMETERS(DB_INTEGER(queue_version), DB_INTEGER(concert_id), DB_INTEGER(queue_version)));
}

enum db_result
concert_admin_table_created_at(struct database *db, int32_t concert_id, int64_t *created_at)
{
    static const struct query read = {"SELECT created_at FROM concert WHERE concert_id = ?"};
    return db_select_one(db, &read, PARAMETERS(DB_INTEGER(concert_id)),
                         COLUMNS(INTO_INSTANT(created_at)));
}

/*
 * What a change may write, and its value of a concert `c`. All in one statement, as the CHECKs look
 * at several columns; one that is not to change takes itself.
 */
#define CONCERT_SETTINGS(SETTING)                                                                  \
    SETTING("title = IF(?, ?, title)", DB_TEXT(c->title))                                          \
    SETTING(", venue = IF(?, ?, venue)", DB_TEXT(c->venue))                                        \
    SETTING(", time_zone = IF(?, ?, time_zone)", DB_OPTIONAL_TEXT(c->time_zone))                   \
    SETTING(", status = IF(?, ?, status + 0)", DB_INTEGER(c->stored))                              \
    SETTING(", opens_at = IF(?, ?, opens_at)", DB_INSTANT(c->opens_at))                            \
    SETTING(", closes_at = IF(?, ?, closes_at)", DB_INSTANT(c->closes_at))                         \
    SETTING(", admission_capacity = IF(?, ?, admission_capacity)",                                 \
            DB_OPTIONAL(c->queued, c->admission_capacity))                                         \
    SETTING(", active_seconds = IF(?, ?, active_seconds)", DB_INTEGER(c->active_seconds))          \
    SETTING(", hold_seconds = IF(?, ?, hold_seconds)", DB_INTEGER(c->hold_seconds))                \
    SETTING(", max_seats_per_user = IF(?, ?, max_seats_per_user)",                                 \
            DB_OPTIONAL(c->has_seat_limit, c->max_seats_per_user))                                 \
    SETTING(", paused = IF(?, ?, paused)", DB_INTEGER(c->paused))                                  \
    SETTING(", maintenance = IF(?, ?, maintenance)", DB_INTEGER(c->maintenance))                   \
    SETTING(", max_waiting = IF(?, ?, max_waiting)", DB_INTEGER(c->max_waiting))                   \
    SETTING(", line_version = IF(?, ?, line_version)", DB_INTEGER(c->queue_version))               \
    SETTING(", line_since = IF(?, ?, line_since)", DB_INTEGER(c->queue_since))                     \
    SETTING(", draw = IF(?, ?, draw)", DB_INTEGER(c->draw))                                        \
    SETTING(", draw_lead_seconds = IF(?, ?, draw_lead_seconds)", DB_INTEGER(c->draw_lead_seconds)) \
    SETTING(", beacon_source = IF(?, ?, beacon_source)", DB_OPTIONAL_TEXT(c->beacon_source))       \
    SETTING(", beacon = IF(?, ?, beacon)", DB_OPTIONAL_TEXT(c->beacon))                            \
    SETTING(", idle_seconds = IF(?, ?, idle_seconds)",                                             \
            DB_OPTIONAL(c->idle_seconds > 0, c->idle_seconds))                                     \
    SETTING(", seat_returns = IF(?, ?, seat_returns)", DB_INTEGER(c->seat_returns))                \
    SETTING(", swaps = IF(?, ?, swaps)", DB_INTEGER(c->swaps))                                     \
    SETTING(", transfers = IF(?, ?, transfers)", DB_INTEGER(c->transfers))                         \
    SETTING(", reentry = IF(?, ?, reentry)", DB_INTEGER(c->reentry))                               \
    SETTING(", challenge_key = IF(?, ?, challenge_key)", challenge_key_of(c))                      \
    SETTING(", waitlist = IF(?, ?, waitlist)", DB_INTEGER(c->waitlist))                            \
    SETTING(", waitlist_seconds = IF(?, ?, waitlist_seconds)", DB_INTEGER(c->waitlist_seconds))

#define ASSIGNMENT(assignment, value) assignment,
enum {
    SETTING_COUNT = sizeof((const char *[]){CONCERT_SETTINGS(ASSIGNMENT)}) / sizeof(const char *),
    UPDATE_PARAMETERS = 2 * SETTING_COUNT + 1 /* for each: whether, and what; at last the id */
};
#undef ASSIGNMENT

static void
list_settings(const struct concert *c, struct parameter values[SETTING_COUNT])
{
#define VALUE(assignment, value) value,
    const struct parameter list[] = {CONCERT_SETTINGS(VALUE)};
#undef VALUE
    memcpy(values, list, sizeof list);
}

static bool
is_same(const struct parameter *a, const struct parameter *b)
{
    return a->kind == b->kind && a->integer == b->integer && a->length == b->length &&
           (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

enum db_result
concert_admin_table_update(struct database *db, const struct concert *before,
                           const struct concert *after)
{
#define ASSIGNMENT(assignment, value) assignment
    static const struct query update = {
        "UPDATE concert SET " CONCERT_SETTINGS(ASSIGNMENT) " WHERE concert_id = ?"};
#undef ASSIGNMENT
    struct parameter was[SETTING_COUNT], is[SETTING_COUNT], parameters[UPDATE_PARAMETERS];
    list_settings(before, was);
    list_settings(after, is);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        bool changes = !is_same(&was[i], &is[i]);
        parameters[2 * i] = DB_INTEGER(changes);
        parameters[2 * i + 1] = changes ? is[i] : DB_NULL;
    }
    parameters[UPDATE_PARAMETERS - 1] = DB_INTEGER(after->concert_id);
    return db_execute(db, &update, parameters, UPDATE_PARAMETERS);
}

enum db_result
concert_admin_table_max_waiting(struct database *db, int32_t but_concert_id, int64_t *waiting)
{
    static const struct query sum = {
        "SELECT CAST(COALESCE(SUM(c.max_waiting), 0) AS SIGNED) FROM concert c"
        " WHERE c.admission_capacity IS NOT NULL AND c.status = 'open' AND c.concert_id <> ?"
        " AND (c.closes_at IS NULL OR c.closes_at > UTC_TIMESTAMP(3))"
        " AND (NOT EXISTS (SELECT 1 FROM item i WHERE i.concert_id = c.concert_id)"
        " OR EXISTS (SELECT 1 FROM item i WHERE i.concert_id = c.concert_id"
        " AND i.starts_at > UTC_TIMESTAMP(3)))"};
    return db_select_one(db, &sum, PARAMETERS(DB_INTEGER(but_concert_id)),
                         COLUMNS(INTO_INT64(waiting)));
}

enum db_result
concert_admin_table_list(struct database *db, struct concert *concert,
                         struct concert_summary *summary)
{
    static const struct query list = {
        "SELECT c.concert_id, c.title, c.status + 0, c.opens_at, c.closes_at,"
        " c.admission_capacity, " CONCERT_LAST_STARTS_AT ", UTC_TIMESTAMP(3), COUNT(i.item_id),"
        " DATE_FORMAT(MIN(i.date), '%Y-%m-%d'), DATE_FORMAT(MAX(i.date), '%Y-%m-%d')"
        " FROM concert c LEFT JOIN item i ON i.concert_id = c.concert_id"
        " GROUP BY c.concert_id ORDER BY c.concert_id"};
    return db_select(db, &list, NO_PARAMETERS,
                     COLUMNS(INTO_INT32(&concert->concert_id), INTO_TEXT(concert->title),
                             INTO_ENUM(&concert->stored, STORED_CANCELLED),
                             INTO_INSTANT(&concert->opens_at), INTO_INSTANT(&concert->closes_at),
                             INTO_OPTIONAL_INT32(&concert->admission_capacity, &concert->queued),
                             INTO_INSTANT(&concert->last_starts_at), INTO_INSTANT(&concert->now),
                             INTO_INT32(&summary->item_count), INTO_TEXT(summary->first_date),
                             INTO_TEXT(summary->last_date)));
}

enum db_result
concert_admin_table_taken_seats(struct database *db, int32_t item_id, int32_t after,
                                struct taken_seat seats[CANCEL_BATCH], size_t *count)
{
    static const struct query list = {"SELECT seat_no, reservation_id FROM seat"
                                      " WHERE item_id = ? AND seat_no > ? AND reservation_id > 0"
                                      " ORDER BY seat_no LIMIT ?"};
    struct taken_seat seat;
    *count = 0;
    enum db_result result = db_select(
        db, &list, PARAMETERS(DB_INTEGER(item_id), DB_INTEGER(after), DB_INTEGER(CANCEL_BATCH)),
        COLUMNS(INTO_INT32(&seat.seat_id), INTO_INT64(&seat.reservation_id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        seats[(*count)++] = seat;
    return result == DB_NONE ? DB_OK : result;
}
