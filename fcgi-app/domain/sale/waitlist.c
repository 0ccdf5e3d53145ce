#include "domain/sale/waitlist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/shared.h"
#include "domain/event.h"
#include "domain/sale/quota.h"
#include "domain/sale/reservation_create.h"
#include "domain/sale/seating.h"

enum { PATIENCE_MS = 1000, ENTRIES_AT_ONCE = 64 };

int64_t
waitlist_judge_time(int32_t waiting, int64_t now)
{
    return waiting > 0 ? 0 : now;
}

enum db_result
waitlist_read_waiting(struct services *services, const struct concert *concert, struct item *item)
{
    if (!concert->waitlist)
        return DB_OK;
    return waitlist_table_count(services->db, item->item_id, &item->waiting);
}

/* ---- joining ---- */

static enum error
require_list(const struct concert *concert, struct problem *problem)
{
    if (concert->waitlist)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_NOT_OFFERED, "This concert keeps no wait lists");
}

/* By what the user has by now: an offer asks again. */
static enum error
check_limit(struct services *services, const struct waitlist_join *join, struct problem *problem)
{
    const struct concert *concert = &join->offer.concert;
    struct quota_state has;
    if (quota_find(services, concert, join->user_id, concert->now, &has, problem) != ERROR_NONE)
        return problem->error;
    if (!concert->has_seat_limit || has.seats + join->count <= concert->max_seats_per_user)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_SEAT_LIMIT_REACHED,
                          "A user may have %d seats of this concert and has %d already",
                          concert->max_seats_per_user, has.seats);
}

enum error
waitlist_join_precheck(struct services *services, void *state, struct problem *problem)
{
    struct waitlist_join *join = state;
    const struct concert *concert = &join->offer.concert;
    struct item *item = &join->offer.item;
    bool has_held;
    enum db_result result =
        concert_table_find_with_item(services->db, join->concert_id, join->item_id, join->user_id,
                                     &join->offer.concert, item, &has_held);
    if (concert_refuse(problem, result) != ERROR_NONE ||
        concert_require_service(concert, problem) != ERROR_NONE ||
        concert_require_open(concert, concert->now, problem) != ERROR_NONE ||
        concert_require_item(item, problem) != ERROR_NONE ||
        reservation_require_item_open(item, concert->now, problem) != ERROR_NONE ||
        require_list(concert, problem) != ERROR_NONE)
        return problem->error;
    return check_limit(services, join, problem);
}

/* The entry that the user has is found again by the same wish. */
static enum error
require_same_wish(const struct waitlist_join *join, struct problem *problem)
{
    const struct waitlist_entry *entry = &join->entry;
    if (entry->seat_count == join->count && entry->max_price == join->max_price &&
        strcmp(entry->section, join->section) == 0)
        return ERROR_NONE;
    return refuse(problem, ERROR_ALREADY_WAITING);
}

/* Under the lock of the item's row: nothing comes back meanwhile. */
static enum error
require_sold_out(struct services *services, const struct item *item,
                 const struct waitlist_entry *entry, struct problem *problem)
{
    const struct hall_wish wish = {.section = entry->section, .max_price = entry->max_price};
    int32_t seats, available;
    enum db_result result = hall_count(services, item, &wish, &seats, &available);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (seats < entry->seat_count)
        return refuse(problem, ERROR_SEATS_NOT_AVAILABLE);
    if (available >= entry->seat_count)
        return refuse(problem, ERROR_SEATS_AVAILABLE);
    if (item->waiting >= WAITLIST_MAX)
        return refuse_because(problem, ERROR_QUEUE_FULL, "%d wait for this item already",
                              (int)item->waiting);
    return ERROR_NONE;
}

enum error
waitlist_join_execute(struct services *services, void *state, struct problem *problem)
{
    struct waitlist_join *join = state;
    struct waitlist_entry *entry = &join->entry;
    struct database *db = services->db;
    struct item *item = &join->offer.item;
    int64_t now;
    enum db_result result = waitlist_table_lock_item(db, join->item_id, &item->waiting, &now);
    if (result == DB_OK)
        result = waitlist_table_find_waiting(db, join->user_id, join->item_id, entry);
    if (result == DB_OK)
        return require_same_wish(join, problem);
    if (result != DB_NONE)
        return refuse_db(problem, result);
    *entry = (struct waitlist_entry){
        .concert_id = join->concert_id,
        .item_id = join->item_id,
        .seat_count = join->count,
        .max_price = join->max_price,
        .status = WAITLIST_WAITING,
        .created_at = now,
        .position = item->waiting + 1,
    };
    snprintf(entry->user_id, sizeof entry->user_id, "%s", join->user_id);
    snprintf(entry->section, sizeof entry->section, "%s", join->section);
    if (require_sold_out(services, item, entry, problem) != ERROR_NONE)
        return problem->error;
    result = waitlist_table_insert(db, entry);
    if (result == DB_OK)
        result = waitlist_table_add_waiting(db, join->item_id, 1);
    return refuse_db(problem, result);
}

/* An id that a crash rolled back may have been given again: the row must be ours. */
enum db_result
waitlist_join_was_committed(struct services *services, void *state)
{
    const struct waitlist_entry *made = &((struct waitlist_join *)state)->entry;
    struct waitlist_entry found;
    enum db_result result = waitlist_table_lock(services->db, made->entry_id, &found);
    if (result != DB_OK)
        return result;
    bool ours = strcmp(found.user_id, made->user_id) == 0 && found.item_id == made->item_id &&
                found.created_at == made->created_at;
    return ours ? DB_OK : DB_NONE;
}

int64_t
waitlist_join_id(const void *state)
{
    return ((const struct waitlist_join *)state)->entry.entry_id;
}

/* ---- leaving ---- */

static enum error
find_waiting(struct services *services, struct waitlist_leave *leave, struct problem *problem)
{
    enum db_result result =
        waitlist_table_find_waiting(services->db, leave->user_id, leave->item_id, &leave->entry);
    if (result == DB_NONE)
        return refuse(problem, ERROR_WAITLIST_ENTRY_NOT_FOUND);
    return refuse_db(problem, result);
}

enum error
waitlist_leave_precheck(struct services *services, void *state, struct problem *problem)
{
    struct waitlist_leave *leave = state;
    struct concert concert;
    if (find_waiting(services, leave, problem) != ERROR_NONE ||
        concert_find(services->db, leave->entry.concert_id, &concert, problem) != ERROR_NONE)
        return problem->error;
    return concert_require_service(&concert, problem);
}

enum error
waitlist_leave_execute(struct services *services, void *state, struct problem *problem)
{
    struct waitlist_leave *leave = state;
    struct database *db = services->db;
    int32_t waiting;
    int64_t now;
    enum db_result result = waitlist_table_lock_item(db, leave->item_id, &waiting, &now);
    if (refuse_db(problem, result) != ERROR_NONE ||
        find_waiting(services, leave, problem) != ERROR_NONE)
        return problem->error;
    result = waitlist_table_settle(db, leave->entry.entry_id, WAITLIST_LEFT, 0, now);
    if (result == DB_OK)
        result = waitlist_table_add_waiting(db, leave->item_id, -1);
    return refuse_db(problem, result);
}

enum db_result
waitlist_leave_was_committed(struct services *services, void *state)
{
    struct waitlist_entry found;
    enum db_result result =
        waitlist_table_lock(services->db, ((struct waitlist_leave *)state)->entry.entry_id, &found);
    if (result != DB_OK)
        return result;
    return found.status == WAITLIST_LEFT ? DB_OK : DB_NONE;
}

/* ---- what is shown ---- */

const char *
waitlist_status_name(const struct waitlist_entry *entry)
{
    static const char *const names[] = {
        [WAITLIST_OTHER] = "other", [WAITLIST_WAITING] = "waiting", [WAITLIST_OFFERED] = "offered",
        [WAITLIST_LEFT] = "left",   [WAITLIST_ENDED] = "ended",
    };
    if (entry->status == WAITLIST_WAITING && entry->is_over)
        return names[WAITLIST_ENDED];
    if (entry->status != WAITLIST_OFFERED || entry->hold_status == RESERVATION_HELD)
        return names[entry->status];
    return reservation_status_name(entry->hold_status);
}

enum error
waitlist_list(struct services *services, const char *user_id, int64_t before, int32_t limit,
              struct waitlist_entry *list, size_t *count, struct problem *problem)
{
    return refuse_db(problem,
                     waitlist_table_list(services->db, user_id, before, limit, list, count));
}

/* ---- what comes back ---- */

enum db_result
waitlist_free_seats(struct services *services, const struct reservation *reservation,
                    const struct seat *seats, size_t count)
{
    int32_t item_id = reservation->item_id, waiting, ids[SEATS_AT_ONCE];
    size_t freed = 0;
    enum db_result result =
        seat_table_free(services->db, item_id, seats, count, reservation->reservation_id);
    for (size_t i = 0; i < count; i++)
        if (seats[i].reservation_id == reservation->reservation_id)
            ids[freed++] = seats[i].seat_id;
    if (result != DB_OK || !reservation->concert_waitlist || freed == 0)
        return result;
    result = waitlist_table_share_item(services->db, item_id, &waiting);
    if (result != DB_OK || waiting == 0)
        return result;
    return waitlist_table_keep(services->db, item_id, ids, freed);
}

/* ---- offers ---- */

/* Seats that are looked at together, and as candidates of one wish. */
struct seat_pool {
    bool is_read;
    struct waitlist_seat *seats;
    size_t count;
};

static enum db_result
read_pool(struct database *db, int32_t item_id, bool free_too, struct seat_pool *pool)
{
    struct waitlist_seat seat;
    size_t capacity = 0;
    pool->is_read = true;
    enum db_result result = waitlist_table_list_seats(db, item_id, free_too, &seat);
    while (result == DB_OK && (result = db_next(db)) == DB_OK) {
        if (pool->count == capacity) {
            capacity = capacity > 0 ? 2 * capacity : SEATS_AT_ONCE;
            pool->seats = realloc(pool->seats, capacity * sizeof pool->seats[0]);
            if (pool->seats == NULL)
                log_abort("no memory");
        }
        pool->seats[pool->count++] = seat;
    }
    return result == DB_NONE ? DB_OK : result;
}

/* Chooses the best seats for an entry, as best available does; false where they do not suffice. */
static bool
choose_seats(const struct seat_pool *pool, const struct waitlist_entry *entry,
             int32_t ids[SEATS_AT_ONCE])
{
    const struct hall_wish wish = {.section = entry->section, .max_price = entry->max_price};
    size_t count = 0;
    struct candidate *candidates = malloc((pool->count + 1) * sizeof candidates[0]);
    if (candidates == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < pool->count; i++) {
        const struct waitlist_seat *seat = &pool->seats[i];
        if (seat->price <= wish.max_price &&
            (wish.section[0] == '\0' ? !seat->standing : strcmp(wish.section, seat->section) == 0))
            candidates[count++] = (struct candidate){seat->seat_id, seat->rank, seat->row, true};
    }
    seating_sort(candidates, count);
    bool chosen = seating_choose(candidates, count, entry->seat_count, ids);
    free(candidates);
    return chosen;
}

/* One step of waitlist_settle(): an offer, or what is left. */
struct settle {
    int32_t item_id;
    int64_t since; /* who was passed after this is not asked again */

    struct offer offer;
    bool rests;                  /* nothing is kept, or nobody can buy now */
    bool is_over;                /* nor ever again */
    struct waitlist_entry entry; /* whose turn it is; entry_id 0: nobody's */

    /* what was done */
    bool is_last;
    bool is_offered;
    int64_t freed;
    int32_t ended;
    struct reservation_create create;
};

/* Whose turn it is, and with which seats. Those that are free join in where more than one is asked.
 */
static enum db_result
find_next(struct services *services, struct settle *settle, int32_t ids[SEATS_AT_ONCE])
{
    struct database *db = services->db;
    struct waitlist_entry list[ENTRIES_AT_ONCE];
    struct seat_pool kept = {0}, all = {0};
    size_t count = ENTRIES_AT_ONCE;
    int64_t after = 0;
    bool chosen = false;
    settle->entry.entry_id = 0;
    enum db_result result = read_pool(db, settle->item_id, false, &kept);
    while (result == DB_OK && !chosen && kept.count > 0 && count == ENTRIES_AT_ONCE) {
        result = waitlist_table_list_next(db, settle->item_id, after, settle->since,
                                          ENTRIES_AT_ONCE, list, &count);
        for (size_t i = 0; result == DB_OK && !chosen && i < count; i++) {
            chosen = choose_seats(&kept, &list[i], ids);
            if (!chosen && list[i].seat_count > 1) {
                if (!all.is_read)
                    result = read_pool(db, settle->item_id, true, &all);
                chosen = choose_seats(&all, &list[i], ids);
            }
            settle->entry = list[i];
            after = list[i].entry_id;
        }
    }
    if (!chosen)
        settle->entry.entry_id = 0;
    settle->rests = kept.count == 0;
    free(kept.seats);
    free(all.seats);
    return result;
}

static enum error
settle_precheck(struct services *services, void *state, struct problem *problem)
{
    struct settle *settle = state;
    struct concert *concert = &settle->offer.concert;
    struct item *item = &settle->offer.item;
    int32_t ids[SEATS_AT_ONCE];
    enum db_result result = concert_table_item(services->db, settle->item_id, item);
    if (result == DB_OK)
        result = concert_table_find(services->db, item->concert_id, concert);
    if (result != DB_OK)
        return refuse_db(problem, result == DB_NONE ? DB_FAILED : result);
    settle->is_over = !concert->waitlist || concert->stored == STORED_CANCELLED ||
                      item->status == ITEM_CANCELLED || concert->now >= item->starts_at;
    settle->rests = !settle->is_over &&
                    (concert->maintenance || concert_status(concert, concert->now) != CONCERT_OPEN);
    settle->entry.entry_id = 0;
    if (settle->is_over || settle->rests)
        return ERROR_NONE;
    return refuse_db(problem, find_next(services, settle, ids));
}

static enum db_result
lock_user(struct services *services, const struct settle *settle)
{
    const struct concert *concert = &settle->offer.concert;
    struct concert_user user = {concert->concert_id, settle->entry.user_id};
    bool is_needed = settle->entry.entry_id != 0 && concert->has_seat_limit;
    return quota_lock(services, &user, is_needed ? 1 : 0);
}

/* Nothing fits anybody, or nobody can buy it any more. */
static enum error
end_settle(struct services *services, struct settle *settle, int32_t waiting, int64_t now,
           struct problem *problem)
{
    enum db_result result = waitlist_table_release(services->db, settle->item_id, &settle->freed);
    if (result == DB_OK && settle->is_over && waiting > 0) {
        result = waitlist_table_end_all(services->db, settle->item_id, now);
        settle->ended = waiting;
    }
    settle->is_last = true;
    return refuse_db(problem, result);
}

/* Of the chosen seats all are ours now and as they were read; else the whole is tried again. */
static enum error
lock_seats(struct services *services, struct settle *settle, const int32_t *ids,
           struct seat seats[SEATS_AT_ONCE], int64_t *now, struct problem *problem)
{
    const struct waitlist_entry *entry = &settle->entry;
    const struct hall_wish wish = {.section = entry->section, .max_price = entry->max_price};
    size_t found, wanted = (size_t)entry->seat_count;
    enum db_result result =
        seat_table_lock_free(services->db, settle->item_id, ids, wanted, seats, &found, now);
    if (result != DB_OK)
        return refuse_db(problem, result);
    bool all = found == wanted;
    for (size_t i = 0; i < found; i++)
        all =
            all && !seats[i].blocked && seats[i].reservation_id == 0 && hall_fits(&wish, &seats[i]);
    return all ? ERROR_NONE : refuse(problem, ERROR_BUSY);
}

/* The hold has a token of its own, so that it can be paid although the concert has a queue. */
static enum db_result
write_offer(struct services *services, struct settle *settle, const int32_t *ids,
            const struct seat *seats, int64_t now)
{
    const struct waitlist_entry *entry = &settle->entry;
    struct reservation_create *create = &settle->create;
    struct reservation *made = &create->made;
    size_t count = (size_t)entry->seat_count;
    *create = (struct reservation_create){
        .user_id = entry->user_id,
        .concert_id = entry->concert_id,
        .item_id = entry->item_id,
        .seat_count = count,
        .offer = &settle->offer,
    };
    reservation_create_fill(create, seats, now);
    made->expires_at = now + (int64_t)settle->offer.concert.waitlist_seconds * 1000;
    if (made->expires_at > settle->offer.item.starts_at)
        made->expires_at = settle->offer.item.starts_at;
    made->has_token = true;
    random_fill(made->token, TOKEN_SIZE);
    enum db_result result = reservation_create_write(services, create, seats);
    if (result == DB_OK)
        result = waitlist_table_settle(services->db, entry->entry_id, WAITLIST_OFFERED,
                                       made->reservation_id, now);
    if (result == DB_OK)
        result = waitlist_table_add_waiting(services->db, entry->item_id, -1);
    if (result == DB_OK)
        result = waitlist_table_forget(services->db, entry->item_id, ids, count);
    event_add_reservation(services, EVENT_WAITLIST_OFFERED, made);
    settle->is_offered = result == DB_OK;
    return result;
}

/* Who may not have so many is passed, and waits on. */
static enum error
offer_or_pass(struct services *services, struct settle *settle, const int32_t *ids,
              struct problem *problem)
{
    const struct waitlist_entry *entry = &settle->entry;
    struct seat seats[SEATS_AT_ONCE];
    int64_t now;
    if (lock_seats(services, settle, ids, seats, &now, problem) != ERROR_NONE)
        return problem->error;
    switch (quota_check(services, &settle->offer.concert, entry->user_id, now,
                        (size_t)entry->seat_count, problem)) {
    case ERROR_NONE:
        return refuse_db(problem, write_offer(services, settle, ids, seats, now));
    case ERROR_SEAT_LIMIT_REACHED:
    case ERROR_TOO_MANY_UNPAID:
        return refuse_db(problem, waitlist_table_pass(services->db, entry->entry_id, now));
    default:
        return problem->error;
    }
}

/* Whose turn it is was found without a lock, as a user's mutex comes first; it may have changed. */
static enum error
settle_execute(struct services *services, void *state, struct problem *problem)
{
    struct settle *settle = state;
    const struct waitlist_entry expected = settle->entry;
    int32_t waiting, ids[SEATS_AT_ONCE];
    int64_t now;
    settle->is_last = settle->is_offered = false;
    settle->freed = settle->ended = 0;
    if (settle->rests) {
        settle->is_last = true;
        return ERROR_NONE;
    }
    enum db_result result = lock_user(services, settle);
    if (result == DB_OK)
        result = waitlist_table_lock_item(services->db, settle->item_id, &waiting, &now);
    if (result == DB_OK && !settle->is_over)
        result = find_next(services, settle, ids);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (settle->entry.entry_id == 0)
        return end_settle(services, settle, waiting, now, problem);
    if (settle->entry.entry_id != expected.entry_id)
        return refuse(problem, ERROR_BUSY);
    return offer_or_pass(services, settle, ids, problem);
}

/* Tried again it finds what is left to do; the item's row is waited for. */
static enum db_result
settle_was_committed(struct services *services, void *state)
{
    (void)services;
    (void)state;
    return DB_NONE;
}

static void
count_offer(const void *state, struct tally *tally)
{
    const struct settle *settle = state;
    if (settle->is_offered)
        reservation_create_count(&settle->create, tally);
}

static enum error
apply(struct services *services, struct effect *effect, struct problem *problem)
{
    struct buffer body = {0};
    bool replayed;
    effect->caller = "";
    effect->deadline = clock_monotonic() + PATIENCE_MS;
    enum error error = effect_apply(services, effect, &body, &replayed, problem);
    buffer_free(&body);
    return error;
}

enum error
waitlist_settle(struct services *services, int32_t item_id, struct waitlist_report *report,
                struct problem *problem)
{
    struct settle settle = {.item_id = item_id};
    struct effect effect = {
        .state = &settle,
        .precheck = settle_precheck,
        .execute = settle_execute,
        .was_committed = settle_was_committed,
        .count = count_offer,
    };
    enum error error = refuse_db(problem, db_now(services->db, &settle.since));
    while (error == ERROR_NONE && !settle.is_last) {
        error = apply(services, &effect, problem);
        if (error != ERROR_NONE)
            break;
        report->offers += settle.is_offered;
        report->ended += settle.ended;
    }
    if (settle.freed > 0 && services->shared != NULL)
        sold_out_release(&services->shared->sold_out, item_id);
    report->busy += error == ERROR_BUSY;
    report->failed += error != ERROR_NONE && error != ERROR_BUSY;
    return error;
}

enum db_result
waitlist_sweep(struct services *services, struct waitlist_report *report)
{
    struct problem problem;
    int32_t item_id = 0;
    enum db_result result;
    while ((result = waitlist_table_next_due(services->db, item_id, &item_id)) == DB_OK) {
        if (waitlist_settle(services, item_id, report, &problem) == ERROR_NONE)
            continue;
        log_warn("the wait list of item %d was left: %s", (int)item_id, error_code(problem.error));
        if (problem.error == ERROR_MYSQL_UNAVAILABLE)
            return DB_GONE;
    }
    return result == DB_NONE ? DB_OK : result;
}

/* ---- a user who is forgotten ---- */

struct erase {
    const char *user_id;
    int32_t item_id;
};

static enum error
erase_execute(struct services *services, void *state, struct problem *problem)
{
    const struct erase *erase = state;
    int32_t waiting, removed;
    int64_t now;
    enum db_result result = waitlist_table_lock_item(services->db, erase->item_id, &waiting, &now);
    if (result == DB_OK)
        result = waitlist_table_remove(services->db, erase->user_id, erase->item_id, &removed);
    if (result == DB_OK && removed > 0)
        result = waitlist_table_add_waiting(services->db, erase->item_id, -removed);
    return refuse_db(problem, result);
}

enum error
waitlist_erase(struct services *services, const char *user_id, struct problem *problem)
{
    struct erase erase = {.user_id = user_id};
    struct effect effect = {
        .state = &erase,
        .execute = erase_execute,
        .was_committed = settle_was_committed, /* it is done as often as one likes */
    };
    enum db_result result;
    while ((result = waitlist_table_next_item(services->db, user_id, erase.item_id,
                                              &erase.item_id)) == DB_OK)
        if (apply(services, &effect, problem) != ERROR_NONE)
            return problem->error;
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}
