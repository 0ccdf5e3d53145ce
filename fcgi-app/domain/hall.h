/* hall: the seats of an item as seating chooses among them. */
#ifndef FRONTROW_DOMAIN_HALL_H
#define FRONTROW_DOMAIN_HALL_H

#include "domain/seating.h"

/* Zero-initialised is empty. */
struct hall {
    struct place *places; /* sorted (seating_sort) */
    size_t count;
};

/*
 * Reads the seats of an item that fit a section ("": any) and a highest price, without a lock.
 * Sections rank by the highest price of any of their seats, then by their lowest seatId.
 */
enum db_result hall_read(struct hall *hall, struct database *db, int32_t item_id,
                         const char *section, int64_t max_price);
void hall_free(struct hall *hall);

/* The seat can not be had after all. */
void hall_mark_taken(struct hall *hall, int32_t seat_id);

#endif
