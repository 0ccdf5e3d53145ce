/* quota_table: the SQL of the seat limit: the mutex of each user, and what they hold. */
#ifndef FRONTROW_MYSQL_QUOTA_TABLE_H
#define FRONTROW_MYSQL_QUOTA_TABLE_H

#include "mysql/sale/reservation_table.h"

/* Whom a seat limit of which concert concerns. */
struct concert_user {
    int32_t concert_id;
    const char *user_id; /* borrowed */
};

/*
 * Takes the mutex of each of up to DB_ROWS_MAX users, in the order in which they are given (lock
 * order: before any reservation row; of several users as quota_lock() sorts them).
 */
enum db_result quota_table_lock(struct database *db, const struct concert_user *users, size_t count)
    MUST_CHECK;

/* What became of a hold, for the rules about how much one user may hold. */
struct hold_record {
    char user_id[USER_ID_SIZE];
    enum reservation_status status; /* as stored */
    int32_t seat_count;
    bool settled;    /* by its owner: `ends_at` is when it was paid or given back unpaid */
    int64_t ends_at; /* otherwise when it is over by its hold */
};

/*
 * The holds of up to DB_ROWS_MAX users in a concert that are paid or end after `since`, by ends_at;
 * into *hold.
 */
enum db_result quota_table_list_holds(struct database *db, int32_t concert_id,
                                      const char *const user_ids[], size_t count, int64_t since,
                                      struct hold_record *hold) MUST_CHECK;

#endif
