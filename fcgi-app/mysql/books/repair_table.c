#include "mysql/books/repair_table.h"

/* Whose the held seat `s` is by right: a hold `o`, which lists it in `m`. */
#define OWNER                                                                                      \
    " LEFT JOIN reservation o ON o.reservation_id = s.reservation_id AND o.item_id = s.item_id"    \
    "  AND s.status = 'held' AND o.status = 'held' AND o.expires_at = s.held_until"                \
    "  AND o.expires_at > UTC_TIMESTAMP(3)"                                                        \
    " LEFT JOIN reservation_seat m ON m.reservation_id = o.reservation_id AND m.seat_no = "        \
    "s.seat_no"

#define OF_SEAT                                                                                    \
    " s.seat_no IS NOT NULL, COALESCE(s.status + 0, 0), COALESCE(s.blocked, 0),"                   \
    " COALESCE(s.reservation_id, 0), m.seat_no IS NOT NULL"

/* Whether the payment, less its refunds, is for the seats listed now, and `l` did not go back. */
#define LISTED_PRICE                                                                               \
    "(SELECT SUM(a.price) FROM reservation_seat a WHERE a.reservation_id = r.reservation_id)"
#define IS_PAID_FOR                                                                                \
    " (EXISTS (SELECT 1 FROM payment p WHERE p.reservation_id = r.reservation_id"                  \
    "  AND p.status = 'paid' AND p.amount = " LISTED_PRICE                                         \
    "   + (SELECT COALESCE(SUM(h.amount + h.fee), 0) FROM point_history h"                         \
    "    WHERE h.reservation_id = r.reservation_id AND h.kind = 'refund'))"                        \
    " OR EXISTS (SELECT 1 FROM box_office_sale b WHERE b.reservation_id = r.reservation_id"        \
    "  AND b.amount = " LISTED_PRICE                                                               \
    "   + (SELECT COALESCE(SUM(f.amount + f.fee), 0) FROM box_office_refund f"                     \
    "    WHERE f.reservation_id = r.reservation_id)))"                                             \
    " AND NOT EXISTS (SELECT 1 FROM returned_seat t WHERE t.reservation_id = r.reservation_id"     \
    "  AND t.seat_no = l.seat_no)"

/* What reservations list and do not have. */
#define OWED(paid_for)                                                                             \
    "SELECT r.concert_id, r.item_id, l.seat_no, r.reservation_id, r.expires_at," OF_SEAT           \
    "," paid_for                                                                                   \
    " FROM reservation r JOIN reservation_seat l ON l.reservation_id = r.reservation_id"           \
    " LEFT JOIN seat s ON s.item_id = r.item_id AND s.seat_no = l.seat_no" OWNER " WHERE "
#define OWED_SOLD                                                                                  \
    OWED(IS_PAID_FOR)                                                                              \
    "r.status = 'paid' AND (s.seat_no IS NULL OR s.status <> 'sold'"                               \
    " OR NOT (s.reservation_id <=> r.reservation_id))"
#define OWED_HELD                                                                                  \
    OWED(" 1")                                                                                     \
    "r.status = 'held' AND r.expires_at > UTC_TIMESTAMP(3)"                                        \
    " AND (m.reservation_id IS NULL OR m.reservation_id <> r.reservation_id)"

/*
 * A hold that is over and not swept is no fault: its reservation names it still. Nor is a seat that
 * is kept for who waits.
 */
#define OWED_NOBODY                                                                                \
    "SELECT COALESCE(i.concert_id, 0), s.item_id, s.seat_no, 0, s.held_until," OF_SEAT ", 1"       \
    " FROM seat s LEFT JOIN item i ON i.item_id = s.item_id"                                       \
    " LEFT JOIN reservation r ON r.reservation_id = s.reservation_id"                              \
    "  AND r.item_id = s.item_id AND r.status = 'held' AND r.expires_at = s.held_until"            \
    " LEFT JOIN reservation_seat l ON l.reservation_id = r.reservation_id"                         \
    "  AND l.seat_no = s.seat_no" OWNER " WHERE s.status = 'held' AND l.seat_no IS NULL"           \
    " AND NOT (s.reservation_id = 0 AND EXISTS (SELECT 1 FROM waitlist_return w"                   \
    "  WHERE w.item_id = s.item_id AND w.seat_no = s.seat_no))"

#define OWED_BEHIND                                                                                \
    " AND (r.item_id, l.seat_no, r.reservation_id) > (?, ?, ?)"                                    \
    " ORDER BY r.item_id, l.seat_no, r.reservation_id LIMIT 1000"
#define THIS_OWED " AND r.item_id = ? AND l.seat_no = ? AND r.reservation_id = ?"

static const struct query lists[] = {
    [SEAT_AVAILABLE] = {OWED_NOBODY " AND (s.item_id, s.seat_no, 0) > (?, ?, ?)"
                                    " ORDER BY s.item_id, s.seat_no LIMIT 1000"},
    [SEAT_HELD] = {OWED_HELD OWED_BEHIND},
    [SEAT_SOLD] = {OWED_SOLD OWED_BEHIND},
};

static const struct query looks[] = {
    [SEAT_AVAILABLE] = {OWED_NOBODY " AND s.item_id = ? AND s.seat_no = ? AND 0 = ?"},
    [SEAT_HELD] = {OWED_HELD THIS_OWED},
    [SEAT_SOLD] = {OWED_SOLD THIS_OWED},
};

/* Where a case goes. */
#define INTO_CASE(seat)                                                                            \
    COLUMNS(INTO_INT32(&(seat)->concert_id), INTO_INT32(&(seat)->item_id),                         \
            INTO_INT32(&(seat)->seat_no), INTO_INT64(&(seat)->due_reservation),                    \
            INTO_INSTANT(&(seat)->due_until), INTO_BOOL(&(seat)->exists),                          \
            INTO_ENUM(&(seat)->status, SEAT_SOLD), INTO_BOOL(&(seat)->blocked),                    \
            INTO_INT64(&(seat)->reservation), INTO_BOOL(&(seat)->is_owned),                        \
            INTO_BOOL(&(seat)->is_paid_for))

enum db_result
repair_table_list(struct database *db, enum seat_status due, const struct seat_case *last,
                  struct seat_case *cases, size_t *count)
{
    struct seat_case seat = {.due = due};
    *count = 0;
    enum db_result result =
        db_select(db, &lists[due],
                  PARAMETERS(DB_INTEGER(last->item_id), DB_INTEGER(last->seat_no),
                             DB_INTEGER(last->due_reservation)),
                  INTO_CASE(&seat));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        cases[(*count)++] = seat;
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
repair_table_lock(struct database *db, struct seat_case *seat)
{
    static const struct query lock_reservation = {
        "SELECT reservation_id FROM reservation WHERE reservation_id = ? FOR UPDATE"};
    static const struct query lock_seat = {
        "SELECT seat_no FROM seat WHERE item_id = ? AND seat_no = ? FOR UPDATE"};
    int64_t reservation;
    int32_t seat_no;
    enum db_result result = DB_OK;
    if (seat->due_reservation != 0)
        result = db_select_one(db, &lock_reservation, PARAMETERS(DB_INTEGER(seat->due_reservation)),
                               COLUMNS(INTO_INT64(&reservation)));
    if (result == DB_OK)
        result = db_select_one(db, &lock_seat,
                               PARAMETERS(DB_INTEGER(seat->item_id), DB_INTEGER(seat->seat_no)),
                               COLUMNS(INTO_INT32(&seat_no)));
    if (result != DB_OK)
        return result;
    return db_select_one(db, &looks[seat->due],
                         PARAMETERS(DB_INTEGER(seat->item_id), DB_INTEGER(seat->seat_no),
                                    DB_INTEGER(seat->due_reservation)),
                         INTO_CASE(seat));
}

enum db_result
repair_table_put_right(struct database *db, const struct seat_case *seat)
{
    static const struct query put_right = {
        "UPDATE seat SET status = ?, reservation_id = ?, held_until = ?"
        " WHERE item_id = ? AND seat_no = ? AND status + 0 = ? AND COALESCE(reservation_id, 0) = "
        "?"};
    bool is_hold = seat->due == SEAT_HELD;
    return db_update(db, &put_right,
                     PARAMETERS(DB_INTEGER(seat->due),
                                DB_OPTIONAL(seat->due_reservation != 0, seat->due_reservation),
                                is_hold ? DB_INSTANT(seat->due_until) : DB_NULL,
                                DB_INTEGER(seat->item_id), DB_INTEGER(seat->seat_no),
                                DB_INTEGER(seat->status), DB_INTEGER(seat->reservation)),
                     1);
}
