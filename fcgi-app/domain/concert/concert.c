#include "domain/concert/concert.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"

enum concert_status
concert_status(const struct concert *concert, int64_t now)
{
    if (concert->stored == STORED_OTHER)
        return CONCERT_OTHER;
    if (concert->stored == STORED_CANCELLED)
        return CONCERT_CANCELLED;
    if (concert->stored == STORED_CLOSED)
        return CONCERT_CLOSED;
    if (concert->closes_at != CLOCK_NEVER && now >= concert->closes_at)
        return CONCERT_CLOSED;
    if (concert->last_starts_at != CLOCK_NEVER && now >= concert->last_starts_at)
        return CONCERT_CLOSED;
    if (concert->opens_at != CLOCK_NEVER && now < concert->opens_at)
        return CONCERT_SCHEDULED;
    return CONCERT_OPEN;
}

bool
concert_next_presale(const struct concert *concert, const char **at, int64_t *starts_at,
                     int64_t *ends_at)
{
    const char *text = *at != NULL ? *at : concert->presale_times;
    char *end;
    if (*text == '\0')
        return false;
    *starts_at = strtoll(text, &end, 10);
    *ends_at = *end == '-' ? strtoll(end + 1, &end, 10) : 0;
    *at = *end == ',' ? end + 1 : end + strlen(end);
    return true;
}

bool
concert_presale_runs(const struct concert *concert, int64_t now)
{
    const char *at = NULL;
    int64_t starts_at, ends_at;
    if (concert->presale_times[0] == '\0' || concert_status(concert, now) != CONCERT_SCHEDULED)
        return false;
    while (concert_next_presale(concert, &at, &starts_at, &ends_at))
        if (starts_at <= now && now < ends_at)
            return true;
    return false;
}

int64_t
concert_freezes_at(const struct concert *concert)
{
    if (!concert->draw || concert->opens_at == CLOCK_NEVER)
        return CLOCK_NEVER;
    return concert->opens_at - (int64_t)concert->draw_lead_seconds * 1000;
}

const char *
concert_status_name(enum concert_status status)
{
    static const char *const names[] = {"other", "scheduled", "open", "closed", "cancelled"};
    return names[status];
}

const char *
concert_time_zone(const struct services *services, const struct concert *concert)
{
    return concert->time_zone[0] != '\0' ? concert->time_zone : services->config->time_zone;
}

enum error
concert_refuse(struct problem *problem, enum db_result result)
{
    if (result == DB_NONE)
        return refuse(problem, ERROR_CONCERT_NOT_FOUND);
    return refuse_db(problem, result);
}

enum error
concert_find(struct database *db, int32_t concert_id, struct concert *concert,
             struct problem *problem)
{
    return concert_refuse(problem, concert_table_find(db, concert_id, concert));
}

enum error
concert_find_whole(struct database *db, int32_t concert_id, struct concert *concert,
                   struct problem *problem)
{
    return concert_refuse(problem, concert_table_find_whole(db, concert_id, concert));
}

enum error
concert_find_about(struct database *db, int32_t concert_id, struct concert_about *about,
                   struct problem *problem)
{
    return refuse_db(problem, concert_about_table_find(db, concert_id, about));
}

static enum error
not_open(enum concert_status status, struct problem *problem)
{
    if (status == CONCERT_OTHER)
        return refuse(problem, ERROR_CONCERT_NOT_OPEN);
    return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The concert is %s",
                          concert_status_name(status));
}

enum error
concert_require_service(const struct concert *concert, struct problem *problem)
{
    return concert->maintenance ? refuse_maintenance(problem) : ERROR_NONE;
}

enum error
concert_require_open(const struct concert *concert, int64_t now, struct problem *problem)
{
    enum concert_status status = concert_status(concert, now);
    return status == CONCERT_OPEN ? ERROR_NONE : not_open(status, problem);
}

enum error
concert_require_queue(const struct concert *concert, int64_t now, struct problem *problem)
{
    if ((concert->draw && concert_status(concert, now) == CONCERT_SCHEDULED) ||
        concert_presale_runs(concert, now))
        return ERROR_NONE;
    return concert_require_open(concert, now, problem);
}

enum error
concert_require_visible(const struct concert *concert, struct problem *problem)
{
    enum concert_status status = concert_status(concert, concert->now);
    if (status == CONCERT_OPEN || status == CONCERT_SCHEDULED)
        return ERROR_NONE;
    return not_open(status, problem);
}

enum error
concert_require_item(const struct item *item, struct problem *problem)
{
    return item->item_id != 0 ? ERROR_NONE : refuse(problem, ERROR_ITEM_NOT_FOUND);
}

const char *
item_status_name(enum item_status status)
{
    static const char *const names[] = {"other", "open", "cancelled"};
    return names[status];
}

enum error
concert_require_item_open(const struct item *item, struct problem *problem)
{
    if (item->status == ITEM_OPEN)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The item is %s",
                          item->status == ITEM_CANCELLED ? "cancelled" : "not on sale");
}

enum error
concert_find_item(struct services *services, int32_t concert_id, int32_t item_id,
                  struct concert *concert, struct item *item, struct problem *problem)
{
    bool has_held;
    enum db_result result = concert_table_find_with_item(services->db, concert_id, item_id, "",
                                                         concert, item, &has_held);
    if (concert_refuse(problem, result) != ERROR_NONE ||
        concert_require_visible(concert, problem) != ERROR_NONE ||
        concert_require_item(item, problem) != ERROR_NONE)
        return problem->error;
    return concert_require_item_open(item, problem);
}

enum error
concert_visit_items(struct services *services, const struct concert *concert,
                    void (*visit)(void *state, const struct item *item), void *state,
                    struct problem *problem)
{
    struct item item;
    enum db_result result =
        concert_table_items(services->db, concert->concert_id, concert->now, &item);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        visit(state, &item);
    return result == DB_NONE ? ERROR_NONE : refuse_db(problem, result);
}
