/*
 * ticket_checkin: a gate takes tickets, each once; a manager undoes what was taken by mistake. Both
 * leave a row in the audit log. The functions are an effect's parts (domain/effect.h).
 */
#ifndef FRONTROW_DOMAIN_TICKET_CHECKIN_H
#define FRONTROW_DOMAIN_TICKET_CHECKIN_H

#include "domain/sale/ticket.h"

/* The state of either. The caller fills all above `ticket`. */
struct ticket_checkin {
    const char *code; /* of a check-in */
    int32_t item_id;  /* at whose gate */
    int64_t scanned_at;
    const char *device_id;
    const char *ticket_id; /* of an undo */
    const char *reason;
    const char *actor;
    /* Writes the ticket as JSON, for the audit log. */
    void (*describe)(const struct ticket *ticket, struct buffer *values);
    struct ticket ticket; /* as it is afterwards */
    int64_t undone_at;    /* of an undo: when the ticket had been taken */
};

/*
 * Refuses with ticket_invalid, ticket_not_found, wrong_item, ticket_void, already_checked_in. Of
 * all gates that are shown a ticket, one takes it.
 */
enum error ticket_checkin_precheck(struct services *services, void *checkin,
                                   struct problem *problem) MUST_CHECK;
enum error ticket_checkin_execute(struct services *services, void *checkin, struct problem *problem)
    MUST_CHECK;
enum db_result ticket_checkin_was_committed(struct services *services, void *checkin) MUST_CHECK;
int64_t ticket_checkin_id(const void *checkin);

/* Refuses with ticket_not_found and not_checked_in. */
enum error ticket_undo_precheck(struct services *services, void *checkin, struct problem *problem)
    MUST_CHECK;
enum error ticket_undo_execute(struct services *services, void *checkin, struct problem *problem)
    MUST_CHECK;
enum db_result ticket_undo_was_committed(struct services *services, void *checkin) MUST_CHECK;

/* The tickets of an item by descending ticket_id, and how many came. Refuse with item_not_found. */
enum error ticket_list(struct services *services, int32_t item_id, int64_t before, int32_t limit,
                       struct ticket *list, size_t *count, struct problem *problem) MUST_CHECK;
enum error ticket_attendance(struct services *services, int32_t item_id,
                             struct attendance *attendance, struct problem *problem) MUST_CHECK;

#endif
