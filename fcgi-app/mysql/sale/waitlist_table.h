/*
 * waitlist_table: the SQL of wait lists: who waits for seats of an item, and which seats came back
 * and are kept for them.
 */
#ifndef FRONTROW_MYSQL_WAITLIST_TABLE_H
#define FRONTROW_MYSQL_WAITLIST_TABLE_H

#include "base/message.h"
#include "mysql/sale/reservation_table.h"

/* As stored; an entry of an item that is over may still wait there. */
enum waitlist_status {
    WAITLIST_OTHER,
    WAITLIST_WAITING,
    WAITLIST_OFFERED,
    WAITLIST_LEFT,
    WAITLIST_ENDED,
};

struct waitlist_entry {
    int64_t entry_id;
    int32_t concert_id;
    int32_t item_id;
    char user_id[USER_ID_SIZE];
    int32_t seat_count;
    char section[SECTION_SIZE]; /* "": any */
    int64_t max_price;          /* of a seat; PRICE_MAX: any */
    enum waitlist_status status;
    int64_t created_at;
    int64_t reservation_id; /* what was offered; 0: nothing */
    int64_t position;       /* from 1; 0: it does not wait. Of lists and made ones only */

    /* of lists only: whether nobody can wait there any more, and the offer's hold, as it is shown
     */
    bool is_over;
    enum reservation_status hold_status;
    int64_t expires_at;
    int64_t total_price;
    bool has_token;
    uint8_t token[TOKEN_SIZE];
};

/* A seat that can be offered: it came back and is kept for the list, or is free for all. */
struct waitlist_seat {
    int32_t seat_id;
    int64_t price;
    char section[SECTION_SIZE];
    bool standing; /* for whom names the section only */
    int32_t rank;  /* of its section, the dearest first */
    int32_t row;   /* lowest seatId of its row among those that were read */
};

/* Locks an item's row: who waits, and what is kept for them, changes under this lock only. */
enum db_result waitlist_table_lock_item(struct database *db, int32_t item_id, int32_t *waiting,
                                        int64_t *now) MUST_CHECK;

/* The same lock shared with others who bring seats back: how many wait, 0 where it is cancelled. */
enum db_result waitlist_table_share_item(struct database *db, int32_t item_id, int32_t *waiting)
    MUST_CHECK;

/* How many wait by now, without a lock. */
enum db_result waitlist_table_count(struct database *db, int32_t item_id, int32_t *waiting)
    MUST_CHECK;

/* Changes how many wait, under the lock. */
enum db_result waitlist_table_add_waiting(struct database *db, int32_t item_id, int32_t more)
    MUST_CHECK;

/* Adds an entry that waits, and sets its entry_id. */
enum db_result waitlist_table_insert(struct database *db, struct waitlist_entry *entry) MUST_CHECK;

/* The waiting entry of a user for an item, with its position. */
enum db_result waitlist_table_find_waiting(struct database *db, const char *user_id,
                                           int32_t item_id, struct waitlist_entry *entry)
    MUST_CHECK;

/* Locks an entry and reads it. */
enum db_result waitlist_table_lock(struct database *db, int64_t entry_id,
                                   struct waitlist_entry *entry) MUST_CHECK;

/* Entries of a user with ids below `before`, newest first; at most `limit`, into `list`. */
enum db_result waitlist_table_list(struct database *db, const char *user_id, int64_t before,
                                   int32_t limit, struct waitlist_entry *list, size_t *count)
    MUST_CHECK;

/* Ends a waiting entry; reservation_id is that of the offer, else 0. DB_RETRY: it waits no more. */
enum db_result waitlist_table_settle(struct database *db, int64_t entry_id,
                                     enum waitlist_status status, int64_t reservation_id,
                                     int64_t settled_at) MUST_CHECK;

/* No offer was made to it, because of a limit of its user. */
enum db_result waitlist_table_pass(struct database *db, int64_t entry_id, int64_t now) MUST_CHECK;

/* Ends all that wait for an item, under its lock. */
enum db_result waitlist_table_end_all(struct database *db, int32_t item_id, int64_t now) MUST_CHECK;

/* Keeps those of the listed seats for the list that are free now and for everybody to choose. */
enum db_result waitlist_table_keep(struct database *db, int32_t item_id, const int32_t *seat_ids,
                                   size_t count) MUST_CHECK;

/* The seats of an item that are kept, and with `free_too` those that are free; by seatId. */
enum db_result waitlist_table_list_seats(struct database *db, int32_t item_id, bool free_too,
                                         struct waitlist_seat *seat) MUST_CHECK;

/*
 * Those that wait for an item, in their order: behind `after`, that would take one of the kept
 * seats, and that were not passed since `since`. At most `limit`, into `list`.
 */
enum db_result waitlist_table_list_next(struct database *db, int32_t item_id, int64_t after,
                                        int64_t since, size_t limit, struct waitlist_entry *list,
                                        size_t *count) MUST_CHECK;

/* Seats that have an owner now are kept no more. */
enum db_result waitlist_table_forget(struct database *db, int32_t item_id, const int32_t *seat_ids,
                                     size_t count) MUST_CHECK;

/* All that is kept of an item becomes free. *freed: how many seats did. */
enum db_result waitlist_table_release(struct database *db, int32_t item_id, int64_t *freed)
    MUST_CHECK;

/* The next item behind `after` with kept seats, or with a list that has to end. */
enum db_result waitlist_table_next_due(struct database *db, int32_t after, int32_t *item_id)
    MUST_CHECK;

/* The lowest item behind `after` of which a user has an entry. */
enum db_result waitlist_table_next_item(struct database *db, const char *user_id, int32_t after,
                                        int32_t *item_id) MUST_CHECK;

/* Removes the entries of a user for an item, under its lock. *waiting: how many of them waited. */
enum db_result waitlist_table_remove(struct database *db, const char *user_id, int32_t item_id,
                                     int32_t *waiting) MUST_CHECK;

/* Entries that were settled before a cutoff: how many, and the oldest of them away. */
enum db_result waitlist_table_count_old(struct database *db, int64_t cutoff, int64_t *count)
    MUST_CHECK;
enum db_result waitlist_table_delete_old(struct database *db, int64_t cutoff, int64_t *deleted)
    MUST_CHECK;

#endif
