#include "domain/sale/payment.h"

#include <stdio.h>
#include <string.h>

#include "domain/event.h"
#include "domain/queue/queue.h"
#include "domain/sale/payment_create.h"
#include "domain/sale/point.h"
#include "domain/sale/quota.h"

/*
 * Nobody gets a token for a closed concert, or between a presale and the opening: a hold that was
 * made without one is paid without.
 */
static bool
needs_token(const struct payment_create *create, int64_t now)
{
    enum concert_status status = concert_status(&create->concert, now);
    bool gives_none = status == CONCERT_CLOSED ||
                      (status == CONCERT_SCHEDULED && create->reservation.presale_id != 0);
    return create->reservation.has_token || !gives_none;
}

/* That the token is missing is said first, unless what is to be paid is found to need none. */
enum error
payment_create_check(struct payment_create *create, enum db_result result, struct problem *problem)
{
    enum error error =
        reservation_check_owner(result, &create->reservation, create->user_id, problem);
    create->found = error == ERROR_NONE;
    bool is_known = create->found || error_status(error) < 500;
    if (create->token == NULL && is_known &&
        (!create->found || needs_token(create, create->concert.now)))
        return refuse(problem, ERROR_TOKEN_MISSING);
    return error == ERROR_NONE ? concert_require_service(&create->concert, problem) : error;
}

enum error
payment_create_precheck(struct services *services, void *state, struct problem *problem)
{
    struct payment_create *create = state;
    enum db_result result = reservation_table_find_with_concert(
        services->db, create->reservation_id, &create->reservation, &create->concert);
    return payment_create_check(create, result, problem);
}

bool
payment_create_needs_mutex(const struct payment_create *create)
{
    return create->concert.has_seat_limit || create->reservation.has_seat_limit ||
           create->reservation.presale_id != 0;
}

enum error
payment_create_check_held(const struct payment_create *create, int64_t now, struct problem *problem)
{
    const struct reservation *reservation = &create->reservation;
    switch (reservation_shown(reservation, reservation->is_cancelled, now)) {
    case RESERVATION_HELD:
        return ERROR_NONE;
    case RESERVATION_PAID:
        return refuse(problem, ERROR_ALREADY_PAID);
    case RESERVATION_CANCELLED:
        return refuse(problem, ERROR_RESERVATION_CANCELLED);
    case RESERVATION_EXPIRED:
    case RESERVATION_OTHER:
        break;
    }
    return refuse(problem, ERROR_HOLD_EXPIRED);
}

enum error
payment_create_check_token(struct payment_create *create, int64_t now, struct problem *problem)
{
    const struct reservation *reservation = &create->reservation;
    int32_t concert_id;
    create->takes_token = needs_token(create, now);
    create->takes_any_token = create->takes_token && !reservation->has_token;
    if (!create->takes_token)
        return ERROR_NONE;
    /* it needed none when the concert was looked at, by an earlier clock */
    if (create->token == NULL)
        return refuse(problem, ERROR_TOKEN_MISSING);
    if (!queue_read_token(create->token, &concert_id, create->token_bytes) ||
        concert_id != reservation->concert_id)
        return refuse(problem, ERROR_TOKEN_INVALID);
    if (reservation->has_token && memcmp(reservation->token, create->token_bytes, TOKEN_SIZE) != 0)
        return refuse(problem, ERROR_TOKEN_INVALID);
    return ERROR_NONE;
}

bool
payment_create_fits_token(const struct payment_create *create, const struct token_row *row)
{
    return token_is_live(row) && row->concert_id == create->reservation.concert_id &&
           strcmp(row->user_id, create->user_id) == 0;
}

void
payment_create_fill(struct payment_create *create, int64_t now)
{
    create->made = (struct payment){
        .reservation_id = create->reservation.reservation_id,
        .amount = create->reservation.total_price,
        .status = PAYMENT_PAID,
        .paid_at = now,
    };
    snprintf(create->made.user_id, sizeof create->made.user_id, "%s", create->user_id);
}

static enum error
lock_user(struct services *services, const struct payment_create *create, struct problem *problem)
{
    struct concert_user user = {create->reservation.concert_id, create->user_id};
    size_t count = payment_create_needs_mutex(create) ? 1 : 0;
    return refuse_db(problem, quota_lock(services, &user, count));
}

static enum error
check_token(struct services *services, struct payment_create *create, int64_t now,
            struct problem *problem)
{
    struct token_row row;
    if (payment_create_check_token(create, now, problem) != ERROR_NONE)
        return problem->error;
    if (!create->takes_any_token)
        return ERROR_NONE;
    enum db_result result = token_table_find(services->db, create->token_bytes, &row);
    if (result == DB_NONE || (result == DB_OK && !payment_create_fits_token(create, &row)))
        return refuse(problem, ERROR_TOKEN_INVALID);
    return refuse_db(problem, result);
}

/* The token ends only where a queue is kept; a place that is only waited for goes on. */
static enum db_result
write_payment(struct services *services, struct payment_create *create, int64_t now)
{
    struct payment *made = &create->made;
    payment_create_fill(create, now);
    create->ends_token = false;
    event_add_payment(services, &create->reservation);
    enum db_result result = payment_table_insert(services->db, &made, 1, 0);
    if (result != DB_OK || !create->takes_token || !create->concert.queued)
        return result;
    return token_table_end_active(services->db, create->token_bytes, &create->ends_token);
}

/*
 * Not all seats could be sold. Either the hold was over, and the next buyer has some of them, or
 * its owner gave some back since it was read: then it is looked at anew.
 */
static enum error
refuse_unsold(struct services *services, struct reservation *reservation, struct problem *problem)
{
    bool none_sold = db_changed_rows(services->db) == 0;
    struct reservation again;
    int64_t now;
    enum db_result result =
        reservation_table_find(services->db, reservation->reservation_id, &again, &now);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (again.seat_count != reservation->seat_count)
        return refuse(problem, ERROR_BUSY);
    if (none_sold && reservation_lose_seat(services, reservation, problem) != ERROR_NONE)
        return problem->error;
    return refuse(problem, ERROR_HOLD_EXPIRED);
}

/*
 * The story of a sale's second half: the reservation becomes paid, its seats sold, a payment says
 * so, and the points move. Lock order: the user's mutex, reservation, seats, slots and code of a
 * presale, token, point row. The hold is judged when the reservation is locked, and again after the
 * last lock, which may have been waited for: nobody shall see a hold expired and then paid.
 */
enum error
payment_create_execute(struct services *services, void *state, struct problem *problem)
{
    struct payment_create *create = state;
    struct reservation *reservation = &create->reservation;
    const struct reservation *sold = reservation;
    struct point_entry entry = {
        .kind = POINT_PAYMENT,
        .reservation_id = reservation->reservation_id,
    };
    int64_t now;
    if (lock_user(services, create, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = reservation_table_lock_hold(services->db, reservation, &now);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (payment_create_check_held(create, now, problem) != ERROR_NONE ||
        check_token(services, create, now, problem) != ERROR_NONE)
        return problem->error;

    result = reservation_table_sell(services->db, &sold, 1, now);
    if (result == DB_NONE)
        return refuse_unsold(services, reservation, problem);
    if (result == DB_OK)
        result = presale_sell(services, reservation, now);
    if (result == DB_NONE)
        return refuse(problem, ERROR_HOLD_EXPIRED);
    if (result == DB_OK)
        result = write_payment(services, create, now);
    if (result != DB_OK)
        return refuse_db(problem, result);

    int64_t price = reservation->total_price;
    if (point_move(services, create->user_id, -price, &entry, problem) != ERROR_NONE)
        return problem->error;
    create->balance = entry.balance_after;
    if (entry.created_at >= reservation->expires_at)
        return refuse(problem, ERROR_HOLD_EXPIRED);
    return ERROR_NONE;
}

enum db_result
payment_create_was_committed(struct services *services, void *state)
{
    const struct payment *made = &((struct payment_create *)state)->made;
    struct payment found;
    enum db_result result = payment_table_lock(services->db, made->reservation_id, &found);
    if (result != DB_OK)
        return result;
    bool ours = found.payment_id == made->payment_id && found.paid_at == made->paid_at;
    return ours ? DB_OK : DB_NONE;
}

int64_t
payment_create_id(const void *state)
{
    return ((const struct payment_create *)state)->made.payment_id;
}

void
payment_create_count(const void *state, struct tally *tally)
{
    tally_add(tally, TALLY_PAYMENTS, 1);
    tally_add(tally, TALLY_POINTS_PAID, ((const struct payment_create *)state)->made.amount);
}

void
payment_create_finish(struct services *services, const struct payment_create *create)
{
    if (create->ends_token)
        queue_finish(services, create->reservation.concert_id, create->token_bytes);
}

void
payment_create_refused(struct services *services, const struct payment_create *create)
{
    if (create->found && create->token != NULL)
        queue_renew(services, &create->concert, create->user_id, create->token);
}

const char *
payment_status_name(enum payment_status status)
{
    static const char *const names[] = {
        [PAYMENT_OTHER] = "other",
        [PAYMENT_PAID] = "paid",
        [PAYMENT_REFUNDED] = "refunded",
    };
    return names[status];
}

const char *
payment_method_name(enum payment_method method)
{
    static const char *const names[] = {
        [PAID_OTHER] = "other",
        [PAID_POINTS] = "points",
        [PAID_BOX_OFFICE] = "box_office",
        [PAID_GUEST] = "guest",
    };
    return names[method];
}

bool
payment_exists(const struct payment *payment)
{
    return payment->payment_id != 0 || payment->method != PAID_POINTS;
}

enum error
payment_list(struct services *services, const char *user_id, int64_t before, int32_t limit,
             struct payment *list, size_t *count, struct problem *problem)
{
    return refuse_db(problem,
                     payment_table_list(services->db, user_id, before, limit, list, count));
}
