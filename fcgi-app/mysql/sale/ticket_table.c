#include "mysql/sale/ticket_table.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "mysql/concert/concert_columns.h"

enum db_result
ticket_table_of_order(struct database *db, const struct reservation *reservation,
                      struct ticket_references *tickets)
{
    static const struct query list = {
        "SELECT t.seat_no, t.reference FROM reservation r FORCE INDEX (PRIMARY)"
        " STRAIGHT_JOIN ticket t FORCE INDEX (ticket_of_seat)"
        " ON t.reservation_id = r.reservation_id"
        " WHERE r.reservation_id = ? AND r.user_id = ? ORDER BY t.seat_no"};
    int32_t seat_id;
    uint8_t reference[TICKET_REFERENCE_BYTES];
    tickets->count = 0;
    enum db_result result = db_select(
        db, &list,
        PARAMETERS(DB_INTEGER(reservation->reservation_id), DB_TEXT(reservation->user_id)),
        COLUMNS(INTO_INT32(&seat_id), INTO_BYTES(reference)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        if (tickets->count == SEATS_AT_ONCE)
            continue;
        tickets->seat_ids[tickets->count] = seat_id;
        memcpy(tickets->references[tickets->count++], reference, sizeof reference);
    }
    return result == DB_NONE ? DB_OK : result;
}

/* In hexadecimal digits: MySQL takes a placeholder in a CASE for text. */
#define FOR_SEAT " WHEN ? THEN UNHEX(?)"
#define FOR_TWO_SEATS FOR_SEAT FOR_SEAT
#define FOR_FOUR_SEATS FOR_TWO_SEATS FOR_TWO_SEATS
#define FOR_EIGHT_SEATS FOR_FOUR_SEATS FOR_FOUR_SEATS

/*
 * Only seats that the order has when its row is locked: they may have been swapped since they were
 * read.
 */
enum db_result
ticket_table_insert(struct database *db, const struct reservation *reservation,
                    const struct ticket_references *tickets)
{
    static const struct query insert = {
        "INSERT INTO ticket (reference, reservation_id, seat_no, item_id, issued_at, changed_at)"
        " SELECT CASE l.seat_no" FOR_EIGHT_SEATS " END, r.reservation_id, l.seat_no, r.item_id,"
        " UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM reservation r FORCE INDEX (PRIMARY)"
        " STRAIGHT_JOIN reservation_seat l FORCE INDEX (PRIMARY)"
        " ON l.reservation_id = r.reservation_id"
        " WHERE r.reservation_id = ? AND r.user_id = ? AND r.status = 'paid' AND l.seat_no" DB_IN_8
        " LOCK IN SHARE MODE ON DUPLICATE KEY UPDATE item_id = ticket.item_id"};
    enum { OWNER = 2 * SEATS_AT_ONCE, SEATS = OWNER + 2, VALUES = SEATS + SEATS_AT_ONCE };
    struct parameter parameters[VALUES];
    char digits[SEATS_AT_ONCE][2 * TICKET_REFERENCE_BYTES + 1];
    for (size_t i = 0; i < SEATS_AT_ONCE; i++) {
        size_t at = db_list_at(i, tickets->count);
        hex_write(tickets->references[at], TICKET_REFERENCE_BYTES, digits[i]);
        parameters[2 * i] = DB_INTEGER(tickets->seat_ids[at]);
        parameters[2 * i + 1] = DB_TEXT(digits[i]);
        parameters[SEATS + i] = DB_INTEGER(tickets->seat_ids[at]);
    }
    parameters[OWNER] = DB_INTEGER(reservation->reservation_id);
    parameters[OWNER + 1] = DB_TEXT(reservation->user_id);
    return db_execute(db, &insert, parameters, VALUES);
}

#define CHECKIN_COLUMNS "t.checked_in_at, t.left_at, t.scanned_at, t.device_id, t.checked_in_by"

/* clang-format off */
#define INTO_CHECKIN(checkin)                                                                      \
    INTO_INSTANT(&(checkin)->at), INTO_INSTANT(&(checkin)->left_at),                               \
    INTO_INSTANT(&(checkin)->scanned_at), INTO_TEXT((checkin)->device_id), INTO_TEXT((checkin)->actor)
/* clang-format on */

/* From a table or a list, the alias t; is_void is an expression. */
#define TICKETS(source, is_void)                                                                   \
    "SELECT t.ticket_id, t.reference, t.reservation_id, i.concert_id, t.item_id, t.seat_no,"       \
    " s.section, s.row_name, s.label,"                                                             \
    " r.status = 'paid' AND l.seat_no IS NOT NULL AND NOT " ITEM_IS_CANCELLED " AND NOT " is_void  \
    ", c.reentry, " CHECKIN_COLUMNS ", UTC_TIMESTAMP(3)"                                           \
    " FROM " source                                                                                \
    " STRAIGHT_JOIN reservation r FORCE INDEX (PRIMARY) ON r.reservation_id = t.reservation_id"    \
    " STRAIGHT_JOIN item i FORCE INDEX (PRIMARY) ON i.item_id = t.item_id"                         \
    " STRAIGHT_JOIN concert c FORCE INDEX (PRIMARY) ON c.concert_id = i.concert_id"                \
    " STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)"                                                  \
    " ON s.item_id = t.item_id AND s.seat_no = t.seat_no"                                          \
    " LEFT JOIN reservation_seat l FORCE INDEX (PRIMARY)"                                          \
    " ON l.reservation_id = t.reservation_id AND l.seat_no = t.seat_no"

enum { TICKET_COLUMN_COUNT = 17 };

static void
bind_ticket(struct ticket *ticket, int64_t *now, struct column columns[TICKET_COLUMN_COUNT])
{
    const struct column list[TICKET_COLUMN_COUNT] = {
        INTO_INT64(&ticket->ticket_id),
        INTO_BYTES(ticket->reference),
        INTO_INT64(&ticket->reservation_id),
        INTO_INT32(&ticket->concert_id),
        INTO_INT32(&ticket->item_id),
        INTO_INT32(&ticket->seat.seat_id),
        INTO_TEXT(ticket->seat.section),
        INTO_TEXT(ticket->seat.row),
        INTO_TEXT(ticket->seat.label),
        INTO_BOOL(&ticket->is_valid),
        INTO_BOOL(&ticket->reentry),
        INTO_CHECKIN(&ticket->checkin),
        INTO_INSTANT(now),
    };
    *ticket = (struct ticket){0};
    memcpy(columns, list, sizeof list);
}

enum db_result
ticket_table_find(struct database *db, const uint8_t reference[TICKET_REFERENCE_BYTES],
                  struct ticket *ticket, int64_t *now)
{
    static const struct query find = {
        TICKETS("ticket t FORCE INDEX (ticket_by_reference)", "FALSE") " WHERE t.reference = ?"};
    struct column columns[TICKET_COLUMN_COUNT];
    bind_ticket(ticket, now, columns);
    return db_select_one(db, &find, PARAMETERS(DB_BYTES(reference, TICKET_REFERENCE_BYTES)),
                         columns, TICKET_COLUMN_COUNT);
}

/* A page of each table, which hold different ids, and of both together. */
/* clang-format off */
#define PAGE_OF(source, since, checkin)                                                            \
    "(SELECT ticket_id, reference, reservation_id, item_id, seat_no, " checkin " FROM " source     \
    " WHERE item_id = ?" since " AND ticket_id < ? ORDER BY ticket_id DESC LIMIT ?)"
#define PAGE(tickets, since, void_tickets, void_since)                                             \
    TICKETS("(" PAGE_OF(tickets, since, "checked_in_at, left_at, scanned_at, device_id,"           \
                        " checked_in_by, 0 AS is_void")                                            \
            " UNION ALL " PAGE_OF(void_tickets, void_since, "NULL, NULL, NULL, NULL, NULL, 1")     \
            " ORDER BY ticket_id DESC LIMIT ?) t", "t.is_void")                                    \
    " ORDER BY t.ticket_id DESC"
/* clang-format on */

enum db_result
ticket_table_list(struct database *db, int32_t item_id, int64_t since, int64_t before,
                  int32_t limit, struct ticket *list, size_t *count)
{
    static const struct query all = {PAGE("ticket FORCE INDEX (ticket_of_item)", "",
                                          "void_ticket FORCE INDEX (void_ticket_of_item)", "")};
    static const struct query changed = {
        PAGE("ticket FORCE INDEX (ticket_changed)", " AND changed_at >= ?",
             "void_ticket FORCE INDEX (void_ticket_changed)", " AND voided_at >= ?")};
    const struct parameter item = DB_INTEGER(item_id), start = DB_INSTANT(since),
                           last = DB_INTEGER(before), rows = DB_INTEGER(limit);
    struct ticket row;
    int64_t now;
    struct column columns[TICKET_COLUMN_COUNT];
    bind_ticket(&row, &now, columns);
    *count = 0;
    enum db_result result =
        since == CLOCK_NEVER
            ? db_select(db, &all, PARAMETERS(item, last, rows, item, last, rows, rows), columns,
                        TICKET_COLUMN_COUNT)
            : db_select(db, &changed,
                        PARAMETERS(item, start, last, rows, item, start, last, rows, rows), columns,
                        TICKET_COLUMN_COUNT);
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        list[(*count)++] = row;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
ticket_table_lock_checkin(struct database *db, int64_t ticket_id, struct checkin *checkin)
{
    static const struct query lock = {"SELECT " CHECKIN_COLUMNS
                                      " FROM ticket t WHERE ticket_id = ? FOR UPDATE"};
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(ticket_id)),
                         COLUMNS(INTO_CHECKIN(checkin)));
}

enum db_result
ticket_table_check_in(struct database *db, int64_t ticket_id, const struct checkin *before,
                      const struct checkin *after)
{
    static const struct query set = {
        "UPDATE ticket SET checked_in_at = ?, left_at = ?, scanned_at = ?, device_id = ?,"
        " checked_in_by = ?, changed_at = UTC_TIMESTAMP(3)"
        " WHERE ticket_id = ? AND checked_in_at <=> ? AND left_at <=> ?"};
    return db_update(db, &set,
                     PARAMETERS(DB_INSTANT(after->at), DB_INSTANT(after->left_at),
                                DB_INSTANT(after->scanned_at), DB_OPTIONAL_TEXT(after->device_id),
                                DB_OPTIONAL_TEXT(after->actor), DB_INTEGER(ticket_id),
                                DB_INSTANT(before->at), DB_INSTANT(before->left_at)),
                     1);
}

enum db_result
ticket_table_touch(struct database *db, int64_t reservation_id)
{
    static const struct query touch = {
        "UPDATE ticket SET changed_at = UTC_TIMESTAMP(3) WHERE reservation_id = ?"};
    return db_execute(db, &touch, PARAMETERS(DB_INTEGER(reservation_id)));
}

enum db_result
ticket_table_count_used(struct database *db, int64_t reservation_id, const int32_t *seat_ids,
                        size_t count, int64_t *used)
{
    static const struct query of_order = {
        "SELECT COUNT(checked_in_at) FROM ticket WHERE reservation_id = ?"};
    static const struct query of_seats = {
        "SELECT COUNT(checked_in_at) FROM ticket WHERE reservation_id = ? AND seat_no" DB_IN_8};
    struct parameter parameters[1 + SEATS_AT_ONCE] = {DB_INTEGER(reservation_id)};
    for (size_t i = 0; i < SEATS_AT_ONCE && count > 0; i++)
        parameters[1 + i] = DB_INTEGER(seat_ids[db_list_at(i, count)]);
    return db_select_one(db, count > 0 ? &of_seats : &of_order, parameters,
                         count > 0 ? 1 + SEATS_AT_ONCE : 1, COLUMNS(INTO_INT64(used)));
}

#define TICKETS_OF_SEATS " FROM ticket WHERE reservation_id = ? AND seat_no" DB_IN_8

enum db_result
ticket_table_void(struct database *db, int64_t reservation_id, const struct seat *seats,
                  size_t count)
{
    static const struct query copy = {
        "INSERT INTO void_ticket (ticket_id, reference, reservation_id, seat_no, item_id,"
        "  voided_at)"
        " SELECT ticket_id, reference, reservation_id, seat_no, item_id,"
        "  UTC_TIMESTAMP(3)" TICKETS_OF_SEATS};
    static const struct query take = {"DELETE" TICKETS_OF_SEATS};
    struct parameter named[1 + SEATS_AT_ONCE] = {DB_INTEGER(reservation_id)};
    for (size_t i = 0; i < SEATS_AT_ONCE; i++)
        named[1 + i] = DB_INTEGER(seats[db_list_at(i, count)].seat_id);
    enum db_result result = db_execute(db, &copy, named, 1 + SEATS_AT_ONCE);
    return result == DB_OK ? db_execute(db, &take, named, 1 + SEATS_AT_ONCE) : result;
}

enum db_result
ticket_table_find_void(struct database *db, const uint8_t reference[TICKET_REFERENCE_BYTES])
{
    static const struct query find = {"SELECT seat_no FROM void_ticket WHERE reference = ?"};
    int32_t seat_id;
    return db_select_one(db, &find, PARAMETERS(DB_BYTES(reference, TICKET_REFERENCE_BYTES)),
                         COLUMNS(INTO_INT32(&seat_id)));
}

/* Reads no row of a ticket: its index has all that is counted. */
enum db_result
ticket_table_attendance(struct database *db, int32_t item_id, struct attendance *attendance)
{
    static const struct query count = {
        "SELECT COUNT(*), COUNT(checked_in_at), MAX(checked_in_at), UTC_TIMESTAMP(3)"
        " FROM ticket FORCE INDEX (ticket_of_item) WHERE item_id = ?"};
    return db_select_one(
        db, &count, PARAMETERS(DB_INTEGER(item_id)),
        COLUMNS(INTO_INT64(&attendance->issued), INTO_INT64(&attendance->checked_in),
                INTO_INSTANT(&attendance->last_at), INTO_INSTANT(&attendance->now)));
}

enum db_result
ticket_table_attendance_by_section(struct database *db, int32_t item_id,
                                   struct section_attendance *section)
{
    static const struct query list = {
        "SELECT section, SUM(sold), SUM(came), SUM(inside) FROM"
        " (SELECT section, 1 AS sold, 0 AS came, 0 AS inside FROM seat"
        "   WHERE item_id = ? AND status = 'sold'"
        "  UNION ALL SELECT s.section, 0, 1, t.left_at IS NULL"
        "   FROM ticket t FORCE INDEX (ticket_of_item)"
        "   STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY)"
        "   ON s.item_id = t.item_id AND s.seat_no = t.seat_no"
        "   WHERE t.item_id = ? AND t.checked_in_at IS NOT NULL) g"
        " GROUP BY section ORDER BY section"};
    return db_select(db, &list, PARAMETERS(DB_INTEGER(item_id), DB_INTEGER(item_id)),
                     COLUMNS(INTO_TEXT(section->section), INTO_INT64(&section->sold),
                             INTO_INT64(&section->checked_in), INTO_INT64(&section->inside)));
}
