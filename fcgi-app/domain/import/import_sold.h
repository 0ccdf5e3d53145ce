/* import_sold: a seat that a line of the file has sold: which one, at what price, how and when. */
#ifndef FRONTROW_DOMAIN_IMPORT_SOLD_H
#define FRONTROW_DOMAIN_IMPORT_SOLD_H

#include "domain/import/import_orders.h"

struct import_sold {
    struct import_date *date;
    struct import_seat *seat;
    int64_t price;
    enum payment_method method;
    bool has_sold_at;
    int64_t sold_at;
};

/* By the status of the line. False: it is not sold, or it was told that nobody knows. */
bool import_sold_is_one(struct import_orders *import) MUST_CHECK;

/*
 * Reads all that the line says of its seat, to tell all that is wrong with it; *is_sound where
 * nothing is. Refuses with mysql_unavailable or busy.
 */
enum error import_sold_read(struct import_orders *import, struct import_sold *sold, bool *is_sound,
                            struct problem *problem) MUST_CHECK;

#endif
