#include "domain/organiser/user_limits.h"

#include "domain/sale/reservation.h"

static enum error
read_one(struct services *services, const char *user_id, int32_t concert_id,
         struct concert_limits *limits, struct problem *problem)
{
    struct concert *concert = &limits->concert;
    *limits = (struct concert_limits){.has_token = false};
    if (concert_find_whole(services->db, concert_id, concert, problem) != ERROR_NONE ||
        quota_find(services, concert, user_id, concert->now, &limits->quota, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result =
        token_table_find_live(services->db, concert_id, user_id, &limits->token);
    limits->has_token = result == DB_OK;
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}

enum error
user_limits_read(struct services *services, const char *user_id, struct user_limits *limits,
                 struct problem *problem)
{
    int32_t ids[USER_CONCERTS_MAX];
    size_t found;
    limits->count = 0;
    enum error error =
        refuse_db(problem, user_table_list_concerts(services->db, user_id, ids, &found));
    for (size_t i = 0; i < found && error == ERROR_NONE; i++) {
        struct concert_limits *one = &limits->concerts[limits->count];
        error = read_one(services, user_id, ids[i], one, problem);
        enum concert_status status = concert_status(&one->concert, one->concert.now);
        limits->count += status == CONCERT_OPEN || status == CONCERT_SCHEDULED;
    }
    if (error == ERROR_NONE)
        error = reservation_find_refund_pause(services, user_id, &limits->refund_at, problem);
    return error;
}
