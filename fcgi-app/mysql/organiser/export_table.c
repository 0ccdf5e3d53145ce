#include "mysql/organiser/export_table.h"

#include "base/log.h"
#include "mysql/sale/reservation_columns.h"
#include "mysql/sale/seat_columns.h"

/* A page of a concert's orders, from which all but the seats begin. */
#define PAGE_OF_ORDERS(reservations, condition)                                                    \
    "(SELECT k.reservation_id, r.user_id, k.item_id FROM " reservations                            \
    " WHERE k.concert_id = ? AND k.reservation_id < ? AND (? = 0 OR k.item_id = ?)" condition      \
    " ORDER BY k.reservation_id DESC LIMIT ?) o"

/* Of `i`, the item, which each row names. */
#define ITEM_NAMED "i.item_id, DATE_FORMAT(i.date, '%Y-%m-%d')"

int32_t
export_table_limit(enum export_what what)
{
    if (what == EXPORT_GUESTS)
        return EXPORT_ROWS / SEATS_AT_ONCE;
    if (what == EXPORT_LEDGER) /* a payment, and a refund of each seat */
        return EXPORT_ROWS / (1 + SEATS_AT_ONCE);
    return EXPORT_ROWS;
}

static enum db_result
list_orders(struct database *db, const struct parameter *parameters, size_t count,
            struct export_row *row)
{
    static const struct query list = {
        "SELECT " ITEM_NAMED ", r.reservation_id, r.user_id, " RESERVATION_SHOWN
        ", r.seat_count, r.total_price, r.created_at, " ORDER_PAYMENT_COLUMNS
        " FROM " RESERVATIONS_OF_CONCERT " LEFT JOIN item i ON i.item_id = r.item_id"
        " LEFT JOIN concert c ON c.concert_id = r.concert_id" PAYMENT_OF_ORDER
        " WHERE k.concert_id = ? AND k.reservation_id < ? AND (? = 0 OR k.item_id = ?)"
        " ORDER BY k.reservation_id DESC LIMIT ?"};
    return db_select(db, &list, parameters, count,
                     COLUMNS(INTO_INT32(&row->item_id), INTO_TEXT(row->date),
                             INTO_INT64(&row->reservation_id), INTO_TEXT(row->user_id),
                             INTO_ENUM(&row->status, RESERVATION_CANCELLED),
                             INTO_INT32(&row->seat_count), INTO_INT64(&row->total_price),
                             INTO_INSTANT(&row->created_at), INTO_ORDER_PAYMENT(&row->payment)));
}

/* A seat has the reservation that it names for as long as the hold lasts. */
static enum db_result
list_seats(struct database *db, const struct export_query *query, struct export_row *row)
{
    static const struct query list = {
        "SELECT " ITEM_NAMED ", s.seat_no, s.section, s.row_name, s.label, " SEAT_TAKEN_PRICE
        ", s.blocked,"
        " IF(s.held_until <= UTC_TIMESTAMP(3), 1, s.status + 0),"
        " IF(s.held_until <= UTC_TIMESTAMP(3), NULL, NULLIF(s.reservation_id, 0)),"
        " IF(s.held_until <= UTC_TIMESTAMP(3), NULL, r.user_id), " METHOD_OF_ORDER
        ", s.kind + 0, s.note, s.partner_no, s.x, s.y"
        " FROM item i STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY) ON s.item_id = i.item_id"
        " LEFT JOIN reservation r ON r.reservation_id = s.reservation_id"
        " LEFT JOIN box_office_sale b FORCE INDEX (PRIMARY) ON b.reservation_id = s.reservation_id"
        " WHERE i.item_id = ? AND i.concert_id = ? AND s.seat_no < ?"
        " ORDER BY s.seat_no DESC LIMIT ?"};
    return db_select(
        db, &list,
        PARAMETERS(DB_INTEGER(query->item_id), DB_INTEGER(query->concert_id),
                   DB_INTEGER(query->before), DB_INTEGER(export_table_limit(query->what))),
        COLUMNS(INTO_INT32(&row->item_id), INTO_TEXT(row->date), INTO_INT32(&row->seat.seat_id),
                INTO_TEXT(row->seat.section), INTO_TEXT(row->seat.row), INTO_TEXT(row->seat.label),
                INTO_INT64(&row->seat.price), INTO_BOOL(&row->seat.blocked),
                INTO_ENUM(&row->seat.status, SEAT_SOLD), INTO_INT64(&row->reservation_id),
                INTO_TEXT(row->user_id), INTO_METHOD(&row->payment.method),
                INTO_ENUM(&row->seat.kind, SEAT_STANDING), INTO_TEXT(row->note.text),
                INTO_INT32(&row->seat.partner_id),
                INTO_OPTIONAL_INT32(&row->position.x, &row->position.has_x),
                INTO_OPTIONAL_INT32(&row->position.y, &row->position.has_y)));
}

/* An order without an entry or a seat has one row, which says that the page got so far. */
static enum db_result
list_ledger(struct database *db, const struct parameter *parameters, size_t count,
            struct export_row *row)
{
    static const struct query list = {
        "SELECT o.item_id, o.reservation_id, COALESCE(h.user_id, o.user_id), h.history_id, h.kind "
        "+ 0, h.amount,"
        " h.balance_after, h.fee, h.created_at FROM " PAGE_OF_ORDERS(
            RESERVATIONS_OF_CONCERT,
            "") " LEFT JOIN point_history h FORCE INDEX (history_of_reservation)"
                " ON h.reservation_id = o.reservation_id"
                " ORDER BY o.reservation_id DESC, h.history_id DESC"};
    return db_select(db, &list, parameters, count,
                     COLUMNS(INTO_INT32(&row->item_id), INTO_INT64(&row->reservation_id),
                             INTO_TEXT(row->user_id), INTO_INT64(&row->entry.history_id),
                             INTO_ENUM(&row->entry.kind, POINT_REFUND),
                             INTO_INT64(&row->entry.amount), INTO_INT64(&row->entry.balance_after),
                             INTO_INT64(&row->entry.fee), INTO_INSTANT(&row->entry.created_at)));
}

/* By the index of paid ones, as there may be few of them. */
static enum db_result
list_guests(struct database *db, const struct parameter *parameters, size_t count,
            struct export_row *row)
{
    static const struct query list = {
        "SELECT " ITEM_NAMED ", o.reservation_id, o.user_id, rs.seat_no, s.section, s.row_name,"
        " s.label, rs.price, " METHOD_OF_ORDER " FROM " PAGE_OF_ORDERS(
            RESERVATIONS_OF_STATUS,
            " AND k.status = 'paid'") " LEFT JOIN reservation_seat rs FORCE INDEX (PRIMARY)"
                                      " ON rs.reservation_id = o.reservation_id"
                                      " LEFT JOIN seat s FORCE INDEX (PRIMARY)"
                                      " ON s.item_id = o.item_id AND s.seat_no = rs.seat_no"
                                      " LEFT JOIN item i ON i.item_id = o.item_id"
                                      " LEFT JOIN box_office_sale b FORCE INDEX (PRIMARY)"
                                      " ON b.reservation_id = o.reservation_id"
                                      " ORDER BY o.reservation_id DESC, rs.seat_no"};
    return db_select(db, &list, parameters, count,
                     COLUMNS(INTO_INT32(&row->item_id), INTO_TEXT(row->date),
                             INTO_INT64(&row->reservation_id), INTO_TEXT(row->user_id),
                             INTO_INT32(&row->seat.seat_id), INTO_TEXT(row->seat.section),
                             INTO_TEXT(row->seat.row), INTO_TEXT(row->seat.label),
                             INTO_INT64(&row->seat.price), INTO_METHOD(&row->payment.method)));
}

enum db_result
export_table_list(struct database *db, const struct export_query *query, struct export_row *row)
{
    const struct parameter parameters[] = {
        DB_INTEGER(query->concert_id),
        DB_INTEGER(query->before),
        DB_INTEGER(query->item_id),
        DB_INTEGER(query->item_id),
        DB_INTEGER(export_table_limit(query->what)),
    };
    const size_t count = sizeof parameters / sizeof parameters[0];
    *row = (struct export_row){0};
    switch (query->what) {
    case EXPORT_ORDERS:
        return list_orders(db, parameters, count, row);
    case EXPORT_SEATS:
        return list_seats(db, query, row);
    case EXPORT_LEDGER:
        return list_ledger(db, parameters, count, row);
    case EXPORT_GUESTS:
        return list_guests(db, parameters, count, row);
    }
    log_abort("an export that is not known");
}
