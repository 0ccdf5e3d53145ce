#include "mysql/sale/point_table.h"

#include <assert.h>
#include <string.h>

enum db_result
point_table_balance(struct database *db, const char *user_id, int64_t *balance)
{
    static const struct query read = {"SELECT balance FROM point WHERE user_id = ?"};
    *balance = 0;
    enum db_result result =
        db_select_one(db, &read, PARAMETERS(DB_TEXT(user_id)), COLUMNS(INTO_INT64(balance)));
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
point_table_lock(struct database *db, const char *user_id, int64_t *balance, int64_t *now)
{
    static const struct query lock = {"SELECT balance, " DB_NOW_LOCKED
                                      " FROM point WHERE user_id = ? FOR UPDATE"};
    /* FOR UPDATE of a row that is not there locks nothing; this makes the row and locks it. */
    static const struct query make = {"INSERT INTO point (user_id) VALUES (?)"
                                      " ON DUPLICATE KEY UPDATE touched = touched ^ 1"};
    enum db_result result = db_select_one(db, &lock, PARAMETERS(DB_TEXT(user_id)),
                                          COLUMNS(INTO_INT64(balance), INTO_INSTANT(now)));
    if (result != DB_NONE)
        return result;
    result = db_execute(db, &make, PARAMETERS(DB_TEXT(user_id)));
    if (result != DB_OK)
        return result;
    return db_select_one(db, &lock, PARAMETERS(DB_TEXT(user_id)),
                         COLUMNS(INTO_INT64(balance), INTO_INSTANT(now)));
}

enum db_result
point_table_lock_free(struct database *db, const char *const user_ids[], size_t count,
                      int64_t balances[], int64_t *now, int64_t *id_step)
{
    static const struct query lock[] =
        DB_LISTS("SELECT user_id, balance, " DB_NOW_LOCKED ", " DB_ID_STEP
                 " FROM point FORCE INDEX (PRIMARY) WHERE user_id",
                 " FOR UPDATE SKIP LOCKED");
    struct parameter parameters[DB_ROWS_MAX];
    char user_id[USER_ID_SIZE];
    int64_t balance;
    size_t form = db_list_form(count), listed = (size_t)1 << form;
    for (size_t i = 0; i < listed; i++)
        parameters[i] = DB_TEXT(user_ids[db_list_at(i, count)]);
    for (size_t i = 0; i < count; i++)
        balances[i] = -1;
    enum db_result result = db_select(
        db, &lock[form], parameters, listed,
        COLUMNS(INTO_TEXT(user_id), INTO_INT64(&balance), INTO_INSTANT(now), INTO_INT64(id_step)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        for (size_t i = 0; i < count; i++)
            if (strcmp(user_ids[i], user_id) == 0)
                balances[i] = balance;
    return result == DB_NONE ? DB_OK : result;
}

/* Those that are there are read without a lock: nobody waits for them. */
static enum db_result
list_missing(struct database *db, const char *const user_ids[], size_t count,
             struct parameter missing[], size_t *missing_count)
{
    static const struct query find[] =
        DB_LISTS("SELECT user_id FROM point FORCE INDEX (PRIMARY) WHERE user_id", "");
    struct parameter parameters[DB_ROWS_MAX];
    bool is_there[DB_ROWS_MAX] = {false};
    char user_id[USER_ID_SIZE];
    size_t form = db_list_form(count), listed = (size_t)1 << form;
    for (size_t i = 0; i < listed; i++)
        parameters[i] = DB_TEXT(user_ids[db_list_at(i, count)]);
    enum db_result result =
        db_select(db, &find[form], parameters, listed, COLUMNS(INTO_TEXT(user_id)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        for (size_t i = 0; i < count; i++)
            is_there[i] = is_there[i] || strcmp(user_ids[i], user_id) == 0;
    *missing_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_there[i])
            missing[(*missing_count)++] = DB_TEXT(user_ids[i]);
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
point_table_make(struct database *db, const char *const user_ids[], size_t count)
{
    static const struct query make[DB_ROWS_MAX] =
        DB_ROW_FORMS("INSERT INTO point (user_id) VALUES ", "(?)", "");
    struct parameter missing[DB_ROWS_MAX];
    size_t missing_count;
    enum db_result result = list_missing(db, user_ids, count, missing, &missing_count);
    if (result != DB_OK)
        return result;
    return missing_count > 0 ? db_execute(db, &make[missing_count - 1], missing, missing_count)
                             : DB_NONE;
}

/*
 * The balance may stay as it is: a seat that is free is paid too. What each purse gets and had
 * stands there by its owner.
 */
#define SET_BALANCE(whens, list)                                                                   \
    {                                                                                              \
        "UPDATE point FORCE INDEX (PRIMARY) SET touched = touched ^ 1,"                            \
        " balance = CASE user_id" whens " ELSE balance END WHERE user_id" list                     \
        " AND balance = CASE user_id" whens " ELSE 0 END"                                          \
    }

static enum db_result
set_balances(struct database *db, const struct point_entry *const entries[], size_t count)
{
    static const struct query set[] = {
        SET_BALANCE(DB_WHEN_1, DB_IN_1), SET_BALANCE(DB_WHEN_2, DB_IN_2),
        SET_BALANCE(DB_WHEN_4, DB_IN_4), SET_BALANCE(DB_WHEN_8, DB_IN_8),
        SET_BALANCE(DB_WHEN_16, DB_IN_16)};
    struct parameter parameters[5 * DB_ROWS_MAX];
    size_t form = db_list_form(count), listed = (size_t)1 << form;
    for (size_t i = 0; i < listed; i++) {
        const struct point_entry *entry = entries[db_list_at(i, count)];
        const struct parameter owner = DB_TEXT(entry->user_id);
        parameters[2 * i] = parameters[2 * listed + i] = parameters[3 * listed + 2 * i] = owner;
        parameters[2 * i + 1] = DB_INTEGER(entry->balance_after);
        parameters[3 * listed + 2 * i + 1] = DB_INTEGER(entry->balance_after - entry->amount);
    }
    return db_update(db, &set[form], parameters, 5 * listed, (int64_t)count);
}

enum db_result
point_table_move(struct database *db, struct point_entry *const entries[], size_t count,
                 int64_t id_step)
{
    static const struct query insert[DB_ROWS_MAX] = DB_ROW_FORMS(
        "INSERT INTO point_history (user_id, kind, amount, balance_after, reservation_id,"
        " created_at) VALUES ",
        "(?, ?, ?, ?, ?, ?)", "");
    struct parameter parameters[6 * DB_ROWS_MAX];
    enum db_result result = set_balances(db, (const struct point_entry *const *)entries, count);
    if (result != DB_OK)
        return result;
    for (size_t i = 0; i < count; i++) {
        const struct point_entry *entry = entries[i];
        const struct parameter values[] = {
            DB_TEXT(entry->user_id),
            DB_INTEGER(entry->kind),
            DB_INTEGER(entry->amount),
            DB_INTEGER(entry->balance_after),
            DB_OPTIONAL(entry->reservation_id != 0, entry->reservation_id),
            DB_INSTANT(entry->created_at),
        };
        memcpy(&parameters[6 * i], values, sizeof values);
    }
    result = db_execute(db, &insert[count - 1], parameters, 6 * count);
    for (size_t i = 0; i < count; i++)
        entries[i]->history_id = db_inserted_id(db) + (int64_t)i * id_step;
    return result;
}

enum db_result
point_table_set_reason(struct database *db, int64_t history_id, const char *reason)
{
    static const struct query set = {
        "UPDATE point_history SET reason = ? WHERE history_id = ? AND reason IS NULL"};
    return db_update(db, &set, PARAMETERS(DB_TEXT(reason), DB_INTEGER(history_id)), 1);
}

enum db_result
point_table_set_refund(struct database *db, const struct point_entry *entry)
{
    static const struct query set = {"UPDATE point_history SET refund_no = ?, fee = ?"
                                     " WHERE history_id = ? AND refund_no = 0 AND fee = 0"};
    return db_update(db, &set,
                     PARAMETERS(DB_INTEGER(entry->refund_no), DB_INTEGER(entry->fee),
                                DB_INTEGER(entry->history_id)),
                     1);
}

enum db_result
point_table_lock_entry(struct database *db, int64_t history_id, const char *user_id,
                       struct point_entry *entry)
{
    static const struct query lock = {
        "SELECT history_id, kind + 0, amount, balance_after, reservation_id, created_at"
        " FROM point_history WHERE history_id = ? AND user_id = ? FOR UPDATE"};
    return db_select_one(
        db, &lock, PARAMETERS(DB_INTEGER(history_id), DB_TEXT(user_id)),
        COLUMNS(INTO_INT64(&entry->history_id), INTO_ENUM(&entry->kind, POINT_REFUND),
                INTO_INT64(&entry->amount), INTO_INT64(&entry->balance_after),
                INTO_INT64(&entry->reservation_id), INTO_INSTANT(&entry->created_at)));
}

enum db_result
point_table_history(struct database *db, const char *user_id, int64_t before, int32_t limit,
                    struct point_entry *list, size_t *count)
{
    static const struct query page = {
        "SELECT history_id, kind + 0, amount, balance_after, reservation_id, reason, created_at"
        " FROM point_history FORCE INDEX (history_of_user)"
        " WHERE user_id = ? AND history_id < ? ORDER BY history_id DESC LIMIT ?"};
    struct point_entry row;
    *count = 0;
    enum db_result result =
        db_select(db, &page, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(before), DB_INTEGER(limit)),
                  COLUMNS(INTO_INT64(&row.history_id), INTO_ENUM(&row.kind, POINT_REFUND),
                          INTO_INT64(&row.amount), INTO_INT64(&row.balance_after),
                          INTO_INT64(&row.reservation_id), INTO_TEXT(row.reason),
                          INTO_INSTANT(&row.created_at)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        if (row.reason[0] != '\0')
            row.kind = POINT_ADJUST;
        list[(*count)++] = row;
    }
    return result == DB_NONE ? DB_OK : result;
}

enum db_result
payment_table_insert(struct database *db, struct payment *const rows[], size_t count,
                     int64_t id_step)
{
    static const struct query insert[DB_ROWS_MAX] =
        DB_ROW_FORMS("INSERT INTO payment (reservation_id, user_id, amount, paid_at) VALUES ",
                     "(?, ?, ?, ?)", "");
    struct parameter parameters[4 * DB_ROWS_MAX];
    assert(count >= 1 && count <= DB_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        parameters[4 * i] = DB_INTEGER(rows[i]->reservation_id);
        parameters[4 * i + 1] = DB_TEXT(rows[i]->user_id);
        parameters[4 * i + 2] = DB_INTEGER(rows[i]->amount);
        parameters[4 * i + 3] = DB_INSTANT(rows[i]->paid_at);
    }
    enum db_result result = db_execute(db, &insert[count - 1], parameters, 4 * count);
    for (size_t i = 0; i < count; i++)
        rows[i]->payment_id = db_inserted_id(db) + (int64_t)i * id_step;
    return result;
}

#define PAYMENT_COLUMNS                                                                            \
    "p.payment_id, p.reservation_id, p.user_id, p.amount, p.status + 0, p.paid_at"

enum { PAYMENT_COLUMN_COUNT = 6 };

static void
bind_payment(struct payment *row, struct column columns[PAYMENT_COLUMN_COUNT])
{
    const struct column list[PAYMENT_COLUMN_COUNT] = {
        INTO_INT64(&row->payment_id),
        INTO_INT64(&row->reservation_id),
        INTO_TEXT(row->user_id),
        INTO_INT64(&row->amount),
        INTO_ENUM(&row->status, PAYMENT_REFUNDED),
        INTO_INSTANT(&row->paid_at),
    };
    memcpy(columns, list, sizeof list);
}

enum db_result
payment_table_lock(struct database *db, int64_t reservation_id, struct payment *payment)
{
    static const struct query lock = {"SELECT " PAYMENT_COLUMNS
                                      " FROM payment p WHERE p.reservation_id = ? FOR UPDATE"};
    struct column columns[PAYMENT_COLUMN_COUNT];
    bind_payment(payment, columns);
    return db_select_one(db, &lock, PARAMETERS(DB_INTEGER(reservation_id)), columns,
                         PAYMENT_COLUMN_COUNT);
}

enum db_result
payment_table_refund(struct database *db, int64_t reservation_id, int64_t asked_at)
{
    static const struct query refund = {
        "UPDATE payment SET status = 'refunded', refund_asked_at = ?"
        " WHERE reservation_id = ? AND status = 'paid'"};
    return db_update(db, &refund, PARAMETERS(DB_INSTANT(asked_at), DB_INTEGER(reservation_id)), 1);
}

enum db_result
payment_table_ask_refund(struct database *db, int64_t reservation_id, int64_t asked_at)
{
    static const struct query ask = {"UPDATE payment SET refund_asked_at = ?"
                                     " WHERE reservation_id = ? AND status = 'paid'"};
    return db_update(db, &ask, PARAMETERS(DB_INSTANT(asked_at), DB_INTEGER(reservation_id)), 1);
}

enum db_result
payment_table_refund_asked(struct database *db, const char *user_id, int64_t since, int32_t skipped,
                           int64_t *asked_at)
{
    static const struct query find = {
        "SELECT refund_asked_at FROM payment WHERE user_id = ? AND refund_asked_at > ?"
        " ORDER BY refund_asked_at DESC LIMIT 1 OFFSET ?"};
    return db_select_one(db, &find,
                         PARAMETERS(DB_TEXT(user_id), DB_INSTANT(since), DB_INTEGER(skipped)),
                         COLUMNS(INTO_INSTANT(asked_at)));
}

enum db_result
payment_table_list(struct database *db, const char *user_id, int64_t before, int32_t limit,
                   struct payment *list, size_t *count)
{
    static const struct query page = {"SELECT " PAYMENT_COLUMNS ", " PAYMENT_REFUNDS
                                      " FROM payment p FORCE INDEX (payment_of_user)"
                                      " WHERE p.user_id = ? AND p.payment_id < ?"
                                      " ORDER BY p.payment_id DESC LIMIT ?"};
    struct payment row;
    struct column columns[PAYMENT_COLUMN_COUNT + 2];
    bind_payment(&row, columns);
    columns[PAYMENT_COLUMN_COUNT] = INTO_INT64(&row.refunded_amount);
    columns[PAYMENT_COLUMN_COUNT + 1] = INTO_INT64(&row.fee);
    *count = 0;
    enum db_result result =
        db_select(db, &page, PARAMETERS(DB_TEXT(user_id), DB_INTEGER(before), DB_INTEGER(limit)),
                  columns, PAYMENT_COLUMN_COUNT + 2);
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        list[(*count)++] = row;
    return result == DB_NONE ? DB_OK : result;
}
