/* presale_table: the SQL of presale: windows, the slots of their quotas, and codes. */
#ifndef FRONTROW_MYSQL_PRESALE_TABLE_H
#define FRONTROW_MYSQL_PRESALE_TABLE_H

#include "base/message.h"
#include "mysql/concert/concert_table.h"
#include "mysql/sale/seat_table.h"

enum {
    PRESALE_QUOTA_MAX = 100000,
    PRESALE_SECTIONS_MAX = 32,
    PRESALE_SECTIONS_SIZE = PRESALE_SECTIONS_MAX * SECTION_SIZE + 1,
    PRESALE_HASH_BYTES = 32,
};

/* How a window's codes are. 0: of a newer build. */
enum presale_codes { PRESALE_OTHER, PRESALE_SHARED, PRESALE_SINGLE };

struct presale {
    int32_t presale_id;
    int32_t concert_id;
    int64_t starts_at;
    int64_t ends_at;
    int32_t quota; /* seats, held and paid */
    bool has_seat_limit;
    int32_t max_seats_per_user;
    char sections[PRESALE_SECTIONS_SIZE]; /* each with a line feed behind it; "": all of the hall */
    enum presale_codes codes;
    uint8_t code_hash[PRESALE_HASH_BYTES]; /* of the shared code */
};

/* What a code opens in one window. */
struct presale_look {
    struct presale presale;
    bool has_free; /* slots */
    int64_t code_id;
    bool is_known; /* a single code with this hash is there: the rest is its */
    uint8_t found_hash[PRESALE_HASH_BYTES];
    char user_id[USER_ID_SIZE]; /* whose it is; "": nobody's yet */
    int64_t used_at;            /* CLOCK_NEVER: it was not */
};

/* When a slot is free that is paid for, and one that nobody has. */
#define PRESALE_SLOT_PAID "'9999-12-31'"
#define PRESALE_SLOT_FREE "'1970-01-01'"

/* ---- for buyers ---- */

/* The windows of a concert that run at `now`, and the code in each. db_next() fills *look. */
enum db_result presale_table_look(struct database *db, int32_t concert_id,
                                  const uint8_t hash[PRESALE_HASH_BYTES], int64_t now,
                                  struct presale_look *look) MUST_CHECK;

/* Makes a code that is nobody's this user's. DB_NONE: it is somebody's now. */
enum db_result presale_table_bind_code(struct database *db, int64_t code_id, const char *user_id)
    MUST_CHECK;

/* The same for a hold that is made with it, and locks it. DB_NONE: another user's, or used up. */
enum db_result presale_table_take_code(struct database *db, int64_t code_id, const char *user_id)
    MUST_CHECK;

/* Seats that a user has of a window at `now`: paid, or held and not over. */
enum db_result presale_table_count_seats(struct database *db, int32_t concert_id,
                                         int32_t presale_id, const char *user_id, int64_t now,
                                         int32_t *seats) MUST_CHECK;

/* Locks up to `count` slots that are free at `now` and that nobody has locked. */
enum db_result presale_table_lock_free(struct database *db, int32_t presale_id, int64_t now,
                                       size_t count, int32_t slots[SEATS_AT_ONCE], size_t *found)
    MUST_CHECK;

/* How many are free at `now`, up to `count`: whoever has them locked may roll back. */
enum db_result presale_table_count_free(struct database *db, int32_t presale_id, int64_t now,
                                        size_t count, int32_t *found) MUST_CHECK;

/* Gives locked slots to a hold, which is told its window and the code (0: a shared one). */
enum db_result presale_table_hold(struct database *db, int32_t presale_id, const int32_t *slots,
                                  size_t count, int64_t reservation_id, int64_t code_id,
                                  int64_t expires_at) MUST_CHECK;

/*
 * Makes all slots of a hold paid, and uses its code up. DB_NONE: some of them are not its any more,
 * as it was over.
 */
enum db_result presale_table_sell(struct database *db, int32_t presale_id, int64_t reservation_id,
                                  int32_t seat_count, int64_t expires_at, int64_t paid_at)
    MUST_CHECK;

/* Frees so many slots of a reservation. */
enum db_result presale_table_free(struct database *db, int32_t presale_id, int64_t reservation_id,
                                  size_t count) MUST_CHECK;

#endif
