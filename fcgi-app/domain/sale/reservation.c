#include "domain/sale/reservation.h"

#include <string.h>

enum { READS_MAX = 5 };

enum reservation_status
reservation_shown(const struct reservation *reservation, bool is_cancelled, int64_t now)
{
    if (reservation->status != RESERVATION_HELD)
        return reservation->status;
    if (now >= reservation->expires_at)
        return RESERVATION_EXPIRED;
    return is_cancelled ? RESERVATION_CANCELLED : RESERVATION_HELD;
}

const char *
reservation_status_name(enum reservation_status status)
{
    static const char *const names[] = {
        [RESERVATION_OTHER] = "other",         [RESERVATION_HELD] = "held",
        [RESERVATION_PAID] = "paid",           [RESERVATION_EXPIRED] = "expired",
        [RESERVATION_CANCELLED] = "cancelled",
    };
    return names[status];
}

const char *
reservation_payer(const struct reservation *reservation)
{
    return reservation->payer[0] != '\0' ? reservation->payer : reservation->user_id;
}

void
reservation_seat_ids(const struct reservation *reservation, int32_t ids[SEATS_AT_ONCE])
{
    for (int32_t i = 0; i < reservation->seat_count; i++)
        ids[i] = reservation->seats[i].seat_id;
}

void
reservation_split(const struct reservation *reservation, const int32_t *seat_ids, size_t count,
                  struct reservation_split *split)
{
    split->leaving_count = 0;
    split->kept_count = 0;
    split->price = 0;
    for (int32_t i = 0; i < reservation->seat_count; i++) {
        const struct seat *seat = &reservation->seats[i];
        if (!seat_is_listed(seat->seat_id, seat_ids, count)) {
            split->kept[split->kept_count++] = *seat;
            continue;
        }
        split->leaving[split->leaving_count++] = *seat;
        split->price += seat->price;
    }
}

void
reservation_lessen(struct reservation *reservation, const struct reservation_split *split)
{
    memcpy(reservation->seats, split->kept, sizeof split->kept);
    reservation->seat_count = split->kept_count;
    reservation->total_price -= split->price;
}

/* Replaces the stored status by the shown one. */
static enum error
show(struct services *services, struct reservation *reservation, int64_t now,
     struct problem *problem)
{
    bool is_cancelled = false;
    if (reservation->status == RESERVATION_HELD) {
        enum db_result result =
            concert_table_is_cancelled(services->db, reservation->item_id, &is_cancelled);
        if (result != DB_OK)
            return refuse_db(problem, result);
    }
    reservation->status = reservation_shown(reservation, is_cancelled, now);
    return ERROR_NONE;
}

enum error
reservation_check_owner(enum db_result result, const struct reservation *reservation,
                        const char *user_id, struct problem *problem)
{
    if (result == DB_NONE)
        return refuse(problem, ERROR_RESERVATION_NOT_FOUND);
    if (result == DB_OK && strcmp(reservation->user_id, user_id) != 0)
        return refuse_because(problem, ERROR_FORBIDDEN, "The reservation is another user's");
    return refuse_db(problem, result);
}

/* Its row says how many seats it has, which are read after it, and then those that it gave back. */
static enum db_result
read_seats(struct services *services, struct reservation *reservation)
{
    enum db_result result = reservation_table_seats(services->db, reservation);
    if (result == DB_OK && reservation->refund_count > 0)
        result = reservation_table_returned_seats(services->db, reservation);
    return result;
}

static bool
has_seat_twice(const struct reservation *reservation)
{
    const struct seat *returned = reservation->seats + reservation->seat_count;
    int32_t ids[SEATS_AT_ONCE];
    reservation_seat_ids(reservation, ids);
    for (int32_t i = 0; i < reservation->returned_count; i++)
        if (seat_is_listed(returned[i].seat_id, ids, (size_t)reservation->seat_count))
            return true;
    return false;
}

/* What a refund or a transfer has changed between the statements that read it is read anew. */
enum error
reservation_find(struct services *services, const char *user_id, int64_t id,
                 struct reservation *reservation, struct problem *problem)
{
    for (int reads = 0; reads < READS_MAX; reads++) {
        int64_t now;
        enum error error =
            reservation_check_owner(reservation_table_find(services->db, id, reservation, &now),
                                    reservation, user_id, problem);
        if (error != ERROR_NONE)
            return error;
        int32_t seat_count = reservation->seat_count;
        if (refuse_db(problem, read_seats(services, reservation)) != ERROR_NONE)
            return problem->error;
        if (reservation->seat_count == seat_count && !has_seat_twice(reservation))
            return show(services, reservation, now, problem);
    }
    return refuse(problem, ERROR_BUSY);
}

/* A reservation of somebody else by now has none; nobody gets any more. */
static int64_t
count_seats(const struct reservation *list, size_t count)
{
    int64_t seats = 0;
    for (size_t i = 0; i < count; i++)
        seats += list[i].seat_count;
    return seats;
}

enum error
reservation_list(struct services *services, const char *user_id, int64_t before, int32_t limit,
                 struct reservation *list, size_t *count, struct problem *problem)
{
    for (int reads = 0; reads < READS_MAX; reads++) {
        int64_t now;
        enum db_result result =
            reservation_table_list(services->db, user_id, before, limit, list, count, &now);
        int64_t seats = count_seats(list, *count);
        if (result == DB_OK)
            result = reservation_table_list_seats(services->db, user_id, list, *count);
        if (result != DB_OK)
            return refuse_db(problem, result);
        bool is_whole = count_seats(list, *count) == seats;
        for (size_t i = 0; i < *count; i++) {
            is_whole = is_whole && !has_seat_twice(&list[i]);
            list[i].status = reservation_shown(&list[i], list[i].is_cancelled, now);
        }
        if (is_whole)
            return ERROR_NONE;
    }
    return refuse(problem, ERROR_BUSY);
}

enum error
reservation_lose_seat(struct services *services, struct reservation *reservation,
                      struct problem *problem)
{
    struct reservation again;
    int64_t now;
    enum db_result result =
        reservation_table_find(services->db, reservation->reservation_id, &again, &now);
    if (result == DB_OK && again.status != reservation->status)
        result = db_lock_lost(services->db, "a reservation was settled by two");
    if (result == DB_OK && reservation->status == RESERVATION_PAID)
        return refuse(problem, ERROR_INTERNAL_ERROR);
    reservation->status = RESERVATION_EXPIRED;
    return refuse_db(problem, result);
}

/* All seats are there, and those of a paid reservation or a live hold name it. */
static enum error
check_seats(struct services *services, struct reservation *reservation, const struct seat *seats,
            size_t count, struct problem *problem)
{
    enum error error = count == (size_t)reservation->seat_count
                           ? ERROR_NONE
                           : refuse(problem, ERROR_INTERNAL_ERROR);
    for (size_t i = 0; i < count && error == ERROR_NONE; i++) {
        bool is_live =
            reservation->status == RESERVATION_PAID || reservation->status == RESERVATION_HELD;
        if (is_live && seats[i].reservation_id != reservation->reservation_id)
            error = reservation_lose_seat(services, reservation, problem);
    }
    return error;
}

/* Of the locked seats: those of the reservation, and those that are wanted beside them. */
static size_t
sort_out(const struct reservation *reservation, const struct seat *seats, size_t count,
         struct seat own[SEATS_AT_ONCE], struct seat *more, size_t *more_count)
{
    int32_t ids[SEATS_AT_ONCE];
    size_t own_count = 0;
    reservation_seat_ids(reservation, ids);
    *more_count = 0;
    for (size_t i = 0; i < count; i++)
        if (seat_is_listed(seats[i].seat_id, ids, (size_t)reservation->seat_count))
            own[own_count++] = seats[i];
        else
            more[(*more_count)++] = seats[i];
    return own_count;
}

enum error
reservation_lock_with(struct services *services, const char *user_id, int64_t id,
                      const struct seat_list *list, struct reservation *reservation,
                      struct seat more[SEATS_AT_ONCE], size_t *more_count, int64_t *now,
                      struct problem *problem)
{
    enum error error = reservation_check_owner(
        reservation_table_lock(services->db, id, reservation), reservation, user_id, problem);
    if (error == ERROR_NONE)
        error = refuse_db(problem, reservation_table_seat_ids(services->db, reservation));
    if (error != ERROR_NONE)
        return error;

    int32_t ids[SEATS_LISTED];
    struct seat seats[SEATS_LISTED], own[SEATS_AT_ONCE];
    size_t found, count = (size_t)reservation->seat_count;
    reservation_seat_ids(reservation, ids);
    memcpy(ids + count, list->ids, list->count * sizeof ids[0]);
    enum db_result result = seat_table_lock(services->db, reservation->item_id, ids,
                                            count + list->count, seats, &found, now);
    if (result != DB_OK)
        return refuse_db(problem, result);
    found = sort_out(reservation, seats, found, own, more, more_count);
    error = show(services, reservation, *now, problem);
    if (error == ERROR_NONE)
        error = check_seats(services, reservation, own, found, problem);
    /* the names are those of the locked seats, the prices those that it was made with */
    for (int32_t i = 0; i < reservation->seat_count && error == ERROR_NONE; i++) {
        int64_t price = reservation->seats[i].price;
        reservation->seats[i] = own[i];
        reservation->seats[i].price = price;
    }
    return error;
}

enum error
reservation_lock(struct services *services, const char *user_id, int64_t id,
                 struct reservation *reservation, int64_t *now, struct problem *problem)
{
    const struct seat_list none = {.count = 0};
    struct seat more[SEATS_AT_ONCE];
    size_t more_count;
    return reservation_lock_with(services, user_id, id, &none, reservation, more, &more_count, now,
                                 problem);
}
