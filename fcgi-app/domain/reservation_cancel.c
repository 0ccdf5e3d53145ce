#include "domain/reservation.h"

#include "domain/point.h"

static enum error
free_seats(struct services *services, struct reservation *reservation, struct problem *problem)
{
    int32_t ids[SEATS_AT_ONCE];
    reservation_seat_ids(reservation, ids);
    enum db_result result =
        seat_table_free(services->db, reservation->item_id, ids, (size_t)reservation->seat_count,
                        reservation->reservation_id);
    if (result == DB_OK)
        result = reservation_table_set_status(services->db, reservation->reservation_id,
                                              RESERVATION_CANCELLED);
    reservation->status = RESERVATION_CANCELLED;
    return refuse_db(problem, result);
}

/* The payment stays listed, as refunded; one refund row goes into the ledger. */
static enum error
refund(struct services *services, struct reservation_cancel *cancel, struct problem *problem)
{
    const struct reservation *reservation = &cancel->reservation;
    struct point_entry entry = {
        .kind = POINT_REFUND,
        .reservation_id = reservation->reservation_id,
    };
    enum error error =
        refuse_db(problem, payment_table_refund(services->db, reservation->reservation_id));
    if (error == ERROR_NONE)
        error =
            point_move(services, reservation->user_id, reservation->total_price, &entry, problem);
    cancel->refunded = true;
    cancel->refunded_amount = reservation->total_price;
    cancel->balance = entry.balance_after;
    return error;
}

/* Of a paid one. */
static enum error
give_back(struct services *services, struct reservation_cancel *cancel, struct problem *problem)
{
    enum error error = free_seats(services, &cancel->reservation, problem);
    return error == ERROR_NONE ? refund(services, cancel, problem) : error;
}

static enum error
check_not_started(struct services *services, int32_t item_id, int64_t now, struct problem *problem)
{
    struct item item;
    enum db_result result = concert_table_item(services->db, item_id, &item);
    if (result == DB_OK && now >= item.starts_at)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "The item has started");
    return refuse_db(problem, result);
}

enum error
reservation_cancel_run(struct services *services, void *state, struct problem *problem)
{
    struct reservation_cancel *cancel = state;
    struct reservation *reservation = &cancel->reservation;
    int64_t now;
    enum error error = reservation_lock(services, cancel->user_id, cancel->reservation_id,
                                        reservation, &now, problem);
    if (error != ERROR_NONE)
        return error;
    cancel->refunded = false;
    if (reservation->status == RESERVATION_HELD)
        return free_seats(services, reservation, problem);
    if (reservation->status != RESERVATION_PAID)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "The reservation is %s",
                              reservation_status_name(reservation->status));
    error = check_not_started(services, reservation->item_id, now, problem);
    return error == ERROR_NONE ? give_back(services, cancel, problem) : error;
}

enum error
reservation_end_run(struct services *services, void *state, struct problem *problem)
{
    struct reservation_cancel *cancel = state;
    struct reservation *reservation = &cancel->reservation;
    struct reservation stored;
    int64_t now;
    cancel->refunded = cancel->released = false;
    enum error error =
        refuse_db(problem, reservation_table_lock(services->db, cancel->reservation_id, &stored));
    if (error != ERROR_NONE ||
        (stored.status != RESERVATION_HELD && stored.status != RESERVATION_PAID))
        return error;
    error = reservation_lock(services, stored.user_id, cancel->reservation_id, reservation, &now,
                             problem);
    if (error != ERROR_NONE || reservation->status == RESERVATION_EXPIRED)
        return error;
    cancel->released = stored.status == RESERVATION_HELD;
    return cancel->released ? free_seats(services, reservation, problem)
                            : give_back(services, cancel, problem);
}

enum db_result
reservation_cancel_happened(struct services *services, void *state)
{
    /* Nothing but a cancel makes a reservation cancelled: if it is, ours or a twin's was done. */
    const struct reservation_cancel *cancel = state;
    struct reservation found;
    enum db_result result = reservation_table_lock(services->db, cancel->reservation_id, &found);
    if (result != DB_OK)
        return result;
    return found.status == RESERVATION_CANCELLED ? DB_OK : DB_NONE;
}

int32_t
reservation_cancel_id(const void *state)
{
    return ((const struct reservation_cancel *)state)->reservation_id;
}
