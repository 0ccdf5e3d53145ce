/*
 * webhook: who is told what happens: added, removed and looked at by hand. A webhook's secret is
 * made of its salt and of a key that is in a file, so that MySQL and its backups have none.
 */
#ifndef FRONTROW_DOMAIN_WEBHOOK_H
#define FRONTROW_DOMAIN_WEBHOOK_H

#include "domain/effect.h"
#include "mysql/webhook/delivery_table.h"

enum { WEBHOOK_KEY_SIZE = WEBHOOK_KEY_MAX + 1 };

/*
 * Reads the first line of the file in webhook_key_file, of WEBHOOK_KEY_MIN to WEBHOOK_KEY_MAX
 * bytes. False with the reason in `error`.
 */
bool webhook_key_read(const struct config *config, char key[WEBHOOK_KEY_SIZE], char *error,
                      size_t error_size) MUST_CHECK;

/* The state of adding or removing one (domain/effect.h). The caller fills the first three. */
struct webhook_change {
    const char *actor;      /* who does it, for the audit log */
    struct webhook webhook; /* url and events; to remove one, its id is enough */
    /* Writes a webhook as JSON, for the audit log. */
    void (*describe)(const struct webhook *webhook, struct buffer *values);
};

/* Adds one and makes its salt. Refuses with invalid_field a URL or a list of kinds that is none. */
enum error webhook_add_execute(struct services *services, void *change, struct problem *problem)
    MUST_CHECK;
enum db_result webhook_add_was_committed(struct services *services, void *change) MUST_CHECK;

/* Deletes one; what it was still to hear is deleted by frontrow-outbox. Refuses with not_found. */
enum error webhook_remove_execute(struct services *services, void *change, struct problem *problem)
    MUST_CHECK;
enum db_result webhook_remove_was_committed(struct services *services, void *change) MUST_CHECK;

/* Makes its dead deliveries due again, and with `since` what happened from then on and is kept. */
struct webhook_replay {
    const char *actor;
    int32_t webhook_id;
    int64_t since; /* CLOCK_NEVER: only what did not arrive */
    void (*describe)(const struct webhook_replay *replay, struct buffer *values);

    int64_t count; /* of deliveries */
};
enum error webhook_replay_execute(struct services *services, void *replay, struct problem *problem)
    MUST_CHECK;

/* Sends a test event to this webhook alone. */
struct webhook_test {
    int32_t webhook_id;
    int64_t event_id;
};
enum error webhook_test_execute(struct services *services, void *test, struct problem *problem)
    MUST_CHECK;

/* Both may be done twice: where it is not known it is done again. */
enum db_result webhook_done_again(struct services *services, void *state) MUST_CHECK;

/* How a delivery is: DB_NONE where it arrived. */
enum error webhook_find_delivery(struct services *services, const struct webhook_test *test,
                                 bool *arrived, struct delivery *delivery, struct problem *problem)
    MUST_CHECK;

/* Hands all webhooks to `visit`. */
enum error webhook_visit_all(struct services *services,
                             void (*visit)(const struct webhook *webhook), struct problem *problem)
    MUST_CHECK;

/* Hands all dead deliveries to `visit`, by webhook and event. */
enum error webhook_visit_dead(struct services *services,
                              void (*visit)(const struct delivery *delivery),
                              struct problem *problem) MUST_CHECK;

#endif
