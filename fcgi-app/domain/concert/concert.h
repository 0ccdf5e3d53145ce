/* concert: what is sold and when. */
#ifndef FRONTROW_DOMAIN_CONCERT_H
#define FRONTROW_DOMAIN_CONCERT_H

#include "domain/services.h"
#include "mysql/concert/concert_about_table.h"
#include "mysql/concert/concert_table.h"

/* What is shown: made of what is stored and the time. */
enum concert_status {
    CONCERT_OTHER,
    CONCERT_SCHEDULED,
    CONCERT_OPEN,
    CONCERT_CLOSED,
    CONCERT_CANCELLED
};

/*
 * The first that fits: cancelled; closed (stored, or now >= closesAt, or there are items and all
 * have started); scheduled (now < opensAt); open. `now` is the database's.
 */
enum concert_status concert_status(const struct concert *concert, int64_t now);

/* Goes through the windows of its presale: *at begins as NULL. False: there are no more. */
bool concert_next_presale(const struct concert *concert, const char **at, int64_t *starts_at,
                          int64_t *ends_at);

/* Whether a window runs at `now`: the concert is scheduled, and sells to those who have a code. */
bool concert_presale_runs(const struct concert *concert, int64_t now);

/* When the draw of a concert freezes its pre-queue; CLOCK_NEVER where there is no draw. */
int64_t concert_freezes_at(const struct concert *concert);

/*
 * Refuses with concert_not_open where no token can be had at `now`: a draw takes them earlier, and
 * so does a presale (domain/sale/presale.h).
 */
enum error concert_require_queue(const struct concert *concert, int64_t now,
                                 struct problem *problem) MUST_CHECK;

/* "scheduled", "open", "closed" or "cancelled". */
const char *concert_status_name(enum concert_status status);

/* The time zone of its venue: one that it does not name is the setting's. */
const char *concert_time_zone(const struct services *services, const struct concert *concert);

/* What a read of a concert ended with: DB_NONE is concert_not_found. */
enum error concert_refuse(struct problem *problem, enum db_result result) MUST_CHECK;

/* Reads a concert, or refuses with concert_not_found. Its texts are read by the second one only. */
enum error concert_find(struct database *db, int32_t concert_id, struct concert *concert,
                        struct problem *problem) MUST_CHECK;
enum error concert_find_whole(struct database *db, int32_t concert_id, struct concert *concert,
                              struct problem *problem) MUST_CHECK;

/* Reads what buyers are told of a concert beside that. */
enum error concert_find_about(struct database *db, int32_t concert_id, struct concert_about *about,
                              struct problem *problem) MUST_CHECK;

/* Refuses with maintenance while the concert is under it. */
enum error concert_require_service(const struct concert *concert, struct problem *problem)
    MUST_CHECK;

/* Refuses with concert_not_open unless the concert is open at `now`. */
enum error concert_require_open(const struct concert *concert, int64_t now, struct problem *problem)
    MUST_CHECK;

/* Refuses a closed or a cancelled concert; a scheduled one can be looked at. */
enum error concert_require_visible(const struct concert *concert, struct problem *problem)
    MUST_CHECK;

/* Refuses with item_not_found where a read of a concert with an item found none. */
enum error concert_require_item(const struct item *item, struct problem *problem) MUST_CHECK;

/* "open" or "cancelled". */
const char *item_status_name(enum item_status status);

/* Refuses with concert_not_open where the item is cancelled. */
enum error concert_require_item_open(const struct item *item, struct problem *problem) MUST_CHECK;

/*
 * Reads a concert that can be looked at, and one of its items; or refuses as the last two do. One
 * that is cancelled is concert_not_open.
 */
enum error concert_find_item(struct services *services, int32_t concert_id, int32_t item_id,
                             struct concert *concert, struct item *item, struct problem *problem)
    MUST_CHECK;

/*
 * Hands all items of a concert to `visit`, by (date, itemId), with what can be bought and what is
 * held of each at concert->now.
 */
enum error concert_visit_items(struct services *services, const struct concert *concert,
                               void (*visit)(void *state, const struct item *item), void *state,
                               struct problem *problem) MUST_CHECK;

#endif
