#include "domain/sale/quota.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"

enum {
    GIVEN_BACK_FREE = 5, /* a buyer may change his mind so often */
    FIRST_PAUSE_S = 60,
    LONGEST_PAUSE_S = 3600,
    WINDOW_S = 24 * 3600,
};

static int
compare_users(const void *a, const void *b)
{
    const struct concert_user *left = a, *right = b;
    if (left->concert_id != right->concert_id)
        return left->concert_id < right->concert_id ? -1 : 1;
    return strcmp(left->user_id, right->user_id);
}

enum db_result
quota_lock(struct services *services, struct concert_user *users, size_t count)
{
    if (count == 0)
        return DB_OK;
    qsort(users, count, sizeof users[0], compare_users);
    return quota_table_lock(services->db, users, count);
}

/* What a user has and did in a concert. */
struct quota {
    int32_t seats; /* paid, or held and not over */
    int32_t given_back;
    int32_t unpaid; /* holds that count as such */
    int64_t last_unpaid_at;
};

/* The holds come in the order in which they ended, so that a payment forgets what was before it. */
static void
count_hold(struct quota *quota, const struct hold_record *hold, int64_t now)
{
    bool over = now >= hold->ends_at;
    if (hold->status == RESERVATION_PAID) {
        quota->seats += hold->seat_count;
        quota->given_back = quota->unpaid = 0;
        return;
    }
    if (hold->status == RESERVATION_HELD && !over)
        quota->seats += hold->seat_count;
    bool lapsed = hold->status == RESERVATION_EXPIRED || (hold->status == RESERVATION_HELD && over);
    bool given_back = hold->status == RESERVATION_CANCELLED && hold->settled;
    if (lapsed || (given_back && ++quota->given_back > GIVEN_BACK_FREE)) {
        quota->unpaid++;
        quota->last_unpaid_at = hold->ends_at;
    }
}

/* Those of several users, one for each. */
static enum db_result
read_quotas(struct services *services, const struct concert *concert, const char *const user_ids[],
            size_t count, int64_t now, struct quota *quotas)
{
    struct hold_record hold;
    memset(quotas, 0, count * sizeof quotas[0]);
    enum db_result result = quota_table_list_holds(services->db, concert->concert_id, user_ids,
                                                   count, now - (int64_t)WINDOW_S * 1000, &hold);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        for (size_t i = 0; i < count; i++)
            if (strcmp(user_ids[i], hold.user_id) == 0)
                count_hold(&quotas[i], &hold, now);
    return result == DB_NONE ? DB_OK : result;
}

static int64_t
pause_seconds(int32_t unpaid, int32_t pause_from)
{
    if (pause_from == 0 || unpaid < pause_from)
        return 0;
    int64_t seconds = FIRST_PAUSE_S;
    for (int32_t n = pause_from; n < unpaid && seconds < LONGEST_PAUSE_S; n++)
        seconds *= 2;
    return seconds < LONGEST_PAUSE_S ? seconds : LONGEST_PAUSE_S;
}

/* When the pause ends; CLOCK_NEVER: there is none. */
static int64_t
pause_end(const struct quota *quota, int32_t pause_from, int64_t now)
{
    int64_t seconds = pause_seconds(quota->unpaid, pause_from);
    int64_t end = quota->last_unpaid_at + seconds * 1000;
    return seconds > 0 && end > now ? end : CLOCK_NEVER;
}

static enum error
require_no_pause(const struct quota *quota, int32_t pause_from, int64_t now,
                 struct problem *problem)
{
    int64_t end = pause_end(quota, pause_from, now);
    if (end == CLOCK_NEVER)
        return ERROR_NONE;
    refuse_because(problem, ERROR_TOO_MANY_UNPAID,
                   "%d holds of this concert were not paid; wait before the next one",
                   (int)quota->unpaid);
    problem->retry_after = (int)((end - now + 999) / 1000);
    problem->limit =
        (struct rate_limit){.name = "unpaid-holds", .quota = pause_from - 1, .window_s = WINDOW_S};
    return ERROR_TOO_MANY_UNPAID;
}

/* Of one user. */
static enum error
read_quota(struct services *services, const struct concert *concert, const char *user_id,
           int64_t now, struct quota *quota, struct problem *problem)
{
    return refuse_db(problem, read_quotas(services, concert, &user_id, 1, now, quota));
}

enum error
quota_check_pause(struct services *services, const struct concert *concert, const char *user_id,
                  int64_t now, struct problem *problem)
{
    struct quota quota;
    int32_t pause_from = services->config->unpaid_pause_from;
    if (!concert->has_seat_limit || pause_from == 0)
        return ERROR_NONE;
    if (read_quota(services, concert, user_id, now, &quota, problem) != ERROR_NONE)
        return problem->error;
    return require_no_pause(&quota, pause_from, now, problem);
}

/* Whether the user may have `more` seats. */
static enum error
check_quota(const struct services *services, const struct concert *concert,
            const struct quota *quota, int64_t now, size_t more, struct problem *problem)
{
    if (require_no_pause(quota, services->config->unpaid_pause_from, now, problem) != ERROR_NONE)
        return problem->error;
    if (quota->seats + (int64_t)more <= concert->max_seats_per_user)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_SEAT_LIMIT_REACHED,
                          "A user may have %d seats of this concert and has %d already",
                          concert->max_seats_per_user, quota->seats);
}

enum error
quota_check(struct services *services, const struct concert *concert, const char *user_id,
            int64_t now, size_t more, struct problem *problem)
{
    struct quota quota;
    if (!concert->has_seat_limit)
        return ERROR_NONE;
    if (read_quota(services, concert, user_id, now, &quota, problem) != ERROR_NONE)
        return problem->error;
    return check_quota(services, concert, &quota, now, more, problem);
}

enum error
quota_find(struct services *services, const struct concert *concert, const char *user_id,
           int64_t now, struct quota_state *state, struct problem *problem)
{
    struct quota quota;
    *state = (struct quota_state){.pause_until = CLOCK_NEVER};
    if (!concert->has_seat_limit)
        return ERROR_NONE;
    if (read_quota(services, concert, user_id, now, &quota, problem) != ERROR_NONE)
        return problem->error;
    *state = (struct quota_state){
        .seats = quota.seats,
        .unpaid = quota.unpaid,
        .pause_until = pause_end(&quota, services->config->unpaid_pause_from, now),
    };
    return ERROR_NONE;
}

enum db_result
quota_list_allowed(struct services *services, const struct concert *concert,
                   const char *const user_ids[], const size_t more[], size_t count, int64_t now,
                   bool allowed[])
{
    struct quota quotas[DB_ROWS_MAX];
    struct problem problem;
    enum db_result result = read_quotas(services, concert, user_ids, count, now, quotas);
    if (result != DB_OK)
        return result;
    for (size_t i = 0; i < count; i++)
        allowed[i] =
            check_quota(services, concert, &quotas[i], now, more[i], &problem) == ERROR_NONE;
    return DB_OK;
}
