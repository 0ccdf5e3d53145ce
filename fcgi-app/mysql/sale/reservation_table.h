/* reservation_table: the SQL of reservations and their seats. */
#ifndef FRONTROW_MYSQL_RESERVATION_TABLE_H
#define FRONTROW_MYSQL_RESERVATION_TABLE_H

#include "base/message.h"
#include "mysql/sale/box_office_table.h"
#include "mysql/sale/seat_table.h"

enum reservation_status {
    RESERVATION_OTHER,
    RESERVATION_HELD,
    RESERVATION_PAID,
    RESERVATION_EXPIRED,
    RESERVATION_CANCELLED,
};

struct reservation {
    int64_t reservation_id;
    char user_id[USER_ID_SIZE]; /* its owner */
    char payer[USER_ID_SIZE];   /* who paid it, where it was transferred since; "": its owner */
    int32_t concert_id;
    int32_t item_id;
    enum reservation_status status; /* as stored: a held one may be over, see expires_at */
    int32_t seat_count;             /* that it has, likewise total_price */
    int64_t total_price;
    int32_t refund_count; /* refunds of single seats so far; 0: it has all that it was made with */
    int32_t returned_count; /* seats that went back by them; filled by ..._returned_seats() */
    bool has_seat_limit;
    int32_t seat_limit; /* in force when it was made */
    bool has_token;
    uint8_t token[TOKEN_SIZE]; /* with which it was made */
    int64_t created_at;
    int64_t expires_at;
    int64_t settled_at; /* when its owner paid it or gave it back unpaid; CLOCK_NEVER: neither, or
                           it was refunded */
    int32_t presale_id; /* the window in which it was made; 0: in none */
    bool is_cancelled;  /* its concert or item; by ..._list() and ..._lock_hold() only */
    bool concert_maintenance;         /* filled by reservation_table_lock() only */
    bool concert_waitlist;            /* likewise, and by ..._lock_lapsed() */
    enum payment_method method;       /* of a paid one; not filled by statements of several holds */
    bool has_active_token;            /* it is; filled by reservation_table_find_batch() only */
    struct seat seats[SEATS_AT_ONCE]; /* number, price and names; filled by ..._seats(), and behind
                                         them the returned ones */
};

/*
 * Inserts the rows and their seats, up to DB_ROWS_MAX of either, and sets reservation_id of each.
 * `id_step` is DB_ID_STEP; one row needs none.
 */
enum db_result reservation_table_insert(struct database *db, struct reservation *const rows[],
                                        size_t count, int64_t id_step) MUST_CHECK;

/*
 * One by its id, without and with FOR UPDATE, which also tells whether its concert is under
 * maintenance, and how it is paid. The seats are not read. *now is the database's time
 * at the read: a later one would show a hold that was paid in between as expired.
 */
enum db_result reservation_table_find(struct database *db, int64_t id, struct reservation *out,
                                      int64_t *now) MUST_CHECK;
enum db_result reservation_table_lock(struct database *db, int64_t id, struct reservation *out)
    MUST_CHECK;

/*
 * One without its seats, and its concert as concert_table_find_with_item() reads it, without a
 * lock. All of it is as of concert->now.
 */
enum db_result reservation_table_find_with_concert(struct database *db, int64_t id,
                                                   struct reservation *out, struct concert *concert)
    MUST_CHECK;

/*
 * The same of up to DB_ROWS_MAX that have their ids; found[i]: rows[i] and concerts[i] are filled.
 * Of an item that has started, or is not there, a concert has the start (CLOCK_NEVER) as its
 * last_starts_at; the last one may be later.
 */
enum db_result reservation_table_find_batch(struct database *db, struct reservation *const rows[],
                                            struct concert *const concerts[], size_t count,
                                            bool found[]) MUST_CHECK;

/*
 * Locks one that was found, and reads again what may change of it: status and expires_at, and
 * is_cancelled. *now is the time when it was locked.
 */
enum db_result reservation_table_lock_hold(struct database *db, struct reservation *reservation,
                                           int64_t *now) MUST_CHECK;

/*
 * The same of up to DB_ROWS_MAX different ones with all their seats, without a wait. locked[i]:
 * rows[i] is, and so are all its seats, which it holds. *now is not set where none is.
 */
enum db_result reservation_table_lock_holds(struct database *db, struct reservation *const rows[],
                                            size_t count, bool locked[], int64_t *now) MUST_CHECK;

/*
 * Makes up to DB_ROWS_MAX locked holds paid and all their seats sold. DB_NONE: some seat is not
 * held any more. The seats of one are locked by this, in the order of their numbers.
 */
enum db_result reservation_table_sell(struct database *db, const struct reservation *const rows[],
                                      size_t count, int64_t paid_at) MUST_CHECK;

/* Reads reservation->seats, by seatId. */
enum db_result reservation_table_seats(struct database *db, struct reservation *reservation)
    MUST_CHECK;

/* The same of their numbers and prices only: a third of the work. */
enum db_result reservation_table_seat_ids(struct database *db, struct reservation *reservation)
    MUST_CHECK;

/* Reads the seats that went back, by seatId, and puts them behind those that were read before. */
enum db_result reservation_table_returned_seats(struct database *db,
                                                struct reservation *reservation) MUST_CHECK;

/*
 * Takes `count` seats, which are some of those that were read, out of a locked reservation that is
 * paid: they are returned by its next refund, and its count and price are those of the others.
 * `price` is what they cost, `asked_at` when the owner asked for it (CLOCK_NEVER: an operator gives
 * it). DB_RETRY: it is not as it was read, the lock did not hold.
 */
enum db_result reservation_table_return_seats(struct database *db,
                                              const struct reservation *reservation,
                                              const int32_t *seat_ids, size_t count, int64_t price,
                                              int64_t asked_at) MUST_CHECK;

/* The same of a hold, which leaves nothing to be remembered. */
enum db_result reservation_table_release_seats(struct database *db,
                                               const struct reservation *reservation,
                                               const int32_t *seat_ids, size_t count, int64_t price)
    MUST_CHECK;

/*
 * Puts `count` seats in the place of others of a locked reservation. DB_RETRY: it had not all of
 * these, the lock did not hold.
 */
enum db_result reservation_table_swap_seats(struct database *db, int64_t reservation_id,
                                            const struct seat *leaving, const struct seat *coming,
                                            size_t count) MUST_CHECK;

/*
 * Gives a locked order to another owner; `payer` "": who paid it. DB_RETRY: it is not paid or not
 * this owner's, the lock did not hold.
 */
enum db_result reservation_table_hand_over(struct database *db,
                                           const struct reservation *reservation,
                                           const char *to_user, const char *payer) MUST_CHECK;

/*
 * Changes the status of a locked reservation; `from` is the one that was read, another one than
 * `to`. `settled_at` is when its owner paid it or gave it back unpaid, CLOCK_NEVER in all other
 * cases. DB_RETRY: it has another status, the lock did not hold.
 */
enum db_result reservation_table_set_status(struct database *db, int64_t id,
                                            enum reservation_status from,
                                            enum reservation_status to, int64_t settled_at)
    MUST_CHECK;

/*
 * A user's reservations, newest first, with ids below `before`; at most `limit`, into `list`.
 * The seats are not read. *now is the database's time.
 */
enum db_result reservation_table_list(struct database *db, const char *user_id, int64_t before,
                                      int32_t limit, struct reservation *list, size_t *count,
                                      int64_t *now) MUST_CHECK;

/*
 * Reads the seats of a page as reservation_table_list() gave it, each reservation's by seatId, in
 * one statement for all; in one more those that went back, where there are any.
 */
enum db_result reservation_table_list_seats(struct database *db, const char *user_id,
                                            struct reservation *list, size_t count) MUST_CHECK;

/* Adds a seat to those of a list's row, a returned one behind all that it has. */
void reservation_add_seat(struct reservation *reservation, const struct seat *seat,
                          bool is_returned);

enum { LAPSED_BATCH = 500 };

/* A place in the order (expiresAt, reservationId) in which lapsed holds are visited. */
struct lapsed_cursor {
    int64_t expires_at;
    int64_t reservation_id;
};

/*
 * Reads up to LAPSED_BATCH held reservations that were over at `until` and come after `after`,
 * without a lock. *count below LAPSED_BATCH: there are no more.
 */
enum db_result reservation_table_list_lapsed(struct database *db, const struct lapsed_cursor *after,
                                             int64_t until,
                                             struct lapsed_cursor cursors[LAPSED_BATCH],
                                             size_t *count) MUST_CHECK;

/*
 * Locks a reservation and reads whose and what it is, its price, status and expires_at. DB_NONE:
 * somebody else has it locked.
 */
enum db_result reservation_table_lock_lapsed(struct database *db, struct reservation *reservation)
    MUST_CHECK;

#endif
