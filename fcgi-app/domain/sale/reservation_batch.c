/*
 * Several reserving calls in one transaction: named seats of one item, or the best ones for those
 * who ask for the same, which nobody has or had, each for another user. Whatever is not plainly
 * possible is left to the way of a single call.
 */
#include "domain/sale/reservation_create.h"

#include <string.h>

#include "base/log.h"
#include "domain/event.h"
#include "domain/sale/quota.h"

static struct reservation_create *
create_of(const struct effect_call *call)
{
    return call->effect.state;
}

/* Adds the call's seats that the list does not have yet. False: there is no room for them. */
static bool
list_seats(const struct reservation_create *create, int32_t ids[SEATS_LISTED], size_t *count)
{
    size_t listed = *count;
    for (size_t i = 0; i < create->seat_count; i++) {
        size_t at = 0;
        while (at < listed && ids[at] != create->seat_ids[i])
            at++;
        if (at < listed)
            continue;
        if (listed == SEATS_LISTED)
            return false;
        ids[listed++] = create->seat_ids[i];
    }
    *count = listed;
    return true;
}

/* The seats of all of them, each once and in their order. */
static size_t
list_all_seats(const struct effect_group *group, int32_t ids[SEATS_LISTED])
{
    size_t listed = 0;
    for (size_t i = 0; i < group->count; i++)
        if (!list_seats(create_of(group->calls[i]), ids, &listed))
            log_abort("more seats were gathered than a statement lists");
    seat_sort_ids(ids, listed);
    return listed;
}

/* Whether both name seats of one item, or ask for the same number and kind of its best ones. */
static bool
is_alike(const struct reservation_create *a, const struct reservation_create *b)
{
    return a->concert_id == b->concert_id && a->item_id == b->item_id &&
           a->wish.count == b->wish.count && a->wish.max_price == b->wish.max_price &&
           strcmp(a->wish.section, b->wish.section) == 0;
}

/* Whether one statement lists the call's seats too; the best ones are counted only. */
static bool
have_room(const struct reservation_create *create, int32_t ids[SEATS_LISTED], size_t *listed)
{
    if (create->wish.count == 0)
        return list_seats(create, ids, listed);
    if (*listed + (size_t)create->wish.count > SEATS_LISTED)
        return false;
    *listed += (size_t)create->wish.count;
    return true;
}

size_t
reservation_create_gather(struct effect_call *calls, size_t count)
{
    const struct reservation_create *first = NULL;
    int32_t ids[SEATS_LISTED];
    size_t listed = 0, gathered = 0;
    for (size_t i = 0; i < count; i++) {
        const struct reservation_create *create = create_of(&calls[i]);
        if (calls[i].course != EFFECT_WAITING)
            continue;
        if (first == NULL)
            first = create;
        if (!is_alike(create, first) || !have_room(create, ids, &listed))
            continue;
        calls[i].course = EFFECT_SHARED;
        gathered++;
    }
    return gathered;
}

/* Copies the call's seats, and tells where they stand among those of all; returns how many. */
static size_t
pick_seats(const struct reservation_create *create, const struct seat *all, size_t count,
           struct seat seats[SEATS_AT_ONCE], size_t indexes[SEATS_AT_ONCE])
{
    size_t picked = 0;
    for (size_t i = 0; i < create->seat_count; i++) {
        size_t at = 0;
        while (at < count && all[at].seat_id != create->seat_ids[i])
            at++;
        if (at == count)
            continue;
        indexes[picked] = at;
        seats[picked++] = all[at];
    }
    return picked;
}

/*
 * Whether a refusal can be told here. With a key it has to be asked first whether an answer is
 * stored. Under a seat limit a pause is told before a taken seat, and nobody has asked for that.
 */
static bool
is_final(const struct effect_call *call, enum error error)
{
    return error != ERROR_BUSY && call->effect.key == NULL &&
           !create_of(call)->offer->concert.has_seat_limit;
}

static enum error
check_named(struct effect_call *call, const struct seat *all, size_t found)
{
    const struct reservation_create *create = create_of(call);
    struct seat seats[SEATS_AT_ONCE];
    size_t indexes[SEATS_AT_ONCE];
    size_t picked = pick_seats(create, all, found, seats, indexes);
    if (reservation_create_require_seated(create, seats, picked, &call->problem) != ERROR_NONE ||
        reservation_create_check_seats(create, seats, picked, create->offer->concert.now,
                                       &call->problem) != ERROR_NONE)
        return call->problem.error;
    return seat_require_pairs(seats, picked, create->seat_ids, create->seat_count, &call->problem);
}

/* Whether anything is left for it is asked once, as all ask for the same: `first` has the answer.
 */
static enum error
check_wish(struct services *services, struct effect_call *call, const struct effect_call **first)
{
    struct reservation_create *create = create_of(call);
    if (*first == NULL) {
        call->problem.error = ERROR_NONE;
        *first = call;
        return hall_precheck(services, &create->offer->item, &create->wish, &call->problem);
    }
    create->wish.name = create_of(*first)->wish.name;
    call->problem = (*first)->problem;
    return call->problem.error;
}

enum db_result
reservation_create_precheck_batch(struct services *services, struct effect_group *group)
{
    struct reservation_create *first = create_of(group->calls[0]);
    const struct effect_call *asked = NULL;
    int32_t ids[SEATS_LISTED];
    size_t listed = list_all_seats(group, ids), found;
    struct seat seats[SEATS_LISTED];
    enum db_result result =
        reservation_create_read(services, first, "", ids, listed, seats, &found);
    if (result != DB_OK)
        return result;
    for (size_t i = 0; i < group->count; i++) {
        struct effect_call *call = group->calls[i];
        struct reservation_create *create = create_of(call);
        if (concert_presale_runs(&first->offer->concert, first->offer->concert.now)) {
            call->course = EFFECT_ALONE; /* each has a code, and takes slots of its own */
            continue;
        }
        enum error error = reservation_create_check(services, create, &call->problem);
        if (error == ERROR_NONE)
            error = create->wish.count > 0 ? check_wish(services, call, &asked)
                                           : check_named(call, seats, found);
        if (error != ERROR_NONE)
            call->course = is_final(call, error) ? EFFECT_REFUSED : EFFECT_ALONE;
        else if (create->keeps_place) /* Redis hears of one such after an answer */
            call->course = EFFECT_ALONE;
    }
    return DB_OK;
}

static enum db_result
lock_users(struct services *services, const struct effect_group *group)
{
    struct concert_user users[EFFECTS_AT_ONCE];
    if (!create_of(group->calls[0])->offer->concert.has_seat_limit)
        return DB_OK;
    for (size_t i = 0; i < group->count; i++) {
        const struct reservation_create *create = create_of(group->calls[i]);
        users[i] = (struct concert_user){create->concert_id, create->user_id};
    }
    return quota_lock(services, users, group->count);
}

/* Gives each of those who asked for the best seats some, as if they had named them. */
static enum db_result
name_best(struct services *services, struct effect_group *group)
{
    struct reservation_create *first = create_of(group->calls[0]);
    size_t wanted = (size_t)first->wish.count, served;
    int32_t ids[SEATS_LISTED];
    first->wish.patient = true;
    enum db_result result = hall_choose_together(services, &first->offer->item, &first->wish,
                                                 group->count, ids, &served);
    for (size_t i = 0; i < group->count && result == DB_OK; i++) {
        struct reservation_create *create = create_of(group->calls[i]);
        if (i >= served) {
            group->calls[i]->course = EFFECT_ALONE;
            continue;
        }
        create->seat_count = wanted;
        memcpy(create->seat_ids, ids + i * wanted, wanted * sizeof ids[0]);
    }
    effect_group_shrink(group);
    return result;
}

/* Writes the holds. */
static enum db_result
write_holds(struct services *services, const struct effect_group *group, int64_t id_step)
{
    struct reservation *made[EFFECTS_AT_ONCE];
    int32_t ids[SEATS_LISTED] = {0};
    int64_t owners[SEATS_LISTED] = {0};
    size_t seats = 0;
    for (size_t i = 0; i < group->count; i++)
        made[i] = &create_of(group->calls[i])->made;
    enum db_result result = reservation_table_insert(services->db, made, group->count, id_step);
    if (result != DB_OK)
        return result;
    for (size_t i = 0; i < group->count; i++) {
        for (int32_t n = 0; n < made[i]->seat_count; n++) {
            ids[seats] = made[i]->seats[n].seat_id;
            owners[seats++] = made[i]->reservation_id;
        }
        event_add_reservation(services, EVENT_RESERVATION_HELD, made[i]);
    }
    return seat_table_hold_batch(services->db, made[0]->item_id, ids, owners, seats,
                                 made[0]->expires_at);
}

/*
 * Gives the call its seats out of those that were locked, so that no other call gets them. False:
 * this one is not possible, or not now.
 */
static bool
fill_shared(struct reservation_create *create, struct seat *all, size_t found, int64_t now)
{
    struct seat seats[SEATS_AT_ONCE];
    size_t indexes[SEATS_AT_ONCE];
    struct problem problem;
    if (pick_seats(create, all, found, seats, indexes) < create->seat_count ||
        concert_require_open(&create->offer->concert, now, &problem) != ERROR_NONE ||
        reservation_require_item_open(&create->offer->item, now, &problem) != ERROR_NONE)
        return false;
    for (size_t i = 0; i < create->seat_count; i++)
        if (create->wish.count > 0 && !hall_fits(&create->wish, &seats[i]))
            return false;
    for (size_t i = 0; i < create->seat_count; i++)
        all[indexes[i]].seat_id = 0;
    reservation_create_fill(create, seats, now);
    return true;
}

/* Leaves out whose seat limit does not allow it. */
static enum db_result
check_quotas(struct services *services, struct effect_group *group, int64_t now)
{
    const char *user_ids[EFFECTS_AT_ONCE];
    size_t more[EFFECTS_AT_ONCE];
    bool allowed[EFFECTS_AT_ONCE];
    if (group->count == 0 || !create_of(group->calls[0])->offer->concert.has_seat_limit)
        return DB_OK;
    for (size_t i = 0; i < group->count; i++) {
        user_ids[i] = create_of(group->calls[i])->user_id;
        more[i] = create_of(group->calls[i])->seat_count;
    }
    enum db_result result =
        quota_list_allowed(services, &create_of(group->calls[0])->offer->concert, user_ids, more,
                           group->count, now, allowed);
    for (size_t i = 0; i < group->count && result == DB_OK; i++)
        if (!allowed[i])
            group->calls[i]->course = EFFECT_ALONE;
    effect_group_shrink(group);
    return result;
}

/*
 * The same story of all of them: the users' mutexes, the seats that are free and that nobody has
 * locked, the time after the last lock. Nobody waits here for a seat, and so for another buyer.
 */
enum db_result
reservation_create_execute_batch(struct services *services, struct effect_group *group)
{
    int32_t ids[SEATS_LISTED];
    size_t found;
    struct seat seats[SEATS_LISTED];
    int64_t now = 0, id_step = 0;
    enum db_result result = lock_users(services, group);
    if (result == DB_OK && create_of(group->calls[0])->wish.count > 0)
        result = name_best(services, group);
    if (result != DB_OK || group->count == 0)
        return result;
    size_t listed = list_all_seats(group, ids);
    result = seat_table_lock_batch(services->db, create_of(group->calls[0])->item_id, ids, listed,
                                   seats, &found, &now, &id_step);
    if (result != DB_OK)
        return result;
    for (size_t i = 0; i < group->count; i++)
        if (!fill_shared(create_of(group->calls[i]), seats, found, now))
            group->calls[i]->course = EFFECT_ALONE;
    effect_group_shrink(group);
    result = check_quotas(services, group, now);
    return result == DB_OK && group->count > 0 ? write_holds(services, group, id_step) : result;
}
