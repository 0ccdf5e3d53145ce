/*
 * presale_admin: how operators make the windows of a concert's presale and their codes. Each change
 * leaves a row in the audit log, without codes. The functions are an effect's parts
 * (domain/effect.h).
 */
#ifndef FRONTROW_DOMAIN_PRESALE_ADMIN_H
#define FRONTROW_DOMAIN_PRESALE_ADMIN_H

#include "domain/effect.h"
#include "domain/sale/presale.h"
#include "domain/sale/presale_code.h"
#include "mysql/organiser/presale_admin_table.h"

/* The state of making, changing or removing a window. */
struct presale_edit {
    /* the caller fills these */
    const char *actor;
    int32_t concert_id;
    int32_t presale_id;   /* of one that is there */
    struct presale after; /* of a new one: as it is to be */
    const void *wanted;   /* of a change, for apply() */
    enum error (*apply)(const void *wanted, struct presale *presale, struct problem *problem);
    void (*describe)(const struct presale *presale, struct buffer *values);

    struct presale before;
    int64_t created_at;
    struct presale_counts counts; /* as the change leaves it */
};

/*
 * Refuses with concert_not_found; with concert_not_open where the concert is cancelled; with
 * not_offered where it has a draw, which has the time before the opening; with invalid_field where
 * the window is not before the opening, or one too many.
 */
enum error presale_create_execute(struct services *services, void *edit, struct problem *problem)
    MUST_CHECK;
enum db_result presale_create_was_committed(struct services *services, void *edit) MUST_CHECK;

/* Refuses as above, with presale_not_found, or with presale_in_use where less than the new quota is
 * free. */
enum error presale_change_execute(struct services *services, void *edit, struct problem *problem)
    MUST_CHECK;
enum db_result presale_change_was_committed(struct services *services, void *edit) MUST_CHECK;

/* Refuses with presale_in_use where a hold was ever made in it: end it instead. */
enum error presale_delete_execute(struct services *services, void *edit, struct problem *problem)
    MUST_CHECK;
enum db_result presale_delete_was_committed(struct services *services, void *edit) MUST_CHECK;

int64_t presale_edit_id(const void *edit);

/* Refuses with invalid_field (opensAt) where a window would last beyond the opening. */
enum error presale_check_opening(const struct concert *concert, struct problem *problem) MUST_CHECK;

/* Hands all windows of a concert to `visit`, by their begin. */
enum error presale_visit_all(struct services *services, int32_t concert_id,
                             void (*visit)(void *state, const struct presale *presale,
                                           const struct presale_counts *counts),
                             void *state, struct problem *problem) MUST_CHECK;

enum { PRESALE_CODES_MAX = 10000 /* in a call */ };

/* The state of making single codes: the caller fills all. */
struct presale_codes_make {
    const char *actor;
    int32_t concert_id;
    int32_t presale_id;
    uint8_t seed[PRESALE_SEED_BYTES]; /* they are the first `count` of this one */
    int32_t count;
    void (*describe)(const struct presale_codes_make *make, struct buffer *new_values);
};

/*
 * Refuses with concert_not_found or presale_not_found; with not_offered where the window's code is
 * a shared one; with idempotency_key_reused where codes of this seed are there.
 */
enum error presale_codes_execute(struct services *services, void *make, struct problem *problem)
    MUST_CHECK;
enum db_result presale_codes_was_committed(struct services *services, void *make) MUST_CHECK;
int64_t presale_codes_id(const void *make);

#endif
