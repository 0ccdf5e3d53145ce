/*
 * item_draft: a date that is to be made, with its seats: ranges of them that a call names, those of
 * a hall that is kept, or those of another date.
 */
#ifndef FRONTROW_DOMAIN_ITEM_DRAFT_H
#define FRONTROW_DOMAIN_ITEM_DRAFT_H

#include "domain/hall/hall_kept.h"
#include "mysql/organiser/concert_admin_table.h"

enum { CONCERT_SEATS_MAX = 100000 /* in one call */, HALL_PRICES_MAX = 200 };

/* What the seats of a hall cost that are in this section, of this category, or both. */
struct hall_price {
    char section[SECTION_SIZE];                 /* "": in all */
    char category[4 * CATEGORY_CHARACTERS + 1]; /* "": of all */
    int64_t price;
};

/* An item that is to be made: of ranges of seats, of a hall that is kept, or like another item. */
struct item_draft {
    struct item item;
    struct seat_range *ranges; /* at least one, if it is of ranges */
    size_t range_count;
    int32_t hall_id;           /* 0: none */
    struct hall_price *prices; /* the last one that fits a seat counts; else what its hall says */
    size_t price_count;
    const struct hall_plan *plan; /* of the hall; item_draft_find_hall() sets it */
    int32_t like_id;              /* of the same concert; 0: none. Its seat_count is taken too */
};

void item_draft_free(struct item_draft *draft);

/*
 * What no single field of it can say: no number and no name twice, not too many seats, which are
 * added to *seats. Sets the seat_count of one with ranges. `path` stands before the members' names
 * ("items[0]."; "": it stands alone). Refuses with invalid_field.
 */
enum error item_draft_check(struct item_draft *draft, const char *path, int64_t *seats,
                            struct problem *problem) MUST_CHECK;

/*
 * Reads the hall of an item, if it is of one, and sets its seat_count, which is added to *seats.
 * Refuses with hall_not_found, or with invalid_field (`path` as above) where a seat has no price,
 * or all are too many.
 */
enum error item_draft_find_hall(struct services *services, struct item_draft *draft,
                                struct hall_shelf *shelf, const char *path, int64_t *seats,
                                struct problem *problem) MUST_CHECK;

/* Writes an item of a concert with its seats, and sets its id and layout version. */
enum db_result item_draft_insert(struct database *db, int32_t concert_id, struct item_draft *draft)
    MUST_CHECK;

#endif
