#include "domain/sale/refund.h"

#include <string.h>

#include "base/clock.h"
#include "domain/event.h"
#include "domain/sale/point.h"
#include "domain/sale/reservation.h"
#include "domain/sale/waitlist.h"
#include "mysql/sale/ticket_table.h"

enum { PERCENT = 100 };

static bool
is_among(const struct seat *seats, int32_t count, int32_t seat_id)
{
    for (int32_t i = 0; i < count; i++)
        if (seats[i].seat_id == seat_id)
            return true;
    return false;
}

/* All seats are there, before it is told that one of them went back. */
static enum error
check_seats(struct services *services, struct reservation *reservation, const int32_t *seat_ids,
            size_t count, struct problem *problem)
{
    int32_t returned = 0;
    if (reservation->refund_count > 0) {
        enum db_result result = reservation_table_returned_seats(services->db, reservation);
        if (result != DB_OK)
            return refuse_db(problem, result);
    }
    for (size_t i = 0; i < count; i++) {
        int32_t seat_id = seat_ids[i], kept = reservation->seat_count;
        if (is_among(reservation->seats + kept, reservation->returned_count, seat_id))
            returned = seat_id;
        else if (!is_among(reservation->seats, kept, seat_id))
            return refuse_because(problem, ERROR_SEAT_NOT_FOUND, "The order has no seat %d",
                                  (int)seat_id);
    }
    if (returned != 0)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "Seat %d was given back before",
                              (int)returned);
    return ERROR_NONE;
}

static enum db_result
end_reservation(struct services *services, struct reservation *reservation, struct refund *refund)
{
    refund->seat_count = (size_t)reservation->seat_count;
    for (size_t i = 0; i < refund->seat_count; i++)
        refund->seat_ids[i] = reservation->seats[i].seat_id;
    enum db_result result = waitlist_free_seats(services, reservation, reservation->seats,
                                                (size_t)reservation->seat_count);
    if (result == DB_OK)
        result = presale_give_back(services, reservation, refund->seat_count);
    if (result == DB_OK)
        result = reservation_table_set_status(services->db, reservation->reservation_id,
                                              RESERVATION_PAID, RESERVATION_CANCELLED, CLOCK_NEVER);
    reservation->status = RESERVATION_CANCELLED;
    return result;
}

/* The others stay; what went back is read anew, as earlier ones may be among it. */
static enum db_result
lessen_reservation(struct services *services, struct reservation *reservation,
                   const int32_t *seat_ids, size_t count, struct refund *refund)
{
    struct reservation_split split;
    reservation_split(reservation, seat_ids, count, &split);
    refund->price = split.price;
    refund->seat_count = count;
    memcpy(refund->seat_ids, seat_ids, count * sizeof seat_ids[0]);
    enum db_result result =
        waitlist_free_seats(services, reservation, split.leaving, split.leaving_count);
    if (result == DB_OK)
        result = presale_give_back(services, reservation, count);
    if (result == DB_OK)
        result = reservation_table_return_seats(services->db, reservation, seat_ids, count,
                                                split.price, refund->asked_at);
    if (result != DB_OK)
        return result;
    reservation_lessen(reservation, &split);
    refund->entry.refund_no = ++reservation->refund_count;
    return reservation_table_returned_seats(services->db, reservation);
}

enum error
refund_return_seats(struct services *services, struct reservation *reservation,
                    const int32_t *seat_ids, size_t count, struct refund *refund,
                    struct problem *problem)
{
    if (check_seats(services, reservation, seat_ids, count, problem) != ERROR_NONE)
        return problem->error;
    refund->entry = (struct point_entry){
        .kind = POINT_REFUND,
        .reservation_id = reservation->reservation_id,
    };
    refund->price = 0;
    /* whether it has tickets or not: another host may have made them */
    enum db_result result = ticket_table_touch(services->db, reservation->reservation_id);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (count > 0 && count < (size_t)reservation->seat_count)
        return refuse_db(problem,
                         lessen_reservation(services, reservation, seat_ids, count, refund));
    refund->price = reservation->total_price;
    return refuse_db(problem, end_reservation(services, reservation, refund));
}

/* What was not paid with points moves none: it is written down for the box office. */
static enum error
write_down(struct services *services, const struct reservation *reservation,
           struct point_entry *entry, struct problem *problem)
{
    enum db_result result = db_now(services->db, &entry->created_at);
    const struct box_office_refund refund = {
        .reservation_id = reservation->reservation_id,
        .refund_no = entry->refund_no,
        .amount = entry->amount,
        .fee = entry->fee,
        .created_at = entry->created_at,
    };
    if (result == DB_OK)
        result = box_office_table_add_refund(services->db, &refund);
    if (result != DB_OK)
        return refuse_db(problem, result);
    return point_balance(services, reservation_payer(reservation), &entry->balance_after, problem);
}

enum error
refund_pay_back(struct services *services, const struct reservation *reservation,
                struct refund *refund, struct problem *problem)
{
    struct point_entry *entry = &refund->entry;
    int64_t amount = refund->price * refund->percent / PERCENT;
    enum db_result result = DB_OK;
    entry->fee = refund->price - amount;
    entry->amount = amount;
    event_add_refund(services, reservation, refund->seat_ids, refund->seat_count, amount,
                     entry->fee);
    if (reservation->method != PAID_POINTS) {
        enum error error = write_down(services, reservation, entry, problem);
        refund->balance = entry->balance_after;
        return error;
    }
    if (reservation->status == RESERVATION_CANCELLED)
        result = payment_table_refund(services->db, reservation->reservation_id, refund->asked_at);
    else if (refund->asked_at != CLOCK_NEVER)
        result =
            payment_table_ask_refund(services->db, reservation->reservation_id, refund->asked_at);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (point_move(services, reservation_payer(reservation), amount, entry, problem) != ERROR_NONE)
        return problem->error;
    refund->balance = entry->balance_after;
    if (entry->refund_no > 0 || entry->fee > 0)
        result = point_table_set_refund(services->db, entry);
    return refuse_db(problem, result);
}

enum db_result
refund_was_committed(struct services *services, const struct reservation *reservation,
                     const struct point_entry *entry)
{
    struct box_office_refund found = {.reservation_id = reservation->reservation_id,
                                      .refund_no = entry->refund_no};
    if (reservation->method == PAID_POINTS)
        return point_entry_was_committed(services, reservation_payer(reservation), entry);
    enum db_result result = box_office_table_lock_refund(services->db, &found);
    if (result != DB_OK)
        return result;
    bool ours = found.amount == entry->amount && found.fee == entry->fee &&
                found.created_at == entry->created_at;
    return ours ? DB_OK : DB_NONE;
}
