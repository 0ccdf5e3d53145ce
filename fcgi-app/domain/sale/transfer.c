#include "domain/sale/transfer.h"

#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "domain/event.h"
#include "domain/sale/quota.h"
#include "domain/sale/ticket.h"

enum { HOUR_MS = 3600 * 1000 };

static bool
is_open(const struct transfer *transfer, int64_t now)
{
    return transfer->status == TRANSFER_OFFERED && now < transfer->expires_at;
}

const char *
transfer_status_name(const struct transfer *transfer, int64_t now)
{
    static const char *const names[] = {
        [TRANSFER_OTHER] = "other",         [TRANSFER_OFFERED] = "offered",
        [TRANSFER_ACCEPTED] = "accepted",   [TRANSFER_DECLINED] = "declined",
        [TRANSFER_WITHDRAWN] = "withdrawn",
    };
    bool is_late = transfer->status == TRANSFER_OFFERED && !is_open(transfer, now);
    return is_late ? "expired" : names[transfer->status];
}

static enum error
require_rule(struct services *services, int32_t concert_id, struct concert *concert,
             struct problem *problem)
{
    if (concert_find(services->db, concert_id, concert, problem) != ERROR_NONE ||
        concert_require_service(concert, problem) != ERROR_NONE)
        return problem->error;
    if (concert->transfers)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_NOT_OFFERED, "Orders of this concert are not transferred");
}

static enum error
require_paid(const struct reservation *reservation, struct problem *problem)
{
    if (reservation->status == RESERVATION_PAID)
        return ERROR_NONE;
    return refuse(problem, reservation->status == RESERVATION_CANCELLED
                               ? ERROR_RESERVATION_CANCELLED
                               : ERROR_NOT_PAID);
}

/*
 * Locks an order that may change its owner now: whoever refunds it, changes its seats or lets
 * somebody in with its tickets locks it as well. *item and *now are read after that.
 */
static enum error
lock_order(struct services *services, const char *owner, int64_t reservation_id,
           struct reservation *reservation, struct item *item, int64_t *now,
           struct problem *problem)
{
    bool is_cancelled;
    enum error error =
        reservation_check_owner(reservation_table_lock(services->db, reservation_id, reservation),
                                reservation, owner, problem);
    if (error != ERROR_NONE)
        return error;
    if (reservation->concert_maintenance)
        return refuse_maintenance(problem);
    enum db_result result = db_now(services->db, now);
    if (result == DB_OK)
        result = concert_table_item(services->db, reservation->item_id, item);
    if (result == DB_OK)
        result = concert_table_is_cancelled(services->db, reservation->item_id, &is_cancelled);
    if (refuse_db(problem, result) != ERROR_NONE ||
        require_paid(reservation, problem) != ERROR_NONE)
        return problem->error;
    if (is_cancelled)
        return refuse(problem, ERROR_RESERVATION_CANCELLED);
    if (*now >= item->starts_at)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "The item has started");
    return ticket_require_unused(services, reservation_id, NULL, 0, problem);
}

/* ---- an offer ---- */

enum error
transfer_offer_precheck(struct services *services, void *state, struct problem *problem)
{
    struct transfer_call *call = state;
    struct reservation found;
    int64_t now;
    enum error error = reservation_check_owner(
        reservation_table_find(services->db, call->reservation_id, &found, &now), &found,
        call->user_id, problem);
    if (error == ERROR_NONE)
        error = require_rule(services, found.concert_id, &call->concert, problem);
    return error == ERROR_NONE ? require_paid(&found, problem) : error;
}

/* It ends with the start of the item at the latest. */
static void
fill(struct transfer_call *call, const struct item *item, int64_t hours)
{
    struct transfer *offer = &call->transfer;
    *offer = (struct transfer){
        .reservation_id = call->reservation_id,
        .status = TRANSFER_OFFERED,
        .created_at = call->now,
        .expires_at = call->now + hours * HOUR_MS,
        .concert_id = call->reservation.concert_id,
        .item_id = call->reservation.item_id,
        .seat_count = call->reservation.seat_count,
    };
    if (offer->expires_at > item->starts_at)
        offer->expires_at = item->starts_at;
    snprintf(offer->from_user, sizeof offer->from_user, "%s", call->user_id);
    snprintf(offer->to_user, sizeof offer->to_user, "%s", call->to_user);
}

enum error
transfer_offer_execute(struct services *services, void *state, struct problem *problem)
{
    struct transfer_call *call = state;
    struct item item;
    if (lock_order(services, call->user_id, call->reservation_id, &call->reservation, &item,
                   &call->now, problem) != ERROR_NONE)
        return problem->error;
    fill(call, &item, services->config->transfer_hours);
    enum db_result result = transfer_table_withdraw(services->db, call->reservation_id, call->now);
    if (result == DB_OK)
        result = transfer_table_insert(services->db, &call->transfer);
    return refuse_db(problem, result);
}

enum db_result
transfer_offer_was_committed(struct services *services, void *state)
{
    /* An id that a crash rolled back may have been given again. */
    const struct transfer *made = &((struct transfer_call *)state)->transfer;
    struct transfer found;
    int64_t now;
    enum db_result result = transfer_table_find(services->db, made->transfer_id, &found, &now);
    if (result == DB_OK)
        result = transfer_table_lock(services->db, &found);
    if (result != DB_OK)
        return result;
    bool ours = found.reservation_id == made->reservation_id &&
                found.created_at == made->created_at && strcmp(found.to_user, made->to_user) == 0;
    return ours ? DB_OK : DB_NONE;
}

/* ---- its end ---- */

static enum error
find_offer(struct services *services, struct transfer_call *call, struct problem *problem)
{
    enum db_result result =
        transfer_table_find(services->db, call->transfer_id, &call->transfer, &call->now);
    if (result == DB_NONE)
        return refuse(problem, ERROR_TRANSFER_NOT_FOUND);
    return refuse_db(problem, result);
}

static enum error
require_open(const struct transfer *transfer, int64_t now, struct problem *problem)
{
    if (is_open(transfer, now))
        return ERROR_NONE;
    return refuse_because(problem, ERROR_TRANSFER_OVER, "The offer is %s",
                          transfer_status_name(transfer, now));
}

static enum error
lock_offer(struct services *services, struct transfer *transfer, int64_t now,
           struct problem *problem)
{
    enum db_result result = transfer_table_lock(services->db, transfer);
    if (result == DB_NONE)
        return refuse(problem, ERROR_TRANSFER_NOT_FOUND);
    return result == DB_OK ? require_open(transfer, now, problem) : refuse_db(problem, result);
}

static enum error
settle(struct services *services, struct transfer *transfer, enum transfer_status status,
       int64_t now, struct problem *problem)
{
    enum db_result result = transfer_table_settle(services->db, transfer->transfer_id, status, now);
    transfer->status = status;
    return refuse_db(problem, result);
}

enum error
transfer_accept_precheck(struct services *services, void *state, struct problem *problem)
{
    struct transfer_call *call = state;
    if (find_offer(services, call, problem) != ERROR_NONE)
        return problem->error;
    if (strcmp(call->transfer.to_user, call->user_id) != 0)
        return refuse_because(problem, ERROR_FORBIDDEN, "The offer is to another user");
    if (require_rule(services, call->transfer.concert_id, &call->concert, problem) != ERROR_NONE)
        return problem->error;
    return require_open(&call->transfer, call->now, problem);
}

/* Who paid is remembered as long as somebody else owns it. */
static enum db_result
hand_over(struct services *services, struct reservation *reservation, const char *to_user)
{
    char payer[USER_ID_SIZE];
    snprintf(payer, sizeof payer, "%s", reservation_payer(reservation));
    if (strcmp(payer, to_user) == 0)
        payer[0] = '\0';
    enum db_result result = ticket_table_void(services->db, reservation->reservation_id,
                                              reservation->seats, (size_t)reservation->seat_count);
    if (result == DB_OK)
        result = reservation_table_hand_over(services->db, reservation, to_user, payer);
    snprintf(reservation->user_id, sizeof reservation->user_id, "%s", to_user);
    memcpy(reservation->payer, payer, sizeof payer);
    return result;
}

/* Lock order: the recipient's mutex, the order, the offer. */
enum error
transfer_accept_execute(struct services *services, void *state, struct problem *problem)
{
    struct transfer_call *call = state;
    struct transfer *transfer = &call->transfer;
    struct reservation *order = &call->reservation;
    struct concert_user user = {transfer->concert_id, call->user_id};
    struct item item;
    enum db_result result = quota_lock(services, &user, call->concert.has_seat_limit ? 1 : 0);
    if (refuse_db(problem, result) != ERROR_NONE)
        return problem->error;
    if (lock_order(services, transfer->from_user, transfer->reservation_id, order, &item,
                   &call->now, problem) != ERROR_NONE) {
        if (problem->error == ERROR_FORBIDDEN)
            return refuse_because(problem, ERROR_TRANSFER_OVER, "The order has another owner now");
        return problem->error;
    }
    if (lock_offer(services, transfer, call->now, problem) != ERROR_NONE ||
        quota_check(services, &call->concert, call->user_id, call->now, (size_t)order->seat_count,
                    problem) != ERROR_NONE)
        return problem->error;
    result = reservation_table_seats(services->db, order);
    if (result == DB_OK && order->refund_count > 0)
        result = reservation_table_returned_seats(services->db, order);
    if (result == DB_OK)
        result = hand_over(services, order, call->user_id);
    if (result != DB_OK)
        return refuse_db(problem, result);
    event_add_reservation(services, EVENT_TICKET_TRANSFERRED, order);
    return settle(services, transfer, TRANSFER_ACCEPTED, call->now, problem);
}

/* Ours, or a twin's: nobody else may. */
static enum db_result
has_status(struct services *services, const struct transfer_call *call, enum transfer_status status)
{
    struct transfer found = call->transfer;
    enum db_result result = transfer_table_lock(services->db, &found);
    if (result != DB_OK)
        return result;
    return found.status == status ? DB_OK : DB_NONE;
}

enum db_result
transfer_accept_was_committed(struct services *services, void *state)
{
    return has_status(services, state, TRANSFER_ACCEPTED);
}

enum error
transfer_end_precheck(struct services *services, void *state, struct problem *problem)
{
    struct transfer_call *call = state;
    if (find_offer(services, call, problem) != ERROR_NONE)
        return problem->error;
    if (strcmp(call->transfer.to_user, call->user_id) != 0 &&
        strcmp(call->transfer.from_user, call->user_id) != 0)
        return refuse_because(problem, ERROR_FORBIDDEN, "The offer is of and to other users");
    if (concert_find(services->db, call->transfer.concert_id, &call->concert, problem) !=
            ERROR_NONE ||
        concert_require_service(&call->concert, problem) != ERROR_NONE)
        return problem->error;
    return require_open(&call->transfer, call->now, problem);
}

static enum transfer_status
end_of(const struct transfer_call *call)
{
    bool is_own = strcmp(call->transfer.from_user, call->user_id) == 0;
    return is_own ? TRANSFER_WITHDRAWN : TRANSFER_DECLINED;
}

enum error
transfer_end_execute(struct services *services, void *state, struct problem *problem)
{
    struct transfer_call *call = state;
    if (lock_offer(services, &call->transfer, call->now, problem) != ERROR_NONE ||
        refuse_db(problem, db_now(services->db, &call->now)) != ERROR_NONE)
        return problem->error;
    return settle(services, &call->transfer, end_of(call), call->now, problem);
}

enum db_result
transfer_end_was_committed(struct services *services, void *state)
{
    return has_status(services, state, end_of(state));
}

int64_t
transfer_call_id(const void *state)
{
    return ((const struct transfer_call *)state)->transfer.transfer_id;
}

enum error
transfer_list(struct services *services, const char *user_id, int64_t before, int32_t limit,
              struct transfer *list, size_t *count, int64_t *now, struct problem *problem)
{
    return refuse_db(problem,
                     transfer_table_list(services->db, user_id, before, limit, list, count, now));
}
