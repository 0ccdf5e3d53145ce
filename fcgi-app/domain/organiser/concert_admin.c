#include "domain/organiser/concert_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "domain/concert/refund_rules.h"
#include "domain/draw/draw.h"
#include "domain/event.h"
#include "domain/logged_change.h"
#include "domain/organiser/presale_admin.h"
#include "domain/queue/challenge.h"

const struct concert concert_defaults = {
    .stored = STORED_CLOSED,
    .opens_at = CLOCK_NEVER,
    .closes_at = CLOCK_NEVER,
    .last_starts_at = CLOCK_NEVER,
    .active_seconds = 600,
    .hold_seconds = 300,
    .has_seat_limit = true,
    .max_seats_per_user = 8,
    .max_waiting = 2000000,
    .draw_lead_seconds = 300,
};

void
concert_draft_free(struct concert_draft *draft)
{
    for (size_t i = 0; i < draft->item_count; i++)
        item_draft_free(&draft->items[i]);
    free(draft->items);
    hall_shelf_free(&draft->shelf);
    *draft = (struct concert_draft){0};
}

enum error
concert_check_times(const struct concert *concert, struct problem *problem)
{
    if (concert->opens_at == CLOCK_NEVER || concert->closes_at == CLOCK_NEVER ||
        concert->closes_at > concert->opens_at)
        return ERROR_NONE;
    return refuse_field(problem, "closesAt", "closesAt must be after opensAt");
}

enum error
concert_draft_check(struct concert_draft *draft, struct problem *problem)
{
    int64_t seats = 0;
    enum error error = concert_check_times(&draft->concert, problem);
    for (size_t i = 0; i < draft->item_count && error == ERROR_NONE; i++) {
        char path[32];
        snprintf(path, sizeof path, "items[%zu].", i);
        error = item_draft_check(&draft->items[i], path, &seats, problem);
    }
    return error;
}

/*
 * The version of a queue's settings at `now`: seconds since 1970, so that it is above what Redis
 * may have of this queue, or of one with this id, from before MySQL was restored. Changes in a
 * second, and those after 2038, count on.
 */
static int32_t
next_queue_version(int32_t before, int64_t now)
{
    int64_t seconds = now / 1000;
    return seconds > before && seconds <= INT32_MAX ? (int32_t)seconds : before + 1;
}

static enum db_result
add_to_log(struct services *services, const struct author *author, const char *action,
           const char *detail, const struct concert_view *before, const struct concert_view *after)
{
    struct logged_change log = {.entry = {.actor = author->name,
                                          .action = action,
                                          .concert_id = after->concert->concert_id,
                                          .detail = detail}};
    author->describe(services, before, after, &log.before, &log.after);
    return logged_change_write(services, &log);
}

/* Of items with ranges it is known how many seats they have. */
static enum error
find_halls(struct services *services, struct concert_draft *draft, struct problem *problem)
{
    int64_t seats = 0;
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < draft->item_count; i++)
        seats += draft->items[i].hall_id == 0 ? draft->items[i].item.seat_count : 0;
    for (size_t i = 0; i < draft->item_count && error == ERROR_NONE; i++) {
        char path[32];
        snprintf(path, sizeof path, "items[%zu].", i);
        error =
            item_draft_find_hall(services, &draft->items[i], &draft->shelf, path, &seats, problem);
    }
    return error;
}

enum error
concert_create_precheck(struct services *services, void *state, struct problem *problem)
{
    struct concert_create *create = state;
    queue_memory_check(services, &create->draft->concert, create->warning);
    return find_halls(services, create->draft, problem);
}

enum error
concert_create_execute(struct services *services, void *state, struct problem *problem)
{
    struct concert_create *create = state;
    struct concert_draft *draft = create->draft;
    struct concert *concert = &draft->concert;
    /* that of the setting may be another one tomorrow; config_load() has seen to it that it fits */
    if (!text_copy(concert->time_zone, TIME_ZONE_SIZE, concert_time_zone(services, concert)))
        return refuse(problem, ERROR_INTERNAL_ERROR);
    challenge_change(&concert_defaults, concert);
    const struct concert_view after = {concert, NULL};
    enum db_result result = db_now(services->db, &create->created_at);
    concert->queue_version = concert->queue_since = next_queue_version(0, create->created_at);
    if (result == DB_OK)
        result = concert_admin_table_insert(services->db, concert, create->created_at);
    for (size_t i = 0; i < draft->item_count && result == DB_OK; i++)
        result = item_draft_insert(services->db, concert->concert_id, &draft->items[i]);
    if (result == DB_OK)
        result =
            add_to_log(services, &create->author, "concert create", concert->title, NULL, &after);
    if (result != DB_OK)
        return refuse_db(problem, result);
    return draw_change(services, &concert_defaults, concert, problem);
}

enum db_result
concert_create_was_committed(struct services *services, void *state)
{
    /* An id that a crash rolled back may have been given again. */
    const struct concert_create *create = state;
    struct concert found;
    int64_t created_at;
    enum db_result result =
        concert_admin_table_lock(services->db, create->draft->concert.concert_id, &found);
    if (result == DB_OK)
        result = concert_admin_table_created_at(services->db, found.concert_id, &created_at);
    if (result != DB_OK)
        return result;
    return created_at == create->created_at ? DB_OK : DB_NONE;
}

int64_t
concert_create_id(const void *state)
{
    return ((const struct concert_create *)state)->draft->concert.concert_id;
}

/* The queue takes settings from a higher version only: an older reader cannot put old ones back. */
static void
raise_queue_version(const struct concert *before, struct concert *after)
{
    bool same = before->queued == after->queued &&
                before->admission_capacity == after->admission_capacity &&
                before->active_seconds == after->active_seconds &&
                before->idle_seconds == after->idle_seconds && before->paused == after->paused &&
                before->maintenance == after->maintenance &&
                before->max_waiting == after->max_waiting && before->stored == after->stored &&
                before->draw == after->draw &&
                before->draw_lead_seconds == after->draw_lead_seconds &&
                before->opens_at == after->opens_at;
    if (same)
        return;
    after->queue_version = next_queue_version(before->queue_version, before->now);
    if (!before->queued && after->queued)
        after->queue_since = after->queue_version;
}

static enum error
apply_change(struct concert_change *change, const struct concert *before, struct problem *problem)
{
    struct concert *after = &change->concert;
    *after = *before;
    enum error error = change->apply(change->wanted, after, problem);
    if (error == ERROR_NONE)
        error = concert_check_times(after, problem);
    if (error == ERROR_NONE)
        error = presale_check_opening(after, problem);
    if (error == ERROR_NONE && before->stored == STORED_CANCELLED &&
        after->stored != before->stored)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE,
                              "A cancelled concert stays cancelled");
    raise_queue_version(before, after);
    challenge_change(before, after);
    bool opens = after->stored == STORED_OPEN && before->stored != STORED_OPEN;
    change->resizes_queue = opens || after->max_waiting != before->max_waiting ||
                            after->queued != before->queued ||
                            after->admission_capacity != before->admission_capacity;
    return error;
}

static bool
tell_the_same(const struct concert_about *a, const struct concert_about *b)
{
    return strcmp(a->description, b->description) == 0 && strcmp(a->poster, b->poster) == 0 &&
           a->has_age_limit == b->has_age_limit && a->age_limit == b->age_limit &&
           a->has_running_minutes == b->has_running_minutes &&
           a->running_minutes == b->running_minutes;
}

/* Reads what buyers are told, into *before as well, and writes what is wanted over it. */
static enum error
change_about(struct services *services, struct concert_change *change, struct concert_about *before,
             struct problem *problem)
{
    if (change->apply_about == NULL)
        return ERROR_NONE;
    enum error error = concert_find_about(services->db, change->concert_id, before, problem);
    if (error != ERROR_NONE)
        return error;
    change->about = *before;
    error = change->apply_about(change->wanted, &change->about, problem);
    if (error != ERROR_NONE || tell_the_same(before, &change->about))
        return error;
    return refuse_db(problem,
                     concert_about_table_save(services->db, change->concert_id, &change->about));
}

enum error
concert_change_execute(struct services *services, void *state, struct problem *problem)
{
    struct concert_change *change = state;
    struct concert before;
    struct concert_about told_before;
    bool tells = change->apply_about != NULL;
    const struct concert_view was = {&before, tells ? &told_before : NULL};
    const struct concert_view is = {&change->concert, tells ? &change->about : NULL};
    enum db_result result = concert_admin_table_lock(services->db, change->concert_id, &before);
    enum error error = concert_refuse(problem, result);
    if (error == ERROR_NONE)
        error = refund_rules_read(services, &before, problem);
    if (error == ERROR_NONE)
        error = apply_change(change, &before, problem);
    if (error == ERROR_NONE)
        error = change_about(services, change, &told_before, problem);
    if (error == ERROR_NONE)
        error = draw_change(services, &before, &change->concert, problem);
    if (error == ERROR_NONE)
        error = refund_rules_change(services, &before, &change->concert, problem);
    if (error != ERROR_NONE)
        return error;
    result = concert_admin_table_update(services->db, &before, &change->concert);
    if (result == DB_OK)
        result = add_to_log(services, &change->author, change->action, change->detail, &was, &is);
    bool ends = change->concert.stored == STORED_CANCELLED && before.stored != STORED_CANCELLED;
    event_add_concert(services, ends ? EVENT_CONCERT_CANCELLED : EVENT_CONCERT_CHANGED,
                      change->concert_id, 0);
    return refuse_db(problem, result);
}

enum db_result
concert_change_was_committed(struct services *services, void *state)
{
    /* The same settings may be written twice: where it is not known it is done again. */
    (void)services;
    (void)state;
    return DB_NONE;
}

void
concert_change_warn(struct services *services, const struct concert_change *change,
                    char warning[QUEUE_WARNING_SIZE])
{
    warning[0] = '\0';
    if (change->resizes_queue)
        queue_memory_check(services, &change->concert, warning);
}

enum error
concert_visit_all(struct services *services,
                  void (*visit)(const struct concert *concert,
                                const struct concert_summary *summary),
                  struct problem *problem)
{
    struct concert concert;
    struct concert_summary summary;
    enum db_result result = concert_admin_table_list(services->db, &concert, &summary);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        visit(&concert, &summary);
    return result == DB_NONE ? ERROR_NONE : refuse_db(problem, result);
}
