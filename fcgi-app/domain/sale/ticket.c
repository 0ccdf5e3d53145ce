#include "domain/sale/ticket.h"

#include <string.h>

#include "base/config.h"
#include "base/random.h"

enum { INSERTS_MAX = 3 };

enum error
ticket_signer(const struct services *services, const struct ticket_key **signer,
              struct problem *problem)
{
    *signer = ticket_keys_signer(&services->config->ticket_keys);
    return *signer != NULL ? ERROR_NONE
                           : refuse_because(problem, ERROR_NOT_FOUND, "No tickets are issued here");
}

/* What a cancelled item has sold may still wait for its refund. */
static enum error
require_paid(struct services *services, const struct reservation *reservation,
             struct problem *problem)
{
    bool is_cancelled = reservation->status == RESERVATION_CANCELLED;
    if (reservation->status == RESERVATION_EXPIRED)
        return refuse(problem, ERROR_HOLD_EXPIRED);
    if (reservation->status == RESERVATION_PAID) {
        enum db_result result =
            concert_table_is_cancelled(services->db, reservation->item_id, &is_cancelled);
        if (result != DB_OK)
            return refuse_db(problem, result);
        if (!is_cancelled)
            return ERROR_NONE;
    }
    return refuse(problem, is_cancelled ? ERROR_RESERVATION_CANCELLED : ERROR_NOT_PAID);
}

static enum error
find_order(struct services *services, const char *user_id, int64_t reservation_id,
           struct reservation *reservation, struct problem *problem)
{
    if (reservation_find(services, user_id, reservation_id, reservation, problem) != ERROR_NONE)
        return problem->error;
    return require_paid(services, reservation, problem);
}

enum error
ticket_find_visit(struct services *services, const char *user_id, int64_t reservation_id,
                  struct ticket_visit *visit, struct problem *problem)
{
    const struct reservation *order = &visit->reservation;
    if (find_order(services, user_id, reservation_id, &visit->reservation, problem) != ERROR_NONE ||
        concert_find_whole(services->db, order->concert_id, &visit->concert, problem) !=
            ERROR_NONE ||
        concert_find_about(services->db, order->concert_id, &visit->about, problem) != ERROR_NONE)
        return problem->error;
    return refuse_db(problem, concert_table_item(services->db, order->item_id, &visit->item));
}

static const uint8_t *
find_reference(const struct ticket_references *tickets, int32_t seat_id)
{
    for (size_t i = 0; i < tickets->count; i++)
        if (tickets->seat_ids[i] == seat_id)
            return tickets->references[i];
    return NULL;
}

/* Puts the references beside their seats; `missing` gets a new one for each seat without. */
static void
match_references(const struct reservation *reservation, const struct ticket_references *tickets,
                 uint8_t references[SEATS_AT_ONCE][TICKET_REFERENCE_BYTES],
                 struct ticket_references *missing)
{
    missing->count = 0;
    for (int32_t i = 0; i < reservation->seat_count; i++) {
        int32_t seat_id = reservation->seats[i].seat_id;
        const uint8_t *found = find_reference(tickets, seat_id);
        if (found != NULL) {
            memcpy(references[i], found, TICKET_REFERENCE_BYTES);
            continue;
        }
        uint8_t *made = missing->references[missing->count];
        random_fill(made, TICKET_REFERENCE_BYTES);
        missing->seat_ids[missing->count++] = seat_id;
    }
}

enum error
ticket_issue(struct services *services, const char *user_id, int64_t reservation_id,
             struct reservation *reservation,
             uint8_t references[SEATS_AT_ONCE][TICKET_REFERENCE_BYTES], struct problem *problem)
{
    struct ticket_references tickets, missing;
    /* what was inserted is read again: somebody else may have been first, or the order has lost a
     * seat since it was read */
    for (int inserts = 0; inserts <= INSERTS_MAX; inserts++) {
        if (inserts != 1 &&
            find_order(services, user_id, reservation_id, reservation, problem) != ERROR_NONE)
            return problem->error;
        enum db_result result = ticket_table_of_order(services->db, reservation, &tickets);
        if (result != DB_OK)
            return refuse_db(problem, result);
        match_references(reservation, &tickets, references, &missing);
        if (missing.count == 0)
            return ERROR_NONE;
        result = ticket_table_insert(services->db, reservation, &missing);
        if (result != DB_OK && result != DB_RETRY)
            return refuse_db(problem, result);
    }
    return refuse(problem, ERROR_BUSY);
}

enum error
ticket_require_unused(struct services *services, int64_t reservation_id, const int32_t *seat_ids,
                      size_t count, struct problem *problem)
{
    int64_t used;
    enum db_result result =
        ticket_table_count_used(services->db, reservation_id, seat_ids, count, &used);
    if (result == DB_OK && used > 0)
        return refuse_because(problem, ERROR_NOT_CANCELLABLE, "A ticket of it was used");
    return refuse_db(problem, result);
}
