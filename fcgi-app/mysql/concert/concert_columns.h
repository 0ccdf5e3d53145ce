/* concert_columns: the columns of a concert and an item in the statements of mysql/. */
#ifndef FRONTROW_MYSQL_CONCERT_COLUMNS_H
#define FRONTROW_MYSQL_CONCERT_COLUMNS_H

#include "mysql/concert/concert_table.h"

/*
 * What the rules go by, of `concert c`: calls of buyers read no more. When the last item starts is
 * told in one of three ways, as a read in a read is planned anew by each call that has it.
 */
#define CONCERT_RULES_WITH(last_starts_at)                                                         \
    "c.concert_id, c.status + 0, c.opens_at, c.closes_at, c.admission_capacity, "                  \
    "c.active_seconds, c.hold_seconds, c.max_seats_per_user, c.paused, c.maintenance, "            \
    "c.max_waiting, c.line_version, c.line_since, c.draw, c.draw_lead_seconds, "                   \
    "COALESCE(c.idle_seconds, 0), c.seat_returns, c.swaps, c.transfers, "                          \
    "c.challenge_key, c.waitlist, c.waitlist_seconds, c.presale_times, " last_starts_at            \
    ", UTC_TIMESTAMP(3)"

/* By the end of the index item_starts, which is found from the id alone; NULL: there is no item. */
#define CONCERT_LAST_START_BY_ID "SELECT MAX(starts_at) FROM item WHERE concert_id = ?"

/* The same of each concert of a list: by MAX() MySQL would read all its items. */
#define CONCERT_LAST_STARTS_AT                                                                     \
    "(SELECT l.starts_at FROM item l WHERE l.concert_id = c.concert_id"                            \
    " ORDER BY l.starts_at DESC LIMIT 1)"

/*
 * Beside `item i`: while that is to come, no later one has to be looked for. Then comes
 * concert_columns_find_last_start().
 */
#define CONCERT_RULES_OF_ITEM CONCERT_RULES_WITH("i.starts_at")

/* All of it. */
#define CONCERT_COLUMNS                                                                            \
    CONCERT_RULES_WITH(CONCERT_LAST_STARTS_AT)                                                     \
    ", c.reentry, c.title, c.venue, c.beacon_source, c.beacon, c.time_zone"

/* Whether `item i` is cancelled, by itself or with its `concert c`. */
#define ITEM_IS_CANCELLED "(c.status = 'cancelled' OR i.status = 'cancelled')"

/* Of `item i`. */
#define ITEM_COLUMNS                                                                               \
    "i.item_id, i.concert_id, i.starts_at, i.seat_count, i.layout_version, i.status + 0, "         \
    "i.waiting, i.standing_count"

enum { CONCERT_RULE_COUNT = 25, CONCERT_COLUMN_COUNT = 31, ITEM_COLUMN_COUNT = 8 };

/* Where CONCERT_RULES_WITH(), CONCERT_COLUMNS and ITEM_COLUMNS go. Without its columns a text is
 * "". */
void concert_columns_bind_rules(struct concert *concert, struct column columns[CONCERT_RULE_COUNT]);
void concert_columns_bind(struct concert *concert, struct column columns[CONCERT_COLUMN_COUNT]);
void concert_columns_bind_item(struct item *item, struct column columns[ITEM_COLUMN_COUNT]);

/*
 * After CONCERT_RULES_OF_ITEM: where the item has started, or there is none, reads when the last
 * one starts.
 */
enum db_result concert_columns_find_last_start(struct database *db, struct concert *concert)
    MUST_CHECK;

#endif
