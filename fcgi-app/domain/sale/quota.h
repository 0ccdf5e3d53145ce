/*
 * quota: how much of a concert one user may hold. It applies only if the concert has a seat limit:
 * a number of seats at a time, and a pause for users who hold repeatedly without paying.
 */
#ifndef FRONTROW_DOMAIN_QUOTA_H
#define FRONTROW_DOMAIN_QUOTA_H

#include "domain/services.h"
#include "mysql/concert/concert_table.h"
#include "mysql/sale/quota_table.h"

/*
 * Locks the mutexes of up to DB_ROWS_MAX users, which it sorts: by concert, and by user id. First
 * in the lock order, but for the key. Nothing where the count is 0.
 */
enum db_result quota_lock(struct services *services, struct concert_user *users, size_t count)
    MUST_CHECK;

/*
 * Refuses with too_many_unpaid while the user has to pause. Since the user's last payment in the
 * concert, a refunded one aside, and over 24 hours at most, each hold that lapsed counts as
 * unpaid, and each that the user gave back from the sixth one on. From `unpaid_pause_from` such
 * holds on the user pauses after the last of them: a minute, twice as long for each further one,
 * an hour at most. `now` decides, whether or not the sweeper ran.
 */
enum error quota_check_pause(struct services *services, const struct concert *concert,
                             const char *user_id, int64_t now, struct problem *problem) MUST_CHECK;

/*
 * The same, and refuses with seat_limit_reached where `more` seats would be too many: held and paid
 * ones count. Exact where the user's mutex is locked.
 */
enum error quota_check(struct services *services, const struct concert *concert,
                       const char *user_id, int64_t now, size_t more, struct problem *problem)
    MUST_CHECK;

/* What a user has of a concert with a seat limit, and until when the user has to pause. */
struct quota_state {
    int32_t seats;
    int32_t unpaid;      /* holds that count as such, see quota_check_pause() */
    int64_t pause_until; /* CLOCK_NEVER: no pause at `now` */
};

/* Without a lock. Without a seat limit nothing is counted. */
enum error quota_find(struct services *services, const struct concert *concert, const char *user_id,
                      int64_t now, struct quota_state *state, struct problem *problem) MUST_CHECK;

/*
 * The same of up to DB_ROWS_MAX users of a concert with a seat limit, each with a wish of its own:
 * whether quota_check() lets it pass.
 */
enum db_result quota_list_allowed(struct services *services, const struct concert *concert,
                                  const char *const user_ids[], const size_t more[], size_t count,
                                  int64_t now, bool allowed[]) MUST_CHECK;

#endif
