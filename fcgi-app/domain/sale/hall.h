/* hall: reads the seats of an item, and locks the best of them for a buyer. */
#ifndef FRONTROW_DOMAIN_HALL_H
#define FRONTROW_DOMAIN_HALL_H

#include "base/sold_out.h"
#include "domain/sale/seat.h"
#include "domain/services.h"
#include "mysql/concert/concert_table.h"

/* What a buyer asks for. */
struct hall_wish {
    int32_t count;             /* 1..SEATS_AT_ONCE; 0: no wish, the seats were named */
    const char *section;       /* "": any */
    int64_t max_price;         /* of a seat */
    bool has_waitlist;         /* the concert: who waits comes before the buyer */
    const char *sections;      /* of a presale, for presale_allows(); NULL: none */
    bool patient;              /* rather busy than seats beside those that others are just taking */
    struct sold_out_wish name; /* made by hall_precheck(); its item_id is 0 where nothing is told */
};

/* Whether a locked seat is still one that the buyer asks for: its price may have been changed. */
bool hall_fits(const struct hall_wish *wish, const struct seat *seat);

/*
 * Refuses a wish with seats_not_available, without a look at any seat, where the hall has none that
 * fits, or where nothing was left for it a moment ago (base/sold_out.h).
 */
enum error hall_precheck(struct services *services, const struct item *item, struct hall_wish *wish,
                         struct problem *problem) MUST_CHECK;

/*
 * Counts what an item has for a wish, but for its count, and what is free of it now, without a
 * lock: of the section with the most, as all seats that are chosen together are of one. A standing
 * area is not for a wish without a section, but an item is not sold out before its areas are:
 * *available counts them.
 */
enum db_result hall_count(struct services *services, const struct item *item,
                          const struct hall_wish *wish, int32_t *seats, int32_t *available)
    MUST_CHECK;

/*
 * Finds the best free seats of an item and locks them, inside a running transaction; *now is the
 * database's time after the last lock. A set that another buyer is just taking is passed by.
 * Refuses with seats_not_available; with busy where nothing was left but what others hold locked,
 * which may become free: worth another try.
 */
enum error hall_lock_best(struct services *services, const struct item *item,
                          const struct hall_wish *wish, int32_t ids[SEATS_AT_ONCE],
                          struct seat seats[SEATS_AT_ONCE], int64_t *now, struct problem *problem)
    MUST_CHECK;

/*
 * Chooses the best free seats for up to `buyers` who ask for the same, one after the other, and
 * tells the other workers which they are: `wish->count` ids for each of *served. Nothing is locked,
 * so that hall_lock_best() is due where they are gone by then, as it is for those not served.
 */
enum db_result hall_choose_together(struct services *services, const struct item *item,
                                    const struct hall_wish *wish, size_t buyers,
                                    int32_t ids[SEATS_LISTED], size_t *served) MUST_CHECK;

#endif
