/* import_seats: the seats of a date as a file of another shop names them, and which it has named.
 */
#ifndef FRONTROW_DOMAIN_IMPORT_SEATS_H
#define FRONTROW_DOMAIN_IMPORT_SEATS_H

#include "domain/sale/seat.h"

struct import_seat {
    int32_t seat_id;
    enum seat_status status; /* as shown when they were read */
    bool blocked;
    bool is_doubled; /* another one has the same name */
    int64_t price;
    int64_t line; /* of the file, that named it first; 0: none did */
    size_t name;  /* where it begins in `names` */
};

/* About 70 bytes a seat. Zero-initialised: not read yet. */
struct import_seats {
    struct import_seat *seats; /* by seatId */
    size_t count;
    size_t capacity;
    struct buffer names;
    uint32_t *slots; /* 1 + the place of a seat in `seats`, found by its name; 0: none */
    size_t slot_count;
};

/* Reads those of a date, their status as of `now`. Free them in any case. */
enum error import_seats_read(struct services *services, int32_t item_id, int64_t now,
                             struct import_seats *seats, struct problem *problem) MUST_CHECK;
void import_seats_free(struct import_seats *seats);

/* NULL: there is none. Of several with one name any. */
struct import_seat *import_seats_find(const struct import_seats *seats, const char *section,
                                      const char *row, const char *label);
struct import_seat *import_seats_find_id(const struct import_seats *seats, int64_t seat_id);

#endif
