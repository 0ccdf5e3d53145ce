#include "mysql/organiser/order_table.h"

#include <assert.h>
#include <string.h>

#include "mysql/sale/reservation_columns.h"

#define ORDERS(reservations)                                                                       \
    "SELECT " RESERVATION_COLUMNS ", COALESCE(" ITEM_IS_CANCELLED ", 0), " ORDER_PAYMENT_COLUMNS   \
    ", UTC_TIMESTAMP(3) FROM " reservations " LEFT JOIN concert c ON c.concert_id = r.concert_id"  \
    " LEFT JOIN item i ON i.item_id = r.item_id" PAYMENT_OF_ORDER " WHERE "
#define BY_INDEX(index) "reservation r FORCE INDEX (" index ")"

/* Each may be left out: "" or 0 lets all through. Ids are those of `row`, r or k. */
#define FILTERS(row)                                                                               \
    row ".reservation_id < ? AND (? = '' OR r.user_id = ?) AND (? = 0 OR " row ".concert_id = ?)"  \
        " AND (? = 0 OR " row ".item_id = ?) AND (? = 0 OR ? = " RESERVATION_SHOWN ")"             \
        " ORDER BY " row ".reservation_id DESC LIMIT ?"

enum { ORDER_COLUMN_COUNT = RESERVATION_COLUMN_COUNT + 9 };

static void
bind_order(struct order *row, int64_t *now, struct column columns[ORDER_COLUMN_COUNT])
{
    const struct column rest[] = {INTO_BOOL(&row->reservation.is_cancelled),
                                  INTO_ORDER_PAYMENT(&row->payment), INTO_INSTANT(now)};
    *row = (struct order){0};
    reservation_columns_bind(&row->reservation, columns);
    memcpy(columns + RESERVATION_COLUMN_COUNT, rest, sizeof rest);
}

/* A statement with parameters of its own, up to two, before those that all have. */
static enum db_result
select_orders(struct database *db, const struct query *query, const struct order_filter *filter,
              const struct parameter *own, size_t own_count, const struct column *columns)
{
    const struct parameter user = DB_TEXT(filter->user_id);
    const struct parameter concert = DB_INTEGER(filter->concert_id);
    const struct parameter item = DB_INTEGER(filter->item_id);
    const struct parameter status = DB_INTEGER(filter->status);
    const struct parameter filters[] = {
        DB_INTEGER(filter->before), user, user, concert, concert, item, item, status, status,
        DB_INTEGER(filter->limit)};
    const size_t count = sizeof filters / sizeof filters[0];
    struct parameter parameters[2 + sizeof filters / sizeof filters[0]];
    for (size_t i = 0; i < own_count; i++)
        parameters[i] = own[i];
    memcpy(parameters + own_count, filters, sizeof filters);
    return db_select(db, query, parameters, own_count + count, columns, ORDER_COLUMN_COUNT);
}

/* The same number may be that of an order and that of another one's payment. */
static enum db_result
select_by_number(struct database *db, const struct order_filter *filter,
                 const struct column *columns)
{
    static const struct query find = {"SELECT reservation_id FROM payment WHERE payment_id = ?"};
    static const struct query by_number = {
        ORDERS(BY_INDEX("PRIMARY")) "r.reservation_id IN (?, ?) AND " FILTERS("r")};
    int64_t paid = 0;
    enum db_result result =
        db_select_one(db, &find, PARAMETERS(DB_INTEGER(filter->ref)), COLUMNS(INTO_INT64(&paid)));
    if (result != DB_OK && result != DB_NONE)
        return result;
    return select_orders(db, &by_number, filter,
                         PARAMETERS(DB_INTEGER(filter->ref), DB_INTEGER(paid)), columns);
}

/* The way is by user or by concert, if there is one. */
static enum db_result
select_page(struct database *db, const struct order_filter *filter, const struct column *columns)
{
    static const struct query of_user = {
        ORDERS(BY_INDEX("reservation_of_user")) "r.user_id = ? AND " FILTERS("r")};
    static const struct query of_concert = {
        ORDERS(RESERVATIONS_OF_CONCERT) "k.concert_id = ? AND " FILTERS("k")};
    static const struct query all = {ORDERS(BY_INDEX("PRIMARY")) FILTERS("r")};
    if (filter->ref != 0)
        return select_by_number(db, filter, columns);
    if (filter->user_id[0] != '\0')
        return select_orders(db, &of_user, filter, PARAMETERS(DB_TEXT(filter->user_id)), columns);
    if (filter->concert_id != 0)
        return select_orders(db, &of_concert, filter, PARAMETERS(DB_INTEGER(filter->concert_id)),
                             columns);
    return select_orders(db, &all, filter, NO_PARAMETERS, columns);
}

static enum db_result
select_of_status(struct database *db, const struct order_filter *filter, const char *stored,
                 const struct column *columns)
{
    static const struct query of_status = {
        ORDERS(RESERVATIONS_OF_STATUS) "k.status = ? AND " FILTERS("k")};
    return select_orders(db, &of_status, filter, PARAMETERS(DB_TEXT(stored)), columns);
}

/* The list stays in order, with the newest `limit` of all that are put into it, each once. */
static void
put_in_order(struct order *list, size_t *count, size_t limit, const struct order *row)
{
    int64_t id = row->reservation.reservation_id;
    size_t at = *count;
    while (at > 0 && list[at - 1].reservation.reservation_id < id)
        at--;
    if (at == limit || (at > 0 && list[at - 1].reservation.reservation_id == id))
        return;
    size_t behind = *count - at - (*count == limit);
    memmove(&list[at + 1], &list[at], behind * sizeof list[0]);
    list[at] = *row;
    *count += *count < limit;
}

/*
 * Puts a page into the list: of those that have the status `stored` in the table, by its index;
 * NULL: by user or by concert.
 */
static enum db_result
add_page(struct database *db, const struct order_filter *filter, const char *stored,
         struct order *list, size_t *count, int64_t *now)
{
    struct order row;
    struct column columns[ORDER_COLUMN_COUNT];
    bind_order(&row, now, columns);
    enum db_result result = stored != NULL ? select_of_status(db, filter, stored, columns)
                                           : select_page(db, filter, columns);
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        put_in_order(list, count, (size_t)filter->limit, &row);
    return result == DB_NONE ? DB_OK : result;
}

/*
 * What is shown as expired or cancelled may be stored as held until the sweeper comes. It is looked
 * for first: if the sweeper comes in between, it is found twice, and not missed.
 */
enum db_result
order_table_list(struct database *db, const struct order_filter *filter, struct order *list,
                 size_t *count, int64_t *now)
{
    static const char *const names[] = {
        [RESERVATION_HELD] = "held",
        [RESERVATION_PAID] = "paid",
        [RESERVATION_EXPIRED] = "expired",
        [RESERVATION_CANCELLED] = "cancelled",
    };
    enum reservation_status status = filter->status;
    *count = 0;
    if (filter->ref != 0 || filter->user_id[0] != '\0')
        return add_page(db, filter, NULL, list, count, now);
    if (status == RESERVATION_EXPIRED || status == RESERVATION_CANCELLED) {
        enum db_result result = add_page(db, filter, "held", list, count, now);
        if (result != DB_OK)
            return result;
    }
    return add_page(db, filter, names[status], list, count, now);
}

/* Room for ORDERS_WITH_SEATS; a list is padded by repeating its last one. */
#define SO_MANY_ORDERS                                                                             \
    DB_EIGHT_TIMES(DB_EIGHT_TIMES("?"))                                                            \
    ", " DB_EIGHT_TIMES(DB_FOUR_TIMES("?")) ", " DB_FOUR_TIMES("?")

/* The seats that orders have or had. */
#define SEATS_OF_ORDERS(table)                                                                     \
    {                                                                                              \
        "SELECT rs.reservation_id, rs.seat_no, rs.price, s.section, s.row_name, s.label"           \
        " FROM reservation r FORCE INDEX (PRIMARY)"                                                \
        " STRAIGHT_JOIN " table " rs FORCE INDEX (PRIMARY)"                                        \
        " ON rs.reservation_id = r.reservation_id"                                                 \
        " STRAIGHT_JOIN seat s ON s.item_id = r.item_id AND s.seat_no = rs.seat_no"                \
        " WHERE r.reservation_id IN (" SO_MANY_ORDERS                                              \
        ") ORDER BY r.reservation_id DESC, rs.seat_no"                                             \
    }

static enum db_result
add_seats(struct database *db, const struct query *query, struct order *list, size_t count,
          bool is_returned)
{
    struct parameter ids[ORDERS_WITH_SEATS];
    for (size_t i = 0; i < ORDERS_WITH_SEATS; i++)
        ids[i] = DB_INTEGER(list[i < count ? i : count - 1].reservation.reservation_id);
    struct reservation *row = &list[0].reservation;
    struct seat seat = {0};
    int64_t id;
    size_t at = 0;
    enum db_result result =
        db_select(db, query, ids, ORDERS_WITH_SEATS,
                  COLUMNS(INTO_INT64(&id), INTO_INT32(&seat.seat_id), INTO_INT64(&seat.price),
                          INTO_TEXT(seat.section), INTO_TEXT(seat.row), INTO_TEXT(seat.label)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        while (row->reservation_id != id && at + 1 < count)
            row = &list[++at].reservation;
        if (row->reservation_id == id)
            reservation_add_seat(row, &seat, is_returned);
    }
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
order_table_list_seats(struct database *db, struct order *list, size_t count)
{
    static const struct query seats = SEATS_OF_ORDERS("reservation_seat");
    static const struct query returned = SEATS_OF_ORDERS("returned_seat");
    bool has_returned = false;
    assert(count <= ORDERS_WITH_SEATS);
    if (count == 0)
        return DB_OK;
    for (size_t i = 0; i < count; i++) {
        list[i].reservation.seat_count = 0;
        has_returned = has_returned || list[i].reservation.refund_count > 0;
    }
    enum db_result result = add_seats(db, &seats, list, count, false);
    return result == DB_OK && has_returned ? add_seats(db, &returned, list, count, true) : result;
}
