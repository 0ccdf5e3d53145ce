#include "domain/sale/reservation.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/shared.h"
#include "domain/concert/refund_rules.h"
#include "domain/event.h"
#include "domain/sale/point.h"
#include "domain/sale/seat_return.h"
#include "domain/sale/ticket.h"
#include "domain/sale/waitlist.h"
#include "mysql/sale/idempotency_table.h"

enum {
    DAY_S = 24 * 3600,
    REPEATED_SOON_S = 10, /* more than a call takes, and what is found before its end is kept */
};

/* Of an unpaid hold. `given_back_at` is when its owner did so, CLOCK_NEVER: an operator did. */
static enum error
release(struct services *services, struct reservation *reservation, int64_t given_back_at,
        struct problem *problem)
{
    enum db_result result = waitlist_free_seats(services, reservation, reservation->seats,
                                                (size_t)reservation->seat_count);
    if (result == DB_OK)
        result = presale_give_back(services, reservation, (size_t)reservation->seat_count);
    if (result == DB_OK)
        result =
            reservation_table_set_status(services->db, reservation->reservation_id,
                                         RESERVATION_HELD, RESERVATION_CANCELLED, given_back_at);
    reservation->status = RESERVATION_CANCELLED;
    event_add_reservation(services, EVENT_RESERVATION_CANCELLED, reservation);
    return refuse_db(problem, result);
}

struct rate_limit
reservation_refund_limit(const struct services *services)
{
    int32_t max = services->config->refunds_per_day;
    return (struct rate_limit){.name = max > 0 ? "refunds" : NULL, .quota = max, .window_s = DAY_S};
}

/* When one more than `skipped` refunds of a day is possible again; CLOCK_NEVER: it is. */
static enum error
find_refund_pause(struct services *services, const char *user_id, int64_t now, int32_t skipped,
                  int64_t *until, struct problem *problem)
{
    int64_t day_ms = (int64_t)DAY_S * 1000, asked_at;
    *until = CLOCK_NEVER;
    enum db_result result =
        payment_table_refund_asked(services->db, user_id, now - day_ms, skipped, &asked_at);
    if (result == DB_OK)
        *until = asked_at + day_ms;
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}

/*
 * So many refunds of who paid in a day, the one that is under way included. Its purse is locked, so
 * that two at once see each other.
 */
static enum error
check_refunds(struct services *services, const char *user_id, int64_t now, struct problem *problem)
{
    int32_t max = services->config->refunds_per_day;
    int64_t until;
    if (max == 0)
        return ERROR_NONE;
    enum error error = find_refund_pause(services, user_id, now, max, &until, problem);
    if (error != ERROR_NONE || until == CLOCK_NEVER)
        return error;
    refuse_because(problem, ERROR_RATE_LIMITED, "At most %d refunds in 24 hours", (int)max);
    problem->retry_after = (int)((until - now + 999) / 1000);
    problem->limit = reservation_refund_limit(services);
    return ERROR_RATE_LIMITED;
}

enum error
reservation_find_refund_pause(struct services *services, const char *user_id, int64_t *until,
                              struct problem *problem)
{
    int32_t max = services->config->refunds_per_day;
    int64_t now;
    *until = CLOCK_NEVER;
    if (max == 0)
        return ERROR_NONE;
    enum db_result result = db_now(services->db, &now);
    if (result != DB_OK)
        return refuse_db(problem, result);
    return find_refund_pause(services, user_id, now, max - 1, until, problem);
}

/* What the owner of a paid one may have back now. */
static enum error
find_percent(struct services *services, const struct reservation *reservation, int64_t now,
             int32_t *percent, struct problem *problem)
{
    struct item item;
    enum db_result result = concert_table_item(services->db, reservation->item_id, &item);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (item.status == ITEM_CANCELLED)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE,
                              "The item is cancelled: its buyers get all points back");
    if (now >= item.starts_at)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "The item has started");
    return refund_rules_percent(services, reservation->concert_id, reservation->settled_at,
                                item.starts_at, now, percent, problem);
}

/* Whether it names seats, and others are kept; or seats that the reservation does not have. */
static bool
is_of_some(const struct reservation_cancel *cancel)
{
    struct reservation_split split;
    reservation_split(&cancel->reservation, cancel->seat_ids, cancel->seat_count, &split);
    return cancel->seat_count > 0 &&
           (split.kept_count > 0 || split.leaving_count < cancel->seat_count);
}

enum error
reservation_cancel_execute(struct services *services, void *state, struct problem *problem)
{
    struct reservation_cancel *cancel = state;
    struct reservation *reservation = &cancel->reservation;
    int64_t now;
    enum error error = reservation_lock(services, cancel->user_id, cancel->reservation_id,
                                        reservation, &now, problem);
    if (error != ERROR_NONE)
        return error;
    cancel->refunded = false;
    if (reservation->concert_maintenance)
        return refuse_maintenance(problem);
    if (reservation->status == RESERVATION_HELD)
        return is_of_some(cancel) ? seat_return_release(services, reservation, cancel->seat_ids,
                                                        cancel->seat_count, problem)
                                  : release(services, reservation, now, problem);
    if (reservation->status != RESERVATION_PAID)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "The reservation is %s",
                              reservation_status_name(reservation->status));
    cancel->refund = (struct refund){.asked_at = now};
    error = ticket_require_unused(services, reservation->reservation_id, cancel->seat_ids,
                                  cancel->seat_count, problem);
    if (error == ERROR_NONE)
        error = find_percent(services, reservation, now, &cancel->refund.percent, problem);
    if (error != ERROR_NONE)
        return error;
    error = refund_return_seats(services, reservation, cancel->seat_ids, cancel->seat_count,
                                &cancel->refund, problem);
    if (error == ERROR_NONE)
        error = refund_pay_back(services, reservation, &cancel->refund, problem);
    if (error != ERROR_NONE)
        return error;
    cancel->refunded = true;
    if (reservation->payer[0] != '\0' &&
        point_balance(services, cancel->user_id, &cancel->refund.balance, problem) != ERROR_NONE)
        return problem->error;
    return check_refunds(services, reservation_payer(reservation), now, problem);
}

enum db_result
reservation_cancel_was_committed(struct services *services, void *state)
{
    /* Nothing but a cancel makes a reservation cancelled: if it is, ours or a twin's was done. */
    const struct reservation_cancel *cancel = state;
    struct reservation found;
    if (cancel->reservation.status == RESERVATION_PAID)
        return refund_was_committed(services, &cancel->reservation, &cancel->refund.entry);
    if (cancel->reservation.status == RESERVATION_HELD)
        return seat_return_was_released(services, cancel->reservation_id, cancel->seat_ids,
                                        cancel->seat_count);
    enum db_result result = reservation_table_lock(services->db, cancel->reservation_id, &found);
    if (result != DB_OK)
        return result;
    return found.status == RESERVATION_CANCELLED ? DB_OK : DB_NONE;
}

int64_t
reservation_cancel_id(const void *state)
{
    return ((const struct reservation_cancel *)state)->reservation_id;
}

void
reservation_cancel_count(const void *state, struct tally *tally)
{
    const struct reservation_cancel *cancel = state;
    tally_add(tally, cancel->refunded ? TALLY_REFUNDS : TALLY_RELEASES, 1);
    if (cancel->refunded && cancel->reservation.method == PAID_POINTS)
        tally_add(tally, TALLY_POINTS_REFUNDED, cancel->refund.entry.amount);
}

void
reservation_seats_freed(struct services *services, const char *user_id,
                        const struct reservation *reservation, const char *key, bool repeated)
{
    struct reservation found = *reservation;
    int64_t effect_id;
    int64_t now;
    if (services->shared == NULL) /* tools: nobody shares what they find */
        return;
    if (repeated && (idempotency_table_find_effect(services->db, user_id, key, REPEATED_SOON_S,
                                                   &effect_id) != DB_OK ||
                     reservation_table_find(services->db, effect_id, &found, &now) != DB_OK))
        return;
    sold_out_release(&services->shared->sold_out, found.item_id);
    if (found.concert_waitlist) /* what fails is left to the sweeper */
        (void)!waitlist_settle(services, found.item_id, &(struct waitlist_report){0},
                               &(struct problem){0});
}

static enum error
lock_all(struct services *services, struct reservation_end *end, struct problem *problem)
{
    for (size_t i = 0; i < end->count; i++) {
        struct reservation_cancel *cancel = &end->list[i];
        cancel->refunded = cancel->released = false;
        enum db_result result =
            reservation_table_lock(services->db, cancel->reservation_id, &cancel->reservation);
        if (result != DB_OK)
            return refuse_db(problem, result);
    }
    return ERROR_NONE;
}

/* Those that are over, in whichever way, are left alone. */
static enum error
free_all(struct services *services, struct reservation_end *end, struct problem *problem)
{
    for (size_t i = 0; i < end->count; i++) {
        struct reservation_cancel *cancel = &end->list[i];
        const struct reservation stored = cancel->reservation;
        int64_t now;
        if (stored.status != RESERVATION_HELD && stored.status != RESERVATION_PAID)
            continue;
        enum error error = reservation_lock(services, stored.user_id, stored.reservation_id,
                                            &cancel->reservation, &now, problem);
        if (error != ERROR_NONE)
            return error;
        if (cancel->reservation.status == RESERVATION_EXPIRED)
            continue;
        cancel->refund = (struct refund){.percent = 100, .asked_at = CLOCK_NEVER};
        error = stored.status == RESERVATION_HELD
                    ? release(services, &cancel->reservation, CLOCK_NEVER, problem)
                    : refund_return_seats(services, &cancel->reservation, NULL, 0, &cancel->refund,
                                          problem);
        if (error != ERROR_NONE)
            return error;
        cancel->released = stored.status == RESERVATION_HELD;
        cancel->refunded = stored.status == RESERVATION_PAID;
    }
    return ERROR_NONE;
}

static int
compare_users(const void *a, const void *b)
{
    const struct reservation_cancel *left = *(struct reservation_cancel *const *)a;
    const struct reservation_cancel *right = *(struct reservation_cancel *const *)b;
    return strcmp(reservation_payer(&left->reservation), reservation_payer(&right->reservation));
}

/*
 * The purses are locked in the order of their owners, who paid: somebody else may end other ones of
 * theirs.
 */
enum error
reservation_end_execute(struct services *services, void *state, struct problem *problem)
{
    struct reservation_end *end = state;
    enum error error = lock_all(services, end, problem);
    if (error != ERROR_NONE)
        return error;
    error = free_all(services, end, problem);
    if (error != ERROR_NONE)
        return error;
    struct reservation_cancel *sorted[RESERVATIONS_AT_ONCE] = {NULL};
    for (size_t i = 0; i < end->count; i++)
        sorted[i] = &end->list[i];
    qsort(sorted, end->count, sizeof(struct reservation_cancel *), compare_users);
    for (size_t i = 0; i < end->count; i++) {
        if (sorted[i]->refunded)
            error = refund_pay_back(services, &sorted[i]->reservation, &sorted[i]->refund, problem);
        if (error != ERROR_NONE)
            return error;
    }
    return ERROR_NONE;
}

enum db_result
reservation_end_was_committed(struct services *services, void *state)
{
    /* One transaction wrote all: any one tells. */
    struct reservation_end *end = state;
    for (size_t i = 0; i < end->count; i++)
        if (end->list[i].released || end->list[i].refunded)
            return reservation_cancel_was_committed(services, &end->list[i]);
    return DB_OK;
}
