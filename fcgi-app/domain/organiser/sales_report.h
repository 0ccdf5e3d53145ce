/* sales_report: what was sold and given back of a concert, by days and hours at its venue. */
#ifndef FRONTROW_DOMAIN_SALES_REPORT_H
#define FRONTROW_DOMAIN_SALES_REPORT_H

#include "domain/concert/concert.h"
#include "mysql/organiser/sales_report_table.h"

/*
 * Seats that were sold or given back in some time, and what was paid less what was refunded:
 * points, or of the box office its own money.
 */
struct report_sum {
    int64_t sold;
    int64_t given_back;
    int64_t revenue;
};

/* Those of a date, a section and a price on one day. */
struct report_day {
    char day[DATE_SIZE]; /* on which they moved, at the venue */
    int32_t item_id;
    char date[DATE_SIZE]; /* of the item */
    char section[SECTION_SIZE];
    int64_t price;
    struct report_sum sum;
};

/* All of those that moved in an hour at the venue. */
struct report_hour {
    int64_t begin;
    struct report_sum sum;
};

struct sales_report {
    struct report_hour *hours; /* ascending; only such in which any moved */
    size_t hour_count;
};

/*
 * Reads the concert of a report; item_id is 0, or one of its items. Refuses with concert_not_found
 * or item_not_found.
 */
enum error sales_report_find(struct services *services, int32_t concert_id, int32_t item_id,
                             struct concert *concert, struct problem *problem) MUST_CHECK;

/*
 * Hands the days to `visit`, by (date, itemId, section, price, day), and fills the hours; of one
 * item where item_id is not 0, and of orders that were paid by `method`. The caller frees the
 * report, on failure as well.
 */
enum error sales_report_read(struct services *services, const struct concert *concert,
                             int32_t item_id, enum payment_method method,
                             void (*visit)(void *state, const struct report_day *day), void *state,
                             struct sales_report *report, struct problem *problem) MUST_CHECK;

void sales_report_free(struct sales_report *report);

#endif
