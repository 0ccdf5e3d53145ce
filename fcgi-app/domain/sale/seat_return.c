#include "domain/sale/seat_return.h"

#include "domain/event.h"
#include "domain/sale/waitlist.h"

/* Those of the named seats whose partner the reservation has too. */
static size_t
pick_paired(const struct reservation *reservation, const struct seat *seats, size_t count,
            struct seat paired[SEATS_AT_ONCE])
{
    int32_t ids[SEATS_AT_ONCE];
    size_t picked = 0, had = (size_t)reservation->seat_count;
    reservation_seat_ids(reservation, ids);
    for (size_t i = 0; i < count; i++)
        if (seat_is_listed(seats[i].seat_id, ids, had) &&
            seat_is_listed(seats[i].partner_id, ids, had))
            paired[picked++] = seats[i];
    return picked;
}

enum error
seat_return_precheck(struct services *services, void *state, struct problem *problem)
{
    const struct reservation_cancel *cancel = state;
    struct reservation found;
    struct concert concert;
    struct item item;
    struct seat seats[SEATS_AT_ONCE], paired[SEATS_AT_ONCE];
    size_t count;
    int64_t now;
    bool has_held;
    enum error error = reservation_check_owner(
        reservation_table_find(services->db, cancel->reservation_id, &found, &now), &found,
        cancel->user_id, problem);
    if (error != ERROR_NONE)
        return error;
    enum db_result result =
        seat_table_look(services->db, found.concert_id, found.item_id, cancel->seat_ids,
                        cancel->seat_count, "", &concert, &item, seats, &count, &has_held);
    if (result == DB_OK)
        result = reservation_table_seat_ids(services->db, &found);
    if (concert_refuse(problem, result) != ERROR_NONE ||
        concert_require_service(&concert, problem) != ERROR_NONE)
        return problem->error;
    if (!concert.seat_returns)
        return refuse_because(problem, ERROR_NOT_OFFERED,
                              "This concert takes no single seats of a reservation back");
    count = pick_paired(&found, seats, count, paired);
    return seat_require_pairs(paired, count, cancel->seat_ids, cancel->seat_count, problem);
}

enum error
seat_return_release(struct services *services, struct reservation *hold, const int32_t *seat_ids,
                    size_t count, struct problem *problem)
{
    struct reservation_split split;
    reservation_split(hold, seat_ids, count, &split);
    if (split.leaving_count < count)
        return refuse_because(problem, ERROR_SEAT_NOT_FOUND,
                              "The reservation has not all of these seats");
    enum db_result result = waitlist_free_seats(services, hold, split.leaving, split.leaving_count);
    if (result == DB_OK)
        result = presale_give_back(services, hold, count);
    if (result == DB_OK)
        result = reservation_table_release_seats(services->db, hold, seat_ids, count, split.price);
    if (result == DB_OK)
        reservation_lessen(hold, &split);
    event_add_seats(services, EVENT_RESERVATION_CANCELLED, hold, split.leaving, count);
    return refuse_db(problem, result);
}

enum db_result
seat_return_was_released(struct services *services, int64_t reservation_id, const int32_t *seat_ids,
                         size_t count)
{
    struct reservation found;
    struct reservation_split split;
    enum db_result result = reservation_table_lock(services->db, reservation_id, &found);
    if (result == DB_OK)
        result = reservation_table_seat_ids(services->db, &found);
    if (result != DB_OK)
        return result;
    reservation_split(&found, seat_ids, count, &split);
    return split.leaving_count == 0 ? DB_OK : DB_NONE;
}
