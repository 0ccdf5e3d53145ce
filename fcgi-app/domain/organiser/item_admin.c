#include "domain/organiser/item_admin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "domain/event.h"
#include "domain/logged_change.h"
#include "domain/organiser/item_seats.h"

/* ---- a new date ---- */

/* Cancelling a concert writes to all of its dates at once. */
static enum error
check_count(struct services *services, int32_t concert_id, struct problem *problem)
{
    int64_t count;
    enum db_result result = item_admin_table_count(services->db, concert_id, &count);
    if (result == DB_OK && count >= CONCERT_ITEMS_MAX)
        return refuse_field(problem, "date", "a concert may have at most %d dates",
                            CONCERT_ITEMS_MAX);
    return refuse_db(problem, result);
}

static enum error
log_created(struct services *services, const struct item_create *create, struct problem *problem)
{
    struct logged_change log = {.entry = {.actor = create->actor,
                                          .action = "item create",
                                          .concert_id = create->concert_id,
                                          .detail = create->draft->item.date}};
    create->describe(create->draft, &log.after);
    return refuse_db(problem, logged_change_write(services, &log));
}

enum error
item_create_precheck(struct services *services, void *state, struct problem *problem)
{
    struct item_create *create = state;
    int64_t seats = 0;
    return item_draft_find_hall(services, create->draft, &create->shelf, "", &seats, problem);
}

/* The other date stays as it is while it is copied: its buyers go on, its operators wait. */
static enum error
lock_like(struct services *services, const struct item_create *create, struct problem *problem)
{
    struct concert concert;
    struct item like;
    if (create->draft->like_id == 0)
        return ERROR_NONE;
    enum error error = item_admin_lock(services, create->concert_id, create->draft->like_id,
                                       &concert, &like, problem);
    if (error == ERROR_NONE)
        create->draft->item.seat_count = like.seat_count;
    return error;
}

/*
 * A cancel of the concert has all dates that are there. So the concert is locked until this one is,
 * in a way that keeps no buyer waiting.
 */
enum error
item_create_execute(struct services *services, void *state, struct problem *problem)
{
    struct item_create *create = state;
    enum concert_stored stored;
    enum db_result result = concert_admin_table_keep(services->db, create->concert_id, &stored);
    if (concert_refuse(problem, result) != ERROR_NONE ||
        lock_like(services, create, problem) != ERROR_NONE)
        return problem->error;
    if (stored == STORED_CANCELLED)
        return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The concert is cancelled");
    if (check_count(services, create->concert_id, problem) != ERROR_NONE)
        return problem->error;
    result = item_draft_insert(services->db, create->concert_id, create->draft);
    if (result != DB_OK)
        return refuse_db(problem, result);
    event_add_concert(services, EVENT_CONCERT_CHANGED, create->concert_id,
                      create->draft->item.item_id);
    return log_created(services, create, problem);
}

enum db_result
item_create_was_committed(struct services *services, void *state)
{
    /* An id that a crash rolled back may have been given again; the version is by chance. */
    const struct item *made = &((struct item_create *)state)->draft->item;
    struct item found;
    enum db_result result = item_admin_table_lock(services->db, made->item_id, &found);
    if (result != DB_OK)
        return result;
    return found.layout_version == made->layout_version ? DB_OK : DB_NONE;
}

int64_t
item_create_id(const void *state)
{
    return ((const struct item_create *)state)->concert_id;
}

/* ---- a change ---- */

void
item_change_free(struct item_change *change)
{
    free(change->seats);
    free(change->by_number);
    change->seats = NULL;
    change->by_number = NULL;
}

static int
compare_numbers(const void *a, const void *b)
{
    const struct seat_change *left = *(struct seat_change *const *)a;
    const struct seat_change *right = *(struct seat_change *const *)b;
    return (left->from > right->from) - (left->from < right->from);
}

static void
sort_by_number(struct item_change *change)
{
    /* one more, as calloc() of nothing may be NULL */
    change->by_number = calloc(change->seat_count + 1, sizeof(struct seat_change *));
    if (change->by_number == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < change->seat_count; i++)
        change->by_number[i] = &change->seats[i];
    qsort(change->by_number, change->seat_count, sizeof(struct seat_change *), compare_numbers);
}

static enum error
refuse_seats(const struct item_change *change, const struct seat_change *seats, const char *member,
             const char *detail, struct problem *problem)
{
    char field[64];
    snprintf(field, sizeof field, "seats[%zu].%s", (size_t)(seats - change->seats), member);
    return refuse_field(problem, field, "%s", detail);
}

enum error
item_change_check(struct item_change *change, struct problem *problem)
{
    int64_t count = 0;
    for (size_t i = 0; i < change->seat_count; i++) {
        const struct seat_change *seats = &change->seats[i];
        if (seats->to < seats->from)
            return refuse_seats(change, seats, "to", "to must not be below from", problem);
        count += (int64_t)seats->to - seats->from + 1;
    }
    if (count > CONCERT_SEATS_MAX)
        return refuse_field(problem, "seats", "a call may have at most %d seats",
                            CONCERT_SEATS_MAX);
    sort_by_number(change);
    for (size_t i = 1; i < change->seat_count; i++)
        if (change->by_number[i]->from <= change->by_number[i - 1]->to)
            return refuse_seats(change, change->by_number[i], "from", "a seat is in two ranges",
                                problem);
    return ERROR_NONE;
}

enum error
item_admin_lock(struct services *services, int32_t concert_id, int32_t item_id,
                struct concert *concert, struct item *item, struct problem *problem)
{
    if (concert_find(services->db, concert_id, concert, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = item_admin_table_lock(services->db, item_id, item);
    if (result == DB_NONE || (result == DB_OK && item->concert_id != concert_id))
        return refuse(problem, ERROR_ITEM_NOT_FOUND);
    return refuse_db(problem, result);
}

static enum error
log_change(struct services *services, const struct item_change *change, struct problem *problem)
{
    struct logged_change log = {.entry = {.actor = change->actor,
                                          .action = "item change",
                                          .concert_id = change->concert_id,
                                          .detail = change->detail}};
    change->describe(change, &log.before, &log.after);
    return refuse_db(problem, logged_change_write(services, &log));
}

/*
 * The item's row is locked against other operators; buyers never lock it. The seats are locked by
 * their numbers, as buyers do, and each hold has the price that its seat had under the lock.
 */
enum error
item_change_execute(struct services *services, void *state, struct problem *problem)
{
    struct item_change *change = state;
    struct concert concert;
    change->history.count = 0;
    change->history.more = false;
    change->changed_seats = 0;
    if (item_admin_lock(services, change->concert_id, change->item_id, &concert, &change->before,
                        problem) != ERROR_NONE)
        return problem->error;
    if (concert.stored == STORED_CANCELLED || change->before.status != ITEM_OPEN)
        return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The %s is cancelled",
                              concert.stored == STORED_CANCELLED ? "concert" : "item");
    change->after = change->before;
    if (change->has_date)
        memcpy(change->after.date, change->date, sizeof change->after.date);
    if (change->has_starts_at)
        change->after.starts_at = change->starts_at;
    enum error error = item_seats_change(services, change, problem);
    if (error == ERROR_NONE)
        error = refuse_db(problem, item_admin_table_update(services->db, &change->after));
    event_add_concert(services, EVENT_CONCERT_CHANGED, change->concert_id, change->item_id);
    return error == ERROR_NONE ? log_change(services, change, problem) : error;
}

enum db_result
item_change_was_committed(struct services *services, void *state)
{
    /* The same may be written twice: where it is not known it is done again. */
    (void)services;
    (void)state;
    return DB_NONE;
}

int64_t
item_change_id(const void *state)
{
    return ((const struct item_change *)state)->concert_id;
}
