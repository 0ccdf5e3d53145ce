#include "domain/payment.h"

#include <stdio.h>
#include <string.h>

#include "domain/line.h"
#include "domain/point.h"

/* Nobody gets a token for a closed concert: a hold that was made without one is paid without. */
static bool
needs_token(const struct payment_create *create, int64_t now)
{
    return !create->reservation.without_token ||
           concert_status(&create->concert, now) != CONCERT_CLOSED;
}

/* That the token is missing is said first, unless what is to be paid is found to need none. */
enum error
payment_create_look(struct services *services, void *state, struct problem *problem)
{
    struct payment_create *create = state;
    struct reservation *reservation = &create->reservation;
    int64_t now;
    enum error error = reservation_read(services, create->user_id, create->reservation_id,
                                        reservation, &now, problem);
    if (error == ERROR_NONE)
        error = concert_find(services->db, reservation->concert_id, &create->concert, problem);
    bool is_known = error == ERROR_NONE || error_status(error) < 500;
    if (create->token == NULL && is_known && (error != ERROR_NONE || needs_token(create, now)))
        return refuse(problem, ERROR_TOKEN_MISSING);
    return error;
}

/*
 * Where a seat limit applies, a payment takes the user's mutex too. Otherwise a hold that lapses
 * while its payment is on the way to its COMMIT would not count for the user's next reservation,
 * and then be paid.
 */
static enum error
lock_user(struct services *services, const struct payment_create *create, struct problem *problem)
{
    if (create->concert.no_seat_limit && create->reservation.no_seat_limit)
        return ERROR_NONE;
    return refuse_db(problem, reservation_table_lock_user(
                                  services->db, create->reservation.concert_id, create->user_id));
}

static enum error
check_held(const struct reservation *reservation, struct problem *problem)
{
    switch (reservation->status) {
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

/*
 * A reservation made with a token is paid with that one, whatever has become of its lease; one
 * made without takes any live token of this user and concert, in a closed concert none. Only MySQL
 * is asked. A place that is only waited for goes on.
 */
static enum error
check_token(struct services *services, struct payment_create *create, int64_t now,
            struct token_row *row, struct problem *problem)
{
    const struct reservation *reservation = &create->reservation;
    int32_t concert_id;
    create->ends_token = false;
    if (!needs_token(create, now))
        return ERROR_NONE;
    if (!line_read_token(create->token, &concert_id, create->token_bytes) ||
        concert_id != reservation->concert_id)
        return refuse(problem, ERROR_TOKEN_INVALID);
    enum db_result result = token_table_find(services->db, create->token_bytes, row);
    if (result != DB_OK && result != DB_NONE)
        return refuse_db(problem, result);
    bool valid;
    if (reservation->without_token)
        valid = result == DB_OK && token_is_live(row) && row->concert_id == concert_id &&
                strcmp(row->user_id, create->user_id) == 0;
    else
        valid = memcmp(reservation->token, create->token_bytes, TOKEN_SIZE) == 0;
    create->ends_token = result == DB_OK && row->status != TOKEN_WAITING;
    return valid ? ERROR_NONE : refuse(problem, ERROR_TOKEN_INVALID);
}

/* A payment ends the token only where a line is kept. */
static enum error
end_token(struct services *services, struct payment_create *create, const struct token_row *row,
          struct problem *problem)
{
    create->ends_token = create->ends_token && !create->concert.no_line;
    if (!create->ends_token)
        return ERROR_NONE;
    return refuse_db(problem, token_table_end(services->db, row->kind, row->token, TOKEN_DONE));
}

/* The seats become sold, the reservation paid, and a payment says so. */
static enum error
write_sale(struct services *services, struct payment_create *create, int64_t now,
           struct problem *problem)
{
    const struct reservation *reservation = &create->reservation;
    create->made = (struct payment){
        .reservation_id = reservation->reservation_id,
        .amount = reservation->total_price,
        .status = PAYMENT_PAID,
        .paid_at = now,
    };
    snprintf(create->made.user_id, sizeof create->made.user_id, "%s", create->user_id);
    enum db_result result =
        seat_table_sell(services->db, reservation->item_id, reservation->seats,
                        (size_t)reservation->seat_count, reservation->reservation_id);
    if (result == DB_OK)
        result = reservation_table_set_status(services->db, reservation->reservation_id,
                                              RESERVATION_HELD, RESERVATION_PAID, now);
    if (result == DB_OK)
        result = payment_table_insert(services->db, &create->made);
    return refuse_db(problem, result);
}

/*
 * The story of a sale's second half. Lock order: the user's mutex, reservation, seats, token, point
 * row. The hold is judged when reservation and seats are locked, and again after the last lock,
 * which may have been waited for: nobody shall see a hold expired and then paid.
 */
enum error
payment_create_run(struct services *services, void *state, struct problem *problem)
{
    struct payment_create *create = state;
    struct reservation *reservation = &create->reservation;
    struct token_row row = {0};
    int64_t now = 0;
    enum error error = lock_user(services, create, problem);
    if (error == ERROR_NONE)
        error = reservation_lock(services, create->user_id, create->reservation_id, reservation,
                                 &now, problem);
    if (error == ERROR_NONE)
        error = check_held(reservation, problem);
    if (error == ERROR_NONE)
        error = check_token(services, create, now, &row, problem);
    if (error != ERROR_NONE)
        return error;

    struct point_entry entry = {
        .kind = POINT_PAYMENT,
        .reservation_id = reservation->reservation_id,
    };
    error = write_sale(services, create, now, problem);
    if (error == ERROR_NONE)
        error = end_token(services, create, &row, problem);
    if (error == ERROR_NONE)
        error = point_move(services, create->user_id, -reservation->total_price, &entry, problem);
    if (error == ERROR_NONE && entry.created_at >= reservation->expires_at)
        error = refuse(problem, ERROR_HOLD_EXPIRED);
    create->balance = entry.balance_after;
    return error;
}

enum db_result
payment_create_happened(struct services *services, void *state)
{
    const struct payment *made = &((struct payment_create *)state)->made;
    struct payment found;
    enum db_result result = payment_table_lock(services->db, made->reservation_id, &found);
    if (result != DB_OK)
        return result;
    bool ours = found.payment_id == made->payment_id && found.paid_at == made->paid_at;
    return ours ? DB_OK : DB_NONE;
}

int32_t
payment_create_id(const void *state)
{
    return ((const struct payment_create *)state)->made.payment_id;
}

void
payment_create_finish(struct services *services, const struct payment_create *create)
{
    if (create->ends_token)
        line_finish(services, create->reservation.concert_id, create->token_bytes);
}

void
payment_create_refused(struct services *services, const struct payment_create *create)
{
    bool looked = create->concert.concert_id != 0;
    if (looked && create->token != NULL)
        line_renew(services, &create->concert, create->user_id, create->token);
}
