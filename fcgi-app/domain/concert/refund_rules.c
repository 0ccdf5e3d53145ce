#include "domain/concert/refund_rules.h"

#include "base/clock.h"
#include "base/time_zone.h"
#include "domain/concert/concert.h"

enum error
refund_rules_find(struct services *services, int32_t concert_id, int64_t at,
                  struct refund_rules *rules, struct problem *problem)
{
    enum db_result result = refund_rule_table_find(services->db, concert_id, at, rules);
    if (result == DB_OK && rules->count == 0)
        *rules = (struct refund_rules){.since = CLOCK_NEVER, .count = 1, .list = {{0, 100}}};
    return refuse_db(problem, result);
}

enum error
refund_rules_read(struct services *services, struct concert *concert, struct problem *problem)
{
    return refund_rules_find(services, concert->concert_id, concert->now, &concert->refund_rules,
                             problem);
}

static bool
are_same(const struct refund_rules *a, const struct refund_rules *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = a->list[i].until_days == b->list[i].until_days &&
               a->list[i].percent == b->list[i].percent;
    return same;
}

/* Two changes in a millisecond have different times, as the rows are named by them. */
enum error
refund_rules_change(struct services *services, const struct concert *before, struct concert *after,
                    struct problem *problem)
{
    struct refund_rules *rules = &after->refund_rules;
    int64_t last = before->refund_rules.since;
    if (are_same(&before->refund_rules, rules))
        return ERROR_NONE;
    rules->since = before->now > last ? before->now : last + 1;
    return refuse_db(problem, refund_rule_table_insert(services->db, after->concert_id, rules));
}

static int32_t
percent_at(const struct refund_rules *rules, int32_t days)
{
    for (size_t i = 0; i < rules->count; i++)
        if (days >= rules->list[i].until_days)
            return rules->list[i].percent;
    return 0;
}

enum error
refund_rules_percent(struct services *services, int32_t concert_id, int64_t paid_at,
                     int64_t starts_at, int64_t now, int32_t *percent, struct problem *problem)
{
    struct refund_rules rules;
    struct concert concert;
    enum error error = refund_rules_find(services, concert_id, paid_at, &rules, problem);
    if (error != ERROR_NONE)
        return error;
    *percent = rules.list[0].percent;
    if (*percent > 0 && rules.list[0].until_days == 0) /* as most have it: the same on all days */
        return ERROR_NONE;
    error = concert_find_whole(services->db, concert_id, &concert, problem);
    if (error != ERROR_NONE)
        return error;
    const char *zone = concert_time_zone(services, &concert);
    int32_t days = time_zone_day(zone, starts_at) - time_zone_day(zone, now);
    *percent = percent_at(&rules, days);
    if (*percent > 0)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_NOT_CANCELLABLE,
                          "Nothing is refunded %d days before the start", (int)days);
}
