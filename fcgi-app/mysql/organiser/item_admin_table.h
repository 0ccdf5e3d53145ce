/* item_admin_table: the SQL with which operators change the dates of a concert and their seats. */
#ifndef FRONTROW_MYSQL_ITEM_ADMIN_TABLE_H
#define FRONTROW_MYSQL_ITEM_ADMIN_TABLE_H

#include "mysql/concert/concert_table.h"
#include "mysql/sale/seat_table.h"

/* What is to be changed of the seats from..to, or what they had; the rest of them stays. */
struct seat_change {
    int32_t from;
    int32_t to;
    bool has_price;
    int64_t price;
    bool has_blocked;
    bool blocked;
    bool has_section;
    char section[SECTION_SIZE];
    bool has_row;
    char row[SECTION_SIZE];
    bool has_label;
    int32_t first_label;    /* of seat `from`; those behind it count on, likewise x */
    char label[LABEL_SIZE]; /* what one seat had, where that does not count on; else "" */
    bool has_x;
    int32_t x;
    bool has_y;
    int32_t y;
    bool has_kind;
    enum seat_kind kind;
    bool has_note;
    const char *note; /* borrowed; "": none */
};

/* A locked seat. */
struct changing_seat {
    struct seat seat;
    struct seat_note note;
    struct seat_position position;
    bool differs; /* from what is wanted */
    int64_t now;  /* when it was locked */
};

/* How many dates a concert has. */
enum db_result item_admin_table_count(struct database *db, int32_t concert_id, int64_t *count)
    MUST_CHECK;

/* Locks an item and reads it with its date. */
enum db_result item_admin_table_lock(struct database *db, int32_t item_id, struct item *item)
    MUST_CHECK;

/* Locks the seats that a change is about, by their numbers; db_next() fills *row. */
enum db_result item_admin_table_lock_seats(struct database *db, int32_t item_id,
                                           const struct seat_change *change,
                                           struct changing_seat *row) MUST_CHECK;

/*
 * Changes those of the locked seats that differ, which are `count`. One that is withheld from now
 * on loses a hold that is over at `now`, one of another kind its partner. DB_RETRY: they are not as
 * they were seen.
 */
enum db_result item_admin_table_change_seats(struct database *db, int32_t item_id,
                                             const struct seat_change *change, int64_t now,
                                             int64_t count) MUST_CHECK;

/* Makes two locked seats partners. DB_RETRY: one of them has a partner. */
enum db_result item_admin_table_pair(struct database *db, int32_t item_id, int32_t wheelchair_id,
                                     int32_t companion_id) MUST_CHECK;

/* The lowest and the highest price of an item's seats. */
enum db_result item_admin_table_prices(struct database *db, int32_t item_id, int64_t *min,
                                       int64_t *max) MUST_CHECK;

/* A name that two seats of the item have: section, row and label. DB_NONE: there is none. */
enum db_result item_admin_table_find_same_name(struct database *db, int32_t item_id,
                                               struct seat *seat) MUST_CHECK;

/*
 * A section of the item (seat->section) that is neither without standing places nor a standing area
 * of one price. DB_NONE: there is none.
 */
enum db_result item_admin_table_find_mixed_section(struct database *db, int32_t item_id,
                                                   struct seat *seat) MUST_CHECK;

/* Writes date, start and layout version of a locked item. */
enum db_result item_admin_table_update(struct database *db, const struct item *item) MUST_CHECK;

/* The same of the lowest and the highest price. */
enum db_result item_admin_table_update_prices(struct database *db, int32_t item_id, int64_t min,
                                              int64_t max) MUST_CHECK;

#endif
