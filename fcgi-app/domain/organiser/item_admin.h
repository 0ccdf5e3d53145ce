/*
 * item_admin: how operators add a date to a concert, and change one and its seats, while it is on
 * sale too. Each change leaves a row in the audit log. The functions are an effect's parts
 * (domain/effect.h).
 */
#ifndef FRONTROW_DOMAIN_ITEM_ADMIN_H
#define FRONTROW_DOMAIN_ITEM_ADMIN_H

#include "domain/organiser/concert_admin.h"
#include "mysql/organiser/item_admin_table.h"

/* The state of adding a date: the caller fills all but the shelf, which it frees; the ids are set
 * in the draft. */
struct item_create {
    struct hall_shelf shelf; /* the draft's hall */
    const char *actor;
    int32_t concert_id;
    struct item_draft *draft;
    void (*describe)(const struct item_draft *draft, struct buffer *new_values);
};

/* As item_draft_find_hall(). */
enum error item_create_precheck(struct services *services, void *create, struct problem *problem)
    MUST_CHECK;

/*
 * Refuses with concert_not_found, with item_not_found where there is none to be like, with
 * concert_not_open where the concert is cancelled, or with invalid_field (date) where it has
 * CONCERT_ITEMS_MAX dates.
 */
enum error item_create_execute(struct services *services, void *create, struct problem *problem)
    MUST_CHECK;
enum db_result item_create_was_committed(struct services *services, void *create) MUST_CHECK;
int64_t item_create_id(const void *create);

enum { ITEM_RUNS_LOGGED = 100 };

/* Seats as they were before a change: runs of neighbours that were alike in what it names. */
struct seat_history {
    struct seat_change runs[ITEM_RUNS_LOGGED];
    struct seat_note notes[ITEM_RUNS_LOGGED]; /* theirs */
    size_t count;
    bool more; /* there were further ones */
};

/* The state of changing a date. */
struct item_change {
    /* the caller fills these */
    const char *actor;
    const char *detail; /* for the log */
    int32_t concert_id;
    int32_t item_id;
    bool has_date;
    char date[DATE_SIZE];
    bool has_starts_at;
    int64_t starts_at;
    struct seat_change *seats; /* of any order; NULL: none */
    size_t seat_count;         /* of these */
    /* Writes what was, and what is named by the change. */
    void (*describe)(const struct item_change *change, struct buffer *old_values,
                     struct buffer *new_values);

    struct seat_change **by_number; /* the same in order, made by item_change_check() */
    struct item before, after;
    struct seat_history history;
    int64_t changed_seats;
};

/* Zero-initialised can be freed. */
void item_change_free(struct item_change *change);

/*
 * What no single field can say: no seat twice, not too many. Refuses with invalid_field. The change
 * is to be freed then too.
 */
enum error item_change_check(struct item_change *change, struct problem *problem) MUST_CHECK;

/*
 * Refuses with concert_not_found or item_not_found; with concert_not_open where the date or its
 * concert is cancelled; with seat_not_found; with seat_taken where a seat that somebody has would
 * be withheld, or have another kind or note; with invalid_field where two seats would have one
 * name; as seat_pairs_check() does. All of it is changed or nothing.
 */
enum error item_change_execute(struct services *services, void *change, struct problem *problem)
    MUST_CHECK;
enum db_result item_change_was_committed(struct services *services, void *change) MUST_CHECK;
int64_t item_change_id(const void *change);

/*
 * Locks a date of a concert, for a change. Refuses as above, but for concert_not_open, which is
 * told by item->status and concert->stored.
 */
enum error item_admin_lock(struct services *services, int32_t concert_id, int32_t item_id,
                           struct concert *concert, struct item *item, struct problem *problem)
    MUST_CHECK;

#endif
