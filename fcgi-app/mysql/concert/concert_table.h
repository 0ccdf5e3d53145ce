/* concert_table: the SQL of concerts and their items. */
#ifndef FRONTROW_MYSQL_CONCERT_TABLE_H
#define FRONTROW_MYSQL_CONCERT_TABLE_H

#include "base/proof.h"
#include "base/time_zone.h"
#include "mysql/concert/refund_rule_table.h"
#include "mysql/database.h"

enum {
    TITLE_CHARACTERS = 200, /* of a title, a venue, a beacon; in UTF-8 up to four bytes each, NUL */
    TITLE_SIZE = 4 * TITLE_CHARACTERS + 1,
    DATE_SIZE = 11,
    LAYOUT_VERSION_SIZE = 65,
    PRESALE_TIMES_SIZE = 513
};

/* As stored; what is shown depends on the time as well (domain/concert/concert.h). */
enum concert_stored { STORED_OTHER, STORED_CLOSED, STORED_OPEN, STORED_CANCELLED };

struct concert {
    int32_t concert_id;
    char title[TITLE_SIZE]; /* this and all other texts: see concert_table_find_whole() */
    char venue[TITLE_SIZE];
    enum concert_stored stored;
    int64_t opens_at; /* CLOCK_NEVER: none, likewise closes_at */
    int64_t closes_at;
    bool queued; /* a queue is kept: admission_capacity is not NULL */
    int32_t admission_capacity;
    int32_t active_seconds;
    int32_t hold_seconds;
    bool has_seat_limit;
    int32_t max_seats_per_user;
    bool paused;
    bool maintenance; /* changing calls of buyers are refused, and the queue calls nobody */
    int32_t max_waiting;
    int32_t queue_version; /* raised by each change of the queue's settings */
    int32_t queue_since; /* queue_version when admission_capacity last came from NULL, at first 1 */
    bool draw;           /* before opens_at tokens are taken and then drawn */
    bool reentry;        /* who leaves may come back; read with the texts */
    int32_t draw_lead_seconds;      /* how long before opens_at the pre-queue is frozen */
    char beacon_source[TITLE_SIZE]; /* "" where none is named, likewise beacon */
    char beacon[TITLE_SIZE];
    int32_t idle_seconds;             /* of the queue's places; 0: they end with their leases */
    bool seat_returns;                /* buyers give back single seats of a reservation */
    bool swaps;                       /* and swap seats for free ones */
    bool transfers;                   /* and transfer orders to other users */
    bool waitlist;                    /* and wait for what comes back of a sold-out item */
    int32_t waitlist_seconds;         /* so long they can pay what they are offered then */
    char time_zone[TIME_ZONE_SIZE];   /* of the venue; "": that of the setting */
    struct refund_rules refund_rules; /* filled by refund_rules_read() only; else of count 0 */
    bool challenged;                  /* tokens are given for a proof of work only */
    uint8_t challenge_key[PROOF_KEY_BYTES]; /* signs its challenges; not set unless challenged */
    char presale_times[PRESALE_TIMES_SIZE]; /* for concert_next_presale(); "": it has none */
    int64_t last_starts_at; /* the last of its items; CLOCK_NEVER where it has none */
    int64_t now;            /* of the database when the row was read */
};

/* What a concert's items add up to, for lists. */
struct concert_summary {
    int32_t item_count;
    char first_date[DATE_SIZE]; /* "" where there is no item, likewise last_date */
    char last_date[DATE_SIZE];
    int64_t min_price;
    int64_t max_price;
};

/* 0: of a newer build. */
enum item_status { ITEM_OTHER, ITEM_OPEN, ITEM_CANCELLED };

struct item {
    int32_t item_id;
    int32_t concert_id;
    enum item_status status;
    int64_t starts_at;
    int32_t seat_count;
    int32_t standing_count; /* of them, those in standing areas */
    int64_t layout_version; /* names what does not move of its seats; 0: it is not named yet */
    int32_t waiting;        /* for what comes back (domain/sale/waitlist.h) */
    char date[DATE_SIZE];   /* filled by concert_table_items() only, likewise the next ones */
    int32_t available_count;
    int32_t held_count;
};

/* One concert by its id, with all that the rules go by; its texts are not read, they are "". */
enum db_result concert_table_find(struct database *db, int32_t concert_id, struct concert *concert)
    MUST_CHECK;

/* The same with its texts. */
enum db_result concert_table_find_whole(struct database *db, int32_t concert_id,
                                        struct concert *concert) MUST_CHECK;

/*
 * The same without them, and with one of its items; item->item_id is 0 where the concert has no
 * such item. Where it has not started, last_starts_at may be its own start: the last one is no
 * earlier. *has_held: there is a seat limit, and this user held seats under it before; "" is
 * nobody.
 */
enum db_result concert_table_find_with_item(struct database *db, int32_t concert_id,
                                            int32_t item_id, const char *user_id,
                                            struct concert *concert, struct item *item,
                                            bool *has_held) MUST_CHECK;

/* One concert with its texts, and with what its items add up to. */
enum db_result concert_table_find_summary(struct database *db, int32_t concert_id,
                                          struct concert *concert, struct concert_summary *summary)
    MUST_CHECK;

/*
 * Concerts that are not cancelled, by id; those with an item on `date` where it is not NULL.
 * db_next() fills the two structs row by row.
 */
enum db_result concert_table_list(struct database *db, const char *date, struct concert *concert,
                                  struct concert_summary *summary) MUST_CHECK;

/*
 * A page of all concerts, the newest first: those with ids below `before` that have `search` in
 * title or venue, in any case.
 */
enum db_result concert_table_list_page(struct database *db, const char *search, int64_t before,
                                       int32_t limit, struct concert *concert,
                                       struct concert_summary *summary) MUST_CHECK;

/* All that are not cancelled, in any order, with the id and what the status follows from alone. */
enum db_result concert_table_list_times(struct database *db, struct concert *concert) MUST_CHECK;

/* Whether an item is cancelled, by itself or with its concert. */
enum db_result concert_table_is_cancelled(struct database *db, int32_t item_id, bool *is_cancelled)
    MUST_CHECK;

/* One item by its id. */
enum db_result concert_table_item(struct database *db, int32_t item_id, struct item *item)
    MUST_CHECK;

/*
 * A concert's items by (date, itemId) with what can be bought and what is held of each at `now`;
 * db_next() fills *item.
 */
enum db_result concert_table_items(struct database *db, int32_t concert_id, int64_t now,
                                   struct item *item) MUST_CHECK;

/*
 * A layout_version that no other layout has: by chance, as a checksum of the seats could be that of
 * another hall, whose plan readers may keep for a year.
 */
int64_t concert_table_new_layout_version(void);

/* Gives one to the items that have none yet. */
enum db_result concert_table_stamp_layouts(struct database *db) MUST_CHECK;

#endif
