/*
 * concert_admin: how operators make and change concerts. Each change leaves a row in the audit
 * log. The functions are an effect's parts (domain/effect.h).
 */
#ifndef FRONTROW_DOMAIN_CONCERT_ADMIN_H
#define FRONTROW_DOMAIN_CONCERT_ADMIN_H

#include "domain/concert/concert.h"
#include "domain/organiser/item_draft.h"
#include "domain/queue/queue_memory.h"
#include "mysql/organiser/concert_admin_table.h"

enum { CONCERT_ITEMS_MAX = 1000 };

/* The settings of a new concert where nothing else is said. */
extern const struct concert concert_defaults;

/* A concert that is to be made, with all its items. Zero-initialised can be freed. */
struct concert_draft {
    struct concert concert;
    struct item_draft *items;
    size_t item_count;
    struct hall_shelf shelf; /* the halls of its items */
};

void concert_draft_free(struct concert_draft *draft);

/* That closesAt, where there is one, is after opensAt. Refuses with invalid_field. */
enum error concert_check_times(const struct concert *concert, struct problem *problem) MUST_CHECK;

/*
 * What no single field can say: times in order, no number and no name twice, not too many seats.
 * Sets the seat_count of each item with ranges. Refuses with invalid_field.
 */
enum error concert_draft_check(struct concert_draft *draft, struct problem *problem) MUST_CHECK;

/* A concert, and what buyers are told of it, where that is a part of the change; else NULL. */
struct concert_view {
    const struct concert *concert;
    const struct concert_about *about;
};

/* Who makes a change, and how the audit log gets to know what it is. */
struct author {
    const char *name; /* an operator's, or "ctl" */
    /*
     * Writes those settings that differ as JSON objects. A concert that is made was nothing
     * before: `before` is NULL then.
     */
    void (*describe)(const struct services *services, const struct concert_view *before,
                     const struct concert_view *after, struct buffer *old_values,
                     struct buffer *new_values);
};

/* The state of a creating call: the caller fills the first two; the ids are set in the draft. */
struct concert_create {
    struct author author;
    struct concert_draft *draft;
    int64_t created_at;
    char warning[QUEUE_WARNING_SIZE]; /* for the operator; "": none */
};

enum error concert_create_precheck(struct services *services, void *create, struct problem *problem)
    MUST_CHECK;
enum error concert_create_execute(struct services *services, void *create, struct problem *problem)
    MUST_CHECK;
enum db_result concert_create_was_committed(struct services *services, void *create) MUST_CHECK;
int64_t concert_create_id(const void *create);

/* The state of changing a concert's settings: the caller fills all but the last three. */
struct concert_change {
    struct author author;
    const char *action; /* what the audit log calls it, and with which detail */
    const char *detail;
    int32_t concert_id;
    /* Writes what is wanted over the settings that the concert has. */
    enum error (*apply)(const void *wanted, struct concert *concert, struct problem *problem);
    /* The same of what buyers are told; NULL: it stays. */
    enum error (*apply_about)(const void *wanted, struct concert_about *about,
                              struct problem *problem);
    const void *wanted;
    struct concert concert;     /* as it is after the change */
    struct concert_about about; /* likewise, where apply_about() is there */
    bool resizes_queue;         /* how many may be in it changes, or it is opened */
};

/*
 * Refuses with concert_not_found, with what apply() and apply_about() say, with invalid_field
 * (closesAt), or with not_cancellable where the status of a cancelled concert would change.
 */
enum error concert_change_execute(struct services *services, void *change, struct problem *problem)
    MUST_CHECK;
enum db_result concert_change_was_committed(struct services *services, void *change) MUST_CHECK;

/* After the change: what queue_memory_check() says, where it resized the queue; else "". */
void concert_change_warn(struct services *services, const struct concert_change *change,
                         char warning[QUEUE_WARNING_SIZE]);

/* Hands all concerts to `visit`, by id, cancelled ones as well. */
enum error concert_visit_all(struct services *services,
                             void (*visit)(const struct concert *concert,
                                           const struct concert_summary *summary),
                             struct problem *problem) MUST_CHECK;

#endif
