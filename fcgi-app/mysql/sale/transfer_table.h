/* transfer_table: the SQL of transfers: an order that its owner offers to another user. */
#ifndef FRONTROW_MYSQL_TRANSFER_TABLE_H
#define FRONTROW_MYSQL_TRANSFER_TABLE_H

#include "mysql/sale/reservation_table.h"

/* As stored; an offer that is over is still offered there. */
enum transfer_status {
    TRANSFER_OTHER,
    TRANSFER_OFFERED,
    TRANSFER_ACCEPTED,
    TRANSFER_DECLINED,
    TRANSFER_WITHDRAWN,
};

struct transfer {
    int64_t transfer_id;
    int64_t reservation_id;
    char from_user[USER_ID_SIZE];
    char to_user[USER_ID_SIZE];
    enum transfer_status status;
    int64_t created_at;
    int64_t expires_at;
    int32_t concert_id; /* of the reservation, likewise the next two */
    int32_t item_id;
    int32_t seat_count;
};

/* Adds an offer and sets its transfer_id. */
enum db_result transfer_table_insert(struct database *db, struct transfer *transfer) MUST_CHECK;

/* One by its id, without a lock. *now is the database's time at the read. */
enum db_result transfer_table_find(struct database *db, int64_t id, struct transfer *transfer,
                                   int64_t *now) MUST_CHECK;

/* Locks one that was found, and reads again what may change of it: its status. */
enum db_result transfer_table_lock(struct database *db, struct transfer *transfer) MUST_CHECK;

/* Ends a locked offer. DB_RETRY: it is none any more, the lock did not hold. */
enum db_result transfer_table_settle(struct database *db, int64_t id, enum transfer_status status,
                                     int64_t settled_at) MUST_CHECK;

/* Withdraws the offers of a locked reservation. */
enum db_result transfer_table_withdraw(struct database *db, int64_t reservation_id,
                                       int64_t settled_at) MUST_CHECK;

/* Offers to and of a user with ids below `before`, newest first; at most `limit`, into `list`. */
enum db_result transfer_table_list(struct database *db, const char *user_id, int64_t before,
                                   int32_t limit, struct transfer *list, size_t *count,
                                   int64_t *now) MUST_CHECK;

#endif
