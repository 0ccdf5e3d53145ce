/* concert_admin_table: the SQL with which operators make and change concerts. */
#ifndef FRONTROW_MYSQL_CONCERT_ADMIN_TABLE_H
#define FRONTROW_MYSQL_CONCERT_ADMIN_TABLE_H

#include "mysql/concert/concert_table.h"
#include "mysql/sale/seat_table.h"

/* Seats of one row and price: the numbers from..to. */
struct seat_range {
    int32_t from;
    int32_t to;
    int64_t price;
    char section[SECTION_SIZE];
    char row[SECTION_SIZE];
    int32_t first_label; /* of seat `from`; those behind it count on, likewise x */
    bool blocked;
    bool has_x;
    int32_t x;
    bool has_y;
    int32_t y;
    bool standing; /* a standing area: its places have no row and no coordinates */
};

/* The most rows of one statement. */
enum { NEW_SEATS_MAX = 64 };

/* A seat that is to be made. Its texts are borrowed. */
struct new_seat {
    int32_t seat_id;
    int64_t price;
    const char *section;
    const char *row;
    const char *label;
    const char *note; /* "": none */
    enum seat_kind kind;
    bool blocked;
    int32_t partner_id; /* 0: none */
    struct seat_position position;
};

/* Inserts a concert (all but its id and `now`) and sets its id. */
enum db_result concert_admin_table_insert(struct database *db, struct concert *concert,
                                          int64_t created_at) MUST_CHECK;

/* Inserts an item of a concert, its seats aside, and sets its id. */
enum db_result concert_admin_table_insert_item(struct database *db, struct item *item,
                                               int64_t min_price, int64_t max_price) MUST_CHECK;

/*
 * Writes an item at its own time with the seats of another one of its concert, which is locked:
 * what they are, cost and are called, and which are withheld; if that one is cancelled, all. Sets
 * its id.
 */
enum db_result concert_admin_table_copy_item(struct database *db, struct item *item,
                                             int32_t like_id) MUST_CHECK;

/* Inserts the seats of a range. */
enum db_result concert_admin_table_insert_seats(struct database *db, int32_t item_id,
                                                const struct seat_range *range) MUST_CHECK;

/* Inserts seats one by one. */
enum db_result concert_admin_table_insert_each(struct database *db, int32_t item_id,
                                               const struct new_seat *seats, size_t count)
    MUST_CHECK;

/* Locks a concert's row and reads it. */
enum db_result concert_admin_table_lock(struct database *db, int32_t concert_id,
                                        struct concert *concert) MUST_CHECK;

/* Keeps a concert's row as it is, with a lock that others may have too, and reads its status. */
enum db_result concert_admin_table_keep(struct database *db, int32_t concert_id,
                                        enum concert_stored *stored) MUST_CHECK;

/*
 * Raises the version of a queue's settings above one that is higher than all that MySQL has;
 * db_changed_rows() is 0 where it was higher meanwhile.
 */
enum db_result concert_admin_table_outdo(struct database *db, int32_t concert_id,
                                         int32_t queue_version) MUST_CHECK;

/* When a concert was created. */
enum db_result concert_admin_table_created_at(struct database *db, int32_t concert_id,
                                              int64_t *created_at) MUST_CHECK;

/* Writes those settings of a locked concert, and versions of its queue, that are others now. */
enum db_result concert_admin_table_update(struct database *db, const struct concert *before,
                                          const struct concert *after) MUST_CHECK;

/* maxWaiting of all queues together that are kept now, but for this concert's. */
enum db_result concert_admin_table_max_waiting(struct database *db, int32_t but_concert_id,
                                               int64_t *waiting) MUST_CHECK;

/* All concerts by id, cancelled ones as well; db_next() fills the two structs row by row. */
enum db_result concert_admin_table_list(struct database *db, struct concert *concert,
                                        struct concert_summary *summary) MUST_CHECK;

/* What a cancelled concert has sold is found by primary keys, without a lock. */
enum { CANCEL_BATCH = 500 };

/* A seat that names a reservation. */
struct taken_seat {
    int32_t seat_id;
    int64_t reservation_id;
};

/*
 * Reads up to CANCEL_BATCH taken seats of an item above the number `after`, ascending. *count below
 * CANCEL_BATCH: there are no more.
 */
enum db_result concert_admin_table_taken_seats(struct database *db, int32_t item_id, int32_t after,
                                               struct taken_seat seats[CANCEL_BATCH], size_t *count)
    MUST_CHECK;

#endif
