#include "mysql/sale/seat_table.h"

#include <string.h>

#include "base/clock.h"
#include "mysql/concert/concert_columns.h"
#include "mysql/sale/seat_columns.h"

/* A statement on seats of an item, in the forms of a list. */
#define OF_SEATS(start, end) DB_LISTS(start " seat.item_id = ? AND seat_no", end)

#define SEAT_COLUMNS                                                                               \
    "seat_no, status + 0, blocked, reservation_id, held_until, price, section, row_name, label"

static const char *const kind_names[] = {
    [SEAT_KIND_OTHER] = "other",      [SEAT_PLAIN] = "plain",
    [SEAT_RESTRICTED] = "restricted", [SEAT_WHEELCHAIR] = "wheelchair",
    [SEAT_COMPANION] = "companion",   [SEAT_STANDING] = "standing",
    [SEAT_WITHHELD] = "withheld",
};

const char *
seat_kind_name(enum seat_kind kind)
{
    return kind_names[kind];
}

/* Fills in the item and the seats; returns how many parameters that are, one more than the form has
 * places. */
static size_t
name_seats(struct parameter *parameters, int32_t item_id, const int32_t *ids, size_t count)
{
    size_t placeholders = (size_t)1 << db_list_form(count);
    parameters[0] = DB_INTEGER(item_id);
    for (size_t i = 0; i < placeholders; i++)
        parameters[1 + i] = DB_INTEGER(ids[db_list_at(i, count)]);
    return 1 + placeholders;
}

/* A statement on the seats of an item, and the same without places of standing areas. */
#define OF_ALL_OR_SEATED(columns)                                                                  \
    {                                                                                              \
        {"SELECT " columns " FROM seat WHERE item_id = ? ORDER BY seat_no"},                       \
        {                                                                                          \
            "SELECT " columns                                                                      \
            " FROM seat WHERE item_id = ? AND kind <> 'standing' ORDER BY seat_no"                 \
        }                                                                                          \
    }

enum db_result
seat_table_list(struct database *db, int32_t item_id, bool seated, struct seat *seat,
                struct seat_note *note)
{
    static const struct query list[] =
        OF_ALL_OR_SEATED("seat_no, status + 0, blocked, held_until, price, section, row_name,"
                         " label, kind + 0, note, partner_no");
    return db_select(db, &list[seated], PARAMETERS(DB_INTEGER(item_id)),
                     COLUMNS(INTO_INT32(&seat->seat_id), INTO_ENUM(&seat->status, SEAT_SOLD),
                             INTO_BOOL(&seat->blocked), INTO_INSTANT(&seat->held_until),
                             INTO_INT64(&seat->price), INTO_TEXT(seat->section),
                             INTO_TEXT(seat->row), INTO_TEXT(seat->label),
                             INTO_ENUM(&seat->kind, SEAT_STANDING), INTO_TEXT(note->text),
                             INTO_INT32(&seat->partner_id)));
}

enum db_result
seat_table_list_states(struct database *db, int32_t item_id, bool seated, struct seat *seat)
{
    static const struct query list[] = OF_ALL_OR_SEATED("seat_no, status + 0, blocked, held_until");
    return db_select(db, &list[seated], PARAMETERS(DB_INTEGER(item_id)),
                     COLUMNS(INTO_INT32(&seat->seat_id), INTO_ENUM(&seat->status, SEAT_SOLD),
                             INTO_BOOL(&seat->blocked), INTO_INSTANT(&seat->held_until)));
}

enum db_result
seat_table_list_layout(struct database *db, int32_t item_id, bool seated, struct seat *seat,
                       struct seat_note *note, struct seat_position *position)
{
    static const struct query list[] =
        OF_ALL_OR_SEATED("seat_no, section, row_name, label, price, kind + 0, note, partner_no,"
                         " x, y");
    return db_select(db, &list[seated], PARAMETERS(DB_INTEGER(item_id)),
                     COLUMNS(INTO_INT32(&seat->seat_id), INTO_TEXT(seat->section),
                             INTO_TEXT(seat->row), INTO_TEXT(seat->label), INTO_INT64(&seat->price),
                             INTO_ENUM(&seat->kind, SEAT_STANDING), INTO_TEXT(note->text),
                             INTO_INT32(&seat->partner_id),
                             INTO_OPTIONAL_INT32(&position->x, &position->has_x),
                             INTO_OPTIONAL_INT32(&position->y, &position->has_y)));
}

enum db_result
seat_table_list_areas(struct database *db, int32_t item_id, int64_t now, struct standing_area *area)
{
    static const struct query list = {
        "SELECT section, MIN(price), COUNT(*),"
        " CAST(SUM(blocked = 0 AND (status = 'available' OR held_until <= ?)) AS SIGNED),"
        " CAST(COALESCE(SUM(held_until > ?), 0) AS SIGNED)"
        " FROM seat WHERE item_id = ? AND kind = 'standing'"
        " GROUP BY section ORDER BY MIN(seat_no)"};
    return db_select(db, &list, PARAMETERS(DB_INSTANT(now), DB_INSTANT(now), DB_INTEGER(item_id)),
                     COLUMNS(INTO_TEXT(area->section), INTO_INT64(&area->price),
                             INTO_INT32(&area->capacity), INTO_INT32(&area->available),
                             INTO_INT32(&area->held)));
}

enum db_result
seat_table_list_free(struct database *db, int32_t item_id, int32_t first, int32_t last,
                     bool lapsed_too, int32_t *seat_id)
{
    static const struct query list = {
        "SELECT seat_no FROM seat WHERE item_id = ? AND seat_no BETWEEN ? AND ? AND blocked = 0"
        " AND (status = 'available' OR (? AND held_until <= UTC_TIMESTAMP(3))) ORDER BY seat_no"};
    return db_select(db, &list,
                     PARAMETERS(DB_INTEGER(item_id), DB_INTEGER(first), DB_INTEGER(last),
                                DB_INTEGER(lapsed_too)),
                     COLUMNS(INTO_INT32(seat_id)));
}

/* Goes through the rows of a statement that puts each into *seat. */
static enum db_result
collect(struct database *db, enum db_result result, const struct seat *seat, struct seat *seats,
        size_t *found)
{
    *found = 0;
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        seats[(*found)++] = *seat;
    return result == DB_NONE ? DB_OK : result;
}

static enum db_result
read_seats(struct database *db, const struct query forms[DB_LIST_FORMS], int32_t item_id,
           const int32_t *ids, size_t count, struct seat *seats, size_t *found, int64_t *now)
{
    struct parameter parameters[1 + SEATS_LISTED];
    size_t parameter_count = name_seats(parameters, item_id, ids, count);
    struct seat seat;
    enum db_result result = db_select(
        db, &forms[db_list_form(count)], parameters, parameter_count,
        COLUMNS(INTO_INT32(&seat.seat_id), INTO_ENUM(&seat.status, SEAT_SOLD),
                INTO_BOOL(&seat.blocked), INTO_INT64(&seat.reservation_id),
                INTO_INSTANT(&seat.held_until), INTO_INT64(&seat.price), INTO_TEXT(seat.section),
                INTO_TEXT(seat.row), INTO_TEXT(seat.label), INTO_INSTANT(now)));
    return collect(db, result, &seat, seats, found);
}

enum db_result
seat_table_look(struct database *db, int32_t concert_id, int32_t item_id, const int32_t *ids,
                size_t count, const char *user_id, struct concert *concert, struct item *item,
                struct seat *seats, size_t *found, bool *has_held)
{
    /* the item's id stands there twice: from i.item_id MariaDB would read the whole hall */
    static const struct query look[] =
        OF_SEATS("SELECT " CONCERT_RULES_OF_ITEM ", i.item_id, i.starts_at, i.status + 0, i.waiting"
                 ", seat_no, seat.status + 0, blocked, held_until, kind + 0, partner_no"
                 ", q.user_id IS NOT NULL"
                 " FROM concert c LEFT JOIN item i ON i.item_id = ? AND i.concert_id = c.concert_id"
                 " LEFT JOIN seat_quota q ON q.concert_id = ? AND q.user_id = ?"
                 " AND c.max_seats_per_user IS NOT NULL LEFT JOIN seat ON",
                 " WHERE c.concert_id = ?");
    struct parameter parameters[5 + SEATS_LISTED] = {DB_INTEGER(item_id), DB_INTEGER(concert_id),
                                                     DB_TEXT(user_id)};
    size_t parameter_count = 3 + name_seats(parameters + 3, item_id, ids, count);
    parameters[parameter_count++] = DB_INTEGER(concert_id);
    struct seat seat;
    struct column columns[] = {[CONCERT_RULE_COUNT] = INTO_INT32(&item->item_id),
                               INTO_INSTANT(&item->starts_at),
                               INTO_ENUM(&item->status, ITEM_CANCELLED),
                               INTO_INT32(&item->waiting),
                               INTO_INT32(&seat.seat_id),
                               INTO_ENUM(&seat.status, SEAT_SOLD),
                               INTO_BOOL(&seat.blocked),
                               INTO_INSTANT(&seat.held_until),
                               INTO_ENUM(&seat.kind, SEAT_STANDING),
                               INTO_INT32(&seat.partner_id),
                               INTO_BOOL(has_held)};
    concert_columns_bind_rules(concert, columns);
    size_t rows = 0;
    *found = 0;
    enum db_result result = db_select(db, &look[db_list_form(count)], parameters, parameter_count,
                                      columns, sizeof columns / sizeof columns[0]);
    for (; result == DB_OK && (result = db_next(db)) == DB_OK; rows++)
        if (seat.seat_id != 0)
            seats[(*found)++] = seat;
    return result == DB_NONE && rows > 0 ? concert_columns_find_last_start(db, concert) : result;
}

enum db_result
seat_table_lock(struct database *db, int32_t item_id, const int32_t *ids, size_t count,
                struct seat *seats, size_t *found, int64_t *now)
{
    static const struct query lock[] =
        OF_SEATS("SELECT " SEAT_COLUMNS ", " DB_NOW_LOCKED " FROM seat WHERE",
                 " ORDER BY seat_no FOR UPDATE");
    return read_seats(db, lock, item_id, ids, count, seats, found, now);
}

enum db_result
seat_table_lock_free(struct database *db, int32_t item_id, const int32_t *ids, size_t count,
                     struct seat *seats, size_t *found, int64_t *now)
{
    static const struct query lock[] =
        OF_SEATS("SELECT " SEAT_COLUMNS ", " DB_NOW_LOCKED " FROM seat WHERE",
                 " ORDER BY seat_no FOR UPDATE SKIP LOCKED");
    return read_seats(db, lock, item_id, ids, count, seats, found, now);
}

enum db_result
seat_table_lock_batch(struct database *db, int32_t item_id, const int32_t *ids, size_t count,
                      struct seat *seats, size_t *found, int64_t *now, int64_t *id_step)
{
    static const struct query lock[] =
        OF_SEATS("SELECT seat_no, price, section, row_name, label, " DB_NOW_LOCKED ", " DB_ID_STEP
                 " FROM seat WHERE",
                 " AND status = 'available' AND blocked = 0"
                 " ORDER BY seat_no FOR UPDATE SKIP LOCKED");
    struct parameter parameters[1 + SEATS_LISTED];
    size_t parameter_count = name_seats(parameters, item_id, ids, count);
    struct seat seat = {.status = SEAT_AVAILABLE, .held_until = CLOCK_NEVER};
    enum db_result result =
        db_select(db, &lock[db_list_form(count)], parameters, parameter_count,
                  COLUMNS(INTO_INT32(&seat.seat_id), INTO_INT64(&seat.price),
                          INTO_TEXT(seat.section), INTO_TEXT(seat.row), INTO_TEXT(seat.label),
                          INTO_INSTANT(now), INTO_INT64(id_step)));
    return collect(db, result, &seat, seats, found);
}

/* The same for seats that were read. */
static size_t
name_seen(struct parameter parameters[1 + SEATS_AT_ONCE], int32_t item_id, const struct seat *seats,
          size_t count)
{
    int32_t ids[SEATS_AT_ONCE] = {0};
    for (size_t i = 0; i < count; i++)
        ids[i] = seats[i].seat_id;
    return name_seats(parameters, item_id, ids, count);
}

/* The list of one statement stands in it twice: as what each seat gets, and as which seats. */
#define HOLD_BATCH(whens, list)                                                                    \
    {                                                                                              \
        "UPDATE seat SET status = 'held', held_until = ?, reservation_id = CASE seat_no" whens     \
        " END WHERE item_id = ? AND seat_no" list " AND status = 'available' AND blocked = 0"      \
    }

enum db_result
seat_table_hold_batch(struct database *db, int32_t item_id, const int32_t *ids,
                      const int64_t *reservation_ids, size_t count, int64_t held_until)
{
    static const struct query hold[] = {
        HOLD_BATCH(DB_WHEN_1, DB_IN_1), HOLD_BATCH(DB_WHEN_2, DB_IN_2),
        HOLD_BATCH(DB_WHEN_4, DB_IN_4), HOLD_BATCH(DB_WHEN_8, DB_IN_8),
        HOLD_BATCH(DB_WHEN_16, DB_IN_16)};
    struct parameter parameters[2 + 3 * SEATS_LISTED] = {DB_INSTANT(held_until)};
    size_t named = 1, form = db_list_form(count);
    for (size_t i = 0; i < (size_t)1 << form; i++) {
        size_t at = db_list_at(i, count);
        parameters[named++] = DB_INTEGER(ids[at]);
        parameters[named++] = DB_INTEGER(reservation_ids[at]);
    }
    named += name_seats(parameters + named, item_id, ids, count);
    return db_update(db, &hold[form], parameters, named, (int64_t)count);
}

/*
 * A hold that was over may have been paid at the last moment, hence the status. To name all owners
 * at once is enough: one whose hold is over never gets further seats, so that none of them can have
 * got a seat of another one.
 */
#define HOLD(list)                                                                                 \
    {                                                                                              \
        "UPDATE seat SET status = 'held', reservation_id = ?, held_until = ?"                      \
        " WHERE item_id = ? AND seat_no" list " AND COALESCE(reservation_id, 0)" list              \
        " AND status IN ('available', 'held') AND blocked = 0"                                     \
    }

enum db_result
seat_table_hold(struct database *db, int32_t item_id, const struct seat *seats, size_t count,
                int64_t reservation_id, int64_t held_until)
{
    static const struct query hold[] = {HOLD(DB_IN_1), HOLD(DB_IN_2), HOLD(DB_IN_4), HOLD(DB_IN_8)};
    struct parameter parameters[3 + 2 * SEATS_AT_ONCE] = {DB_INTEGER(reservation_id),
                                                          DB_INSTANT(held_until)};
    size_t named = 2 + name_seen(parameters + 2, item_id, seats, count);
    size_t form = db_list_form(count), placeholders = (size_t)1 << form;
    for (size_t i = 0; i < placeholders; i++)
        parameters[named++] = DB_INTEGER(seats[db_list_at(i, count)].reservation_id);
    return db_update(db, &hold[form], parameters, named, (int64_t)count);
}

enum db_result
seat_table_sell(struct database *db, int32_t item_id, const struct seat *seats, size_t count,
                int64_t reservation_id)
{
    static const struct query sell[] =
        OF_SEATS("UPDATE seat SET status = 'sold', held_until = NULL WHERE",
                 " AND reservation_id = ? AND status = 'held'");
    struct parameter parameters[2 + SEATS_AT_ONCE];
    size_t named = name_seen(parameters, item_id, seats, count);
    parameters[named++] = DB_INTEGER(reservation_id);
    return db_update(db, &sell[db_list_form(count)], parameters, named, (int64_t)count);
}

enum db_result
seat_table_set_price(struct database *db, int32_t item_id, const struct seat *seats, size_t count,
                     int64_t reservation_id, int64_t price)
{
    static const struct query set = {"UPDATE seat SET taken_by = ?, taken_price = ?"
                                     " WHERE item_id = ? AND reservation_id = ?"
                                     " AND seat_no" DB_IN_8};
    struct parameter parameters[4 + SEATS_AT_ONCE] = {DB_INTEGER(reservation_id), DB_INTEGER(price),
                                                      DB_INTEGER(item_id),
                                                      DB_INTEGER(reservation_id)};
    for (size_t i = 0; i < SEATS_AT_ONCE; i++)
        parameters[4 + i] = DB_INTEGER(seats[i < count ? i : count - 1].seat_id);
    return db_update(db, &set, parameters, 4 + SEATS_AT_ONCE, (int64_t)count);
}

enum db_result
seat_table_free(struct database *db, int32_t item_id, const struct seat *seats, size_t count,
                int64_t reservation_id)
{
    static const struct query give_back[] =
        OF_SEATS("UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL,"
                 " taken_by = NULL, taken_price = NULL WHERE",
                 " AND reservation_id = ? AND status + 0 = ?");
    struct seat owned[SEATS_AT_ONCE];
    size_t owned_count = 0;
    for (size_t i = 0; i < count; i++)
        if (seats[i].reservation_id == reservation_id)
            owned[owned_count++] = seats[i];
    if (owned_count == 0)
        return DB_OK;
    struct parameter parameters[3 + SEATS_AT_ONCE];
    size_t named = name_seen(parameters, item_id, owned, owned_count);
    parameters[named++] = DB_INTEGER(reservation_id);
    parameters[named++] = DB_INTEGER(owned[0].status);
    return db_update(db, &give_back[db_list_form(owned_count)], parameters, named,
                     (int64_t)owned_count);
}

/*
 * How many seats there are is known of each item. So only those are read that somebody has or that
 * are withheld, in a third of the time while a hall is nearly empty.
 */
#define SEATS_OF_ITEMS(which)                                                                      \
    "(SELECT CAST(COALESCE(SUM(n.seat_count), 0) AS SIGNED) FROM item n"                           \
    " WHERE n.concert_id = ?" which ")"
#define ALL_SEATS SEATS_OF_ITEMS("")
#define OPEN_SEATS SEATS_OF_ITEMS(" AND n.status = 'open'")
#define TAKEN_SEATS TAKEN_BY_ORDERS("?")

enum db_result
seat_table_count_sales(struct database *db, int32_t concert_id, struct sales *sales)
{
    static const struct query count = {
        "SELECT " ALL_SEATS ", CAST(" OPEN_SEATS " - COALESCE(SUM(i.status = 'open'"
        "  AND (s.held_until IS NULL OR " SEAT_IS_HELD ")), 0) AS "
        "SIGNED)," TAKEN_SEATS " FROM item i STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)"
        " ON s.item_id = i.item_id AND (s.status <> 'available' OR s.blocked = 1)"
        " WHERE i.concert_id = ?"};
    const struct parameter concert = DB_INTEGER(concert_id);
    return db_select_one(db, &count,
                         PARAMETERS(concert, concert, concert, concert, concert, concert, concert),
                         COLUMNS(INTO_SALES(sales)));
}

enum db_result
seat_table_list_sales(struct database *db, int32_t concert_id, struct section_sales *row)
{
    static const struct query list = {
        "SELECT i.item_id, DATE_FORMAT(i.date, '%Y-%m-%d'), s.section, " SALES_BY_SEATS
        " FROM item i STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY) ON s.item_id = "
        "i.item_id" METHOD_OF_SEATS " WHERE i.concert_id = ?"
        " GROUP BY i.date, i.item_id, s.section ORDER BY i.date, i.item_id, MIN(s.seat_no)"};
    return db_select(db, &list, PARAMETERS(DB_INTEGER(concert_id)),
                     COLUMNS(INTO_INT32(&row->item_id), INTO_TEXT(row->date),
                             INTO_TEXT(row->section), INTO_SALES(&row->sales)));
}
