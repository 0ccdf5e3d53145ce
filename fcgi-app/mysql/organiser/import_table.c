#include "mysql/organiser/import_table.h"

#define FIND_ORDER                                                                                 \
    "SELECT reservation_id FROM imported_order"                                                    \
    " WHERE concert_id = ? AND reference = ? AND part = ?"
#define FIND_BALANCE "SELECT history_id FROM imported_balance WHERE user_id = ? AND reference = ?"

static enum db_result
find_order(struct database *db, const struct query *find, struct imported_order *order)
{
    order->reservation_id = 0;
    return db_select_one(db, find,
                         PARAMETERS(DB_INTEGER(order->concert_id), DB_TEXT(order->reference),
                                    DB_INTEGER(order->part)),
                         COLUMNS(INTO_INT64(&order->reservation_id)));
}

enum db_result
import_table_find_order(struct database *db, struct imported_order *order)
{
    static const struct query find = {FIND_ORDER};
    return find_order(db, &find, order);
}

enum db_result
import_table_lock_order(struct database *db, struct imported_order *order)
{
    static const struct query lock = {FIND_ORDER " FOR UPDATE"};
    return find_order(db, &lock, order);
}

static enum db_result
find_balance(struct database *db, const struct query *find, struct imported_balance *balance)
{
    balance->history_id = 0;
    return db_select_one(db, find,
                         PARAMETERS(DB_TEXT(balance->user_id), DB_TEXT(balance->reference)),
                         COLUMNS(INTO_INT64(&balance->history_id)));
}

enum db_result
import_table_find_balance(struct database *db, struct imported_balance *balance)
{
    static const struct query find = {FIND_BALANCE};
    return find_balance(db, &find, balance);
}

enum db_result
import_table_lock_balance(struct database *db, struct imported_balance *balance)
{
    static const struct query lock = {FIND_BALANCE " FOR UPDATE"};
    return find_balance(db, &lock, balance);
}

/* Whoever comes second finds the row of the first at the next try. */
static enum db_result
retry_duplicate(enum db_result result)
{
    return result == DB_DUPLICATE ? DB_RETRY : result;
}

enum db_result
import_table_add_order(struct database *db, const struct imported_order *order)
{
    static const struct query add = {"INSERT INTO imported_order"
                                     " (concert_id, reference, part, reservation_id)"
                                     " VALUES (?, ?, ?, ?)"};
    return retry_duplicate(
        db_execute(db, &add,
                   PARAMETERS(DB_INTEGER(order->concert_id), DB_TEXT(order->reference),
                              DB_INTEGER(order->part), DB_INTEGER(order->reservation_id))));
}

enum db_result
import_table_add_balance(struct database *db, const struct imported_balance *balance)
{
    static const struct query add = {"INSERT INTO imported_balance (user_id, reference, history_id)"
                                     " VALUES (?, ?, ?)"};
    return retry_duplicate(
        db_execute(db, &add,
                   PARAMETERS(DB_TEXT(balance->user_id), DB_TEXT(balance->reference),
                              DB_INTEGER(balance->history_id))));
}
