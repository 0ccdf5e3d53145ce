#include "domain/sale/reservation_create.h"

#include <stdio.h>
#include <string.h>

#include "domain/event.h"
#include "domain/queue/queue.h"
#include "domain/sale/quota.h"
#include "domain/sale/standing.h"
#include "domain/sale/waitlist.h"

enum { PATIENT_TRIES = 5 }; /* of those that an effect has */

enum error
reservation_create_require_seated(const struct reservation_create *create, const struct seat *seats,
                                  size_t found, struct problem *problem)
{
    return standing_require_none(seats, found, create->seats_field, create->seat_ids,
                                 create->seat_count, problem);
}

/* Refuses with seat_not_found, or with seat_taken and all that were found taken. */
enum error
reservation_create_check_seats(const struct reservation_create *create, const struct seat *seats,
                               size_t found, int64_t now, struct problem *problem)
{
    if (found < create->seat_count)
        return refuse(problem, ERROR_SEAT_NOT_FOUND);
    struct problem taken = {.error = ERROR_SEAT_TAKEN};
    now = waitlist_judge_time(create->offer->item.waiting, now);
    for (size_t i = 0; i < found; i++)
        if (seat_shown(&seats[i], now) != SEAT_AVAILABLE)
            taken.seat_ids[taken.seat_count++] = seats[i].seat_id;
    if (taken.seat_count == 0)
        return ERROR_NONE;
    seat_sort_ids(taken.seat_ids, taken.seat_count);
    *problem = taken;
    return ERROR_SEAT_TAKEN;
}

/* Where a queue is kept, only an active token may come to the seats. */
static enum error
admit(struct services *services, struct reservation_create *create, struct problem *problem)
{
    create->made.has_token = create->offer->concert.queued;
    if (!create->offer->concert.queued)
        return ERROR_NONE;
    struct queue_position position;
    enum error error = queue_admit(services, &create->offer->concert, create->user_id,
                                   create->token, &position, problem);
    if (error != ERROR_NONE)
        return error;
    memcpy(create->made.token, position.token, TOKEN_SIZE);
    create->keeps_place = position.may_idle;
    return ERROR_NONE;
}

enum error
reservation_require_item_open(const struct item *item, int64_t now, struct problem *problem)
{
    if (concert_require_item_open(item, problem) != ERROR_NONE)
        return problem->error;
    if (now < item->starts_at)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The item has started");
}

/*
 * "Taken" is what most buyers hear in a rush: it is said without a lock, from the one statement
 * that reads the concert as well. A wish names no seats yet.
 */
enum db_result
reservation_create_read(struct services *services, struct reservation_create *create,
                        const char *user_id, const int32_t *ids, size_t count, struct seat *seats,
                        size_t *found)
{
    *found = 0;
    if (create->wish.count > 0)
        return concert_table_find_with_item(services->db, create->concert_id, create->item_id,
                                            user_id, &create->offer->concert, &create->offer->item,
                                            &create->has_held);
    return seat_table_look(services->db, create->concert_id, create->item_id, ids, count, user_id,
                           &create->offer->concert, &create->offer->item, seats, found,
                           &create->has_held);
}

/* Who comes for the first time, as most do in a rush, has nothing to be asked about. */
static enum error
check_pause(struct services *services, const struct reservation_create *create,
            struct problem *problem)
{
    if (!create->has_held)
        return ERROR_NONE;
    return quota_check_pause(services, &create->offer->concert, create->user_id,
                             create->offer->concert.now, problem);
}

enum error
reservation_create_check(struct services *services, struct reservation_create *create,
                         struct problem *problem)
{
    const struct concert *concert = &create->offer->concert;
    if (concert_require_service(concert, problem) != ERROR_NONE ||
        presale_enter(services, concert, create->user_id, create->code, &create->offer->way,
                      problem) != ERROR_NONE ||
        admit(services, create, problem) != ERROR_NONE ||
        check_pause(services, create, problem) != ERROR_NONE ||
        concert_require_item(&create->offer->item, problem) != ERROR_NONE)
        return problem->error;
    return reservation_require_item_open(&create->offer->item, concert->now, problem);
}

enum error
reservation_create_precheck(struct services *services, void *state, struct problem *problem)
{
    struct reservation_create *create = state;
    struct seat seats[SEATS_AT_ONCE];
    size_t found;
    enum db_result result = reservation_create_read(
        services, create, create->user_id, create->seat_ids, create->seat_count, seats, &found);
    if (concert_refuse(problem, result) != ERROR_NONE ||
        reservation_create_check(services, create, problem) != ERROR_NONE)
        return problem->error;
    create->wish.has_waitlist = create->offer->concert.waitlist;
    if (create->wish.count > 0) {
        create->wish.sections = create->offer->way.sections;
        if (hall_precheck(services, &create->offer->item, &create->wish, problem) != ERROR_NONE)
            return problem->error;
    } else if (reservation_create_require_seated(create, seats, found, problem) != ERROR_NONE ||
               reservation_create_check_seats(create, seats, found, create->offer->concert.now,
                                              problem) != ERROR_NONE ||
               seat_require_pairs(seats, found, create->seat_ids, create->seat_count, problem) !=
                   ERROR_NONE) {
        return problem->error;
    }
    return presale_check_left(&create->offer->way, problem);
}

void
reservation_create_fill(struct reservation_create *create, const struct seat *seats, int64_t now)
{
    struct reservation *made = &create->made;
    snprintf(made->user_id, sizeof made->user_id, "%s", create->user_id);
    made->concert_id = create->concert_id;
    made->item_id = create->item_id;
    made->status = RESERVATION_HELD;
    made->seat_count = (int32_t)create->seat_count;
    made->has_seat_limit = create->offer->concert.has_seat_limit;
    made->seat_limit = create->offer->concert.max_seats_per_user;
    made->created_at = now;
    made->expires_at = now + (int64_t)create->offer->concert.hold_seconds * 1000;
    made->total_price = 0;
    for (size_t i = 0; i < create->seat_count; i++) {
        made->seats[i] = seats[i];
        made->total_price += seats[i].price;
    }
}

/* The place of its owner in the queue lasts as long. */
enum db_result
reservation_create_write(struct services *services, struct reservation_create *create,
                         const struct seat *seats)
{
    struct reservation *made = &create->made;
    enum db_result result = reservation_table_insert(services->db, &made, 1, 0);
    if (result == DB_OK)
        result = seat_table_hold(services->db, made->item_id, seats, create->seat_count,
                                 made->reservation_id, made->expires_at);
    if (result == DB_OK)
        result = presale_hold(services, &create->offer->way, made);
    if (result == DB_OK && create->keeps_place)
        result = token_table_prolong(services->db, made->token, made->expires_at);
    event_add_reservation(services, EVENT_RESERVATION_HELD, made);
    return result;
}

static enum error
lock_named(struct services *services, const struct reservation_create *create,
           struct seat seats[SEATS_AT_ONCE], int64_t *now, struct problem *problem)
{
    size_t found;
    enum db_result result = seat_table_lock(services->db, create->item_id, create->seat_ids,
                                            create->seat_count, seats, &found, now);
    if (result == DB_OK)
        result = waitlist_read_waiting(services, &create->offer->concert, &create->offer->item);
    if (result != DB_OK)
        return refuse_db(problem, result);
    return reservation_create_check_seats(create, seats, found, *now, problem);
}

enum error
reservation_create_lock(struct services *services, struct reservation_create *create,
                        struct seat seats[SEATS_AT_ONCE], int64_t *now, struct problem *problem)
{
    if (create->wish.count == 0)
        return lock_named(services, create, seats, now, problem);
    create->seat_count = (size_t)create->wish.count;
    create->wish.patient = create->tries++ < PATIENT_TRIES;
    return hall_lock_best(services, &create->offer->item, &create->wish, create->seat_ids, seats,
                          now, problem);
}

/*
 * The story of a sale's first half. Lock order: the user's mutex, the code of a presale, the seats
 * by number, the slots of the presale, the token.
 */
enum error
reservation_create_execute(struct services *services, void *state, struct problem *problem)
{
    struct reservation_create *create = state;
    const struct concert *concert = &create->offer->concert;
    struct presale_way *way = &create->offer->way;
    struct seat seats[SEATS_AT_ONCE];
    int64_t now;
    struct concert_user user = {create->concert_id, create->user_id};
    bool has_mutex = concert->has_seat_limit || way->presale_id != 0;
    enum db_result locked = quota_lock(services, &user, has_mutex ? 1 : 0);
    if (refuse_db(problem, locked) != ERROR_NONE ||
        presale_take_code(services, way, create->user_id, problem) != ERROR_NONE ||
        reservation_create_lock(services, create, seats, &now, problem) != ERROR_NONE ||
        presale_require_open(way, concert, now, problem) != ERROR_NONE ||
        reservation_require_item_open(&create->offer->item, now, problem) != ERROR_NONE ||
        presale_lock(services, way, concert, create->user_id, seats, create->seat_count, now,
                     problem) != ERROR_NONE ||
        quota_check(services, concert, create->user_id, now, create->seat_count, problem) !=
            ERROR_NONE)
        return problem->error;
    reservation_create_fill(create, seats, now);
    return refuse_db(problem, reservation_create_write(services, create, seats));
}

enum db_result
reservation_create_was_committed(struct services *services, void *state)
{
    /* An id that a crash rolled back may have been given again: the row must be ours in full. */
    const struct reservation *made = &((struct reservation_create *)state)->made;
    struct reservation found;
    enum db_result result = reservation_table_lock(services->db, made->reservation_id, &found);
    if (result != DB_OK)
        return result;
    bool ours = strcmp(found.user_id, made->user_id) == 0 && found.item_id == made->item_id &&
                found.created_at == made->created_at && found.total_price == made->total_price;
    return ours ? DB_OK : DB_NONE;
}

int64_t
reservation_create_id(const void *state)
{
    return ((const struct reservation_create *)state)->made.reservation_id;
}

void
reservation_create_count(const void *state, struct tally *tally)
{
    tally_add(tally, TALLY_HOLDS, 1);
    tally_add(tally, TALLY_SEATS_HELD, ((const struct reservation_create *)state)->made.seat_count);
}

void
reservation_create_finish(struct services *services, const struct reservation_create *create)
{
    const struct reservation *made = &create->made;
    if (create->keeps_place)
        queue_keep(services, made->concert_id, made->token, made->expires_at - made->created_at);
}
