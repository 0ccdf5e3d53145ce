#include "domain/organiser/ticket_checkin.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "domain/event.h"
#include "domain/logged_change.h"

/* A change that is not told yet may have begun so long ago. */
enum { CHANGE_LASTS_MS = 60000 };

static enum error
find_ticket(struct services *services, const uint8_t reference[TICKET_REFERENCE_BYTES],
            struct ticket *ticket, int64_t *now, struct problem *problem)
{
    enum db_result result = ticket_table_find(services->db, reference, ticket, now);
    if (result != DB_NONE)
        return refuse_db(problem, result);
    result = ticket_table_find_void(services->db, reference);
    if (result == DB_OK)
        return refuse_because(problem, ERROR_TICKET_VOID,
                              "Its seat was swapped, or its order transferred");
    return result == DB_NONE ? refuse(problem, ERROR_TICKET_NOT_FOUND) : refuse_db(problem, result);
}

/*
 * Reads a ticket anew, with its order locked: whoever refunds its seat or takes the ticket locks
 * the order too. *now is of after that.
 */
static enum error
lock_ticket(struct services *services, struct ticket *ticket, int64_t *now, struct problem *problem)
{
    struct reservation order;
    uint8_t reference[TICKET_REFERENCE_BYTES];
    memcpy(reference, ticket->reference, sizeof reference);
    enum db_result result = reservation_table_lock(services->db, ticket->reservation_id, &order);
    if (result != DB_OK)
        return refuse_db(problem, result);
    return find_ticket(services, reference, ticket, now, problem);
}

static enum error
refuse_used(const struct checkin *checkin, struct problem *problem)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(checkin->at, at);
    refuse_because(problem, ERROR_ALREADY_CHECKED_IN, "It was used at %s", at);
    problem->is_checked_in = true;
    problem->checked_in_at = checkin->at;
    problem->scanned_at = checkin->scanned_at;
    memcpy(problem->device_id, checkin->device_id, sizeof problem->device_id);
    return ERROR_ALREADY_CHECKED_IN;
}

static enum error
require_valid(const struct ticket *ticket, int32_t item_id, struct problem *problem)
{
    if (ticket->item_id != item_id)
        return refuse_because(problem, ERROR_WRONG_ITEM, "The ticket is for item %d",
                              (int)ticket->item_id);
    if (!ticket->is_valid)
        return refuse_because(problem, ERROR_TICKET_VOID,
                              "Its seat was given back, or the item is cancelled");
    return ERROR_NONE;
}

static bool
is_inside(const struct checkin *checkin)
{
    return checkin->at != CLOCK_NEVER && checkin->left_at == CLOCK_NEVER;
}

static int64_t
time_of_scan(const struct checkin *checkin)
{
    return checkin->scanned_at != CLOCK_NEVER ? checkin->scanned_at : checkin->at;
}

/*
 * Whoever was let in without a network is in: then it is only asked which scan was the first. One
 * of before the holder left lets nobody in again. Others go by what is known: the clocks of two
 * gates are not the same.
 */
static enum error
require_usable(const struct ticket_checkin *checkin, struct problem *problem)
{
    const struct ticket *ticket = &checkin->ticket;
    if (require_valid(ticket, checkin->item_id, problem) != ERROR_NONE)
        return problem->error;
    const struct checkin *known = &ticket->checkin;
    bool is_told = checkin->is_offline && checkin->scanned_at != CLOCK_NEVER;
    bool is_usable = is_inside(known) ? is_told && checkin->scanned_at < time_of_scan(known)
                                      : !is_told || known->left_at == CLOCK_NEVER ||
                                            checkin->scanned_at >= known->left_at;
    return is_usable ? ERROR_NONE : refuse_used(known, problem);
}

static enum error
write_log(struct services *services, const struct ticket_checkin *checkin, const char *action,
          const struct ticket *before, struct problem *problem)
{
    struct logged_change log = {
        .entry = {.actor = checkin->actor,
                  .action = action,
                  .concert_id = before->concert_id,
                  .detail = checkin->reason != NULL ? checkin->reason : ""}};
    checkin->describe(before, &log.before);
    checkin->describe(&checkin->ticket, &log.after);
    return refuse_db(problem, logged_change_write(services, &log));
}

/* The ticket of the code. */
static enum error
read_code(struct services *services, struct ticket_checkin *checkin, struct problem *problem)
{
    const struct ticket_keys *keys = &services->config->ticket_keys;
    struct ticket_code code;
    int64_t now;
    if (keys->count == 0)
        return refuse_because(problem, ERROR_NOT_FOUND, "No tickets are known here");
    enum ticket_verdict verdict = ticket_code_read(keys, checkin->code, &code);
    if (verdict != TICKET_GENUINE)
        return refuse_because(problem, ERROR_TICKET_INVALID, "The code is not valid: %s",
                              ticket_verdict_text(verdict));
    return find_ticket(services, code.reference, &checkin->ticket, &now, problem);
}

/* Writes ticket->checkin in the place of that of `before`. */
static enum error
change_checkin(struct services *services, const struct ticket_checkin *checkin, const char *action,
               const struct ticket *before, struct problem *problem)
{
    enum db_result result = ticket_table_check_in(services->db, before->ticket_id, &before->checkin,
                                                  &checkin->ticket.checkin);
    if (result != DB_OK)
        return refuse_db(problem, result);
    return write_log(services, checkin, action, before, problem);
}

enum error
ticket_checkin_precheck(struct services *services, void *state, struct problem *problem)
{
    struct ticket_checkin *checkin = state;
    if (read_code(services, checkin, problem) != ERROR_NONE)
        return problem->error;
    return require_usable(checkin, problem);
}

static void
announce(struct services *services, const struct ticket *ticket)
{
    struct event event = {
        .kind = EVENT_TICKET_CHECKED_IN,
        .concert_id = ticket->concert_id,
        .item_id = ticket->item_id,
        .reservation_id = ticket->reservation_id,
        .has_ticket = true,
    };
    static_assert(sizeof event.ticket == sizeof ticket->reference, "it is the reference");
    memcpy(event.ticket, ticket->reference, sizeof event.ticket);
    snprintf(event.seat_ids, sizeof event.seat_ids, "%d", (int)ticket->seat.seat_id);
    event_add(services, &event);
}

enum error
ticket_checkin_execute(struct services *services, void *state, struct problem *problem)
{
    struct ticket_checkin *checkin = state;
    struct ticket *ticket = &checkin->ticket;
    int64_t now;
    if (lock_ticket(services, ticket, &now, problem) != ERROR_NONE ||
        require_usable(checkin, problem) != ERROR_NONE)
        return problem->error;
    const struct ticket before = *ticket;
    checkin->conflict = (struct checkin){.at = CLOCK_NEVER};
    if (is_inside(&before.checkin))
        checkin->conflict = before.checkin;
    ticket->checkin = (struct checkin){
        .at = now,
        .left_at = CLOCK_NEVER,
        .scanned_at = checkin->scanned_at,
    };
    snprintf(ticket->checkin.device_id, sizeof ticket->checkin.device_id, "%s", checkin->device_id);
    snprintf(ticket->checkin.actor, sizeof ticket->checkin.actor, "%s", checkin->actor);
    if (change_checkin(services, checkin, "ticket checkin", &before, problem) != ERROR_NONE)
        return problem->error;
    announce(services, ticket);
    return ERROR_NONE;
}

enum db_result
ticket_checkin_was_committed(struct services *services, void *state)
{
    const struct ticket *ticket = &((const struct ticket_checkin *)state)->ticket;
    const struct checkin *ours = &ticket->checkin;
    struct checkin found;
    enum db_result result = ticket_table_lock_checkin(services->db, ticket->ticket_id, &found);
    if (result != DB_OK)
        return result;
    bool is_ours = found.at == ours->at && found.left_at == ours->left_at &&
                   found.scanned_at == ours->scanned_at &&
                   strcmp(found.device_id, ours->device_id) == 0 &&
                   strcmp(found.actor, ours->actor) == 0;
    return is_ours ? DB_OK : DB_NONE;
}

int64_t
ticket_checkin_id(const void *state)
{
    return ((const struct ticket_checkin *)state)->ticket.ticket_id;
}

/* ---- let out ---- */

static enum error
require_inside(const struct ticket_checkin *checkin, struct problem *problem)
{
    const struct ticket *ticket = &checkin->ticket;
    if (require_valid(ticket, checkin->item_id, problem) != ERROR_NONE)
        return problem->error;
    if (!ticket->reentry)
        return refuse_because(problem, ERROR_NOT_OFFERED, "Whoever leaves does not come back");
    return is_inside(&ticket->checkin) ? ERROR_NONE : refuse(problem, ERROR_NOT_CHECKED_IN);
}

enum error
ticket_checkout_precheck(struct services *services, void *state, struct problem *problem)
{
    struct ticket_checkin *checkin = state;
    if (read_code(services, checkin, problem) != ERROR_NONE)
        return problem->error;
    return require_inside(checkin, problem);
}

enum error
ticket_checkout_execute(struct services *services, void *state, struct problem *problem)
{
    struct ticket_checkin *checkin = state;
    struct ticket *ticket = &checkin->ticket;
    int64_t now;
    if (lock_ticket(services, ticket, &now, problem) != ERROR_NONE ||
        require_inside(checkin, problem) != ERROR_NONE)
        return problem->error;
    const struct ticket before = *ticket;
    ticket->checkin.left_at = now;
    return change_checkin(services, checkin, "ticket checkout", &before, problem);
}

/* ---- undone ---- */

static enum error
require_used(const struct ticket *ticket, struct problem *problem)
{
    return ticket->checkin.at != CLOCK_NEVER ? ERROR_NONE : refuse(problem, ERROR_NOT_CHECKED_IN);
}

enum error
ticket_undo_precheck(struct services *services, void *state, struct problem *problem)
{
    struct ticket_checkin *checkin = state;
    uint8_t reference[TICKET_REFERENCE_BYTES];
    int64_t now;
    if (strlen(checkin->ticket_id) != TICKET_REFERENCE_SIZE - 1 ||
        !base32_read(checkin->ticket_id, reference, sizeof reference))
        return refuse(problem, ERROR_TICKET_NOT_FOUND);
    if (find_ticket(services, reference, &checkin->ticket, &now, problem) != ERROR_NONE)
        return problem->error;
    return require_used(&checkin->ticket, problem);
}

enum error
ticket_undo_execute(struct services *services, void *state, struct problem *problem)
{
    struct ticket_checkin *checkin = state;
    struct ticket *ticket = &checkin->ticket;
    int64_t now;
    if (lock_ticket(services, ticket, &now, problem) != ERROR_NONE ||
        require_used(ticket, problem) != ERROR_NONE)
        return problem->error;
    const struct ticket before = *ticket;
    checkin->undone_at = before.checkin.at;
    ticket->checkin = (struct checkin){
        .at = CLOCK_NEVER,
        .left_at = CLOCK_NEVER,
        .scanned_at = CLOCK_NEVER,
    };
    return change_checkin(services, checkin, "ticket undo", &before, problem);
}

/* If the check-in is gone, ours or a twin's was done; a gate may have taken the ticket again. */
enum db_result
ticket_undo_was_committed(struct services *services, void *state)
{
    const struct ticket_checkin *undo = state;
    struct checkin found;
    enum db_result result = ticket_table_lock_checkin(services->db, undo->ticket.ticket_id, &found);
    return result == DB_OK && found.at == undo->undone_at ? DB_NONE : result;
}

/* ---- what gates read ---- */

static enum error
require_item(struct services *services, int32_t item_id, struct problem *problem)
{
    struct item item;
    enum db_result result = concert_table_item(services->db, item_id, &item);
    return result == DB_NONE ? refuse(problem, ERROR_ITEM_NOT_FOUND) : refuse_db(problem, result);
}

enum error
ticket_list(struct services *services, int32_t item_id, int64_t since, int64_t before,
            int32_t limit, struct ticket *list, size_t *count, int64_t *now,
            struct problem *problem)
{
    if (require_item(services, item_id, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = db_now(services->db, now);
    if (since != CLOCK_NEVER)
        since -= since < CHANGE_LASTS_MS ? since : CHANGE_LASTS_MS;
    if (result == DB_OK)
        result = ticket_table_list(services->db, item_id, since, before, limit, list, count);
    return refuse_db(problem, result);
}

enum error
ticket_attendance(struct services *services, int32_t item_id, struct attendance *attendance,
                  void (*visit)(void *state, const struct section_attendance *section), void *state,
                  struct problem *problem)
{
    struct section_attendance section;
    if (require_item(services, item_id, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = ticket_table_attendance(services->db, item_id, attendance);
    if (result == DB_OK)
        result = ticket_table_attendance_by_section(services->db, item_id, &section);
    attendance->sold = 0;
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK) {
        attendance->sold += section.sold;
        visit(state, &section);
    }
    return result == DB_NONE ? ERROR_NONE : refuse_db(problem, result);
}
