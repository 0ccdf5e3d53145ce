/* point_table: the SQL of purses, their ledger and payments. */
#ifndef FRONTROW_MYSQL_POINT_TABLE_H
#define FRONTROW_MYSQL_POINT_TABLE_H

#include "base/message.h"
#include "mysql/sale/box_office_table.h"

/* POINT_ADJUST is shown only: it is stored as a charge or a use that has a reason. */
enum point_kind { POINT_OTHER, POINT_CHARGE, POINT_USE, POINT_PAYMENT, POINT_REFUND, POINT_ADJUST };

enum { REASON_CHARACTERS = 200, REASON_SIZE = 4 * REASON_CHARACTERS + 1 };

struct point_entry {
    int64_t history_id;
    const char *user_id; /* borrowed; only where it is written, as lists are of one user */
    enum point_kind kind;
    int64_t amount; /* signed */
    int64_t balance_after;
    int64_t reservation_id; /* 0: none */
    int32_t refund_no;      /* of a refund of single seats, from 1; else 0 */
    int64_t fee;            /* what a refund kept back; see point_table_set_refund() */
    int64_t created_at;
    char reason[REASON_SIZE]; /* of an adjustment; filled by point_table_history() only */
};

enum payment_status { PAYMENT_OTHER, PAYMENT_PAID, PAYMENT_REFUNDED };

struct payment {
    int64_t payment_id;
    int64_t reservation_id;
    char user_id[USER_ID_SIZE];
    int64_t amount;
    enum payment_status status;
    int64_t paid_at;
    int64_t refunded_amount;    /* by all refunds; filled by lists only, likewise the fee */
    int64_t fee;                /* what they kept back */
    enum payment_method method; /* filled by lists of orders only; payment_id 0 unless of points */
};

/*
 * What was refunded of a `payment p`, and what was kept back of it: the ledger tells, whichever
 * build wrote it. An index leads there, which ends at once where there was no refund.
 */
#define PAYMENT_REFUNDS SUM_OF_REFUNDS("amount") ", " SUM_OF_REFUNDS("fee")

/*
 * The payment of an order, whichever way it was paid: of a `reservation r` with its `payment p` and
 * its `box_office_sale b`, of which it has one at most. PAYMENT_OF_ORDER joins them.
 */
#define PAYMENT_OF_ORDER                                                                           \
    " LEFT JOIN payment p ON p.reservation_id = r.reservation_id"                                  \
    " LEFT JOIN box_office_sale b FORCE INDEX (PRIMARY) ON b.reservation_id = r.reservation_id"
#define ORDER_PAYMENT_COLUMNS                                                                      \
    "p.payment_id, COALESCE(p.amount, b.amount),"                                                  \
    " IF(b.reservation_id IS NULL, p.status + 0, IF(r.status = 'cancelled', 2, 1)),"               \
    " COALESCE(p.paid_at, b.sold_at), " REFUNDS_OF_ORDER("amount") ", " REFUNDS_OF_ORDER(          \
        "fee") ", " METHOD_OF_ORDER
#define REFUNDS_OF_ORDER(column)                                                                   \
    "IF(b.reservation_id IS NULL, " SUM_OF_REFUNDS(                                                \
        column) ", (SELECT CAST(SUM(f." column                                                     \
                ") AS SIGNED) FROM box_office_refund f FORCE INDEX (PRIMARY)"                      \
                " WHERE f.reservation_id = b.reservation_id))"
#define INTO_ORDER_PAYMENT(row)                                                                    \
    INTO_INT64(&(row)->payment_id), INTO_INT64(&(row)->amount),                                    \
        INTO_ENUM(&(row)->status, PAYMENT_REFUNDED), INTO_INSTANT(&(row)->paid_at),                \
        INTO_INT64(&(row)->refunded_amount), INTO_INT64(&(row)->fee), INTO_METHOD(&(row)->method)
#define SUM_OF_REFUNDS(column)                                                                     \
    "(SELECT CAST(SUM(h." column ") AS SIGNED) FROM point_history h"                               \
    " FORCE INDEX (history_of_reservation)"                                                        \
    " WHERE h.reservation_id = p.reservation_id AND h.kind = 'refund')"

/* The balance without a lock; 0 for a user never seen. */
enum db_result point_table_balance(struct database *db, const char *user_id, int64_t *balance)
    MUST_CHECK;

/*
 * Locks a user's purse and reads the balance; a missing one is made, with 0. *now is the time when
 * it was locked.
 */
enum db_result point_table_lock(struct database *db, const char *user_id, int64_t *balance,
                                int64_t *now) MUST_CHECK;

/*
 * The same of up to DB_ROWS_MAX users, without a wait: -1 where there is no purse, or somebody else
 * has it locked. *id_step is DB_ID_STEP. `now` and `id_step` are not set where none was found.
 */
enum db_result point_table_lock_free(struct database *db, const char *const user_ids[],
                                     size_t count, int64_t balances[], int64_t *now,
                                     int64_t *id_step) MUST_CHECK;

/*
 * Makes the purses that up to DB_ROWS_MAX users, each another one, do not have yet. DB_NONE: all
 * have one. DB_DUPLICATE: somebody else made one meanwhile.
 */
enum db_result point_table_make(struct database *db, const char *const user_ids[], size_t count)
    MUST_CHECK;

/*
 * Moves points in up to DB_ROWS_MAX locked purses, each of another user: sets their balances, and
 * writes the lines of the ledger; sets history_id of each. `id_step` is DB_ID_STEP; one row needs
 * none. DB_RETRY: the balance was another one than the entry comes from, the lock did not hold.
 */
enum db_result point_table_move(struct database *db, struct point_entry *const entries[],
                                size_t count, int64_t id_step) MUST_CHECK;

/* Makes a new entry an adjustment. DB_RETRY: it is not there. */
enum db_result point_table_set_reason(struct database *db, int64_t history_id, const char *reason)
    MUST_CHECK;

/*
 * Gives a new entry, which is a refund, its number and fee. DB_RETRY: it is not there.
 * DB_DUPLICATE: there is one of this number.
 */
enum db_result point_table_set_refund(struct database *db, const struct point_entry *entry)
    MUST_CHECK;

/* One entry by its id, if it is this user's; locks it. */
enum db_result point_table_lock_entry(struct database *db, int64_t history_id, const char *user_id,
                                      struct point_entry *entry) MUST_CHECK;

/* A user's ledger, newest first, ids below `before`. */
enum db_result point_table_history(struct database *db, const char *user_id, int64_t before,
                                   int32_t limit, struct point_entry *list, size_t *count)
    MUST_CHECK;

/*
 * Writes up to DB_ROWS_MAX payments; sets payment_id of each, with `id_step` as above.
 * DB_DUPLICATE where a reservation has one.
 */
enum db_result payment_table_insert(struct database *db, struct payment *const rows[], size_t count,
                                    int64_t id_step) MUST_CHECK;

/* The payment of a reservation, with a lock. */
enum db_result payment_table_lock(struct database *db, int64_t reservation_id,
                                  struct payment *payment) MUST_CHECK;

/*
 * Marks a payment as refunded. `asked_at` is when its owner asked for it; CLOCK_NEVER where an
 * operator gives the refund. DB_RETRY: there is none that is not refunded.
 */
enum db_result payment_table_refund(struct database *db, int64_t reservation_id, int64_t asked_at)
    MUST_CHECK;

/*
 * Notes when the owner of a paid one asked for a refund of single seats. DB_RETRY: it is not paid,
 * or the owner asked in the same millisecond.
 */
enum db_result payment_table_ask_refund(struct database *db, int64_t reservation_id,
                                        int64_t asked_at) MUST_CHECK;

/*
 * When the user asked for a refund, the latest time but `skipped` later ones; DB_NONE where there
 * is none after `since`.
 */
enum db_result payment_table_refund_asked(struct database *db, const char *user_id, int64_t since,
                                          int32_t skipped, int64_t *asked_at) MUST_CHECK;

/* A user's payments, newest first, ids below `before`. */
enum db_result payment_table_list(struct database *db, const char *user_id, int64_t before,
                                  int32_t limit, struct payment *list, size_t *count) MUST_CHECK;

#endif
