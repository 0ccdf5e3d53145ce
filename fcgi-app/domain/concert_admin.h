/*
 * concert_admin: how operators make and change concerts. Each change leaves a row in the audit
 * log. The functions are an effect's parts (domain/effect.h).
 */
#ifndef FRONTROW_DOMAIN_CONCERT_ADMIN_H
#define FRONTROW_DOMAIN_CONCERT_ADMIN_H

#include "domain/concert.h"
#include "mysql/concert_admin_table.h"

enum {
    CONCERT_ITEMS_MAX = 1000,
    CONCERT_SEATS_MAX = 100000, /* in one call */
    CONCERT_ACTIVE_SECONDS = 600,
    CONCERT_HOLD_SECONDS = 300,
    CONCERT_MAX_WAITING = 2000000,
};

/* An item that is to be made. */
struct item_draft {
    struct item item;
    struct seat_range *ranges; /* at least one */
    size_t range_count;
};

/* A concert that is to be made, with all its items. Zero-initialised can be freed. */
struct concert_draft {
    struct concert concert;
    struct item_draft *items;
    size_t item_count;
};

void concert_draft_free(struct concert_draft *draft);

/*
 * What no single field can say: times in order, ranges that do not overlap, not too many seats.
 * Sets each item's seat_count. Refuses with invalid_field.
 */
enum error concert_draft_check(struct concert_draft *draft, struct problem *problem);

/* The state of a creating call: the caller fills both; the ids are set in the draft. */
struct concert_create {
    const char *actor; /* "admin" or "ctl" */
    struct concert_draft *draft;
    int64_t created_at;
};

enum error concert_create_run(struct services *services, void *create, struct problem *problem);
enum db_result concert_create_happened(struct services *services, void *create);
int32_t concert_create_id(const void *create);
/* `{"concertId":...,"itemIds":[...]}`, the items in the draft's order. */
void concert_create_render(const void *create, struct buffer *body);

/* The state of opening or closing a concert: the caller fills all. */
struct concert_change {
    const char *actor;
    int32_t concert_id;
    enum concert_stored stored; /* STORED_OPEN or STORED_CLOSED */
};

/* Refuses with concert_not_found, or with not_cancellable where the concert is cancelled. */
enum error concert_change_run(struct services *services, void *change, struct problem *problem);
enum db_result concert_change_happened(struct services *services, void *change);

#endif
