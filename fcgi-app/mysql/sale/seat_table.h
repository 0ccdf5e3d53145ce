/* seat_table: the SQL of seats. A seat is named by its item and its number within it (seatId). */
#ifndef FRONTROW_MYSQL_SEAT_TABLE_H
#define FRONTROW_MYSQL_SEAT_TABLE_H

#include "base/counts.h"
#include "mysql/concert/concert_table.h"

enum {
    SEATS_AT_ONCE = 8,
    SEATS_LISTED = 16,       /* the most in one statement: those of several calls */
    SECTION_CHARACTERS = 32, /* of a section or a row; in UTF-8 up to four bytes each, and a NUL */
    SECTION_SIZE = 4 * SECTION_CHARACTERS + 1,
    LABEL_CHARACTERS = 16,
    LABEL_SIZE = 4 * LABEL_CHARACTERS + 1,
    NOTE_CHARACTERS = 100,
    NOTE_SIZE = 4 * NOTE_CHARACTERS + 1
};

#define PRICE_MAX INT64_C(1000000000) /* points */

/* 0, here and in the other tables: a value of a newer build. */
enum seat_status { SEAT_OTHER, SEAT_AVAILABLE, SEAT_HELD, SEAT_SOLD };

/* What a seat is. A withheld one is so in the plan of a hall only: of a date it is plain, and
 * blocked. */
enum seat_kind {
    SEAT_KIND_OTHER,
    SEAT_PLAIN,
    SEAT_RESTRICTED, /* its view is */
    SEAT_WHEELCHAIR, /* room for a wheelchair */
    SEAT_COMPANION,  /* of a wheelchair place */
    SEAT_STANDING,   /* a place of a standing area */
    SEAT_WITHHELD
};

/* The name of a kind, static. */
const char *seat_kind_name(enum seat_kind kind);

struct seat {
    int32_t seat_id;
    enum seat_status status; /* as stored: a hold that is over may still stand here */
    bool blocked;
    int64_t reservation_id; /* 0: none */
    int64_t held_until;     /* CLOCK_NEVER: none */
    int64_t price;
    char section[SECTION_SIZE];
    char row[SECTION_SIZE];
    char label[LABEL_SIZE];
    enum seat_kind kind;
    int32_t partner_id; /* the other seat of a wheelchair place and its companion's; 0: none */
};

/* What buyers are told of a seat; "": nothing. */
struct seat_note {
    char text[NOTE_SIZE];
};

/* Where a seat stands in the hall's plan; an absent coordinate is not known. */
struct seat_position {
    int32_t x, y;
    bool has_x, has_y;
};

/* A standing area: the section of an item all of whose seats are such places. */
struct standing_area {
    char section[SECTION_SIZE];
    int64_t price;    /* of a place */
    int32_t capacity; /* withheld places too */
    int32_t available, held;
};

/* What has been sold of one section of an item. */
struct section_sales {
    int32_t item_id;
    char date[DATE_SIZE];
    char section[SECTION_SIZE];
    struct sales sales;
};

/*
 * All seats of an item by seatId, or all but the places of its standing areas; db_next() fills
 * *seat, but for reservation_id, and *note.
 */
enum db_result seat_table_list(struct database *db, int32_t item_id, bool seated, struct seat *seat,
                               struct seat_note *note) MUST_CHECK;

/* The same of what moves only; seat->seat_id, status, blocked and held_until are filled. */
enum db_result seat_table_list_states(struct database *db, int32_t item_id, bool seated,
                                      struct seat *seat) MUST_CHECK;

/* The same of what does not move, with the place in the hall. */
enum db_result seat_table_list_layout(struct database *db, int32_t item_id, bool seated,
                                      struct seat *seat, struct seat_note *note,
                                      struct seat_position *position) MUST_CHECK;

/* The standing areas of an item as of `now`, by their lowest seatId; db_next() fills *area. */
enum db_result seat_table_list_areas(struct database *db, int32_t item_id, int64_t now,
                                     struct standing_area *area) MUST_CHECK;

/*
 * The numbers of the seats from `first` to `last` that are free now; db_next() fills *seat_id.
 * `lapsed_too`: also those with a hold that is over.
 */
enum db_result seat_table_list_free(struct database *db, int32_t item_id, int32_t first,
                                    int32_t last, bool lapsed_too, int32_t *seat_id) MUST_CHECK;

/*
 * Reads a concert and its item as concert_table_find_with_item() does, of the item its id, start,
 * status and who waits only, and, without a lock, up to SEATS_LISTED seats of the item by number:
 * *found is how many there are of the asked ones, in any order, with seat_id, status, blocked,
 * held_until, kind and partner_id filled. All of it is as of concert->now. DB_NONE: no such
 * concert.
 */
enum db_result seat_table_look(struct database *db, int32_t concert_id, int32_t item_id,
                               const int32_t *ids, size_t count, const char *user_id,
                               struct concert *concert, struct item *item, struct seat *seats,
                               size_t *found, bool *has_held) MUST_CHECK;

/*
 * Locks up to SEATS_AT_ONCE seats with SELECT ... FOR UPDATE, by primary key in ascending order.
 * *found is how many there are of the asked ones; *now the time when the last of them was locked.
 */
enum db_result seat_table_lock(struct database *db, int32_t item_id, const int32_t *ids,
                               size_t count, struct seat *seats, size_t *found, int64_t *now)
    MUST_CHECK;

/*
 * The same with SKIP LOCKED: seats that another transaction has locked are left out, without a
 * wait.
 */
enum db_result seat_table_lock_free(struct database *db, int32_t item_id, const int32_t *ids,
                                    size_t count, struct seat *seats, size_t *found, int64_t *now)
    MUST_CHECK;

/*
 * Locks those of up to SEATS_LISTED seats that nobody has and nobody else has locked just now, as
 * above: number, price and names are filled. *id_step is DB_ID_STEP. `now` and `id_step` are not
 * set where no seat was found.
 */
enum db_result seat_table_lock_batch(struct database *db, int32_t item_id, const int32_t *ids,
                                     size_t count, struct seat *seats, size_t *found, int64_t *now,
                                     int64_t *id_step) MUST_CHECK;

/*
 * The following change seats as they were seen when they were locked, `seats` being what was read.
 * DB_RETRY: they are not so any more, the lock did not hold.
 */

/* Gives seats that are free to a reservation until `held_until`. */
enum db_result seat_table_hold(struct database *db, int32_t item_id, const struct seat *seats,
                               size_t count, int64_t reservation_id, int64_t held_until) MUST_CHECK;

/* Gives up to SEATS_LISTED seats that nobody has to a reservation each until `held_until`. */
enum db_result seat_table_hold_batch(struct database *db, int32_t item_id, const int32_t *ids,
                                     const int64_t *reservation_ids, size_t count,
                                     int64_t held_until) MUST_CHECK;

/* Sells seats that a reservation holds. */
enum db_result seat_table_sell(struct database *db, int32_t item_id, const struct seat *seats,
                               size_t count, int64_t reservation_id) MUST_CHECK;

/* Writes down that the reservation which has the seats pays `price` for each of them. */
enum db_result seat_table_set_price(struct database *db, int32_t item_id, const struct seat *seats,
                                    size_t count, int64_t reservation_id, int64_t price) MUST_CHECK;

/* Frees those of the seats that name the reservation; what it paid for them is forgotten. */
enum db_result seat_table_free(struct database *db, int32_t item_id, const struct seat *seats,
                               size_t count, int64_t reservation_id) MUST_CHECK;

/* Counts all seats of a concert. */
enum db_result seat_table_count_sales(struct database *db, int32_t concert_id, struct sales *sales)
    MUST_CHECK;

/* By section, in the order of (date, itemId) and the lowest seatId; db_next() fills *row. */
enum db_result seat_table_list_sales(struct database *db, int32_t concert_id,
                                     struct section_sales *row) MUST_CHECK;

#endif
