/*
 * ticket_checkin: a gate takes tickets, each once, and lets holders out who may come back; a
 * manager undoes what was taken by mistake. All leave a row in the audit log. The functions are an
 * effect's parts (domain/effect.h).
 */
#ifndef FRONTROW_DOMAIN_TICKET_CHECKIN_H
#define FRONTROW_DOMAIN_TICKET_CHECKIN_H

#include "domain/sale/ticket.h"

/* The state of each. The caller fills all up to `describe`. */
struct ticket_checkin {
    const char *code; /* of a check-in or a check-out */
    int32_t item_id;  /* at whose gate */
    bool is_offline;  /* the holder was let in, without a network: this is settled afterwards */
    int64_t scanned_at;
    const char *device_id;
    const char *ticket_id; /* of an undo */
    const char *reason;
    const char *actor;
    /* Writes the ticket as JSON, for the audit log. */
    void (*describe)(const struct ticket *ticket, struct buffer *values);
    struct ticket ticket; /* as it is afterwards */
    int64_t undone_at;    /* of an undo: when the ticket had been taken */
    /* a later scan, in whose place this one came; `at` is CLOCK_NEVER: none */
    struct checkin conflict;
};

/*
 * Refuses with ticket_invalid, ticket_not_found, wrong_item, ticket_void, already_checked_in. Of
 * all gates that are shown a ticket, one takes it. Of scans of which one is told afterwards, the
 * first is the ticket's, whichever was told first.
 */
enum error ticket_checkin_precheck(struct services *services, void *checkin,
                                   struct problem *problem) MUST_CHECK;
enum error ticket_checkin_execute(struct services *services, void *checkin, struct problem *problem)
    MUST_CHECK;
enum db_result ticket_checkin_was_committed(struct services *services, void *checkin) MUST_CHECK;
int64_t ticket_checkin_id(const void *checkin);

/*
 * The holder leaves, and may come back. Refuses like a check-in up to ticket_void, then with
 * not_offered and not_checked_in.
 */
enum error ticket_checkout_precheck(struct services *services, void *checkin,
                                    struct problem *problem) MUST_CHECK;
enum error ticket_checkout_execute(struct services *services, void *checkin,
                                   struct problem *problem) MUST_CHECK;

/* Refuses with ticket_not_found and not_checked_in. */
enum error ticket_undo_precheck(struct services *services, void *checkin, struct problem *problem)
    MUST_CHECK;
enum error ticket_undo_execute(struct services *services, void *checkin, struct problem *problem)
    MUST_CHECK;
enum db_result ticket_undo_was_committed(struct services *services, void *checkin) MUST_CHECK;

/*
 * The tickets of an item by descending ticket_id. With `since` only those that changed from then
 * on, or a little before: *now of an earlier list, so that none is missed. CLOCK_NEVER: all.
 * Refuses with item_not_found.
 */
enum error ticket_list(struct services *services, int32_t item_id, int64_t since, int64_t before,
                       int32_t limit, struct ticket *list, size_t *count, int64_t *now,
                       struct problem *problem) MUST_CHECK;

/* How many came, and to which sections, by name. Refuses with item_not_found. */
enum error ticket_attendance(struct services *services, int32_t item_id,
                             struct attendance *attendance,
                             void (*visit)(void *state, const struct section_attendance *section),
                             void *state, struct problem *problem) MUST_CHECK;

#endif
