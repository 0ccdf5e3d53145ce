#include "mysql/sale/reservation_table.h"

#include <assert.h>
#include <string.h>

#include "mysql/concert/concert_columns.h"
#include "mysql/connection.h"
#include "mysql/sale/reservation_columns.h"

void
reservation_columns_bind(struct reservation *row, struct column columns[RESERVATION_COLUMN_COUNT])
{
    const struct column list[RESERVATION_COLUMN_COUNT] = {
        INTO_INT64(&row->reservation_id),
        INTO_TEXT(row->user_id),
        INTO_INT32(&row->concert_id),
        INTO_INT32(&row->item_id),
        INTO_ENUM(&row->status, RESERVATION_CANCELLED),
        INTO_INT32(&row->seat_count),
        INTO_INT64(&row->total_price),
        INTO_INT32(&row->refund_count),
        INTO_OPTIONAL_INT32(&row->seat_limit, &row->has_seat_limit),
        INTO_OPTIONAL_BYTES(row->token, &row->has_token),
        INTO_INSTANT(&row->created_at),
        INTO_INSTANT(&row->expires_at),
        INTO_INSTANT(&row->settled_at),
        INTO_TEXT(row->payer),
        INTO_INT32(&row->presale_id),
    };
    memcpy(columns, list, sizeof list);
    row->returned_count = 0;
}

/* All seats by one statement. */
static enum db_result
insert_seats(struct database *db, const struct reservation *const rows[], size_t count)
{
    static const struct query insert[DB_ROWS_MAX] = DB_ROW_FORMS(
        "INSERT INTO reservation_seat (reservation_id, seat_no, price) VALUES ", "(?, ?, ?)", "");
    struct parameter parameters[3 * DB_ROWS_MAX];
    size_t seats = 0;
    for (size_t i = 0; i < count; i++) {
        for (int32_t n = 0; n < rows[i]->seat_count; n++, seats++) {
            parameters[3 * seats] = DB_INTEGER(rows[i]->reservation_id);
            parameters[3 * seats + 1] = DB_INTEGER(rows[i]->seats[n].seat_id);
            parameters[3 * seats + 2] = DB_INTEGER(rows[i]->seats[n].price);
        }
    }
    return db_execute(db, &insert[seats - 1], parameters, 3 * seats);
}

enum db_result
reservation_table_insert(struct database *db, struct reservation *const rows[], size_t count,
                         int64_t id_step)
{
    static const struct query insert[DB_ROWS_MAX] = DB_ROW_FORMS(
        "INSERT INTO reservation (user_id, concert_id, item_id, seat_count, total_price,"
        " seat_limit, token, created_at, expires_at) VALUES ",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?)", "");
    struct parameter parameters[9 * DB_ROWS_MAX];
    assert(count >= 1 && count <= DB_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct reservation *row = rows[i];
        const struct parameter values[] = {
            DB_TEXT(row->user_id),
            DB_INTEGER(row->concert_id),
            DB_INTEGER(row->item_id),
            DB_INTEGER(row->seat_count),
            DB_INTEGER(row->total_price),
            DB_OPTIONAL(row->has_seat_limit, row->seat_limit),
            row->has_token ? DB_BYTES(row->token, TOKEN_SIZE) : DB_NULL,
            DB_INSTANT(row->created_at),
            DB_INSTANT(row->expires_at),
        };
        memcpy(&parameters[9 * i], values, sizeof values);
    }
    enum db_result result = db_execute(db, &insert[count - 1], parameters, 9 * count);
    if (result != DB_OK)
        return result;
    for (size_t i = 0; i < count; i++)
        rows[i]->reservation_id = db_inserted_id(db) + (int64_t)i * id_step;
    return insert_seats(db, (const struct reservation *const *)rows, count);
}

enum db_result
reservation_table_find(struct database *db, int64_t id, struct reservation *out, int64_t *now)
{
    static const struct query find = {"SELECT " RESERVATION_COLUMNS ", UTC_TIMESTAMP(3)"
                                      ", " METHOD_OF_RESERVATION
                                      " FROM reservation r WHERE reservation_id = ?"};
    struct column columns[RESERVATION_COLUMN_COUNT + 2];
    reservation_columns_bind(out, columns);
    columns[RESERVATION_COLUMN_COUNT] = INTO_INSTANT(now);
    columns[RESERVATION_COLUMN_COUNT + 1] = INTO_METHOD(&out->method);
    return db_select_one(db, &find, PARAMETERS(DB_INTEGER(id)), columns,
                         RESERVATION_COLUMN_COUNT + 2);
}

/*
 * What its concert says of a reservation, in bits: maintenance, wait lists. A read in a read: by a
 * join FOR UPDATE would lock the concert, and so all its buyers.
 */
#define OF_ITS_CONCERT                                                                             \
    "COALESCE((SELECT c.maintenance + 2 * c.waitlist FROM concert c"                               \
    " WHERE c.concert_id = r.concert_id), 0)"
enum { IN_MAINTENANCE = 1, HAS_WAITLIST = 2 };

enum db_result
reservation_table_lock(struct database *db, int64_t id, struct reservation *out)
{
    static const struct query lock = {"SELECT " RESERVATION_COLUMNS ", " OF_ITS_CONCERT
                                      ", " METHOD_OF_RESERVATION
                                      " FROM reservation r WHERE reservation_id = ? FOR UPDATE"};
    struct column columns[RESERVATION_COLUMN_COUNT + 2];
    int32_t rules;
    reservation_columns_bind(out, columns);
    columns[RESERVATION_COLUMN_COUNT] = INTO_INT32(&rules);
    columns[RESERVATION_COLUMN_COUNT + 1] = INTO_METHOD(&out->method);
    enum db_result result =
        db_select_one(db, &lock, PARAMETERS(DB_INTEGER(id)), columns, RESERVATION_COLUMN_COUNT + 2);
    out->concert_maintenance = result == DB_OK && rules & IN_MAINTENANCE;
    out->concert_waitlist = result == DB_OK && rules & HAS_WAITLIST;
    return result;
}

enum db_result
reservation_table_find_with_concert(struct database *db, int64_t id, struct reservation *out,
                                    struct concert *concert)
{
    static const struct query find = {
        "SELECT " RESERVATION_COLUMNS ", " CONCERT_RULES_OF_ITEM " FROM reservation r"
        " JOIN concert c ON c.concert_id = r.concert_id"
        " LEFT JOIN item i ON i.item_id = r.item_id WHERE r.reservation_id = ?"};
    struct column columns[RESERVATION_COLUMN_COUNT + CONCERT_RULE_COUNT];
    reservation_columns_bind(out, columns);
    concert_columns_bind_rules(concert, columns + RESERVATION_COLUMN_COUNT);
    enum db_result result = db_select_one(db, &find, PARAMETERS(DB_INTEGER(id)), columns,
                                          RESERVATION_COLUMN_COUNT + CONCERT_RULE_COUNT);
    return result == DB_OK ? concert_columns_find_last_start(db, concert) : result;
}

/* Fills in the ids of a statement with a list, from `parameters` on; returns how many there are. */
static size_t
name_rows(struct parameter parameters[DB_ROWS_MAX], const struct reservation *const rows[],
          size_t count)
{
    size_t listed = (size_t)1 << db_list_form(count);
    for (size_t i = 0; i < listed; i++)
        parameters[i] = DB_INTEGER(rows[db_list_at(i, count)]->reservation_id);
    return listed;
}

enum db_result
reservation_table_find_batch(struct database *db, struct reservation *const rows[],
                             struct concert *const concerts[], size_t count, bool found[])
{
    static const struct query find[] = DB_LISTS(
        "SELECT " RESERVATION_COLUMNS ", " CONCERT_RULES_OF_ITEM ", t.status = 'active'"
        " FROM reservation r FORCE INDEX (PRIMARY)"
        " STRAIGHT_JOIN concert c ON c.concert_id = r.concert_id"
        " LEFT JOIN item i ON i.item_id = r.item_id LEFT JOIN queue_token t ON t.token = r.token"
        " WHERE r.reservation_id",
        "");
    struct parameter ids[DB_ROWS_MAX];
    size_t named = name_rows(ids, (const struct reservation *const *)rows, count);
    struct reservation row = {0};
    struct concert concert = {0};
    struct column columns[RESERVATION_COLUMN_COUNT + CONCERT_RULE_COUNT + 1]; /* the longest row */
    static_assert(sizeof columns / sizeof columns[0] <= MAX_COLUMNS, "no row has more");
    reservation_columns_bind(&row, columns);
    concert_columns_bind_rules(&concert, columns + RESERVATION_COLUMN_COUNT);
    columns[RESERVATION_COLUMN_COUNT + CONCERT_RULE_COUNT] = INTO_BOOL(&row.has_active_token);
    memset(found, 0, count * sizeof found[0]);
    enum db_result result = db_select(db, &find[db_list_form(count)], ids, named, columns,
                                      RESERVATION_COLUMN_COUNT + CONCERT_RULE_COUNT + 1);
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        for (size_t i = 0; i < count; i++) {
            if (rows[i]->reservation_id != row.reservation_id)
                continue;
            *rows[i] = row;
            *concerts[i] = concert;
            found[i] = true;
        }
    }
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
reservation_table_lock_hold(struct database *db, struct reservation *reservation, int64_t *now)
{
    /* a read in a read: by a join FOR UPDATE would lock the concert, and so all its buyers */
    static const struct query lock = {
        "SELECT status + 0, expires_at, (SELECT " ITEM_IS_CANCELLED " FROM item i"
        " JOIN concert c ON c.concert_id = i.concert_id WHERE i.item_id = ?), " DB_NOW_LOCKED
        " FROM reservation WHERE reservation_id = ? FOR UPDATE"};
    return db_select_one(
        db, &lock,
        PARAMETERS(DB_INTEGER(reservation->item_id), DB_INTEGER(reservation->reservation_id)),
        COLUMNS(INTO_ENUM(&reservation->status, RESERVATION_CANCELLED),
                INTO_INSTANT(&reservation->expires_at), INTO_BOOL(&reservation->is_cancelled),
                INTO_INSTANT(now)));
}

enum db_result
reservation_table_lock_holds(struct database *db, struct reservation *const rows[], size_t count,
                             bool locked[], int64_t *now)
{
    /* the tables of one hold, each by its primary key, and nothing that others share with it */
    static const struct query lock[] = DB_LISTS(
        "SELECT r.reservation_id, r.status + 0, r.expires_at, (SELECT " ITEM_IS_CANCELLED
        " FROM item i JOIN concert c ON c.concert_id = i.concert_id"
        " WHERE i.item_id = r.item_id), " DB_NOW_LOCKED " FROM reservation r FORCE INDEX (PRIMARY)"
        " STRAIGHT_JOIN reservation_seat rs FORCE INDEX (PRIMARY)"
        " ON rs.reservation_id = r.reservation_id"
        " STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)"
        " ON s.item_id = r.item_id AND s.seat_no = rs.seat_no"
        " WHERE r.reservation_id",
        " AND s.reservation_id = r.reservation_id AND s.status = 'held' FOR UPDATE SKIP LOCKED");
    struct parameter ids[DB_ROWS_MAX];
    size_t named = name_rows(ids, (const struct reservation *const *)rows, count);
    struct reservation row;
    int32_t seats[DB_ROWS_MAX] = {0};
    enum db_result result = db_select(
        db, &lock[db_list_form(count)], ids, named,
        COLUMNS(INTO_INT64(&row.reservation_id), INTO_ENUM(&row.status, RESERVATION_CANCELLED),
                INTO_INSTANT(&row.expires_at), INTO_BOOL(&row.is_cancelled), INTO_INSTANT(now)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        for (size_t i = 0; i < count; i++) {
            if (rows[i]->reservation_id != row.reservation_id)
                continue;
            rows[i]->status = row.status;
            rows[i]->expires_at = row.expires_at;
            rows[i]->is_cancelled = row.is_cancelled;
            seats[i]++;
        }
    }
    for (size_t i = 0; i < count; i++)
        locked[i] = seats[i] == rows[i]->seat_count;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
reservation_table_sell(struct database *db, const struct reservation *const rows[], size_t count,
                       int64_t paid_at)
{
    /* in the order of the seats' numbers, as all lock them; and by this index, whatever the
     * statistics say (MariaDB 11.8 has none while it counts anew): a scan would lock everybody's
     * rows */
    static const struct query sell[] =
        DB_LISTS("UPDATE reservation r FORCE INDEX (PRIMARY)"
                 " STRAIGHT_JOIN reservation_seat rs FORCE INDEX (PRIMARY)"
                 " ON rs.reservation_id = r.reservation_id"
                 " STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)"
                 " ON s.item_id = r.item_id AND s.seat_no = rs.seat_no"
                 " AND s.reservation_id = r.reservation_id AND s.status = 'held'"
                 " SET r.status = 'paid', r.settled_at = ?, s.status = 'sold', s.held_until = NULL"
                 " WHERE r.reservation_id",
                 " AND r.status = 'held'");
    struct parameter parameters[1 + DB_ROWS_MAX] = {DB_INSTANT(paid_at)};
    size_t named = 1 + name_rows(parameters + 1, rows, count);
    int64_t changed = 0;
    for (size_t i = 0; i < count; i++)
        changed += 1 + rows[i]->seat_count;
    return db_update_if(db, &sell[db_list_form(count)], parameters, named, changed);
}

/* Goes through the rows of a statement that puts each into *seat; behind the first `before`. */
static enum db_result
take_seats(struct database *db, enum db_result result, const struct seat *seat, int32_t before,
           struct seat seats[SEATS_AT_ONCE], int32_t *taken)
{
    int32_t count = before;
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        if (count < SEATS_AT_ONCE)
            seats[count++] = *seat;
    if (result != DB_NONE)
        return result;
    *taken = count - before;
    return DB_OK;
}

/* Those that it has, and those that it had. */
#define SEATS_IN(table)                                                                            \
    {                                                                                              \
        "SELECT r.seat_no, r.price, s.section, s.row_name, s.label"                                \
        " FROM " table " r FORCE INDEX (PRIMARY)"                                                  \
        " STRAIGHT_JOIN seat s ON s.item_id = ? AND s.seat_no = r.seat_no"                         \
        " WHERE r.reservation_id = ? ORDER BY r.seat_no"                                           \
    }

static enum db_result
read_seats(struct database *db, const struct query *query, struct reservation *reservation,
           int32_t before, int32_t *taken)
{
    struct seat seat = {0};
    enum db_result result = db_select(
        db, query,
        PARAMETERS(DB_INTEGER(reservation->item_id), DB_INTEGER(reservation->reservation_id)),
        COLUMNS(INTO_INT32(&seat.seat_id), INTO_INT64(&seat.price), INTO_TEXT(seat.section),
                INTO_TEXT(seat.row), INTO_TEXT(seat.label)));
    return take_seats(db, result, &seat, before, reservation->seats, taken);
}

enum db_result
reservation_table_seats(struct database *db, struct reservation *reservation)
{
    static const struct query list = SEATS_IN("reservation_seat");
    return read_seats(db, &list, reservation, 0, &reservation->seat_count);
}

enum db_result
reservation_table_returned_seats(struct database *db, struct reservation *reservation)
{
    static const struct query list = SEATS_IN("returned_seat");
    return read_seats(db, &list, reservation, reservation->seat_count,
                      &reservation->returned_count);
}

enum db_result
reservation_table_seat_ids(struct database *db, struct reservation *reservation)
{
    static const struct query list = {"SELECT seat_no, price FROM reservation_seat"
                                      " WHERE reservation_id = ? ORDER BY seat_no"};
    struct seat seat = {0};
    enum db_result result =
        db_select(db, &list, PARAMETERS(DB_INTEGER(reservation->reservation_id)),
                  COLUMNS(INTO_INT32(&seat.seat_id), INTO_INT64(&seat.price)));
    return take_seats(db, result, &seat, 0, reservation->seats, &reservation->seat_count);
}

#define OF_EIGHT_SEATS " WHERE reservation_id = ? AND seat_no" DB_IN_8

/* Fills in the reservation and the seats of OF_EIGHT_SEATS. */
static void
name_seats(struct parameter parameters[1 + SEATS_AT_ONCE], int64_t reservation_id,
           const int32_t *seat_ids, size_t count)
{
    parameters[0] = DB_INTEGER(reservation_id);
    for (size_t i = 0; i < SEATS_AT_ONCE; i++)
        parameters[1 + i] = DB_INTEGER(seat_ids[db_list_at(i, count)]);
}

static const struct query take_seats_out = {"DELETE FROM reservation_seat" OF_EIGHT_SEATS};

/* Takes seats out, of which a refund may tell. */
static enum db_result
take_out(struct database *db, const struct reservation *reservation, const int32_t *seat_ids,
         size_t count, int64_t price, int32_t refunds)
{
    static const struct query lessen = {
        "UPDATE reservation SET seat_count = seat_count - ?, total_price = total_price - ?,"
        " refund_count = refund_count + ? WHERE reservation_id = ? AND status + 0 = ?"
        " AND seat_count = ? AND refund_count = ?"};
    struct parameter named[1 + SEATS_AT_ONCE];
    name_seats(named, reservation->reservation_id, seat_ids, count);
    enum db_result result =
        db_update(db, &take_seats_out, named, 1 + SEATS_AT_ONCE, (int64_t)count);
    if (result != DB_OK)
        return result;
    return db_update(
        db, &lessen,
        PARAMETERS(DB_INTEGER((int64_t)count), DB_INTEGER(price), DB_INTEGER(refunds),
                   DB_INTEGER(reservation->reservation_id), DB_INTEGER(reservation->status),
                   DB_INTEGER(reservation->seat_count), DB_INTEGER(reservation->refund_count)),
        1);
}

enum db_result
reservation_table_return_seats(struct database *db, const struct reservation *reservation,
                               const int32_t *seat_ids, size_t count, int64_t price,
                               int64_t asked_at)
{
    static const struct query copy = {
        "INSERT INTO returned_seat (reservation_id, seat_no, price, refund_no, asked_at)"
        " SELECT reservation_id, seat_no, price, ?, ? FROM reservation_seat" OF_EIGHT_SEATS};
    struct parameter named[3 + SEATS_AT_ONCE] = {DB_INTEGER(reservation->refund_count + 1),
                                                 DB_INSTANT(asked_at)};
    name_seats(named + 2, reservation->reservation_id, seat_ids, count);
    enum db_result result = db_update(db, &copy, named, 3 + SEATS_AT_ONCE, (int64_t)count);
    return result == DB_OK ? take_out(db, reservation, seat_ids, count, price, 1) : result;
}

enum db_result
reservation_table_release_seats(struct database *db, const struct reservation *reservation,
                                const int32_t *seat_ids, size_t count, int64_t price)
{
    return take_out(db, reservation, seat_ids, count, price, 0);
}

enum db_result
reservation_table_swap_seats(struct database *db, int64_t reservation_id,
                             const struct seat *leaving, const struct seat *coming, size_t count)
{
    struct reservation with = {.reservation_id = reservation_id, .seat_count = (int32_t)count};
    const struct reservation *rows[] = {&with};
    struct parameter named[1 + SEATS_AT_ONCE] = {DB_INTEGER(reservation_id)};
    for (size_t i = 0; i < SEATS_AT_ONCE; i++)
        named[1 + i] = DB_INTEGER(leaving[db_list_at(i, count)].seat_id);
    memcpy(with.seats, coming, count * sizeof coming[0]);
    enum db_result result =
        db_update(db, &take_seats_out, named, 1 + SEATS_AT_ONCE, (int64_t)count);
    return result == DB_OK ? insert_seats(db, rows, 1) : result;
}

enum db_result
reservation_table_hand_over(struct database *db, const struct reservation *reservation,
                            const char *to_user, const char *payer)
{
    static const struct query hand_over = {"UPDATE reservation SET user_id = ?, payer = ?"
                                           " WHERE reservation_id = ? AND user_id = ?"
                                           " AND status = 'paid'"};
    return db_update(db, &hand_over,
                     PARAMETERS(DB_TEXT(to_user), DB_OPTIONAL_TEXT(payer),
                                DB_INTEGER(reservation->reservation_id),
                                DB_TEXT(reservation->user_id)),
                     1);
}

enum db_result
reservation_table_set_status(struct database *db, int64_t id, enum reservation_status from,
                             enum reservation_status to, int64_t settled_at)
{
    static const struct query set = {"UPDATE reservation SET status = ?, settled_at = ?"
                                     " WHERE reservation_id = ? AND status + 0 = ?"};
    return db_update(
        db, &set,
        PARAMETERS(DB_INTEGER(to), DB_INSTANT(settled_at), DB_INTEGER(id), DB_INTEGER(from)), 1);
}

enum db_result
reservation_table_list(struct database *db, const char *user_id, int64_t before, int32_t limit,
                       struct reservation *list, size_t *count, int64_t *now)
{
    /* the page comes first, in the order of its index: by another one all of a user's were read */
    static const struct query page = {
        "SELECT " RESERVATION_COLUMNS ", " ITEM_IS_CANCELLED ", UTC_TIMESTAMP(3)"
        ", " METHOD_OF_RESERVATION " FROM reservation r FORCE INDEX (reservation_of_user)"
        " LEFT JOIN concert c ON c.concert_id = r.concert_id"
        " LEFT JOIN item i ON i.item_id = r.item_id"
        " WHERE r.user_id = ? AND r.reservation_id < ? ORDER BY r.reservation_id DESC LIMIT ?"};
    struct reservation row = {0};
    struct column columns[RESERVATION_COLUMN_COUNT + 3];
    reservation_columns_bind(&row, columns);
    columns[RESERVATION_COLUMN_COUNT] = INTO_BOOL(&row.is_cancelled);
    columns[RESERVATION_COLUMN_COUNT + 1] = INTO_INSTANT(now);
    columns[RESERVATION_COLUMN_COUNT + 2] = INTO_METHOD(&row.method);
    *count = 0;
    enum db_result result =
        db_select(db, &page, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(before), DB_INTEGER(limit)),
                  columns, RESERVATION_COLUMN_COUNT + 3);
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        list[(*count)++] = row;
    return result == DB_NONE ? DB_OK : result;
}

void
reservation_add_seat(struct reservation *reservation, const struct seat *seat, bool is_returned)
{
    int32_t count = reservation->seat_count + reservation->returned_count;
    if (count == SEATS_AT_ONCE)
        return;
    reservation->seats[count] = *seat;
    reservation->seat_count += !is_returned;
    reservation->returned_count += is_returned;
}

/* Those of a user's page, that they have or had. */
#define SEATS_OF_USER(table)                                                                       \
    {                                                                                              \
        "SELECT r.reservation_id, rs.seat_no, rs.price, s.section, s.row_name, s.label"            \
        " FROM reservation r FORCE INDEX (reservation_of_user)"                                    \
        " STRAIGHT_JOIN " table " rs FORCE INDEX (PRIMARY)"                                        \
        " ON rs.reservation_id = r.reservation_id"                                                 \
        " STRAIGHT_JOIN seat s ON s.item_id = r.item_id AND s.seat_no = rs.seat_no"                \
        " WHERE r.user_id = ? AND r.reservation_id BETWEEN ? AND ?"                                \
        " ORDER BY r.reservation_id, rs.seat_no"                                                   \
    }

static enum db_result
add_seats(struct database *db, const struct query *query, const char *user_id,
          struct reservation *list, size_t count, bool is_returned)
{
    struct reservation *row = &list[count - 1];
    struct seat seat = {0};
    int64_t id;
    enum db_result result =
        db_select(db, query,
                  PARAMETERS(DB_TEXT(user_id), DB_INTEGER(row->reservation_id),
                             DB_INTEGER(list[0].reservation_id)),
                  COLUMNS(INTO_INT64(&id), INTO_INT32(&seat.seat_id), INTO_INT64(&seat.price),
                          INTO_TEXT(seat.section), INTO_TEXT(seat.row), INTO_TEXT(seat.label)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        while (row > list && row->reservation_id < id)
            row--;
        /* one that was committed after the page was read is not on it */
        if (row->reservation_id == id)
            reservation_add_seat(row, &seat, is_returned);
    }
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
reservation_table_list_seats(struct database *db, const char *user_id, struct reservation *list,
                             size_t count)
{
    static const struct query seats = SEATS_OF_USER("reservation_seat");
    static const struct query returned = SEATS_OF_USER("returned_seat");
    bool has_returned = false;
    if (count == 0)
        return DB_OK;
    for (size_t i = 0; i < count; i++) {
        list[i].seat_count = list[i].returned_count = 0;
        has_returned = has_returned || list[i].refund_count > 0;
    }
    enum db_result result = add_seats(db, &seats, user_id, list, count, false);
    return result == DB_OK && has_returned ? add_seats(db, &returned, user_id, list, count, true)
                                           : result;
}

enum db_result
reservation_table_list_lapsed(struct database *db, const struct lapsed_cursor *after, int64_t until,
                              struct lapsed_cursor cursors[LAPSED_BATCH], size_t *count)
{
    static const struct query list = {"SELECT expires_at, reservation_id FROM reservation"
                                      " FORCE INDEX (reservation_to_expire)"
                                      " WHERE status = 'held' AND expires_at BETWEEN ? AND ?"
                                      " AND (expires_at > ? OR reservation_id > ?)"
                                      " ORDER BY expires_at, reservation_id LIMIT ?"};
    struct lapsed_cursor cursor;
    *count = 0;
    enum db_result result = db_select(
        db, &list,
        PARAMETERS(DB_INSTANT(after->expires_at), DB_INSTANT(until), DB_INSTANT(after->expires_at),
                   DB_INTEGER(after->reservation_id), DB_INTEGER(LAPSED_BATCH)),
        COLUMNS(INTO_INSTANT(&cursor.expires_at), INTO_INT64(&cursor.reservation_id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        cursors[(*count)++] = cursor;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
reservation_table_lock_lapsed(struct database *db, struct reservation *reservation)
{
    static const struct query lock = {
        "SELECT concert_id, item_id, user_id, total_price, status + 0, expires_at, " OF_ITS_CONCERT
        " FROM reservation r WHERE reservation_id = ? FOR UPDATE SKIP LOCKED"};
    int32_t rules;
    enum db_result result = db_select_one(
        db, &lock, PARAMETERS(DB_INTEGER(reservation->reservation_id)),
        COLUMNS(INTO_INT32(&reservation->concert_id), INTO_INT32(&reservation->item_id),
                INTO_TEXT(reservation->user_id), INTO_INT64(&reservation->total_price),
                INTO_ENUM(&reservation->status, RESERVATION_CANCELLED),
                INTO_INSTANT(&reservation->expires_at), INTO_INT32(&rules)));
    reservation->concert_waitlist = result == DB_OK && rules & HAS_WAITLIST;
    return result;
}
