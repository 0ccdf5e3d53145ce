#include "domain/sale/seat_swap.h"

#include <stdlib.h>
#include <string.h>

#include "domain/event.h"
#include "domain/sale/reservation_create.h"
#include "domain/sale/standing.h"
#include "domain/sale/ticket.h"
#include "domain/sale/waitlist.h"

static enum error
require_live(const struct reservation *reservation, struct problem *problem)
{
    if (reservation->status == RESERVATION_HELD || reservation->status == RESERVATION_PAID)
        return ERROR_NONE;
    return refuse(problem, reservation->status == RESERVATION_EXPIRED
                               ? ERROR_HOLD_EXPIRED
                               : ERROR_RESERVATION_CANCELLED);
}

static enum error
require_sale(const struct offer *offer, int64_t now, struct problem *problem)
{
    if (concert_require_open(&offer->concert, now, problem) != ERROR_NONE)
        return problem->error;
    return reservation_require_item_open(&offer->item, now, problem);
}

/* Those of the seats that are listed, in their order. */
static size_t
pick(const struct seat *seats, size_t count, const struct seat_list *list,
     struct seat picked[SEATS_AT_ONCE])
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (seat_is_listed(seats[i].seat_id, list->ids, list->count))
            picked[found++] = seats[i];
    return found;
}

/*
 * A seat that the order gave back does not come back to it: it is known by its number among those
 * that were refunded.
 */
static enum error
require_free(const struct reservation *reservation, const struct seat_list *list,
             const struct seat *seats, size_t found, int64_t now, struct problem *problem)
{
    const struct seat *returned = reservation->seats + reservation->seat_count;
    struct problem taken = {.error = ERROR_SEAT_TAKEN};
    if (found < list->count)
        return refuse(problem, ERROR_SEAT_NOT_FOUND);
    for (size_t i = 0; i < found; i++) {
        bool is_free = seat_shown(&seats[i], now) == SEAT_AVAILABLE;
        for (int32_t n = 0; n < reservation->returned_count; n++)
            is_free = is_free && returned[n].seat_id != seats[i].seat_id;
        if (!is_free)
            taken.seat_ids[taken.seat_count++] = seats[i].seat_id;
    }
    if (taken.seat_count == 0)
        return ERROR_NONE;
    *problem = taken;
    return ERROR_SEAT_TAKEN;
}

/* Neither may a half of a pair leave, nor come. One that was sold alone leaves alone. */
static enum error
require_pairs(const struct seat_swap *swap, const struct reservation *reservation,
              const struct seat *seats, size_t count, struct problem *problem)
{
    struct seat_list had = {.count = (size_t)reservation->seat_count};
    struct seat picked[SEATS_AT_ONCE], paired[SEATS_AT_ONCE];
    size_t pairs = 0;
    reservation_seat_ids(reservation, had.ids);
    size_t leaving = pick(seats, count, &swap->from, picked);
    for (size_t i = 0; i < leaving; i++)
        if (seat_is_listed(picked[i].partner_id, had.ids, had.count))
            paired[pairs++] = picked[i];
    if (seat_require_pairs(paired, pairs, swap->from.ids, swap->from.count, problem) != ERROR_NONE)
        return problem->error;
    size_t coming = pick(seats, count, &swap->to, picked);
    return seat_require_pairs(picked, coming, swap->to.ids, swap->to.count, problem);
}

static enum error
require_owned(const struct reservation *reservation, const struct seat_list *list,
              struct problem *problem)
{
    struct reservation_split split;
    reservation_split(reservation, list->ids, list->count, &split);
    if (split.leaving_count == list->count)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_SEAT_NOT_FOUND,
                          "The reservation has not all of these seats");
}

/* Reads the seats of both lists, and what they are of. */
static enum db_result
look(struct services *services, struct seat_swap *swap, const struct reservation *found,
     struct seat seats[SEATS_LISTED], size_t *count)
{
    int32_t ids[SEATS_LISTED];
    bool has_held;
    memcpy(ids, swap->from.ids, swap->from.count * sizeof ids[0]);
    memcpy(ids + swap->from.count, swap->to.ids, swap->to.count * sizeof ids[0]);
    return seat_table_look(services->db, found->concert_id, found->item_id, ids,
                           swap->from.count + swap->to.count, "", &swap->offer.concert,
                           &swap->offer.item, seats, count, &has_held);
}

enum error
seat_swap_precheck(struct services *services, void *state, struct problem *problem)
{
    struct seat_swap *swap = state;
    const struct concert *concert = &swap->offer.concert;
    struct reservation *found = &swap->reservation;
    struct seat seats[SEATS_LISTED], coming[SEATS_AT_ONCE];
    size_t count;
    if (reservation_find(services, swap->user_id, swap->reservation_id, found, problem) !=
            ERROR_NONE ||
        concert_refuse(problem, look(services, swap, found, seats, &count)) != ERROR_NONE ||
        concert_require_service(concert, problem) != ERROR_NONE)
        return problem->error;
    if (!concert->swaps)
        return refuse_because(problem, ERROR_NOT_OFFERED, "This concert swaps no seats");
    if (require_live(found, problem) != ERROR_NONE ||
        require_sale(&swap->offer, concert->now, problem) != ERROR_NONE ||
        require_owned(found, &swap->from, problem) != ERROR_NONE ||
        standing_require_none(seats, count, "toSeatIds", swap->to.ids, swap->to.count, problem) !=
            ERROR_NONE ||
        require_free(found, &swap->to, coming, pick(seats, count, &swap->to, coming),
                     waitlist_judge_time(swap->offer.item.waiting, concert->now),
                     problem) != ERROR_NONE)
        return problem->error;
    return require_pairs(swap, found, seats, count, problem);
}

/* What was paid for those that leave is what those that come cost, in whichever order. */
static enum error
require_prices(const struct seat *leaving, const struct seat *coming, size_t count,
               struct problem *problem)
{
    bool used[SEATS_AT_ONCE] = {false};
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < count && (used[at] || leaving[at].price != coming[i].price))
            at++;
        if (at == count)
            return refuse_because(problem, ERROR_PRICE_DIFFERS,
                                  "Seat %d costs %lld points: none of the others did",
                                  (int)coming[i].seat_id, (long long)coming[i].price);
        used[at] = true;
    }
    return ERROR_NONE;
}

static enum db_result
exchange(struct services *services, const struct reservation *reservation,
         const struct reservation_split *split, const struct seat *coming, size_t count)
{
    struct database *db = services->db;
    bool is_paid = reservation->status == RESERVATION_PAID;
    enum db_result result = DB_OK;
    if (is_paid)
        result = ticket_table_void(db, reservation->reservation_id, split->leaving, count);
    if (result == DB_OK)
        result = waitlist_free_seats(services, reservation, split->leaving, count);
    if (result == DB_OK)
        result = seat_table_hold(db, reservation->item_id, coming, count,
                                 reservation->reservation_id, reservation->expires_at);
    if (result == DB_OK && is_paid)
        result =
            seat_table_sell(db, reservation->item_id, coming, count, reservation->reservation_id);
    if (result != DB_OK)
        return result;
    return reservation_table_swap_seats(db, reservation->reservation_id, split->leaving, coming,
                                        count);
}

static int
compare_seats(const void *a, const void *b)
{
    const struct seat *left = a, *right = b;
    return (left->seat_id > right->seat_id) - (left->seat_id < right->seat_id);
}

/* The reservation as it is afterwards: as many seats, of the same price. */
static void
show(struct reservation *reservation, struct reservation_split *split, const struct seat *coming,
     size_t count)
{
    memcpy(split->kept + split->kept_count, coming, count * sizeof coming[0]);
    qsort(split->kept, (size_t)reservation->seat_count, sizeof split->kept[0], compare_seats);
    memcpy(reservation->seats, split->kept,
           (size_t)reservation->seat_count * sizeof split->kept[0]);
}

/* Lock order: the reservation, then the old and the new seats together by number. */
enum error
seat_swap_execute(struct services *services, void *state, struct problem *problem)
{
    struct seat_swap *swap = state;
    struct reservation *reservation = &swap->reservation;
    struct reservation_split split;
    struct seat coming[SEATS_AT_ONCE];
    size_t count;
    int64_t now;
    if (reservation_lock_with(services, swap->user_id, swap->reservation_id, &swap->to, reservation,
                              coming, &count, &now, problem) != ERROR_NONE)
        return problem->error;
    if (reservation->concert_maintenance)
        return refuse_maintenance(problem);
    if (reservation->refund_count > 0 &&
        refuse_db(problem, reservation_table_returned_seats(services->db, reservation)) !=
            ERROR_NONE)
        return problem->error;
    if (refuse_db(problem, waitlist_read_waiting(services, &swap->offer.concert,
                                                 &swap->offer.item)) != ERROR_NONE ||
        require_live(reservation, problem) != ERROR_NONE ||
        require_sale(&swap->offer, now, problem) != ERROR_NONE ||
        require_owned(reservation, &swap->from, problem) != ERROR_NONE ||
        ticket_require_unused(services, reservation->reservation_id, swap->from.ids,
                              swap->from.count, problem) != ERROR_NONE)
        return problem->error;
    reservation_split(reservation, swap->from.ids, swap->from.count, &split);
    now = waitlist_judge_time(swap->offer.item.waiting, now);
    if (require_free(reservation, &swap->to, coming, count, now, problem) != ERROR_NONE ||
        require_prices(split.leaving, coming, count, problem) != ERROR_NONE)
        return problem->error;
    show(reservation, &split, coming, count);
    event_add_seats(services, EVENT_RESERVATION_CANCELLED, reservation, split.leaving, count);
    event_add_seats(services, EVENT_RESERVATION_HELD, reservation, coming, count);
    return refuse_db(problem, exchange(services, reservation, &split, coming, count));
}

/* If all seats have come, ours or a twin's swap was done. */
enum db_result
seat_swap_was_committed(struct services *services, void *state)
{
    const struct seat_swap *swap = state;
    struct reservation found;
    struct reservation_split split;
    enum db_result result = reservation_table_lock(services->db, swap->reservation_id, &found);
    if (result == DB_OK)
        result = reservation_table_seat_ids(services->db, &found);
    if (result != DB_OK)
        return result;
    reservation_split(&found, swap->to.ids, swap->to.count, &split);
    return split.leaving_count == swap->to.count ? DB_OK : DB_NONE;
}

int64_t
seat_swap_id(const void *state)
{
    return ((const struct seat_swap *)state)->reservation_id;
}
